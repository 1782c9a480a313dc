"""list_page_1m_us, list_filtered_1m_us: a page of a list of a million role assignments, and one that a filter by principal leaves a few of.

Over the admin socket, which has no TLS: what is measured is the server's work for 1000 assignments and their transport.
"""
import http.client
import json
import socket
import statistics
import time

from bench_start import fill
from support import row

PAGES = 60


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
    """Microseconds of each page, from the second on, and the assignments met."""
    times, met = [], []
    for _ in range(PAGES):
        took, page = timed(connection, target)
        times.append(took)
        met += page["value"]
        link = page.get("nextLink")
        if not link:
            break
        target = link.split("management.azure.com", 1)[-1]
    return times[1:] or times, met


def measure(Server):
    with Server() as server:
        server.stop()
        fill(server.directory)
        server.start()
        connection = Socket(f"{server.directory}/admin.sock")
        every = "/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01"
        times, met = pages(connection, every)
        filtered = f"{every}&$filter=principalId%20eq%20'{met[-1]['properties']['principalId']}'"
        few = [timed(connection, filtered)[0] for _ in range(PAGES)]
        return [row("list_page_1m_us", statistics.median(times), "us"), row("list_filtered_1m_us", statistics.median(few), "us")]
