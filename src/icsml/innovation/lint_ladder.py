"""Ladders of points from which a step has been lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from icsml.core.yaml import Key
from icsml.innovation.curve import points_of
from icsml.innovation.curves import Bands, Counts
from icsml.innovation.decimals import decimal
from icsml.innovation.fault import Fault
from icsml.innovation.indicators import Option

__all__ = ["ladder_faults"]


def ladder_faults(key: Key, option: Option, full: Fraction) -> Iterator[Fault]:
    """Warn of a step that the pattern of the other steps asks for, and of one that changes nothing.

    Parameters
    ----------
    key : tuple of str and int
        Key of the option.
    option : Option
        Its points; only bands and counts are ladders.
    full : Fraction
        What ``100%`` means.
    """
    match option.points:
        case Bands(steps=steps, otherwise=rest):
            keys: list[Key] = [("steps", i) for i in range(len(steps))]
            texts = [step.text(percent=option.percent) for step in steps]
            amounts = [points_of(step.points, full) for step in steps]
        case Counts(at=at, otherwise=rest):
            keys = [("at", number) for number in reversed(at)]
            texts = [f"≥ {number:,}" for number in reversed(at)]
            amounts = [points_of(amount, full) for amount in reversed(at.values())]
        case _:
            return
    here = (*key, "points")
    yield from _lost(here, keys, texts, [*amounts, points_of(rest, full)])
    yield from _idle(here, keys, texts, amounts)


def _lost(here: Key, keys: Sequence[Key], texts: Sequence[str], amounts: Sequence[Fraction]) -> Iterator[Fault]:
    """Warn where one difference of points is a multiple of what all others are; at the end only if it is the double."""
    falls = [a - b for a, b in pairwise(amounts)]
    (usual, count), *_ = Counter(falls).most_common(1)
    odd = [place for place, fall in enumerate(falls) if fall != usual]
    if count < 2 or len(odd) != 1 or usual == 0:
        return
    (place,) = odd
    missing = falls[place] / usual - 1
    last = place == len(texts) - 1
    if missing.denominator != 1 or missing < 1 or (last and missing != 1):
        return
    between = f"after {texts[place]}" if last else f"between {texts[place]} and {texts[place + 1]}"
    expected = decimal(amounts[place] - usual)
    yield Fault(
        "ICS-RUL-036",
        (*here, *keys[place if last else place + 1]),
        f"points go from {decimal(amounts[place])} to {decimal(amounts[place + 1])} {between}, "
        f"all other steps by {decimal(abs(usual))}: a step seems to be missing",
        f"add the step of {expected} points, or leave it if the table has none",
        warning=True,
    )


def _idle(here: Key, keys: Sequence[Key], texts: Sequence[str], amounts: Sequence[Fraction]) -> Iterator[Fault]:
    for place, (a, b) in enumerate(pairwise(amounts), start=1):
        if a == b:
            yield Fault(
                "ICS-RUL-036",
                (*here, *keys[place]),
                f"{texts[place]} gives {decimal(b)} points, as {texts[place - 1]} does: one of the two changes nothing",
                "correct the points, or take out the step",
                warning=True,
            )
