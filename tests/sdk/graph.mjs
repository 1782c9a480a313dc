// graph.mjs - groups: roles that are given to them, as the SDKs' users see it, and what Microsoft Graph
// says to a managed identity that was granted no permission of it.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { ResourceManagementClient } from "@azure/arm-resources";
import { DefaultAzureCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";
import { hasMembers, refusals, refused, test } from "./lib/check.mjs";
import { credentialOf, facts, roleId } from "./lib/facts.mjs";

const GRAPH = "https://graph.microsoft.com";
const DENIED = { status: 403, code: "AuthorizationFailed" };

const owner = new AuthorizationManagementClient(new DefaultAzureCredential(), facts.subscription);
const resourcesOf = (name) => new ResourceManagementClient(credentialOf(name), facts.subscription);
const secretsOf = (name) => new SecretClient(`https://${facts.vault.name}.vault.azure.net`, credentialOf(name), { retryOptions: { maxRetries: 0 } });
const member = resourcesOf("member");

await test("R5 a role of a group reaches who is in a group of that group", async () => {
  assert.equal((await member.resourceGroups.get(facts.group)).name, facts.group);
});

await refusals([
  ["R5 but no more than that role", () => member.resourceGroups.createOrUpdate("graph", { location: facts.location }), DENIED],
  ["R5 and nobody else", () => resourcesOf("nobody").resourceGroups.get(facts.group), DENIED],
  ["R5 a role on resources is none on data", () => secretsOf("member").getSecret("graph"), { status: 403, inner: "ForbiddenByRbac" }],
]);

await test("R5 a data role given to the group counts for its members at once, and ends with the assignment", async () => {
  await secretsOf("officer").setSecret("graph", "LANYARD-SECRET-graph");
  const made = await owner.roleAssignments.create(facts.vault.id, randomUUID(), {
    roleDefinitionId: roleId("secretsUser"),
    principalId: facts.groups.outer.id,
    principalType: "Group",
  });
  hasMembers(made, { principalId: facts.groups.outer.id, principalType: "Group" });
  assert.equal((await secretsOf("member").getSecret("graph")).name, "graph");
  await owner.roleAssignments.deleteById(made.id);
  await refused(() => secretsOf("member").getSecret("graph"), { status: 403, inner: "ForbiddenByRbac" });
});

await test("R5 a group is taken for what it is", async () => {
  const create = (principalType) =>
    owner.roleAssignments.create(facts.vault.id, randomUUID(), {
      roleDefinitionId: roleId("reader"),
      principalId: facts.groups.inner.id,
      principalType,
    });
  await refused(() => create("User"), { status: 400, code: "UnmatchedPrincipalType" });
  await refused(() => create("ServicePrincipal"), { status: 400, code: "UnmatchedPrincipalType" });
});

async function askGraph(path, token, options) {
  const response = await fetch(`${GRAPH}${path}`, { ...options, headers: { ...options?.headers, ...(token && { Authorization: `Bearer ${token}` }) } });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

for (const [who, credential] of [["the owner of the subscription", new DefaultAzureCredential()], ["a member of groups", credentialOf("member")]]) {
  await test(`Graph tells ${who} nothing without a permission of its own`, async () => {
    const { token } = await credential.getToken(`${GRAPH}/.default`);
    for (const path of ["/v1.0/users", "/v1.0/groups", `/v1.0/groups/${facts.groups.outer.id}/members`, "/beta/servicePrincipals"]) {
      const { status, headers, body } = await askGraph(path, token);
      assert.equal(status, 403, path);
      hasMembers(body.error, { code: "Authorization_RequestDenied", message: "Insufficient privileges to complete the operation." });
      assert.equal(body.error.innerError["request-id"], headers.get("request-id"));
    }
    const me = await askGraph("/v1.0/me", token);
    hasMembers(me.body.error, { code: "BadRequest", message: "/me request is only valid with delegated authentication flow." });
  });
}

await test("Graph takes no other service's token, and none at all", async () => {
  const { token } = await new DefaultAzureCredential().getToken("https://management.azure.com/.default");
  for (const wrong of [undefined, "nonsense", token]) {
    const { status, headers, body } = await askGraph("/v1.0/users", wrong);
    assert.equal(status, 401);
    assert.equal(body.error.code, "InvalidAuthenticationToken");
    assert.match(headers.get("www-authenticate"), /^Bearer /);
  }
});
