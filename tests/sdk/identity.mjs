// identity.mjs - @azure/identity gets the right identity's token on each kind of machine, or the
// published error. Its argument names the machine that it runs on.

import assert from "node:assert/strict";
import { X509Certificate, createHash, createPublicKey, randomUUID } from "node:crypto";
import { DefaultAzureCredential, ManagedIdentityCredential } from "@azure/identity";
import { hasMembers, refused, test as testAnywhere } from "./lib/check.mjs";
import { asIdentityWritesIt, facts } from "./lib/facts.mjs";
import { askEndpoint, decode, forge, isSignedBy } from "./lib/token.mjs";

const VAULT = "https://vault.azure.net";
const MANAGEMENT = "https://management.azure.com/";
const DAY_S = 86_400;

const { one, two, loose } = facts.identities;
const machine = facts.vms[process.argv[2]];
const test = (name, body) => testAnywhere(`${machine.name}: ${name}`, body);

const NOT_FOUND = /Identity not found/;
const AMBIGUOUS = /Multiple user assigned identities exist, please specify the clientId \/ resourceId of the identity in the token request/;

// On each machine: what is selected, and whose token that gives or what error. Ids of the wrong kind
// go first, for the SDK's own cache does not tell one kind from another.
const SELECTIONS = {
  "vm-system": [
    ["T4 the principal id given as a client id", { clientId: machine.principalId }, NOT_FOUND],
    ["T3 nothing: its system-assigned identity", {}, machine],
    ["T2 that identity's client id", { clientId: machine.clientId }, machine],
    ["T2 that identity's principal id", { objectId: machine.principalId }, machine],
    ["T4 the client id of one that is not attached", { clientId: one.clientId }, NOT_FOUND],
    ["T4 the principal id of one that is not attached", { objectId: one.principalId }, NOT_FOUND],
    ["T4 the resource id of one that is not attached", { resourceId: one.id }, NOT_FOUND],
    ["T4 the client id of another machine's", { clientId: facts.vms["vm-both"].clientId }, NOT_FOUND],
    ["T4 a client id that nobody has", { clientId: randomUUID() }, NOT_FOUND],
  ],
  "vm-one": [
    ["T4 the client id given as a principal id", { objectId: one.clientId }, NOT_FOUND],
    ["T3 nothing: its only user-assigned identity", {}, one],
    ["T2 the client id", { clientId: one.clientId }, one],
    ["T2 the principal id", { objectId: one.principalId }, one],
    ["T2 the resource id", { resourceId: one.id }, one],
    ["T2 the resource id in other case", { resourceId: one.id.toUpperCase() }, one],
    ["T4 one that is attached elsewhere only", { clientId: two.clientId }, NOT_FOUND],
  ],
  "vm-two": [
    ["T3 nothing of two: the ambiguity error", {}, AMBIGUOUS],
    ["T2 the first's client id", { clientId: one.clientId }, one],
    ["T2 the second's client id", { clientId: two.clientId }, two],
    ["T2 the first's principal id", { objectId: one.principalId }, one],
    ["T2 the second's principal id", { objectId: two.principalId }, two],
    ["T2 the first's resource id", { resourceId: one.id }, one],
    ["T2 the second's resource id", { resourceId: two.id }, two],
    ["T4 a third one's client id", { clientId: loose.clientId }, NOT_FOUND],
    ["T4 a third one's principal id", { objectId: loose.principalId }, NOT_FOUND],
    ["T4 a third one's resource id", { resourceId: loose.id }, NOT_FOUND],
    ["T4 a resource id that does not exist", { resourceId: `${two.id}x` }, NOT_FOUND],
  ],
  "vm-both": [
    ["T3 nothing: the system-assigned one goes first", {}, machine],
    ["T2 the user-assigned one's client id", { clientId: one.clientId }, one],
    ["T2 the user-assigned one's resource id", { resourceId: one.id }, one],
    ["T2 the system-assigned one's client id", { clientId: machine.clientId }, machine],
    ["T4 one that is not attached", { clientId: two.clientId }, NOT_FOUND],
  ],
  "vm-none": [
    ["T4 nothing, of nothing", {}, NOT_FOUND],
    ["T4 somebody else's client id", { clientId: one.clientId }, NOT_FOUND],
    ["T4 somebody else's resource id", { resourceId: one.id }, NOT_FOUND],
  ],
};

function checkToken({ token, expiresOnTimestamp, refreshAfterTimestamp }, who, audience) {
  const { header, claims } = decode(token);
  const issuer = `https://sts.windows.net/${facts.tenant}/`;
  hasMembers(header, { typ: "JWT", alg: "RS256", x5t: header.kid });
  hasMembers(claims, {
    aud: audience,
    iss: issuer,
    idp: issuer,
    tid: facts.tenant,
    oid: who.principalId,
    sub: who.principalId,
    appid: who.clientId,
    appidacr: "2",
    idtyp: "app",
    ver: "1.0",
    xms_mirid: asIdentityWritesIt(who.id),
  });
  if (who !== machine) assert.equal(claims.xms_az_rid, asIdentityWritesIt(machine.id));

  const now_s = Date.now() / 1000;
  assert.ok(claims.nbf <= claims.iat && claims.iat <= now_s + 1, "dated in the future");
  const left_s = claims.exp - now_s;
  assert.ok(left_s > DAY_S - 600 && left_s <= DAY_S + 1, `lives ${left_s} s`);
  assert.ok(Math.abs(expiresOnTimestamp / 1000 - claims.exp) <= 2, "the answer's expiry is not the token's");
  assert.ok(refreshAfterTimestamp < expiresOnTimestamp, "nothing tells the SDK when to refresh");
}

// How DefaultAzureCredential spells a selection. It has no word for a principal id.
function defaultOptions({ clientId, resourceId, objectId }) {
  if (objectId) return null;
  return {
    ...(clientId && { managedIdentityClientId: clientId }),
    ...(resourceId && { managedIdentityResourceId: resourceId }),
  };
}

// The two ask for different audiences, for the SDK keeps the tokens of a process in one cache.
async function checkCredential(credential, want, audience) {
  const ask = () => credential.getToken(`${audience}/.default`);
  if (want instanceof RegExp) await refused(ask, { message: want });
  else checkToken(await ask(), want, audience);
}

for (const [name, selection, want] of SELECTIONS[machine.name]) {
  await test(`ManagedIdentityCredential, selecting ${name}`, () =>
    checkCredential(new ManagedIdentityCredential(selection), want, VAULT));
  const options = defaultOptions(selection);
  if (!options) continue;
  await test(`DefaultAzureCredential, selecting ${name}`, () =>
    checkCredential(new DefaultAzureCredential(options), want, MANAGEMENT));
}

if (machine.name === "vm-system") {
  const credential = new ManagedIdentityCredential();
  const login = "https://login.microsoftonline.com";
  const getJson = async (url) => (await fetch(url)).json();

  await test("T6 two calls give the same token, out of the local endpoint's cache", async () => {
    const [first, second] = [await askEndpoint({ resource: VAULT }), await askEndpoint({ resource: VAULT })];
    assert.ok(first.body.access_token === second.body.access_token, "two tokens");
    assert.ok(first.body.access_token === (await credential.getToken(`${VAULT}/.default`)).token, "the SDK got another");
    hasMembers(first.body, { client_id: machine.clientId, resource: VAULT, token_type: "Bearer" });
    for (const [key, value] of Object.entries(first.body)) assert.equal(typeof value, "string", key);
    assert.equal(Number(first.body.expires_on), decode(first.body.access_token).claims.exp);
    assert.ok(Number(second.body.expires_in) <= Number(first.body.expires_in));
  });

  await test("T6 another audience is another token, to the last slash", async () => {
    for (const resource of [`${VAULT}/`, "https://storage.azure.com", "https://graph.microsoft.com"]) {
      const { status, body } = await askEndpoint({ resource });
      assert.equal(status, 200);
      assert.equal(decode(body.access_token).claims.aud, resource);
    }
  });

  await test("T2 two selectors at once are an error", async () => {
    const { status, body } = await askEndpoint({
      resource: VAULT,
      client_id: machine.clientId,
      object_id: machine.principalId,
    });
    assert.equal(status, 400);
    assert.equal(body.error, "invalid_request");
  });

  for (const [version, path, keys, issuer] of [
    ["v1", ".well-known/openid-configuration", "discovery/keys", `https://sts.windows.net/${facts.tenant}/`],
    ["v2", "v2.0/.well-known/openid-configuration", "discovery/v2.0/keys", `${login}/${facts.tenant}/v2.0`],
  ]) {
    await test(`T1 a token is verified through ${version} discovery`, async () => {
      const document = await getJson(`${login}/${facts.tenant}/${path}`);
      assert.equal(document.issuer, issuer);
      assert.equal(document.jwks_uri, `${login}/${facts.tenant}/${keys}`);
      const { token } = await credential.getToken(`${VAULT}/.default`);
      const { header } = decode(token);
      const key = (await getJson(document.jwks_uri)).keys.find(({ kid }) => kid === header.kid);
      assert.ok(key, "the token's key is not published");
      assert.ok(isSignedBy(token, key), "the signature is not by that key");
      assert.ok(!isSignedBy(forge(token), key), "a changed token verifies too");
    });
  }

  await test("T1 T8 the published keys: the one in use and the next, each with its certificate", async () => {
    const { keys } = await getJson(`${login}/${facts.tenant}/discovery/v2.0/keys`);
    assert.ok(keys.length >= 2, `${keys.length} keys`);
    assert.equal(new Set(keys.map(({ kid }) => kid)).size, keys.length);
    for (const key of keys) {
      hasMembers(key, { kty: "RSA", use: "sig", x5t: key.kid });
      assert.equal(key.d, undefined);
      const der = Buffer.from(key.x5c[0], "base64");
      assert.equal(createHash("sha1").update(der).digest("base64url"), key.kid);
      assert.ok(new X509Certificate(der).publicKey.equals(createPublicKey({ key, format: "jwk" })));
    }
  });

  await test("T1 the tenant is known by its id alone", async () => {
    const response = await fetch(`${login}/${randomUUID()}/v2.0/.well-known/openid-configuration`);
    assert.equal(response.status, 400);
    assert.equal((await response.json()).error, "invalid_tenant");
  });
}
