"""verify_ns: checking a token whose key is at hand - form, signature, issuer, times, audience - beside the RSA-2048 verification in it."""
import json
import subprocess

from support import ROUNDS, SERVER_CORE, SHORT, built, pinned, ratios, row


def measure(_):
    command = pinned(SERVER_CORE, [built("token-bench"), str(ROUNDS), "1000" if SHORT else "20000"])
    rounds = [json.loads(line) for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()]
    ours, bare = ([r[name] for r in rounds] for name in ("verify_ns", "rsa_ns"))
    return [row("verify_ns", ours, "ns", "the bare RSA-2048 verification", ratios(ours, bare))]
