"""Applications without a mesh: workloads in `plain`, and `backends`. They act
by the same scripts as workload.c."""
import http.server
import socket
import socketserver
import struct
import sys
import threading
import time


def pairs(headers):
    """Headers are written as a mapping or as a list of [name, value]."""
    items = headers.items() if isinstance(headers, dict) else headers or []
    return [[str(k), str(v)] for k, v in items]


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
    def __init__(self, name, address, ports, saw):
        super().__init__()
        self.name, self.saw = name, saw
        handler = type('Handler', (Handler,), {'app': self})
        self.listeners = [Listener((address, p), handler) for p in ports]
        for listener in self.listeners:
            threading.Thread(target=listener.serve_forever,
                             daemon=True).start()

    def stop(self):
        for listener in self.listeners:
            listener.shutdown()
            listener.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    app = None

    def log_message(self, *_):
        pass

    def __getattr__(self, name):
        if name.startswith('do_'):
            return self.answer
        raise AttributeError(name)

    def body(self):
        if 'chunked' not in self.headers.get('transfer-encoding', ''):
            return self.rfile.read(int(self.headers.get('content-length', 0)))
        body = b''
        while size := int(self.rfile.readline().split(b';')[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def break_off(self, reset):
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack('ii', 1, 0))
        self.close_connection = True

    def answer(self):
        body = self.body()
        step = self.app.step()
        self.app.saw({'by': self.app.name, 'method': self.command,
                      'path': self.path, 'body': body.decode('latin-1'),
                      'headers': [[k, v] for k, v in self.headers.items()]})
        time.sleep(step.get('delay', 0))
        if step.get('reset') or step.get('close'):
            return self.break_off(step.get('reset'))
        return self.respond(step)

    def respond(self, step):
        status = step.get('status', 200)
        text = str(step.get('body', self.app.name + '\n')).encode()
        bare = status in (204, 304) or status < 200
        self.send_response_only(status, 'X')
        for name, value in pairs(step.get('headers')):
            self.send_header(name, value)
        self.send_header('x-answered-by', self.app.name)
        # Recorded applications had none; a sidecar added it, where it saw HTTP.
        if self.headers['x-request-id']:
            self.send_header('date', self.date_time_string())
        if not bare:
            self.send_header('content-length', str(len(text)))
        self.end_headers()
        if not bare and self.command != 'HEAD':
            self.wfile.write(text[:len(text) // 2] if step.get('cut') else text)
        if step.get('cut'):
            self.wfile.flush()
            time.sleep(0.1)
            self.break_off(True)
