"""64 threads x 200 blocking calls under maxConnections: 8, then the same
number of calls on one host loop: how many connections and handshakes that
makes, and how many threads."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from stage import STRICT, Checks, Stage, free_ports, service  # noqa: E402

THREADS, CALLS, MOST = 64, 200, 8
RULE = """---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: back, namespace: demo}
spec:
  host: back
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: %d}}
""" % MOST


def play(checks, endpoints, claim, *act):
    """One crowd against so many fresh servers."""
    with Stage('caller', 'back') as stage:
        ports = free_ports(endpoints)
        stage.write(STRICT + service('back', *ports) + RULE)
        servers = [stage.server('back', port) for port in ports]
        crowd = stage.actor('caller', *act)
        said = crowd.line()
        code = crowd.end()
        stats = [server.ask('stats') for server in servers]
        ends = [server.end() for server in servers]
    print(claim, said, stats)
    total = THREADS * CALLS
    accepted = sum(s.get('connections_accepted', -1) for s in stats)
    checks.that('%s: it ends well' % claim, code == 0 and said != {})
    checks.that('%s: every call is answered, each with its own' % claim,
                said.get('good') == total, said.get('good'))
    checks.that('%s: every call went out once' % claim,
                said.get('attempts') == total, said.get('attempts'))
    checks.that('%s: the servers saw them all' % claim,
                sum(s.get('exchanges', 0) for s in stats) == total)
    checks.that('%s: at most %d connections, and one for each further '
                'endpoint' % (claim, MOST),
                1 <= accepted <= MOST + endpoints - 1, accepted)
    for i, server in enumerate(stats):
        full = server.get('handshakes_full', -1)
        checks.that('%s: at most one full handshake with endpoint %d'
                    % (claim, i), 0 <= full <= 1, full)
    # A connection whose loop is given back while it shakes hands, and that
    # nobody waits for any more, is ended: the server sees no end of it.
    left = (said.get('connections_opened', -1) - said.get('handshakes_full', 0)
            - said.get('handshakes_resumed', 0))
    failed = sum(s.get('handshakes_failed', 99) for s in stats)
    checks.that('%s: no handshake failed but those that were given up' % claim,
                said.get('handshakes_failed') == 0 and 0 <= failed <= left,
                (failed, left))
    checks.that('%s: and as many as the servers count' % claim,
                said.get('handshakes_full') ==
                sum(s.get('handshakes_full', -1) for s in stats))
    checks.that('%s: the servers end well' % claim, not any(ends), ends)
    return said


def main():
    checks = Checks()
    for endpoints in (1, 3):
        play(checks, endpoints, '%d threads, %d endpoints'
             % (THREADS, endpoints), 'crowd', 'http://back/', THREADS, CALLS)
    for endpoints in (1, 3):
        claim = 'one loop, %d endpoints' % endpoints
        said = play(checks, endpoints, claim, 'loop', 'http://back/',
                    THREADS * CALLS)
        checks.that('%s: no thread is made' % claim, said.get('tasks') == 1,
                    said.get('tasks'))
    checks.finish()


main()
