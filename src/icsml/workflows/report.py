"""The auditor's report: assess every row of a data set, collect the figures, check that they add up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Final

import numpy as np

from icsml.core.arrays import Array, Floats, Indices
from icsml.core.canonical import sha256_hex
from icsml.core.files import check_target
from icsml.core.progress import Progress, silent
from icsml.core.sampling import sampled_rows
from icsml.decision.assess import ExplainedAssessment, assess
from icsml.decision.reasons import reference
from icsml.errors import InputError
from icsml.model.bundle import Bundle, certificates
from icsml.records.columns import Columns, take, to_columns
from icsml.records.dataset import Dataset
from icsml.reports.model_card import bundle_card_facts
from icsml.reports.model_page import model_page
from icsml.reports.page import write
from icsml.reports.report_facts import (
    IndicatorFigures,
    InnovationFigures,
    Origin,
    PdFigures,
    ReportFacts,
)
from icsml.reports.stability_figures import StabilityFigures
from icsml.reports.validation_figures import TRAINED, Evidence, Firms
from icsml.validation.summary import METRIC_LABELS
from icsml.workflows.accumulators import Accumulators
from icsml.workflows.report_checks import check_alone, check_directions, check_trees
from icsml.workflows.report_evidence import (
    Relation,
    Usage,
    bands,
    gain,
    labels,
    makes,
    rows_of_value,
    sample_figures,
    training_figures,
    usage,
    variables,
)
from icsml.workflows.report_samples import (
    contradiction_figures,
    examples,
    strongest_interactions,
    thresholds_of_features,
)

__all__ = ["WrittenReport", "report_facts", "write_report"]


_CHUNK: Final = 8_192
_DOTS: Final = 2_000
_LOOKED_UP: Final = 50_000
_QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report that was written: its size and hash, the rows assessed, and the ids of checks that did not pass."""

    bytes: int
    sha256: str
    rows: int
    failed: list[str]


def write_report(
    bundle: Bundle,
    dataset: Dataset,
    target: Path,
    lang: str,
    *,
    version: str | None = None,
    run_id: str | None = None,
    rows: int | None = None,
    stability: StabilityFigures | None = None,
    progress: Progress = silent,
) -> WrittenReport:
    """Write the auditor's report of a model on a data set.

    Parameters
    ----------
    bundle : Bundle
        The model.
    dataset : Dataset
        Whose rows are assessed.
    target : Path
        The page; it appears whole or not at all.
    lang : str
        Its language.
    version, run_id : str, optional
        The register's version of the model, and the run that made it.
    rows : int, optional
        Assess so many of the rows, drawn by a fixed seed; all by default.
    stability : StabilityFigures, optional
        How far reasons move, measured before.
    progress : callable
        Told how far it is.

    Raises
    ------
    InputError
        If the target cannot become a file, the data set has no rows or not the model's features, or the stability is
        of other bundles.
    """
    check_target(target)
    facts = report_facts(
        bundle, dataset, version=version, run_id=run_id, rows=rows, stability=stability, progress=progress
    )
    progress("drawing")
    page = model_page(facts, lang)
    write(target, page)
    content = page.encode()
    failed = [check.id for check in facts.checks if not check.passed]
    return WrittenReport(len(content), sha256_hex(content), facts.origin.rows, failed)


def report_facts(
    bundle: Bundle,
    dataset: Dataset,
    *,
    version: str | None = None,
    run_id: str | None = None,
    rows: int | None = None,
    interactions: bool = True,
    stability: StabilityFigures | None = None,
    progress: Progress = silent,
) -> ReportFacts:
    """Assess the rows and return the content of the report.

    Parameters
    ----------
    bundle, dataset, version, run_id, rows, stability, progress
        As for :func:`write_report`.
    interactions : bool
        Whether to compute interactions, which takes seconds.

    Raises
    ------
    InputError
        ``ICS-RPT-001`` if the data set has no rows, ``ICS-RPT-002`` if it has not the model's extra features,
        ``ICS-RPT-004`` if the stability is of other bundles, or of retrains on another data set.
    """
    if stability is not None:
        stability.require_of(bundle.sha256, bundle.training.get("dataset"))
    selected = _rows(bundle, dataset, rows)
    totals = _accumulated(selected, progress)
    sample = totals.sample()
    pairs = None
    if interactions and len(sample.values):
        progress("interactions")
        pairs = strongest_interactions(bundle, sample)
    return ReportFacts(
        origin=_origin(selected, version),
        features=bundle.features,
        sizes=totals.size / selected.count,
        missing=totals.missing / selected.count,
        groups=totals.by_group(selected.count),
        certificates=(proofs := certificates(bundle)),
        contradictions=contradiction_figures(bundle, sample),
        stability=stability,
        adverse_most=bundle.catalogue.adverse_reasons,
        pd=_pd_figures(bundle, totals),
        sample=sample,
        interactions=pairs,
        thresholds=thresholds_of_features(bundle, take(selected.columns, totals.sampled)),
        examples=examples(bundle, selected.columns, totals.pd, selected.usage),
        segments=totals.segments(),
        innovation=_innovation(bundle, totals, selected.count),
        stages=bundle.rulebook.stage_labels if bundle.rulebook else {},
        metrics=METRIC_LABELS,
        checks=(
            *totals.checks(),
            check_alone(bundle, selected.columns, totals),
            check_trees(bundle, totals),
            *check_directions(proofs),
        ),
        card=bundle.card,
        card_facts=bundle_card_facts(bundle),
        proposes=bundle.levers is not None and bundle.rulebook is not None,
        evidence=_evidence(selected, totals, run_id),
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows that are assessed, and how training used them and all others of their data set."""

    bundle: Bundle
    dataset: Dataset
    columns: Columns
    relation: Relation
    usage_of_all: Usage
    usage: Usage
    bad: Floats

    @property
    def count(self) -> int:
        return len(self.bad)


def _rows(bundle: Bundle, dataset: Dataset, most: int | None) -> _Rows:
    indices = _indices(bundle, dataset, most)
    columns = to_columns(dataset.enterprises.iloc[indices], bundle.extras)
    relation, usage_of_all = usage(bundle, dataset)
    return _Rows(bundle, dataset, columns, relation, usage_of_all, usage_of_all[indices], labels(dataset)[indices])


def _accumulated(rows: _Rows, progress: Progress) -> Accumulators:
    totals = Accumulators(rows.bundle, sampled_rows(rows.count, _DOTS), rows_of_value(rows.bad, rows.usage))
    for first, assessment, chunk in _assessed(rows.bundle, rows.columns):
        totals.add(first, assessment, chunk)
        progress(f"assessed {min(first + _CHUNK, rows.count):,} of {rows.count:,} rows")
    return totals


def _evidence(rows: _Rows, totals: Accumulators, run_id: str | None) -> Evidence:
    bundle, bad, used = rows.bundle, rows.bad, rows.usage
    return Evidence(
        gain=gain(bundle, totals.pd, totals.pd_without, bad, used, _enterprises(rows)),
        sample=sample_figures(bundle, rows.dataset, rows.relation, rows.usage_of_all),
        bands=bands(bundle, totals.pd, bad, used),
        variables=variables(np.concatenate(totals.value_chunks), bad[totals.valued], totals.drawn_values),
        iv_rows=len(totals.valued),
        correlation_rows=len(totals.drawn_values),
        makes=makes(bundle),
        figures=training_figures(bundle),
        seed=bundle.training.get("seed"),
        run_id=run_id,
        fallback=int(totals.fallback.sum()),
        trained_rows=int((used == TRAINED).sum()),
        firms=_firms(rows, totals),
    )


def _indices(bundle: Bundle, dataset: Dataset, rows: int | None) -> Indices:
    """Return the indices of the rows to assess, in order."""
    frame = dataset.enterprises
    absent = [extra.column for extra in bundle.extras if extra.column not in frame]
    if absent:
        raise InputError(
            "ICS-RPT-002",
            "this model reads it and the data set does not hold it",
            field=absent[0],
            remedy="give the data set that the model was trained on, or one made by the same mapping",
        )
    if not len(frame) or rows == 0:
        raise InputError("ICS-RPT-001", "holds no rows", field=dataset.meta.name, remedy="give rows to assess")
    return sampled_rows(len(frame), len(frame) if rows is None else rows)


def _enterprises(rows: _Rows) -> Array | None:
    """Return what rows belong together by, None where rows have no identity that recurs."""
    return np.asarray(rows.columns["enterprise_id"], dtype=str) if rows.dataset.meta.grouped else None


def _firms(rows: _Rows, totals: Accumulators) -> Firms:
    """Return the rows that can be looked up: all, or of very many those drawn by a fixed seed."""
    kept = sampled_rows(rows.count, _LOOKED_UP)
    days = np.asarray(rows.columns["as_of"])[kept].astype("datetime64[D]")
    return Firms(
        ids=tuple(str(identifier) for identifier in np.asarray(rows.columns["enterprise_id"])[kept]),
        as_of=tuple("" if np.isnat(day) else str(day) for day in days),
        pd=totals.pd[kept],
        score=np.concatenate(totals.score_chunks)[kept],
        without=None if totals.pd_without is None else totals.pd_without[kept],
        grade=np.concatenate(totals.grade_chunks)[kept],
        usage=rows.usage[kept],
        bad=rows.bad[kept],
        fallback=totals.fallback[kept],
        adverse=np.concatenate(totals.adverse_chunks)[kept],
    )


def _assessed(bundle: Bundle, columns: Columns) -> Iterator[tuple[int, ExplainedAssessment, Columns]]:
    for first in range(0, len(columns["enterprise_id"]), _CHUNK):
        chunk = {name: values[first : first + _CHUNK] for name, values in columns.items()}
        yield first, assess(bundle, chunk, first_row=first), chunk


def _origin(rows: _Rows, version: str | None) -> Origin:
    bundle, dataset = rows.bundle, rows.dataset
    meta, rulebook = dataset.meta, bundle.rulebook
    hashes = {"bundle": bundle.sha256, "data": dataset.digest}
    if rulebook is not None:
        hashes["rulebook"] = rulebook.sha256
        if rulebook.peer_tables is not None:
            hashes["peers"] = rulebook.peer_tables.sha256
    if bundle.reference is not None:
        hashes["reference"] = bundle.reference.sha256
    return Origin(
        name=bundle.name,
        version=version,
        event=bundle.event,
        horizon_months=bundle.horizon_months,
        synthetic_model=bundle.synthetic,
        synthetic_data=meta.synthetic,
        dataset=meta.name,
        source=meta.source,
        licence=meta.licence,
        rows=rows.count,
        rows_held=len(dataset.enterprises),
        rulebook=(rulebook.id, str(rulebook.provenance)) if rulebook else None,
        reference=reference(bundle),
        hashes=hashes,
        bundle_code=bundle.code_version,
        code=package_version("icsml"),
    )


def _pd_figures(bundle: Bundle, totals: Accumulators) -> PdFigures:
    pds = totals.pd
    grades: list[tuple[str | None, int]] = [(grade.id, totals.grade_counts[grade.id]) for grade in bundle.scale.grades]
    if totals.grade_counts[None]:
        grades.append((None, totals.grade_counts[None]))
    known = tuple(grades) if any(count for _, count in grades) else ()
    return PdFigures(float(pds.mean()), known)


def _innovation(bundle: Bundle, totals: Accumulators, count: int) -> InnovationFigures | None:
    if not totals.innovation_chunks:
        return None
    log_odds, without = np.concatenate(totals.innovation_chunks), np.concatenate(totals.pd_without_chunks)
    everybody = totals.groups["all"]["all"]
    changes = [int(firms) for firms in totals.grade_changes] if totals.grade_changes.sum() else [None] * 3
    return InnovationFigures(
        share=everybody.innovative / everybody.size if everybody.size else 0.0,
        quantiles=tuple(zip(_QUANTILES, np.quantile(log_odds, _QUANTILES).tolist(), strict=True)),
        pd_mean=float(totals.pd.mean()),
        pd_mean_without=float(without.mean()),
        better=changes[0],
        same=changes[1],
        worse=changes[2],
        fallback=int(totals.fallback.sum()),
        evidence=bundle.innovation_evidence,
        indicators=_indicators(bundle, totals, count),
    )


def _indicators(bundle: Bundle, totals: Accumulators, count: int) -> tuple[IndicatorFigures, ...]:
    if bundle.rulebook is None:
        return ()
    return tuple(
        IndicatorFigures(
            indicator.label,
            str(indicator.domain),
            points / count,
            most / count,
            missing / count,
            str(indicator.weakest_provenance),
        )
        for indicator in bundle.rulebook.indicators
        for points, most, missing in [totals.indicators[indicator.id].tolist()]
    )
