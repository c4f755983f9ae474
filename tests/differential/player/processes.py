"""The workloads of a case as libmesh programs: certificates, settings, words
in and out, and their access logs."""
import json
import os
import subprocess
import threading
import time
import urllib.parse

from . import apps, streams
from .topology import CaseError

BUILD = os.path.abspath(os.environ.get('top_builddir') or '.')
WORKLOAD = os.path.join(BUILD, 'tests/differential/workload')
LMESH = os.path.join(BUILD, 'tools/lmesh')
START_S = 20
END_S = 20

# Where the host says that spans go: as absent as a case's own collector.
NO_COLLECTOR = 'http://127.0.0.1:9'

# What the access log tells, under the names of the recorded cases.
LOG_FIELDS = {
    'code': 'RESPONSE_CODE', 'flags': 'RESPONSE_FLAGS',
    'details': 'RESPONSE_CODE_DETAILS',
    'connection_details': 'CONNECTION_TERMINATION_DETAILS',
    'transport_failure': 'UPSTREAM_TRANSPORT_FAILURE_REASON',
    'cluster': 'UPSTREAM_CLUSTER_RAW', 'route': 'ROUTE_NAME',
    'attempts': 'UPSTREAM_REQUEST_ATTEMPT_COUNT',
    'path': 'REQ(X-ENVOY-ORIGINAL-PATH?:PATH)',
    'sni': 'REQUESTED_SERVER_NAME', 'peer': 'DOWNSTREAM_PEER_URI_SAN',
    'remote': 'DOWNSTREAM_REMOTE_ADDRESS', 'start': 'START_TIME',
    'request_id': 'REQ(X-REQUEST-ID)',
}


def environment(**settings):
    kept = {k: v for k, v in os.environ.items()
            if not k.startswith(('MESH_', 'OTEL_')) or k == 'MESH_MODULES'}
    return dict(kept, **settings)


def word(value):
    if isinstance(value, str):
        value = value.encode('latin-1', 'replace')
    return urllib.parse.quote_from_bytes(value, safe='/:')


def pair(key, value):
    return '%s=%s' % (key, word(value))


def unword(text):
    return urllib.parse.unquote_to_bytes(text).decode('latin-1')


def read_words(line):
    """'saw path=/x header=a:b' -> ('saw', {'path': ...,
    'headers': [[a, b]]})"""
    kind, *words = line.split(' ')
    said = {'headers': []}
    for text in words:
        key, _, value = text.partition('=')
        if key == 'header':
            name, _, content = value.partition(':')
            said['headers'].append([unword(name), unword(content)])
        else:
            said[key] = unword(value)
    return kind, said


def log_settings():
    """Laid over the case's own mesh settings."""
    fields = {key: '%%%s%%' % name for key, name in LOG_FIELDS.items()}
    return {'apiVersion': 'install.istio.io/v1alpha1', 'kind': 'IstioOperator',
            'metadata': {'name': 'player', 'namespace': 'player'},
            'spec': {'meshConfig': {'accessLogEncoding': 'JSON',
                                    'accessLogFormat': json.dumps(fields)}}}


class Authority:
    """One development CA per trust domain, a certificate per account."""

    def __init__(self, directory):
        self.directory = directory

    def run(self, *words):
        done = subprocess.run([LMESH, 'ca', *words], text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=environment())
        if done.returncode:
            raise CaseError('lmesh ca: ' + done.stdout.strip())

    def identity(self, trust_domain, namespace, account):
        home = os.path.join(self.directory, trust_domain)
        if not os.path.isdir(home):
            self.run('init', home, '--trust-domain', trust_domain)
        out = os.path.join(home, '%s.%s' % (namespace, account))
        if not os.path.isdir(out):
            self.run('issue', home, '--namespace', namespace,
                     '--service-account', account, '--out', out)
        return out


class Process:
    """One workload.c at work."""

    def __init__(self, workload, work, policy, identity, tracing, saw):
        self.name, self.saw_by_all = workload.name, saw
        self.address, self.ports = workload.address, sorted(workload.ports)
        self.certificates = identity
        self.stem = os.path.join(work, workload.name.replace('/', '_'))
        self.events, self.troubles = [], []
        self.answers, self.waiting = {}, {}
        self.calls = {}  # streams that we opened
        self.server = streams.Server(workload.name, self.order, saw)
        self.listening, self.done = threading.Event(), threading.Semaphore(0)
        self.lock = threading.Lock()
        labels = ','.join('%s=%s' % i for i in workload.labels.items())
        settings = {
            'MESH_POLICY': policy, 'MESH_IDENTITY': identity,
            'MESH_LABELS': labels, 'MESH_ADDRESS': workload.address,
            'MESH_ACCESS_LOG': self.stem + '.log'}
        if workload.locality:
            settings['MESH_LOCALITY'] = workload.locality
        if tracing:
            settings['OTEL_EXPORTER_OTLP_ENDPOINT'] = NO_COLLECTOR
        with open(self.stem + '.err', 'w') as errors:
            self.child = subprocess.Popen(
                [WORKLOAD, workload.name] +
                ['%s%s:%d' % ('tcp:' if p in workload.streams else '',
                              workload.address, p) for p in self.ports],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                env=environment(**settings), text=True, encoding='latin-1',
                cwd=identity)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    # --- what it says ---

    def read(self):
        for line in self.child.stdout:
            kind, said = read_words(line.rstrip('\n'))
            if kind == 'saw':
                self.saw_by_all(dict(said, by=self.name))
            elif kind == 'answer':
                self.take_answer(said)
            elif kind in ('open', 'bytes', 'over'):
                self.take_bytes(kind, said)
            elif kind == 'event':
                self.events.append(said)
            elif kind == 'trouble':
                self.troubles.append(said.get('text', ''))
            elif kind == 'listening':
                self.listening.set()
            elif kind == 'done':
                self.done.release()
        self.listening.set()  # or never will be
        with self.lock:
            for ready in self.waiting.values():
                ready.set()
            for call in self.calls.values():
                call.ready.set()
        self.done.release()

    def take_answer(self, said):
        with self.lock:
            self.answers[said['id']] = said
            ready = self.waiting.get(said['id'])
        if ready:
            ready.set()

    def take_bytes(self, kind, said):
        with self.lock:
            call = self.calls.get(said['id'])
        if kind == 'open':
            self.server.opened(said['id'])
        elif kind == 'bytes':
            data = said['data'].encode('latin-1')
            if call:
                call.take(data)
            else:
                self.server.take(said['id'], data)
        elif call:
            call.end(said)

    def await_start(self):
        self.listening.wait(START_S)
        if self.troubles or self.child.poll() is not None:
            raise CaseError('%s does not start: %s' % (
                self.name, '; '.join(self.troubles) or self.errors()))

    def errors(self):
        with open(self.stem + '.err', errors='replace') as file:
            return file.read()[-2000:].strip() or 'no word'

    # --- what it is told ---

    def tell(self, *words):
        try:
            with self.lock:
                self.child.stdin.write(' '.join(words) + '\n')
                self.child.stdin.flush()
        except OSError:
            self.troubles.append('ended early: ' + self.errors())

    def behave(self, script):
        self.server.script.behave(script)
        self.tell('script')
        for step in script or []:
            words = [pair('header', '%s:%s' % (n, v))
                     for n, v in apps.pairs(step.get('headers'))]
            for key in ('status', 'body', 'times'):
                if key in step:
                    words.append(pair(key, str(step[key])))
            if 'delay' in step:
                words.append('delay_ms=%d' % round(1000 * step['delay']))
            words += [key for key in ('reset', 'close', 'cut')
                      if step.get(key)]
            self.tell('step', *words)
        self.tell('sync')
        self.done.acquire(timeout=END_S)

    def send(self, number, words, give_up_s):
        """A request and what came of it."""
        ready = threading.Event()
        with self.lock:
            self.waiting[number] = ready
        self.tell('send', word(number), *words,
                  'give_up_ms=%d' % round(1000 * give_up_s))
        ready.wait(give_up_s + END_S)
        with self.lock:
            del self.waiting[number]
        return self.answers.get(number) or {
            'code': 'no answer from the program', 'headers': []}

    def order(self, verb, number, data=None):
        """What is to become of a stream."""
        self.tell(verb, word(number),
                  *([] if data is None else [pair('data', data)]))

    def stream(self, number, to, data, method, give_up_s):
        """A stream, bytes to send on it, and what came back."""
        call = streams.Call(self.order, number, method)
        with self.lock:
            self.calls[number] = call
        self.tell('stream', word(number), word(to), pair('data', data),
                  'give_up_ms=%d' % round(1000 * give_up_s))
        call.ready.wait(give_up_s + END_S)
        return call

    def end(self):
        try:
            self.child.stdin.close()
        except OSError:
            pass
        try:
            status = self.child.wait(END_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            status = self.child.wait()
        self.reader.join(END_S)
        if status:
            self.troubles.append('ended with %d: %s'
                                 % (status, self.errors()))

    def log(self):
        """Its access log: [record]."""
        try:
            with open(self.stem + '.log') as file:
                return [json.loads(line) for line in file if line.strip()]
        except OSError:
            return []


class Mesh:
    """All programs and applications of a case."""

    def __init__(self, case, work, authority):
        self.case = case
        self.seen = []
        self.lock = threading.Lock()
        policy = os.path.join(work, 'policy')
        os.mkdir(policy)
        case.write_policies(policy)
        self.processes, self.apps = {}, {}
        try:
            self.start(case, work, policy, authority)
        except BaseException:
            self.stop()
            raise

    def start(self, case, work, policy, authority):
        with open(os.path.join(policy, 'zzz-player.json'), 'w') as file:
            json.dump(log_settings(), file)
        for workload in case.workloads.values():
            identity = authority.identity(case.trust_domain(),
                                          workload.namespace,
                                          workload.account)
            if workload.name in case.plain:
                self.apps[workload.name] = apps.App(
                    workload.name, workload.address, sorted(workload.ports),
                    self.saw, identity if workload.name in
                    case.data.get('plain_tls', []) else None)
            else:
                self.processes[workload.name] = Process(
                    workload, work, policy, identity,
                    case.names_collector(), self.saw)
        for name, where in case.data.get('backends', {}).items():
            host, port = where.rsplit(':', 1)
            self.apps[name] = apps.App(name, host, [int(port)], self.saw)
        for process in self.processes.values():
            process.await_start()

    def saw(self, record):
        with self.lock:
            self.seen.append(dict(record, at=time.time()))

    def get(self, name):
        if name not in self.processes:
            raise CaseError('no workload %s in the mesh; there are %s'
                            % (name, sorted(self.processes)))
        return self.processes[name]

    def behave(self, scripts):
        for name, script in (scripts or {}).items():
            (self.apps.get(name) or self.get(name)).behave(script)

    def stop(self):
        for process in self.processes.values():
            process.end()
        for app in self.apps.values():
            app.stop()
