"""JSON Schema of rulebook files, for completion and checks in editors."""

from __future__ import annotations

from typing import Any, Final

from pydantic.json_schema import JsonSchemaValue

from icsml.innovation.rulebooks.rulebook import Outline, Rulebook
from icsml.records.field import Purpose
from icsml.records.fields import FIELDS

__all__ = ["rulebook_schema"]

_FIELD_KEYS: Final = ("field", "since")
_OWN: Final = ("format", "id", "extends", "edition", "scope", "title", "issuer", "in_force", "known_since")
_NAMES: Final = tuple(each.name for each in FIELDS if each.purpose in (Purpose.FEATURE, Purpose.RECORD))
_EXTENDS: Final = {"type": "string", "description": "The edition that this one changes; its id."}
_REMOVE: Final = {
    "type": "object",
    "description": "What of the base is dropped: a list of ids under each key, or all.",
    "additionalProperties": {"anyOf": [{"const": "all"}, {"type": "array", "items": {"type": "string"}}]},
}


def rulebook_schema() -> JsonSchemaValue:
    """Return the schema of a rulebook, an overlay that extends one, or an edition that is documented only."""
    rulebook = Rulebook.model_json_schema(by_alias=True, mode="validation")
    outline = Outline.model_json_schema(by_alias=True, mode="validation")
    definitions = outline.pop("$defs", {}) | rulebook.pop("$defs", {})
    definitions = {name: _bare_names(_field_names(body)) for name, body in definitions.items()}
    whole = {name: _without_derived(body) for name, body in (("rulebook", rulebook), ("outline", outline))}
    shared = {name for name, body in definitions.items() if _mergeable(body)}
    partial = {f"{name}Part": _partly(_optional(definitions[name]), shared) for name in sorted(shared)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "icsml rulebook",
        "if": {"required": ["extends"]},
        "then": _overlay(whole["rulebook"], shared),
        "else": {
            "if": {"properties": {"evaluable": {"const": False}}, "required": ["evaluable"]},
            "then": whole["outline"],
            "else": whole["rulebook"],
        },
        "$defs": definitions | partial,
    }


def _without_derived(schema: JsonSchemaValue) -> JsonSchemaValue:
    """Remove keys that only a merged copy has."""
    properties = {key: value for key, value in schema["properties"].items() if key != "derived_from"}
    return schema | {"properties": properties}


def _overlay(schema: JsonSchemaValue, shared: set[str]) -> JsonSchemaValue:
    properties = {key: _partly(value, shared) for key, value in schema["properties"].items()}
    properties |= {"extends": _EXTENDS, "remove": _REMOVE}
    return schema | {"title": "Overlay", "properties": properties, "required": list(_OWN)}


def _partly(value: Any, shared: set[str]) -> Any:  # noqa: ANN401 - any JSON value
    """Refer to the parts whose keys may be left to the base."""
    if isinstance(value, dict):
        target = str(value.get("$ref", "")).removeprefix("#/$defs/")
        if target in shared:
            return value | {"$ref": f"#/$defs/{target}Part"}
        return {key: _partly(part, shared) for key, part in value.items()}
    return [_partly(item, shared) for item in value] if isinstance(value, list) else value


def _mergeable(schema: JsonSchemaValue) -> bool:
    """Return whether base and overlay may share an object's keys: it has an id, or is eligibility or a provenance."""
    title = str(schema.get("title", ""))
    return "id" in schema.get("properties", {}) or title == "Eligibility" or title.endswith("Provenance")


def _optional(schema: JsonSchemaValue) -> JsonSchemaValue:
    return schema | {"required": [name for name in schema.get("required", []) if name == "id"]}


def _field_names(schema: JsonSchemaValue) -> JsonSchemaValue:
    """Add the names of fields for completion."""
    properties = schema.get("properties", {})
    named: JsonSchemaValue = {key: {"type": "string", "enum": list(_NAMES)} for key in _FIELD_KEYS if key in properties}
    if "fields" in properties:
        named["fields"] = properties["fields"] | {"items": {"type": "string", "enum": list(_NAMES)}}
    return schema | {"properties": properties | named} if properties else schema


def _bare_names(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Allow a bare field name as a value, and ``score`` for the total where a condition may read it."""
    if isinstance(value, dict):
        kinds = value.get("discriminator", {}).get("mapping", {}) if "oneOf" in value else {}
        inner = {key: _bare_names(part) for key, part in value.items()}
        if "field" not in kinds:
            return inner
        names = [*_NAMES, "score"] if "score" in kinds else list(_NAMES)
        return {"anyOf": [{"type": "string", "enum": names}, inner]}
    return [_bare_names(item) for item in value] if isinstance(value, list) else value
