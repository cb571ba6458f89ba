"""A direction set for one model, from the configuration to the reason of a decision."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime

import pytest

from icsml.core.canonical import canonical_bytes, sha256_hex
from icsml.decision.decide import decide
from icsml.decision.example import bundle_example
from icsml.errors import InputError, ModelError
from icsml.model.bundle import certificates, read_bundle
from icsml.records.enterprise import parse_record
from icsml.workflows.config import TrainingConfig, load_training_config
from icsml.workflows.train import train_bundle

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
    names = [feature.name for feature in bundle.encoder.features]
    assert bundle.encoder.directions[names.index("debt_to_assets")] == -1
    assert all(certificate.holds for certificate in certificates(bundle).values())
    assert bundle.companion_encoder.overrides == bundle.encoder.overrides
    assert {each.feature: each.reason for each in bundle.encoder.overrides}["debt_to_assets"] == WHY
    assert bundle.training["configuration"]["directions"]["debt_to_assets"]["reason"] == WHY
    assert f"- `debt_to_assets`: lowers_risk. {WHY}" in bundle.card
    table = directed.tables["features"].set_index("feature")["direction_set"]
    assert table[table].index.tolist() == ["debt_to_assets", "current_ratio"]


def test_a_reason_is_told_by_the_direction_that_was_set(directed):
    bundle = directed.bundle
    record = parse_record(bundle_example(bundle))
    made = decide(bundle, record, decision_id="d", decided_at=datetime(2026, 1, 1, tzinfo=UTC), reasons=60).decision
    told = {reason.feature: reason for reason in made.reasons}
    assert str(told["debt_to_assets"].direction) == "lowers_risk"
    for name in ("debt_to_assets", "current_ratio"):
        assert "higher" not in told[name].text.en
        assert "lower" not in told[name].text.en


def test_a_bundle_that_lost_its_overrides_is_refused(directed, tmp_path):
    folder = shutil.copytree(directed.bundle.folder, tmp_path / "b")
    document = json.loads((folder / "bundle.json").read_bytes())
    for part in ("model", "companion"):
        del document[part]["encoder"]["overrides"]
    (folder / "bundle.json").write_bytes(canonical_bytes(document))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"]["bundle.json"] = sha256_hex((folder / "bundle.json").read_bytes())
    (folder / "manifest.json").write_bytes(canonical_bytes(manifest))
    with pytest.raises(ModelError, match="another direction"):
        read_bundle(folder)


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
