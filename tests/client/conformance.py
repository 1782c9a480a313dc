"""What @azure/identity and liblanyard do in the same cases, side by side: run, compared, and written as a page.

    python3 tests/client/conformance.py [WORD]     prints docs/library-conformance.md; WORD picks cases, for a look

Each library runs all cases in namespaces of its own, both at the same time, against a recorder of its own (side.py).
"""
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests/support")]

import rows  # noqa: E402
from side import cases  # noqa: E402

PAGE = ROOT / "docs/library-conformance.md"
EXPIRY_TOLERANCE_S = 60
NAMES = {rows.CLIENT: "CLIENT", rows.TENANT: "TENANT", rows.OTHER_TENANT: "OTHER-TENANT", rows.PRINCIPAL: "PRINCIPAL", rows.RESOURCE: "RESOURCE"}
NAMESPACES = ["unshare", "--map-root-user", "--mount", "--net"]

HEAD = """# What liblanyard does, beside @azure/identity

Each case below was run with both libraries against the same scripted endpoints: unmodified `@azure/identity` for
JavaScript {version} and `liblanyard`. The page is written from what they sent and concluded (`tools/gen-conformance`), and a test compares
it. Where the two differ, the last column says why; a difference without a reason fails the test.

Requests are numbered for each group. "(again)" means that the same request was repeated. A conclusion is one of:

| conclusion | @azure/identity | liblanyard |
|---|---|---|
| a token | `AccessToken` | `LANYARD_OK` |
| unavailable | `CredentialUnavailableError`: a chain goes on | `LANYARD_UNAVAILABLE` |
| failed | any other error: a chain ends | `LANYARD_AUTHENTICATION_FAILED` |
| invalid | stands under "failed" there | `LANYARD_INVALID`: what the program passed or the environment holds cannot be used; a chain ends |
| asks again, asks once | without end: watched for some seconds, whether the request is repeated | the same |

Not compared: headers and fields of telemetry (`x-client-SKU` and the like), and the wording of messages.
"""


def possible():
    """None, or why the cases cannot be run here."""
    done = subprocess.run([*NAMESPACES, "true"], capture_output=True, text=True, check=False)
    return done.stderr.strip() or "no namespaces" if done.returncode else None


def driver():
    return os.environ.get("LIB_DRIVER") or str(pathlib.Path(os.environ.get("LANYARD", ROOT / "build/lanyard")).resolve().parent / "tests/client/lib-driver")


def run_both(word=""):
    """By (group, name): what both did."""
    env = {**os.environ, "LIB_DRIVER": driver()}
    runs = {which: subprocess.Popen([*NAMESPACES, sys.executable, HERE / "side.py", which, word], env=env, stdout=subprocess.PIPE, text=True) for which in ("js", "lib")}
    out = {}
    for which, process in runs.items():
        for line in process.communicate()[0].splitlines():
            result = json.loads(line)
            out.setdefault((result["group"], result["name"]), {})[which] = result
        assert process.returncode == 0, f"side.py {which} ended with {process.returncode}"
    return out


# --- compared ---

def differences(both):
    """In which way the two differ: an empty list, or words. Of endless cases counts only whether the request was repeated."""
    js, lib = both["js"], both["lib"]
    out = []
    if js["requests"] != lib["requests"]:
        out.append("requests")
    if js["is_endless"]:
        return out
    if conclusion_class(js) != conclusion_class(lib):
        out.append("conclusion")
    elif js["outcome"] == "token" and (js["token"] != lib["token"] or abs(js["left_s"] - lib["left_s"]) > EXPIRY_TOLERANCE_S):
        out.append("token")
    return out


def conclusion_class(result):
    return "failed" if result["outcome"] == "invalid" else result["outcome"]


# --- written ---

def conclusion(result):
    if result["is_endless"]:
        return "asks again" if any(each.endswith(" (again)") for each in result["requests"]) else "asks once"
    if result["outcome"] != "token":
        return result["outcome"]
    left_s = result["left_s"]
    return "a token that has expired" if left_s < EXPIRY_TOLERANCE_S else f"a token for {round(left_s / 3600, 1):g} h"


def shortened(text):
    for value, name in NAMES.items():
        text = text.replace(value, name)
    return text


class Numbered:
    """A group's different requests, each with a number."""

    def __init__(self):
        self.known = []

    def of(self, requests):
        return ", ".join(self._one(each) for each in requests) or "none"

    def _one(self, request):
        bare = request.removesuffix(" (again)")
        if bare not in self.known:
            self.known.append(bare)
        return f"{self.known.index(bare) + 1}" + (" (again)" if bare != request else "")


def cell(text):
    return text.replace("|", "\\|")


def group_lines(title, results):
    numbered = Numbered()
    table = []
    for name, both, why in results:
        js, lib = both["js"], both["lib"]
        theirs = f"{numbered.of(js['requests'])}: {conclusion(js)}"
        ours = f"{numbered.of(lib['requests'])}: {conclusion(lib)}"
        table.append(f"| {cell(name)} | {cell(theirs)} | {'the same' if ours == theirs else cell(ours)} | {cell(why or '')} |")
    yield f"\n## {title}\n"
    if numbered.known:
        yield from ("```", *(f"{i}  {shortened(each)}" for i, each in enumerate(numbered.known, 1)), "```", "")
    yield from ("| case | @azure/identity | liblanyard | why they differ |", "|---|---|---|---|", *table)


def page(done):
    version = json.loads((ROOT / "tests/sdk/node_modules/@azure/identity/package.json").read_text())["version"]
    lines = [HEAD.format(version=version).rstrip()]
    groups = {}
    for group, name, case, _ in cases():
        if (group, name) in done:
            groups.setdefault(group, []).append((name, done[group, name], case["differs"]))
    for title, results in groups.items():
        lines += group_lines(title, results)
    return "\n".join(lines).replace("\n```\n1  ", "\n<!-- not run: what is sent -->\n```\n1  ") + "\n"


if __name__ == "__main__":
    found = run_both(*sys.argv[1:2])
    sys.stdout.write(page(found))
    for group, name, case, _ in cases(*sys.argv[1:2]):
        how = differences(found[group, name])
        if bool(how) != bool(case["differs"]):
            print(f"{group}: {name}: {how or 'no difference'}; js {found[group, name]['js'].get('message', '')!r}; lib {found[group, name]['lib'].get('message', '')!r}", file=sys.stderr)
