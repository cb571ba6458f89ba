"""Bundles of earlier versions load for ever and decide as they did.

``models/demo`` holds a rulebook of format 1; ``ranked``, beside this file, one of format 2 that ranks among peers. Both
are bundles of format 1. ``referenced`` is one of format 2, with a reference population and its own texts, and
without actions. A bundle of each later format joins them, and none is ever written again.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from icsml.decision.decide import decide
from icsml.model.bundle import read_bundle
from icsml.records.enterprise import example_record, parse_record

DEMO = Path(__file__).resolve().parents[2] / "models" / "demo"


@pytest.fixture(scope="module")
def decision():
    record = parse_record(example_record())
    moment = datetime(2026, 7, 1, tzinfo=UTC)
    return decide(read_bundle(DEMO), record, decision_id="d", decided_at=moment).decision


def test_the_demonstration_bundle_is_the_one_that_was_written():
    assert read_bundle(DEMO).sha256 == "f2276a3730efd3f4c7b0df9b8c37a4e017f0feaa3cfa591ded8a17ef3bf0364a"


def test_it_decides_as_it_did(decision):
    assert decision.pd == pytest.approx(0.004013302084750784, rel=1e-9)  # goldens cross machines with a tolerance
    assert decision.pd_without_innovation == pytest.approx(0.004841822474962549, rel=1e-9)
    assert (decision.grade, decision.score) == ("A2", 805)
    assert decision.innovation.score == pytest.approx(68.92007131542015, rel=1e-9)


def test_its_reasons_are_as_they_were(decision):
    points = {reason.code: reason.points for reason in decision.reasons}
    assert points == {
        "INN05": 18,
        "PRF01": 15,
        "INN06": 10,
        "PRF02": 5,
        "CFL03": 3,
        "EFF04": 3,
        "LEV01": 3,
        "LIQ03": -3,
    }
    terms = {reason.code: reason.log_odds for reason in decision.reasons[:3]}
    first = {"INN05": -0.31058609788572233, "PRF01": -0.2537710857661738, "INN06": -0.1652482132931627}
    assert terms == pytest.approx(first, abs=1e-9)
    assert decision.base_log_odds == pytest.approx(-4.7004078649314165, abs=1e-9)


def test_a_bundle_of_format_1_compares_with_nobody_in_particular(decision):
    assert (decision.reference.kind, decision.reference.id) == ("path_dependent", "training-cover")
    for reason in decision.reasons:
        assert (reason.reference_value, reason.contradicts, reason.indicators) == (None, None, None)
        assert "compared with" not in reason.text.en
        assert "相比" not in reason.text.zh


def test_it_says_that_it_is_simulated(decision):
    assert decision.model.synthetic is True
    assert "Synthetic data" in (DEMO / "model_card.md").read_text("utf-8")


RANKED = Path(__file__).with_name("ranked")


@pytest.fixture(scope="module")
def ranked_decision():
    record = parse_record(example_record())
    moment = datetime(2026, 7, 1, tzinfo=UTC)
    return decide(read_bundle(RANKED), record, decision_id="d", decided_at=moment).decision


def test_the_ranked_bundle_is_the_one_that_was_written():
    assert read_bundle(RANKED).sha256 == "b04b35e7cf07b5ddf7205f531ccb40d732825fcdc4297ba62339343094716bc2"


def test_it_ranks_and_decides_as_it_did(ranked_decision):
    assert ranked_decision.pd == pytest.approx(0.006063219615578645, rel=1e-9)
    assert ranked_decision.pd_without_innovation == pytest.approx(0.00589462190934581, rel=1e-9)
    assert (ranked_decision.grade, ranked_decision.score) == ("A3", 781)
    points = ranked_decision.innovation
    assert (points.rulebook, points.stage, points.score) == (
        "national-2024",
        "growth",
        pytest.approx(70.13261904761903, rel=1e-9),
    )
    assert points.indicators[0].rule == "P93 of peers by technical_field × stage"


REFERENCED = Path(__file__).with_name("referenced")


@pytest.fixture(scope="module")
def referenced_decision():
    record = parse_record(example_record())
    moment = datetime(2026, 7, 1, tzinfo=UTC)
    return decide(read_bundle(REFERENCED), record, decision_id="d", decided_at=moment).decision


def test_the_referenced_bundle_is_the_one_that_was_written():
    assert read_bundle(REFERENCED).sha256 == "1205968e7ebb439da0e905064af1282af035f6c32e2ae46be299f8d8f3dec255"


def test_it_compares_and_decides_as_it_did(referenced_decision):
    found = referenced_decision
    assert found.pd == pytest.approx(0.008822321231915795, rel=1e-9)
    assert (found.grade, found.score, found.base_points) == ("B1", 759, 692)
    assert (found.reference.id, found.reference.n) == ("approval-margin", 150)
    assert found.base_log_odds == pytest.approx(-3.5433834400211257, abs=1e-9)
    terms = {reason.code: (reason.points, reason.log_odds) for reason in found.reasons[:3]}
    assert terms == {
        "PRF01": (26, pytest.approx(-0.4577311759391809, abs=1e-9)),
        "PRF02": (12, pytest.approx(-0.201427493287467, abs=1e-9)),
        "INN01": (7, pytest.approx(-0.11402641299219922, abs=1e-9)),
    }
    parts = {part.indicator: (part.score_points, part.log_odds) for part in found.reasons[2].indicators[:2]}
    assert parts == {
        "hightech_revenue_share": (2, pytest.approx(-0.03375476773679352, abs=1e-9)),
        "rd_staff_share": (2, pytest.approx(-0.02541320650056886, abs=1e-9)),
    }


def test_it_says_what_it_said(referenced_decision):
    """Its own texts, and any adverse reason however small: its catalogue sets no least size."""
    assert read_bundle(REFERENCED).catalogue.adverse_at_least == 0.0
    assert (
        referenced_decision.reasons[0].text.zh == "总资产净利率较高：8.8%，与恰处于准入线的申请企业（中位数0.3%）相比"
    )
    assert [reason.code for reason in referenced_decision.adverse_reasons] == ["GRO02", "SIZ02", "GRO01", "EFF01"]
    assert referenced_decision.adverse_reasons[0].text.en == (  # free, and nobody signed that a side is worse
        "Asset growth: 13.9%, compared with applicants just at the approval cut-off (median 10.5%);"
        " the model places higher risk here"
    )


def test_without_actions_it_makes_no_recourse(referenced_decision):
    assert read_bundle(REFERENCED).levers is None
    assert referenced_decision.recourse is None
    assert "NO_RECOURSE" in {warning.code for warning in referenced_decision.warnings}
