"""The command line: JSON keys of the contract, exit codes, one line of error with the remedy."""

import json
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer

from icsml.cli import main
from icsml.cli.decisions import _text as decision_text
from icsml.cli.main import app
from icsml.core.clock import utc_now
from icsml.decision.decide import decide
from icsml.decision.example import bundle_example
from icsml.model.bundle import read_bundle
from icsml.records.enterprise import example_record, frame_records, parse_record
from icsml.texts.catalogue import phrase


def leaves(group, path=()):
    for name in group.commands:
        command = group.get_command(None, name)
        if hasattr(command, "commands"):
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(leaves(typer.main.get_command(app)))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_and_every_option(path, icsml):
    code, out, _ = icsml(*path, "--help")
    assert code == 0
    assert "Usage: icsml " + " ".join(path) in out
    assert COMMANDS[path].help
    for parameter in COMMANDS[path].params:
        if parameter.param_type_name == "option":
            assert parameter.help, parameter.name


def test_records_schema_and_example(icsml_json):
    assert "enterprise_id" in icsml_json("records", "schema")["required"]
    assert icsml_json("records", "example")["enterprise_id"] == "E000001"


def test_synth_points_and_coverage(icsml_json, tmp_path):
    report = icsml_json("portfolio", "synth", "--enterprises", 100, "--seed", 1, "--out", tmp_path / "book")
    records = tmp_path / "book" / "enterprises.parquet"
    assert report["rows"] == len(pd.read_parquet(records))
    for chosen in (("--rulebook", "tech-sme-2017"), ("--as-of", "2026-01-01")):
        found = icsml_json("points", *chosen, "--in", records, "--out", tmp_path / "p.parquet")
        points = pd.read_parquet(tmp_path / "p.parquet")
        assert {"rows", "seconds"} <= set(found)
        assert len(points) == found["rows"] == report["rows"]
        assert {"enterprise_id", "as_of", "score", "eligible"} <= set(points)
        parts = points.filter(like="points.").sum(axis=1)
        np.testing.assert_allclose(points["score"], parts, atol=1e-9)
    indicators = icsml_json("coverage", "--rulebook", "national-2025", "--in", records)["indicators"]
    assert len(indicators) == 12
    assert all(0 <= row["share"] <= 1 for row in indicators)


def test_an_explicit_rulebook_scores_rows_of_any_date_with_a_warning(icsml, book_folder, tmp_path):
    argv = ("--in", book_folder / "enterprises.parquet", "--out", tmp_path / "p.parquet")
    code, _, err = icsml("points", "--rulebook", "national-2025", *argv)
    assert code == 0
    assert "was not in force on the date of" in err


def test_rulebooks(icsml_json, icsml, tmp_path):
    ids = {row["id"] for row in icsml_json("rulebook", "list")["rulebooks"]}
    assert {"national-2025", "tech-sme-2017"} <= ids
    assert icsml_json("rulebook", "show", "national-2025")["id"] == "national-2025"
    text = icsml("rulebook", "show", "tech-sme-2017")[1]
    good = tmp_path / "tech-sme-2017.yaml"
    good.write_text(text)
    assert icsml_json("rulebook", "lint", good)["ok"] is True
    good.write_text(text.replace("max: 50", "max: 51", 1))
    code, out, _ = icsml("rulebook", "lint", good)
    assert code == 1
    assert "tech-sme-2017.yaml:" in out


def test_decide_score_and_show(icsml_json, icsml, bundle, book_folder, tmp_path):
    record = tmp_path / "record.json"
    record.write_text(json.dumps(icsml_json("records", "example", "--model", bundle.folder)))
    decision = icsml_json("decide", "--model", bundle.folder, "--in", record)
    assert decision["model"]["bundle_sha256"] == bundle.sha256
    assert decision["reference"]["kind"] == "interventional"
    assert decision["reference"]["sha256"] == bundle.reference.sha256
    assert not icsml_json("decide", "--model", bundle.folder, "--in", record, "--reasons", 0)["reasons"]
    code, out, _ = icsml("decide", "--model", bundle.folder, "--in", record)
    assert code == 0
    assert f"score {decision['score']}" in out
    assert f"compared with the training applicants (training-applicants, {len(bundle.reference.rows):,} rows," in out
    assert all(group["group"] in out for group in decision["groups"])
    assert all(
        f"{n}. {each['code']} {each['text']['en']}" in out for n, each in enumerate(decision["adverse_reasons"], 1)
    )
    split = next(each["indicators"] for each in decision["reasons"] if each["indicators"])
    assert all(f"{part['indicator']}: {part['points']:.1f} points" in out for part in split)
    scored = icsml_json(
        "score", "--model", bundle.folder, "--in", book_folder / "enterprises.parquet", "--out", tmp_path / "s.parquet"
    )
    assert set(scored) == {"rows", "seconds", "rows_per_second"}
    assert icsml_json("model", "show", "--model", bundle.folder)["bundle_sha256"] == bundle.sha256


def test_recourse_is_read_out_and_can_be_left_out(icsml_json, icsml, bundle, enterprises, tmp_path):
    source = tmp_path / "record.json"
    for record in frame_records(enterprises.iloc[::10]):
        source.write_text(record.model_dump_json(exclude_none=True))
        proposals = icsml_json("decide", "--model", bundle.folder, "--in", source)["recourse"]
        if proposals:
            break
    assert proposals[0]["from"] < proposals[0]["to"]
    _, out, _ = icsml("decide", "--model", bundle.folder, "--in", source)
    assert all(proposal["text"]["en"] in out for proposal in proposals)
    assert phrase("pages.recourse_about", "en") in out
    assert phrase("pages.recourse_robustness", "en") in out
    file = tmp_path / "s.json"
    figures = {"dataset": bundle.training["dataset"], "synthetic": True, "base": "base", "bundles": {}, "rows": 90}
    figures |= {"drawn": "bootstrap", "riskiest_rows": 9, "top": 3, "summary": {}, "contradictions": None}
    survived = {"recourse_survival": {"mean": 0.83, "low": 0.8, "high": 0.9}, "recourse_better_grade": None}
    file.write_text(json.dumps(figures | survived | {"comparisons": [{"against": "retrain 1"}]}))
    _, told, _ = icsml("decide", "--model", bundle.folder, "--in", source, "--stability", file)
    assert "83.0% (80.0% to 90.0%) lower the PD" in told
    assert "nor for this very bundle" in told
    assert phrase("pages.recourse_about", "en") in told
    assert phrase("pages.recourse_robustness", "en") not in told
    assert "forecast" not in icsml("decide", "--model", bundle.folder, "--in", source, "--no-recourse")[1]
    assert icsml_json("decide", "--model", bundle.folder, "--in", source, "--no-recourse")["recourse"] is None


def test_a_decision_without_a_population_says_so():
    demo = read_bundle(Path(__file__).parents[2] / "models" / "demo")
    decision = decide(demo, parse_record(example_record()), decision_id="d", decided_at=utc_now()).decision
    assert "compared with the training applicants (training-cover, path-dependent)" in decision_text(decision)


def test_a_contradiction_and_what_is_merged_are_told(bundle):
    texts = bundle.catalogue.model_copy(update={"merge_above": 0.3})
    record = parse_record(bundle_example(bundle))
    found = decide(replace(bundle, reasons=texts), record, decision_id="d", decided_at=utc_now(), reasons=99).decision
    merged = next(reason for reason in found.reasons if reason.also)
    against = found.reasons[0].model_copy(update={"contradicts": True})
    out = decision_text(found.model_copy(update={"reasons": [against, *found.reasons[1:]]}))
    assert out.count("[contradicts its effect alone]") == 1
    assert all(f"with {also.code} {also.feature}" in out for also in merged.also)
    told = next(reason for reason in found.adverse_reasons if reason.also)
    held = ", ".join(f"{also.code} {also.feature}" for also in told.also)
    assert f"{told.code} {told.text.en} [with {held}]" in out


def test_a_pd_effect_is_read_out_in_percentage_points(bundle):
    record = parse_record(bundle_example(bundle))
    found = decide(bundle, record, decision_id="d", decided_at=utc_now(), reasons=1).decision
    effect = found.reasons[0].model_copy(update={"pd_effect": -0.00496})
    out = decision_text(found.model_copy(update={"reasons": [effect]}))
    assert " -0.496 pp " in out
    assert "PD effects, in percentage points (pp), do not add up" in out
    assert all(f"{100 * group.pd_effect:+.3f} pp" in out for group in found.groups)


def test_points_that_a_rulebook_refuses_are_read_out_as_such(bundle):
    record = parse_record(bundle_example(bundle))
    found = decide(bundle, record, decision_id="d", decided_at=utc_now()).decision
    refused = found.innovation.model_copy(update={"score": None})
    by = f"of {refused.max_score:g} by {refused.rulebook}"
    assert f"points {found.innovation.score:.1f} {by}" in decision_text(found)
    assert f"points not scored, out {by}" in decision_text(found.model_copy(update={"innovation": refused}))


def test_the_version_is_told(icsml):
    code, out, _ = icsml("--version")
    assert (code, out.strip()) == (0, version("icsml"))


def test_points_never_overwrite_their_input(icsml, book_folder):
    records = book_folder / "enterprises.parquet"
    code, _, err = icsml("points", "--rulebook", "tech-sme-2017", "--in", records, "--out", records)
    assert code == 2
    assert "would take the place of the input" in err


def test_keys_are_printed_once(icsml_json, tmp_path):
    new = icsml_json("keys", "create", "--tenant", "bank-a", "--role", "score")
    assert new["key"]
    assert new["id"]
    assert new["key"] not in (tmp_path / "home" / "keys.json").read_text()


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["decode"], 2, "No such command 'decode'"),
        (["decide"], 2, "Missing option '--model'"),
        (["portfolio", "synth", "--enterprises", "0", "--out", "x"], 2, "--enterprises"),
        (["decide", "--model", "none", "--in", "{record}"], 3, "no such bundle folder"),
        (["decide", "--model", "models:/icsml-pd@champion", "--in", "{record}"], 3, "icsml train"),
        (["decide", "--model", "{bundle}", "--in", "none.json"], 3, "none.json: cannot be read"),
        (["decide", "--model", "{bundle}", "--in", "{broken}"], 2, "not valid JSON"),
        (["decide", "--model", "{bundle}", "--in", "{list}"], 2, "holds no JSON object"),
        (["decide", "--model", "{bundle}", "--in", "{unknown}"], 2, "colour: unknown field"),
        (["points", "--in", "a", "--out", "b"], 2, "--rulebook, --as-of: give one of the two"),
        (["points", "--as-of", "soon", "--in", "a", "--out", "b.parquet"], 2, "--as-of: no date"),
        (["points", "--rulebook", "national-2052", "--in", "a", "--out", "b.parquet"], 3, "national-2025"),
        (["score", "--model", "{bundle}", "--in", "none", "--out", "b.parquet"], 3, "no such file"),
        (["train", "--data", "none"], 3, "no dataset.yaml in this folder"),
        (["data", "import", "--mapping", "none.yaml", "--out", "x"], 3, "no such file"),
        (["serve", "--model", "{bundle}"], 3, "icsml keys create"),
        (["keys", "create", "--tenant", "t", "--role", "boss"], 2, "Invalid value for '--role': 'boss' is not one of"),
        (["data", "import", "--mapping", "{yaml}", "--out", "x"], 2, "add it"),
        (["points", "--rulebook", "tech-sme-2017", "--in", "a", "--out", "{folder}"], 2, "is a folder"),
        (["points", "--rulebook", "tech-sme-2017", "--in", "a", "--out", "{below}"], 2, "lies below a file"),
        (["score", "--model", "{bundle}", "--in", "a", "--out", "{folder}"], 2, "is a folder"),
        (["train", "--data", "none", "--seed", "4294967296"], 2, "--seed"),
        (["ledger", "show", "none"], 3, "no such decision"),
        (["ledger", "show", "none", "--tenant", "t"], 3, "no such decision"),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, list) else None,
)
def test_bad_use_ends_with_its_code_and_one_line(argv, code, said, icsml, bundle, tmp_path):
    files = {
        "record": '{"enterprise_id": "E"}',
        "broken": "{",
        "list": "[]",
        "unknown": '{"enterprise_id":"E","colour":1}',
    }
    for name, text in files.items():
        (tmp_path / f"{name}.json").write_text(text)
    (tmp_path / "m.yaml").write_text("foo: 1\n")
    places = {name: tmp_path / f"{name}.json" for name in files} | {"bundle": bundle.folder, "folder": tmp_path}
    places |= {"yaml": tmp_path / "m.yaml", "below": tmp_path / "m.yaml" / "x" / "p.parquet"}
    got, out, err = icsml(*(argument.format(**places) if argument[0] == "{" else argument for argument in argv))
    last = err.strip().splitlines()[-1]
    assert (got, out) == (code, "")
    assert said in last
    assert last.startswith("icsml: ")
    assert "—" in last


def test_a_missing_extra_is_named(icsml, monkeypatch):
    def absent(*args, **options):
        raise ModuleNotFoundError("No module named 'mlflow'", name="mlflow")

    monkeypatch.setattr(main, "app", absent)
    code, _, err = icsml("train")
    assert code == 3
    assert "pip install 'icsml[train]'" in err


def test_a_mistyped_command_is_answered_with_the_nearest(icsml):
    assert "Did you mean 'points'?" in icsml("pionts")[2]
    assert "Did you mean 'robustness'?" in icsml("rulebook", "robustnes")[2]


def test_the_lists_of_commands_are_the_docstrings_of_the_commands(icsml):
    for group in {path[:-1] for path in COMMANDS}:
        listed = icsml(*group, "--help")[1]
        for path, command in COMMANDS.items():
            if path[:-1] == group:
                assert f"  {path[-1]} " in listed
                assert " ".join(command.help.split()[:4]) in " ".join(listed.split())


def test_help_and_schema_need_no_heavy_library():
    script = (
        "import sys; from icsml.cli.main import _run\n"
        "assert _run(['--help']) == 0 and _run(['records', 'schema']) == 0\n"
        "heavy = {'mlflow', 'shap', 'sklearn', 'optuna', 'lightgbm', 'fastapi', 'sqlalchemy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
