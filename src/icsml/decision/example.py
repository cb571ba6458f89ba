"""An example record that a bundle accepts."""

from __future__ import annotations

from typing import Any

from icsml.model.bundle import BundleParts
from icsml.records.enterprise import example_record
from icsml.records.fields import FIELDS

__all__ = ["bundle_example"]

_IDENTITY = ("uscc", "region", "industry", "statement_published_at")


def bundle_example(bundle: BundleParts) -> dict[str, Any]:
    """Return a record with every field and extra feature that the bundle reads, and otherwise only the identity."""
    read = {*bundle.model.encoder.inputs, *(bundle.rulebook.inputs() if bundle.rulebook else ())}
    canonical = [field.name for field in FIELDS if field.name in read]
    record = example_record(bundle.extras, only=[*canonical, *(_IDENTITY if canonical else ())])
    if not bundle.dated:
        record.pop("as_of", None)
        record.pop("statement_published_at", None)
    return record
