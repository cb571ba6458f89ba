"""Bodies other than records: read as a model, and refused with the path of each field at fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from icsml.core.pydantic_errors import within_sentence
from icsml.errors import InputError
from icsml.records.enterprise import TEXT_FORM, TEXT_PATTERN

__all__ = ["validated"]

Model = TypeVar("Model", bound=BaseModel)
_DATE: Final = "a calendar date, written YYYY-MM-DD, is needed"
_SENTENCES: Final = {"date_from_datetime_parsing": _DATE, "date_from_datetime_inexact": _DATE, "date_parsing": _DATE}


def validated(model: type[Model], body: Any) -> Model:  # noqa: ANN401 - any JSON value
    """Return a body as a model.

    Raises
    ------
    InputError
        ``ICS-SRV-056``, with the path of each field and what is wrong with it; ``ICS-SRV-060`` if each is acceptable
        by itself, and they do not fit one another.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    details = [(_path(each), _sentence(each)) for each in found]
    alone = any(each["type"] != "config_fault" for each in found)
    raise InputError(
        "ICS-SRV-056" if alone else "ICS-SRV-060",
        details[0][1],
        field=details[0][0],
        remedy="see the body of this path in /openapi.json",
        details=details,
    )


def _sentence(error: Mapping[str, Any]) -> str:
    """Return what is wrong as it is said of a record, not as a pattern or by the place in a date."""
    if error["type"] == "string_pattern_mismatch" and error["ctx"]["pattern"] == TEXT_PATTERN:
        return f"{TEXT_FORM} is needed"
    return _SENTENCES.get(error["type"]) or within_sentence(error)


def _path(error: Any) -> str:  # noqa: ANN401 - ErrorDetails
    key = error.get("ctx", {}).get("key", ()) if error["type"] == "config_fault" else ()
    return ".".join(str(part) for part in (*error["loc"], *key)) or "body"
