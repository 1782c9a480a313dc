"""keyvault_get_rps: reading one secret over TLS with a bearer token."""
import subprocess

from support import ROUNDS, row, wrk

SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"


def assign(server, scope, role, principal, name):
    server.api("PUT", f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=2022-04-01",
               {"properties": {"roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}", "principalId": principal}})


def put_secret(server, token):
    subprocess.run(["curl", "-sfk", "-X", "PUT", f"https://127.0.0.1:{server.facts['https_port']}/secrets/bench?api-version=7.4",
                    "-H", "Host: bench-vault.vault.azure.net", "-H", f"Authorization: Bearer {token}", "-H", "Content-Type: application/json",
                    "-d", '{"value":"bench"}'], check=True, stdout=subprocess.DEVNULL)


def measure(Server):
    with Server("--workers", "1") as server:
        vm = server.machine()
        vault = server.api("PUT", f"{server.group()}/providers/Microsoft.KeyVault/vaults/bench-vault?api-version=2023-07-01",
                           {"location": "westus", "properties": {"sku": {"family": "A", "name": "standard"}, "tenantId": server.facts["tenant"],
                                                                 "enableRbacAuthorization": True}})
        assign(server, vault["id"], SECRETS_USER, vm["identity"]["principalId"], "11111111-1111-4111-8111-111111111111")
        assign(server, vault["id"], SECRETS_OFFICER, vm["identity"]["principalId"], "22222222-2222-4222-8222-222222222222")
        with server.workload(vm["id"]) as workload:
            token = workload.token("https%3A%2F%2Fvault.azure.net")["access_token"]
        put_secret(server, token)
        url = f"https://127.0.0.1:{server.facts['https_port']}/secrets/bench?api-version=7.4"
        headers = ["-H", "Host: bench-vault.vault.azure.net", "-H", f"Authorization: Bearer {token}"]
        return [row("keyvault_get_rps", [wrk(url, *headers) for _ in range(ROUNDS)], "req/s")]
