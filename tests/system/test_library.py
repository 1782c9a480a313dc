"""The C library through each of Lanyard's own token endpoints, in the sandbox (L1 L2 T7): tests/client/lib-driver, which uses the installed headers alone."""
import datetime
import json
import os
import pathlib
import shutil

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from lanyard import need_sandbox, same
from workload import Sources, claims

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DRIVER = pathlib.Path(os.environ.get("LANYARD", ROOT / "build/lanyard")).resolve().parent / "tests/client/lib-driver"
SCOPE = "https://vault.azure.net/.default"
NOBODY = "99999999-9999-4999-8999-999999999999"
PASSWORD = "key-password"


@pytest.fixture(scope="module")
def cloud(server):
    server.start()
    need_sandbox(server)
    made = Sources(server)
    made.one, made.two = made.identity("one"), made.identity("two")
    made.web = made.resource("Microsoft.Compute/virtualMachines", "web", True, [made.one])
    return made


def driven(cloud, resource, *asks, options=(), before=""):
    """What came of each, by a program of the resource. `before` is shell that runs first."""
    calls = "\n".join(f"'{DRIVER}' '{json.dumps({'scope': SCOPE, **ask})}'" for ask in asks)
    lines = cloud.server.call("run", "--as", resource, *options, "--", "sh", "-euc", f"{before}\n{calls}").splitlines()
    return [json.loads(line) for line in lines]


def oid(result):
    assert result["outcome"] == "token", result["message"]
    return claims(result["token"])["oid"]


MANAGED = {"kind": "managed_identity"}
PLATFORMS = [
    ("Microsoft.Compute/virtualMachines", "lib-vm"),
    ("Microsoft.Web/sites", "lib-site"),
    ("Microsoft.App/containerApps", "lib-front"),
    ("Microsoft.HybridCompute/machines", "lib-edge"),
]


@pytest.mark.parametrize("kind, name", PLATFORMS)
def test_each_selection(cloud, kind, name):
    """L1 T2 T3 T4 T7 nothing, a client id, a principal id, a resource id, and one that is not attached"""
    is_arc = "HybridCompute" in kind
    made = cloud.resource(kind, name, True, () if is_arc else [cloud.one])
    asks = [{}, {"kind": "default"}] if is_arc else [
        {}, {"kind": "default"}, {"client_id": cloud.one["clientId"]}, {"object_id": cloud.one["principalId"]}, {"resource_id": cloud.one["id"]}]
    results = driven(cloud, name, *({**MANAGED, **each} for each in asks), {**MANAGED, "client_id": cloud.two["clientId"]})
    *results, stranger = results
    same([oid(each) for each in results[:2]], [made["principalId"]] * 2, "whose token it is without a selection")
    same({oid(each) for each in results[2:]}, set() if is_arc else {cloud.one["principalId"]}, "whose token it is with one")
    same(stranger["outcome"], "unavailable", f"what comes of an identity that is not attached: {stranger['message']}")
    for each in results:
        left_s = each["expires_at"] - claims(each["token"])["iat"]
        assert 0 < left_s and each["refresh_at"] < each["expires_at"], each


def test_machine_learning(cloud):
    """L1 T2 T3 T7 nothing and a client id"""
    made = cloud.resource("Microsoft.MachineLearningServices/workspaces", "lib-trainer", True, [cloud.one])
    none, one = driven(cloud, "lib-trainer", MANAGED, {**MANAGED, "client_id": cloud.one["clientId"]})
    same([oid(none), oid(one)], [made["principalId"], cloud.one["principalId"]], "whose tokens they are")


def test_cloud_shell(cloud):
    """L1 T7 the user of the shell; a selection is refused without a request"""
    made = cloud.resource("Microsoft.Portal/consoles", "lib-shell", True)
    none, one = driven(cloud, "lib-shell", MANAGED, {**MANAGED, "client_id": cloud.one["clientId"]})
    same(oid(none), made["principalId"], "whose token it is")
    assert one["outcome"] in ("unavailable", "invalid"), one


def test_service_fabric(cloud):
    """L1 T7 over TLS, with the certificate of the thumbprint and no other"""
    cloud.resource("Microsoft.ServiceFabric/managedClusters", "lib-cluster")
    made = cloud.resource("Microsoft.ServiceFabric/managedClusters/applications", "lib-cluster/lib-orders", True)
    same(oid(driven(cloud, "lib-orders", MANAGED)[0]), made["principalId"], "whose token it is")
    other = driven(cloud, "lib-orders", MANAGED, before="export IDENTITY_SERVER_THUMBPRINT=0000000000000000000000000000000000000000")[0]
    assert other["outcome"] != "token", "another certificate was taken"


def test_cluster(cloud):
    """L1 F2 T7 the file of a service account: as workload identity, as managed identity, by the default chain, and as an assertion"""
    made = cloud.server.api("PUT", cloud.path("Microsoft.ContainerService/managedClusters", "lib-pods"), {"location": "westus"})
    properties = {"issuer": made["properties"]["oidcIssuerProfile"]["issuerURL"], "subject": "system:serviceaccount:web:front", "audiences": ["api://AzureADTokenExchange"]}
    cloud.server.api("PUT", cloud.path("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", "one/pods"), {"properties": properties})
    account = ["--service-account", "web/front"]
    results = driven(cloud, "lib-pods", {"kind": "workload_identity"}, MANAGED, {"kind": "default"}, options=account)
    same({oid(each) for each in results}, {cloud.one["principalId"]}, "whose tokens they are")
    same(results[2]["credential"], "WorkloadIdentityCredential", "which one of the chain gave it")
    ask = json.dumps({"kind": "client_assertion", "scope": SCOPE, "tenant": "TENANT", "client_id": "CLIENT", "assertion": "ASSERTION"})
    script = f"""sed "s|TENANT|$AZURE_TENANT_ID|; s|CLIENT|$AZURE_CLIENT_ID|; s|ASSERTION|$(cat "$AZURE_FEDERATED_TOKEN_FILE")|" <<'E' >ask
{ask}
E
'{DRIVER}' "$(cat ask)" """
    line = cloud.server.call("run", "--as", "lib-pods", *account, "--", "sh", "-euc", f"cd \"$HOME\"\n{script}")
    same(oid(json.loads(line)), cloud.one["principalId"], "whose token the assertion gives")
    other = driven(cloud, "lib-pods", {"kind": "workload_identity"}, options=["--service-account", "web/back"])[0]
    assert other["outcome"] != "token", "an account that nobody trusts got a token"


class Application:
    """An application of the directory with a secret and a certificate, and files of its key."""

    def __init__(self, cloud, directory):
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lib-client")])
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
                       .not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=30)).sign(key, hashes.SHA256()))
        pem = certificate.public_bytes(serialization.Encoding.PEM)

        def key_pem(encryption):
            return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)

        locked = serialization.BestAvailableEncryption(PASSWORD.encode())
        self.directory = directory
        (directory / "public.pem").write_bytes(pem)
        (directory / "app.pem").write_bytes(key_pem(serialization.NoEncryption()) + pem)
        (directory / "locked.pem").write_bytes(key_pem(locked) + pem)
        (directory / "app.pfx").write_bytes(pkcs12.serialize_key_and_certificates(b"app", key, certificate, None, locked))
        made = json.loads(cloud.server.call("create", "application", "lib-client", "--secret", "--certificate", str(directory / "public.pem"), "--json"))
        self.secret, self.client_id = made["secretText"], made["appId"]
        self.ask = {"tenant": cloud.server.facts["tenant"], "client_id": self.client_id}


@pytest.fixture(scope="module")
def application(cloud, tmp_path_factory):
    return Application(cloud, tmp_path_factory.mktemp("application"))


def appid(result):
    assert result["outcome"] == "token", result["message"]
    return claims(result["token"])["appid"]


def test_secret(cloud, application):
    """L1 L2 T10 a client secret, given and from the environment; a wrong one says what is wrong, and is not told"""
    ask = {"kind": "client_secret", **application.ask}
    variables = f"export AZURE_TENANT_ID={ask['tenant']} AZURE_CLIENT_ID={ask['client_id']} AZURE_CLIENT_SECRET='{application.secret}'"
    given, environment, first, wrong = driven(cloud, "web", {**ask, "secret": application.secret}, {"kind": "environment"}, {"kind": "default"},
                                              {**ask, "secret": "LANYARD-SECRET-wrong"}, before=variables)
    same({appid(each) for each in (given, environment, first)}, {application.client_id}, "whose tokens they are")
    same(first["credential"], "EnvironmentCredential", "which one of the chain gave it")
    same(wrong["outcome"], "failed", "what comes of a wrong secret")
    same(wrong["attempts"][0]["code"], "AADSTS7000215", f"its code, of {wrong['attempts']}")
    assert "7000215" in wrong["message"] and "LANYARD-SECRET" not in json.dumps(wrong), wrong


def test_certificate(cloud, application):
    """L1 T10 a certificate: PEM, PEM with a password, PKCS #12, from the environment; a wrong password"""
    ask = {"kind": "client_certificate", **application.ask}
    path = application.directory
    variables = f"export AZURE_TENANT_ID={ask['tenant']} AZURE_CLIENT_ID={ask['client_id']} AZURE_CLIENT_CERTIFICATE_PATH={path}/app.pem"
    *good, wrong = driven(cloud, "web", {**ask, "certificate": f"{path}/app.pem"}, {**ask, "certificate": f"{path}/locked.pem", "password": PASSWORD},
                          {**ask, "certificate": f"{path}/app.pfx", "password": PASSWORD}, {**ask, "certificate": f"{path}/app.pem", "send_chain": True},
                          {"kind": "environment"}, {**ask, "certificate": f"{path}/app.pfx", "password": "LANYARD-SECRET-wrong"},
                          options=["--bind-ro", str(path)], before=variables)
    same({appid(each) for each in good}, {application.client_id}, "whose tokens they are")
    assert wrong["outcome"] in ("failed", "invalid", "unavailable") and "LANYARD-SECRET" not in json.dumps(wrong), wrong


def test_azure_cli(cloud, tmp_path):
    """L1 az, unmodified, after its login: through the credential of its own, and by a chain whose others have nothing"""
    if not shutil.which("az"):
        pytest.skip("az is not installed")
    login = f"export AZURE_CONFIG_DIR={tmp_path} AZURE_CORE_COLLECT_TELEMETRY=no\naz login --identity --allow-no-subscriptions -o none 2>{tmp_path}/err || {{ cat {tmp_path}/err >&2; exit 1; }}"
    before, after, chain = driven(cloud, "web", {"kind": "azure_cli", "process_timeout_ms": 60000}, options=["--bind", str(tmp_path), "--env", f"AZURE_CONFIG_DIR={tmp_path}"]) + driven(
        cloud, "web", {"kind": "azure_cli", "process_timeout_ms": 60000}, {"kind": "chain", "members": [{"kind": "environment"}, {"kind": "azure_cli"}], "process_timeout_ms": 60000},
        options=["--bind", str(tmp_path)], before=login)
    same(before["outcome"], "unavailable", "what comes without a login")
    assert "az login" in before["message"], before["message"]
    same({oid(after), oid(chain)}, {cloud.web["principalId"]}, "whose tokens they are")
    same(chain["credential"], "AzureCliCredential", "which one of the chain gave it")
    same([each["credential"] for each in chain["attempts"]], ["EnvironmentCredential", "AzureCliCredential"], "what was tried")


def test_what_a_chain_without_an_identity_says(cloud):
    """L2 O3 on a machine without an identity each credential stands in the error, with what it lacks"""
    cloud.resource("Microsoft.Compute/virtualMachines", "bare")
    result = driven(cloud, "bare", {"kind": "default"})[0]
    same(result["outcome"], "unavailable", "what comes of it")
    tried = [each["credential"] for each in result["attempts"]]
    same(tried, ["EnvironmentCredential", "WorkloadIdentityCredential", "ManagedIdentityCredential", "AzureCliCredential", "AzureDeveloperCliCredential"], "what was tried")
    assert all(each["text"] and each["credential"] in result["message"] for each in result["attempts"]), result
    machine = next(each for each in result["attempts"] if each["credential"] == "ManagedIdentityCredential")
    assert "Identity not found" in machine["text"] and machine["http_status"] == 400, machine
