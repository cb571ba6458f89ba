"""Rows rejected by an import, with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from icsml.core.arithmetic import known
from icsml.core.arrays import Array, Flags, Floats
from icsml.portfolio.mapping import Mapping
from icsml.records.columns import Columns, to_columns
from icsml.records.extra import ExtraFeature
from icsml.records.field import Field, Kind, Outside
from icsml.records.field_rules import broken_field_rules
from icsml.records.fields import FIELD_BY_NAME
from icsml.records.screening import broken_rules, within_ranges

__all__ = ["clear_ranges", "duplicated_rows", "refused_rows"]

Typed = dict[str, Array]


def refused_rows(columns: Typed, mapping: Mapping) -> dict[str, Flags]:
    """Return, for each field at fault, the rows that are rejected for it.

    Parameters
    ----------
    columns : dict of str to ndarray of shape (n,)
        Typed columns under their names in ``enterprises.parquet``, ``enterprise_id`` and ``as_of`` among them.
    mapping : Mapping
        Says whether rows are dated, and declares the ranges of extra features.

    Returns
    -------
    dict of str to ndarray of bool of shape (n,)
        Fields without a fault are absent.
    """
    refused: dict[str, Flags] = {}
    for name, flags in _faults(columns, mapping):
        if flags.any():
            refused[name] = refused.get(name, np.zeros(len(flags), dtype=bool)) | flags
    return refused


def clear_ranges(columns: Typed, extras: tuple[ExtraFeature, ...]) -> dict[str, int]:
    """Count values outside their range by column, and remove, in place, those declared ``missing`` or infinite."""
    infinite = _infinite(columns, [name for name, _ in _rules(columns, extras)])
    for name in infinite:
        columns[name] = known(columns[name])
    screened, out_of_range = within_ranges(to_columns(pd.DataFrame(columns, copy=False), extras), extras)
    counts: dict[str, int] = {}
    for name in {**dict.fromkeys(out_of_range), **infinite}:
        counts[name] = int(np.sum(out_of_range.get(name, False) | infinite.get(name, False)))
        columns[name] = screened[name]
    return counts


def _infinite(columns: Typed, names: Iterable[str]) -> dict[str, Flags]:
    """Return, of the named columns with an infinite value, the rows where it is."""
    flags = {name: np.isinf(columns[name]) for name in names}
    return {name: rows for name, rows in flags.items() if rows.any()}


def duplicated_rows(columns: Typed, bad: Floats, *, dated: bool) -> Flags:
    """Return rows to reject because another has the same enterprise and date.

    Of equal rows the first is kept. Of dated rows that contradict one another none is, since it is unknown which is
    true; without dates they may be different years of one firm, so all are kept.

    Parameters
    ----------
    columns : dict of str to ndarray of shape (n,)
        Typed columns, ``enterprise_id`` and ``as_of`` among them.
    bad : ndarray of shape (n,)
        Outcomes; rows that differ in them are not equal.
    dated : bool
        Whether rows have a decision date.
    """
    keys = pd.DataFrame({name: columns[name] for name in ("enterprise_id", "as_of")})
    flags: Flags = np.array(keys.duplicated(keep=False))
    again = np.flatnonzero(flags)
    if not len(again):
        return flags
    frame = pd.DataFrame({name: values[again] for name, values in columns.items()} | {"bad": bad[again]})
    key = frame.groupby(["enterprise_id", "as_of"], dropna=False, sort=False).ngroup()
    content = pd.Series(pd.util.hash_pandas_object(frame, index=False).to_numpy(), index=frame.index)
    if dated:
        flags[again] = (key.duplicated() | (content.groupby(key).transform("nunique") > 1)).to_numpy()
    else:
        flags[again] = pd.DataFrame({"key": key, "content": content}).duplicated().to_numpy()
    return flags


def _faults(columns: Typed, mapping: Mapping) -> Iterator[tuple[str, Flags]]:
    identifiers = columns["enterprise_id"]
    yield "enterprise_id", np.fromiter((value is None for value in identifiers), np.bool_, len(identifiers))
    if mapping.as_of is not None:
        yield "as_of", np.isnat(columns["as_of"])
    for name, values in columns.items():
        field = FIELD_BY_NAME.get(name)
        if field is not None and not field.numeric and field.kind is not Kind.DATE:
            for rule in broken_field_rules(field, values):
                yield name, rule.flags
        elif field is not None and field.numeric:
            yield name, _wrong_number(values, field)
    for rule in broken_rules(_merely_finite(columns, mapping.declared), mapping.declared):
        yield rule.field, rule.flags


def _merely_finite(columns: Typed, extras: tuple[ExtraFeature, ...]) -> Columns:
    """Return full column arrays, infinite values left out where one out of range does not refuse its row."""
    lenient = [name for name, rule in _rules(columns, extras) if rule is not Outside.REFUSE]
    finite = {name: known(columns[name]) for name in _infinite(columns, lenient)}
    return to_columns(pd.DataFrame(columns | finite, copy=False), extras)


def _rules(columns: Typed, extras: tuple[ExtraFeature, ...]) -> Iterator[tuple[str, Outside]]:
    """Yield every number column with what happens to a value outside its range."""
    for name in columns:
        field = FIELD_BY_NAME.get(name)
        if field is not None and field.numeric:
            yield name, field.outside
    for extra in extras:
        yield extra.column, extra.outside


def _wrong_number(values: Floats, field: Field) -> Flags:
    present: Flags = ~np.isnan(values)
    if field.kind is Kind.FLAG:
        present &= (values != 0) & (values != 1)
    elif field.kind is Kind.COUNT:
        present &= values != np.floor(np.where(present, values, 0))
    else:
        present &= False
    return present
