"""Errors of pydantic validators: raised with their key and remedy, read without the library's prefix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticCustomError

__all__ = ["fault", "message_of", "within_sentence"]


def fault(key: tuple[str | int, ...], message: str, *, remedy: str | None = None) -> PydanticCustomError:
    """Return an error for a validator to raise.

    Parameters
    ----------
    key : tuple of str and int
        The key at fault, below what the validator validates; empty for the whole.
    message : str
        What is wrong.
    remedy : str, optional
        What to do about it.
    """
    return PydanticCustomError("config_fault", "{message}", {"message": message, "key": key, "remedy": remedy})


def message_of(error: Mapping[str, Any]) -> str:
    """Return the message of an error; of a validator's ``ValueError``, its own message.

    Parameters
    ----------
    error : ErrorDetails
        One of ``ValidationError.errors()``, with its context.

    Examples
    --------
    >>> context = {"error": ValueError("JSON is needed")}
    >>> message_of({"type": "value_error", "msg": "Value error, JSON is needed", "ctx": context})
    'JSON is needed'
    """
    cause = error.get("ctx", {}).get("error") if error["type"] == "value_error" else None
    return str(error["msg"] if cause is None else cause)


def within_sentence(error: Mapping[str, Any]) -> str:
    """Return an error's message with a lower-case first letter; patterns, choices and names are kept as they are.

    A first word of capitals, such as JSON or URL, stays one.

    Examples
    --------
    >>> within_sentence({"type": "string_pattern_mismatch", "msg": "String should match pattern '^[A-T]'"})
    "string should match pattern '^[A-T]'"
    """
    text = message_of(error)
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
