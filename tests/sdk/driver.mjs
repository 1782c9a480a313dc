// driver.mjs - starts a server, makes what the programs need, and runs each of them in the sandbox
// as the resource that it is about.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { Issuer } from "./lib/issuer.mjs";
import { ROLES } from "./lib/roles.mjs";
import { sandboxless, Server } from "./lib/server.mjs";

const PROGRAM_TIMEOUT_MS = 300_000;
const GROUP = "sdk";
const LOCATION = "westus";
const VAULT = "lanyard-sdk";

// Each program, and the machines that it runs on, once on each.
const PROGRAMS = {
  identity: ["vm-system", "vm-one", "vm-two", "vm-both", "vm-none"],
  // Arc's keys lie in a directory that only a sandbox has.
  endpoints: ["site", "site-one", "front", "trainer", "default", "orders", ...(sandboxless ? [] : ["edge"])],
  "workload-identity": ["pods"],
  keyvault: ["tester"],
  "keyvault-conditions": ["tester"],
  "arm-monitor": ["tester"],
  "arm-msi": ["tester"],
  "arm-authorization": ["tester"],
  "arm-resources": ["tester"],
  "arm-deployments": ["tester"],
  "arm-management": ["tester"],
  "arm-keyvault": ["tester"],
  "arm-appservice": ["tester"],
  "arm-compute": ["tester"],
  "arm-network": ["tester"],
  "deployment-order": ["tester"],
  "arm-storage": ["tester"],
  "arm-servicebus": ["tester"],
  "arm-data": ["tester"],
  "arm-containers": ["tester"],
  "google-auth": ["vm-system"],
  federation: ["vm-one"],
  propagation: ["tester"],
  graph: ["tester"],
  "graph-client": ["tester"],
  "claims-challenge": ["tester"],
  applications: ["tester"],
};

// Programs that need a server of their own, started with these options.
const OPTIONS = { propagation: ["--propagation", "cloud", "--test-clock"] };
const SETTLED = "+1h"; // by then all that the fixtures gave counts, under any figures

// User-assigned identities, and the role that each has where.
const IDENTITIES = {
  one: [],
  two: [],
  loose: [],
  nobody: [],
  member: [],
  officer: ["secretsOfficer", "vault"],
  user: ["secretsUser", "vault"],
  pods: ["secretsUser", "vault"],
  "vault-reader": ["vaultReader", "vault"],
  "single-secret": ["secretsUser", "secret"],
  conditional: [],
  denied: ["secretsUser", "vault"],
  reader: ["reader", "subscription"],
  contributor: ["contributor", "subscription"],
};

// Virtual machines: whether system-assigned, and which user-assigned identities. The tester is the
// Owner of the subscription, and can speak as everybody who has or lacks a role.
const MACHINES = {
  "vm-system": [true, []],
  "vm-one": [false, ["one"]],
  "vm-two": [false, ["one", "two"]],
  "vm-both": [true, ["one"]],
  "vm-none": [false, []],
  tester: [true, ["nobody", "member", "officer", "user", "vault-reader", "single-secret", "conditional", "denied", "reader", "contributor"]],
};

// Other resources, each with a token endpoint of its platform's: type, api-version, and identities as above.
const SOURCES = {
  site: ["Microsoft.Web/sites", "2024-04-01", true, ["one"]],
  "site-one": ["Microsoft.Web/sites", "2024-04-01", false, ["one"]],
  front: ["Microsoft.App/containerApps", "2024-03-01", true, ["one"]],
  trainer: ["Microsoft.MachineLearningServices/workspaces", "2024-04-01", true, ["one"]],
  default: ["Microsoft.Portal/consoles", "2018-10-01", true, []],
  cluster: ["Microsoft.ServiceFabric/managedClusters", "2024-04-01", false, []],
  orders: ["Microsoft.ServiceFabric/managedClusters/cluster/applications", "2024-04-01", true, []],
  pods: ["Microsoft.ContainerService/managedClusters", "2024-05-01", false, []],
  edge: ["Microsoft.HybridCompute/machines", "2024-07-10", true, []],
};

// Clusters: the service account that programs run under, with its namespace, and the identity that trusts it.
const ACCOUNTS = { pods: ["web", "front", "pods"] };

// Groups, the identities and groups in each, and the role that each has where.
const GROUPS = {
  inner: [["member"], []],
  outer: [["inner"], ["reader", "subscription"]],
};

async function makeGroups(server, identities, assign) {
  const groups = {};
  for (const [name, [members, role]] of Object.entries(GROUPS)) {
    const made = await server.api("POST", "/v1.0/groups", { displayName: name, mailNickname: name, mailEnabled: false, securityEnabled: true });
    for (const each of members) {
      const id = groups[each]?.id ?? identities[each].principalId;
      await server.api("POST", `/v1.0/groups/${made.id}/members/$ref`, { "@odata.id": `https://graph.microsoft.com/v1.0/directoryObjects/${id}` });
    }
    groups[name] = { name, id: made.id };
    if (role.length) await assign(...role, made.id);
  }
  return groups;
}

// An identity and an application that trust the outside issuer, another application that trusts the identity, and tokens to try.
async function makeTrust(server, issuer, { one }) {
  const audiences = ["api://AzureADTokenExchange"];
  const application = async (name, trust) => {
    const { id, appId } = await server.api("POST", "/v1.0/applications", { displayName: name });
    const service = await server.api("POST", "/v1.0/servicePrincipals", { appId });
    await server.api("POST", `/v1.0/applications/${id}/federatedIdentityCredentials`, { name: "trust", audiences, ...trust });
    return { appId, service: service.id };
  };
  const outside = { issuer: issuer.url, subject: "repo:o/r" };
  await server.api("PUT", `${one.id}/federatedIdentityCredentials/trust?api-version=2023-01-31`, { properties: { ...outside, audiences } });
  return {
    application: await application("Outside", outside),
    trusting: await application("Trusting", { issuer: `https://login.microsoftonline.com/${server.status.tenant}/v2.0`, subject: one.principalId }),
    tokens: {
      good: issuer.token("repo:o/r"), otherCase: issuer.token("Repo:o/r"), otherSubject: issuer.token("repo:o/s"),
      otherAudience: issuer.token("repo:o/r", "api://other"),
    },
  };
}

// The cluster's issuer, once an identity trusts its service account.
async function trustAccount(server, cluster, identities, [namespace, name, identity]) {
  const issuer = cluster.properties.oidcIssuerProfile.issuerURL;
  const properties = { issuer, subject: `system:serviceaccount:${namespace}:${name}`, audiences: ["api://AzureADTokenExchange"] };
  await server.api("PUT", `${identities[identity].id}/federatedIdentityCredentials/pods?api-version=2024-11-30`, { properties });
  return { issuer, account: `${namespace}/${name}` };
}

async function makeFixtures(server, issuer) {
  const { tenant, subscription } = server.status;
  const subscriptionId = `/subscriptions/${subscription}`;
  const group = `${subscriptionId}/resourceGroups/${GROUP}`;
  const vault = `${group}/providers/Microsoft.KeyVault/vaults/${VAULT}`;
  const scopes = { subscription: subscriptionId, vault, secret: `${vault}/secrets/only-this` };
  const put = (id, version, body) => server.api("PUT", `${id}?api-version=${version}`, body);
  const assign = (role, scope, principalId, principalType = "ServicePrincipal") =>
    put(`${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`, "2022-04-01", {
      properties: {
        roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${ROLES[role]}`,
        principalId,
        principalType, // it may be so new that nobody knows it yet
      },
    });

  await put(group, "2022-09-01", { location: LOCATION });
  await put(vault, "2023-07-01", {
    location: LOCATION,
    properties: { tenantId: tenant, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true },
  });

  const identities = {};
  for (const [name, [role, where]] of Object.entries(IDENTITIES)) {
    const { id, properties } = await put(
      `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`,
      "2024-11-30",
      { location: LOCATION },
    );
    identities[name] = { name, id, principalId: properties.principalId, clientId: properties.clientId };
    if (role) await assign(role, scopes[where], properties.principalId);
  }
  const groups = await makeGroups(server, identities, (role, where, id) => assign(role, scopes[where], id, "Group"));

  const vms = {};
  const machines = Object.entries(MACHINES).map(([name, row]) => [name, ["Microsoft.Compute/virtualMachines", "2024-07-01", ...row]]);
  for (const [name, [type_, version, system, attached]] of [...machines, ...Object.entries(SOURCES)]) {
    const id = `${group}/providers/${type_}/${name}`;
    const type = [system && "SystemAssigned", attached.length && "UserAssigned"].filter(Boolean).join(", ") || "None";
    const userAssignedIdentities = Object.fromEntries(attached.map((each) => [identities[each].id, {}]));
    const made = await put(id, version, {
      location: LOCATION,
      identity: { type, ...(attached.length && { userAssignedIdentities }) },
      properties: type_ === "Microsoft.Compute/virtualMachines" ? { hardwareProfile: { vmSize: "Standard_D2s_v5" } } : {},
    });
    vms[name] = { name, id, ...(ACCOUNTS[name] && (await trustAccount(server, made, identities, ACCOUNTS[name]))) };
    if (!system) continue;
    const own = await server.api("GET", `${id}/providers/Microsoft.ManagedIdentity/identities/default?api-version=2024-11-30`);
    Object.assign(vms[name], { principalId: own.properties.principalId, clientId: own.properties.clientId });
  }
  await assign("owner", subscriptionId, vms.tester.principalId);

  // Only the operator makes these: a deny at one secret, for one of them.
  const deny = randomUUID();
  await server.api("PUT", `/lanyard/deny-assignments/${deny}`, {
    name: "Not this one",
    scope: `${vault}/secrets/denied-one`,
    permissions: [{ dataActions: ["Microsoft.KeyVault/vaults/secrets/getSecret/action"] }],
    principals: [{ id: identities.denied.principalId, type: "ServicePrincipal" }],
  });

  const federation = await makeTrust(server, issuer, identities);
  return { tenant, subscription, group: GROUP, location: LOCATION, vault: { name: VAULT, id: vault }, vms, identities, groups, deny, federation };
}

// One server with these options, and the programs on it one after another. Calls `fail` with what went wrong.
async function serve(options, programs, fail) {
  const server = new Server();
  const issuer = new Issuer();
  const stop = async () => { await server.stop(); process.exit(1); };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  try {
    await issuer.start(server.home);
    await server.start([...options, "--allow-issuer", issuer.url, "--issuer-ca", issuer.ca]);
    const facts = await makeFixtures(server, issuer);
    if (options.includes("--test-clock")) await server.call(["clock", SETTLED]);
    const file = join(server.home, "facts.json");
    writeFileSync(file, JSON.stringify(facts, null, 2));
    for (const program of programs) {
      for (const machine of PROGRAMS[program]) {
        const command = [process.execPath, join(import.meta.dirname, `${program}.mjs`), machine];
        const end = await server.runAs(facts.vms[machine], command, { LANYARD_SDK_FACTS: file }, PROGRAM_TIMEOUT_MS, file);
        if (end === 1) fail(); // it has said why
        else if (end !== 0) fail(`${program} ${machine}`, end === "SIGKILL" ? "took too long" : `ended with ${end}`);
      }
    }
  } catch (error) {
    fail("sdk: the server and its fixtures", error.stderr || error.message);
  }
  issuer.stop();
  if (!(await server.stop())) fail("sdk: the server stops when told to", "see its log");
  process.off("SIGTERM", stop);
  process.off("SIGINT", stop);
}

async function main(wanted) {
  let failed = false;
  const fail = (name, reason) => {
    failed = true;
    if (name) console.log(`not ok ${name} - ${String(reason).trim().split("\n")[0]}`);
  };
  const common = wanted.filter((name) => !OPTIONS[name]);
  if (common.length) await serve([], common, fail);
  for (const name of wanted.filter((each) => OPTIONS[each])) await serve(OPTIONS[name], [name], fail);
  process.exitCode = failed ? 1 : 0;
}

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !(name in PROGRAMS));
if (unknown) {
  console.error(`no such program: ${unknown} (${Object.keys(PROGRAMS).join(", ")})`);
  process.exitCode = 2;
} else {
  await main(wanted.length ? wanted : Object.keys(PROGRAMS));
}
