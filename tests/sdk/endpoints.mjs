// endpoints.mjs - @azure/identity through every token endpoint that it knows, in each form of selection that it has there. Its
// argument names the resource that it runs on. The variables are those that `lanyard run` sets: the SDK finds the endpoint by them.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { ManagedIdentityCredential } from "@azure/identity";
import { hasMembers, refused, test as testAnywhere } from "./lib/check.mjs";
import { asIdentityWritesIt, facts } from "./lib/facts.mjs";
import { decode } from "./lib/token.mjs";

const VAULT = "https://vault.azure.net";
const { one, two } = facts.identities;
const source = facts.vms[process.argv[2]];
const test = (name, body) => testAnywhere(`${source.name}: T7 ${name}`, body);

const NOT_FOUND = /No MSI found for specified ClientId\/ResourceId|Identity not found/;
const NO_SYSTEM = /Unable to load the proper Managed Identity/;

const ALL_FORMS = [
  ["T3 nothing: its system-assigned identity", {}, source],
  ["T2 a client id", { clientId: one.clientId }, one],
  ["T2 a principal id", { objectId: one.principalId }, one],
  ["T2 a resource id", { resourceId: one.id }, one],
  ["T4 one that is not attached", { clientId: two.clientId }, NOT_FOUND],
  ["T4 one that nobody has", { clientId: randomUUID() }, NOT_FOUND],
];

// By resource: what is selected, and whose token that gives or what error.
const SELECTIONS = {
  site: ALL_FORMS,
  "site-one": [
    ["T3 nothing, of a user-assigned one alone: the platform gives none", {}, NO_SYSTEM],
    ["T2 its client id", { clientId: one.clientId }, one],
  ],
  front: ALL_FORMS,
  trainer: [
    ["T3 nothing: the default identity", {}, source],
    ["T2 a client id", { clientId: one.clientId }, one],
    ["T4 one that is not attached", { clientId: two.clientId }, NOT_FOUND],
  ],
  default: [["T3 nothing: its system-assigned identity", {}, source]],
  orders: [["T3 nothing: its system-assigned identity", {}, source]],
  edge: [
    ["T3 nothing: its system-assigned identity", {}, source],
    ["T2 that identity's client id, which the answer repeats", { clientId: source.clientId }, source],
    ["T2 that identity's principal id, which the answer repeats", { objectId: source.principalId }, source],
  ],
};

for (const [name, selection, want] of SELECTIONS[source.name]) {
  await test(`ManagedIdentityCredential, selecting ${name}`, async () => {
    const ask = () => new ManagedIdentityCredential(selection).getToken(`${VAULT}/.default`);
    if (want instanceof RegExp) return refused(ask, { message: want });
    const { token, expiresOnTimestamp } = await ask();
    const { claims } = decode(token);
    hasMembers(claims, { aud: VAULT, oid: want.principalId, appid: want.clientId, xms_mirid: asIdentityWritesIt(want.id) });
    assert.ok(Math.abs(expiresOnTimestamp / 1000 - claims.exp) <= 2, "the answer's expiry is not the token's");
  });
}
