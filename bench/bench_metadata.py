"""metadata_cached_vs_nginx: the metadata endpoint's cached answer, beside nginx that returns the same bytes."""
import json
import pathlib
import subprocess
import tempfile

from support import SERVER_CORE, free_port, interleaved, pinned, row, wrk

AUDIENCE = "https%3A%2F%2Fvault.azure.net"
PATH = f"/metadata/identity/oauth2/token?api-version=2018-02-01&resource={AUDIENCE}"
CONFIG = """
daemon off; worker_processes 1; pid {dir}/pid; error_log {dir}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; tcp_nodelay on; server_tokens off;
  server {{ listen 127.0.0.1:{port}; location / {{ default_type "application/json; charset=utf-8"; return 200 '{body}'; }} }}
}}
"""


class Nginx:
    def __init__(self, body):
        self.directory = tempfile.TemporaryDirectory(prefix="lanyard-bench-")
        self.port = free_port()
        config = pathlib.Path(self.directory.name) / "nginx.conf"
        config.write_text(CONFIG.format(dir=self.directory.name, port=self.port, body=body))
        self.process = subprocess.Popen(pinned(SERVER_CORE, ["nginx", "-c", str(config), "-p", self.directory.name]), stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.directory.cleanup()


def measure(Server):
    with Server("--workers", "1") as server, server.workload(server.machine()["id"]) as workload:
        body = json.dumps(workload.token(AUDIENCE), separators=(",", ":"))
        with Nginx(body) as nginx:
            ours = lambda: wrk(workload.host + PATH, "-H", "Metadata: true")  # noqa: E731
            theirs = lambda: wrk(f"http://127.0.0.1:{nginx.port}{PATH}", "-H", "Metadata: true")  # noqa: E731
            mine, _, ratio = interleaved(ours, theirs)
            return [row("metadata_cached_vs_nginx", mine, "req/s", "nginx, one worker, same bytes", ratio)]
