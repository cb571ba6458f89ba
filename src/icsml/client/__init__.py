"""A typed client of the service, which can repeat every request without a second decision.

>>> from icsml.client import Client
>>> with Client("https://icsml.example", key) as client:  # doctest: +SKIP
...     client.assess(record, idempotency_key="loan-4711").decision.grade
"""

from __future__ import annotations

from icsml.client.answers import Assessment, Batch, CurrentModel, Problem
from icsml.client.async_client import AsyncClient
from icsml.client.errors import (
    AuthError,
    ClientError,
    ConflictError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    UnexpectedAnswerError,
)
from icsml.client.retries import Retries
from icsml.client.sync_client import Client

__all__ = [
    "Assessment",
    "AsyncClient",
    "AuthError",
    "Batch",
    "Client",
    "ClientError",
    "ConflictError",
    "CurrentModel",
    "NotFoundError",
    "Problem",
    "RefusedError",
    "Retries",
    "UnavailableError",
    "UnexpectedAnswerError",
]
