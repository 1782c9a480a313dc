"""Resources that move to another resource group (S8, I2, R9): the answers, and what stands afterwards."""
import uuid

import pytest

from lanyard import same

ARM = "management.azure.com"
GROUPS = "2021-04-01"
MACHINES = "2024-07-01"
ROLES = "2022-04-01"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
MACHINE = {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}}


class Stage:
    """Two groups, and machines elsewhere: a contributor of both groups, and one of the source alone, who reads the other."""

    def __init__(self, server):
        self.server = server
        self.server.start()
        self.subscription = f"/subscriptions/{server.facts['subscription']}"
        self.source, self.target, self.callers = (f"{self.subscription}/resourceGroups/{name}" for name in ("Source", "Target", "callers"))
        for group in (self.source, self.target, self.callers):
            self.server.api("PUT", f"{group}?api-version={GROUPS}", {"location": "westus"})
        self.tokens = {}
        for who, roles in (("both", {self.source: CONTRIBUTOR, self.target: CONTRIBUTOR}), ("one", {self.source: CONTRIBUTOR, self.target: READER})):
            made = self.server.api("PUT", f"{self.callers}/providers/Microsoft.Compute/virtualMachines/{who}?api-version={MACHINES}", MACHINE)
            for scope, role in roles.items():
                self.grant(role, scope, made["identity"]["principalId"])
            self.tokens[who] = self.server.token_of(who, "https://management.azure.com/")

    def grant(self, role, scope, principal):
        where = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version={ROLES}"
        return self.server.api("PUT", where, {"properties": {"roleDefinitionId": role, "principalId": principal}})

    def ask(self, method, path, version=GROUPS, body=None, who="both"):
        return self.server.ask(ARM, method, f"{path}?api-version={version}", body, self.tokens[who])

    def move(self, resources, target=None, verb="moveResources", who="both"):
        return self.ask("POST", f"{self.source}/{verb}", GROUPS, {"resources": resources, "targetResourceGroup": target or self.target}, who)

    def machine(self, name, group=None):
        path = f"{group or self.source}/providers/Microsoft.Compute/virtualMachines/{name}"
        return path, self.server.api("PUT", f"{path}?api-version={MACHINES}", MACHINE)


@pytest.fixture(scope="module", name="s")
def stage(server):
    return Stage(server)


def code_of(answer):
    return answer.status, answer.error["code"]


def test_s8_i2_a_move_is_accepted_polled_and_done(s):
    """S8, I2, R9: 202, then 204 at Location; the principal is the same, and its grants elsewhere still count; the old id is gone"""
    path, made = s.machine("mover")
    moved = path.replace(s.source, s.target)
    s.grant(READER, s.callers, made["identity"]["principalId"])
    grant = s.grant(READER, path, made["identity"]["principalId"])
    same(s.move([path], verb="validateMoveResources").status, 204, "it may be moved")
    answer = s.move([path])
    same(answer.status, 202, answer.text)
    location = answer.headers["location"].split(ARM, 1)[1]
    same(s.server.ask(ARM, "GET", location, None, s.tokens["both"]).status, 204, location)
    status = s.server.ask(ARM, "GET", answer.headers["azure-asyncoperation"].split(ARM, 1)[1], None, s.tokens["both"])
    same((status.status, status.json["status"]), (200, "Succeeded"), status.text)
    same(code_of(s.ask("GET", path, MACHINES)), (404, "ResourceNotFound"), "the old id")
    now = s.ask("GET", moved, MACHINES)
    same((now.json["id"], now.json["identity"]), (moved, made["identity"]), now.text)
    same(s.server.api("GET", f"{grant['id']}?api-version={ROLES}")["properties"]["scope"], path, "what was granted at the old id stays there")
    token = s.server.token_of("mover", "https://management.azure.com/")
    same(s.server.ask(ARM, "GET", f"{s.callers}?api-version={GROUPS}", None, token).status, 200, "its own token, its own grants")
    same(s.server.ask(ARM, "GET", f"{moved}?api-version={MACHINES}", None, token).status, 403, "the grant did not move")


def test_s8_a_move_is_in_the_activity_log(s):
    """S8, O1: one record at the source group, by its published name"""
    path, _ = s.machine("logged")
    same(s.move([path]).status, 202, "moved")
    query = f"api-version=2015-04-01&$filter=eventTimestamp%20ge%202020-01-01T00:00:00Z%20and%20resourceGroupName%20eq%20'Source'"
    events = s.server.api("GET", f"{s.subscription}/providers/Microsoft.Insights/eventtypes/management/values?{query}")["value"]
    names = [event["operationName"]["value"] for event in events if event["status"]["value"] != "Started"]
    assert "Microsoft.Resources/subscriptions/resourceGroups/moveResources/action" in names, names


@pytest.mark.parametrize("verb", ["moveResources", "validateMoveResources"])
def test_s8_what_is_refused_and_how(s, verb):
    """S8: the codes of refusals"""
    path, _ = s.machine("stays")
    twin, _ = s.machine("twin")
    s.machine("twin", s.target)
    identity = f"{s.source}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1"
    s.server.api("PUT", f"{identity}?api-version=2023-01-31", {"location": "westus"})
    unsupported = s.move([identity], verb=verb)
    same(code_of(unsupported), (409, "ResourceMoveNotSupported"), unsupported.text)
    same(unsupported.error["message"], "Resource move is not supported for resource types 'Microsoft.ManagedIdentity/userAssignedIdentities'.", "the words")
    same(code_of(s.move([twin], verb=verb)), (409, "ResourceMoveProviderValidationFailed"), "the name is taken there")
    same(code_of(s.move([path + "x"], verb=verb)), (404, "ResourceNotFound"), "absent")
    same(code_of(s.move([path], s.target + "x", verb=verb)), (403, "LinkedAuthorizationFailed"), "a group that is not there gives nothing away")
    same(code_of(s.move([path], "Target", verb=verb)), (400, "LinkedInvalidPropertyId"), "no id")
    same(code_of(s.move([], verb=verb)), (400, "InvalidRequestContent"), "nothing to move")
    refused = s.move([path], who="one", verb=verb)
    same(code_of(refused), (403, "LinkedAuthorizationFailed"), refused.text)
    assert f"on the linked scope(s) '{s.target}'" in refused.error["message"], refused.text
    same(s.ask("GET", path, MACHINES).status, 200, "nothing has moved")


def test_s8_locks_of_either_side_refuse_a_move(s):
    """S8: a lock at the source, and a read-only one at the target"""
    path, _ = s.machine("locked")
    for scope, level in ((s.source, "CanNotDelete"), (path, "ReadOnly"), (s.target, "ReadOnly")):
        lock = f"{scope}/providers/Microsoft.Authorization/locks/l?api-version=2020-05-01"
        s.server.api("PUT", lock, {"properties": {"level": level}})
        refused = s.move([path])
        s.server.api("DELETE", lock)
        same(code_of(refused), (409, "ScopeLocked"), refused.text)
        assert f"locked: '{scope}'" in refused.error["message"], refused.text
    same(s.move([path]).status, 202, "unlocked")
