"""O1, T9: who got which token and who was refused one: the sign-in log of a real server, and how it joins with the other logs."""
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.parse
import uuid

import pytest

from lanyard import same

VAULT_AUDIENCE = "https://vault.azure.net"
ARM_AUDIENCE = "https://management.azure.com/"
GRAPH_AUDIENCE = "https://graph.microsoft.com"
TOKEN_PATH = "/metadata/identity/oauth2/token"
LOOKS_MAX = 400

# Requests to the metadata endpoint as a workload: a list of [query, headers] in, a list of [status, body] out.
ASK = """
import json, os, sys, urllib.error, urllib.request
host = os.environ["AZURE_POD_IDENTITY_AUTHORITY_HOST"].rstrip("/")
answers = []
for query, headers in json.loads(sys.argv[1]):
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{host}/metadata/identity/oauth2/token?{query}", headers=headers)) as answer:
            answers.append([answer.status, json.load(answer)])
    except urllib.error.HTTPError as refusal:
        answers.append([refusal.code, json.load(refusal)])
json.dump(answers, sys.stdout)
"""


NOBODY = 65534
ASK_ONCE = f"""
import os, sys, urllib.error, urllib.request
host = os.environ["AZURE_POD_IDENTITY_AUTHORITY_HOST"].rstrip("/")
try:
    urllib.request.urlopen(urllib.request.Request(f"{{host}}{TOKEN_PATH}?api-version=2018-02-01", headers={{"Metadata": "true"}}))
    sys.stdout.write("answered")
except OSError as error:
    sys.stdout.write("answered" if isinstance(error, urllib.error.HTTPError) else "closed")
"""


def query(audience, **selector):
    return urllib.parse.urlencode({"api-version": "2018-02-01", "resource": audience, **selector})


class Stage:
    def __init__(self, server):
        self.server = server
        self.server.start()
        self.rg = f"/subscriptions/{self.server.facts['subscription']}/resourceGroups/rg"
        self.put(self.rg, "2022-09-01", {"location": "westus"})
        self.machine = f"{self.rg}/providers/Microsoft.Compute/virtualMachines/web"
        made = self.put(self.machine, "2024-07-01", {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}})
        self.principal = made["identity"]["principalId"]
        self.put(f"{self.rg}/providers/Microsoft.Compute/virtualMachines/bare", "2024-07-01", {"location": "westus", "properties": {}})
        properties = {"tenantId": self.server.facts["tenant"], "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
        self.put(f"{self.rg}/providers/Microsoft.KeyVault/vaults/signins", "2023-07-01", {"location": "westus", "properties": properties})
        self.server.call("grant", "web", "Key Vault Secrets Officer", "signins")
        self.server.call("grant", "web", "Contributor", self.rg)

    def put(self, path, version, body):
        return self.server.api("PUT", f"{path}?api-version={version}", body)

    def workload(self, resource, *requests):
        """What the metadata endpoint answers to that resource's workload."""
        return json.loads(self.server.call("run", "--no-sandbox", "--as", resource, "--", sys.executable, "-c", ASK, json.dumps(requests)))

    def token(self, audience, correlation):
        (status, body), = self.workload("web", [query(audience), {"Metadata": "true", "x-ms-client-request-id": correlation}])
        same(status, 200, "a token")
        return body["access_token"]


@pytest.fixture(scope="module", name="stage")
def stage_of(server):
    return Stage(server)


def test_o1_a_correlation_id_joins_the_three_logs(stage):
    """O1: what a workload does with its token is found by one id in the sign-in, diagnostic and activity logs"""
    correlation = str(uuid.uuid4())
    token = stage.token(VAULT_AUDIENCE, correlation)
    lines = {"x-ms-client-request-id": correlation}
    same(stage.server.ask("signins.vault.azure.net", "PUT", "/secrets/a?api-version=7.4", {"value": "x"}, token, lines).status, 200, "a secret")
    token = stage.token(ARM_AUDIENCE, str(uuid.uuid4()))
    lines = {"x-ms-correlation-request-id": correlation}
    same(stage.server.ask("management.azure.com", "PATCH", f"{stage.rg}?api-version=2022-09-01", {"tags": {"a": "b"}}, token, lines).status, 200, "tags")
    signin = stage.server.record("signin", correlation)
    same(signin["servicePrincipalId"], stage.principal, "who got the token")
    same(signin["managedServiceIdentity"], {"msiType": "systemAssigned", "associatedResourceId": stage.machine, "federatedTokenId": None,
                                            "federatedTokenIssuer": None}, "from where")
    same(signin["lanyard"]["callerKnownBy"], "user", "known by")
    same(signin["status"], {"errorCode": 0, "failureReason": "Other.", "additionalDetails": None}, "granted")
    same(stage.server.record("diagnostic", correlation)["properties"]["httpStatusCode"], 200, "the secret")
    same(stage.server.record("activity", correlation)["operationName"]["value"], "Microsoft.Resources/subscriptions/resourceGroups/write", "the tags")


def test_o1_each_refusal_has_a_record_that_the_filters_find(stage):
    """O1: each refusal is recorded with its reason, and found by identity, resource, time and outcome"""
    ids = [str(uuid.uuid4()) for _ in range(4)]
    asked = [[query(VAULT_AUDIENCE), {}], [query(VAULT_AUDIENCE, client_id=str(uuid.uuid4())), {"Metadata": "true"}],
             [query("https://nobody.test/path?key=hidden"), {"Metadata": "true"}],
             [query(VAULT_AUDIENCE), {"Metadata": "true", "X-Forwarded-For": "10.0.0.1"}]]
    for line, correlation in zip(asked, ids):
        line[1]["x-ms-client-request-id"] = correlation
    same([status for status, _ in stage.workload("web", *asked)], [400] * 4, "refused")
    stage.workload("bare", [query(VAULT_AUDIENCE), {"Metadata": "true"}])
    want = [(400, "METADATA_MISSING"), (400, "IDENTITY_NOT_FOUND"), (500011, "AUDIENCE_UNKNOWN"), (400, "FORWARDED")]
    found = [stage.server.record("signin", correlation) for correlation in ids]
    same([(r["status"]["errorCode"], r["lanyard"]["error"]) for r in found], want, "the reasons")
    same(found[2]["lanyard"]["target"], "https://nobody.test", "no more than the host of what nobody knows")
    failed = stage.server.records("signin", "--failed", "--resource", "web")
    same([r["correlationId"] for r in failed], ids, "by outcome and resource")
    same(len(stage.server.records("signin", "--failed", "--resource", stage.machine)), 4, "by its ARM id")
    same(len(stage.server.records("signin", "--resource", "bare")), 1, "of another resource")
    granted = stage.server.records("signin", "--identity", "web")
    same({r["servicePrincipalId"] for r in granted}, {stage.principal}, "by name")
    same(stage.server.records("signin", "--identity", stage.principal), granted, "by principal id")
    same(stage.server.records("signin", "--identity", granted[0]["appId"]), granted, "by client id")
    same(stage.server.records("signin", "--since", "1h"), stage.server.records("signin"), "of the last hour")
    same(stage.server.records("signin", "--since", "2200-01-01T00:00:00Z"), [], "of a time to come")


def test_the_sign_in_log_reads_in_columns(stage):
    """people read the sign-in log in columns, and what the options are for is said"""
    correlation = str(uuid.uuid4())
    stage.token(VAULT_AUDIENCE + "/", correlation)
    line = stage.server.call("logs", "signin", "--correlation", correlation).split()
    same(line[1:], ["web", VAULT_AUDIENCE + "/", "web", "granted", "(known", "by:", "user)"], "columns")
    for options in (["activity", "--identity", "web"], ["diagnostic", "--identity", "web"], ["diagnostic", "--failed"], ["signin", "--caller", "web"], ["signin", "--since", "yesterday"]):
        done = subprocess.run([stage.server.binary, "logs", *options], env=stage.server.env, capture_output=True, text=True, check=False)
        same((done.returncode, done.stdout), (2, ""), str(options))


def test_o1_answers_from_the_cache_are_counted(stage):
    """O1: a hundred answers with one token are one record with a number"""
    audience = "https://storage.azure.com/"
    stage.workload("web", *([query(audience), {"Metadata": "true"}] for _ in range(100)))
    found = [r for r in stage.server.records("signin") if r["lanyard"].get("target") == audience]
    assert len(found) <= 5
    same(sum(r["lanyard"]["times"] for r in found), 100, "answers")
    same(len({r["uniqueTokenIdentifier"] for r in found}), 1, "tokens")


def test_o1_the_log_is_followed(stage):
    """O1: `lanyard logs signin -f` shows what happens from then on, each once, and only what the filter wants"""
    log = stage.server.home + "/followed-signins"
    sent = []
    with open(log, "w", encoding="utf-8") as out:
        command = [stage.server.binary, "logs", "signin", "-f", "--json", "-n", "1", "--failed"]
        process = subprocess.Popen(command, env=stage.server.env, stdout=out)
    try:
        for look in range(LOOKS_MAX):
            if look in (20, 60):
                sent.append(str(uuid.uuid4()))
                stage.token(VAULT_AUDIENCE, str(uuid.uuid4()))
                stage.workload("web", [query(VAULT_AUDIENCE), {"x-ms-client-request-id": sent[-1]}])
            lines = [json.loads(line)["correlationId"] for line in pathlib.Path(log).read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]
            if len(sent) == 2 and lines[1:] == sent:
                break
            time.sleep(0.05)
        same(lines[1:], sent, "what was followed")
    finally:
        process.terminate()
        process.wait(20)


def test_o1_the_token_service_s_refusals_are_recorded(stage):
    """O1: who shows the token service a wrong secret is in the log, with the address, and the secret is not"""
    correlation = str(uuid.uuid4())
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": str(uuid.uuid4()), "client_secret": "LANYARD-SECRET-login",
                                   "scope": f"{VAULT_AUDIENCE}/.default"})
    lines = {"client-request-id": correlation, "Content-Type": "application/x-www-form-urlencoded"}
    answer = stage.server.ask("login.microsoftonline.com", "POST", f"/{stage.server.facts['tenant']}/oauth2/v2.0/token", form, headers=lines)
    record = stage.server.record("signin", correlation)
    same(record["status"]["errorCode"], answer.json["error_codes"][0], "the number of the answer")
    same((record["ipAddress"], record["lanyard"]["endpoint"], record["lanyard"]["callerKnownBy"]), ("127.0.0.1", "login", "unknown"), "the rest")
    assert "LANYARD-SECRET" not in json.dumps(record)


def test_o1_another_user_s_connection_is_closed_and_recorded(stage):
    """O1: another user of the machine who connects to a workload's endpoint gets nothing, and is in the log"""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    out = stage.server.call("run", "--no-sandbox", "--as", "web", "--", sys.executable, "-c", f"import os\nos.setuid({NOBODY})\n{ASK_ONCE}")
    same(out, "closed", "the answer")
    record = stage.server.records("signin")[-1]
    same((record["status"]["errorCode"], record["lanyard"]["error"]), (401, "CALLER_UNKNOWN"), "the reason")
    same((record["lanyard"]["callerKnownBy"], record["managedServiceIdentity"]["associatedResourceId"]), ("unknown", stage.machine), "at whose endpoint")


def test_o1_graph_gives_the_log_to_the_operator_alone(stage):
    """O1: Microsoft Graph lists sign-ins of managed identities for the operator, and refuses a principal without the permission"""
    path = "https://graph.microsoft.com/beta/auditLogs/signIns?" + urllib.parse.urlencode(
        {"$filter": "signInEventTypes/any(t: t eq 'managedIdentity') and status/errorCode eq 0", "$top": "3"})
    stage.server.records("signin")  # has what waits written
    page = stage.server.api("GET", path)
    same(len(page["value"]), 3, "items")
    assert "@odata.nextLink" in page
    same({r["servicePrincipalId"] for r in page["value"]}, {stage.principal}, "who")
    one = stage.server.api("GET", f"https://graph.microsoft.com/v1.0/auditLogs/signIns/{page['value'][0]['id']}")
    same({name: one[name] for name in page["value"][0]}, page["value"][0], "the same by its id")
    token = stage.token(GRAPH_AUDIENCE, str(uuid.uuid4()))
    answer = stage.server.ask("graph.microsoft.com", "GET", "/v1.0/auditLogs/signIns", token=token)
    same((answer.status, answer.error["code"]), (403, "Authorization_RequestDenied"), "a managed identity")
    same(stage.server.ask("graph.microsoft.com", "GET", "/v1.0/auditLogs/signIns").status, 401, "a stranger")


def test_t9_records_outlive_a_stop_and_hold_no_token(stage):
    """O1, T9: what was recorded is there after a stop, and no part of a token is in the store's files"""
    correlation = str(uuid.uuid4())
    token = stage.token("https://cosmos.azure.com", correlation)
    assert stage.server.stop(), "the server stops"
    files = [p for p in pathlib.Path(stage.server.home, "data").rglob("*") if p.is_file()]
    same(any(p.name == "lanyard.db" for p in files), True, "the store is there")
    for file in files:
        content = file.read_bytes()
        for part in token.split(".")[1:]:
            assert part.encode() not in content, f"{file.name} holds a part of a token"
    stage.server.start()
    same(stage.server.record("signin", correlation)["servicePrincipalId"], stage.principal, "the record")
