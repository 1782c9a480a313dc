// rotation.mjs - fetches tokens and verifies each with jose, as long as standard input is open: signing keys rotate meanwhile.
//
// The first line of standard input is {tenant, app, secret}; at the end one line goes out: {verified, kids, failures}.

import { createInterface } from "node:readline";
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";

const LOGIN = "https://login.microsoftonline.com";
const VAULT = "https://vault.azure.net";
const RESOURCES = [VAULT, "https://management.azure.com/", "https://graph.microsoft.com/", "https://storage.azure.com/"];

let isOpen = true;
const lines = createInterface({ input: process.stdin });
const facts = await new Promise((resolve) => lines.once("line", (line) => resolve(JSON.parse(line))));
lines.once("close", () => { isOpen = false; });

// jose fetches the keys anew when it meets an unknown one, but by default not twice within half a minute. Here a key signs a
// second after it was published.
const keySet = createRemoteJWKSet(new URL(`${LOGIN}/${facts.tenant}/discovery/v2.0/keys`), { cooldownDuration: 0 });

async function json(answer) {
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${answer.status} ${JSON.stringify(body)}`);
  return body;
}

async function byMetadata(turn) {
  const resource = RESOURCES[turn % RESOURCES.length];
  const query = new URLSearchParams({ "api-version": "2018-02-01", resource });
  const answer = await fetch(`http://169.254.169.254/metadata/identity/oauth2/token?${query}`, { headers: { Metadata: "true" } });
  return { token: (await json(answer)).access_token, audience: resource };
}

async function bySecret() {
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: facts.app, client_secret: facts.secret, scope: `${VAULT}/.default` });
  const answer = await fetch(`${LOGIN}/${facts.tenant}/oauth2/v2.0/token`, { method: "POST", body });
  return { token: (await json(answer)).access_token, audience: VAULT };
}

const seen = { verified: 0, kids: new Set(), failures: [] };

async function work(get) {
  for (let turn = 0; isOpen; turn++) {
    try {
      const { token, audience } = await get(turn);
      await jwtVerify(token, keySet, { issuer: `https://sts.windows.net/${facts.tenant}/`, audience });
      seen.kids.add(decodeProtectedHeader(token).kid);
      seen.verified++;
    } catch (error) {
      seen.failures.push(`${error.name}: ${error.message}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

await Promise.all([work(byMetadata), work(bySecret), work(bySecret)]);
console.log(JSON.stringify({ ...seen, kids: [...seen.kids], failures: seen.failures.slice(0, 5) }));
