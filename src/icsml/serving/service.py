"""The parts of one process of the service, and the dependencies that routes take from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter
from typing import Annotated, Any, cast

from anyio.to_thread import run_sync
from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from icsml.core.clock import Clock
from icsml.ledger.store import Ledger
from icsml.model.kept_bundles import KeptBundles
from icsml.serving.admission import admit
from icsml.serving.body import read_json
from icsml.serving.deciding import Decider, DecisionQueue
from icsml.serving.keys import Caller, KeyStore, Operation
from icsml.serving.live_model import Models
from icsml.serving.logs import say, told
from icsml.serving.metrics import Metrics
from icsml.serving.query import require_known_parameters
from icsml.serving.readers import Readers
from icsml.serving.recorder import Recorder
from icsml.serving.rulebooks import RulebookFiles
from icsml.serving.settings import ServingSettings

__all__ = [
    "AnyCaller",
    "Assessor",
    "Auditor",
    "BatchBody",
    "Body",
    "Monitor",
    "Reader",
    "Service",
    "TheService",
    "receive_record",
]

_COMPARING_SECONDS = 20.0
_MOST_BUNDLES = 4


@dataclass(frozen=True)
class Service:
    """The parts of one process.

    Parameters
    ----------
    settings : ServingSettings
        Limits and timeouts.
    models : Models
        Holds the model that decides.
    ledger : Ledger
        Where decisions are recorded before they leave.
    keys : KeyStore
        Who may ask.
    clock, new_id : callable
        Give the time and a new identifier.
    """

    settings: ServingSettings
    models: Models
    ledger: Ledger
    keys: KeyStore
    clock: Clock
    new_id: Callable[[], str]

    @cached_property
    def recorder(self) -> Recorder:
        """What commits decisions, apart from the event loop."""
        return Recorder(self.ledger)

    @cached_property
    def decider(self) -> Decider:
        """What decides, on the event loop."""
        return Decider(self.settings, self.models, self.metrics, self.clock, self.new_id)

    @cached_property
    def decisions(self) -> DecisionQueue:
        """Where requests wait until it is decided on them together."""
        return DecisionQueue(self.decider, self.recorder)

    @cached_property
    def readers(self) -> Readers:
        """Threads that read the ledger, which nobody who records can occupy."""
        return Readers(self.settings.threads)

    @cached_property
    def comparisons(self) -> Readers:
        """The one thread that compares decisions; it reads bundles, which takes longer than reading the ledger."""
        return Readers(1, seconds=_COMPARING_SECONDS)

    @cached_property
    def bundles(self) -> KeptBundles:
        """Bundles that decided earlier, apart from the one that decides now."""
        return KeptBundles(most=_MOST_BUNDLES)

    @cached_property
    def rulebooks(self) -> RulebookFiles:
        """The rulebooks of this installation."""
        return RulebookFiles()

    @cached_property
    def metrics(self) -> Metrics:
        """What this process measures."""
        return Metrics()

    async def start(self) -> None:
        """Start what runs beside the event loop; the ledger has been tried once afterwards."""
        await self.recorder.start()

    async def stop(self) -> None:
        """Commit what waits, then close the ledger."""
        await self.recorder.stop()
        await self.sign()
        self.readers.close()
        self.comparisons.close()
        self.ledger.close()

    async def sign(self) -> None:
        """Sign where the chains of this process end; what fails is in the log, and decisions go on."""
        try:
            await run_sync(self.ledger.checkpoint)
        except Exception as error:
            say("checkpoint_failed", "error", **told(error))


async def _service(request: Request) -> Service:
    return cast(Service, request.app.state.service)


TheService = Annotated[Service, Depends(_service)]

_bearer = HTTPBearer(auto_error=False, scheme_name="key", description="A key made by `icsml keys create`")


async def _caller(
    request: Request,
    service: TheService,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Caller:
    caller = admit(request, service.keys, credentials.credentials if credentials else None)
    require_known_parameters(request)
    return caller


async def _assessor(caller: Annotated[Caller, Depends(_caller)]) -> Caller:
    caller.require(Operation.ASSESS)
    return caller


async def _reader(caller: Annotated[Caller, Depends(_caller)]) -> Caller:
    caller.require(Operation.READ)
    return caller


async def _auditor(caller: Annotated[Caller, Depends(_caller)]) -> Caller:
    caller.require(Operation.REPORT)
    return caller


async def _monitor(caller: Annotated[Caller, Depends(_caller)]) -> Caller:
    caller.require(Operation.MONITOR)
    return caller


async def receive_record(request: Request, service: TheService) -> Any:  # noqa: ANN401 - any JSON value
    """Return the body of a request for one decision."""
    limits, began = service.settings, perf_counter()
    body = await read_json(request, max_bytes=limits.max_body_bytes, seconds=limits.body_seconds)
    service.metrics.stage("body", perf_counter() - began)
    return body


async def _batch_body(request: Request, service: TheService) -> Any:  # noqa: ANN401 - any JSON value
    limits = service.settings
    return await read_json(request, max_bytes=limits.max_batch_bytes, seconds=limits.body_seconds)


AnyCaller = Annotated[Caller, Depends(_caller)]
Assessor = Annotated[Caller, Depends(_assessor)]
Reader = Annotated[Caller, Depends(_reader)]
Monitor = Annotated[Caller, Depends(_monitor)]
Auditor = Annotated[Caller, Depends(_auditor)]
Body = Annotated[Any, Depends(receive_record)]
BatchBody = Annotated[Any, Depends(_batch_body)]
