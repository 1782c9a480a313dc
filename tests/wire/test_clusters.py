"""Kubernetes clusters: their issuers, and the file with a service account's token, exchanged for tokens of an identity (T7, F2).

Source: https://azure.github.io/azure-workload-identity/docs/
"""
import json
import os
import pathlib
import stat
import time
import urllib.parse

import jwt
import pytest

from issuer import EXCHANGE
from lanyard import need_sandbox, same
from workload import Sources, Workload, claims

LOGIN = "login.microsoftonline.com"
VAULT = "https://vault.azure.net"
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLUSTERS = "Microsoft.ContainerService/managedClusters"
CREDENTIALS = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
WAIT_S = 20


class Stage(Sources):
    """Two clusters, and an identity that trusts one service account of the first."""

    def __init__(self, server):
        server.start("--test-clock")
        super().__init__(server)
        self.tenant = server.facts["tenant"]
        self.prod, self.other = (self.cluster(name) for name in ("prod", "other"))
        self.identity = self.new_identity("front")
        self.trust("front", self.prod, "web", "front")

    new_identity = Sources.identity

    def cluster(self, name, **profile):
        body = {"location": "westus", "properties": {"oidcIssuerProfile": profile} if profile else {}}
        return self.server.api("PUT", self.path(CLUSTERS, name), body)["properties"]["oidcIssuerProfile"].get("issuerURL")

    def trust(self, identity, issuer, namespace, name):
        properties = {"issuer": issuer, "subject": f"system:serviceaccount:{namespace}:{name}", "audiences": [EXCHANGE]}
        self.server.api("PUT", self.path(CREDENTIALS, f"{identity}/{namespace}-{name}"), {"properties": properties})

    def env(self, cluster, account="web/front"):
        return json.loads(self.server.call("env", cluster, "--service-account", account, "--json"))

    def file_token(self, cluster, account="web/front"):
        return pathlib.Path(self.env(cluster, account)["AZURE_FEDERATED_TOKEN_FILE"]).read_text(encoding="ascii")

    def exchange(self, assertion, client=None):
        form = {"grant_type": "client_credentials", "client_id": client or self.identity["clientId"], "client_assertion_type": BEARER,
                "client_assertion": assertion, "scope": f"{VAULT}/.default"}
        return self.server.ask(LOGIN, "POST", f"/{self.tenant}/oauth2/v2.0/token", urllib.parse.urlencode(form),
                               headers={"Content-Type": "application/x-www-form-urlencoded"})

    def refused(self, code, assertion, client=None):
        __tracebackhide__ = True
        answer = self.exchange(assertion, client)
        same((answer.status, answer.json.get("error_codes")), (401, [code]), answer.text)

    def fetch(self, url):
        parts = urllib.parse.urlsplit(url)
        return self.server.ask(parts.hostname, "GET", parts.path)


@pytest.fixture(scope="module", name="s")
def stage(server):
    return Stage(server)


def until(condition, what):
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_t7_a_cluster_is_an_issuer_that_any_verifier_can_check(s):
    """T7 a cluster's issuer has a discovery document and keys, by which a service account's token verifies"""
    assert s.prod.startswith("https://westus.oic.prod-aks.azure.com/") and s.prod.endswith("/") and s.prod != s.other
    document = s.fetch(f"{s.prod}.well-known/openid-configuration").json
    same((document["issuer"], document["id_token_signing_alg_values_supported"]), (s.prod, ["RS256"]), "the document")
    until(lambda: s.fetch(document["jwks_uri"]).status == 200, "the first key")
    keys = jwt.PyJWKSet.from_dict(s.fetch(document["jwks_uri"]).json)
    token = s.file_token("prod")
    key = next(each.key for each in keys.keys if each.key_id == jwt.get_unverified_header(token)["kid"])
    read = jwt.decode(token, key, algorithms=["RS256"], audience=EXCHANGE, issuer=s.prod)
    same((read["sub"], read["kubernetes.io"]["namespace"]), ("system:serviceaccount:web:front", "web"), "the account")
    same(read["exp"] - read["iat"], 3600, "an hour")
    for url in (s.prod.replace("westus", "eastus"), s.prod[:-2] + "/", s.prod.replace(s.tenant, "00000000-0000-0000-0000-000000000001")):
        same(s.fetch(f"{url}.well-known/openid-configuration").status, 404, url)
        same(s.fetch(f"{url}openid/v1/jwks").status, 404, url)


def test_t7_a_cluster_without_an_issuer_gives_no_tokens(s):
    """T7 the issuer can be turned off; what a request says of the URL does not count"""
    same(s.cluster("off", enabled=False, issuerURL=s.prod), None, "turned off")
    for act in (lambda: s.env("off"), lambda: s.server.call("run", "--as", "off", "-s", "a/b", "--no-sandbox", "--", "true")):
        with pytest.raises(RuntimeError, match="oidcIssuerProfile.enabled"):
            act()
    made = s.cluster("off", enabled=True, issuerURL=s.prod)
    assert made and made != s.prod, "its own"
    with pytest.raises(RuntimeError, match="InvalidRequestContent"):
        s.cluster("off", enabled=1)


def test_t7_a_program_says_its_service_account(s):
    """T7 in a cluster there is one, and nowhere else"""
    s.resource("Microsoft.Compute/virtualMachines", "vm", True)
    for args, words in ((("env", "prod"), "--service-account"), (("env", "vm", "-s", "a/b"), "is no cluster"), (("env", "prod", "-s", "A/b"), "NAMESPACE/NAME"),
                        (("env", "prod", "-s", "a/../b"), "NAMESPACE/NAME"), (("run", "--as", "prod", "--", "true"), "--service-account")):
        with pytest.raises(RuntimeError, match=words):
            s.server.call(*args)


def test_t7_env_prints_what_the_webhook_sets(s):
    """T7 the variables of a cluster's webhook, the same when they are asked for again, and others for another account"""
    env = s.env("prod")
    same({k: v for k, v in env.items() if k != "AZURE_FEDERATED_TOKEN_FILE"},
         {"AZURE_CLIENT_ID": s.identity["clientId"], "AZURE_TENANT_ID": s.tenant, "AZURE_AUTHORITY_HOST": f"https://localhost:{s.server.facts['https_port']}/"}, "all")
    same(s.env("prod"), env, "again")
    stranger = s.env("prod", "web/other")
    assert "AZURE_CLIENT_ID" not in stranger, "nobody trusts it"
    assert stranger["AZURE_FEDERATED_TOKEN_FILE"] != env["AZURE_FEDERATED_TOKEN_FILE"]


def test_t7_only_the_user_reads_the_file(s):
    """T7 another user's process cannot read the token"""
    path = pathlib.Path(s.env("prod")["AZURE_FEDERATED_TOKEN_FILE"])
    for place, mode in ((path, 0o400), (path.parent, 0o700), (path.parent.parent, 0o700)):
        found = place.stat()
        same((stat.S_IMODE(found.st_mode), found.st_uid), (mode, os.geteuid()), str(place))
    same([each.name for each in path.parent.iterdir()], ["azure-identity-token"], "nothing else is there")


def test_f2_the_file_s_token_is_exchanged_for_the_identity_s(s):
    """F2 the identity that trusts the service account gets a token, and the sign-in is recorded"""
    answer = s.exchange(s.file_token("prod"))
    same(answer.status, 200, answer.text)
    same(claims(answer.json["access_token"])["oid"], s.identity["principalId"], "whose")
    record = s.server.records("signin")[-1]
    same((record["status"]["errorCode"], record["appId"] if "appId" in record else s.identity["clientId"]), (0, s.identity["clientId"]), "recorded")


def test_f2_near_misses_are_refused(s):
    """F2 another account, another cluster, another identity, a token that was changed, one signed by nobody's key"""
    good = s.file_token("prod")
    head, body, signature = good.split(".")
    s.refused(700213, s.file_token("prod", "web/other"))
    s.refused(700213, s.file_token("prod", "webx/front"))
    s.refused(700211, s.file_token("other"))
    s.refused(70025, good, s.new_identity("nobody")["clientId"])
    forged = jwt.encode(jwt.decode(s.file_token("other"), options={"verify_signature": False}) | {"iss": s.prod}, "x" * 64, algorithm="HS256")
    s.refused(50027, forged)
    other = s.file_token("other").split(".")
    s.refused(700027, ".".join((head, body, other[2])))
    assert signature != other[2]
    same(s.server.ask("management.azure.com", "GET", "/subscriptions?api-version=2022-12-01", token=good).status, 401, "it opens nothing itself")


def test_t7_the_file_is_renewed_before_its_token_ends(s):
    """T7 rotated before its end; the old token is refused after it"""
    path = pathlib.Path(s.env("prod")["AZURE_FEDERATED_TOKEN_FILE"])
    first = path.read_text(encoding="ascii")
    s.server.call("clock", "+40m")
    time.sleep(1.5)
    same(path.read_text(encoding="ascii"), first, "not due yet")
    s.server.call("clock", "+10m")
    until(lambda: path.read_text(encoding="ascii") != first, "renewed")
    second = path.read_text(encoding="ascii")
    same(s.exchange(second).status, 200, "the new one")
    same(s.exchange(first).status, 200, "the old one still counts")
    s.server.call("clock", "+20m")
    s.refused(700024, first)


def test_i3_a_cluster_made_anew_is_another_issuer(s):
    """I3 what trusted the cluster that was there trusts no other of its name, and its file goes"""
    url = s.cluster("short")
    s.trust("front", url, "web", "short")
    path = pathlib.Path(s.env("short", "web/short")["AZURE_FEDERATED_TOKEN_FILE"])
    token = path.read_text(encoding="ascii")
    same(s.exchange(token).status, 200, "while it is there")
    s.remove(CLUSTERS, "short")
    s.refused(50166, token)
    until(lambda: not path.exists(), "the file goes")
    assert s.cluster("short") != url
    s.refused(50166, token)
    s.refused(700211, s.file_token("short", "web/short"))


def test_t7_in_the_sandbox_the_file_lies_where_the_webhook_puts_it(s):
    """T7 in the sandbox, and the program's own user alone reads it"""
    need_sandbox(s.server)
    with Workload(s.server, "prod", "--service-account", "web/front") as workload:
        env = workload.environment
        same((env["AZURE_FEDERATED_TOKEN_FILE"], env["AZURE_AUTHORITY_HOST"], env["AZURE_CLIENT_ID"]),
             ("/var/run/secrets/azure/tokens/azure-identity-token", f"https://{LOGIN}/", s.identity["clientId"]), "the variables")
        found = workload.read(env["AZURE_FEDERATED_TOKEN_FILE"])
        same((found["mode"], found["uid"]), (0o400, os.geteuid()), "mode and owner")
        answer = s.exchange(found["text"])
        same(answer.status, 200, answer.text)


def test_t7_on_the_host_the_file_goes_with_the_program(s):
    """T7 without a sandbox the file lasts as long as the program"""
    shown = s.server.call("run", "--no-sandbox", "--as", "prod", "--service-account", "web/front", "--", "sh", "-c",
                          'echo "$AZURE_FEDERATED_TOKEN_FILE"; cat "$AZURE_FEDERATED_TOKEN_FILE"').split("\n", 1)
    same(s.exchange(shown[1]).status, 200, "exchanged")
    until(lambda: not pathlib.Path(shown[0]).parent.exists(), "the directory goes")
