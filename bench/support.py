"""What the groups share: a throw-away server, load by wrk, medians."""
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LANYARD = str(ROOT / "build" / "lanyard")
SHORT = bool(os.environ.get("SHORT"))  # only to see that it can: the figures mean nothing then
ROUNDS = 1 if SHORT else 5
RUN_S = 1 if SHORT else 3
SERVER_CORE, LOAD_CORE = 0, 1


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def row(name, value, unit, peer=None, ratio=None):
    return {"name": name, "value": round(value, 3), "unit": unit, "peer": peer, "ratio": None if ratio is None else round(ratio, 3)}


def pinned(core, command):
    return ["taskset", "-c", str(core), *command] if os.cpu_count() > 1 else command


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wrk(url, *more, connections=64, seconds=RUN_S, before=()):
    """Requests a second of one load thread on its own core; any answer but 2xx fails the run."""
    command = pinned(LOAD_CORE, ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *more, url])
    out = subprocess.run([*before, *command], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise RuntimeError(f"wrk saw failures at {url}:\n{out}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def interleaved(ours, theirs, rounds=ROUNDS):
    """Both in turns, the first thrown away as warm-up: medians, and the median of the ratios."""
    ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    return (statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs), statistics.median(a / b for a, b in pairs))


class Server:
    """A server on a data directory of its own, pinned to one core, gone at the end."""

    def __init__(self, *options, core=SERVER_CORE):
        self.directory = tempfile.mkdtemp(prefix="lanyard-bench-")
        self.options, self.core = options, core
        self.start()

    def start(self):
        began = time.monotonic()
        command = [LANYARD, "up", "--data", self.directory, "--port", "0", "--json", *self.options]
        self.process = subprocess.Popen(pinned(self.core, command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        self.started_ms = (time.monotonic() - began) * 1000
        self.facts = json.loads(line)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)

    def close(self):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def api(self, method, path, body=None):
        command = [LANYARD, "api", method, path, *([json.dumps(body)] if body is not None else [])]
        out = subprocess.run(command, env={**os.environ, "LANYARD_DATA": self.directory}, capture_output=True, text=True)
        if out.returncode:
            raise RuntimeError(f"{method} {path}: {out.stderr}")
        return json.loads(out.stdout) if out.stdout.strip() else None

    def rss_kib(self):
        status = pathlib.Path(f"/proc/{self.facts['pid']}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))

    def group(self):
        path = f"/subscriptions/{self.facts['subscription']}/resourceGroups/bench"
        self.api("PUT", f"{path}?api-version=2021-04-01", {"location": "westus"})
        return path

    def machine(self, name="bench-vm"):
        path = f"{self.group()}/providers/Microsoft.Compute/virtualMachines/{name}"
        return self.api("PUT", f"{path}?api-version=2024-03-01", {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}})

    def workload(self, resource):
        return Workload(self, resource)


class Workload:
    """A metadata endpoint on the loopback for one resource, for as long as it is open."""

    def __init__(self, server, resource):
        script = 'echo "$AZURE_POD_IDENTITY_AUTHORITY_HOST"; exec sleep 600'
        command = [LANYARD, "run", "--data", server.directory, "--no-sandbox", "--as", resource, "--", "sh", "-c", script]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.host = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def token(self, audience):
        command = ["curl", "-sf", "-H", "Metadata: true", f"{self.host}/metadata/identity/oauth2/token?api-version=2018-02-01&resource={audience}"]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
