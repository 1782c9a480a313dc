// federation.mjs - @azure/identity exchanges a token of an outside issuer, and of this machine's identity, for one of an
// identity or an application.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClientAssertionCredential, ManagedIdentityCredential, WorkloadIdentityCredential } from "@azure/identity";
import { hasMembers, refusals, test } from "./lib/check.mjs";
import { facts } from "./lib/facts.mjs";
import { decode } from "./lib/token.mjs";

const VAULT = "https://vault.azure.net/.default";
const EXCHANGE = "api://AzureADTokenExchange";
const { application, tokens, trusting } = facts.federation;
const { one, two } = facts.identities;
const WHO = [["an identity", one.clientId, one.principalId], ["an application", application.appId, application.service]];

const byAssertion = (clientId, token) => new ClientAssertionCredential(facts.tenant, clientId, async () => token);

function byFile(clientId, token) {
  const tokenFilePath = join(mkdtempSync(join(tmpdir(), "lanyard-federation-")), "token");
  writeFileSync(tokenFilePath, token);
  return new WorkloadIdentityCredential({ tenantId: facts.tenant, clientId, tokenFilePath });
}

for (const [what, clientId, oid] of WHO)
  for (const [form, credential] of [["ClientAssertionCredential", byAssertion], ["WorkloadIdentityCredential", byFile]])
    await test(`F2 ${form}: an outside token gives a token of ${what}`, async () => {
      const { token } = await credential(clientId, tokens.good).getToken(VAULT);
      hasMembers(decode(token).claims, { oid, appid: clientId, appidacr: "2", tid: facts.tenant, aud: "https://vault.azure.net" });
    });

await test("F1 ManagedIdentityCredential: this machine's identity is the credential of an application", async () => {
  const machine = new ManagedIdentityCredential({ clientId: one.clientId });
  const assertion = async () => (await machine.getToken(`${EXCHANGE}/.default`)).token;
  const credential = new ClientAssertionCredential(facts.tenant, trusting.appId, assertion);
  const { token } = await credential.getToken(VAULT);
  hasMembers(decode(token).claims, { oid: trusting.service, appid: trusting.appId });
  assert.equal(decode(await assertion()).claims.sub, one.principalId);
});

const withSignatureOf = (token, other) => token.replace(/[^.]*$/, other.split(".")[2]);
const refusal = (number) => ({ message: new RegExp(`AADSTS${number}:`) });
await refusals([
  ["F2 the subject in another case", () => byAssertion(one.clientId, tokens.otherCase).getToken(VAULT), refusal(7002138)],
  ["F2 another subject", () => byFile(one.clientId, tokens.otherSubject).getToken(VAULT), refusal(700213)],
  ["F2 another audience", () => byFile(application.appId, tokens.otherAudience).getToken(VAULT), refusal(700212)],
  ["F2 the signature of another token", () => byAssertion(one.clientId, withSignatureOf(tokens.good, tokens.otherCase)).getToken(VAULT), refusal(700027)],
  ["F2 an identity that trusts nobody", () => byAssertion(two.clientId, tokens.good).getToken(VAULT), refusal(70025)],
  ["F1 a token of this machine's that is for something else", async () => {
    const { token } = await new ManagedIdentityCredential({ clientId: one.clientId }).getToken(VAULT);
    await byAssertion(trusting.appId, token).getToken(VAULT);
  }, refusal(700222)],
]);
