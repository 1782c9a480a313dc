"""The management API over real sockets: statuses, error bodies and headers, and what must not bring the server down."""
import json
import pathlib
import socket
import subprocess
import urllib.parse
import uuid

import pytest

from lanyard import same

ARM = "management.azure.com"
AUDIENCE = "https://management.azure.com/"
GROUPS = "2022-09-01"
MACHINES = "2024-07-01"
IDENTITIES = "2024-11-30"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


class Stage:
    """A server with a group, and two machines: one that owns the group, one that has nothing."""

    def __init__(self, server):
        self.server = server
        self.server.start("--test-clock")
        facts = self.server.facts
        self.tenant = facts["tenant"]
        self.subscription = f"/subscriptions/{facts['subscription']}"
        self.group = f"{self.subscription}/resourceGroups/wire"
        self.machines = f"{self.group}/providers/Microsoft.Compute/virtualMachines"
        self.identities = f"{self.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
        self.server.api("PUT", f"{self.group}?api-version={GROUPS}", {"location": "westus"})
        self.ids = {name: self.machine(name)["identity"]["principalId"] for name in ("owner", "nobody")}
        properties = {"roleDefinitionId": OWNER, "principalId": self.ids["owner"]}
        where = f"{self.group}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        self.server.api("PUT", f"{where}?api-version=2022-04-01", {"properties": properties})
        self.tokens = {}

    def machine(self, name):
        body = {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}}
        return self.server.api("PUT", f"{self.machines}/{name}?api-version={MACHINES}", body)

    def token(self, who, audience=AUDIENCE):
        if (who, audience) not in self.tokens:
            self.tokens[who, audience] = self.server.token_of(who, audience)
        return self.tokens[who, audience]

    def ask(self, method, path, version=GROUPS, body=None, who="owner", headers=()):
        target = path if version is None else path + ("&" if "?" in path else "?") + f"api-version={version}"
        return self.server.ask(ARM, method, target, body, self.token(who) if who else None, headers)


def refused(answer, status, code, *words):
    same((answer.status, answer.error["code"]), (status, code), answer.text)
    assert answer.error["message"], "a message"
    same(answer.headers.get("x-ms-failure-cause"), "gateway", "who refused")
    for word in words:
        assert word in answer.error["message"], f"{word!r} is not in {answer.error['message']!r}"


@pytest.fixture(scope="module", name="s")
def stage(server):
    return Stage(server)


def test_every_answer_has_the_headers_of_the_service(s):
    """every answer has the headers of the service, and echoes what it was asked to"""
    correlation, client = str(uuid.uuid4()), str(uuid.uuid4())
    asked = {"x-ms-correlation-request-id": correlation, "x-ms-client-request-id": client, "x-ms-return-client-request-id": "true"}
    for answer in (s.ask("GET", s.group, headers=asked), s.ask("GET", f"{s.group}x", headers=asked)):
        for name, value in {
            "cache-control": "no-cache",
            "pragma": "no-cache",
            "expires": "-1",
            "strict-transport-security": "max-age=31536000; includeSubDomains",
            "x-content-type-options": "nosniff",
            "content-type": "application/json; charset=utf-8",
            "x-ms-correlation-request-id": correlation,
            "x-ms-client-request-id": client,
        }.items():
            same(answer.headers.get(name), value, name)
        uuid.UUID(answer.headers["x-ms-request-id"])
        region, when, which = answer.headers["x-ms-routing-request-id"].split(":")
        same((region, len(when), len(which)), ("LOCAL", 16, 36), "the routing id")
        same("etag" in answer.headers, answer.status == 200, "what is read has an ETag")
    plain = s.ask("GET", s.group, headers={"x-ms-correlation-request-id": "no guid\t'", "x-ms-client-request-id": client})
    uuid.UUID(plain.headers["x-ms-correlation-request-id"])
    assert "x-ms-client-request-id" not in plain.headers, "it was not asked for"


def test_o1_answer_and_records_have_one_correlation_id(s):
    """O1 the correlation id of an answer is that of the records, the caller's if it is a GUID"""
    group = f"{s.subscription}/resourceGroups/correlated"
    s.server.api("PUT", f"{group}?api-version={GROUPS}", {"location": "westus"})
    grant = {"properties": {"roleDefinitionId": OWNER, "principalId": s.ids["owner"]}}
    s.server.api("PUT", f"{group}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version=2022-04-01", grant)
    write = lambda headers: s.ask("PUT", group, body={"location": "westus"}, headers=headers).headers["x-ms-correlation-request-id"]
    own = str(uuid.uuid4())
    same(write({"x-ms-correlation-request-id": own.upper()}), own, "the caller's own")
    assert s.server.has_activity(own), "and the record's"
    for wrong in ({}, {"x-ms-correlation-request-id": ""}, {"x-ms-correlation-request-id": own[:-1]}, {"x-ms-correlation-request-id": "{" + own + "}"},
                  {"x-ms-correlation-request-id": str(uuid.UUID(int=0))}, {"x-ms-correlation-request-id": own + " " + own}):
        made = write(wrong)
        assert made not in (own, str(uuid.UUID(int=0))) and s.server.has_activity(made), f"{wrong}: one that was made, and recorded"
    assert not s.server.has_activity(str(uuid.uuid4())), "one that nobody used"
    # What a client calls its request is echoed, up to a length.
    asked = {"x-ms-return-client-request-id": "true"}
    same(s.ask("GET", group, headers={**asked, "x-ms-client-request-id": "c" * 128}).headers["x-ms-client-request-id"], "c" * 128, "as long as may be")
    assert "x-ms-client-request-id" not in s.ask("GET", group, headers={**asked, "x-ms-client-request-id": "c" * 129}).headers, "longer"


def test_api_versions_that_are_refused(s):
    """api-version: missing, malformed, not the type's, and newer than this product"""
    refused(s.ask("GET", s.group, None), 400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
    refused(s.ask("GET", s.group + "?api-version=", None), 400, "MissingApiVersionParameter")
    machine = f"{s.machines}/owner"
    for version in ("latest", "2024-7-01", "2024-13-01", "2024-07-01-beta2", "2024-07-01%27", "2024-07-01%0d%0aX:%20y", "x" * 3000):
        refused(s.ask("GET", f"{machine}?api-version={version}", None), 400, "InvalidApiVersionParameter", "The supported versions are '")
    own = f"{s.group}/providers/Microsoft.Maps/accounts/none"
    grants = f"{s.group}/providers/Microsoft.Authorization/roleAssignments"
    groups = f"/providers/Microsoft.Management/managementGroups/{s.tenant}"
    for path in (s.group, f"{s.group}/resources", f"{s.subscription}/providers/Microsoft.Compute", "/subscriptions", s.subscription, "/tenants"):
        for version in ("banana", "1999-01-01", "2014-04-02", "2099-01-01", "2021-04-01-preview"):
            refused(s.ask("GET", path, version), 400, "InvalidApiVersionParameter", f"The api-version '{version}' is invalid. The supported versions are '2026-06-01,2025-04-01,")
        assert s.ask("GET", path, "2015-01-01").status in (200, 403) and s.ask("GET", path, "2026-06-02").status in (200, 403), path
    for path in (machine, own, grants, groups, f"{s.identities}/none", f"{machine}/providers/Microsoft.ManagedIdentity/identities/default",
                 f"{s.subscription}/providers/Microsoft.KeyVault/deletedVaults"):
        refused(s.ask("GET", path, "banana"), 400, "InvalidApiVersionParameter", "'banana'")
        refused(s.ask("GET", path, "2013-01-01"), 400, "NoRegisteredProviderFound", "API version '2013-01-01' for type '")
    refused(s.ask("PUT", f"{s.subscription}/resourceGroups/new", "1999-01-01", {"location": "westus"}), 400, "InvalidApiVersionParameter")
    refused(s.ask("GET", machine, "2013-01-01"), 400, "NoRegisteredProviderFound", "'2013-01-01' for type 'virtualMachines'", "2024-07-01")
    refused(s.ask("GET", machine, "2099-01-01"), 400, "NoRegisteredProviderFound")
    same(s.ask("GET", f"{machine}?API-VERSION={MACHINES}", None).status, 200, "the name in any case")
    same(s.ask("GET", "/metadata/endpoints", None, who=None).status, 200, "where clients begin")


def test_t10_a_missing_or_wrong_token_is_answered_with_a_challenge(s):
    """T10 who sends no token, or a wrong one, is told how to get one and nothing else"""
    absent = f"/subscriptions/{uuid.uuid4()}"
    for target in (f"{s.group}?api-version={GROUPS}", f"{absent}?api-version={GROUPS}", "/nothing/here", "/subscriptions"):
        answer = s.server.ask(ARM, "GET", target)
        refused(answer, 401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        challenge = answer.headers["www-authenticate"]
        assert challenge.startswith(f'Bearer authorization_uri="https://login.microsoftonline.com/{s.tenant}"'), challenge
        assert 'error="invalid_token"' in challenge, challenge
    target = f"{s.group}?api-version={GROUPS}"
    good = s.token("owner")
    head, claims, signature = good.split(".")
    rows = [
        ("Basic " + "a" * 20, "AuthenticationFailed"),
        ("Bearer ", "AuthenticationFailed"),
        ("Bearer x", "InvalidAuthenticationToken"),
        (f"Bearer {head}.{claims}.", "InvalidAuthenticationToken"),
        (f"Bearer {head}.{claims}.{signature[:-8]}AAAAAAAA", "InvalidAuthenticationToken"),
        (f"Bearer {head}.{claims[:-4]}AAAA.{signature}", "InvalidAuthenticationToken"),
        ("Bearer eyJhbGciOiJub25lIn0." + claims + ".", "InvalidAuthenticationToken"),
        (f"Bearer {good}, Bearer {good}", "InvalidAuthenticationToken"),
        ("Bearer " + "a" * 33000, "InvalidAuthenticationToken"),
        (f"Bearer {s.token('owner', 'https://vault.azure.net')}", "InvalidAuthenticationTokenAudience"),
        (f"Bearer {s.token('owner', 'https://graph.microsoft.com')}", "InvalidAuthenticationTokenAudience"),
    ]
    for value, code in rows:
        answer = s.server.ask(ARM, "GET", target, token=value)
        refused(answer, 401, code)
        assert "www-authenticate" in answer.headers, "a challenge"
        assert signature not in answer.text and claims not in answer.text, "T9: the token stands in the answer"
    same(s.server.ask(ARM, "GET", target, token=f"bearer {good}").status, 200, "the scheme in any case")
    for audience in ("https://management.azure.com", "https://management.core.windows.net/", "https://MANAGEMENT.azure.com/"):
        same(s.server.ask(ARM, "GET", target, token=s.token("owner", audience)).status, 200, audience)


def test_r1_an_identity_without_a_role_can_do_nothing(s):
    """R1 an identity without a role can do nothing, and learns no more than that"""
    refused(s.ask("GET", s.group, who="nobody"), 403, "AuthorizationFailed", s.ids["nobody"], "'Microsoft.Resources/subscriptions/resourceGroups/read'", f"'{s.group}'")
    rows = [
        ("GET", f"{s.machines}/owner", MACHINES), ("GET", f"{s.machines}/none", MACHINES), ("DELETE", f"{s.machines}/owner", MACHINES),
        ("GET", s.machines, MACHINES), ("GET", f"{s.group}/resources", GROUPS), ("GET", f"{s.subscription}/resources", GROUPS),
        ("GET", f"{s.subscription}/resourceGroups", GROUPS), ("GET", s.subscription, GROUPS), ("GET", f"{s.subscription}/locations", GROUPS),
        ("DELETE", s.group, GROUPS), ("HEAD", s.group, GROUPS), ("POST", f"{s.subscription}/providers/Microsoft.Compute/register", GROUPS),
        ("GET", f"{s.group}/providers/Microsoft.Authorization/roleAssignments", "2022-04-01"),
        ("GET", f"{s.machines}/owner/providers/Microsoft.ManagedIdentity/identities/default", IDENTITIES),
    ]
    for method, path, version in rows:
        same(s.ask(method, path, version, who="nobody").status, 403, f"{method} {path}")
    for method, path, version in [("PUT", s.group, GROUPS), ("PATCH", s.group, GROUPS), ("PUT", f"{s.machines}/new", MACHINES)]:
        refused(s.ask(method, path, version, {"location": "westus"}, "nobody"), 403, "AuthorizationFailed")
    same(s.ask("GET", "/subscriptions", who="nobody").json["value"], [], "no subscription is seen")
    refused(s.ask("GET", "/subscriptions/x", who="nobody"), 400, "InvalidSubscriptionId")
    refused(s.ask("GET", f"/subscriptions/{uuid.uuid4()}", who="nobody"), 404, "SubscriptionNotFound")


def test_methods_and_paths_that_lead_nowhere(s):
    """methods and paths that lead nowhere"""
    rows = [
        ("POST", s.group, 405), ("OPTIONS", s.group, 405), ("PUT", f"{s.group}/resources", 404), ("DELETE", s.subscription, 404), ("PUT", "/tenants", 404),
        ("TRACE", s.group, 405), ("BREW", s.group, 405), ("GET", "/", 404), ("GET", "/nothing", 404), ("GET", "/providers/Nobody.Knows", 404),
        ("GET", "/lanyard/status", 404), ("POST", "/lanyard/stop", 405), ("GET", "/lanyard/activity", 404), # the operator's own paths are not here
        ("DELETE", s.machines, 405),
    ]
    for method, path, status in rows:
        answer = s.ask(method, path, MACHINES, {} if method == "PUT" else None)
        same(answer.status, status, f"{method} {path}: {answer.text}")
        assert answer.error["code"] and answer.error["message"], answer.text
    assert s.server.process.poll() is None, "the server lives"
    refused(s.ask("PUT", s.machines, MACHINES, {"location": "westus"}), 405, "MethodNotAllowed")


def test_ambiguous_paths_are_refused_with_a_json_body(s):
    """paths that could be read in two ways are refused in a body that is JSON"""
    rows = [
        f"{s.group}%2Fproviders", f"{s.group}/%2e%2e", f"{s.group}/../wire", f"{s.group}/./", f"{s.group}/%", f"{s.group}/%zz", f"{s.group}%00",
        "/a" * 65, f"{s.machines}/%ff%fe", f"{s.machines}/a%0d%0aSet-Cookie:%20x", f"{s.machines}/a%22b", "/%ff",
        f"/subscriptions/{{{s.subscription[15:]}}}/resourceGroups/wire",
    ]
    for path in rows:
        answer = s.ask("GET", path, MACHINES)
        assert 400 <= answer.status < 500, f"{path}: {answer.status}"
        assert answer.error["code"] and "set-cookie" not in answer.headers, path
    same(s.ask("GET", f"/{s.group}//").status, 200, "slashes that clients double")
    same(s.ask("GET", s.group.upper()).json["name"], "wire", "any case")


def test_spellings_of_ids_and_guids(s):
    """ids and GUIDs: braces, upper case, too long"""
    number = s.subscription[15:]
    for bad in ("x", number[:-1], f"%7B{number}%7D", number.replace("-", ""), number + "0"):
        answer = s.ask("GET", f"/subscriptions/{bad}/resourceGroups/wire")
        refused(answer, 400, "InvalidSubscriptionId" if answer.error["code"] == "InvalidSubscriptionId" else "InvalidResourceId")
    same(s.ask("GET", f"/subscriptions/{number.upper()}/resourceGroups/wire").status, 200, "upper case")
    at = f"{s.group}/providers/Microsoft.Authorization/roleAssignments"
    body = {"properties": {"roleDefinitionId": READER, "principalId": s.ids["nobody"]}}
    for bad in ("x", "%7B" + str(uuid.uuid4()) + "%7D", str(uuid.uuid4())[:-1], uuid.uuid4().hex):
        refused(s.ask("PUT", f"{at}/{bad}", "2022-04-01", body), 400, "InvalidRoleAssignmentId", "must be a GUID")
    for role, status, code in (("x", 400, "InvalidRoleDefinitionId"), ("", 400, "InvalidRoleDefinitionId"), (str(uuid.uuid4()), 404, "RoleDefinitionDoesNotExist")):
        refused(s.ask("PUT", f"{at}/{uuid.uuid4()}", "2022-04-01", {"properties": {**body["properties"], "roleDefinitionId": role}}), status, code)
    for who, code in (("x", "InvalidRequestContent"), ("{" + s.ids["nobody"] + "}", "InvalidRequestContent"), (str(uuid.uuid4()), "PrincipalNotFound")):
        refused(s.ask("PUT", f"{at}/{uuid.uuid4()}", "2022-04-01", {"properties": {**body["properties"], "principalId": who}}), 400, code)
    made = s.ask("PUT", f"{at}/{str(uuid.uuid4()).upper()}", "2022-04-01", {"properties": {**body["properties"], "principalId": s.ids["nobody"].upper()}})
    same(made.status, 201, made.text)
    same(made.json["properties"]["principalId"], s.ids["nobody"], "as it is written here")
    same(s.ask("PUT", made.json["id"], "2022-04-01", body).status, 200, "the same again")
    refused(s.ask("PUT", f"{at}/{uuid.uuid4()}", "2022-04-01", body), 409, "RoleAssignmentExists", "role assignment already exists", made.json["name"].replace("-", ""))
    same(s.ask("DELETE", made.json["id"], "2022-04-01").status, 200, "deleted")
    same(s.ask("DELETE", made.json["id"], "2022-04-01").status, 204, "absent")
    refused(s.ask("GET", made.json["id"], "2022-04-01"), 404, "RoleAssignmentNotFound", made.json["name"])


def test_bodies_that_are_refused(s):
    """bodies: none, no JSON, no object, too deep, too large"""
    path = f"{s.machines}/new"
    deep = "[" * 100 + "]" * 100
    for body in (None, "", "{", "[]", "7", "null", '{"location":"westus",}', "{'location':'westus'}", '{"location":"westus","location":"eastus"}',
                 '{"location":"\\ud800"}', '{"a":' + deep + "}", '{"location":"westus"} x'):
        refused(s.ask("PUT", path, MACHINES, body), 400, "InvalidRequestContent")
    refused(s.ask("PUT", path, MACHINES, {}), 400, "LocationRequired")
    refused(s.ask("PUT", path, MACHINES, {"location": "a/b"}), 400, "LocationNotAvailableForResourceType")
    many = '{"location":"westus","properties":{"a":[' + "0," * 250000 + "0]}}"
    answer = s.ask("PUT", path, MACHINES, many)
    assert answer.status in (400, 413) and answer.error["code"], answer.text[:200]
    try:
        same(s.ask("PUT", path, MACHINES, '{"location":"' + "x" * (5 << 20) + '"}').status, 413, "5 MB")
    except (ConnectionError, OSError):
        pass  # the server may hang up on what it will not read
    same(s.ask("GET", path, MACHINES).status, 404, "none of them made it")


def test_statuses_of_the_verbs(s):
    """§6 the verbs' statuses: new, existing, absent"""
    groups = f"{s.subscription}/resourceGroups"
    identity = f"{s.identities}/verbs"
    made = s.ask("PUT", identity, IDENTITIES, {"location": "West US", "tags": {"k": "v"}})
    same(made.status, 201, made.text)
    same(made.headers["location"], made.json["id"], "relative, as that service has it")
    assert "/resourcegroups/wire/" in made.json["id"], made.json["id"]
    same((made.json["location"], made.json["tags"]), ("westus", {"k": "v"}), "normalised")
    again = s.ask("PUT", identity, IDENTITIES, {"location": "westus"})
    same((again.status, "location" in again.headers, again.json["tags"]), (200, False, {}), "existing")
    same(again.json["properties"], made.json["properties"], "I4: the ids stay")
    same(s.ask("PATCH", identity, IDENTITIES, {"tags": {"a": "b"}}).json["tags"], {"a": "b"}, "PATCH")
    refused(s.ask("PUT", identity, IDENTITIES, {"location": "eastus"}), 409, "InvalidResourceLocation", "'westus'", "'eastus'")
    refused(s.ask("PUT", f"{s.identities}/-x", IDENTITIES, {"location": "westus"}), 400, "InvalidResourceName")
    refused(s.ask("PATCH", f"{s.identities}/none", IDENTITIES, {"tags": {}}), 404, "ResourceNotFound", "https://aka.ms/ARMResourceNotFoundFix")
    refused(s.ask("PUT", f"{s.identities}/none/federatedIdentityCredentials/fic", IDENTITIES, {"properties": {}}), 404, "ParentResourceNotFound", "'write'")
    gone = s.ask("DELETE", identity, IDENTITIES)
    same((gone.status, gone.text), (200, ""), "deleted")
    same(s.ask("DELETE", identity, IDENTITIES).status, 204, "absent")
    refused(s.ask("GET", identity, IDENTITIES), 404, "ResourceNotFound", "under resource group 'wire' was not found")
    fresh = s.ask("PUT", identity, IDENTITIES, {"location": "westus"}).json["properties"]
    assert fresh["principalId"] != made.json["properties"]["principalId"] and fresh["clientId"] != made.json["properties"]["clientId"], "I3: somebody else"
    same(s.ask("DELETE", identity, IDENTITIES).status, 200, "tidy")
    same((s.ask("HEAD", s.group).status, s.ask("HEAD", f"{groups}/none", who="nobody").status), (204, 403), "HEAD")
    # What is not there is told to who may look only.
    for path in (f"{groups}/none", f"{groups}/none/providers/Microsoft.Compute/virtualMachines/x"):
        said = ""
        try:
            s.server.call("api", "GET", f"{path}?api-version={MACHINES}")
        except RuntimeError as error:
            said = str(error)
        assert "ResourceGroupNotFound" in said, f"{path}: {said}"
    refused(s.ask("PUT", f"{s.group}/providers/Microsoft.Authorization/policyAssignments/p", "2020-05-01", {"properties": {}}), 404, "InvalidResourceType")
    refused(s.ask("PUT", f"{s.group}/providers/Microsoft.Resources/boxes/d", "2021-04-01", {"properties": {}}), 404, "InvalidResourceType")


def test_ids_come_back_in_the_published_casing(s):
    """ids come back in the published casing, whatever was asked for"""
    upper = s.subscription.upper() + "/RESOURCEGROUPS/wire/PROVIDERS/MICROSOFT.COMPUTE/VIRTUALMACHINES/Case"
    made = s.ask("PUT", upper, MACHINES, {"location": "westus"})
    same((made.status, made.json["id"].split("/providers/")[1], made.json["type"]), (201, "Microsoft.Compute/virtualMachines/Case", "Microsoft.Compute/virtualMachines"), made.text)
    assert "/resourceGroups/wire/" in made.json["id"], made.json["id"]
    same(s.ask("DELETE", f"{s.machines}/case", MACHINES).status, 200, "in any case")


def test_lists_come_in_pages(s):
    """§8 lists come in pages whose links lead on, each item once"""
    names = {f"page{i:02}" for i in range(7)}
    for name in names:
        s.ask("PUT", f"{s.identities}/{name}", IDENTITIES, {"location": "westus", "tags": {"page": name[-1]}})
    seen, target, pages = [], f"{s.identities}?$top=3&api-version={IDENTITIES}", 0
    while target:
        answer = s.server.ask(ARM, "GET", target, token=s.token("owner"))
        same(answer.status, 200, answer.text)
        seen += [item["name"] for item in answer.json["value"]]
        pages += 1
        link = answer.json.get("nextLink")
        assert link is None or link.startswith(f"https://{ARM}/"), str(link)
        assert "api-version" in (link or "api-version"), str(link)
        target = link and link[len(f"https://{ARM}"):]
    same((sorted(seen), pages), (sorted(names), 3), "all of them, once")
    wanted = urllib.parse.quote("tagName eq 'page' and tagValue eq '3'")
    items = s.ask("GET", f"{s.group}/resources?$filter={wanted}").json["value"]
    same([(item["name"], "properties" in item) for item in items], [("page03", False)], "a filter")
    for query in ("$top=0", "$top=-1", "$top=x", "$skiptoken=%25", "$filter=name", "$filter=name%20gt%20'x'", "$filter=tagName%20eq%20'a'%20and%20name%20eq%20'b'"):
        answer = s.ask("GET", f"{s.group}/resources?{query}")
        assert answer.status == 400 and answer.error["code"] in ("InvalidParameter", "InvalidFilter"), f"{query}: {answer.text[:200]}"
    same(s.ask("GET", f"{s.group}/resources?$top=99999999").status, 200, "more than a page")
    for name in names:
        s.ask("DELETE", f"{s.identities}/{name}", IDENTITIES)


def test_a_list_of_children_has_those_of_the_parent_alone(s):
    """I10 what another identity of the group trusts is not in the list, and who may read one identity may read its list"""
    who = s.ids["nobody"]
    for name in ("parent-one", "parent-two"):
        s.ask("PUT", f"{s.identities}/{name}", IDENTITIES, {"location": "westus"})
        trust = {"issuer": "https://token.actions.githubusercontent.com", "subject": f"repo:o/{name}", "audiences": ["api://AzureADTokenExchange"]}
        same(s.ask("PUT", f"{s.identities}/{name}/federatedIdentityCredentials/main", IDENTITIES, {"properties": trust}).status, 201, name)
    listed = s.ask("GET", f"{s.identities}/parent-one/federatedIdentityCredentials", IDENTITIES)
    same([item["properties"]["subject"] for item in listed.json["value"]], ["repo:o/parent-one"], "its own")
    refused(s.ask("GET", f"{s.identities}/parent-one/federatedIdentityCredentials", IDENTITIES, who="nobody"), 403, "AuthorizationFailed",
            f"over scope '{s.identities}/parent-one'")
    at = f"{s.identities}/parent-one/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version=2022-04-01"
    s.server.api("PUT", at, {"properties": {"roleDefinitionId": READER, "principalId": who}})
    same(s.ask("GET", f"{s.identities}/parent-one/federatedIdentityCredentials", IDENTITIES, who="nobody").status, 200, "a reader of the identity")
    same(s.ask("GET", f"{s.identities}/parent-two/federatedIdentityCredentials", IDENTITIES, who="nobody").status, 403, "of that one only")
    s.server.api("DELETE", at)
    for name in ("parent-one", "parent-two"):
        s.ask("DELETE", f"{s.identities}/{name}", IDENTITIES)


def test_i6_i8_the_users_of_a_deleted_identity_are_listed(s):
    """I6 I8 an identity that is deleted dangles, and who uses it is listed"""
    path, key = f"{s.identities}/shared", None
    s.ask("PUT", path, IDENTITIES, {"location": "westus"})
    body = {"location": "westus", "identity": {"type": "UserAssigned", "userAssignedIdentities": {path: {}}}}
    made = s.ask("PUT", f"{s.machines}/user", MACHINES, body)
    key = next(iter(made.json["identity"]["userAssignedIdentities"]))
    same(sorted(made.json["identity"]["userAssignedIdentities"][key]), ["clientId", "principalId"], "both ids")
    ends = {"privateLinkServiceConnections": [{"name": "x", "properties": {"privateLinkServiceId": path}}]}
    s.server.api("PUT", f"{s.group}/providers/Microsoft.Network/privateEndpoints/names-it?api-version=2024-01-01", {"location": "westus", "properties": ends})
    users = s.ask("POST", f"{path}/listAssociatedResources", "2022-01-31-preview", {}).json
    same((users["totalCount"], [u["name"] for u in users["value"]]), (1, ["user"]), "who uses it")
    s.ask("DELETE", path, IDENTITIES)
    same(s.ask("GET", f"{s.machines}/user", MACHINES).json["identity"]["userAssignedIdentities"], {key: {}}, "it dangles")
    refused(s.ask("PATCH", f"{s.machines}/owner", MACHINES, {"identity": {"type": "UserAssigned", "userAssignedIdentities": {path: {}}}}), 400, "FailedIdentityOperation", "was not found")
    detached = s.ask("PATCH", f"{s.machines}/user", MACHINES, {"identity": {"type": "None"}})
    same((detached.status, "identity" in detached.json), (200, False), detached.text)


def test_i8_the_users_of_an_identity_come_filtered_ordered_and_in_pages(s):
    """I8 the users of an identity come filtered, in an order and in pages"""
    path = f"{s.identities}/listed"
    s.ask("PUT", path, IDENTITIES, {"location": "westus"})
    body = {"location": "westus", "identity": {"type": "UserAssigned", "userAssignedIdentities": {path: {}}}}
    sites = f"{s.group}/providers/Microsoft.Web/sites"
    for name in ("c-1", "a-1", "b-2"):
        s.ask("PUT", f"{s.machines}/listed-{name}", MACHINES, body)
    same(s.ask("PUT", f"{sites}/listed-b-1", "2024-04-01", body).status, 200, "a site")

    def ask(query, target=None):
        return s.ask("POST", f"{path}/listAssociatedResources{query}", "2022-01-31-preview", {}) if target is None else s.server.ask(ARM, "POST", target, {}, s.token("owner"))

    def names(answer):
        same(answer.status, 200, answer.text)
        return [each["name"][len("listed-"):] for each in answer.json["value"]]

    rows = [
        ("", ["a-1", "b-2", "c-1", "b-1"], 4), ("?$orderby=name", ["a-1", "b-1", "b-2", "c-1"], 4), ("?$orderby=name%20desc", ["c-1", "b-2", "b-1", "a-1"], 4),
        ("?$orderby=TYPE%20desc", ["b-1", "c-1", "b-2", "a-1"], 4), ("?$orderby=name&$skip=3", ["c-1"], 4), ("?$skip=4", [], 4), ("?$skip=99", [], 4),
        ("?$filter=type%20eq%20'microsoft.web/sites'", ["b-1"], 1), ("?$filter=type%20eq%20'Microsoft.Compute/virtualMachines'%20and%20contains(name,%20'-1')", ["a-1", "c-1"], 2),
        ("?$filter=contains(name,%20'-1')&$orderby=name%20desc&$skip=1", ["b-1", "a-1"], 3),
    ]
    for query, want, total in rows:
        answer = ask(query)
        same((names(answer), answer.json["totalCount"], "nextLink" in answer.json), (want, total, False), query)
    for order, want in (("name", ["b-1", "b-2", "c-1"]), ("name%20desc", ["b-2", "b-1", "a-1"])):
        seen, answer = [], ask(f"?$orderby={order}&$skip=1&$top=1")
        while True:
            seen += names(answer)
            if "nextLink" not in answer.json:
                break
            link = urllib.parse.urlsplit(answer.json["nextLink"])
            answer = ask(None, f"{link.path}?{link.query}")
        same(seen, want, order)
    for query in ("?$orderby=size", "?$orderby=name%20up", "?$skip=x", "?$skip=-1", "?$top=0", "?$filter=kind%20eq%20'x'", "?$filter=contains('x',%20name)", "?$skiptoken=x"):
        assert ask(query).status == 400, query
    one = ask("?$orderby=name&$top=1").json["value"][0]
    same(one, {"id": f"{s.machines}/listed-a-1", "name": "listed-a-1", "type": "Microsoft.Compute/virtualMachines", "resourceGroup": "wire",
               "subscriptionId": s.server.facts["subscription"], "subscriptionDisplayName": one["subscriptionDisplayName"]}, "an item")
    assert one["subscriptionDisplayName"], "the subscription has a name"
    for each in ("c-1", "a-1", "b-2"):
        s.ask("DELETE", f"{s.machines}/listed-{each}", MACHINES)
    s.ask("DELETE", f"{sites}/listed-b-1", "2024-04-01")


def test_i5_i10_where_an_identity_may_be_attached(s):
    """I5 I10 an identity is attached where its isolation scope and its restrictions let it be, and shows them to the versions that have them"""
    path, newest = f"{s.identities}/narrow", "2025-05-31-preview"
    limits = {"isolationScope": "Regional", "assignmentRestrictions": {"providers": ["Microsoft.Compute"]}}
    made = s.ask("PUT", path, newest, {"location": "westus", "properties": limits})
    same((made.status, {k: made.json["properties"].get(k) for k in limits}), (201, limits), made.text)
    for version, shown in ((newest, ["assignmentRestrictions", "isolationScope"]), ("2024-11-30", ["isolationScope"]), ("2023-01-31", [])):
        for answer in (s.ask("GET", path, version).json, next(each for each in s.ask("GET", s.identities, version).json["value"] if each["name"] == "narrow")):
            same(sorted(set(answer["properties"]) & set(limits)), shown, version)
    attach = lambda location: {"location": location, "identity": {"type": "UserAssigned", "userAssignedIdentities": {path: {}}}}
    refused(s.ask("PUT", f"{s.machines}/far", MACHINES, attach("eastus")), 400, "FailedIdentityOperation", "Status: 'BadRequest'", "Regional")
    refused(s.ask("PUT", f"{s.group}/providers/Microsoft.Web/sites/narrow-site", "2024-04-01", attach("westus")), 400, "FailedIdentityOperation", "Microsoft.Web/sites")
    same(s.ask("PUT", f"{s.machines}/near", MACHINES, attach("westus")).status, 201, "where it may be")
    refused(s.ask("PUT", path, "2023-01-31", {"location": "westus", "properties": limits}), 400, "InvalidRequestContent", "2024-11-30")
    refused(s.ask("PATCH", path, newest, {"properties": {"assignmentRestrictions": {"providers": ["Microsoft.Web"]}}}), 409, "Conflict", "virtualMachines/near")
    for name in ("near", "far"):
        s.ask("DELETE", f"{s.machines}/{name}", MACHINES)
    same(s.ask("DELETE", path, IDENTITIES).status, 200, "gone")


def test_unknown_hosts_and_admin_paths_are_not_served_on_https(s):
    """a host of a stranger is not answered for, and admin paths are not on https"""
    connection = socket.create_connection(("127.0.0.1", s.server.facts["https_port"]), 20)
    with s.server.tls.wrap_socket(connection, server_hostname=ARM) as tls:
        tls.sendall(b"GET /metadata/endpoints?api-version=2022-09-01 HTTP/1.1\r\nHost: attacker.example\r\n\r\n")
        assert tls.recv(4096).startswith(b"HTTP/1.1 421 "), "421 Misdirected Request"
    for path in ("/lanyard/status", "/lanyard/stop", "//lanyard/status", "/LANYARD/status"):
        for method in ("GET", "POST"):
            same(s.server.ask(ARM, method, path).status, 401, path)
            assert s.server.ask("localhost", method, path).status in (401, 404, 405), path
    same(s.server.call("status", "--json") != "", True, "the server lives")


def test_a_token_that_has_run_out_is_refused_in_those_words(s):
    """a token that has run out is refused in those words"""
    old = s.token("owner")
    s.server.call("clock", "+25h")
    refused(s.server.ask(ARM, "GET", f"{s.group}?api-version={GROUPS}", token=old), 401, "ExpiredAuthenticationToken", "expir")
    s.tokens.clear()
    same(s.ask("GET", s.group).status, 200, "a new one")


def start_and_fail(server, *options, env=None):
    done = subprocess.run([server.binary, "up", *options], env=env or server.env, capture_output=True, text=True, timeout=60, check=False)
    words = done.stderr.strip().splitlines()
    assert done.returncode not in (0, None) and done.returncode > 0, f"exit status {done.returncode}"
    same(len(words), 1, f"one line: {words}")
    return words[0]


def test_a_second_server_and_a_port_in_use_are_reported_in_one_line(s, new_server):
    """a second server on the same directory, and a port in use, are told in one line"""
    line = start_and_fail(s.server, "--port", "0")
    assert "another" in line.lower() or "already" in line.lower(), line
    other = new_server("arm-port")
    line = start_and_fail(other, "--port", str(s.server.facts["https_port"]))
    assert str(s.server.facts["https_port"]) in line, line
    other.start()  # what was begun does not hinder the next start
    assert other.close(), "it ends cleanly"
    same(s.ask("GET", s.group).status, 200, "the first one goes on")


def test_a_full_disk_loses_nothing_that_was_answered(s, new_server):
    """a full disk is an error, and nothing that was answered is lost"""
    room = pathlib.Path(s.server.home) / "small"
    room.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", room], capture_output=True, check=False).returncode:
        pytest.skip("no tmpfs may be mounted here")
    small = new_server("arm-full")
    small.env["LANYARD_DATA"] = str(room / "data")
    try:
        small.start()
        group = f"/subscriptions/{small.facts['subscription']}/resourceGroups/full"
        small.api("PUT", f"{group}?api-version={GROUPS}", {"location": "westus"})
        kept, refusals = [], []
        for i in range(40):
            body = {"location": "westus", "properties": {"filler": "x" * 200000}}
            try:
                small.api("PUT", f"{group}/providers/Microsoft.Maps/accounts/w{i}?api-version=2024-01-01", body)
                kept.append(f"w{i}")
            except RuntimeError as error:
                refusals.append(str(error))
                assert "ServiceUnavailable" in str(error), str(error)[:300]
        assert kept and refusals, f"{len(kept)} kept, {len(refusals)} refused"
        listed = small.api("GET", f"{group}/providers/Microsoft.Maps/accounts?api-version=2024-01-01")["value"]
        same(sorted(item["name"] for item in listed), sorted(kept), "what was answered is there")
        assert small.stop(), "it ends cleanly"
        small.start()
        listed = small.api("GET", f"{group}/providers/Microsoft.Maps/accounts?api-version=2024-01-01")["value"]
        same(sorted(item["name"] for item in listed), sorted(kept), "after a start too")
    finally:
        small.close()
        subprocess.run(["umount", room], check=False)


def test_providers_are_registered_and_listed(s):
    """what resources can be made of is registered and listed, and no namespace that nobody has"""
    for name in ("Microsoft.Management", "microsoft.cognitiveservices", "Microsoft.Batch", "Microsoft.Search", "Microsoft.OperationalInsights", "Microsoft.Cache"):
        for method, path in (("GET", f"/providers/{name}"), ("GET", f"{s.subscription}/providers/{name}"), ("POST", f"{s.subscription}/providers/{name}/register")):
            found = s.server.api(method, f"{path}?api-version={GROUPS}")
            same((found["namespace"].lower(), found["registrationState"]), (name.lower(), "Registered"), path)
    listed = [p["namespace"] for p in s.server.api("GET", f"{s.subscription}/providers?api-version={GROUPS}")["value"]]
    assert len(listed) > 300 and len(set(listed)) == len(listed), "all that is published"
    refused(s.ask("GET", f"{s.subscription}/providers/Microsoft.KeyVaults"), 404, "InvalidResourceNamespace", "'Microsoft.KeyVaults'")


def test_unregistering_a_provider_asks_for_its_own_permission(s):
    """who may register a provider may not unregister it, and the other way around"""
    role, grant = f"{s.group}/providers/Microsoft.Authorization/roleDefinitions/{uuid.uuid4()}", f"{s.subscription}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    act = lambda verb: s.ask("POST", f"{s.subscription}/providers/Microsoft.Cache/{verb}", who="nobody")
    for may, other in (("register", "unregister"), ("unregister", "register")):
        s.server.api("PUT", f"{role}?api-version=2022-04-01", {"properties": {"roleName": "Registrar", "permissions": [
            {"actions": [f"Microsoft.Cache/{may}/action"]}], "assignableScopes": [s.subscription]}})
        s.server.api("PUT", f"{grant}?api-version=2022-04-01", {"properties": {"roleDefinitionId": role, "principalId": s.ids["nobody"]}})
        same(act(may).status, 200, may)
        refused(act(other), 403, "AuthorizationFailed", f"'Microsoft.Cache/{other}/action'")
    for path in (grant, role):
        s.server.api("DELETE", f"{path}?api-version=2022-04-01")


def test_machines_and_sites_have_what_clients_expect(s):
    """machines and sites have what clients expect of each, and keep what they were given"""
    made = s.machine("plain")["properties"]
    same(made["hardwareProfile"], {"vmSize": "Standard_D2s_v5"}, "hardware")
    same((made["storageProfile"]["osDisk"]["osType"], made["storageProfile"]["imageReference"]["publisher"], made["storageProfile"]["dataDisks"]),
         ("Linux", "Canonical", []), "storage")
    same((made["osProfile"]["computerName"], made["networkProfile"]), ("plain", {"networkInterfaces": []}), "system and network")
    listed = [m for m in s.ask("GET", s.machines, MACHINES).json["value"] if m["name"] == "plain"]
    assert listed and listed[0]["properties"]["networkProfile"] == {"networkInterfaces": []}, "in the list too"
    own = {"hardwareProfile": {"vmSize": "Standard_B1s"}, "storageProfile": {"osDisk": {"osType": "Windows"}}, "networkProfile": None}
    given = s.server.api("PUT", f"{s.machines}/own?api-version={MACHINES}", {"location": "westus", "properties": own})["properties"]
    same((given["hardwareProfile"], given["storageProfile"], given["networkProfile"]), (own["hardwareProfile"], own["storageProfile"], {"networkInterfaces": []}), "given")
    same(given["osProfile"]["computerName"], "own", "only what was absent")
    partial = s.server.api("PUT", f"{s.machines}/own?api-version={MACHINES}", {"location": "westus", "properties": {"storageProfile": {"dataDisks": [{"lun": 1}]}}})
    same((partial["properties"]["storageProfile"]["dataDisks"], partial["properties"]["storageProfile"]["osDisk"]["name"]), ([{"lun": 1}], "own_OsDisk"), "a part of one")
    odd = s.ask("PUT", f"{s.machines}/own", MACHINES, {"location": "westus", "properties": {"storageProfile": 7}}, who="owner")
    same((odd.status, odd.json["properties"]["storageProfile"]), (200, 7), "what is no object stays what it is")
    scale = s.server.api("PUT", f"{s.group}/providers/Microsoft.Compute/virtualMachineScaleSets/ss?api-version={MACHINES}", {"location": "westus"})
    profile = scale["properties"]["virtualMachineProfile"]
    same((scale["sku"]["capacity"], profile["storageProfile"]["osDisk"]["osType"], profile["networkProfile"]), (0, "Linux", {"networkInterfaceConfigurations": []}), "a scale set")
    site = f"{s.group}/providers/Microsoft.Web/sites/Wire-Site"
    put = lambda path, **more: s.server.api("PUT", f"{path}?api-version=2022-03-01", {"location": "westus", **more})
    first = put(site)
    same((first["kind"], first["properties"]["state"], first["properties"]["hostNames"]), ("app", "Running", ["wire-site.azurewebsites.net"]), "a site")
    same(put(site, kind="functionapp,linux")["kind"], "functionapp,linux", "its own kind")
    slot = put(f"{site}/slots/Stage")
    same((slot["name"], slot["id"]), ("Wire-Site/Stage", f"{site}/slots/Stage"), "a slot is named with its site")
    of_type = s.server.api("GET", f"{site}/slots?api-version=2022-03-01")["value"]
    same([x["name"] for x in of_type], ["Wire-Site/Stage"], "in the list too: az takes what follows the slash")
    quoted = lambda name: urllib.parse.quote(f"name eq '{name}'")
    found = lambda name: [x["id"] for x in s.server.api("GET", f"{s.subscription}/resources?api-version={GROUPS}&$filter={quoted(name)}")["value"]]
    for name in ("Stage", "wire-site/stage", "stage"):
        same(found(name), [slot["id"]], f"found as {name}")
    for name in ("other/stage", "wire-site/", "/stage", "wire-site/stage2", "wire-sitestage"):
        same(found(name), [], f"not found as {name}")
    shown = lambda name: json.loads(s.server.call("show", name, "--json"))
    same(shown("Stage")["id"], slot["id"], "by its own name")
    same(shown("Wire-Site/Stage")["id"], slot["id"], "by both")
    same((slot["kind"], slot["properties"]["defaultHostName"]), ("app", "wire-site-stage.azurewebsites.net"), "a slot")
    for path, version in ((f"{s.machines}/plain", MACHINES), (f"{s.machines}/own", MACHINES), (site, "2022-03-01"), (scale["id"], MACHINES)):
        s.server.api("DELETE", f"{path}?api-version={version}")


def test_vaults_and_identity_blocks_refuse_in_the_services_own_codes(s):
    """what vaults and identity blocks refuse, in the services' own codes"""
    vault, version = f"{s.group}/providers/Microsoft.KeyVault/vaults/wire-field-codes", "2023-07-01"
    body = lambda **more: {"location": "westus", "properties": {"tenantId": s.tenant, "sku": {"family": "A", "name": "standard"}, **more}}
    put = lambda **more: s.ask("PUT", vault, version, body(**more))
    refused(put(createMode="recover"), 400, "SoftDeletedVaultDoesNotExist", "A soft deleted vault with the given name does not exist.")
    refused(put(tenantId=str(uuid.uuid4())), 400, "BadRequest", "An invalid value was provided for 'tenantId'.")
    same(put(enablePurgeProtection=True, softDeleteRetentionInDays=7).status, 201, "a protected one")
    refused(put(enablePurgeProtection=False), 400, "BadRequest", "enablePurgeProtection")
    refused(put(softDeleteRetentionInDays=8), 400, "BadRequest", "softDeleteRetentionInDays")
    same(put(softDeleteRetentionInDays=7, createMode="recover").status, 200, "one that is there is just written")
    s.ask("DELETE", vault, version)
    refused(put(), 409, "Conflict", "deleted state")
    recovered = put(createMode="recover")
    assert recovered.status in (200, 201) and recovered.json["properties"]["enablePurgeProtection"], recovered.text
    machine = lambda identity: s.ask("PUT", f"{s.machines}/block", MACHINES, {"location": "westus", "identity": identity, "properties": {}})
    refused(machine({"type": "SystemAssigned", "userAssignedIdentities": {}}), 400, "InvalidIdentityValues", "should not contain: userAssignedIdentities")
    refused(machine({"type": "None", "userAssignedIdentities": {}}), 400, "InvalidIdentityValues")
    for fine in ({"type": "SystemAssigned", "userAssignedIdentities": None}, {"type": "SystemAssigned"}, {"type": "None", "userAssignedIdentities": None}):
        assert machine(fine).status in (200, 201), str(fine)
    s.ask("DELETE", f"{s.machines}/block", MACHINES)


def test_if_none_match_and_if_match(s):
    """If-None-Match and If-Match: a write happens only to what the caller has seen"""
    group = f"{s.subscription}/resourceGroups/conditions"
    s.server.api("PUT", f"{group}?api-version={GROUPS}", {"location": "westus"})
    grant = {"properties": {"roleDefinitionId": OWNER, "principalId": s.ids["owner"]}}
    s.server.api("PUT", f"{group}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version=2022-04-01", grant)
    machine = f"{group}/providers/Microsoft.Compute/virtualMachines/m"
    assignment = f"{group}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    role = f"{group}/providers/Microsoft.Authorization/roleDefinitions/{uuid.uuid4()}"
    reads = lambda n: {"properties": {"roleName": "Conditions", "permissions": [{"actions": ["*/read"], "notActions": ["Microsoft.Compute/disks/read"][:n]}], "assignableScopes": [group]}}
    stranger = str(uuid.uuid4())
    give = lambda n: {"properties": {"roleDefinitionId": OWNER, "principalId": stranger, "principalType": "ServicePrincipal", "description": f"d{n}"}}
    for path, version, body in ((group, GROUPS, lambda n: {"location": "westus", "tags": {"n": str(n)}}),
                                (machine, MACHINES, lambda n: {"location": "westus", "tags": {"n": str(n)}, "properties": {}}),
                                (assignment, "2022-04-01", give), (role, "2022-04-01", reads)):
        put = lambda n, **headers: s.ask("PUT", path, version, body(n), headers={name.replace("_", "-"): value for name, value in headers.items()})
        if path != group:
            refused(put(0, If_Match="*"), 412, "PreconditionFailed", "nothing is there")
            refused(put(0, If_Match='"x"'), 412, "PreconditionFailed")
            assert put(0, If_None_Match="*").status in (200, 201), "it is new"
        refused(put(1, If_None_Match="*"), 412, "PreconditionFailed", "there already")
        first = s.ask("GET", path, version).headers["etag"]
        same(s.ask("GET", path, version).headers["etag"], first, "the same state, the same tag")
        assert put(1, If_Match=f'"other", {first}').status in (200, 201), "as it was seen"
        second = s.ask("GET", path, version).headers["etag"]
        assert second != first, "another state, another tag"
        refused(put(0, If_Match=first), 412, "PreconditionFailed", "has changed")
        refused(put(0, If_Match=f"W/{second}"), 412, "PreconditionFailed")  # a weak tag compares nothing
        refused(put(0, If_None_Match=second), 412, "PreconditionFailed")
        same(s.ask("GET", path, version).headers["etag"], second, "a refused write changes nothing")
        assert put(0, If_Match="*").status in (200, 201), "any state"
        refused(s.ask("DELETE", path, version, headers={"If-Match": second}), 412, "PreconditionFailed")
        refused(s.ask("PUT", path, version, body(1), who="nobody", headers={"If-None-Match": "*"}), 403, "AuthorizationFailed")  # permission first
    same(s.ask("GET", group, headers={"If-Match": '"x"'}).status, 200, "reads are answered in full")
    now = s.ask("GET", role, "2022-04-01").headers["etag"]
    same(s.ask("DELETE", role, "2022-04-01", headers={"If-Match": now}).status, 200, "deleted as it was seen")
    same(s.ask("DELETE", role, "2022-04-01").status, 204, "and gone")
    s.server.api("DELETE", f"{group}?api-version={GROUPS}")


def test_the_operations_of_a_provider_are_those_of_the_catalogue(s):
    """the operations of a provider are those of the catalogue, on both planes"""
    found = {(o["name"], o["isDataAction"]) for o in s.ask("GET", "/providers/microsoft.keyvault/operations").json["value"]}
    for name, is_data in (("Microsoft.KeyVault/vaults/write", False), ("Microsoft.KeyVault/vaults/secrets/getSecret/action", True)):
        assert (name, is_data) in found and (name, not is_data) not in found, name
    assert any(o["name"] == "Microsoft.Batch/batchAccounts/read" for o in s.ask("GET", "/providers/Microsoft.Batch/operations").json["value"]), "of any provider"
    refused(s.ask("GET", "/providers/Nobody.Knows/operations"), 404, "InvalidResourceNamespace")

