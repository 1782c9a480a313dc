"""Runs what README.md and docs/*.md tell a reader to type, each document in a directory of its own.

Each block of code in them says by a comment in front of it what it is:

    <!-- run -->               a shell script; the blocks of a document are run one after another by one shell
    <!-- run if: COMMAND -->   the same where COMMAND succeeds; elsewhere it is skipped
    <!-- file: NAME -->        a file of that name in the directory
    <!-- not run: REASON -->   an example that no test can run here

In a script, `#=> TEXT` behind a command promises that the line TEXT is printed. The lines must come in that order.

The messages that docs/troubleshooting.md explains must be in the source, but for the last section's, which are clients'.
Links between the documents must lead somewhere.
"""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import installed as library

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LANYARD = pathlib.Path(os.environ.get("LANYARD", ROOT / "build/lanyard")).resolve()
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TWICE = ["README.md"]  # it says that it can be done again
TIMEOUT_S = 240
MARK = re.compile(r"<!-- (run|run if: (?P<condition>.+)|file: (?P<file>[\w.-]+)|not run: .+) -->")
PROMISE = re.compile(r"#=> (.*)$", re.M)
BEGINS = "=== block "  # printed in front of what a block prints
PYTHONS = ["python3", "/usr/bin/python3"]
PYTHON_NEEDS = "import azure.identity, azure.keyvault.secrets"

# Stands in front of lanyard. No document names a port: whatever else runs on this machine, the server finds a free one. And
# the programs and packages that the tests bring along, a reader has installed where the sandbox shows them.
SHIM = """#!/bin/sh
case "$*" in
up*) shift; set -- up --port 0 "$@" ;;
*--no-sandbox*) ;;
run*) shift; set -- run %s "$@" ;;
esac
exec %s "$@"
"""


class Block:
    def __init__(self, line, mark, text):
        self.line, self.mark, self.text = line, mark, text
        found = MARK.fullmatch(mark or "")
        self.file = found["file"] if found else None
        self.condition = found["condition"] if found else None
        self.is_script = bool(found) and mark.startswith("<!-- run")


def blocks_of(document):
    blocks, inside, before, first, mark = [], None, None, 0, None
    for number, line in enumerate(document.read_text().splitlines(), 1):
        if inside is None and line.startswith("```"):
            inside, first, mark = [], number, before
        elif inside is not None and line.startswith("```"):
            blocks.append(Block(first, mark, "\n".join(inside) + "\n"))
            inside = None
        elif inside is not None:
            inside.append(line)
            continue
        before = line
    return blocks


def succeeds(command, env, here):
    return subprocess.run(["sh", "-c", command], env=env, cwd=here, capture_output=True, check=False).returncode == 0


def prepare(work):
    """A home, a directory to work in, and the programs that the documents take for granted."""
    here, programs = work / "here", work / "bin"
    here.mkdir()
    programs.mkdir()
    node = subprocess.run([ROOT / "tools/setup", "--node"], capture_output=True, text=True, check=True).stdout.strip()
    (work / "installed").mkdir()
    shown = [programs, ROOT / "tests/sdk", pathlib.Path(node).resolve().parent, work / "installed", LANYARD.parent]
    options = " ".join(f"--bind-ro {path}" for path in shown)
    (programs / "lanyard").write_text(SHIM % (options, LANYARD))
    (programs / "lanyard").chmod(0o755)
    (programs / "node").symlink_to(node)
    (here / "node_modules").symlink_to(ROOT / "tests/sdk/node_modules")
    for python in PYTHONS:
        path = shutil.which(python)
        if path and subprocess.run([path, "-c", PYTHON_NEEDS], capture_output=True, check=False).returncode == 0:
            (programs / "python3").symlink_to(path)
            break
    env = {name: value for name, value in os.environ.items() if not name.startswith(("LANYARD", "AZURE"))}
    env.update(HOME=str(work), PATH=f"{programs}:{env['PATH']}")
    if not library.is_sanitized():
        env.update(library.environment(library.install(work / "installed")))
    return here, env


def stop_servers(work):
    for lock in work.glob("**/lock"):
        subprocess.run([LANYARD, "--data", lock.parent, "down"], capture_output=True, check=False)


def missing(promised, printed):
    """The first promised line that does not come after those before it."""
    lines = iter(line.strip() for line in printed.splitlines())
    return next((want for want in promised if want not in lines), None)


class Reading:
    """What came of a document's blocks, which one shell runs once, or twice where the document says so."""

    def __init__(self, document, work):
        self.document, self.blocks = document, blocks_of(document)
        self.here, self.env = prepare(work)
        for block in self.blocks:
            if block.file:
                (self.here / block.file).write_text(block.text)
        self.chosen = [block for block in self.blocks if block.is_script and self.can_run(block)]
        try:
            self.results = [self.run() for _ in times_of(document)]
        finally:
            stop_servers(work)

    def can_run(self, block):
        return not block.condition or succeeds(block.condition, self.env, self.here)

    def run(self):
        """What each block printed, by its line; the line of the last that was reached; the exit status."""
        script = "".join(f"echo '{BEGINS}{block.line}'\n{block.text}" for block in self.chosen)
        said = self.here.parent / "said"
        with open(said, "w", encoding="utf-8") as out:  # not a pipe, which a server in the background would keep open
            try:
                status = subprocess.run(["sh", "-euc", script], cwd=self.here, env=self.env, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                        timeout=TIMEOUT_S, check=False).returncode
            except subprocess.TimeoutExpired:
                status = "none in time"
        printed = {int(part.split("\n", 1)[0]): part.split("\n", 1)[1] for part in said.read_text().split(BEGINS)[1:]}
        return printed, max(printed, default=0), status


def times_of(document):
    return ["", ", the second time"] if document.name in TWICE and document.parent == ROOT else [""]


def cases():
    for document in DOCUMENTS:
        for time, suffix in enumerate(times_of(document)):
            for block in blocks_of(document):
                if block.is_script:
                    yield pytest.param(document, block, time, id=f"{document.relative_to(ROOT)}:{block.line}{suffix}")


@pytest.fixture(scope="module")
def reading_of(tmp_path_factory):
    """Runs a document when the first of its blocks is asked for."""
    sandbox = subprocess.run([LANYARD, "shell", "--check"], capture_output=True, text=True, check=False)
    if sandbox.returncode:
        pytest.skip(sandbox.stderr.strip().removeprefix("lanyard: "))
    readings = {}

    def reading(document):
        if document not in readings:
            readings[document] = Reading(document, tmp_path_factory.mktemp(document.stem))
        return readings[document]

    return reading


@pytest.mark.parametrize("document, block, time", cases())
def test_block(reading_of, document, block, time):
    """a block runs"""
    reading = reading_of(document)
    if not reading.can_run(block):
        pytest.skip(f"fails here: {block.condition}")
    printed, reached, status = reading.results[time]
    text = printed.get(block.line, "")
    print("".join(f"# {line}\n" for line in text.splitlines()), end="")
    assert block.line in printed, "not reached"
    assert block.line != reached or status == 0, f"exit status {status}: {(text.splitlines() or ['nothing was printed'])[-1]}"
    absent = missing(PROMISE.findall(block.text), text)
    assert absent is None, f"did not print the line '{absent}'"


def test_every_block_says_whether_it_is_run():
    unmarked = [f"{document.relative_to(ROOT)}:{block.line}" for document in DOCUMENTS for block in blocks_of(document) if not MARK.fullmatch(block.mark or "")]
    assert not unmarked, f"nothing says whether these are run, see the head of tests/system/test_docs.py: {unmarked}"
    assert any(block.is_script for block in blocks_of(ROOT / "README.md")), "README.md has no block to run"


MESSAGES = ROOT / "docs/troubleshooting.md"
FORMAT = re.compile(r"%(\.\*|\d+|-\d+)?(ll|z)?[sdu]|\{\w*\}")
LINK = re.compile(r"\]\(([^):#]*)(#[^)]*)?\)")


def texts_of_source():
    """All texts that the source holds, those of several lines joined, each place of a format as `…`."""
    files = [path for ending in ("c", "h", "inc") for path in (ROOT / "src").rglob(f"*.{ending}") if not path.stem.endswith("_test")]
    source = "\n".join(path.read_text() for path in files)
    return FORMAT.sub("…", re.sub(r'"[ \t]*\\?\s*"', "", source).replace('\\"', '"'))


def is_in(source, message):
    """Each piece between two places stands in the source; the token service's numbers are numbers there."""
    for piece in filter(None, (piece.strip() for piece in message.split("…"))):
        number = re.fullmatch(r"AADSTS(\d+):", piece)
        if piece not in source and not (number and f", {number[1]}, " in source):
            return False
    return True


def test_messages_that_are_explained_exist():
    """the messages that are explained exist"""
    own, source = MESSAGES.read_text().split("\n## TLS\n")[0], texts_of_source()
    messages = re.findall(r"^### `(.*)`$", own, re.M)
    unknown = [message for message in messages if not is_in(source, message)]
    assert not unknown, f"not in the source: {unknown}"
    assert not is_in(source, "There is no message … like this one") and len(messages) >= 10, "the test itself cannot tell"


def anchors_of(page):
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_somewhere():
    """links lead somewhere"""
    dead = []
    pages = [*DOCUMENTS, *(ROOT / "docs").glob("commands/*.md"), *ROOT.glob("*.md")]
    for page in pages:
        for path, anchor in LINK.findall(page.read_text()):
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or (anchor and anchor not in anchors_of(target)):
                dead.append(f"{page.relative_to(ROOT)}: {path}{anchor}")
    assert not dead, dead
