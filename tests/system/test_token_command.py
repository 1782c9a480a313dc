"""`lanyard token` and `lanyard whoami`: the library's tokens on the command line (L1 L2)."""
import json
import os
import re
import socket
import subprocess

import pytest

from lanyard import need_sandbox, same
from workload import Sources, claims

VAULT = "https://vault.azure.net"


@pytest.fixture(scope="module")
def cloud(server):
    server.start()
    need_sandbox(server)
    made = Sources(server)
    made.one = made.identity("one")
    made.web = made.resource("Microsoft.Compute/virtualMachines", "web", True, [made.one])
    made.resource("Microsoft.Compute/virtualMachines", "bare")
    return made


def inside(cloud, resource, *command, env=()):
    """The command in the sandbox of the resource: status, standard output and errors."""
    options = [part for each in env for part in ("--env", each)]
    return subprocess.run([cloud.server.binary, "run", "--as", resource, *options, "--", cloud.server.binary, *command], env=cloud.server.env,
                          capture_output=True, text=True, check=False)


def printed(cloud, *command, resource="web", env=()):
    done = inside(cloud, resource, *command, env=env)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def test_raw(cloud):
    """L1 raw is the token and a line feed, and nothing else"""
    out = printed(cloud, "token", "--resource", VAULT)
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", out)
    told = claims(out)
    same([told["oid"], told["aud"]], [cloud.web["principalId"], VAULT], "whose it is, and for whom")
    same(claims(printed(cloud, "token", "--scope", f"{VAULT}/.default"))["aud"], VAULT, "for whom a scope's is")


@pytest.mark.parametrize("option, member", [("--client-id", "clientId"), ("--object-id", "principalId"), ("--resource-id", "id")])
def test_identity(cloud, option, member):
    """L1 T2 a user-assigned identity by each of its ids"""
    for credential in ("default", "managed-identity", "ManagedIdentityCredential"):
        out = printed(cloud, "token", "-r", VAULT, "-c", credential, option, cloud.one[member])
        same(claims(out)["oid"], cloud.one["principalId"], f"whose token {credential} gets")


def test_forms(cloud):
    """L1 each form holds the same token, as its reader wants it"""
    raw = printed(cloud, "token", "-r", VAULT).strip()
    told = json.loads(printed(cloud, "token", "-r", VAULT, "--json"))
    same(told, json.loads(printed(cloud, "token", "-r", VAULT, "-o", "json")), "--json and --output json")
    same([told["accessToken"], told["tokenType"], told["credential"]], [raw, "Bearer", "ManagedIdentityCredential"], "json")
    assert told["refresh_on"] < told["expires_on"] and told["expiresOn"].endswith("Z")
    same(printed(cloud, "token", "-r", VAULT, "-o", "header"), f"Authorization: Bearer {raw}\n", "header")
    same(printed(cloud, "token", "-r", VAULT, "-o", "curl-config"), f'header = "Authorization: Bearer {raw}"\n', "curl-config")
    lines = printed(cloud, "token", "-r", VAULT, "-o", "env").splitlines()
    same(lines, [f"export AZURE_ACCESS_TOKEN='{raw}'", f"export AZURE_ACCESS_TOKEN_EXPIRES_ON={told['expires_on']}"], "env")


def test_kubectl(cloud):
    """L1 exec-credential is what kubectl reads, in the version that it asks for"""
    told = json.loads(printed(cloud, "token", "-r", VAULT, "-o", "exec-credential"))
    same([told["apiVersion"], told["kind"]], ["client.authentication.k8s.io/v1", "ExecCredential"], "its head")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["status"]["expirationTimestamp"]) and claims(told["status"]["token"])["oid"] == cloud.web["principalId"]
    asked = 'KUBERNETES_EXEC_INFO={"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","spec":{"interactive":false}}'
    same(json.loads(printed(cloud, "token", "-r", VAULT, "-o", "exec-credential", env=[asked]))["apiVersion"], "client.authentication.k8s.io/v1beta1", "the older version")


def test_whoami(cloud):
    """L1 whoami says who, of what kind, for whom, until when, and by which credential; never the token"""
    out = printed(cloud, "whoami", "-r", VAULT, "--client-id", cloud.one["clientId"])
    lines = dict(re.split(r" {2,}| (?=[^ ]+$)", line, maxsplit=1) for line in out.splitlines() if not line.startswith(("object id", "client id", "runs on")))
    same([lines["who"].strip(), lines["audience"].strip()], ["one", VAULT], "who, and for whom")
    assert "managed identity" in out and cloud.one["principalId"] in out and "ManagedIdentityCredential" in out and "eyJ" not in out
    told = json.loads(printed(cloud, "whoami", "--json"))
    same([told["objectId"], told["kind"], told["credential"]], [cloud.web["principalId"], "managed identity", "ManagedIdentityCredential"], "as JSON")
    assert told["resourceId" if "resourceId" in told else "identityResourceId"].lower().endswith("/virtualmachines/web")
    same([told["tenantId"], told["audience"].rstrip("/")], [cloud.server.facts["tenant"], "https://management.azure.com"], "tenant and audience")
    assert "eyJ" not in json.dumps(told)


def test_nobody_there(cloud):
    """L2 O3 without an identity: status 3, and each credential with what it lacks"""
    done = inside(cloud, "bare", "token", "-r", VAULT)
    same([done.returncode, done.stdout], [3, ""], f"what comes of it: {done.stderr}")
    for name in ("EnvironmentCredential", "WorkloadIdentityCredential", "ManagedIdentityCredential", "AzureCliCredential", "AzureDeveloperCliCredential"):
        assert re.search(rf"^  {name}\b.*: unavailable", done.stderr, re.M), f"{name} is not told: {done.stderr}"
    assert "Identity not found" in done.stderr
    only = inside(cloud, "bare", "whoami", "-c", "managed-identity")
    same([only.returncode, only.stdout], [3, ""], "what comes of one credential")
    assert "EnvironmentCredential" not in only.stderr
    same([only.stderr.count("Identity not found"), only.stderr.count("ManagedIdentityCredential")], [1, 1], f"what failed is told once: {only.stderr}")


def test_not_attached(cloud):
    """L2 an identity that is not attached: the advice names it"""
    nobody = "33333333-3333-3333-3333-333333333333"
    done = inside(cloud, "web", "token", "-r", VAULT, "-c", "managed-identity", "--client-id", nobody)
    same([done.returncode, done.stdout], [3, ""], f"what comes of it: {done.stderr}")
    assert f"No identity with the client id {nobody} is attached here" in done.stderr, done.stderr


def test_tenant(cloud):
    """L2 a managed identity has one tenant: another is not passed over in silence"""
    own, other = cloud.server.facts["tenant"], "33333333-3333-3333-3333-333333333333"
    same(claims(printed(cloud, "token", "-r", VAULT, "-c", "managed-identity", "--tenant", own.upper()))["tid"], own, "its own tenant")
    for command in ("token", "whoami"):
        done = inside(cloud, "web", command, "-r", VAULT, "-c", "managed-identity", "--tenant", other)
        same([done.returncode, done.stdout, done.stderr.count("\n")], [1, "", 1], f"what comes of another: {done.stderr}")
        assert f"of the tenant {own}, not of {other}: a managed identity has one tenant" in done.stderr, done.stderr


def test_refused(cloud):
    """L2 O3 a wrong secret: status 1, the service's code, and no secret"""
    env = [f"AZURE_TENANT_ID={cloud.server.facts['tenant']}", f"AZURE_CLIENT_ID={cloud.one['clientId']}", "AZURE_CLIENT_SECRET=LANYARD-SECRET-of-the-environment"]
    for command in ("token", "whoami"):
        done = inside(cloud, "web", command, "-r", VAULT, env=env)
        same([done.returncode, done.stdout], [1, ""], f"what comes of it: {done.stderr}")
        assert "EnvironmentCredential" in done.stderr and "AADSTS" in done.stderr and "LANYARD-SECRET" not in done.stderr, done.stderr


WRONG = [
    (["token"], "Say whom the token is for"),
    (["token", "-r", VAULT, "-s", f"{VAULT}/.default"], "not both"),
    (["token", "-r", VAULT, "--client-id", "a", "--object-id", "b"], "Name one identity"),
    (["token", "-r", VAULT, "-c", "nobody"], 'There is no credential "nobody"'),
    (["token", "-r", VAULT, "-c", "azure-cli", "--client-id", "a"], "takes none"),
    (["token", "-r", VAULT, "-c", "workload-identity", "--object-id", "a"], "takes none"),
    (["token", "-r", VAULT, "--client-id", "web"], '--client-id takes a GUID: "web"'),
    (["token", "-r", VAULT, "--object-id", "33333333-3333-3333-3333-33333333333"], "--object-id takes a GUID"),
    (["whoami", "--resource-id", "web"], "begins with /subscriptions/"),
    (["token", "-r", VAULT, "-o", "yaml"], 'not "yaml"'),
    (["token", "-r", VAULT, "-o", "raw", "--json"], "--json is --output json"),
    (["token", "-r", VAULT, "extra"], "extra"),
    (["whoami", "-c", ""], "There is no credential"),
]


@pytest.mark.parametrize("command, words", WRONG, ids=[" ".join(command) for command, _ in WRONG])
def test_wrong_words(cloud, command, words):
    """a command line that is wrong: status 2, before anything is asked"""
    done = subprocess.run([cloud.server.binary, *command], env={**os.environ, "PATH": ""}, capture_output=True, text=True, check=False)
    same([done.returncode, done.stdout], [2, ""], f"what comes of it: {done.stderr}")
    assert words in done.stderr, done.stderr


def test_time_is_over(cloud):
    """L1 --timeout ends an endpoint that does not answer: status 4"""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE", "IDENTITY", "MSI"))}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = subprocess.run([cloud.server.binary, "token", "-r", VAULT, "-c", "managed-identity", "--timeout", "1"], env=env, capture_output=True, text=True, check=False)
    same([done.returncode, done.stdout], [4, ""], f"what comes of it: {done.stderr}")
