"""Fields out of range or larger than their whole, and features made of them."""

from __future__ import annotations

import numpy as np

from icsml.decision.assess import Assessment
from icsml.decision.missing_information import field_label
from icsml.features.feature import Feature
from icsml.model.bundle import BundleParts
from icsml.records.columns import Columns
from icsml.records.extra import EXTRA_PREFIX
from icsml.records.fields import FIELD_BY_NAME
from icsml.records.screening import PARTS, is_part_above
from icsml.texts.catalogue import joined, text, within
from icsml.texts.label import Label
from icsml.texts.quantity import apart, apart_from_bounds, quantity, range_text

__all__ = ["beyond", "fields_out_of_range", "implausible"]

Bounds = tuple[float | None, float | None]


def beyond(value: float, bounds: Bounds) -> bool:
    """Return whether a value is outside its range; False for NaN."""
    low, high = bounds
    return bool((low is not None and value < low) or (high is not None and value > high))


def fields_out_of_range(bundle: BundleParts, assessment: Assessment, row: int) -> dict[str, Label]:
    """Return, by field of one row, why it is out of range: a sentence with its name and value.

    A whole that is less than several of its parts is reported once, for all of them.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    assessment : Assessment
        What it gave.
    row : int
        Which row.
    """
    columns = assessment.screening.columns
    sentences: dict[str, Label] = {}
    parts_above: dict[str, list[str]] = {}
    for name in assessment.screening.out_of_range_in(row):
        value = float(columns[name][row])
        if np.isnan(value) or beyond(value, _declared(bundle, name)[0]):
            sentences[name] = _beyond_declared_range(bundle, name, value)
        else:
            parts_above.setdefault(_wholes(columns, row, name)[0], []).append(name)
    for whole, parts in parts_above.items():
        if len(parts) == 1:
            sentences[parts[0]] = _above_whole(bundle, columns, row, whole, parts[0])
        else:
            sentences[whole] = _below_parts(bundle, columns, row, whole, parts)
    return sentences


def _wholes(columns: Columns, row: int, name: str) -> list[str]:
    """Return the wholes that are smaller than their part in one row."""
    return [whole for part, whole in PARTS if part == name and is_part_above(columns, part, whole)[row]]


def _beyond_declared_range(bundle: BundleParts, name: str, value: float) -> Label:
    label, (bounds, unit) = field_label(bundle, name), _declared(bundle, name)
    declared = range_text(bounds, unit)
    if np.isnan(value):  # removed for its range
        return text("decision.OUT_OF_RANGE.taken_as_missing", field=label, range=declared)
    value_text = apart_from_bounds(value, bounds, unit)
    return text("decision.OUT_OF_RANGE.declared", field=label, value=value_text, range=declared)


def _above_whole(bundle: BundleParts, columns: Columns, row: int, whole: str, part: str) -> Label:
    unit = _declared(bundle, whole)[1]
    value, whole_value = _apart(float(columns[part][row]), float(columns[whole][row]), unit)
    return text(
        "decision.OUT_OF_RANGE.above_whole",
        field=field_label(bundle, part),
        value=value,
        whole=field_label(bundle, whole),
        whole_value=whole_value,
    )


def _below_parts(bundle: BundleParts, columns: Columns, row: int, whole: str, parts: list[str]) -> Label:
    unit, whole_value = _declared(bundle, whole)[1], float(columns[whole][row])
    listed = [
        text(
            "decision.part_with_value",
            part=field_label(bundle, part),
            value=_apart(float(columns[part][row]), whole_value, unit)[0],
        )
        for part in parts
    ]
    return text(
        "decision.OUT_OF_RANGE.below_parts",
        field=field_label(bundle, whole),
        value=quantity(whole_value, unit),
        parts=joined(listed, "comma"),
    )


def _apart(value: float, reference: float, unit: str) -> tuple[Label, Label]:
    return apart(value, reference, unit) or (quantity(value, unit), quantity(reference, unit))


def _declared(bundle: BundleParts, name: str) -> tuple[Bounds, str]:
    if name.startswith(EXTRA_PREFIX):
        extra = next(extra for extra in bundle.extras if extra.column == name)
        return extra.range, extra.unit or ""
    field = FIELD_BY_NAME[name]
    return (field.low, field.high), field.unit


def implausible(bundle: BundleParts, assessment: Assessment, row: int) -> dict[str, Label]:
    """Return why a value is unreliable, by feature of one row: a clause.

    Its value is outside the plausible range, or it is made of a field that is out of range or of a whole that is less
    than its part: which of the two is wrong is unknown.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    assessment : Assessment
        What it gave.
    row : int
        Which row.
    """
    columns, doubtful = assessment.screening.columns, set(assessment.screening.out_of_range_in(row))
    doubtful |= {whole for part in list(doubtful) for whole in _wholes(columns, row, part)}
    clauses = {
        feature.name: _why_implausible(bundle, feature, float(value), doubtful)
        for feature, value in zip(bundle.features, assessment.features[row], strict=True)
        if not np.isnan(value)
    }
    return {name: clause for name, clause in clauses.items() if clause is not None}


def _why_implausible(bundle: BundleParts, feature: Feature, value: float, doubtful: set[str]) -> Label | None:
    if beyond(value, feature.range):
        return text("decision.beyond_plausible_range", range=range_text(feature.range, feature.unit))
    inputs = [within(field_label(bundle, name)) for name in feature.inputs if name in doubtful]
    return text("decision.doubtful_inputs", fields=joined(inputs, "comma")) if inputs else None
