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


def model_figures(facts: ReportFacts, lang: str) -> dict[str, SvgFigure]:
    """Return every figure of the report by its name, each a file of its own as well.

    ``importance``, ``beeswarm``, ``dependence-CODE``, ``interaction-CODE-CODE``, ``waterfall-ROLE``; none where there
    is nothing to draw.
    """
    return {figure.name: figure for figure in _figures(facts, lang)}


def _figures(facts: ReportFacts, lang: str) -> Iterator[SvgFigure]:
    top = facts.order[:ROWS]
    if top:
        labels = [_label(facts.features[index], lang) for index in top]
        title, unit = phrase("report.importance", lang), phrase("report.mean_size", lang)
        yield plots.importance("importance", title, labels, facts.sizes[top], unit)
        if len(facts.sample.values):
            terms, values = facts.sample.log_odds[:, top], facts.sample.values[:, top]
            yield plots.beeswarm(
                "beeswarm", phrase("report.beeswarm", lang), labels, terms, values, phrase("report.log_odds", lang)
            )
            yield from (_dependence(facts, index, lang) for index in _dependent(facts))
    for pair in facts.interactions.pairs[:_PAIRS] if facts.interactions else ():
        yield _interaction(facts, pair, lang)
    for example in facts.examples:
        yield _waterfall(facts, example, lang)


def _label(feature: Feature, lang: str) -> str:
    return feature.label.text(lang)


def _dependent(facts: ReportFacts) -> list[int]:
    """Return the features whose dependence is drawn: the largest, then others that a rulebook has thresholds for."""
    first = facts.order[:_DEPENDENCE]
    with_thresholds = {entry.feature for entry in facts.thresholds}
    return first + [index for index in facts.order[_DEPENDENCE:] if index in with_thresholds][:_WITH_THRESHOLDS]


def _axis(facts: ReportFacts, index: int, values: Floats, lang: str) -> plots.Axis:
    feature = facts.features[index]
    return plots.Axis(values[:, index], _label(feature, lang), percent=feature.unit == "fraction")


def _dependence(facts: ReportFacts, index: int, lang: str) -> SvgFigure:
    partner = _partner(facts, index)
    values, label = facts.sample.values, _label(facts.features[index], lang)
    if partner is None:
        title = label
    else:
        title = phrase("report.interaction_of", lang, first=label, second=_label(facts.features[partner], lang))
    return plots.dependence(
        f"dependence-{_short_name(facts, index)}",
        title,
        _axis(facts, index, values, lang),
        facts.sample.log_odds[:, index],
        phrase("report.log_odds", lang),
        colour=None if partner is None else _axis(facts, partner, values, lang),
        thresholds=_thresholds_of(facts, index),
    )


def _partner(facts: ReportFacts, index: int) -> int | None:
    """Return the feature that a feature interacts with most, among the strongest pairs."""
    pairs = facts.interactions.pairs if facts.interactions else ()
    return next((sum((pair.first, pair.second)) - index for pair in pairs if index in (pair.first, pair.second)), None)


def _thresholds_of(facts: ReportFacts, index: int) -> list[tuple[float, str]]:
    return sorted({threshold for entry in facts.thresholds if entry.feature == index for threshold in entry.at})


def _short_name(facts: ReportFacts, index: int) -> str:
    return facts.features[index].code.replace("_", "-").lower()


def _interaction(facts: ReportFacts, pair: Pair, lang: str) -> SvgFigure:
    assert facts.interactions is not None  # noqa: S101 - the pair is of it
    values = facts.interactions.values
    first, second = (_label(facts.features[index], lang) for index in (pair.first, pair.second))
    return plots.dependence(
        f"interaction-{_short_name(facts, pair.first)}-{_short_name(facts, pair.second)}",
        phrase("report.interaction_of", lang, first=first, second=second),
        _axis(facts, pair.first, values, lang),
        pair.log_odds,
        phrase("report.log_odds", lang),
        colour=_axis(facts, pair.second, values, lang),
    )


def _waterfall(facts: ReportFacts, example: Example, lang: str) -> SvgFigure:
    labels = [
        (_label(feature, lang), shown_value(float(value), feature.unit, lang))
        for feature, value in zip(facts.features, example.values, strict=True)
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
