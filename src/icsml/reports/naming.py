"""Names of groups, events, rulebooks and the like in a language; a code without a name is returned as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from icsml.innovation.scoring.population_groups import StaffClass
from icsml.records.decision import InterventionalReference, Reference
from icsml.records.fields import FIELD_BY_NAME
from icsml.texts.catalogue import has_text, phrase
from icsml.texts.label import Label
from icsml.texts.languages import FALLBACK

__all__ = [
    "compared_with",
    "event_name",
    "field_name",
    "group_name",
    "in_language",
    "pd_meaning",
    "reference_name",
    "rulebook_name",
    "value_name",
    "with_note",
]


AnyReference = Reference | InterventionalReference | Mapping[str, Any]
"""The ``reference`` of a decision, or its JSON, which a decision of an earlier version may have without a text."""


def group_name(kind: str, name: str | None, lang: str, stages: Mapping[str, Label]) -> str:
    """Return the name of a group of a kind such as ``province`` or ``size``."""
    if name is None:
        return phrase("names.not_known", lang)
    if kind == "stage":
        return stages[name].text(lang) if name in stages else name
    return _named(kind, StaffClass(name).name.lower() if kind == "size" else name, lang)


def event_name(event: str | None, lang: str) -> str:
    """Return the name of an event."""
    return _named("event", "unknown" if event is None else event, lang)


def pd_meaning(event: str | None, months: int | None, lang: str) -> str:
    """Return the event and horizon of a PD."""
    name = event_name(event, lang)
    if months is None:
        return phrase("names.pd_meaning_open", lang, event=name)
    return phrase("names.pd_meaning", lang, event=name, months=months)


def reference_name(reference: AnyReference, lang: str) -> str:
    """Return the population that a decision's ``reference`` names: by its text where it has one, and by its kind."""
    parts = dict(reference)
    named = phrase(f"names.reference.{parts['kind']}", lang, id=parts["id"], n=parts.get("n") or 0)
    text = parts.get("text")
    return with_note(in_language(text, lang), named, lang) if text else named


def compared_with(reference: AnyReference, lang: str) -> str:
    """Return a sentence on a decision's comparison population; earlier decisions have no text for it."""
    key = "names.compared_with" if dict(reference).get("text") else "names.compared_with_rows"
    return phrase(key, lang, reference=reference_name(reference, lang))


def rulebook_name(rulebook: str, provenance: str, lang: str) -> str:
    """Return a rulebook with its provenance."""
    return with_note(rulebook, value_name(provenance, lang), lang)


def value_name(value: str | None, lang: str) -> str:
    """Return the name in one word of rules, models and their parts; a dash for nothing."""
    return phrase("names.nothing", lang) if value is None else _named("value", value, lang)


def with_note(text: str, note: str, lang: str) -> str:
    """Return a text with a note in brackets."""
    return phrase("names.with_note", lang, text=text, note=note)


def field_name(name: str, lang: str) -> str:
    """Return the name of a field of a record."""
    field = FIELD_BY_NAME.get(name)
    return name if field is None else Label(en=field.en, zh=field.zh).text(lang)


def in_language(texts: Label | Mapping[str, str], lang: str) -> str:
    """Return the text of a language out of a label, or of one that was written as JSON; English where it has none."""
    return texts.text(lang) if isinstance(texts, Label) else texts.get(lang) or texts[FALLBACK]


def _named(kind: str, name: str, lang: str) -> str:
    key = f"names.{kind}.{name}"
    return phrase(key, lang) if has_text(key) else name
