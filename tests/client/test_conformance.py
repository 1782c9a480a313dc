"""L1 L2 Each case of rows.py with @azure/identity, unmodified, and with liblanyard: the same requests and conclusions, or a reason."""
import sys

import pytest

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from conformance import PAGE, cases, differences, page, possible, run_both  # noqa: E402

SECRETS = ["the-secret", "an-assertion", "token-of-another-issuer", "header-secret", "ml-secret", "fabric-secret", "key-of-arc", "key-password"]
CASES = list(cases())


@pytest.fixture(scope="module")
def done():
    why = possible()
    if why:
        pytest.skip(why)
    return run_both()


@pytest.mark.parametrize("group, name, case", [pytest.param(group, name, case, id=f"{group}: {name}") for group, name, case, _ in CASES])
def test_case(done, group, name, case):
    """L1 as @azure/identity does, or with a reason"""
    both = done[group, name]
    how = differences(both)
    for which in ("js", "lib"):
        print(f"# {which}: {both[which]['outcome']} {both[which].get('message', '')!r} {both[which]['requests']}")
    assert both["lib"]["outcome"] not in ("broken", "no memory"), both["lib"].get("message")
    assert case["differs"] or not how, f"the {' and the '.join(how)} differ, and rows.py has no reason"
    assert how or not case["differs"], "the two do the same, and rows.py has a reason why they differ"


def test_errors_say_what_was_tried(done):
    """L2 whatever failed names each credential that was tried, what it lacked, and holds no secret"""
    for (group, name), both in done.items():
        lib = both["lib"]
        told = " ".join([lib.get("message", ""), *(str(each) for each in lib.get("attempts", [])), *lib.get("log", [])])
        assert not any(secret in told for secret in [*SECRETS, "recorded-token"]), f"{group}: {name}: a secret in {told}"
        if lib["outcome"] in ("token", "waiting"):
            continue
        assert lib["message"].strip(), f"{group}: {name}: no message"
        for attempt in lib["attempts"]:
            assert attempt["credential"] in lib["message"] and attempt["text"], f"{group}: {name}: {attempt} is not told: {lib['message']}"


def test_page_is_current(done):
    """docs/library-conformance.md is what the cases came to: else run tools/gen-conformance"""
    assert PAGE.read_text() == page(done)
