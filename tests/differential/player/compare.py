"""What happened, in the form of the recorded outcomes, and how it differs
from them."""
import collections
import datetime
import json
import os
import re

from .apps import pairs
from .topology import CaseError

SHARE_POINTS = 8   # percent points by which random shares may differ
TIME_S = 0.5       # and times, which are rounded to half seconds
BODY_MOST = 300

# What only a proxy would add (README.md): in no comparison of headers.
LEFT_OUT = {'server', 'x-envoy-upstream-service-time',
            'x-envoy-decorator-operation', 'x-envoy-expected-rq-timeout-ms',
            'x-envoy-peer-metadata', 'x-envoy-peer-metadata-id'}
# And what names parts of Envoy's configuration: in no comparison of logs.
LOG_LEFT_OUT = {'chain'}
LOG_MARKS = {'start', 'case', 'request_id'}  # by which records are joined
REFUSED_EVENT = '9'  # MESH_EVENT_CONNECTION_REFUSED

# A refused connection: Envoy's phrase, and ours, which names the address.
REFUSED = 'delayed_connect_error:_Connection_refused'
REFUSED_BY = re.compile(r'connect_to_[\d.]+:\d+(?=:_Connection_refused$)')

UUID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')


def get(headers, name):
    return next((v for n, v in headers if n.lower() == name), None)


# --- what changes from run to run ---

def steady(name, value, given):
    for _, sent in given:  # the trace decision, noted in a UUID's version digit
        if len(sent) == 36 and value[:14] == sent[:14] and \
                value[15:] == sent[15:]:
            return "the caller's, with digit %s for %s" % (value[14], sent[14])
    if name in ('date', 'x-envoy-upstream-service-time', 'x-forwarded-for'):
        return '*'
    if name in ('x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid'):
        return '%d hex digits' % len(value)
    if name == 'traceparent':
        same = [v for n, v in given
                if n == name and v[3:35].lower() == value[3:35]]
        return '%s%s-SPAN%s' % (value[:3], "CALLER'S TRACE" if same
                                else 'NEW TRACE', value[52:])
    if name == 'grpc-timeout':
        return re.sub(r'\d+', lambda m: 'about %d' % round(int(m[0]), -1),
                      value)
    if name == 'set-cookie':
        return re.sub(r'"[0-9a-f]{16}"', '"16 HEX DIGITS"', value)
    value = re.sub(r'eyJ[\w-]{20,}(\.[\w-]+)*', 'TOKEN', value)
    value = re.sub(r'Hash=[0-9a-f]{64}', 'Hash=*', value)
    return UUID.sub('UUID', value)


def clean(headers, given):
    return [[n, v if [n.lower(), v] in given else steady(n.lower(), v, given)]
            for n, v in headers if n.lower() != 'x-case']


# --- joining ---

class Joined:
    """Answers, what applications saw, and log records, by request."""

    def __init__(self, results, mesh, logs):
        self.results = results
        self.seen = collections.defaultdict(list)
        self.records = collections.defaultdict(list)
        owners = {}
        for record in mesh.seen:
            case_id = get(record['headers'], 'x-case')
            self.seen[case_id].append(record)
            owners[get(record['headers'], 'x-request-id')] = case_id
        for case_id in self.seen:
            self.seen[case_id].sort(key=attempt_number)
        for name, log in logs.items():
            for record in log:
                owner = record.get('case') or \
                    owners.get(record.get('request_id') or '') or \
                    self.nearest(name, record)
                self.records[owner].append((name, record))

    def nearest(self, name, record):
        """For records that nothing names: the request then under way; of
        several, the first that ended so and has no record of that side."""
        when = milliseconds(record['start'])
        hits = [r for r in self.results if int(r['start'] * 1000) <= when
                <= (r['start'] + r['elapsed']) * 1000]
        for result in hits:
            if result.get('details') == record['details'] and \
                    result.get('status') == record['code'] and \
                    name not in [n for n, _ in self.records[result['id']]]:
                return result['id']
        if not hits or any(r['request'].get('parallel', 1) > 1 for r in hits):
            return None
        return max(hits, key=lambda r: r['start'])['id']


def attempt_number(attempt):
    """What applications saw comes by several pipes: not in order."""
    count = get(attempt['headers'], 'x-envoy-attempt-count') or '0'
    return int(count) if count.isdigit() else 0


def milliseconds(text):
    return int(datetime.datetime.strptime(text, '%Y-%m-%dT%H:%M:%S.%fZ')
               .replace(tzinfo=datetime.timezone.utc).timestamp() * 1000 + .5)


# --- lines as they were recorded ---

def file_of(path):
    return os.path.splitext(path)[0] + '.seen.jsonl'


def recorded(path):
    try:
        with open(file_of(path)) as file:
            return [json.loads(line) for line in file if line.strip()]
    except FileNotFoundError:
        raise CaseError('nothing was recorded: no %s' % file_of(path))


def requests_of_lines(case):
    """The request behind each line; the first line is of none."""
    found = [{}]
    for request in case.requests:
        lines = 1 if request.get('count') else request.get('times', 1)
        found += [request] * lines
    return found


def lines(case, joined):
    out = [{'shows': case.data['shows']}]
    group = []
    for i, result in enumerate(joined.results):
        if not result['request'].get('count'):
            out.append(single(case, result, joined))
            continue
        if 'unplayable' in result and not group:
            out.append(unplayable(result))
        group.append(result)
        after = joined.results[i + 1:i + 2]
        if not after or after[0]['request'] is not result['request']:
            if 'unplayable' not in result:
                out.append(counted(group, joined))
            group = []
    return out


def unplayable(result):
    return {'name': result['request'].get('name'),
            'unplayable': result['unplayable']}


def flags_of(result, records):
    flags = {r.get('flags') for _, r in records} | {result.get('flags')}
    return ','.join(sorted(flags - {None, '-', ''}))


def counted(group, joined):
    """One line for many requests: how often each outcome came."""
    counts, tries = collections.Counter(), collections.Counter()
    for result in group:
        attempts = joined.seen[result['id']]
        flags = flags_of(result, joined.records[result['id']])
        by = attempts[-1]['by'] if attempts and result.get('status') else '-'
        outcome = '%s %s' % (result.get('status', result.get('error')), by)
        counts[outcome + (' ' + flags if flags else '')] += 1
        tries.update(a['by'] for a in attempts)
    request = group[0]['request']
    line = {'name': request.get('name'), 'times': request.get('times', 1)}
    mode = request['count']
    if mode == 'share':
        line['percent'] = {k: round(100 * n / len(group), 1)
                           for k, n in counts.items()}
    elif mode == 'kinds':
        line['outcomes'] = sorted(counts)
    elif mode == 'statuses':
        line['statuses'] = sorted({k.split(' ')[0] for k in counts})
    else:
        line['outcomes'], line['seen_by'] = dict(counts), dict(tries)
    return line


def single(case, result, joined):
    request = result['request']
    if 'unplayable' in result:
        return unplayable(result)
    given = [[n.lower(), v] for n, v in pairs(request.get('headers'))]
    attempts = sorted(joined.seen[result['id']],
                      key=lambda a: (a['by'], attempt_number(a)))
    line = {'name': request.get('name', '%s %s%s' % (
        request.get('method', 'GET'), request.get('authority', ''),
        request.get('path', '/')))}
    line.update((k, result[k]) for k in ('status', 'error') if k in result)
    if request.get('tls') == '' and 'error' in result:
        line['error'] = 'closed for want of a certificate'
    if 'body' in result:
        line['body'] = result['body'][:BODY_MOST]
    if 'headers' in result:
        line['headers'] = clean(result['headers'], given)
        line['answered_by'] = get(result['headers'], 'x-answered-by')
    if request.get('timed'):
        line['elapsed_s'] = round(2 * result['elapsed']) / 2
    line['attempts_seen'] = dict(collections.Counter(
        a['by'] for a in attempts))
    line['seen'] = [one_seen(a, given) for a in attempts]
    records = [(name, log_record(r)) for name, r
               in joined.records[result['id']]]
    if request.get('show') == 'outline':
        return outline(case, line, result, records)
    line['logs'] = {name: [r for n, r in records if n == name]
                    for name, _ in records}
    return line


def one_seen(attempt, given):
    seen = {'by': attempt['by'],
            'line': '%s %s' % (attempt['method'], attempt['path']),
            'headers': clean(attempt['headers'], given)}
    if attempt.get('body'):
        seen['body'] = attempt['body'][:BODY_MOST]
    return seen


def outline(case, line, result, records):
    """Where the endpoint is a random choice among equals: not who answered."""
    del line['attempts_seen']
    line.pop('answered_by', None)
    line['attempts'] = len(line['seen'])
    first = min(line['seen'], default=None, key=attempt_number)
    line['seen'] = [{k: v for k, v in first.items() if k != 'by'}] \
        if first else []
    if 'headers' in line:
        line['headers'] = [h for h in line['headers']
                           if h[0].lower() != 'x-answered-by']
    if result.get('status') == 200:
        line['body'] = '*'
    caller = result['request'].get('from', case.source)
    line['client_log'] = [r for n, r in records if n == caller]
    line['server_log'] = [r for n, r in records if n != caller]
    return line


def log_record(record):
    out = {k: v for k, v in record.items()
           if v not in (None, '-', '') and k not in LOG_MARKS}
    if 'remote' in out:
        out['remote'] = re.sub(r'(?<=[\d\]]):\d+$', '', out['remote'])
    return out


# --- differences ---

def grouped(headers):
    """Order counts only among lines of one name."""
    groups = collections.defaultdict(list)
    for name, value in headers or []:
        if name.lower() not in LEFT_OUT:
            groups[name.lower()].append(value)
    return dict(groups)


def header_differences(where, want, got):
    want, got = grouped(want), grouped(got)
    for name in sorted(set(want) | set(got)):
        if want.get(name) != got.get(name):
            yield '%s: header %s: wanted %s, got %s' % (
                where, name, want.get(name, 'none'), got.get(name, 'none'))


def seen_differences(want, got):
    if len(want) != len(got):
        yield 'applications saw %d requests, wanted %d' % (len(got), len(want))
    for i, (one, other) in enumerate(zip(want, got)):
        where = 'seen %d' % (i + 1)
        for key in ('by', 'line', 'body'):
            if one.get(key) != other.get(key):
                yield '%s: %s: wanted %r, got %r' % (
                    where, key, one.get(key), other.get(key))
        yield from header_differences(where, one['headers'], other['headers'])


def wanted_record(record, request):
    """What our log says where Envoy's would: one path, the original one."""
    out = {k: v for k, v in record.items() if k not in LOG_LEFT_OUT}
    if out.get('transport_failure') == REFUSED:
        out['transport_failure'] = 'connect_to_*:_Connection_refused'
        out['details'] = out['details'].replace('|' + REFUSED, '')
    out['path'] = out.pop('original_path', None) or out.get('path') or \
        str(request.get('path', '/'))
    return out


def our_record(record, request):
    """Of what is no HTTP there is no path; recorded like the usual one."""
    out = dict(record, path=record.get('path')
               or str(request.get('path', '/')))
    if 'transport_failure' in out:
        out['transport_failure'] = REFUSED_BY.sub('connect_to_*',
                                                  out['transport_failure'])
    return out


def told_by_event(record):
    """A connection closed before a request has no line, but an event."""
    return record['code'] == 0 and record.get('flags') == 'NR'


def record_differences(where, want, got, request, events):
    if any(told_by_event(r) for r in want) and \
            not any(e['kind'] == REFUSED_EVENT for e in events):
        yield '%s: no event tells of a refused connection' % where
    want = sorted((wanted_record(r, request) for r in want
                   if not told_by_event(r)), key=by_text)
    got = sorted((our_record(r, request) for r in got), key=by_text)
    if len(want) != len(got):
        yield '%s: %d log records, wanted %d' % (where, len(got), len(want))
    for one, other in zip(want, got):
        for key in sorted(set(one) | set(other)):
            if one.get(key) != other.get(key) and one.get(key) != '*':
                yield '%s: log: %s: wanted %r, got %r' % (
                    where, key, one.get(key), other.get(key))


def by_text(record):
    return str(sorted(record.items()))


def share_differences(want, got):
    for key in sorted(set(want) | set(got)):
        if abs(want.get(key, 0) - got.get(key, 0)) > SHARE_POINTS:
            yield '%s: wanted %s %%, got %s %%' % (key, want.get(key, 0),
                                                   got.get(key, 0))


def error_differences(want, got):
    kinds = [str(e).split(' (')[0] if str(e).startswith('answer broken off')
             else e for e in (want, got)]
    if kinds[0] != kinds[1]:
        yield 'error: wanted %r, got %r' % (want, got)


CLOSED = re.compile('^(ConnectionResetError|connection closed without an '
                    'answer) ')


def counted_outcomes(outcomes):
    """How something was closed is a race in many, too."""
    if not isinstance(outcomes, dict):
        return outcomes
    counts = collections.Counter()
    for outcome, times in outcomes.items():
        counts[CLOSED.sub('closed without an answer ', outcome)] += times
    return dict(counts)


def log_differences(want, got, request, mesh):
    for name in sorted(set(want) | set(got)):
        events = mesh.processes[name].events if name in mesh.processes else []
        yield from record_differences(name, want.get(name, []),
                                      got.get(name, []), request, events)


def differences(want, got, request, mesh):
    """The lines of one request: what was seen, and what came now."""
    if 'unplayable' in got:
        yield got['unplayable']
        return
    for key in [*want, *(k for k in got if k not in want)]:
        one, other = want.get(key), got.get(key)
        if key == 'outcomes':
            one, other = counted_outcomes(one), counted_outcomes(other)
        if key == 'error':
            yield from error_differences(one, other)
        elif key == 'headers':
            yield from header_differences('answer', one, other)
        elif key == 'seen':
            yield from seen_differences(one or [], other or [])
        elif key == 'percent':
            yield from share_differences(one, other or {})
        elif key == 'logs':
            yield from log_differences(one or {}, other or {}, request, mesh)
        elif key in ('client_log', 'server_log'):
            events = [e for p in mesh.processes.values() for e in p.events]
            yield from record_differences(key, one or [], other or [], request,
                                          events)
        elif key == 'elapsed_s':
            if None in (one, other) or abs(one - other) > TIME_S:
                yield 'took %s s, wanted %s s' % (other, one)
        elif one != other:
            yield '%s: wanted %r, got %r' % (key, one, other)
