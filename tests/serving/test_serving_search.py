"""``GET /v1/assessments``: what is found, pages, facets, and what is refused."""

from __future__ import annotations

import base64
import itertools
from datetime import UTC, datetime, timedelta

import pytest

from icsml.records.found import FoundDecisions

PATH = "/v1/assessments"
START = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def decided(make_app, test_client, keys, record):
    """A client of `bank-a`, whose twelve decisions are hours apart on three firms, and one decision of `bank-b`."""
    times = itertools.count()
    app = make_app(clock=lambda: START + timedelta(hours=3 * next(times)))
    with test_client(app, headers={"Authorization": f"Bearer {keys.score}"}) as client:
        other = {"Authorization": f"Bearer {keys.other}"}
        client.foreign = client.post(PATH, json=record | {"enterprise_id": "firm-0"}, headers=other).json()
        client.made = [
            client.post(PATH, json=record | {"enterprise_id": f"firm-{number % 3}"}).json() for number in range(12)
        ]
        yield client


def found(client, **filters):
    answer = client.get(PATH, params=filters)
    assert answer.status_code == 200, answer.text
    FoundDecisions.model_validate_json(answer.content)
    return answer.json()


def names(page):
    return [item["decision_id"] for item in page["items"]]


def test_all_decisions_of_the_tenant_are_found_newest_first(decided):
    page = found(decided)
    assert names(page) == [made["decision_id"] for made in reversed(decided.made)]
    assert (page["next"], page["counted"], page["complete"]) == (None, 12, True)
    made, item = decided.made[-1], page["items"][0]
    for name in ("decided_at", "enterprise_id", "as_of", "grade", "pd", "score"):
        assert item[name] == made[name]
    assert item["model"] == {name: made["model"][name] for name in ("name", "version", "bundle_sha256")}
    codes = [reason["code"] for reason in made["adverse_reasons"] + made["reasons"]]
    assert item["reasons"] == list(dict.fromkeys(codes))
    assert item["reasons"]


def test_pages_together_are_the_whole_and_only_the_first_counts(decided):
    pages, cursor = [], {}
    while cursor is not None:
        pages.append(found(decided, limit=5, **cursor))
        cursor = pages[-1]["next"] and {"cursor": pages[-1]["next"]}
    assert [len(page["items"]) for page in pages] == [5, 5, 2]
    assert [name for page in pages for name in names(page)] == names(found(decided))
    assert [page["counted"] for page in pages] == [12, None, None]
    assert [page["facets"] is None for page in pages] == [False, True, True]


def test_a_full_last_page_has_no_next(decided):
    assert found(decided, limit=12)["next"] is None
    assert found(decided, limit=11)["next"] is not None


def test_filters_and_their_counts(decided):
    made = decided.made[0]
    code = found(decided)["items"][0]["reasons"][0]
    firm = found(decided, enterprise_id="firm-1")
    assert names(firm) == [each["decision_id"] for each in reversed(decided.made) if each["enterprise_id"] == "firm-1"]
    assert len(found(decided, grade=made["grade"], reason=code)["items"]) == 12
    facets = found(decided, grade="none")["facets"]
    assert facets == {"grade": [{"value": made["grade"], "count": 12}], "reason": []}
    none = found(decided, reason="none")
    assert (none["items"], none["counted"], none["facets"]["grade"]) == ([], 0, [])
    assert {"value": code, "count": 12} in none["facets"]["reason"]


@pytest.mark.parametrize(
    "filters",
    [
        {"from": "2026-07-02"},
        {"to": "2026-07-01"},
        {"from": "2026-07-01", "to": "2026-07-01"},
        {"from": "2026-07-02", "to": "2026-07-02"},
        {"to": "9999-12-31"},
        {"to": "9999-12-31T23:59:59.999999Z"},
    ],
)
def test_days_are_whole(decided, filters):
    first, last = filters.get("from", "0"), filters.get("to", "9")[:10]
    expected = [each["decision_id"] for each in reversed(decided.made) if first <= each["decided_at"][:10] <= last]
    assert expected
    assert names(found(decided, **filters)) == expected


def test_an_instant_is_included(decided):
    middle = decided.made[4]
    both = found(decided, **{"from": middle["decided_at"], "to": middle["decided_at"]})
    assert names(both) == [middle["decision_id"]]
    assert len(names(found(decided, to=middle["decided_at"]))) == 5


def test_an_instant_has_an_offset(decided):
    made = decided.made[-1]["decided_at"]
    local = datetime.fromisoformat(made).astimezone().isoformat()
    assert len(found(decided, **{"from": local})["items"]) == 1


def refused(client, problem, code, name, **filters):
    found = problem(client.get(PATH, params=filters), 422)
    assert found.code == code
    assert [fault.field for fault in found.errors] == [f"query.{name}"]
    assert not any(str(value) in found.detail for value in filters.values() if len(str(value)) > 3)


@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "20260701",
        "2026-13-01",
        "2026-02-30",
        "2026-07-01T09:30:00",
        "2026-07-01T09:30:00 08:00",
        "1782898200",
        "2026-07-01T25:00:00Z",
        "0001-01-01T00:00:00+10:00",
        "２０２６-07-01",
        "2026-07-01\n",
        "\0",
    ],
)
def test_other_times_are_refused(client, problem, name, text):
    refused(client, problem, "ICS-SRV-011", name, **{name: text})


@pytest.mark.parametrize("name", ["enterprise_id", "grade", "reason"])
@pytest.mark.parametrize("text", ["", "x" * 256, "a\0b", "a\nb", "\x85"])
def test_other_texts_are_refused(client, problem, name, text):
    refused(client, problem, "ICS-SRV-011", name, **{name: text})


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many", "", "1.5"])
def test_other_limits_are_refused(client, problem, limit):
    refused(client, problem, "ICS-SRV-011", "limit", limit=limit)


def test_a_period_that_ends_before_it_begins_is_refused(client, problem):
    refused(client, problem, "ICS-SRV-071", "from", **{"from": "2026-07-02", "to": "2026-07-01"})
    refused(client, problem, "ICS-SRV-071", "from", **{"from": "2026-07-01T00:00:01Z", "to": "2026-07-01T00:00:00Z"})


def _encoded(text):
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "x", "!", "%", "é", "x" * 1024),
        *map(_encoded, (b"{}", b"[1,2,3]", b'["a","b"]', b'["a","b","c"]', b"\xff", b"null", b"[" * 700)),
    ],
)
def test_a_damaged_cursor_is_refused(client, problem, cursor):
    refused(client, problem, "ICS-SRV-070", "cursor", cursor=cursor)


def test_a_cursor_is_of_one_search_and_one_tenant(decided, problem, keys):
    cursor = found(decided, limit=2)["next"]
    assert found(decided, limit=3, cursor=cursor)["items"]
    refused(decided, problem, "ICS-SRV-070", "cursor", cursor=cursor, enterprise_id="firm-1")
    refused(decided, problem, "ICS-SRV-070", "cursor", cursor=cursor, **{"to": "2026-12-31"})
    refused(decided, problem, "ICS-SRV-070", "cursor", cursor=cursor[:-2])
    answer = decided.get(PATH, params={"cursor": cursor}, headers={"Authorization": f"Bearer {keys.other}"})
    assert problem(answer, 422).code == "ICS-SRV-070"


def test_a_cursor_cannot_be_moved_out_of_the_tenant(decided, keys):
    """A position that somebody makes up shows nothing of another tenant: the tenant is that of the key."""
    cursor = found(decided, limit=2)["next"]
    content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    later = content.replace(b"2026-", b"2999-")
    assert later != content
    page = found(decided, cursor=_encoded(later))
    assert len(page["items"]) == 12
    assert decided.foreign["decision_id"] not in names(page)


def test_filters_show_nothing_of_another_tenant(decided, keys):
    other = {"Authorization": f"Bearer {keys.other}"}
    made = decided.foreign
    code = found(decided)["items"][0]["reasons"][0]
    filters = {
        "enterprise_id": "firm-0",
        "grade": made["grade"],
        "reason": code,
        "from": "2026-07-01",
        "to": "2026-12-31",
    }
    for chosen in itertools.chain.from_iterable(itertools.combinations(filters.items(), size) for size in range(6)):
        page = decided.get(PATH, params=dict(chosen), headers=other).json()
        assert names(page) == [made["decision_id"]]
        assert page["counted"] == 1
        assert {count["count"] for counts in page["facets"].values() for count in counts} == {1}
        assert made["decision_id"] not in decided.get(PATH, params=dict(chosen)).text


def test_the_tag_is_of_the_page(decided, record):
    first = decided.get(PATH)
    same = {"If-None-Match": first.headers["ETag"]}
    assert decided.get(PATH, headers=same).status_code == 304
    decided.post(PATH, json=record)
    assert decided.get(PATH, headers=same).status_code == 200


def test_the_documented_examples_run(client):
    document = client.get("/openapi.json").json()
    parameters = document["paths"][PATH]["get"]["parameters"]
    examples = {each["name"]: each["schema"]["examples"][0] for each in parameters if each["name"] != "cursor"}
    assert set(examples) == {"enterprise_id", "grade", "reason", "from", "to", "limit"}
    assert found(client, **examples)["items"] == []
    FoundDecisions.model_validate(document["components"]["schemas"]["FoundDecisions"]["example"])
