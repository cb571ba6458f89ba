"""The rules that points are given by: listed, returned, and read again when a file changes."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from icsml.core.paths import configs_dir
from icsml.innovation.rulebooks import load
from icsml.innovation.rulebooks.load import list_editions, load_edition, parse_rulebook
from icsml.innovation.rulebooks.rulebook import Outline, Rulebook
from icsml.serving import rulebooks
from icsml.serving.live_model import LiveModel
from icsml.serving.rulebooks import RulebookFiles


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Rulebooks of one's own, two of them."""
    made = tmp_path / "rules"
    made.mkdir()
    for path in configs_dir().rglob("*.yaml"):
        if path.stem in ("national-2025", "tech-sme-2017"):
            shutil.copy(path, made)
    monkeypatch.setattr(load, "rulebook_folders", lambda: [made])
    return made


def _rows(client):
    return {row["id"]: row for row in client.get("/v1/rulebooks").json()["rulebooks"]}


def test_every_edition_is_listed_with_what_it_states(client, bundle):
    found = client.get("/v1/rulebooks").json()
    assert [row["id"] for row in found["rulebooks"]] == [edition.id for edition in list_editions()]
    assert found["unreadable"] == []
    rows = {row["id"]: row for row in found["rulebooks"]}
    assert rows["national-2024"]["in_force"] == {"from": "2024-08-13", "to": "2025-10-28"}
    assert [name for name, row in rows.items() if row["decides"]] == [bundle.rulebook.id]
    assert rows["national-2025"]["sha256"] == bundle.rulebook.sha256
    assert rows["tech-sme-2017"] == {
        "id": "tech-sme-2017",
        "scope": "scorecard",
        "edition": "国科发政〔2017〕115号",
        "title": load_edition("tech-sme-2017").title.by_language,
        "issuer": load_edition("tech-sme-2017").issuer.by_language,
        "in_force": {"from": "2017-05-03", "to": None},
        "known_since": "2017-05-03",
        "corrects": None,
        "evaluable": True,
        "max_score": 100,
        "provenance": "published",
        "sha256": load_edition("tech-sme-2017").sha256,
        "decides": False,
    }
    documented = rows["hubei"]
    assert [documented[key] for key in ("evaluable", "max_score", "provenance", "sha256")] == [False, None, None, None]


@pytest.mark.parametrize("edition", list_editions(), ids=lambda edition: edition.id)
def test_an_edition_is_returned_as_its_file_states_it(client, edition):
    found = client.get(f"/v1/rulebooks/{edition.id}").json()
    kind = Rulebook if found.get("evaluable", True) else Outline
    assert type(edition) is kind
    read = kind.model_validate(found)
    assert read.model_dump(mode="json") == edition.model_dump(mode="json")


@pytest.mark.parametrize("name", ["none", "national-2025.yaml", "..%2Fserving.yaml", "%2Fetc%2Fx.yaml"])
def test_only_an_id_names_a_rulebook(client, problem, name):
    assert problem(client.get(f"/v1/rulebooks/{name}"), 404).code in ("ICS-RUL-002", "ICS-SRV-004")


def test_the_rules_of_the_model_take_the_place_of_a_file_that_changed(client, bundle, folder):
    path = folder / "national-2025.yaml"
    path.write_text(path.read_text("utf-8") + "# another\n", "utf-8")
    assert load_edition("national-2025").sha256 != bundle.rulebook.sha256
    assert _rows(client)["national-2025"]["sha256"] == bundle.rulebook.sha256


def test_another_model_brings_its_own_rules(client, bundle, folder, now):
    text = bundle.rulebook.source_text.replace("id: national-2025", "id: our-own", 1)
    other = replace(bundle, rulebook=parse_rulebook(text, "rulebook.yaml"))
    client.app.state.service.models.exchange(LiveModel(other, "4", now))
    assert [row["id"] for row in _rows(client).values()] == ["national-2025", "our-own", "tech-sme-2017"]
    assert {name for name, row in _rows(client).items() if row["decides"]} == {"our-own"}
    assert client.get("/v1/rulebooks/our-own").json()["id"] == "our-own"
    client.app.state.service.models.exchange(LiveModel(replace(bundle, rulebook=None), "5", now))
    assert {row["decides"] for row in _rows(client).values()} == {False}


def test_a_file_that_is_not_sound_is_named(client, folder):
    assert len(_rows(client)) == 2
    (folder / "tech-sme-2017.yaml").write_text("id: [", "utf-8")
    found = client.get("/v1/rulebooks").json()
    assert [row["id"] for row in found["rulebooks"]] == ["national-2025"]
    assert found["unreadable"] == [{"id": "tech-sme-2017", "code": "ICS-RUL-001"}]


def test_two_files_of_one_id_are_an_answer_with_a_code(client, problem, folder):
    (folder / "more").mkdir()
    shutil.copy(folder / "tech-sme-2017.yaml", folder / "more")
    assert problem(client.get("/v1/rulebooks"), 503).code == "ICS-RUL-022"


def test_files_are_read_once_until_one_changes(folder, monkeypatch):
    read, times = load.list_sound, []
    monkeypatch.setattr(rulebooks, "list_sound", lambda: times.append(1) or read())
    files = RulebookFiles()
    assert files.beside(None).editions is files.beside(None).editions
    assert len(times) == 1
    (folder / "tech-sme-2017.yaml").unlink()
    assert list(files.beside(None).editions) == ["national-2025"]
    assert len(times) == 2


def test_the_same_list_is_not_sent_again(client):
    for path in ("/v1/rulebooks", "/v1/rulebooks/national-2025"):
        tag = client.get(path).headers["ETag"]
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
