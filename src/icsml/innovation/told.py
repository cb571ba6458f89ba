"""Why a firm is in or out, as the firm is told: its own value beside the threshold, and by name what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from icsml.innovation.compiled import CompiledIndicator
from icsml.innovation.eligibility import (
    CategoryPoints,
    Condition,
    Eligibility,
    IndicatorPoints,
    Score,
    all_hold,
    any_holds,
)
from icsml.innovation.indicators import Indicator
from icsml.innovation.points import Points
from icsml.innovation.schema import Rulebook
from icsml.innovation.validity import Ages
from icsml.innovation.values import Age, Floats, Growth, Ratio, Unit, Value
from icsml.records.columns import Columns
from icsml.records.field import Field, Kind
from icsml.records.fields import FIELD_BY_NAME
from icsml.records.labels import Label
from icsml.records.screening import is_present

__all__ = ["LISTED", "REASONS", "Teller", "amount", "field_names", "in_parts", "points_text"]

Flags = NDArray[np.bool_]
Places = NDArray[np.intp]
T = TypeVar("T")

REASONS: Final[dict[str, Label]] = {
    "selected": Label(en="At or above the cut", zh="达到或高于入选分数线"),
    "below_cut": Label(en="Below the cut", zh="低于入选分数线"),
    "older_record": Label(en="A later record of the same enterprise counts", zh="以同一企业较新的记录为准"),
    "future_record": Label(en="The record is dated after the day of selection", zh="记录日期晚于遴选日"),
    "expired": Label(en="The score is older than its validity", zh="积分已超过有效期"),
    "no_data": Label(en="No value for any indicator", zh="所有指标均无数据"),
    "no_score": Label(
        en="No score: a value is missing that the rulebook requires", zh="缺少规则要求的数据，无法得出积分"
    ),
    "vetoed": Label(en="Vetoed", zh="一票否决"),
    "not_eligible": Label(en="Not eligible", zh="不满足准入条件"),
    "eligibility_unknown": Label(en="Eligibility cannot be known from the record", zh="依据现有记录无法判断准入条件"),
    "withdrawn": Label(en="Withdrawn from the list", zh="已从名单中撤出"),
}
"""Why an enterprise is in or out, by code."""

_POINTS: Final = "points"
_UNIT_WORDS: Final = {
    # unit: (before and after the number in English, the same in Chinese, factor)
    str(Unit.CNY): ("CNY ", "", "", "元", 1.0),
    str(Unit.FRACTION): ("", "%", "", "%", 100.0),
    str(Unit.PERSONS): ("", " persons", "", "人", 1.0),
    str(Unit.DAYS): ("", " days", "", "天", 1.0),
    str(Unit.MONTHS): ("", " months", "", "个月", 1.0),
    str(Unit.YEARS): ("", " years", "", "年", 1.0),
    _POINTS: ("", " points", "", "分", 1.0),
}
_MOST_PLACES: Final = 12
_NUMBERED: Final = re.compile(r"(?:; (?=\(\d+\) )|；(?=（\d+）))")

_NOTHING: Final = Label(en="", zh="")
_ON_LIST: Final = (Label(en="listed", zh="已列入"), Label(en="not listed", zh="未列入"))

LISTED: Final[dict[str, tuple[Label, Label]]] = {
    # field: what is said of a firm of which it holds, and of one of which it does not
    "abnormal_list": _ON_LIST,
    "serious_illegal_list": _ON_LIST,
    "research_blacklist": _ON_LIST,
    "dishonest_debtor": (
        Label(en="a dishonest judgment debtor", zh="属于失信被执行人"),
        Label(en="no dishonest judgment debtor", zh="不属于失信被执行人"),
    ),
    "prohibited_business": (
        Label(en="in a prohibited or restricted business", zh="属于禁止或限制类"),
        Label(en="in no prohibited or restricted business", zh="不属于禁止或限制类"),
    ),
    "serious_violation": (
        Label(en="a serious violation or dishonesty on record", zh="有重大违法或严重失信记录"),
        Label(en="no serious violation or dishonesty on record", zh="无重大违法或严重失信记录"),
    ),
    "safety_accident_3y": (
        Label(en="a major safety accident on record", zh="有重大安全事故记录"),
        Label(en="no major safety accident on record", zh="无重大安全事故记录"),
    ),
    "high_tech_enterprise": (
        Label(en="certified", zh="已取得高新技术企业资格"),
        Label(en="not certified", zh="未取得高新技术企业资格"),
    ),
    "provincial_rd_institution": (
        Label(en="has such an institution", zh="拥有省级研发机构"),
        Label(en="has none", zh="无省级研发机构"),
    ),
    "led_standard": (Label(en="has led one", zh="主导制定过"), Label(en="has led none", zh="未主导制定过")),
    "high_growth_list": (Label(en="on such a list", zh="已入选"), Label(en="on no such list", zh="未入选")),
    "on_recommended_list": (Label(en="on the list", zh="已入选"), Label(en="not on the list", zh="未入选")),
    "strategic_field": (Label(en="in such an industry", zh="属于"), Label(en="in no such industry", zh="不属于")),
    "future_industry": (Label(en="in such an industry", zh="属于"), Label(en="in no such industry", zh="不属于")),
    "relending_supported": (Label(en="supported", zh="已享受"), Label(en="not supported", zh="未享受")),
    "interest_subsidised": (Label(en="subsidised", zh="已享受"), Label(en="not subsidised", zh="未享受")),
}
"""How a flag of a firm reads as its own value: a bare yes could be taken for the answer to the condition."""


def amount(value: float, unit: str, apart_from: float | None = None) -> Label:
    """Return a number with its unit, with as many places as tell it apart from a threshold.

    Parameters
    ----------
    value : float
        The number; not NaN.
    unit : str
        A unit of :class:`icsml.innovation.values.Unit`, or ``points``.
    apart_from : float, optional
        The threshold. 59.996 points are not said to be 60.00 where 60 are wanted.
    """
    before_en, after_en, before_zh, after_zh, factor = _UNIT_WORDS.get(unit, ("", "", "", "", 1.0))
    text = _number(value * factor, None if apart_from is None else apart_from * factor)
    return Label(en=f"{before_en}{text}{after_en}", zh=f"{before_zh}{text}{after_zh}")


def points_text(points: float, apart_from: float | None = None) -> str:
    """Return a number of points, with as many places as tell it apart from another."""
    return _number(points, apart_from)


def _number(value: float, apart_from: float | None) -> str:
    for places in range(2, _MOST_PLACES):
        text = _short(value, places)
        if apart_from is None or value == apart_from or text != _short(apart_from, places):
            return text
    return repr(value)


def _short(value: float, places: int) -> str:
    short = f"{value:,.{places}f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def field_names(names: Iterable[str]) -> Label:
    """Return the labels of fields, in the order given; of what is answered by yes or no, as a question."""
    labels = [_asked(FIELD_BY_NAME[name]) for name in names]
    return Label(en="; ".join(each.en for each in labels), zh="、".join(each.zh for each in labels))


def _asked(field: Field) -> Label:
    """Return a field's name as what is asked for: a firm is not asked to be listed, but whether it is."""
    if field.kind is not Kind.FLAG:
        return Label(en=field.en, zh=field.zh)
    return Label(en=f"{field.en} (yes or no)", zh=f"是否{field.zh.removeprefix('是否')}")


@dataclass
class Teller:
    """Tells rows of a list why they are in or out.

    Parameters
    ----------
    rulebook : Rulebook
        The rules.
    columns : mapping of str to ndarray of shape (n,)
        Screened records.
    points : Points
        What the rules gave.
    age : Ages
        Validity of every row.
    on : date
        Day of selection.
    threshold : float
        Fewest points that were enough.
    """

    rulebook: Rulebook
    columns: Columns
    points: Points
    age: Ages
    on: date
    threshold: float
    _gaps: dict[str, Flags] = field(default_factory=dict)

    def tell(self, reasons: NDArray[Any]) -> list[Label]:
        """Return the reason of every row in words; of conditions every one that is not met or cannot be known.

        Rows that are alike share one text, so that a nation is told in seconds.
        """
        told = [REASONS["selected"]] * len(reasons)
        for code in sorted(set(reasons.tolist())):
            at = np.flatnonzero(reasons == code)
            for place, text in zip(at.tolist(), self._reason(code, at), strict=True):
                told[place] = text
        return told

    def missing(self) -> list[str]:
        """Return, for every row, the names of the fields that the rules read and the row lacks, comma between them."""
        names = self.rulebook.inputs()
        everywhere = np.arange(len(self.points.score))

        def lacking(row: int) -> str:
            return ", ".join(name for name in names if self._gap(name)[row])

        return _shared(everywhere, self._pattern, lacking)

    def _reason(self, code: str, at: Places) -> list[Label]:
        match code:
            case "selected" | "below_cut":
                return _shared(at, self._sums, lambda row: self._cut(code, row))
            case "expired" | "future_record":
                return _shared(at, self.columns["as_of"], lambda row: self._dated(code, row))
            case "no_data":
                fields = [name for each in self.rulebook.indicators for name in each.fields]
                return _shared(at, self._pattern, lambda row: _with(REASONS[code], self._lack(fields, (), row)))
            case "no_score":
                return _shared(at, self._pattern, lambda row: _with(REASONS[code], self._required(row)))
            case "vetoed" | "not_eligible" | "eligibility_unknown":
                return [_in_turn(parts) or REASONS[code] for parts in self._conditions(at)]
            case _:
                return [REASONS[code]] * len(at)

    @cached_property
    def _pattern(self) -> NDArray[np.int64]:
        """Which rows lack the same fields, and the same values that could change their points, shape (n,)."""
        flags = [self.points.stage < 0, self._gap("as_of")]
        flags += [lacks for ways in self._wanting.values() for _, lacks in ways]
        flags += [self._gap(name) for name in self.rulebook.inputs()]
        packed = np.packbits(np.stack(flags, axis=1), axis=1)
        wide = np.zeros((len(packed), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
        wide[:, : packed.shape[1]] = packed
        found = np.zeros(len(packed), dtype=np.int64)
        for word in wide.view(np.uint64).T:
            _, which = np.unique(word, return_inverse=True)
            _, found = np.unique(found * (int(which.max(initial=0)) + 1) + which, return_inverse=True)
        return found

    @cached_property
    def _sums(self) -> NDArray[Any]:
        """Which rows have the same score, and lost the same points by deductions, shape (n,)."""
        taken = [given for _, given in self._deductions if (given < 0.0).any()]
        if not taken:
            return self.points.score
        _, which = np.unique(np.stack([self.points.score, *taken], axis=1), axis=0, return_inverse=True)
        return which.ravel()

    @cached_property
    def _deductions(self) -> list[tuple[Label, Floats]]:
        return [(each.label, self.points.points[each.id]) for each in self.rulebook.indicators if each.deduction]

    def _taken(self, row: int) -> Label:
        """Return the points that deductions took from a row, one after the other."""
        taken = [(label, points_text(-given[row], 0.0)) for label, given in self._deductions if given[row] < 0.0]
        if not taken:
            return _NOTHING
        return Label(
            en="".join(f", {points} points deducted for “{label.en}”" for label, points in taken),
            zh="".join(f"，因“{label.zh}”扣{points}分" for label, points in taken),
        )

    def _cut(self, code: str, row: int) -> Label:
        score, taken = float(self.points.score[row]), self._taken(row)
        own, cut = points_text(score, self.threshold), points_text(self.threshold, score)
        if code == "below_cut":
            en, zh = "Below the cut", "积分低于入选分数线"
        elif score >= self.threshold:
            en, zh = "Selected", "入选"
        else:  # an appeal, while fewer stand on the list than its share allows
            en, zh = "Selected, as places were left", "名额未满，予以入选"
        return Label(
            en=f"{en} (points: {own}{taken.en}; the cut: {cut})",
            zh=f"{zh}（积分：{own}分{taken.zh}；入选分数线：{cut}分）",
        )

    def _dated(self, code: str, row: int) -> Label:
        dated, until = self.columns["as_of"][row], self.age.until[row]
        if code == "future_record":
            more = Label(en=f"dated {dated}; day of selection: {self.on}", zh=f"数据基准日{dated}；遴选日：{self.on}")
        else:
            more = Label(
                en=f"record of {dated}, valid until {until}; day of selection: {self.on}",
                zh=f"数据基准日{dated}，有效期至{until}；遴选日：{self.on}",
            )
        return _with(REASONS[code], more)

    def _required(self, row: int) -> Label:
        """Return what keeps a row from having a score."""
        stages = self.rulebook.stages
        if stages is not None and self.points.stage[row] < 0:
            rule = stages.rule.value
            return self._lack(rule.fields, _bases(rule), row)
        refusing = [
            each
            for each in self.rulebook.indicators
            if each.missing == "refuse" and np.isnan(self.points.values[each.id][row])
        ]
        return self._lack_of(refusing or self.rulebook.indicators, row)

    def _lack_of(self, indicators: Iterable[Indicator], row: int) -> Label:
        """Return what keeps indicators from having all their points, also where one of several ways gave some."""
        wanting = [value for each in indicators for value, lacks in self._wanting[each.id] if lacks[row]]
        fields = [name for value in wanting for name in value.fields]
        return self._lack(fields, [name for value in wanting for name in _bases(value)], row)

    @cached_property
    def _wanting(self) -> dict[str, list[tuple[Value, Flags]]]:
        """Of each indicator what it looks at, and in which rows that has no value and could change the points."""
        return {part.indicator.id: self._ways(part) for part in self.rulebook.compiled}

    def _ways(self, part: CompiledIndicator) -> list[tuple[Value, Flags]]:
        indicator = part.indicator
        unknown = np.isnan(self.points.values[indicator.id])
        if not indicator.best_of:
            return [(option.value, unknown) for option in indicator.options]
        stage = np.maximum(self.points.stage, 0) if part.staged else np.zeros(len(unknown), dtype=np.intp)
        factor = self.points.growth.get(indicator.id, 1.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            given = self.points.points[indicator.id] / factor
        found: list[tuple[Value, Flags]] = []
        for option, way in zip(indicator.best_of, part.ways, strict=True):
            best = way.curve.low[stage] < given if indicator.deduction else way.curve.high[stage] > given
            found.append((option.value, np.isnan(option.value.compute(self.columns)) & (unknown | best)))
        return found

    def _lack(self, fields: Iterable[str], bases: Iterable[str], row: int) -> Label:
        """Return which fields are missing, or where none is, which base divides nothing."""
        lacking = [name for name in dict.fromkeys(fields) if self._gap(name)[row]]
        if lacking:
            names = field_names(lacking)
            return Label(en=f"missing: {names.en}", zh=f"缺少：{names.zh}")
        names = field_names(dict.fromkeys(bases))
        return Label(
            en=f"cannot be computed, as a base is zero or negative: {names.en}",
            zh=f"基数为零或为负，未能计算：{names.zh}",
        )

    def _gap(self, name: str) -> Flags:
        """Return which rows lack a field."""
        if name not in self._gaps:
            self._gaps[name] = ~is_present(self.columns[name])
        return self._gaps[name]

    def _conditions(self, at: Places) -> list[list[Label]]:
        """Return, of each of these rows, the conditions that keep it out: those decided before those that are open."""
        parts: list[list[Label]] = [[] for _ in at]
        eligibility = self.rulebook.eligibility
        if eligibility is None:
            return parts
        vetoes = {each.id for each in eligibility.active_vetoes}
        ways = {each.id for each in eligibility.bypass.any_of} if eligibility.bypass is not None else set()
        matters = self._matters(eligibility)
        ordered = sorted(eligibility.in_use, key=lambda each: each.id not in vetoes)
        for each in ordered:
            answer, veto = self.points.conditions[each.id][at], each.id in vetoes
            failed = matters[each.id][at] & (answer == float(veto))
            if each.id not in ways:
                _append(parts, np.flatnonzero(failed), self._decided(each, at[failed], veto=veto))
        for each in ordered:
            open_ = matters[each.id][at] & np.isnan(self.points.conditions[each.id][at])
            _append(parts, np.flatnonzero(open_), self._open(each, at[open_], veto=each.id in vetoes))
        return parts

    def _decided(self, condition: Condition, at: Places, *, veto: bool) -> list[Label]:
        said = ("Excluded by", "一票否决") if veto else ("Condition not met:", "不满足条件")
        values, unit = self._values(condition)

        def told(row: int) -> Label:
            own = _own(condition, float(values[row]), unit)
            return Label(
                en=f"{said[0]} “{condition.label.en}” (on record: {own.en})",
                zh=f"{said[1]}“{condition.label.zh}”（记录所示：{own.zh}）",
            )

        return _shared(at, values, told)

    def _open(self, condition: Condition, at: Places, *, veto: bool) -> list[Label]:
        said = ("Cannot be known whether excluded by", "无法判断是否适用一票否决")
        if not veto:
            said = ("Cannot be known whether the condition is met:", "无法判断是否满足条件")

        def told(row: int) -> Label:
            why = self._why_open(condition, row)
            return Label(
                en=f"{said[0]} “{condition.label.en}” ({why.en})", zh=f"{said[1]}“{condition.label.zh}”（{why.zh}）"
            )

        return _shared(at, self._pattern, told)

    def _why_open(self, condition: Condition, row: int) -> Label:
        match condition.value:
            case Score() | CategoryPoints() | IndicatorPoints():
                stages = self.rulebook.stages
                if stages is not None and self.points.stage[row] < 0:
                    return self._lack(stages.rule.value.fields, _bases(stages.rule.value), row)
                return self._lack_of(_indicators(self.rulebook, condition), row)
            case Age(since=since):
                return self._lack([since, "as_of"], [since], row)
            case expression:
                return self._lack(expression.fields, _bases(expression), row)

    def _values(self, condition: Condition) -> tuple[Floats, str]:
        """Return what a condition looks at and its unit; of points those given, NaN where there is no score."""
        match condition.value:
            case Score():
                return self.points.score, _POINTS
            case CategoryPoints(category=category):
                return self.points.categories[category], _POINTS
            case IndicatorPoints(indicator=indicator):
                return self.points.points[indicator], _POINTS
            case expression:
                return expression.compute(self.columns), str(condition.unit or expression.unit or "")

    def _matters(self, eligibility: Eligibility) -> dict[str, Flags]:
        """Return in which rows each condition matters: not where a bypass waives it, or nobody needs that way in."""
        everywhere = np.ones(len(self.points.score), dtype=np.bool_)
        return {each.id: everywhere for each in eligibility.in_use} | self._bypassed(eligibility)

    def _bypassed(self, eligibility: Eligibility) -> dict[str, Flags]:
        bypass = eligibility.bypass
        if bypass is None or not bypass.active:
            return {}
        answers = self.points.conditions
        another_way = any_holds([answers[each.id] for each in bypass.any_of]) == 1.0
        needs_none = all_hold([answers[name] for name in bypass.waives]) == 1.0
        return dict.fromkeys(bypass.waives, ~another_way) | {each.id: ~needs_none for each in bypass.any_of}


def _shared(at: Places, key: NDArray[Any], told: Callable[[int], T]) -> list[T]:
    """Return what is told of each row; rows of one key share what is told of the first of them."""
    _, first, which = np.unique(key[at], return_index=True, return_inverse=True)
    texts = [told(int(at[place])) for place in first]
    return [texts[place] for place in which.ravel().tolist()]


def _append(parts: list[list[Label]], places: Places, told: Sequence[Label]) -> None:
    for place, each in zip(places.tolist(), told, strict=True):
        parts[place].append(each)


def _own(condition: Condition, value: float, unit: str) -> Label:
    if np.isnan(value):
        return Label(en="short of it even with full points for what is missing", zh="缺失数据即使均按满分计算仍达不到")
    if condition.holds_if is None:
        return amount(value, unit, float(condition.threshold))
    return _answer(condition.fields, value >= 0.5)


def _answer(fields: Sequence[str], holds: bool) -> Label:
    pair = LISTED.get(fields[0]) if len(fields) == 1 else None
    if pair is not None:
        return pair[0] if holds else pair[1]
    return Label(en="yes", zh="是") if holds else Label(en="no", zh="否")


def _indicators(rulebook: Rulebook, condition: Condition) -> list[Indicator]:
    match condition.value:
        case CategoryPoints(category=category):
            return [each for each in rulebook.indicators if each.category == category]
        case IndicatorPoints(indicator=indicator):
            return [each for each in rulebook.indicators if each.id == indicator]
        case _:
            return list(rulebook.indicators)


def _bases(expression: Value) -> Sequence[str]:
    """Return the fields of what is divided by, of anything else all fields."""
    match expression:
        case Ratio(denominator=base) | Growth(before=base):
            return base.fields
        case _:
            return expression.fields


def _with(reason: Label, more: Label) -> Label:
    return Label(en=f"{reason.en} ({more.en})", zh=f"{reason.zh}（{more.zh}）")


def in_parts(text: str) -> list[str]:
    """Return the parts of a text that :class:`Teller` numbered; of any other the whole."""
    return _NUMBERED.split(text)


def _in_turn(parts: Sequence[Label]) -> Label | None:
    """Return several parts as one text, numbered where there are more than one."""
    if len(parts) < 2:
        return parts[0] if parts else None
    return Label(
        en="; ".join(f"({number}) {part.en}" for number, part in enumerate(parts, 1)),
        zh="；".join(f"（{number}）{part.zh}" for number, part in enumerate(parts, 1)),
    )
