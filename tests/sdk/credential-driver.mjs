// js-driver.mjs - @azure/identity, unmodified, doing what tests/client/lib-driver.c does with the library.
//
// Reads cases from standard input, a line of JSON each: {env, ask, limit_ms}. Answers each with a line: {outcome, error, message,
// token, expires_at}. A case with a managed identity has a thread of its own, for the SDK keeps its choice of a source, and its tokens, in the module.
// `outcome` is "token", "unavailable", "failed", or "waiting" where the limit ended it.

import { createInterface } from "node:readline";
import { Worker, isMainThread, parentPort } from "node:worker_threads";

const settingsOf = (ask) => ({
  ...(ask.disable_instance_discovery && { disableInstanceDiscovery: true }),
  ...(ask.additionally_allowed_tenants && { additionallyAllowedTenants: ask.additionally_allowed_tenants }),
  ...(ask.process_timeout_ms && { processTimeoutInMs: ask.process_timeout_ms }),
});

const idOf = (ask) => ({
  ...(ask.client_id && { clientId: ask.client_id }),
  ...(ask.object_id && { objectId: ask.object_id }),
  ...(ask.resource_id && { resourceId: ask.resource_id }),
});

const KINDS = {
  managed_identity: (sdk, ask) => new sdk.ManagedIdentityCredential(idOf(ask)),
  workload_identity: (sdk, ask) =>
    new sdk.WorkloadIdentityCredential({ tenantId: ask.tenant, clientId: ask.client_id, tokenFilePath: ask.token_file, ...settingsOf(ask) }),
  environment: (sdk, ask) => new sdk.EnvironmentCredential(settingsOf(ask)),
  client_secret: (sdk, ask) => new sdk.ClientSecretCredential(ask.tenant, ask.client_id, ask.secret, settingsOf(ask)),
  client_certificate: (sdk, ask) =>
    new sdk.ClientCertificateCredential(
      ask.tenant,
      ask.client_id,
      { certificatePath: ask.certificate, certificatePassword: ask.password },
      { ...settingsOf(ask), sendCertificateChain: ask.send_chain },
    ),
  client_assertion: (sdk, ask) => new sdk.ClientAssertionCredential(ask.tenant, ask.client_id, async () => ask.assertion, settingsOf(ask)),
  azure_cli: (sdk, ask) => new sdk.AzureCliCredential({ tenantId: ask.tenant, subscription: ask.subscription, ...settingsOf(ask) }),
  azure_developer_cli: (sdk, ask) => new sdk.AzureDeveloperCliCredential({ tenantId: ask.tenant, ...settingsOf(ask) }),
  chain: (sdk, ask) => new sdk.ChainedTokenCredential(...ask.members.map((each) => KINDS[each.kind](sdk, { ...ask, ...each }))),
  default: (sdk, ask) =>
    new sdk.DefaultAzureCredential({ managedIdentityClientId: ask.client_id, managedIdentityResourceId: ask.resource_id, ...settingsOf(ask) }),
};

// Kinds whose tokens and choices are a credential's own, so that the next case may have the same thread.
const KEEPS_NOTHING = new Set(["client_secret", "client_certificate", "client_assertion", "environment", "azure_cli", "azure_developer_cli"]);

const isUnavailable = (error) =>
  error.name === "CredentialUnavailableError" || (error.name === "AggregateAuthenticationError" && error.errors.every(isUnavailable));

async function run({ env, ask }) {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  const sdk = await import("@azure/identity");
  const began = process.hrtime.bigint();
  const took_ms = () => Number(process.hrtime.bigint() - began) / 1e6;
  try {
    const options = { tenantId: ask.other_tenant, claims: ask.claims, enableCae: ask.enable_cae };
    const credential = KINDS[ask.kind](sdk, ask);
    for (let i = 1; i < (ask.times ?? 1); i++) await credential.getToken(ask.scope, options);
    const got = await credential.getToken(ask.scope, options);
    return { outcome: "token", token: got.token, expires_at: Math.floor(got.expiresOnTimestamp / 1000), took_ms: took_ms() };
  } catch (error) {
    return { outcome: isUnavailable(error) ? "unavailable" : "failed", error: error.name, message: String(error.message), took_ms: took_ms() };
  }
}

// A thread that loads the SDK and then waits for a case.
function warm() {
  const worker = new Worker(import.meta.filename, { env: {} });
  const ready = new Promise((resolve) => worker.once("message", resolve));
  return { worker, ready };
}

// The next thread is made while a case runs: to load the SDK takes longest.
let next;

async function inThread(given) {
  const thread = next ?? warm();
  const { worker, ready } = thread;
  await ready;
  next = KEEPS_NOTHING.has(given.ask.kind) ? thread : warm();
  let timer;
  const result = await new Promise((resolve) => {
    timer = setTimeout(() => resolve({ outcome: "waiting" }), given.limit_ms);
    worker.once("message", resolve);
    worker.once("error", (error) => resolve({ outcome: "failed", error: error.name, message: String(error.message) }));
    worker.postMessage(given);
  });
  clearTimeout(timer);
  worker.removeAllListeners("message").removeAllListeners("error");
  if (result.outcome === "waiting" && next === thread) next = undefined;
  if (next !== thread) await worker.terminate();
  return result;
}

if (isMainThread) {
  for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(await inThread(JSON.parse(line))));
  await next?.worker.terminate();
} else {
  await import("@azure/identity");
  parentPort.postMessage({ outcome: "ready" });
  parentPort.on("message", async (given) => parentPort.postMessage(await run(given)));
}
