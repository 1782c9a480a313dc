"""The service of tests/example, of which the rest of the product knows one line: everything finds it by its descriptor."""
import os
import pathlib
import subprocess
import sys
import time
import uuid

import pytest

from lanyard import need_sandbox, same

BUILD = pathlib.Path(os.environ.get("LANYARD", "build/lanyard")).parent
BOARD = "team.notes.example.test"
AUDIENCE = "https://notes.example.test"
AUTHZ = "providers/Microsoft.Authorization"
ASK_SOCKET = """
import os, sys, urllib.request
sys.stdout.write(urllib.request.urlopen(os.environ["NOTES_ENDPOINT"]).read().decode())
"""
ASK_BY_NAME = """
import json, sys, urllib.request
ask = lambda url, **lines: urllib.request.urlopen(urllib.request.Request(url, headers=lines)).read().decode()
token = json.loads(ask("http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=" + sys.argv[1], Metadata="true"))
sys.stdout.write(ask(sys.argv[2], Authorization="Bearer " + token["access_token"]) + ask("http://169.254.169.254:8090/"))
"""


class Stage:
    """A server that has the service, a board, a machine with a role on it and one without."""

    def __init__(self, server):
        self.server = server
        self.server.binary = str(BUILD / "tests/example/lanyard-example")
        self.server.start("--test-clock")
        self.group = f"/subscriptions/{self.server.facts['subscription']}/resourceGroups/rg"
        self.put(self.group, "2022-09-01", {"location": "westus"})
        self.board = f"{self.group}/providers/Lanyard.Example/boards/team"
        self.made = self.put(self.board, "2025-01-01", {"location": "westus", "properties": {}})
        self.machines = {}
        for name in ("writer", "nobody"):
            self.machines[name] = f"{self.group}/providers/Microsoft.Compute/virtualMachines/{name}"
            made = self.put(self.machines[name], "2024-07-01", {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}})
            if name == "writer":
                self.grant(made["identity"]["principalId"])
        self.tokens = {}

    def put(self, path, version, body):
        return self.server.api("PUT", f"{path}?api-version={version}", body)

    def grant(self, principal):
        role = uuid.uuid4()
        permissions = [{"actions": [], "dataActions": ["*/notes/read", "*/notes/write"]}]
        self.put(f"{self.group}/{AUTHZ}/roleDefinitions/{role}", "2022-04-01",
                 {"properties": {"roleName": "Notes", "permissions": permissions, "assignableScopes": [self.group]}})
        self.put(f"{self.board}/{AUTHZ}/roleAssignments/{uuid.uuid4()}", "2022-04-01",
                 {"properties": {"roleDefinitionId": f"/{AUTHZ}/roleDefinitions/{role}", "principalId": principal}})

    def token(self, who, audience=AUDIENCE):
        if (who, audience) not in self.tokens:
            self.tokens[who, audience] = self.server.token_of(self.machines[who], audience)
        return self.tokens[who, audience]

    def ask(self, who, method, target, body=None, host=BOARD):
        return self.server.ask(host, method, target, body, self.token(who) if who else None)


@pytest.fixture(scope="module", name="s")
def stage(server):
    return Stage(server)


def test_one_line_is_known_to_status_and_metadata(s):
    """a service of one line: status, metadata document, provider and resource know it"""
    same(s.server.facts["names"]["notes"], "notes.example.test", "status: its name")
    same(s.server.facts["services"]["example"], {"kept_s": 3600, "open_copies": 0}, "status: its facts")
    assert "notes.example.test" in s.server.call("status"), "status for people"
    document = s.server.ask("management.azure.com", "GET", "/metadata/endpoints?api-version=2022-09-01").json
    same(document["suffixes"]["exampleNotesDns"], "notes.example.test", "the cloud's suffixes")
    provider = s.server.api("GET", "/providers/Lanyard.Example?api-version=2022-09-01")
    same([t["resourceType"] for t in provider["resourceTypes"]], ["boards"], "its provider")
    same(s.made["properties"]["url"], f"https://{BOARD}", "the hook put the board's URL")


def test_one_line_has_a_name_rule_and_global_names(s):
    """a service of one line: its name rule and its global names"""
    for name, status in (("No", 400), ("1st", 400), ("a-b", 400)):
        try:
            s.put(s.board.replace("/team", f"/{name}"), "2025-01-01", {"location": "westus"})
            assert False, f"{name} was taken"
        except RuntimeError as error:
            assert "InvalidResourceName" in str(error), str(error)
    try:
        s.put(s.board, "1999-01-01", {"location": "westus"})
        assert False, "an api-version that is not the type's was taken"
    except RuntimeError as error:
        assert "InvalidApiVersionParameter" in str(error) and "'2025-01-01'" in str(error), str(error)


def test_one_line_has_an_audience_and_refuses_without_a_role(s):
    """a service of one line: its audience, its certificate, its words; a principal without a role is refused"""
    same(s.ask("writer", "PUT", "/plan", "buy milk").status, 204, "write")
    same(s.ask("writer", "GET", "/plan").text, "buy milk", "read")
    for method, target, body in (("GET", "/plan", None), ("PUT", "/plan", "x"), ("GET", "/", None), ("GET", "/none", None)):
        answer = s.ask("nobody", method, target, body)
        same((answer.status, answer.error["code"]), (403, "NotYourBoard"), f"{method} {target}")
    same(s.ask("nobody", "GET", "/?comp=about").json, {"kept_s": 3600}, "no permission needed, and said so")
    answer = s.ask(None, "GET", "/plan")
    same((answer.status, answer.headers["www-authenticate"]), (401, "Bearer"), "without a token")
    answer = s.server.ask(BOARD, "GET", "/plan", None, s.token("writer", "https://management.azure.com/"))
    same(answer.status, 401, "a token for another service")
    answer = s.ask("writer", "GET", "/none")
    same((answer.status, answer.error["code"]), (404, "NoSuchNote"), "its words")
    answer = s.ask("writer", "GET", "/plan", host="other.notes.example.test")
    same((answer.status, answer.error["code"]), (404, "NoSuchBoard"), "another label")
    same(s.ask("writer", "PUT", "/long", "x" * 1025).status, 413, "too long")


def test_one_line_reads_its_paths_and_queries(s):
    """a service of one line: its paths hold slashes and doubled ones, its query picks the operation"""
    for name in ("a/b", "a//b", "a%2Fc", "a/"):
        same(s.ask("writer", "PUT", f"/{name}", name).status, 204, name)
    for name in ("a/b", "a//b", "a/c", "a/"):
        same(s.ask("writer", "GET", f"/{name}").status, 200, name)
    same(s.ask("writer", "GET", "/A/B").status, 404, "case counts")
    same(s.ask("writer", "GET", "/a/../b").status, 400, "a dot segment is refused")
    assert {"/a/b", "/a//b", "/a/c", "/a/"} <= set(s.ask("writer", "GET", "/").json), "the list"
    same(s.ask("writer", "GET", "/?comp=other").status, 200, "a query that no row asks for")


def test_one_line_has_a_socket_on_the_host(s):
    """a service of one line: its socket on the host, with the variable that tells of it"""
    out = s.server.call("run", "--no-sandbox", "--as", s.machines["writer"], "--", sys.executable, "-c", ASK_SOCKET)
    same(out.strip(), s.machines["writer"], "whose workload")


def test_one_line_is_reached_from_the_sandbox(s):
    """a service of one line: in the sandbox its name resolves and its socket is there"""
    need_sandbox(s.server)
    shown = ["--bind-ro", sys.base_prefix]  # the interpreter may be one of the user's own
    done = subprocess.run([s.server.binary, "run", "--as", s.machines["writer"], *shown, "--", sys.executable, "-c", ASK_BY_NAME, AUDIENCE, f"https://{BOARD}/plan"],
                          env=s.server.env, capture_output=True, text=True, check=False)
    same(done.stdout, f"buy milk{s.machines['writer']}\n", done.stderr)


def test_one_line_keeps_records_and_runs_its_job(s):
    """a service of one line: its records outlive the server, and its job removes what is due"""
    assert s.server.stop(), "a clean stop"
    s.server.start("--test-clock")
    same(s.ask("writer", "GET", "/plan").text, "buy milk", "after a restart")
    s.server.call("clock", "+2h")
    until = 200
    while s.ask("writer", "GET", "/plan").status != 404:
        until -= 1
        assert until, "the note is still there"
        time.sleep(0.01)  # the housekeeper has its own thread


def test_the_product_without_the_line_takes_its_data(s):
    """the product without the line does not know it, and takes the data of one that does"""
    assert s.server.stop(), "a clean stop"
    s.server.binary = str(BUILD / "lanyard")
    s.server.start("--test-clock")
    assert "notes" not in s.server.facts["names"], "no such name"
    assert "example" not in s.server.facts["services"], "no such facts"

