// arm-appservice.mjs - @azure/arm-appservice: the settings of an app and its slot, and their swap, in one step and in two.

import assert from "node:assert/strict";
import { DefaultAzureCredential } from "@azure/identity";
import { WebSiteManagementClient } from "@azure/arm-appservice";
import { all, hasMembers, refusals, refused, test } from "./lib/check.mjs";
import { credentialOf, facts } from "./lib/facts.mjs";
import { identitiesComeAndGo } from "./lib/identities.mjs";

const { group, location } = facts;
const APP = "lanyard-sdk-app";
const SLOT = "staging";
const VALUE = "LANYARD-SECRET-setting"; // tests/leaks looks for it
const clientOf = (who) => new WebSiteManagementClient(who, facts.subscription).webApps;
const apps = clientOf(new DefaultAzureCredential());
const reader = clientOf(credentialOf("reader"));
const toProduction = { targetSlot: "production", preserveVnet: true };
const like = (image) => ({ location, identity: { type: "SystemAssigned" }, siteConfig: { linuxFxVersion: image } });
const settingsOf = async () => [
  (await apps.listApplicationSettings(group, APP)).properties,
  (await apps.listApplicationSettingsSlot(group, APP, SLOT)).properties,
];
const imagesOf = async () => [
  (await apps.getConfiguration(group, APP)).linuxFxVersion,
  (await apps.getConfigurationSlot(group, APP, SLOT)).linuxFxVersion,
];
const principalsOf = async () => [
  (await apps.get(group, APP)).identity.principalId,
  (await apps.getSlot(group, APP, SLOT)).identity.principalId,
];

await test("D1 app: an app and a slot with settings of their own", async () => {
  const app = await apps.createOrUpdate(group, APP, like("NODE|20"));
  hasMembers(app, { name: APP, type: "Microsoft.Web/sites" });
  const slot = await apps.createOrUpdateSlot(group, APP, SLOT, like("NODE|22"));
  hasMembers(slot, { name: `${APP}/${SLOT}`, serverFarmId: app.serverFarmId });
  const sent = { KEY: VALUE, COLOR: "blue" };
  assert.deepEqual((await apps.updateApplicationSettings(group, APP, { properties: sent })).properties, sent);
  await apps.updateApplicationSettingsSlot(group, APP, SLOT, { properties: { KEY: "the slot's", COLOR: "green" } });
  await apps.updateSlotConfigurationNames(group, APP, { appSettingNames: ["KEY"] });
  assert.deepEqual((await apps.listSlotConfigurationNames(group, APP)).appSettingNames, ["KEY"]);
  assert.equal((await apps.updateConfiguration(group, APP, { alwaysOn: true })).linuxFxVersion, "NODE|20");
});

await test("I9 swap: content and settings move, sticky settings and identities stay", async () => {
  const principals = await principalsOf();
  await apps.swapSlot(group, APP, SLOT, toProduction);
  assert.deepEqual(await imagesOf(), ["NODE|22", "NODE|20"]);
  assert.deepEqual(await settingsOf(), [{ KEY: VALUE, COLOR: "green" }, { KEY: "the slot's", COLOR: "blue" }]);
  assert.equal((await apps.getConfiguration(group, APP)).alwaysOn, true);
  assert.deepEqual(await principalsOf(), principals);
  hasMembers((await apps.get(group, APP)).slotSwapStatus, { sourceSlotName: SLOT, destinationSlotName: "production" });
});

await test("I9 swap: from the app's side", async () => {
  await apps.swapSlotWithProduction(group, APP, { targetSlot: SLOT, preserveVnet: true });
  assert.deepEqual(await imagesOf(), ["NODE|20", "NODE|22"]);
});

await test("I9 swap: in two steps, called off and then completed", async () => {
  await apps.applySlotConfigurationSlot(group, APP, SLOT, toProduction);
  assert.deepEqual((await settingsOf())[1], { KEY: VALUE, COLOR: "green" });
  assert.equal((await apps.getSlot(group, APP, SLOT)).targetSwapSlot, "production");
  await apps.resetSlotConfigurationSlot(group, APP, SLOT);
  assert.deepEqual((await settingsOf())[1], { KEY: "the slot's", COLOR: "green" });
  await apps.applySlotConfigurationSlot(group, APP, SLOT, toProduction);
  await apps.swapSlot(group, APP, SLOT, toProduction);
  assert.deepEqual(await settingsOf(), [{ KEY: VALUE, COLOR: "green" }, { KEY: "the slot's", COLOR: "blue" }]);
});

const { appServicePlans: plans } = new WebSiteManagementClient(new DefaultAzureCredential(), facts.subscription);

await test("D1 plan and app: made, read, updated, listed", async () => {
  const plan = await plans.createOrUpdate(group, "lanyard-sdk-plan", { location, sku: { name: "S1", tier: "Standard" }, kind: "linux", reserved: true });
  hasMembers(plan, { name: "lanyard-sdk-plan", type: "Microsoft.Web/serverfarms", provisioningState: "Succeeded", reserved: true });
  const made = await apps.createOrUpdate(group, `${APP}-2`, { location, kind: "functionapp,linux", serverFarmId: plan.id, httpsOnly: true });
  hasMembers(made, { kind: "functionapp,linux", serverFarmId: plan.id, httpsOnly: true, state: "Running", resourceGroup: group });
  assert.deepEqual(made.hostNames, [`${APP}-2.azurewebsites.net`]);
  hasMembers(await apps.update(group, `${APP}-2`, { httpsOnly: false }), { httpsOnly: false, serverFarmId: plan.id });
  for (const list of [apps.listByResourceGroup(group), apps.list()]) assert.ok((await all(list)).some(({ name }) => name === `${APP}-2`));
  assert.deepEqual((await all(apps.listSlots(group, APP))).map(({ name }) => name), [`${APP}/${SLOT}`]);
  await refused(() => plans.delete(group, "lanyard-sdk-plan"),
    { status: 409, code: "Conflict", message: new RegExp(`Server farm 'lanyard-sdk-plan' cannot be deleted because it has web app\\(s\\) ${APP}-2 assigned to it`) });
  await refused(() => apps.createOrUpdate(group, `${APP}-3`, { location, serverFarmId: `${plan.id}-none` }),
    { status: 404, code: "NotFound", message: /Cannot find ServerFarm with name lanyard-sdk-plan-none\./ });
});

await test("D1 app: its name is taken, and free once it is deleted", async () => {
  const client = new WebSiteManagementClient(new DefaultAzureCredential(), facts.subscription);
  const check = () => client.checkNameAvailability(`${APP}-2`, "Microsoft.Web/sites");
  hasMembers(await check(), { nameAvailable: false, reason: "AlreadyExists" });
  await apps.delete(group, `${APP}-2`);
  await apps.delete(group, `${APP}-2`);
  await plans.delete(group, "lanyard-sdk-plan");
  hasMembers(await check(), { nameAvailable: true });
});

for (const [kind, of] of Object.entries({
  app: {
    create: (name, identity) => apps.createOrUpdate(group, `${APP}-${name}`, { location, identity }),
    get: (name) => apps.get(group, `${APP}-${name}`),
    update: (name, identity) => apps.update(group, `${APP}-${name}`, { identity }),
    remove: (name) => apps.delete(group, `${APP}-${name}`),
  },
  slot: {
    create: (name, identity) => apps.createOrUpdateSlot(group, APP, name, { location, identity }),
    get: (name) => apps.getSlot(group, APP, name),
    update: (name, identity) => apps.updateSlot(group, APP, name, { identity }),
    remove: (name) => apps.deleteSlot(group, APP, name),
  },
})) {
  await identitiesComeAndGo({ ...of, both: "SystemAssigned, UserAssigned", kind });
}

const FORBIDDEN = { status: 403, code: "AuthorizationFailed" };
await refusals([
  ["R6 settings: a reader lists them", () => reader.listApplicationSettings(group, APP), FORBIDDEN],
  ["R6 swap: a reader", () => reader.swapSlot(group, APP, SLOT, toProduction), FORBIDDEN],
  ["I9 swap: with itself", () => apps.swapSlot(group, APP, SLOT, { ...toProduction, targetSlot: SLOT }), { status: 409, code: "Conflict" }],
  ["I9 swap: with no slot", () => apps.swapSlot(group, APP, SLOT, { ...toProduction, targetSlot: "none" }), { status: 404, code: "ResourceNotFound" }],
]);
