"""The management API's catalogue of errors, row by row, and what else every client reads of it: headers, metadata, filters, providers."""
import re
import time
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


def test_s8_a_provider_is_unregistered_and_registered_again(s):
    """S8, O1: what is unregistered takes no new resources until it is registered again, by hand or by a template; each is logged"""
    of = f"{s.subscription}/providers/Microsoft.Cache"
    cache = f"{s.group}/providers/Microsoft.Cache/redis/unregistered"
    state = lambda: s.ask("GET", of).json["registrationState"]
    listed = lambda: next(p for p in s.ask("GET", f"{s.subscription}/providers").json["value"] if p["namespace"] == "Microsoft.Cache")["registrationState"]
    same(s.ask("POST", f"{of}/unregister").json["registrationState"], "Unregistered", "the answer")
    same((state(), listed()), ("Unregistered", "Unregistered"), "kept")
    same(s.ask("GET", "/providers/Microsoft.Cache").json["registrationState"], "Registered", "of no subscription")
    refused = s.ask("PUT", cache, "2024-11-01", NEW)
    same((refused.status, refused.error["code"]), (409, "MissingSubscriptionRegistration"), refused.text)
    same(refused.error["message"], "The subscription is not registered to use namespace 'Microsoft.Cache'. "
         "See https://aka.ms/rps-not-found for how to register subscriptions.", "the words")
    same(s.ask("POST", f"{of}/register").json["registrationState"], "Registered", "the answer")
    same((state(), listed()), ("Registered", "Registered"), "again")
    same(s.ask("PUT", cache, "2024-11-01", NEW).status, 201, "now it may")
    used = s.ask("POST", f"{of}/unregister")
    same((used.status, used.error["code"]), (409, "Conflict"), used.text)
    s.server.stop()
    s.server.start()
    s.tokens.update({who: s.server.token_of(who, "https://management.azure.com/") for who in s.ids})
    same(state(), "Registered", "after a start")
    query = f"{s.subscription}/providers/Microsoft.Insights/eventtypes/management/values?$filter=eventTimestamp%20ge%202020-01-01T00:00:00Z"
    names = {e["operationName"]["value"] for e in s.ask("GET", query, "2015-04-01").json["value"]}
    assert {"Microsoft.Cache/register/action", "Microsoft.Cache/unregister/action"} <= names, names


def test_d1_a_template_registers_its_providers(s):
    """D1: as in the cloud, nobody has to register what a template deploys"""
    same(s.ask("POST", f"{s.subscription}/providers/Microsoft.Maps/unregister").status, 200, "unregistered")
    template = {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
                "resources": [{"type": "Microsoft.Maps/accounts", "apiVersion": "2023-06-01", "name": "map", "location": "global", "properties": {}}]}
    deployment = f"{s.group}/providers/Microsoft.Resources/deployments/registers"
    same(s.ask("PUT", deployment, "2021-04-01", {"properties": {"mode": "Incremental", "template": template}}).status, 201, "begun")
    while (done := s.ask("GET", deployment, "2021-04-01").json["properties"])["provisioningState"] in ("Accepted", "Running"):
        time.sleep(0.02)
    same(done["provisioningState"], "Succeeded", str(done))
    same(s.ask("GET", f"{s.subscription}/providers/Microsoft.Maps").json["registrationState"], "Registered", "on the way")


def test_s8_answers_tell_how_many_more_requests_there_may_be(s):
    """S8: the headers by which clients pace themselves"""
    left = "x-ms-ratelimit-remaining-"
    for method, path, version, wants in (("GET", s.group, GROUPS, {"subscription-reads": "249", "subscription-global-reads": "3749"}),
                                         ("PATCH", s.group, GROUPS, {"subscription-writes": "199", "subscription-global-writes": "2999"}),
                                         ("DELETE", f"{s.machines}/none", MACHINES, {"subscription-deletes": "199", "subscription-global-deletes": "2999"}),
                                         ("GET", "/tenants", GROUPS, {"tenant-reads": "249"})):
        headers = s.ask(method, path, version, {} if method == "PATCH" else None).headers
        same({name[len(left):]: value for name, value in headers.items() if name.startswith(left)}, wants, f"{method} {path}")


@pytest.mark.parametrize("path, code, words", [
    ("Microsoft.Computer/virtualMachines/x", "InvalidResourceNamespace", "The resource namespace 'Microsoft.Computer' is invalid."),
    ("Microsoft.Compute/virtualMachinez/x", "InvalidResourceType",
     "The resource type 'virtualMachinez' could not be found in the namespace 'Microsoft.Compute' for api version '2024-07-01'."),
    ("Microsoft.Web/sites/x/slotz/y", "InvalidResourceType", "The resource type 'sites/slotz' could not be found in the namespace 'Microsoft.Web' for api version '2024-07-01'."),
])
def test_s8_a_misspelt_type_is_no_resource(s, path, code, words):
    """S8: a type that no provider has is refused by every verb, and in a template"""
    for method, body in (("PUT", NEW), ("PATCH", {"tags": {}}), ("GET", None), ("DELETE", None)):
        answer = s.ask(method, f"{s.group}/providers/{path}", "2024-07-01", body)
        same((answer.status, answer.error["code"], answer.error["message"]), (404, code, words), method)
    parts = path.split("/")
    resource = {"type": "/".join([parts[0], *parts[1::2]]), "apiVersion": "2024-07-01", "name": "/".join(parts[2::2]), "location": "westus", "properties": {}}
    template = {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0", "resources": [resource]}
    answer = s.ask("POST", f"{s.group}/providers/Microsoft.Resources/deployments/misspelt/validate", "2021-04-01", {"properties": {"mode": "Incremental", "template": template}})
    assert words in answer.text, answer.text


def test_s8_a_location_that_is_none_is_refused_with_those_that_are(s):
    """S8: resources and groups stand in regions; some resources are global"""
    answer = s.ask("PUT", f"{s.machines}/nowhere", MACHINES, {**NEW, "location": "Mars Central"})
    same((answer.status, answer.error["code"]), (400, "LocationNotAvailableForResourceType"), answer.text)
    start = "The provided location 'marscentral' is not available for resource type 'Microsoft.Compute/virtualMachines'. List of available regions for the resource type is '"
    assert answer.error["message"].startswith(start) and ",westus2," in answer.error["message"], answer.text
    answer = s.ask("PUT", f"{s.group}-mars", GROUPS, {"location": "mars"})
    same((answer.status, answer.error["code"]), (400, "LocationNotAvailableForResourceGroup"), answer.text)
    same(s.ask("PUT", f"{s.group}/providers/Microsoft.Network/dnsZones/example.test", "2018-05-01", {"location": "global"}).status, 201, "global")
    same(s.ask("PUT", f"{s.group}/providers/Microsoft.Maps/accounts/pair", "2023-06-01", {"location": "UAE Central"}).status, 201, "a region that is not listed")


def test_s8_operations_have_words_for_people(s):
    """S8: the operations of a provider, with what they are about"""
    found = {o["name"]: o for o in s.ask("GET", "/providers/Microsoft.Compute/operations", MACHINES).json["value"]}
    same(found["Microsoft.Compute/virtualMachines/start/action"], {
        "name": "Microsoft.Compute/virtualMachines/start/action", "isDataAction": False,
        "display": {"provider": "Microsoft.Compute", "resource": "virtualMachines", "operation": "start", "description": "Microsoft.Compute/virtualMachines/start/action"},
    }, "an action")
    same(found["Microsoft.Compute/virtualMachines/login/action"]["isDataAction"], True, "of the data plane")
    same(found["Microsoft.Compute/register/action"]["display"]["operation"], "register", "of the provider itself")


def test_s8_a_provider_says_which_version_is_its_default(s):
    """S8: each type has its versions, and the newest that is no preview is the default"""
    for name in ("Microsoft.Compute", "Microsoft.KeyVault", "Microsoft.ManagedIdentity"):
        types = s.ask("GET", f"{s.subscription}/providers/{name}").json["resourceTypes"]
        assert types, name
        for one in types:
            final = [version for version in one["apiVersions"] if len(version) == 10]
            same(one.get("defaultApiVersion"), max(final or one["apiVersions"], default=None), f"{name}/{one['resourceType']}")
            assert "SupportsTags" in one["capabilities"], name
