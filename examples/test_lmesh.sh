#!/bin/sh
# test_lmesh.sh - every verb of lmesh, as a person and as a program use it.
. "${top_srcdir:-.}/examples/common.sh"

policy=$top_srcdir/examples/canary/policy
pay="--policy $policy --namespace production --labels app=payment-service"
gateway=spiffe://cluster.local/ns/production/sa/api-gateway

# json NAME EXPRESSION - the output of NAME is one JSON value d, and the Python
# expression holds
json() {
    python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
sys.exit(not eval("(" + sys.argv[2] + ")"))' "$dir/$1.out" "$2"
}

# --- the table of verbs ---
check "help names every verb" run help "$lmesh" help
for verb in analyze coverage explain authz test call serve ca trace spiffe; do
    check "help $verb has a usage" ends_with 0 help "$lmesh" help $verb
    check "$verb is in it" says help "usage: lmesh $verb"
    check "$verb --surprise is wrong usage" ends_with 2 help \
        "$lmesh" $verb --surprise
done
check "no verb is wrong usage" ends_with 2 help "$lmesh"
check "an unknown verb is wrong usage" ends_with 2 help "$lmesh" fly
check "--version names the library" run version "$lmesh" --version
check "and its TLS engine" says version "mbedTLS"

# --- analyze, coverage ---
check "the canary's policy has no findings that matter" ends_with 0 analyze \
    "$lmesh" analyze -o json "$policy"
check "all its documents were seen" json analyze \
    'd["documents"] == 16 and d["errors"] == 0 and d["refused"] == 0'
mkdir "$dir/bad"
sed 's/consecutive5xxErrors/consecutive5xError/' "$policy/api-gateway.yaml" \
    >"$dir/bad/api-gateway.yaml"
check "a field spelled wrong is an error" ends_with 1 analyze \
    "$lmesh" analyze "$dir/bad"
check "with its place" says analyze "api-gateway.yaml:44:7: error: "
check "and a suggestion" says analyze "consecutive5xxErrors"
check "for programs too" ends_with 1 analyze "$lmesh" analyze -o json \
    "$dir/bad"
check "with the same place" json analyze \
    '[x for x in d["diagnostics"] if x["line"] == 44 and x["column"] == 7
      and x["severity"] == "error" and x["code"] and x["path"] and x["message"]
      and x["resource"] and x["file"].endswith("api-gateway.yaml")]'
check "no such directory is a finding" ends_with 1 analyze "$lmesh" analyze \
    "$dir/nowhere"
check "an empty one is a finding" ends_with 1 analyze "$lmesh" analyze "$dir/ca"
check "coverage lists the fields" ends_with 0 coverage "$lmesh" coverage \
    "$policy"
check "one line each" says coverage "consecutive5xxErrors"
check "for programs too" ends_with 0 coverage "$lmesh" coverage -o json \
    "$policy"
check "each with a status" json coverage \
    'len(d["fields"]) > 50 and all(x["status"] in
     ("enforced", "noted", "refused") and x["line"] for x in d["fields"])'

# --- explain ---
check "explain, for people" ends_with 0 explain "$lmesh" explain \
    --policy "$policy" --namespace production http://api-gateway/
check "names the destination" says explain "api-gateway"
check "explain, for programs" ends_with 0 explain "$lmesh" explain -o json \
    --policy "$policy" --namespace production -H 'x-canary: true' \
    http://api-gateway/
check "the header chose v2" json explain \
    'd["destination"]["subset"] == "v2" and len(d["endpoints"]) == 1'
check "with the certificate's names expected" json explain \
    'd["tls"]["principals"]'
check "explain a policy with retries" ends_with 0 explain "$lmesh" explain \
    -o json --policy "$policy" --namespace production -X POST \
    http://payment-service/api/v1/charge
check "timeout and retries are the policy's" json explain \
    'd["timeout_ms"] == 5000 and d["retries"]["attempts"] == 3
     and d["retries"]["per_try_timeout_ms"] == 2000'
check "the same seed, the same decision" run explain2 "$lmesh" explain \
    -o json --policy "$policy" --namespace production --seed 7 \
    http://api-gateway/
run explain3 "$lmesh" explain -o json --policy "$policy" \
    --namespace production --seed 7 http://api-gateway/
check "word for word" cmp "$dir/explain2.out" "$dir/explain3.out"

# --- authz ---
check "the gateway may charge" ends_with 0 authz "$lmesh" authz $pay -o json \
    --principal "$gateway" -X POST /api/v1/charge
check "and the policy is named" json authz \
    'd["verdict"] == "allow" and "payment-service-authz" in d["policy"]'
check "it may not look" ends_with 1 authz "$lmesh" authz $pay -o json \
    --principal "$gateway" -X GET /api/v1/charge
check "and the reason is given" json authz \
    'd["verdict"] == "deny" and d["reason"]'
check "another account may not charge" ends_with 1 authz "$lmesh" authz $pay \
    --principal cluster.local/ns/production/sa/web -X POST /api/v1/charge
check "plaintext is rejected" ends_with 1 authz "$lmesh" authz $pay -o json \
    -X POST /api/v1/charge
check "before any policy looks" json authz 'd["verdict"] == "reject"'
check "claims cannot be proven yet" ends_with 2 authz "$lmesh" authz $pay \
    --claims '{}' /api/v1/charge

# --- test ---
tests=$top_srcdir/examples/canary/tests.yaml
check "the canary does what it is meant to do" ends_with 0 test "$lmesh" test \
    --reached "$tests"
check "and each case says so" says test "11 cases: 11 passed, 0 failed"
check "no rule was left out" says test "ok    every rule is reached"
check "with the shares that were drawn" says test "(v1 89.45 %, v2 10.55 %)"
check "the fast one does too" ends_with 0 test "$lmesh" test \
    --policy "$top_srcdir/examples/canary/policy-fast" "$tests"
mkdir "$dir/changed"
cp "$policy"/*.yaml "$dir/changed"
chmod u+w "$dir/changed"/*.yaml
sed 's/weight: 90/weight: 80/; s/weight: 10$/weight: 20/' \
    "$policy/api-gateway.yaml" >"$dir/changed/api-gateway.yaml"
sed 's/timeout: 5s/timeout: 6s/; s/"POST"/"GET"/' \
    "$policy/payment-service.yaml" >"$dir/changed/payment-service.yaml"
check "a changed policy fails" ends_with 1 test "$lmesh" test \
    --policy "$dir/changed" -o json "$tests"
check "in what was changed, with the line that says so" json test '
    [(x["name"], [y["path"] for y in x["failures"]]) for x in d["cases"]
     if x["status"] != "passed"] ==
    [("nine of ten requests see v1",
      ["distribution.subsets.v1", "distribution.subsets.v2"]),
     ("an endpoint of v1 that fails can be ejected",
      ["expect.destination.weight"]),
     ("a charge is bounded and tried again", ["expect.timeout"]),
     ("the gateway may charge",
      ["expect.verdict", "expect.rule"]),
     ("the gateway may not look",
      ["expect.verdict", "expect.reason"])]
    and all(y["decided_at"].startswith(sys.argv[1][:-9]) for x in d["cases"]
            for y in x.get("failures", []))'

# --- trace, spiffe ---
check "a trace goes on" ends_with 0 trace "$lmesh" trace -o json \
    00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
check "with its ids" json trace 'd["decision"] == "continue" and
    d["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736" and d["sampled"]'
check "for people" run trace "$lmesh" trace \
    00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
check "line by line" says trace "00f067aa0ba902b7"
check "a broken one begins anew" run trace "$lmesh" trace -o json \
    00-00000000000000000000000000000000-00f067aa0ba902b7-01
check "and says so" json trace 'd["decision"] == "restart"'
check "an id is read" ends_with 0 spiffe "$lmesh" spiffe -o json "$gateway"
check "in parts" json spiffe 'd["valid"] and d["namespace"] == "production"
    and d["service_account"] == "api-gateway"'
check "a bad id is a finding" ends_with 1 spiffe "$lmesh" spiffe -o json \
    spiffe://UPPER/ns/a/sa/b
check "with its reason" json spiffe 'not d["valid"] and d["reason"]'

# --- ca ---
check "a CA and identities" identities client echo
key_is_private() {
    [ "$(stat -c %a "$dir/echo/key.pem" "$dir/ca/ca-key.pem" | sort -u)" = 600 ]
}
check "keys are for their owner alone" key_is_private
check "an existing CA is left alone" ends_with 2 ca "$lmesh" ca init "$dir/ca"
check "without a CA nothing is issued" ends_with 3 ca "$lmesh" ca issue \
    "$dir/nowhere" --namespace shop --service-account a
check "a strange ttl is wrong usage" ends_with 2 ca "$lmesh" ca issue \
    "$dir/ca" --namespace shop --service-account a --ttl forever
check "an expired certificate can be had" ends_with 0 ca "$lmesh" ca issue \
    "$dir/ca" --namespace shop --service-account late --ttl -20s \
    --out "$dir/late"
check "but nobody starts with it" ends_with 1 call "$lmesh" call \
    --policy "$policy" --identity "$dir/late" http://echo/
check "and it is said why" tells call "MESH_ERR_CERTIFICATE"

# --- serve, call ---
mkdir "$dir/there" "$dir/here"
strict_policy "$dir/there/policy.yaml"
check "serve listens" begin serve "$lmesh" serve --policy "$dir/there" \
    --identity "$dir/echo" --listen 127.0.0.1:0 --name echo-1 --fail 50:503
server=$pid
service_policy "$dir/here/policy.yaml" echo "$address" http
call="--policy $dir/here --identity $dir/client"
check "half of the requests fail" ends_with 1 call "$lmesh" call $call \
    -o json -n 20 -c 2 -H 'x-word: "quoted"' -d 'a body' http://echo/p?q=1
check "exactly half" json call \
    'sorted(x["status"] for x in d["requests"]) == [200] * 10 + [503] * 10'
check "the summary agrees" json call 'd["summary"]["requests"] == 20
    and d["summary"]["failed"] == 10 and d["summary"]["destinations"]'
check "the echo is what was sent" json call \
    'all((lambda e: (e["method"], e["path"], e["body"], e["workload"]) ==
      ("POST", "/p?q=1", "a body", "echo-1") and
      ["x-word", "\"quoted\""] in e["headers"] and
      e["principal"].endswith("/ns/shop/sa/client"))(json.loads(x["body"]))
     for x in d["requests"])'
check "over mutual TLS" json call 'all(x["protocol"].startswith("TLSv1.")
    and x["principal"].endswith("/ns/shop/sa/echo") for x in d["requests"])'
head -c 200000 /dev/zero | tr '\0' 'x' >"$dir/large"
printf 'a\377b\303\251' >"$dir/strange"
kill -USR1 "$server"
sleep 1
check "SIGUSR1 makes it well" ends_with 0 call "$lmesh" call $call -n 8 \
    http://echo/
check "and the summary is for people" says call "8 requests in"
check "one request shows its answer" ends_with 0 call "$lmesh" call $call \
    http://echo/
check "in full" says call '"workload": "echo-1"'
check "a large body is taken" ends_with 0 call "$lmesh" call $call -o json \
    -d "@$dir/large" http://echo/
check "and its first 64 KiB are echoed" json call \
    'json.loads(d["requests"][0]["body"])["body"] == "x" * 65536'
check "a body that is no UTF-8 is taken" ends_with 0 call "$lmesh" call \
    $call -o json -d "@$dir/strange" http://echo/
check "and echoed as far as JSON goes" json call \
    'json.loads(d["requests"][0]["body"])["body"] == "a\ufffdb\u00e9"'
check "a body that is not there is told" ends_with 3 call "$lmesh" call \
    $call -d "@$dir/nowhere" http://echo/
check "SIGTERM ends it in order" end "$server"
check "nobody there is not reached" ends_with 3 call "$lmesh" call $call \
    http://echo/
finish
