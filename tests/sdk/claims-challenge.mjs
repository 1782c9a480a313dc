// claims-challenge.mjs - an application whose tokens are revoked while it runs: the SDK answers the claims challenge by itself, and goes on.

import assert from "node:assert/strict";
import { ResourceManagementClient } from "@azure/arm-resources";
import { ClientSecretCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";
import { Client } from "@microsoft/microsoft-graph-client";
import { TokenCredentialAuthenticationProvider } from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";
import { test } from "./lib/check.mjs";
import { facts } from "./lib/facts.mjs";
import { operator, operatorApi } from "./lib/operator.mjs";

const GRAPH = "https://graph.microsoft.com";
const application = await operatorApi("POST", "/v1.0/applications", { displayName: "Challenged" });
const service = await operatorApi("POST", "/v1.0/servicePrincipals", { appId: application.appId });
const { secretText } = await operatorApi("POST", `/v1.0/applications/${application.id}/addPassword`, {});
const credential = new ClientSecretCredential(facts.tenant, application.appId, secretText);
await operator(["grant", "Challenged", "Reader", "subscription"]);
await operator(["grant", "Challenged", "Key Vault Secrets Officer", facts.vault.name]);
await operator(["grant", "Challenged", "User.Read.All", GRAPH]);

const revoke = () => operator(["identity", "revoke", service.id]);
const claimsOf = (header) => JSON.parse(Buffer.from(/claims="([^"]+)"/.exec(header)[1], "base64").toString());

// What came with status 401, seen from below the SDK's own policies.
function watch() {
  const seen = [];
  const policy = {
    name: "watch",
    async sendRequest(request, next) {
      const response = await next(request);
      if (response.status === 401) seen.push(response.headers.get("www-authenticate"));
      return response;
    },
  };
  return [seen, { additionalPolicies: [{ policy, position: "perRetry" }] }];
}

function checkDemand(header) {
  assert.match(header, /^Bearer /);
  assert.match(header, /error="insufficient_claims"/);
  assert.equal(claimsOf(header).access_token.nbf.essential, true);
}

await test("T1 the management client meets a claims challenge after a revocation, and goes on", async () => {
  const [seen, options] = watch();
  const client = new ResourceManagementClient(credential, facts.subscription, options);
  assert.equal((await client.resourceGroups.get(facts.group)).name, facts.group);
  assert.deepEqual(seen, []);
  await revoke();
  assert.equal((await client.resourceGroups.get(facts.group)).name, facts.group);
  assert.equal(seen.length, 1);
  checkDemand(seen[0]);
  await client.resourceGroups.get(facts.group);
  assert.equal(seen.length, 1);
});

await test("T1 so does the client of a vault", async () => {
  const [seen, options] = watch();
  const client = new SecretClient(`https://${facts.vault.name}.vault.azure.net`, credential, options);
  await client.setSecret("challenged", "LANYARD-SECRET-challenged");
  const before = seen.length; // the first request goes without a token, to be told where to get one
  await revoke();
  assert.equal((await client.getSecret("challenged")).name, "challenged");
  assert.equal(seen.length, before + 1);
  checkDemand(seen.at(-1));
});

await test("T1 Graph demands the same; its client hands the demand out, and a token with these claims is let in", async () => {
  const options = { enableCae: true };
  const given = { getToken: (scopes, more) => credential.getToken(scopes, { ...more, ...options }) };
  const graph = Client.initWithMiddleware({ authProvider: new TokenCredentialAuthenticationProvider(given, { scopes: [`${GRAPH}/.default`] }) });
  await graph.api("/users").get();
  await revoke();
  await assert.rejects(() => graph.api("/users").get(), (error) => {
    assert.deepEqual([error.statusCode, error.code], [401, "InvalidAuthenticationToken"]);
    checkDemand(error.headers.get("www-authenticate"));
    options.claims = JSON.stringify(claimsOf(error.headers.get("www-authenticate")));
    return true;
  });
  await graph.api("/users").get();
});

await test("T1 a client that does not know of challenges is told that its token is not valid", async () => {
  const { token } = await credential.getToken("https://management.azure.com/.default", { enableCae: false });
  await revoke();
  const response = await fetch(`https://management.azure.com/subscriptions/${facts.subscription}?api-version=2022-12-01`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(response.status, 401);
  assert.match(response.headers.get("www-authenticate"), /error="invalid_token"/);
  assert.doesNotMatch(response.headers.get("www-authenticate"), /claims=/);
});
