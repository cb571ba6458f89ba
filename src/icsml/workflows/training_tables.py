"""Tables of a training: features, rounds, trials, findings of the data set, and PDs of rows never seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from icsml.records.finding import CheckFinding
from icsml.workflows.fit import FittedPair
from icsml.workflows.measure import Measured
from icsml.workflows.prepare import Prepared, Split

__all__ = ["held_out_predictions", "training_tables"]


def training_tables(
    prepared: Prepared, split: Split, pair: FittedPair, findings: Sequence[CheckFinding]
) -> dict[str, pd.DataFrame]:
    """Return what a reader may want beside the figures, by name; see :class:`icsml.workflows.train.Trained`."""
    booster = pair.model.classifier.booster_
    missing = np.isnan(prepared.X[split.train]).mean(axis=0)
    tables = {
        "features": pd.DataFrame(
            [
                {
                    "feature": feature.name,
                    "code": feature.code,
                    "group": feature.group,
                    "domain": str(feature.domain),
                    "direction": str(feature.direction),
                    "direction_set": feature.overridden,
                    "missing_share": float(missing[i]),
                    "gain": float(gain),
                }
                for i, (feature, gain) in enumerate(
                    zip(prepared.encoder.features, booster.feature_importance("gain"), strict=True)
                )
            ]
        ),
        "data_checks": pd.DataFrame(
            [finding.model_dump() for finding in findings], columns=list(CheckFinding.model_fields)
        ),
        "rounds": pd.DataFrame(pair.model.classifier.inner_curve_, columns=["rounds", "calibrated_log_loss"]),
    }
    if pair.model.trials:
        tables["trials"] = pd.DataFrame(
            [
                {
                    "number": trial.number,
                    "loss": trial.loss,
                    "rounds": trial.rounds,
                    "slope": trial.slope,
                    **trial.hyperparameters.model_dump(),
                }
                for trial in pair.model.trials
            ]
        )
    return tables


def held_out_predictions(prepared: Prepared, split: Split, measured: Measured) -> pd.DataFrame:
    """Return the PDs of the rows that were measured on; see :class:`icsml.workflows.train.Trained`."""
    rows = np.flatnonzero(split.test)
    frame = prepared.dataset.enterprises.iloc[rows]
    predictions = pd.DataFrame({"row": rows})
    for name in ("enterprise_id", "as_of"):
        if name in frame:
            predictions[name] = frame[name].to_numpy()
    predictions["bad"] = prepared.y[rows].astype(np.int64)
    predictions["pd"], predictions["pd_without_innovation"] = measured.held_out[rows].T
    if split.folds is not None:
        predictions["fold"] = split.folds[rows] + 1
    return predictions
