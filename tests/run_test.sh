#!/bin/sh
#
# run_test.sh - tests/run on programs that behave and programs that do not. A test program itself.

set -u
cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
bad=0 limit_s=60

# One case: its name, the expected exit status, the expected last line, a text that the output must
# hold, then the programs, each a line of shell.
expect() {
    name=$1 status=$2 last=$3 text=$4
    shift 4
    LANYARD_TEST_LOGS=$work/logs LANYARD_TEST_TIMEOUT=$limit_s NO_COLOR=1 tests/run "$@" >"$work/out" 2>&1
    got=$?
    if [ "$got" -eq "$status" ] && [ "$(tail -n 1 "$work/out")" = "$last" ] &&
        grep -qF -- "$text" "$work/out" && [ "$(grep -c 'passed, [0-9]* failed' "$work/out")" -eq 1 ]; then
        echo "ok run: $name"
    else
        sed 's/^/  /' "$work/out"
        echo "not ok run: $name - status $got, wanted $status and '$last'"
        bad=1
    fi
}

expect 'passes what passes'             0 '2 passed, 0 failed'            ''                  'echo ok a; echo ok b'
expect 'adds up several programs'       0 '3 passed, 0 failed'            ''                  'echo ok a; echo ok b' 'echo ok c'
expect 'counts what is skipped'         0 '1 passed, 0 failed, 2 skipped' ''                  'echo ok a; echo skip b - x' 'echo skip c - y'
expect 'takes only lines that begin so' 0 '1 passed, 0 failed'            ''                  'echo ok a; echo " not ok b"; echo oklahoma'

expect 'fails what fails'               1 '1 passed, 1 failed' 'not ok b - why'               'echo ok a; echo not ok b - why; exit 1'
expect 'fails it whatever the status'   1 '0 passed, 1 failed' 'not ok b - why'               'echo not ok b - why'
expect 'shows the words of a failure'   1 '1 passed, 1 failed' '    want 1, got 2'            'echo want 1, got 2; echo not ok b - why; echo ok a; exit 1'
expect 'shows the words of a crash'     1 '1 passed, 1 failed' '    heap-buffer-overflow'     'echo ok a; echo heap-buffer-overflow >&2; exit 99'
expect 'fails no program at all'        1 '0 passed, 1 failed' 'nothing was tested'
expect 'fails a program without tests'  1 '0 passed, 1 failed' 'printed no test'              'echo hello'
expect 'fails one among others'         1 '1 passed, 1 failed' 'printed no test'              'echo ok a' ':'
expect 'fails a missing program'        1 '0 passed, 1 failed' 'cannot be run'                './no-such-program'
expect 'fails an unhelpful exit'        1 '1 passed, 1 failed' 'though no test failed'        'echo ok a; exit 1'
expect 'fails an odd exit'              1 '1 passed, 1 failed' 'exited with 3'                'echo ok a; exit 3'
expect 'counts a crash and a failure'   1 '0 passed, 2 failed' 'exited with 3'                'echo not ok a - x; exit 3'
expect 'fails a crash'                  1 '1 passed, 1 failed' 'killed by signal 6'           'echo ok a; kill -ABRT $$'
limit_s=1
expect 'fails what does not end'        1 '1 passed, 1 failed' 'still running after 1 s'      'echo ok a; sleep 30'
limit_s=60
expect 'fails when all was skipped'     1 '0 passed, 1 failed, 1 skipped' 'nothing was tested' 'echo skip a - x'

# Files in Python, which pytest runs.
python() { cat >"$work/test_$1.py"; }
python passing <<'END'
def test_a():
    """R1 a name of its own"""
END
python mixed <<'END'
import pytest
@pytest.fixture(scope="module")
def unclean():
    yield
    assert False, "a server stays"
def test_a(unclean): print("its words"); assert 1 + 1 == 3, "the sum"
def test_b(): pytest.skip("not here")
@pytest.mark.parametrize("row", ["x"])
def test_c(row): pass
def test_d(unclean): pass
END
echo 'def test_a(:' | python broken

expect 'runs a file in Python'          0 '1 passed, 0 failed'            ''                  "$work/test_passing.py"
keeps() { if [ "$(grep -c -x -F -- "$2" "$work"/logs/*.log)" -eq 1 ]; then echo "ok run: $1"; else echo "not ok run: $1 - no line '$2'"; bad=1; fi; }
keeps  'names a test by its docstring'  'ok R1 a name of its own'
expect 'counts tests in Python'         1 '2 passed, 2 failed, 1 skipped' 'not ok test_a - AssertionError: the sum' "$work/test_mixed.py"
keeps  'shows what a test printed'      'its words'
keeps  'says why a test was skipped'    'skip test_b - not here'
keeps  'names a test with its row'      'ok test_c [x]'
keeps  'fails a fixture that ends badly' 'not ok test_d: its end - AssertionError: a server stays'
expect 'runs some tests of a file'      0 '1 passed, 0 failed'            ''                  "$work/test_mixed.py -k test_c"
expect 'fails where none is chosen'     1 '0 passed, 1 failed'            'exited with 5'     "$work/test_mixed.py -k none"
expect 'fails a file that is not there' 1 '0 passed, 1 failed'            'not found'         "$work/test_absent.py"
expect 'fails a file that is malformed' 1 '0 passed, 1 failed'            'SyntaxError'       "$work/test_broken.py"

LANYARD_TEST_LOGS=$work/logs tests/run 'echo skip a - x' >/dev/null
if [ "$(cat "$work"/logs/*.log)" = 'skip a - x' ]; then
    echo "ok run: keeps the output of this run and no older one"
else
    echo "not ok run: keeps the output of this run and no older one - see the logs it left"
    bad=1
fi
exit $bad
