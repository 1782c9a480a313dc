"""Fixtures of the tests in Python: servers of a test file's own, which must stop cleanly."""
import pytest

from lanyard import Server


@pytest.fixture(scope="module")
def new_server():
    """Makes throw-away servers, not started yet. They are stopped and removed after the file's last test."""
    servers = []

    def new(name):
        servers.append(Server(name))
        return servers[-1]

    yield new
    unclean = [server.log.name for server in servers if not server.close()]
    assert not unclean, f"did not stop cleanly: {', '.join(unclean)}"


@pytest.fixture(scope="module")
def server(new_server, request):
    """The throw-away server of a test file, named after it, not started yet."""
    return new_server(request.module.__name__.removeprefix("test_"))
