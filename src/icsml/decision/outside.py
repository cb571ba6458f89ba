"""What of a record lies outside its range: fields by what they are outside of, and the features made of them."""

from __future__ import annotations

import re

import numpy as np

from icsml.decision.assess import Assessment
from icsml.decision.wants import field_label
from icsml.features.feature import Feature
from icsml.model.bundle import BundleParts
from icsml.records.columns import Columns
from icsml.records.extra import EXTRA_PREFIX
from icsml.records.fields import FIELD_BY_NAME
from icsml.records.screening import PARTS, is_part_above
from icsml.texts.label import Label
from icsml.texts.quantity import apart, apart_from_bounds, quantity

__all__ = ["beyond", "fields_outside", "implausible", "within_text"]

Bounds = tuple[float | None, float | None]


def within_text(bounds: Bounds, unit: str) -> Label:
    """Return a range in words, such as "0 to 1,500 days"; the unit stands once."""
    low, high = (None if bound is None else quantity(bound, unit) for bound in bounds)
    if high is None:
        return Label(en="any", zh="不限") if low is None else Label(en=f"{low.en} or more", zh=f"不低于{low.zh}")
    if low is None:
        return Label(en=f"{high.en} or less", zh=f"不高于{high.zh}")
    word = " " + high.en.partition(" ")[2]
    before = re.match(r"[^\d-]*", high.zh)
    return Label(
        en=f"{low.en.removesuffix(word)} to {high.en}",
        zh=f"{low.zh}至{high.zh.removeprefix(before[0] if before else '')}",
    )


def beyond(value: float, bounds: Bounds) -> bool:
    """Tell whether a value lies outside its range; NaN does not."""
    low, high = bounds
    return bool((low is not None and value < low) or (high is not None and value > high))


def fields_outside(bundle: BundleParts, assessment: Assessment, row: int) -> dict[str, Label]:
    """Return, by field, what in one row is out of range and of which: a sentence with its name and value.

    A whole that is less than several of its parts is told once, for all of them.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    assessment : Assessment
        What it gave.
    row : int
        Which row.
    """
    columns, outside = assessment.screening.columns, assessment.screening.out_of_range_in(row)
    found: dict[str, Label] = {}
    parts: dict[str, list[str]] = {}
    for name in outside:
        value = float(columns[name][row])
        if np.isnan(value) or beyond(value, _declared(bundle, name)[0]):
            found[name] = _of_range(bundle, name, value)
        else:
            parts.setdefault(_wholes(columns, row, name)[0], []).append(name)
    for whole, own in parts.items():
        found[own[0] if len(own) == 1 else whole] = _of_whole(bundle, columns, row, whole, own)
    return found


def _wholes(columns: Columns, row: int, name: str) -> list[str]:
    """Return the wholes that a part of one row is larger than."""
    return [whole for part, whole in PARTS if part == name and is_part_above(columns, part, whole)[row]]


def _of_range(bundle: BundleParts, name: str, value: float) -> Label:
    label, (bounds, unit) = field_label(bundle, name), _declared(bundle, name)
    within = within_text(bounds, unit)
    if np.isnan(value):  # taken out, as its range says
        return Label(
            en=f"{label.en}: outside the declared range ({within.en}), so taken as missing.",
            zh=f"{label.zh}超出规定范围（{within.zh}），按缺失处理。",
        )
    seen = apart_from_bounds(value, bounds, unit)
    return Label(
        en=f"{label.en}: {seen.en}, outside the declared range ({within.en}).",
        zh=f"{label.zh}为{seen.zh}，超出规定范围（{within.zh}）。",
    )


def _of_whole(bundle: BundleParts, columns: Columns, row: int, whole: str, parts: list[str]) -> Label:
    unit, label = _declared(bundle, whole)[1], field_label(bundle, whole)
    most = float(columns[whole][row])
    told = [(field_label(bundle, part), _apart(float(columns[part][row]), most, unit)) for part in parts]
    if len(told) == 1:
        owner, (part, (seen, other)) = label, told[0]
        return Label(
            en=f"{part.en}: {seen.en}, more than {owner.en_within} ({other.en}), of which it is a part.",
            zh=f"{part.zh}为{seen.zh}，大于其所属的{owner.zh}（{other.zh}）。",
        )
    less = quantity(most, unit)
    return Label(
        en=f"{label.en}: {less.en}, less than each of these parts of it:"
        f" {', '.join(f'{part.en_within} ({seen.en})' for part, (seen, _) in told)}.",
        zh=f"{label.zh}为{less.zh}，小于其下列各组成部分："
        f"{'、'.join(f'{part.zh}（{seen.zh}）' for part, (seen, _) in told)}。",
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
    """Return, by feature of one row whose value says nothing, why: a clause.

    Its value is outside the plausible range, or it is made of a field that is out of range or of a whole that is less
    than its part: nothing tells which of the two is wrong.

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
    found = {}
    for feature, value in zip(bundle.features, assessment.features[row], strict=True):
        clause = _why(bundle, feature, float(value), doubtful)
        if clause is not None and not np.isnan(value):
            found[feature.name] = clause
    return found


def _why(bundle: BundleParts, feature: Feature, value: float, doubtful: set[str]) -> Label | None:
    if beyond(value, feature.range):
        within = within_text(feature.range, feature.unit)
        return Label(en=f"outside the plausible range of {within.en}", zh=f"超出合理范围（{within.zh}）")
    made_of = [field_label(bundle, name) for name in feature.inputs if name in doubtful]
    if not made_of:
        return None
    return Label(
        en=f"made of doubtful data: {', '.join(label.en_within for label in made_of)}",
        zh=f"所用数据存疑：{'、'.join(label.zh for label in made_of)}",
    )
