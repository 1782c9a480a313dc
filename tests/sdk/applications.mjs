// applications.mjs - @azure/msal-node and @azure/identity get every kind of token for applications and users, and jose verifies them (T10, T1).

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate, createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ClientCertificateCredential, ClientSecretCredential, DeviceCodeCredential, OnBehalfOfCredential, UsernamePasswordCredential,
} from "@azure/identity";
import { ConfidentialClientApplication, PublicClientApplication } from "@azure/msal-node";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { hasMembers, test } from "./lib/check.mjs";
import { facts } from "./lib/facts.mjs";
import { operatorApi } from "./lib/operator.mjs";

const LOGIN = "https://login.microsoftonline.com";
const AUTHORITY = `${LOGIN}/${facts.tenant}`;
const VAULT = "https://vault.azure.net";
const MINE = "api://orders/Orders.Mine";
const PASSWORD = "Correct-horse-1";
const SCOPE = "20000000-0000-0000-0000-000000000001";

/* ---- the directory: an API with a scope, a client that may use it, a user, a certificate ---- */

const home = mkdtempSync(join(tmpdir(), "applications-"));
process.on("exit", () => rmSync(home, { recursive: true, force: true }));

function makeCertificate() {
  const [keyFile, certificateFile] = [join(home, "key.pem"), join(home, "certificate.pem")];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=client", "-keyout", keyFile, "-out", certificateFile],
    { stdio: "ignore" });
  const [privateKey, x5c] = [readFileSync(keyFile, "utf8"), readFileSync(certificateFile, "utf8")];
  const { raw } = new X509Certificate(x5c);
  const path = join(home, "both.pem");
  writeFileSync(path, privateKey + x5c);
  const hash = (kind) => createHash(kind).update(raw).digest("hex");
  return { path, privateKey, x5c, der: raw.toString("base64"), sha1: hash("sha1"), sha256: hash("sha256") };
}

const graph = (path, body) => operatorApi("POST", `/v1.0/${path}`, body);

async function application(displayName, members) {
  const made = await graph("applications", { displayName, ...members });
  const service = await graph("servicePrincipals", { appId: made.appId });
  const { secretText } = await graph(`applications/${made.id}/addPassword`, { passwordCredential: { displayName: "ci" } });
  return { id: made.appId, service: service.id, secret: secretText };
}

const certificate = makeCertificate();
const keyCredentials = [{ type: "AsymmetricX509Cert", usage: "Verify", key: certificate.der, displayName: "client" }];
const scopes = [{ id: SCOPE, value: "Orders.Mine", adminConsentDisplayName: "Mine", adminConsentDescription: "Mine" }];
const orders = await application("Orders", {
  identifierUris: ["api://orders"], api: { requestedAccessTokenVersion: 2, oauth2PermissionScopes: scopes }, keyCredentials,
});
const client = await application("Client", {
  isFallbackPublicClient: true, keyCredentials,
  requiredResourceAccess: [{ resourceAppId: orders.id, resourceAccess: [{ id: SCOPE, type: "Scope" }] }],
});
const domain = (await operatorApi("GET", "/v1.0/users")).value[0].userPrincipalName.split("@")[1]; // the operator's
const ada = await graph("users", {
  accountEnabled: true, displayName: "Ada", mailNickname: "ada", userPrincipalName: `ada@${domain}`, passwordProfile: { password: PASSWORD },
});

/* ---- what a token must say ---- */

const keySets = [`${AUTHORITY}/discovery/keys`, `${AUTHORITY}/discovery/v2.0/keys`].map((url) => createRemoteJWKSet(new URL(url)));

/** Verified with the keys of both versions, by the issuer of the token's own version. */
async function claimsOf(token, audience) {
  let claims;
  for (const keys of keySets) claims = (await jwtVerify(token, keys, { audience, issuer: [`${AUTHORITY}/v2.0`, `https://sts.windows.net/${facts.tenant}/`] })).payload;
  return claims;
}

async function isForClient(token, appidacr) {
  hasMembers(await claimsOf(token, VAULT), { appid: client.id, oid: client.service, idtyp: "app", appidacr });
}

async function isForAda(token) {
  hasMembers(await claimsOf(token, orders.id), { azp: client.id, oid: ada.id, scp: "Orders.Mine" });
}

async function isOnBehalfOfAda(token) {
  hasMembers(await claimsOf(token, VAULT), { appid: orders.id, oid: ada.id, scp: "user_impersonation" });
}

async function refusedWith(code, call) {
  await assert.rejects(call, (error) => {
    assert.match(`${error.errorCode} ${error.message}`, new RegExp(`AADSTS${code}`));
    return true;
  });
}

/** What a person does at the page of device codes. */
async function approve(userCode) {
  const body = new URLSearchParams({ user_code: userCode, username: ada.userPrincipalName, password: PASSWORD, answer: "yes" });
  const answer = await fetch(`${LOGIN}/common/oauth2/deviceauth`, { method: "POST", body });
  assert.equal(answer.status, 200);
}

/* ---- @azure/msal-node ---- */

const confidential = (app, credential) => new ConfidentialClientApplication({ auth: { clientId: app.id, authority: AUTHORITY, ...credential } });
const publicClient = () => new PublicClientApplication({ auth: { clientId: client.id, authority: AUTHORITY, clientCapabilities: ["CP1"] } });
const forVault = { scopes: [`${VAULT}/.default`] };

const { privateKey, x5c, sha1, sha256 } = certificate;
for (const [name, credential, appidacr] of [
  ["a secret", { clientSecret: client.secret }, "1"],
  ["a certificate by its SHA-256 thumbprint", { clientCertificate: { thumbprintSha256: sha256, privateKey } }, "2"],
  ["a certificate by its SHA-1 thumbprint", { clientCertificate: { thumbprint: sha1, privateKey } }, "2"],
  ["a certificate that is sent along", { clientCertificate: { thumbprintSha256: sha256, privateKey, x5c } }, "2"],
]) {
  await test(`T10 T1 msal-node: an application by ${name}`, async () => {
    const app = confidential(client, credential);
    const got = await app.acquireTokenByClientCredential(forVault);
    await isForClient(got.accessToken, appidacr);
    assert.ok((await app.acquireTokenByClientCredential(forVault)).fromCache, "kept");
  });
}

await test("T10 msal-node: a wrong secret, an unknown application and a tenant that is none are refused in the service's words", async () => {
  await refusedWith(7000215, () => confidential(client, { clientSecret: "wrong" }).acquireTokenByClientCredential(forVault));
  await refusedWith(700016, () => confidential({ id: SCOPE }, { clientSecret: "wrong" }).acquireTokenByClientCredential(forVault));
  await refusedWith(700027, () => confidential(client, { clientCertificate: { thumbprintSha256: "00".repeat(32), privateKey } }).acquireTokenByClientCredential(forVault));
});

let signedIn; // Ada's sign-in at the client, for the tests below

await test("T10 msal-node: a user by her password, then silently, then by the refresh token with a claims challenge", async () => {
  const app = publicClient();
  const got = await app.acquireTokenByUsernamePassword({ scopes: [MINE], username: ada.userPrincipalName, password: PASSWORD });
  await isForAda(got.accessToken);
  hasMembers(got.account, { username: ada.userPrincipalName, tenantId: facts.tenant, localAccountId: ada.id });
  signedIn = got;
  const silently = { scopes: [MINE], account: got.account };
  assert.ok((await app.acquireTokenSilent(silently)).fromCache, "kept");
  const anew = await app.acquireTokenSilent({ ...silently, forceRefresh: true });
  assert.ok(!anew.fromCache, "by the refresh token");
  await isForAda(anew.accessToken);
  const challenge = JSON.stringify({ access_token: { nbf: { essential: true, value: String(Math.floor(Date.now() / 1000)) } } });
  await isForAda((await app.acquireTokenSilent({ ...silently, claims: challenge })).accessToken);
});

await test("T10 msal-node: a user by a device code", async () => {
  const got = await publicClient().acquireTokenByDeviceCode({ scopes: [MINE], deviceCodeCallback: ({ userCode }) => approve(userCode) });
  await isForAda(got.accessToken);
  assert.equal(got.account.username, ada.userPrincipalName);
});

for (const [name, credential] of [["a secret", { clientSecret: orders.secret }], ["a certificate", { clientCertificate: { thumbprintSha256: sha256, privateKey } }]]) {
  await test(`T10 msal-node: a service on behalf of its caller, by ${name}`, async () => {
    const got = await confidential(orders, credential).acquireTokenOnBehalfOf({ ...forVault, oboAssertion: signedIn.accessToken });
    await isOnBehalfOfAda(got.accessToken);
  });
}

/* ---- @azure/identity ---- */

const tokenOf = async (credential, scope) => (await credential.getToken(scope)).token;
const vaultToken = (credential) => tokenOf(credential, forVault.scopes[0]);

await test("T10 identity: ClientSecretCredential", async () => {
  await isForClient(await vaultToken(new ClientSecretCredential(facts.tenant, client.id, client.secret)), "1");
  await refusedWith(7000215, () => vaultToken(new ClientSecretCredential(facts.tenant, client.id, "wrong")));
});

await test("T10 identity: ClientCertificateCredential, from a file and from memory, with and without the certificate sent along", async () => {
  const text = readFileSync(certificate.path, "utf8");
  for (const source of [certificate.path, { certificate: text }])
    for (const sendCertificateChain of [false, true])
      await isForClient(await vaultToken(new ClientCertificateCredential(facts.tenant, client.id, source, { sendCertificateChain })), "2");
});

await test("T10 identity: UsernamePasswordCredential", async () => {
  await isForAda(await tokenOf(new UsernamePasswordCredential(facts.tenant, client.id, ada.userPrincipalName, PASSWORD), MINE));
  await refusedWith(50126, () => tokenOf(new UsernamePasswordCredential(facts.tenant, client.id, ada.userPrincipalName, "wrong"), MINE));
});

await test("T10 identity: DeviceCodeCredential", async () => {
  const userPromptCallback = ({ userCode }) => approve(userCode);
  await isForAda(await tokenOf(new DeviceCodeCredential({ tenantId: facts.tenant, clientId: client.id, userPromptCallback }), MINE));
});

await test("T10 identity: OnBehalfOfCredential by a secret and by a certificate", async () => {
  const common = { tenantId: facts.tenant, clientId: orders.id, userAssertionToken: signedIn.accessToken };
  for (const own of [{ clientSecret: orders.secret }, { certificatePath: certificate.path }, { certificatePath: certificate.path, sendCertificateChain: true }])
    await isOnBehalfOfAda(await vaultToken(new OnBehalfOfCredential({ ...common, ...own })));
});
