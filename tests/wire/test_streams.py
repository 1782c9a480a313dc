"""Bodies that a handler streams: the service of tests/example gives a note many times over (?copies=N)."""
import http.client
import json
import time

import pytest

from lanyard import Connection, same
from test_example import BOARD, Stage
from test_unread import is_sanitized, resident_mib

NOTE = "0123456789abcdef" * 64  # 1 KiB
LONG = 300_000                  # copies: far more than sockets hold
SLACK_MIB = 24
LOOKS = 400


@pytest.fixture(scope="module", name="s")
def stage(server):
    made = Stage(server)
    same(made.ask("writer", "PUT", "/note", NOTE).status, 204, "the note")
    return made


def begin(s, query, method="GET", who="writer"):
    """The connection, and the answer as far as its head."""
    connection = Connection(BOARD, s.server.facts["https_port"], s.server.tls)
    connection.request(method, f"/note?{query}", headers={"Authorization": f"Bearer {s.token(who)}"})
    return connection, connection.getresponse()


def wait_until_closed(s):
    """Every source is told when nobody asks it for pieces any more."""
    for _ in range(LOOKS):
        if json.loads(s.server.call("status", "--json"))["services"]["example"]["open_copies"] == 0:
            return
        time.sleep(0.05)
    assert False, "a source was not closed"


def test_streams_come_whole_in_chunks_or_by_length(s):
    """a streamed body comes whole: in chunks, or with its length where that is known; the connection goes on"""
    for query, name, value in (("copies=500", "transfer-encoding", "chunked"), ("copies=500&length=known", "content-length", str(500 * len(NOTE)))):
        connection, answer = begin(s, query)
        same((answer.status, answer.headers[name]), (200, value), query)
        assert ("content-length" in answer.headers) != ("transfer-encoding" in answer.headers), "one framing"
        same(answer.headers["content-type"], "text/plain; charset=utf-8", "its type")
        assert answer.read().decode() == NOTE * 500, query
        connection.request("GET", "/note", headers={"Authorization": f"Bearer {s.token('writer')}"})
        same(connection.getresponse().read().decode(), NOTE, "the next request of the connection")
        connection.close()
    connection, answer = begin(s, "copies=0")
    same((answer.status, answer.read()), (200, b""), "no piece at all")
    connection.close()
    wait_until_closed(s)


def test_streams_give_head_no_body(s):
    """HEAD gets a streamed answer's head and not one piece of its body"""
    for query, length in ((f"copies={LONG}", None), (f"copies={LONG}&length=known", str(LONG * len(NOTE)))):
        connection, answer = begin(s, query, "HEAD")
        same((answer.status, answer.headers["content-length"], answer.read()), (200, length, b""), query)
        connection.request("GET", "/note", headers={"Authorization": f"Bearer {s.token('writer')}"})
        same(connection.getresponse().read().decode(), NOTE, "what follows is the next answer")
        connection.close()
    wait_until_closed(s)


def test_streams_fail_in_words_first_and_are_cut_later(s):
    """a stream that fails before its first piece is refused in the dialect's words; later it is cut, and the peer can tell"""
    connection, answer = begin(s, "copies=5&breaks=0")
    same((answer.status, json.loads(answer.read())["error"]["code"]), (500, "NoteLost"), "before the first piece")
    connection.close()
    connection, answer = begin(s, "copies=-1")
    same(answer.status, 400, "before there is a source")
    connection.close()
    connection, answer = begin(s, "copies=5", who="nobody")
    same(answer.status, 403, "without the role")
    connection.close()
    for query in ("copies=500&breaks=200", "copies=500&breaks=200&length=known"):
        connection, answer = begin(s, query)
        same(answer.status, 200, query)
        with pytest.raises((http.client.IncompleteRead, ConnectionError, OSError)):
            answer.read()
        connection.close()
    wait_until_closed(s)


def test_streams_wait_for_slow_readers_in_bounded_memory(s):
    """a reader that takes a body of hundreds of MiB slowly holds a piece of the server's memory, and others are served meanwhile"""
    before = resident_mib(s.server)
    slow = [begin(s, f"copies={LONG}") for _ in range(8)]
    most = 0
    for _ in range(30):
        for _, answer in slow:
            same(len(answer.read(100_000)), 100_000, "some of it")
        same(s.ask("writer", "GET", "/note").status, 200, "others are served")
        most = max(most, resident_mib(s.server))
    if not is_sanitized(s.server):
        assert most - before < SLACK_MIB, f"{most - before} MiB for {len(slow)} readers"
    for connection, answer in slow:
        answer.close()
        connection.close()
    wait_until_closed(s)
    connection, answer = begin(s, f"copies={LONG}&length=known")
    got = 0
    while piece := answer.read(1 << 20):
        got += len(piece)
    same(got, LONG * len(NOTE), "a fast reader gets all of it")
    connection.close()


def test_streams_end_when_the_reader_goes(s):
    """a source is closed when its reader goes away: before the body, in the middle, with a reset"""
    for taken in (0, 1, 5_000_000):
        connection, answer = begin(s, f"copies={LONG}")
        answer.read(taken)
        connection.sock.close()
        answer.close()
    wait_until_closed(s)
    assert s.server.stop(), "a clean stop"
