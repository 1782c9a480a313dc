#!/bin/sh
#
# az_directory_test.sh - the az CLI, unmodified: a developer signs in, by each way that there is, and registers applications and groups.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/system/support.sh
. tests/system/az.sh

is_signed_in_as() { # NAME
    az_table <<E
$1 | account show --query user.name
az | group list --query '[].name'
E
}
signs_in_by_a_code() { # az shows it, and the operator says yes outside of the sandbox
    sandbox_as_runner AZURE_CORE_ONLY_SHOW_ERRORS=no -- az login --use-device-code >"$work/login" 2>"$work/shown" &
    login=$!
    tries=0
    until code=$(grep -o 'lanyard login [A-Z]*' "$work/shown") && [ -n "$code" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 900 ] && kill -0 $login || fail "no code: $(tail -n 2 "$work/shown")"
        sleep 0.1
    done
    expect 1 "$LANYARD" login XXXXXXXXX --yes
    says err 'is not a code that waits'
    expect 2 "$LANYARD" login "${code##* }" --user dev </dev/null
    says err 'say --yes'
    says out 'program   Microsoft Azure CLI (client id 04b07795-8ddb-461a-bbee-02f9e1bf7b46)'
    says out "tenant    $(fact .tenant)"
    says out 'https://management.core.windows.net//.default'
    says out 'acts as   dev@lanyard.localhost'
    expect 2 "$LANYARD" login "${code##* }" </dev/null
    says out ', the operator'
    expect 0 "$LANYARD" login "${code##* }" --user dev --yes
    says out 'Microsoft Azure CLI acts as dev@lanyard.localhost.'
    wait $login || fail "az login: $(tail -n 2 "$work/shown")"
    is_signed_in_as dev@lanyard.localhost
}
signs_in_by_a_federated_token() { # F1: that of the machine's identity, in place of a secret
    identity=$group/providers/Microsoft.ManagedIdentity/userAssignedIdentities/trusted
    api PUT "$identity?api-version=2023-01-31" '{"location":"westeurope"}'
    client=$(jq -r .properties.clientId "$work/out") subject=$(jq -r .properties.principalId "$work/out")
    api PATCH "$group/providers/Microsoft.Compute/virtualMachines/runner?api-version=2024-07-01" \
        "{\"identity\":{\"type\":\"SystemAssigned, UserAssigned\",\"userAssignedIdentities\":{\"$identity\":{}}}}"
    api POST /v1.0/applications '{"displayName":"trusting"}'
    app=$(jq -r .appId "$work/out")
    api POST "/v1.0/applications(appId='$app')/federatedIdentityCredentials" \
        "{\"name\":\"machine\",\"issuer\":\"https://login.microsoftonline.com/$(fact .tenant)/v2.0\",\"subject\":\"$subject\",\"audiences\":[\"api://AzureADTokenExchange\"]}"
    api POST /v1.0/servicePrincipals "{\"appId\":\"$app\"}"
    principal=$(jq -r .id "$work/out")
    grant $READER "$subscription"
    # shellcheck disable=SC2016  # the sandbox's variables
    sandbox_as_runner "ASK=api-version=2018-02-01&resource=api://AzureADTokenExchange&client_id=$client" "APP=$app" "TENANT=$(fact .tenant)" -- sh -c '
        token=$(curl -s -H Metadata:true "http://169.254.169.254/metadata/identity/oauth2/token?$ASK" | jq -r .access_token) &&
        az login --service-principal -u "$APP" --tenant "$TENANT" --federated-token "$token"' >"$work/out" 2>"$work/err" || fail "$(tail -n 2 "$work/err")"
    is_signed_in_as "$app"
}
signs_in_by_a_password() {
    az_as_runner login -u dev@lanyard.localhost -p Correct-horse-1
    is_signed_in_as dev@lanyard.localhost
}
registers_an_application() {
    az_table <<'E'
dev,dev@lanyard.localhost | ad signed-in-user show --query '[displayName,userPrincipalName]'
APP=                      | ad app create --display-name mine --query appId
$APP                      | ad app list --display-name mine --query '[].appId'
mine                      | ad app show --id $APP --query displayName
                          | ad app update --id $APP --set notes=hello --app-roles '[{"allowedMemberTypes":["Application"],"description":"r","displayName":"r","isEnabled":true,"value":"Tasks.Read"}]'
hello,Tasks.Read          | ad app show --id $APP --query '[notes,appRoles[0].value]'
                          | ad app update --id $APP --identifier-uris api://$APP
!the application's        | ad app update --id $APP --identifier-uris api://payments
SERVICE=                  | ad sp create --id $APP --query id
Application               | ad sp show --id $APP --query servicePrincipalType
Application               | ad sp show --id api://$APP --query servicePrincipalType
dev@lanyard.localhost     | ad app owner list --id $APP --query '[].userPrincipalName'
dev@lanyard.localhost     | ad sp owner list --id $SERVICE --query '[].userPrincipalName'
2                         | ad signed-in-user list-owned-objects --query 'length(@)'
$APP                      | ad app list --show-mine --query '[].appId'
E
}
gives_it_credentials() {
    az_table <<'E'
APP=                 | ad app list --display-name mine --query '[0].appId'
SECRET=              | ad app credential reset --id $APP --display-name one --query password
KEY=                 | ad app credential list --id $APP --query "[?displayName=='one'].keyId"
                     | ad app credential delete --id $APP --key-id $KEY
0                    | ad app credential list --id $APP --query 'length(@)'
SECRET=              | ad sp credential reset --id $APP --query password
main                 | ad app federated-credential create --id $APP --query name --parameters '{"name":"main","issuer":"https://token.example","subject":"repo:a","audiences":["api://AzureADTokenExchange"]}'
                     | ad app federated-credential update --id $APP --federated-credential-id main --parameters '{"issuer":"https://token.example","subject":"repo:b","audiences":["api://AzureADTokenExchange"]}'
repo:b               | ad app federated-credential show --id $APP --federated-credential-id main --query subject
main                 | ad app federated-credential list --id $APP --query '[].name'
                     | ad app federated-credential delete --id $APP --federated-credential-id main
                     | ad app permission add --id $APP --api $APP --api-permissions 10000000-0000-0000-0000-000000000001=Role
1                    | ad app permission list --id $APP --query 'length(@)'
!Insufficient privileges | ad app permission grant --id $APP --api 00000003-0000-0000-c000-000000000000 --scope User.Read
0                    | ad app permission list-grants --id $APP --query 'length(@)'
ROBOT=               | ad sp create-for-rbac -n robot --query password
robot                | ad sp list --display-name robot --query '[].displayName'
                     | ad sp delete --id $APP
!does not exist      | ad sp show --id $APP
                     | ad app delete --id $APP
!does not exist      | ad app show --id $APP
E
}
makes_a_group() {
    az_table <<'E'
ME=                         | ad signed-in-user show --query id
crew                        | ad group create --display-name crew --mail-nickname crew --query displayName
                            | ad group member add --group crew --member-id $ME
dev@lanyard.localhost       | ad group member list --group crew --query '[].userPrincipalName'
true                        | ad group member check --group crew --member-id $ME --query value
GROUP=                      | ad group show --group crew --query id
$GROUP                      | ad user get-member-groups --id dev@lanyard.localhost --query '[].id'
dev@lanyard.localhost       | ad group owner list --group crew --query '[].userPrincipalName'
                            | ad group member remove --group crew --member-id $ME
crew,operators              | ad group list --query 'sort([].displayName)'
                            | ad group delete --group crew
!Insufficient privileges    | ad user create --display-name X --user-principal-name x@lanyard.localhost --password Correct-horse-3
!Insufficient privileges    | ad group delete --group operators
E
}
the_operators_user_makes_users() {
    printf Correct-horse-2 >"$work/password"
    expect 0 "$LANYARD" create user operator --password "$work/password"
    az_as_runner login -u operator@lanyard.localhost -p Correct-horse-2
    az_table <<'E'
USER=                       | ad user create --display-name Eve --user-principal-name eve@lanyard.localhost --password Correct-horse-3 --query id
Eve                         | ad user show --id eve@lanyard.localhost --query displayName
                            | ad user update --id eve@lanyard.localhost --display-name Eva
Eva                         | ad user list --upn eve@lanyard.localhost --query '[].displayName'
APP=                        | ad app create --display-name granted --query appId
-                           | ad sp create --id $APP
User.Read                   | ad app permission grant --id $APP --api 00000003-0000-0000-c000-000000000000 --scope User.Read --query scope
AllPrincipals,User.Read     | ad app permission list-grants --id $APP --query '[0].[consentType,scope]'
                            | ad app delete --id $APP
                            | ad user delete --id $USER
!does not exist             | ad user show --id eve@lanyard.localhost
E
}

begin_az
"$LANYARD" create usergroup operators >"$work/out"
printf Correct-horse-1 >"$work/password"
"$LANYARD" create user dev --password "$work/password" >"$work/out"
"$LANYARD" grant dev Contributor subscription >"$work/out"

it 'az: T10 signs a user in by a device code' signs_in_by_a_code
it 'az: T10, F1 signs an application in by a federated token' signs_in_by_a_federated_token
it 'az: T10 signs a user in by a password' signs_in_by_a_password
it 'az: T10 a user registers an application and owns it' registers_an_application
it 'az: T10 a user gives an application credentials, and removes it' gives_it_credentials
it 'az: T10 a user makes a group, and no user' makes_a_group
it 'az: T10 the user of the operator makes users' the_operators_user_makes_users
finish
