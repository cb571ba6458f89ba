"""A data set on disk: records, outcomes, and facts about both."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as arrow
from pydantic import BaseModel, ConfigDict, Field

from icsml.core.canonical import digest, sha256_file
from icsml.core.private_files import private_files
from icsml.core.yaml import dump_yaml, load_model
from icsml.errors import InputError, MissingError
from icsml.records.extra import ExtraFeature
from icsml.records.finding import CheckFinding
from icsml.records.frame import read_enterprises
from icsml.records.outcome import OUTCOME_COLUMNS, OutcomeMeaning

__all__ = [
    "Dataset",
    "DatasetMeta",
    "FoldSplit",
    "LabelCounts",
    "OutOfTimeSplit",
    "is_synthetic",
    "read_dataset",
    "read_records",
    "write_dataset",
]

ENTERPRISES = "enterprises.parquet"
OUTCOMES = "outcomes.parquet"
META = "dataset.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OutOfTimeSplit(_Strict):
    """Train before a date, test from it on; the embargo between is dropped.

    Parameters
    ----------
    test_from : date
        First decision date of the test.
    embargo_months : int, optional
        Months before ``test_from`` whose outcomes were not yet known; default the horizon, else 12.
    """

    test_from: date
    embargo_months: int | None = Field(default=None, ge=0, le=600)


class FoldSplit(_Strict):
    """Stratified folds, grouped by enterprise (by the row's content where rows have no identity)."""

    folds: int = Field(ge=2, le=50)
    seed: int = Field(default=0, ge=0)


class LabelCounts(_Strict):
    """Counts of the values of the label column by outcome, over all rows of the source.

    Parameters
    ----------
    positive, negative, unknown : dict of str to int
        Rows of each value of the column; an empty label is counted under ``""``, as unknown.
    negative_inferred : bool
        Whether the mapping left ``negative`` out, so that the one remaining value means good.
    defaults_refused : int
        Bad rows among those refused.
    after_horizon : int
        Rows labelled bad whose event came after the horizon, so that they are good.
    good_with_event : int
        Rows labelled good that have an event date within the horizon.
    open_horizon : int
        Kept good rows whose horizon had not ended on the day of import.
    """

    positive: dict[str, int]
    negative: dict[str, int]
    unknown: dict[str, int]
    negative_inferred: bool = False
    defaults_refused: int = 0
    after_horizon: int = 0
    good_with_event: int = 0
    open_horizon: int = 0


class DatasetMeta(_Strict):
    """Content of ``dataset.yaml``.

    Parameters
    ----------
    name, source, licence : str
        Where the rows come from and under which terms.
    outcome : OutcomeMeaning, optional
        What ``bad`` means; None where there are no labels.
    synthetic : bool
        Whether the rows come from a simulation; then no figure is evidence about the world.
    timing : {'stated', 'assumed'}
        Whether the time at which inputs were known is stated by the source.
    dated, grouped : bool
        Whether rows have a decision date, and an identity that recurs.
    fields : list of str
        Canonical fields that are present.
    extra_features : list of ExtraFeature
        Declared features beyond the canonical fields.
    split : OutOfTimeSplit or FoldSplit, optional
        How training tests itself; None where there are no labels.
    label_lookahead : int, optional
        Training events dated after the test began; None where event dates are not given.
    out_of_range : dict of str to int
        Values outside a declared range, counted by field.
    rows, defaults, refused : int
        Rows kept, bad rows among them, rows refused.
    unreadable : dict of str to int
        Values of the source that could not be read and became missing, counted by field.
    labels : LabelCounts, optional
        How the source's label values were read; None where there are no labels, or a simulation made them.
    checks : list of CheckFinding
        What the checks of the import found.
    """

    name: str
    source: str
    licence: str
    outcome: OutcomeMeaning | None
    synthetic: bool = False
    timing: Literal["stated", "assumed"]
    dated: bool
    grouped: bool
    fields: list[str]
    extra_features: list[ExtraFeature] = []
    split: OutOfTimeSplit | FoldSplit | None = None
    label_lookahead: int | None = None
    out_of_range: dict[str, int] = {}
    rows: int
    defaults: int
    refused: int = 0
    unreadable: dict[str, int] = {}
    labels: LabelCounts | None = None
    checks: list[CheckFinding] = []


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set in memory; row i of ``outcomes`` belongs to row i of ``enterprises``."""

    meta: DatasetMeta
    enterprises: pd.DataFrame
    outcomes: pd.DataFrame
    digest: str


def read_dataset(folder: Path) -> Dataset:
    """Read a data set; its truth, where it has one, is not read.

    Raises
    ------
    MissingError
        If the folder or one of its files is not there.
    InputError
        If records and outcomes do not belong together.
    """
    for name in (META, ENTERPRISES, OUTCOMES):
        if not (folder / name).is_file():
            raise MissingError(
                "ICS-REC-005",
                f"no {name} in this folder",
                field=str(folder),
                remedy="make a data set with `icsml data import` or `icsml portfolio synth`",
            )
    meta = load_model(folder / META, DatasetMeta, code="ICS-REC-005")
    enterprises = read_enterprises(folder / ENTERPRISES, meta.extra_features)
    outcomes = _read_outcomes(folder / OUTCOMES)
    _check_outcomes(meta, enterprises, outcomes, folder)
    hashes = {name: sha256_file(folder / name) for name in (META, ENTERPRISES, OUTCOMES)}
    return Dataset(meta, enterprises, outcomes, digest(hashes))


def read_records(path: Path) -> pd.DataFrame:
    """Read a Parquet file of records; within a data set, with the extra features declared there."""
    meta = _meta_beside(path)
    return read_enterprises(path, meta.extra_features if meta is not None else [])


def is_synthetic(path: Path) -> bool:
    """Return whether a file of records belongs to a simulated data set."""
    meta = _meta_beside(path)
    return meta is not None and meta.synthetic


def _meta_beside(path: Path) -> DatasetMeta | None:
    meta = path.parent / META
    return load_model(meta, DatasetMeta, code="ICS-REC-005") if meta.is_file() else None


def write_dataset(
    folder: Path, meta: DatasetMeta | Callable[[], DatasetMeta], enterprises: pd.DataFrame, outcomes: pd.DataFrame
) -> DatasetMeta:
    """Write a data set: to temporary files first, which then replace the old ones.

    Parameters
    ----------
    folder : Path
        The folder, made if absent.
    meta : DatasetMeta or callable
        What ``dataset.yaml`` says, or what makes it while the rows are written.
    enterprises, outcomes : DataFrame of shape (n, any)
        The rows.

    Returns
    -------
    DatasetMeta
        As written.
    """
    with private_files(folder):
        return _write_dataset(folder, meta, enterprises, outcomes)


def _write_dataset(
    folder: Path, meta: DatasetMeta | Callable[[], DatasetMeta], enterprises: pd.DataFrame, outcomes: pd.DataFrame
) -> DatasetMeta:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as scratch, ThreadPoolExecutor(1) as pool:
        new = Path(scratch)
        writing = pool.submit(_write_rows, new, enterprises, outcomes)
        content = meta() if callable(meta) else meta
        (new / META).write_text(dump_yaml(content.model_dump(mode="json")), "utf-8")
        writing.result()
        for name in (ENTERPRISES, OUTCOMES, META):
            (new / name).replace(folder / name)
    return content


def _write_rows(folder: Path, enterprises: pd.DataFrame, outcomes: pd.DataFrame) -> None:
    # Codes repeat, measured figures do not: a dictionary of them costs time and is thrown away.
    texts = [name for name in enterprises if enterprises[name].dtype.kind not in "fM"]
    enterprises.to_parquet(folder / ENTERPRISES, index=False, use_dictionary=texts)
    outcomes.loc[:, list(OUTCOME_COLUMNS)].to_parquet(folder / OUTCOMES, index=False)


def _read_outcomes(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (arrow.ArrowInvalid, OSError) as error:
        raise InputError(
            "ICS-REC-006", "not a Parquet file", field=str(path), remedy="write the data set again"
        ) from error


def _check_outcomes(meta: DatasetMeta, enterprises: pd.DataFrame, outcomes: pd.DataFrame, folder: Path) -> None:
    missing = [name for name in OUTCOME_COLUMNS if name not in outcomes]
    if missing:
        raise InputError(
            "ICS-REC-006",
            f"column absent from {OUTCOMES}",
            field=", ".join(missing),
            remedy="write the data set again",
        )
    if not (len(enterprises) == len(outcomes) == meta.rows and _same_keys(enterprises, outcomes, dated=meta.dated)):
        raise InputError(
            "ICS-REC-006",
            "its rows are not those of enterprises.parquet, in the same order",
            field=str(folder / OUTCOMES),
            remedy="write the data set again",
        )
    bad = outcomes["bad"].dropna()
    if not bad.isin([0, 1]).all():
        raise InputError(
            "ICS-REC-006", "holds values other than 0, 1 and null", field="bad", remedy="null is an outcome never seen"
        )


def _same_keys(enterprises: pd.DataFrame, outcomes: pd.DataFrame, *, dated: bool) -> bool:
    """Return whether row i is the same enterprise at the same date in both."""
    left, right = (frame["enterprise_id"].to_numpy(dtype=object) for frame in (enterprises, outcomes))
    if not (left == right).all():
        return False
    if not dated:
        return True
    dates = [pd.to_datetime(frame["as_of"]).to_numpy(dtype="datetime64[D]") for frame in (enterprises, outcomes)]
    return bool((dates[0] == dates[1]).all())
