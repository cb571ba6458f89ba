"""The bundle as an MLflow model, written as code: MLflow stores this file beside the bundle and runs it to load one.

It takes the frame of ``enterprises.parquet``, one record or a list of records, and returns ``pd``, ``grade`` and
``score``.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import Model, set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from icsml.core.canonical import sha256_file
from icsml.decision.frame import input_scores
from icsml.errors import ModelError
from icsml.model.bundle import Bundle, read_bundle
from icsml.registry.artifacts import BUNDLE_ARTIFACT, WHEEL_ARTIFACT, WHEEL_SHA256
from icsml.registry.wheel import icsml_wheel

__all__ = ["BundleModel"]


class BundleModel(PythonModel):  # type: ignore[misc, unused-ignore]
    """Scores records with the bundle among its artifacts."""

    bundle: Bundle

    def load_context(self, context: PythonModelContext) -> None:
        """Verify the wheel that the model's environment is installed from, then read and verify the bundle."""
        bundle, wheel = (Path(context.artifacts[name]) for name in (BUNDLE_ARTIFACT, WHEEL_ARTIFACT))
        stated = str((Model.load(str(bundle.parents[1])).metadata or {}).get(WHEEL_SHA256))
        if sha256_file(wheel) != stated:
            raise ModelError(
                "ICS-REG-020",
                "the wheel is not the one this model was logged with",
                field=wheel.name,
                remedy="fetch the model again, or train again",
            )
        if icsml_wheel().sha256 != stated:
            warnings.warn(
                f"this model was logged by other icsml code (wheel {stated[:12]}) than runs here"
                f" ({icsml_wheel().sha256[:12]}): install the wheel of its artifacts to run the same",
                UserWarning,
                stacklevel=2,
            )
        self.bundle = read_bundle(bundle)

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return ``pd``, ``grade`` and ``score`` of every row or record, with the index of a frame."""
        return input_scores(self.bundle, model_input)


set_model(BundleModel())
