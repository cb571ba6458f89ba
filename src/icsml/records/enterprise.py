"""The record of one enterprise at one decision date, as a pydantic model made from the field definitions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pandas as pd
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    WithJsonSchema,
    create_model,
)
from pydantic import Field as Constraint

from icsml.core.direction_marks import CONTROLS, DIRECTION_MARKS, LINE_PATTERN
from icsml.core.names import shown_path
from icsml.core.pydantic_errors import within_sentence
from icsml.errors import InputError
from icsml.records.extra import EXTRA_PREFIX, ExtraFeature
from icsml.records.field import Field, Kind, Outside, Purpose
from icsml.records.fields import FIELDS

__all__ = [
    "TEXT",
    "TEXT_FORM",
    "TEXT_PATTERN",
    "EnterpriseRecord",
    "example_record",
    "frame_records",
    "parse_record",
    "record_schema",
]

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TEXT_LENGTH = 128
TEXT_PATTERN = LINE_PATTERN
"""A text of a schema."""
# The marks as they are, not as escapes: only such a pattern is run by Arrow, five times as fast.
TEXT = re.compile(rf"[^{CONTROLS}{DIRECTION_MARKS}]{{1,{TEXT_LENGTH}}}")
"""The same for a whole text: one line of at most so many characters."""
TEXT_FORM = f"one line of 1 to {TEXT_LENGTH} characters without marks that change the direction of writing"
"""The same in words."""
_FORMS = {field.pattern: field.form for field in FIELDS if field.pattern} | {TEXT_PATTERN: TEXT_FORM}
_CONFIG = ConfigDict(extra="forbid", strict=True, frozen=True, title="EnterpriseRecord")


def _iso_date(value: object) -> object:
    """Take a JSON date; a date with a time of day is rejected, because its time zone is not known."""
    if isinstance(value, str):
        return _calendar_date(value)
    if isinstance(value, datetime):
        raise ValueError("a date without a time of day is needed")
    return value


def _calendar_date(text: str) -> date:
    try:
        if _ISO_DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError("a calendar date, written YYYY-MM-DD, is needed")


def _integral(value: object) -> object:
    """Take 33.0 for 33: to JSON they are the same number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _type(field: Field) -> Any:  # noqa: ANN401 - a typing construct
    low, high = (field.low, field.high) if field.outside is Outside.REFUSE else (None, None)
    match field.kind:
        case Kind.TEXT:
            return Annotated[
                str, Constraint(min_length=1, max_length=TEXT_LENGTH, pattern=field.pattern or TEXT_PATTERN)
            ]
        case Kind.CATEGORY:
            return Literal[field.choices]
        case Kind.DATE:
            return Annotated[date, BeforeValidator(_iso_date), WithJsonSchema({"type": "string", "format": "date"})]
        case Kind.NUMBER:
            return Annotated[float, Constraint(allow_inf_nan=False, ge=low, le=high)]
        case Kind.COUNT:
            whole = Constraint(ge=None if low is None else int(low), le=None if high is None else int(high))
            return Annotated[int, whole, BeforeValidator(_integral)]
        case Kind.FLAG:
            return bool


def _definition(field: Field) -> tuple[Any, Any]:
    about: dict[str, Any] = {
        "x-label": {"en": field.en, "zh": field.zh},
        "x-unit": field.unit,
        "x-domain": str(field.domain),
        "x-purpose": str(field.purpose),
    }
    if field.outside is Outside.REPORT and (field.low is not None or field.high is not None):
        about["x-plausible"] = [field.low, field.high]
    kind = _type(field)
    described = Constraint(title=field.en, json_schema_extra=about)
    if field.required:
        return (Annotated[kind, described], ...)
    return (Annotated[kind | None, described], None)


if TYPE_CHECKING:

    class _Fields(BaseModel):
        enterprise_id: str
        enterprise_name: str | None = None
        as_of: date | None = None

else:
    _Fields = create_model("_Fields", __config__=_CONFIG, **{field.name: _definition(field) for field in FIELDS})


class EnterpriseRecord(_Fields):
    """One enterprise at one decision date; the fields are those of ``icsml records schema``.

    An absent field is missing, an unknown one is refused. Money is in yuan, shares and rates are fractions.
    ``extra`` holds the declared features of an imported data set.
    """

    model_config = _CONFIG

    extra: dict[Annotated[str, Constraint(max_length=64)], Annotated[float, Constraint(allow_inf_nan=False)] | None] = (
        Constraint(default={})
    )


def parse_record(source: Mapping[str, Any]) -> EnterpriseRecord:
    """Read one record from a JSON object.

    Raises
    ------
    InputError
        If a field is unknown, of the wrong type or outside a range that refuses; ``details`` lists every such field.
    """
    try:
        return EnterpriseRecord.model_validate(source)
    except ValidationError as error:
        raise _input_error(error) from error


def record_schema() -> dict[str, Any]:
    """Return the JSON Schema of a record, with labels, units, domains and purposes as ``x-`` keys."""
    schema = EnterpriseRecord.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def example_record(extras: Sequence[ExtraFeature] = (), *, only: Sequence[str] | None = None) -> dict[str, Any]:
    """Return a complete, valid record of a firm that does not exist.

    Parameters
    ----------
    extras : sequence of ExtraFeature
        Extra features to show, each with a value inside its range.
    only : sequence of str, optional
        Canonical fields to show; all by default. The identifier and the date are always there.
    """
    names = {"enterprise_id", "as_of", *(only if only is not None else (field.name for field in FIELDS))}
    record = {
        field.name: field.example
        for field in FIELDS
        if field.example is not None and field.name in names and field.purpose is not Purpose.PERSONAL
    }
    if extras:
        record["extra"] = {extra.name: _inside(extra) for extra in extras}  # type: ignore[assignment]
    return record


def _inside(extra: ExtraFeature) -> float:
    low, high = extra.range
    if low is not None and high is not None:
        return (low + high) / 2
    if low is not None:
        return max(low, 1.0)
    return min(high, 1.0) if high is not None else 1.0


def _sentence(error: Mapping[str, Any]) -> str:
    if error["type"] == "string_pattern_mismatch" and (form := _FORMS.get(error["ctx"]["pattern"])):
        return f"{form} is needed"
    return _SENTENCES.get(error["type"]) or within_sentence(error)


def _input_error(error: ValidationError) -> InputError:
    details = tuple(
        (".".join(str(part) for part in item["loc"]) or "record", _sentence(item))
        for item in error.errors(include_url=False, include_input=False)
    )
    field, message = details[0]
    others = ", ".join(shown_path(name) for name, _ in details[1:6])
    more = f"; also wrong: {others}{', …' if len(details) > 6 else ''}" if others else ""
    return InputError(
        "ICS-REC-001",
        message + more,
        field=field,
        remedy="see `icsml records schema` and `icsml records example`",
        details=details,
    )


_SENTENCES = {
    "extra_forbidden": "unknown field",
    "missing": "required field is absent",
    "model_type": "a JSON object is needed",
    "model_attributes_type": "a JSON object is needed",
}


def frame_records(frame: pd.DataFrame) -> list[EnterpriseRecord]:
    """Return the rows of a validated frame as records; the frame is small, or use column arrays instead."""
    return [parse_record(_json_row(row)) for row in frame.to_dict("records")]


def _json_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    known = {str(name): value for name, value in row.items() if not pd.isna(value)}
    extra = {name.removeprefix(EXTRA_PREFIX): known.pop(name) for name in list(known) if name.startswith(EXTRA_PREFIX)}
    values = {name: value.date() if isinstance(value, datetime) else value for name, value in known.items()}
    return values | ({"extra": extra} if extra else {})
