#!/bin/sh
#
# cli_test.sh - the command line: help, words that are wrong, and each command against a server.

set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/system/support.sh

COMMANDS=$(sed -n 's/^COMMAND([A-Z_]*, \([a-z-]*\))$/\1/p' src/cli/commands.inc)
lanyard() { "$LANYARD" "$@"; }

# --- without a server ---

help_of_every_command() {
    expect 0 lanyard --help
    cp "$work/out" "$work/all"
    [ "$(echo "$COMMANDS" | wc -l)" -gt 10 ] || fail 'the table of commands cannot be read'
    listed=$(sed -n '/^Commands/,/^$/s/^  \([a-z-]*\) .*/\1/p' "$work/all")
    for command in $COMMANDS; do
        echo "$listed" | grep -qx "$command" || fail "lanyard --help does not list $command"
    done
    for command in $listed; do
        expect 0 lanyard $command --help
        cp "$work/out" "$work/one"
        says out "Usage: lanyard $command"
        expect 0 lanyard help $command
        cmp -s "$work/out" "$work/one" || fail "\`help $command\` and \`$command --help\` differ"
        ! sed -n '/^Options/,/^$/p' "$work/out" | grep -n '^[^ O]' || fail "an explanation of $command's options is not indented"
        ! grep -n '.\{101,\}' "$work/out" || fail "a line of $command's help is too long"
    done
}
wrong_words_are_told() {
    expect 2 lanyard
    expect 2 lanyard statsu
    says err 'did you mean `lanyard status`?'
    expect 2 lanyard xyzzy
    says_not err 'did you mean'
    expect 2 lanyard help xyzzy
    expect 2 lanyard status --no-such
    says err --no-such
    expect 2 lanyard status -x
    expect 2 lanyard status extra
    says err 'Unexpected argument "extra".'
    expect 2 lanyard --data
    expect 2 lanyard --data '' status
    expect 2 lanyard api GET
    says err PATH
    expect 2 lanyard up --port 65536
    expect 2 lanyard up --port -1
    expect 2 lanyard up --port 8o
    expect 2 lanyard up --workers 0
    expect 2 lanyard up --names own
    expect 2 lanyard up --names public
    expect 2 lanyard up --domain example.com
    expect 2 lanyard completion fish
    expect 125 lanyard run --as x --json -- true
    says err 'no --json'
    expect 125 lanyard shell --json
    expect 2 lanyard completion bash --json
    expect 2 lanyard help --json
    expect 1 lanyard --data "$work/nofile" up --port 0 --propagation nofile
    says err '--propagation is instant, cloud or a file of figures; there is no file nofile.'
    one_line
    expect 2 lanyard up --log-days 0
    expect 2 lanyard up --log-records many
    expect 125 lanyard run --as
    expect 125 lanyard run --as x --env NOVALUE -- true
}
version_is_told() {
    expect 0 lanyard --version
    grep -qE '^lanyard [0-9]+\.[0-9]+\.[0-9]+$' "$work/out" || fail "$(cat "$work/out")"
}
no_server_is_told() {
    for line in status down 'api GET /x' 'check me a/read /'; do
        # shellcheck disable=SC2086  # words
        expect "$([ "${line%% *}" = check ] && echo 2 || echo 1)" env LANYARD_DATA="$work/none" "$LANYARD" $line
        says err "No server runs on $work/none: start one with \`lanyard up\`."
        one_line
    done
    touch "$work/file"
    expect 1 lanyard --data "$work/file" status
    says err 'No server runs'
}
data_directory_is_found() {
    expect 1 env -u LANYARD_DATA XDG_DATA_HOME="$work/xdg" "$LANYARD" status
    says err "$work/xdg/lanyard"
    expect 1 env -u LANYARD_DATA -u XDG_DATA_HOME HOME="$work/home" "$LANYARD" status
    says err "$work/home/.local/share/lanyard"
    expect 1 env -u LANYARD_DATA XDG_DATA_HOME=relative HOME="$work/home" "$LANYARD" status
    says err "$work/home/.local/share/lanyard"
    expect 1 env LANYARD_DATA="$work/a" "$LANYARD" --data "$work/b" status
    says err "$work/b"
    expect 1 sh -c "cd '$work' && '$LANYARD' status --data rel/ative/"
    says err "$work/rel/ative:"
}
completion_completes() {
    command -v bash >/dev/null || exit 0
    expect 0 lanyard completion bash
    cp "$work/out" "$work/completion"
    cat >"$work/ask" <<'END'
source "$1"
ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lanyard; echo "$*: ${COMPREPLY[*]}"; }
ask lanyard sta
ask lanyard run --no
ask lanyard --data /et
ask lanyard run -a x
ask lanyard help comp
END
    expect 0 bash "$work/ask" "$work/completion"
    for line in 'lanyard sta: status' 'lanyard run --no: --no-sandbox' 'lanyard --data /et: /etc' 'lanyard run -a x: ' 'lanyard help comp: completion'; do says out "$line"; done
    for command in $COMMANDS; do grep -q "^    $command) " "$work/completion" || fail "bash does not complete $command"; done
    expect 0 lanyard completion zsh
    for command in $COMMANDS; do says out "'$command:"; done
    ! command -v zsh >/dev/null || expect 0 zsh -n "$work/out"
}
man_pages_are_well_formed() {
    for command in '' $COMMANDS; do
        # shellcheck disable=SC2086  # or no word
        expect 0 lanyard man $command
        grep -q '^\.SH NAME' "$work/out" || fail "no page for $command"
        ! command -v groff >/dev/null || groff -man -ww -Tutf8 "$work/out" >/dev/null 2>"$work/groff"
        [ ! -s "$work/groff" ] || fail "$command: $(head -n 1 "$work/groff")"
        page=$(dirname "$LANYARD")/docs/man/lanyard${command:+-}$command.1
        cmp -s "$page" "$work/out" || fail "there is no page of $command in the build"
    done
}
web_pages_are_those_committed() {
    tools/gen-command-pages "$work/pages" || fail 'the pages cannot be made'
    [ "$(ls "$work/pages" | wc -l)" -eq $(($(echo "$COMMANDS" | wc -l) + 1)) ] || fail 'not a page for each command, and one for all'
    diff -r "$work/pages" docs/commands || fail 'docs/commands is not what the program prints: run `make docs` and commit'
    for command in $COMMANDS; do
        page="$work/pages/$command.md"
        grep -q "(${command}.md)" "$work/pages/README.md" || fail "the index has no link to $command"
        lanyard "$command" --help | sed -n 's/^  \(-., \|    \)\(--[a-z-]*\).*/\2/p' >"$work/listed"
        [ -s "$work/listed" ] || fail "no option of $command was found"
        while read -r option; do
            grep -qe "^| \`.*${option}[ \`]" "$page" "$work/pages/README.md" || fail "the page of $command lacks $option"
        done <"$work/listed"
        ! cat -s "$page" | cmp -s - "$page" || continue
        fail "the page of $command has two empty lines together"
    done
}
full_disk_is_told() {
    expect 1 sh -c "'$LANYARD' --help >/dev/full"
    says err 'could not be written'
}
colour_only_on_a_terminal() {
    expect 0 lanyard --help
    says_not out "$(printf '\033')"
    expect 0 env TERM=xterm script -qec "'$LANYARD' --help" /dev/null
    says out "$(printf '\033[1m')"
    expect 0 env TERM=xterm NO_COLOR=1 script -qec "'$LANYARD' --help" /dev/null
    says_not out "$(printf '\033[1m')"
}

# --- with one ---

up_tells_its_facts() {
    for name in pid version https_port data ca tenant subscription operator names uptime_s; do
        [ "$(fact ".$name")" != null ] || fail "the facts lack $name"
    done
    [ "$(wc -l <"$work/facts")" -eq 1 ] || fail 'the facts are not one line'
    [ -s "$(fact .ca)" ] || fail 'there is no certificate where they say'
}
second_server_is_refused() {
    expect 1 lanyard up --port 0
    one_line
    expect 0 lanyard status
}
taken_port_is_told() {
    expect 1 lanyard --data "$work/second" up --port "$(fact .https_port)"
    one_line
    says err "$(fact .https_port)"
    expect 1 lanyard --data "$work/second" up --names own --domain id.example.com --port 0
    one_line
    says err 'choose one by --port'
}
status_tells() {
    expect 0 lanyard status
    says out "$(fact .tenant)"
    says out "$(fact .ca)"
    says out "$(fact .verify_socket)"
    expect 0 lanyard status --json
    [ "$(jq -r .pid "$work/out")" = "$(fact .pid)" ] || fail 'another process'
    expect 0 lanyard --json --data "$LANYARD_DATA" status
    jq -e . "$work/out" >/dev/null || fail 'no JSON'
}
api_sends_and_prints() {
    group="/subscriptions/$(fact .subscription)/resourceGroups/app?api-version=2022-09-01"
    expect 0 lanyard api PUT "$group" '{"location":"westus"}'
    expect 0 lanyard api GET "$group"
    [ "$(wc -l <"$work/out")" -eq 1 ] && [ "$(tail -c 1 "$work/out" | wc -l)" -eq 1 ] || fail 'not as it came, with a newline'
    expect 0 lanyard api GET "https://management.azure.com$group"
    [ "$(jq -r .name "$work/out")" = app ] || fail "$(cat "$work/out")"
    expect 0 lanyard api -i GET "$group"
    says out 'HTTP/1.1 200'
    says out 'Content-Type: application/json'
    expect 0 lanyard api GET "$group" -q
    [ ! -s "$work/out" ] || fail 'quiet is not quiet'
    expect 0 lanyard api HEAD "$group"
}
api_takes_bodies() {
    base="/subscriptions/$(fact .subscription)/resourceGroups"
    echo '{"location":"eastus"}' >"$work/body.json"
    expect 0 lanyard api PUT "$base/two?api-version=2022-09-01" "@$work/body.json"
    [ "$(jq -r .location "$work/out")" = eastus ] || fail "$(cat "$work/out")"
    expect 0 sh -c "echo '{\"location\":\"uksouth\"}' | '$LANYARD' api PUT '$base/three?api-version=2022-09-01' -"
    [ "$(jq -r .location "$work/out")" = uksouth ] || fail "$(cat "$work/out")"
    expect 1 lanyard api PUT "$base/four?api-version=2022-09-01" "@$work/nowhere.json"
    says err 'cannot be opened'
}
api_tells_refusals() {
    expect 1 lanyard api GET "/subscriptions/$(fact .subscription)/resourceGroups/nothing?api-version=2022-09-01"
    says err ResourceGroupNotFound
    says out ResourceGroupNotFound
    one_line
    expect 1 lanyard api PUT "/subscriptions/$(fact .subscription)/resourceGroups/bad?api-version=2022-09-01" '{"location":'
    says err 400
    for url in https://example.com/ "https://example.com/subscriptions?api-version=2022-12-01" https://example.com/lanyard/status https://management.azure.com.example.com/x; do
        expect 1 lanyard api GET "$url"
        says err "$url is not a URL of this server; its names are login.microsoftonline.com, management.azure.com"
        [ ! -s "$work/out" ] || fail "something was answered"
        one_line
    done
    expect 2 lanyard api GET 'no slash'
    expect 2 lanyard api GET '/with a blank'
    expect 2 lanyard api 'GET /' /x
    expect 2 lanyard api -H 'no colon' GET /x
    expect 2 lanyard api -H "$(printf 'A: b\r\nC: d')" GET /x
}
api_is_pretty_on_a_terminal() {
    group="/subscriptions/$(fact .subscription)/resourceGroups/app?api-version=2022-09-01"
    expect 0 env NO_COLOR=1 script -qec "'$LANYARD' api GET '$group'" /dev/null
    says out '  "name": "app"'
}
check_answers() {
    vault="/subscriptions/$(fact .subscription)/resourceGroups/app/providers/Microsoft.KeyVault/vaults/cli-test-vault"
    machine="/subscriptions/$(fact .subscription)/resourceGroups/app/providers/Microsoft.Compute/virtualMachines/clerk"
    expect 0 lanyard api PUT "$vault?api-version=2023-07-01" \
        '{"location":"westus","properties":{"tenantId":"'"$(fact .tenant)"'","sku":{"family":"A","name":"standard"},"enableRbacAuthorization":true}}'
    expect 0 lanyard api PUT "$machine?api-version=2024-07-01" '{"location":"westus","identity":{"type":"SystemAssigned"},"properties":{}}'
    clerk=$(jq -r .identity.principalId "$work/out")
    read='Microsoft.KeyVault/vaults/secrets/getSecret/action'

    expect 1 lanyard check clerk $read "$vault"
    says out 'no: '
    expect 0 lanyard check me Microsoft.KeyVault/vaults/write "$vault"
    says out 'yes: Owner'
    expect 1 lanyard check me $read "$vault" # R4: Owner manages, and reads no secret
    expect 0 lanyard check me $read "$vault" --plane control
    expect 0 lanyard api PUT "$vault/providers/Microsoft.Authorization/roleAssignments/$(cat /proc/sys/kernel/random/uuid)?api-version=2022-04-01" \
        '{"properties":{"roleDefinitionId":"/providers/Microsoft.Authorization/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6","principalId":"'"$clerk"'"}}'
    for who in clerk "$machine" "$clerk"; do
        expect 0 lanyard check "$who" $read "$vault"
        says out 'yes: Key Vault Secrets User'
    done
    expect 0 lanyard check clerk $read "$vault/" --json
    [ "$(jq -r .accessDecision "$work/out")" = Allowed ] || fail "$(cat "$work/out")"
    expect 1 lanyard check clerk $read /
    for wrong in 'nobody a/read /' 'cli-test-vault a/read /' '/subscriptions a/read /' 'clerk a/read no-slash' 'clerk a/read / --plane both'; do
        # shellcheck disable=SC2086  # words
        expect 2 lanyard check $wrong
    done
}
long_data_directory_is_told() {
    long="$work/$(printf '%0120d' 0)"
    for line in 'up --port 0' status down; do
        # shellcheck disable=SC2086  # words
        expect "$([ "${line%% *}" = up ] && echo 1 || echo 2)" lanyard --data "$long" $line
        says err 107
    done
}
stopped_server_is_given_up() {
    pid=$(fact .pid)
    kill -STOP "$pid"
    for line in status down clock orphans 'api GET /subscriptions?api-version=2022-12-01' 'api PUT /x {}' 'status --json'; do
        # shellcheck disable=SC2086  # words
        expect 1 timeout 60 "$LANYARD" --timeout 1 $line
        says err 'did not answer within 1 s'
        one_line
    done
    kill -CONT "$pid"
    expect 0 lanyard --timeout 30 status
    expect 2 lanyard --timeout 0 status
    expect 2 lanyard --timeout soon status
}
full_disk_at_the_first_start_is_told() {
    mkdir -p "$work/disk"
    # shellcheck disable=SC2016  # for the shell inside
    inside='mount -t tmpfs -o size=4k none "$1" || exit 1
        for kib in 4 8 12 16 20 24 32 48 64 96 128 160 192 200 208; do
            mount -o remount,size=${kib}k "$1" || exit 1
            timeout 5 "$2" up --port 0 --data "$1/state" >/dev/null 2>"$1-said" && break
            said=$(grep -v " info " "$1-said")
            case $said in
            "") break ;;
            "lanyard: The disk is full: free space for $1/"*", then try again."*) [ "$(echo "$said" | wc -l)" -eq 1 ] || { echo "$said"; exit 1; } ;;
            *) echo "with $kib KiB: $said"; exit 1 ;;
            esac
        done
        mount -o remount,size=8m "$1"
        timeout -s TERM 60 sh -c "\"\$0\" up --port 0 --json --data \"\$1/state\" >\"\$1-facts\" & until [ -s \"\$1-facts\" ]; do sleep 0.1; done; kill \$!; wait" "$2" "$1"
        [ -s "$1-facts" ] || { echo "with room it does not start"; exit 1; }'
    unshare -rm sh -c "$inside" sh "$work/disk" "$LANYARD" 2>&1 || fail "$(cat "$work/disk-said")"
}
identity_revoke_ends_tokens() {
    expect 0 lanyard identity revoke clerk
    says out 'are refused from now on'
    expect 0 lanyard identity revoke 3f1c2f9e-0000-4000-8000-000000000001 --json
    [ "$(jq -r .exists "$work/out")" = false ] || fail "$(cat "$work/out")"
    expect 2 lanyard identity forget clerk
    expect 1 lanyard identity revoke nobody-of-that-name
    one_line
}
detached_server_serves_when_up_returns() {
    export LANYARD_DATA="$work/detached"
    expect 0 lanyard up --detach --port 0 --json
    pid=$(jq -r .pid "$work/out")
    echo "$pid" >>"$work/servers"
    expect 0 lanyard status
    expect 1 lanyard up --detach --port 0
    says err "process $pid"
    one_line
    [ "$(ps -o tty= -p "$pid")" = '?' ] || fail 'it has a terminal'
    expect 0 lanyard down
    expect 0 lanyard up --detach --quiet --port 0
    [ ! -s "$work/out" ] || fail 'quiet is not quiet'
    expect 0 lanyard down
    [ -f "$LANYARD_DATA/server.log" ] || fail 'there is no log'
}
reset_starts_over() {
    export LANYARD_DATA="$work/detached"
    before=$(cat "$LANYARD_DATA/tenant")
    expect 0 lanyard up --detach --quiet --port 0
    lanyard status --json | jq -r .pid >>"$work/servers"
    expect 1 lanyard reset --yes
    says err 'stop it with `lanyard down` first'
    one_line
    expect 0 lanyard down
    expect 2 lanyard reset </dev/null
    says err '--yes'
    [ -f "$LANYARD_DATA/tenant" ] || fail 'deleted without an answer'
    expect 1 script -qec "echo n | script -qec '$LANYARD reset' /dev/null" /dev/null
    [ -f "$LANYARD_DATA/tenant" ] || fail 'deleted though the answer was no'
    expect 0 lanyard reset --yes
    [ "$(ls "$LANYARD_DATA")" = lock ] || fail "left: $(ls "$LANYARD_DATA")"
    expect 0 lanyard reset
    says out 'There is nothing'
    expect 0 lanyard up --detach --quiet --port 0
    lanyard status --json | jq -r .pid >>"$work/servers"
    expect 0 lanyard down
    [ "$(cat "$LANYARD_DATA/tenant")" != "$before" ] || fail 'the same tenant'
}
down_waits_for_the_end() {
    expect 0 lanyard down
    expect 1 lanyard down
    says err 'No server runs'
    start_server
    expect 0 lanyard down --json
    jq -e .stopped "$work/out" >/dev/null || fail "$(cat "$work/out")"
}

begin
it 'cli: help of every command, both ways' help_of_every_command
it 'cli: wrong words are told, with status 2' wrong_words_are_told
it 'cli: --version' version_is_told
it 'cli: no server is told in one line' no_server_is_told
it 'cli: where the data directory is' data_directory_is_found
it 'cli: completion' completion_completes
it 'cli: man pages' man_pages_are_well_formed
it 'cli: pages for the web, as committed' web_pages_are_those_committed
it 'cli: output that cannot be written' full_disk_is_told
it 'cli: colour on a terminal alone' colour_only_on_a_terminal
if unshare -rm true 2>/dev/null; then it 'up: a full disk at the first start' full_disk_at_the_first_start_is_told
else skip 'up: a full disk at the first start' 'no user namespaces here'; fi
start_server
it 'up: its facts' up_tells_its_facts
it 'up: a second server on the directory is refused' second_server_is_refused
it 'up: a taken port is told' taken_port_is_told
it 'up: a directory with too long a name' long_data_directory_is_told
it 'status: for people and as JSON' status_tells
it 'api: sends and prints' api_sends_and_prints
it 'api: bodies from the line, a file, a pipe' api_takes_bodies
it 'api: refusals, with status 1' api_tells_refusals
it 'api: indented on a terminal' api_is_pretty_on_a_terminal
it 'check: yes, no and no answer (R4)' check_answers
it 'identity revoke: by name, and of one that is gone' identity_revoke_ends_tokens
it 'up: --detach returns when it serves, --quiet prints nothing' detached_server_serves_when_up_returns
it 'reset: refuses while a server runs, asks, and starts over' reset_starts_over
it 'a stopped server is given up by every command' stopped_server_is_given_up
it 'down: ends when the server has ended' down_waits_for_the_end
finish
