"""Bodies other than records: read as a model, and refused with the path of each field at fault."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from icsml.core.pydantic_errors import within_sentence
from icsml.errors import InputError

__all__ = ["validated"]

Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], body: Any) -> Model:  # noqa: ANN401 - any JSON value
    """Return a body as a model.

    Raises
    ------
    InputError
        ``ICS-SRV-056``, with the path of each field and what is wrong with it.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        details = [
            (_path(each), within_sentence(each)) for each in error.errors(include_url=False, include_input=False)
        ]
    raise InputError(
        "ICS-SRV-056",
        details[0][1],
        field=details[0][0],
        remedy="see the body of this path in /openapi.json",
        details=details,
    )


def _path(error: Any) -> str:  # noqa: ANN401 - ErrorDetails
    key = error.get("ctx", {}).get("key", ()) if error["type"] == "config_fault" else ()
    return ".".join(str(part) for part in (*error["loc"], *key)) or "body"
