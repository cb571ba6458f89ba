"""The service as processes: what they import, when they refuse to start, and that they serve and stop."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from icsml.errors import InputError, MissingError, ModelError
from icsml.serving.app import app_from_settings
from icsml.serving.keys import create_key
from icsml.serving.server import serve

SERVE = "import sys; from icsml.serving.server import serve; serve(sys.argv[1], port=int(sys.argv[2]), workers=2)"


@pytest.fixture
def house(tmp_path, monkeypatch):
    """An ICSML_HOME of its own."""
    monkeypatch.setenv("ICSML_HOME", str(tmp_path / "home"))
    for name in ("ICSML_BUNDLE", "ICSML_MODEL_VERSION", "ICSML_LEDGER_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


def test_serving_loads_neither_register_nor_plots_nor_search():
    code = (
        "import sys, icsml.serving.app, icsml.serving.server; "
        "heavy = ('mlflow', 'shap', 'optuna', 'pandera', 'matplotlib', 'jinja2', 'dask'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_making_keys_needs_no_server():
    code = "import sys, icsml.serving.keys; print('fastapi' in sys.modules, 'lightgbm' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False False"


def test_without_a_key_nothing_starts(house, bundle, monkeypatch):
    monkeypatch.setenv("ICSML_BUNDLE", str(bundle.folder))
    for start in (lambda: serve(str(bundle.folder)), app_from_settings):
        with pytest.raises(MissingError, match="icsml keys create") as caught:
            start()
        assert caught.value.exit_code == 3
    assert not house.exists()


def test_without_a_bundle_nothing_starts(house):
    create_key(house / "keys.json", "bank-a", "score")
    with pytest.raises(MissingError, match="icsml serve") as caught:
        app_from_settings()
    assert caught.value.field == "ICSML_BUNDLE"


def test_with_a_damaged_bundle_nothing_starts(house, bundle, tmp_path):
    create_key(house / "keys.json", "bank-a", "score")
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in bundle.folder.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    trees = (copy / "model.txt").read_bytes()
    (copy / "model.txt").write_bytes(trees.replace(b"1", b"2", 1))
    with pytest.raises(ModelError):
        serve(str(copy))


def test_with_a_ledger_that_is_none_nothing_starts(house, bundle, monkeypatch):
    create_key(house / "keys.json", "bank-a", "score")
    monkeypatch.setenv("ICSML_LEDGER_URL", "mysql://host/db")
    with pytest.raises(InputError, match="ICSML_LEDGER_URL"):
        serve(str(bundle.folder))


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_taken_port_is_said_before_anything_is_announced(house, bundle, capsys):
    create_key(house / "keys.json", "bank-a", "score")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(MissingError) as caught:
            serve(str(bundle.folder), host="127.0.0.1", port=other.getsockname()[1])
    assert str(caught.value) == "ICS-SRV-026 port: taken — choose another with --port"
    assert caught.value.exit_code == 3
    assert capsys.readouterr() == ("", "")


def test_an_address_of_another_machine_is_said(house, bundle, capsys):
    create_key(house / "keys.json", "bank-a", "score")
    with pytest.raises(MissingError, match="--host") as caught:
        serve(str(bundle.folder), host="192.0.2.1", port=_free_port())
    assert (caught.value.code, caught.value.field) == ("ICS-SRV-026", "host")
    assert capsys.readouterr() == ("", "")


def _wait_until_ready(url, process):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        assert process.poll() is None, process.stderr.read()
        try:
            if httpx.get(url + "/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("not ready in 120 s")


def test_it_serves_and_stops(house, bundle, record):
    key = create_key(house / "keys.json", "bank-a", "score").key
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-c", SERVE, str(bundle.folder), str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            _wait_until_ready(url, process)
            with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}) as client:
                answers = [client.post("/v1/assessments", json=record) for _ in range(6)]
                read = client.get(answers[-1].headers["Location"])
        finally:
            process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert {answer.status_code for answer in answers} == {201}
    assert read.content == answers[-1].content
    assert answers[0].json()["model"]["version"] is None
    lines = [json.loads(line) for line in errors.splitlines()]
    assert all({"time", "level", "event", "pid"} <= line.keys() for line in lines)
    started = {"name": "icsml-pd", "version": None, "bundle_sha256": bundle.sha256}
    assert [(line["model"], line["address"], line["keys"]) for line in _events(lines, "starting")] == [
        (started, url, 1)
    ]
    statuses = [line["status"] for line in _events(lines, "request") if line["route"] == "/v1/assessments"]
    assert statuses == [201] * 6
    assert key not in errors


def _events(lines, event):
    return [line for line in lines if line["event"] == event]


def test_one_process_listens_on_the_port_that_it_announces(house, bundle):
    create_key(house / "keys.json", "bank-a", "score")
    code = "import sys; from icsml.serving.server import serve; serve(sys.argv[1], port=0)"
    command = [sys.executable, "-c", code, str(bundle.folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            address = json.loads(process.stderr.readline())["address"]
            assert int(address.rpartition(":")[2]) > 0
            _wait_until_ready(address, process)
        finally:
            process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
