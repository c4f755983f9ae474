"""Applications without a mesh: workloads in `plain`, and `backends`. They act
by the same scripts as workload.c."""
import email.utils
import os
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time

STOPS_WITHIN_S = 0.05


def pairs(headers):
    """Headers are written as a mapping or as a list of [name, value]."""
    items = headers.items() if isinstance(headers, dict) else headers or []
    return [[str(k), str(v)] for k, v in items]


def server_tls(directory):
    """A server's TLS with the certificate of an identity. A caller's is
    asked for, and proved if there is one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(directory, 'cert-chain.pem'),
                            os.path.join(directory, 'key.pem'))
    context.load_verify_locations(os.path.join(directory, 'root-cert.pem'))
    context.verify_mode = ssl.CERT_OPTIONAL
    context.sni_callback = note_sni
    return context


def note_sni(connection, name, _):
    connection.asked_for = name


class Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024

    def handle_error(self, request, client_address):
        """A caller that leaves is no error of ours."""
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handle_error(request, client_address)


class Script:
    """Steps: what the next requests are answered. The last one repeats."""

    def __init__(self):
        self.lock = threading.Lock()
        self.script = []

    def behave(self, script):
        with self.lock:
            self.script = [dict(step, left=step.get('times', 1))
                           for step in script or []]

    def step(self):
        with self.lock:
            while len(self.script) > 1 and self.script[0]['left'] == 0:
                self.script.pop(0)
            if not self.script:
                return {}
            self.script[0]['left'] = max(self.script[0]['left'] - 1, 0)
            return self.script[0]


class App(Script):
    dates = True  # are said where a proxy would, had there been one

    def __init__(self, name, address, ports, saw, identity=None):
        super().__init__()
        self.name, self.saw = name, saw
        self.connections = 0
        self.tls = server_tls(identity) if identity else None
        handler = type('Handler', (Handler,), {'app': self})
        self.listeners = [Listener((address, p), handler) for p in ports]
        for listener in self.listeners:
            threading.Thread(target=listener.serve_forever,
                             args=(STOPS_WITHIN_S,), daemon=True).start()

    def next_connection(self):
        with self.lock:
            self.connections += 1
            return self.connections

    def stop(self):
        for listener in self.listeners:
            listener.shutdown()
            listener.server_close()


class Message:
    """The bytes of one message, as far as they came: head and the rest."""

    def __init__(self, data):
        head, found, self.rest = data.partition(b'\r\n\r\n')
        self.has_head = bool(found)
        self.first, *lines = head.decode('latin-1').split('\r\n')
        self.headers = [[name, value.strip()] for name, _, value
                        in (line.partition(':') for line in lines)]

    def get(self, name):
        return next((v for n, v in self.headers if n.lower() == name), None)

    def body(self, otherwise=b''):
        """None as long as there is more to come; otherwise: what it is
        without a length."""
        if not self.has_head:
            return None
        if 'chunked' in (self.get('transfer-encoding') or ''):
            return unchunk(self.rest)
        if self.get('content-length') is None:
            return otherwise
        length = int(self.get('content-length'))
        return self.rest[:length] if len(self.rest) >= length else None


def unchunk(rest):
    body = b''
    while b'\r\n' in rest:
        line, _, rest = rest.partition(b'\r\n')
        size = int(line.split(b';')[0], 16)
        if size == 0:
            return body if rest.endswith(b'\r\n') else None
        body, rest = body + rest[:size], rest[size + 2:]
    return None


def answer(name, method, step, date=None):
    """Head and body, as a script's step wants them."""
    status = step.get('status', 200)
    body = str(step.get('body', name + '\n')).encode()
    bare = status in (204, 304) or status < 200
    lines = ['HTTP/1.1 %s X' % status]
    lines += ['%s: %s' % tuple(line) for line in pairs(step.get('headers'))]
    lines.append('x-answered-by: ' + name)
    lines += ['date: ' + date] if date else []
    lines += [] if bare else ['content-length: %d' % len(body)]
    return ('\r\n'.join(lines + ['', '']).encode('latin-1'),
            b'' if bare or method == 'HEAD' else body)


class Handler(socketserver.BaseRequestHandler):
    app = None

    def setup(self):
        self.number = self.app.next_connection()
        if self.app.tls:
            self.request = self.app.tls.wrap_socket(self.request,
                                                    server_side=True)

    def finish(self):
        if self.app.tls:
            self.request.close()

    def told(self, step):
        """What the step tells of the connection, as headers."""
        certificate = self.app.tls and self.request.getpeercert() or {}
        names = [v for k, v in certificate.get('subjectAltName', ())
                 if k == 'URI']
        facts = {'connection': str(self.number),
                 'sni': getattr(self.request, 'asked_for', None) or 'none',
                 'peer': ','.join(names) or 'none'}
        return [['x-' + key, facts[key]] for key in step.get('tell', [])]

    def handle(self):
        data = b''
        while True:
            got = self.request.recv(65536)
            data += got
            message = Message(data)
            body = message.body()
            if body is not None:
                data = b''
                if not self.exchange(message, body):
                    return
            elif not got:
                return

    def exchange(self, message, body):
        """False: that was the last one of this connection."""
        method, path = (message.first.split(' ') + [''])[:2]
        step = self.app.step()
        self.app.saw({'by': self.app.name, 'method': method, 'path': path,
                      'body': body.decode('latin-1'),
                      'headers': message.headers})
        time.sleep(step.get('delay', 0))
        if step.get('reset') or step.get('close'):
            return self.break_off(step.get('reset'))
        # Recorded applications had no date; a sidecar added it, where it saw
        # HTTP.
        step = dict(step, headers=pairs(step.get('headers')) + self.told(step))
        dated = self.app.dates and message.get('x-request-id')
        head, body = answer(self.app.name, method, step,
                            email.utils.formatdate(usegmt=True)
                            if dated else None)
        if not step.get('cut'):
            self.request.sendall(head + body)
            return (message.get('connection') or '').lower() != 'close'
        self.request.sendall(head + body[:len(body) // 2])
        time.sleep(0.1)
        return self.break_off(True)

    def break_off(self, reset):
        if reset:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                    struct.pack('ii', 1, 0))
            self.request.close()  # before anybody says FIN
        return False
