"""Management locks (R6, S8): what they forbid, to whom, and in which words."""
import uuid

import pytest

from lanyard import same

ARM = "management.azure.com"
LOCKS = "2016-09-01"
GROUPS = "2022-09-01"
MACHINES = "2024-07-01"
SITES = "2024-04-01"
ROLES = "2022-04-01"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
MACHINE = {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}}


class Stage:
    """A server with a group, and machines that own it, contribute to it and read it."""

    def __init__(self, server):
        self.server = server
        self.server.start()
        self.subscription = f"/subscriptions/{server.facts['subscription']}"
        self.group = f"{self.subscription}/resourceGroups/locked"
        self.machines = f"{self.group}/providers/Microsoft.Compute/virtualMachines"
        self.server.api("PUT", f"{self.group}?api-version={GROUPS}", {"location": "westus"})
        self.tokens = {}
        for who, role in (("owner", OWNER), ("contributor", CONTRIBUTOR), ("reader", READER)):
            made = self.server.api("PUT", f"{self.machines}/{who}?api-version={MACHINES}", MACHINE)
            properties = {"roleDefinitionId": role, "principalId": made["identity"]["principalId"]}
            where = f"{self.subscription}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
            self.server.api("PUT", f"{where}?api-version={ROLES}", {"properties": properties})
            self.tokens[who] = self.server.token_of(who, "https://management.azure.com/")

    def ask(self, method, path, version, body=None, who="owner"):
        target = f"{path}{'&' if '?' in path else '?'}api-version={version}"
        return self.server.ask(ARM, method, target, body, self.tokens[who])

    def lock(self, method, scope, name="l", level="CanNotDelete", who="owner"):
        body = {"properties": {"level": level}} if method == "PUT" else None
        return self.ask(method, f"{scope}/providers/Microsoft.Authorization/locks/{name}", LOCKS, body, who)

    def names(self, scope, query=""):
        answer = self.ask("GET", f"{scope}/providers/Microsoft.Authorization/locks{query}", LOCKS)
        same(answer.status, 200, answer.text)
        return sorted(lock["name"] for lock in answer.json["value"])


@pytest.fixture(scope="module", name="s")
def stage(server):
    return Stage(server)


@pytest.fixture(name="locked")
def fixture_locked(s):
    """Locks for one test: locked(scope, level)."""
    made = []

    def lock(scope, level, name="l"):
        same(s.lock("PUT", scope, name, level).status, 201, scope)
        made.append((scope, name))

    yield lock
    for scope, name in made:
        same(s.lock("DELETE", scope, name).status, 200, scope)


def refused(answer, scope, verb, *locks):
    same((answer.status, answer.error["code"]), (409, "ScopeLocked"), answer.text)
    words = f"cannot perform {verb} operation because following scope(s) are locked: '{','.join(locks)}'. Please remove the lock and try again."
    same(answer.error["message"], f"The scope '{scope}' {words}", "the words")


@pytest.mark.parametrize("version", ["2016-09-01", "2020-05-01"])
def test_s8_a_lock_is_made_read_changed_and_deleted(s, version):
    """S8: a lock by both versions of its API"""
    for scope in (s.subscription, s.group, f"{s.machines}/reader"):
        path = f"{scope}/providers/Microsoft.Authorization/locks/keep"
        body = {"properties": {"level": "CanNotDelete", "notes": "why", "owners": [{"applicationId": "x"}]}}
        made = s.ask("PUT", path, version, body)
        same(made.status, 201, made.text)
        same(made.json, {"id": path, "name": "keep", "type": "Microsoft.Authorization/locks", **body}, scope)
        same(s.ask("GET", path.upper().replace("/SUBSCRIPTIONS/", "/subscriptions/"), version).json, made.json, "in any case")
        again = s.ask("PUT", path, version, {"properties": {"level": "ReadOnly"}})
        same((again.status, again.json["properties"]), (200, {"level": "ReadOnly"}), again.text)
        same(s.ask("DELETE", path, version).status, 200, "there")
        same(s.ask("DELETE", path, version).status, 204, "gone")
        gone = s.ask("GET", path, version)
        same((gone.status, gone.error["code"]), (404, "LockNotFound"), gone.text)


def test_s8_r6_a_scope_whose_slashes_are_escaped_is_the_same_scope(s, locked):
    """S8, R6: a client that escapes its scope asks at that scope, and for no more than there"""
    at = "/providers/Microsoft.Authorization/locks"
    body = {"properties": {"level": "CanNotDelete"}}
    for scope in (s.subscription, s.group, f"{s.machines}/reader"):
        for path in (f"/{scope.replace('/', '%2F')}{at}", f"{scope[:15]}{scope[15:].replace('/', '%2f')}{at}"):
            refusal = s.ask("PUT", f"{path}/kept", LOCKS, body, "contributor")
            same((refusal.status, refusal.error["code"]), (403, "AuthorizationFailed"), refusal.text)
            assert f"over scope '{scope}{at}/kept'" in refusal.error["message"], refusal.text
            same(s.ask("PUT", f"{path}/kept", LOCKS, body).json["id"], f"{scope}{at}/kept", path)
            assert "kept" in [lock["name"] for lock in s.ask("GET", path, LOCKS).json["value"]], path
            same(s.names(scope, "?$filter=atScope()")[-1:], ["kept"], "by the plain scope")
            same(s.ask("DELETE", f"{path}/kept", LOCKS).status, 200, path)
    escaped = s.group.replace("/", "%2F")
    for path in (f"/{s.group.replace('/', '%252F')}{at}/x", f"/{escaped}{at}%2Fx", f"/{escaped}{at}/%2Fx", f"/{escaped}{at}/a%2Fb",
                 f"/{escaped}%2F..{at}/x", f"/{escaped}%2F%2e%2e%2Flocked{at}/x", f"/{escaped}%2Fproviders%2FMicrosoft.Authorization/locks/x",
                 f"/{escaped}{at.replace('/', '%2F')}%2Fx", f"/{escaped}", f"/{escaped}%00{at}/x", f"/{escaped}/resources"):
        for method in ("GET", "PUT", "DELETE"):
            refusal = s.ask(method, path, LOCKS, body if method == "PUT" else None)
            assert 400 <= refusal.status < 500 and refusal.error["code"], f"{method} {path}: {refusal.text}"
    same(s.names(s.group), [], "no lock was made by any of them")


def test_s8_locks_are_listed_at_above_and_below_a_scope(s, locked):
    """S8: a list of locks has those at, above and below its scope; with atScope() none from below"""
    other = f"{s.machines}/contributor"
    for scope, name in ((s.subscription, "sub"), (s.group, "group"), (f"{s.machines}/reader", "machine"), (other, "other")):
        locked(scope, "CanNotDelete", name)
    same(s.names(s.subscription), ["group", "machine", "other", "sub"], "subscription")
    same(s.names(s.group), ["group", "machine", "other", "sub"], "group")
    same(s.names(f"{s.machines}/reader"), ["group", "machine", "sub"], "machine")
    same(s.names(s.subscription, "?$filter=atScope()"), ["sub"], "subscription, at scope")
    same(s.names(s.group, "?$filter=atScope()"), ["group", "sub"], "group, at scope")
    same(s.names(f"{s.machines}/reader", "?$filter=atscope()"), ["group", "machine", "sub"], "machine, at scope")
    page = s.ask("GET", f"{s.subscription}/providers/Microsoft.Authorization/locks?$top=3", LOCKS).json
    rest = s.server.ask(ARM, "GET", page["nextLink"].removeprefix(f"https://{ARM}"), token=s.tokens["owner"]).json
    same(len(page["value"]) + len(rest["value"]), 4, "in pages")
    unknown = s.ask("GET", f"{s.group}/providers/Microsoft.Authorization/locks?$filter=level eq 'x'".replace(" ", "%20"), LOCKS)
    same((unknown.status, unknown.error["code"]), (400, "InvalidFilter"), unknown.text)


def test_r6_locks_ask_for_a_permission_of_their_own(s, locked):
    """R6: a contributor sees locks, and neither makes nor lifts them"""
    locked(s.group, "CanNotDelete")
    same(s.lock("GET", s.group, who="reader").status, 200, "reader")
    for who in ("reader", "contributor"):
        for method in ("PUT", "DELETE"):
            answer = s.lock(method, s.group, who=who)
            same((answer.status, answer.error["code"]), (403, "AuthorizationFailed"), f"{who} {method}")


def test_r6_a_delete_lock_binds_the_owner(s, locked):
    """R6: CanNotDelete stops deletions at its scope and below it, and of what holds it"""
    machine = f"{s.machines}/reader"
    assignment = f"{machine}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    principal = s.ask("GET", machine, MACHINES).json["identity"]["principalId"]
    grant = {"properties": {"roleDefinitionId": READER, "principalId": principal, "principalType": "ServicePrincipal"}}
    locked(machine, "CanNotDelete")
    refused(s.ask("DELETE", machine, MACHINES), machine, "delete", machine)
    refused(s.ask("DELETE", s.group, GROUPS), s.group, "delete", machine)
    same(s.ask("PUT", assignment, ROLES, grant).status, 201, "roles may be given")
    refused(s.ask("DELETE", assignment, ROLES), assignment, "delete", machine)
    same(s.ask("PATCH", machine, MACHINES, {"tags": {"a": "1"}}).status, 200, "changes may be made")
    same(s.ask("DELETE", f"{s.machines}/none", MACHINES).status, 204, "beside it")
    same(s.ask("GET", s.group, GROUPS).status, 200, "nothing went")
    answer = s.ask("DELETE", machine, MACHINES, who="reader")
    same((answer.status, answer.error["code"]), (403, "AuthorizationFailed"), "whoever may not is told so first")


def test_r6_a_read_only_lock_stops_writes_and_post(s, locked):
    """R6: ReadOnly stops PUT, PATCH, DELETE and POST, not GET; a lock at a slot stops its swap"""
    site = f"{s.group}/providers/Microsoft.Web/sites/locked-{uuid.uuid4().hex[:8]}"
    for path in (site, f"{site}/slots/next"):
        same(s.ask("PUT", path, SITES, {"location": "westus"}).status, 200, path)
    locked(s.group, "ReadOnly")
    settings = f"{site}/config/appsettings"
    for method, path, body, verb in (
        ("PUT", site, {"location": "westus"}, "write"),
        ("PATCH", site, {"tags": {}}, "write"),
        ("DELETE", site, None, "delete"),
        ("PUT", settings, {"properties": {}}, "write"),
    ):
        refused(s.ask(method, path, SITES, body), path, verb, s.group)
    listed = s.ask("POST", f"{settings}/list", SITES)
    same((listed.status, listed.error["code"]), (409, "ScopeLocked"), "a POST that only reads")
    refused(s.ask("PATCH", s.group, GROUPS, {"tags": {}}), s.group, "write", s.group)
    same(s.ask("GET", site, SITES).status, 200, "reading")
    same(s.lock("PUT", site, "own", "ReadOnly").status, 201, "a lock below a lock")
    same(s.lock("DELETE", site, "own").status, 200, "and lifted")


def test_r6_a_lock_at_the_other_slot_stops_a_swap(s, locked):
    """R6: a swap changes both places, and meets the locks of both"""
    site = f"{s.group}/providers/Microsoft.Web/sites/locked-{uuid.uuid4().hex[:8]}"
    for path in (site, f"{site}/slots/one", f"{site}/slots/two"):
        same(s.ask("PUT", path, SITES, {"location": "westus"}).status, 200, path)
    locked(f"{site}/slots/two", "ReadOnly")
    swap = s.ask("POST", f"{site}/slots/one/slotsswap", SITES, {"targetSlot": "two", "preserveVnet": True})
    same((swap.status, swap.error["code"]), (409, "ScopeLocked"), swap.text)


def test_r6_a_lock_binds_the_roles_that_count_below_it(s, locked):
    role = str(uuid.uuid4())
    other = f"{s.subscription}/resourceGroups/beside"
    s.server.api("PUT", f"{other}?api-version={GROUPS}", {"location": "westus"})
    path = f"{other}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    body = {"properties": {"roleName": "spans two groups", "permissions": [{"actions": ["*/read"]}], "assignableScopes": [s.group, other]}}
    same(s.ask("PUT", path, ROLES, body).status, 201, "no lock yet")
    locked(s.group, "ReadOnly")
    body["properties"]["permissions"] = [{"actions": ["*"]}]
    for method, sent in (("PUT", body), ("DELETE", None)):
        answer = s.ask(method, path, ROLES, sent)
        same((answer.status, answer.json["error"]["code"]), (409, "ScopeLocked"), method)


def test_s8_no_lock_stands_at_a_role_assignment(s):
    where = f"{s.group}/providers/microsoft.authorization/roleAssignments/{uuid.uuid4()}"
    same(s.lock("PUT", where).status, 400, where)


def test_s8_a_lock_outlives_the_server(s, new_server):
    """S8: a lock is kept on disk"""
    server = new_server("locks-again")
    server.start()
    group = f"/subscriptions/{server.facts['subscription']}/resourceGroups/kept"
    server.api("PUT", f"{group}?api-version={GROUPS}", {"location": "westus"})
    server.api("PUT", f"{group}/providers/Microsoft.Authorization/locks/l?api-version={LOCKS}", {"properties": {"level": "ReadOnly"}})
    assert server.stop()
    server.start()
    with pytest.raises(RuntimeError, match="ScopeLocked|locked"):
        server.api("DELETE", f"{group}?api-version={GROUPS}")
