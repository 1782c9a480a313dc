"""Changes that take their time, as in the cloud: every figure is met on a clock that the test moves."""
import json
import pathlib
import subprocess
import time
import uuid

import pytest

from lanyard import same

ARM, VAULT = "management.azure.com", "{}.vault.azure.net"
VAULT_AUDIENCE = "https://vault.azure.net"
AUTHZ = "providers/Microsoft.Authorization"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
WAIT_LOOKS_MAX = 200
SLACK_S = 30  # that a slow machine may take from a change to the last look before its time
TOKEN_USE_S = 20 * 3600  # of a test's own cache of tokens


class Stage:
    """A server with a vault that a chief fills, and as many machines as a test asks for."""

    def __init__(self, server, name, *options):
        self.server = server
        self.server.start("--test-clock", *options)
        self.passed_s = 0  # by the clock
        self.ids, self.tokens, self.fresh_s = {}, {}, 0
        self.subscription = f"/subscriptions/{self.server.facts['subscription']}"
        self.rg = f"{self.subscription}/resourceGroups/rg"
        self.put(self.rg, "2022-09-01", {"location": "westus"})
        self.vault_host = VAULT.format(f"prop-{name}")
        self.vault = f"{self.rg}/providers/Microsoft.KeyVault/vaults/prop-{name}"
        properties = {"tenantId": self.server.facts["tenant"], "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
        self.put(self.vault, "2023-07-01", {"location": "westus", "properties": properties})
        self.machine("chief")
        self.assign(SECRETS_OFFICER, self.vault, "chief")
        self.move(3600)
        same(self.secret("chief", "PUT", {"value": "LANYARD-SECRET-propagation"}), 200, "the secret is set")

    def put(self, path, version, body):
        return self.server.api("PUT", f"{path}?api-version={version}", body)

    def machine(self, name):
        made = self.put(f"{self.rg}/providers/Microsoft.Compute/virtualMachines/{name}", "2024-07-01", {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}})
        self.ids[name] = made["identity"]["principalId"]
        return name

    def assign(self, role, scope, who, name=None, kind="ServicePrincipal"):
        properties = {"roleDefinitionId": f"/{AUTHZ}/roleDefinitions/{role}", "principalId": self.ids.get(who, who), "principalType": kind}
        return self.put(f"{scope}/{AUTHZ}/roleAssignments/{name or uuid.uuid4()}", "2022-04-01", {"properties": properties})["id"]

    def drop(self, assignment):
        self.server.api("DELETE", f"{assignment}?api-version=2022-04-01")

    def status(self, method, path):
        command = [self.server.binary, "api", "--include", method, f"{path}?api-version=2022-04-01"]
        return int(subprocess.run(command, env=self.server.env, capture_output=True, text=True, check=False).stdout.split()[1])

    def listed(self, assignment):
        names = [x["id"].lower() for x in self.server.api("GET", f"{self.subscription}/{AUTHZ}/roleAssignments?api-version=2022-04-01")["value"]]
        return assignment.lower() in names

    def move(self, by_s):
        self.server.call("clock", f"+{by_s}s")
        self.passed_s += by_s
        if self.passed_s - self.fresh_s > TOKEN_USE_S:
            self.tokens, self.fresh_s = {}, self.passed_s

    def token(self, who, audience):
        if (who, audience) not in self.tokens:
            self.tokens[who, audience] = self.server.token_of(who, audience)
        return self.tokens[who, audience]

    def secret(self, who, method="GET", body=None):
        return self.server.ask(self.vault_host, method, "/secrets/a?api-version=7.4", body, self.token(who, VAULT_AUDIENCE)).status

    def secret_with(self, token):
        return self.server.ask(self.vault_host, "GET", "/secrets/a?api-version=7.4", None, token).status

    def why(self, token):
        """The reason of a refusal, as `lanyard why` tells it by the refusal's id."""
        answer = self.server.ask(self.vault_host, "GET", "/secrets/a?api-version=7.4", None, token)
        same(answer.status, 403, "refused")
        command = [self.server.binary, "why", answer.headers["x-lanyard-denial"], "--json"]
        for _ in range(WAIT_LOOKS_MAX):  # its record is written behind the answer
            told = subprocess.run(command, env=self.server.env, capture_output=True, text=True, check=False).stdout
            if told:
                return told
            time.sleep(0.02)
        raise AssertionError("the refusal is not explained")

    def endpoint(self, who):
        """The token that the endpoint hands out now, which may be one that it has kept."""
        return self.server.token_of(who, VAULT_AUDIENCE)

    def new_token(self, who, old):
        for _ in range(WAIT_LOOKS_MAX):  # a token is renewed behind the back of who asks
            fresh = self.endpoint(who)
            if fresh != old:
                return fresh
            time.sleep(0.02)
        raise AssertionError("the endpoint never renewed the token")

    def crew(self, name):
        """A group whose members may read the secret, after a while."""
        made = self.server.api("POST", "/v1.0/groups", {"displayName": name, "mailEnabled": False, "mailNickname": name, "securityEnabled": True})
        self.assign(SECRETS_USER, self.vault, made["id"], kind="Group")
        self.move(600)
        return made["id"]

    def join(self, group, who):
        self.server.api("POST", f"/v1.0/groups/{group}/members/$ref", {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{self.ids.get(who, who)}"})
        self.move(2)  # a token tells its issue by the second

    def leave(self, group, who):
        self.server.api("DELETE", f"/v1.0/groups/{group}/members/{self.ids.get(who, who)}/$ref")
        self.move(2)

    def members(self, group):
        direct, all_of_them = ([x["id"] for x in self.server.api("GET", f"/v1.0/groups/{group}/{kind}")["value"]] for kind in ("members", "transitiveMembers"))
        assert set(direct) <= set(all_of_them), "the lists agree"
        return direct

    def group(self, who):
        return self.server.ask(ARM, "GET", f"{self.rg}?api-version=2022-09-01", token=self.token(who, "https://management.azure.com/")).status

    def changes_after(self, ask, before, after, figure_s, what):
        """What a client with bounded retries sees: `before` until the very figure, then `after`. The requests take time of their own."""
        for early_s in (0, figure_s // 2, figure_s - figure_s // 2 - SLACK_S):
            self.move(early_s) if early_s else None
            same(ask(), before, f"{what}: before its time")
        self.move(SLACK_S)
        same(ask(), after, f"{what}: after {figure_s} s")


@pytest.fixture(scope="module")
def instant(new_server):
    return Stage(new_server("propagation-instant"), "instant")


@pytest.fixture(scope="module")
def cloud(new_server):
    return Stage(new_server("propagation-cloud"), "cloud", "--propagation", "cloud")


@pytest.fixture(scope="module")
def own(new_server, tmp_path_factory):
    figures = tmp_path_factory.mktemp("own") / "figures.json"
    figures.write_text('{"roleAssignment": 90, "groupMembership": 120}')
    return Stage(new_server("propagation-own"), "own", "--propagation", str(figures))


def test_r8_instant_an_assignment_and_its_removal_count_at_once(instant):
    """R8 instant: a role assignment counts at once, and so does its removal"""
    instant.machine("fast")
    same(instant.secret("fast"), 403, "before")
    made = instant.assign(SECRETS_USER, instant.vault, "fast")
    same(instant.secret("fast"), 200, "at once")
    instant.drop(made)
    same(instant.secret("fast"), 403, "at once again")
    same(json.loads(instant.server.call("status", "--json"))["propagation"], "instant", "the status")


def test_r8_cloud_an_assignment_counts_after_ten_minutes(cloud):
    """R8 cloud: a role assignment is listed at once and counts after ten minutes, at both planes"""
    cloud.machine("web")
    made = cloud.assign(SECRETS_USER, cloud.vault, "web")
    cloud.assign(READER, cloud.rg, "web")
    assert cloud.listed(made), "listed"
    same(cloud.group("web"), 403, "not yet for the management plane")
    told = cloud.why(cloud.token("web", VAULT_AUDIENCE))
    assert '"NotYetCounting"' in told and "it counts from" in told, told
    cloud.changes_after(lambda: cloud.secret("web"), 403, 200, 600, "a grant")
    same(cloud.group("web"), 200, "for the management plane too")
    same(json.loads(cloud.server.call("status", "--json"))["propagation"], "cloud", "the status")


def test_r8_cloud_a_removed_assignment_grants_for_ten_minutes(cloud):
    """R8 cloud: a removed role assignment is listed no more and grants for ten minutes"""
    cloud.machine("leaver")
    made = cloud.assign(SECRETS_USER, cloud.vault, "leaver")
    cloud.move(600)
    same(cloud.secret("leaver"), 200, "it counts")
    cloud.drop(made)
    assert not cloud.listed(made), "listed no more"
    same(cloud.status("GET", made), 404, "nor found")
    same(cloud.status("DELETE", made), 204, "nor removed again")
    cloud.changes_after(lambda: cloud.secret("leaver"), 200, 403, 600, "a removal")


def test_r8_cloud_an_assignment_removed_early_never_counts(cloud):
    """R8 cloud: an assignment that is removed before it counts never does"""
    cloud.machine("never")
    cloud.drop(cloud.assign(SECRETS_USER, cloud.vault, "never"))
    for _ in range(4):
        same(cloud.secret("never"), 403, "not yet, and not later")
        cloud.move(300)


def test_r8_cloud_an_assignment_made_again_under_its_id(cloud):
    """R8 cloud: what is made again under its id goes on; another grant under that id begins anew"""
    cloud.machine("back"), cloud.machine("heir")
    name = str(uuid.uuid4())
    made = cloud.assign(SECRETS_USER, cloud.vault, "back", name)
    cloud.move(600)
    cloud.drop(made)
    cloud.move(300)
    same(cloud.assign(SECRETS_USER, cloud.vault, "back", name), made, "made again")
    for _ in range(4):
        same(cloud.secret("back"), 200, "without a break")
        cloud.move(300)
    cloud.drop(made)
    cloud.assign(SECRETS_USER, cloud.vault, "heir", name)
    same(cloud.secret("back"), 403, "its id is taken")
    cloud.changes_after(lambda: cloud.secret("heir"), 403, 200, 600, "the heir's grant")


def test_r8_cloud_a_lingering_grant_survives_a_restart(cloud):
    """R8 cloud: a lingering grant survives a restart and ends in its time"""
    cloud.machine("leaver2")
    made = cloud.assign(SECRETS_USER, cloud.vault, "leaver2")
    cloud.move(600)
    cloud.drop(made)
    ahead = json.loads(cloud.server.call("clock", "--json"))["ahead_s"]
    assert cloud.server.stop(), "it stops cleanly"
    cloud.server.start("--test-clock", "--propagation", "cloud")
    cloud.server.call("clock", f"+{ahead}s")  # a restart has set it right
    assert not cloud.listed(made), "still listed no more"
    cloud.changes_after(lambda: cloud.secret("leaver2"), 200, 403, 600, "a removal")


def test_r8_cloud_a_lingering_grant_goes_with_its_scope(cloud):
    """R8 cloud: a lingering grant goes with its scope: what is made anew under the name is another"""
    cloud.machine("ghost")
    rg = f"{cloud.subscription}/resourceGroups/haunted"
    look = lambda: cloud.server.ask(ARM, "GET", f"{rg}?api-version=2022-09-01", token=cloud.token("ghost", "https://management.azure.com/")).status  # noqa: E731
    cloud.put(rg, "2022-09-01", {"location": "westus"})
    made = cloud.assign(READER, rg, "ghost")
    cloud.move(600)
    cloud.drop(made)
    same(look(), 200, "it lingers")
    cloud.server.api("DELETE", f"{rg}?api-version=2022-09-01")
    cloud.put(rg, "2022-09-01", {"location": "westus"})
    same(look(), 403, "a new group")


def test_r8_cloud_a_data_role_at_a_management_group_lingers(cloud):
    """R8 cloud: a data role at a management group lingers for half a day"""
    cloud.machine("faller")
    root = f"/providers/Microsoft.Management/managementGroups/{cloud.server.facts['tenant']}"
    made = cloud.assign(SECRETS_USER, root, "faller")
    cloud.move(12 * 3600)
    same(cloud.secret("faller"), 200, "it counts")
    cloud.drop(made)
    cloud.changes_after(lambda: cloud.secret("faller"), 200, 403, 12 * 3600, "a removal")


def test_r8_cloud_a_data_role_at_a_management_group_is_delayed(cloud):
    """R8 cloud: a role with data actions at a management group takes half a day, one without ten minutes"""
    cloud.machine("above")
    root = f"/providers/Microsoft.Management/managementGroups/{cloud.server.facts['tenant']}"
    cloud.assign(READER, root, "above")
    cloud.changes_after(lambda: cloud.group("above"), 403, 200, 600, "Reader")
    cloud.assign(SECRETS_USER, root, "above")
    cloud.changes_after(lambda: cloud.secret("above"), 403, 200, 12 * 3600, "Key Vault Secrets User")


def test_r8_cloud_a_new_principal_is_not_found_for_a_minute(cloud):
    """R8 cloud: a new principal is not found for a minute, unless its type is given"""
    cloud.machine("newborn")
    properties = {"roleDefinitionId": f"/{AUTHZ}/roleDefinitions/{READER}", "principalId": cloud.ids["newborn"]}

    def assign(scope, **more):
        path = f"{scope}/{AUTHZ}/roleAssignments/{uuid.uuid4()}?api-version=2022-04-01"
        done = subprocess.run([cloud.server.binary, "api", "PUT", path, "-"], env=cloud.server.env, input=json.dumps({"properties": {**properties, **more}}), capture_output=True, text=True, check=False)
        said = json.loads(done.stdout)
        return said["error"]["code"] if "error" in said else "made"

    same(assign(cloud.rg), "PrincipalNotFound", "at once")
    same(assign(cloud.vault, principalType="ServicePrincipal"), "made", "with its type")
    cloud.move(60 - SLACK_S)
    same(assign(cloud.rg), "PrincipalNotFound", "too early")
    cloud.move(SLACK_S)
    same(assign(cloud.rg), "made", "after a minute")


def test_r5_r8_instant_joining_a_group_counts_at_once(instant):
    """R5 R8 instant: who joins a group has its grants at once, with the token at hand, and loses them so"""
    crew = instant.crew("crew")
    token = instant.endpoint(instant.machine("sailor"))
    same(instant.secret_with(token), 403, "no member")
    instant.join(crew, "sailor")
    same(instant.secret_with(token), 200, "a member")
    instant.leave(crew, "sailor")
    same(instant.secret_with(token), 403, "no member any more")


def test_r5_r8_t6_cloud_joining_a_group_counts_with_a_new_token(cloud):
    """R5 R8 T6 cloud: who joins a group waits for a new token, which the endpoint makes after a day"""
    crew = cloud.crew("crew")
    old = cloud.endpoint(cloud.machine("sailor"))
    cloud.move(2)
    cloud.join(crew, "sailor")
    same(cloud.members(crew), [cloud.ids["sailor"]], "listed at once")
    for hours in (0, 12, 10):
        cloud.move(hours * 3600) if hours else None
        assert cloud.endpoint("sailor") == old, "the endpoint keeps its token"
        same(cloud.secret_with(old), 403, f"{hours} hours later")
    cloud.move(5400)
    fresh = cloud.new_token("sailor", old)
    same((cloud.secret_with(fresh), cloud.secret_with(old)), (200, 403), "a new token has the group, the old one never will")
    told = cloud.why(old)
    assert '"MembershipNotYetCounting"' in told and "a new token has it" in told, told


def test_r5_r8_t6_cloud_leaving_a_group_counts_with_a_new_token(cloud):
    """R5 R8 T6 cloud: who leaves a group keeps its grants as long as the token lives, over a restart too"""
    crew, inner = cloud.crew("leavers"), cloud.crew("inner")
    cloud.machine("deserter")
    cloud.join(inner, "deserter"), cloud.join(crew, inner)
    same(cloud.members(crew), [inner], "a group in a group")
    cloud.drop([x["id"] for x in cloud.server.api("GET", f"{cloud.subscription}/{AUTHZ}/roleAssignments?$filter=principalId eq '{inner}'&api-version=2022-04-01".replace(" ", "%20"))["value"]][0])
    cloud.move(600)
    old = cloud.endpoint("deserter")
    cloud.move(2)
    same(cloud.secret_with(old), 200, "through the other group")
    cloud.leave(crew, inner)
    same(cloud.members(crew), [], "listed no more")
    ahead = json.loads(cloud.server.call("clock", "--json"))["ahead_s"]
    assert cloud.server.stop(), "it stops cleanly"
    cloud.server.start("--test-clock", "--propagation", "cloud")
    cloud.server.call("clock", f"+{ahead}s")
    same(cloud.members(crew), [], "still not")
    fresh = cloud.endpoint("deserter")
    assert fresh != old, "a restart has forgotten its tokens"
    for hours in (0, 12, 11):
        cloud.move(hours * 3600) if hours else None
        same((cloud.secret_with(old), cloud.secret_with(fresh)), (200, 403), f"{hours} hours later")
    cloud.join(crew, inner)
    same(cloud.secret_with(fresh), 403, "back again, which waits too")
    cloud.move(3600 + 600)
    same(cloud.secret_with(old), 401, "the end of it")


def test_r5_r8_own_figures_of_a_membership(own):
    """R5 R8 own figures: a membership that takes its time, with the token at hand"""
    crew = own.crew("crew")
    token = own.endpoint(own.machine("sailor"))
    own.server.api("POST", f"/v1.0/groups/{crew}/members/$ref", {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{own.ids['sailor']}"})
    own.changes_after(lambda: own.secret_with(token), 403, 200, 120, "joining")
    own.server.api("DELETE", f"/v1.0/groups/{crew}/members/{own.ids['sailor']}/$ref")
    same(own.members(crew), [], "listed no more")
    own.changes_after(lambda: own.secret_with(token), 200, 403, 120, "leaving")


def test_r8_own_figures_of_a_grant(own):
    """R8 own figures: what the file says, and what it leaves out at once"""
    own.machine("quick")
    same(json.loads(own.server.call("status", "--json"))["propagation"], "own", "the status")
    made = own.assign(SECRETS_USER, own.vault, "quick")
    own.changes_after(lambda: own.secret("quick"), 403, 200, 90, "a grant")
    own.drop(made)
    same(own.secret("quick"), 403, "no figure for the removal")


def test_r8_malformed_figures_stop_the_start(own):
    """R8 figures that are none stop the start, and the words say which there are"""
    home = pathlib.Path(own.server.home)
    for text, words in (('{"lunch": 1}', "roleAssignment, roleRemoval"), ('{"roleAssignment": -1}', "roleAssignment must be"), ("[]", "object"), ("{", "Line 1")):
        (home / "bad.json").write_text(text)
        done = subprocess.run([own.server.binary, "up", "--port", "0", "--data", f"{home}/other", "--propagation", f"{home}/bad.json"], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode and words in done.stderr, f"{text}: {done.returncode} {done.stderr}"
    done = subprocess.run([own.server.binary, "up", "--port", "0", "--data", f"{home}/other", "--propagation", "clouds"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode and "clouds" in done.stderr, done.stderr
