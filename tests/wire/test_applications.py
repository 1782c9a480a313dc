"""Applications and users at the token service: every grant by hand and by Debian's MSAL for Python, and our tokens verified by PyJWT (T10, T1, S7).

The tests that move the clock stand last: other libraries look at their own.
"""
import base64
import datetime
import hashlib
import json
import os
import socket
import time
import urllib.parse
import uuid

import jwt
import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from lanyard import same

LOGIN = "login.microsoftonline.com"
DOMAIN = "lanyard.localhost"
VAULT = "https://vault.azure.net"
AZ = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
PASSWORD = "Correct-horse-1"
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
READ, WRITE = "10000000-0000-0000-0000-000000000001", "10000000-0000-0000-0000-000000000002"
SCOPE = "20000000-0000-0000-0000-000000000001"


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


class Certificate:
    """A self-signed certificate and its key."""

    def __init__(self, curve=None):
        self.key = ec.generate_private_key(curve) if curve else rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "client")])
        now = datetime.datetime.utcnow()
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key()).serial_number(1)
        made = made.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=30))
        made = made.sign(self.key, hashes.SHA256())
        self.der = made.public_bytes(serialization.Encoding.DER)
        self.pem = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        self.sha1, self.sha256 = hashlib.sha1(self.der).digest(), hashlib.sha256(self.der).digest()

    def credential(self):
        return {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.b64encode(self.der).decode(), "displayName": "client"}

    def sign(self, alg, text):
        if alg == "ES256":
            r, s = utils.decode_dss_signature(self.key.sign(text, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        pad = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if alg == "PS256" else padding.PKCS1v15()
        return self.key.sign(text, pad, hashes.SHA256())


def segment(raw, padded=False):
    text = base64.urlsafe_b64encode(raw if isinstance(raw, bytes) else json.dumps(raw).encode()).decode()
    return text if padded else text.rstrip("=")


def assertion(certificate, header, claims, padded=False):
    text = f"{segment(header, padded)}.{segment(claims, padded)}"
    return f"{text}.{segment(certificate.sign(header['alg'], text.encode()), padded)}"


class Stage:
    """A server with an API that has roles and a scope, a client that may use it, and a user."""

    def __init__(self, server):
        self.server = server
        server.start("--test-clock")
        self.tenant = server.facts["tenant"]
        self.api = self.application("Orders", identifierUris=["api://orders"], appRoles=[
            {"id": READ, "value": "Orders.Read", "displayName": "Read", "allowedMemberTypes": ["User", "Application"]},
            {"id": WRITE, "value": "Orders.Write", "displayName": "Write", "allowedMemberTypes": ["User", "Application"]}],
            api={"requestedAccessTokenVersion": 2, "oauth2PermissionScopes": [
                {"id": SCOPE, "value": "Orders.Mine", "adminConsentDisplayName": "Mine", "adminConsentDescription": "Mine"}]})
        wishes = [{"resourceAppId": self.api["appId"], "resourceAccess": [{"id": SCOPE, "type": "Scope"}]}]
        self.certificate = Certificate()
        self.client = self.application("Client", isFallbackPublicClient=True, requiredResourceAccess=wishes, keyCredentials=[self.certificate.credential()])
        self.secret = self.add_secret(self.client)
        self.ada = self.post("users", {"accountEnabled": True, "displayName": "Ada", "mailNickname": "ada", "userPrincipalName": f"ada@{DOMAIN}",
                                       "passwordProfile": {"password": PASSWORD}})

    def post(self, path, body):
        return self.server.api("POST", f"/v1.0/{path}", body)

    def application(self, name, **more):
        made = self.post("applications", {"displayName": name, **more})
        made["service"] = self.post("servicePrincipals", {"appId": made["appId"]})["id"]
        return made

    def add_secret(self, application, **more):
        return self.post(f"applications/{application['id']}/addPassword", {"passwordCredential": {"displayName": "ci", **more}})["secretText"]

    def secret_now(self):
        """One that has not ended yet, however far the clock was moved."""
        return self.add_secret(self.client)

    def give(self, who, role):
        return self.post(f"servicePrincipals/{self.api['service']}/appRoleAssignedTo",
                         {"principalId": who, "resourceId": self.api["service"], "appRoleId": role})

    def token(self, version=2, headers=(), **form):
        path = f"/{self.tenant}/oauth2/{'v2.0/' if version == 2 else ''}token"
        return self.server.ask(LOGIN, "POST", path, urllib.parse.urlencode(form), headers={"Content-Type": "application/x-www-form-urlencoded", **dict(headers)})

    def good(self, **form):
        answer = self.token(**form)
        assert answer.status == 200, answer.text
        return answer.json

    def refused(self, code, error, **form):
        __tracebackhide__ = True
        answer = self.token(**form)
        same((answer.json.get("error_codes"), answer.json.get("error")), ([code], error), f"{form.get('grant_type')} {answer.text[:200]}")
        return answer

    def for_client(self, **form):
        return {"grant_type": "client_credentials", "client_id": self.client["appId"], "scope": f"{VAULT}/.default", **form}

    def for_user(self, **form):
        return {"grant_type": "password", "client_id": self.client["appId"], "username": f"ada@{DOMAIN}", "password": PASSWORD,
                "scope": "openid offline_access api://orders/Orders.Mine", "client_info": "1", **form}

    def verified(self, token, audience):
        """By another library, from the published documents alone."""
        issuer = claims_of(token)["iss"]
        version = "v2.0/" if issuer.endswith("v2.0") else ""
        document = self.server.ask(LOGIN, "GET", f"/{self.tenant}/{version}.well-known/openid-configuration").json
        same(document["issuer"], issuer, "issuer")
        keys = self.server.ask(LOGIN, "GET", urllib.parse.urlparse(document["jwks_uri"]).path).json["keys"]
        key = next(k for k in keys if k["kid"] == jwt.get_unverified_header(token)["kid"])
        return jwt.decode(token, jwt.PyJWK(dict(key, alg="RS256")).key, ["RS256"], audience=audience, issuer=issuer)


@pytest.fixture(scope="module", name="s")
def stage(server):
    return Stage(server)


@pytest.fixture(name="names")
def public_names(s, monkeypatch):
    """Azure's public names lead to the server, for libraries that are not changed in any way."""
    real = socket.getaddrinfo

    def look_up(host, port, *more, **options):
        return real("127.0.0.1", s.server.facts["https_port"], *more, **options) if host == LOGIN else real(host, port, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    session = requests.Session()
    session.verify = s.server.facts["ca"]
    session.trust_env = False
    return {"authority": f"https://{LOGIN}/{s.tenant}", "http_client": session}


def sign_in_at_page(s, code, answer="yes", password=PASSWORD, correlation=""):
    form = urllib.parse.urlencode({"user_code": code.lower(), "username": f"ada@{DOMAIN}", "password": password, "answer": answer})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "client-request-id": correlation or str(uuid.uuid4())}
    return s.server.ask(LOGIN, "POST", "/common/oauth2/deviceauth", form, headers=headers).status


def test_a_secret_gives_a_token_in_each_form_of_the_request(s):
    """T10 a secret gives a token: in the body and by Basic, version 1 and 2, and a verifier takes it"""
    answer = s.good(**s.for_client(client_secret=s.secret))
    same(sorted(answer), ["access_token", "expires_in", "ext_expires_in", "token_type"], "members")
    assert 3500 <= answer["expires_in"] <= 5400, answer["expires_in"]
    claims = s.verified(answer["access_token"], VAULT)
    same([claims[n] for n in ("appid", "appidacr", "idtyp", "oid", "sub", "tid")],
         [s.client["appId"], "1", "app", s.client["service"], s.client["service"], s.tenant], "claims")
    assert "scp" not in claims and "roles" not in claims
    basic = base64.b64encode(f"{s.client['appId']}:{urllib.parse.quote(s.secret)}".encode()).decode()
    answer = s.good(version=1, grant_type="client_credentials", resource=VAULT, headers={"Authorization": f"Basic {basic}"})
    same((type(answer["expires_in"]), answer["resource"]), (str, VAULT), "version 1 writes numbers as texts")
    s.good(**s.for_client(client_secret=s.secret, scope=f"{VAULT}/.default openid offline_access profile"))


def test_each_shape_of_an_assertion_is_taken(s):
    """T10 a certificate's assertion is taken in each shape that a client sends, and no other"""
    curved = Certificate(ec.SECP256R1())
    s.server.api("PATCH", f"/v1.0/applications/{s.client['id']}", {"keyCredentials": [s.certificate.credential(), curved.credential()]})
    app, rsa_key = s.client["appId"], s.certificate
    now = int(time.time())
    base = {"iss": app, "sub": app, "jti": str(uuid.uuid4()), "nbf": now, "exp": now + 600, "aud": f"https://{LOGIN}/{s.tenant}/oauth2/v2.0/token"}
    sha1, sha256 = segment(rsa_key.sha1), segment(rsa_key.sha256)

    def form(text, **more):
        return s.for_client(client_assertion_type=BEARER, client_assertion=text, **more)

    shapes = [
        ({"alg": "PS256", "typ": "JWT", "x5t#S256": sha256}, base, False),  # msal-node
        ({"alg": "RS256", "typ": "JWT", "x5t": segment(rsa_key.sha1, True)}, {**base, "exp": now + 600.5, "iat": now + 0.25}, False),  # msal for Python
        ({"alg": "PS256", "typ": "JWT", "x5t#S256": segment(rsa_key.sha256, True)}, {**base, "exp": now + 1800}, True),  # azure-identity, on behalf of
        ({"alg": "PS256", "typ": "JWT", "x5t#S256": base64.b64encode(rsa_key.sha256).decode()}, base, False),  # Go: standard base64
        ({"alg": "PS256", "x5t#S256": sha256, "x5c": "MIIC"}, {**base, "nbf": str(now), "exp": str(now + 600)}, False),  # .NET: texts
        ({"alg": "RS256", "x5t#S256": sha256, "x5c": ["MIIC"]}, base, False),  # Java
        ({"alg": "RS256", "kid": segment(rsa_key.sha1, True)}, {**base, "exp": now + 3600}, False),  # Terraform
        ({"alg": "RS256", "x5t": sha1}, {**base, "aud": f"https://{LOGIN}/{s.tenant}/v2.0"}, False),
        ({"alg": "RS256", "x5t": sha1}, {**base, "aud": [f"https://{LOGIN}/{DOMAIN}/oauth2/token"]}, False),
    ]
    for header, claims, padded in shapes:
        s.good(**form(assertion(rsa_key, header, claims, padded)))
    answer = s.good(**form(assertion(curved, {"alg": "ES256", "x5t": segment(curved.sha1)}, base)))
    same(claims_of(answer["access_token"])["appidacr"], "2", "proven by a certificate")
    alone = form(assertion(rsa_key, shapes[0][0], base))
    del alone["client_id"]
    s.good(**alone)

    header, stranger = shapes[0][0], Certificate()
    wrong = [
        (700027, assertion(stranger, {"alg": "RS256", "x5t": segment(stranger.sha1)}, base)),
        (700027, assertion(stranger, {"alg": "RS256", "x5t": sha1}, base)),
        (700027, assertion(rsa_key, {"alg": "RS256", "x5t": sha1, "x5t#S256": segment(stranger.sha256)}, base)),
        (700027, assertion(rsa_key, {"alg": "RS256"}, base)),
        (700027, f"{segment({'alg': 'none', 'x5t': sha1})}.{segment(base)}.AAAA"),
        (50027, f"{segment(header)}.{segment(base)}."),
        (50027, "a.b.c"),
        (700021, assertion(rsa_key, header, {**base, "sub": AZ})),
        (700021, assertion(rsa_key, header, {**base, "iss": AZ})),
        (700023, assertion(rsa_key, header, {**base, "aud": "https://evil.example/token"})),
        (700023, assertion(rsa_key, header, {**base, "aud": VAULT})),
        (700024, assertion(rsa_key, header, {**base, "exp": now - 600, "nbf": now - 1200})),
        (700024, assertion(rsa_key, header, {**base, "nbf": now + 900})),
        (700024, assertion(rsa_key, header, {**base, "exp": now + 100 * 86400})),
    ]
    for code, text in wrong:
        s.refused(code, "invalid_client", **form(text))
    s.refused(50027, "invalid_client", **{**form(assertion(rsa_key, header, base)), "client_assertion_type": "x"})


def test_app_roles_are_in_the_token_of_who_has_them(s):
    """S7 app roles are in the tokens of applications, identities and users, by groups too; who is not assigned is kept out"""
    def roles(form, **more):
        return claims_of(s.good(**form, **more)["access_token"]).get("roles", [])

    asked = s.for_client(client_secret=s.secret, scope="api://orders/.default")
    claims = s.verified(s.good(**asked)["access_token"], s.api["appId"])
    same((claims["azp"], claims["ver"], "roles" in claims), (s.client["appId"], "2.0", False), "version 2, aud is the application's id")
    s.give(s.client["service"], READ)
    same(roles(asked), ["Orders.Read"], "an application")
    same(roles({**asked, "scope": f"{s.api['appId']}/.default"}), ["Orders.Read"], "asked for by its id")
    crew = s.post("groups", {"displayName": "crew", "mailEnabled": False, "mailNickname": "crew", "securityEnabled": True})["id"]
    for member in (s.ada["id"], s.client["service"]):
        s.post(f"groups/{crew}/members/$ref", {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{member}"})
    s.give(crew, WRITE)
    same(roles(s.for_user()), ["Orders.Write"], "a user, by a group")
    same(roles(asked), ["Orders.Read"], "an application gets none by a group")

    group = f"/subscriptions/{s.server.facts['subscription']}/resourceGroups/rg1"
    s.server.api("PUT", f"{group}?api-version=2022-09-01", {"location": "westus"})
    machine = f"{group}/providers/Microsoft.Compute/virtualMachines/m1"
    made = s.server.api("PUT", f"{machine}?api-version=2024-07-01", {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}})
    same(claims_of(s.server.token_of(machine, "api://orders")).get("roles"), None, "none yet")
    given = s.give(made["identity"]["principalId"], READ)
    claims = s.verified(s.server.token_of(machine, "api://orders"), s.api["appId"])
    same((claims["roles"], claims["oid"]), (["Orders.Read"], made["identity"]["principalId"]), "R8 an identity, at once")
    many = [{"id": str(uuid.uuid4()), "value": f"{i:03}." + "x" * 100, "displayName": "x", "allowedMemberTypes": ["Application"]} for i in range(12)]
    wide = s.application("Wide", identifierUris=["api://wide"], appRoles=many)
    for role in many:
        s.post(f"servicePrincipals/{wide['service']}/appRoleAssignedTo",
               {"principalId": made["identity"]["principalId"], "resourceId": wide["service"], "appRoleId": role["id"]})
    same(sorted(claims_of(s.server.token_of(machine, "api://wide"))["roles"]), [r["value"] for r in many], "as many as there are")
    s.server.api("PATCH", f"/v1.0/servicePrincipals/{s.api['service']}", {"appRoleAssignmentRequired": True})
    s.server.api("DELETE", f"/v1.0/servicePrincipals/{s.api['service']}/appRoleAssignedTo/{given['id']}")
    with pytest.raises(RuntimeError):
        s.server.token_of(machine, "api://orders")
    other = s.application("other")
    secret = s.add_secret(other)
    s.refused(501051, "invalid_grant", **{**asked, "client_id": other["appId"], "client_secret": secret})
    s.server.api("PATCH", f"/v1.0/servicePrincipals/{s.api['service']}", {"appRoleAssignmentRequired": False})


def test_groups_are_in_the_tokens_of_who_asks_for_them(s):
    """T10 S7 an application that asks for it finds a user's groups in its tokens, nested ones too; past 200 the token says where to ask"""
    group = lambda name: s.post("groups", {"displayName": name, "mailEnabled": False, "mailNickname": name, "securityEnabled": True})["id"]  # noqa: E731
    put = lambda where, who: s.post(f"groups/{where}/members/$ref", {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{who}"})  # noqa: E731
    eve = s.post("users", {"accountEnabled": True, "displayName": "Eve", "mailNickname": "eve", "userPrincipalName": f"eve@{DOMAIN}",
                           "passwordProfile": {"password": PASSWORD}})["id"]
    inner, outer, other = group("inner"), group("outer"), group("other")
    put(inner, eve), put(outer, inner)
    scope = {"id": str(uuid.uuid4()), "value": "Use", "adminConsentDisplayName": "Use", "adminConsentDescription": "Use"}
    app = s.application("Grouped", isFallbackPublicClient=True, api={"requestedAccessTokenVersion": 2, "oauth2PermissionScopes": [scope]})

    def claims(asked):
        s.server.api("PATCH", f"/v1.0/applications/{app['id']}", {"groupMembershipClaims": asked})
        form = s.for_user(client_id=app["appId"], username=f"eve@{DOMAIN}", scope=f"openid {app['appId']}/.default")
        return s.verified(s.good(**form)["access_token"], app["appId"])

    for asked in (None, "None", "DirectoryRole", "ApplicationGroup"):
        assert "groups" not in claims(asked), asked
    for asked in ("SecurityGroup", "All", "DirectoryRole, SecurityGroup"):
        same(sorted(claims(asked)["groups"]), sorted([inner, outer]), asked)
    for who in (outer, other):
        s.post(f"servicePrincipals/{app['service']}/appRoleAssignedTo", {"principalId": who, "resourceId": app["service"], "appRoleId": str(uuid.UUID(int=0))})
    same(claims("ApplicationGroup")["groups"], [outer], "those that are assigned")
    for number in range(199):
        put(group(f"more{number}"), eve)
    over = claims("SecurityGroup")
    same(("groups" in over, over["_claim_names"]), (False, {"groups": "src1"}), "more than 200")
    same(over["_claim_sources"]["src1"]["endpoint"], f"https://graph.microsoft.com/v1.0/users/{eve}/getMemberObjects", "where to ask")


def test_there_are_no_tokens_for_a_disabled_application(s):
    """R8 nobody gets a token for an application whose service principal is disabled: neither application, user nor identity"""
    group = f"/subscriptions/{s.server.facts['subscription']}/resourceGroups/rg-off"
    s.server.api("PUT", f"{group}?api-version=2022-09-01", {"location": "westus"})
    machine = f"{group}/providers/Microsoft.Compute/virtualMachines/m1"
    s.server.api("PUT", f"{machine}?api-version=2024-07-01", {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}})
    s.server.token_of(machine, "api://orders")
    s.server.api("PATCH", f"/v1.0/servicePrincipals/{s.api['service']}", {"accountEnabled": False})
    s.refused(500014, "invalid_resource", **s.for_client(client_secret=s.secret_now(), scope="api://orders/.default"))
    s.refused(500014, "invalid_resource", **s.for_user())
    with pytest.raises(RuntimeError, match="400: Bad Request"):
        s.server.token_of(machine, "api://orders")
    s.server.api("PATCH", f"/v1.0/servicePrincipals/{s.api['service']}", {"accountEnabled": True})
    s.server.token_of(machine, "api://orders")
    s.good(**s.for_user())


def test_a_wish_for_a_role_consents_to_no_scope(s):
    """T10 of the entries of requiredResourceAccess those of type Scope alone consent to a scope"""
    def asks(*types):
        entries = [{"id": SCOPE, "type": kind} for kind in types]
        s.server.api("PATCH", f"/v1.0/applications/{s.client['id']}",
                     {"requiredResourceAccess": [{"resourceAppId": s.api["appId"], "resourceAccess": entries}]})

    asks("Role")
    s.refused(65001, "invalid_grant", **s.for_user())
    asks("Role", "Scope")
    s.good(**s.for_user())
    asks("Scope")


def test_the_operator_grants_a_scope(s):
    """T10 a client uses a scope that the operator grants it, for all users or for one; only as long as the grant is there"""
    client = s.application("Granted", isFallbackPublicClient=True)
    form = {**s.for_user(), "client_id": client["appId"]}
    body = {"clientId": client["service"], "consentType": "AllPrincipals", "principalId": None, "resourceId": s.api["service"], "scope": "Orders.Other orders.mine"}
    one = {**body, "consentType": "Principal", "principalId": s.ada["id"]}
    graph = s.server.api("GET", "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')")["id"]

    def listed(path):
        return [g["id"] for g in s.server.api("GET", f"/v1.0/{path}")["value"]]

    def asked(method, path, content):
        """The status of a refusal, else 0."""
        try:
            s.server.api(method, f"/v1.0/oauth2PermissionGrants{path}", content)
        except RuntimeError as error:
            return int(str(error).rstrip().rstrip(")").rpartition("(")[2])
        return 0

    s.refused(65001, "invalid_grant", **form)
    made = s.post("oauth2PermissionGrants", body)
    same({name: made[name] for name in body}, body, "as made")
    same(s.server.api("GET", f"/v1.0/oauth2PermissionGrants/{made['id']}")["scope"], body["scope"], "read")
    same(claims_of(s.good(**form)["access_token"])["scp"], "Orders.Mine", "the scopes that there are")
    same(asked("POST", "", body), 409, "once")
    same(asked("POST", "", {**one, "principalId": str(uuid.uuid4())}), 404, "no such user")
    same(asked("POST", "", {**one, "principalId": client["service"]}), 404, "no user")
    same(asked("POST", "", {**body, "resourceId": s.ada["id"]}), 404, "no service principal")
    for change in ({"consentType": "Everybody"}, {"consentType": "Principal"}, {"principalId": s.ada["id"]}, {"clientId": "x"}, {"resourceId": None}, {"scope": " "},
                   {"scope": 7}, {"scope": "x" * 3851}, {"scope": "a\nb"}):
        same(asked("POST", "", {**body, **change}), 400, change)
    other = s.post("oauth2PermissionGrants", {**body, "resourceId": graph, "scope": "User.Read"})
    same(sorted(listed(f"oauth2PermissionGrants?$filter=clientId%20eq%20'{client['service']}'")), sorted([made["id"], other["id"]]), "a client's")
    same(listed(f"oauth2PermissionGrants?$filter=resourceId%20eq%20'{s.api['service']}'%20and%20consentType%20eq%20'AllPrincipals'"), [made["id"]], "at a resource")
    same(sorted(listed(f"servicePrincipals/{client['service']}/oauth2PermissionGrants")), sorted([made["id"], other["id"]]), "of its path")
    first = s.server.api("GET", "/v1.0/oauth2PermissionGrants?$top=1")
    rest = s.server.api("GET", first["@odata.nextLink"].partition("graph.microsoft.com")[2])
    same(sorted(g["id"] for g in first["value"] + rest["value"]), sorted([made["id"], other["id"]]), "in pages")

    same(asked("PATCH", f"/{made['id']}", {"scope": "Orders.Other"}), 0, "changed")
    s.refused(65001, "invalid_grant", **form)
    same(asked("DELETE", f"/{made['id']}", None), 0, "removed")
    same([asked(method, f"/{made['id']}", None) for method in ("GET", "DELETE")], [404, 404], "gone")
    same(asked("GET", "/nonsense", None), 404, "no id")
    mine = s.post("oauth2PermissionGrants", one)
    s.good(**form)
    same(listed(f"users/{s.ada['id']}/oauth2PermissionGrants"), [mine["id"]], "a user's")
    bob = s.post("users", {"accountEnabled": True, "displayName": "Bob", "mailNickname": "bob", "userPrincipalName": f"bob@{DOMAIN}", "passwordProfile": {"password": PASSWORD}})
    s.refused(65001, "invalid_grant", **{**form, "username": f"bob@{DOMAIN}"})
    s.post("oauth2PermissionGrants", {**one, "principalId": bob["id"]})
    s.good(**{**form, "username": f"bob@{DOMAIN}"})
    s.server.api("DELETE", f"/v1.0/users/{bob['id']}")
    same(sorted(listed("oauth2PermissionGrants")), sorted([mine["id"], other["id"]]), "a user's go with him")
    s.server.api("DELETE", f"/v1.0/applications/{client['id']}")
    same(listed("oauth2PermissionGrants"), [], "a client's go with it")


def test_a_revocation_demands_a_fresher_token(s):
    """T1 after a revocation a client that said cp1 is told by the claims challenge of each service what its next token needs; others are not"""
    places = (("management.azure.com", "/subscriptions?api-version=2022-12-01"), ("graph.microsoft.com", "/v1.0/users"), ("any.vault.azure.net", "/secrets?api-version=7.4"))
    secret, able = s.secret_now(), {"claims": json.dumps({"access_token": {"xms_cc": {"values": ["CP1"]}}})}

    def tokens(more):
        hosts = ("management.azure.com", "graph.microsoft.com", "vault.azure.net")
        return [s.good(**s.for_client(client_secret=secret, scope=f"https://{host}/.default", **more))["access_token"] for host in hosts]

    def asked():
        return [[s.server.ask(host, "GET", path, token=token) for (host, path), token in zip(places, kept)] for kept in (with_it, without)]

    with_it, without = tokens(able), tokens({})
    same([claims_of(token).get("xms_cc") for token in with_it + without], [["cp1"]] * 3 + [None] * 3, "in the tokens")
    assert all(answer.status != 401 for answers in asked() for answer in answers), "let in"
    s.server.call("identity", "revoke", s.client["service"])
    demanded, refused = asked()
    for answer in demanded:
        header = answer.headers["www-authenticate"]
        same(answer.status, 401, header)
        claims = header.partition(', error="insufficient_claims", claims="')[2].rstrip('"')
        demand = json.loads(base64.b64decode(claims, validate=True))["access_token"]["nbf"]
        same((demand["essential"], int(demand["value"]) > 0), (True, True), header)
    for answer in refused:
        same((answer.status, "claims" in answer.headers["www-authenticate"]), (401, False), answer.headers["www-authenticate"])
    assert 'error="invalid_token"' in refused[0].headers["www-authenticate"], "the management API says so in the header"
    met = {"claims": json.dumps({"access_token": {"nbf": demand, "xms_cc": {"values": ["CP1"]}}})}
    with_it, without = tokens(met), tokens({})
    assert all(answer.status != 401 for answers in asked() for answer in answers), "let in again"


def test_scopes_are_kept_whole_or_refused(s):
    """T10 what a refresh token stands for is all that was asked for when the user signed in"""
    many = [{"id": str(uuid.uuid4()), "value": f"Scope.{i:03}." + "x" * 80, "adminConsentDisplayName": "x", "adminConsentDescription": "x"} for i in range(15)]
    long = s.application("Long", identifierUris=["api://long"], api={"oauth2PermissionScopes": many})
    wishes = [{"resourceAppId": long["appId"], "resourceAccess": [{"id": scope["id"], "type": "Scope"} for scope in many]}]
    client = s.application("Long client", isFallbackPublicClient=True, requiredResourceAccess=wishes)
    asked = " ".join(f"api://long/{scope['value']}" for scope in many) + " offline_access"
    first = s.good(**s.for_user(client_id=client["appId"], scope=asked))
    again = s.good(grant_type="refresh_token", client_id=client["appId"], refresh_token=first["refresh_token"])
    same(claims_of(again["access_token"])["scp"].split(), [scope["value"] for scope in many], "all scopes, again")
    s.refused(70011, "invalid_scope", **s.for_user(client_id=client["appId"], scope=asked + " x" * 1000))


def test_hostile_credentials_of_an_application_are_refused(s):
    """T10 an id that stands twice, a curve that is not ES256's, more URIs than there may be, an end past all time"""
    app = s.application("hostile")
    s.add_secret(app)
    key = s.server.api("GET", f"/v1.0/applications/{app['id']}")["passwordCredentials"][0]["keyId"]

    def refused(path, **body):
        method = "POST" if path else "PATCH"
        with pytest.raises(RuntimeError, match="400"):
            s.server.api(method, f"/v1.0/applications/{app['id']}{path}", body)

    refused("", passwordCredentials=[{"keyId": key}, {"keyId": key}])
    refused("", identifierUris=[f"api://{i}" for i in range(51)])
    for curve in (ec.SECP256K1(), ec.BrainpoolP256R1(), ec.SECP384R1()):
        refused("", keyCredentials=[Certificate(curve).credential()])
    s.server.api("PATCH", f"/v1.0/applications/{app['id']}", {"keyCredentials": [Certificate(ec.SECP256R1()).credential()]})
    s.add_secret(app, startDateTime="2262-04-01T00:00:00Z")


def test_a_service_acts_on_behalf_of_its_caller(s):
    """T10 a service gets a token for its caller's user, and only with its own credential and a token that is for it"""
    middle = s.api
    secret = s.add_secret(middle)
    token = s.good(**s.for_user())["access_token"]
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "client_id": middle["appId"], "client_secret": secret, "assertion": token,
            "requested_token_use": "on_behalf_of", "scope": "https://management.azure.com/.default offline_access"}
    claims = claims_of(s.good(**form)["access_token"])
    same((claims["oid"], claims["appid"], claims["scp"]), (s.ada["id"], middle["appId"], "user_impersonation"), "the user, by the service")
    s.refused(7000218, "invalid_client", **{**form, "client_secret": ""})
    s.refused(500131, "invalid_grant", **{**form, "client_id": s.client["appId"], "client_secret": s.secret_now()})
    own = s.good(**s.for_client(client_secret=s.secret_now(), scope="api://orders/.default"))["access_token"]
    s.refused(7000114, "invalid_grant", **{**form, "assertion": own})
    s.refused(50013, "invalid_grant", **{**form, "assertion": token[:-4] + "AAAA"})


def test_msal_for_python_gets_every_token(s, names):
    """T10 MSAL for Python, unmodified: secret, certificate, password, refresh, on behalf of, device code"""
    secret = s.secret_now()
    client = msal.ConfidentialClientApplication(s.client["appId"], secret, **names)
    got = client.acquire_token_for_client([f"{VAULT}/.default"])
    assert "access_token" in got, got
    certified = msal.ConfidentialClientApplication(s.client["appId"], {"private_key": s.certificate.pem, "thumbprint": s.certificate.sha1.hex()}, **names)
    got = certified.acquire_token_for_client([f"{VAULT}/.default"])
    assert "access_token" in got, got
    public = msal.PublicClientApplication(s.client["appId"], client_capabilities=["CP1"], **names)
    got = public.acquire_token_by_username_password(f"ada@{DOMAIN}", PASSWORD, ["api://orders/Orders.Mine"])
    assert "access_token" in got, got
    same(claims_of(got["access_token"])["xms_cc"], ["cp1"], "what the client can do")
    account = public.get_accounts()[0]
    same(account["username"], f"ada@{DOMAIN}", "account")
    more = public.acquire_token_silent_with_error([f"{VAULT}/.default"], account)
    same(claims_of(more["access_token"])["aud"], VAULT, "by the refresh token")
    middle = msal.ConfidentialClientApplication(s.api["appId"], s.add_secret(s.api), **names)
    behalf = middle.acquire_token_on_behalf_of(got["access_token"], [f"{VAULT}/.default"])
    same(claims_of(behalf["access_token"])["oid"], s.ada["id"], "on behalf of")
    flow = msal.PublicClientApplication(AZ, **names).initiate_device_flow(["https://management.azure.com//.default"])
    same(sign_in_at_page(s, flow["user_code"]), 200, "approved")
    flow["interval"] = 0
    got = msal.PublicClientApplication(AZ, **names).acquire_token_by_device_flow(flow)
    assert "access_token" in got, got


def test_no_secret_is_in_the_store_or_the_log(s):
    """T9 no client secret, password or refresh token is in the store or in the server's log"""
    answer = s.good(**s.for_user())
    secret = s.secret_now()
    s.token(**s.for_client(client_secret=secret + "x"))
    kept = b"".join(open(f"{s.server.home}/data/{name}", "rb").read() for name in os.listdir(f"{s.server.home}/data") if name.startswith("lanyard.db"))
    kept += s.server.log.read_bytes()
    for text in (secret, PASSWORD, answer["refresh_token"], answer["access_token"]):
        assert text.encode() not in kept, "something that nobody may keep is kept"


def test_a_user_signs_in_and_stays_signed_in(s):
    """T10 a user signs in with a password, stays signed in by refresh tokens, until they are revoked or the password changes"""
    answer = s.good(**s.for_user())
    claims, who = s.verified(answer["access_token"], s.api["appId"]), s.verified(answer["id_token"], s.client["appId"])
    same((claims["oid"], claims["scp"], claims["idtyp"]), (s.ada["id"], "Orders.Mine", "user"), "access token")
    same((who["oid"], who["preferred_username"], who["tid"]), (s.ada["id"], f"ada@{DOMAIN}", s.tenant), "id token")
    info = json.loads(base64.urlsafe_b64decode(answer["client_info"] + "=="))
    same(info, {"uid": s.ada["id"], "utid": s.tenant}, "client_info")
    again = {"grant_type": "refresh_token", "client_id": s.client["appId"], "refresh_token": answer["refresh_token"], "scope": "api://orders/.default offline_access"}
    next_one = s.good(**again)
    assert next_one["refresh_token"] != answer["refresh_token"]
    s.good(**{**again, "refresh_token": next_one["refresh_token"], "scope": f"{VAULT}/.default"})
    s.refused(70000, "invalid_grant", **{**again, "client_id": AZ})
    s.refused(70000, "invalid_grant", **{**again, "refresh_token": answer["refresh_token"][:-4] + "AAAA"})
    s.refused(65001, "invalid_grant", **s.for_user(client_id=AZ))
    s.refused(650053, "invalid_client", **s.for_user(scope="api://orders/Orders.All"))
    s.refused(50126, "invalid_grant", **s.for_user(password="wrong"))
    s.refused(50034, "invalid_grant", **s.for_user(username=f"nobody@{DOMAIN}"))

    s.server.call("identity", "revoke", f"ada@{DOMAIN}")
    s.refused(50173, "invalid_grant", **again)
    fresh = s.good(**s.for_user())
    s.server.api("PATCH", f"/v1.0/users/{s.ada['id']}", {"passwordProfile": {"password": "Another-horse-2"}})
    s.refused(50173, "invalid_grant", **{**again, "refresh_token": fresh["refresh_token"]})
    s.refused(50126, "invalid_grant", **s.for_user())
    s.server.api("PATCH", f"/v1.0/users/{s.ada['id']}", {"passwordProfile": {"password": PASSWORD, "forceChangePasswordNextSignIn": True}})
    s.refused(50055, "invalid_grant", **s.for_user())
    s.server.api("PATCH", f"/v1.0/users/{s.ada['id']}", {"accountEnabled": False, "passwordProfile": {"password": PASSWORD}})
    s.refused(50126, "invalid_grant", **s.for_user(password="wrong"))
    s.refused(50057, "invalid_grant", **s.for_user())
    s.server.api("PATCH", f"/v1.0/users/{s.ada['id']}", {"accountEnabled": True})
    fresh = s.good(**s.for_user())
    s.server.call("clock", "+91d")
    s.refused(700082, "invalid_grant", **{**again, "refresh_token": fresh["refresh_token"]})


def test_a_password_cannot_be_guessed(s):
    """T10 after ten wrong passwords the user is locked out for a minute"""
    s.post("users", {"accountEnabled": True, "displayName": "Bob", "mailNickname": "bob", "userPrincipalName": f"bob@{DOMAIN}", "passwordProfile": {"password": PASSWORD}})
    for _ in range(10):
        s.refused(50126, "invalid_grant", **s.for_user(username=f"bob@{DOMAIN}", password="wrong"))
    s.refused(50053, "invalid_grant", **s.for_user(username=f"bob@{DOMAIN}"))
    s.server.call("clock", "+2m")
    s.good(**s.for_user(username=f"bob@{DOMAIN}"))


def test_a_device_is_signed_in_elsewhere(s):
    """T10 a device's code is approved or declined on a page, once, by somebody with a password"""
    def begin():
        path, form = f"/{s.tenant}/oauth2/v2.0/devicecode", urllib.parse.urlencode({"client_id": AZ, "scope": "https://management.azure.com//.default offline_access openid"})
        return s.server.ask(LOGIN, "POST", path, form, headers={"Content-Type": "application/x-www-form-urlencoded"}).json

    def poll(code, **more):
        return {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": AZ, "device_code": code, **more}

    one = begin()
    same((one["interval"], one["expires_in"], sorted(one)), (5, 900, ["device_code", "expires_in", "interval", "message", "user_code", "verification_uri"]), "begins")
    s.refused(70016, "authorization_pending", **poll(one["device_code"]))
    guess = str(uuid.uuid4())
    same(sign_in_at_page(s, one["user_code"], password="wrong", correlation=guess), 400, "a wrong password")
    record = s.server.record("signin", guess)
    same((record["status"]["errorCode"], record["userId"], record["ipAddress"]), (50126, s.ada["id"], "127.0.0.1"), "and it is in the log")
    s.refused(70016, "authorization_pending", **poll(one["device_code"]))
    same(sign_in_at_page(s, one["user_code"]), 200, "approved")
    same(sign_in_at_page(s, one["user_code"]), 400, "only once")
    s.refused(70018, "bad_verification_code", **poll(one["device_code"], client_id=s.client["appId"]))
    claims = claims_of(s.good(**poll(one["device_code"]))["access_token"])
    same((claims["oid"], claims["appid"], claims["aud"]), (s.ada["id"], AZ, "https://management.azure.com/"), "the user")
    s.refused(70018, "bad_verification_code", **poll(one["device_code"]))
    two, three = begin(), begin()
    same(sign_in_at_page(s, two["user_code"], "no"), 200, "declined")
    s.refused(65004, "authorization_declined", **poll(two["device_code"]))
    s.server.call("clock", "+16m")
    s.refused(70019, "expired_token", **poll(three["device_code"]))
    same(sign_in_at_page(s, three["user_code"]), 400, "too late")
    late, revoked = begin(), begin()
    same((sign_in_at_page(s, late["user_code"]), sign_in_at_page(s, revoked["user_code"])), (200, 200), "approved")
    s.server.call("identity", "revoke", f"ada@{DOMAIN}")
    s.refused(50173, "invalid_grant", **poll(revoked["device_code"]))
    s.server.call("clock", "+16m")
    s.refused(70019, "expired_token", **poll(late["device_code"]))
    page = s.server.ask(LOGIN, "GET", "/common/oauth2/deviceauth")
    assert page.status == 200 and "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_the_operator_ends_a_devices_sign_in(s):
    """T10 the operator lets a program with a device code act as a user, or as nobody; it is in the activity log, and no token says that a password was used"""
    def begin(client=AZ):
        path, form = f"/{s.tenant}/oauth2/v2.0/devicecode", urllib.parse.urlencode({"client_id": client, "scope": "https://management.azure.com//.default offline_access"})
        return s.server.ask(LOGIN, "POST", path, form, headers={"Content-Type": "application/x-www-form-urlencoded"}).json

    def poll(code):
        return {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": AZ, "device_code": code["device_code"]}

    one = begin()
    assert f"lanyard login {one['user_code']}" in one["message"], one["message"]
    said = s.server.call("login", one["user_code"].lower(), "--user", "ada", "--yes")
    same(said.splitlines(), [f"program   Microsoft Azure CLI (client id {AZ})", f"tenant    {s.tenant}",
                             "asks for  https://management.azure.com//.default offline_access", f"acts as   ada@{DOMAIN}",
                             f"Microsoft Azure CLI acts as ada@{DOMAIN}."], "approved")
    got = s.good(**poll(one))
    claims = claims_of(got["access_token"])
    same((claims["oid"], claims.get("amr")), (s.ada["id"], None), "the user, without a password")
    again = s.good(grant_type="refresh_token", client_id=AZ, refresh_token=got["refresh_token"], scope="https://management.azure.com//.default")
    same(claims_of(again["access_token"]).get("amr"), None, "nor when it is renewed")
    newest = s.server.records("activity")[-1]
    same(newest["operationName"]["value"], "Lanyard/deviceCodes/end/action", "recorded")

    two = begin()
    same(json.loads(s.server.call("login", two["user_code"], "--json", "--yes"))["clientId"], AZ, "the program")
    same(claims_of(s.good(**poll(two))["access_token"])["oid"], s.server.facts["operator"], "the operator, unless it is said")
    three = begin()
    s.server.call("login", three["user_code"], "--decline")
    s.refused(65004, "authorization_declined", **poll(three))
    four, path = begin(), "/lanyard/device-codes"
    s.server.api("PATCH", f"/v1.0/users/ada@{DOMAIN}", {"accountEnabled": False})
    for arguments, words in [
        ((four["user_code"],), "say --yes"),
        ((four["user_code"], "--yes", "--user", "ada"), "disabled"),
        ((four["user_code"], "--yes", "--user", "Client"), "is not a user"),
        ((four["user_code"], "--yes", "--user", "nobody"), "There is no resource, user, group or application"),
        (("BCDFGHJKL", "--yes"), "is not a code that waits"),
        ((three["user_code"], "--yes"), "is not a code that waits"),
        (("", "--yes"), ""),
        (("../status", "--yes"), ""),
    ]:
        with pytest.raises(RuntimeError, match=words):
            s.server.call("login", *arguments)
    logged = json.dumps([s.server.records(kind) for kind in ("activity", "signin", "diagnostic")])
    assert "/lanyard/device-codes/{code}" in logged, "what was refused is recorded"
    assert not any(code["user_code"] in logged for code in (one, two, three, four)) and "BCDFGHJKL" not in logged, "without the code, which may still wait"
    s.server.api("PATCH", f"/v1.0/users/ada@{DOMAIN}", {"accountEnabled": True})
    for body, words in [({"user": "ada", "approve": True}, "is not the object id"), ({"user": s.ada["id"], "approve": "yes"}, "true or false"),
                        ({"user": s.client["service"], "approve": True}, "does not exist")]:
        with pytest.raises(RuntimeError, match=words):
            s.server.api("POST", f"{path}/{four['user_code']}", body)
    s.refused(70016, "authorization_pending", **poll(four))
    same(s.server.ask("localhost", "GET", f"{path}/{four['user_code']}").status, 401, "over no other way than the admin socket")


def test_a_browsers_sign_in_is_refused_where_the_program_waits(s):
    """T10 a program that opened a browser is told at its own port that there is no such sign-in; nobody is sent anywhere else"""
    def ask(tenant="organizations", **query):
        return s.server.ask(LOGIN, "GET", f"/{tenant}/oauth2/v2.0/authorize?{urllib.parse.urlencode({'client_id': AZ, 'response_type': 'code', **query})}")

    for uri in ("http://localhost:8400", "http://localhost:8400/", "http://127.0.0.1:1/back", "http://localhost"):
        answer = ask(redirect_uri=uri, state="a&b=c\r\nX: y")
        same(answer.status, 302, uri)
        base, _, query = answer.headers["location"].partition("?")
        got = urllib.parse.parse_qs(query)
        same((base, got["error"], got["state"]), (uri, ["unsupported_response_type"], ["a&b=c\r\nX: y"]), uri)
        assert "az login --use-device-code" in got["error_description"][0], got
    for uri in ("https://localhost/", "http://localhost.evil.test/", "http://localhost@evil.test/", "http://localhost:80@evil.test/", "http://evil.test/localhost", "//localhost/",
                "http://localhost:1/a\r\nX: y", "http://localhost:1/#x", "http://localhost\\@evil.test", "javascript:alert(1)", ""):
        answer = ask(redirect_uri=uri)
        same((answer.status, answer.json["error_codes"]), (400, [70005]), uri)
    same(ask(tenant=str(uuid.uuid4()), redirect_uri="http://localhost:8400").status, 400, "another tenant")


def test_the_device_page_names_the_program(s):
    """T10 the page says which program will act for the user before it asks for a password, and no text of a program becomes markup"""
    hostile = s.application("<script>alert(1)</script>\"'&", isFallbackPublicClient=True)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    def begin(client):
        form = urllib.parse.urlencode({"client_id": client, "scope": f"{VAULT}/.default"})
        return s.server.ask(LOGIN, "POST", f"/{s.tenant}/oauth2/v2.0/devicecode", form, headers=headers).json["user_code"]

    def enter(**form):
        return s.server.ask(LOGIN, "POST", "/common/oauth2/deviceauth", urllib.parse.urlencode(form), headers=headers)

    page = s.server.ask(LOGIN, "GET", "/common/oauth2/deviceauth")
    assert "password" not in page.text, page.text
    code = begin(AZ)
    headers["client-request-id"] = str(uuid.uuid4())
    page = enter(user_code=f" {code.lower()} ")
    same(s.server.records("signin", "--correlation", headers["client-request-id"]), [], "no sign-in yet")
    assert page.status == 200 and AZ in page.text and "Azure CLI" in page.text and 'type="password"' in page.text, page.text
    page = enter(user_code=code, username=f"ada@{DOMAIN}", password="wrong")
    assert page.status == 400 and AZ in page.text, "the program is named again"
    page = enter(user_code=begin(hostile["appId"]))
    assert hostile["appId"] in page.text and "<script" not in page.text and "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;" in page.text, page.text
    page = enter(user_code="<b>x</b>")
    assert page.status == 400 and "<b>" not in page.text and 'type="password"' not in page.text, page.text
    page = enter(user_code='"><b>', username=f"ada@{DOMAIN}", password="wrong")
    assert page.status == 400 and "<b>" not in page.text, page.text


def test_a_wrong_or_ended_secret_is_refused(s):
    """T10 a wrong, an ended or a missing secret, a disabled application and one without a service principal are refused"""
    soon = (datetime.datetime.utcnow() + datetime.timedelta(days=200)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ended = s.add_secret(s.client, endDateTime=soon)
    s.good(**s.for_client(client_secret=ended))
    s.server.call("clock", "+201d")
    s.refused(7000222, "invalid_client", **s.for_client(client_secret=ended))
    s.refused(7000215, "invalid_client", **s.for_client(client_secret=s.secret[:-1]))
    s.refused(7000218, "invalid_client", **s.for_client())
    s.refused(500011, "invalid_resource", **s.for_client(client_secret=s.secret, scope="api://nothing/.default"))
    s.refused(700025, "invalid_client", grant_type="password", client_id=AZ, client_secret="x", username="u", password="p", scope=f"{VAULT}/.default")
    s.refused(9002331, "invalid_request", **s.for_client(client_secret=s.secret, claims="{"))
    lonely = s.post("applications", {"displayName": "lonely"})
    secret = s.add_secret(lonely)
    s.refused(7000229, "unauthorized_client", **s.for_client(client_id=lonely["appId"], client_secret=secret))
    off = s.application("off")
    secret = s.add_secret(off)
    s.server.api("PATCH", f"/v1.0/servicePrincipals/{off['service']}", {"accountEnabled": False})
    s.refused(7000112, "unauthorized_client", **s.for_client(client_id=off["appId"], client_secret=secret))
