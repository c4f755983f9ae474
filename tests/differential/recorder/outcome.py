"""Outcomes as they go on file, and how those of two runs differ."""
from player import compare
from player.apps import pairs

LOG_ORDER = ('code', 'flags', 'details', 'connection_details',
             'transport_failure', 'cluster', 'route', 'attempts', 'path',
             'original_path', 'sni', 'peer', 'remote', 'chain')


def lines(case, joined):
    """Those of the player, in the one order and without what every record or
    machine repeats."""
    return [filed(line, request) for line, request in
            zip(compare.lines(case, joined), compare.requests_of_lines(case))]


def filed(line, request):
    for key in ('percent', 'outcomes', 'seen_by', 'logs'):
        if isinstance(line.get(key), dict):
            line[key] = dict(sorted(line[key].items()))
    for name, records in line.get('logs', {}).items():
        line['logs'][name] = [one_record(r, request) for r in records]
    if 'client_log' in line:
        line['client_log'] = [one_record(r, request)
                              for r in line['client_log']]
        line['server_log'] = sorted((one_record(r, request)
                                     for r in line['server_log']), key=str)
    return line


def one_record(record, request):
    out = {key: record[key] for key in LOG_ORDER if key in record}
    if out.get('path') == request.get('path', '/'):
        del out['path']
    given = [value for _, value in pairs(request.get('headers'))]
    remote = out.get('remote', '127.')
    if not remote.startswith('127.') and \
            not any(remote in value for value in given):
        out['remote'] = '*'  # the machine's own, which mirrored requests have
    return out


# --- differences ---

def differences(want, got):
    """What the two files say otherwise, one text each."""
    if len(want) != len(got):
        yield '%d outcomes, %d were recorded' % (len(got), len(want))
    for one, other in zip(want, got):
        for text in between('', one, other):
            yield '"%s": %s' % (one.get('name', 'shows'), text)


def between(where, want, got):
    if where == 'percent':
        yield from compare.share_differences(want, got or {})
    elif where == 'error':
        yield from compare.error_differences(want, got)
    elif isinstance(want, dict) and isinstance(got, dict):
        for key in [*want, *(k for k in got if k not in want)]:
            yield from between('%s.%s' % (where, key) if where else key,
                               want.get(key), got.get(key))
    elif isinstance(want, list) and isinstance(got, list) and \
            len(want) == len(got):
        for i, (one, other) in enumerate(zip(want, got)):
            yield from between('%s[%d]' % (where, i), one, other)
    elif want != got:
        yield '%s: wanted %s, got %s' % (where, want, got)
