"""What a start with bad input says: certificates, settings, addresses; and
what is left when descriptors run out."""
import errno
import os
import resource
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from guest import FILES, Failed, Guest  # noqa: E402
from strangers import (BUILD, Checks, Mesh, service, spiffe,  # noqa: E402
                       strict)

ONE = 'subjectAltName = URI:'


class Case:
    """lmesh serve with one thing wrong."""

    def __init__(self, checks, mesh):
        self.checks, self.mesh = checks, mesh
        self.policy = mesh.policy(strict())

    def refused(self, claim, identity, code, *says, options=(),
                listen='127.0.0.1:0', policy=None):
        server = self.mesh.serve(policy or self.policy, *options,
                                 identity=identity, listen=listen)
        ended = server.address is None and server.stop()
        self.checks.that('%s: no start' % claim, ended and ended > 0,
                         (server.address, ended))
        self.checks.has('  and it is said why', server.err, '[%s]' % code,
                        *says)
        server.stop()

    def copy(self, name, **files):
        """An identity with some files replaced: by text, or None."""
        folder = self.mesh.at('bad', name)
        shutil.copytree(self.mesh.identity('echo'), folder)
        for file, text in files.items():
            path = os.path.join(folder, file.replace('_', '-') + '.pem')
            os.remove(path)
            if text is not None:
                with open(path, 'w', encoding='utf-8') as out:
                    out.write(text)
        return folder


def text_of(folder, name):
    with open(os.path.join(folder, name), encoding='utf-8') as file:
        return file.read()


def certificates(case, mesh):
    chain, key, root = 'cert-chain.pem', 'key.pem', 'root-cert.pem'
    good = mesh.identity('echo')
    pem = text_of(good, chain)
    late = mesh.identity('echo', ttl='-20s', name='late')
    code = 'MESH_ERR_CERTIFICATE'
    middle = len(pem) // 2
    case.refused('an expired certificate', late, code, late + '/' + chain,
                 'expired since 20')
    other = text_of(mesh.identity('other'), key)
    folder = case.copy('key', key=other)
    case.refused("another's key", folder, code, folder + '/' + key, 'match')
    folder = mesh.forge('no-uri', 'subjectAltName = DNS:echo')
    case.refused('no SPIFFE id', folder, code, folder + '/' + chain,
                 'no SPIFFE id')
    folder = mesh.forge('two-uris', ONE + spiffe('a') + ', URI:' + spiffe('b'))
    case.refused('two of them', folder, code, folder + '/' + chain,
                 'two URI names')
    for claim, name in [('another scheme', 'https://cluster.local/ns/a/sa/b'),
                        ('an empty part', 'spiffe://cluster.local/ns//sa/b')]:
        folder = mesh.forge(claim.replace(' ', '-'), ONE + name)
        case.refused('a SPIFFE id with ' + claim, folder, code,
                     folder + '/' + chain)
    for claim, files, file, says in [
            ('a chain that is no PEM', {'cert_chain': 'hello'}, chain, ''),
            ('an empty chain', {'cert_chain': ''}, chain, ''),
            ('half a chain', {'cert_chain': pem[:middle]}, chain, ''),
            ('a garbled chain', {'cert_chain': pem[:middle] + 'AAAA' +
                                 pem[middle + 4:]}, chain, ''),
            ('a key for a chain', {'cert_chain': other}, chain, ''),
            ('a key that is no PEM', {'key': 'hello'}, key, ''),
            ('roots that are no PEM', {'root_cert': 'hello'}, root, '')]:
        folder = case.copy(claim.replace(' ', '-'), **files)
        case.refused(claim, folder, code, folder + '/' + file, says)
    for claim, files, file in [('no chain', {'cert_chain': None}, chain),
                               ('no key', {'key': None}, key),
                               ('no roots', {'root_cert': None}, root)]:
        folder = case.copy(claim.replace(' ', '-'), **files)
        case.refused(claim, folder, 'MESH_ERR_IO', folder + '/' + file,
                     os.strerror(errno.ENOENT))


def settings(case, mesh):
    good = mesh.identity('echo')
    code = 'MESH_ERR_IDENTITY_MISMATCH'
    for option, value, true in [('--namespace', 'payments', 'shop'),
                                ('--service-account', 'admin', 'echo'),
                                ('--trust-domain', 'far', 'cluster.local')]:
        case.refused('%s %s against the certificate' % (option, value), good,
                     code, value, true, options=[option, value])
    server = mesh.serve(case.policy, '--namespace', 'shop')
    case.checks.that('what agrees with it is no contradiction',
                     server.address, server.err)
    server.stop()
    empty = mesh.at('empty')
    os.mkdir(empty)
    case.refused('a directory without a policy', good, 'MESH_ERR_NO_POLICY',
                 empty, policy=empty)
    case.refused('a policy that is not there', good, 'MESH_ERR_NO_POLICY',
                 empty + '/none', policy=empty + '/none')
    wrong = mesh.policy(strict('STRICTT'))
    case.refused('a policy with an error', good, 'MESH_ERR_POLICY',
                 'all.yaml:4:', policy=wrong)


def addresses(case, mesh):
    good = mesh.identity('echo')
    with socket.create_server(('127.0.0.1', 0)) as taken:
        there = '127.0.0.1:%d' % taken.getsockname()[1]
        case.refused('a port in use', good, 'MESH_ERR_ADDRESS', there,
                     os.strerror(errno.EADDRINUSE), listen=there)
    case.refused('an address of another machine', good, 'MESH_ERR_ADDRESS',
                 '192.0.2.1', os.strerror(errno.EADDRNOTAVAIL),
                 listen='192.0.2.1:0')
    for text in ('127.0.0.1:99999', '127.0.0.1', 'localhost:http', ':', ''):
        case.refused('"%s" as an address' % text, good, 'MESH_ERR_INVALID',
                     listen=text)


# --- descriptors ---

def crowd(checks, mesh):
    """More connections than the server has descriptors for."""
    policy = mesh.policy(strict())
    server = mesh.serve(policy, preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_NOFILE, (40, 40)))
    host, _, port = server.address.rpartition(':')
    held = [socket.create_connection((host, int(port))) for _ in range(80)]
    checks.that('no descriptor left: it is told', server.tells(
        'out of files: '), server.err)
    time.sleep(0.5)
    checks.that('once, not in a loop', server.err.count('out of files') <= 2,
                server.err)
    with open('/proc/%d/stat' % server.process.pid, encoding='ascii') as file:
        before = file.read().rpartition(')')[2].split()
    time.sleep(1)
    with open('/proc/%d/stat' % server.process.pid, encoding='ascii') as file:
        after = file.read().rpartition(')')[2].split()
    ticks = sum(int(after[i]) - int(before[i]) for i in (11, 12))
    checks.that('and it does not spin meanwhile',
                ticks < 0.5 * os.sysconf('SC_CLK_TCK'), ticks)
    for one in held:
        one.close()
    got = mesh.call(mesh.policy(strict(), service('echo', server.address)),
                    'http://echo/', '--deadline', '8000')
    checks.same('when they have left, it serves', got.get('status'), 200, got)
    checks.same('and ends in order', server.stop(), 0, server.err)


def hoard():
    """Every descriptor there is."""
    held = []
    try:
        while True:
            held.append(os.dup(0))
    except OSError as error:
        if error.errno != errno.EMFILE:
            raise
    return held


def without_descriptors(checks, mesh):
    """In a process of our own: the calls that need one say so."""
    server = mesh.serve(mesh.policy(strict()))
    policy = mesh.policy(strict(), service('echo', server.address))
    done = mesh.run(sys.executable, os.path.abspath(__file__), 'hoard', policy,
                    mesh.identity('caller'),
                    env=dict(os.environ, top_builddir=BUILD))
    for line in done.stdout.splitlines():
        verdict, _, claim = line.partition('|')
        checks.that(claim, verdict == 'ok', done.stderr)
    checks.same('all of them were asked', done.stdout.count('|'), 5,
                done.stdout + done.stderr)
    server.stop()


def hoarder(policy, identity):
    """The other process: a claim a line."""
    def tell(claim, holds):
        print('%s|%s' % ('ok' if holds else 'FAILED', claim))

    def code_of(act, *arguments):
        try:
            act(*arguments)
        except Failed as failed:
            return failed.code, failed.message
        return 0, ''

    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    guest = Guest(policy, identity)
    held = hoard()
    code, message = code_of(guest.get, 'http://echo/')
    tell('a call without a descriptor: %d, %s' % (code, message),
         code == FILES and message)
    code, message = code_of(guest.serve)
    tell('a server without one: %d, %s' % (code, message),
         code == FILES and message)
    code, message = code_of(Guest, policy, identity)
    tell('a workload without one: %d, %s' % (code, message),
         code == FILES and message)
    for one in held:
        os.close(one)
    tell('with descriptors, the workload goes on',
         guest.get('http://echo/') == 200)
    before = len(os.listdir('/proc/self/fd'))
    for _ in range(20):
        held = hoard()
        code_of(guest.serve)
        code_of(Guest, policy, identity)
        for one in held:
            os.close(one)
    tell('none is lost by failing', len(os.listdir('/proc/self/fd')) <= before)
    guest.stop()


def main():
    if sys.argv[1:2] == ['hoard']:
        hoarder(*sys.argv[2:])
        return
    checks = Checks()
    with Mesh() as mesh:
        case = Case(checks, mesh)
        certificates(case, mesh)
        settings(case, mesh)
        addresses(case, mesh)
        crowd(checks, mesh)
        without_descriptors(checks, mesh)
    checks.finish()


if __name__ == '__main__':
    try:
        main()
    except subprocess.TimeoutExpired as late:
        print('FAILED: %s\n1 checks, 1 failed' % late)
        sys.exit(1)
