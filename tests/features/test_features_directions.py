"""An allow-list, and directions that are set for one model: what stays, what is refused, what is recorded."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from icsml.errors import InputError
from icsml.features.catalogue import CATALOGUE, FEATURE_BY_NAME
from icsml.features.encoder import DirectionOverride, Encoder
from icsml.records.extra import ExtraFeature
from icsml.records.fields import FIELDS
from icsml.records.labels import Direction, Label

ALL = [field.name for field in FIELDS]
CALLS = ExtraFeature(
    name="calls", label=Label(en="Calls", zh="次"), group="loan", direction=Direction.RAISES_RISK, domain="financial"
)


def override(feature, direction="free", reason="Not ordered in this book."):
    return DirectionOverride(feature=feature, direction=direction, reason=reason)


def encoder(*overrides, **more):
    return Encoder.fit_catalogue(ALL, [CALLS], overrides=overrides, **more)[0]


def test_an_allow_list_keeps_what_it_names_and_nothing_else():
    chosen = ["rd_intensity", "current_ratio", "extra.calls"]
    found, dropped = Encoder.fit_catalogue(ALL, [CALLS], include=chosen)
    assert {feature.name for feature in found.features} == set(chosen)
    assert dropped == []
    assert [f.name for f in encoder(include=chosen, exclude=["rd_intensity"]).features] == [
        "current_ratio", "extra.calls",
    ]  # fmt: skip
    assert [f.name for f in encoder(include=["current_ratio"]).features] == ["current_ratio"]


def test_an_allow_list_that_the_data_cannot_feed_names_what_is_missing():
    present = [name for name in ALL if name not in ("current_assets_cny", "rd_expense_cny")]
    with pytest.raises(InputError, match="lacks current_assets_cny") as caught:
        Encoder.fit_catalogue(present, [], include=["debt_to_assets", "current_ratio"])
    assert (caught.value.code, caught.value.field) == ("ICS-FEA-010", "current_ratio")


def test_the_score_on_an_allow_list_needs_any_one_field_of_the_rulebook():
    chosen = {"include": ["innovation_score"], "score_inputs": ["rd_expense_cny", "ip_class1"]}
    assert Encoder.fit_catalogue(["ip_class1"], **chosen)[0].names == ("innovation_score",)
    with pytest.raises(InputError, match="lacks every innovation field that the rulebook reads") as caught:
        Encoder.fit_catalogue(["staff_rd"], **chosen)
    assert (caught.value.code, caught.value.field) == ("ICS-FEA-010", "innovation_score")


@pytest.mark.parametrize("key", ["include", "exclude"])
def test_a_name_that_is_no_feature_is_refused(key):
    with pytest.raises(InputError) as caught:
        encoder(**{key: ["current_ratio", "extra.cals"]})
    assert (caught.value.code, caught.value.field) == ("ICS-FEA-003", "extra.cals")
    with pytest.raises(InputError, match=r"ICS-FEA-003 extra\.cals"):
        encoder(override("extra.cals"))


def test_nothing_left_is_refused():
    with pytest.raises(InputError, match="ICS-FEA-004"):
        encoder(include=["current_ratio"], exclude=["current_ratio"])


def test_a_direction_that_is_set_is_the_features_and_says_why():
    found = encoder(override("current_ratio"), override("extra.calls", "lowers_risk", "Calls are answered here."))
    features = {feature.name: feature for feature in found.features}
    assert features["current_ratio"].direction is Direction.FREE
    assert features["extra.calls"].direction is Direction.LOWERS_RISK
    assert "in place of lowers_risk: Not ordered in this book." in features["current_ratio"].basis
    assert features["current_ratio"].overridden
    assert sum(feature.overridden for feature in found.features) == 2
    signs = dict(zip(features, found.directions, strict=True))
    assert (signs["current_ratio"], signs["extra.calls"], signs["quick_ratio"]) == (0, -1, -1)
    assert FEATURE_BY_NAME["current_ratio"].direction is Direction.LOWERS_RISK


def test_it_is_written_only_where_there_is_one_and_read_back():
    plain, changed = encoder(), encoder(override("current_ratio"))
    assert "overrides" not in plain.to_json()
    assert Encoder.from_json(plain.to_json()) == plain
    assert Encoder.from_json(changed.to_json()) == changed
    assert changed.to_json()["overrides"][0]["reason"] == "Not ordered in this book."


def test_the_order_in_which_they_are_stated_does_not_matter():
    one, other = override("current_ratio"), override("extra.calls", "free")
    assert encoder(one, other) == encoder(other, one)


def test_the_companion_keeps_its_own():
    innovative = next(f.name for f in CATALOGUE if f.domain == "innovation" and f.direction is not Direction.FREE)
    found = encoder(override("current_ratio"), override(innovative)).without_innovation()
    assert [each.feature for each in found.overrides] == ["current_ratio"]


def test_one_for_a_feature_that_is_left_out_does_nothing():
    assert encoder(override("current_ratio"), exclude=["current_ratio"]).overrides == ()


@pytest.mark.parametrize(("feature", "direction"), [("current_ratio", "lowers_risk"), ("extra.calls", "raises_risk")])
def test_one_that_changes_nothing_is_refused(feature, direction):
    with pytest.raises(InputError) as caught:
        encoder(override(feature, direction))
    assert (caught.value.code, caught.value.field) == ("ICS-FEA-009", feature)


def test_one_without_a_reason_is_refused():
    with pytest.raises(ValidationError):
        override("current_ratio", reason="  ")
