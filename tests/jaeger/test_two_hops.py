"""A request over two hops of real processes and mutual TLS, each of which
tells Jaeger its part: one trace id, one tree, who called whom.

lmesh call -> hop (front to back) -> lmesh serve, all sampled by policy."""
import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from jaeger import BUILD, Checks, Jaeger, chain, free_ports, tags  # noqa: E402

POLICY = """
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: mesh, namespace: istio-system}
spec:
  meshConfig:
    enableTracing: true
    defaultConfig: {tracing: {sampling: 100.0}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
"""
SERVICE = """---
apiVersion: v1
kind: Service
metadata: {name: %(name)s, namespace: demo}
spec:
  selector: {app: %(name)s}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: %(name)s, namespace: demo}
spec:
  address: 127.0.0.1
  ports: {http: %(port)d}
  labels: {app: %(name)s}
  serviceAccount: %(name)s
"""
LINE = [  # from the root down: service account, name, kind
    ('caller', 'front.demo.svc.cluster.local:80/*', 'client'),
    ('front', 'front.demo.svc.cluster.local:80/*', 'server'),
    ('front', 'back.demo.svc.cluster.local:80/*', 'client'),
    ('back', 'back.demo.svc.cluster.local:80/*', 'server'),
]


def tool():
    for name in ('lmesh', 'tools/lmesh'):
        if os.access(os.path.join(BUILD, name), os.X_OK):
            return os.path.join(BUILD, name)
    print('there is no lmesh')
    sys.exit(1)


class Demo:
    """A policy, three identities, and the processes that were started."""

    def __init__(self, folder, endpoint):
        self.folder = folder
        self.lmesh = tool()
        self.running = []
        self.front, self.back = free_ports(2)
        self.run('ca', 'init', self.at('ca'), '--trust-domain',
                 'cluster.local')
        for name in ('caller', 'front', 'back'):
            self.run('ca', 'issue', self.at('ca'), '--namespace', 'demo',
                     '--service-account', name, '--out', self.at(name))
        os.mkdir(self.at('policy'))
        with open(self.at('policy/all.yaml'), 'w', encoding='utf-8') as file:
            file.write(POLICY + SERVICE % {'name': 'front',
                                           'port': self.front} +
                       SERVICE % {'name': 'back', 'port': self.back})
        self.environment = dict(os.environ, MESH_POLICY=self.at('policy'),
                                OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)

    def at(self, name):
        return os.path.join(self.folder, name)

    def run(self, *arguments):
        subprocess.run([self.lmesh, *arguments], check=True, timeout=60,
                       stdout=subprocess.DEVNULL)

    def settings(self, name):
        return dict(self.environment, MESH_IDENTITY=self.at(name),
                    MESH_LABELS='app=' + name)

    def start(self, name, *command):
        """A server; it is up when it has printed its address."""
        process = subprocess.Popen(command, env=self.settings(name),
                                   stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, text=True)
        self.running.append(process)
        print('%s: %s' % (name, process.stdout.readline().strip()))

    def call(self, url):
        done = subprocess.run([self.lmesh, 'call', '-o', 'json', url],
                              env=self.settings('caller'), timeout=60,
                              stdout=subprocess.PIPE, text=True)
        print(done.stdout)
        return json.loads(done.stdout)['requests'][0]

    def stop(self):
        for process in self.running:
            process.kill()
            process.wait()
            process.stdout.close()


def judge(checks, trace):
    checks.that('Jaeger has the trace', trace is not None)
    line = chain(trace) if trace else None
    checks.that('it is one line from a single root', line is not None, trace)
    found = [(tags(span).get('istio.canonical_service'),
              span['operationName'], tags(span).get('span.kind'))
             for span in line or []]
    checks.that('each is who it is', found == LINE, found)
    for above, below in zip(line or [], (line or [])[1:]):
        checks.that('a hop begins within the one above',
                    above['startTime'] <= below['startTime'] + 1000,
                    (above, below))
    for span in line or []:
        checks.that('all went well',
                    tags(span).get('http.status_code') == '200', tags(span))
    names = {p['serviceName'] for p in (trace or {}).get('processes',
                                                         {}).values()}
    checks.that('three services', names == {'caller.demo', 'front.demo',
                                            'back.demo'}, names)
    ids = {tags(span).get('guid:x-request-id') for span in line or []}
    checks.that('one request id', len(ids) == 1 and None not in ids, ids)


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder, Jaeger() as jaeger:
        demo = Demo(folder, jaeger.endpoint)
        try:
            demo.start('back', demo.lmesh, 'serve', '--listen',
                       '127.0.0.1:%d' % demo.back)
            demo.start('front', os.path.join(BUILD, 'tests/jaeger/hop'),
                       '127.0.0.1:%d' % demo.front, '0', 'http://back/')
            answer = demo.call('http://front/')
            checks.that('the answer is 200', answer['status'] == 200, answer)
            judge(checks, jaeger.trace(answer['trace_id'], len(LINE)))
        finally:
            demo.stop()
    checks.finish()


main()
