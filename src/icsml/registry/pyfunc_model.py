"""The bundle as an MLflow model, written as code: MLflow keeps this file beside the bundle and runs it to load one.

It takes the frame of ``enterprises.parquet``, one record or a list of records, and returns ``pd``, ``grade`` and
``score``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from icsml.core.canonical import sha256_file
from icsml.decision.frame import input_scores
from icsml.errors import ModelError
from icsml.model.bundle import Bundle, read_bundle

__all__ = ["BundleModel"]


class BundleModel(PythonModel):  # type: ignore[misc, unused-ignore]
    """Scores records with the bundle among its artifacts."""

    bundle: Bundle

    def load_context(self, context: PythonModelContext) -> None:
        """Read and verify the bundle, and the wheel that the environment of this model is installed from."""
        self.bundle = read_bundle(Path(context.artifacts["bundle"]))
        stated = (context.model_config or {}).get("icsml_wheel_sha256")
        wheel = Path(context.artifacts["wheel"])
        if sha256_file(wheel) != stated:
            raise ModelError(
                "ICS-REG-020",
                "the wheel is not the one this model was logged with",
                field=wheel.name,
                remedy="fetch the model again, or train again",
            )

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return ``pd``, ``grade`` and ``score`` of every row or record, with the index of a frame."""
        return input_scores(self.bundle, model_input)


set_model(BundleModel())
