"""Peers that are slow, on purpose or not: each meets a deadline, and nobody
else waits for them."""
import concurrent.futures
import os
import socket
import ssl
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from guest import Failed, Guest  # noqa: E402
from strangers import Checks, Mesh, service, strict  # noqa: E402

HEAD = b'POST /x HTTP/1.1\r\nHost: slow\r\n'
LIMITS = {'first_bytes_ms': 400, 'handshake_ms': 500, 'head_ms': 600,
          'body_idle_ms': 500, 'keep_alive_ms': 500}
SLACK = 4.0  # seconds that a busy machine may add
LARGE = 8 * 1024 * 1024


def connect(address):
    host, _, port = address.rpartition(':')
    return socket.create_connection((host, int(port)), timeout=20)


class Client:
    """With a certificate."""

    def __init__(self, mesh):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.load_verify_locations(mesh.at('ca/root-cert.pem'))
        mine = mesh.identity('caller')
        self.context.load_cert_chain(mine + '/cert-chain.pem',
                                     mine + '/key.pem')

    def open(self, address):
        return self.context.wrap_socket(connect(address))

    def hello(self):
        """The first bytes of a handshake."""
        out = ssl.MemoryBIO()
        session = self.context.wrap_bio(ssl.MemoryBIO(), out)
        try:
            session.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return out.read()


def drip(one, data, every):
    """A byte at a time until it is over, or the peer had enough."""
    for i in range(len(data)):
        try:
            one.sendall(data[i:i + 1])
        except OSError:
            return
        time.sleep(every)


def rest(one):
    """Until the peer closes."""
    got = b''
    try:
        for piece in iter(lambda: one.recv(65536), b''):
            got += piece
    except TimeoutError:
        return b'it stays open'
    except OSError:
        pass
    return got


def silent(client, address):
    with connect(address) as one:
        return rest(one)


def half_hello(client, address):
    with connect(address) as one:
        one.sendall(client.hello()[:60])
        return rest(one)


def dripped_hello(client, address):
    with connect(address) as one:
        threading.Thread(target=drip, daemon=True, args=(
            one, client.hello(), 0.05)).start()
        return rest(one)


def hello_alone(client, address):
    with connect(address) as one:
        one.sendall(client.hello())
        time.sleep(0.05)
        got = rest(one)
        return b'' if got[:1] in (b'\x16', b'') else got


def shaken_alone(client, address):
    with client.open(address) as one:
        return rest(one)


def half_head(client, address):
    with client.open(address) as one:
        one.sendall(HEAD)
        return rest(one)


def dripped_head(client, address):
    with client.open(address) as one:
        threading.Thread(target=drip, daemon=True, args=(
            one, HEAD + b'x: ' + b'y' * 200, 0.04)).start()
        return rest(one)


def half_body(client, address):
    with client.open(address) as one:
        one.sendall(HEAD + b'Content-Length: 100\r\n\r\nhalf')
        return rest(one)


def half_chunk(client, address):
    with client.open(address) as one:
        one.sendall(HEAD + b'Transfer-Encoding: chunked\r\n\r\n9\r\nabc')
        return rest(one)


def idle_after(client, address):
    with client.open(address) as one:
        one.sendall(HEAD + b'Content-Length: 0\r\n\r\n')
        return rest(one)[:15]


def steady_body(client, address):
    with client.open(address) as one:
        one.sendall(HEAD + b'Content-Length: 6\r\nConnection: close\r\n\r\n')
        drip(one, b'abcdef', 0.25)
        return rest(one)


SLOW = [  # who, what it gets, the bound in seconds
    ('one that says nothing', silent, b'', 0.4),
    ('half a ClientHello', half_hello, b'', 0.4),
    ('a ClientHello byte by byte', dripped_hello, b'', 0.4),
    ('a ClientHello and no more', hello_alone, b'', 0.5),
    ('a handshake and no more', shaken_alone, b'', 0.4),
    ('half a head', half_head, b'HTTP/1.1 408 ', 0.6),
    ('a head byte by byte', dripped_head, b'HTTP/1.1 408 ', 0.6),
    ('half a body', half_body, b'HTTP/1.1 408 ', 0.5),
    ('half a chunk', half_chunk, b'HTTP/1.1 408 ', 0.5),
    ('a body that comes slowly, but comes', steady_body, b'HTTP/1.1 200 OK',
     1.5),
    ('one that stays after its answer', idle_after, b'HTTP/1.1 200 OK', 0.5),
]


def slow_clients(checks, mesh, client, address):
    def one(row):
        start = time.monotonic()
        return row[1](client, address), time.monotonic() - start

    with concurrent.futures.ThreadPoolExecutor(len(SLOW)) as pool:
        for row, (got, took) in zip(SLOW, pool.map(one, SLOW)):
            claim, _, expect, bound = row
            checks.that('%s gets %r' % (claim, expect),
                        got.startswith(expect) and (expect or not got), got)
            checks.that('  in time', bound * 0.9 <= took <= bound + SLACK,
                        '%.2f s, bound %.2f s' % (took, bound))


def not_reading(checks, client, address):
    """It asks for much, and takes none of it."""
    with client.open(address) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.sendall(b'GET / HTTP/1.1\r\nHost: large\r\n\r\n')
        time.sleep(0.5 + SLACK)
        got = rest(one)
    checks.that('who does not read is left with a part of it',
                0 < len(got) < LARGE, len(got))


def crowd(checks, client, guest, caller, address, url):
    """Many of the slow, and one who is not."""
    held = []
    for i in range(150):
        one = connect(address) if i % 3 else client.open(address)
        if i % 3 == 0:
            one.sendall(HEAD)
        held.append(one)
    worst = 0.0
    for _ in range(40):
        start = time.monotonic()
        caller.get(url)
        worst = max(worst, time.monotonic() - start)
    checks.that('150 of the slow, and others are served at once',
                worst < 1.0, worst)
    for one in held:
        rest(one)
        one.close()
    time.sleep(0.1)
    checks.that('the log counts who was late',
                'no first bytes in time' in guest.events())


# --- slow servers ---

def listen(behave):
    """A server that has its own idea of time; its address."""
    listener = socket.create_server(('127.0.0.1', 0), backlog=64)

    def serve():
        while True:
            one = listener.accept()[0]
            threading.Thread(target=quietly, args=(behave, one),
                             daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return '127.0.0.1:%d' % listener.getsockname()[1]


def quietly(behave, one):
    with one:
        try:
            behave(one)
            one.settimeout(20)
            rest(one)
        except OSError:
            pass


def say(*pieces, every=0.0):
    def behave(one):
        one.recv(65536)
        for piece in pieces:
            one.sendall(piece)
            time.sleep(every)
    return behave


SERVERS = {
    'mute': lambda one: None,
    'deaf': say(),
    'dripping': say(*[b'%c' % c for c in b'HTTP/1.1 200 OK\r\n' * 40],
                    every=0.03),
    'halved': say(b'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal'),
    'babbling': say(*[b'HTTP/1.1 102 Processing\r\n\r\n'] * 200, every=0.03),
}
RULE = """apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: %(name)s, namespace: shop}
spec:
  host: %(name)s
  trafficPolicy:
    connectionPool: {tcp: {connectTimeout: 0.4s}}
    tls: {mode: %(mode)s}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: %(name)s, namespace: shop}
spec:
  hosts: [%(name)s]
  http:
  - timeout: 0.7s
    retries: {attempts: 0}
    route: [{destination: {host: %(name)s}}]
"""


def slow_servers(checks, mesh):
    documents = [strict()]
    for name, behave in SERVERS.items():
        documents += [service(name, listen(behave)), RULE % {
            'name': name,
            'mode': 'ISTIO_MUTUAL' if name == 'mute' else 'DISABLE'}]
    policy = mesh.policy(*documents)
    rows = [  # name, status, code, flags, bound
        ('mute', 503, 'MESH_ERR_CONNECT', 'UF', 0.4),
        ('deaf', 504, 'MESH_ERR_TIMEOUT', 'UT', 0.7),
        ('dripping', 504, 'MESH_ERR_TIMEOUT', 'UT', 0.7),
        ('halved', 200, 'MESH_ERR_TIMEOUT', 'UT', 0.7),
        ('babbling', 504, 'MESH_ERR_TIMEOUT', 'UT', 0.7),
    ]
    for name, status, code, flags, bound in rows:
        start = time.monotonic()
        got = mesh.call(policy, 'http://%s/' % name)
        took = time.monotonic() - start
        checks.same('a server that is %s' % name, (
            got.get('status'), got.get('code'), got.get('flags')),
            (status, code, flags), (got.get('details'), got.get('error')))
        checks.that('  in time', bound * 0.9 <= took <= bound + SLACK, took)


def main():
    checks = Checks()
    with Mesh() as mesh:
        client = Client(mesh)
        guest = Guest(mesh.policy(strict()), mesh.identity('slow'),
                      'app=slow', **LIMITS)
        address = guest.serve()
        caller = Guest(mesh.policy(strict(), service('slow', address)),
                       mesh.identity('caller'))
        slow_clients(checks, mesh, client, address)
        crowd(checks, client, guest, caller, address, 'http://slow/')
        not_reading(checks, client, guest.serve(b'x' * LARGE))
        try:
            caller.get('http://slow/')
            checks.that('after all that it serves', True)
        except Failed as failed:
            checks.that('after all that it serves', False, failed)
        caller.stop()
        guest.stop()
        slow_servers(checks, mesh)
    checks.finish()


main()
