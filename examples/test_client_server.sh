#!/bin/sh
# test_client_server.sh - examples/client asks examples/server.
. "${top_srcdir:-.}/examples/common.sh"

client=$top_builddir/examples/client
server=$top_builddir/examples/server

check "a CA and two identities" identities client greeter
mkdir "$dir/there" "$dir/here"
strict_policy "$dir/there/policy.yaml"
check "the server listens" begin server env MESH_POLICY="$dir/there" \
    MESH_IDENTITY="$dir/greeter" "$server" 127.0.0.1:0 1
service_policy "$dir/here/policy.yaml" greeter "$address" http
check "the client has an answer" run client env MESH_POLICY="$dir/here" \
    MESH_IDENTITY="$dir/client" "$client" http://greeter/
check "it is the server's, which knows who asked" says client \
    "200 hello, spiffe://cluster.local/ns/shop/sa/client"
check "the server ends after one request" reap "$pid"
check "without a server the client fails" ends_with 1 client \
    env MESH_POLICY="$dir/here" MESH_IDENTITY="$dir/client" \
    "$client" http://greeter/
check "with the answer that a sidecar gives" says client "503 upstream connect"
check "and says why" tells client "client: "
check "without a policy the client does not start" ends_with 1 client \
    env MESH_POLICY="$dir/none" MESH_IDENTITY="$dir/client" \
    "$client" http://greeter/
finish
