"""The programs in examples/library, built by pkg-config from an installed copy, and run: L1."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

import installed as library
from lanyard import need_sandbox, same
from recording import Recorder, http
from workload import Sources, claims

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VALUE = "LANYARD-SECRET-of-the-example"
DATABASE_SCOPE = "https://ossrdbms-aad.database.windows.net"


class Examples:
    """The programs, and a machine whose identity may read the vault's secrets."""

    def __init__(self, server, directory):
        self.server, self.directory = server, directory
        self.installed = library.install_for_programs(directory / "installed")
        self.env = library.environment(self.installed)
        shutil.copytree(ROOT / "examples/library", directory / "programs")
        done = subprocess.run(["make", "-C", directory / "programs"], env={**os.environ, **self.env}, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "warning" not in done.stderr, done.stdout + done.stderr
        server.start()
        cloud = Sources(server)
        self.web = cloud.resource("Microsoft.Compute/virtualMachines", "web", True)
        server.call("create", "vault", "examples-shop", "--group", "sources")
        server.call("grant", "me", "Key Vault Administrator", "examples-shop")
        server.call("grant", "web", "Key Vault Secrets User", "examples-shop")
        (directory / "shop.yaml").write_text(f"group: sources\nresources:\n  - vault: examples-shop\n    secrets:\n      greeting: {VALUE}\n")
        server.call("seed", str(directory / "shop.yaml"))

    def run(self, *command, options=(), resource="web"):
        """As the machine: status, standard output and errors."""
        libraries = ["--bind-ro", str(self.directory), "--env", f"LD_LIBRARY_PATH={self.env['LD_LIBRARY_PATH']}"]
        program, *rest = command
        return subprocess.run([self.server.binary, "run", "--as", resource, *(options or libraries), "--", str(self.directory / "programs" / program), *rest],
                              env={**self.server.env, **self.env}, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def examples(server, tmp_path_factory):
    made = Examples(server, tmp_path_factory.mktemp("examples"))
    need_sandbox(server)
    return made


def test_token(examples):
    """L1 five lines print a token"""
    done = examples.run("token")
    assert done.returncode == 0, done.stderr
    same(claims(done.stdout)["oid"], examples.web["principalId"], "whose it is")


def test_token_without_an_identity(examples):
    """L2 the same five lines say why there is none"""
    Sources(examples.server).resource("Microsoft.Compute/virtualMachines", "bare")
    done = examples.run("token", resource="bare")
    same([done.returncode, done.stdout], [1, ""], "what comes of it")
    assert "ManagedIdentityCredential" in done.stderr and "Identity not found" in done.stderr, done.stderr


def test_key_vault_secret(examples):
    """L1 S4 a secret of a vault, and what is said of one that is not there"""
    done = examples.run("key_vault_secret", "https://examples-shop.vault.azure.net", "greeting")
    same([done.returncode, done.stdout], [0, VALUE + "\n"], f"what comes of it: {done.stderr}")
    none = examples.run("key_vault_secret", "https://examples-shop.vault.azure.net", "missing")
    assert none.returncode == 1 and "HTTP 404" in none.stderr and "missing" in none.stderr, none.stderr


def test_blob_upload(examples):
    """L1 a blob is sent as Storage wants it, to a server that records it"""
    recorder = Recorder()
    port = recorder.listen("Storage", "127.0.0.1")
    recorder.begin({"/container/hello.txt": [[http(201)]], "/container/denied.txt": [[http(403)]]})
    (examples.directory / "hello.txt").write_text("hello blob")
    sent = examples.run("blob_upload", f"http://127.0.0.1:{port}/container/hello.txt", str(examples.directory / "hello.txt"), options=["--no-sandbox"])
    denied = examples.run("blob_upload", f"http://127.0.0.1:{port}/container/denied.txt", str(examples.directory / "hello.txt"), options=["--no-sandbox"])
    same([sent.returncode, sent.stdout], [0, "10 bytes written\n"], f"what comes of it: {sent.stderr}")
    same([denied.returncode, denied.stderr.endswith("HTTP 403\n")], [1, True], "what comes of a refusal")
    first = recorder.recorded()[0]
    same([first.method, first.path, first.body, first.headers["x-ms-blob-type"]], ["PUT", "/container/hello.txt", "hello blob", "BlockBlob"], "what was sent")
    told = claims(first.headers["authorization"].removeprefix("Bearer "))
    same([told["oid"], told["aud"]], [examples.web["principalId"], "https://storage.azure.com"], "with whose token")


class Postgres:
    """A PostgreSQL on a socket in a directory of its own, whose users sign in by password."""

    def __init__(self):
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        if not programs:
            pytest.skip("PostgreSQL is not installed")
        self.programs = programs[-1]
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="lanyard-pg-"))
        # It does not run as root.
        self.become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        if self.become:
            shutil.chown(self.directory, "postgres", "postgres")
        (self.directory / "admin").write_text("admin-of-the-test")
        (self.directory / "admin").chmod(0o644)
        self.call("initdb", "-D", self.directory / "data", "-U", "admin", "-A", "scram-sha-256", "--pwfile", self.directory / "admin", "--no-sync", "-E", "UTF8", "--locale=C")
        options = f"-c listen_addresses='' -c unix_socket_directories={self.directory} -c fsync=off -c shared_buffers=16MB"
        self.call("pg_ctl", "-D", self.directory / "data", "-w", "-l", self.directory / "log", "-o", options, "start")

    def call(self, program, *arguments):
        done = subprocess.run([*self.become, self.programs / program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, cwd="/") if program != "pg_ctl" else \
            subprocess.run([*self.become, self.programs / program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, cwd="/")
        assert done.returncode == 0, f"{program}: {done.stdout}"

    def execute(self, statement):
        env = {**os.environ, "PGPASSWORD": "admin-of-the-test"}
        done = subprocess.run([self.programs / "psql", "-h", self.directory, "-U", "admin", "-d", "postgres", "-q", "-f", "-"], env=env, input=statement, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def stop(self):
        self.call("pg_ctl", "-D", self.directory / "data", "-w", "-m", "immediate", "stop")
        shutil.rmtree(self.directory)


@pytest.fixture
def postgres():
    made = Postgres()
    yield made
    made.stop()


def test_postgresql(examples, postgres):
    """L1 libpq signs in with the token as password; a database of the cloud checks the token, this one has it as the role's password"""
    token = examples.server.token_of("web", DATABASE_SCOPE)
    postgres.execute(f"CREATE ROLE web LOGIN PASSWORD '{token}';\nCREATE ROLE other LOGIN PASSWORD 'another';\n")
    where = f"host={postgres.directory} dbname=postgres user="
    done = examples.run("postgresql", where + "web", options=["--no-sandbox"])
    same([done.returncode, done.stdout], [0, "signed in as web\n"], f"what comes of it: {done.stderr}")
    other = examples.run("postgresql", where + "other", options=["--no-sandbox"])
    assert other.returncode == 1 and "password authentication failed" in other.stderr and token not in other.stderr, other.stderr
