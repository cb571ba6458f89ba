"""``icsml select`` and ``selection``, end to end: a list is made, appealed against, withdrawn from and looked at."""

import io
import json
import shutil
import sys
from contextlib import redirect_stdout
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from icsml.cli import main
from icsml.core import tables
from icsml.core.canonical import sha256_file
from icsml.innovation import load_rulebook
from icsml.innovation.selection.list_file import read_list
from icsml.texts.languages import languages

REPORT = {
    "evaluated",
    "selected",
    "places",
    "uncut",
    "threshold",
    "max_score",
    "rulebook",
    "provenance",
    "on",
    "batch",
    "figures",
    "robustness",
    "synthetic",
}
COLUMNS = [
    "enterprise_id",
    "enterprise_name",
    "as_of",
    "batch",
    "entry",
    "action",
    "decided_on",
    "score",
    "max_score",
    "rank",
    "stage",
    "technical_field",
    "province",
    "selected",
    "reason",
    "reason_en",
    "reason_zh",
    *(f"reason_{language}" for language in languages() if language not in ("en", "zh")),
    "missing",
    "valid_from",
    "valid_until",
    "because",
    "record",
]
CLEAN = {
    "staff_total": 10,
    "revenue_cny": 1e6,
    "total_assets_cny": 1e6,
    "total_cost_cny": 1e9,
    "prohibited_business": False,
    "serious_violation": False,
    "abnormal_list": False,
    "serious_illegal_list": False,
}


def firm(name, st, rd, rights, **more):
    """A small, honest enterprise: S&T staff among ten, R&D in per cent of sales, Class I rights."""
    fields = CLEAN | {"enterprise_id": name, "as_of": "2025-06-30"}
    return fields | {"staff_st": st, "rd_expense_cny": rd * 1e4, "ip_class1": rights} | more


def write_records(path):
    """Scores of 100, 90, 58, 50 and 100 too large, and an older record."""
    rows = [
        firm("A", 3, 6, 1, region="350100"),
        firm("B", 3, 5, 1, region="110000"),
        firm("B", 3, 6, 1, region="110000", as_of="2025-03-31"),
        firm("C", 1, 4, 0, ip_class2=4, region="350200"),  # 4 + 30 + 24
        firm("D", 3, 0, 1),  # 20 + 30
        firm("E", 300, 6, 1, staff_total=501),
    ]
    table = pd.DataFrame(rows)
    table["as_of"] = pd.to_datetime(table["as_of"])
    table.to_parquet(path, index=False)
    return path


@pytest.fixture
def records(tmp_path):
    return write_records(tmp_path / "records.parquet")


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    records, out = write_records(folder / "records.parquet"), folder / "list.parquet"
    argv = ["select", "--rulebook", "tech-sme-2017", "--in", records, "--out", out, "--cut-off", "50", "--json"]
    with redirect_stdout(io.StringIO()) as told:
        assert main._run([str(argument) for argument in argv]) == 0
    return out, json.loads(told.getvalue())


@pytest.fixture
def made(made_once, tmp_path):
    """The list of whoever has 50 points, and what was said of it."""
    return shutil.copy(made_once[0], tmp_path / "list.parquet"), made_once[1]


def write(path, record):
    path.write_text(json.dumps(record))
    return path


def appealed(tmp_path, record, path, *more, on="2025-09-01"):
    corrected = write(tmp_path / "corrected.json", record)
    argv = ("--list", path, "--rulebook", "tech-sme-2017", "--in", corrected, "--on", on, "--because", "corrected")
    return ("selection", "appeal", *argv, *more)


# a list


def test_a_list_by_hand(made, records):
    out, report = made
    assert set(report) == REPORT
    frame, terms = read_list(out)
    assert list(frame.columns) == COLUMNS
    given = pd.read_parquet(records)
    assert frame["enterprise_id"].tolist() == given["enterprise_id"].tolist()
    assert frame["score"].tolist() == [100.0, 90.0, 100.0, 58.0, 50.0, 100.0]
    # The scorecard has a pass mark of its own, 60 points: C and D are over the cut and not eligible.
    assert frame["reason"].tolist() == [
        "selected",
        "selected",
        "older_record",
        "not_eligible",
        "not_eligible",
        "not_eligible",
    ]
    assert (report["evaluated"], report["selected"], report["threshold"], report["max_score"]) == (5, 2, 50.0, 100.0)
    assert (report["on"], report["batch"], report["synthetic"]) == ("2025-06-30", "1", False)
    assert report["robustness"] is None
    assert {name: frame["reason_en"].tolist()[place] for name, place in {"C": 3, "E": 5}.items()} == {
        "C": "Condition not met: “A total of at least 60 points” (on record: 58 points)",
        "E": "Condition not met: “No more than 500 staff” (on record: 501 persons)",
    }
    assert report["figures"]["province"] == [
        {"group": "11", "evaluated": 1, "selected": 1},
        {"group": "35", "evaluated": 2, "selected": 1},
        {"group": None, "evaluated": 2, "selected": 0},
    ]
    assert (terms.rulebook, terms.rulebook_sha256) == ("tech-sme-2017", load_rulebook("tech-sme-2017").sha256)
    assert (terms.source_sha256, terms.peers_sha256) == (sha256_file(records), None)
    assert (terms.cut_off, terms.top_share) == (50.0, None)


def test_a_share_is_of_all_evaluated(icsml_json, records, tmp_path):
    argv = ("select", "--rulebook", "tech-sme-2017", "--in", records, "--out", tmp_path / "l.parquet")
    assert icsml_json(*argv, "--top-share", 0.2)["selected"] == 1
    report = icsml_json(*argv, "--top-share", 0.4, "--batch", "2025-1", "--on", "2025-07-31")
    assert (report["selected"], report["threshold"]) == (2, 90.0)
    assert (report["batch"], report["on"]) == ("2025-1", "2025-07-31")


def test_the_default_day_is_the_latest_in_the_file(icsml, icsml_json, records, tmp_path):
    argv = ("select", "--rulebook", "tech-sme-2017", "--in", records, "--out", tmp_path / "l.parquet", "--cut-off", 50)
    assert icsml_json(*argv)["on"] == "2025-06-30"
    assert icsml_json(*argv, "--on", "2026-07-01")["selected"] == 0  # every score has expired
    assert icsml_json(*argv, "--on", "2026-06-30")["selected"] == 2
    code, _, err = icsml(*argv, "--on", "2017-05-02")
    assert code == 0
    assert "tech-sme-2017 was not in force on 2017-05-02" in err


def test_what_people_read(icsml, records, tmp_path):
    argv = ("select", "--rulebook", "tech-sme-2017", "--in", records, "--out", tmp_path / "l.parquet", "--cut-off", 50)
    code, out, _ = icsml(*argv)
    assert code == 0
    assert out.startswith(
        "2 of 5 enterprises evaluated (40.0%) are on the list of batch 1, at 50 of 100 points or more"
    )
    assert "Not eligible" in out


def test_people_read_how_many_places_there_were_and_what_equal_points_did(icsml, icsml_json, records, tmp_path):
    argv = ("select", "--rulebook", "tech-sme-2017", "--in", records, "--out", tmp_path / "l.parquet", "--top-share")
    report = icsml_json(*argv, 1.0)
    assert (report["places"], report["uncut"], report["selected"]) == (5, True, 2)
    assert "with no cut: all who are eligible are on it, fewer than the 5 places" in icsml(*argv, 1.0)[1]
    assert "at 90 of 100 points or more, in" in icsml(*argv, 0.4)[1]
    assert (icsml_json(*argv, 0.4)["uncut"], icsml_json(*argv, 0.2)["places"]) == (False, 1)
    equal = pd.read_parquet(records)
    equal.loc[equal["enterprise_id"] == "A", "rd_expense_cny"] = 5e4
    equal.to_parquet(records)
    assert "at 90 of 100 points or more (places: 1, and 1 more with equal points), in" in icsml(*argv, 0.2)[1]


def test_the_robustness_is_told_where_weights_are_assumed(icsml, icsml_json, book_folder, tmp_path):
    argv = ("select", "--rulebook", "national-2025", "--in", book_folder / "enterprises.parquet")
    argv = (*argv, "--out", tmp_path / "l.parquet", "--top-share", 0.1)
    report = icsml_json(*argv)
    assert report["synthetic"] is True
    assert (report["evaluated"], report["selected"]) == (1500, 150)
    assert 0.0 < report["robustness"]["depends"] < 1.0
    assert "of the list depend on assumed weights" in icsml(*argv)[1]


INPUT = {
    "rd_expense_cny": 2e7,
    "revenue_cny": 1e8,
    "staff_rd": 50.0,
    "staff_total": 100.0,
    "rd_super_deduction_cny": 2e7,
}
GROWTH = {
    "revenue_cny": 1e8,
    "revenue_prev_cny": 5e7,
    "net_profit_cny": 5e7,
    "total_liabilities_cny": 1.0,
    "total_assets_cny": 1e6,
    "staff_total": 100.0,
}


def robust(icsml_json, tmp_path, rulebook, rows):
    table = pd.DataFrame(rows)
    table["as_of"] = pd.to_datetime(table["as_of"])
    table.to_parquet(tmp_path / "in.parquet")
    argv = ("--in", tmp_path / "in.parquet", "--out", tmp_path / "l.parquet", "--top-share", 0.34)
    report = icsml_json("select", "--rulebook", rulebook, *argv)
    frame, _ = read_list(tmp_path / "l.parquet")
    assert frame.loc[frame["selected"], "enterprise_id"].tolist() == ["A"]
    return report["robustness"]


def test_older_records_have_no_part_in_what_hangs_on_the_weights(icsml_json, tmp_path):
    """A is far ahead whatever the weights are; that B and C once stood close to one another is past."""
    rows = [
        {"enterprise_id": "A", "as_of": "2025-12-31", **INPUT, **GROWTH},
        {"enterprise_id": "B", "as_of": "2025-12-31", "awards_2y": 0.0},
        {"enterprise_id": "C", "as_of": "2025-12-31", "awards_2y": 0.0},
        {"enterprise_id": "B", "as_of": "2025-11-30", **INPUT},
        {"enterprise_id": "C", "as_of": "2025-11-30", **GROWTH},
    ]
    found = robust(icsml_json, tmp_path, "national-2025", rows)
    assert (found["rows"], found["depends"]) == (3, 0.0)


def test_nor_have_those_who_may_not_be_listed(icsml_json, tmp_path):
    """A has one bonus item and another, C another and a third; but C is too large, so A is alone in front."""
    small = "{id: small, label: {en: Small, zh: 小}, value: staff_total, at_most: 500, provenance: assumed}"
    text = load_rulebook("national-2025").source_text.replace("id: national-2025", "id: own", 1)
    (tmp_path / "own.yaml").write_text(text.replace("eligibility: null", f"eligibility: {{conditions: [{small}]}}"))
    rows = [
        {"enterprise_id": "A", "as_of": "2025-12-31", "staff_total": 10.0, "awards_2y": 1.0, "key_rd_projects": 1.0},
        {"enterprise_id": "B", "as_of": "2025-12-31", "staff_total": 10.0, "awards_2y": 0.0},
        {"enterprise_id": "C", "as_of": "2025-12-31", "staff_total": 501.0, "awards_2y": 1.0, "high_growth_list": True},
    ]
    found = robust(icsml_json, tmp_path, tmp_path / "own.yaml", rows)
    assert (found["rows"], found["depends"], found["replaced"]) == (2, 0.0, 0.0)


# appeals and withdrawals


def test_a_list_from_end_to_end(icsml, icsml_json, made, tmp_path):
    path, _ = made
    before, terms = read_list(path)
    found = icsml_json(*appealed(tmp_path, firm("D", 3, 3, 1), path))
    assert found == {
        "enterprise_id": "D",
        "before": {"entry": 1, "score": 50.0, "selected": False},
        "after": {"entry": 2, "score": 70.0, "selected": True, "reason": "selected"},
        "points": {"st_staff_share": 20.0, "rd_intensity": 20.0, "ip_rights": 30.0},
        "threshold": 50.0,
    }
    argv = ("selection", "withdraw", "--list", path, "--enterprise", "A", "--on", "2025-10-01", "--because", "it moved")
    assert icsml_json(*argv) == {"enterprise_id": "A", "withdrawn_on": "2025-10-01", "because": "it moved"}
    after, kept = read_list(path)
    assert kept == terms
    pd.testing.assert_frame_equal(after.iloc[: len(before)], before)
    assert after["enterprise_id"].tolist()[len(before) :] == ["D", "A"]
    assert json.loads(after["record"].iloc[-2])["rd_expense_cny"] == 30000.0

    def status(*on):
        return icsml_json("selection", "show", "--list", path, *on)["status"]

    assert status("--on", "2025-06-30") == {"listed": 2, "not listed": 3}
    assert status("--on", "2025-08-31") == {"listed": 2, "not listed": 3}
    assert status("--on", "2025-09-01") == {"listed": 3, "not listed": 2}
    assert status("--on", "2025-09-30") == {"listed": 3, "not listed": 2}
    assert status("--on", "2025-10-01") == {"listed": 2, "withdrawn": 1, "not listed": 2}
    assert status() == status("--on", "2025-10-01")  # the day of the latest entry
    assert status("--on", "2026-06-30") == status()
    assert status("--on", "2026-07-01") == {"expired": 2, "withdrawn": 1, "not listed": 2}
    code, out, _ = icsml("selection", "show", "--list", path)
    assert code == 0
    assert out.startswith("on 2025-10-01: ")
    assert "by an appeal stand as they do: 1 (D)\n" in out
    assert icsml_json("selection", "show", "--list", path)["appeals"] == ["D"]
    before = icsml("selection", "show", "--list", path, "--on", "2025-08-31")[1]
    assert "appeal" not in before


def test_every_entry_of_an_enterprise(icsml, icsml_json, made, tmp_path):
    path, _ = made
    icsml_json(*appealed(tmp_path, firm("D", 3, 3, 1), path))
    icsml_json(*appealed(tmp_path, firm("D", 3, 2, 1), path, on="2025-09-02"))
    found = icsml_json("selection", "show", "--list", path, "--enterprise", "D")
    assert set(found) == {"enterprise_id", "entries"}
    assert [
        (each["entry"], each["action"], each["score"], each["reason"], each["because"]) for each in found["entries"]
    ] == [
        (1, "evaluated", 50.0, "not_eligible", None),
        (2, "appeal", 70.0, "selected", "corrected"),
        (3, "appeal", 60.0, "selected", "corrected"),
    ]
    assert [each["decided_on"][:10] for each in found["entries"]] == ["2025-06-30", "2025-09-01", "2025-09-02"]
    code, out, _ = icsml("selection", "show", "--list", path, "--enterprise", "D")
    assert code == 0
    assert out.count("corrected") == 2


def test_an_appeal_is_told_to_people(icsml, made, tmp_path):
    path, _ = made
    code, out, _ = icsml(*appealed(tmp_path, firm("D", 3, 3, 1), path))
    assert (code, out) == (0, "D: 50 → 70 of 100, cut at 50; on the list (selected), entry 2\n")
    code, out, _ = icsml(*appealed(tmp_path, firm("E", 300, 6, 1, staff_total=502), path))
    assert (code, out) == (0, "E: 100 → 100 of 100, cut at 50; not on the list (not_eligible), entry 2\n")


def test_the_corrected_record_may_come_by_stdin(icsml_json, made, tmp_path, monkeypatch):
    path, _ = made
    text = json.dumps(firm("D", 3, 3, 1)).encode()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))
    argv = ("--rulebook", "tech-sme-2017", "--in", "-", "--on", "2025-09-01", "--because", "x")
    assert icsml_json("selection", "appeal", "--list", path, *argv)["after"]["selected"]


# lists that rank


def test_a_list_that_ranks_keeps_its_peers_beside_it(icsml, icsml_json, records, tmp_path):
    path = tmp_path / "list.parquet"
    beside = tmp_path / "list.parquet.peers.json"
    argv = ("select", "--rulebook", "national-2024", "--in", records, "--out", path, "--top-share", 0.4)
    assert f"peer tables, which an appeal needs: {beside}" in icsml(*argv)[1]
    _, terms = read_list(path)
    assert sha256_file(beside) == terms.peers_sha256
    appeal = ("selection", "appeal", "--list", path, "--rulebook", "national-2024", "--on", "2025-09-01")
    corrected = write(tmp_path / "corrected.json", firm("D", 10, 90, 9))
    appeal = (*appeal, "--because", "x", "--in", corrected)
    assert icsml_json(*appeal)["after"]["selected"]
    # The same tables under another name, then others, then none at all.
    beside.rename(tmp_path / "elsewhere.json")
    assert icsml_json(*appeal, "--peers", tmp_path / "elsewhere.json")["after"]["entry"] == 3
    pd.read_parquet(records).iloc[:1].to_parquet(tmp_path / "one.parquet")
    fit = ("rulebook", "fit", "national-2024", "--in", tmp_path / "one.parquet", "--out", tmp_path / "others.json")
    icsml_json(*fit)
    code, _, err = icsml(*appeal, "--peers", tmp_path / "others.json")
    assert (code, "ICS-SEL-005" in err) == (2, True)
    code, _, err = icsml(*appeal)
    assert (code, "ICS-RUL-030" in err) == (3, True)
    assert len(read_list(path)[0]) == 8


def test_a_list_of_a_past_day_is_the_same_whatever_was_filed_later(icsml_json, records, tmp_path):
    """Nobody is ranked among records that were not known on the day."""
    later = [firm("A", 3, 9, 9, as_of="2025-07-31"), firm("Z", 3, 9, 9, as_of="2025-07-31")]
    longer = pd.concat([pd.read_parquet(records), pd.DataFrame(later)], ignore_index=True)
    longer["as_of"] = pd.to_datetime(longer["as_of"])
    longer.to_parquet(tmp_path / "longer.parquet")
    argv = ("select", "--rulebook", "national-2024", "--on", "2025-06-30", "--top-share", 0.4)
    then = icsml_json(*argv, "--in", records, "--out", tmp_path / "then.parquet")
    now = icsml_json(*argv, "--in", tmp_path / "longer.parquet", "--out", tmp_path / "now.parquet")
    assert (now["evaluated"], now["selected"], now["threshold"]) == (5, 2, then["threshold"])
    frame = read_list(tmp_path / "now.parquet")[0]
    assert frame["reason"].tolist()[6:] == ["future_record", "future_record"]
    pd.testing.assert_frame_equal(frame.iloc[:6], read_list(tmp_path / "then.parquet")[0])


def test_a_list_by_given_peers_keeps_those(icsml_json, records, tmp_path):
    pd.read_parquet(records).iloc[:1].to_parquet(tmp_path / "one.parquet")
    peers = tmp_path / "peers.json"
    icsml_json("rulebook", "fit", "national-2024", "--in", tmp_path / "one.parquet", "--out", peers)
    argv = ("select", "--rulebook", "national-2024", "--in", records, "--out", tmp_path / "l.parquet")
    icsml_json(*argv, "--cut-off", 1, "--peers", peers)
    assert (tmp_path / "l.parquet.peers.json").read_bytes() == peers.read_bytes()


# several lists


def test_two_batches_stand_beside_one_another(icsml_json, records, tmp_path):
    argv = ("select", "--rulebook", "tech-sme-2017", "--in", records, "--cut-off", 95)
    icsml_json(*argv, "--out", tmp_path / "a.parquet", "--batch", "2025-1")
    icsml_json(*argv, "--out", tmp_path / "b.parquet", "--batch", "2025-2", "--on", "2025-12-31")
    found = icsml_json("selection", "show", "--list", tmp_path / "a.parquet", "--list", tmp_path / "b.parquet")
    assert found["figures"]["batch"] == [
        {"group": "2025-1", "evaluated": 5, "selected": 1},
        {"group": "2025-2", "evaluated": 5, "selected": 1},
    ]
    assert [each["batch"] for each in found["lists"]] == ["2025-1", "2025-2"]
    assert found["on"] == "2025-12-31"


def test_two_lists_of_one_batch_name_do_not_hide_one_another(icsml, records, tmp_path):
    """The name of a batch is 1 unless one is given, so this is easily done."""
    argv = ("select", "--rulebook", "tech-sme-2017", "--in", records)
    assert icsml(*argv, "--out", tmp_path / "a.parquet", "--cut-off", 50)[0] == 0
    assert icsml(*argv, "--out", tmp_path / "b.parquet", "--cut-off", 95)[0] == 0
    code, out, err = icsml("selection", "show", "--list", tmp_path / "a.parquet", "--list", tmp_path / "b.parquet")
    assert (code, out) == (2, "")
    assert "ICS-SEL-006 --list: two lists are of batch 1" in err


def test_on_a_day_before_the_list_nobody_stands_on_it(icsml_json, made):
    found = icsml_json("selection", "show", "--list", made[0], "--on", "2025-06-29")
    assert found["status"] == {}
    assert all(groups == [] for groups in found["figures"].values())


def test_stages_stand_in_the_order_of_the_rulebook(icsml_json, tmp_path):
    """Hangzhou's stages in their own order, by the command that makes a list and by the one that shows it."""
    revenue = [1e5, 1e6, 1e7, 6e7, 3e8, 9e9]
    rows = [{"enterprise_id": f"E{place}", "revenue_cny": each} for place, each in enumerate(revenue)]
    pd.DataFrame(rows).assign(as_of=pd.Timestamp("2025-06-30")).to_parquet(tmp_path / "in.parquet")
    out = tmp_path / "l.parquet"
    argv = ("select", "--rulebook", "hangzhou-htz-2020", "--in", tmp_path / "in.parquet", "--out", out, "--cut-off", 0)
    made = [each["group"] for each in icsml_json(*argv)["figures"]["stage"]]
    stages = [stage for stage in load_rulebook("hangzhou-htz-2020").stages.ids if stage in made]
    assert made == stages
    assert len(made) > 3
    shown = icsml_json("selection", "show", "--list", out)
    assert [each["group"] for each in shown["figures"]["stage"]] == stages


# what is refused


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["--rulebook", "tech-sme-2017"], 2, "ICS-SEL-001 --top-share, --cut-off"),
        (["--rulebook", "tech-sme-2017", "--top-share", "0.1", "--cut-off", "60"], 2, "ICS-SEL-001"),
        (["--rulebook", "tech-sme-2017", "--top-share", "13.7"], 2, "ICS-SEL-001 --top-share: not a share"),
        (["--rulebook", "tech-sme-2017", "--top-share", "nan"], 2, "ICS-SEL-001 --top-share"),
        (["--rulebook", "tech-sme-2017", "--top-share", "much"], 2, "--top-share"),
        (["--rulebook", "tech-sme-2017", "--top-share", "0.05"], 2, "less than one enterprise of 5"),
        (["--rulebook", "tech-sme-2017", "--cut-off", "nan"], 2, "ICS-SEL-001 --cut-off"),
        (["--rulebook", "tech-sme-2017", "--cut-off", "inf"], 2, "ICS-SEL-001 --cut-off"),
        (["--rulebook", "tech-sme-2017", "--cut-off", "60", "--on", "June"], 2, "ICS-CLI-004 --on"),
        (["--rulebook", "hubei", "--cut-off", "60"], 3, "ICS-RUL-021"),
        (["--rulebook", "tech-sme-2017", "--cut-off", "60", "--in", "{none}"], 3, "ICS-REC-004"),
        (["--rulebook", "tech-sme-2017", "--cut-off", "60", "--in", "{undated}"], 2, "ICS-SEL-002 as_of"),
        (["--rulebook", "tech-sme-2017", "--cut-off", "60", "--in", "{empty}", "--on", "2025-01-01"], 2, "ICS-SEL-002"),
        (["--rulebook", "tech-sme-2017", "--cut-off", "60", "--lang", "xx"], 2, "--lang"),
        (["--rulebook", "tech-sme-2017", "--cut-off", "60", "--peers", "{none}"], 2, "ICS-RUL-031"),
        (["--cut-off", "60"], 2, "--rulebook"),
    ],
    ids=lambda value: " ".join(value[-4:]) if isinstance(value, list) else None,
)
def test_a_list_is_refused_with_its_code_and_one_line_and_nothing_is_written(
    argv, code, said, icsml, records, tmp_path
):
    table = pd.read_parquet(records)
    table.assign(as_of=pd.NaT).to_parquet(tmp_path / "undated.parquet")
    table.iloc[:0].to_parquet(tmp_path / "empty.parquet")
    places = {name: tmp_path / f"{name}.parquet" for name in ("none", "undated", "empty")}
    argv = [argument.format(**places) for argument in argv]
    source = () if "--in" in argv else ("--in", records)
    got, out, err = icsml("select", *argv, *source, "--out", tmp_path / "l.parquet")
    lines = [line for line in err.splitlines() if line.startswith("icsml: ")]
    assert (got, out, len(lines)) == (code, "", 1), err
    assert said in lines[0]
    assert "—" in lines[0]
    assert not (tmp_path / "l.parquet").exists()


APPEAL = ["--list", "{list}", "--rulebook", "tech-sme-2017", "--in", "{record}", "--on", "2025-09-01", "--because", "x"]
WITHDRAW = ["--list", "{list}", "--enterprise", "A", "--on", "2025-09-01", "--because", "x"]


def but(argv, option, value):
    place = argv.index(option)
    return [*argv[: place + 1], value, *argv[place + 2 :]]


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["appeal", *but(APPEAL, "--list", "{none}")], 3, "ICS-SEL-003"),
        (["appeal", *but(APPEAL, "--list", "{records}")], 2, "ICS-SEL-003"),
        (["appeal", *but(APPEAL, "--rulebook", "innovative-sme-2022")], 2, "ICS-SEL-005 innovative-sme-2022"),
        (["appeal", *but(APPEAL, "--rulebook", "none")], 3, "ICS-RUL-002"),
        (["appeal", *but(APPEAL, "--in", "{none}")], 3, "ICS-CLI-001"),
        (["appeal", *but(APPEAL, "--in", "{list}")], 2, "ICS-CLI-002"),
        (["appeal", *but(APPEAL, "--in", "{stranger}")], 2, "ICS-SEL-004 enterprise_id"),
        (["appeal", *but(APPEAL, "--in", "{wrong}")], 2, "ICS-REC-001 staff_total"),
        (["appeal", *but(APPEAL, "--in", "{reversed}")], 2, "ICS-REC-002 founded_on"),
        (["appeal", *but(APPEAL, "--on", "2025-06-29")], 2, "ICS-SEL-004 --on"),
        (["appeal", *but(APPEAL, "--on", "soon")], 2, "ICS-CLI-004 --on"),
        (["appeal", *APPEAL[:-2]], 2, "--because"),
        (["appeal", *APPEAL, "--peers", "{none}"], 2, "ICS-RUL-031"),
        (["withdraw", *but(WITHDRAW, "--list", "{none}")], 3, "ICS-SEL-003"),
        (["withdraw", *but(WITHDRAW, "--enterprise", "Z")], 2, "ICS-SEL-004"),
        (["withdraw", *but(WITHDRAW, "--enterprise", "D")], 2, "ICS-SEL-004 --enterprise: is not on the list"),
        (["withdraw", *but(WITHDRAW, "--on", "2025-06-29")], 2, "ICS-SEL-004 --on"),
        (["withdraw", *but(WITHDRAW, "--on", "2025-6-31")], 2, "ICS-CLI-004 --on"),
        (["withdraw", *WITHDRAW[:-2]], 2, "--because"),
        (["show"], 2, "--list"),
        (["show", "--list", "{none}"], 3, "ICS-SEL-003"),
        (["show", "--list", "{records}"], 2, "ICS-SEL-003"),
        (["show", "--list", "{list}", "--list", "{none}"], 3, "ICS-SEL-003"),
        (["show", "--list", "{list}", "--on", "now"], 2, "ICS-CLI-004 --on"),
        (["show", "--list", "{list}", "--enterprise", "Z"], 2, "ICS-SEL-004 --enterprise"),
    ],
    ids=lambda value: " ".join(value[-4:]) if isinstance(value, list) else None,
)
def test_bad_use_of_a_list_ends_with_its_code_and_one_line_and_leaves_it_alone(
    argv, code, said, icsml, made, records, tmp_path
):
    files = {
        "record": firm("D", 3, 3, 1),
        "stranger": firm("Z", 3, 3, 1),
        "wrong": firm("D", 3, 3, 1, staff_total="many"),
        "reversed": firm("D", 3, 3, 1, founded_on="2025-12-31"),
    }
    places = {name: write(tmp_path / f"{name}.json", record) for name, record in files.items()}
    places |= {"list": made[0], "none": tmp_path / "none", "records": records}
    before = made[0].read_bytes()
    got, out, err = icsml("selection", *(argument.format(**places) for argument in argv))
    lines = [line for line in err.splitlines() if line.startswith("icsml: ")]
    assert (got, out, len(lines)) == (code, "", 1), err
    assert said in lines[0]
    assert "—" in lines[0]
    assert made[0].read_bytes() == before


def test_a_list_never_takes_the_place_of_its_records(icsml, records):
    argv = ("select", "--rulebook", "tech-sme-2017", "--in", records, "--out", records, "--cut-off", 60)
    before = records.read_bytes()
    code, _, err = icsml(*argv)
    assert code == 2
    assert "would take the place of the input" in err
    assert records.read_bytes() == before


@pytest.mark.parametrize("over", ["records", "list"])
def test_a_page_takes_the_place_of_neither_the_records_nor_the_list(icsml, records, tmp_path, over):
    out = tmp_path / "list.parquet"
    argv = ("select", "--rulebook", "tech-sme-2017", "--in", records, "--out", out, "--cut-off", 60)
    before = records.read_bytes()
    code, _, _ = icsml(*argv, "--html", records if over == "records" else out)
    assert code == 2
    assert records.read_bytes() == before
    assert not out.exists()


def test_a_list_with_entries_is_not_replaced_by_a_new_one(icsml, icsml_json, made, records, tmp_path):
    """A list is only added to: making it anew over an appeal would take the appeal out."""
    path, _ = made
    argv = ("select", "--rulebook", "tech-sme-2017", "--in", records, "--out", path, "--cut-off", 50)
    assert icsml(*argv)[0] == 0  # nothing was added to it yet
    icsml_json(*appealed(tmp_path, firm("D", 3, 3, 1), path))
    code, _, err = icsml(*argv)
    assert code == 2
    assert f"ICS-SEL-007 {path}" in err
    assert "appeal" in read_list(path)[0]["action"].tolist()


def test_nobody_is_listed_where_there_is_no_score(icsml_json, tmp_path):
    pd.DataFrame({"enterprise_id": ["A"], "as_of": pd.to_datetime(["2025-06-30"]), "staff_total": [np.nan]}).to_parquet(
        tmp_path / "in.parquet"
    )
    argv = ("select", "--rulebook", "tech-sme-2017", "--in", tmp_path / "in.parquet", "--out", tmp_path / "l.parquet")
    report = icsml_json(*argv, "--top-share", 1.0)
    assert (report["evaluated"], report["selected"], report["threshold"]) == (1, 0, 100.0)
    assert report["robustness"] is None


# the letter, and copies to read


@pytest.mark.parametrize(("lang", "said"), [("en", "is not on the recommended list"), ("zh", "贵公司未入选推荐名单")])
def test_a_letter_to_one_enterprise(icsml, icsml_json, made, tmp_path, lang, said):
    path, out = made[0], tmp_path / "letter.html"
    argv = ("selection", "letter", "--list", path, "--enterprise", "C", "--out", out, "--lang", lang)
    assert icsml_json(*argv, "--issuer", "Bureau <1>", "--contact", "Room 5") == {
        "enterprise_id": "C",
        "status": "not listed",
        "on": "2025-06-30",
        "letter": str(out),
    }
    page = out.read_text("utf-8")
    assert [each for each in (said, "58", "50", "Bureau &lt;1&gt;", "Room 5") if each not in page] == []
    assert load_rulebook("tech-sme-2017").sha256 in page
    assert icsml(*argv)[1] == f"C: not listed on 2025-06-30\nletter: {out}\n"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--enterprise", "Z"], "ICS-SEL-004 --enterprise: was not evaluated in this list by 2025-06-30"),
        (["--enterprise", "A", "--on", "2025-06-29"], "ICS-SEL-004 --enterprise"),
        (["--enterprise", "A", "--on", "soon"], "ICS-CLI-004 --on"),
        (["--enterprise", "A", "--out", "{list}"], "ICS-CFG-003"),
        (["--enterprise", "A", "--out", "letter.pdf"], "ICS-CFG-010 letter.pdf"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_letter_is_refused_in_one_line_and_nothing_is_written(icsml, made, tmp_path, argv, said):
    before, out = made[0].read_bytes(), tmp_path / "letter.html"
    argv = [each.format(list=made[0]) for each in argv]
    code, told, err = icsml("selection", "letter", "--list", made[0], "--out", out, *argv)
    assert (code, told, err.count("\n")) == (2, "", 1)
    assert said in err
    assert not out.exists()
    assert made[0].read_bytes() == before


def named(records, tmp_path):
    table = pd.read_parquet(records)
    table["enterprise_name"] = [f"{name} 公司" for name in table["enterprise_id"]]
    table.loc[0, "enterprise_name"] = "=HYPERLINK(1)"
    table.to_parquet(tmp_path / "named.parquet")
    return tmp_path / "named.parquet"


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_list_to_read_holds_names_reasons_and_the_threshold(icsml, records, tmp_path, suffix):
    out = tmp_path / f"list.{suffix}"
    argv = ("select", "--rulebook", "tech-sme-2017", "--in", named(records, tmp_path), "--cut-off", 50)
    code, told, _ = icsml(*argv, "--out", out)
    assert code == 0
    assert "a copy to read" in told
    read = pd.read_csv(out, dtype=str) if suffix == "csv" else pd.read_excel(out, dtype=str)
    assert [*read.columns] == [*COLUMNS[:8], "threshold", *COLUMNS[8:-1]]
    assert read["enterprise_name"].tolist()[:2] == ["'=HYPERLINK(1)" if suffix == "csv" else "=HYPERLINK(1)", "B 公司"]
    assert "（记录所示：501人）" in read["reason_zh"].tolist()[5]
    assert set(read["threshold"].astype(float)) == {50.0}
    code, _, err = icsml("selection", "show", "--list", out)
    assert (code, "ICS-SEL-003" in err, ".parquet" in err) == (2, True, True)


def test_names_stand_in_the_list_and_an_old_list_without_them_is_still_read(icsml_json, records, tmp_path):
    out = tmp_path / "l.parquet"
    icsml_json(
        *("select", "--rulebook", "tech-sme-2017", "--in", named(records, tmp_path), "--out", out, "--cut-off", 50)
    )
    frame, terms = read_list(out)
    assert frame["enterprise_name"].tolist()[1] == "B 公司"
    table = pq.read_table(out).drop_columns(["enterprise_name", "missing"])
    pq.write_table(table, out)
    old, kept = read_list(out)
    assert (list(old.columns), kept) == (COLUMNS, terms)
    assert old["enterprise_name"].isna().all()
    assert icsml_json(*appealed(tmp_path, firm("D", 3, 3, 1), out))["after"]["selected"]
    icsml_json("selection", "letter", "--list", out, "--enterprise", "B", "--out", tmp_path / "b.html")
    assert "What to provide" not in (tmp_path / "b.html").read_text("utf-8")


TABLES = [
    ("points", "--rulebook", "tech-sme-2017"),
    ("select", "--rulebook", "tech-sme-2017", "--cut-off", 50),
    ("rulebook", "diff", "tech-sme-2017", "innovative-sme-2022"),
    ("score", "--model", "no-such-bundle"),
]


@pytest.mark.parametrize("command", TABLES, ids=lambda command: " ".join(command[:2]))
@pytest.mark.parametrize("name", ["t.xls", "t.json", "t"])
def test_a_table_that_cannot_be_written_is_refused_before_any_work(icsml, records, tmp_path, command, name):
    out = tmp_path / name
    code, told, err = icsml(*command, "--in", records, "--out", out)
    assert (code, told, err.count("\n")) == (2, "", 1)
    assert f"ICS-CFG-010 {out}" in err
    assert ".parquet, .csv or .xlsx" in err


@pytest.mark.parametrize("command", TABLES, ids=lambda command: " ".join(command[:2]))
def test_more_rows_than_a_sheet_holds_are_refused_before_any_work(icsml, records, tmp_path, command, monkeypatch):
    monkeypatch.setattr(tables, "MOST_ROWS", 5)
    code, told, err = icsml(*command, "--in", records, "--out", tmp_path / "t.xlsx")
    assert (code, told, err.count("\n")) == (2, "", 1)
    assert "ICS-CFG-011" in err
    assert "a sheet holds 5 rows below its heading, and there are 6" in err
    assert not (tmp_path / "t.xlsx").exists()


@pytest.mark.parametrize("command", TABLES[:3], ids=lambda command: " ".join(command[:2]))
def test_the_same_table_is_written_as_any_kind(icsml, records, tmp_path, command):
    kinds = {"parquet": pd.read_parquet, "csv": pd.read_csv, "xlsx": pd.read_excel}
    read = {}
    for suffix, reader in kinds.items():
        assert icsml(*command, "--in", records, "--out", tmp_path / f"t.{suffix}")[0] == 0
        read[suffix] = reader(tmp_path / f"t.{suffix}")
    numbers = [name for name, kind in read["parquet"].dtypes.items() if kind == "float64"]
    assert numbers
    for suffix in ("csv", "xlsx"):
        pd.testing.assert_frame_equal(
            read[suffix][numbers], read["parquet"][numbers], check_dtype=False, check_exact=True
        )
