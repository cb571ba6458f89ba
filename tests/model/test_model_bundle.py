from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from icsml.core.canonical import canonical_bytes, sha256_hex
from icsml.errors import ConfigError, IcsmlError, MissingError, ModelError
from icsml.features.catalogue import FEATURE_BY_NAME
from icsml.features.reason_codes import load_reason_catalogue
from icsml.innovation.rulebooks.load import edition_text, parse_rulebook
from icsml.model.assessment_policy import load_assessment_policy
from icsml.model.bundle import BundleParts, read_bundle, write_bundle
from icsml.model.bundle_document import Document, InnovationEvidence, is_optional
from icsml.model.calibrate import Affine
from icsml.model.manifest import manifest_bytes
from icsml.model.predict import margin
from icsml.model.reference import ReferencePopulation
from icsml.records.decision import Decision
from icsml.records.direction import Direction

FILES = {
    "model.txt",
    "companion.txt",
    "bundle.json",
    "rulebook.yaml",
    "reference.npy",
    "model_card.md",
    "manifest.json",
}


@pytest.fixture
def folder(tmp_path: Path, bundle_parts: Any) -> Path:
    write_bundle(tmp_path / "bundle", bundle_parts)
    return tmp_path / "bundle"


def reseal(folder: Path) -> None:
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}
    (folder / "manifest.json").write_bytes(manifest_bytes(files))


def edit(folder: Path, **changes: object) -> None:
    path = folder / "bundle.json"
    path.write_bytes(canonical_bytes(json.loads(path.read_bytes()) | changes))
    reseal(folder)


def code_of(folder: Path) -> str:
    with pytest.raises(IcsmlError) as caught:
        read_bundle(folder)
    assert caught.value.remedy
    return f"{caught.value.code} {caught.value.field}"


def test_what_is_written_is_read_back(folder: Path, bundle_parts: Any):
    bundle: Any = read_bundle(folder)
    for part in dataclasses.fields(BundleParts):
        if part.name not in {"model", "companion", "policy"}:
            assert getattr(bundle, part.name) == getattr(bundle_parts, part.name), part.name
    for scorer in ("model", "companion"):
        read, given = getattr(bundle, scorer), getattr(bundle_parts, scorer)
        assert (read.encoder, read.calibration) == (given.encoder, given.calibration)
    assert bundle.policy == bundle_parts.assessment_policy == load_assessment_policy()
    X = np.random.default_rng(1).normal(size=(300, len(bundle.features)))
    X[::7, 2] = np.nan
    assert np.array_equal(margin(bundle.model.booster, X), bundle_parts.model.booster.predict(X, raw_score=True))
    narrow: Any = X[:, : len(bundle.companion.encoder.features)]
    assert np.array_equal(
        margin(bundle.companion.booster, narrow), bundle_parts.companion.booster.predict(narrow, raw_score=True)
    )
    assert bundle.rulebook.source_text == bundle_parts.rulebook.source_text
    assert bundle.folder == folder
    assert bundle.code_version


def test_a_bundle_that_was_read_can_be_written_again_with_the_same_hash(folder: Path, tmp_path: Path):
    first = read_bundle(folder)
    assert write_bundle(tmp_path / "again", first).sha256 == first.sha256


def test_files_manifest_and_hash(folder: Path):
    assert {path.name for path in folder.iterdir()} == FILES
    manifest = (folder / "manifest.json").read_bytes()
    listed = json.loads(manifest)["files"]
    assert list(listed) == sorted(FILES - {"manifest.json"})
    assert all(sha256_hex((folder / name).read_bytes()) == digest for name, digest in listed.items())
    assert read_bundle(folder).sha256 == sha256_hex(manifest)
    assert json.loads((folder / "bundle.json").read_bytes())["format"] == 2
    assert b"num_threads" not in (folder / "model.txt").read_bytes()


def test_optional_parts_may_be_absent(tmp_path: Path, bundle_parts: Any):
    alone = dataclasses.replace(
        bundle_parts,
        model=bundle_parts.companion,
        companion=None,
        rulebook=None,
        reference=None,
        event=None,
        horizon_months=None,
    )
    bundle = write_bundle(tmp_path / "b", alone)
    assert bundle.companion is None
    assert bundle.rulebook is None
    assert bundle.event is None
    assert {path.name for path in bundle.folder.iterdir()} == FILES - {
        "companion.txt",
        "reference.npy",
        "rulebook.yaml",
    }


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from conftest import make_parts
from icsml.model.bundle import write_bundle
print(write_bundle(Path(sys.argv[2]), make_parts()).sha256)
"""


def test_the_same_seed_gives_the_same_hash_in_two_processes(tmp_path: Path):
    tests = str(Path(__file__).parent)
    hashes = set()
    for number, threads in enumerate(("1", "2")):
        environment = os.environ | {"OMP_NUM_THREADS": threads, "PYTHONHASHSEED": str(number)}
        command = [sys.executable, "-c", SCRIPT, tests, str(tmp_path / f"b{number}")]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        hashes.add(run.stdout.strip())
    assert len(hashes) == 1
    assert len(hashes.pop()) == 64


def test_scoring_needs_neither_scikit_learn_nor_optuna(folder: Path):
    script = (
        "import sys\n"
        "for name in ('sklearn', 'optuna', 'mlflow', 'shap', 'fastapi'): sys.modules[name] = None\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from icsml.model.bundle import read_bundle\n"
        "b = read_bundle(Path(sys.argv[1]))\n"
        "pd = b.model.pd(np.zeros((3, b.model.booster.num_feature())))\n"
        "print(*b.grade(pd), *b.scale.score(np.zeros(1)))\n"
    )
    run = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split()[-1] == "487"


@pytest.mark.parametrize("name", sorted(FILES - {"manifest.json"}))
def test_one_changed_byte_is_refused(folder: Path, name: str):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    assert code_of(folder) == f"ICS-MOD-013 {name}"


@pytest.mark.parametrize("name", sorted(FILES - {"manifest.json"}))
def test_a_missing_file_is_named(folder: Path, name: str):
    (folder / name).unlink()
    assert code_of(folder) == f"ICS-MOD-011 {name}"


@pytest.mark.parametrize("name", ["model.pkl", "__init__.py", ".hidden"])
def test_a_foreign_file_is_refused_even_if_the_manifest_lists_it(folder: Path, name: str):
    (folder / name).write_bytes(b"cos\nsystem\n")
    assert code_of(folder) == f"ICS-MOD-012 {name}"
    reseal(folder)
    assert code_of(folder) == f"ICS-MOD-012 {name}"


def test_a_subfolder_or_link_is_refused(folder: Path, tmp_path: Path):
    (tmp_path / "elsewhere").write_bytes((folder / "model_card.md").read_bytes())
    (folder / "model_card.md").unlink()
    (folder / "model_card.md").symlink_to(tmp_path / "elsewhere")
    assert code_of(folder) == "ICS-MOD-013 model_card.md"


def test_a_broken_manifest_is_refused(folder: Path):
    manifest = (folder / "manifest.json").read_bytes()
    for broken in (b"", b"[]", b'{"files": 3}', manifest + b"\n"):
        (folder / "manifest.json").write_bytes(broken)
        assert code_of(folder) == "ICS-MOD-013 manifest.json"


def test_no_bundle_is_a_missing_thing(tmp_path: Path):
    with pytest.raises(MissingError, match="ICS-MOD-010"):
        read_bundle(tmp_path / "nothing")


def test_an_unknown_format_is_refused_before_anything_else_is_read(folder: Path):
    edit(folder, format=3, scale="of another shape")
    assert code_of(folder) == "ICS-MOD-014 bundle.json: format"


def test_what_format_2_brought_is_foreign_to_format_1(folder: Path):
    (folder / "reference.npy").unlink()
    edit(folder, format=1, reference=None)
    brought = {part.name for part in dataclasses.fields(Document) if is_optional(part)}
    assert {"explainer", "levers", "policy", "reasons", "reference"} <= brought
    assert code_of(folder) == f"ICS-MOD-015 bundle.json: {min(brought)}"
    content = json.loads((folder / "bundle.json").read_bytes())
    for key in brought:
        del content[key]
    (folder / "bundle.json").write_bytes(canonical_bytes(content))
    reseal(folder)
    bundle = read_bundle(folder)
    assert bundle.reference is None
    assert bundle.explainer == "tree_shap"
    assert bundle.levers is None
    assert bundle.policy is None
    assert bundle.reasons == load_reason_catalogue().for_features(bundle.features)


@pytest.mark.parametrize("number", [True, 1.5, "2", None])
def test_a_format_that_is_no_number_of_ours_is_refused(folder: Path, number: object):
    edit(folder, format=number)
    assert code_of(folder) == "ICS-MOD-014 bundle.json: format"


def test_the_population_is_held_against_bundle_json(folder: Path, bundle_parts: Any):
    stated = json.loads((folder / "bundle.json").read_bytes())["reference"]
    assert stated == {
        "id": "training-applicants",
        "n": 50,
        "sha256": bundle_parts.reference.sha256,
        "points": {"rd_intensity": 2.5},
    }
    edit(folder, reference=stated | {"n": 49})
    assert code_of(folder) == "ICS-MOD-018 reference.npy"
    edit(folder, reference=stated | {"id": "nobody"})
    assert code_of(folder) == "ICS-MOD-015 bundle.json: reference.id"
    edit(folder, reference=stated | {"points": {"no_such": 1.0}})
    assert code_of(folder) == "ICS-MOD-018 reference.npy"
    edit(folder, reference=None)
    assert code_of(folder) == "ICS-MOD-018 reference.npy"
    edit(folder, reference=stated)
    (folder / "reference.npy").write_bytes(bundle_parts.reference.content[:-8])
    reseal(folder)
    assert code_of(folder) == "ICS-MOD-021 reference.npy"
    (folder / "reference.npy").unlink()
    reseal(folder)
    assert code_of(folder) == "ICS-MOD-018 reference.npy"


def test_a_population_or_texts_of_another_model_are_refused(tmp_path: Path, bundle_parts: Any):
    narrow = ReferencePopulation("training-applicants", bundle_parts.reference.rows[:, 1:])
    texts = bundle_parts.reasons.model_copy(update={"codes": {}})
    for change in (
        {"reference": narrow},
        {"explainer": "pred_contrib"},
        {"explainer": "oracle", "reference": None},
        {"reasons": texts},
    ):
        with pytest.raises(ModelError, match="ICS-MOD-018"):
            write_bundle(tmp_path / "refused", dataclasses.replace(bundle_parts, **change))
    assert not list(tmp_path.iterdir())


def test_content_that_does_not_fit_is_named(folder: Path):
    edit(folder, synthetic="perhaps")
    assert code_of(folder) == "ICS-MOD-015 bundle.json: synthetic"
    edit(folder, synthetic=True, colour="red")
    assert code_of(folder) == "ICS-MOD-015 bundle.json: colour"
    (folder / "bundle.json").write_bytes(b"\xff{")
    reseal(folder)
    assert code_of(folder) == "ICS-MOD-015 bundle.json: format"


def test_trees_that_lightgbm_cannot_read_are_refused(folder: Path):
    (folder / "model.txt").write_text("tree\nversion=v4\n", "utf-8")
    reseal(folder)
    assert code_of(folder) == "ICS-MOD-016 model.txt"


@pytest.mark.parametrize("part", ["model", "companion"])
@pytest.mark.parametrize("slope", [0.0, -0.5])
def test_a_slope_that_is_not_positive_is_refused_on_both_sides(
    folder: Path, tmp_path: Path, bundle_parts: Any, part: str, slope: float
):
    turned = dataclasses.replace(getattr(bundle_parts, part), calibration=Affine(slope, -2.0))
    with pytest.raises(ModelError, match="ICS-MOD-017"):
        write_bundle(tmp_path / "refused", dataclasses.replace(bundle_parts, **{part: turned}))
    assert not (tmp_path / "refused").exists()
    stored = json.loads((folder / "bundle.json").read_bytes())[part]
    edit(folder, **{part: stored | {"calibration": {"slope": slope, "intercept": -2.0}}})
    assert code_of(folder) == f"ICS-MOD-017 {part}.txt"


def test_a_calibration_that_is_no_number_is_refused(tmp_path: Path, bundle_parts: Any):
    for affine in (Affine(float("nan"), 0.0), Affine(1.0, float("inf"))):
        model = dataclasses.replace(bundle_parts.model, calibration=affine)
        with pytest.raises(ModelError, match="ICS-MOD-017"):
            write_bundle(tmp_path / "refused", dataclasses.replace(bundle_parts, model=model))


def test_parts_that_do_not_fit_together_are_refused(folder: Path, tmp_path: Path, bundle_parts: Any):
    for change in (
        {"model": dataclasses.replace(bundle_parts.model, booster=bundle_parts.companion.booster)},
        {"companion": dataclasses.replace(bundle_parts.companion, encoder=bundle_parts.model.encoder)},
        {"rulebook": None},
        {"kind": "supplement"},
    ):
        with pytest.raises(ModelError, match="ICS-MOD-018"):
            write_bundle(tmp_path / "refused", dataclasses.replace(bundle_parts, **change))
    (folder / "model.txt").write_bytes((folder / "companion.txt").read_bytes())
    reseal(folder)
    assert code_of(folder) == "ICS-MOD-018 model.txt"


def test_a_file_bundle_json_does_not_speak_of_is_refused(folder: Path):
    edit(folder, companion=None)
    assert code_of(folder) == "ICS-MOD-018 companion.txt"


def test_a_full_folder_is_left_alone(folder: Path, bundle_parts: Any):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ModelError, match="ICS-MOD-019"):
        write_bundle(folder, bundle_parts)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_failed_write_leaves_nothing(tmp_path: Path, bundle_parts: Any):
    with pytest.raises(IcsmlError):
        write_bundle(tmp_path / "b", dataclasses.replace(bundle_parts, training={"loss": float("nan")}))
    assert list(tmp_path.iterdir()) == []


def test_grades_are_none_for_another_event_or_horizon(bundle_parts: Any):
    pd = np.array([0.02, 0.3])
    assert bundle_parts.grade(pd).tolist() == ["A", "B"]
    for change in ({"event": "bankruptcy"}, {"horizon_months": 36}, {"event": None, "horizon_months": None}):
        assert dataclasses.replace(bundle_parts, **change).grade(pd).tolist() == [None, None]


@pytest.mark.parametrize(
    "change",
    [
        {"function": lambda columns: columns["total_assets_cny"]},
        {"direction": Direction.LOWERS_RISK},
        {"inputs": ("total_liabilities_cny", "total_assets_cny", "cash_cny")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_feature_that_means_something_else_today_is_refused(
    folder: Path, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    feature = FEATURE_BY_NAME["debt_to_assets"]
    assert all(getattr(feature, name) != value for name, value in change.items())
    monkeypatch.setitem(FEATURE_BY_NAME, feature.name, dataclasses.replace(feature, **change))
    with pytest.raises(ModelError) as caught:
        read_bundle(folder)
    assert (caught.value.code, caught.value.field) == ("ICS-MOD-018", "bundle.json: model: debt_to_assets")
    assert "the icsml version that wrote the bundle" in str(caught.value)


@pytest.mark.parametrize("part", ["model", "companion"])
@pytest.mark.parametrize("key", ["directions", "definitions"])
def test_stored_directions_and_definitions_are_held_against_the_features(folder: Path, part: str, key: str):
    stored = json.loads((folder / "bundle.json").read_bytes())[part]
    other: Any = "0" * 64 if key == "definitions" else 1 - abs(stored[key][0])
    edit(folder, **{part: stored | {key: [other, *stored[key][1:]]}})
    assert code_of(folder).startswith(f"ICS-MOD-018 bundle.json: {part}: ")
    edit(folder, **{part: stored | {key: stored[key][1:]}})
    assert code_of(folder) == f"ICS-MOD-018 bundle.json: {part}"


def test_innovation_evidence_is_what_a_decision_may_say(folder: Path, tmp_path: Path, bundle_parts: Any):
    stated = get_args(Decision.model_fields["innovation_evidence"].annotation)
    assert InnovationEvidence in stated
    with pytest.raises(ModelError, match="ICS-MOD-018 innovation_evidence"):
        write_bundle(tmp_path / "refused", dataclasses.replace(bundle_parts, innovation_evidence="proven"))
    edit(folder, innovation_evidence="proven")
    assert code_of(folder) == "ICS-MOD-015 bundle.json: innovation_evidence"


def test_a_companion_of_other_features_is_refused(bundle_parts: Any, tmp_path: Path):
    own = dataclasses.replace(
        bundle_parts,
        companion=bundle_parts.model,
    )
    with pytest.raises(ModelError, match=r"ICS-MOD-018 companion\.txt: its features are not those"):
        write_bundle(tmp_path / "refused", own)


def test_a_rulebook_that_looks_mistyped_by_now_keeps_its_bundle_readable(bundle_parts, tmp_path):
    sound = edition_text("tech-sme-2017")
    text = sound.replace("{at_least: 0.30, points: 20}", "{at_least: 30, points: 20}")
    assert text != sound
    with pytest.raises(ConfigError, match="ICS-RUL-027"):
        parse_rulebook(text, "r.yaml")
    used = parse_rulebook(text, "r.yaml", in_use=True)
    write_bundle(tmp_path / "b", dataclasses.replace(bundle_parts, rulebook=used))
    assert read_bundle(tmp_path / "b").rulebook.source_text == text


def test_a_rulebook_that_contradicts_itself_is_refused_in_a_bundle_too():
    text = edition_text("national-2025").replace("id: national-2025", "id: national-2025\nunknown: 1", 1)
    with pytest.raises(ConfigError):
        parse_rulebook(text, "r.yaml", in_use=True)
