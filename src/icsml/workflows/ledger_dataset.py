"""Recorded decisions and what became of them as a data set, to train, check and monitor on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from icsml.core.clock import timestamp
from icsml.core.progress import Progress, silent
from icsml.core.strict_json import JsonObject
from icsml.errors import InputError
from icsml.ledger.outcomes import Settled, settled
from icsml.ledger.payload import parse_payload
from icsml.ledger.sealing import erased
from icsml.ledger.store import Ledger
from icsml.ledger.store.walking import Walked
from icsml.portfolio.output_folder import check_target
from icsml.portfolio.splits import DEFAULT_EMBARGO_MONTHS, label_lookahead, out_of_time
from icsml.records.columns import records_columns
from icsml.records.dataset import DatasetMeta, FoldSplit, OutOfTimeSplit, write_dataset
from icsml.records.enterprise import EnterpriseRecord, parse_record
from icsml.records.extra import ExtraFeature
from icsml.records.fields import FIELDS
from icsml.records.frame import column_series, validate_frame
from icsml.records.outcome import OUTCOME_COLUMNS, OutcomeMeaning
from icsml.workflows.replaying import Bundles

__all__ = ["DatasetReport", "write_ledger_dataset"]

_AT_ONCE: Final = 2048
_KEY: Final = ["enterprise_id", "as_of"]


@dataclass(slots=True)
class DatasetReport:
    """What became rows of the data set.

    Parameters
    ----------
    rows, labelled, defaults : int
        Rows, those whose outcome was seen, and the bad ones.
    contradictory : int
        Rows whose outcomes contradict one another; they have none.
    earlier : int
        Decisions left out because a later one is on the same firm and date.
    erased, undated, not_acceptable : int
        Decisions left out because they were erased, have no decision date, or this release does not accept the record.
    """

    rows: int = 0
    labelled: int = 0
    defaults: int = 0
    contradictory: int = 0
    earlier: int = 0
    erased: int = 0
    undated: int = 0
    not_acceptable: int = 0


@dataclass(slots=True)
class _Gathered:
    """Decisions read so far."""

    report: DatasetReport
    records: list[EnterpriseRecord] = field(default_factory=list)
    frames: list[pd.DataFrame] = field(default_factory=list)
    meanings: set[tuple[str | None, int | None]] = field(default_factory=set)
    extras: dict[str, ExtraFeature] = field(default_factory=dict)
    bundles: set[str] = field(default_factory=set)
    synthetic: bool = False

    def add(self, one: Walked, bundles: Bundles) -> None:
        """Take a decision, or count why it is left out."""
        if one.data is None:
            if one.error is not None and one.error.code != erased().code:
                raise one.error
            self.report.erased += 1
            return
        payload = parse_payload(one.data)
        try:
            record = parse_record(payload["request"])
        except InputError:
            self.report.not_acceptable += 1
            return
        if record.as_of is None:
            self.report.undated += 1
            return
        model = payload["decision"].get("model") or {}  # earlier releases stated less
        self.meanings.add((model.get("event"), model.get("horizon_months")))
        self.synthetic = self.synthetic or bool(model.get("synthetic"))
        if record.extra and payload["bundle_sha256"] not in self.bundles:
            self.bundles.add(payload["bundle_sha256"])
            self.extras |= {extra.name: extra for extra in bundles.get(payload["bundle_sha256"]).extras}
        self.records.append(record)

    def pack(self) -> None:
        """Turn the records taken into rows of a frame."""
        if self.records:
            columns = records_columns(self.records, list(self.extras.values()))
            self.frames.append(pd.DataFrame({name: column_series(name, columns[name]) for name in columns}))
            self.records = []


def write_ledger_dataset(
    ledger: Ledger,
    out: Path,
    tenant: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    split: OutOfTimeSplit | FoldSplit,
    bundles: Bundles,
    progress: Progress = silent,
) -> DatasetReport:
    """Write the decisions of a tenant as a data set: a row for each firm and date, the last decision on it.

    Parameters
    ----------
    ledger : Ledger
        Where decisions and outcomes are.
    out : Path
        Folder of the data set.
    tenant : str
        Whose decisions.
    since, until : datetime, optional
        The earliest time of recording, and the time from which none is taken.
    split : OutOfTimeSplit or FoldSplit
        How training tests itself.
    bundles : Bundles
        Who decided: they declare the extra features.
    progress : callable
        Told how far it is.

    Raises
    ------
    InputError
        ``ICS-LED-060`` if there is no row, ``ICS-LED-061`` if ``bad`` has no one meaning, ``ICS-DAT-011`` if the folder
        holds something else.
    LedgerError
        If the ledger cannot be read, or a payload is not what was recorded.
    MissingError
        If a bundle that declares extra features is not kept here.
    """
    check_target(out, code="ICS-DAT-011")
    gathered = _Gathered(DatasetReport())
    for one in _walked(ledger, tenant, since, until):
        gathered.add(one, bundles)
        if len(gathered.records) >= _AT_ONCE:
            gathered.pack()
            progress(f"{sum(map(len, gathered.frames)):,} decisions read")
    gathered.pack()
    meaning = _meaning(gathered)
    enterprises = _enterprises(gathered)
    outcomes = _outcomes(ledger, tenant, enterprises, meaning, gathered.report)
    write_dataset(out, _meta(tenant, gathered, meaning, enterprises, outcomes, split), enterprises, outcomes)
    return gathered.report


def _walked(ledger: Ledger, tenant: str, since: datetime | None, until: datetime | None) -> Iterator[Walked]:
    for group in ledger.walk(tenant=tenant, since=since):
        if until is None:
            yield from group
            continue
        described = ledger.described([one.decision_id for one in group])
        before = [one for one in group if str(described[one.decision_id]["recorded_at"]) < timestamp(until)]
        yield from before
        if len(before) < len(group):  # in the order recorded
            return


def _meaning(gathered: _Gathered) -> OutcomeMeaning:
    if not gathered.frames:
        raise InputError(
            "ICS-LED-060",
            "no decision of this tenant makes a row of a data set",
            field="--tenant",
            remedy="check --tenant, --since, --until and ICSML_LEDGER_URL",
        )
    if len(gathered.meanings) > 1:
        told = ", ".join(sorted(f"{event} within {months} months" for event, months in gathered.meanings))
        raise InputError(
            "ICS-LED-061",
            f"the models that decided predict {told}",
            field="--since",
            remedy="take the decisions of one meaning, with --since and --until",
        )
    ((event, months),) = gathered.meanings
    return OutcomeMeaning.model_validate({"event": event, "horizon_months": months})


def _enterprises(gathered: _Gathered) -> pd.DataFrame:
    """Return the rows: of several decisions on one firm and date the last; without columns that nobody filled in."""
    rows = pd.concat(gathered.frames, ignore_index=True)
    kept = rows[~rows.duplicated(_KEY, keep="last")].reset_index(drop=True)
    gathered.report.earlier = len(rows) - len(kept)
    known = [name for name in kept if kept[name].notna().any()]
    return validate_frame(kept[known], list(gathered.extras.values()))


def _outcomes(
    ledger: Ledger, tenant: str, enterprises: pd.DataFrame, meaning: OutcomeMeaning, report: DatasetReport
) -> pd.DataFrame:
    firms = enterprises["enterprise_id"].tolist()
    days = enterprises["as_of"].dt.date.astype(str).tolist()
    told: list[tuple[Any, ...]] = []
    for start in range(0, len(firms), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        known = _by_firm_and_day(ledger.outcomes(tenant, sorted(set(firms[part]))))
        told += [_row(known.get(key, Settled()), meaning) for key in zip(firms[part], days[part], strict=True)]
        report.contradictory += sum(
            known[key].contradictory for key in zip(firms[part], days[part], strict=True) if key in known
        )
    bad, event, event_date = zip(*told, strict=True)
    frame = pd.DataFrame({"enterprise_id": enterprises["enterprise_id"], "as_of": enterprises["as_of"]})
    frame["bad"] = np.array(bad, dtype=np.float64)
    frame["event"] = pd.Series(event, dtype="str")
    frame["event_date"] = pd.to_datetime(pd.Series(event_date, dtype="object")).astype("datetime64[us]")
    report.rows = len(frame)
    report.labelled = int(frame["bad"].notna().sum())
    report.defaults = int((frame["bad"] == 1).sum())
    return frame[list(OUTCOME_COLUMNS)]


def _by_firm_and_day(outcomes: Iterable[JsonObject]) -> dict[tuple[str, str], Settled]:
    """Return what is known of firms at a date: a decision that was corrected has the outcome of the one before."""
    found: dict[tuple[str, str], list[JsonObject]] = {}
    for each in outcomes:
        found.setdefault((each["enterprise_id"], each["as_of"]), []).append(each)
    return {key: settled(each) for key, each in found.items()}


def _row(known: Settled, meaning: OutcomeMeaning) -> tuple[float, str | None, str | None]:
    event = known.event or (meaning.event if known.bad else None)
    return (np.nan if known.bad is None else float(known.bad)), event, known.event_date


def _meta(
    tenant: str,
    gathered: _Gathered,
    meaning: OutcomeMeaning,
    enterprises: pd.DataFrame,
    outcomes: pd.DataFrame,
    split: OutOfTimeSplit | FoldSplit,
) -> DatasetMeta:
    lookahead = None
    if isinstance(split, OutOfTimeSplit):
        embargo = meaning.horizon_months or DEFAULT_EMBARGO_MONTHS
        split = split if split.embargo_months is not None else split.model_copy(update={"embargo_months": embargo})
        labelled = outcomes[outcomes["bad"].notna()]
        parts = out_of_time(labelled["as_of"], split.test_from, split.embargo_months)
        lookahead = label_lookahead(parts.train, labelled["bad"], labelled["event_date"], split.test_from)
    return DatasetMeta(
        name=f"{tenant}-decisions",
        source="decisions recorded by icsml, and their outcomes",
        licence="internal",
        outcome=meaning,
        synthetic=gathered.synthetic,
        timing="stated" if "statement_published_at" in enterprises else "assumed",
        dated=True,
        grouped=True,
        fields=[each.name for each in FIELDS if each.name in enterprises],
        extra_features=[each for each in gathered.extras.values() if each.column in enterprises],
        split=split,
        label_lookahead=lookahead,
        rows=gathered.report.rows,
        defaults=gathered.report.defaults,
    )
