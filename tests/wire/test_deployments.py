"""Deployments over real sockets (D1): carried out, failed, canceled, refused; what they show, and that they do what their caller may do."""
import copy
import json
import pathlib
import time
import urllib.parse
import uuid

import pytest

from lanyard import same
from test_arm import OWNER, READER, Stage, refused

VERSION = "2021-04-01"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
WAIT_S = 60
ENDED = ("Succeeded", "Failed", "Canceled")
NO_RESOURCES = {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0", "resources": []}


def template(*resources, **more):
    return {**NO_RESOURCES, "resources": list(resources), **more}


def thing(name, depends=(), **more):
    made = {"type": "Microsoft.Maps/accounts", "apiVersion": "2023-01-01", "name": name, "location": "westus", "properties": {}, **more}
    return {**made, "dependsOn": [f"[resourceId('Microsoft.Maps/accounts', '{d}')]" for d in depends]} if depends else made


def nested(name, inside, depends=(), **more):
    properties = {"mode": "Incremental", "expressionEvaluationOptions": {"scope": "inner"}, "template": inside}
    made = {"type": "Microsoft.Resources/deployments", "apiVersion": "2021-04-01", "name": name, "properties": properties, **more}
    return {**made, "dependsOn": list(depends)} if depends else made


class Deployments(Stage):
    def __init__(self, server):
        super().__init__(server)
        self.things = f"{self.group}/providers/Microsoft.Maps/accounts"
        for who, role in (("contributor", CONTRIBUTOR), ("reader", READER)):
            self.ids[who] = self.machine(who)["identity"]["principalId"]
            self.assign(self.group, self.ids[who], role)
        for who in ("owner", "contributor", "reader", "nobody"):
            self.token(who)

    def assign(self, scope, who, role):
        where = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        self.server.api("PUT", f"{where}?api-version=2022-04-01", {"properties": {"roleDefinitionId": role, "principalId": who}})

    def at(self, name, scope=None):
        return f"{self.group if scope is None else scope}/providers/Microsoft.Resources/deployments/{name}"

    def put(self, name, made, who="owner", scope=None, location=None, **properties):
        body = {"properties": {"mode": "Incremental", "template": made, **properties}, **({"location": location} if location else {})}
        return self.ask("PUT", self.at(name, scope), VERSION, body, who)

    def get(self, name, scope=None):
        return self.ask("GET", self.at(name, scope), VERSION).json

    def wait(self, name, scope=None):
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            got = self.server.api("GET", f"{self.at(name, scope)}?api-version={VERSION}")
            if got["properties"]["provisioningState"] in ENDED:
                return got
            time.sleep(0.02)
        raise TimeoutError(f"the deployment {name} does not end: {got}")

    def deploy(self, name, made, state="Succeeded", **more):
        answer = self.put(name, made, **more)
        assert answer.status in (200, 201), answer.text
        got = self.wait(name, more.get("scope"))
        same(got["properties"]["provisioningState"], state, json.dumps(got["properties"].get("error")))
        return got

    def changes(self, made, **properties):
        body = {"properties": {"mode": "Incremental", "template": made, **properties}}
        return {c["resourceId"].split("/")[-1]: c for c in self.ask("POST", f"{self.at('w')}/whatIf", VERSION, body).json["properties"]["changes"]}

    def operations(self, name):
        return self.ask("GET", f"{self.at(name)}/operations", VERSION).json["value"]

    def exists(self, name):
        return self.ask("HEAD", f"{self.things}/{name}", "2023-01-01").status == 204


@pytest.fixture(scope="module")
def stage(server):
    return Deployments(server)


def test_deployment_is_carried_out_and_shown(stage):
    made = template(
        thing("one"),
        thing("two", ["one"], tags={"of": "[parameters('of')]"}),
        parameters={"of": {"type": "string"}, "size": {"type": "int", "defaultValue": 3}},
        outputs={"id": {"type": "string", "value": "[resourceId('Microsoft.Maps/accounts', 'two')]"}},
    )
    begun = stage.put("shown", made, parameters={"of": {"value": "shop"}})
    same((begun.status, begun.json["properties"]["provisioningState"]), (201, "Accepted"), begun.text)
    assert "outputs" not in begun.json["properties"]
    status = begun.headers["azure-asyncoperation"]
    prefix = f"https://management.azure.com{stage.at('shown')}/operationStatuses/"
    assert status.startswith(prefix) and len(status[len(prefix):].split("?")[0]) == 20, status
    got = stage.wait("shown")
    properties = got["properties"]
    same((got["id"], got["name"], got["type"]), (stage.at("shown"), "shown", "Microsoft.Resources/deployments"), "names")
    same(properties["parameters"], {"of": {"type": "String", "value": "shop"}, "size": {"type": "Int", "value": 3}}, "parameters")
    same(properties["outputs"], {"id": {"type": "String", "value": f"{stage.things}/two"}}, "outputs")
    same([r["id"] for r in properties["outputResources"]], [f"{stage.things}/one", f"{stage.things}/two"], "what was made")
    same(properties["dependencies"][0]["dependsOn"][0]["resourceName"], "one", "dependencies")
    same(properties["providers"], [{"namespace": "Microsoft.Maps", "resourceTypes": [{"resourceType": "accounts", "locations": ["westus"]}]}], "providers")
    assert properties["duration"].startswith("PT") and properties["templateHash"].isdigit()
    same(stage.ask("GET", status.split("management.azure.com")[1], None).json, {"status": "Succeeded"}, "the poll")
    same(stage.ask("GET", f"{stage.things}/two", "2023-01-01").json["tags"], {"of": "shop"}, "the resource")
    names = [(o["properties"]["targetResource"]["resourceName"], o["properties"]["statusCode"]) for o in stage.operations("shown")]
    same(names, [("one", "Created"), ("two", "Created")], "operations")
    one = stage.operations("shown")[0]
    same(stage.ask("GET", f"{stage.at('shown')}/operations/{one['operationId']}", VERSION).json["id"], one["id"], "one operation")
    refused(stage.ask("GET", f"{stage.at('shown')}/operations/00", VERSION), 404, "NotFound", "00")
    lower = stage.at("shown", stage.group.replace("resourceGroups/wire", "resourcegroups/WIRE"))
    same(stage.ask("GET", lower, VERSION).json["id"], stage.at("shown"), "in another spelling")
    again = stage.put("shown", made, parameters={"of": {"value": "shop"}})
    same(again.status, 200, "over an earlier one")
    stage.wait("shown")
    same([o["properties"]["statusCode"] for o in stage.operations("shown")], ["OK", "OK"], "the second time")


# D1: what az posts is no JSON: the bare name `template`, comments, texts over several lines.
def test_deployment_bodies_are_read_as_az_sends_them(stage):
    inside = json.dumps(template(thing("from-az")), indent=1).replace('"resources"', '// all of them\r\n/* really */ "resources"')
    body = '{"properties": {"parameters": {}, "mode": "Incremental", template:' + inside + "}}"
    same(stage.ask("POST", f"{stage.at('az')}/validate", VERSION, body).status, 200, "validated")
    same(stage.ask("PUT", stage.at("az"), VERSION, body).status, 201, "accepted")
    same(stage.wait("az")["properties"]["provisioningState"], "Succeeded", "done")
    assert stage.exists("from-az")


BAD_REQUESTS = [
    ("no body", None, 400, "InvalidRequestContent", "JSON body"),
    ("half a body", '{"properties":', 400, "InvalidRequestContent", "deserialized"),
    ("an array", "[]", 400, "InvalidRequestContent", "object"),
    ("no properties", {}, 400, "InvalidRequestContent", "properties"),
    ("no mode", {"properties": {"template": {}}}, 400, "InvalidRequestContent", "mode"),
    ("a mode of its own", {"properties": {"mode": "Partial", "template": {}}}, 400, "InvalidRequestContent", "Partial"),
    ("no template", {"properties": {"mode": "Incremental"}}, 400, "InvalidRequestContent", "template"),
    ("a template that is a text", {"properties": {"mode": "Incremental", "template": "{}"}}, 400, "InvalidRequestContent", "template"),
    ("parameters that are an array", {"properties": {"mode": "Incremental", "template": NO_RESOURCES, "parameters": []}}, 400, "InvalidRequestContent", "parameters"),
    ("a link", {"properties": {"mode": "Incremental", "templateLink": {"uri": "http://127.0.0.1:1/t.json"}}}, 400, "InvalidContentLink", "http://127.0.0.1:1/t.json"),
    ("a link to parameters", {"properties": {"mode": "Incremental", "template": NO_RESOURCES, "parametersLink": {"uri": "file:///etc/passwd"}}}, 400, "InvalidContentLink", "passwd"),
    ("a fall-back", {"properties": {"mode": "Incremental", "template": NO_RESOURCES, "onErrorDeployment": {"type": "LastSuccessful"}}}, 400, "InvalidDeployment", "onErrorDeployment"),
    ("an unknown member of a template", {"properties": {"mode": "Incremental", "template": {**NO_RESOURCES, "//": "note"}}}, 400, "InvalidRequestContent", "Could not find member '//' on object of type 'Template'. Path 'properties.template['//']', line 1, position"),
    ("an unknown member of a resource", {"properties": {"mode": "Incremental", "template": template(thing("x", apiVersion1="1"))}}, 400, "InvalidRequestContent", "The request content was invalid and could not be deserialized: 'Could not find member 'apiVersion1' on object of type 'TemplateResource'. Path 'properties.template.resources[0].apiVersion1', line 1, position"),
    ("an unknown member of a parameter", {"properties": {"mode": "Incremental", "template": template(parameters={"p": {"type": "string", "reference": {}}})}}, 400, "InvalidRequestContent", "on object of type 'TemplateInputParameter'. Path 'properties.template.parameters.p.reference'"),
    ("no $schema", {"properties": {"mode": "Incremental", "template": {"contentVersion": "1.0.0.0", "resources": []}}}, 400, "InvalidRequestContent", "'Required property '$schema' not found in JSON. Path 'properties.template', line 1, position"),
    ("no contentVersion", {"properties": {"mode": "Incremental", "template": {"$schema": NO_RESOURCES["$schema"], "resources": []}}}, 400, "InvalidRequestContent", "'Required property 'contentVersion' not found in JSON. Path 'properties.template'"),
    ("a $schema of another version", {"properties": {"mode": "Incremental", "template": {**NO_RESOURCES, "$schema": "https://schema.management.azure.com/schemas/2015-01-02/deploymentTemplate.json#"}}}, 400, "InvalidTemplate", "'Template schema 'https://schema.management.azure.com/schemas/2015-01-02/deploymentTemplate.json#' is not supported. Supported versions are '2014-04-01-preview,2015-01-01,2018-05-01,2019-04-01,2019-08-01'."),
    ("an unknown member of a deployment inside", {"properties": {"mode": "Incremental", "template": template(nested("in", {**NO_RESOURCES, "parameter": {}}))}}, 400, "InvalidTemplate", "Deployment template parse failed: 'Could not find member 'parameter' on object of type 'Template'. Path 'parameter'.'."),
    ("a parameter's value by itself", {"properties": {"mode": "Incremental", "template": NO_RESOURCES, "parameters": {"p": "hush"}}}, 400, "InvalidRequestContent", "DeploymentParameterDefinition'. Path 'properties.parameters.p', line 1, position"),
    ("a resource of an extension", {"properties": {"mode": "Incremental", "template": template({"extension": "k8s", "type": "core/Secret@v1", "properties": {}}, extensions={"k8s": {"name": "Kubernetes", "version": "1.0.0"}})}}, 400, "InvalidTemplate", "It is a resource of the extension 'k8s'. Extensions are not supported here"),
    ("a location in a group", {"location": "westus", "properties": {"mode": "Incremental", "template": NO_RESOURCES}}, 400, "InvalidDeployment", "location"),
]


@pytest.mark.parametrize("row", BAD_REQUESTS, ids=[row[0] for row in BAD_REQUESTS])
def test_deployment_refuses(stage, row):
    _, body, status, code, words = row
    for method, tail in (("PUT", ""), ("POST", "/validate"), ("POST", "/whatIf")):
        refused(stage.ask(method, stage.at("bad") + tail, VERSION, body), status, code, words)
    refused(stage.ask("GET", stage.at("bad"), VERSION), 404, "DeploymentNotFound", "'bad'")
    same(stage.ask("HEAD", stage.at("bad"), VERSION).status, 404, "nothing is kept")


def test_deployment_refuses_what_is_too_large_or_of_a_bad_name(stage):
    large = {"properties": {"mode": "Incremental", "template": {**NO_RESOURCES, "metadata": {"x": "y" * (10 << 20)}}}}
    refused(stage.ask("PUT", stage.at("large"), VERSION, large), 413, "RequestEntityTooLarge")
    refused(stage.put("a" * 65, NO_RESOURCES), 400, "InvalidDeploymentName", "64")
    refused(stage.put("a%20b", NO_RESOURCES), 400, "InvalidDeploymentName")
    refused(stage.ask("GET", stage.at("d"), "1999-01-01"), 400, "InvalidApiVersionParameter")


def test_deployment_that_fails_says_where(stage):
    made = template(
        thing("before"),
        thing("broken", ["before"], properties={"of": "[reference(resourceId('Microsoft.Maps/accounts', 'missing'), '2023-01-01').x]"}),
        thing("behind", ["broken"]),
        thing("beside"),
    )
    error = stage.deploy("fails", made, state="Failed")["properties"]["error"]
    same((error["code"], [d["code"] for d in error["details"]]), ("DeploymentFailed", ["ResourceNotFound"]), error)
    assert "aka.ms/arm-deployment-operations" in error["message"]
    assert stage.exists("before") and stage.exists("beside") and not stage.exists("broken") and not stage.exists("behind")
    failed = [o["properties"] for o in stage.operations("fails") if o["properties"]["provisioningState"] == "Failed"]
    same([(o["targetResource"]["resourceName"], o["statusCode"], o["statusMessage"]["error"]["code"]) for o in failed], [("broken", "NotFound", "ResourceNotFound")], failed)
    begun = stage.put("fails", made)
    stage.wait("fails")
    poll = stage.ask("GET", begun.headers["azure-asyncoperation"].split("management.azure.com")[1], None).json
    same((poll["status"], poll["error"]["code"], poll["error"]["details"][0]["code"]), ("Failed", "DeploymentFailed", "ResourceNotFound"), "the poll")
    listed = stage.ask("GET", f"{stage.at('')[:-1]}?$filter=provisioningState%20eq%20'Failed'", VERSION).json["value"]
    same([d["name"] for d in listed], ["fails"], "those that failed")
    refused(stage.ask("GET", f"{stage.at('')[:-1]}?$filter=name%20eq%20'x'", VERSION), 400, "InvalidFilter")


# A resource that its provider refuses leaves nothing of itself.
def test_deployment_takes_back_a_resource_that_is_refused(stage):
    role = {"type": "Microsoft.Authorization/roleAssignments", "apiVersion": "2022-04-01", "name": str(uuid.uuid4())}
    role["properties"] = {"roleDefinitionId": f"{stage.subscription}/providers/Microsoft.Authorization/roleDefinitions/{READER}", "principalId": str(uuid.uuid4())}
    error = stage.deploy("refused", template(thing("stays"), role), state="Failed")["properties"]["error"]
    same([d["code"] for d in error["details"]], ["PrincipalNotFound"], error)
    assert stage.exists("stays")


# I7, R6, D1: a template can do what its caller can do, and no more; who lacks a permission is told before anything is written.
def test_deployment_asks_for_every_resource_before_it_begins(stage):
    role = {"type": "Microsoft.Authorization/roleAssignments", "apiVersion": "2022-04-01", "name": str(uuid.uuid4())}
    role["properties"] = {"roleDefinitionId": f"{stage.subscription}/providers/Microsoft.Authorization/roleDefinitions/{OWNER}", "principalId": stage.ids["contributor"]}
    answer = stage.put("climb", template(thing("not-made"), role), who="contributor")
    refused(answer, 400, "InvalidTemplateDeployment", "Authorization failed for template resource", "Microsoft.Authorization/roleAssignments/write", stage.ids["contributor"])
    older = {**role, "type": "Microsoft.Maps/accounts/providers/roleAssignments", "name": f"made/Microsoft.Authorization/{role['name']}"}
    refused(stage.put("climb", template(older), who="contributor"), 400, "InvalidTemplateDeployment", "Microsoft.Authorization/roleAssignments/write")
    refused(stage.put("climb", NO_RESOURCES, who="reader"), 403, "AuthorizationFailed", "Microsoft.Resources/deployments/write", stage.at("climb"))
    refused(stage.put("climb", NO_RESOURCES, who="nobody"), 403, "AuthorizationFailed")
    assert not stage.exists("not-made")
    same(stage.ask("HEAD", stage.at("climb"), VERSION).status, 404, "nothing is kept")
    stage.deploy("may", template(thing("made")), who="contributor")
    assert stage.exists("made")
    same(stage.ask("GET", stage.at("may"), VERSION, who="reader").status, 200, "a reader reads")
    refused(stage.ask("GET", stage.at("may"), VERSION, who="nobody"), 403, "AuthorizationFailed")
    refused(stage.ask("DELETE", stage.at("may"), VERSION, who="reader"), 403, "AuthorizationFailed")


def test_deployment_writes_the_activity_log_as_its_caller(stage):
    correlation = str(uuid.uuid4())
    answer = stage.ask("PUT", stage.at("logged"), VERSION, {"properties": {"mode": "Incremental", "template": template(thing("logged"))}}, "contributor", {"x-ms-correlation-request-id": correlation})
    same(answer.json["properties"]["correlationId"], correlation, "the caller's own")
    stage.wait("logged")
    records = [r for r in stage.server.records("activity") if r["correlationId"] == correlation]
    same({r["operationName"]["value"] for r in records}, {"Microsoft.Resources/deployments/write", "Microsoft.Maps/accounts/write"}, "what was written")
    same({r["caller"] for r in records}, {stage.ids["contributor"]}, "by whom")


# The record of the request says that a deployment was accepted; another one says how it ended, and why it failed.
def test_deployment_logs_its_end(stage):
    broken = thing("broken", properties={"of": "[reference(resourceId('Microsoft.Maps/accounts', 'missing'), '2023-01-01').x]"})
    for name, made, state in (("ends-well", template(thing("ends")), "Succeeded"), ("ends-badly", template(broken), "Failed")):
        correlation = str(uuid.uuid4())
        stage.ask("PUT", stage.at(name), VERSION, {"properties": {"mode": "Incremental", "template": made}}, "contributor", {"x-ms-correlation-request-id": correlation})
        stage.wait(name)
        query = f"eventTimestamp ge 2020-01-01T00:00:00Z and correlationId eq '{correlation}' and resourceId eq '{stage.at(name)}'"
        values = f"{stage.subscription}/providers/microsoft.insights/eventtypes/management/values?api-version=2015-04-01&$filter={urllib.parse.quote(query)}"
        events = stage.server.api("GET", values)["value"]
        same([e["status"]["value"] for e in events], [state, "Accepted", "Started"], "its end, the acceptance, its begin")
        same({(e["operationName"]["value"], e["caller"]) for e in events}, {("Microsoft.Resources/deployments/write", stage.ids["contributor"])}, "what, by whom")
        failed = [r for r in stage.server.records("activity", "--failed") if r["correlationId"] == correlation]
        if state == "Succeeded":
            same(failed, [], "nothing failed")
            continue
        same([(r["resourceId"], r["level"], r["lanyard"]["error"]) for r in failed], [(stage.at(name), "Error", "DEPLOYMENT_FAILED")], "lanyard logs activity --failed")
        error = json.loads(failed[0]["properties"]["statusMessage"])["error"]
        same((error["code"], error["details"][0]["code"]), ("DeploymentFailed", "ResourceNotFound"), error)


def test_deployment_of_secure_parameters_shows_no_value(stage):
    made = template(thing("secret", properties={"n": "[length(parameters('p'))]"}), parameters={"p": {"type": "securestring"}})
    got = stage.deploy("secret", made, parameters={"p": {"value": "Very-Secret-1"}})
    same(got["properties"]["parameters"], {"p": {"type": "SecureString"}}, "no value")
    assert "Very-Secret-1" not in stage.ask("POST", f"{stage.at('secret')}/exportTemplate", VERSION).text
    same(stage.ask("GET", f"{stage.things}/secret", "2023-01-01").json["properties"], {"n": 13}, "it was there")


HUSH = "Very-Secret-Hush-77"
SECURE = {"type": "securestring"}


def account_named(name):
    return {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01", "name": name, "location": "westus", "properties": {}}


LEAKS = [
    ("a function's own words", template(thing("x", properties={"a": "[fail(concat('no: ', parameters('p')))]"}), parameters={"p": SECURE})),
    ("a plain parameter made of it", template(parameters={"p": SECURE, "q": {"type": "string", "defaultValue": "[parameters('p')]", "allowedValues": ["a"]}})),
    ("a name", template(thing("[concat(parameters('p'), '/b/c')]"), parameters={"p": SECURE})),
    ("a type", template({**thing("x"), "type": "[parameters('p')]"}, parameters={"p": SECURE})),
    ("a function's argument", template(thing("x", properties={"a": "[resourceId(parameters('p'), 'n')]"}), parameters={"p": SECURE})),
    ("an absent member", template(thing("x", properties={"a": "[resourceGroup()[parameters('p')]]"}), parameters={"p": SECURE})),
    ("a dependency", template(thing("x", dependsOn=["[parameters('p')]"]), parameters={"p": SECURE})),
    ("a scope", template(thing("x", scope="[parameters('p')]"), parameters={"p": SECURE})),
    ("a deployment inside", template(nested("in", {**NO_RESOURCES, "parameters": {"q": {"type": "string", "allowedValues": ["a"]}}}, properties={
        "mode": "Incremental", "expressionEvaluationOptions": {"scope": "inner"}, "parameters": {"q": {"value": "[parameters('p')]"}},
        "template": {**NO_RESOURCES, "parameters": {"q": {"type": "string", "allowedValues": ["a"]}}}}), parameters={"p": SECURE})),
    ("a resource's name, of which its type's rules are told", template(account_named("[parameters('p')]"), parameters={"p": SECURE})),
    ("that of a resource inside", template(nested("in", NO_RESOURCES, properties={
        "mode": "Incremental", "expressionEvaluationOptions": {"scope": "inner"}, "parameters": {"q": {"value": "[parameters('p')]"}},
        "template": {**template(account_named("[parameters('q')]")), "parameters": {"q": {"type": "string"}}}}), parameters={"p": SECURE})),
    ("its provider", template({"type": "Microsoft.KeyVault/vaults", "apiVersion": "2023-07-01", "name": "lanyard-leak", "location": "westus", "properties": {"tenantId": "[parameters('p')]", "sku": {"family": "A", "name": "[parameters('p')]"}}}, parameters={"p": SECURE})),
    ("a tag that is no text", template({"type": "Microsoft.ManagedIdentity/userAssignedIdentities", "apiVersion": "2023-01-31", "name": "leak", "location": "westus", "tags": {"[parameters('p')]": "x" * 300}}, parameters={"p": SECURE})),
    ("a running function", template(thing("x", properties={"a": "[reference(resourceId('Microsoft.Maps/accounts', 'absent'), '2023-01-01')[parameters('p')]]"}), parameters={"p": SECURE})),
    ("a member of a secure object", template(thing("x", properties={"a": "[fail(parameters('p').word)]"}), parameters={"p": {"type": "secureObject"}})),
    ("an output", template(outputs={"o": {"type": "int", "value": "[resourceGroup()[parameters('p')]]"}}, parameters={"p": SECURE})),
]


# L3, T9: the words of a failure do not quote a secure parameter, whether it is refused beforehand or fails while it runs.
@pytest.mark.parametrize("row", LEAKS, ids=[row[0] for row in LEAKS])
def test_deployment_failure_quotes_no_secure_parameter(stage, row):
    value = {"word": HUSH} if row[1]["parameters"]["p"]["type"] == "secureObject" else HUSH
    body = {"properties": {"mode": "Incremental", "template": row[1], "parameters": {"p": {"value": value}}}}
    answers = [stage.ask("POST", f"{stage.at('leaks')}/{what}", VERSION, body) for what in ("validate", "whatIf")]
    answers.append(stage.ask("PUT", stage.at("leaks"), VERSION, body))
    if answers[-1].status in (200, 201):
        same(stage.wait("leaks")["properties"]["provisioningState"], "Failed", row[0])
        answers += [stage.ask("GET", stage.at("leaks") + tail, VERSION) for tail in ("", "/operations")]
        stage.ask("DELETE", stage.at("leaks"), VERSION)
    else:
        assert answers[-1].status == 400, answers[-1].text
    for text in [a.text for a in answers] + [json.dumps(r) for log in ("activity", "diagnostic") for r in stage.server.records(log)]:
        assert HUSH not in text and HUSH.lower() not in text and HUSH[:10] not in text, text
    for path in pathlib.Path(stage.server.home, "data").glob("lanyard.db*"):
        assert HUSH.encode() not in path.read_bytes(), path


# What is wrong with the resources is told at once, each with its code, before anything is kept.
def test_deployment_that_is_not_valid_tells_each_resource(stage):
    old = {**thing("old"), "type": "Microsoft.ManagedIdentity/userAssignedIdentities", "apiVersion": "2013-01-01"}
    vault = {"type": "Microsoft.KeyVault/vaults", "apiVersion": "2023-07-01", "name": "no_vault!", "location": "westus", "properties": {}}
    for method, tail in (("PUT", ""), ("POST", "/validate"), ("POST", "/whatIf")):
        answer = stage.ask(method, stage.at("invalid") + tail, VERSION, {"properties": {"mode": "Incremental", "template": template(thing("fine"), old, vault)}})
        refused(answer, 400, "InvalidTemplateDeployment", "The template deployment 'invalid' is not valid according to the validation procedure. The tracking id is '", "See inner errors for details.")
        same([(d["code"], d["target"].split("/")[-1]) for d in answer.error["details"]], [("NoRegisteredProviderFound", "old"), ("InvalidResourceName", "no_vault!")], answer.text)
    assert not stage.exists("fine")
    same(stage.ask("HEAD", stage.at("invalid"), VERSION).status, 404, "nothing is kept")


def test_whatif_shows_no_secure_value_that_is_a_default(stage):
    made = template(thing("whatif-secret", properties={"a": "[parameters('p')]", "b": "[concat('x', parameters('p'))]"}),
                    parameters={"p": {"type": "securestring", "defaultValue": "Very-Secret-2"}})
    got = stage.ask("POST", f"{stage.at('w')}/whatIf", VERSION, {"properties": {"mode": "Incremental", "template": made}})
    assert got.status == 200 and "Very-Secret-2" not in got.text


# What comes of a secure parameter is hidden, and nothing else, however short it is; the comparison is of the real values.
def test_whatif_hides_what_comes_of_a_secure_parameter_alone(stage):
    properties = {"open": "west", "word": "[parameters('p')]", "made": "[toUpper(concat('Q-', parameters('p')))]", "list": [{"name": "open", "value": "[parameters('p')]"}]}
    made = template(thing("whatif-short", properties=properties), parameters={"p": {"type": "securestring", "maxLength": 5}})
    fresh = stage.changes(made, parameters={"p": {"value": "s"}})["whatif-short"]
    hidden = {"open": "west", "word": "*******", "made": "*******", "list": [{"name": "open", "value": "*******"}]}
    same((fresh["after"]["location"], fresh["after"]["properties"]), ("westus", hidden), "a new one")
    stage.deploy("whatif-short", made, parameters={"p": {"value": "zxqj1"}})
    same(stage.changes(made, parameters={"p": {"value": "zxqj1"}})["whatif-short"]["changeType"], "NoChange", "the same secret")
    change = stage.changes(made, parameters={"p": {"value": "zxqj2"}})["whatif-short"]
    same(change["changeType"], "Modify", "another secret")
    assert "zxqj" not in json.dumps(change).lower(), change
    same({d["path"]: (d["before"], d["after"]) for d in change["delta"] if d["path"] != "properties.list"},
         {"properties.word": ("*******",) * 2, "properties.made": ("*******",) * 2}, "the delta")
    for word in ("[concat('[', parameters('p'), ']')]", "[deployment().properties.parameters.p.value]"):
        odd = template(thing("whatif-odd", properties={"word": word}), parameters={"p": {"type": "securestring"}})
        assert "zxqj" not in json.dumps(stage.changes(odd, parameters={"p": {"value": "zxqj4"}})["whatif-odd"]), word
    inner = nested("whatif-inner", made, parameters={"p": {"value": "[parameters('p')]"}})
    inner["properties"]["parameters"] = inner.pop("parameters")
    outer = template(inner, parameters={"p": {"type": "securestring"}})
    change = stage.changes(outer, parameters={"p": {"value": "zxqj3"}})["whatif-short"]
    assert change["changeType"] == "Modify" and "zxqj" not in json.dumps(change).lower(), change


def test_deployments_inside_of_others(stage):
    inside = template(thing("deep"), outputs={"id": {"type": "string", "value": "[resourceId('Microsoft.Maps/accounts', 'deep')]"}})
    behind = thing("behind-deep", tags={"x": "[reference('inner').outputs.id.value]"})
    got = stage.deploy("outer", template(nested("inner", inside), behind))
    same(stage.ask("GET", f"{stage.things}/behind-deep", "2023-01-01").json["tags"], {"x": f"{stage.things}/deep"}, "an output of the inner one")
    same(stage.get("inner")["properties"]["provisioningState"], "Succeeded", "a deployment of its own")
    same([r["id"] for r in got["properties"]["outputResources"]], [stage.at("inner"), f"{stage.things}/behind-deep"], "what was made")
    broken = template(thing("x", properties={"of": "[reference(resourceId('Microsoft.Maps/accounts', 'missing'), '2023-01-01').x]"}))
    error = stage.deploy("outer-fails", template(nested("inner-fails", broken), thing("never", tags={"x": "[reference('inner-fails').outputs.id.value]"})), state="Failed")["properties"]["error"]
    same((error["details"][0]["code"], error["details"][0]["details"][0]["code"]), ("DeploymentFailed", "ResourceNotFound"), error)
    assert not stage.exists("never")


# What is wrong inside is told before anything begins, if the inner template has expressions of its own and its parameters are known.
def test_deployments_inside_of_others_are_checked_beforehand(stage):
    role = {"type": "Microsoft.Authorization/roleAssignments", "apiVersion": "2022-04-01", "name": str(uuid.uuid4()), "properties": {}}
    refused(stage.put("outer-x", template(thing("not-begun"), nested("climbs", template(role))), who="contributor"), 400, "InvalidTemplateDeployment", role["name"])
    refused(stage.put("outer-x", template(thing("not-begun"), nested("wrong", template(thing("[nofunction()]"))))), 400, "InvalidTemplate", "nofunction")
    deeper = template(nested("one", template(nested("two", template(thing("x", ["nowhere"]))))))
    refused(stage.ask("POST", f"{stage.at('outer-x')}/validate", VERSION, {"properties": {"mode": "Incremental", "template": deeper}}), 400, "InvalidTemplate", "nowhere")
    assert not stage.exists("not-begun")
    link = {"type": "Microsoft.Resources/deployments", "apiVersion": "2021-04-01", "name": "linked", "properties": {"mode": "Incremental", "templateLink": {"uri": "http://127.0.0.1:1/"}}}
    error = stage.deploy("outer-link", template(link), state="Failed")["properties"]["error"]
    same(error["details"][0]["code"], "InvalidContentLink", error)


def test_deployments_at_subscription_and_above(stage):
    stage.assign(stage.subscription, stage.ids["owner"], OWNER)
    made = copy.deepcopy(NO_RESOURCES)
    made["$schema"] = made["$schema"].replace("deploymentTemplate", "subscriptionDeploymentTemplate")
    group = {"type": "Microsoft.Resources/resourceGroups", "apiVersion": "2021-04-01", "name": "by-template", "location": "westus", "properties": {}}
    made["resources"] = [group, nested("into", template(thing("in-new-group")), ["[subscriptionResourceId('Microsoft.Resources/resourceGroups', 'by-template')]"], resourceGroup="by-template")]
    refused(stage.put("sub", made, scope=stage.subscription), 400, "InvalidDeployment", "location")
    refused(stage.put("d", NO_RESOURCES, scope=f"{stage.subscription}/resourceGroups/none"), 404, "ResourceGroupNotFound")
    got = stage.deploy("sub", made, scope=stage.subscription, location="West US")
    same((got["location"], got["id"]), ("westus", stage.at("sub", stage.subscription)), "where")
    same(stage.ask("HEAD", f"{stage.subscription}/resourceGroups/by-template/providers/Microsoft.Maps/accounts/in-new-group", "2023-01-01").status, 204, "made")
    refused(stage.put("sub", made, scope=stage.subscription, location="eastus"), 409, "InvalidDeploymentLocation", "eastus", "westus")
    stage.server.api("PUT", f"/providers/Microsoft.Management/managementGroups/mg1?api-version=2020-05-01", {})
    for scope in ("/providers/Microsoft.Management/managementGroups/mg1", ""):
        body = {"location": "westus", "properties": {"mode": "Incremental", "template": NO_RESOURCES}}
        stage.server.api("PUT", f"{stage.at('high', scope)}?api-version={VERSION}", body)
        same(stage.wait("high", scope)["properties"]["provisioningState"], "Succeeded", scope)
    refused(stage.put("x", NO_RESOURCES, scope=f"{stage.things}/one", location="westus"), 400, "InvalidResourceId")


def test_complete_mode_deletes_what_is_not_listed(stage):
    group = f"{stage.subscription}/resourceGroups/complete"
    stage.server.api("PUT", f"{group}?api-version=2021-04-01", {"location": "westus"})
    for name in ("stays", "goes", "goes/creators/with", "locked"):
        path = name if "/" in name else name
        stage.server.api("PUT", f"{group}/providers/Microsoft.Maps/accounts/{path}?api-version=2023-01-01", {"location": "westus", "properties": {}})
    lock = f"{group}/providers/Microsoft.Maps/accounts/locked/providers/Microsoft.Authorization/locks/l"
    stage.server.api("PUT", f"{lock}?api-version=2020-05-01", {"properties": {"level": "CanNotDelete"}})
    body = {"properties": {"mode": "Complete", "template": template(thing("stays"), thing("new"))}}
    what = stage.server.api("POST", f"{stage.at('all', group)}/whatIf?api-version={VERSION}", body)
    kinds = {c["resourceId"].split("/accounts/")[1]: c["changeType"] for c in what["properties"]["changes"]}
    same(kinds, {"stays": "NoChange", "new": "Create", "goes": "Delete", "goes/creators/with": "Delete", "locked": "Delete"}, "what it would do")
    stage.server.api("PUT", f"{stage.at('all', group)}?api-version={VERSION}", body)
    error = stage.wait("all", group)["properties"].get("error")
    assert error, "what is locked could not be deleted"
    same((error["code"], [d["code"] for d in error["details"]]), ("DeploymentFailedCleanUp", ["ScopeLocked"]), error)
    operations = stage.server.api("GET", f"{stage.at('all', group)}/operations?api-version={VERSION}")["value"]
    ended = {o["properties"]["targetResource"]["id"].split("/accounts/")[1]: o["properties"]["provisioningState"] for o in operations}
    same(ended, {"stays": "Succeeded", "new": "Succeeded", "goes": "Succeeded", "goes/creators/with": "Succeeded", "locked": "Failed"}, "each")
    left = stage.server.api("GET", f"{group}/resources?api-version=2021-04-01")["value"]
    same(sorted(r["name"] for r in left), ["locked", "new", "stays"], "what is left")
    stage.server.api("DELETE", f"{lock}?api-version=2020-05-01")
    many = {**thing("[format('many{0}', copyIndex())]"), "copy": {"name": "many", "count": 150}}
    for mode, made, count in (("Incremental", template(many), 153), ("Complete", template(thing("new")), 1)):
        stage.server.api("PUT", f"{stage.at('all', group)}?api-version={VERSION}", {"properties": {"mode": mode, "template": made}})
        same(stage.wait("all", group)["properties"]["provisioningState"], "Succeeded", mode)
        same(len(stage.server.api("GET", f"{group}/resources?api-version=2021-04-01")["value"]), count, mode)


# Complete mode counts what deployments inside list, at any depth, as its own; what-if says the same beforehand.
def test_complete_mode_keeps_what_deployments_inside_made(stage):
    group = f"{stage.subscription}/resourceGroups/modules"
    stage.server.api("PUT", f"{group}?api-version=2021-04-01", {"location": "westus"})
    reads = {**NO_RESOURCES, "languageVersion": "2.0", "resources": {"seen": {"existing": True, "type": "Microsoft.Maps/accounts", "apiVersion": "2023-01-01", "name": "seen"}}}
    made = template(thing("top"), nested("one", template(thing("first"), thing("skipped", condition=False), nested("two", template(thing("second"), thing("known"), nested("three", reads))))))
    for name in ("known", "goes", "skipped", "seen"):
        stage.server.api("PUT", f"{group}/providers/Microsoft.Maps/accounts/{name}?api-version=2023-01-01", {"location": "westus", "properties": {}})
    body = {"properties": {"mode": "Complete", "template": made}}
    what = stage.server.api("POST", f"{stage.at('outer', group)}/whatIf?api-version={VERSION}", body)
    kinds = {c["resourceId"].split("/")[-1]: c["changeType"] for c in what["properties"]["changes"]}
    same(kinds, {"top": "Create", "first": "Create", "second": "Create", "known": "NoChange", "goes": "Delete", "skipped": "Delete"}, "foreseen")
    for turn in ("first", "again"):
        stage.server.api("PUT", f"{stage.at('outer', group)}?api-version={VERSION}", body)
        same(stage.wait("outer", group)["properties"]["provisioningState"], "Succeeded", turn)
        left = stage.server.api("GET", f"{group}/resources?api-version=2021-04-01")["value"]
        same(sorted(r["name"] for r in left), ["first", "known", "second", "seen", "top"], turn)


def test_what_if_tells_changes_and_changes_nothing(stage):
    stage.deploy("before-what-if", template(thing("known", tags={"a": "1", "b": "2"}, properties={"list": [1, 2], "deep": {"x": 1}})))
    made = template(thing("known", tags={"a": "1", "c": "3"}, properties={"list": [1, 3], "deep": {"x": 2}}), thing("fresh"))
    changes = {c["resourceId"].split("/")[-1]: c for c in stage.ask("POST", f"{stage.at('w')}/whatIf", VERSION, {"properties": {"mode": "Incremental", "template": made}}).json["properties"]["changes"]}
    same((changes["fresh"]["changeType"], changes["fresh"]["before"], changes["fresh"]["after"]["name"]), ("Create", None, "fresh"), "a new one")
    same(changes["known"]["changeType"], "Modify", "one that is there")
    delta = {d["path"]: (d["propertyChangeType"], d["before"], d["after"]) for d in changes["known"]["delta"]}
    same(delta, {"tags.b": ("Delete", "2", None), "tags.c": ("Create", None, "3"), "properties.list": ("Array", [1, 2], [1, 3]), "properties.deep.x": ("Modify", 1, 2)}, "delta")
    same(changes["owner"]["changeType"], "Ignore", "not in the template")
    assert not stage.exists("fresh")
    short = {"properties": {"mode": "Incremental", "template": made, "whatIfSettings": {"resultFormat": "ResourceIdOnly"}}}
    assert "after" not in stage.ask("POST", f"{stage.at('w')}/whatIf", VERSION, short).json["properties"]["changes"][0]
    refused(stage.ask("POST", f"{stage.at('w')}/whatIf", VERSION, short, "reader"), 403, "AuthorizationFailed", "whatIf/action")


# `az` reads the path of an array's child as a number.
def test_what_if_tells_of_an_item_by_its_index_alone(stage):
    rules = [{"name": "a", "properties": {"priority": 1}}, {"name": "b"}]
    stage.deploy("items", template(thing("items", properties={"rules": rules})))
    rules = [{"name": "a", "properties": {"priority": 2}}, {"name": "b"}, {"name": "c"}]
    delta, = stage.changes(template(thing("items", properties={"rules": rules})))["items"]["delta"]
    same((delta["path"], delta["propertyChangeType"]), ("properties.rules", "Array"), delta)
    first, third = delta["children"]
    same((first["path"], first["propertyChangeType"], third["path"], third["propertyChangeType"], third["after"]), ("0", "Modify", "2", "Create", {"name": "c"}), delta)
    same([(d["path"], d["propertyChangeType"], d["before"], d["after"], d["children"]) for d in first["children"]],
         [("properties.priority", "Modify", 1, 2, None)], "inside of the item")


def test_what_if_tells_no_change_of_what_is_only_shown_otherwise(stage):
    site = {"type": "Microsoft.Web/sites", "apiVersion": "2022-03-01", "name": "whatif-site", "location": "westus",
            "properties": {"siteConfig": {"appSettings": [{"name": "A", "value": "1"}]}}}
    settings = {"type": "Microsoft.Web/sites/config", "apiVersion": "2022-03-01", "name": "whatif-site/appsettings",
                "dependsOn": ["[resourceId('Microsoft.Web/sites', 'whatif-site')]"], "properties": {"A": "1", "B": "2"}}
    role = {"type": "Microsoft.Authorization/roleAssignments", "apiVersion": "2022-04-01", "name": str(uuid.uuid4()),
            "properties": {"roleDefinitionId": f"{stage.group}/providers/Microsoft.Authorization/roleDefinitions/{READER.upper()}",
                           "principalId": stage.ids["nobody"], "principalType": "ServicePrincipal"}}
    made = template(site, settings, role)
    stage.deploy("shown-otherwise", made)
    for name, change in stage.changes(made).items():
        assert change["changeType"] in ("NoChange", "Ignore"), (name, change)
    del settings["properties"]["B"]
    role["properties"]["roleDefinitionId"] = CONTRIBUTOR
    changes = stage.changes(made)
    same([(d["path"], d["propertyChangeType"]) for d in changes["appsettings"]["delta"]], [("properties.B", "Delete")], changes["appsettings"])
    same([d["path"] for d in changes[role["name"]]["delta"]], ["properties.roleDefinitionId"], changes[role["name"]])


def test_deployment_history(stage):
    stage.deploy("old", NO_RESOURCES)
    same(stage.ask("POST", f"{stage.at('old')}/exportTemplate", VERSION).json, {"template": NO_RESOURCES}, "its template")
    refused(stage.ask("POST", f"{stage.at('old')}/cancel", VERSION), 409, "DeploymentCannotBeCancelled", "Succeeded")
    first = stage.ask("GET", f"{stage.at('')[:-1]}?$top=1", VERSION).json
    assert len(first["value"]) == 1 and first["nextLink"].startswith("https://management.azure.com")
    same(stage.ask("HEAD", stage.at("old"), VERSION).status, 204, "there")
    same(stage.ask("DELETE", stage.at("old"), VERSION).status, 204, "deleted")
    same(stage.ask("HEAD", stage.at("old"), VERSION).status, 404, "gone")
    hashed = stage.ask("POST", "/providers/Microsoft.Resources/calculateTemplateHash", VERSION, NO_RESOURCES).json
    same((json.loads(hashed["minifiedTemplate"]), hashed["templateHash"].isdigit()), (NO_RESOURCES, True), "a hash")
    group = f"{stage.subscription}/resourceGroups/short-lived"
    stage.server.api("PUT", f"{group}?api-version=2021-04-01", {"location": "westus"})
    stage.server.api("PUT", f"{stage.at('d', group)}?api-version={VERSION}", {"properties": {"mode": "Incremental", "template": NO_RESOURCES}})
    stage.wait("d", group)
    stage.server.api("DELETE", f"{group}?api-version=2021-04-01")
    stage.server.api("PUT", f"{group}?api-version=2021-04-01", {"location": "westus"})
    same(stage.server.api("GET", f"{group}/providers/Microsoft.Resources/deployments?api-version={VERSION}"), {"value": []}, "gone with the group")


# D1: a password out of a vault. The vault must let templates have its secrets, and the caller may deploy with them.
def test_deployment_takes_parameters_out_of_a_vault(stage):
    vault = f"{stage.group}/providers/Microsoft.KeyVault/vaults/lanyard-deploy"
    made = template(thing("from-vault", properties={"n": "[length(parameters('p'))]"}), parameters={"p": {"type": "securestring"}})
    parameters = {"p": {"reference": {"keyVault": {"id": vault}, "secretName": "db"}}}
    refused(stage.put("vaulted", made, parameters=parameters), 400, "KeyVaultParameterReferenceNotFound", f"The specified KeyVault '{vault}' could not be found. Please see https://aka.ms/arm-keyvault for usage details.")

    def put_vault(enabled):
        properties = {"tenantId": stage.tenant, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True, "enabledForTemplateDeployment": enabled}
        stage.server.api("PUT", f"{vault}?api-version=2023-07-01", {"location": "westus", "properties": properties})

    put_vault(False)
    stage.server.api("PUT", f"{vault}/secrets/db?api-version=2023-07-01", {"properties": {"value": "Out-Of-The-Vault"}})
    closed = "The secret of KeyVault parameter 'p' cannot be retrieved. Http status code: 'Forbidden'. Error message: 'Access denied to first party service.\r\nCaller: name=ARM;"
    refused(stage.put("vaulted", made, parameters=parameters), 409, "KeyVaultParameterReferenceSecretRetrieveFailed", closed, "Vault: lanyard-deploy;location=westus'. Please see")
    put_vault(True)
    got = stage.deploy("vaulted", made, parameters=parameters, who="contributor")
    same(got["properties"]["parameters"], {"p": {"type": "SecureString"}}, "no value")
    same(stage.ask("GET", f"{stage.things}/from-vault", "2023-01-01").json["properties"], {"n": 16}, "it was there")
    shown = template(thing("from-vault", properties={"n": "[length(parameters('p'))]", "p": "[parameters('p')]"}), parameters={"p": {"type": "securestring"}})
    inner = nested("in", {**shown, "resources": [{**shown["resources"][0], "name": "inner-vault"}]})
    inner["properties"]["parameters"] = parameters
    changes = stage.changes({**shown, "resources": shown["resources"] + [inner]}, parameters=parameters)
    same(changes["inner-vault"]["after"]["properties"], {"n": "*******", "p": "*******"}, "inside")
    same([(d["path"], d["after"]) for d in changes["from-vault"]["delta"]], [("properties.p", "*******")], "what-if")
    missing = {"p": {"reference": {"keyVault": {"id": vault}, "secretName": "none"}}}
    refused(stage.put("vaulted", made, parameters=missing), 409, "KeyVaultParameterReferenceSecretRetrieveFailed", "Http status code: 'NotFound'. Error message: 'A secret with (name/id) none was not found in this key vault.")
    refused(stage.put("vaulted", made, parameters={"p": {"reference": {"keyVault": {"id": vault}}}}), 409, "KeyVaultParameterReferenceSecretRetrieveFailed", "'BadRequest'")
    refused(stage.put("vaulted", made, parameters=parameters, who="reader"), 403, "AuthorizationFailed")
    # Who may deploy, and not with the vault.
    role = {"roleName": "deploys", "permissions": [{"actions": ["Microsoft.Resources/deployments/*"]}], "assignableScopes": [stage.group]}
    name = str(uuid.uuid4())
    stage.server.api("PUT", f"{stage.group}/providers/Microsoft.Authorization/roleDefinitions/{name}?api-version=2022-04-01", {"properties": role})
    stage.assign(stage.group, stage.ids["nobody"], name)
    refused(stage.put("vaulted", {**made, "resources": []}, parameters=parameters, who="nobody"), 403, "KeyVaultParameterReferenceAuthorizationFailed", f"does not have permission to perform action 'MICROSOFT.KEYVAULT/VAULTS/DEPLOY/ACTION' on the specified KeyVault resource '{vault}'.")


# Long enough to be met while it runs: each thing behind the one before it.
def chain(prefix, n=400):
    return template(*[thing(f"{prefix}{i}", [f"{prefix}{i - 1}"] if i else ()) for i in range(n)])


def test_deployment_is_canceled_and_no_other_takes_its_name_meanwhile(stage):
    same(stage.put("long", chain("long")).status, 201, "accepted")
    refused(stage.put("long", NO_RESOURCES), 409, "DeploymentActive", stage.at("long"), stage.get("long")["properties"]["correlationId"])
    refused(stage.ask("DELETE", stage.at("long"), VERSION), 409, "DeploymentActive", "cancel it")
    same(stage.ask("POST", f"{stage.at('long')}/cancel", VERSION).status, 204, "canceled")
    same(stage.wait("long")["properties"]["provisioningState"], "Canceled", "its state")
    made = len(stage.operations("long"))
    assert made < 400, "it had come to its end"
    time.sleep(0.2)
    same(len(stage.operations("long")), made, "nothing more is done")
    stage.deploy("long", NO_RESOURCES)


# R6: roles are asked anew for each resource. What is taken away counts for a deployment that runs.
def test_deployment_loses_what_its_caller_loses(stage):
    group = f"{stage.subscription}/resourceGroups/loses"
    stage.server.api("PUT", f"{group}?api-version=2021-04-01", {"location": "westus"})
    where = f"{group}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version=2022-04-01"
    stage.server.api("PUT", where, {"properties": {"roleDefinitionId": CONTRIBUTOR, "principalId": stage.ids["reader"]}})
    same(stage.put("running", chain("loses"), who="reader", scope=group).status, 201, "accepted")
    stage.server.api("DELETE", where)
    error = stage.wait("running", group)["properties"]["error"]
    same((error["code"], error["details"][0]["code"]), ("DeploymentFailed", "AuthorizationFailed"), error)
    assert "Microsoft.Maps/accounts/write" in error["details"][0]["message"]


def test_environment_is_the_metadata_document(stage):
    """D1 environment() answers what /metadata/endpoints does, with the suffixes that addresses are made with"""
    outputs = {"whole": {"type": "object", "value": "[environment()]"},
               "blob": {"type": "string", "value": "[concat('https://a.blob.', environment().suffixes.storage)]"}}
    got = stage.deploy("environment", template(outputs=outputs))["properties"]["outputs"]
    document = stage.ask("GET", "/metadata/endpoints", "2022-09-01", who=None).json
    same(got["whole"]["value"], document, "one document")
    same(got["blob"]["value"], "https://a.blob.core.windows.net", "storage")
    suffixes = {"keyVaultDns": "vault.azure.net", "sqlServerHostname": "database.windows.net", "acrLoginServer": "azurecr.io"}
    same({name: document["suffixes"].get(name) for name in suffixes}, suffixes, "suffixes")
    wanted = ("name", "portal", "resourceManager", "graph", "graphAudience", "gallery", "batch", "media", "sqlManagement", "activeDirectoryDataLake",
              "vmImageAliasDoc", "authentication")
    same([name for name in wanted if not document.get(name)], [], "members")


def test_absent_child_is_named_with_its_parents(stage):
    """what is not there is named as in its id: types and names in turn"""
    for absent in ("Microsoft.Network/virtualNetworks/vnet1/subnets/default", "Microsoft.Web/sites/shop/slots/staging", "Microsoft.Maps/accounts/none"):
        refused(stage.ask("GET", f"{stage.group}/providers/{absent}", "2023-01-01"), 404, "ResourceNotFound",
                f"The Resource '{absent}' under resource group 'wire' was not found.")


def test_refusal_names_a_user_by_the_sign_in_name(stage):
    """AuthorizationFailed names a user by the user principal name"""
    name = "refused@lanyard.localhost"
    user = stage.server.api("POST", "https://graph.microsoft.com/v1.0/users", {
        "accountEnabled": True, "displayName": "Refused", "mailNickname": "refused", "userPrincipalName": name,
        "passwordProfile": {"password": "Long-enough-1", "forceChangePasswordNextSignIn": False}})
    form = {"grant_type": "password", "client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "username": name, "password": "Long-enough-1",
            "scope": "https://management.azure.com/.default"}
    token = stage.server.ask("login.microsoftonline.com", "POST", f"/{stage.tenant}/oauth2/v2.0/token", urllib.parse.urlencode(form),
                             headers={"Content-Type": "application/x-www-form-urlencoded"}).json["access_token"]
    answer = stage.server.ask("management.azure.com", "GET", f"{stage.group}?api-version={VERSION}", None, token)
    refused(answer, 403, "AuthorizationFailed", f"The client '{name}' with object id '{user['id']}' does not have authorization")
