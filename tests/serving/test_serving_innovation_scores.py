"""Points without a decision: the same bits as within one, by any rules, and nothing in the ledger."""

from __future__ import annotations

from dataclasses import replace

import pytest

from icsml.client import Client
from icsml.decision.decision_warnings import points_warnings
from icsml.records.innovation_points import InnovationPoints
from icsml.serving.live_model import LiveModel

PATH = "/v1/innovation-scores"


def _between(content, name, following):
    """Return the bytes of a member, which another one follows in canonical order."""
    start = content.index(f'"{name}":'.encode())
    return content[start : content.index(f',"{following}":'.encode(), start)]


def _codes(answer):
    assert answer.status_code == 200, answer.text
    return [warning["code"] for warning in answer.json()["warnings"]]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"staff_rd": None},
        {"revenue_cny": 1e9, "rd_expense_cny": 1.0},
        {"ip_class1": 0, "ip_class1_self_developed": 0, "ip_class1_high_value": 0},
        {"staff_total": 7, "staff_rd": 3, "staff_st": None, "staff_postgraduate": None},
    ],
)
def test_the_bits_are_those_of_a_decision(client, ledger, record, changes):
    sent = {name: value for name, value in {**record, **changes}.items() if value is not None}
    decided = client.post("/v1/assessments", json=sent)
    assert decided.status_code == 201, decided.text
    before = ledger.count()
    found = client.post(PATH, json=sent)
    assert found.status_code == 200
    wanted = _between(decided.content, "innovation", "innovation_evidence")
    assert len(wanted) > 1000
    assert _between(found.content, "innovation", "out_of_range") == wanted
    assert found.json()["out_of_range"] == decided.json()["input"]["out_of_range"]
    assert ledger.count() == before


def test_the_answer_states_the_rules_and_no_pd(client, record, bundle):
    found = client.post(PATH, json=record).json()
    assert InnovationPoints.model_validate(found).rulebook_sha256 == bundle.rulebook.sha256
    assert (found["enterprise_id"], found["innovation"]["rulebook"]) == (record["enterprise_id"], bundle.rulebook.id)
    assert not {"pd", "grade", "decision_id"} & set(found)


def test_other_rules_give_their_own_points(client, record):
    found = client.post(PATH, params={"rulebook": "tech-sme-2017"}, json=record).json()["innovation"]
    assert (found["rulebook"], found["max_score"]) == ("tech-sme-2017", 100)
    assert all(each["rule"] and each["provenance"] for each in found["indicators"])


def test_rules_that_were_not_in_force_give_a_warning(client, record):
    early = {**record, "as_of": "2025-10-28"}
    for name in ("founded_on", "statement_period_end", "statement_published_at"):
        early.pop(name, None)
    early = {name: value for name, value in early.items() if not name.endswith("_on")}
    assert "RULEBOOK_NOT_IN_FORCE" in _codes(client.post(PATH, json=early))
    assert "RULEBOOK_NOT_IN_FORCE" not in _codes(client.post(PATH, json={**early, "as_of": "2025-10-29"}))
    assert "RULEBOOK_NOT_IN_FORCE" not in _codes(client.post(PATH, params={"rulebook": "tech-sme-2017"}, json=early))


def test_a_date_to_come_gives_a_warning(client, record):
    assert "FUTURE_DATE" in _codes(client.post(PATH, json={**record, "as_of": "2026-07-03"}))
    assert "FUTURE_DATE" not in _codes(client.post(PATH, json={**record, "as_of": "2026-07-02"}))


def test_no_date_gives_a_warning_where_the_model_reads_none(bundle, now):
    assert "UNDATED" in {each.code for each in points_warnings(bundle.rulebook, None, now.date())}
    assert "UNDATED" not in {each.code for each in points_warnings(bundle.rulebook, now.date(), now.date())}


@pytest.mark.parametrize(
    ("rulebook", "status", "code"),
    [("none", 404, "ICS-RUL-002"), ("hubei", 422, "ICS-RUL-021"), ("national-2024", 422, "ICS-RUL-032")],
)
def test_rules_that_give_no_points(client, record, problem, rulebook, status, code):
    assert problem(client.post(PATH, params={"rulebook": rulebook}, json=record), status).code == code


@pytest.mark.parametrize("path", ["/v1/assessments", PATH])
def test_a_record_that_no_decision_takes_is_refused_alike(client, record, problem, path):
    assert problem(client.post(path, json={**record, "revenu": 1}), 422).code == "ICS-REC-001"
    undated = {name: value for name, value in record.items() if name not in ("as_of", "statement_published_at")}
    assert problem(client.post(path, json=undated), 422).code == "ICS-DEC-001"
    refused = problem(client.post(path, json={**record, "extra": {"unknown": 1}}), 422)
    assert (refused.code, refused.errors[0].field) == ("ICS-DEC-002", "extra.unknown")


class TestModelWithoutRules:
    @pytest.fixture
    def bare(self, client, bundle, now):
        client.app.state.service.models.exchange(LiveModel(replace(bundle, rulebook=None), "4", now))
        return client

    def test_those_in_force_on_the_date_are_used(self, bare, record):
        assert (
            bare.post(PATH, json={**record, "as_of": "2026-06-01"}).json()["innovation"]["rulebook"] == "national-2025"
        )

    def test_a_date_is_asked_for(self, bare, record, problem):
        undated = {name: value for name, value in record.items() if name not in ("as_of", "statement_published_at")}
        refused = problem(bare.post(PATH, json=undated), 422)
        assert (refused.code, refused.errors[0].field) == ("ICS-RUL-011", "as_of")

    def test_the_document_asks_for_the_date(self, bare):
        body = bare.get("/openapi.json").json()["paths"][PATH]["post"]["requestBody"]
        assert "as_of" in body["content"]["application/json"]["schema"]["required"]


def test_the_client_returns_points(client, keys, record):
    with Client("http://testserver", keys.score, transport=client._transport) as typed:
        found = typed.innovation_score(record, rulebook="tech-sme-2017")
    assert (found.innovation.rulebook, found.enterprise_id) == ("tech-sme-2017", record["enterprise_id"])
