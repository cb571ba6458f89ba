"""Why a feature has no value: which fields are absent from the record, and which cannot be the base of a ratio."""

from __future__ import annotations

from math import isnan
from typing import Final, NamedTuple

import numpy as np

from icsml.decision.required_information import demands
from icsml.decision.row import Row
from icsml.explain.reason_texts import MissingInformation
from icsml.features.feature import INNOVATION_SCORE, Feature
from icsml.innovation.rulebooks.indicators import ScoringDomain
from icsml.model.bundle import BundleParts
from icsml.records.fields import FIELD_BY_NAME
from icsml.texts.catalogue import text
from icsml.texts.label import Label

__all__ = [
    "absent_fields",
    "absent_inputs",
    "features_lacking_fields",
    "field_label",
    "field_labels",
    "fields_read",
    "missing_information",
    "required_for_a_grade",
]

_MOST: Final = 3  # fields named in a text; the rest are counted, and all are in `to_provide`


class _Count(NamedTuple):
    """Number of unnamed fields, and the total."""

    more: int
    all: int


def field_label(bundle: BundleParts, name: str) -> Label:
    """Return the label of a canonical field, or of an extra feature that the bundle declares."""
    return field_labels(bundle)[name]


def field_labels(bundle: BundleParts) -> dict[str, Label]:
    """Return the labels of all fields that a record may have for this bundle."""
    return bundle.derived(_field_labels)


def _field_labels(bundle: BundleParts) -> dict[str, Label]:
    canonical = {name: Label(en=field.en, zh=field.zh) for name, field in FIELD_BY_NAME.items()}
    return canonical | {extra.column: extra.label for extra in bundle.extras}


def absent_fields(record: Row, feature: Feature) -> tuple[str, ...]:
    """Return the inputs of a feature that are absent from one record."""
    return tuple([name for name in feature.inputs if not record.is_present(name)])


def features_lacking_fields(record: Row) -> list[int]:
    """Return the indices of the features of one row that have no value because a field is absent.

    So do those of amounts that count as not given, whatever the zeros make of them. The innovation score never does: a
    missing input counts zero points.
    """
    blank = record.blank
    return [
        index
        for index, (feature, value) in enumerate(zip(record.bundle.features, record.features, strict=True))
        if (isnan(value) and absent_fields(record, feature))
        or (blank and feature.name != INNOVATION_SCORE and not blank.isdisjoint(feature.inputs))
    ]


def fields_read(bundle: BundleParts) -> tuple[str, ...]:
    """Return the fields that the model reads: those of its features, and of its innovation score those of the rules.

    The date of the record is none of them: it is no information on the firm.
    """
    return bundle.derived(_fields_read)


def _fields_read(bundle: BundleParts) -> tuple[str, ...]:
    rulebook, names = bundle.rulebook, []
    for feature in bundle.features:
        if feature.name == INNOVATION_SCORE and rulebook is not None:
            scored = [indicator for indicator in rulebook.indicators if indicator.domain is ScoringDomain.INNOVATION]
            names += [name for indicator in scored for name in indicator.fields]
            names += rulebook.stages.rule.value.fields if rulebook.stages is not None else ()
        else:
            names += feature.inputs
    return tuple(name for name in dict.fromkeys(names) if name != "as_of")


def absent_inputs(record: Row) -> dict[str, Label]:
    """Return the fields that the model reads and one record lacks, with their labels."""
    return {name: _absent_label(record, name) for name in fields_read(record.bundle) if not record.is_present(name)}


def required_for_a_grade(record: Row) -> list[str]:
    """Return the absent fields of each group with too little information for a grade."""
    lacking = [demand for demand in demands(record.bundle) if record.is_insufficient(demand)]
    return [name for demand in lacking for name in record.lacks(demand)]


def missing_information(record: Row, feature: Feature) -> MissingInformation:
    """Return why a feature of a row has no value."""
    absent = absent_fields(record, feature)
    if absent:
        return MissingInformation(absent=_named([_absent_label(record, name) for name in absent]))
    return MissingInformation(bases=tuple(_base_text(record.bundle, *base) for base in _bases(record, feature)))


def _absent_label(record: Row, name: str) -> Label:
    label = field_label(record.bundle, name)
    return text("decision.unusable", field=label) if name in record.out_of_range else label


def _named(labels: list[Label]) -> tuple[Label, ...]:
    if len(labels) <= _MOST:
        return tuple(labels)
    return (*labels[:_MOST], text("decision.more_fields", count=_Count(len(labels) - _MOST, len(labels))))


def _bases(record: Row, feature: Feature) -> list[tuple[str, float]]:
    """Return the inputs that are zero or negative where a value of one would make the feature computable."""
    if feature.name == INNOVATION_SCORE:  # reads points, not these fields
        return []
    columns = record.assessment.screening.columns
    inputs = {name: columns[name][record.row : record.row + 1] for name in feature.inputs}
    bases = []
    for name, values in inputs.items():
        if values.dtype.kind == "f" and values[0] <= 0.0:
            other = feature.function(inputs | {name: np.ones(1)})
            if not np.isnan(other[0]):
                bases.append((name, float(values[0])))
    return bases


def _base_text(bundle: BundleParts, name: str, value: float) -> Label:
    field, number = FIELD_BY_NAME[name], "base_negative" if value < 0.0 else "base_zero"
    variant = "several" if field.plural else "one"
    if value == 0.0 and field.unit == "persons":
        variant = "nobody"
    return text(f"decision.{number}.{variant}", field=field_label(bundle, name))
