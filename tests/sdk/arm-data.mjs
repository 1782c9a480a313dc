// arm-data.mjs - @azure/arm-appconfiguration, -cosmosdb, -sql and -postgresql-flexible: stores and servers with their parts and identities.

import assert from "node:assert/strict";
import { DefaultAzureCredential } from "@azure/identity";
import { AppConfigurationManagementClient } from "@azure/arm-appconfiguration";
import { CosmosDBManagementClient } from "@azure/arm-cosmosdb";
import { PostgreSQLManagementFlexibleServerClient } from "@azure/arm-postgresql-flexible";
import { ResourceManagementClient } from "@azure/arm-resources";
import { SqlManagementClient } from "@azure/arm-sql";
import { all, hasMembers, refusals, refused, test } from "./lib/check.mjs";
import { credentialOf, facts, groupId } from "./lib/facts.mjs";
import { identitiesComeAndGo } from "./lib/identities.mjs";

const GROUP = "arm-data";
const { location, subscription } = facts;
const credential = new DefaultAzureCredential();
const stores = new AppConfigurationManagementClient(credential, subscription);
const cosmos = new CosmosDBManagementClient(credential, subscription);
const sql = new SqlManagementClient(credential, subscription);
const postgres = new PostgreSQLManagementFlexibleServerClient(credential, subscription);
await new ResourceManagementClient(credential, subscription).resourceGroups.createOrUpdate(GROUP, { location });

const names = async (list) => (await all(list)).map(({ name }) => name);
const idOf = (type, name) => `${groupId(GROUP)}/providers/${type}/${name}`;
const GONE = { status: 404, code: "ResourceNotFound" };

// --- App Configuration ---

const STORE = "lanyard-sdk-store";
const store = (rest = {}) => ({ location, sku: { name: "standard" }, ...rest });

await test("D1 store: named, made, read, updated, listed", async () => {
  const check = () => stores.operations.checkNameAvailability({ name: STORE, type: "Microsoft.AppConfiguration/configurationStores" });
  hasMembers(await check(), { nameAvailable: true });
  const made = await stores.configurationStores.beginCreateAndWait(GROUP, STORE, store({ disableLocalAuth: true }));
  hasMembers(made, { id: idOf("Microsoft.AppConfiguration/configurationStores", STORE), name: STORE, endpoint: `https://${STORE}.azconfig.io` });
  hasMembers(made, { provisioningState: "Succeeded", disableLocalAuth: true });
  hasMembers(await check(), { nameAvailable: false, reason: "AlreadyExists" });
  const after = await stores.configurationStores.beginUpdateAndWait(GROUP, STORE, { tags: { a: "1" } });
  hasMembers(after, { tags: { a: "1" }, disableLocalAuth: true });
  for (const list of [stores.configurationStores.listByResourceGroup(GROUP), stores.configurationStores.list()]) assert.ok((await names(list)).includes(STORE));
  assert.deepEqual(await all(stores.configurationStores.listKeys(GROUP, STORE)), []);
});

await identitiesComeAndGo({
  create: (name, identity) => stores.configurationStores.beginCreateAndWait(GROUP, `${STORE}-${name}`, store({ identity })),
  get: (name) => stores.configurationStores.get(GROUP, `${STORE}-${name}`),
  update: (name, identity) => stores.configurationStores.beginUpdateAndWait(GROUP, `${STORE}-${name}`, { identity }),
  remove: (name) => stores.configurationStores.beginDeleteAndWait(GROUP, `${STORE}-${name}`),
  both: "SystemAssigned, UserAssigned",
});

await test("D1 store: deleted", async () => {
  await stores.configurationStores.beginDeleteAndWait(GROUP, STORE);
  await refused(() => stores.configurationStores.get(GROUP, STORE), GONE);
});

// --- Cosmos DB ---

const ACCOUNT = "lanyard-sdk-cosmos";
const { databaseAccounts: accounts, sqlResources } = cosmos;
const account = (rest = {}) => ({ location, databaseAccountOfferType: "Standard", locations: [{ locationName: location, failoverPriority: 0 }], ...rest });

await test("D1 account: named, made, read, updated, listed", async () => {
  assert.equal((await accounts.checkNameExists(ACCOUNT)).body, false);
  const made = await accounts.createOrUpdate(GROUP, ACCOUNT, account({ disableLocalAuth: true }));
  hasMembers(made, { id: idOf("Microsoft.DocumentDB/databaseAccounts", ACCOUNT), kind: "GlobalDocumentDB", provisioningState: "Succeeded", disableLocalAuth: true });
  assert.equal(made.documentEndpoint, `https://${ACCOUNT}.documents.azure.com:443/`);
  assert.equal(made.writeLocations[0].locationName, location);
  assert.equal((await accounts.checkNameExists(ACCOUNT)).body, true);
  hasMembers(await accounts.update(GROUP, ACCOUNT, { tags: { a: "1" } }), { tags: { a: "1" }, disableLocalAuth: true });
  for (const list of [accounts.listByResourceGroup(GROUP), accounts.list()]) assert.ok((await names(list)).includes(ACCOUNT));
  assert.equal((await accounts.listKeys(GROUP, ACCOUNT)).primaryMasterKey, undefined);
});

await test("D1 account: databases and containers", async () => {
  const made = await sqlResources.createUpdateSqlDatabase(GROUP, ACCOUNT, "shop", { location, resource: { id: "shop" }, options: {} });
  hasMembers(made, { name: "shop", type: "Microsoft.DocumentDB/databaseAccounts/sqlDatabases" });
  const resource = { id: "orders", partitionKey: { paths: ["/customer"], kind: "Hash" } };
  await sqlResources.createUpdateSqlContainer(GROUP, ACCOUNT, "shop", "orders", { location, resource, options: {} });
  assert.deepEqual((await sqlResources.getSqlContainer(GROUP, ACCOUNT, "shop", "orders")).resource.partitionKey.paths, ["/customer"]);
  assert.deepEqual(await names(sqlResources.listSqlDatabases(GROUP, ACCOUNT)), ["shop"]);
  await sqlResources.deleteSqlDatabase(GROUP, ACCOUNT, "shop");
  await refused(() => sqlResources.getSqlContainer(GROUP, ACCOUNT, "shop", "orders"), { status: 404 });
});

const accountId = idOf("Microsoft.DocumentDB/databaseAccounts", ACCOUNT);
const CUSTOM = "6f1b1f0e-0000-4000-8000-000000000001";
const READER = "00000000-0000-0000-0000-000000000001";
const roleOf = (name) => `${accountId}/sqlRoleDefinitions/${name}`;
const dataAction = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/read";
const custom = (rest = {}) => ({ roleName: "Orders reader", typePropertiesType: "CustomRole", assignableScopes: [`${accountId}/dbs/shop`], permissions: [{ dataActions: [dataAction] }], ...rest });
const putRole = (rest, name = CUSTOM) => sqlResources.createUpdateSqlRoleDefinition(GROUP, ACCOUNT, name, custom(rest));
const assign = (rest = {}) => sqlResources.createUpdateSqlRoleAssignment(GROUP, ACCOUNT, CUSTOM,
  { roleDefinitionId: roleOf(CUSTOM), scope: `${accountId}/dbs/shop/colls/orders`, principalId: facts.identities.one.principalId, ...rest });

await test("R7 account: two roles come with it; a custom one is made, assigned, listed", async () => {
  const builtIn = await all(sqlResources.listSqlRoleDefinitions(GROUP, ACCOUNT));
  assert.deepEqual(builtIn.map(({ roleName }) => roleName), ["Cosmos DB Built-in Data Reader", "Cosmos DB Built-in Data Contributor"]);
  assert.deepEqual(builtIn[0].assignableScopes, [accountId]);
  hasMembers(await putRole(), { id: roleOf(CUSTOM), roleName: "Orders reader" });
  hasMembers(await assign(), { roleDefinitionId: roleOf(CUSTOM), principalId: facts.identities.one.principalId });
  await assign({ roleDefinitionId: roleOf(READER), scope: accountId });
  await assign();
  assert.equal((await all(sqlResources.listSqlRoleAssignments(GROUP, ACCOUNT))).length, 1);
});

await refusals([
  ["R7 role: a built-in one is not changed", () => putRole({}, READER), { status: 405 }],
  ["R7 role: a built-in one is not deleted", () => sqlResources.deleteSqlRoleDefinition(GROUP, ACCOUNT, READER), { status: 405 }],
  ["R7 role: an action of Azure's", () => putRole({ permissions: [{ dataActions: ["Microsoft.Storage/storageAccounts/read"] }] }), { status: 400 }],
  ["R7 role: a scope of another account", () => putRole({ assignableScopes: [`${accountId}2`] }), { status: 400 }],
  ["R7 role: a scope that is none", () => putRole({ assignableScopes: [`${accountId}/sqlDatabases/shop`] }), { status: 400 }],
  ["R7 assignment: outside of the role's scopes", () => assign({ scope: accountId }), { status: 400, message: /assignableScopes/ }],
  ["R7 assignment: of an unknown role", () => assign({ roleDefinitionId: roleOf("6f1b1f0e-0000-4000-8000-000000000009") }), { status: 400, code: "InvalidResourceReference" }],
  ["R7 assignment: to nobody", () => assign({ principalId: "6f1b1f0e-0000-4000-8000-000000000009" }), { status: 400, message: /was not found in the AAD tenant/ }],
  ["R7 role: one that is assigned is not deleted", () => sqlResources.deleteSqlRoleDefinition(GROUP, ACCOUNT, CUSTOM), { status: 409 }],
]);

await test("R7 account: its roles and assignments are deleted", async () => {
  await sqlResources.deleteSqlRoleAssignment(GROUP, ACCOUNT, CUSTOM);
  await sqlResources.deleteSqlRoleDefinition(GROUP, ACCOUNT, CUSTOM);
  await refused(() => sqlResources.getSqlRoleDefinition(GROUP, ACCOUNT, CUSTOM), { status: 404 });
});

await identitiesComeAndGo({
  create: (name, identity) => accounts.createOrUpdate(GROUP, `${ACCOUNT}-${name}`, account({ identity })),
  get: (name) => accounts.get(GROUP, `${ACCOUNT}-${name}`),
  update: (name, identity) => accounts.update(GROUP, `${ACCOUNT}-${name}`, { identity }),
  remove: (name) => accounts.delete(GROUP, `${ACCOUNT}-${name}`),
  both: "SystemAssigned,UserAssigned",
  none: "None",
});

await test("D1 account: deleted", async () => {
  await accounts.delete(GROUP, ACCOUNT);
  await refused(() => accounts.get(GROUP, ACCOUNT), GONE);
});

// --- SQL ---

const SERVER = "lanyard-sdk-sql";
const PASSWORD = "LANYARD-SECRET-sql"; // tests/leaks looks for it
const server = (rest = {}) => ({ location, administratorLogin: "boss", administratorLoginPassword: PASSWORD, ...rest });
const admin = { administratorType: "ActiveDirectory", login: "shop-app", sid: facts.identities.one.clientId, tenantId: facts.tenant };

await test("D1 SQL server: named, made, read, updated, listed; T9 its password is not shown", async () => {
  hasMembers(await sql.servers.checkNameAvailability({ name: SERVER, type: "Microsoft.Sql/servers" }), { available: true });
  const made = await sql.servers.beginCreateOrUpdateAndWait(GROUP, SERVER, server());
  hasMembers(made, { id: idOf("Microsoft.Sql/servers", SERVER), fullyQualifiedDomainName: `${SERVER}.database.windows.net`, state: "Ready", administratorLogin: "boss" });
  assert.ok(!JSON.stringify(made).includes(PASSWORD));
  hasMembers(await sql.servers.checkNameAvailability({ name: SERVER, type: "Microsoft.Sql/servers" }), { available: false, reason: "AlreadyExists" });
  hasMembers(await sql.servers.beginUpdateAndWait(GROUP, SERVER, { tags: { a: "1" } }), { tags: { a: "1" }, administratorLogin: "boss" });
  for (const list of [sql.servers.listByResourceGroup(GROUP), sql.servers.list()]) assert.ok((await names(list)).includes(SERVER));
});

await test("D1 SQL server: an administrator by identity, tokens alone, databases", async () => {
  hasMembers(await sql.serverAzureADAdministrators.beginCreateOrUpdateAndWait(GROUP, SERVER, "ActiveDirectory", admin), { login: "shop-app", sid: admin.sid });
  hasMembers(await sql.serverAzureADAdministrators.get(GROUP, SERVER, "ActiveDirectory"), admin);
  hasMembers(await sql.serverAzureADOnlyAuthentications.get(GROUP, SERVER, "Default"), { azureADOnlyAuthentication: false });
  const only = { azureADOnlyAuthentication: true };
  hasMembers(await sql.serverAzureADOnlyAuthentications.beginCreateOrUpdateAndWait(GROUP, SERVER, "Default", only), only);
  hasMembers((await sql.servers.get(GROUP, SERVER)).administrators, { login: "shop-app", sid: admin.sid, azureADOnlyAuthentication: true });
  hasMembers(await sql.databases.beginCreateOrUpdateAndWait(GROUP, SERVER, "orders", { location }), { name: "orders", status: "Online" });
  assert.deepEqual(await names(sql.databases.listByServer(GROUP, SERVER)), ["orders"]);
  await sql.databases.beginDeleteAndWait(GROUP, SERVER, "orders");
  await sql.firewallRules.createOrUpdate(GROUP, SERVER, "home", { startIpAddress: "192.0.2.1", endIpAddress: "192.0.2.1" });
  await sql.firewallRules.delete(GROUP, SERVER, "home");
});

await identitiesComeAndGo({
  create: (name, identity) => sql.servers.beginCreateOrUpdateAndWait(GROUP, `${SERVER}-${name}`, server({ identity })),
  get: (name) => sql.servers.get(GROUP, `${SERVER}-${name}`),
  update: (name, identity) => sql.servers.beginUpdateAndWait(GROUP, `${SERVER}-${name}`, { identity }),
  remove: (name) => sql.servers.beginDeleteAndWait(GROUP, `${SERVER}-${name}`),
  both: "SystemAssigned,UserAssigned",
});

await test("D1 SQL server: deleted", async () => {
  await sql.servers.beginDeleteAndWait(GROUP, SERVER);
  await refused(() => sql.servers.get(GROUP, SERVER), GONE);
});

// --- PostgreSQL ---

const PG = "lanyard-sdk-pg";
const pg = (rest = {}) => ({ location, sku: { name: "Standard_D2s_v3", tier: "GeneralPurpose" }, version: "16", authConfig: { activeDirectoryAuth: "Enabled", passwordAuth: "Disabled" }, ...rest });
const pgAdmin = { principalType: "ServicePrincipal", principalName: "one", tenantId: facts.tenant };

await test("D1 PostgreSQL server: named, made, read, updated, listed", async () => {
  const check = () => postgres.nameAvailability.checkGlobally({ name: PG, type: "Microsoft.DBforPostgreSQL/flexibleServers" });
  hasMembers(await check(), { nameAvailable: true, name: PG });
  const made = await postgres.servers.beginCreateOrUpdateAndWait(GROUP, PG, pg());
  hasMembers(made, { name: PG, fullyQualifiedDomainName: `${PG}.postgres.database.azure.com`, state: "Ready", version: "16" });
  assert.equal(made.authConfig.activeDirectoryAuth, "Enabled");
  hasMembers(await check(), { nameAvailable: false, reason: "AlreadyExists" });
  hasMembers(await postgres.nameAvailability.checkWithLocation(location, { name: PG }), { nameAvailable: false });
  hasMembers(await postgres.servers.beginUpdateAndWait(GROUP, PG, { tags: { a: "1" } }), { tags: { a: "1" }, version: "16" });
  for (const list of [postgres.servers.listByResourceGroup(GROUP), postgres.servers.listBySubscription()]) assert.ok((await names(list)).includes(PG));
});

await test("D1 PostgreSQL server: an administrator by identity, databases, configurations", async () => {
  const { principalId } = facts.identities.one;
  const { administratorsMicrosoftEntra: admins, databases, configurations } = postgres;
  hasMembers(await admins.beginCreateOrUpdateAndWait(GROUP, PG, principalId, pgAdmin), { ...pgAdmin, objectId: principalId });
  assert.deepEqual(await names(admins.listByServer(GROUP, PG)), [principalId]);
  hasMembers(await databases.beginCreateAndWait(GROUP, PG, "orders", {}), { name: "orders", charset: "UTF8" });
  assert.deepEqual(await names(databases.listByServer(GROUP, PG)), ["orders", "postgres"]);
  hasMembers(await configurations.beginPutAndWait(GROUP, PG, "log_statement", { value: "ddl", source: "user-override" }), { value: "ddl" });
  await databases.beginDeleteAndWait(GROUP, PG, "orders");
  await admins.beginDeleteAndWait(GROUP, PG, principalId);
  assert.deepEqual(await all(admins.listByServer(GROUP, PG)), []);
});

await identitiesComeAndGo({
  create: (name, identity) => postgres.servers.beginCreateOrUpdateAndWait(GROUP, `${PG}-${name}`, pg({ identity })),
  get: (name) => postgres.servers.get(GROUP, `${PG}-${name}`),
  update: (name, identity) => postgres.servers.beginUpdateAndWait(GROUP, `${PG}-${name}`, { identity }),
  remove: (name) => postgres.servers.beginDeleteAndWait(GROUP, `${PG}-${name}`),
  both: "SystemAssigned,UserAssigned",
});

const readers = new SqlManagementClient(credentialOf("reader"), subscription);
await refusals([
  ["R6 Reader: makes a server", () => readers.servers.beginCreateOrUpdateAndWait(GROUP, SERVER, server()), { status: 403, code: "AuthorizationFailed" }],
  ["D1 PostgreSQL: an administrator who is no id", () => postgres.administratorsMicrosoftEntra.beginCreateOrUpdateAndWait(GROUP, PG, "me", pgAdmin), { status: 400 }],
  ["D1 PostgreSQL: a database of no server", () => postgres.databases.beginCreateAndWait(GROUP, "no-such-server", "orders", {}), { status: 404 }],
]);

await test("D1 PostgreSQL server: deleted", async () => {
  await postgres.servers.beginDeleteAndWait(GROUP, PG);
  await refused(() => postgres.servers.get(GROUP, PG), GONE);
});
