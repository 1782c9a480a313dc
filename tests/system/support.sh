# support.sh - what the system tests in shell share: a server of their own, and one line for each test.
#
#     . "$(dirname "$0")/support.sh"
#     begin
#     it 'exits with 7' exits_with_7        # a function or a command; what it prints last is the reason
#     finish

LANYARD=$(realpath "${LANYARD:-build/lanyard}")
export LANYARD
failed=0
no_sandbox=''

begin() {
    work=$(mktemp -d)
    chmod 755 "$work"
    export LANYARD_DATA="$work/data"
    trap 'end_servers; rm -rf "$work"' EXIT
    trap 'exit 1' INT TERM HUP
}

# it NAME COMMAND...: the command runs in a subshell, so that `fail` leaves only it.
it() {
    name=$1
    shift
    if [ -n "$no_sandbox" ]; then
        skip "$name" "$no_sandbox"
        return
    fi
    if ("$@") >"$work/said" 2>&1; then
        echo "ok $name"
    else
        sed 's/^/# /' "$work/said"
        echo "not ok $name - $(tail -n 1 "$work/said" | cut -c 1-200)"
        failed=1
    fi
}
# need_sandbox: where none can be made, each test from here on is skipped, with the cause.
need_sandbox() {
    "$LANYARD" shell --check >/dev/null 2>"$work/cause" || no_sandbox=$(sed 's/^lanyard: //' "$work/cause" | head -n 1)
}
skip() { echo "skip $1 - $2"; }
fail() { printf '%s\n' "$*"; exit 1; }

# expect STATUS COMMAND...: runs it with its output in $work/out and $work/err.
expect() {
    want=$1 got=0
    shift
    "$@" >"$work/out" 2>"$work/err" || got=$?
    [ "$got" -eq "$want" ] || fail "\`$*\` ended with $got, not $want: $(cat "$work/out" "$work/err" | tail -n 3 | tr '\n' ' ')"
}
says() { grep -qF -- "$2" "$work/$1" || fail "std$1 does not say '$2': $(tail -n 3 "$work/$1" | tr '\n' ' ')"; }
says_not() { ! grep -qF -- "$2" "$work/$1" || fail "std$1 says '$2'"; }
one_line() { [ "$(wc -l <"$work/err")" -eq 1 ] || fail "not one line: $(cat "$work/err")"; }

# Their numbers stand in a file: a test is a subshell, and what it starts must end with the others.
# start_server [AS...]: on LANYARD_DATA, through a command in front (setpriv …) if one is given.
start_server() {
    rm -f "$work/facts"
    "$@" "$LANYARD" up --port 0 --json >"$work/facts" 2>>"$work/server.log" &
    echo $! >>"$work/servers"
    tries=0
    until [ -s "$work/facts" ]; do
        kill -0 $! 2>/dev/null || { cat "$work/server.log"; echo "not ok server starts - it ended"; exit 1; }
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || { echo "not ok server starts - it is not ready within 30 s"; exit 1; }
        sleep 0.05
    done
}
end_servers() {
    touch "$work/servers"
    while read -r server; do kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; done <"$work/servers"
    if [ -n "${LANYARD_TEST_LOGS-}" ] && [ -s "$work/server.log" ]; then
        cp "$work/server.log" "$LANYARD_TEST_LOGS/$(basename "$0").server.log"
    fi
    return 0
}
fact() { jq -r "$1" "$work/facts"; }

finish() { exit $failed; }
