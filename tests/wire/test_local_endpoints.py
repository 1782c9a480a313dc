"""The token endpoints of Arc, Cloud Shell, Service Fabric and Azure Machine Learning, over the wire (T2-T5, T7)."""
import hashlib
import json
import os
import re
import urllib.parse

import pytest

from workload import Sources, Workload, claims

VAULT = "https://vault.azure.net"
KEYS = "/var/opt/azcmagent/tokens"
HERE = __file__.rsplit("/", 2)[0]
TYPES = {
    "arc": "Microsoft.HybridCompute/machines",
    "shell": "Microsoft.Portal/consoles",
    "fabric": "Microsoft.ServiceFabric/managedClusters/applications",
    "ml": "Microsoft.MachineLearningServices/workspaces/computes",
}


class Cloud(Sources):
    def __init__(self, server):
        super().__init__(server)
        self.one, self.two, self.loose = (self.identity(name) for name in ("one", "two", "loose"))
        self.resource("Microsoft.ServiceFabric/managedClusters", "parent")
        self.resource("Microsoft.MachineLearningServices/workspaces", "parent")

    def source(self, kind, name, system=False, attached=()):
        return self.resource(TYPES[kind], f"parent/{name}" if TYPES[kind].count("/") > 1 else name, system, attached)


@pytest.fixture(scope="module")
def cloud(server):
    server.start()
    return Cloud(server)


def sandboxed(cloud, name):
    """A workload in a sandbox; skips where none can be made."""
    try:
        cloud.server.call("shell", "--check")
    except RuntimeError as why:
        pytest.skip(str(why))
    return Workload(cloud.server, name, "--bind-ro", HERE)


def oid(reply):
    assert reply.status == 200, reply.text
    return claims(reply.json["access_token"])["oid"]


# --- Azure Arc ---

@pytest.fixture(scope="module")
def edge(cloud):
    made = cloud.source("arc", "edge", True)
    with sandboxed(cloud, "edge") as workload:
        workload.identity = made
        yield workload


def arc_ask(edge, query=f"resource={VAULT}", headers=(), version="2020-06-01"):
    return edge.get(f"{edge.environment['IDENTITY_ENDPOINT']}?api-version={version}&{query}", [("Metadata", "true"), *headers])


def arc_key(edge, query=f"resource={VAULT}"):
    """The path of the key that a request without one is sent to."""
    reply = arc_ask(edge, query)
    assert reply.status == 401, reply.text
    assert "WWW-Authenticate" in reply.headers  # in this spelling: one client compares it
    found = re.fullmatch(r"Basic realm=(/var/opt/azcmagent/tokens/[0-9a-f-]{36}\.key)", reply.headers["WWW-Authenticate"])
    assert found, reply.headers["WWW-Authenticate"]
    return found.group(1)


def arc_token(edge, query=f"resource={VAULT}", version="2020-06-01"):
    content = edge.read(arc_key(edge, query))["text"]
    return arc_ask(edge, query, [("Authorization", f"Basic {content}")], version)


def test_arc_variables(edge):
    """T7 Arc's variables, at the agent's port"""
    assert edge.environment["IMDS_ENDPOINT"] == "http://127.0.0.1:40342"
    assert edge.environment["IDENTITY_ENDPOINT"] == "http://127.0.0.1:40342/metadata/identity/oauth2/token"
    for name in ("IDENTITY_HEADER", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST"):
        assert name not in edge.environment


def test_arc_challenges_and_answers(edge):
    """T5 T7 a key in a file of the workload's alone, which is gone once it is used"""
    path = arc_key(edge)
    key = edge.read(path)
    assert key["mode"] == 0o400 and key["uid"] == os.geteuid() and re.fullmatch("[0-9a-f]{64}", key["text"])
    reply = arc_ask(edge, headers=[("Authorization", f"Basic {key['text']}")])
    assert oid(reply) == edge.identity["principalId"]
    assert {"access_token", "client_id", "expires_in", "expires_on", "not_before", "resource", "token_type"} <= set(reply.json)
    assert all(isinstance(value, str) for value in reply.json.values())
    assert edge.read(path) is None
    assert arc_ask(edge, headers=[("Authorization", f"Basic {key['text']}")]).status == 401  # once


def test_arc_challenge_comes_first(edge):
    """T5 whatever else is wrong, a request without a key is sent to one"""
    for query in ("", f"resource={VAULT}&client_id=x", "resource=https://example.com", "api-version=2000-01-01"):
        arc_key(edge, query)


def test_arc_refuses_wrong_keys(edge):
    """T5 a guess, another form and a header that stands twice are answered like no key"""
    content = edge.read(arc_key(edge))["text"]
    for value in ("Basic guess", "Basic ", "Basic", f"Bearer {content}", content, f"Basic {content[:-1]}", f"Basic {content.upper()}x"):
        reply = arc_ask(edge, headers=[("Authorization", value)])
        assert reply.status == 401 and "access_token" not in reply.text, value
    twice = arc_ask(edge, headers=[("Authorization", f"Basic {content}"), ("Authorization", "Basic x")])
    assert twice.status in (400, 401)
    assert oid(arc_ask(edge, headers=[("Authorization", f"Basic {content}")])) == edge.identity["principalId"]


def test_arc_echoes_the_selected_identity(edge):
    """T2 the answer names the identity as the request did: newer clients check that"""
    principal, client = edge.identity["principalId"], claims(arc_token(edge).json["access_token"])["appid"]
    assert "object_id" not in arc_token(edge).json
    assert arc_token(edge, f"resource={VAULT}&client_id={client}").json["client_id"] == client
    reply = arc_token(edge, f"resource={VAULT}&object_id={principal.upper()}")
    assert oid(reply) == principal and reply.json["object_id"] == principal.upper()


@pytest.mark.parametrize("query, says", [
    (f"resource={VAULT}&client_id={{one[clientId]}}", "Identity not found"),
    (f"resource={VAULT}&msi_res_id={{one[id]}}", "Identity not found"),
    (f"resource={VAULT}&client_id={{one[clientId]}}&object_id={{one[principalId]}}", "Only one of"),
    ("resource=", "audience"),
    ("resource=https://example.com", "AADSTS500011"),
    (f"resource={VAULT}&resource={VAULT}", "only once"),
])
def test_arc_refusals_with_a_key(cloud, edge, query, says):
    """T2 T4 with a key, the words are those of a virtual machine's endpoint"""
    reply = arc_token(edge, query.format(one=cloud.one))
    assert reply.status == 400 and says in reply.json["error_description"], reply.text


def test_arc_versions_and_metadata(edge):
    """versions of several years are known, others are not; without `Metadata: true` nothing is answered"""
    for version in ("2019-08-15", "2019-11-01", "2020-06-01"):
        assert oid(arc_token(edge, version=version)) == edge.identity["principalId"]
    assert arc_token(edge, version="2018-02-01").status == 400
    url = f"{edge.environment['IDENTITY_ENDPOINT']}?api-version=2020-06-01&resource={VAULT}"
    for headers in ([], [("Metadata", "false")], [("Metadata", "true"), ("Via", "1.1 proxy")]):
        reply = edge.get(url, headers)
        assert reply.status == 400 and "WWW-Authenticate" not in reply.headers
    assert edge.get(url, [("Metadata", "true"), ("Host", "evil.example")]).status == 401


def test_arc_on_the_host(cloud):
    """T7 on the host the directory of the keys must be there"""
    cloud.source("arc", "outside", True)
    if os.path.isdir(KEYS):
        pytest.skip(f"{KEYS} is there")
    with pytest.raises(RuntimeError, match="is needed, where clients look for keys"):
        cloud.server.call("run", "--no-sandbox", "--as", "outside", "--", "true")


# --- Cloud Shell ---

def shell_ask(shell, headers=(("Metadata", "true"),), **form):
    return shell.get(shell.environment["MSI_ENDPOINT"], [*headers, ("Content-Type", "application/x-www-form-urlencoded")], "POST",
                     urllib.parse.urlencode(form))


@pytest.fixture(scope="module")
def shell(cloud):
    made = cloud.source("shell", "default", True, [cloud.one])
    with Workload(cloud.server, "default") as workload:
        workload.identity = made
        yield workload


def test_cloud_shell(cloud, shell):
    """T2 T3 T7 a form is posted, and the answer has what clients read"""
    assert "MSI_SECRET" not in shell.environment and "IDENTITY_ENDPOINT" not in shell.environment
    reply = shell_ask(shell, resource=VAULT)
    assert oid(reply) == shell.identity["principalId"]
    assert sorted(reply.json) == ["access_token", "expires_in", "expires_on", "not_before", "resource", "token_type"]
    assert reply.json["resource"] == VAULT
    for name, key in (("client_id", "clientId"), ("object_id", "principalId"), ("msi_res_id", "id")):
        assert oid(shell_ask(shell, resource=VAULT, **{name: cloud.one[key]})) == cloud.one["principalId"]


def test_cloud_shell_default_is_that_of_machines(cloud):
    """T3 without a system-assigned identity: the only other one, or the error that there are several"""
    cloud.source("shell", "single", False, [cloud.two])
    with Workload(cloud.server, "single") as single:
        assert oid(shell_ask(single, resource=VAULT)) == cloud.two["principalId"]
    cloud.source("shell", "several", False, [cloud.one, cloud.two])
    with Workload(cloud.server, "several") as several:
        reply = shell_ask(several, resource=VAULT)
        assert reply.status == 400 and reply.json["error"]["code"] == "IdentityAmbiguous"


def test_cloud_shell_refusals(cloud, shell):
    """T4 T5 refusals have the form of an error object"""
    right = {"resource": VAULT}
    rows = [
        ({"headers": (), **right}, 400, "MetadataHeaderMissing"),
        ({"headers": (("Metadata", "true"), ("Via", "1.1 proxy")), **right}, 400, "ForwardedRequest"),
        ({"headers": (("Metadata", "true"), ("Host", "evil.example")), **right}, 401, "UnknownSource"),
        ({"resource": ""}, 400, "AudienceMissing"),
        ({}, 400, "AudienceMissing"),
        ({"resource": "https://example.com"}, 400, "AudienceNotSupported"),
        ({**right, "client_id": cloud.loose["clientId"]}, 400, "IdentityNotFound"),
        ({**right, "client_id": cloud.one["clientId"], "object_id": cloud.one["principalId"]}, 400, "BadRequest"),
    ]
    for asked, status, code in rows:
        reply = shell_ask(shell, **asked)
        assert reply.status == status and reply.json["error"]["code"] == code and reply.json["error"]["message"], reply.text
    assert shell.get(f"{shell.environment['MSI_ENDPOINT']}?resource={VAULT}", [("Metadata", "true")]).status == 405
    assert shell_ask(shell, resource="x" * 9000).status == 413


# --- Service Fabric ---

@pytest.fixture(scope="module")
def fabric(cloud):
    made = cloud.source("fabric", "orders", True, [cloud.one])
    with Workload(cloud.server, "orders") as workload:
        workload.identity = made
        yield workload


def fabric_ask(fabric, query=f"resource={VAULT}", headers=None, version="2019-07-01-preview"):
    env = fabric.environment
    shown = [("secret", env["IDENTITY_HEADER"])] if headers is None else headers
    return fabric.get(f"{env['IDENTITY_ENDPOINT']}?api-version={version}&{query}", shown)


def test_service_fabric(cloud, fabric):
    """T2 T3 T7 over TLS, with the certificate that the thumbprint names"""
    env = fabric.environment
    assert env["IDENTITY_ENDPOINT"].startswith("https://127.0.0.1:") and re.fullmatch("[0-9A-F]{40}", env["IDENTITY_SERVER_THUMBPRINT"])
    reply = fabric_ask(fabric)
    assert reply.certificate_sha1.upper() == env["IDENTITY_SERVER_THUMBPRINT"]
    assert oid(reply) == fabric.identity["principalId"]
    assert sorted(reply.json) == ["access_token", "expires_on", "resource", "token_type"]
    for selector in (f"client_id={cloud.one['clientId']}", f"principalId={cloud.one['principalId']}", f"object_id={cloud.one['principalId']}",
                     f"mi_res_id={cloud.one['id']}"):
        assert oid(fabric_ask(fabric, f"resource={VAULT}&{selector}")) == cloud.one["principalId"], selector


def test_service_fabric_refreshes_a_rejected_token(fabric):
    """T6 a token that a service rejected is not given to who says so, and its successor is one for all"""
    first = fabric_ask(fabric).json["access_token"]
    digest = hashlib.sha256(first.encode()).hexdigest()
    assert fabric_ask(fabric).json["access_token"] == first
    second = fabric_ask(fabric, f"resource={VAULT}&xms_cc=cp1&token_sha256_to_refresh={digest}").json["access_token"]
    assert second != first and claims(second)["oid"] == claims(first)["oid"]
    assert fabric_ask(fabric, f"resource={VAULT}&token_sha256_to_refresh={digest}").json["access_token"] == second
    for other in ("0" * 64, "x", ""):
        assert fabric_ask(fabric, f"resource={VAULT}&token_sha256_to_refresh={other}").json["access_token"] == first


def test_service_fabric_refusals(cloud, fabric):
    """T4 T5 refusals have the published codes"""
    right = ("secret", fabric.environment["IDENTITY_HEADER"])
    rows = [
        (fabric_ask(fabric, headers=[]), 400, "SecretHeaderNotFound"),
        (fabric_ask(fabric, headers=[("X-IDENTITY-HEADER", right[1])]), 400, "SecretHeaderNotFound"),
        (fabric_ask(fabric, headers=[("secret", "guess")]), 404, "ManagedIdentityNotFound"),
        (fabric_ask(fabric, headers=[right, ("Forwarded", "for=1.2.3.4")]), 400, "ForwardedRequest"),
        (fabric_ask(fabric, headers=[right, ("Host", "evil.example")]), 404, "ManagedIdentityNotFound"),
        (fabric_ask(fabric, version="2018-02-01"), 400, "InvalidApiVersion"),
        (fabric_ask(fabric, "resource="), 400, "ArgumentNullOrEmpty"),
        (fabric_ask(fabric, "resource=https://example.com"), 400, "InvalidResource"),
        (fabric_ask(fabric, f"resource={VAULT}&client_id={cloud.loose['clientId']}"), 404, "ManagedIdentityNotFound"),
        (fabric_ask(fabric, f"resource={VAULT}&client_id=x&object_id=y"), 400, "InvalidArgument"),
    ]
    for reply, status, code in rows:
        error = reply.json["error"]
        assert reply.status == status and error["code"] == code and sorted(error) == ["code", "correlationId", "message"], reply.text


# --- Azure Machine Learning ---

def test_machine_learning(cloud):
    """T3 T7 the protocol of 2017, with the default identity's client id told by a variable"""
    made = cloud.source("ml", "trainer", True, [cloud.one])
    cloud.source("ml", "single", False, [cloud.two])
    cloud.source("ml", "several", False, [cloud.one, cloud.two])
    for name, principal in (("trainer", made["principalId"]), ("parent/computes/single", cloud.two["principalId"])):
        resource = name if "/" not in name else f"{cloud.group}/providers/Microsoft.MachineLearningServices/workspaces/{name}"
        with Workload(cloud.server, resource) as compute:
            env = compute.environment
            assert "IDENTITY_ENDPOINT" not in env
            ask = f"{env['MSI_ENDPOINT']}?api-version=2017-09-01&resource={VAULT}&clientid={env['DEFAULT_IDENTITY_CLIENT_ID']}"
            assert oid(compute.get(ask, {"secret": env["MSI_SECRET"]})) == principal
            assert compute.get(ask, {}).status == 401
            assert compute.get(ask, {"secret": "guess"}).status == 401
    with Workload(cloud.server, f"{cloud.group}/providers/Microsoft.MachineLearningServices/workspaces/parent/computes/several") as compute:
        assert "DEFAULT_IDENTITY_CLIENT_ID" not in compute.environment


def test_secrets_are_not_in_the_server_s_words(cloud, edge, fabric):
    """T9 neither keys nor secrets are in what the server wrote"""
    content = edge.read(arc_key(edge))["text"]
    arc_ask(edge, headers=[("Authorization", f"Basic {content}")])
    said = cloud.server.log.read_text(encoding="utf-8")
    assert content not in said and fabric.environment["IDENTITY_HEADER"] not in said


def signins(cloud, resource, *options):
    lines = cloud.server.call("logs", "signin", "--json", "--resource", resource, "-n", "100", *options).splitlines()
    return [json.loads(line) for line in lines]


def test_sign_ins_are_recorded_at_every_endpoint(cloud):
    """O1 T5 a grant and a refusal leave a record each; a challenge of Arc's, which is no sign-in yet, leaves none"""
    cloud.source("arc", "watched-edge", True)
    with sandboxed(cloud, "watched-edge") as watched:
        assert arc_token(watched).status == 200
        assert arc_ask(watched, headers=[("Authorization", "Basic guess")]).status == 401
    cloud.source("shell", "watched-shell", True)
    with Workload(cloud.server, "watched-shell") as watched:
        assert shell_ask(watched, resource=VAULT).status == 200
        assert shell_ask(watched, headers=(), resource=VAULT).status == 400
    cloud.source("fabric", "watched-app", True)
    with Workload(cloud.server, "watched-app") as watched:
        assert fabric_ask(watched).status == 200
        assert fabric_ask(watched, headers=[("secret", "guess")]).status == 404
    for name, endpoint in (("watched-edge", "arc"), ("watched-shell", "cloudshell"), ("watched-app", "servicefabric")):
        records, failed = signins(cloud, name), signins(cloud, name, "--failed")
        assert len(records) == 2 and len(failed) == 1, (name, records)
        assert {record["lanyard"]["endpoint"] for record in records} == {endpoint}
        assert failed[0]["status"]["errorCode"] != 0
        assert all("guess" not in json.dumps(record) for record in records)
