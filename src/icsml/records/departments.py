"""Departments and bodies that usually record a field.

Nobody published this table; it is our reading of which Chinese authority keeps such records (``assumed``). It groups
what is missing by whom to ask, and decides nothing.
"""

from __future__ import annotations

from typing import Final

from icsml.records.field import Domain, Field
from icsml.texts.label import Label

__all__ = ["DEPARTMENTS", "department_of"]

DEPARTMENTS: Final[dict[str, Label]] = {
    "science": Label(en="Science and technology", zh="科技"),
    "tax": Label(en="Tax", zh="税务"),
    "intellectual_property": Label(en="Intellectual property", zh="知识产权"),
    "human_resources": Label(en="Human resources and social security", zh="人力资源社会保障"),
    "market_regulation": Label(en="Market regulation", zh="市场监管"),
    "industry": Label(en="Industry and information technology", zh="工业和信息化"),
    "emergency": Label(en="Emergency management", zh="应急管理"),
    "courts": Label(en="Courts", zh="法院"),
    "credit_register": Label(en="Credit register", zh="征信"),
    "enterprise": Label(en="The enterprise and its statements", zh="企业及其报表"),
}

_KEPT_BY: Final[dict[str, tuple[str, ...]]] = {
    "science": ("research_blacklist",),
    "tax": ("rd_super_deduction_cny", "rd_tax_relief_cny"),
    "intellectual_property": (
        "invention_applications",
        "pct_applications",
        "ip_class1",
        "ip_class1_self_developed",
        "ip_class1_high_value",
        "ip_class2",
        "patent_citations",
        "patent_family_size",
        "patent_renewal_years",
        "ip_pledged_cny",
    ),
    "human_resources": ("staff_total", "staff_postgraduate", "graduates_hired", "leading_talents"),
    "market_regulation": (
        "enterprise_id",
        "enterprise_name",
        "uscc",
        "founded_on",
        "region",
        "industry",
        "legal_representative",
        "prohibited_business",
        "abnormal_list",
        "serious_illegal_list",
        "led_standard",
        "equity_raised_3y_cny",
    ),
    "industry": ("strategic_field", "future_industry", "high_growth_list"),
    "emergency": ("safety_accident_3y", "serious_violation"),
    "courts": ("dishonest_debtor",),
    "credit_register": (
        "existing_debt_cny",
        "existing_lenders",
        "credit_history_months",
        "overdue_count_24m",
        "overdue_days_max_24m",
        "credit_inquiries_6m",
        "credit_line_utilisation",
    ),
}
_DEPARTMENT_OF: Final = {name: department for department, names in _KEPT_BY.items() for name in names}


def department_of(field: Field) -> str:
    """Return the key of :data:`DEPARTMENTS` that usually records a field; by default S&T, or the enterprise itself."""
    fallback = "science" if field.domain is Domain.INNOVATION else "enterprise"
    return _DEPARTMENT_OF.get(field.name, fallback)
