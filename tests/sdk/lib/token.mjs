// token.mjs - looking into access tokens, and asking for them without an SDK.

import { createPublicKey, verify } from "node:crypto";

/** The metadata endpoint; the variable is set where the program runs without a sandbox. */
export const METADATA = process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST ?? "http://169.254.169.254";
const ENDPOINT = `${METADATA}/metadata/identity/oauth2/token`;

export function decode(token) {
  const [header, claims] = token.split(".").map((part) => Buffer.from(part, "base64url"));
  return { header: JSON.parse(header), claims: JSON.parse(claims) };
}

/** True if the token's signature is by this JSON Web Key. */
export function isSignedBy(token, jwk) {
  const at = token.lastIndexOf(".");
  const signature = Buffer.from(token.slice(at + 1), "base64url");
  return verify("RSA-SHA256", Buffer.from(token.slice(0, at)), createPublicKey({ key: jwk, format: "jwk" }), signature);
}

/** One request to the local endpoint, past every cache of the SDK: {status, body}. */
export async function askEndpoint(query) {
  const url = `${ENDPOINT}?${new URLSearchParams({ "api-version": "2018-02-01", ...query })}`;
  const response = await fetch(url, { headers: { Metadata: "true" } });
  return { status: response.status, body: await response.json() };
}

/** The same token with one character of its claims changed: well formed, but not what was signed. */
export function forge(token) {
  const [header, claims, signature] = token.split(".");
  const changed = { ...JSON.parse(Buffer.from(claims, "base64url")), uti: "forged" };
  return [header, Buffer.from(JSON.stringify(changed)).toString("base64url"), signature].join(".");
}
