"""An allow-list, and directions that are set for one model: what stays, what is refused, what is recorded."""

from __future__ import annotations

import dataclasses
import json

import pytest
from pydantic import ValidationError

from icsml.core.progress import silent
from icsml.errors import InputError, ModelError
from icsml.features.catalogue import CATALOGUE, FEATURE_BY_NAME
from icsml.features.encoder import DirectionOverride, Encoder
from icsml.records.dataset import read_dataset
from icsml.records.direction import Direction
from icsml.records.extra import ExtraFeature
from icsml.records.fields import FIELDS
from icsml.texts.label import Label
from icsml.workflows.config import load_training_config
from icsml.workflows.prepare import prepare

ALL = [field.name for field in FIELDS]
CALLS = ExtraFeature(
    name="calls", label=Label(en="Calls", zh="次"), group="loan", direction=Direction.RAISES_RISK, domain="financial"
)


@pytest.fixture(scope="module")
def book_dataset(book_folder):
    """The first rows of the small book: enough to be prepared."""
    whole = read_dataset(book_folder)
    return dataclasses.replace(whole, enterprises=whole.enterprises.head(60), outcomes=whole.outcomes.head(60))


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


def test_all_that_is_missing_of_one_feature_is_named_and_what_is_there_is_not():
    present = [name for name in ALL if name not in ("current_assets_cny", "inventory_cny")]
    with pytest.raises(InputError) as caught:
        Encoder.fit_catalogue(present, [], include=["quick_ratio"])
    assert caught.value.message == "this data set cannot feed it: it lacks current_assets_cny, inventory_cny"
    assert "take the feature off `include`" in str(caught.value.remedy)


def test_what_is_excluded_need_not_be_fed():
    present = [name for name in ALL if name != "current_assets_cny"]
    found, dropped = Encoder.fit_catalogue(
        present, [CALLS], include=["current_ratio", "debt_to_assets", "extra.calls"], exclude=["current_ratio"]
    )
    assert ([feature.name for feature in found.features], dropped) == (["debt_to_assets", "extra.calls"], [])


def test_without_an_allow_list_what_cannot_be_fed_is_dropped_and_told():
    present = [name for name in ALL if name != "current_assets_cny"]
    found, dropped = Encoder.fit_catalogue(present, [CALLS])
    assert "current_ratio" in dropped
    assert "extra.calls" in [feature.name for feature in found.features]


def test_the_order_of_an_allow_list_does_not_matter():
    chosen = ["extra.calls", "rd_intensity", "current_ratio"]
    assert encoder(include=chosen) == encoder(include=chosen[::-1])


def test_the_variant_raw_leaves_the_score_out_of_an_allow_list():
    assert encoder(include=["innovation_score", "current_ratio"], variant="raw").names == ("current_ratio",)


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
    basis = features["current_ratio"].basis
    assert basis.en == "Set for this model; declared: lowers the risk. Reason given: Not ordered in this book."
    assert basis.zh == "本模型另行设定；原声明：降低风险。所述理由：Not ordered in this book."
    assert features["extra.calls"].basis.en == (
        "Set for this model; declared: what the data set declares. Reason given: Calls are answered here."
    )
    assert features["quick_ratio"].basis == FEATURE_BY_NAME["quick_ratio"].basis
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


def test_what_is_written_is_json_and_fits_the_encoder_again():
    changed = encoder(override("extra.calls", "lowers_risk", '中文 "quoted"'), override("current_ratio"))
    read = Encoder.from_json(json.loads(json.dumps(changed.to_json())))
    assert read == changed
    assert [(f.name, f.direction, f.basis) for f in read.features] == [
        (f.name, f.direction, f.basis) for f in changed.features
    ]


@pytest.mark.parametrize(
    "broken",
    [
        [{"feature": "current_ratio", "direction": "free"}],
        [{"feature": "current_ratio", "direction": "up", "reason": "why"}],
        [{"feature": "current_ratio", "direction": "free", "reason": " "}],
        [{"feature": "current_ratio", "direction": "free", "reason": "why", "by": "me"}],
        ["current_ratio"],
        3,
    ],
)
def test_what_is_no_override_is_not_read(broken):
    with pytest.raises(ModelError, match="ICS-FEA-005"):
        Encoder.from_json(encoder().to_json() | {"overrides": broken})


def test_the_order_in_which_they_are_stated_does_not_matter():
    one, other = override("current_ratio"), override("extra.calls", "free")
    assert encoder(one, other) == encoder(other, one)


def test_the_companion_keeps_its_own():
    innovative = next(f.name for f in CATALOGUE if f.domain == "innovation" and f.direction is not Direction.FREE)
    found = encoder(override("current_ratio"), override(innovative)).without_innovation()
    assert [each.feature for each in found.overrides] == ["current_ratio"]


def test_one_for_a_feature_that_is_left_out_is_refused():
    with pytest.raises(InputError) as caught:
        encoder(override("current_ratio"), exclude=["current_ratio"])
    assert (caught.value.code, caught.value.field) == ("ICS-FEA-011", "current_ratio")


@pytest.mark.parametrize(("feature", "direction"), [("current_ratio", "lowers_risk"), ("extra.calls", "raises_risk")])
def test_one_that_changes_nothing_is_refused(feature, direction):
    with pytest.raises(InputError) as caught:
        encoder(override(feature, direction))
    assert (caught.value.code, caught.value.field) == ("ICS-FEA-009", feature)


def test_one_without_a_reason_is_refused():
    with pytest.raises(ValidationError):
        override("current_ratio", reason="  ")


@pytest.mark.parametrize("direction", ["free", "lowers_risk"])
def test_one_for_a_feature_that_the_data_cannot_feed_is_refused(direction):
    present = [name for name in ALL if name != "current_assets_cny"]
    with pytest.raises(InputError) as caught:
        Encoder.fit_catalogue(present, [], overrides=[override("current_ratio", direction)])
    assert (caught.value.code, caught.value.field) == ("ICS-FEA-011", "current_ratio")


def test_the_companion_keeps_one_of_a_financial_extra_and_no_innovative_one():
    patents = ExtraFeature(name="patents", label=Label(en="Patents", zh="件"), group="ip", domain="innovation")
    overrides = [override("extra.patents", "lowers_risk"), override("extra.calls")]
    found = Encoder.fit_catalogue(ALL, [CALLS, patents], overrides=overrides)[0]
    assert [each.feature for each in found.overrides] == ["extra.calls", "extra.patents"]
    assert [each.feature for each in found.without_innovation().overrides] == ["extra.calls"]


NAMED = [
    ("exclude:\n  - rd_intensity\n  - extra.foo\n", (), 3, "exclude.1: extra.foo", "ICS-FEA-003"),
    ("include:\n  - current_ratio\n  - extra.foo\n", (), 3, "include.1: extra.foo", "ICS-FEA-003"),
    (
        "name: x\ndirections:\n  extra.foo: {direction: free, reason: why}\n",
        (),
        3,
        "directions.extra.foo",
        "ICS-FEA-003",
    ),
    (
        "include: [current_ratio]\ndirections:\n  current_ratio: {direction: lowers_risk, reason: same}\n",
        (),
        3,
        "directions.current_ratio",
        "ICS-FEA-009",
    ),
    ("name: x\n", ("exclude=[extra.foo]",), None, "exclude.0: extra.foo", "ICS-FEA-003"),
]


@pytest.mark.parametrize(("text", "changes", "line", "named", "code"), NAMED)
def test_what_only_the_data_show_names_the_line_of_the_configuration(
    book_dataset, tmp_path, text, changes, line, named, code
):
    path = tmp_path / "c.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        prepare(book_dataset, load_training_config(path, changes=changes), silent)
    place = f"--set {changes[0]}" if line is None else f"{path}:{line}"
    assert (caught.value.code, caught.value.field) == (code, f"{place}: {named}")


def test_a_feature_that_the_data_cannot_feed_names_its_line_on_the_allow_list(book_dataset, tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("include:\n  - debt_to_assets\n  - current_ratio\n", "utf-8")
    less = [name for name in book_dataset.meta.fields if name != "current_assets_cny"]
    poor = dataclasses.replace(book_dataset, meta=book_dataset.meta.model_copy(update={"fields": less}))
    with pytest.raises(InputError, match="lacks current_assets_cny") as caught:
        prepare(poor, load_training_config(path), silent)
    assert (caught.value.code, caught.value.field) == ("ICS-FEA-010", f"{path}:3: include.1: current_ratio")


def test_a_configuration_made_in_code_names_the_key_alone(book_dataset):
    config = load_training_config().model_copy(update={"exclude": ["rd_intensity", "extra.foo"]})
    with pytest.raises(InputError) as caught:
        prepare(book_dataset, config, silent)
    assert caught.value.field == "exclude.1: extra.foo"


def test_what_is_prepared_has_the_directions_says_so_and_has_the_same_values(book_dataset):
    change = "directions.current_ratio={direction: free, reason: Not ordered.}"
    said = []
    prepared = prepare(book_dataset, load_training_config(changes=[change]), said.append)
    assert prepared.encoder.overrides == (override("current_ratio", reason="Not ordered."),)
    assert "current_ratio is free in this model: Not ordered." in said
    assert prepared.X.tobytes() == prepare(book_dataset, load_training_config(), silent).X.tobytes()
