# handshake13.sh BUILD - lmesh and OpenSSL shake hands in TLS 1.3 with
# certificates of lmesh's own CA, and each sees the other's name.
set -eu

build=$1
here=$(mktemp -d)
server=
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$here"
}
trap stop EXIT
lmesh=$build/lmesh
[ -x "$lmesh" ] || lmesh=$build/tools/lmesh

"$lmesh" ca init "$here/ca" --trust-domain cluster.local
"$lmesh" ca issue "$here/ca" --namespace demo --service-account server \
    --out "$here/server"
"$lmesh" ca issue "$here/ca" --namespace demo --service-account client \
    --out "$here/client"
mkdir "$here/policy"
cat >"$here/policy/strict.yaml" <<'END'
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: demo}
spec: {mtls: {mode: STRICT}}
END

"$lmesh" serve --policy "$here/policy" --identity "$here/server" \
    --listen 127.0.0.1:0 >"$here/serve.out" 2>&1 &
server=$!
port=
tries=0
while [ -z "$port" ] && [ "$tries" -lt 100 ]; do
    port=$(sed -n 's/.*127\.0\.0\.1:\([0-9][0-9]*\).*/\1/p' \
        "$here/serve.out" | head -n 1)
    tries=$((tries + 1))
    [ -n "$port" ] || sleep 0.1
done
if [ -z "$port" ]; then
    cat "$here/serve.out"
    echo "lmesh serve named no port"
    exit 1
fi

(
    printf 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'
    sleep 1
) | openssl s_client -connect "127.0.0.1:$port" -tls1_3 -alpn http/1.1 \
    -cert "$here/client/cert-chain.pem" -key "$here/client/key.pem" \
    -CAfile "$here/ca/root-cert.pem" -verify_return_error \
    >"$here/client.out" 2>&1 || true
if ! grep -q 'TLSv1\.3' "$here/client.out" ||
    ! grep -q 'HTTP/1\.1 200' "$here/client.out"; then
    cat "$here/client.out" "$here/serve.out"
    echo "wanted a 200 over TLS 1.3"
    exit 1
fi
grep -o 'spiffe://cluster.local/ns/demo/sa/client' "$here/client.out" |
    head -n 1 | grep -q . || {
    cat "$here/client.out"
    echo "the server's echo does not name the client's principal"
    exit 1
}
echo "TLS 1.3 with OpenSSL: fine"
