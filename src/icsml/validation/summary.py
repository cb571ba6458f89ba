"""The metrics that training reports.

Purpose
    One table for a test period or for pooled out-of-fold PDs.
Method
    Each figure from its own module of this package.
Reading
    See there.
Limits
    For rows the model was not trained on; nothing here can verify that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from icsml.core.arrays import Array, Floats
from icsml.validation.auc import AUC, auc
from icsml.validation.auc_interval import AUC_INTERVAL
from icsml.validation.average_precision import AVERAGE_PRECISION
from icsml.validation.brier import BRIER
from icsml.validation.calibration import CALIBRATION, CALIBRATION_IN_THE_LARGE
from icsml.validation.inputs import checked
from icsml.validation.ks import KS
from icsml.validation.log_loss import LOG_LOSS

__all__ = ["METRICS", "METRIC_LABELS", "FoldModel", "Measures", "measures", "summary"]

METRICS: Final = (
    AUC,
    AUC_INTERVAL,
    KS,
    BRIER,
    LOG_LOSS,
    AVERAGE_PRECISION,
    CALIBRATION,
    CALIBRATION_IN_THE_LARGE,
)
"""Every metric that training reports, in the order in which it reports them."""

METRIC_LABELS: Final = {key: label for metric in METRICS for key, label in metric.labels.items()}
"""Name of each figure on a page, by its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldModel:
    """The model of one outer fold.

    Parameters
    ----------
    fold : int
        Its number, from 1.
    slope : float
        Its calibration slope.
    rows, events, held_out_rows, held_out_events : int
        What it was trained on, and what it was measured on.
    pd : float or None
        Where it does not rank, the one PD at which its rows are measured.
    """

    fold: int
    slope: float
    rows: int
    events: int
    held_out_rows: int
    held_out_events: int
    pd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Metrics of PDs on rows that were not used in training their models.

    Parameters
    ----------
    metrics : mapping of str to float or None
        The figures of :data:`METRICS` by key.
    rows, defaults : int
        Rows measured on, and events among them.
    auc_folds : tuple of float or None, optional
        AUC of each fold, None for one with one class only; absent where no fold was given.
    folds : tuple of FoldModel, optional
        The model behind each fold's PDs; absent where there is one model for all rows.
    """

    metrics: Mapping[str, float | None]
    rows: int
    defaults: int
    auc_folds: tuple[float | None, ...] | None = None
    folds: tuple[FoldModel, ...] | None = None

    @property
    def figures(self) -> dict[str, float | None]:
        """The metrics and the counts by key."""
        return {**self.metrics, "rows": self.rows, "defaults": self.defaults}

    @property
    def folds_without_ranking(self) -> list[int]:
        """Numbers of the folds whose model has a slope that is not positive."""
        return [model.fold for model in self.folds or () if model.pd is not None]

    def as_json(self) -> dict[str, Any]:
        """Return one JSON object, without the keys of absent figures."""
        stated: dict[str, Any] = dict(self.figures)
        if self.auc_folds is not None:
            stated["auc_folds"] = list(self.auc_folds)
        if self.folds is not None:
            stated["folds"] = [asdict(model) for model in self.folds]
            stated["folds_without_ranking"] = self.folds_without_ranking
        return stated


def measures(
    y: npt.ArrayLike,
    pd: npt.ArrayLike,
    *,
    folds: npt.ArrayLike | None = None,
    groups: npt.ArrayLike | None = None,
    models: tuple[FoldModel, ...] | None = None,
) -> Measures:
    """Return all metrics of PDs against outcomes.

    Parameters
    ----------
    y, pd, folds, groups
        As for :func:`summary`.
    models : tuple of FoldModel, optional
        The models behind the PDs of each fold.
    """
    outcome, probability = checked(y, pd)
    return Measures(
        metrics={
            key: value for metric in METRICS for key, value in metric.figures(outcome, probability, groups).items()
        },
        rows=int(outcome.size),
        defaults=int(outcome.sum()),
        auc_folds=None if folds is None else _auc_folds(outcome, probability, np.asarray(folds)),
        folds=models,
    )


def summary(
    y: npt.ArrayLike,
    pd: npt.ArrayLike,
    *,
    folds: npt.ArrayLike | None = None,
    groups: npt.ArrayLike | None = None,
) -> dict[str, Any]:
    """Return all metrics of PDs against outcomes as JSON.

    Parameters
    ----------
    y, pd : array-like of shape (n,)
        Outcomes (0 or 1) and PDs.
    folds : array-like of shape (n,), optional
        Fold in which each row was held out; adds ``auc_folds``, None for a fold with one class only.
    groups : array-like of shape (n,), optional
        Clusters for the interval of the AUC, such as the enterprise.

    Returns
    -------
    dict
        The figures of :data:`METRICS` by key, ``rows``, ``defaults`` and, with folds, ``auc_folds``.
    """
    return measures(y, pd, folds=folds, groups=groups).as_json()


def _auc_folds(outcome: Floats, probability: Floats, folds: Array) -> tuple[float | None, ...]:
    rows = [folds == number for number in np.unique(folds)]
    return tuple(auc(outcome[fold], probability[fold]) if np.unique(outcome[fold]).size == 2 else None for fold in rows)
