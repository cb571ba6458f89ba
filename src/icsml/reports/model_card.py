"""The model card of a bundle in the language of a page, rendered from the card's facts.

The bundle holds the card in English. What ``bundle.json`` holds is rendered from there; purpose, owner, tier, limits
and figures are read from the card's own sections. A section that this version does not know is unchanged;
so does a whole card whose facts the bundle does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from icsml.innovation.scoring.weight_robustness import Robustness
from icsml.model.bundle import Bundle
from icsml.model.card import ASSUMED_POINTS, CardFacts, CardPoints, CardReference, card_sections
from icsml.texts.label import Label
from icsml.texts.languages import FALLBACK

__all__ = ["bundle_card_facts", "card_in"]

_STATED: Final = ("dataset", "dataset_sha256", "rows", "defaults", "points_robustness")
_BEGINS: Final = re.compile(r"\n\n(?=# |## |> |\*\*)| (?=\*\*Tier\.\*\* )")
"""Where a section begins; earlier versions wrote owner and tier in one line."""
_HEADING: Final = re.compile(r"> \*\*[^*]+\*\*|\*\*[^*]+\*\*|## [^(\n]+|# [^:\n]+")
_FIGURE: Final = re.compile(r"\| (\w+ \w+) \| (\S+|not known) \|")


def bundle_card_facts(bundle: Bundle) -> CardFacts | None:
    """Return the card's facts from a bundle, the rest blank; None where it does not state its training."""
    training = bundle.training
    if any(name not in training for name in _STATED):
        return None
    return CardFacts(
        name=bundle.name,
        purpose="",
        owner="",
        tier="",
        limits=(),
        event=bundle.event,
        horizon_months=bundle.horizon_months,
        synthetic=bundle.synthetic,
        dataset=training["dataset"],
        dataset_sha256=training["dataset_sha256"],
        rows=training["rows"],
        defaults=training["defaults"],
        features=[feature.name for feature in bundle.features],
        points=_points(bundle),
        reference=_reference(bundle),
        directions={
            override.feature: (str(override.direction), override.reason) for override in bundle.model.encoder.overrides
        },
    )


def _points(bundle: Bundle) -> CardPoints | None:
    if bundle.rulebook is None:
        return None
    tested = bundle.training["points_robustness"]
    return CardPoints(bundle.rulebook.id, str(bundle.rulebook.provenance), Robustness(**tested) if tested else None)


def _reference(bundle: Bundle) -> CardReference | None:
    if bundle.reference is None:
        return None
    return CardReference(bundle.reference.id, len(bundle.reference.rows), bundle.training.get("reference_cut_off"))


def card_in(
    card: str,
    facts: CardFacts | None,
    lang: str,
    labels: Mapping[str, Label],
    metrics: Mapping[str, Label] | None = None,
) -> str:
    """Return a model card in a language, as Markdown.

    Parameters
    ----------
    card : str
        As in the bundle.
    facts : CardFacts, optional
        As :func:`bundle_card_facts` returns them.
    lang : str
        Language.
    labels, metrics : mapping of str to Label
        Names of the features and of the metrics; by default metrics have the names that programs use.
    """
    if facts is None:
        return card
    sections = _BEGINS.split(card.rstrip("\n"))
    names = {_heading(section): name for name, section in card_sections(facts, FALLBACK).items()}
    written = {names.get(_heading(section), ""): section for section in sections}
    rendered = card_sections(replace(facts, **_written(written, facts)), lang, labels, metrics)
    in_page = [rendered.get(names.get(_heading(section), ""), section) for section in sections]
    return "\n\n".join(in_page) + "\n"


def _heading(section: str) -> str:
    match = _HEADING.match(section)
    return match[0].rstrip() if match else ""


def _written(sections: Mapping[str, str], facts: CardFacts) -> dict[str, Any]:
    """Return the facts that only the card contains."""
    limits = [line[2:] for line in sections.get("limits", "").splitlines() if line.startswith("- ")]
    figures = _FIGURE.findall(sections.get("figures", ""))
    return {
        **{name: _body(sections.get(name, "")) for name in ("purpose", "owner", "tier")},
        "limits": [limit for limit in limits if facts.points is not None or limit != ASSUMED_POINTS],
        "figures": {name: None if value == "not known" else float(value) for name, value in figures},
    }


def _body(section: str) -> str:
    return section.removeprefix(_heading(section)).strip()
