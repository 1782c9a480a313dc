"""list_page_1m_us, list_filtered_1m_us: among a million role assignments, a page of 1000 of a subscription's 2000, and the few of one principal.

Over the admin socket, which has no TLS: what is measured is the server's work and the transport. loop_longest_turn_us: how
long a serving loop was at one thing at most while all of them were listed, in processor time.
"""
import http.client
import json
import socket
import time

from bench_start import fill
from support import SHORT, row

LISTED = "/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01"
SUBSCRIPTIONS, LOOKS, ALL_SUBSCRIPTIONS = 30, 60, 30 if SHORT else 500  # as fill_store.c makes them


class Socket(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def timed(connection, target):
    began = time.perf_counter()
    connection.request("GET", target, headers={"Host": "management.azure.com"})
    response = connection.getresponse()
    body = response.read()
    took = (time.perf_counter() - began) * 1e6
    if response.status != 200:
        raise RuntimeError(f"{target}: {response.status} {body[:300]}")
    return took, json.loads(body)


def pages(connection, target):
    """Microseconds of each full page, and the assignments met."""
    times, met = [], []
    while target:
        took, page = timed(connection, target)
        met += page["value"]
        if len(page["value"]) == 1000 or SHORT:
            times.append(took)
        target = page.get("nextLink", "").split("management.azure.com", 1)[-1]
    return times, met


def listed(connection, subscriptions):
    """Of each subscription all pages: their times, and what the last one held."""
    times, met = [], []
    for i in range(subscriptions):
        took, met = pages(connection, f"/subscriptions/00000000-0000-{i:04x}-0000-000000000002{LISTED}")
        times += took
    return times, met


def longest_turn_us(server):
    connection = Socket(f"{server.directory}/admin.sock")
    _, met = listed(connection, ALL_SUBSCRIPTIONS)
    for _ in range(LOOKS):
        timed(connection, f"{LISTED}&$filter=principalId%20eq%20'{met[-1]['properties']['principalId']}'")
    return server.status()["longest_turn_us"]


def measure(Server):
    with Server() as server:
        server.stop()
        fill(server.directory)
        server.start()
        connection = Socket(f"{server.directory}/admin.sock")
        times, met = listed(connection, SUBSCRIPTIONS)
        few = [timed(connection, f"{LISTED}&$filter=principalId%20eq%20'{met[-1]['properties']['principalId']}'")[0] for _ in range(LOOKS)]
        server.stop()
        server.options = ("--measure-turns",)
        server.start()
        return [row("list_page_1m_us", times, "us"), row("list_filtered_1m_us", few, "us"), row("loop_longest_turn_us", longest_turn_us(server), "us")]
