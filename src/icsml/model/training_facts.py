"""Facts of its training that a bundle states."""

from __future__ import annotations

from typing import Any, TypedDict

__all__ = ["TrainingFacts"]


class TrainingFacts(TypedDict, total=False):
    """The key ``training`` of ``bundle.json``: JSON that is the same for the same data, configuration and seed.

    A bundle of an earlier version, or of a training made elsewhere, may lack keys and hold others.

    ``blocking``: why this version must not become the champion by itself. ``companion_rounds``: boosting rounds of the
    companion, None without one. ``configuration``: the whole training configuration. ``dataset``, ``dataset_sha256``:
    name and digest of the data set. ``defaults``, ``rows``: training rows, and events among them. ``figures``: metrics
    on rows not trained on, six digits. ``hyperparameters``: those chosen. ``long_run_rate``: the default rate that the
    mean PD is anchored to. ``points_robustness``: the fields of
    :class:`icsml.innovation.scoring.weight_robustness.Robustness`, None where no weight is assumed.
    ``reference_cut_off``: the PD that the reference population is nearest to, None where it is drawn. ``rounds``:
    boosting rounds of the model. ``seed``, ``trials``: of the search. ``split``: ``out_of_time`` or ``folds``, the rows
    that ``figures`` are of. ``variant``: with or without the points.
    """

    blocking: list[str]
    companion_rounds: int | None
    configuration: dict[str, Any]
    dataset: str
    dataset_sha256: str
    defaults: int
    figures: dict[str, float]
    hyperparameters: dict[str, float]
    long_run_rate: float | None
    points_robustness: dict[str, Any] | None
    reference_cut_off: float | None
    rounds: int
    rows: int
    seed: int
    split: str
    trials: int
    variant: str
