"""The words of the pages, in both languages, and the names of groups."""

from __future__ import annotations

from typing import Final, Literal

from icsml.records.labels import Label

__all__ = ["Lang", "group_name", "phrase", "value_name"]

Lang = Literal["en", "zh"]


def _label(en: str, zh: str) -> Label:
    return Label(en=en, zh=zh)


_PHRASES: Final[dict[str, Label]] = {
    "and_more": _label("and {count} more, in the list itself", "其余 {count} 家见名单文件"),
    "best_share": _label("the best {share}", "得分最高的 {share} 企业"),
    "by_rulebook": _label("Rulebook {rulebook} ({provenance})", "积分规则 {rulebook}（{provenance}）"),
    "change_added": _label("added", "新增"),
    "change_changed": _label("changed", "修改"),
    "change_removed": _label("removed", "删除"),
    "changes": _label("What the rules say differently", "规则有何不同"),
    "cut_at": _label("Cut at {points} of {max} points", "入选分数线：{points} 分（满分 {max}）"),
    "cut_points": _label("those with {points} points or more", "得分不低于 {points} 分的企业"),
    "day": _label("Day of selection", "遴选日"),
    "depends": _label("of these moves hang on assumed weights", "的变动取决于假设权重"),
    "depends_list": _label("of the list hang on assumed weights", "的入选取决于假设权重"),
    "diff_title": _label("From {a} to {b}: what would change", "从 {a} 到 {b}：将有何变化"),
    "distribution": _label("Scores as a share of their scale", "积分占满分比例的分布"),
    "enter": _label("enter", "进入"),
    "enterprise": _label("Enterprise", "企业"),
    "enterprises": _label("Enterprises", "企业数"),
    "evaluated": _label("evaluated", "参评企业"),
    "footer": _label("Made by icsml. No data leave this file.", "由 icsml 生成。本文件不向外发送任何数据。"),
    "grade": _label("Grade", "等级"),
    "grade_changed": _label("change grade", "等级变化"),
    "group": _label("Group", "分组"),
    "hashes": _label(
        "SHA-256 of the rulebook {rules}…, of the records {records}….",
        "SHA-256：积分规则 {rules}…，企业记录 {records}…。",
    ),
    "item": _label("Item", "项目"),
    "leave": _label("leave", "退出"),
    "listed": _label("on the list", "入选企业"),
    "mean_changes": _label(
        "Mean changes in percentage points: of the score as a share of its scale, and of the rank.",
        "平均变化，以百分点计：积分占满分的比例，以及名次。",
    ),
    "mean_of": _label("mean, of {a} → {b} points", "均值（满分 {a}→{b}）"),
    "migration": _label("Grades before (rows) and after", "等级迁移（行：之前；列：之后）"),
    "model": _label("What it does to the PDs of {model}", "对模型 {model} 违约概率的影响"),
    "no_changes": _label("The rules are the same.", "两套规则相同。"),
    "no_population": _label("No population was given.", "未提供企业样本。"),
    "not_known": _label("not known", "未知"),
    "not_official_assumed": _label(
        "The points rest on weights or rules that are assumed: this is not an official list.",
        "积分所用权重或规则含假设成分：本名单并非官方名单。",
    ),
    "not_official_published": _label(
        "The rules were read in public reprints, not in the issuing body's own text: this is not an official list.",
        "规则依据公开转载文本，而非发布机关原文：本名单并非官方名单。",
    ),
    "pd_mean": _label("mean PD", "平均违约概率"),
    "points": _label("Points", "积分"),
    "population": _label(
        "Population “{name}”: {rows} enterprises scored by both", "样本“{name}”：两套规则均可计分 {rows} 家"
    ),
    "provenance_assumed": _label("assumed", "含假设成分"),
    "provenance_official": _label("official", "官方"),
    "provenance_published": _label("published", "公开来源"),
    "province": _label("Province", "省份"),
    "rank": _label("Rank", "名次"),
    "rank_change": _label("rank", "名次"),
    "rank_correlation": _label("rank correlation", "秩相关系数"),
    "rank_correlation_drawn": _label("rank correlation with random weights", "与随机权重结果的秩相关系数"),
    "reason": _label("Reason", "原因"),
    "reasons": _label("Why enterprises are in or out", "入选与未入选的原因"),
    "replaced": _label("of the list replaced by random weights", "的入选在随机权重下被替换"),
    "robustness": _label("How much hangs on assumed weights", "结果在多大程度上取决于假设权重"),
    "score_change": _label("score", "积分"),
    "selected_share": _label("share", "入选比例"),
    "selection_title": _label("Recommended list, batch {batch}", "推荐名单，第 {batch} 批"),
    "simulated": _label(
        "Simulated enterprises: this shows the machinery and is no evidence about any firm.",
        "模拟企业数据：仅演示系统，不构成任何证据。",
    ),
    "size": _label("Size by staff", "人员规模"),
    "stage": _label("Life-cycle stage", "发展阶段"),
    "stay": _label("stay", "保留"),
    "swap": _label("Who enters the list and who leaves it", "名单变化：进入与退出"),
    "swap_line": _label(
        "With a list of {cut}: {entered} enter, {left} leave, {stayed} stay.",
        "名单取{cut}：{entered} 家进入，{left} 家退出，{stayed} 家保留。",
    ),
    "technical_field": _label("Technical field", "技术领域"),
    "the_list": _label("The list", "名单"),
    "validity": _label("valid until", "有效期至"),
    "who": _label("Who gains and who loses", "谁受益，谁受损"),
}

_FIELDS: Final[dict[str, Label]] = {
    "electronics_information": _label("Electronics and information", "电子信息"),
    "biomedicine": _label("Biology and new medicine", "生物与新医药"),
    "aerospace": _label("Aerospace", "航空航天"),
    "new_materials": _label("New materials", "新材料"),
    "hightech_services": _label("High-tech services", "高技术服务业"),
    "new_energy": _label("New energy and energy saving", "新能源与节能"),
    "resources_environment": _label("Resources and environment", "资源与环境"),
    "advanced_manufacturing": _label("Advanced manufacturing", "先进制造与自动化"),
}

# The first two digits of GB/T 2260.
_PROVINCES: Final[dict[str, Label]] = {
    "11": _label("Beijing", "北京"),
    "12": _label("Tianjin", "天津"),
    "13": _label("Hebei", "河北"),
    "14": _label("Shanxi", "山西"),
    "15": _label("Inner Mongolia", "内蒙古"),
    "21": _label("Liaoning", "辽宁"),
    "22": _label("Jilin", "吉林"),
    "23": _label("Heilongjiang", "黑龙江"),
    "31": _label("Shanghai", "上海"),
    "32": _label("Jiangsu", "江苏"),
    "33": _label("Zhejiang", "浙江"),
    "34": _label("Anhui", "安徽"),
    "35": _label("Fujian", "福建"),
    "36": _label("Jiangxi", "江西"),
    "37": _label("Shandong", "山东"),
    "41": _label("Henan", "河南"),
    "42": _label("Hubei", "湖北"),
    "43": _label("Hunan", "湖南"),
    "44": _label("Guangdong", "广东"),
    "45": _label("Guangxi", "广西"),
    "46": _label("Hainan", "海南"),
    "50": _label("Chongqing", "重庆"),
    "51": _label("Sichuan", "四川"),
    "52": _label("Guizhou", "贵州"),
    "53": _label("Yunnan", "云南"),
    "54": _label("Tibet", "西藏"),
    "61": _label("Shaanxi", "陕西"),
    "62": _label("Gansu", "甘肃"),
    "63": _label("Qinghai", "青海"),
    "64": _label("Ningxia", "宁夏"),
    "65": _label("Xinjiang", "新疆"),
    "71": _label("Taiwan", "台湾"),
    "81": _label("Hong Kong", "香港"),
    "82": _label("Macao", "澳门"),
}

_SIZES: Final[dict[str, Label]] = {
    "staff < 20": _label("fewer than 20", "20人以下"),
    "staff 20–99": _label("20 to 99", "20–99人"),
    "staff 100–299": _label("100 to 299", "100–299人"),
    "staff ≥ 300": _label("300 or more", "300人及以上"),
    "staff not known": _label("not known", "未知"),
}

# What rules say in one word, as the page of a change shows it.
_VALUES: Final[dict[str, Label]] = {
    "official": _label("official", "官方"),
    "published": _label("published", "公开来源"),
    "assumed": _label("assumed", "假设"),
    "zero": _label("zero", "计零分"),
    "rescale": _label("rescale", "按比例放大其余"),
    "refuse": _label("refuse", "不予计分"),
    "higher": _label("higher", "越高越好"),
    "lower": _label("lower", "越低越好"),
    "innovation": _label("innovation", "创新"),
    "financial": _label("financial", "财务"),
    "True": _label("yes", "是"),
    "False": _label("no", "否"),
}

_GROUPS: Final = {"technical_field": _FIELDS, "province": _PROVINCES, "size": _SIZES}


def phrase(key: str, lang: Lang, **parts: object) -> str:
    """Return a phrase with its parts filled in."""
    text: str = getattr(_PHRASES[key], lang)
    return text.format(**parts)


def group_name(kind: str, name: str | None, lang: Lang, stages: dict[str, Label]) -> str:
    """Return the name of a group as a reader knows it; what has no other name keeps its own."""
    if name is None:
        return phrase("not_known", lang)
    known = stages if kind == "stage" else _GROUPS.get(kind, {})
    return str(getattr(known[name], lang)) if name in known else name


def value_name(said: str | None, lang: Lang) -> str:
    """Return what a rule says as a reader knows it; a dash where it says nothing."""
    if said is None:
        return "–"
    return str(getattr(_VALUES[said], lang)) if said in _VALUES else said
