"""A direction set for one model, from the configuration to the reason of a decision."""

from __future__ import annotations

import dataclasses
import json
import shutil
from datetime import UTC, datetime

import numpy as np
import pytest

from icsml.core.canonical import canonical_bytes
from icsml.core.progress import silent
from icsml.decision.decide import decide
from icsml.decision.example import bundle_example
from icsml.errors import InputError, ModelError
from icsml.model.bundle import certificates, read_bundle, write_bundle
from icsml.model.manifest import manifest_bytes
from icsml.records.dataset import read_dataset
from icsml.records.enterprise import parse_record
from icsml.workflows.config import TrainingConfig, load_training_config
from icsml.workflows.prepare import prepare
from icsml.workflows.train import train_bundle

SCORERS = ("model", "companion")
WHY = "In this book a loan beside much cash is a sign of need."


@pytest.fixture(scope="module")
def directed(book_folder, quick_config, tmp_path_factory):
    """A model whose debt ratio may only lower the PD, against the catalogue: absurd, and so easy to see."""
    stated = quick_config.model_dump(mode="json")
    stated["directions"] = {
        "debt_to_assets": {"direction": "lowers_risk", "reason": WHY},
        "current_ratio": {"direction": "free", "reason": "Not ordered here."},
    }
    config = TrainingConfig.model_validate(stated)
    said = []
    found = train_bundle(book_folder, config, out=tmp_path_factory.mktemp("directed") / "b", progress=said.append)
    assert f"debt_to_assets is lowers_risk in this model: {WHY}" in said
    return found


def test_the_trees_obey_the_direction_that_was_set(directed):
    bundle = read_bundle(directed.bundle.folder)
    names = [feature.name for feature in bundle.features]
    assert bundle.model.encoder.directions[names.index("debt_to_assets")] == -1
    assert all(certificate.holds for certificate in certificates(bundle).values())
    assert bundle.companion.encoder.overrides == bundle.model.encoder.overrides
    assert {each.feature: each.reason for each in bundle.model.encoder.overrides}["debt_to_assets"] == WHY
    assert bundle.training["configuration"]["directions"]["debt_to_assets"]["reason"] == WHY
    assert f"- `debt_to_assets`: lowers_risk. {WHY}" in bundle.card
    table = directed.tables["features"].set_index("feature")["direction_set"]
    assert table[table].index.tolist() == ["debt_to_assets", "current_ratio"]


def test_what_is_proved_of_the_direction_that_was_set_is_of_trees_that_use_the_feature(trained, directed):
    bundle = directed.bundle
    proved = {proof.feature: proof for proof in certificates(bundle)["model.txt"].features}
    assert (proved["debt_to_assets"].sign, proved["debt_to_assets"].violations) == (-1, 0)
    assert "current_ratio" not in proved  # free: nothing to prove
    declared = {proof.feature: proof.sign for proof in certificates(trained.bundle)["model.txt"].features}
    assert (declared["debt_to_assets"], declared["current_ratio"]) == (1, -1)
    split_on = dict(zip(directed.tables["features"]["feature"], directed.tables["features"]["gain"], strict=True))
    assert split_on["current_ratio"] > 0


def test_no_pd_rises_with_a_feature_that_was_set_to_lower_it(trained, directed, book_folder, quick_config):
    rows = prepare(read_dataset(book_folder), quick_config, silent).X[:200]
    moves = {}
    for name, found in (("declared", trained), ("set", directed)):
        place = [feature.name for feature in found.bundle.features].index("debt_to_assets")
        swept = np.repeat(rows[:, None, :], 21, axis=1)
        swept[:, :, place] = np.linspace(0.0, 2.0, 21)
        margins = found.bundle.model.booster.predict(swept.reshape(-1, rows.shape[1]), raw_score=True)
        moves[name] = np.diff(margins.reshape(len(rows), 21), axis=1)
    assert (moves["declared"] >= 0).all()
    assert (moves["declared"] > 0).any()
    assert (moves["set"] <= 0).all()
    assert (moves["set"] < 0).any()


def test_the_trees_are_held_against_the_direction_that_was_set_and_not_the_declared_one(trained, directed, tmp_path):
    """The trees of the plain model, under the encoder of the other, break what was set."""
    encoders = {
        name: dataclasses.replace(getattr(trained.bundle, name), encoder=getattr(directed.bundle, name).encoder)
        for name in SCORERS
    }
    mixed = dataclasses.replace(trained.bundle, **encoders)
    assert not certificates(mixed)["model.txt"].holds
    with pytest.raises(ModelError, match="ICS-MOD-030"):
        write_bundle(tmp_path / "b", mixed)


def test_what_is_on_disk_states_direction_and_reason(trained, directed):
    stated = json.loads((directed.bundle.folder / "bundle.json").read_bytes())
    assert stated["training"]["configuration"]["directions"] == {
        "current_ratio": {"direction": "free", "reason": "Not ordered here."},
        "debt_to_assets": {"direction": "lowers_risk", "reason": WHY},
    }
    told = [
        {"feature": "current_ratio", "direction": "free", "reason": "Not ordered here."},
        {"feature": "debt_to_assets", "direction": "lowers_risk", "reason": WHY},
    ]
    assert [stated[part]["encoder"]["overrides"] for part in ("model", "companion")] == [told, told]
    plain = json.loads((trained.bundle.folder / "bundle.json").read_bytes())
    assert plain["training"]["configuration"]["directions"] == {}
    assert "overrides" not in plain["model"]["encoder"]
    assert "Directions set for this model" not in trained.bundle.card


def test_a_reason_is_told_by_the_direction_that_was_set(directed):
    bundle = directed.bundle
    record = parse_record(bundle_example(bundle))
    made = decide(bundle, record, decision_id="d", decided_at=datetime(2026, 1, 1, tzinfo=UTC), reasons=60).decision
    told = {reason.feature: reason for reason in made.reasons}
    assert str(told["debt_to_assets"].direction) == "lowers_risk"
    assert str(told["current_ratio"].direction) == "free"
    for name in ("debt_to_assets", "current_ratio"):
        assert told[name].kind == "neutral"
        assert "are higher" not in told[name].text.en
        assert "are lower" not in told[name].text.en


@pytest.fixture
def rewritten(directed, tmp_path):
    """Write the bundle once more with another bundle.json, and the manifest made anew."""

    def _rewritten(change):
        folder = shutil.copytree(directed.bundle.folder, tmp_path / "b")
        document = json.loads((folder / "bundle.json").read_bytes())
        change(document)
        (folder / "bundle.json").write_bytes(canonical_bytes(document))
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}
        (folder / "manifest.json").write_bytes(manifest_bytes(files))
        return folder

    return _rewritten


def test_a_bundle_whose_manifest_alone_was_made_anew_is_the_same(directed, rewritten):
    assert read_bundle(rewritten(lambda document: None)).sha256 == directed.bundle.sha256


def test_a_bundle_that_lost_its_overrides_is_refused(rewritten):
    def lose(document):
        for part in ("model", "companion"):
            del document[part]["encoder"]["overrides"]

    with pytest.raises(ModelError, match="another direction") as caught:
        read_bundle(rewritten(lose))
    assert caught.value.code == "ICS-MOD-018"
    assert str(caught.value.field) in ("bundle.json: model: current_ratio", "bundle.json: model: debt_to_assets")


@pytest.mark.parametrize("part", ["model", "companion"])
def test_a_bundle_that_lost_them_in_one_part_is_refused(rewritten, part):
    with pytest.raises(ModelError, match="are not those of the model without innovation") as caught:
        read_bundle(rewritten(lambda document: document[part]["encoder"].pop("overrides")))
    assert (caught.value.code, caught.value.field) == ("ICS-MOD-018", "companion.txt")


@pytest.mark.parametrize("part", ["model", "companion"])
def test_trees_that_state_another_direction_than_the_encoder_are_refused(directed, rewritten, part):
    encoder = directed.bundle.model.encoder if part == "model" else directed.bundle.companion.encoder
    place = [feature.name for feature in encoder.features].index("debt_to_assets")
    with pytest.raises(ModelError, match="another direction") as caught:
        read_bundle(rewritten(lambda document: document[part]["directions"].__setitem__(place, 1)))
    assert caught.value.field == f"bundle.json: {part}: debt_to_assets"


def test_a_bundle_whose_override_says_another_direction_is_refused(rewritten):
    def turn(document):
        for part in ("model", "companion"):
            document[part]["encoder"]["overrides"][1]["direction"] = "free"

    with pytest.raises(ModelError, match="another direction") as caught:
        read_bundle(rewritten(turn))
    assert caught.value.field == "bundle.json: model: debt_to_assets"


def test_the_recorded_configuration_makes_the_same_bundle(directed, book_folder, tmp_path):
    config = TrainingConfig.model_validate(directed.bundle.training["configuration"])
    assert train_bundle(book_folder, config, out=tmp_path / "again").bundle.sha256 == directed.bundle.sha256


def test_a_fault_that_only_the_data_show_names_its_line(book_folder, tmp_path):
    (tmp_path / "c.yaml").write_text(
        "include: [current_ratio]\ndirections:\n  current_ratio: {direction: lowers_risk, reason: same}\n"
    )
    with pytest.raises(InputError) as caught:
        train_bundle(book_folder, load_training_config(tmp_path / "c.yaml"))
    assert caught.value.field == f"{tmp_path}/c.yaml:3: directions.current_ratio"
