"""``/v1/assessments/{id}/pack``: what proves a decision, as one signed ZIP."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request, Response

from icsml.errors import IcsmlError, LedgerError, MissingError, ModelError
from icsml.serving.etag import NOT_MODIFIED, tagged
from icsml.serving.openapi import problems
from icsml.serving.problems import RequestError, no_such_assessment
from icsml.serving.routes.assessments import DecisionId
from icsml.serving.service import Auditor, Service, TheService

__all__ = ["packs_router"]

_MEDIA_TYPE: Final = "application/zip"
_BINARY: Final = {"type": "string", "format": "binary"}
_NOT_SIGNED: Final = "ICS-LED-040"
_ERASED: Final = "ICS-LED-026"


async def read_pack(request: Request, caller: Auditor, service: TheService, decision_id: DecisionId) -> Response:
    """Return what proves a decision of one's own tenant: record, bundle hash, rules, reasons, page, chain, signatures.

    Anybody verifies it offline with the `verify.py` in it and the public key of the operator. The same bytes each time.
    """
    made = await service.comparisons.run(lambda: _pack(service, caller.tenant, decision_id))
    if made is None:
        raise no_such_assessment()
    return tagged(request, made, _MEDIA_TYPE)


def packs_router() -> APIRouter:
    """Return the router of ``/v1/assessments/{id}/pack``."""
    router = APIRouter(tags=["assessments"])
    answer = {"description": "The pack, a ZIP.", "content": {_MEDIA_TYPE: {"schema": _BINARY}}}
    refusals = problems(
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.GONE,
        HTTPStatus.SERVICE_UNAVAILABLE,
    )
    router.add_api_route(
        "/v1/assessments/{id}/pack",
        read_pack,
        methods=["GET"],
        response_class=Response,
        summary="What proves a decision, as one signed ZIP",
        responses={int(HTTPStatus.OK): answer} | NOT_MODIFIED | refusals,
    )
    return router


def _pack(service: Service, tenant: str, decision_id: str) -> bytes | None:
    """Return the pack; where no checkpoint has signed the decision yet, this process signs its own chains first."""
    try:
        try:
            return _made(service, tenant, decision_id)
        except LedgerError as error:
            if error.code != _NOT_SIGNED:
                raise
        service.ledger.checkpoint()
        return _made(service, tenant, decision_id)
    except (LedgerError, MissingError, ModelError) as error:
        raise _refused(error) from error


def _made(service: Service, tenant: str, decision_id: str) -> bytes | None:
    from icsml.workflows.evidence_pack import evidence_pack  # the first pack loads what renders its pages

    return evidence_pack(service.ledger, service.bundles, decision_id, tenant)


def _refused(error: IcsmlError) -> RequestError:
    """Return the answer to an error; that a bundle or a checkpoint is not there is no fault of the caller."""
    status = HTTPStatus.GONE if error.code == _ERASED else HTTPStatus.SERVICE_UNAVAILABLE
    return RequestError(status, error.code, error.message, field=error.field or "id", remedy=error.remedy)
