"""What tests in Python share: a throw-away server, and requests to its public names.

A request goes to the https port on the loopback under any of the names that the server answers
for, and its certificate is checked against the server's own authority: nothing is turned off.
"""
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse
import uuid

import pytest

START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 20
REQUEST_TIMEOUT_S = 60  # the sanitizers' builds are slow

LOGS = pathlib.Path(os.environ.get("LANYARD_TEST_LOGS", "build/test-logs"))
ASK_FOR_TOKEN = """
import os, sys, urllib.request
host = os.environ["AZURE_POD_IDENTITY_AUTHORITY_HOST"].rstrip("/")
request = urllib.request.Request(f"{host}/metadata/identity/oauth2/token?{sys.argv[1]}", headers={"Metadata": "true"})
sys.stdout.write(urllib.request.urlopen(request).read().decode())
"""


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode()

    @property
    def json(self):
        return json.loads(self.text) if self.text else None

    @property
    def error(self):
        return self.json["error"]


class Connection(http.client.HTTPSConnection):
    """To `host` by name, to the loopback by address."""

    def __init__(self, host, port, context):
        super().__init__(host, context=context, timeout=REQUEST_TIMEOUT_S)
        self.real_port = port

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.real_port), self.timeout)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)


class Server:
    def __init__(self, name):
        self.binary = os.environ.get("LANYARD", "build/lanyard")
        self.home = tempfile.mkdtemp(prefix="lanyard-wire-")
        self.log = LOGS / f"{name}-server.log"
        self.env = dict(os.environ, LANYARD_DATA=f"{self.home}/data", HOME=self.home)
        self.process = None

    def start(self, *options):
        LOGS.mkdir(parents=True, exist_ok=True)
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([self.binary, "up", "--port", "0", *options], env=self.env, stdout=log, stderr=log)
        until = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until and self.process.poll() is None:
            try:
                self.facts = json.loads(self.call("status", "--json"))
                break
            except RuntimeError:
                time.sleep(0.05)
        else:
            raise TimeoutError(f"the server did not start; see {self.log}")
        self.tls = ssl.create_default_context(cafile=self.facts["ca"])

    def stop(self):
        """True if it went of itself and without complaint."""
        if not self.process:
            return True
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_TIMEOUT_S) == 0
        except subprocess.TimeoutExpired:
            self.process.kill()
            return False

    def close(self):
        clean = self.stop()
        shutil.rmtree(self.home, ignore_errors=True)
        return clean

    def call(self, *args, given=""):
        done = subprocess.run([self.binary, *args], env=self.env, input=given, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"lanyard {' '.join(args)[:120]}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def api(self, method, path, body=None):
        """The management API as the operator."""
        out = self.call("api", method, path, *(["-"] if body is not None else []), given=json.dumps(body) if body is not None else "")
        return json.loads(out) if out.strip() else None

    def ask(self, host, method, target, body=None, token=None, headers=()):
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        lines = dict(headers)
        if text is not None:
            lines.setdefault("Content-Type", "application/json")
        if token is not None:
            lines["Authorization"] = token if " " in token else f"Bearer {token}"
        connection = Connection(host, self.facts["https_port"], self.tls)
        try:
            connection.request(method, target, text.encode() if text is not None else None, lines)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def has_activity(self, correlation):
        """Does a record of the activity log hold that correlation id?"""
        return len(self.records("activity", "--correlation", correlation)) > 0

    def records(self, log, *options):
        """What `lanyard logs LOG` lists, oldest first."""
        lines = self.call("logs", log, "--json", "-n", "1000", *options).splitlines()
        for line in lines:
            print(f"# {log} {line}")  # so that the search for leaks reads every record
        return [json.loads(line) for line in lines]

    def record(self, log, correlation):
        """The only record with that correlation id."""
        found = self.records(log, "--correlation", correlation)
        same(len(found), 1, f"records of {correlation} in the {log} log")
        return found[0]

    def token_of(self, resource, audience, **selector):
        """A token from the metadata endpoint, as that resource's workload gets it."""
        query = urllib.parse.urlencode({"api-version": "2018-02-01", "resource": audience, **selector})
        out = self.call("run", "--no-sandbox", "--as", resource, "--", sys.executable, "-c", ASK_FOR_TOKEN, query)
        return json.loads(out)["access_token"]


def same(got, want, what):
    __tracebackhide__ = True  # a failure is shown where the test compares
    assert got == want, f"{what}: {got!r}, not {want!r}"


def need_sandbox(server):
    """Skips the test where no sandbox can be made."""
    done = subprocess.run([server.binary, "shell", "--check"], env=server.env, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(done.stderr.strip().removeprefix("lanyard: "))
