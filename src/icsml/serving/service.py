"""The parts of one process of the service, and the dependencies that routes take from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Annotated, Any, cast

from anyio import CapacityLimiter
from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from icsml.core.clock import Clock
from icsml.decision.decide import Decided, decide
from icsml.ledger.store import Ledger
from icsml.model.bundle import Bundle
from icsml.records.enterprise import EnterpriseRecord
from icsml.serving.admission import admit
from icsml.serving.body import read_json
from icsml.serving.keys import Caller, KeyStore, Operation
from icsml.serving.settings import ServingSettings

__all__ = ["Assessor", "Auditor", "Body", "Reader", "Service", "TheService"]


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of one process.

    Parameters
    ----------
    settings : ServingSettings
        Limits and timeouts.
    bundle : Bundle
        The model, shared by all threads.
    version : str, optional
        The register's version of the model.
    ledger : Ledger
        Where decisions are recorded before they leave.
    keys : KeyStore
        Who may ask.
    clock, new_id : callable
        Give the time and a new identifier.
    probes : CapacityLimiter
        Threads for questions about readiness, apart from those that decide.
    """

    settings: ServingSettings
    bundle: Bundle
    version: str | None
    ledger: Ledger
    keys: KeyStore
    clock: Clock
    new_id: Callable[[], str]
    probes: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1), repr=False)
    _booster: Lock = field(default_factory=Lock, repr=False)

    def decide(self, record: EnterpriseRecord) -> Decided:
        """Decide on one record.

        One thread at a time: LightGBM's prediction writes to the booster it reads (LightGBM issues 5482 and 6142).
        """
        with self._booster:
            return decide(
                self.bundle,
                record,
                decision_id=self.new_id(),
                decided_at=self.clock(),
                version=self.version,
                reasons=self.settings.reasons,
                with_recourse=self.settings.recourse,
            )


async def _service(request: Request) -> Service:
    return cast(Service, request.app.state.service)


TheService = Annotated[Service, Depends(_service)]

_bearer = HTTPBearer(auto_error=False, scheme_name="key", description="A key made by `icsml keys create`")


async def _caller(
    request: Request,
    service: TheService,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Caller:
    return admit(request, service.keys, credentials.credentials if credentials else None)


async def _assessor(caller: Annotated[Caller, Depends(_caller)]) -> Caller:
    caller.require(Operation.ASSESS)
    return caller


async def _reader(caller: Annotated[Caller, Depends(_caller)]) -> Caller:
    caller.require(Operation.READ)
    return caller


async def _auditor(caller: Annotated[Caller, Depends(_caller)]) -> Caller:
    caller.require(Operation.REPORT)
    return caller


async def _body(request: Request, service: TheService) -> Any:  # noqa: ANN401 - any JSON value
    limits = service.settings
    return await read_json(request, max_bytes=limits.max_body_bytes, seconds=limits.body_seconds)


Assessor = Annotated[Caller, Depends(_assessor)]
Reader = Annotated[Caller, Depends(_reader)]
Auditor = Annotated[Caller, Depends(_auditor)]
Body = Annotated[Any, Depends(_body)]
