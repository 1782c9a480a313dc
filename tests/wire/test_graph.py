"""Microsoft Graph over real sockets: users, groups and their members, service principals, and what roles given to groups do."""
import base64
import json
import urllib.parse
import uuid

import pytest

from lanyard import same

GRAPH = "graph.microsoft.com"
ARM = "management.azure.com"
AUTHZ = "providers/Microsoft.Authorization"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
DOMAIN = "lanyard.localhost"
NOBODY = "99999999-9999-9999-9999-999999999999"


def claims_of(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def quoted(text):
    return urllib.parse.quote(text)


class Stage:
    """A server with a resource group and two machines, "m1" and "m2", that have no role."""

    def __init__(self, server):
        self.server = server
        self.server.start()
        facts = self.server.facts
        self.tenant, self.operator = facts["tenant"], facts["operator"]
        self.rg = f"/subscriptions/{facts['subscription']}/resourceGroups/rg1"
        self.arm("PUT", self.rg, "2022-09-01", {"location": "westus"})
        self.ids = {}
        for name in ("m1", "m2"):
            made = self.arm("PUT", self.machine(name), "2024-07-01", {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}})
            self.ids[name] = made["identity"]["principalId"]
        self.shared = self.arm("PUT", f"{self.rg}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shared", "2023-01-31", {"location": "westus"})
        self.tokens = {host: self.server.token_of(self.machine("m1"), f"https://{host}") for host in (ARM, GRAPH)}

    def machine(self, name):
        return f"{self.rg}/providers/Microsoft.Compute/virtualMachines/{name}"

    def arm(self, method, path, version, body=None):
        return self.server.api(method, f"{path}?api-version={version}", body)

    def get(self, path):
        return self.server.api("GET", path)

    def post(self, path, body):
        return self.server.api("POST", path, body)

    def drop(self, path):
        self.server.api("DELETE", path)

    def list(self, path, text):
        return self.get(f"/v1.0/{path}?$filter={quoted(text)}")["value"]

    def refused(self, method, path, status, code, *words, body=None):
        """As the operator: the whole answer, headers too."""
        given = [json.dumps(body)] if body is not None else []
        try:
            self.server.call("api", method, path, *given)
        except RuntimeError as error:
            text = str(error)
            assert f"{code}: " in text and text.rstrip().endswith(f"({status})"), f"{method} {path}: {text}"
            for word in words:
                assert word in text, f"{word!r} is not in {text!r}"
            return
        raise AssertionError(f"{method} {path} {body} is let through")

    def ask(self, who, method, path, body=None, **headers):
        token = self.tokens.get(who, who)
        return self.server.ask(GRAPH, method, path, body, token, headers=[(name.replace("_", "-"), value) for name, value in headers.items()])

    def user(self, name, **more):
        body = {"accountEnabled": True, "displayName": name, "mailNickname": name, "userPrincipalName": f"{name}@{DOMAIN}",
                "passwordProfile": {"password": "Long-enough-1"}, **more}
        return self.post("/v1.0/users", body)

    def group(self, name, **more):
        return self.post("/v1.0/groups", {"displayName": name, "mailEnabled": False, "mailNickname": name, "securityEnabled": True, **more})

    def join(self, group, member):
        self.post(f"/v1.0/groups/{group['id']}/members/$ref", {"@odata.id": f"https://{GRAPH}/v1.0/directoryObjects/{member}"})

    def assign(self, who, kind):
        properties = {"roleDefinitionId": f"/{AUTHZ}/roleDefinitions/{READER}", "principalId": who, "principalType": kind}
        return self.arm("PUT", f"{self.rg}/{AUTHZ}/roleAssignments/{uuid.uuid4()}", "2022-04-01", {"properties": properties})

    def sees(self):
        """The status m1 gets for reading the resource group."""
        return self.server.ask(ARM, "GET", f"{self.rg}?api-version=2022-09-01", token=self.tokens[ARM]).status


@pytest.fixture(scope="module", name="s")
def stage(server):
    return Stage(server)


def test_a_user_is_made_found_by_id_and_by_name_changed_and_deleted(s):
    """a user is made, found by id and by name, changed and deleted"""
    made = s.user("anna", jobTitle="Cook", businessPhones=["1"])
    same(made["@odata.context"], f"https://{GRAPH}/v1.0/$metadata#users/$entity", "context")
    same(list(made)[1:], ["businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation", "preferredLanguage",
                          "surname", "userPrincipalName", "id"], "the published properties in their order")
    same((made["jobTitle"], made["businessPhones"], made["mail"]), ("Cook", ["1"], None), "values")
    for name in (made["id"], made["id"].upper(), f"anna@{DOMAIN}", f"ANNA@{DOMAIN}"):
        same(s.get(f"/beta/users/{name}")["id"], made["id"], name)
    s.server.api("PATCH", f"/v1.0/users/anna@{DOMAIN}", {"displayName": "Anna", "mail": "a@example.com", "jobTitle": None})
    got = s.get(f"/v1.0/users/{made['id']}?$select=displayName,mail,jobTitle,accountEnabled")
    same(got, {"@odata.context": f"https://{GRAPH}/v1.0/$metadata#users(displayName,mail,jobTitle,accountEnabled)/$entity", "displayName": "Anna",
               "jobTitle": None, "mail": "a@example.com", "accountEnabled": True}, "changed")
    same([u["id"] for u in s.list("users", "mail eq 'A@example.com' and startsWith(displayName, 'an')")], [made["id"]], "filter")
    same([u["id"] for u in s.list("users", f"userPrincipalName eq 'x' or userPrincipalName eq 'anna@{DOMAIN}'")], [made["id"]], "or")
    s.drop(f"/v1.0/users/{made['id']}")
    s.refused("GET", f"/v1.0/users/{made['id']}", 404, "Request_ResourceNotFound", f"Resource '{made['id']}' does not exist")
    same(s.list("users", f"userPrincipalName eq 'anna@{DOMAIN}'"), [], "gone")
    same(s.get("/v1.0/me")["id"], s.operator, "the operator is a user")


def test_what_no_user_may_be(s):
    """what no user may be"""
    good = {"accountEnabled": True, "displayName": "b", "mailNickname": "b", "userPrincipalName": f"b@{DOMAIN}", "passwordProfile": {"password": "x"}}
    s.user("taken")
    rows = [({name: None}, f"Invalid value specified for property '{name}' of resource 'User'.") for name in good if name != "passwordProfile"]
    rows += [
        ({"userPrincipalName": f"TAKEN@{DOMAIN}"}, "Another object with the same value for property userPrincipalName already exists."),
        ({"userPrincipalName": "b@example.com"}, "You must use one of the verified domain names"),
        ({"userPrincipalName": f"b b@{DOMAIN}"}, "Invalid value specified for property 'userPrincipalName'"),
        ({"userPrincipalName": f"@{DOMAIN}"}, "Invalid value"),
        ({"userPrincipalName": DOMAIN}, "Invalid value"),
        ({"mailNickname": "a b"}, "Invalid value specified for property 'mailNickname'"),
        ({"displayName": ""}, "Invalid value specified for property 'displayName'"),
        ({"displayName": "d" * 257}, "Invalid value"),
        ({"accountEnabled": "yes"}, "Invalid value specified for property 'accountEnabled'"),
        ({"businessPhones": [1]}, "Invalid value specified for property 'businessPhones'"),
        ({"passwordProfile": {}}, "password complexity"),
        ({"nonsense": 1}, "The property 'nonsense' does not exist on type 'microsoft.graph.user'"),
        ({"id": NOBODY}, "'id'"),
    ]
    for change, words in rows:
        s.refused("POST", "/v1.0/users", 400, "Request_BadRequest", words, body={**good, **change})
    for name in good:
        s.refused("POST", "/v1.0/users", 400, "Request_BadRequest", f"A value is required for property '{name}' of resource 'User'.",
                  body={key: value for key, value in good.items() if key != name})
    s.refused("PATCH", f"/v1.0/users/taken@{DOMAIN}", 400, "Request_BadRequest", "already exists", body={"userPrincipalName": f"operator@{DOMAIN}"})
    s.refused("PATCH", f"/v1.0/users/{NOBODY}", 404, "Request_ResourceNotFound", body={"displayName": "x"})
    s.refused("DELETE", f"/v1.0/users/{s.operator}", 403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    s.refused("GET", f"/v1.0/users/{s.ids['m1']}", 404, "Request_ResourceNotFound")
    s.drop(f"/v1.0/users/taken@{DOMAIN}")


def test_a_groups_members_added_listed_removed_and_every_refusal(s):
    """a group's members: added, listed, removed, and every refusal in the published words"""
    group, other, anna = s.group("crew", description="d"), s.group("other"), s.user("anna")
    assert group["securityEnabled"] and not group["mailEnabled"] and group["groupTypes"] == [], "a security group"
    assert group["securityIdentifier"].startswith("S-1-12-1-"), "its SID"
    at = f"/v1.0/groups/{group['id']}"
    s.join(group, anna["id"])
    s.join(group, s.ids["m1"])
    s.join(group, other["id"])
    found = s.get(f"{at}/members")
    same(found["@odata.context"], f"https://{GRAPH}/v1.0/$metadata#directoryObjects", "context")
    same({m["id"]: m["@odata.type"] for m in found["value"]},
         {anna["id"]: "#microsoft.graph.user", s.ids["m1"]: "#microsoft.graph.servicePrincipal", other["id"]: "#microsoft.graph.group"}, "members")
    same([g["id"] for g in s.get(f"/v1.0/users/{anna['id']}/memberOf")["value"]], [group["id"]], "memberOf")
    same(s.get(f"{at}/owners")["value"], [], "owners")

    ref = {"@odata.id": f"https://{GRAPH}/v1.0/directoryObjects/{anna['id']}"}
    s.refused("POST", f"{at}/members/$ref", 400, "Request_BadRequest", "One or more added object references already exist for the following modified properties: 'members'.", body=ref)
    s.refused("POST", f"{at}/members/$ref", 400, "Request_BadRequest", body={"@odata.id": f"https://{GRAPH}/v1.0/directoryObjects/{group['id']}"})
    s.refused("POST", f"{at}/members/$ref", 404, "Request_ResourceNotFound", NOBODY, body={"@odata.id": f"https://{GRAPH}/v1.0/directoryObjects/{NOBODY}"})
    for bad in ({}, {"@odata.id": 1}, {"@odata.id": anna["id"]}, {"@odata.id": "https://x/y"}):
        s.refused("POST", f"{at}/members/$ref", 400, "Request_BadRequest", "Invalid URL format specified in payload.", body=bad)
    s.refused("POST", f"/v1.0/groups/{NOBODY}/members/$ref", 404, "Request_ResourceNotFound", body=ref)
    s.refused("POST", f"/v1.0/groups/{anna['id']}/members/$ref", 404, "Request_ResourceNotFound", body=ref)
    s.refused("POST", "/v1.0/groups/crew/members/$ref", 400, "Request_BadRequest", "Invalid object identifier 'crew'.", body=ref)
    s.drop(f"{at}/members/{anna['id']}/$ref")
    s.refused("DELETE", f"{at}/members/{anna['id']}/$ref", 404, "Request_ResourceNotFound", anna["id"])
    s.refused("DELETE", f"{at}/members/{NOBODY}/$ref", 404, "Request_ResourceNotFound", NOBODY)

    s.drop(f"/v1.0/groups/{other['id']}")
    same([m["id"] for m in s.get(f"{at}/members")["value"]], [s.ids["m1"]], "the deleted group went out")
    bound = s.group("bound", **{"members@odata.bind": [f"https://{GRAPH}/v1.0/users/{anna['id']}"]})
    same([m["id"] for m in s.get(f"/v1.0/groups/{bound['id']}/members")["value"]], [anna["id"]], "bound when made")
    s.refused("PATCH", f"/v1.0/groups/{bound['id']}", 404, "Request_ResourceNotFound",
              body={"displayName": "changed", "members@odata.bind": [f"https://{GRAPH}/v1.0/users/{s.operator}", f"https://{GRAPH}/v1.0/users/{NOBODY}"]})
    same(s.get(f"/v1.0/groups/{bound['id']}")["displayName"], "bound", "all or nothing")
    same(len(s.get(f"/v1.0/groups/{bound['id']}/members")["value"]), 1, "all or nothing")
    for path in (at, f"/v1.0/groups/{bound['id']}", f"/v1.0/users/{anna['id']}"):
        s.drop(path)
    same(s.get(f"/v1.0/servicePrincipals/{s.ids['m1']}/memberOf")["value"], [], "memberships go with the group")


def test_what_no_group_may_be(s):
    """what no group may be"""
    good = {"displayName": "g", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    for change, words in [
        ({"mailEnabled": True}, "does not currently support writes of mail-enabled groups"),
        ({"securityEnabled": False}, "does not currently support"),
        ({"groupTypes": ["Unified"]}, "does not currently support"),
        ({"groupTypes": "Unified"}, "Invalid value"),
        ({"mailNickname": "a@b"}, "Invalid value specified for property 'mailNickname' of resource 'Group'."),
        ({"description": "d" * 1025}, "Invalid value"),
        ({"userPrincipalName": "x"}, "does not exist on type 'microsoft.graph.group'"),
        ({"members@odata.bind": [NOBODY]}, "Invalid URL format"),
        ({"members@odata.bind": "x"}, "Invalid URL format"),
        ({"members@odata.bind": [f"https://{GRAPH}/v1.0/users/{uuid.uuid4()}" for _ in range(21)]}, "exceeds the limit of 20"),
    ]:
        s.refused("POST", "/v1.0/groups", 400, "Request_BadRequest", words, body={**good, **change})
    for name in good:
        s.refused("POST", "/v1.0/groups", 400, "Request_BadRequest", f"A value is required for property '{name}' of resource 'Group'.",
                  body={key: value for key, value in good.items() if key != name})
    same(s.get("/v1.0/groups")["value"], [], "nothing was made")


def test_r5_a_role_given_to_a_group_reaches_its_members(s):
    """R5 a role given to a group reaches its members through nested groups, cycles and all, and ends with the membership"""
    outer, middle, inner = s.group("outer"), s.group("middle"), s.group("inner")
    same(s.sees(), 403, "without a role")
    s.assign(outer["id"], "Group")
    same(s.sees(), 403, "not a member")
    s.join(outer, middle["id"])
    s.join(middle, inner["id"])
    same(s.sees(), 403, "not a member yet")
    s.join(inner, s.ids["m1"])
    same(s.sees(), 200, "through three groups")
    s.join(inner, outer["id"])  # a cycle
    same(s.sees(), 200, "in a cycle")
    at = f"/v1.0/servicePrincipals/{s.ids['m1']}"
    everything = {outer["id"], middle["id"], inner["id"]}
    same({g["id"] for g in s.get(f"{at}/transitiveMemberOf")["value"]}, everything, "transitiveMemberOf")
    same(set(s.post(f"{at}/getMemberGroups", {"securityEnabledOnly": True})["value"]), everything, "getMemberGroups")
    same(s.post(f"{at}/checkMemberGroups", {"groupIds": [NOBODY, outer["id"]]})["value"], [outer["id"]], "checkMemberGroups")
    same({m["id"] for m in s.get(f"/v1.0/groups/{outer['id']}/transitiveMembers")["value"]}, everything | {s.ids["m1"]}, "transitiveMembers")
    s.refused("POST", f"{at}/getMemberGroups", 400, "Request_BadRequest", body={})
    s.refused("POST", f"{at}/checkMemberGroups", 400, "Request_BadRequest", "cannot exceed '20'", body={"groupIds": [NOBODY] * 21})
    s.refused("POST", f"{at}/checkMemberGroups", 400, "Request_BadRequest", "Invalid object identifier", body={"groupIds": ["x"]})
    s.drop(f"/v1.0/groups/{middle['id']}/members/{inner['id']}/$ref")
    same(s.sees(), 403, "the chain is cut")
    s.join(outer, s.ids["m1"])
    same(s.sees(), 200, "directly")
    s.drop(f"/v1.0/groups/{outer['id']}")
    same(s.sees(), 403, "R9 the group is gone")
    left = s.arm("GET", f"{s.rg}/{AUTHZ}/roleAssignments", "2022-04-01")["value"]
    assert outer["id"] in {a["properties"]["principalId"] for a in left}, "R9 its assignment stays, an orphan"
    for group in (middle, inner):
        s.drop(f"/v1.0/groups/{group['id']}")


def test_i1_managed_identities_are_service_principals(s):
    """I1 managed identities are service principals, found by every filter that clients use, and changed by nobody"""
    p = s.shared["properties"]
    got = s.get(f"/v1.0/servicePrincipals/{p['principalId']}")
    same((got["appId"], got["displayName"], got["servicePrincipalType"]), (p["clientId"], "shared", "ManagedIdentity"), "shape")
    same(got["alternativeNames"], ["isExplicit=True", s.shared["id"]], "alternativeNames")
    same(got["servicePrincipalNames"][0], p["clientId"], "its first name")
    assert got["servicePrincipalNames"][1].startswith("https://identity.azure.net/"), "its second name"
    same((got["keyCredentials"], got["passwordCredentials"]), ([], []), "no secret for it exists")
    same(s.get(f"/v1.0/servicePrincipals/{s.ids['m1']}")["alternativeNames"], ["isExplicit=False", s.machine("m1")], "system-assigned")
    same(s.get(f"/v1.0/servicePrincipals(appId='{p['clientId']}')")["id"], p["principalId"], "by appId")
    for text in (
        f"servicePrincipalNames/any(c:c eq '{p['clientId']}')", f"appId eq '{p['clientId']}'", f"id eq '{p['principalId']}'", "displayName eq 'SHARED'",
        "startswith(displayName,'sha')", f"alternativeNames/any(a:a eq '{s.shared['id'].upper()}')",
        f"servicePrincipalType eq 'ManagedIdentity' and appId eq '{p['clientId']}'", f"appId in ('{NOBODY}', '{p['clientId']}')",
        f"(displayName eq 'none' or displayName eq 'shared') and accountEnabled eq true", f"alternativeNames/any(x: startswith(x, '{s.shared['id']}'))",
    ):
        same([x["id"] for x in s.list("servicePrincipals", text)], [p["principalId"]], text)
    for text in (f"servicePrincipalNames/any(c:c eq '{p['principalId']}')", "displayName eq 'it''s'", "servicePrincipalType eq 'Application'", "tags/any(t:t eq 'x')"):
        same([x["id"] for x in s.list("servicePrincipals", text) if x["appId"] != GRAPH_APP], [], text)
    same(len(s.list("servicePrincipals", "servicePrincipalType eq 'ManagedIdentity'")), 3, "all of them")
    for method, body in (("DELETE", None), ("PATCH", {"displayName": "mine"})):
        for path in (f"servicePrincipals/{p['principalId']}", f"servicePrincipals/{s.ids['m1']}"):
            s.refused(method, f"/v1.0/{path}", 403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.", body=body)
    s.refused("DELETE", f"/v1.0/directoryObjects/{p['principalId']}", 403, "Authorization_RequestDenied")
    s.refused("GET", f"/v1.0/servicePrincipals(appId='{NOBODY}')", 404, "Request_ResourceNotFound", NOBODY)
    s.refused("GET", f"/v1.0/servicePrincipals/{p['clientId']}", 404, "Request_ResourceNotFound")
    s.refused("GET", "/v1.0/servicePrincipals(appId='x')", 400, "Request_BadRequest")


def test_filters_that_are_refused(s):
    """filters that are malformed, unknown or unsupported are refused"""
    for text, code, words in [
        ("displayName eq", "BadRequest", "Invalid filter clause"),
        ("displayName eq 'x", "BadRequest", "Invalid filter clause"),
        ("displayName eq 'x' and", "BadRequest", "Invalid filter clause"),
        ("displayName eq 'x' 'y'", "BadRequest", "Invalid filter clause"),
        ("displayName gt 'x'", "BadRequest", "Invalid filter clause"),
        ("nonsense eq 'x'", "BadRequest", "Could not find a property named 'nonsense'"),
        ("accountEnabled eq 'x'", "BadRequest", "incompatible types"),
        ("displayName eq true", "BadRequest", "incompatible types"),
        ("alternativeNames eq 'x'", "BadRequest", "Invalid filter clause"),
        ("displayName/any(d:d eq 'x')", "BadRequest", "Invalid filter clause"),
        ("tags/any(t:u eq 'x')", "BadRequest", "Invalid filter clause"),
        ("tags/all(t:t eq 'x')", "BadRequest", "Invalid filter clause"),
        ("startswith(displayName)", "BadRequest", "Invalid filter clause"),
        ("startswith('x',displayName)", "BadRequest", "Invalid filter clause"),
        ("(" * 40 + "displayName eq 'x'" + ")" * 40, "BadRequest", "nested deeper"),
        ("displayName ne 'x'", "Request_UnsupportedQuery", "NotEqualsMatch"),
        ("endswith(displayName,'x')", "Request_UnsupportedQuery", "EndsWithMatch"),
        ("not (displayName eq 'x')", "Request_UnsupportedQuery", ""),
        ("appRoles eq 'x'", "Request_UnsupportedQuery", ""),
        (" or ".join(["displayName eq 'x'"] * 16), "Request_UnsupportedQuery", "Max allowed: 15."),
    ]:
        s.refused("GET", f"/v1.0/servicePrincipals?$filter={quoted(text)}", 400, code, words)
    for query, code, words in [("$top=0", "Request_BadRequest", "Must be between 1 and 999 inclusive."), ("$top=1000", "Request_BadRequest", "Invalid page size"),
                               ("$top=x", "Request_BadRequest", ""), ("$select=nonsense", "Request_BadRequest", "nonsense"), ("$skiptoken=x", "Request_BadRequest", ""),
                               ("$orderby=displayName", "Request_UnsupportedQuery", ""), ("$expand=owners", "Request_UnsupportedQuery", "")]:
        s.refused("GET", f"/v1.0/users?{query}", 400, code, words)
    s.refused("GET", "/v1.0/users/$count", 400, "Request_UnsupportedQuery", "$count is not currently supported.")
    s.refused("GET", "/v1.0/nonsense", 400, "BadRequest", "Resource not found for the segment 'nonsense'.")
    s.refused("POST", "/v1.0/servicePrincipals", 400, "Request_BadRequest", "valid application object", body={"appId": NOBODY})


def test_lists_come_in_pages_and_are_counted(s):
    """lists come in pages, with a link to the next, and are counted when asked the published way"""
    made = sorted(s.group(f"page{i}")["id"] for i in range(5))
    seen, path = [], "/v1.0/groups?$top=2&$select=id,displayName"
    while path:
        page = s.get(path)
        assert len(page["value"]) <= 2 and "@odata.count" not in page, "a page"
        same(page["@odata.context"], f"https://{GRAPH}/v1.0/$metadata#groups(id,displayName)", "context")
        seen += [g["id"] for g in page["value"]]
        path = page.get("@odata.nextLink")
        assert path is None or path.startswith(f"https://{GRAPH}/v1.0/groups?$top=2&"), "the link"
    same(seen, made, "each once, in order")
    counted = json.loads(s.server.call("api", "GET", "/v1.0/groups?$count=true&$top=1&$filter=" + quoted("not endswith(displayName,'3')"), "--header", "ConsistencyLevel: eventual"))
    same((counted["@odata.count"], len(counted["value"])), (4, 1), "counted")
    same(s.server.call("api", "GET", "/v1.0/groups/$count", "--header", "ConsistencyLevel: eventual"), "5\n", "$count")
    for group in made:
        s.drop(f"/v1.0/groups/{group}")


def test_directory_objects_by_their_ids(s):
    """directory objects by their ids, of the types that were asked for"""
    group = s.group("found")
    wanted = [s.operator, NOBODY, group["id"], s.ids["m1"]]
    found = s.post("/v1.0/directoryObjects/getByIds", {"ids": wanted})["value"]
    same([(x["@odata.type"], x["id"]) for x in found], [("#microsoft.graph.user", s.operator), ("#microsoft.graph.group", group["id"]),
                                                        ("#microsoft.graph.servicePrincipal", s.ids["m1"])], "all")
    same(["userPrincipalName" in x for x in found], [True, False, False], "the Azure CLI tells users by it")
    assert found[2]["servicePrincipalNames"], "and services by these"
    found = s.post("/v1.0/directoryObjects/getByIds", {"ids": wanted, "types": ["group", "directoryObjectPartnerReference"]})["value"]
    same([x["id"] for x in found], [group["id"]], "of a type")
    same(s.get(f"/v1.0/directoryObjects/{group['id']}")["@odata.type"], "#microsoft.graph.group", "one")
    for body, words in (({}, "ids"), ({"ids": "x"}, "ids"), ({"ids": ["x"]}, "Invalid object identifier 'x'."), ({"ids": [NOBODY] * 1001}, "cannot exceed '1000'"),
                        ({"ids": [], "types": 1}, "types")):
        s.refused("POST", "/v1.0/directoryObjects/getByIds", 400, "Request_BadRequest", words, body=body)
    s.refused("GET", f"/v1.0/directoryObjects/{NOBODY}", 404, "Request_ResourceNotFound", NOBODY)
    s.refused("GET", "/v1.0/directoryObjects/x", 400, "Request_BadRequest", "Invalid object identifier 'x'.")
    s.drop(f"/v1.0/groups/{group['id']}")


def test_users_register_and_own(s):
    """T10 a user who is signed in by az registers an application, a service principal and a group, owns them and nothing else"""
    def signed_in(name, client="04b07795-8ddb-461a-bbee-02f9e1bf7b46"):
        form = {"grant_type": "password", "client_id": client, "username": f"{name}@{DOMAIN}", "password": "Long-enough-1", "scope": f"https://{GRAPH}/.default"}
        path = f"/{s.tenant}/oauth2/v2.0/token"
        return s.server.ask("login.microsoftonline.com", "POST", path, urllib.parse.urlencode(form), headers={"Content-Type": "application/x-www-form-urlencoded"}).json

    ids = {name: s.user(name)["id"] for name in ("reg1", "reg2")}
    one, two = (signed_in(name)["access_token"] for name in ids)

    def ask(who, method, path, body=None):
        answer = s.server.ask(GRAPH, method, f"/v1.0{path}", body, who)
        return answer.status, answer.json

    status, app = ask(one, "POST", "/applications", {"displayName": "mine"})
    same(status, 201, str(app))
    status, service = ask(one, "POST", "/servicePrincipals", {"appId": app["appId"]})
    same(status, 201, str(service))
    status, group = ask(one, "POST", "/groups", {"displayName": "mine", "mailEnabled": False, "mailNickname": "mine", "securityEnabled": True,
                                                 "owners@odata.bind": [f"https://{GRAPH}/v1.0/users/{ids['reg1']}", f"https://{GRAPH}/v1.0/users/{ids['reg2']}"]})
    same(status, 201, str(group))
    for path, owners in ((f"/applications/{app['id']}", ["reg1"]), (f"/servicePrincipals(appId='{app['appId']}')", ["reg1"]), (f"/groups/{group['id']}", list(ids))):
        same({o["id"] for o in ask(one, "GET", f"{path}/owners")[1]["value"]}, {ids[name] for name in owners}, path)
    owned = ask(one, "GET", "/me/ownedObjects")[1]["value"]
    same({o["@odata.type"] for o in owned}, {f"#microsoft.graph.{kind}" for kind in ("application", "servicePrincipal", "group")}, "owned")
    same([o["id"] for o in ask(two, "GET", f"/users/{ids['reg1']}/ownedObjects/microsoft.graph.application")[1]["value"]], [app["id"]], "of a type")
    reference = {"@odata.id": f"https://{GRAPH}/v1.0/directoryObjects/{ids['reg2']}"}
    for who, method, path, body, want in (
            (two, "PATCH", f"/applications/{app['id']}", {"displayName": "x"}, 403), (two, "POST", f"/applications/{app['id']}/addPassword", {}, 403),
            (two, "POST", f"/applications/{app['id']}/owners/$ref", reference, 403), (two, "DELETE", f"/servicePrincipals/{service['id']}", None, 403),
            (two, "POST", f"/groups/{group['id']}/members/$ref", reference, 204), (one, "POST", f"/applications/{app['id']}/addPassword", {}, 200),
            (one, "POST", "/users", {"displayName": "x"}, 403), (one, "DELETE", f"/users/{ids['reg2']}", None, 403),
            (one, "PATCH", f"/users/{ids['reg1']}", {"displayName": "x"}, 403), (one, "PATCH", f"/users/{s.operator}", {"passwordProfile": {"password": "x"}}, 403),
            (one, "POST", f"/applications/{app['id']}/owners/$ref", reference, 204), (one, "POST", f"/applications/{app['id']}/owners/$ref", reference, 400),
            (two, "DELETE", f"/applications/{app['id']}/owners/{ids['reg1']}/$ref", None, 204), (one, "DELETE", f"/applications/{app['id']}", None, 403),
            (two, "DELETE", f"/applications/{app['id']}/owners/{ids['reg1']}/$ref", None, 404), (two, "DELETE", f"/applications/{app['id']}", None, 204)):
        same(ask(who, method, path, body)[0], want, f"{'one' if who == one else 'two'} {method} {path}")
    status, keyed = ask(one, "POST", "/applications", {"displayName": "keyed"})
    ask(one, "POST", "/servicePrincipals", {"appId": keyed["appId"]})
    same([ask(one, method, f"/{kind}(appId='{keyed['appId']}')", body)[0] for method, kind, body in (
        ("PATCH", "applications", {"notes": "x"}), ("PATCH", "servicePrincipals", {"tags": ["x"]}), ("PATCH", "servicePrincipals", {"appId": "x"}),
        ("DELETE", "servicePrincipals", None), ("GET", "servicePrincipals", None), ("DELETE", "applications", None), ("GET", "applications", None))],
         [204, 204, 400, 204, 404, 204, 404], "by the appId")
    # Of a client that a user registered other users get no tokens for anything, the owner does, and neither writes by it.
    status, client = ask(one, "POST", "/applications", {"displayName": "client", "isFallbackPublicClient": True})
    ask(one, "POST", "/servicePrincipals", {"appId": client["appId"]})
    same(signed_in("reg2", client["appId"]).get("error_codes"), [65001], "another user's consent is not given")
    own = signed_in("reg1", client["appId"])["access_token"]
    same((ask(own, "GET", "/me")[0], ask(own, "POST", "/applications", {"displayName": "x"})[0]), (200, 403), "the owner reads by it")
    for name in ids:
        s.drop(f"/v1.0/users/{ids[name]}")
    same(s.get(f"/v1.0/applications/{client['id']}/owners")["value"], [], "an owner who is gone")


def test_callers_that_are_refused(s):
    """who asks without a token, with a wrong one, or as an application is refused in the published form"""
    paths = ("/v1.0/users", f"/v1.0/users/{s.operator}", f"/v1.0/users/{NOBODY}", "/v1.0/groups", "/v1.0/servicePrincipals", f"/v1.0/servicePrincipals/{s.ids['m1']}", "/beta/users")
    for path in paths:
        answer = s.ask(GRAPH, "GET", path)
        same((answer.status, answer.error["code"], answer.error["message"]),
             (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."), path)
        for token, code in ((None, "InvalidAuthenticationToken"), (ARM, "InvalidAuthenticationToken"), ("nonsense", "InvalidAuthenticationToken")):
            answer = s.ask(token, "GET", path)
            same((answer.status, answer.error["code"]), (401, code), path)
            assert answer.headers["www-authenticate"].startswith("Bearer "), "a challenge"
    same(s.ask(None, "GET", "/v1.0/users").error["message"], "Access token is empty.", "no token")
    for method, path, body in (("POST", "/v1.0/groups", {"displayName": "x"}), ("DELETE", f"/v1.0/users/{s.operator}", None), ("PATCH", f"/v1.0/users/{s.operator}", {}),
                               ("POST", f"/v1.0/groups/{NOBODY}/members/$ref", {}), ("POST", "/v1.0/directoryObjects/getByIds", {})):
        same(s.ask(GRAPH, method, path, body).status, 403, path)
    answer = s.ask(GRAPH, "GET", "/v1.0/me", client_request_id="my-own")
    same((answer.status, answer.error["code"], answer.error["message"]), (400, "BadRequest", "/me request is only valid with delegated authentication flow."), "/me")
    inner = answer.error["innerError"]
    same((inner["client-request-id"], answer.headers["client-request-id"]), ("my-own", "my-own"), "the caller's own id")
    same(inner["request-id"], answer.headers["request-id"], "the request's id")
    assert "ServerInfo" in json.loads(answer.headers["x-ms-ags-diagnostic"]), "diagnostics"
    same(len(inner["date"]), len("2026-01-01T00:00:00"), "date")


GRAPH_APP = "00000003-0000-0000-c000-000000000000"
GRAPH_ROLES = {"User.Read.All": "df021288-bdef-4463-88db-98f22de89214", "Group.Read.All": "5b567255-7703-4780-807c-7be8301ae99b",
               "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6", "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
               "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61", "AuditLog.Read.All": "b0afded3-3588-46d8-8b3d-9842eff778da"}


def test_permissions_of_graph_for_an_identity(s):
    """a managed identity that is given app roles of Microsoft Graph has them in its token, reads what they allow and no more"""
    graph = s.list("servicePrincipals", f"appId eq '{GRAPH_APP}'")[0]
    same([x["id"] for x in s.list("servicePrincipals", "displayName eq 'Microsoft Graph'")], [graph["id"]], "by its name")
    same(s.get(f"/v1.0/servicePrincipals(appId='{GRAPH_APP}')")["id"], graph["id"], "by its key")
    same({r["value"]: r["id"] for r in graph["appRoles"]}, GRAPH_ROLES, "its roles")
    same({tuple(r["allowedMemberTypes"]) for r in graph["appRoles"]}, {("Application",)}, "are for applications")
    same((graph["createdDateTime"], graph["servicePrincipalNames"]), (None, [GRAPH_APP, "https://graph.microsoft.com"]), "what else it is")

    m1, group = s.ids["m1"], s.group("read-by-graph")["id"]
    reads = {
        "users": ("/users", f"/users/{s.operator}"),
        "groups": ("/groups", f"/groups/{group}"),
        "services": ("/servicePrincipals", f"/servicePrincipals/{m1}", "/applications", f"/servicePrincipals/{m1}/appRoleAssignments", f"/servicePrincipals(appId='{GRAPH_APP}')"),
        "objects": (f"/groups/{group}/members", f"/users/{s.operator}/memberOf", f"/directoryObjects/{m1}", f"/users/{s.operator}/appRoleAssignments"),
        "tenant": ("/organization", "/domains"),
        "logs": ("/auditLogs/signIns",),
    }
    writes = (("POST", "/groups", {"displayName": "x", "mailEnabled": False, "mailNickname": "x", "securityEnabled": True}), ("DELETE", f"/groups/{group}", None),
              ("POST", f"/servicePrincipals/{m1}/appRoleAssignments", {"principalId": m1, "resourceId": graph["id"], "appRoleId": GRAPH_ROLES["AuditLog.Read.All"]}))

    def given(*names):
        return [s.post(f"/v1.0/servicePrincipals/{m1}/appRoleAssignments", {"principalId": m1, "resourceId": graph["id"], "appRoleId": GRAPH_ROLES[name]})["id"] for name in names]

    def check(token, allowed, why):
        for part, paths in reads.items():
            for path in paths:
                answer = s.ask(token, "GET", f"/v1.0{path}")
                same(answer.status, 200 if part in allowed else 403, f"{why}: {path}")
                if answer.status == 403:
                    same(answer.error["code"], "Authorization_RequestDenied", f"{why}: {path}")
        for method, path, body in writes:
            same(s.ask(token, method, f"/v1.0{path}", body).status, 403, f"{why}: {method} {path}")

    def token():
        return s.server.token_of(s.machine("m1"), f"https://{GRAPH}")

    before = token()
    assert "roles" not in claims_of(before), "no role yet"
    for names, allowed in ((("User.Read.All",), {"users"}), (("Group.Read.All",), {"groups"}), (("GroupMember.Read.All",), {"groups"}), (("Application.Read.All",), {"services"}),
                           (("AuditLog.Read.All",), {"logs"}), (("Directory.Read.All",), {"users", "groups", "services", "objects", "tenant"}),
                           (("User.Read.All", "Group.Read.All", "Application.Read.All"), {"users", "groups", "services", "objects"})):
        made = given(*names)
        now = token()
        same(sorted(claims_of(now)["roles"]), sorted(names), "the token's roles")
        check(now, allowed, names)
        check(before, set(), "an older token carries no role")
        for assignment in made:
            s.drop(f"/v1.0/servicePrincipals/{m1}/appRoleAssignments/{assignment}")
        check(now, set(), f"{names} taken away")
    assert "roles" not in claims_of(token()), "no role any more"


def test_graphs_own_service_principal_is_fixed(s):
    """Microsoft Graph's service principal is the cloud's: nobody changes or deletes it; its roles are for applications, and the operator's to give"""
    graph = s.list("servicePrincipals", f"appId eq '{GRAPH_APP}'")[0]["id"]
    for method, body in (("PATCH", {"accountEnabled": False}), ("DELETE", None)):
        for path in (f"servicePrincipals/{graph}", f"servicePrincipals(appId='{GRAPH_APP}')"):
            s.refused(method, f"/v1.0/{path}", 403, "Authorization_RequestDenied", body=body)
    s.refused("POST", f"/v1.0/servicePrincipals/{graph}/addPassword", 404, "Request_ResourceNotFound", body={})
    s.refused("POST", f"/v1.0/users/{s.operator}/appRoleAssignments", 400, "Request_BadRequest", "cannot be assigned to users",
              body={"principalId": s.operator, "resourceId": graph, "appRoleId": GRAPH_ROLES["User.Read.All"]})
    s.refused("POST", f"/v1.0/servicePrincipals/{s.ids['m1']}/appRoleAssignments", 400, "Request_BadRequest", "was not found",
              body={"principalId": s.ids["m1"], "resourceId": graph, "appRoleId": NOBODY})
    same(s.list("applications", f"appId eq '{GRAPH_APP}'"), [], "its registration is not in this tenant")
