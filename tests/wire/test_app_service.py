"""The token endpoint of App Service, Functions and Container Apps, over the wire (T2-T5, T7).

Source: https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""
import pytest

from workload import Sources, Workload, claims

VAULT = "https://vault.azure.net"
PRESENT, LEGACY = "2019-08-01", "2017-09-01"
HEADER = {PRESENT: "X-IDENTITY-HEADER", LEGACY: "secret"}
NOT_FOUND = "No MSI found for specified ClientId/ResourceId."
NO_SYSTEM = "Unable to load the proper Managed Identity."


class Cloud(Sources):
    """Sites with every combination of identities."""

    def __init__(self, server):
        super().__init__(server)
        self.one, self.two, self.loose = (self.identity(name) for name in ("one", "two", "loose"))
        self.system = self.site("system", True)
        self.both = self.site("both", True, [self.one])
        self.site("single", False, [self.one])
        self.site("several", False, [self.one, self.two])
        self.site("bare")

    def site(self, name, system=False, attached=(), kind="app,linux"):
        return self.resource("Microsoft.Web/sites", name, system, attached, kind=kind)


@pytest.fixture(scope="module")
def cloud(server):
    server.start()
    return Cloud(server)


@pytest.fixture(scope="module", params=["system", "both", "single", "several", "bare"])
def site(request, cloud):
    with Workload(cloud.server, request.param) as workload:
        workload.name = request.param
        yield workload


@pytest.fixture(scope="module")
def both(cloud):
    with Workload(cloud.server, "both") as workload:
        yield workload


def ask(workload, query=f"resource={VAULT}", version=PRESENT, headers=None, method="GET", path=""):
    env = workload.environment
    shown = {HEADER[version]: env["IDENTITY_HEADER"]} if headers is None else headers
    return workload.get(f"{env['IDENTITY_ENDPOINT']}{path}?{query}&api-version={version}", shown, method)


def refused(reply, status, message):
    assert reply.status == status
    assert sorted(reply.json) == ["correlationId", "message", "statusCode"]
    assert reply.json["statusCode"] == status
    assert message in reply.json["message"], reply.json["message"]
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"


def test_variables_are_those_of_the_platform(cloud, both):
    """T7 a site's variables are those that App Service sets, and no other endpoint's"""
    env = both.environment
    assert env["IDENTITY_ENDPOINT"].startswith("http://127.0.0.1:") and env["IDENTITY_ENDPOINT"].endswith("/msi/token")
    assert env["MSI_ENDPOINT"] == env["IDENTITY_ENDPOINT"]
    assert env["MSI_SECRET"] == env["IDENTITY_HEADER"]
    assert len(env["IDENTITY_HEADER"]) == 64
    assert env["APPSETTING_WEBSITE_SITE_NAME"] == "both"
    for name in ("IMDS_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST", "IDENTITY_SERVER_THUMBPRINT"):
        assert name not in env, name


def test_container_app_has_the_present_variables_alone(cloud):
    """T7 a container app has IDENTITY_ENDPOINT and IDENTITY_HEADER, and not their older names"""
    made = cloud.resource("Microsoft.App/containerApps", "front", True)
    with Workload(cloud.server, "front") as front:
        assert "MSI_ENDPOINT" not in front.environment and "MSI_SECRET" not in front.environment
        reply = ask(front)
        assert reply.status == 200
        assert claims(reply.json["access_token"])["oid"] == made["principalId"]


def test_function_app_is_a_site(cloud):
    """T7 a function app asks as a site does"""
    made = cloud.site("timer", True, kind="functionapp,linux")
    with Workload(cloud.server, "timer") as timer:
        assert claims(ask(timer).json["access_token"])["oid"] == made["principalId"]


def test_a_slot_has_an_identity_of_its_own(cloud):
    """I9 T7 a slot's system-assigned identity is another principal than its site's; a user-assigned one is the same on both"""
    site = cloud.site("stores", True, [cloud.one])
    slot = cloud.resource("Microsoft.Web/sites/slots", "stores/next", True, [cloud.one])
    assert slot["principalId"] != site["principalId"]
    with Workload(cloud.server, "stores") as production, Workload(cloud.server, "next") as staging:
        assert staging.environment["IDENTITY_HEADER"] != production.environment["IDENTITY_HEADER"]
        assert claims(ask(production).json["access_token"])["oid"] == site["principalId"]
        assert claims(ask(staging).json["access_token"])["oid"] == slot["principalId"]
        for each in (production, staging):
            assert claims(ask(each, f"resource={VAULT}&client_id={cloud.one['clientId']}").json["access_token"])["oid"] == cloud.one["principalId"]
        refused(ask(staging, f"resource={VAULT}&object_id={site['principalId']}"), 400, NOT_FOUND)
        cloud.remove("Microsoft.Web/sites/slots", "stores/next")
        refused(ask(staging), 400, NO_SYSTEM)
        assert ask(production).status == 200


def test_answer_has_the_published_members(cloud, both):
    """T6 an answer's members, all texts, with the expiry in seconds"""
    for version in (PRESENT, LEGACY):
        reply = ask(both, version=version)
        assert reply.status == 200
        answer = reply.json
        assert sorted(answer) == ["access_token", "client_id", "expires_on", "not_before", "resource", "token_type"]
        assert all(isinstance(value, str) for value in answer.values())
        inside = claims(answer["access_token"])
        assert int(answer["expires_on"]) == inside["exp"]
        assert answer["resource"] == VAULT
        assert answer["token_type"] == "Bearer"
        assert answer["client_id"] == inside["appid"]
        assert inside["oid"] == cloud.both["principalId"]
        assert ask(both, version=version).json["access_token"] == answer["access_token"]


def test_none_named_means_the_system_assigned_one(cloud, site):
    """T3 none named: the system-assigned identity, and never another, however many there are"""
    wanted = {"system": cloud.system, "both": cloud.both}.get(site.name)
    reply = ask(site)
    if wanted:
        assert claims(reply.json["access_token"])["oid"] == wanted["principalId"]
    else:
        refused(reply, 400, NO_SYSTEM)


def test_selectors(cloud, site):
    """T2 T4 each selector of each version gives the identity that is attached, and no other"""
    attached = {"both": ["one"], "single": ["one"], "several": ["one", "two"]}.get(site.name, [])
    for name in ("one", "two", "loose"):
        who = getattr(cloud, name)
        rows = [(PRESENT, "client_id", who["clientId"]), (PRESENT, "client_id", who["clientId"].upper()), (PRESENT, "principal_id", who["principalId"]),
                (PRESENT, "object_id", who["principalId"]), (PRESENT, "mi_res_id", who["id"]), (PRESENT, "mi_res_id", who["id"].lower()),
                (LEGACY, "clientid", who["clientId"]), (LEGACY, "client_id", who["clientId"]), (PRESENT, "clientid", who["clientId"])]
        for version, selector, value in rows:
            reply = ask(site, f"resource={VAULT}&{selector}={value}", version)
            if name in attached:
                assert claims(reply.json["access_token"])["oid"] == who["principalId"], selector
            else:
                refused(reply, 400, NOT_FOUND)


@pytest.mark.parametrize("query, says", [
    (f"resource={VAULT}&client_id={{one[clientId]}}&object_id={{one[principalId]}}", "Only one of client_id"),
    (f"resource={VAULT}&principal_id={{one[principalId]}}&object_id={{one[principalId]}}", "Only one of client_id"),
    (f"resource={VAULT}&client_id={{one[principalId]}}", NOT_FOUND),
    (f"resource={VAULT}&object_id={{one[clientId]}}", NOT_FOUND),
    (f"resource={VAULT}&client_id=", NOT_FOUND),
    (f"resource={VAULT}&mi_res_id=/subscriptions/x", NOT_FOUND),
    (f"resource={VAULT}&resource={VAULT}", "only once"),
    ("resource=", "audience"),
    ("x=y", "audience"),
    ("resource=https://example.com", "AADSTS500011: The resource principal named https://example.com was not found"),
    ("resource=%zz", ""),
])
def test_refusals_of_a_known_caller(cloud, both, query, says):
    """T2 T4 what is asked wrongly is 400 in the platform's own words"""
    refused(ask(both, query.format(one=cloud.one)), 400, says)


def test_versions(both):
    """an api-version that is missing or unknown is refused"""
    env = both.environment
    for query in ("", "&api-version=", "&api-version=2018-02-01", "&api-version=2019-08-01&api-version=2017-09-01"):
        reply = both.get(f"{env['IDENTITY_ENDPOINT']}?resource={VAULT}{query}", {"X-IDENTITY-HEADER": env["IDENTITY_HEADER"]})
        refused(reply, 400, "")


def test_paths_and_methods(both):
    """the path is taken in any case and with a slash behind it; other verbs are 405, other paths 404"""
    env = both.environment
    shown = {"X-IDENTITY-HEADER": env["IDENTITY_HEADER"]}
    base = env["IDENTITY_ENDPOINT"].removesuffix("/msi/token")
    query = f"?resource={VAULT}&api-version={PRESENT}"
    assert both.get(f"{base}/MSI/token{query}", shown).status == 200
    assert both.get(f"{base}/msi/token/{query}", shown).status == 200
    refused(both.get(f"{base}/msi/token{query}", shown, "POST", ""), 405, "")
    refused(both.get(f"{base}/msi{query}", shown), 404, "")
    refused(both.get(f"{base}/metadata/identity/oauth2/token{query}", {**shown, "Metadata": "true"}), 404, "")


@pytest.mark.parametrize("version", [PRESENT, LEGACY])
def test_the_secret_must_be_shown(both, version):
    """T5 without the secret, with a guess, with it twice or in the other version's header: 401, before anything else counts"""
    right = both.environment["IDENTITY_HEADER"]
    name = HEADER[version]
    other = HEADER[LEGACY if version == PRESENT else PRESENT]
    for headers in ([], [(name, "")], [(name, "guess")], [(name, right[:-1])], [(name, right + "0")], [(name, right.upper())], [(name, "0" * 64)],
                    [(name, right), (name, right)], [(name, "x"), (name, right)], [(other, right)], [("Metadata", "true")]):
        for query in (f"resource={VAULT}", ""):
            refused(ask(both, query, version, headers), 401, name)


def test_what_a_proxy_or_a_web_page_sends_is_refused(both):
    """T5 forwarded requests and hosts that are names are refused, with the right secret too"""
    right = ("X-IDENTITY-HEADER", both.environment["IDENTITY_HEADER"])
    for forwarded in (("X-Forwarded-For", "10.0.0.1"), ("Forwarded", "for=10.0.0.1"), ("Via", "1.1 proxy"), ("X-Real-IP", "10.0.0.1")):
        refused(ask(both, headers=[right, forwarded]), 400, "Forwarded requests are refused.")
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"):
        refused(ask(both, headers=[right, ("Host", host)]), 401, "Unknown Source")


def test_a_secret_belongs_to_its_workload_alone(cloud, both):
    """T5 another workload's secret, and that of an earlier run, open nothing"""
    with Workload(cloud.server, "system") as system, Workload(cloud.server, "both") as again:
        theirs = system.environment["IDENTITY_HEADER"]
        assert len({theirs, both.environment["IDENTITY_HEADER"], again.environment["IDENTITY_HEADER"]}) == 3
        refused(ask(both, headers={"X-IDENTITY-HEADER": theirs}), 401, "X-IDENTITY-HEADER")
        refused(ask(both, headers={"X-IDENTITY-HEADER": again.environment["IDENTITY_HEADER"]}), 401, "X-IDENTITY-HEADER")
        # Whoever goes to the other's endpoint with the other's secret is that user's own process: there he is the other.
        assert claims(both.get(f"{system.environment['IDENTITY_ENDPOINT']}?resource={VAULT}&api-version={PRESENT}",
                             {"X-IDENTITY-HEADER": theirs}).json["access_token"])["oid"] == cloud.system["principalId"]


def test_a_site_made_anew_is_another_one(cloud):
    """I3 T5 the endpoint of a site that was deleted gives nothing of the one that has its name now"""
    cloud.site("fleeting", True)
    with Workload(cloud.server, "fleeting") as before:
        assert ask(before).status == 200
        cloud.remove("Microsoft.Web/sites", "fleeting")
        refused(ask(before), 400, NO_SYSTEM)
        cloud.site("fleeting", True)
        refused(ask(before), 400, NO_SYSTEM)


def test_no_secret_in_the_server_s_words(cloud, both):
    """T9 neither secret nor token is in what the server wrote"""
    token = ask(both).json["access_token"]
    ask(both, headers={"X-IDENTITY-HEADER": "guess"})
    said = cloud.server.log.read_text(encoding="utf-8")
    assert both.environment["IDENTITY_HEADER"] not in said and token not in said and token.split(".")[2] not in said


def test_in_a_sandbox(cloud):
    """T7 in a sandbox the endpoint stands where App Service has it, and there is no metadata endpoint"""
    try:
        cloud.server.call("shell", "--check")
    except RuntimeError as why:
        pytest.skip(str(why))
    with Workload(cloud.server, "both", "--bind-ro", __file__.rsplit("/", 2)[0]) as inside:
        assert inside.environment["IDENTITY_ENDPOINT"] == "http://169.254.129.2:8081/msi/token"
        reply = ask(inside)
        assert claims(reply.json["access_token"])["oid"] == cloud.both["principalId"]
        refused(ask(inside, headers={}), 401, "X-IDENTITY-HEADER")
        with pytest.raises(AssertionError):
            inside.get("http://169.254.169.254/metadata/instance")
