"""What the groups share: a throw-away server, load by wrk, medians."""
import concurrent.futures
import contextlib
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
ALL_CORES = f"0-{os.cpu_count() - 1}"


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def spread(measured):
    """Of one figure or of a list of them: the median, the least and the most."""
    values = measured if isinstance(measured, list) else [measured]
    return [round(v, 3) for v in (statistics.median(values), min(values), max(values))]


def row(name, measured, unit, peer=None, ratio=None):
    """A figure and its ratio to a peer, each a number or the list of what the rounds measured."""
    value, low, high = spread(measured)
    ratio, ratio_low, ratio_high = [None] * 3 if ratio is None else spread(ratio)
    return {"name": name, "value": value, "low": low, "high": high, "unit": unit,
            "peer": peer, "ratio": ratio, "ratio_low": ratio_low, "ratio_high": ratio_high}


def pinned(core, command):
    return ["taskset", "-c", str(core), *command] if os.cpu_count() > 1 else command


def built(name):
    """A measuring program of bench/meson.build."""
    subprocess.run(["ninja", "-C", str(ROOT / "build"), f"bench/{name}"], check=True, stdout=subprocess.DEVNULL)
    return str(ROOT / "build" / "bench" / name)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def load(url, *more, connections=64, seconds=RUN_S):
    """What wrk says of one load thread on its own core; any answer but 2xx fails the run."""
    command = pinned(LOAD_CORE, ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", *more, url])  # a shared disk may stall a commit
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise RuntimeError(f"wrk saw failures at {url}:\n{out}")
    return out


def wrk(url, *more, **how):
    """Requests a second."""
    return float(re.search(r"Requests/sec:\s+([\d.]+)", load(url, *more, **how)).group(1))


def p99_us(url, *more, **how):
    """Of a hundred requests the slowest, in microseconds."""
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)\n", load(url, "--latency", *more, **how)).groups()
    return float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


@contextlib.contextmanager
def under_load(url, *more, **how):
    """While it is open, that load goes on; it must have gone well."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(load, url, *more, **how)
        time.sleep(0.5)  # until it is at its full rate
        yield
        running.result()


def cpu_s(pid):
    """Processor time of a process, all threads, user and system."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_us_per_request(pid, url, *more, **how):
    """Processor time that a server takes for each request of a load, in microseconds."""
    before = cpu_s(pid)
    answered = int(re.search(r"(\d+) requests in", load(url, *more, **how)).group(1))
    return (cpu_s(pid) - before) * 1e6 / answered


def in_turns(*measures, rounds=ROUNDS):
    """Each in its turn, the first round thrown away as warm-up: a list of figures for each."""
    for measure in measures:
        measure()
    return [list(figures) for figures in zip(*([measure() for measure in measures] for _ in range(rounds)))]


def ratios(ours, theirs):
    return [a / b for a, b in zip(ours, theirs)]


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

    def status(self):
        command = [LANYARD, "status", "--data", self.directory, "--json"]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    def rss_kib(self):
        status = pathlib.Path(f"/proc/{self.facts['pid']}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))

    def group(self):
        path = f"/subscriptions/{self.facts['subscription']}/resourceGroups/bench"
        self.api("PUT", f"{path}?api-version=2021-04-01", {"location": "westus"})
        return path

    def source(self, kind, version, name="bench"):
        """A resource with a system-assigned identity."""
        path = f"{self.group()}/providers/{kind}/{name}"
        return self.api("PUT", f"{path}?api-version={version}", {"location": "westus", "identity": {"type": "SystemAssigned"}, "properties": {}})

    def machine(self):
        return self.source("Microsoft.Compute/virtualMachines", "2024-03-01")

    def give_owner(self, resource, scope):
        """The role Owner at a scope, for the identity of a resource."""
        role = "/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
        self.api("PUT", f"{scope}/providers/Microsoft.Authorization/roleAssignments/33333333-3333-4333-8333-333333333333?api-version=2022-04-01",
                 {"properties": {"roleDefinitionId": role, "principalId": resource["identity"]["principalId"]}})

    def workload(self, resource):
        return Workload(self, resource)


class Workload:
    """The local token endpoint of one resource on the loopback, for as long as it is open."""

    def __init__(self, server, resource):
        command = [LANYARD, "run", "--data", server.directory, "--no-sandbox", "--as", resource, "--", "sh", "-c", "env; echo; exec sleep 600"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.environment = dict(line.rstrip("\n").split("=", 1) for line in iter(self.process.stdout.readline, "\n") if "=" in line)
        self.host = self.environment.get("AZURE_POD_IDENTITY_AUTHORITY_HOST")  # a machine's

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    @staticmethod
    def get(url, header):
        return json.loads(subprocess.run(["curl", "-sfk", "-H", header, url], capture_output=True, text=True, check=True).stdout)

    def token(self, audience):
        """A machine's."""
        return self.get(f"{self.host}/metadata/identity/oauth2/token?api-version=2018-02-01&resource={audience}", "Metadata: true")
