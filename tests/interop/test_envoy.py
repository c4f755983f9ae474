"""A real Envoy on both sides of mutual TLS: as a client of libmesh's server,
and in front of a backend that libmesh calls."""
import http.server
import json
import os
import re
import socketserver
import sys
import threading
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from strangers import (Checks, Mesh, program, read, service,  # noqa: E402
                       spiffe, strict, until)

TYPE = 'type.googleapis.com/envoy.'
MANAGER = TYPE + ('extensions.filters.network.http_connection_manager.v3.'
                  'HttpConnectionManager')
ROUTER = {'name': 'envoy.filters.http.router', 'typed_config': {
    '@type': TYPE + 'extensions.filters.http.router.v3.Router'}}
LINE = '%REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_FLAGS% ' \
    '%DOWNSTREAM_PEER_URI_SAN% %DOWNSTREAM_TLS_VERSION% %PROTOCOL%\n'


class Backend(http.server.BaseHTTPRequestHandler):
    """What is behind Envoy: answers by path."""
    protocol_version = 'HTTP/1.1'

    def answer(self, status, body=b'', headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get('content-length') or 0))
        if self.headers.get('transfer-encoding') == 'chunked':
            body = self.read_chunks()
        path = self.path.partition('?')[0]
        if path == '/chunks':
            self.send_response(200)
            self.send_header('transfer-encoding', 'chunked')
            self.end_headers()
            for _ in range(50):
                self.wfile.write(b'a\r\n0123456789\r\n')
            self.wfile.write(b'0\r\n\r\n')
        elif path.startswith('/status/'):
            status = int(path[8:])
            self.answer(status, b'' if status in (204, 304) else b'so be it')
        elif path == '/reset':
            self.close_connection = True
        elif path == '/large':
            self.answer(200, b'envoy' * 400000)
        else:
            seen = {k.lower(): v for k, v in self.headers.items()}
            self.answer(200, json.dumps(
                {'method': self.command, 'path': self.path, 'headers': seen,
                 'body': len(body)}).encode())

    do_HEAD = do_POST = do_PUT = do_GET

    def read_chunks(self):
        body = b''
        while True:
            size = int(self.rfile.readline().split(b';')[0], 16)
            body += self.rfile.read(size)
            self.rfile.readline()
            if not size:
                return body

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


def start_backend():
    server = Server(('127.0.0.1', 0), Backend)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


# --- what Envoy is told ---

def at(port, host='127.0.0.1'):
    return {'socket_address': {'address': host, 'port_value': port}}


def tls(identity, peers):
    """The common context: who we are and whom we believe."""
    return {
        'tls_certificates': [{
            'certificate_chain': {'filename': identity + '/cert-chain.pem'},
            'private_key': {'filename': identity + '/key.pem'}}],
        'validation_context': {
            'trusted_ca': {'filename': identity + '/root-cert.pem'},
            'match_typed_subject_alt_names': [
                {'san_type': 'URI', 'matcher': {'exact': spiffe(peer)}}
                for peer in peers]}}


def upstream(name, address, context=None):
    host, _, port = address.rpartition(':')
    cluster = {
        'name': name, 'type': 'STATIC', 'connect_timeout': '5s',
        'load_assignment': {'cluster_name': name, 'endpoints': [
            {'lb_endpoints': [{'endpoint': {
                'address': at(int(port), host)}}]}]}}
    if context:
        cluster['transport_socket'] = {
            'name': 'envoy.transport_sockets.tls', 'typed_config': {
                '@type': TYPE + 'extensions.transport_sockets.tls.v3.'
                                'UpstreamTlsContext',
                'sni': 'outbound_.80_._.%s.shop.svc.cluster.local' % name,
                'common_tls_context': dict(context, alpn_protocols=[
                    'istio-http/1.1', 'istio', 'http/1.1'])}}
    return cluster


def listener(name, cluster, log, context=None):
    chain = {'filters': [{'name': 'hcm', 'typed_config': {
        '@type': MANAGER, 'stat_prefix': name, 'http_filters': [ROUTER],
        'forward_client_cert_details': 'SANITIZE_SET',
        'set_current_client_cert_details': {'uri': True},
        'access_log': [{'name': 'envoy.access_loggers.file', 'typed_config': {
            '@type': TYPE + 'extensions.access_loggers.file.v3.FileAccessLog',
            'path': log, 'log_format': {
                'text_format_source': {'inline_string': LINE}}}}],
        'route_config': {'virtual_hosts': [{
            'name': name, 'domains': ['*'], 'routes': [
                {'match': {'prefix': '/direct'}, 'direct_response': {
                    'status': 202, 'body': {'inline_string': 'by Envoy'}}},
                {'match': {'prefix': '/'}, 'route': {
                    'cluster': cluster, 'timeout': '20s'}}]}]}}}]}
    if context:
        chain['transport_socket'] = {
            'name': 'envoy.transport_sockets.tls', 'typed_config': {
                '@type': TYPE + 'extensions.transport_sockets.tls.v3.'
                                'DownstreamTlsContext',
                'require_client_certificate': True,
                'common_tls_context': dict(context, alpn_protocols=[
                    'istio-http/1.1', 'istio', 'http/1.1'])}}
    return {'name': name, 'address': at(0), 'filter_chains': [chain]}


class Envoy:
    def __init__(self, mesh, listeners, clusters):
        envoy = os.environ.get('ENVOY') or program('envoy')
        self.admin_file = mesh.at('envoy-admin')
        with open(mesh.at('envoy.json'), 'w', encoding='utf-8') as file:
            json.dump({'admin': {'address': at(0)}, 'static_resources': {
                'listeners': listeners, 'clusters': clusters}}, file)
        self.process = mesh.start(
            'envoy', envoy, '-c', mesh.at('envoy.json'), '--concurrency', '2',
            '--disable-hot-restart', '--admin-address-path', self.admin_file,
            '-l', 'warning')
        self.ports = until(self.find_ports) or {}

    def ask(self, path):
        with urllib.request.urlopen('http://%s%s' % (
                read(self.admin_file).strip(), path), timeout=10) as got:
            return got.read().decode()

    def find_ports(self):
        """Name to port, once every listener has one."""
        try:
            if 'LIVE' not in self.ask('/ready'):
                return None
            found = json.loads(self.ask('/listeners?format=json'))
        except (OSError, ValueError):
            return 'ended' if self.process.ended() else None
        return {one['name']: one['local_address']['socket_address'][
            'port_value'] for one in found.get('listener_statuses', [])}

    def count(self, name):
        """One of its counters; None when it has none of that name."""
        found = re.search('^%s: ([0-9]+)$' % re.escape(name),
                          self.ask('/stats?filter=' + name), re.M)
        return int(found.group(1)) if found else None


# --- Envoy calls libmesh ---

def envoy_calls(checks, mesh, envoy):
    curl = [program('curl'), '-q', '-s', '-S', '--max-time', '60']
    url = 'http://127.0.0.1:%d' % envoy.ports['to-echo']
    done = mesh.run(*curl, url + '/a?b')
    echo = json.loads(done.stdout) if done.returncode == 0 else {}
    checks.same('Envoy is let in as itself', (
        echo.get('principal'), echo.get('method'), echo.get('path')),
        (spiffe('envoy'), 'GET', '/a?b'), done)
    checks.same('by the name it asks for', echo.get('sni'),
                'outbound_.80_._.echo.shop.svc.cluster.local')
    names = dict(echo.get('headers', []))
    checks.has('who sent what is told by the handshake alone',
               names.get('x-forwarded-client-cert', ''),
               'By=' + spiffe('echo'), 'URI=' + spiffe('envoy'))
    checks.that('one request id on the way',
                names.get('x-request-id') == echo.get('request_id'), echo)
    rows = [
        ('POST', ['-d', 'a body'], '"body": "a body"'),
        ('POST in chunks', ['-d', 'a body', '-H',
                            'Transfer-Encoding: chunked'], '"body": "a body"'),
        ('PUT', ['-X', 'PUT', '-d', 'x'], '"method": "PUT"'),
        ('HEAD', ['-I'], 'HTTP/1.1 200'),
        ('Expect: 100-continue', ['-H', 'Expect: 100-continue', '-d', 'late'],
         '"body": "late"'),
    ]
    for claim, options, expect in rows:
        done = mesh.run(*curl, url, *options)
        checks.has('%s through Envoy' % claim, done.stdout + done.stderr,
                   expect)
    with open(mesh.at('large'), 'wb') as file:
        file.write(b'0123456789abcdef' * 300000)
    for claim, header in [('with a length', 'X-A: b'),
                          ('in chunks', 'Transfer-Encoding: chunked')]:
        done = mesh.run(*curl, '-T', mesh.at('large'), '-H', header, '-o',
                        '/dev/null', '-w', '%{http_code}', url)
        checks.same('4.8 MB %s through Envoy' % claim, done.stdout, '200',
                    done)
    before = envoy.count('cluster.echo.upstream_cx_total')
    for _ in range(40):
        done = mesh.run(*curl, url, '-o', '/dev/null', '-w', '%{http_code}')
        if done.stdout != '200':
            break
    checks.same('40 more are served', done.stdout, '200', done)
    opened = envoy.count('cluster.echo.upstream_cx_total') - before
    checks.that('over connections that go on', opened <= 2, opened)
    checks.that('and none of its requests failed', not envoy.count(
        'cluster.echo.upstream_cx_protocol_error') and not envoy.count(
        'cluster.echo.upstream_rq_rx_reset'), envoy.ask('/stats'))
    log = until(lambda: 'GET /a?b' in read(mesh.at('serve.log')) and
                read(mesh.at('serve.log')))
    line = log.splitlines()[0] if log else ''
    checks.has("our own line of it, in Istio's format", line,
               '"GET /a?b HTTP/1.1" 200 - via_upstream', '"127.0.0.1')


def envoy_is_refused(checks, mesh, envoy, server):
    curl = [program('curl'), '-q', '-s', '-S', '--max-time', '60', '-w',
            ' %{http_code}']
    rows = [
        ('plain', 'plaintext', 'plaintext where mutual TLS is required'),
        ('naked', 'TLS without a certificate', 'no certificate'),
        ('foreign', 'a certificate of another CA',
         'not signed by a known root'),
    ]
    for name, claim, why in rows:
        done = mesh.run(*curl, 'http://127.0.0.1:%d/' % envoy.ports[name])
        checks.has('an Envoy with %s gets no answer' % claim, done.stdout,
                   ' 503')
        checks.that('  and our log says why', server.tells(why), server.err)
    done = mesh.run(*curl, 'http://127.0.0.1:%d/' % envoy.ports['wary'])
    checks.has('an Envoy that expects someone else leaves', done.stdout,
               ' 503')
    checks.that('  because of our name',
                envoy.count('cluster.wary.ssl.fail_verify_san'), done)
    done = mesh.run(*curl, 'http://127.0.0.1:%d/' % envoy.ports['denied'])
    checks.same('one that policy denies is told so', done.stdout,
                'RBAC: access denied 403')


# --- libmesh calls Envoy ---

def calls_envoy(checks, mesh, envoy):
    port = '127.0.0.1:%d' % envoy.ports['server']
    policy = mesh.policy(strict(), service('envoy', port),
                         service('other', port, account='someone'),
                         service('closed', '127.0.0.1:%d' %
                                 envoy.ports['members'], account='envoy'))
    log, base = mesh.at('call.log'), 'http://envoy'
    common = ['--access-log', log]
    got = mesh.call(policy, base + '/x?y', *common)
    seen = json.loads(got.get('body') or '{}')
    checks.same('200 through a real Envoy', (
        got.get('status'), got.get('principal'), got.get('flags'),
        seen.get('path')), (200, spiffe('envoy'), '-', '/x?y'), got)
    checks.has('it knows who we are',
               seen.get('headers', {}).get('x-forwarded-client-cert', ''),
               'URI=' + spiffe('caller'))
    checks.that('the protocol is known', got.get('protocol', '').startswith(
        'TLSv1.'), got)
    line = until(lambda: read(mesh.at('envoy-server.log')))
    checks.has('and its log has us', line or '', 'GET /x?y 200 - ' +
               spiffe('caller') + ' TLSv1.', 'HTTP/1.1')
    rows = [
        ('POST', '/p', ['-d', 'x' * 5000], 200, '-', '"body": 5000'),
        ('HEAD', '/p', ['-X', 'HEAD'], 200, '-', ''),
        ('chunks', '/chunks', [], 200, '-', '0123456789' * 50),
        ('2 MB', '/large', [], 200, '-', 'envoy' * 400000),
        ('204', '/status/204', [], 204, '-', ''),
        ('404', '/status/404', [], 404, '-', 'so be it'),
        ('500', '/status/500', [], 500, '-', 'so be it'),
        ("Envoy's own answer", '/direct', [], 202, '-', 'by Envoy'),
        ('a backend that hangs up', '/reset', [], 503, '-', 'upstream connect'
         ' error or disconnect/reset before headers'),
    ]
    for claim, path, options, status, flags, body in rows:
        got = mesh.call(policy, base + path, *options, *common)
        checks.that('%s through Envoy' % claim, (
            got.get('status'), got.get('flags')) == (status, flags) and
            (body in got['body'] if body else got['body'] == ''),
            {k: str(v)[:400] for k, v in got.items()})
    got = mesh.call(policy, base + '/many', '-n', '200', '-c', '8')['all']
    checks.same('200 from 8 threads', got['summary']['outcomes'],
                [{'status': 200, 'code': 'MESH_OK', 'requests': 200}])
    numbers = got['summary']['statistics']
    checks.that('over at most 8 connections, one full handshake',
                numbers['connections_opened'] <= 8 and
                numbers['handshakes_full'] == 1, numbers)
    got = mesh.call(policy, 'http://other/', *common)
    checks.same('an Envoy that should be someone else is refused', (
        got.get('status'), got.get('code'), got.get('flags')),
        (503, 'MESH_ERR_PEER_IDENTITY', 'URX,UF'), got)
    checks.has('  and it is said who it is', got.get('error', ''),
               spiffe('envoy'))
    wrong = 'listener.127.0.0.1_0.ssl.fail_verify_san'
    before = envoy.count(wrong)
    got = mesh.call(policy, 'http://closed/', *common)
    checks.that('an Envoy that expects someone else refuses us',
                got.get('status') == 503 and got.get('code') in
                ('MESH_ERR_TLS', 'MESH_ERR_RESET', 'MESH_ERR_CONNECT'), got)
    checks.that('  for our name', envoy.count(wrong) > before,
                envoy.ask('/stats?filter=fail_verify_san'))
    text = read(log)
    checks.has('the lines of our own log', text,
               '"GET /x?y HTTP/1.1" 200 - via_upstream',
               '"HEAD /p HTTP/1.1" 200 - via_upstream',
               '"GET / HTTP/1.1" 503 U')


def main():
    checks = Checks()
    with Mesh() as mesh:
        backend = start_backend()
        deny = ('apiVersion: security.istio.io/v1\n'
                'kind: AuthorizationPolicy\n'
                'metadata: {name: no-guests, namespace: shop}\n'
                'spec: {action: DENY, rules: [{from: [{source: {principals: '
                '[cluster.local/ns/shop/sa/guest]}}]}]}\n')
        server = mesh.serve(mesh.policy(strict(), deny), '--access-log',
                            mesh.at('serve.log'))
        mesh.new_ca('other')
        mine = mesh.identity('envoy')
        me = tls(mine, ['echo'])
        foreign = tls(mesh.identity('envoy', ca='other'), ['echo'])
        foreign['validation_context']['trusted_ca'] = {
            'filename': mine + '/root-cert.pem'}
        naked = dict(me)
        del naked['tls_certificates']
        ways = {
            'echo': me, 'plain': None, 'naked': naked, 'foreign': foreign,
            'wary': tls(mine, ['somebody-else']),
            'denied': tls(mesh.identity('guest'), ['echo'])}
        clusters = [upstream(name, server.address, context)
                    for name, context in ways.items()]
        clusters.append(upstream('backend', '127.0.0.1:%d' % backend))
        listeners = [listener('to-echo' if name == 'echo' else name, name,
                              mesh.at('envoy-%s.log' % name))
                     for name in ways]
        listeners += [
            listener('server', 'backend', mesh.at('envoy-server.log'),
                     tls(mine, ['caller'])),
            listener('members', 'backend', mesh.at('envoy-members.log'),
                     tls(mine, ['member']))]
        envoy = Envoy(mesh, listeners, clusters)
        checks.that('Envoy is up', len(envoy.ports) == len(listeners),
                    (envoy.ports, envoy.process.err))
        envoy_calls(checks, mesh, envoy)
        envoy_is_refused(checks, mesh, envoy, server)
        calls_envoy(checks, mesh, envoy)
        checks.same('the server ends in order', server.stop(), 0, server.err)
        checks.same('and Envoy', envoy.process.stop(), 0, envoy.process.err)
    checks.finish()


main()
