#!/bin/sh
# test_canary.sh - the canary's gateway and a payment service, on free ports.
# All of it, on its own addresses, is `scripts/demo`.
. "${top_srcdir:-.}/examples/common.sh"

policy=$top_srcdir/examples/canary/policy
gateway=$top_builddir/examples/canary/api-gateway
namespace=production

# placed DIRECTORY NAME ADDRESS - every workload of NAME is at ADDRESS
placed() {
    sed "/name: $2-/,/labels/{
        s/address: .*/address: ${3%:*}/
        s/http: 18080/http: ${3##*:}/
    }" "$1/topology.yaml" >"$1/new" && mv "$1/new" "$1/topology.yaml"
}

check "a CA and identities" identities api-gateway payment-service web
cp -R "$policy" "$dir/policy"
chmod -R u+w "$dir/policy"
check "payment-service listens" begin payment "$lmesh" serve \
    --policy "$dir/policy" --identity "$dir/payment-service" \
    --labels app=payment-service --listen 127.0.0.1:0 --name payment-a
payment=$pid
check "its place is known" placed "$dir/policy" payment "$address"
check "api-gateway listens" begin gateway env MESH_POLICY="$dir/policy" \
    MESH_IDENTITY="$dir/api-gateway" MESH_LABELS=app=api-gateway,version=v1 \
    "$gateway" 127.0.0.1:0 api-gateway-v1a
check "its place is known" placed "$dir/policy" api-gateway "$address"
call="--policy $dir/policy --identity $dir/web"
check "the front page answers" ends_with 0 call "$lmesh" call $call \
    http://api-gateway/
check "and greets by name" says call \
    "api-gateway-v1a greets spiffe://cluster.local/ns/production/sa/web"
check "checkout charges" ends_with 0 call "$lmesh" call $call -v \
    http://api-gateway/checkout
check "payment-service knows the gateway" says call \
    '"principal": "spiffe://cluster.local/ns/production/sa/api-gateway"'
check "nobody else may charge" ends_with 1 call "$lmesh" call $call \
    -d x http://payment-service/api/v1/charge
check "and is told" says call "RBAC: access denied"
check "the gateway ends in order" end "$pid"
check "payment-service ends in order" end "$payment"
check "it wrote down why" tells payment "payment-service-authz rule 0"
finish
