"""The schemas of Istio's CRDs: what they say of a field, and mutants that
stand at each bound they set."""

import yaml

import pools
import tree
from mutate import Mutant, Seed, Spot, lines_of, spots_of
from tree import Map, Pair, Scalar, Seq

# Longer lists and maps are not made: they would be slow, not better.
COPIES_MAX = 520
WRONG = {
    "string": ["1", "true", "{}", "[]", "null", "1.5"],
    "integer": ['"1"', "true", "{}", "[]", "null", "1.5", '""'],
    "number": ['"1"', "true", "{}", "[]", "null", '""'],
    "boolean": ['"true"', "1", "{}", "[]", "null", '""'],
    "object": ['"a"', "1", "true", "[]", "null", '""'],
    "array": ['"a"', "1", "true", "{}", "null", '""'],
}


def load(path):
    """{kind: schema} of a file of CRDs; all versions have the same."""
    found = {}
    with open(path, encoding="utf-8") as source:
        for crd in yaml.safe_load_all(source):
            if not crd:
                continue
            kind = crd["spec"]["names"]["kind"]
            schemas = [v["schema"]["openAPIV3Schema"]
                       for v in crd["spec"]["versions"]]
            # What differs between versions is prose.
            if any(_bare(s) != _bare(schemas[0]) for s in schemas):
                raise SystemExit("the versions of %s differ" % kind)
            found[kind] = schemas[0]
    return found


def _bare(schema):
    """A schema without its descriptions."""
    if isinstance(schema, dict):
        return {key: _bare(value) for key, value in schema.items()
                if not (key == "description" and isinstance(value, str))}
    if isinstance(schema, list):
        return [_bare(item) for item in schema]
    return schema


def type_of(schema):
    """As `lmesh` names it in the manual; bounds aside."""
    if schema.get("x-kubernetes-int-or-string"):
        return "int-or-string"
    kind = schema.get("type")
    if kind == "array":
        return "list<%s>" % type_of(schema["items"])
    if kind == "object" and isinstance(schema.get("additionalProperties"),
                                       dict):
        return "map<%s>" % type_of(schema["additionalProperties"])
    if "enum" in schema:
        return "enum{%s}" % "|".join(map(str, schema["enum"]))
    return kind or "object"


def fields(schema, path=""):
    """(path, schema, required) of every field, in the manual's spelling."""
    required = schema.get("required", [])
    for name, inner in sorted(schema.get("properties", {}).items()):
        here = name if not path else path + "." + name
        yield here, inner, name in required
        while True:
            if inner.get("type") == "array":
                inner, here = inner["items"], here + "[]"
            elif isinstance(inner.get("additionalProperties"), dict):
                inner, here = inner["additionalProperties"], here + "{}"
            else:
                break
        yield from fields(inner, here)


def _inside(schema, part):
    """The schema of a pair's value or of an item."""
    if isinstance(part, Pair):
        key = part.key.strip('"')
        if key in schema.get("properties", {}):
            return schema["properties"][key]
        more = schema.get("additionalProperties")
        return more if isinstance(more, dict) else None
    return schema.get("items")


def _walk(node, schema, path="", above=None):
    """(Spot, schema) of each part that the schema knows."""
    parts = (node.pairs if isinstance(node, Map)
             else node.items if isinstance(node, Seq) else [])
    for index, part in enumerate(parts):
        inner = _inside(schema, part)
        if inner is None:
            continue
        name = (path + "[]" if not isinstance(part, Pair)
                else part.key if not path else path + "." + part.key)
        spot = Spot(name, node, index, above)
        yield spot, inner
        yield from _walk(spot.value(), inner, name, spot)


def _numbers(schema):
    for key in ("minimum", "maximum"):
        if key in schema:
            yield from (schema[key] - 1, schema[key], schema[key] + 1)
    if schema.get("format") == "int32":
        yield from (-2**31 - 1, -2**31, 2**31 - 1, 2**31)


def _texts(schema):
    for key in ("minLength", "maxLength"):
        if key in schema:
            for length in (schema[key] - 1, schema[key], schema[key] + 1):
                if length >= 0:
                    yield "a" * length
                    yield "ä" * length


def _copies(node, length):
    """A list or map of this many entries; None when that is too many."""
    if not 0 <= length <= COPIES_MAX:
        return None
    if isinstance(node, Seq) and node.items:
        return Seq(tree.copy(node.items[i % len(node.items)])
                   for i in range(length))
    if isinstance(node, Map) and node.pairs:
        return Map(Pair("k%d" % i, tree.copy(node.pairs[0].value))
                   for i in range(length))
    return None


def _values(node, schema):
    """What stands at the bounds, and what is of another type."""
    for text in WRONG.get(schema.get("type"), ()):
        yield Scalar(text)
    for number in _numbers(schema):
        yield Scalar(str(number))
    for text in _texts(schema):
        yield Scalar(tree.quoted(text))
    for value in schema.get("enum", ()):
        yield Scalar(tree.quoted(str(value)))
        yield Scalar(tree.quoted(str(value).lower()))
    for key in ("minItems", "maxItems", "minProperties", "maxProperties"):
        if key in schema:
            for length in (schema[key] - 1, schema[key], schema[key] + 1):
                copies = _copies(node, length)
                if copies is not None:
                    yield copies


def _drop(spot):
    around = spot.around()
    if isinstance(spot.parent, Map):
        del spot.parent.pairs[spot.index]
    else:
        del spot.parent.items[spot.index]
    return around


def bounds(seeds, schemas):
    """Mutants at the bounds that the schema of their kind sets."""
    for seed in seeds:
        assert isinstance(seed, Seed)
        if seed.kind not in schemas:  # MeshConfig
            continue
        places = list(_walk(seed.tree, schemas[seed.kind]))
        order = {}
        for number, spot in enumerate(spots_of(seed.tree)):
            order[id(spot.parent), spot.index] = number
        for spot, schema in places:
            at = order[id(spot.parent), spot.index]
            for value in list(_values(spot.value(), schema)) + [None]:
                whole = tree.copy(seed.tree)
                twin = spots_of(whole)[at]
                if value is None:
                    marks = _drop(twin)
                else:
                    twin.put(value)
                    marks = [twin.part()]
                text = tree.write(whole, seed.comment)
                if text == seed.text:
                    continue
                yield Mutant(seed, at, "drop" if value is None else "bound",
                             spot.path,
                             [n for mark in marks for n in lines_of(mark)],
                             text)


# How the manual calls what the schema calls integer, number and so on.
NAMES = {
    "integer": ("int32", "int64", "uint32", "uint64"),
    "number": ("double",),
    "boolean": ("bool",),
    "string": ("string", "duration", "bytes(base64)", "string(date-time)"),
    "object": ("object",),
    "int-or-string": ("int-or-string",),
}


def same_type(ours, theirs):
    for shape in ("list<", "map<"):
        if theirs.startswith(shape):
            return (ours.startswith(shape)
                    and same_type(ours[len(shape):-1], theirs[len(shape):-1]))
    if theirs.startswith("enum{"):
        return ours == theirs
    return ours in NAMES.get(theirs, ())


def compare_tables(rows, schemas, kinds):
    """(checks, complaints): our rows beside the fields of the CRDs."""
    complaints = []
    checks = 0
    ours = {(kind, path): (type_, required)
            for kind, path, type_, required in rows}
    for kind in kinds:
        theirs = {path: (type_of(schema), required)
                  for path, schema, required in fields(schemas[kind])}
        for path, (type_, required) in sorted(theirs.items()):
            checks += 1
            row = ours.get((kind, path))
            if not row:
                complaints.append("%s %s: no row" % (kind, path))
            elif not same_type(row[0], type_):
                complaints.append("%s %s: %s, in the CRD %s"
                                  % (kind, path, row[0], type_))
            elif row[1] != required:
                complaints.append("%s %s: required %s, in the CRD %s"
                                  % (kind, path, row[1], required))
        for row_kind, path in sorted(ours):
            if row_kind == kind and path not in theirs and "=" not in path:
                complaints.append("%s %s: no such field" % (kind, path))
    return checks, complaints


def uncovered(seeds, schemas):
    """Fields that no seed has."""
    seen = set()

    def visit(node, schema, kind, path):
        for part in (node.pairs if isinstance(node, Map) else
                     node.items if isinstance(node, Seq) else []):
            inner = _inside(schema, part)
            if inner is None:
                continue
            key = part.key.strip('"') if isinstance(part, Pair) else None
            if key is not None and key in schema.get("properties", {}):
                here = key if not path else path + "." + key
            else:
                here = path + ("{}" if key is not None else "[]")
            seen.add((kind, here))
            visit(part.value if key is not None else part, inner, kind, here)

    for seed in seeds:
        visit(seed.tree, schemas[seed.kind], seed.kind, "")
    for place, key, text in pools.UNMADE:
        kind, path = place.split(" ")
        if kind in schemas:
            whole = dict((p, s) for p, s, _ in fields(schemas[kind]))
            here = path + "." + key
            seen.add((kind, here))
            if here in whole:
                visit(tree.documents(text)[0], whole[here], kind,
                      here)
    return ["%s %s: in no seed" % (kind, path)
            for kind in sorted({seed.kind for seed in seeds})
            for path, _, _ in fields(schemas[kind])
            if (kind, path) not in seen and not path.startswith("status")]
