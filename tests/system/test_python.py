"""A Python program of 40 lines with ctypes and no callbacks: client.py."""
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from stage import (BUILD, STRICT, Checks, Stage, free_ports,  # noqa: E402
                   service)

CLIENT = os.path.join(HERE, 'client.py')
ANSWER = "('MESH_OK', 200, b'nobody -\\n')"
CLOSED = '---\noutboundTrafficPolicy: {mode: REGISTRY_ONLY}\n'


def lines_of_code(path):
    """Those with something in them, outside of the docstring."""
    with open(path, encoding='utf-8') as file:
        text = re.sub(r'^""".*?"""\n', '', file.read(), flags=re.S)
    return sum(1 for line in text.splitlines() if line.strip())


def main():
    checks = Checks()
    with Stage('caller', 'back') as stage:
        port = free_ports(1)[0]
        stage.write(STRICT + service('back', port) + CLOSED)
        server = stage.server('back', port, threads=8)
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, CLIENT, os.path.join(BUILD, '.libs/libmesh.so'),
             'http://back/'], env=stage.settings('caller'), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240)
        took = time.monotonic() - began
        stats = server.ask('stats')
        server.process.kill()  # the handler that sleeps would keep it
    print(done.stdout, stats)
    said = done.stdout.splitlines() + [''] * 3
    checks.that('it ends well', done.returncode == 0, done.returncode)
    lines = lines_of_code(CLIENT)
    checks.that('it has 40 lines at most', lines <= 40, lines)
    checks.that('16 threads have their 50 answers each',
                said[0] == '800 [%s]' % ANSWER, said[0])
    checks.that('a call is cancelled from another thread',
                said[1] == '4 MESH_ERR_CANCELLED', said[1])
    checks.that('at once', took < 25, took)
    checks.that('an error is read back',
                re.match(r'MESH_ERR_NO_\w+ .*nowhere', said[2]), said[2])
    checks.that('the server saw a handful of connections',
                1 <= stats.get('connections_accepted', 0) <= 17, stats)
    checks.that('with one full handshake',
                stats.get('handshakes_full') == 1, stats)
    checks.finish()


main()
