"""Values in words, by the unit of their feature, as section ``units`` of each language defines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final, Literal

from icsml.texts.catalogue import section, text
from icsml.texts.label import Label
from icsml.texts.languages import languages

__all__ = ["MOST_DIGITS", "apart", "apart_from_bounds", "quantity", "quantity_texts", "range_text", "units"]

_DEFAULT: Final = "count"
_HUGE: Final = 1e15  # no amount is larger; a value beyond it is an error, and its digits say nothing
MOST_DIGITS: Final = 6
"""Two values that read alike with so many more digits are reported as the same."""

_Use = Literal["text", "low", "high"]
"""A value alone, or as a bound of a range, where the unit may occur once."""


@dataclass(frozen=True)
class _Scale:
    """Format of a unit's values from some size on.

    Parameters
    ----------
    text : str
        ``{number}`` with its unit.
    digits : int
        Decimal digits.
    significant : int
        Significant digits, in place of decimal ones; 0 for none.
    at_least : float
        The size from which on this scale is taken.
    times, per : float
        What the value is multiplied with and divided by.
    trim : bool
        Whether zeros at the end are left out.
    low, high : str, optional
        The text as the lower and as the upper bound of a range, where it is another.
    """

    text: str
    digits: int = 0
    significant: int = 0
    at_least: float = 0.0
    times: float = 1.0
    per: float = 1.0
    trim: bool = False
    low: str | None = None
    high: str | None = None

    @cached_property
    def around(self) -> dict[_Use, tuple[str, str]]:
        """What stands before and behind the number, by use."""
        texts: dict[_Use, str] = {"text": self.text, "low": self.low or self.text, "high": self.high or self.text}
        before_and_behind = {use: text.split("{number}") for use, text in texts.items()}
        return {use: (before, behind) for use, (before, behind) in before_and_behind.items()}

    @cached_property
    def formats(self) -> list[str]:
        """The format of the number, by how many digits more than usual it has."""
        more = range(MOST_DIGITS + 1)
        if self.significant:
            return [f".{self.significant + digits}g" for digits in more]
        return [f",.{self.digits + digits}f" for digits in more]

    def read(self, value: float, more: int, use: _Use) -> str:
        before, behind = self.around[use]
        return before + self._number(value * self.times / self.per, more) + behind

    def _number(self, value: float, more: int) -> str:
        if self.significant:
            return format(value + 0.0, self.formats[more])
        number = format(value, self.formats[more])
        if number[0] == "-" and not any(digit in number for digit in "123456789"):
            number = number[1:]  # no minus zero
        return number.rstrip("0").rstrip(".") if self.trim and "." in number else number


@cache
def units(language: str) -> Mapping[str, tuple[_Scale, ...]]:
    """Return the scales of each unit of a language, from small to large."""
    stated = section("units", language)
    return {
        unit: tuple(_Scale(**scale) for scale in scales) for unit, scales in stated.items() if isinstance(scales, list)
    }


def quantity(value: float, unit: str, more: int = 0) -> Label:
    """Return a finite value in words of every language; equal values have equal words.

    Parameters
    ----------
    value : float
        The value.
    unit : str
        The feature's unit; one that is not known here leaves the number alone.
    more : int
        Digits beyond those that the unit usually has.
    """
    return Label(**quantity_texts(value, unit, more))


def quantity_texts(value: float, unit: str, more: int = 0) -> dict[str, str]:
    """Return the words of :func:`quantity` by language."""
    value = min(max(float(value), -_HUGE), _HUGE)
    size, texts = abs(value), {}
    for language, falling in _in_all(unit, languages()):
        for scale in falling:
            if size >= scale.at_least:
                texts[language] = scale.read(value, more, "text")
                break
    return texts


@cache
def _in_all(unit: str, spoken: tuple[str, ...]) -> tuple[tuple[str, tuple[_Scale, ...]], ...]:
    return tuple((language, _falling(unit, language)) for language in spoken)


def range_text(bounds: tuple[float | None, float | None], unit: str) -> Label:
    """Return a range in words, such as "0 to 1,500 days"; the unit occurs once."""
    low, high = bounds
    if low is None and high is None:
        return text("units.unbounded")
    if low is None or high is None:
        one = [quantity(bound, unit) for bound in bounds if bound is not None]
        return text("units.at_least" if high is None else "units.at_most", bound=one[0])
    return text("units.between", low=_bound(low, unit, "low"), high=_bound(high, unit, "high"))


def apart(value: float, reference: float, unit: str) -> tuple[Label, Label] | None:
    """Return two values with enough digits to differ; None where they are the same.

    Parameters
    ----------
    value, reference : float
        Finite values.
    unit : str
        As for :func:`quantity`.
    """
    for more in range(MOST_DIGITS + 1):
        seen, other = quantity(value, unit, more), quantity(reference, unit, more)
        if _differs(seen, other):
            return seen, other
    return None


def apart_from_bounds(value: float, bounds: tuple[float | None, float | None], unit: str) -> Label:
    """Return a value with enough digits to show on which side of a range's bounds it is; see :func:`quantity`."""
    for more in range(MOST_DIGITS + 1):
        seen = quantity(value, unit, more)
        if all(bound is None or bound == value or _differs(seen, quantity(bound, unit, more)) for bound in bounds):
            break
    return seen


def _differs(one: Label, other: Label) -> bool:
    return all(one.text(language) != other.text(language) for language in languages())


def _bound(value: float, unit: str, use: _Use) -> Label:
    return Label(**{language: _read(value, unit, language, use) for language in languages()})


def _read(value: float, unit: str, language: str, use: _Use) -> str:
    value = min(max(float(value), -_HUGE), _HUGE)
    scale = next(scale for scale in _falling(unit, language) if abs(value) >= scale.at_least)
    return scale.read(value, 0, use)


@cache
def _falling(unit: str, language: str) -> tuple[_Scale, ...]:
    """Return the scales of a unit in a language, the largest first; the last one begins at zero."""
    known = units(language)
    return known.get(unit, known[_DEFAULT])[::-1]
