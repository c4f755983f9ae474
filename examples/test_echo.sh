#!/bin/sh
# test_echo.sh - examples/echo: a protocol of one's own over mutual TLS.
. "${top_srcdir:-.}/examples/common.sh"

echo=$top_builddir/examples/echo

check "a CA and two identities" identities client echo
mkdir "$dir/there" "$dir/here"
strict_policy "$dir/there/policy.yaml"
check "the listener listens" begin listener env MESH_POLICY="$dir/there" \
    MESH_IDENTITY="$dir/echo" "$echo" listen 127.0.0.1:0
service_policy "$dir/here/policy.yaml" echo "$address" tcp
check "bytes go there and back" run client env MESH_POLICY="$dir/here" \
    MESH_IDENTITY="$dir/client" "$echo" connect echo:80 "a word of ours"
check "they are the same bytes" says client "a word of ours"
check "the client knows who answered" says client \
    "peer spiffe://cluster.local/ns/shop/sa/echo"
check "the listener ends with its peer" reap "$pid"
check "and knows who came" says listener \
    "peer spiffe://cluster.local/ns/shop/sa/client"
check "without a listener there is no stream" ends_with 1 client \
    env MESH_POLICY="$dir/here" MESH_IDENTITY="$dir/client" \
    "$echo" connect echo:80 "a word of ours"
check "an unknown service has no stream" ends_with 1 client \
    env MESH_POLICY="$dir/here" MESH_IDENTITY="$dir/client" \
    "$echo" connect nobody:80 "a word of ours"
finish
