"""The keys of ``bundle.json`` in ``docs/reference/bundle.md``, from the fields of the document."""

from __future__ import annotations

from dataclasses import fields

from icsml.model.bundle_document import Document, Stated, is_optional
from reference.markdown import parameters, table, with_part

__all__ = ["page"]


def page(text: str) -> str:
    """Return the page with its table of keys made from the document's fields and docstrings."""
    meanings = parameters(Stated) | parameters(Document)
    rows = [
        (f"`{field.name}`{' (optional)' if is_optional(field) else ''}", meanings[field.name])
        for field in sorted(fields(Document), key=lambda field: is_optional(field))
    ]
    return with_part(text, "keys", table(("Key", "Meaning"), rows))
