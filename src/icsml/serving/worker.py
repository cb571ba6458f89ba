"""The application of a process that ``icsml serve`` starts, with no library in memory that it does not use."""

from __future__ import annotations

import os
import signal
import sys
import time
from multiprocessing import parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from uvicorn.config import STARTUP_FAILURE

from icsml.serving.logs import install_hooks, say, told
from icsml.serving.model_notice import NOTICE_VARIABLE

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["READY_VARIABLE", "leave_out_sklearn", "worker_app"]

READY_VARIABLE: Final = "ICSML_SERVING"
"""Set once the service answers: a process that replaces another then does not stop all, but is tried again."""


def leave_out_sklearn() -> None:
    """Have LightGBM start as it does where scikit-learn is not installed: deciding needs neither it nor scipy.stats."""
    if "lightgbm" not in sys.modules:
        cast(dict[str, Any], sys.modules).setdefault("sklearn", None)


def worker_app() -> FastAPI:
    """Make the application of one of several processes; if it cannot be made, log why and end the process."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # for the supervisor; a terminal sends it to all
    install_hooks()
    leave_out_sklearn()
    from icsml.serving.app import app_from_settings

    if notice := os.environ.get(NOTICE_VARIABLE):
        _wait_for(Path(notice))
    try:
        return app_from_settings()
    except Exception as error:
        say("not_started", "error", **told(error))
        sys.exit(1 if os.environ.get(READY_VARIABLE) else STARTUP_FAILURE)


def _wait_for(notice: Path) -> None:
    """Wait until the model was found; the process that looks for it ends this one if there is none."""
    parent = parent_process()
    while not notice.exists() and (parent is None or parent.is_alive()):
        time.sleep(0.02)
