"""What the interop tests share: checks, a mesh in a folder of its own, and
the programs that are started in it."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
BUILD = os.environ.get('top_builddir') or '.'
PATIENCE = 30  # seconds until something that should come is given up

# No setting of whoever runs this may reach the programs.
for NAME in [n for n in os.environ if n.startswith(('MESH_', 'OTEL_'))]:
    if NAME not in ('MESH_MODULES', 'MESH_PYTHON'):
        del os.environ[NAME]
os.environ['no_proxy'] = '*'

STRICT = """apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: %s}}
"""
SERVICE = """apiVersion: v1
kind: Service
metadata: {name: %(name)s, namespace: shop}
spec:
  selector: {app: %(name)s}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: %(name)s-1, namespace: shop}
spec:
  address: %(host)s
  ports: {http: %(port)s}
  labels: {app: %(name)s}
  serviceAccount: %(account)s
"""
FORGED = """basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
%s
"""


def strict(mode='STRICT'):
    return STRICT % mode


def service(name, address, account=None):
    """Where a service is, and who it has to be (of its name, unless said)."""
    host, _, port = address.rpartition(':')
    return SERVICE % {'name': name, 'host': host, 'port': port,
                      'account': account or name}


def spiffe(account):
    return 'spiffe://cluster.local/ns/shop/sa/' + account


def tool():
    for name in ('tools/lmesh', 'lmesh'):
        if os.access(os.path.join(BUILD, name), os.X_OK):
            return os.path.join(BUILD, name)
    print('there is no lmesh')
    sys.exit(1)


def program(name):
    """Where a stranger lives; without it the test cannot be run."""
    found = shutil.which(name) or shutil.which('/usr/sbin/' + name)
    if not found:
        print('there is no ' + name)
        sys.exit(77)
    return found


def until(seen, seconds=PATIENCE):
    """Look again and again; what was seen, or the last that was not."""
    end = time.monotonic() + seconds
    while True:
        found = seen()
        if found or time.monotonic() > end:
            return found
        time.sleep(0.02)


def free_port(host='127.0.0.1'):
    """A port that was free a moment ago."""
    with socket.create_server((host, 0)) as one:
        return one.getsockname()[1]


def send_raw(address, data, wait=PATIENCE, end=False):
    """Bytes on a socket, and all that comes until the peer closes; None when
    it did not."""
    host, _, port = address.rpartition(':')
    got = b''
    with socket.create_connection((host, int(port)), timeout=wait) as one:
        one.sendall(data)
        if end:
            one.shutdown(socket.SHUT_WR)
        try:
            for piece in iter(lambda: one.recv(65536), b''):
                got += piece
        except ConnectionResetError:
            pass
        except TimeoutError:
            return None
    return got


class Checks:
    def __init__(self):
        self.made = self.failed = 0

    def that(self, claim, holds, about=None):
        self.made += 1
        if holds:
            print('ok: ' + claim)
        else:
            self.failed += 1
            print('FAILED: %s: %s' % (claim, str(about)[-3000:]))
        sys.stdout.flush()

    def same(self, claim, found, expect, about=''):
        self.that(claim, found == expect,
                  'found %r, expected %r %s' % (found, expect, about))

    def has(self, claim, text, *parts):
        self.that(claim, all(part in text for part in parts),
                  '%r not all in %r' % (parts, text))

    def finish(self):
        print('%d checks, %d failed' % (self.made, self.failed))
        sys.exit(1 if self.failed else 0)


class Process:
    """Beside us; what it says is in files."""

    def __init__(self, mesh, name, argv, **options):
        self.name = name
        self.out_path = mesh.at(name + '.out')
        self.err_path = mesh.at(name + '.err')
        with open(self.out_path, 'wb') as out, \
                open(self.err_path, 'wb') as err:
            self.process = subprocess.Popen(
                argv, stdout=out, stderr=err,
                stdin=options.pop('stdin', subprocess.DEVNULL), **options)
        mesh.running.append(self)

    @property
    def out(self):
        return read(self.out_path)

    @property
    def err(self):
        return read(self.err_path)

    def says(self, text):
        """Wait until standard output has this text."""
        return until(lambda: text in self.out or self.ended()) and \
            text in self.out

    def tells(self, text, seconds=PATIENCE):
        """Wait until standard error has this text."""
        return until(lambda: text in self.err, seconds)

    def ended(self):
        return self.process.poll() is not None

    def stop(self):
        """End it; how it ended."""
        if not self.ended():
            self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def read(path):
    with open(path, encoding='utf-8', errors='replace') as file:
        return file.read()


class Mesh:
    """A CA, identities, policies, and who runs with them."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='mesh-interop.')
        self.lmesh = tool()
        self.running = []
        self.numbers = {}
        self.new_ca('ca')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def at(self, *names):
        return os.path.join(self.folder, *names)

    def run(self, *argv, **options):
        """To its end: code, output, and errors as text."""
        options.setdefault('timeout', 2 * PATIENCE)
        if 'input' not in options:
            options.setdefault('stdin', subprocess.DEVNULL)
        done = subprocess.run(argv, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True,
                              errors='replace', **options)
        return done

    def must(self, *argv):
        done = self.run(*argv)
        if done.returncode:
            raise RuntimeError('%s: %s' % (' '.join(argv), done.stderr))
        return done.stdout

    def fresh(self, name):
        """The path of a name that was not used before."""
        number = self.numbers[name] = self.numbers.get(name, 0) + 1
        return '%s-%d' % (name, number)

    # --- identities ---

    def new_ca(self, name):
        self.must(self.lmesh, 'ca', 'init', self.at(name), '--trust-domain',
                  'cluster.local')

    def identity(self, account, ttl='1h', ca='ca', name=None):
        """The directory of a certificate."""
        folder = self.at('ids', name or '%s.%s' % (ca, account))
        if not os.path.exists(folder):
            os.makedirs(self.at('ids'), exist_ok=True)
            self.must(self.lmesh, 'ca', 'issue', self.at(ca), '--namespace',
                      'shop', '--service-account', account, '--ttl', ttl,
                      '--out', folder)
        return folder

    def forge(self, name, extension, **options):
        """As identity(), made by openssl with extensions that lmesh does not
        give. options: those of `openssl x509`, e.g. days='1'."""
        folder = self.at('ids', name)
        os.makedirs(folder)
        key, request = folder + '/key.pem', folder + '/request.pem'
        with open(folder + '/extensions', 'w', encoding='utf-8') as file:
            file.write(FORGED % extension)
        self.must('openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt',
                  'ec_paramgen_curve:P-256', '-nodes', '-subj', '/O=forged',
                  '-keyout', key, '-out', request)
        self.must('openssl', 'x509', '-req', '-in', request, '-CA',
                  self.at('ca/root-cert.pem'), '-CAkey',
                  self.at('ca/ca-key.pem'), '-set_serial', '7', '-extfile',
                  folder + '/extensions', '-days', options.get('days', '1'),
                  '-out', folder + '/cert-chain.pem')
        shutil.copy(self.at('ca/root-cert.pem'), folder)
        return folder

    # --- policies and programs ---

    def policy(self, *documents):
        """A directory with these documents."""
        folder = self.at(self.fresh('policy'))
        os.mkdir(folder)
        with open(folder + '/all.yaml', 'w', encoding='utf-8') as file:
            file.write('---\n'.join(documents))
        return folder

    def start(self, name, *argv, **options):
        return Process(self, self.fresh(name), argv, **options)

    def serve(self, policy, *options, account='echo', listen='127.0.0.1:0',
              identity=None, **more):
        """lmesh serve; .address is where, None if it did not start."""
        server = self.start('serve', self.lmesh, 'serve', '--policy', policy,
                            '--identity', identity or self.identity(account),
                            '--labels', 'app=' + account, '--listen', listen,
                            *options, **more)
        server.address = None
        if server.says('listening on '):
            server.address = server.out.split()[2]
        return server

    def call(self, policy, url, *options, account='caller', identity=None):
        """lmesh call: its JSON, with the one request's fields in front."""
        done = self.run(self.lmesh, 'call', '--policy', policy, '--identity',
                        identity or self.identity(account), '--labels', '',
                        '-o', 'json', *options, url)
        try:
            said = json.loads(done.stdout)
        except ValueError:
            said = {'requests': []}
        first = dict(said['requests'][0]) if said['requests'] else {}
        first['all'] = said
        first['exit'] = done.returncode
        first['stderr'] = done.stderr
        return first
