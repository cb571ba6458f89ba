"""``icsml stability``: retrains, or two models, and what a person reads."""

import dataclasses

import pytest
import yaml

from icsml.cli.stability_command import _UNKNOWN
from icsml.explain.stability_results import Unknown
from icsml.model.bundle import write_bundle


@pytest.fixture(scope="module")
def config(tmp_path_factory, quick_config):
    path = tmp_path_factory.mktemp("config") / "quick.yaml"
    path.write_text(yaml.safe_dump(quick_config.model_dump(mode="json")))
    return path


def test_retrains_as_json(icsml_json, book_folder, config):
    found = icsml_json("stability", "--data", book_folder, "--config", config, "--retrains", 2, "--rows", 100)
    assert {"dataset", "synthetic", "base", "drawn", "rows", "riskiest_rows", "top", "reasons", "summary"} <= set(found)
    assert found["drawn"] == "bootstrap"
    assert (found["rows"], found["top"], found["synthetic"]) == (100, 3, True)
    assert (found["merge_above"], found["unknown"]) == (0.7, {})
    for figure in (found["recourse_survival"], found["recourse_better_grade"], found["contradictions"]):
        assert 0 <= figure["low"] <= figure["mean"] <= figure["high"] <= 1
    assert [each["against"] for each in found["comparisons"]] == ["retrain 1", "retrain 2"]
    overlap = found["summary"]["all"]["features"]["overlap"]
    assert 0 <= overlap["low"] <= overlap["mean"] <= overlap["high"] <= 1


def test_two_models_as_text(icsml, bundle, book_folder):
    argv = ("--data", book_folder, "--old", bundle.folder, "--new", bundle.folder, "--rows", 50)
    code, out, _ = icsml("stability", *argv)
    assert code == 0
    assert "50 rows explained by" in out
    assert "each feature (" in out
    assert "the riskiest tenth (5 rows)" in out
    assert "recourse that the other model answers with a lower PD too: 100.0% (100.0% to 100.0%)" in out
    assert "better grades that recourse promised and the other model gives too: 100.0% (100.0% to 100.0%)" in out
    assert "reasons of free features that contradict their effect alone: " in out
    assert "simulated data" in out
    assert "lowest overlap of any model: features 1.000, worded 1.000, alike 1.000, groups 1.000" in out


def test_why_there_is_no_figure(icsml, bundle, book_folder, tmp_path):
    bare = write_bundle(tmp_path / "bare", dataclasses.replace(bundle, levers=None)).folder
    _, out, _ = icsml("stability", "--data", book_folder, "--old", bare, "--new", bundle.folder, "--rows", 10)
    no_recourse = "none, the base has no actionable fields or no rulebook"
    assert f"recourse that the other model answers with a lower PD too: {no_recourse}" in out
    assert set(_UNKNOWN) == set(Unknown) - {Unknown.NOT_ASKED}  # the command asks


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--old", "a"], "--old, --new: given one of the two"),
        (
            ["--old", "a", "--new", "b", "--keep", "0.9"],
            "--config, --set, --retrains, --keep: two models are compared as they are",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(icsml, book_folder, argv, said):
    code, out, err = icsml("stability", "--data", book_folder, *argv)
    assert (code, out) == (2, "")
    assert said in err
