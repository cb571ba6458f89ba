"""The requests for decisions on many records, and the result of each record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import httpx

from icsml.client.answers import Assessment, Result
from icsml.client.arguments import LONGEST_BATCH_KEY, batch_key, body_of, require_key, require_size
from icsml.client.call import Call
from icsml.client.decisions import ASSESSMENTS, decision_id_of, new_key, recourse_parameter
from icsml.client.json_spans import JsonSpans
from icsml.client.problems import problem_of, request_id_of

__all__ = ["batches"]


def batches(
    records: Sequence[Mapping[str, Any]], idempotency_key: str | None, *, recourse: bool | None, batch_size: int
) -> tuple[str, Iterator[Call[tuple[Result, ...]]]]:
    """Return the key of a list of records, and the requests for decisions on them; all is checked before the first."""
    size = require_size(batch_size)
    starts = range(0, len(records), size)
    room = len(batch_key("", starts[-1])) if starts else 0
    key = new_key() if idempotency_key is None else require_key(idempotency_key, LONGEST_BATCH_KEY - room)
    bodies = [body_of(record, position) for position, record in enumerate(records)]
    return key, (_batch(bodies[start : start + size], batch_key(key, start), recourse) for start in starts)


def _batch(bodies: Sequence[bytes], key: str, recourse: bool | None) -> Call[tuple[Result, ...]]:
    def read(answer: httpx.Response) -> tuple[Result, ...]:
        results = tuple(_results(answer, key))
        if len(results) != len(bodies):
            raise ValueError("not a result for each record")
        return results

    return Call(
        method="POST",
        path=f"{ASSESSMENTS}:batch",
        params=recourse_parameter(recourse),
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
        return Assessment(decision_id_of(decision), text.encode(), status, request_id, key)
    problem = problem_of(members.get("problem", (None, ""))[0], status, request_id)
    if problem is None or status < HTTPStatus.BAD_REQUEST:
        raise ValueError("a result without a decision or a problem")
    return problem
