"""Debian's azure-identity for Python, unmodified, through the token endpoint of each platform (T2-T4, T7).

It is older than the client that tests/sdk drives, and asks in its own way. It runs in the sandbox, where it finds each endpoint by the
variables that `lanyard run` sets.
"""
import json
import subprocess

import pytest

from workload import Sources, claims

PYTHON = "/usr/bin/python3"  # which finds Debian's packages
ASK = """
import json, sys
from azure.identity import ManagedIdentityCredential
for options in json.loads(sys.argv[1]):
    try:
        print(json.dumps({"token": ManagedIdentityCredential(**options).get_token("https://vault.azure.net/.default").token}))
    except Exception as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
"""


@pytest.fixture(scope="module")
def cloud(server):
    if subprocess.run([PYTHON, "-c", "import azure.identity"], capture_output=True, check=False).returncode:
        pytest.skip("Debian's azure-identity is not installed")
    server.start()
    try:
        server.call("shell", "--check")
    except RuntimeError as why:
        pytest.skip(str(why))
    made = Sources(server)
    made.one, made.two = made.identity("one"), made.identity("two")
    return made


def answers(cloud, resource, *options):
    lines = cloud.server.call("run", "--as", resource, "--", PYTHON, "-c", ASK, json.dumps(options)).splitlines()
    return [json.loads(line) for line in lines]


def oid(answer):
    assert "token" in answer, answer
    return claims(answer["token"])["oid"]


@pytest.mark.parametrize("kind, name", [("Microsoft.Web/sites", "py-site"), ("Microsoft.App/containerApps", "py-front")])
def test_app_service(cloud, kind, name):
    """T2 T3 T4 T7 nothing, a client id, a principal id, a resource id, and one that is not attached"""
    made = cloud.resource(kind, name, True, [cloud.one])
    none, client, principal, resource, stranger = answers(
        cloud, name, {}, {"client_id": cloud.one["clientId"]}, {"identity_config": {"object_id": cloud.one["principalId"]}},
        {"identity_config": {"mi_res_id": cloud.one["id"]}}, {"client_id": cloud.two["clientId"]})
    assert oid(none) == made["principalId"]
    assert {oid(each) for each in (client, principal, resource)} == {cloud.one["principalId"]}
    assert "No MSI found" in stranger["error"] or "CredentialUnavailable" in stranger["error"], stranger


def test_machine_learning(cloud):
    """T2 T3 T7 nothing and a client id"""
    made = cloud.resource("Microsoft.MachineLearningServices/workspaces", "py-trainer", True, [cloud.one])
    none, client = answers(cloud, "py-trainer", {}, {"client_id": cloud.one["clientId"]})
    assert oid(none) == made["principalId"] and oid(client) == cloud.one["principalId"]


def test_cloud_shell(cloud):
    """T3 T7 nothing: this client selects none there"""
    made = cloud.resource("Microsoft.Portal/consoles", "py-shell", True)
    assert oid(answers(cloud, "py-shell", {})[0]) == made["principalId"]


def test_service_fabric(cloud):
    """T3 T7 nothing, over TLS with the certificate of the thumbprint"""
    cloud.resource("Microsoft.ServiceFabric/managedClusters", "py-cluster")
    made = cloud.resource("Microsoft.ServiceFabric/managedClusters/applications", "py-cluster/py-orders", True)
    assert oid(answers(cloud, "py-orders", {})[0]) == made["principalId"]


def test_arc(cloud):
    """T3 T5 T7 nothing: it reads the key that the challenge names"""
    made = cloud.resource("Microsoft.HybridCompute/machines", "py-edge", True)
    assert oid(answers(cloud, "py-edge", {})[0]) == made["principalId"]


def test_workload_identity(cloud):
    """F2 T7 the file of a service account's token, by the variables of a cluster's webhook"""
    made = cloud.server.api("PUT", cloud.path("Microsoft.ContainerService/managedClusters", "py-pods"), {"location": "westus"})
    properties = {"issuer": made["properties"]["oidcIssuerProfile"]["issuerURL"], "subject": "system:serviceaccount:web:front", "audiences": ["api://AzureADTokenExchange"]}
    cloud.server.api("PUT", cloud.path("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", "one/pods"), {"properties": properties})
    ask = """if True:
        import json
        from azure.identity import DefaultAzureCredential
        print(json.dumps({"token": DefaultAzureCredential().get_token("https://vault.azure.net/.default").token}))"""
    out = cloud.server.call("run", "--as", "py-pods", "--service-account", "web/front", "--", PYTHON, "-c", ask)
    assert oid(json.loads(out)) == cloud.one["principalId"]
