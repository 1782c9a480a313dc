// keyvault-conditions.mjs - @azure/keyvault-secrets where roles have conditions, and where denies stand:
// at the vault, and at one secret.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { DefaultAzureCredential } from "@azure/identity";
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { SecretClient } from "@azure/keyvault-secrets";
import { refusals, refused, sameSecret, test } from "./lib/check.mjs";
import { credentialOf, facts, roleId } from "./lib/facts.mjs";

const URL_OF_VAULT = `https://${facts.vault.name}.vault.azure.net`;
const GET = "Microsoft.KeyVault/vaults/secrets/getSecret/action";
const NAME = "@Resource[Microsoft.KeyVault/vaults/secrets:name]";
const FORBIDDEN = { status: 403, code: "Forbidden", inner: "ForbiddenByRbac" };

const clientOf = (name) => new SecretClient(URL_OF_VAULT, credentialOf(name));
const officer = clientOf("officer");         // Key Vault Secrets Officer
const conditional = clientOf("conditional"); // what each test gives it
const denied = clientOf("denied");           // Key Vault Secrets User, and a deny on the secret "denied-one"
const { roleAssignments: assignments } = new AuthorizationManagementClient(new DefaultAzureCredential(), facts.subscription);

const value = (name) => `LANYARD-SECRET-${name}`;
for (const name of ["app1-db", "app1-key", "app2-db", "denied-one", "denied-two"]) await officer.setSecret(name, value(name));

const give = (condition, scope = facts.vault.id) =>
  assignments.create(scope, randomUUID(), {
    roleDefinitionId: roleId("secretsUser"),
    principalId: facts.identities.conditional.principalId,
    principalType: "ServicePrincipal",
    ...(condition && { condition, conditionVersion: "2.0" }),
  });

/** The names of those secrets that can be read. */
async function readable(client, names = ["app1-db", "app1-key", "app2-db"]) {
  const found = [];
  for (const name of names) {
    try {
      sameSecret((await client.getSecret(name)).value, value(name));
      found.push(name);
    } catch (error) {
      if (error.statusCode !== 403) throw error;
    }
  }
  return found;
}

const guarded = (condition) => `((!(ActionMatches{'${GET}'})) OR (${condition}))`;

const ROWS = [
  ["no condition", undefined, ["app1-db", "app1-key", "app2-db"]],
  ["StringStartsWith", guarded(`${NAME} StringStartsWith 'app1-'`), ["app1-db", "app1-key"]],
  ["StringLike", guarded(`${NAME} StringLike '*-db'`), ["app1-db", "app2-db"]],
  ["StringNotEquals", guarded(`${NAME} StringNotEquals 'app1-db'`), ["app1-key", "app2-db"]],
  ["one of a list", guarded(`${NAME} ForAnyOfAnyValues:StringEquals {'app1-key', 'app2-db'}`), ["app1-key", "app2-db"]],
  ["in any case", guarded(`${NAME} StringEqualsIgnoreCase 'APP1-DB'`), ["app1-db"]],
  ["AND", guarded(`${NAME} StringLike 'app1-*' AND ${NAME} StringLike '*-key'`), ["app1-key"]],
  ["NOT", guarded(`NOT (${NAME} StringLike 'app1-*')`), ["app2-db"]],
  ["a time that is past", guarded("@Environment[UtcNow] DateTimeLessThan '2020-01-01T00:00:00.0Z'"), []],
  ["a time that is to come", guarded("@Environment[UtcNow] DateTimeLessThan '2090-01-01T00:00:00.0Z'"), ["app1-db", "app1-key", "app2-db"]],
  ["an attribute that nobody knows", guarded("@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:a_b] StringNotEquals 'x'"), []],
  ["a condition on another action", `((!(ActionMatches{'Microsoft.KeyVault/vaults/secrets/setSecret/action'})) OR (${NAME} StringEquals 'x'))`,
    ["app1-db", "app1-key", "app2-db"]],
];

for (const [name, condition, want] of ROWS) {
  await test(`R5 a condition on a role: ${name}`, async () => {
    const made = await give(condition);
    try {
      assert.equal(made.condition ?? undefined, condition);
      assert.deepEqual(await readable(conditional), want);
    } finally {
      await assignments.deleteById(made.id);
    }
    assert.deepEqual(await readable(conditional), []);
  });
}

await test("R5 a condition on one of two assignments takes nothing from the other", async () => {
  const some = await give(guarded(`${NAME} StringLike 'app1-*'`));
  const one = await give(undefined, `${facts.vault.id}/secrets/app2-db`);
  assert.deepEqual(await readable(conditional), ["app1-db", "app1-key", "app2-db"]);
  await assignments.deleteById(one.id);
  const error = await refused(() => conditional.getSecret("app2-db"), FORBIDDEN);
  assert.match(error.message, new RegExp(`Assignment: '${some.name}'`));
  await assignments.deleteById(some.id);
});

await test("R5 a condition may change under the same name", async () => {
  const made = await give(guarded(`${NAME} StringEquals 'app1-db'`));
  const { roleDefinitionId, principalId } = made;
  await assignments.create(facts.vault.id, made.name, { roleDefinitionId, principalId, condition: guarded(`${NAME} StringEquals 'app2-db'`), conditionVersion: "2.0" });
  assert.deepEqual(await readable(conditional), ["app2-db"]);
  await assignments.deleteById(made.id);
});

await refusals(
  [
    ["no operator", `${NAME} 'x'`],
    ["an unknown operator", `${NAME} StringIs 'x'`],
    ["an unknown source", "@Vault[name] StringEquals 'x'"],
    ["an open string", `${NAME} StringEquals 'x`],
    ["an open parenthesis", `(${NAME} StringEquals 'x'`],
    ["longer than 8 KB", `${NAME} StringEquals '${"x".repeat(8200)}'`],
  ].map(([name, condition]) => [`R5 a malformed condition is refused when it is written: ${name}`, () => give(condition), { status: 400, code: "InvalidRoleAssignmentCondition" }]),
);

await test("R5 a deny at one secret stops a role at the vault there, and only there", async () => {
  assert.deepEqual(await readable(denied, ["app1-db", "denied-one", "denied-two"]), ["app1-db", "denied-two"]);
  const error = await refused(() => denied.getSecret("denied-one"), FORBIDDEN);
  assert.match(error.message, new RegExp(`DenyAssignmentId: '${facts.deny}'`));
  sameSecret((await officer.getSecret("denied-one")).value, value("denied-one"));
});

await test("R5 a role at the denied secret itself does not help", async () => {
  const made = await assignments.create(`${facts.vault.id}/secrets/denied-one`, randomUUID(), {
    roleDefinitionId: roleId("secretsOfficer"),
    principalId: facts.identities.denied.principalId,
  });
  await refused(() => denied.getSecret("denied-one"), FORBIDDEN);
  await denied.setSecret("denied-one", value("denied-one")); // what the deny does not name
  await assignments.deleteById(made.id);
});

await test("O4 a refusal names the record by which it can be explained", async () => {
  const error = await refused(() => denied.getSecret("denied-one"), FORBIDDEN);
  const record = error.response.headers.get("x-lanyard-denial");
  assert.match(record, /^[0-9a-f-]{36}$/);
  assert.ok(error.message.includes(`lanyard why ${record}`), error.message);
});
