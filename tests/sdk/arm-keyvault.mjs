// arm-keyvault.mjs - @azure/arm-keyvault: vaults from their making to their purging.

import assert from "node:assert/strict";
import { DefaultAzureCredential } from "@azure/identity";
import { KeyVaultManagementClient } from "@azure/arm-keyvault";
import { ResourceManagementClient } from "@azure/arm-resources";
import { SecretClient } from "@azure/keyvault-secrets";
import { all, hasMembers, refusals, refused, test } from "./lib/check.mjs";
import { credentialOf, facts, groupId } from "./lib/facts.mjs";

const GROUP = "arm-keyvault";
const location = facts.location;

const clientOf = (credential) => new KeyVaultManagementClient(credential, facts.subscription).vaults;
const vaults = clientOf(new DefaultAzureCredential());
const reader = clientOf(credentialOf("reader"));
const nobody = clientOf(credentialOf("nobody"));

const groups = new ResourceManagementClient(new DefaultAzureCredential(), facts.subscription).resourceGroups;
await groups.createOrUpdate(GROUP, { location });
await groups.createOrUpdate(`${GROUP}-2`, { location });

const idOf = (name, group = GROUP) => `${groupId(group)}/providers/Microsoft.KeyVault/vaults/${name}`;
const NO_VAULT = { status: 404, code: "ResourceNotFound" };

// The least that a vault needs, and what else it is to have.
const like = (properties = {}, rest = {}) => ({
  location,
  ...rest,
  properties: { tenantId: facts.tenant, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true, ...properties },
});

await test("S1 create: the vault's address and the published defaults", async () => {
  const made = await vaults.createOrUpdate(GROUP, "lanyard-made", like({}, { tags: { a: "1" } }));
  hasMembers(made, { id: idOf("lanyard-made"), name: "lanyard-made", type: "Microsoft.KeyVault/vaults", location, tags: { a: "1" } });
  hasMembers(made.properties, {
    tenantId: facts.tenant,
    vaultUri: "https://lanyard-made.vault.azure.net/",
    enableRbacAuthorization: true,
    enableSoftDelete: true,
    softDeleteRetentionInDays: 90,
    provisioningState: "Succeeded",
  });
  hasMembers(made.properties.sku, { family: "A", name: "standard" });
  hasMembers(await vaults.get(GROUP, "LANYARD-MADE"), { id: made.id, tags: { a: "1" } });
});

await test("S1 create again: the same vault, its secrets untouched", async () => {
  const again = await vaults.createOrUpdate(GROUP, "lanyard-made", like({}, { tags: { b: "2" } }));
  hasMembers(again, { id: idOf("lanyard-made"), tags: { b: "2" } });
});

await test("S1 update: what is named changes, the rest stays", async () => {
  const updated = await vaults.update(GROUP, "lanyard-made", { tags: { c: "3" }, properties: { enabledForDeployment: true } });
  assert.deepEqual(updated.tags, { c: "3" });
  hasMembers(updated.properties, { enabledForDeployment: true, enableRbacAuthorization: true });
});

await test("S1 retention: as asked, on the vault and on its secrets", async () => {
  const made = await vaults.createOrUpdate(GROUP, "lanyard-week", like({ softDeleteRetentionInDays: 7 }));
  assert.equal(made.properties.softDeleteRetentionInDays, 7);
});

await test("S1 list: of a group, of the subscription, as plain resources", async () => {
  await vaults.createOrUpdate(`${GROUP}-2`, "lanyard-elsewhere", like());
  const names = async (list) => (await all(list)).map(({ name }) => name).sort();
  assert.deepEqual(await names(vaults.listByResourceGroup(GROUP)), ["lanyard-made", "lanyard-week"]);
  for (const list of [vaults.listBySubscription(), vaults.list()]) {
    const got = await names(list);
    for (const name of ["lanyard-made", "lanyard-week", "lanyard-elsewhere", facts.vault.name]) assert.ok(got.includes(name), name);
  }
});

const NAMES = [
  ["one that is free", "lanyard-free", { nameAvailable: true }],
  ["one that is taken", "lanyard-made", { nameAvailable: false, reason: "AlreadyExists" }],
  ["one that is taken, in other case", "LANYARD-MADE", { nameAvailable: false, reason: "AlreadyExists" }],
  ["one that starts with a digit", "1lanyard", { nameAvailable: false, reason: "AccountNameInvalid" }],
  ["one that is too short", "ab", { nameAvailable: false, reason: "AccountNameInvalid" }],
  ["one that is too long", "a".repeat(25), { nameAvailable: false, reason: "AccountNameInvalid" }],
  ["one with an underscore", "lan_yard", { nameAvailable: false, reason: "AccountNameInvalid" }],
];
for (const [what, name, want] of NAMES) {
  await test(`S1 is this name available: ${what}`, async () => {
    const got = await vaults.checkNameAvailability({ name, type: "Microsoft.KeyVault/vaults" });
    hasMembers(got, want);
    if (!want.nameAvailable) assert.ok(got.message, "it does not say why");
  });
}

await test("S1 access policies: added, replaced, removed", async () => {
  const name = "lanyard-policies";
  await vaults.createOrUpdate(GROUP, name, like({ enableRbacAuthorization: false, accessPolicies: [] }));
  const { one, two } = facts.identities;
  const policy = (who, ...secrets) => ({ tenantId: facts.tenant, objectId: who.principalId, permissions: { secrets } });
  const change = (kind, ...accessPolicies) => vaults.updateAccessPolicy(GROUP, name, kind, { properties: { accessPolicies } });
  const now = async () =>
    Object.fromEntries((await vaults.get(GROUP, name)).properties.accessPolicies.map((p) => [p.objectId, [...p.permissions.secrets].sort()]));

  await change("add", policy(one, "get"));
  await change("add", policy(one, "list"), policy(two, "get"));
  assert.deepEqual(await now(), { [one.principalId]: ["get", "list"], [two.principalId]: ["get"] });
  await change("replace", policy(one, "set"));
  assert.deepEqual((await now())[one.principalId], ["set"]);
  await change("remove", policy(one, "set"));
  assert.deepEqual((await now())[one.principalId] ?? [], []);
});

await test("S1 delete: listed as deleted, its name taken, until it is purged", async () => {
  const name = "lanyard-doomed";
  await vaults.createOrUpdate(GROUP, name, like({}, { tags: { t: "1" } }));
  await vaults.delete(GROUP, name);
  await refused(() => vaults.get(GROUP, name), NO_VAULT);
  const deleted = await vaults.getDeleted(name, location);
  hasMembers(deleted, { name, type: "Microsoft.KeyVault/deletedVaults" });
  hasMembers(deleted.properties, { vaultId: idOf(name), location, tags: { t: "1" } });
  assert.equal(deleted.properties.scheduledPurgeDate - deleted.properties.deletionDate, 90 * 86_400_000);
  assert.ok((await all(vaults.listDeleted())).some((vault) => vault.name === name));
  await refused(() => vaults.createOrUpdate(GROUP, name, like()), { status: 409 });
  hasMembers(await vaults.checkNameAvailability({ name, type: "Microsoft.KeyVault/vaults" }), { nameAvailable: false });

  await vaults.purgeDeleted(name, location);
  await refused(() => vaults.getDeleted(name, location), { status: 404 });
  assert.equal((await vaults.createOrUpdate(GROUP, name, like())).name, name);
});

await test("S1 delete: what is not there gives no error", async () => {
  await vaults.delete(GROUP, "lanyard-no-such");
});

await test("S1 recover: the vault comes back with what it held", async () => {
  const name = "lanyard-back";
  await vaults.createOrUpdate(GROUP, name, like({}, { tags: { t: "1" } }));
  await vaults.delete(GROUP, name);
  await vaults.createOrUpdate(GROUP, name, like({ createMode: "recover" }));
  assert.equal((await vaults.get(GROUP, name)).name, name);
  await refused(() => vaults.getDeleted(name, location), { status: 404 });
});

await test("S1 a deleted vault serves nothing", async () => {
  const name = "lanyard-silent";
  await vaults.createOrUpdate(GROUP, name, like());
  const client = new SecretClient(`https://${name}.vault.azure.net`, credentialOf("nobody"));
  await refused(() => client.getSecret("x"), { status: 403 });
  await vaults.delete(GROUP, name);
  await assert.rejects(() => client.getSecret("x"), ({ statusCode }) => statusCode !== 200 && statusCode !== 403);
});

const DENIED = { status: 403, code: "AuthorizationFailed" };

await refusals([
  ["S1 get: no such vault", () => vaults.get(GROUP, "lanyard-no-such"), NO_VAULT],
  ["S1 get: in another group", () => vaults.get(`${GROUP}-2`, "lanyard-made"), NO_VAULT],
  ["S1 update: no such vault", () => vaults.update(GROUP, "lanyard-no-such", { tags: {} }), NO_VAULT],
  ["S1 create: no such group", () => vaults.createOrUpdate("no-such", "lanyard-x", like()), { status: 404, code: "ResourceGroupNotFound" }],
  ["S1 create: a name that another group's vault has", () => vaults.createOrUpdate(`${GROUP}-2`, "lanyard-made", like()), { status: 409, code: "VaultAlreadyExists" }],
  ["S1 create: a name that is too short", () => vaults.createOrUpdate(GROUP, "ab", like()), { status: 400, code: "VaultNameNotValid" }],
  ["S1 create: a name that starts with a digit", () => vaults.createOrUpdate(GROUP, "1lanyard", like()), { status: 400, code: "VaultNameNotValid" }],
  ["S1 create: a name with two dashes in a row", () => vaults.createOrUpdate(GROUP, "lan--yard", like()), { status: 400, code: "VaultNameNotValid" }],
  ["S1 create: another tenant's", () => vaults.createOrUpdate(GROUP, "lanyard-x", like({ tenantId: facts.subscription })), { status: 400 }],
  ["S1 create: a retention that is too short", () => vaults.createOrUpdate(GROUP, "lanyard-x", like({ softDeleteRetentionInDays: 6 })), { status: 400 }],
  ["S1 create: a retention that is too long", () => vaults.createOrUpdate(GROUP, "lanyard-x", like({ softDeleteRetentionInDays: 91 })), { status: 400 }],
  ["S1 purge: not deleted", () => vaults.purgeDeleted("lanyard-made", location), { status: 404 }],
  ["S1 deleted: no such vault", () => vaults.getDeleted("lanyard-no-such", location), { status: 404 }],
  ["R6 Reader: create", () => reader.createOrUpdate(GROUP, "lanyard-x", like()), { ...DENIED, message: /'Microsoft.KeyVault\/vaults\/write'/i }],
  ["R6 Reader: update", () => reader.update(GROUP, "lanyard-made", { tags: {} }), { ...DENIED, message: /'Microsoft.KeyVault\/vaults\/write'/i }],
  ["R6 Reader: delete", () => reader.delete(GROUP, "lanyard-made"), { ...DENIED, message: /'Microsoft.KeyVault\/vaults\/delete'/i }],
  ["R6 Reader: change access policies", () => reader.updateAccessPolicy(GROUP, "lanyard-policies", "replace", { properties: { accessPolicies: [] } }),
    { ...DENIED, message: /'Microsoft.KeyVault\/vaults\/accessPolicies\/write'/i }],
  ["R6 Reader: purge", () => reader.purgeDeleted("lanyard-made", location), DENIED],
  ["R1 no role: get", () => nobody.get(GROUP, "lanyard-made"), { ...DENIED, message: /'Microsoft.KeyVault\/vaults\/read'/i }],
  ["R1 no role: list", () => all(nobody.listByResourceGroup(GROUP)), DENIED],
]);

await test("R6 what was refused changed nothing", async () => {
  assert.equal((await reader.get(GROUP, "lanyard-made")).tags.c, "3");
  await refused(() => vaults.get(GROUP, "lanyard-x"), NO_VAULT);
});
