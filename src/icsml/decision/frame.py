"""Score a frame of records, or JSON records: the predictions of MLflow's flavour of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from icsml.decision.assess import Assessment, assess
from icsml.decision.extra_features import refuse_undeclared
from icsml.errors import InputError
from icsml.model.bundle import BundleParts
from icsml.records.columns import Columns, record_columns, to_columns
from icsml.records.enterprise import parse_record
from icsml.records.field import Kind
from icsml.records.fields import FIELD_BY_NAME
from icsml.records.frame import validate_frame, without_midnight

__all__ = ["frame_scores", "input_scores"]


def frame_scores(bundle: BundleParts, frame: pd.DataFrame) -> pd.DataFrame:
    """Score the frame of ``enterprises.parquet``.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    frame : DataFrame of shape (n, any)
        Records: canonical columns and the bundle's ``extra.NAME`` columns.

    Returns
    -------
    DataFrame of shape (n, 3)
        ``pd``, ``grade`` and ``score``, with the index of the input.

    Raises
    ------
    InputError
        If a column is unknown, a declared extra feature has no column, or a row is not acceptable.
    """
    absent = [extra.column for extra in bundle.extras if extra.column not in frame]
    if absent:
        raise InputError(
            "ICS-REC-003",
            "the model reads this extra feature, and the table has no such column",
            field=", ".join(absent),
            remedy="add the column; leave cells empty where the value is not known",
        )
    return _scores(bundle, to_columns(validate_frame(frame, bundle.extras), bundle.extras), frame.index)


def input_scores(bundle: BundleParts, given: object) -> pd.DataFrame:
    """Score any input that MLflow passes to a model.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    given : DataFrame, dict or list of dict
        The frame of ``enterprises.parquet``; its columns by name; one record, or a list of records, as ``icsml decide``
        takes them.

    Returns
    -------
    DataFrame of shape (n, 3)
        As :func:`frame_scores` returns it.

    Raises
    ------
    InputError
        ICS-REC-009 if it is none of these; else as :func:`frame_scores` and ``icsml decide`` refuse.
    """
    if isinstance(given, pd.DataFrame):
        return frame_scores(bundle, given)
    if isinstance(given, Mapping):
        by_column = bool(given) and all(_is_column(value) for value in given.values())
        return frame_scores(bundle, _by_columns(given)) if by_column else _records_scores(bundle, [given])
    if isinstance(given, list | tuple) and all(isinstance(record, Mapping) for record in given):
        return _records_scores(bundle, given)
    raise InputError(
        "ICS-REC-009",
        f"{_kind(given)} holds no records",
        field="model_input",
        remedy="give a DataFrame of records, one record as a dict, or a list of such dicts",
    )


def _records_scores(bundle: BundleParts, given: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Score records one by one; a record's row equals the result of ``icsml decide``."""
    if not given:
        nobody = pd.DataFrame({"enterprise_id": []}, dtype=object)
        return _scores(bundle, to_columns(nobody, bundle.extras), nobody.index)
    read = []
    for index, stated in enumerate(given):
        try:
            record = parse_record({str(name): _plain(str(name), value) for name, value in stated.items()})
            refuse_undeclared(bundle, record)
        except InputError as error:
            raise _with_row(error, index) from error
        read.append(record_columns(record, bundle.extras))
    columns = {name: np.concatenate([one[name] for one in read]) for name in read[0]}
    return _scores(bundle, columns, pd.RangeIndex(len(read)))


def _scores(bundle: BundleParts, columns: Columns, index: pd.Index[Any]) -> pd.DataFrame:
    assessment: Assessment = assess(bundle, columns, explained=False)
    scores = {"pd": assessment.pd, "grade": assessment.grade, "score": assessment.score}
    return pd.DataFrame(scores, index=index)


def _by_columns(given: Mapping[str, Any]) -> pd.DataFrame:
    lengths = {len(value) for value in given.values()}
    if len(lengths) > 1:
        raise InputError(
            "ICS-REC-009", "columns differ in length", field="model_input", remedy="give one value of each for each row"
        )
    return pd.DataFrame({name: [_item(value) for value in values] for name, values in given.items()})


def _is_column(value: object) -> bool:
    """Return whether a value is a column: MLflow's server wraps each value into an array without dimensions."""
    return isinstance(value, list | tuple | pd.Series) or (isinstance(value, np.ndarray) and value.ndim == 1)


def _plain(name: str, value: object) -> object:
    """Return a value as in JSON: a record made from a row contains NumPy's and pandas' types."""
    value = _item(value)
    if name == "extra" and isinstance(value, Mapping):
        return {str(extra): _plain(f"extra.{extra}", content) for extra, content in value.items()}
    field = FIELD_BY_NAME.get(name)
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if field is not None and field.kind is Kind.DATE:
        return without_midnight(value.isoformat() if isinstance(value, datetime) else value)
    return value


def _item(value: object) -> object:
    """Return NumPy's scalars, also in an array without dimensions, as Python's own."""
    if not isinstance(value, np.generic | np.ndarray) or value.ndim > 0:
        return value
    plain = value.item()
    return pd.Timestamp(plain) if value.dtype == "datetime64[ns]" else plain  # NumPy gives nanoseconds as a number


def _with_row(error: InputError, index: int) -> InputError:
    field = f"record {index + 1}: {error.field}" if error.field else f"record {index + 1}"
    return InputError(error.code, error.message, field=field, remedy=error.remedy, details=error.details)


def _kind(given: object) -> str:
    name = type(given).__name__
    if isinstance(given, str | bytes) or not isinstance(given, Sequence | np.ndarray | pd.Series):
        return f"a value of type {name}"
    values = given if isinstance(given, Sequence) else np.asarray(given, dtype=object).ravel().tolist()
    kinds = dict.fromkeys(type(value).__name__ for value in values)
    return f"a {name} of {' and '.join(kinds)}" if kinds else f"an empty {name}"
