"""Warnings of a decision about its model, its data and its recourse; the record's own are in record_findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache, lru_cache
from math import isnan

import numpy as np

from icsml.core.arrays import Floats
from icsml.decision.missing_information import field_label
from icsml.decision.out_of_range import fields_out_of_range
from icsml.decision.record_findings import flagged_fields
from icsml.decision.required_information import Demand, demands
from icsml.decision.row import Row
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.validity import ages
from icsml.model.bundle import BundleParts
from icsml.records.decision import DecisionWarning
from icsml.recourse.jumps import jumped
from icsml.recourse.search import NoRecourse
from icsml.texts.catalogue import Part, joined, text, within
from icsml.texts.languages import languages
from icsml.texts.quantity import apart_from_bounds, range_text

__all__ = ["decision_warnings", "points_warnings", "recourse_warnings"]


def decision_warnings(record: Row, as_of: date | None, decided_on: date) -> list[DecisionWarning]:
    """Return the warnings of one row, those on the model first."""
    return [
        *record.bundle.derived(_on_model),
        *_on_rulebook(record.bundle, as_of, decided_on),
        *_on_record(record, as_of),
        *_on_unchecked_lists(record),
        *_on_information(record),
        *_on_date(as_of, decided_on),
        *_on_implausible_features(record),
        *_on_absent_features(record),
    ]


def points_warnings(
    rulebook: Rulebook, as_of: date | None, on: date, bundle: BundleParts | None = None
) -> list[DecisionWarning]:
    """Return the warnings on the points of a record alone, without a PD.

    Parameters
    ----------
    rulebook : Rulebook
        The rules.
    as_of : date, optional
        Date of the record.
    on : date
        Day on which the points are given.
    bundle : BundleParts, optional
        The model whose own rules they are; its training may have measured how much depends on assumed weights.
    """
    measured = bundle.training.get("points_robustness") if bundle is not None else None
    undated = [_fixed("UNDATED", "as_of")] if as_of is None else []
    return [
        *_assumed_points(rulebook, measured),
        *_on_time_in_force(rulebook, as_of),
        *_expired_points(rulebook, as_of, on),
        *undated,
        *_on_date(as_of, on),
    ]


def recourse_warnings(record: Row, reason: NoRecourse | None) -> list[DecisionWarning]:
    """Return a row's warnings on recourse: fields that jumped before the application, or why none is proposed.

    Parameters
    ----------
    record : Row
        The row.
    reason : NoRecourse, optional
        Why nothing is proposed.
    """
    warnings = list(_on_jumps(record))
    if reason is not None:
        warnings.append(_fixed("NO_RECOURSE", "recourse", reason))
    return warnings


def _warning(code: str, field: str | None, variant: str = "", /, **parts: Part) -> DecisionWarning:
    """Return a warning with the text of its code or of a variant, from section ``decision`` of configs/texts/*.yaml."""
    return DecisionWarning(code=code, field=field, text=text(f"decision.{code}.{variant}".removesuffix("."), **parts))


def _fixed(code: str, field: str, variant: str = "") -> DecisionWarning:
    """Return a warning whose text depends on no record."""
    return _in_all(code, field, variant, languages())


@cache
def _in_all(code: str, field: str, variant: str, spoken: tuple[str, ...]) -> DecisionWarning:
    return _warning(code, field, variant)


def _on_jumps(record: Row) -> Iterator[DecisionWarning]:
    bundle = record.bundle
    if bundle.levers is None or bundle.rulebook is None:
        return
    percentile = 100.0 * bundle.levers.policy.quantile
    for name, flags in jumped(bundle.levers, record.table).items():
        if flags[0] and name not in record.out_of_range:  # a change from or to such a value is not compared
            readers = [indicator.label for indicator in bundle.rulebook.indicators if name in indicator.fields]
            yield _warning(
                "JUMP_BEFORE_APPLICATION",
                name,
                "read" if readers else "unread",
                field=field_label(bundle, name),
                percentile=percentile,
                indicators=joined(readers, "comma"),
            )


def _on_model(bundle: BundleParts) -> list[DecisionWarning]:
    warnings = {
        ("SYNTHETIC_MODEL", "model.synthetic"): bundle.synthetic,
        ("NO_GRADE", "grade"): not bundle.scale.applies_to(bundle.event, bundle.horizon_months),
        ("NO_RULEBOOK", "innovation"): bundle.rulebook is None,
        ("NO_COMPANION", "pd_without_innovation"): bundle.companion is None,
    }
    return [_warning(code, field) for (code, field), given in warnings.items() if given]


def _on_rulebook(bundle: BundleParts, as_of: date | None, decided_on: date) -> Iterator[DecisionWarning]:
    if bundle.rulebook is None:
        return
    yield from bundle.derived(_on_assumed_points)
    yield from _on_time_in_force(bundle.rulebook, as_of)
    yield from bundle.derived(_on_expired_points)(as_of, decided_on)


def _on_time_in_force(rulebook: Rulebook, as_of: date | None) -> Iterator[DecisionWarning]:
    if as_of is not None and not rulebook.in_force.holds(as_of):
        yield _fixed("RULEBOOK_NOT_IN_FORCE", "innovation.rulebook")


def _on_expired_points(bundle: BundleParts) -> Callable[[date | None, date], list[DecisionWarning]]:
    @lru_cache(maxsize=1024)  # records of a bank share their dates
    def warnings(as_of: date | None, decided_on: date) -> list[DecisionWarning]:
        assert bundle.rulebook is not None  # noqa: S101 - without rules there are no points
        return _expired_points(bundle.rulebook, as_of, decided_on)

    return warnings


def _expired_points(rulebook: Rulebook, as_of: date | None, on: date) -> list[DecisionWarning]:
    age = ages(rulebook, np.array([as_of], dtype="datetime64[D]"), on)
    if not age.expired[0]:
        return []
    return [_warning("POINTS_EXPIRED", "innovation.valid_until", months=float(age.months[0]))]


def _on_assumed_points(bundle: BundleParts) -> list[DecisionWarning]:
    if bundle.rulebook is None:
        return []
    return _assumed_points(bundle.rulebook, bundle.training.get("points_robustness"))


def _assumed_points(rulebook: Rulebook, measured: Mapping[str, float] | None) -> list[DecisionWarning]:
    """Warn of assumed weights, and state how much depends on them where training measured it."""
    if rulebook.provenance != "assumed":
        return []
    code, field = "ASSUMED_POINTS", "innovation.score"
    if not measured:
        return [_warning(code, field, "unmeasured")]
    return [_warning(code, field, "measured", top_share=measured["top_share"], dependent=measured["depends"])]


def _on_information(record: Row) -> Iterator[DecisionWarning]:
    """Report the groups with too little information for a grade, and the fields to request."""
    for demand in demands(record.bundle):
        if record.is_insufficient(demand):
            yield _on_group(record.bundle, demand, record.lacks(demand))


def _on_group(bundle: BundleParts, demand: Demand, absent: list[str]) -> DecisionWarning:
    required = [field_label(bundle, name) for name in absent if name in demand.required]
    return _warning(
        "INSUFFICIENT_DATA",
        demand.group.id,
        "required" if required else "counted",
        group=demand.group.label,
        fields=len(demand.fields),
        present=len(demand.fields) - len(absent),
        least=demand.least,
        absent=joined([field_label(bundle, name) for name in absent], "fields"),
        required=joined(required, "fields"),
    )


def _on_record(record: Row, as_of: date | None) -> Iterator[DecisionWarning]:
    if as_of is None:
        yield _fixed("UNDATED", "as_of")
    if record.fallback:
        yield _fixed("INNOVATION_FEED_MISSING", "innovation_log_odds")
    for name, sentence in fields_out_of_range(record).items():
        yield DecisionWarning(code="OUT_OF_RANGE", field=name, text=sentence)


def _on_unchecked_lists(record: Row) -> Iterator[DecisionWarning]:
    """Report the exclusion lists that the record does not mention and a person would have to check."""
    absent = tuple(name for name in record.bundle.derived(flagged_fields) if isnan(record.number(name)))
    if absent:
        yield record.bundle.derived(_unchecked_lists)(absent)


def _unchecked_lists(bundle: BundleParts) -> Callable[[tuple[str, ...]], DecisionWarning]:
    @lru_cache(maxsize=64)  # most records of a bank lack the same ones
    def warning(absent: tuple[str, ...]) -> DecisionWarning:
        names = [within(field_label(bundle, name)) for name in absent]
        return _warning("LISTS_NOT_CHECKED", "refer", fields=joined(names, "fields"))

    return warning


def _on_date(as_of: date | None, decided_on: date) -> Iterator[DecisionWarning]:
    """Warn of a decision date in the future; one day is allowed for time zones east of UTC."""
    if as_of is not None and as_of > decided_on + timedelta(days=1):
        yield _fixed("FUTURE_DATE", "as_of")


def _on_implausible_features(record: Row) -> Iterator[DecisionWarning]:
    """Warn of a feature outside its plausible range, unless one of its inputs is already reported as out of range."""
    values, (low, high) = record.assessment.features[record.row], record.bundle.derived(_plausible)
    for index in ((values < low) | (values > high)).nonzero()[0]:
        feature, value = record.bundle.features[index], record.features[index]
        if not any(name in record.out_of_range for name in feature.inputs):
            yield _warning(
                "OUT_OF_RANGE",
                feature.name,
                "plausible",
                feature=feature.label,
                value=apart_from_bounds(value, feature.range, feature.unit),
                range=range_text(feature.range, feature.unit),
            )


def _plausible(bundle: BundleParts) -> tuple[Floats, Floats]:
    """Return the bounds of every feature's plausible range, shape (p,) each; infinite where there is none."""
    ranges = [feature.range for feature in bundle.features]
    low = np.array([-np.inf if low is None else low for low, _ in ranges])
    return low, np.array([np.inf if high is None else high for _, high in ranges])


def _on_absent_features(record: Row) -> Iterator[DecisionWarning]:
    """Warn of a value missing where training had none missing: LightGBM reads it as zero."""
    for index in record.bundle.derived(_never_missing):
        feature = record.bundle.features[index]
        unread = record.fallback and feature.domain == "innovation"  # the companion does not read it
        if isnan(record.features[index]) and not unread:
            yield _warning("NEVER_MISSING_IN_TRAINING", feature.name, feature=feature.label)


def _never_missing(bundle: BundleParts) -> list[int]:
    return [index for index, feature in enumerate(bundle.features) if feature.name in set(bundle.never_missing)]
