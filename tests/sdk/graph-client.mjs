// graph-client.mjs - the directory through Microsoft's own client: a developer who signed in by a device code makes, reads, changes,
// lists and removes what a user of the tenant may, and the operator's user the rest.

import assert from "node:assert/strict";
import { DeviceCodeCredential } from "@azure/identity";
import { Client, GraphError, PageIterator } from "@microsoft/microsoft-graph-client";
import { TokenCredentialAuthenticationProvider } from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";
import { hasMembers, test } from "./lib/check.mjs";
import { credentialOf, facts } from "./lib/facts.mjs";
import { operator, operatorApi } from "./lib/operator.mjs";

const SCOPES = ["https://graph.microsoft.com/.default"];
const DOMAIN = "lanyard.localhost";
const PAGE = 3;
const NOBODY = "99999999-9999-9999-9999-999999999999";

const clientOf = (credential) => Client.initWithMiddleware({ authProvider: new TokenCredentialAuthenticationProvider(credential, { scopes: SCOPES }) });

// The client of its own choice, which is the Azure CLI's; the operator says yes to the code.
function signInAs(user) {
  const credential = new DeviceCodeCredential({
    tenantId: facts.tenant,
    userPromptCallback: ({ userCode }) => operator(["login", userCode, "--user", user, "--yes"]),
  });
  return clientOf(credential);
}

async function refused(call, status, code) {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof GraphError, String(error));
    assert.deepEqual([error.statusCode, error.code], [status, code], error.message);
    return true;
  });
}

await operator(["create", "user", "graphist"]);
const user = signInAs("graphist");
const admin = signInAs("me");
const reference = (id) => ({ "@odata.id": `https://graph.microsoft.com/v1.0/directoryObjects/${id}` });
const service = (displayName) => ({ displayName, mailEnabled: false, mailNickname: displayName, securityEnabled: true });
let me, application, principal;

await test("T10 a user signs in by a device code, and reads about itself and the tenant", async () => {
  me = await user.api("/me").get();
  hasMembers(me, { userPrincipalName: `graphist@${DOMAIN}` });
  const { value } = await user.api("/organization").select("id,verifiedDomains").get();
  assert.deepEqual(value, [{ id: facts.tenant, verifiedDomains: [{ capabilities: "", isDefault: true, isInitial: true, name: DOMAIN, type: "Managed" }] }]);
  assert.deepEqual((await user.api("/domains").get()).value.map(({ id, isDefault, isVerified }) => [id, isDefault, isVerified]), [[DOMAIN, true, true]]);
  hasMembers(await user.api(`/domains/${DOMAIN}`).get(), { id: DOMAIN });
});

await test("T10 a user registers an application, changes it, gives it a secret, and has its owner's rights", async () => {
  application = await user.api("/applications").post({ displayName: "Graphed", appRoles: [] });
  await user.api(`/applications/${application.id}`).patch({ notes: "changed", web: { homePageUrl: "https://graphed.example" } });
  hasMembers(await user.api(`/applications(appId='${application.appId}')`).get(), { notes: "changed", displayName: "Graphed" });
  const secret = await user.api(`/applications/${application.id}/addPassword`).post({ passwordCredential: { displayName: "one" } });
  assert.equal(secret.secretText.length, 40);
  principal = await user.api("/servicePrincipals").post({ appId: application.appId });
  const owners = await user.api(`/servicePrincipals/${principal.id}/owners`).get();
  assert.deepEqual(owners.value.map(({ id }) => id), [me.id]);
  await user.api(`/applications/${application.id}/removePassword`).post({ keyId: secret.keyId });
  assert.deepEqual((await user.api(`/applications/${application.id}`).get()).passwordCredentials, []);
});

await test("T10 a list in pages is walked by PageIterator, and counted", async () => {
  const names = Array.from({ length: 2 * PAGE + 1 }, (_, i) => `paged${i}`);
  for (const name of names) await user.api("/groups").post(service(name));
  const first = await user.api("/groups").filter("startswith(displayName,'paged')").select("id,displayName").top(PAGE).get();
  assert.equal(first.value.length, PAGE);
  const seen = [];
  const iterator = new PageIterator(user, first, (group) => seen.push(group) > 0);
  await iterator.iterate();
  assert.ok(iterator.isComplete());
  assert.deepEqual(seen.map(({ displayName }) => displayName).sort(), names);
  const counted = await user.api("/groups").header("ConsistencyLevel", "eventual").count(true).filter("startswith(displayName,'paged')").top(1).get();
  assert.equal(counted["@odata.count"], names.length);
  for (const { id } of seen) await user.api(`/groups/${id}`).delete();
  assert.deepEqual((await user.api("/groups").filter("startswith(displayName,'paged')").get()).value, []);
});

await test("R5 a user's group has members, direct and transitive, and says who is in which", async () => {
  const outer = await user.api("/groups").post({ ...service("outer-crew"), "members@odata.bind": [reference(principal.id)["@odata.id"]] });
  const inner = await user.api("/groups").post(service("inner-crew"));
  await user.api(`/groups/${outer.id}/members/$ref`).post(reference(inner.id));
  await user.api(`/groups/${inner.id}/members/$ref`).post(reference(me.id));
  await refused(() => user.api(`/groups/${inner.id}/members/$ref`).post(reference(me.id)), 400, "Request_BadRequest");
  const ids = (list) => list.value.map(({ id }) => id).sort();
  assert.deepEqual(ids(await user.api(`/groups/${outer.id}/members`).get()), [inner.id, principal.id].sort());
  assert.deepEqual(ids(await user.api(`/groups/${outer.id}/transitiveMembers/microsoft.graph.user`).get()), [me.id]);
  assert.deepEqual(ids(await user.api("/me/memberOf").get()), [inner.id]);
  assert.deepEqual(ids(await user.api("/me/transitiveMemberOf").get()), [inner.id, outer.id].sort());
  const checked = await user.api("/me/checkMemberGroups").post({ groupIds: [outer.id, NOBODY] });
  assert.deepEqual(checked.value, [outer.id]);
  assert.deepEqual((await user.api("/me/getMemberObjects").post({ securityEnabledOnly: false })).value.sort(), [inner.id, outer.id].sort());
  const named = await user.api("/directoryObjects/getByIds").post({ ids: [me.id, principal.id, NOBODY], types: ["user", "servicePrincipal"] });
  assert.deepEqual(named.value.map((object) => object["@odata.type"]).sort(), ["#microsoft.graph.servicePrincipal", "#microsoft.graph.user"]);
  await user.api(`/groups/${inner.id}/members/${me.id}/$ref`).delete();
  for (const { id } of [inner, outer]) await user.api(`/groups/${id}`).delete();
});

await test("S7 an owner gives a role of its own API to a managed identity, and takes it away", async () => {
  const role = { id: "30000000-0000-0000-0000-000000000001", value: "Tasks.Read", displayName: "Read", description: "Read", allowedMemberTypes: ["Application"], isEnabled: true };
  await user.api(`/applications/${application.id}`).patch({ appRoles: [role] });
  const principalId = facts.identities.one.principalId;
  const body = { principalId, resourceId: principal.id, appRoleId: role.id };
  const given = await user.api(`/servicePrincipals/${principalId}/appRoleAssignments`).post(body);
  hasMembers(given, { principalType: "ServicePrincipal", resourceDisplayName: "Graphed" });
  await refused(() => user.api(`/servicePrincipals/${principal.id}/appRoleAssignedTo`).post(body), 400, "Request_BadRequest");
  assert.equal((await user.api(`/servicePrincipals/${principal.id}/appRoleAssignedTo`).get()).value.length, 1);
  await user.api(`/servicePrincipals/${principal.id}/appRoleAssignedTo/${given.id}`).delete();
  assert.deepEqual((await user.api(`/servicePrincipals/${principalId}/appRoleAssignments`).get()).value, []);
});

await test("S7 a managed identity lists users with User.Read.All of Microsoft Graph, and without it nothing", async () => {
  const denied = (client, path) => refused(() => client.api(path).get(), 403, "Authorization_RequestDenied");
  await operator(["grant", "reader", "User.Read.All", "https://graph.microsoft.com"]);
  const allowed = clientOf(credentialOf("reader"));
  const { value } = await allowed.api("/users").select("id,userPrincipalName").get();
  assert.ok(value.some(({ id, userPrincipalName }) => id === me.id && userPrincipalName === `graphist@${DOMAIN}`));
  for (const path of ["/groups", "/applications", "/servicePrincipals", "/auditLogs/signIns"]) await denied(allowed, path);
  await refused(() => allowed.api(`/users/${me.id}`).patch({ jobTitle: "Cook" }), 403, "Authorization_RequestDenied");
  await denied(clientOf(credentialOf("nobody")), "/users");
  await operator(["revoke", "reader", "User.Read.All", "https://graph.microsoft.com"]);
  await denied(allowed, "/users"); // the token still has the role
});

await test("T10 a user changes nothing that others own, and makes no user", async () => {
  const other = await operatorApi("POST", "/v1.0/applications", { displayName: "Not his" });
  const denied = [
    () => user.api(`/applications/${other.id}`).patch({ notes: "x" }),
    () => user.api(`/applications/${other.id}/addPassword`).post({}),
    () => user.api(`/applications/${other.id}`).delete(),
    () => user.api(`/servicePrincipals/${facts.identities.one.principalId}`).delete(),
    () => user.api(`/groups/${facts.groups.outer.id}/members/$ref`).post(reference(me.id)),
    () => user.api("/users").post({ displayName: "x" }),
    () => user.api(`/users/${me.id}`).patch({ passwordProfile: { password: "Correct-horse-7" } }),
    () => user.api("/auditLogs/signIns").get(),
  ];
  for (const call of denied) await refused(call, 403, "Authorization_RequestDenied");
  await refused(() => user.api(`/applications/${NOBODY}`).get(), 404, "Request_ResourceNotFound");
  await refused(() => user.api("/applications").filter("nonsense eq 'x'").get(), 400, "BadRequest");
});

await test("T10 the operator's user makes a user, changes and removes it", async () => {
  const made = await admin.api("/users").post({
    accountEnabled: true, displayName: "Made", mailNickname: "made", userPrincipalName: `made@${DOMAIN}`,
    passwordProfile: { password: "Correct-horse-8", forceChangePasswordNextSignIn: true },
  });
  await admin.api(`/users/${made.id}`).patch({ jobTitle: "Cook" });
  hasMembers(await user.api(`/users/made@${DOMAIN}`).select(["jobTitle", "displayName"]).get(), { jobTitle: "Cook", displayName: "Made" });
  await admin.api(`/users/${made.id}`).delete();
  await refused(() => admin.api(`/users/${made.id}`).get(), 404, "Request_ResourceNotFound");
});

await test("T10 an application is removed with its service principal, and its owner owns nothing more", async () => {
  await user.api(`/applications/${application.id}`).delete();
  await refused(() => user.api(`/servicePrincipals/${principal.id}`).get(), 404, "Request_ResourceNotFound");
  assert.deepEqual((await user.api("/me/ownedObjects").get()).value, []);
});
