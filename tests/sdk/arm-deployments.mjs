// arm-deployments.mjs - @azure/arm-resourcesdeployments: templates validated, deployed and awaited, what they would change, their
// operations and history, at a resource group and at the subscription.

import assert from "node:assert/strict";
import { DefaultAzureCredential } from "@azure/identity";
import { DeploymentsClient } from "@azure/arm-resourcesdeployments";
import { ResourceManagementClient } from "@azure/arm-resources";
import { all, hasMembers, refusals, test } from "./lib/check.mjs";
import { credentialOf, facts, groupId, roleId, subscriptionId } from "./lib/facts.mjs";

const GROUP = "arm-deployments";
const { location } = facts;
const clientOf = (credential) => new DeploymentsClient(credential, facts.subscription);
const owner = clientOf(new DefaultAzureCredential());
const { deployments, deploymentOperations } = owner;
const SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";
const IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities";

// An identity, a machine that carries it, and a role of the identity at the machine: in the order that the template's functions ask for.
const template = {
  $schema: SCHEMA,
  contentVersion: "1.0.0.0",
  parameters: { name: { type: "string" }, password: { type: "secureString" } },
  resources: [
    {
      type: "Microsoft.Authorization/roleAssignments",
      apiVersion: "2022-04-01",
      name: "[guid(resourceGroup().id, parameters('name'))]",
      scope: "[format('Microsoft.Compute/virtualMachines/{0}', parameters('name'))]",
      dependsOn: ["[resourceId('Microsoft.Compute/virtualMachines', parameters('name'))]"],
      properties: {
        roleDefinitionId: roleId("reader"),
        principalId: `[reference(resourceId('${IDENTITY}', parameters('name'))).principalId]`,
        principalType: "ServicePrincipal",
      },
    },
    {
      type: "Microsoft.Compute/virtualMachines",
      apiVersion: "2024-07-01",
      name: "[parameters('name')]",
      location: "[resourceGroup().location]",
      identity: { type: "UserAssigned", userAssignedIdentities: { [`[resourceId('${IDENTITY}', parameters('name'))]`]: {} } },
      dependsOn: [`[resourceId('${IDENTITY}', parameters('name'))]`],
      properties: { hardwareProfile: { vmSize: "Standard_B1s" } },
    },
    { type: IDENTITY, apiVersion: "2023-01-31", name: "[parameters('name')]", location: "[resourceGroup().location]" },
  ],
  outputs: { client: { type: "string", value: `[reference(resourceId('${IDENTITY}', parameters('name'))).clientId]` } },
};
const wanted = (name, more = {}) => ({
  properties: { mode: "Incremental", template, parameters: { name: { value: name }, password: { value: "LANYARD-SECRET-of-a-template" } }, ...more },
});

await new ResourceManagementClient(new DefaultAzureCredential(), facts.subscription).resourceGroups.createOrUpdate(GROUP, { location });

await test("D1 a template is validated", async () => {
  const { properties } = await deployments.validate(GROUP, "d", wanted("app"));
  assert.equal(properties.provisioningState, "Succeeded");
  assert.equal(properties.validatedResources.length, 3);
});

await test("D1 what it would change", async () => {
  const { status, changes } = await deployments.whatIf(GROUP, "d", wanted("app"));
  assert.equal(status, "Succeeded");
  assert.deepEqual(changes.map(({ changeType }) => changeType), ["Create", "Create", "Create"]);
});

await test("D1 it is deployed and awaited, in the order of its dependencies", async () => {
  const { id, properties } = await deployments.createOrUpdate(GROUP, "d", wanted("app"));
  assert.equal(id, `${groupId(GROUP)}/providers/Microsoft.Resources/deployments/d`);
  hasMembers(properties, { provisioningState: "Succeeded", mode: "Incremental", correlationId: properties.correlationId });
  assert.match(properties.outputs.client.value, /^[0-9a-f-]{36}$/);
  assert.deepEqual(properties.parameters, { name: { type: "String", value: "app" }, password: { type: "SecureString" } });
  const operations = await all(deploymentOperations.list(GROUP, "d"));
  assert.deepEqual(
    operations.map((o) => [o.properties.targetResource.resourceType, o.properties.statusCode]),
    [[IDENTITY, "Created"], ["Microsoft.Compute/virtualMachines", "Created"], ["Microsoft.Authorization/roleAssignments", "Created"]],
  );
  const one = await deploymentOperations.get(GROUP, "d", operations[0].operationId);
  assert.equal(one.id, operations[0].id);
});

await test("D1 deployed again it changes nothing", async () => {
  const { changes } = await deployments.whatIf(GROUP, "d", wanted("app"));
  assert.deepEqual(changes.map(({ changeType }) => changeType), ["NoChange", "NoChange", "NoChange"]);
  await deployments.createOrUpdate(GROUP, "d", wanted("app"));
});

await test("D1 one that fails rejects with what failed", async () => {
  const userAssignedIdentities = { [`[resourceId('${IDENTITY}', 'nowhere')]`]: {} };
  const lost = { ...template.resources[1], name: "lost", dependsOn: [], identity: { type: "UserAssigned", userAssignedIdentities } };
  const resources = [{ ...template.resources[2], name: "other" }, lost];
  const broken = { properties: { mode: "Incremental", template: { $schema: SCHEMA, contentVersion: "1.0.0.0", resources } } };
  await assert.rejects(async () => deployments.createOrUpdate(GROUP, "broken", broken));
  const { properties } = await deployments.get(GROUP, "broken");
  hasMembers(properties, { provisioningState: "Failed" });
  assert.equal(properties.error.code, "DeploymentFailed");
  assert.equal(properties.error.details.length, 1);
  const listed = await all(deployments.listByResourceGroup(GROUP, { filter: "provisioningState eq 'Failed'" }));
  assert.deepEqual(listed.map(({ name }) => name), ["broken"]);
});

await test("D1 at the subscription: a group, and what is in it", async () => {
  const inside = { $schema: SCHEMA, contentVersion: "1.0.0.0", resources: [{ type: IDENTITY, apiVersion: "2023-01-31", name: "in-new-group", location }] };
  const resources = [
    { type: "Microsoft.Resources/resourceGroups", apiVersion: "2022-09-01", name: "made-by-sdk", location, properties: {} },
    {
      type: "Microsoft.Resources/deployments",
      apiVersion: "2022-09-01",
      name: "inside",
      resourceGroup: "made-by-sdk",
      dependsOn: ["[subscriptionResourceId('Microsoft.Resources/resourceGroups', 'made-by-sdk')]"],
      properties: { mode: "Incremental", expressionEvaluationOptions: { scope: "inner" }, template: inside },
    },
  ];
  const above = { $schema: SCHEMA.replace("deploymentTemplate", "subscriptionDeploymentTemplate"), contentVersion: "1.0.0.0", resources };
  const { properties } = await deployments.createOrUpdateAtSubscriptionScope("d", { location, properties: { mode: "Incremental", template: above } });
  assert.equal(properties.provisioningState, "Succeeded");
  assert.equal((await deployments.get("made-by-sdk", "inside")).properties.provisioningState, "Succeeded");
  assert.ok((await all(deployments.listAtSubscriptionScope())).some(({ id }) => id === `${subscriptionId}/providers/Microsoft.Resources/deployments/d`));
});

const behindEachOther = ["a", "b"].map((name, i, names) => ({ ...template.resources[2], name, dependsOn: [names[1 - i]] }));
const cycle = { properties: { mode: "Incremental", template: { $schema: SCHEMA, contentVersion: "1.0.0.0", resources: behindEachOther } } };
const asReader = clientOf(credentialOf("reader")).deployments;
await refusals([
  ["R6 a reader deploys nothing", () => asReader.createOrUpdate(GROUP, "by-reader", wanted("x")), { status: 403, code: "AuthorizationFailed" }],
  ["R6 a contributor gives no roles", () => clientOf(credentialOf("contributor")).deployments.createOrUpdate(GROUP, "by-contributor", wanted("x")), { status: 400, code: "InvalidTemplateDeployment" }],
  ["D1 a cycle", () => deployments.createOrUpdate(GROUP, "cycle", cycle), { status: 400, code: "InvalidTemplate" }],
]);

await test("D1 history: exported and deleted", async () => {
  assert.deepEqual((await deployments.exportTemplate(GROUP, "d")).template, template);
  await deployments.delete(GROUP, "d");
  assert.equal((await deployments.checkExistence(GROUP, "d")).body, false);
});
