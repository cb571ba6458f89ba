"""A model card in the language of the page.

The bundle holds the card in English, as :func:`icsml.model.card.render_card` wrote it, with metrics and features by the
names that programs use. Both have words here, and headings and standing sentences a Chinese form; what whoever trained
the model wrote stands in their own words, and so does any sentence that this version does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from icsml.features.catalogue import FEATURE_BY_NAME
from icsml.reports.wording import Lang, event_name, value_name
from icsml.texts.label import Label
from icsml.validation.summary import METRICS

__all__ = ["card_in"]

_NO_LABELS: Final[Mapping[str, Label]] = MappingProxyType({})
_METRIC: Final = re.compile(r"\| (test|cv) (\w+) \| (.+) \|")
_FEATURES: Final = re.compile(r"`[^`]+`(, `[^`]+`)*")
_DIRECTION: Final = re.compile(r"- `([^`]+)`: (free|raises_risk|lowers_risk)\. (.*)")

_EVENTS: Final = {"default": "default", "bankruptcy": "bankruptcy", "charge_off": "charge_off"}

_NO_POINTS: Final = "**Innovation points.** None among the features of this model."
_NO_RECORDS: Final = "**Innovation points.** None: the data hold no innovation records."
_ASSUMED_POINTS: Final = "- The points rest on an assumed rulebook; they are not the official score."
_OWNER_AND_TIER: Final = re.compile(r"(?m)^(\*\*Owner\.\*\* .+) (\*\*Tier\.\*\* .+)$")
_SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "> **Synthetic data.** Trained on invented enterprises to show how the system works. Its figures say nothing "
        "about real firms, and it must not be used to decide about any.": "> **模拟数据。**由虚构企业数据训练，"
        "仅用于演示系统。其指标"
        "不反映任何真实企业，不得用于对任何企业作出决定。",
        "## Limits": "## 使用限制",
        "## Figures on rows the model was not trained on": "## 样本外指标",
        "## Directions set for this model": "## 为本模型另行设定的方向",
        "None reported.": "未报告。",
        "| Metric | Value |": "| 指标 | 数值 |",
        "- Not for natural persons, sole traders or guarantors.": "- 不适用于自然人、个体工商户或担保人。",
        _ASSUMED_POINTS: "- 创新积分依据含假设成分的积分规则测算，并非官方积分。",
        "- Whether innovation adds to the PD is measured for each data set and never assumed.": "- "
        "创新类变量能否改善违约概率，"
        "须逐一数据集测算，不作预设。",
        _NO_POINTS: "**创新积分。**本模型的入模变量中没有创新积分。",
        "**Reasons compare with.** All training rows, by the cover of the trees.": "**原因的参照。"
        "**全部训练样本，按决策树分支加权。",
        "**Purpose.** Supplementary credit-risk assessment of technology SMEs: a PD with reasons beside the bank's own "
        "rating, never a decision by itself.": "**用途。**科技型中小企业信用风险的辅助评估："
        "在银行自有评级之外提供违约概率及原因，"
        "不单独构成决定。",
    }
)
_FIGURES: Final = {key: label for metric in METRICS for key, label in metric.labels.items()}
_PARTS: Final = {
    "test": Label(en="test period", zh="测试期"),
    "cv": Label(en="cross-validation", zh="交叉验证"),
}
_PROVENANCES: Final = {"assumed": "假设", "published": "公开来源", "official": "官方"}
_OWNERS: Final = {"model owner not yet named": "尚未指定模型责任人"}
_TIERS: Final = {"high": "高", "medium": "中", "low": "低"}


def card_in(text: str, lang: Lang, labels: Mapping[str, Label] = _NO_LABELS) -> str:
    """Return a model card in a language, as Markdown.

    Parameters
    ----------
    text : str
        The card in the bundle.
    lang : {'en', 'zh'}
        In English only the names of metrics and features are put in words.
    labels : mapping of str to Label
        Names of the features that are in no catalogue.
    """
    known = {name: feature.label for name, feature in FEATURE_BY_NAME.items()} | dict(labels)
    return "\n".join(_line(_named(line, lang, known), lang) for line in _of_today(text).splitlines()) + "\n"


def _of_today(text: str) -> str:
    """Return a card as one is written now: earlier versions spoke of points, and of data, to a model without points."""
    text = _OWNER_AND_TIER.sub(r"\1\n\n\2", text)
    if _NO_RECORDS in text:
        text = text.replace(_NO_RECORDS, _NO_POINTS).replace(f"{_ASSUMED_POINTS}\n", "")
    return text


def _named(line: str, lang: Lang, labels: Mapping[str, Label]) -> str:
    """Return a line with the names of metrics and features in words, if it is one of those that list them."""
    if found := _METRIC.fullmatch(line):
        value = ("未知" if lang == "zh" else "not known") if found[3] == "not known" else found[3]
        return f"| {_metric(found[1], found[2], lang)} | {value} |"
    if _FEATURES.fullmatch(line):
        joint = "、" if lang == "zh" else ", "
        return joint.join(_feature(name, lang, labels) for name in re.findall(r"`([^`]+)`", line))
    if found := _DIRECTION.fullmatch(line):
        name, direction = _feature(found[1], lang, labels), value_name(found[2], lang)
        return f"- {name}：{direction}。{found[3]}" if lang == "zh" else f"- {name}: {direction}. {found[3]}"
    return line


def _metric(part: str, metric: str, lang: Lang) -> str:
    said = str(getattr(_FIGURES[metric], lang)) if metric in _FIGURES else metric
    where = str(getattr(_PARTS[part], lang))
    return f"{said}（{where}）" if lang == "zh" else f"{said} ({where})"


def _feature(name: str, lang: Lang, labels: Mapping[str, Label]) -> str:
    return str(getattr(labels[name], lang)) if name in labels else f"`{name}`"


def _line(line: str, lang: Lang) -> str:
    if lang == "en":
        return line
    if line in _SENTENCES:
        return _SENTENCES[line]
    for pattern, said in _PATTERNS:
        if found := pattern.fullmatch(line):
            return said(found)
    return line


def _pd(found: re.Match[str]) -> str:
    event = event_name(_EVENTS.get(found[1], found[1]) if found[1] != "an event that is not stated" else None, "zh")
    months = re.fullmatch(r"(\d+) months", found[2])
    return f"**违约概率所指。**{months[1]} 个月内{event}。" if months else f"**违约概率所指。**{event}，期限未说明。"


def _points(found: re.Match[str]) -> str:
    provenance = _PROVENANCES.get(found[2], found[2])
    if not found[3]:
        return f"**创新积分。**{found[1]}（{provenance}）"
    drawn, rho, low, top, out, high, share = found.groups()[3:]
    return (
        f"**创新积分。**{found[1]}（{provenance}）。权重为假设。在其周围随机取 {drawn} 组权重，"
        f"与本积分的秩相关系数为 {rho}"
        f"（最低二十分之一为 {low}）；得分最高的 {top} 企业中，随机权重替换 {out}（最高二十分之一为 {high}），"
        f"其中 {share} 取决于该假设。"
    )


def _population(found: re.Match[str]) -> str:
    nearest = f"，违约概率最接近 {found[3]} 者" if found[3] else ""
    return f"**原因的参照。**`{found[1]}`，训练样本 {found[2]} 个{nearest}"


_PATTERNS: Final = (
    (re.compile(r"# Model card: (.+)"), lambda found: f"# 模型卡：{found[1]}"),
    (re.compile(r"\*\*Purpose\.\*\* (.+)"), lambda found: f"**用途。**{found[1]}"),
    (re.compile(r"\*\*Owner\.\*\* (.+)"), lambda found: f"**模型责任人。**{_OWNERS.get(found[1], found[1])}"),
    (re.compile(r"\*\*Tier\.\*\* (.+)"), lambda found: f"**模型等级。**{_TIERS.get(found[1], found[1])}"),
    (re.compile(r"\*\*What the PD means\.\*\* Probability of (.+) within (.+)\."), _pd),
    (
        re.compile(r"\*\*Data\.\*\* `(.+)`, ([\d,]+) training rows, ([\d,]+) events; SHA-256 `(\w+)`\."),
        lambda found: f"**数据。**`{found[1]}`，训练样本 {found[2]} 个，坏样本 {found[3]} 个；SHA-256 `{found[4]}`。",
    ),
    (
        re.compile(
            r"\*\*Innovation points\.\*\* (\S+) \((\w+)\)(\. The weights are assumed\. Over (\d+) random "
            r"weightings around "
            r"them the rank correlation with this score is ([\d.]+) \(lowest twentieth ([\d.]+)\); of the "
            r"best ([\d.]+%) a "
            r"random weighting replaces ([\d.]+%) \(highest twentieth ([\d.]+%)\), and ([\d.]+%) of them hang on the "
            r"assumption\.)?"
        ),
        _points,
    ),
    (
        re.compile(r"\*\*Reasons compare with\.\*\* `(.+)`, ([\d,]+) training rows(?: nearest to a PD of (\S+))?"),
        _population,
    ),
    (
        re.compile(r"- a check of the data set found \((\w+)\): (.+)"),
        lambda found: f"- 数据校验（{found[1]}）提示：{found[2]}",
    ),
    (
        re.compile(r"- a blocking check of the data set found \((\w+)\): (.+)"),
        lambda found: f"- 数据校验（{found[1]}）未通过：{found[2]}",
    ),
    (re.compile(r"## Features \((\d+)\)"), lambda found: f"## 入模变量（{found[1]}）"),
)
