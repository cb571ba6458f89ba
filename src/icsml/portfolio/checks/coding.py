"""Columns that are coded otherwise in later rows than in earlier ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from icsml.core.arrays import Flags, Floats, Ints
from icsml.portfolio.checks.check_config import CheckConfig
from icsml.portfolio.checks.check_data import CheckData
from icsml.portfolio.checks.check_thresholds import CodingChange
from icsml.portfolio.checks.phrases import columns

__all__ = ["coding_change"]

_MOST_CODES = 30
_VALUES_OF_A_CODE = 5


class _Change(StrEnum):
    """A change of a column, as the finding words it."""

    MISSING = "known on one side and missing on the other"
    CODES = "with other values"
    RANGE = "with amounts of another order"


@dataclass(frozen=True, slots=True)
class _Cut:
    """Two parts of the sample to compare."""

    name: str
    before: Ints
    after: Ints


def coding_change(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Compare each column of the training rows with the test rows, and of each decision year with the years before.

    Purpose
        0/1 that becomes 1/2, Y/N that becomes codes, a field that is filled from some year on: a model trained before
        reads the later values wrongly.
    Method
        Columns of codes: the share of later values never seen before plus that of earlier values that vanish, and the
        distance of the two distributions. Columns of amounts: middle halves that do not overlap, with medians
        ``min_powers`` apart. Any column: shares of missing values that differ by more than ``missing_change``.
    Reading
        The columns, what changed, and the first cut at which it is seen.
    Limits
        Needs decision dates. Codes that only change places in a balanced column are not seen; a true change of policy
        at one date looks the same.
    """
    limits = config.coding_change
    cuts = [cut for cut in _cuts(data) if min(len(cut.before), len(cut.after)) >= limits.min_rows]
    changed: dict[tuple[str, _Change], list[str]] = defaultdict(list)
    for name in [*dict.fromkeys([*data.features, *data.amounts, *data.codes])] if cuts else ():
        change = _first_change(data, name, cuts, limits)
        if change is not None:
            changed[change].append(name)
    for (cut, what), names in changed.items():
        yield f"{columns(names)} {what} {cut}"


def _cuts(data: CheckData) -> Iterator[_Cut]:
    """Yield the split first, then every turn of a year; row indices are those of the sample."""
    if not data.dated:
        return
    split = data.out_of_time
    if split is not None:
        train, test = split.train[data.spread], split.test[data.spread]
        yield _Cut("between training and test", np.flatnonzero(train), np.flatnonzero(test))
    year = data.year[data.spread]
    for first in np.unique(year)[1:]:
        yield _Cut(f"from {first} on", np.flatnonzero(year < first), np.flatnonzero(year >= first))


def _first_change(data: CheckData, name: str, cuts: list[_Cut], limits: CodingChange) -> tuple[str, _Change] | None:
    absent = data.absent(name, data.spread)
    values, codes = _values(data, name, absent)
    for cut in cuts:
        what = _change(values, codes, absent, cut, limits)
        if what is not None:
            return cut.name, what
    return None


def _values(data: CheckData, name: str, absent: Flags) -> tuple[Floats | None, Ints | None]:
    """Return the numbers of a column, and its codes where it is one of codes; -1 is no code."""
    if name in data.codes:
        codes = pd.factorize(data.frame[name].iloc[data.spread])[0].astype(np.int64)
        return None, codes
    values = data.numbers(name, data.spread)
    codes, levels = pd.factorize(np.where(absent, np.nan, values))
    coded = len(levels) <= _MOST_CODES and len(levels) * _VALUES_OF_A_CODE <= int((~absent).sum())
    return values, codes.astype(np.int64) if coded else None


def _change(
    values: Floats | None, codes: Ints | None, absent: Flags, cut: _Cut, limits: CodingChange
) -> _Change | None:
    if abs(float(absent[cut.after].mean()) - float(absent[cut.before].mean())) > limits.missing_change:
        return _Change.MISSING
    before, after = (part[~absent[part]] for part in (cut.before, cut.after))
    if min(len(before), len(after)) < limits.min_rows:
        return None
    if codes is not None:
        return _Change.CODES if _recoded(codes[before], codes[after], limits) else None
    if values is not None and _rescaled(values[before], values[after], limits.min_powers):
        return _Change.RANGE
    return None


def _recoded(before: Ints, after: Ints, limits: CodingChange) -> bool:
    n = int(max(before.max(), after.max())) + 1
    left, right = np.bincount(before, minlength=n) / len(before), np.bincount(after, minlength=n) / len(after)
    unseen, vanished = float(right[left == 0.0].sum()), float(left[right == 0.0].sum())
    distance = 0.5 * float(np.abs(left - right).sum())
    return (min(unseen, vanished) > 0.0 and unseen + vanished >= limits.unseen) or distance >= limits.distance


def _rescaled(before: Floats, after: Floats, powers: float) -> bool:
    """Return whether the middle halves of the absolute values do not overlap and the medians are far apart."""
    left, right = (np.percentile(np.abs(part), [25, 50, 75]) for part in (before, after))
    low, high = (left, right) if left[1] <= right[1] else (right, left)
    return bool(low[1] > 0.0 and low[2] < high[0] and np.log10(high[1] / low[1]) >= powers)
