// arm-storage.mjs - @azure/arm-storage: accounts with their services, containers, queues and tables, and their identities.

import assert from "node:assert/strict";
import { DefaultAzureCredential } from "@azure/identity";
import { StorageManagementClient } from "@azure/arm-storage";
import { ResourceManagementClient } from "@azure/arm-resources";
import { all, hasMembers, refusals, refused, statusOf, test } from "./lib/check.mjs";
import { credentialOf, facts, groupId } from "./lib/facts.mjs";
import { identitiesComeAndGo } from "./lib/identities.mjs";

const GROUP = "arm-storage";
const ACCOUNT = "lanyardsdk1";
const { location } = facts;
const client = new StorageManagementClient(new DefaultAzureCredential(), facts.subscription);
const reader = new StorageManagementClient(credentialOf("reader"), facts.subscription);
const resources = new ResourceManagementClient(new DefaultAzureCredential(), facts.subscription);
await resources.resourceGroups.createOrUpdate(GROUP, { location });

const like = (rest = {}) => ({ location, sku: { name: "Standard_LRS" }, kind: "StorageV2", ...rest });
const { storageAccounts: accounts } = client;
const id = `${groupId(GROUP)}/providers/Microsoft.Storage/storageAccounts/${ACCOUNT}`;

await test("D1 names: free, taken and malformed", async () => {
  const check = (name) => accounts.checkNameAvailability({ name, type: "Microsoft.Storage/storageAccounts" });
  hasMembers(await check(ACCOUNT), { nameAvailable: true });
  await accounts.create(GROUP, ACCOUNT, like());
  hasMembers(await check(ACCOUNT), { nameAvailable: false, reason: "AlreadyExists" });
  hasMembers(await check("Not-A-Name"), { nameAvailable: false, reason: "AccountNameInvalid" });
});

await test("D1 account: made by a poller, read with its addresses", async () => {
  const made = await accounts.create(GROUP, ACCOUNT, like({ tags: { a: "1" }, allowSharedKeyAccess: false }));
  hasMembers(made, { id, name: ACCOUNT, type: "Microsoft.Storage/storageAccounts", location, tags: { a: "1" }, kind: "StorageV2", allowSharedKeyAccess: false });
  hasMembers(made, { provisioningState: "Succeeded", primaryLocation: location, enableHttpsTrafficOnly: true });
  hasMembers(made.primaryEndpoints, { blob: `https://${ACCOUNT}.blob.core.windows.net/`, queue: `https://${ACCOUNT}.queue.core.windows.net/` });
  assert.ok(made.creationTime instanceof Date);
  const got = await accounts.getProperties(GROUP, ACCOUNT);
  assert.deepEqual(got.primaryEndpoints, made.primaryEndpoints);
});

await test("D1 account: updated, listed by group and by subscription", async () => {
  const after = await accounts.update(GROUP, ACCOUNT, { tags: { b: "2" }, minimumTlsVersion: "TLS1_2" });
  hasMembers(after, { tags: { b: "2" }, minimumTlsVersion: "TLS1_2", allowSharedKeyAccess: false });
  for (const list of [accounts.listByResourceGroup(GROUP), accounts.list()]) {
    assert.ok((await all(list)).some(({ name }) => name === ACCOUNT));
  }
});

await test("T9 there are no keys to list, and none are made", async () => {
  assert.deepEqual((await accounts.listKeys(GROUP, ACCOUNT)).keys, []);
  await refused(() => accounts.regenerateKey(GROUP, ACCOUNT, { keyName: "key1" }), { status: 409, code: "Conflict" });
});

await identitiesComeAndGo({
  create: (name, identity) => accounts.create(GROUP, `lanyardsdk${name}`, like({ identity })),
  get: (name) => accounts.getProperties(GROUP, `lanyardsdk${name}`),
  update: (name, identity) => accounts.update(GROUP, `lanyardsdk${name}`, { identity }),
  remove: (name) => accounts.delete(GROUP, `lanyardsdk${name}`),
  both: "SystemAssigned,UserAssigned",
});

await test("D1 blob containers: made, changed, listed in pages, deleted", async () => {
  const { blobContainers: containers, blobServices } = client;
  hasMembers(await blobServices.getServiceProperties(GROUP, ACCOUNT), { name: "default" });
  assert.equal((await blobServices.setServiceProperties(GROUP, ACCOUNT, { isVersioningEnabled: true })).isVersioningEnabled, true);
  assert.deepEqual((await all(blobServices.list(GROUP, ACCOUNT))).map(({ name }) => name), ["default"]);
  const [status, made] = await statusOf((o) => containers.create(GROUP, ACCOUNT, "images", { metadata: { a: "1" } }, o));
  assert.equal(status, 201);
  hasMembers(made, { id: `${id}/blobServices/default/containers/images`, name: "images", type: "Microsoft.Storage/storageAccounts/blobServices/containers", metadata: { a: "1" } });
  await containers.create(GROUP, ACCOUNT, "logs", {});
  hasMembers(await containers.update(GROUP, ACCOUNT, "images", { publicAccess: "None", metadata: { b: "2" } }), { publicAccess: "None" });
  hasMembers(await containers.get(GROUP, ACCOUNT, "images"), { publicAccess: "None", leaseState: "Available", hasLegalHold: false });
  assert.deepEqual((await all(containers.list(GROUP, ACCOUNT))).map(({ name }) => name), ["images", "logs"]);
  await containers.delete(GROUP, ACCOUNT, "logs");
  await containers.delete(GROUP, ACCOUNT, "logs");
  await refused(() => containers.get(GROUP, ACCOUNT, "logs"), { status: 404 });
});

await test("D1 queues and tables: made, listed, deleted", async () => {
  const { queue, table } = client;
  hasMembers(await queue.create(GROUP, ACCOUNT, "orders", { metadata: { a: "1" } }), { name: "orders", type: "Microsoft.Storage/storageAccounts/queueServices/queues" });
  hasMembers(await table.create(GROUP, ACCOUNT, "Orders"), { name: "Orders", tableName: "Orders" });
  assert.deepEqual((await all(queue.list(GROUP, ACCOUNT))).map(({ name }) => name), ["orders"]);
  assert.deepEqual((await all(table.list(GROUP, ACCOUNT))).map(({ name }) => name), ["Orders"]);
  await queue.delete(GROUP, ACCOUNT, "orders");
  await table.delete(GROUP, ACCOUNT, "Orders");
  assert.deepEqual([...(await all(queue.list(GROUP, ACCOUNT))), ...(await all(table.list(GROUP, ACCOUNT)))], []);
});

await test("D1 the list of all resources has accounts, not their parts", async () => {
  const types = (await all(resources.resources.listByResourceGroup(GROUP))).map(({ type }) => type);
  assert.deepEqual(types, ["Microsoft.Storage/storageAccounts"]);
});

const DENIED = { status: 403, code: "AuthorizationFailed" };
await refusals([
  ["R6 Reader: lists keys", () => reader.storageAccounts.listKeys(GROUP, ACCOUNT), DENIED],
  ["R6 Reader: makes a container", () => reader.blobContainers.create(GROUP, ACCOUNT, "mine", {}), DENIED],
  ["D1 container: of no account", () => client.blobContainers.create(GROUP, "nosuchaccount", "images", {}), { status: 404, code: "ParentResourceNotFound" }],
  ["I10 container: a name with upper case", () => resources.resources.createOrUpdateById(`${id}/blobServices/default/containers/UPPER`, "2023-05-01", {}), { status: 400 }],
]);

await test("D1 account: deleted, and its parts with it", async () => {
  await accounts.delete(GROUP, ACCOUNT);
  await accounts.delete(GROUP, ACCOUNT);
  await refused(() => accounts.getProperties(GROUP, ACCOUNT), { status: 404, code: "ResourceNotFound" });
  await refused(() => client.blobContainers.get(GROUP, ACCOUNT, "images"), { status: 404 });
});
