"""Tags as an object of their own (S8): at a subscription, a resource group and a resource."""
import uuid

import pytest

from lanyard import same

ARM = "management.azure.com"
TAGS = "2021-04-01"
GROUPS = "2022-09-01"
SUBSCRIPTIONS = "2022-12-01"
MACHINES = "2024-07-01"
TAG_CONTRIBUTOR = "4a9ae827-6dc8-4573-8ac7-8239d42aa03f"
MACHINE = {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {"kept": 1}}


class Stage:
    """A group, a machine that may write tags only, and one that may do nothing."""

    def __init__(self, server):
        self.server = server
        server.start()
        self.subscription = f"/subscriptions/{server.facts['subscription']}"
        self.group = f"{self.subscription}/resourceGroups/tags"
        self.machines = f"{self.group}/providers/Microsoft.Compute/virtualMachines"
        server.api("PUT", f"{self.group}?api-version={GROUPS}", {"location": "westus"})
        self.tokens = {}
        for who in ("tagger", "nobody"):
            made = server.api("PUT", f"{self.machines}/{who}?api-version={MACHINES}", MACHINE)
            if who == "tagger":
                body = {"properties": {"roleDefinitionId": TAG_CONTRIBUTOR, "principalId": made["identity"]["principalId"]}}
                server.api("PUT", f"{self.subscription}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version=2022-04-01", body)
            self.tokens[who] = server.token_of(f"{self.machines}/{who}", "https://management.azure.com/")

    def tags(self, method, scope, tags=None, operation=None, who="tagger"):
        body = {"properties": {"tags": tags}} if tags is not None else None
        if operation:
            body["operation"] = operation
        target = f"{scope}/providers/Microsoft.Resources/tags/default?api-version={TAGS}"
        return self.server.ask(ARM, method, target, body, self.tokens[who])


@pytest.fixture(scope="module", name="s")
def stage(server):
    return Stage(server)


STEPS = (
    # method, operation, tags sent, tags that stand afterwards
    ("PUT", None, {"a": "1", "b": "2"}, {"a": "1", "b": "2"}),
    ("PATCH", "Merge", {"B": "3", "c": "4"}, {"a": "1", "B": "3", "c": "4"}),
    ("PATCH", "Delete", {"A": "", "b": "another", "C": "4"}, {"B": "3"}),
    ("PATCH", "replace", {"x": ""}, {"x": ""}),
    ("PUT", None, {}, {}),
    ("PUT", None, {"k": "v"}, {"k": "v"}),
)


@pytest.mark.parametrize("where", ["subscription", "group", "machine"])
def test_s8_tags_are_replaced_merged_and_deleted(s, where):
    """S8: tags at every level, in each operation; the thing itself shows them and keeps the rest"""
    scope, version = {"subscription": (s.subscription, SUBSCRIPTIONS), "group": (s.group, GROUPS), "machine": (f"{s.machines}/nobody", MACHINES)}[where]
    path = f"{scope}/providers/Microsoft.Resources/tags/default"
    for method, operation, sent, want in STEPS:
        answer = s.tags(method, scope, sent, operation)
        same((answer.status, answer.json), (200, {"id": path, "name": "default", "type": "Microsoft.Resources/tags", "properties": {"tags": want}}), answer.text)
        same(s.tags("GET", scope).json["properties"]["tags"], want, "read")
        same(s.server.api("GET", f"{scope}?api-version={version}").get("tags", {}), want, "of the thing")
    if where == "machine":
        same(s.server.api("GET", f"{scope}?api-version={version}")["properties"]["kept"], 1, "the rest")
    gone = s.tags("DELETE", scope)
    same((gone.status, gone.text), (200, ""), "deleted")
    same(s.tags("GET", scope).json["properties"]["tags"], {}, "none")


def test_s8_tags_that_are_refused(s):
    """S8: too many, too long, twice, no strings; nothing changes"""
    same(s.tags("PUT", s.group, {"stays": "1"}).status, 200, "before")
    for method, tags, operation in (
        ("PUT", {f"t{i}": "" for i in range(51)}, None),
        ("PATCH", {f"t{i}": "" for i in range(50)}, "Merge"),
        ("PUT", {"k" * 513: ""}, None),
        ("PUT", {"k": "v" * 257}, None),
        ("PUT", {"k": 1}, None),
        ("PUT", {"k": "1", "K": "2"}, None),
        ("PUT", [], None),
        ("PATCH", {"k": "v"}, "Forget"),
    ):
        answer = s.tags(method, s.group, tags, operation)
        same((answer.status, answer.error["code"]), (400, "InvalidRequestContent"), f"{method} {operation}: {answer.text}")
    same(s.tags("GET", s.group).json["properties"]["tags"], {"stays": "1"}, "after")
    missing = s.tags("GET", f"{s.group}x")
    same((missing.status, missing.error["code"]), (404, "ResourceGroupNotFound"), missing.text)


def test_r6_tags_ask_for_a_permission_of_their_own(s):
    """R6: who may write tags may not write the resource, and who has no role may neither"""
    same(s.tags("PUT", s.group, {"a": "b"}).status, 200, "tagger")
    answer = s.server.ask(ARM, "PATCH", f"{s.group}?api-version={GROUPS}", {"tags": {}}, s.tokens["tagger"])
    same((answer.status, answer.error["code"]), (403, "AuthorizationFailed"), answer.text)
    for method, tags in (("GET", None), ("PUT", {}), ("PATCH", {}), ("DELETE", None)):
        answer = s.tags(method, s.group, tags, "Merge" if method == "PATCH" else None, "nobody")
        same((answer.status, answer.error["code"]), (403, "AuthorizationFailed"), f"{method}: {answer.text}")


def test_r6_a_read_only_lock_keeps_tags_as_they_are(s):
    """R6: a lock at the thing is one for its tags"""
    lock = f"{s.group}/providers/Microsoft.Authorization/locks/l?api-version=2016-09-01"
    s.server.api("PUT", lock, {"properties": {"level": "ReadOnly"}})
    answer = s.tags("PUT", s.group, {})
    same((answer.status, answer.error["code"]), (409, "ScopeLocked"), answer.text)
    s.server.api("DELETE", lock)
    same(s.tags("PUT", s.group, {}).status, 200, "lifted")
