"""Tenants apart on every route of the OpenAPI document, for every role; and a revoked key, in every worker."""

from __future__ import annotations

import copy
import itertools
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from icsml.serving.key_changes import create_key, revoke_key, rotate_key
from icsml.serving.keys import Role

TENANTS = ("bank-a", "bank-b")
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
    for record in body.get("records", [body]):
        record["enterprise_id"] = name
    return body


def _told(answer):
    """Return what an answer tells, without what differs between any two requests."""
    if answer.headers["content-type"] == "application/problem+json":
        return answer.status_code, {name: value for name, value in answer.json().items() if name != "instance"}
    return answer.status_code, answer.text


def _decision_ids(answer):
    content = answer.json()
    found = [content] if "decision_id" in content else [each.get("decision", {}) for each in content["results"]]
    return [decision["decision_id"] for decision in found if "decision_id" in decision]


@pytest.fixture
def machine(make_app, test_client, keys):
    """The class of a machine of two tenants who ask anything of the service, each with a key of every role."""
    made = {(tenant, role): create_key(keys.path, tenant, role) for tenant in TENANTS for role in ROLES}
    numbers = itertools.count()
    seen = {"foreign": 0, "own": 0, "revoked": 0}
    with test_client(make_app()) as client:
        document = client.get("/openapi.json").json()
        operations = list(_operations(document))
        recorded = {tenant: {} for tenant in TENANTS}

        class Tenants(RuleBasedStateMachine):
            def _ask(self, method, path, tenant, role, *, decision_id="none", **options):
                key = made[tenant, role].key
                answer = client.request(
                    method,
                    path.replace("{id}", decision_id),
                    headers=_bearer(key) | options.pop("headers", {}),
                    **options,
                )
                others = {name for other in TENANTS if other != tenant for name in recorded[other].values()}
                told = answer.text + str(answer.headers)
                assert not any(name in told for name in others)
                assert not any(known in told for other in TENANTS if other != tenant for known in recorded[other])
                assert answer.status_code < 500
                return answer

            @rule(
                operation=st.sampled_from([each for each in operations if each[2]]),
                tenant=st.sampled_from(TENANTS),
                role=st.sampled_from(ROLES),
                idempotency=st.sampled_from([None, "loan-1", "loan-2"]),
                number=st.sampled_from([1, 2]),
            )
            def decide(self, operation, tenant, role, idempotency, number):
                method, path, example = operation
                # The same name and idempotency key for both tenants: neither may see the other's decision.
                name = f"{tenant}-{number if idempotency else next(numbers)}"
                body = _named(example, name)
                headers = {"Idempotency-Key": f"{idempotency}{path}"} if idempotency else {}
                answer = self._ask(method, path, tenant, role, json=body, headers=headers)
                if answer.is_success:
                    for decision_id in _decision_ids(answer):
                        assert recorded[tenant].setdefault(decision_id, name) == name
                else:
                    assert answer.status_code in (403, 409)

            @precondition(lambda self: any(recorded.values()))
            @rule(
                operation=st.sampled_from([each for each in operations if not each[2]]),
                tenant=st.sampled_from(TENANTS),
                role=st.sampled_from(ROLES),
                data=st.data(),
            )
            def read(self, operation, tenant, role, data):
                method, path, _ = operation
                owners = {known: owner for owner in TENANTS for known in recorded[owner]}
                decision_id = data.draw(st.sampled_from(sorted(owners)))
                answer = self._ask(method, path, tenant, role, decision_id=decision_id)
                if "{id}" not in path:
                    return
                if owners[decision_id] != tenant:
                    unknown = self._ask(method, path, tenant, role, decision_id="unknown")
                    assert _told(answer) == _told(unknown)
                    assert answer.status_code in (403, 404)
                    seen["foreign"] += answer.status_code == 404
                else:
                    assert answer.status_code in (200, 403)
                    seen["own"] += answer.status_code == 200
                    assert answer.status_code == 403 or recorded[tenant][decision_id] in answer.text

            @rule(
                operation=st.sampled_from([each for each in operations if "/v1/" in each[1]]),
                tenant=st.sampled_from(TENANTS),
                role=st.sampled_from(ROLES),
                rotates=st.booleans(),
            )
            def end(self, operation, tenant, role, rotates):
                old = made[tenant, role]
                if rotates:
                    made[tenant, role] = rotate_key(keys.path, old.id)
                else:
                    revoke_key(keys.path, old.id)
                    made[tenant, role] = create_key(keys.path, tenant, role)
                method, path, body = operation
                assert client.request(method, path, headers=_bearer(old.key), json=body).status_code == 401
                seen["revoked"] += 1

        yield Tenants, seen


def test_no_tenant_learns_of_another_on_any_route_in_any_role(machine):
    tenants, seen = machine
    run_state_machine_as_test(
        tenants,
        settings=settings(
            max_examples=12, stateful_step_count=30, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    assert min(seen.values()) > 5, seen


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
