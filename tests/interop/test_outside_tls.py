"""TLS to servers outside the mesh, as DestinationRules and https:// ask for
it: openssl at the other end."""
import http.server
import os
import shutil
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from guest import Failed, Guest  # noqa: E402
from strangers import Checks, Mesh, free_port, program, until  # noqa: E402

HOST = '127.0.32.1'
ENTRY = """apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: %(name)s, namespace: shop}
spec:
  hosts: [%(name)s.example]
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: %(port)d}]
  endpoints: [{address: %(host)s}]
%(more)s---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: %(name)s, namespace: shop}
spec:
  host: %(name)s.example
  trafficPolicy: {tls: {%(tls)s}}
"""
EXTENSIONS = """basicConstraints = CA:%s
keyUsage = critical, %s
%s
"""


class Authority:
    """Not the mesh's: openssl's own, in a folder."""

    def __init__(self, mesh, name):
        self.mesh, self.folder = mesh, mesh.at(name)
        os.mkdir(self.folder)
        self.root = self.at('root.pem')
        self.make('root', 'TRUE', 'keyCertSign', '')

    def at(self, name):
        return os.path.join(self.folder, name)

    def make(self, name, ca, usage, more, days='1'):
        openssl = program('openssl')
        with open(self.at(name + '.ext'), 'w', encoding='utf-8') as file:
            file.write(EXTENSIONS % (ca, usage, more))
        self.mesh.must(openssl, 'req', '-new', '-newkey', 'ec', '-pkeyopt',
                       'ec_paramgen_curve:P-256', '-nodes', '-subj',
                       '/CN=%s.example' % name, '-keyout',
                       self.at(name + '.key'), '-out', self.at(name + '.csr'))
        signed = ['-key', self.at(name + '.key')] if ca == 'TRUE' else \
            ['-CA', self.root, '-CAkey', self.at('root.key'), '-set_serial',
             str(time.time_ns())]
        if ca == 'TRUE':
            signed[0] = '-signkey'
        self.mesh.must(openssl, 'x509', '-req', '-in', self.at(name + '.csr'),
                       '-extfile', self.at(name + '.ext'), '-days', days,
                       '-out', self.at(name + '.pem'), *signed)
        return self.at(name + '.pem'), self.at(name + '.key')

    def server(self, name, names, usage='serverAuth', **options):
        return self.make(name, 'FALSE', 'digitalSignature',
                         'extendedKeyUsage = %s\n%s' % (
                             usage, names and 'subjectAltName = ' + names),
                         **options)


class Backend:
    """HTTP over TLS; says which name it was asked for, and by whom."""

    def __init__(self, pair, clients=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        if clients:
            context.load_verify_locations(clients)
            context.verify_mode = ssl.CERT_REQUIRED
        self.asked = asked = []

        def note(connection, name, _):
            asked.append(name)
        context.sni_callback = note

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                subject = self.connection.getpeercert() or {}
                body = repr(subject.get('subject')).encode()
                self.send_response(200)
                self.send_header('content-length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass
        self.server = Server((HOST, 0), Handler)
        self.port = self.server.server_address[1]
        self.context = context
        self.server.socket = context.wrap_socket(self.server.socket,
                                                 server_side=True)
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def entry(name, port, tls, more=''):
    return ENTRY % {'name': name, 'host': HOST, 'port': port, 'tls': tls,
                    'more': more}


def verdict(mesh, tls, port, name='api', more=''):
    got = mesh.call(mesh.policy(entry(name, port, tls, more)),
                    'http://%s.example/' % name)
    return (got.get('status'), got.get('flags')), got


FINE, REFUSED = (200, '-'), (503, 'URX,UF')


def simple(checks, mesh, authority, other):
    ca = 'mode: SIMPLE, caCertificates: %s' % authority.root
    backend = Backend(authority.server('api', 'DNS:api.example'))
    rows = [
        ('SIMPLE: the host is proved', ca, FINE, ''),
        ('SIMPLE: by somebody else', 'mode: SIMPLE, caCertificates: '
         + other.root, REFUSED, ''),
        ('SIMPLE: not by the system', 'mode: SIMPLE', REFUSED, ''),
        ('SIMPLE: unless nobody looks', 'mode: SIMPLE, insecureSkipVerify: '
         'true', FINE, ''),
        ('a name of the rule', ca + ', subjectAltNames: [api.example]', FINE,
         ''),
        ('one of several', ca + ', subjectAltNames: [b.example, API.example]',
         FINE, ''),
        ('another name of the rule', ca + ', subjectAltNames: [b.example]',
         REFUSED, ''),
        ('a name of the service', ca, FINE,
         '  subjectAltNames: [api.example]\n'),
        ('another name of the service', ca, REFUSED,
         '  subjectAltNames: [c.example]\n'),
        ('the rule before the service', ca + ', subjectAltNames: '
         '[api.example]', FINE, '  subjectAltNames: [c.example]\n'),
        ('an SNI of the rule asks for no name', ca + ', sni: b.example', FINE,
         ''),
        ('a file that is not there', 'mode: SIMPLE, caCertificates: '
         '/nowhere/root.pem', REFUSED, ''),
    ]
    for claim, tls, expect, more in rows:
        found, got = verdict(mesh, tls, backend.port, more=more)
        checks.same(claim, found, expect, got)
    checks.that('the host was asked for by SNI', 'api.example' in
                backend.asked, backend.asked)
    checks.that('or the name of the rule', 'b.example' in backend.asked,
                backend.asked)
    backend.stop()
    for claim, names, usage, expect in [
            ('a wildcard', 'DNS:*.example', 'serverAuth', FINE),
            ('a deeper wildcard', 'DNS:*.api.example', 'serverAuth', REFUSED),
            ('no names but a subject', '', 'serverAuth', REFUSED),
            ('a URI that reads alike', 'URI:api.example', 'serverAuth', FINE),
            ('a certificate for clients', 'DNS:api.example', 'clientAuth',
             REFUSED)]:
        backend = Backend(authority.server('api', names, usage))
        found, got = verdict(mesh, ca, backend.port)
        checks.same(claim, found, expect, got)
        backend.stop()


def mutual(checks, mesh, authority, other):
    server = authority.server('two', 'DNS:two.example')
    mine = other.server('client', 'DNS:client.example', 'clientAuth')
    backend = Backend(server, clients=other.root)
    tls = 'mode: MUTUAL, caCertificates: %s, clientCertificate: %s, ' \
        'privateKey: %s' % ((authority.root,) + mine)
    found, got = verdict(mesh, tls, backend.port, 'two')
    checks.same('MUTUAL: our certificate is shown', found, FINE, got)
    policy = mesh.policy(entry('two', backend.port, tls))
    done = mesh.run(mesh.lmesh, 'call', '--policy', policy, '--identity',
                    mesh.identity('caller'), '--labels', '', '-o', 'json',
                    'http://two.example/')
    checks.same('and nothing of the mesh is said', done.returncode, 0, done)
    found, got = verdict(mesh, 'mode: SIMPLE, caCertificates: '
                         + authority.root, backend.port, 'two')
    checks.that('without one we are sent away', found[0] == 503, got)
    found, got = verdict(mesh, tls.replace(mine[1], server[1]), backend.port,
                         'two')
    checks.same('a key of another certificate is none', found, REFUSED, got)
    backend.stop()


def https(checks, mesh, authority):
    backend = Backend(authority.server('api', 'DNS:api.example'))
    policy = mesh.policy()
    url = 'https://%s:%d/' % (HOST, backend.port)
    got = mesh.call(policy, url)
    checks.same('https: the system does not know that server',
                (got.get('status'), got.get('flags')), (503, 'UF'), got)
    text = entry('api', backend.port, 'mode: SIMPLE, caCertificates: %s' %
                 authority.root)
    got = mesh.call(mesh.policy(text), 'https://api.example:80/')
    checks.same('https: as the rule says', got.get('status'), 200, got)
    got = mesh.call(mesh.policy(text.replace('SIMPLE', 'DISABLE')),
                    'https://api.example:80/')
    checks.same('https: never in plaintext', got.get('status'), 503, got)
    backend.stop()


def rotation(checks, mesh, authority, other):
    """The roots are replaced while the program runs."""
    backend = Backend(authority.server('late', 'DNS:late.example'))
    roots = mesh.at('roots.pem')
    shutil.copy(other.root, roots)
    guest = Guest(mesh.policy(entry('late', backend.port, 'mode: SIMPLE, '
                                    'caCertificates: ' + roots)),
                  mesh.identity('caller'))

    def ask():
        try:
            return guest.get('http://late.example/')
        except Failed as failed:
            return failed.code
    checks.that('roots of somebody else', ask() < 0)
    shutil.copy(authority.root, roots + '.new')
    os.rename(roots + '.new', roots)
    checks.same('are replaced by the right ones',
                until(lambda: ask() == 200, 20), True)
    with open(roots + '.new', 'w', encoding='utf-8') as file:
        file.write('nothing of use\n')
    os.rename(roots + '.new', roots)
    told = []
    until(lambda: told.append(guest.events()) or 'stays' in told[-1], 20)
    checks.has('a broken file is told', ''.join(told), 'roots.pem')
    checks.same('and changes nothing', ask(), 200)
    guest.stop()
    backend.stop()


def s_server(checks, mesh, authority):
    pair = authority.server('api', 'DNS:api.example')
    port = free_port(HOST)
    server = mesh.start('s_server', program('openssl'), 's_server', '-accept',
                        '%s:%d' % (HOST, port), '-cert', pair[0], '-key',
                        pair[1], '-www', '-naccept', '3',
                        stdin=subprocess.PIPE)
    server.says('ACCEPT')
    found, got = verdict(mesh, 'mode: SIMPLE, caCertificates: '
                         + authority.root, port)
    checks.same('openssl s_server answers', found, FINE, got)
    checks.has('over TLS', str(got), 's_server')
    server.stop()


def main():
    checks = Checks()
    with Mesh() as mesh:
        authority = Authority(mesh, 'authority')
        other = Authority(mesh, 'other')
        simple(checks, mesh, authority, other)
        mutual(checks, mesh, authority, other)
        https(checks, mesh, authority)
        rotation(checks, mesh, authority, other)
        s_server(checks, mesh, authority)
    checks.finish()


main()
