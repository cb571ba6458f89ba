"""``docs/reference/record.md``, from the fields of a record."""

from __future__ import annotations

from icsml.records.field import Domain, Field, Outside, Purpose
from icsml.records.fields import FIELDS

__all__ = ["page"]

_HEAD = """# A record

This page is made from the fields by `python scripts/write_reference.py`; a test holds both together. {count} fields.
A record is one enterprise at one decision date: a flat JSON object of these names, plus `extra: {{name: number}}` for
the declared features of an imported data set. A row of `enterprises.parquet` is the same record; an extra feature's
column is `extra.NAME`.

- Only `enterprise_id` is always required. An absent field is missing; an unknown one is refused. A model trained on
  dated rows also asks for `as_of`.
- Money is in yuan (`_cny`), shares and rates are fractions, dates are `YYYY-MM-DD`, `_prev` is the year before.
- Statements must be those published by `as_of`; a later one is refused.
- Outside its range a value is **refused**, or kept and **reported** with the decision. Nothing is cut or filled in.
- Use says whether a field may reach the model. What is personal, follows from an earlier decision or is the bank's own
  rating never does; the model sees features, which are computed from the fields meant for it: [features](features.md).

`icsml records schema` prints the same as JSON Schema, `icsml records example` a complete record of a firm that does not
exist.
"""

_COLUMNS = ("Field", "Label", "中文", "Type", "Unit", "Range", "Outside", "Use")
_TITLES = {
    Domain.IDENTITY: "Identity, dates and consequences of earlier decisions",
    Domain.INNOVATION: "Innovation",
    Domain.FINANCIAL: "Finance, credit history and the application",
}
_USES = {
    Purpose.FEATURE: "may feed features",
    Purpose.RECORD: "describes; never a feature",
    Purpose.PERSONAL: "personal; never a feature",
    Purpose.CONSEQUENCE: "follows from an earlier decision; never a feature",
    Purpose.BANK_RATING: "the bank's own rating; never a feature",
}
_OUTSIDE = {Outside.REPORT: "reported", Outside.MISSING: "made missing", Outside.REFUSE: "refused"}


def page() -> str:
    """Return the reference page as Markdown, one table a domain."""
    return "\n".join([_HEAD.format(count=len(FIELDS)), *(_section(domain) for domain in Domain)])


def _section(domain: Domain) -> str:
    rows = [_line(_cells(field)) for field in FIELDS if field.domain is domain]
    return "\n".join([f"## {_TITLES[domain]}", "", _line(_COLUMNS), "|" + " --- |" * len(_COLUMNS), *rows, ""])


def _cells(field: Field) -> tuple[str, ...]:
    name = f"`{field.name}`{' (required)' if field.required else ''}"
    outside = "–" if not _range(field) else _OUTSIDE[field.outside]
    return (name, field.en, field.zh, str(field.kind), field.unit, _range(field) or "–", outside, _USES[field.purpose])


def _range(field: Field) -> str:
    if field.choices:
        return ", ".join(f"`{choice}`" for choice in field.choices)
    if field.pattern:
        return f"`{field.pattern}`"
    if field.low is None and field.high is None:
        return ""
    return f"{_bound(field.low)} – {_bound(field.high)}"


def _bound(value: float | None) -> str:
    return "any" if value is None else f"{value:g}"


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"
