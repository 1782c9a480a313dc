// arm-servicebus.mjs - @azure/arm-servicebus: namespaces, queues, topics, subscriptions and their rules, and identities.

import assert from "node:assert/strict";
import { DefaultAzureCredential } from "@azure/identity";
import { ServiceBusManagementClient } from "@azure/arm-servicebus";
import { ResourceManagementClient } from "@azure/arm-resources";
import { all, hasMembers, refusals, refused, test } from "./lib/check.mjs";
import { credentialOf, facts, groupId } from "./lib/facts.mjs";
import { identitiesComeAndGo } from "./lib/identities.mjs";

const GROUP = "arm-servicebus";
const BUS = "lanyard-sdk-bus";
const { location } = facts;
const client = new ServiceBusManagementClient(new DefaultAzureCredential(), facts.subscription);
const reader = new ServiceBusManagementClient(credentialOf("reader"), facts.subscription);
const { namespaces, queues, topics, subscriptions, rules } = client;
await new ResourceManagementClient(new DefaultAzureCredential(), facts.subscription).resourceGroups.createOrUpdate(GROUP, { location });

const id = `${groupId(GROUP)}/providers/Microsoft.ServiceBus/namespaces/${BUS}`;
const like = (rest = {}) => ({ location, sku: { name: "Standard", tier: "Standard" }, ...rest });
const names = (list) => list.map(({ name }) => name);

await test("D1 names: free, taken and malformed", async () => {
  hasMembers(await namespaces.checkNameAvailability({ name: BUS }), { nameAvailable: true, reason: "None" });
  await namespaces.beginCreateOrUpdateAndWait(GROUP, BUS, like());
  hasMembers(await namespaces.checkNameAvailability({ name: BUS }), { nameAvailable: false, reason: "NameInUse" });
  hasMembers(await namespaces.checkNameAvailability({ name: "1" }), { nameAvailable: false, reason: "InvalidName" });
});

await test("D1 namespace: made by a poller, read, updated, listed", async () => {
  const made = await namespaces.beginCreateOrUpdateAndWait(GROUP, BUS, like({ tags: { a: "1" }, disableLocalAuth: true }));
  hasMembers(made, { id, name: BUS, type: "Microsoft.ServiceBus/namespaces", location, tags: { a: "1" }, provisioningState: "Succeeded", status: "Active" });
  hasMembers(made, { serviceBusEndpoint: `https://${BUS}.servicebus.windows.net:443/`, disableLocalAuth: true });
  assert.ok(made.createdAt instanceof Date);
  hasMembers(await namespaces.update(GROUP, BUS, { location, tags: { b: "2" } }), { tags: { b: "2" }, disableLocalAuth: true });
  for (const list of [namespaces.listByResourceGroup(GROUP), namespaces.list()]) assert.ok(names(await all(list)).includes(BUS));
});

await test("D1 queue: made, changed, read, listed, deleted", async () => {
  const made = await queues.createOrUpdate(GROUP, BUS, "orders", { lockDuration: "PT30S" });
  hasMembers(made, { id: `${id}/queues/orders`, name: "orders", type: "Microsoft.ServiceBus/namespaces/queues", lockDuration: "PT30S", maxDeliveryCount: 10, status: "Active" });
  hasMembers(await queues.createOrUpdate(GROUP, BUS, "orders", { lockDuration: "PT1M", maxDeliveryCount: 3 }), { maxDeliveryCount: 3 });
  hasMembers(await queues.get(GROUP, BUS, "orders"), { maxDeliveryCount: 3, messageCount: 0, requiresSession: false });
  await queues.createOrUpdate(GROUP, BUS, "returns", {});
  assert.deepEqual(names(await all(queues.listByNamespace(GROUP, BUS))), ["orders", "returns"]);
  await queues.delete(GROUP, BUS, "returns");
  await queues.delete(GROUP, BUS, "returns");
  await refused(() => queues.get(GROUP, BUS, "returns"), { status: 404 });
});

await test("D1 topic: with subscriptions, each with its default rule and others", async () => {
  hasMembers(await topics.createOrUpdate(GROUP, BUS, "news", {}), { name: "news", maxSizeInMegabytes: 1024 });
  hasMembers(await subscriptions.createOrUpdate(GROUP, BUS, "news", "all", { maxDeliveryCount: 5 }), { name: "all", maxDeliveryCount: 5, lockDuration: "PT1M" });
  hasMembers((await rules.get(GROUP, BUS, "news", "all", "$Default")).sqlFilter, { sqlExpression: "1=1" });
  const rule = { filterType: "SqlFilter", sqlFilter: { sqlExpression: "color = 'blue'" } };
  hasMembers((await rules.createOrUpdate(GROUP, BUS, "news", "all", "blue", rule)).sqlFilter, rule.sqlFilter);
  assert.deepEqual(names(await all(rules.listBySubscriptions(GROUP, BUS, "news", "all"))), ["$Default", "blue"]);
  await rules.delete(GROUP, BUS, "news", "all", "$Default");
  assert.deepEqual(names(await all(subscriptions.listByTopic(GROUP, BUS, "news"))), ["all"]);
  assert.deepEqual(names(await all(topics.listByNamespace(GROUP, BUS))), ["news"]);
  await topics.delete(GROUP, BUS, "news");
  await refused(() => subscriptions.get(GROUP, BUS, "news", "all"), { status: 404 });
});

await test("T9 authorization rules are kept, and have no keys", async () => {
  assert.deepEqual(names(await all(namespaces.listAuthorizationRules(GROUP, BUS))), ["RootManageSharedAccessKey"]);
  hasMembers(await namespaces.createOrUpdateAuthorizationRule(GROUP, BUS, "send", { rights: ["Send"] }), { name: "send", rights: ["Send"] });
  hasMembers(await queues.createOrUpdateAuthorizationRule(GROUP, BUS, "orders", "listen", { rights: ["Listen"] }), { rights: ["Listen"] });
  assert.deepEqual({ ...(await namespaces.listKeys(GROUP, BUS, "send")) }, { keyName: "send" });
  assert.deepEqual({ ...(await queues.listKeys(GROUP, BUS, "orders", "listen")) }, { keyName: "listen" });
  await refused(() => namespaces.regenerateKeys(GROUP, BUS, "send", { keyType: "PrimaryKey" }), { status: 409, code: "Conflict" });
  await namespaces.deleteAuthorizationRule(GROUP, BUS, "send");
});

await identitiesComeAndGo({
  create: (name, identity) => namespaces.beginCreateOrUpdateAndWait(GROUP, `${BUS}-${name}`, like({ identity })),
  get: (name) => namespaces.get(GROUP, `${BUS}-${name}`),
  update: (name, identity) => namespaces.update(GROUP, `${BUS}-${name}`, { location, identity }),
  remove: (name) => namespaces.beginDeleteAndWait(GROUP, `${BUS}-${name}`),
  both: "SystemAssigned, UserAssigned",
});

await refusals([
  ["R6 Reader: makes a queue", () => reader.queues.createOrUpdate(GROUP, BUS, "mine", {}), { status: 403, code: "AuthorizationFailed" }],
  ["R6 Reader: lists keys", () => reader.namespaces.listKeys(GROUP, BUS, "RootManageSharedAccessKey"), { status: 403, code: "AuthorizationFailed" }],
  ["D1 queue: in no namespace", () => queues.createOrUpdate(GROUP, "no-such-bus", "orders", {}), { status: 404, code: "ParentResourceNotFound" }],
  ["I10 namespace: a name that is too short", () => namespaces.beginCreateOrUpdateAndWait(GROUP, "bus", like()), { status: 400 }],
]);

await test("D1 namespace: deleted, and its parts with it", async () => {
  await namespaces.beginDeleteAndWait(GROUP, BUS);
  await refused(() => namespaces.get(GROUP, BUS), { status: 404, code: "ResourceNotFound" });
  await refused(() => queues.get(GROUP, BUS, "orders"), { status: 404 });
});
