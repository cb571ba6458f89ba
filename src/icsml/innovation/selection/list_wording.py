"""The words of what a firm is told: numbers with their unit, fields by name, flags as the firm's own value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from string import ascii_lowercase
from typing import Final

from icsml.innovation.rulebooks.value_functions import Unit
from icsml.records.field import Field, Kind
from icsml.records.fields import FIELD_BY_NAME
from icsml.texts.label import Label

__all__ = [
    "LISTED",
    "POINTS",
    "amount",
    "counted",
    "cut_text",
    "field_names",
    "in_parts",
    "in_turn",
    "is_alternative",
    "money",
    "or_else",
    "own_text",
    "points_text",
    "with_more",
]

POINTS: Final = "points"
"""The unit of points, beside those of :class:`icsml.innovation.rulebooks.value_functions.Unit`."""
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
_PARTS: Final = re.compile(
    r"; (?=\(\d+\) |or else)|(?<=:) (?=\(a\) )|; (?=\([a-z]+\) )|；(?=（\d+）|或者)|(?<=：)(?=（a）)|；(?=（[a-z]+）)"
)
_LETTERED: Final = re.compile(r"[(（][a-z]+[)）]")

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


_ASKED: Final[dict[str, Label]] = {
    # flag whose name is a noun: what is asked
    "high_tech_enterprise": Label(en="Certified high-tech enterprise", zh="是否为高新技术企业"),
    "provincial_rd_institution": Label(en="Has a provincial R&D institution", zh="是否拥有省级研发机构"),
    "future_industry": Label(en="In a future industry", zh="是否属于未来产业"),
    "strategic_field": Label(en="In a strategic emerging industry", zh="是否属于战略性新兴产业"),
    "prohibited_business": Label(en="In a prohibited or restricted business", zh="是否从事禁止或限制类业务"),
    "serious_violation": Label(en="A serious violation or dishonesty on record", zh="是否有重大违法或严重失信行为"),
    "safety_accident_3y": Label(en="A major safety accident in three years", zh="近三年是否发生重大安全事故"),
    "dishonest_debtor": Label(en="Dishonest judgment debtor", zh="是否为失信被执行人"),
    "on_recommended_list": Label(en="On the ICS recommended list", zh="是否列入创新积分推荐名单"),
    "interest_subsidised": Label(en="Interest is subsidised", zh="是否享受贴息"),
}
_MEASURE: Final = {
    # field: the Chinese measure word that it is counted by
    **dict.fromkeys(("key_rd_projects", "projects_2y", "awards_2y", "awards_3y"), "项"),
    **dict.fromkeys(("ip_class1", "ip_class1_self_developed", "ip_class1_high_value", "ip_class2"), "项"),
    **dict.fromkeys(("invention_applications", "pct_applications"), "件"),
    **dict.fromkeys(("patent_citations", "overdue_count_24m", "credit_inquiries_6m"), "次"),
    "platforms_2y": "个",
    "existing_lenders": "家",
}
_LARGE_PLACES: Final = 4
"""An amount that takes more places to tell apart from a threshold is told in yuan."""


def counted(value: float, fields: Sequence[str], apart_from: float | None = None) -> Label:
    """Return a number of things with the Chinese measure word of the fields, where they have one in common."""
    words = {_MEASURE.get(name, "") for name in fields}
    told = amount(value, str(Unit.COUNT), apart_from)
    return Label(en=told.en, zh=f"{told.zh}{words.pop()}") if len(words) == 1 else told


def money(value: float, threshold: float) -> Label:
    """Return an amount in the unit of its threshold, such as 亿元, or in yuan where that is too coarse."""
    zh = _in_large(value, threshold, ((1e8, "亿元"), (1e4, "万元")))
    en = _in_large(value, threshold, ((1e6, " million"),))
    exact = amount(value, str(Unit.CNY), threshold)
    return Label(en=exact.en if en is None else f"CNY {en}", zh=exact.zh if zh is None else zh)


def _in_large(value: float, threshold: float, units: Sequence[tuple[float, str]]) -> str | None:
    smaller = min(abs(value), abs(threshold))
    for size, word in units:
        if smaller >= size:
            for places in range(2, _LARGE_PLACES + 1):
                text = _short(value / size, places)
                if value == threshold or text != _short(threshold / size, places):
                    return f"{text}{word}"
    return None


def amount(value: float, unit: str, apart_from: float | None = None) -> Label:
    """Return a number with its unit, with as many places as tell it apart from a threshold.

    Parameters
    ----------
    value : float
        The number; not NaN.
    unit : str
        A unit of :class:`icsml.innovation.rulebooks.value_functions.Unit`, or ``points``.
    apart_from : float, optional
        The threshold. 59.996 points are not said to be 60.00 where 60 are wanted.
    """
    before_en, after_en, before_zh, after_zh, factor = _UNIT_WORDS.get(unit, ("", "", "", "", 1.0))
    text = _number(value * factor, None if apart_from is None else apart_from * factor)
    return Label(en=f"{before_en}{text}{after_en}", zh=f"{before_zh}{text}{after_zh}")


def points_text(points: float, apart_from: float | None = None) -> str:
    """Return a number of points, with as many places as tell it apart from another."""
    return _number(points, apart_from)


def cut_text(threshold: float, apart_from: float | None = None) -> str:
    """Return the points needed: all four places that somebody may have stated; a longer number in short."""
    stated = round(threshold, 4) == threshold
    return _short(threshold, 4) if stated else points_text(threshold, apart_from)


def own_text(score: float, threshold: float) -> str:
    """Return a firm's points: told apart from the points needed, or in the same words where they are equal."""
    return cut_text(threshold) if score == threshold else points_text(score, threshold)


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
    asked = _ASKED.get(field.name, Label(en=field.en, zh=f"是否{field.zh}"))
    return Label(en=f"{asked.en} (yes or no)", zh=asked.zh)


def in_parts(text: str) -> list[str]:
    """Return the parts of a text that :func:`in_turn` and :func:`or_else` made; of any other the whole."""
    return _PARTS.split(text)


def is_alternative(part: str) -> bool:
    """Return whether a part of a text is one of several alternatives."""
    return _LETTERED.match(part) is not None


def in_turn(parts: Sequence[Label]) -> Label:
    """Return parts as one text, numbered where there are more than one."""
    if len(parts) == 1:
        return parts[0]
    return _joined([(str(number), part) for number, part in enumerate(parts, 1)])


def or_else(all_of: Label, numbers: Sequence[int], ways: Sequence[Label]) -> Label:
    """Return a text that says what would do in place of some of its parts.

    Parameters
    ----------
    all_of : Label
        What :func:`in_turn` made.
    numbers : sequence of int
        The parts that any of the ways stands in for; none where the text is one part without a number.
    ways : sequence of Label
        The alternatives; at least one.
    """
    en, zh = _place_of(numbers)
    if len(ways) == 1:
        what_en, what_zh, told = "this, which the record does not show", "条件", ways[0]
        shown = "现有记录未显示已满足"
    else:
        what_en, what_zh = "any one of these, of which the record shows none", "任一条件"
        told, shown = _joined([(_letter(place), way) for place, way in enumerate(ways)]), "现有记录均未显示已满足"
    return Label(
        en=f"{all_of.en}; or else{en} {what_en}: {told.en}",
        zh=f"{all_of.zh}；或者{zh.format(f'下列{what_zh}')}（{shown}）：{told.zh}",
    )


def _letter(place: int) -> str:
    return ascii_lowercase[place % 26] * (1 + place // 26)


def _joined(marked: Sequence[tuple[str, Label]]) -> Label:
    return Label(
        en="; ".join(f"({mark}) {part.en}" for mark, part in marked),
        zh="；".join(f"（{mark}）{part.zh}" for mark, part in marked),
    )


def _place_of(numbers: Sequence[int]) -> tuple[str, str]:
    """Return in place of which parts: from the first to the last where they follow one another."""
    if not numbers:
        return "", "满足{}亦可"
    first, last = numbers[0], numbers[-1]
    if len(numbers) > 1 and last - first == len(numbers) - 1:
        return f", in place of ({first})–({last}),", f"以{{}}替代（{first}）至（{last}）"
    en, zh = (", ".join(f"({each})" for each in numbers), "、".join(f"（{each}）" for each in numbers))
    return f", in place of {en},", f"以{{}}替代{zh}"


def with_more(reason: Label, more: Label) -> Label:
    """Return a reason with what is behind it in brackets."""
    return Label(en=f"{reason.en} ({more.en})", zh=f"{reason.zh}（{more.zh}）")
