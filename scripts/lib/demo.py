"""demo.py SOURCES BUILD - the canary, driven and judged.

Starts the services of examples/canary as processes, sends requests through
libmesh (`lmesh call`), and says for each promise of the policy whether it was
kept. Everything that a process wrote is in BUILD/run/log.
"""
import collections
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time

import otlp

PORT = 18080
WORKLOADS = {
    'api-gateway-v1a': '127.0.1.1',
    'api-gateway-v1b': '127.0.1.3',
    'api-gateway-v2': '127.0.1.2',
    'payment-a': '127.0.2.1',
    'payment-b': '127.0.2.2',
    'legacy-api': '127.0.3.1',
}
ID = 'spiffe://cluster.local/ns/production/sa/'
CHARGE = 'http://payment-service/api/v1/charge'

# Istio's default format, from the time to the name of the route.
ACCESS_LINE = re.compile(
    r'^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\] "(\w+) (\S+) HTTP/1\.1" '
    r'(\d{3}) \S+ \S+ \S+ ".*" \d+ \d+ \d+ \S+ ".*" ".*" ".*" "(.*)" ".*" '
    r'(\S+) \S+ \S+ \S+ \S+ \S+$')


class Report:
    """What was promised, and whether it was seen."""

    def __init__(self):
        self.checks = 0
        self.failed = 0

    def head(self, text):
        print('\n%s\n%s' % (text, '-' * len(text)))

    def note(self, text):
        for line in text.splitlines():
            print('       ' + line)

    def check(self, seen, claim):
        self.checks += 1
        self.failed += not seen
        print('  %s  %s' % ('ok ' if seen else 'NO!', claim), flush=True)
        return bool(seen)


class Mesh:
    """The processes, their files, and requests to them."""

    def __init__(self, sources, build, otlp_url):
        self.lmesh = os.path.join(build, 'tools', 'lmesh')
        self.gateway = os.path.join(build, 'examples/canary/api-gateway')
        self.policy = os.path.join(sources, 'examples/canary/policy')
        self.fast = os.path.join(sources, 'examples/canary/policy-fast')
        self.tests = os.path.join(sources, 'examples/canary/tests.yaml')
        self.run = os.path.join(build, 'run')
        self.log = os.path.join(self.run, 'log')
        self.environment = {k: v for k, v in os.environ.items()
                            if not k.startswith('MESH_') or
                            k == 'MESH_MODULES'}
        self.environment['OTEL_EXPORTER_OTLP_ENDPOINT'] = otlp_url
        self.alive = {}
        shutil.rmtree(self.run, ignore_errors=True)
        os.makedirs(self.log)
        os.makedirs(os.path.join(self.run, 'identity'))

    # --- identities ---

    def tool(self, *words):
        return subprocess.run([self.lmesh] + list(words), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=self.environment)

    def make_ca(self, name):
        directory = os.path.join(self.run, name)
        done = self.tool('ca', 'init', directory, '--trust-domain',
                         'cluster.local')
        if done.returncode:
            raise SystemExit('demo: no CA: ' + done.stdout)
        return directory

    def issue(self, ca, namespace, account, name=None, ttl='24h'):
        out = self.identity(name or account)
        done = self.tool('ca', 'issue', ca, '--namespace', namespace,
                         '--service-account', account, '--ttl', ttl,
                         '--out', out)
        if done.returncode:
            raise SystemExit('demo: no certificate: ' + done.stdout)

    def identity(self, name):
        return os.path.join(self.run, 'identity', name)

    # --- processes ---

    def path(self, name, kind):
        return os.path.join(self.log, name + '.' + kind)

    def text(self, name, kind):
        try:
            with open(self.path(name, kind), errors='replace') as file:
                return file.read()
        except OSError:
            return ''

    def begin(self, name, words, **settings):
        environment = dict(self.environment, **settings)
        with open(self.path(name, 'out'), 'a') as out, \
                open(self.path(name, 'err'), 'a') as err:
            before = os.path.getsize(self.path(name, 'out'))
            child = subprocess.Popen(words, stdout=out, stderr=err,
                                     stdin=subprocess.DEVNULL,
                                     env=environment)
        self.alive[name] = child
        deadline = time.monotonic() + 20
        while 'listening on' not in self.text(name, 'out')[before:]:
            if child.poll() is not None or time.monotonic() > deadline:
                raise SystemExit('demo: %s does not start:\n%s' % (
                    name, self.text(name, 'err')))
            time.sleep(0.02)

    def settings(self, name, account):
        return {'MESH_POLICY': self.policy,
                'MESH_IDENTITY': self.identity(account),
                'MESH_ACCESS_LOG': self.path(name, 'access')}

    def begin_gateway(self, name):
        self.begin(name, [self.gateway, '%s:%d' % (WORKLOADS[name], PORT),
                          name], **self.settings(name, 'api-gateway'))

    def begin_echo(self, name, account, *words):
        self.begin(name, [self.lmesh, 'serve', '--name', name, '--listen',
                          '%s:%d' % (WORKLOADS[name], PORT)] + list(words),
                   **self.settings(name, account))

    def end(self, name, how=signal.SIGTERM):
        child = self.alive.pop(name)
        child.send_signal(how)
        try:
            return child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            return None

    def end_all(self):
        for child in self.alive.values():
            child.terminate()
        for name in list(self.alive):
            self.end(name)

    # --- requests ---

    def begin_call(self, url, account='web', policy=None, method=None, body=None,
                   headers=(), n=1, c=1, interval=0):
        words = [self.lmesh, 'call', '-v', '-o', 'json', '--policy',
                 policy or self.policy, '--identity', self.identity(account),
                 '--labels', 'app=demo', '-n', str(n), '-c', str(c),
                 '--interval', str(interval)]
        words += ['-X', method] if method else []
        words += ['-d', body] if body is not None else []
        for header in headers:
            words += ['-H', header]
        return subprocess.Popen(words + [url], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True,
                                stdin=subprocess.DEVNULL,
                                env=self.environment)

    def end_call(self, child):
        """The JSON of a call; its events are in ['events']."""
        out, err = child.communicate(timeout=120)
        try:
            answer = json.loads(out)
        except ValueError:
            answer = {'requests': [], 'summary': {}}
        answer['events'] = err
        return answer

    def call(self, url, **how):
        return self.end_call(self.begin_call(url, **how))

    def raw(self, name, request, context=None):
        """Bytes to a workload past libmesh; what comes back, and why no more."""
        answer = b''
        try:
            with socket.create_connection((WORKLOADS[name], PORT), 5) as plain:
                stream = context.wrap_socket(plain) if context else plain
                with stream:
                    stream.sendall(request)
                    while True:
                        piece = stream.recv(65536)
                        if not piece:
                            return answer, 'closed'
                        answer += piece
        except OSError as error:
            return answer, str(error)

    def tls(self, identity):
        """A TLS client that trusts anybody, to show who is not trusted."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if identity:
            directory = self.identity(identity)
            context.load_cert_chain(os.path.join(directory, 'cert-chain.pem'),
                                    os.path.join(directory, 'key.pem'))
        return context

    def told(self, names, start, number):
        """The lines of these processes that begin so; waits for some."""
        def lines():
            return [line for name in names
                    for line in self.text(name, 'err').splitlines()
                    if line.startswith(start)]

        wait_for(lambda: len(lines()) >= number)
        return lines()

    def access_lines(self, name):
        return self.text(name, 'access').splitlines()


def wait_for(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def counts(requests, key):
    return collections.Counter(r[key] for r in requests)


def spell(counter):
    return ', '.join('%s %d' % (k, v) for k, v in sorted(counter.items()))


def plain_request(method='GET', path='/', host='payment-service'):
    return ('%s %s HTTP/1.1\r\nhost: %s\r\ncontent-length: 0\r\n'
            'connection: close\r\n\r\n' % (method, path, host)).encode()


# --- what a person gets: one function a point ---


def point_1(mesh, report):
    report.head('1. The canary: 90 % to v1, 10 % to v2, testers to v2')
    report.note('VirtualService api-gateway: x-canary: true goes to v2, '
                'everything else by weight 90/10')
    many = mesh.call('http://api-gateway/', n=1000, c=8)['requests']
    subsets = counts(many, 'subset')
    report.note('%d requests: %s; by workload: %s' % (
        len(many), spell(subsets), spell(counts(many, 'workload'))))
    report.check(len(many) == 1000 and counts(many, 'status') == {200: 1000},
                 '1,000 requests, 1,000 times 200')
    report.check(60 <= subsets['v2'] <= 140,
                 'v2 got %d of them (60 to 140 is a fair 10 %%)'
                 % subsets['v2'])
    report.check(subsets['v1'] + subsets['v2'] == 1000, 'v1 got the rest')
    testers = mesh.call('http://api-gateway/', n=100, c=4,
                        headers=['x-canary: true'])['requests']
    report.check(counts(testers, 'subset') == {'v2': 100} and
                 counts(testers, 'status') == {200: 100},
                 '100 with x-canary: true, all v2')
    return many + testers


def point_2(mesh, report, seen):
    report.head('2. Every connection is mutual TLS, unless the policy '
                'makes an exception')
    report.note('PeerAuthentication: STRICT for the mesh, PERMISSIVE for '
                'legacy-api')
    ends = collections.Counter((r['principal'], r['protocol'], r['cipher'])
                               for r in seen)
    for (principal, protocol, cipher), number in ends.items():
        report.note('%d requests to %s\n  over %s, %s' % (
            number, principal, protocol, cipher))
    report.check(seen and all(p == ID + 'api-gateway' and t.startswith('TLSv1')
                              and c for p, t, c in ends),
                 'the client knows its server: sa/api-gateway')
    report.check(seen and all('greets %sweb\n' % ID in r['body']
                              for r in seen),
                 'the server knows its client: sa/web')
    for name in ('api-gateway-v1a', 'api-gateway-v2'):
        answer, why = mesh.raw(name, plain_request(host='api-gateway'))
        report.check(answer == b'' and why == 'closed',
                     'a plaintext client of %s: closed without a byte' % name)
    answer, why = mesh.raw('legacy-api', plain_request(host='legacy-api'))
    report.check(answer.startswith(b'HTTP/1.1 200') and
                 b'"principal": ""' in answer,
                 'a plaintext client of legacy-api is served')
    legacy = mesh.call('http://legacy-api.legacy-apps/')['requests']
    report.check(legacy and legacy[0]['status'] == 200 and
                 legacy[0]['protocol'].startswith('TLSv1') and
                 '"principal": "%sweb"' % ID in legacy[0]['body'],
                 'and so is one with mutual TLS, which is known by name')


def point_3(mesh, report):
    report.head('3. Who may charge')
    report.note('AuthorizationPolicy payment-service-authz: POST '
                '/api/v1/charge and /refund, from sa/api-gateway and '
                'sa/order-service')
    rows = [
        ('sa/api-gateway may POST /api/v1/charge', 'api-gateway', 'POST',
         CHARGE, 200),
        ('sa/order-service may, too', 'order-service', 'POST', CHARGE, 200),
        ('sa/api-gateway may not GET it', 'api-gateway', 'GET', CHARGE, 403),
        ('nor POST to another path', 'api-gateway', 'POST',
         'http://payment-service/api/v1/steal', 403),
        ('sa/web may not', 'web', 'POST', CHARGE, 403),
    ]
    for claim, account, method, url, status in rows:
        answer = mesh.call(url, account=account, method=method)['requests']
        got = answer[0] if answer else {'status': 0, 'body': ''}
        said = '' if got['status'] == 200 else ' ' + got['body']
        report.check(got['status'] == status and
                     said == ('' if status == 200 else ' RBAC: access denied'),
                     '%s: %d%s' % (claim, got['status'], said))
    told = mesh.told(('payment-a', 'payment-b'), 'denied: ', 3)
    report.check(len(told) == 3 and
                 all('payment-service-authz rule 0: ' in line
                     for line in told),
                 'the servers\' own logs say which policy, rule and '
                 'condition:')
    report.note('\n'.join(told))
    gateway = mesh.raw('payment-a', plain_request('POST', '/api/v1/charge'),
                       mesh.tls('api-gateway'))[0]
    report.check(gateway.startswith(b'HTTP/1.1 200'),
                 'a stranger\'s TLS client with sa/api-gateway\'s certificate '
                 'is served')
    for claim, identity in (('of another CA', 'mallory'),
                            ('that expired', 'late'), ('missing', None)):
        answer, why = mesh.raw('payment-a', plain_request('POST',
                                                          '/api/v1/charge'),
                               mesh.tls(identity))
        report.check(answer == b'',
                     'with a certificate %s there is no HTTP at all (%s)'
                     % (claim, why))
    told = mesh.told(('payment-a',), 'connection refused: ', 3)
    report.check(len(told) == 3, 'and payment-a\'s log says why:')
    report.note('\n'.join(told))


def killed(mesh, report):
    report.note('VirtualService payment-service: 3 retries on gateway-error, '
                'connect-failure, refused-stream')
    before = len(mesh.access_lines('payment-a'))
    child = mesh.begin_call(CHARGE, account='api-gateway', method='POST',
                            n=800, c=4, interval=10)
    wait_for(lambda: len(mesh.access_lines('payment-a')) > before + 20)
    mesh.end('payment-a', signal.SIGKILL)
    answer = mesh.end_call(child)
    requests = answer['requests']
    retried = [r for r in requests if r['attempts'] > 1]
    late = [r for r in requests if r['status'] != 200]
    report.check(counts(requests, 'workload')['payment-a'] > 0,
                 'payment-a answered before it was killed with SIGKILL '
                 '(%s)' % spell(counts(requests, 'workload')))
    report.check(len(requests) == 800 and not late,
                 '800 requests around that: %d failed' % len(late))
    report.check(retried and all(r['workload'] == 'payment-b'
                                 for r in retried),
                 '%d of them were retried, and payment-b answered'
                 % len(retried))
    mesh.begin_echo('payment-a', 'payment-service')


def ejected(mesh, report):
    report.note('DestinationRule api-gateway (with shorter times): five 5xx '
                'in a row eject for 3 s,\nlooked at every second, never more '
                'than 50 % of the endpoints')
    mesh.end('api-gateway-v1b')
    mesh.begin_echo('api-gateway-v1b', 'api-gateway', '--fail', '100:503')
    before = len(mesh.access_lines('api-gateway-v1b'))
    child = mesh.begin_call('http://api-gateway/', policy=mesh.fast, n=900,
                            interval=8)
    wait_for(lambda: len(mesh.access_lines('api-gateway-v1b')) >= before + 5)
    time.sleep(0.5)
    mesh.alive['api-gateway-v1b'].send_signal(signal.SIGUSR1)
    answer = mesh.end_call(child)
    sick = [r for r in answer['requests']
            if r['workload'] == 'api-gateway-v1b' and r['status'] == 503]
    well = [r for r in answer['requests']
            if r['workload'] == 'api-gateway-v1b' and r['status'] == 200]
    others = [r for r in answer['requests']
              if r['workload'] != 'api-gateway-v1b']
    report.check(len(sick) == 5, 'v1b answered 503 %d times in a row, and '
                 'then got nothing' % len(sick))
    report.check(others and all(r['status'] == 200 for r in others),
                 'the others answered the %d requests that went to them'
                 % len(others))
    if report.check(well and sick, 'made well, it came back by itself'):
        gap = well[0]['start_ms'] - sick[-1]['start_ms']
        report.check(3000 <= gap <= 5500, 'after %.1f s: the first sweep '
                     'after 3 s' % (gap / 1000))
    report.check('ejected: ' in answer['events'],
                 'the client told of it:')
    report.note('\n'.join(line for line in answer['events'].splitlines()
                          if line.startswith(('ejected: ', 'admitted: '))))
    mesh.end('api-gateway-v1b')
    mesh.begin_gateway('api-gateway-v1b')


def never_ejected(mesh, report):
    done = mesh.tool('explain', '--policy', mesh.policy, '--namespace',
                     'production', '-H', 'x-canary: true',
                     'http://api-gateway/')
    lines = [line.strip() for line in done.stdout.splitlines()
             if re.search('eject', line, re.I)]
    report.check(lines, 'v2 has one endpoint: `lmesh explain` says that 50 % '
                 'of one never allows an ejection')
    report.note('\n'.join(lines))


def point_4(mesh, report):
    report.head('4. When servers die or fail')
    killed(mesh, report)
    ejected(mesh, report)
    never_ejected(mesh, report)


def point_5(mesh, report):
    report.head('5. A service that sleeps')
    report.note('VirtualService payment-service: timeout 5s, perTryTimeout 2s')
    for name in ('payment-a', 'payment-b'):
        mesh.end(name)
        mesh.begin_echo(name, 'payment-service', '--delay', '60000',
                        '--threads', '8')
    answer = mesh.call(CHARGE, account='api-gateway', method='POST')
    request = (answer['requests'] or [collections.defaultdict(int)])[0]
    report.check(request['status'] == 504 and
                 request['body'] == 'upstream request timeout',
                 '%s %s' % (request['status'], request['body']))
    report.check(4900 <= request['ms'] <= 6000,
                 'after %.1f s: the total of the policy'
                 % (request['ms'] / 1000))
    report.check(request['attempts'] == 3,
                 '%d attempts: two were given up after 2 s each'
                 % request['attempts'])
    for name in ('payment-a', 'payment-b'):
        mesh.end(name)
        mesh.begin_echo(name, 'payment-service')


def payment_trace(request):
    """The traceparent that payment-service saw, through the gateway."""
    try:
        echo = json.loads(request['body'])
    except ValueError:
        return ''
    return dict(echo['headers']).get('traceparent', '')


def chain(spans, parent):
    """The spans of one trace from the parent on, one below the other."""
    found = []
    while True:
        below = [s for s in spans if s.parent == parent]
        if len(below) != 1 or len(found) > len(spans):
            return found
        found += below
        parent = below[0].id


def tree(report, collector, trace, root):
    def path():
        return chain([s for s in collector.spans if s.trace == trace], root)

    wait_for(lambda: len(path()) >= 4, 10)
    spans = path()
    kinds = [s.kind for s in spans]
    report.check(kinds == [3, 2, 3, 2],
                 'its spans are one tree: client, server, client, server')
    for depth, span in enumerate(spans):
        report.note('%s%s %s (%s)' % ('  ' * depth, span.id, span.name,
                                      span.service))


def delivered(report, collector, answer):
    statistics = answer['summary'].get('statistics', {})
    report.check(statistics.get('spans_exported', 0) > 0 and
                 statistics.get('spans_dropped', 1) == 0,
                 'spans were delivered by OTLP/HTTP (%s by the client alone)'
                 % statistics.get('spans_exported'))
    if collector:
        report.note('to a collector of the demo\'s own; set '
                    'OTEL_EXPORTER_OTLP_ENDPOINT to see them in yours')


def point_6(mesh, report, collector):
    report.head('6. Traces and access logs')
    report.note('IstioOperator mesh: sampling 10 %, accessLogFile')
    trace, root = os.urandom(16).hex(), os.urandom(8).hex()
    one = mesh.call('http://api-gateway/checkout',
                    headers=['traceparent: 00-%s-%s-01' % (trace, root)])
    seen = payment_trace(one['requests'][0]) if one['requests'] else ''
    report.note('sent to api-gateway:      00-%s-%s-01\n'
                'seen by payment-service:  %s' % (trace, root, seen))
    report.check(seen.startswith('00-%s-' % trace) and root not in seen,
                 'the trace went on through api-gateway, with spans of its own')
    if collector:
        tree(report, collector, trace, root)
    many = mesh.call('http://api-gateway/checkout', n=400, c=4)
    flags = collections.Counter(payment_trace(r)[-2:]
                                for r in many['requests'])
    report.check(sum(flags.values()) == 400 and 12 <= flags['01'] <= 75,
                 'of 400 new traces %d were sampled (a fair 10 %%)'
                 % flags['01'])
    delivered(report, collector, many)


def point_6_logs(mesh, report, requests):
    names = [n for n in WORKLOADS if n.startswith('api-gateway')]

    def inbound():
        return [line for name in names for line in mesh.access_lines(name)
                if ' "api-gateway" ' in line and '"GET / ' in line]

    wait_for(lambda: len(inbound()) >= requests)
    lines = inbound()
    report.check(len(lines) == requests,
                 'the gateways wrote %d access log lines for the %d requests '
                 'of point 1' % (len(lines), requests))
    report.check(lines and all(ACCESS_LINE.match(line) for line in lines),
                 'in Istio\'s default format, for example:')
    report.note(lines[0] if lines else '')


def tested(mesh, report):
    report.head('Before anything starts: the policy does what is meant')
    for policy in (mesh.policy, mesh.fast):
        done = mesh.tool('test', '--policy', policy, mesh.tests)
        report.note(done.stdout)
        report.check(done.returncode == 0, 'lmesh test: every case of %s holds '
                     'for %s' % (os.path.basename(mesh.tests),
                                 os.path.basename(policy)))


def start(mesh):
    ca = mesh.make_ca('ca')
    for account in ('api-gateway', 'payment-service', 'order-service', 'web'):
        mesh.issue(ca, 'production', account)
    mesh.issue(ca, 'legacy-apps', 'legacy-api')
    mesh.issue(ca, 'production', 'api-gateway', 'late', '-20s')
    mesh.issue(mesh.make_ca('other-ca'), 'production', 'api-gateway',
               'mallory')
    for name in WORKLOADS:
        if name.startswith('api-gateway'):
            mesh.begin_gateway(name)
        else:
            mesh.begin_echo(name, 'legacy-api' if name == 'legacy-api' else
                            'payment-service')
        print('  %-16s %s:%d  pid %d' % (name, WORKLOADS[name], PORT,
                                         mesh.alive[name].pid))


def play(mesh, report, collector):
    tested(mesh, report)
    report.head('Six services, one process each')
    start(mesh)
    seen = point_1(mesh, report)
    point_6_logs(mesh, report, len(seen))
    point_2(mesh, report, seen)
    point_3(mesh, report)
    point_4(mesh, report)
    point_5(mesh, report)
    point_6(mesh, report, collector)
    report.head('The end')
    codes = [mesh.end(name) for name in list(mesh.alive)]
    report.check(codes and not any(codes),
                 'every service ended in order when told to')


def main():
    sources, build = sys.argv[1:]
    url = os.environ.get('OTEL_EXPORTER_OTLP_ENDPOINT')
    collector = None if url else otlp.Collector()
    mesh = Mesh(sources, build, url or collector.url)
    report = Report()
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        play(mesh, report, collector)
    finally:
        mesh.end_all()
        if collector:
            collector.close()
    print('\nlogs are in %s; %.0f s' % (mesh.log, time.monotonic() - began))
    print('demo: %d checks, %d failed' % (report.checks, report.failed))
    return 1 if report.failed else 0


sys.exit(main())
