"""lib_kib, lib_cached_get_ns, lib_first_token_ms, lib_chain_fails_ms: the C library, beside @azure/identity where that can do the same."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from support import ROOT, ROUNDS, SHORT, in_turns, ratios, row, spread, built

SCOPE = "https://vault.azure.net/.default"
PEER = "@azure/identity"
FIRST_TOKENS = 2 if SHORT else 10  # in a round
CACHED_MS = 200 if SHORT else 2000
THREADS = 8
DRIVER = ROOT / "build/tests/client/lib-driver"
NOTHING_THERE = "Default chain: nothing is there, and IMDS does not answer"


def size_kib():
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run(["strip", "-o", stripped.name, (ROOT / "build/liblanyard.so").resolve()], check=True)
        return pathlib.Path(stripped.name).stat().st_size / 1024


def cached_ns(threads):
    return float(subprocess.run([built("library-bench"), str(threads), str(CACHED_MS)], capture_output=True, text=True, check=True).stdout)


class FirstToken:
    """How long a new program waits for its first token, from the credential's making on; to load the library or the module is not counted."""

    def __init__(self, server):
        self.workload = server.workload(server.machine()["id"])
        self.env = {"PATH": os.environ["PATH"], **self.workload.environment}
        self.node = subprocess.run([ROOT / "tools/setup", "--node"], capture_output=True, text=True, check=True).stdout.strip()

    def of_library(self):
        ask = json.dumps({"kind": "managed_identity", "scope": SCOPE})
        runs = [json.loads(subprocess.run([DRIVER, ask], env=self.env, capture_output=True, text=True, check=True).stdout) for _ in range(FIRST_TOKENS)]
        return self.median(runs)

    def of_peer(self):
        case = json.dumps({"env": self.env, "ask": {"kind": "managed_identity", "scope": SCOPE}, "limit_ms": 60000}) + "\n"
        done = subprocess.run([self.node, ROOT / "tests/sdk/credential-driver.mjs"], input=case * FIRST_TOKENS, capture_output=True, text=True, check=True)
        return self.median([json.loads(line) for line in done.stdout.splitlines()])

    @staticmethod
    def median(runs):
        wrong = [each for each in runs if each["outcome"] != "token"]
        if wrong:
            raise RuntimeError(f"no token: {wrong[0]}")
        return spread([each["took_ms"] for each in runs])[0]


def chain_fails_ms(which):
    """Where no credential is there: the machine is not Azure's, and nobody answers at the metadata address."""
    command = ["unshare", "--map-root-user", "--mount", "--net", sys.executable, ROOT / "tests/client/side.py", which, NOTHING_THERE]
    result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    if result["outcome"] != "unavailable":
        raise RuntimeError(f"{which}: {result}")
    return result["took_ms"]


def measure(Server):
    rows = [row("lib_kib", size_kib(), "KiB")]
    for name, threads in (("lib_cached_get_ns", 1), (f"lib_cached_get_ns_{THREADS}_threads", THREADS)):
        rows.append(row(name, [cached_ns(threads) for _ in range(ROUNDS)], "ns"))
    with Server() as server:
        first = FirstToken(server)
        with first.workload:
            ours, theirs = in_turns(first.of_library, first.of_peer)
    rows.append(row("lib_first_token_ms", ours, "ms", f"{PEER}: {spread(theirs)[0]:.1f} ms", ratios(ours, theirs)))
    ours, theirs = in_turns(lambda: chain_fails_ms("lib"), lambda: chain_fails_ms("js"))
    rows.append(row("lib_chain_fails_ms", ours, "ms", f"{PEER}: {spread(theirs)[0]:.0f} ms", ratios(ours, theirs)))
    return rows
