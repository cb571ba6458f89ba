"""The service as processes: what they import, when they refuse to start, and that they serve and stop."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time

import httpx
import psutil
import pytest

from icsml.decision.decide import decide
from icsml.errors import ConfigError, InputError, MissingError, ModelError
from icsml.ledger.signing import trusted_keys
from icsml.ledger.store import Ledger
from icsml.model.manifest import manifest_bytes
from icsml.records.enterprise import parse_record
from icsml.serving.app import app_from_settings
from icsml.serving.keys import create_key
from icsml.serving.server import serve


def test_serving_loads_neither_register_nor_plots_nor_search():
    code = (
        "import sys, icsml.serving.app, icsml.serving.server, icsml.serving.worker; "
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
    copy = shutil.copytree(bundle.folder, tmp_path / "copy")
    _damage(copy)
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


def test_more_connections_than_files_may_be_open_are_refused(house, bundle, monkeypatch):
    create_key(house / "keys.json", "bank-a", "score")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 512))
    monkeypatch.setenv("ICSML_MAX_CONNECTIONS", "1000")
    with pytest.raises(ConfigError, match="at most 384") as caught:
        serve(str(bundle.folder), port=0)
    assert (caught.value.code, caught.value.field) == ("ICS-SRV-024", "max_connections")


@pytest.mark.parametrize("workers", [1, 2])
def test_without_a_model_nothing_is_served(serve_process, house, bundle, workers):
    create_key(house / "keys.json", "bank-a", "score")
    served = serve_process("models:/nobody@champion", "--workers", str(workers))
    assert served.process.wait(timeout=120) == 3
    [line] = served.lines()
    assert line.startswith("icsml: ICS-REG-002")
    assert served.events == []


def test_workers_that_cannot_read_what_is_verified_end_all_with_a_reason(serve_process, house, bundle, tmp_path):
    create_key(house / "keys.json", "bank-a", "score")
    copy = shutil.copytree(bundle.folder, tmp_path / "copy")
    (copy / "bundle.json").write_text("{}")
    files = {file.name: file.read_bytes() for file in copy.iterdir() if file.name != "manifest.json"}
    (copy / "manifest.json").write_bytes(manifest_bytes(files))
    served = serve_process(copy, "--workers", "2")
    assert served.process.wait(timeout=120) == 3
    assert served.lines() == []
    reasons = served.named("not_started")
    assert {reason["code"] for reason in reasons} == {"ICS-MOD-015"}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_stops(serve_process, house, bundle, record, now, workers, number):
    key = create_key(house / "keys.json", "bank-a", "score").key
    served = serve_process(bundle.folder, "--workers", str(workers))
    with httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {key}"}) as client:
        answers = [client.post("/v1/assessments", json=record) for _ in range(6)]
        read = client.get(answers[-1].headers["Location"])
    assert served.stop(number) == 0
    assert {answer.status_code for answer in answers} == {201}
    assert read.content == answers[-1].content
    assert answers[0].json()["model"]["version"] is None
    decided = decide(bundle, parse_record(record), decision_id="d", decided_at=now)
    assert {answer.json()["pd"] for answer in answers} == {decided.decision.pd}  # which is without scikit-learn there
    assert list(served.others) == []
    [starting], [ready] = served.named("starting"), served.named("ready")
    assert starting["address"] == ready["address"] == served.url
    assert (ready["pid"], ready["workers"]) == (served.process.pid, workers)
    assert starting["keys"] == 1
    assert starting["model"] == ready["model"] == {"name": bundle.name, "version": None, "bundle_sha256": bundle.sha256}
    assert [event["event"] for event in served.events if event["pid"] == served.process.pid][-2:] == [
        "stopping",
        "stopped",
    ]
    assert all({"time", "level", "event", "pid"} <= event.keys() for event in served.events)
    requests = [event for event in served.named("request") if event["route"] == "/v1/assessments"]
    assert [event["status"] for event in requests] == [201] * 6
    assert key not in str(served.events)


@pytest.mark.parametrize("workers", [1, 2])
def test_told_to_stop_it_ends_what_it_began_and_begins_nothing(serve_process, house, bundle, record, workers):
    key = create_key(house / "keys.json", "bank-a", "score").key
    served = serve_process(bundle.folder, "--workers", str(workers))
    address = served.url.removeprefix("http://").split(":")
    body = json.dumps(record).encode()
    head = f"POST /v1/assessments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(address, timeout=60) as client:
        client.sendall(head.encode() + body[:10])
        _wait_until(lambda: httpx.get(served.url + "/healthz").status_code == 200)
        served.process.send_signal(signal.SIGTERM)
        _wait_until(lambda: _refuses(address))
        client.sendall(body[10:])
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert served.stop() == 0
    with Ledger.open() as ledger:
        assert ledger.count() == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_its_chains_are_signed_at_times_and_when_it_stops(serve_process, house, bundle, record, workers):
    key = create_key(house / "keys.json", "bank-a", "score").key
    served = serve_process(bundle.folder, "--workers", str(workers), ICSML_CHECKPOINT_SECONDS="1")
    with (
        httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {key}"}) as client,
        Ledger.open() as ledger,
    ):
        client.post("/v1/assessments", json=record)
        _wait_until(lambda: ledger.verify(trusted_keys()).checkpoints == 1)
        for _ in range(6):
            client.post("/v1/assessments", json=record)
        assert served.stop() == 0
        found = ledger.verify(trusted_keys())
    assert (found.ok, found.records, found.unsigned) == (True, 7, 0)
    assert served.named("checkpoint_failed") == []


def test_a_checkpoint_that_cannot_be_signed_is_in_the_log_and_decisions_go_on(serve_process, house, bundle, record):
    key = create_key(house / "keys.json", "bank-a", "score").key
    (house / "checkpoints").write_text("a file where a folder is needed")
    served = serve_process(bundle.folder, ICSML_CHECKPOINT_SECONDS="1")
    with httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {key}"}) as client:
        client.post("/v1/assessments", json=record)
        [failed] = served.wait_for("checkpoint_failed")[:1]
        assert client.post("/v1/assessments", json=record).status_code == 201
    assert failed["code"] == "ICS-LED-021"
    assert served.stop() == 0


def test_a_worker_that_cannot_start_ends_all_with_a_reason(serve_process, house, bundle, tmp_path):
    create_key(house / "keys.json", "bank-a", "score")
    copy = shutil.copytree(bundle.folder, tmp_path / "copy")
    _damage(copy)
    served = serve_process(copy, "--workers", "2")
    assert served.process.wait(timeout=120) == 2
    [line] = served.lines()
    assert line.startswith("icsml: ICS-MOD-013")


def test_workers_whose_supervisor_was_killed_stop(serve_process, house, bundle):
    create_key(house / "keys.json", "bank-a", "score")
    served = serve_process(bundle.folder, "--workers", "2")
    address = served.url.removeprefix("http://").split(":")
    served.process.kill()
    _wait_until(lambda: _refuses(address))


def test_a_worker_that_dies_while_it_is_asked_for_a_sign_of_life_is_replaced_at_once(serve_process, house, bundle):
    create_key(house / "keys.json", "bank-a", "score")
    served = serve_process(bundle.folder, "--workers", "2")
    worker = next(
        process for process in psutil.Process(served.wait_for("ready")[0]["pid"]).children() if _is_worker(process)
    )
    worker.suspend()
    time.sleep(1.2)  # it is asked every half second, and has 60 to answer
    worker.kill()
    killed = time.monotonic()
    [ended] = served.wait_for("worker_ended")
    assert time.monotonic() - killed < 20
    assert (ended["worker"], ended["code"]) == (worker.pid, -signal.SIGKILL)
    _wait_until(lambda: psutil.pid_exists(ended["replaced_by"]))
    assert served.stop() == 0


def _is_worker(process):
    return "spawn_main" in " ".join(process.cmdline())


def _damage(folder):
    trees = (folder / "model.txt").read_bytes()
    (folder / "model.txt").write_bytes(trees.replace(b"1", b"2", 1))


def _refuses(address):
    try:
        socket.create_connection(address, timeout=5).close()
    except OSError:
        return True
    return False


def _wait_until(reached):
    end = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.02)
