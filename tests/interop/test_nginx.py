"""nginx on both sides: a server with mutual TLS that libmesh finds through a
ServiceEntry, and a proxy in front of libmesh's server."""
import concurrent.futures
import json
import os
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from strangers import (Checks, Mesh, free_port, program, read,  # noqa: E402
                       spiffe, strict, until)

CONFIG = """
%(user)s
daemon off;
worker_processes 1;
worker_shutdown_timeout 5s;
pid %(folder)s/nginx.pid;
error_log stderr warn;
events { worker_connections 200; }
http {
    access_log %(folder)s/access.log;
    client_body_temp_path %(folder)s/t1;
    proxy_temp_path %(folder)s/t2;
    fastcgi_temp_path %(folder)s/t3;
    uwsgi_temp_path %(folder)s/t4;
    scgi_temp_path %(folder)s/t5;
    default_type text/plain;
    ssi_types *;
    server {
        listen 127.0.0.1:%(tls)d ssl;
        ssl_certificate %(server)s/cert-chain.pem;
        ssl_certificate_key %(server)s/key.pem;
        ssl_client_certificate %(server)s/root-cert.pem;
        ssl_verify_client on;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache shared:one:1m;
        root %(folder)s/www;
        keepalive_requests 1000;
        location = /who {
            return 200 "$ssl_client_verify $connection_requests $ssl_protocol";
        }
        location /index/ { autoindex on; }
        location /page { ssi on; }
        location = /none { return 204; }
        location = /close { keepalive_timeout 0; return 200 "last\\n"; }
        location = /small {
            client_max_body_size 1k;
            proxy_pass http://127.0.0.1:%(plain)d/empty;
        }
        location = /behind {
            proxy_http_version 1.1;
            proxy_pass http://127.0.0.1:%(plain)d/page.txt;
        }
    }
    server {
        listen 127.0.0.1:%(tired)d ssl;
        ssl_certificate %(server)s/cert-chain.pem;
        ssl_certificate_key %(server)s/key.pem;
        ssl_client_certificate %(server)s/root-cert.pem;
        ssl_verify_client on;
        keepalive_requests 3;
        location / { return 200 "$connection $connection_requests"; }
    }
    server {
        listen 127.0.0.1:%(plain)d;
        root %(folder)s/www;
        location = /who { return 200 "plain"; }
        location = /empty { return 200 ""; }
        location /page { ssi on; }
    }
    upstream mesh {
        server %(mesh)s;
        keepalive 4;
    }
    server {
        listen 127.0.0.1:%(proxy)d;
        client_max_body_size 0;
        location / {
            proxy_pass https://mesh;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host echo;
            proxy_request_buffering off;
            proxy_ssl_certificate %(client)s/cert-chain.pem;
            proxy_ssl_certificate_key %(client)s/key.pem;
            proxy_ssl_session_reuse on;
        }
        location /naked {
            proxy_pass https://%(mesh)s;
            proxy_http_version 1.1;
            proxy_ssl_session_reuse off;
        }
        location /old {
            proxy_pass https://mesh;
            proxy_ssl_certificate %(client)s/cert-chain.pem;
            proxy_ssl_certificate_key %(client)s/key.pem;
        }
    }
}
"""
ENTRY = """apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: %(name)s, namespace: shop}
spec:
  hosts: [%(name)s.example]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [{address: 127.0.0.1, ports: {http: %(port)d}}]
  subjectAltNames: ["%(id)s"]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: %(name)s, namespace: shop}
spec:
  host: %(name)s.example
  trafficPolicy: {tls: {mode: %(mode)s}}
"""
SELECTED = """apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: selected, namespace: shop}
spec:
  hosts: [selected.example]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  workloadSelector: {labels: {app: nginx}}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: nginx, namespace: shop}
spec:
  address: 127.0.0.1
  ports: {http: %d}
  labels: {app: nginx, security.istio.io/tlsMode: istio}
  serviceAccount: nginx
"""
TRY_AGAIN = """apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: nginx, namespace: shop}
spec:
  hosts: [nginx.example]
  http:
  - retries: {attempts: 3, retryOn: "reset,connect-failure"}
    route: [{destination: {host: nginx.example}}]
"""


def entry(name, port, account='nginx', mode='ISTIO_MUTUAL'):
    return ENTRY % {'name': name, 'port': port, 'id': spiffe(account),
                    'mode': mode}


class Nginx:
    def __init__(self, mesh, upstream):
        self.ports = {name: free_port()
                      for name in ('tls', 'plain', 'tired', 'proxy')}
        os.makedirs(mesh.at('www/index/sub'))
        for name, text in [('page.txt', 'before<!--# echo var="x" -->after'),
                           ('large', 'nginx' * 200000)]:
            with open(mesh.at('www', name), 'w', encoding='utf-8') as file:
                file.write(text)
        with open(mesh.at('nginx.conf'), 'w', encoding='utf-8') as file:
            file.write(CONFIG % dict(
                self.ports, folder=mesh.folder, mesh=upstream,
                server=mesh.identity('nginx'),
                client=mesh.identity('gateway'),
                user='user root;' if os.geteuid() == 0 else ''))
        self.process = mesh.start('nginx', program('nginx'), '-c',
                                  mesh.at('nginx.conf'), '-p', mesh.folder)
        self.up = until(self.answers)

    def answers(self):
        try:
            socket.create_connection(('127.0.0.1', self.ports['proxy'])
                                     ).close()
            return True
        except OSError:
            return self.process.ended() and None


def called(checks, mesh, nginx):
    """What nginx answers arrives as it was sent."""
    ports = nginx.ports
    policy = mesh.policy(strict(), entry('nginx', ports['tls']),
                         entry('plain', ports['plain'], mode='DISABLE'),
                         entry('tired', ports['tired']),
                         entry('other', ports['tls'], account='apache'),
                         SELECTED % ports['tls'])
    for host in ('nginx', 'selected'):
        got = mesh.call(policy, 'http://%s.example/who' % host)
        checks.has('through %s, mutual TLS' % host,
                   '%s %s' % (got.get('body'), got.get('principal')),
                   'SUCCESS 1 TLSv1', spiffe('nginx'))
    got = mesh.call(policy, 'http://plain.example/who')
    checks.same('with mode DISABLE, none',
                (got.get('body'), got.get('protocol')), ('plain', ''), got)
    got = mesh.call(policy, 'http://other.example/who')
    checks.same('someone else is refused', got.get('code'),
                'MESH_ERR_PEER_IDENTITY', got)
    base = 'http://nginx.example'
    rows = [
        ('a body of unknown length, in chunks', '/page.txt', [], 200,
         'before(none)after'),
        ('a list, in chunks', '/index/', [], 200, 'sub/'),
        ('chunks through two nginx', '/behind', [], 200, 'before(none)after'),
        ('a megabyte', '/large', [], 200, 'nginx' * 200000),
        ('a file that is not there', '/nowhere', [], 404, 'nginx'),
        ('a redirect is handed on', '/index', [], 301, 'nginx'),
        ('a HEAD without a body', '/large', ['-X', 'HEAD'], 200, ''),
        ('204', '/none', [], 204, ''),
        ('a range', '/large', ['-H', 'Range: bytes=0-4'], 206, 'nginx'),
        ('a small POST', '/small', ['-d', 'x'], 200, ''),
        ('a POST that is too large, answered early', '/small',
         ['-d', 'x' * 100000], 413, 'Too Large'),
        ('a POST where none is taken', '/large', ['-d', 'x'], 405, 'nginx'),
        ('an answer that closes', '/close', [], 200, 'last'),
    ]
    for claim, path, options, status, body in rows:
        got = mesh.call(policy, base + path, *options)
        checks.that(claim, got.get('status') == status and
                    body in got.get('body') and
                    (body != '' or got['body'] == '') and
                    (body not in 'sub/nginx' or len(got['body']) < 2000),
                    {k: str(v)[:500] for k, v in got.items()})
    return policy


def connections(checks, mesh, nginx, policy):
    def run(path, *options):
        return mesh.call(policy, path, *options)['all']

    got = run('http://nginx.example/who', '-n', '50')
    checks.same('50 requests over one connection',
                [r['body'].split()[1] for r in got['requests']],
                [str(i + 1) for i in range(50)])
    got = run('http://tired.example/', '-n', '31')
    checks.same('a server that closes after 3: nothing is lost',
                [r['status'] for r in got['requests']], [200] * 31)
    checks.same('  and its connections are used to the end',
                got['summary']['statistics']['connections_opened'], 11)
    checks.that('  resumed where they can be',
                got['summary']['statistics']['handshakes_resumed'] >= 9,
                got['summary']['statistics'])
    got = run('http://nginx.example/close', '-n', '20', '-c', '4')
    checks.same('a server that always closes: nothing is lost',
                [r['status'] for r in got['requests']], [200] * 20)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        again = mesh.policy(strict(), TRY_AGAIN,
                            entry('nginx', nginx.ports['tls']))
        future = pool.submit(mesh.call, again, 'http://nginx.example/who',
                             '-n', '120', '-c', '2', '--interval', '25')
        for _ in range(3):
            time.sleep(0.4)
            nginx.process.process.send_signal(signal.SIGHUP)
        got = future.result()['all']
    checks.same('nginx reloads three times: nothing is lost',
                got['summary']['outcomes'],
                [{'status': 200, 'code': 'MESH_OK', 'requests': 120}])
    checks.that('  over new connections',
                got['summary']['statistics']['connections_opened'] > 2, got)


def proxied(checks, mesh, nginx, server):
    """nginx in front of lmesh serve."""
    url = 'http://127.0.0.1:%d' % nginx.ports['proxy']
    curl = [program('curl'), '-q', '-s', '-S', '--max-time', '60']
    rows = [
        ('GET through nginx', ['/x?y'], '"path": "/x?y"'),
        ('POST', ['/', '-d', 'a body'], '"body": "a body"'),
        ('POST in chunks', ['/', '-d', 'a body', '-H',
                            'Transfer-Encoding: chunked'], '"body": "a body"'),
        ('HEAD', ['/', '-I'], 'HTTP/1.1 200'),
        ('who asks is nginx', ['/'], spiffe('gateway')),
    ]
    for claim, options, expect in rows:
        done = mesh.run(*curl, url + options[0], *options[1:])
        checks.has(claim, done.stdout + done.stderr, expect)
    with open(mesh.at('www/large'), 'rb') as file:
        size = len(file.read())
    for claim, header in [('with a length', 'X-A: b'),
                          ('in chunks', 'Transfer-Encoding: chunked')]:
        done = mesh.run(*curl, '-T', mesh.at('www/large'), '-H', header,
                        '-o', '/dev/null', '-w', '%{http_code}', url)
        checks.same('%d bytes %s' % (size, claim), done.stdout, '200', done)
    peers = set()
    for _ in range(20):
        done = mesh.run(*curl, url)
        peers.add(json.loads(done.stdout)['peer'])
    checks.that('its connections to us go on', len(peers) < 4, peers)
    done = mesh.run(*curl, '-o', '/dev/null', '-w', '%{http_code}',
                    url + '/naked')
    checks.same('without its certificate it gets nothing from us',
                done.stdout, '502', done)
    done = mesh.run(*curl, '-o', '/dev/null', '-w', '%{http_code}',
                    url + '/old')
    checks.same('with HTTP/1.0, as nginx does unless told, 426',
                done.stdout, '426', done)
    checks.that('and the log says why', server.tells('no certificate'),
                server.err)


def main():
    checks = Checks()
    with Mesh() as mesh:
        server = mesh.serve(mesh.policy(strict()))
        nginx = Nginx(mesh, server.address)
        checks.that('nginx is up', nginx.up, nginx.process.err)
        policy = called(checks, mesh, nginx)
        connections(checks, mesh, nginx, policy)
        proxied(checks, mesh, nginx, server)
        checks.same('the server ends in order', server.stop(), 0, server.err)
        if checks.failed:
            print(nginx.process.err[-2000:])
            print(read(mesh.at('access.log'))[-2000:])
    checks.finish()


main()
