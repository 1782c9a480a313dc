// arm-resources.mjs - @azure/arm-resources and @azure/arm-resources-subscriptions: tenants,
// subscriptions, providers, resource groups, and resources of any type.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { DefaultAzureCredential } from "@azure/identity";
import { ResourceManagementClient } from "@azure/arm-resources";
import { SubscriptionClient } from "@azure/arm-resources-subscriptions";
import { all, GUID, hasMembers, pages, refusals, refused, statusOf, test } from "./lib/check.mjs";
import { credentialOf, facts, groupId, subscriptionId } from "./lib/facts.mjs";

const GROUP = "arm-resources";
const location = facts.location;
const SITES = "2024-04-01";
const REDIS = "2024-11-01";

const clientOf = (credential, subscription = facts.subscription) => new ResourceManagementClient(credential, subscription);
const owner = clientOf(new DefaultAzureCredential());
const reader = clientOf(credentialOf("reader"));
const nobody = clientOf(credentialOf("nobody"));
const { resourceGroups: groups, resources, providers } = owner;

const DENIED = { status: 403, code: "AuthorizationFailed" };
const NO_GROUP = { status: 404, code: "ResourceGroupNotFound" };
const NO_RESOURCE = { status: 404, code: "ResourceNotFound" };

const siteId = (name, group = GROUP) => `${groupId(group)}/providers/Microsoft.Web/sites/${name}`;
const redisId = (name, group = GROUP) => `${groupId(group)}/providers/Microsoft.Cache/redis/${name}`;

// --- tenants and subscriptions ---

await test("the tenant", async () => {
  const list = await all(new SubscriptionClient(new DefaultAzureCredential()).tenants.list());
  assert.equal(list.length, 1);
  hasMembers(list[0], { id: `/tenants/${facts.tenant}`, tenantId: facts.tenant });
});

await test("the subscription, listed and got", async () => {
  const { subscriptions } = new SubscriptionClient(new DefaultAzureCredential());
  const want = { id: subscriptionId, subscriptionId: facts.subscription, tenantId: facts.tenant, state: "Enabled" };
  const list = await all(subscriptions.list());
  assert.equal(list.length, 1);
  hasMembers(list[0], want);
  hasMembers(await subscriptions.get(facts.subscription), want);
});

await test("the locations of the subscription", async () => {
  const { subscriptions } = new SubscriptionClient(new DefaultAzureCredential());
  const list = await all(subscriptions.listLocations(facts.subscription));
  hasMembers(list.find(({ name }) => name === "westus"), {
    id: `${subscriptionId}/locations/westus`,
    displayName: "West US",
  });
});

await test("R1 no role: a tenant, but no subscription", async () => {
  const client = new SubscriptionClient(credentialOf("nobody"));
  assert.deepEqual(await all(client.subscriptions.list()), []);
  assert.equal((await all(client.tenants.list())).length, 1);
  await refused(() => client.subscriptions.get(facts.subscription), { status: 403 });
});

// --- providers ---

await test("the providers, all registered", async () => {
  const list = await all(providers.list());
  for (const namespace of ["Microsoft.Authorization", "Microsoft.Compute", "Microsoft.KeyVault", "Microsoft.ManagedIdentity", "Microsoft.Resources"]) {
    const provider = list.find((p) => p.namespace === namespace);
    hasMembers(provider, { id: `${subscriptionId}/providers/${namespace}`, registrationState: "Registered" });
  }
});

await test("one provider: the types and versions that clients pick from", async () => {
  const provider = await providers.get("Microsoft.KeyVault");
  const type = provider.resourceTypes.find(({ resourceType }) => resourceType === "vaults");
  assert.ok(type.apiVersions.includes("2023-02-01"), String(type.apiVersions));
  assert.ok(type.locations.length > 0);
  for (const name of ["Microsoft.KeyVault", "microsoft.management", "Microsoft.CognitiveServices", "Microsoft.Batch", "Microsoft.Search",
    "Microsoft.OperationalInsights", "Microsoft.Cache"])
    assert.equal((await providers.register(name)).registrationState, "Registered");
  assert.equal((await providers.getAtTenantScope("Microsoft.KeyVault")).namespace, "Microsoft.KeyVault");
});

// --- resource groups ---

await test("S8 group: made, made again, got, there", async () => {
  assert.equal((await groups.checkExistence(GROUP)).body, false);
  const [status, made] = await statusOf((o) => groups.createOrUpdate(GROUP, { location: "West US", tags: { a: "1" } }, o));
  assert.equal(status, 201);
  hasMembers(made, {
    id: groupId(GROUP),
    name: GROUP,
    type: "Microsoft.Resources/resourceGroups",
    location: "westus",
    tags: { a: "1" },
  });
  assert.equal(made.properties.provisioningState, "Succeeded");
  assert.equal((await statusOf((o) => groups.createOrUpdate(GROUP, { location, tags: { b: "2" } }, o)))[0], 200);
  hasMembers(await groups.get(GROUP), { id: groupId(GROUP), tags: { b: "2" } });
  assert.equal((await groups.checkExistence(GROUP.toUpperCase())).body, true);
});

await test("S8 group: its tags are replaced as a whole, and kept when not named", async () => {
  assert.deepEqual((await groups.update(GROUP, { tags: { c: "3" } })).tags, { c: "3" });
  assert.deepEqual((await groups.update(GROUP, {})).tags, { c: "3" });
});

await test("S8 group: listed, by tag too, and in pages", async () => {
  await groups.createOrUpdate(`${GROUP}-tagged`, { location, tags: { colour: "blue" } });
  const names = async (options) => (await all(groups.list(options))).map(({ name }) => name);
  const everything = await names();
  for (const name of [GROUP, `${GROUP}-tagged`, facts.group]) assert.ok(everything.includes(name), name);
  assert.deepEqual(await names({ filter: "tagName eq 'colour' and tagValue eq 'blue'" }), [`${GROUP}-tagged`]);
  assert.deepEqual(await names({ filter: "tagName eq 'colour' and tagValue eq 'red'" }), []);
});

await test("S8 group: names of every allowed character, up to 90", async () => {
  for (const name of ["a", "A_b-c.(d)", "g".repeat(90)]) {
    assert.equal((await groups.createOrUpdate(name, { location })).name, name);
    await groups.delete(name);
  }
});

await test("S8 group: deleted with all that is in it", async () => {
  const group = `${GROUP}-doomed`;
  await groups.createOrUpdate(group, { location });
  await resources.createOrUpdateById(siteId("site-of-group", group), SITES, { location, identity: { type: "SystemAssigned" } });
  await groups.delete(group);
  assert.equal((await groups.checkExistence(group)).body, false);
  await refused(() => groups.get(group), NO_GROUP);
  await groups.createOrUpdate(group, { location });
  assert.deepEqual(await all(resources.listByResourceGroup(group)), []);
  await refused(() => resources.getById(siteId("site-of-group", group), SITES), NO_RESOURCE);
});

// --- resources of any type ---

await test("S8 resource by id: made, got, there, deleted", async () => {
  const id = redisId("cache");
  assert.equal((await resources.checkExistenceById(id, REDIS)).body, false);
  const made = await resources.createOrUpdateById(id, REDIS, {
    location: "West US",
    tags: { a: "1" },
    sku: { name: "Basic", family: "C", capacity: 1 },
    properties: { enableNonSslPort: false, nested: { list: [1, "two", null, { three: 3.5 }] } },
  });
  hasMembers(made, { id, name: "cache", type: "Microsoft.Cache/redis", location: "westus", tags: { a: "1" } });
  hasMembers(made.sku, { name: "Basic" });
  const got = await resources.getById(id.toUpperCase().replace("/SUBSCRIPTIONS/", "/subscriptions/"), REDIS);
  hasMembers(got, { name: made.name, location: "westus" });
  assert.deepEqual(got.properties.nested, { list: [1, "two", null, { three: 3.5 }] });
  assert.equal((await resources.checkExistenceById(id, REDIS)).body, true);
  assert.equal((await statusOf((o) => resources.deleteById(id, REDIS, o)))[0], 200);
  assert.equal((await statusOf((o) => resources.deleteById(id, REDIS, o)))[0], 204);
  await refused(() => resources.getById(id, REDIS), NO_RESOURCE);
});

await test("S8 resource by its parts: the same resource", async () => {
  const parts = [GROUP, "Microsoft.Cache", "", "redis", "parts", REDIS];
  const made = await resources.createOrUpdate(...parts, { location, properties: { a: 1 } });
  assert.equal(made.id, redisId("parts"));
  assert.equal((await resources.get(...parts)).id, made.id);
  assert.equal((await resources.checkExistence(...parts)).body, true);
  hasMembers(await resources.update(...parts, { tags: { t: "1" } }), { tags: { t: "1" } });
  await resources.delete(...parts);
  assert.equal((await resources.checkExistence(...parts)).body, false);
});

await test("S8 resource: PATCH merges its properties and replaces its tags", async () => {
  const id = redisId("patched");
  await resources.createOrUpdateById(id, REDIS, { location, tags: { a: "1", b: "2" }, properties: { keep: { x: 1, y: 2 }, drop: 1 } });
  await resources.updateById(id, REDIS, { tags: { c: "3" }, properties: { keep: { y: 3 }, drop: null } });
  const got = await resources.getById(id, REDIS);
  assert.deepEqual(got.tags, { c: "3" });
  assert.deepEqual(got.properties.keep, { x: 1, y: 3 });
  assert.ok(!("drop" in got.properties), "null did not remove it");
});

await test("S8 resource: PUT replaces it", async () => {
  const id = redisId("put-twice");
  await resources.createOrUpdateById(id, REDIS, { location, tags: { a: "1" }, properties: { a: 1 } });
  await resources.createOrUpdateById(id, REDIS, { location, properties: { b: 2 } });
  const got = await resources.getById(id, REDIS);
  assert.deepEqual(got.tags ?? {}, {});
  assert.equal(got.properties.a, undefined);
  assert.equal(got.properties.b, 2);
});

await test("S8 child resource: under its parent, and gone with it", async () => {
  await resources.createOrUpdateById(siteId("parent"), SITES, { location });
  const child = `${siteId("parent")}/slots/staging`;
  const made = await resources.createOrUpdateById(child, SITES, { location, identity: { type: "SystemAssigned" } });
  hasMembers(made, { id: child, type: "Microsoft.Web/sites/slots" });
  await resources.deleteById(siteId("parent"), SITES);
  await refused(() => resources.getById(child, SITES), { status: 404 });
});

await test("S8 resources: listed and filtered", async () => {
  const group = `${GROUP}-list`;
  await groups.createOrUpdate(group, { location });
  for (const name of ["a1", "a2", "b1"]) {
    await resources.createOrUpdateById(redisId(name, group), REDIS, { location, tags: { first: name[0] }, properties: { p: 1 } });
  }
  await resources.createOrUpdateById(siteId("a1", group), SITES, { location: "eastus" });
  const names = async (filter) => (await all(resources.listByResourceGroup(group, { filter }))).map(({ type, name }) => `${type.split("/")[1]} ${name}`).sort();
  assert.deepEqual(await names(), ["redis a1", "redis a2", "redis b1", "sites a1"]);
  for (const [filter, want] of [
    ["resourceType eq 'Microsoft.Cache/redis'", ["redis a1", "redis a2", "redis b1"]],
    ["resourceType eq 'microsoft.web/SITES'", ["sites a1"]],
    ["name eq 'a1'", ["redis a1", "sites a1"]],
    ["resourceType eq 'Microsoft.Cache/redis' and name eq 'a1'", ["redis a1"]],
    ["name eq 'a2' or name eq 'b1'", ["redis a2", "redis b1"]],
    ["location eq 'eastus'", ["sites a1"]],
    ["substringof('1', name)", ["redis a1", "redis b1", "sites a1"]],
    ["tagName eq 'first' and tagValue eq 'a'", ["redis a1", "redis a2"]],
    ["name eq 'no-such'", []],
  ]) assert.deepEqual(await names(filter), want, filter);
  for (const item of await all(resources.listByResourceGroup(group))) assert.equal(item.properties, undefined);
  const ofSubscription = await all(resources.list({ filter: `resourceGroup eq '${group}'` }));
  assert.equal(ofSubscription.length, 4);
  const first = await resources.listByResourceGroup(group, { top: 3 }).byPage().next();
  assert.equal(first.value.length, 3);
  assert.equal((await pages(resources.listByResourceGroup(group, { top: 3 }))).flat().length, 4);
});

await test("I8 a resource is found by its identity's principal", async () => {
  const vm = facts.vms["vm-system"];
  const found = await all(resources.list({ filter: `identity/principalId eq '${vm.principalId}'` }));
  assert.deepEqual(found.map(({ id }) => id), [vm.id]);
});

// --- identities on them ---

await test("I2 I3 system-assigned: made with its resource, gone with it, never the same again", async () => {
  const id = siteId("system");
  const make = async () => (await resources.createOrUpdateById(id, SITES, { location, identity: { type: "SystemAssigned" } })).identity;
  const first = await make();
  hasMembers(first, { type: "SystemAssigned", tenantId: facts.tenant });
  assert.match(first.principalId, GUID);
  assert.equal((await make()).principalId, first.principalId, "PUT again made another");
  await resources.deleteById(id, SITES);
  assert.notEqual((await make()).principalId, first.principalId);
});

await test("I5 user-assigned: attached, detached by PATCH with null, both kinds at once", async () => {
  const id = siteId("user");
  const { one, two } = facts.identities;
  const attached = (resource) =>
    Object.fromEntries(Object.entries(resource.identity?.userAssignedIdentities ?? {}).map(([key, value]) => [key.toLowerCase(), value.clientId]));
  const of = (...list) => Object.fromEntries(list.map((identity) => [identity.id.toLowerCase(), identity.clientId]));

  await resources.createOrUpdateById(id, SITES, {
    location,
    identity: { type: "SystemAssigned, UserAssigned", userAssignedIdentities: { [one.id]: {} } },
  });
  const made = await resources.getById(id, SITES);
  assert.equal(made.identity.type.replace(" ", ""), "SystemAssigned,UserAssigned");
  assert.deepEqual(attached(made), of(one));

  await resources.updateById(id, SITES, {
    identity: { type: "SystemAssigned, UserAssigned", userAssignedIdentities: { [two.id]: {} } },
  });
  const both = await resources.getById(id, SITES);
  assert.deepEqual(attached(both), of(one, two));
  assert.equal(both.identity.principalId, made.identity.principalId);

  await resources.updateById(id, SITES, {
    identity: { type: "SystemAssigned, UserAssigned", userAssignedIdentities: { [one.id.toLowerCase()]: null } },
  });
  assert.deepEqual(attached(await resources.getById(id, SITES)), of(two));

  await resources.updateById(id, SITES, { identity: { type: "UserAssigned" } });
  const user = await resources.getById(id, SITES);
  assert.equal(user.identity.type, "UserAssigned");
  assert.equal(user.identity.principalId, undefined);

  await resources.updateById(id, SITES, { identity: { type: "None" } });
  assert.deepEqual(attached(await resources.getById(id, SITES)), {});
});

await test("I9 a slot's identity is its own, and a user-assigned one is the same on both", async () => {
  const { one } = facts.identities;
  const identity = { type: "SystemAssigned, UserAssigned", userAssignedIdentities: { [one.id]: {} } };
  const site = await resources.createOrUpdateById(siteId("slotted"), SITES, { location, identity });
  const slot = await resources.createOrUpdateById(`${siteId("slotted")}/slots/staging`, SITES, { location, identity });
  assert.notEqual(slot.identity.principalId, site.identity.principalId);
  const clientIdOf = (resource) => Object.values(resource.identity.userAssignedIdentities)[0].clientId;
  assert.equal(clientIdOf(slot), clientIdOf(site));
});

// --- moves ---

await test("S8 I2 resources: validated, moved with what lies in them, their identities kept", async () => {
  const target = `${GROUP}-moved`;
  await groups.createOrUpdate(target, { location });
  const site = await resources.createOrUpdateById(siteId("moving"), SITES, { location, identity: { type: "SystemAssigned" } });
  await resources.createOrUpdateById(`${siteId("moving")}/slots/staging`, SITES, { location });
  const move = { resources: [siteId("moving")], targetResourceGroup: groupId(target) };
  await resources.validateMoveResources(GROUP, move);
  await resources.moveResources(GROUP, move);
  const moved = await resources.getById(siteId("moving", target), SITES);
  assert.equal(moved.identity.principalId, site.identity.principalId);
  assert.equal((await resources.checkExistenceById(`${siteId("moving", target)}/slots/staging`, SITES)).body, true);
  assert.equal((await resources.checkExistenceById(siteId("moving"), SITES)).body, false);
  await refused(() => resources.moveResources(GROUP, move), NO_RESOURCE);
});

// --- refusals ---

const attach = (id) => ({ location, identity: { type: "UserAssigned", userAssignedIdentities: { [id]: {} } } });

await refusals([
  ["S8 group: no such group", () => groups.get("no-such"), NO_GROUP],
  ["S8 group: updated, no such group", () => groups.update("no-such", { tags: {} }), NO_GROUP],
  ["S8 group: deleted, no such group", () => groups.delete("no-such"), NO_GROUP],
  ["S8 group: moved", () => groups.createOrUpdate(GROUP, { location: "eastus" }), { status: 409, code: "InvalidResourceGroupLocation" }],
  ["S8 group: without a location", () => groups.createOrUpdate(`${GROUP}-new`, {}), { status: 400, code: "LocationRequired" }],
  ["S8 group: a name that ends in a dot", () => groups.createOrUpdate("ends.", { location }), { status: 400 }],
  ["S8 group: a name that is too long", () => groups.createOrUpdate("g".repeat(91), { location }), { status: 400 }],
  ["S8 group: a name with a character that may not be", () => groups.createOrUpdate("a$b", { location }), { status: 400 }],
  ["S8 resource: in no such group", () => resources.createOrUpdateById(siteId("site", "no-such"), SITES, { location }), NO_GROUP],
  ["S8 resource: got, in no such group", () => resources.getById(siteId("site", "no-such"), SITES), NO_GROUP],
  ["S8 resource: no such resource", () => resources.getById(siteId("no-such"), SITES), NO_RESOURCE],
  ["S8 resource: updated, no such resource", () => resources.updateById(siteId("no-such"), SITES, { tags: {} }), NO_RESOURCE],
  ["S8 resource: a child without its parent", () => resources.createOrUpdateById(`${siteId("no-such")}/slots/s`, SITES, { location }),
    { status: 404, code: "ParentResourceNotFound" }],
  ["S8 resource: an id that names no type", () => resources.getById(`${groupId(GROUP)}/providers/Microsoft.Web`, SITES), { status: 404 }],
  ["S8 resource: a version that is none", () => resources.getById(siteId("user"), "yesterday"), { status: 400 }],
  ["S8 resource: moved", () => resources.createOrUpdateById(siteId("user"), SITES, { location: "eastus" }), { status: 409, code: "InvalidResourceLocation" }],
  ["S8 resource: a filter that is none", () => all(resources.list({ filter: "name is 'x'" })), { status: 400 }],
  ["I5 attached: an identity that does not exist", () => resources.createOrUpdateById(siteId("bad"), SITES, attach(`${facts.identities.one.id}x`)), { status: 400, code: "FailedIdentityOperation" }],
  ["I5 attached: an id that is no identity's", () => resources.createOrUpdateById(siteId("bad"), SITES, attach(siteId("user"))), { status: 400 }],
  ["I5 attached: a kind of identity that is none", () => resources.createOrUpdateById(siteId("bad"), SITES, { location, identity: { type: "Sometimes" } }), { status: 400 }],
  ["no such subscription", () => all(clientOf(new DefaultAzureCredential(), randomUUID()).resourceGroups.list()), { status: 404, code: "SubscriptionNotFound" }],
  ["a subscription that is no GUID", () => all(clientOf(new DefaultAzureCredential(), "mine").resourceGroups.list()), { status: 400, code: "InvalidSubscriptionId" }],
  ["no such provider", () => providers.get("Microsoft.NoSuch"), { status: 404 }],
  ["R6 Reader: make a group", () => reader.resourceGroups.createOrUpdate(`${GROUP}-r`, { location }),
    { ...DENIED, message: /'Microsoft.Resources\/subscriptions\/resourceGroups\/write'/i }],
  ["R6 Reader: delete a group", () => reader.resourceGroups.delete(GROUP), { ...DENIED, message: /'Microsoft.Resources\/subscriptions\/resourceGroups\/delete'/i }],
  ["R6 Reader: make a resource", () => reader.resources.createOrUpdateById(siteId("r"), SITES, { location }), { ...DENIED, message: /'Microsoft.Web\/sites\/write'/i }],
  ["R6 Reader: update a resource", () => reader.resources.updateById(siteId("user"), SITES, { tags: {} }), { ...DENIED, message: /'Microsoft.Web\/sites\/write'/i }],
  ["R6 Reader: delete a resource", () => reader.resources.deleteById(siteId("user"), SITES), { ...DENIED, message: /'Microsoft.Web\/sites\/delete'/i }],
  ["R1 no role: get a group", () => nobody.resourceGroups.get(GROUP), { ...DENIED, message: /'Microsoft.Resources\/subscriptions\/resourceGroups\/read'/i }],
  ["R1 no role: get a resource", () => nobody.resources.getById(siteId("user"), SITES), { ...DENIED, message: /'Microsoft.Web\/sites\/read'/i }],
  ["R1 no role: get what is not there", () => nobody.resources.getById(siteId("no-such"), SITES), DENIED],
]);

await test("R6 what was refused changed nothing", async () => {
  assert.equal((await groups.checkExistence(`${GROUP}-r`)).body, false);
  assert.equal((await resources.checkExistenceById(siteId("r"), SITES)).body, false);
  assert.equal((await resources.checkExistenceById(siteId("bad"), SITES)).body, false);
  assert.equal((await reader.resources.getById(siteId("user"), SITES)).name, "user");
});
