"""The one definition of an enterprise-year: every field with its type, unit, range, labels and purpose.

The pydantic model, the data-frame schema, JSON Schema and the reference page are all made from :data:`FIELDS`.
Money is in yuan (``_cny``), shares and rates are fractions, ``_prev`` is the year before.
"""

from __future__ import annotations

from icsml.records.field import Domain, Field, Kind, Outside, Purpose
from icsml.texts.label import Label

__all__ = ["CHOICES", "FIELDS", "FIELD_BY_NAME", "TECHNICAL_FIELDS", "is_flag"]

# Eight state-supported high-tech fields; the completion of the list is RECALLED (domain facts, 1.3).
TECHNICAL_FIELDS = (
    "electronics_information",
    "biomedicine",
    "aerospace",
    "new_materials",
    "hightech_services",
    "new_energy",
    "resources_environment",
    "advanced_manufacturing",
)

_RECORD, _PERSONAL, _CONSEQUENCE = Purpose.RECORD, Purpose.PERSONAL, Purpose.CONSEQUENCE
_IDENTITY, _INNOVATION, _FINANCIAL = Domain.IDENTITY, Domain.INNOVATION, Domain.FINANCIAL


def _text(
    name: str,
    en: str,
    zh: str,
    *,
    purpose: Purpose = _RECORD,
    pattern: str | None = None,
    form: str | None = None,
    required: bool = False,
    example: str | None = None,
    domain: Domain = _IDENTITY,
) -> Field:
    return Field(
        name, Kind.TEXT, en, zh, "code", domain, purpose, pattern=pattern, form=form, required=required, example=example
    )


def _category(
    name: str, en: str, zh: str, choices: tuple[str, ...], *, purpose: Purpose, example: str, domain: Domain = _IDENTITY
) -> Field:
    return Field(name, Kind.CATEGORY, en, zh, "code", domain, purpose, choices=choices, example=example)


def _date(name: str, en: str, zh: str, example: str | None, *, purpose: Purpose = _RECORD) -> Field:
    return Field(name, Kind.DATE, en, zh, "date", _IDENTITY, purpose, example=example)


def _money(
    name: str,
    en: str,
    zh: str,
    example: float,
    *,
    domain: Domain = _FINANCIAL,
    signed: bool = False,
    purpose: Purpose = Purpose.FEATURE,
    plural: bool = False,
) -> Field:
    low, kind = None if signed else 0.0, Kind.NUMBER
    return Field(name, kind, en, zh, "CNY", domain, purpose, low, 1e13, Outside.REPORT, example=example, plural=plural)


def _count(
    name: str,
    en: str,
    zh: str,
    example: int,
    *,
    domain: Domain = _INNOVATION,
    unit: str = "count",
    high: float = 1e6,
    purpose: Purpose = Purpose.FEATURE,
) -> Field:
    return Field(name, Kind.COUNT, en, zh, unit, domain, purpose, 0.0, high, Outside.REFUSE, example=example)


def _share(
    name: str,
    en: str,
    zh: str,
    example: float | None,
    *,
    domain: Domain = _FINANCIAL,
    purpose: Purpose = Purpose.FEATURE,
) -> Field:
    return Field(name, Kind.NUMBER, en, zh, "fraction", domain, purpose, 0.0, 1.0, Outside.REFUSE, example=example)


def _mean(name: str, en: str, zh: str, unit: str, example: float) -> Field:
    return Field(
        name, Kind.NUMBER, en, zh, unit, _INNOVATION, low=0.0, high=1e3, outside=Outside.REFUSE, example=example
    )


def _flag(
    name: str, en: str, zh: str, example: bool, *, domain: Domain = _INNOVATION, purpose: Purpose = Purpose.FEATURE
) -> Field:
    return Field(name, Kind.FLAG, en, zh, "flag", domain, purpose, example=example)


FIELDS: tuple[Field, ...] = (
    # identity
    _text("enterprise_id", "Enterprise identifier", "企业编号", required=True, example="E000001"),
    _text("enterprise_name", "Enterprise name", "企业名称", example="示例科技有限公司"),
    _date("as_of", "Decision date", "评估基准日", "2026-06-30"),
    _text(
        "uscc",
        "Unified social credit code",
        "统一社会信用代码",
        pattern="^[0-9A-HJ-NPQRTUWXY]{18}$",
        form="a code of 18 digits and capital letters other than I, O, S, V and Z",
        example="91350100M000100Y43",
    ),
    _date("founded_on", "Date of founding", "成立日期", "2017-03-15", purpose=Purpose.FEATURE),
    _text(
        "region",
        "Region (GB/T 2260)",
        "行政区划代码",
        pattern=r"^[1-9][0-9]{5}$",
        form="a six-digit code that does not begin with 0",
        example="350100",
    ),
    _text(
        "industry",
        "Industry (GB/T 4754)",
        "国民经济行业代码",
        pattern=r"^[A-T][0-9]{0,4}$",
        form="a letter from A to T with at most four digits",
        example="C3990",
    ),
    _category(
        "technical_field",
        "Technical field",
        "技术领域",
        TECHNICAL_FIELDS,
        purpose=_RECORD,
        example="electronics_information",
        domain=_INNOVATION,
    ),
    _text("legal_representative", "Legal representative", "法定代表人", purpose=_PERSONAL),
    _text("guarantor_name", "Guarantor, a natural person", "保证人姓名", purpose=_PERSONAL),
    _date("statement_period_end", "End of the statement period", "报表期末", "2025-12-31"),
    _date("statement_published_at", "Statements available since", "报表可得日期", "2026-04-20"),
    # people
    _count("staff_total", "Staff", "职工总数", 86, domain=_FINANCIAL, unit="persons"),
    _count("staff_st", "S&T staff", "科技人员数", 31, unit="persons"),
    _count("staff_rd", "R&D staff", "研发人员数", 22, unit="persons"),
    _count("staff_postgraduate", "Staff with a postgraduate degree", "研究生以上人员数", 9, unit="persons"),
    _count("graduates_hired", "Fresh graduates hired in the year", "吸纳应届毕业生人数", 4, unit="persons"),
    # innovation: input
    _money("rd_expense_cny", "R&D expense", "研发费用", 4_300_000.0, domain=_INNOVATION),
    _money("rd_expense_prev_cny", "R&D expense, year before", "上年研发费用", 3_700_000.0, domain=_INNOVATION),
    _money("rd_super_deduction_cny", "R&D super-deduction", "研发费用加计扣除额", 4_000_000.0, domain=_INNOVATION),
    _money(
        "rd_tax_relief_cny",
        "Income-tax relief from the R&D super-deduction",
        "研发费用加计扣除所得税减免额",
        600_000.0,
        domain=_INNOVATION,
    ),
    # innovation: output
    _money(
        "tech_contract_turnover_cny",
        "Turnover of technology contracts",
        "技术合同成交额",
        2_100_000.0,
        domain=_INNOVATION,
    ),
    _money("hightech_revenue_cny", "High-tech product revenue", "高新技术产品收入", 38_000_000.0, domain=_INNOVATION),
    _count("invention_applications", "Invention-patent applications in the year", "发明专利申请量", 3),
    _count("pct_applications", "PCT applications in the year", "PCT专利申请量", 0),
    _count("ip_class1", "Class I rights held and valid", "有效Ⅰ类知识产权数", 4),
    _count("ip_class1_self_developed", "Class I rights, self-developed", "自主研发Ⅰ类知识产权数", 3),
    _count("ip_class1_high_value", "Class I rights of high value", "高价值Ⅰ类知识产权数", 1),
    _count("ip_class2", "Class II rights held and valid", "有效Ⅱ类知识产权数", 12),
    _count("patent_citations", "Citations received by patents held and valid", "有效专利被引次数", 6),
    _mean("patent_family_size", "Mean family size of patents held, countries", "有效专利平均同族国家数", "count", 1.5),
    _mean(
        "patent_renewal_years", "Mean years that patents held have been renewed", "有效专利平均维持年限", "years", 4.2
    ),
    _money(
        "ip_pledged_cny",
        "Loans secured by pledged intellectual property",
        "知识产权质押融资额",
        0.0,
        domain=_INNOVATION,
        purpose=_RECORD,  # follows from a lender's earlier decision
    ),
    _flag("led_standard", "Led a national or industry standard", "主导制定国家或行业标准", False),
    # innovation: impact and recognition
    _money("venture_capital_cny", "Venture capital obtained", "获得风险投资金额", 0.0, domain=_INNOVATION),
    _money("equity_raised_3y_cny", "Equity raised in three years", "近三年股权融资额", 0.0, domain=_INNOVATION),
    _count("key_rd_projects", "Key R&D programme projects", "重点研发计划项目数", 0),
    _count("platforms_2y", "R&D platforms, provincial or higher, two years", "近两年省级及以上研发平台数", 1),
    _count("awards_2y", "S&T awards, provincial or higher, two years", "近两年省级及以上科技奖励数", 0),
    _count("awards_3y", "S&T awards, provincial or higher, three years", "近三年省级及以上科技奖励数", 0),
    _count("projects_2y", "S&T projects, provincial or higher, two years", "近两年省级及以上科技计划项目数", 1),
    _flag("high_growth_list", "On a high-growth enterprise list", "入选高成长企业榜单", False),
    _flag("high_tech_enterprise", "Certified high-tech enterprise", "高新技术企业", True),
    _flag("provincial_rd_institution", "Provincial R&D institution", "省级研发机构", False),
    _count("leading_talents", "Leading talents, national or provincial", "国家级或省级领军人才数", 0, unit="persons"),
    _flag("future_industry", "Future industry", "属于未来产业", False),
    _flag("strategic_field", "Strategic emerging industry", "属于战略性新兴产业", True),
    # conduct
    _flag(
        "prohibited_business",
        "Prohibited or restricted business",
        "禁止或限制类业务",
        False,
        domain=_IDENTITY,
        purpose=_RECORD,
    ),
    _flag(
        "serious_violation",
        "Serious violation or dishonesty",
        "重大违法或严重失信",
        False,
        domain=_IDENTITY,
        purpose=_RECORD,
    ),
    _flag(
        "abnormal_list", "On the abnormal-operation list", "列入经营异常名录", False, domain=_IDENTITY, purpose=_RECORD
    ),
    _flag(
        "serious_illegal_list",
        "On the serious-illegality list",
        "列入严重违法失信名单",
        False,
        domain=_IDENTITY,
        purpose=_RECORD,
    ),
    _flag(
        "safety_accident_3y",
        "Major safety accident in three years",
        "近三年发生重大安全事故",
        False,
        domain=_IDENTITY,
        purpose=_RECORD,
    ),
    _flag(
        "research_blacklist",
        "On the research-dishonesty blacklist",
        "列入科研诚信黑名单",
        False,
        domain=_IDENTITY,
        purpose=_RECORD,
    ),
    _flag("dishonest_debtor", "Dishonest judgment debtor", "失信被执行人", False, domain=_IDENTITY, purpose=_RECORD),
    # income
    _money("revenue_cny", "Operating revenue", "营业收入", 52_000_000.0),
    _money("revenue_prev_cny", "Operating revenue, year before", "上年营业收入", 45_000_000.0),
    _money("main_revenue_cny", "Main-business revenue", "主营业务收入", 49_000_000.0),
    _money("main_revenue_prev_cny", "Main-business revenue, year before", "上年主营业务收入", 42_500_000.0),
    _money("total_cost_cny", "Total cost and expense", "成本费用总额", 47_500_000.0),
    _money("operating_cost_cny", "Cost of sales", "营业成本", 34_000_000.0),
    _money("operating_profit_cny", "Operating profit", "营业利润", 4_500_000.0, signed=True),
    _money("interest_expense_cny", "Interest expense", "利息支出", 520_000.0),
    _money("depreciation_cny", "Depreciation and amortisation", "折旧与摊销", 1_300_000.0),
    _money("net_profit_cny", "Net profit", "净利润", 3_600_000.0, signed=True),
    _money("net_profit_prev_cny", "Net profit, year before", "上年净利润", 2_900_000.0, signed=True),
    # balance sheet
    _money("cash_cny", "Cash", "货币资金", 6_500_000.0),
    _money("receivables_cny", "Receivables", "应收账款", 11_000_000.0, plural=True),
    _money("inventory_cny", "Inventory", "存货", 7_500_000.0),
    _money("current_assets_cny", "Current assets", "流动资产", 27_000_000.0, plural=True),
    _money("fixed_assets_cny", "Fixed assets", "固定资产", 9_000_000.0, plural=True),
    _money("intangible_assets_cny", "Intangible assets", "无形资产", 2_000_000.0, plural=True),
    _money("total_assets_cny", "Total assets", "资产总额", 41_000_000.0, plural=True),
    _money("total_assets_prev_cny", "Total assets, year before", "上年资产总额", 36_000_000.0, plural=True),
    _money("payables_cny", "Payables", "应付账款", 6_000_000.0, plural=True),
    _money("short_term_debt_cny", "Short-term borrowing", "短期借款", 8_000_000.0),
    _money("current_liabilities_cny", "Current liabilities", "流动负债", 17_000_000.0, plural=True),
    _money("long_term_debt_cny", "Long-term borrowing", "长期借款", 2_500_000.0),
    _money("total_liabilities_cny", "Total liabilities", "负债总额", 20_500_000.0, plural=True),
    _money("retained_earnings_cny", "Retained earnings", "未分配利润", 7_000_000.0, signed=True, plural=True),
    _money("equity_cny", "Owners' equity", "所有者权益", 20_500_000.0, signed=True),
    # cash flow
    _money("operating_cash_flow_cny", "Cash flow from operations", "经营活动现金流净额", 3_100_000.0, signed=True),
    _money("investing_cash_flow_cny", "Cash flow from investing", "投资活动现金流净额", -2_400_000.0, signed=True),
    _money("financing_cash_flow_cny", "Cash flow from financing", "筹资活动现金流净额", 400_000.0, signed=True),
    # credit history and existing debt
    _money("existing_debt_cny", "Existing interest-bearing debt, credit register", "征信有息负债余额", 10_500_000.0),
    _count("existing_lenders", "Lenders with an open exposure", "未结清授信机构数", 2, domain=_FINANCIAL, high=1000),
    _count(
        "credit_history_months",
        "Months since the first loan",
        "首笔贷款至今月数",
        54,
        domain=_FINANCIAL,
        unit="months",
        high=1200,
    ),
    _count("overdue_count_24m", "Overdue payments in 24 months", "近24个月逾期次数", 0, domain=_FINANCIAL, high=10000),
    _count(
        "overdue_days_max_24m",
        "Longest overdue in 24 months",
        "近24个月最长逾期天数",
        0,
        domain=_FINANCIAL,
        unit="days",
        high=750,
    ),
    _count(
        "credit_inquiries_6m", "Lender inquiries in six months", "近6个月授信查询次数", 2, domain=_FINANCIAL, high=10000
    ),
    Field(
        "credit_line_utilisation",
        Kind.NUMBER,
        "Use of existing credit lines",
        "授信额度使用率",
        "fraction",
        _FINANCIAL,
        low=0.0,
        high=10.0,  # above 1 is drawn over the limit, and such borrowers are those to assess; 62 is no fraction
        outside=Outside.REFUSE,
        example=0.62,
    ),
    # the application
    _money("application_amount_cny", "Amount applied for", "申请金额", 5_000_000.0),
    _count("application_term_months", "Term applied for", "申请期限", 12, domain=_FINANCIAL, unit="months", high=600),
    _category(
        "application_product",
        "Product applied for",
        "申请产品",
        ("working_capital", "fixed_asset", "credit_line", "ip_pledge", "project"),
        purpose=_RECORD,
        example="working_capital",
    ),
    _category(
        "collateral_type",
        "Collateral offered",
        "担保物类型",
        ("none", "real_estate", "equipment", "receivables", "intellectual_property", "other"),
        purpose=_RECORD,
        example="none",
    ),
    _money("collateral_value_cny", "Value of the collateral offered", "担保物价值", 0.0, purpose=_RECORD),
    _category(
        "guarantee_type",
        "Guarantee",
        "保证方式",
        ("none", "personal", "corporate", "government_fund"),
        purpose=_CONSEQUENCE,
        example="none",
    ),
    _share("guarantee_share", "Share of the loan under guarantee", "担保比例", 0.0, purpose=_CONSEQUENCE),
    # consequences of earlier decisions
    _flag(
        "on_recommended_list",
        "On the ICS recommended list",
        "创新积分推荐名单",
        False,
        domain=_IDENTITY,
        purpose=_CONSEQUENCE,
    ),
    _flag(
        "relending_supported",
        "Under the re-lending programme",
        "享受再贷款支持",
        False,
        domain=_IDENTITY,
        purpose=_CONSEQUENCE,
    ),
    _flag("interest_subsidised", "Interest subsidised", "享受贴息", False, domain=_IDENTITY, purpose=_CONSEQUENCE),
    _money("limit_granted_cny", "Limit granted", "已批授信额度", 0.0, purpose=_CONSEQUENCE),
    # the bank's own rating
    Field(
        "bank_pd",
        Kind.NUMBER,
        "The bank's own PD",
        "银行内部违约概率",
        "fraction",
        _IDENTITY,
        Purpose.BANK_RATING,
        0.0,
        1.0,
        Outside.REFUSE,
        example=0.021,
    ),
    _text("bank_grade", "The bank's own grade", "银行内部评级", purpose=Purpose.BANK_RATING, example="BB"),
)

FIELD_BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}

CHOICES: dict[str, Label] = {
    "electronics_information": Label(en="Electronics and information", zh="电子信息"),
    "biomedicine": Label(en="Biology and new medicine", zh="生物与新医药"),
    "aerospace": Label(en="Aerospace", zh="航空航天"),
    "new_materials": Label(en="New materials", zh="新材料"),
    "hightech_services": Label(en="High-tech services", zh="高技术服务业"),
    "new_energy": Label(en="New energy and energy saving", zh="新能源与节能"),
    "resources_environment": Label(en="Resources and environment", zh="资源与环境"),
    "advanced_manufacturing": Label(en="Advanced manufacturing", zh="先进制造与自动化"),
    "working_capital": Label(en="Working capital", zh="流动资金贷款"),
    "fixed_asset": Label(en="Fixed assets", zh="固定资产贷款"),
    "credit_line": Label(en="Credit line", zh="循环授信额度"),
    "ip_pledge": Label(en="Pledge of intellectual property", zh="知识产权质押贷款"),
    "project": Label(en="Project", zh="项目贷款"),
    "none": Label(en="None", zh="无"),
    "real_estate": Label(en="Real estate", zh="不动产"),
    "equipment": Label(en="Equipment", zh="机器设备"),
    "receivables": Label(en="Receivables", zh="应收账款"),
    "intellectual_property": Label(en="Intellectual property", zh="知识产权"),
    "other": Label(en="Other", zh="其他"),
    "personal": Label(en="Personal", zh="个人保证"),
    "corporate": Label(en="Corporate", zh="企业保证"),
    "government_fund": Label(en="Government guarantee fund", zh="政府性融资担保"),
}
"""How the values of categories read, by value."""


def is_flag(name: str) -> bool:
    """Return whether there is a field of this name that is a flag."""
    return name in FIELD_BY_NAME and FIELD_BY_NAME[name].kind is Kind.FLAG
