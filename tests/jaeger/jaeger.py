"""A real Jaeger for the tests here: started on ports of its own, asked, and
stopped by its id."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

BUILD = os.environ.get('top_builddir') or '.'
SOURCE = os.environ.get('top_srcdir') or '.'


class Checks:
    """Counts claims, tells which failed, and ends with the sum."""

    def __init__(self):
        self.made = self.failed = 0

    def that(self, claim, good, found=''):
        self.made += 1
        if not good:
            self.failed += 1
            print('FAILED: %s: %s' % (claim, found))

    def finish(self):
        print('%d checks, %d failed' % (self.made, self.failed))
        sys.exit(1 if self.failed else 0)


def free_ports(count):
    """Ports that were free a moment ago, none twice."""
    sockets = [socket.create_server(('127.0.0.1', 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for one in sockets:
        one.close()
    return ports


class Jaeger:
    def __init__(self):
        program = os.environ.get('JAEGER')
        if not program or not os.access(program, os.X_OK):
            print('no Jaeger: $JAEGER is %s' % program)
            sys.exit(77)
        self.folder = tempfile.mkdtemp()
        (self.otlp, grpc, self.query, query_grpc, admin, model,
         collector, thrift) = free_ports(8)
        self.log = open(os.path.join(self.folder, 'log'), 'wb')
        at = '127.0.0.1:%d'
        self.process = subprocess.Popen(
            [program,
             '--collector.otlp.enabled=true',
             '--collector.otlp.http.host-port=' + at % self.otlp,
             '--collector.otlp.grpc.host-port=' + at % grpc,
             '--query.http-server.host-port=' + at % self.query,
             '--query.grpc-server.host-port=' + at % query_grpc,
             '--admin.http.host-port=' + at % admin,
             '--collector.grpc-server.host-port=' + at % model,
             '--collector.http-server.host-port=' + at % collector,
             '--http-server.host-port=' + at % thrift,
             '--processor.jaeger-binary.server-host-port=127.0.0.1:0',
             '--processor.jaeger-compact.server-host-port=127.0.0.1:0',
             '--processor.zipkin-compact.server-host-port=127.0.0.1:0'],
            env=dict(os.environ, SPAN_STORAGE_TYPE='memory'),
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.wait_until_up()

    @property
    def endpoint(self):
        return 'http://127.0.0.1:%d' % self.otlp

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder)

    def ask(self, path):
        """The 'data' of an answer; None for a 404."""
        try:
            with urllib.request.urlopen(
                    'http://127.0.0.1:%d%s' % (self.query, path),
                    timeout=10) as answer:
                return json.load(answer)['data']
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def wait_until_up(self):
        for _ in range(300):
            try:
                self.ask('/api/services')
                socket.create_connection(('127.0.0.1', self.otlp)).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        self.log.flush()
        with open(self.log.name, encoding='utf-8', errors='replace') as log:
            print(log.read())
        self.__exit__()
        sys.exit('Jaeger did not come up')

    def trace(self, trace_id, spans, patience_s=20):
        """The trace once it has that many spans, or what there is of it."""
        found = None
        for _ in range(int(patience_s * 10)):
            data = self.ask('/api/traces/' + trace_id)
            found = data[0] if data else None
            if found and len(found['spans']) >= spans:
                break
            time.sleep(0.1)
        return found


def tags(span):
    return {tag['key']: tag['value'] for tag in span['tags']}


def parent(span):
    """The id of the span above, None for a root."""
    above = [r['spanID'] for r in span['references']
             if r['refType'] == 'CHILD_OF']
    return above[0] if above else None


def chain(trace):
    """The spans from the root down; None when they are no single chain."""
    below = {}
    for span in trace['spans']:
        below.setdefault(parent(span), []).append(span)
    line = []
    at = None
    while at in below:
        if len(below[at]) != 1:
            return None
        line.append(below[at][0])
        at = line[-1]['spanID']
    return line if len(line) == len(trace['spans']) else None
