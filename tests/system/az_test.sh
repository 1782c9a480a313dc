#!/bin/sh
#
# az_test.sh - the az CLI, unmodified, in the sandbox: logged in as a machine's identity, and what it does next.
#
# az_directory_test.sh has what it does in the directory, az_identity_test.sh its commands for identities, az_manage_test.sh those for resources.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/system/support.sh
. tests/system/az.sh

SECRETS_USER=4633458b-17de-408a-b874-0445c86b69e6

logs_in() {
    az_as_runner login --identity
    [ "$(jq -r '.[0].id' "$work/out")" = "${subscription#/subscriptions/}" ] || fail "$(cat "$work/out")"
    [ "$(jq -r '.[0].user.assignedIdentityInfo' "$work/out")" = MSI ] || fail "$(cat "$work/out")"
}
logs_in_as() { # RESOURCE: on another platform, by its own token endpoint
    runner=$1
    az_as_runner login --identity
    [ "$(jq -r '.[0].user.assignedIdentityInfo' "$work/out")" = MSI ] || fail "$(cat "$work/out")"
    az_as_runner group list --query '[].name' -o tsv
    says out az
    runner=''
}
lists_management_groups() { # registers the provider first
    az_as_runner account management-group list --query '[].name' -o tsv
    says out "$(fact .tenant)"
}
registers_providers() {
    az_as_runner provider register -n Microsoft.Search
    az_as_runner provider show -n Microsoft.Search --query registrationState -o tsv
    says out Registered
}
creates_a_vault() { # asks for a token to https://graph.windows.net/ to learn the tenant
    az_as_runner keyvault create -n lanyard-az-test -g az -l westeurope --enable-rbac-authorization true --query properties.vaultUri -o tsv
    says out https://lanyard-az-test.vault.azure.net/
    az_as_runner keyvault create -n lanyard-az-test2 -g az -l westeurope --no-self-perms true --query properties.tenantId -o tsv
    says out "$(fact .tenant)"
}
shows_a_site_without_kind() {
    api PUT "$group/providers/Microsoft.Web/sites/lanyard-az-site?api-version=2022-03-01" '{"location":"westeurope","properties":{"siteConfig":{"linuxFxVersion":"NODE|20"}}}'
    az_as_runner webapp list --query '[].[name,kind,defaultHostName]' -o tsv
    says out "$(printf 'lanyard-az-site\tapp\tlanyard-az-site.azurewebsites.net')"
    api PUT "$group/providers/Microsoft.Web/serverfarms/plan?api-version=2022-03-01" '{"location":"westeurope"}'
    api PUT "$group/providers/Microsoft.Web/sites/lanyard-az-site/slots/next?api-version=2022-03-01" \
        "{\"location\":\"westeurope\",\"properties\":{\"serverFarmId\":\"$group/providers/Microsoft.Web/serverfarms/plan\"}}"
    az_as_runner webapp deployment slot list -g az -n lanyard-az-site --query '[].name' -o tsv # cuts the name at its slash
    says out next
}
shows_an_app_and_its_slots() { # Debian's az takes the plan's name out of its id, and reads where to deploy to
    api PUT "$group/providers/Microsoft.Web/sites/lanyard-az-site/slots/bare?api-version=2022-03-01" '{"location":"westeurope"}'
    az_as_runner webapp deployment slot list -g az -n lanyard-az-site --query 'sort([].appServicePlan)' -o tsv
    says out "$(printf 'Default1\nplan')"
    az_as_runner webapp show -g az -n lanyard-az-site --query '[state,siteConfig.linuxFxVersion,ftpPublishingUrl]' -o tsv
    says out "$(printf 'Running\nNODE|20\nftps://lanyard-az-site.ftp.azurewebsites.windows.net/site/wwwroot')"
}
swaps_slots() {
    az_as_runner webapp config appsettings set -g az -n lanyard-az-site --settings COLOR=blue --slot-settings KEY=app -o none
    az_as_runner webapp config appsettings set -g az -n lanyard-az-site --slot next --settings COLOR=green -o none
    az_as_runner webapp deployment slot swap -g az -n lanyard-az-site --slot next --action preview
    az_as_runner webapp config appsettings list -g az -n lanyard-az-site --slot next --query 'sort([].value)' -o tsv
    says out "$(printf 'app\ngreen')"
    az_as_runner webapp deployment slot swap -g az -n lanyard-az-site --slot next --action reset
    az_as_runner webapp deployment slot swap -g az -n lanyard-az-site --slot next
    az_as_runner webapp config appsettings list -g az -n lanyard-az-site --query 'sort_by([],&name)[].[name,value,slotSetting]' -o tsv
    says out "$(printf 'COLOR\tgreen\tFalse\nKEY\tapp\tTrue')"
    az_as_runner webapp show -g az -n lanyard-az-site --slot next --query siteConfig.linuxFxVersion -o tsv
    says out 'NODE|20'
}
gets_tokens() { # with and without a slash, for services that are none of ours
    for audience in https://graph.windows.net https://batch.core.windows.net/; do
        az_as_runner account get-access-token --resource $audience --query tokenType -o tsv
        says out Bearer
    done
}
# made_by_graph PATH BODY FILTER: what Graph answers, as the operator; one fact of it is printed.
made_by_graph() {
    api POST "/v1.0/$1" "$2"
    jq -r "$3" "$work/out"
}
makes_an_application() { # with a secret, a certificate and the role of a reader; and a user
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=az -keyout "$work/key.pem" -out "$work/certificate.pem" 2>"$work/err" || fail "$(cat "$work/err")"
    cat "$work/key.pem" "$work/certificate.pem" >"$work/azure/both.pem"
    der=$(openssl x509 -in "$work/certificate.pem" -outform DER | base64 -w 0)
    application=$(made_by_graph applications "{\"displayName\":\"az\",\"keyCredentials\":[{\"type\":\"AsymmetricX509Cert\",\"usage\":\"Verify\",\"key\":\"$der\"}]}" '.id + " " + .appId')
    app=${application#* }
    secret=$(made_by_graph "applications/${application% *}/addPassword" '{"passwordCredential":{"displayName":"az"}}' .secretText)
    principal=$(made_by_graph servicePrincipals "{\"appId\":\"$app\"}" .id)
    grant $READER "$subscription"
    principal=$(made_by_graph users "{\"accountEnabled\":true,\"displayName\":\"Az\",\"mailNickname\":\"az\",\"userPrincipalName\":\"az@lanyard.localhost\",\"passwordProfile\":{\"password\":\"Correct-horse-1\"}}" .id)
    grant $READER "$subscription"
}
is_logged_in_as() { # NAME TYPE: its subscription, its roles, tokens for a service
    [ "$(jq -r '.[0].user | .name + " " + .type' "$work/out")" = "$1 $2" ] || fail "$(cat "$work/out")"
    az_as_runner group list --query '[].name' -o tsv
    says out az
    for audience in https://management.azure.com/ https://vault.azure.net; do
        az_as_runner account get-access-token --resource $audience --query tenant -o tsv
        says out "$(fact .tenant)"
    done
    az_as_runner logout
}
logs_in_with_a_secret() {
    az_as_runner login --service-principal -u "$app" -p "$secret" --tenant "$(fact .tenant)"
    is_logged_in_as "$app" servicePrincipal
}
logs_in_with_a_certificate() { # its thumbprint is sent, and then the certificate itself as well
    for more in '' --use-cert-sn-issuer; do
        az_as_runner login --service-principal -u "$app" -p "$work/azure/both.pem" --tenant "$(fact .tenant)" $more
        is_logged_in_as "$app" servicePrincipal
    done
}
logs_in_as_a_user() {
    az_as_runner login -u az@lanyard.localhost -p Correct-horse-1
    is_logged_in_as az@lanyard.localhost user
}
refuses_a_wrong_secret() {
    if (az_as_runner login --service-principal -u "$app" -p wrong --tenant "$(fact .tenant)") >/dev/null 2>&1; then fail 'az took a wrong secret'; fi
    says err AADSTS7000215
}
registers_a_cloud() { # by the metadata document alone
    az_as_runner cloud register -n LanyardTest --endpoint-resource-manager https://management.azure.com
    az_as_runner cloud show -n LanyardTest --query endpoints.activeDirectory -o tsv
    says out https://login.microsoftonline.com/
    az_as_runner cloud set -n LanyardTest
    az_as_runner login --identity
    az_as_runner group list --query '[].name' -o tsv
    says out az
    az_as_runner cloud set -n AzureCloud
}

refuses() { # WORDS ARGUMENT...: az fails, and says that
    words=$1
    shift
    if (az_as_runner "$@") >/dev/null 2>&1; then fail "az $* was allowed"; fi
    says err "$words"
}
put_role() { # PRINCIPAL: as arguments of az, Key Vault Secrets User at the vault
    printf '%s\n' rest --method put --body "{\"properties\":{\"principalId\":\"$1\",\"roleDefinitionId\":\"$subscription/providers/Microsoft.Authorization/roleDefinitions/$SECRETS_USER\"}}" \
        --url "https://management.azure.com$order/providers/Microsoft.KeyVault/vaults/lanyard-az-order/providers/Microsoft.Authorization/roleAssignments/$(cat /proc/sys/kernel/random/uuid)?api-version=2022-04-01"
}
gives_role() { # PRINCIPAL
    put_role "$1" >"$work/arguments"
    mapped az_as_runner
}
is_refused_a_role() { # WORDS PRINCIPAL
    put_role "$2" >"$work/arguments"
    mapped refuses "$1"
}
mapped() { # COMMAND...: with the lines of $work/arguments as further arguments
    while IFS= read -r line; do set -- "$@" "$line"; done <"$work/arguments"
    "$@"
}
makes_a_machine() { # NAME IDENTITY: as arguments of az
    printf '%s\n' resource create -g az-order -n "$1" --resource-type Microsoft.Compute/virtualMachines --api-version 2024-07-01 --is-full-object --query name -o tsv \
        --properties "{\"location\":\"westeurope\",\"properties\":{\"hardwareProfile\":{\"vmSize\":\"Standard_B1s\"}}$2}" >"$work/arguments"
}
with_identity() { # NAME: a machine's identity block
    printf '"identity":{"type":"UserAssigned","userAssignedIdentities":{"%s/providers/Microsoft.ManagedIdentity/userAssignedIdentities/%s":{}}}' "$order" "$1"
}
refuses_what_comes_too_early() {
    refuses ResourceGroupNotFound identity create -g az-order -n app -l westeurope
    az_as_runner group create -n az-order -l westeurope
    makes_a_machine early ",$(with_identity app)"
    mapped refuses FailedIdentityOperation
    is_refused_a_role ResourceNotFound "$principal"
}
deploys_in_order() { # identity, target, role, source, attach, verify
    az_as_runner identity create -g az-order -n app -l westeurope --query principalId -o tsv
    app_principal=$(cat "$work/out")
    az_as_runner keyvault create -n lanyard-az-order -g az-order -l westeurope --enable-rbac-authorization true --no-self-perms true -o none
    is_refused_a_role PrincipalNotFound 11111111-2222-3333-4444-555555555555
    gives_role "$app_principal"
    makes_a_machine web ''
    mapped az_as_runner
    says out web
    az_as_runner rest --method patch --url "https://management.azure.com$order/providers/Microsoft.Compute/virtualMachines/web?api-version=2024-07-01" \
        --body "{$(with_identity app)}" --query identity.type -o tsv
    says out UserAssigned
    expect 0 "$LANYARD" verify az-order --json
    [ "$(jq -r '.[] | [.source, .identity, .target, .asked, .result] | join(",")' "$work/out" | tr '\n' ';')" = \
        'web,app,lanyard-az-order,list the secrets,ok;web,app,lanyard-az-order,get a secret,ok;' ] || fail "$(cat "$work/out")"
}

# A template as people write them: comments, a text over two lines. az sends the file as it is.
writes_a_template() {
    cat >"$work/azure/app.json" <<'TEMPLATE'
{
  // an identity, and who may read with it
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": { "name": { "type": "string" }, "tag": { "type": "string", "defaultValue": "none" } },
  "variables": { "id": "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', parameters('name'))]" },
  "resources": [
    {
      "type": "Microsoft.Authorization/roleAssignments",
      "apiVersion": "2022-04-01",
      "name": "[guid(resourceGroup().id, parameters('name'))]",
      "dependsOn": [ "[variables('id')]" ], /* the role comes
         after the identity */
      "properties": {
        "roleDefinitionId": "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'acdd72a7-3385-48ef-bd42-f606fba81ae7')]",
        "principalId": "[reference(variables('id')).principalId]",
        "principalType": "ServicePrincipal"
      }
    },
    {
      "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
      "apiVersion": "2023-01-31",
      "name": "[parameters('name')]",
      "location": "[resourceGroup().location]",
      "tags": { "tag": "[concat(parameters('tag'),
                                '!')]" }
    }
  ],
  "outputs": { "client": { "type": "string", "value": "[reference(variables('id')).clientId]" } }
}
TEMPLATE
    printf '%s' '{"$schema":"https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#","contentVersion":"1.0.0.0","resources":[]}' \
        >"$work/azure/empty.json"
    sed 's/guid(resourceGroup/guide(resourceGroup/' "$work/azure/app.json" >"$work/azure/unknown.json"
}
deploys_a_template() {
    writes_a_template
    az_as_runner deployment group validate -g az -f "$work/azure/app.json" -p name=templated --query properties.provisioningState -o tsv
    says out Succeeded
    az_as_runner deployment group what-if -g az -f "$work/azure/app.json" -p name=templated --no-pretty-print --result-format ResourceIdOnly \
        --query "changes[?changeType=='Create'].resourceId" -o tsv
    grep -q userAssignedIdentities/templated "$work/out" || fail "$(cat "$work/out")"
    az_as_runner deployment group create -g az -n by-az -f "$work/azure/app.json" -p name=templated tag=shop --query properties.provisioningState -o tsv
    says out Succeeded
    az_as_runner identity show -g az -n templated --query "[tags.tag,clientId]" -o tsv
    says out "$(printf 'shop!\n%s' "$("$LANYARD" api GET "$group/providers/Microsoft.Resources/deployments/by-az?api-version=2021-04-01" | jq -r .properties.outputs.client.value)")"
    az_as_runner deployment group show -g az -n by-az --query "properties.parameters.name.value" -o tsv
    says out templated
    az_as_runner deployment group list -g az --query "[?name=='by-az'].properties.mode" -o tsv
    says out Incremental
    az_as_runner deployment operation group list -g az -n by-az --query "[].properties.targetResource.resourceType" -o tsv
    says out "$(printf 'Microsoft.ManagedIdentity/userAssignedIdentities\nMicrosoft.Authorization/roleAssignments')"
    az_as_runner deployment sub create -l westeurope -n by-az -f "$work/azure/empty.json" --query properties.provisioningState -o tsv
    says out Succeeded
    refuses InvalidTemplate deployment group create -g az -n unknown -f "$work/azure/unknown.json" -p name=x
    az_as_runner deployment group delete -g az -n by-az
    az_as_runner deployment group list -g az --query "[?name=='by-az'] | length(@)" -o tsv
    says out 0
}

# What az wrote above is in the activity log. `az role assignment list-changelogs` does not run in this package: its request is made by hand.
shows_the_activity_log() {
    az_as_runner monitor activity-log list -g az --offset 1h --max-events 500 --query "[?status.value=='Succeeded'].operationName.value" -o tsv
    grep -qx Microsoft.KeyVault/vaults/write "$work/out" || fail "$(cat "$work/out")"
    az_as_runner rest --method get --url "https://management.azure.com$subscription/providers/microsoft.insights/eventtypes/management/values" \
        --url-parameters api-version=2015-04-01 "\$filter=resourceProvider eq Microsoft.Authorization and eventTimestamp ge 2020-09-06T08:59:56Z" \
        --query "value[?status.value=='Started'].[httpRequest.method,properties.requestbody]" -o json
    jq -e --arg reader $READER '[.[] | select(.[0] == "PUT") | .[1] | fromjson.properties] |
        any((.roleDefinitionId | endswith($reader)) and .principalId and .scope)' "$work/out" >"$work/err" || fail "$(cat "$work/out")"
}

begin_az
grant $OWNER "$subscription"
grant $READER "/providers/Microsoft.Management/managementGroups/$(fact .tenant)"

it 'az: logs in as the machine it runs on' logs_in
api PUT "$group/providers/Microsoft.Web/sites/lanyard-az-app?api-version=2022-03-01" '{"location":"westeurope","kind":"app","identity":{"type":"SystemAssigned"}}'
principal=$(jq -r .identity.principalId "$work/out")
grant $READER "$subscription"
api PUT "$group/providers/Microsoft.Portal/consoles/lanyard-az-shell?api-version=2018-10-01" '{"identity":{"type":"SystemAssigned"}}'
principal=$(jq -r .identity.principalId "$work/out")
grant $READER "$subscription"
it 'az: T7 logs in as the site it runs on, by the endpoint of App Service' logs_in_as lanyard-az-app
it 'az: T7 logs in as the console it runs on, by the endpoint of Cloud Shell' logs_in_as lanyard-az-shell
az_as_runner login --identity # the others are the machine's
it 'az: lists management groups' lists_management_groups
it 'az: registers providers' registers_providers
it 'az: creates key vaults' creates_a_vault
it 'az: shows a site that was made without a kind' shows_a_site_without_kind
it 'az: shows an app and its slots' shows_an_app_and_its_slots
it 'az: I9 swaps slots, in one step and in two' swaps_slots
it 'az: gets tokens for the services of its own table' gets_tokens
it 'az: O1 shows the activity log' shows_the_activity_log
order=$subscription/resourceGroups/az-order
it 'az: D1 is refused what comes too early, as by the cloud' refuses_what_comes_too_early
it 'az: D1 D2 makes identity, target, role and source in their order, attaches, and that is verified' deploys_in_order
it 'az: D1 validates, tries out and deploys a template with comments' deploys_a_template
makes_an_application
it 'az: T10 logs in as an application by a secret' logs_in_with_a_secret
it 'az: T10 logs in as an application by a certificate' logs_in_with_a_certificate
it 'az: T10 logs in as a user by a password' logs_in_as_a_user
it 'az: T10 is refused with a wrong secret' refuses_a_wrong_secret
az_as_runner login --identity
it 'az: registers a cloud by its metadata document' registers_a_cloud
finish
