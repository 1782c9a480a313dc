"""arm_put_rps, arm_get_rps: the management API, by 32 clients: new resources a second, each on disk before its answer, and
reads of one resource."""
import pathlib
import tempfile

from support import ROUNDS, row, wrk

CACHES = "providers/Microsoft.Cache/redis"
VERSION = "2024-11-01"

# Every name is a new one: each round begins at a place of its own.
SCRIPT = """
math.randomseed(os.time())
local run, n = string.format("%x-%x", os.time(), math.random(0, 2147483647)), 0
request = function()
  n = n + 1
  return wrk.format("PUT", "GROUP/CACHES/" .. run .. "-" .. n .. "?api-version=VERSION", wrk.headers,
                    '{"location":"westus","tags":{"a":"1"},"sku":{"name":"Basic"},"properties":{"enableNonSslPort":false}}')
end
"""


def measure(Server):
    with Server("--workers", "1") as server, tempfile.TemporaryDirectory() as directory:
        vm, group = server.machine(), server.group()
        server.give_owner(vm, group)
        with server.workload(vm["id"]) as workload:
            token = workload.token("https%3A%2F%2Fmanagement.azure.com%2F")["access_token"]
        server.api("PUT", f"{group}/{CACHES}/read?api-version={VERSION}", {"location": "westus", "properties": {}})
        script = pathlib.Path(directory) / "put.lua"
        script.write_text(SCRIPT.replace("GROUP", group).replace("CACHES", CACHES).replace("VERSION", VERSION))
        base = f"https://127.0.0.1:{server.facts['https_port']}"
        headers = ["-H", "Host: management.azure.com", "-H", f"Authorization: Bearer {token}"]
        made = [wrk(f"{base}/", "-s", str(script), *headers, "-H", "Content-Type: application/json", connections=32) for _ in range(ROUNDS)]
        read = [wrk(f"{base}{group}/{CACHES}/read?api-version={VERSION}", *headers, connections=32) for _ in range(ROUNDS)]
        return [row("arm_put_rps", made, "resources/s"), row("arm_get_rps", read, "req/s")]
