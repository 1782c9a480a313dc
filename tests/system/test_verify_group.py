"""`lanyard verify`: each identity of a group gets a token at its resource's endpoint and reaches what its roles allow (D2)."""
import json
import os
import pty
import subprocess

import pytest

from lanyard import same


class Shop:
    """A vault with a secret, and sources of several platforms."""

    def __init__(self, server):
        self.server = server
        for line in ("group shop", "vm web --identity system", "app verify-front --identity system", "slot verify-front/next --identity system",
                     "container-app jobs --identity system", "identity shared", "vault verify-shop", "Microsoft.Portal/consoles con --identity system",
                     "Microsoft.MachineLearningServices/workspaces lab --identity system",
                     "storage verifyshop"):
            server.call("create", *line.split())
        server.call("attach", "shared", "web")
        self.vault = json.loads(server.call("show", "verify-shop", "--json"))["id"]
        self.secret("db")

    def secret(self, name):
        self.server.api("PUT", f"{self.vault}/secrets/{name}?api-version=2023-07-01", {"properties": {"value": "LANYARD-SECRET-verify"}})

    def verify(self, *options):
        """Exit status and findings."""
        done = subprocess.run([self.server.binary, "verify", "shop", "--json", *options], env=self.server.env, capture_output=True, text=True, check=False)
        assert "LANYARD-SECRET" not in done.stdout + done.stderr
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    def of(self, source, identity, *options):
        status, found = self.verify(*options)
        return status, [each for each in found if (each["source"], each["identity"]) == (source, identity)]


@pytest.fixture(scope="module", name="shop")
def made_shop(server):
    server.start()
    return Shop(server)


def test_d2_an_identity_without_a_role_is_told(shop):
    """D2 every source gets a token at its own kind of endpoint, and has no role yet"""
    status, found = shop.verify()
    same(status, 0, "nothing failed")
    same({(each["source"], each["identity"], each["endpoint"], each["result"], each["status"]) for each in found},
         {("web", "system", "the metadata endpoint", "no role", 200), ("web", "shared", "the metadata endpoint", "no role", 200),
          ("verify-front", "system", "App Service", "no role", 200), ("verify-front/next", "system", "App Service", "no role", 200),
          ("jobs", "system", "App Service", "no role", 200), ("con", "system", "Cloud Shell", "no role", 200),
          ("lab", "system", "Machine Learning", "no role", 200)}, "findings")


def test_d2_each_granted_target_is_asked(shop):
    """D2 a request that the role names goes to each of its targets"""
    shop.server.call("grant", "web", "Key Vault Secrets User", "verify-shop")
    shop.server.call("grant", "web", "Reader", "shop")
    shop.server.call("grant", "shared", "Key Vault Secrets User", "verify-shop/secrets/db")
    shop.server.call("grant", "verify-front", "Key Vault Reader", "subscription")
    shop.server.call("grant", "jobs", "Storage Blob Data Reader", "verifyshop")
    status, found = shop.verify()
    same(status, 0, found)
    asked = {(each["source"], each["identity"], each["target"], each["role"], each["asked"], each["result"], each["status"]) for each in found}
    want = {("web", "system", "verify-shop", "Key Vault Secrets User", "list the secrets", "ok", 200),
            ("web", "system", "verify-shop", "Key Vault Secrets User", "get a secret", "ok", 200),
            ("web", "system", "shop", "Reader", "read it", "ok", 200),
            ("web", "shared", "verify-shop/secrets/db", "Key Vault Secrets User", "get the secret", "ok", 200),
            ("verify-front", "system", "verify-shop", "Key Vault Reader", "list the secrets", "ok", 200),
            ("jobs", "system", "verifyshop", "Storage Blob Data Reader", "a token", "unchecked", 200)}
    assert want <= asked, want - asked
    seen = [each for each in shop.server.records("diagnostic") if "getSecret" in str(each) or "SecretGet" in str(each)]
    assert seen, "the requests are those of a program: they are in the log"


def test_d2_a_refused_target_fails_with_its_cause(shop):
    """D2 a condition that is not true, and an identity that cannot sign in any more"""
    condition = ("((!(ActionMatches{'Microsoft.KeyVault/vaults/secrets/getSecret/action'})) OR "
                 "(@Resource[Microsoft.KeyVault/vaults/secrets:name] StringEquals 'other'))")
    shop.server.call("grant", "con", "Key Vault Secrets User", "verify-shop", "--condition", condition)
    status, found = shop.of("con", "system", "--wait", "0")
    same(status, 1, found)
    failed = [each for each in found if each["result"] == "failed"]
    same([(each["asked"], each["status"]) for each in failed], [("get a secret", 403)], found)
    assert "condition" in failed[0]["why"], failed
    shop.server.call("revoke", "con", "Key Vault Secrets User", "verify-shop")
    shop.server.call("attach", "shared", "con")
    same([each["why"] for each in shop.of("con", "shared")[1]], ["no token: the platform's endpoint knows no user-assigned identity"], "its platform has none")


# R5, R7: what comes through a group, by a role or by a vault's access policy, counts as the identity's own.
def test_d2_groups_and_access_policies_are_tried(shop):
    """D2 R5 R7 a role of a group, and access policies that name the identity or its group"""
    group = json.loads(shop.server.call("api", "POST", "/v1.0/groups", json.dumps({"displayName": "readers", "mailNickname": "readers", "mailEnabled": False, "securityEnabled": True})))["id"]
    app = json.loads(shop.server.call("show", "verify-front/next", "--json"))["identity"]["principalId"]
    lab = json.loads(shop.server.call("show", "lab", "--json"))["identity"]["principalId"]
    shop.server.call("api", "POST", f"/v1.0/groups/{group}/members/$ref", json.dumps({"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{app}"}))
    shop.server.call("grant", group, "Key Vault Secrets User", "verify-shop")
    closed = f"{shop.vault[:shop.vault.rindex('/')]}/verify-policies"
    tenant = json.loads(shop.server.call("status", "--json"))["tenant"]

    def policy(who, *secrets):
        return {"tenantId": tenant, "objectId": who, "permissions": {"secrets": list(secrets)}}

    properties = {"tenantId": tenant, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": False,
                  "accessPolicies": [policy(group, "get"), policy(lab, "list", "set"), {**policy(lab), "permissions": {"keys": ["get"]}}]}
    shop.server.api("PUT", f"{closed}?api-version=2023-07-01", {"location": "westus", "properties": properties})
    _, found = shop.verify()
    same([(each["source"], each["status"]) for each in found if each["result"] == "failed" and each["target"] == "verify-policies"], [("verify-front", 403)],
         "a role does not count there")
    asked = {(each["source"], each["target"], each["role"], each["asked"], each["result"], each["status"]) for each in found}
    want = {("verify-front/next", "verify-shop", "Key Vault Secrets User", "list the secrets", "ok", 200),
            ("verify-front/next", "verify-shop", "Key Vault Secrets User", "get a secret", "ok", 200),
            ("verify-front/next", "verify-policies", "access policy", "get a secret", "ok", 404),
            ("lab", "verify-policies", "access policy", "list the secrets", "ok", 200),
            ("lab", "verify-policies", "access policy", "", "unchecked", 0)}
    assert want <= asked, want - asked
    assert ("lab", "verify-policies", "access policy", "get a secret", "ok", 404) not in asked, "its policy does not say get"
    shop.server.api("DELETE", f"{closed}?api-version=2023-07-01")


def test_d2_a_deleted_identity_fails(shop):
    """D2 a source that carries an identity which is gone gets no token"""
    shop.server.call("create", "identity", "brief")
    shop.server.call("create", "vm", "lost", "--identity", "brief")
    shop.server.call("delete", "brief", "--yes")
    status, found = shop.of("lost", "brief")
    same((status, [each["result"] for each in found]), (1, ["failed"]), found)
    shop.server.call("delete", "lost", "--yes")


def test_d2_a_group_without_identities_says_so(shop):
    """D2 nothing is verified, and that is said"""
    shop.server.call("create", "group", "bare")
    done = subprocess.run([shop.server.binary, "verify", "bare"], env=shop.server.env, capture_output=True, text=True, check=False)
    same((done.returncode, done.stdout), (0, "nothing here carries an identity\n"), done.stderr)


def test_d2_a_group_that_is_not_there_is_no_answer(shop):
    """D2 a wrong name ends with 2"""
    same(subprocess.run([shop.server.binary, "verify", "nowhere"], env=shop.server.env, capture_output=True, check=False).returncode, 2, "status")


def test_d2_a_server_at_another_address_is_verified(new_server):
    """D2 the services are asked where the server listens"""
    for address in ("127.0.0.2", "0.0.0.0"):
        server = new_server(f"verify-at-{address}")
        server.start("--address", address)
        there = Shop(server)
        server.call("grant", "web", "Key Vault Secrets User", "verify-shop")
        status, found = there.of("web", "system")
        same((status, {each["result"] for each in found}), (0, {"ok"}), found)


def test_d2_a_role_that_does_not_count_yet_is_awaited(new_server, tmp_path):
    """D2 R8 while the server says that a role will count, the request is sent again, within a bound"""
    server = new_server("verify-propagation")
    figures = tmp_path / "propagation.json"
    figures.write_text('{"roleAssignment": 3600}')
    server.start("--propagation", str(figures), "--test-clock")
    late = Shop(server)
    server.call("grant", "web", "Key Vault Secrets User", "verify-shop")
    status, found = late.of("web", "system", "--wait", "0")
    same((status, {each["result"] for each in found}), (1, {"failed"}), found)
    assert "counts from" in found[0]["why"], found
    seen, terminal = pty.openpty()
    with subprocess.Popen([server.binary, "verify", "shop", "--wait", "1"], env=server.env, stdout=subprocess.DEVNULL, stderr=terminal) as waits:
        waits.wait()
    os.close(terminal)
    assert "waiting   web, system: list the secrets verify-shop does not count yet (1 s left)" in os.read(seen, 65536).decode(), "for who looks on"
    os.close(seen)
    with subprocess.Popen([server.binary, "verify", "shop", "--json", "--wait", "60"], env=server.env, stdout=subprocess.PIPE, text=True) as waits:
        server.call("clock", "+2h")
        found = [each for each in json.loads(waits.stdout.read()) if (each["source"], each["identity"]) == ("web", "system")]
    same((waits.returncode, {each["result"] for each in found}), (0, {"ok"}), found)
