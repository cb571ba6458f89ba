"""Extra features that a model accepts in a record."""

from __future__ import annotations

from icsml.errors import InputError
from icsml.model.bundle import BundleParts
from icsml.records.enterprise import EnterpriseRecord

__all__ = ["refuse_undeclared"]


def refuse_undeclared(bundle: BundleParts, record: EnterpriseRecord) -> None:
    """Refuse a record with an extra feature that the bundle does not declare.

    Raises
    ------
    InputError
        ICS-DEC-002; ``details`` lists every such feature.
    """
    undeclared = sorted(set(record.extra) - {extra.name for extra in bundle.extras})
    if undeclared:
        raise InputError(
            "ICS-DEC-002",
            "this model declares no such extra feature",
            field=f"extra.{undeclared[0]}",
            remedy="see `icsml records example --model REF`",
            details=[(f"extra.{name}", "unknown extra feature") for name in undeclared],
        )
