"""How long a serving thread was at one thing, for those who ask: lanyard up --measure-turns."""
import json

import pytest

LISTS = ("/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01", "/providers?api-version=2021-04-01")


@pytest.mark.parametrize("measures", (True, False))
def test_turns_are_measured_when_asked(server, measures):
    """the longest turn stands in the status when it was asked for, and only then"""
    server.start(*(["--measure-turns"] if measures else []))
    for path in LISTS:
        server.api("GET", path)
    facts = server.ask("management.azure.com", "GET", "/metadata/endpoints?api-version=2022-09-01").json
    assert facts, "served"
    turn_us = json.loads(server.call("status", "--json")).get("longest_turn_us")
    assert turn_us > 0 if measures else turn_us is None, turn_us
    assert server.stop(), "a clean stop"
