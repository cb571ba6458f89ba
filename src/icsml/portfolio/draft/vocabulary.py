"""Words by which headings and values are recognised. Only data; the other modules use them."""

from __future__ import annotations

from typing import Final

__all__ = [
    "CODES",
    "CONSEQUENCE",
    "COUNTED",
    "DATED",
    "DATED_ENDS",
    "DECISION_DATE",
    "EVENTS",
    "EVENT_DATE",
    "FLAGS",
    "FOREIGN",
    "IDENTIFIER",
    "LATE",
    "LOANS_FROM",
    "MISSING",
    "NAMES",
    "NEGATIVE",
    "NUMBERED",
    "OPINION",
    "OUTCOME",
    "OUTCOME_WEAK",
    "PERSONAL",
    "POSITIVE",
    "SENTINELS",
    "SENTINELS_ABOVE",
    "TITLES",
    "TOTALS",
    "UNITS",
    "UNSEEN",
    "YEARLY",
]


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Latin phrases are compared word by word, Chinese ones as parts of the heading, and after "=" the whole heading.
# Earlier ones are the better signs.

IDENTIFIER: Final = (
    *("enterprise id", "企业编号", "企业代号", "企业代码", "企业id", "客户编号", "客户号", "客户代码", "纳税人识别号"),
    *(
        "firm id",
        "company id",
        "customer id",
        "client id",
        "borrower id",
        "entity id",
        "obligor id",
        "统一社会信用代码",
    ),
    *("uscc", "组织机构代码", "=firm", "=company", "=id", "借据号", "合同编号", "贷款编号", "申请编号"),
    *("loan id", "loan nr", "loan number", "contract id", "application id", "account id", "row id"),
)
LOANS_FROM: Final = IDENTIFIER.index("借据号")
"""From here on an identifier is one of loans, not of firms."""

DECISION_DATE: Final = (
    *(
        "as of",
        "评估基准日",
        "评估日期",
        "评估日",
        "决策日期",
        "审批日期",
        "申请日期",
        "申请日",
        "授信日期",
        "decision date",
    ),
    *("application date", "applied on", "approval date", "observation date", "snapshot date", "origination date"),
    *("issue date", "观察日", "基准日", "数据日期", "统计日期", "统计年度", "会计年度", "评估年度", "年度", "年份"),
    *("fiscal year", "approval fy", "fy", "year", "date", "日期"),
)

OUTCOME: Final = (
    *("是否违约", "违约标志", "违约标识", "是否不良", "不良标志", "是否坏", "坏客户", "好坏", "是否破产", "是否逾期"),
    *("default", "defaulted", "is default", "default flag", "bad", "is bad", "bad flag", "good bad", "bankrupt"),
    *("bankruptcy", "failed", "failure", "charged off", "违约", "破产", "违约状态", "贷款状态", "target", "outcome"),
    *("label", "标签", "class", "=y", "loan status", "status", "状态", "结果"),
)
OUTCOME_WEAK: Final = ("loan status", "status", "状态", "结果")
"""Headings of an outcome only where the wording of its values says which is bad."""

EVENT_DATE: Final = (
    *("default date", "date of default", "defaulted on", "failed on", "bankruptcy date", "event date"),
    *("违约日期", "违约时间", "违约日", "破产日期", "首次逾期日期", "不良日期"),
    *("charge off date", "chg off date", "chgoff date", "charged off on", "核销日期"),
)

LATE: Final = (
    *(
        "charge off",
        "charged off",
        "chg off",
        "chgoff",
        "write off",
        "written off",
        "recovery",
        "recoveries",
        "recovered",
    ),
    *(
        "lgd",
        "loss given default",
        "default amount",
        "default date",
        "months to default",
        "days to default",
        "paid off",
    ),
    *("核销", "追偿", "清收", "回收金额", "收回金额", "回收率", "不良处置", "处置日期", "代偿", "违约金额", "违约日"),
    *("违约时间", "违约损失", "催收", "结清日", "破产日", "损失率", "五级分类"),
)

CONSEQUENCE: Final = (
    *(
        "limit granted",
        "credit limit",
        "limit",
        "approved",
        "granted",
        "appv",
        "disbursement",
        "disbursed",
        "guarantee",
    ),
    *("guaranteed", "guarantor", "=interest rate", "loan interest rate", "apr", "subsidy", "subsidised", "relending"),
    *("授信额度", "批复", "批准", "审批结果", "审批金额", "核定额度", "放款", "发放金额", "担保", "保证人", "贷款利率"),
    *("执行利率", "贴息", "再贷款", "推荐名单", "白名单"),
)

OPINION: Final = (
    *("rating", "credit rating", "internal rating", "grade", "bank grade", "credit score", "scorecard", "pd"),
    *("评级", "信用等级", "信用评分", "评分", "违约概率"),
)

PERSONAL: Final = (
    *("legal representative", "id card", "phone", "mobile", "email", "e mail", "address", "contact", "person name"),
    *("法定代表人", "法人", "身份证", "姓名", "手机", "电话", "邮箱", "地址", "联系人", "实际控制人"),
)

NAMES: Final = ("企业名称", "公司名称", "客户名称", "名称", "company name", "firm name", "enterprise name", "name")

# Headings that are these words and nothing else.
NUMBERED: Final = ("row", "rownumber", "rowno", "index", "unnamed0", "序号", "行号", "no", "nr", "id", "#")

CODES: Final = (
    *("zip", "zip code", "postcode", "postal code", "code", "naics", "sic", "nace", "id", "number", "nr", "account"),
    *("代码", "编码", "编号", "号码", "邮编", "账号"),
)

DATED: Final = (
    *("date", "day", "time", "year", "fy", "month", "on", "at", "as of", "period"),
    *("日期", "时间", "年度", "年份", "年月", "月份"),
)
DATED_ENDS: Final = ("日", "期", "年", "月")
COUNTED: Final = ("date", "day", "日期", "时间")
YEARLY: Final = ("year", "fy", "年度", "年份", "日期", "date", "as of", "founded")

EVENTS: Final = {
    "bankruptcy": ("bankrupt", "bankruptcy", "破产"),
    "charge_off": ("charged off", "charge off", "chg off", "chgoff", "核销"),
    "default": ("default", "defaulted", "违约"),
}

POSITIVE: Final = _set(
    "是 有 违约 已违约 不良 坏 逾期 破产 true yes y t 1 bad default defaulted failed fail failure bankrupt bankruptcy"
    " chgoff d loss charged-off chargedoff npl 次级 可疑 损失 坏客户 核销 已核销"
) | {"charged off", "charge off", "in default", "written off"}
NEGATIVE: Final = _set(
    "否 无 正常 未违约 好 履约 结清 已结清 false no n f 0 good paid current performing ok active healthy survived pif"
    " alive 关注 好客户 存续"
) | {"p i f", "paid in full", "fully paid", "paid off", "non-default", "not failed"}
UNSEEN: Final = _set(
    "pending unknown undetermined tbd n/a na none null missing open declined rejected withdrawn cancelled canceled"
    " processing 处理中 进行中 审核中 审查中"
    " 未知 不详 待定 未到期 未决 在审 待审 审批中 拒绝 已拒绝 未放款 撤回 空 暂无 缺失 - -- — / \\ . ?"
)

MISSING: Final = _set(
    "- -- --- — —— / \\ . .. * ? n/a na n.a. #n/a null none nan nil missing unknown"
    " 无 缺失 不详 暂无 未知 空 无数据 未披露"
    " 不适用 未填 未提供"
)
SENTINELS: Final = (-99.0, -999.0, -9999.0, -99999.0, -999999.0, -99999999.0)
SENTINELS_ABOVE: Final = (999999.0, 9999999.0, 99999999.0, 999999999.0, 9999999999.0)

FLAGS: Final = (
    ("1", "0"),
    ("true", "false"),
    ("是", "否"),
    ("有", "无"),
    ("yes", "no"),
    ("y", "n"),
    ("t", "f"),
    ("√", "×"),
)
"""Pairs of words for yes and no, in small letters."""

TOTALS: Final = frozenset(("合计", "总计", "小计", "总和", "合计:", "合计：", "total", "grand total", "sum", "totals"))
TITLES: Final = ("单位:万元", "单位万元", "人民币万元", "单位:千元", "单位千元")

UNITS: Final = {
    "万元": 1e4,
    "万": 1e4,
    "人民币万元": 1e4,
    "百万元": 1e6,
    "亿元": 1e8,
    "亿": 1e8,
    "千元": 1e3,
    "元": 1.0,
    "人民币元": 1.0,
    "人民币": 1.0,
    "cny": 1.0,
    "rmb": 1.0,
    "yuan": 1.0,
    "fraction": 1.0,
    "小数": 1.0,
    "%": 0.01,
    "百分比": 0.01,
    "percent": 0.01,
    "pct": 0.01,
    "‰": 0.001,
    "人": 1.0,
    "名": 1.0,
    "个": 1.0,
    "件": 1.0,
    "项": 1.0,
    "家": 1.0,
    "次": 1.0,
    "天": 1.0,
    "月": 1.0,
    "个月": 1.0,
    "年": 1.0,
}
"""Factor into 元, a fraction or a count; a unit of its own kind is 1."""
FOREIGN: Final = _set("美元 usd us$ 欧元 eur € 港元 港币 hkd 日元 jpy 英镑 gbp 万美元 新台币 ntd twd")
