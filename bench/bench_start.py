"""start_empty_ms: from the command to listening, on a directory that is there already."""
import statistics

from support import ROUNDS, row


def measure(Server):
    with Server() as server:
        times = []
        for _ in range(ROUNDS):
            server.stop()
            server.start()
            times.append(server.started_ms)
        return [row("start_empty_ms", statistics.median(times), "ms")]
