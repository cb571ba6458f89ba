"""The words of the pages, in both languages, and the names of groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from icsml.reports.wording_model import MODEL_PHRASES
from icsml.reports.wording_selection import SELECTION_PHRASES
from icsml.texts.label import Label

__all__ = [
    "Lang",
    "compared_with",
    "event_name",
    "group_name",
    "pd_meaning",
    "phrase",
    "reference_name",
    "rulebook_name",
    "value_name",
]

Lang = Literal["en", "zh"]


def _label(en: str, zh: str) -> Label:
    return Label(en=en, zh=zh)


_SHARED: Final[dict[str, Label]] = {
    "about_terms": _label(
        "Unless another source is named, every figure is of this model on these rows. Terms are parts of the logit "
        "of the PD (log-odds): above zero raises the PD. A term is no cause.",
        "除另注来源外，此处数字均为本模型对这些样本的计算结果。各项贡献是违约概率对数几率（log-odds）的组成部分："
        "大于零提高违约概率。贡献并非因果。",
    ),
    "adverse_coverage": _label(
        "These cover {share} of what raised the log-odds of this decision.",
        "以上合计覆盖本次评估中风险上升部分的{share}。",
    ),
    "adverse_neutral": _label(
        "Values at which the model places higher risk; a fault of the firm is not stated:",
        "模型对下列取值给出较高风险（不作企业存在不足的认定）：",
    ),
    "adverse_reasons": _label(
        "Adverse reasons, to be told if the answer is no:", "不利原因（如不予通过，应告知申请人）："
    ),
    "all_others": _label("all other variables", "其余全部变量"),
    "and_more": _label("and {count} more, in the file of the list only", "其余 {count} 家仅见于名单文件，本页未列出"),
    "as_of": _label("as of", "基准日"),
    "assessed_rows": _label("{rows} of {held} rows of “{data}”", "“{data}”共 {held} 个样本，评估 {rows} 个"),
    "base": _label("base", "基准"),
    "beeswarm": _label("Every term of a sample", "样本的逐项贡献"),
    "beeswarm_about": _label(
        "One dot for each of {rows} rows drawn by a fixed seed. Blue is a low value of the variable, red a "
        "high one, grey a missing one. Right of zero raises the PD.",
        "按固定种子抽取 {rows} 个样本，每个一点。蓝色为变量取值低，红色为高，灰色为缺失。零点右侧提高违约概率。",
    ),
    "best_share": _label(
        "{share} of all, the best of those who may be listed",
        "全部企业的 {share}，在可入选者中按得分由高到低选取",
    ),
    "bound": _label("bound", "界限"),
    "bundle_written_by": _label("the bundle was written by {version}", "模型包由 {version} 写入"),
    "by_group": _label("By group", "按类别"),
    "by_group_told": _label("By group:", "按类别："),
    "by_rulebook": _label("Rulebook {rulebook} ({provenance})", "积分规则 {rulebook}（{provenance}）"),
    "card": _label("Model card", "模型卡"),
    "card_about": _label(
        "The card in the bundle, with metrics and variables named in words.",
        "依据模型包内的英文模型卡译出，指标与变量以名称列出；模型责任人自行填写的内容照录原文。",
    ),
    "causes_about": _label(
        "Score of the innovation indicators, its reason by indicator, log-odds (points / reference's mean points):",
        "创新类指标得分一项的原因按指标分解，对数几率（得分／参照样本平均得分）：",
    ),
    "certificate": _label("Direction certificate", "单调性验证"),
    "certificate_about": _label(
        "In every tree, every two leaves that rows equal in all other variables can reach are compared: proved "
        "on the fitted trees, not sampled. What is proved holds for values that are present, all else equal; a missing "
        "value follows a branch of its own.",
        "对每棵树，凡其他变量相同的样本可能到达的任意两个叶节点均作比较：在拟合后的树上证明，而非抽样。"
        "所证明的方向适用于有取值且其他条件相同的情形；缺失值另走一个分支。",
    ),
    "certificate_none": _label(
        "The model declares no direction: there is nothing to prove.", "模型未声明任何方向：无可证明。"
    ),
    "change_added": _label("added", "新增"),
    "change_changed": _label("changed", "修改"),
    "change_removed": _label("removed", "删除"),
    "changes": _label("What the rules say differently", "规则有何不同"),
    "check": _label("check", "校验项"),
    "check_adds_up": _label("Base and terms sum to the logit of the PD", "基准与各项贡献之和等于违约概率的对数几率"),
    "check_directions_proved": _label(
        "Leaves of every tree are in the declared order (pairs of leaves)", "每棵树的叶节点取值符合声明方向（叶节点对）"
    ),
    "check_grade_holds_pd": _label("The grade's bounds hold the PD", "违约概率落在所属等级的界限内"),
    "check_one_is_batch": _label("A row alone has the same bits as in its batch", "单独评估与批量评估逐位一致"),
    "check_pd_is_of_the_trees": _label(
        "The log-odds are LightGBM's own margin, calibrated, bit for bit",
        "对数几率即 LightGBM 自身原始得分经校准所得，逐位一致",
    ),
    "check_pd_proper": _label("The PD lies between 0 and 1", "违约概率介于 0 与 1 之间"),
    "check_points_sum": _label("Indicator points sum to the rulebook's total", "各指标得分之和等于积分总分"),
    "check_score_reconciles": _label(
        "Base points and points of the terms sum to the score exactly", "基准分与各项分值之和恰等于评分"
    ),
    "checks": _label("Checks", "校验"),
    "checks_failed": _label(
        "{count} of the checks below failed: do not rely on this model or this report before it is known why.",
        "以下校验有 {count} 项未通过：查明原因之前，不得依赖本模型或本报告。",
    ),
    "checks_passed": _label("checks passed", "校验通过项"),
    "code": _label("code", "代码"),
    "code_of_report": _label("Code", "程序版本"),
    "codes_about": _label(
        "Share of rows in which a variable is one of the adverse reasons, at most {most} of each row: the terms that "
        "raise the PD most. First all rows assessed, then by segment; the darker, the more often.",
        "某变量列入不利原因的样本占比；不利原因即提高违约概率最多的各项，每个样本至多 {most} 项。"
        "先列全部评估样本，再按分组列示；颜色越深越常见。",
    ),
    "compared_with": _label("Terms are {reference}.", "各项贡献{reference}。"),
    "compared_with_rows": _label("Reference: {reference}.", "参照：{reference}。"),
    "contradicting": _label("contradicting", "不一致占比"),
    "contradictions": _label("Reasons against the variable's own effect", "与单变量效应方向不一致的原因"),
    "contradictions_are": _label(
        "{rate} of the reasons of free variables contradict: the term has another sign than the variable's own "
        "effect, moved alone over the reference population. On {rows} rows, {most} reasons each.",
        "无单调约束的变量所给原因中，{rate} 方向不一致：该项贡献的符号与该变量在参照样本上单独变化时的效应不同。"
        "取样本 {rows} 个，每个 {most} 条原因。",
    ),
    "contradicts_about": _label(
        "The term has another sign than the variable's effect taken alone.",
        "该项贡献的方向与该变量单独变化时的效应不一致。",
    ),
    "cut_at": _label("Cut at {points} of {max} points", "入选分数线：{points} 分（满分 {max}）"),
    "cut_points": _label("those with {points} points or more", "得分不低于 {points} 分的企业"),
    "data_of_report": _label("Data", "数据"),
    "day": _label("Day of selection", "遴选日"),
    "decided_at": _label("Decided", "决策时间"),
    "decision_id": _label("Decision", "决策编号"),
    "decision_title": _label("Credit-risk assessment", "信用风险评估"),
    "decisions_about": _label(
        "The rows at the 5th, 50th and 99th percentile of the PD, each assessed again alone.",
        "违约概率位于第 5、50、99 百分位的样本，各自单独重新评估。",
    ),
    "decisions_shown": _label("Typical cases (low, medium and high risk)", "典型样本（低、中、高风险）"),
    "dependence": _label("Variable effects (SHAP dependence)", "变量效应（SHAP依赖图）"),
    "dependence_about": _label(
        "The term of a variable against its value; the axis shows where most rows lie, a missing value stands "
        "at the left edge. Where a second variable is named, it is the one that this one interacts with most: red dots "
        "have a high value of it, blue ones a low one.",
        "变量的贡献随其取值的变化；横轴显示大多数样本所在范围，缺失值列于左缘。"
        "图题列出第二个变量的，该变量为与之交互最强者：红点表示其取值高，蓝点表示其取值低。",
    ),
    "depends": _label("of these moves hang on assumed weights", "取决于假设权重的变动占比"),
    "depends_list": _label(
        "of those listed hang on assumed weights: each is off the list in more than 5% of {draws} random weightings",
        "入选取决于假设权重的企业占比：在 {draws} 组随机权重中，有超过 5% 的组使其落选",
    ),
    "diff_title": _label("From {a} to {b}: what would change", "从 {a} 到 {b}：将有何变化"),
    "direction": _label("direction", "方向"),
    "distribution": _label("Scores as a share of their scale", "积分占满分比例的分布"),
    "domain": _label("domain", "类别"),
    "drawn_bootstrap": _label("each on enterprises drawn with replacement", "各自有放回地抽取企业"),
    "drawn_share": _label(
        "each on {share} of the enterprises drawn without replacement", "各自不放回地抽取 {share} 的企业"
    ),
    "enter": _label("enter", "进入"),
    "enterprise": _label("Enterprise", "企业"),
    "enterprises": _label("Enterprises", "企业数"),
    "evaluated": _label("evaluated", "参评企业"),
    "event_bankruptcy": _label("bankruptcy", "破产"),
    "event_charge_off": _label("charge-off", "核销"),
    "event_default": _label("default", "违约"),
    "event_unknown": _label("an event that is not stated", "未说明的事件"),
    "evidence": _label("formal test of whether innovation adds", "创新增益的正式检验"),
    "evidence_short": _label("formal test of whether innovation adds:", "创新增益的正式检验："),
    "failed": _label("FAILED", "未通过"),
    "fallback_rows": _label(
        "{rows} rows hold no usable innovation data: the companion gave their PD, and the figures above count its "
        "terms for them, so that their innovation terms are zero.",
        "{rows} 个样本无可用的创新类数据：由对照模型给出结果，上述数字计入对照模型的各项贡献，其创新类变量贡献为零。",
    ),
    "feature": _label("variable", "入模变量"),
    "feature_group": _label("group of variables", "变量类别"),
    "footer": _label("Made by icsml. No data leave this file.", "由 icsml 生成。本文件不向外发送任何数据。"),
    "grade": _label("Grade", "等级"),
    "grade_changed": _label("change grade", "等级变化"),
    "grade_moves": _label(
        "rows with a better / the same / a worse grade than without innovation",
        "与剔除创新类变量相比，等级更好／相同／更差的样本数",
    ),
    "group": _label("Group", "分组"),
    "hash_bundle": _label("bundle", "模型包"),
    "hash_data": _label("data set", "数据集"),
    "hash_peers": _label("peer tables", "同业分布表"),
    "hash_reference": _label("reference population", "参照样本"),
    "hash_rulebook": _label("rulebook", "积分规则"),
    "hashes": _label(
        "SHA-256 of the rulebook {rules}…, of the records {records}….",
        "SHA-256：积分规则 {rules}…，企业记录 {records}…。",
    ),
    "hashes_reviewed": _label(
        "SHA-256 of the rulebook {rules}…, of the records of the first evaluation {records}…, of the record reviewed "
        "{record}….",
        "SHA-256：积分规则 {rules}…，首次评价的企业记录 {records}…，复核记录 {record}…。",
    ),
    "importance": _label("Mean absolute contribution", "平均绝对贡献"),
    "importance_about": _label(
        "Mean |term| over all {rows} rows, in log-odds.", "全部 {rows} 个样本的平均绝对贡献，以对数几率计。"
    ),
    "importance_all": _label("Variable importance", "变量重要性"),
    "indicator": _label("indicator", "指标"),
    "indicators_of": _label("Points by {rulebook}", "积分规则 {rulebook}的得分"),
    "innovation_about": _label(
        "In this model; not causal. The companion is a second model, trained on the same rows without the innovation "
        "variables.",
        "仅就本模型而言，并非因果。对照模型以同样样本训练，不含创新类变量。",
    ),
    "innovation_did": _label("Effect of the innovation variables", "创新类变量的影响"),
    "innovation_log_odds": _label("sum of the innovation terms, log-odds", "创新类变量贡献之和（对数几率）"),
    "innovation_part": _label("innovation share", "创新占比"),
    "innovation_points": _label("Innovation points", "创新积分"),
    "innovation_share": _label("share of contributions of innovation variables", "创新类变量贡献占比"),
    "input_absent": _label("Not given:", "未提供："),
    "input_absent_too": _label("Not given besides what is to be provided:", "除上述待补充项外，另未提供："),
    "input_is": _label(
        "{present} fields of the record were present, {missing} missing.",
        "记录中 {present} 个字段有值，{missing} 个缺失。",
    ),
    "input_read": _label(
        "The record holds {held} of the {read} fields that the model reads.",
        "模型读取 {read} 个字段，记录中有值 {held} 个。",
    ),
    "interaction_of": _label("{first}; colour: {second}", "{first}；颜色：{second}"),
    "interactions": _label("Variable interactions", "变量交互效应"),
    "interactions_about": _label(
        "SHAP interaction values by shap's TreeExplainer on {rows} rows, path-dependent whatever the "
        "reference of the decisions is. Of the sum of their absolute values, {main} is of single variables and the "
        "rest of pairs. Dots: the part of both variables together, coloured by the second from low (blue) to high "
        "(red).",
        "由 shap 的 TreeExplainer 在 {rows} 个样本上计算的 SHAP 交互值；无论决策以何为参照，此处均为路径依赖。"
        "全部交互值的绝对值之和中，{main}来自单个变量自身，其余来自变量对。图中各点为两个变量共同的部分，按第二个变量由低（蓝）到高（红）着色。",
    ),
    "item": _label("Item", "项目"),
    "leave": _label("leave", "退出"),
    "level": _label("level", "层次"),
    "listed": _label("on the list", "入选企业"),
    "log_odds": _label("term, log-odds", "贡献（对数几率）"),
    "log_odds_of_pd": _label("log-odds of the PD", "违约概率的对数几率"),
    "log_odds_short": _label("log-odds", "对数几率"),
    "marks_about": _label(
        "Dashed lines are the thresholds of the rulebook {rulebook}, on the scale of the variable; they are drawn "
        "where an indicator measures the same as the variable in every row.",
        "虚线为积分规则{rulebook}的分界值，按变量的尺度绘制；仅当指标与变量在每个样本上度量一致时绘出。",
    ),
    "mean_changes": _label(
        "Mean changes, in percentage points: of the score as a share of its maximum, and of the rank as a share of all "
        "enterprises. Above zero is up: more points, a better rank.",
        "平均变化（百分点）：积分占满分的比例，以及名次占全部企业的比例。正值表示上升：积分提高、名次靠前。",
    ),
    "mean_maximum": _label("maximum (mean over rows)", "满分（样本均值）"),
    "mean_of": _label("mean, of {a} → {b} points", "均值（满分 {a}→{b}）"),
    "mean_points": _label("mean points", "平均得分"),
    "mean_size": _label("mean |term|, log-odds", "平均绝对贡献（对数几率）"),
    "mean_size_short": _label("mean |term|", "平均绝对贡献"),
    "migration": _label("Grades before (rows) and after", "等级迁移（行：之前；列：之后）"),
    "missing_share": _label("missing", "缺失率"),
    "model": _label("What it does to the PDs of {model}", "对模型 {model} 违约概率的影响"),
    "model_of_report": _label("Model", "模型"),
    "model_title": _label("Model report for the auditor: {model}", "模型审计报告：{model}"),
    "model_version": _label("version {version}", "版本 {version}"),
    "moves_overlap": _label("top {top} adverse reasons shared", "前 {top} 条不利原因的重合"),
    "moves_rank_biased_overlap": _label("agreement of whole rankings", "整体排序的一致"),
    "moves_sign_flips": _label("reasons that change sign", "符号翻转的原因"),
    "no_changes": _label("The rules are the same.", "两套规则相同。"),
    "no_interactions": _label("No two variables interact in the sample.", "样本中没有变量交互。"),
    "no_population": _label("No population was given.", "未提供企业样本。"),
    "no_recourse": _label("None was found.", "未找到。"),
    "no_rulebook": _label("none", "无"),
    "no_terms": _label("No variable has any effect on these rows.", "在这些样本上，没有变量起作用。"),
    "not_graded": _label("not graded", "未评级"),
    "not_known": _label("not known", "未知"),
    "not_official_assumed": _label(
        "The points rest on weights or rules that are assumed: this is not an official list.",
        "积分所用权重或规则含假设成分：本名单并非官方名单。",
    ),
    "not_official_published": _label(
        "The rules were read in public reprints, not in the issuing body's own text: this is not an official list.",
        "规则依据公开转载文本，而非发布机关原文：本名单并非官方名单。",
    ),
    "not_passed": _label("not passed", "未通过"),
    "origin": _label("Where it comes from", "来源与校验值"),
    "other_features": _label("{count} other variables", "其余 {count} 个变量"),
    "pair": _label("pair", "变量对"),
    "passed": _label("passed", "通过"),
    "pd": _label("PD", "违约概率"),
    "pd_band": _label("Band of PD", "违约概率区间"),
    "pd_effect": _label("PD effect", "违约概率变化"),
    "pd_effect_about": _label(
        "The PD minus what it would be if this term alone were zero, in percentage points: to read, not to add up.",
        "违约概率与仅该项为零时之差，以百分点计：供阅读，不可相加。",
    ),
    "pd_if_withheld": _label("PD were the absent known", "补齐缺失后的违约概率"),
    "pd_if_withheld_about": _label(
        "PD were the absent known: what has no value for want of a field is filled in with the values of {rows} like"
        " firms of the reference population, and {pd} is the {quantile} quantile of the PDs that come of it. Filled:",
        "补齐缺失后的违约概率：以参照样本中{rows}家相近企业的实际值补齐缺失项，{pd}为所得违约概率的{quantile}分位数。补齐的类别：",
    ),
    "pd_is": _label("PD {pd}", "违约概率 {pd}"),
    "pd_mean": _label("mean PD", "平均违约概率"),
    "pd_meaning": _label("PD of {event} within {months} months", "违约概率所指：{months} 个月内{event}"),
    "pd_meaning_open": _label("PD of {event}, horizon not stated", "违约概率所指：{event}，期限未说明"),
    "pd_without_and_with": _label("mean PD without → with innovation", "平均违约概率：剔除创新类变量 → 含创新类变量"),
    "pd_without_innovation": _label(
        "PD without innovation (companion; not causal)", "剔除创新的违约概率（对照模型；非因果）"
    ),
    "points": _label("Points", "积分"),
    "points_assumed_of": _label(
        "innovation points of {max} (own calculation, not official)", "创新积分（内部测算，非官方，满分 {max}）"
    ),
    "points_of": _label("innovation points of {max}", "创新积分（满分 {max}）"),
    "population": _label(
        "Population “{name}”: {rows} enterprises scored by both", "样本“{name}”：两套规则均可计分 {rows} 家"
    ),
    "provenance": _label("provenance", "依据"),
    "provenance_assumed": _label("assumed", "含假设成分"),
    "provenance_official": _label("official", "官方"),
    "provenance_published": _label("published", "公开来源"),
    "province": _label("Province", "省份"),
    "quantile": _label("quantile over rows", "样本分位数"),
    "rank": _label("Rank", "名次"),
    "rank_change": _label("rank, mean change", "名次平均变化"),
    "rank_correlation": _label("rank correlation", "秩相关系数"),
    "rank_correlation_drawn": _label("rank correlation with random weights", "与随机权重结果的秩相关系数"),
    "reason": _label("Reason", "原因"),
    "reason_codes": _label("Reason codes", "原因代码"),
    "reasons": _label("Why enterprises are in or out", "入选与未入选的原因"),
    "reasons_shown": _label("reasons shown", "给出的原因"),
    "recourse": _label("What would move the answer", "可改善评级的情形（模型测算）"),
    "recourse_about": _label(
        "What the model would answer if the record read so; not a forecast, and no promise that the risk falls.",
        "若记录如此，模型将给出的结果；并非预测，也不保证风险下降。",
    ),
    "recourse_better_grade": _label(
        "Of those said to bring a better grade, {mean} ({low} to {high}) bring one under the other models too.",
        "其中等级可改善的措施，{mean}（{low} 至 {high}）在其他模型下等级同样改善。",
    ),
    "recourse_survives": _label(
        "Of the steps that the first model ({base}) proposes, {mean} ({low} to {high}) lower the PD under the other "
        "models too.",
        "首个模型（{base}）所提改善措施中，{mean}（{low} 至 {high}）在其他模型下违约概率同样降低。",
    ),
    "refer": _label("To be decided by a person:", "须由人工审定："),
    "reference_interventional": _label("{n} rows of {id}, interventional", "{id} 的 {n} 个样本，干预式"),
    "reference_of_report": _label("Reference of the reasons", "原因的参照对象"),
    "reference_path_dependent": _label(
        "{id}: all training rows as the branches of the trees weigh them, path-dependent",
        "{id}：全部训练样本，按决策树分支加权，路径依赖",
    ),
    "replaced": _label(
        "of the places on the list go to other firms in one random weighting (median of {draws})",
        "单组随机权重下改由其他企业入选的名额占比（{draws} 组的中位数）",
    ),
    "result": _label("result", "结果"),
    "risk_good": _label("Low risk", "低风险一例"),
    "risk_middling": _label("Medium risk", "中风险一例"),
    "risk_poor": _label("High risk", "高风险一例"),
    "robustness": _label("How much hangs on assumed weights", "结果在多大程度上取决于假设权重"),
    "rows": _label("rows", "样本数"),
    "rows_assessed": _label("rows assessed", "样本数"),
    "rulebook_of_report": _label("Rulebook in the bundle", "模型包内的积分规则"),
    "score": _label("score", "评分"),
    "score_change": _label("score, mean change", "积分平均变化"),
    "score_is": _label("score {score}", "评分 {score}"),
    "score_points": _label("score points", "分值"),
    "selected_share": _label("share", "入选比例"),
    "share_of_rows": _label("share of rows", "样本占比"),
    "sign_assessed": _label("Assessed by", "评估人"),
    "sign_date": _label("Date", "日期"),
    "sign_reviewed": _label("Reviewed by", "复核人"),
    "simulated": _label(
        "Simulated enterprises: this shows the machinery and is no evidence about any firm.",
        "模拟企业数据：仅演示系统，不构成任何证据。",
    ),
    "simulated_model": _label(
        "Simulated: the model was trained on invented enterprises. This shows the machinery; no figure here "
        "is evidence about any firm.",
        "模拟：模型由虚构企业数据训练。仅演示系统，此处任何数字均不构成任何证据。",
    ),
    "size": _label("Size by staff", "人员规模"),
    "stability": _label("Stability", "稳定性"),
    "stability_none": _label(
        "Not measured here. `icsml stability` finds out how far reasons move from one model to the next.",
        "此处未测算。可用 `icsml stability` 测算原因在模型之间的变动。",
    ),
    "stability_of_retrains": _label(
        "How far reasons move from a first training ({base}) to {count} more, {drawn}, all by the same recipe; not "
        "this very bundle, and the file does not say whether its recipe is this bundle's. On {rows} rows of “{data}” "
        "that none was trained on, and on the {risky} of them with the highest PD: mean (lowest to highest). Of each "
        "row the {top} foremost adverse reasons are compared.",
        "从首次训练（{base}）到按同一配置另外训练的 {count} 个模型，{drawn}，原因的变动；并非本模型包本身，"
        "文件亦未说明该配置是否即本模型包的训练配置。"
        "基于“{data}”中未参与训练的样本 {rows} 个，及其中违约概率最高的 {risky} 个：均值（最低至最高）。"
        "每个样本比较前 {top} 条不利原因。",
    ),
    "stability_of_two": _label(
        "How far reasons move from one model ({base}) to another ({others}), each as it stands; nothing was retrained. "
        "On {rows} rows of “{data}”, which either may have been trained on, and on the {risky} of them with the "
        "highest PD. Of each row the {top} foremost adverse reasons are compared.",
        "从一个模型（{base}）到另一个模型（{others}），两者均为现成模型，未重新训练，原因的变动。"
        "基于“{data}”的样本 {rows} 个（任一模型训练时可能已用过），及其中违约概率最高的 {risky} 个。"
        "每个样本比较前 {top} 条不利原因。",
    ),
    "stage": _label("Life-cycle stage", "发展阶段"),
    "stay": _label("stay", "保留"),
    "sum_is": _label("logit of the PD; score", "违约概率的对数几率；评分"),
    "supplementary": _label(
        "A supplementary assessment beside the bank's own rating, never a decision by itself.",
        "本评估仅供与银行自有评级并用，不单独构成决定。",
    ),
    "swap": _label("Who enters the list and who leaves it", "名单变化：进入与退出"),
    "swap_line": _label(
        "With a list of {cut}: {entered} enter, {left} leave, {stayed} stay.",
        "名单取{cut}：{entered} 家进入，{left} 家退出，{stayed} 家保留。",
    ),
    "technical_field": _label("Technical field", "技术领域"),
    "the_list": _label("The list", "名单"),
    "to_provide": _label("To be provided:", "请补充提供："),
    "together_with": _label("with", "含"),
    "trees_pairs": _label("{file}: trees, pairs", "{file}：树、叶节点对"),
    "ungraded_rows": _label(
        "{count} of {rows} enterprises have too little information for a grade and are not in the table of grades.",
        "{rows} 家中有 {count} 家因信息不足未予评级，未列入等级迁移表。",
    ),
    "unused_features": _label(
        "{count} more variables of the model have no effect on any of these rows.",
        "模型另有 {count} 个变量对这些样本均无作用。",
    ),
    "validity": _label("valid until", "有效期至"),
    "value": _label("value", "取值"),
    "violation": _label(
        "{file}, tree {tree}: {feature} moves the wrong way between leaves {low} ({a}) and {high} ({b}).",
        "{file} 第 {tree} 棵树：{feature} 在叶节点 {low}（{a}）与叶节点 {high}（{b}）之间方向相反。",
    ),
    "waterfall_about": _label(
        "Read from the bottom up, from the base, {base}, to the log-odds of the PD, {total}: the smallest terms come "
        "first (together, where they are many), the largest last, on top. The foremost reasons:",
        "自下而上阅读：自基准 {base} 起逐项相加至违约概率的对数几率 {total}；"
        "较小的各项在下（项数多时合并），贡献最大者在最上方。首要原因：",
    ),
    "who": _label("Who gains and who loses", "谁受益，谁受损"),
    "why": _label("Why", "原因"),
    "why_about": _label(
        "Base and terms add up: in log-odds to the logit of the PD, in points to the score. Above zero in "
        "log-odds raises the PD; a reason is no cause.",
        "基准与各项贡献相加：对数几率之和即违约概率的对数几率，分值之和即评分。对数几率大于零提高违约概率；"
        "原因并非因果。",
    ),
    "worst": _label("largest deviation", "最大偏差"),
    "wrong_order": _label("in the wrong order", "方向相反"),
}
_PHRASES: Final = _SHARED | MODEL_PHRASES | SELECTION_PHRASES

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
    "staff < 20": _label("fewer than 20", "不足20人"),
    "staff 20–99": _label("20 to 99", "20–99人"),
    "staff 100–299": _label("100 to 299", "100–299人"),
    "staff ≥ 300": _label("300 or more", "300人及以上"),
    "staff not known": _label("not known", "未知"),
}

# What rules, models and their parts are called by in one word.
_VALUES: Final[dict[str, Label]] = {
    "official": _label("official", "官方"),
    "published": _label("published", "公开来源"),
    "assumed": _label("assumed", "假设"),
    "innovation": _label("innovation", "创新"),
    "financial": _label("financial", "财务"),
    "application": _label("application", "申请"),
    "cash_flow": _label("cash flow", "现金流"),
    "credit_history": _label("credit history", "信用记录"),
    "efficiency": _label("efficiency", "营运效率"),
    "growth": _label("growth", "成长性"),
    "leverage": _label("leverage", "杠杆"),
    "liquidity": _label("liquidity", "流动性"),
    "profitability": _label("profitability", "盈利能力"),
    "size_age": _label("size and age", "规模与年限"),
    "all": _label("all", "全部"),
    "riskiest": _label("the riskiest tenth", "风险最高的十分之一"),
    "features": _label("each variable", "逐个变量"),
    "worded": _label("like variables as one, by the text told", "相近变量合并（按所述原因）"),
    "alike": _label("like variables as one", "相近变量合并"),
    "groups": _label("each group", "逐个类别"),
    "raises_risk": _label("raises the risk", "提高风险"),
    "lowers_risk": _label("lowers the risk", "降低风险"),
    "free": _label("free", "无单调约束"),
    "supported": _label("supported", "获支持"),
    "equivalent": _label("equivalent", "等效"),
    "not_shown": _label("not shown", "未显示"),
    "not_tested": _label("not tested", "未检验"),
}

# The bands of icsml.reports.findings.
_BANDS: Final[dict[str, Label]] = {
    "below 1 %": _label("below 1%", "低于1%"),
    "1–5 %": _label("1% to 5%", "1%至5%"),
    "5–20 %": _label("5% to 20%", "5%至20%"),
    "20 % or more": _label("20% or more", "20%及以上"),
}

_GROUPS: Final = {"pd_band": _BANDS, "technical_field": _FIELDS, "province": _PROVINCES, "size": _SIZES}


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


def event_name(event: str | None, lang: Lang) -> str:
    """Return the name of an event; what has no other name keeps its own."""
    if event is None:
        return phrase("event_unknown", lang)
    return phrase(f"event_{event}", lang) if f"event_{event}" in _PHRASES else event


def pd_meaning(event: str | None, months: int | None, lang: Lang) -> str:
    """Return what a PD is a PD of."""
    what = event_name(event, lang)
    if months is None:
        return phrase("pd_meaning_open", lang, event=what)
    return phrase("pd_meaning", lang, event=what, months=months)


def reference_name(reference: Mapping[str, Any], lang: Lang) -> str:
    """Return whom a decision's ``reference`` compares with: in its own words where it has some, and by its kind."""
    named = phrase(f"reference_{reference['kind']}", lang, id=reference["id"], n=f"{reference.get('n') or 0:,}")
    text = reference.get("text")
    return _with_note(text[lang], named, lang) if text else named


def compared_with(reference: Mapping[str, Any], lang: Lang) -> str:
    """Return a sentence on whom a decision compares with; earlier decisions have no words of their own for it."""
    named = reference_name(reference, lang)
    if reference.get("text"):
        return phrase("compared_with", lang, reference=named)
    return phrase("compared_with_rows", lang, reference=named)


def rulebook_name(rulebook: str, provenance: str, lang: Lang) -> str:
    """Return a rulebook with how far it may be trusted."""
    return _with_note(rulebook, value_name(provenance, lang), lang)


def value_name(said: str | None, lang: Lang) -> str:
    """Return what a rule says as a reader knows it; a dash where it says nothing."""
    if said is None:
        return "–"
    return str(getattr(_VALUES[said], lang)) if said in _VALUES else said


def _with_note(text: str, note: str, lang: Lang) -> str:
    return f"{text}（{note}）" if lang == "zh" else f"{text} ({note})"
