# az.sh - what the tests of the az CLI share: Debian 12's az (2.45), unmodified, in the sandbox as a machine or another resource.
#
# Its commands for machines, secrets and role assignments are broken in that package itself: `az rest` stands for them.

AZ_TIMEOUT_S=180 # a sanitizer's build on a busy machine
READER=acdd72a7-3385-48ef-bd42-f606fba81ae7 OWNER=8e3af657-a8ff-443c-a75c-2fe8c4bcb635

api() { "$LANYARD" api "$@" >"$work/out" 2>"$work/err" || fail "api $*: $(cat "$work/err")"; }

grant() { # ROLE SCOPE
    api PUT "$2/providers/Microsoft.Authorization/roleAssignments/$(cat /proc/sys/kernel/random/uuid)?api-version=2022-04-01" \
        "{\"properties\":{\"roleDefinitionId\":\"/providers/Microsoft.Authorization/roleDefinitions/$1\",\"principalId\":\"$principal\"}}"
}

# sandbox_as_runner [VARIABLE=VALUE...] -- COMMAND...
sandbox_as_runner() {
    variables=''
    while [ "$1" != -- ]; do
        variables="$variables --env $1" # without blanks
        shift
    done
    shift
    # shellcheck disable=SC2086  # words
    timeout "$AZ_TIMEOUT_S" "$LANYARD" run --as "${runner:-runner}" --bind "$work/azure" --env "AZURE_CONFIG_DIR=$work/azure" --env AZURE_CORE_COLLECT_TELEMETRY=no \
        --env AZURE_CORE_NO_COLOR=1 --env AZURE_CORE_ONLY_SHOW_ERRORS=yes $variables -- "$@"
}

# az ARGUMENT...: in the sandbox, as the machine `runner`, or as $runner. What it prints is in $work/out and $work/err.
az_as_runner() {
    sandbox_as_runner -- az "$@" >"$work/out" 2>"$work/err" ||
        fail "az $*: $(grep -v '^$' "$work/err" | tail -n 3 | tr '\n' ' ')"
}

# az_table [VARIABLE=VALUE...]: one sandbox for many commands. Each line of standard input is `WANT | arguments of az`: what az prints as tsv, its lines
# and cells with commas between. `-` is anything, `!WORDS` must fail with these words, `NAME=` keeps what it printed as $NAME for the lines below.
az_table() {
    cat >"$work/azure/table.sh" <<'TABLE'
n=0
while IFS='|' read -r want command; do
    [ -n "$command" ] || continue
    want=$(eval "printf %s \"$want\"" | sed 's/ *$//')
    n=$((n + 1)) status=0
    got=$(eval "az $command -o tsv" 2>"$HOME/err" </dev/null) || status=$?
    got=$(printf %s "$got" | tr '\n\t' ',,')
    case $want in
    !*) grep -qF -- "${want#!}" "$HOME/err" && [ "$status" -ne 0 ] && continue ;;
    [A-Z]*=) [ -n "$got" ] && [ "$status" -eq 0 ] && eval "export $want\$got" && continue ;;
    -) [ "$status" -eq 0 ] && continue ;;
    *) [ "$status" -eq 0 ] && [ "$got" = "$want" ] && continue ;;
    esac
    echo "az$command ends with $status and '$got', not '$want': $(grep -v '^$' "$HOME/err" | tail -n 2 | tr '\n' ' ')"
    exit 1
done
[ "$n" -gt 0 ] || { echo 'no command was run'; exit 1; }
TABLE
    sandbox_as_runner "$@" -- sh "$work/azure/table.sh" >"$work/out" 2>"$work/err" || fail "$(cat "$work/out" "$work/err" | tail -n 1)"
}

# begin_az: a server, a resource group `az`, and the machine `runner` in it with an identity that has no role yet: $principal.
begin_az() {
    begin
    mkdir "$work/azure" # what az keeps of a login, from one sandbox to the next
    if ! command -v az >/dev/null 2>&1; then
        skip 'az: all' 'az is not installed'
        finish
    fi
    unshare --user --map-root-user --net --mount true 2>/dev/null || {
        skip 'az: all' 'user namespaces are forbidden here'
        finish
    }
    start_server
    subscription=/subscriptions/$(fact .subscription)
    group=$subscription/resourceGroups/az
    api PUT "$group?api-version=2022-09-01" '{"location":"westeurope"}'
    api PUT "$group/providers/Microsoft.Compute/virtualMachines/runner?api-version=2024-07-01" '{"location":"westeurope","identity":{"type":"SystemAssigned"}}'
    principal=$(jq -r .identity.principalId "$work/out")
}
