from __future__ import annotations

import pytest
import yaml

from icsml.core.paths import configs_dir
from icsml.errors import ConfigError, MissingError
from icsml.serving.settings import ServingSettings, load_settings


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "serving.yaml"
        path.write_text(text)
        return path

    return write


def test_the_shipped_file_states_every_setting():
    assert yaml.safe_load((configs_dir() / "serving.yaml").read_text()).keys() == ServingSettings.model_fields.keys()
    assert load_settings() == ServingSettings()


def test_the_environment_is_over_the_file(file, monkeypatch):
    path = file("port: 9000\nreasons: 3\n")
    monkeypatch.setenv("ICSML_REASONS", "5")
    monkeypatch.setenv("ICSML_HOST", "")
    settings = load_settings(path)
    assert (settings.port, settings.reasons, settings.host) == (9000, 5, "127.0.0.1")


def test_other_variables_of_icsml_are_not_settings(monkeypatch):
    monkeypatch.setenv("ICSML_HOME", "x")
    monkeypatch.setenv("ICSML_LEDGER_URL", "x")
    assert load_settings() == ServingSettings()


@pytest.mark.parametrize("line", ["prot: 1", "port: x", "port: 70000", "host: b"])
def test_a_wrong_file_is_named_with_its_line(file, line):
    path = file(f"host: a\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert str(caught.value.field).startswith(f"{path}:2")
    assert caught.value.code == "ICS-SRV-024"


def test_no_file(tmp_path):
    with pytest.raises(MissingError, match="ICS-SRV-024"):
        load_settings(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("name", "value"), [("ICSML_PORT", "x"), ("ICSML_THREADS", "0"), ("ICSML_BODY_SECONDS", "nan")]
)
def test_a_wrong_variable_is_named_without_its_value(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert caught.value.field == name


def test_options_are_over_the_environment(monkeypatch):
    monkeypatch.setenv("ICSML_PORT", "9000")
    assert load_settings(options={"port": 9001}).port == 9001
    assert load_settings(options={"port": None}).port == 9000


def test_a_wrong_option_is_named():
    with pytest.raises(ConfigError) as caught:
        load_settings(options={"workers": 1000})
    assert caught.value.field == "--workers"


@pytest.mark.parametrize("key", ["keys", "ledger_url", "token"])
def test_no_secrets_in_the_file(file, key):
    with pytest.raises(ConfigError, match="unknown key"):
        load_settings(file(f"{key}: x\n"))


def test_the_number_of_reasons(make_app, keys, record, test_client):
    app = make_app(settings=ServingSettings(reasons=2))
    with test_client(app, headers={"Authorization": f"Bearer {keys.score}"}) as client:
        assert len(client.post("/v1/assessments", json=record).json()["reasons"]) == 2
