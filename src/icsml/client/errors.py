"""Every error that a client raises because of an answer, or because there was none.

::

    ClientError                     status, code, fields, request id, idempotency key
    ├── AuthError                   401, 403: the key, or its role
    ├── NotFoundError               404: no such decision of this tenant, or no such path
    ├── ConflictError               409: the idempotency key was used with another body
    ├── RefusedError                any other 4xx: the request is not acceptable as it is
    ├── UnavailableError            no answer, 408, 429, 502, 503 or 504, after all repetitions
    └── UnexpectedAnswerError       500, or nothing that this service answers

What is wrong with the arguments of a call is an `icsml.errors.InputError`, and then nothing was sent. No error contains
the key or a value of a record, and none refers to the request or to an error of the HTTP library that does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from icsml.errors import IcsmlError

if TYPE_CHECKING:
    from icsml.client.answers import Assessment, Problem

__all__ = [
    "AuthError",
    "ClientError",
    "ConflictError",
    "NotFoundError",
    "RefusedError",
    "UnavailableError",
    "UnexpectedAnswerError",
    "error_of_status",
]


class ClientError(IcsmlError):
    """A request without the answer that was wanted.

    Attributes
    ----------
    code : str
        The service's stable code, or one of the client, ``ICS-CLT-…``.
    status : int or None
        HTTP status; None without an answer.
    errors : tuple of (str, str)
        Path of each field at fault and what is wrong with it.
    request_id : str or None
        Names the request in the log of the service.
    attempts : int
        How often it was sent.
    retry_after : float or None
        Seconds that the service asked to wait.
    idempotency_key : str or None
        Of a request that decides: sent again with it, there is still one decision.
    results : tuple
        Of a list of records: what became of those in the batches before this one.
    """

    status: int | None = None
    request_id: str | None = None
    attempts: int = 1
    retry_after: float | None = None
    idempotency_key: str | None = None
    results: Sequence[Assessment | Problem] = ()

    @property
    def errors(self) -> tuple[tuple[str, str], ...]:
        """Path of each field at fault and what is wrong with it."""
        return self.details

    def __str__(self) -> str:
        request = f" (request {self.request_id})" if self.request_id else ""
        return super().__str__() + request


class AuthError(ClientError):
    """The key is not accepted (401), or its role does not allow this (403)."""


class NotFoundError(ClientError):
    """The tenant has no such decision, or the service no such path."""


class ConflictError(ClientError):
    """The idempotency key was used with another body."""


class RefusedError(ClientError):
    """The request is not acceptable as it is; ``errors`` names the fields."""


class UnavailableError(ClientError):
    """There was no answer, or none but that the service cannot answer now; send the same request again later."""

    exit_code: ClassVar[int] = 3


class UnexpectedAnswerError(ClientError):
    """An error inside the service, or an answer that the service does not give."""

    exit_code: ClassVar[int] = 3


_OF_STATUS = {401: AuthError, 403: AuthError, 404: NotFoundError, 409: ConflictError}


def error_of_status(status: int, *, repeatable: bool) -> type[ClientError]:
    """Return the kind of error that an answer of this status is."""
    if repeatable:
        return UnavailableError
    if status in _OF_STATUS:
        return _OF_STATUS[status]
    return RefusedError if 400 <= status < 500 else UnexpectedAnswerError
