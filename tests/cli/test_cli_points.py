"""``icsml points`` and ``coverage``: which rules, whose peers, what is written and what is told."""

import json

import numpy as np
import pandas as pd
import pytest

from icsml.core.canonical import sha256_file
from icsml.innovation import evaluate, fitted, load_rulebook
from icsml.workflows.population import read_columns

LATE = """\
format: 2
id: late-2026
extends: national-2025
edition: correction
scope: national
title: {{en: A late correction, zh: 事后更正}}
issuer: {{en: Nobody, zh: 无}}
in_force: {{from: 2025-10-29, to: null, provenance: assumed}}
known_since: 2026-06-01
corrects: national-2025
validity: {{months: 6, expired: {expired}, provenance: assumed}}
"""
REPORT = {
    "rows",
    "seconds",
    "rulebook",
    "provenance",
    "score_provenance",
    "not_in_force",
    "no_score",
    "expired",
    "future",
    "peers",
    "robustness",
}


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Six records of four enterprises, in no order of name or date."""
    path = tmp_path_factory.mktemp("records") / "records.parquet"
    pd.DataFrame(
        {
            "enterprise_id": ["D", "A", "B", "A", "C", "D"],
            "as_of": pd.to_datetime(["2026-01-31", "2024-05-01", None, "2025-12-31", "2025-07-31", "2025-12-31"]),
            "region": ["350100", "350100", "110000", "350100", None, "350100"],
            "revenue_cny": [1e6, 2e6, 3e6, 4e6, 5e7, 2e8],
            "rd_expense_cny": [1e5, 1e5, 1e5, 3e5, np.nan, 1e7],
            "staff_total": [10.0, 20.0, 30.0, 40.0, 50.0, 60.0],
            "staff_rd": [3.0, 3.0, 3.0, np.nan, 3.0, 3.0],
            "awards_2y": [0.0, 1.0, 2.0, 0.0, 1.0, 2.0],
        }
    ).to_parquet(path, index=False)
    return path


@pytest.fixture(scope="module")
def peers(records):
    """The peer tables of the national edition of 2024 over the four."""
    path = records.with_name("peers.json")
    fitted(load_rulebook("national-2024"), read_columns(records), "records").peer_tables.write(path)
    return path


@pytest.fixture
def late(tmp_path, monkeypatch):
    """Put a correction of the national edition, entered in June 2026, into a folder of one's own."""

    def put(expired="warn"):
        folder = tmp_path / "rulebooks"
        folder.mkdir()
        (folder / "late-2026.yaml").write_text(LATE.format(expired=expired))
        monkeypatch.setenv("ICSML_RULEBOOKS", str(folder))

    return put


def columns_of(rulebook, *, dated=False):
    columns = ["enterprise_id", "as_of", "score", "max_score", "stage"]
    columns += [f"category.{category.id}" for category in rulebook.categories]
    for indicator in rulebook.indicators:
        columns += [f"{part}.{indicator.id}" for part in ("value", "points", "max", "rule")]
    return [*columns, "eligible", *(["age_months", "valid_until", "expired"] if dated else [])]


# what is written


@pytest.mark.parametrize("name", ["national-2025", "national-2024", "tech-sme-2017"])
def test_one_row_out_for_each_row_in_in_order_with_what_the_rules_give(name, icsml_json, records, tmp_path):
    out = tmp_path / "points.parquet"
    found = icsml_json("points", "--rulebook", name, "--in", records, "--out", out)
    table, given = pd.read_parquet(out), pd.read_parquet(records)
    rulebook = load_rulebook(name)
    assert list(table.columns) == columns_of(rulebook)
    assert table["enterprise_id"].tolist() == given["enterprise_id"].tolist()
    assert table["as_of"].astype("datetime64[us]").equals(given["as_of"].astype("datetime64[us]"))
    if not rulebook.ranked:
        points = evaluate(rulebook, read_columns(records))
        assert np.array_equal(table["score"], points.score)
        for indicator in rulebook.indicators:
            assert table[f"rule.{indicator.id}"].tolist() == points.rules[indicator.id][:].tolist()
    assert set(table["max_score"]) == {rulebook.max_score}
    assert set(found) == REPORT
    assert (found["rows"], found["rulebook"], found["expired"], found["future"]) == (6, name, None, None)
    assert found["seconds"] >= 0.0
    assert (found["provenance"], found["score_provenance"]) == (
        str(rulebook.provenance),
        str(rulebook.score_provenance),
    )
    assert (found["peers"] is None) == (not rulebook.ranked)
    assert (found["robustness"] is None) == (name == "tech-sme-2017")


def test_eligibility_has_three_answers(icsml_json, tmp_path):
    fields = {"staff_total": 10.0, "staff_st": 3.0, "ip_class1": 1.0, "rd_expense_cny": 1.0, "revenue_cny": 10.0}
    flags = dict.fromkeys(("prohibited_business", "serious_violation", "abnormal_list", "serious_illegal_list"), False)
    table = pd.DataFrame([{"enterprise_id": name, "total_assets_cny": 5.0, **fields, **flags} for name in "ABC"])
    table.loc[1, "staff_total"] = 501.0
    table.loc[2, "total_assets_cny"] = np.nan
    table.to_parquet(tmp_path / "in.parquet")
    icsml_json(
        "points", "--rulebook", "tech-sme-2017", "--in", tmp_path / "in.parquet", "--out", tmp_path / "out.parquet"
    )
    eligible = pd.read_parquet(tmp_path / "out.parquet")["eligible"]
    assert eligible.dtype == "boolean"
    assert eligible.fillna(False).tolist() == [True, False, False]
    assert eligible.isna().tolist() == [False, False, True]


def test_a_file_is_a_rulebook_too(icsml, icsml_json, records, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(icsml("rulebook", "show", "tech-sme-2017")[1].replace("id: tech-sme-2017", "id: own", 1))
    found = icsml_json("points", "--rulebook", own, "--in", records, "--out", tmp_path / "a.parquet")
    assert found["rulebook"] == "own"
    icsml_json("points", "--rulebook", "tech-sme-2017", "--in", records, "--out", tmp_path / "b.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a.parquet"), pd.read_parquet(tmp_path / "b.parquet"))


def test_a_file_without_rows_gives_one_without_rows(icsml_json, records, tmp_path):
    pd.read_parquet(records).iloc[:0].to_parquet(tmp_path / "none.parquet")
    out = tmp_path / "out.parquet"
    found = icsml_json("points", "--rulebook", "national-2025", "--in", tmp_path / "none.parquet", "--out", out)
    assert (found["rows"], found["no_score"], found["robustness"]) == (0, 0, None)
    assert list(pd.read_parquet(out).columns) == columns_of(load_rulebook("national-2025"))


def test_what_people_read(icsml, records, tmp_path):
    argv = ("points", "--in", records, "--out", tmp_path / "p.parquet")
    code, out, err = icsml(*argv, "--rulebook", "national-2025")
    assert code == 0
    assert out.startswith("6 rows by national-2025 (assumed), mean ")
    assert "The weights are assumed." in out
    # Two of the five dated rows lie before 29 October 2025; one has no date.
    assert "national-2025 was not in force on the date of 2 rows" in err
    assert "warning" not in icsml(*argv, "--rulebook", "tech-sme-2017")[2]


def test_rows_without_a_score_are_counted_and_say_why(icsml, icsml_json, tmp_path, records):
    text = icsml("rulebook", "show", "tech-sme-2017")[1].replace("id: tech-sme-2017", "id: own", 1)
    before = "    missing: zero\n    best_of:\n      - id: rd_to_sales"
    assert before in text
    (tmp_path / "own.yaml").write_text(text.replace(before, before.replace("zero", "refuse")))
    argv = ("points", "--rulebook", tmp_path / "own.yaml", "--in", records, "--out", tmp_path / "p.parquet")
    assert icsml_json(*argv)["no_score"] == 1
    table = pd.read_parquet(tmp_path / "p.parquet")
    assert table["score"].isna().tolist() == [False, False, False, False, True, False]
    assert table["rule.rd_intensity"].tolist()[4] == "missing: refused"
    assert "1 rows have no score; the columns rule.ID say why" in icsml(*argv)[2]


# by date


@pytest.mark.parametrize(
    ("on", "rulebook"),
    [
        ("2025-10-28", "national-2024"),
        ("2025-10-29", "national-2025"),
    ],
)
def test_the_national_edition_of_the_day(icsml_json, records, tmp_path, on, rulebook):
    out = tmp_path / "p.parquet"
    assert icsml_json("points", "--as-of", on, "--in", records, "--out", out)["rulebook"] == rulebook
    assert list(pd.read_parquet(out).columns) == columns_of(load_rulebook(rulebook), dated=True)


def test_by_date_a_score_has_an_age_and_an_end(icsml, records, tmp_path):
    """Valid for twelve months and then kept with a warning."""
    out = tmp_path / "p.parquet"
    code, text, err = icsml("points", "--as-of", "2026-12-31", "--in", records, "--out", out, "--json")
    table = pd.read_parquet(out)
    assert (code, json.loads(text)["expired"]) == (0, 2)
    assert "2 rows are older than the score's validity and keep their score" in err
    assert table["expired"].tolist() == [False, True, False, False, True, False]
    assert table["valid_until"].astype("str").fillna("–").tolist() == [
        "2027-01-31",
        "2025-05-01",
        "–",
        "2026-12-31",
        "2026-07-31",
        "2026-12-31",
    ]
    assert table["age_months"].isna().tolist() == [False, False, True, False, False, False]
    assert table["age_months"][3] == pytest.approx(12.0, abs=0.1)
    assert table["score"].notna().all()


def test_a_late_correction_does_not_change_what_was_known(icsml_json, records, tmp_path, late):
    late()
    argv = ("points", "--in", records, "--out", tmp_path / "p.parquet")
    assert icsml_json(*argv, "--as-of", "2026-01-01", "--known-on", "2026-05-31")["rulebook"] == "national-2025"
    assert icsml_json(*argv, "--as-of", "2026-01-01", "--known-on", "2026-06-01")["rulebook"] == "late-2026"
    assert icsml_json(*argv, "--as-of", "2025-10-28", "--known-on", "2026-06-01")["rulebook"] == "national-2024"


def test_an_expired_score_is_refused_where_the_rules_say_so(icsml, records, tmp_path, late):
    late("refuse")
    out = tmp_path / "p.parquet"
    code, text, err = icsml("points", "--as-of", "2026-06-30", "--in", records, "--out", out, "--json")
    found, table = json.loads(text), pd.read_parquet(out)
    assert code == 0
    assert "2 rows are older than the score's validity and have no score" in err
    # Six months: 31 January is valid until 31 July, 31 December until 30 June; the undated one does not age.
    assert table["score"].isna().tolist() == [False, True, False, False, True, False]
    assert table["expired"].tolist() == table["score"].isna().tolist()
    assert (found["expired"], found["no_score"]) == (2, 2)
    assert table["points.award"].tolist() == [0.0, 10.0, 10.0, 0.0, 10.0, 10.0]


def test_the_day_of_use_may_be_another_than_that_of_the_rules(icsml, records, tmp_path):
    """By a rulebook that is named, too: one year of validity, by which older scores are refused."""
    out = tmp_path / "p.parquet"
    argv = ("points", "--rulebook", "tech-sme-2017", "--in", records, "--out", out)
    code, text, err = icsml(*argv, "--on", "2025-12-31", "--json")
    found, table = json.loads(text), pd.read_parquet(out)
    assert code == 0
    assert "1 rows are dated after the day" in err
    assert list(table.columns) == columns_of(load_rulebook("tech-sme-2017"), dated=True)
    assert table["score"].isna().tolist() == [False, True, False, False, False, False]
    assert (found["expired"], found["future"], found["no_score"]) == (1, 1, 1)
    assert table["age_months"].isna().tolist() == [True, False, True, False, False, False]


# peers


def test_tables_fitted_on_the_file_give_what_the_file_itself_gives(icsml, icsml_json, records, tmp_path):
    peers, one, other = tmp_path / "peers.json", tmp_path / "one.parquet", tmp_path / "other.parquet"
    fitted = icsml_json("rulebook", "fit", "national-2024", "--in", records, "--out", peers)
    assert set(fitted) == {"rulebook", "rows", "sha256", "groups"}
    assert (fitted["rulebook"], fitted["rows"], fitted["sha256"]) == ("national-2024", 4, sha256_file(peers))
    argv = ("points", "--rulebook", "national-2024", "--in", records)
    own = icsml_json(*argv, "--out", one)
    given = icsml_json(*argv, "--out", other, "--peers", peers)
    assert own["peers"] == given["peers"] == {"sha256": fitted["sha256"], "rows": 4}
    pd.testing.assert_frame_equal(pd.read_parquet(one), pd.read_parquet(other))
    assert "the enterprises of records.parquet are taken for them" in icsml(*argv, "--out", one)[2]
    assert "taken for them" not in icsml(*argv, "--out", one, "--peers", peers)[2]


def test_peers_fitted_on_others_rank_among_those(icsml_json, records, tmp_path):
    """All revenues of the file lie above that of the one peer, so each has P100.

    Among the four of the file, each by its latest record (1, 3, 4 and 50 million), they have P0 to P100.
    """
    pd.DataFrame({"enterprise_id": ["Z"], "revenue_cny": [1.0]}).to_parquet(tmp_path / "poor.parquet")
    peers = tmp_path / "peers.json"
    icsml_json("rulebook", "fit", "national-2024", "--in", tmp_path / "poor.parquet", "--out", peers)
    argv = ("points", "--rulebook", "national-2024", "--in", records, "--out", tmp_path / "p.parquet")
    assert icsml_json(*argv, "--peers", peers)["peers"]["rows"] == 1
    table = pd.read_parquet(tmp_path / "p.parquet")
    assert set(table["rule.revenue"]) == {"P100 of all peers"}
    icsml_json(*argv)
    rules = pd.read_parquet(tmp_path / "p.parquet")["rule.revenue"].tolist()
    assert rules == [f"P{part} of all peers" for part in (0, 25, 25, 50, 75, 100)]


@pytest.mark.parametrize(("day", "peers"), [("2025-01-01", 2), ("2025-07-30", 2), ("2025-07-31", 3)])
def test_by_a_day_the_peers_are_who_had_filed_by_then(icsml_json, records, tmp_path, day, peers):
    found = icsml_json("points", "--as-of", day, "--in", records, "--out", tmp_path / "p.parquet")
    assert (found["rulebook"], found["rows"], found["peers"]["rows"]) == ("national-2024", 6, peers)


# coverage


def test_coverage_by_hand(icsml, icsml_json, records):
    found = icsml_json("coverage", "--rulebook", "national-2025", "--in", records)
    assert set(found) == {"rulebook", "rows", "rows_refused", "indicators", "departments", "provinces"}
    shares = {each["id"]: each["share"] for each in found["indicators"]}
    assert set(shares) == {indicator.id for indicator in load_rulebook("national-2025").indicators}
    assert shares["rd_intensity"] == shares["rd_staff_share"] == pytest.approx(5 / 6)
    assert (shares["award"], shares["high_growth_list"]) == (1.0, 0.0)
    for each in found["indicators"]:
        assert set(each) == {
            "id",
            "label",
            "share",
            "policy",
            "max",
            "points_lost",
            "points_lost_at_most",
            "departments",
        }
    code, out, _ = icsml("coverage", "--rulebook", "national-2025", "--in", records)
    assert code == 0
    assert "6 rows by national-2025" in out
    assert "rd_intensity" in out
    assert "not known" in out


def test_coverage_ranks_among_given_peers(icsml, icsml_json, records, peers):
    argv = ("coverage", "--rulebook", "national-2024", "--in", records)
    assert icsml_json(*argv, "--peers", peers) == icsml_json(*argv)
    code, _, err = icsml("coverage", "--rulebook", "national-2025", "--in", records, "--peers", peers)
    assert (code, "ICS-RUL-031" in err) == (2, True)


# what is refused


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["--rulebook", "tech-sme-2017", "--as-of", "2026-01-01"], 2, "--rulebook, --as-of: give one of the two"),
        ([], 2, "--rulebook, --as-of: give one of the two"),
        (["--as-of", "2026-02-30"], 2, "--as-of: no date"),
        (["--as-of", "20260101"], 2, "--as-of: no date"),
        (["--as-of", "2026-01-01", "--known-on", "later"], 2, "--known-on: no date"),
        (["--as-of", "2026-01-01", "--on", "later"], 2, "--on: no date"),
        (["--as-of", "2019-01-01"], 2, "ICS-RUL-011"),
        (["--as-of", "2025-12-01", "--known-on", "2025-10-28"], 2, "known on 2025-10-28"),
        (["--as-of", "2023-01-01"], 3, "ICS-RUL-021 national-2022"),
        (["--rulebook", "hubei"], 3, "ICS-RUL-021 hubei"),
        (["--rulebook", "tech-sme-2018"], 3, "tech-sme-2017"),
        (["--rulebook", "{folder}/none.yaml"], 3, "ICS-RUL-002"),
        (["--rulebook", "{folder}/list.yaml"], 2, "ICS-RUL-001"),
        (["--rulebook", "tech-sme-2017", "--peers", "{peers}"], 2, "ICS-RUL-031 tech-sme-2017"),
        (["--rulebook", "hangzhou-htz-2020", "--peers", "{peers}"], 2, "ICS-RUL-033 peer tables"),
        (["--rulebook", "national-2024", "--peers", "{folder}/none.json"], 3, "ICS-RUL-030"),
        (["--rulebook", "national-2024", "--peers", "{records}"], 2, "ICS-RUL-030"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_use_ends_with_its_code_and_one_line_and_writes_nothing(argv, code, said, icsml, records, peers, tmp_path):
    places = {"folder": tmp_path, "records": records, "peers": peers}
    (tmp_path / "list.yaml").write_text("- 1\n")
    argv = [argument.format(**places) for argument in argv]
    got, out, err = icsml("points", *argv, "--in", records, "--out", tmp_path / "p.parquet")
    lines = [line for line in err.splitlines() if line.startswith("icsml: ")]
    assert (got, out, len(lines)) == (code, "", 1)
    assert err.splitlines()[-1] == lines[0]
    assert said in lines[0]
    assert "—" in lines[0]
    assert not (tmp_path / "p.parquet").exists()


def test_knowledge_without_a_date_is_refused(icsml, records, tmp_path):
    """A rulebook that is named is taken as it is; what was known on a day does not choose it."""
    argv = ("--rulebook", "tech-sme-2017", "--known-on", "2016-01-01", "--in", records, "--out", tmp_path / "p.parquet")
    code, _, err = icsml("points", *argv)
    assert code == 2
    assert "--known-on" in err


def test_no_rows_are_no_peers(icsml, records, tmp_path):
    pd.read_parquet(records).iloc[:0].to_parquet(tmp_path / "none.parquet")
    argv = ("--in", tmp_path / "none.parquet", "--out", tmp_path / "p.parquet")
    for command in (("points", "--rulebook", "national-2024"), ("rulebook", "fit", "national-2024")):
        code, _, err = icsml(*command, *argv)
        assert code == 2
        assert "ICS-RUL-031" in err


def test_a_folder_of_ones_own_must_be_there_and_add_no_second_of_an_id(icsml, records, tmp_path, monkeypatch):
    argv = ("points", "--rulebook", "tech-sme-2017", "--in", records, "--out", tmp_path / "p.parquet")
    monkeypatch.setenv("ICSML_RULEBOOKS", str(tmp_path / "none"))
    code, _, err = icsml(*argv)
    assert code == 3
    assert "ICS-CFG-004 ICSML_RULEBOOKS" in err
    own = tmp_path / "rulebooks"
    own.mkdir()
    (own / "tech-sme-2017.yaml").write_text("id: tech-sme-2017\n")
    monkeypatch.setenv("ICSML_RULEBOOKS", str(own))
    code, _, err = icsml(*argv)
    assert code == 2
    assert "ICS-RUL-022" in err
