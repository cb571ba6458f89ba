"""The figures of the auditor's report of a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from icsml.core.arrays import Floats
from icsml.features.feature import Feature
from icsml.reports import plots
from icsml.reports.report_facts import Example, Pair, ReportFacts
from icsml.reports.svg_figure import SvgFigure
from icsml.reports.value_text import shown_value
from icsml.texts.catalogue import phrase

__all__ = ["ROWS", "model_figures"]

ROWS: Final = 15
"""Features in the figures that have a row for each."""
_DEPENDENCE: Final = 6
_WITH_THRESHOLDS: Final = 6
_PAIRS: Final = 4
_TERMS: Final = 9


def model_figures(findings: ReportFacts, lang: str) -> dict[str, SvgFigure]:
    """Return every figure of the report by its name, each a file of its own as well.

    ``importance``, ``beeswarm``, ``dependence-CODE``, ``interaction-CODE-CODE``, ``waterfall-ROLE``; none where there
    is nothing to draw.
    """
    return {each.name: each for each in _figures(findings, lang)}


def _figures(findings: ReportFacts, lang: str) -> Iterator[SvgFigure]:
    top = findings.order[:ROWS]
    if top:
        labels = [_label(findings.features[index], lang) for index in top]
        title, unit = phrase("report.importance", lang), phrase("report.mean_size", lang)
        yield plots.importance("importance", title, labels, findings.sizes[top], unit)
        if len(findings.sample.values):
            terms, values = findings.sample.log_odds[:, top], findings.sample.values[:, top]
            yield plots.beeswarm(
                "beeswarm", phrase("report.beeswarm", lang), labels, terms, values, phrase("report.log_odds", lang)
            )
            yield from (_dependence(findings, index, lang) for index in _dependent(findings))
    for pair in findings.interactions.pairs[:_PAIRS] if findings.interactions else ():
        yield _interaction(findings, pair, lang)
    for example in findings.examples:
        yield _waterfall(findings, example, lang)


def _label(feature: Feature, lang: str) -> str:
    return feature.label.text(lang)


def _dependent(findings: ReportFacts) -> list[int]:
    """Return the features whose dependence is drawn: the largest, then others that a rulebook has thresholds for."""
    first = findings.order[:_DEPENDENCE]
    with_thresholds = {each.feature for each in findings.thresholds}
    return first + [index for index in findings.order[_DEPENDENCE:] if index in with_thresholds][:_WITH_THRESHOLDS]


def _axis(findings: ReportFacts, index: int, values: Floats, lang: str) -> plots.Axis:
    feature = findings.features[index]
    return plots.Axis(values[:, index], _label(feature, lang), percent=feature.unit == "fraction")


def _dependence(findings: ReportFacts, index: int, lang: str) -> SvgFigure:
    partner = _partner(findings, index)
    values, label = findings.sample.values, _label(findings.features[index], lang)
    if partner is None:
        title = label
    else:
        title = phrase("report.interaction_of", lang, first=label, second=_label(findings.features[partner], lang))
    return plots.dependence(
        f"dependence-{_short_name(findings, index)}",
        title,
        _axis(findings, index, values, lang),
        findings.sample.log_odds[:, index],
        phrase("report.log_odds", lang),
        colour=None if partner is None else _axis(findings, partner, values, lang),
        thresholds=_thresholds_of(findings, index),
    )


def _partner(findings: ReportFacts, index: int) -> int | None:
    """Return the feature that a feature interacts with most, among the strongest pairs."""
    pairs = findings.interactions.pairs if findings.interactions else ()
    return next((sum((each.first, each.second)) - index for each in pairs if index in (each.first, each.second)), None)


def _thresholds_of(findings: ReportFacts, index: int) -> list[tuple[float, str]]:
    return sorted({threshold for each in findings.thresholds if each.feature == index for threshold in each.at})


def _short_name(findings: ReportFacts, index: int) -> str:
    return findings.features[index].code.replace("_", "-").lower()


def _interaction(findings: ReportFacts, pair: Pair, lang: str) -> SvgFigure:
    assert findings.interactions is not None  # noqa: S101 - the pair is of it
    values = findings.interactions.values
    first, second = (_label(findings.features[index], lang) for index in (pair.first, pair.second))
    return plots.dependence(
        f"interaction-{_short_name(findings, pair.first)}-{_short_name(findings, pair.second)}",
        phrase("report.interaction_of", lang, first=first, second=second),
        _axis(findings, pair.first, values, lang),
        pair.log_odds,
        phrase("report.log_odds", lang),
        colour=_axis(findings, pair.second, values, lang),
    )


def _waterfall(findings: ReportFacts, example: Example, lang: str) -> SvgFigure:
    labels = [
        (_label(feature, lang), shown_value(float(value), feature.unit, lang))
        for feature, value in zip(findings.features, example.values, strict=True)
    ]
    return plots.waterfall(
        f"waterfall-{example.role}",
        phrase(f"report.risk_{example.role}", lang),
        labels,
        example.log_odds,
        example.base,
        most=_TERMS,
        others=phrase("report.other_features", lang, count=len(labels) - _TERMS),
        xlabel=phrase("report.log_odds_of_pd", lang),
    )
