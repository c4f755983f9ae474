"""The parts of pages that are made from something else.

A page holds regions: in mdoc between `.\\" made: MAKER ARGUMENT...` and
`.\\" end`, in Markdown between `<!-- made: MAKER ARGUMENT... -->` and
`<!-- end -->`. What stands between them is written by scripts/update-docs and
checked by scripts/check-drift.
"""
import os
import re

import checks
import mdoc
import fields

OPEN = re.compile(r'^(?:\.\\" made: (.*)|<!-- made: (.*) -->)$')
CLOSE = re.compile(r'^(?:\.\\" end|<!-- end -->)$')


class Source:
    """What regions are made from; read when first asked for."""

    def __init__(self, root, program):
        self.root = root
        self.program = program
        self._rows = None
        self._functions = None

    def text(self, path):
        return checks.read(os.path.join(self.root, path))

    def functions(self, path, prefixes):
        if self._functions is None:
            self._functions = checks.functions(self.root)
        return [f for f in self._functions if f.path == path and
                (not prefixes or f.name.startswith(tuple(prefixes)))]

    def constants(self, prefix):
        return mdoc.constants(self.root, prefix)

    def rows(self):
        if self._rows is None:
            self._rows = fields.read(self.program)
        return self._rows


def header(name):
    return 'include/mesh/' + name


def make_names(source, path, *prefixes):
    return mdoc.names(source.functions(header(path), prefixes))


def make_synopsis(source, path, *prefixes):
    return mdoc.synopsis(source.functions(header(path), prefixes))


def make_functions(source, path, *prefixes):
    return mdoc.functions(source.functions(header(path), prefixes))


def make_constants(source, prefix):
    return mdoc.constant_list(source.constants(prefix))


def make_manual_fields(source):
    return fields.manual(source.rows())


def make_field_tables(source):
    return fields.tables(source.rows())


def make_field_summary(source):
    return fields.summary(source.rows())


def make_program(source, path):
    """A C file as a fenced block, from its first #include on."""
    text = source.text(path)
    return ['```c'] + text[text.index('#include'):].rstrip().split('\n') + \
        ['```']


def make_floors(source):
    """The rows of lib/FLOORS about folders."""
    rows = [line for line in source.text('lib/FLOORS').split('\n')
            if line and line[0] not in '#!']
    return ['```'] + rows + ['```']


MAKERS = {
    'names': make_names,
    'synopsis': make_synopsis,
    'functions': make_functions,
    'constants': make_constants,
    'manual-fields': make_manual_fields,
    'field-tables': make_field_tables,
    'field-summary': make_field_summary,
    'program': make_program,
    'floors': make_floors,
}


class Fault(Exception):
    """A region that cannot be made: line and text."""

    def __init__(self, line, text):
        super().__init__(text)
        self.line = line


def remake(source, text):
    """(the page as it should be, lines at which a region was stale)."""
    out, stale = [], []
    lines = text.split('\n')
    at = 0
    while at < len(lines):
        out.append(lines[at])
        found = OPEN.match(lines[at])
        at += 1
        if not found:
            continue
        end = next((i for i in range(at, len(lines))
                    if CLOSE.match(lines[i])), None)
        words = (found.group(1) or found.group(2)).split()
        if end is None:
            raise Fault(at, 'the region "%s" has no end' % words[0])
        if words[0] not in MAKERS:
            raise Fault(at, 'nothing makes "%s"' % words[0])
        made = MAKERS[words[0]](source, *words[1:])
        if not made:
            raise Fault(at, '"%s" makes nothing' % ' '.join(words))
        if made != lines[at:end]:
            stale.append(at)
        out += made
        at = end
    return '\n'.join(out), stale


def pages(root):
    """Every committed page that may hold regions."""
    found = checks.files(root, ['man'], ('.1', '.3', '.5', '.7'))
    found += checks.files(root, ['docs'], '.md')
    found += [name for name in sorted(os.listdir(root))
              if name.endswith('.md')]
    return [page for page in found
            if any(OPEN.match(line) for line in
                   checks.read(os.path.join(root, page)).split('\n'))]
