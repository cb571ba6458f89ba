"""``icsml ledger changes``: the same as the library says, as text in both languages and as JSON."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from icsml.cli import main
from icsml.core.canonical import canonical_bytes
from icsml.decision.decide import decide
from icsml.ledger import Ledger
from icsml.ledger.decision_payload import decision_entry
from icsml.ledger.recorded_changes import recorded_changes
from icsml.model.bundle import BundleParts, write_bundle
from icsml.model.bundle_store import keep_bundle
from icsml.model.calibrate import Affine
from icsml.model.kept_bundles import KeptBundles
from icsml.records.changes import Changes
from icsml.records.enterprise import frame_records

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def recalibrated(bundle, tmp_path_factory):
    parts = {part.name: getattr(bundle, part.name) for part in fields(BundleParts)}
    parts["model"] = replace(bundle.model, calibration=Affine(0.8, -0.35))
    return write_bundle(tmp_path_factory.mktemp("recalibrated") / "bundle", BundleParts(**parts))


@pytest.fixture
def recorded(bundle, recalibrated, enterprises):
    """Three decisions on one firm, the last one by another bundle; the bundle of the others is kept."""
    keep_bundle(bundle.folder)
    records = [
        record.model_copy(update={"enterprise_id": "firm"}) for record in frame_records(enterprises.iloc[[20, 3, 3]])
    ]
    entries = []
    for number, (by, record) in enumerate(zip([bundle, bundle, recalibrated], records, strict=True)):
        how = {"decided_at": NOW + timedelta(days=number), "version": "3", "with_recourse": False}
        made = decide(by, record, decision_id=f"d-{number}", **how)
        request = canonical_bytes(record.model_dump(mode="json", exclude_none=True))
        entries.append(decision_entry("bank-a", by, request, made))
    with Ledger.open() as ledger:
        assert not [one for one in ledger.record_all(entries) if isinstance(one, Exception)]
        yield ledger


def run(capsys, *arguments):
    code = main._run(["ledger", "changes", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def test_as_json_it_is_what_the_library_says(recorded, recalibrated, capsys):
    code, out, _ = run(capsys, "d-2", "--bundle", recalibrated.folder, "--json")
    found = Changes.model_validate(json.loads(out))
    assert code == 0
    assert found == recorded_changes(recorded, KeptBundles(recalibrated.folder), "d-2")
    assert {step.step for step in found.steps if step.log_odds} == {"calibration"}
    code, out, _ = run(capsys, "d-2", "--since", "d-0", "--bundle", recalibrated.folder, "--json")
    found = Changes.model_validate(json.loads(out))
    assert found.previous.decision_id == "d-0"
    assert {step.step for step in found.steps if step.log_odds} == {"data", "calibration"}


@pytest.mark.parametrize(
    ("lang", "data", "note"),
    [("en", "New data on the firm", "The same model decided"), ("zh", "企业数据变化", "同一模型")],
)
def test_as_text_each_step_and_the_sum_are_there(recorded, capsys, lang, data, note):
    found = recorded_changes(recorded, KeptBundles(), "d-1")
    code, out, _ = run(capsys, "d-1", "--lang", lang)
    assert code == 0
    for step in found.steps:
        assert step.label.text(lang) in out
    for each in found.data.contributions:
        assert each.text.text(lang) in out
    assert f"{found.points:+d}" in next(line for line in out.splitlines() if line.startswith("sum"))
    assert data in out
    assert note in out
    assert all(each.field in out for each in found.record)
    assert "d-0" in out


def test_the_first_decision_says_so(recorded, capsys):
    code, out, _ = run(capsys, "d-0")
    assert (code, out) == (0, "d-0 is the first decision on this firm\n")


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["unknown"], "ICS-CLI-005", 3),
        (["d-1", "--tenant", "bank-b"], "ICS-CLI-005", 3),
        (["d-1", "--since", "unknown"], "ICS-LED-030", 3),
        (["d-1", "--since", "d-2"], "ICS-LED-031", 2),
        (["d-2"], "ICS-LED-022", 3),
    ],
)
def test_what_is_refused(recorded, capsys, arguments, code, exit_code):
    found, out, err = run(capsys, *arguments)
    assert out == ""
    assert code in err
    assert found == exit_code
