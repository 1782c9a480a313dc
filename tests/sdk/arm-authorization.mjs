// arm-authorization.mjs - @azure/arm-authorization: role definitions are read; role assignments are
// made, found, and taken away; each mistake has its published code.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { DefaultAzureCredential } from "@azure/identity";
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { ManagedServiceIdentityClient } from "@azure/arm-msi";
import { ResourceManagementClient } from "@azure/arm-resources";
import { all, GUID, hasMembers, refusals, refused, statusOf, test } from "./lib/check.mjs";
import { credentialOf, facts, groupId, roleId, subscriptionId } from "./lib/facts.mjs";
import { ROLES } from "./lib/roles.mjs";

const GROUP = "arm-authorization";
const scope = groupId(GROUP);
const location = facts.location;
const { one, two, contributor: contributorIdentity } = facts.identities;

const clientOf = (credential) => new AuthorizationManagementClient(credential, facts.subscription);
const owner = clientOf(new DefaultAzureCredential());
const reader = clientOf(credentialOf("reader"));
const contributor = clientOf(credentialOf("contributor"));
const nobody = clientOf(credentialOf("nobody"));
const { roleAssignments: assignments, roleDefinitions: definitions } = owner;

const resources = new ResourceManagementClient(new DefaultAzureCredential(), facts.subscription);
await resources.resourceGroups.createOrUpdate(GROUP, { location });
await resources.resourceGroups.createOrUpdate(`${GROUP}-2`, { location });
const identities = new ManagedServiceIdentityClient(new DefaultAzureCredential(), facts.subscription).userAssignedIdentities;

const assign = (role, principal, at = scope, name = randomUUID(), options) =>
  assignments.create(at, name, { roleDefinitionId: roleId(role), principalId: principal.principalId }, options);

// --- role definitions ---

await test("R3 the catalogue: every built-in role once, with its real id", async () => {
  const list = await all(definitions.list(subscriptionId));
  assert.ok(list.length > 500, `${list.length} roles`);
  assert.equal(new Set(list.map(({ name }) => name)).size, list.length);
  for (const [key, guid] of Object.entries(ROLES)) {
    const role = list.find(({ name }) => name === guid);
    assert.ok(role, key);
    hasMembers(role, {
      id: roleId(key),
      type: "Microsoft.Authorization/roleDefinitions",
      roleType: "BuiltInRole",
      assignableScopes: ["/"],
    });
  }
});

await test("R3 R4 a role's four lists", async () => {
  const contributorRole = await definitions.get(subscriptionId, ROLES.contributor);
  hasMembers(contributorRole, { roleName: "Contributor" });
  const [{ actions, notActions, dataActions, notDataActions }] = contributorRole.permissions;
  assert.deepEqual(actions, ["*"]);
  assert.ok(notActions.includes("Microsoft.Authorization/*/Write"));
  assert.deepEqual([dataActions, notDataActions], [[], []]);
  const [user] = (await definitions.get(subscriptionId, ROLES.secretsUser)).permissions;
  assert.deepEqual(user.dataActions.sort(), [
    "Microsoft.KeyVault/vaults/secrets/getSecret/action",
    "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
  ]);
});

await test("R3 found by name, in any case, and only by the whole name", async () => {
  for (const [name, want] of [["Reader", ["Reader"]], ["reader", ["Reader"]], ["KEY VAULT SECRETS USER", ["Key Vault Secrets User"]], ["Read", []]]) {
    const found = await all(definitions.list(subscriptionId, { filter: `roleName eq '${name}'` }));
    assert.deepEqual(found.map(({ roleName }) => roleName), want, name);
  }
});

await test("R3 found by type", async () => {
  assert.deepEqual(await all(definitions.list(subscriptionId, { filter: "type eq 'CustomRole'" })), []);
  assert.ok((await all(definitions.list(subscriptionId, { filter: "type eq 'BuiltInRole'" }))).length > 500);
});

await test("R3 got by id, from each scope", async () => {
  const bare = `/providers/Microsoft.Authorization/roleDefinitions/${ROLES.reader}`;
  for (const [id, want] of [[roleId("reader"), roleId("reader")], [bare, bare]]) {
    hasMembers(await definitions.getById(id), { id: want, name: ROLES.reader, roleName: "Reader" });
  }
  assert.equal((await definitions.get(scope, ROLES.reader)).id, roleId("reader"));
});

// --- role assignments ---

await test("R2 create: 201, and the published shape", async () => {
  const name = randomUUID();
  const [status, made] = await statusOf((o) => assign("reader", one, scope, name, o));
  assert.equal(status, 201);
  hasMembers(made, {
    id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`,
    name,
    type: "Microsoft.Authorization/roleAssignments",
    scope,
    roleDefinitionId: roleId("reader"),
    principalId: one.principalId,
    principalType: "ServicePrincipal",
  });
  assert.equal(made.updatedBy, facts.vms.tester.principalId);
  assert.ok(made.createdOn <= new Date() && made.createdOn > new Date(Date.now() - 60_000));

  for (const got of [await assignments.get(scope, name), await assignments.getById(made.id)]) {
    hasMembers(got, { id: made.id, principalId: one.principalId, roleDefinitionId: roleId("reader") });
  }

  const [again, same] = await statusOf((o) => assign("reader", one, scope, name, o));
  assert.ok(again === 200 || again === 201, `status ${again}`);
  assert.equal(same.id, made.id);

  const [deleted, body] = await statusOf((o) => assignments.delete(scope, name, o));
  assert.equal(deleted, 200);
  hasMembers(body, { id: made.id, principalId: one.principalId });
  assert.equal((await statusOf((o) => assignments.delete(scope, name, o)))[0], 204);
  await refused(() => assignments.get(scope, name), { status: 404, code: "RoleAssignmentNotFound" });
});

await test("R2 create, get and delete by id", async () => {
  const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`;
  const made = await assignments.createById(id, { roleDefinitionId: roleId("reader"), principalId: two.principalId });
  assert.equal(made.id, id);
  assert.equal((await assignments.getById(id)).principalId, two.principalId);
  assert.equal((await assignments.deleteById(id)).id, id);
});

await test("R2 create: the role's id may come bare, or with another scope's prefix", async () => {
  for (const prefix of ["", scope]) {
    const made = await assignments.create(scope, randomUUID(), {
      roleDefinitionId: `${prefix}/providers/Microsoft.Authorization/roleDefinitions/${ROLES.reader}`,
      principalId: two.principalId,
    });
    assert.equal(made.roleDefinitionId, roleId("reader"));
    await assignments.deleteById(made.id);
  }
});

await test("R2 create again may change the description, and nothing that decides", async () => {
  const name = randomUUID();
  const what = { roleDefinitionId: roleId("reader"), principalId: two.principalId };
  await assignments.create(scope, name, { ...what, description: "first" });
  await assignments.create(scope, name, { ...what, description: "second" });
  assert.equal((await assignments.get(scope, name)).description, "second");
  await assignments.delete(scope, name);
});

await test("R2 create: a principal that is not known yet, where its type is told", async () => {
  const made = await assignments.create(scope, randomUUID(), {
    roleDefinitionId: roleId("reader"),
    principalId: randomUUID(),
    principalType: "ServicePrincipal",
  });
  assert.equal(made.principalType, "ServicePrincipal");
  await assignments.deleteById(made.id);
});

await test("R2 list: at a scope, with what it inherits and what lies below", async () => {
  const vm = facts.vms["vm-one"];
  const made = {
    subscription: await assign("vaultReader", one, subscriptionId),
    group: await assign("vaultReader", one, groupId(facts.group)),
    resource: await assign("vaultReader", one, vm.id),
    elsewhere: await assign("vaultReader", one, scope),
  };
  const own = new Set(Object.values(made).map(({ id }) => id));
  const named = (list) => {
    const ids = list.map(({ id }) => id).filter((id) => own.has(id));
    return Object.keys(made).filter((key) => ids.includes(made[key].id));
  };
  const { name: vmName } = vm;
  for (const [what, list, want] of [
    ["listForSubscription", assignments.listForSubscription(), ["subscription", "group", "resource", "elsewhere"]],
    ["atScope() of the subscription", assignments.listForSubscription({ filter: "atScope()" }), ["subscription"]],
    ["listForResourceGroup", assignments.listForResourceGroup(facts.group), ["subscription", "group", "resource"]],
    ["atScope() of the group", assignments.listForResourceGroup(facts.group, { filter: "atScope()" }), ["subscription", "group"]],
    ["listForResource", assignments.listForResource(facts.group, "Microsoft.Compute", "virtualMachines", vmName), ["subscription", "group", "resource"]],
    ["listForScope", assignments.listForScope(vm.id), ["subscription", "group", "resource"]],
    ["listForScope, another group", assignments.listForScope(scope), ["subscription", "elsewhere"]],
    ["principalId eq, its own", assignments.listForScope(vm.id, { filter: `principalId eq '${one.principalId}'` }), ["subscription", "group", "resource"]],
    ["principalId eq, another's", assignments.listForScope(vm.id, { filter: `principalId eq '${two.principalId}'` }), []],
    ["assignedTo()", assignments.listForScope(vm.id, { filter: `assignedTo('${one.principalId}')` }), ["subscription", "group", "resource"]],
    ["atScope() and assignedTo()", assignments.listForResourceGroup(facts.group, { filter: `atScope() and assignedTo('${one.principalId}')` }), ["subscription", "group"]],
  ]) assert.deepEqual(named(await all(list)), want, what);
  for (const { id } of Object.values(made)) await assignments.deleteById(id);
});

await test("R2 list: what the filters name is all that comes", async () => {
  const list = await all(assignments.listForSubscription({ filter: `principalId eq '${facts.vms.tester.principalId}'` }));
  assert.deepEqual(list.map(({ principalId }) => principalId), [facts.vms.tester.principalId]);
  hasMembers(list[0], { roleDefinitionId: roleId("owner"), scope: subscriptionId });
});

await test("R2 a role counts at its scope and below, on whole segments", async () => {
  const { id } = await assign("reader", facts.identities.nobody);
  const groups = new ResourceManagementClient(credentialOf("nobody"), facts.subscription).resourceGroups;
  assert.equal((await groups.get(GROUP)).name, GROUP);
  assert.equal((await groups.get(GROUP.toUpperCase())).name.toLowerCase(), GROUP);
  await refused(() => groups.get(`${GROUP}-2`), { status: 403, code: "AuthorizationFailed" });
  await refused(() => groups.createOrUpdate(GROUP, { location }), { status: 403, code: "AuthorizationFailed" });
  await assignments.deleteById(id);
  await refused(() => groups.get(GROUP), { status: 403, code: "AuthorizationFailed" });
});

await test("R9 a deleted principal leaves its assignments behind; I3 nobody inherits them", async () => {
  const first = await identities.createOrUpdate(GROUP, "leaver", { location });
  const { id } = await assign("reader", first);
  await identities.delete(GROUP, "leaver");
  assert.equal((await assignments.getById(id)).principalId, first.principalId);
  const second = await identities.createOrUpdate(GROUP, "leaver", { location });
  const own = await all(assignments.listForScope(scope, { filter: `principalId eq '${second.principalId}'` }));
  assert.deepEqual(own, []);
  await assignments.deleteById(id);
});

await test("R4 Contributor makes resources, but gives no roles", async () => {
  const groups = new ResourceManagementClient(credentialOf("contributor"), facts.subscription).resourceGroups;
  await groups.createOrUpdate(GROUP, { location, tags: { by: "contributor" } });
  const create = () =>
    contributor.roleAssignments.create(scope, randomUUID(), {
      roleDefinitionId: roleId("owner"),
      principalId: contributorIdentity.principalId,
    });
  await refused(create, { status: 403, code: "AuthorizationFailed", message: /'Microsoft.Authorization\/roleAssignments\/write'/ });
});

const taken = await assign("reader", two);
const rightly = { roleDefinitionId: roleId("reader"), principalId: two.principalId };
const create = (change, name = randomUUID()) => () => assignments.create(scope, name, { ...rightly, ...change });
const unknownRole = `${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${randomUUID()}`;

await refusals([
  ["R2 create: the same under another name", create({}), { status: 409, code: "RoleAssignmentExists", message: /^The role assignment already exists\./ }],
  ["R2 create: another role under the same name", create({ roleDefinitionId: roleId("contributor") }, taken.name), { code: "RoleAssignmentUpdateNotPermitted" }],
  ["R2 create: another principal under the same name", create({ principalId: one.principalId }, taken.name),
    { code: "RoleAssignmentUpdateNotPermitted", message: /Tenant ID, application ID, principal ID, and scope are not allowed to be updated/ }],
  ["R2 create: no such principal", create({ principalId: randomUUID() }), { status: 400, code: "PrincipalNotFound", message: / does not exist in the directory / }],
  ["R2 create: a client id for the principal id", create({ principalId: two.clientId }), { status: 400, code: "PrincipalNotFound" }],
  ["R2 create: the wrong type of principal", create({ principalType: "Group", roleDefinitionId: roleId("contributor") }), { status: 400, code: "UnmatchedPrincipalType" }],
  ["R2 create: a principal id that is no GUID", create({ principalId: "me" }), { status: 400 }],
  ["R2 create: no such role", create({ roleDefinitionId: unknownRole }), { code: "RoleDefinitionDoesNotExist" }],
  ["R2 create: a role id that is none", create({ roleDefinitionId: "Reader" }), { status: 400 }],
  ["R2 create: a name that is no GUID", create({}, "reader-of-two"), { status: 400, code: "InvalidRoleAssignmentId" }],
  ["R2 create: no such group", () => assign("reader", two, groupId("no-such")), { status: 404, code: "ResourceGroupNotFound" }],
  ["R2 get: no such assignment", () => assignments.get(scope, randomUUID()), { status: 404, code: "RoleAssignmentNotFound" }],
  ["R2 get: at another scope", () => assignments.get(groupId(`${GROUP}-2`), taken.name), { status: 404, code: "RoleAssignmentNotFound" }],
  ["R3 get: no such role", () => definitions.get(subscriptionId, randomUUID()), { status: 404, code: "RoleDefinitionDoesNotExist" }],
  ["R2 list: a filter that is none", () => all(assignments.listForSubscription({ filter: "owner is me" })), { status: 400 }],
  ["R6 Reader: create", () => reader.roleAssignments.create(scope, randomUUID(), rightly),
    { status: 403, code: "AuthorizationFailed", message: new RegExp(`object id '${facts.identities.reader.principalId}' does not have authorization to perform action 'Microsoft.Authorization/roleAssignments/write' over scope '${scope}/`, "i") }],
  ["R6 Reader: delete", () => reader.roleAssignments.delete(scope, taken.name), { status: 403, code: "AuthorizationFailed" }],
  ["R1 no role: list", () => all(nobody.roleAssignments.listForScope(scope)), { status: 403, code: "AuthorizationFailed" }],
  ["R1 no role: get", () => nobody.roleAssignments.get(scope, taken.name), { status: 403, code: "AuthorizationFailed" }],
  ["R1 no role: create for itself", () => nobody.roleAssignments.create(scope, randomUUID(), { roleDefinitionId: roleId("owner"), principalId: facts.identities.nobody.principalId }),
    { status: 403, code: "AuthorizationFailed" }],
]);

await test("R6 Reader lists roles and assignments", async () => {
  assert.ok((await all(reader.roleDefinitions.list(subscriptionId))).length > 500);
  const list = await all(reader.roleAssignments.listForScope(scope));
  assert.ok(list.some(({ id }) => id === taken.id));
  assert.ok(list.every(({ name }) => GUID.test(name)));
});

// --- custom roles ---

const custom = randomUUID();
const customBody = (change = {}) => ({
  roleName: "SDK operator",
  description: "Reads groups",
  roleType: "CustomRole",
  assignableScopes: [scope],
  permissions: [{ actions: ["Microsoft.Resources/subscriptions/resourceGroups/read"], notActions: [] }],
  ...change,
});

await test("R3 a custom role: made, got, found, changed", async () => {
  const [status, made] = await statusOf((o) => definitions.createOrUpdate(scope, custom, customBody(), o));
  assert.equal(status, 201);
  hasMembers(made, {
    id: `${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${custom}`,
    name: custom,
    type: "Microsoft.Authorization/roleDefinitions",
    roleName: "SDK operator",
    roleType: "CustomRole",
    assignableScopes: [scope],
  });
  const got = await definitions.get(scope, custom);
  assert.equal(got.createdBy, facts.vms.tester.principalId);
  assert.equal((await definitions.getById(made.id)).roleName, "SDK operator");
  assert.deepEqual((await all(definitions.list(scope, { filter: "type eq 'CustomRole'" }))).map(({ name }) => name), [custom]);
  assert.deepEqual((await all(definitions.list(scope, { filter: "roleName eq 'sdk OPERATOR'" }))).map(({ name }) => name), [custom]);
  assert.deepEqual(await all(definitions.list(groupId(`${GROUP}-2`), { filter: "type eq 'CustomRole'" })), []);
  const changed = await definitions.createOrUpdate(scope, custom, customBody({ description: "Changed" }));
  assert.equal(changed.description, "Changed");
  assert.ok(changed.updatedOn >= made.updatedOn);
});

await test("R3 R4 a custom role grants what it names, where it is assignable", async () => {
  const groups = new ResourceManagementClient(credentialOf("nobody"), facts.subscription).resourceGroups;
  const body = { roleDefinitionId: `${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${custom}`, principalId: facts.identities.nobody.principalId };
  const { id } = await assignments.create(scope, randomUUID(), body);
  assert.equal((await groups.get(GROUP)).name, GROUP);
  await refused(() => groups.createOrUpdate(GROUP, { location }), { status: 403, code: "AuthorizationFailed" });
  await refused(() => assignments.create(groupId(`${GROUP}-2`), randomUUID(), body), { code: "RoleDefinitionDoesNotExist" });
  await refused(() => definitions.delete(scope, custom), { status: 400, code: "RoleDefinitionHasAssignments" });
  await assignments.deleteById(id);
});

const makeRole = (change, by = definitions, name = randomUUID()) => () => by.createOrUpdate(scope, name, customBody({ roleName: `Refused ${name}`, ...change }));
const actions = (...list) => ({ permissions: [{ actions: list }] });
await refusals([
  ["R3 role: the same name", makeRole({ roleName: "sdk operator" }), { status: 409, code: "RoleDefinitionWithSameNameExists" }],
  ["R3 role: a built-in role's name", makeRole({ roleName: "Reader" }), { status: 409, code: "RoleDefinitionWithSameNameExists" }],
  ["R3 role: a built-in role's id", makeRole({}, definitions, ROLES.reader), { code: "RoleDefinitionIsBuiltIn" }],
  ["R3 role: a built-in role goes", () => definitions.delete(scope, ROLES.reader), { code: "RoleDefinitionIsBuiltIn" }],
  ["R3 role: assignable at the root", makeRole({ assignableScopes: ["/"] }), { status: 400, code: "LinkedInvalidPropertyId" }],
  ["R3 role: assignable nowhere", makeRole({ assignableScopes: [] }), { status: 400 }],
  ["R3 role: an action that nobody has", makeRole(actions("Microsoft.Nonsense/things/read")), { status: 400, code: "InvalidActionOrNotAction" }],
  ["R3 role: a data action where there are none", makeRole({ permissions: [{ dataActions: ["Microsoft.Resources/x/read"] }] }),
    { status: 400, code: "InvalidDataActionOrNotDataAction", message: /has not published any data operations/ }],
  ["R3 role: no actions", makeRole(actions()), { status: 400 }],
  ["R3 role: a name that is no GUID", makeRole({}, definitions, "operator"), { status: 400, code: "InvalidRoleDefinitionId" }],
  ["R6 Reader: make a role", makeRole({}, reader.roleDefinitions), { status: 403, code: "AuthorizationFailed", message: /'Microsoft.Authorization\/roleDefinitions\/write'/ }],
  ["R4 Contributor: make a role", makeRole({}, contributor.roleDefinitions), { status: 403, code: "AuthorizationFailed" }],
  ["R6 Reader: delete a role", () => reader.roleDefinitions.delete(scope, custom), { status: 403, code: "AuthorizationFailed" }],
]);

await test("R3 a custom role goes, and is then gone", async () => {
  const [status, body] = await statusOf((o) => definitions.delete(scope, custom, o));
  assert.equal(status, 200);
  hasMembers(body, { name: custom, roleName: "SDK operator" });
  assert.equal((await statusOf((o) => definitions.delete(scope, custom, o)))[0], 204);
  await refused(() => definitions.get(scope, custom), { status: 404, code: "RoleDefinitionDoesNotExist" });
});

// --- conditions, denies, permissions ---

await test("R5 an assignment's condition comes back, and a malformed one is refused", async () => {
  const condition = "@Resource[Microsoft.KeyVault/vaults/secrets:name] StringStartsWith 'a'";
  const what = { roleDefinitionId: roleId("secretsUser"), principalId: one.principalId };
  const made = await assignments.create(scope, randomUUID(), { ...what, condition });
  hasMembers(await assignments.getById(made.id), { condition, conditionVersion: "2.0" });
  await refused(() => assignments.create(scope, made.name, { ...what, condition: `${condition} AND`, conditionVersion: "2.0" }),
    { status: 400, code: "InvalidRoleAssignmentCondition", message: /column \d+/ });
  await assignments.deleteById(made.id);
});

await test("R5 deny assignments are listed and got, at their scope and below", async () => {
  const { denyAssignments: denies } = owner;
  const at = `${facts.vault.id}/secrets/denied-one`;
  const id = `${at}/providers/Microsoft.Authorization/denyAssignments/${facts.deny}`;
  for (const list of [denies.list(), denies.listForResourceGroup(facts.group), denies.listForScope(at), denies.list({ filter: "denyAssignmentName eq 'Not this one'" })]) {
    const [deny] = await all(list);
    hasMembers(deny, { id, name: facts.deny, denyAssignmentName: "Not this one", scope: at, isSystemProtected: true, doNotApplyToChildScopes: false });
    assert.deepEqual(deny.principals.map((p) => p.id), [facts.identities.denied.principalId]);
  }
  assert.equal((await denies.get(at, facts.deny)).id, id);
  assert.equal((await denies.getById(id)).id, id);
  assert.deepEqual(await all(denies.listForScope(scope)), []);
  await refused(() => denies.get(scope, randomUUID()), { status: 404 });
  await refused(() => all(nobody.denyAssignments.listForScope(at)), { status: 403, code: "AuthorizationFailed" });
});

await test("R4 permissions: what the caller has, one item a grant", async () => {
  const mine = await all(contributor.permissions.listForResourceGroup(GROUP));
  assert.deepEqual(mine.map((p) => p.actions), [["*"]]);
  assert.ok(mine[0].notActions.includes("Microsoft.Authorization/*/Write"));
});
