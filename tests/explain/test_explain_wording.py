"""What a reason says: of its value, its unit, whom it is compared with, and nothing that is untrue."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsml.explain.quantity import quantity
from icsml.explain.wording import form_of, reason_text, reference_text
from icsml.features.catalogue import CATALOGUE, FEATURE_BY_NAME
from icsml.features.feature import from_extra
from icsml.features.reason_codes import load_reason_catalogue
from icsml.records.extra import ExtraFeature
from icsml.records.labels import Direction, Label

TEXTS = load_reason_catalogue()
NAN = float("nan")

NAMES = re.compile(r"High-tech|high-tech|of high value|高新技术|高价值|保障倍数")
"""Names in which such a word judges nothing."""

ABSOLUTE_EN = re.compile(
    r"\b(absent|accumulated|adequate|ample|bad|barely|comfortabl[ey]|enough|excessive|fell|few|good|hardly|heavy|high|"
    r"insufficient|large|largely|little|long|loss|losses|low|many|modest|most|mostly|much|negative|no|none|normal|not|"
    r"on time|poor|positive|quickly|rose|short|shrinks|slow|slowly|small|strong|sufficient|weak|well)\b",
    re.IGNORECASE,
)
ABSOLUTE_ZH = re.compile(
    "偏|较|过[高低多少]|充裕|充足|足以|不|正常|适度|存在|亏损|为负|下降|增长乏力|改善|良好|优|差|无|处于|对应|很|多次"
)
UP_EN, DOWN_EN = {"higher", "more", "longer", "larger"}, {"lower", "fewer", "shorter", "smaller"}
UP_ZH, DOWN_ZH = ("更高", "更多", "更长", "更大"), ("更低", "更少", "更短", "更小")


def words(english):
    return set(re.findall(r"[a-z&-]+", NAMES.sub("", english).lower()))


def compared(english):
    """Return the side of the median that a text names: 1 above, -1 below, 0 none."""
    return bool(words(english) & UP_EN) - bool(words(english) & DOWN_EN)


def compared_zh(chinese):
    return any(word in chinese for word in UP_ZH) - any(word in chinese for word in DOWN_ZH)


@pytest.mark.parametrize("feature", CATALOGUE, ids=lambda feature: feature.code)
@pytest.mark.parametrize("form", ["adverse", "favourable"])
def test_no_text_judges_and_each_names_the_side_its_direction_says(feature, form):
    found = TEXTS.codes[feature.code].of(form)
    assert not ABSOLUTE_EN.search(NAMES.sub("", found.en))
    assert not ABSOLUTE_ZH.search(NAMES.sub("", found.zh))
    side = feature.direction.sign * (1 if form == "adverse" else -1)
    assert len(words(found.en) & (UP_EN | DOWN_EN)) == abs(side)
    assert (compared(found.en), compared_zh(found.zh)) == (side, side)


@given(
    st.sampled_from(CATALOGUE),
    st.floats(-1e9, 1e9) | st.floats(-2, 2) | st.integers(0, 4),
    st.floats(-5, 5).filter(lambda term: term != 0.0),
    st.floats(-1e9, 1e9) | st.floats(-2, 2) | st.integers(0, 4),
)
def test_what_is_said_of_a_value_is_true_beside_the_median(feature, value, log_odds, median):
    found = text(feature, float(value), log_odds, float(median))
    side = (value > median) - (value < median)
    told_alike = quantity(value, feature.unit) == quantity(median, feature.unit)
    agrees = side * feature.direction.sign * log_odds > 0.0 and not told_alike
    assert compared(found.en) == compared_zh(found.zh) == (side if agrees else 0)
    if not agrees:
        effect = ("adds to the risk", "提高了风险") if log_odds > 0.0 else ("takes from the risk", "降低了风险")
        assert effect[0] in found.en
        assert effect[1] in found.zh


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        (0.8112, "fraction", "81.1%", "81.1%"),
        (-0.0001, "fraction", "0.0%", "0.0%"),
        (1.4, "times", "1.40 times", "1.40倍"),
        (44.6, "days", "45 days", "45天"),
        (5.98, "months", "6 months", "6个月"),
        (7.25, "years", "7.2 years", "7.2年"),
        (4_100_000.0, "CNY", "CNY 4.1 million", "410万元"),
        (-412_345.0, "CNY", "CNY -412,345", "-41.2万元"),
        (0.0, "CNY", "CNY 0", "0万元"),
        (1234.0, "persons", "1,234 persons", "1,234人"),
        (3.0, "count", "3", "3"),
        (2.5, "count", "2.5", "2.5"),
        (68.92, "points", "68.9 points", "68.9分"),
        (12.34, "rights per 100 R&D staff", "12.3 per 100 R&D staff", "每百人12.3件"),
        (0.5, "rights per million CNY", "0.50 per million CNY", "每百万元0.50件"),
        (123_456.7, "as declared", "123,457", "123,457"),
        (0.012345, "as declared", "0.0123", "0.0123"),
        (-0.0, "as declared", "0", "0"),
    ],
)
def test_a_value_reads_by_its_unit(value, unit, en, zh):
    assert quantity(value, unit) == Label(en=en, zh=zh)


def test_every_unit_of_the_catalogue_is_known():
    from icsml.explain.quantity import _UNITS

    assert {feature.unit for feature in CATALOGUE} == set(_UNITS)


def text(name, value, log_odds, median=NAN, reference="training-applicants"):
    feature = FEATURE_BY_NAME[name] if isinstance(name, str) else name
    return reason_text(TEXTS, feature, value, log_odds, reference, median)


def test_a_text_has_the_value_and_the_reference():
    assert text("debt_to_assets", 0.81, 0.4, 0.55) == Label(
        en="Liabilities relative to total assets are higher: 81.0%, compared with the average applicant (median 55.0%)",
        zh="资产负债率为81.0%，与一般申请企业（中位数55.0%）相比更高",
    )
    assert text("total_assets", 9e6, -0.4, 4e6, "approval-margin").zh == (
        "资产总额为900万元，与准入线附近的申请企业（中位数400万元）相比更大"
    )


def test_without_a_median_no_value_is_compared():
    assert text("debt_to_assets", 0.81, 0.4, reference="training-cover") == Label(
        en="Debt to assets at 81.0% adds to the risk, compared with the training applicants",
        zh="资产负债率为81.0%，与训练样本企业相比提高了风险",
    )
    for feature in CATALOGUE:
        assert not compared(text(feature, 1.0, 0.4, reference="training-cover").en)


def test_higher_is_not_said_of_a_value_below_the_median():
    assert text("debt_to_assets", 0.5, 0.4, 0.55).en == (
        "Debt to assets at 50.0% adds to the risk, compared with the average applicant (median 55.0%)"
    )
    assert text("current_ratio", 1.0, -0.1, 2.0).zh == "流动比率为1.00倍，与一般申请企业（中位数2.00倍）相比降低了风险"
    assert "adds to the risk" in text("debt_to_assets", 0.55, 0.4, 0.55).en
    assert "adds to the risk" in text("debt_to_assets", 0.55041, 0.4, 0.55).en  # "higher: 55.0%" than 55.0%
    free = text("gross_margin", 0.1, 0.4, 0.3).en
    assert free.startswith("The gross margin adds to the risk: 10.0%,")  # true of any level


def test_a_missing_value_has_its_own_text():
    for name, why in (("debt_to_assets", "an input is missing"), ("overdue_count", "not on file")):
        for log_odds, does in ((0.4, "raises"), (-0.4, "lowers")):
            found = text(name, NAN, log_odds, 0.5)
            assert why in found.en
            assert f"which {does} the risk here" in found.en
            assert FEATURE_BY_NAME[name].label.zh in found.zh
    absent = text("overdue_count", NAN, 0.4, 1.0)
    assert absent.zh == "近24个月逾期次数：未提供，与一般申请企业（中位数1）相比提高了风险"


def test_an_extra_feature_speaks_by_its_label():
    extra = from_extra(
        ExtraFeature(
            name="x1",
            label=Label(en="Odd {label}", zh="标签"),
            group="g",
            direction=Direction.RAISES_RISK,
            range=(0, 1),
        )
    )
    assert text(extra, 0.25, 0.4, 0.1).en == (
        "Odd {label} at 0.25 adds to the risk, compared with the average applicant (median 0.1)"
    )


@given(
    st.sampled_from(CATALOGUE),
    st.floats(allow_nan=True, allow_infinity=False),
    st.floats(-5, 5).filter(lambda term: term != 0.0),
    st.floats(allow_nan=True, allow_infinity=False),
    st.sampled_from(["training-applicants", "approval-margin", "training-cover"]),
)
def test_every_text_is_whole_and_always_the_same(feature, value, log_odds, median, reference):
    found = text(feature, value, log_odds, median, reference)
    assert not set("{}") & set(found.en + found.zh)
    assert found == text(feature, value, log_odds, median, reference)
    if not math.isnan(value):
        assert quantity(value, feature.unit).en in found.en
        assert quantity(value, feature.unit).zh in found.zh
    named = reference_text(TEXTS, reference, None if math.isnan(median) else quantity(median, feature.unit))
    assert named.en in found.en
    assert named.zh in found.zh
    assert form_of(log_odds) == ("adverse" if log_odds > 0 else "favourable")
