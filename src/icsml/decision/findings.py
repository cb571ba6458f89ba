"""What a record itself says that its reader must know: flags, accounts that cannot be right, arrears beside a low PD.

The policy of the bundle says of each whether it is told, or whether a person must decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import isnan
from typing import Final

import numpy as np

from icsml.decision.assess import Assessment
from icsml.decision.information import SIZES
from icsml.decision.wants import field_label
from icsml.model.bundle import BundleParts
from icsml.model.policy import AssessmentPolicy, Then
from icsml.records.decision import Notice, Referral
from icsml.records.fields import FIELDS
from icsml.texts.label import Label
from icsml.texts.quantity import quantity

__all__ = ["Finding", "findings", "referred"]

_AMOUNTS: Final = tuple(field for field in FIELDS if field.unit == "CNY" and field.name.endswith("_cny"))
_FEW_STAFF: Final = 5
_MOST_PLACES: Final = 6
_SIZE: Final = ("total_assets_cny", "revenue_cny")
_USUAL: Final[tuple[tuple[str, tuple[str, ...], float], ...]] = (
    # an amount, what it is held against (the first that is known), and about what share of it it usually is; amounts
    # that may be next to nothing in a sound firm, such as cash or high-tech revenue, are held against none
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
    """One thing found in a record.

    Parameters
    ----------
    code : str
        Stable name of the kind.
    field : str
        The field that it is about.
    then : {'warn', 'refer'}
        What the policy makes of it.
    text : Label
        One sentence that names the field.
    """

    code: str
    field: str
    then: Then
    text: Label

    @property
    def notice(self) -> Notice:
        """As a warning of a decision."""
        return Notice(code=self.code, field=self.field, text=self.text)

    @property
    def referral(self) -> Referral:
        """As what a person must look at."""
        return Referral(code=self.code, field=self.field, text=self.text)


@dataclass(frozen=True, slots=True)
class _Record:
    """One record's numbers and dates by field, NaN and NaT where it has none, and what was made of it."""

    bundle: BundleParts
    assessment: Assessment
    row: int

    def number(self, name: str) -> float:
        return float(self.assessment.screening.columns[name][self.row])

    def date(self, name: str) -> np.datetime64:
        found: np.datetime64 = self.assessment.screening.columns[name][self.row]
        return found

    def label(self, name: str) -> Label:
        return field_label(self.bundle, name)

    @property
    def policy(self) -> AssessmentPolicy:
        return self.bundle.assessment_policy

    def finding(self, code: str, field: str, then: Then, en: str, zh: str) -> Finding:
        """Return a finding; the texts hold ``{0}`` for the field's name."""
        label = self.label(field)
        return Finding(code, field, then, Label(en=en.format(label.en), zh=zh.format(label.zh)))


def findings(bundle: BundleParts, assessment: Assessment, row: int) -> list[Finding]:
    """Return what one record says that its reader must know, each thing once.

    Parameters
    ----------
    bundle : BundleParts
        The model, with its policy.
    assessment : Assessment
        What it gave.
    row : int
        Which row.
    """
    record = _Record(bundle, assessment, row)
    return [
        *_flags(record),
        *_zeros(record),
        *_unit(record),
        *_accounts(record),
        *_dates(record),
        *_credit(record),
    ]


def referred(bundle: BundleParts, assessment: Assessment) -> list[list[str]]:
    """Return, of every row, the codes of what the policy refers to a person, in the order of :func:`findings`."""
    policy, columns = bundle.assessment_policy, assessment.screening.columns
    if any(check.then == "refer" for _, check in policy.checks):
        rows = range(len(assessment.pd))
        return [[each.code for each in findings(bundle, assessment, row) if each.then == "refer"] for row in rows]
    names = [field.name for field in FIELDS if policy.flags.get(field.name) == "refer"]
    codes: list[list[str]] = [[] for _ in assessment.pd]
    for name in names:
        for row in np.flatnonzero(columns[name] == 1.0):
            codes[row].append(name.upper())
    return codes


def _flags(record: _Record) -> Iterator[Finding]:
    flags = record.policy.flags
    for name in (field.name for field in FIELDS if field.name in flags):
        then = flags[name]
        if record.number(name) == 1.0:
            must = "a person must decide" if then == "refer" else "look at it before you decide"
            must_zh = "须由人工审定" if then == "refer" else "请在决定前核实"
            yield record.finding(
                name.upper(),
                name,
                then,
                f"{{0}}: so the record says. The model does not read this; {must}.",
                f"记录显示：{{0}}。模型不使用该信息，{must_zh}。",
            )


def _zeros(record: _Record) -> Iterator[Finding]:
    sizes = {name: record.number(name) for name in SIZES}
    zeros = [name for name, value in sizes.items() if value == 0.0]
    if len(zeros) > 1 and not any(abs(value) > 0.0 for value in sizes.values()):
        labels = [record.label(name) for name in zeros[1:]]
        yield record.finding(
            "ZERO_AMOUNTS",
            zeros[0],
            record.policy.checks.zero_amounts.then,
            f"{{0}}: zero, likewise {' and '.join(label.en_within for label in labels)}. Leave out what is not known.",
            f"{{0}}、{'、'.join(label.zh for label in labels)}均填为零：未知的项目请留空。",
        )


def _unit(record: _Record) -> Iterator[Finding]:
    """Tell once of amounts that look like 万元: all of them, those of a whole staff, or one beside another."""
    check = record.policy.checks.unit
    known = _known_amounts(record)
    if not known:
        return
    largest = max(known, key=lambda name: known[name])
    per_head = _per_head(record, known)
    if known[largest] < check.smallest_cny:
        yield record.finding(
            "AMOUNTS_IN_WAN",
            largest,
            check.then,
            "{0}: very small, as are all other amounts. They look like 万元 (10,000 yuan), and yuan is asked for.",
            "{0}等全部金额过小：疑似以万元填报，本系统要求以元为单位。",
        )
    elif per_head and max(per_head.values()) < check.per_head_cny:
        most, staff = max(per_head, key=lambda name: per_head[name]), record.number("staff_total")
        yield record.finding(
            "AMOUNTS_IN_WAN",
            most,
            check.then,
            f"{{0}}: CNY {per_head[most]:,.0f} for each of {staff:,.0f} staff, which is very small. It looks like 万元"
            " (10,000 yuan), and yuan is asked for.",
            f"{{0}}按{staff:,.0f}名职工计人均仅{per_head[most]:,.0f}元：疑似以万元填报，本系统要求以元为单位。",
        )
    else:
        yield from islice(_out_of_proportion(record, known), 1)


def _known_amounts(record: _Record) -> dict[str, float]:
    """Return the sizes of the amounts above zero; of what can be no loss, one below zero is told as out of range."""
    amounts = {field.name: (record.number(field.name), field.low is None) for field in _AMOUNTS}
    return {name: abs(value) for name, (value, signed) in amounts.items() if value > 0.0 or (signed and value < 0.0)}


def _per_head(record: _Record, known: Mapping[str, float]) -> dict[str, float]:
    staff = record.number("staff_total")
    return {name: known[name] / staff for name in _SIZE if name in known and staff >= _FEW_STAFF}


def _out_of_proportion(record: _Record, known: Mapping[str, float]) -> Iterator[Finding]:
    check = record.policy.checks.unit
    for name, bases, share in _USUAL:
        base = next((each for each in bases if each in known), None)
        if name not in known or base is None:
            continue
        times = known[name] / (share * known[base])
        if not 1.0 / check.factor <= times <= check.factor:
            small, large = (name, base) if times < 1.0 else (base, name)
            seen, other = quantity(known[small], "CNY"), quantity(known[large], "CNY")
            beside = record.label(large)
            yield record.finding(
                "AMOUNTS_IN_WAN",
                small,
                check.then,
                f"{{0}}: {seen.en}, out of all proportion to {beside.en_within} ({other.en}). One of the two may be in"
                " 万元 (10,000 yuan).",
                f"{{0}}为{seen.zh}，与{beside.zh}（{other.zh}）相差悬殊：其中一项可能以万元填报。",
            )


def _accounts(record: _Record) -> Iterator[Finding]:
    checks = record.policy.checks
    assets, liabilities = record.number("total_assets_cny"), record.number("total_liabilities_cny")
    equity, given = record.number("equity_cny"), "equity_cny"
    if isnan(equity):
        equity, given = assets - liabilities, "total_liabilities_cny"
    off = abs(assets - liabilities - equity)
    if not isnan(off) and off > checks.accounts.tolerance * max(abs(assets), abs(liabilities), 1.0):
        yield record.finding(
            "ACCOUNTS_DO_NOT_ADD_UP",
            "total_assets_cny",
            checks.accounts.then,
            f"{{0}}: not total liabilities plus owners' equity; CNY {off:,.0f} are unexplained.",
            f"{{0}}不等于负债总额与所有者权益之和，相差{off:,.0f}元。",
        )
    if equity < 0.0:
        en, zh = "{0}: more than total assets. Equity is negative; ratios", "{0}大于资产总额，已资不抵债；"
        if given == "equity_cny":
            denied = liabilities <= assets  # the two contradict the equity, which the check of the accounts tells
            en = "{0}: negative. Ratios" if denied else "{0}: negative. Liabilities exceed assets, and ratios"
            zh = "{0}为负；" if denied else "{0}为负，已资不抵债；"
        yield record.finding(
            "NEGATIVE_EQUITY",
            given,
            checks.negative_equity.then,
            f"{en} to equity have no value.",
            f"{zh}以所有者权益为分母的比率无法计算。",
        )
    if assets >= 0.0 and liabilities > checks.indebted.times * assets:
        owed = quantity(liabilities, "CNY")
        yield record.finding(
            "LIABILITIES_FAR_ABOVE_ASSETS",
            "total_liabilities_cny",
            checks.indebted.then,
            f"{{0}}: {_above(liabilities / assets, checks.indebted.times)} times total assets."
            if assets > 0.0
            else f"{{0}}: {owed.en}, and total assets are zero. One of the two is wrong.",
            f"{{0}}为资产总额的{_above(liabilities / assets, checks.indebted.times)}倍。"
            if assets > 0.0
            else f"{{0}}为{owed.zh}，而资产总额为零：两者矛盾，请核对。",
        )


def _above(value: float, bound: float, places: int = 1) -> str:
    """Return a value above a bound with as many places as show that it is."""
    while places < _MOST_PLACES and round(value, places) <= bound:
        places += 1
    return f"{value:,.{places}f}"


def _dates(record: _Record) -> Iterator[Finding]:
    if record.date("founded_on") > record.date("statement_period_end"):
        yield record.finding(
            "FOUNDED_AFTER_STATEMENTS",
            "founded_on",
            record.policy.checks.founding.then,
            "{0}: after the end of the statement period. Check the two dates.",
            "{0}晚于报表期末：请核对两个日期。",
        )


def _credit(record: _Record) -> Iterator[Finding]:
    checks = record.policy.checks
    count, days = record.number("overdue_count_24m"), record.number("overdue_days_max_24m")
    late = f"{count:,.0f} payment{'s were' if count != 1.0 else ' was'} late"
    if count > 0.0 and not days > 0.0:
        yield record.finding(
            "ARREARS_WITHOUT_DAYS",
            "overdue_days_max_24m",
            checks.arrears.then,
            f"{{0}}: not given, and {late}. Ask for it."
            if isnan(days)
            else f"{{0}}: zero, and {late}. One of the two is wrong.",
            f"{{0}}未填写，而逾期次数为{count:,.0f}次：请补充。"
            if isnan(days)
            else f"{{0}}为零，而逾期次数为{count:,.0f}次：两者矛盾，请核对。",
        )
    if days > 0.0 and count == 0.0:
        yield record.finding(
            "ARREARS_WITHOUT_COUNT",
            "overdue_count_24m",
            checks.arrears.then,
            f"{{0}}: zero, and the longest delay is {days:,.0f} days. One of the two is wrong.",
            f"{{0}}为零，而最长逾期为{days:,.0f}天：两者矛盾，请核对。",
        )
    used = record.number("credit_line_utilisation")
    if used > 1.0:
        yield record.finding(
            "OVER_LIMIT",
            "credit_line_utilisation",
            checks.over_limit.then,
            f"{{0}}: {_above(100.0 * used, 100.0, 0)}%. More is drawn than the credit lines allow.",
            f"{{0}}为{_above(100.0 * used, 100.0, 0)}%：已超额度用信。",
        )
    deep, pd = checks.arrears_low_pd, float(record.assessment.pd[record.row])
    if (days >= deep.days or count >= deep.count) and pd < deep.pd:
        by_days = days >= deep.days
        field, said = ("overdue_days_max_24m", f"{days:,.0f}") if by_days else ("overdue_count_24m", f"{count:,.0f}")
        yield record.finding(
            "ARREARS_WITH_LOW_PD",
            field,
            deep.then,
            f"{{0}}: {said}{' days' if by_days else ''}, and the PD is {pd:.2%} all the same. Do not rely on the PD"
            " alone.",
            f"{{0}}为{said}{'天' if by_days else '次'}，而违约概率仍仅为{pd:.2%}：请勿仅凭违约概率判断。",
        )
