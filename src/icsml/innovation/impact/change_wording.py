"""How the parts of a rulebook read in a table of changes: in words, with units, and no fraction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Literal

from icsml.innovation.rulebooks.exact_numbers import COMPARATORS
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.selection.list_wording import amount
from icsml.records.fields import FIELD_BY_NAME
from icsml.texts.label import Label

__all__ = ["POINTS", "UNSAID", "ChangeWords"]

UNSAID: Final = ("id", "note", "sources", "_unit")
"""Keys that are compared by nobody, or said elsewhere."""


def _label(en: str, zh: str) -> Label:
    return Label(en=en, zh=zh)


_KEYS: Final[Mapping[str, Label]] = {
    "above": _label("above", "高于"),
    "active": _label("in use", "是否启用"),
    "any_of": _label("any of", "任一条件"),
    "at_least": _label("at least", "不低于"),
    "at_most": _label("at most", "不高于"),
    "base": _label("base points", "基础分"),
    "below": _label("below", "低于"),
    "best_of": _label("way to earn the points", "得分方式"),
    "better": _label("better where", "优劣方向"),
    "bonus": _label("bonus points", "加分"),
    "bypass": _label("another way in", "直接认定条件"),
    "categories": _label("category", "类别"),
    "category": _label("category", "所属类别"),
    "conditions": _label("condition", "条件"),
    "domain": _label("domain", "领域"),
    "eligibility": _label("eligibility", "准入条件"),
    "expired": _label("score past its validity", "过期积分"),
    "groups": _label("peer groups", "同业分组"),
    "holds_if": _label("asked", "要求"),
    "indicators": _label("indicator", "指标"),
    "label": _label("name", "名称"),
    "list": _label("stages", "阶段"),
    "max": _label("maximum", "满分"),
    "min": _label("minimum", "最低分"),
    "min_peers": _label("fewest peers", "最少同业企业数"),
    "missing": _label("missing value", "缺失处理"),
    "months": _label("months", "月数"),
    "name": _label("name", "名称"),
    "names": _label("names", "名称"),
    "otherwise": _label("otherwise", "其余"),
    "peers": _label("peers", "同业企业"),
    "points": _label("points", "计分方法"),
    "presumed": _label("presumed", "视为满足"),
    "provenance": _label("provenance", "依据"),
    "rule": _label("rule", "规则"),
    "stages": _label("stages", "发展阶段"),
    "steps": _label("steps", "分档"),
    "totals": _label("total", "总分"),
    "unit": _label("unit", "单位"),
    "validity": _label("validity", "有效期"),
    "value": _label("what is measured", "取值"),
    "vetoes": _label("veto", "一票否决"),
    "waives": _label("waives", "可豁免"),
    "weight": _label("weight", "权重"),
}
_VALUES: Final[Mapping[str, Label]] = {
    "True": _label("yes", "是"),
    "False": _label("no", "否"),
    "assumed": _label("assumed", "假设"),
    "published": _label("published", "公开来源"),
    "official": _label("official", "官方"),
    "innovation": _label("innovation", "创新"),
    "financial": _label("financial", "财务"),
    "higher": _label("higher", "越高越好"),
    "lower": _label("lower", "越低越好"),
    "none": _label("neither", "无优劣"),
    "zero": _label("no points", "计零分"),
    "rescale": _label("left out, the others count for more", "不计入，其余指标按比例放大"),
    "refuse": _label("no score", "不予计分"),
    "warn": _label("kept, with a warning", "保留并提示"),
    "technical_field": _label("technical field", "技术领域"),
    "stage": _label("stage", "发展阶段"),
    "province": _label("province", "省份"),
    "region": _label("region", "地区"),
    "industry": _label("industry", "行业"),
    "CNY": _label("yuan", "元"),
    "fraction": _label("per cent", "百分比"),
    "persons": _label("persons", "人"),
    "count": _label("number", "数量"),
    "days": _label("days", "天"),
    "months": _label("months", "月"),
    "years": _label("years", "年"),
    "flag": _label("yes or no", "是否"),
    "rate": _label("ratio of unlike units", "比值"),
}
_KINDS: Final = {
    "category": "categories",
    "indicator": "indicators",
    "waives": "conditions",
    "otherwise": "stages",
    "missing": "stages",
}
"""What the ids at a key name."""
POINTS: Final = ("max", "min", "base", "bonus")
"""Keys of numbers of points, or of one for each stage."""


@dataclass(frozen=True)
class ChangeWords:
    """Words of one language for what two rulebooks say.

    Parameters
    ----------
    lang : {'en', 'zh'}
        Language.
    labels : mapping of (str, str) to Label
        Names of categories, indicators, stages and conditions, by kind and id.
    places : int
        Most places of a number of points; more where two numbers would read the same.
    """

    lang: Literal["en", "zh"]
    labels: Mapping[tuple[str, str], Label]
    places: int = 2

    @classmethod
    def of(cls, lang: Literal["en", "zh"], *rulebooks: Rulebook) -> ChangeWords:
        """Return the words for these rulebooks."""
        return cls(lang, {name: label for rulebook in rulebooks for name, label in _labels(rulebook)})

    def place(self, keys: Sequence[str], names: Mapping[int, str]) -> str:
        """Return the name of a place by its keys; ``names`` holds those of named parts by their position."""
        said = [names.get(number) or self._key(key) for number, key in enumerate(keys)]
        first = said[0][:1].upper() + said[0][1:]
        return " › ".join([first, *said[1:]])

    def shown(self, value: Any, key: str, unit: str) -> str | None:  # noqa: ANN401 - any JSON value
        """Return what one side says at a key, of a quantity in a unit; None where it says nothing."""
        if value is None:
            return None
        if key in COMPARATORS:
            return self._amount(value, unit)
        if key in POINTS and _counted(value):
            return self._weight(value)
        if key == "min_peers":
            return f"{value:,}"
        if isinstance(value, dict):
            return self._mapping(value, unit)
        if isinstance(value, list):
            return self._list(value, key, unit)
        return self._of(amount(value, key)) if key == "months" else self._word(str(value), key)

    def _key(self, key: str) -> str:
        return self._of(_KEYS[key]) if key in _KEYS else self._word(key)

    def _word(self, text: str, key: str = "") -> str:
        """Return a word of the schema, or what the id at a key names."""
        label = self.labels.get((_KINDS.get(key, key), text))
        if label is not None:
            return self._of(label)
        return self._of(_VALUES[text]) if text in _VALUES else text

    def _of(self, label: Label) -> str:
        return str(getattr(label, self.lang))

    def _say(self, en: str, zh: str) -> str:
        return zh if self.lang == "zh" else en

    def _joined(self, parts: Iterable[str]) -> str:
        return self._say("; ", "；").join(parts)

    def _mapping(self, value: Mapping[str, Any], unit: str) -> str:
        if set(value) == {"en", "zh"}:
            return str(value[self.lang])
        if "label" in value:
            return str(value["label"][self.lang])
        if "kind" in value:
            return self._function(value, unit)
        unit = value.get("_unit", unit)
        said = {key: each for key, each in value.items() if each not in (None, []) and key not in UNSAID}
        colon = self._say(": ", "：")
        return self._joined(f"{self._key(key)}{colon}{self.shown(each, key, unit)}" for key, each in said.items())

    def _list(self, value: Sequence[Any], key: str, unit: str) -> str:
        if key == "groups":
            return self._joined(" × ".join(self._word(each) for each in group) for group in value)
        if key == "steps":
            return self._joined(self._stage_step(each, unit) for each in value)
        return self._joined(str(self.shown(each, key, unit)) for each in value)

    def _stage_step(self, step: Mapping[str, Any], unit: str) -> str:
        when, stage = self._test(step, unit), self._word(step["stage"], "stages")
        return self._say(f"{when}: {stage}", f"{when}：{stage}")

    def _amount(self, value: str, unit: str) -> str:
        return self._of(amount(float(Fraction(value)), unit))

    def _number(self, value: str) -> str:
        return f"{float(Fraction(value)):,.{self.places}f}".rstrip("0").rstrip(".")

    def _weight(self, value: str | Mapping[str, str]) -> str:
        if isinstance(value, str):
            return self._given(value)
        return self._joined(f"{self._word(stage, 'stages')} {self._given(each)}" for stage, each in value.items())

    def _given(self, value: str) -> str:
        """Return points as they are given: a number, or a share of the maximum."""
        if not value.endswith("%"):
            number = self._number(value)
            return self._say(f"{number} {'point' if number == '1' else 'points'}", f"{number}分")
        share = self._number(value[:-1])
        if share == "100":
            return self._say("all of its points", "全部分值")
        return self._say(f"{share}% of its points", f"分值的{share}%")

    def _test(self, step: Mapping[str, Any], unit: str) -> str:
        tests = [
            f"{sign} {self._amount(step[name], unit)}"
            for name, (sign, _) in COMPARATORS.items()
            if step.get(name) is not None
        ]
        return self._say(" and ", "且").join(tests) or self._say("any", "任意")

    def _earned(self, when: str, points: str) -> str:
        return self._say(f"{when}: {self._given(points)}", f"{when}：{self._given(points)}")

    def _function(self, value: Mapping[str, Any], unit: str) -> str:
        return _FUNCTIONS[value["kind"]](self, value, unit)

    def _bands(self, value: Mapping[str, Any], unit: str) -> str:
        rows = [self._earned(self._test(step, unit), step["points"]) for step in value.get("steps") or value["rows"]]
        return self._joined([*rows, *self._otherwise(value)])

    def _otherwise(self, value: Mapping[str, Any]) -> list[str]:
        return [self._earned(self._say("otherwise", "其余"), value["otherwise"])] if "otherwise" in value else []

    def _counts(self, value: Mapping[str, Any], _: str) -> str:
        rows = [self._earned(f"≥ {number}", points) for number, points in value["at"].items()]
        return self._joined([*rows, *self._otherwise(value)])

    def _flag(self, value: Mapping[str, Any], _: str) -> str:
        yes, no = self._word("True"), self._word("False")
        return self._joined([self._earned(yes, value["points"]), self._earned(no, value["otherwise"])])

    def _ramp(self, value: Mapping[str, Any], unit: str) -> str:
        rows = [self._earned(self._amount(at, unit), points) for at, points in value["anchors"]]
        return self._joined([self._say("linear interpolation", "线性插值"), *rows])

    def _efficacy(self, value: Mapping[str, Any], unit: str) -> str:
        poor, good = (self._amount(value[name], unit) for name in ("unacceptable", "satisfactory"))
        base = self._given(value["base"])
        return self._say(
            f"efficacy coefficient: unacceptable {poor} ({base}); satisfactory {good} (all of its points)",
            f"功效系数法：不允许值{poor}（{base}）；满意值{good}（全部分值）",
        )

    def _percentile(self, _: Mapping[str, Any], __: str) -> str:
        return self._say("by rank among peers", "按同业企业中的排名")

    def _field(self, value: Mapping[str, Any], _: str) -> str:
        return self._named(value["field"])

    def _named(self, name: str) -> str:
        field = FIELD_BY_NAME.get(name)
        return name if field is None else str(getattr(field, self.lang))

    def _sum(self, value: Mapping[str, Any], _: str) -> str:
        return " + ".join(self._named(name) for name in value["fields"])

    def _ratio(self, value: Mapping[str, Any], unit: str) -> str:
        over, under = (self._within(value[side], unit) for side in ("numerator", "denominator"))
        per = self._number(value["per"])
        return f"{over} ÷ {under}" + (f" × {per}" if per != "1" else "")

    def _within(self, value: Mapping[str, Any], unit: str) -> str:
        text = self._function(value, unit)
        return f"({text})" if value["kind"] == "sum" else text

    def _growth(self, value: Mapping[str, Any], unit: str) -> str:
        now, before = (self._function(value[side], unit) for side in ("now", "before"))
        return self._say(f"growth from “{before}” to “{now}”", f"“{now}”较“{before}”的增长率")

    def _age(self, value: Mapping[str, Any], _: str) -> str:
        since = self._named(value["since"])
        return self._say(f"years since “{since}”", f"自“{since}”起的年数")

    def _score(self, _: Mapping[str, Any], __: str) -> str:
        return self._say("total score", "总分")

    def _points_of(self, value: Mapping[str, Any], _: str) -> str:
        key = "category" if "category" in value else "indicator"
        name = self._word(value[key], key)
        return self._say(f"points of “{name}”", f"“{name}”得分")


_FUNCTIONS: Final[Mapping[str, Callable[[ChangeWords, Mapping[str, Any], str], str]]] = {
    "age": ChangeWords._age,
    "bands": ChangeWords._bands,
    "category": ChangeWords._points_of,
    "counts": ChangeWords._counts,
    "efficacy": ChangeWords._efficacy,
    "field": ChangeWords._field,
    "flag": ChangeWords._flag,
    "growth": ChangeWords._growth,
    "intervals": ChangeWords._bands,
    "percentile": ChangeWords._percentile,
    "points": ChangeWords._points_of,
    "ramp": ChangeWords._ramp,
    "ratio": ChangeWords._ratio,
    "score": ChangeWords._score,
    "sum": ChangeWords._sum,
}


def _counted(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell a number of points from a flag, or a provenance, of the same key."""
    return isinstance(value, dict) or (isinstance(value, str) and value.lstrip("-")[:1].isdigit())


def _labels(rulebook: Rulebook) -> Iterable[tuple[tuple[str, str], Label]]:
    yield from ((("indicators", each.id), each.label) for each in rulebook.indicators)
    yield from ((("categories", each.id), each.label) for each in rulebook.categories)
    yield from ((("stages", name), label) for name, label in rulebook.stage_labels.items())
    if rulebook.eligibility is not None:
        yield from ((("conditions", each.id), each.label) for each in rulebook.eligibility.declared)
