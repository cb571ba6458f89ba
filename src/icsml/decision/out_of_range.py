"""Fields out of range or larger than their whole, and features made of them."""

from __future__ import annotations

from math import isnan

from icsml.decision.missing_information import field_label
from icsml.decision.row import Row
from icsml.model.bundle import BundleParts
from icsml.records.extra import EXTRA_PREFIX
from icsml.records.fields import FIELD_BY_NAME
from icsml.records.screening import PARTS, is_part_above
from icsml.texts.catalogue import joined, text, within
from icsml.texts.label import Label
from icsml.texts.quantity import apart, apart_from_bounds, quantity, range_text

__all__ = ["beyond", "doubtful_fields", "fields_out_of_range", "implausible"]

Bounds = tuple[float | None, float | None]


def beyond(value: float, bounds: Bounds) -> bool:
    """Return whether a value is outside its range; False for NaN."""
    low, high = bounds
    return bool((low is not None and value < low) or (high is not None and value > high))


def fields_out_of_range(record: Row) -> dict[str, Label]:
    """Return, by field of one row, why it is out of range: a sentence with its name and value.

    A whole that is less than several of its parts is reported once, for all of them.
    """
    sentences: dict[str, Label] = {}
    parts_above: dict[str, list[str]] = {}
    for name in record.out_of_range:
        value = record.number(name)
        if isnan(value) or beyond(value, _declared(record.bundle, name)[0]):
            sentences[name] = _beyond_declared_range(record, name, value)
        else:
            parts_above.setdefault(_wholes(record, name)[0], []).append(name)
    for whole, parts in parts_above.items():
        if len(parts) == 1:
            sentences[parts[0]] = _above_whole(record, whole, parts[0])
        else:
            sentences[whole] = _below_parts(record, whole, parts)
    return sentences


def _wholes(record: Row, name: str) -> list[str]:
    """Return the wholes that are smaller than their part in one row."""
    columns, row = record.assessment.screening.columns, record.row
    return [whole for part, whole in PARTS if part == name and is_part_above(columns, part, whole)[row]]


def _beyond_declared_range(record: Row, name: str, value: float) -> Label:
    label, (bounds, unit) = field_label(record.bundle, name), _declared(record.bundle, name)
    declared = range_text(bounds, unit)
    if isnan(value):  # removed for its range
        return text("decision.OUT_OF_RANGE.taken_as_missing", field=label, range=declared)
    value_text = apart_from_bounds(value, bounds, unit)
    return text("decision.OUT_OF_RANGE.declared", field=label, value=value_text, range=declared)


def _above_whole(record: Row, whole: str, part: str) -> Label:
    unit = _declared(record.bundle, whole)[1]
    value, whole_value = _apart(record.number(part), record.number(whole), unit)
    return text(
        "decision.OUT_OF_RANGE.above_whole",
        field=field_label(record.bundle, part),
        value=value,
        whole=field_label(record.bundle, whole),
        whole_value=whole_value,
    )


def _below_parts(record: Row, whole: str, parts: list[str]) -> Label:
    unit, whole_value = _declared(record.bundle, whole)[1], record.number(whole)
    listed = [
        text(
            "decision.part_with_value",
            part=field_label(record.bundle, part),
            value=_apart(record.number(part), whole_value, unit)[0],
        )
        for part in parts
    ]
    return text(
        "decision.OUT_OF_RANGE.below_parts",
        field=field_label(record.bundle, whole),
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


def doubtful_fields(record: Row) -> frozenset[str]:
    """Return the fields of one row that are out of range, and the wholes that are less than a part of theirs."""
    out_of_range = record.out_of_range
    return frozenset([*out_of_range, *(whole for part in out_of_range for whole in _wholes(record, part))])


def implausible(record: Row, index: int, doubtful: frozenset[str]) -> Label | None:
    """Return why the value of a feature is unreliable, as a clause; None where it is not.

    It is outside the plausible range, or made of a field that is out of range or of a whole that is less than its
    part: which of the two is wrong is unknown.

    Parameters
    ----------
    record : Row
        The row.
    index : int
        Which feature.
    doubtful : frozenset of str
        Its :func:`doubtful_fields`.
    """
    feature, value = record.bundle.features[index], record.features[index]
    if isnan(value):
        return None
    if beyond(value, feature.range):
        return text("decision.beyond_plausible_range", range=range_text(feature.range, feature.unit))
    if doubtful.isdisjoint(feature.inputs):
        return None
    inputs = [within(field_label(record.bundle, name)) for name in feature.inputs if name in doubtful]
    return text("decision.doubtful_inputs", fields=joined(inputs, "comma"))
