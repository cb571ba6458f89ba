"""The parts of a field's definition: kind, domain, purpose, and treatment of values outside its range."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Domain", "Field", "Kind", "Outside", "Purpose"]


class Kind(StrEnum):
    """How a value is typed."""

    TEXT = "text"
    CATEGORY = "category"
    DATE = "date"
    NUMBER = "number"
    COUNT = "count"
    FLAG = "flag"


class Domain(StrEnum):
    """Whose evidence a field is."""

    IDENTITY = "identity"
    INNOVATION = "innovation"
    FINANCIAL = "financial"


class Purpose(StrEnum):
    """What a field may be used for."""

    FEATURE = "feature"
    """may enter the model through a declared feature function"""
    RECORD = "record"
    """identifies, dates or describes; never a feature"""
    PERSONAL = "personal"
    """of a natural person; never a feature"""
    CONSEQUENCE = "consequence"
    """follows from an earlier decision; never a feature"""
    BANK_RATING = "bank_rating"
    """the bank's own view, joined; never a feature"""


class Outside(StrEnum):
    """What happens to a value outside its declared range."""

    REPORT = "report"
    MISSING = "missing"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Field:
    """One canonical field.

    Parameters
    ----------
    name : str
        Canonical name; money ends in ``_cny``.
    kind : Kind
        Type of the value.
    en, zh : str
        Labels.
    unit : str
        ``CNY``, ``fraction``, ``persons``, ``count``, ``days``, ``months``, ``years``, ``date``, ``code`` or ``flag``.
    domain : Domain
        Innovation, financial, or identity.
    purpose : Purpose
        Whether the field may reach the model.
    low, high : float, optional
        Declared range, inclusive.
    outside : Outside
        What a value outside the range leads to.
    pattern : str, optional
        Regular expression of a text.
    form : str, optional
        The same in words, for messages: a noun with its article.
    choices : tuple of str
        Allowed values of a category.
    required : bool
        Whether a record without it is refused.
    example : str, float, int or bool, optional
        Value of the example record.
    plural : bool
        Whether the English name of an amount is a plural.
    """

    name: str
    kind: Kind
    en: str
    zh: str
    unit: str
    domain: Domain
    purpose: Purpose = Purpose.FEATURE
    low: float | None = None
    high: float | None = None
    outside: Outside = Outside.REFUSE
    pattern: str | None = None
    form: str | None = None
    choices: tuple[str, ...] = ()
    required: bool = False
    example: str | float | int | bool | None = None
    plural: bool = False

    @property
    def numeric(self) -> bool:
        """Whether the column is a float array."""
        return self.kind in (Kind.NUMBER, Kind.COUNT, Kind.FLAG)
