"""What a process of ``icsml serve`` runs: the application, with a log of JSON lines from its first moment."""

from __future__ import annotations

import sys

from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE

from icsml.errors import IcsmlError
from icsml.serving.app import app_from_settings
from icsml.serving.logs import failure, install_hooks, say

__all__ = ["worker_app"]


def worker_app() -> FastAPI:
    """Make the application as :func:`app_from_settings`; if it cannot be made, log why and end the process."""
    install_hooks()
    try:
        return app_from_settings()
    except IcsmlError as error:
        say("not_started", "error", **failure(error), field=error.field, message=error.message, remedy=error.remedy)
    except Exception as error:
        say("not_started", "error", **failure(error))
    sys.exit(STARTUP_FAILURE)
