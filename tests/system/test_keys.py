"""`lanyard keys`: the keys that sign tokens are listed and rotated, and no verifier fails for it (T8)."""
import datetime
import json
import os
import subprocess
import time

import jwt
import pytest

from lanyard import need_sandbox, same
from workload import Sources

LOGIN = "login.microsoftonline.com"
MANAGEMENT = "https://management.azure.com/"
WAIT_TIMEOUT_S = 60  # for a key that is made beside other work
ROTATIONS = int(os.environ.get("LANYARD_ROTATIONS", "6"))  # a second apart; after some sixty the ring is full
VERIFIERS_TIMEOUT_S = 120
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
DAY = datetime.timedelta(days=1)


def listed(server):
    return json.loads(server.call("keys", "list", "--json"))["value"]


def kids(server, *states):
    return [key["kid"] for key in listed(server) if key["state"] in states]


def published(server, path):
    return [key["kid"] for key in server.ask(LOGIN, "GET", f"/{server.facts['tenant']}/discovery/{path}").json["keys"]]


def when(text):
    return datetime.datetime.fromisoformat(text[:19])


def eventually(holds, what):
    until = time.monotonic() + WAIT_TIMEOUT_S
    while not holds():
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.05)


def wait_for_next(server):
    eventually(lambda: kids(server, "next"), "the next key is made")


def status_of(server, *words):
    done = subprocess.run([server.binary, "keys", *words], env=server.env, capture_output=True, text=True, check=False)
    return done.returncode


@pytest.fixture(scope="module", name="s")
def stage(server):
    server.start("--test-clock")
    wait_for_next(server)
    Sources(server).resource("Microsoft.Compute/virtualMachines", "web", system=True)
    return server


def test_t8_keys_are_listed(s):
    """T8 one key signs and the next one is published: rows for people, the same as JSON"""
    current, following = listed(s)
    same((current["state"], following["state"]), ("current", "next"), "states")
    same({key["algorithm"] for key in (current, following)}, {"RS256"}, "algorithms")
    same(when(current["until"]) - when(current["since"]), 45 * DAY, "how long it signs")
    titles, *rows = s.call("keys", "list").splitlines()
    same(titles.split(), ["KEY", "STATE", "ALGORITHM", "SINCE", "UNTIL"], "titles")
    same([row.split()[:3] for row in rows], [[key["kid"], key["state"], "RS256"] for key in (current, following)], "rows")
    for path in ("keys", "v2.0/keys"):
        same(published(s, path), [current["kid"], following["kid"]], path)


def test_t8_a_rotation_waits_until_the_next_key_is_known(s):
    """T8 a rotation on demand is planned for when the next key was published for a day, and outlives a restart"""
    current, following = listed(s)
    said = s.call("keys", "rotate")
    assert "--now" in said, said
    planned = json.loads(s.call("keys", "rotate", "--json"))
    same((planned["rotated"], when(planned["at"])), (False, when(following["since"]) + DAY), "the plan")
    same(kids(s, "current"), [current["kid"]], "the same key signs")
    s.stop()
    s.start("--test-clock")
    same([when(key["until"]) for key in listed(s)], [when(planned["at"])] * 2, "the plan after a restart")
    s.call("clock", "+23h")
    same(kids(s, "current"), [current["kid"]], "an hour before")
    s.call("clock", "+1h")
    eventually(lambda: kids(s, "current") == [following["kid"]], "the planned rotation")
    wait_for_next(s)
    same(kids(s, "retired"), [current["kid"]], "the key before is still there")


def test_t8_a_rotation_in_haste_keeps_what_is_in_use(s):
    """T8 --now: the next key signs at once, durably, both key sets hold all keys, tokens from before are accepted"""
    s.call("clock", "+2h")
    before = listed(s)
    old = s.token_of("web", MANAGEMENT)
    done = json.loads(s.call("keys", "rotate", "--now", "--json"))
    same(done["rotated"], True, "done")
    same(kids(s, "current"), [key["kid"] for key in before if key["state"] == "next"], "the next key signs")
    wait_for_next(s)
    path = f"/subscriptions/{s.facts['subscription']}/resourceGroups?api-version=2022-09-01"
    same(s.ask("management.azure.com", "GET", path, token=old).status, 403, "a token from before: its signature is known, it has no role")
    s.stop()
    s.start("--test-clock")
    after = listed(s)
    same(len(after), len(before) + 1, "all that were there, and a fresh one")
    for path in ("keys", "v2.0/keys"):
        same(published(s, path), [key["kid"] for key in after], path)
    assert jwt.get_unverified_header(old)["kid"] in kids(s, "retired")
    same(jwt.get_unverified_header(s.token_of("web", "https://vault.azure.net"))["kid"], kids(s, "current")[0], "who signs")


def test_t8_keys_stay_as_long_as_tokens_of_a_longer_lifetime(s):
    """T8 a start with a shorter lifetime takes no key from tokens that still live"""
    s.stop()
    s.start("--test-clock", "--token-lifetime", str(7 * 86400))
    old = jwt.get_unverified_header(s.token_of("web", "https://storage.azure.com/"))["kid"]
    wait_for_next(s)
    s.call("keys", "rotate", "--now")
    wait_for_next(s)
    s.stop()
    s.start("--test-clock")
    s.call("clock", "+6d")
    wait_for_next(s)
    assert old in kids(s, "retired") and old in published(s, "v2.0/keys"), listed(s)
    s.call("clock", "+3d")
    eventually(lambda: old not in kids(s, "retired"), "the key has ended")


def test_t8_a_rotation_is_in_the_activity_log(s):
    """T8 O1 who rotated the keys is in the activity log"""
    rotations = [each for each in s.records("activity") if each["operationName"]["value"] == "Lanyard/signingKeys/rotate/action"]
    assert len(rotations) == 4, rotations


def test_the_command_line_of_keys_is_checked(s):
    """other verbs, --now with list, and no verb at all are refused"""
    for words in (("forget",), ("list", "--now"), (), ("rotate", "all")):
        same(status_of(s, *words), 2, words)


class Rotating:
    """A server with a vault, and an application and a machine that may read it."""

    def __init__(self, server):
        self.server = server
        server.start()
        wait_for_next(server)
        sources = Sources(server)
        machine = sources.resource("Microsoft.Compute/virtualMachines", "web", system=True)
        app = self.post("applications", {"displayName": "Client"})
        service = self.post("servicePrincipals", {"appId": app["appId"]})
        secret = self.post(f"applications/{app['id']}/addPassword", {"passwordCredential": {"displayName": "ci"}})["secretText"]
        vault = {"tenantId": server.facts["tenant"], "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
        server.api("PUT", f"{sources.group}/providers/Microsoft.KeyVault/vaults/keys-shop?api-version=2023-07-01", {"location": "westus", "properties": vault})
        for number, who in enumerate((machine["principalId"], service["id"])):
            grant = {"roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{SECRETS_USER}", "principalId": who}
            path = f"{sources.group}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-00000000000{number}"
            server.api("PUT", f"{path}?api-version=2022-04-01", {"properties": grant})
        self.facts = {"tenant": server.facts["tenant"], "app": app["appId"], "secret": secret, "vault": "keys-shop"}

    def post(self, path, body):
        return self.server.api("POST", f"/v1.0/{path}", body)

    def verifier(self, *program):
        """It runs as the machine's workload until its standard input ends."""
        process = subprocess.Popen([self.server.binary, "run", "--as", "web", "--", *program], env=self.server.env,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stdin.write(json.dumps(self.facts) + "\n")
        process.stdin.flush()
        return process

    def rotate(self):
        """As soon as the next key is there."""
        wait_for_next(self.server)
        self.server.call("keys", "rotate", "--now")


def test_t8_nobody_sees_a_failure_while_keys_rotate_every_second(new_server):
    """T8 keys rotate every second while clients fetch tokens, and jose, PyJWT and a Key Vault verify each of them"""
    server = new_server("keys-load")
    node = subprocess.run(["tools/setup", "--node"], capture_output=True, text=True, check=True).stdout.strip()
    stage = Rotating(server)
    need_sandbox(server)
    verifiers = {"jose": stage.verifier(node, "tests/sdk/rotation.mjs"), "PyJWT": stage.verifier("/usr/bin/python3", "tests/support/rotation.py")}
    began = time.monotonic()
    for turn in range(ROTATIONS):
        time.sleep(max(0, began + turn + 1 - time.monotonic()))
        stage.rotate()
    signers = kids(server, "current", "retired")
    same(len(signers), ROTATIONS + 1, "keys that signed")
    time.sleep(1)
    for name, process in verifiers.items():
        said, complaints = process.communicate(timeout=VERIFIERS_TIMEOUT_S)
        assert process.returncode == 0, f"{name}: {complaints}"
        told = json.loads(said)
        print(f"# {name}: {told['verified']} tokens by {len(told['kids'])} keys")
        same(told["failures"], [], name)
        assert told["verified"] > ROTATIONS and len(told["kids"]) > 1, f"{name}: {told}"
        assert set(told["kids"]) <= set(signers), name
