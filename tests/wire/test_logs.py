"""O1: who changed what, and who did what with a target: the logs as `lanyard logs` and the admin socket show them."""
import json
import pathlib
import subprocess
import time
import uuid

import pytest

from lanyard import same

VAULT_AUDIENCE = "https://vault.azure.net"
OID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
SECRET = "LANYARD-SECRET-logged"
LOOKS_MAX = 400


class Stage:
    def __init__(self, server):
        self.server = server
        self.server.start()
        self.rg = f"/subscriptions/{self.server.facts['subscription']}/resourceGroups/rg"
        self.put(self.rg, "2022-09-01", {"location": "westus"})
        self.machine = f"{self.rg}/providers/Microsoft.Compute/virtualMachines/web"
        made = self.put(self.machine, "2024-07-01", {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}})
        self.principal = made["identity"]["principalId"]
        self.vault = f"{self.rg}/providers/Microsoft.KeyVault/vaults/logged"
        properties = {"tenantId": self.server.facts["tenant"], "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
        self.put(self.vault, "2023-07-01", {"location": "westus", "properties": properties})
        self.token = self.server.token_of(self.machine, VAULT_AUDIENCE)

    def put(self, path, version, body):
        return self.server.api("PUT", f"{path}?api-version={version}", body)

    def grant(self, role):
        self.server.call("grant", "web", role, "logged")

    def secret(self, method, name, body=None, token=None, **headers):
        """The status, and the correlation id that was sent along."""
        correlation = str(uuid.uuid4())
        lines = {"x-ms-client-request-id": correlation, **headers}
        answer = self.server.ask("logged.vault.azure.net", method, f"/secrets/{name}?api-version=7.4", body, token, lines)
        return answer.status, correlation


@pytest.fixture(scope="module", name="s")
def stage(server):
    return Stage(server)


def test_o1_each_change_has_one_activity_record(s):
    """O1: each change has one activity record, the directory's changes too"""
    user = {"accountEnabled": True, "displayName": "Logged", "mailNickname": "logged", "passwordProfile": {"password": SECRET},
            "userPrincipalName": f"logged@{s.server.facts['names'].get('domain', 'lanyard.localhost')}"}
    made = json.loads(s.server.call("api", "POST", "https://graph.microsoft.com/v1.0/users", "-", given=json.dumps(user)))
    group = {"displayName": "Logged", "mailEnabled": False, "mailNickname": "loggedgroup", "securityEnabled": True}
    crew = json.loads(s.server.call("api", "POST", "https://graph.microsoft.com/v1.0/groups", "-", given=json.dumps(group)))
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{made['id']}"}
    s.server.call("api", "POST", f"https://graph.microsoft.com/v1.0/groups/{crew['id']}/members/$ref", "-", given=json.dumps(reference))
    s.grant("Key Vault Reader")
    done = [(r["operationName"]["value"], r["authorization"]["scope"]) for r in s.server.records("activity")]
    for action, scope in (
        ("Microsoft.Resources/subscriptions/resourceGroups/write", s.rg),
        ("Microsoft.Compute/virtualMachines/write", s.machine),
        ("microsoft.directory/users/create", f"/users/{made['id']}"),
        ("microsoft.directory/groups/create", f"/groups/{crew['id']}"),
        ("microsoft.directory/groups/members/update", f"/groups/{crew['id']}/members/{made['id']}"),
    ):
        same(done.count((action, scope)), 1, f"{action} at {scope}")
    same(sum(action == "Microsoft.Authorization/roleAssignments/write" for action, _ in done), 1, "the grant")


def test_o1_operations_of_a_vault_are_recorded(s):
    """O1: an operation of a vault is recorded, denied and allowed, with who, where and why"""
    status, denied = s.secret("PUT", "a", {"value": SECRET}, s.token)
    same(status, 403, "without a role")
    s.grant("Key Vault Secrets Officer")
    status, allowed = s.secret("PUT", "a", {"value": SECRET}, s.token, **{"User-Agent": "the-test/1"})
    same(status, 200, "with one")
    status, missing = s.secret("GET", "none", token=s.token)
    same(status, 404, "what is not there")
    record = s.server.record("diagnostic", denied)
    same((record["operationName"], record["resultSignature"], record["properties"]["httpStatusCode"]), ("SecretSet", "NOT_AUTHORIZED", 403), "denied")
    assert not record["properties"]["isAllowed"] and record["resultType"] == "Failure", "it was not allowed"
    record = s.server.record("diagnostic", allowed)
    same((record["operationName"], record["category"], record["resultType"]), ("SecretSet", "AuditEvent", "Success"), "allowed")
    same(record["identity"]["claim"][OID], s.principal, "who")
    same(record["resourceId"], s.vault, "the target")
    same(record["properties"]["id"], f"{s.vault}/secrets/a", "the object")
    same(record["properties"]["clientInfo"], "the-test/1", "the program")
    assert record["properties"]["isAllowed"] and record["properties"]["isRbacAuthorized"], "roles allowed it"
    grants = s.server.api("GET", f"{s.vault}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01")["value"]
    assert record["properties"]["appliedAssignmentId"] in [g["name"] for g in grants], "by that assignment"
    record = s.server.record("diagnostic", missing)
    assert record["properties"]["isAllowed"] and record["properties"]["httpStatusCode"] == 404, "allowed, and not found"


def test_o1_unauthenticated_callers_are_recorded(s):
    """O1: who cannot be told who he is, is recorded as that"""
    for token, result in ((None, "TOKEN_MISSING"), ("nonsense", "TOKEN_MALFORMED")):
        status, correlation = s.secret("GET", "a", token=token)
        same(status, 401, "status")
        record = s.server.record("diagnostic", correlation)
        same((record["operationName"], record["resultSignature"]), ("Authentication", result), "the record")
        same(record["identity"]["claim"], {}, "nobody")


def test_the_management_api_makes_no_diagnostic_records(s):
    """the management API and refused management calls make no diagnostic records"""
    before = len(s.server.records("diagnostic"))
    s.server.api("GET", f"{s.vault}?api-version=2023-07-01")
    s.server.ask("management.azure.com", "GET", f"{s.vault}?api-version=2023-07-01", token="nonsense")
    same(len(s.server.records("diagnostic")), before, "records")


def test_a_log_is_followed(s):
    """a log is followed from where it stands, each record once"""
    log = s.server.home + "/followed"
    with open(log, "w", encoding="utf-8") as out:
        process = subprocess.Popen([s.server.binary, "logs", "diagnostic", "-f", "--json", "-n", "1"], env=s.server.env, stdout=out)
    try:
        sent = []
        for look in range(LOOKS_MAX):
            if look in (20, 60):
                sent.append(s.secret("GET", "a", token=s.token)[1])
            lines = [json.loads(line)["correlationId"] for line in pathlib.Path(log).read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]
            if len(sent) == 2 and lines[1:] == sent:
                break
            time.sleep(0.05)
        same(lines[1:], sent, "what was followed")
    finally:
        process.terminate()
        process.wait(20)


def test_nobody_but_the_operator_reads_the_logs(s):
    """nobody but the operator reads the logs"""
    for host in ("management.azure.com", "localhost"):
        answer = s.server.ask(host, "GET", "/lanyard/logs/activity", token=s.token)
        assert answer.status in (400, 401, 403, 404), f"{host}: {answer.status}"
        assert "operationName" not in answer.text, "and nothing of it"


def test_wrong_logs_numbers_and_cursors_are_refused(s):
    """what is no log, no number and no cursor is refused"""
    for path, status in (("nothing", 404), ("activity?$top=0", 400), ("activity?$top=1001", 400), ("activity?$top=x", 400), ("signin?after=x", 400),
                         ("signin?after=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 200), ("diagnostic?correlationId=x", 400),
                         ("activity?$filter=status/errorCode%20eq%200", 400), ("signin?$filter=x", 400), ("signin?since=x", 400)):
        command = [s.server.binary, "api", "--include", "GET", f"/lanyard/logs/{path}"]
        out = subprocess.run(command, env=s.server.env, capture_output=True, text=True, check=False).stdout
        same(int(out.split(maxsplit=2)[1]), status, path)


def test_queued_records_are_kept_at_a_stop(s):
    """the records of what waited are there after a stop"""
    _, correlation = s.secret("GET", "a", token=s.token)
    assert s.server.stop(), "the server stops"
    s.server.start()
    same(s.server.record("diagnostic", correlation)["operationName"], "SecretGet", "the record")

