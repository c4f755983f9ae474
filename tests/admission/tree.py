"""YAML documents as trees that can be changed and written out again.

The form written is always the same, one scalar on one line, so that every
part of a tree knows its line. Tags, anchors and comments are not kept, but
for the comment that opens a file.
"""

import json

import yaml


class Scalar:
    """text is as it stands in the file, quotes and all."""

    def __init__(self, text):
        self.text = text
        self.line = 0

    def value(self):
        if self.text.startswith('"'):
            return json.loads(self.text)
        return self.text


class Pair:
    def __init__(self, key, value):
        self.key = key  # as it stands in the file
        self.value = value
        self.line = 0


class Map:
    def __init__(self, pairs=()):
        self.pairs = list(pairs)
        self.line = 0

    def get(self, key):
        for pair in self.pairs:
            if pair.key == key:
                return pair.value
        return None


class Seq:
    def __init__(self, items=()):
        self.items = list(items)
        self.line = 0


def quoted(text):
    """A text as a double-quoted scalar; YAML reads JSON's escapes."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\x7f")


def copy(node):
    if isinstance(node, Map):
        return Map(Pair(p.key, copy(p.value)) for p in node.pairs)
    if isinstance(node, Seq):
        return Seq(copy(item) for item in node.items)
    return Scalar(node.text)


def _from(node):
    if isinstance(node, yaml.MappingNode):
        return Map(Pair(_from(k).text, _from(v)) for k, v in node.value)
    if isinstance(node, yaml.SequenceNode):
        return Seq(_from(item) for item in node.value)
    if node.style is None and "\n" not in node.value:
        return Scalar(node.value)
    return Scalar(quoted(node.value))


def documents(text):
    return [_from(n) for n in yaml.compose_all(text, yaml.SafeLoader) if n]


def opening(text):
    """The comment that opens a file."""
    lines = []
    for line in text.splitlines(True):
        if not line.startswith("#"):
            break
        lines.append(line)
    return "".join(lines)


class _Writer:
    def __init__(self):
        self.lines = []

    def put(self, text):
        """On a new line; its number."""
        self.lines.append(text)
        return len(self.lines)

    def value(self, node, head, indent):
        """What stands behind head, "key:" or "-", at this indent."""
        node.line = len(self.lines) + 1
        if isinstance(node, Scalar):
            self.put(head + " " + node.text if node.text else head)
        elif isinstance(node, Map) and not node.pairs:
            self.put(head + " {}")
        elif isinstance(node, Seq) and not node.items:
            self.put(head + " []")
        elif head.endswith("-"):
            self.block(node, head + " ", indent)
        else:
            self.put(head)
            node.line += 1
            self.block(node, None, indent)

    def block(self, node, head, indent):
        """A collection that is not empty; head goes before its first line."""
        space = " " * indent
        parts = node.pairs if isinstance(node, Map) else node.items
        for part in parts:
            part.line = len(self.lines) + 1
            lead = space if head is None else head
            head = None
            if isinstance(part, Pair):
                deep = 0 if isinstance(part.value, Seq) else 2
                self.value(part.value, lead + part.key + ":", indent + deep)
            else:
                self.value(part, lead + "-", indent + 2)


def write(tree, comment=""):
    writer = _Writer()
    for line in comment.splitlines():
        writer.put(line)
    tree.line = len(writer.lines) + 1
    writer.block(tree, None, 0)
    return "\n".join(writer.lines) + "\n"
