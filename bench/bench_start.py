"""From the command to listening. first_start_ms: on a directory that is not there yet, all is made. start_empty_ms, start_1m_ms: on one
that is there already; empty, and with a million assignments."""
import subprocess

from support import ROUNDS, SHORT, built, row

MILLION = 10_000 if SHORT else 1_000_000


def starts(server, rounds):
    times = []
    for _ in range(rounds):
        server.stop()
        server.start()
        times.append(server.started_ms)
    return times


def first_start(Server):
    with Server() as server:
        return server.started_ms


def fill(directory):
    subprocess.run([built("fill-store"), directory, str(MILLION)], check=True)


def measure(Server):
    first = [first_start(Server) for _ in range(2 * ROUNDS)]
    with Server() as server:
        empty = starts(server, ROUNDS)
        server.stop()
        fill(server.directory)
        server.start()
        return [row("first_start_ms", first, "ms"), row("start_empty_ms", empty, "ms"), row("start_1m_ms", starts(server, 3), "ms"), row("rss_1m_mib", server.rss_kib() / 1024, "MiB")]
