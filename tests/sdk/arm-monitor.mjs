// arm-monitor.mjs - the activity log by @azure/arm-monitor: what a client writes and is refused, it finds there.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { DefaultAzureCredential } from "@azure/identity";
import { MonitorClient } from "@azure/arm-monitor";
import { ResourceManagementClient } from "@azure/arm-resources";
import { all, GUID, refused, test } from "./lib/check.mjs";
import { credentialOf, facts, groupId } from "./lib/facts.mjs";

const GROUP = "arm-monitor";
const SINCE = "eventTimestamp ge '2020-01-01T00:00:00Z'";
const LOOKS_MAX = 100;

const owner = new MonitorClient(new DefaultAzureCredential(), facts.subscription);
const reader = new MonitorClient(credentialOf("reader"), facts.subscription);
const nobody = new MonitorClient(credentialOf("nobody"), facts.subscription);
const groups = new ResourceManagementClient(new DefaultAzureCredential(), facts.subscription).resourceGroups;
const groupsOfReader = new ResourceManagementClient(credentialOf("reader"), facts.subscription).resourceGroups;

// Both names: the clients of the two generations call it differently.
const own = (id) => {
  const headers = { "x-ms-correlation-request-id": id };
  return { requestOptions: { headers, customHeaders: headers } };
};
const eventsOf = (client, id, options) => all(client.activityLogs.list(`${SINCE} and correlationId eq '${id}'`, options));

// What was refused is written some moments after the answer.
async function awaitEvents(client, id) {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const events = await eventsOf(client, id);
    if (events.length) return events;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return [];
}

await test("O1 a write is two events, the end first", async () => {
  const id = randomUUID();
  await groups.createOrUpdate(GROUP, { location: facts.location }, own(id));
  const [end, begin] = await eventsOf(reader, id);
  for (const event of [end, begin]) {
    assert.equal(event.resourceId, groupId(GROUP));
    assert.equal(event.operationName.value, "Microsoft.Resources/subscriptions/resourceGroups/write");
    assert.equal(event.correlationId, id);
    assert.equal(event.httpRequest.method, "PUT");
    assert.equal(event.resourceGroupName, GROUP);
    assert.ok(event.eventTimestamp instanceof Date && event.submissionTimestamp instanceof Date);
    assert.match(event.eventDataId, GUID);
    assert.match(event.claims["http://schemas.microsoft.com/identity/claims/objectidentifier"], GUID);
    assert.equal(event.authorization.role, "Owner");
  }
  assert.equal(end.operationId, begin.operationId);
  assert.deepEqual([begin.status.value, end.status.value, end.subStatus.value], ["Started", "Succeeded", "Created"]);
  assert.equal(JSON.parse(begin.properties.requestbody).location, facts.location);
});

await test("O1 R1 a refused write is there, with the answer", async () => {
  const id = randomUUID();
  await refused(() => groupsOfReader.createOrUpdate(GROUP, { location: facts.location }, own(id)), { status: 403, code: "AuthorizationFailed" });
  const [end] = await awaitEvents(owner, id);
  assert.deepEqual([end.status.value, end.subStatus.value, end.level], ["Failed", "Forbidden", "Error"]);
  assert.equal(JSON.parse(end.properties.statusMessage).error.code, "AuthorizationFailed");
});

await test("O1 pages are followed, and $select names what is wanted", async () => {
  const id = randomUUID();
  for (let n = 0; n < 120; n++) await groups.update(GROUP, { tags: { n: String(n) } }, own(id));
  const events = await eventsOf(reader, id, { select: "eventName,eventDataId" });
  assert.equal(new Set(events.map((event) => event.eventDataId)).size, 240);
  assert.ok(events.every((event) => event.eventName && event.correlationId === undefined));
});

await test("R6 who may not read events is refused", async () => {
  await refused(() => all(nobody.activityLogs.list(SINCE)), { status: 403, code: "AuthorizationFailed" });
});

await test("O1 the tenant's log, and the categories", async () => {
  await refused(() => all(reader.tenantActivityLogs.list({ filter: SINCE })), { status: 403, code: "AuthorizationFailed" });
  assert.ok((await all(reader.eventCategories.list())).some((category) => category.value === "Administrative"));
});
