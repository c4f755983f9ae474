"""The rows of the schema tables as mdoc and as Markdown.

A field whose whole subtree has one status and one reason is one entry; a
subtree that stood on the page already is referred to.
"""
import collections
import subprocess

import mdoc

Row = collections.namedtuple(
    'Row', 'kind path type required default bounds status reason')
STATUSES = ('enforced', 'noted', 'refused')


def read(program):
    text = subprocess.run([program], check=True, stdout=subprocess.PIPE,
                          text=True).stdout
    return [Row(*line.split('\t')) for line in text.splitlines()]


def by_kind(rows):
    """{kind: rows}, MeshConfig before what contains one."""
    kinds = collections.OrderedDict()
    for row in rows:
        kinds.setdefault(row.kind, []).append(row)
    if 'MeshConfig' in kinds:
        kinds.move_to_end('MeshConfig', last=False)
    return kinds


def bare(path):
    """A path without the marks of lists, maps and values."""
    return path.replace('[]', '').replace('{}', '').replace('=', '.=')


class Node:
    """One field and what lies below it."""

    def __init__(self, row):
        self.row = row
        self.children = []

    def rows(self):
        yield self.row
        for child in self.children:
            yield from child.rows()

    def fates(self):
        return {(row.status, row.reason) for row in self.rows()}

    def shape(self):
        """The subtree without the path that leads to it."""
        skip = len(bare(self.row.path))
        return tuple((bare(row.path)[skip:],) + tuple(row[2:])
                     for row in self.rows())


def forest(rows):
    roots, chain = [], []
    for row in rows:
        node = Node(row)
        while chain and not bare(row.path).startswith(
                bare(chain[-1].row.path) + '.'):
            chain.pop()
        (chain[-1].children if chain else roots).append(node)
        chain.append(node)
    return roots


class Seen:
    """Which subtrees stood where on this page."""

    def __init__(self):
        self.shapes = {}

    def whole(self, kind, roots):
        """A kind whose fields stand at the top may be part of another."""
        shape = tuple(('.' + s[0],) + s[1:] for root in roots
                      for s in (('%s%s' % (bare(root.row.path), t[0]),) + t[1:]
                                for t in root.shape()))
        self.shapes.setdefault(shape, (kind, ''))

    def before(self, kind, node):
        """Where this subtree stood already; remembers it if nowhere."""
        shape = node.shape()
        if len(shape) < 3:
            return None
        shape = shape[1:]  # what leads to it may be worded otherwise
        place = self.shapes.get(shape)
        if place is None:
            self.shapes[shape] = (kind, node.row.path)
        return place


def entries(kind, roots, seen):
    """[(path with what it stands for, status, reason)], in order."""
    for node in roots:
        path = node.row.path
        if len(node.fates()) == 1:
            yield (path + ('.*' if node.children else ''), node.row.status,
                   node.row.reason)
            continue
        place = seen.before(kind, node)
        if place:
            where = place[1] if place[0] == kind else \
                place[0] + ' ' + place[1]
            yield ('%s (as %s)' % (path, where.strip()), 'as', '')
            continue
        if any(child.row.type == 'value' for child in node.children):
            yield path, node.row.status, node.row.reason
        yield from entries(kind, node.children, seen)


def grouped(kind, rows, seen):
    """{status: {reason: [paths]}} of one kind."""
    roots = forest(rows)
    if not roots[0].row.path.startswith('spec'):
        seen.whole(kind, roots)
    groups = {status: collections.OrderedDict()
              for status in ('enforced', 'as', 'noted', 'refused')}
    for path, status, reason in entries(kind, roots, seen):
        groups[status].setdefault(reason, []).append(path)
    return groups


def path_lines(paths):
    out = []
    for path in paths:
        name, _, rest = path.partition(' ')
        end = '.' if path is paths[-1] else ','
        if rest:
            out += ['.Li ' + name, mdoc.escape(rest + end)]
        else:
            out.append('.Li %s %s' % (name, end))
    return out


def manual_kind(kind, groups):
    out = ['.Ss ' + kind]
    whole = [p for g in groups.values() for ps in g.values() for p in ps]
    if whole == ['']:
        status, reasons = next((s, g) for s, g in groups.items() if g)
        reason = next(iter(reasons))
        return out + mdoc.running('The whole kind is %s%s%s.' % (
            status, ': ' if reason else '', reason))
    out.append('.Bl -tag -width Ds')
    for status, words in (('enforced', 'Enforced'), ('as', 'Enforced in part'),
                          ('noted', 'Noted'), ('refused', 'Refused')):
        for reason, paths in groups[status].items():
            out.append('.It ' + words)
            if reason:
                out += mdoc.running(reason + ':')
            out += path_lines(paths)
    return out + ['.El']


def manual(rows):
    kinds = by_kind(rows)
    seen = Seen()
    out = []
    for kind, own in kinds.items():
        out += manual_kind(kind, grouped(kind, own, seen))
    return out


def cell(text):
    return text.replace('|', '\\|').replace('<', '&lt;')


def code(text):
    """In a table a bar ends the cell, even in code."""
    return '`%s`' % text.replace('|', '\\|') if text else ''


def tables(rows):
    out = []
    for kind, own in by_kind(rows).items():
        out += ['', '## ' + kind, '',
                '| field | type | status | default | bounds | why |',
                '|---|---|---|---|---|---|']
        for row in own:
            if row.path.startswith('spec.meshConfig.'):
                continue  # a MeshConfig: see there
            need = ', required' if row.required else ''
            out.append('| %s | %s%s | %s | %s | %s | %s |' % (
                code(row.path) or 'the whole kind', code(row.type), need,
                row.status, cell(row.default), cell(row.bounds),
                cell(row.reason)))
    return out[1:] + ['']


def summary(rows):
    """One line per kind: how many fields are what."""
    out = ['| kind | enforced | noted | refused |', '|---|---|---|---|']
    for kind, own in by_kind(rows).items():
        count = collections.Counter(row.status for row in own)
        only = [s for s in STATUSES if count[s]]
        words = ['all' if only == [s] else str(count[s] or '')
                 for s in STATUSES]
        out.append('| %s | %s |' % (kind, ' | '.join(words)))
    return out
