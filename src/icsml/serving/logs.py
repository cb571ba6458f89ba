"""The log of the service: every line on stderr is one JSON object, and none contains a value of a record."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TextIO

from icsml.core.clock import timestamp, utc_now
from icsml.core.strict_json import JsonObject
from icsml.errors import IcsmlError

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

__all__ = [
    "ACCESS_LOGGER",
    "FAILURE_LOGGER",
    "JsonLines",
    "Level",
    "failure",
    "install_hooks",
    "json_stderr",
    "line",
    "log_config",
    "say",
    "told",
]

ACCESS_LOGGER = "icsml.access"
FAILURE_LOGGER = "icsml.failure"

Level = Literal["info", "warning", "error"]
_FRAMES = 8
# What these report is about processes and connections. A message of any other library may quote a value.
_KNOWN_TO_QUOTE_NOTHING = ("uvicorn", "icsml")


def line(event: str, level: Level = "info", **facts: object) -> str:
    """Return a line of the log: one JSON object in ASCII, without line breaks.

    Parameters
    ----------
    event : str
        What happened.
    level : str
        ``info``, ``warning`` or ``error``.
    **facts : object
        More keys, as JSON values. They name things and never repeat a value of a record.
    """
    return json.dumps({"time": timestamp(utc_now()), "level": level, "event": event, "pid": os.getpid(), **facts})


def say(event: str, level: Level = "info", **facts: object) -> None:
    """Write a line of the log to stderr at once."""
    sys.stderr.write(line(event, level, **facts) + "\n")
    sys.stderr.flush()


def failure(error: BaseException) -> JsonObject:
    """Return the kind, code, cause and location of an error; its message may contain values, so it is left out.

    Returns
    -------
    dict
        ``error`` and ``cause`` (types), ``code``, and ``at``: the last frames as ``file:line function``, the
        innermost last.
    """
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return {
        "error": type(error).__name__,
        "code": getattr(error, "code", None) if isinstance(error, IcsmlError) else None,
        "cause": type(error.__cause__).__name__ if error.__cause__ else None,
        "at": [f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }


def told(error: BaseException) -> JsonObject:
    """Return :func:`failure`, and of an error of icsml also what it says: for errors that no request caused."""
    if not isinstance(error, IcsmlError):
        return failure(error)
    return {**failure(error), "field": error.field, "message": error.message, "remedy": error.remedy}


class JsonLines(logging.Formatter):
    """Formats what libraries log. Of one that may quote a value, only the place of the call is kept."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line of the log."""
        known = record.name.partition(".")[0] in _KNOWN_TO_QUOTE_NOTHING
        facts: JsonObject = {"logger": record.name}
        if known:
            facts["message"] = record.getMessage().strip().partition("\n")[0]
        error = record.exc_info[1] if record.exc_info else None
        called = f"{record.filename}:{record.lineno} {record.funcName}"
        facts |= failure(error) if error is not None else {"at": [called]}
        level: Level = (
            "error" if record.levelno >= logging.ERROR else "warning" if record.levelno >= logging.WARNING else "info"
        )
        return line("server" if known else "library", level, **facts)


def log_config() -> JsonObject:
    """Return the logging of a server process, as ``logging.config.dictConfig`` reads it."""
    own = {"handlers": ["bare"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"bare": {"format": "%(message)s"}, "json": {"()": JsonLines}},
        "handlers": {
            name: {"class": "logging.StreamHandler", "formatter": name, "stream": "ext://sys.stderr"}
            for name in ("bare", "json")
        },
        "loggers": {
            ACCESS_LOGGER: own,
            FAILURE_LOGGER: own,
            "uvicorn": {"handlers": ["json"], "level": "WARNING", "propagate": False},
        },
        "root": {"handlers": ["json"], "level": "WARNING"},
    }


def install_hooks() -> None:
    """From now on, warnings and uncaught errors are lines of the log too, without their messages."""
    warnings.showwarning = _on_warning
    sys.excepthook = _on_uncaught
    threading.excepthook = _on_thread
    sys.unraisablehook = _on_unraisable
    logging.raiseExceptions = False  # else a line that cannot be written is explained on stderr, with its content


@contextmanager
def json_stderr() -> Iterator[None]:
    """Have the hooks of :func:`install_hooks` within the block."""
    before = warnings.showwarning, sys.excepthook, threading.excepthook, sys.unraisablehook
    raising = logging.raiseExceptions
    install_hooks()
    try:
        yield
    finally:
        warnings.showwarning, sys.excepthook, threading.excepthook, sys.unraisablehook = before
        logging.raiseExceptions = raising


def _on_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    del message, file, line
    say("warning", "warning", warning=category.__name__, at=[f"{PurePath(filename).name}:{lineno}"])


def _on_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    del kind, trace
    say("failure", "error", **failure(error))


def _on_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        say("failure", "error", **failure(args.exc_value))


def _on_unraisable(args: UnraisableHookArgs) -> None:
    error: Any = args.exc_value
    if error is not None:
        say("failure", "error", **failure(error))
