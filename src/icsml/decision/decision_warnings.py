"""Warnings of a decision about its model, its data and its recourse; the record's own are in record_findings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from icsml.decision.assess import Assessment
from icsml.decision.missing_information import field_label
from icsml.decision.out_of_range import beyond, fields_out_of_range
from icsml.decision.required_information import Demand, demands
from icsml.innovation.scoring.validity import ages
from icsml.model.bundle import BundleParts
from icsml.records.decision import DecisionWarning
from icsml.records.fields import FIELDS
from icsml.recourse.jumps import jumped
from icsml.recourse.search import NoRecourse
from icsml.texts.catalogue import Part, joined, text, within
from icsml.texts.quantity import apart_from_bounds, range_text

__all__ = ["decision_warnings", "recourse_warnings"]


def decision_warnings(
    bundle: BundleParts, assessment: Assessment, row: int, as_of: date | None, decided_on: date
) -> list[DecisionWarning]:
    """Return the warnings of one row, those on the model first."""
    return [
        *_on_model(bundle),
        *_on_rulebook(bundle, as_of, decided_on),
        *_on_record(bundle, assessment, row, as_of),
        *_on_unchecked_lists(bundle, assessment, row),
        *_on_information(bundle, assessment, row),
        *_on_date(as_of, decided_on),
        *_on_implausible_features(bundle, assessment, row),
        *_on_absent_features(bundle, assessment, row),
    ]


def recourse_warnings(bundle: BundleParts, assessment: Assessment, reason: NoRecourse | None) -> list[DecisionWarning]:
    """Return a single row's warnings on recourse: fields that jumped before the application, or why none is proposed.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    assessment : Assessment
        Of one row.
    reason : NoRecourse, optional
        Why nothing is proposed.
    """
    warnings = list(_on_jumps(bundle, assessment))
    if reason is not None:
        warnings.append(_warning("NO_RECOURSE", "recourse", reason))
    return warnings


def _warning(code: str, field: str | None, variant: str = "", /, **parts: Part) -> DecisionWarning:
    """Return a warning with the text of its code or of a variant, from section ``decision`` of configs/texts/*.yaml."""
    return DecisionWarning(code=code, field=field, text=text(f"decision.{code}.{variant}".removesuffix("."), **parts))


def _on_jumps(bundle: BundleParts, assessment: Assessment) -> Iterator[DecisionWarning]:
    if bundle.levers is None or bundle.rulebook is None:
        return
    percentile = 100.0 * bundle.levers.policy.quantile
    out_of_range = assessment.screening.out_of_range_in(0)  # a change from or to such a value is not compared
    for name, flags in jumped(bundle.levers, assessment.screening.columns).items():
        if flags[0] and name not in out_of_range:
            readers = [indicator.label for indicator in bundle.rulebook.indicators if name in indicator.fields]
            yield _warning(
                "JUMP_BEFORE_APPLICATION",
                name,
                "read" if readers else "unread",
                field=field_label(bundle, name),
                percentile=percentile,
                indicators=joined(readers, "comma"),
            )


def _on_model(bundle: BundleParts) -> Iterator[DecisionWarning]:
    if bundle.synthetic:
        yield _warning("SYNTHETIC_MODEL", "model.synthetic")
    if not bundle.scale.applies_to(bundle.event, bundle.horizon_months):
        yield _warning("NO_GRADE", "grade")
    if bundle.rulebook is None:
        yield _warning("NO_RULEBOOK", "innovation")
    if bundle.companion is None:
        yield _warning("NO_COMPANION", "pd_without_innovation")


def _on_rulebook(bundle: BundleParts, as_of: date | None, decided_on: date) -> Iterator[DecisionWarning]:
    if bundle.rulebook is None:
        return
    if bundle.rulebook.provenance == "assumed":
        yield _on_assumed_points(bundle)
    if as_of is not None and not bundle.rulebook.in_force.holds(as_of):
        yield _warning("RULEBOOK_NOT_IN_FORCE", "innovation.rulebook")
    age = ages(bundle.rulebook, np.array([as_of], dtype="datetime64[D]"), decided_on)
    if age.expired[0]:
        yield _warning("POINTS_EXPIRED", "innovation.valid_until", months=float(age.months[0]))


def _on_assumed_points(bundle: BundleParts) -> DecisionWarning:
    """Warn of assumed weights, and state how much depends on them where training measured it."""
    code, field, measured = "ASSUMED_POINTS", "innovation.score", bundle.training.get("points_robustness")
    if not measured:
        return _warning(code, field, "unmeasured")
    return _warning(code, field, "measured", top_share=measured["top_share"], dependent=measured["depends"])


def _on_information(bundle: BundleParts, assessment: Assessment, row: int) -> Iterator[DecisionWarning]:
    """Report the groups with too little information for a grade, and the fields to request."""
    for demand in demands(bundle):
        flags = assessment.insufficient.get(demand.group.id)
        if flags is not None and flags[row]:
            yield _on_group(bundle, demand, demand.absent(assessment.screening.columns, row))


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


def _on_record(bundle: BundleParts, assessment: Assessment, row: int, as_of: date | None) -> Iterator[DecisionWarning]:
    if as_of is None:
        yield _warning("UNDATED", "as_of")
    if assessment.fallback[row]:
        yield _warning("INNOVATION_FEED_MISSING", "innovation_log_odds")
    for name, sentence in fields_out_of_range(bundle, assessment, row).items():
        yield DecisionWarning(code="OUT_OF_RANGE", field=name, text=sentence)


def _on_unchecked_lists(bundle: BundleParts, assessment: Assessment, row: int) -> Iterator[DecisionWarning]:
    """Report the exclusion lists that the record does not mention and a person would have to check."""
    columns, flags = assessment.screening.columns, bundle.assessment_policy.flags
    names = [field.name for field in FIELDS if field.name in flags]
    absent = [within(field_label(bundle, name)) for name in names if np.isnan(columns[name][row])]
    if absent:
        yield _warning("LISTS_NOT_CHECKED", "refer", fields=joined(absent, "fields"))


def _on_date(as_of: date | None, decided_on: date) -> Iterator[DecisionWarning]:
    """Warn of a decision date in the future; one day is allowed for time zones east of UTC."""
    if as_of is not None and as_of > decided_on + timedelta(days=1):
        yield _warning("FUTURE_DATE", "as_of")


def _on_implausible_features(bundle: BundleParts, assessment: Assessment, row: int) -> Iterator[DecisionWarning]:
    """Warn of a feature outside its plausible range, unless one of its inputs is already reported as out of range."""
    reported = set(assessment.screening.out_of_range_in(row))
    for feature, value in zip(bundle.features, assessment.features[row], strict=True):
        if beyond(value, feature.range) and reported.isdisjoint(feature.inputs):
            yield _warning(
                "OUT_OF_RANGE",
                feature.name,
                "plausible",
                feature=feature.label,
                value=apart_from_bounds(float(value), feature.range, feature.unit),
                range=range_text(feature.range, feature.unit),
            )


def _on_absent_features(bundle: BundleParts, assessment: Assessment, row: int) -> Iterator[DecisionWarning]:
    """Warn of a value missing where training had none missing: LightGBM reads it as zero."""
    never_missing = set(bundle.never_missing)
    for feature, value in zip(bundle.features, assessment.features[row], strict=True):
        unread = assessment.fallback[row] and feature.domain == "innovation"  # the companion does not read it
        if feature.name in never_missing and np.isnan(value) and not unread:
            yield _warning("NEVER_MISSING_IN_TRAINING", feature.name, feature=feature.label)
