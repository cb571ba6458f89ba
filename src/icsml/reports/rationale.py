"""Why a feature has its direction, in the language of the page.

The catalogue says it in English; here is the same in Chinese, by the name of the feature.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from icsml.features.catalogue import FEATURE_BY_NAME
from icsml.features.encoder import DirectionOverride
from icsml.features.feature import Feature
from icsml.reports.wording import Lang, phrase, value_name

__all__ = ["CHINESE", "rationale"]

_INPUT: Final = "不作约束：属投入类，未见其与违约关系的实证"
_RESEARCH: Final = "不作约束：研发投入单独看呈U形影响（Ugur et al. 2016；Cherkasova and Kurlyanova 2019；Zhang 2015）"
_RECOGNITION: Final = "不作约束：属政府认定类，未见其与违约关系的实证"
_ARREARS: Final = "既往逾期是再次逾期的最早信号（违约指逾期90天以上）"

CHINESE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "debt_to_assets": "Ohlson 1980；Altman and Sabato 2007",
        "borrowing_to_assets": "Altman and Sabato 2007",
        "debt_to_equity": "Altman 1968（权益负债比）；净资产为零或为负时不取值",
        "retained_earnings_to_assets": "Altman 1968；Altman and Sabato 2007",
        "current_ratio": "Beaver 1966；Ohlson 1980",
        "quick_ratio": "Beaver 1966；Altman and Sabato 2007",
        "cash_ratio": "Beaver 1966；Altman and Sabato 2007（现金与总资产之比）",
        "return_on_assets": "Beaver 1966；Altman 1968；Ohlson 1980",
        "operating_margin": "Altman 1968（息税前利润）",
        "gross_margin": "不作约束：正常水平取决于行业，而非企业优劣",
        "return_on_equity": "不作约束：净资产薄与经营好都会使其升高；净资产为零或为负时不取值",
        "revenue_growth": "不作约束：骤降与骤增均有风险",
        "asset_growth": "不作约束：扩张可能是实力，也可能是举债先于销售",
        "profit_change_to_assets": "Ohlson 1980（净利润变动）；以总资产为分母，因亏损无增长率可言",
        "receivable_days": "回款慢占用资金并掩盖坏账；Altman, Sabato and Wilson 2010（应收账款）",
        "inventory_days": "不作约束：积压与缺货都是预警，且各行业不同",
        "asset_turnover": "不作约束：取决于行业（Altman 后期模型因此剔除）",
        "cost_to_revenue": "从成本端看利润率；Altman 1968",
        "cash_flow_to_debt": "Beaver 1966；Ohlson 1980（经营资金与负债之比）",
        "cash_flow_margin": "Beaver 1966",
        "interest_cover": "Altman and Sabato 2007（EBITDA与利息之比）；无利息支出时不取值",
        "debt_service_cover": "Altman and Sabato 2007；既无利息支出又无短期借款时不取值",
        "overdue_count": _ARREARS,
        "overdue_days": _ARREARS,
        "credit_inquiries": "遭拒后四处申请授信；征信评分卡通用变量",
        "line_utilisation": "Jimenez, Lopez and Saurina 2009（违约前提款）；指已有授信，不含本次申请",
        "credit_history": "长期存续的银企关系提供信息；Petersen and Rajan 1994",
        "lenders": "不作约束：授信机构数家说明融资渠道畅通，过多则说明无一家愿意足额授信",
        "register_debt_to_revenue": "征信口径的债务负担；Altman and Sabato 2007",
        "total_assets": "Ohlson 1980（规模）；其他比率相同时，资产规模大者承受力更强",
        "revenue": "不作约束：资产既定时即为周转，其合理水平取决于行业",
        "staff": "不作约束：人员规模因行业而异，薪酬同时也是负担",
        "firm_age": "不作约束：成立初期风险先升后降（青春期劣势）",
        "statement_age": "不作约束：报表迟报是预警，但间隔多半由日历决定",
        "amount_to_revenue": "其他条件相同时，本次授信自身增加的负担",
        "application_term": "不作约束：期限长则每月负担轻，但暴露时间长",
        "innovation_score": "不作约束：投入与产出混合；未见以官方积分研究违约的文献",
        "rd_growth": _RESEARCH,
        "rd_intensity": _RESEARCH,
        "st_staff_share": _INPUT,
        "rd_staff_share": _INPUT,
        "postgraduate_share": _INPUT,
        "super_deduction_share": "不作约束：反映税务机关认可的研发费用，未见其与违约关系的实证",
        "ip_per_100_rd_staff": "产出效率：Bai and Tian 2020；EU-EFIGE 2009—2014",
        "class1_rights": "产出：Hsu et al. 2015；Kang 2018；Helmers and Rogers 2010；Kato et al. 2021",
        "valuable_class1_rights": "产出价值：Pederzoli et al. 2013；Lee and Oh",
        "class1_per_rd": "产出效率：Bai and Tian 2020；瑞典非上市企业 2002—2019",
        "invention_filings": "产出：Cockburn and Wagner 2007；Barontini 2015",
        "hightech_revenue_share": "进入市场的产出：EU-EFIGE 2009—2014",
        "tech_contract_share": "进入市场的产出：EU-EFIGE 2009—2014",
        "platforms": _RECOGNITION,
        "awards": _RECOGNITION,
        "projects": _RECOGNITION,
    }
)


def rationale(feature: Feature, override: DirectionOverride | None, lang: Lang) -> str:
    """Return why a feature has the direction it has.

    Parameters
    ----------
    feature : Feature
        As the model has it.
    override : DirectionOverride, optional
        The other direction that was set for this model; its reason is told in the words of whoever set it.
    lang : {'en', 'zh'}
        Language.
    """
    known = FEATURE_BY_NAME.get(feature.name)
    if override is not None:
        declared = value_name(str(known.direction), lang) if known else phrase("direction_of_the_data_set", lang)
        return phrase("direction_set", lang, declared=declared, reason=override.reason)
    if known is None:
        return phrase("declared_with_data", lang)
    return CHINESE.get(feature.name, feature.basis) if lang == "zh" else feature.basis
