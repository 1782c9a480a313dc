"""deploy_100_resources_ms: a template of a hundred resources, from its PUT until a poll says Succeeded. By one client, over https.

Each time a resource group of its own: the resources are new ones, and durable once it has ended.
"""
import http.client
import json
import socket
import ssl
import time

from support import SHORT, row

RESOURCES = 100
TIMES = 3 if SHORT else 15
POLL_S = 0.001
API = "2021-04-01"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


class Management(http.client.HTTPSConnection):
    """management.azure.com by its name, at the loopback; one connection for all requests."""

    def __init__(self, facts, token):
        super().__init__("management.azure.com", context=ssl.create_default_context(cafile=facts["ca"]))
        self.port_here = facts["https_port"]
        self.lines = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port_here))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)

    def ask(self, method, target, body=None):
        self.request(method, target, json.dumps(body) if body else None, self.lines)
        answer = self.getresponse()
        text = answer.read()
        assert answer.status in (200, 201), text
        return json.loads(text)


def template():
    one = {"type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2023-09-01", "name": "[format('nsg{0}', copyIndex())]",
           "location": "[resourceGroup().location]", "copy": {"name": "all", "count": RESOURCES}, "properties": {"securityRules": []}}
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [one]}


def deploy_ms(management, group):
    at = f"{group}/providers/Microsoft.Resources/deployments/d"
    management.ask("PUT", f"{group}?api-version={API}", {"location": "westus"})
    begun = time.perf_counter()
    management.ask("PUT", f"{at}?api-version={API}", {"properties": {"mode": "Incremental", "template": template()}})
    while (state := management.ask("GET", f"{at}?api-version={API}")["properties"]["provisioningState"]) != "Succeeded":
        assert state in ("Accepted", "Running"), state
        time.sleep(POLL_S)
    return (time.perf_counter() - begun) * 1000


def measure(Server):
    with Server("--workers", "1") as server:
        vm = server.machine()
        scope = f"/subscriptions/{server.facts['subscription']}"
        server.give_owner(vm, scope)
        with server.workload(vm["id"]) as workload:
            management = Management(server.facts, workload.token("https%3A%2F%2Fmanagement.azure.com%2F")["access_token"])
            times = [deploy_ms(management, f"{scope}/resourceGroups/deploy-{i}") for i in range(TIMES)]
            return [row("deploy_100_resources_ms", times, "ms")]
