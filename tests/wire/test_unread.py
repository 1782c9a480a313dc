"""Peers that ask for large answers and do not read them: the server's memory is bounded and comes back."""
import pathlib
import re
import socket
import time

from lanyard import same

PEERS = 300
BUDGET_MIB = 64        # the server's own for answers that nobody takes
SLACK_MIB = 48         # what it takes to make and to send one answer, and what the peers' connections cost
GIVEN_BACK_MIB = 24
LOOKS = 200
ROLES = "/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01"


def resident_mib(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) // 1024


def is_sanitized(server):
    return b"__asan_init" in pathlib.Path(server.binary).read_bytes()


class Peer:
    """Sends one request over the admin socket and reads nothing of the answer."""

    def __init__(self, server, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(f"{server.home}/data/admin.sock")
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: management.azure.com\r\n\r\n".encode())

    def read_all(self):
        """The body's length as it was announced, and as it came."""
        with self.socket.makefile("rb") as stream:
            announced = 0
            for line in iter(stream.readline, b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    announced = int(line.split(b":")[1])
            got = 0
            while got < announced:
                piece = stream.read(min(20000, announced - got))
                if not piece:
                    break
                got += len(piece)
                time.sleep(0.0001)
            return announced, got


def test_unread_answers_take_bounded_memory_and_give_it_back(server):
    """unread answers take bounded memory and give it back"""
    server.start()
    answer = server.call("api", "GET", ROLES)
    assert len(answer) > 500_000, f"the answer is large: {len(answer)} bytes"
    before, most = resident_mib(server), 0
    peers = []
    for i in range(PEERS):
        peers.append(Peer(server, ROLES))
        if i % 20 == 0:
            same(len(server.call("api", "GET", ROLES)), len(answer), "a peer that reads")
            most = max(most, resident_mib(server))
    announced, got = Peer(server, ROLES).read_all()
    same(got, announced, "bytes of a peer that reads slowly")
    assert is_sanitized(server) or most - before < BUDGET_MIB + SLACK_MIB, f"{most - before} MiB for {PEERS} peers that do not read"
    for peer in peers:
        peer.socket.close()
    for _ in range(LOOKS):
        stays = resident_mib(server) - before
        if stays < GIVEN_BACK_MIB:
            break
        time.sleep(0.05)
    assert is_sanitized(server) or stays < GIVEN_BACK_MIB, f"{stays} MiB stay after they have gone"

