"""From the comments of the public headers to mdoc(7).

A comment's paragraphs stay paragraphs; the labels Ownership, Threads and
Returns become an own paragraph each; rows of codes become a list.
"""
import os
import re
import textwrap

import checks

WIDTH = 78
LABELS = re.compile(r'^(Ownership|Threads|Returns):\s+(.*)$')
CODE_ROW = re.compile(r'^(MESH_[A-Z0-9_]+)(?:\s{2,}(\S.*))?$')
CODES_ONLY = re.compile(r'^MESH_[A-Z0-9_]+(?:, MESH_[A-Z0-9_]+)*$')
MACROS = [
    (re.compile(r'^(\(?)(mesh_\w+)\(\)([.,;:)]*)$'), 'Fn'),
    (re.compile(r'^(\(?)(\*?[a-z_]+)(),([.,;:)]*)$'), None),
    (re.compile(r'^(\(?)(MESH_[A-Z0-9_]+)([.,;:)]*)$'), 'Dv'),
    (re.compile(r'^(\(?)([a-z_]+\(\d\))([.,;:)]*)$'), 'Xr'),
]


def escape(text):
    text = text.replace('\\', '\\e')
    return '\\&' + text if text[:1] in ('.', "'") else text


def macro_line(macro, before, word, after):
    if macro == 'Xr':
        word = re.sub(r'\((\d)\)', r' \1', word)
    parts = ['.' + macro]
    if before:
        parts.append(before)
    parts.append(word)
    parts += list(after)
    return ' '.join(parts)


def running(text):
    """One paragraph as lines of mdoc, with macros for what has a name."""
    out, plain = [], []

    def flush():
        if plain:
            for line in sentences(' '.join(plain)):
                out.append(line)
            plain.clear()

    for word in text.split():
        for pattern, macro in MACROS:
            match = macro and pattern.match(word)
            if match:
                flush()
                out.append(macro_line(macro, *match.groups()))
                break
        else:
            plain.append(word)
    flush()
    return out


def sentences(text):
    """A line begins with each sentence, so that its end is one to roff."""
    for part in re.split(r'(?<=[.!?])\s+(?=[A-Z*"0-9])', text):
        for line in textwrap.wrap(part, WIDTH, break_long_words=False,
                                  break_on_hyphens=False):
            yield escape(line)


def comment_lines(comment):
    return [re.sub(r'^ \* ?', '', line) for line in
            comment.split('\n')[1:-1]]


def split_comment(function):
    """(what it does, paragraphs, {label: lines})."""
    lines = comment_lines(function.comment)
    head, body, labels = [], [], {}
    at = None
    while lines and lines[0].strip():
        head.append(lines.pop(0).strip())
    for line in lines:
        match = LABELS.match(line)
        if match:
            at = labels.setdefault(match.group(1), [match.group(2)])
        elif at is not None:
            at.append(line.strip())
        else:
            body.append(line.strip())
    what = ' '.join(head).split(' - ', 1)[1]
    return what, paragraphs(body), labels


def paragraphs(lines):
    found = [[]]
    for line in lines:
        if line:
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [' '.join(p) for p in found if p]


def capital(text):
    return text[:1].upper() + text[1:]


def stop(text):
    return text if text.endswith(('.', '!', '?')) else text + '.'


def code_list(lines):
    """(running text before, [(codes, text)]) of a Returns label."""
    before, rows = [], []
    for line in lines:
        match = CODE_ROW.match(line)
        if match and (match.group(2) or rows):
            rows.append([match.group(1), match.group(2) or ''])
        elif rows and CODES_ONLY.match(line):
            rows.append([line, ''])
        elif rows:
            rows[-1][1] += ' ' + line
        else:
            before.append(line)
    return ' '.join(before), rows


def returns(lines):
    before, rows = code_list(lines)
    out = ['.Pp'] + running('Returns ' + (before if rows else stop(before)))
    if not rows:
        return out
    out.append('.Bl -tag -width Ds -compact')
    for codes, text in rows:
        out.append('.It ' + ' , '.join('Dv ' + c for c in codes.split(', ')))
        out += running(text.strip()) if text else []
    return out + ['.El']


def describe(function):
    what, body, labels = split_comment(function)
    out = ['.It Fn ' + function.name] + running(capital(stop(what)))
    for paragraph in body:
        out += ['.Pp'] + running(paragraph)
    for label in ('Ownership', 'Threads'):
        if label in labels:
            out += ['.Pp'] + running(label + ': ' +
                                     stop(' '.join(labels[label])))
    return out + returns(labels.get('Returns', ['nothing']))


def functions(found):
    out = ['.Bl -tag -width Ds']
    for function in found:
        out += describe(function)
    return out + ['.El'] if found else []


def names(found):
    out = []
    for function in found:
        comma = '' if function is found[-1] else ' ,'
        out.append('.Nm ' + function.name + comma)
    return out


def synopsis(found):
    out = []
    for function in found:
        out.append('.Ft ' + quoted(function.returns))
        out.append('.Fo ' + function.name)
        out += ['.Fa "%s"' % p for p in function.parameters]
        out.append('.Fc')
    return out


def quoted(text):
    return '"%s"' % text if ' ' in text else text


ITEM = re.compile(r'^\s*(MESH_\w+)\s*=\s*(-?\d+),?\s*(?:/\*\s*(.*))?$')


def constants(root, prefix):
    """[(name, comment)] of enumerators, from the comments behind them."""
    found = []
    for path in checks.public_headers(root):
        inside = False
        for line in checks.read(os.path.join(root, path)).split('\n'):
            match = ITEM.match(line)
            if match:
                found.append([match.group(1), match.group(3) or ''])
                inside = bool(match.group(3)) and '*/' not in match.group(3)
            elif inside:
                found[-1][1] += ' ' + line.strip()
                inside = '*/' not in line
    return [(name, ' '.join(text.replace('*/', '').split()))
            for name, text in found if name.startswith(prefix)]


def constant_list(found):
    out = ['.Bl -tag -width Ds -compact'] if found else []
    for name, text in found:
        out += ['.It Dv ' + name] + running(text)
    return out + ['.El'] if found else []
