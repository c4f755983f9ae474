"""curl as a client of libmesh's server: mutual TLS, connections that go on,
bodies of every kind; and raw requests that no curl would send."""
import json
import os
import socket
import ssl
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from strangers import (Checks, Mesh, program, send_raw, spiffe,  # noqa: E402
                       strict)

HEAD = b'GET / HTTP/1.1\r\nHost: echo\r\n'
MANY = b''.join(b'x-%d: y\r\n' % i for i in range(101))


class Curl:
    def __init__(self, mesh, server):
        self.mesh, self.server = mesh, server
        mine = mesh.identity('caller')
        # A SPIFFE certificate has no host name for curl to compare.
        self.argv = [program('curl'), '-q', '-s', '-S', '-k', '--cert',
                     mine + '/cert-chain.pem', '--key', mine + '/key.pem',
                     '--max-time', '60']

    def __call__(self, *options, path='/'):
        return self.mesh.run(*self.argv, *options,
                             'https://%s%s' % (self.server.address, path))

    def echo(self, *options, path='/'):
        done = self(*options, path=path)
        try:
            return json.loads(done.stdout)
        except ValueError:
            return {'body': None, 'stderr': done.stdout + done.stderr}


def requests(checks, mesh, curl):
    got = curl.echo(path='/a/b?c=d')
    checks.same('who asks is known', got.get('principal'), spiffe('caller'),
                got)
    checks.same('and what', (got.get('method'), got.get('path')),
                ('GET', '/a/b?c=d'))
    got = curl.echo('-d', 'some=thing')
    checks.same('POST with a length', (got.get('method'), got['body']),
                ('POST', 'some=thing'), got)
    got = curl.echo('-H', 'Transfer-Encoding: chunked', '-d', 'in chunks')
    checks.same('POST in chunks', got['body'], 'in chunks', got)
    checks.that('the length is not known then', 'content-length' not in
                [name for name, _ in got.get('headers', [])], got)
    with open(mesh.at('large'), 'wb') as file:
        file.write(b'0123456789abcdef' * 200000)
    for claim, options in [
            ('3 MB with a length', ['-T', mesh.at('large')]),
            ('3 MB in chunks', ['-H', 'Transfer-Encoding: chunked', '-T',
                                mesh.at('large')])]:
        done = curl(*options, '-o', mesh.at('echo'), '-w',
                    '%{http_code} %{size_upload}')
        code, _, size = done.stdout.partition(' ')
        checks.that(claim, code == '200' and int(size) >= 3200000, done)
    for method in ('PUT', 'PATCH', 'DELETE', 'OPTIONS'):
        got = curl.echo('-X', method, '-d', 'x')
        checks.same(method, (got.get('method'), got['body']), (method, 'x'))
    done = curl('-I', '-w', '%{http_code} %{size_download} %{num_connects}')
    checks.has('HEAD has a head', done.stdout, 'HTTP/1.1 200',
               'content-length: ', '200 0 1')
    done = curl('-I', 'https://%s/second' % curl.server.address, '-w',
                '[%{http_code} %{num_connects}]')
    checks.has('and leaves the connection usable', done.stdout, '[200 1]',
               '[200 0]')
    done = curl('-v', '-H', 'Expect: 100-continue', '-d', 'after 100')
    checks.has('100 (Continue) comes first', done.stderr,
               'HTTP/1.1 100 Continue', 'HTTP/1.1 200 OK')
    checks.has('then the body', done.stdout, 'after 100')
    done = curl('-H', 'Expect: a-miracle', '-d', 'x', '-w', '%{http_code}')
    checks.that('another expectation is not ours',
                done.stdout[-3:] in ('200', '417'), done.stdout)
    done = curl('-0', '-w', '%{http_code}')
    checks.same('HTTP/1.0 is told to upgrade', done.stdout[-3:], '426',
                done.stdout)
    done = curl('--http2', '-w', ' %{http_version} %{http_code}')
    checks.has('who asks for HTTP/2 gets 1.1', done.stdout, ' 1.1 200')
    done = curl('-H', 'Host: other.example', '-H', 'X-Forwarded-Client-Cert: '
                'URI=spiffe://cluster.local/ns/shop/sa/admin')
    checks.has('the Host is theirs', done.stdout, '"other.example"')
    checks.that('who they are is not for them to say',
                'sa/admin' not in done.stdout, done.stdout)


def keep_alive(checks, curl):
    urls = ['https://%s/%d' % (curl.server.address, i) for i in range(30)]
    done = curl('-w', '\n[%{http_code} %{num_connects}]\n', *urls)
    checks.same('31 requests', done.stdout.count('[200 '), 31)
    checks.same('over one connection', done.stdout.count('[200 0]'), 30)
    done = curl('-w', '\n[%{http_code} %{num_connects}]\n', '-H',
                'Connection: close', *urls[:3])
    checks.same('Connection: close is kept', done.stdout.count('[200 1]'), 4,
                done.stdout)


# --- what no curl would send ---

def open_tls(mesh, server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(mesh.at('ca/root-cert.pem'))
    mine = mesh.identity('caller')
    context.load_cert_chain(mine + '/cert-chain.pem', mine + '/key.pem')
    host, _, port = server.address.rpartition(':')
    plain = socket.create_connection((host, int(port)), timeout=20)
    return context.wrap_socket(plain)


def send_tls(mesh, server, data, pieces=1):
    """What comes until the server closes."""
    got = b''
    with open_tls(mesh, server) as tls:
        step = max(1, -(-len(data) // pieces))
        try:
            for i in range(0, len(data), step):
                tls.sendall(data[i:i + step])
            for piece in iter(lambda: tls.recv(65536), b''):
                got += piece
        except TimeoutError:
            got += b' and it stays open'
        except (ConnectionError, ssl.SSLError):
            pass
    return got


BAD = [
    ('no words', b'what is this\r\n\r\n', 400),
    ('no target', b'GET HTTP/1.1\r\nHost: a\r\n\r\n', 400),
    ('an unknown version', b'GET / HTTP/3.7\r\nHost: a\r\n\r\n', 400),
    ('a bare LF', b'GET / HTTP/1.1\nHost: a\n\n', 400),
    ('a folded header', HEAD + b'x: a\r\n b\r\n\r\n', 400),
    ('a space before the colon', HEAD + b'x : a\r\n\r\n', 400),
    ('a NUL in a value', HEAD + b'x: a\0b\r\n\r\n', 400),
    ('a CR in a value', HEAD + b'x: a\rb\r\n\r\n', 400),
    ('a name that is no token', HEAD + b'x(y): a\r\n\r\n', 400),
    ('no Host', b'GET / HTTP/1.1\r\n\r\n', 400),
    ('two Hosts', HEAD + b'Host: b\r\n\r\n', 400),
    ('a length and chunks', HEAD + b'Content-Length: 3\r\n'
     b'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400),
    ('two lengths', HEAD + b'Content-Length: 3\r\nContent-Length: 4\r\n\r\n',
     400),
    ('a length with a sign', HEAD + b'Content-Length: +3\r\n\r\nabc', 400),
    ('a negative length', HEAD + b'Content-Length: -1\r\n\r\n', 400),
    ('a length beyond all bounds',
     HEAD + b'Content-Length: 99999999999999999999\r\n\r\n', 400),
    ('an oversize head', HEAD + b'x: ' + b'y' * 70000 + b'\r\n\r\n', 431),
    ('an oversize target', b'GET /' + b'y' * 70000, 431),
    ('too many headers', HEAD + MANY + b'\r\n', 431),
]
SMUGGLED = b'GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n'


def malformed(checks, mesh, server):
    for claim, data, status in BAD:
        got = send_tls(mesh, server, data)
        checks.that('%s is %d, and closed' % (claim, status),
                    got.startswith(b'HTTP/1.1 %d ' % status) and
                    b'connection: close' in got.lower() and
                    got.count(b'HTTP/1.1 ') == 1 and b'stays' not in got, got)
        got = send_tls(mesh, server, data + SMUGGLED)
        checks.that('  and nothing behind it is read',
                    b'smuggled' not in got and b' 200 ' not in got, got)
    for coding in ('gzip', 'identity', 'chunked, gzip', 'xchunked'):
        got = send_tls(mesh, server, HEAD + b'Transfer-Encoding: %s\r\n\r\n'
                       % coding.encode() + SMUGGLED)
        checks.that('a transfer coding of %s is refused' % coding,
                    got[9:12] in (b'400', b'501') and
                    b'smuggled' not in got, got)
    for claim, chunk in [('a chunk without a size', b'\r\nabc\r\n'),
                         ('a chunk of size -1', b'-1\r\nabc\r\n'),
                         ('a chunk of size 0x3', b'0x3\r\nabc\r\n'),
                         ('a chunk beyond all bounds', b'f' * 17 + b'\r\n'),
                         ('a chunk that is longer', b'3\r\nabcd\r\n0\r\n\r\n')]:
        got = send_tls(mesh, server, HEAD + b'Transfer-Encoding: chunked\r\n'
                       b'\r\n' + chunk + SMUGGLED)
        checks.that(claim + ' ends the connection', b'smuggled' not in got and
                    b'stays' not in got, got)


def pipelined(checks, mesh, server):
    three = b''.join(b'GET /%d HTTP/1.1\r\nHost: echo\r\n%s\r\n' %
                     (i, b'Connection: close\r\n' if i == 3 else b'')
                     for i in (1, 2, 3))
    for claim, pieces in [('at once', 1), ('byte by byte', len(three))]:
        got = send_tls(mesh, server, three, pieces)
        paths = [part[:3] for part in got.split(b'"path": "')[1:]]
        checks.same('three requests %s, answered in order' % claim, paths,
                    [b'/1"', b'/2"', b'/3"'], got)
    got = send_tls(mesh, server, b'POST /p HTTP/1.1\r\nHost: echo\r\n'
                   b'Transfer-Encoding: chunked\r\nConnection: close\r\n'
                   b'Trailer: x-sum\r\n\r\n3;a=b\r\nabc\r\n'
                   b'2\r\nde\r\n0\r\nx-sum: 5\r\n\r\n', 40)
    checks.that('chunks with extension and trailer, split anywhere',
                b'"body": "abcde"' in got, got)
    got = send_tls(mesh, server, b'\r\n' + HEAD + b'Connection: close\r\n\r\n')
    checks.that('an empty line before a request is not forgiven',
                got.startswith(b'HTTP/1.1 400 '), got)


def main():
    checks = Checks()
    with Mesh() as mesh:
        server = mesh.serve(mesh.policy(strict()))
        curl = Curl(mesh, server)
        requests(checks, mesh, curl)
        keep_alive(checks, curl)
        malformed(checks, mesh, server)
        pipelined(checks, mesh, server)
        done = mesh.run(program('curl'), '-q', '-s', '-k', '--max-time', '20',
                        'https://%s/' % server.address)
        checks.that('curl without a certificate gets nothing',
                    done.returncode != 0 and not done.stdout, done)
        done = mesh.run(program('curl'), '-q', '-s', '--max-time', '20',
                        'http://%s/' % server.address)
        checks.that('nor does curl in plaintext',
                    done.returncode != 0 and not done.stdout, done)
        checks.has('after all that it still serves', curl().stdout,
                   spiffe('caller'))
        checks.same('and ends in order', server.stop(), 0, server.err)
        server = mesh.serve(mesh.policy(strict('PERMISSIVE')))
        done = mesh.run(program('curl'), '-q', '-s', '--max-time', '20',
                        'http://%s/' % server.address)
        checks.has('under PERMISSIVE curl needs no TLS', done.stdout,
                   '"principal": ""')
        got = send_raw(server.address, b'nonsense\r\n\r\n')
        checks.that('and nonsense is 400', got.startswith(b'HTTP/1.1 400 '),
                    got)
    checks.finish()


main()
