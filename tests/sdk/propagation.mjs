// propagation.mjs - clients that meet the cloud's delays: a grant appears, a revoked role lingers, a new principal
// is not found yet, a changed group waits for a new token. A client that retries is not kept waiting: where it
// would sleep the server's clock is moved.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DefaultAzureCredential } from "@azure/identity";
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { ManagedServiceIdentityClient } from "@azure/arm-msi";
import { SecretClient } from "@azure/keyvault-secrets";
import { all, refused, sameSecret, test } from "./lib/check.mjs";
import { credentialOf, facts, roleId } from "./lib/facts.mjs";
import { operatorApi, pass } from "./lib/operator.mjs";

const NAME = "only-this";
const VALUE = "LANYARD-SECRET-propagation";
const FORBIDDEN = { status: 403, code: "Forbidden", inner: "ForbiddenByRbac" };
const TRIES = 15;

const { roleAssignments } = new AuthorizationManagementClient(new DefaultAzureCredential(), facts.subscription);
const identities = new ManagedServiceIdentityClient(new DefaultAzureCredential(), facts.subscription).userAssignedIdentities;
const clientOf = (name) => new SecretClient(`https://${facts.vault.name}.vault.azure.net`, credentialOf(name));
await clientOf("officer").setSecret(NAME, VALUE);

const assign = (role, principalId, principalType) =>
  roleAssignments.create(facts.vault.id, randomUUID(), { roleDefinitionId: roleId(role), principalId, ...(principalType && { principalType }) });

const isListed = async ({ name }) => (await all(roleAssignments.listForScope(facts.vault.id))).some((each) => each.name === name);

/** Tries until it holds, bounded; how much time of the server's has passed, in units of `pause`. */
async function retried(holds, pause) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (await holds()) return tries;
    await pass(pause);
  }
  throw new Error(`not after ${TRIES} tries, ${pause} apart`);
}

const reads = (client) => () => client.getSecret(NAME).then(() => true, (error) => { if (error.statusCode === 403) return false; throw error; });

/** The same in a new process: the SDK keeps a token as long as this machine's clock says that it is good. */
function fresh(identity) {
  return JSON.parse(execFileSync(process.execPath, [join(import.meta.dirname, "lib/try-secret.mjs"), identity, NAME], { stdio: ["ignore", "pipe", "inherit"] }));
}

const nobody = clientOf("nobody");
let grant;

await test("R8 a grant appears: listed at once, granted to a client that retries for ten minutes", async () => {
  await refused(() => nobody.getSecret(NAME), FORBIDDEN);
  grant = await assign("secretsUser", facts.identities.nobody.principalId);
  assert.ok(await isListed(grant));
  await refused(() => nobody.getSecret(NAME), FORBIDDEN);
  assert.equal(await retried(reads(nobody), "1m"), 10);
  sameSecret((await nobody.getSecret(NAME)).value, VALUE);
});

await test("R8 a revoked role lingers: listed no more, granting for ten minutes", async () => {
  await roleAssignments.delete(facts.vault.id, grant.name);
  assert.ok(!(await isListed(grant)));
  await refused(() => roleAssignments.get(facts.vault.id, grant.name), { status: 404 });
  sameSecret((await nobody.getSecret(NAME)).value, VALUE);
  assert.equal(await retried(async () => !(await reads(nobody)()), "1m"), 10);
  await refused(() => nobody.getSecret(NAME), FORBIDDEN);
});

await test("R8 D2 a new principal is not found for a minute, but by its type", async () => {
  const { principalId } = await identities.createOrUpdate(facts.group, "newborn", { location: facts.location });
  await refused(() => assign("vaultReader", principalId), { status: 400, code: "PrincipalNotFound" });
  await assign("reader", principalId, "ServicePrincipal");
  const found = () => assign("vaultReader", principalId).then(() => true, (error) => { if (error.code === "PrincipalNotFound") return false; throw error; });
  assert.equal(await retried(found, "15s"), 4);
});

await test("R5 R8 T6 a changed group waits for a new token: a day, for a managed identity", async () => {
  const { principalId } = facts.identities.reader;
  const crew = await operatorApi("POST", "/v1.0/groups", { displayName: "crew", mailEnabled: false, mailNickname: "crew", securityEnabled: true });
  await assign("secretsUser", crew.id, "Group");
  await pass("10m");
  const before = fresh("reader");
  assert.equal(before.status, 403);
  await pass("2s"); // a token tells its issue by the second: here and below
  await operatorApi("POST", `/v1.0/groups/${crew.id}/members/$ref`, { "@odata.id": `https://graph.microsoft.com/v1.0/directoryObjects/${principalId}` });
  assert.deepEqual((await operatorApi("GET", `/v1.0/groups/${crew.id}/members`)).value.map(({ id }) => id), [principalId]);
  for (const time of ["2s", "12h", "10h"]) {
    await pass(time);
    assert.deepEqual(fresh("reader"), before); // the endpoint's own cache: a new process does not help
  }
  await pass("1h56m");
  const after = fresh("reader");
  assert.equal(after.status, 200);
  assert.ok(after.issued > before.issued);

  await pass("2s");
  await operatorApi("DELETE", `/v1.0/groups/${crew.id}/members/${principalId}/$ref`);
  assert.deepEqual((await operatorApi("GET", `/v1.0/groups/${crew.id}/members`)).value, []);
  for (const time of ["2s", "12h", "10h"]) {
    await pass(time);
    assert.deepEqual(fresh("reader"), after); // it left, its token did not
  }
  await pass("1h56m");
  assert.equal(fresh("reader").status, 403);
});
