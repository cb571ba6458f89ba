"""Every error that icsml raises on purpose.

::

    IcsmlError                  a stable code, the field or thing at fault, the remedy
    ├── InputError              bad input: a record, a table, an argument          exit 2
    │   └── ConfigError         a YAML file is wrong; names file, line and key     exit 2
    ├── ModelError              a model or bundle that must not be used            exit 2
    ├── MissingError            something the command needs is not there           exit 3
    │   └── LedgerError         a decision could not be recorded or read           exit 3
    ├── ConflictError           the same idempotency key with another body         exit 2
    └── AccessError             no key, an unknown key, or a role that may not      exit 2

Messages name fields and never carry the values of a customer's record. Codes read ``ICS-AREA-NNN`` and are listed in
``docs/reference/errors.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

__all__ = [
    "AccessError",
    "ConfigError",
    "ConflictError",
    "IcsmlError",
    "InputError",
    "LedgerError",
    "MissingError",
    "ModelError",
]


class IcsmlError(Exception):
    """Base of all icsml errors.

    Parameters
    ----------
    code : str
        Stable identifier such as ``ICS-REC-003``.
    message : str
        What is wrong, in one line, without values of the record.
    field : str, optional
        The field, key or thing at fault.
    remedy : str, optional
        What the reader should do about it.
    details : sequence of (str, str)
        Every field at fault with what is wrong with it, where there may be several.
    """

    exit_code: ClassVar[int] = 2

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str | None = None,
        remedy: str | None = None,
        details: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.field = field
        self.remedy = remedy
        self.details = tuple(details)

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        remedy = f" — {self.remedy}" if self.remedy else ""
        return f"{self.code} {where}{self.message}{remedy}"


class InputError(IcsmlError):
    """A record, table or argument is not acceptable."""


class ConfigError(InputError):
    """A configuration file is wrong; ``field`` reads ``file:line: key``."""


class ModelError(IcsmlError):
    """A model or bundle must not be used."""


class MissingError(IcsmlError):
    """Something that is needed is not there."""

    exit_code = 3


class LedgerError(MissingError):
    """A decision could not be recorded or read back; without a record there is no decision."""


class ConflictError(IcsmlError):
    """The same idempotency key was used with another body."""


class AccessError(IcsmlError):
    """No key, an unknown key, or a role that may not do this."""
