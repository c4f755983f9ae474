#!/usr/bin/env python3
"""test_files - what `lmesh test` says of test files, and how it says it.

Files that are wrong are refused with the place of what is wrong; hostile ones
are bounded; results are good TAP, JUnit's XML and JSON; policies that are
refused or not there are no failure of a case.
"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../../scripts/lib'))
import checks  # noqa: E402

HEAD = 'policy: policy.yaml\nfrom: {namespace: shop}\ncases:\n'
ASK = '- {name: a, request: {url: "http://catalog/"}, '
COME = '- {name: a, to: {namespace: shop, labels: {}}, inbound: {path: /}, '

# What a file has, and what is said of it: LINE:COL: error: the beginning. With
# a hint, that as well. All of them end with 2.
WRONG = [
    ('', 'error: is empty'),
    ('- a\n', '1:1: error: wants a map, not a list'),
    ('a: [\n', '2:1: error: did not find expected node content'),
    ('{}\n', '1:1: error: cases is missing'),
    ('policy: a\ncases: []\n', '2:8: error: cases: is empty'),
    ('policy: a\ncases: {}\n', '2:8: error: cases: wants a list, not a map'),
    ('cases: [{name: a}]\n', '1:1: error: policy is missing, and --policy'),
    ('policy: 1\ncases: [{name: a}]\n', '1:9: error: policy: wants a text: "1"'),
    ('policy: [a]\ncases: [{name: a}]\n',
     '1:9: error: policy: wants a text, not a list'),
    ('polcy: a\ncases: [{name: a}]\n', '1:1: error: unknown key "polcy"',
     'policy'),
    ('policy: a\npolicy: b\ncases: [{name: a}]\n',
     '2:1: error: "policy" is there twice'),
    ('policy: a\n---\npolicy: a\n', '2:1: error: a second document'),
    ('policy: a\ncases: [*a]\n', '2:9: error: an alias of what is not there'),
    ('policy: a\ncases: &a [*a]\n', '2:12: error: an alias of what is not'),
    ('policy: a\n? [b]\n: c\n', '2:3: error: a key is a text'),
    ('policy: "a\\0b"\n', '1:9: error: a text with a NUL'),
    ('policy: a\n<<: {}\ncases: [{name: a}]\n', '2:1: error: unknown key "<<"'),
    ('a: \xff\n', 'invalid leading UTF-8 octet'),
    (HEAD + '- request: {url: "http://catalog/"}\n',
     '4:3: error: cases[0]: name is missing'),
    (HEAD + '- name: ""\n  request: {url: "http://catalog/"}\n'
     '  expect: {timeout: 5s}\n', '4:9: error: cases[0]: the name is empty'),
    (HEAD + ASK + 'expect: {verdict: route}}\n' + ASK +
     'expect: {verdict: route}}\n',
     '5:10: error: cases[1]: the case in line 4 has this name too'),
    (HEAD + ASK + '}\n', '4:3: error: cases[0]: expects nothing'),
    (HEAD + ASK + 'expect: {}}\n',
     '4:56: error: cases[0].expect: is empty: it asks for nothing'),
    (HEAD + ASK + 'expect: []}\n', '4:56: error: cases[0].expect: wants a map'),
    (HEAD + ASK + 'expect: }\n', '4:56: error: cases[0].expect: wants a map, '
     'not null'),
    (HEAD + '- {name: a, expect: {verdict: route}}\n',
     '4:3: error: cases[0]: wants one of request, connect, inbound'),
    (HEAD + ASK + 'inbound: {path: /}, expect: {verdict: route}}\n',
     '4:3: error: cases[0]: wants one of request, connect, inbound, not '
     'two'),
    (HEAD + '- {name: a, inbound: {path: /}, expect: {verdict: deny}}\n',
     '4:3: error: cases[0]: to is missing, here and at the top'),
    (HEAD.replace('from: {namespace: shop}\n', '') + ASK +
     'expect: {verdict: route}}\n',
     '3:3: error: cases[0]: from is missing, here and at the top'),
    (HEAD + ASK + 'to: {namespace: shop}, expect: {verdict: route}}\n',
     '4:52: error: cases[0]: to decides nothing here, from does'),
    (HEAD + ASK + 'from: {}, expect: {verdict: route}}\n',
     '4:54: error: cases[0].from: namespace is missing'),
    (HEAD + ASK + 'from: {namespace: a, address: x}, '
     'expect: {verdict: route}}\n', '4:78: error: cases[0].from: '),
    (HEAD + ASK + 'from: {namespace: a, labels: {a: 1}}, '
     'expect: {verdict: route}}\n',
     '4:81: error: cases[0].from.labels.a: wants a text: "1", in quotes'),
    (HEAD + ASK + 'from: {namespace: a, service-account: b}, '
     'expect: {verdict: route}}\n',
     '4:69: error: cases[0].from: unknown key "service-account"',
     'serviceAccount'),
    (HEAD + '- {name: a, request: {}, expect: {verdict: route}}\n',
     '4:22: error: cases[0].request: url is missing'),
    (HEAD + '- {name: a, request: {url: "http://a b/"}, '
     'expect: {verdict: route}}\n',
     '4:28: error: cases[0].request: the URL\'s host is not valid'),
    (HEAD + '- {name: a, request: {url: "http://a/", method: "G T"}, '
     'expect: {verdict: route}}\n', '4:28: error: cases[0].request: '),
    (HEAD + '- {name: a, request: {url: "http://a/", metod: GET}, '
     'expect: {verdict: route}}\n',
     '4:41: error: cases[0].request: unknown key "metod"', 'method'),
    (HEAD + '- {name: a, request: {url: "http://a/", headers: {x: true}}, '
     'expect: {verdict: route}}\n', '4:54: error: cases[0].request.headers.x: '
     'wants a text: "true", in quotes, is one'),
    (HEAD + '- {name: a, request: {url: "http://a/", headers: {"x y": z}}, '
     'expect: {verdict: route}}\n',
     '4:58: error: cases[0].request.headers: '),
    (HEAD + '- {name: a, request: {url: "http://a/", headers: {x: [1]}}, '
     'expect: {verdict: route}}\n',
     '4:55: error: cases[0].request.headers.x[0]: wants a text'),
    (HEAD + '- {name: a, connect: {port: 1}, expect: {verdict: route}}\n',
     '4:22: error: cases[0].connect: host is missing'),
    (HEAD + '- {name: a, connect: {host: a}, expect: {verdict: route}}\n',
     '4:22: error: cases[0].connect: port is missing'),
    (HEAD + '- {name: a, connect: {host: a, port: 0}, '
     'expect: {verdict: route}}\n', '4:38: error: cases[0].connect: '
     'destination.port: "0" is no port'),
    (HEAD + '- {name: a, connect: {host: a, port: 1, path: /}, '
     'expect: {verdict: route}}\n',
     '4:41: error: cases[0].connect: unknown key "path"'),
    (HEAD + '- {name: a, connect: {host: "a b", port: 1}, '
     'expect: {verdict: route}}\n', '4:29: error: cases[0].connect: '),
    (HEAD + COME.replace('path: /', 'sourceIp: x') + 'expect: {rule: 0}}\n',
     '4:68: error: cases[0].inbound: source.ip: "x" is no IP address'),
    (HEAD + COME.replace('path: /', 'port: 70000') + 'expect: {rule: 0}}\n',
     '4:64: error: cases[0].inbound: destination.port: "70000" is no port'),
    (HEAD + COME.replace('path: /', 'port: http') + 'expect: {rule: 0}}\n',
     '4:64: error: cases[0].inbound.port: wants a whole number, not http'),
    (HEAD + COME + 'seed: 1, expect: {verdict: allow}}\n',
     '4:74: error: cases[0]: inbound draws nothing'),
    (HEAD + COME + 'expect: {verdict: alow}}\n',
     '4:86: error: cases[0].expect.verdict: "alow" is none of: allow deny',
     'allow'),
    (HEAD + COME + 'expect: {timeout: 5s}}\n',
     '4:77: error: cases[0].expect: unknown key "timeout"'),
    (HEAD + ASK + 'seed: -1, expect: {verdict: route}}\n',
     '4:54: error: cases[0].seed: wants a whole number, not -1'),
    (HEAD + ASK + 'expect: {retrys: {attempts: 1}}}\n',
     '4:57: error: cases[0].expect: unknown key "retrys"', 'retries'),
    (HEAD + ASK + 'expect: {retries: {per-try-timeout: 1s}}}\n',
     '4:67: error: cases[0].expect.retries: unknown key "per-try-timeout"',
     'perTryTimeout'),
    (HEAD + ASK + 'expect: {retries: {}}}\n',
     '4:66: error: cases[0].expect.retries: is empty'),
    (HEAD + ASK + 'expect: {rules: []}}\n',
     '4:64: error: cases[0].expect.rules: is empty'),
    (HEAD + ASK + 'expect: {headers: {request: {set: {}}}}}\n',
     '4:82: error: cases[0].expect.headers.request.set: is empty'),
    (HEAD + ASK + 'expect: {endpoints: [{}]}}\n',
     '4:69: error: cases[0].expect.endpoints[0]: is empty'),
    (HEAD + ASK + 'expect: {endpoints: [1]}}\n',
     '4:69: error: cases[0].expect.endpoints[0]: wants a map, not 1'),
    (HEAD + ASK + 'expect: {timeout: 5}}\n',
     '4:66: error: cases[0].expect.timeout: wants a duration of whole mi'),
    (HEAD + ASK + 'expect: {timeout: 1.5us}}\n',
     '4:66: error: cases[0].expect.timeout: wants a duration of whole mi'),
    (HEAD + ASK + 'expect: {timeout: 0.5ms}}\n',
     '4:66: error: cases[0].expect.timeout: wants a duration of whole mi'),
    (HEAD + ASK + 'expect: {destination: {port: 1.5}}}\n',
     '4:77: error: cases[0].expect.destination.port: wants a whole number, '
     'not 1.5'),
    (HEAD + ASK + 'expect: {destination: {port: null}}}\n',
     '4:77: error: cases[0].expect.destination.port: wants a whole number'),
    (HEAD + ASK + 'expect: {destination: {subset: 1}}}\n',
     '4:79: error: cases[0].expect.destination.subset: wants a text'),
    (HEAD + ASK + 'expect: {rule: {exact: a, prefix: b}}}\n',
     '4:63: error: cases[0].expect.rule: wants one of exact, prefix, suff'),
    (HEAD + ASK + 'expect: {rule: {regex: a}}}\n',
     '4:64: error: cases[0].expect.rule: unknown key "regex"'),
    (HEAD + ASK + 'expect: {retries: {otherHosts: "true"}}}\n',
     '4:79: error: cases[0].expect.retries.otherHosts: wants true or false'),
    (HEAD + ASK + 'expect: {retries: {retryOn: {a: b}}}}\n',
     '4:76: error: cases[0].expect.retries.retryOn: wants a list of texts'),
    (HEAD + ASK + 'distribution: {draws: 10}}\n',
     '4:62: error: cases[0].distribution: within is missing'),
    (HEAD + ASK + 'distribution: {draws: 10, within: 1}}\n',
     '4:62: error: cases[0].distribution: says nothing of what is drawn'),
    (HEAD + ASK + 'distribution: {draws: 0, within: 1, delayed: 1}}\n',
     '4:70: error: cases[0].distribution: draws is from 1 to 1000000'),
    (HEAD + ASK + 'distribution: {draws: 1000001, within: 1, delayed: 1}}\n',
     '4:70: error: cases[0].distribution: draws is from 1 to 1000000'),
    (HEAD + ASK + 'distribution: {draws: 9, within: x, delayed: 1}}\n',
     '4:81: error: cases[0].distribution.within: wants a percentage'),
    (HEAD + ASK + 'distribution: {draws: 9, within: -1, delayed: 1}}\n',
     '4:81: error: cases[0].distribution.within: wants a percentage'),
    (HEAD + ASK + 'distribution: {draws: 9, within: 1, subsets: {a: 40, '
     'b: 50%}}}\n', '4:93: error: cases[0].distribution.subsets: is 90 % '
     'together, not 100 %'),
    (HEAD + COME + 'distribution: {draws: 9, within: 1, delayed: 1}}\n',
     '4:82: error: cases[0].distribution: inbound draws nothing'),
]

GOOD = HEAD + ASK + 'expect: {verdict: route}}\n'


def deep(depth):
    return 'policy: ' + '[' * depth + ']' * depth + '\n'


def laughs():
    """Aliases of aliases: small to write, and large to walk."""
    text = 'policy: a\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n'
    for i in range(1, 10):
        text += 'a%d: &a%d [%s]\n' % (i, i, ', '.join(['*a%d' % (i - 1)] * 10))
    return text


HOSTILE = [
    (deep(33), '1:41: error: nested too deeply'),
    (deep(100000), '1:41: error: nested too deeply'),
    ('{"a":' * 50000, 'error: nested too deeply'),
    (laughs(), 'error: more than any test needs'),
    ('cases: [' + '1,' * 250000 + ']', 'error: more than any test needs'),
    ('a: {' + ''.join('k%d: 1, ' % i for i in range(1001)) + '}',
     'error: more keys than any test needs'),
    ('a: [' + ''.join('&a%d 1, ' % i for i in range(1001)) + ']',
     'error: more anchors than any test needs'),
    ('#' * (4 * 1024 * 1024 + 1), 'error: is larger than 4 MiB'),
    (HEAD + '- ' + 'x' * 100000, 'error: cases[0]: wants a map, not x'),
    (HEAD + '- {' + 'x' * 900 + ': 1}',
     'error: cases[0]: unknown key "xxx'),
    ('policy: a\ncases:\n' + ''.join('- {name: n%d}\n' % i
                                     for i in range(10001)),
     'error: more than 10000 cases'),
]


class Tool:
    def __init__(self, options, folder):
        self.path = os.path.abspath(os.path.join(options.build, 'tools/lmesh'))
        self.folder = folder
        policy = os.path.join(options.root, 'tests/tool/policy.yaml')
        self.write('policy.yaml', checks.read(policy))

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, 'w', encoding='latin-1') as file:
            file.write(text)
        return path

    def run(self, *words):
        done = subprocess.run([self.path, 'test'] + list(words), check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              cwd=self.folder)
        return (done.returncode, done.stdout.decode(),
                done.stderr.decode('utf-8', 'replace'))


def check_wrong(report, tool, rows, what):
    for number, row in enumerate(rows):
        tool.write('wrong.yaml', row[0])
        code, out, said = tool.run('wrong.yaml')
        where = '%s %d: %s' % (what, number, row[0][:200])
        report.check(code == 2, where, 'ends with %d' % code)
        report.check(out == '', where, 'runs nothing')
        report.check(re.search('^wrong.yaml: ?.*' + re.escape(row[1]), said,
                               re.M), where, 'is told: %s' % said[:400])
        for hint in row[2:]:
            report.check('note: did you mean "%s"?' % hint in said, where,
                         'has a hint: %s' % said[:400])


PIECES = ['{', '}', '[', ']', ': ', '- ', '&a ', '*a', 'null', '"', "'", '\n',
          '|\n', '0', '-1', '1e999', 'true', '<<: ', '? ', '!!str ', '%', '#',
          '\xff', '\0', '\t', '  ', 'expect', 'within: 1e400']


def changed(rng, text):
    """One to four pieces of it lost, repeated, or replaced by another."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text) + 1)
        end = at + rng.choice((0, 0, 1, 1, rng.randint(2, 30)))
        source = rng.randrange(len(text) + 1)
        piece = rng.choice(PIECES + [text[source:source + rng.randint(1, 60)]])
        text = text[:at] + rng.choice((piece, '')) + text[end:]
    return text


def check_changed(report, tool):
    """Whatever is in a file, it ends as it should and says why."""
    rng = random.Random(1)
    whole = GOOD + ''.join(
        '- {name: "%s", request: {url: "http://catalog%s"}, distribution: '
        '{draws: 9, within: 99, %s}}\n' % (i, row[0], row[1])
        for i, row in enumerate(DRAWS)) + COMES % (
            'web', 'shop/sa/web', 'GET', '/')
    for number in range(200):
        text = changed(rng, whole)
        tool.write('changed.yaml', text)
        code, out, said = tool.run(
            '-o', rng.choice(('text', 'tap', 'junit', 'json')), 'changed.yaml')
        where = 'changed %d: %s' % (number, text)
        report.check(code in (0, 1, 2), where, 'ends with %d: %s' % (code, said))
        report.check(bool(said) == (code == 2 and not out), where,
                     'is told: %s' % said)


def check_many(report, tool):
    tool.write('wrong.yaml', HEAD + '- 1\n' * 30)
    code, _, said = tool.run('wrong.yaml')
    report.check(code == 2 and said.count('wants a map') == 20 and
                 'and 10 more errors' in said, 'many errors', said)
    tool.write('good.yaml', GOOD)
    code, out, said = tool.run('good.yaml', 'wrong.yaml')
    report.check(code == 2 and out == '', 'beside a good file',
                 'a wrong one ends all: %s' % out)
    code, _, said = tool.run('nowhere.yaml')
    report.check(code == 3 and 'nowhere.yaml: error: ' in said, 'nowhere', said)
    code, _, said = tool.run('.')
    report.check(code == 3, 'a directory', said)


def check_usage(report, tool):
    for words in ([], ['--surprise'], ['-o', 'sarif', 'good.yaml'],
                  ['--filter', 'no such', 'good.yaml']):
        code, out, said = tool.run(*words)
        report.check(code == 2 and out == '' and said, words, 'is misuse')
    report.check("text, json or tap junit" in tool.run('-o', 'x', 'a')[2], '-o',
                 'says which forms there are')


def check_select(report, tool):
    tool.write('many.yaml', HEAD + ''.join(
        '- {name: "%s", request: {url: "http://catalog/"}, '
        'expect: {verdict: route}}\n' % name
        for name in ('one', 'other', 'last [x]')))
    for pattern, names in (('o', ['one', 'other']), ('*e', ['one', 'other']),
                           ('other', ['other']), ('l?st', ['last [x]'])):
        code, out, _ = tool.run('--filter', pattern, '-o', 'json', 'many.yaml')
        found = [case['name'] for case in json.loads(out)['cases']]
        report.check(code == 0 and found == names, pattern, 'selects %s' % found)
    code, out, _ = tool.run('--list', '--filter', 'o', 'many.yaml')
    report.check(code == 0 and out == 'many.yaml:4:3: one\n'
                 'many.yaml:5:3: other\n', '--list', out)


def check_policy(report, tool):
    """Errors of the policy are no failures of a case, nor hidden."""
    code, out, _ = tool.run('--policy', 'nowhere', 'good.yaml')
    report.check(code == 1 and 'ERROR a' in out and '1 errors' in out, 'nowhere',
                 'the policy is not there: %s' % out)
    tool.write('bad/p.yaml', 'apiVersion: v1\nkind: Service\nspec: 1\n')
    code, out, _ = tool.run('--policy', 'bad', 'good.yaml')
    report.check(code == 1 and 'MESH_ERR_POLICY' in out, 'bad', out)
    code, out, _ = tool.run('--policy', 'bad', '-o', 'junit', 'good.yaml')
    tree = xml.etree.ElementTree.fromstring(out)
    report.check(tree.get('errors') == '1' and tree.get('failures') == '0' and
                 tree.find('.//error') is not None, 'bad', out)
    # no labels, and policies that select by them: nobody knows who is guarded
    tool.write('who.yaml', HEAD + COME.replace(', labels: {}', '') +
               'expect: {verdict: reject}}\n')
    code, out, _ = tool.run('who.yaml')
    report.check(code in (1, 2) and 'ERROR a' in out and 'label' in out, 'who',
                 out)
    # relative to the file, not to who runs it
    os.makedirs(os.path.join(tool.folder, 'below'), exist_ok=True)
    tool.write('below/b.yaml', GOOD.replace('policy.yaml', '../policy.yaml'))
    code, out, _ = tool.run('below/b.yaml')
    report.check(code == 0, 'relative', out)
    # what the environment says is nothing to a test
    os.environ['MESH_NAMESPACE'] = os.environ['MESH_POLICY'] = 'nowhere'
    report.check(tool.run('good.yaml')[0] == 0, 'environment', 'is not read')
    del os.environ['MESH_NAMESPACE'], os.environ['MESH_POLICY']


NAMES = ['a # b \\ c', '<&>"\'', 'tab\\there', 'bell\\a', 'e\\u0301 \\uffff',
         'line\\nbreak']
MIXED = HEAD + ''.join(
    '- {name: "%s", request: {url: "http://catalog/"}, expect: {timeout: %s}}\n'
    % (name.replace('\\ ', '\\\\ ').replace('"\'', '\\"\''), timeout)
    for name, timeout in zip(NAMES, ['1.5s', '2s'] * 3))


def check_tap(report, out):
    lines = out.splitlines()
    report.check(lines[0] == 'TAP version 14' and lines[1] == '1..6', 'tap',
                 'begins: %s' % lines[:2])
    points = [line for line in lines if re.match(r'(not )?ok \d+ - ', line)]
    report.check([p.split(' - ')[0] for p in points] ==
                 ['ok 1', 'not ok 2', 'ok 3', 'not ok 4', 'ok 5', 'not ok 6'],
                 'tap', 'has its points: %s' % points)
    report.check(points[0].endswith(r'a \# b \\ c'), 'tap',
                 'escapes: %s' % points[0])
    blocks = re.findall(r'^  ---\n((?:  .*\n)*?)  \.\.\.$', out, re.M)
    report.check(len(blocks) == 6, 'tap', 'has a block each')
    for block in blocks:
        for line in block.splitlines():
            report.check(re.match(r'  (  |- )?\w+:( "(\\.|[^"\\])*"| [\d.]+| '
                                  r'\{file: "[^"]*", line: \d+, column: \d+\}'
                                  r')?$', line), 'tap', 'is YAML: %s' % line)
    report.check('wanted: "2s"' in blocks[1] and 'found: "1.5s"' in blocks[1] and
                 'policy.yaml:80"' in blocks[1], 'tap', blocks[1])


def check_junit(report, out):
    tree = xml.etree.ElementTree.fromstring(out)
    report.check(tree.tag == 'testsuites' and
                 [tree.get(k) for k in ('tests', 'failures', 'errors')] ==
                 ['6', '3', '0'], 'junit', tree.attrib)
    suites = list(tree)
    report.check(len(suites) == 1 and suites[0].tag == 'testsuite' and
                 suites[0].get('name') == 'mixed.yaml' and
                 float(suites[0].get('time')) >= 0, 'junit', 'has a suite')
    cases = list(suites[0])
    report.check([c.get('name') for c in cases] ==
                 ['a # b \\ c', '<&>"\'', 'tab\there', 'bell\ufffd',
                  'e\u0301 \ufffd', 'line\nbreak'], 'junit',
                 [c.get('name') for c in cases])
    for i, case in enumerate(cases):
        report.check(case.tag == 'testcase' and
                     set(case.attrib) == {'name', 'classname', 'time'} and
                     case.get('classname') == 'mixed.yaml', 'junit', 'is a case')
        kids = [kid.tag for kid in case if kid.tag != 'system-out']
        report.check(kids == (['failure'] if i % 2 else []), 'junit', kids)
    failure = cases[1].find('failure')
    report.check(failure.get('type') == 'expectation' and
                 failure.get('message') ==
                 'expect.timeout: wanted 2s, found 1.5s' and
                 'mixed.yaml:5:' in failure.text and
                 'policy.yaml:80' in failure.text, 'junit', failure.text)
    report.check('<system-out>' not in out, 'junit', 'is short')


def check_forms(report, tool):
    tool.write('mixed.yaml', MIXED)
    for form, look in (('tap', check_tap), ('junit', check_junit)):
        code, out, said = tool.run('-o', form, 'mixed.yaml')
        report.check(code == 1 and said == '', form, 'ends with %d' % code)
        look(report, out)
    code, out, _ = tool.run('-o', 'junit', '-v', 'mixed.yaml')
    tree = xml.etree.ElementTree.fromstring(out)
    report.check(all('destination ' in (e.text or '') for e in
                     tree.iter('system-out')) and
                 len(list(tree.iter('system-out'))) == 6, 'junit -v', 'explains')
    _, out, _ = tool.run('-o', 'json', 'mixed.yaml')
    found = json.loads(out)
    report.check((found['passed'], found['failed'], found['errors']) ==
                 (3, 3, 0) and len(found['cases']) == 6, 'json', out)
    miss = found['cases'][1]['failures'][0]
    report.check((miss['wanted'], miss['found']) == ('2s', '1.5s') and
                 miss['decided_at'].endswith('policy.yaml:80'), 'json', miss)
    report.check(any(not rule['matched'] and '/moved' in rule['text']
                     for rule in found['cases'][1]['rules']), 'json', 'why')
    code, out, _ = tool.run('mixed.yaml', 'good.yaml')
    report.check(code == 1 and 'mixed.yaml:5:' in out and
                 'expect.timeout: wanted 2s, found 1.5s' in out and
                 re.search(r'decided at \S*policy.yaml:80$', out, re.M) and
                 re.search(r'^ +- \S+: route moved: path is', out, re.M) and
                 '7 cases: 4 passed, 3 failed, 0 errors' in out and
                 out.startswith('mixed.yaml\n') and '\ngood.yaml\n' in out,
                 'text', out)
    _, out, _ = tool.run('-v', 'good.yaml')
    report.check('verdict      route' in out, 'text -v', out)


# Draws of one request, and what is found of them.
DRAWS = [
    ('/', 'subsets: {v1: 75, v2: 25}', []),
    ('/', 'subsets: {v1: 100}', ['subsets.v1', 'subsets.v2']),
    ('/', 'subsets: {v1: 75, v3: 25}', ['subsets.v3', 'subsets.v2']),
    ('/', 'subsets: {v1: 25, v2: 75%}', ['subsets.v1', 'subsets.v2']),
    ('/', 'subsets: {v1: 75, v2: 25, v3: 0}', []),
    ('/', 'destinations: {catalog.shop.svc.cluster.local: 100}', []),
    ('/', 'destinations: {catalog: 100}',
     ['destinations.catalog',
      'destinations.catalog.shop.svc.cluster.local']),
    ('/', 'endpoints: {"192.0.2.1:8080": 75, "[2001:db8::2]:8080": 25}', []),
    ('/', 'endpoints: {"192.0.2.1:8080": 25, "[2001:db8::2]:8080": 75}',
     ['endpoints.192.0.2.1:8080', 'endpoints.[2001:db8::2]:8080']),
    ('/slow', 'verdicts: {route: 75, fault_abort: 25}', []),
    ('/slow', 'verdicts: {route: 100}',
     ['verdicts.route', 'verdicts.fault_abort']),
    ('/slow', 'delayed: 100', []),
    ('/slow', 'delayed: 50', ['delayed']),
    ('/', 'delayed: 0', []),
    ('/old/x', 'mirrored: 50%', []),
    ('/old/x', 'mirrored: 0', ['mirrored']),
    ('/moved', 'subsets: {"": 100}', []),
]


def check_draws(report, tool):
    tool.write('draws.yaml', HEAD + ''.join(
        '- {name: "%d", request: {url: "http://catalog%s"}, '
        'distribution: {draws: 4000, within: 2, %s}}\n' % (i, row[0], row[1])
        for i, row in enumerate(DRAWS)))
    code, out, _ = tool.run('-o', 'json', 'draws.yaml')
    again = tool.run('-o', 'json', 'draws.yaml')[1]
    shares = [case['shares'] for case in json.loads(out)['cases']]
    report.check(code == 1, 'draws', 'ends with %d' % code)
    report.check(shares == [case['shares'] for case in
                            json.loads(again)['cases']], 'draws', 'are the same')
    for row, case in zip(DRAWS, json.loads(out)['cases']):
        misses = ['distribution.' + name for name in row[2]]
        found = [miss['path'] for miss in case.get('failures', [])]
        report.check(found == misses, row[1], 'fails for %s' % found)
        report.check(case['shares'].endswith(' %'), row[1], 'tells shares')
    miss = json.loads(out)['cases'][1]['failures'][1]
    report.check(miss['wanted'] == 'nothing' and
                 re.match(r'2\d\.\d+ % \(\d+ of 4000\)$', miss['found']), 'draws',
                 miss)
    one = HEAD + ASK + 'seed: %d, distribution: {draws: 1, within: 0, ' \
        'subsets: {%s: 100}}}\n'
    # all of seeds 0 to 3 are v1: 25 points from what is written
    few = HEAD + ASK + 'distribution: {draws: 4, within: %s, ' \
        'subsets: {v1: 75, v2: 25}}}\n'
    for within, ends in (('25', 0), ('24.9%', 1)):
        tool.write('few.yaml', few % within)
        report.check(tool.run('few.yaml')[0] == ends, 'within ' + within,
                     'ends with %d' % ends)
    for seed, subset in ((0, 'v1'), (4, 'v2')):
        tool.write('one.yaml', one % (seed, subset))
        report.check(tool.run('one.yaml')[0] == 0, 'seed %d' % seed, 'begins')


def reach(path):
    return ('- {name: "%s", request: {url: "http://catalog%s"}, '
            'expect: {host: {prefix: catalog}}}\n' % (path, path))


COMES = ('- {name: "%s", to: {namespace: shop, labels: {app: catalog}}, '
         'inbound: {principal: cluster.local/ns/%s, port: 8080, method: %s, '
         'path: %s, host: catalog, sourceIp: 192.0.2.7, sni: a, '
         'remoteIp: 198.51.100.7, destinationIp: 192.0.2.1, '
         'headers: {x-tenant: blue}}, expect: {rules: [{matched: true}]}}\n')
CLOSE = '''apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: near, namespace: shop}
spec:
  rules: [{to: [{operation: {methods: [GET]}}]}, {to: [{operation: {methods: [PUT]}}]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: near, namespace: shop}
spec:
  hosts: [near.example.com]
  http:
  -
    match: [{uri: {exact: /a}}]
    directResponse: {status: 200}
  - {
    match: [{uri: {exact: /b}}],
    directResponse: {status: 200}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: near, namespace: shop}
spec:
  hosts: [near.example.com]
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [{address: 192.0.2.9}]
'''


def unreached(tool, *files):
    """What --reached says, or None when its case is not there."""
    code, out, _ = tool.run('--reached', '-o', 'json', *files)
    last = [case for case in json.loads(out)['cases']
            if case['name'] == 'every rule is reached']
    if not last:
        return None
    missed = [(miss['path'], miss['decided_at'].split(':')[-1])
              for miss in last[-1].get('failures', [])]
    assert (code == 1) == bool(missed) and len(last) == 1
    return missed


def check_reach(report, tool):
    routes = ['/moved', '/answered', '/slow', '/torn', '/shared', '/old/x', '/']
    lines = ['39', '42', '45', '51', '56', '65', '80']
    comes = ''.join(COMES % row for row in (
        ('admin', 'admin/sa/a', 'DELETE', '/'),
        ('web', 'shop/sa/web', 'GET', '/'),
        ('inside', 'shop/sa/web', 'GET', '/internal/x')))
    tool.write('all.yaml', HEAD + ''.join(map(reach, routes)) + comes)
    found = unreached(tool, 'all.yaml')
    report.check(found == [], 'reached', 'all of it: %s' % found)
    for i, line in enumerate(lines):
        tool.write('most.yaml', HEAD + comes + ''.join(
            reach(route) for route in routes if route != routes[i]))
        found = unreached(tool, 'most.yaml')
        report.check(found == [('VirtualService/shop/catalog spec.http[%d]' % i,
                                line)], 'reached', 'not %s: %s' % (routes[i],
                                                                   found))
    tool.write('routes.yaml', HEAD + ''.join(map(reach, routes)))
    found = unreached(tool, 'routes.yaml')
    report.check(found == [('AuthorizationPolicy/shop/callers spec.rules[0]',
                            '176'),
                           ('AuthorizationPolicy/shop/callers spec.rules[1]',
                            '178'),
                           ('AuthorizationPolicy/shop/closed spec.rules[0]',
                            '193'),
                           ('AuthorizationPolicy/shop/planned spec.rules[0]',
                            '204')], 'reached', found)
    tool.write('comes.yaml', HEAD + comes)
    found = unreached(tool, 'routes.yaml', 'comes.yaml')
    report.check(found == [], 'reached', 'by both together: %s' % found)
    tool.write('near.yaml', CLOSE)
    for path, i, line in (('a', 1, '17'), ('b', 0, '14')):
        tool.write('near-tests.yaml', HEAD.replace('policy.yaml', 'near.yaml') +
                   '- {name: a, request: {url: "http://near.example.com/%s"}, '
                   'expect: {verdict: direct_response}}\n' % path)
        found = unreached(tool, 'near-tests.yaml')
        report.check(found == [
            ('AuthorizationPolicy/shop/near spec.rules[0]', '5'),
            ('AuthorizationPolicy/shop/near spec.rules[1]', '5'),
            ('VirtualService/shop/near spec.http[%d]' % i, line)], 'reached',
            'however it is laid out: %s' % found)
    report.check(unreached(tool, 'good.yaml', '--policy', 'bad') is None,
                 'reached', 'nothing is, in a policy that is refused')
    code, _, said = tool.run('--reached', '--filter', 'a', 'good.yaml')
    report.check(code == 2 and '--reached wants every case' in said, 'reached',
                 'of a part is misuse')


STREAMS = '''apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: store, namespace: shop}
spec:
  hosts: [store.example.com]
  addresses: [198.51.100.1]
  resolution: STATIC
  ports: [{number: 5432, name: tcp, protocol: TCP}, {number: 443, name: tls, protocol: TLS}]
  endpoints: [{address: 192.0.2.1, labels: {at: a}}, {address: 192.0.2.2, labels: {at: b}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: store, namespace: shop}
spec:
  host: store.example.com
  subsets: [{name: a, labels: {at: a}}, {name: b, labels: {at: b}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: store, namespace: shop}
spec:
  hosts: [store.example.com]
  tls:
  - match: [{port: 443, sniHosts: [store.example.com]}]
    route: [{destination: {host: store.example.com, subset: b, port: {number: 443}}}]
  tcp:
  - match: [{port: 5432, sourceLabels: {app: batch}}]
    route: [{destination: {host: store.example.com, subset: a, port: {number: 5432}}}]
  - match: [{port: 5432}]
    route:
    - {destination: {host: store.example.com, subset: a, port: {number: 5432}}, weight: 75}
    - {destination: {host: store.example.com, subset: b, port: {number: 5432}}, weight: 25}
'''

# What is connected to, and what holds; "!" before what must not.
CONNECTS = [
    ('host: store.example.com, port: 443, sni: store.example.com',
     'destination: {host: store.example.com, subset: b, port: 443}'),
    ('host: store.example.com, port: 443, sni: store.example.com',
     '!destination: {subset: a}'),
    ('host: store.example.com, port: 443, sni: other.example.com',
     '!destination: {subset: b}'),
    ('host: store.example.com, port: 443, sni: null',
     '!destination: {subset: b}'),
    ('host: store.example.com, port: 5432',
     'timeout: null, retries: null, headers: {request: null}'),
    ('host: store.example.com, port: 5432', '!timeout: 5s'),
    ('host: 203.0.113.9, port: 5432, destinationIp: 198.51.100.1',
     'host: {contains: store.example.com}'),
    ('host: 203.0.113.9, port: 5432', '!host: {contains: store.example.com}'),
    ('host: store.example.com, port: 5432, sourceIp: 192.0.2.77',
     'verdict: route'),
]


def check_streams(report, tool):
    """Streams have the tcp and tls routes, dice and reach like requests."""
    tool.write('streams.yaml', STREAMS)
    head = HEAD.replace('policy.yaml', 'streams.yaml')
    tool.write('connect.yaml', head + ''.join(
        '- {name: "%d", connect: {%s}, expect: {%s}}\n' %
        (i, row[0], row[1].lstrip('!')) for i, row in enumerate(CONNECTS)))
    code, out, _ = tool.run('-o', 'json', 'connect.yaml')
    report.check(code == 1, 'streams', 'ends with %d' % code)
    for row, case in zip(CONNECTS, json.loads(out)['cases']):
        wanted = 'failed' if row[1][0] == '!' else 'passed'
        report.check(case['status'] == wanted, '%s: %s' % row, case)
    cases = ['connect: {host: store.example.com, port: 443, '
             'sni: store.example.com}, expect: {verdict: route}',
             'from: {namespace: shop, labels: {app: batch}}, connect: '
             '{host: store.example.com, port: 5432}, '
             'distribution: {draws: 99, within: 0, subsets: {a: 100}}',
             'connect: {host: store.example.com, port: 5432}, '
             'distribution: {draws: 4000, within: 2, subsets: {a: 75, b: 25}}']
    rows = ['- {name: "%d", %s}\n' % row for row in enumerate(cases)]
    tool.write('dice.yaml', head + ''.join(rows))
    code, out, _ = tool.run('--reached', 'dice.yaml')
    report.check(code == 0 and '4 passed' in out, 'streams', out)
    for i, path in enumerate(('tls[0]', 'tcp[0]', 'tcp[1]')):
        tool.write('dice.yaml', head + ''.join(rows[:i] + rows[i + 1:]))
        found = unreached(tool, 'dice.yaml')
        report.check(found and len(found) == 1 and found[0][0] ==
                     'VirtualService/shop/store spec.' + path, 'streams',
                     'not %s: %s' % (path, found))


def main():
    options = checks.arguments(__doc__)
    report = checks.Report('test_files')
    if not os.path.exists(os.path.join(options.build, 'tools/lmesh')):
        print('test_files: lmesh is not built')
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, 'bad'))
        tool = Tool(options, folder)
        check_wrong(report, tool, WRONG, 'wrong')
        check_wrong(report, tool, HOSTILE, 'hostile')
        check_changed(report, tool)
        check_many(report, tool)
        check_usage(report, tool)
        check_select(report, tool)
        check_policy(report, tool)
        check_forms(report, tool)
        check_draws(report, tool)
        check_reach(report, tool)
        check_streams(report, tool)
    report.finish()


main()
