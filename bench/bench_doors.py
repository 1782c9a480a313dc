"""door_cached_rps_NAME: a cached token from each local token endpoint, by one worker."""
import re
import subprocess

from support import LANYARD, LOAD_CORE, ROOT, ROUNDS, RUN_S, pinned, row, wrk

AUDIENCE = "https%3A%2F%2Fvault.azure.net"
ARC_CONNECTIONS = 8  # each holds a key at times, and the endpoint keeps 16

# Name, the resource whose workload asks and its api-version, and from the workload's environment what wrk and curl are given.
DOORS = [
    ("machine", "Microsoft.Compute/virtualMachines", "2024-03-01",
     lambda env: (f"{env['AZURE_POD_IDENTITY_AUTHORITY_HOST']}/metadata/identity/oauth2/token?api-version=2018-02-01&resource={AUDIENCE}", "Metadata: true")),
    ("app_service", "Microsoft.Web/sites", "2022-03-01",
     lambda env: (f"{env['IDENTITY_ENDPOINT']}?api-version=2019-08-01&resource={AUDIENCE}", f"X-IDENTITY-HEADER: {env['IDENTITY_HEADER']}")),
    ("service_fabric", "Microsoft.ServiceFabric/managedClusters/bench/applications", "2024-04-01",
     lambda env: (f"{env['IDENTITY_ENDPOINT']}?api-version=2019-07-01-preview&resource={AUDIENCE}", f"secret: {env['IDENTITY_HEADER']}")),
    ("machine_learning", "Microsoft.MachineLearningServices/workspaces/bench/computes", "2024-04-01",
     lambda env: (f"{env['MSI_ENDPOINT']}?api-version=2017-09-01&resource={AUDIENCE}", f"secret: {env['MSI_SECRET']}")),
]
PARENTS = [("Microsoft.ServiceFabric/managedClusters", "2024-04-01"), ("Microsoft.MachineLearningServices/workspaces", "2024-04-01")]


def measure_door(server, kind, version, request):
    with server.workload(server.source(kind, version, "door")["id"]) as workload:
        url, header = request(workload.environment)
        workload.get(url, header)  # from here on it is cached
        return [wrk(url, "-H", header) for _ in range(ROUNDS)]


def measure_cloud_shell(server):
    """It takes a form."""
    with server.workload(server.source("Microsoft.Portal/consoles", "2018-10-01", "shell")["id"]) as workload:
        return [wrk(workload.environment["MSI_ENDPOINT"], "-s", str(ROOT / "bench" / "cloud_shell.lua")) for _ in range(ROUNDS)]


def measure_arc(server):
    """Two requests for each token, and a file between them that only a sandbox has."""
    edge = server.source("Microsoft.HybridCompute/machines", "2024-03-31-preview", "edge")["id"]
    load = pinned(LOAD_CORE, ["wrk", "-t1", f"-c{ARC_CONNECTIONS}", f"-d{RUN_S}s", "-s", str(ROOT / "bench" / "arc.lua")])
    url = f"http://127.0.0.1:40342/metadata/identity/oauth2/token?api-version=2020-06-01&resource={AUDIENCE}"
    figures = []
    for _ in range(ROUNDS):
        command = [LANYARD, "run", "--data", server.directory, "--as", edge, "--bind-ro", str(ROOT / "bench"), "--", *load, url]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        figures.append(float(re.search(r"Tokens/sec: ([\d.]+)", out).group(1)))
    return figures


def measure(Server):
    rows = []
    with Server("--workers", "1") as server:
        for kind, version in PARENTS:
            server.source(kind, version)
        for name, kind, version, request in DOORS:
            rows.append(row(f"door_cached_rps_{name}", measure_door(server, kind, version, request), "req/s"))
        rows.append(row("door_cached_rps_cloud_shell", measure_cloud_shell(server), "req/s"))
        rows.append(row("door_cached_rps_arc", measure_arc(server), "tokens/s"))
    return rows
