// arm-compute.mjs - @azure/arm-compute on this very machine: identities come and go while its program
// runs, and the local endpoint follows at once.

import assert from "node:assert/strict";
import { DefaultAzureCredential, ManagedIdentityCredential } from "@azure/identity";
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { ComputeManagementClient } from "@azure/arm-compute";
import { ManagedServiceIdentityClient } from "@azure/arm-msi";
import { ResourceManagementClient } from "@azure/arm-resources";
import { SecretClient } from "@azure/keyvault-secrets";
import { all, GUID, hasMembers, refusals, refused, test } from "./lib/check.mjs";
import { credentialOf, facts, groupId, roleId } from "./lib/facts.mjs";
import { identitiesComeAndGo } from "./lib/identities.mjs";
import { askEndpoint, decode } from "./lib/token.mjs";

const location = facts.location;
const here = facts.vms.tester;
const credential = new DefaultAzureCredential();

const clientOf = (who) => new ComputeManagementClient(who, facts.subscription).virtualMachines;
const vms = clientOf(credential);
const reader = clientOf(credentialOf("reader"));
const nobody = clientOf(credentialOf("nobody"));
const identities = new ManagedServiceIdentityClient(credential, facts.subscription).userAssignedIdentities;
const { resources } = new ResourceManagementClient(credential, facts.subscription);
const assignments = new AuthorizationManagementClient(credential, facts.subscription).roleAssignments;

// What a virtual machine's definition must hold, beside its identity.
const like = (identity) => ({
  location,
  identity,
  hardwareProfile: { vmSize: "Standard_D2s_v5" },
  storageProfile: { imageReference: { publisher: "Debian", offer: "debian-12", sku: "12", version: "latest" } },
  osProfile: { computerName: "vm", adminUsername: "azureuser" },
  networkProfile: { networkInterfaces: [] },
});

const systemAssigned = { type: "SystemAssigned" };
const BOTH = "SystemAssigned, UserAssigned";
const attach = (...ids) => ({ identity: { type: BOTH, userAssignedIdentities: Object.fromEntries(ids.map((id) => [id, {}])) } });
const detach = (id) => ({ identity: { type: BOTH, userAssignedIdentities: { [id]: null } } });

// Each question asks for an audience that no cache has seen.
let questions = 0;
const ask = (selector) => askEndpoint({ resource: `https://account${(questions += 1)}.blob.core.windows.net`, ...selector });

async function gives(identity) {
  const { status, body } = await ask({ client_id: identity.clientId });
  assert.equal(status, 200, body.error_description);
  assert.equal(decode(body.access_token).claims.oid, identity.principalId);
}

async function givesNone(identity) {
  const { status, body } = await ask({ client_id: identity.clientId });
  assert.equal(status, 400);
  hasMembers(body, { error: "invalid_request", error_description: "Identity not found" });
}

await test("I2 create: a machine with its own identity", async () => {
  const made = await vms.createOrUpdate(facts.group, "compute", like(systemAssigned));
  hasMembers(made, { name: "compute", type: "Microsoft.Compute/virtualMachines", location, provisioningState: "Succeeded" });
  hasMembers(made.identity, { type: "SystemAssigned", tenantId: facts.tenant });
  assert.match(made.identity.principalId, GUID);
  assert.match(made.vmId, GUID);
  hasMembers(made.hardwareProfile, { vmSize: "Standard_D2s_v5" });
  assert.equal((await vms.get(facts.group, "compute")).vmId, made.vmId);
});

await test("I8 list: of the group, of the subscription, each with its identities", async () => {
  for (const list of [vms.list(facts.group), vms.listAll()]) {
    const two = (await all(list)).find(({ name }) => name === "vm-two");
    const attached = Object.values(two.identity.userAssignedIdentities).map(({ clientId }) => clientId);
    assert.deepEqual(attached.sort(), [facts.identities.one.clientId, facts.identities.two.clientId].sort());
  }
});

await test("I3 delete and create again: another identity, without the old one's roles", async () => {
  const first = (await vms.get(facts.group, "compute")).identity.principalId;
  const { id } = await assignments.create(facts.vms.tester.id, "7a0c7f1e-5b1d-4c53-9d3e-0d6a1f1c1e02", {
    roleDefinitionId: roleId("reader"),
    principalId: first,
  });
  await vms.delete(facts.group, "compute");
  await refused(() => vms.get(facts.group, "compute"), { status: 404, code: "ResourceNotFound" });
  const second = (await vms.createOrUpdate(facts.group, "compute", like(systemAssigned))).identity.principalId;
  assert.notEqual(second, first);
  assert.equal((await assignments.getById(id)).principalId, first);
  assert.deepEqual(await all(assignments.listForSubscription({ filter: `principalId eq '${second}'` })), []);
  await assignments.deleteById(id);
});

await test("I5 system-assigned off and on: another identity", async () => {
  const { one } = facts.identities;
  await vms.update(facts.group, "compute", attach(one.id));
  const first = (await vms.get(facts.group, "compute")).identity.principalId;
  await vms.update(facts.group, "compute", { identity: { type: "UserAssigned" } });
  const without = (await vms.get(facts.group, "compute")).identity;
  hasMembers(without, { type: "UserAssigned", principalId: undefined });
  await vms.update(facts.group, "compute", { identity: { type: BOTH } });
  const again = (await vms.get(facts.group, "compute")).identity;
  assert.notEqual(again.principalId, first);
  assert.equal(Object.values(again.userAssignedIdentities)[0].clientId, one.clientId);
});

await test("I5 an update without identities leaves them", async () => {
  const before = (await vms.get(facts.group, "compute")).identity;
  await vms.update(facts.group, "compute", { tags: { a: "1" } });
  assert.deepEqual((await vms.get(facts.group, "compute")).identity, before);
});

await test("I5 attached: the running program has it at once; detached: no longer", async () => {
  const made = await identities.createOrUpdate(facts.group, "comes-and-goes", { location });
  await givesNone(made);
  await vms.update(facts.group, here.name, attach(made.id));
  await gives(made);
  await vms.update(facts.group, here.name, detach(made.id));
  await givesNone(made);
  await gives(facts.identities.officer);
});

await test("I6 an identity that is deleted gives no more tokens, not even those it gave", async () => {
  const made = await identities.createOrUpdate(facts.group, "doomed", { location });
  await vms.update(facts.group, here.name, attach(made.id));
  const audience = { resource: "https://doomed.blob.core.windows.net", client_id: made.clientId };
  assert.equal((await askEndpoint(audience)).status, 200);
  await identities.delete(facts.group, "doomed");
  assert.equal((await askEndpoint(audience)).status, 400);
  await givesNone(made);
  await refused(() => new ManagedIdentityCredential({ clientId: made.clientId }).getToken("https://storage.azure.com/.default"),
    { message: /Identity not found/ });
  await vms.update(facts.group, here.name, detach(made.id));
});

await test("I3 an identity made again under the same name is another, and not attached by its name", async () => {
  const first = await identities.createOrUpdate(facts.group, "namesake", { location });
  await vms.update(facts.group, here.name, attach(first.id));
  await gives(first);
  await identities.delete(facts.group, "namesake");
  const second = await identities.createOrUpdate(facts.group, "namesake", { location });
  await givesNone(first);
  await givesNone(second);
  await vms.update(facts.group, here.name, detach(first.id));
});

await test("I6 an identity outlives the machine that it was attached to", async () => {
  const made = await identities.createOrUpdate(facts.group, "survivor", { location });
  await vms.createOrUpdate(facts.group, "short-lived", like({ type: "UserAssigned", userAssignedIdentities: { [made.id]: {} } }));
  await vms.delete(facts.group, "short-lived");
  hasMembers(await identities.get(facts.group, "survivor"), { principalId: made.principalId, clientId: made.clientId });
});

await test("I4 roles first, machine later: they count as soon as it is attached", async () => {
  const made = await identities.createOrUpdate(facts.group, "early", { location });
  const { id } = await assignments.create(facts.vault.id, "7a0c7f1e-5b1d-4c53-9d3e-0d6a1f1c1e03", {
    roleDefinitionId: roleId("secretsOfficer"),
    principalId: made.principalId,
  });
  await vms.update(facts.group, here.name, attach(made.id));
  const client = new SecretClient(`https://${facts.vault.name}.vault.azure.net`, new ManagedIdentityCredential({ clientId: made.clientId }));
  assert.equal((await client.setSecret("early", "LANYARD-SECRET-early")).name, "early");
  await vms.update(facts.group, here.name, detach(made.id));
  await assignments.deleteById(id);
});

await test("D1 a machine with its network, as templates write it, and its state", async () => {
  const put = (type, name, properties) => resources.createOrUpdateById(`${groupId(facts.group)}/providers/Microsoft.Network/${type}/${name}`, "2024-05-01", { location, properties });
  const network = await put("virtualNetworks", "net", { addressSpace: { addressPrefixes: ["10.0.0.0/16"] }, subnets: [{ name: "main", properties: { addressPrefix: "10.0.0.0/24" } }] });
  const address = await put("publicIPAddresses", "address", { dnsSettings: { domainNameLabel: "shop" } });
  assert.equal(address.properties.dnsSettings.fqdn, `shop.${location}.cloudapp.azure.com`);
  const card = await put("networkInterfaces", "card", {
    ipConfigurations: [{ name: "one", properties: { subnet: { id: `${network.id}/subnets/main` }, publicIPAddress: { id: address.id } } }],
  });
  assert.equal(card.properties.provisioningState, "Succeeded");
  const made = await vms.createOrUpdate(facts.group, "networked", { ...like(systemAssigned), networkProfile: { networkInterfaces: [{ id: card.id }] } });
  assert.deepEqual(made.networkProfile.networkInterfaces.map(({ id }) => id), [card.id]);
  assert.equal(made.instanceView, undefined);
  const { statuses } = (await vms.get(facts.group, "networked", { expand: "instanceView" })).instanceView;
  assert.deepEqual(statuses.map(({ code }) => code), ["ProvisioningState/succeeded", "PowerState/running"]);
  await vms.delete(facts.group, "networked");
});

const { virtualMachineScaleSets: sets } = new ComputeManagementClient(credential, facts.subscription);
const set = (identity) => ({ location, identity, sku: { name: "Standard_D2s_v5", tier: "Standard", capacity: 2 }, upgradePolicy: { mode: "Manual" } });

await identitiesComeAndGo({
  create: (name, identity) => sets.createOrUpdate(facts.group, `set-${name}`, set(identity)),
  get: (name) => sets.get(facts.group, `set-${name}`),
  update: (name, identity) => sets.update(facts.group, `set-${name}`, { identity }),
  remove: (name) => sets.delete(facts.group, `set-${name}`),
  both: BOTH,
});

await test("D1 scale set: made, read, listed, deleted", async () => {
  const made = await sets.createOrUpdate(facts.group, "replicas", set(systemAssigned));
  hasMembers(made, { name: "replicas", provisioningState: "Succeeded", orchestrationMode: "Uniform" });
  hasMembers(made.sku, { name: "Standard_D2s_v5", capacity: 2 });
  for (const list of [sets.list(facts.group), sets.listAll()]) assert.ok((await all(list)).some(({ name }) => name === "replicas"));
  await sets.delete(facts.group, "replicas");
  await refused(() => sets.get(facts.group, "replicas"), { status: 404, code: "ResourceNotFound" });
});

await test("I7 who may write a machine needs the identity's own permission to attach it", async () => {
  const { one, two, user } = facts.identities;
  const officer = clientOf(credentialOf("user"));
  const grant = (scope, name, role) =>
    assignments.create(scope, name, { roleDefinitionId: `/subscriptions/${facts.subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`, principalId: user.principalId, principalType: "ServicePrincipal" });
  const { id } = await vms.createOrUpdate(facts.group, "linked", like({ type: "UserAssigned", userAssignedIdentities: { [one.id]: {} } }));
  const first = await grant(id, "7a0c7f1e-5b1d-4c53-9d3e-0d6a1f1c1e17", "9980e02c-c2be-4d73-94e8-173b1dc7cf3c"); // Virtual Machine Contributor
  await refused(() => officer.update(facts.group, "linked", attach(two.id)), {
    status: 403, code: "LinkedAuthorizationFailed",
    message: new RegExp(`has permission to perform action 'Microsoft.Compute/virtualMachines/write' on scope '${id}'; however, it does not have permission to perform action 'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action' on the linked scope\\(s\\) '${two.id}' or the linked scope\\(s\\) are invalid`, "i"),
  });
  await refused(() => officer.update(facts.group, "linked", attach(`${two.id}x`)), { status: 403, code: "LinkedAuthorizationFailed" });
  await officer.update(facts.group, "linked", { tags: { a: "1" } });
  const second = await grant(two.id, "7a0c7f1e-5b1d-4c53-9d3e-0d6a1f1c1e18", "f1a07417-d97a-45cb-824c-7a7467783830"); // Managed Identity Operator
  await officer.update(facts.group, "linked", attach(two.id));
  assert.equal(Object.keys((await vms.get(facts.group, "linked")).identity.userAssignedIdentities).length, 2);
  for (const made of [first, second]) await assignments.deleteById(made.id);
  await vms.delete(facts.group, "linked");
});

const DENIED = { status: 403, code: "AuthorizationFailed" };
const missing = { type: "UserAssigned", userAssignedIdentities: { [`${facts.identities.one.id}x`]: {} } };

await refusals([
  ["I5 attached: an identity that does not exist", () => vms.createOrUpdate(facts.group, "bad", like(missing)), { status: 400, code: "FailedIdentityOperation" }],
  ["I5 attached: to a machine that does not exist", () => vms.update(facts.group, "no-such", attach(facts.identities.one.id)), { status: 404, code: "ResourceNotFound" }],
  ["I2 get: no such machine", () => vms.get(facts.group, "no-such"), { status: 404, code: "ResourceNotFound" }],
  ["R6 Reader: attach", () => reader.update(facts.group, "compute", attach(facts.identities.two.id)), { ...DENIED, message: /'Microsoft.Compute\/virtualMachines\/write'/i }],
  ["R6 Reader: delete", () => reader.delete(facts.group, "compute"), DENIED],
  ["R1 no role: get", () => nobody.get(facts.group, "compute"), DENIED],
]);
