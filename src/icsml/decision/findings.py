"""What a record itself says that its reader must know: flags, accounts that cannot be right, arrears beside a low PD.

The policy of the bundle says of each whether it is told, or whether a person must decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
from icsml.records.labels import Label

__all__ = ["Finding", "findings"]

_AMOUNTS: Final = tuple(field.name for field in FIELDS if field.unit == "CNY" and field.name.endswith("_cny"))
_PER_HEAD: Final = ("revenue_cny", "total_assets_cny")
_FEW_STAFF: Final = 5
_ALIKE: Final = (
    # two amounts of one size, the second told as the one in question where it is the smaller
    ("revenue_cny", "revenue_prev_cny"),
    ("revenue_cny", "total_cost_cny"),
    ("total_assets_cny", "total_assets_prev_cny"),
    ("total_assets_cny", "revenue_cny"),
    ("rd_expense_cny", "rd_expense_prev_cny"),
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
        *_unit(record),
        *_accounts(record),
        *_dates(record),
        *_credit(record),
    ]


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


def _unit(record: _Record) -> Iterator[Finding]:
    checks = record.policy.checks
    sizes = {name: record.number(name) for name in SIZES}
    zeros = [name for name, value in sizes.items() if value == 0.0]
    if len(zeros) > 1 and not any(abs(value) > 0.0 for value in sizes.values()):
        labels = [record.label(name) for name in zeros[1:]]
        yield record.finding(
            "ZERO_AMOUNTS",
            zeros[0],
            checks.zero_amounts.then,
            f"{{0}}: zero, likewise {' and '.join(label.en_within for label in labels)}. Leave out what is not known.",
            f"{{0}}、{'、'.join(label.zh for label in labels)}均填为零：未知的项目请留空。",
        )
        return
    amounts = {name: abs(record.number(name)) for name in _AMOUNTS}
    known = {name: value for name, value in amounts.items() if value > 0.0}
    staff = record.number("staff_total")
    heads = [known[name] / staff for name in _PER_HEAD if name in known and staff >= _FEW_STAFF]
    if known and (max(known.values()) < checks.unit.smallest_cny or (heads and max(heads) < checks.unit.per_head_cny)):
        largest = max(known, key=lambda name: known[name])
        yield record.finding(
            "AMOUNTS_IN_WAN",
            largest,
            checks.unit.then,
            "{0}: very small, as are all other amounts. They look like 万元 (10,000 yuan), and yuan is asked for.",
            "{0}等全部金额过小：疑似以万元填报，本系统要求以元为单位。",
        )
        return
    for pair in _ALIKE:
        if not all(name in known for name in pair):
            continue
        small, large = sorted(pair, key=lambda name: known[name])
        if known[large] > checks.unit.factor * known[small]:
            other = record.label(large)
            yield record.finding(
                "AMOUNTS_IN_WAN",
                small,
                checks.unit.then,
                f"{{0}}: out of all proportion to {other.en_within}. One of the two may be in 万元 (10,000 yuan).",
                f"{{0}}与{other.zh}相差悬殊：其中一项可能以万元填报。",
            )
            return


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
        yield record.finding(
            "NEGATIVE_EQUITY",
            given,
            checks.negative_equity.then,
            "{0}: negative. Liabilities exceed assets, and ratios to equity have no value."
            if given == "equity_cny"
            else "{0}: more than total assets. Equity is negative; ratios to equity have no value.",
            "{0}为负，已资不抵债；以所有者权益为分母的比率无法计算。"
            if given == "equity_cny"
            else "{0}大于资产总额，已资不抵债；以所有者权益为分母的比率无法计算。",
        )
    if assets > 0.0 and liabilities > checks.indebted.times * assets:
        yield record.finding(
            "LIABILITIES_FAR_ABOVE_ASSETS",
            "total_liabilities_cny",
            checks.indebted.then,
            f"{{0}}: {liabilities / assets:,.1f} times total assets.",
            f"{{0}}为资产总额的{liabilities / assets:,.1f}倍。",
        )


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
            f"{{0}}: {used:.0%}. More is drawn than the credit lines allow.",
            f"{{0}}为{used:.0%}：已超额度用信。",
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
