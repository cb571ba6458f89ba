"""Innovation: the rulebook's points and the raw sub-indicators.

Directions follow the evidence on default: output and productivity lower risk; R&D input alone does not (the literature
finds a U, or a higher risk), and the score mixes both, so these stay free. Recognition by the state (awards, projects,
platforms) has no evidence of its own and stays free. Being on a list of selected enterprises is no feature: it follows
from earlier decisions.
"""

from __future__ import annotations

from icsml.core.arithmetic import add, growth, known, ratio, scale
from icsml.core.arrays import Floats
from icsml.features.feature import INNOVATION_SCORE, POINTS_COLUMN, Feature, Group
from icsml.records.direction import Direction
from icsml.records.field import Domain, Purpose
from icsml.records.fields import FIELDS
from icsml.texts.label import Label

__all__ = [
    "FEATURES",
    "INNOVATION_FIELDS",
    "awards",
    "class1_per_rd",
    "class1_rights",
    "hightech_revenue_share",
    "innovation_score",
    "invention_filings",
    "ip_per_100_rd_staff",
    "platforms",
    "postgraduate_share",
    "projects",
    "rd_growth",
    "rd_intensity",
    "rd_staff_share",
    "st_staff_share",
    "super_deduction_share",
    "tech_contract_share",
    "valuable_class1_rights",
]

INNOVATION_FIELDS: tuple[str, ...] = tuple(
    field.name for field in FIELDS if field.domain is Domain.INNOVATION and field.purpose is Purpose.FEATURE
)

_INNOVATION = Group("innovation", "INN")
_MILLION = 1e6
_INPUT = Label(
    en="Free: R&D input alone has a U-shaped effect (Ugur et al. 2016; Cherkasova and Kurlyanova 2019; Zhang 2015)",
    zh="不作约束：研发投入单独看呈U形影响（Ugur et al. 2016；Cherkasova and Kurlyanova 2019；Zhang 2015）",
)
_PEOPLE = Label(en="Free: an input; no evidence on default was found", zh="不作约束：属投入类，未见其与违约关系的实证")
_RECOGNITION = Label(
    en="Free: recognition by the state; no evidence on default was found",
    zh="不作约束：属政府认定类，未见其与违约关系的实证",
)

innovation_score = Feature(
    name=INNOVATION_SCORE,
    code="INN01",
    group=_INNOVATION.name,
    label=Label(en="Score of the innovation indicators", zh="创新类指标得分"),
    direction=Direction.FREE,
    domain=Domain.INNOVATION,
    inputs=INNOVATION_FIELDS,
    function=lambda columns: known(columns[POINTS_COLUMN]),
    unit="points",
    range=(None, None),
    definition="The rulebook's points over its indicators of domain innovation",
    basis=Label(
        en="Free: a mixture of input and output; no study of default on the official score was found",
        zh="不作约束：投入与产出混合；未见以官方积分研究违约的文献",
    ),
)


@_INNOVATION.feature(
    2,
    label=Label(en="Growth of R&D expense", zh="研发费用增速"),
    direction=Direction.FREE,
    unit="fraction",
    plausible=(-1.0, 20.0),
    basis=_INPUT,
)
def rd_growth(rd_expense_cny: Floats, rd_expense_prev_cny: Floats) -> Floats:
    """(R&D expense - year before) / year before."""
    return growth(rd_expense_cny, rd_expense_prev_cny)


@_INNOVATION.feature(
    3,
    label=Label(en="R&D intensity", zh="研发投入强度"),
    direction=Direction.FREE,
    unit="fraction",
    plausible=(0.0, 5.0),
    basis=_INPUT,
)
def rd_intensity(rd_expense_cny: Floats, revenue_cny: Floats) -> Floats:
    """R&D expense / operating revenue."""
    return ratio(rd_expense_cny, revenue_cny)


@_INNOVATION.feature(
    4,
    label=Label(en="Share of S&T staff", zh="科技人员占比"),
    direction=Direction.FREE,
    unit="fraction",
    plausible=(0.0, 1.0),
    basis=_PEOPLE,
)
def st_staff_share(staff_st: Floats, staff_total: Floats) -> Floats:
    """S&T staff / staff."""
    return ratio(staff_st, staff_total)


@_INNOVATION.feature(
    5,
    label=Label(en="Share of R&D staff", zh="研发人员占比"),
    direction=Direction.FREE,
    unit="fraction",
    plausible=(0.0, 1.0),
    basis=_PEOPLE,
)
def rd_staff_share(staff_rd: Floats, staff_total: Floats) -> Floats:
    """R&D staff / staff."""
    return ratio(staff_rd, staff_total)


@_INNOVATION.feature(
    6,
    label=Label(en="Share of staff with a postgraduate degree", zh="研究生以上人员占比"),
    direction=Direction.FREE,
    unit="fraction",
    plausible=(0.0, 1.0),
    basis=_PEOPLE,
)
def postgraduate_share(staff_postgraduate: Floats, staff_total: Floats) -> Floats:
    """Staff with a postgraduate degree / staff."""
    return ratio(staff_postgraduate, staff_total)


@_INNOVATION.feature(
    7,
    label=Label(en="R&D recognised for super-deduction", zh="研发费用加计扣除比例"),
    direction=Direction.FREE,
    unit="fraction",
    plausible=(0.0, 2.5),
    basis=Label(
        en="Free: shows how much R&D the tax office accepts; no evidence on default was found",
        zh="不作约束：反映税务机关认可的研发费用，未见其与违约关系的实证",
    ),
)
def super_deduction_share(rd_super_deduction_cny: Floats, rd_expense_cny: Floats) -> Floats:
    """R&D super-deduction / R&D expense."""
    return ratio(rd_super_deduction_cny, rd_expense_cny)


@_INNOVATION.feature(
    8,
    label=Label(en="IP rights per 100 R&D staff", zh="每百人研发人员知识产权数"),
    direction=Direction.LOWERS_RISK,
    unit="rights per 100 R&D staff",
    plausible=(0.0, 2000.0),
    basis=Label(
        en="Productivity: Bai and Tian 2020; EU-EFIGE 2009-2014", zh="产出效率：Bai and Tian 2020；EU-EFIGE 2009—2014"
    ),
)
def ip_per_100_rd_staff(ip_class1: Floats, ip_class2: Floats, staff_rd: Floats) -> Floats:
    """100 x (Class I + Class II rights) / R&D staff."""
    return scale(ratio(add(ip_class1, ip_class2), staff_rd), 100.0)


@_INNOVATION.feature(
    9,
    label=Label(en="Class I rights held and valid", zh="有效Ⅰ类知识产权数"),
    direction=Direction.LOWERS_RISK,
    unit="count",
    plausible=(0.0, 5000.0),
    basis=Label(
        en="Output: Hsu et al. 2015; Kang 2018; Helmers and Rogers 2010; Kato et al. 2021",
        zh="产出：Hsu et al. 2015；Kang 2018；Helmers and Rogers 2010；Kato et al. 2021",
    ),
)
def class1_rights(ip_class1: Floats) -> Floats:
    """Class I rights held and valid."""
    return known(ip_class1)


@_INNOVATION.feature(
    10,
    label=Label(en="Class I rights of high value", zh="高价值Ⅰ类知识产权数"),
    direction=Direction.LOWERS_RISK,
    unit="count",
    plausible=(0.0, 2000.0),
    basis=Label(
        en="Output by value: Pederzoli et al. 2013; Lee and Oh", zh="产出价值：Pederzoli et al. 2013；Lee and Oh"
    ),
)
def valuable_class1_rights(ip_class1_high_value: Floats) -> Floats:
    """Class I rights of high value."""
    return known(ip_class1_high_value)


@_INNOVATION.feature(
    11,
    label=Label(en="Class I rights per million yuan of R&D", zh="每百万元研发费用Ⅰ类知识产权数"),
    direction=Direction.LOWERS_RISK,
    unit="rights per million CNY",
    plausible=(0.0, 100.0),
    basis=Label(
        en="Productivity: Bai and Tian 2020; Swedish private firms 2002-2019",
        zh="产出效率：Bai and Tian 2020；瑞典非上市企业 2002—2019",
    ),
)
def class1_per_rd(ip_class1: Floats, rd_expense_cny: Floats) -> Floats:
    """1,000,000 x Class I rights / R&D expense."""
    return scale(ratio(ip_class1, rd_expense_cny), _MILLION)


@_INNOVATION.feature(
    12,
    label=Label(en="Invention-patent applications", zh="发明专利申请量"),
    direction=Direction.LOWERS_RISK,
    unit="count",
    plausible=(0.0, 2000.0),
    basis=Label(
        en="Output: Cockburn and Wagner 2007; Barontini 2015", zh="产出：Cockburn and Wagner 2007；Barontini 2015"
    ),
)
def invention_filings(invention_applications: Floats) -> Floats:
    """Invention-patent applications in the year."""
    return known(invention_applications)


@_INNOVATION.feature(
    13,
    label=Label(en="High-tech share of revenue", zh="高新技术产品收入占比"),
    direction=Direction.LOWERS_RISK,
    unit="fraction",
    plausible=(0.0, 1.0),
    basis=Label(en="Output that reached the market: EU-EFIGE 2009-2014", zh="进入市场的产出：EU-EFIGE 2009—2014"),
)
def hightech_revenue_share(hightech_revenue_cny: Floats, revenue_cny: Floats) -> Floats:
    """High-tech product revenue / operating revenue."""
    return ratio(hightech_revenue_cny, revenue_cny)


@_INNOVATION.feature(
    14,
    label=Label(en="Technology contracts to revenue", zh="技术合同成交额占营业收入比重"),
    direction=Direction.LOWERS_RISK,
    unit="fraction",
    plausible=(0.0, 5.0),
    basis=Label(en="Output that reached the market: EU-EFIGE 2009-2014", zh="进入市场的产出：EU-EFIGE 2009—2014"),
)
def tech_contract_share(tech_contract_turnover_cny: Floats, revenue_cny: Floats) -> Floats:
    """Turnover of technology contracts / operating revenue."""
    return ratio(tech_contract_turnover_cny, revenue_cny)


@_INNOVATION.feature(
    15,
    label=Label(en="R&D platforms, two years", zh="近两年省级及以上研发平台数"),
    direction=Direction.FREE,
    unit="count",
    plausible=(0.0, 50.0),
    basis=_RECOGNITION,
)
def platforms(platforms_2y: Floats) -> Floats:
    """R&D platforms, provincial or higher, in two years."""
    return known(platforms_2y)


@_INNOVATION.feature(
    16,
    label=Label(en="S&T awards, two years", zh="近两年省级及以上科技奖励数"),
    direction=Direction.FREE,
    unit="count",
    plausible=(0.0, 50.0),
    basis=_RECOGNITION,
)
def awards(awards_2y: Floats) -> Floats:
    """S&T awards, provincial or higher, in two years."""
    return known(awards_2y)


@_INNOVATION.feature(
    17,
    label=Label(en="S&T projects, two years", zh="近两年省级及以上科技计划项目数"),
    direction=Direction.FREE,
    unit="count",
    plausible=(0.0, 50.0),
    basis=_RECOGNITION,
)
def projects(projects_2y: Floats) -> Floats:
    """S&T projects, provincial or higher, in two years."""
    return known(projects_2y)


FEATURES: tuple[Feature, ...] = (
    innovation_score,
    rd_growth,
    rd_intensity,
    st_staff_share,
    rd_staff_share,
    postgraduate_share,
    super_deduction_share,
    ip_per_100_rd_staff,
    class1_rights,
    valuable_class1_rights,
    class1_per_rd,
    invention_filings,
    hightech_revenue_share,
    tech_contract_share,
    platforms,
    awards,
    projects,
)
