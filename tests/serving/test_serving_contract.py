"""The OpenAPI document and the service say the same, for requests nobody thought of."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from icsml.serving.problems import Problem

PATHS = {
    "/v1/assessments": "POST",
    "/v1/assessments/{id}": "GET",
    "/v1/assessments/{id}/report": "GET",
    "/healthz": "GET",
    "/readyz": "GET",
}
# JSON Schema cannot say that one date lies before another, nor compute a check character.
BEYOND_A_SCHEMA = "ICS-REC-002"


@pytest.fixture
def api(make_app):
    return schemathesis.openapi.from_asgi("/openapi.json", make_app())


def test_the_document_holds_what_is_built_and_nothing_else(api):
    assert {operation.ok().path: operation.ok().method.upper() for operation in api.get_all_operations()} == PATHS


def test_the_documented_example_is_accepted(client):
    body = client.get("/openapi.json").json()["paths"]["/v1/assessments"]["post"]["requestBody"]
    assert client.post("/v1/assessments", json=body["content"]["application/json"]["example"]).status_code == 201


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_no_page_that_loads_from_elsewhere(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "mode", "wanted"),
    [
        ("/v1/assessments", GenerationMode.POSITIVE, {201}),
        ("/v1/assessments", GenerationMode.NEGATIVE, {401, 422}),
        ("/v1/assessments/{id}", GenerationMode.POSITIVE, {404}),
        ("/v1/assessments/{id}", GenerationMode.NEGATIVE, {401}),
        ("/healthz", GenerationMode.POSITIVE, {200}),
        ("/readyz", GenerationMode.POSITIVE, {200}),
    ],
)
def test_answers_are_as_documented(api, keys, path, mode, wanted):
    seen = set()

    @given(case=api[path][PATHS[path]].as_strategy(generation_mode=mode))
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    def check(case):
        response = case.call(headers={"Authorization": f"Bearer {keys.admin}"})
        seen.add(int(response.status_code))
        excluded = []
        if response.status_code >= 400 and Problem.model_validate(response.json()).code == BEYOND_A_SCHEMA:
            excluded = [CHECKS.get_one("positive_data_acceptance")]
        case.validate_response(response, excluded_checks=excluded)

    check()
    assert wanted <= seen
    assert max(seen) < 500
