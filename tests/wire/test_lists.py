"""Lists of the management API show what the caller may read (R2, R6), and asynchronous deletions can be polled (S8)."""
import base64
import json
import urllib.parse
import uuid

import pytest

from lanyard import same

ARM = "management.azure.com"
GROUPS = "2022-09-01"
MACHINES = "2024-07-01"
ROLES = "2022-04-01"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
MACHINE = {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}}
VMS = "providers/Microsoft.Compute/virtualMachines"


class Stage:
    """Two groups with two machines each; who reads what: the subscription, one group, one machine, nothing."""

    def __init__(self, server):
        self.server = server
        self.server.start()
        self.subscription = f"/subscriptions/{server.facts['subscription']}"
        self.one, self.two = (f"{self.subscription}/resourceGroups/{name}" for name in ("lists-one", "lists-two"))
        self.tokens, self.ids = {}, {}
        for group, people in ((self.one, ("all", "group")), (self.two, ("machine", "nobody"))):
            self.server.api("PUT", f"{group}?api-version={GROUPS}", {"location": "westus"})
            for who in people:
                made = self.server.api("PUT", f"{group}/{VMS}/{who}?api-version={MACHINES}", MACHINE)
                self.ids[who] = made["identity"]["principalId"]
        for who, scope in (("all", self.subscription), ("group", self.one), ("machine", f"{self.two}/{VMS}/machine")):
            self.grant(who, READER, scope)
        for who, group in (("all", self.one), ("group", self.one), ("machine", self.two), ("nobody", self.two)):
            self.tokens[who] = self.server.token_of(f"{group}/{VMS}/{who}", "https://management.azure.com/")

    def grant(self, who, role, scope):
        body = {"properties": {"roleDefinitionId": role, "principalId": self.ids[who]}}
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version={ROLES}"
        self.server.api("PUT", path, body)
        return path

    def ask(self, method, path, version, body=None, who="all"):
        target = f"{path}{'&' if '?' in path else '?'}api-version={version}"
        return self.server.ask(ARM, method, target, body, self.tokens[who])

    def names(self, path, version, who):
        answer = self.ask("GET", path, version, who=who)
        if answer.status == 403:
            assert answer.error["code"] in ("AuthorizationFailed", "DenyAssignmentAuthorizationFailed"), answer.text
            return 403
        same(answer.status, 200, answer.text)
        found, body = [], answer.json
        while True:
            found += [item["name"] for item in body["value"]]
            if "nextLink" not in body:
                return sorted(found)
            answer = self.server.ask(ARM, "GET", body["nextLink"].removeprefix(f"https://{ARM}"), token=self.tokens[who])
            body = answer.json


@pytest.fixture(scope="module", name="s")
def stage(server):
    return Stage(server)


ALL = ["all", "group", "machine", "nobody"]
SEEN = {
    # list: what each of the four sees in it
    "{sub}/resourceGroups": (["lists-one", "lists-two"], ["lists-one"], [], 403),
    "{sub}/resources": (ALL, ["all", "group"], ["machine"], 403),
    "{sub}/resources?$top=1": (ALL, ["all", "group"], ["machine"], 403),
    "{sub}/resources?$filter=name%20eq%20'group'": (["group"], ["group"], [], 403),
    "{sub}/" + VMS: (ALL, ["all", "group"], ["machine"], 403),
    "{sub}/providers/Microsoft.Web/sites": ([], [], [], 403),
    "{one}/resources": (["all", "group"], ["all", "group"], 403, 403),
    "{two}/resources": (["machine", "nobody"], 403, ["machine"], 403),
    "{two}/" + VMS: (["machine", "nobody"], 403, ["machine"], 403),
    "{two}/" + VMS + "/machine/extensions": ([], 403, [], 403),
    "{two}/" + VMS + "/nobody/extensions": ([], 403, 403, 403),
}


@pytest.mark.parametrize("path", SEEN)
def test_r6_a_list_shows_what_the_caller_may_read(s, path):
    """R6: a list shows what the caller may read; who sees nothing at all is refused"""
    at = path.format(sub=s.subscription, one=s.one, two=s.two)
    for who, want in zip(("all", "group", "machine", "nobody"), SEEN[path]):
        version = MACHINES if "virtualMachines" in at else "2022-03-01" if "sites" in at else GROUPS
        same(s.names(at, version, who), want, f"{who} at {path}")


def test_r5_what_is_denied_is_in_no_list(s):
    """R5: a deny assignment at a group hides it from a list that the caller may otherwise read"""
    deny = {
        "name": "hidden",
        "scope": s.two,
        "permissions": [{"actions": ["*/read"], "notActions": [], "dataActions": [], "notDataActions": []}],
        "principals": [{"id": s.ids["all"], "type": "ServicePrincipal"}],
    }
    name = str(uuid.uuid4())
    s.server.api("PUT", f"/lanyard/deny-assignments/{name}", deny)
    same(s.names(f"{s.subscription}/resourceGroups", GROUPS, "all"), ["lists-one"], "groups")
    same(s.names(f"{s.subscription}/resources", GROUPS, "all"), ["all", "group"], "resources")
    same(s.names(f"{s.subscription}/{VMS}", MACHINES, "all"), ["all", "group"], "machines")
    same(s.names(f"{s.two}/resources", GROUPS, "all"), 403, "the group's own")
    s.server.api("DELETE", f"/lanyard/deny-assignments/{name}")
    same(s.names(f"{s.subscription}/resourceGroups", GROUPS, "all"), ["lists-one", "lists-two"], "lifted")


def deny_reading(s, scope, who):
    """Returns the path of the deny assignment."""
    path = f"/lanyard/deny-assignments/{uuid.uuid4()}"
    s.server.api("PUT", path, {"name": "hidden", "scope": scope, "permissions": [{"actions": ["*/read"]}], "principals": [{"id": s.ids[who]}]})
    return path


def test_r5_a_denied_child_is_in_no_list_of_its_parent(s):
    """R5: a deny assignment at a child, or at a subscription, hides it from lists of its parent and of the tenant"""
    app = f"{s.one}/providers/Microsoft.Web/sites/lists-app"
    for path in (app, f"{app}/slots/open", f"{app}/slots/closed"):
        s.server.api("PUT", f"{path}?api-version=2022-03-01", {"location": "westus", "properties": {}})
    slots = lambda: [name.split("/")[-1] for name in s.names(f"{app}/slots", "2022-03-01", "all")]
    same(slots(), ["closed", "open"], "nothing is denied")
    deny = deny_reading(s, f"{app}/slots/closed", "all")
    same(s.ask("GET", f"{app}/slots/closed", "2022-03-01").status, 403, "the slot itself")
    same(slots(), ["open"], "the list")
    same(s.names(f"{app}/slots", "2022-03-01", "nobody"), 403, "the permission at the parent is still asked")
    s.server.api("DELETE", deny)
    same(slots(), ["closed", "open"], "lifted")
    s.server.api("DELETE", f"{app}?api-version=2022-03-01")


def test_r5_a_denied_machine_is_in_no_list_of_the_tenant(s):
    """R5: a list above the subscriptions lacks what is denied below, and asks for the permission at the tenant"""
    same(s.names(f"/{VMS}", MACHINES, "nobody"), 403, "no role at the tenant")
    grant = s.grant("nobody", READER, "")
    same(s.names(f"/{VMS}", MACHINES, "nobody"), ALL, "nothing is denied")
    deny = deny_reading(s, f"{s.one}/{VMS}/group", "nobody")
    same(s.names(f"/{VMS}", MACHINES, "nobody"), ["all", "machine", "nobody"], "the list")
    s.server.api("DELETE", deny)
    s.server.api("DELETE", grant)


def test_r5_a_cursor_shows_no_name_and_is_its_callers_own(s):
    """R5: the link to the next page tells nothing of items that the caller may not read, and serves no other caller"""
    s.grant("machine", READER, f"{s.one}/{VMS}/all")  # between the two lies one that it may not read: "group"
    page = s.ask("GET", f"{s.subscription}/resources?$top=1", GROUPS, who="machine")
    same([item["name"] for item in page.json["value"]], ["all"], page.text)
    link = page.json["nextLink"].removeprefix(f"https://{ARM}")
    cursor = urllib.parse.parse_qs(urllib.parse.urlparse(link).query)["$skiptoken"][0]
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert b"lists-one" not in raw.lower() and b"group" not in raw.lower(), raw
    other = s.server.ask(ARM, "GET", link, token=s.tokens["all"])
    same((other.status, other.error["code"]), (400, "InvalidParameter"), f"another caller: {other.text}")
    same([item["name"] for item in s.server.ask(ARM, "GET", link, token=s.tokens["machine"]).json["value"]], ["machine"], "its own")


def test_x2_a_deep_document_breaks_no_list_and_no_log(s):
    """A document is stored only as deep as every list and record can show it"""
    deep = lambda levels: {"p": deep(levels - 1)} if levels else 1
    machine = f"{s.two}/{VMS}/deep"
    s.grant("nobody", OWNER, s.two)
    s.server.api("PUT", f"{machine}?api-version={MACHINES}", {"location": "westus", "properties": {}})
    for levels in (54, 55, 61, 62):  # below "properties" and "x"
        body = {"location": "westus", "properties": {"x": deep(levels)}}
        for method in ("PUT", "PATCH"):
            answer = s.ask(method, machine, MACHINES, body, who="nobody")
            same(answer.status, 200 if levels == 54 else 400, f"{method} {levels}: {answer.text[:300]}")
            if levels > 54:
                assert "nested deeper" in answer.text, answer.text
    group = s.ask("PATCH", s.two, GROUPS, {"managedBy": deep(61)}, who="nobody")
    same(group.status, 400, group.text[:300])
    assert "deep" in s.names(f"{s.subscription}/{VMS}", MACHINES, "all")
    since = urllib.parse.quote("eventTimestamp ge 2020-01-01T00:00:00Z")
    events = s.ask("GET", f"{s.subscription}/providers/microsoft.insights/eventtypes/management/values?$filter={since}", "2015-04-01")
    same(events.status, 200, events.text[:300])
    s.server.api("GET", "/lanyard/logs/activity")
    s.server.api("DELETE", f"{machine}?api-version={MACHINES}")


def test_s8_the_deletion_of_a_group_can_be_polled(s):
    """S8: a group's deletion is answered as the cloud does, and both links that clients poll say that it is done"""
    group = f"{s.subscription}/resourceGroups/lists-doomed"
    s.server.api("PUT", f"{group}?api-version={GROUPS}", {"location": "westus"})
    s.grant("group", OWNER, group)
    gone = s.ask("DELETE", group, "2021-04-01", who="group")
    same((gone.status, gone.text, gone.headers["retry-after"]), (202, "", "0"), "accepted")
    same(s.ask("GET", group, GROUPS).status, 404, "done at once")
    ask = lambda link, who: s.server.ask(ARM, "GET", link.removeprefix(f"https://{ARM}"), token=s.tokens[who])
    location, status = gone.headers["location"], gone.headers["azure-asyncoperation"]
    assert location.startswith(f"https://{ARM}{s.subscription}/operationresults/") and location.endswith("?api-version=2021-04-01"), location
    assert status.startswith(f"https://{ARM}{s.subscription}/providers/Microsoft.Resources/locations/westus/operationStatuses/"), status
    done = ask(location, "group")
    same((done.status, done.text), (200, ""), "the result")
    told = ask(status, "group")
    same((told.status, told.json["status"], told.json["percentComplete"]), (200, "Succeeded", 100), told.text)
    same(told.json["id"], status.removeprefix(f"https://{ARM}").split("?")[0], "its own id")
    same(ask(status, "all").status, 200, "who may read the subscription's")
    for link in (location, status):
        for who in ("nobody", "machine"):
            other = ask(link, who)
            same((other.status, other.error["code"]), (403, "AuthorizationFailed"), f"{who}: {other.text}")
        unknown = ask(link.replace("?", "x?"), "all")
        same((unknown.status, unknown.error["code"]), (404, "NotFound"), unknown.text)
        same(ask(link.replace("?", "x?"), "group").status, 403, "an unknown one, to whoever may not ask")


def test_s8_what_cannot_be_deleted_is_told_at_once(s):
    """S8: a deletion that is refused starts no operation"""
    gone = s.ask("DELETE", f"{s.subscription}/resourceGroups/lists-none", GROUPS)
    same((gone.status, gone.error["code"]), (403, "AuthorizationFailed"), gone.text)
    assert "location" not in gone.headers, gone.headers
