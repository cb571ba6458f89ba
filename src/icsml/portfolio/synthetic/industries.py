"""Tables of regions (GB/T 2260), industries (GB/T 4754) and invented names; every share in them is an assumption."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from icsml.core.arrays import Floats
from icsml.records.fields import TECHNICAL_FIELDS

__all__ = [
    "GIVEN",
    "HIGH_TECH_MANUFACTURING",
    "INDUSTRIES",
    "INDUSTRY_CODES",
    "INDUSTRY_SHARES",
    "REGIONS",
    "REGION_SHARES",
    "SURNAMES",
    "TECHNICAL",
    "Industry",
    "industry_column",
]


@dataclass(frozen=True, slots=True)
class Industry:
    """One industry of the portfolio.

    Parameters
    ----------
    code : str
        GB/T 4754, section letter and three or four digits.
    share : float
        Weight in the portfolio.
    technical_field : str
        The canonical technical field its firms belong to.
    high_tech_manufacturing : bool
        Whether it counts as high-tech manufacturing.
    rd_log : float
        Shift of the log R&D intensity.
    patents_log : float
        Shift of the log rate of patent applications.
    margin : float
        Shift of the operating margin.
    turnover_log : float
        Shift of log revenue over assets.
    current_logit : float
        Shift of the logit of current assets over assets.
    strategic : float
        Probability of belonging to a strategic emerging industry.
    """

    code: str
    share: float
    technical_field: str
    high_tech_manufacturing: bool
    rd_log: float
    patents_log: float
    margin: float
    turnover_log: float
    current_logit: float
    strategic: float


_ELECTRONICS, _BIO, _AERO, _MATERIALS, _SERVICES, _ENERGY, _ENVIRONMENT, _MACHINES = TECHNICAL_FIELDS

INDUSTRIES: tuple[Industry, ...] = (
    Industry("C3921", 0.05, _ELECTRONICS, True, 0.0, 0.2, 0.00, 0.0, 0.3, 0.7),
    Industry("C3973", 0.04, _ELECTRONICS, True, 0.1, 0.3, 0.01, -0.2, 0.0, 0.9),
    Industry("C3982", 0.06, _ELECTRONICS, True, -0.1, 0.1, -0.01, 0.1, 0.2, 0.5),
    Industry("C2710", 0.03, _BIO, True, 0.0, 0.1, 0.02, -0.2, 0.0, 0.7),
    Industry("C3581", 0.04, _BIO, True, 0.0, 0.2, 0.02, -0.1, 0.2, 0.7),
    Industry("C3741", 0.02, _AERO, True, 0.1, 0.2, 0.00, -0.3, 0.0, 0.9),
    Industry("C4011", 0.04, _MACHINES, True, 0.0, 0.2, 0.01, 0.0, 0.3, 0.6),
    Industry("C3489", 0.08, _MACHINES, False, -0.4, 0.0, 0.00, 0.1, 0.1, 0.2),
    Industry("C3591", 0.05, _ENVIRONMENT, False, -0.3, 0.1, 0.00, 0.0, 0.2, 0.6),
    Industry("C2659", 0.07, _MATERIALS, False, -0.4, 0.0, 0.00, 0.1, -0.1, 0.4),
    Industry("C3311", 0.06, _MATERIALS, False, -0.7, -0.3, -0.01, 0.2, 0.0, 0.1),
    Industry("C3841", 0.05, _ENERGY, False, -0.2, 0.2, 0.00, 0.0, 0.2, 0.8),
    Industry("C1499", 0.04, _BIO, False, -0.9, -0.6, -0.01, 0.3, -0.1, 0.0),
    Industry("D4415", 0.02, _ENERGY, False, -0.9, -0.5, 0.04, -0.8, -1.2, 0.7),
    Industry("I6513", 0.14, _ELECTRONICS, False, 0.7, -0.3, 0.01, 0.1, 0.9, 0.4),
    Industry("I6531", 0.06, _ELECTRONICS, False, 0.4, -0.4, 0.00, 0.2, 0.9, 0.3),
    Industry("M7320", 0.06, _SERVICES, False, 0.8, 0.2, 0.00, -0.1, 0.6, 0.4),
    Industry("M7452", 0.04, _SERVICES, False, 0.0, -0.4, 0.02, 0.1, 0.5, 0.1),
    Industry("N7721", 0.03, _ENVIRONMENT, False, -0.3, -0.1, 0.01, -0.3, -0.3, 0.6),
    Industry("A0111", 0.02, _BIO, False, -0.8, -0.7, -0.01, -0.1, -0.2, 0.1),
)

INDUSTRY_CODES = np.array([industry.code for industry in INDUSTRIES])
TECHNICAL = np.array([industry.technical_field for industry in INDUSTRIES])
INDUSTRY_SHARES: Floats = np.array([industry.share for industry in INDUSTRIES])
HIGH_TECH_MANUFACTURING = np.array([industry.high_tech_manufacturing for industry in INDUSTRIES])

REGIONS = np.array(
    [
        "110108",
        "120116",
        "130100",
        "130600",
        "140100",
        "210100",
        "220100",
        "230100",
        "310115",
        "320100",
        "320500",
        "320281",
        "330100",
        "330300",
        "340100",
        "350100",
        "360100",
        "370100",
        "370200",
        "410100",
        "420100",
        "430100",
        "440100",
        "440300",
        "441300",
        "450100",
        "460100",
        "500112",
        "510100",
        "520100",
        "530100",
        "610100",
        "620100",
        "630100",
        "650200",
    ]
)
REGION_SHARES: Floats = np.array(
    [
        8,
        3,
        1.5,
        1,
        1,
        1.5,
        1,
        1,
        7,
        5,
        6,
        1,
        6,
        2,
        4,
        2.5,
        1.5,
        2.5,
        3,
        3,
        4.5,
        3,
        6,
        8,
        1.5,
        1,
        0.7,
        2,
        5,
        0.8,
        0.8,
        3,
        0.6,
        0.3,
        0.4,
    ],
    dtype=np.float64,
)

SURNAMES = np.array(list("赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"))
GIVEN = np.array(
    [
        "伟",
        "敏",
        "静",
        "建国",
        "晓东",
        "丽华",
        "志强",
        "海燕",
        "文博",
        "雨桐",
        "国栋",
        "雪梅",
        "立新",
        "宏宇",
        "秀英",
        "子涵",
        "明远",
        "春生",
        "思远",
        "桂芳",
    ]
)


def industry_column(name: str) -> Floats:
    """Return one number of every industry, in the order of :data:`INDUSTRIES`."""
    return np.array([getattr(industry, name) for industry in INDUSTRIES], dtype=np.float64)
