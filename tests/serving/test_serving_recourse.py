"""For whom recourse is looked for: as the settings say by grade, unless the request asks."""

import json
import os

import pytest

from icsml.errors import ConfigError
from icsml.model.bundle import read_bundle
from icsml.serving import deciding
from icsml.serving.live_model import LiveModel, Models
from icsml.serving.settings import ServingSettings, load_settings

PATH = "/v1/assessments"


@pytest.fixture
def asked(monkeypatch):
    """Note how recourse is asked for, of one record or of several."""
    noted = []

    def noting(decide):
        def noted_first(*args, with_recourse, recourse_from, **options):
            noted.append((with_recourse, recourse_from))
            return decide(*args, with_recourse=False, **options)

        return noted_first

    for name in ("decide", "decide_all"):
        monkeypatch.setattr(deciding, name, noting(getattr(deciding, name)))
    return noted


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("long_way", [False, True])
@pytest.mark.parametrize(
    ("settings", "query", "expected"),
    [
        ({}, "", (True, "C1")),
        ({"recourse_from": None}, "", (True, None)),
        ({"recourse_from": "A2"}, "", (True, "A2")),
        ({}, "recourse=true", (True, None)),
        ({"recourse": False}, "recourse=true", (True, None)),
        ({}, "recourse=false", (False, None)),
        ({"recourse": False}, "", (False, "C1")),
    ],
)
def test_the_request_overrides_the_settings(
    make_app, test_client, keys, record, asked, batch, long_way, settings, query, expected
):
    key = f"{'BEARER' if long_way else 'Bearer'} {keys.score}"
    path, body = (f"{PATH}:batch", {"records": [record]}) if batch else (PATH, record)
    with test_client(make_app(settings=ServingSettings(**settings)), headers={"Authorization": key}) as client:
        assert client.post(f"{path}?{query}", json=body).is_success
    assert asked == [expected]


@pytest.mark.parametrize("path", [PATH, f"{PATH}:batch"])
def test_another_word_is_refused_without_repeating_it(client, record, problem, path):
    found = problem(client.post(f"{path}?recourse=perhaps", json=record), 422)
    assert (found.code, found.errors[0].field) == ("ICS-SRV-011", "query.recourse")
    assert "perhaps" not in found.model_dump_json()


def test_the_document_describes_the_parameter(client):
    paths = client.get("/openapi.json").json()["paths"]
    for path in (PATH, f"{PATH}:batch"):
        (found,) = [one for one in paths[path]["post"]["parameters"] if one["name"] == "recourse"]
        assert (found["in"], found["required"]) == ("query", False)
        assert "true" in json.dumps(found["schema"])


@pytest.mark.parametrize(("written", "grade"), [("B2", "B2"), ("null", None)])
def test_the_environment_names_the_grade(monkeypatch, written, grade):
    monkeypatch.setitem(os.environ, "ICSML_RECOURSE_FROM", written)
    assert load_settings().recourse_from == grade


def test_a_grade_that_the_model_does_not_have_stops_the_start(make_app, bundle):
    with pytest.raises(ConfigError) as caught:
        make_app(settings=ServingSettings(recourse_from="Z9"))
    assert (caught.value.code, caught.value.field) == ("ICS-SRV-024", "recourse_from")
    assert bundle.scale.grades[0].id in caught.value.remedy


def test_a_model_without_the_grade_does_not_take_the_place_of_the_present_one(bundle, now):
    models = Models(LiveModel(bundle, "1", now), "C1")
    scale = bundle.scale.model_copy(update={"grades": bundle.scale.grades[:3]})
    with pytest.raises(ConfigError):
        models.exchange(LiveModel(_with_scale(bundle, scale), "2", now))
    assert models.live.version == "1"


def _with_scale(bundle, scale):
    other = read_bundle(bundle.folder)
    object.__setattr__(other, "scale", scale)
    return other
