"""A stage for real processes: a CA, identities, a policy directory, servers
that answer to commands, and counting of checks."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
BUILD = os.path.abspath(os.environ.get('top_builddir') or '.')
SOURCE = os.path.abspath(os.environ.get('top_srcdir') or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), '../..'))
PATIENCE_S = 240

STRICT = """apiVersion: security.istio.io/v1
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
"""
ENTRY = """---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: %(name)s-%(index)d, namespace: demo}
spec:
  address: 127.0.0.1
  ports: {http: %(port)d}
  labels: {app: %(name)s%(more)s}
  serviceAccount: %(name)s
"""


def program(*names):
    for name in names:
        path = os.path.join(BUILD, name)
        if os.access(path, os.X_OK):
            return path
    print('there is no %s in %s' % (names[0], BUILD))
    print('1 checks, 1 failed')
    sys.exit(1)


def free_ports(count):
    sockets = [socket.create_server(('127.0.0.1', 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for each in sockets:
        each.close()
    return ports


class Checks:
    def __init__(self):
        self.made = self.failed = 0

    def that(self, claim, good, found=''):
        self.made += 1
        print('%s: %s %s' % ('ok' if good else 'FAILED', claim, found),
              flush=True)
        if not good:
            self.failed += 1
        return good

    def finish(self):
        print('%d checks, %d failed' % (self.made, self.failed))
        sys.exit(1 if self.failed else 0)


class Process:
    """One that says lines of JSON on standard output. What it complains of
    is kept: the last lines are printed when it ends badly."""

    def __init__(self, command, settings):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command, env=settings, stdin=subprocess.PIPE, text=True,
            stdout=subprocess.PIPE, stderr=self.errors)
        self.pid = self.process.pid

    def line(self):
        """The next line, read; {} when there is none in time."""
        timer = threading.Timer(PATIENCE_S, self.process.kill)
        timer.start()
        text = self.process.stdout.readline()
        timer.cancel()
        return json.loads(text) if text.startswith('{') else {}

    def say(self, text):
        try:
            self.process.stdin.write(text + '\n')
            self.process.stdin.flush()
        except OSError:
            pass  # it has ended, which line() finds out

    def ask(self, text):
        self.say(text)
        return self.line()

    def complaints(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors='replace')

    def memory_kib(self, field='VmRSS'):
        with open('/proc/%d/status' % self.pid, encoding='ascii') as file:
            for line in file:
                if line.startswith(field + ':'):
                    return int(line.split()[1])
        return 0

    def states(self):
        """One letter for each thread, as proc(5) has them."""
        letters = []
        for task in os.listdir('/proc/%d/task' % self.pid):
            with open('/proc/%d/task/%s/stat' % (self.pid, task),
                      encoding='ascii') as file:
                letters.append(file.read().rpartition(')')[2].split()[0])
        return letters

    def stop(self):
        """SIGSTOP, and not back before every thread stands still: the signal
        only asks for it, and a busy machine takes its time."""
        end = time.monotonic() + PATIENCE_S
        self.process.send_signal(signal.SIGSTOP)
        while set(self.states()) != {'T'}:
            if time.monotonic() > end:
                raise TimeoutError('%d does not stop' % self.pid)
            time.sleep(0.01)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def forget_peak(self):
        with open('/proc/%d/clear_refs' % self.pid, 'w',
                  encoding='ascii') as file:
            file.write('5')

    def end(self):
        """Its exit code, once it is told that nobody speaks any more."""
        try:
            self.process.stdin.close()
        except OSError:
            pass
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        if code:
            print('%s ended with %d:' % (self.process.args[1:3], code))
        said = self.complaints()
        if said:
            print(said[-2000:])
        self.process.stdout.close()
        self.errors.close()
        return code


class Stage:
    """Used with `with`: whatever was started ends with it."""

    def __init__(self, *accounts):
        self.folder = tempfile.mkdtemp(prefix='mesh-system-')
        self.lmesh = program('lmesh', 'tools/lmesh')
        self.running = []
        self.serial = 0
        os.mkdir(self.at('policy'))
        self.run('ca', 'init', self.at('ca'), '--trust-domain',
                 'cluster.local')
        for account in accounts:
            self.issue(account)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running:
            if process.process.poll() is None:
                process.process.send_signal(signal.SIGCONT)
                process.process.kill()
            process.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def at(self, name):
        return os.path.join(self.folder, name)

    def run(self, *arguments):
        subprocess.run([self.lmesh, *arguments], check=True, timeout=60,
                       stdout=subprocess.DEVNULL)

    def issue(self, account):
        self.run('ca', 'issue', self.at('ca'), '--namespace', 'demo',
                 '--service-account', account, '--out', self.at(account))

    def write(self, text, name='all.yaml'):
        """Put a policy file in its place, as a whole."""
        with open(self.at('new'), 'w', encoding='utf-8') as file:
            file.write(text)
        os.rename(self.at('new'), self.at('policy/' + name))

    def settings(self, account):
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith('MESH_') and
                not name.startswith('OTEL_')}
        return dict(kept, MESH_POLICY=self.at('policy'),
                    MESH_IDENTITY=self.at(account),
                    MESH_LABELS='app=' + account)

    def start(self, account, *command):
        process = Process(list(command), self.settings(account))
        self.running.append(process)
        return process

    def actor(self, account, *arguments):
        return self.start(account, program('tests/system/actor'),
                          *[str(a) for a in arguments])

    def server(self, account, port, threads=4):
        """An actor that serves; it is up when it has said so."""
        process = self.actor(account, 'serve', '127.0.0.1:%d' % port, threads)
        if not process.line():
            print('no server at %d: %s' % (port, process.complaints()))
        return process


def service(name, *ports, more=''):
    """The YAML of a service with these endpoints."""
    return (SERVICE % {'name': name} +
            ''.join(ENTRY % {'name': name, 'index': i, 'port': port,
                             'more': more}
                    for i, port in enumerate(ports)))
