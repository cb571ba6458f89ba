"""Requests that arrive together are decided together, and none of them notices."""

from __future__ import annotations

import asyncio
import json
from itertools import count

import httpx
import pytest

from icsml.core.canonical import canonical_bytes
from icsml.decision import decide as decision
from icsml.records.enterprise import parse_record
from icsml.serving import deciding
from icsml.serving.deciding import Asked
from icsml.serving.live_model import LiveModel
from icsml.serving.roles import Caller, Role

URL = "/v1/assessments"
POISON = "PoisonGmbH4711"
_SECONDS = 30  # whatever is wrong, a test ends


def _records(record, n):
    debt = record["total_liabilities_cny"]
    return [{**record, "enterprise_id": f"E{i}", "total_liabilities_cny": debt * (1 + i / 4)} for i in range(n)]


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture
def groups(monkeypatch):
    """Sizes of the groups that are decided together, and the recourse that each asks for."""
    seen, real = [], deciding.Decider.entries

    def noting(self, asked):
        seen.append((len(asked), asked[0].recourse))
        return real(self, asked)

    monkeypatch.setattr(deciding.Decider, "entries", noting)
    return seen


@pytest.fixture
def commits(ledger, monkeypatch):
    """Sizes of the groups that are committed together."""
    seen, real = [], ledger.record_all

    def noting(entries):
        seen.append(len(entries))
        return real(entries)

    monkeypatch.setattr(ledger, "record_all", noting)
    return seen


@pytest.fixture
def at_once(app, keys, monkeypatch):
    """Send requests of which all arrive in one turn of the event loop, and return their answers."""
    monkeypatch.setattr(deciding, "TURN_SECONDS", 60)  # however slow the machine

    def send(bodies, each=lambda _: {}):
        async def post(client, number, body):
            options = {"headers": {}, "params": {}} | each(number)
            headers = {"Authorization": f"Bearer {keys.score}"} | options["headers"]
            return await client.post(URL, json=body, headers=headers, params=options["params"])

        async def run():
            transport = httpx.ASGITransport(app)
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(transport=transport, base_url="http://service") as client,
            ):
                posts = (post(client, *one) for one in enumerate(bodies))
                return await asyncio.wait_for(asyncio.gather(*posts), _SECONDS)

        return asyncio.run(run())

    return send


@pytest.fixture
def within(app, monkeypatch):
    """Run a scenario with the service started."""
    monkeypatch.setattr(deciding, "TURN_SECONDS", 60)

    def run(scenario):
        async def started():
            async with app.router.lifespan_context(app):
                return await asyncio.wait_for(scenario(app.state.service), _SECONDS)

        return asyncio.run(started())

    return run


def _asked(record, key=None, tenant="bank-a"):
    return Asked(Caller("0" * 12, tenant, Role.SCORE), parse_record(record), canonical_bytes(record), key, None)


def test_what_arrives_together_is_decided_and_committed_together(at_once, groups, commits, record, ledger):
    records = _records(record, 11)
    answers = at_once(records)
    assert [answer.status_code for answer in answers] == [201] * 11
    assert (groups, commits) == ([(8, None), (3, None)], [11])
    for sent, answer in zip(records, answers, strict=True):
        stored = ledger.get("bank-a", answer.json()["decision_id"])
        assert stored["request"] == sent
        assert canonical_bytes(stored["decision"]) == answer.content


def test_each_is_decided_as_it_would_be_alone(at_once, groups, record):
    records = _records(record, 8)
    together, alone = at_once(records), [at_once([each])[0] for each in records]
    assert groups == [(8, None), *[(1, None)] * 8]
    without = [[answer.json() | {"decision_id": None} for answer in answers] for answers in (together, alone)]
    assert without[0] == without[1]
    assert len({answer["pd"] for answer in without[0]}) > 4


def test_an_error_among_good_ones_concerns_itself(at_once, groups, record, monkeypatch, caplog):
    real = decision._decided

    def mistaken(bundle, assessment, index, parsed, *others):
        if parsed.enterprise_id == "E2":
            raise StopIteration(POISON)
        return real(bundle, assessment, index, parsed, *others)

    monkeypatch.setattr(decision, "_decided", mistaken)
    records = _records(record, 6)
    records[1] = {**record, "extra": {"no_such_feature": 1.0}}  # found only by who decides
    records[4] = {**record, "revenu_cny": 1.0}
    answers = at_once(records)
    assert [answer.status_code for answer in answers] == [201, 422, 500, 201, 422, 201]
    assert groups == [(5, None)]
    assert [answers[at].json()["errors"][0]["field"] for at in (1, 4)] == ["extra.no_such_feature", "revenu_cny"]
    assert answers[2].json()["code"] == "ICS-SRV-012"
    failures = [json.loads(entry.message) for entry in caplog.records if entry.name == "icsml.failure"]
    assert [failure["request_id"] for failure in failures] == [answers[2].headers["X-Request-Id"]]
    assert POISON not in caplog.text + answers[2].text


def test_tenants_share_a_group_and_nothing_else(at_once, groups, record, keys, ledger):
    tenants = ["bank-a", "bank-b"] * 3
    key = {"bank-a": keys.score, "bank-b": keys.other}
    headers = [{"Authorization": f"Bearer {key[tenant]}", "Idempotency-Key": "same"} for tenant in tenants[:2]]
    headers += [{"Authorization": f"Bearer {key[tenant]}"} for tenant in tenants[2:]]
    answers = at_once(_records(record, 6), lambda number: {"headers": headers[number]})
    assert {answer.status_code for answer in answers} == {201}
    assert sum(size for size, _ in groups) == 6
    assert max(size for size, _ in groups) >= 4  # those with a key of their own are looked up first
    for tenant, answer in zip(tenants, answers, strict=True):
        found = {name: ledger.get(name, answer.json()["decision_id"]) is not None for name in key}
        assert found == {name: name == tenant for name in key}


def test_recourse_is_looked_for_where_it_was_asked(at_once, groups, record):
    wanted = ["true", "true", "false", "true", "true", "false"]
    answers = at_once(_records(record, 6), lambda number: {"params": {"recourse": wanted[number]}})
    looked_for = ["NO_RECOURSE" in {warning["code"] for warning in answer.json()["warnings"]} for answer in answers]
    assert looked_for == [each == "true" for each in wanted]
    assert groups == [(2, True), (1, False), (2, True), (1, False)]


def test_who_is_cancelled_disturbs_no_other(within, groups, record, ledger):
    async def scenario(service):
        tasks = [asyncio.create_task(service.decisions.record(_asked(each))) for each in _records(record, 4)]
        await asyncio.sleep(0)
        assert groups == []  # they wait for the end of this turn
        tasks[1].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    outcomes = within(scenario)
    assert [isinstance(outcome, asyncio.CancelledError) for outcome in outcomes] == [False, True, False, False]
    assert groups == [(3, None)]
    assert ledger.count() == 3


def test_who_is_cancelled_after_the_decision_takes_nothing_back(within, groups, record, ledger):
    async def scenario(service):
        tasks = [asyncio.create_task(service.decisions.record(_asked(each))) for each in _records(record, 3)]
        while not groups:
            await asyncio.sleep(0)
        tasks[1].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    outcomes = within(scenario)
    assert [isinstance(outcome, asyncio.CancelledError) for outcome in outcomes] == [False, True, False]
    assert ledger.count() == 3


def test_one_key_twice_in_a_group_is_one_decision(within, groups, record, ledger):
    other = {**record, "staff_total": 11}

    async def scenario(service):
        asked = [_asked(record, "a"), _asked(record, "a"), _asked(other, "a"), _asked(record, "a", "bank-b")]
        tasks = [service.decisions.record(one) for one in asked]
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, again, conflict, of_another = within(scenario)
    assert groups == [(4, None)]
    assert (first.replayed, again.replayed, of_another.replayed) == (False, True, False)
    assert first.decision_bytes == again.decision_bytes
    assert conflict.code == "ICS-LED-007"
    assert (ledger.count("bank-a"), ledger.count("bank-b")) == (1, 1)


def test_a_group_has_one_model_and_the_next_group_the_new_one(
    app, at_once, groups, record, bundle, other_bundle, now, monkeypatch
):
    models, real = app.state.service.models, decision._decided

    def exchanging(*arguments):
        models.exchange(LiveModel(other_bundle, "4", now))
        return real(*arguments)

    monkeypatch.setattr(decision, "_decided", exchanging)
    answers = [answer.json()["model"] for answer in at_once(_records(record, 11))]
    assert groups == [(8, None), (3, None)]
    found = [(answer["bundle_sha256"], answer["version"]) for answer in answers]
    assert found == [(bundle.sha256, "3")] * 8 + [(other_bundle.sha256, "4")] * 3


def test_the_loop_has_its_turn_in_between(at_once, groups, commits, record, monkeypatch):
    turns, real = [], deciding.DecisionQueue._turn

    def noting(self, *arguments):
        turns.append(len(turns))
        real(self, *arguments)

    monkeypatch.setattr(deciding.DecisionQueue, "_turn", noting)
    monkeypatch.setattr(deciding, "TURN_SECONDS", 0)
    assert [answer.status_code for answer in at_once(_records(record, 5))] == [201] * 5
    assert groups == [(5, None)]
    assert len(turns) >= 5
    assert sum(commits) == 5


def test_a_queue_that_is_full_takes_only_what_it_has_room_for(app, at_once, record, ledger, monkeypatch):
    monkeypatch.setattr(app.state.service.recorder, "_limit", 3)
    answers = at_once(_records(record, 5))
    assert [answer.status_code for answer in answers] == [201] * 3 + [503] * 2
    assert {answer.json()["code"] for answer in answers[3:]} == {"ICS-SRV-050"}
    assert ledger.count() == 3


def test_the_time_of_a_group_is_shared(within, record, monkeypatch):
    observed = []

    async def scenario(service):
        service.metrics.stage = lambda stage, seconds: observed.append((stage, seconds))
        await asyncio.gather(*(service.decisions.record(_asked(each)) for each in _records(record, 4)))

    monkeypatch.setattr(deciding, "perf_counter", count().__next__)  # a second from each look to the next
    within(scenario)
    assert [seconds for stage, seconds in observed if stage == "decide"] == [1.0] * 4
    assert [stage for stage, _ in observed].count("record") == 4


def test_a_loop_that_has_ended_hinders_no_other(app, record, ledger):
    service = app.state.service

    loop = asyncio.new_event_loop()
    left = loop.create_task(service.decisions.record(_asked(record)))
    loop.call_soon(loop.stop)  # before the turn of what waits
    loop.run_forever()
    left.cancel()
    left._log_destroy_pending = False
    loop.close()

    async def go_on():
        async with app.router.lifespan_context(app):
            await service.decisions.record(_asked(record))

    asyncio.run(go_on())
    assert ledger.count() == 1
