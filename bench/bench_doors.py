"""door_cached_rps_NAME: a cached token from each local token endpoint, by one worker."""
from support import ROUNDS, row, wrk

AUDIENCE = "https%3A%2F%2Fvault.azure.net"

# Name, the resource whose workload asks and its api-version, and from the workload's environment the URL and a header.
DOORS = [
    ("machine", "Microsoft.Compute/virtualMachines", "2024-03-01",
     lambda env: (f"{env['AZURE_POD_IDENTITY_AUTHORITY_HOST']}/metadata/identity/oauth2/token?api-version=2018-02-01&resource={AUDIENCE}", "Metadata: true")),
    ("app_service", "Microsoft.Web/sites", "2022-03-01",
     lambda env: (f"{env['IDENTITY_ENDPOINT']}?api-version=2019-08-01&resource={AUDIENCE}", f"X-IDENTITY-HEADER: {env['IDENTITY_HEADER']}")),
]


def measure(Server):
    rows = []
    with Server("--workers", "1") as server:
        for name, kind, version, request in DOORS:
            with server.workload(server.source(kind, version)["id"]) as workload:
                url, header = request(workload.environment)
                workload.get(url, header)  # from here on it is cached
                rows.append(row(f"door_cached_rps_{name}", [wrk(url, "-H", header) for _ in range(ROUNDS)], "req/s"))
    return rows
