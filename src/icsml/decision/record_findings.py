"""Findings on a record: flags, inconsistent accounts, arrears beside a low PD.

The policy of the bundle decides whether each is a warning, or needs manual review.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import isnan
from typing import Final

from icsml.core.arrays import Flags
from icsml.decision.assess import Assessment
from icsml.decision.missing_information import field_label
from icsml.decision.required_information import SIZES
from icsml.decision.row import Row
from icsml.model.assessment_policy import AssessmentPolicy, Then
from icsml.model.bundle import BundleParts
from icsml.records.fields import FIELDS
from icsml.texts.catalogue import Part, joined, text, within
from icsml.texts.label import Label
from icsml.texts.quantity import quantity

__all__ = ["Finding", "findings", "flagged_fields", "referred"]

_AMOUNTS: Final = tuple(
    (field.name, field.low is None) for field in FIELDS if field.unit == "CNY" and field.name.endswith("_cny")
)
_FEW_STAFF: Final = 5
_MOST_DIGITS: Final = 6
_SIZE: Final = ("total_assets_cny", "revenue_cny")
_USUAL: Final[tuple[tuple[str, tuple[str, ...], float], ...]] = (
    # an amount, the amounts it is compared with (the first known one), and its usual share of it; amounts that may be
    # near zero in a sound firm, such as cash or high-tech revenue, are not compared
    ("revenue_prev_cny", ("revenue_cny",), 1.0),
    ("total_cost_cny", ("revenue_cny",), 1.0),
    ("total_assets_prev_cny", ("total_assets_cny",), 1.0),
    ("total_assets_cny", ("revenue_cny",), 1.0),
    ("main_revenue_cny", ("revenue_cny",), 1.0),
    ("main_revenue_prev_cny", ("revenue_prev_cny",), 1.0),
    ("operating_cost_cny", ("revenue_cny",), 0.7),
    ("current_assets_cny", ("total_assets_cny",), 0.6),
    ("rd_expense_prev_cny", ("rd_expense_cny",), 1.0),
    ("rd_expense_cny", ("total_cost_cny", *_SIZE), 0.05),
    ("existing_debt_cny", _SIZE, 0.25),
    ("application_amount_cny", _SIZE, 0.25),
    ("collateral_value_cny", ("application_amount_cny",), 1.0),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding on a record.

    Parameters
    ----------
    code : str
        Stable name of the kind.
    field : str
        The field that it is about.
    then : {'warn', 'refer'}
        The policy's consequence.
    text : Label
        One sentence that names the field.
    """

    code: str
    field: str
    then: Then
    text: Label


@dataclass(frozen=True, slots=True)
class _Record:
    """One record, and the findings that may be made of it."""

    row: Row

    @property
    def number(self) -> Callable[[str], float]:
        return self.row.number

    def label(self, name: str) -> Label:
        return field_label(self.row.bundle, name)

    @property
    def policy(self) -> AssessmentPolicy:
        return self.row.bundle.assessment_policy

    def finding(self, code: str, field: str, then: Then, variant: str = "", **parts: Part) -> Finding:
        """Return a finding with the text of its code or of a variant; ``field`` is filled in by its name."""
        return self._finding(code, field, then, f"decision.{code}.{variant}".removesuffix("."), **parts)

    def flag(self, field: str, then: Then) -> Finding:
        """Return the finding that a flag of the record is set."""
        return self._finding(field.upper(), field, then, f"decision.flag.{then}")

    def _finding(self, code: str, field: str, then: Then, key: str, **parts: Part) -> Finding:
        return Finding(code, field, then, text(key, field=self.label(field), **parts))


def findings(row: Row) -> list[Finding]:
    """Return the findings on one record."""
    record = _Record(row)
    return [
        *_flags(record),
        *_zeros(record),
        *_unit(record),
        *_accounts(record),
        *_dates(record),
        *_credit(record),
    ]


def referred(bundle: BundleParts, assessment: Assessment) -> dict[str, Flags] | list[list[str]]:
    """Return which rows need manual review for what.

    Returns
    -------
    dict of str to ndarray of bool of shape (n,), or list of list of str
        By code the rows, in the order of :func:`findings`. Where the policy has more than flags reviewed, the codes of
        each row: that is found row by row.
    """
    policy, columns = bundle.assessment_policy, assessment.screening.columns
    if any(check.then == "refer" for _, check in policy.checks):
        rows = (Row(bundle, assessment, row) for row in range(len(assessment.pd)))
        return [[finding.code for finding in findings(row) if finding.then == "refer"] for row in rows]
    names = [field.name for field in FIELDS if policy.flags.get(field.name) == "refer"]
    return {name.upper(): columns[name] == 1.0 for name in names}


def _flags(record: _Record) -> Iterator[Finding]:
    for name in record.row.bundle.derived(flagged_fields):
        if record.number(name) == 1.0:
            yield record.flag(name, record.policy.flags[name])


def flagged_fields(bundle: BundleParts) -> tuple[str, ...]:
    """Return the flags of a record that have a consequence, in the order of the fields."""
    return tuple(field.name for field in FIELDS if field.name in bundle.assessment_policy.flags)


def _zeros(record: _Record) -> Iterator[Finding]:
    sizes = {name: record.number(name) for name in SIZES}
    zeros = [name for name, value in sizes.items() if value == 0.0]
    if len(zeros) > 1 and not any(abs(value) > 0.0 for value in sizes.values()):
        others = joined([within(record.label(name)) for name in zeros[1:]], "and")
        yield record.finding("ZERO_AMOUNTS", zeros[0], record.policy.checks.zero_amounts.then, others=others)


def _unit(record: _Record) -> Iterator[Finding]:
    """Report once amounts that seem to be in 万元: all, those relative to the staff, or one relative to another."""
    check, code = record.policy.checks.unit, "AMOUNTS_IN_WAN"
    known = _known_amounts(record)
    if not known:
        return
    largest = max(known, key=known.__getitem__)
    per_head = _per_head(record, known)
    if known[largest] < check.smallest_cny:
        yield record.finding(code, largest, check.then, "all")
    elif per_head and max(per_head.values()) < check.per_head_cny:
        most, staff = max(per_head, key=per_head.__getitem__), record.number("staff_total")
        yield record.finding(code, most, check.then, "per_head", per_head=per_head[most], staff=staff)
    else:
        yield from islice(_out_of_proportion(record, known), 1)


def _known_amounts(record: _Record) -> dict[str, float]:
    """Return the amounts above zero; where a loss is impossible, a value below zero is reported as out of range."""
    number, known = record.number, {}
    for name, signed in _AMOUNTS:
        value = number(name)
        if value > 0.0:
            known[name] = value
        elif signed and value < 0.0:
            known[name] = -value
    return known


def _per_head(record: _Record, known: Mapping[str, float]) -> dict[str, float]:
    staff = record.number("staff_total")
    return {name: known[name] / staff for name in _SIZE if name in known and staff >= _FEW_STAFF}


def _out_of_proportion(record: _Record, known: Mapping[str, float]) -> Iterator[Finding]:
    check = record.policy.checks.unit
    for name, bases, share in _USUAL:
        if name not in known:
            continue
        base = next((amount for amount in bases if amount in known), None)
        if base is None:
            continue
        times = known[name] / (share * known[base])
        if not 1.0 / check.factor <= times <= check.factor:
            small, large = (name, base) if times < 1.0 else (base, name)
            yield record.finding(
                "AMOUNTS_IN_WAN",
                small,
                check.then,
                "one",
                value=quantity(known[small], "CNY"),
                other=record.label(large),
                other_value=quantity(known[large], "CNY"),
            )


def _accounts(record: _Record) -> Iterator[Finding]:
    checks = record.policy.checks
    assets, liabilities = record.number("total_assets_cny"), record.number("total_liabilities_cny")
    stated = record.number("equity_cny")
    equity = assets - liabilities if isnan(stated) else stated
    difference = abs(assets - liabilities - equity)
    if not isnan(difference) and difference > checks.accounts.tolerance * max(abs(assets), abs(liabilities), 1.0):
        yield record.finding("ACCOUNTS_DO_NOT_ADD_UP", "total_assets_cny", checks.accounts.then, difference=difference)
    if equity < 0.0:
        field = "total_liabilities_cny" if isnan(stated) else "equity_cny"
        # Where assets and liabilities contradict the equity, the check of the accounts reports it.
        variant = "derived" if isnan(stated) else "contradicted" if liabilities <= assets else "stated"
        yield record.finding("NEGATIVE_EQUITY", field, checks.negative_equity.then, variant)
    if assets >= 0.0 and liabilities > checks.indebted.times * assets:
        code, field, then = "LIABILITIES_FAR_ABOVE_ASSETS", "total_liabilities_cny", checks.indebted.then
        if assets > 0.0:
            times = _above(liabilities / assets, checks.indebted.times)
            yield record.finding(code, field, then, "times", times=times)
        else:
            yield record.finding(code, field, then, "no_assets", liabilities=quantity(liabilities, "CNY"))


def _above(value: float, bound: float, digits: int = 1) -> str:
    """Return a value above a bound, with enough digits to differ from it."""
    while digits < _MOST_DIGITS and round(value, digits) <= bound:
        digits += 1
    return f"{value:,.{digits}f}"


def _dates(record: _Record) -> Iterator[Finding]:
    if record.number("founded_on") > record.number("statement_period_end"):
        yield record.finding("FOUNDED_AFTER_STATEMENTS", "founded_on", record.policy.checks.founding.then)


def _credit(record: _Record) -> Iterator[Finding]:
    checks = record.policy.checks
    count, days = record.number("overdue_count_24m"), record.number("overdue_days_max_24m")
    if count > 0.0 and not days > 0.0:
        late_payments = text(f"decision.late_payments.{'one' if count == 1.0 else 'several'}", count=count)
        yield record.finding(
            "ARREARS_WITHOUT_DAYS",
            "overdue_days_max_24m",
            checks.arrears.then,
            "absent" if isnan(days) else "zero",
            late_payments=late_payments,
        )
    if days > 0.0 and count == 0.0:
        yield record.finding("ARREARS_WITHOUT_COUNT", "overdue_count_24m", checks.arrears.then, days=days)
    used = record.number("credit_line_utilisation")
    if used > 1.0:
        percent = _above(100.0 * used, 100.0, 0)
        yield record.finding("OVER_LIMIT", "credit_line_utilisation", checks.over_limit.then, percent=percent)
    yield from _arrears_with_low_pd(record, count, days)


def _arrears_with_low_pd(record: _Record, count: float, days: float) -> Iterator[Finding]:
    check, pd = record.policy.checks.arrears_low_pd, record.row.pd
    code = "ARREARS_WITH_LOW_PD"
    if pd < check.pd and days >= check.days:
        yield record.finding(code, "overdue_days_max_24m", check.then, "days", days=days, pd=pd)
    elif pd < check.pd and count >= check.count:
        yield record.finding(code, "overdue_count_24m", check.then, "count", count=count, pd=pd)
