"""The model card: what a reader must know before using the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["CardFacts", "render_card"]


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """What a model card says.

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
    rulebook : str or None
        Rulebook of the points, with its provenance, such as ``national-2025 (assumed)``.
    reference : str or None
        Whom its reasons compare with, such as ``training-applicants, 10,000 rows``.
    figures : mapping of str to float or None
        Metrics on rows the model was not trained on, by name; None is not known.
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
    rulebook: str | None = None
    reference: str | None = None
    figures: Mapping[str, float | None] = field(default_factory=dict)
    directions: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def render_card(facts: CardFacts) -> str:
    """Return the card as Markdown; the same facts give the same text, and no time, operator or run is in it."""
    horizon = "an unknown horizon" if facts.horizon_months is None else f"{facts.horizon_months} months"
    sections = [
        f"# Model card: {facts.name}",
        *([_SYNTHETIC] if facts.synthetic else []),
        f"**Purpose.** {facts.purpose}",
        f"**Owner.** {facts.owner}",
        f"**Tier.** {facts.tier}",
        f"**What the PD means.** Probability of {facts.event or 'an event that is not stated'} within {horizon}.",
        f"**Data.** `{facts.dataset}`, {facts.rows:,} training rows, {facts.defaults:,} events; SHA-256 "
        f"`{facts.dataset_sha256}`.",
        f"**Innovation points.** {facts.rulebook or 'None among the features of this model.'}",
        f"**Reasons compare with.** {facts.reference or 'All training rows, by the cover of the trees.'}",
        "## Limits\n\n" + "\n".join(f"- {limit}" for limit in facts.limits),
        "## Figures on rows the model was not trained on\n\n" + _figures(facts.figures),
        *(["## Directions set for this model\n\n" + _directions(facts.directions)] if facts.directions else []),
        f"## Features ({len(facts.features)})\n\n" + ", ".join(f"`{name}`" for name in facts.features),
    ]
    return "\n\n".join(sections) + "\n"


_SYNTHETIC = (
    "> **Synthetic data.** Trained on invented enterprises to show how the system works. Its figures say nothing about "
    "real firms, and it must not be used to decide about any."
)


def _directions(directions: Mapping[str, tuple[str, str]]) -> str:
    stated = ((name, direction, " ".join(reason.split())) for name, (direction, reason) in sorted(directions.items()))
    return "\n".join(f"- `{name}`: {direction}. {reason}" for name, direction, reason in stated)


def _figures(figures: Mapping[str, float | None]) -> str:
    if not figures:
        return "None reported."
    rows = [f"| {name} | {'not known' if value is None else f'{value:.4f}'} |" for name, value in figures.items()]
    return "\n".join(["| Metric | Value |", "|---|---:|", *rows])
