#!/bin/sh
# test_plain_connect.sh - a plain connect(2) client goes where the mesh says,
# elsewhere when it is refused, and not at all where TLS is wanted.
. "${top_srcdir:-.}/examples/common.sh"

program=$top_builddir/examples/plain_connect
policy=$top_srcdir/examples/db

check "the example's policy is good" ends_with 0 analyze "$lmesh" analyze \
    --strict "$policy"
mkdir "$dir/policy"
cat "$policy/services.yaml" >"$dir/policy/services.yaml"
servers "$policy/endpoints.yaml" "$dir/policy/endpoints.yaml" one two three
MESH_POLICY=$dir/policy
export MESH_POLICY

check "a stream is explained" ends_with 0 explain "$lmesh" explain \
    --namespace shop --policy "$dir/policy" tcp://db:6000
check "with the rule that takes it" says explain "rule         tcp[1]"
check "with the one that does not, and why" says explain \
    "tcp[0]: it is for clients with other labels"

i=0
while [ "$i" -lt 20 ]; do
    echo PING
    i=$((i + 1))
done >"$dir/pings"
check "a stream has no headers" ends_with 2 explain "$lmesh" explain \
    --policy "$dir/policy" -H 'a: b' tcp://db:6000
check "but a port" ends_with 2 explain "$lmesh" explain \
    --policy "$dir/policy" tcp://db
check "the client begins" talk_to client "$program" db 6000
check "twenty connections" say_all client "$dir/pings" "PONG"
check "one server of the subset has its share" says client "+PONG one"
check "the other one too" says client "+PONG two"
check "nobody else has any" \
    [ "$(grep -c "PONG three" "$dir/client.out")" -eq 0 ]

check "a server ends" stop "$one_pid"
check "each line is answered all the same" \
    say_all client "$dir/pings" "PONG"
check "some after a refusal" says client "Connection refused"
check "which ejects the server" says client ":$one_port ejected"
sleep 2 # ejections reach the balancer at most once a second
refused=$(grep -c "Connection refused" "$dir/client.out")
check "twenty more lines" say_all client "$dir/pings" "PONG"
check "nobody is sent there any more" \
    [ "$refused" -eq "$(grep -c "Connection refused" "$dir/client.out")" ]
check "the other one ends" stop "$two_pid"
check "and the client, with a failure" hang_up 1 "$dir/pings"
check "because nobody is left" tells client "no endpoint that may be used"

MESH_LABELS=app=tester
export MESH_LABELS
echo PING >"$dir/line"
check "a client with other labels goes elsewhere" from "$dir/line" tester \
    "$program" db 6000
check "by another rule" says tester "PONG three"

sed 's/tls: {mode: DISABLE}/tls: {mode: ISTIO_MUTUAL}/' \
    "$policy/services.yaml" >"$dir/policy/services.yaml"
check "where TLS is wanted" fails_from "$dir/line" mutual "$program" db 6000
check "no byte is sent" tells mutual "wants TLS (istio_mutual)"
check "an unknown service has no address here" \
    fails_from "$dir/line" nobody "$program" nobody 6000
check "and that is said" tells nobody "an address that was not set"
finish
