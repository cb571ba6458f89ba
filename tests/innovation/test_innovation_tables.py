"""The decision's innovation object, the table of points, and coverage."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from icsml.core.canonical import canonical_bytes
from icsml.innovation import coverage, describe, evaluate, points_frame

PARTS = ("value", "points", "max", "rule")


@pytest.fixture(scope="module")
def three(blank):
    return blank(
        3,
        {
            "as_of": np.array(["2026-06-30", "2026-06-30", "NaT"], dtype="datetime64[D]"),
            "staff_total": [100, np.nan, 600],
            "staff_st": [30, 20, 10],
            "rd_expense_cny": [6, 6, np.nan],
            "revenue_cny": 100,
            "total_cost_cny": 90,
            "total_assets_cny": 5,
            "ip_class1": 1,
            "prohibited_business": 0,
            "serious_violation": 0,
            "abnormal_list": 0,
            "serious_illegal_list": 0,
        },
    )


def test_the_innovation_object_of_a_decision(tech_sme, three):
    described = describe(evaluate(tech_sme, three), tech_sme, 0)
    assert set(described) == {
        "rulebook",
        "edition",
        "provenance",
        "score_provenance",
        "stage",
        "score",
        "max_score",
        "valid_until",
        "categories",
        "indicators",
        "eligible",
        "eligibility",
    }
    assert (described["rulebook"], described["provenance"], described["stage"]) == ("tech-sme-2017", "published", None)
    assert (described["score"], described["max_score"], described["eligible"]) == (100, 100, True)
    assert described["categories"][0] == {"id": "staff", "points": 20, "max": 20}
    assert described["indicators"][0] == {
        "id": "st_staff_share",
        "label": {"en": "S&T staff share of employees", "zh": "科技人员占职工总数的比例"},
        "domain": "innovation",
        "value": 0.3,
        "unit": "fraction",
        "points": 20,
        "max": 20,
        "rule": "≥ 30 %",
        "provenance": "published",
    }
    assert described["eligibility"][0] == {
        "id": "staff_limit",
        "met": True,
        "rule": "≤ 500",
        "provenance": "published",
        "text": {"en": "No more than 500 staff", "zh": "职工总数不超过500人"},
    }


def test_missing_is_null_and_unknown_is_null(tech_sme, three):
    points = evaluate(tech_sme, three)
    second, third = describe(points, tech_sme, 1), describe(points, tech_sme, 2)
    share = second["indicators"][0]
    assert (share["value"], share["rule"], second["eligible"]) == (None, "missing", None)
    assert (second["eligibility"][0]["met"], second["eligibility"][0]["rule"]) == (None, "≤ 500 (missing)")
    assert (third["eligible"], third["eligibility"][0]["met"]) == (False, False)


@pytest.mark.parametrize("row", [0, 1, 2])
def test_the_object_is_plain_json(national, tech_sme, three, row):
    for rulebook in (national, tech_sme):
        described = describe(evaluate(rulebook, three), rulebook, row)
        assert json.loads(canonical_bytes(described)) == described


def test_table_of_points(tech_sme, three, tmp_path):
    points_frame(evaluate(tech_sme, three), three).to_parquet(tmp_path / "points.parquet")
    frame = pd.read_parquet(tmp_path / "points.parquet")
    assert list(frame.columns) == [
        "enterprise_id",
        "as_of",
        "score",
        "max_score",
        "stage",
        "category.staff",
        "category.rd",
        "category.ip",
        *(f"{part}.{i}" for i in ("st_staff_share", "rd_intensity", "ip_rights") for part in PARTS),
        "eligible",
    ]
    assert frame["score"].tolist() == [100, 80, 30]
    assert frame["eligible"].tolist() == [True, pd.NA, False]
    assert frame["rule.st_staff_share"].tolist() == ["≥ 30 %", "missing", "< 10 %"]
    assert frame["as_of"].isna().tolist() == [False, False, True]


def test_coverage_is_the_share_of_rows_with_a_value(tech_sme, three, blank):
    found = coverage(tech_sme, three).indicators
    assert [(one.id, one.share) for one in found] == [
        ("st_staff_share", 2 / 3),
        ("rd_intensity", 2 / 3),
        ("ip_rights", 1.0),
    ]
    assert [one.share for one in coverage(tech_sme, blank(0)).indicators] == [0.0, 0.0, 0.0]
