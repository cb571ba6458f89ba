"""What moved between two decisions on one firm: steps that add up for any two records and models."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from itertools import count

import lightgbm as lgb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from icsml.core.canonical import canonical_bytes
from icsml.decision.assess import assess
from icsml.decision.decide import decide
from icsml.errors import InputError, LedgerError, ModelError
from icsml.features.innovation import INNOVATION_FIELDS
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.ledger.changes import changes, first_decision
from icsml.ledger.decision_payload import decision_entry
from icsml.ledger.sealing import opened
from icsml.model.bundle import BundleParts, write_bundle
from icsml.model.calibrate import Affine
from icsml.records.enterprise import frame_records

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
NAMES = ["as it is", "other calibration", "other rulebook", "fewer rounds", "all but the data", "other scale",
         "without points"]  # fmt: skip
SOME = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
numbers = count()


def _fewer_rounds(scorer, rounds=12):
    return replace(scorer, booster=lgb.Booster(model_str=scorer.booster.model_to_string(num_iteration=rounds)))


@pytest.fixture(scope="module")
def bundles(bundle, tmp_path_factory):
    """The same model, and models that differ from it in one thing or in several."""
    calibration = Affine(0.8, -0.35)
    fewer, rules = _fewer_rounds(bundle.model), load_rulebook("tech-sme-2017")
    companion = _fewer_rounds(bundle.companion)
    wider = bundle.scale.model_copy(update={"pdo": 60})
    made = {
        "other calibration": {"model": replace(bundle.model, calibration=calibration)},
        "other rulebook": {"rulebook": rules, "reference": None},
        "fewer rounds": {"model": fewer, "companion": companion},
        "all but the data": {
            "model": replace(fewer, calibration=calibration),
            "companion": replace(companion, calibration=Affine(1.1, 0.1)),
            "rulebook": rules,
            "reference": None,
        },
        "other scale": {"scale": wider},
        "without points": {
            "model": bundle.companion,
            "companion": None,
            "rulebook": None,
            "reference": None,
            "levers": None,
        },
    }
    parts = {part.name: getattr(bundle, part.name) for part in fields(BundleParts)}
    folder = tmp_path_factory.mktemp("changed")
    return {"as it is": bundle} | {
        name: write_bundle(folder / name.replace(" ", "-"), BundleParts(**(parts | changed)))
        for name, changed in made.items()
    }


@pytest.fixture(scope="module")
def records(enterprises):
    """Records of many firms under one name, some of them without innovation data."""
    return [record.model_copy(update={"enterprise_id": "firm"}) for record in frame_records(enterprises.head(150))]


def decided(bundle, record, at=NOW):
    """Return the payload of a decision as it is recorded."""
    made = decide(bundle, record, decision_id=f"d-{next(numbers)}", decided_at=at, version="3", with_recourse=False)
    request = canonical_bytes(record.model_dump(mode="json", exclude_none=True))
    entry = decision_entry("bank-a", bundle, request, made)
    return opened(entry.decision_id, *entry.sealed)[0]


def compared(earlier, later, **how):
    """Compare what two bundles decided on two records."""
    given_ = [(bundle, decided(bundle, record)) for bundle, record in (earlier, later)]
    return changes(*given_, **how)


def moved(found):
    return {step.step for step in found.steps if step.log_odds or step.points}


def adds_up(found, earlier, later):
    """Check that what is told is what was recorded, and that all of it adds up."""
    before, after = (json.loads(data)["decision"] for data in (earlier, later))
    assert (found.previous.pd, found.previous.score, found.previous.grade) == tuple(
        before[name] for name in ("pd", "score", "grade")
    )
    assert (found.decision.pd, found.decision.score) == (after["pd"], after["score"])
    assert found.points == after["score"] - before["score"] == sum(step.points for step in found.steps)
    assert found.log_odds == found.decision.log_odds - found.previous.log_odds
    assert sum(step.log_odds for step in found.steps) == pytest.approx(found.log_odds, abs=1e-12)
    assert [found.steps[0].pd_before, found.steps[-1].pd_after] == [before["pd"], after["pd"]]
    assert [found.steps[0].score_before, found.steps[-1].score_after] == [before["score"], after["score"]]
    for one, following in zip(found.steps, found.steps[1:], strict=False):
        assert (one.pd_after, one.score_after) == (following.pd_before, following.score_before)
    assert all(step.points == step.score_after - step.score_before for step in found.steps)
    data = found.data
    points = sum(each.points for each in data.contributions) + data.other_points + data.base_points
    terms = sum(each.log_odds for each in data.contributions) + data.other_log_odds + data.base_log_odds
    assert points == found.steps[0].points
    assert terms == pytest.approx(found.steps[0].log_odds, abs=1e-9)


class TestAddingUp:
    @SOME
    @given(st.data())
    def test_steps_and_contributions_add_up_for_any_two_records_and_models(self, bundles, records, data):
        earlier, later = (
            (bundles[data.draw(st.sampled_from(NAMES))], data.draw(st.sampled_from(records))) for _ in range(2)
        )
        both = [decided(*earlier), decided(*later)]
        found = changes((earlier[0], both[0]), (later[0], both[1]), most=data.draw(st.integers(0, 12)))
        adds_up(found, *both)
        assert len({step.step for step in found.steps}) == len(found.steps)
        assert found == type(found).model_validate_json(canonical_bytes(found.model_dump(mode="json")))

    @SOME
    @given(st.data())
    def test_the_way_back_is_as_long(self, bundles, records, data):
        one, other = ((bundles["as it is"], data.draw(st.sampled_from(records))) for _ in range(2))
        there, back = compared(one, other), compared(other, one)
        assert (there.log_odds, there.points) == (-back.log_odds, -back.points)
        assert {each.feature: each.log_odds for each in there.data.contributions} == {
            each.feature: -each.log_odds for each in back.data.contributions
        }

    def test_the_records_of_these_tests_move_every_step(self, bundles, records):
        """Else the laws would hold of nothing."""
        seen, scorers = set(), set()
        for name in NAMES[1:]:
            for record in records[:12]:
                found = compared((bundles["as it is"], records[20]), (bundles[name], record))
                seen |= moved(found)
                scorers |= {note.code for note in found.notes}
        assert seen == {"data", "rule", "model", "rule_and_model", "calibration", "scale"}
        assert {"OTHER_SCALE", "RULE_WITH_MODEL", "SAME_RULEBOOK"} <= scorers


class TestOneThingOnly:
    def test_nothing(self, bundles, records):
        found = compared((bundles["as it is"], records[0]), (bundles["as it is"], records[0]))
        assert moved(found) == set()
        assert (found.log_odds, found.points, found.record, found.data.contributions) == (0.0, 0, [], [])
        assert [note.code for note in found.notes] == ["SAME_BUNDLE"]

    def test_data(self, bundles, records):
        found = compared((bundles["as it is"], records[0]), (bundles["as it is"], records[1]))
        assert moved(found) == {"data"}
        assert found.data.contributions
        assert {each.field for each in found.record} >= {"revenue_cny"}
        largest = [abs(each.log_odds) for each in found.data.contributions]
        assert largest == sorted(largest, reverse=True)

    @pytest.mark.parametrize(
        ("name", "step"), [("other calibration", "calibration"), ("other rulebook", "rule"), ("fewer rounds", "model"),
                           ("other scale", "scale"), ("without points", "rule_and_model")],
    )  # fmt: skip
    def test_of_the_model(self, bundles, records, name, step):
        seen = set()
        for record in records[:25]:
            found = compared((bundles["as it is"], record), (bundles[name], record))
            assert moved(found) <= {step} | ({"calibration"} if step == "rule_and_model" else set())
            assert (found.data.contributions, found.record) == ([], [])
            seen |= moved(found)
        assert step in seen

    def test_a_note_says_that_rules_are_the_same(self, bundles, records):
        for name, note in (("other calibration", "SAME_RULEBOOK"), ("other scale", "OTHER_SCALE")):
            found = compared((bundles["as it is"], records[0]), (bundles[name], records[0]))
            assert note in {each.code for each in found.notes}
        ruled = compared((bundles["as it is"], records[0]), (bundles["other rulebook"], records[0]))
        assert "SAME_RULEBOOK" not in {each.code for each in ruled.notes}

    def test_a_scorer(self, bundles, records):
        """A record without innovation data is scored by the companion; what it starts from is told."""
        bare = records[0].model_copy(update=dict.fromkeys(INNOVATION_FIELDS))
        found = compared((bundles["as it is"], records[0]), (bundles["as it is"], bare))
        assert "OTHER_SCORER" in {note.code for note in found.notes}
        assert found.data.base_log_odds != 0.0
        assert moved(found) == {"data"}


class TestSaid:
    def test_each_contribution_says_from_what_to_what_in_both_languages(self, bundles, records):
        found = compared((bundles["as it is"], records[0]), (bundles["as it is"], records[1]), most=99)
        assert len(found.data.contributions) > 8
        for each in found.data.contributions:
            assert ("raises" if each.log_odds > 0 else "lowers") in each.text.en
            assert each.label.en in each.text.en
            assert each.label.zh in each.text.zh
            assert "{" not in each.text.en + each.text.zh
        assert found.data.other_points == 0

    def test_what_is_beyond_the_most_is_summed(self, bundles, records):
        both = [(bundles["as it is"], decided(bundles["as it is"], record)) for record in records[:2]]
        short, whole = changes(*both, most=2), changes(*both, most=99)
        assert short.data.contributions == whole.data.contributions[:2]
        rest = whole.data.contributions[2:]
        assert short.data.other_points == sum(each.points for each in rest)
        assert short.data.other_log_odds == pytest.approx(sum(each.log_odds for each in rest), abs=1e-12)

    def test_the_first_decision_has_nothing_before_it(self, bundles, records):
        data = decided(bundles["as it is"], records[0])
        found = first_decision(data)
        assert (found.enterprise_id, found.previous, found.steps, found.data) == ("firm", None, [], None)
        assert found.decision.pd == json.loads(data)["decision"]["pd"]
        assert found.decision.log_odds is None


class TestRefused:
    def _altered(self, data, change):
        payload = json.loads(data)
        change(payload)
        return canonical_bytes(payload)

    @pytest.mark.parametrize("which", [0, 1])
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            (lambda payload: payload["decision"].update(pd=payload["decision"]["pd"] * (1 + 1e-15)), "ICS-LED-024"),
            (lambda payload: payload["decision"].update(score=payload["decision"]["score"] + 1), "ICS-LED-024"),
            (lambda payload: payload["decision"].update(enterprise_id="other"), "ICS-LED-024"),
            (lambda payload: payload["features"].popitem(), "ICS-LED-024"),
            (lambda payload: payload["request"].update(revenue_cny=1.0), "ICS-LED-024"),
            (lambda payload: payload.update(bundle_sha256="0" * 64), "ICS-LED-023"),
            (lambda payload: payload["decision"]["model"].update(bundle_sha256="0" * 64), "ICS-LED-023"),
            (lambda payload: payload.pop("decision"), "ICS-LED-025"),
            (lambda payload: payload.update(request="x"), "ICS-LED-025"),
            (lambda payload: payload["decision"].update(model=None), "ICS-LED-025"),
        ],
    )
    def test_what_is_not_as_it_was_recorded(self, bundles, records, which, change, code):
        bundle = bundles["as it is"]
        both = [(bundle, decided(bundle, record)) for record in records[:2]]
        assert changes(*both).steps
        both[which] = (bundle, self._altered(both[which][1], change))
        with pytest.raises((LedgerError, ModelError)) as refused:
            changes(*both)
        assert refused.value.code == code
        assert refused.value.__cause__ is None

    def test_another_bundle(self, bundles, records):
        both = [(bundles["as it is"], decided(bundles["as it is"], record)) for record in records[:2]]
        with pytest.raises(ModelError) as refused:
            changes(both[0], (bundles["other calibration"], both[1][1]))
        assert refused.value.code == "ICS-LED-023"

    def test_a_later_record_that_the_earlier_model_does_not_accept(self, bundles, records, monkeypatch):
        pair = [(bundles[name], decided(bundles[name], records[0])) for name in ("as it is", "other calibration")]
        asked = []

        def refusing(*arguments, **options):
            asked.append(1)
            if len(asked) == 3:  # after both decisions have come out
                raise InputError("ICS-REC-001", "not acceptable", field="extra.arrears")
            return assess(*arguments, **options)

        monkeypatch.setattr("icsml.ledger.changes.assess", refusing)
        with pytest.raises(LedgerError) as refused:
            changes(*pair)
        assert (refused.value.code, refused.value.field) == ("ICS-LED-032", "extra.arrears")
        assert refused.value.__cause__ is None

    def test_a_first_decision_of_no_known_form(self):
        with pytest.raises(LedgerError) as refused:
            first_decision(b'{"decision":{}}')
        assert refused.value.code == "ICS-LED-025"
