#!/bin/sh
# test_resp.sh - each command of a Redis-like protocol goes where its key and
# class belong, and is tried again as the policy says.
. "${top_srcdir:-.}/examples/common.sh"

program=$top_builddir/examples/resp_client
policy=$top_srcdir/examples/cache

check "the example's policy is good" ends_with 0 analyze "$lmesh" analyze \
    "$policy"
mkdir "$dir/policy"
cat "$policy/services.yaml" >"$dir/policy/services.yaml"
servers "$policy/endpoints.yaml" "$dir/policy/endpoints.yaml" three four
followers="127.0.0.1:$three_port 127.0.0.1:$four_port"
servers "$dir/policy/endpoints.yaml" "$dir/policy/endpoints.yaml" one two
MESH_POLICY=$dir/policy
export MESH_POLICY

# all_keys VERB [VALUE] - the command for each of forty keys
all_keys() {
    key=0
    while [ "$key" -lt 40 ]; do
        echo "$1 key-$key ${2:-}"
        key=$((key + 1))
    done
}

# pairs VERB - each key with each server that answered for it
pairs() {
    sed -n "s/^$1 \(key-[0-9]*\): \(cache-[a-z]*\): .*/\1 \2/p" \
        "$dir/client.out" | sort -u
}

# those VERB - the servers that answered
those() {
    pairs "$1" | cut -d' ' -f2 | sort -u | tr '\n' ' '
}

check "the client begins" talk_to client "$program" cache 6379
all_keys SET red >"$dir/set"
all_keys GET >"$dir/get"
check "forty keys are set" say_all client "$dir/set" ": OK$"
check "and read" say_all client "$dir/get" ": red$"
check "and set again" say_all client "$dir/set" ": OK$"
check "and read again" say_all client "$dir/get" ": red$"
check "a key has one server for writes" [ "$(pairs SET | wc -l)" -eq 40 ]
check "and one for reads" [ "$(pairs GET | wc -l)" -eq 40 ]
check "writes are for primaries, which share the keys" \
    [ "$(those SET)" = "cache-one cache-two " ]
check "reads are for replicas, which share them too" \
    [ "$(those GET)" = "cache-four cache-three " ]

check "a replica ends" stop "$three_pid"
for round in 1 2 3; do
    check "every key is read all the same, $round" say_all client "$dir/get" ": red$"
done
check "after another try" says client "cache-three: no connection"
check "which its connection needed, too" says client \
    "cache-three: the connection broke"
check "and it is ejected" says client ":$three_port ejected"

check "a primary ends" stop "$two_pid"
check "the client goes on, with a failure" hang_up 1 "$dir/set"
check "but what may have been done is not done twice" says client \
    "cache-two: the connection broke"
check "a new client is refused there, and goes elsewhere" \
    from "$dir/set" later "$program" cache 6379
check "as the policy says" says later "cache-two: no connection"
check "with an answer for each" \
    [ "$(grep -c ': OK$' "$dir/later.out")" -eq 40 ]
finish
