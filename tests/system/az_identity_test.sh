#!/bin/sh
#
# az_identity_test.sh - the az CLI, unmodified: each of its commands for identities, their federated credentials, and apps that carry them.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/system/support.sh
. tests/system/az.sh

manages_identities() {
    az_table <<'E'
made                | group create -n made -l westeurope --query name
true                | group exists -n made
westeurope          | group show -n made --query location
id1,b               | identity create -g made -n id1 -l westeurope --tags a=b --query '[name,tags.a]'
PRINCIPAL=          | identity show -g made -n id1 --query principalId
id1                 | identity list -g made --query '[].name'
1                   | identity list --query 'length(@)'
0                   | identity list-resources -g made -n id1 --query 'length(@)'
repo:a              | identity federated-credential create -g made --identity-name id1 -n main --issuer https://token.example --subject repo:a --query subject
repo:b              | identity federated-credential update -g made --identity-name id1 -n main --issuer https://token.example --subject repo:b --query subject
repo:b              | identity federated-credential show -g made --identity-name id1 -n main --query subject
main                | identity federated-credential list -g made --identity-name id1 --query '[].name'
                    | identity federated-credential delete -g made --identity-name id1 -n main -y
!NotFound           | identity federated-credential show -g made --identity-name id1 -n main
ManagedIdentity     | ad sp show --id $PRINCIPAL --query servicePrincipalType
!Insufficient       | ad sp delete --id $PRINCIPAL
                    | identity delete -g made -n id1
!ResourceNotFound   | identity show -g made -n id1
                    | group delete -n made -y
false               | group exists -n made
E
}
attaches_identities_to_an_app() { # I2, I5
    az_table "SUB=$subscription" <<'E'
-                   | rest -m put -u $SUB/resourceGroups/az/providers/Microsoft.Web/sites/lanyard-az-id?api-version=2022-03-01 --body '{"location":"westeurope","kind":"app"}'
ID=                 | identity create -g az -n front -l westeurope --query id
SystemAssigned      | webapp identity assign -g az -n lanyard-az-id --query type
1                   | webapp identity assign -g az -n lanyard-az-id --identities $ID --query 'length(userAssignedIdentities)'
1                   | webapp identity show -g az -n lanyard-az-id --query 'length(userAssignedIdentities)'
-                   | webapp identity remove -g az -n lanyard-az-id --identities $ID
SystemAssigned      | webapp identity show -g az -n lanyard-az-id --query type
-                   | webapp identity remove -g az -n lanyard-az-id
E
}

begin_az
printf Correct-horse-1 >"$work/password"
"$LANYARD" create user dev --password "$work/password" >"$work/out"
"$LANYARD" grant dev Contributor subscription >"$work/out"
az_as_runner login -u dev@lanyard.localhost -p Correct-horse-1

it 'az: I4, F2 manages identities and their federated credentials' manages_identities
it 'az: I2, I5 attaches identities to an app' attaches_identities_to_an_app
finish
