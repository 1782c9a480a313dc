// arm-containers.mjs - @azure/arm-appcontainers and -containerservice: container apps with their environment, clusters, identities.

import assert from "node:assert/strict";
import { DefaultAzureCredential } from "@azure/identity";
import { ContainerAppsAPIClient } from "@azure/arm-appcontainers";
import { ContainerServiceClient } from "@azure/arm-containerservice";
import { ResourceManagementClient } from "@azure/arm-resources";
import { all, hasMembers, refusals, refused, test } from "./lib/check.mjs";
import { credentialOf, facts, groupId } from "./lib/facts.mjs";
import { identitiesComeAndGo } from "./lib/identities.mjs";

const GROUP = "arm-containers";
const { location, subscription } = facts;
const credential = new DefaultAzureCredential();
const { containerApps: apps, managedEnvironments: environments } = new ContainerAppsAPIClient(credential, subscription);
const clusters = new ContainerServiceClient(credential, subscription);
await new ResourceManagementClient(credential, subscription).resourceGroups.createOrUpdate(GROUP, { location });

const names = async (list) => (await all(list)).map(({ name }) => name);
const SECRET = "LANYARD-SECRET-app"; // tests/leaks looks for it
let environment;
const app = (rest = {}) => ({
  location,
  managedEnvironmentId: environment.id,
  configuration: { ingress: { external: true, targetPort: 80 }, secrets: [{ name: "key", value: SECRET }] },
  template: { containers: [{ name: "main", image: "example.test/app:1" }] },
  ...rest,
});

await test("D1 container app: in its environment, with an address there", async () => {
  environment = await environments.createOrUpdate(GROUP, "stage", { location });
  hasMembers(environment, { name: "stage", type: "Microsoft.App/managedEnvironments", provisioningState: "Succeeded" });
  const made = await apps.createOrUpdate(GROUP, "front", app());
  hasMembers(made, { id: `${groupId(GROUP)}/providers/Microsoft.App/containerApps/front`, environmentId: environment.id, provisioningState: "Succeeded" });
  assert.equal(made.configuration.ingress.fqdn, `front.${environment.defaultDomain}`);
  assert.ok(made.latestRevisionName.startsWith("front--"));
  assert.ok(!JSON.stringify(made).includes(SECRET), "T9");
  assert.deepEqual((await apps.listSecrets(GROUP, "front")).value, []);
});

await test("D1 container app: updated, listed", async () => {
  const after = await apps.update(GROUP, "front", { location, tags: { a: "1" } });
  hasMembers(after, { tags: { a: "1" } });
  assert.equal(after.configuration.ingress.targetPort, 80);
  for (const list of [apps.listByResourceGroup(GROUP), apps.listBySubscription()]) assert.ok((await names(list)).includes("front"));
  assert.deepEqual(await names(environments.listByResourceGroup(GROUP)), ["stage"]);
});

await identitiesComeAndGo({
  create: (name, identity) => apps.createOrUpdate(GROUP, `front-${name}`, app({ identity })),
  get: (name) => apps.get(GROUP, `front-${name}`),
  update: (name, identity) => apps.update(GROUP, `front-${name}`, { location, identity }),
  remove: (name) => apps.delete(GROUP, `front-${name}`),
  both: "SystemAssigned,UserAssigned",
  none: "None",
});

const cluster = (rest = {}) => ({ location, dnsPrefix: "pods", agentPoolProfiles: [{ name: "system", count: 1, vmSize: "Standard_D2s_v5", mode: "System" }], ...rest });
const { managedClusters, agentPools } = clusters;

await test("D1 T7 cluster: made with an issuer, read, its tags updated, listed", async () => {
  const made = await managedClusters.createOrUpdate(GROUP, "pods", cluster({ identity: { type: "SystemAssigned" } }));
  hasMembers(made, { name: "pods", provisioningState: "Succeeded", nodeResourceGroup: `MC_${GROUP}_pods_${location}` });
  assert.ok(made.oidcIssuerProfile.issuerURL.startsWith("https://"));
  hasMembers(await managedClusters.updateTags(GROUP, "pods", { tags: { a: "1" } }), { tags: { a: "1" } });
  for (const list of [managedClusters.listByResourceGroup(GROUP), managedClusters.list()]) assert.ok((await names(list)).includes("pods"));
  hasMembers(await agentPools.createOrUpdate(GROUP, "pods", "more", { count: 2, vmSize: "Standard_D2s_v5" }), { name: "more", count: 2 });
  assert.deepEqual((await managedClusters.listClusterAdminCredentials(GROUP, "pods")).kubeconfigs, []);
  await agentPools.delete(GROUP, "pods", "more");
});

await identitiesComeAndGo({
  create: (name, identity) => managedClusters.createOrUpdate(GROUP, `pods-${name}`, cluster({ identity })),
  get: (name) => managedClusters.get(GROUP, `pods-${name}`),
  update: (name, identity) => managedClusters.createOrUpdate(GROUP, `pods-${name}`, cluster({ identity })),
  remove: (name) => managedClusters.delete(GROUP, `pods-${name}`),
  both: "SystemAssigned,UserAssigned",
});

const readers = new ContainerServiceClient(credentialOf("reader"), subscription);
await refusals([
  ["R6 Reader: asks for the cluster's credentials", () => readers.managedClusters.listClusterAdminCredentials(GROUP, "pods"), { status: 403, code: "AuthorizationFailed" }],
  ["I10 container app: a name that is too long", () => apps.createOrUpdate(GROUP, "a".repeat(33), app()), { status: 400 }],
]);

await test("D1 both: deleted", async () => {
  await apps.delete(GROUP, "front");
  await managedClusters.delete(GROUP, "pods");
  await refused(() => apps.get(GROUP, "front"), { status: 404, code: "ResourceNotFound" });
  await refused(() => managedClusters.get(GROUP, "pods"), { status: 404, code: "ResourceNotFound" });
});
