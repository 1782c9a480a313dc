#!/bin/sh
#
# sandbox_test.sh - what a program in the sandbox can reach, and what it cannot (contract T5).
#
# Runs as whoever calls it; called by root, it runs once more as an ordinary user.

set -u
cd "$(dirname "$0")/../.." || exit 1
top=$PWD
. tests/system/support.sh

# What a program does until $here/up goes: not for ever, whatever fails.
FOR_A_WHILE='i=0; while [ $i -lt 400 ] && [ -e "$LANYARD_TEST_UP" ]; do sleep 0.05; i=$((i + 1)); done'

TOKEN='http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net'
run() { "$LANYARD" run "$@"; }
# What the metadata endpoint says about itself: the principal in its token.
WHOAMI="curl -sS -m 5 -H Metadata:true '$TOKEN' | jq -r '.access_token | split(\".\")[1] | gsub(\"-\";\"+\") | gsub(\"_\";\"/\") | . + \"===\"[:(4 - length % 4) % 4] | @base64d | fromjson | .oid'"

machine() {
    "$LANYARD" api PUT "$group/providers/Microsoft.Compute/virtualMachines/$1?api-version=2024-07-01" \
        '{"location":"westus","identity":{"type":"SystemAssigned"},"properties":{}}' | jq -r .identity.principalId
}

# --- what is there ---

token_is_its_own() {
    expect 0 run --as web -- sh -c "$WHOAMI"
    says out "$web"
}
two_sandboxes_stay_apart() {
    run --as worker -- sh -c "touch '$here/up'; $FOR_A_WHILE" &
    other=$!
    while [ ! -e "$here/up" ]; do sleep 0.05; done
    for machine in web worker; do
        expect 0 run --as $machine -- sh -c "$WHOAMI"
        eval "says out \$$machine"
    done
    rm "$here/up"
    wait $other || fail "the other sandbox ended badly"
}
names_lead_to_the_server() {
    expect 0 run --as web -- curl -sS -m 5 "https://management.azure.com/metadata/endpoints?api-version=2020-06-01"
    says out login.microsoftonline.com
    expect 0 run --as web -- getent ahostsv4 anything.vault.azure.net
    says out 169.254.169.254
    for name in login.microsoftonline.com login.windows.net login.microsoft.com sts.windows.net; do
        expect 0 run --as web -- curl -sS -m 5 "https://$name/common/discovery/v2.0/keys"
        says out '"keys"'
    done
}
machine_by_its_id() {
    expect 0 run --as "$group/providers/Microsoft.Compute/virtualMachines/web" -- sh -c "$WHOAMI; echo \$LANYARD_RESOURCE"
    says out "$web"
    says out "$group/providers/Microsoft.Compute/virtualMachines/web"
}
developer_has_no_metadata() {
    echo 'curl -s -m 5 http://169.254.169.254/; echo $?; getent hosts login.microsoftonline.com' >"$here/typed"
    expect 0 sh -c "SHELL=/bin/sh '$LANYARD' shell <'$here/typed'"
    says out 169.254.169.254
    [ "$(head -n 1 "$work/out")" = 7 ] || fail "the metadata endpoint answers a developer: $(cat "$work/out")"
}
certificates_are_ours_alone() {
    expect 0 run --as web -- sh -c 'cmp "$SSL_CERT_FILE" "$NODE_EXTRA_CA_CERTS" && cmp "$SSL_CERT_FILE" "$CURL_CA_BUNDLE"; grep -c BEGIN "$SSL_CERT_FILE"'
    says out 1
    expect 0 run --as web -- env -u SSL_CERT_FILE -u CURL_CA_BUNDLE curl -sS -m 5 -o /dev/null "https://management.azure.com/metadata/endpoints?api-version=2020-06-01"
}

# --- what is not ---

other_names_do_not_exist() {
    for name in example.com azure.net vault.azure.net a.b.vault.azure.net www.microsoft.com localhost.example; do
        expect 2 run --as web -- getent hosts "$name"
    done
    expect 0 run --as web -- getent hosts localhost
}
internet_is_refused() {
    for url in https://1.1.1.1/ http://93.184.216.34/ 'http://[2606:4700:4700::1111]/' http://192.168.0.1/; do
        expect 7 run --as web -- curl -s -m 5 "$url"
    done
    expect 0 run --as web -- sh -c "wc -l </proc/net/route" # its headline alone
    says out 1
}
host_loopback_is_refused() {
    port=$(fact .https_port)
    expect 0 curl -sk -m 5 -o /dev/null "https://127.0.0.1:$port/"
    expect 7 run --as web -- curl -sk -m 5 "https://127.0.0.1:$port/"
    expect 7 run --as web -- curl -sk -m 5 "https://169.254.169.254:$port/"
}
abstract_sockets_are_refused() {
    perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un("\0lanyard-test-$ARGV[0]")) or die; listen(S, 9); sleep 60' $$ &
    listener=$!
    connect='socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, pack_sockaddr_un("\0lanyard-test-$ARGV[0]")) or exit 9'
    tries=0
    until perl -MSocket -e "$connect" $$ 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || { kill $listener; fail 'the abstract socket cannot be reached outside either'; }
        sleep 0.05
    done
    expect 9 run --as web -- perl -MSocket -e "$connect" $$
    kill $listener
}
data_directory_is_hidden() {
    [ -n "$(find "$LANYARD_DATA" -maxdepth 1 -name '*.key')" ] || fail 'there are no keys to hide'
    expect 9 run --as web -- sh -c '[ -n "$LANYARD_DATA" ] && [ -e "$LANYARD_DATA" ] || exit 9'
    expect 1 run --as web -- sh -c 'mkdir -p "$LANYARD_DATA" 2>/dev/null || exit 1; ls "$LANYARD_DATA"/* && exit 0; exit 1'
    for socket in admin.sock sandbox.sock; do expect 7 run --as web -- curl -s -m 5 --unix-socket "$LANYARD_DATA/$socket" http://x/lanyard/status; done
}
data_directory_as_working_directory() {
    mkdir -p "$LANYARD_DATA/sub"
    for place in "$LANYARD_DATA" "$LANYARD_DATA/sub" "$work"; do
        cd "$place" || fail 'no such directory'
        expect 125 run --as web -- true
        says err 'change to a directory'
        one_line
    done
    rmdir "$LANYARD_DATA/sub"
    cd "$here" || fail 'no such directory'
    for option in --bind --bind-ro; do
        for place in "$LANYARD_DATA" "$LANYARD_DATA/ca.pem" "$work" ..; do
            expect 125 run --as web $option "$place" -- true
            says err "$option $place: it would show the data directory"
        done
    done
    expect 125 run --as web --allow-socket "$LANYARD_DATA/admin.sock" -- true
    expect 0 run --as web --bind-ro "$work/facts" -- true
}
data_directory_by_other_names() {
    ln -s "$LANYARD_DATA" "$here/link"
    for name in "$here/link" link ../data "../data/" "$here/./link/../data"; do
        expect 1 env LANYARD_DATA="$name" "$LANYARD" run --as web -- sh -c "ls -A '$here/link/' '$work/data' 2>/dev/null && exit 0; exit 1"
        [ ! -s "$work/out" ] || fail "--data $name shows $(tr '\n' ' ' <"$work/out")"
    done
    rm "$here/link"
}
# A sandbox that waits at each step for the test to change something outside, and then looks again.
#   while_it_runs LOOK CHANGE...: LOOK is a line of shell that succeeds if it finds what it must not
while_it_runs() {
    look=$1
    shift
    rm -f "$here"/go.* "$here/up" "$here/found"
    # shellcheck disable=SC2086  # options
    run --as web $OPTIONS -- sh -c "touch up; for n in \$(seq $#); do i=0; while [ ! -e go.\$n ] && [ \$i -lt 400 ]; do sleep 0.05; i=\$((i + 1)); done; if $look; then echo \$n >>found; fi; touch done.\$n; done" >"$work/inside" 2>&1 &
    sandbox=$!
    until [ -e "$here/up" ]; do kill -0 $sandbox 2>/dev/null || fail "it ended: $(cat "$work/inside")"; sleep 0.05; done
    n=0
    for change; do
        n=$((n + 1))
        $change || { kill $sandbox; fail "$change could not be done"; }
        touch "$here/go.$n"
        until [ -e "$here/done.$n" ]; do kill -0 $sandbox 2>/dev/null || break; sleep 0.05; done
    done
    wait $sandbox || fail "it ended badly: $(cat "$work/inside")"
    rm -f "$here"/go.* "$here"/done.*
    [ ! -e "$here/found" ] || fail "found after step $(tr '\n' ' ' <"$here/found")"
}
OPTIONS=''
put_data_away() { mv "$LANYARD_DATA" "$work/away"; }
make_data_anew() { mkdir "$LANYARD_DATA" && cp "$work/away/seal.key" "$LANYARD_DATA" && [ -s "$LANYARD_DATA/seal.key" ]; }
bring_data_back() { rm -r "$LANYARD_DATA" && mv "$work/away" "$LANYARD_DATA" && [ -S "$LANYARD_DATA/admin.sock" ]; }
data_directory_changes() {
    while_it_runs '[ -e "$LANYARD_DATA" ] || [ -e "$LANYARD_DATA/seal.key" ]' put_data_away make_data_anew bring_data_back
}

# --- sockets of the machine ---

# Listens on unix sockets until the file in front goes.
LISTEN='use Socket; my $until = shift; my @s; for (@ARGV) { socket(my $s, AF_UNIX, SOCK_STREAM, 0); bind($s, pack_sockaddr_un($_)) or die "$_: $!"; listen($s, 9); push @s, $s } open(my $f, ">", $until); close $f; for (1 .. 400) { last unless -e $until; select undef, undef, undef, 0.05 }'
CONNECT='use Socket; for (@ARGV) { socket(my $s, AF_UNIX, SOCK_STREAM, 0); if (connect($s, pack_sockaddr_un($_))) { print "$_\n"; $ok = 1 } } exit($ok ? 0 : 9)'
listen_on() {
    perl -e "$LISTEN" "$work/listening" "$@" &
    tries=0
    until [ -e "$work/listening" ]; do tries=$((tries + 1)); [ $tries -lt 200 ] || fail "nobody listens on $*"; sleep 0.05; done
    for each; do expect 0 perl -e "$CONNECT" "$each"; done # the control: outside they answer
}
stop_listening() { rm -f "$work/listening"; wait; }
sockets_named_by_variables() {
    listen_on "$work/agent" "$work/terminal" "$work/engine"
    variables="SSH_AUTH_SOCK=$work/agent TMUX=$work/terminal,1,0 DOCKER_HOST=unix://$work/engine XDG_RUNTIME_DIR=$work DBUS_SESSION_BUS_ADDRESS=unix:path=$work/engine WSL_INTEROP=$work/engine"
    # shellcheck disable=SC2086  # several
    expect 0 env $variables PGHOST=kept "$LANYARD" run --as web -- env
    for gone in SSH_AUTH_SOCK TMUX DOCKER_HOST XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS WSL_INTEROP; do says_not out "$gone="; done
    says out PGHOST=kept
    expect 9 run --as web -- perl -e "$CONNECT" "$work/agent" "$work/terminal" "$work/engine"
    # shellcheck disable=SC2086
    expect 0 env $variables "$LANYARD" run --as web --allow-socket "$work/agent" -- sh -c 'env | grep -E "^(SSH_AUTH_SOCK|TMUX)="; perl -e "$0" "$@"' "$CONNECT" "$work/agent" "$work/terminal"
    [ "$(tr '\n' ' ' <"$work/out")" = "SSH_AUTH_SOCK=$work/agent $work/agent " ] || fail "with --allow-socket it has $(cat "$work/out")"
    stop_listening
    expect 125 run --as web --allow-socket "$here" -- true
    says err 'no unix socket'
}
begin_terminal() { mkdir -p "$terminals" && chmod 700 "$terminals" && listen_on "$terminals/default"; }
sockets_that_appear_later() {
    terminals=/tmp/tmux-$(id -u)-$$
    while_it_runs "perl -e '$CONNECT' $terminals/default" begin_terminal
    stop_listening
    rm -r "$terminals"
}
memory_is_its_own() {
    segment=$(ipcmk -M 4096 | sed 's/[^0-9]//g')
    ipcs -m | awk '{ print $2 }' | grep -qx "$segment" || fail 'there is no segment to hide'
    expect 0 run --as web -- sh -c 'ipcs -m'
    ipcrm -m "$segment"
    ! awk '{ print $2 }' "$work/out" | grep -qx "$segment" || fail 'it shows the segment'
    echo shared >"/dev/shm/lanyard-test-$$"
    expect 1 run --as web -- sh -c "[ -e /dev/shm/lanyard-test-$$ ]"
    rm "/dev/shm/lanyard-test-$$"
}

keys_are_its_own() { # the session's keyring holds tickets and passwords, and processes inherit it
    [ "$(uname -m)" = x86_64 ] || exit 0
    find='my ($type, $name) = ("user", "lanyard-test"); exit(syscall(250, 10, -3, $type, $name, 0) > 0 ? 7 : 9)'
    add='my ($type, $name, $key) = ("user", "lanyard-test", "x"); exit 77 if syscall(248, $type, $name, $key, 1, -3) < 0; exec @ARGV'
    perl -e "$add" true || exit 0 # a container without keyrings
    expect 7 perl -e "$add" perl -e "$find"
    expect 9 perl -e "$add" "$LANYARD" run --as web -- perl -e "$find"
}

# --- processes ---

host_processes_are_hidden() {
    server=$(tail -n 1 "$work/servers")
    kill -0 "$server" || fail 'there is no server'
    # A number in there may be the same by chance: then it is one of the few of the sandbox's own.
    expect 0 run --as web -- sh -c 'ls /proc | grep -E "^[0-9]+$"; ps -e -o args= 2>/dev/null | grep -F " up --port" | grep -v grep; kill -0 "$0" 2>/dev/null && [ "$0" -gt 20 ] && echo signalled; exit 0' "$server"
    [ "$(wc -l <"$work/out")" -lt 8 ] || fail "it sees $(wc -l <"$work/out") processes"
    says_not out up
    says_not out signalled
    expect 0 run --as web -- sh -c '[ "$0" -le 20 ] || ! kill -TERM "$0" 2>/dev/null' "$server"
    kill -0 "$server" || fail 'the server was killed'
    expect 0 "$LANYARD" status
}
first_process_is_closed() {
    expect 1 run --as web -- sh -c 'for door in fd/0 environ mem cwd/etc/passwd root/etc/passwd; do cat /proc/1/$door 2>/dev/null && exit 0; done; for fd in 0 1 2 3 4 5 6 7 8 9; do readlink /proc/1/fd/$fd && exit 0; done; grep -q lanyard /proc/1/comm || exit 8; kill -KILL 1; kill -TERM 1; sleep 0.1; exit 1'
}
only_three_files_are_open() {
    # Directories and sockets that whoever calls has open: the data directory through them would be open too.
    # shellcheck disable=SC2094  # read by nobody
    expect 0 sh -c "'$LANYARD' run --as web -- sh -c 'ls /proc/self/fd' 3</ 7<'$LANYARD_DATA' 9>>'$work/err' 5<&0"
    [ "$(tr '\n' ' ' <"$work/out")" = '0 1 2 3 ' ] || fail "open are $(tr '\n' ' ' <"$work/out")" # 3: ls's own
    expect 1 sh -c "'$LANYARD' run --as web -- sh -c 'ls /proc/self/fd/7/ 2>/dev/null || exit 1' 7<'$LANYARD_DATA'"
}
status_says_where_it_is() {
    expect 0 run --as web --bind-ro "$LANYARD" -- "$LANYARD" status
    says out "This is a sandbox, of $group/providers/Microsoft.Compute/virtualMachines/web"
    expect 0 run --as web --bind-ro "$LANYARD" -- "$LANYARD" status --json
    [ "$(jq -r .resource "$work/out")" = "$group/providers/Microsoft.Compute/virtualMachines/web" ] || fail "$(cat "$work/out")"
    expect 0 sh -c "echo '$LANYARD status' | SHELL=/bin/sh '$LANYARD' shell --bind-ro '$LANYARD'"
    says out 'of a developer'
    for command in 'run --as worker -- true' 'api GET /x' down; do
        # shellcheck disable=SC2086  # words
        run --as web --bind-ro "$LANYARD" -- "$LANYARD" $command >"$work/out" 2>"$work/err" && fail "$command went through"
        says err 'the server runs outside'
    done
    expect 0 "$LANYARD" status
    says out 'Lanyard'
    says_not out sandbox
}

# --- what is shown ---

files_are_the_sandboxs() {
    expect 0 run --as web -- sh -c 'ls -A / "$HOME" /tmp /var/tmp /run/user /home 2>/dev/null; echo "$PWD"'
    for there in usr bin etc proc "$here"; do grep -qxF -- "$there" "$work/out" || fail "$there is not there"; done
    for gone in boot mnt srv media; do ! grep -qx $gone "$work/out" || fail "$gone is there"; done
    expect 0 run --as web -- sh -c 'for d in "$HOME" /tmp /var/tmp /run /dev/shm .; do touch "$d/lanyard-test" || exit 1; done'
    [ -e "$here/lanyard-test" ] || fail 'the working directory is not the machine'"'"'s'
    for gone in "$HOME" /tmp /var/tmp; do [ ! -e "$gone/lanyard-test" ] || fail "$gone is the machine's"; done
    rm "$here/lanyard-test"
    for place in / /usr /etc /opt /run/lanyard /dev /proc/sys/kernel; do expect 1 run --as web -- sh -c "touch $place/lanyard-test 2>/dev/null || exit 1"; done
    expect 0 run --as web -- sh -c 'head -c 8 /dev/urandom >/dev/null && : >/dev/null && getent passwd "$(id -u)" && date >/dev/null'
}
more_is_shown_on_demand() {
    mkdir -p "$work/more/below" && echo text >"$work/more/file"
    expect 1 run --as web -- sh -c "cat '$work/more/file' 2>/dev/null || exit 1"
    expect 0 run --as web --bind-ro "$work/more" -- cat "$work/more/file"
    expect 1 run --as web --bind-ro "$work/more" -- sh -c "touch '$work/more/below/x' 2>/dev/null || exit 1"
    expect 0 run --as web --bind ../more -- sh -c "touch '$work/more/below/x'"
    [ -e "$work/more/below/x" ] || fail 'it was not written'
    ln -s "$work/more" "$work/alias"
    expect 0 run --as web --bind-ro "$work/alias" -- cat "$work/alias/file" "$work/more/file"
    expect 125 run --as web --bind "$work/nothing-here" -- true
    one_line
    expect 125 run --as web --no-sandbox --bind "$work/more" -- true
    for made in / /proc /etc /dev /run; do
        expect 125 run --as web --bind $made -- true
        one_line
    done
    rm -r "$work/more" "$work/alias"
}
programs_elsewhere_are_named() {
    mkdir -p "$work/tool/bin"
    printf '#!/bin/sh\necho ran\n' >"$work/tool/bin/tool"
    printf '#!/usr/bin/env tool\n' >"$here/script"
    printf '#!%s/tool/bin/tool\n' "$work" >"$here/direct"
    chmod +x "$work/tool/bin/tool" "$here/script" "$here/direct"
    for command in "$work/tool/bin/tool" tool ./script ./direct; do
        expect 127 env PATH="$work/tool/bin:$PATH" "$LANYARD" run --as web -- "$command"
        says err "add \`--bind-ro $work/tool\`"
        one_line
        expect 0 env PATH="$work/tool/bin:$PATH" "$LANYARD" run --as web --bind-ro "$work/tool" -- "$command"
    done
    rm -r "$work/tool" "$here/script" "$here/direct"
}
working_directories() {
    for place in / /tmp "$HOME" /run /proc; do
        cd "$place" || fail "no $place"
        expect 125 run --as web -- true
        one_line
    done
    for place in /usr/bin /etc; do
        cd $place || fail "no $place"
        expect 0 run --as web -- sh -c 'ls >/dev/null && ! touch lanyard-test 2>/dev/null'
    done
}

# --- rights ---

rights_are_gone() {
    expect 0 run --as web -- grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status
    for line in 'CapInh:	0000000000000000' 'CapPrm:	0000000000000000' 'CapEff:	0000000000000000' 'CapBnd:	0000000000000000' \
        'CapAmb:	0000000000000000' 'NoNewPrivs:	1'; do says out "$line"; done
}
mounts_and_network_cannot_change() {
    cat >"$here/try" <<'END'
umount /tmp && echo "umounted"
umount -l /proc/sys && echo "proc umounted"
mount -o remount,rw /usr && echo "remounted"
umount -l /etc/resolv.conf && echo "resolver umounted"
mount -t tmpfs none /mnt && echo "mounted"
ip addr add 10.1.2.3/32 dev lo && echo "address added"
ip link set lo down && echo "loopback down"
unshare -Urmn sh -c 'umount -l /; umount -l /tmp; umount -l /proc/sys; mount -o remount,rw,bind /usr; cat "$LANYARD_DATA"/*.key' && echo "key read"
unshare -Urm sh -c 'mount -o remount,rw,bind /usr && touch /usr/lanyard-test' && echo "system written"
unshare -Urmpf sh -c 'mount -t proc proc /mnt || mount -t proc proc /proc' && echo "another proc"
unshare -Ur sh -c 'ip addr add 10.1.2.3/32 dev lo; nsenter -t 1 -n true || nsenter -t 1 -m true' && echo "namespace entered"
exit 0
END
    expect 0 run --as web -- sh "$here/try"
    [ ! -s "$work/out" ] || fail "$(cat "$work/out")"
}
typing_is_refused() {
    expect 0 run --as web -- perl -e 'my $c = "x"; ioctl(STDIN, 0x5412, $c) and die; $!{EPERM} or die "$!"' # TIOCSTI
}
families_of_sockets() {
    for family in 40 38 31; do # vsock, alg, bluetooth: no network namespace holds them
        expect 0 run --as web -- perl -e 'socket(my $s, $ARGV[0], 1, 0) and die "family $ARGV[0]"; $!{EAFNOSUPPORT} or die "$!"' $family
    done
    expect 0 run --as web -- perl -e 'use Socket; socket(my $s, $_, SOCK_STREAM, 0) or die "$_: $!" for AF_UNIX, AF_INET, AF_INET6; socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or die'
}
# A server's sockets refuse what comes from another user namespace, even where nothing hides them.
doors_check_for_themselves() {
    expect 0 curl -s -m 5 --unix-socket "$LANYARD_DATA/admin.sock" http://x/lanyard/status
    said=$(unshare -Ur curl -s -m 5 --unix-socket "$LANYARD_DATA/admin.sock" http://x/lanyard/status) && fail "the admin socket answers: $said"
    [ -z "$said" ] || fail "the admin socket says $said"
    expect 125 unshare -Ur "$LANYARD" run --as web -- true
    says err 'in a sandbox'
}

# --- the server's own memory ---

memory_is_closed() {
    server=$(tail -n 1 "$work/servers")
    grep -qE '^Max core file size +0 +0 ' "/proc/$server/limits" || fail "$(grep core "/proc/$server/limits")"
    # What the kernel does not let be dumped belongs to root, whose server ever it is: to be looked into by nobody else.
    [ "$(stat -c %u "/proc/$server/environ")" -eq 0 ] || fail 'its memory is its user'"'"'s to read'
    [ "$(id -u)" -eq 0 ] || ! cat "/proc/$server/environ" >/dev/null 2>&1 || fail 'its environment can be read'
    [ "$(id -u)" -eq 0 ] || ! ls "/proc/$server/fd" >/dev/null 2>&1 || fail 'its files can be reached'
}
crash_leaves_no_core() {
    cat >"$work/crash" <<'END'
use strict; use warnings;
my ($lanyard, $data) = @ARGV;
my $pid = open(my $facts, '-|') // die;
if (!$pid) { exec $lanyard, 'up', '--port', '0', '--json', '--data', $data or die }
<$facts> // die 'it did not start';
kill 'ABRT', $pid;
waitpid $pid, 0;
exit(($? & 127) != 6 ? 3 : $? & 128 ? 2 : 0);
END
    # shellcheck disable=SC3045  # where the shell has no -c, the limit stays
    (ulimit -c unlimited 2>/dev/null; cd "$work" && expect 0 perl "$work/crash" "$LANYARD" "$work/crashed")
}

# --- the program's life ---

user_stays() {
    expect 0 run --as web -- sh -c 'id -u; id -g; stat -c %u "$0"' "$work"
    [ "$(tr '\n' ' ' <"$work/out")" = "$(id -u) $(id -g) $(stat -c %u "$work") " ] || fail "it is $(tr '\n' ' ' <"$work/out")"
}
status_is_passed_on() {
    expect 0 run --as web -- true
    expect 7 run --as web -- sh -c 'exit 7'
    expect 143 run --as web -- sh -c 'kill -TERM $$'
    expect 137 run --as web -- sh -c 'kill -KILL $$'
    expect 127 run --as web -- /nonexistent/program
    one_line
    expect 126 run --as web -- /etc/passwd
    one_line
    expect 125 run --as nobody-is-called-this -- true
    one_line
    expect 125 run -- true
    expect 125 run --as web
    expect 125 run --as web --no-such-option -- true
}
input_and_arguments_arrive() {
    expect 0 sh -c "echo 'through the pipe' | '$LANYARD' run --as web -- cat"
    says out 'through the pipe'
    expect 0 run --as web -- printf '%s|' 'a b' '' --help -- '*'
    [ "$(cat "$work/out")" = 'a b||--help|--|*|' ] || fail "$(cat "$work/out")"
    expect 0 run --as web printf '%s' --json
    says out --json
}
terminal_arrives() {
    expect 0 script -qec "'$LANYARD' run --as web -- sh -c 'tty; stty size >/dev/null && echo has-a-size'" /dev/null
    says out /dev/console
    says out has-a-size
}
environment_is_the_workloads() {
    expect 0 env AZURE_CLIENT_SECRET=s AZURE_TENANT_ID=t https_proxy=http://p HTTP_PROXY=http://p IDENTITY_ENDPOINT=http://x \
        AZURE_STORAGE_ACCOUNT=shop "$LANYARD" run --as web --env AZURE_CLIENT_ID=chosen -e SSL_CERT_FILE=/mine -- env
    for gone in AZURE_CLIENT_SECRET AZURE_TENANT_ID https_proxy HTTP_PROXY IDENTITY_ENDPOINT; do says_not out "$gone="; done
    for there in AZURE_STORAGE_ACCOUNT=shop AZURE_CLIENT_ID=chosen SSL_CERT_FILE=/mine; do says out "$there"; done
}
signals_are_passed_on() {
    for signal in TERM INT HUP USR1; do
        rm -f "$here/up"
        # A shell starts what runs in its background with SIGINT ignored.
        env --default-signal=$signal "$LANYARD" run --as web -- sh -c "trap 'exit 9' $signal; touch '$here/up'; $FOR_A_WHILE" &
        launcher=$!
        while [ ! -e "$here/up" ]; do sleep 0.05; done
        kill -$signal $launcher
        got=0
        wait $launcher || got=$?
        [ $got -eq 9 ] || fail "after SIG$signal it ended with $got"
    done
}
# Who holds the lock lives.
children_left_behind_end() {
    expect 0 run --as web -- sh -c 'flock lock sh -c "touch locked; sleep 60" & while [ ! -e locked ]; do sleep 0.05; done; exit 0'
    rm "$here/locked"
    flock -n "$here/lock" true || fail 'a child lives on'
}
orphans_are_reaped() {
    expect 0 run --as web -- sh -c 'for i in 1 2 3 4 5; do (sh -c "exit 3" &) ; done; sleep 0.3; grep -l "^State:.Z" /proc/[0-9]*/status; exit 0'
    [ ! -s "$work/out" ] || fail "left are $(cat "$work/out")"
}
killed_launcher_takes_all_down() {
    "$LANYARD" run --as web -- sh -c 'flock lock sh -c "touch locked; sleep 60" & flock lock2 sh -c "touch locked2; sleep 60"' &
    launcher=$!
    until [ -e "$here/locked" ] && [ -e "$here/locked2" ]; do kill -0 $launcher || fail 'it ended'; sleep 0.05; done
    kill -KILL $launcher
    wait $launcher
    for lock in lock lock2; do timeout 20 flock "$here/$lock" true || fail 'a process outlives the launcher'; done
    rm "$here/locked" "$here/locked2"
}
machine_made_again_is_another() {
    rm -f "$here/up" # another test's
    temp="$group/providers/Microsoft.Compute/virtualMachines/temp"
    machine temp >/dev/null
    run --as temp -- sh -c "$WHOAMI; touch up; i=0; while [ ! -e go ] && [ \$i -lt 400 ]; do sleep 0.05; i=\$((i + 1)); done; curl -s -m 5 -o /dev/null -w '%{http_code}\n' -H Metadata:true '$TOKEN'" >"$work/temp.out" 2>&1 &
    sandbox=$!
    until [ -e "$here/up" ]; do kill -0 $sandbox 2>/dev/null || fail "it ended: $(cat "$work/temp.out")"; sleep 0.05; done
    "$LANYARD" api DELETE "$temp?api-version=2024-07-01" >/dev/null || fail 'it cannot be deleted'
    second=$(machine temp)
    touch "$here/go"
    wait $sandbox
    rm "$here/up" "$here/go"
    [ "$(tail -n 1 "$work/temp.out")" = 400 ] || fail "the later machine's tokens: $(cat "$work/temp.out")"
    expect 0 run --as temp -- sh -c "$WHOAMI" # the control: who starts now is the new one
    says out "$second"
}
terminal_is_controlled() {
    expect 0 python3 "$top/tests/system/terminal.py" "$LANYARD" web
}
dead_server_is_told() {
    expect 125 env LANYARD_DATA="$work/nowhere" "$LANYARD" run --as web -- true
    says err "No server runs on $work/nowhere: start one with"
    one_line
}
forbidden_namespaces_are_told() {
    cat >"$work/forbid" <<'END'
echo 0 >/proc/sys/user/max_user_namespaces || exit 77
export LANYARD_DATA="$1/forbidden"
"$LANYARD" up --port 0 >"$1/forbidden.facts" 2>&1 &
server=$!
until [ -s "$1/forbidden.facts" ]; do sleep 0.05; done
"$LANYARD" shell </dev/null
status=$?
kill $server
wait $server
exit $status
END
    expect 125 unshare -Ur sh "$work/forbid" "$work"
    says err user.max_user_namespaces=0
    says err sysctl
    says err --no-sandbox
    one_line
}

covered_proc_is_told() {
    expect 0 "$LANYARD" shell --check
    says out 'Sandboxes can be made here'
    expect 125 unshare -Urm sh -c 'mount -t tmpfs none /proc/irq && exec "$LANYARD" shell --check'
    says err 'covers /proc/irq'
    one_line
    expect 125 run --as web --bind-ro "$LANYARD" -- "$LANYARD" shell --check
    says err 'in a sandbox already'
    one_line
}
filter_is_told() {
    [ "$(uname -m)" = x86_64 ] || exit 0
    cat >"$here/filtered" <<'END'
# clone with CLONE_NEWUSER fails with EPERM, as in a container.
my @steps = ([0x20, 0, 0, 0], [0x15, 0, 3, 56], [0x20, 0, 0, 16], [0x45, 0, 1, 0x10000000], [6, 0, 0, 0x50001], [6, 0, 0, 0x7fff0000]);
my $program = join '', map { pack 'SCCL', @$_ } @steps;
my $header = pack 'Sx6P', scalar @steps, $program;
syscall(157, 38, 1, 0, 0, 0) == 0 && syscall(157, 22, 2, $header, 0, 0) == 0 or die "no filter: $!";
exec @ARGV;
END
    expect 125 perl "$here/filtered" "$LANYARD" shell --check
    says err 'seccomp filter'
    one_line
}

# --- without a sandbox ---

host_token_is_its_own() {
    on_host=$(echo "$WHOAMI" | sed "s|http://169.254.169.254|'\$AZURE_POD_IDENTITY_AUTHORITY_HOST'|")
    expect 0 run --as web --no-sandbox -- sh -c "$on_host"
    says out "$web"
    expect 5 run --as web --no-sandbox -- sh -c 'exit 5'
    expect 125 "$LANYARD" shell --no-sandbox
    one_line
}
host_bundle_keeps_the_machines() {
    expect 0 run --as web --no-sandbox -- sh -c 'grep -c BEGIN "$SSL_CERT_FILE"'
    [ ! -s /etc/ssl/certs/ca-certificates.crt ] || [ "$(cat "$work/out")" -gt 1 ] || fail "the machine's authorities are gone"
}
host_token_is_for_one_user() {
    [ "$(id -u)" -eq 0 ] && setpriv --reuid nobody --regid nogroup --clear-groups true 2>/dev/null || exit 0
    expect 9 run --as web --no-sandbox -- setpriv --reuid nobody --regid nogroup --clear-groups \
        sh -c 'curl -s -m 5 -H Metadata:true "$AZURE_POD_IDENTITY_AUTHORITY_HOST/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net" || exit 9'
    [ ! -s "$work/out" ] || fail 'it was answered'
}

# --- for root: machines of other shapes, made in mount namespaces of the test's own ---

other_views_are_refused() {
    cat >"$here/views" <<'END'
mkdir "$1/alias" "$1/part" && mount --bind "$LANYARD_DATA" "$1/alias" && ls "$1/alias" | grep -q key || exit 77
touch "$1/part/key" && mount --bind "$(ls "$LANYARD_DATA"/*.key | head -n 1)" "$1/part/key" && [ -s "$1/part/key" ] || exit 77
for place in alias part part/key; do
    "$LANYARD" run --as web --bind-ro "$1/$place" -- true 2>"$1/said" && exit 9
    grep -q 'would show the data directory' "$1/said" || exit 8
done
cd "$1/part" && "$LANYARD" run --as web -- cat key && exit 7
exit 0
END
    expect 0 unshare -m sh "$here/views" "$work"
    [ ! -s "$work/out" ] || fail "it shows $(tr '\n' ' ' <"$work/out" | cut -c 1-100)"
}
resolver_stays() {
    cat >"$here/linked" <<'END'
mount -t tmpfs none /mnt && mkdir /mnt/up /mnt/work && mount -t overlay none -o lowerdir=/etc,upperdir=/mnt/up,workdir=/mnt/work /etc || exit 0
mount -t tmpfs none /run && mkdir -p /run/systemd/resolve || exit 77
echo 'nameserver 192.0.2.1' >/run/systemd/resolve/stub-resolv.conf
touch /run/systemd/resolve/io.systemd.Resolve
for shape in link file none; do
    rm -f /etc/resolv.conf
    [ $shape != link ] || ln -s ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
    [ $shape != file ] || echo 'nameserver 192.0.2.1' >/etc/resolv.conf
    "$LANYARD" run --as web -- sh -c 'getent hosts x.vault.azure.net >/dev/null || exit 8; [ ! -e /run/systemd/resolve/io.systemd.Resolve ] || exit 9' || exit
done
# The machine replaces its file, as at a change of network.
echo 'nameserver 192.0.2.1' >/etc/resolv.conf
"$LANYARD" run --as web -- sh -c 'touch up; while [ ! -e go ]; do sleep 0.05; done; getent hosts x.vault.azure.net' &
until [ -e up ]; do sleep 0.05; done
echo 'nameserver 192.0.2.2' >/etc/fresh && mv /etc/fresh /etc/resolv.conf && touch go
wait $!
END
    rm -f "$here/up" "$here/go"
    expect 0 unshare -m timeout 60 sh "$here/linked"
    rm -f "$here/up" "$here/go"
}
# In a mount namespace whose /run is the test's own: a bus made anew, an engine that comes later, and a mount.
machines_own_sockets_appear() {
    cat >"$here/run-later" <<'END'
mount --make-rshared / && mount -t tmpfs none /run && mkdir -p /run/user/0 "$1/here/below" || exit 77
perl -e "$2" "$1/before" /run/user/0/bus &
until [ -e "$1/before" ]; do sleep 0.05; done
"$LANYARD" run --as web -- sh -c 'touch up; while [ ! -e go ]; do sleep 0.05; done; perl -e "$0" /run/user/0/bus /run/docker.sock /run/podman.sock below/socket; ls below' "$3" &
until [ -e up ]; do sleep 0.05; done
rm "$1/before"; rm /run/user/0/bus
mkdir "$1/elsewhere" && mount --bind "$1/elsewhere" below || exit 77
perl -e "$2" "$1/after" /run/user/0/bus /run/docker.sock /run/podman.sock "$1/elsewhere/socket" &
until [ -e "$1/after" ]; do sleep 0.05; done
perl -e "$3" /run/user/0/bus && perl -e "$3" /run/docker.sock && perl -e "$3" below/socket || exit 77
echo control done
touch go
wait %2
rm "$1/after"
END
    rm -f "$here/up" "$here/go"
    expect 0 unshare -m timeout 60 sh "$here/run-later" "$work" "$LISTEN" "$CONNECT"
    rm -f "$here/up" "$here/go"
    [ "$(tail -n 1 "$work/out")" = 'control done' ] || fail "reached: $(cat "$work/out")"
}
roots_files_are_the_machines() {
    expect 1 run --as web -- sh -c '(: >>/proc/sys/kernel/core_pattern) 2>/dev/null || exit 1'
    expect 1 run --as web -- sh -c '(: >>/proc/sysrq-trigger) 2>/dev/null || exit 1'
    expect 1 run --as web -- sh -c 'ls /dev/vd* /dev/sd* /dev/nvme* /dev/mem /dev/kmsg 2>/dev/null || exit 1'
}
chroot_is_told() {
    cat >"$here/chrooted" <<'END'
mkdir "$1/root" && mount --rbind / "$1/root" || exit 77
exec chroot "$1/root" "$LANYARD" shell --check
END
    expect 125 unshare -m sh "$here/chrooted" "$work"
    says err 'as in a chroot'
    one_line
}

furnish() {
    group=/subscriptions/$(fact .subscription)/resourceGroups/app
    "$LANYARD" api PUT "$group?api-version=2022-09-01" '{"location":"westus"}' >/dev/null || fail 'no resource group'
    web=$(machine web)
    # shellcheck disable=SC2034  # a test names it by eval
    worker=$(machine worker)
}
on_its_own() {
    it "server: its memory is closed (T9), as $(id -un)" memory_is_closed
    it "server: a crash leaves no core (T9), as $(id -un)" crash_leaves_no_core
}
in_the_sandbox() {
    as=$1
    it "sandbox: a token of its own resource (T5), $as" token_is_its_own
    it "sandbox: two at once stay apart (T5), $as" two_sandboxes_stay_apart
    it "sandbox: Azure's names lead to the server, $as" names_lead_to_the_server
    it "sandbox: a resource by its id, $as" machine_by_its_id
    it "sandbox: a developer has no metadata endpoint, $as" developer_has_no_metadata
    it "sandbox: trusts the local authority alone, $as" certificates_are_ours_alone
    it "sandbox: no other name exists, $as" other_names_do_not_exist
    it "sandbox: the internet is refused, $as" internet_is_refused
    it "sandbox: the host's loopback is refused, $as" host_loopback_is_refused
    it "sandbox: abstract sockets are refused, $as" abstract_sockets_are_refused
    it "sandbox: the data directory is hidden, $as" data_directory_is_hidden
    it "sandbox: also as the working directory, $as" data_directory_as_working_directory
    it "sandbox: and by its other names, $as" data_directory_by_other_names
    it "sandbox: and when it is moved or made anew, $as" data_directory_changes
    it "sandbox: sockets that variables name are hidden, $as" sockets_named_by_variables
    it "sandbox: sockets that appear later are hidden, $as" sockets_that_appear_later
    it "sandbox: shared memory is its own, $as" memory_is_its_own
    it "sandbox: the session's keys are its own, $as" keys_are_its_own
    it "sandbox: the host's processes are hidden, $as" host_processes_are_hidden
    it "sandbox: its first process is closed, $as" first_process_is_closed
    it "sandbox: three files are open, $as" only_three_files_are_open
    it "sandbox: status says where it is, $as" status_says_where_it_is
    it "sandbox: files are its own, or to be read, $as" files_are_the_sandboxs
    it "sandbox: more is shown on demand, $as" more_is_shown_on_demand
    it "sandbox: a program that is not shown is named, $as" programs_elsewhere_are_named
    it "sandbox: working directories that are no project are refused, $as" working_directories
    it "sandbox: no capability is left, $as" rights_are_gone
    it "sandbox: mounts and network cannot change, $as" mounts_and_network_cannot_change
    it "sandbox: typing into the terminal is refused, $as" typing_is_refused
    it "sandbox: families of sockets that leave the machine are refused, $as" families_of_sockets
    it "sandbox: the server's sockets check for themselves (T5), $as" doors_check_for_themselves
    it "sandbox: the user stays, $as" user_stays
    it "sandbox: the status is passed on, $as" status_is_passed_on
    it "sandbox: input and arguments arrive, $as" input_and_arguments_arrive
    it "sandbox: the terminal arrives, $as" terminal_arrives
    it "sandbox: the environment is the workload's, $as" environment_is_the_workloads
    it "sandbox: signals are passed on, $as" signals_are_passed_on
    it "sandbox: Ctrl-C, Ctrl-Z and jobs, $as" terminal_is_controlled
    it "sandbox: children left behind end, $as" children_left_behind_end
    it "sandbox: orphans are reaped, $as" orphans_are_reaped
    it "sandbox: a machine made again is another one (T5), $as" machine_made_again_is_another
    it "sandbox: a killed launcher takes all down, $as" killed_launcher_takes_all_down
    it "sandbox: no server is told in one line, $as" dead_server_is_told
    it "sandbox: forbidden namespaces are told in one line, $as" forbidden_namespaces_are_told
    it "sandbox: a covered /proc is told in one line, $as" covered_proc_is_told
    it "sandbox: a filter is told in one line, $as" filter_is_told
}
on_the_host() {
    as=$1
    it "no sandbox: a token of its own resource, $as" host_token_is_its_own
    it "no sandbox: the machine's authorities stay trusted, $as" host_bundle_keeps_the_machines
    it "no sandbox: no other user is served (T5), $as" host_token_is_for_one_user
}

begin
here=$work/here
mkdir "$here"
export LANYARD_TEST_UP="$here/up"
start_server
cd "$here" || exit 1
furnish
on_its_own
on_the_host "as $(id -un)"
need_sandbox
in_the_sandbox "as $(id -un)"
if [ "$(id -u)" -eq 0 ]; then
    it 'sandbox: other views of the data directory are refused' other_views_are_refused
    it 'sandbox: the resolver stays, whatever the machine does with its own' resolver_stays
    it 'sandbox: a bus made anew, an engine and a mount that come later are hidden' machines_own_sockets_appear
    it 'sandbox: what root owns of the machine is closed to it' roots_files_are_the_machines
    it 'sandbox: a chroot is told in one line' chroot_is_told
    mkdir "$work/nobody"
    chown nobody:nogroup "$work/nobody"
    cp "$LANYARD" "$work/lanyard" # the checkout may be closed to others
    chmod 755 "$work/lanyard"
    cp -r "$top/tests" "$work/tests"
    chmod -R a+rX "$work/tests"
    (cd "$work" && LANYARD="$work/lanyard" HOME="$work/nobody" TMPDIR="$work/nobody" LANYARD_TEST_LOGS='' \
        setpriv --reuid nobody --regid nogroup --clear-groups sh tests/system/sandbox_test.sh) || failed=1
fi
finish
