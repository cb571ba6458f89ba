"""What a refusal says: the field, what was wrong with it, and the remedy."""

from __future__ import annotations

import pytest

URL = "/v1/assessments"


@pytest.mark.parametrize(
    ("role", "method", "path", "able"),
    [
        ("score", "GET", f"{URL}/x/report", "audit, admin"),
        ("score", "POST", f"{URL}/x:replay", "audit, admin"),
        ("audit", "POST", "/v1/outcomes", "score, admin"),
        ("audit", "GET", "/metrics", "admin, monitor"),
        ("monitor", "GET", URL, "score, audit, admin"),
    ],
)
def test_the_role_of_the_key_and_those_that_may_are_named(client, keys, problem, role, method, path, able):
    headers = {"Authorization": f"Bearer {getattr(keys, role)}"}
    found = problem(client.request(method, path, headers=headers), 403)
    assert f"the role {role}," in found.detail
    assert found.detail.endswith(f": {able}")
    assert [each.field for each in found.errors] == ["Authorization"]
    zh = problem(client.request(method, path, headers=headers | {"Accept-Language": "zh"}), 403)
    assert role in zh.detail
    assert zh.detail.endswith(able.replace(", ", "、"))


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ("grade=%FF", "query.grade", "is not text in UTF-8, percent-encoded"),
        ("enterprise_id=%E4%B8", "query.enterprise_id", "is not text in UTF-8, percent-encoded"),
        ("grade=A&reason=%C3%28", "query.reason", "is not text in UTF-8, percent-encoded"),
        ("grade=%00", "query.grade", "contains control characters"),
        ("grade=", "query.grade", "string should have at least 1 character"),
        ("score=700", "query.score", "this path takes no such parameter"),
        ("%E7%AD%89%E7%BA%A7=A", "(a field that is not shown)", "this path takes no such parameter"),
        ("%FF=A", "(a field that is not shown)", "is not text in UTF-8, percent-encoded"),
        ("limit=500", "query.limit", "input should be less than or equal to 200"),
    ],
)
def test_a_parameter_is_named_with_what_is_wrong_and_the_remedy(client, problem, query, field, message):
    found = problem(client.get(f"{URL}?{query}"), 422)
    assert [(each.field, each.message) for each in found.errors] == [(field, message)]
    assert " — " in found.detail


def test_a_language_that_is_not_there_is_refused_with_those_that_are(client, keys, record, problem):
    made = client.post(URL, json=record).headers["Location"]
    for lang in ("fr", "", "ZH", "%E4%B8%AD"):
        answer = client.get(f"{made}/report?lang={lang}", headers={"Authorization": f"Bearer {keys.audit}"})
        (fault,) = problem(answer, 422).errors
        assert (fault.field, fault.message) == ("query.lang", "input should be 'en' or 'zh'")


@pytest.mark.parametrize("grade", ["%E9%AB%98", "A%2B", "A+B", "%zz", "100%25"])
def test_other_text_that_is_encoded_rightly_is_looked_for(client, grade):
    answer = client.get(f"{URL}?grade={grade}")
    assert (answer.status_code, answer.json()["items"]) == (200, [])


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/rulebooks/%E5%9B%BD%E5%AE%B6", "ICS-RUL-002"),
        ("/v1/rulebooks/%FF", "ICS-RUL-002"),
        ("/v1/rulebooks/%00", "ICS-RUL-002"),
        ("/v1/rulebooks/%E5%9B%BD/%E5%AE%B6", "ICS-SRV-004"),
        ("/v1/rulebooks/a%2Fb", "ICS-SRV-004"),
        (f"{URL}/%E9%93%B6%E8%A1%8C", "ICS-SRV-005"),
        (f"{URL}/%E9%93%B6%E8%A1%8C/events", "ICS-SRV-005"),
    ],
)
def test_an_address_that_leads_nowhere_says_where_to_look(client, problem, path, code):
    found = problem(client.get(path), 404)
    assert found.code == code
    assert " — " in found.detail
