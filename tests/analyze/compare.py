#!/usr/bin/env python3
"""compare.py - the findings of Istio's analyzers beside ours.

  compare.py record ASK GOLDEN...      Istio's, as tests/golden/expect has them
  compare.py check ASK EXPECT GOLDEN...  the same, against what was recorded
  compare.py beside ASK LMESH FIRST COUNT  random directories, both at once

ASK is the program of ask/. A finding is a code and a resource; codes that
lib/policy/codes.h does not call told are left out.
"""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import scatter  # noqa: E402

CODES = os.path.join(HERE, '..', '..', 'lib', 'policy', 'codes.h')
MODULE = os.path.join(HERE, 'ask', 'go.mod')
AT_ONCE = 200
# IST0106 is the schema's, and compared by tests/admission.
ELSEWHERE = {'IST0106'}


def told_codes():
    with open(CODES, encoding='utf-8') as header:
        return set(re.findall(r'^ \*   (IST\d+)  told', header.read(),
                              re.M)) - ELSEWHERE


def version():
    with open(MODULE, encoding='utf-8') as module:
        return re.search(r'istio\.io/istio (\S+)', module.read()).group(1)


def resource_name(text):
    """ "Kind namespace/name" as we write it."""
    kind, name = text.split(' ', 1)
    if kind == 'Namespace':
        return 'Namespace/' + name.split('/')[-1]
    return '%s/%s' % (kind, name if '/' in name else 'default/' + name)


def ask(program, cases):
    """{case: {(code, resource): lines}}; a line of 0 is none."""
    told = told_codes()
    found = collections.defaultdict(lambda: collections.defaultdict(set))
    for first in range(0, len(cases), AT_ONCE):
        out = subprocess.run([program] + cases[first:first + AT_ONCE],
                             stdout=subprocess.PIPE, check=True, text=True)
        for line in out.stdout.splitlines():
            case, _, code, _, resource, number, _ = line.split('\t')
            if code in told:
                found[case][code, resource_name(resource)].add(int(number))
    return found


def ours(lmesh, case):
    told = told_codes()
    out = subprocess.run([lmesh, 'analyze', '-o', 'json', case],
                         stdout=subprocess.PIPE, check=False, text=True)
    return {(one['code'], one['resource'])
            for one in json.loads(out.stdout)['diagnostics']
            if one['code'] in told}


def recorded(program, goldens):
    lines = ['# What the analyzers of istio.io/istio %s find.' % version(),
             '# file\tcode\tresource\tlines']
    found = ask(program, goldens)
    for golden in goldens:
        for (code, resource), numbers in sorted(found[golden].items()):
            numbers = ','.join(str(n) for n in sorted(numbers) if n) or '-'
            lines.append('\t'.join([os.path.basename(golden), code, resource,
                                    numbers]))
    return '\n'.join(lines) + '\n'


def check(program, expect, goldens):
    with open(expect, encoding='utf-8') as was:
        before = was.read().splitlines()
    now = recorded(program, goldens).splitlines()
    for line in sorted(set(before) ^ set(now)):
        print('%s %s' % ('gone:' if line in before else 'new: ', line))
    return before == now


def write_cases(directory, first, count):
    cases = []
    for seed in range(first, first + count):
        path = os.path.join(directory, '%d.yaml' % seed)
        with open(path, 'w', encoding='utf-8') as out:
            for document in scatter.scatter(seed):
                out.write('---\n%s\n' % json.dumps(document))
        cases.append(path)
    return cases


def beside(program, lmesh, first, count):
    with tempfile.TemporaryDirectory() as directory:
        cases = write_cases(directory, first, count)
        found = ask(program, cases)
        pairs = differences = 0
        for case in cases:
            theirs, mine = set(found[case]), ours(lmesh, case)
            pairs += len(theirs)
            for one in sorted(theirs ^ mine):
                differences += 1
                print('seed %s: %s: %s %s' % (
                    os.path.basename(case)[:-5],
                    'only Istio' if one in theirs else 'only lmesh', *one))
    print('%d directories, %d findings, %d differences'
          % (len(cases), pairs, differences))
    return differences == 0 and pairs > 0


def main(arguments):
    verb, rest = arguments[0], arguments[1:]
    if verb == 'record':
        sys.stdout.write(recorded(rest[0], rest[1:]))
        return 0
    if verb == 'check':
        return 0 if check(rest[0], rest[1], rest[2:]) else 1
    if verb == 'beside':
        return 0 if beside(rest[0], rest[1], int(rest[2]),
                           int(rest[3])) else 1
    sys.stderr.write(__doc__)
    return 2


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
