"""A program that runs as a resource's workload and does what a test tells it: `lanyard run` with this file inside.

By default it runs on the host (`--no-sandbox`), where its token endpoint is on a port of 127.0.0.1. The test sends a line
of JSON, the program answers with one: the environment, an HTTP request's answer, a file.
"""
import base64
import hashlib
import http.client
import json
import os
import pathlib
import ssl
import subprocess
import sys
import urllib.parse

TIMEOUT_S = 60


VERSIONS = {"Microsoft.Web": "2024-04-01", "Microsoft.ManagedIdentity": "2024-11-30"}


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Sources:
    """Resources and identities in a group of their own."""

    def __init__(self, server):
        self.server = server
        self.group = f"/subscriptions/{server.facts['subscription']}/resourceGroups/sources"
        server.api("PUT", f"{self.group}?api-version=2022-09-01", {"location": "westus"})

    def path(self, kind, name):
        """A resource's path with its api-version; of a child both names stand in `name`: "site/slot"."""
        provider, *types = kind.split("/")
        names = name.split("/")
        steps = "/".join(part for pair in zip(types, names) for part in pair)
        return f"{self.group}/providers/{provider}/{steps}?api-version={VERSIONS.get(provider, '2024-03-01')}"

    def identity(self, name):
        """A user-assigned identity: id, principalId, clientId."""
        made = self.server.api("PUT", self.path("Microsoft.ManagedIdentity/userAssignedIdentities", name), {"location": "westus"})
        return {"id": made["id"], **made["properties"]}

    def resource(self, type_, name, system=False, attached=(), **members):
        """A resource of that type; its identity block as it was answered."""
        kinds = ",".join(word for word, has in (("SystemAssigned", system), ("UserAssigned", attached)) if has)
        block = {"type": kinds or "None"}
        if attached:
            block["userAssignedIdentities"] = {each["id"]: {} for each in attached}
        body = {"location": "westus", "identity": block, "properties": {}, **members}
        return self.server.api("PUT", self.path(type_, name), body).get("identity", {})

    def remove(self, kind, name):
        self.server.api("DELETE", self.path(kind, name))


class Reply:
    def __init__(self, told):
        self.status, self.headers, self.text = told["status"], told["headers"], told["text"]
        self.certificate_sha1 = told.get("certificate_sha1")

    @property
    def json(self):
        return json.loads(self.text)


class Workload:
    """One running program of a resource; close it, or use it in a `with`."""

    def __init__(self, server, resource, *options, env=()):
        self.process = subprocess.Popen(
            [server.binary, "run", "--as", resource, *(options or ["--no-sandbox"]), "--", sys.executable, __file__],
            env=dict(server.env, **dict(env)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.environment = self.tell(do="environment")

    def tell(self, **what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the workload ended"
        return json.loads(line)

    def get(self, url, headers=(), method="GET", body=None):
        """`headers` are pairs, for a name may stand twice."""
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
        return Reply(self.tell(do="ask", url=url, headers=pairs, method=method, body=body))

    def read(self, path):
        """A file's content, mode and owner as the program finds them; None if it cannot be read."""
        return self.tell(do="read", path=path)

    def close(self):
        self.process.stdin.close()
        self.process.wait(TIMEOUT_S)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _ask(url, headers, method, body):
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https":
        unchecked = ssl.create_default_context()
        unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE  # the caller looks at the certificate
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT_S, context=unchecked)
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
    named = {name.lower() for name, _ in headers}
    connection.putrequest(method, parts.path + ("?" + parts.query if parts.query else ""), skip_host="host" in named)
    for name, value in headers:
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body.encode())))
    connection.endheaders(body.encode() if body is not None else None)
    certificate = connection.sock.getpeercert(True) if parts.scheme == "https" else None
    response = connection.getresponse()
    told = {"status": response.status, "headers": dict(response.getheaders()), "text": response.read().decode()}
    if certificate:
        told["certificate_sha1"] = hashlib.sha1(certificate).hexdigest()
    connection.close()
    return told


def _read(path):
    try:
        facts = os.stat(path)
        return {"text": pathlib.Path(path).read_text(encoding="ascii"), "mode": facts.st_mode & 0o7777, "uid": facts.st_uid}
    except OSError:
        return None


def _main():
    for line in sys.stdin:
        what = json.loads(line)
        do = what.pop("do")
        answer = dict(os.environ) if do == "environment" else _read(**what) if do == "read" else _ask(**what)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _main()
