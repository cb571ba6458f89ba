"""Checks that are possible only during an import: of the source's cells, labels and rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from icsml.core.arrays import Flags, Floats
from icsml.portfolio.checks import CheckConfig, check_dataset
from icsml.portfolio.checks.all_checks import CHECKS
from icsml.portfolio.draft.vocabulary import MISSING, UNSEEN
from icsml.portfolio.mapping import Mapping
from icsml.portfolio.typed_table import TypedTable
from icsml.records.dataset import Dataset, LabelCounts
from icsml.records.field import Kind
from icsml.records.fields import FIELD_BY_NAME
from icsml.records.finding import CheckFinding

__all__ = ["ImportFacts", "import_findings", "recheck"]

_REMADE = frozenset(CHECKS) - {"source_scale"}
"""Checks that a data set can be put to again; the findings of all others are kept, since nothing else shows them."""

_LEAST_ROWS = 5
_NO_LETTERS = r"[^\w]"
_TOTALS = ("合计", "小计", "总计", "累计", "制表", "备注", "total", "subtotal", "grandtotal", "sumtotal")
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class ImportFacts:
    """Facts of an import when its rows are chosen.

    Parameters
    ----------
    rows, refused : int
        Rows read and rows refused.
    defaults : int
        Bad rows that are kept.
    goods : int
        Good rows that are kept.
    labels : LabelCounts, optional
        How labels were read; None without labels.
    """

    rows: int
    refused: int
    defaults: int
    goods: int
    labels: LabelCounts | None


def import_findings(table: TypedTable, mapping: Mapping, facts: ImportFacts, config: CheckConfig) -> list[CheckFinding]:
    """Return the findings of the checks of an import, in a fixed order.

    Parameters
    ----------
    table : TypedTable
        The table, with what became of its cells.
    mapping : Mapping
        The mapping.
    facts : ImportFacts
        Counts of the rows.
    config : CheckConfig
        Levels and thresholds.
    """
    faults = [
        *_refused_rows(mapping, facts),
        *_no_defaults(facts),
        *_mostly_bad(facts, config),
        *_unreadable_values(table, config),
        *_mixed_units(table),
        *_date_order(table),
        *_total_row(table),
        *_identifier_words(table),
        *_table_rows(table, config),
        *_label_words(facts),
        *_good_with_event(facts),
        *_open_horizon(facts, config),
    ]
    levels = {check: config.level_of(check) for check, _ in faults}
    return [
        CheckFinding(id=check, level=level, found=sentence)
        for check, sentence in faults
        if (level := levels[check]) is not None
    ]


def recheck(dataset: Dataset, config: CheckConfig) -> list[CheckFinding]:
    """Return the present findings of a data set, with those of its import that cannot be repeated."""
    kept = [
        finding.model_copy(update={"level": level})
        for finding in dataset.meta.checks
        if finding.id not in _REMADE and (level := config.level_of(finding.id)) is not None
    ]
    return kept + check_dataset(dataset, config)


Sentences = Iterator[tuple[str, str]]


def _refused_rows(mapping: Mapping, facts: ImportFacts) -> Sentences:
    share = facts.refused / facts.rows
    if share > mapping.max_refused:
        yield (
            "refused_rows",
            f"{facts.refused:,} of {facts.rows:,} rows ({share:.1%}) are refused, more than max_refused allows"
            f" ({mapping.max_refused:.1%}): what is kept may not stand for the whole",
        )


def _no_defaults(facts: ImportFacts) -> Sentences:
    if facts.labels is not None and not facts.defaults:
        lost = facts.labels.defaults_refused
        after = facts.labels.after_horizon
        yield "no_defaults", f"no default is left: {lost:,} stood in refused rows, {after:,} came after the horizon"


def _mostly_bad(facts: ImportFacts, config: CheckConfig) -> Sentences:
    labelled = facts.defaults + facts.goods
    if labelled and facts.defaults > config.mostly_bad.max_share * labelled:
        yield (
            "mostly_bad",
            f"{facts.defaults:,} of {labelled:,} labelled rows ({facts.defaults / labelled:.1%}) are bad: do the"
            " values of outcome.positive mean bad?",
        )


def _unreadable_values(table: TypedTable, config: CheckConfig) -> Sentences:
    for name, converted in table.converted.items():
        cells = converted.cells
        present = cells.values + cells.unreadable
        if present and cells.unreadable / present > config.unreadable_values.max_share:
            share = cells.unreadable / present
            yield (
                "unreadable_values",
                f"{cells.unreadable:,} of {present:,} values of {name} ({share:.1%}) could not be read and became"
                " missing",
            )


def _mixed_units(table: TypedTable) -> Sentences:
    for name, converted in table.converted.items():
        if converted.units and converted.bare:
            yield (
                "mixed_units",
                f"{converted.units:,} values of {name} name a unit of their own (%, 万, 亿), {converted.bare:,} do not:"
                " are the others in the same unit once read?",
            )


def _date_order(table: TypedTable) -> Sentences:
    for name in table.unsettled:
        yield (
            "date_order",
            f"no date of {name} has a day above 12, so the column does not settle which number is the day and which the"
            " month: compare one date with its source",
        )


def _total_row(table: TypedTable) -> Sentences:
    """Report a row that equals the sum of all others in two columns: a line of totals that passes for a firm."""
    amounts = [
        values
        for name, values in table.columns.items()
        if (field := FIELD_BY_NAME.get(name)) is not None and field.numeric and field.kind is not Kind.FLAG
    ]
    if len(table.columns["enterprise_id"]) < _LEAST_ROWS:
        return
    hits = np.zeros(len(table.columns["enterprise_id"]), dtype=np.int64)
    for values in amounts:
        hits += _is_sum_of_others(values)
    rows = np.flatnonzero(hits >= 2)
    if len(rows):
        at = ", ".join(table.source.locate(rows[:3].tolist()))
        yield "total_row", f"{at} equals the sum of all other rows in {int(hits.max())} columns: a total, no firm?"


def _identifier_words(table: TypedTable) -> Sentences:
    """Report identifiers that name nobody: a total, a footer, a word for "not known"."""
    known = pd.Series(table.columns["enterprise_id"], dtype="str").dropna()
    words = known.str.replace(_NO_LETTERS, "", regex=True).str.casefold()
    odd = known[words.str.startswith(_TOTALS) | known.str.casefold().isin(UNSEEN | MISSING)]
    if len(odd):
        listed = ", ".join(f"{word!r} {count:,}" for word, count in odd.value_counts().head(5).items())
        yield (
            "identifier_words",
            f"identifiers that name no enterprise: {listed}; skip these rows or list the word as missing",
        )


def _table_rows(table: TypedTable, config: CheckConfig) -> Sentences:
    for name, report in table.tables.items():
        most = config.table_rows.max_share * report.invoices
        if report.strangers > most:
            yield (
                "table_rows",
                f"{report.strangers:,} of {report.invoices:,} rows of {name} belong to no firm of the main table:"
                " are the identifiers written alike?",
            )
        if report.incomplete > most:
            yield (
                "table_rows",
                f"{report.incomplete:,} of {report.invoices:,} rows of {name} have no readable date or amount and"
                " do not count",
            )
        if report.status and not report.void:
            yield (
                "table_rows",
                f"no status of {name} is among those that mean void: compare tables.{name}.void with the column",
            )


def _is_sum_of_others(values: Floats) -> Flags:
    known = np.nan_to_num(values)
    total = float(known.sum())
    if not np.isfinite(total) or int((known != 0).sum()) < _LEAST_ROWS:
        return np.zeros(len(values), dtype=bool)
    flags: Flags = np.abs(2 * known - total) <= _CLOSE * abs(total)
    return flags


def _label_words(facts: ImportFacts) -> Sentences:
    if facts.labels is None:
        return
    doubtful = {word: rows for word, rows in facts.labels.negative.items() if word.casefold() in UNSEEN}
    if doubtful:
        listed = ", ".join(f"{word!r} {rows:,}" for word, rows in doubtful.items())
        yield (
            "label_words",
            f"labels read as good look like outcomes never seen: {listed}; list them under outcome.unknown",
        )


def _good_with_event(facts: ImportFacts) -> Sentences:
    if facts.labels is not None and facts.labels.good_with_event:
        yield (
            "good_with_event",
            f"{facts.labels.good_with_event:,} rows are labelled good and have an event date within the horizon: is the"
            " label or the date wrong, or is it the date of another event?",
        )


def _open_horizon(facts: ImportFacts, config: CheckConfig) -> Sentences:
    if facts.labels is None or not facts.goods:
        return
    share = facts.labels.open_horizon / facts.goods
    if share > config.open_horizon.max_share:
        yield (
            "open_horizon",
            f"the horizon of {facts.labels.open_horizon:,} of {facts.goods:,} good rows ({share:.1%}) has not ended:"
            " they may still default, so they are not known to be good",
        )
