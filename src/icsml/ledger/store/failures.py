"""What a failed statement of the database means for who wanted to record or to read."""

from __future__ import annotations

import sqlite3
from enum import Enum, auto

from sqlalchemy.exc import DBAPIError, IntegrityError

from icsml.errors import ConflictError, LedgerError
from icsml.ledger.store.database import URL_VARIABLE

__all__ = ["Failure", "identifier_used", "index_altered", "key_used", "kind_of", "not_readable", "not_recorded"]

_TRANSACTION_ROLLED_BACK = "40"  # class of SQLSTATE: deadlock, serialization


class Failure(Enum):
    """Kinds of failures of a transaction that writes."""

    TAKEN = auto()
    """A key is in the table already, or the database chose this transaction to resolve a deadlock: nothing was
    written."""

    CUT_OFF = auto()
    """The connection broke: whether the transaction was committed is not known."""

    OTHER = auto()
    """Anything else: nothing was written, and trying again at once is of no use."""


def kind_of(error: Exception) -> Failure:
    """Return what kind of failure an error of the database is."""
    if isinstance(error, IntegrityError | sqlite3.IntegrityError):
        return Failure.TAKEN
    if isinstance(error, DBAPIError):
        if (getattr(error.orig, "sqlstate", None) or "").startswith(_TRANSACTION_ROLLED_BACK):
            return Failure.TAKEN
        if error.connection_invalidated and not isinstance(error.orig, sqlite3.Error):
            return Failure.CUT_OFF
    return Failure.OTHER


def not_recorded(cause: BaseException | None = None) -> LedgerError:
    """Return the error of a decision that could not be recorded."""
    error = LedgerError(
        "ICS-LED-003",
        "the decision could not be recorded",
        field=URL_VARIABLE,
        remedy="check the database and send it again",
    )
    error.__cause__ = cause
    return error


def not_readable() -> LedgerError:
    """Return the error of a ledger that does not answer a reader."""
    return LedgerError(
        "ICS-LED-004", "the ledger cannot be read", field=URL_VARIABLE, remedy="check that the database answers"
    )


def key_used() -> ConflictError:
    """Return the error of an idempotency key that was used for another request."""
    return ConflictError(
        "ICS-LED-007", "used before with another body", field="Idempotency-Key", remedy="use a new key"
    )


def identifier_used() -> ConflictError:
    """Return the error of an identifier of a decision that is in the ledger already."""
    return ConflictError("ICS-LED-006", "already recorded", field="decision_id", remedy="use a new identifier")


def index_altered() -> LedgerError:
    """Return the error of a row of the index that cannot have been recorded."""
    return LedgerError(
        "ICS-LED-033",
        "the index is not what was recorded",
        field="decision_id",
        remedy="run `icsml ledger verify`, and `icsml ledger reindex`",
    )
