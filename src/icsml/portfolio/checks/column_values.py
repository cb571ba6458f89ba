"""Values and names of columns: one value only, numbers that mean "not known", names of consequences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from icsml.core.arrays import Floats
from icsml.portfolio.checks.check_config import CheckConfig
from icsml.portfolio.checks.check_data import CheckData
from icsml.portfolio.checks.check_thresholds import Sentinel
from icsml.portfolio.checks.phrases import columns, listed, percent
from icsml.records.extra import ExtraFeature

__all__ = ["consequence_column", "constant_column", "sentinel"]

_FEWEST_VALUES = 50
_SHARE_OF_DISTINCT = 0.5
_FEWEST_DISTINCT = 20  # with fewer, a column is one of codes, and a common code is no sentinel


def constant_column(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Find features with one value, or none, in all rows.

    Purpose
        A wrong column, a default value, or a field that the source never fills.
    Method
        The smallest and the largest known value. Canonical flags are left out: a rare event may honestly not occur.
    Reading
        The columns; they cannot inform a model.
    Limits
        A column that is almost constant is not seen.
    """
    if data.rows < config.constant_column.min_rows:
        return
    empty, single = [], []
    for name in data.quantities:
        sample = data.numbers(name, data.spread)
        if np.nanmax(sample, initial=-np.inf) > np.nanmin(sample, initial=np.inf):
            continue
        values = data.numbers(name)
        values = values[~np.isnan(values)]
        if not len(values):
            empty.append(name)
        elif values.min() == values.max():
            single.append(name)
    if single:
        yield f"{columns(single)} with one and the same value in every row that has one"
    if empty:
        yield f"{columns(empty)} without any value"


def sentinel(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Find numbers that mean "not known".

    Purpose
        -999 or 99999999 read as an amount is a gross error that a mean or a tree takes at its word.
    Method
        A value other than zero that recurs far oftener than any value near it. If it is written in nines or eights,
        or is -1, little suffices; any other value must be frequent, and the column otherwise nearly continuous.
    Reading
        The column, the value and its share of the known values.
    Limits
        A sentinel below ``min_share`` is not seen, nor one among values that recur as often.
    """
    recurring: list[str] = []
    for name in data.quantities:
        values = data.numbers(name, data.spread)
        values = values[~np.isnan(values)]
        recurring += [
            f"{name} ({value:.15g} in {percent(share)})" for value, share in _standing_out(values, config.sentinel)
        ]
    if recurring:
        yield f"a value that seems to stand for not known recurs in {listed(recurring, most=8)} of the known values"


def consequence_column(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Find extra features that are named after a consequence of an earlier decision.

    Purpose
        A guarantee, a limit granted or a recovery follows from a decision; a model must not read it.
    Method
        Words of the configuration in the name and the labels.
    Reading
        The features and the word in the name of each.
    Limits
        Only names are read: a column with an innocent name is not seen, an innocent column with such a word is.
    """
    limits = config.consequence_column
    named = []
    for extra in data.meta.extra_features:
        word = _word_in(extra, limits.words_zh, limits.words_en)
        if word is not None:
            named.append(f"{extra.column} ({word})")
    if named:
        yield f"{listed(named, most=8)}: by name what follows from an earlier decision, so no feature"


def _standing_out(values: Floats, limits: Sentinel) -> Iterator[tuple[float, float]]:
    """Yield values that recur as a sentinel does, with their share."""
    if len(values) < _FEWEST_VALUES:
        return
    counts = pd.Series(values[values != 0.0]).value_counts()
    if len(counts) < 2:  # reported by constant_column
        return
    least = max(limits.min_count, limits.min_share * len(values))
    often = counts[counts >= least].head(20)
    if often.empty:
        return
    written = [value for value in often.index if _is_placeholder(value)]
    honest = counts.drop(written)
    amounts = len(honest) >= _FEWEST_DISTINCT and len(honest) >= _SHARE_OF_DISTINCT * max(
        int(honest.sum()) - int(often.drop(written).sum()), 1
    )
    for value, count in often.items():
        number, share = float(str(value)), count / len(values)
        near = _near(honest, number) if value in written else _most_others(honest, number)
        plain = amounts and share >= limits.other_share and not _is_one_of_a_ratio(number, honest)
        if (value in written or plain) and count >= limits.times_next * near:
            yield number, share


def _is_placeholder(value: float) -> bool:
    """Return whether a number looks like a placeholder: -1, or nines or eights only; in any unit."""
    if value != round(value):
        return False
    digits = f"{abs(value):.0f}".rstrip("0")
    if set(digits) in ({"9"}, {"8"}):
        return value < 0.0 or (value >= 99.0 and len(digits) > 1)
    return value < 0.0 and digits == "1"


def _near(counts: pd.Series[int], value: float) -> int:
    """Return how often the commonest value of about the same size and the same sign occurs, at least 1."""
    ratio = counts.index.to_numpy(dtype=np.float64) / value
    near = counts[(ratio > 1.0 / 3.0) & (ratio < 3.0)]
    return int(near.max()) if len(near) else 1


def _most_others(counts: pd.Series[int], value: float) -> int:
    others = counts.drop(value)
    return int(others.iloc[0]) if len(others) else 1


def _is_one_of_a_ratio(value: float, counts: pd.Series[int]) -> bool:
    """1 recurs honestly in a column of ratios: a numerator that equals its denominator."""
    return abs(value) == 1.0 and float(np.median(np.abs(counts.index.to_numpy(dtype=np.float64)))) < 100.0


def _word_in(extra: ExtraFeature, chinese: Sequence[str], english: Sequence[str]) -> str | None:
    for word in chinese:
        if word in extra.label.zh:
            return word
    spaced = re.sub(r"[^a-z]+", " ", f"{extra.name} {extra.label.en}".lower())
    return next((word for word in english if re.search(rf"\b{re.escape(word)}\b", spaced)), None)
