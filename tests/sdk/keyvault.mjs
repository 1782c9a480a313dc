// keyvault.mjs - every operation of @azure/keyvault-secrets, and who is refused which.
//
// Runs on a machine with several identities, each with another role on the vault.

import assert from "node:assert/strict";
import { DefaultAzureCredential, ManagedIdentityCredential } from "@azure/identity";
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { SecretClient } from "@azure/keyvault-secrets";
import { all, hasMembers, pages, refusals, refused, sameSecret, test } from "./lib/check.mjs";
import { credentialOf, facts } from "./lib/facts.mjs";
import { ROLES } from "./lib/roles.mjs";
import { forge } from "./lib/token.mjs";

const URL_OF_VAULT = `https://${facts.vault.name}.vault.azure.net`;
const DAY_MS = 86_400_000;
const VALUE_MAX_BYTES = 25 * 1024;

const clientOf = (name) => new SecretClient(URL_OF_VAULT, credentialOf(name));
const officer = clientOf("officer");            // Key Vault Secrets Officer
const user = clientOf("user");                  // Key Vault Secrets User
const reader = clientOf("vault-reader");        // Key Vault Reader: everything but the values
const single = clientOf("single-secret");       // Key Vault Secrets User on one secret
const nobody = clientOf("nobody");              // no role
const owner = new SecretClient(URL_OF_VAULT, new DefaultAzureCredential()); // Owner of the subscription

// All values begin so, for the test that looks for them where they must not be.
const value = (text) => `LANYARD-SECRET-${text}`;

const FORBIDDEN = { status: 403, code: "Forbidden", inner: "ForbiddenByRbac" };
const NO_SECRET = { status: 404, code: "SecretNotFound" };
const BAD = { status: 400, code: "BadParameter" };
const DELETED = { status: 409, code: "Conflict", inner: "ObjectIsDeletedButRecoverable" };

async function deleteSecret(name) {
  const poller = await officer.beginDeleteSecret(name);
  return poller.pollUntilDone();
}

async function purgeSecret(name) {
  await deleteSecret(name);
  await officer.purgeDeletedSecret(name);
}

// --- set and get ---

await test("S1 set: the answer has the value, a version and the published attributes", async () => {
  const before = Date.now() - 2000;
  const secret = await officer.setSecret("plain", value("plain-1"));
  sameSecret(secret.value, value("plain-1"));
  assert.equal(secret.name, "plain");
  const { properties } = secret;
  assert.match(properties.version, /^[0-9a-f]{32}$/);
  hasMembers(properties, {
    id: `${URL_OF_VAULT}/secrets/plain/${properties.version}`,
    vaultUrl: URL_OF_VAULT,
    enabled: true,
    notBefore: undefined,
    expiresOn: undefined,
    contentType: undefined,
    recoveryLevel: "Recoverable+Purgeable",
    recoverableDays: 90,
  });
  for (const at of [properties.createdOn, properties.updatedOn]) {
    assert.ok(at >= before && at <= Date.now() + 1000, `dated ${at}`);
  }
});

await test("S1 get: the newest version without one, an old one by its id", async () => {
  const first = await officer.setSecret("versions", value("old"));
  const second = await officer.setSecret("versions", value("new"));
  assert.notEqual(first.properties.version, second.properties.version);
  const newest = await user.getSecret("versions");
  sameSecret(newest.value, value("new"));
  assert.equal(newest.properties.version, second.properties.version);
  const old = await user.getSecret("versions", { version: first.properties.version });
  sameSecret(old.value, value("old"));
});

await test("S1 set: every attribute comes back", async () => {
  const notBefore = new Date("2024-02-03T04:05:06Z");
  const expiresOn = new Date("2037-02-03T04:05:06Z");
  const options = { enabled: true, notBefore, expiresOn, contentType: "text/plain", tags: { team: "a", "sp ace": "ü" } };
  await officer.setSecret("attributes", value("attributes"), options);
  hasMembers((await user.getSecret("attributes")).properties, options);
});

await test("S1 set and get: odd values come back as they were", async () => {
  for (const [name, odd] of [
    ["odd-unicode", value("snow ☃ 漢字 \u{1F511}")],
    ["odd-json", value('{"a":"\\"","b":[1,null]}\r\n\t')],
    ["odd-spaces", `  ${value("spaces")}  `],
    ["odd-longest", value("").padEnd(VALUE_MAX_BYTES, "x")],
  ]) {
    await officer.setSecret(name, odd);
    sameSecret((await user.getSecret(name)).value, odd);
  }
});

await test("S1 names differ by more than case", async () => {
  await officer.setSecret("MixedCase", value("mixed"));
  sameSecret((await user.getSecret("mixedcase")).value, value("mixed"));
});

await test("S1 a secret out of its dates can still be read: they inform, they do not lock", async () => {
  await officer.setSecret("expired", value("expired"), { expiresOn: new Date(Date.now() - DAY_MS) });
  await officer.setSecret("not-yet", value("not-yet"), { notBefore: new Date(Date.now() + DAY_MS) });
  sameSecret((await user.getSecret("expired")).value, value("expired"));
  sameSecret((await user.getSecret("not-yet")).value, value("not-yet"));
});

// --- update ---

await test("S1 update: what is named changes, the rest and the value stay", async () => {
  const { properties } = await officer.setSecret("update", value("update"), {
    contentType: "text/plain",
    tags: { keep: "1" },
  });
  const notBefore = new Date("2025-01-01T00:00:00Z");
  const expiresOn = new Date("2036-01-01T00:00:00Z");
  hasMembers(await officer.updateSecretProperties("update", properties.version, { notBefore, expiresOn }), {
    notBefore,
    expiresOn,
    contentType: "text/plain",
    tags: { keep: "1" },
    version: properties.version,
  });
  await officer.updateSecretProperties("update", properties.version, { contentType: "x/y", tags: { now: "2" } });
  const after = await user.getSecret("update");
  sameSecret(after.value, value("update"));
  hasMembers(after.properties, { notBefore, expiresOn, contentType: "x/y", tags: { now: "2" }, enabled: true });
});

await test("S1 update: one version changes, not the others", async () => {
  const first = await officer.setSecret("update-one", value("1"));
  await officer.setSecret("update-one", value("2"));
  await officer.updateSecretProperties("update-one", first.properties.version, { tags: { old: "yes" } });
  assert.deepEqual((await user.getSecret("update-one")).properties.tags ?? {}, {});
});

await test("S1 a disabled secret is listed, cannot be read, and can be enabled again", async () => {
  const { properties } = await officer.setSecret("disabled", value("disabled"), { enabled: false });
  await refused(() => user.getSecret("disabled"), { status: 403, code: "Forbidden", inner: "SecretDisabled" });
  const listed = (await all(reader.listPropertiesOfSecrets())).find(({ name }) => name === "disabled");
  assert.equal(listed.enabled, false);
  await officer.updateSecretProperties("disabled", properties.version, { enabled: true });
  sameSecret((await user.getSecret("disabled")).value, value("disabled"));
});

// --- lists ---

const BULK = Array.from({ length: 30 }, (_, i) => `bulk-${String(i).padStart(2, "0")}`);

await test("S1 list: 30 secrets in pages, each once, without version or value", async () => {
  for (const name of BULK) await officer.setSecret(name, value(name), { tags: { bulk: name } });
  for (const size of [undefined, 7]) {
    const got = await pages(reader.listPropertiesOfSecrets(), size);
    assert.ok(got.length > 1, "all in one page");
    assert.ok(got.every((page) => page.length <= (size ?? 25)), "a page is too long");
    const bulk = got.flat().filter(({ name }) => name.startsWith("bulk-"));
    assert.deepEqual(bulk.map(({ name }) => name).sort(), BULK);
    for (const item of bulk) {
      hasMembers(item, { version: undefined, value: undefined, enabled: true, tags: { bulk: item.name } });
      assert.equal(item.id, `${URL_OF_VAULT}/secrets/${item.name}`);
    }
  }
});

await test("S1 list versions: all of them in pages, and no other secret's", async () => {
  const made = [];
  for (let i = 0; i < 7; i += 1) {
    made.push((await officer.setSecret("many-versions", value(`v${i}`))).properties.version);
  }
  await officer.setSecret("many-versions-2", value("other"));
  const got = await pages(reader.listPropertiesOfSecretVersions("many-versions"), 3);
  assert.deepEqual(got.map((page) => page.length), [3, 3, 1]);
  assert.deepEqual(got.flat().map(({ version }) => version).sort(), made.sort());
  assert.ok(got.flat().every((item) => item.name === "many-versions" && item.value === undefined));
});

await test("S1 list versions: none of a secret that is not there", async () => {
  assert.deepEqual(await all(reader.listPropertiesOfSecretVersions("no-such")), []);
});

// --- delete, recover, purge ---

await test("S1 delete: gone, listed as deleted, its name taken, until it is recovered", async () => {
  const { properties } = await officer.setSecret("recover", value("recover"), { tags: { a: "b" } });
  const deleted = await deleteSecret("recover");
  assert.equal(deleted.name, "recover");
  assert.equal(deleted.recoveryId, `${URL_OF_VAULT}/deletedsecrets/recover`);
  assert.equal(deleted.scheduledPurgeDate - deleted.deletedOn, 90 * DAY_MS);
  await refused(() => user.getSecret("recover"), NO_SECRET);
  await refused(() => user.getSecret("recover", { version: properties.version }), NO_SECRET);
  await refused(() => officer.setSecret("recover", value("again")), DELETED);
  assert.ok((await all(reader.listPropertiesOfSecrets())).every(({ name }) => name !== "recover"));

  const got = await reader.getDeletedSecret("recover");
  hasMembers(got.properties, { tags: { a: "b" }, enabled: true, recoveryId: deleted.recoveryId });
  assert.equal(got.value, undefined);
  assert.ok((await all(reader.listDeletedSecrets())).some(({ name }) => name === "recover"));

  const poller = await officer.beginRecoverDeletedSecret("recover");
  const recovered = await poller.pollUntilDone();
  assert.equal(recovered.version, properties.version);
  sameSecret((await user.getSecret("recover")).value, value("recover"));
  await refused(() => reader.getDeletedSecret("recover"), NO_SECRET);
});

await test("S1 delete and recover take every version along", async () => {
  const made = [];
  for (let i = 0; i < 3; i += 1) made.push((await officer.setSecret("all-back", value(`${i}`))).properties.version);
  await deleteSecret("all-back");
  await (await officer.beginRecoverDeletedSecret("all-back")).pollUntilDone();
  const versions = (await all(reader.listPropertiesOfSecretVersions("all-back"))).map(({ version }) => version);
  assert.deepEqual(versions.sort(), [...made].sort());
  sameSecret((await user.getSecret("all-back", { version: made[0] })).value, value("0"));
});

await test("S1 purge: nothing is left, and the name starts anew", async () => {
  const { properties } = await officer.setSecret("purge", value("first"));
  await purgeSecret("purge");
  await refused(() => reader.getDeletedSecret("purge"), NO_SECRET);
  await refused(() => officer.beginRecoverDeletedSecret("purge"), NO_SECRET);
  await officer.setSecret("purge", value("second"));
  assert.equal((await all(reader.listPropertiesOfSecretVersions("purge"))).length, 1);
  await refused(() => user.getSecret("purge", { version: properties.version }), NO_SECRET);
});

await test("S1 deleted secrets come in pages too", async () => {
  for (const name of BULK.slice(0, 5)) await deleteSecret(name);
  const got = await pages(reader.listDeletedSecrets(), 2);
  assert.ok(got.every((page) => page.length <= 2));
  const names = got.flat().map(({ name }) => name);
  for (const name of BULK.slice(0, 5)) assert.ok(names.includes(name), name);
});

// --- backup and restore ---

await test("S1 backup and restore: all versions, their ids and attributes", async () => {
  const first = await officer.setSecret("backup", value("backup-1"), { tags: { n: "1" } });
  const second = await officer.setSecret("backup", value("backup-2"), { contentType: "x" });
  const backup = await officer.backupSecret("backup");
  assert.ok(!Buffer.from(backup).includes("LANYARD-SECRET"), "the backup shows the value");
  await refused(() => officer.restoreSecretBackup(backup), { status: 409, code: "Conflict" });

  await purgeSecret("backup");
  hasMembers(await officer.restoreSecretBackup(backup), { name: "backup", contentType: "x" });
  sameSecret((await user.getSecret("backup")).value, value("backup-2"));
  const old = await user.getSecret("backup", { version: first.properties.version });
  sameSecret(old.value, value("backup-1"));
  assert.deepEqual(old.properties.tags, { n: "1" });
  assert.equal((await user.getSecret("backup")).properties.version, second.properties.version);
});

await test("S1 restore: a deleted secret's name is taken", async () => {
  await officer.setSecret("backup-deleted", value("x"));
  const backup = await officer.backupSecret("backup-deleted");
  await deleteSecret("backup-deleted");
  await refused(() => officer.restoreSecretBackup(backup), { status: 409, code: "Conflict" });
});

await test("S1 restore: a backup that was changed, cut or made up is refused", async () => {
  await officer.setSecret("backup-forged", value("x"));
  const backup = await officer.backupSecret("backup-forged");
  await purgeSecret("backup-forged");
  const changed = Uint8Array.from(backup);
  changed[changed.length >> 1] ^= 1;
  for (const bad of [changed, backup.slice(0, -1), new Uint8Array(0)]) {
    await refused(() => officer.restoreSecretBackup(bad), { status: 400 });
  }
  const madeUp = Buffer.from("no backup at all");
  await refused(() => officer.restoreSecretBackup(madeUp), { status: 400, code: "Malformed backup blob" }); // as recorded
  await refused(() => user.getSecret("backup-forged"), NO_SECRET);
});

// --- bad input ---

const LONG_NAME = "a".repeat(127);
await test("S1 the longest name", async () => {
  await officer.setSecret(LONG_NAME, value("long"));
  sameSecret((await user.getSecret(LONG_NAME)).value, value("long"));
});

await refusals([
  ["S1 get: no such secret", () => user.getSecret("no-such"), { ...NO_SECRET, message: /name\/id\) no-such was not found/ }],
  ["S1 get: no such version", () => user.getSecret("plain", { version: "0".repeat(32) }), NO_SECRET],
  ["S1 get: another secret's version", async () => {
    const { properties } = await officer.setSecret("other", value("other"));
    return user.getSecret("plain", { version: properties.version });
  }, NO_SECRET],
  ["S1 update: no such secret", () => officer.updateSecretProperties("no-such", "0".repeat(32), { tags: {} }), NO_SECRET],
  ["S1 delete: no such secret", () => officer.beginDeleteSecret("no-such"), NO_SECRET],
  ["S1 delete: deleted already", async () => {
    await officer.setSecret("twice", value("x"));
    await deleteSecret("twice");
    return officer.beginDeleteSecret("twice");
  }, NO_SECRET],
  ["S1 purge: not deleted", () => officer.purgeDeletedSecret("plain"), NO_SECRET],
  ["S1 backup: no such secret", () => officer.backupSecret("no-such"), NO_SECRET],
  ["S1 set: a name with an underscore", () => officer.setSecret("bad_name", "x"), BAD],
  ["S1 set: a name with a dot", () => officer.setSecret("bad.name", "x"), BAD],
  ["S1 set: a name with a space", () => officer.setSecret("bad name", "x"), BAD],
  ["S1 set: a name that is not ASCII", () => officer.setSecret("schlüssel", "x"), BAD],
  ["S1 set: a name that is too long", () => officer.setSecret(`${LONG_NAME}a`, "x"), BAD],
  ["S1 set: a value that is too long", () => officer.setSecret("too-long", "x".repeat(VALUE_MAX_BYTES + 1)), BAD],
  ["S1 set: no value", () => officer.setSecret("no-value"), BAD],
  ["S1 list: pages that are too long", () => pages(reader.listPropertiesOfSecrets(), 26), { status: 400 }],
]);

// --- who may do what ---

await test("R1 R4 a refusal names the caller, the action and the place", async () => {
  const { message } = await refused(() => nobody.getSecret("plain"), FORBIDDEN);
  const { clientId, principalId } = facts.identities.nobody;
  for (const part of [
    "Caller is not authorized to perform action on resource.",
    `Caller: appid=${clientId};oid=${principalId};iss=https://sts.windows.net/${facts.tenant}/`,
    "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'",
    `Resource: '${facts.vault.id.toLowerCase()}/secrets/plain'`,
    "Assignment: (not found)",
    `Vault: ${facts.vault.name};location=${facts.location}`,
  ]) assert.ok(message.includes(part), `no ${part} in: ${message}`);
});

await officer.setSecret("only-this", value("only-this"));
const plainVersion = (await officer.getSecret("plain")).properties.version;
const plainBackup = await officer.backupSecret("plain");

await refusals([
  ["R1 no role: get", () => nobody.getSecret("plain"), FORBIDDEN],
  ["R1 no role: get what is not there", () => nobody.getSecret("no-such"), FORBIDDEN],
  ["R1 no role: list", () => all(nobody.listPropertiesOfSecrets()), { status: 403 }],
  ["R1 no role: list versions", () => all(nobody.listPropertiesOfSecretVersions("plain")), { status: 403 }],
  ["R1 no role: set", () => nobody.setSecret("plain", "x"), FORBIDDEN],
  ["R1 no role: set anew", () => nobody.setSecret("new-by-nobody", "x"), FORBIDDEN],
  ["R1 no role: update", () => nobody.updateSecretProperties("plain", plainVersion, { enabled: false }), FORBIDDEN],
  ["R1 no role: delete", () => nobody.beginDeleteSecret("plain"), FORBIDDEN],
  ["R1 no role: list deleted", () => all(nobody.listDeletedSecrets()), { status: 403 }],
  ["R1 no role: get deleted", () => nobody.getDeletedSecret("twice"), FORBIDDEN],
  ["R1 no role: recover", () => nobody.beginRecoverDeletedSecret("twice"), FORBIDDEN],
  ["R1 no role: purge", () => nobody.purgeDeletedSecret("twice"), FORBIDDEN],
  ["R1 no role: back up", () => nobody.backupSecret("plain"), FORBIDDEN],
  ["R1 no role: restore", () => nobody.restoreSecretBackup(plainBackup), FORBIDDEN],
  ["R4 Key Vault Reader: get", () => reader.getSecret("plain"), FORBIDDEN],
  ["R4 Key Vault Reader: set", () => reader.setSecret("plain", "x"), FORBIDDEN],
  ["R4 Key Vault Reader: back up", () => reader.backupSecret("plain"), FORBIDDEN],
  ["R4 Secrets User: set", () => user.setSecret("plain", "x"), FORBIDDEN],
  ["R4 Secrets User: update", () => user.updateSecretProperties("plain", plainVersion, {}), FORBIDDEN],
  ["R4 Secrets User: delete", () => user.beginDeleteSecret("plain"), FORBIDDEN],
  ["R4 Owner of the subscription: get", () => owner.getSecret("plain"), FORBIDDEN],
  ["R4 Owner of the subscription: list", () => all(owner.listPropertiesOfSecrets()), { status: 403 }],
  ["R4 Owner of the subscription: set", () => owner.setSecret("plain", "x"), FORBIDDEN],
  ["R2 a role on one secret: another", () => single.getSecret("plain"), FORBIDDEN],
  ["R2 a role on one secret: one whose name begins so", async () => {
    await officer.setSecret("only-this-2", value("x"));
    return single.getSecret("only-this-2");
  }, FORBIDDEN],
  ["R2 a role on one secret: list the vault", () => all(single.listPropertiesOfSecrets()), { status: 403 }],
  ["R2 a role on one secret: set it", () => single.setSecret("only-this", "x"), FORBIDDEN],
]);

await test("R1 what was refused changed nothing", async () => {
  sameSecret((await user.getSecret("plain")).value, value("plain-1"));
  assert.equal((await all(reader.listPropertiesOfSecretVersions("plain"))).length, 1);
  await refused(() => user.getSecret("new-by-nobody"), NO_SECRET);
});

await test("R2 a role on one secret lets through exactly that, whatever the case", async () => {
  sameSecret((await single.getSecret("only-this")).value, value("only-this"));
  sameSecret((await single.getSecret("ONLY-THIS")).value, value("only-this"));
  assert.equal((await all(single.listPropertiesOfSecretVersions("only-this"))).length, 1);
});

await test("R8 a role counts as soon as it is given, and no longer when it is taken", async () => {
  const roles = new AuthorizationManagementClient(new DefaultAzureCredential(), facts.subscription);
  const name = "7a0c7f1e-5b1d-4c53-9d3e-0d6a1f1c1e01";
  await roles.roleAssignments.create(facts.vault.id, name, {
    roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${ROLES.secretsUser}`,
    principalId: facts.identities.nobody.principalId,
  });
  sameSecret((await nobody.getSecret("plain")).value, value("plain-1"));
  await roles.roleAssignments.delete(facts.vault.id, name);
  await refused(() => nobody.getSecret("plain"), FORBIDDEN);
});

// --- tokens that are not for the vault ---

const managementToken = await credentialOf("officer").getToken("https://management.azure.com/.default");
const vaultToken = await credentialOf("officer").getToken("https://vault.azure.net/.default");
const withToken = (token) =>
  new SecretClient(URL_OF_VAULT, { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + DAY_MS }) });

await refusals([
  ["S1 a token for another audience", () => withToken(managementToken.token).getSecret("plain"),
    { status: 401, code: "Unauthorized", message: /AKV10022: Invalid audience/ }],
  ["S1 a token that was changed", () => withToken(forge(vaultToken.token)).getSecret("plain"), { status: 401 }],
  ["S1 a token without its signature", () => withToken(vaultToken.token.replace(/[^.]+$/, "")).getSecret("plain"), { status: 401 }],
  ["S1 something that is no token", () => withToken("abc").getSecret("plain"), { status: 401 }],
]);

await test("S1 no token: the challenge that every SDK reads", async () => {
  const response = await fetch(`${URL_OF_VAULT}/secrets/plain?api-version=7.4`);
  assert.equal(response.status, 401);
  assert.equal(
    response.headers.get("www-authenticate"),
    `Bearer authorization="https://login.microsoftonline.com/${facts.tenant}", resource="https://vault.azure.net"`,
  );
  const { error } = await response.json();
  hasMembers(error, { code: "Unauthorized", message: "AKV10000: Request is missing a Bearer or PoP token." });
});

await test("S1 an older api-version is served, an unknown one is not", async () => {
  const credential = new ManagedIdentityCredential({ clientId: facts.identities.user.clientId });
  const older = new SecretClient(URL_OF_VAULT, credential, { serviceVersion: "7.0" });
  sameSecret((await older.getSecret("plain")).value, value("plain-1"));
  const unknown = new SecretClient(URL_OF_VAULT, credential, { serviceVersion: "1.0" });
  await refused(() => unknown.getSecret("plain"), BAD);
});
