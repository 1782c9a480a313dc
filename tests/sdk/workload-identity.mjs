// workload-identity.mjs - @azure/identity in a Kubernetes cluster: the file with the service account's token is what it finds by the
// variables that the cluster's webhook sets.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { DefaultAzureCredential, ManagedIdentityCredential, WorkloadIdentityCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";
import { hasMembers, refused, test } from "./lib/check.mjs";
import { asIdentityWritesIt, facts } from "./lib/facts.mjs";
import { decode } from "./lib/token.mjs";

const VAULT = "https://vault.azure.net";
const { pods, two } = facts.identities;
const gives = async (credential, identity) => {
  const { token } = await credential.getToken(`${VAULT}/.default`);
  hasMembers(decode(token).claims, { oid: identity.principalId, xms_mirid: asIdentityWritesIt(identity.id) });
};

await test("T7 the variables are those of the webhook", () => {
  assert.equal(process.env.AZURE_CLIENT_ID, pods.clientId);
  assert.equal(process.env.AZURE_TENANT_ID, facts.tenant);
  const { claims } = decode(readFileSync(process.env.AZURE_FEDERATED_TOKEN_FILE, "ascii"));
  hasMembers(claims, { iss: facts.vms.pods.issuer, sub: "system:serviceaccount:web:front" });
});
await test("F2 WorkloadIdentityCredential", () => gives(new WorkloadIdentityCredential(), pods));
await test("F2 DefaultAzureCredential", () => gives(new DefaultAzureCredential(), pods));
await test("F2 ManagedIdentityCredential, which takes the file, too", () => gives(new ManagedIdentityCredential(pods.clientId), pods));
await test("F2 and a role decides what it may", async () => {
  const secrets = new SecretClient(`https://${facts.vault.name}.vault.azure.net`, new DefaultAzureCredential());
  await refused(() => secrets.getSecret("no-such"), { status: 404, code: "SecretNotFound" });
});

const refusals = [
  ["an identity that trusts nobody", two.clientId, /AADSTS70025/],
  ["an identity that nobody has", randomUUID(), /AADSTS700016/],
];
for (const [name, clientId, message] of refusals)
  await test(`F2 refused: ${name}`, () => refused(() => new WorkloadIdentityCredential({ clientId }).getToken(`${VAULT}/.default`), { message }));
