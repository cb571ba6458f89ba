"""The parts of one process of the service, and the dependencies that routes take from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter
from typing import Annotated, Any, NamedTuple, cast

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from icsml.core.clock import Clock
from icsml.decision.decide import decide, decide_all
from icsml.errors import InputError
from icsml.ledger.decision_payload import decision_entry
from icsml.ledger.entry import Entry
from icsml.ledger.store import Ledger
from icsml.records.enterprise import EnterpriseRecord
from icsml.serving.admission import admit
from icsml.serving.body import read_json
from icsml.serving.keys import Caller, KeyStore, Operation
from icsml.serving.live_model import LiveModel, Models
from icsml.serving.metrics import Metrics
from icsml.serving.readers import Readers
from icsml.serving.recorder import Recorder
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


class Asked(NamedTuple):
    """A record to decide on, its request as RFC 8785 JSON, and the caller's name for it."""

    record: EnterpriseRecord
    content: bytes
    key: str | None


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
    def readers(self) -> Readers:
        """Threads that read the ledger, which nobody who records can occupy."""
        return Readers(self.settings.threads)

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
        self.readers.close()
        self.ledger.close()

    def entry(
        self, caller: Caller, record: EnterpriseRecord, request: bytes, key: str | None, *, recourse: bool | None = None
    ) -> Entry:
        """Decide on one record, and return what is to be recorded of it.

        One thread at a time: LightGBM's prediction writes to the booster it reads (LightGBM issues 5482 and 6142).
        It is the one of the event loop, as fast by itself as several are.

        Parameters
        ----------
        caller : Caller
            Who asks.
        record : EnterpriseRecord
            The record.
        request : bytes
            The record as received, as RFC 8785 JSON.
        key : str, optional
            The caller's name for the request.
        recourse : bool, optional
            Whether to look for recourse, whatever the grade; None as the settings say.

        Raises
        ------
        InputError
            If the record is not acceptable to the model.
        LedgerError
            If the decision cannot be represented.
        """
        model = self.models.live  # one model from start to end
        began = perf_counter()
        decided = decide(model.bundle, record, decision_id=self.new_id(), **self._how(model, recourse))
        self.metrics.stage("decide", perf_counter() - began)
        self.metrics.decision(decided.grade)
        return decision_entry(caller.tenant, model.bundle, request, decided, idempotency_key=key, key_id=caller.key_id)

    def _how(self, model: LiveModel, recourse: bool | None) -> dict[str, Any]:
        return {
            "decided_at": self.clock(),
            "version": model.version,
            "reasons": self.settings.reasons,
            "with_recourse": self.settings.recourse if recourse is None else recourse,
            "recourse_from": self.settings.recourse_from if recourse is None else None,
        }

    def entries(
        self, caller: Caller, asked: Sequence[Asked], *, recourse: bool | None = None
    ) -> Iterator[Entry | InputError]:
        """Decide on records that are assessed together, and yield what is to be recorded of each in turn.

        Parameters and errors are those of :meth:`entry`; a record that is not acceptable yields its error.
        """
        model = self.models.live  # one model from start to end
        began = perf_counter()
        ids = [self.new_id() for _ in asked]
        records = [each.record for each in asked]
        decisions = decide_all(model.bundle, records, decision_ids=ids, **self._how(model, recourse))
        for each, decided in zip(asked, decisions, strict=True):
            self.metrics.stage("decide", perf_counter() - began)
            if isinstance(decided, InputError):
                yield decided
            else:
                self.metrics.decision(decided.grade)
                how = {"idempotency_key": each.key, "key_id": caller.key_id}
                yield decision_entry(caller.tenant, model.bundle, each.content, decided, **how)
            began = perf_counter()


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
