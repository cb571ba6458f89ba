"""``GET /v1/assessments``: find decisions of one's own tenant, page by page, with counts by facet."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from icsml.core.canonical import canonical_bytes, sha256_hex
from icsml.core.clock import timestamp
from icsml.core.strict_json import JsonObject
from icsml.ledger.entry import is_name
from icsml.ledger.store import Ledger
from icsml.ledger.store.searching import IndexRow, Position, Wanted
from icsml.records.found import FoundDecisions
from icsml.serving.etag import NOT_MODIFIED, tagged
from icsml.serving.openapi import problems
from icsml.serving.problems import RequestError
from icsml.serving.routes.assessments import NO_ACCESS, PATH
from icsml.serving.service import Reader, TheService

__all__ = ["searches_router"]

_LONGEST, _LONGEST_CURSOR, _MOST, _USUAL = 255, 1024, 200, 50
_NO_CONTROLS = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$"
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2}))?", re.ASCII)
_DIGEST = 32
_WHEN: JsonObject = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}


def _text(description: str, example: str) -> Any:  # noqa: ANN401 - as of fastapi's Query
    return Query(
        min_length=1,
        max_length=_LONGEST,
        description=description,
        examples=[example],
        json_schema_extra={"pattern": _NO_CONTROLS},
    )


def _moment(alias: str, description: str) -> Any:  # noqa: ANN401 - as of fastapi's Query
    return Query(
        alias=alias,
        description=f"{description}: a day (UTC), or an instant with its offset; `+` is written `%2B`.",
        examples=["2026-07-01"],
        json_schema_extra=_WHEN,
    )


async def search_assessments(
    request: Request,
    caller: Reader,
    service: TheService,
    enterprise_id: Annotated[str | None, _text("Decisions on this enterprise.", "E0000001")] = None,
    grade: Annotated[str | None, _text("Decisions with this grade.", "BB")] = None,
    reason: Annotated[str | None, _text("Decisions that have a reason of this code.", "debt_to_assets")] = None,
    since: Annotated[str | None, _moment("from", "The first time of decision")] = None,
    until: Annotated[str | None, _moment("to", "The last time of decision, included")] = None,
    cursor: Annotated[
        str | None,
        Query(
            max_length=_LONGEST_CURSOR,
            description="`next` of the page before, with the same conditions.",
            examples=["WyIyMDI2LTA3LTAxIl0"],
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST, description="The most decisions on a page.", examples=[20])] = _USUAL,
) -> Response:
    """Find decisions, newest first; the counts by facet are on the first page."""
    for name, value in (("enterprise_id", enterprise_id), ("grade", grade), ("reason", reason)):
        _require_plain(name, value)
    wanted = Wanted(caller.tenant, enterprise_id, grade, reason, *_period(since, until))
    after = None if cursor is None else _position(cursor, wanted)
    found = await service.readers.run(lambda: _found(service.ledger, wanted, after, limit))
    return tagged(request, found, "application/json")


def searches_router() -> APIRouter:
    """Return the router of ``GET /v1/assessments``."""
    router = APIRouter(tags=["assessments"])
    router.add_api_route(
        PATH,
        search_assessments,
        methods=["GET"],
        response_model=FoundDecisions,
        summary="Find decisions",
        responses=NOT_MODIFIED | problems(*NO_ACCESS, HTTPStatus.SERVICE_UNAVAILABLE),
    )
    return router


def _found(ledger: Ledger, wanted: Wanted, after: Position | None, limit: int) -> bytes:
    rows = ledger.search(wanted, after=after, limit=limit + 1)
    counted = ledger.count_facets(wanted) if after is None else None
    page, more = rows[:limit], len(rows) > limit
    return canonical_bytes(
        {
            "items": [_item(row) for row in page],
            "next": _cursor(page[-1], wanted) if more else None,
            "facets": counted and {"grade": _counts(counted.grade), "reason": _counts(counted.reason)},
            "counted": counted and counted.counted,
            "complete": counted and counted.complete,
        }
    )


def _item(row: IndexRow) -> JsonObject:
    names = ("decision_id", "decided_at", "enterprise_id", "as_of", "grade", "pd", "score")
    model = {"name": row.model_name, "version": row.model_version, "bundle_sha256": row.bundle_sha256}
    return {name: getattr(row, name) for name in names} | {"model": model, "reasons": orjson.loads(row.reasons)}


def _counts(found: list[tuple[str | None, int]]) -> list[JsonObject]:
    return [{"value": value, "count": count} for value, count in found]


def _require_plain(name: str, value: str | None) -> None:
    """Refuse control characters: no decision has them, and PostgreSQL takes no text with a zero character."""
    if value is not None and not re.fullmatch(_NO_CONTROLS, value):
        raise _fault("ICS-SRV-011", name, "contains control characters", "send the text as the decision has it")


def _period(first: str | None, last: str | None) -> tuple[str | None, str | None]:
    """Return the first time wanted and the one after the last."""
    since, until = _read("from", first), _end(last)
    if since is not None and until is not None and since >= until:
        raise _fault("ICS-SRV-071", "from", "lies after `to`", "exchange them")
    return _written(since), _written(until)


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)


def _end(last: str | None) -> datetime | None:
    until = _read("to", last)
    if until is None or last is None:
        return None
    try:
        return until + (timedelta(microseconds=1) if "T" in last else timedelta(days=1))
    except OverflowError:
        return None  # there is nothing after it


def _read(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError("of another form")
        if "T" not in text:
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _fault(
            "ICS-SRV-011",
            name,
            "neither a day nor an instant",
            "write YYYY-MM-DD, or YYYY-MM-DDThh:mm:ssZ; with an offset, `+` as %2B",
        ) from None


def _cursor(row: IndexRow, wanted: Wanted) -> str:
    content = orjson.dumps([row.decided_at, row.decision_id, _digest(wanted)])
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _position(cursor: str, wanted: Wanted) -> Position:
    try:
        content = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
        decided_at, decision_id, digest = content
    except (ValueError, TypeError, binascii.Error):
        raise _bad_cursor() from None
    if not all(isinstance(part, str) for part in content) or digest != _digest(wanted):
        raise _bad_cursor()
    if not (is_name(decided_at) and is_name(decision_id)):
        raise _bad_cursor()
    return Position(decided_at, decision_id)


def _digest(wanted: Wanted) -> str:
    """Return what binds a cursor to a tenant and its conditions."""
    return sha256_hex(canonical_bytes(list(wanted)))[:_DIGEST]


def _bad_cursor() -> RequestError:
    return _fault(
        "ICS-SRV-070",
        "cursor",
        "not a cursor of this search",
        "send `next` of the page before with the same conditions, or leave it out",
    )


def _fault(code: str, name: str, message: str, remedy: str) -> RequestError:
    return RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, code, message, field=f"query.{name}", remedy=remedy)
