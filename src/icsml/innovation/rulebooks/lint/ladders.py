"""Missing or useless steps in a points table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from icsml.core.yaml import Key
from icsml.innovation.rulebooks.compiled_points import LadderStep, points_of
from icsml.innovation.rulebooks.decimals import decimal
from icsml.innovation.rulebooks.fault import Fault
from icsml.innovation.rulebooks.indicators import Indicator, Option

__all__ = ["ladder_faults", "option_faults"]


def ladder_faults(key: Key, option: Option, full: Fraction) -> Iterator[Fault]:
    """Warn of a step that the other steps' pattern suggests, and of one without effect.

    Parameters
    ----------
    key : tuple of str and int
        Key of the option.
    option : Option
        Its points; of a function that is no ladder nothing is said.
    full : Fraction
        What ``100%`` means.
    """
    ladder = option.points.ladder(percent=option.percent)
    if ladder is None:
        return
    keys, texts = [step.key for step in ladder.steps], [step.text for step in ladder.steps]
    amounts = [points_of(step.points, full) for step in ladder.steps]
    here = (*key, "points")
    yield from _lost(here, keys, texts, [*amounts, points_of(ladder.otherwise, full)])
    yield from _idle(here, keys, texts, amounts)


def option_faults(key: Key, indicator: Indicator, stages: Sequence[str | None]) -> Iterator[Fault]:
    """Return faults of an indicator's points tables: a missing first step or option, or a single step.

    Parameters
    ----------
    key : tuple of str and int
        Key of the indicator.
    indicator : Indicator
        Its options, all of them in order.
    stages : sequence of str or None
        Stages at which the points are compared with the maximum.
    """
    steps_alone = all(_single_step(option) for option in indicator.options)
    for number, option in enumerate(indicator.best_of):
        yield from _short((*key, "best_of", number), indicator, option, stages)
    if indicator.best_of and steps_alone:
        yield from _lost_option(key, indicator, stages[0])
    else:
        for number, option in enumerate(indicator.options):
            yield from _alone((*key, *(("best_of", number) if indicator.best_of else ())), option)


def _single_step(option: Option) -> LadderStep | None:
    """Return the step of a ladder that has no other."""
    ladder = option.points.ladder(percent=option.percent)
    return ladder.steps[0] if ladder is not None and len(ladder.steps) == 1 else None


def _most(indicator: Indicator, option: Option, stage: str | None) -> Fraction:
    """Return the points that an option reaches; of a deduction, the largest."""
    full = indicator.full(stage)
    return (max if full >= 0 else min)(option.points.rising(full, indicator.better))


def _short(key: Key, indicator: Indicator, option: Option, stages: Sequence[str | None]) -> Iterator[Fault]:
    """Report an option that does not reach its declared maximum, or all the points where none is declared."""
    for stage in stages:
        full, reached = indicator.full(stage), _most(indicator, option, stage)
        if option.max is not None and reached != points_of(option.max, full):
            fault = f"is {decimal(points_of(option.max, full))}, but the points of this option reach {decimal(reached)}"
            yield Fault("ICS-RUL-008", (*key, "max"), fault, "add the step that is missing, or correct the max")
            return
        if option.max is None and abs(reached) < abs(full):
            fault = f"points reach {decimal(reached)} of {decimal(full)}: the best step seems to be missing"
            remedy = f"add the step of {decimal(full)} points, or write `max: {decimal(reached)}` if it gives no more"
            ladder = option.points.ladder(percent=option.percent)
            best = ladder.best if ladder is not None else ()
            yield Fault("ICS-RUL-036", (*key, "points", *best), fault, remedy, warning=True)
            return


def _lost_option(key: Key, indicator: Indicator, stage: str | None) -> Iterator[Fault]:
    """Warn where options of one step each decrease regularly and one of them seems to be missing."""
    amounts = [_most(indicator, option, stage) for option in indicator.best_of]
    if all(a > b for a, b in pairwise(amounts)):
        keys: list[Key] = [(number,) for number in range(len(amounts))]
        texts = [option.id for option in indicator.best_of]
        yield from _lost((*key, "best_of"), keys, texts, [*amounts, Fraction(0)])


def _alone(key: Key, option: Option) -> Iterator[Fault]:
    """Warn of a table of one step, unless it checks for any at all."""
    step = _single_step(option)
    if step is None or step.any:
        return
    message = f"{step.text} is the only step, all or nothing: a step may be missing"
    yield Fault(
        "ICS-RUL-036", (*key, "points"), message, "add the other steps, or leave it if the table has one", warning=True
    )


def _lost(here: Key, keys: Sequence[Key], texts: Sequence[str], amounts: Sequence[Fraction]) -> Iterator[Fault]:
    """Warn where one difference of points is a multiple of all others; at the end only if it is the double."""
    falls = [a - b for a, b in pairwise(amounts)]
    (usual, count), *_ = Counter(falls).most_common(1)
    odd = [index for index, fall in enumerate(falls) if fall != usual]
    if count < 2 or len(odd) != 1 or usual == 0:
        return
    (index,) = odd
    missing = falls[index] / usual - 1
    last = index == len(texts) - 1
    if missing.denominator != 1 or missing < 1 or (last and missing != 1):
        return
    between = f"after {texts[index]}" if last else f"between {texts[index]} and {texts[index + 1]}"
    expected = decimal(amounts[index] - usual)
    yield Fault(
        "ICS-RUL-036",
        (*here, *keys[index if last else index + 1]),
        f"points go from {decimal(amounts[index])} to {decimal(amounts[index + 1])} {between}, "
        f"all other steps by {decimal(abs(usual))}: a step seems to be missing",
        f"add the step of {expected} points, or leave it if the table has none",
        warning=True,
    )


def _idle(here: Key, keys: Sequence[Key], texts: Sequence[str], amounts: Sequence[Fraction]) -> Iterator[Fault]:
    for index, (a, b) in enumerate(pairwise(amounts), start=1):
        if a == b:
            yield Fault(
                "ICS-RUL-036",
                (*here, *keys[index]),
                f"{texts[index]} gives {decimal(b)} points, as {texts[index - 1]} does: one of the two changes nothing",
                "correct the points, or take out the step",
                warning=True,
            )
