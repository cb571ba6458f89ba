"""Tenants apart on every route of the OpenAPI document, for every role; and a revoked key, in every worker."""

from __future__ import annotations

import copy
import itertools
import json
import os
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from icsml.model.bundle_store import keep_bundle
from icsml.serving.key_changes import create_key, revoke_key, rotate_key
from icsml.serving.keys import Role

SIDES = (0, 1)
ROLES = tuple(Role)
SERVE = "import sys; from icsml.serving.server import serve; serve(sys.argv[1], port=0, workers=2)"


def _bearer(key):
    return {"Authorization": f"Bearer {key}"}


def _operations(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            assert body is None or "example" in body, f"{method} {path}: the document shows no example of a body"
            yield method.upper(), path, body and body["example"]


def _named(body, name):
    """Return a body whose records are of an enterprise of this name."""
    body = copy.deepcopy(body)
    for record in [*body.get("records", []), *body.get("outcomes", []), body.get("record"), body]:
        if record and "enterprise_id" in record:
            record["enterprise_id"] = name
    return body


def _told(answer):
    """Return what an answer tells, without what differs between any two requests."""
    if answer.headers["content-type"] == "application/problem+json":
        return answer.status_code, {name: value for name, value in answer.json().items() if name != "instance"}
    return answer.status_code, answer.text


def _decision_ids(answer):
    content = answer.json()
    results = content.get("results") or [{"decision": each} for each in content.get("events", [])]
    found = [content] if "decision_id" in content else [each.get("decision", {}) for each in results]
    return [decision["decision_id"] for decision in found if decision.get("decision_id")]


ANY = st.integers(0, 999)
"""Which one of a list, whatever its length."""


class Tenants(RuleBasedStateMachine):
    """Two tenants who ask anything of the service, each with a key of every role.

    Each sequence has tenants of its own, so that a sequence run again meets the same.
    """

    client: httpx.Client
    path: Path
    operations: list[tuple[str, str, dict | None]]
    seen: Counter[str]
    numbers = itertools.count()

    def __init__(self):
        super().__init__()
        number = next(self.numbers)
        self.tenants = (f"first-{number}", f"second-{number}")
        self.keys = {(who, role): create_key(self.path, self.tenants[who], role) for who in SIDES for role in Role}
        self.recorded = []  # of each decision whose it is, its id and the name of its enterprise

    def ask(self, method, path, who, role, *, decision_id="none", headers=None, body=None):
        answer = self.client.request(
            method,
            path.replace("{id}", decision_id).replace("{rulebook}", "national-2025"),
            headers=_bearer(self.keys[who, role].key) | (headers or {}),
            json=body,
        )
        told = answer.text + str(answer.headers)
        assert not any(known in told or name in told for owner, known, name in self.recorded if owner != who)
        assert answer.status_code < 500
        return answer

    @initialize()
    def both_have_a_decision(self):
        for who in SIDES:
            self.decide(0, who, Role.SCORE, None, 1)
        assert [owner for owner, *_ in self.recorded] == list(SIDES)

    @rule(
        which=ANY,
        who=st.sampled_from(SIDES),
        role=st.sampled_from([Role.SCORE, *Role]),
        idempotency=st.sampled_from([None, "loan-1", "loan-2"]),
        number=st.sampled_from([1, 2]),
        at=ANY,
    )
    def decide(self, which, who, role, idempotency, number, at=0):
        """Both tenants use the same idempotency keys; the names tell whose decision an answer holds."""
        deciding = [each for each in self.operations if each[2]]
        method, path, example = deciding[which % len(deciding)]
        name = f"{self.tenants[who]}-{number if idempotency else 'x'}"
        headers = {"Idempotency-Key": f"{idempotency}{path}"} if idempotency else {}
        about = {}
        if "{id}" in path:
            owner, decision_id, firm = self.recorded[at % len(self.recorded)]
            about, name = {"decision_id": decision_id}, firm if owner == who else name
            if owner != who:
                told = [
                    _told(self.ask(method, path, who, role, headers=headers, body=_named(example, name), **each))
                    for each in (about, {"decision_id": "unknown"})
                ]
                assert told[0] == told[1]
                assert told[0][0] in (403, 404)
                self.seen["acts on a foreign one", told[0][0]] += 1
                return
        answer = self.ask(method, path, who, role, headers=headers, body=_named(example, name), **about)
        if not answer.is_success:
            assert answer.status_code in (403, 409)
            return
        for decision_id in _decision_ids(answer):
            if (who, decision_id, name) not in self.recorded:
                assert decision_id not in {known for _, known, _ in self.recorded}
                self.recorded.append((who, decision_id, name))

    @rule(which=ANY, who=st.sampled_from(SIDES), role=st.sampled_from(ROLES), at=ANY)
    def read(self, which, who, role, at):
        reading = [each for each in self.operations if not each[2]]
        method, path, _ = reading[which % len(reading)]
        owner, decision_id, name = self.recorded[at % len(self.recorded)]
        answer = self.ask(method, path, who, role, decision_id=decision_id)
        if "{id}" not in path:
            return
        if owner != who:
            assert _told(answer) == _told(self.ask(method, path, who, role, decision_id="unknown"))
            assert answer.status_code in (403, 404)
        else:
            assert answer.status_code in (200, 403), (path, answer.text)
            assert answer.status_code == 403 or name in answer.text or decision_id in answer.text
        self.seen["own" if owner == who else "foreign", answer.status_code] += 1

    @rule(who=st.sampled_from(SIDES), role=st.sampled_from(ROLES), at=ANY, more=st.sampled_from(["", "&limit=1"]))
    def search(self, who, role, at, more):
        """A firm of the other tenant is not found."""
        owner, _, name = self.recorded[at % len(self.recorded)]
        answer = self.ask("GET", f"/v1/assessments?enterprise_id={name}{more}", who, role)
        if answer.status_code == 200:
            found = answer.json()
            assert bool(found["items"]) == bool(found["counted"]) == (owner == who)
            assert {item["enterprise_id"] for item in found["items"]} <= {name}
            self.seen["found" if owner == who else "not found"] += 1
        else:
            assert answer.status_code == 403

    @rule(which=ANY, who=st.sampled_from(SIDES), role=st.sampled_from(ROLES), rotates=st.booleans())
    def end(self, which, who, role, rotates):
        old = self.keys[who, role]
        if rotates:
            self.keys[who, role] = rotate_key(self.path, old.id)
        else:
            revoke_key(self.path, old.id)
            self.keys[who, role] = create_key(self.path, self.tenants[who], role)
        keyed = [each for each in self.operations if each[1].startswith("/v1/")]
        method, path, body = keyed[which % len(keyed)]
        assert self.client.request(method, path, headers=_bearer(old.key), json=body).status_code == 401
        self.seen["revoked"] += 1


@pytest.fixture
def machine(make_app, test_client, keys, bundle):
    """The class of the machine, for a service of its own."""
    keep_bundle(bundle.folder)
    with test_client(make_app()) as client:
        operations = list(_operations(client.get("/openapi.json").json()))
        parts = {"client": client, "path": keys.path, "operations": operations, "seen": Counter()}
        yield type("TenantsOfAService", (Tenants,), parts)


def test_no_tenant_learns_of_another_on_any_route_in_any_role(machine):
    often = settings(
        max_examples=15, stateful_step_count=30, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(machine, settings=often)
    wanted = [
        ("acts on a foreign one", 404), ("own", 200), ("own", 403), ("foreign", 404), ("foreign", 403),
        "revoked", "found", "not found",
    ]  # fmt: skip
    assert all(machine.seen[each] for each in wanted), machine.seen


@pytest.fixture
def two_workers(bundle, tmp_path, monkeypatch):
    """A service of two processes; gives its address, and the requests that each has answered."""
    monkeypatch.setenv("ICSML_HOME", str(tmp_path / "home"))
    log = tmp_path / "log"
    create_key(tmp_path / "home" / "keys.json", "bank-a", "audit")
    with log.open("w") as stream:
        process = subprocess.Popen([sys.executable, "-c", SERVE, str(bundle.folder)], stderr=stream, env=os.environ)
    try:
        yield process, log
    finally:
        process.terminate()
        process.wait(60)


def _lines(log):
    return [json.loads(line) for line in log.read_text().splitlines()]


def _address(process, log):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        address = next((line["address"] for line in _lines(log) if line["event"] == "starting"), None)
        try:
            if address and httpx.get(address + "/readyz").status_code == 200:
                return address
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("not ready in 120 s")


def _asked_of_both(log, address, key):
    """Ask on new connections until each process has answered; returns the statuses."""
    before = len(_lines(log))

    def ask(_):
        return httpx.get(f"{address}/v1/assessments/x", headers=_bearer(key), timeout=30).status_code

    statuses = set()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(60):
            statuses |= set(pool.map(ask, range(8)))
            answered = {line["pid"] for line in _lines(log)[before:] if line.get("route") == "/v1/assessments/{id}"}
            if len(answered) == 2:
                return statuses
    pytest.fail("one of the processes answers nothing")


def test_a_revoked_key_stops_at_once_in_every_worker(two_workers, tmp_path):
    process, log = two_workers
    path = tmp_path / "home" / "keys.json"
    address = _address(process, log)
    new = create_key(path, "bank-a", "score")
    assert _asked_of_both(log, address, new.key) == {404}
    rotated = rotate_key(path, new.id)
    assert _asked_of_both(log, address, new.key) == {401}
    assert _asked_of_both(log, address, rotated.key) == {404}
    revoke_key(path, rotated.id)
    assert _asked_of_both(log, address, rotated.key) == {401}
    assert process.poll() is None
