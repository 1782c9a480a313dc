// arm-management.mjs - @azure/arm-locks, @azure/arm-managementgroups, and what @azure/arm-resources has beside resources:
// locks, tags, management groups, and the pollers of deletions.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { DefaultAzureCredential } from "@azure/identity";
import { ManagementLockClient } from "@azure/arm-locks";
import { ManagementGroupsAPI } from "@azure/arm-managementgroups";
import { ResourceManagementClient } from "@azure/arm-resources";
import { all, hasMembers, refusals, refused, statusOf, test } from "./lib/check.mjs";
import { credentialOf, facts, groupId, subscriptionId } from "./lib/facts.mjs";
import { operatorApi } from "./lib/operator.mjs";

const GROUP = "arm-management";
const REDIS = "2024-11-01";
const location = facts.location;
const owner = new DefaultAzureCredential();
const { resourceGroups: groups, resources, tagsOperations: tags } = new ResourceManagementClient(owner, facts.subscription);
const { managementLocks: locks } = new ManagementLockClient(owner, facts.subscription);
const cacheId = `${groupId(GROUP)}/providers/Microsoft.Cache/redis/kept`;
const cache = [GROUP, "Microsoft.Cache", "", "redis", "kept"];
const LOCKED = { status: 409, code: "ScopeLocked" };
const NO_DELETE = { level: "CanNotDelete", notes: "keep" };

await groups.createOrUpdate(GROUP, { location });
await resources.createOrUpdateById(cacheId, REDIS, { location, properties: {} });

// --- locks ---

await test("S8 lock: made at each level, got, changed, deleted", async () => {
  const [status, made] = await statusOf((o) => locks.createOrUpdateAtResourceGroupLevel(GROUP, "group", NO_DELETE, o));
  assert.equal(status, 201);
  hasMembers(made, { id: `${groupId(GROUP)}/providers/Microsoft.Authorization/locks/group`, name: "group", ...NO_DELETE });
  hasMembers(await locks.createOrUpdateAtResourceLevel(...cache, "cache", NO_DELETE), { id: `${cacheId}/providers/Microsoft.Authorization/locks/cache` });
  hasMembers(await locks.getAtResourceLevel(...cache, "cache"), NO_DELETE);
  const changed = await locks.createOrUpdateAtResourceGroupLevel(GROUP, "group", { level: "ReadOnly" });
  assert.equal(changed.level, "ReadOnly");
  assert.equal(changed.notes, undefined);
  const names = async (list) => (await all(list)).map(({ name }) => name).sort();
  assert.deepEqual(await names(locks.listAtResourceGroupLevel(GROUP)), ["cache", "group"]);
  assert.deepEqual(await names(locks.listAtResourceGroupLevel(GROUP, { filter: "atScope()" })), ["group"]);
  assert.ok((await names(locks.listAtSubscriptionLevel())).includes("cache"));
});

// This client escapes a scope as one segment, its slashes too.
await test("S8 lock: by its scope", async () => {
  for (const scope of [groupId(GROUP), cacheId]) {
    const id = `${scope}/providers/Microsoft.Authorization/locks/scoped`;
    hasMembers(await locks.createOrUpdateByScope(scope, "scoped", NO_DELETE), { id, ...NO_DELETE });
    hasMembers(await locks.getByScope(scope, "scoped"), { id });
    assert.ok((await all(locks.listByScope(scope))).some((lock) => lock.id === id));
    await locks.deleteByScope(scope, "scoped");
  }
});

await refusals([
  ["S8 lock: by the scope of a group that is not there", () => locks.createOrUpdateByScope(groupId("none"), "scoped", NO_DELETE),
    { status: 404, code: "ResourceGroupNotFound" }],
  ["R6 lock: by its scope, made by a contributor", () => new ManagementLockClient(credentialOf("contributor"), facts.subscription).managementLocks
    .createOrUpdateByScope(groupId(GROUP), "more", NO_DELETE), { status: 403, code: "AuthorizationFailed" }],
  ["R6 lock: the resource is changed", () => resources.updateById(cacheId, REDIS, { tags: {} }), LOCKED],
  ["R6 lock: the resource is deleted", () => resources.deleteById(cacheId, REDIS), LOCKED],
  ["R6 lock: the group is deleted", () => groups.delete(GROUP), LOCKED],
  ["R6 lock: tags are written", () => tags.createOrUpdateAtScope(groupId(GROUP), { properties: { tags: {} } }), LOCKED],
  ["R6 lock: made by a contributor", () => new ManagementLockClient(credentialOf("contributor"), facts.subscription).managementLocks
    .createOrUpdateAtResourceLevel(...cache, "more", NO_DELETE), { status: 403, code: "AuthorizationFailed" }],
  ["S8 lock: none of that name", () => locks.getAtResourceLevel(...cache, "none"), { status: 404, code: "LockNotFound" }],
]);

await test("S8 lock: lifted, and what it kept can go", async () => {
  await locks.deleteAtResourceGroupLevel(GROUP, "group");
  await refused(() => resources.deleteById(cacheId, REDIS), LOCKED);
  await locks.deleteAtResourceLevel(...cache, "cache");
  await resources.updateById(cacheId, REDIS, { tags: { a: "1" } });
});

// --- tags ---

await test("S8 tags: at a resource, a group and the subscription", async () => {
  for (const scope of [cacheId, groupId(GROUP), subscriptionId]) {
    const put = await tags.createOrUpdateAtScope(scope, { properties: { tags: { a: "1", b: "2" } } });
    assert.deepEqual(put.properties.tags, { a: "1", b: "2" });
    const merged = await tags.updateAtScope(scope, { operation: "Merge", properties: { tags: { c: "3" } } });
    assert.deepEqual(merged.properties.tags, { a: "1", b: "2", c: "3" });
    await tags.updateAtScope(scope, { operation: "Delete", properties: { tags: { a: "1", b: "" } } });
    assert.deepEqual((await tags.getAtScope(scope)).properties.tags, { c: "3" });
    await tags.deleteAtScope(scope);
    assert.deepEqual((await tags.getAtScope(scope)).properties.tags, {});
  }
});

// --- the deletion of a group ---

await test("S8 group: its deletion is polled to its end", async () => {
  const poller = groups.delete(GROUP);
  await poller.pollUntilDone();
  assert.equal((await groups.checkExistence(GROUP)).body, false);
});

// --- management groups ---

const { managementGroups: management } = new ManagementGroupsAPI(owner);
const OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const ROOT = `/providers/Microsoft.Management/managementGroups/${facts.tenant}`;
const DENIED = { status: 403, code: "AuthorizationFailed" };
const below = (parent) => ({ id: `/providers/Microsoft.Management/managementGroups/${parent}` });
const make = (name, parent) => management.beginCreateOrUpdateAndWait(name, { displayName: name.toUpperCase(), details: { parent: below(parent) } });

// At the tenant's root only the operator gives roles.
const grant = `${ROOT}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`;

await test("R6 management group: refused to whoever has no role there", async () => {
  await refused(() => make("sdk-top", facts.tenant), DENIED);
  await refused(() => management.get("sdk-top"), DENIED);
  assert.deepEqual(await all(management.list()), []);
});

await operatorApi("PUT", grant, { properties: { roleDefinitionId: OWNER, principalId: facts.vms.tester.principalId } });

await test("R2 management group: made, got with what is around it, changed, listed", async () => {
  hasMembers(await make("sdk-top", facts.tenant), { id: below("sdk-top").id, name: "sdk-top", displayName: "SDK-TOP" });
  await make("sdk-sub", "sdk-top");
  const top = await management.get("sdk-top", { expand: "children", recurse: true });
  assert.deepEqual(top.children.map(({ name, displayName }) => [name, displayName]), [["sdk-sub", "SDK-SUB"]]);
  hasMembers((await management.get("sdk-sub")).details.parent, { name: "sdk-top", displayName: "SDK-TOP" });
  assert.deepEqual((await management.get("sdk-sub", { expand: "path" })).details.path.map(({ name }) => name), [facts.tenant, "sdk-top"]);
  assert.deepEqual((await management.get("sdk-sub", { expand: "ancestors" })).details.managementGroupAncestorsChain.map(({ name }) => name), ["sdk-top", facts.tenant]);
  assert.equal((await management.update("sdk-sub", { displayName: "Other" })).displayName, "Other");
  const names = (await all(management.list())).map(({ name }) => name);
  for (const name of [facts.tenant, "sdk-top", "sdk-sub"]) assert.ok(names.includes(name), `${name} in ${names}`);
  assert.deepEqual((await all(management.listDescendants("sdk-top"))).map(({ name }) => name), ["sdk-sub"]);
});

await test("R2 management group: a subscription moves in and out", async () => {
  const { managementGroupSubscriptions: subscriptions } = new ManagementGroupsAPI(owner);
  await subscriptions.create("sdk-sub", facts.subscription);
  const deep = await management.get("sdk-top", { expand: "children", recurse: true });
  assert.equal(deep.children[0].children[0].name, facts.subscription);
  await subscriptions.delete("sdk-sub", facts.subscription);
});

await refusals([
  ["R2 management group: deleted with another in it", () => management.beginDeleteAndWait("sdk-top"), { status: 409 }],
  ["R2 management group: below itself", () => make("sdk-top", "sdk-sub"), { status: 400 }],
  ["R2 management group: below one that is not there", () => make("sdk-new", "sdk-none"), { status: 404 }],
  ["R2 management group: none of that name", () => management.get("sdk-none"), { status: 404, code: "NotFound" }],
]);

await test("R2 management group: deleted, from below", async () => {
  await management.beginDeleteAndWait("sdk-sub");
  await management.beginDeleteAndWait("sdk-top");
  await refused(() => management.get("sdk-top"), { status: 404, code: "NotFound" });
});

await operatorApi("DELETE", grant);
