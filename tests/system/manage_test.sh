#!/bin/sh
#
# manage_test.sh - the verbs that make and change things: create, attach, grant, list, seed and their counterparts.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/system/support.sh

lanyard() { "$LANYARD" "$@"; }
read_secret=Microsoft.KeyVault/vaults/secrets/getSecret/action

created() { expect 0 lanyard "$@"; says out created; }
unchanged() { expect 0 lanyard "$@"; says out unchanged; }

nothing_works_before_a_group() {
    expect 1 lanyard create vm web
    says err 'lanyard create group'
    one_line
}
things_are_created_once() {
    created create group shop --location eastus
    unchanged create group shop
    for thing in 'vm web' 'identity billing' 'vault manage-test-shop' 'storage managetestshop' 'container-app worker' 'function manage-test-jobs' 'Microsoft.Maps/accounts till1'; do
        # shellcheck disable=SC2086  # words
        created create $thing
        # shellcheck disable=SC2086  # words
        unchanged create $thing
    done
    created create app manage-test-front --identity billing
    created create slot manage-test-front/staging --identity system
    expect 0 lanyard show manage-test-front/staging --json
    [ "$(jq -r .identity.type "$work/out")" = SystemAssigned ] || fail "$(cat "$work/out")"
    expect 0 lanyard show web --json
    [ "$(jq -r .location "$work/out")" = westus ] || fail "$(cat "$work/out")"
}
wrong_things_are_refused() {
    for wrong in 'teapot x' 'vm a/b' 'slot lonely' 'vm a%2fb' 'vm ../up' 'vault v --identity system' 'group g --member me'; do
        # shellcheck disable=SC2086  # words
        expect 2 lanyard create $wrong
    done
    expect 1 lanyard create vm other --identity nobody
    says err 'There is no resource "nobody" here.'
    expect 1 lanyard create vm other --group nowhere
    says err nowhere
    expect 1 lanyard show other
}
a_group_must_be_named_among_several() {
    created create group other
    expect 2 lanyard create vm two
    says err /resourceGroups/other
    created create vm two --group other
    expect 0 lanyard delete other --yes
}
identities_come_and_go() {
    expect 0 lanyard attach billing web
    says out changed
    unchanged attach billing web
    expect 0 lanyard attach system web
    expect 0 lanyard show web --json
    [ "$(jq -r .identity.type "$work/out")" = 'SystemAssigned, UserAssigned' ] || fail "$(cat "$work/out")"
    first=$(jq -r .identity.principalId "$work/out")
    expect 0 lanyard detach billing web
    unchanged detach billing web
    expect 0 lanyard show web --json
    [ "$(jq -r .identity.type "$work/out")" = SystemAssigned ] || fail "$(cat "$work/out")"
    expect 0 lanyard detach system web
    expect 0 lanyard attach system web
    expect 0 lanyard show web --json
    [ "$(jq -r .identity.principalId "$work/out")" != "$first" ] || fail 'I3: another identity has the same principal'
}
issuers_are_trusted() {
    github=https://token.actions.githubusercontent.com
    id=$(lanyard api POST /v1.0/applications '{"displayName":"ci-app"}' | jq -r .appId)
    for who in billing ci-app "$id"; do
        expect 0 lanyard trust "$who" --issuer $github --subject "repo:o/$who" --name main
        says out "created   trust $who in repo:o/$who of $github"
        expect 0 lanyard trust "$who" --issuer $github --subject "repo:o/$who"
        says out unchanged
        expect 0 lanyard trust "$who" --json
        [ "$(jq -r '(.properties // .) | .subject + " " + .audiences[0]' "$work/out")" = "repo:o/$who api://AzureADTokenExchange" ] || fail "$(cat "$work/out")"
        expect 0 lanyard trust "$who"
        says out "$github"
        expect 1 lanyard trust "$who" --remove other
        expect 0 lanyard trust "$who" --remove main
        expect 0 lanyard trust "$who"
        [ ! -s "$work/out" ] || fail "$(cat "$work/out")"
    done
    expect 0 lanyard trust billing --issuer $github --subject s --audience api://other
    says out created
    expect 2 lanyard trust billing --issuer $github
    expect 2 lanyard trust billing --issuer $github --subject s --remove main
    expect 2 lanyard trust web --issuer $github --subject s
    says err 'neither a user-assigned identity nor an application'
    expect 1 lanyard trust nobody
}
roles_are_granted_and_revoked() {
    vault=$(lanyard show manage-test-shop --json | jq -r .id)
    expect 1 lanyard check web $read_secret "$vault"
    created grant web 'Key Vault Secrets User' manage-test-shop
    unchanged grant web 'key vault secrets user' "$vault/"
    unchanged grant web 4633458b-17de-408a-b874-0445c86b69e6 manage-test-shop
    expect 0 lanyard check web $read_secret "$vault"
    expect 0 lanyard list grants
    says out 'Key Vault Secrets User'
    created grant billing 'Key Vault Secrets User' manage-test-shop/secrets/one
    expect 0 lanyard check billing $read_secret "$vault/secrets/one"
    expect 1 lanyard check billing $read_secret "$vault/secrets/other"
    expect 1 lanyard grant web 'Key Vault Secrets User' manage-test-shop --condition \
        "((!(ActionMatches{'$read_secret'})) OR (@Resource[Microsoft.KeyVault/vaults/secrets:name] StringEquals 'a'))"
    says err 'another condition'
    expect 0 lanyard revoke web 'Key Vault Secrets User' manage-test-shop
    says out revoked
    unchanged revoke web 'Key Vault Secrets User' manage-test-shop
    expect 1 lanyard check web $read_secret "$vault"
}
a_user_has_the_password_that_was_given() { # T10
    created create user eve
    sed -n 's/^password *\([^ ]*\) .*/\1/p' "$work/out" | tr -d '\n' >"$work/made"
    signs_in eve "$work/made"
    printf 'Another-horse-2' >"$work/other"
    expect 0 lanyard create user eve --password "$work/other"
    says out changed
    ! signs_in eve "$work/made" 2>/dev/null || fail 'the old password is still good'
    signs_in eve "$work/other"
    echo short >"$work/short"
    expect 1 lanyard create user mallory --password - <"$work/short"
    says err 'password complexity'
    made=$(lanyard create user frank --json | jq -r .password)
    printf %s "$made" >"$work/made"
    signs_in frank "$work/made"
    expect 2 lanyard create vm web2 --password "$work/made"
    expect 1 lanyard create user mallory --password "$work/nowhere"
}
signs_in() { # NAME FILE-WITH-PASSWORD: at the token service, as a client of the cloud's own does
    curl -sf --cacert "$(fact .ca)" --connect-to "::127.0.0.1:$(fact .https_port)" -o "$work/tokens" "https://login.microsoftonline.com/organizations/oauth2/v2.0/token" \
        -d grant_type=password -d client_id=04b07795-8ddb-461a-bbee-02f9e1bf7b46 -d scope=https://management.azure.com//.default -d "username=$1@lanyard.localhost" --data-urlencode "password@$2"
}
wrong_grants_are_refused() {
    expect 1 lanyard grant web 'Secrets User' manage-test-shop
    says err 'Key Vault Secrets User'
    expect 1 lanyard grant web Nonsense manage-test-shop
    says err 'lanyard list roles'
    expect 1 lanyard grant nobody Reader manage-test-shop
    says err 'There is no resource, user, group or application "nobody" here.'
    expect 1 lanyard grant web Reader nowhere
    expect 1 lanyard grant manage-test-shop Reader shop
    says err 'no system-assigned identity'
    expect 2 lanyard grant "x' or 'y" Reader shop
    expect 2 lanyard grant web Reader
}
people_are_principals_too() {
    created create user dev
    [ "$(wc -l <"$work/out")" -eq 2 ] || fail "$(cat "$work/out")"
    says out '(keep it: it is not shown again)'
    unchanged create user dev
    says_not out password
    created create usergroup on-call --member dev --member web
    unchanged create usergroup on-call --member dev
    created grant on-call Reader shop
    group=$(lanyard list groups --json | jq -r '.[0].id')
    expect 0 lanyard check dev Microsoft.Resources/subscriptions/resourceGroups/read "$group"
    domain=$(lanyard list users --json | jq -r '.[0].userPrincipalName' | sed 's/.*@//')
    expect 0 lanyard check "dev@$domain" Microsoft.Resources/subscriptions/resourceGroups/read "$group"
    created create vm on-call
    expect 2 lanyard check on-call Microsoft.Resources/subscriptions/resourceGroups/read "$group"
    says err 'may mean 2 things'
}
applications_have_roles_and_credentials() {
    created create application Till --uri api://till --role Till.Open
    unchanged create application Till --uri API://till --role till.open
    expect 0 lanyard create application Till --role Till.Close --role Till.Close --uri api://till2 --assignment-required
    says out changed
    unchanged create application Till --assignment-required
    expect 0 lanyard show api://till --json
    [ "$(jq -c '[.displayName, .identifierUris, [.appRoles[].value]]' "$work/out")" = '["Till",["api://till","api://till2"],["Till.Open","Till.Close"]]' ] ||
        fail "$(cat "$work/out")"
    app=$(jq -r .appId "$work/out")
    expect 0 lanyard create application Till --secret
    says out changed
    says out 'it is not shown again'
    secret=$(sed -n 's/^secret *\([^ ]*\) .*/\1/p' "$work/out")
    unchanged create application Till --secret
    says out 'has one already'
    ! grep -qF -e "$secret" "$work/out" || fail 'the secret is shown twice'
    expect 0 lanyard create application Client --secret --json
    [ "$(jq -r '.secretText | length' "$work/out")" -gt 30 ] || fail 'no secret as JSON'
    curl -s --cacert "$(fact .ca)" --connect-to "login.microsoftonline.com:443:127.0.0.1:$(fact .https_port)" -d "client_id=$app" \
        --data-urlencode "client_secret=$secret" -d grant_type=client_credentials -d scope=https://vault.azure.net/.default \
        "https://login.microsoftonline.com/$(fact .tenant)/oauth2/v2.0/token" | jq -r .token_type >"$work/type"
    [ "$(cat "$work/type")" = Bearer ] || fail 'the secret gives no token'
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/one.pem" -subj /CN=one -days 9 2>/dev/null
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/two.pem" -subj /CN=two -days 9 2>/dev/null
    for certificate in one two; do
        expect 0 lanyard create application Till --certificate "$work/$certificate.pem"
        says out changed
        unchanged create application Till --certificate "$work/$certificate.pem"
    done
    expect 0 lanyard show Till --json
    [ "$(jq '[(.keyCredentials, .passwordCredentials) | length] | add' "$work/out")" -eq 3 ] || fail "$(cat "$work/out")"
    expect 2 lanyard create application Fresh --certificate "$work/key.pem"
    says err 'holds no certificate as PEM'
    expect 1 lanyard show Fresh
    expect 2 lanyard create application api://till
    expect 1 lanyard create application Other --uri api://till
    for option in '--uri api://x' '--role R' --secret --assignment-required; do
        # shellcheck disable=SC2086  # words
        expect 2 lanyard create vm x $option
    done
}
app_roles_are_granted_and_revoked() {
    for who in web dev on-call@ Client; do
        [ "$who" != on-call@ ] || who=$(lanyard list usergroups --json | jq -r '.[] | select(.displayName == "on-call").id')
        created grant "$who" Till.Open api://till
        unchanged grant "$who" till.open API://till
    done
    created grant Client Till.Close "$(lanyard show Till --json | jq -r .appId)"
    expect 0 lanyard revoke Client Till.Close api://till2
    says out revoked
    expect 0 lanyard revoke Client Till.Close api://till2
    says out unchanged
    created grant Client Reader shop
    expect 1 lanyard grant web Till.Burn api://till
    says err Till.Close
    expect 1 lanyard grant web Till.Open Till
    says err "give its App ID URI or its client id $(lanyard show Till --json | jq -r .appId)"
    expect 1 lanyard grant web Till.Open api://nowhere
    says err 'There is no application "api://nowhere" here'
    expect 2 lanyard grant web Till.Open "api://x' or 'y"
    expect 2 lanyard grant web Till.Open api://till --condition true
    expect 0 lanyard list applications
    says out 'Till.Open, Till.Close'
}
an_application_is_deleted_by_its_name() {
    created create group Till
    expect 1 lanyard delete Till --yes
    says err 'is an application and'
    expect 0 lanyard delete api://till
    says out deleted
    expect 1 lanyard show api://till
    expect 0 lanyard delete Till --yes
    expect 1 lanyard show Till
    expect 0 lanyard delete Client
}
locks_hold_until_they_are_taken_away() { # S8
    expect 0 lanyard create group locked-group
    expect 0 lanyard create identity kept -g locked-group
    expect 0 lanyard lock locked-group --notes audit
    says out 'nobody deletes it'
    expect 1 lanyard delete kept
    says err ScopeLocked
    expect 0 lanyard list locks -g locked-group
    says out CanNotDelete
    says out audit
    expect 0 lanyard lock kept --read-only --name frozen
    expect 0 lanyard list locks --json
    [ "$(jq -r '[.[].name] | sort | join(",")' "$work/out")" = frozen,lanyard ] || fail "$(cat "$work/out")"
    expect 0 lanyard list -g locked-group --json
    [ "$(jq -r '[.[].name] | join(",")' "$work/out")" = kept ] || fail "$(cat "$work/out")"
    expect 2 lanyard list users -g locked-group
    expect 1 lanyard unlock kept
    says err 'lanyard list locks'
    expect 0 lanyard unlock kept --name frozen
    expect 0 lanyard unlock locked-group
    expect 0 lanyard delete kept
}
lists_are_tables_and_json() {
    expect 0 lanyard list
    says out 'NAME'
    says out 'staging'
    expect 0 lanyard list vaults --json
    [ "$(jq -r '.[].name' "$work/out")" = manage-test-shop ] || fail "$(cat "$work/out")"
    for what in resources groups grants roles users usergroups applications vms identities Microsoft.Web/sites; do expect 0 lanyard list $what; done
    expect 2 lanyard list teapots
}
a_file_makes_everything_once() {
    export SEED_KEY=LANYARD-SECRET-seed-env
    printf 'LANYARD-SECRET-seed-file\n' >"$work/value"
    cat >"$work/seed.yaml" <<'END'
group: seeded
resources:
  - slot: seed-front/blue
    identity: system
  - app: seed-front
    identity: seed-id
  - identity: seed-id
  - vm: seed-web
    identity: [system, seed-id]
  - vault: seed-vault
    secrets:
      from-env: {env: SEED_KEY}
      from-file: {file: value}
      drawn: {random: 32}
usergroups:
  - usergroup: seed-people
    members: [dev, seed-id]
users: [dev]
grants:
  - {to: seed-web, role: Key Vault Secrets User, on: seed-vault}
  - {to: seed-people, role: Reader, on: seeded}
END
    expect 0 lanyard seed --json "$work/seed.yaml"
    [ "$(jq .created "$work/out")" -eq 12 ] || fail "$(cat "$work/out")"
    expect 0 lanyard seed --json "$work/seed.yaml"
    [ "$(cat "$work/out")" = '{"created":0,"changed":0,"unchanged":13}' ] || fail "$(cat "$work/out")"
    cd "$work" || exit 1 # where the files of standard input are looked for
    expect 0 lanyard seed - <seed.yaml
    cat >"$work/read" <<'END'
token=$(curl -s -H Metadata:true "$1/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net" | jq -r .access_token)
curl -s --cacert "$2" --resolve "seed-vault.vault.azure.net:$3:127.0.0.1" -H "Authorization: Bearer $token" \
    "https://seed-vault.vault.azure.net:$3/secrets/$4?api-version=7.4" | jq -r .value
END
    for secret in from-env from-file; do
        # shellcheck disable=SC2016  # the variable is the sandboxed shell's
        expect 0 lanyard run --no-sandbox --as seed-web -- sh -c 'sh "$0" "${AZURE_POD_IDENTITY_AUTHORITY_HOST%/}" "$@"' \
            "$work/read" "$(fact .ca)" "$(fact .https_port)" $secret
        [ "$(cat "$work/out")" = "LANYARD-SECRET-seed-${secret#from-}" ] || fail "$(cat "$work/out")"
    done
    rm "$work/value"
}
a_file_makes_applications() {
    cat >"$work/apps.yaml" <<'END'
grants:
  - {to: seed-web, role: Seed.Read, on: 'api://seed'}
applications:
  - application: Seed
    uris: ['api://seed']
    roles: [Seed.Read]
    assignment-required: true
END
    expect 0 lanyard seed --json "$work/apps.yaml"
    [ "$(cat "$work/out")" = '{"created":2,"changed":0,"unchanged":0}' ] || fail "$(cat "$work/out")"
    expect 0 lanyard seed --json "$work/apps.yaml"
    [ "$(cat "$work/out")" = '{"created":0,"changed":0,"unchanged":2}' ] || fail "$(cat "$work/out")"
}
a_wrong_file_makes_nothing() {
    n=0
    while IFS= read -r line; do
        n=$((n + 1))
        printf '%b' "$line" >"$work/wrong.yaml"
        expect 2 lanyard seed "$work/wrong.yaml"
        expect 1 lanyard show wrong-one
    done <<'END'
group: a\nresources: [{vm: wrong-one}, {teapot: x}]\n
resources: [{vm: wrong-one}, {vault: v, secret: {}}]\n
resources: [{vm: wrong-one}, {app: a, secrets: {a: b}}]\n
resources: [{vm: wrong-one}]\ngrants: [{to: wrong-one, role: Reader}]\n
resources: [{vm: wrong-one}]\nresources: []\n
resources: {vm: wrong-one}\n
things: []\nresources: [{vm: wrong-one}]\n
applications: [{application: Wrong, uris: api://x}]\nresources: [{vm: wrong-one}]\n
applications: [{uris: ['api://x']}]\nresources: [{vm: wrong-one}]\n
applications: [{application: Wrong, assignment-required: yes please}]\nresources: [{vm: wrong-one}]\n
- vm: wrong-one\n
a: &x 1\nb: *x\n
END
    expect 1 lanyard seed "$work/nowhere.yaml"
    says err 'cannot be opened'
    [ "$n" -eq 12 ] || fail "$n files"
}
a_group_is_deleted_only_when_meant() {
    expect 2 lanyard delete seeded </dev/null
    says err --yes
    expect 0 lanyard show seed-web
    expect 0 lanyard delete seed-web
    expect 1 lanyard show seed-web
    expect 0 lanyard delete seeded --yes
    expect 1 lanyard show seed-front
}

begin
start_server
it 'create: a resource group comes first' nothing_works_before_a_group
it 'create: each kind, and twice is once' things_are_created_once
it 'create: what is wrong is refused' wrong_things_are_refused
it 'create: among several groups one is named' a_group_must_be_named_among_several
it 'attach, detach: identities come and go (I3, I5)' identities_come_and_go
it 'trust: federated credentials of identities and applications are made, listed and taken away (F2)' issuers_are_trusted
it 'grant, revoke: by names' roles_are_granted_and_revoked
it 'grant: what is wrong is refused' wrong_grants_are_refused
it 'create: users and groups of users' people_are_principals_too
it 'create: a user has the password that was given or shown (T10)' a_user_has_the_password_that_was_given
it 'create application: roles, URIs, secrets and certificates (S7)' applications_have_roles_and_credentials
it 'grant, revoke: app roles (S7)' app_roles_are_granted_and_revoked
it 'lock, unlock, list locks: S8 a lock holds until it is taken away' locks_hold_until_they_are_taken_away
it 'list: tables, and JSON' lists_are_tables_and_json
it 'seed: all of a file, and twice is once' a_file_makes_everything_once
it 'seed: applications and their roles (S7)' a_file_makes_applications
it 'delete: an application by its name' an_application_is_deleted_by_its_name
it 'seed: a file with a fault makes nothing' a_wrong_file_makes_nothing
it 'delete: a group only when that is meant' a_group_is_deleted_only_when_meant
finish
