"""Count the checks of one `make check`: tally.py DIR.

Reads the .trs and .log files below DIR. cmocka programs say how many tests
they ran, scripts how many checks; anything else counts one. What failed is
printed in full; the sums go to descriptor 3 as `CHECKS FAILED`.
"""
import os
import re
import sys

RAN = re.compile(r'^\[=+\] (?:[\w ]+: )?Running (\d+) test\(s\)', re.M)
SKIPPED = re.compile(r'^\[  SKIPPED ?\] (?:[\w ]+: )?(\d+) test\(s\)', re.M)
FAILED = re.compile(r'^\[  FAILED  \] (?:[\w ]+: )?(\d+) test\(s\)', re.M)
SUMS = re.compile(r'(\d+) checks, (\d+) failed$', re.M)


def count(result, text):
    """(checks, failed) of one program."""
    ran = sum(int(n) for n in RAN.findall(text))
    sums = SUMS.findall(text)
    if ran:
        checks = ran - sum(int(n) for n in SKIPPED.findall(text))
        failed = sum(int(n) for n in FAILED.findall(text))
    elif sums:
        checks, failed = int(sums[-1][0]), int(sums[-1][1])
    else:
        checks, failed = int(result != 'SKIP'), 0
    if result in ('FAIL', 'ERROR', 'XPASS') and not failed:
        checks, failed = max(checks, 1), 1
    return checks, failed


def results(top):
    """(path of the log, result) of every test below top."""
    for at, names, files in os.walk(top):
        for name in sorted(files):
            if not name.endswith('.trs'):
                continue
            with open(os.path.join(at, name), encoding='utf-8') as file:
                found = re.search(r'^:global-test-result: (\w+)',
                                  file.read(), re.M)
            yield (os.path.join(at, name[:-4] + '.log'),
                   found.group(1) if found else 'ERROR')


def main():
    checks = failed = programs = 0
    for log, result in sorted(results(sys.argv[1])):
        text = ''
        if os.path.exists(log):
            with open(log, encoding='utf-8', errors='replace') as file:
                text = file.read()
        mine, wrong = count(result, text)
        programs += 1
        checks += mine
        failed += wrong
        if wrong:
            print('=== %s: %s\n%s' % (result, log, text))
        elif result == 'SKIP':
            print('skipped: %s' % log)
    if not programs:
        print('no test program was run')
        failed += 1
    print('%d programs, %d checks, %d failed' % (programs, checks, failed),
          flush=True)
    os.write(3, b'%d %d\n' % (checks, failed))


main()
