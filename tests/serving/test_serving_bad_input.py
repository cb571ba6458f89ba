"""Bodies and headers nobody sends on purpose: never a 500, never a value in an answer or in the log."""

from __future__ import annotations

import itertools
import json
import logging

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS

from icsml.records.enterprise import TEXT_FORM
from icsml.records.fields import FIELDS
from icsml.serving.keys import create_key
from icsml.serving.problems import Problem

URL = "/v1/assessments"
# JSON Schema cannot say that one date lies before another, nor compute a check character.
BEYOND_A_SCHEMA = {
    "ICS-REC-002", "ICS-SRV-057", "ICS-SRV-058", "ICS-SRV-059", "ICS-SRV-060", "ICS-SRV-070", "ICS-SRV-071",
}  # fmt: skip
POISON = "Poison GmbH 4711"
NAMES = [field.name for field in FIELDS]
OFTEN = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=30),
    st.just(POISON), st.sampled_from(["\u202e" + POISON, POISON + "\u2028", "=" + POISON, POISON * 40]),
)  # fmt: skip
KEYS = st.sampled_from([*NAMES, "extra", "records"]) | st.text(max_size=20) | st.just(f"{POISON} {POISON}")
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)
HEADER_NAMES = st.sampled_from(
    ["Accept", "Accept-Encoding", "Authorization", "Connection", "Content-Encoding", "Content-Length", "Content-Type",
     "Cookie", "Expect", "Forwarded", "Host", "Idempotency-Key", "If-Match", "Origin", "Range", "Transfer-Encoding",
     "X-Forwarded-Host", "X-Request-Id"]
)  # fmt: skip
HEADER_VALUES = st.one_of(
    st.binary(max_size=40).map(lambda raw: bytes(byte for byte in raw if byte >= 32 and byte != 127)),
    st.sampled_from([POISON.encode(), b"Bearer " + POISON.encode(), b"application/json; " + POISON.encode()]),
)


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG, logger="icsml")
    return caplog


def _check(answer, log, *, accepted=(201, 200)):
    assert answer.status_code < 500, answer.text
    if answer.status_code not in accepted:
        found = Problem.model_validate_json(answer.content)
        assert found.status == answer.status_code
        assert POISON not in answer.text + str(answer.headers)
    assert POISON not in log.text


def test_no_body_brings_it_down_or_is_repeated(client, record, log):
    seen = set()

    @OFTEN
    @given(st.dictionaries(KEYS, VALUES, max_size=4), st.booleans())
    def check(changes, whole):
        log.clear()
        content = json.dumps({**record, **changes} if whole else changes).encode("utf-8", "surrogatepass")
        answer = client.post(URL, content=content, headers={"Content-Type": "application/json"})
        seen.add(answer.status_code)
        _check(answer, log)

    check()
    assert {201, 422} <= seen


def test_no_bytes_bring_it_down_or_are_repeated(client, record, log):
    text = json.dumps(record).encode()
    seen = set()

    @OFTEN
    @given(st.integers(0, len(text)), st.integers(0, 5), st.binary(max_size=8) | st.just(POISON.encode()))
    def check(at, dropped, put):
        log.clear()
        content = text[:at] + put + text[at + dropped :]
        answer = client.post(URL, content=content, headers={"Content-Type": "application/json"})
        seen.add(answer.status_code)
        _check(answer, log)

    check()
    assert {400, 422} <= seen


def test_no_header_brings_it_down_or_is_repeated(client, record, log):
    body = json.dumps(record).encode()
    seen = set()

    @OFTEN
    @given(st.lists(st.tuples(HEADER_NAMES, HEADER_VALUES), min_size=1, max_size=3), st.booleans())
    def check(extra, replaces):
        log.clear()
        usual = {"Authorization": client.headers["Authorization"], "Content-Type": "application/json"}
        kept = [] if replaces else list(usual.items())
        own = (
            [(name, value) for name, value in usual.items() if name not in {name for name, _ in extra}]
            if replaces
            else []
        )
        answer = client.post(URL, content=body, headers=[*kept, *own, *extra])
        seen.add(answer.status_code)
        _check(answer, log)

    check()
    assert {201, 400, 401, 415} <= seen


@pytest.mark.parametrize("mark", ["\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069"])
@pytest.mark.parametrize("field", ["enterprise_id", "enterprise_name"])
def test_a_mark_of_direction_is_refused_by_the_name_of_its_field(client, ledger, record, problem, log, mark, field):
    answer = client.post(URL, json={**record, field: f"{POISON}{mark}x"})
    assert [fault.field for fault in problem(answer, 422).errors] == [field]
    assert not set(answer.text) & {mark}
    assert POISON not in answer.text + log.text
    assert ledger.count() == 0


def test_what_is_wrong_with_a_text_is_told_in_words(client, record, problem):
    wrong = {"enterprise_name": "a\u202eb", "uscc": "x", "region": "x", "industry": "x"}
    faults = problem(client.post("/v1/assessments", json={**record, **wrong}), 422).errors
    assert {fault.field: fault.message for fault in faults} == {
        "enterprise_name": f"{TEXT_FORM} is needed",
        "uscc": "a code of 18 digits and capital letters other than I, O, S, V and Z is needed",
        "region": "a six-digit code that does not begin with 0 is needed",
        "industry": "a letter from A to T with at most four digits is needed",
    }
    [fault] = problem(client.post("/v1/assessments", json=record, headers={"Idempotency-Key": "a b"}), 422).errors
    assert fault.message == "contains something else than visible ASCII characters"


def test_one_request_after_another_keeps_to_the_document(make_app, keys):
    """All checks of Schemathesis over sequences: by the links of the document, all is asked about a decision made."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", make_app())
    seen = set()

    numbers = itertools.count()

    class Sequences(schema.as_state_machine()):
        def setup(self):
            """Each sequence is a tenant of its own, to whom no idempotency key was used before."""
            self.key = create_key(keys.path, f"bank-{next(numbers)}", "admin").key

        def get_call_kwargs(self, case):
            return {"headers": {"Authorization": f"Bearer {self.key}"}}

        def after_call(self, response, case):
            seen.add((case.method, case.path, int(response.status_code)))

        def validate_response(self, response, case, additional_checks=None, **kwargs):
            found = Problem.model_validate(response.json()).code if response.status_code >= 400 else None
            excluded = [CHECKS.get_one("positive_data_acceptance")] if found in BEYOND_A_SCHEMA else []
            case.validate_response(response, additional_checks=additional_checks, excluded_checks=excluded)

    steps = settings(
        max_examples=40, stateful_step_count=12, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    Sequences.run(settings=steps)
    about = {
        (each.ok().method.upper(), each.ok().path) for each in schema.get_all_operations() if "{id}" in each.ok().path
    }
    assert len(about) > 8
    assert about <= {(method, path) for method, path, status in seen if status in (200, 201)}
    assert max(status for *_, status in seen) < 500
