"""The metadata endpoint of this machine: programs outside of any sandbox, known by the kernel's word and a binding (T5).

The second half is the stolen-token set: each way to be taken for the bound program, each refused, each in the sign-in log.
What needs another user, a control group or a process number of our choice runs as root only.
"""
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid

import pytest

from workload import Sources, Workload, claims

ROOT = pathlib.Path(__file__).resolve().parents[2]
VM = "Microsoft.Compute/virtualMachines"
QUERY = "api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net"
STRANGER = 54321
CONTAINERS = ["0123456789abcdef" * 4, "fedcba9876543210" * 4]
LOOKS = 100  # for a record that is written a moment after its answer

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user, or make a control group")


class Reply:
    def __init__(self, text, correlation):
        body, _, status = text.rpartition("\n")
        self.status, self.text, self.correlation = int(status), body, correlation

    @property
    def json(self):
        return json.loads(self.text)


class Host(Sources):
    """A server with two machines; this user's programs are bound to the one called web."""

    def __init__(self, server, open_dir, *options):
        self.socket = f"{open_dir}/metadata.sock"
        server.start("--metadata-socket", self.socket, *options)
        super().__init__(server)
        self.url = server.facts["metadata"]
        self.port = int(self.url.rsplit(":", 1)[1])
        self.web, self.job = (self.resource(VM, name, True)["principalId"] for name in ("web", "job"))
        self.me = f"uid:{os.getuid()}"
        self.bind(self.me, "web")

    def bind(self, caller, name):
        return self.server.call("bind", caller, name)

    def unbind(self, caller):
        return self.server.call("unbind", caller)

    def curl(self, *options, before=(), by_socket=False, metadata="true", path="/metadata/identity/oauth2/token?" + QUERY, url=None):
        """What curl, run behind `before`, gets; None: nothing came."""
        correlation = str(uuid.uuid4())
        command = [*before, "curl", "-s", "--max-time", "60", "-w", "\n%{http_code}", "-H", f"x-ms-client-request-id: {correlation}"]
        command += ["-H", f"Metadata: {metadata}"] if metadata else []
        command += ["--unix-socket", self.socket] if by_socket else []
        done = subprocess.run([*command, *options, f"{url or self.url}{path}"], capture_output=True, text=True, check=False)
        return Reply(done.stdout, correlation) if done.returncode == 0 else None

    def signin(self, correlation):
        """The record of that request in the sign-in log."""
        for _ in range(LOOKS):
            found = self.server.api("GET", f"/lanyard/logs/signin?correlationId={correlation}")["value"]
            if found:
                return found[0]
            time.sleep(0.1)
        raise AssertionError(f"no sign-in record has the correlation id {correlation}")

    def granted(self, reply, principal):
        assert reply.status == 200, reply.text
        assert claims(reply.json["access_token"])["oid"] == principal

    def refused(self, reply, *words, status=400):
        """No token, a reason, and a record."""
        assert reply.status == status, reply.text
        assert "access_token" not in reply.text
        for word in words:
            assert word in reply.json["error_description"]
        record = json.dumps(self.signin(reply.correlation))
        assert "access_token" not in record and '"errorCode": 0' not in record


def as_user(user):
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]


@pytest.fixture(scope="module")
def host(server):
    open_dir = tempfile.mkdtemp(prefix="lanyard-host-")
    os.chmod(open_dir, 0o755)
    yield Host(server, open_dir)
    shutil.rmtree(open_dir)


# --- who gets a token ---


@pytest.mark.parametrize("by_socket", [False, True], ids=["port", "socket"])
def test_t5_a_bound_program_gets_its_resources_token(host, by_socket):
    reply = host.curl(by_socket=by_socket)
    host.granted(reply, host.web)
    record = host.signin(reply.correlation)
    assert record["lanyard"]["callerKnownBy"] == "process"
    document = host.curl(by_socket=by_socket, path="/metadata/instance?api-version=2021-02-01").json
    assert document["compute"]["name"] == "web"


def test_t5_no_binding_no_token_and_the_error_names_it(host):
    host.unbind(host.me)
    try:
        reply = host.curl()
        host.refused(reply, f"No binding for {host.me} (curl, pid ", f"make one: lanyard bind {host.me} RES")
        assert reply.json["error"] == "unauthorized_client"
    finally:
        host.bind(host.me, "web")
    host.granted(host.curl(), host.web)


NODE_SDK = """
import { ManagedIdentityCredential } from "@azure/identity";
const options = process.argv[1] ? { objectId: process.argv[1] } : {};
const { token } = await new ManagedIdentityCredential(options).getToken("https://vault.azure.net/.default").catch(e => ({ token: e.name }));
console.log(token);
"""


def by_sdk(host, *argument):
    """What an unmodified @azure/identity gets that is told nothing but the port."""
    node = subprocess.check_output([ROOT / "tools/setup", "--node"], text=True).strip()
    env = {name: value for name, value in os.environ.items() if not name.startswith("AZURE")}
    env["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = host.url
    command = [node, "--input-type=module", "-e", NODE_SDK, *argument]
    return subprocess.check_output(command, cwd=ROOT / "tests/sdk", env=env, text=True).strip()


def test_t5_the_azure_sdk_gets_the_token_of_the_binding(host):
    assert claims(by_sdk(host))["oid"] == host.web
    assert claims(by_sdk(host, host.web))["oid"] == host.web
    assert by_sdk(host, host.job) == "CredentialUnavailableError"  # another resource's identity
    host.unbind(host.me)
    try:
        assert by_sdk(host) == "CredentialUnavailableError"  # so that a chain of credentials goes on
    finally:
        host.bind(host.me, "web")


PYTHON_SDK = """
from azure.identity import ManagedIdentityCredential
print(ManagedIdentityCredential().get_token("https://vault.azure.net/.default").token)
"""


def test_t5_the_python_sdk_gets_the_token_of_the_binding(host):
    if subprocess.run(["/usr/bin/python3", "-c", "import azure.identity"], capture_output=True, check=False).returncode:
        pytest.skip("azure-identity for Python is not installed")
    env = {**os.environ, "AZURE_POD_IDENTITY_AUTHORITY_HOST": host.url}
    token = subprocess.check_output(["/usr/bin/python3", "-c", PYTHON_SDK], env=env, text=True).strip()
    assert claims(token)["oid"] == host.web


def test_t5_the_probe_of_clients_is_answered_before_anything_is_asked(host):
    reply = host.curl(metadata=None)
    assert (reply.status, reply.json["error"]) == (400, "bad_request_102")


def test_i3_a_binding_is_not_inherited(host):
    before = host.resource(VM, "again", True)["principalId"]
    host.unbind(host.me)
    host.bind(host.me, "again")
    try:
        host.granted(host.curl(), before)
        host.remove(VM, "again")
        host.refused(host.curl(), "has been deleted since")
        assert host.resource(VM, "again", True)["principalId"] != before
        host.refused(host.curl(), "has been deleted since", f"lanyard bind {host.me} RES")
        assert not json.loads(host.server.call("bindings", "--json"))["isLive"]
        assert host.server.call("bindings").rstrip().endswith("(deleted: bind again)")
    finally:
        host.unbind(host.me)
        host.bind(host.me, "web")


def test_bindings_are_listed_and_survive_a_restart(new_server, tmp_path):
    server = new_server("host-restart")
    server.start()
    sources = Sources(server)
    sources.resource(VM, "web", True)
    server.call("bind", "unit:web.service", "web")
    server.call("bind", f"user:{subprocess.check_output(['id', '-un'], text=True).strip()}", "web")
    listed = server.call("bindings", "--json")
    assert [json.loads(line)["caller"] for line in listed.splitlines()] == [f"uid:{os.getuid()}", "unit:web.service"]
    titles, *rows = server.call("bindings").splitlines()
    assert titles.split() == ["CALLER", "RESOURCE"]
    assert {row.index("/subscriptions/") for row in rows} == {titles.index("RESOURCE")}, "the columns stand below their titles"
    assert server.stop()
    server.start()
    assert server.call("bindings", "--json") == listed
    with pytest.raises(RuntimeError, match="bound to"):
        sources.resource(VM, "job", True)
        server.call("bind", "unit:web.service", "job")
    with pytest.raises(RuntimeError, match="is not bound"):
        server.call("unbind", "unit:other.service")
    with pytest.raises(RuntimeError, match="binds nothing"):
        server.call("bind", "web.service", "web")
    assert "(no user of this machine)" not in server.call("bindings")
    server.call("bind", "uid:3999999999", "web")  # as of a user who was deleted: the number may be given again
    assert "uid:3999999999 (no user of this machine)" in server.call("bindings")


def test_a_metadata_port_that_is_taken_is_one_clear_line(new_server):
    server = new_server("host-taken")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([server.binary, "up", "--port", "0", "--metadata-port", port], env=server.env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [f"lanyard: Port {port} of 127.0.0.1 is in use: stop what listens there, or choose another port."]


def test_no_metadata_port(new_server):
    server = new_server("host-none")
    server.start("--metadata-port", "none")
    assert "metadata" not in server.facts and server.facts["metadata_socket"].endswith("/imds.sock")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


@pytest.mark.parametrize("limits", ["none", "published"])
def test_limits_count_for_the_resource_at_both_sockets(new_server, tmp_path, limits):
    host = Host(new_server(f"host-limits-{limits}"), tmp_path, "--limits", limits)
    doors = [http.client.HTTPConnection("127.0.0.1", host.port), UnixConnection(host.socket)]
    statuses = []
    for i in range(400):  # five a second are allowed; a slow machine may need several seconds to be faster than that
        door = doors[i % 2]
        door.request("GET", "/metadata/instance?api-version=2021-02-01", headers={"Metadata": "true"})
        answer = door.getresponse()
        answer.read()
        statuses.append(answer.status)
        if answer.status == 429:
            assert answer.getheader("Retry-After") == "1"
            break
        if limits == "none" and i == 40:
            break
    for door in doors:
        door.close()
    assert set(statuses) == ({200} if limits == "none" else {200, 429})
    with pytest.raises(RuntimeError, match="--limits is published or none"):
        host.server.call("up", "--limits", "some")


# --- the stolen-token set ---


@needs_root
@pytest.mark.parametrize("by_socket", [False, True], ids=["port", "socket"])
def test_t5_stolen_by_another_uid(host, by_socket):
    host.refused(host.curl(before=as_user(STRANGER), by_socket=by_socket), f"No binding for uid:{STRANGER} (curl, pid ", f"lanyard bind uid:{STRANGER} RES")


def test_t5_stolen_from_another_network_namespace(host):
    own = ["unshare", "--user", "--map-root-user", "--net", "--pid", "--fork"]
    if subprocess.run([*own, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no namespaces can be made here")
    assert host.curl(before=own) is None  # the port is not there at all
    # The unix socket is; root there is no root here.
    host.refused(host.curl(before=own, by_socket=True))


@pytest.mark.parametrize("header", ["X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1", "Via: 1.1 proxy", "X-Real-IP: 127.0.0.1"])
def test_t5_stolen_with_a_forwarded_header(host, header):
    host.refused(host.curl("-H", header))


@pytest.mark.parametrize("name", ["metadata.attacker.example", "attacker.example:8081", "127.0.0.1.attacker.example"])
def test_t5_stolen_by_a_rebinding_host(host, name):
    host.refused(host.curl("-H", f"Host: {name}"), status=401)


@contextlib.contextmanager
def control_group(name):
    """A control group of that path in a hierarchy that counts; processes enter it by a file."""
    root = next((path for path in map(pathlib.Path, ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup")) if (path / "cgroup.procs").exists()), None)
    made = []
    try:
        if root is None:
            pytest.skip("there are no control groups here")
        for part in name.split("/"):
            root = root / part
            if not root.exists():
                root.mkdir()
                made.append(root)
    except OSError as why:
        pytest.skip(f"no control group can be made here: {why}")
    try:
        yield ["sh", "-c", f'echo $$ >"{root}/cgroup.procs" && exec "$@"', "sh"]
    finally:
        for path in reversed(made):
            with contextlib.suppress(OSError):
                path.rmdir()


@needs_root
def test_t5_stolen_by_a_second_container(host):
    host.bind(f"container:{CONTAINERS[0][:12]}", "job")
    try:
        for by_socket in (False, True):
            with control_group(f"docker/{CONTAINERS[0]}") as inside:
                host.granted(host.curl(before=inside, by_socket=by_socket), host.job)
            with control_group(f"docker/{CONTAINERS[1]}") as inside:
                host.refused(host.curl(before=inside, by_socket=by_socket), f"lanyard bind container:{CONTAINERS[1][:12]} RES")
            # A group of that name which somebody made in his own.
            with control_group(f"user.slice/user-5.slice/user@5.service/docker-{CONTAINERS[0]}.scope") as inside:
                host.granted(host.curl(before=inside, by_socket=by_socket), host.web)  # by its user: no container
    finally:
        host.unbind(f"container:{CONTAINERS[0][:12]}")


@needs_root
def test_t5_stolen_by_another_unit(host):
    host.bind("unit:lanyard-test-job.service", "job")
    try:
        with control_group("system.slice/lanyard-test-job.service/worker") as inside:
            host.granted(host.curl(before=[*inside, *as_user(STRANGER)]), host.job)
        with control_group("system.slice/lanyard-test-other.service/lanyard-test-job.service") as inside:
            host.refused(host.curl(before=[*inside, *as_user(STRANGER)]), "lanyard bind unit:lanyard-test-other.service RES")
    finally:
        host.unbind("unit:lanyard-test-job.service")


PROXY = """
import socket, sys, threading
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
def copy(a, b):
    while data := a.recv(65536):
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)
while True:
    here, _ = listening.accept()
    there = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    for pair in ((here, there), (there, here)):
        threading.Thread(target=copy, args=pair, daemon=True).start()
"""


@needs_root
def test_t5_stolen_through_a_proxy_of_another_user(host):
    with subprocess.Popen([*as_user(STRANGER), sys.executable, "-c", PROXY, str(host.port)], stdout=subprocess.PIPE, text=True) as proxy:
        try:
            through = f"http://127.0.0.1:{int(proxy.stdout.readline())}"
            host.refused(host.curl(url=through), f"No binding for uid:{STRANGER} (python3")
        finally:
            proxy.kill()


def test_t5_stolen_with_a_guessed_identity_header(host):
    host.resource("Microsoft.Web/sites", "site", True, kind="app,linux")
    with Workload(host.server, "site") as workload:
        env = workload.environment
        for guess in ("", "0", "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a", env["IDENTITY_HEADER"][:-1]):
            correlation = str(uuid.uuid4())
            shown = {"X-IDENTITY-HEADER": guess, "x-ms-client-request-id": correlation}
            reply = workload.get(f"{env['IDENTITY_ENDPOINT']}?resource=https://vault.azure.net&api-version=2019-08-01", shown)
            assert reply.status in (401, 403) and "access_token" not in reply.text
            assert '"errorCode": 0' not in json.dumps(host.signin(correlation))


# A program that keeps its connection: it asks, leaves the connection to a child of another user, and may end.
KEEPER = """
import os, socket, sys
where, stranger, ends, request = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "ends", sys.argv[4].encode().decode("unicode_escape").encode()
kept = socket.socket(socket.AF_UNIX if where.startswith("/") else socket.AF_INET, socket.SOCK_STREAM)
kept.connect(where if where.startswith("/") else ("127.0.0.1", int(where)))
def ask(correlation):
    kept.sendall(request.replace(b"CORRELATION", correlation.encode()))
    data = b""
    while b"\\r\\n\\r\\n" not in data:
        data += kept.recv(65536)
    head, _, body = data.partition(b"\\r\\n\\r\\n")
    length = int([line for line in head.split(b"\\r\\n") if line.lower().startswith(b"content-length:")][0].split(b":")[1])
    while len(body) < length:
        body += kept.recv(65536)
    return body.decode() + "\\n" + head.split()[1].decode()
told, tell = os.pipe()
print(len(first := ask(sys.argv[5])), first.replace("\\n", "|"), os.getpid(), sep="\\t", flush=True)
child = os.fork()
if child == 0:
    os.setresgid(stranger, stranger, stranger)
    os.setresuid(stranger, stranger, stranger)
    sys.stdin.readline()
    print(ask(sys.argv[6]).replace("\\n", "|"), flush=True)
    os._exit(0)
if ends:
    os._exit(0)
os.waitpid(child, 0)
"""


@contextlib.contextmanager
def keeper(host, by_socket, ends):
    """The process; what it got itself; how to let the child of another user ask on the same connection."""
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    request = f"GET /metadata/identity/oauth2/token?{QUERY} HTTP/1.1\\r\\nHost: localhost\\r\\nMetadata: true\\r\\nx-ms-client-request-id: CORRELATION\\r\\n\\r\\n"
    where = host.socket if by_socket else str(host.port)
    command = [sys.executable, "-c", KEEPER, where, str(STRANGER), "ends" if ends else "stays", request, first, second]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            _, got, pid = process.stdout.readline().rstrip("\n").split("\t")
            host.granted(Reply(got.replace("|", "\n"), first), host.web)

            def ask():
                process.stdin.write("\n")
                process.stdin.flush()
                return Reply(process.stdout.readline().rstrip("\n").replace("|", "\n"), second)

            yield int(pid), process, ask
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()


@needs_root
@pytest.mark.parametrize("by_socket", [False, True], ids=["port", "socket"])
@pytest.mark.parametrize("ends", [False, True], ids=["parent-stays", "parent-ends"])
def test_t5_stolen_on_a_connection_inherited_by_a_child_of_another_user(host, by_socket, ends):
    with keeper(host, by_socket, ends) as (_, _, ask):
        host.refused(ask(), f"uid {STRANGER}")


def process_numbered(number):
    """A process of this user with that number, which has just become free."""
    for _ in range(50):
        try:
            pathlib.Path("/proc/sys/kernel/ns_last_pid").write_text(str(number - 1), encoding="ascii")
        except OSError as why:
            pytest.skip(f"process numbers cannot be chosen here: {why}")
        child = subprocess.Popen(["sleep", "60"])
        if child.pid == number:
            return child
        child.send_signal(signal.SIGKILL)
        child.wait()
    pytest.skip("others were faster than this test with every process number")


@needs_root
@pytest.mark.parametrize("by_socket", [False, True], ids=["port", "socket"])
def test_t5_stolen_with_a_process_number_that_is_used_again(host, by_socket):
    with keeper(host, by_socket, True) as (pid, process, ask):
        process.wait()  # its number is free, and its connection is the stranger's child's alone
        again = process_numbered(pid)  # the bound user's: who trusts the number takes the stranger for it
        try:
            host.refused(ask(), f"uid {STRANGER}")
        finally:
            again.kill()
            again.wait()
