"""The metadata endpoint's cached answer, beside nginx and a bare epoll loop that return the same bytes.

metadata_cached_vs_nginx is requests a second; there the load generator can be the limit. metadata_cpu_vs_nginx and
metadata_cpu_vs_epoll are processor time for a request: user and system, of all threads of the server.
"""
import json
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.parse

from support import SERVER_CORE, built, cpu_us_per_request, free_port, in_turns, pinned, ratios, row, wrk

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


class Peer:
    """A server beside ours, on the same core, gone at the end."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="lanyard-bench-")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}{PATH}"

    def start(self, *command):
        self.process = subprocess.Popen(pinned(SERVER_CORE, list(command)), stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        for _ in range(500):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        raise RuntimeError(f"{command[0]} does not listen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.directory.cleanup()


class Nginx(Peer):
    def __init__(self, answer):
        super().__init__()
        config = pathlib.Path(self.directory.name) / "nginx.conf"
        config.write_text(CONFIG.format(dir=self.directory.name, port=self.port, body=answer.split(b"\r\n\r\n", 1)[1].decode()))
        self.start("nginx", "-c", str(config), "-p", self.directory.name)
        self.pid = self.worker()

    def worker(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for _ in range(500):  # the port is open before the worker is there
            if pids := children.read_text().split():
                return int(pids[0])
            time.sleep(0.01)
        raise RuntimeError("nginx has no worker")


class Epoll(Peer):
    def __init__(self, answer):
        super().__init__()
        file = pathlib.Path(self.directory.name) / "answer"
        file.write_bytes(answer)
        self.start(built("epoll-peer"), str(self.port), str(file))


def answer_of(workload):
    """Ours, head and body, as it stands on the wire."""
    at = urllib.parse.urlsplit(workload.host)
    with socket.create_connection((at.hostname, at.port)) as s:
        s.sendall(f"GET {PATH} HTTP/1.1\r\nHost: {at.netloc}\r\nMetadata: true\r\n\r\n".encode())
        answer = b""
        while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
            answer += s.recv(65536)
    json.loads(answer.split(b"\r\n\r\n", 1)[1])
    return answer


def measure(Server):
    with Server("--workers", "1") as server, server.workload(server.machine()["id"]) as workload:
        workload.token(AUDIENCE)  # from here on it is cached
        answer = answer_of(workload)
        with Nginx(answer) as nginx, Epoll(answer) as epoll:
            urls = {server.facts["pid"]: workload.host + PATH, nginx.pid: nginx.url, epoll.pid: epoll.url}
            rates = [lambda url=url: wrk(url, "-H", "Metadata: true") for url in (workload.host + PATH, nginx.url)]
            costs = [lambda pid=pid, url=url: cpu_us_per_request(pid, url, "-H", "Metadata: true") for pid, url in urls.items()]
            mine, theirs = in_turns(*rates)
            cost, of_nginx, of_epoll = in_turns(*costs)
            return [row("metadata_cached_vs_nginx", mine, "req/s", "nginx, one worker, same bytes", ratios(mine, theirs)),
                    row("metadata_cpu_vs_nginx", cost, "us/req", "nginx, one worker, same bytes", ratios(cost, of_nginx)),
                    row("metadata_cpu_vs_epoll", cost, "us/req", "a bare epoll loop, same bytes", ratios(cost, of_epoll))]
