"""`lanyard apply` and `lanyard run --template` (D1): what they print, what they end with, what they leave behind."""
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

from lanyard import same

TEMPLATES = pathlib.Path(__file__).resolve().parent.parent / "templates"
SCHEMA = '"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0"'
USAGE, LAUNCH = 2, 125


class Shop:
    """A directory with templates, and the command line."""

    def __init__(self, server, place):
        self.server, self.place = server, place
        self.file("two.json", """{ %s,
            // one that takes a value, one that does not
            "parameters": { "color": { "type": "string", "defaultValue": "red" }, "count": { "type": "int", "defaultValue": 1 } },
            "resources": [
                { "type": "Microsoft.ManagedIdentity/userAssignedIdentities", "apiVersion": "2023-01-31", "name": "plain", "location": "westus" },
                { "type": "Microsoft.ManagedIdentity/userAssignedIdentities", "apiVersion": "2023-01-31", "name": "tagged", "location": "westus",
                  "tags": { "color": "[parameters('color')]" } }
            ],
            "outputs": { "color": { "type": "string", "value": "[parameters('color')]" }, "count": { "type": "int", "value": "[parameters('count')]" },
                         "hidden": { "type": "securestring", "value": "LANYARD-SECRET-output" } } }""" % SCHEMA)
        self.file("one.json", """{ %s, "resources": [
            { "type": "Microsoft.ManagedIdentity/userAssignedIdentities", "apiVersion": "2023-01-31", "name": "plain", "location": "westus" } ] }""" % SCHEMA)
        self.file("bad.json", "{ %s,\n \"resources\": [\n  { \"type\": \"Contoso.Shop/tills\", \"apiVersion\": \"2024-01-01\",\n    \"name\": \"[nothing('x')]\" } ] }" % SCHEMA)
        self.file("values.json", '{ "parameters": { "color": { "value": "blue" }, "count": { "value": 7 } } } // from a file')

    def file(self, name, text):
        (self.place / name).write_text(text)

    def run(self, *args, command="apply", env=()):
        done = subprocess.run([os.path.abspath(self.server.binary), command, *args], env=dict(self.server.env, **dict(env)), cwd=self.place,
                              capture_output=True, text=True, check=False)
        assert "LANYARD-SECRET" not in done.stdout + done.stderr
        return done

    def lines(self, *args):
        done = self.run(*args)
        same(done.returncode, 0, done.stderr)
        return [line.strip() for line in done.stdout.splitlines() if line.strip()]

    def fails(self, status, words, *args, command="apply"):
        done = self.run(*args, command=command)
        same(done.returncode, status, done.stdout + done.stderr)
        assert words in done.stderr, done.stderr
        return done


@pytest.fixture(scope="module", name="shop")
def made_shop(server, tmp_path_factory):
    server.start()
    return Shop(server, tmp_path_factory.mktemp("templates"))


def test_d1_apply_says_what_became_of_each_resource(shop):
    """D1 created, unchanged and changed, and the outputs at the end"""
    same(sorted(shop.lines("two.json", "-g", "shop")),
         sorted(["created   group shop", "created   identity plain", "created   identity tagged", "Outputs", "color = red", "count = 1", "hidden = (secure)"]), "first")
    same(sorted(shop.lines("two.json", "-g", "shop"))[-2:], ["unchanged identity plain", "unchanged identity tagged"], "again")
    same(sorted(shop.lines("two.json", "-g", "shop", "-p", "color=green", "-p", "count=3")),
         sorted(["changed   identity tagged", 'tags.color: "red" -> "green"', "unchanged identity plain", "Outputs", "color = green", "count = 3", "hidden = (secure)"]), "with other values")
    assert "color = blue" in shop.lines("two.json", "-g", "shop", "-p", "color=red", "--parameters", "@values.json"), "the later one wins"
    shown = json.loads(shop.run("two.json", "-g", "shop", "--json", "--name", "named").stdout)
    same((shown["name"], shown["properties"]["provisioningState"]), ("named", "Succeeded"), "as JSON")


def test_d1_what_if_changes_nothing(shop):
    """D1 --what-if says what would be created, changed and left"""
    before = shop.server.call("list", "identities", "--json")
    shop.file("three.json", (shop.place / "two.json").read_text().replace('"name": "plain"', '"name": "third"'))
    lines = shop.lines("three.json", "-g", "shop", "-p", "color=black", "--what-if")
    marks = {line.split()[-1]: line.split()[0] for line in lines if line.split()[1] in ("Create", "Modify", "Ignore", "NoChange", "Deploy")}
    same((marks["third"], marks["tagged"], marks["plain"]), ("+", "~", "*"), lines)
    assert any("color" in line and "black" in line for line in lines), lines
    same(shop.server.call("list", "identities", "--json"), before, "as it was")
    shop.fails(1, "nowhere", "three.json", "-g", "nowhere", "--what-if")
    secret = [str(TEMPLATES / "two-tier-web-app.json"), "-g", "shop", "-p", "appName=what-if", "-p", "databasePassword=LANYARD-SECRET-what-if", "--what-if"]
    assert any("what-if" in line for line in shop.lines(*secret)), "created"
    assert "*******" in shop.run(*secret, "--json").stdout, "the secret's place, without it"


def test_d1_apply_tells_no_change_of_settings_that_are_as_they_were(shop):
    """D1 settings are not shown with their app: they are compared by the list of them"""
    shop.file("site.json", """{ %s, "resources": [
        { "type": "Microsoft.Web/sites", "apiVersion": "2022-03-01", "name": "front", "location": "westus",
          "properties": { "siteConfig": { "appSettings": [{ "name": "A", "value": "1" }] } } },
        { "type": "Microsoft.Web/sites/config", "apiVersion": "2022-03-01", "name": "front/appsettings", "properties": { "A": "1", "B": "2" },
          "dependsOn": ["[resourceId('Microsoft.Web/sites', 'front')]"] } ] }""" % SCHEMA)
    shop.lines("site.json", "-g", "sites")
    words = {line.split()[0] for line in shop.lines("site.json", "-g", "sites")}
    same(words, {"unchanged"}, "again")


def test_d1_complete_mode_deletes_what_the_template_has_not(shop):
    """D1 --mode complete"""
    lines = shop.lines("one.json", "-g", "shop", "--mode", "complete")
    assert "deleted   identity tagged" in lines and "unchanged identity plain" in lines, lines
    same([each["name"] for each in json.loads(shop.server.call("list", "identities", "--json"))], ["plain"], "left")


def test_d1_nested_deployments_are_followed(shop):
    """D1 a template of the subscription, whose module's resources are told as its own"""
    lines = shop.lines(str(TEMPLATES / "subscription.json"), "-p", "groupName=made", "--location", "westeurope")
    assert {"created   group made", "created   identity deployer", "created   identity auditor"} <= set(lines), lines
    shop.fails(USAGE, "no template for a resource group", str(TEMPLATES / "subscription.json"), "-g", "shop", "-p", "groupName=x")


def test_d2_the_resources_of_a_template_are_verified(shop):
    """D2 verify FILE: what the template names, and nothing else of its group"""
    args = [str(TEMPLATES / "two-tier-web-app.json"), "-g", "tiers", "-p", "appName=apply-front", "-p", "databasePassword=LANYARD-SECRET-apply"]
    same(shop.run(*args).returncode, 0, "deployed")
    shop.server.call("create", "vm", "beside", "--group", "tiers", "--identity", "system")
    done = shop.run(*args, "--json", command="verify")
    same((done.returncode, {(each["source"], each["identity"], each["asked"], each["result"]) for each in json.loads(done.stdout)}),
         (0, {("apply-front", "apply-front-identity", asked, "ok") for asked in ("list the secrets", "get a secret")}), done.stderr)
    shop.server.call("delete", "apply-front-identity", "--yes")
    same(shop.run(*args, command="verify").returncode, 1, "its identity is gone")
    same(shop.run(args[0], "-g", "tiers", command="verify").returncode, USAGE, "without its parameters there is no answer")
    shop.fails(USAGE, "go with a template", "tiers", "-p", "a=b", command="verify")


def test_d1_failures_are_told_whole(shop):
    """D1 what is wrong in the file with its place, and what failed on the way with the resource's own error"""
    done = shop.fails(1, "InvalidTemplate", "bad.json", "-g", "shop")
    assert "nothing" in done.stderr and "line '3'" in done.stderr, done.stderr
    assert "  bad.json:3:3\n  | { \"type\": \"Contoso.Shop/tills\", \"apiVersion\": \"2024-01-01\",\n  | ^\n" in done.stderr, "the line, and where in it"
    done = shop.fails(1, "DeploymentFailed", str(TEMPLATES / "wrong" / "attach-before-identity.json"), "-g", "wrong")
    assert "FailedIdentityOperation" in done.stderr and "was not found" in done.stderr, done.stderr
    assert "failed    vm early" in done.stdout and "created   identity beside" in done.stdout, done.stdout


def test_d1_a_refused_template_leaves_no_group_behind(shop):
    """D1 the group that apply made goes again when the template, or a parameter of it, is refused; one that was there stays"""
    groups = [each["name"] for each in json.loads(shop.server.call("list", "groups", "--json"))]
    for words, *args in (("InvalidTemplate", "bad.json"), ("nothere", "two.json", "-p", "nothere=1"), ("has the type int", "two.json", "-p", "count=abc")):
        done = shop.run(*args, "-g", "brief")
        assert done.returncode and words in done.stderr, done.stderr
        same([each["name"] for each in json.loads(shop.server.call("list", "groups", "--json"))], groups, args)
    shop.server.call("create", "group", "kept")
    shop.fails(1, "InvalidTemplate", "bad.json", "-g", "kept")
    assert "kept" in shop.server.call("list", "groups", "--json"), "it was there before"


def test_d1_nothing_to_deploy_is_said(shop):
    """D1 a template without resources"""
    shop.file("empty.json", "{ %s, \"resources\": [] }" % SCHEMA)
    same(shop.lines("empty.json", "-g", "shop"), ["nothing to deploy"], "said")


def test_wrong_command_lines_are_refused(shop):
    """what cannot be a template or a parameter"""
    shop.file("flat.json", '{ "color": "blue" }')
    for words, *args in [("bicep build", "main.bicep"), ("cannot be opened", "absent.json", "-g", "shop"), ("--parameters takes", "two.json", "-g", "shop", "-p", "color"),
                         ("must be JSON", "two.json", "-g", "shop", "-p", "count=many"), ('color has no "value"', "two.json", "-g", "shop", "-p", "@flat.json"), ("--mode is", "two.json", "-g", "shop", "--mode", "half"),
                         ("no template for a management group", "two.json", "--management-group", "x")]:
        done = shop.run(*args)
        assert done.returncode in (1, USAGE) and words in done.stderr, (args, done.stderr)


def test_d1_run_with_a_template_is_one_line(shop, tmp_path):
    """D1 a server for one run: deployed, run, its status passed on, and nothing left"""
    env = {"TMPDIR": str(tmp_path), "LANYARD_DATA": "/nonexistent"}
    program = "import os; print(os.environ['LANYARD_RESOURCE'].split('/')[-1])"
    args = ["--no-sandbox", "--template", str(TEMPLATES / "replicas.json"), "-p", "prefix=node", "--as", "node-02", "--"]
    done = shop.run(*args, "python3", "-c", program, command="run", env=env)
    same((done.returncode, done.stdout, done.stderr), (0, "node-02\n", ""), "only the program speaks")
    same(shop.run(*args, "sh", "-c", "exit 7", command="run", env=env).returncode, 7, "its status")
    wrong = [arg.replace("replicas.json", "wrong/missing-parent.json") for arg in args if "prefix" not in arg and arg != "-p"]
    done = shop.run(*wrong, "true", command="run", env=env)
    same(done.returncode, LAUNCH, done.stderr)
    assert "ParentResourceNotFound" in done.stderr, done.stderr
    same(os.listdir(tmp_path), [], "nothing is left behind")


def test_d1_a_run_that_is_ended_early_leaves_nothing(shop, tmp_path):
    """a signal before the program runs ends the command, and the directory is removed"""
    env = dict(shop.server.env, TMPDIR=str(tmp_path))
    args = ["run", "--no-sandbox", "--template", str(TEMPLATES / "replicas.json"), "--as", "worker-01", "--", "sleep", "60"]
    with subprocess.Popen([shop.server.binary, *args], env=env) as process:
        until = time.monotonic() + 20
        while not os.listdir(tmp_path) and time.monotonic() < until:
            time.sleep(0.002)
        process.terminate()
    assert process.returncode in (-signal.SIGTERM, 128 + signal.SIGTERM), process.returncode
    same(os.listdir(tmp_path), [], "nothing is left behind")


def test_d1_a_killed_run_takes_its_server_along(shop, tmp_path):
    """the private server ends with the command, however that ends"""
    env = dict(shop.server.env, TMPDIR=str(tmp_path))
    args = ["run", "--no-sandbox", "--template", str(TEMPLATES / "replicas.json"), "--as", "worker-01", "--", "sh", "-c", "echo ready; exec sleep 60"]
    with subprocess.Popen([shop.server.binary, *args], env=env, stdout=subprocess.PIPE, text=True) as process:
        same(process.stdout.readline(), "ready\n", "it runs")
        data = next(pathlib.Path(tmp_path).iterdir())
        pid = json.loads(subprocess.run([shop.server.binary, "--data", data, "status", "--json"], capture_output=True, text=True, check=True).stdout)["pid"]
        process.kill()
    until = time.monotonic() + 20
    while pathlib.Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not pathlib.Path(f"/proc/{pid}").exists(), "the server is still there"


def test_parameters_go_with_a_template(shop):
    """run without --template takes no parameters"""
    shop.fails(LAUNCH, "go with --template", "--as", "web", "-p", "a=b", "--", "true", command="run")
