"""openssl's s_client and s_server: mutual TLS in both directions, and every
way of not being one of the mesh."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from strangers import (Checks, Mesh, program, send_raw, service,  # noqa: E402
                       spiffe, strict, until)

GET = 'GET /from-openssl HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n'
ANSWER = b'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'
OLD = ['-cipher', 'DEFAULT@SECLEVEL=0']


def s_client(mesh, address, identity, *options, say=GET):
    """One request; without an identity, no certificate."""
    mine = ['-cert', identity + '/cert-chain.pem', '-key',
            identity + '/key.pem'] if identity else []
    return mesh.run('openssl', 's_client', '-connect', address, '-CAfile',
                    mesh.at('ca/root-cert.pem'), '-verify_return_error',
                    '-quiet', *mine, *options, input=say)


def welcome(checks, mesh, server):
    """Clients that are let in."""
    caller = mesh.identity('caller')
    for claim, options in [
            ('a client with a certificate', []),
            ('one with TLS 1.2 alone', ['-tls1_2']),
            ('one that talks as Istio does', ['-alpn', 'istio-http/1.1,istio']),
            ('one that asks for http/1.1', ['-alpn', 'h2,http/1.1']),
            ('one with a name for us', ['-servername', 'echo.example']),
            ('one that knows P-256 alone', ['-groups', 'P-256']),
            ('one that likes X25519 better', ['-groups', 'X25519:P-256'])]:
        done = s_client(mesh, server.address, caller, *options)
        checks.has(claim + ' is served', done.stdout + done.stderr[-500:],
                   'HTTP/1.1 200 OK', '/from-openssl', spiffe('caller'))
    done = s_client(mesh, server.address, caller, '-max_send_frag', '1024',
                    say=GET.replace('Host', 'x-long: %s\r\nHost' %
                                    ('y' * 9000)))
    checks.has('so is one of small records', done.stdout, '200 OK', 'y' * 9000)
    done = s_client(mesh, server.address, caller, '-alpn', 'istio-http/1.1',
                    '-tls1_2')
    checks.has('the chain of the server holds', done.stderr,
               'verify return:1')
    checks.that('and nothing of it fails', 'verify error' not in done.stderr,
                done.stderr)


def resumed(checks, mesh, server):
    """The second handshake of one client is short."""
    caller, session = mesh.identity('caller'), mesh.at('session.pem')
    s_client(mesh, server.address, caller, '-tls1_2', '-sess_out', session)
    checks.that('a session was given', os.path.exists(session))
    done = mesh.run('openssl', 's_client', '-connect', server.address,
                    '-cert', caller + '/cert-chain.pem', '-key',
                    caller + '/key.pem', '-tls1_2', '-ign_eof', '-sess_in',
                    session, input=GET)
    checks.has('and taken back', done.stdout, 'Reused, TLSv1.2',
               spiffe('caller'))


def unwelcome(checks, mesh, server):
    """Clients that get no byte of HTTP, and the line that says why."""
    mesh.new_ca('other')
    rows = [
        ('no certificate', None, [], 'certificate'),
        ('a certificate of another CA', mesh.identity('caller', ca='other'),
         [], 'ca'),
        ('an expired certificate',
         mesh.identity('caller', ttl='-20s', name='late'), [], 'expired'),
        ('a certificate without a SPIFFE id',
         mesh.forge('nobody', 'subjectAltName = DNS:caller.shop'), [],
         'no SPIFFE id'),
        ('a certificate with two',
         mesh.forge('two', 'subjectAltName = URI:%s, URI:%s' % (
             spiffe('caller'), spiffe('echo'))), [], 'two URI names'),
        ('a certificate of another trust domain',
         mesh.forge('far', 'subjectAltName = URI:spiffe://far/ns/a/sa/b'),
         [], 'trust domain'),
        ('a SPIFFE id in a DNS name alone',
         mesh.forge('dns', 'subjectAltName = DNS:spiffe.cluster.local'), [],
         'no SPIFFE id'),
        ('TLS 1.0', mesh.identity('caller'), ['-tls1'] + OLD, ''),
        ('TLS 1.1', mesh.identity('caller'), ['-tls1_1'] + OLD, ''),
        ('a cipher without forward secrecy', mesh.identity('caller'),
         ['-tls1_2', '-cipher', 'AES128-GCM-SHA256'], ''),
        ('CBC', mesh.identity('caller'),
         ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA'], ''),
    ]
    for claim, identity, options, why in rows:
        before = server.err.count('refused: ')
        done = s_client(mesh, server.address, identity, *options)
        checks.same(claim + ' gets no HTTP', done.stdout, '')
        if why or until(lambda: server.err.count('refused: ') > before, 1):
            until(lambda: server.err.count('refused: ') > before, 5)
            line = server.err.rstrip('\n').rpartition('\n')[2]
            checks.that(claim + ' is told in a line of its own',
                        server.err.count('refused: ') > before and
                        why.lower() in line.lower(), (why, line))
    done = s_client(mesh, server.address, mesh.identity('caller'))
    checks.has('after all that others are served', done.stdout, '200 OK')


def plaintext(checks, mesh, server):
    """STRICT answers what is no TLS with nothing at all."""
    for claim, data in [
            ('an HTTP request', GET.encode()),
            ('one byte that is no TLS', b'G'),
            ('HTTP/2 with prior knowledge',
             b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + bytes(9)),
            ('a record that is no ClientHello',
             b'\x16\x03\x01\x00\x04\x02\x00\x00\x00'),
            ('an empty record', b'\x16\x03\x01\x00\x00'),
            ('SSL 2', b'\x80\x2e\x01\x00\x02' + bytes(40))]:
        checks.same('%s gets zero bytes' % claim,
                    send_raw(server.address, data), b'')
    checks.same('one that leaves at once, too',
                send_raw(server.address, b'', end=True), b'')
    checks.that('the log knows why', server.tells(
        'plaintext where mutual TLS is required'), server.err)


def permissive(checks, mesh):
    server = mesh.serve(mesh.policy(strict('PERMISSIVE')))
    caller = mesh.identity('caller')
    got = send_raw(server.address, GET.encode())
    checks.has('PERMISSIVE serves plaintext', got.decode(), '200 OK',
               '"principal": ""')
    done = s_client(mesh, server.address, caller, '-alpn',
                    'istio-http/1.1,istio')
    checks.has('and the mesh', done.stdout, '200 OK', spiffe('caller'))
    done = s_client(mesh, server.address, caller)
    checks.same('and no TLS of others', done.stdout, '')
    done = s_client(mesh, server.address, None, '-alpn', 'istio')
    checks.same('nor the mesh without a certificate', done.stdout, '')
    server.stop()


# --- s_server ---

class Server:
    """openssl s_server: answers the first request of one connection."""

    def __init__(self, mesh, identity, *options):
        self.server = mesh.start(
            's_server', 'openssl', 's_server', '-accept', '127.0.0.1:0',
            '-cert', identity + '/cert-chain.pem', '-key',
            identity + '/key.pem', '-CAfile', mesh.at('ca/root-cert.pem'),
            '-Verify', '2', '-verify_return_error', *options,
            stdin=subprocess.PIPE)
        self.address = None
        if self.server.says('ACCEPT '):
            line = self.server.out.partition('ACCEPT ')[2].split()[0]
            self.address = '127.0.0.1:' + line.rpartition(':')[2]

    def answer(self, data=ANSWER):
        """When the request is there."""
        if self.server.says('x-request-id'):
            self.server.process.stdin.write(data)
            self.server.process.stdin.flush()


def call_openssl(checks, mesh, claim, identity, options, expect, why=None,
                 account='stranger'):
    """lmesh call to s_server; expect is a status or an error's name."""
    server = Server(mesh, identity, *options)
    policy = mesh.policy(strict(),
                         service('stranger', server.address, account))
    call = mesh.start('call', mesh.lmesh, 'call', '--policy', policy,
                      '--identity', mesh.identity('caller'), '--labels', '',
                      '--deadline', '8000', '-o', 'json', 'http://stranger/p')
    if expect == 200:
        server.answer()
    call.process.wait(60)
    found = call.out + call.err
    wanted = ['"status": 200', 'hello'] if expect == 200 else [expect]
    checks.has(claim, found, *wanted, *([why] if why else []))
    if expect == 200:
        text = server.server.out
        checks.has('  and it was asked well', text, 'GET /p HTTP/1.1',
                   'host: stranger')
    else:
        checks.that('  and no request reached it',
                    'HTTP/1.1' not in server.server.out, server.server.out)
    server.server.process.stdin.close()
    server.server.stop()


def servers(checks, mesh):
    good = mesh.identity('stranger')
    for claim, options in [
            ('a server of the mesh', []),
            ('one with TLS 1.2 alone', ['-tls1_2']),
            ('one that picks our ALPN', ['-alpn', 'istio-http/1.1,istio']),
            ('one without tickets', ['-no_ticket']),
            ('one that knows P-256 alone', ['-named_curve', 'P-256'])]:
        call_openssl(checks, mesh, claim + ' is called', good, options, 200)
    call_openssl(checks, mesh, 'a server that is someone else', good, [],
                 'MESH_ERR_PEER_IDENTITY', spiffe('stranger'),
                 account='expected')
    call_openssl(checks, mesh, 'a server of another CA',
                 mesh.identity('stranger', ca='other'), [],
                 'MESH_ERR_PEER_IDENTITY')
    call_openssl(checks, mesh, 'a server that expired',
                 mesh.identity('stranger', ttl='-20s', name='late-server'),
                 [], 'MESH_ERR_PEER_IDENTITY', 'expired')
    call_openssl(checks, mesh, 'a server with a DNS name alone',
                 mesh.forge('dns-server', 'subjectAltName = DNS:stranger'),
                 [], 'MESH_ERR_PEER_IDENTITY')
    call_openssl(checks, mesh, 'a server with TLS 1.1 alone', good,
                 ['-tls1_1'] + OLD, 'MESH_ERR_TLS')


def main():
    program('openssl')
    checks = Checks()
    with Mesh() as mesh:
        server = mesh.serve(mesh.policy(strict()))
        checks.that('lmesh serve is there', server.address, server.err)
        welcome(checks, mesh, server)
        resumed(checks, mesh, server)
        unwelcome(checks, mesh, server)
        plaintext(checks, mesh, server)
        checks.same('it ends in order', server.stop(), 0, server.err)
        permissive(checks, mesh)
        servers(checks, mesh)
    checks.finish()


main()
