"""A worker's watch over the notice of the model: reads another bundle beside the requests, then exchanges it."""

from __future__ import annotations

import asyncio
import os
import signal
from multiprocessing import parent_process
from pathlib import Path
from typing import Final

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from icsml.serving.live_model import LiveModel, Models, load_model
from icsml.serving.logs import say, told
from icsml.serving.model_notice import ModelNotice, notice_signature

__all__ = ["watch_model"]

_SECONDS: Final = 0.5


async def watch_model(models: Models, path: Path, seen: tuple[int, ...]) -> None:
    """Watch until cancelled.

    Parameters
    ----------
    models : Models
        Holds the live model.
    path : Path
        The file of the notice.
    seen : tuple of int
        Signature of the notice that the live model was loaded by.
    """
    threads = CapacityLimiter(1)
    while True:
        await asyncio.sleep(_SECONDS)
        _stop_without_parent()
        signature = notice_signature(path)
        if signature and signature != seen:
            seen = signature
            await _exchange(models, path, threads)


async def _exchange(models: Models, path: Path, threads: CapacityLimiter) -> None:
    try:
        new = await run_sync(_loaded, path, models.live, limiter=threads)
        if new is models.live:
            return
        models.exchange(new)
    except Exception as error:  # whatever is wrong with a new bundle, the old one decides on
        say("model_not_loaded", "error", **told(error))
        return
    say("model_exchanged", model=new.identity)


def _loaded(path: Path, live: LiveModel) -> LiveModel:
    notice = ModelNotice.read(path)
    if (notice.sha256, notice.version) == (live.bundle.sha256, live.version):
        return live
    return load_model(notice.folder, notice.version)


def _stop_without_parent() -> None:
    """Stop like on SIGTERM if the process that started this one was killed: nobody else would ever stop it."""
    parent = parent_process()
    if parent is not None and not parent.is_alive():
        os.kill(os.getpid(), signal.SIGTERM)
