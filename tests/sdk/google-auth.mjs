// google-auth.mjs - google-auth-library reads a credential file with this machine's metadata endpoint as its
// source, and hands the token it got there to its own token service: here one on the loopback.
//
// Files of this kind are in use with "Metadata": "True".

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GoogleAuth } from "google-auth-library";
import { hasMembers, test } from "./lib/check.mjs";
import { facts } from "./lib/facts.mjs";
import { METADATA, decode } from "./lib/token.mjs";

const AUDIENCE = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/azure";
const SOURCE = `${METADATA}/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/`;
const machine = facts.vms[process.argv[2]];

// The token service: notes what it is asked to exchange and gives a token of its own.
const asked = [];
const sts = createServer((request, response) => {
  let form = "";
  request.on("data", (chunk) => (form += chunk));
  request.on("end", () => {
    asked.push(new URLSearchParams(form));
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({
      access_token: "exchanged", issued_token_type: "urn:ietf:params:oauth:token-type:access_token", token_type: "Bearer", expires_in: 3600,
    }));
  });
});
await new Promise((listening) => sts.listen(0, "127.0.0.1", listening));

const home = mkdtempSync(join(tmpdir(), "lanyard-google-"));

async function exchange(headers) {
  const keyFile = join(home, "credential.json");
  writeFileSync(keyFile, JSON.stringify({
    type: "external_account",
    audience: AUDIENCE,
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: `http://127.0.0.1:${sts.address().port}/v1/token`,
    credential_source: { url: SOURCE, headers, format: { type: "json", subject_token_field_name: "access_token" } },
  }));
  asked.length = 0;
  const client = await new GoogleAuth({ keyFile, scopes: "https://www.googleapis.com/auth/cloud-platform" }).getClient();
  const { token } = await client.getAccessToken();
  return token;
}

for (const word of ["True", "true", "TRUE"])
  await test(`T5 a credential file with Metadata: ${word} gets as far as the exchange`, async () => {
    assert.equal(await exchange({ Metadata: word }), "exchanged");
    assert.equal(asked.length, 1);
    assert.equal(asked[0].get("audience"), AUDIENCE);
    hasMembers(decode(asked[0].get("subject_token")).claims, { oid: machine.principalId, aud: "https://management.azure.com/" });
  });

for (const headers of [{ Metadata: "false" }, { Metadata: "1" }, {}])
  await test(`T5 with ${JSON.stringify(headers)} nothing is exchanged`, async () => {
    await assert.rejects(exchange(headers), /bad_request_102/);
    assert.equal(asked.length, 0);
  });

sts.close();
rmSync(home, { recursive: true });
