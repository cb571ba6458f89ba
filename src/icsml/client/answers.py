"""What a client returns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import overload

from pydantic import BaseModel, ConfigDict

from icsml.records.decision import Decision

__all__ = ["Assessment", "Batch", "CurrentModel", "Problem", "Result"]


@dataclass(frozen=True)
class Assessment:
    """A decision that is in the ledger.

    Attributes
    ----------
    decision_id : str
        Its identifier.
    content : bytes
        The decision as it was received, JSON: the bytes that the ledger holds.
    status : int
        201 if this request recorded it, 200 if it was recorded before: also by an attempt whose answer was lost.
    request_id : str or None
        Names the request in the log of the service.
    idempotency_key : str or None
        With which it was requested; None if it was read.
    """

    decision_id: str
    content: bytes = field(repr=False)
    status: int
    request_id: str | None
    idempotency_key: str | None = field(default=None, repr=False)

    @cached_property
    def decision(self) -> Decision:
        """The decision as an object; what only a later version of the service knows are further attributes.

        Raises
        ------
        pydantic.ValidationError
            If a field has another type than this version knows, or a text a language that is not installed here.
            `content` holds the decision in any case.
        """
        return Decision.model_validate_json(self.content, extra="allow")


@dataclass(frozen=True)
class Problem:
    """Why a record was not decided on.

    Attributes
    ----------
    status : int
        What a request for this record alone would be answered with. After 503, send the list again with its key.
    code : str
        Stable code.
    detail : str
        One sentence, without a value of the record.
    errors : tuple of (str, str)
        Path of each field at fault and what is wrong with it.
    request_id : str or None
        Names the request in the log of the service.
    """

    status: int
    code: str
    detail: str
    errors: tuple[tuple[str, str], ...]
    request_id: str | None


Result = Assessment | Problem
"""What became of one of several records."""


@dataclass(frozen=True)
class Batch(Sequence[Result]):
    """What became of each record, in the order of the records.

    Attributes
    ----------
    results : tuple of Assessment or Problem
        One for each record.
    idempotency_key : str
        With which they were sent: with it, the same list may be sent again.
    """

    results: tuple[Result, ...] = field(repr=False)
    idempotency_key: str

    @property
    def problems(self) -> dict[int, Problem]:
        """What is wrong with the records that were not decided on, by position."""
        return {at: result for at, result in enumerate(self.results) if isinstance(result, Problem)}

    @overload
    def __getitem__(self, index: int) -> Result: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Result, ...]: ...
    def __getitem__(self, index: int | slice) -> Result | tuple[Result, ...]:
        return self.results[index]

    def __len__(self) -> int:
        return len(self.results)

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)


class CurrentModel(BaseModel):
    """The model that decides now; ``loaded_at`` is when it was ready to, in UTC.

    ``event`` and ``horizon_months`` say what its PD is a PD of, null where not known.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    version: str | None
    bundle_sha256: str
    event: str | None
    horizon_months: int | None
    loaded_at: datetime
