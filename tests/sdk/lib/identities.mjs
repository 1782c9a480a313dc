// identities.mjs - what every type's identity block does, through that type's own client.

import assert from "node:assert/strict";
import { GUID, hasMembers, test } from "./check.mjs";
import { facts } from "./facts.mjs";

const attach = (...names) => Object.fromEntries(names.map((name) => [facts.identities[name].id, {}]));
const clientIds = (identity) => Object.values(identity.userAssignedIdentities ?? {}).map(({ clientId }) => clientId).sort();
const idsOf = (...names) => names.map((name) => facts.identities[name].clientId).sort();

/**
 * Tests of one type. create and update take a name and an identity block, get and remove a name; `both` is how the type
 * writes both kinds, `none` what it shows without any, `kind` stands in the tests' names.
 */
export async function identitiesComeAndGo({ create, get, update, remove, both, none = undefined, kind = "resource" }) {
  let first;
  await test(`I2 ${kind}: system-assigned, with a principal of its own`, async () => {
    await create("ids", { type: "SystemAssigned" });
    const { identity } = await get("ids");
    hasMembers(identity, { type: "SystemAssigned", tenantId: facts.tenant });
    assert.match(identity.principalId, GUID);
    first = identity.principalId;
  });

  await test(`I5 ${kind}: both kinds at once, in the type's own spelling`, async () => {
    await update("ids", { type: both, userAssignedIdentities: attach("one", "two") });
    const { identity } = await get("ids");
    hasMembers(identity, { type: both, principalId: first });
    assert.deepEqual(clientIds(identity), idsOf("one", "two"));
  });

  await test(`I5 ${kind}: a PUT names the whole set of identities, and one without a block leaves them`, async () => {
    await create("ids", { type: both, userAssignedIdentities: attach("two") });
    assert.deepEqual(clientIds((await get("ids")).identity), idsOf("two"));
    await create("ids", undefined);
    const { identity } = await get("ids");
    hasMembers(identity, { type: both, principalId: first });
    assert.deepEqual(clientIds(identity), idsOf("two"));
  });

  await test(`I5 ${kind}: the type None takes all identities away`, async () => {
    await update("ids", { type: "None" });
    assert.equal((await get("ids")).identity?.type, none);
  });

  await test(`I3 ${kind}: its identity, made again, is another`, async () => {
    await update("ids", { type: "SystemAssigned" });
    const again = (await get("ids")).identity.principalId;
    assert.notEqual(again, first);
    await remove("ids");
    await create("ids", { type: "SystemAssigned" });
    assert.notEqual((await get("ids")).identity.principalId, again);
    await remove("ids");
  });
}
