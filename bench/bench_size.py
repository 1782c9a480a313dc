"""binary_kib, rss_idle_mib."""
import pathlib
import subprocess
import tempfile

from support import LANYARD, row


def measure(Server):
    with tempfile.NamedTemporaryFile() as stripped, Server() as server:
        subprocess.run(["strip", "-o", stripped.name, LANYARD], check=True)
        return [row("binary_kib", pathlib.Path(stripped.name).stat().st_size / 1024, "KiB"), row("rss_idle_mib", server.rss_kib() / 1024, "MiB")]
