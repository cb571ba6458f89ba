"""Faults of a points function: rows, gaps, overlaps, falling points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

from icsml.core.yaml import Key
from icsml.innovation.rulebooks.compiled_points import End
from icsml.innovation.rulebooks.decimals import number_text
from icsml.innovation.rulebooks.fault import Fault
from icsml.innovation.rulebooks.indicators import Indicator, Option
from icsml.innovation.rulebooks.points_functions import Bands, Interval, Intervals
from icsml.innovation.rulebooks.value_functions import FieldValue, Sum
from icsml.records.field import Kind
from icsml.records.fields import FIELD_BY_NAME

__all__ = ["point_faults"]


def point_faults(key: Key, indicator: Indicator, option: Option, stages: Sequence[str | None]) -> Iterator[Fault]:
    """Return the faults of one option's points function."""
    points = option.points
    if not points.ordered:
        part, what = _misordered(option)
        yield Fault(
            "ICS-RUL-007",
            (*key, "points", *part),
            f"{what}{points.kind} out of order, a step cannot be reached",
            "lower bounds from high to low, upper bounds from low to high, anchors and counts from low to high",
        )
        return
    yield from _fitting(key, option)
    if isinstance(points, Intervals):
        yield from _tiled(key, points.rows, option)
    yield from _in_range(key, option)
    yield from _falling(key, indicator, option, stages)


def _misordered(option: Option) -> tuple[Key, str]:
    """Return the misplaced band and its fault; of other functions, nothing in particular."""
    if not isinstance(option.points, Bands):
        return (), ""
    steps = option.points.steps
    for index, (a, b) in enumerate(pairwise(steps), start=1):
        before, here = a.text(percent=option.percent), b.text(percent=option.percent)
        if before == here:
            return ("steps", index), f"{here} is written twice: "
        if not Bands(kind="bands", steps=(a, b)).ordered:
            return ("steps", index), f"{here} stands after {before}: "
    return (), ""


def _fitting(key: Key, option: Option) -> Iterator[Fault]:
    needed = option.points.only_of
    if needed is not None and not _is_of(option, needed):
        message = f"{option.points.kind} over a value that is no {needed}"
        yield Fault("ICS-RUL-012", (*key, "points"), message, "use bands")


def _is_of(option: Option, kind: Kind) -> bool:
    """Return whether a value is a field of a kind, or a sum of counts."""
    whole = FieldValue | Sum if kind is Kind.COUNT else FieldValue
    return isinstance(option.value, whole) and all(_kind(name) is kind for name in option.value.fields)


def _kind(name: str) -> Kind | None:
    return FIELD_BY_NAME[name].kind if name in FIELD_BY_NAME else None


def _falling(key: Key, indicator: Indicator, option: Option, stages: Sequence[str | None]) -> Iterator[Fault]:
    if indicator.better == "none":
        return
    for stage in stages:
        amounts = option.points.rising(indicator.full(stage), indicator.better)
        improving = amounts if indicator.better == "higher" else amounts[::-1]
        if any(a > b for a, b in pairwise(improving)):
            yield Fault(
                "ICS-RUL-023",
                (*key, "points"),
                f"points fall while the indicator improves ({indicator.better} is better)",
                "correct the points, or declare `better: lower` or `better: none`",
            )
            return


def _in_range(key: Key, option: Option) -> Iterator[Fault]:
    """Check that no row is outside the range of the field."""
    field = FIELD_BY_NAME.get(option.value.field) if isinstance(option.value, FieldValue) else None
    if field is None or not field.numeric:
        return
    for part, start, stop in option.points.spans():
        if _above(start, field.high) or _below(stop, field.low):
            yield Fault(
                "ICS-RUL-007",
                (*key, "points", *part),
                f"lies outside the range of {field.name} and cannot be reached",
                "correct the threshold",
            )


def _above(start: End, high: float | None) -> bool:
    """Return whether a lower end is above the range."""
    if start is None or high is None:
        return False
    return start[0] > Fraction(high) or (start[0] == high and not start[1])


def _below(stop: End, low: float | None) -> bool:
    """Return whether an upper end is below the range."""
    if stop is None or low is None:
        return False
    return stop[0] < Fraction(low) or (stop[0] == low and not stop[1])


def _tiled(key: Key, rows: Sequence[Interval], option: Option) -> Iterator[Fault]:
    """Check that rows cover every value once: no gap, no overlap, none empty."""
    here = (*key, "points", "rows")
    percent, whole = option.percent, _is_of(option, Kind.COUNT)
    for index, row in enumerate(rows):
        if row.start is not None and row.stop is not None and not _holds_any(row.start, row.stop, whole=whole):
            yield Fault("ICS-RUL-007", (*here, index), "no value lies in this row", "correct its ends")
    first, last = rows[0].start, rows[-1].stop
    if first is not None and not (whole and _first_whole(first) <= 0):
        edge = f"{'below' if first[1] else 'up to'} {number_text(first[0], percent=percent)}"
        yield Fault("ICS-RUL-016", (*here, 0), f"values {edge} have no row", "leave its lower end open")
    if last is not None:
        edge = f"{'above' if last[1] else 'from'} {number_text(last[0], percent=percent)}"
        yield Fault("ICS-RUL-016", (*here, len(rows) - 1), f"values {edge} have no row", "leave its end open")
    for index, (lower, upper) in enumerate(pairwise(rows), start=1):
        verdict = _seam(lower, upper, whole=whole)
        if verdict:
            code, what = ("ICS-RUL-016", "a gap lies between") if verdict < 0 else ("ICS-RUL-017", "overlaps")
            texts = f"{lower.text(percent=percent)} and {upper.text(percent=percent)}"
            message = f"{what} {texts}" if verdict < 0 else f"{texts} overlap, or stand out of order"
            yield Fault(code, (*here, index), message, "end one row where the next begins, open to closed")


def _holds_any(start: tuple[Fraction, bool], stop: tuple[Fraction, bool], *, whole: bool) -> bool:
    if whole:
        return _first_whole(start) <= _last_whole(stop)
    return start[0] < stop[0] or (start[0] == stop[0] and start[1] and stop[1])


def _seam(lower: Interval, upper: Interval, *, whole: bool) -> int:
    """Return -1 for a gap between two rows, 1 for an overlap, 0 for neither."""
    if lower.stop is None or upper.start is None:
        return 1
    if whole:
        between = _first_whole(upper.start) - _last_whole(lower.stop) - 1
        return -1 if between > 0 else 1 if between < 0 else 0
    (end, end_closed), (begin, begin_closed) = lower.stop, upper.start
    if end != begin:
        return -1 if end < begin else 1
    return 1 if end_closed and begin_closed else -1 if not end_closed and not begin_closed else 0


def _first_whole(start: tuple[Fraction, bool]) -> int:
    return ceil(start[0]) if start[1] else floor(start[0]) + 1


def _last_whole(stop: tuple[Fraction, bool]) -> int:
    return floor(stop[0]) if stop[1] else ceil(stop[0]) - 1
