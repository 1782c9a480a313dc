"""`lanyard clock`: a test server's time is shown and moved, and everything follows it."""
import base64
import datetime
import json
import subprocess
import time

import pytest

from lanyard import same

ARM, VAULT = "management.azure.com", "clock-shop.vault.azure.net"
DAY_S = 86400
WAIT_TIMEOUT_S = 20  # for what the server does by itself; the clock does not wait for it
OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


class Stage:
    def __init__(self, server):
        self.server = server
        self.server.start("--test-clock")
        self.group = f"/subscriptions/{self.server.facts['subscription']}/resourceGroups/rg"
        self.put(self.group, "2022-09-01", {"location": "westus"})
        machine = f"{self.group}/providers/Microsoft.Compute/virtualMachines/web"
        made = self.put(machine, "2024-07-01", {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}})
        vault = {"tenantId": self.server.facts["tenant"], "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True, "softDeleteRetentionInDays": 7}
        self.put(f"{self.group}/providers/Microsoft.KeyVault/vaults/clock-shop", "2023-07-01", {"location": "westus", "properties": vault})
        for number, role in enumerate((OFFICER, READER)):
            self.put(
                f"{self.group}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-00000000000{number}",
                "2022-04-01",
                {"properties": {"roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}", "principalId": made["identity"]["principalId"]}},
            )

    def put(self, path, version, body):
        return self.server.api("PUT", f"{path}?api-version={version}", body)

    def clock(self, *move):
        return json.loads(self.server.call("clock", *move, "--json"))

    def token(self, audience="https://vault.azure.net"):
        return self.server.token_of("web", audience)

    def secret(self, method, path, body=None):
        return self.server.ask(VAULT, method, f"{path}?api-version=7.4", body, self.token())


def read(clock):
    return datetime.datetime.fromisoformat(clock["time"][:26]).replace(tzinfo=datetime.timezone.utc).timestamp()


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def kid(token):
    part = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["kid"]


def near(got, want, what):
    assert abs(got - want) < WAIT_TIMEOUT_S, f"{what}: {got}, not {want}"


def refused(server, *words):
    done = subprocess.run([server.binary, "clock", *words], env=server.env, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def eventually(holds, what):
    until = time.monotonic() + WAIT_TIMEOUT_S
    while not holds():
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.02)


@pytest.fixture(scope="module", name="s")
def stage(server):
    return Stage(server)


def test_r8_the_clock_of_a_server_that_is_not_for_tests_cannot_be_moved(new_server):
    """R8 a server that is not for tests shows its clock and keeps it"""
    plain = new_server("clock-plain")
    plain.start()
    said = json.loads(plain.call("clock", "--json"))
    same((said["ahead_s"], said["test_clock"]), (0, False), "what it says")
    near(read(said), time.time(), "time")
    status, why = refused(plain, "+10m")
    assert status == 1 and "--test-clock" in why, f"{status} {why}"
    same(json.loads(plain.call("clock", "--json"))["ahead_s"], 0, "still")


def test_r8_the_clock_moves_ahead_and_the_moves_add_up(s):
    """R8 the clock moves ahead as far as it is told, and the moves add up"""
    same(s.clock()["ahead_s"], 0, "at first")
    moved = s.clock("+10m")
    same((moved["ahead_s"], moved["test_clock"]), (600, True), "moved")
    near(read(moved), time.time() + 600, "time")
    same(s.clock("+1h30m")["ahead_s"], 6000, "both")
    assert s.server.call("clock").strip().endswith("1h40m ahead of this machine"), "in words"
    same(json.loads(s.server.call("status", "--json"))["time"][:16], s.clock()["time"][:16], "the status tells the same time")


def test_r8_a_malformed_move_of_the_clock_is_refused(s):
    """R8 what is no way ahead moves nothing"""
    before = s.clock()["ahead_s"]
    for word in ("10m", "+", "+10", "+m", "+0s", "+10 m", "+5s1m", "+1.5h", "+-1h", "++1h", "tomorrow", "+99999999999999999999d"):
        status, why = refused(s.server, word)
        assert status == 2 and "amount of time" in why, f"{word}: {status} {why}"
    for words in (("-10m",), ("+1m", "+1m")):
        assert refused(s.server, *words)[0] == 2, words
    for far in ("+3661d", "+200000d", "+106751991167300d"):
        status, why = refused(s.server, far)
        assert status == 1, f"{far}: {status} {why}"
    same(s.clock()["ahead_s"], before, "where it was")


def test_t6_the_endpoint_keeps_a_token_until_it_nears_its_end(s):
    """T6 the endpoint hands out one token until it nears its end, by the clock"""
    first = s.token()
    near(claims(first)["exp"], read(s.clock()) + DAY_S, "good for a day")
    s.clock("+22h")
    assert s.token() == first, "the same token after 22 hours"
    s.clock("+1h55m")
    second = s.token()
    assert second != first, "another one when five minutes are left"
    near(claims(second)["exp"], read(s.clock()) + DAY_S, "good for a day again")
    path = f"{s.group}?api-version=2022-09-01"
    old = s.token("https://management.azure.com/")
    same(s.server.ask(ARM, "GET", path, token=old).status, 200, "a token in time")
    s.clock("+24h6m")
    same(s.server.ask(ARM, "GET", path, token=old).status, 401, "known before, but over")
    same(s.server.ask(ARM, "GET", path, token=s.token("https://management.azure.com/")).status, 200, "a new one")


def test_s1_a_deleted_secret_is_kept_for_its_days_and_purged_after_them(s):
    """S1 a deleted secret is kept for its days and purged after them"""
    same(s.secret("PUT", "/secrets/a", {"value": "LANYARD-SECRET-clock"}).status, 200, "set")
    same(s.secret("DELETE", "/secrets/a").status, 200, "deleted")
    s.clock("+6d23h")
    same(s.secret("GET", "/deletedsecrets/a").status, 200, "kept")
    s.clock("+2h")
    same(s.secret("GET", "/deletedsecrets/a").status, 404, "over")
    eventually(lambda: "what was due is removed" in s.server.log.read_text(), "the housekeeper comes by")
    line = [x for x in s.server.log.read_text().splitlines() if "what was due is removed" in x][-1]
    near(read({"time": line.split()[0]}), read(s.clock()), "the log's own time")
    same(s.secret("PUT", "/secrets/a", {"value": "LANYARD-SECRET-again"}).status, 200, "the name is free")


def test_s1_a_deleted_vault_is_purged_when_its_days_are_over(s):
    """S1 a deleted vault is purged when its days are over"""
    path = f"{s.group}/providers/Microsoft.KeyVault/vaults/gone-vault"
    s.put(path, "2023-07-01", {"location": "westus", "properties": {"tenantId": s.server.facts["tenant"], "sku": {"family": "A", "name": "standard"}, "softDeleteRetentionInDays": 7, "accessPolicies": []}})
    s.server.api("DELETE", f"{path}?api-version=2023-07-01")
    listed = f"/subscriptions/{s.server.facts['subscription']}/providers/Microsoft.KeyVault/deletedVaults?api-version=2023-07-01"
    names = lambda: [vault["name"] for vault in s.server.api("GET", listed)["value"]]  # noqa: E731
    s.clock("+6d23h")
    same(names(), ["gone-vault"], "kept")
    s.clock("+2h")
    eventually(lambda: names() == [], "the vault is purged")


def test_revoked_tokens_are_refused_at_every_service(new_server):
    """tokens that were revoked are refused at every service, also a deleted identity's and after a restart; new ones are signed"""
    s = Stage(new_server("clock-revoke"))
    ask = lambda token: s.server.ask(VAULT, "GET", "/secrets?api-version=7.4", token=token)  # noqa: E731
    manage = lambda token: s.server.ask(ARM, "GET", f"{s.group}?api-version=2022-09-01", token=token)  # noqa: E731
    vault, arm = s.token(), s.token("https://management.azure.com/")
    same((ask(vault).status, manage(arm).status), (200, 200), "before")
    same(s.token(), vault, "the endpoint keeps it")
    s.server.call("identity", "revoke", "web")
    same((ask(vault).status, manage(arm).status), (401, 401), "refused by both services")
    fresh = s.token()
    assert fresh != vault, "signed anew"
    same((ask(fresh).status, manage(s.token("https://management.azure.com/")).status), (200, 200), "the new ones, in the same second")
    same(s.token(), fresh, "and they are kept")
    s.server.stop()
    s.server.start("--test-clock")
    same((ask(vault).status, ask(fresh).status), (401, 200), "after a restart")

    identity = f"{s.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/keeper"
    made = s.put(identity, "2023-01-31", {"location": "westus"})["properties"]["principalId"]
    other = f"{s.group}/providers/Microsoft.Compute/virtualMachines/other"
    s.put(other, "2024-07-01", {"location": "westus", "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}, "properties": {}})
    s.put(
        f"{s.group}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-000000000009",
        "2022-04-01",
        {"properties": {"roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{READER}", "principalId": made}},
    )
    arm = s.server.token_of("other", "https://management.azure.com/")
    same(manage(arm).status, 200, "by the identity's role")
    s.server.api("POST", f"{identity}/revokeTokens?api-version=2024-11-30")
    same(manage(arm).status, 401, "revoked at the management API")
    arm = s.server.token_of("other", "https://management.azure.com/")
    same(manage(arm).status, 200, "a new one")
    s.server.api("DELETE", f"{identity}?api-version=2023-01-31")
    same(manage(arm).status, 200, "the identity is gone, its token lives")
    s.server.call("identity", "revoke", made)
    same(manage(arm).status, 401, "until it is revoked")


def test_o1_the_log_goes_on_behind_what_was_written_under_a_later_clock(new_server):
    """O1: after a restart, which sets the clock back, records stand behind those that are there, and none goes before its time"""
    server = new_server("clock-back")
    server.start("--test-clock")

    def make(*names):
        for name in names:
            server.api("PUT", f"/subscriptions/{server.facts['subscription']}/resourceGroups/{name}?api-version=2021-04-01", {"location": "westus"})

    def groups():
        return [r["authorization"]["scope"].split("/")[-1] for r in server.records("activity") if "/resourceGroups/" in r["authorization"]["scope"]]

    make("old")
    server.call("clock", "+80d") # too little for any record to go yet
    make("ahead")
    server.stop()
    server.start("--test-clock")
    make("back", "back2", "back3")
    same(groups(), ["old", "ahead", "back", "back2", "back3"], "in the order in which they were written")
    server.call("clock", "+100d")
    make("fresh")
    until = time.monotonic() + WAIT_TIMEOUT_S
    while "old" in groups() and time.monotonic() < until:
        time.sleep(0.05)
    same(groups(), ["ahead", "back", "back2", "back3", "fresh"], "what is not too old")


def test_t8_signing_keys_turn_by_age(new_server):
    """T8 signing keys turn by age: published before they sign, kept after, the same after a restart"""
    s = Stage(new_server("clock-keys"))
    login, path = "login.microsoftonline.com", f"{s.group}?api-version=2022-09-01"
    keys = lambda: [key["kid"] for key in s.server.ask(login, "GET", f"/{s.server.facts['tenant']}/discovery/v2.0/keys").json.get("keys", [])]  # noqa: E731
    token = lambda: s.token("https://management.azure.com/")  # noqa: E731
    taken = lambda it: same(s.server.ask(ARM, "GET", path, token=it).status, 200, "the token")  # noqa: E731
    eventually(lambda: len(keys()) == 2, "a first start's keys are made after it serves")
    before = keys()
    s.clock("+44d23h")
    old = token()
    same((keys(), kid(old)), (before, before[0]), "not old enough")
    s.clock("+2h")
    eventually(lambda: len(keys()) == 3, "a rotation, and then a fresh key")
    after = keys()
    same((after[0], after[2]), (before[1], before[0]), "the next signs, the one before is kept")
    assert after[1] not in before, "a fresh next one"
    taken(old)
    s.clock("+21h30m")
    eventually(lambda: token() != old, "a renewal")
    fresh = token()
    same((kid(fresh), kid(old)), (after[0], before[0]), "each by its own key")
    taken(fresh), taken(old)
    assert s.server.stop(), "it stops cleanly"
    s.server.start("--test-clock")
    same(keys(), after, "after a restart")
    same(kid(token()), after[0], "and its key")

