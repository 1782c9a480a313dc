// arm-network.mjs - @azure/arm-network: virtual networks with their subnets, rules and routes, as parts of their parents and alone.

import assert from "node:assert/strict";
import { DefaultAzureCredential } from "@azure/identity";
import { ComputeManagementClient } from "@azure/arm-compute";
import { NetworkManagementClient } from "@azure/arm-network";
import { ResourceManagementClient } from "@azure/arm-resources";
import { all, hasMembers, refusals, refused, test } from "./lib/check.mjs";
import { facts, groupId } from "./lib/facts.mjs";

const GROUP = "arm-network";
const { location } = facts;
const client = new NetworkManagementClient(new DefaultAzureCredential(), facts.subscription);
const resources = new ResourceManagementClient(new DefaultAzureCredential(), facts.subscription);
await resources.resourceGroups.createOrUpdate(GROUP, { location });

const { virtualNetworks: networks, subnets, networkSecurityGroups: walls, securityRules: rules } = client;
const idOf = (type, name) => `${groupId(GROUP)}/providers/Microsoft.Network/${type}/${name}`;
const subnet = (name, addressPrefix) => ({ name, addressPrefix });
const network = (...parts) => ({ location, addressSpace: { addressPrefixes: ["10.0.0.0/16"] }, subnets: parts });
const put = (name, body) => networks.beginCreateOrUpdateAndWait(GROUP, name, body);
const names = (items) => items.map(({ name }) => name).sort();

await test("D1 network: its subnets are resources, read, listed and shown in it", async () => {
  const made = await put("net", network(subnet("front", "10.0.0.0/24"), subnet("back", "10.0.1.0/24")));
  hasMembers(made, { id: idOf("virtualNetworks", "net"), name: "net", type: "Microsoft.Network/virtualNetworks", location, provisioningState: "Succeeded" });
  assert.deepEqual(names(made.subnets), ["back", "front"]);
  const front = await subnets.get(GROUP, "net", "front");
  hasMembers(front, { id: `${made.id}/subnets/front`, name: "front", addressPrefix: "10.0.0.0/24", provisioningState: "Succeeded" });
  assert.deepEqual(names(await all(subnets.list(GROUP, "net"))), ["back", "front"]);
  assert.equal(names(await all(networks.list(GROUP))).join(), "net");
  const listed = await all(resources.resources.listByResourceGroup(GROUP));
  assert.deepEqual(listed.map(({ type }) => type), ["Microsoft.Network/virtualNetworks"], "parts are in no list of resources");
});

await test("D1 network: a subnet written alone is shown in it, and stays when it is written as it was read", async () => {
  const made = await subnets.beginCreateOrUpdateAndWait(GROUP, "net", "third", { addressPrefix: "10.0.2.0/24" });
  hasMembers(made, { name: "third", addressPrefix: "10.0.2.0/24" });
  const read = await networks.get(GROUP, "net");
  assert.deepEqual(names(read.subnets), ["back", "front", "third"]);
  const again = await put("net", { ...read, tags: { a: "b" } });
  assert.deepEqual([names(again.subnets), again.tags], [["back", "front", "third"], { a: "b" }]);
  await networks.updateTags(GROUP, "net", { tags: { c: "d" } });
  assert.equal((await networks.get(GROUP, "net")).subnets.length, 3);
});

await test("D1 network: what a write of it leaves out is deleted; no list at all leaves all", async () => {
  await put("net", network(subnet("front", "10.0.0.0/24"), subnet("third", "10.0.2.0/24")));
  await refused(() => subnets.get(GROUP, "net", "back"), { status: 404, code: "ResourceNotFound" });
  await subnets.beginDeleteAndWait(GROUP, "net", "third");
  const { subnets: left } = await put("net", { location, addressSpace: { addressPrefixes: ["10.0.0.0/16"] } });
  assert.deepEqual(names(left), ["front"]);
});

await refusals([
  ["D1 network: two subnets of one name", () => put("twice", network(subnet("a", "10.0.0.0/24"), subnet("A", "10.0.1.0/24"))),
    { status: 400, code: "DuplicateResourceName", message: /has two child resources with the same name \(A\)/ }],
  ["D1 network: subnets that overlap", () => put("overlap", network(subnet("a", "10.0.0.0/24"), subnet("b", "10.0.0.128/25"))),
    { status: 400, code: "NetcfgSubnetRangesOverlap", message: /Subnet 'b' is not valid because its IP address range overlaps/ }],
  ["D1 network: a subnet outside of it", () => subnets.beginCreateOrUpdateAndWait(GROUP, "net", "far", { addressPrefix: "10.9.0.0/24" }),
    { status: 400, code: "NetcfgSubnetRangeOutsideVnet", message: /outside the IP address range of virtual network 'net'/ }],
  ["D1 network: a prefix that is none", () => subnets.beginCreateOrUpdateAndWait(GROUP, "net", "odd", { addressPrefix: "10.0.9.1/24" }),
    { status: 400, code: "InvalidCIDRNotation", message: /the address prefix should be 10\.0\.9\.0\/24/ }],
  ["D1 network: a subnet without a network", () => subnets.beginCreateOrUpdateAndWait(GROUP, "none", "a", { addressPrefix: "10.0.0.0/24" }),
    { status: 404, code: "ParentResourceNotFound" }],
]);

await test("D1 network: nothing is left of a write that was refused", async () => {
  await refused(() => networks.get(GROUP, "overlap"), { status: 404 });
  await refused(() => subnets.get(GROUP, "net", "far"), { status: 404 });
});

await test("D1 security group: its rules are resources", async () => {
  const rule = { protocol: "Tcp", access: "Allow", direction: "Inbound", sourceAddressPrefix: "*", sourcePortRange: "*", destinationAddressPrefix: "*" };
  const made = await walls.beginCreateOrUpdateAndWait(GROUP, "wall", { location, securityRules: [{ name: "ssh", priority: 100, destinationPortRange: "22", ...rule }] });
  assert.deepEqual(names(made.securityRules), ["ssh"]);
  await rules.beginCreateOrUpdateAndWait(GROUP, "wall", "web", { priority: 110, destinationPortRange: "443", ...rule });
  hasMembers(await rules.get(GROUP, "wall", "ssh"), { priority: 100, destinationPortRange: "22", provisioningState: "Succeeded" });
  assert.deepEqual(names((await walls.get(GROUP, "wall")).securityRules), ["ssh", "web"]);
  await rules.beginDeleteAndWait(GROUP, "wall", "ssh");
  assert.deepEqual(names(await all(rules.list(GROUP, "wall"))), ["web"]);
});

const { networkInterfaces: cards, publicIPAddresses: addresses } = client;
const inSubnet = (subnetId, publicIPAddress) => ({ location, ipConfigurations: [{ name: "one", subnet: { id: subnetId }, publicIPAddress }] });
const card = (name, ...rest) => cards.beginCreateOrUpdateAndWait(GROUP, name, inSubnet(...rest));
const front = `${idOf("virtualNetworks", "net")}/subnets/front`;
const machines = new ComputeManagementClient(new DefaultAzureCredential(), facts.subscription).virtualMachines;
const machine = (name) => machines.createOrUpdate(GROUP, name, { location, networkProfile: { networkInterfaces: [{ id: idOf("networkInterfaces", "card") }] } });

await test("D1 references: an interface in a subnet with a public address, and a machine with it", async () => {
  const address = await addresses.beginCreateOrUpdateAndWait(GROUP, "address", { location });
  hasMembers(await card("card", front, { id: address.id }), { provisioningState: "Succeeded" });
  await machine("vm");
});

await refusals([
  ["D1 references: a subnet that is not there", () => card("lost", `${front}s`),
    { status: 400, code: "InvalidResourceReference", message: /subnets\/fronts referenced by resource .*networkInterfaces\/lost was not found\. Please make sure/ }],
  ["D1 references: an address that another interface has", () => card("greedy", front, { id: idOf("publicIPAddresses", "address") }),
    { status: 400, code: "PublicIPAddressInUse", message: /that is already allocated to resource .*card\/ipConfigurations\/one/ }],
  ["D1 references: an interface that another machine has", () => machine("other"), { status: 400, code: "NicInUse" }],
  ["D1 in use: the subnet", () => subnets.beginDeleteAndWait(GROUP, "net", "front"),
    { status: 400, code: "InUseSubnetCannotBeDeleted", message: /Subnet front is in use by .*card\/ipConfigurations\/one and cannot be deleted/ }],
  ["D1 in use: the subnet, left out of its network", () => put("net", network(subnet("back", "10.0.1.0/24"))), { status: 400, code: "InUseSubnetCannotBeDeleted" }],
  ["D1 in use: the network", () => networks.beginDeleteAndWait(GROUP, "net"), { status: 400, code: "InUseSubnetCannotBeDeleted" }],
  ["D1 in use: the interface", () => cards.beginDeleteAndWait(GROUP, "card"), { status: 400, code: "NicInUse" }],
  ["D1 in use: the address", () => addresses.beginDeleteAndWait(GROUP, "address"), { status: 400, code: "PublicIPAddressCannotBeDeleted" }],
]);

await test("D1 in use: in the right order all goes", async () => {
  await machines.delete(GROUP, "vm");
  await cards.beginDeleteAndWait(GROUP, "card");
  await addresses.beginDeleteAndWait(GROUP, "address");
});

await test("D1 network: deleted with its subnets", async () => {
  await networks.beginDeleteAndWait(GROUP, "net");
  await refused(() => subnets.get(GROUP, "net", "front"), { status: 404 });
});
