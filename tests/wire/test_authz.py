"""Authorization over real sockets: custom roles, denies, management groups, conditions, and why a request was refused."""
import json
import subprocess
import urllib.parse
import uuid

import pytest

from lanyard import same

ARM = "management.azure.com"
VAULT = "authz-shop.vault.azure.net"
AUDIENCES = {ARM: "https://management.azure.com/", VAULT: "https://vault.azure.net"}
AUTHZ = "providers/Microsoft.Authorization"
ROLES = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage Queue Data Reader": "19e7f393-937e-4f77-808e-94535e297925",
}
MACHINES = ("owner-of-rg1", "reader", "chief", "delegate", "user", "officer", "custom", "nobody")


class Stage:
    """A server with two resource groups, a vault, and machines that have a role each."""

    def __init__(self, server):
        self.server = server
        self.server.start("--test-clock")
        facts = self.server.facts
        self.tenant, self.operator = facts["tenant"], facts["operator"]
        self.subscription = f"/subscriptions/{facts['subscription']}"
        self.rg1, self.rg2 = f"{self.subscription}/resourceGroups/rg1", f"{self.subscription}/resourceGroups/rg10"
        for group in (self.rg1, self.rg2):
            self.put(group, "2022-09-01", {"location": "westus"})
        self.vault = f"{self.rg1}/providers/Microsoft.KeyVault/vaults/authz-shop"
        properties = {"tenantId": self.tenant, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
        self.put(self.vault, "2023-07-01", {"location": "westus", "properties": properties})
        self.ids, self.tokens = {}, {}
        for name in MACHINES:
            path = f"{self.rg1}/providers/Microsoft.Compute/virtualMachines/{name}"
            made = self.put(path, "2024-07-01", {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}})
            self.ids[name] = made["identity"]["principalId"]
        self.assign("Owner", self.rg1, "owner-of-rg1")
        self.assign("Reader", self.rg1, "reader")
        self.assign("Key Vault Secrets Officer", self.vault, "officer")

    blob_reader = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"

    def put(self, path, version, body):
        return self.server.api("PUT", f"{path}?api-version={version}", body)

    def role_id(self, role):
        return f"/{AUTHZ}/roleDefinitions/{ROLES.get(role, role)}"

    def assign(self, role, scope, who, **more):
        properties = {"roleDefinitionId": self.role_id(role), "principalId": self.ids.get(who, who), **more}
        return self.put(f"{scope}/{AUTHZ}/roleAssignments/{uuid.uuid4()}", "2022-04-01", {"properties": properties})

    def drop(self, assignment):
        self.server.api("DELETE", f"{assignment['id']}?api-version=2022-04-01")

    def token(self, who, host):
        if (who, host) not in self.tokens:
            self.tokens[who, host] = self.server.token_of(who, AUDIENCES[host])
        return self.tokens[who, host]

    def ask(self, who, method, path, body=None, version="2022-04-01", host=ARM):
        target = path + ("&" if "?" in path else "?") + f"api-version={version}"
        return self.server.ask(host, method, target, body, self.token(who, host))

    def secret(self, who, method, name, body=None):
        return self.ask(who, method, f"/secrets/{name}", body, "7.4", VAULT)

    def role_body(self, name, actions=(), scopes=None, **more):
        block = {"actions": list(actions)}
        for key in ("notActions", "dataActions", "notDataActions", "condition"):
            if key in more:
                block[key] = more.pop(key)
        return {"properties": {"roleName": name, "permissions": [block], "assignableScopes": scopes or [self.rg1], **more}}


def refused(answer, status, code, *words):
    same((answer.status, answer.error["code"]), (status, code), answer.text)
    for word in words:
        assert word in answer.error["message"], f"{word!r} is not in {answer.error['message']!r}"


@pytest.fixture(scope="module", name="s")
def stage(server):
    return Stage(server)


def test_r3_the_shape_of_a_custom_role(s):
    """R3 a custom role: 201 on every PUT, the published shape, and the prefix of the request's scope"""
    name = str(uuid.uuid4())
    body = s.role_body("Group reader", ["Microsoft.Resources/subscriptions/resourceGroups/read"], description="d")
    for at, prefix in ((s.rg1, s.subscription), (s.subscription, s.subscription), ("", "")):
        got = s.server.api("PUT", f"{at}/{AUTHZ}/roleDefinitions/{name}?api-version=2022-04-01", body)
        same(got["id"], f"{prefix}/{AUTHZ}/roleDefinitions/{name}", at)
    answer = s.ask("owner-of-rg1", "PUT", f"{s.rg1}/{AUTHZ}/roleDefinitions/{name}", body)
    same(answer.status, 201, "again")
    p = answer.json["properties"]
    same((p["roleName"], p["type"], p["description"], p["assignableScopes"]), ("Group reader", "CustomRole", "d", [s.rg1]), "shape")
    same(p["permissions"], [{"actions": body["properties"]["permissions"][0]["actions"], "notActions": [], "dataActions": [], "notDataActions": []}], "lists")
    fresh = s.ask("owner-of-rg1", "PUT", f"{s.rg1}/{AUTHZ}/roleDefinitions/{uuid.uuid4()}", s.role_body("Another", ["*/read"])).json
    assert fresh["properties"]["createdBy"] is None, "no maker in the answer that made it"
    got = s.ask("owner-of-rg1", "GET", f"{s.rg1}/{AUTHZ}/roleDefinitions/{fresh['name']}").json
    same(got["properties"]["createdBy"], s.ids["owner-of-rg1"], "the maker afterwards")
    wanted = urllib.parse.quote("type eq 'CustomRole'")
    found = s.ask("reader", "GET", f"{s.rg1}/{AUTHZ}/roleDefinitions?$filter={wanted}").json["value"]
    same({role["properties"]["roleName"] for role in found}, {"Group reader", "Another"}, "the list")
    for role in (name, fresh["name"]):
        same(s.ask("owner-of-rg1", "DELETE", f"{s.rg1}/{AUTHZ}/roleDefinitions/{role}").status, 200, "delete")
        same(s.ask("owner-of-rg1", "DELETE", f"{s.rg1}/{AUTHZ}/roleDefinitions/{role}").status, 204, "again")
        refused(s.ask("owner-of-rg1", "GET", f"{s.rg1}/{AUTHZ}/roleDefinitions/{role}"), 404, "RoleDefinitionDoesNotExist")


def test_r5_a_delegate_under_a_condition_cannot_change_the_role_it_assigns(s):
    """R5 who may assign under a condition only does not write the role that he may assign"""
    name, user = str(uuid.uuid4()), "delegate"
    write = "Microsoft.Authorization/roleAssignments/write"
    s.put(f"{s.rg1}/{AUTHZ}/roleDefinitions/{name}", "2022-04-01", s.role_body("Lent", ["*/read"]))
    condition = f"(!(ActionMatches{{'{write}'}}) OR @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{name}}})"
    bound = s.assign("User Access Administrator", s.rg1, user, condition=condition, conditionVersion="2.0")["properties"]
    assert bound["condition"] == condition, "the condition stands"
    for role in (name, str(uuid.uuid4())):
        answer = s.ask(user, "PUT", f"{s.rg1}/{AUTHZ}/roleDefinitions/{role}", s.role_body("Lent" if role == name else "Own", ["*"]))
        refused(answer, 403, "LinkedAuthorizationFailed", write, s.rg1)
    given = s.assign(name, s.rg1, "custom")
    path = f"{s.rg1}/{AUTHZ}/roleAssignments/{uuid.uuid4()}"
    properties = {"roleDefinitionId": s.role_id(name), "principalId": s.ids["user"], "principalType": "ServicePrincipal"}
    same(s.ask(user, "PUT", path, {"properties": properties}).status, 201, "what the condition lets through")
    same(s.ask("owner-of-rg1", "PUT", f"{s.rg1}/{AUTHZ}/roleDefinitions/{name}", s.role_body("Lent", ["*/read"], description="d")).status, 201, "an owner")
    for item in (given["id"], path):
        s.server.api("DELETE", f"{item}?api-version=2022-04-01")
    for item in s.server.api("GET", f"{s.rg1}/{AUTHZ}/roleAssignments?api-version=2022-04-01&$filter=principalId%20eq%20'{s.ids[user]}'")["value"]:
        s.drop(item)
    s.server.api("DELETE", f"{s.rg1}/{AUTHZ}/roleDefinitions/{name}?api-version=2022-04-01")


def test_r3_custom_roles_that_are_refused(s):
    """R3 what no custom role may be, and who may not make one"""
    read = ["Microsoft.Compute/*/read"]
    group = f"/providers/Microsoft.Management/managementGroups/{s.tenant}"
    rows = [
        ({"scopes": ["/"]}, 400, "LinkedInvalidPropertyId", "Property id '/' at path 'properties.assignableScopes[0]' is invalid."),
        ({"scopes": [f"{s.subscription}/resourceGroups"]}, 400, "LinkedInvalidPropertyId", ""),
        ({"scopes": [f"{s.subscription}/"] * 2001}, 400, "InvalidRoleDefinition", "2000"),
        ({"scopes": ["subscriptions/x"]}, 400, "LinkedInvalidPropertyId", ""),
        ({"scopes": [f"{s.subscription}/resourceGroups/../rg1"]}, 400, "LinkedInvalidPropertyId", ""),
        ({"scopes": [f"/subscriptions/{uuid.uuid4()}"]}, 404, "SubscriptionNotFound", ""),
        ({"scopes": [f"{s.subscription}/resourceGroups/none"]}, 404, "ResourceGroupNotFound", ""),
        ({"scopes": ["/providers/Microsoft.Management/managementGroups/none"]}, 404, "NotFound", ""),
        ({"scopes": [group, group]}, 400, "InvalidRoleDefinition", "at most one management group"),
        ({"name": ""}, 400, "InvalidRoleDefinition", "roleName"),
        ({"name": "n" * 513}, 400, "InvalidRoleDefinition", "512"),
        ({"name": "reader"}, 409, "RoleDefinitionWithSameNameExists", "A custom role with the same name already exists in this directory."),
        ({"name": "TAKEN"}, 409, "RoleDefinitionWithSameNameExists", ""),
        ({"description": "d" * 2049}, 400, "InvalidRoleDefinition", "2048"),
        ({"actions": []}, 400, "InvalidRoleDefinition", "at least one action"),
        ({"actions": ["Microsoft.Compute"]}, 400, "InvalidActionOrNotAction", "'Microsoft.Compute' does not match any of the actions supported by the providers."),
        ({"actions": ["Microsoft.Nonsense/things/read"]}, 400, "InvalidActionOrNotAction", ""),
        ({"notActions": ["no action"]}, 400, "InvalidActionOrNotAction", ""),
        ({"actions": ["Microsoft.Compute/virtualMachines/reads"]}, 400, "InvalidActionOrNotAction", "does not match any of the actions"),
        ({"actions": ["Microsoft.KeyVault/vaults/secrets/getSecret/action"]}, 400, "InvalidActionOrNotAction", "does not match"),  # a data action
        ({"notActions": ["Microsoft.KeyVault/vaults/nothing/*"]}, 400, "InvalidActionOrNotAction", "does not match"),
        ({"actions": ["Microsoft.Compute/*/virtual*/read"]}, 400, "InvalidActionOrNotAction", "at most one"),
        ({"notActions": ["*/*"]}, 400, "InvalidActionOrNotAction", "at most one"),
        ({"dataActions": ["Microsoft.KeyVault/vaults/*/*/action"]}, 400, "InvalidDataActionOrNotDataAction", "at most one"),
        ({"dataActions": ["Microsoft.Authorization/x/read"]}, 400, "InvalidDataActionOrNotDataAction", "has not published any data operations."),
        ({"dataActions": ["Microsoft.Storage/storageAccounts/blobServices/containers/read"]}, 400, "InvalidDataActionOrNotDataAction",
         "'Microsoft.Storage/storageAccounts/blobServices/containers/read' does not match any of the actions supported by the providers."),
        ({"notDataActions": ["Microsoft.KeyVault/vaults/secrets/getSecrets/action"]}, 400, "InvalidDataActionOrNotDataAction", "does not match"),
        ({"actions": ["Microsoft.Compute/*/read"] * 10001}, 400, "InvalidRoleDefinition", "10000"),
        ({"actions": [f"Microsoft.Compute/{'x' * 500}/read"]}, 400, "InvalidActionOrNotAction", ""),
        ({"actions": [1]}, 400, "InvalidRequestContent", "'actions' must hold texts only"),
        ({"condition": "@Resource[x] StringEquals"}, 400, "InvalidRoleAssignmentCondition", "column"),
        ({"type": "BuiltInRole"}, 400, "RoleDefinitionIsBuiltIn", ""),
    ]
    taken = str(uuid.uuid4())
    s.put(f"{s.rg1}/{AUTHZ}/roleDefinitions/{taken}", "2022-04-01", s.role_body("Taken", read))
    at = f"{s.rg1}/{AUTHZ}/roleDefinitions"

    def put(who, where, body):
        return s.ask(who, "PUT", where, body)

    s.assign("Owner", s.subscription, "chief")  # sees more than the group
    s.assign("Owner", group, "chief")
    for change, status, code, words in rows:
        body = s.role_body(change.pop("name", "Refused"), change.pop("actions", read), **change)
        refused(put("chief", f"{at}/{uuid.uuid4()}", body), status, code, words)
    for body in ({}, {"properties": None}, {"properties": {"roleName": "x"}}, {"properties": {"roleName": "x", "permissions": [], "assignableScopes": [s.rg1]}}):
        refused(put("chief", f"{at}/{uuid.uuid4()}", body), 400, "InvalidRequestContent")
    refused(put("chief", f"{at}/not-a-guid", s.role_body("x", read)), 400, "InvalidRoleDefinitionId")
    for method in ("PUT", "DELETE"):
        answer = s.ask("chief", method, f"{at}/{ROLES['Reader']}", s.role_body("x", read) if method == "PUT" else None)
        refused(answer, 400, "RoleDefinitionIsBuiltIn", "Reader")
    for who in ("reader", "nobody"):
        refused(put(who, f"{at}/{uuid.uuid4()}", s.role_body("x", read)), 403, "AuthorizationFailed", "'Microsoft.Authorization/roleDefinitions/write'", f"'{s.rg1}")
        refused(s.ask(who, "DELETE", f"{at}/{taken}"), 403, "AuthorizationFailed", "'Microsoft.Authorization/roleDefinitions/delete'")
    # On every assignable scope, those that stand and those that shall.
    refused(put("owner-of-rg1", f"{at}/{uuid.uuid4()}", s.role_body("x", read, [s.rg1, s.rg2])), 403, "LinkedAuthorizationFailed", f"on the linked scope(s) '{s.rg2}'")
    s.put(f"{at}/{taken}", "2022-04-01", s.role_body("Taken", read, [s.rg1, s.rg2]))
    refused(put("owner-of-rg1", f"{at}/{taken}", s.role_body("Taken", ["*"], [s.rg1])), 403, "LinkedAuthorizationFailed", s.rg2)
    refused(s.ask("owner-of-rg1", "DELETE", f"{at}/{taken}"), 403, "LinkedAuthorizationFailed", s.rg2)
    s.server.api("DELETE", f"{at}/{taken}?api-version=2022-04-01")


def test_r3_a_custom_role_is_assigned_only_within_its_scopes(s):
    """R3 a custom role is assigned only within its scopes, and stays as long as it is assigned"""
    role = str(uuid.uuid4())
    at = f"{s.rg1}/{AUTHZ}/roleDefinitions/{role}"
    s.put(at, "2022-04-01", s.role_body("Scoped", ["Microsoft.Resources/subscriptions/resourceGroups/read"], [s.rg1]))
    body = {"properties": {"roleDefinitionId": s.role_id(role), "principalId": s.ids["custom"]}}
    for scope in (s.rg2, s.subscription, "/".join(s.rg1.split("/")[:-1]) + "/rg100"):
        if scope.endswith("rg100"):
            s.put(scope, "2022-09-01", {"location": "westus"})
        refused(s.ask("chief", "PUT", f"{scope}/{AUTHZ}/roleAssignments/{uuid.uuid4()}", body), 404, "RoleDefinitionDoesNotExist")
    refused(s.ask("custom", "GET", s.rg1, version="2022-09-01"), 403, "AuthorizationFailed")
    made = s.assign(role, s.rg1, "custom")
    same(s.ask("custom", "GET", s.rg1, version="2022-09-01").status, 200, "granted")
    refused(s.ask("custom", "GET", s.rg2, version="2022-09-01"), 403, "AuthorizationFailed")
    refused(s.ask("chief", "DELETE", at), 400, "RoleDefinitionHasAssignments", "existing role assignments")
    refused(s.ask("chief", "PUT", at, s.role_body("Scoped", ["*/read"], [s.rg2])), 400, "RoleDefinitionHasAssignments", f"under scope '{s.rg1}' which is being removed")
    # Two blocks: what one takes away the other may give.
    blocks = [{"actions": ["*/read"], "notActions": ["Microsoft.Resources/subscriptions/resourceGroups/read"]}, {"actions": ["Microsoft.Compute/virtualMachines/read"]}]
    s.put(at, "2022-04-01", {"properties": {"roleName": "Scoped", "permissions": blocks, "assignableScopes": [s.rg1]}})
    refused(s.ask("custom", "GET", s.rg1, version="2022-09-01"), 403, "AuthorizationFailed")
    machine = f"{s.rg1}/providers/Microsoft.Compute/virtualMachines/custom"
    same(s.ask("custom", "GET", machine, version="2024-07-01").status, 200, "the other block")
    same(s.ask("custom", "GET", s.vault, version="2023-07-01").status, 200, "the first block")
    s.drop(made)
    s.server.api("DELETE", f"{at}?api-version=2022-04-01")

def test_r3_a_custom_role_takes_only_published_operations(s):
    """R3 a custom role takes what the providers publish, on the plane where they publish it"""
    role = f"{s.rg1}/{AUTHZ}/roleDefinitions/{uuid.uuid4()}"
    rows = [
        {"actions": ["Microsoft.Compute/virtualMachines/read"]}, {"actions": ["microsoft.compute/VIRTUALMACHINES/*"]}, {"actions": ["*"]},
        {"actions": ["*/read"]}, {"actions": ["Microsoft.KeyVault/vaults/*/read"]},
        {"dataActions": ["Microsoft.KeyVault/vaults/secrets/getSecret/action"]}, {"dataActions": ["Microsoft.KeyVault/vaults/keys/read"]},
        {"actions": ["Microsoft.KeyVault/vaults/keys/read"]},  # published on both planes
        {"dataActions": ["Microsoft.CognitiveServices/accounts/OpenAI/responses/*"]},  # newer than the catalogue, in a built-in role
    ]
    for row in rows:
        answer = s.ask("chief", "PUT", role, s.role_body("Published", row.get("actions", ()), dataActions=row.get("dataActions", [])))
        same(answer.status, 201, f"{row}: {answer.text}")
    s.server.api("DELETE", f"{role}?api-version=2022-04-01")


def test_r3_a_custom_role_with_data_actions_at_a_management_group(s):
    """R3 a custom role with data actions may name a management group, and is assigned only below it"""
    name, group = str(uuid.uuid4()), f"/providers/Microsoft.Management/managementGroups/{s.tenant}"
    role = f"{s.rg1}/{AUTHZ}/roleDefinitions/{name}"
    data = {"dataActions": ["Microsoft.KeyVault/vaults/secrets/*"]}
    same(s.ask("chief", "PUT", role, s.role_body("Data below", [], [group], **data)).status, 201, "the role")

    def assign(where, which=name):
        body = {"properties": {"roleDefinitionId": s.role_id(which), "principalId": s.ids["custom"]}}
        return s.ask("chief", "PUT", f"{where}/{AUTHZ}/roleAssignments/{uuid.uuid4()}", body)

    refused(assign(group), 400, "InvalidCreateRoleAssignmentRequest", "DataActions")
    for where, which in ((s.subscription, name), (s.rg1, name), (group, ROLES["Key Vault Secrets User"])):  # a built-in one may everywhere
        answer = assign(where, which)
        same(answer.status, 201, where)
        s.drop(answer.json)
    # One that is assigned there gets no data actions afterwards.
    same(s.ask("chief", "PUT", role, s.role_body("Data below", ["*/read"], [group])).status, 201, "without data actions")
    made = assign(group)
    same(made.status, 201, "then it may")
    refused(s.ask("chief", "PUT", role, s.role_body("Data below", ["*/read"], [group], **data)), 400, "RoleDefinitionHasAssignments", group)
    s.drop(made.json)
    s.server.api("DELETE", f"{role}?api-version=2022-04-01")


def test_r2_old_versions_do_not_assign_roles_with_data_actions(s):
    """R2 a role with data actions is not assigned by a version that cannot say them"""
    rows = [("2015-07-01", "Key Vault Secrets User", 400), ("2017-10-01-preview", "Key Vault Secrets User", 400), ("2015-07-01", "Reader", 201),
            ("2018-01-01-preview", "Key Vault Secrets User", 201), ("2022-04-01", "Key Vault Secrets User", 201)]
    for version, role, status in rows:
        body = {"properties": {"roleDefinitionId": s.role_id(role), "principalId": s.ids["custom"]}}
        answer = s.ask("chief", "PUT", f"{s.rg2}/{AUTHZ}/roleAssignments/{uuid.uuid4()}", body, version)
        if status == 201:
            same(answer.status, 201, f"{version} {role}: {answer.text}")
            s.drop(answer.json)
            continue
        refused(answer, 400, "UnsupportedApiVersionForRoleDefinitionHasDataActions",
                f"Assignments to roles with DataActions and NotDataActions are not supported on API version '{version}'. "
                "The minimum required API version for this operations is '2018-01-01-preview'.")


def test_r2_an_assignments_body_does_not_name_another_scope_than_its_path(s):
    """R2 an assignment's body does not name another scope than its path"""
    def put(scope):
        body = {"properties": {"roleDefinitionId": s.role_id("Reader"), "principalId": s.ids["custom"], "scope": scope}}
        return s.ask("chief", "PUT", f"{s.rg2}/{AUTHZ}/roleAssignments/{uuid.uuid4()}", body)
    refused(put(s.rg1), 400, "InvalidCreateRoleAssignmentRequest", f"Role assignment scope '{s.rg1}' must match the scope specified on the URI '{s.rg2}'.")
    answer = put(s.rg2.upper())
    same(answer.status, 201, "the same in other case")
    s.drop(answer.json)


def test_r2_filters_of_assignment_lists(s):
    """R2 lists of assignments: what filters there are, and none at the root without one"""
    supported = "Supported filters are either 'atScope()' or 'principalId eq '{value}' or assignedTo('{value}')'."
    who = s.ids["chief"]
    for wrong in (f"principalId eq {who}", f"principalId eq {{{who}}}", f"assignedTo({who})", "roleDefinitionId eq 'x'", "principalId", f"atScope() and principalId eq '{who}'"):
        answer = s.ask("chief", "GET", f"{s.subscription}/{AUTHZ}/roleAssignments?$filter={urllib.parse.quote(wrong)}")
        refused(answer, 400, "UnsupportedQuery", f"The filter '{wrong}' is not supported.", supported)
    quoted = urllib.parse.quote(f"principalId eq '{who}'")
    found = s.ask("chief", "GET", f"{s.subscription}/{AUTHZ}/roleAssignments?$filter={quoted}").json["value"]
    assert found and all(a["properties"]["principalId"] == who for a in found), "in quotes"
    root = f"/{AUTHZ}/roleAssignments?api-version=2022-04-01"
    for path, works in ((root, False), (root + "&$filter=", False), (root + "&$filter=atScope()", True)):
        try:
            answer = s.server.api("GET", path)
        except RuntimeError as error:
            answer = str(error)
        same(isinstance(answer, dict), works, f"{path}: {answer}")
        assert works or "UnsupportedQuery" in answer, answer


def deny_path(name):
    return f"/lanyard/deny-assignments/{name}"


def deny_body(s, scope, who, **more):
    block = {key: more.pop(key) for key in ("actions", "notActions", "dataActions", "notDataActions", "condition") if key in more}
    return {"name": "Test deny", "scope": scope, "permissions": [block], "principals": [{"id": s.ids.get(who, who)}], **more}


EVERYONE = "00000000-0000-0000-0000-000000000000"


def test_r5_a_deny_wins_over_every_role(s):
    """R5 a deny wins over every role, at its scope and below, and is gone when it is taken away"""
    name = str(uuid.uuid4())
    machine = f"{s.rg1}/providers/Microsoft.Compute/virtualMachines/reader"
    made = s.server.api("PUT", deny_path(name), deny_body(s, s.rg1, "owner-of-rg1", actions=["Microsoft.Compute/*"], notActions=["*/write"]))
    same((made["id"], made["properties"]["isSystemProtected"]), (f"{s.rg1}/{AUTHZ}/denyAssignments/{name}", True), "shape")
    answer = s.ask("owner-of-rg1", "GET", machine, version="2024-07-01")
    refused(answer, 403, "DenyAssignmentAuthorizationFailed", "the access is denied because of the deny assignment with name 'Test deny'", name.replace("-", ""), f"at scope '{s.rg1}'")
    same(s.ask("owner-of-rg1", "GET", s.rg1, version="2022-09-01").status, 200, "another provider")
    same(s.ask("reader", "GET", machine, version="2024-07-01").status, 200, "another principal")
    for path in (f"{s.rg1}/{AUTHZ}/denyAssignments/{name}", f"{machine}/{AUTHZ}/denyAssignments/{name}"):
        same(s.ask("reader", "GET", path).json["name"], name, path)
    wanted = urllib.parse.quote("denyAssignmentName eq 'test deny'")
    same([d["name"] for d in s.ask("reader", "GET", f"{machine}/{AUTHZ}/denyAssignments?$filter={wanted}").json["value"]], [name], "the list")
    s.server.api("PUT", deny_path(name), deny_body(s, s.rg1, EVERYONE, actions=["*/read"], excludePrincipals=[{"id": s.ids["reader"]}], doNotApplyToChildScopes=True))
    refused(s.ask("owner-of-rg1", "GET", s.rg1, version="2022-09-01"), 403, "DenyAssignmentAuthorizationFailed")
    same(s.ask("owner-of-rg1", "GET", machine, version="2024-07-01").status, 200, "not below")
    same(s.ask("reader", "GET", s.rg1, version="2022-09-01").status, 200, "excluded")
    s.server.api("DELETE", deny_path(name))
    same(s.ask("owner-of-rg1", "GET", s.rg1, version="2022-09-01").status, 200, "gone")
    same(s.server.api("DELETE", deny_path(name)), None, "204 for what is gone")


def test_r5_the_operator_can_remove_a_deny_on_itself(s):
    """R5 a deny that shuts out the operator too can be taken away by the operator"""
    name = str(uuid.uuid4())
    s.server.api("PUT", deny_path(name), deny_body(s, "/", EVERYONE, actions=["*"], dataActions=["*"]))
    with pytest.raises(RuntimeError, match="DenyAssignmentAuthorizationFailed"):
        s.server.api("GET", f"{s.rg1}?api-version=2022-09-01")
    s.server.api("DELETE", deny_path(name))
    s.server.api("GET", f"{s.rg1}?api-version=2022-09-01")


def test_r5_denies_that_are_refused(s):
    """R5 what is no deny is refused, and only the operator makes one"""
    good = {"actions": ["*/read"]}
    rows = [
        ("not-a-guid", {}, good, "GUID_INVALID"),
        (None, {"name": " "}, good, "CONTENT_INVALID"),
        (None, {"name": "n" * 513}, good, "CONTENT_INVALID"),
        (None, {"scope": "nowhere"}, good, "SCOPE_INVALID"),
        (None, {"scope": f"{s.subscription}/resourceGroups/none"}, good, "GROUP_NOT_FOUND"),
        (None, {"principals": []}, good, "CONTENT_INVALID"),
        (None, {"principals": [{"id": "me"}]}, good, "CONTENT_INVALID"),
        (None, {"principals": {"id": EVERYONE}}, good, "CONTENT_INVALID"),
        (None, {"principals": [{"id": str(uuid.uuid4())}] * 1001}, good, "CONTENT_INVALID"),
        (None, {"excludePrincipals": [{}]}, good, "CONTENT_INVALID"),
        (None, {"doNotApplyToChildScopes": "yes"}, good, "CONTENT_INVALID"),
        (None, {"permissions": []}, good, "CONTENT_INVALID"),
        (None, {}, {}, "ROLE_INVALID"),
        (None, {}, {"notActions": ["*"]}, "ROLE_INVALID"),
        (None, {}, {"actions": ["Microsoft.Keyvalt/vaults/read"]}, "ROLE_ACTION_UNKNOWN"),
        (None, {}, {"actions": ["*"], "condition": "nonsense"}, "CONDITION_INVALID"),
    ]
    for name, change, block, code in rows:
        body = {**deny_body(s, s.rg1, "nobody", **block), **change}
        with pytest.raises(RuntimeError, match=code):
            s.server.api("PUT", deny_path(name or uuid.uuid4()), body)
    answer = s.ask("chief", "PUT", f"{s.rg1}/{AUTHZ}/denyAssignments/{uuid.uuid4()}", {})
    refused(answer, 405, "MethodNotAllowed")
    answer = s.ask("chief", "PUT", deny_path(uuid.uuid4()), deny_body(s, s.rg1, "nobody", **good))
    assert answer.status >= 400, f"without the socket: {answer.status}"
    same(s.ask("chief", "GET", f"{s.subscription}/{AUTHZ}/denyAssignments").json["value"], [], "nothing came of it")


MGMT = "/providers/Microsoft.Management/managementGroups"


def group_body(parent=None, name=None):
    properties = {"displayName": name} if name else {}
    if parent:
        properties["details"] = {"parent": {"id": f"{MGMT}/{parent}"}}
    return {"properties": properties}


def test_r2_management_groups_form_a_tree(s):
    """R2 management groups: a tree under the tenant's group, shown up and down"""
    for name, parent in (("mg-a", None), ("mg-b", "mg-a"), ("mg-c", "mg-b"), ("mg-side", "mg-a")):
        got = s.server.api("PUT", f"{MGMT}/{name}?api-version=2021-04-01", group_body(parent, name.upper()))
        same((got["id"], got["properties"]["displayName"]), (f"{MGMT}/{name}", name.upper()), name)
        same(got["properties"]["details"]["parent"]["name"], parent or s.tenant, name)
    root = s.server.api("GET", f"{MGMT}/{s.tenant}?api-version=2021-04-01&$expand=children&$recurse=true")
    same((root["properties"]["displayName"], root["properties"]["details"]["parent"]), ("Tenant Root Group", None), "the root")
    children = {child["name"]: child for child in root["properties"]["children"]}
    same(set(children), {"mg-a", s.subscription.split("/")[-1]}, "children of the root")
    same({child["name"] for child in children["mg-a"]["children"]}, {"mg-b", "mg-side"}, "and theirs")
    up = s.server.api("GET", f"{MGMT}/MG-C?api-version=2021-04-01&$expand=ancestors")["properties"]["details"]["managementGroupAncestorsChain"]
    same([one["name"] for one in up], ["mg-b", "mg-a", s.tenant], "ancestors")
    path = s.server.api("GET", f"{MGMT}/mg-c?api-version=2021-04-01&$expand=path")["properties"]["details"]["path"]
    same([one["name"] for one in path], [s.tenant, "mg-a", "mg-b"], "path")
    s.server.api("PATCH", f"{MGMT}/mg-side?api-version=2021-04-01", {"displayName": "Aside", "parentGroupId": f"{MGMT}/mg-b"})
    below = s.server.api("GET", f"{MGMT}/mg-a/descendants?api-version=2021-04-01")["value"]
    same({one["name"]: one["properties"]["parent"]["id"].split("/")[-1] for one in below}, {"mg-b": "mg-a", "mg-c": "mg-b", "mg-side": "mg-b"}, "descendants")
    names = {one["name"] for one in s.server.api("GET", f"{MGMT}?api-version=2021-04-01")["value"]}
    same(names, {s.tenant, "mg-a", "mg-b", "mg-c", "mg-side"}, "the list")
    count = s.server.api("POST", "/providers/Microsoft.Management/getEntities?api-version=2021-04-01")["count"]
    same(count, 6, "with the subscription")


def test_r2_r5_roles_and_denies_at_a_management_group_reach_its_subscriptions(s):
    """R2 R5 roles and denies at a management group reach the subscriptions below it, as long as they are there"""
    sub = s.subscription.split("/")[-1]
    machine = f"{s.rg1}/providers/Microsoft.Compute/virtualMachines/reader"
    made = s.assign("Reader", f"{MGMT}/mg-b", "nobody")
    below = f"{MGMT}/mg-c"
    same(s.ask("nobody", "GET", below, version="2021-04-01").status, 200, "the group below")
    refused(s.ask("nobody", "GET", f"{MGMT}/mg-a", version="2021-04-01"), 403, "AuthorizationFailed", "'Microsoft.Management/managementGroups/read'", f"'{MGMT}/mg-a'")
    same({one["name"] for one in s.ask("nobody", "GET", MGMT, version="2021-04-01").json["value"]}, {"mg-b", "mg-c", "mg-side"}, "the list is what one may read")
    refused(s.ask("nobody", "GET", machine, version="2024-07-01"), 403, "AuthorizationFailed")
    s.server.api("PUT", f"{MGMT}/mg-c/subscriptions/{sub}?api-version=2021-04-01")
    same(s.ask("nobody", "GET", machine, version="2024-07-01").status, 200, "moved below")
    same([x["subscriptionId"] for x in s.ask("nobody", "GET", "/subscriptions", version="2022-12-01").json["value"]], [sub], "seen")
    listed = s.ask("nobody", "GET", f"{s.rg1}/{AUTHZ}/roleAssignments?$filter=atScope()").json["value"]
    assert made["id"] in [a["id"] for a in listed], "inherited in the list"
    deny = str(uuid.uuid4())
    s.server.api("PUT", deny_path(deny), deny_body(s, f"{MGMT}/mg-a", "nobody", actions=["Microsoft.Compute/*"]))
    refused(s.ask("nobody", "GET", machine, version="2024-07-01"), 403, "DenyAssignmentAuthorizationFailed", f"at scope '{MGMT}/mg-a'")
    s.server.api("DELETE", deny_path(deny))
    role = str(uuid.uuid4())
    s.put(f"{s.subscription}/{AUTHZ}/roleDefinitions/{role}", "2022-04-01", s.role_body("In the tree", ["*/read"], [f"{MGMT}/mg-a"]))
    s.drop(s.assign(role, s.rg1, "custom"))  # assignable below the group
    s.server.api("DELETE", f"{MGMT}/mg-c/subscriptions/{sub}?api-version=2021-04-01")
    refused(s.ask("nobody", "GET", machine, version="2024-07-01"), 403, "AuthorizationFailed")
    body = {"properties": {"roleDefinitionId": s.role_id(role), "principalId": s.ids["custom"]}}
    refused(s.ask("chief", "PUT", f"{s.rg1}/{AUTHZ}/roleAssignments/{uuid.uuid4()}", body), 404, "RoleDefinitionDoesNotExist")
    s.server.api("DELETE", f"{s.subscription}/{AUTHZ}/roleDefinitions/{role}?api-version=2022-04-01")
    s.drop(made)


def test_r6_refusals_of_management_groups(s):
    """R6 management groups: what is refused, and to whom"""
    sub = s.subscription.split("/")[-1]

    def ask(who, method, path, body=None):
        return s.ask(who, method, path, body, "2021-04-01")

    everywhere = s.assign("Owner", "/".rstrip("/"), "chief")
    refused(ask("chief", "GET", f"{MGMT}/none"), 404, "NotFound", "'none' cannot be found")
    refused(ask("nobody", "GET", f"{MGMT}/none"), 403, "AuthorizationFailed")
    refused(ask("chief", "PATCH", f"{MGMT}/none", {"displayName": "x"}), 404, "NotFound")
    refused(ask("chief", "PUT", f"{MGMT}/mg-new", group_body("none")), 404, "NotFound", "'none' cannot be found")
    for name in ("bad%20name", "a" * 91, "dot."):
        assert ask("chief", "PUT", f"{MGMT}/{name}", group_body()).status == 400, name
    refused(ask("chief", "PUT", f"{MGMT}/mg-a", group_body("mg-c")), 400, "InvalidParameter", "below itself")
    refused(ask("chief", "PUT", f"{MGMT}/mg-a", group_body("mg-a")), 400, "InvalidParameter", "below itself")
    refused(ask("chief", "PUT", f"{MGMT}/{s.tenant}", group_body("mg-a")), 400, "InvalidParameter", "root")
    refused(ask("chief", "PUT", f"{MGMT}/mg-x", {"properties": {"details": {"parent": {"id": "mg-a"}}}}), 400, "InvalidParameter", "parent")
    refused(ask("chief", "DELETE", f"{MGMT}/{s.tenant}"), 400, "InvalidParameter", "root")
    refused(ask("chief", "DELETE", f"{MGMT}/mg-b"), 409, "Conflict", "2 management groups")
    refused(ask("chief", "GET", f"{MGMT}/mg-a?$expand=everything"), 400, "InvalidParameter")
    refused(ask("chief", "PUT", f"{MGMT}/mg-a/subscriptions/{uuid.uuid4()}"), 404, "SubscriptionNotFound")
    refused(ask("chief", "PUT", f"{MGMT}/mg-a/subscriptions/none"), 400, "InvalidSubscriptionId")
    refused(ask("chief", "DELETE", f"{MGMT}/mg-a/subscriptions/{sub}"), 404, "NotFound", "is not in the management group")
    s.drop(everywhere)
    deep = "mg-c"
    for level in range(4, 7):
        same(ask("chief", "PUT", f"{MGMT}/deep-{level}", group_body(deep)).status, 200, f"level {level}")
        deep = f"deep-{level}"
    refused(ask("chief", "PUT", f"{MGMT}/deep-7", group_body(deep)), 400, "InvalidParameter", "deeper than 6 levels")
    refused(ask("chief", "PATCH", f"{MGMT}/mg-side", {"parentGroupId": f"{MGMT}/deep-6"}), 400, "InvalidParameter", "deeper than 6")
    for level in range(6, 3, -1):
        same(ask("chief", "DELETE", f"{MGMT}/deep-{level}").status, 200, "emptied from below")
    made = s.assign("Owner", f"{MGMT}/mg-b", "delegate")
    refused(ask("delegate", "PUT", f"{MGMT}/mg-new", group_body("mg-a")), 403, "AuthorizationFailed", f"'{MGMT}/mg-a'")
    refused(ask("delegate", "PUT", f"{MGMT}/mg-new", group_body()), 403, "AuthorizationFailed", s.tenant)
    refused(ask("delegate", "PATCH", f"{MGMT}/mg-side", {"parentGroupId": f"{MGMT}/mg-a"}), 403, "LinkedAuthorizationFailed", f"'{MGMT}/mg-a'")
    refused(ask("delegate", "PUT", f"{MGMT}/mg-b/subscriptions/{sub}"), 403, "LinkedAuthorizationFailed", "'Microsoft.Authorization/roleAssignments/write'", s.subscription)
    same(ask("delegate", "PUT", f"{MGMT}/mg-new", group_body("mg-b")).status, 200, "where it is owner")
    s.drop(made)
    inside = s.assign("Reader", f"{MGMT}/mg-new", "nobody")
    same(ask("chief", "DELETE", f"{MGMT}/mg-new").status, 200, "an empty group goes")
    same(ask("chief", "DELETE", f"{MGMT}/mg-new").status, 204, "again")
    of_nobody = urllib.parse.quote(f"principalId eq '{s.ids['nobody']}'")
    left = s.server.api("GET", f"/{AUTHZ}/roleAssignments?api-version=2022-04-01&$filter={of_nobody}")["value"]
    assert inside["id"] not in [a["id"] for a in left], "its assignments go with it"


def test_r6_moving_a_management_group_or_subscription_gains_nothing(s):
    """R6 whoever moves a management group or a subscription gains nothing by it, in every spelling of the request"""
    sub = s.subscription.split("/")[-1]
    roles = {role["properties"]["roleName"]: role["name"] for role in s.server.api("GET", f"/{AUTHZ}/roleDefinitions?api-version=2022-04-01")["value"]}

    def ask(method, path, body=None):
        return s.ask("custom", method, path, body, "2021-04-01")

    for name in ("mg-from", "mg-to"):
        s.put(f"{MGMT}/{name}", "2021-04-01", group_body())
    s.put(f"{MGMT}/mg-inner", "2021-04-01", group_body("mg-from"))
    s.server.api("PUT", f"{MGMT}/mg-inner/subscriptions/{sub}?api-version=2021-04-01")
    made = [s.assign(roles["Management Group Contributor"], f"{MGMT}/mg-from", "custom"), s.assign("Owner", f"{MGMT}/mg-to", "custom")]
    moves = [
        ("PATCH", f"{MGMT}/mg-inner", {"parentGroupId": f"{MGMT}/mg-to"}),
        ("PATCH", f"{MGMT}/mg-inner", {"parentId": f"{MGMT}/mg-to"}),
        ("PATCH", f"{MGMT}/MG-INNER", {"parentGroupId": f"{MGMT.upper()}/MG-TO", "displayName": "x"}),
        ("PATCH", f"{MGMT}/mg-inner", {"parentGroupId": f"{MGMT}/{s.tenant}"}),
        ("PUT", f"{MGMT}/mg-inner", group_body("mg-to")),
        ("PUT", f"{MGMT}/mg-inner", group_body(s.tenant)),
        ("PUT", f"{MGMT}/mg-to/subscriptions/{sub}", None),
        ("DELETE", f"{MGMT}/mg-inner/subscriptions/{sub}", None),
    ]
    for method, path, body in moves:
        refused(ask(method, path, body), 403, "LinkedAuthorizationFailed", "'Microsoft.Authorization/roleAssignments/write'")
    refused(s.ask("custom", "GET", s.rg1, version="2022-09-01"), 403, "AuthorizationFailed")
    same(ask("PATCH", f"{MGMT}/mg-inner", {"displayName": "renamed"}).status, 200, "a name moves nothing")
    same(ask("PUT", f"{MGMT}/mg-inner", group_body("mg-from")).status, 200, "nor does the parent that it has")
    # Whoever may write roles there could give himself what the move gives; but no deny is left behind.
    made.append(s.assign("User Access Administrator", f"{MGMT}/mg-inner", "custom"))
    deny = str(uuid.uuid4())
    s.server.api("PUT", deny_path(deny), deny_body(s, f"{MGMT}/mg-from", "nobody", actions=["Microsoft.Compute/*/delete"]))
    for method, path, body in moves:
        refused(ask(method, path, body), 403, "DenyAssignmentAuthorizationFailed", f"'{MGMT}/mg-from'")
    s.server.api("DELETE", deny_path(deny))
    same(ask(*moves[0]).status, 200, "the group")
    same(s.ask("custom", "GET", s.rg1, version="2022-09-01").status, 200, "and what it holds")
    s.server.api("DELETE", f"{MGMT}/mg-inner/subscriptions/{sub}?api-version=2021-04-01")
    for name in ("mg-inner", "mg-to", "mg-from"):
        s.server.api("DELETE", f"{MGMT}/{name}?api-version=2021-04-01")


def test_r6_a_vaults_permission_model_is_switched_by_owners_only(s):
    """R6 a vault's switches: who decides in it is Owner's to say, and only true and false are booleans"""
    vault = s.vault.replace("authz-shop", "authz-model")
    properties = {"tenantId": s.tenant, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True, "enablePurgeProtection": True}
    policy = [{"tenantId": s.tenant, "objectId": s.ids["custom"], "permissions": {"secrets": ["get"]}}]
    s.put(vault, "2023-07-01", {"location": "westus", "properties": properties})
    made = [s.assign("Contributor", s.rg1, "custom")]

    def write(method, **change):
        body = {"location": "westus", "properties": {**(properties if method == "PUT" else {}), **change}}
        return s.ask("custom", method, vault, body, "2023-07-01")

    for method in ("PUT", "PATCH"):
        refused(write(method, enableRbacAuthorization=False, accessPolicies=policy), 403, "LinkedAuthorizationFailed",
                "'Microsoft.Authorization/roleAssignments/write'", vault)
        for name in ("enableRbacAuthorization", "enablePurgeProtection", "enableSoftDelete"):
            for wrong in ("false", 0, {}, [], "true", 1):
                refused(write(method, **{name: wrong}), 400, "BadRequest", name)
            answer = write(method, **{name: None})
            same((answer.status, answer.json["properties"][name]), (200, True), f"{method} {name}: null switches nothing")
    secret = "/secrets/a?api-version=7.4"
    same(s.server.ask("authz-model.vault.azure.net", "GET", secret, None, s.token("custom", VAULT)).status, 403, "no secret is read")
    made.append(s.assign("User Access Administrator", vault, "custom"))
    same(write("PATCH", enableRbacAuthorization=False, accessPolicies=policy).status, 200, "who may write roles")
    same(s.server.ask("authz-model.vault.azure.net", "GET", secret, None, s.token("custom", VAULT)).status, 404, "reads")
    s.server.api("DELETE", f"{vault}?api-version=2023-07-01")
    s.drop(made[0])
    purge = f"{s.subscription}/providers/Microsoft.KeyVault/locations/westus/deletedVaults/authz-model/purge?api-version=2023-07-01"
    try:
        s.server.api("POST", purge)
        assert False, "a protected vault was purged"
    except RuntimeError as error:
        assert "DeletedVaultPurge" in str(error), str(error)


def test_r5_a_deny_on_a_resource_holds_when_its_group_is_deleted(s):
    """R5 a deny on a resource holds when its group is deleted"""
    group = f"{s.subscription}/resourceGroups/rg-denied"
    machine = f"{group}/providers/Microsoft.Compute/virtualMachines/kept"
    s.put(group, "2022-09-01", {"location": "westus"})
    s.put(machine, "2024-07-01", {"location": "westus", "properties": {}})
    made, deny = s.assign("Owner", group, "custom"), str(uuid.uuid4())
    s.server.api("PUT", deny_path(deny), deny_body(s, machine, "custom", actions=["Microsoft.Compute/virtualMachines/delete"]))
    refused(s.ask("custom", "DELETE", group, version="2022-09-01"), 403, "DenyAssignmentAuthorizationFailed", "'Microsoft.Compute/virtualMachines/delete'", machine)
    same(s.ask("custom", "GET", machine, version="2024-07-01").status, 200, "it is there")
    s.server.api("DELETE", deny_path(deny))
    assert s.ask("custom", "DELETE", group, version="2022-09-01").status in (200, 202), "without the deny"
    assert s.ask("chief", "GET", machine, version="2024-07-01").status in (403, 404), "gone"


def test_o4_denies_that_do_not_apply_to_child_scopes_are_left_out(s):
    """O4 what a principal can do at a scope leaves out the denies that do not apply to child scopes"""
    deny = str(uuid.uuid4())
    ask = {"principal": s.ids["reader"]}

    def denies(scope):
        path = f"{scope}/providers/Lanyard.Authorization/access"
        return [d["properties"]["scope"] for d in s.server.api("POST", path, ask)["denies"]]

    for alone, at_child in ((False, [s.subscription]), (True, [])):
        body = deny_body(s, s.subscription, EVERYONE, actions=["Microsoft.Compute/*/delete"], doNotApplyToChildScopes=alone)
        s.server.api("PUT", deny_path(deny), body)
        same(denies(s.subscription), [s.subscription], "where it stands")
        same(denies(s.rg1), at_child, "below")
        same(denies(""), [s.subscription], "everywhere")
    s.server.api("DELETE", deny_path(deny))


def test_r5_a_condition_on_a_secrets_name_ignores_case(s):
    """R5 a condition on a secret's name is not passed by its case"""
    condition = "@Resource[Microsoft.KeyVault/vaults/secrets:name] StringNotEquals 'forbidden'"
    same(s.secret("officer", "PUT", "forbidden", {"value": "x"}).status, 200, "set")
    made = s.assign("Key Vault Secrets Officer", s.vault, "custom", condition=condition, conditionVersion="2.0")
    for name in ("forbidden", "FORBIDDEN", "Forbidden"):
        for method, path, body in (("GET", name, None), ("PUT", name, {"value": "y"}), ("PATCH", name, {"contentType": "t"}), ("POST", f"{name}/backup", None),
                                   ("GET", f"{name}/versions", None), ("DELETE", name, None)):
            refused(s.secret("custom", method, path, body), 403, "Forbidden")
    for name in ("forbidden", "FORBIDDEN"):
        done = subprocess.run([s.server.binary, "check", "custom", SECRET_GET, f"{s.vault}/secrets/{name}"], env=s.server.env, capture_output=True, text=True, check=False)
        same(done.returncode, 1, f"check says the same of {name}: {done.stdout}{done.stderr}")
    for plane in ("true", 0, [], {}):
        question = {"principal": s.ids["custom"], "action": SECRET_GET, "isDataAction": plane}
        refused(s.ask("chief", "POST", f"{s.rg1}/providers/Lanyard.Authorization/explain", question), 400, "InvalidRequestContent", "isDataAction")
        question = {"Subject": {"Attributes": {"ObjectId": s.ids["custom"]}}, "Actions": [{"Id": SECRET_GET, "IsDataAction": plane}], "Resource": {"Id": s.rg1}}
        refused(s.ask("chief", "POST", f"{s.rg1}/{AUTHZ}/checkAccess", question, "2018-09-01-preview"), 400, "InvalidRequestContent", "IsDataAction")
    same(s.secret("custom", "PUT", "Allowed", {"value": "x"}).status, 200, "another")
    same(s.secret("custom", "GET", "ALLOWED").status, 200, "in any case")
    s.drop(made)


SECRET_GET = "Microsoft.KeyVault/vaults/secrets/getSecret/action"


def test_r5_conditions_at_the_vault(s):
    """R5 conditions at the vault: the name of the secret, the time, and what is not known grants nothing"""
    for name in ("app1-db", "app2-db"):
        same(s.secret("officer", "PUT", name, {"value": "LANYARD-SECRET-x"}).status, 200, name)

    def reads(condition, name="app1-db"):
        made = s.assign("Key Vault Secrets User", s.vault, "user", condition=condition, conditionVersion="2.0")
        status = s.secret("user", "GET", name).status
        s.drop(made)
        return status

    by_name = f"((!(ActionMatches{{'{SECRET_GET}'}})) OR (@Resource[Microsoft.KeyVault/vaults/secrets:name] StringStartsWith 'app1-'))"
    rows = [
        (by_name, "app1-db", 200),
        (by_name, "app2-db", 403),
        ("@Resource[Microsoft.KeyVault/vaults/secrets:name] StringLike '*-db'", "app2-db", 200),
        ("@Environment[UtcNow] DateTimeGreaterThan '2020-01-01T00:00:00.0Z'", "app1-db", 200),
        ("@Environment[UtcNow] DateTimeLessThan '2020-01-01T00:00:00.0Z'", "app1-db", 403),
        ("@Environment[isPrivateLink] BoolEquals true", "app1-db", 403),
        ("NOT (@Environment[isPrivateLink] BoolEquals true)", "app1-db", 403),
        ("@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:a_b] StringEquals 'x'", "app1-db", 403),
        ("@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:a_b] StringNotEquals 'x'", "app1-db", 403),
        ("@Resource[Microsoft.Storage/storageAccounts:name] StringNotEquals 'x'", "app1-db", 403),
        ("NOT Exists @Resource[Microsoft.Storage/storageAccounts:name]", "app1-db", 200),
    ]
    for condition, name, status in rows:
        same(reads(condition, name), status, f"{condition} on {name}")
    made = s.assign("Key Vault Secrets User", s.vault, "user", condition=by_name)
    for name, word in (("app1-db", "yes"), ("app2-db", "no")):  # checkAccess knows what the scope tells
        done = subprocess.run([s.server.binary, "check", "user", SECRET_GET, f"{s.vault}/secrets/{name}"], env=s.server.env, capture_output=True, text=True, check=False)
        assert done.stdout.startswith(f"{word}:"), done.stdout + done.stderr
    s.drop(made)
    # A condition on one of two assignments takes nothing from the other.
    first = s.assign("Key Vault Secrets User", s.vault, "user", condition=by_name)
    second = s.assign("Key Vault Secrets User", f"{s.vault}/secrets/app2-db", "user")
    same(s.secret("user", "GET", "app2-db").status, 200, "by the other one")
    s.drop(second)
    refused(s.secret("user", "GET", "app2-db"), 403, "Forbidden", "Assignment: '" + first["name"])
    deny = str(uuid.uuid4())
    s.server.api("PUT", deny_path(deny), deny_body(s, f"{s.vault}/secrets/app1-db", "user", dataActions=[SECRET_GET]))
    refused(s.secret("user", "GET", "app1-db"), 403, "Forbidden", f"DenyAssignmentId: '{deny}'")
    s.server.api("DELETE", deny_path(deny))
    same(s.secret("user", "GET", "app1-db").status, 200, "without the deny")
    s.drop(first)


def test_r5_a_condition_is_not_lost(s):
    """R5 a condition is not lost: not by the case of its name, not by its type"""
    condition = "@Resource[Microsoft.KeyVault/vaults/secrets:name] StringEquals 'a'"
    def put(**more):
        properties = {"roleDefinitionId": s.role_id("Reader"), "principalId": s.ids["user"], **more}
        return s.ask("owner-of-rg1", "PUT", f"{s.rg1}/{AUTHZ}/roleAssignments/{uuid.uuid4()}", {"properties": properties})
    for wrong in ({"condition": {}}, {"condition": [condition]}, {"condition": 5}, {"condition": False}, {"scope": 1}, {"principalType": []}):
        refused(put(**wrong), 400, "InvalidRequestContent", next(iter(wrong)))
    refused(put(condition=condition, Condition=""), 400, "InvalidRequestContent", "'condition' stands twice")
    for name in ("condition", "Condition", "CONDITION"):
        made = put(**{name: condition})
        same((made.status, made.json["properties"]["condition"]), (201, condition), name)
        s.drop(made.json)
    made = put(condition=None)
    same((made.status, made.json["properties"]["condition"]), (201, None), "null is none")
    s.drop(made.json)
    path = f"{s.rg1}/{AUTHZ}/roleDefinitions/{uuid.uuid4()}"
    for more in ({"condition": 5}, {"condition": {}}):
        refused(s.ask("owner-of-rg1", "PUT", path, s.role_body("Lost", ["*/read"], **more)), 400, "InvalidRequestContent", "condition")
    body = s.role_body("Lost", ["*"], notActions=[])
    body["properties"]["permissions"][0]["NotActions"] = ["*/delete"]
    refused(s.ask("owner-of-rg1", "PUT", path, body), 400, "InvalidRequestContent", "'notActions' stands twice")


def test_r6_deciding_members_of_a_body_count_in_any_case(s):
    """R6 what decides something in a resource's body counts in any case of its name"""
    vault, made = f"{s.rg1}/providers/Microsoft.KeyVault/vaults/authz-case", s.assign("Contributor", s.rg1, "custom")
    app = str(uuid.uuid4())
    policy = {"TenantId": s.tenant, "ObjectId": s.ids["custom"], "ApplicationId": app, "Permissions": {"secrets": ["get"]}}
    properties = {"TenantId": s.tenant, "EnablePurgeProtection": True, "EnableRBACAuthorization": False, "AccessPolicies": [policy]}
    def write(method, **body):
        return s.ask("custom", method, vault, body, "2023-07-01")
    answer = write("PUT", Location="westus", Properties=properties)
    same(answer.status, 201, answer.text)
    got = answer.json["properties"]
    same((got["enablePurgeProtection"], got["enableRbacAuthorization"], got["accessPolicies"][0]["applicationId"]), (True, False, app), "as published")
    assert "EnablePurgeProtection" not in got and "AccessPolicies" not in got, answer.text
    same(s.server.ask("authz-case.vault.azure.net", "GET", "/secrets/a?api-version=7.4", None, s.token("custom", VAULT)).status, 403, "another application's")
    refused(write("PATCH", Properties={"EnablePurgeProtection": False}), 400, "BadRequest", "enablePurgeProtection")
    refused(write("PATCH", properties={"enablePurgeProtection": True, "ENABLEPURGEPROTECTION": False}), 400, "InvalidRequestContent", "stands twice")
    refused(write("PATCH", properties={}, Properties={}), 400, "InvalidRequestContent", "stands twice")
    refused(write("PATCH", properties={"accessPolicies": [{**policy, "ApplicationId": 5}]}), 400, "BadRequest", "applicationId")
    machine = f"{s.rg1}/providers/Microsoft.Compute/virtualMachines/authz-case"
    body = {"location": "westus", "Identity": {"Type": "SystemAssigned"}, "PROPERTIES": {"osProfile": {"adminPassword": "hunter2"}}}
    answer = s.ask("custom", "PUT", machine, body, "2024-07-01")
    same((answer.status, answer.json["identity"]["type"]), (201, "SystemAssigned"), "an identity")
    assert "hunter2" not in answer.text + s.ask("reader", "GET", machine, None, "2024-07-01").text, "a password is not kept"
    answer = s.ask("custom", "PATCH", machine, {"Identity": {"Type": "None"}}, "2024-07-01")
    assert "identity" not in answer.json, "and goes"
    group = f"{s.subscription}/resourceGroups/"
    for name in ("rg1", "none"):
        refused(s.ask("nobody", "GET", f"{group}{name}/resources", None, "2022-09-01"), 403, "AuthorizationFailed", "resources/read")
    for item in (machine, vault):
        s.server.api("DELETE", f"{item}?api-version={'2024-07-01' if item == machine else '2023-07-01'}")
    s.drop(made)


def test_r6_the_size_of_a_resource_is_bounded(s):
    """R6 what a resource can hold is bounded, and a large change does not take long"""
    made, machine = s.assign("Contributor", s.rg1, "custom"), f"{s.rg1}/providers/Microsoft.Compute/virtualMachines/authz-large"
    def patch(letter, n, method="PATCH"):
        return s.ask("custom", method, machine, {"location": "westus", "properties": {f"{letter}{i}": 0 for i in range(n)}}, "2024-07-01").status
    same(patch("a", 15000, "PUT"), 201, "a large one")
    same(patch("b", 15000), 200, "grown")
    same((patch("c", 15000), patch("d", 60000)), (413, 413), "too large")
    same(s.ask("custom", "GET", machine, None, "2024-07-01").status, 200, "it is read as it was")
    policies = f"{s.vault}/accessPolicies/add"
    for permissions in ({"secrets": ["get"] * 65}, {f"k{i}": ["get"] for i in range(17)}):
        body = {"properties": {"accessPolicies": [{"tenantId": s.tenant, "objectId": s.ids["custom"], "permissions": permissions}]}}
        refused(s.ask("custom", "PUT", policies, body, "2023-07-01"), 400, "BadRequest", "more than")
    s.server.api("DELETE", f"{machine}?api-version=2024-07-01")
    s.drop(made)


def test_r5_a_malformed_condition_is_refused(s):
    """R5 a malformed condition is refused where it is written, with the place of the fault"""
    rows = [
        ("@Resource[a] StringEquals", "2.0", "at column 26"),
        ("@Nowhere[a] StringEquals 'b'", "2.0", "at column 2"),
        ("@Resource[a] StringEkuals 'b'", "2.0", "at column 14"),
        ("@Resource[a] StringEquals 'b", "2.0", "at column"),
        ("(@Resource[a] StringEquals 'b'", "2.0", "at column"),
        ("@Resource[a] StringEquals 'b' AND", "2.0", "at column"),
        ("@Resource[a] StringEquals 'b'", "1.0", "version"),
        ("@Resource[Microsoft.ServiceBus/namespaces/queues:Name] StringEquals 'a'", "2.0", "at column 11: expected the name of a published attribute"),
        ("@Request[Microsoft.KeyVault/vaults/secrets:name] StringEquals 'a'", "2.0", "at column 10: expected an attribute that @Request has"),
        ("@Resource[Microsoft.KeyVault/vaults/secrets:name] NumericEquals 1", "2.0", "holds a number"),
        ("SubOperationMatches{'Secret.Get'}", "2.0", "at column 22: expected a suboperation"),
        ("x" * 9000, "2.0", ""),
        (None, "2.0", "without a condition"),
    ]
    for condition, version, words in rows:
        body = {"properties": {"roleDefinitionId": s.role_id("Reader"), "principalId": s.ids["nobody"], "condition": condition, "conditionVersion": version}}
        refused(s.ask("chief", "PUT", f"{s.rg1}/{AUTHZ}/roleAssignments/{uuid.uuid4()}", body), 400, "InvalidRoleAssignmentCondition", words)


def constrained(roles, principal=None):
    """The published template: only these roles, only to service principals or to one principal, and only those taken away."""
    ids = ", ".join(ROLES[role] for role in roles)
    parts = []
    for source, verb in (("Request", "write"), ("Resource", "delete")):
        attribute = f"@{source}[Microsoft.Authorization/roleAssignments"
        whom = (
            f"{attribute}:PrincipalId] ForAnyOfAnyValues:GuidEquals {{{principal}}}"
            if principal
            else f"{attribute}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{'ServicePrincipal'}}"
        )
        parts.append(
            f"((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{verb}'}})) OR "
            f"({attribute}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{ids}}} AND {whom}))"
        )
    return " AND ".join(parts)


def test_r5_r6_constrained_delegation(s):
    """R5 R6 constrained delegation: who may assign which role to whom, and take it away"""
    def give(role, who, scope=None, **more):
        body = {"properties": {"roleDefinitionId": s.role_id(role), "principalId": s.ids.get(who, who), **more}}
        return s.ask("delegate", "PUT", f"{scope or s.rg1}/{AUTHZ}/roleAssignments/{uuid.uuid4()}", body)

    def take(assignment):
        return s.ask("delegate", "DELETE", assignment["id"])

    plain = ("AuthorizationFailed", "'Microsoft.Authorization/roleAssignments/write'")
    refused(give("Reader", "custom"), 403, *plain)
    admin = "Role Based Access Control Administrator"
    grant = s.assign(admin, s.rg1, "delegate", condition=constrained(["Reader"]), conditionVersion="2.0")
    made = give("Reader", "custom", principalType="ServicePrincipal")
    same(made.status, 201, made.text)
    refused(give("Owner", "custom", principalType="ServicePrincipal"), 403, *plain)
    refused(give("Reader", s.operator), 403, *plain)
    refused(give("Reader", s.operator, principalType="User"), 403, *plain)
    refused(give("Reader", s.operator, principalType="ServicePrincipal"), 400, "UnmatchedPrincipalType")
    refused(give("Owner", "delegate"), 403, *plain)
    refused(give("Reader", "custom", s.rg2, principalType="ServicePrincipal"), 403, *plain)
    others = s.assign("Key Vault Secrets User", s.rg1, "custom")
    refused(take(others), 403, "AuthorizationFailed", "'Microsoft.Authorization/roleAssignments/delete'")
    refused(take(grant), 403, "AuthorizationFailed")
    same(take(made.json).status, 200, "its own")
    s.drop(others)
    s.drop(grant)
    grant = s.assign(admin, s.rg1, "delegate", condition=constrained(["Reader", "Contributor"], s.ids["custom"]), conditionVersion="2.0")
    made = give("Contributor", "custom")
    same(made.status, 201, made.text)
    refused(give("Reader", "nobody"), 403, *plain)
    same(take(made.json).status, 200, "its own")
    s.drop(grant)


def test_r5_a_delegate_does_not_escape_its_condition(s):
    """R5 a delegate does not escape its condition: what it tries, and what comes of it"""
    attribute = "[Microsoft.Authorization/roleAssignments"
    kinds = "PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}"
    role = f"RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{ROLES['Reader']}}}"
    condition = " AND ".join(
        f"((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{verb}'}})) OR (@{source}{attribute}:{kinds} AND @{source}{attribute}:{role}))"
        for source, verb in (("Request", "write"), ("Resource", "delete"))
    )
    grant = s.assign("User Access Administrator", s.rg1, "delegate", condition=condition, conditionVersion="2.0")
    theirs = s.assign("Reader", s.rg1, s.operator)
    ours = s.assign("Reader", s.rg1, "nobody")
    reader, app = f"{AUTHZ}/roleDefinitions/{ROLES['Reader']}", s.ids["custom"]
    full = {"roleDefinitionId": "/" + reader, "principalId": app, "principalType": "ServicePrincipal"}

    def put(changes, name=None, without=()):
        properties = {key: value for key, value in {**full, **changes}.items() if key not in without}
        return s.ask("delegate", "PUT", f"{s.rg1}/{AUTHZ}/roleAssignments/{name or uuid.uuid4()}", {"properties": properties})

    granted = [
        {},
        {"principalType": "serviceprincipal"},
        {"roleDefinitionId": ROLES["Reader"]},
        {"roleDefinitionId": ROLES["Reader"].upper()},
        {"roleDefinitionId": f"{s.subscription}/{reader}"},
        {"roleDefinitionId": f"/subscriptions/{uuid.uuid4()}/{reader.upper()}"},
    ]
    for changes in granted:
        made = put(changes)
        same(made.status, 201, f"{changes}: {made.text}")
        again = put(changes, made.json["name"])
        same(again.status, 200, f"{changes} again: {again.text}")
        same(put(changes, made.json["name"], ["principalType"]).status, 403, f"{changes} again without the type")
        same(s.ask("delegate", "DELETE", made.json["id"]).status, 200, f"{changes} taken away")
    owner = ROLES["Owner"]
    refusals = [
        ({}, ["principalType"], None, 403),
        ({"principalType": ""}, [], None, 403),
        ({"principalType": None}, [], None, 403),
        ({"PrincipalType": "User"}, ["principalType"], None, 403), # the name counts in any case
        ({"principalType": "User"}, [], None, 403),
        ({"principalType": "Group"}, [], None, 403),
        ({"principalId": s.operator, "principalType": "User"}, [], None, 403),
        ({"principalId": s.operator}, ["principalType"], None, 403),
        ({"principalId": s.operator}, [], None, 409),
        ({"roleDefinitionId": owner}, [], None, 403),
        ({"roleDefinitionId": f"{s.subscription}/{AUTHZ}/roleDefinitions/{owner.upper()}"}, [], None, 403),
        ({"roleDefinitionId": f"/{reader}/{owner}"}, [], None, 403),
        ({"roleDefinitionId": f"/{reader}/"}, [], None, 400),
        ({"principalId": s.operator}, [], theirs["name"], 400),
        ({"principalId": s.operator, "principalType": "User"}, [], theirs["name"], 403),
        ({}, [], theirs["name"], 400),
        ({"principalId": s.ids["delegate"], "roleDefinitionId": ROLES["User Access Administrator"]}, [], grant["name"], 403),
        ({"principalId": s.ids["nobody"]}, ["principalType"], ours["name"], 403),
    ]
    before = s.server.api("GET", f"{s.rg1}/{AUTHZ}/roleAssignments?api-version=2022-04-01")["value"]
    for changes, without, name, status in refusals:
        got = put(changes, name, without)
        same(got.status, status, f"{changes} without {without} as {name}: {got.text}")
    for target, status in ((theirs, 403), (grant, 403), ({"id": f"{s.rg1}/{AUTHZ}/roleAssignments/{uuid.uuid4()}"}, 403)):
        same(s.ask("delegate", "DELETE", target["id"]).status, status, f"delete {target['id']}")
    same(s.server.api("GET", f"{s.rg1}/{AUTHZ}/roleAssignments?api-version=2022-04-01")["value"], before, "nothing has changed")
    for made in (grant, theirs, ours):
        s.drop(made)


def why(s, *args, ends=1):
    """What `lanyard why` answers, as JSON, and that it ends as it should."""
    done = subprocess.run([s.server.binary, "why", "--json", *args], env=s.server.env, capture_output=True, text=True, check=False)
    same(done.returncode, ends, f"why {args}: {done.stderr}")
    return json.loads(done.stdout) if done.stdout else done.stderr


def test_o4_why_names_the_cause_of_each_kind_of_refusal(s):
    """O4 `lanyard why` names the true cause of each kind of refusal, and the least role that would do"""
    secret = f"{s.vault}/secrets/app1-db"
    got = why(s, "nobody", SECRET_GET, secret)
    same((got["allowed"], got["reason"], got["isDataAction"], got["considered"]), (False, "NoRole", True, []), "no role")
    names = [one["roleName"] for one in got["suggestions"]]
    same(names, ["Key Vault Secrets User", "Key Vault Certificate User", "Key Vault Secrets Officer"], "the first three roles")
    same((got["suggestions"][0]["scope"], got["suggestions"][0]["beyond"]), (secret, {"operations": 1, "changes": 0, "dataOperations": 1, "values": 0}), "the best")
    far = why(s, "owner-of-rg1", SECRET_GET, s.rg2)
    same((far["reason"], far["considered"][0]["causes"]), ("WrongPlane", ["WrongPlane", "WrongScope"]), "two causes")
    assert "other plane" in far["considered"][0]["detail"] and "it stands elsewhere" in far["considered"][0]["detail"], far["considered"][0]["detail"]
    same(why(s, "officer", SECRET_GET, secret, ends=0)["reason"], "Grants", "yes")
    same(why(s, "owner-of-rg1", SECRET_GET, secret)["reason"], "WrongPlane", "a management role")
    same(why(s, "officer", SECRET_GET, secret, "--plane", "control")["reason"], "WrongPlane", "asked on the other plane")
    same(why(s, "reader", "Microsoft.Resources/subscriptions/resourceGroups/read", s.rg2)["reason"], "WrongScope", "rg1 is not rg10")
    rows = [
        ("NotActions", {"role": "Contributor"}, "Microsoft.Authorization/roleAssignments/write", s.rg1),
        ("ActionNotNamed", {"role": "Key Vault Secrets User"}, "Microsoft.KeyVault/vaults/secrets/setSecret/action", secret),
        ("ConditionFalse", {"role": "Key Vault Secrets User", "condition": "@Resource[Microsoft.KeyVault/vaults/secrets:name] StringEquals 'x'"}, SECRET_GET, secret),
    ]
    for reason, given, action, scope in rows:
        made = s.assign(given.pop("role"), s.rg1, "nobody", **given)
        got = why(s, "nobody", action, scope)
        same((got["reason"], got["considered"][0]["id"]), (reason, made["id"]), reason)
        s.drop(made)
    deny = str(uuid.uuid4())
    s.server.api("PUT", deny_path(deny), deny_body(s, s.rg1, EVERYONE, dataActions=["*"]))
    got = why(s, "officer", SECRET_GET, secret)
    same((got["reason"], got["considered"][0]["kind"], got["suggestions"]), ("Denies", "DenyAssignment", []), "a deny")
    s.server.api("DELETE", deny_path(deny))
    body = {"principal": str(uuid.uuid4()), "action": SECRET_GET}
    told = s.ask("reader", "POST", f"{secret}/providers/Lanyard.Authorization/explain", body)
    same(told.json["reason"], "UnknownPrincipal", "nobody of that id, asked over the wire")
    words = subprocess.run([s.server.binary, "why", "nobody", SECRET_GET, secret], env=s.server.env, capture_output=True, text=True, check=False).stdout
    assert f"at {secret}, the best first:\n  Key Vault Secrets User\n    Beyond this it allows 0 management operations" in words, words
    words = s.server.call("why", "officer", SECRET_GET, secret)
    assert words.startswith("yes: 'Key Vault Secrets Officer' at "), words
    for args, text in (
        (("nobody", SECRET_GET), "SCOPE is missing"),
        (("nobody", SECRET_GET, "nowhere"), "no resource group or resource"),
        (("nobody", SECRET_GET.replace("getSecret", "getSecrte"), secret), f"No such action '{SECRET_GET.replace('getSecret', 'getSecrte')}'; did you mean"),
        (("nobody", SECRET_GET, f"{s.vault}2"), "No such resource"),
        (("nobody", SECRET_GET, f"{s.subscription}/resourceGroups/none"), "could not be found"),
        ((str(uuid.uuid4()), SECRET_GET, secret), "No such principal"),
        (("nobody", "*", "/"), "is not an action"),
        (("not-an-id",), "is not the id of a refused request"),
        ((str(uuid.uuid4()),), "is recorded"),
        (("who?", SECRET_GET, "/"), "neither"),
        (("nobody", SECRET_GET, "/", "--plane", "astral"), "control or data"),
    ):
        assert text in why(s, *args, ends=2), str(args)
    for command in ("check", "access"):
        for args, text in (
            (("nobody", SECRET_GET.replace("getSecret", "getSecrte"), secret), "did you mean"),
            (("nobody", SECRET_GET, f"{s.vault}2"), "No such resource"),
            ((str(uuid.uuid4()), SECRET_GET, secret), "No such principal"),
        ):
            if command == "access":
                args, text = ((args[0], "--scope", args[2]), text)
                if "did you" in text:
                    continue
            done = subprocess.run([s.server.binary, command, *args], env=s.server.env, capture_output=True, text=True, check=False)
            same((done.returncode, done.stdout), (2, ""), f"{command} {args}")
            assert text in done.stderr, done.stderr
    s.server.api("POST", "https://graph.microsoft.com/v1.0/users", {"accountEnabled": True, "displayName": "Ann", "mailNickname": "ann",
                 "userPrincipalName": "ann@lanyard.localhost", "passwordProfile": {"password": "LANYARD-SECRET-Ann-1!"}})
    for name in ("ann", "ann@lanyard.localhost"):
        same(why(s, name, SECRET_GET, secret)["principal"]["name"], "Ann", name)


def test_o4_a_refusal_carries_an_id_that_explains_it_later(s):
    """O4 a refused request carries an id by which it is explained later, as it stood then"""
    refusals = [
        (s.ask("nobody", "GET", s.rg1, version="2022-09-01"), "NoRole", "Microsoft.Resources/subscriptions/resourceGroups/read"),
        (s.secret("owner-of-rg1", "GET", "app1-db"), "WrongPlane", SECRET_GET),
        (s.ask("reader", "PUT", s.rg1, {"location": "westus"}, version="2022-09-01"), "ActionNotNamed", "Microsoft.Resources/subscriptions/resourceGroups/write"),
    ]
    s.assign("Owner", s.rg1, "nobody")  # what comes later does not change the story
    for answer, reason, action in refusals:
        same(answer.status, 403, answer.text)
        record = answer.headers["x-lanyard-denial"]
        told = answer.error.get("additionalInfo", [{}])[0].get("info", {}).get("explain") or answer.error["message"]
        assert f"lanyard why {record}" in told, answer.text
        got = why(s, record)
        same((got["id"], got["action"], got["explanation"]["reason"]), (record, action, reason), reason)
    listed = s.server.api("GET", "/lanyard/denials")["value"]
    same(listed[0]["id"], refusals[-1][0].headers["x-lanyard-denial"], "the newest first")
    words = subprocess.run([s.server.binary, "why", listed[0]["id"]], env=s.server.env, capture_output=True, text=True, check=False).stdout
    assert "Microsoft.Resources/subscriptions/resourceGroups/write" in words and "\nno: nearest is 'Reader'" in words, words
    refused(s.ask("chief", "GET", "/lanyard/denials"), 404, "NotFound")  # not over the network
    same(s.ask("nobody", "GET", s.rg1, version="2022-09-01").headers.get("x-lanyard-denial"), None, "an answer that is no refusal")


def test_r7_o4_refusals_of_a_vault_with_access_policies(s):
    """R7 O4 a vault with access policies: the refusal says so, and so does its explanation"""
    properties = {"tenantId": s.tenant, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": False, "accessPolicies": []}
    s.put(s.vault.replace("authz-shop", "authz-old"), "2023-07-01", {"location": "westus", "properties": properties})
    s.assign("Key Vault Secrets Officer", s.rg1, "officer")
    answer = s.server.ask("authz-old.vault.azure.net", "GET", "/secrets/a?api-version=7.4", None, s.token("officer", VAULT))
    refused(answer, 403, "Forbidden", "does not have secrets get permission")
    got = why(s, answer.headers["x-lanyard-denial"])
    same((got["action"], got["explanation"]["reason"]), ("secrets get", "AccessPolicy"), "recorded")
    assert "roles do not count" in got["explanation"]["summary"], got["explanation"]["summary"]


def test_r6_asking_about_others_needs_read_on_role_assignments(s):
    """R6 whoever may not read role assignments may not ask about others"""
    one = {"principal": s.ids["reader"]}
    body = {**one, "action": SECRET_GET}
    for what, asked in (("explain", body), ("access", one)):
        path = f"{s.rg1}/providers/Lanyard.Authorization/{what}"
        refused(s.ask("user", "POST", path, asked), 403, "AuthorizationFailed", "'Microsoft.Authorization/roleAssignments/read'")
        same(s.ask("reader", "POST", path, asked).status, 200, what)
        for bad in ({}, {"principal": "me"}, {"principal": None}):
            refused(s.ask("reader", "POST", path, bad), 400, "InvalidRequestContent")
    path = f"{s.rg1}/providers/Lanyard.Authorization/explain"
    refused(s.ask("reader", "POST", path, {"principal": s.ids["reader"], "action": "*"}), 400, "InvalidParameter")
    refused(s.ask("reader", "POST", path, {**body, "attributes": [{"source": "Nowhere", "name": "x"}]}), 400, "InvalidRequestContent")
    attributes = [{"source": "Request", "name": "Microsoft.Authorization/roleAssignments:PrincipalType", "values": ["User"]}]
    same(s.ask("reader", "POST", path, {**body, "attributes": attributes}).status, 200, "with attributes")


def test_o4_explain_hides_assignments_that_the_caller_may_not_read(s):
    """O4 explain shows assignments that stand elsewhere only to who may read them there"""
    far, near = s.assign("Contributor", s.rg2, "user"), s.assign("Reader", s.vault, "user")
    body = {"principal": s.ids["user"], "action": "Microsoft.Compute/virtualMachines/write"}
    ask = lambda who: s.ask(who, "POST", f"{s.rg1}/providers/Lanyard.Authorization/explain", body).json
    same([item["scope"] for item in ask("reader")["considered"]], [s.vault], "what lies below, and nothing else")
    assert s.rg2 not in json.dumps(ask("reader")), "not in words either"
    s.drop(near)
    same((ask("reader")["reason"], ask("reader")["considered"]), ("NoRole", []), "nothing that is seen")
    seen = s.assign("Reader", s.rg2, "reader")
    same([item["scope"] for item in ask("reader")["considered"]], [s.rg2], "who may read it there")
    for item in (far, seen):
        s.drop(item)


def test_d1_a_role_waits_for_its_target(s):
    """D1 a role at a resource that is not there is refused as in the cloud; what is inside a resource is not looked for"""
    body = {"properties": {"roleDefinitionId": s.role_id("Reader"), "principalId": s.ids["nobody"]}}
    ask = lambda scope: s.ask("owner-of-rg1", "PUT", f"{scope}/{AUTHZ}/roleAssignments/{uuid.uuid4()}", body)
    for absent in ("Microsoft.KeyVault/vaults/later", "Microsoft.KeyVault/vaults/later/secrets/db", "Contoso.Shop/tills/t1/drawers/d1"):
        type_and_name = "/".join(absent.split("/")[:3])
        refused(ask(f"{s.rg1}/providers/{absent}"), 404, "ResourceNotFound", f"The Resource '{type_and_name}' under resource group 'rg1' was not found.")
    made = ask(f"{s.vault}/secrets/later")
    same(made.status, 201, made.text)
    s.drop(made.json)


def test_r5_check_access_takes_attributes(s):
    """R5 checkAccess honours what it is told of the request, the resource and the subject, and refuses what it does not know"""
    blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
    read = f"{blobs}/read"
    account = f"{s.rg1}/providers/Microsoft.Storage/storageAccounts/shop"
    s.put(account, "2023-05-01", {"location": "westus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}})

    def access(scope=s.rg1, who="user", action=None, resource=None, **subject):
        body = {
            "Subject": {"Attributes": {"ObjectId": s.ids[who], **subject}},
            "Actions": [{"Id": read, "IsDataAction": True, **(action or {})}],
            "Resource": {"Id": scope, "Attributes": {}, **(resource or {})},
        }
        return s.ask("reader", "POST", f"{s.rg1}/{AUTHZ}/checkAccess", body, version="2018-09-01-preview")

    def decides(condition, want, **told):
        made = s.assign(s.blob_reader, account, "user", condition=condition, conditionVersion="2.0")
        got = access(f"{account}/blobServices/default/containers/logs", **told)
        s.drop(made)
        same((got.status, got.json[0]["accessDecision"] if got.status == 200 else None), (200, want), f"{condition} {told}: {got.text}")

    tag = f"@Resource[{blobs}/tags:Project<$key_case_sensitive$>] StringEquals 'Cascade'"
    decides(tag, "NotAllowed")
    decides(tag, "Allowed", resource={"Attributes": {f"{blobs}/tags:Project<$key_case_sensitive$>": "Cascade"}})
    decides(tag, "Allowed", resource={"Attributes": {f"{blobs}/tags:Project": ["Cascade"]}})
    decides(tag, "NotAllowed", resource={"Attributes": {f"{blobs}/tags:project": "Cascade"}})
    decides(tag, "NotAllowed", action={"Attributes": {f"{blobs}/tags:Project": "Cascade"}})
    decides(f"@Request[{blobs}:prefix] StringStartsWith 'a/'", "Allowed", action={"Attributes": {f"{blobs}:prefix": "a/b"}})
    decides("SubOperationMatches{'Blob.List'}", "Allowed", action={"Attributes": {"subOperation": "Blob.List"}})
    decides("SubOperationMatches{'Blob.List'}", "NotAllowed")
    mine = "Microsoft.Directory/CustomSecurityAttributes/Id:Eng_Level"
    decides(f"@Principal[{mine}] NumericGreaterThan 3", "Allowed", **{mine: 4})
    decides(f"@Principal[{mine}] NumericGreaterThan 3", "NotAllowed", **{mine: 3})

    made = s.assign(s.blob_reader, account, "user")
    for scope, want in ((account, "Allowed"), (f"{account}/blobServices/default", "Allowed"), (s.rg1, "NotAllowed"), (f"{account}2", "NotAllowed")):
        same(access(scope).json[0]["accessDecision"], want, f"Resource.Id {scope}")
    s.drop(made)
    group = s.server.api("POST", "https://graph.microsoft.com/v1.0/groups", {"displayName": "told", "mailEnabled": False, "mailNickname": "told", "securityEnabled": True})
    made = s.assign(s.blob_reader, account, group["id"])
    same(access(account).json[0]["accessDecision"], "NotAllowed", "not in the group")
    same(access(account, Groups=[group["id"]]).json[0]["accessDecision"], "Allowed", "said to be in the group")
    s.drop(made)
    for told in (
        {"scope": s.rg2},
        {"scope": s.subscription},
        {"scope": "nowhere"},
        {"action": {"Attribute": {}}},
        {"action": {"Attributes": []}},
        {"action": {"Attributes": {"x": 1.5}}},
        {"action": {"Attributes": {"x": {}}}},
        {"action": {"Attributes": {"subOperation": ["a", "b"]}}},
        {"resource": {"Attributes": {f"{blobs}/tags&$keys$&": ["Project"]}}},
        {"resource": {"Attributes": {f"{blobs}/tags:a": "1", f"{blobs}/tags:a<$key_case_sensitive$>": "2"}}},
        {"resource": {"Attributes": {f"a:{i}": "x" for i in range(65)}}},
        {"resource": {"Scope": "/"}},
        {"Groups": ["x"]},
        {"Groups": "x"},
        {"Department": "IT"},
    ):
        same(access(**told).status, 400, str(told))


def test_o4_explain_takes_tags(s):
    """O4 explain honours a tag with its marks, and refuses what it does not know"""
    blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
    path = f"{s.rg1}/providers/Lanyard.Authorization/explain"
    made = s.assign(s.blob_reader, s.rg1, "user", condition=f"@Resource[{blobs}/tags:Project<$key_case_sensitive$>] StringEquals 'Cascade'")
    body = {"principal": s.ids["user"], "action": f"{blobs}/read"}
    for name, allowed in (("Project<$key_case_sensitive$>", True), ("Project", True), ("project", False)):
        told = [{"source": "Resource", "name": f"{blobs}/tags:{name}", "values": ["Cascade"]}]
        same(s.ask("reader", "POST", path, {**body, "attributes": told}).json["allowed"], allowed, name)
    one = {"source": "Resource", "name": f"{blobs}/tags:a", "values": ["x"]}
    for bad in (
        {"attributes": [{**one, "name": f"{blobs}/tags&$keys$&"}]},
        {"attributes": [one, one]},
        {"attributes": [{**one, "value": "x"}]},
        {"attributes": [{"source": "Resource", "name": "x"}]},
        {"attributes": {"x": "y"}},
        {"attribute": []},
        {"scope": "/"},
    ):
        refused(s.ask("reader", "POST", path, {**body, **bad}), 400, "InvalidRequestContent")
    refused(s.ask("reader", "POST", path.replace("explain", "access"), {"principal": s.ids["user"], "scope": "/"}), 400, "InvalidRequestContent")
    s.drop(made)


def test_o4_access_lists_what_a_principal_can_do(s):
    """O4 `lanyard access` lists what a principal can do, by plane and service"""
    words = s.server.call("access", "officer", "--scope", s.vault)
    assert "Data\n  Microsoft.KeyVault\n    Key Vault Secrets Officer at " in words, words
    assert "Microsoft.KeyVault/vaults/secrets/*" in words, words
    words = s.server.call("access", "owner-of-rg1")
    assert f"Management\n  Every service\n    Owner at {s.rg1}\n" in words, words
    assert "No role assignment gives it anything." in s.server.call("access", "user"), "nothing"
    assert "there." in s.server.call("access", "owner-of-rg1", "--scope", s.rg2), "not there"
    got = json.loads(s.server.call("access", "reader", "--json"))
    same([(grant["roleName"], grant["scope"]) for grant in got["grants"]], [("Reader", s.rg1)], "JSON")


def test_o4_access_follows_pages(s):
    group = f"{s.subscription}/resourceGroups/many-grants"
    s.put(group, "2022-09-01", {"location": "westus"})
    made = s.put(f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/holder", "2024-11-30", {"location": "westus"})
    roles = s.server.api("GET", f"{s.subscription}/{AUTHZ}/roleDefinitions?api-version=2022-04-01")["value"][:205]
    for role in roles:
        body = {"properties": {"roleDefinitionId": role["id"], "principalId": made["properties"]["principalId"]}}
        same(s.ask("chief", "PUT", f"{group}/{AUTHZ}/roleAssignments/{uuid.uuid4()}", body).status, 201, role["id"])
    first = s.server.api("POST", f"{group}/providers/Lanyard.Authorization/access", {"principal": made["properties"]["principalId"]})
    same(len(first["grants"]), 200, "one page")
    assert "skiptoken=" in first["nextLink"], first["nextLink"]
    got = json.loads(s.server.call("access", made["id"], "--json"))
    same(sorted(g["roleName"] for g in got["grants"]), sorted(r["properties"]["roleName"] for r in roles), "all of them")
    s.server.api("DELETE", f"{group}?api-version=2022-09-01")


def test_r9_orphans_are_listed_and_removed(s):
    """R9 orphans are listed, and removed when told so"""
    path = f"{s.rg1}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/leaver"
    made = s.put(path, "2024-11-30", {"location": "westus"})
    left = s.assign("Reader", s.rg2, made["properties"]["principalId"])
    assert "Every role assignment has a principal." in s.server.call("orphans"), "none yet"
    s.server.api("DELETE", f"{path}?api-version=2024-11-30")
    words = s.server.call("orphans")
    assert words.startswith(f"Reader at {s.rg2} for {made['properties']['principalId']}\n"), words
    same([one["id"] for one in json.loads(s.server.call("orphans", "--json"))["value"]], [left["id"]], "JSON")
    listed = s.server.api("GET", f"{s.rg2}/{AUTHZ}/roleAssignments?api-version=2022-04-01&$filter=atScope()")["value"]
    assert left["id"] in [a["id"] for a in listed], "the wire shows it as it is"
    assert "removed: Reader" in s.server.call("orphans", "--remove"), "removed"
    assert "Every role assignment has a principal." in s.server.call("orphans", "--remove"), "none left"


def test_a1_audit_finds_conditions_that_no_action_of_their_role_can_meet_and_orphans(s):
    def audit(*args):
        done = subprocess.run([s.server.binary, "audit", *args], env=s.server.env, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    queue = "@Resource[Microsoft.Storage/storageAccounts/queueServices/queues:name] StringEquals 'q'"
    same(audit(), (0, "Nothing was found.\n"), "nothing yet")
    fits = s.assign("Storage Queue Data Reader", s.rg1, s.ids["user"], condition=queue)
    same(audit("--json"), (0, '{"value":[]}\n'), "a condition that fits")
    odd = s.assign("Storage Blob Data Reader", s.rg1, s.ids["user"], condition=queue)
    gone = s.assign("Reader", s.rg2, str(uuid.uuid4()), principalType="ServicePrincipal")
    status, words = audit()
    same(status, 1, "with findings")
    assert words.startswith(f"warning: A condition that no action of its role can meet\n  {odd['id']}\n  Its condition asks for @Resource["), words
    assert "The role Storage Blob Data Reader has none of these actions" in words, words
    assert f"note: A role assignment whose principal is gone\n  {gone['id']}\n" in words, words
    status, text = audit("--json")
    found = json.loads(text)["value"]
    same([(x["kind"], x["severity"], x["subject"]) for x in found],
         [("condition-never-applies", "warning", odd["id"]), ("orphaned-assignment", "note", gone["id"])], "JSON")
    assert all(x["title"] and x["what"] and x["advice"] for x in found), text
    for one in (fits, odd, gone):
        s.drop(one)
    same(audit()[0], 0, "all is well again")
