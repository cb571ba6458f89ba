"""The typed client against the application, and against the service as a process."""

from __future__ import annotations

import asyncio
import io
import select
import socket
import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
from ledger_tables import execute

import icsml
from icsml.client import (
    Assessment,
    AsyncClient,
    AuthError,
    Client,
    ConflictError,
    NotFoundError,
    RefusedError,
    Retries,
    UnavailableError,
    sync_client,
)
from icsml.core.canonical import canonical_bytes
from icsml.errors import InputError, LedgerError
from icsml.ledger.evidence.verify import check
from icsml.model.bundle_store import keep_bundle
from icsml.records.enterprise import example_record, parse_record
from icsml.serving.keys import create_key
from icsml.serving.live_model import LiveModel
from icsml.serving.settings import ServingSettings

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
URL = "http://testserver"
AT_ONCE = Retries(most=2, first=0.0)


class Bridge(httpx.BaseTransport):
    """Brings requests to the application, and loses as many answers as it is told to."""

    def __init__(self, served, losses=0):
        self._served, self.losses, self.statuses, self.targets = served, losses, [], []

    def handle_request(self, request):
        target = request.url.raw_path.decode()
        self.targets.append(target)
        headers = dict(request.headers)
        answer = self._served.request(request.method, target, content=request.read(), headers=headers)
        self.statuses.append(answer.status_code)
        if self.losses:
            self.losses -= 1
            raise httpx.ReadError("cut")
        return httpx.Response(answer.status_code, headers=dict(answer.headers), content=answer.content)


@pytest.fixture
def connect(make_app, keys, test_client):
    """Make clients of an application with these changes; each has its bridge."""
    opened = []

    def make(role="score", losses=0, sleep=lambda _: None, retries=AT_ONCE, **changes):
        served = test_client(make_app(**changes), raise_server_exceptions=False)
        opened.append(served.__enter__())
        bridge = Bridge(served, losses)
        return Client(URL, getattr(keys, role, role), transport=bridge, sleep=sleep, retries=retries), bridge

    yield make
    for served in opened:
        served.__exit__(None, None, None)


def test_a_decision_is_typed_and_keeps_its_bytes(connect, ledger, record):
    client, _ = connect()
    given = client.assess(record, idempotency_key="loan-1")
    assert given.content == ledger.decision_bytes("bank-a", given.decision_id)
    assert given.decision.enterprise_id == record["enterprise_id"]
    assert (given.status, given.idempotency_key) == (201, "loan-1")
    assert given.decision.model_dump(mode="json", exclude_unset=True)["pd"] == given.decision.pd
    read = client.get(given.decision_id)
    assert (read.content, read.decision, read.status) == (given.content, given.decision, 200)


def test_an_answer_lost_after_the_commit_gives_the_recorded_decision(connect, ledger, record):
    client, bridge = connect(losses=1)
    given = client.assess(record)
    assert bridge.statuses == [201, 200]
    assert ledger.count() == 1
    assert given.content == ledger.decision_bytes("bank-a", given.decision_id)


def test_a_batch_whose_answer_was_lost_is_recorded_once(connect, ledger, record):
    client, bridge = connect(losses=1)
    found = client.assess_all([{**record, "staff_total": 10 + n} for n in range(5)], batch_size=3)
    assert bridge.statuses == [200, 200, 200]
    assert [result.status for result in found] == [200, 200, 200, 201, 201]
    assert ledger.count() == len({result.decision_id for result in found}) == 5
    for result in found:
        assert result.content == ledger.decision_bytes("bank-a", result.decision_id)


def test_a_model_that_does_not_say_what_its_pd_is_of_is_named_all_the_same(connect, bundle):
    silent = replace(bundle, event=None, horizon_months=None)
    client, _ = connect(model=LiveModel(silent, "3", NOW))
    named = client.current_model()
    assert (named.bundle_sha256, named.event, named.horizon_months) == (bundle.sha256, None, None)


def test_rulebooks_are_typed(connect):
    client, _ = connect()
    listed = {row.id: row for row in client.rulebooks().rulebooks}
    assert (listed["national-2025"].decides, listed["national-2024"].in_force.until.year) == (True, 2025)
    assert client.rulebook("national-2025")["id"] == "national-2025"
    with pytest.raises(NotFoundError) as caught:
        client.rulebook("none")
    assert caught.value.code == "ICS-RUL-002"
    with pytest.raises(InputError) as refused:
        client.rulebook("a/b")
    assert (refused.value.code, refused.value.field) == ("ICS-CLT-002", "rulebook_id")


def test_a_list_sent_again_with_its_key_is_recorded_once_in_any_length(connect, ledger, record):
    client, _ = connect()
    records = [{**record, "staff_total": 10 + n} for n in range(5)]
    first = client.assess_all(records[:2], idempotency_key="june", batch_size=3)
    second = client.assess_all(records, idempotency_key="june", batch_size=3)
    assert [result.content for result in second][:2] == [result.content for result in first]
    assert ledger.count() == 5


def test_the_ledger_failing_for_some_records_of_a_batch(connect, ledger, record, monkeypatch):
    real, calls = type(ledger).record_all, []

    def failing(self, entries, *others, **named):
        calls.append(len(entries))
        if len(calls) == 2:
            raise LedgerError("ICS-LED-001", "locked")
        return real(self, entries, *others, **named)

    monkeypatch.setattr(type(ledger), "record_all", failing)
    client, bridge = connect(sleep=lambda _: _wait_until(client.ready))
    found = client.assess_all([{**record, "staff_total": 10 + n} for n in range(70)])
    assert not found.problems
    assert bridge.statuses[0] == bridge.statuses[-1] == 200
    assert len(bridge.statuses) > 2  # asked again, and whether it is ready
    assert {result.status for result in found} == {200, 201}
    assert ledger.count("bank-a") == 70


def _wait_until(true):
    for _ in range(1000):
        if true():
            return
        threading.Event().wait(0.02)


def test_a_decision_of_a_later_version_is_read():
    given = Assessment("d", b"", 201, None)
    bundle = icsml.read_bundle(ROOT / "models" / "demo")
    known = icsml.decide(bundle, parse_record(example_record()), decision_id="d", decided_at=NOW).decision
    content = known.model_dump(mode="json", exclude_unset=True)
    content |= {"new": 1, "model": content["model"] | {"new": 2}, "reference": content["reference"] | {"new": 3}}
    read = replace(given, content=canonical_bytes(content)).decision
    assert (read.new, read.model.new, read.reference.new) == (1, 2, 3)
    assert read.reasons == known.reasons


def test_a_record_at_fault_is_a_problem_that_names_the_field(connect, record):
    client, bridge = connect()
    wrong = {**record, "revenu_cny": 1.0}
    found = client.assess_all([record, wrong])
    assert isinstance(found[0], Assessment)
    assert (found.problems[1].status, found.problems[1].errors[0][0]) == (422, "revenu_cny")
    with pytest.raises(RefusedError) as caught:
        client.assess(wrong)
    assert (caught.value.code, caught.value.errors[0][0]) == (found.problems[1].code, "revenu_cny")
    assert bridge.statuses == [200, 422]


def test_another_body_under_the_same_key_is_a_conflict(connect, ledger, record):
    client, _ = connect()
    client.assess(record, idempotency_key="loan-1")
    with pytest.raises(ConflictError, match="ICS-LED-007"):
        client.assess({**record, "staff_total": 99}, idempotency_key="loan-1")
    assert ledger.count() == 1


@pytest.mark.parametrize(("key", "code", "status"), [("icsml_0123456789ab_wrong", "ICS-SRV-001", 401),
                                                    ("monitor", "ICS-SRV-002", 403)])  # fmt: skip
def test_a_key_that_may_not_is_told_at_once(connect, ledger, record, key, code, status):
    client, bridge = connect(key)
    with pytest.raises(AuthError, match=code) as caught:
        client.assess(record)
    assert bridge.statuses == [caught.value.status] == [status]
    assert caught.value.request_id
    assert ledger.count() == 0


def test_a_limit_is_waited_for(connect, record):
    pauses = []
    client, bridge = connect(sleep=pauses.append, settings=ServingSettings(rate_per_minute=1, rate_burst=1))
    client.current_model()
    with pytest.raises(UnavailableError, match="ICS-SRV-040") as caught:
        client.assess(record)
    assert bridge.statuses == [200, 429, 429, 429]
    assert all(0 < seconds <= 60 for seconds in [*pauses, caught.value.retry_after])
    assert len(pauses) == 2


def test_a_decision_of_another_tenant_is_not_found(connect, record):
    given = connect()[0].assess(record)
    with pytest.raises(NotFoundError, match="ICS-SRV-005"):
        connect("other")[0].get(given.decision_id)


def test_the_page_the_model_and_readiness(connect, record, bundle):
    client, bridge = connect("admin")
    given = client.assess(record, recourse=True)
    client.assess_all([record], recourse=False)
    assert bridge.targets == ["/v1/assessments?recourse=true", "/v1/assessments:batch?recourse=false"]
    page = client.report(given.decision_id, "zh")
    assert page.startswith(b"<!doctype html>")
    assert page == client.report(given.decision_id, "zh") != client.report(given.decision_id)
    assert check(io.BytesIO(client.pack(given.decision_id)), [])["decision_id"] == given.decision_id
    model = client.current_model()
    assert (model.name, model.version, model.bundle_sha256) == (bundle.name, "3", given.decision.model.bundle_sha256)
    assert client.ready() is True


def test_what_moved_and_whether_it_comes_out_again(connect, record, bundle):
    client, bridge = connect("admin")
    keep_bundle(bundle.folder)
    made = [client.assess({**record, "staff_total": 40 + n}).decision_id for n in range(2)]
    earlier, later = sorted(made)  # decided at one time
    found = client.changes(later)
    assert (found.previous.decision_id, found.decision.decision_id) == (earlier, later)
    assert client.changes(later, since=earlier) == found
    assert client.changes(earlier).previous is None
    with pytest.raises(RefusedError, match="ICS-LED-031"):
        client.changes(earlier, since=later)
    bridge.losses = 1
    assert client.replay(later).identical
    assert [target.endswith(":replay") for target in bridge.targets][-3:] == [False, True, True]


def test_a_decision_whose_payload_was_erased_is_not_compared(connect, ledger, record):
    client, _ = connect("admin")
    made = client.assess(record)
    ledger.erase_enterprise("bank-a", record["enterprise_id"], reason="asked for", by="officer")
    for ask in (client.changes, client.replay):
        with pytest.raises(RefusedError, match="ICS-LED-026") as refused:
            ask(made.decision_id)
        assert refused.value.status == 410


def test_what_happens_after_a_decision_is_recorded_once_though_answers_are_lost(connect, record, ledger):
    client, bridge = connect()
    made = client.assess(record)
    asked = [
        lambda: client.override(made.decision_id, {"outcome": "approve", "reason_code": "guarantee", "user": "a",
                                                   "second_user": "b"}),
        lambda: client.correct(made.decision_id, record | {"staff_total": 9}, reason="typing", user="a"),
        lambda: client.object_to(made.decision_id, statement="too low", user="a"),
        lambda: client.record_outcomes([{"enterprise_id": record["enterprise_id"], "as_of": "2026-06-30", "bad": True,
                                         "decision_id": made.decision_id}]),
    ]  # fmt: skip
    given = []
    for ask in asked:
        bridge.losses = 1
        given.append(ask())
    kinds = ["override", "correction", "objection", "outcome"]
    events = client.events(made.decision_id).events
    assert [event.kind for event in events] == kinds
    override, correction, objection, outcomes = given
    assert [override.event_id, correction.decision_id, objection.decision_id, outcomes.events[0].event_id] == [
        event.event_id for event in events
    ]
    assert [each.decision.refers_to.kind for each in (correction, objection)] == kinds[1:3]
    assert ledger.count() == 3
    with pytest.raises(RefusedError, match="ICS-SRV-060"):
        client.override(made.decision_id, {"outcome": "approve", "reason_code": "other", "user": "a"})


def test_decisions_are_found_page_by_page(connect, record, monkeypatch):
    monkeypatch.setattr(sync_client, "MOST_FOUND", 2)
    client, bridge = connect()
    given = [client.assess(record).decision_id for _ in range(5)]
    assert sorted(each.decision_id for each in client.search_all(enterprise_id=record["enterprise_id"])) == sorted(
        given
    )
    assert [target.count("limit=2") for target in bridge.targets[5:]] == [1, 1, 1]
    page = client.search(since=datetime(2026, 7, 1, tzinfo=UTC), until=date(2026, 7, 1), limit=3)
    assert len(page.items) == 3
    assert page.facets.grade[0].count == page.counted == 5
    assert list(client.search_all(grade="none")) == list(connect("other")[0].search_all()) == []
    with pytest.raises(RefusedError, match="ICS-SRV-070"):
        client.search(cursor=page.next, grade="none")
    with pytest.raises(InputError, match="since"):
        client.search(since=datetime(2026, 7, 1))


def test_the_client_for_asyncio(make_app, keys, record, ledger, bundle):
    app = make_app()
    keep_bundle(bundle.folder)

    async def use():
        transport = httpx.ASGITransport(app)
        async with app.router.lifespan_context(app), AsyncClient(URL, keys.admin, transport=transport) as client:
            one, two = await asyncio.gather(client.assess(record), client.assess({**record, "staff_total": 9}))
            many = await client.assess_all([record] * 3, batch_size=2)
            moved, again = await client.changes(one.decision_id), await client.replay(one.decision_id)
            assert (moved.decision.decision_id, again.decision_id) == (one.decision_id,) * 2
            assert again.identical
            found = [each.decision_id async for each in client.search_all(since="2026-07-01")]
            return one, two, many, await client.get(one.decision_id), found

    one, two, many, read, found = asyncio.run(use())
    assert sorted(found) == sorted(each.decision_id for each in (one, two, *many))
    assert read.content == one.content != two.content
    assert [result.status for result in many] == [201] * 3
    assert ledger.count() == 5


class Cutting:
    """A proxy that cuts the first connection when the service has answered."""

    def __init__(self, port):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self.answered = []
        self._thread = threading.Thread(target=self._run, args=(port,), daemon=True)
        self._thread.start()

    def _run(self, port):
        for cut in (True, False):
            with self._listener.accept()[0] as near, socket.create_connection(("127.0.0.1", port)) as far:
                self._pass(near, far, cut)
        self._listener.close()

    def _pass(self, near, far, cut):
        while True:
            for ready in select.select([near, far], [], [])[0]:
                data = ready.recv(1 << 16)
                if ready is far:
                    self.answered.append(data)
                if not data or (cut and ready is far):
                    return
                (near if ready is far else far).sendall(data)


def test_a_connection_cut_after_the_commit_gives_one_decision(serve_process, house, bundle, record):
    key = create_key(house / "keys.json", "bank-a", "score").key
    served = serve_process(bundle.folder)
    proxy = Cutting(httpx.URL(served.url).port)
    with Client("http://{}:{}".format(*proxy.address), key, retries=Retries(first=0.01)) as client:
        given = client.assess(record)
    assert proxy.answered[0].startswith(b"HTTP/1.1 201")
    assert given.status == 200
    assert given.decision_id.encode() in proxy.answered[0]
    with Client(served.url, key) as client:
        assert client.ready() is True
        assert client.get(given.decision_id).content == given.content
    served.stop()
    assert execute(f"sqlite:///{house}/ledger.db", "SELECT count(*) FROM idempotency") == [(1,)]
    with Client(served.url, key) as client:
        assert client.ready() is False
