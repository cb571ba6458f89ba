"""What the reader of a decision must know besides its figures."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from icsml.decision.assess import Assessment
from icsml.decision.information import demands
from icsml.decision.outside import beyond, fields_outside, within_text
from icsml.decision.wants import field_label
from icsml.innovation.scoring.validity import ages
from icsml.model.bundle import BundleParts
from icsml.records.decision import Notice
from icsml.records.fields import FIELDS
from icsml.recourse.jumps import jumped
from icsml.recourse.search import NoRecourse
from icsml.texts.label import Label
from icsml.texts.quantity import apart_from_bounds

__all__ = ["notices", "recourse_notices"]

_NO_RECOURSE = {
    NoRecourse.NO_LEVERS: (
        "The model holds no limits of what a firm can move in a year: no recourse was looked for.",
        "模型不含企业年度可行变动幅度，故未计算改进路径。",
    ),
    NoRecourse.NO_LEVER: (
        "Nothing that the firm can move is on file with a yearly change of its peers to go by.",
        "可改进的指标均无记录，或缺少同类企业年度变动数据。",
    ),
    NoRecourse.NO_STEP: (
        "No step stays within the yearly change of the peers, the cash on file and the bounds of the record.",
        "任何可行变动均超出同类企业年度变动幅度、现有货币资金或记录的合理范围。",
    ),
    NoRecourse.NO_EFFECT: (
        "No step within a year gains points, goes against no reason and would be answered with a score that is higher"
        " by enough to be worth proposing.",
        "一年内没有既能增加规则得分、不与评分原因相悖，又能使模型评分足够提高的可行变动。",
    ),
}


def notices(
    bundle: BundleParts, assessment: Assessment, row: int, as_of: date | None, decided_on: date
) -> list[Notice]:
    """Return the warnings of one row, those on the model first."""
    return [
        *_on_model(bundle),
        *_on_rulebook(bundle, as_of, decided_on),
        *_on_record(bundle, assessment, row, as_of),
        *_unchecked(bundle, assessment, row),
        *_on_information(bundle, assessment, row),
        *_on_date(as_of, decided_on),
        *_implausible(bundle, assessment, row),
        *_on_features(bundle, assessment, row),
    ]


def recourse_notices(bundle: BundleParts, assessment: Assessment, reason: str | None) -> list[Notice]:
    """Return the warnings of a single row on recourse: what jumped before the application, why nothing is proposed.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    assessment : Assessment
        Of one row.
    reason : str, optional
        One of :class:`icsml.recourse.search.NoRecourse`.
    """
    found = _jumps(bundle, assessment)
    if reason is not None:
        found.append(_notice("NO_RECOURSE", "recourse", *_NO_RECOURSE[reason]))
    return found


def _jumps(bundle: BundleParts, assessment: Assessment) -> list[Notice]:
    if bundle.levers is None or bundle.rulebook is None:
        return []
    quantile = bundle.levers.policy.quantile
    outside = assessment.screening.out_of_range_in(0)  # whose change is compared with nobody's
    found = []
    for name, flags in jumped(bundle.levers, assessment.screening.columns).items():
        if flags[0] and name not in outside:
            label = field_label(bundle, name)
            readers = [indicator.label for indicator in bundle.rulebook.indicators if name in indicator.fields]
            en = f", which {', '.join(label.en for label in readers)} read" if readers else ""
            zh = f"，涉及指标：{'、'.join(label.zh for label in readers)}" if readers else ""
            found.append(
                _notice(
                    "JUMP_BEFORE_APPLICATION",
                    name,
                    f"{label.en}: rose in the last year by more than {quantile:.0%} of its peers did{en}: check what is"
                    " behind it.",
                    f"{label.zh}较上年增幅超过同类企业第{quantile * 100:.0f}百分位{zh}：请核实原因。",
                )
            )
    return found


def _notice(code: str, field: str | None, en: str, zh: str) -> Notice:
    return Notice(code=code, field=field, text=Label(en=en, zh=zh))


def _on_model(bundle: BundleParts) -> list[Notice]:
    found: list[Notice] = []
    if bundle.synthetic:
        found.append(
            _notice(
                "SYNTHETIC_MODEL",
                "model.synthetic",
                "The model was trained on simulated data: it shows the machinery and is no evidence.",
                "模型由模拟数据训练：仅演示系统，不构成任何证据。",
            )
        )
    if not bundle.scale.applies_to(bundle.event, bundle.horizon_months):
        found.append(
            _notice(
                "NO_GRADE",
                "grade",
                "The master scale holds for another event or horizon than this model's.",
                "主标尺所对应的事件或期限与本模型不同，故不给出等级。",
            )
        )
    if bundle.rulebook is None:
        found.append(
            _notice(
                "NO_RULEBOOK",
                "innovation",
                "The model was trained on data without the fields of a rulebook.",
                "训练数据不含积分规则所需字段，故无创新积分。",
            )
        )
    if bundle.companion is None:
        found.append(
            _notice(
                "NO_COMPANION",
                "pd_without_innovation",
                "The model has innovation features only or none, so there is nothing to compare it with.",
                "模型仅含或不含创新类变量，故无“剔除创新”的对照结果。",
            )
        )
    return found


def _on_rulebook(bundle: BundleParts, as_of: date | None, decided_on: date) -> list[Notice]:
    found: list[Notice] = []
    if bundle.rulebook is None:
        return found
    if bundle.rulebook.provenance == "assumed":
        en, zh = _dependence(bundle)
        found.append(
            _notice(
                "ASSUMED_POINTS",
                "innovation.score",
                f"The points rest on weights or rules that are assumed: this is not the official score.{en}",
                f"积分所用权重或规则含假设成分，并非官方积分。{zh}",
            )
        )
    if as_of is not None and not bundle.rulebook.in_force.holds(as_of):
        found.append(
            _notice(
                "RULEBOOK_NOT_IN_FORCE",
                "innovation.rulebook",
                "The rulebook was not in force on the as-of date of the record.",
                "评估基准日不在该积分规则的有效期内。",
            )
        )
    age = ages(bundle.rulebook, np.array([as_of], dtype="datetime64[D]"), decided_on)
    if age.expired[0]:
        months = f"{age.months[0]:.0f}"
        found.append(
            _notice(
                "POINTS_EXPIRED",
                "innovation.valid_until",
                f"The points are {months} months old, longer than they are valid.",
                f"积分距今已 {months} 个月，超过其有效期。",
            )
        )
    return found


def _dependence(bundle: BundleParts) -> tuple[str, str]:
    """Say how much hangs on the assumed weights, as measured on the training rows."""
    measured = bundle.training.get("points_robustness")
    if not measured:
        return "", ""
    share, depends = measured["top_share"], measured["depends"]
    return (
        f" Of the best {share:.1%} of the training rows, {depends:.0%} owe their place to the assumed weights.",
        f"训练样本中得分最高的{share:.1%}里，有{depends:.0%}的名次取决于假设权重。",
    )


def _on_information(bundle: BundleParts, assessment: Assessment, row: int) -> list[Notice]:
    """Say of which information the record holds too little for a grade, and what to ask for."""
    found = []
    for demand in demands(bundle):
        flags = assessment.insufficient.get(demand.group.id)
        if flags is None or not flags[row]:
            continue
        columns, group = assessment.screening.columns, demand.group
        names = demand.absent(columns, row)
        absent = [field_label(bundle, name) for name in names]
        required = [field_label(bundle, name) for name in names if name in demand.required]
        in_any_case_en = f", and in any case {'; '.join(label.en for label in required)}" if required else ""
        in_any_case_zh = f"，且必须包括{'、'.join(label.zh for label in required)}" if required else ""
        held = len(demand.fields) - len(absent)
        found.append(
            _notice(
                "INSUFFICIENT_DATA",
                group.id,
                f"Too little on {group.label.en} for a grade: {held} of {len(demand.fields)} fields, at least"
                f" {demand.least} needed{in_any_case_en}. Ask for: {'; '.join(label.en for label in absent)}.",
                f"{group.label.zh}不足，不予评级：{len(demand.fields)}项中有{held}项，至少需要{demand.least}项{in_any_case_zh}。"
                f"请补充：{'、'.join(label.zh for label in absent)}。",
            )
        )
    return found


def _on_record(bundle: BundleParts, assessment: Assessment, row: int, as_of: date | None) -> list[Notice]:
    found: list[Notice] = []
    if as_of is None:
        found.append(_notice("UNDATED", "as_of", "The record has no as-of date.", "记录未给出评估基准日。"))
    if assessment.fallback[row]:
        found.append(
            _notice(
                "INNOVATION_FEED_MISSING",
                "innovation_log_odds",
                "No innovation data on file: the companion model without innovation gave the PD.",
                "无创新类数据：违约概率由不含创新类变量的对照模型给出。",
            )
        )
    outside = fields_outside(bundle, assessment, row)
    return [*found, *(Notice(code="OUT_OF_RANGE", field=name, text=text) for name, text in outside.items())]


def _unchecked(bundle: BundleParts, assessment: Assessment, row: int) -> list[Notice]:
    """Say which of the lists that a person would have to look at the record does not speak of."""
    columns, flags = assessment.screening.columns, bundle.assessment_policy.flags
    names = [field.name for field in FIELDS if field.name in flags]
    absent = [field_label(bundle, name) for name in names if np.isnan(columns[name][row])]
    if not absent:
        return []
    return [
        _notice(
            "LISTS_NOT_CHECKED",
            "refer",
            f"Not in the record, so not checked: {'; '.join(label.en_within for label in absent)}.",
            f"记录中未提供，故未核查：{'、'.join(label.zh for label in absent)}。",
        )
    ]


def _on_date(as_of: date | None, decided_on: date) -> list[Notice]:
    """Warn of a decision date that has not come; a day is left for time zones east of UTC."""
    if as_of is None or as_of <= decided_on + timedelta(days=1):
        return []
    return [_notice("FUTURE_DATE", "as_of", "The decision date has not come yet.", "评估基准日尚未到来。")]


def _implausible(bundle: BundleParts, assessment: Assessment, row: int) -> list[Notice]:
    """Warn of a feature outside its plausible range, unless what it is made of is told to be out of range."""
    told = set(assessment.screening.out_of_range_in(row))
    found = []
    for feature, value in zip(bundle.features, assessment.features[row], strict=True):
        if beyond(value, feature.range) and told.isdisjoint(feature.inputs):
            seen = apart_from_bounds(float(value), feature.range, feature.unit)
            within = within_text(feature.range, feature.unit)
            found.append(
                _notice(
                    "OUT_OF_RANGE",
                    feature.name,
                    f"{feature.label.en}: {seen.en}, outside the plausible range of {within.en}. Check what it is"
                    " made of.",
                    f"{feature.label.zh}为{seen.zh}，超出合理范围（{within.zh}）：请核对其来源数据。",
                )
            )
    return found


def _on_features(bundle: BundleParts, assessment: Assessment, row: int) -> list[Notice]:
    """Warn of a value missing where training never saw one missing: LightGBM reads it as zero."""
    never_missing = set(bundle.never_missing)
    return [
        _notice(
            "NEVER_MISSING_IN_TRAINING",
            feature.name,
            f"{feature.label.en}: no value here, though it always had one in training. The model reads it as zero.",
            f"{feature.label.zh}在训练数据中从无缺失，此处缺失：模型按零处理。",
        )
        for feature, value in zip(bundle.features, assessment.features[row], strict=True)
        if feature.name in never_missing
        and np.isnan(value)
        and not (assessment.fallback[row] and feature.domain == "innovation")  # the companion does not read it
    ]
