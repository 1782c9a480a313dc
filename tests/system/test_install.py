"""What `make install DESTDIR=` puts in place: L1."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("LANYARD", ROOT / "build/lanyard")).resolve().parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The directory below which everything was put."""
    into = tmp_path_factory.mktemp("installed")
    done = subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", into], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return into


def test_the_loader_is_told():
    """L1 programs find the library at once; what is put below DESTDIR is no loader's yet"""
    def steps(*more):
        return subprocess.run(["make", "-n", "install", *more], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.search(r"meson install.*\n.*\bldconfig$", steps("DESTDIR="), re.M)
    assert "ldconfig" not in steps("DESTDIR=/nowhere")


def names_below(installed, pattern):
    return {path.name for path in installed.glob(f"**/{pattern}")}


def test_commands(installed):
    """the program, its man pages and completions"""
    commands = re.findall(r"^COMMAND\(\w+, ([\w-]+)\)", (ROOT / "src/cli/commands.inc").read_text(), re.M)
    assert names_below(installed, "bin/lanyard") == {"lanyard"}
    assert names_below(installed, "man1/*") == {"lanyard.1", *(f"lanyard-{name}.1" for name in commands)}
    assert names_below(installed, "bash-completion/completions/*") == {"lanyard"} and names_below(installed, "zsh/site-functions/*") == {"_lanyard"}


def test_library_pages(installed):
    """L1 a page for each header of the library, and for each function one that leads there"""
    headers = [ROOT / "include/lanyard" / f"{name}.h" for name in ("identity", "settings", "transport", "result", "admin", "url")]
    functions = {name for header in headers for name in re.findall(r"^LANYARD_API .*?\b(lanyard_\w+)\(", header.read_text(), re.M)}
    pages = {path.name: path.read_text() for path in installed.glob("**/man3/*")}
    assert functions and {f"{name}.3" for name in functions} <= set(pages)
    for name in functions:
        found = re.fullmatch(r"\.so man3/(lanyard_\w+\.3)\n", pages[f"{name}.3"])
        assert found and f"{name}(" in pages[found[1]], name
    for name in ("lanyard_attempt", "lanyard_challenge", "lanyard_allocator", "lanyard_log_function"):
        assert pages[f"{name}.3"].startswith(".so man3/lanyard_"), name
    for header in headers:
        assert pages[f"lanyard_{header.stem}.3"].startswith(f".TH lanyard_{header.stem} 3 ")
        assert all(f".BR lanyard_{other.stem} (3)" in pages[f"lanyard_{header.stem}.3"] for other in headers if other != header)


def test_library_pages_are_well_formed(installed):
    """man has nothing to say against a page of the library"""
    if not shutil.which("man"):
        pytest.skip("there is no man here")
    for page in installed.glob("**/man3/lanyard_*.3"):
        if not page.read_text().startswith(".so"):
            done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", page], env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"}, capture_output=True, text=True, check=False)
            said = [line for line in done.stderr.splitlines() if "cannot adjust" not in line and "can't break" not in line]
            assert done.returncode == 0 and not said, f"{page.name}: {said}"
