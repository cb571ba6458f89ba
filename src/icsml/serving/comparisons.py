"""What is done with recorded decisions and the bundles that made them: in a thread of its own, with its statuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final, TypeVar

from icsml.errors import IcsmlError, MissingError, ModelError
from icsml.serving.openapi import problems
from icsml.serving.problems import RequestError, no_such_assessment
from icsml.serving.service import Service

__all__ = ["compared", "responses"]

T = TypeVar("T")

_CONFLICTS: Final = frozenset({"ICS-LED-024", "ICS-LED-025", "ICS-LED-032"})
_NOT_FOUND: Final = "ICS-LED-030"
_ERASED: Final = "ICS-LED-026"


async def compared(service: Service, compare: Callable[[], T | None]) -> T:
    """Return what a comparison gives; it runs apart from the event loop.

    Raises
    ------
    RequestError
        404 ``ICS-SRV-005`` if it gives None; 409 if the decisions cannot be compared, 410 if a payload was erased, 503
        if a bundle is missing or altered, or the comparison takes too long.
    IcsmlError
        Other errors, as they are.
    """

    def answered() -> T | None:
        with _as_answer():
            return compare()

    found = await service.comparisons.run(answered)
    if found is None:
        raise no_such_assessment()
    return found


def responses(conflict: str) -> dict[int | str, dict[str, object]]:
    """Return the errors of a path that compares; ``conflict`` says what 409 means."""
    documented = problems(
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.GONE,
        HTTPStatus.SERVICE_UNAVAILABLE,
    )
    documented[int(HTTPStatus.CONFLICT)]["description"] = conflict
    return documented


@contextmanager
def _as_answer() -> Iterator[None]:
    """Give errors of a comparison their status; what a bundle lacks is no fault of the caller."""
    try:
        yield
    except IcsmlError as error:
        status = _status(error)
        if status is None:
            raise
        raise RequestError(status, error.code, error.message, field=error.field or "id", remedy=error.remedy) from error


def _status(error: IcsmlError) -> HTTPStatus | None:
    if error.code in _CONFLICTS:
        return HTTPStatus.CONFLICT
    if error.code == _ERASED:
        return HTTPStatus.GONE
    if error.code == _NOT_FOUND:
        return HTTPStatus.NOT_FOUND
    return HTTPStatus.SERVICE_UNAVAILABLE if isinstance(error, MissingError | ModelError) else None
