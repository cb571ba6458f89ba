"""The auditor's report: assess every row of a data set, keep what the page says, check that it adds up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from icsml.core.arrays import Floats
from icsml.core.canonical import sha256_hex
from icsml.core.files import check_target
from icsml.core.progress import Progress, silent
from icsml.decision.assess import ExplainedAssessment, assess
from icsml.decision.decide import DEFAULT_REASONS
from icsml.decision.reasons import row_reasons
from icsml.errors import InputError
from icsml.explain.contradiction import contradictions
from icsml.innovation.rulebooks.decimals import number_text
from icsml.innovation.rulebooks.indicators import Indicator, Option
from icsml.innovation.rulebooks.points_thresholds import thresholds
from icsml.model.bundle import Bundle, certificates
from icsml.model.certificate import Certificate
from icsml.model.scorer import Scorer
from icsml.records.columns import Columns, take, to_columns
from icsml.records.dataset import Dataset
from icsml.reports.interactions import affordable_rows, interaction_values
from icsml.reports.model_card import card_facts
from icsml.reports.report_findings import (
    Check,
    ContradictionFigures,
    Example,
    Findings,
    IndicatorFigures,
    InnovationFigures,
    Interactions,
    Origin,
    Pair,
    PdFigures,
    Sample,
    Thresholds,
)
from icsml.reports.stability_figures import StabilityFigures
from icsml.reports.validation_figures import TRAINED, Evidence, Firms
from icsml.workflows.accumulators import Accumulators
from icsml.workflows.report_evidence import (
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

__all__ = ["find", "write_report"]


_CHUNK: Final = 8_192
_DOTS: Final = 2_000
_ALONE: Final = 64
_PAIRS: Final = 8
_SEED: Final = 0
_LOOKED_UP: Final = 50_000
_TOLD: Final = 3
_CONTRADICTING: Final = 500
_ROLES: Final = (("good", 0.05), ("middling", 0.5), ("poor", 0.99))
_QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)


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
) -> dict[str, Any]:
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
        How far reasons move, found before.
    progress : callable
        Told how far it is.

    Returns
    -------
    dict
        ``bytes``, ``sha256``, ``rows`` and ``failed``, the ids of checks that did not pass.

    Raises
    ------
    InputError
        If the target cannot become a file, the data set has no rows or not the model's features, or the stability is
        of other bundles.
    """
    from icsml.reports.model_page import model_page
    from icsml.reports.page import write

    check_target(target)
    found = find(bundle, dataset, version=version, run_id=run_id, rows=rows, stability=stability, progress=progress)
    progress("drawing")
    page = model_page(found, lang)
    write(target, page)
    content = page.encode()
    failed = [check.id for check in found.checks if not check.passed]
    return {"bytes": len(content), "sha256": sha256_hex(content), "rows": found.origin.rows, "failed": failed}


def find(
    bundle: Bundle,
    dataset: Dataset,
    *,
    version: str | None = None,
    run_id: str | None = None,
    rows: int | None = None,
    interactions: bool = True,
    stability: StabilityFigures | None = None,
    progress: Progress = silent,
) -> Findings:
    """Assess the rows and return what the report says of them.

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
    places = _places(bundle, dataset, rows)
    columns = to_columns(dataset.enterprises.iloc[places], bundle.extras)
    relation, used_of_all = usage(bundle, dataset)
    used, bad = used_of_all[places], labels(dataset)[places]
    count = len(places)
    valued = rows_of_value(bad, used)
    sums = Accumulators(bundle, _drawn(count, _DOTS), valued)
    for first, assessment, chunk in _assessed(bundle, columns):
        sums.add(first, assessment, chunk)
        progress(f"assessed {min(first + _CHUNK, count):,} of {count:,} rows")
    sample = sums.sample()
    pairs = None
    if interactions and len(sample.values):
        progress("interactions")
        pairs = _interactions(bundle, sample)
    chosen = _chosen(bundle, columns, np.concatenate(sums.pd), used)
    proved = certificates(bundle)
    return Findings(
        origin=_origin(bundle, dataset, version, count, _reference(bundle, columns)),
        features=bundle.features,
        sizes=sums.size / count,
        missing=sums.missing / count,
        groups=sums.by_group(count),
        certificates=proved,
        contradictions=_contradictions(bundle, sample),
        stability=stability,
        adverse_most=bundle.catalogue.adverse_reasons,
        pd=_pd_figures(bundle, sums),
        sample=sample,
        interactions=pairs,
        thresholds=_marks(bundle, take(columns, sums.wanted), sample),
        examples=chosen,
        segments=sums.segments(),
        innovation=_innovation(bundle, sums, count),
        stages=bundle.rulebook.stage_labels if bundle.rulebook else {},
        checks=(
            *sums.checks(),
            _alone(bundle, columns, sums),
            _of_the_trees(bundle, sums),
            *_directions(proved),
        ),
        card=bundle.card,
        card_facts=card_facts(bundle),
        overrides={each.feature: each for each in bundle.model.encoder.overrides},
        proposes=bundle.levers is not None and bundle.rulebook is not None,
        evidence=Evidence(
            gain=gain(bundle, np.concatenate(sums.pd), sums.without, bad, used, _groups(dataset, columns)),
            sample=sample_figures(bundle, dataset, relation, used_of_all),
            bands=bands(bundle, np.concatenate(sums.pd), bad, used),
            variables=variables(np.concatenate(sums.values), bad[valued], sums.drawn_values),
            iv_rows=len(valued),
            correlation_rows=len(sums.drawn_values),
            makes=makes(bundle),
            figures=training_figures(bundle),
            seed=bundle.training.get("seed"),
            run_id=run_id,
            fallback=int(np.concatenate(sums.fallback).sum()),
            trained_rows=int((used == TRAINED).sum()),
            firms=_firms(columns, sums, bad, used),
        ),
    )


def _places(bundle: Bundle, dataset: Dataset, rows: int | None) -> NDArray[np.intp]:
    """Return the places of the rows to assess, in order."""
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
    return _drawn(len(frame), len(frame) if rows is None else rows)


def _groups(dataset: Dataset, columns: Columns) -> NDArray[Any] | None:
    """Return what rows belong together by, None where rows have no identity that recurs."""
    return np.asarray(columns["enterprise_id"], dtype=str) if dataset.meta.grouped else None


def _firms(columns: Columns, sums: Accumulators, bad: Floats, used: NDArray[np.int8]) -> Firms:
    """Return the rows that can be looked up: all, or of very many those drawn by a fixed seed."""
    kept = _drawn(len(bad), _LOOKED_UP)
    days = np.asarray(columns["as_of"])[kept].astype("datetime64[D]")
    return Firms(
        ids=tuple(str(each) for each in np.asarray(columns["enterprise_id"])[kept]),
        as_of=tuple("" if np.isnat(day) else str(day) for day in days),
        pd=np.concatenate(sums.pd)[kept],
        score=np.concatenate(sums.scores)[kept],
        without=None if sums.without is None else sums.without[kept],
        grade=np.concatenate(sums.graded_as)[kept],
        usage=used[kept],
        bad=bad[kept],
        fallback=np.concatenate(sums.fallback)[kept],
        adverse=np.concatenate(sums.adverse)[kept],
    )


def _drawn(count: int, most: int) -> NDArray[np.intp]:
    """Return the places of at most so many rows, drawn by a fixed seed, in order."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(_SEED).choice(count, most, replace=False))


def _assessed(bundle: Bundle, columns: Columns) -> Iterator[tuple[int, ExplainedAssessment, Columns]]:
    for first in range(0, len(columns["enterprise_id"]), _CHUNK):
        chunk = {name: values[first : first + _CHUNK] for name, values in columns.items()}
        yield first, assess(bundle, chunk, first_row=first), chunk


def _reference(bundle: Bundle, columns: Columns) -> dict[str, Any]:
    """Return the ``reference`` object of the model's decisions."""
    one = assess(bundle, take(columns, np.array([0])))
    found: dict[str, Any] = row_reasons(bundle, one, 0, 0).reference.model_dump(mode="json")
    return found


def _origin(bundle: Bundle, dataset: Dataset, version: str | None, rows: int, reference: dict[str, Any]) -> Origin:
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
        rows=rows,
        rows_held=len(dataset.enterprises),
        rulebook=(rulebook.id, str(rulebook.provenance)) if rulebook else None,
        reference=reference,
        hashes=hashes,
        bundle_code=bundle.code_version,
        code=package_version("icsml"),
    )


def _pd_figures(bundle: Bundle, sums: Accumulators) -> PdFigures:
    pds = np.concatenate(sums.pd)
    grades = [(grade.id, sums.grades[grade.id]) for grade in bundle.scale.grades]
    if sums.grades[None]:
        grades.append(("–", sums.grades[None]))  # too short of facts for a grade
    known = tuple(grades) if any(count for _, count in grades) else ()
    return PdFigures(float(pds.mean()), known)


def _innovation(bundle: Bundle, sums: Accumulators, count: int) -> InnovationFigures | None:
    if not sums.innovation:
        return None
    own, without = np.concatenate(sums.innovation), np.concatenate(sums.pd_without)
    everybody = sums.groups["all"]["all"]
    moves = [int(each) for each in sums.moves] if sums.moves.sum() else [None] * 3
    return InnovationFigures(
        share=everybody.innovative / everybody.size if everybody.size else 0.0,
        quantiles=tuple(zip(_QUANTILES, np.quantile(own, _QUANTILES).tolist(), strict=True)),
        pd_mean=float(np.concatenate(sums.pd).mean()),
        pd_mean_without=float(without.mean()),
        better=moves[0],
        same=moves[1],
        worse=moves[2],
        fallback=int(np.concatenate(sums.fallback).sum()),
        evidence=bundle.innovation_evidence,
        indicators=_indicators(bundle, sums, count),
    )


def _indicators(bundle: Bundle, sums: Accumulators, count: int) -> tuple[IndicatorFigures, ...]:
    if bundle.rulebook is None:
        return ()
    return tuple(
        IndicatorFigures(
            each.label, str(each.domain), points / count, most / count, missing / count, str(each.weakest_provenance)
        )
        for each in bundle.rulebook.indicators
        for points, most, missing in [sums.indicators[each.id].tolist()]
    )


def _interactions(bundle: Bundle, sample: Sample) -> Interactions:
    """Return the strongest pairs; of rows with a value missing that training never saw missing, shap knows nothing."""
    names = [feature.name for feature in bundle.features]
    strange = np.isnan(sample.values[:, [names.index(name) for name in bundle.never_missing]]).any(axis=1)
    usable = sample.values[~strange]
    values = usable[_drawn(len(usable), affordable_rows(bundle.model.booster))]
    if not len(values):
        return Interactions(values, (), 0.0)
    found = interaction_values(bundle.model.booster, values, bundle.model.calibration.slope)
    sizes = np.abs(found).mean(axis=0)
    first, second = np.triu_indices(len(names), 1)
    between = 2.0 * sizes[first, second]
    strongest = [place for place in np.argsort(-between, kind="stable")[:_PAIRS] if between[place] > 0.0]
    pairs = tuple(
        Pair(int(first[i]), int(second[i]), float(between[i]), 2.0 * found[:, first[i], second[i]]) for i in strongest
    )
    alone, whole = float(np.trace(sizes)), float(sizes.sum())
    return Interactions(values, pairs, alone / whole if whole else 0.0)


def _chosen(bundle: Bundle, columns: Columns, pds: Floats, used: NDArray[np.int8]) -> tuple[Example, ...]:
    """Return a good, a middling and a poor risk, each assessed alone."""
    order = np.argsort(pds, kind="stable")
    rows = [(role, int(order[int(at * (len(order) - 1))])) for role, at in _ROLES]
    return tuple(_decision(bundle, columns, role, row, int(used[row])) for role, row in rows)


def _decision(bundle: Bundle, columns: Columns, role: str, row: int, used: int) -> Example:
    one = take(columns, np.array([row]))
    found = assess(bundle, one, first_row=row)
    explanation = found.explanation
    as_of = one["as_of"][0]
    return Example(
        role=role,
        enterprise_id=str(one["enterprise_id"][0]),
        as_of=None if np.isnat(as_of) else str(as_of),
        usage=used,
        fallback=bool(found.fallback[0]),
        pd=float(found.pd[0]),
        grade=found.grade[0],
        score=int(found.score[0]),
        base=float(explanation.terms.base[0]),
        base_points=int(explanation.base_points[0]),
        log_odds=explanation.terms.log_odds[0],
        values=found.features[0],
        points=explanation.points[0],
        reasons=tuple(each.text for each in row_reasons(bundle, found, 0, _TOLD).reasons),
    )


def _marks(bundle: Bundle, columns: Columns, sample: Sample) -> tuple[Thresholds, ...]:
    """Return the rulebook's thresholds for every feature that measures what one of its indicators does."""
    if bundle.rulebook is None:
        return ()
    features = assess(bundle, columns, explained=False).features
    ways = [(indicator, option) for indicator in bundle.rulebook.indicators for option in indicator.options]
    found = []
    for place, feature in enumerate(bundle.features):
        for indicator, option in ways:
            if set(option.value.fields) == set(feature.inputs):
                factor = _factor(features[:, place], option.value.compute(columns))
                if factor is not None:
                    found += _mark(place, indicator, option, factor)
    return tuple(found)


def _factor(feature: Floats, indicator: Floats) -> float | None:
    """Return by how much a feature is larger than an indicator in every row; None where they measure something else."""
    both = np.isfinite(feature) & np.isfinite(indicator)
    apart = both & (indicator != 0.0)
    if not apart.any():
        return None
    factor = float(np.median(feature[apart] / indicator[apart]))
    same = np.abs(feature[both] - factor * indicator[both]) <= 1e-9 * np.abs(feature[both])
    return factor if factor > 0.0 and same.all() else None


def _mark(place: int, indicator: Indicator, option: Option, factor: float) -> list[Thresholds]:
    ends = thresholds(option.points)
    at = tuple((factor * float(end), number_text(end, percent=option.percent).replace(" %", "%")) for end in ends)
    return [Thresholds(place, indicator.label, str(indicator.weakest_provenance), at)] if at else []


def _alone(bundle: Bundle, columns: Columns, sums: Accumulators) -> Check:
    """Compare rows assessed alone with the same rows in their chunk, bit for bit."""
    asked = [sums.alone[place] for place in _drawn(len(sums.alone), _ALONE)]
    failed = 0
    for row, pd_in_chunk, terms_in_chunk in asked:
        found = assess(bundle, take(columns, np.array([row])), first_row=row)
        same = float(found.pd[0]) == pd_in_chunk and found.explanation.terms.log_odds[0].tobytes() == terms_in_chunk
        failed += not same
    return Check("one_is_batch", len(asked), failed)


def _of_the_trees(bundle: Bundle, sums: Accumulators) -> Check:
    """Compare the log-odds that came with the reasons with what LightGBM itself says of the same rows, bit for bit."""
    features, fallback, log_odds, totals = (np.concatenate(each) for each in zip(*sums.told, strict=True))
    said = np.full(len(features), np.nan)
    said[~fallback] = _said(bundle.model, features[~fallback])
    if bundle.companion is not None:
        own = np.ascontiguousarray(features[fallback][:, bundle.companion_columns])
        said[fallback] = _said(bundle.companion, own)
    return Check("pd_is_of_the_trees", len(said), int(((said != log_odds) | (said != totals)).sum()))


def _said(scorer: Scorer, features: Floats) -> Floats:
    """Return LightGBM's own raw score, calibrated; through no code of ours."""
    if not len(features):
        return np.empty(0)
    raw = np.asarray(scorer.booster.predict(features, raw_score=True), dtype=np.float64)
    return scorer.calibration.slope * raw + scorer.calibration.intercept


def _directions(proved: Mapping[str, Certificate]) -> list[Check]:
    """Return the check of declared directions, by pairs of leaves; none where no direction is declared."""
    pairs = sum(each.pairs for each in proved.values())
    broken = sum(proof.violations for each in proved.values() for proof in each.features)
    return [Check("directions_proved", pairs, broken)] if pairs else []


def _contradictions(bundle: Bundle, sample: Sample) -> ContradictionFigures | None:
    if bundle.reference is None or not len(sample.values):
        return None
    rows = _drawn(len(sample.values), _CONTRADICTING)
    found = contradictions(bundle, sample.values[rows], sample.log_odds[rows], DEFAULT_REASONS)
    names = [feature.name for feature in bundle.features]
    each = [(names.index(name), shown, found.contradicting[name]) for name, shown in found.shown.items() if shown]
    features = tuple(sorted(each, key=lambda one: (-one[2], one[0])))
    return ContradictionFigures(found.rows, DEFAULT_REASONS, found.rate, features)
