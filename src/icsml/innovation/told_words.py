"""The words of what a firm is told: numbers with their unit, fields by name, flags as the firm's own value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from icsml.innovation.values import Unit
from icsml.records.field import Field, Kind
from icsml.records.fields import FIELD_BY_NAME
from icsml.records.labels import Label

__all__ = ["LISTED", "POINTS", "amount", "field_names", "in_parts", "in_turn", "points_text", "with_more"]

POINTS: Final = "points"
"""The unit of points, beside those of :class:`icsml.innovation.values.Unit`."""
_UNIT_WORDS: Final = {
    # unit: (before and after the number in English, the same in Chinese, factor)
    str(Unit.CNY): ("CNY ", "", "", "元", 1.0),
    str(Unit.FRACTION): ("", "%", "", "%", 100.0),
    str(Unit.PERSONS): ("", " persons", "", "人", 1.0),
    str(Unit.DAYS): ("", " days", "", "天", 1.0),
    str(Unit.MONTHS): ("", " months", "", "个月", 1.0),
    str(Unit.YEARS): ("", " years", "", "年", 1.0),
    POINTS: ("", " points", "", "分", 1.0),
}
_MOST_PLACES: Final = 12
_NUMBERED: Final = re.compile(r"(?:; (?=\(\d+\) )|；(?=（\d+）))")

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


def in_parts(text: str) -> list[str]:
    """Return the parts of a text that :func:`in_turn` numbered; of any other the whole."""
    return _NUMBERED.split(text)


def in_turn(parts: Sequence[Label]) -> Label | None:
    """Return several parts as one text, numbered where there are more than one."""
    if len(parts) < 2:
        return parts[0] if parts else None
    return Label(
        en="; ".join(f"({number}) {part.en}" for number, part in enumerate(parts, 1)),
        zh="；".join(f"（{number}）{part.zh}" for number, part in enumerate(parts, 1)),
    )


def with_more(reason: Label, more: Label) -> Label:
    """Return a reason with what is behind it in brackets."""
    return Label(en=f"{reason.en} ({more.en})", zh=f"{reason.zh}（{more.zh}）")
