"""A model card in the language of the page.

The bundle holds the card in English, as :func:`icsml.model.card.render_card` wrote it. Its headings and standing
sentences have a Chinese form here; what whoever trained the model wrote stands in their own words, and so does any
sentence that this version does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from icsml.features.catalogue import FEATURE_BY_NAME
from icsml.reports.wording import Lang, event_name

__all__ = ["card_in"]

_EVENTS: Final = {"default": "default", "bankruptcy": "bankruptcy", "charge_off": "charge_off"}

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
        "- The points rest on an assumed rulebook; they are not the official score.": "- "
        "创新积分依据含假设成分的积分规则测算，"
        "并非官方积分。",
        "- Whether innovation adds to the PD is measured for each data set and never assumed.": "- "
        "创新类变量能否改善违约概率，"
        "须逐一数据集测算，不作预设。",
        "**Innovation points.** None among the features of this model.": "**创新积分。**"
        "本模型的入模变量中没有创新积分。",
        "**Innovation points.** None: the data hold no innovation records.": "**创新积分。**"
        "本模型的入模变量中没有创新积分。",  # as cards of earlier versions say it
        "**Reasons compare with.** All training rows, by the cover of the trees.": "**原因的参照。"
        "**全部训练样本，按决策树分支加权。",
        "**Purpose.** Supplementary credit-risk assessment of technology SMEs: a PD with reasons beside the bank's own "
        "rating, never a decision by itself.": "**用途。**科技型中小企业信用风险的辅助评估："
        "在银行自有评级之外提供违约概率及原因，"
        "不单独构成决定。",
    }
)
_FIGURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "auc": "AUC",
        "auc_low": "AUC置信区间下限",
        "auc_high": "AUC置信区间上限",
        "ks": "KS",
        "brier": "Brier分数",
        "log_loss": "对数损失",
        "average_precision": "平均精确率",
        "calibration_slope": "校准斜率",
        "calibration_intercept": "校准截距",
        "calibration_in_the_large": "总体校准偏差",
    }
)
_PARTS: Final = {"test": "测试期", "cv": "交叉验证"}
_PROVENANCES: Final = {"assumed": "假设", "published": "公开来源", "official": "官方"}
_DIRECTIONS: Final = {"free": "无单调约束", "raises_risk": "提高风险", "lowers_risk": "降低风险"}
_OWNERS: Final = {"model owner not yet named": "尚未指定模型责任人"}
_TIERS: Final = {"high": "高", "medium": "中", "low": "低"}


def card_in(text: str, lang: Lang) -> str:
    """Return a model card in a language, as Markdown.

    Parameters
    ----------
    text : str
        The card in the bundle.
    lang : {'en', 'zh'}
        English is the card as it stands, word for word.
    """
    if lang == "en":
        return text
    return "\n".join(_line(line) for line in text.splitlines()) + "\n"


def _line(line: str) -> str:
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


def _metric(found: re.Match[str]) -> str:
    name = _FIGURES.get(found[2], found[2])
    value = "未知" if found[3] == "not known" else found[3]
    return f"| {_PARTS[found[1]]} {name} | {value} |"


def _names(found: re.Match[str]) -> str:
    names = re.findall(r"`([^`]+)`", found[0])
    shown = [
        f"{FEATURE_BY_NAME[name].label.zh}（`{name}`）" if name in FEATURE_BY_NAME else f"`{name}`" for name in names
    ]
    return "、".join(shown)


_PATTERNS: Final = (
    (re.compile(r"# Model card: (.+)"), lambda found: f"# 模型卡：{found[1]}"),
    (re.compile(r"\*\*Purpose\.\*\* (.+)"), lambda found: f"**用途。**{found[1]}"),
    (
        re.compile(r"\*\*Owner\.\*\* (.+) \*\*Tier\.\*\* (.+)"),
        lambda found: (
            f"**模型责任人。**{_OWNERS.get(found[1], found[1])} **模型等级。**{_TIERS.get(found[2], found[2])}"
        ),
    ),
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
    (re.compile(r"\| (test|cv) (\w+) \| (.+) \|"), _metric),
    (
        re.compile(r"- (`[^`]+`): (free|raises_risk|lowers_risk)\. (.*)"),
        lambda found: f"- {found[1]}：{_DIRECTIONS[found[2]]}。{found[3]}",
    ),
    (re.compile(r"## Features \((\d+)\)"), lambda found: f"## 入模变量（{found[1]}）"),
    (re.compile(r"`[^`]+`(, `[^`]+`)*"), _names),
)
