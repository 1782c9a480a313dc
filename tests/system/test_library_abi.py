"""The installed library as programs see it: the names it has, what it needs, and compilers of C and C++ that use it (L1)."""
import http.server
import json
import os
import pathlib
import re
import shlex
import subprocess
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("LANYARD", ROOT / "build/lanyard")).resolve().parent
KEPT = (ROOT / "tests/client/symbols").read_text().split()
NEEDED = {"libcurl.so.4", "libcrypto.so.3", "libssl.so.3", "libjansson.so.4", "libc.so.6", "ld-linux-x86-64.so.2"}
# What a library does to no program: end it, change its signals, write where it writes, change its environment.
FORBIDDEN = r"abort|_?exit|_Exit|quick_exit|raise|signal|sigaction|alarm|setitimer|(v|f|vf|d|vd)?printf|puts|fputs|putchar|perror|syslog|" \
    r"setenv|putenv|unsetenv|setlocale|chdir|umask|fork|vfork|system|popen|__assert_fail|__(v|f|vf)?printf_chk"


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{shlex.join(str(p) for p in command)}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def library():
    if "-asan" in BUILD.name or "-tsan" in BUILD.name:
        pytest.skip("a sanitizer's build has its names and libraries")
    run("ninja", "-C", BUILD, "liblanyard.so.0.1.0", "liblanyard.a")
    return BUILD / "liblanyard.so"


@pytest.fixture(scope="module")
def installed(library, tmp_path_factory):
    """Where library, headers and pkg-config file lie when a package is made of them."""
    root = tmp_path_factory.mktemp("installed")
    run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", root)
    return root


def declared():
    names = set()
    for header in sorted((ROOT / "include/lanyard").glob("*.h")):
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
        names |= set(re.findall(r"LANYARD_API\b[^;#]*?\b(lanyard_\w+)\s*\(", text))
    return sorted(names)


def names_of(*options):
    return sorted(line.split()[-1] for line in run("nm", *options).splitlines() if len(line.split()) == 3)


def test_the_headers_declare_what_they_always_did():
    """A function that goes breaks programs: it leaves the list by hand, with the library's version. One that comes is added."""
    assert declared() == KEPT == sorted(KEPT)


def test_the_shared_library_has_the_names_of_its_headers(library):
    assert names_of("-D", "--defined-only", library) == declared()


def test_the_archive_has_the_names_of_its_headers(library):
    assert names_of("--defined-only", "--extern-only", BUILD / "liblanyard.a") == declared()


def test_the_library_needs_what_it_says(library):
    dynamic = run("readelf", "-d", library)
    assert set(re.findall(r"NEEDED.*\[(.*)\]", dynamic)) <= NEEDED
    assert re.findall(r"SONAME.*\[(.*)\]", dynamic) == ["liblanyard.so.0"]


def test_the_library_ends_no_program_and_changes_nothing_of_it(library):
    used = [line.split()[-1].split("@")[0] for line in run("nm", "-D", "--undefined-only", library).splitlines()]
    assert [name for name in used if re.fullmatch(FORBIDDEN, name)] == []
    sizes = {line.split()[0]: int(line.split()[1]) for line in run("size", "-A", library).splitlines() if line.startswith(".")}
    start_files = 16  # what the compiler's own start files have there
    assert sizes[".data"] <= start_files and sizes[".bss"] <= start_files, "a variable that all credentials would share"
    assert not sizes.keys() & {".tdata", ".tbss"}


VALGRIND = ["valgrind", "-q", "--leak-check=full", "--errors-for-leak-kinds=definite,indirect,possible", "--error-exitcode=9"]


def test_valgrind_finds_nothing(library):
    run("ninja", "-C", BUILD, "tests/client/library-memory")
    assert "not ok" not in run(*VALGRIND, BUILD / "tests/client/library-memory")


class Endpoint(http.server.BaseHTTPRequestHandler):
    """A metadata endpoint, and one that breaks off."""

    def do_GET(self):
        body = b'{"access_token":"kept","expires_in":"86399","token_type":"Bearer"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body) + (self.path.startswith("/cut/") and 10)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("path, timeout_ms, outcome", [("", 0, "token"), ("/cut", 300, "timed out")])
def test_valgrind_finds_nothing_over_libcurl(library, path, timeout_ms, outcome):
    run("ninja", "-C", BUILD, "tests/client/lib-driver")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        env = {"PATH": os.environ["PATH"], "AZURE_POD_IDENTITY_AUTHORITY_HOST": f"http://127.0.0.1:{server.server_port}{path}"}
        ask = {"kind": "managed_identity", "scope": "https://vault.azure.net/.default", "timeout_ms": timeout_ms}
        said = json.loads(run(*VALGRIND, BUILD / "tests/client/lib-driver", json.dumps(ask), env=env))
        server.shutdown()
    assert said["outcome"] == outcome, said


@pytest.fixture
def set_user_id_program(library, tmp_path):
    """The driver as a program that runs with another user's rights than its caller's. Linked with the archive: such programs load no library of ours."""
    if os.geteuid() != 0:
        pytest.skip("only root gives a file to another user")
    program = tmp_path / "driver"
    libraries = shlex.split(run("pkg-config", "--libs", "libcurl", "libssl", "libcrypto", "jansson"))
    run("gcc", "-std=gnu17", f"-I{ROOT / 'include'}", ROOT / "tests/client/lib-driver.c", "-o", program, f"-L{BUILD}", "-l:liblanyard.a", *libraries)
    os.chown(program, 65534, 65534)
    program.chmod(0o4755)
    return program


def test_a_set_user_id_program_takes_nothing_of_its_caller_s_environment(set_user_id_program):
    env = {"PATH": "/usr/bin:/bin", "AZURE_TENANT_ID": "t.example", "AZURE_CLIENT_ID": "app", "AZURE_CLIENT_SECRET": "s3cr3t",
           "AZURE_AUTHORITY_HOST": "https://127.0.0.1:9"}
    ask = {"kind": "environment", "scope": "https://vault.azure.net/.default"}
    said = json.loads(run(set_user_id_program, json.dumps(ask), env=env))
    assert said["outcome"] == "unavailable" and "AZURE_TENANT_ID and AZURE_CLIENT_ID are not set" in said["message"], said


@pytest.mark.parametrize("kind", ["azure_cli", "azure_developer_cli"])
def test_a_set_user_id_program_runs_no_tool(set_user_id_program, kind):
    said = json.loads(run(set_user_id_program, json.dumps({"kind": kind, "scope": "https://vault.azure.net/.default"}), env={"PATH": "/usr/bin:/bin"}))
    assert said["outcome"] == "unavailable" and "more rights than its caller" in said["message"], said


DIALECTS = [("gcc", "c11"), ("gcc", "c17"), ("gcc", "c2x"), ("g++", "c++17"), ("clang", "c11"), ("clang", "c17"), ("clang", "c2x"), ("clang++", "c++17")]


@pytest.mark.parametrize("linking", ["shared", "static"])
@pytest.mark.parametrize("compiler, dialect", DIALECTS)
def test_a_program_is_built_and_runs(installed, tmp_path, compiler, dialect, linking):
    prefix = next(installed.glob("**/lib/*/pkgconfig/lanyard.pc"))
    root = prefix.parents[3]
    env = {**os.environ, "PKG_CONFIG_PATH": str(prefix.parent)}
    ours = f"--define-variable=prefix={root}"
    flags = shlex.split(run("pkg-config", ours, "--cflags", "lanyard", env=env))
    libraries = shlex.split(run("pkg-config", ours, "--libs", "lanyard", env=env))
    if linking == "static":  # this archive, and the others' shared objects: --static would ask for archives of all that libcurl needs
        needed = run("pkg-config", "--print-requires-private", "lanyard", env=env).splitlines()
        libraries = ["-l:liblanyard.a" if part == "-llanyard" else part for part in libraries]
        libraries += shlex.split(run("pkg-config", "--libs", *[line.split()[0] for line in needed]))
    (tmp_path / "symbols.inc").write_text("".join(f"FUNCTION({name})\n" for name in KEPT))
    source = tmp_path / ("consumer.cpp" if "++" in compiler else "consumer.c")
    source.write_text((ROOT / "tests/client/consumer.c").read_text())
    program = tmp_path / "consumer"
    run(compiler, f"-std={dialect}", "-pedantic", "-Wall", "-Wextra", "-Werror", *flags, source, "-o", program, *libraries)
    said = run(program, env={**os.environ, "LD_LIBRARY_PATH": str(prefix.parents[1])})
    assert said == f"{len(KEPT)} functions, 0.1.0, invalid\n"


@pytest.mark.parametrize("header", sorted(path.name for path in (ROOT / "include/lanyard").glob("*.h")))
def test_each_header_stands_alone(header):
    for command in (["gcc", "-std=c11", "-xc"], ["g++", "-std=c++17", "-xc++"]):
        run(*command, "-pedantic", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'include'}", "-fsyntax-only", "-", input=f"#include <lanyard/{header}>\n" * 2)
