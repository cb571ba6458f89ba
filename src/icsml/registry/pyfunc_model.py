"""The bundle as an MLflow model, written as code: MLflow keeps this file beside the bundle and runs it to load one.

It takes the frame of ``enterprises.parquet`` and returns ``pd``, ``grade`` and ``score``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from icsml.decision.frame import frame_scores
from icsml.model.bundle import Bundle, read_bundle

__all__ = ["BundleModel"]


class BundleModel(PythonModel):  # type: ignore[misc, unused-ignore]
    """Scores records with the bundle among its artifacts."""

    bundle: Bundle

    def load_context(self, context: PythonModelContext) -> None:
        """Read and verify the bundle."""
        self.bundle = read_bundle(Path(context.artifacts["bundle"]))

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return ``pd``, ``grade`` and ``score`` of every row, with the index of the input."""
        return frame_scores(self.bundle, model_input)


set_model(BundleModel())
