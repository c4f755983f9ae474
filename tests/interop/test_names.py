"""Names: ServiceEntries that stand on them, and hosts that no policy knows,
with a name server that changes its mind."""
import http.server
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from guest import Failed, Guest  # noqa: E402
from nameserver import NXDOMAIN, SERVFAIL, NameServer  # noqa: E402
from strangers import Checks, Mesh, free_port, until  # noqa: E402

ENTRY = """apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: %(name)s, namespace: shop}
spec:
  hosts: [%(host)s]
  resolution: %(resolution)s
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: %(port)d}]
%(more)s"""
CLOSED = 'outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n'
FIRST, SECOND, THIRD = '127.0.31.1', '127.0.31.2', '127.0.31.3'


def entry(name, port, resolution='DNS', more='', host=None):
    return ENTRY % {'name': name, 'host': host or name + '.example',
                    'resolution': resolution, 'port': port, 'more': more}


class Backend:
    """An HTTP server that says at which address it was asked."""

    def __init__(self, host, port):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                body = ('%s %s' % (host, self.headers['Host'])).encode()
                self.send_response(200)
                self.send_header('content-length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer((host, port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def bodies(mesh, policy, url, count=20):
    got = mesh.call(policy, url, '-n', str(count))
    return {(one.get('status'), one.get('endpoint'))
            for one in got['all']['requests']}, got


def entries(checks, mesh, names, port):
    names.say('files.example', FIRST, SECOND)
    names.say('one.example', SECOND, FIRST)
    names.say('behind.example', THIRD)
    policy = mesh.policy(
        CLOSED, entry('files', port), entry('one', port, 'DNS_ROUND_ROBIN'),
        entry('two', port, more='  endpoints: [{address: behind.example}, '
              '{address: %s}]\n' % FIRST),
        entry('nobody', port), entry('silent', port))
    names.say('silent.example', silent=True)
    first, second, third = ('%s:%d' % (host, port)
                            for host in (FIRST, SECOND, THIRD))
    seen, got = bodies(mesh, policy, 'http://files.example/')
    checks.same('DNS uses all addresses of a name', seen,
                {(200, first), (200, second)}, got)
    seen, got = bodies(mesh, policy, 'http://one.example/')
    checks.same('DNS_ROUND_ROBIN the first', seen, {(200, second)}, got)
    seen, got = bodies(mesh, policy, 'http://two.example/')
    checks.same('endpoints may be names and addresses', seen,
                {(200, first), (200, third)}, got)
    got = mesh.call(policy, 'http://nobody.example/')
    checks.same('a name without address has no endpoint',
                (got.get('status'), got.get('flags')), (503, 'UH'), got)
    start = time.monotonic()
    got = mesh.call(policy, 'http://silent.example/')
    took = time.monotonic() - start
    checks.same('a name that nobody answers neither',
                (got.get('status'), got.get('flags')), (503, 'UH'), got)
    checks.that('within the connect timeout', 1 < took < 14, took)
    got = mesh.call(policy, 'http://elsewhere.example/')
    checks.same('REGISTRY_ONLY lets nobody else through',
                (got.get('status'), names.asked.get('elsewhere.example')),
                (502, None), got)


def outside(checks, mesh, names, port):
    names.say('elsewhere.example', FIRST)
    policy = mesh.policy(entry('none', port, 'NONE'),
                         entry('wild', port, 'NONE', host="'*.wild.example'"))
    got = mesh.call(policy, 'http://elsewhere.example:%d/' % port)
    checks.same('ALLOW_ANY: a host by its name',
                (got.get('status'), got.get('endpoint')),
                (200, '%s:%d' % (FIRST, port)), got)
    got = mesh.call(policy, 'http://%s:%d/' % (SECOND, port))
    checks.same('or by its address', got.get('status'), 200, got)
    got = mesh.call(policy, 'http://nowhere.example:%d/' % port)
    checks.same('a name without address',
                (got.get('status'), got.get('flags')), (503, 'DF'), got)
    names.say('none.example', SECOND)
    names.say('a.wild.example', FIRST)
    for host, address in [('none.example', SECOND), ('a.wild.example', FIRST)]:
        got = mesh.call(policy, 'http://%s/' % host)
        checks.same('NONE: %s at its port' % host,
                    (got.get('status'), got.get('endpoint')),
                    (200, '%s:%d' % (address, port)), got)


def ask(guest, url='http://moving.example/'):
    try:
        return guest.get(url)
    except Failed as failed:
        return failed.code


def changes(checks, mesh, names, port):
    """One second after another, as the name's time to live says."""
    names.say('moving.example', FIRST, ttl=1)
    backends = {FIRST: Backend(FIRST, port + 1)}
    guest = Guest(mesh.policy(CLOSED, entry('moving', port + 1)),
                  mesh.identity('caller'))
    checks.same('at its first address', ask(guest), 200)
    names.say('moving.example', SECOND, ttl=1)
    backends[SECOND] = Backend(SECOND, port + 1)
    asked = names.asked['moving.example']
    until(lambda: names.asked['moving.example'] > asked + 1, 10)
    backends.pop(FIRST).stop()
    checks.same('it moved', {ask(guest) for _ in range(10)}, {200})
    names.say('moving.example', code=SERVFAIL)
    told = []
    until(lambda: told.append(guest.events()) or 'stay' in told[-1], 20)
    checks.has('what goes wrong is told', ''.join(told), 'moving.example',
               'its last addresses stay')
    checks.same('and they do', ask(guest), 200)
    backends.pop(SECOND).stop()
    guest.stop()
    names.say('moving.example', code=NXDOMAIN)
    guest = Guest(mesh.policy(CLOSED, entry('moving', port + 1)),
                  mesh.identity('caller'))
    checks.same('said not to be there, it has no endpoint', ask(guest), -203)
    guest.stop()


def hosts_file(checks, mesh, port):
    local = Backend('127.0.0.1', port + 2)
    got = mesh.call(mesh.policy(entry('local', port + 2, host='localhost')),
                    'http://localhost/')
    checks.same('the hosts file is read',
                (got.get('status'), got.get('endpoint')),
                (200, '127.0.0.1:%d' % (port + 2)), got)
    local.stop()


def main():
    checks = Checks()
    names = NameServer()
    os.environ['MESH_NAMESERVERS'] = names.address
    port = free_port(FIRST)
    backends = [Backend(host, port) for host in (FIRST, SECOND, THIRD)]
    with Mesh() as mesh:
        entries(checks, mesh, names, port)
        outside(checks, mesh, names, port)
        hosts_file(checks, mesh, port)
        changes(checks, mesh, names, port)
    for backend in backends:
        backend.stop()
    names.stop()
    checks.finish()


main()
