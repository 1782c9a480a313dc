"""mint_vs_openssl: freshly signed tokens through the endpoint on one core, beside the bare RSA-2048 rate of that core."""
import pathlib
import re
import subprocess
import tempfile

from support import RUN_S, SERVER_CORE, in_turns, pinned, ratios, row, wrk

# Every request asks for another storage account's audience, so that none is in a cache.
SCRIPT = """
local n = {start}
request = function()
  n = n + 1
  return wrk.format("GET", "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fbench" .. n ..
                    ".blob.core.windows.net", {{["Metadata"] = "true"}})
end
"""


def openssl_rate():
    command = pinned(SERVER_CORE, ["openssl", "speed", "-seconds", str(RUN_S), "rsa2048"])
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(re.search(r"rsa 2048 bits\s+\S+\s+\S+\s+([\d.]+)", out).group(1))


def measure(Server):
    with Server("--workers", "1") as server, server.workload(server.machine()["id"]) as workload, tempfile.TemporaryDirectory() as directory:
        script, start = pathlib.Path(directory) / "mint.lua", 0

        def ours():
            nonlocal start
            start += 1_000_000
            script.write_text(SCRIPT.format(start=start))
            return wrk(workload.host, "-s", str(script), connections=32)

        mine, bare = in_turns(ours, openssl_rate)
        return [row("mint_vs_openssl", mine, "tokens/s", "openssl speed rsa2048, one core", ratios(mine, bare))]
