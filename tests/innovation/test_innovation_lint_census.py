"""Every mistake of typing a table in, at every place of every shipped rulebook: found, or known not to be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import pytest
import yaml

import icsml.innovation.rulebooks.load as rulebooks
from icsml.core.paths import configs_dir
from icsml.innovation.rulebooks.decimals import decimal
from icsml.innovation.rulebooks.load import list_editions, rulebook_path
from icsml.records.fields import FIELD_BY_NAME

EDITIONS = list_editions()
FILE_OF = {each.id: rulebook_path(each.id) for each in EDITIONS}
FILES = {name: path.read_text("utf-8") for name, path in FILE_OF.items()}
COMPARISONS = ("at_least", "above", "at_most", "below")
TEXTS = ("en", "zh", "title", "where", "note", "edition")


@dataclass(frozen=True)
class Mistake:
    """A file with one mistake, and the lines, from 1, at which a finding of one of the codes counts as found."""

    kind: str
    rulebook: str
    place: str
    text: str
    lines: range
    codes: str


# Places of a document


def dotted(key):
    return ".".join(str(part) for part in key)


def walk(node, key=()):
    """Return every node of a document with its key; of a list, the places."""
    yield key, node
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from walk(value, (*key, name.value))
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            yield from walk(value, (*key, place))


def get(node, *names):
    for name in names:
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        node = next((value for key, value in pairs if key.value == name), None)
    return node


def measured(document):
    """Return whatever compares a value with numbers: options, conditions, the rule of stages."""
    for key, node in walk(document):
        if get(node, "value") is not None and (get(node, "points") or get(node, "steps") or numbers(node)):
            yield key, node


def numbers(node):
    """Return the nodes of the numbers that a value is compared with."""
    points = get(node, "points") if isinstance(get(node, "points"), yaml.MappingNode) else None
    holders = [node]
    for steps in (get(node, "steps"), get(points, "steps"), get(points, "rows")):
        holders += steps.value if steps is not None else ()
    found = [get(each, name) for each in holders for name in COMPARISONS]
    if points is not None:
        found += [anchor.value[0] for anchor in getattr(get(points, "anchors"), "value", ())]
        found += [get(points, name) for name in ("unacceptable", "satisfactory")]
        found += [name for name, _ in getattr(get(points, "at"), "value", ())]
    return [each for each in found if each is not None]


def unit(value):
    """Return what a value is counted in: money, a fraction, or something else."""
    if isinstance(value, yaml.ScalarNode):
        return FIELD_BY_NAME[value.value].unit if value.value in FIELD_BY_NAME else None
    sides = {"ratio": ("numerator", "denominator"), "growth": ("now", "before")}.get(get(value, "kind").value)
    if sides is None:
        return None
    over, under = (unit(get(value, side)) for side in sides)
    return "fraction" if over == under and over is not None and get(value, "per") is None else "rate"


# Changes of a text


def changed(text, *changes):
    """Return a text with nodes replaced by other texts."""
    for node, new in sorted(changes, key=lambda change: -change[0].start_mark.index):
        text = text[: node.start_mark.index] + new + text[node.end_mark.index :]
    return text


def times(node, factor):
    return decimal(Fraction(node.value) * factor)


def line(node):
    return node.start_mark.line + 1


def only(node):
    return range(line(node), line(node) + 1)


def whole(node):
    """Return the lines of a node and the one after it, which a deletion moves up."""
    return range(line(node), node.end_mark.line + 2)


def without(text, parts, place):
    """Return a text without one part of a list or mapping; a part is its first and its last node."""
    (first, last), later = parts[place], parts[place + 1 :]
    start, end = first.start_mark.index, last.end_mark.index
    begin = text.rindex("\n", 0, start) + 1
    if text[begin:start].strip() == "-":  # lines of their own; a block ends where the next token begins
        flow = not isinstance(last, yaml.MappingNode) or last.flow_style
        return text[:begin] + text[text.index("\n", end) + 1 if flow else text.rindex("\n", 0, end) + 1 :]
    if later:
        return text[:start] + text[later[0][0].start_mark.index :]
    return text[: parts[place - 1][1].end_mark.index if place else start] + text[end:]


# Kinds of mistakes


def thresholds(name, text, document) -> Iterator[Mistake]:
    for key, node in measured(document):
        rate = get(node, "unit") is not None and get(node, "unit").value == "rate"
        kind = "rate" if rate else unit(get(node, "value"))
        given = [each for each in numbers(node) if Fraction(each.value) != 0]
        if kind == "fraction":
            for each in given:
                for what, new in (("a fraction in per cent", times(each, 100)), ("a fraction just above 1", "1.5")):
                    yield Mistake(what, name, dotted(key), changed(text, (each, new)), only(each), "007 027")
                every = changed(text, *((other, times(other, 100)) for other in given))
                yield Mistake("a table in per cent", name, dotted(key), every, only(each), "027")
        if kind == "CNY":
            for each in given:
                for what, new in (
                    ("an amount in 万元", times(each, Fraction(1, 10**4))),
                    ("an amount in 亿元", times(each, Fraction(1, 10**8))),
                    ("an amount below 10,000 yuan", "9999"),
                    ("an amount of 5 万元 as 50,000", "50000"),
                ):
                    yield Mistake(what, name, dotted(key), changed(text, (each, new)), only(each), "028 007")
                every = changed(text, *((other, times(other, Fraction(1, 10**4))) for other in given))
                yield Mistake("a table in 万元", name, dotted(key), every, only(each), "028")


def swapped(name, text, document) -> Iterator[Mistake]:
    for key, node in walk(document):
        for over, under in (("numerator", "denominator"), ("now", "before")):
            a, b = get(node, over), get(node, under)
            if a is not None and b is not None:
                new = changed(text, (a, slice_of(text, b)), (b, slice_of(text, a)))
                yield Mistake(f"{over} and {under} swapped", name, dotted(key), new, whole(node), "029")


def slice_of(text, node):
    return text[node.start_mark.index : node.end_mark.index]


def deleted(name, text, document) -> Iterator[Mistake]:
    ladders = {"steps": "step", "rows": "step", "anchors": "anchor", "at": "step", "best_of": "option"}
    for key, node in walk(document):
        if not key or key[-1] not in ladders or isinstance(node, yaml.ScalarNode):
            continue
        parts = list(node.value) if isinstance(node, yaml.MappingNode) else [(each, each) for each in node.value]
        for place in range(len(parts)):
            where = (
                "only" if len(parts) == 1 else "first" if not place else "last" if place == len(parts) - 1 else "middle"
            )
            new = without(text, parts, place)
            kind = "stage step" if key[0] == "stages" else ladders[key[-1]]
            owner = key[: 2 if key[0] == "indicators" else 1]
            lines = whole(next(each for at, each in walk(document) if at == owner))
            yield Mistake(f"{where} {kind} deleted", name, dotted((*key, place)), new, lines, "001 007 008 016 025 036")


SEEN: set[tuple[object, ...]] = set()


def characters(name, text, document) -> Iterator[Mistake]:
    """Put full-width characters at one place of each shape: a key, what stands before its value and what after."""
    for key, node in walk(document):
        if not isinstance(node, yaml.ScalarNode) or node.style in (">", "|"):
            continue
        start, end = node.start_mark.index, node.end_mark.index
        before, after = text[:start].rstrip(" "), text[end : end + 1]
        shape = (*[part for part in key if isinstance(part, str)][-2:], before[-1], after, node.style)
        if shape in SEEN:
            continue
        SEEN.add(shape)
        what = "text" if key[-1] in TEXTS else "value"
        for opening, closing in ("“”", "‘’", "””") if what == "text" else ("“”",):
            new = changed(text, (node, f"{opening}{node.value}{closing}"))
            yield Mistake(f"full-width quotes of a {what}", name, dotted(key), new, only(node), "038")
        for char, wide in ((":", "："), ("{", "｛"), ("[", "【"), ("[", "［"), (",", "，"), (",", "、"), ("-", "－")):
            if before.endswith(char):
                new = before[:-1] + wide + text[len(before) :]
                yield Mistake(
                    f"{wide} before a value", name, dotted(key), new, range(line(node) - 1, line(node) + 1), "038"
                )
        for char, wide in ((",", "，"), (",", "、"), ("}", "｝"), ("]", "】"), ("]", "］")):
            if after == char:
                new = text[:end] + wide + text[end + 1 :]
                yield Mistake(f"{wide} after a value", name, dotted(key), new, only(node), "038")
        if what == "value" and re.fullmatch(r"[\d.]+", node.value):
            wide = node.value.translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)})
            yield Mistake("full-width digits", name, dotted(key), changed(text, (node, wide)), only(node), "038")


def sums(name, text, document) -> Iterator[Mistake]:
    """Make one weight of each category and indicator, and each total, a seventh too large."""
    seen = set()
    for key, node in walk(document):
        weight = "max" in key and "provenance" not in key and "best_of" not in key
        if not (weight or key in (("totals", "base"), ("totals", "bonus"))) or isinstance(node, yaml.MappingNode):
            continue
        if key[:2] not in seen:
            seen.add(key[:2])
            new = changed(text, (node, str(Fraction(node.value) + Fraction(1, 7))))
            yield Mistake("a sum that does not fit", name, dotted(key), new, range(10**6), "005 006 008")


def overlapping(name, text, document) -> Iterator[Mistake]:
    """Write another edition of the series, which is in force on days of the shipped one."""
    if get(document, "scope").value == "variant" or get(document, "in_force", "from").value == "null":
        return
    other = re.sub(r"-(19|20)\d\d$", "", name) + "-2099"
    since, until = get(document, "in_force", "from"), get(document, "in_force", "to")
    for what, new in (
        ("open", changed(text, (until, "null"))),
        ("a single day", changed(text, (until, since.value))),
        ("from before it", changed(text, (since, "2010-01-01"))),
    ):
        named = new.replace(f"id: {name}", f"id: {other}", 1)
        yield Mistake("editions that overlap", other, what, named, only(since), "037")


KINDS = {
    # kind: (level at least, found at no fewer places)
    "a fraction in per cent": ("fault", 35),
    "a fraction just above 1": ("warning", 35),
    "a table in per cent": ("fault", 35),
    "an amount in 万元": ("fault", 11),
    "an amount in 亿元": ("fault", 11),
    "an amount below 10,000 yuan": ("fault", 11),
    "an amount of 5 万元 as 50,000": ("warning", 11),
    "a table in 万元": ("fault", 11),
    "numerator and denominator swapped": ("warning", 17),
    "now and before swapped": ("fault", 4),
    "first step deleted": ("warning", 9),
    "middle step deleted": ("warning", 17),
    "last step deleted": ("warning", 9),
    "only step deleted": ("fault", 8),
    "first anchor deleted": ("fault", 12),
    "last anchor deleted": ("fault", 12),
    "first stage step deleted": ("fault", 2),
    "middle stage step deleted": ("fault", 2),
    "last stage step deleted": ("fault", 2),
    "first option deleted": ("warning", 6),
    "middle option deleted": ("warning", 4),
    "last option deleted": ("warning", 6),
    "full-width digits": ("fault", 30),
    "full-width quotes of a value": ("fault", 120),
    "full-width quotes of a text": ("warning", 80),
    "： before a value": ("fault", 130),
    "， before a value": ("fault", 9),
    "、 before a value": ("fault", 9),
    "【 before a value": ("fault", 14),
    "［ before a value": ("fault", 14),
    "， after a value": ("fault", 40),
    "、 after a value": ("fault", 40),
    "｝ after a value": ("fault", 20),
    "】 after a value": ("fault", 14),
    "］ after a value": ("fault", 14),
    "a sum that does not fit": ("fault", 90),
    "editions that overlap": ("fault", 15),
}
NOT_FOUND = {
    # each of these options can give all points by itself, so that nothing misses the one that is gone
    ("first option deleted", "national-2025-patent-value", "indicators.0.best_of.0"),
    ("middle option deleted", "national-2025-patent-value", "indicators.0.best_of.1"),
    ("middle option deleted", "national-2025-patent-value", "indicators.0.best_of.2"),
    ("last option deleted", "national-2025-patent-value", "indicators.0.best_of.3"),
}
MISTAKES = [
    mistake
    for name, text in FILES.items()
    for kind in (thresholds, swapped, deleted, characters, sums, overlapping)
    for mistake in kind(name, text, yaml.compose(text))
]


@pytest.fixture(scope="module")
def level(tmp_path_factory):
    """Return how a mistake is told of, where it stands: as a fault, as a warning, or not at all."""
    folder = tmp_path_factory.mktemp("rulebooks")

    def found(mistake):
        path = folder / f"{mistake.rulebook}.yaml"
        path.write_text(mistake.text, "utf-8")
        every = rulebooks.lint_rulebook(path)
        path.unlink()  # or an overlay would be read over it
        told = [each for each in every if each.code[-3:] in mistake.codes.split()]
        levels = {each.level for each in told if int(re.search(r"\.yaml:(\d+)", each.where)[1]) in mistake.lines}
        if mistake.kind.startswith("a sum"):
            assert not [each.message for each in told if re.search(r"\d/\d", each.message)]
        return "fault" if "fault" in levels else "warning" if levels else ""

    with pytest.MonkeyPatch.context() as patch:  # the other editions are read once, not for each mistake
        patch.setattr(rulebooks, "_others", lambda file: EDITIONS)
        patch.setattr(rulebooks, "_known", lambda: FILE_OF)
        yield found


@pytest.mark.parametrize("kind", KINDS)
def test_every_mistake_of_a_kind_is_found_wherever_it_can_stand(level, kind):
    least, places = KINDS[kind]
    made = [each for each in MISTAKES if each.kind == kind]
    levels = [level(each) for each in made]
    missed = {(each.kind, each.rulebook, each.place) for each, found in zip(made, levels, strict=True) if not found}
    assert missed == {each for each in NOT_FOUND if each[0] == kind}
    assert least == "warning" or "warning" not in levels
    assert len(made) >= places


def test_the_reference_tells_of_as_many_places_as_were_tried():
    page = (configs_dir().parent / "docs" / "reference" / "rulebooks.md").read_text("utf-8")
    table = page[page.index("| Mistake | Places |") : page.index("What the linter cannot find")]
    rows = [[int(cell or 0) for cell in re.findall(r"\| *(\d*) *(?=\|)", row)][-4:] for row in table.splitlines()[2:]]
    told = [row for row in rows if row]
    assert all(places == refused + warned + missed for places, refused, warned, missed in told)
    assert [sum(column) for column in zip(*told, strict=True)][0::3] == [len(MISTAKES), len(NOT_FOUND)]


def test_every_kind_is_looked_at_and_nothing_is_a_mistake_before_it_is_made(level):
    assert {each.kind for each in MISTAKES} == set(KINDS)
    assert all(each.text != FILES.get(each.rulebook) for each in MISTAKES)
    for name, text in FILES.items():
        assert not level(Mistake("none", name, "", text, range(10**6), " ".join(f"{code:03}" for code in range(1, 39))))
