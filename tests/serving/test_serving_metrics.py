"""Measures: true, added up over processes, for the right roles, and of nobody in particular."""

from __future__ import annotations

import os
import re
import signal
import time

import httpx
import pytest

from icsml.serving.keys import create_key
from icsml.serving.live_model import LiveModel

URL = "/v1/assessments"


def _bearer(key):
    return {"Authorization": f"Bearer {key}"}


def _measures(text):
    """Read the text format: value by name with labels."""
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


@pytest.fixture
def measures(client, keys):
    def read():
        answer = client.get("/metrics", headers=_bearer(keys.monitor))
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=1.0.0")
        return _measures(answer.text)

    return read


def test_stages_requests_and_grades_are_counted(client, measures, record):
    grades = [client.post(URL, json=record).json()["grade"] for _ in range(3)]
    assert client.post(URL, json={}).status_code == 422
    assert client.get("/nothing").status_code == 404
    found = measures()
    counts = {stage: found[f'icsml_stage_seconds_count{{stage="{stage}"}}'] for stage in ("body", "decide", "record")}
    assert counts == {"body": 4, "decide": 3, "record": 3}
    assert found['icsml_stage_seconds_count{stage="whole"}'] == 3
    seconds = {stage: found[f'icsml_stage_seconds_sum{{stage="{stage}"}}'] for stage in ("decide", "record", "whole")}
    assert 0 < seconds["decide"] + seconds["record"] < seconds["whole"]
    assert found[f'icsml_decisions_total{{grade="{grades[0] or "none"}"}}'] == 3
    assert found[f'icsml_requests_total{{route="{URL}",status="201"}}'] == 3
    assert found[f'icsml_requests_total{{route="{URL}",status="422"}}'] == 1
    assert found['icsml_requests_total{route="none",status="404"}'] == 1


def test_the_queue_and_the_age_of_the_last_row_are_measured(client, measures, monkeypatch):
    recorder = client.app.state.service.recorder
    monkeypatch.setattr(type(recorder), "waiting", 7)
    monkeypatch.setattr(type(recorder), "lag", 1.5)
    end = time.monotonic() + 30  # they are measured once a second
    while (found := measures())["icsml_ledger_queue"] != 7:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert found["icsml_ledger_lag_seconds"] == 1.5
    assert 0 <= found["icsml_ledger_silence_seconds"] < 60


def test_the_decisions_of_a_batch_are_counted(client, measures, record):
    answer = client.post(f"{URL}:batch", json={"records": [record, {}, record]})
    assert answer.status_code == 200
    assert sum(value for name, value in measures().items() if name.startswith("icsml_decisions_total")) == 2


def test_the_model_is_the_live_one(client, measures, bundle, other_bundle, now):
    client.app.state.service.models.exchange(LiveModel(other_bundle, "4", now))
    found = measures()
    before, after = (
        found[f'icsml_model{{bundle_sha256="{made.sha256}",name="icsml-pd",version="{version}"}}']
        for made, version in ((bundle, "3"), (other_bundle, "4"))
    )
    assert (before, after) == (0, 1)


def test_no_label_names_anybody(client, keys, record):
    answer = client.post(URL, json=record)
    client.get(answer.headers["Location"])
    text = client.get("/metrics", headers=_bearer(keys.admin)).text
    assert set(re.findall(r'(\w+)="', text)) == {
        "stage",
        "le",
        "route",
        "status",
        "grade",
        "name",
        "version",
        "bundle_sha256",
    }
    named = ["bank-a", record["enterprise_id"], answer.json()["decision_id"], keys.score.split("_")[1]]
    assert [name for name in named if name in text] == []


@pytest.mark.parametrize("role", ["score", "audit"])
def test_who_decides_or_audits_does_not_monitor(client, keys, problem, role):
    assert problem(client.get("/metrics", headers=_bearer(getattr(keys, role))), 403).code == "ICS-SRV-002"


def test_processes_are_added_up_and_one_that_was_killed_leaves_its_counts(serve_process, house, bundle, record):
    key = create_key(house / "keys.json", "bank-a", "admin").key
    served = serve_process(bundle.folder, "--workers", "2")
    url, pids = served.url, set()
    while len(pids) < 2:  # each client is one connection, to either process
        assert httpx.post(url + URL, json=record, headers=_bearer(key)).status_code == 201
        pids = {event["pid"] for event in served.named("request") if event["route"] == URL}

    def found():
        return _measures(httpx.get(url + "/metrics", headers=_bearer(key)).text)

    def value(name):
        return sum(value for measure, value in found().items() if measure.startswith(name))

    posted = value(f'icsml_requests_total{{route="{URL}",status="201"}}')
    assert posted == len([event for event in served.named("request") if event["route"] == URL])
    assert value("icsml_model{") == 2
    os.kill(pids.pop(), signal.SIGKILL)
    end = time.monotonic() + 60
    while not _replaced(url, key, pids, served) or value("icsml_model{") != 2:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert value(f'icsml_requests_total{{route="{URL}",status="201"}}') == posted


def _replaced(url, key, pids, served):
    """Ask until another process than the one left answers."""
    try:
        httpx.get(url + "/metrics", headers=_bearer(key), timeout=30)
    except httpx.TransportError:
        return False
    seen = {event["pid"] for event in served.named("request")[-10:]}
    return len(seen - pids) > 0 and len(served.named("request")) > 0
