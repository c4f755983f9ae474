#!/usr/bin/env python3
"""test_keys - does `lmesh test` hold each expectation against the policy?

Every key that can be expected is tried twice on tests/tool/policy.yaml: with
what the engine says, which must pass, and with something else, which must
fail, alone, and say what was wanted and found. Tables of tools/test_keys.c
that have a key which no row tries are a failure too.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../../scripts/lib'))
import checks  # noqa: E402

WEB = 'cluster.local/ns/shop/sa/web'
FROM = {'namespace': 'shop', 'serviceAccount': 'web', 'labels': {'app': 'web'}}
TO = {'namespace': 'shop', 'labels': {'app': 'catalog'}}
ORIGIN = {'origin': 'https://shop.example.com'}
CATALOG = 'catalog.shop.svc.cluster.local'


def get(path, host='catalog', **more):
    return {'request': dict(url='http://%s%s' % (host, path), **more)}


MAIN = get('/')
V2 = dict(get('/', headers={'x-user': 'ann'}), seed=4)
OLD = get('/old/x')
SLOW = get('/slow')
TORN = get('/torn')
SHARED = get('/shared', headers=ORIGIN)
BANK = get('/', 'bank.example.com')
PLAIN = get('/', 'plain')
COMES = {'inbound': {'principal': WEB, 'port': 8080, 'sourceIp': '192.0.2.7',
                     'remoteIp': '198.51.100.7', 'destinationIp': '192.0.2.1',
                     'sni': 'catalog', 'method': 'GET', 'host': 'catalog',
                     'path': '/a//b', 'headers': {'x-tenant': 'blue'}}}
OTHER = {'inbound': dict(COMES['inbound'],
                         principal='cluster.local/ns/shop/sa/x')}
CLOSED = {'inbound': dict(COMES['inbound'], path='/internal/x')}

# What is asked, the key, what holds, what does not, and what is then found.
ROWS = [
    (MAIN, 'verdict', 'route', 'redirect', '"route"'),
    (get('/moved'), 'verdict', 'REDIRECT', 'route', '"redirect"'),
    (get('/answered'), 'verdict', 'direct_response', 'no_route', '"direct_'),
    (TORN, 'verdict', 'fault_abort', 'route', '"fault_abort"'),
    (get('/shared', method='OPTIONS', headers=dict(
        ORIGIN, **{'access-control-request-method': 'GET'})),
     'verdict', 'cors_preflight', 'route', '"cors_preflight"'),
    (PLAIN, 'verdict', 'no_endpoint', 'no_host', '"no_endpoint"'),
    (get('/', 'nowhere'), 'verdict', 'passthrough', 'no_path', '"passthr'),
    (MAIN, 'host', CATALOG + ':80', {'suffix': ':81'}, CATALOG + ':80'),
    (get('/', 'nowhere'), 'host', None, 'nowhere', 'none'),
    (MAIN, 'rule', 'main', 'edited', '"main"'),
    (MAIN, 'rule', {'prefix': 'ma'}, None, '"main"'),
    (MAIN, 'resource', 'VirtualService shop/catalog',
     'VirtualService shop/x', 'VirtualService shop/catalog ('),
    (MAIN, 'destination', CATALOG, 'catalog', CATALOG),
    (MAIN, 'destination.host', {'contains': 'log.shop'}, {'suffix': '.shop'},
     CATALOG),
    (MAIN, 'destination.subset', 'v1', 'v2', '"v1"'),
    (BANK, 'destination.subset', None, 'v1', 'none'),
    (MAIN, 'destination.port', 80, 8080, '80'),
    (MAIN, 'destination.weight', 75, 25, '75'),
    (V2, 'destination.weight', 25, 75, '25'),
    (MAIN, 'destination.name', 'outbound|80|v1|' + CATALOG, {'prefix': 'in'},
     'outbound|80|v1|'),
    (MAIN, 'destination.balancer', 'ROUND_ROBIN', 'random', '"round_robin"'),
    (V2, 'destination.minimumRingSize', 2048, 1024, '2048'),
    (MAIN, 'destination.minimumRingSize', None, 1024, 'none'),
    (MAIN, 'destination.warmup.duration', '30s', '31s', '30s'),
    (MAIN, 'destination.warmup.minimumPercent', 20, '20.5%', '20'),
    (MAIN, 'destination.warmup.aggression', 2, 1, '2'),
    (V2, 'destination.warmup', None, {'duration': '30s'}, 'none'),
    (MAIN, 'endpoints', ['192.0.2.1:8080'], [], '1: 192.0.2.1:8080'),
    (V2, 'endpoints', ['[2001:db8::2]:8080'], ['192.0.2.1:8080'],
     '[2001:db8::2]:8080'),
    (PLAIN, 'endpoints', [], ['192.0.2.1:8080'], 'the verdict no_endpoint'),
    (MAIN, 'endpoints.0.address', '192.0.2.1', '192.0.2.2', '192.0.2.1:8080'),
    (MAIN, 'endpoints.0.port', 8080, 80, '192.0.2.1:8080'),
    (MAIN, 'endpoints.0.workload', 'catalog-a', 'catalog-b', '192.0.2.1'),
    (MAIN, 'endpoints.0.principal', {'suffix': '/sa/catalog'}, 'x',
     '192.0.2.1'),
    (MAIN, 'endpoints.0.mtls', True, False, '192.0.2.1'),
    (MAIN, 'endpoints.0.locality', 'north/a/1', None, '192.0.2.1'),
    (V2, 'endpoints.0.locality', None, 'north/a/1', '2001:db8::2'),
    (MAIN, 'endpoints.0.weight', 3, 1, '192.0.2.1'),
    (MAIN, 'endpoints.0.priority', 0, 1, '192.0.2.1'),
    (MAIN, 'endpoints.0.picked', True, False, '192.0.2.1'),
    (MAIN, 'endpoints.0.labels', {'version': 'v1', 'tier': None},
     {'version': 'v2'}, '192.0.2.1'),
    (MAIN, 'timeout', '1.5s', '1s', '1.5s'),
    (MAIN, 'timeout', '1s500ms', None, '1.5s'),
    (OLD, 'timeout', None, '1.5s', 'none'),
    (OLD, 'timeout', '0s', '1m', 'none'),
    (MAIN, 'retries.attempts', 4, 2, '4'),
    (MAIN, 'retries.perTryTimeout', '300ms', '0.2s', '300ms'),
    (OLD, 'retries.perTryTimeout', None, '2s', 'none'),
    (MAIN, 'retries.retryOn', 'reset, 5xx', '5xx', '["5xx", "reset"]'),
    (MAIN, 'retries.retryOn', ['5xx', 'reset'], ['5xx', 'reset', 'x'], '"5xx"'),
    (MAIN, 'retries.backoff', '40ms', '25ms', '40ms'),
    (MAIN, 'retries.backoffMax', '400ms', '250ms', '400ms'),
    (MAIN, 'retries.otherHosts', True, False, 'true'),
    (MAIN, 'retries.otherLocalities', True, False, 'true'),
    (OLD, 'retries.otherLocalities', False, True, 'false'),
    (MAIN, 'tls.mode', 'auto', 'ISTIO_MUTUAL', '"auto"'),
    (PLAIN, 'tls.mode', 'DISABLE', 'simple', '"disable"'),
    (BANK, 'tls.mode', 'MUTUAL', 'SIMPLE', '"mutual"'),
    (BANK, 'tls.sni', 'bank.example.com', 'x', '"bank.example.com"'),
    (MAIN, 'tls.principals', ['spiffe://cluster.local/ns/shop/sa/catalog'], [],
     'sa/catalog'),
    (PLAIN, 'tls.principals', [], ['spiffe://a/ns/b/sa/c'], '[]'),
    (BANK, 'tls.subjectAltNames', ['www.bank.example.com', 'bank.example.com'],
     ['bank.example.com'], 'www.bank.example.com'),
    (BANK, 'tls.caCertificates', '/etc/bank/ca.pem', None, '/etc/bank/ca.pem'),
    (BANK, 'tls.clientCertificate', {'suffix': 'chain.pem'}, 'x', 'chain.pem'),
    (BANK, 'tls.privateKey', '/etc/bank/key.pem', '/etc', 'key.pem'),
    (BANK, 'tls.verified', True, False, 'true'),
    (MAIN, 'connectionPool.maxConnections', 10, 11, '10'),
    (MAIN, 'connectionPool.http1MaxPendingRequests', 11, 10, '11'),
    (MAIN, 'connectionPool.http2MaxRequests', 12, 10, '12'),
    (MAIN, 'connectionPool.maxRetries', 13, 10, '13'),
    (PLAIN, 'connectionPool.retryBudget', '30 %, at least 5', None, '30 %'),
    (MAIN, 'connectionPool.retryBudget', None, 'x', 'none'),
    (MAIN, 'connectionPool.maxRequestsPerConnection', 14, None, '14'),
    (PLAIN, 'connectionPool.maxRequestsPerConnection', None, 14, 'none'),
    (MAIN, 'connectionPool.connectTimeout', '3s', '10s', '3s'),
    (MAIN, 'connectionPool.idleTimeout', '20s', '1h', '20s'),
    (MAIN, 'connectionPool.maxConnectionDuration', '1m', '2m', '60s'),
    (MAIN, 'connectionPool.tcpKeepalive.time', '100s', '1m', '100s'),
    (MAIN, 'connectionPool.tcpKeepalive.interval', None, '7s', 'none'),
    (MAIN, 'connectionPool.tcpKeepalive.probes', 4, None, '4'),
    (MAIN, 'connectionPool.protocol', 'HTTP/2', 'HTTP/1.1', 'HTTP/2'),
    (PLAIN, 'connectionPool.protocol', 'HTTP/1.1', 'HTTP/2', 'HTTP/1.1'),
    (MAIN, 'connectionPool.maxConcurrentStreams', 15, None, '15'),
    (MAIN, 'connectionPool.http2KeepAlive.interval', '40s', '41s', '40s'),
    (MAIN, 'connectionPool.http2KeepAlive.timeout', '3s', '4s', '3s'),
    (PLAIN, 'connectionPool.http2KeepAlive', None, {'timeout': '3s'}, 'none'),
    (PLAIN, 'connectionPool.maxConcurrentStreams', None, 15, 'none'),
    (PLAIN, 'connectionPool.tcpKeepalive', None, {'probes': 4}, 'none'),
    (MAIN, 'outlierDetection', {'contains': 'after 7 5xx in a row'},
     {'contains': 'after 5 5xx'}, 'after 7 5xx'),
    (PLAIN, 'outlierDetection', None, 'x', 'none'),
    (OLD, 'headers.request.set', {'x-set': 'one', 'x-gone': None},
     {'x-set': 'two'}, '"one"'),
    (OLD, 'headers.request.add', {'X-Add': 'two', 'x-set': None},
     {'x-add': None}, '"two"'),
    (OLD, 'headers.request.remove', ['x-gone'], [], '["x-gone"]'),
    (OLD, 'headers.response.set', {'x-back': 'three'}, {'x-front': 'three'},
     'none'),
    (MAIN, 'headers.response.add', {'x-back': None}, {'x-back': 'y'}, 'none'),
    (OLD, 'headers.response.remove', 'server-name', 'x', '["server-name"]'),
    (MAIN, 'headers.request', None, {'remove': ['x']}, '[]'),
    (MAIN, 'headers.response', None, {'set': {'a': 'b'}}, 'none'),
    (OLD, 'rewrite.path', '/new/x', '/old/x', '"/new/x"'),
    (OLD, 'rewrite.authority', 'catalog.example.com', None, 'catalog.example'),
    (MAIN, 'rewrite', None, {'path': '/'}, 'none'),
    (SLOW, 'fault.delay.fixedDelay', '2s', '1s', '2s'),
    (SLOW, 'fault.delay.percentage', '100%', 50, '100'),
    (SLOW, 'fault.delay.drawn', True, False, 'true'),
    (SLOW, 'fault.abort.httpStatus', 503, 500, '503'),
    (TORN, 'fault.abort.httpStatus', None, 503, 'none'),
    (TORN, 'fault.abort.grpcStatus', 'UNAVAILABLE', 'INTERNAL', '14'),
    (SLOW, 'fault.abort.grpcStatus', None, 'OK', 'none'),
    (SLOW, 'fault.abort.percentage', 25, 24.9, '25'),
    (TORN, 'fault.abort.drawn', True, False, 'true'),
    (MAIN, 'fault', None, {'abort': {'httpStatus': 503}}, 'none'),
    (OLD, 'mirrors', [CATALOG], [], '1: ['),
    (MAIN, 'mirrors', [], [CATALOG], '[]'),
    (OLD, 'mirrors.0.destination.host', CATALOG, 'catalog', '|v2|'),
    (OLD, 'mirrors.0.destination.subset', 'v2', None, '|v2|'),
    (OLD, 'mirrors.0.destination.port', 80, 8080, '|80|'),
    (OLD, 'mirrors.0.percentage', 50, 100, '50'),
    (OLD, 'mirrors.0.drawn', False, True, 'false'),
    (get('/moved'), 'redirect.status', 302, 301, '302'),
    (get('/moved'), 'redirect.location', 'http://catalog/there',
     {'suffix': '/here'}, '/there'),
    (MAIN, 'redirect', None, {'status': 302}, 'the verdict route'),
    (get('/answered'), 'directResponse.status', 418, 200, '418'),
    (get('/answered'), 'directResponse.body', {'contains': 'teapot'}, 'pot',
     'teapot'),
    (MAIN, 'directResponse', None, {'status': 418}, 'the verdict route'),
    (get('/moved'), 'destination', None, CATALOG, 'the verdict redirect'),
    (TORN, 'rule', 'torn', 'main', 'torn'),
    (SHARED, 'corsPolicy.originAllowed', True, False, 'true'),
    (get('/shared', headers={'origin': 'https://x'}),
     'corsPolicy.originAllowed', False, True, 'false'),
    (SHARED, 'corsPolicy.preflightAnswered', False, True, 'false'),
    (SHARED, 'corsPolicy.allowMethods', ['POST', 'GET'], ['GET'], 'GET,POST'),
    (SHARED, 'corsPolicy.allowHeaders', 'x-one,x-two', 'x-one', 'x-one,x-two'),
    (SHARED, 'corsPolicy.exposeHeaders', ['x-three'], [], 'x-three'),
    (SHARED, 'corsPolicy.allowCredentials', True, False, 'true'),
    (MAIN, 'corsPolicy', None, {'originAllowed': True}, 'none'),
    (MAIN, 'rules.0.what', 'route', 'nothing', 'no such step'),
    (MAIN, 'rules.0.name', 'edited', 'edit', 'no such step'),
    (OLD, 'rules.0', {'name': 'edited', 'matched': True},
     {'name': 'edited', 'matched': False}, 'no such step'),
    (PLAIN, 'rules.0.matched', True, False, 'no such step'),
    (MAIN, 'rules.0.reason', {'contains': 'wanted prefix "/old/"'},
     {'contains': 'wanted prefix "/older/"'}, 'no such step'),
    (MAIN, 'rules.0.file', {'suffix': 'policy.yaml'}, None, 'no such step'),
    (MAIN, 'rules.0.line', 92, 9200, 'no such step'),
    (COMES, 'verdict', 'allow', 'deny', '"allow"'),
    (OTHER, 'verdict', 'deny', 'reject', '"deny"'),
    ({'inbound': {'path': '/'}}, 'verdict', 'reject', 'deny', '"reject"'),
    (COMES, 'action', 'ALLOW', 'DENY', '"ALLOW"'),
    (CLOSED, 'action', 'DENY', None, '"DENY"'),
    (COMES, 'policy', 'shop/callers', {'prefix': 'x'}, 'shop/callers'),
    ({'inbound': {'path': '/'}}, 'policy', None, 'x', 'none'),
    (COMES, 'rule', 1, 0, '1'),
    (OTHER, 'rule', None, 1, 'none'),
    (OTHER, 'reason', {'contains': 'nearest: shop/callers'}, 'x', 'nearest:'),
    (CLOSED, 'details', {'contains': 'shop'}, None, 'shop'),
    (COMES, 'normalizedPath', '/a//b', '/a/b', '"/a//b"'),
    (COMES, 'dryRun.0.policy', 'shop/planned', 'x', 'shop/planned'),
    (COMES, 'dryRun.0.verdict', 'deny', 'allow', 'deny'),
    (CLOSED, 'dryRun.0', {'policy': 'shop/planned'}, {'policy': 'shop/x'},
     'shop/planned'),
    (OTHER, 'rules.0', {'name': {'contains': 'callers rule 1'},
                        'matched': False}, {'what': 'dry'}, 'no such step'),
]

# What else decides, each with its own verdict: the rule asks for all of it.
ASKED = [
    ('principal', 'cluster.local/ns/shop/sa/x'), ('principal', None),
    ('port', 8081), ('sourceIp', '192.0.3.7'), ('remoteIp', '192.0.2.7'),
    ('destinationIp', '192.0.2.2'), ('method', 'PUT'), ('host', 'x'),
    ('host', None), ('path', '/internal/y'), ('sni', None),
    ('headers', {'x-tenant': 'red'}), ('headers', {}),
    ('headers', {'x-tenant': None}),
]


class Tool:
    def __init__(self, options, folder):
        self.path = os.path.join(options.build, 'tools/lmesh')
        self.policy = os.path.join(os.path.abspath(options.root),
                                   'tests/tool/policy.yaml')
        self.folder = folder

    def run(self, cases, *words):
        path = os.path.join(self.folder, 'cases.yaml')
        with open(path, 'w', encoding='utf-8') as file:
            json.dump({'policy': self.policy, 'from': FROM, 'to': TO,
                       'cases': cases}, file, indent=1)
        done = subprocess.run([self.path, 'test', '-o', 'json', path] +
                              list(words), text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            print(done.stdout + done.stderr)
            sys.exit(1)


def expectation(path, value):
    """{'a': {'b': value}} of 'a.b'; a number is a list of one."""
    for name in reversed(path.split('.')):
        value = [value] if name == '0' else {name: value}
    return value


def case(name, asked, path, value):
    return dict(asked, name=name, expect=expectation(path, value))


def check_good(report, tool):
    cases = [case('%d %s' % (i, row[1]), row[0], row[1], row[2])
             for i, row in enumerate(ROWS)]
    code, found = tool.run(cases)
    report.check(code == 0, 'what holds', 'ends with %d' % code)
    report.check(len(found['cases']) == len(ROWS), 'what holds', 'all ran')
    for result in found['cases']:
        report.check(result['status'] == 'passed', result['name'],
                     'must hold: %s' % result.get('failures', result))


def place_of(path):
    """How a failure names it: what a list has in it is meant as a whole."""
    head, zero, _ = path.partition('.0')
    return 'expect.' + head + ('[0]' if zero else '')


def check_wrong(report, tool):
    cases = [case('%d %s' % (i, row[1]), row[0], row[1], row[3])
             for i, row in enumerate(ROWS)]
    code, found = tool.run(cases)
    report.check(code == 1, 'what does not hold', 'ends with %d' % code)
    report.check(found['failed'] == len(ROWS), 'what does not hold', 'all fail')
    for row, result in zip(ROWS, found['cases']):
        misses = result.get('failures', [])
        where = '%s = %s' % (result['name'], row[3])
        if not report.check(result['status'] == 'failed' and len(misses) == 1,
                            where, 'must fail, once: %s' % misses):
            continue
        report.check(misses[0]['path'].startswith(place_of(row[1])), where,
                     'names its key: %s' % misses[0]['path'])
        report.check(row[4] in misses[0]['found'], where,
                     'found: %s' % misses[0]['found'])
        report.check(misses[0]['line'] > 0 and misses[0]['column'] > 0, where,
                     'has a place')


def check_asked(report, tool):
    """Each attribute of what comes in decides something."""
    cases = []
    for i, (key, value) in enumerate(ASKED):
        inbound = dict(COMES['inbound'])
        inbound[key] = value
        if value is None and key == 'principal':
            del inbound[key]
        cases.append({'name': '%d %s' % (i, key), 'inbound': inbound,
                      'expect': {'verdict': 'allow'}})
    code, found = tool.run(cases)
    report.check(code == 1, 'what is asked', 'ends with %d' % code)
    for result in found['cases']:
        report.check(result['status'] == 'failed', result['name'],
                     'is what the rule asks for')


def tables(root):
    """{table: [(name, table inside or None)]} of tools/test_keys.c"""
    text = checks.read(os.path.join(root, 'tools/test_keys.c'))
    found = {}
    for match in re.finditer(r'struct test_key (\w+)\[\] = \{(.*?)\n\};', text,
                             re.S):
        keys = re.split(r'\{ \.name = ', match.group(2))[1:]
        found[match.group(1)] = [
            (re.match(r'"(\w+)"', key).group(1),
             (re.search(r'\.inside = (\w+)', key) or [None, None])[1])
            for key in keys]
    return found


def leaves(found, table, before=''):
    for name, inside in found[table]:
        if inside:
            yield from leaves(found, inside, before + name + '.')
        else:
            yield before + name


def check_all_tried(report, options):
    found = tables(options.root)
    for table, kind in (('outbound_keys', 'request'),
                        ('verdict_keys', 'inbound')):
        tried = {row[1].replace('.0', '') for row in ROWS if kind in row[0]}
        keys = list(leaves(found, table))
        report.check(len(keys) > 8, table, 'has keys')
        for key in keys:
            # steps are the same on both ways
            report.check(key in tried or (kind == 'inbound' and
                                          key.startswith('rules.')),
                         table, 'no row tries %s' % key)
    tried = {key for key, _ in ASKED}
    for name, _ in found['inbound_keys']:
        report.check(name in tried, 'inbound_keys', '%s decides' % name)


def main():
    options = checks.arguments(__doc__)
    report = checks.Report('test_keys')
    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(options, folder)
        if not os.path.exists(tool.path):
            print('test_keys: lmesh is not built')
            sys.exit(77)
        check_good(report, tool)
        check_wrong(report, tool)
        check_asked(report, tool)
    check_all_tried(report, options)
    report.finish()


main()
