"""The configuration of the checks: shipped, changed in part, and wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from icsml.core.paths import configs_dir
from icsml.errors import ConfigError, MissingError
from icsml.portfolio.checks import CheckConfig, check_dataset, load_check_config
from icsml.portfolio.checks.all_checks import CHECKS
from icsml.records.dataset import Dataset

AT_IMPORT = {
    "refused_rows": "block",
    "no_defaults": "block",
    "date_order": "warn",
    "mixed_units": "warn",
    "label_words": "warn",
    "good_with_event": "warn",
    "mostly_bad": "warn",
    "identifier_words": "warn",
    "table_rows": "warn",
    "open_horizon": "warn",
    "consequence_column": "warn",
    "total_row": "warn",
    "unreadable_values": "warn",
}


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "checks.yaml"
    path.write_text(text, "utf-8")
    return path


def test_every_check_is_configured_and_every_entry_is_a_check(config: CheckConfig) -> None:
    assert set(CheckConfig.model_fields) == set(CHECKS) | set(AT_IMPORT)
    assert {name: config.level_of(name) for name in AT_IMPORT} == AT_IMPORT
    assert config.open_horizon.max_share == 0.01
    assert config.unreadable_values.max_share == 0.05


def test_every_threshold_says_what_it_means() -> None:
    lines = (configs_dir() / "data_checks.yaml").read_text("utf-8").splitlines()
    numbers = [line for line in lines if line.startswith("  ") and not line.startswith("    ") and ": " in line]
    silent = [line for line in numbers if "#" not in line and not line.lstrip().startswith(("level:", "words_"))]
    assert silent == []


def test_a_file_holds_only_what_differs(tmp_path: Path, config: CheckConfig) -> None:
    own = load_check_config(
        written(tmp_path, "sentinel: {level: block}\ntable_scale: {expected: {cash_cny: 5.0e+5}}\n")
    )
    assert own.level_of("sentinel") == "block"
    assert own.sentinel.min_share == config.sentinel.min_share
    assert own.table_scale.expected == {**config.table_scale.expected, "cash_cny": 5.0e5}
    assert own.copied_firm == config.copied_firm


def test_a_list_is_replaced_as_a_whole(tmp_path: Path) -> None:
    own = load_check_config(written(tmp_path, "consequence_column: {words_en: [secret]}\n"))
    assert own.consequence_column.words_en == ["secret"]
    assert own.consequence_column.words_zh


def test_an_empty_file_changes_nothing(tmp_path: Path, config: CheckConfig) -> None:
    assert load_check_config(written(tmp_path, "# nothing yet\n")) == config


@pytest.mark.parametrize("off", ["off", "'off'"])
def test_a_check_is_switched_off(tmp_path: Path, clean: Dataset, off: str) -> None:
    own = load_check_config(written(tmp_path, f"constant_column: {{level: {off}}}\n"))
    assert own.level_of("constant_column") is None
    spoilt = Dataset(clean.meta, clean.enterprises.assign(cash_cny=1.0), clean.outcomes, clean.digest)
    assert [finding.id for finding in check_dataset(spoilt, own)] == []


def test_a_level_of_no_check() -> None:
    with pytest.raises(KeyError):
        load_check_config().level_of("level_of")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("sentinel:\n  level: loud\n", ":2: sentinel.level"),
        ("sentinel:\n  min_share: 2\n", ":2: sentinel.min_share"),
        ("sentinel:\n  min_shares: 0.1\n", ":2: sentinel.min_shares"),
        ("group_scale:\n  min_firms: true\n  level: warn\nsentinels:\n  level: off\n", ":4: sentinels"),
        ("sentinel: off\n", ":1: sentinel"),
        ("table_scale:\n  expected:\n    profit: 1\n", ":3: table_scale.expected.profit"),
        ("- sentinel\n", ":1"),
        ("a: b: c\n", ":1"),
    ],
)
def test_an_error_names_file_line_and_key(tmp_path: Path, text: str, where: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as raised:
        load_check_config(path)
    assert raised.value.code == "ICS-DAT-030"
    assert raised.value.field is not None
    assert raised.value.field.startswith(str(path) + where)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="ICS-DAT-030"):
        load_check_config(tmp_path / "none.yaml")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "gbk.yaml"
    path.write_bytes("sentinel: {level: 关}".encode("gbk"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load_check_config(path)
