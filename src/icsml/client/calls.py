"""The requests of both clients, apart from sending them.

A new route is a function here and a method of each client.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from icsml.client.answers import Assessment, CurrentModel
from icsml.client.arguments import Moment, body_of, moment_text, path_part, require_key
from icsml.client.call import Call
from icsml.client.decisions import ASSESSMENTS, assessment_of, new_key, recourse_parameter
from icsml.client.problems import request_id_of
from icsml.records.changes import Changes
from icsml.records.events import Event, Events, RecordedOutcomes
from icsml.records.found import FoundDecisions
from icsml.records.innovation_points import InnovationPoints
from icsml.records.replays import Replay
from icsml.records.rulebook_list import RulebookList

__all__ = [
    "again",
    "assess",
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

_RULEBOOKS = "v1/rulebooks"
_HTML, _ZIP = "text/html", "application/zip"
_RECORDED = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
M = TypeVar("M", bound=BaseModel)


def assess(record: Mapping[str, Any], idempotency_key: str | None, *, recourse: bool | None) -> Call[Assessment]:
    """Return the request for a decision on one record."""
    key = new_key() if idempotency_key is None else require_key(idempotency_key)
    return Call(
        method="POST",
        path=ASSESSMENTS,
        params=recourse_parameter(recourse),
        body=body_of(record),
        idempotency_key=key,
        statuses=_RECORDED,
        read=lambda answer: assessment_of(answer.content, answer.status_code, request_id_of(answer), key),
    )


def get(decision_id: str) -> Call[Assessment]:
    """Return the request for a recorded decision."""

    def read(answer: httpx.Response) -> Assessment:
        found = assessment_of(answer.content, answer.status_code, request_id_of(answer), None)
        if found.decision_id != decision_id:
            raise ValueError("another decision")
        return found

    return Call(method="GET", path=f"{ASSESSMENTS}/{path_part(decision_id)}", read=read)


def again(decision_id: str, kind: str, told: Mapping[str, Any], idempotency_key: str | None) -> Call[Assessment]:
    """Return the request for a new decision because of a correction or an objection."""
    key = new_key() if idempotency_key is None else require_key(idempotency_key)
    return Call(
        method="POST",
        path=f"{ASSESSMENTS}/{path_part(decision_id)}/{kind}",
        body=body_of(told),
        idempotency_key=key,
        statuses=_RECORDED,
        read=lambda answer: assessment_of(answer.content, answer.status_code, request_id_of(answer), key),
    )


def override(decision_id: str, override: Mapping[str, Any], idempotency_key: str | None) -> Call[Event]:
    """Return the request to record that an officer decides otherwise."""
    return _event(f"{ASSESSMENTS}/{path_part(decision_id)}/override", override, idempotency_key, Event)


def outcomes(outcomes: Sequence[Mapping[str, Any]], idempotency_key: str | None) -> Call[RecordedOutcomes]:
    """Return the request to record what became of firms."""
    return _event("v1/outcomes", {"outcomes": outcomes}, idempotency_key, RecordedOutcomes)


def events(decision_id: str) -> Call[Events]:
    """Return the question what happened after a decision."""
    path = f"{ASSESSMENTS}/{path_part(decision_id)}/events"
    return Call(method="GET", path=path, read=lambda answer: _model(Events, answer))


def _event(path: str, body: Mapping[str, Any], key: str | None, model: type[M]) -> Call[M]:
    return Call(
        method="POST",
        path=path,
        body=body_of(body),
        idempotency_key=new_key() if key is None else require_key(key),
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
        path=f"{ASSESSMENTS}/{path_part(decision_id)}/report",
        params={"lang": lang},
        accept=_HTML,
        read=lambda answer: answer.content,
    )


def pack(decision_id: str) -> Call[bytes]:
    """Return the request for what proves a decision."""
    return Call(
        method="GET",
        path=f"{ASSESSMENTS}/{path_part(decision_id)}/pack",
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
    return Call(method="GET", path=f"{ASSESSMENTS}/{path_part(decision_id)}/changes", params=params, read=read)


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

    return Call(method="POST", path=f"{ASSESSMENTS}/{path_part(decision_id)}:replay", read=read)


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
    return Call(method="GET", path=ASSESSMENTS, params=params, read=read)


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


def _current_model(answer: httpx.Response) -> CurrentModel:
    try:
        return CurrentModel.model_validate_json(answer.content)
    except ValidationError:
        raise ValueError("not a model") from None
