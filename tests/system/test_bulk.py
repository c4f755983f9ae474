"""256 MiB up and 256 MiB down: all of it arrives, and memory grows by less
than 4 MiB on either side."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from stage import STRICT, Checks, Stage, free_ports, service  # noqa: E402

BYTES = 256 << 20
PIECE = 64 << 10
MOST_KIB = 4096


def play(checks, way, claim):
    with Stage('caller', 'back') as stage:
        port = free_ports(1)[0]
        stage.write(STRICT + service('back', port))
        server = stage.server('back', port)
        client = stage.actor('caller', way, 'http://back/' + way, BYTES)
        warm = client.line()
        server.forget_peak()
        before = server.memory_kib()
        said = client.ask('')
        grown = server.memory_kib('VmHWM') - before
        code = client.end()
        ended = server.end()
    print(claim, warm, said, 'server grown KiB', grown)
    checks.that('%s: it is done' % claim, code == 0 and ended == 0, (code,
                                                                     ended))
    checks.that('%s: every byte' % claim, said.get('bytes') == BYTES,
                said.get('bytes'))
    if way == 'up':
        expect = sum(i * 7 % 256 for i in range(PIECE)) * (BYTES // PIECE)
        checks.that('%s: the bytes are those' % claim,
                    said.get('body') == '%d %d' % (BYTES, said.get('sum', 0)),
                    (said, expect))
    else:
        expect = sum(i % 256 for i in range(PIECE)) * (BYTES // PIECE)
        checks.that('%s: the bytes are those' % claim,
                    said.get('sum') == expect, (said, expect))
    checks.that('%s: the client grew less than 4 MiB' % claim,
                said.get('grown_kib', MOST_KIB) < MOST_KIB,
                said.get('grown_kib'))
    checks.that('%s: the server grew less than 4 MiB' % claim,
                grown < MOST_KIB, grown)


def main():
    checks = Checks()
    play(checks, 'up', '256 MiB up')
    play(checks, 'down', '256 MiB down')
    checks.finish()


main()
