"""Parts of the OpenAPI document beyond the signatures: the body, its example, the documented errors."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from icsml.core.strict_json import JsonObject
from icsml.records.enterprise import EnterpriseRecord, example_record
from icsml.records.extra import ExtraFeature
from icsml.serving.language import IN_LANGUAGE
from icsml.serving.problems import MEDIA_TYPE, Problem

__all__ = ["EXAMPLE_ID", "batch_body", "link_decisions", "model_body", "problems", "record_body"]

EXAMPLE_ID = "6b2f0c5e-9a1d-4d3b-8f57-2f4f8a6c1e90"
"""How an identifier of a decision looks."""

_MEANING = {
    HTTPStatus.BAD_REQUEST: "A header stands twice, or the body is not JSON (or holds NaN, a name twice, a number no "
    "double holds).",
    HTTPStatus.UNAUTHORIZED: "No key, or a key that is not known.",
    HTTPStatus.FORBIDDEN: "The role of the key does not allow this.",
    HTTPStatus.NOT_FOUND: "This tenant has no such decision.",
    HTTPStatus.REQUEST_TIMEOUT: "The body took too long to arrive.",
    HTTPStatus.CONFLICT: "The idempotency key was used before with another body.",
    HTTPStatus.GONE: "The payload of the decision was erased.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than the limit.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is encoded (`Content-Encoding`), or not application/json in UTF-8.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A field, a header or a parameter is not acceptable; `errors` names each.",
    HTTPStatus.TOO_MANY_REQUESTS: "The key has made too many requests.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "An error inside the service; nothing was decided.",
    HTTPStatus.SERVICE_UNAVAILABLE: "What the service needs is not there now; nothing was decided.",
}
_EVERYWHERE = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.INTERNAL_SERVER_ERROR)
_WITH_KEY = (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS)
_OF_ANSWER = {"id": "$response.body#/decision_id"}
_HEADERS = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": {"schema": {"type": "string"}}},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": {"schema": {"type": "string"}}},
}


def problems(*statuses: HTTPStatus) -> dict[int | str, JsonObject]:
    """Return the documentation of error responses, each with problem details.

    Those that any path may give are added, and 422 and 429 where a key is asked for.
    """
    keyed = _WITH_KEY if HTTPStatus.UNAUTHORIZED in statuses else ()
    return {int(status): _documented(status) for status in sorted({*statuses, *keyed, *_EVERYWHERE})}


def record_body(extras: Sequence[ExtraFeature], *, dated: bool) -> JsonObject:
    """Return the documentation of a record as request body.

    Parameters
    ----------
    extras : sequence of ExtraFeature
        The extra features the model declares; no others are accepted.
    dated : bool
        Whether the model asks for a decision date.
    """
    return _body(_record_schema(extras, dated=dated), example_record(extras))


def batch_body(extras: Sequence[ExtraFeature], *, dated: bool, most: int) -> JsonObject:
    """Return the documentation of a batch of at most so many records as request body.

    Parameters
    ----------
    extras, dated
        As :func:`record_body`.
    most : int
        How many records a batch may have.
    """
    records = {"type": "array", "minItems": 1, "maxItems": most, "items": _record_schema(extras, dated=dated)}
    schema = {
        "title": "Batch",
        "type": "object",
        "properties": {"records": records},
        "required": ["records"],
        "additionalProperties": False,
    }
    return _body(schema, {"records": [example_record(extras)]})


def model_body(model: type[BaseModel], extras: Sequence[ExtraFeature] = (), *, dated: bool = False) -> JsonObject:
    """Return the documentation of a model as request body, its example made of the examples of its fields.

    Parameters
    ----------
    model : type of BaseModel
        The model; a field ``record`` is documented as a record.
    extras, dated
        As :func:`record_body`.
    """
    schema = _inlined(model.model_json_schema())
    if "record" in schema["properties"]:
        schema["properties"]["record"] = _record_schema(extras, dated=dated)
    return _body(schema, _example(schema, extras))


def link_decisions(document: JsonObject, made: str) -> None:
    """Link the answer that makes a decision to all that can be asked about one, in place.

    Parameters
    ----------
    document : dict
        The OpenAPI document.
    made : str
        Path whose ``POST`` makes a decision; what is asked about it is below.
    """
    about = f"{made}/{{id}}"
    asked = [
        (path, each) for path, found in document["paths"].items() if path.startswith(about) for each in found.items()
    ]
    links = {
        operation["operationId"]: {"operationId": operation["operationId"], "parameters": _OF_ANSWER}
        for _, (_, operation) in asked
    }
    decides = ("correction", "objection")
    makers = [each for path, (_, each) in asked if path.rpartition("/")[2] in decides]
    for operation in [document["paths"][made]["post"], *makers]:
        operation["responses"]["201"]["links"] = links


def _example(schema: JsonObject, extras: Sequence[ExtraFeature]) -> JsonObject:
    return {
        name: example_record(extras)
        if name == "record"
        else [_example(each["items"], extras)]
        if "items" in each
        else each["examples"][0]
        for name, each in schema["properties"].items()
        if each.get("examples") != [None]
    }


def _inlined(schema: JsonObject) -> JsonObject:
    """Return a JSON Schema with its definitions in the place of the references to them."""
    definitions = schema.pop("$defs", {})

    def inline(part: Any) -> Any:  # noqa: ANN401 - any JSON value
        if isinstance(part, dict):
            name = part.get("$ref", "").rpartition("/")[2]
            return inline(definitions[name]) if name else {key: inline(value) for key, value in part.items()}
        return [inline(each) for each in part] if isinstance(part, list) else part

    inlined: JsonObject = inline(schema)
    return inlined


def _body(schema: JsonObject, example: JsonObject) -> JsonObject:
    content = {"schema": schema, "example": example}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def _record_schema(extras: Sequence[ExtraFeature], *, dated: bool) -> JsonObject:
    schema = EnterpriseRecord.model_json_schema()
    schema["properties"]["extra"] = _extra_schema(extras)
    if dated:
        schema["properties"]["as_of"] = {"title": "Decision date", "type": "string", "format": "date"}
        schema["required"] = [*schema["required"], "as_of"]
    return schema


def _documented(status: HTTPStatus) -> JsonObject:
    return {
        "description": _MEANING[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}},
        "headers": IN_LANGUAGE | _HEADERS.get(status, {}),
    }


def _extra_schema(extras: Sequence[ExtraFeature]) -> JsonObject:
    return {
        "title": "Extra features this model declares",
        "type": "object",
        "default": {},
        "additionalProperties": False,
        "properties": {
            extra.name: {"title": extra.label.en, "anyOf": [{"type": "number"}, {"type": "null"}]} for extra in extras
        },
    }
