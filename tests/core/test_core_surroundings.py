"""Clock, paths and errors."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from icsml import errors
from icsml.core.clock import timestamp, utc_now
from icsml.core.paths import configs_dir, home


def test_a_timestamp_is_utc_with_microseconds():
    moment = datetime(2026, 6, 30, 8, 0, tzinfo=timezone(timedelta(hours=8)))
    assert timestamp(moment) == "2026-06-30T00:00:00.000000Z"
    assert utc_now().tzinfo is UTC


def test_home_is_var_unless_named(monkeypatch, tmp_path):
    monkeypatch.setenv("ICSML_HOME", str(tmp_path))
    assert home() == tmp_path
    monkeypatch.delenv("ICSML_HOME")
    monkeypatch.chdir(tmp_path)
    assert home() == tmp_path / "var"


def test_shipped_configuration_is_found():
    assert (configs_dir() / "training" / "default.yaml").is_file()


@pytest.mark.parametrize(
    ("kind", "code"),
    [("InputError", 2), ("ModelError", 2), ("MissingError", 3), ("LedgerError", 3)],
)
def test_exit_codes(kind, code):
    error = getattr(errors, kind)("ICS-X-001", "is wrong", field="a", remedy="mend it")
    assert error.exit_code == code
    assert str(error) == "ICS-X-001 a: is wrong — mend it"


def test_every_error_is_drawn_in_the_tree():
    for name in errors.__all__:
        assert name in (errors.__doc__ or "")
