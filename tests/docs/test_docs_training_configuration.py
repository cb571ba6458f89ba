"""The page of the training configuration names every key, and no other, and shows a file that works."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from icsml.core.paths import configs_dir
from icsml.workflows.config import TrainingConfig, load_training_config

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "training-configuration.md").read_text("utf-8")
SECTIONS = ("card", "model", "reasons")


def keys():
    for name, field in TrainingConfig.model_fields.items():
        if name in SECTIONS:
            yield from (f"{name}.{key}" for key in field.annotation.model_fields)
        else:
            yield name


def test_the_page_names_every_key_and_no_other():
    named = [
        key for row in re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE) for key in re.findall(r"`([a-z_.]+)`", row)
    ]
    assert sorted(named) == sorted(keys())


def test_the_shipped_file_writes_every_key():
    shipped = yaml.safe_load((configs_dir() / "training" / "default.yaml").read_text("utf-8"))
    written = {f"{name}.{key}" for name in SECTIONS for key in shipped[name]} | shipped.keys() - set(SECTIONS)
    assert written == set(keys())


def test_the_file_that_is_shown_can_be_read(tmp_path):
    (shown,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "mine.yaml").write_text(shown, "utf-8")
    config = load_training_config(tmp_path / "mine.yaml")
    assert config.include == ["current_ratio", "debt_to_assets", "rd_intensity", "innovation_score"]
    assert config.directions["current_ratio"].direction == "free"
    assert config.model.hyperparameters.max_depth == 3
    assert "subsample" not in config.model.search
    assert "colsample" in config.model.search
