"""Federated credentials at the token endpoint (F1, F2): tokens of outside issuers, and of managed identities, in place of a secret."""
import concurrent.futures
import hashlib
import hmac
import http.client
import json
import socket
import time
import urllib.parse
import urllib.request
import uuid

import jwt
import pytest

from issuer import BEHAVIOURS, EXCHANGE, Issuer, Key, segment
from lanyard import same
from workload import Sources

LOGIN = "login.microsoftonline.com"
VAULT = "https://vault.azure.net"
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAIN = "repo:o/r:ref:refs/heads/main"
RETRY = 31  # seconds after which an issuer may be asked again: endpoints/login/issuers.h


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


class Stage:
    """A server, an issuer that it may ask, and an identity that trusts it."""

    def __init__(self, server, issuer):
        self.server, self.issuer, self.ahead = server, issuer, 0
        allowed = [f"--allow-issuer={issuer.url(name)}" for name in ("good", "many", "rotating", *BEHAVIOURS)]
        server.start("--test-clock", "--issuer-ca", issuer.ca, *allowed)
        self.tenant = server.facts["tenant"]
        self.sources = Sources(server)
        self.identity = self.sources.identity("worker")
        self.trust(self.identity, "good", MAIN)

    def now(self):
        return int(time.time()) + self.ahead

    def pass_time(self, seconds):
        self.server.call("clock", f"+{seconds}s")
        self.ahead += seconds

    def trust(self, identity, issuer, subject, audience=EXCHANGE):
        name = f"{identity['id'].rsplit('/', 1)[1]}/f{uuid.uuid4().hex[:12]}"
        issuer = issuer if ":" in issuer else self.issuer.url(issuer)
        body = {"properties": {"issuer": issuer, "subject": subject, "audiences": [audience]}}
        return self.server.api("PUT", self.sources.path("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", name), body)

    def application(self, name):
        made = self.server.api("POST", "/v1.0/applications", {"displayName": name})
        made["service"] = self.server.api("POST", "/v1.0/servicePrincipals", {"appId": made["appId"]})["id"]
        return made

    def trust_of(self, application, issuer, subject, audience=EXCHANGE, **more):
        issuer = issuer if ":" in issuer else self.issuer.url(issuer)
        body = {"name": f"f{uuid.uuid4().hex[:12]}", "issuer": issuer, "subject": subject, "audiences": [audience], **more}
        return self.server.api("POST", f"/v1.0/applications/{application['id']}/federatedIdentityCredentials", body)

    def ours(self, version="v2.0"):
        return f"https://{LOGIN}/{self.tenant}/v2.0" if version == "v2.0" else f"https://sts.windows.net/{self.tenant}/"

    def token(self, **claims):
        return self.issuer.token(now=self.now(), **claims)

    def ask(self, client, assertion, correlation="", version=2, **more):
        form = {"grant_type": "client_credentials", "client_id": client, "client_assertion_type": BEARER, "client_assertion": assertion,
                **({"scope": f"{VAULT}/.default"} if version == 2 else {"resource": VAULT}), **more}
        path = f"/{self.tenant}/oauth2/{'v2.0/' if version == 2 else ''}token"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "client-request-id": correlation or str(uuid.uuid4())}
        return self.server.ask(LOGIN, "POST", path, urllib.parse.urlencode({k: v for k, v in form.items() if v is not None}), headers=headers)

    def good(self, client, assertion, **more):
        answer = self.ask(client, assertion, **more)
        assert answer.status == 200, answer.text
        return answer.json

    def refused(self, code, client, assertion, what="", **more):
        __tracebackhide__ = True
        answer = self.ask(client, assertion, **more)
        same((answer.json.get("error_codes"), answer.status), ([code], 401), f"{what}: {answer.text[:300]}")
        same(answer.json["error"], "invalid_client", what)
        return answer


@pytest.fixture(scope="module", name="issuer")
def an_issuer(tmp_path_factory):
    issuer = Issuer(tmp_path_factory.mktemp("issuer"))
    yield issuer
    issuer.close()


@pytest.fixture(scope="module", name="s")
def stage(server, issuer):
    return Stage(server, issuer)


def test_an_identity_comes_with_a_token_of_its_issuer(s):
    """F2 an outside token that a federated credential of an identity trusts gives a token of that identity"""
    client = s.identity["clientId"]
    correlation = str(uuid.uuid4())
    answer = s.good(client, s.token(), correlation=correlation)
    same(sorted(answer), ["access_token", "expires_in", "ext_expires_in", "token_type"], "members")
    claims = claims_of(answer["access_token"])
    same([claims.get(n) for n in ("aud", "appid", "appidacr", "idtyp", "oid", "sub", "tid", "xms_az_rid")],
         [VAULT, client, "2", "app", s.identity["principalId"], s.identity["principalId"], s.tenant, None], "claims")
    same(claims["xms_mirid"].lower(), s.identity["id"].lower(), "the identity's resource")
    record = s.server.record("signin", correlation)
    same((record["signInEventTypes"], record["lanyard"]["callerKnownBy"], record["appId"]), (["managedIdentity"], "federatedCredential", client), "sign-in")
    assert uuid.UUID(record["federatedCredentialId"]), record
    s.good(client, s.token(), version=1)
    s.good(client, s.token(aud=["x", EXCHANGE], nbf=None))
    s.good(client, s.token(header={"typ": None}))
    s.good(client, s.token(exp=s.now() - 200))  # clocks may differ
    same(s.issuer.documents["good"], 1, "fetches")


def test_an_application_comes_with_a_token_of_its_issuer(s):
    """F2 an outside token that a federated credential of an application trusts gives a token of that application"""
    app = s.application("ci")
    client, correlation = app["appId"], str(uuid.uuid4())
    s.refused(70025, client, s.token(), "no credential yet")
    made = s.trust_of(app, "good", MAIN, description="ci")
    claims = claims_of(s.good(client, s.token(), correlation=correlation)["access_token"])
    same([claims.get(n) for n in ("aud", "appid", "appidacr", "oid", "xms_mirid")], [VAULT, client, "2", app["service"], None], "claims")
    record = s.server.record("signin", correlation)
    same((record["lanyard"]["callerKnownBy"], record["federatedCredentialId"]), ("federatedCredential", made["id"]), "sign-in")
    s.refused(7002138, client, s.token(sub=MAIN.upper()))
    s.refused(700211, client, s.token(iss=s.issuer.url("other")))
    s.server.api("DELETE", f"/v1.0/applications/{app['id']}/federatedIdentityCredentials/{made['id']}")
    s.refused(70025, client, s.token(), "deleted")


def test_credentials_of_an_application_over_graph(s):
    """F2 federated credentials of an application are made, read, changed and deleted by id and by name, in both versions"""
    app = s.application("graph")
    base = f"/v1.0/applications/{app['id']}/federatedIdentityCredentials"
    by_app = f"/v1.0/applications(appId='{app['appId']}')/federatedIdentityCredentials"
    body = {"name": "gh-main", "issuer": "https://i.example", "subject": "s", "audiences": [EXCHANGE], "description": "ci"}
    made = s.server.api("POST", base, body)
    assert uuid.UUID(made.pop("id")), made
    same(made, {"@odata.context": f"https://graph.microsoft.com/v1.0/$metadata#applications('{app['id']}')/federatedIdentityCredentials/$entity", **body}, "made")
    listed = s.server.api("GET", by_app)["value"]
    same([{k: v for k, v in each.items() if k != "id"} for each in listed], [body], "listed")
    one = listed[0]["id"]
    for path in (f"{base}/{one}", f"{base}/gh-main", f"{base}(name='gh-main')", f"{by_app}/{one}", f"{by_app}(name='gh-main')"):
        same(s.server.api("GET", path)["id"], one, path)
    s.server.api("PATCH", f"{base}/gh-main", {"subject": "t", "name": "gh-main"})
    same([s.server.api("GET", f"{base}/{one}")[n] for n in ("subject", "issuer", "description")], ["t", "https://i.example", "ci"], "changed")

    def refused(part, method, path, body=None):
        with pytest.raises(RuntimeError, match=part):
            s.server.api(method, path, body)

    refused("already exists", "POST", base, body)
    refused("already exists", "POST", base, {**body, "name": "other", "subject": "t"})
    for bad in ({"name": "x"}, {"name": "-ab"}, {"name": "a b c"}, {"name": one}, {"audiences": []}, {"audiences": ["a", "b"]}, {"subject": None},
                {"issuer": None}, {"subject": "x" * 601}, {"unknown": 1}, {"claimsMatchingExpression": {"value": "claims['sub'] eq 'a'", "languageVersion": 1}}):
        refused("", "POST", base, {**body, "name": "another", "subject": "u", **bad})
    refused("name", "PATCH", f"{base}/gh-main", {"name": "gh-other"})
    refused("", "PATCH", f"{base}/nobody", {"subject": "u"})
    refused("", "GET", f"/v1.0/applications/{app['id']}/nothing")

    flexible = {"name": "flex", "issuer": "https://token.actions.githubusercontent.com", "audiences": [EXCHANGE], "subject": None,
                "claimsMatchingExpression": {"value": "claims['sub'] matches 'repo:o/*'", "languageVersion": 1}}
    beta = base.replace("v1.0", "beta")
    made = s.server.api("POST", beta, flexible)
    same({k: made[k] for k in flexible}, flexible, "flexible")
    assert "claimsMatchingExpression" not in s.server.api("GET", f"{base}/flex")
    refused("", "PATCH", f"{beta}/flex", {"subject": "s"})
    s.server.api("PATCH", f"{beta}/flex", {"subject": "s", "claimsMatchingExpression": None})
    same(s.server.api("GET", f"{beta}/flex")["subject"], "s", "no longer flexible")
    for i in range(18):
        s.server.api("POST", base, {**body, "name": f"one-{i}", "subject": f"n{i}"})
    refused("at most 20", "POST", base, {**body, "name": "one-too-many", "subject": "n"})
    for path in (f"{base}/{one}", f"{base}(name='flex')"):
        s.server.api("DELETE", path)
        refused("", "GET", path)


class AdminConnection(http.client.HTTPConnection):
    """To the operator's own socket: headers that `lanyard api` does not send."""

    def __init__(self, path):
        super().__init__("graph.microsoft.com")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def test_a_credential_is_made_or_changed_by_one_request(s):
    """F2 PATCH by name with Prefer: create-if-missing makes a federated credential, or changes it"""
    app = s.application("upsert")
    path = f"/v1.0/applications/{app['id']}/federatedIdentityCredentials(name='main')"

    def patch(body, **headers):
        connection = AdminConnection(f"{s.server.home}/data/admin.sock")
        try:
            connection.request("PATCH", path, json.dumps(body), {"Content-Type": "application/json", **headers})
            return connection.getresponse().status
        finally:
            connection.close()

    body = {"issuer": "https://i.example", "subject": "s", "audiences": [EXCHANGE]}
    same(patch(body), 404, "without the header")
    same(patch({**body, "name": "other"}, Prefer="create-if-missing"), 400, "two names")
    same(patch(body, Prefer="create-if-missing"), 201, "made")
    same(patch({"subject": "t"}, Prefer="create-if-missing"), 204, "changed")
    same([s.server.api("GET", path)[n] for n in ("name", "subject", "issuer")], ["main", "t", "https://i.example"], "what it is")


def test_near_misses_are_refused_each_with_its_code(s):
    """F2 what differs in issuer, subject, audience, time, algorithm or key is refused with the code of the first rule that fails"""
    client, other, short = s.identity["clientId"], Key("first"), Key("first", 1024)
    unknown = Key("unknown")
    secret = s.issuer.key.pem()
    bare = s.sources.identity("bare")["clientId"]
    for what, code, token in (
            ("no credential", 70025, None),
            ("another issuer", 700211, s.token(iss=s.issuer.url("other"))),
            ("a slash more", 700211, s.token(iss=s.issuer.url("good/"))),
            ("the issuer in another case", 700211, s.token(iss=s.issuer.url("Good"))),
            ("a blank behind the issuer", 700211, s.token(iss=s.issuer.url("good "))),
            ("another subject", 700213, s.token(sub=MAIN + "2")),
            ("the beginning of the subject", 700213, s.token(sub=MAIN[:-1])),
            ("no subject", 700213, s.token(sub=None)),
            ("the subject in another case", 7002138, s.token(sub=MAIN.upper())),
            ("another audience", 700212, s.token(aud=VAULT)),
            ("the audience in another case", 700212, s.token(aud=EXCHANGE.lower())),
            ("no audience", 50027, s.token(aud=None)),
            ("no expiry", 50027, s.token(exp=None)),
            ("expired", 700024, s.token(exp=s.now() - 310)),
            ("not valid yet", 700024, s.token(nbf=s.now() + 310)),
            ("no algorithm", 50027, s.token(header={"alg": "none"})),
            ("no algorithm and no signature", 50027, s.token(header={"alg": "none"}, signature=lambda _: b"")),
            ("the public key as a shared secret", 50027,
             s.token(header={"alg": "HS256"}, signature=lambda text: hmac.new(secret, text, hashlib.sha256).digest())),
            ("that, named as RSA", 700027, s.token(signature=lambda text: hmac.new(secret, text, hashlib.sha256).digest())),
            ("another algorithm", 50027, s.token(header={"alg": "RS512"})),
            ("no kid", 50027, s.token(header={"kid": None})),
            ("an unknown kid", 700027, s.token(key=unknown)),
            ("another key under the kid", 700027, s.token(key=other)),
            ("a short key under the kid", 700027, s.token(key=short)),
            ("a key that it brings along", 700027, s.token(key=other, header={"jwk": other.jwk()})),
            ("a key from elsewhere", 700027, s.token(key=other, header={"jku": s.issuer.url("good") + "/keys", "x5u": "https://localhost/"})),
            ("what is not understood", 50027, s.token(header={"crit": ["exp"]})),
            ("another type", 50027, s.token(header={"typ": "dpop+jwt"})),
            ("no token", 50027, "x.y.z")):
        s.refused(code, client if token else bare, token or s.token(), what)
    changed = s.token().split(".")
    changed[1] = segment({**claims_of(".".join(changed)), "exp": s.now() + 900})
    s.refused(700027, client, ".".join(changed), "a claim that was changed")
    s.good(client, s.token())


def test_an_identity_comes_in_no_other_way(s):
    """I1 F2 an identity has no secret, no user and no other grant at the token endpoint; a system-assigned one has nothing there"""
    client = s.identity["clientId"]
    for form in ({"client_assertion": None, "client_secret": "x"}, {"client_assertion": None}, {"grant_type": "refresh_token", "refresh_token": "x"},
                 {"grant_type": "password", "username": "a", "password": "b"}):
        answer = s.ask(client, s.token(), **form)
        same((answer.status, answer.json["error_codes"]), (400, [700016]), str(form))
    s.refused(50027, client, s.token(), client_assertion_type="urn:ietf:params:oauth:client-assertion-type:saml2-bearer")
    machine = s.sources.resource("Microsoft.Compute/virtualMachines", "vm", system=True)
    answer = s.server.api("GET", f"/v1.0/servicePrincipals/{machine['principalId']}")
    same(s.ask(answer["appId"], s.token()).json["error_codes"], [700016], "a system-assigned identity")


def test_a_credential_counts_at_once_and_until_it_goes(s):
    """F2 a credential counts for the next token, and no longer once it is deleted"""
    identity = s.sources.identity("changing")
    s.refused(70025, identity["clientId"], s.token(), "none yet")
    made = s.trust(identity, "good", MAIN)
    s.good(identity["clientId"], s.token())
    s.server.api("DELETE", f"{made['id']}?api-version=2023-01-31")
    s.refused(70025, identity["clientId"], s.token(), "deleted")


def test_issuers_that_cannot_be_asked(s):
    """F2 an issuer that redirects, hangs, is down, lies or answers too much gives nobody a token, and is not asked again at once"""
    identity = s.sources.identity("unlucky")
    client = identity["clientId"]
    for name in [*BEHAVIOURS, "private"]:
        s.trust(identity, name, MAIN)
        s.refused(50166, client, s.token(name=name), name)
        s.refused(50166, client, s.token(name=name), f"{name} again")
        same(s.issuer.documents[name], 0 if name == "private" else 1, f"fetches of {name}")
    for url in ("http://localhost/", "https://169.254.169.254", "https://10.0.0.1/x", "https://[::1]:1", "file:///etc/passwd", "https://a@localhost"):
        s.trust(identity, url, MAIN)
        s.refused(50166, client, s.token(iss=url), url)


def test_many_wait_for_one_fetch(s):
    """F2 all who ask while an issuer's keys are fetched wait for the one fetch"""
    identity = s.sources.identity("busy")
    s.trust(identity, "many", MAIN)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = [each.status for each in pool.map(lambda _: s.ask(identity["clientId"], s.token(name="many")), range(32))]
    same(answers, [200] * 32, "answers")
    same(s.issuer.documents["many"], 1, "fetches")


def test_an_issuer_rotates_its_keys(s):
    """F2 a key that the issuer adds is found, and one that it takes back ends"""
    identity = s.sources.identity("rotating")
    client, old, new = identity["clientId"], s.issuer.key, Key("second")
    s.trust(identity, "rotating", MAIN)
    s.good(client, s.token(name="rotating"))
    s.issuer.published = [old.jwk(), new.jwk()]
    s.pass_time(RETRY)
    s.good(client, s.token(name="rotating", key=new))
    s.good(client, s.token(name="rotating"))
    s.issuer.published = [new.jwk()]
    s.pass_time(3600)
    s.refused(700027, client, s.token(name="rotating"), "a key that was taken back")
    s.good(client, s.token(name="rotating", key=new))
    s.issuer.published = [old.jwk()]


def test_keys_that_cannot_be_used(s):
    """F2 a key that is short, for encryption, private, or that stands twice verifies nothing"""
    identity = s.sources.identity("weak")
    client, short = identity["clientId"], Key("short", 1024)
    s.trust(identity, "good", MAIN)
    key = s.issuer.key
    for what, keys, code in (
            ("short", [short.jwk(), key.jwk(kid="other")], 700027),
            ("for encryption", [key.jwk(use="enc"), key.jwk(kid="other")], 700027),
            ("for another algorithm", [key.jwk(alg="RS512"), key.jwk(kid="other")], 700027),
            ("private", [key.jwk(d="AQAB"), key.jwk(kid="other")], 700027),
            ("good", [key.jwk()], None)):
        s.issuer.published = keys
        s.pass_time(3600)
        if code:
            s.refused(code, client, s.token(key=short) if what == "short" else s.token(), what)
        else:
            s.good(client, s.token())
    s.issuer.published = [key.jwk(), key.jwk()]
    s.pass_time(25 * 3600)
    s.refused(50166, client, s.token(), "a kid that stands twice")
    s.issuer.published = [key.jwk()]


def test_a_managed_identity_is_the_credential_of_an_application(s):
    """F1 the token of a user-assigned identity is the credential of an application that trusts it: same tenant, its audience, nothing fetched"""
    identity, other = s.sources.identity("bearer"), s.sources.identity("stranger")
    machine = s.sources.resource("Microsoft.Compute/virtualMachines", "bearers", system=True, attached=[identity, other])
    app = s.application("trusting")
    client, vm = app["appId"], f"{s.sources.group}/providers/Microsoft.Compute/virtualMachines/bearers"

    def token_of(who, audience=EXCHANGE):
        return s.server.token_of(vm, audience, **({"client_id": who["clientId"]} if who else {}))

    s.trust_of(app, s.ours(), identity["principalId"])
    token = token_of(identity)
    same([claims_of(token)[n] for n in ("iss", "sub", "aud")], [s.ours(), identity["principalId"], "fb60f99c-7a34-4190-8149-302f77469936"], "claims")
    claims = claims_of(s.good(client, token)["access_token"])
    same((claims["oid"], claims["appidacr"]), (app["service"], "2"), "the application's own")
    s.refused(700213, client, token_of(other), "another identity")
    s.refused(700222, client, token_of(identity, VAULT), "a token for something else, of version 1")
    s.trust_of(app, s.ours("v1.0"), identity["principalId"], VAULT)
    s.refused(700222, client, token_of(identity, VAULT), "the issuer of version 1, though it is named")
    s.trust_of(app, s.ours(), machine["principalId"])
    s.refused(700226, client, token_of(None), "a system-assigned identity")
    elsewhere = f"https://{LOGIN}/{uuid.uuid4()}/v2.0"
    s.trust_of(app, elsewhere, "s")
    s.refused(700236, client, s.token(iss=elsewhere, sub="s"), "another tenant")
    forged = token.rsplit(".", 1)[0] + "." + s.token().rsplit(".", 1)[1]
    s.refused(700027, client, forged, "a signature of somebody else")
    s.refused(700027, client, s.token(iss=s.ours(), sub=identity["principalId"]), "a key of somebody else")
    s.server.call("identity", "revoke", identity["id"])
    s.refused(700024, client, token, "revoked")
    s.good(client, token_of(identity))
    last = token_of(identity)
    s.sources.remove("Microsoft.ManagedIdentity/userAssignedIdentities", "bearer")
    s.refused(700226, client, last, "an identity that is gone")


def test_an_application_is_no_credential_of_another(s):
    """F1 the token of an application for the exchange is no managed identity's, and an identity takes no token of this service"""
    app, other = s.application("one"), s.application("two")
    secret = s.server.api("POST", f"/v1.0/applications/{other['id']}/addPassword", {"passwordCredential": {}})["secretText"]
    answer = s.good(other["appId"], None, client_assertion_type=None, client_secret=secret, scope=f"{EXCHANGE}/.default")
    s.trust_of(app, s.ours(), other["service"])
    s.refused(700226, app["appId"], answer["access_token"])
    identity = s.sources.identity("taker")
    s.trust(identity, s.ours(), other["service"])
    s.refused(700222, identity["clientId"], answer["access_token"])


def test_a_server_stops_while_an_issuer_does_not_answer(new_server, issuer):
    """F2 a server that is told to stop does so cleanly while requests wait for an issuer"""
    own = Stage(new_server("federation-stopping"), issuer)
    own.trust(own.identity, "slow", MAIN)
    asked = issuer.documents["slow"]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(own.ask, own.identity["clientId"], own.token(name="slow")) for _ in range(4)]
        for _ in range(1000):
            if issuer.documents["slow"] > asked:
                break
            time.sleep(0.01)
        assert own.server.stop(), "it did not stop cleanly"
        for each in waiting:
            each.exception()  # cut, or refused: nobody waits any more
    own.server.process = None


# ---- F3: our issuer, seen by others ----


@pytest.fixture(scope="module", name="public")
def public_issuer(new_server):
    """A server under names of its own, below localhost: others find it there without being told."""
    server = new_server("federation-public")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server.start("--port", str(port), "--metadata-port", "0", "--names", "own", "--domain", "cloud.localhost")
    sources = Sources(server)
    identity = sources.identity("worker")
    sources.resource("Microsoft.Compute/virtualMachines", "vm", attached=[identity])
    server.issuer = f"https://login.cloud.localhost:{port}/{server.facts['tenant']}/v2.0"
    server.worker = identity
    server.worker_token = lambda: server.token_of(f"{sources.group}/providers/Microsoft.Compute/virtualMachines/vm", EXCHANGE)
    return server


def test_another_server_trusts_our_issuer(public, new_server):
    """F3 a second server takes the tokens of the first one's identities, by its published keys"""
    second = new_server("federation-second")
    second.start("--allow-issuer", public.issuer, "--issuer-ca", public.facts["ca"])
    sources = Sources(second)
    there = sources.identity("there")
    body = {"properties": {"issuer": public.issuer, "subject": public.worker["principalId"], "audiences": ["fb60f99c-7a34-4190-8149-302f77469936"]}}
    second.api("PUT", sources.path("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", "there/first"), body)

    def ask(token):
        form = {"grant_type": "client_credentials", "client_id": there["clientId"], "client_assertion_type": BEARER, "client_assertion": token,
                "scope": f"{VAULT}/.default"}
        return second.ask(LOGIN, "POST", f"/{second.facts['tenant']}/oauth2/v2.0/token", urllib.parse.urlencode(form),
                          headers={"Content-Type": "application/x-www-form-urlencoded"})

    token = public.worker_token()
    same(claims_of(token)["iss"], public.issuer, "the issuer")
    answer = ask(token)
    assert answer.status == 200, answer.text
    same(claims_of(answer.json["access_token"])["oid"], there["principalId"], "the second server's identity")
    changed = token.split(".")
    changed[1] = segment({**claims_of(token), "exp": claims_of(token)["exp"] + 1})
    same(ask(".".join(changed)).json["error_codes"], [700027], "a token that was changed")


def test_a_plain_verifier_trusts_our_issuer(public, monkeypatch):
    """F3 a verifier that knows only the issuer's URL takes its tokens, by discovery and Debian's PyJWKClient"""
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **options: real("127.0.0.1" if host.endswith(".cloud.localhost") else host, *more, **options))
    monkeypatch.setenv("SSL_CERT_FILE", public.facts["ca"])
    with urllib.request.urlopen(f"{public.issuer}/.well-known/openid-configuration", timeout=60) as document:
        found = json.load(document)
    same(found["issuer"], public.issuer, "issuer")
    token = public.worker_token()
    key = jwt.PyJWKClient(found["jwks_uri"]).get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key.key, ["RS256"], audience="fb60f99c-7a34-4190-8149-302f77469936", issuer=found["issuer"])
    same(claims["sub"], public.worker["principalId"], "subject")
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token[:-8] + "AAAAAAAA", key.key, ["RS256"], audience="fb60f99c-7a34-4190-8149-302f77469936", issuer=found["issuer"])
