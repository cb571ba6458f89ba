"""``/v1/assessments:batch``: decide on up to a thousand records in one request."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, Field

from icsml.errors import IcsmlError
from icsml.ledger.entry import Recorded
from icsml.model.bundle import Bundle
from icsml.records.decision import Decision
from icsml.serving.assessing import Result, assess_all
from icsml.serving.logs import failure
from icsml.serving.openapi import batch_body, problems
from icsml.serving.problems import Problem, RequestError, unexpected
from icsml.serving.routes.assessments import CREATING, PATH, WithRecourse, wanted
from icsml.serving.service import Assessor, BatchBody, TheService

__all__ = ["BatchAnswer", "BatchResult", "batches_router"]

_MOST_RECORDS = 1000
_LONGEST_KEY = 250  # the ledger adds the position of a record
BatchKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        examples=["loans-of-june"],
        min_length=1,
        max_length=_LONGEST_KEY,
        pattern=r"^[!-~]+$",
        description="Names this batch: sent again, each record gives the decision recorded for its position.",
    ),
]


class BatchResult(BaseModel):
    """What became of one record: a decision, or what is wrong with it."""

    status: int = Field(description="as `POST /v1/assessments` would answer", examples=[201])
    decision: Decision | None = None
    problem: Problem | None = None


class BatchAnswer(BaseModel):
    """What became of each record, in the order of the records."""

    results: list[BatchResult]


async def create_batch(
    request: Request,
    caller: Assessor,
    service: TheService,
    body: BatchBody,
    idempotency_key: BatchKey = None,
    recourse: WithRecourse = None,
) -> Response:
    """Decide on each record; every decision is in the ledger before this answer leaves."""
    service.recorder.require_open()
    results = await assess_all(service, caller, _records(body), idempotency_key, recourse=wanted(recourse))
    content = b'{"results":[' + b",".join([await _told(request, result) for result in results]) + b"]}"
    answer = Response(content, HTTPStatus.OK, media_type="application/json")
    if not all(isinstance(result, Recorded) for result in results):
        answer.headers["Vary"] = "Accept-Language"
    return answer


def batches_router(bundle: Bundle) -> APIRouter:
    """Return the router of ``/v1/assessments:batch``; its documented records are what this bundle accepts."""
    router = APIRouter(tags=["assessments"])
    router.add_api_route(
        f"{PATH}:batch",
        create_batch,
        methods=["POST"],
        response_model=BatchAnswer,
        summary=f"Assess up to {_MOST_RECORDS:,} enterprises",
        responses=problems(*CREATING),
        openapi_extra=batch_body(bundle.extras, dated=bundle.dated, most=_MOST_RECORDS),
    )
    return router


def _records(body: Any) -> Sequence[Any]:  # noqa: ANN401 - any JSON value
    if isinstance(body, dict) and body.keys() == {"records"}:
        records = body["records"]
        if isinstance(records, list) and 0 < len(records) <= _MOST_RECORDS:
            return records
    raise RequestError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "ICS-SRV-053",
        f"the body must be an object with 1 to {_MOST_RECORDS:,} records under the one name 'records'",
        field="records",
    )


async def _told(request: Request, result: Result) -> bytes:
    if isinstance(result, Recorded):
        status = HTTPStatus.OK if result.replayed else HTTPStatus.CREATED
        return b'{"decision":%b,"status":%d}' % (result.decision_bytes, status)
    problem = await _problem(request, result)
    return b'{"problem":%b,"status":%d}' % (bytes(problem.body), problem.status_code)


async def _problem(request: Request, error: Exception) -> Response:
    """Return what a request for this record alone would be answered."""
    if isinstance(error, IcsmlError):
        answered: Response = await request.app.exception_handlers[IcsmlError](request, error)
        return answered
    request.state.failure = failure(error)
    return unexpected(request)
