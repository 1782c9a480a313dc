"""Key Vault's secrets over real sockets: every row of the wire that an SDK would meet, and what it must refuse."""
import json
import pathlib
import uuid

import pytest

from lanyard import same

HOST = "wire-shop.vault.azure.net"
LEGACY = "wire-legacy.vault.azure.net"
AUDIENCE = "https://vault.azure.net"
VERSION = "api-version=7.4"
VALUE = "LANYARD-SECRET-wire"  # the test of the logs looks for it
OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
USER = "4633458b-17de-408a-b874-0445c86b69e6"
VERSIONS = ["2016-10-01", "7.0", "7.1", "7.2", "7.3", "7.4-preview.1", "7.4", "7.5", "7.6-preview.2", "7.6", "2025-07-01", "2026-04-01"]


class Stage:
    """A server with two vaults, and machines: an officer, one with a condition, one with a policy, one with nothing."""

    def __init__(self, server):
        self.server = server
        self.server.start("--test-clock")
        facts = self.server.facts
        self.tenant = facts["tenant"]
        self.group = f"/subscriptions/{facts['subscription']}/resourceGroups/wire"
        self.vaults = f"{self.group}/providers/Microsoft.KeyVault/vaults"
        self.put(self.group, "2022-09-01", {"location": "westus"})
        self.machines = {name: self.machine(name) for name in ("officer", "some", "policied", "nobody")}
        self.vault("wire-shop", {"enableRbacAuthorization": True})
        entry = {"tenantId": self.tenant, "objectId": self.machines["policied"], "permissions": {"secrets": ["get", "set", "list"]}}
        self.vault("wire-legacy", {"enableRbacAuthorization": False, "accessPolicies": [entry]})
        self.assign(OFFICER, self.vaults, "officer")
        condition = (
            "((!(ActionMatches{'Microsoft.KeyVault/vaults/secrets/getSecret/action'})) OR "
            "(@Resource[Microsoft.KeyVault/vaults/secrets:name] StringStartsWith 'app1-'))"
        )
        self.assign(USER, f"{self.vaults}/wire-shop", "some", {"condition": condition, "conditionVersion": "2.0"})
        self.tokens = {}

    def put(self, path, version, body):
        return self.server.api("PUT", f"{path}?api-version={version}", body)

    def machine(self, name):
        made = self.put(
            f"{self.group}/providers/Microsoft.Compute/virtualMachines/{name}",
            "2024-07-01",
            {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}},
        )
        return made["identity"]["principalId"]

    def vault(self, name, properties):
        sku = {"family": "A", "name": "standard"}
        return self.put(f"{self.vaults}/{name}", "2023-07-01", {"location": "westus", "properties": {"tenantId": self.tenant, "sku": sku, **properties}})

    def assign(self, role, scope, machine, more=None):
        scope = scope.removesuffix("/providers/Microsoft.KeyVault/vaults")
        properties = {"roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}", "principalId": self.machines[machine]}
        self.put(f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}", "2022-04-01", {"properties": {**properties, **(more or {})}})

    def token(self, who, audience=AUDIENCE):
        if (who, audience) not in self.tokens:
            self.tokens[who, audience] = self.server.token_of(who, audience)
        return self.tokens[who, audience]

    def ask(self, who, method, target, body=None, host=HOST, **more):
        token = self.token(who) if who else None
        target += "" if "api-version=" in target else ("&" if "?" in target else "?") + VERSION
        return self.server.ask(host, method, target, body, token, **more)

    def must(self, who, method, target, body=None, status=200, **more):
        answer = self.ask(who, method, target, body, **more)
        same(answer.status, status, f"{method} {target}: {answer.text[:200] if status != 200 else ''}")
        return answer

    def set(self, name, value=VALUE, who="officer", **more):
        return self.must(who, "PUT", f"/secrets/{name}", {"value": value, **more}).json


def refused(answer, status, code, inner=None, what=""):
    same((answer.status, answer.error["code"]), (status, code), what or answer.text)
    same(answer.error.get("innererror", {}).get("code"), inner, what or answer.text)


@pytest.fixture(scope="module", name="s")
def stage(server):
    return Stage(server)


def test_s1_a_request_without_a_token_is_challenged(s):
    """S1 the first knock, without token or body, is told where to get which token"""
    for method, target in [("PUT", "/secrets/a"), ("GET", "/secrets/a/"), ("GET", "/secrets"), ("POST", "/secrets/restore"), ("GET", "/nothing"), ("GET", "/")]:
        answer = s.ask(None, method, target, "" if method != "GET" else None)
        refused(answer, 401, "Unauthorized")
        same(answer.error["message"], "AKV10000: Request is missing a Bearer or PoP token.", target)
        want = f'Bearer authorization="https://login.microsoftonline.com/{s.tenant}", resource="{AUDIENCE}"'
        same(answer.headers["www-authenticate"], want, target)
        for header in ("region", "service-version", "network-info"):
            assert f"x-ms-keyvault-{header}" in answer.headers, header
        same(answer.headers["x-ms-keyvault-region"], "westus", target)
        assert "x-ms-request-id" in answer.headers, "x-ms-request-id"
    for body in ("{", "x" * 100_000, '{"value":'):
        refused(s.ask(None, "PUT", "/secrets/a", body), 401, "Unauthorized", what="the body is not looked at")


def test_s1_a_wrong_token_is_refused_with_a_challenge(s):
    """S1 a token that does not fit is refused, and each time the challenge comes again"""
    good = s.token("officer")
    other = s.token("officer", "https://management.azure.com/")
    head, claims, signature = good.split(".")
    rows = [
        (other, f"AKV10022: Invalid audience. Expected {AUDIENCE}, found: https://management.azure.com/."),
        ("abc", "[BearerReadAccessTokenFailed]"),
        (f"{head}.{claims}.", "[BearerReadAccessTokenFailed]"),
        (f"{head}.{claims}", "[BearerReadAccessTokenFailed]"),
        (f"{head}.{claims}.{signature}.", "[BearerReadAccessTokenFailed]"),
        (f"{head}.{claims}.{other.split('.')[2]}", "AKV10046"),
        (f"{head}.{signature}.{claims}", "[BearerReadAccessTokenFailed]"),
        ("Basic dXNlcjpwYXNz", "AKV10000"),
        ("Bearer ", "AKV10000"),
    ]
    for token, words in rows:
        answer = s.server.ask(HOST, "GET", f"/secrets/a?{VERSION}", token=token)
        refused(answer, 401, "Unauthorized")
        assert answer.error["message"].startswith(words), f"{words}: {answer.error['message']}"
        assert answer.headers["www-authenticate"].startswith("Bearer authorization="), words
        assert good[:20] not in answer.text, "no token in an answer"


def test_s1_api_versions(s):
    """S1 every api-version that clients send is served, no other"""
    s.set("versioned")
    for version in VERSIONS:
        same(s.must("officer", "GET", f"/secrets/versioned/?api-version={version}").json["value"], VALUE, version)
    for version in ("1.0", "7.7", "7", "7.4-preview", "2025-07-02", "2099-01-01", "7.4%20"):
        answer = s.ask("officer", "GET", f"/secrets/versioned?api-version={version}")
        refused(answer, 400, "BadParameter", what=version)
        assert "is not recognized. Consider using the latest supported version (2026-04-01)." in answer.error["message"], answer.text
    refused(s.server.ask(HOST, "GET", "/secrets/versioned", token=s.token("officer")), 400, "BadParameter", what="none")


def test_s1_set_and_get(s):
    """S1 set and get: all attributes, every form of the path, the newest and the named version"""
    attributes = {"enabled": True, "nbf": 1, "exp": 2}
    first = s.set("Round-Trip", VALUE + "-1", contentType="text/plain", attributes=attributes, tags={"a": "ü", "": ""})
    same(first["value"], VALUE + "-1", "value")
    same(first["tags"], {"a": "ü", "": ""}, "tags")
    same({name: first["attributes"][name] for name in attributes}, attributes, "attributes")
    same((first["attributes"]["recoveryLevel"], first["attributes"]["recoverableDays"]), ("Recoverable+Purgeable", 90), "recovery")
    url, version = first["id"].rsplit("/", 1)
    same(url, f"https://{HOST}/secrets/Round-Trip", "id")
    same((len(version), version), (32, version.lower()), "version")
    second = s.set("ROUND-trip", VALUE + "-2")
    for target in ("/secrets/round-trip", "/secrets/round-trip/", "//secrets//round-trip", "/Secrets/ROUND-TRIP", "/secrets/round%2Dtrip"):
        same(s.must("officer", "GET", target).json, second, target)
    same(s.must("officer", "GET", f"/secrets/round-trip/{version}").json, first, "by version")
    same(s.must("officer", "GET", f"/secrets/round-trip/{version.upper()}/").json, first, "in upper case")


def test_s1_odd_values_and_limits(s):
    """S1 odd values come back to the letter; names and values have their limits"""
    for value in ("", " ", "☃ 漢字 \U0001f511", '{"a":"\\"","b":[1,null]}\r\n\t', "\x7f\x1b[31m", "x" * 25600):
        s.set("odd", value)
        same(s.must("officer", "GET", "/secrets/odd/").json["value"], value, repr(value[:20]))
    s.set("n" * 127)
    rows = [
        ("PUT", f"/secrets/{'n' * 128}", {"value": "x"}),
        ("PUT", "/secrets/under_score", {"value": "x"}),
        ("PUT", "/secrets/schl%C3%BCssel", {"value": "x"}),
        ("PUT", "/secrets/a%20b", {"value": "x"}),
        ("PUT", "/secrets/a%00b", {"value": "x"}),
        ("PUT", "/secrets/a%2Fb", {"value": "x"}),
        ("PUT", "/secrets/%zz", {"value": "x"}),
        ("PUT", "/secrets/too-long", {"value": "x" * 25601}),
        ("PUT", "/secrets/no-value", {}),
        ("PUT", "/secrets/no-value", {"value": None}),
        ("PUT", "/secrets/tags", {"value": "x", "tags": {str(i): "" for i in range(16)}}),
        ("PUT", "/secrets/tags", {"value": "x", "tags": {"n" * 513: ""}}),
        ("PUT", "/secrets/dates", {"value": "x", "attributes": {"exp": -1}}),
        ("PUT", "/secrets/dates", {"value": "x", "attributes": {"exp": "soon"}}),
        ("PUT", "/secrets/type", {"value": "x", "contentType": "t" * 256}),
        ("PUT", "/secrets/body", None),
        ("PUT", "/secrets/body", ""),
        ("PUT", "/secrets/body", "{"),
        ("PUT", "/secrets/body", "[" * 100),
        ("PUT", "/secrets/body", '"x"'),
        ("PUT", "/secrets/body", '{"value":"\\ud800"}'),
        ("GET", "/secrets?maxresults=26", None),
        ("GET", "/secrets?maxresults=0", None),
        ("GET", "/secrets?maxresults=many", None),
        ("GET", "/secrets?$skiptoken=!", None),
        ("GET", "/deletedsecrets?maxresults=26", None),
        ("POST", "/secrets/restore", {"value": "?"}),
        ("POST", "/secrets/restore", {"value": ""}),
        ("POST", "/secrets/restore", {}),
    ]
    for method, target, body in rows:
        refused(s.ask("officer", method, target, body), 400, "BadParameter", inner="SecretTooLarge" if "too-long" in target else None, what=f"{method} {target[:40]} {str(body)[:40]}")
    names = [item["id"] for item in s.must("officer", "GET", "/secrets").json["value"]]
    for left in ("too-long", "no-value", "tags", "dates", "type", "body"):
        assert f"https://{HOST}/secrets/{left}" not in names, left


def test_s1_update(s):
    """S1 update changes attributes, tags and type of one version, never the value"""
    first = s.set("update", VALUE, contentType="a", tags={"keep": "1"})
    version = first["id"].rsplit("/", 1)[1]
    got = s.must("officer", "PATCH", f"/secrets/update/{version}", {"attributes": {"exp": 32503680000}, "value": "never"}).json
    assert "value" not in got, "no value"
    same((got["attributes"]["exp"], got["contentType"], got["tags"]), (32503680000, "a", {"keep": "1"}), "what was not named stays")
    got = s.must("officer", "PATCH", "/secrets/update/", {"tags": {}, "contentType": "b", "attributes": {"enabled": False}}).json
    same((got["tags"], got["contentType"], got["attributes"]["enabled"]), ({}, "b", False), "the newest, without a version")
    answer = s.ask("officer", "GET", "/secrets/update/")
    refused(answer, 403, "Forbidden", "SecretDisabled")
    same(answer.error["message"], "Operation get is not allowed on a disabled secret.", "words")
    s.must("officer", "PATCH", f"/secrets/update/{version}", {"attributes": {"enabled": True}})
    same(s.must("officer", "GET", "/secrets/update/").json["value"], VALUE, "the value")
    refused(s.ask("officer", "PATCH", f"/secrets/update/{'0' * 32}", {}), 404, "SecretNotFound")
    refused(s.ask("officer", "PATCH", "/secrets/no-such/", {}), 404, "SecretNotFound")


def follow(s, target):
    pages = []
    while target:
        page = s.must("officer", "GET", target).json
        pages.append(page["value"])
        link = page["nextLink"]
        assert link is None or link.startswith(f"https://{HOST}/"), f"on the vault's own host: {link}"
        target = link and link.removeprefix(f"https://{HOST}")
    return pages


def test_s1_lists_come_in_pages(s):
    """S1 lists come in pages on the vault's own host, and hold neither values nor more than they should"""
    for i in range(27):
        s.set(f"page-{i:02}")
    for i in range(5):
        s.set("page-versions", f"{VALUE}-{i}")
    for target, most in (("/secrets", 25), ("/secrets?maxresults=7", 7), ("/secrets?maxresults=1", 1)):
        pages = follow(s, target)
        assert all(len(page) <= most for page in pages), target
        ids = [item["id"] for page in pages for item in page]
        same(len(set(ids)), len(ids), target)
        assert all(f"https://{HOST}/secrets/page-{i:02}" in ids for i in range(27)), target
        assert not any("value" in item for page in pages for item in page), "no values"
    pages = follow(s, "/secrets/page-versions/versions?maxresults=2")
    same([len(page) for page in pages], [2, 2, 1], "versions")
    assert all(item["id"].startswith(f"https://{HOST}/secrets/page-versions/") for page in pages for item in page), "versions of it alone"
    same(follow(s, "/secrets/no-such/versions"), [[]], "versions of an unknown name")


def test_s1_delete_recover_purge(s):
    """S1 delete, recover, purge; a deleted name is taken"""
    s.set("gone", VALUE + "-1")
    made = s.set("gone", VALUE + "-2")
    got = s.must("officer", "DELETE", "/secrets/gone").json
    same((got["recoveryId"], got["id"]), (f"https://{HOST}/deletedsecrets/gone", made["id"]), "ids")
    same(got["scheduledPurgeDate"] - got["deletedDate"], 90 * 86400, "days")
    same(s.must("officer", "GET", "/deletedsecrets/gone").json, got, "get deleted")
    listed = [item for page in follow(s, "/deletedsecrets?maxresults=1") for item in page]
    assert any(item["recoveryId"] == got["recoveryId"] and item["id"] == f"https://{HOST}/secrets/gone" for item in listed), "listed, without version"
    refused(s.ask("officer", "GET", "/secrets/gone/"), 404, "SecretNotFound")
    refused(s.ask("officer", "GET", f"/secrets/gone/{made['id'][-32:]}"), 404, "SecretNotFound")
    refused(s.ask("officer", "DELETE", "/secrets/gone"), 404, "SecretNotFound")
    refused(s.ask("officer", "PUT", "/secrets/Gone", {"value": "x"}), 409, "Conflict", "ObjectIsDeletedButRecoverable")
    back = s.must("officer", "POST", "/deletedsecrets/gone/recover", "").json
    same((back["id"], "value" in back, "recoveryId" in back), (made["id"], False, False), "recover")
    same(s.must("officer", "GET", "/secrets/gone/").json["value"], VALUE + "-2", "recovered")
    refused(s.ask("officer", "POST", "/deletedsecrets/gone/recover"), 404, "SecretNotFound")
    refused(s.ask("officer", "DELETE", "/deletedsecrets/gone"), 404, "SecretNotFound")
    s.must("officer", "DELETE", "/secrets/gone")
    purged = s.must("officer", "DELETE", "/deletedsecrets/gone", status=204)
    same((purged.text, "content-type" in purged.headers), ("", False), "nothing to say")
    answer = s.ask("officer", "GET", "/deletedsecrets/gone")
    refused(answer, 404, "SecretNotFound")
    same(answer.error["message"], "Deleted Secret not found: gone", "words")
    s.set("gone")
    same(len(follow(s, "/secrets/gone/versions")[0]), 1, "a new beginning")


def test_s1_backup_and_restore(s):
    """S1 backup and restore"""
    s.set("kept", VALUE + "-1", tags={"n": "1"})
    newest = s.set("kept", VALUE + "-2")
    backup = s.must("officer", "POST", "/secrets/kept/backup", "").json
    same(list(backup), ["value"], "an opaque value")
    assert all(c.isalnum() or c in "-_" for c in backup["value"]), "base64url"
    refused(s.ask("officer", "POST", "/secrets/restore", backup), 409, "Conflict")
    s.must("officer", "DELETE", "/secrets/kept")
    refused(s.ask("officer", "POST", "/secrets/restore", backup), 409, "Conflict", "ObjectIsDeletedButRecoverable")
    s.must("officer", "DELETE", "/deletedsecrets/kept", status=204)
    for value in (backup["value"][:-4], backup["value"][:100] + "AAAA" + backup["value"][104:]):
        refused(s.ask("officer", "POST", "/secrets/restore", {"value": value}), 400, "BadParameter")
    refused(s.ask("officer", "POST", "/secrets/restore", {"value": "AAAA"}), 400, "Malformed backup blob")
    refused(s.ask("officer", "POST", "/secrets/no-such/backup"), 404, "SecretNotFound")
    same(s.must("officer", "POST", "/secrets/restore", backup).json["id"], newest["id"], "restored")
    same(len(follow(s, "/secrets/kept/versions")[0]), 2, "with all versions")
    same(s.must("officer", "GET", "/secrets/kept/").json["value"], VALUE + "-2", "the newest")


ROUTES = [
    ("GET", "/secrets", None, "readMetadata/action", ""),
    ("PUT", "/secrets/a", {"value": "x"}, "setSecret/action", "/secrets/a"),
    ("GET", "/secrets/a/", None, "getSecret/action", "/secrets/a"),
    ("GET", "/secrets/A/" + "0" * 32, None, "getSecret/action", "/secrets/a"),
    ("PATCH", "/secrets/a/", {}, "update/action", "/secrets/a"),
    ("GET", "/secrets/a/versions", None, "readMetadata/action", "/secrets/a"),
    ("DELETE", "/secrets/a", None, "delete", "/secrets/a"),
    ("POST", "/secrets/a/backup", "", "backup/action", "/secrets/a"),
    ("POST", "/secrets/restore", {"value": "AAAA"}, "restore/action", ""),
    ("GET", "/deletedsecrets", None, "readMetadata/action", ""),
    ("GET", "/deletedsecrets/a", None, "readMetadata/action", "/secrets/a"),
    ("DELETE", "/deletedsecrets/a", None, "purge/action", "/secrets/a"),
    ("POST", "/deletedsecrets/a/recover", "", "recover/action", "/secrets/a"),
]


def test_r1_r4_every_route_needs_a_role(s):
    """R1 R4 without a role every route is refused, with the action and the place that were asked for"""
    for method, target, body, action, place in ROUTES:
        answer = s.ask("nobody", method, target, body)
        refused(answer, 403, "Forbidden", "ForbiddenByRbac", what=f"{method} {target}")
        for line in (
            "Caller is not authorized to perform action on resource.\r\n",
            f";oid={s.machines['nobody']};iss=https://sts.windows.net/{s.tenant}/\r\n",
            f"Action: 'Microsoft.KeyVault/vaults/secrets/{action}'\r\n",
            f"Resource: '{s.vaults.lower()}/wire-shop{place}'\r\n",
            "Assignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: null \r\n",
            "Vault: wire-shop;location=westus\r\n",
        ):
            assert line in answer.error["message"], f"{method} {target}: no {line!r} in {answer.error['message']!r}"


def test_r5_a_condition_on_the_secrets_name_decides(s):
    """R5 a condition on the secret's name decides"""
    s.set("app1-key")
    s.set("app2-key")
    same(s.must("some", "GET", "/secrets/app1-key/").json["value"], VALUE, "its own")
    refused(s.ask("some", "GET", "/secrets/app2-key/"), 403, "Forbidden", "ForbiddenByRbac", what="another's")
    assert len(follow(s, "/secrets?maxresults=25")) >= 1, "what the condition does not name is not its business"


def test_r7_a_vault_with_access_policies_asks_them_alone(s):
    """R7 a vault with access policies asks them alone"""
    same(s.must("policied", "PUT", "/secrets/a", {"value": VALUE}, host=LEGACY).json["value"], VALUE, "set")
    same(s.must("policied", "GET", "/secrets/a/", host=LEGACY).json["value"], VALUE, "get")
    s.must("policied", "GET", "/secrets", host=LEGACY)
    for who, method, target, permission in (
        ("policied", "DELETE", "/secrets/a", "delete"),
        ("policied", "POST", "/secrets/a/backup", "backup"),
        ("policied", "DELETE", "/deletedsecrets/a", "purge"),
        ("officer", "GET", "/secrets/a/", "get"),
        ("officer", "GET", "/secrets", "list"),
        ("nobody", "PUT", "/secrets/a", "set"),
    ):
        answer = s.ask(who, method, target, {"value": "x"} if method == "PUT" else None, host=LEGACY)
        refused(answer, 403, "Forbidden", "AccessDenied", what=f"{who} {method} {target}")
        assert f" does not have secrets {permission} permission on key vault 'wire-legacy;location=westus'. For help" in answer.error["message"], answer.text


def test_s1_what_is_not_there_or_not_allowed_there(s):
    """S1 what is not there, or not allowed there"""
    for method, target, status, code in (
        ("PUT", "/secrets", 405, "MethodNotAllowed"),
        ("POST", "/secrets/a", 405, "MethodNotAllowed"),
        ("DELETE", "/secrets/a/" + "0" * 32, 405, "MethodNotAllowed"),
        ("PATCH", "/deletedsecrets/a", 405, "MethodNotAllowed"),
        ("GET", "/nothing", 404, "NotFound"),
        ("GET", "/secrets/no-such", 404, "SecretNotFound"),
        ("GET", "/secrets/app1-key/" + "0" * 32, 404, "SecretNotFound"),
        ("GET", "/secrets/app1-key/latest", 404, "SecretNotFound"),
        ("DELETE", "/secrets/no-such", 404, "SecretNotFound"),
    ):
        refused(s.ask("officer", method, target, {} if method in ("PUT", "POST", "PATCH") else None), status, code, what=f"{method} {target}")
    refused(s.ask("officer", "GET", "/secrets", host="no-such.vault.azure.net"), 404, "VaultNotFound", what="no such vault")


def test_s1_a_requests_id_comes_back(s):
    """S1 a request's id comes back"""
    mine = str(uuid.uuid4())
    same(s.ask("officer", "GET", "/secrets", headers=[("x-ms-client-request-id", mine)]).headers["x-ms-client-request-id"], mine, "echoed")


def test_s1_a_deleted_vault_keeps_its_secrets_until_it_is_purged(s):
    """S1 a deleted vault keeps its secrets until it is purged"""
    s.vault("wire-brief", {"enableRbacAuthorization": True})
    host = "wire-brief.vault.azure.net"
    s.must("officer", "PUT", "/secrets/a", {"value": VALUE}, host=host)
    s.server.api("DELETE", f"{s.vaults}/wire-brief?api-version=2023-07-01")
    refused(s.ask("officer", "GET", "/secrets/a", host=host), 404, "VaultNotFound")
    s.vault("wire-brief", {"createMode": "recover"})
    same(s.must("officer", "GET", "/secrets/a", host=host).json["value"], VALUE, "recovered")
    s.server.api("DELETE", f"{s.vaults}/wire-brief?api-version=2023-07-01")
    subscription = s.group.split("/resourceGroups")[0]
    s.server.api("POST", f"{subscription}/providers/Microsoft.KeyVault/locations/westus/deletedVaults/wire-brief/purge?api-version=2023-07-01")
    s.vault("wire-brief", {"enableRbacAuthorization": True})
    refused(s.ask("officer", "GET", "/secrets/a", host=host), 404, "SecretNotFound", what="a new vault of the same name")


def test_s1_d1_the_management_api_never_shows_a_value(s):
    """S1 D1 the management API writes secrets and never shows a value"""
    vault = f"{s.vaults}/wire-shop"
    path = f"{vault}/secrets/deployed?api-version=2023-07-01"
    manager = lambda method, target, body=None, who="manager": s.server.ask(
        "management.azure.com", method, target, body, s.token(who, "https://management.azure.com/"))
    s.machines["manager"] = s.machine("manager")
    same(manager("PUT", path, {"properties": {"value": VALUE}}).status, 403, "without a role")
    same(manager("GET", path).status, 403, "whether it is there is told to nobody without a role")
    s.put(f"{vault}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}", "2022-04-01", {"properties": {
        "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c",  # Contributor
        "principalId": s.machines["manager"]}})
    same(manager("GET", path).status, 404, "not there yet")
    made = manager("PUT", path, {"tags": {"by": "template"}, "properties": {"value": VALUE + "-deployed", "contentType": "text", "attributes": {"exp": 4000000000}}})
    same(made.status, 200, made.text)
    same(made.json["properties"]["secretUri"], f"https://{HOST}/secrets/deployed", "its address")
    same((made.json["tags"], made.json["properties"]["contentType"], made.json["properties"]["attributes"]["exp"]),
         ({"by": "template"}, "text", 4000000000), "what was said of it")
    shown = [made, manager("GET", path), manager("GET", f"{vault}/secrets?api-version=2023-07-01"),
             manager("PATCH", path, {"properties": {"attributes": {"enabled": True}}})]
    for answer in shown:
        same(answer.status, 200, answer.text)
        assert VALUE not in answer.text, "a value came out of the management API"
    assert any(x["name"] == "deployed" for x in shown[2].json["value"]), "the list shows it"
    same(s.must("officer", "GET", "/secrets/deployed").json["value"], VALUE + "-deployed", "the vault has it")
    same(manager("PATCH", path, {"properties": {"value": VALUE + "-next"}}).status, 200, "a new version")
    same(s.must("officer", "GET", "/secrets/deployed").json["value"], VALUE + "-next", "the vault has that")
    same(manager("DELETE", path).status, 405, "the vault deletes")
    for body in ({}, {"properties": {}}, {"properties": []}, {"properties": {"value": 1}}, {"properties": {"value": VALUE}, "tags": 1}):
        same(manager("PUT", path, body).status, 400, f"{body}")
    same(s.must("officer", "GET", "/secrets/deployed").json["value"], VALUE + "-next", "nothing of these counted")


def test_s1_t9_secrets_outlive_the_server_sealed(s):
    """S1 T9 secrets outlive the server, and lie nowhere in the clear"""
    made = s.set("durable", VALUE + "-durable")
    data = pathlib.Path(s.server.facts["data"])
    assert s.server.stop(), "it stops cleanly"
    for path in data.rglob("*"):
        assert not path.is_file() or VALUE.encode() not in path.read_bytes(), f"a value in {path.name}"
    s.server.start("--test-clock")
    same(s.must("officer", "GET", "/secrets/durable/").json, made, "as it was")


def test_s1_on_its_day_a_deleted_secret_is_gone(s):
    """S1 on its day a deleted secret is gone"""
    s.set("due")
    s.must("officer", "DELETE", "/secrets/due")
    move = lambda seconds: s.server.call("api", "POST", "/lanyard/clock", "-", given=json.dumps({"advance_s": seconds}))
    move(90 * 86400 - 3600)
    s.tokens.clear()  # they are long expired
    refused(s.ask("officer", "PUT", "/secrets/due", {"value": "x"}), 409, "Conflict", "ObjectIsDeletedButRecoverable")
    move(3600)
    refused(s.ask("officer", "GET", "/deletedsecrets/due"), 404, "SecretNotFound")
    s.set("due")


def test_s1_an_expired_token_is_refused(s):
    """S1 an expired token is refused"""
    token = s.token("officer")
    s.server.call("api", "POST", "/lanyard/clock", "-", given=json.dumps({"advance_s": 2 * 86400}))
    answer = s.server.ask(HOST, "GET", f"/secrets?{VERSION}", token=token)
    refused(answer, 401, "Unauthorized")
    same(answer.error["message"], "[TokenExpired] Error validating token: 'S2S12086'.", "words")


def test_t9_no_value_and_no_token_is_in_what_the_server_said(s):
    """T9 no value and no token is in what the server said"""
    said = s.server.log.read_text(encoding="utf-8", errors="replace")
    assert "LANYARD-SECRET" not in said, "a value"
    assert "eyJ" not in said, "a token"

