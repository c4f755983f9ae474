"""A collector of spans: OTLP/HTTP with protobuf, as much of it as is needed.

Reads trace ids, span ids, parents, names and kinds out of what
/v1/traces is given, and keeps them.
"""
import gzip
import http.server
import threading


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """(number, value) of a message: an int, or the bytes of the rest."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        else:
            size, at = {1: (8, at), 5: (4, at)}.get(kind) or varint(data, at)
            value, at = data[at:at + size], at + size
        yield key >> 3, value


def inner(data, *path):
    """All submessages at a path of field numbers."""
    if not path:
        yield data
        return
    for number, value in fields(data):
        if number == path[0]:
            yield from inner(value, *path[1:])


class Span:
    """One span; kind is 2 for a server's, 3 for a client's."""

    def __init__(self, data, service):
        self.service = service
        self.trace = self.id = self.parent = self.name = ''
        self.kind = 0
        for number, value in fields(data):
            if number == 1:
                self.trace = value.hex()
            elif number == 2:
                self.id = value.hex()
            elif number == 4:
                self.parent = value.hex()
            elif number == 5:
                self.name = value.decode()
            elif number == 6:
                self.kind = value


def service_of(resource_spans):
    """The attribute service.name of the resource."""
    for attribute in inner(resource_spans, 1, 1):
        parts = dict(fields(attribute))
        if parts.get(1) == b'service.name':
            return dict(fields(parts[2])).get(1, b'').decode()
    return ''


def spans_of(request):
    """All spans of an ExportTraceServiceRequest."""
    for resource_spans in inner(request, 1):
        service = service_of(resource_spans)
        for span in inner(resource_spans, 2, 2):
            yield Span(span, service)


class Collector:
    """Listens on a free port of loopback; spans gather in .spans."""

    def __init__(self):
        spans = self.spans = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['content-length']))
                if self.headers.get('content-encoding') == 'gzip':
                    body = gzip.decompress(body)
                spans.extend(spans_of(body))
                self.send_response(200)
                self.send_header('content-type', 'application/x-protobuf')
                self.send_header('content-length', '0')
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0),
                                                      Handler)
        self.url = 'http://127.0.0.1:%d' % self.server.server_port
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
