"""`lanyard env`: token endpoints on the host that stay until the server stops (T5, T7)."""
import json
import subprocess
import urllib.error
import urllib.request

import pytest

from workload import Sources, claims

VAULT = "https://vault.azure.net"


@pytest.fixture(scope="module")
def cloud(server):
    server.start()
    made = Sources(server)
    made.site = made.resource("Microsoft.Web/sites", "shop", True)
    made.machine = made.resource("Microsoft.Compute/virtualMachines", "web", True)
    return made


def variables(cloud, name):
    return json.loads(cloud.server.call("env", name, "--json"))


def token(env, secret=None):
    url = f"{env['IDENTITY_ENDPOINT']}?api-version=2019-08-01&resource={VAULT}"
    request = urllib.request.Request(url, headers={"X-IDENTITY-HEADER": secret or env["IDENTITY_HEADER"]})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return claims(json.load(answer)["access_token"])["oid"]


def test_env_prints_what_the_platform_sets(cloud):
    """T7 the variables of a site, the same each time, and they lead to its tokens"""
    env = variables(cloud, "shop")
    assert sorted(env) == ["APPSETTING_WEBSITE_SITE_NAME", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET"]
    assert variables(cloud, "shop") == env and variables(cloud, f"{cloud.group}/providers/Microsoft.Web/sites/SHOP") == env
    assert token(env) == cloud.site["principalId"]


def test_env_speaks_to_a_shell(cloud):
    """T7 without --json a shell takes the lines as they are"""
    lines = cloud.server.call("env", "web")
    assert lines.startswith("export AZURE_POD_IDENTITY_AUTHORITY_HOST='http://127.0.0.1:") and lines.count("\n") == 1
    script = f"{lines}curl -s -H Metadata:true \"$AZURE_POD_IDENTITY_AUTHORITY_HOST/metadata/identity/oauth2/token?api-version=2018-02-01&resource={VAULT}\""
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert claims(json.loads(done.stdout)["access_token"])["oid"] == cloud.machine["principalId"]


def test_env_needs_the_secret(cloud):
    """T5 a guess, and another resource's secret, get nothing"""
    env = variables(cloud, "shop")
    cloud.resource("Microsoft.Web/sites", "other", True)
    for secret in ("guess", variables(cloud, "other")["IDENTITY_HEADER"]):
        with pytest.raises(urllib.error.HTTPError, match="401"):
            token(env, secret)


def test_env_is_of_this_incarnation(cloud):
    """I3 T5 a site made anew has another endpoint, and the old one's ends"""
    cloud.resource("Microsoft.Web/sites", "fleeting", True)
    before = variables(cloud, "fleeting")
    cloud.remove("Microsoft.Web/sites", "fleeting")
    with pytest.raises(urllib.error.HTTPError, match="400"):
        token(before)
    made = cloud.resource("Microsoft.Web/sites", "fleeting", True)
    after = variables(cloud, "fleeting")
    assert after["IDENTITY_HEADER"] != before["IDENTITY_HEADER"]
    assert token(after) == made["principalId"]
    with pytest.raises(urllib.error.URLError):
        token(before)


def test_env_keeps_no_endpoint_of_what_is_gone(cloud):
    """T5 the endpoints of deleted resources make room: one gone for each that is made is no limit"""
    for i in range(70):  # more than are kept at once
        cloud.resource("Microsoft.Web/sites", f"gone{i}", True)
        last = variables(cloud, f"gone{i}")
        cloud.remove("Microsoft.Web/sites", f"gone{i}")
    variables(cloud, "shop")
    with pytest.raises(urllib.error.URLError):
        token(last)


@pytest.mark.parametrize("name, says", [("nobody", "There is no resource called nobody"), ("", "")])
def test_env_refuses_what_is_no_source(cloud, name, says):
    """T4 what no program could run as has no endpoint"""
    with pytest.raises(RuntimeError, match=says):
        cloud.server.call("env", name)
