"""From the command to listening. first_start_ms: on a directory that is not there yet, all is made. start_empty_ms, start_1m_ms: on one
that is there already; empty, and with a million assignments. The server may use every processor: nothing else runs meanwhile. rss_1m_mib:
once both copies of the state are there."""
import subprocess
import time

from support import ALL_CORES, ROUNDS, SHORT, built, row

MILLION = 10_000 if SHORT else 1_000_000


def starts(server, rounds):
    times = []
    for _ in range(rounds):
        server.stop()
        server.start()
        times.append(server.started_ms)
    return times


def first_start(Server):
    with Server(core=ALL_CORES) as server:
        return server.started_ms


def fill(directory):
    subprocess.run([built("fill-store"), directory, str(MILLION)], check=True)


def settled_rss_mib(server):
    """The second copy is built while the server answers already."""
    before, now = 0, server.rss_kib()
    while before != now:
        time.sleep(1)
        before, now = now, server.rss_kib()
    return now / 1024


def measure(Server):
    first = [first_start(Server) for _ in range(2 * ROUNDS)]
    with Server(core=ALL_CORES) as server:
        empty = starts(server, ROUNDS)
        server.stop()
        fill(server.directory)
        server.start()
        million = starts(server, 3)
        return [row("first_start_ms", first, "ms"), row("start_empty_ms", empty, "ms"), row("start_1m_ms", million, "ms"), row("rss_1m_mib", settled_rss_mib(server), "MiB")]
