"""libmesh-fetch.so against a server of Python's: what it says on the wire,
what it refuses, and that it is bounded in bytes and in time."""
import os
import socket
import socketserver
import subprocess
import threading

BUILD = os.environ.get('top_builddir') or '.'
PROGRAM = os.path.join(BUILD, 'tests/interop/outside')
MIB = 1024 * 1024


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 16

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Connection)
        self.lock = threading.Lock()
        self.connections = []  # of each: the requests that came
        self.stop = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return 'http://127.0.0.1:%d' % self.server_address[1]


class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        mine = []
        with self.server.lock:
            self.server.connections.append(mine)
        while True:
            request = self.read()
            if not request:
                return
            mine.append(request)
            if not self.answer(request):
                return

    def read(self):
        if self.rfile.peek(1)[:1] == b'\x16':  # a ClientHello
            self.wfile.write(b'HTTP/1.1 400 Not TLS\r\n\r\n')
            return None
        line = self.rfile.readline().decode('latin-1').split()
        if not line:
            return None
        headers = {}
        for text in iter(self.rfile.readline, b'\r\n'):
            if not text:
                return None
            name, _, value = text.decode('latin-1').partition(':')
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get('content-length', 0)))
        return {'line': line, 'headers': headers, 'body': len(body)}

    def answer(self, request):
        """What the path asks for; False ends the connection."""
        path = request['line'][1]
        if path.startswith('/size/'):
            size = int(path[6:])
            self.wfile.write(b'HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n'
                             % size)
            try:
                self.wfile.write(b'x' * size)
            except OSError:
                return False
        elif path.startswith('/status/'):
            self.wfile.write(b'HTTP/1.1 %s What\r\ncontent-length: 2\r\n'
                             b'location: /status/200\r\n\r\nhi'
                             % path[8:].encode())
        elif path == '/slow':
            self.server.stop.wait(30)
            return False
        elif path == '/half':
            self.wfile.write(b'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nha')
            return False
        elif path == '/noise':
            self.wfile.write(b'\x00\x01\x02 what is this\r\n\r\n')
            return False
        else:
            return False  # without a word
        return True


class Checks:
    def __init__(self):
        self.made = self.failed = 0

    def that(self, claim, found, expect):
        self.made += 1
        if found != expect:
            self.failed += 1
            print('FAILED: %s: found %r, expected %r' % (claim, found, expect))


def fetch(*lines, **environment):
    """What the program says to each line."""
    done = subprocess.run([PROGRAM, 'fetch'], input='\n'.join(lines) + '\n',
                          stdout=subprocess.PIPE, text=True, timeout=60,
                          env=dict(os.environ, **environment))
    return done.stdout.splitlines()


def outcomes(checks, server):
    with socket.create_server(('127.0.0.1', 0)) as listener:
        nobody = listener.getsockname()[1]
    rows = [
        ('a small answer', 'GET %s/size/5 5000 0', 'MESH_OK 200 5'),
        ('an empty answer', 'GET %s/size/0 5000 0', 'MESH_OK 200 0'),
        ('1 MiB is the most', 'GET %%s/size/%d 5000 0' % MIB,
         'MESH_OK 200 %d' % MIB),
        ('and a byte more is too much', 'GET %%s/size/%d 5000 0' % (MIB + 1),
         'MESH_ERR_TOO_LARGE 0 0'),
        ('a status is an answer', 'GET %s/status/503 5000 0',
         'MESH_OK 503 2'),
        ('redirects are not followed', 'GET %s/status/302 5000 0',
         'MESH_OK 302 2'),
        ('a POST', 'POST %s/status/200 5000 7', 'MESH_OK 200 2'),
        ('an empty POST', 'POST %s/status/200 5000 0', 'MESH_OK 200 2'),
        ('a large POST', 'POST %%s/status/200 5000 %d' % (3 * MIB),
         'MESH_OK 200 2'),
        ('time is bounded', 'GET %s/slow 200 0', 'MESH_ERR_TIMEOUT 0 0'),
        ('half an answer is none', 'GET %s/half 5000 0',
         'MESH_ERR_RESET 0 0'),
        ('no answer', 'GET %s/bye 5000 0', 'MESH_ERR_RESET 0 0'),
        ('noise', 'GET %s/noise 5000 0', 'MESH_ERR_PROTOCOL 0 0'),
        ('nobody there', 'GET http://127.0.0.1:%d 5000 0' % nobody,
         'MESH_ERR_CONNECT 0 0'),
        ('TLS where there is none',
         'GET https://127.0.0.1:%d/size/1 2000 0' % server.server_address[1],
         'MESH_ERR_TLS 0 0'),
        ('after all that it still works', 'GET %s/size/3 5000 0',
         'MESH_OK 200 3'),
    ]
    said = fetch(*[line.replace('%s', server.url) for _, line, _ in rows])
    for i, (claim, _, expect) in enumerate(rows):
        found = said[i] if i < len(said) else 'nothing'
        checks.that(claim, ' '.join(found.split()[:3]), expect)


def manners(checks, server):
    """What it says: one connection, no proxy, no Expect."""
    before = len(server.connections)
    said = fetch('GET %s/size/1 5000 0' % server.url,
                 'POST %s/status/200 5000 9' % server.url,
                 'GET %s/size/2 5000 0' % server.url,
                 http_proxy='http://127.0.0.1:1', all_proxy='http://[::1]:1',
                 HTTP_PROXY='http://127.0.0.1:1')
    checks.that('no proxy of the environment',
                [s.split()[:3] for s in said],
                [['MESH_OK', '200', '1'], ['MESH_OK', '200', '2'],
                 ['MESH_OK', '200', '2']])
    mine = server.connections[before:]
    checks.that('one connection for all', [len(c) for c in mine], [3])
    post = mine[0][1]
    checks.that('the method', post['line'][0], 'POST')
    checks.that('the body', post['body'], 9)
    checks.that('the type', post['headers'].get('content-type'), 'text/plain')
    checks.that('our header', post['headers'].get('x-case'), 'outside')
    checks.that('the name', post['headers'].get('user-agent'), 'libmesh')
    checks.that('no Expect', post['headers'].get('expect'), None)


def fork(checks, server):
    """A child's calls come on a connection of its own."""
    before = len(server.connections)
    said = fetch('GET %s/size/1 5000 0' % server.url, 'fork',
                 'GET %s/size/2 5000 0' % server.url,
                 'GET %s/size/3 5000 0' % server.url)
    checks.that('the child is served', [s.split()[:3] for s in said],
                [['MESH_OK', '200', str(n)] for n in (1, 2, 3)])
    checks.that('and the parent\'s connection heard nothing more',
                [len(c) for c in server.connections[before:]], [1, 2])


def main():
    checks = Checks()
    server = Server()
    outcomes(checks, server)
    manners(checks, server)
    fork(checks, server)
    server.stop.set()
    print('%d checks, %d failed' % (checks.made, checks.failed))
    raise SystemExit(1 if checks.failed else 0)


main()
