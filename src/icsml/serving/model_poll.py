"""Look for another bundle of the same reference: at intervals, and whenever asked to."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

from icsml.errors import IcsmlError
from icsml.serving.logs import say, told
from icsml.serving.model_notice import ModelNotice
from icsml.serving.resolving import Resolution

__all__ = ["ModelPoll"]


class ModelPoll:
    """Resolves a reference again and writes the notice where its bundle changed; one for all workers.

    Parameters
    ----------
    reference : str
        A model of the registry or a bundle folder.
    seconds : int
        How often to look; 0 to look only when asked.
    notice : ModelNotice
        What the workers use now.
    path : Path
        The file of the notice.
    """

    def __init__(self, reference: str, seconds: int, notice: ModelNotice, path: Path) -> None:
        self._reference = reference
        self._seconds = seconds
        self._notice = notice
        self._path = path
        self._asked = Event()
        self._stopped = Event()
        self._resolution: Resolution | None = None
        self._thread = Thread(target=self._run, name="model-poll", daemon=True)

    def start(self) -> None:
        """Begin to look, in a thread."""
        self._thread.start()

    def look_now(self) -> None:
        """Look at once, and have the workers read the bundle again where they could not; may be called by a signal."""
        self._asked.set()

    def stop(self) -> None:
        """End the thread and the process that it waits for."""
        self._stopped.set()
        self._asked.set()
        if self._resolution is not None:
            self._resolution.stop()

    def _run(self) -> None:
        while True:
            asked = self._asked.wait(self._seconds or None)
            self._asked.clear()
            if self._stopped.is_set():
                return
            self._look(asked=asked)

    def _look(self, *, asked: bool) -> None:
        try:
            self._resolution = Resolution(self._reference, self._notice.sha256)
            notice = self._resolution.result()
        except (IcsmlError, OSError) as error:
            if not self._stopped.is_set():
                say("model_refused", "error", **told(error))
            return
        if asked or notice != self._notice:
            self._notice = notice
            notice.write(self._path)
