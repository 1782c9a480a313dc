"""Templates of the kind that people write (tests/templates) are deployed, and what came of each is compared with its row here (D1).

A deployment is sent as az sends it: the template's text, comments and all, in a body that is not quite JSON.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax
"""
import json
import pathlib
import time
import uuid

import pytest

from lanyard import same

TEMPLATES = pathlib.Path(__file__).resolve().parent.parent / "templates"
DEPLOYMENTS = "2022-09-01"
TIMEOUT_S = 60
VERSIONS = {"microsoft.web": "2023-12-01", "microsoft.managedidentity": "2023-01-31", "microsoft.keyvault": "2023-07-01",
            "microsoft.compute": "2024-07-01", "microsoft.servicebus": "2022-10-01-preview", "microsoft.containerservice": "2024-02-01"}
ROLES = {
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "Azure Service Bus Data Sender": "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
    "Azure Service Bus Data Receiver": "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0",
}
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
SITE, SLOT, MACHINE, VAULT = "Microsoft.Web/sites", "Microsoft.Web/sites/slots", "Microsoft.Compute/virtualMachines", "Microsoft.KeyVault/vaults"
SECRET = "LANYARD-SECRET-template"  # the test of the logs looks for it


class Deployed:
    """One deployment at a group of its own, or at the subscription."""

    def __init__(self, server, name, parameters, group):
        self.server = server
        self.subscription = f"/subscriptions/{server.facts['subscription']}"
        self.group = f"{self.subscription}/resourceGroups/{group}"
        self.name = name
        text = (TEMPLATES / f"{name}.json").read_text()
        self.at_subscription = "subscriptionDeploymentTemplate" in text
        if not self.at_subscription:
            server.api("PUT", f"{self.group}?api-version=2022-09-01", {"location": "westus", "tags": {"made": "by-test"}})
        values = json.dumps({key: {"value": value} for key, value in parameters.items()})
        location = '"location": "westeurope", ' if self.at_subscription else ""
        self.body = f'{{{location}"properties": {{"parameters": {values}, "mode": "Incremental", template:{text}}}}}'
        self.path = f"{self.subscription if self.at_subscription else self.group}/providers/Microsoft.Resources/deployments/{name.split('/')[-1]}"

    def send(self):
        """None, or the words with which it was refused at once."""
        try:
            self.server.call("api", "PUT", f"{self.path}?api-version={DEPLOYMENTS}", "-", given=self.body)
        except RuntimeError as refused:
            return str(refused)
        until = time.monotonic() + TIMEOUT_S
        while time.monotonic() < until:
            self.result = self.server.api("GET", f"{self.path}?api-version={DEPLOYMENTS}")
            if self.result["properties"]["provisioningState"] in ("Succeeded", "Failed", "Canceled"):
                return None
            time.sleep(0.02)
        raise TimeoutError(f"{self.name} did not end: {self.result['properties']['provisioningState']}")

    @property
    def properties(self):
        return self.result["properties"]

    @property
    def outputs(self):
        return {name: each.get("value") for name, each in self.properties.get("outputs", {}).items()}

    def id_of(self, type_, name, group=None):
        provider, *types = type_.split("/")
        steps = "/".join(part for pair in zip(types, name.split("/")) for part in pair)
        return f"{group or self.group}/providers/{provider}/{steps}"

    def get(self, type_, name, group=None):
        version = VERSIONS.get(type_.split("/")[0].lower(), "2023-05-01")
        return self.server.api("GET", f"{self.id_of(type_, name, group)}?api-version={version}")

    def is_there(self, type_, name):
        try:
            self.get(type_, name)
            return True
        except RuntimeError as missing:
            assert "NotFound" in str(missing), missing
            return False

    def principal(self, type_, name):
        found = self.get(type_, name)
        return found["properties"]["principalId"] if type_ == IDENTITY else found["identity"]["principalId"]

    def roles(self, principal):
        """{(role's id, scope)} of a principal, everywhere."""
        query = f"api-version=2022-04-01&$filter=principalId%20eq%20'{principal}'"
        found = self.server.api("GET", f"{self.subscription}/providers/Microsoft.Authorization/roleAssignments?{query}")["value"]
        return {(each["properties"]["roleDefinitionId"].split("/")[-1], each["properties"]["scope"].lower()) for each in found}

    def holds(self, principal, *grants):
        """The principal has these roles, (name, scope) each, and no others."""
        same(self.roles(principal), {(ROLES[role], scope.lower()) for role, scope in grants}, f"{self.name}: roles of {principal}")

    def settings(self, site):
        return self.server.api("POST", f"{self.id_of(SITE, site)}/config/appsettings/list?api-version=2023-12-01")["properties"]


# ---- what must come out, a function a template ----


def two_tier(d):
    vault, out = d.outputs["vaultName"], d.outputs
    identity = d.get(IDENTITY, "shopfront-identity")
    d.holds(identity["properties"]["principalId"], ("Key Vault Secrets User", d.id_of(VAULT, vault)))
    same(out["clientId"], identity["properties"]["clientId"], "the identity's client id")
    same(out["vaultUri"], f"https://{vault}.vault.azure.net/", "the vault's address")
    same(out["host"], "shopfront.azurewebsites.net", "the site's name")
    same(d.settings("shopfront"), {"AZURE_CLIENT_ID": out["clientId"], "VAULT_URL": out["vaultUri"]}, "settings")
    site = d.get(SITE, "shopfront")
    same(list(map(str.lower, site["identity"]["userAssignedIdentities"])), [identity["id"].lower()], "attached")
    same(d.properties["parameters"]["databasePassword"], {"type": "SecureString"}, "a secret parameter is not told")


def machine(d):
    found = d.get(MACHINE, "web1")
    d.holds(found["identity"]["principalId"], ("Reader", d.group))
    same(d.outputs, {"principalId": found["identity"]["principalId"], "vmId": d.id_of(MACHINE, "web1")}, "outputs")
    assert SECRET not in json.dumps(found), "a machine does not tell its password"
    nic = d.get("Microsoft.Network/networkInterfaces", "web1-nic")
    same(nic["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"],
         d.id_of("Microsoft.Network/virtualNetworks/subnets", "web1-vnet/default"), "its network")


def slots(d):
    production, staging = d.principal(SITE, "slotted"), d.principal(SLOT, "slotted/staging")
    assert production != staging
    same(d.outputs, {"production": production, "staging": staging}, "outputs")
    d.holds(production, ("Key Vault Secrets User", d.id_of(VAULT, "tpl-prod-vault")))
    d.holds(staging, ("Key Vault Secrets User", d.id_of(VAULT, "tpl-stage-vault")))
    settings = d.server.api("POST", f"{d.id_of(SLOT, 'slotted/staging')}/config/appsettings/list?api-version=2023-12-01")
    same(settings["properties"], {"VAULT": "tpl-stage-vault"}, "the slot's settings")


def replicas(d):
    names = [f"worker-{i:02}" for i in range(1, 4)]
    identity = d.get(IDENTITY, "shared")
    d.holds(identity["properties"]["principalId"], ("Reader", d.group))
    same(identity["tags"], {"replicas": "3"}, "tags")
    for i, name in enumerate(names):
        found = d.get(MACHINE, name)
        same([each["clientId"] for each in found["identity"]["userAssignedIdentities"].values()], [d.outputs["clientId"]], name)
        same((found["tags"], found["zones"]), ({"index": str(i + 1)}, [str(i + 1)]), name)
        same([each["lun"] for each in found["properties"]["storageProfile"]["dataDisks"]], [0, 1], f"disks of {name}")
    same((d.outputs["machines"], d.outputs["joined"]), ([d.id_of(MACHINE, name) for name in names], ",".join(names)), "outputs")


def ci_identity(d):
    identity = d.get(IDENTITY, "ci-runner")
    d.holds(identity["properties"]["principalId"], ("Contributor", d.group))
    same(d.outputs["AZURE_CLIENT_ID"], identity["properties"]["clientId"], "client id")
    same(d.outputs["AZURE_TENANT_ID"], d.server.facts["tenant"], "tenant")
    same(d.outputs["AZURE_SUBSCRIPTION_ID"], d.server.facts["subscription"], "subscription")
    found = d.server.api("GET", f"{identity['id']}/federatedIdentityCredentials?api-version=2023-01-31")["value"]
    same({each["name"]: each["properties"]["subject"] for each in found},
         {"branch-main": "repo:shop/api:ref:refs/heads/main", "branch-release": "repo:shop/api:ref:refs/heads/release",
          "environment-production": "repo:shop/api:environment:production"}, "who may be it")
    same(sorted(d.outputs["subjects"]), sorted(each["properties"]["subject"] for each in found), "outputs")


def function_app(d):
    storage = d.outputs["storage"]
    at = d.id_of("Microsoft.Storage/storageAccounts", storage)
    d.holds(d.principal(SITE, "tpl-jobs"), ("Storage Blob Data Owner", at), ("Storage Queue Data Contributor", at))
    settings = d.settings("tpl-jobs")
    same((settings["AzureWebJobsStorage__accountName"], settings["COLOR"]), (storage, "blue"), "settings")
    same((d.outputs["settingCount"], d.outputs["blob"]), (5, f"https://{storage}.blob.core.windows.net/"), "outputs")


def container_app(d):
    pull, app = d.get(IDENTITY, "api-pull"), d.get("Microsoft.App/containerApps", "api")
    d.holds(pull["properties"]["principalId"], ("AcrPull", d.id_of("Microsoft.ContainerRegistry/registries", "apiregistry")))
    same((d.outputs["identity"], d.outputs["system"], d.outputs["replicas"]), (pull["properties"]["principalId"], app["identity"]["principalId"], 3), "outputs")
    same(app["properties"]["template"]["containers"][0]["env"][0]["value"], pull["properties"]["clientId"], "its variable")
    same(app["properties"]["template"]["scale"], {"minReplicas": 1, "maxReplicas": 3}, "scale")
    same(app["properties"]["template"]["revisionSuffix"], "first", "a parameter that may be null")


def subscription(d):
    group = d.server.api("GET", f"{d.group}?api-version=2022-09-01")
    same((group["location"], group["tags"]), ("westeurope", {"owner": "platform"}), "the group")
    auditor = d.get(IDENTITY, "auditor")
    same(auditor["tags"], {"owner": "platform"}, "tags of the group")
    d.holds(auditor["properties"]["principalId"], ("Reader", d.subscription))
    assert d.is_there(IDENTITY, "deployer")
    same(d.outputs, {"auditor": auditor["properties"]["principalId"], "group": d.group.split("/")[-1]}, "outputs")
    module = d.server.api("GET", f"{d.group}/providers/Microsoft.Resources/deployments/identities?api-version={DEPLOYMENTS}")
    same(module["properties"]["provisioningState"], "Succeeded", "the module is a deployment of its own")


def vault_by_roles(d):
    same(d.outputs["vaultUri"], "https://tpl-by-roles.vault.azure.net/", "outputs")
    same(sorted(each.split("/")[-1] if each.count("/") == 4 else each.split("/")[-2] for each in d.outputs["secretIds"]), ["db", "session"], "secrets")
    assert not d.is_there(IDENTITY, "auditor"), "its condition is false"
    assert "auditor" not in d.outputs
    same(d.properties["parameters"]["secrets"], {"type": "SecureObject"}, "a secret parameter is not told")
    assert d.properties["outputs"]["secrets"].get("value") is None, "a secret output is not told"
    assert SECRET not in json.dumps(d.result)


def kubernetes(d):
    cluster = d.get("Microsoft.ContainerService/managedClusters", "prod")
    issuer = cluster["properties"]["oidcIssuerProfile"]["issuerURL"]
    same(d.outputs["issuer"], issuer, "issuer")
    for account in ("api", "jobs"):
        found = d.server.api("GET", f"{d.id_of(IDENTITY, f'shop-{account}')}/federatedIdentityCredentials?api-version=2023-01-31")["value"]
        same([(each["properties"]["issuer"], each["properties"]["subject"]) for each in found], [(issuer, f"system:serviceaccount:shop:{account}")], account)
    same(d.outputs["clientIds"], {name: d.id_of(IDENTITY, f"shop-{name}") for name in ("api", "jobs")}, "outputs")


def message_bus(d):
    queue = d.id_of("Microsoft.ServiceBus/namespaces/queues", "tpl-bus/orders")
    d.holds(d.principal(IDENTITY, "sender"), ("Azure Service Bus Data Sender", queue))
    d.holds(d.principal(IDENTITY, "receiver"), ("Azure Service Bus Data Receiver", queue))
    same(d.outputs, {"sender": d.principal(IDENTITY, "sender"), "queue": "orders"}, "outputs")
    assert d.is_there("Microsoft.ServiceBus/namespaces/queues", "tpl-bus/invoices")


def existing_vault(d):
    vault = d.id_of(VAULT, "tpl-elsewhere", f"{d.subscription}/resourceGroups/elsewhere")
    principal = d.principal(MACHINE, "batch")
    d.holds(principal, ("Key Vault Secrets User", vault))
    same((d.outputs["principalId"], d.outputs["vaultUri"]), (principal, "https://tpl-elsewhere.vault.azure.net/"), "outputs")
    assert d.outputs["assignment"].lower().startswith(f"{vault}/providers/Microsoft.Authorization/roleAssignments/".lower())
    same(d.get(MACHINE, "batch")["tags"], {"vault": "https://tpl-elsewhere.vault.azure.net/"}, "what it read of the vault")


# template, parameters, group, what to look at
GOOD = [
    ("two-tier-web-app", {"appName": "shopfront", "databasePassword": SECRET}, "t-app", two_tier),
    ("vm-with-system-identity", {"adminUsername": "admin1", "adminPasswordOrKey": SECRET, "authenticationType": "password"}, "t-vm", machine),
    ("slots", {"siteName": "slotted", "vaults": {"production": "tpl-prod-vault", "staging": "tpl-stage-vault"}}, "t-slots", slots),
    ("replicas", {}, "t-replicas", replicas),
    ("ci-federated-identity", {"repository": "shop/api"}, "t-ci", ci_identity),
    ("function-app", {"functionName": "tpl-jobs", "extraSettings": {"COLOR": "blue"}}, "t-function", function_app),
    ("container-app", {"name": "api"}, "t-container", container_app),
    ("subscription", {"groupName": "t-made"}, "t-made", subscription),
    ("vault-by-roles", {"vaultName": "tpl-by-roles", "secrets": {"db": SECRET, "session": SECRET}, "readers": ["$reader"]}, "t-vault", vault_by_roles),
    ("kubernetes-workload-identity", {}, "t-cluster", kubernetes),
    ("nested-message-bus", {"namespaceName": "tpl-bus"}, "t-bus", message_bus),
    ("existing-vault", {"vaultGroup": "elsewhere", "vaultName": "tpl-elsewhere"}, "t-existing", existing_vault),
]

NOBODY = str(uuid.UUID(int=0x11111111222233334444555555555555))

# template, parameters, refused at once with this code (None: the deployment fails), the failed resource's code, a piece of its words,
# what is there afterwards, what is not
WRONG = [
    ("role-before-principal", {"principalId": NOBODY}, None, "PrincipalNotFound", f"{NOBODY.replace('-', '')} does not exist in the directory", [], [(IDENTITY, "late")]),
    ("role-before-identity", {"machineGroup": "elsewhere"}, None, "ResourceNotFound", "late", [], []),
    ("attach-before-identity", {}, None, "FailedIdentityOperation", "was not found", [(IDENTITY, "beside")], [(MACHINE, "early"), (MACHINE, "behind")]),
    ("missing-parent", {}, None, "ParentResourceNotFound", "no-such-site", [], [(SLOT, "no-such-site/staging")]),
    ("interface-before-subnet", {}, None, "InvalidResourceReference", "net/subnets/later referenced by resource", [("Microsoft.Network/virtualNetworks", "net")],
     [("Microsoft.Network/networkInterfaces", "early"), ("Microsoft.Network/virtualNetworks/subnets", "net/later")]),
    ("app-before-plan", {}, None, "NotFound", "Cannot find ServerFarm with name hasty-plan.", [], [("Microsoft.Web/sites", "hasty-app"), ("Microsoft.Web/serverfarms", "hasty-plan")]),
    ("circular", {}, "InvalidTemplate", None, "Circular dependency detected", [], [(IDENTITY, "chicken"), (IDENTITY, "egg")]),
    ("unknown-function", {}, "InvalidTemplate", None, "toLowerCase", [], [(IDENTITY, "id")]),
    ("unknown-dependency", {}, "InvalidTemplate", None, "elsewhere", [], [(IDENTITY, "alone")]),
    ("missing-parameter", {}, "InvalidTemplate", None, "identityName", [], []),
    ("lock", {}, None, "ScopeLocked", "guarded", [(IDENTITY, "guarded")], [(f"{IDENTITY}/federatedIdentityCredentials", "guarded/late")]),
    ("unknown-role", {}, None, "RoleDefinitionDoesNotExist", "11111111222233334444555555555555", [(IDENTITY, "holder")], []),
]


@pytest.fixture(scope="module", name="cloud")
def made_cloud(server):
    """A vault of another group, and a principal that exists already."""
    server.start()
    group = f"/subscriptions/{server.facts['subscription']}/resourceGroups/elsewhere"
    server.api("PUT", f"{group}?api-version=2022-09-01", {"location": "westus"})
    properties = {"tenantId": server.facts["tenant"], "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
    server.api("PUT", f"{group}/providers/{VAULT}/tpl-elsewhere?api-version=2023-07-01", {"location": "westus", "properties": properties})
    reader = server.api("PUT", f"{group}/providers/{IDENTITY}/reader?api-version=2023-01-31", {"location": "westus"})
    server.reader = reader["properties"]["principalId"]
    return server


def filled(cloud, parameters):
    return json.loads(json.dumps(parameters).replace("$reader", cloud.reader))


@pytest.mark.parametrize("name,parameters,group,look", GOOD, ids=[row[0] for row in GOOD])
def test_d1_a_template_makes_what_it_says(cloud, name, parameters, group, look):
    """D1 identities, targets, roles and sources from one template, in the order that they need"""
    deployed = Deployed(cloud, name, filled(cloud, parameters), group)
    same(deployed.send(), None, f"{name} is taken")
    same(deployed.properties["provisioningState"], "Succeeded", f"{name}: {json.dumps(deployed.properties.get('error'))}")
    look(deployed)
    first = {type_: deployed.outputs for type_ in ("outputs",)}
    same(deployed.send(), None, f"{name} is taken again")
    same(deployed.properties["provisioningState"], "Succeeded", f"{name} again: {json.dumps(deployed.properties.get('error'))}")
    look(deployed)  # identities and roles are the ones that there were
    if name != "vault-by-roles":  # a secret has a new version
        same({"outputs": deployed.outputs}, first, f"{name}: the same outputs")


@pytest.mark.parametrize("name,parameters,refused,code,words,there,absent", WRONG, ids=[row[0] for row in WRONG])
def test_d1_a_wrong_order_fails_as_in_the_cloud(cloud, name, parameters, refused, code, words, there, absent):
    """D1 what is not there yet is not found, and what does not depend on it is made"""
    deployed = Deployed(cloud, f"wrong/{name}", parameters, f"t-{name}")
    said = deployed.send()
    if refused:
        assert said and refused in said and words in said, f"{name}: {said}"
    else:
        same(said, None, f"{name} is taken")
        error = deployed.properties["error"]
        same((deployed.properties["provisioningState"], error["code"]), ("Failed", "DeploymentFailed"), json.dumps(error))
        found = [each for each in error["details"] if each["code"] == code or code in each["message"]]
        assert found and words in json.dumps(found), f"{name}: {json.dumps(error)}"
    for type_, resource in there:
        assert deployed.is_there(type_, resource), f"{name}: {resource} is missing"
    for type_, resource in absent:
        assert not deployed.is_there(type_, resource), f"{name}: {resource} was made"


def test_a_template_leaves_no_secret_in_the_logs(cloud):
    """T9 secure parameters are in no record, no answer and no name"""
    for log in ("activity", "diagnostic"):
        for record in cloud.records(log):
            assert SECRET not in str(record)
