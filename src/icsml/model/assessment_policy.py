"""Assessment policy: flags and checks, the minimum information for a grade, the PD if data are withheld."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from icsml.core.paths import configs_dir
from icsml.core.yaml import load_model
from icsml.records.field import Kind
from icsml.records.fields import FIELD_BY_NAME
from icsml.texts.label import Label

__all__ = [
    "AssessmentPolicy",
    "Check",
    "Checks",
    "InformationGroup",
    "Then",
    "WithheldPolicy",
    "load_assessment_policy",
]

_CODE: Final = "ICS-MOD-032"

Then = Literal["warn", "refer"]
"""``warn``: the reader is warned; ``refer``: a person must decide."""

_Share = Annotated[float, Field(gt=0.0, le=1.0)]
_Positive = Annotated[float, Field(gt=0.0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Check(_Part):
    """Consequence of a finding of one check."""

    then: Then


class AccountsCheck(Check):
    """Assets differ from liabilities plus equity by more than ``tolerance`` of the assets."""

    tolerance: _Share


class UnitCheck(Check):
    """Amounts that look like 万元.

    Parameters
    ----------
    smallest_cny : float
        Every amount of the record is below this.
    per_head_cny : float
        Or revenue and assets are both below this amount per person on the staff.
    factor : float
        Or an amount is this many times more or less than its usual share of another.
    """

    smallest_cny: _Positive
    per_head_cny: _Positive
    factor: Annotated[float, Field(ge=100.0)]


class IndebtedCheck(Check):
    """Liabilities are more than ``times`` the assets."""

    times: Annotated[float, Field(ge=1.0)]


class ArrearsPDCheck(Check):
    """At least ``days`` late or ``count`` times late within 24 months, and a PD below ``pd``."""

    days: Annotated[int, Field(ge=1)]
    count: Annotated[int, Field(ge=1)]
    pd: Annotated[float, Field(gt=0.0, lt=1.0)]


class Checks(_Part):
    """Every check and its consequence."""

    accounts: AccountsCheck
    unit: UnitCheck
    zero_amounts: Check
    founding: Check
    arrears: Check
    negative_equity: Check
    indebted: IndebtedCheck
    over_limit: Check
    arrears_low_pd: ArrearsPDCheck


class InformationGroup(_Part):
    """Fields of which a share must be in the record.

    Parameters
    ----------
    id : str
        Name of the group.
    label : Label
        The same in words.
    share : float
        Minimum share of those fields that the model reads.
    fields : tuple of str
        Canonical fields.
    required : tuple of str
        Fields that must be in the record regardless of the share, if the model reads them.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    label: Label
    share: _Share
    fields: Annotated[tuple[str, ...], Field(min_length=1)]
    required: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name in self.required:
            if name not in self.fields:
                raise ValueError(f"required: {name!r} is not among the fields of the group {self.id!r}")
        for name in self.fields:
            if name not in FIELD_BY_NAME:
                raise ValueError(f"fields: {name!r} is no field of a record; see `icsml records schema`")
        return self


class WithheldPolicy(_Part):
    """Quantile of the PDs to state, and the number of filled rows."""

    quantile: Annotated[float, Field(ge=0.5, lt=1.0)]
    rows: Annotated[int, Field(ge=20, le=10_000)]


class AssessmentPolicy(_Part):
    """Requirements of an assessment on a record.

    Parameters
    ----------
    format : int
        1.
    flags : mapping of str to {'warn', 'refer'}
        Consequence of a flag of the record that is true.
    checks : Checks
        Consequences of implausible records.
    information : tuple of InformationGroup
        Minimum information for a grade.
    withheld : WithheldPolicy
        Computation of the PD if the absent values were filled in.
    """

    format: Literal[1]
    flags: Mapping[str, Then]
    checks: Checks
    information: tuple[InformationGroup, ...]
    withheld: WithheldPolicy

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for name in self.flags:
            field = FIELD_BY_NAME.get(name)
            if field is None or field.kind is not Kind.FLAG:
                raise ValueError(f"flags: {name!r} is no flag of a record; see `icsml records schema`")
        ids = [group.id for group in self.information]
        if len(set(ids)) < len(ids):
            raise ValueError("information: an id is given twice")
        return self


def load_assessment_policy(path: Path | None = None) -> AssessmentPolicy:
    """Read an assessment policy, by default the shipped one; errors (``ICS-MOD-032``) name line and key."""
    return _shipped() if path is None else load_model(path, AssessmentPolicy, code=_CODE)


@cache
def _shipped() -> AssessmentPolicy:
    return load_model(configs_dir() / "policy" / "assessment.yaml", AssessmentPolicy, code=_CODE)
