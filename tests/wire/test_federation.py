"""Federated credentials at the token endpoint (F1, F2): tokens of outside issuers, and of managed identities, in place of a secret."""
import concurrent.futures
import hashlib
import hmac
import json
import time
import urllib.parse
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
