"""What the check scripts share: reporting, and reading C without a compiler.

A script that checks prints one line per finding, `file:line: text`, and ends
with `NAME: N checks, M failed`.
"""
import argparse
import os
import re
import sys


class Report:
    """Counts checks and prints what failed."""

    def __init__(self, name):
        self.name = name
        self.checks = 0
        self.failed = 0

    def check(self, good, where, text):
        """Count one check; tell where and what when it is not good."""
        self.checks += 1
        if not good:
            self.failed += 1
            print('%s: %s' % (where, text))
        return good

    def finish(self):
        """Print the sum and exit with the verdict."""
        if not self.checks:
            self.failed += 1
            print('%s: there was nothing to check' % self.name)
        print('%s: %d checks, %d failed' % (self.name, self.checks,
                                            self.failed))
        sys.exit(1 if self.failed else 0)


def arguments(description):
    """--root (the sources) and --build (what was made of them)."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('--root', default=os.environ.get('top_srcdir', ''))
    parser.add_argument('--build', default=os.environ.get('top_builddir', ''))
    options = parser.parse_args()
    here = os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__))))
    options.root = options.root or here
    options.build = options.build or here
    return options


def read(path):
    with open(path, encoding='utf-8', errors='replace') as file:
        return file.read()


def files(root, folders, endings):
    """Paths below root, sorted, '/' between; build directories left out."""
    found = []
    for folder in folders:
        top = os.path.join(root, folder)
        if os.path.isfile(top):
            found.append(folder)
        for at, names, here in os.walk(top):
            names[:] = sorted(n for n in names
                              if n not in ('.git', '.libs', '.deps', 'build',
                                           '__pycache__', 'node_modules'))
            for name in sorted(here):
                if name.endswith(endings):
                    path = os.path.relpath(os.path.join(at, name), root)
                    found.append(path.replace(os.sep, '/'))
    return found


TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(text, strings=True):
    """The same text with comments (and strings) blanked, lines kept."""
    def replace(match):
        word = match.group(0)
        if word[0] == '/' or strings:
            return re.sub(r'[^\n]', ' ', word)
        return word
    return TOKEN.sub(replace, text)


def line_of(text, position):
    return text.count('\n', 0, position) + 1


class Function:
    """One MESH_EXTERN declaration of a public header."""

    def __init__(self, path, line, name, returns, parameters, comment):
        self.path = path
        self.line = line
        self.name = name
        self.returns = returns
        self.parameters = parameters
        self.comment = comment

    @property
    def where(self):
        return '%s:%d' % (self.path, self.line)


EXTERN = re.compile(r'^MESH_EXTERN\s+([^;]*);', re.M)
NAME = re.compile(r'\b(mesh_\w+)\s*\(')


def split_parameters(text):
    """At the commas that are outside of parentheses."""
    parts, depth, start = [], 0, 0
    for i, letter in enumerate(text):
        depth += (letter == '(') - (letter == ')')
        if letter == ',' and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    parts.append(text[start:])
    return [' '.join(p.split()) for p in parts if p.strip()]


def public_headers(root):
    return files(root, ['include/mesh'], '.h')


def functions(root, report=None):
    """Every function that the public headers export."""
    found = []
    for path in public_headers(root):
        text = read(os.path.join(root, path))
        bare = blank(text)
        for match in EXTERN.finditer(bare):
            line = line_of(bare, match.start())
            body = match.group(1)
            name = NAME.search(body)
            if not name:
                if report:
                    report.check(False, '%s:%d' % (path, line),
                                 'MESH_EXTERN on something that is no '
                                 'mesh_ function')
                continue
            inside = body[name.end():body.rindex(')')]
            found.append(Function(path, line, name.group(1),
                                  ' '.join(body[:name.start()].split()),
                                  split_parameters(inside),
                                  comment_before(text, match.start())))
    return found


def comment_before(text, position):
    """The /** comment that ends just above position, or ''."""
    above = text[:position].rstrip()
    if not above.endswith('*/'):
        return ''
    return above[above.rindex('/*'):]


def constants(root):
    """(name, has a written-out number, where) of every public enumerator."""
    found = []
    for path in public_headers(root):
        bare = blank(read(os.path.join(root, path)))
        for block in re.finditer(r'\benum\b[^{;]*\{([^}]*)\}', bare):
            for item in re.finditer(r'(\w+)\s*(=[^,]*)?(?:,|$)',
                                    block.group(1).rstrip()):
                where = '%s:%d' % (path, line_of(
                    bare, block.start(1) + item.start()))
                found.append((item.group(1), bool(item.group(2)), where))
    return found


def map_names(path):
    """The names that a version script makes global."""
    names = []
    text = re.sub(r'#[^\n]*|/\*.*?\*/', '', read(path), flags=re.S)
    for part in re.finditer(r'global:(.*?)(?:local:|\})', text, re.S):
        names += re.findall(r'(\w+)\s*;', part.group(1))
    return names
