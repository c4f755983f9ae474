#!/bin/sh
# test_poll_client.sh - many calls in one thread on a poll(2) loop.
. "${top_srcdir:-.}/examples/common.sh"

poll_client=$top_builddir/examples/poll_client

check "a CA and two identities" identities client greeter
mkdir "$dir/there" "$dir/here"
strict_policy "$dir/there/policy.yaml"
check "the server listens" begin server env MESH_POLICY="$dir/there" \
    MESH_IDENTITY="$dir/greeter" "$top_builddir/examples/server" \
    127.0.0.1:0 16
service_policy "$dir/here/policy.yaml" greeter "$address" http
check "sixteen calls end" run client env MESH_POLICY="$dir/here" \
    MESH_IDENTITY="$dir/client" "$poll_client" http://greeter/ 16
each_once() {
    [ "$(sed -n 's/^call \([0-9]*\): status 200, MESH_OK$/\1/p' \
        "$dir/client.out" | sort -n | uniq | wc -l)" -eq 16 ]
}
check "each with its own answer, once" each_once
check "the server has answered all of them" reap "$pid"
finish
