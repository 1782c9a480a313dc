#!/bin/sh
#
# az_manage_test.sh - the az CLI, unmodified: its commands for resources of any type and what is around them.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/system/support.sh
. tests/system/az.sh

moves_resources() { # S8, I2
    az_table "SUB=$subscription" <<'E'
-                   | group create -n from -l westeurope
-                   | group create -n to -l westeurope
-                   | identity create -g from -n stays -l westeurope
-                   | rest -m put -u $SUB/resourceGroups/from/providers/Microsoft.Compute/virtualMachines/vm1?api-version=2024-07-01 --body '{"location":"westeurope","identity":{"type":"SystemAssigned"}}'
PRINCIPAL=          | resource show -g from -n vm1 --resource-type Microsoft.Compute/virtualMachines --query identity.principalId
                    | resource invoke-action --action validateMoveResources --ids $SUB/resourceGroups/from --api-version 2021-04-01 --request-body "{\"resources\":[\"$SUB/resourceGroups/from/providers/Microsoft.Compute/virtualMachines/vm1\"],\"targetResourceGroup\":\"$SUB/resourceGroups/to\"}"
                    | resource move --destination-group to --ids $SUB/resourceGroups/from/providers/Microsoft.Compute/virtualMachines/vm1
$PRINCIPAL          | resource show -g to -n vm1 --resource-type Microsoft.Compute/virtualMachines --query identity.principalId
!ResourceNotFound   | resource show -g from -n vm1 --resource-type Microsoft.Compute/virtualMachines
!ResourceMoveNotSupported | resource move --destination-group to --ids $SUB/resourceGroups/from/providers/Microsoft.ManagedIdentity/userAssignedIdentities/stays
vm1                 | resource list -g to --query '[].name'
                    | group delete -n from -y
                    | group delete -n to -y
E
}
registers_providers() { # S8
    az_table <<'E'
Registered          | provider show -n Microsoft.Cache --query registrationState
                    | provider unregister -n Microsoft.Cache --wait
Unregistered        | provider show -n Microsoft.Cache --query registrationState
Unregistered        | provider list --query "[?namespace=='Microsoft.Cache'].registrationState"
                    | provider register -n Microsoft.Cache --wait
Registered          | provider show -n Microsoft.Cache --query registrationState
!InvalidResourceNamespace | provider show -n Microsoft.KeyVaults
RegistrationFree    | provider show -n Microsoft.Authorization --query registrationPolicy
!InvalidResourceType | resource create -g az -n x --resource-type Microsoft.Compute/virtualMachinez --api-version 2024-07-01 -p {}
!LocationNotAvailable | group create -n nowhere -l mars
E
}

begin_az
grant $OWNER "$subscription"
az_as_runner login --identity

it 'az: S8 registers providers, and is refused what none has' registers_providers
it 'az: S8, I2 moves resources to another group' moves_resources
finish
