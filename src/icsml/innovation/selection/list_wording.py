"""Parts of a list's reasons: numbers with their unit, fields by name, flags as the firm's own value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from string import ascii_lowercase
from typing import Final

from icsml.innovation.rulebooks.value_functions import Unit
from icsml.records.field import Field, Kind
from icsml.records.fields import FIELD_BY_NAME
from icsml.texts.catalogue import has_text, joined, phrase, text
from icsml.texts.label import Label
from icsml.texts.languages import languages

__all__ = [
    "POINTS",
    "amount",
    "counted",
    "cut_text",
    "field_names",
    "flag_text",
    "in_parts",
    "in_turn",
    "is_alternative",
    "money",
    "or_else",
    "own_text",
    "points_text",
    "with_more",
]

POINTS: Final = "points"
"""The unit of points, beside those of :class:`icsml.innovation.rulebooks.value_functions.Unit`."""
_MOST_DIGITS: Final = 12
_LETTERED: Final = re.compile(r"[(（][a-z]+[)）]")
_COUNTED: Final[Mapping[str, str]] = {
    # field: the text that it is counted by, as measure words differ in Chinese
    **dict.fromkeys(("key_rd_projects", "projects_2y", "awards_2y", "awards_3y"), "projects"),
    **dict.fromkeys(("ip_class1", "ip_class1_self_developed", "ip_class1_high_value", "ip_class2"), "projects"),
    **dict.fromkeys(("invention_applications", "pct_applications"), "applications"),
    **dict.fromkeys(("patent_citations", "overdue_count_24m", "credit_inquiries_6m"), "times"),
    "platforms_2y": "platforms",
    "existing_lenders": "lenders",
}
_LARGE_DIGITS: Final = 4
"""An amount that needs more digits to differ from a threshold is given in yuan."""


def counted(value: float, fields: Sequence[str], apart_from: float | None = None) -> Label:
    """Return a number of things with the measure word of the fields, if they share one."""
    counters = {_COUNTED.get(name) for name in fields}
    counter = counters.pop() if len(counters) == 1 else None
    key = "lists.units.count" if counter is None else f"lists.counted.{counter}"
    return text(key, number=_number(value, apart_from))


def money(value: float, threshold: float) -> Label:
    """Return an amount in its threshold's unit, such as 亿元, or in yuan where that is too coarse."""
    exact = amount(value, str(Unit.CNY), threshold)
    return Label(
        **{language: _in_large(value, threshold, language) or exact.text(language) for language in languages()}
    )


def _in_large(value: float, threshold: float, language: str) -> str | None:
    smaller = min(abs(value), abs(threshold))
    for size, template in _large_amounts(language):
        if smaller >= size:
            for digits in range(2, _LARGE_DIGITS + 1):
                number = _short(value / size, digits)
                if value == threshold or number != _short(threshold / size, digits):
                    return template.format(number=number)
    return None


@cache
def _large_amounts(language: str) -> list[tuple[float, str]]:
    """Return the sizes of the units of large amounts, and the template of each."""
    sizes = phrase("lists.large_amounts", language, number="{number}").split("; ")
    return [(float(size), template) for size, template in (scale.split(": ") for scale in sizes)]


def amount(value: float, unit: str, apart_from: float | None = None) -> Label:
    """Return a number with its unit, with enough digits to differ from a threshold.

    Parameters
    ----------
    value : float
        The number; not NaN.
    unit : str
        A unit of :class:`icsml.innovation.rulebooks.value_functions.Unit`, or ``points``.
    apart_from : float, optional
        The threshold. 59.996 points are not written as 60.00 where 60 are required.
    """
    factor = 100.0 if unit == Unit.FRACTION else 1.0
    key = f"lists.units.{unit}"
    number = _number(value * factor, None if apart_from is None else apart_from * factor)
    return text(key if has_text(key) else "lists.units.others", number=number)


def points_text(points: float, apart_from: float | None = None) -> str:
    """Return a number of points, with enough digits to differ from another."""
    return _number(points, apart_from)


def cut_text(threshold: float, apart_from: float | None = None) -> str:
    """Return the points needed: up to four digits that somebody may have set; a longer number in short."""
    stated = round(threshold, 4) == threshold
    return _short(threshold, 4) if stated else points_text(threshold, apart_from)


def own_text(score: float, threshold: float) -> str:
    """Return a firm's points, distinguishable from the pass mark, or in the same words where they are equal."""
    return cut_text(threshold) if score == threshold else points_text(score, threshold)


def _number(value: float, apart_from: float | None) -> str:
    for digits in range(2, _MOST_DIGITS):
        number = _short(value, digits)
        if apart_from is None or value == apart_from or number != _short(apart_from, digits):
            return number
    return repr(value)


def _short(value: float, digits: int) -> str:
    short = f"{value:,.{digits}f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def field_names(names: Iterable[str]) -> Label:
    """Return the labels of fields, in the given order; of flags, as a question."""
    return joined([_asked(FIELD_BY_NAME[name]) for name in names], "fields")


def _asked(field: Field) -> Label:
    """Return a field's name as a request: a firm is not asked to be listed, but whether it is."""
    name = Label(en=field.en, zh=field.zh)
    if field.kind is not Kind.FLAG:
        return name
    key = f"lists.asked.{field.name}"
    asked = text(key) if has_text(key) else text("lists.asked_as_a_rule", field=name)
    return text("lists.yes_or_no", asked=asked)


def flag_text(fields: Sequence[str], *, holds: bool) -> Label:
    """Return the text of a flag as a firm's own value: a bare yes could seem to be the result of the condition."""
    key = f"lists.flags.{fields[0]}" if len(fields) == 1 else ""
    answer = "holds" if holds else "holds_not"
    return text(f"{key}.{answer}" if has_text(f"{key}.{answer}") else f"lists.flag.{answer}")


def in_parts(reason: str) -> list[str]:
    """Return the parts of a text made by :func:`in_turn` and :func:`or_else`; of any other the whole.

    A list on disk has reasons as texts alone.
    """
    return _parts().split(reason)


@cache
def _parts() -> re.Pattern[str]:
    """Return what stands between two parts, in the punctuation of English or of Chinese."""
    or_else = "|".join(re.escape(phrase("lists.or_else.begins", language)) for language in languages())
    return re.compile(
        rf"; (?=\(\d+\) |{or_else})|(?<=:) (?=\(a\) )|; (?=\([a-z]+\) )"
        rf"|；(?=（\d+）|{or_else})|(?<=：)(?=（a）)|；(?=（[a-z]+）)"
    )


def is_alternative(part: str) -> bool:
    """Return whether a part of a text is one of several alternatives."""
    return _LETTERED.match(part) is not None


def in_turn(parts: Sequence[Label]) -> Label:
    """Return parts as one text, numbered where there are more than one."""
    if len(parts) == 1:
        return parts[0]
    return _marked([(str(number), part) for number, part in enumerate(parts, 1)])


def or_else(all_of: Label, numbers: Sequence[int], ways: Sequence[Label]) -> Label:
    """Return a text with the alternatives to some of its parts.

    Parameters
    ----------
    all_of : Label
        What :func:`in_turn` made.
    numbers : sequence of int
        The parts that any of the ways replaces; none where the text is one part without a number.
    ways : sequence of Label
        The alternatives; at least one.
    """
    key = f"lists.or_else.{'one' if len(ways) == 1 else 'any'}{'_in_place' if numbers else ''}"
    lettered = ways[0] if len(ways) == 1 else _marked([(_letter(index), way) for index, way in enumerate(ways)])
    return text(key, conditions=all_of, ways=lettered, waived=_marks(numbers))


def _letter(index: int) -> str:
    return ascii_lowercase[index % 26] * (1 + index // 26)


def _marked(parts: Sequence[tuple[str, Label]]) -> Label:
    return joined([text("lists.part", mark=mark, part=part) for mark, part in parts], "semicolon")


def _marks(numbers: Sequence[int]) -> Label:
    """Return the marks of parts: from the first to the last where they follow one another."""
    if len(numbers) > 1 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return text("lists.marks", first=numbers[0], last=numbers[-1])
    return joined([text("lists.mark", mark=number) for number in numbers], "comma")


def with_more(reason: Label, more: Label) -> Label:
    """Return a reason with its details in brackets."""
    return text("lists.with_more", reason=reason, more=more)
