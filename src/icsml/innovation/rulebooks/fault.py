"""A fault of a rulebook: the message, and the key at fault."""

from __future__ import annotations

from dataclasses import dataclass

from icsml.core.yaml import Key

__all__ = ["Fault"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a rulebook.

    Parameters
    ----------
    code : str
        Stable code, ``ICS-RUL-NNN``.
    key : tuple of str and int
        Its key in the document.
    message, remedy : str
        What is wrong, and what to do.
    warning : bool
        Whether it may be meant: it is reported, and the rulebook is read all the same.
    """

    code: str
    key: Key
    message: str
    remedy: str
    warning: bool = False
