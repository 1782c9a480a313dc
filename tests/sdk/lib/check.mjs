// check.mjs - tests that print themselves, one line each, the way tests/run reads them.
//
// A program is a list of `await test(...)`, run in order. No value is printed that could be a
// secret: compare those with `sameSecret`, and tokens by their claims.

import assert from "node:assert/strict";
import { basename } from "node:path";

const TEST_TIMEOUT_MS = 60_000;

const program = basename(process.argv[1], ".mjs");
let ran = 0;

function report(ok, name, error) {
  ran += 1;
  if (ok) return console.log(`ok ${program}: ${name}`);
  process.exitCode = 1;
  const words = String(error?.message ?? error).trim().split("\n");
  for (const line of words) console.log(`  ${line}`);
  const where = String(error?.stack ?? "").split("\n").find((line) => line.includes("/tests/sdk/") && !line.includes("check.mjs"));
  if (where) console.log(`  ${where.trim()}`);
  console.log(`not ok ${program}: ${name} - ${words[0]}`);
}

async function within(limit_ms, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still waiting after ${limit_ms / 1000} s`)), limit_ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs one test at once. Its name begins with the contract's ids, where it shows one. */
export async function test(name, body) {
  try {
    await within(TEST_TIMEOUT_MS, body());
    report(true, name);
  } catch (error) {
    report(false, name, error);
  }
}

/**
 * Checks that a call fails, and how: `want` may name the HTTP status, the error's code, Key Vault's
 * inner code, and a pattern of the message.
 */
export async function refused(call, want) {
  let error;
  try {
    await call();
  } catch (thrown) {
    error = thrown;
  }
  assert.ok(error, "it was allowed");
  const got = {
    status: error.statusCode,
    code: error.code,
    inner: error.details?.error?.innerError?.code,
    message: error.message,
  };
  for (const [key, value] of Object.entries(want)) {
    const matches = value instanceof RegExp ? value.test(String(got[key])) : got[key] === value;
    assert.ok(matches, `wanted ${key} ${value}, got ${got.status} ${got.code} ${got.inner ?? ""}: ${got.message}`);
  }
  return error;
}

/** A test for each row: name, call, how it must fail. */
export async function refusals(rows) {
  for (const [name, call, want] of rows) await test(name, () => refused(call, want));
}

/** Everything that an SDK's paged list yields. */
export async function all(list) {
  const items = [];
  for await (const item of list) items.push(item);
  return items;
}

/** The same, as the pages it came in. */
export async function pages(list, maxPageSize) {
  const out = [];
  for await (const page of list.byPage(maxPageSize ? { maxPageSize } : undefined)) out.push([...page]);
  return out;
}

/** Makes the call with an option bag that notes the status of the last answer. */
export async function statusOf(call) {
  let status;
  const result = await call({ onResponse: (response) => (status = response.status) });
  return [Number(status), result];
}

export function sameSecret(got, want) {
  assert.ok(got === want, `another value (${got?.length} characters, wanted ${want.length})`);
}

/** Checks those members of `got` that `want` has. */
export function hasMembers(got, want) {
  const part = Object.fromEntries(Object.keys(want).map((key) => [key, got?.[key]]));
  assert.deepEqual(part, want);
}

export const GUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;

process.on("uncaughtException", (error) => {
  report(false, "runs to its end", error);
  process.exit(1);
});
process.on("exit", () => {
  if (ran === 0) report(false, "tests something", "it ended without a test");
});
