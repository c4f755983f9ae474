"""fork in the middle of traffic, of a client and of a server: neither
disturbs the other, and no byte of one is on the other's connections."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from stage import STRICT, Checks, Stage, free_ports, service  # noqa: E402

FORKS, THREADS = 12, 8
CHILD_REQUESTS = 400


def of_a_client(checks):
    with Stage('caller', 'back') as stage:
        port = free_ports(1)[0]
        stage.write(STRICT + service('back', port))
        server = stage.server('back', port, threads=16)
        client = stage.actor('caller', 'forks', 'http://back/', THREADS,
                             FORKS)
        said = client.line()
        code = client.end()
        stats = server.ask('stats')
        ended = server.end()
    print(said, stats)
    checks.that('client: it ends well', code == 0 and ended == 0)
    checks.that('client: each child is refused until after_fork, then works; '
                'the call under way in the parent is answered',
                said.get('well') == FORKS, said)
    checks.that('client: the parent is not disturbed',
                said.get('bad') == 0 and said.get('good', 0) > 0, said)
    checks.that('client: no connection carries two processes',
                stats.get('mixed') == 0, stats.get('mixed'))
    checks.that('client: every request is answered',
                stats.get('unanswered') == 0, stats.get('unanswered'))


def of_a_server(checks):
    with Stage('caller', 'back', 'twin') as stage:
        ports = free_ports(2)
        stage.write(STRICT + service('back', ports[0]) +
                    service('twin', ports[1]).replace('serviceAccount: twin',
                                                      'serviceAccount: back'))
        server = stage.server('back', ports[0])
        client = stage.actor('caller', 'crowd', 'http://back/', THREADS, 500)
        child = server.ask('fork 127.0.0.1:%d %d' % (ports[1],
                                                     CHILD_REQUESTS))
        others = stage.actor('caller', 'crowd', 'http://twin/', 4,
                             CHILD_REQUESTS // 4)
        to_child = others.line()
        to_parent = client.line()
        ends = client.end(), others.end()
        stats = server.ask('stats')
        ended = server.end()
    print(child, to_child, to_parent, stats)
    checks.that('server: the child is refused until after_fork',
                child.get('refused') == 1, child)
    checks.that('server: then it listens', child.get('listens') == 1, child)
    checks.that('server: and answers all', to_child.get('good') ==
                CHILD_REQUESTS, to_child)
    checks.that('server: the parent answers all its own',
                to_parent.get('good') == THREADS * 500, to_parent)
    checks.that('server: without a second try', to_parent.get('attempts') ==
                THREADS * 500, to_parent)
    checks.that('server: the parent saw its own, nothing else',
                stats.get('exchanges') == THREADS * 500 and
                stats.get('unanswered') == 0, stats)
    checks.that('server: all end well', ends == (0, 0) and ended == 0,
                (ends, ended))


def main():
    checks = Checks()
    of_a_client(checks)
    of_a_server(checks)
    checks.finish()


main()
