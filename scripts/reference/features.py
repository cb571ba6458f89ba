"""``docs/reference/features.md``, from the catalogue of features."""

from __future__ import annotations

from icsml.features.catalogue import CATALOGUE
from icsml.features.feature import INNOVATION_SCORE, Feature
from icsml.features.reason_codes import load_reason_catalogue
from icsml.records.direction import Direction

__all__ = ["page"]

_HEAD = """# Features

This page is made from the catalogue by `python scripts/write_reference.py`; a test holds both together. {count}
canonical features; an imported data set may declare more (`extra.NAME`, reason code `X_<NAME>`).

- A feature has no value (NaN) where an input is missing, where its base is not above zero, or where the result is not
  finite. Values are never filled in, cut or scaled.
- A canonical feature is dropped, and listed, where the data set lacks a field it reads.
- A direction is a law of the model: the PD never falls when a feature that raises risk rises, all else equal. It is
  declared only where evidence supports it; the last column names the evidence, or why the feature is free.
  The studies of innovation are those of the project's domain notes. The studies of financial ratios are cited
  from general knowledge of the literature, not from a fresh reading.
- The domain is innovation as soon as one input is an innovation record.
"""

_COLUMNS = ("Code", "Name", "Label", "中文", "Direction", "Unit", "Plausible", "Computed as", "Reads", "Evidence")
_DIRECTIONS = {Direction.RAISES_RISK: "raises risk", Direction.LOWERS_RISK: "lowers risk", Direction.FREE: "free"}


def page() -> str:
    """Return the reference page as Markdown, one table a group."""
    groups = list(dict.fromkeys(feature.group for feature in CATALOGUE))
    return "\n".join([_HEAD.format(count=len(CATALOGUE)), *(_section(group) for group in groups)])


def _section(group: str) -> str:
    features = [feature for feature in CATALOGUE if feature.group == group]
    texts = "\n".join(_texts(feature) for feature in features)
    rule = "|" + " --- |" * len(_COLUMNS)
    table = "\n".join([_line(_COLUMNS), rule, *(_line(_cells(feature)) for feature in features)])
    title = f"## {group} (domain: {', '.join(dict.fromkeys(f.domain.value for f in features))})"
    return (
        f"{title}\n\n{table}\n\nReason texts of `configs/policy/reasons.yaml` (▲ adverse, ▼ favourable):\n\n{texts}\n"
    )


def _texts(feature: Feature) -> str:
    forms = load_reason_catalogue().comparison(feature)
    if forms is None:
        return f"- {feature.code}: no side is worse, so it is told neutrally"
    adverse, favourable = forms.adverse, forms.favourable
    return f"- {feature.code} ▲ {adverse.en} / {adverse.zh} ▼ {favourable.en} / {favourable.zh}"


def _cells(feature: Feature) -> tuple[str, ...]:
    reads = (
        "the innovation fields of the rulebook"
        if feature.name == INNOVATION_SCORE
        else ", ".join(f"`{name}`" for name in feature.inputs)
    )
    return (
        feature.code,
        f"`{feature.name}`",
        feature.label.en,
        feature.label.zh,
        _DIRECTIONS[feature.direction],
        feature.unit,
        _range(feature),
        feature.definition,
        reads,
        feature.basis.en,
    )


def _range(feature: Feature) -> str:
    low, high = feature.range
    return "any" if low is None and high is None else f"{low:g} – {high:g}"


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"
