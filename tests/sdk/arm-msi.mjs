// arm-msi.mjs - every operation of @azure/arm-msi on user-assigned and system-assigned identities.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { DefaultAzureCredential } from "@azure/identity";
import { ManagedServiceIdentityClient } from "@azure/arm-msi";
import { ResourceManagementClient } from "@azure/arm-resources";
import { all, GUID, hasMembers, refusals, refused, statusOf, test } from "./lib/check.mjs";
import { asIdentityWritesIt, credentialOf, facts, groupId } from "./lib/facts.mjs";

const GROUP = "arm-msi";
const location = facts.location;

const owner = new ManagedServiceIdentityClient(new DefaultAzureCredential(), facts.subscription);
const reader = new ManagedServiceIdentityClient(credentialOf("reader"), facts.subscription);
const nobody = new ManagedServiceIdentityClient(credentialOf("nobody"), facts.subscription);
const { userAssignedIdentities: identities, systemAssignedIdentities } = owner;

const groups = new ResourceManagementClient(new DefaultAzureCredential(), facts.subscription).resourceGroups;
await groups.createOrUpdate(GROUP, { location });
await groups.createOrUpdate(`${GROUP}-2`, { location });

const idOf = (name, group = GROUP) =>
  asIdentityWritesIt(`${groupId(group)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`);

await test("I1 I4 create: a principal of its own, and nothing secret in the answer", async () => {
  const [status, made] = await statusOf((o) => identities.createOrUpdate(GROUP, "created", { location, tags: { a: "1" } }, o));
  assert.equal(status, 201);
  hasMembers(made, {
    id: idOf("created"),
    name: "created",
    type: "Microsoft.ManagedIdentity/userAssignedIdentities",
    location,
    tags: { a: "1" },
    tenantId: facts.tenant,
  });
  assert.match(made.principalId, GUID);
  assert.match(made.clientId, GUID);
  assert.notEqual(made.principalId, made.clientId);
  assert.ok(!/secret|password|key/i.test(JSON.stringify(made)));
});

await test("I4 create again: the same principal, the new tags", async () => {
  const first = await identities.get(GROUP, "created");
  const [status, second] = await statusOf((o) => identities.createOrUpdate(GROUP, "created", { location, tags: { b: "2" } }, o));
  assert.equal(status, 200);
  hasMembers(second, { principalId: first.principalId, clientId: first.clientId, tags: { b: "2" } });
});

await test("I4 without tags the answer has none, but says so", async () => {
  assert.deepEqual((await identities.createOrUpdate(GROUP, "no-tags", { location })).tags, {});
});

await test("I4 update: the tags, all of them, and nothing else", async () => {
  const before = await identities.createOrUpdate(GROUP, "updated", { location, tags: { a: "1", b: "2" } });
  const [status, after] = await statusOf((o) => identities.update(GROUP, "updated", { tags: { c: "3" } }, o));
  assert.equal(status, 200);
  hasMembers(after, { ...before, tags: { c: "3" } });
  assert.deepEqual((await identities.get(GROUP, "updated")).tags, { c: "3" });
});

await test("I4 get: by any case of its name and group", async () => {
  const made = await identities.get(GROUP, "created");
  hasMembers(await identities.get(GROUP.toUpperCase(), "CREATED"), {
    principalId: made.principalId,
    clientId: made.clientId,
  });
});

await test("I4 list: those of a group, those of the subscription", async () => {
  await identities.createOrUpdate(`${GROUP}-2`, "elsewhere", { location });
  const names = (list) => list.map(({ name }) => name);
  const ofGroup = names(await all(identities.listByResourceGroup(GROUP)));
  assert.deepEqual(ofGroup.sort(), ["created", "no-tags", "updated"]);
  const ofSubscription = await all(identities.listBySubscription());
  for (const name of ["created", "elsewhere", "one"]) assert.ok(names(ofSubscription).includes(name), name);
  assert.ok(ofSubscription.every(({ principalId, clientId }) => GUID.test(principalId) && GUID.test(clientId)));
});

await test("I4 create in a location that is written otherwise", async () => {
  assert.equal((await identities.createOrUpdate(GROUP, "located", { location: "West US" })).location, "westus");
});

await test("I6 delete: 200, then 204, then it is not there", async () => {
  await identities.createOrUpdate(GROUP, "deleted", { location });
  assert.equal((await statusOf((o) => identities.delete(GROUP, "deleted", o)))[0], 200);
  assert.equal((await statusOf((o) => identities.delete(GROUP, "deleted", o)))[0], 204);
  await refused(() => identities.get(GROUP, "deleted"), { status: 404, code: "ResourceNotFound" });
});

await test("I3 deleted and made again: another principal", async () => {
  const first = await identities.createOrUpdate(GROUP, "reborn", { location });
  await identities.delete(GROUP, "reborn");
  const second = await identities.createOrUpdate(GROUP, "reborn", { location });
  assert.notEqual(second.principalId, first.principalId);
  assert.notEqual(second.clientId, first.clientId);
});

await test("I10 names: the shortest, the longest, every character", async () => {
  for (const name of ["abc", "0-_", "a".repeat(128)]) {
    assert.equal((await identities.createOrUpdate(GROUP, name, { location })).name, name);
  }
});

await test("I5 isolation scope: kept by an update of tags, and holds where the identity is attached", async () => {
  const made = await identities.createOrUpdate(GROUP, "regional", { location, isolationScope: "Regional" });
  hasMembers(made, { isolationScope: "Regional" });
  hasMembers(await identities.update(GROUP, "regional", { tags: { a: "1" } }), { isolationScope: "Regional", tags: { a: "1" } });
  const resources = new ResourceManagementClient(new DefaultAzureCredential(), facts.subscription).resources;
  const attach = (where) =>
    resources.createOrUpdateById(`${groupId(GROUP)}/providers/Microsoft.Compute/virtualMachines/in-${where}`, "2024-07-01", {
      location: where,
      identity: { type: "UserAssigned", userAssignedIdentities: { [made.id]: {} } },
    });
  await refused(() => attach("eastus"), { status: 400, code: "FailedIdentityOperation", message: /Regional/ });
  assert.equal((await attach(location)).identity.type, "UserAssigned");
});

await test("I2 system-assigned: read at the scope of its resource", async () => {
  const vm = facts.vms["vm-system"];
  const got = await systemAssignedIdentities.getByScope(vm.id);
  hasMembers(got, {
    id: `${vm.id}/providers/Microsoft.ManagedIdentity/identities/default`,
    name: "default",
    type: "Microsoft.ManagedIdentity/identities",
    location,
    principalId: vm.principalId,
    clientId: vm.clientId,
    tenantId: facts.tenant,
  });
});

await test("I8 which resources use an identity", async () => {
  const { token } = await new DefaultAzureCredential().getToken("https://management.azure.com/.default");
  const used = async (identity) => {
    const url = `https://management.azure.com${identity.id}/listAssociatedResources?api-version=2022-01-31-preview`;
    const response = await fetch(url, { method: "POST", headers: { authorization: `Bearer ${token}` } });
    assert.equal(response.status, 200);
    const { totalCount, value } = await response.json();
    assert.equal(totalCount, value.length);
    return value.map(({ name, type }) => `${type}/${name}`).sort();
  };
  const VM = "Microsoft.Compute/virtualMachines";
  // The service writes types in lower case here; which is not told by the published text.
  const lower = (list) => list.map((text) => text.toLowerCase());
  const users = [`${VM}/vm-both`, `${VM}/vm-one`, `${VM}/vm-two`, "Microsoft.App/containerApps/front",
    "Microsoft.MachineLearningServices/workspaces/trainer", "Microsoft.Web/sites/site", "Microsoft.Web/sites/site-one"];
  assert.deepEqual(lower(await used(facts.identities.one)).sort(), lower(users).sort());
  assert.deepEqual(await used(facts.identities.loose), []);
});

await test("R3 the operations that roles can name", async () => {
  const names = (await all(owner.operations.list())).map(({ name }) => name.toLowerCase());
  for (const verb of ["read", "write", "delete", "assign/action"]) {
    const name = `Microsoft.ManagedIdentity/userAssignedIdentities/${verb}`;
    assert.ok(names.includes(name.toLowerCase()), name);
  }
});

await test("R6 Reader reads", async () => {
  assert.equal((await reader.userAssignedIdentities.get(GROUP, "created")).name, "created");
  assert.ok((await all(reader.userAssignedIdentities.listByResourceGroup(GROUP))).length > 0);
});

const federated = owner.federatedIdentityCredentials;
const ISSUER = "https://token.actions.githubusercontent.com";
const trust = (subject, more = {}) => ({ issuer: ISSUER, subject, audiences: ["api://AzureADTokenExchange"], ...more });

await test("F2 a federated credential is created, read, changed, listed and deleted", async () => {
  await identities.createOrUpdate(GROUP, "federated", { location });
  const [status, made] = await statusOf((o) => federated.createOrUpdate(GROUP, "federated", "main", trust("repo:o/r:ref:refs/heads/main"), o));
  assert.equal(status, 201);
  hasMembers(made, {
    id: `${idOf("federated")}/federatedIdentityCredentials/main`,
    name: "main",
    type: "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
    ...trust("repo:o/r:ref:refs/heads/main"),
  });
  const [again, changed] = await statusOf((o) => federated.createOrUpdate(GROUP, "federated", "main", trust("repo:o/r:pull_request"), o));
  assert.equal(again, 200);
  assert.equal(changed.subject, "repo:o/r:pull_request");
  await federated.createOrUpdate(GROUP, "federated", "other", trust("Repo:o/r:pull_request")); // case counts
  assert.deepEqual((await all(federated.list(GROUP, "federated"))).map(({ name }) => name), ["main", "other"]);
  assert.equal((await statusOf((o) => federated.delete(GROUP, "federated", "other", o)))[0], 200);
  assert.equal((await statusOf((o) => federated.delete(GROUP, "federated", "other", o)))[0], 204);
  assert.equal((await federated.get(GROUP, "federated", "main")).subject, "repo:o/r:pull_request");
});

const DENIED = { status: 403, code: "AuthorizationFailed" };
const TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities";
const deniedTo = (who, verb, scope) => ({
  ...DENIED,
  message: new RegExp(
    `^The client '[^']+' with object id '${facts.identities[who].principalId}' does not have authorization to perform ` +
      `action '${TYPE}/${verb}' over scope '${scope}' or the scope is invalid. ` +
      "If access was recently granted, please refresh your credentials.$",
    "i",
  ),
});

await refusals([
  ["I4 get: no such identity", () => identities.get(GROUP, "no-such"),
    { status: 404, code: "ResourceNotFound", message: /The Resource 'Microsoft.ManagedIdentity\/userAssignedIdentities\/no-such' under resource group 'arm-msi' was not found/i }],
  ["I4 get: no such group", () => identities.get("no-such", "created"), { status: 404, code: "ResourceGroupNotFound" }],
  ["I4 create: no such group", () => identities.createOrUpdate("no-such", "created", { location }), { status: 404, code: "ResourceGroupNotFound" }],
  ["I4 list: no such group", () => all(identities.listByResourceGroup("no-such")), { status: 404, code: "ResourceGroupNotFound" }],
  ["I4 update: no such identity", () => identities.update(GROUP, "no-such", { tags: {} }), { status: 404, code: "ResourceNotFound" }],
  ["I4 create: moving it", () => identities.createOrUpdate(GROUP, "created", { location: "eastus" }), { status: 409, code: "InvalidResourceLocation" }],
  ["I10 create: a name that is too short", () => identities.createOrUpdate(GROUP, "ab", { location }), { status: 400 }],
  ["I10 create: a name that is too long", () => identities.createOrUpdate(GROUP, "a".repeat(129), { location }), { status: 400 }],
  ["I10 create: a name that starts with a dash", () => identities.createOrUpdate(GROUP, "-abc", { location }), { status: 400 }],
  ["I10 create: a name with a dot", () => identities.createOrUpdate(GROUP, "a.bc", { location }), { status: 400 }],
  ["I10 create: a name with a space", () => identities.createOrUpdate(GROUP, "a bc", { location }), { status: 400 }],
  ["I2 system-assigned: a resource that has none", () => systemAssignedIdentities.getByScope(facts.vms["vm-one"].id), { status: 404 }],
  ["I2 system-assigned: no such resource", () => systemAssignedIdentities.getByScope(`${facts.vms["vm-one"].id}x`), { status: 404 }],
  ["F2 create: no audience", () => federated.createOrUpdate(GROUP, "federated", "bad", trust("s", { audiences: [] })),
    { status: 400, code: "BadRequest", message: /exactly one audience/ }],
  ["F2 create: two audiences", () => federated.createOrUpdate(GROUP, "federated", "bad", trust("s", { audiences: ["a", "b"] })),
    { status: 400, code: "BadRequest", message: /exactly one audience/ }],
  ["F2 create: no subject", () => federated.createOrUpdate(GROUP, "federated", "bad", trust("")), { status: 400, code: "BadRequest" }],
  ["F2 create: an issuer that is too long", () => federated.createOrUpdate(GROUP, "federated", "bad", trust("s", { issuer: "i".repeat(601) })),
    { status: 400, code: "BadRequest" }],
  ["F2 create: the issuer and subject of another", () => federated.createOrUpdate(GROUP, "federated", "twin", trust("repo:o/r:pull_request")),
    { status: 400, code: "BadRequest", message: /combination already exists/ }],
  ["F2 create: no such identity", () => federated.createOrUpdate(GROUP, "no-such", "main", trust("s")), { status: 404, code: "ParentResourceNotFound" }],
  ["R6 Reader: create a federated credential", () => reader.federatedIdentityCredentials.createOrUpdate(GROUP, "federated", "by-reader", trust("s")),
    deniedTo("reader", "federatedIdentityCredentials/write", `${idOf("federated")}/federatedIdentityCredentials/by-reader`)],
  ["R6 no such subscription", () => all(new ManagedServiceIdentityClient(new DefaultAzureCredential(), randomUUID()).userAssignedIdentities.listBySubscription()),
    { status: 404, code: "SubscriptionNotFound" }],
  ["R6 Reader: create", () => reader.userAssignedIdentities.createOrUpdate(GROUP, "by-reader", { location }), deniedTo("reader", "write", idOf("by-reader"))],
  ["R6 Reader: update", () => reader.userAssignedIdentities.update(GROUP, "created", { tags: {} }), deniedTo("reader", "write", idOf("created"))],
  ["R6 Reader: delete", () => reader.userAssignedIdentities.delete(GROUP, "created"), deniedTo("reader", "delete", idOf("created"))],
  ["R1 no role: get", () => nobody.userAssignedIdentities.get(GROUP, "created"), deniedTo("nobody", "read", idOf("created"))],
  ["R1 no role: get what is not there", () => nobody.userAssignedIdentities.get(GROUP, "no-such"), deniedTo("nobody", "read", idOf("no-such"))],
  ["R1 no role: list a group", () => all(nobody.userAssignedIdentities.listByResourceGroup(GROUP)), DENIED],
  ["R1 no role: list the subscription", () => all(nobody.userAssignedIdentities.listBySubscription()), DENIED],
  ["R1 no role: a system-assigned one", () => nobody.systemAssignedIdentities.getByScope(facts.vms["vm-system"].id), DENIED],
]);

await test("R6 what was refused changed nothing", async () => {
  await refused(() => identities.get(GROUP, "by-reader"), { status: 404 });
  assert.deepEqual((await identities.get(GROUP, "created")).tags, { b: "2" });
});
