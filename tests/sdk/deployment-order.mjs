// deployment-order.mjs - identity, target, role, source, attach, verify by the management SDK's clients, and each wrong order.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { DefaultAzureCredential } from "@azure/identity";
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { ComputeManagementClient } from "@azure/arm-compute";
import { KeyVaultManagementClient } from "@azure/arm-keyvault";
import { ManagedServiceIdentityClient } from "@azure/arm-msi";
import { ResourceManagementClient } from "@azure/arm-resources";
import { refusals, test } from "./lib/check.mjs";
import { facts, groupId, roleId } from "./lib/facts.mjs";
import { operator } from "./lib/operator.mjs";

const GROUP = "in-order";
const { location } = facts;
const clientOf = (Client) => new Client(new DefaultAzureCredential(), facts.subscription);
const groups = clientOf(ResourceManagementClient).resourceGroups;
const identities = clientOf(ManagedServiceIdentityClient).userAssignedIdentities;
const { vaults, secrets } = clientOf(KeyVaultManagementClient);
const { roleAssignments } = clientOf(AuthorizationManagementClient);
const { virtualMachines } = clientOf(ComputeManagementClient);

const VAULT = "lanyard-in-order";
const vaultId = `${groupId(GROUP)}/providers/Microsoft.KeyVault/vaults/${VAULT}`;
const identityId = (name) => `${groupId(GROUP)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
const machine = { location, hardwareProfile: { vmSize: "Standard_B1s" } };
const carrying = (name) => ({ type: "UserAssigned", userAssignedIdentities: { [identityId(name)]: {} } });
const vault = { location, properties: { tenantId: facts.tenant, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true } };
const grant = (principalId, scope = vaultId, more = {}) =>
  roleAssignments.create(scope, randomUUID(), { roleDefinitionId: roleId("secretsUser"), principalId, ...more });

await refusals([
  ["D1 an identity before its group", () => identities.createOrUpdate("not-yet", "early", { location }), { status: 404, code: "ResourceGroupNotFound" }],
]);

await groups.createOrUpdate(GROUP, { location });

await refusals([
  ["D1 a secret before its vault", () => secrets.createOrUpdate(GROUP, VAULT, "db", { properties: { value: "LANYARD-SECRET-early" } }),
    { status: 404, code: /ParentResourceNotFound|ResourceNotFound/ }],
  ["D1 a role before its target", () => grant(facts.identities.one.principalId), { status: 404, code: "ResourceNotFound" }],
  ["D1 a source before its identity", () => virtualMachines.createOrUpdate(GROUP, "early", { ...machine, identity: carrying("early") }),
    { status: 400, code: "FailedIdentityOperation", message: /was not found/ }],
]);

let identity;
await test("D1 the identity, then the target", async () => {
  identity = await identities.createOrUpdate(GROUP, "app", { location });
  assert.ok(identity.principalId);
  await vaults.createOrUpdate(GROUP, VAULT, vault);
  await secrets.createOrUpdate(GROUP, VAULT, "db", { properties: { value: "LANYARD-SECRET-ordered" } });
});

await refusals([
  ["D1 a role before its principal", () => grant(randomUUID()), { status: 400, code: "PrincipalNotFound", message: /does not exist in the directory/ }],
  ["D1 a role of another kind of principal", () => grant(identity.principalId, vaultId, { principalType: "User" }), { status: 400, code: "UnmatchedPrincipalType" }],
]);

await test("D1 the role, the source, and then the identity on it", async () => {
  await grant(identity.principalId, vaultId, { principalType: "ServicePrincipal" });
  await virtualMachines.createOrUpdate(GROUP, "web", machine);
  const attached = await virtualMachines.update(GROUP, "web", { identity: carrying("app") });
  assert.deepEqual(Object.values(attached.identity.userAssignedIdentities).map((each) => each.principalId), [identity.principalId]);
});

await test("D2 verified: the source gets a token and reads the vault", async () => {
  const found = JSON.parse(await operator(["verify", GROUP, "--json"]));
  assert.deepEqual(
    found.map((each) => [each.source, each.identity, each.target, each.asked, each.result]),
    ["list the secrets", "get a secret"].map((asked) => ["web", "app", VAULT, asked, "ok"]),
  );
});

await test("D2 what is taken away is found missing", async () => {
  await identities.delete(GROUP, "app");
  await assert.rejects(operator(["verify", GROUP, "--json"]), "I6: its source gets no token any more");
});
