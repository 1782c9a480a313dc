"""decide_1m_ns and the index at a million assignments; decide_vs_casbin, decide_vs_cedar on the same questions at a size they hold."""
import json
import pathlib
import subprocess
import tempfile

from support import ROOT, SERVER_CORE, SHORT, built, pinned, ratios, row

PEERS = ROOT / "bench" / "peers"
PEER_WORDS = {"casbin": "casbin", "cedar": "Cedar (WebAssembly)"}  # npm has no other build of Cedar's engine
SIZE, PRINCIPALS, ROUNDS = 1000, 200, 1 if SHORT else 3


def rbac_bench(*arguments):
    out = subprocess.run(pinned(SERVER_CORE, [built("rbac-bench"), *arguments]), capture_output=True, text=True, check=True).stdout
    return {figure["name"]: figure for figure in map(json.loads, out.splitlines())}


def peer(node, name, questions):
    out = subprocess.run(pinned(SERVER_CORE, [node, str(PEERS / f"{name}.mjs"), questions]), capture_output=True, text=True, check=True).stdout
    return json.loads(out.splitlines()[-1])["ns"]


def measure(_):
    million = [rbac_bench(*(["10000", "1000"] if SHORT else [])) for _ in range(ROUNDS)]
    rows = [row(name, [m[name]["value"] for m in million], million[0][name]["unit"]) for name in ("decide_1m_ns", "index_bytes_per_assignment")]
    node = subprocess.run([str(ROOT / "tools" / "setup"), "--node"], capture_output=True, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory() as directory:
        questions = str(pathlib.Path(directory) / "questions.json")
        times = {"lanyard": [], **{name: [] for name in PEER_WORDS}}
        for _ in range(ROUNDS):
            times["lanyard"].append(rbac_bench(str(SIZE), str(PRINCIPALS), questions)["decide_1m_ns"]["value"])
            for name in PEER_WORDS:
                times[name].append(peer(node, name, questions))
    for name, words in PEER_WORDS.items():
        rows.append(row(f"decide_vs_{name}", times["lanyard"], "ns", f"{words}, {SIZE} assignments", ratios(times[name], times["lanyard"])))
    return rows
