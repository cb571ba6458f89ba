"""Score a frame of records: what MLflow's flavour of the model returns."""

from __future__ import annotations

import pandas as pd

from icsml.decision.assess import assess
from icsml.model.bundle import BundleParts
from icsml.records.columns import to_columns
from icsml.records.frame import validate_frame

__all__ = ["frame_scores"]


def frame_scores(bundle: BundleParts, frame: pd.DataFrame) -> pd.DataFrame:
    """Score the frame of ``enterprises.parquet``.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    frame : DataFrame of shape (n, any)
        Records: canonical columns and the bundle's ``extra.NAME`` columns.

    Returns
    -------
    DataFrame of shape (n, 3)
        ``pd``, ``grade`` and ``score``, with the index of the input.

    Raises
    ------
    InputError
        If a column is unknown or a row is not acceptable.
    """
    assessment = assess(bundle, to_columns(validate_frame(frame, bundle.extras), bundle.extras), explained=False)
    return pd.DataFrame({"pd": assessment.pd, "grade": assessment.grade, "score": assessment.score}, index=frame.index)
