"""O1: the activity log of Azure Monitor: each write of the management plane, allowed or refused, as two events."""
import contextlib
import datetime
import json
import re
import sqlite3
import subprocess
import urllib.parse
import uuid

import lz4.block
import pytest

from lanyard import same

ARM_AUDIENCE = "https://management.azure.com/"
CLAIMS = "http://schemas.microsoft.com/identity/claims/"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
SINCE = "eventTimestamp ge 2020-09-06T08:59:56Z"
MARKER = "MARKER-a-secret-that-no-log-holds"
GROUPS, ROLES, MACHINES = "2022-09-01", "2022-04-01", "2024-07-01"


def plain(body):
    """A body of the log as it was before it was compressed: src/log/body.h"""
    if body[0]:
        return body
    length, at = 0, 1
    while body[at] & 0x80:
        length, at = length | (body[at] & 0x7f) << 7 * (at - 1), at + 1
    return lz4.block.decompress(body[at + 1:], uncompressed_size=length | body[at] << 7 * (at - 1))


class Stage:
    def __init__(self, server):
        self.server = server
        self.server.start()
        self.subscription = f"/subscriptions/{self.server.facts['subscription']}"
        self.rg = f"{self.subscription}/resourceGroups/rg"
        self.put(self.rg, GROUPS, {"location": "westus"})
        self.principals, self.tokens = {}, {}
        for name in ("web", "bare"):
            machine = f"{self.rg}/providers/Microsoft.Compute/virtualMachines/{name}"
            made = self.put(machine, MACHINES, {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}})
            self.principals[name] = made["identity"]["principalId"]
        self.grant = str(uuid.uuid4())
        self.put(f"{self.rg}/providers/Microsoft.Authorization/roleAssignments/{self.grant}", ROLES, self.role(CONTRIBUTOR, "web"))
        for name in self.principals:
            self.tokens[name] = self.server.token_of(f"{self.rg}/providers/Microsoft.Compute/virtualMachines/{name}", ARM_AUDIENCE)

    def role(self, role, name):
        definition = f"{self.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        return {"properties": {"roleDefinitionId": definition, "principalId": self.principals[name], "principalType": "ServicePrincipal"}}

    def put(self, path, version, body):
        return self.server.api("PUT", f"{path}?api-version={version}", body)

    def ask(self, method, path, version, body=None, who="web", **headers):
        lines = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.server.ask("management.azure.com", method, f"{path}?api-version={version}", body, self.tokens[who], lines)

    def page(self, url):
        return self.server.api("GET", url)

    def events(self, *terms, at=None, more=""):
        at = self.subscription if at is None else at
        query = urllib.parse.quote(" and ".join((SINCE, *terms)))
        url = f"{at}/providers/microsoft.insights/eventtypes/management/values?api-version=2015-04-01&$filter={query}{more}"
        events = []
        while url:
            page = self.page(url)
            events += page["value"]
            url = page.get("nextLink")
        return events

    def of(self, correlation, **more):
        """The events of one request, once they are there: what was refused is written some moments later."""
        self.server.records("activity", "--lines", "1")  # which writes what waits
        return self.events(f"correlationId eq '{correlation}'", **more)


@pytest.fixture(scope="module", name="s")
def stage(server):
    return Stage(server)


def test_o1_a_write_is_two_events(s):
    """O1 R6: by whom, by which token and role, by which request, what was there before and after"""
    correlation, client = str(uuid.uuid4()), str(uuid.uuid4())
    answer = s.ask("PUT", f"{s.rg}/providers/Microsoft.Compute/virtualMachines/made", MACHINES, {"location": "westus", "properties": {}},
                   x_ms_correlation_request_id=correlation, x_ms_client_request_id=client)
    same(answer.status, 201, "made")
    end, begin = s.of(correlation)
    machine = f"{s.rg}/providers/Microsoft.Compute/virtualMachines/made"
    action = "Microsoft.Compute/virtualMachines/write"
    for event in (begin, end):
        same(event["caller"], s.principals["web"], "a managed identity is called by its object id")
        same(event["resourceId"], machine, "what")
        same(event["httpRequest"], {"clientRequestId": client, "clientIpAddress": "127.0.0.1", "method": "PUT",
                                    "uri": f"https://management.azure.com{machine}"}, "by which request")
        same(event["operationName"]["value"], action, "the operation")
        same((event["authorization"]["action"], event["authorization"]["scope"], event["authorization"]["role"]), (action, machine, "Contributor"), "allowed")
        same(event["authorization"]["evidence"],
             {"role": "Contributor", "roleAssignmentScope": s.rg, "roleAssignmentId": s.grant.replace("-", ""),
              "roleDefinitionId": CONTRIBUTOR.replace("-", ""), "principalId": s.principals["web"].replace("-", ""), "principalType": "ServicePrincipal"},
             "by which assignment")
        same((event["resourceGroupName"], event["subscriptionId"], event["tenantId"]),
             ("rg", s.server.facts["subscription"], s.server.facts["tenant"]), "where")
        same((event["resourceProviderName"]["value"], event["resourceType"]["value"]), ("Microsoft.Compute", "Microsoft.Compute/virtualMachines"), "of what kind")
        same((event["level"], event["channels"], event["category"]["value"]), ("Informational", "Operation", "Administrative"), "the kind of event")
        assert all(isinstance(value, str) for value in {**event["claims"], **event["properties"]}.values()), "claims and properties are texts"
        ticks = re.fullmatch(re.escape(f"{machine}/events/{event['eventDataId']}/ticks/") + r"(\d+)", event["id"])
        seconds, fraction = event["eventTimestamp"].rstrip("Z").split(".")
        since_year_1 = datetime.datetime.fromisoformat(seconds) - datetime.datetime(1, 1, 1)
        same(int(ticks[1]), (since_year_1.days * 86400 + since_year_1.seconds) * 10**7 + int(fraction), "the ticks are those of the time")
    claims = end["claims"]
    same((claims[CLAIMS + "objectidentifier"], claims[CLAIMS + "tenantid"]), (s.principals["web"], s.server.facts["tenant"]), "the WS-* names")
    same((claims["appidacr"], claims["idtyp"], claims["ver"], claims["aud"]), ("2", "app", "1.0", ARM_AUDIENCE), "of a managed identity")
    assert {"iss", "iat", "nbf", "exp", "appid", "uti", "xms_mirid"} <= set(claims) and "name" not in claims, claims
    same((begin["status"]["value"], begin["eventName"]["value"], begin["subStatus"]["value"]), ("Started", "BeginRequest", ""), "begun")
    same((end["status"]["value"], end["eventName"]["value"], end["subStatus"]),
         ("Succeeded", "EndRequest", {"value": "Created", "localizedValue": "Created (HTTP Status Code: 201)"}), "ended")
    same(begin["operationId"], end["operationId"], "one operation")
    assert begin["eventDataId"] != end["eventDataId"] and begin["operationId"] not in (begin["eventDataId"], end["eventDataId"])
    same(json.loads(begin["properties"]["requestbody"])["id"], machine, "what was written")
    same(end["properties"]["statusCode"], "Created", "the status")
    assert "before" not in end["lanyard"] and end["lanyard"]["after"]["location"] == "westus", "before and after"
    s.ask("PATCH", machine, MACHINES, {"tags": {"a": "b"}}, x_ms_correlation_request_id=correlation)
    patched = s.of(correlation)[0]
    same((patched["lanyard"]["before"].get("tags"), patched["lanyard"]["after"]["tags"]), (None, {"a": "b"}), "what changed")
    s.ask("DELETE", machine, MACHINES, x_ms_correlation_request_id=correlation)
    same(json.loads(s.of(correlation)[0]["properties"]["responseBody"])["tags"], {"a": "b"}, "what was deleted")


def test_o1_r1_a_refused_write_is_recorded(s):
    """O1 R1: who was refused what, and why; a failure after the permission too; reads leave nothing"""
    correlation = str(uuid.uuid4())
    path = f"{s.rg}/providers/Microsoft.Compute/virtualMachines/web"
    answer = s.ask("PATCH", path, MACHINES, {"tags": {"a": MARKER}}, "bare", x_ms_correlation_request_id=correlation)
    same(answer.status, 403, "no role")
    end, begin = s.of(correlation)
    same((end["status"]["value"], end["subStatus"]["value"], end["level"]), ("Failed", "Forbidden", "Error"), "refused")
    same((begin["status"]["value"], begin["level"]), ("Started", "Informational"), "begun")
    same(json.loads(end["properties"]["statusMessage"]), answer.json, "the answer")
    same((end["caller"], end["resourceId"], end["authorization"]["action"]), (s.principals["bare"], path, "Microsoft.Compute/virtualMachines/write"), "what")
    assert "evidence" not in end["authorization"] and MARKER not in json.dumps(end), "what was asked for is not kept"
    correlation = str(uuid.uuid4())
    same(s.ask("PUT", path, MACHINES, {"location": "eastus", "properties": {}}, x_ms_correlation_request_id=correlation).status, 409, "elsewhere")
    same(s.of(correlation)[0]["subStatus"]["value"], "Conflict", "what failed")
    lock = f"{path}/providers/Microsoft.Authorization/locks/kept"
    s.put(lock, "2020-05-01", {"properties": {"level": "CanNotDelete"}})
    same(s.events(f"resourceUri eq '{lock}'", "status eq Succeeded")[0]["lanyard"]["after"]["properties"]["level"], "CanNotDelete", "the lock")
    correlation = str(uuid.uuid4())
    same(s.ask("DELETE", path, MACHINES, x_ms_correlation_request_id=correlation).status, 409, "locked")
    end = s.of(correlation)[0]
    same((json.loads(end["properties"]["statusMessage"])["error"]["code"], end["operationName"]["value"], end["resourceId"]),
         ("ScopeLocked", "Microsoft.Compute/virtualMachines/delete", path), "by a lock")
    s.server.api("DELETE", f"{lock}?api-version=2020-05-01")
    correlation = str(uuid.uuid4())
    same(s.ask("GET", path, MACHINES, who="bare", x_ms_correlation_request_id=correlation).status, 403, "a read")
    same(s.of(correlation), [], "is not recorded")


def test_o1_one_id_is_found_in_the_three_logs(s):
    """O1: a workload's token, what it did with a vault and what it was refused to change, by one correlation id and one token id"""
    correlation = str(uuid.uuid4())
    vault = f"{s.rg}/providers/Microsoft.KeyVault/vaults/joined"
    s.put(vault, "2023-07-01", {"location": "westus", "properties": {"tenantId": s.server.facts["tenant"], "sku": {"family": "A", "name": "standard"},
                                                                     "enableRbacAuthorization": True}})
    machine = f"{s.rg}/providers/Microsoft.Compute/virtualMachines/bare"
    token = s.server.token_of(machine, "https://vault.azure.net")
    s.server.ask("joined.vault.azure.net", "GET", "/secrets/one?api-version=7.4", token=token, headers={"x-ms-client-request-id": correlation})
    s.ask("DELETE", vault, "2023-07-01", who="bare", x_ms_correlation_request_id=correlation)
    operation, write = s.server.record("diagnostic", correlation), s.server.record("activity", correlation)
    same((operation["resultSignature"], write["lanyard"]["error"]), ("NOT_AUTHORIZED", "NOT_AUTHORIZED"), "both refused")
    same({operation["identity"]["claim"][CLAIMS + "objectidentifier"], write["claims"][CLAIMS + "objectidentifier"]}, {s.principals["bare"]}, "whom")
    signins = [r for r in s.server.records("signin") if r["uniqueTokenIdentifier"] == write["claims"]["uti"]]
    same([r["servicePrincipalId"] for r in signins], [s.principals["bare"]], "the token by which it asked has a sign-in record")
    same(s.of(correlation)[0]["claims"]["uti"], write["claims"]["uti"], "and Azure Monitor tells the same")


def test_o1_nobody_fills_the_log(s):
    """O1: refused writes of one caller are recorded one by one, then counted"""
    s.server.records("activity", "--lines", "1")
    path = f"{s.rg}/providers/Microsoft.Compute/virtualMachines/flood"
    for _ in range(300):
        same(s.ask("DELETE", path, MACHINES, who="bare").status, 403, "refused")
    records = s.server.records("activity", "--lines", "1000")
    flood = [r for r in records if r["resourceId"] == path]
    counted = [r for r in records if r.get("lanyard", {}).get("times", 1) > 1 and r["caller"] == s.principals["bare"]]
    same(len(flood) + sum(r["lanyard"]["times"] for r in counted), 300, "one by one, and counted")
    assert len(flood) <= 2 * 32, "the counts may have been collected once in between"
    same(counted[0]["operationName"]["value"], "Microsoft.Compute/virtualMachines/delete", "of what")


def test_o1_the_command_shows_and_filters(s):
    """O1: lanyard logs activity: in columns or as JSON, by caller, resource and outcome, and on and on"""
    correlation = str(uuid.uuid4())
    path = f"{s.rg}/providers/Microsoft.Compute/virtualMachines/web"
    s.ask("PATCH", path, MACHINES, {"tags": {"a": "b"}}, x_ms_correlation_request_id=correlation)
    s.ask("PATCH", path, MACHINES, {"tags": {"a": "c"}}, "bare", x_ms_correlation_request_id=correlation)
    mine = ("--correlation", correlation)
    done, failed = s.server.records("activity", *mine)
    same((done["status"]["value"], failed["status"]["value"], failed["lanyard"]["error"]), ("Succeeded", "Failed", "NOT_AUTHORIZED"), "both, the oldest first")
    for options, want in ((("--failed",), [failed]), (("--caller", s.principals["web"]), [done]), (("--caller", "web"), [done]), (("--caller", "nobody@lanyard.localhost"), []), (("--resource", path), [done, failed]),
                          (("--resource", s.rg), [done, failed]), (("--resource", "web"), [done, failed]), (("--resource", "bare"), []),
                          (("--resource", f"{path}2"), []), (("--since", "1h", "--caller", s.principals["bare"], "--failed"), [failed])):
        same(s.server.records("activity", *mine, *options), want, options)
    columns = [line.split() for line in s.server.call("logs", "activity", *mine).splitlines()]
    same([line[1] for line in columns], [f"{s.principals[name]}({name})" for name in ("web", "bare")], "who, by id and name")
    same([line[3] for line in columns], [path.removeprefix(s.subscription)] * 2, "to what")
    same([" ".join(line[4:]) for line in columns], ["done, OK", "failed, Forbidden AuthorizationFailed"], "what came of it, by the API's code")
    missing = subprocess.run([s.server.binary, "logs", "activity", "--caller", "nobody"], env=s.server.env, capture_output=True, text=True, check=False)
    same((missing.returncode, missing.stdout, "There is no" in missing.stderr), (1, "", True), missing.stderr)
    follower = subprocess.Popen([s.server.binary, "logs", "activity", "-f", "--json", "-n", "1", "--caller", s.principals["bare"]], env=s.server.env,
                                stdout=subprocess.PIPE, text=True)
    try:
        same(json.loads(follower.stdout.readline())["eventDataId"], failed["eventDataId"], "the latest")
        correlation = str(uuid.uuid4())
        s.ask("PATCH", path, MACHINES, {"tags": {"a": "d"}})  # of another
        s.ask("DELETE", path, MACHINES, who="bare", x_ms_correlation_request_id=correlation)
        same(json.loads(follower.stdout.readline())["correlationId"], correlation, "and what comes")
    finally:
        follower.terminate()
        follower.wait()


def test_o1_the_filter_takes_what_clients_send(s):
    """O1: quoted or not, each comparison; what is no filter is refused"""
    correlation = str(uuid.uuid4())
    s.ask("PATCH", s.rg, GROUPS, {"tags": {"a": "b"}}, x_ms_correlation_request_id=correlation)
    mine = f"correlationId eq {correlation}"
    for term, n in (("resourceGroupName eq 'RG'", 2), ("resourceGroupName eq rg", 2), ("resourceGroupName eq 'other'", 0), (f"resourceUri eq '{s.rg}'", 2),
                    (f"resourceId eq {s.rg.upper()}", 2), (f"resourceUri eq '{s.rg}2'", 0), (f"caller eq '{s.principals['web']}'", 2), ("caller eq 'nobody'", 0),
                    ("status eq 'Started'", 1), ("status eq Succeeded", 1), ("status eq 'Failed'", 0), ("levels eq 'Critical,Error'", 0),
                    ("levels eq 'Informational, Error'", 2), ("eventChannels eq 'Admin, Operation'", 2), ("resourceProvider eq Microsoft.Resources", 2),
                    ("resourceProvider eq 'Microsoft.Authorization'", 0), ("eventTimestamp le 2021-01-01T00:00:00Z", 0), ("eventTimestamp le 2021-01-01T00:00:00.123456", 0),
                    ("eventTimestamp le 2200-01-01T00:00:00+00:00", 2),
                    ("eventTimestamp le '2200-01-01T00:00:00Z'", 2), ("resourceType eq 'Microsoft.Resources/subscriptions/resourceGroups'", 2)):
        same(len(s.events(mine, term)), n, term)
    host = "management.azure.com"
    values = f"{s.subscription}/providers/microsoft.insights/eventtypes/management/values?api-version=2015-04-01"
    token = s.server.token_of(f"{s.rg}/providers/Microsoft.Compute/virtualMachines/web", ARM_AUDIENCE)
    s.put(f"{s.subscription}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}", ROLES, s.role(READER, "web"))
    for bad in ("", "&$filter=", "&$filter=status eq 'Failed'", "&$filter=eventTimestamp ge x", f"&$filter={SINCE} and", f"&$filter={SINCE} or {mine}",
                f"&$filter={SINCE} and caller eq 'a", f"&$filter={SINCE} and caller ne 'a'", f"&$filter={SINCE} and {SINCE}", f"&$filter={SINCE} and nothing eq 'a'",
                f"&$filter={SINCE} and caller eq " + "x" * 2048, f"&$filter={SINCE}&$select=nothing", f"&$filter={SINCE}&$skipToken=x"):
        answer = s.server.ask(host, "GET", values + bad.replace(" ", "%20"), token=token)
        same(answer.status, 400, bad)
    for fine in (f"&$filter={SINCE}", f"&$filter={SINCE}&$select=eventName,ID"):
        same(s.server.ask(host, "GET", values + fine.replace(" ", "%20"), token=token).status, 200, fine)
    short = s.events(mine, more="&$select=eventName,id")
    same([sorted(event) for event in short], [["eventName", "id"]] * 2, "what was selected")


def test_o1_the_list_goes_in_pages_newest_first(s):
    """O1: each event once, the newest first, with links that clients can follow"""
    correlation = str(uuid.uuid4())
    for n in range(130):
        s.ask("PATCH", s.rg, GROUPS, {"tags": {"n": str(n)}}, x_ms_correlation_request_id=correlation)
    ends = [e for e in s.events(f"correlationId eq {correlation}") if e["eventName"]["value"] == "EndRequest"]
    same([e["lanyard"]["after"]["tags"]["n"] for e in ends], [str(n) for n in reversed(range(130))], "each once")
    query = urllib.parse.quote(SINCE)
    first = s.page(f"{s.subscription}/providers/microsoft.insights/eventtypes/management/values?api-version=2015-04-01&$filter={query}")
    assert 0 < len(first["value"]) <= 200, "a page"
    assert first["nextLink"].startswith("https://") and "$skiptoken=" in first["nextLink"].lower(), first["nextLink"]


def test_r6_who_may_read_the_events(s):
    """R6: Microsoft.Insights/eventtypes/values/read at the scope that is asked"""
    tenant = s.server.facts["tenant"]
    group = "/providers/Microsoft.Management/managementGroups"
    s.put(f"{group}/watched", "2021-04-01", {"properties": {"displayName": "Watched"}})
    made = s.put(f"{group}/watched/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}", ROLES, s.role(READER, "bare"))
    values = "/providers/microsoft.insights/eventtypes/management/values?api-version=2015-04-01&$filter=" + urllib.parse.quote(SINCE)
    for path, status in (("", 403), (s.subscription, 403), (f"{group}/watched", 200), (f"{group}/{tenant}", 403), (f"{group}/nowhere", 403)):
        same(s.server.ask("management.azure.com", "GET", path + values, token=s.tokens["bare"]).status, status, path)
    same({e["resourceId"] for e in s.events("status eq Succeeded", at=f"{group}/watched")}, {f"{group}/watched", made["id"]}, "of the group alone")
    same([e for e in s.events(at="") if "subscriptionId" in e], [], "the tenant's are those of no subscription")
    same(s.server.api("GET", "/providers/Microsoft.Insights/eventcategories?api-version=2015-04-01")["value"][0]["value"], "Administrative", "categories")


def test_i7_roles_that_go_with_their_group_have_events(s):
    """I7: a role that goes with its resource group is in the log, with what it was"""
    group, name = f"{s.subscription}/resourceGroups/leaving", uuid.uuid4()
    s.put(group, GROUPS, {"location": "westus"})
    s.put(f"{group}/providers/Microsoft.Authorization/roleAssignments/{name}", ROLES, s.role(READER, "bare"))
    s.server.api("DELETE", f"{group}?api-version={GROUPS}")
    cascaded, end, accepted, begin = s.events(f"eventTimestamp le 2200-01-01T00:00:00Z", "resourceGroupName eq leaving")[:4]
    same(cascaded["operationName"]["value"], "Microsoft.Authorization/roleAssignments/delete", "the role")
    same(cascaded["resourceType"]["value"], "Microsoft.Resources/subscriptions/resourcegroups", "with its group")
    same({name: cascaded["properties"][name] for name in ("id", "principalId", "roleDefinitionId", "scope")},
         {"id": name.hex, "principalId": s.principals["bare"].replace("-", ""), "roleDefinitionId": READER.replace("-", ""), "scope": group}, "what it was")
    same([(e["status"]["value"], e["subStatus"]["value"]) for e in (end, accepted, begin)], [("Succeeded", "OK"), ("Accepted", "Accepted"), ("Started", "")],
         "O1: what is answered 202 is accepted, and then done")
    same(len({e["eventDataId"] for e in (end, accepted, begin)}), 3, "each its own id")
    same({e["operationId"] for e in (end, accepted, begin)}, {cascaded["operationId"]}, "one operation")
    same([e["status"]["value"] for e in s.events("status eq Accepted", "resourceGroupName eq leaving")], ["Accepted"], "found by its status")
    assert "httpRequest" not in cascaded and begin["httpRequest"]["method"] == "DELETE"


def test_t9_no_record_holds_a_secret(s):
    """T9: secrets that are sent along with every kind of write are in no activity record, refused ones included"""
    domain = s.server.facts["names"].get("domain", "lanyard.localhost")
    compute = {"location": "westus", "properties": {"osProfile": {"adminUsername": "a", "adminPassword": MARKER, "customData": MARKER}}}
    site = {"location": "westus", "properties": {"siteConfig": {"appSettings": [{"name": "a", "value": MARKER}],
                                                              "connectionStrings": [{"name": "a", "connectionString": MARKER, "type": "Custom"}]}}}
    app = {"location": "westus", "properties": {"configuration": {"secrets": [{"name": "a", "value": MARKER}], "registries": [{"password": MARKER}]}}}
    vault = {"location": "westus", "properties": {"tenantId": s.server.facts["tenant"], "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}}
    web = f"{s.rg}/providers/Microsoft.Web/sites/secretive"
    writes = [
        ("PUT", f"{s.rg}/providers/Microsoft.Compute/virtualMachines/secretive", MACHINES, compute),
        ("PUT", web, "2022-03-01", site),
        ("PUT", f"{web}/config/appsettings", "2022-03-01", {"properties": {"b": MARKER}}),
        ("PUT", f"{web}/config/connectionstrings", "2022-03-01", {"properties": {"b": {"value": MARKER, "type": "Custom"}}}),
        ("PUT", f"{web}/config/azurestorageaccounts", "2022-03-01", {"properties": {"b": {"accessKey": MARKER, "type": "AzureBlob", "accountName": "b", "shareName": "b", "mountPath": "/b"}}}),
        ("PUT", f"{s.rg}/providers/Microsoft.App/containerApps/secretive", "2024-03-01", app),
        ("PUT", f"{s.rg}/providers/Microsoft.KeyVault/vaults/secretive", "2023-07-01", vault),
        ("PUT", f"{s.rg}/providers/Microsoft.KeyVault/vaults/secretive/secrets/one", "2023-07-01", {"properties": {"value": MARKER}}),
        ("PUT", f"{s.rg}/providers/Microsoft.DBforPostgreSQL/flexibleServers/secretive", "2022-12-01",
         {"location": "westus", "properties": {"administratorLogin": "a", "administratorLoginPassword": MARKER}}),
    ]
    named = {"storageAccountKey": MARKER, "deep": [{"clientSecret": MARKER, "primaryKey": MARKER, "sasToken": MARKER}], "pairs": [{"name": "a", "value": MARKER}],
             "primaryConnectionString": MARKER}
    writes += [
        ("PUT", f"{s.rg}/providers/Microsoft.Maps/accounts/secretive", "2023-01-01", {"properties": named}),
        ("PUT", f"{web}/config/authsettings", "2022-03-01", {"properties": {"clientSecret": MARKER}}),
        ("PUT", f"{web}/config/metadata", "2022-03-01", {"properties": {"siteConfig": {"metadata": [{"name": "a", "value": MARKER}]}}}),
    ]
    for method, path, version, body in writes:
        for who in ("web", "bare"):
            s.ask(method, path, version, body, who)
        s.server.api(method, f"{path}?api-version={version}", body)
    graph = lambda path, body: json.loads(s.server.call("api", "POST", f"https://graph.microsoft.com/v1.0/{path}", "-", given=json.dumps(body)))
    graph("users", {"accountEnabled": True, "displayName": "S", "mailNickname": "s", "userPrincipalName": f"secretive@{domain}",
                    "passwordProfile": {"password": MARKER}})
    made = graph("applications", {"displayName": "secretive"})
    secret = graph(f"applications/{made['id']}/addPassword", {"passwordCredential": {"displayName": "ci"}})["secretText"]
    with pytest.raises(RuntimeError, match="hunterTwo"):  # whoever sent it may read it
        s.server.call("api", "POST", "https://graph.microsoft.com/v1.0/users", "-", given='{"passwordProfile": {"password" hunterTwo}}')
    s.server.records("activity", "--lines", "1")
    with contextlib.closing(sqlite3.connect(f"file:{s.server.home}/data/lanyard.db?mode=ro", uri=True)) as database:
        stored = [body for body, in database.execute("SELECT body FROM activity")]
    bodies = [plain(body) for body in stored]
    assert len(bodies) > 2 * len(writes), "there are records"
    assert sum(map(len, stored)) < sum(map(len, bodies)) * 2 / 3, "they are compressed"
    for text in (MARKER, "hunterTwo", secret, s.tokens["web"], s.tokens["web"].split(".")[2]):
        same([body for body in bodies if text.encode() in body], [], "no secret")
