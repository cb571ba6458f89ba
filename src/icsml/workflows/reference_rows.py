"""Choose the reference population of a model: training rows, and no others."""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from icsml.core.arrays import Indices
from icsml.core.sampling import sampled_rows
from icsml.errors import InputError
from icsml.features.encoder import Encoder
from icsml.features.feature import INNOVATION_SCORE
from icsml.innovation.rulebooks.indicators import ScoringDomain
from icsml.innovation.scoring.evaluate import evaluate
from icsml.model.predict import log_odds
from icsml.model.reference import ReferencePopulation
from icsml.records.columns import take
from icsml.records.decision import ReferenceId
from icsml.workflows.config import ReasonsConfig, TrainingConfig
from icsml.workflows.fit import FittedPair
from icsml.workflows.prepare import Prepared, Rows

__all__ = ["reference_population"]


_IDS: dict[str, ReferenceId] = {"training_applicants": "training-applicants", "approval_margin": "approval-margin"}


def reference_population(
    prepared: Prepared, rows: Rows, pair: FittedPair, config: TrainingConfig
) -> ReferencePopulation | None:
    """Choose among the training rows, by the seed of the model or by their PD from boosters that had not seen them.

    Parameters
    ----------
    prepared : Prepared
        The data set.
    rows : Rows
        Training rows, those the pair was fitted on.
    pair : FittedPair
        The fitted models.
    config : TrainingConfig
        How many rows, and which population they represent.

    Returns
    -------
    ReferencePopulation, optional
        Rows in their order in the data set; all of them where there are fewer than asked for. None where the model is
        explained by ``pred_contrib``, which knows no population.

    Raises
    ------
    InputError
        ``ICS-TRN-005`` if no training row has a PD from a booster that had not seen it.
    """
    if config.reasons.explainer == "pred_contrib":
        return None
    trained = np.arange(len(prepared.y))[rows]
    if config.reasons.reference == "approval_margin":
        indices = _nearest(pair, config.reasons)
    else:
        indices = sampled_rows(len(trained), config.reasons.reference_rows, seed=config.model.seed)
    chosen = trained[indices]
    return ReferencePopulation(
        _IDS[config.reasons.reference], prepared.X[chosen], _mean_points(prepared, pair.model.encoder, chosen)
    )


def _nearest(pair: FittedPair, config: ReasonsConfig) -> Indices:
    """Return the training rows nearest to the cut-off in log-odds, ties by their order."""
    assert config.cut_off is not None  # noqa: S101 - the configuration asks for it
    held_out = log_odds(pair.model.classifier.held_out_margin_, pair.model.calibration)
    distance = np.abs(held_out - float(logit(config.cut_off)))
    known = np.flatnonzero(~np.isnan(distance))
    if not known.size:
        raise InputError(
            "ICS-TRN-005",
            "no training row has a PD from a booster that had not seen it",
            field="reasons.reference",
            remedy="use `reference: training_applicants`",
        )
    order = np.argsort(distance[known], kind="stable")[: config.reference_rows]
    return np.sort(known[order])


def _mean_points(prepared: Prepared, encoder: Encoder, chosen: Indices) -> dict[str, float]:
    """Return mean points of each innovation-domain indicator over the chosen rows that have innovation points."""
    if prepared.rulebook is None or not encoder.needs_points:
        return {}
    score = encoder.index(INNOVATION_SCORE)
    having = chosen[~np.isnan(prepared.X[chosen, score])]
    if not having.size:
        return {}
    points = evaluate(prepared.rulebook, take(prepared.columns, having)).points
    innovative = [i.id for i in prepared.rulebook.indicators if i.domain is ScoringDomain.INNOVATION]
    return {name: float(points[name].mean()) for name in innovative}
