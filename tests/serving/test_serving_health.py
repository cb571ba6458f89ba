"""Liveness and readiness: ready is who can decide and record, and says by which model."""

from __future__ import annotations

import pytest

from icsml.serving.keys import create_key


def test_health_needs_no_key(make_app, test_client):
    with test_client(make_app()) as client:
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_readiness_names_the_live_model_and_needs_no_key(make_app, test_client, bundle):
    with test_client(make_app()) as client:
        answer = client.get("/readyz")
    model = {"name": "icsml-pd", "version": "3", "bundle_sha256": bundle.sha256}
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "model": model})


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_may_ask_for_the_head_alone(client, monkeypatch, path):
    answer = client.head(path, params={"probe": "1"})
    assert (answer.status_code, answer.content) == (200, b"")
    monkeypatch.setattr(client.app.state.service.recorder, "ready", lambda: False)
    assert client.head(path).status_code == (200 if path == "/healthz" else 503)


def test_without_a_key_left_nobody_could_be_let_in_so_it_is_not_ready(client, keys, problem):
    content = keys.path.read_bytes()
    keys.path.unlink()
    assert problem(client.get("/readyz"), 503).code == "ICS-SRV-020"
    assert client.get("/healthz").status_code == 200
    keys.path.write_bytes(content)
    assert client.get("/readyz").status_code == 200


def test_with_a_damaged_key_file_it_is_not_ready(client, keys, problem):
    keys.path.write_text("{")
    assert problem(client.get("/readyz"), 503).code == "ICS-SRV-021"


def test_while_no_row_can_be_written_it_is_not_ready(client, problem, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(client.app.state.service.recorder, "ready", lambda: False)
        assert problem(client.get("/readyz"), 503).code == "ICS-SRV-013"
        assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("role", ["score", "audit", "admin"])
def test_every_role_may_ask_for_the_model(make_app, test_client, keys, bundle, now, role):
    key = create_key(keys.path, "bank-c", role).key
    with test_client(make_app(), headers={"Authorization": f"Bearer {key}"}) as client:
        answer = client.get("/v1/models/current")
    assert answer.status_code == 200
    assert answer.json() == {
        "name": "icsml-pd",
        "version": "3",
        "bundle_sha256": bundle.sha256,
        "event": "default",
        "horizon_months": 12,
        "loaded_at": now.isoformat().replace("+00:00", "Z"),
    }
