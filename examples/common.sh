# common.sh - what the tests of the examples share; each sources it first.
#
# Each counts checks, tells what fails, and ends with `N checks, M failed`.
# $MESH_RUN, when set, stands before each program (valgrind). Ports are taken
# free; policies are written when they are known.
set -u

top_srcdir=${top_srcdir:-.}
top_builddir=${top_builddir:-.}
lmesh=$top_builddir/tools/lmesh
checks=0
failed=0
children=
dir=$(mktemp -d "${TMPDIR:-/tmp}/mesh-example.XXXXXX") || exit 1

# No setting of whoever runs this may reach the programs.
unset MESH_POLICY MESH_IDENTITY MESH_NAMESPACE MESH_SERVICE_ACCOUNT \
    MESH_TRUST_DOMAIN MESH_ADDRESS MESH_LOCALITY MESH_ACCESS_LOG \
    OTEL_EXPORTER_OTLP_ENDPOINT
MESH_LABELS=app=example
export MESH_LABELS

clean_up() {
    for child in $children; do
        kill "$child" 2>/dev/null
        wait "$child" 2>/dev/null
    done
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# check CLAIM COMMAND... - one check
check() {
    claim=$1
    shift
    checks=$((checks + 1))
    if "$@"; then
        echo "ok: $claim"
    else
        echo "FAILED: $claim"
        failed=$((failed + 1))
        for file in "$dir"/*.out "$dir"/*.err; do
            [ ! -s "$file" ] || { echo "--- $file"; head -c 800 "$file"; }
        done
    fi
}

finish() {
    clean_up
    trap - EXIT
    echo "$checks checks, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}

# run NAME PROGRAM... - to its end; its output in $dir/NAME.out and NAME.err
run() {
    name=$1
    shift
    ${MESH_RUN:-} "$@" >"$dir/$name.out" 2>"$dir/$name.err"
}

# ends_with CODE NAME PROGRAM... - run, and compare the exit status
ends_with() {
    want=$1
    shift
    run "$@"
    got=$?
    [ "$got" -eq "$want" ] || { echo "ended with $got, not $want"; false; }
}

# begin NAME PROGRAM... - beside us, until it says where it listens: $address
# and its $pid
begin() {
    name=$1
    shift
    : >"$dir/$name.out"
    ${MESH_RUN:-} "$@" >"$dir/$name.out" 2>"$dir/$name.err" &
    pid=$!
    children="$children $pid"
    tries=0
    address=
    while [ -z "$address" ] && [ "$tries" -lt 600 ] &&
        kill -0 "$pid" 2>/dev/null; do
        sleep 0.1
        address=$(sed -n 's/^listening on \([0-9.:]*\).*/\1/p' \
            "$dir/$name.out")
        tries=$((tries + 1))
    done
    [ -n "$address" ]
}

# end PID - with SIGTERM; whether it ended well
end() {
    kill "$1" && wait "$1"
}

# reap PID - it ends by itself; whether it ended well
reap() {
    wait "$1"
}

# says NAME TEXT - the output of NAME has this text
says() {
    grep -F -q -e "$2" "$dir/$1.out"
}

# tells NAME TEXT - its standard error has it
tells() {
    grep -F -q -e "$2" "$dir/$1.err"
}

# identities ACCOUNT... - a CA, and a certificate each in $dir/ACCOUNT, of
# $namespace
namespace=shop
identities() {
    run ca "$lmesh" ca init "$dir/ca" --trust-domain cluster.local || return 1
    for account; do
        run ca "$lmesh" ca issue "$dir/ca" --namespace "$namespace" \
            --service-account "$account" --out "$dir/$account" || return 1
    done
}

# strict_policy FILE - mutual TLS for everybody
strict_policy() {
    cat >"$1" <<END
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
END
}

# service_policy FILE NAME ADDRESS PROTOCOL - where a service is, and strict;
# it proves to be the account of its own name
service_policy() {
    strict_policy "$1"
    cat >>"$1" <<END
---
apiVersion: v1
kind: Service
metadata: {name: $2, namespace: shop}
spec:
  selector: {app: $2}
  ports: [{name: $4, port: 80, targetPort: 8080}]
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: $2-1, namespace: shop}
spec:
  address: ${3%:*}
  ports: {$4: ${3##*:}}
  labels: {app: $2}
  serviceAccount: $2
END
}

# --- programs that read lines, and servers that speak no HTTP ---

# servers FROM TO NAME... - a resp_server for each, beside us: $NAME_port and
# $NAME_pid; the policy FROM with these ports becomes TO. $followers are told
# what is set there.
followers=
servers() {
    from=$1
    to=$2
    shift 2
    for server; do
        # shellcheck disable=SC2086
        check "server $server listens" begin "$server" \
            "$top_builddir/examples/resp_server" "$server" $followers
        eval "${server}_port=\${address##*:} ${server}_pid=\$pid"
        awk -v name="$server" -v port="${address##*:}" '
            $1 == "metadata:" { mine = index($0, "-" name ",") }
            $1 == "ports:" && mine { sub(/[0-9]+/, port) }
            { print }' "$from" >"$dir/servers"
        mv "$dir/servers" "$dir/servers.$server"
        from=$dir/servers.$server
    done
    cat "$from" >"$to"
}

# stop PID - a server, whether or not it likes that
stop() {
    kill -9 "$1" && ! wait "$1" 2>/dev/null
}

# from FILE NAME PROGRAM... - run, with lines to read
from() {
    lines=$1
    shift
    run "$@" <"$lines"
}

# fails_from FILE NAME PROGRAM... - the same; whether it ends with 1
fails_from() {
    from "$@"
    [ $? -eq 1 ]
}

# talk_to NAME PROGRAM... - beside us, reading what say_all says
talk_to() {
    name=$1
    shift
    mkfifo "$dir/$name.in" || return 1
    ${MESH_RUN:-} "$@" <"$dir/$name.in" >"$dir/$name.out" \
        2>"$dir/$name.err" &
    talker=$!
    children="$children $talker"
    exec 9>"$dir/$name.in"
}

# say_all NAME FILE PATTERN - give it these lines; whether each gets an answer,
# a line that fits PATTERN
say_all() {
    wanted=$(($(grep -c -e "$3" "$dir/$1.out") + $(wc -l <"$2")))
    tries=0
    cat "$2" >&9 || return 1
    while [ "$tries" -lt 300 ] && kill -0 "$talker" 2>/dev/null &&
        [ "$(grep -c -e "$3" "$dir/$1.out")" -lt "$wanted" ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    [ "$(grep -c -e "$3" "$dir/$1.out")" -eq "$wanted" ]
}

# hang_up CODE FILE - give it the last lines; whether it ends with CODE
hang_up() {
    cat "$2" >&9
    exec 9>&-
    wait "$talker"
    [ $? -eq "$1" ]
}
