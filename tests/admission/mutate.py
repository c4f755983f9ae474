#!/usr/bin/env python3
"""mutate.py - valid resources, each with one thing changed.

A mutant is a seed (a file of one valid resource), a number, and what follows
from them: the same on every machine. It knows what was done to it and where:
`lines` are those at which a finding about it belongs.

  - what stands on one line belongs at that line: a key or a value that was
    changed, added, repeated or moved to there;
  - what is no longer there belongs to the mapping or list around it: the
    line where that begins, or that of its key.

    mutate.py --seed 7 --count 10 FILE...    prints ten mutants of each file
    mutate.py --canonical FILE...            rewrites seeds in the one form
"""

import argparse
import hashlib
import os
import re
import sys

import pools
import tree
from tree import Map, Pair, Scalar, Seq

HERE = os.path.dirname(os.path.abspath(__file__))
# Kinds that this version knows by name only.
SKIPPED = ("EnvoyFilter", "TrafficExtension", "WasmPlugin")


class Draw:
    """Numbers out of a text, the same wherever it runs."""

    def __init__(self, text):
        self.text = text.encode()
        self.count = 0

    def below(self, limit):
        self.count += 1
        digest = hashlib.sha256(self.text + b"#%d" % self.count).digest()
        return int.from_bytes(digest[:8], "big") % limit

    def pick(self, items):
        return items[self.below(len(items))]

    def chance(self, percent):
        return self.below(100) < percent


class Seed:
    def __init__(self, name, text):
        self.name = name
        self.comment = tree.opening(text)
        found = tree.documents(text)
        if len(found) != 1:
            raise ValueError("%s: wanted one document" % name)
        self.tree = found[0]
        self.kind = self.tree.get("kind").value()
        self.text = tree.write(self.tree, self.comment)


class Mutant:
    def __init__(self, seed, number, mutation, path, lines, text):
        self.seed = seed
        self.number = number
        self.mutation = mutation
        self.path = path
        self.lines = sorted(set(lines))
        self.text = text

    def edit(self):
        """(first, count, text): lines of the seed and what replaces them."""
        old = self.seed.text.splitlines(True)
        new = self.text.splitlines(True)
        head = 0
        while head < min(len(old), len(new)) and old[head] == new[head]:
            head += 1
        tail = 0
        while (tail < min(len(old), len(new)) - head
               and old[-1 - tail] == new[-1 - tail]):
            tail += 1
        return (head + 1, len(old) - head - tail,
                "".join(new[head:len(new) - tail]))


class Spot:
    """One place of a tree: a pair of a mapping or an item of a list."""

    def __init__(self, path, parent, index, above):
        self.path = path
        self.parent = parent
        self.index = index
        self.above = above  # the Spot of parent, None at the root

    def part(self):
        if isinstance(self.parent, Map):
            return self.parent.pairs[self.index]
        return self.parent.items[self.index]

    def value(self):
        part = self.part()
        return part.value if isinstance(part, Pair) else part

    def put(self, node):
        if isinstance(self.parent, Map):
            self.parent.pairs[self.index].value = node
        else:
            self.parent.items[self.index] = node

    def around(self):
        """What stands for a part that is gone."""
        return [self.parent] + ([self.above.part()] if self.above else [])


def spots_of(node, path="", above=None):
    found = []
    if isinstance(node, Map):
        for index, pair in enumerate(node.pairs):
            name = pair.key if not path else path + "." + pair.key
            spot = Spot(name, node, index, above)
            found.append(spot)
            found += spots_of(pair.value, name, spot)
    elif isinstance(node, Seq):
        for index, item in enumerate(node.items):
            spot = Spot(path + "[]", node, index, above)
            found.append(spot)
            found += spots_of(item, spot.path, spot)
    return found


class World:
    """All seeds: what is seen at a path in one may be put into another."""

    def __init__(self, seeds):
        self.pairs = {}
        self.values = {}
        for path, key, text in pools.UNMADE:
            self.pairs.setdefault(path, {})[key] = [tree.documents(text)[0]]
        for seed in seeds:
            for spot in spots_of(seed.tree):
                key = seed.kind + " " + spot.path
                self.values.setdefault(key, []).append(spot.value())
                if isinstance(spot.parent, Map):
                    up = seed.kind + " " + spot.path.rpartition(".")[0]
                    self.pairs.setdefault(up, {}).setdefault(
                        spot.part().key, []).append(spot.value())


class Bench:
    """One mutant in the making."""

    def __init__(self, world, seed, number, salt):
        self.world = world
        self.seed = seed
        self.kind = seed.kind
        self.draw = Draw("%s/%s/%d" % (salt, seed.name, number))
        self.tree = tree.copy(seed.tree)
        self.spots = spots_of(self.tree)

    def choose(self, fits):
        """A spot that fits; most often inside the spec."""
        inside = [s for s in self.spots if fits(s)
                  and s.path.startswith("spec.")]
        outside = [s for s in self.spots if fits(s)
                   and not s.path.startswith("spec.")]
        if not inside or (outside and self.draw.chance(12)):
            inside = outside
        return self.draw.pick(inside) if inside else None


def is_pair(spot):
    return isinstance(spot.parent, Map)


def is_scalar(spot):
    return isinstance(spot.value(), Scalar)


def anything(spot):
    return spot.path not in ("apiVersion", "kind")


# --- keys --------------------------------------------------------------------


def misspell(draw, text):
    at = draw.below(len(text))
    way = draw.below(5)
    if way == 0 and len(text) > 1:
        return text[:at] + text[at + 1:]
    if way == 1:
        return text[:at] + text[at] + text[at:]
    if way == 2 and at + 1 < len(text):
        return text[:at] + text[at + 1] + text[at] + text[at + 2:]
    if way == 3:
        return text[:at] + text[at].swapcase() + text[at + 1:]
    return text[:at] + draw.pick("aeioxs1_") + text[at + 1:]


def snake(text):
    return re.sub(r"([A-Z])", lambda m: "_" + m.group(1).lower(), text)


def rename(bench, how):
    spot = bench.choose(is_pair)
    pair = spot.part()
    key = how(pair.key)
    if key == pair.key or not key:
        return None
    if not re.fullmatch(r'[A-Za-z0-9_./@-]+|".*"', key):
        key = tree.quoted(key)
    pair.key = key
    # A key that is required may be missed instead.
    return spot, [pair]


def key_misspelt(bench):
    return rename(bench, lambda key: misspell(bench.draw, key))


def key_snake(bench):
    return rename(bench, snake)


def key_case(bench):
    return rename(bench, lambda key: bench.draw.pick(
        [key.lower(), key.upper(), key[:1].swapcase() + key[1:],
         snake(key).replace("_", "-"), key + "s", key.rstrip("s")]))


def key_odd(bench):
    return rename(bench, lambda key: bench.draw.pick(pools.KEYS))


def key_dropped(bench):
    spot = bench.choose(lambda s: anything(s) or bench.draw.chance(20))
    around = spot.around()
    if is_pair(spot):
        del spot.parent.pairs[spot.index]
    else:
        del spot.parent.items[spot.index]
    return spot, around


def key_doubled(bench):
    spot = bench.choose(is_pair)
    pair = spot.part()
    again = Pair(pair.key, tree.copy(pair.value))
    if bench.draw.chance(30):
        again.value = Scalar(bench.draw.pick(["null", "", "1", '"x"', "{}"]))
    at = spot.index + 1
    if bench.draw.chance(50):
        at = len(spot.parent.pairs)
    spot.parent.pairs.insert(at, again)
    return spot, [again]


def key_moved(bench):
    spot = bench.choose(lambda s: is_pair(s) and anything(s))
    pair = spot.part()
    inside = {id(s.value()) for s in spots_of(pair.value)} | {id(pair.value)}
    homes = [s for s in bench.spots if isinstance(s.value(), Map)
             and id(s.value()) not in inside
             and s.value() is not spot.parent]
    if not homes:
        return None
    home = bench.draw.pick(homes)
    target = home.value()
    marks = []
    if bench.draw.chance(50): # a copy
        pair = Pair(pair.key, tree.copy(pair.value))
    else:
        marks = spot.around()
        del spot.parent.pairs[spot.index]
    target.pairs.append(pair)
    return home, marks + [pair]


def key_added(bench):
    """One that other seeds have at this place."""
    maps = [s for s in bench.spots if isinstance(s.value(), Map)
            and s.path.startswith("spec")]
    if not maps:
        return None
    spot = bench.draw.pick(maps)
    known = bench.world.pairs.get(bench.kind + " " + spot.path, {})
    have = {pair.key for pair in spot.value().pairs}
    names = sorted(set(known) - have)
    if not names:
        return None
    name = bench.draw.pick(names)
    pair = Pair(name, tree.copy(bench.draw.pick(known[name])))
    at = len(spot.value().pairs)
    spot.value().pairs.insert(at, pair)
    return spot, [pair]


def key_unknown(bench):
    maps = [s for s in bench.spots if isinstance(s.value(), Map)]
    spot = bench.draw.pick(maps)
    key, value = bench.draw.pick(pools.STRANGERS)
    pair = Pair(key, Scalar(value))
    at = bench.draw.below(len(spot.value().pairs) + 1)
    spot.value().pairs.insert(at, pair)
    return spot, [pair]


# --- values ------------------------------------------------------------------


def replace(bench, spot, node):
    old = spot.value()
    if (isinstance(old, Scalar) and isinstance(node, Scalar)
            and old.text == node.text):
        return None
    spot.put(node)
    return spot, [spot.part()]


def value_from(pool):
    def change(bench):
        spot = bench.choose(lambda s: is_scalar(s) and anything(s))
        return replace(bench, spot, Scalar(bench.draw.pick(pool)))
    return change


def looks(spot, pattern):
    return (is_scalar(spot)
            and re.fullmatch(pattern, str(spot.value().value())))


def value_like(pattern, pool):
    """Values of a pool for those that look the same."""
    def change(bench):
        spot = bench.choose(lambda s: looks(s, pattern) and anything(s))
        if not spot:
            return None
        return replace(bench, spot, Scalar(bench.draw.pick(pool)))
    return change


def value_shape(bench):
    """A list, a mapping or a scalar where another of them belongs."""
    spot = bench.choose(anything)
    old = tree.copy(spot.value())
    ways = [Scalar(bench.draw.pick(pools.SHAPES)), Seq(), Map(), Seq([old]),
            Map([Pair("value", old)]), Seq([Seq([old])])]
    if isinstance(old, Seq) and old.items:
        ways += [old.items[0], old.items[0]]
    return replace(bench, spot, bench.draw.pick(ways))


def value_quoted(bench):
    """The same text with quotes, or without."""
    spot = bench.choose(lambda s: is_scalar(s) and anything(s))
    text = spot.value().text
    if not text.startswith('"'):
        return replace(bench, spot, Scalar(tree.quoted(text)))
    bare = spot.value().value()
    if not re.fullmatch(r"[A-Za-z0-9_./~:+-]+", bare) or bare.endswith(":"):
        return None
    return replace(bench, spot, Scalar(bare))


def value_misspelt(bench):
    spot = bench.choose(lambda s: is_scalar(s) and s.value().value())
    text = str(spot.value().value())
    way = bench.draw.below(6)
    if way == 0:
        text = text.swapcase()
    elif way == 1:
        text = text + bench.draw.pick([" ", "s", "\n", ".", "/", "*", "é"])
    elif way == 2:
        text = bench.draw.pick([" ", "*", "-", ".", "/", "~"]) + text
    else:
        text = misspell(bench.draw, text)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*[a-z_]", text):
        text = tree.quoted(text)
    return replace(bench, spot, Scalar(text))


def value_elsewhere(bench):
    """What other seeds say at this place, or at another."""
    spot = bench.choose(anything)
    key = bench.kind + " " + spot.path
    if bench.draw.chance(30):
        key = bench.draw.pick(sorted(k for k in bench.world.values
                                     if k.startswith(bench.kind + " spec")))
    return replace(bench, spot,
                   tree.copy(bench.draw.pick(bench.world.values[key])))


def null_value(bench):
    spot = bench.choose(anything)
    return replace(bench, spot,
                   Scalar(bench.draw.pick(["null", "~", "", "Null", "NULL"])))


# --- lists -------------------------------------------------------------------


def is_list(spot):
    return isinstance(spot.value(), Seq)


def list_emptied(bench):
    spot = bench.choose(lambda s: not is_scalar(s))
    node = Seq() if is_list(spot) else Map()
    return replace(bench, spot, node)


def item_repeated(bench):
    spot = bench.choose(lambda s: is_list(s) and s.value().items)
    if not spot:
        return None
    items = spot.value().items
    again = tree.copy(bench.draw.pick(items))
    at = bench.draw.pick([len(items), bench.draw.below(len(items)) + 1])
    items.insert(at, again)
    return spot, [again]


def item_added(bench):
    spot = bench.choose(is_list)
    if not spot:
        return None
    items = spot.value().items
    new = Scalar(bench.draw.pick(pools.TEXTS + pools.SHAPES + pools.NUMBERS))
    items.insert(bench.draw.below(len(items) + 1), new)
    return spot, [new]


def items_swapped(bench):
    spot = bench.choose(lambda s: is_list(s) and len(s.value().items) > 1)
    if not spot:
        return None
    items = spot.value().items
    at = bench.draw.below(len(items) - 1)
    items[at], items[at + 1] = items[at + 1], items[at]
    return spot, [items[at], items[at + 1]]


def list_long(bench):
    """More items than a bound may allow; scalars, so that they stay small."""
    spot = bench.choose(lambda s: is_list(s) and s.value().items
                        and isinstance(s.value().items[0], Scalar))
    if not spot:
        return None
    seq = spot.value()
    old = seq.items[0].value()
    length = bench.draw.pick([9, 11, 17, 33, 65, 101, 129, 257])
    seq.items = [Scalar(tree.quoted("x%d%s" % (i, old)))
                 for i in range(length)]
    return spot, [spot.part(), seq] + seq.items


# --- the whole ---------------------------------------------------------------


def envelope(bench):
    pool = pools.ENVELOPE[bench.draw.pick(sorted(pools.ENVELOPE))]
    path, texts = pool
    text = bench.draw.pick(texts)
    names = path.split(".")
    node, spot = bench.tree, None
    for name in names[:-1]:
        if not node.get(name):
            node.pairs.append(Pair(name, Map()))
        node = node.get(name)
        if not isinstance(node, Map):
            return None
    for pair in node.pairs:
        if pair.key == names[-1]:
            pair.value = Scalar(text)
            break
    else:
        pair = Pair(names[-1], Scalar(text))
        node.pairs.append(pair)
    spot = Spot(path, node, node.pairs.index(pair), None)
    return spot, [pair]


# How often each is tried, of their sum.
MUTATIONS = (
    (6, "key-misspelt", key_misspelt),
    (2, "key-snake", key_snake),
    (3, "key-case", key_case),
    (2, "key-odd", key_odd),
    (8, "key-dropped", key_dropped),
    (3, "key-doubled", key_doubled),
    (5, "key-moved", key_moved),
    (10, "key-added", key_added),
    (2, "key-unknown", key_unknown),
    (7, "value-type", value_from(pools.SHAPES)),
    (4, "value-shape", value_shape),
    (8, "value-text", value_from(pools.TEXTS)),
    (3, "value-number", value_from(pools.NUMBERS)),
    (8, "value-number", value_like(r"-?[0-9.]+", pools.NUMBERS)),
    (8, "value-duration", value_like(r"[0-9.]+(ms|s|m|h)", pools.DURATIONS)),
    (3, "value-enum", value_like(r"[A-Z][A-Z0-9_]+", pools.ENUMS)),
    (3, "value-regex", value_like(r".*[\[(*+^].*", pools.REGEXES)),
    (3, "value-host", value_like(r"[a-z0-9*-]+(\.[a-z0-9*-]+)+",
                                 pools.HOSTS)),
    (3, "value-address", value_like(r"[0-9.]+[0-9](/[0-9]+)?|.*::.*",
                                    pools.ADDRESSES)),
    (3, "value-quoted", value_quoted),
    (6, "value-misspelt", value_misspelt),
    (8, "value-elsewhere", value_elsewhere),
    (4, "null", null_value),
    (3, "list-emptied", list_emptied),
    (4, "item-repeated", item_repeated),
    (3, "item-added", item_added),
    (1, "items-swapped", items_swapped),
    (1, "list-long", list_long),
    (3, "envelope", envelope),
)


def draw_mutation(draw):
    at = draw.below(sum(weight for weight, _, _ in MUTATIONS))
    for weight, name, change in MUTATIONS:
        at -= weight
        if at < 0:
            return name, change
    raise AssertionError("out of reach")


def mutant(world, seed, number, salt):
    """Mutant number of a seed; None when nothing came of it."""
    bench = Bench(world, seed, number, salt)
    name, change = draw_mutation(bench.draw)
    if not bench.choose(lambda s: True):
        return None
    done = change(bench)
    if not done:
        return None
    spot, marks = done
    text = tree.write(bench.tree, seed.comment) if bench.tree.pairs else "{}\n"
    if text == seed.text:
        return None
    lines = [mark.line for mark in marks]
    return Mutant(seed, number, name, spot.path, lines, text)


def mutants(seeds, salt, count, world=None):
    """count mutants of the seeds in turn, no two alike."""
    world = world or World(seeds)
    seen = {seed.text for seed in seeds}
    number = 0
    made = 0
    while made < count:
        for seed in seeds:
            found = mutant(world, seed, number, salt)
            if not found or found.text in seen or made == count:
                continue
            seen.add(found.text)
            made += 1
            yield found
        number += 1


def sweep(seeds, texts):
    """Each value of each seed replaced by each text, or dropped."""
    for seed in seeds:
        count = len(spots_of(seed.tree))
        for at in range(count):
            for text in texts:
                whole = tree.copy(seed.tree)
                spot = spots_of(whole)[at]
                if spot.path in ("apiVersion", "kind"):
                    continue
                spot.put(Scalar(text))
                new = tree.write(whole, seed.comment)
                if new != seed.text:
                    yield Mutant(seed, at, "sweep " + text, spot.path,
                                 [spot.part().line], new)


def seeds_in(folder, only=None):
    """The seeds of a folder, in the order of their names."""
    found = []
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".yaml"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as source:
            seed = Seed(name, source.read())
        if seed.kind not in SKIPPED and (not only or seed.kind in only):
            found.append(seed)
    return found


def corpus(folder, only=None):
    """The valid resources of tests/golden/corpus as seeds."""
    found = []
    with open(os.path.join(folder, "index.tsv"), encoding="utf-8") as index:
        rows = [line.split("\t") for line in index][1:]
    for name, kind, verdict, *_ in rows:
        if verdict != "valid" or kind in SKIPPED or (only and kind not in only):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as source:
            found.append(Seed(name, source.read()))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--canonical", action="store_true")
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    seeds = []
    for path in args.files:
        with open(path, encoding="utf-8") as source:
            seeds.append(Seed(os.path.basename(path), source.read()))
        if args.canonical:
            with open(path, "w", encoding="utf-8") as out:
                out.write(seeds[-1].text)
    if args.canonical:
        return
    for found in mutants(seeds, args.seed, args.count * len(seeds)):
        print("# %s %d: %s at %s, lines %s" % (
            found.seed.name, found.number, found.mutation, found.path,
            ",".join(map(str, found.lines))))
        sys.stdout.write(found.text + "---\n")


if __name__ == "__main__":
    main()
