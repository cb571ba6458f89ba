"""MLflow: logs what a training did, keeps the registered models, and fetches their bundles.

MLflow itself takes seconds to import, so it is imported by the functions that need it; a bundle in a folder needs none.
"""

from __future__ import annotations

from icsml.registry.progress import MlflowProgress
from icsml.registry.record import RunRecord, TrialFacts
from icsml.registry.relocate import relocate
from icsml.registry.resolve import DEFAULT_REFERENCE, Fetched, fetch_bundle, list_versions
from icsml.registry.run import RunStart, close_run, open_run
from icsml.registry.session import tracking_uri
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
