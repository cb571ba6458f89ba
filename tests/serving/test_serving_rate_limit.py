"""Limits of a key's requests, with a clock that the test sets."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsml.serving import rate_limit
from icsml.serving.problems import RequestError
from icsml.serving.rate_limit import RateLimits
from icsml.serving.settings import ServingSettings

URL = "/v1/assessments"


class Clock:
    """A clock that the test sets."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def _allowed(limits, key="a", tries=1):
    return sum(_take(limits, key) is None for _ in range(tries))


def _take(limits, key="a"):
    try:
        limits.take(key)
    except RequestError as error:
        return error.retry_after if (error.code, error.status) == ("ICS-SRV-040", 429) else -1
    return None


def test_a_burst_then_one_at_a_time(clock):
    limits = RateLimits(60, 3, clock)
    assert _allowed(limits, tries=10) == 3
    clock.now += 0.999
    assert _take(limits) == 1
    clock.now += 0.001
    assert _allowed(limits, tries=2) == 1
    clock.now += 1000
    assert _allowed(limits, tries=10) == 3


def test_keys_have_buckets_of_their_own(clock):
    limits = RateLimits(60, 1, clock)
    assert (_allowed(limits, "a", 3), _allowed(limits, "b", 3)) == (1, 1)


def test_the_wait_that_is_told_is_enough_and_no_second_more(clock):
    limits = RateLimits(7, 1, clock)
    assert _take(limits) is None
    wait = _take(limits)
    assert wait == 9  # 60 / 7 = 8.57
    clock.now += wait - 1
    assert _take(limits) == 1
    clock.now += 1
    assert _take(limits) is None


def test_no_limit_unless_told(clock):
    assert ServingSettings().rate_per_minute == 0
    limits = RateLimits.of(ServingSettings(), clock)
    assert _allowed(limits, tries=10_000) == 10_000
    assert not limits._full_at


def test_each_of_several_workers_allows_its_part(clock):
    settings = ServingSettings(rate_per_minute=120, rate_burst=8, workers=4)
    limits = RateLimits.of(settings, clock)
    assert _allowed(limits, tries=100) == 2
    clock.now += 60
    assert _allowed(RateLimits.of(ServingSettings(rate_per_minute=1, rate_burst=1, workers=9), clock), tries=5) == 1


@given(st.integers(1, 600), st.integers(1, 20), st.lists(st.floats(0, 5, allow_nan=False), min_size=1, max_size=200))
def test_never_more_than_the_burst_and_what_the_time_gives(per_minute, burst, waits):
    clock = Clock()
    limits = RateLimits(per_minute, burst, clock)
    allowed = 0
    for wait in waits:
        clock.now += wait
        allowed += _allowed(limits)
    assert allowed <= burst + (clock.now - 1000) * per_minute / 60 + 1e-6
    assert allowed >= 1


def test_the_memory_is_bounded_and_the_busy_are_remembered(clock, monkeypatch):
    monkeypatch.setattr(rate_limit, "_MOST_KEYS", 50)
    limits = RateLimits(60, 1, clock)
    for i in range(500):
        clock.now += 0.001
        limits.take(f"key-{i}")
    assert len(limits._full_at) <= 50
    assert _take(limits, "key-499") == 1
    clock.now += 100
    limits.take("x")
    assert len(limits._full_at) == 1


def test_the_service_answers_429_and_says_when_to_ask_again(
    make_app, test_client, keys, record, problem, caplog, ledger
):
    caplog.set_level(logging.INFO)
    app = make_app(settings=ServingSettings(rate_per_minute=1, rate_burst=2))
    app.state.rate_limits._clock = clock = Clock()
    with test_client(app, headers={"Authorization": f"Bearer {keys.score}"}) as client:
        location = client.post(URL, json=record).headers["Location"]
        assert client.get(location).status_code == 200
        for answer in (client.post(URL, json=record), client.get(location)):
            found = problem(answer, 429)
            assert (found.code, answer.headers["Retry-After"]) == ("ICS-SRV-040", "60")
        assert client.get("/healthz").status_code == 200
        assert client.get(location, headers={"Authorization": f"Bearer {keys.admin}"}).status_code == 200
        clock.now += 60
        assert client.get(location).status_code == 200
    assert ledger.count() == 1
    lines = [json.loads(entry.message) for entry in caplog.records if entry.name == "icsml.access"]
    limited = [line for line in lines if line["status"] == 429]
    assert [line["tenant"] for line in limited] == ["bank-a"] * 2
    assert all(line["key_id"] and line["key_id"] in keys.score for line in limited)


def test_a_key_that_lets_nobody_in_costs_no_memory(make_app, test_client, keys):
    app = make_app(settings=ServingSettings(rate_per_minute=1, rate_burst=1))
    with test_client(app) as client:
        for i in range(20):
            headers = {"Authorization": f"Bearer icsml_{i:012x}_{'A' * 43}"}
            assert client.get(f"{URL}/x", headers=headers).status_code == 401
    assert not app.state.rate_limits._full_at
