"""Amounts in another unit than yuan: of one group of rows, and of the whole table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
import pandas as pd

from icsml.core.arrays import Floats, Ints, Objects
from icsml.portfolio.checks.check_config import CheckConfig
from icsml.portfolio.checks.check_data import CheckData, evenly
from icsml.portfolio.checks.check_thresholds import GroupScale
from icsml.portfolio.checks.phrases import listed, percent

__all__ = ["group_scale", "row_scale", "source_scale", "table_scale"]

# Firms differ by size within a group; this many rows of each give its median well enough.
_ROWS_OF_A_GROUP = 400
_FEWEST_DISTINCT = 20
_UNITS = {-8: "亿元", -6: "百万元", -4: "万元", -3: "千元", 2: "分 (fen)"}


class _Grouping(StrEnum):
    """A grouping of rows, as the finding words it."""

    REGION = "region"
    PROVINCE = "province"
    YEAR = "decision year"
    FILE = "file"


def group_scale(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Compare the amounts of each region and each decision year with those of the others.

    Purpose
        A branch or a year delivered in thousands or ten thousands of yuan, or in fen, is one of the commonest errors.
    Method
        The median over the firms of a group of log10 of an amount, against the middle one of the groups. It counts
        where it lies ``min_powers`` off and ``sigmas`` standard errors (of a median, by the spread within groups).
    Reading
        Which groups, how many columns, how many powers of ten.
    Limits
        Sees a group only if more than half of its rows are off, and the wrong ones only while they are fewer than
        half of the groups. A group of few firms needs a larger shift.
    """
    names = [name for name in dict.fromkeys([*data.amounts, *data.extras]) if name in data.frame]
    regions = list(_merged_shifts(data, names, _Grouping.REGION, config.group_scale))
    # A province brings together regions too small to be judged alone.
    yield from regions or _merged_shifts(data, names, _Grouping.PROVINCE, config.group_scale)
    yield from _merged_shifts(data, names, _Grouping.YEAR, config.group_scale)


def source_scale(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Compare the amounts of each file of a folder with those of the others.

    Purpose
        Branches or months that come as files of their own may come in units of their own.
    Method
        That of ``group_scale``; needs the files of an import, so that the finding is kept in ``dataset.yaml``.
    Reading
        Which files, how many columns, how many powers of ten.
    Limits
        Those of ``group_scale``.
    """
    names = [name for name in dict.fromkeys([*data.amounts, *data.extras]) if name in data.frame]
    yield from _merged_shifts(data, names, _Grouping.FILE, config.source_scale)


def row_scale(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Find single rows whose amounts are all in another unit.

    Purpose
        A clerk who fills some forms in 万元 leaves no group and no column that is off as a whole.
    Method
        The median, over the amounts of a row, of the powers of ten between amount and median of its column. Rows
        count that lie more than ``far_powers`` off, where there are more of them than of rows between ``near_powers``
        and there: firms thin out with distance from the middle, another unit makes a second heap.
    Reading
        The share of the rows. Rows of a group that ``group_scale`` names are among them.
    Limits
        Sees thousands and ten thousands; a hundred lies within what sizes differ by.
    """
    limits = config.row_scale
    if len(data.amounts) < limits.min_amounts:
        return
    table = np.column_stack([data.numbers(name, data.spread) for name in data.amounts])
    logs = np.log10(np.abs(np.where(table == 0.0, np.nan, table)))
    enough = (~np.isnan(logs)).sum(axis=1) >= limits.min_amounts
    if int(enough.sum()) < limits.min_rows:
        return
    known = logs[enough][:, ~np.isnan(logs[enough]).all(axis=0)]
    off = np.nanmedian(known - np.nanmedian(known, axis=0), axis=1)
    for sign, size in ((-1.0, "smaller"), (1.0, "larger")):
        far = sign * off >= limits.far_powers
        near = (sign * off >= limits.near_powers) & ~far
        if far.mean() > limits.max_share and far.sum() > near.sum():
            power = round(float(np.median(off[far])))
            yield (
                f"the amounts of {percent(float(far.mean()))} of the rows are about 10^{abs(power)} times {size} than "
                f"those of the others{_unit(power)}"
            )


def table_scale(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Compare the amounts of the whole table with what technology SMEs have.

    Purpose
        A table that is wholly in 万元 agrees with itself; only the size of a firm shows it.
    Method
        The median of the positive values of each column against its assumed median in yuan.
    Reading
        The columns and the power of ten.
    Limits
        The medians are assumed and the bounds wide; a table of very small or very large firms may alarm.
    """
    limits = config.table_scale
    off: dict[str, float] = {}
    for name, expected in limits.expected.items():
        values = data.numbers(name, data.spread) if name in data.frame else np.empty(0)
        values = values[values > 0.0]
        if len(values) < limits.min_values:
            continue
        times = float(np.median(values)) / expected
        if times <= 1.0 / limits.below or times >= limits.above:
            off[name] = float(np.log10(times))
    if off:
        power = float(np.median(list(off.values())))
        size = "small" if power < 0 else "large"
        yield (
            f"the median of {listed(list(off))} is about 10^{abs(power):.1f} times too {size} for technology SMEs"
            f"{_unit(round(power))}"
        )


@dataclass(frozen=True, slots=True)
class _Groups:
    """Rows drawn from each group, in order of the groups."""

    labels: Objects
    rows: Ints
    code: Ints
    firms: Ints


def _merged_shifts(data: CheckData, names: list[str], kind: _Grouping, limits: GroupScale) -> Iterator[str]:
    """Yield one sentence for all groups that are off by the same power of ten."""
    groups = _groups(data, kind)
    if groups is None:
        return
    shifts: dict[int, list[tuple[str, float]]] = defaultdict(list)
    for name in names:
        for group, shift in _shifts(data.numbers(name, groups.rows), groups, limits):
            shifts[group].append((name, shift))
    for members in _grouped_by_power(
        {group: float(np.median([s for _, s in of_group])) for group, of_group in shifts.items()}
    ):
        yield _sentence(data, kind, groups, members, shifts)


def _grouped_by_power(power: dict[int, float]) -> list[list[int]]:
    """Merge groups that are off by about the same power of ten, which few firms give to within about one."""
    heaps: list[list[int]] = []
    for group in sorted(power, key=power.__getitem__):
        if heaps and power[group] - power[heaps[-1][-1]] <= 1.0 and power[group] * power[heaps[-1][-1]] > 0.0:
            heaps[-1].append(group)
        else:
            heaps.append([group])
    return [sorted(heap) for heap in heaps]


def _sentence(
    data: CheckData, kind: _Grouping, groups: _Groups, members: list[int], shifts: dict[int, list[tuple[str, float]]]
) -> str:
    power = round(float(np.median([shift for group in members for _, shift in shifts[group]])))
    touched = list(dict.fromkeys(name for group in members for name, _ in shifts[group]))
    more = f" and {len(touched) - 1} more columns" if len(touched) > 1 else ""
    where = listed([str(groups.labels[group]) for group in members])
    many = "s" if len(members) > 1 else ""
    size, verb = "smaller" if power < 0 else "larger", "are" if more or many else "is"
    return (
        f"{touched[0]}{more} of {kind}{many} {where} {verb} about 10^{abs(power)} times {size} "
        f"than elsewhere{_unit(power) if touched[0] in data.amounts else ''}"
    )


def _unit(power: int) -> str:
    return f": {_UNITS[power]} instead of 元?" if power in _UNITS else ""


def _groups(data: CheckData, kind: _Grouping) -> _Groups | None:
    labels = _labels(data, kind)
    if labels is None:
        return None
    code, names = pd.factorize(labels, sort=True)
    if len(names) < 2:
        return None
    order = np.argsort(code, kind="stable")
    ends = np.searchsorted(code[order], np.arange(len(names) + 1))
    rows_by_group = [evenly(order[start:stop], _ROWS_OF_A_GROUP) for start, stop in pairwise(ends)]
    rows = np.concatenate(rows_by_group)
    return _Groups(np.asarray(names, dtype=object), rows, code[rows], data.firms[rows])


def _labels(data: CheckData, kind: _Grouping) -> Objects | Ints | None:
    if kind is _Grouping.FILE:
        return data.parts
    if kind is _Grouping.YEAR:
        return data.year if data.dated else None
    if "region" not in data.frame:
        return None
    region = data.frame["region"]
    labels: Objects = (region.str[:2] + "0000" if kind is _Grouping.PROVINCE else region).to_numpy(dtype=object)
    return labels


def _shifts(values: Floats, groups: _Groups, limits: GroupScale) -> Iterator[tuple[int, float]]:
    """Yield each group whose median is off, and by how many powers of ten."""
    use = np.flatnonzero((values != 0.0) & ~np.isnan(values))
    if len(np.unique(values[use][:_ROWS_OF_A_GROUP])) < _FEWEST_DISTINCT:
        return
    code, logs = _by_firm(groups.code[use], groups.firms[use], np.log10(np.abs(values[use])))
    ends = np.searchsorted(code, np.arange(len(groups.labels) + 1))
    firms = np.diff(ends)
    able = np.flatnonzero(firms >= limits.min_firms)
    if len(able) < 2:
        return
    medians = np.array([np.median(logs[ends[group] : ends[group + 1]]) for group in able])
    within = np.isin(code, able)
    spread = 1.4826 * float(np.median(np.abs(logs[within] - medians[np.searchsorted(able, code[within])])))
    if spread == 0.0:  # a figure of the region or year itself, which may differ by any power
        return
    shift = medians - _middle(medians, firms[able])
    error = 1.2533 * spread / np.sqrt(firms[able])
    off = np.abs(shift) >= np.maximum(limits.min_powers, limits.sigmas * error)
    yield from ((int(group), float(value)) for group, value in zip(able[off], shift[off], strict=True))


def _middle(medians: Floats, firms: Ints) -> float:
    """Return the middle one; of two, that of more firms, so that of two groups the larger is the rule."""
    order = np.argsort(medians, kind="stable")
    left, right = order[(len(order) - 1) // 2], order[len(order) // 2]
    return float(medians[left if firms[left] >= firms[right] else right])


def _by_firm(code: Ints, firm: Ints, logs: Floats) -> tuple[Ints, Floats]:
    """Return the mean of each firm in each group, by group: rows of one firm are no independent evidence."""
    pairs, index, count = np.unique(code * (firm.max(initial=0) + 1) + firm, return_inverse=True, return_counts=True)
    return pairs // (firm.max(initial=0) + 1), np.bincount(index, weights=logs) / count
