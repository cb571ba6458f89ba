"""Other headings of canonical fields, beside their names and labels. Only data."""

from __future__ import annotations

from typing import Final

__all__ = ["SYNONYMS"]

SYNONYMS: Final = {
    "enterprise_name": (
        *("公司名称", "企业全称", "公司全称", "单位名称", "company name", "firm name", "name of enterprise"),
    ),
    "uscc": ("社会信用代码", "信用代码", "统一信用代码", "unified social credit code"),
    "founded_on": (
        *("成立时间", "成立日", "注册日期", "注册时间", "设立日期", "成立年份", "founded", "date founded"),
        *("founding date", "incorporation date", "date of incorporation", "established"),
    ),
    "region": ("行政区划", "地区代码", "区划代码", "行政区代码"),
    "industry": ("行业代码", "国民经济行业", "所属行业", "行业", "行业分类代码", "所属行业代码", "industry code"),
    "technical_field": ("所属技术领域", "高新技术领域", "technology field"),
    "legal_representative": ("法人代表", "法人姓名", "法定代表人姓名"),
    "statement_period_end": ("报告期", "会计期末", "财报日期", "报表日期", "报告期末", "period end", "statement date"),
    "statement_published_at": ("报表披露日期", "披露日期", "公告日期", "published at", "publication date"),
    "staff_total": (
        *("员工人数", "员工总数", "职工人数", "从业人员数", "从业人数", "在职人数", "人员总数", "参保人数"),
        *("employees", "number of employees", "headcount", "staff", "no emp"),
    ),
    "staff_st": ("科技人员", "科技人员数量", "科技活动人员数"),
    "staff_rd": ("研发人员", "研发人员数量", "研究开发人员数", "r&d employees"),
    "rd_expense_cny": (
        *("研发投入", "研发支出", "研究开发费用", "研发经费", "研发费用总额", "r&d", "r&d expenses", "r&d expenditure"),
        *("research and development expense", "rd expense"),
    ),
    "hightech_revenue_cny": ("高新技术产品（服务）收入", "高新收入"),
    "invention_applications": ("发明专利申请数", "发明专利申请数量"),
    "high_tech_enterprise": ("是否高新技术企业", "高企", "是否高企", "高新技术企业认定"),
    "revenue_cny": (
        *("营业总收入", "营收", "销售收入", "营业额", "本年营业收入", "当年营业收入", "revenue", "sales", "turnover"),
        *("total revenue", "operating income"),
    ),
    "revenue_prev_cny": ("上年营业总收入", "上期营业收入", "去年营业收入", "revenue previous year"),
    "main_revenue_cny": ("主营收入",),
    "total_cost_cny": ("营业总成本", "成本费用合计"),
    "operating_cost_cny": ("主营业务成本", "cost of goods sold", "cogs"),
    "interest_expense_cny": ("利息费用", "interest expense"),
    "depreciation_cny": ("折旧摊销", "折旧和摊销", "depreciation"),
    "net_profit_cny": ("税后利润", "净利", "net income", "profit after tax"),
    "cash_cny": ("现金及现金等价物", "现金", "cash and cash equivalents"),
    "receivables_cny": ("应收账款净额", "应收帐款", "accounts receivable"),
    "inventory_cny": ("存货净额", "inventories"),
    "current_assets_cny": ("流动资产合计", "流动资产总额", "total current assets"),
    "fixed_assets_cny": ("固定资产净额", "固定资产合计", "固定资产净值"),
    "total_assets_cny": ("资产总计", "总资产", "资产合计", "total assets", "assets"),
    "total_assets_prev_cny": ("上年资产总计", "上年总资产"),
    "payables_cny": ("应付帐款", "accounts payable"),
    "short_term_debt_cny": ("短期贷款", "short term borrowings", "short term debt"),
    "current_liabilities_cny": ("流动负债合计", "流动负债总额", "total current liabilities"),
    "long_term_debt_cny": ("长期贷款", "long term borrowings", "long term debt"),
    "total_liabilities_cny": ("负债合计", "总负债", "负债总计", "liabilities"),
    "equity_cny": (
        *(
            "所有者权益合计",
            "股东权益",
            "股东权益合计",
            "净资产",
            "所有者权益总额",
            "权益合计",
            "所有者权益（或股东权益）合计",
        ),
        *("total equity", "shareholders equity", "net assets"),
    ),
    "operating_cash_flow_cny": ("经营活动产生的现金流量净额", "经营现金流", "经营性现金流净额", "operating cash flow"),
    "investing_cash_flow_cny": ("投资活动产生的现金流量净额", "investing cash flow"),
    "financing_cash_flow_cny": ("筹资活动产生的现金流量净额", "financing cash flow"),
    "existing_debt_cny": ("有息负债", "有息负债余额"),
    "application_amount_cny": ("贷款申请金额", "申请额度", "amount applied", "requested amount"),
    "application_term_months": ("贷款申请期限", "申请期限月数"),
    "limit_granted_cny": ("批复额度", "授信额度", "已批额度", "批准额度"),
    "bank_pd": ("内部违约概率", "pd"),
    "bank_grade": ("内部评级", "行内评级", "内部信用评级", "internal rating"),
}
