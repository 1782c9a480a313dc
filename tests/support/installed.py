"""The library as a program's author has it: installed below a directory, and found by pkg-config."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("LANYARD", ROOT / "build/lanyard")).resolve().parent


def install(into):
    done = subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", into], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return pathlib.Path(into)


def is_sanitized():
    """A program without the sanitizers' own options cannot use a library that was built with them."""
    return "__asan_init" in subprocess.run(["nm", "-D", BUILD / "lanyard"], capture_output=True, text=True, check=False).stdout or "tsan" in BUILD.name


def environment(installed):
    """The variables by which pkg-config, the compiler's programs and the loader find it, beside the system's own libraries."""
    pc = next(installed.glob("**/pkgconfig/lanyard.pc"))
    moved = installed / "pkgconfig"
    moved.mkdir(exist_ok=True)
    text = pc.read_text()
    (moved / pc.name).write_text(re.sub(r"^prefix=", f"prefix={installed}", text, flags=re.M))
    return {"PKG_CONFIG_PATH": str(moved), "LD_LIBRARY_PATH": str(pc.parent.parent)}


def install_for_programs(into):
    """The same for a test that builds programs with it; skips where it cannot."""
    if is_sanitized():
        pytest.skip("a plain program cannot use the sanitizers' build")
    return install(into)
