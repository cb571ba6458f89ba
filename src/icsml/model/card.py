"""The model card: required reading before the model is used.

A bundle holds it in English, with metrics and features by the names that programs use; :func:`card_sections` gives the
same facts in any language, in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from icsml.innovation.scoring.weight_robustness import Robustness
from icsml.texts.catalogue import has_text, keys, phrase
from icsml.texts.label import Label
from icsml.texts.languages import FALLBACK

__all__ = ["ASSUMED_POINTS", "CardFacts", "CardPoints", "CardReference", "card_sections", "render_card"]

ASSUMED_POINTS: Final = phrase("card.standing.points_assumed", FALLBACK)
"""The limit of a model whose points are not official."""
_STANDING: Final = "card.standing."


@dataclass(frozen=True, slots=True)
class CardPoints:
    """Points that the model reads: the rulebook, its provenance, and their dependence on assumed weights."""

    rulebook: str
    provenance: str
    robustness: Robustness | None = None


@dataclass(frozen=True, slots=True)
class CardReference:
    """The comparison population of reasons: its rows, and the PD that it was chosen near to, if any."""

    population: str
    rows: int
    cut_off: float | None = None


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """Facts of a model card.

    Parameters
    ----------
    name : str
        Registered name.
    purpose, owner, tier : str
        What it may be used for, who answers for it, and its tier in the model inventory.
    limits : sequence of str
        What it must not be used for, and what is not known about it.
    event : str or None
        What the PD is the probability of.
    horizon_months : int or None
        Within how many months.
    synthetic : bool
        Trained on synthetic data.
    dataset : str
        Name of the data set.
    dataset_sha256 : str
        Its digest.
    rows, defaults : int
        Training rows, and events among them.
    features : sequence of str
        Features by name.
    points : CardPoints, optional
        None where the model reads no points.
    reference : CardReference, optional
        None for all training rows, by the cover of the trees.
    figures : mapping of str to float or None
        Metrics on rows the model was not trained on, such as ``test auc``; None is not known.
    directions : mapping of str to (str, str)
        Features whose direction is another than declared: the direction, and why.
    """

    name: str
    purpose: str
    owner: str
    tier: str
    limits: Sequence[str]
    event: str | None
    horizon_months: int | None
    synthetic: bool
    dataset: str
    dataset_sha256: str
    rows: int
    defaults: int
    features: Sequence[str]
    points: CardPoints | None = None
    reference: CardReference | None = None
    figures: Mapping[str, float | None] = field(default_factory=dict)
    directions: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def render_card(facts: CardFacts) -> str:
    """Return the card as Markdown; the same facts give the same text, and no time, operator or run is in it."""
    return "\n\n".join(card_sections(facts, FALLBACK).values()) + "\n"


def card_sections(
    facts: CardFacts,
    lang: str,
    labels: Mapping[str, Label] | None = None,
    metrics: Mapping[str, Label] | None = None,
) -> dict[str, str]:
    """Return the sections of a card as Markdown, in order.

    Parameters
    ----------
    facts : CardFacts
        Facts of the card. A purpose, owner or limit that is not one of the standing texts is in the words of whoever
        trained the model.
    lang : str
        Language.
    labels, metrics : mapping of str to Label, optional
        Names of features and of metrics. By default features, metrics and events have the names that programs use.
    """
    words = _Words(lang, labels, metrics or {})
    sections = {
        "title": phrase("card.title", lang, name=facts.name),
        "synthetic": phrase("card.synthetic", lang) if facts.synthetic else None,
        "purpose": phrase("card.purpose", lang, purpose=_standing(facts.purpose, lang)),
        "owner": phrase("card.owner", lang, owner=_standing(facts.owner, lang)),
        "tier": phrase("card.tier", lang, tier=words.named("card.tiers", facts.tier)),
        "pd": _pd(facts, words),
        "data": phrase(
            "card.data",
            lang,
            dataset=facts.dataset,
            rows=facts.rows,
            events=facts.defaults,
            sha256=facts.dataset_sha256,
        ),
        "points": _points(facts.points, words),
        "reference": _reference(facts.reference, lang),
        "limits": _listed("card.limits", lang, [f"- {_standing(limit, lang)}" for limit in facts.limits]),
        "figures": _listed("card.figures", lang, _figures(facts.figures, words)),
        "directions": _listed("card.directions", lang, _directions(facts.directions, words))
        if facts.directions
        else None,
        "features": _features(facts.features, words),
    }
    return {name: section for name, section in sections.items() if section is not None}


@dataclass(frozen=True, slots=True)
class _Words:
    """The names of a card in a language, or as programs use them where there are no labels."""

    lang: str
    labels: Mapping[str, Label] | None
    metrics: Mapping[str, Label]

    def named(self, kind: str, name: str) -> str:
        key = f"{kind}.{name}"
        return phrase(key, self.lang) if self.labels is not None and has_text(key) else name

    def feature(self, name: str) -> str:
        label = (self.labels or {}).get(name)
        return f"`{name}`" if label is None else label.text(self.lang)

    def metric(self, name: str) -> str:
        rows, _, metric = name.partition(" ")
        if self.labels is None or not has_text(f"card.rows.{rows}"):
            return name
        note = phrase(f"card.rows.{rows}", self.lang)
        label = self.metrics.get(metric)
        return phrase("names.with_note", self.lang, text=metric if label is None else label.text(self.lang), note=note)


def _standing(text: str, lang: str) -> str:
    """Return the text of a language where the English one is a standing text, else the text."""
    for key in keys(FALLBACK):
        if key.startswith(_STANDING) and phrase(key, FALLBACK) == text:
            return phrase(key, lang)
    return text


def _listed(heading: str, lang: str, lines: Sequence[str]) -> str:
    return phrase(heading, lang) + "\n\n" + "\n".join(lines)


def _pd(facts: CardFacts, words: _Words) -> str:
    if facts.event is None:
        event = phrase("names.event.unknown", words.lang)
    else:
        event = words.named("names.event", facts.event)
    if facts.horizon_months is None:
        return phrase("card.pd_open", words.lang, event=event)
    return phrase("card.pd", words.lang, event=event, months=facts.horizon_months)


def _points(points: CardPoints | None, words: _Words) -> str:
    if points is None:
        return phrase("card.points_none", words.lang)
    stated = {"rulebook": points.rulebook, "provenance": words.named("names.value", points.provenance)}
    if points.robustness is None:
        return phrase("card.points", words.lang, **stated)
    return phrase("card.points_tested", words.lang, **stated, weights=points.robustness.sentence(words.lang))


def _reference(reference: CardReference | None, lang: str) -> str:
    if reference is None:
        return phrase("card.reference_all", lang)
    if reference.cut_off is None:
        return phrase("card.reference", lang, population=reference.population, rows=reference.rows)
    return phrase("card.reference_nearest", lang, **asdict(reference))


def _directions(directions: Mapping[str, tuple[str, str]], words: _Words) -> list[str]:
    return [
        phrase(
            "card.direction",
            words.lang,
            feature=words.feature(name),
            direction=words.named("names.value", direction),
            reason=" ".join(reason.split()),
        )
        for name, (direction, reason) in sorted(directions.items())
    ]


def _figures(figures: Mapping[str, float | None], words: _Words) -> list[str]:
    if not figures:
        return [phrase("card.figures_none", words.lang)]
    not_known = phrase("names.not_known", words.lang)
    rows = [
        f"| {words.metric(name)} | {not_known if value is None else f'{value:.4f}'} |"
        for name, value in figures.items()
    ]
    return [phrase("card.figures_head", words.lang), "|---|---:|", *rows]


def _features(features: Sequence[str], words: _Words) -> str:
    names = phrase("joined.comma", words.lang).join(words.feature(name) for name in features)
    return phrase("card.features", words.lang, count=len(features)) + "\n\n" + names
