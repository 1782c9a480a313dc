// app.mjs - a program that needs a key, as the Azure SDK's documentation writes it.
//
// No password, no key, no address but the vault's; it knows nothing of Lanyard.

import { DefaultAzureCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";

const credential = new DefaultAzureCredential({
  managedIdentityClientId: process.env.MANAGED_IDENTITY_CLIENT_ID, // which one, where a machine has several
});
const client = new SecretClient("https://contoso-shop.vault.azure.net", credential);

try {
  const secret = await client.getSecret("PaymentApiKey");
  console.log(`Ready to take payments with the key ${secret.value.slice(0, 8)}… (${secret.value.length} characters).`);
} catch (error) {
  // A refusal of the vault has a status and two codes; a failure to get a token at all has a name.
  const inner = error.details?.error?.innerError?.code;
  const what = error.statusCode ? [error.statusCode, [error.code, inner].filter(Boolean).join(", ")].join(" ") : error.name;
  console.error(`${what}: ${error.message}`);
  process.exitCode = 1;
}
