"""The management API's catalogue of errors, row by row, and what else every client reads of it: headers, metadata, filters, providers."""
import re
import urllib.parse
import uuid

import pytest

from lanyard import same

ARM = "management.azure.com"
GROUPS = "2022-09-01"
MACHINES = "2024-07-01"
VAULTS = "2023-02-01"
ROLES = "2022-04-01"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
MACHINE = {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}}


class Stage:
    """A group with a machine that owns the subscription, and one that has no role."""

    def __init__(self, server):
        self.server = server
        self.server.start()
        self.subscription = f"/subscriptions/{server.facts['subscription']}"
        self.group = f"{self.subscription}/resourceGroups/surface"
        self.machines = f"{self.group}/providers/Microsoft.Compute/virtualMachines"
        self.locks = f"{self.group}/providers/Microsoft.Authorization/locks"
        self.server.api("PUT", f"{self.group}?api-version={GROUPS}", {"location": "westus", "tags": {"env": "test"}})
        self.ids = {}
        for who in ("owner", "nobody"):
            made = self.server.api("PUT", f"{self.machines}/{who}?api-version={MACHINES}", {**MACHINE, "tags": {"who": who}})
            self.ids[who] = made["identity"]["principalId"]
        grant = f"{self.subscription}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version={ROLES}"
        self.server.api("PUT", grant, {"properties": {"roleDefinitionId": OWNER, "principalId": self.ids["owner"]}})
        self.tokens = {who: server.token_of(who, "https://management.azure.com/") for who in self.ids}
        self.tokens["wrong"] = server.token_of("owner", "https://vault.azure.net")
        self.tokens["malformed"] = "a.b.c"

    def ask(self, method, path, version=GROUPS, body=None, who="owner", headers=()):
        target = path if version is None else f"{path}{'&' if '?' in path else '?'}api-version={version}"
        return self.server.ask(ARM, method, target, body, self.tokens[who] if who else None, headers)


@pytest.fixture(scope="module", name="s")
def stage(server):
    return Stage(server)


NEW = {"location": "westus", "properties": {}}
CATALOGUE = [
    # who, method, path, api-version, body: status, code, the message's shape
    (None, "GET", "{group}", GROUPS, None, 401, "AuthenticationFailed", r"Authentication failed\. The 'Authorization' header is missing\."),
    ("malformed", "GET", "{group}", GROUPS, None, 401, "InvalidAuthenticationToken", r".+"),
    ("wrong", "GET", "{group}", GROUPS, None, 401, "InvalidAuthenticationTokenAudience", r".*audience.*https://vault\.azure\.net.*"),
    ("nobody", "GET", "{group}", GROUPS, None, 403, "AuthorizationFailed",
     r"The client '.+' with object id '.+' does not have authorization to perform action 'Microsoft\.Resources/subscriptions/resourceGroups/read' over scope '.+'.*"),
    ("owner", "GET", "{group}", None, None, 400, "MissingApiVersionParameter", r"The api-version query parameter \(\?api-version=\) is required for all requests\."),
    ("owner", "GET", "{group}", "banana", None, 400, "InvalidApiVersionParameter", r"The api-version 'banana' is invalid\. The supported versions are '[-,0-9a-z]+'\."),
    ("owner", "GET", "{machines}/owner", "2013-01-01", None, 400, "NoRegisteredProviderFound",
     r"No registered resource provider found for location '.*' and API version '2013-01-01' for type 'virtualMachines'\. The supported api-versions are '.+'.*"),
    ("owner", "GET", "{subscription}/providers/Nobody.Knows", GROUPS, None, 404, "InvalidResourceNamespace", r"The resource namespace 'Nobody\.Knows' is invalid\."),
    ("owner", "GET", "/subscriptions/00000000-0000-0000-0000-00000000dead", GROUPS, None, 404, "SubscriptionNotFound",
     r"The subscription '00000000-0000-0000-0000-00000000dead' could not be found\."),
    ("owner", "GET", "/subscriptions/dead", GROUPS, None, 400, "InvalidSubscriptionId", r"The provided subscription identifier 'dead' is malformed or invalid\."),
    ("owner", "GET", "{group}x", GROUPS, None, 404, "ResourceGroupNotFound", r"Resource group 'surfacex' could not be found\."),
    ("owner", "GET", "{machines}/none", MACHINES, None, 404, "ResourceNotFound",
     r"The Resource 'Microsoft\.Compute/virtualMachines/none' under resource group 'surface' was not found\. For more details please go to https://aka\.ms/ARMResourceNotFoundFix"),
    ("owner", "PUT", "{machines}/none/extensions/e", MACHINES, NEW, 404, "ParentResourceNotFound",
     r"Failed to perform 'write' on resource\(s\) of type '.+', because the parent resource '.+' could not be found\."),
    ("owner", "PUT", "{group}", GROUPS, {"location": "eastus"}, 409, "InvalidResourceGroupLocation",
     r"Invalid resource group location 'eastus'\. The Resource group already exists in location 'westus'\."),
    ("owner", "PUT", "{machines}/owner", MACHINES, {"location": "eastus", "properties": {}}, 409, "InvalidResourceLocation",
     r"The resource 'owner' already exists in location 'westus' in resource group 'surface'\. A resource with the same name cannot be created in location 'eastus'\. .+"),
    ("owner", "PUT", "{machines}/placeless", MACHINES, {"properties": {}}, 400, "LocationRequired", r"The location property is required for this definition\."),
    ("owner", "PUT", "{machines}/torn", MACHINES, "{", 400, "InvalidRequestContent", r"The request content .+"),
    ("owner", "DELETE", "{machines}/owner", MACHINES, None, 412, "PreconditionFailed", r".+"),
    ("owner", "GET", "{subscription}/resources?$filter=owner%20eq%20'x'", GROUPS, None, 400, "InvalidFilter", r".+"),
    ("owner", "GET", "{subscription}/resources?$filter=tagName%20eq%20'a'%20and%20name%20eq%20'x'", GROUPS, None, 400, "InvalidFilter", r".+"),
]


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: f"{row[6]}-{row[1]}")
def test_s8_the_catalogue_of_errors(s, row):
    """S8: each error has the status, the code and the words that are published, and the headers of every answer"""
    who, method, path, version, body, status, code, shape = row
    path = path.format(group=s.group, machines=s.machines, subscription=s.subscription)
    answer = s.ask(method, path, version, body, who, {"If-Match": '"other"'} if status == 412 else {})
    same((answer.status, answer.error["code"]), (status, code), answer.text)
    assert re.fullmatch(shape, answer.error["message"]), answer.error["message"]
    same(answer.headers["x-ms-failure-cause"], "gateway", "who refused")
    same("www-authenticate" in answer.headers, status == 401, "a challenge")
    for name in ("x-ms-request-id", "x-ms-correlation-request-id", "x-ms-routing-request-id"):
        assert answer.headers[name], name
    same((answer.headers["cache-control"], answer.headers["content-type"]), ("no-cache", "application/json; charset=utf-8"), "as of every answer")


def test_s8_a_locked_scope_is_refused_in_the_published_words(s):
    """S8: ScopeLocked names the scope and the lock"""
    s.server.api("PUT", f"{s.locks}/l?api-version=2016-09-01", {"properties": {"level": "CanNotDelete"}})
    answer = s.ask("DELETE", f"{s.machines}/nobody", MACHINES)
    s.server.api("DELETE", f"{s.locks}/l?api-version=2016-09-01")
    same((answer.status, answer.error["code"]), (409, "ScopeLocked"), answer.text)
    assert "cannot perform delete operation because following scope(s) are locked: '" in answer.error["message"], answer.text


def test_s8_metadata_has_the_shape_of_each_version(s):
    """S8: one old object, an array of clouds, one cloud; without a token, by a path with doubled slashes too"""
    ask = lambda version, path="/metadata/endpoints": s.ask("GET", path, version, who=None).json
    same(sorted(ask("2015-01-01")), ["authentication", "galleryEndpoint", "graphEndpoint", "portalEndpoint"], "2015")
    one, clouds = ask("2022-09-01"), ask("2019-05-01")
    same(clouds, [one], "an array of the same")
    for name in ("name", "resourceManager", "microsoftGraphResourceId", "portal", "gallery", "batch", "media", "sqlManagement", "graphAudience", "ossrdbmsResourceId"):
        assert isinstance(one[name], str) and one[name], name
    assert one["authentication"]["audiences"] and one["suffixes"], "what tokens are for"
    same(ask("2022-09-01", "//metadata//endpoints"), one, "slashes that clients double")


FILTERS = {
    "resourceType eq 'microsoft.compute/VIRTUALMACHINES'": ["nobody", "owner"],
    "resourceType eq 'Microsoft.Compute/virtualMachines' and name eq 'owner'": ["owner"],
    "name eq 'owner' or name eq 'nobody'": ["nobody", "owner"],
    "resourceGroup eq 'SURFACE' and location eq 'westus'": ["nobody", "owner"],
    "location eq 'eastus'": [],
    "tagName eq 'who'": ["nobody", "owner"],
    "tagName eq 'who' and tagValue eq 'owner'": ["owner"],
    "substringof('bod', name)": ["nobody"],
}


@pytest.mark.parametrize("text", FILTERS)
@pytest.mark.parametrize("below", ["subscription", "group"])
def test_s8_resources_are_filtered(s, below, text):
    """S8: the published forms of $filter, at both lists, in pages of one too"""
    path = f"{s.subscription if below == 'subscription' else s.group}/resources?$filter={urllib.parse.quote(text)}"
    machines = lambda items: [item["name"] for item in items if item["type"] == "Microsoft.Compute/virtualMachines"]
    listed = s.ask("GET", path, "2015-11-01")
    same(listed.status, 200, listed.text)
    same(sorted(machines(listed.json["value"])), FILTERS[text], text)
    assert all("properties" not in item for item in listed.json["value"]), "items have no properties"
    found, page = [], s.ask("GET", path + "&$top=1", "2015-11-01").json
    while True:
        assert len(page["value"]) <= 1, "as many as were asked for"
        found += page["value"]
        if "nextLink" not in page:
            break
        page = s.server.ask(ARM, "GET", page["nextLink"].removeprefix(f"https://{ARM}"), token=s.tokens["owner"]).json
    same([item["id"] for item in found], [item["id"] for item in listed.json["value"]], "the same in pages")


def test_s8_items_are_expanded(s):
    """S8: items have the times and the state that $expand names, and else none"""
    names = ("createdTime", "changedTime", "provisioningState")
    for expand, want in (("", ()), ("createdTime", names[:1]), ("createdTime,%20ChangedTime,provisioningState,other", names)):
        for item in s.ask("GET", f"{s.group}/resources?$expand={expand}").json["value"]:
            same(tuple(name for name in names if name in item), want, expand)
            same(item.get("provisioningState", "Succeeded"), "Succeeded", item["id"])
            assert item.get("createdTime", "") <= item.get("changedTime", "~"), "made before it was changed"


def test_s8_a_provider_says_which_version_is_its_default(s):
    """S8: each type has its versions, and the newest that is no preview is the default"""
    for name in ("Microsoft.Compute", "Microsoft.KeyVault", "Microsoft.ManagedIdentity"):
        types = s.ask("GET", f"{s.subscription}/providers/{name}").json["resourceTypes"]
        assert types, name
        for one in types:
            final = [version for version in one["apiVersions"] if len(version) == 10]
            same(one.get("defaultApiVersion"), max(final or one["apiVersions"], default=None), f"{name}/{one['resourceType']}")
            assert "SupportsTags" in one["capabilities"], name
