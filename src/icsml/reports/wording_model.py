"""The words of the auditor's report that no other page has."""

from __future__ import annotations

from typing import Final

from icsml.texts.label import Label

__all__ = ["MODEL_PHRASES"]


def _label(en: str, zh: str) -> Label:
    return Label(en=en, zh=zh)


MODEL_PHRASES: Final[dict[str, Label]] = {
    "accuracy_ratio": _label("accuracy ratio (2·AUC − 1)", "准确率AR（2·AUC − 1）"),
    "adverse_short": _label("adverse reasons", "不利原因"),
    "auc": _label("AUC", "AUC（区分度）"),
    "by_group_about": _label(
        "In the first column the terms of a group are added up in every row, with their signs, before the mean size is "
        "taken: terms that offset each other count for less. The last column is of single terms, as is the share at "
        "the top of the page; it is the larger, the more the terms of a group offset each other.",
        "左列先将每个样本中同一类别的各项贡献带符号相加，再取绝对值求平均：方向相反的贡献相互抵消。"
        "末列按单项贡献的绝对值计算，与页首的创新类变量贡献占比口径相同；类内抵消越多，两者相差越大。",
    ),
    "by_group_share": _label(
        "share of contributions",
        "贡献占比（按单项）",
    ),
    "by_group_size": _label(
        "mean |sum of terms|",
        "贡献合计的平均绝对值",
    ),
    "calibration_about": _label(
        "Calibration: log-odds of the PD = a · LightGBM's raw score + b.",
        "校准：违约概率的对数几率 = a · LightGBM 原始得分 + b。",
    ),
    "calibration_intercept": _label("calibration intercept", "校准截距"),
    "calibration_slope": _label("calibration slope", "校准斜率"),
    "card_no_points": _label(
        "This bundle has no rulebook and reads no innovation points: what the card says of points does not apply.",
        "本模型包不含积分规则，也不使用创新积分：模型卡中有关积分的内容不适用。",
    ),
    "card_own_innovation": _label(
        "Innovation variables that the model does read, from columns of the data set itself: {count}.",
        "本模型另使用数据集自带的创新类变量：{count} 个。",
    ),
    "certificate_absent": _label(
        "A dash: the file does not have the variable.",
        "“–”表示该模型文件不含此变量。",
    ),
    "certificate_unused": _label(
        "not used by any tree",
        "无树使用该变量",
    ),
    "companion": _label("companion (without innovation)", "对照模型（不含创新类变量）"),
    "companion_short": _label("model", "所用模型"),
    "contradictions_no_free": _label(
        "Not known: no free variable gave a reason on the {rows} rows looked at.",
        "未知：所取 {rows} 个样本的原因中没有无单调约束的变量。",
    ),
    "contradictions_no_reference": _label(
        "Not known: the bundle holds no reference population over which a variable could be moved alone.",
        "未知：模型包不含参照样本，无法测算变量单独变化时的效应。",
    ),
    "contradictions_no_rows": _label(
        "Not known: the companion answered every row of the sample.",
        "未知：所抽取的样本均由对照模型给出结果。",
    ),
    "correlation": _label("highest |ρ|", "最大相关系数绝对值"),
    "correlation_with": _label("with", "相关变量"),
    "declared_with_data": _label("Declared with the data set, without a reason", "随数据集声明，未附依据"),
    "definition": _label("Event", "坏样本定义"),
    "definition_words": _label("the configuration of the data set assessed says", "所评估数据集的配置原文"),
    "depth": _label("depth", "最大深度"),
    "direction_of_the_data_set": _label("what the data set declares", "数据集所声明的方向"),
    "direction_set": _label(
        "Set for this model; declared: {declared}. Reason given: {reason}",
        "本模型另行设定；原声明：{declared}。所述理由：{reason}",
    ),
    "end_first": _label("first", "起"),
    "end_last": _label("last", "止"),
    "events": _label("events", "坏样本数"),
    "excluded_after_horizon": _label("labelled bad, but after the horizon: counted good", "事件晚于观察期，计为好样本"),
    "excluded_defaults_refused": _label("bad rows among those refused", "剔除行中的坏样本"),
    "excluded_embargo": _label(
        "left out before the test: outcome not yet known then", "隔离期样本（测试期开始时结果尚不可知，未使用）"
    ),
    "excluded_good_with_event": _label("labelled good, with an event in the horizon", "标为好样本但观察期内有事件日期"),
    "excluded_open_horizon": _label("good, horizon not over on the day of import", "导入时观察期未满的好样本"),
    "excluded_out_of_range": _label("values outside their declared range", "超出声明取值范围的数值"),
    "excluded_refused": _label("rows refused at import", "导入时剔除的行"),
    "excluded_unlabelled": _label("rows whose outcome is not known", "结果未知的样本"),
    "excluded_unreadable": _label("unreadable values, now missing", "无法读取、按缺失处理的数值"),
    "exclusions": _label("Exclusions and notes", "剔除与说明"),
    "fallback_top": _label(
        "{share} of the rows ({rows}) hold no usable innovation data: the companion, the model without innovation, "
        "gave their PD.",
        "{share} 的样本（{rows} 个）无可用的创新类数据：其违约概率由不含创新类变量的对照模型给出。",
    ),
    "figures_of_training": _label("Discrimination and calibration on rows not trained on", "样本外区分度与校准"),
    "figures_of_training_about": _label(
        "As training measured them and the bundle records them: {where}.", "训练时测得并记录于模型包：{where}。"
    ),
    "figures_where_folds": _label(
        "out of fold, each row by a model of the other folds", "交叉验证，每个样本由其余各折训练的模型给出"
    ),
    "figures_where_out_of_time": _label("the test period", "测试期（时间外样本）"),
    "figures_where_unstated": _label("which rows, the bundle does not say", "模型包未说明所用样本"),
    "firm_data_of": _label("Rows assessed", "样本查询"),
    "firms_about": _label(
        "{rows} rows, the highest PD first.",
        "共 {rows} 个样本，按违约概率由高到低排列。",
    ),
    "firms_all_flags": _label("any", "不限"),
    "firms_bad": _label("event seen", "坏样本"),
    "firms_companion": _label("companion decided", "由对照模型给出"),
    "firms_drawn": _label(
        "Of {held} rows {rows} are listed, drawn by a fixed seed: an enterprise that is not found may be among the "
        "others. `icsml decide` gives the page of any one.",
        "{held} 个样本中按固定种子抽取 {rows} 个列出：未查到的企业可能在其余样本中，可用 `icsml decide` 生成单户页面。",
    ),
    "firms_flag": _label("flag", "标记"),
    "firms_how": _label(
        "Type part of an identifier, or choose. Nothing leaves this file.",
        "输入企业编号的一部分，或按条件筛选。数据不离开本文件。",
    ),
    "firms_matches": _label("{n} rows match; {shown} shown.", "符合条件 {n} 个，显示 {shown} 个。"),
    "firms_no_script": _label(
        "Searching needs scripts to be allowed in this browser; the rows with the highest PD are shown.",
        "查询需要浏览器允许运行脚本；以下为违约概率最高的样本。",
    ),
    "firms_not_trained": _label("not trained on", "未参与训练"),
    "firms_outcome": _label("outcome", "实际结果"),
    "firms_outcome_bad": _label("event", "坏"),
    "firms_outcome_good": _label("none", "好"),
    "firms_search": _label("enterprise", "企业编号"),
    "firms_trained": _label("trained on", "训练样本"),
    "firms_usage": _label("use in training", "样本用途"),
    "firms_without": _label("PD without innovation", "剔除创新类变量"),
    "gain_folds": _label(
        "AUC added by innovation [95% interval], out of fold: {rows} rows, {events} events",
        "创新类变量带来的AUC提升［95%置信区间］；交叉验证，样本 {rows} 个，坏样本 {events} 个",
    ),
    "gain_holds_zero": _label(
        "The interval holds zero: that innovation adds to discrimination is not shown.",
        "置信区间包含零：未显示创新类变量提升区分度。",
    ),
    "gain_no_companion": _label(
        "AUC added by innovation: not measured, the bundle has no companion without it",
        "创新类变量带来的AUC提升：未测算，模型包无对照模型",
    ),
    "gain_no_innovation": _label(
        "AUC added by innovation: the model has no innovation variable", "创新类变量带来的AUC提升：模型不含创新类变量"
    ),
    "gain_not_recorded": _label(
        "AUC added by innovation: not in the bundle, and the rows assessed hold no test rows with both outcomes",
        "创新类变量带来的AUC提升：模型包未记录，所评估样本中亦无兼含好坏样本的测试样本",
    ),
    "gain_rows": _label(
        "AUC added by innovation [95% interval], test rows shown: {rows} rows, {events} events",
        "创新类变量带来的AUC提升［95%置信区间］；所示测试样本 {rows} 个，坏样本 {events} 个",
    ),
    "gain_test": _label(
        "AUC added by innovation [95% interval], test period: {rows} rows, {events} events",
        "创新类变量带来的AUC提升［95%置信区间］；测试期样本 {rows} 个，坏样本 {events} 个",
    ),
    "held_out_parts": _label(
        "“Not trained on” are here the test rows and those left out before the test.",
        "此处“未参与训练”包括测试样本和隔离期样本。",
    ),
    "held_out_rows": _label("not trained on", "未参与训练"),
    "innovation_share_about": _label(
        "The share of contributions is the sum of |term| of the innovation variables over that of all variables.",
        "贡献占比为创新类变量各项贡献绝对值之和占全部变量之比。",
    ),
    "interval_95": _label("95% interval", "95%置信区间"),
    "iv": _label("IV", "IV值"),
    "make": _label("Make-up of the model", "模型构成"),
    "make_a": _label("a", "校准系数a"),
    "make_b": _label("b", "校准系数b"),
    "make_file": _label("file", "模型文件"),
    "make_model": _label("model", "主模型"),
    "no_figures_recorded": _label(
        "The bundle records no figures of training; see the card.", "模型包未记录训练指标，请见模型卡。"
    ),
    "no_outcomes": _label(
        "The data set holds no outcomes: whether PDs come true cannot be judged on these rows.",
        "数据集不含实际结果：无法在这些样本上检验违约概率是否兑现。",
    ),
    "no_rulebook_held": _label("the bundle holds no rulebook", "模型包不含积分规则"),
    "not_in_register": _label("read from a folder, not from the register", "读自文件夹，未经模型登记库"),
    "not_recorded": _label("the bundle does not record it", "模型包未记录"),
    "observed_rate": _label("observed rate", "坏样本率"),
    "of_rows_held": _label("Parts of the data set, all {rows} rows held", "数据集全部 {rows} 个样本的用途"),
    "other_rows": _label("use in training not known", "训练使用情况不明"),
    "outcomes_below": _label(
        "Observed rates stand beside mean PDs under “Master scale and backtest”.",
        "坏样本率与平均违约概率的对照见“主标尺与返回检验”。",
    ),
    "outside": _label(
        "‡ The mean PD lies outside the interval of the observed rate. The interval takes rows as independent.",
        "‡ 平均违约概率落在坏样本率的置信区间之外。区间按样本相互独立计算。",
    ),
    "part_embargo": _label("left out before the test (embargo)", "隔离期（未使用）"),
    "part_other": _label("with an outcome, use in training not known", "有实际结果，训练使用情况不明"),
    "part_test": _label("test, not trained on", "测试样本（未参与训练）"),
    "part_train": _label("trained on", "训练样本"),
    "part_unlabelled": _label("outcome not known", "结果未知"),
    "pd_bounds": _label("PD above … up to", "违约概率区间（左开右闭）"),
    "pd_bounds_bands": _label("PD from … to below", "违约概率区间（左闭右开）"),
    "rationale": _label("rationale of the direction", "方向依据"),
    "recourse_measured_of_base": _label(
        "Whether such steps hold under other models, measured for this very bundle ({base}) and not for this firm, on "
        "{rows} rows of “{data}”; other models: {count}.",
        "此类措施在其他模型下是否成立，按本模型包（{base}）整体（非就本企业）测算，"
        "基于“{data}”的样本 {rows} 个、其他模型 {count} 个。",
    ),
    "recourse_measured_of_other": _label(
        "Whether the steps of another model ({base}) hold under this very bundle, measured on {rows} rows of “{data}” "
        "and not for this firm.",
        "另一模型（{base}）所提改善措施在本模型包下是否成立，基于“{data}”的样本 {rows} 个测算，并非就本企业测算。",
    ),
    "recourse_measured_of_retrains": _label(
        "Whether such steps hold under other models, measured on {rows} rows of “{data}” from a first training "
        "({base}) to {count} more by the same recipe: neither for this firm nor for this very bundle, and the file "
        "does not say whether its recipe is this bundle's.",
        "此类措施在其他模型下是否成立，基于“{data}”的样本 {rows} 个，由首次训练（{base}）及按同一配置另外训练的 "
        "{count} 个模型测算；并非就本企业或本模型包本身测算，文件亦未说明该配置是否即本模型包的训练配置。",
    ),
    "recourse_not_measured": _label(
        "How often the proposed steps still lower the PD under retrained models: not measured here. `icsml stability "
        "--data DIR --json > F.json` measures it; give the file with `--stability`.",
        "所提改善措施在重新训练的模型下是否仍能降低违约概率：未测算。可用 `icsml stability --data DIR --json > F.json` "
        "测算，再以 `--stability` 提供该文件。",
    ),
    "recourse_robustness": _label(
        "Whether it holds when the model is retrained: not measured here. `icsml stability --data "
        "DIR --json > F.json` measures it for the model; give the file with `--stability`.",
        "模型重新训练后是否仍成立：此处未测算。可用 `icsml stability --data DIR --json > F.json` 就模型整体测算，"
        "再以 `--stability` 提供该文件。",
    ),
    "recourse_unknown_no_levers": _label(
        "Whether proposed steps hold under other models is not known: the first model ({base}) proposes none, "
        "for want of levers or of a rulebook.",
        "所提改善措施在其他模型下是否成立未知：首个模型（{base}）无可调整项或无积分规则，不提出改善措施。",
    ),
    "recourse_unknown_no_proposal": _label(
        "Whether proposed steps hold under other models is not known: the first model ({base}) found none "
        "to propose for these rows.",
        "所提改善措施在其他模型下是否成立未知：首个模型（{base}）对这些样本未找到改善措施。",
    ),
    "recourse_unknown_no_rulebook": _label(
        "Whether proposed steps hold under other models is not known: no other model has a rulebook to answer with.",
        "所提改善措施在其他模型下是否成立未知：其他模型均无积分规则，无从检验。",
    ),
    "recourse_unknown_not_asked": _label(
        "Whether proposed steps hold under other models is not known: the comparison did not ask.",
        "所提改善措施在其他模型下是否成立未知：所做比较未作检验。",
    ),
    "recourse_unknown_unstated": _label(
        "Whether proposed steps hold under other models is not known: the file does not say why.",
        "所提改善措施在其他模型下是否成立未知：文件未说明原因。",
    ),
    "relation_other": _label(
        "The rows assessed are of another data set, “{data}” (SHA-256 {sha256}…). Whether the model was trained on any "
        "of these enterprises is not known.",
        "所评估样本取自另一数据集“{data}”（SHA-256 {sha256}…）；其中企业的训练使用情况不明。",
    ),
    "relation_unknown": _label(
        "The rows assessed are of this data set, but its split does not give the rows and events stated: which of them "
        "the model was trained on is not known.",
        "所评估样本取自同一数据集，但按其划分无法得到上述样本数和坏样本数：各样本的训练使用情况不明。",
    ),
    "relation_unrecorded": _label(
        "The bundle does not record the SHA-256 of the data set that it was trained on: which of the rows assessed "
        "it was trained on is not known.",
        "模型包未记录训练数据集的 SHA-256：所评估样本的训练使用情况不明。",
    ),
    "run_id": _label("Run", "训练运行编号"),
    "sample": _label("Sample and definition of the event", "样本与坏样本定义"),
    "sample_split": _label("Split", "样本划分"),
    "sample_trained": _label(
        "Trained on {data}: {rows} rows, {events} events.", "训练数据集{data}：样本 {rows} 个，坏样本 {events} 个。"
    ),
    "sample_trained_unknown": _label("The bundle does not say what it was trained on.", "模型包未记录训练数据集。"),
    "scale": _label("Master scale and backtest", "主标尺与返回检验"),
    "scale_assumed": _label(
        "Master scale: assumed. It is the one icsml ships, to be replaced by the bank's own.",
        "主标尺依据：假设。为 icsml 自带标尺，应由银行自有标尺替换。",
    ),
    "scale_declared": _label(
        "Master scale: declared by whoever trained the model; not the one icsml ships.",
        "主标尺依据：由建模方设定，非 icsml 自带标尺。",
    ),
    "scale_of": _label("It grades PDs of {event} within {months} months.", "适用于 {months} 个月内{event}的违约概率。"),
    "scale_unused": _label(
        "This model's PD is of something else ({definition}): it gets no grade, and rates are shown by band of PD.",
        "本模型的违约概率所指不同（{definition}）：不予评级，以下按违约概率区间列示。",
    ),
    "seed": _label("Seed of training", "训练随机种子"),
    "split_folds": _label(
        "{folds} folds, seed {seed}. The model is trained on all rows with an outcome; figures of training are out of "
        "fold.",
        "{folds} 折交叉验证，种子 {seed}。模型以全部有实际结果的样本训练；训练指标为折外结果。",
    ),
    "split_kind_folds": _label("By folds.", "按交叉验证划分。"),
    "split_kind_out_of_time": _label("By time.", "按时间划分。"),
    "split_out_of_time": _label(
        "By time: tested from {test_from} on, the {months} months before it left out.",
        "按时间划分，{test_from} 起为测试期，此前 {months} 个月为隔离期，不参与训练。",
    ),
    "steady_trees": _label("trees", "树数"),
    "total": _label("all", "合计"),
    "trained_rows": _label("trained on", "训练样本"),
    "trained_shown": _label(
        "{rows} of the rows shown were trained on: how their PDs compare with their outcomes is no test of the model.",
        "所示样本中有 {rows} 个曾参与训练：其违约概率与实际结果是否吻合，均不构成对模型的检验。",
    ),
    "ungraded": _label(
        "{rows} of the rows hold too little information for a grade. The table counts them by their PD; among the rows "
        "assessed their grade is “–”, and no comparison of grades counts them.",
        "其中 {rows} 个样本信息不足，不予评级：上表按其违约概率计入，样本列表中等级为“–”，等级比较不含这些样本。",
    ),
    "variable_list": _label("List of variables", "入模变量清单"),
    "variable_list_about": _label(
        "IV: ten bins at deciles and one for missing values, on {iv} {which}. ρ: Spearman, on {rows} rows drawn by "
        "a fixed seed.",
        "IV值：按十分位分10箱，缺失单独成箱，取{which} {iv} 个。ρ：斯皮尔曼秩相关系数，按固定种子抽取 {rows} 个样本。",
    ),
    "variable_overridden": _label(
        "† Direction set for this model.",
        "† 方向由本模型另行设定。",
    ),
    "variables_known": _label("rows with an outcome", "有实际结果的样本"),
    "variables_none": _label("rows, as the data set holds no outcomes", "样本（数据集不含实际结果）"),
    "variables_trained": _label("rows trained on", "训练样本"),
    "version": _label("Version in the register", "登记版本"),
    "within": _label("{event} within {months} months", "{months} 个月内{event}"),
    "within_open": _label("{event}, horizon not stated", "{event}，期限未说明"),
    "without_companion_rows": _label(
        "Rows that the companion answered are left out.", "由对照模型给出结果的样本不列入。"
    ),
}
