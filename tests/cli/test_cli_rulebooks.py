"""``icsml rulebook``: what is listed, shown and checked, what a change does, and how much depends on assumptions."""

import json

import numpy as np
import pandas as pd
import pytest

from icsml.core.canonical import sha256_file
from icsml.core.paths import configs_dir
from icsml.innovation import list_editions, load_rulebook
from icsml.innovation.peers.peer_tables import PeerTables

LATE = """\
format: 2
id: late-2026
extends: national-2025
edition: correction
scope: national
title: {en: A late correction, zh: 事后更正}
issuer: {en: Nobody, zh: 无}
in_force: {from: 2025-10-29, to: null, provenance: assumed}
known_since: 2026-06-01
corrects: national-2025
"""
CLEAN = ("prohibited_business", "serious_violation", "abnormal_list", "serious_illegal_list")
ROBUSTNESS = {
    "rows",
    "draws",
    "concentration",
    "rank_correlation",
    "rank_correlation_low",
    "top_share",
    "replaced",
    "replaced_high",
    "depends",
}


@pytest.fixture
def late(tmp_path, monkeypatch):
    folder = tmp_path / "rulebooks"
    folder.mkdir()
    (folder / "late-2026.yaml").write_text(LATE)
    monkeypatch.setenv("ICSML_RULEBOOKS", str(folder))


@pytest.fixture
def records(tmp_path):
    """Sixty enterprises, the first of them with an older record besides."""
    rng = np.random.default_rng(3)
    n = 61
    revenue = rng.lognormal(15, 2, n)
    table = pd.DataFrame(
        {
            "enterprise_id": ["E0", *(f"E{row}" for row in range(n - 1))],
            "as_of": pd.to_datetime(["2024-12-31"] + ["2025-12-31"] * (n - 1)),
            "region": rng.choice(["350100", "110000"], n),
            "revenue_cny": revenue,
            "rd_expense_cny": revenue * rng.uniform(0, 0.2, n),
            "total_cost_cny": revenue,
            "staff_total": rng.integers(5, 400, n).astype(float),
            "staff_st": rng.integers(0, 5, n).astype(float),
            "staff_rd": rng.integers(0, 5, n).astype(float),
            "ip_class1": rng.integers(0, 2, n).astype(float),
            "ip_class2": rng.integers(0, 5, n).astype(float),
            "awards_2y": rng.integers(0, 2, n).astype(float),
            "total_assets_cny": 1e6,
            **dict.fromkeys(CLEAN, False),
        }
    )
    table.to_parquet(tmp_path / "records.parquet", index=False)
    return tmp_path / "records.parquet"


# list


def ids(found):
    return [each["id"] for each in found["rulebooks"]]


def test_every_edition_is_listed_with_what_it_states(icsml_json):
    found = icsml_json("rulebook", "list")
    assert ids(found) == [edition.id for edition in list_editions()]
    rows = {each["id"]: each for each in found["rulebooks"]}
    assert rows["tech-sme-2017"] == {
        "id": "tech-sme-2017",
        "scope": "scorecard",
        "in_force": "2017-05-03 to …",
        "known_since": "2017-05-03",
        "edition": "国科发政〔2017〕115号",
        "title": "Evaluation of technology-based SMEs (2017)",
        "evaluable": True,
        "max_score": 100.0,
        "provenance": "published",
    }
    assert (rows["hubei"]["evaluable"], rows["hubei"]["max_score"]) == (False, None)
    assert rows["hubei"]["provenance"] == "documented only"
    assert rows["national-2024"]["in_force"] == "2024-08-13 to 2025-10-28"


def test_a_line_for_each_that_is_in_force(icsml):
    code, out, _ = icsml("rulebook", "list", "--as-of", "2018-01-01")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["id", "-" * len("tech-sme-2017"), "tech-sme-2017"]


@pytest.mark.parametrize(
    ("on", "national"),
    [("2024-08-12", "national-2022"), ("2025-10-28", "national-2024"), ("2025-10-29", "national-2025")],
)
def test_a_day_keeps_what_was_in_force_and_known(icsml_json, on, national):
    found = icsml_json("rulebook", "list", "--as-of", on)
    assert [each["id"] for each in found["rulebooks"] if each["scope"] == "national"] == [national]


def test_a_late_correction_replaces_only_once_it_is_known(icsml_json, late):
    known = {"--known-on 2026-05-31": "national-2025", "--known-on 2026-06-01": "late-2026"}
    for said, edition in known.items():
        found = ids(icsml_json("rulebook", "list", "--as-of", "2026-01-01", *said.split()))
        assert edition in found
        assert len({"national-2025", "late-2026"} & set(found)) == 1
    both = ids(icsml_json("rulebook", "list"))
    assert {"national-2025", "late-2026"} <= set(both)
    only_known = ids(icsml_json("rulebook", "list", "--known-on", "2024-12-31"))
    assert "national-2024" in only_known
    assert not {"national-2025", "sichuan-2025", "late-2026"} & set(only_known)


def test_a_day_before_all_of_them_lists_nothing(icsml):
    assert icsml("rulebook", "list", "--as-of", "1990-01-01")[1] == "no edition\n"


# show, lint, schema


@pytest.mark.parametrize("name", ["national-2024", "tech-sme-2017", "hangzhou-htz-2020", "hubei"])
def test_an_edition_is_shown_as_it_is_written(icsml, icsml_json, name):
    (path,) = (configs_dir() / "rulebooks").rglob(f"{name}.yaml")
    code, out, _ = icsml("rulebook", "show", name)
    assert (code, out) == (0, path.read_text() + "\n")
    found = icsml_json("rulebook", "show", name)
    assert found["id"] == name
    assert ("indicators" in found) == (name != "hubei")


@pytest.fixture
def broken(icsml, tmp_path):
    """The technology-SME scorecard with a weight that does not add up, in a file of its own name."""
    text = icsml("rulebook", "show", "tech-sme-2017")[1]
    path = tmp_path / "broken.yaml"
    path.write_text(text.replace("id: tech-sme-2017", "id: broken", 1).replace("max: 50", "max: 51", 1))
    return path


def test_lint_by_file_and_by_id(icsml, icsml_json):
    for name in ("tech-sme-2017", "sichuan-2025", "hubei", configs_dir() / "rulebooks" / "national-2025.yaml"):
        assert icsml_json("rulebook", "lint", name) == {"ok": True, "findings": []}
    assert icsml("rulebook", "lint", "tech-sme-2017") == (0, "tech-sme-2017 is sound\n", "")


def test_lint_tells_every_fault_with_file_line_key_and_remedy(icsml, broken):
    code, out, err = icsml("rulebook", "lint", broken, "--json")
    assert (code, err) == (1, "")
    found = json.loads(out)
    assert found["ok"] is False
    assert {each["code"] for each in found["findings"]} == {"ICS-RUL-005", "ICS-RUL-006"}
    lines = broken.read_text().splitlines()
    for each in found["findings"]:
        assert set(each) == {"code", "where", "message", "remedy", "level"}
        assert each["level"] == "fault"
        file, line, key = each["where"].split(":", 2)
        assert file == str(broken)
        assert key.split(".")[-1].strip() in lines[int(line) - 1]
    code, text, _ = icsml("rulebook", "lint", broken)
    assert (code, len(text.splitlines())) == (1, len(found["findings"]))
    assert all(" — " in line for line in text.splitlines())


def test_a_rulebook_of_ones_own_is_linted_by_its_id(icsml, broken, tmp_path, monkeypatch):
    folder = tmp_path / "own"
    folder.mkdir()
    broken.rename(folder / "broken.yaml")
    monkeypatch.setenv("ICSML_RULEBOOKS", str(folder))
    code, out, _ = icsml("rulebook", "lint", "broken")
    assert code == 1
    assert "ICS-RUL-005" in out


def test_the_schema_is_that_of_the_file_that_is_shipped(icsml, icsml_json):
    found = icsml_json("rulebook", "schema")
    assert found == json.loads((configs_dir() / "rulebooks" / "rulebook.schema.json").read_text())
    assert json.loads(icsml("rulebook", "schema")[1]) == found


# fit


def test_tables_are_fitted_on_the_latest_record_of_each(icsml, icsml_json, records, tmp_path):
    out = tmp_path / "peers.json"
    found = icsml_json("rulebook", "fit", "national-2024", "--in", records, "--out", out)
    assert set(found) == {"rulebook", "rows", "sha256", "groups"}
    tables = PeerTables.read(out)
    assert (found["rows"], found["sha256"]) == (60, sha256_file(out)) == (tables.population.rows, tables.sha256)
    assert tables.rulebook_sha256 == load_rulebook("national-2024").sha256
    assert found["groups"] == 1  # they are too few for groups of their own
    code, text, _ = icsml("rulebook", "fit", "national-2024", "--in", records, "--out", out)
    assert code == 0
    assert found["sha256"] in text


# diff


def test_without_a_population_only_the_rules_are_compared(icsml, icsml_json):
    found = icsml_json("rulebook", "diff", "national-2025", "national-2025-patent-value")
    assert {"swap_set", "score_mean_a", "score_mean_b", "changes", "impact", "model", "notes"} <= set(found)
    assert (found["a"], found["b"]) == ("national-2025", "national-2025-patent-value")
    assert found["swap_set"] is found["score_mean_a"] is found["score_mean_b"] is None
    assert found["impact"] is found["model"] is found["population"] is None
    assert found["changes"]
    assert all(set(each) == {"item", "kind", "a", "b", "name"} for each in found["changes"])
    code, out, _ = icsml("rulebook", "diff", "national-2025", "national-2025-patent-value")
    assert code == 0
    assert "give --in F" in out
    assert icsml("rulebook", "diff", "tech-sme-2017", "tech-sme-2017")[1].startswith("the rules are the same")


def test_what_the_rules_say_is_in_the_language_asked_for(icsml_json):
    argv = ("rulebook", "diff", "national-2024", "national-2025")
    en, zh = (
        {each["item"]: each["b"] for each in icsml_json(*argv, "--lang", lang)["changes"]} for lang in ("en", "zh")
    )
    assert en["indicators.rd_intensity"] == "R&D intensity"
    assert zh["indicators.rd_intensity"] == "研发投入强度"
    assert list(en) == list(zh)


@pytest.mark.parametrize("cut", [(), ("--top-share", "0.3"), ("--cut-off", "40")], ids=" ".join)
def test_a_population_is_compared_by_both(icsml_json, records, cut):
    found = icsml_json("rulebook", "diff", "tech-sme-2017", "national-2025", "--in", records, *cut)
    effect = found["impact"]
    assert found["swap_set"] == effect["entered"] + effect["left"]
    assert found["swap_set"] > 0
    assert (found["score_mean_a"], found["score_mean_b"]) == (effect["a"]["mean"], effect["b"]["mean"])
    assert effect["rows"] == 60  # the older record of the first does not count
    assert -1.0 < effect["rank_correlation"] < 1.0
    share = {"top_share": 0.137} if not cut else {cut[0].lstrip("-").replace("-", "_"): float(cut[1])}
    assert effect["threshold"] == share
    assert (found["population"], found["synthetic"], found["model"]) == ("records", False, None)
    assert 0.0 <= effect["depends"] <= 1.0


def test_both_scores_of_every_enterprise_are_written(icsml, icsml_json, records, tmp_path):
    out = tmp_path / "firms.parquet"
    argv = ("rulebook", "diff", "tech-sme-2017", "national-2025", "--in", records, "--out", out, "--top-share", 0.3)
    effect = icsml_json(*argv)["impact"]
    table = pd.read_parquet(out)
    given = pd.read_parquet(records)
    assert table["enterprise_id"].tolist() == given["enterprise_id"].tolist()[1:]
    for name, side in (("score_a", "a"), ("score_b", "b")):
        assert table[name].mean() == pytest.approx(effect[side]["mean"])
    assert (table["listed_b"] & ~table["listed_a"]).sum() == effect["entered"]
    assert (table["listed_a"] & ~table["listed_b"]).sum() == effect["left"]
    assert not (table["listed_a"] & ~table["may_be_listed_a"]).any()
    assert table["may_be_listed_b"].all()
    assert f"enterprises: {out}" in icsml(*argv)[1]


@pytest.mark.parametrize("option", ["--out", "--html"])
def test_nothing_takes_the_place_of_the_population(icsml, records, option):
    before = records.read_bytes()
    code, _, err = icsml("rulebook", "diff", "tech-sme-2017", "national-2025", "--in", records, option, records)
    assert records.read_bytes() == before
    assert code == 2
    assert "would take the place of the input" in err


def test_scores_of_nobody_are_not_asked_for(icsml, tmp_path):
    """Without a population there is nothing to write."""
    code, _, err = icsml("rulebook", "diff", "tech-sme-2017", "national-2025", "--out", tmp_path / "firms.parquet")
    assert code == 2
    assert "--in" in err


def test_a_change_by_given_peers(icsml, icsml_json, records, tmp_path):
    """A table goes to the rulebook it was fitted for; the other ranks among the file itself."""
    pd.read_parquet(records).iloc[:2].to_parquet(tmp_path / "two.parquet")
    tables = ("--peers", tmp_path / "peers.json")
    icsml_json("rulebook", "fit", "national-2024", "--in", tmp_path / "two.parquet", "--out", tables[1])
    argv = ("rulebook", "diff", "national-2024", "hangzhou-htz-2020", "--in", records)
    own, other = icsml_json(*argv), icsml_json(*argv, *tables)
    assert other["score_mean_a"] != own["score_mean_a"]
    assert other["score_mean_b"] == own["score_mean_b"]
    notes = " ".join(note["en"] for note in other["notes"])
    assert "national-2024 ranks among peers: here among two (1)." in notes
    assert "hangzhou-htz-2020 ranks among peers: here among records (60)." in notes
    code, _, err = icsml("rulebook", "diff", "tech-sme-2017", "national-2025", "--in", records, *tables)
    assert (code, "ICS-RUL-033 --peers" in err) == (2, True)


def test_a_comparison_is_told_to_people(icsml, records):
    code, out, err = icsml("rulebook", "diff", "tech-sme-2017", "national-2024", "--in", records, "--lang", "zh")
    assert code == 0
    assert "60 enterprises scored by both; rank correlation" in out
    assert "swap set at the best 13.7%" in out
    assert "note: national-2024 按同类企业排名计分，参照样本：records (60)。" in out
    assert "reading" in err


def test_a_model_is_looked_at_under_both(icsml, icsml_json, bundle, book_folder):
    argv = ("rulebook", "diff", "national-2025", "national-2025-patent-value")
    argv = (*argv, "--in", book_folder / "enterprises.parquet", "--model", bundle.folder)
    found = icsml_json(*argv)
    moves = found["model"]
    assert (moves["trained_with"], moves["rows"]) == ("national-2025", 1500)
    assert moves["pd_mean_a"] != moves["pd_mean_b"]
    assert 0 < moves["grade_changed"] <= 1500
    assert sum(sum(each["to"].values()) for each in moves["migration"]) == 1500 - moves["ungraded"]
    assert found["synthetic"] is True
    code, out, _ = icsml(*argv)
    assert code == 0
    assert f"{moves['grade_changed']:,} of 1,500 change grade" in out
    assert "The model is not trained again" in out


# robustness


def test_how_much_hangs_on_the_weights(icsml, icsml_json, records):
    argv = ("rulebook", "robustness", "national-2025", "--in", records)
    found = icsml_json(*argv)
    assert (set(found), found["rulebook"]) == ({"rulebook", "robustness"}, "national-2025")
    figures = found["robustness"]
    assert set(figures) == ROBUSTNESS
    assert (figures["rows"], figures["draws"], figures["concentration"]) == (61, 200, 50.0)
    assert figures["top_share"] == 0.137
    assert icsml_json(*argv) == found
    other = icsml_json(*argv, "--seed", 1, "--draws", 20, "--concentration", 5, "--top-share", 0.5)["robustness"]
    assert (other["draws"], other["concentration"], other["top_share"]) == (20, 5.0, 0.5)
    assert other["rank_correlation"] < figures["rank_correlation"]
    assert icsml_json(*argv, "--seed", 1)["robustness"] != figures
    code, out, _ = icsml(*argv)
    assert code == 0
    assert out.startswith("The weights are assumed. Over 200 random weightings")


def test_where_no_weight_is_assumed_nothing_hangs_on_one(icsml, icsml_json, records):
    argv = ("rulebook", "robustness", "tech-sme-2017", "--in", records)
    assert icsml_json(*argv) == {"rulebook": "tech-sme-2017", "robustness": None}
    assert icsml(*argv)[1] == "no weight is assumed, so nothing depends on one\n"


def test_a_list_of_nobody_does_not_mean_that_no_weight_is_assumed(icsml, records, tmp_path):
    """The share is less than one enterprise, or there is only one: no figures, but weights that are assumed."""
    pd.read_parquet(records).iloc[:1].to_parquet(tmp_path / "one.parquet")
    for argv in (("--in", records, "--top-share", "0.001"), ("--in", tmp_path / "one.parquet")):
        code, out, err = icsml("rulebook", "robustness", "national-2025", *argv)
        assert (code, out) == (2, "")
        assert "ICS-SEL-001 --top-share" in err


def test_robustness_by_given_peers(icsml_json, records, tmp_path):
    peers = tmp_path / "peers.json"
    icsml_json("rulebook", "fit", "national-2024", "--in", records, "--out", peers)
    argv = ("rulebook", "robustness", "national-2024", "--in", records, "--draws", 20)
    assert icsml_json(*argv, "--peers", peers) == icsml_json(*argv)


# what is refused


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["show", "national-2052"], 3, "national-2025"),
        (["show", "{none}.yaml"], 3, "ICS-RUL-002"),
        (["show"], 2, "ID"),
        (["lint", "{none}.yaml"], 3, "ICS-RUL-002"),
        (["lint", "national-2052"], 3, "ICS-RUL-002"),
        (["list", "--as-of", "soon"], 2, "ICS-CLI-004 --as-of"),
        (["list", "--known-on", "soon"], 2, "ICS-CLI-004 --known-on"),
        (["fit", "tech-sme-2017", "--in", "{records}", "--out", "{out}"], 2, "ICS-RUL-031 tech-sme-2017"),
        (["fit", "hubei", "--in", "{records}", "--out", "{out}"], 3, "ICS-RUL-021"),
        (["fit", "national-2024", "--in", "{none}", "--out", "{out}"], 3, "ICS-REC-004"),
        (["fit", "national-2024", "--in", "{records}", "--out", "{records}"], 2, "place of the input"),
        (["diff", "tech-sme-2017"], 2, "B"),
        (["diff", "tech-sme-2017", "national-2052"], 3, "ICS-RUL-002"),
        (["diff", "tech-sme-2017", "hubei"], 3, "ICS-RUL-021"),
        (["diff", "tech-sme-2017", "national-2025", "--in", "{none}"], 3, "ICS-REC-004"),
        (["diff", "tech-sme-2017", "national-2025", "--in", "{broken}"], 2, "ICS-REC-004"),
        (["diff", "tech-sme-2017", "national-2025", "--top-share", "0.1", "--cut-off", "60"], 2, "ICS-SEL-001"),
        (["diff", "tech-sme-2017", "national-2025", "--in", "{records}", "--top-share", "7"], 2, "ICS-SEL-001"),
        (["diff", "tech-sme-2017", "national-2025", "--in", "{records}", "--top-share", "nan"], 2, "ICS-SEL-001"),
        (["diff", "tech-sme-2017", "national-2025", "--in", "{records}", "--cut-off", "nan"], 2, "ICS-SEL-001"),
        (["diff", "tech-sme-2017", "national-2025", "--model", "{bundle}"], 2, "ICS-CLI-003 --model"),
        (["diff", "tech-sme-2017", "national-2025", "--in", "{records}", "--model", "{none}"], 3, "no such bundle"),
        (["diff", "tech-sme-2017", "national-2025", "--lang", "xx"], 2, "--lang"),
        (["robustness", "national-2025", "--in", "{none}"], 3, "ICS-REC-004"),
        (["robustness", "national-2025", "--in", "{records}", "--draws", "1"], 2, "--draws"),
        (["robustness", "national-2025", "--in", "{records}", "--concentration", "0.5"], 2, "--concentration"),
        (["robustness", "national-2025", "--in", "{records}", "--concentration", "nan"], 2, "--concentration"),
        (["robustness", "national-2025", "--in", "{records}", "--seed", "-1"], 2, "--seed"),
        (["robustness", "national-2025", "--in", "{records}", "--top-share", "0"], 2, "--top-share"),
        (["robustness", "national-2025", "--in", "{records}", "--top-share", "nan"], 2, "--top-share"),
        (["robustness", "national-2025", "--in", "{records}", "--peers", "{broken}"], 2, "ICS-RUL-031"),
        (["robustness", "national-2024", "--in", "{records}", "--peers", "{broken}"], 2, "ICS-RUL-030"),
        (["robustness", "national-2024", "--in", "{records}", "--peers", "{none}"], 3, "ICS-RUL-030"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)  # fmt: skip
def test_bad_use_ends_with_its_code_and_one_line(argv, code, said, icsml, bundle, records, tmp_path):
    (tmp_path / "broken").write_text("{")
    places = {name: tmp_path / name for name in ("none", "broken", "out")}
    places |= {"records": records, "bundle": bundle.folder}
    got, out, err = icsml("rulebook", *(argument.format(**places) for argument in argv))
    lines = [line for line in err.splitlines() if line.startswith("icsml: ")]
    assert (got, out, len(lines)) == (code, "", 1), err
    assert said in lines[0]
    assert "—" in lines[0]
    assert not (tmp_path / "out").exists()


def test_one_unsound_file_does_not_hide_the_others(icsml, tmp_path, monkeypatch):
    (tmp_path / "half-edited.yaml").write_text("format: 2\nid: half-edited\n", "utf-8")
    monkeypatch.setenv("ICSML_RULEBOOKS", str(tmp_path))
    code, out, err = icsml("rulebook", "list")
    assert code == 0
    assert "tech-sme-2017" in out
    assert "half-edited is not listed" in err


def test_a_warning_alone_is_told_and_does_not_fail(icsml, tmp_path):
    text = icsml("rulebook", "show", "tech-sme-2017")[1]
    path = tmp_path / "tech-sme-2017.yaml"
    changed = text.replace("        - {at_least: 0.20, points: 12}\n", "", 1)
    path.write_text(changed, "utf-8")
    line = changed[: changed.index("{at_least: 0.15, points: 8}")].count("\n") + 1
    code, out, err = icsml("rulebook", "lint", path)
    warning, verdict = out.splitlines()
    assert (code, err) == (0, "")
    assert warning.startswith(f"warning: ICS-RUL-036 {path}:{line}: ")
    assert verdict.endswith("is sound")
    found = json.loads(icsml("rulebook", "lint", path, "--json")[1])
    assert (found["ok"], [each["level"] for each in found["findings"]]) == (True, ["warning"])
