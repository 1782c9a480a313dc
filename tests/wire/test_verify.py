"""The check of tokens for an API behind a proxy, at its socket and through Debian's nginx with the example's configuration (S7)."""
import base64
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from lanyard import Answer, same

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "examples/api-behind-nginx"
READ, WRITE = "10000000-0000-0000-0000-000000000001", "10000000-0000-0000-0000-000000000002"
WAIT_S = 20


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(connection, method, target, token=None, headers=()):
    lines = dict(headers)
    if token is not None:
        lines["Authorization"] = token if " " in token else f"Bearer {token}"
    try:
        connection.request(method, target, headers=lines)
        return Answer(connection.getresponse())
    finally:
        connection.close()


def rule(**demands):
    return urllib.parse.urlencode({name.replace("_", "-"): value for name, value in demands.items()}, doseq=True)


def segment(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def stage(server, *options):
    """A server with an API, and machines of which one may read, one may read and write, and one may nothing."""
    server.start("--test-clock", *options)
    roles = [{"id": i, "value": v, "displayName": v, "allowedMemberTypes": ["Application"]} for i, v in ((READ, "Orders.Read"), (WRITE, "Orders.Write"))]
    server.application = server.api("POST", "/v1.0/applications", {"displayName": "Orders", "identifierUris": ["api://orders"], "appRoles": roles})
    server.service = server.api("POST", "/v1.0/servicePrincipals", {"appId": server.application["appId"]})["id"]
    server.call("create", "group", "shop")
    for machine in ("none", "reader", "writer"):
        server.call("create", "vm", machine, "--identity", "system")
    server.ids = {m: json.loads(server.call("show", m, "--json"))["identity"]["principalId"] for m in ("none", "reader", "writer")}
    for machine, role in (("reader", READ), ("writer", READ), ("writer", WRITE)):
        server.api("POST", f"/v1.0/servicePrincipals/{server.service}/appRoleAssignedTo",
                   {"principalId": server.ids[machine], "resourceId": server.service, "appRoleId": role})
    return server


@pytest.fixture(scope="module", name="place")
def open_directory():
    """One that nginx's own user may enter, as it may /run/lanyard."""
    with tempfile.TemporaryDirectory(prefix="lanyard-nginx-") as made:
        os.chmod(made, 0o755)
        yield made


@pytest.fixture(scope="module", name="s")
def own(new_server, place):
    return stage(new_server("verify"), "--verify-socket", f"{place}/verify.sock")


def check(s, token, text="audience=api%3A%2F%2Forders", **more):
    return ask(UnixConnection(s.facts["verify_socket"]), "GET", f"/lanyard/verify?{text}", token, **more)


def test_S7_a_token_is_told_whose_it_is(s):
    answer = check(s, s.token_of("writer", "api://orders"), rule(audience="api://orders", role=["Orders.Read", "Orders.Write"]))
    same(answer.status, 200, answer.text)
    told = {name: answer.headers[f"x-lanyard-{name}"] for name in ("object-id", "tenant-id", "kind", "roles", "audience", "scopes")}
    same({**told, "roles": sorted(told["roles"].split(","))},
         {"object-id": s.ids["writer"], "tenant-id": s.facts["tenant"], "kind": "identity", "roles": ["Orders.Read", "Orders.Write"],
          "audience": "api%3A%2F%2Forders", "scopes": ""}, "headers")


def test_S7_every_demand_counts(s):
    token, app = s.token_of("reader", "api://orders"), s.application["appId"]
    for demands, want in [
            (rule(audience="api://orders"), 200), (rule(audience=app), 200), (rule(audience=["api://other", "api://orders"]), 200),
            (rule(audience="api://orders", any_role=["Orders.Write", "Orders.Read"]), 200),
            (rule(audience="api://orders", role="Orders.Write"), 403), (rule(audience="api://orders", role=["Orders.Read", "Orders.Write"]), 403),
            (rule(audience="api://orders", any_role="Orders.Write"), 403), (rule(audience="api://orders", scope="Orders.Read"), 403),
            (rule(audience="api://other"), 401), (rule(audience="https://vault.azure.net"), 401),
            ("", 400), (rule(role="Orders.Read"), 400), (rule(audience="api://orders", rol="Orders.Write"), 400), ("audience=api%3A%2F%2Forders&role=", 400)]:
        same(check(s, token, demands).status, want, demands)
    same(check(s, s.token_of("reader", app), rule(audience="api://orders")).status, 200, "a token by client id")


def test_S7_what_is_no_token_of_here_is_refused(s, new_server):
    good = s.token_of("reader", "api://orders")
    header, claims, signature = good.split(".")
    kid = json.loads(base64.urlsafe_b64decode(header + "=="))["kid"]
    none = segment(json.dumps({"typ": "JWT", "alg": "none", "kid": kid}).encode())
    hs256 = segment(json.dumps({"typ": "JWT", "alg": "HS256", "kid": kid}).encode())
    keys = s.ask("login.microsoftonline.com", "GET", "/common/discovery/v2.0/keys").json["keys"]
    key = next(k for k in keys if k["kid"] == kid)
    public, form = jwt.PyJWK(dict(key, alg="RS256")).key, serialization.PublicFormat.SubjectPublicKeyInfo
    published = {"the tenant": s.facts["tenant"].encode(), "the modulus": key["n"].encode(), "the certificate": key["x5c"][0].encode(),
                 "the public key, PEM": public.public_bytes(serialization.Encoding.PEM, form),
                 "the public key, DER": public.public_bytes(serialization.Encoding.DER, form)}
    forged = [(f"{hs256}.{claims}.{segment(hmac.new(known, f'{hs256}.{claims}'.encode(), hashlib.sha256).digest())}", f"HS256 by {name}")
              for name, known in published.items()]
    other = stage(new_server("verify-other"))
    for token, what in [("x", "rubbish"), (f"{none}.{claims}.", "alg none, unsigned"), (f"{none}.{claims}.{signature}", "alg none"), *forged,
                        (f"{header}.{claims}.{signature[:-4]}AAAA", "another signature"), (other.token_of("reader", "api://orders"), "another tenant"),
                        (s.token_of("reader", "https://vault.azure.net"), "another audience")]:
        answer = check(s, token)
        same((answer.status, 'error="invalid_token"' in answer.headers.get("www-authenticate", "")), (401, True), what)
        same([n for n in answer.headers if n.startswith("x-lanyard")], [], what)
        assert token not in answer.text or token == "x"
    for scheme in (None, f"Basic {good}"):
        answer = check(s, scheme)
        same((answer.status, "error" in answer.headers["www-authenticate"]), (401, False), "without a token")


def verify(s, token, *options):
    """What `lanyard verify-token` ends with, and says."""
    done = subprocess.run([s.binary, "verify-token", *options], env=s.env, input=token, capture_output=True, text=True, check=False)
    assert token.strip() not in done.stdout + done.stderr or len(token) < 8
    return done.returncode, done.stdout + done.stderr


def test_S7_the_command_says_which_check_failed(s):
    good, api = s.token_of("reader", "api://orders"), ("--audience", "api://orders")
    header, claims, signature = good.split(".")
    issuer = jwt.decode(good, options={"verify_signature": False})["iss"]
    for token, options, status, words in [
            (good, api, 0, f"valid: identity {s.ids['reader']} for api://orders, roles Orders.Read, until "),
            (f"Authorization: Bearer {good}\n", (*api, "--role", "Orders.Read", "--tenant", s.facts["tenant"], "--issuer", issuer), 0, "valid: "),
            (good, ("--audience", "api://x", *api, "--any-role", "Orders.Write", "--any-role", "Orders.Read"), 0, "valid: "),
            ("x", api, 1, "invalid (form): "), ("", api, 1, "invalid (form): "),
            (f"{header}.{claims}.{signature[:-4]}AAAA", api, 1, "invalid (signature): "),
            (good, ("--audience", "api://shipping"), 1, "invalid (audience): The token is for the audience 'api://orders'"),
            (good, (*api, "--role", "Orders.Write"), 1, "invalid (roles): The token lacks the app role 'Orders.Write'."),
            (good, (*api, "--any-role", "A", "--any-role", "B"), 1, "invalid (roles): "), (good, (*api, "--scope", "Mine"), 1, "invalid (roles): "),
            (good, (*api, "--issuer", "https://sts.windows.net/x/"), 1, "invalid (issuer): "),
            (good, (*api, "--tenant", READ), 1, "invalid (tenant): "),
            (good, (*api, "--tenant", "x"), 1, "invalid (tenant): "),
            (good, (), 2, "--audience"), (good, (*api, "--jwks", "/nowhere"), 2, "--issuer"), (good, (*api, "--role", ""), 2, "empty")]:
        got, said = verify(s, token, *options)
        same((got, words in said, len(said.splitlines()) == 1 or status == 2), (status, True, True), f"{options} {said}")
    told = json.loads(verify(s, good, *api, "--json")[1])
    same((told["valid"], told["objectId"], told["roles"], told["audience"]), (True, s.ids["reader"], ["Orders.Read"], "api://orders"), "as JSON")
    told = json.loads(verify(s, good, "--audience", "api://shipping", "--json")[1])
    same((told["valid"], told["check"]), (False, "audience"), "as JSON")


def test_S7_the_command_checks_tokens_of_other_issuers(s, new_server, tmp_path):
    other = stage(new_server("verify-foreign"))
    token = other.token_of("reader", "api://orders")
    claims = jwt.decode(token, options={"verify_signature": False})
    keys, wrong, broken = tmp_path / "keys", tmp_path / "wrong", tmp_path / "broken"
    for server, file in ((other, keys), (s, wrong)):
        file.write_text(server.ask("login.microsoftonline.com", "GET", "/common/discovery/v2.0/keys").text)
    broken.write_text("{")
    by = ("--audience", "api://orders", "--jwks", keys, "--issuer", claims["iss"])
    for options, status, words in [
            (by, 0, f"valid: outside {claims['sub']} for api://orders, roles Orders.Read, until "),
            ((*by, "--role", "Orders.Read", "--tenant", claims["tid"]), 0, "valid: "), ((*by, "--role", "Orders.Write"), 1, "invalid (roles): "),
            ((*by, "--tenant", s.facts["tenant"]), 1, "invalid (tenant): "), ((*by, "--issuer", "https://x.example"), 1, "invalid (issuer): "),
            (("--audience", "api://x", *by[2:]), 1, "invalid (audience): "), ((*by, "--jwks", wrong), 1, "invalid (signature): "),
            ((*by, "--jwks", broken), 2, "Key Set"), ((*by, "--jwks", tmp_path / "nowhere"), 2, "cannot be opened"),
            (("--audience", "api://orders"), 1, "invalid (signature): ")]:
        got, said = verify(s, token, *options)
        same((got, words in said), (status, True), f"{options} {said}")
    other.call("clock", "+25h")
    fresh = other.token_of("reader", "api://orders")
    assert "invalid (times): " in verify(s, fresh, *by)[1]


def test_S7_by_path_nothing_of_the_client_counts(s):
    token, prefix = s.token_of("reader", "api://orders"), "/lanyard/verify/audience=api:%2F%2Forders&role=Orders.Write"
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"):
        for path in ("", "/orders/7", "/orders?role=Orders.Read&audience=api://orders", "/audience=api:%2F%2Forders"):
            same(ask(UnixConnection(s.facts["verify_socket"]), method, prefix + path, token).status, 403, f"{method} {path}")
        same(ask(UnixConnection(s.facts["verify_socket"]), method, f"{prefix}/orders?x=1", s.token_of("writer", "api://orders")).status, 200, method)
    for path in ("/../audience=api:%2F%2Forders", "/..%2F..%2Fverify?audience=api://orders", "/%2e%2e/x"):
        assert ask(UnixConnection(s.facts["verify_socket"]), "GET", prefix + path, token).status in (400, 403), path


def test_S7_the_https_port_does_not_check(s):
    for host in ("localhost", "login.microsoftonline.com", "management.azure.com"):
        answer = s.ask(host, "GET", "/lanyard/verify?audience=api%3A%2F%2Forders", token=s.token_of("reader", "api://orders"))
        assert answer.status >= 400 and "x-lanyard-object-id" not in answer.headers, host


class Nginx:
    """The example, with ports and paths of the test's own."""

    def __init__(self, directory, verify_socket):
        self.socket, self.processes = f"{directory}/front.sock", []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        for name in ("nginx.conf", "to_api.conf"):
            text = (EXAMPLE / name).read_text().replace("127.0.0.1:8080", f"unix:{self.socket}").replace("127.0.0.1:8000", f"127.0.0.1:{port}")
            text = text.replace("unix:/run/lanyard/verify.sock", f"unix:{verify_socket}")
            if name == "nginx.conf":
                text = text.replace("http {", "http {\n" + "".join(f"{kind}_temp_path {directory}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")))
            pathlib.Path(directory, name).write_text(text)
        self.start(EXAMPLE / "api.py", str(port))
        self.start(shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-e", "stderr", "-p", directory, "-c", f"{directory}/nginx.conf", "-g", "daemon off;")
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                if self.get("/").status == 404:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError("nginx did not start")

    def start(self, *command):
        self.processes.append(subprocess.Popen([str(word) for word in command]))

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait(WAIT_S)

    def get(self, target="/orders", token=None, method="GET", **headers):
        return ask(UnixConnection(self.socket), method, target, token, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture(scope="module", name="nginx")
def front(s, place):
    made = Nginx(place, s.facts["verify_socket"])
    yield made
    made.stop()


def test_S7_the_example_answers_401_403_and_200(s, nginx):
    reader, writer = s.token_of("reader", "api://orders"), s.token_of("writer", "api://orders")
    for token, method, want in [(None, "GET", 401), ("x", "GET", 401), (s.token_of("reader", "https://vault.azure.net"), "GET", 401),
                                (s.token_of("none", "api://orders"), "GET", 403), (reader, "GET", 200), (reader, "POST", 403), (writer, "POST", 200)]:
        answer = nginx.get(token=token, method=method)
        same(answer.status, want, f"{method} {answer.text[:200]}")
        assert want == 200 or "Bearer" in answer.headers["www-authenticate"]
    got = nginx.get(token=reader).json
    same((got["caller"]["Object-Id"], got["caller"]["Roles"], got["saw_token"]), (s.ids["reader"], "Orders.Read", False), "the caller")


# Told nothing but where its machine's tokens come from, and where the API is.
NODE_CLIENT = """
import http from "node:http";
import { ManagedIdentityCredential } from "@azure/identity";
const [socketPath, method] = process.argv.slice(1);
const { token } = await new ManagedIdentityCredential().getToken("api://orders/.default");
http.request({ socketPath, path: "/orders", method, headers: { Authorization: `Bearer ${token}` } }, async answer => {
  let text = "";
  for await (const piece of answer) text += piece;
  console.log(JSON.stringify({ status: answer.statusCode, body: answer.statusCode === 200 ? JSON.parse(text) : null }));
}).end();
"""


def test_S7_the_azure_sdk_s_tokens_let_in_who_may(s, nginx, monkeypatch):
    node = subprocess.check_output([ROOT / "tools/setup", "--node"], text=True).strip()
    monkeypatch.chdir(ROOT / "tests/sdk")  # where its packages are
    monkeypatch.setattr(s, "binary", str((ROOT / s.binary).resolve()))
    for machine, method, want in [("reader", "GET", 200), ("reader", "POST", 403), ("writer", "POST", 200), ("none", "GET", 403)]:
        out = s.call("run", "--no-sandbox", "--as", machine, "--", node, "--input-type=module", "-e", NODE_CLIENT, nginx.socket, method)
        got = json.loads(out)
        same(got["status"], want, f"{machine} {method}")
        assert want != 200 or got["body"]["caller"]["Object-Id"] == s.ids[machine]


def test_S7_no_token_counts_for_an_application_that_is_disabled_or_gone(s, nginx):
    reader = s.token_of("reader", "api://orders")
    same(nginx.get(token=reader).status, 200, "before")
    s.api("PATCH", f"/v1.0/servicePrincipals/{s.service}", {"accountEnabled": False})
    same(nginx.get(token=reader).status, 401, "disabled")
    s.api("PATCH", f"/v1.0/servicePrincipals/{s.service}", {"accountEnabled": True})
    same(nginx.get(token=reader).status, 200, "enabled again")
    other = s.api("POST", "/v1.0/applications", {"displayName": "Gone", "identifierUris": ["api://gone"]})
    s.api("POST", "/v1.0/servicePrincipals", {"appId": other["appId"]})
    token = s.token_of("reader", "api://gone")
    same(check(s, token, rule(audience="api://gone")).status, 200, "the other API")
    s.api("DELETE", f"/v1.0/applications/{other['id']}")
    same(check(s, token, rule(audience="api://gone")).status, 401, "the other API is gone")


def test_S7_a_client_smuggles_nothing_past_nginx(s, nginx):
    reader = s.token_of("reader", "api://orders")
    got = nginx.get(token=reader, X_Lanyard_Object_Id=s.ids["writer"], X_Lanyard_Roles="Orders.Write").json
    same((got["caller"]["Object-Id"], got["caller"]["Roles"]), (s.ids["reader"], "Orders.Read"), "headers of the client's")
    none = s.token_of("none", "api://orders")
    for target in ("/orders?audience=api://orders", "/orders?any-role=Orders.Read&role=Orders.Read"):
        same(nginx.get(target, none).status, 403, target)
    for target in ("/_check", "/_check?audience=api://orders", "/%5fcheck"):
        same(nginx.get(target, reader).status, 404, target)
    same(nginx.get("/orders?audience=https://vault.azure.net", s.token_of("reader", "https://vault.azure.net")).status, 401, "an audience of the client's")


def test_S7_revoked_deleted_and_expired_are_refused(s, nginx):
    reader, writer = s.token_of("reader", "api://orders"), s.token_of("writer", "api://orders")
    same((nginx.get(token=reader).status, nginx.get(token=writer).status), (200, 200), "before")
    s.call("identity", "revoke", "reader")
    same(nginx.get(token=reader).status, 401, "revoked")
    assert "revoked" in verify(s, reader, "--audience", "api://orders")[1]
    s.call("delete", "writer")
    same(nginx.get(token=writer).status, 401, "its identity is gone")
    assert "invalid (principal)" in verify(s, writer, "--audience", "api://orders")[1]
    fresh = s.token_of("reader", "api://orders")
    same(nginx.get(token=fresh).status, 200, "a new token")
    s.call("clock", "+25h")
    same(nginx.get(token=fresh).status, 401, "expired")
    assert "invalid (times): The token expired at " in verify(s, fresh, "--audience", "api://orders")[1]
