"""assign_rps_1, assign_rps_32: durable role assignments a second, by one client and by 32 that share commits.

token_p99_us: of a hundred cached tokens from the metadata endpoint the slowest, by one client. token_p99_under_writes_us: the same
while those 32 write; its ratio is that with writers by that without: 1.0 means that writers do no harm. A round without writers in
which something else kept the machine busy makes the ratio too low: the spread of token_p99_us shows it. All of it on one core.
"""
import pathlib
import tempfile

from support import RUN_S, SHORT, in_turns, p99_us, ratios, row, under_load, wrk

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"

TOKEN = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com%2F"

# A subscription holds 4000 assignments: after 3000 names the same ones are written again, which is as durable a write.
SCRIPT = """
local n = math.random(0, 3000)
request = function()
  n = (n + 1) % 3000
  local id = string.format("%08x-0000-4000-8000-000000000000", n)
  local body = '{"properties":{"roleDefinitionId":"/providers/Microsoft.Authorization/roleDefinitions/READER","principalType":"ServicePrincipal",' ..
               '"principalId":"' .. string.format("%08x-1111-4111-8111-111111111111", n) .. '"}}'
  return wrk.format("PUT", "SCOPE/providers/Microsoft.Authorization/roleAssignments/" .. id .. "?api-version=2022-04-01", wrk.headers, body)
end
"""


def measure(Server):
    with Server("--workers", "1") as server, tempfile.TemporaryDirectory() as directory:
        vm = server.machine()
        scope = f"/subscriptions/{server.facts['subscription']}"
        server.give_owner(vm, scope)
        with server.workload(vm["id"]) as workload:
            token = workload.token("https%3A%2F%2Fmanagement.azure.com%2F")["access_token"]
            script = pathlib.Path(directory) / "assign.lua"
            script.write_text(SCRIPT.replace("READER", READER).replace("SCOPE", f"{scope}/resourceGroups/bench"))
            writing = [f"https://127.0.0.1:{server.facts['https_port']}/", "-s", str(script), "-H", "Host: management.azure.com",
                       "-H", f"Authorization: Bearer {token}", "-H", "Content-Type: application/json"]
            asking = [workload.host + TOKEN, "-H", "Metadata: true"]
            rounds = 1 if SHORT else 3
            many, one = in_turns(lambda: wrk(*writing, connections=32), lambda: wrk(*writing, connections=1), rounds=rounds)

            def beside_writes():
                with under_load(*writing, connections=32, seconds=RUN_S + 2):
                    return p99_us(*asking, connections=1)

            busy, alone = in_turns(beside_writes, lambda: p99_us(*asking, connections=1))
            return [row("assign_rps_1", one, "writes/s"), row("assign_rps_32", many, "writes/s", "one client", ratios(many, one)),
                    row("token_p99_us", alone, "us"), row("token_p99_under_writes_us", busy, "us", "the same without writers", ratios(busy, alone))]
