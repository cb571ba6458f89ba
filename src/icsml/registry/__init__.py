"""MLflow: logs trainings, registers models, and fetches their bundles.

MLflow takes seconds to import, LightGBM and pandas a good part of one: MLflow is imported by
:func:`icsml.registry.session.mlflow_session`, and what reads a bundle when it is first used. A bundle in a folder needs
none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from icsml.registry.relocate import relocate
from icsml.registry.resolve import DEFAULT_REFERENCE, Fetched, fetch_bundle, list_versions
from icsml.registry.session import tracking_uri
from icsml.registry.training_log import MlflowProgress
from icsml.registry.training_record import RunRecord, TrialFacts
from icsml.registry.training_run import RunStart, close_run, open_run

if TYPE_CHECKING:
    from icsml.registry.tracking import Logged, log_training, register_bundle, register_record

__all__ = [
    "DEFAULT_REFERENCE",
    "Fetched",
    "Logged",
    "MlflowProgress",
    "RunRecord",
    "RunStart",
    "TrialFacts",
    "close_run",
    "fetch_bundle",
    "list_versions",
    "log_training",
    "open_run",
    "register_bundle",
    "register_record",
    "relocate",
    "tracking_uri",
]

if not TYPE_CHECKING:  # a type checker must not take every name for one of ours

    def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562: any public name
        if name not in __all__:
            raise AttributeError(f"module 'icsml.registry' has no attribute {name!r}")
        return getattr(import_module("icsml.registry.tracking"), name)
