"""The column that may be the outcome, and which of its values mean bad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from icsml.core.arrays import Flags, Floats
from icsml.portfolio.draft.column_guess import Type
from icsml.portfolio.draft.column_profile import FEW, Profile
from icsml.portfolio.draft.headings import canonical_name, index_among
from icsml.portfolio.draft.vocabulary import EVENT_DATE, EVENTS, NEGATIVE, OUTCOME, OUTCOME_WEAK, POSITIVE, UNSEEN

__all__ = ["OutcomeGuess", "guess_outcome", "reveals_outcome"]

_LEAST_BAD = 5
_OFTEN, _SELDOM = 0.5, 0.01


@dataclass(frozen=True, slots=True)
class OutcomeGuess:
    """The outcome.

    Parameters
    ----------
    column : str
        Its heading.
    positive, negative, unknown : tuple of str
        Values that seem to mean bad, good, and not seen.
    event : str or None
        What bad means, where the heading says it.
    evidence : str
        The counts of the values.
    decide : str
        What has to be settled: always something.
    bad : ndarray of float of shape (n,)
        1 bad, 0 good, NaN not seen, as guessed.
    """

    column: str
    positive: tuple[str, ...]
    negative: tuple[str, ...]
    unknown: tuple[str, ...]
    event: str | None
    evidence: str
    decide: str
    bad: Floats


def guess_outcome(profiles: Sequence[Profile]) -> OutcomeGuess | None:
    """Return the outcome, None where no column looks like one."""
    ranked: list[tuple[int, int, int, Profile]] = []
    for index, column in enumerate(profiles):
        rank = index_among(column.heading, OUTCOME)
        named = canonical_name(column.heading)
        if rank is None or named is not None or not _may_be_label(column):
            continue
        ranked.append((column.distinct != 2, rank, index, column))
    for _, _, _, column in sorted(ranked, key=lambda item: item[:3]):
        guess = _read(column)
        if guess is not None:
            return guess
    return None


def reveals_outcome(column: Profile, outcome: OutcomeGuess) -> str | None:
    """Return how a column betrays the outcome, None where it does not: it exists only once the outcome is known."""
    bad, good = outcome.bad == 1, outcome.bad == 0
    if int(bad.sum()) < _LEAST_BAD or int(good.sum()) < _LEAST_BAD:
        return None
    seen = column.filled
    filled = _apart(seen, bad, good, "filled")
    if filled is not None:
        return filled
    if column.values is not None:
        above = _apart(np.nan_to_num(column.values) != 0, bad, good, "other than 0")
        if above is not None:
            return above
    if column.codes is None or not 1 < column.distinct <= FEW:
        return None
    for code, word in enumerate(column.words.texts):
        alone = _apart(column.codes == code, bad, good, f"the value {word}")
        if alone is not None and bad[column.codes == code].any():
            return alone
    mixed = any(bad[column.codes == code].any() and good[column.codes == code].any() for code in range(column.distinct))
    both = (bad & (column.codes >= 0)).sum() >= _LEAST_BAD and (good & (column.codes >= 0)).sum() >= _LEAST_BAD
    return None if mixed or not both else "each of its values goes with one outcome alone"


def _apart(flags: Flags, bad: Flags, good: Flags, what: str) -> str | None:
    of_bad, of_good = float(flags[bad].mean()), float(flags[good].mean())
    if (of_bad >= _OFTEN and of_good <= _SELDOM) or (of_good >= _OFTEN and of_bad <= _SELDOM):
        return f"{what} in {of_bad:.1%} of the bad rows and {of_good:.1%} of the good"
    return None


def _may_be_label(column: Profile) -> bool:
    if (
        column.type in (Type.DATE, Type.EMPTY, Type.OTHER, Type.PERCENT)
        or index_among(column.heading, EVENT_DATE) is not None
    ):
        return False
    return 1 < column.distinct <= FEW and bool(column.words.texts) and column.codes is not None


def _read(column: Profile) -> OutcomeGuess | None:
    words = dict(zip(column.words.texts, column.words.counts.tolist(), strict=True))
    unknown = tuple(word for word in (*words, *column.missing) if word.lower() in UNSEEN or word in column.missing)
    labels = [word for word in words if word not in unknown]
    if len(labels) < 2:
        return None
    positive, sure = _positive(labels, words)
    if not sure and index_among(column.heading, OUTCOME_WEAK) is not None:
        return None
    negative, doubtful = _negative([word for word in labels if word not in positive], words)
    unknown += doubtful
    labels = [*positive, *negative]
    codes = column.codes
    assert codes is not None  # noqa: S101 - _may_be_label saw to it
    bad = np.full(len(codes), np.nan)
    for code, word in enumerate(words):
        if word in labels:
            bad[codes == code] = float(word in positive)
    counted = ", ".join(f"{word} {count:,}" for word, count in (words | column.missing).items())
    how = "by the wording" if sure else "only as the rarest value"
    decide = f"bad {how}: {', '.join(positive)}; good: {', '.join(negative)}; is it so, and what do they mean?"
    decide += f" Not known until you say so: {', '.join(doubtful)}" if doubtful else ""
    event = next((event for event, phrases in EVENTS.items() if index_among(column.heading, phrases) is not None), None)
    return OutcomeGuess(column.name, positive, negative, unknown, event, f"values: {counted}", decide, bad)


def _negative(rest: list[str], counts: dict[str, int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the values that mean good, and the unclear ones: no value is good by default."""
    named = tuple(word for word in rest if word.lower() in NEGATIVE) or (max(rest, key=lambda word: counts[word]),)
    return named, tuple(word for word in rest if word not in named)


def _positive(labels: list[str], counts: dict[str, int]) -> tuple[tuple[str, ...], bool]:
    """Return the values that mean bad, and whether words show it."""
    named = tuple(word for word in labels if word.lower() in POSITIVE)
    if named and len(named) < len(labels):
        return named, True
    rest = tuple(word for word in labels if word.lower() not in NEGATIVE)
    if rest and len(rest) < len(labels):
        return rest, True
    return (min(labels, key=lambda word: counts[word]),), False
