"""The requests of both clients, apart from sending them.

A new route is a function here and a method of each client.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from icsml.client.answers import Assessment, CurrentModel, Problem, Result
from icsml.client.arguments import (
    LONGEST_BATCH_KEY,
    LONGEST_KEY,
    Moment,
    batch_key,
    body_of,
    moment_text,
    path_part,
    require_key,
    require_size,
)
from icsml.client.errors import ClientError, UnavailableError, UnexpectedAnswerError, error_of_status
from icsml.client.json_spans import JsonSpans
from icsml.client.retries import REPEATABLE, seconds_to_wait
from icsml.records.changes import Changes
from icsml.records.events import Event, Events, RecordedOutcomes
from icsml.records.found import FoundDecisions
from icsml.records.innovation_points import InnovationPoints
from icsml.records.replays import Replay
from icsml.records.rulebook_list import RulebookList

__all__ = [
    "Call",
    "NoAnswer",
    "Outcome",
    "again",
    "assess",
    "batches",
    "changes",
    "current_model",
    "events",
    "get",
    "innovation_score",
    "outcomes",
    "override",
    "pack",
    "ready",
    "replay",
    "report",
    "rulebook",
    "rulebooks",
    "search",
]

_ASSESSMENTS = "v1/assessments"
_RULEBOOKS = "v1/rulebooks"
_CODE = re.compile(r"ICS-[A-Z]{3}-[0-9]{3}")
_JSON, _HTML, _ZIP = "application/json", "text/html", "application/zip"
_REMEDY = "send the same request again, with the same idempotency key if it decides"
_RECORDED = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class NoAnswer:
    """That an attempt failed before an answer was there: how, and whether another one may succeed."""

    reason: str
    repeatable: bool


Outcome = httpx.Response | NoAnswer
"""What one attempt gave."""


def _complete(_: httpx.Response) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Call(Generic[T]):
    """One request; nothing of it is displayed.

    Attributes
    ----------
    read : callable
        Makes the result from an answer with one of ``statuses``. Raises ValueError if it is none.
    complete : callable
        Says of such an answer whether sending the request again would give nothing more.
    """

    method: str
    path: str = field(repr=False)
    read: Callable[[httpx.Response], T] = field(repr=False)
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    idempotency_key: str | None = field(default=None, repr=False)
    accept: str = _JSON
    statuses: frozenset[int] = frozenset({HTTPStatus.OK})
    complete: Callable[[httpx.Response], bool] = field(default=_complete, repr=False)
    repeatable: bool = True

    @property
    def headers(self) -> dict[str, str]:
        """The headers, without the key."""
        headers = {"Accept": f"{self.accept}, application/problem+json"}
        if self.body is not None:
            headers["Content-Type"] = _JSON
        if self.idempotency_key is not None:
            headers["Idempotency-Key"] = self.idempotency_key
        return headers

    def may_repeat(self, outcome: Outcome) -> bool:
        """Return whether another attempt may succeed where this one did not."""
        if not self.repeatable:
            return False
        if isinstance(outcome, NoAnswer):
            return outcome.repeatable
        if outcome.status_code in self.statuses:
            return self._is_ours(outcome) and not self.complete(outcome)
        return outcome.status_code in REPEATABLE

    def result(self, outcome: Outcome, attempts: int) -> T:
        """Return what the last attempt gave.

        Raises
        ------
        ClientError
            If that is an error; without the answer and without a cause.
        """
        found = self._found(outcome)
        if isinstance(found, ClientError):
            found.attempts = attempts
            found.idempotency_key = self.idempotency_key
            raise found
        return found

    def _found(self, outcome: Outcome) -> T | ClientError:
        if isinstance(outcome, NoAnswer):
            return _no_answer(outcome)
        if outcome.status_code not in self.statuses:
            return _refused(outcome)
        try:
            if self._is_ours(outcome):
                return self.read(outcome)
        except (ValueError, RecursionError):
            pass  # its message may contain what was received
        return _foreign(outcome)

    def _is_ours(self, answer: httpx.Response) -> bool:
        return _media_type(answer) == self.accept


def assess(record: Mapping[str, Any], idempotency_key: str | None, *, recourse: bool | None) -> Call[Assessment]:
    """Return the request for a decision on one record."""
    key = _new_key() if idempotency_key is None else require_key(idempotency_key)
    return Call(
        method="POST",
        path=_ASSESSMENTS,
        params=_recourse(recourse),
        body=body_of(record),
        idempotency_key=key,
        statuses=_RECORDED,
        read=lambda answer: _assessment(answer.content, answer.status_code, request_id_of(answer), key),
    )


def batches(
    records: Sequence[Mapping[str, Any]], idempotency_key: str | None, *, recourse: bool | None, batch_size: int
) -> tuple[str, Iterator[Call[tuple[Result, ...]]]]:
    """Return the key of a list of records, and the requests for decisions on them; all is checked before the first."""
    size = require_size(batch_size)
    starts = range(0, len(records), size)
    room = len(batch_key("", starts[-1])) if starts else 0
    key = _new_key() if idempotency_key is None else require_key(idempotency_key, LONGEST_BATCH_KEY - room)
    bodies = [body_of(record, position) for position, record in enumerate(records)]
    return key, (_batch(bodies[start : start + size], batch_key(key, start), recourse) for start in starts)


def get(decision_id: str) -> Call[Assessment]:
    """Return the request for a recorded decision."""

    def read(answer: httpx.Response) -> Assessment:
        found = _assessment(answer.content, answer.status_code, request_id_of(answer), None)
        if found.decision_id != decision_id:
            raise ValueError("another decision")
        return found

    return Call(method="GET", path=f"{_ASSESSMENTS}/{path_part(decision_id)}", read=read)


def again(decision_id: str, kind: str, told: Mapping[str, Any], idempotency_key: str | None) -> Call[Assessment]:
    """Return the request for a new decision because of a correction or an objection."""
    key = _new_key() if idempotency_key is None else require_key(idempotency_key)
    return Call(
        method="POST",
        path=f"{_ASSESSMENTS}/{path_part(decision_id)}/{kind}",
        body=body_of(told),
        idempotency_key=key,
        statuses=_RECORDED,
        read=lambda answer: _assessment(answer.content, answer.status_code, request_id_of(answer), key),
    )


def override(decision_id: str, override: Mapping[str, Any], idempotency_key: str | None) -> Call[Event]:
    """Return the request to record that an officer decides otherwise."""
    return _event(f"{_ASSESSMENTS}/{path_part(decision_id)}/override", override, idempotency_key, Event)


def outcomes(outcomes: Sequence[Mapping[str, Any]], idempotency_key: str | None) -> Call[RecordedOutcomes]:
    """Return the request to record what became of firms."""
    return _event("v1/outcomes", {"outcomes": outcomes}, idempotency_key, RecordedOutcomes, LONGEST_BATCH_KEY)


def events(decision_id: str) -> Call[Events]:
    """Return the question what happened after a decision."""
    path = f"{_ASSESSMENTS}/{path_part(decision_id)}/events"
    return Call(method="GET", path=path, read=lambda answer: _model(Events, answer))


def _event(path: str, body: Mapping[str, Any], key: str | None, model: type[M], longest: int = LONGEST_KEY) -> Call[M]:
    return Call(
        method="POST",
        path=path,
        body=body_of(body),
        idempotency_key=_new_key() if key is None else require_key(key, longest),
        statuses=_RECORDED,
        read=lambda answer: _model(model, answer),
    )


def _model(model: type[M], answer: httpx.Response) -> M:
    try:
        return model.model_validate_json(answer.content, extra="allow")
    except ValidationError:
        raise ValueError("of another form") from None


def report(decision_id: str, lang: str) -> Call[bytes]:
    """Return the request for the page of a decision."""
    return Call(
        method="GET",
        path=f"{_ASSESSMENTS}/{path_part(decision_id)}/report",
        params={"lang": lang},
        accept=_HTML,
        read=lambda answer: answer.content,
    )


def pack(decision_id: str) -> Call[bytes]:
    """Return the request for what proves a decision."""
    return Call(
        method="GET",
        path=f"{_ASSESSMENTS}/{path_part(decision_id)}/pack",
        accept=_ZIP,
        read=lambda answer: answer.content,
    )


def changes(decision_id: str, since: str | None) -> Call[Changes]:
    """Return the question what moved since the last decision on the same firm."""

    def read(answer: httpx.Response) -> Changes:
        try:
            found = Changes.model_validate_json(answer.content, extra="allow")
        except ValidationError:
            raise ValueError("no changes") from None
        if found.decision.decision_id != decision_id:
            raise ValueError("of another decision")
        return found

    params = {} if since is None else {"since": since}
    return Call(method="GET", path=f"{_ASSESSMENTS}/{path_part(decision_id)}/changes", params=params, read=read)


def replay(decision_id: str) -> Call[Replay]:
    """Return the request to decide again on a recorded decision; nothing is recorded, so it can be repeated."""

    def read(answer: httpx.Response) -> Replay:
        try:
            found = Replay.model_validate_json(answer.content, extra="allow")
        except ValidationError:
            raise ValueError("no replay") from None
        if found.decision_id != decision_id:
            raise ValueError("of another decision")
        return found

    return Call(method="POST", path=f"{_ASSESSMENTS}/{path_part(decision_id)}:replay", read=read)


def search(
    *,
    enterprise_id: str | None,
    grade: str | None,
    reason: str | None,
    since: Moment | None,
    until: Moment | None,
    limit: int | None,
    cursor: str | None,
) -> Call[FoundDecisions]:
    """Return the request for a page of decisions."""

    def read(answer: httpx.Response) -> FoundDecisions:
        try:
            return FoundDecisions.model_validate_json(answer.content, extra="allow")
        except ValidationError:
            raise ValueError("no page of decisions") from None

    given = {
        "enterprise_id": enterprise_id,
        "grade": grade,
        "reason": reason,
        "from": None if since is None else moment_text("since", since),
        "to": None if until is None else moment_text("until", until),
        "limit": None if limit is None else str(limit),
        "cursor": cursor,
    }
    params = {name: value for name, value in given.items() if value is not None}
    return Call(method="GET", path=_ASSESSMENTS, params=params, read=read)


def current_model() -> Call[CurrentModel]:
    """Return the request for the model that decides now."""
    return Call(method="GET", path="v1/models/current", read=_current_model)


def innovation_score(record: Mapping[str, Any], rulebook: str | None) -> Call[InnovationPoints]:
    """Return the request for the points of one record."""

    def read(answer: httpx.Response) -> InnovationPoints:
        try:
            return InnovationPoints.model_validate_json(answer.content, extra="allow")
        except ValidationError:
            raise ValueError("no points") from None

    params = {} if rulebook is None else {"rulebook": rulebook}
    return Call(method="POST", path="v1/innovation-scores", params=params, body=body_of(record), read=read)


def rulebooks() -> Call[RulebookList]:
    """Return the question which rulebooks there are."""

    def read(answer: httpx.Response) -> RulebookList:
        try:
            return RulebookList.model_validate_json(answer.content, extra="allow")
        except ValidationError:
            raise ValueError("no list of rulebooks") from None

    return Call(method="GET", path=_RULEBOOKS, read=read)


def rulebook(rulebook_id: str) -> Call[dict[str, Any]]:
    """Return the request for a rulebook."""

    def read(answer: httpx.Response) -> dict[str, Any]:
        found = answer.json()
        if not isinstance(found, dict) or found.get("id") != rulebook_id:
            raise ValueError("another rulebook")
        return found

    return Call(method="GET", path=f"{_RULEBOOKS}/{path_part(rulebook_id, 'rulebook_id')}", read=read)


def ready() -> Call[bool]:
    """Return the question whether the service can decide now, which is asked once."""
    return Call(method="GET", path="readyz", read=lambda _: True, repeatable=False)


def request_id_of(answer: httpx.Response) -> str | None:
    """Return the identifier of a request, if it is one."""
    try:
        return str(uuid.UUID(answer.headers.get("X-Request-Id", "")))
    except ValueError:
        return None


def _new_key() -> str:
    return uuid.uuid4().hex


def _recourse(recourse: bool | None) -> dict[str, str]:
    return {} if recourse is None else {"recourse": "true" if recourse else "false"}


def _media_type(answer: httpx.Response) -> str:
    found: str = answer.headers.get("Content-Type", "")
    return found.partition(";")[0].strip().lower()


def _assessment(content: bytes, status: int, request_id: str | None, key: str | None) -> Assessment:
    return Assessment(_decision_id(json.loads(content)), content, status, request_id, key)


def _decision_id(decision: Any) -> str:  # noqa: ANN401 - any JSON value
    found = decision.get("decision_id") if isinstance(decision, dict) else None
    if not isinstance(found, str):
        raise ValueError("not a decision")
    return found


def _current_model(answer: httpx.Response) -> CurrentModel:
    try:
        return CurrentModel.model_validate_json(answer.content)
    except ValidationError:
        raise ValueError("not a model") from None


def _batch(bodies: Sequence[bytes], key: str, recourse: bool | None) -> Call[tuple[Result, ...]]:
    def read(answer: httpx.Response) -> tuple[Result, ...]:
        results = tuple(_results(answer, key))
        if len(results) != len(bodies):
            raise ValueError("not a result for each record")
        return results

    return Call(
        method="POST",
        path=f"{_ASSESSMENTS}:batch",
        params=_recourse(recourse),
        body=b'{"records":[' + b",".join(bodies) + b"]}",
        idempotency_key=key,
        read=read,
        complete=_batch_is_complete,
    )


def _batch_is_complete(answer: httpx.Response) -> bool:
    """Return whether no record waits for the ledger; an answer that cannot be read does not become so."""
    try:
        results = answer.json()["results"]
        return all(result["status"] != HTTPStatus.SERVICE_UNAVAILABLE for result in results)
    except (ValueError, LookupError, TypeError, RecursionError):
        return True


def _results(answer: httpx.Response, key: str) -> Iterator[Result]:
    request_id, spans = request_id_of(answer), JsonSpans(answer.content.decode())
    for name in spans.members():
        if name != "results":
            spans.value()
            continue
        for _ in spans.items():
            members = {part: spans.span() for part in spans.members()}
            yield _result(members, request_id, key)
    spans.end()


def _result(members: Mapping[str, tuple[Any, str]], request_id: str | None, key: str) -> Result:
    status = members.get("status", (None, ""))[0]
    if type(status) is not int:
        raise ValueError("a result without a status")
    if "decision" in members and status in (HTTPStatus.OK, HTTPStatus.CREATED):
        decision, text = members["decision"]
        return Assessment(_decision_id(decision), text.encode(), status, request_id, key)
    problem = _problem(members.get("problem", (None, ""))[0], status, request_id)
    if problem is None or status < HTTPStatus.BAD_REQUEST:
        raise ValueError("a result without a decision or a problem")
    return problem


def _problem(content: Any, status: int, request_id: str | None) -> Problem | None:  # noqa: ANN401 - any JSON value
    """Read problem details; None if they are not those of this service."""
    if not isinstance(content, dict):
        return None
    code, detail, faults = content.get("code"), content.get("detail"), content.get("errors", [])
    if not (isinstance(code, str) and _CODE.fullmatch(code) and isinstance(detail, str) and isinstance(faults, list)):
        return None
    errors = tuple((str(fault.get("field")), str(fault.get("message"))) for fault in faults if isinstance(fault, dict))
    return Problem(status, code, detail, errors, request_id)


def _refused(answer: httpx.Response) -> ClientError:
    problem = _told(answer)
    if problem is None:
        return _foreign(answer)
    kind = error_of_status(answer.status_code, repeatable=answer.status_code in REPEATABLE)
    error = kind(problem.code, problem.detail, details=problem.errors)
    return _described(error, answer)


def _told(answer: httpx.Response) -> Problem | None:
    if _media_type(answer) != "application/problem+json":
        return None
    try:
        return _problem(answer.json(), answer.status_code, request_id_of(answer))
    except (ValueError, RecursionError):
        return None


def _foreign(answer: httpx.Response) -> ClientError:
    """Return the error of an answer that is not the service's, such as a proxy's; without anything of it."""
    status, repeatable = answer.status_code, answer.status_code in REPEATABLE
    error = error_of_status(status, repeatable=repeatable)(
        "ICS-CLT-011",
        f"an answer with status {status} that is not one of the service",
        field="answer",
        remedy=_REMEDY if repeatable else "check the address, and the proxy in front of the service",
    )
    return _described(error, answer)


def _described(error: ClientError, answer: httpx.Response) -> ClientError:
    error.status = answer.status_code
    error.request_id = request_id_of(answer)
    error.retry_after = seconds_to_wait(answer.headers.get("Retry-After"))
    return error


def _no_answer(outcome: NoAnswer) -> ClientError:
    if outcome.repeatable:
        return UnavailableError("ICS-CLT-010", f"no answer: {outcome.reason}", field="service", remedy=_REMEDY)
    return UnexpectedAnswerError(
        "ICS-CLT-012",
        f"not sent, or not HTTP: {outcome.reason}",
        field="service",
        remedy="check the address and the proxy",
    )
