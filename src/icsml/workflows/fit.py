"""Fit the pair: the model, and its companion without innovation on the same rows and the same budget."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from icsml.core.paths import configs_dir
from icsml.core.progress import Progress
from icsml.features.encoder import Encoder
from icsml.model.bundle import BundleParts
from icsml.model.calibrate import Affine, anchor
from icsml.model.classifier import NoRankingWarning, PDClassifier, from_config
from icsml.model.model_config import Hyperparameters
from icsml.model.reference import ReferencePopulation
from icsml.model.scale import load_scale
from icsml.model.scorer import Scorer
from icsml.model.training_facts import TrainingFacts
from icsml.model.tune import Trial, tune
from icsml.recourse.actionable_fields import ActionSet
from icsml.recourse.yearly_changes import fit_action_set
from icsml.workflows.config import TrainingConfig, assessment_policy, reason_catalogue
from icsml.workflows.prepare import Prepared, Rows, inner_blocks

__all__ = ["Fitted", "FittedPair", "fit_actions", "fit_model", "fit_pair", "parts"]


@dataclass(frozen=True, slots=True)
class Fitted:
    """One fitted model with the search that chose its hyperparameters (empty where none was made)."""

    classifier: PDClassifier
    encoder: Encoder
    calibration: Affine
    hyperparameters: Hyperparameters
    trials: tuple[Trial, ...]

    @property
    def scorer(self) -> Scorer:
        """The scorer of this model in a bundle."""
        return Scorer(self.classifier.booster_, self.encoder, self.calibration)


@dataclass(frozen=True, slots=True)
class FittedPair:
    """The model and its companion; None where the model has no innovation feature."""

    model: Fitted
    companion: Fitted | None
    never_missing: tuple[str, ...]


def fit_pair(prepared: Prepared, rows: Rows, config: TrainingConfig, progress: Progress) -> FittedPair:
    """Tune, fit, calibrate and anchor on the given rows and no others.

    Parameters
    ----------
    prepared : Prepared
        The data set.
    rows : Rows
        Training rows.
    config : TrainingConfig
        How to train.
    progress : callable
        Told how far it is.
    """
    encoder = prepared.encoder
    model = fit_model(prepared, rows, config, encoder, progress)
    companion = None
    if encoder.innovative.any() and not encoder.innovative.all():
        progress("the companion without innovation")
        companion = fit_model(prepared, rows, config, encoder.without_innovation(), progress)
    gaps = np.isnan(prepared.X[rows]).sum(axis=0)
    names = tuple(feature.name for feature, count in zip(encoder.features, gaps, strict=True) if count == 0)
    return FittedPair(model, companion, names)


def fit_actions(prepared: Prepared, train: Rows) -> ActionSet | None:
    """Return what recourse may change, fitted on the training rows.

    None where there is no rulebook, no action with data, or the model reads declared extra features: what those are
    made of is not known, so they could not follow a change of the record.
    """
    if prepared.rulebook is None or prepared.encoder.extras:
        return None
    read = {*prepared.encoder.inputs, *prepared.rulebook.inputs()}
    return fit_action_set(prepared.columns, np.arange(len(prepared.y))[train], read)


def parts(
    prepared: Prepared,
    pair: FittedPair,
    config: TrainingConfig,
    *,
    card: str = "",
    training: TrainingFacts | None = None,
    reference: ReferencePopulation | None = None,
    levers: ActionSet | None = None,
) -> BundleParts:
    """Return what a bundle of this pair is made of; good for scoring as it is."""
    meta = prepared.dataset.meta
    return BundleParts(
        name=config.name,
        model=pair.model.scorer,
        companion=pair.companion.scorer if pair.companion else None,
        scale=load_scale(configs_dir() / "policy" / "master-scale.yaml"),
        rulebook=prepared.rulebook,
        extras=tuple(meta.extra_features),
        event=prepared.meaning.event,
        horizon_months=prepared.meaning.horizon_months,
        synthetic=meta.synthetic,
        dated=meta.dated,
        never_missing=pair.never_missing,
        card=card,
        training=training or {},
        reference=reference,
        explainer=config.reasons.explainer,
        reasons=reason_catalogue(config).for_features(pair.model.encoder.features),
        policy=assessment_policy(config),
        levers=levers,
    )


def fit_model(prepared: Prepared, rows: Rows, config: TrainingConfig, encoder: Encoder, progress: Progress) -> Fitted:
    """Do for one model what :func:`fit_pair` does for two; ``encoder`` has its features, all or some of the rows'."""
    X = np.ascontiguousarray(prepared.X[rows][:, encoder.indices_in(prepared.encoder)])
    y = prepared.y[rows]
    groups, blocks = prepared.groups[rows], inner_blocks(prepared, rows, config.model)
    hyperparameters = config.model.hyperparameters
    trials: tuple[Trial, ...] = ()
    if config.model.trials > 1:
        search = tune(X, y, config.model, monotone=encoder.directions, groups=groups, blocks=blocks, progress=progress)
        hyperparameters, trials = search.hyperparameters, search.trials
    classifier = from_config(config.model, monotone=encoder.directions, hyperparameters=hyperparameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoRankingWarning)  # the workflow refuses or reports it, naming the fold
        classifier.fit(X, y, groups=groups, blocks=blocks, progress=progress)
    return Fitted(classifier, encoder, _calibration(classifier, config), hyperparameters, trials)


def _calibration(classifier: PDClassifier, config: TrainingConfig) -> Affine:
    """Anchor on the margins of rows that no booster behind them had seen."""
    if config.long_run_rate is None:
        return classifier.calibration_
    margins = classifier.held_out_margin_
    return anchor(margins[~np.isnan(margins)], classifier.calibration_, config.long_run_rate)
