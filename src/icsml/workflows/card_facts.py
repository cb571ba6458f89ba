"""The facts of a training's model card."""

from __future__ import annotations

from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.weight_robustness import Robustness
from icsml.model.card import ASSUMED_POINTS, CardFacts, CardPoints, CardReference
from icsml.model.reference import ReferencePopulation
from icsml.workflows.config import TrainingConfig
from icsml.workflows.prepare import Prepared, Split
from icsml.workflows.training_metrics import TrainingMetrics

__all__ = ["training_card_facts"]


def training_card_facts(
    prepared: Prepared,
    split: Split,
    config: TrainingConfig,
    metrics: TrainingMetrics,
    points_robustness: Robustness | None,
    reference: ReferencePopulation | None,
) -> CardFacts:
    """Return the facts of the model card; ``metrics`` give its figures and warnings."""
    figures = metrics.figures
    rulebook = prepared.rulebook
    return CardFacts(
        name=config.name,
        purpose=config.card.purpose,
        owner=config.card.owner,
        tier=config.card.tier,
        limits=[*config.card.limits, *_rulebook_limits(rulebook), *metrics.warnings],
        event=prepared.meaning.event,
        horizon_months=prepared.meaning.horizon_months,
        synthetic=prepared.dataset.meta.synthetic,
        dataset=prepared.dataset.meta.name,
        dataset_sha256=prepared.dataset.digest,
        rows=int(split.train.sum()),
        defaults=int(prepared.y[split.train].sum()),
        features=[feature.name for feature in prepared.encoder.features],
        points=CardPoints(rulebook.id, str(rulebook.provenance), points_robustness) if rulebook else None,
        reference=_reference(reference, config) if reference else None,
        directions={
            override.feature: (str(override.direction), override.reason) for override in prepared.encoder.overrides
        },
        figures={
            f"{figures.sample} {key}": value for key, value in figures.model.metrics.items() if isinstance(value, float)
        },
    )


def _rulebook_limits(rulebook: Rulebook | None) -> list[str]:
    return [ASSUMED_POINTS] if rulebook is not None and rulebook.provenance == "assumed" else []


def _reference(reference: ReferencePopulation, config: TrainingConfig) -> CardReference:
    cut_off = config.reasons.cut_off if reference.id == "approval-margin" else None
    return CardReference(reference.id, len(reference.rows), cut_off)
