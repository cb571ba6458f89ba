"""The model that a process starts with: read while the registry is still asked which one it is.

Asking takes two seconds, nearly all of them the import of MLflow. Reading what the reference named at the last start
takes one, and also prepares the code that any other bundle needs. Only what the registry names now is used.
"""

from __future__ import annotations

from collections.abc import Callable

from icsml.errors import IcsmlError
from icsml.serving.live_model import LiveModel, load_model
from icsml.serving.model_notice import ModelNotice, last_notice, remember_notice

__all__ = ["first_model"]


def first_model(reference: str, found: Callable[[], ModelNotice]) -> tuple[LiveModel, ModelNotice]:
    """Return the model of a reference, with its notice.

    Parameters
    ----------
    reference : str
        The reference.
    found : callable
        Waits for the notice of the bundle that it names.

    Raises
    ------
    IcsmlError
        As ``found`` and `icsml.serving.live_model.load_model`.
    """
    guess = last_notice(reference)
    guessed = _loaded(guess) if guess else None
    notice = found()
    if guessed is not None and notice == guess and notice.sha256 == guessed.bundle.sha256:
        return guessed, notice
    model = load_model(notice.folder, notice.version)
    remember_notice(reference, notice)
    return model, notice


def _loaded(guess: ModelNotice) -> LiveModel | None:
    try:
        return load_model(guess.folder, guess.version)
    except (IcsmlError, OSError):
        return None
