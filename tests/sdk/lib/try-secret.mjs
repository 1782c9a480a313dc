// try-secret.mjs IDENTITY SECRET - reads a secret in a process of its own, which has no token yet, and prints
// the status and the token's issue.

import { SecretClient } from "@azure/keyvault-secrets";
import { credentialOf, facts } from "./facts.mjs";
import { decode } from "./token.mjs";

const [identity, secret] = process.argv.slice(2);
const credential = credentialOf(identity);
const { token } = await credential.getToken("https://vault.azure.net/.default");
const client = new SecretClient(`https://${facts.vault.name}.vault.azure.net`, credential);
const status = await client.getSecret(secret).then(() => 200, (error) => error.statusCode ?? String(error));
console.log(JSON.stringify({ status, issued: decode(token).claims.iat }));
