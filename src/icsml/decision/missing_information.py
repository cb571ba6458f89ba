"""Why a feature has no value: which fields are absent from the record, and which cannot be the base of a ratio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from icsml.core.arrays import Floats
from icsml.decision.assess import Assessment
from icsml.decision.required_information import blank_amounts, demands
from icsml.explain.reason_texts import MissingInformation
from icsml.features.feature import INNOVATION_SCORE, Feature
from icsml.innovation.rulebooks.indicators import ScoringDomain
from icsml.model.bundle import BundleParts
from icsml.records.columns import Columns
from icsml.records.extra import EXTRA_PREFIX
from icsml.records.fields import FIELD_BY_NAME
from icsml.records.screening import is_present
from icsml.texts.catalogue import text
from icsml.texts.label import Label

__all__ = [
    "absent_fields",
    "absent_inputs",
    "features_lacking_fields",
    "field_label",
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
    if name.startswith(EXTRA_PREFIX):
        return next(extra.label for extra in bundle.extras if extra.column == name)
    field = FIELD_BY_NAME[name]
    return Label(en=field.en, zh=field.zh)


def absent_fields(feature: Feature, columns: Columns, row: int) -> tuple[str, ...]:
    """Return the inputs of a feature that are absent from one record."""
    return tuple(name for name in feature.inputs if not is_present(columns[name][row : row + 1])[0])


def features_lacking_fields(bundle: BundleParts, columns: Columns, features: Floats, row: int) -> list[int]:
    """Return the indices of the features of one row that have no value because a field is absent.

    So do those of amounts that count as not given, whatever the zeros make of them. The innovation score never does: a
    missing input counts zero points.
    """
    blank = blank_amounts(bundle, columns, row)
    return [
        index
        for index, feature in enumerate(bundle.features)
        if (np.isnan(features[row, index]) and absent_fields(feature, columns, row))
        or (feature.name != INNOVATION_SCORE and not blank.isdisjoint(feature.inputs))
    ]


def fields_read(bundle: BundleParts) -> tuple[str, ...]:
    """Return the fields that the model reads: those of its features, and of its innovation score those of the rules.

    The date of the record is none of them: it is no information on the firm.
    """
    rulebook, names = bundle.rulebook, []
    for feature in bundle.features:
        if feature.name == INNOVATION_SCORE and rulebook is not None:
            scored = [indicator for indicator in rulebook.indicators if indicator.domain is ScoringDomain.INNOVATION]
            names += [name for indicator in scored for name in indicator.fields]
            names += rulebook.stages.rule.value.fields if rulebook.stages is not None else ()
        else:
            names += feature.inputs
    return tuple(name for name in dict.fromkeys(names) if name != "as_of")


def absent_inputs(bundle: BundleParts, assessment: Assessment, row: int) -> dict[str, Label]:
    """Return the fields that the model reads and one record lacks, with their labels."""
    columns, outside = assessment.screening.columns, assessment.screening.out_of_range_in(row)
    return {
        name: _absent_label(bundle, name, outside)
        for name in fields_read(bundle)
        if not is_present(columns[name][row : row + 1])[0]
    }


def required_for_a_grade(bundle: BundleParts, assessment: Assessment, row: int) -> list[str]:
    """Return the absent fields of each group with too little information for a grade."""
    columns = assessment.screening.columns
    return [
        name
        for demand in demands(bundle)
        if demand.group.id in assessment.insufficient and assessment.insufficient[demand.group.id][row]
        for name in demand.absent(columns, row)
    ]


def missing_information(bundle: BundleParts, assessment: Assessment, feature: Feature, row: int) -> MissingInformation:
    """Return why a feature of a row has no value."""
    columns = assessment.screening.columns
    absent = absent_fields(feature, columns, row)
    if absent:
        out_of_range = assessment.screening.out_of_range_in(row)
        return MissingInformation(absent=_named([_absent_label(bundle, name, out_of_range) for name in absent]))
    bases = _bases(feature, columns, row)
    return MissingInformation(bases=tuple(_base_text(bundle, name, value) for name, value in bases))


def _absent_label(bundle: BundleParts, name: str, out_of_range: Sequence[str]) -> Label:
    label = field_label(bundle, name)
    return text("decision.unusable", field=label) if name in out_of_range else label


def _named(labels: list[Label]) -> tuple[Label, ...]:
    if len(labels) <= _MOST:
        return tuple(labels)
    return (*labels[:_MOST], text("decision.more_fields", count=_Count(len(labels) - _MOST, len(labels))))


def _bases(feature: Feature, columns: Columns, row: int) -> list[tuple[str, float]]:
    """Return the inputs that are zero or negative where a value of one would make the feature computable."""
    if feature.name == INNOVATION_SCORE:  # reads points, not these fields
        return []
    inputs = {name: columns[name][row : row + 1] for name in feature.inputs}
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
