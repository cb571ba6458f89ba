"""A recommended list on disk: entries are only added, and who stood on it when can be told."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from icsml.errors import InputError, MissingError
from icsml.innovation import fit_peers, fitted, load_rulebook, parse_rulebook
from icsml.innovation.selection.list_file import read_list, read_lists, refuse_to_replace, write_list
from icsml.innovation.selection.recommended_list import ListTerms, appeal, figures, make_list, standing, withdraw
from icsml.innovation.selection.select import Cut, reason_text, select
from icsml.records.enterprise import parse_record

PLAIN = """\
format: 2
id: plain
edition: trial
scope: regional
title: {en: Plain, zh: 简}
issuer: {en: Nobody, zh: 无}
in_force: {from: 2020-01-01, to: null, provenance: assumed}
known_since: 2020-01-01
validity: {months: 12, expired: refuse, provenance: assumed}
sources: [{id: text, title: The text, where: nowhere}]
totals: {base: 100, bonus: 0, provenance: published}
categories:
  - {id: work, label: {en: Work, zh: 工}, max: 100, provenance: {name: published, max: published}}
indicators:
  - id: rights
    label: {en: Rights, zh: 权}
    category: work
    domain: innovation
    max: 60
    missing: refuse
    value: ip_class1
    points: {kind: ramp, anchors: [[0, 0], [60, 60]]}
    provenance: {name: published, weight: published, value: published, points: published}
    sources: [text]
  - id: awards
    label: {en: Awards, zh: 奖}
    category: work
    domain: innovation
    max: 40
    missing: zero
    value: awards_2y
    points: {kind: ramp, anchors: [[0, 0], [40, 40]]}
    provenance: {name: published, weight: published, value: published, points: published}
    sources: [text]
eligibility:
  conditions:
    - {id: staff, label: {en: Small, zh: 小}, value: staff_total, at_most: 500, provenance: assumed}
"""
TODAY, LATER = date(2025, 6, 30), date(2025, 8, 1)
SCORES = [60, 50, 40, 30, 20]


@pytest.fixture(scope="module")
def plain():
    return parse_rulebook(PLAIN, "plain.yaml")


@pytest.fixture
def make(plain, blank):
    """Make a list of E0, E1, … by their scores, cut at 40."""

    def make(scores=SCORES, rulebook=plain, **fields):
        columns = blank(len(scores), {"as_of": "2025-06-01", "ip_class1": scores, "staff_total": 10} | fields)
        rules = fitted(rulebook, columns, "these")
        made, terms = make_list(rules, columns, cut=Cut(cut_off=40.0), on=TODAY, batch="2025", source_sha256="0" * 64)
        return made.frame, terms

    return make


def corrected(name="E3", rights=30, **fields):
    record = {"enterprise_id": name, "as_of": "2025-06-01", "ip_class1": rights, "staff_total": 10} | fields
    return parse_record(record)


def status(frame, on=LATER):
    current = standing(frame, on)
    return dict(zip(current["enterprise_id"], current["status"], strict=True))


def last(frame):
    return frame.iloc[-1].to_dict()


# on disk


def test_the_terms_say_how_the_list_was_made(make, plain):
    _, terms = make([60, 50, 40, 30, np.nan])
    assert terms == ListTerms(
        rulebook="plain",
        rulebook_sha256=plain.sha256,
        provenance="assumed",
        peers_sha256=None,
        batch="2025",
        on="2025-06-30",
        top_share=None,
        cut_off=40.0,
        threshold=40.0,
        max_score=100.0,
        evaluated=5,
        selected=3,
        source_sha256="0" * 64,
    )


def test_a_list_comes_back_as_it_was_written(make, tmp_path):
    frame, terms = make()
    write_list(tmp_path / "list.parquet", frame, terms)
    read, kept = read_list(tmp_path / "list.parquet")
    assert kept == terms
    pd.testing.assert_frame_equal(read, frame)


def test_a_longer_list_comes_back_too(make, plain, tmp_path):
    frame, terms = make()
    frame = withdraw(frame, "E0", on=LATER, because="moved away 搬走")
    frame, _ = appeal(frame, terms, plain, corrected(awards_2y=40), on=LATER, because="an award 奖")
    write_list(tmp_path / "list.parquet", frame, terms)
    read, kept = read_list(tmp_path / "list.parquet")
    assert kept == terms
    pd.testing.assert_frame_equal(read, frame)


def test_what_stood_before_stays_byte_for_byte(make, plain, tmp_path):
    """Through the file, as the commands do it: the first rows of the longer table are the old table."""
    frame, terms = make([60, 50, 40, np.nan, 20], region=["350100", None, "110000", None, "350100"])
    path = tmp_path / "list.parquet"
    write_list(path, frame, terms)
    before = pq.read_table(path)
    for change in (
        lambda rows: withdraw(rows, "E0", on=LATER, because="a"),
        lambda rows: appeal(rows, terms, plain, corrected(rights=60), on=LATER, because="b")[0],
        lambda rows: withdraw(rows, "E3", on=LATER, because="c"),
    ):
        write_list(path, change(read_list(path)[0]), terms)
    after = pq.read_table(path)
    assert after.num_rows == before.num_rows + 3
    assert after.schema.equals(before.schema)
    assert after.slice(0, before.num_rows).equals(before)
    kept = frame.copy(deep=True)
    withdraw(frame, "E1", on=LATER, because="d")
    pd.testing.assert_frame_equal(frame, kept)


def test_no_file_is_no_list(tmp_path):
    for path in (tmp_path / "none.parquet", tmp_path):
        with pytest.raises(MissingError, match="no such file") as caught:
            read_list(path)
        assert (caught.value.code, caught.value.field) == ("ICS-SEL-003", str(path))


def test_a_list_without_stages_in_its_terms_is_read(make, tmp_path):
    """As they were written at first."""
    frame, terms = make()
    path = tmp_path / "list.parquet"
    write_list(path, frame, terms)
    held = {name: value for name, value in asdict(terms).items() if name != "stages"}
    old = pq.read_table(path).replace_schema_metadata({b"icsml.selection": json.dumps(held).encode()})
    pq.write_table(old, path)
    assert read_list(path)[1] == terms


def test_the_stages_come_back_in_their_order(blank, tmp_path):
    columns = blank(3, {"as_of": TODAY, "revenue_cny": [1e5, 1e7, 1e9]})
    rules = fitted(load_rulebook("national-2024"), columns, "three")
    made, terms = make_list(rules, columns, cut=Cut(cut_off=0.0), on=TODAY, batch="b", source_sha256="0" * 64)
    write_list(tmp_path / "list.parquet", made.frame, terms)
    assert read_list(tmp_path / "list.parquet")[1] == terms
    assert terms.stages == ("start_up", "growth", "steady")


def test_two_lists_of_one_batch_are_not_read_as_one(make, tmp_path):
    frame, terms = make()
    names = {"a": "2025", "b": "2026", "c": "2025"}
    paths = {name: tmp_path / f"{name}.parquet" for name in names}
    for name, batch in names.items():
        write_list(paths[name], frame.assign(batch=batch), replace(terms, batch=batch))
    both, each = read_lists([paths["a"], paths["b"]])
    assert [one.batch for one in each] == ["2025", "2026"]
    assert both["batch"].tolist() == ["2025"] * 5 + ["2026"] * 5
    with pytest.raises(InputError) as caught:
        read_lists([paths["a"], paths["b"], paths["c"]])
    assert caught.value.code == "ICS-SEL-006"


def test_only_a_list_that_was_added_to_is_not_replaced(make, tmp_path):
    frame, terms = make()
    path = tmp_path / "list.parquet"
    refuse_to_replace(path)
    path.write_text("something else")
    refuse_to_replace(path)
    write_list(path, frame, terms)
    refuse_to_replace(path)
    write_list(path, withdraw(frame, "E0", on=LATER, because="x"), terms)
    with pytest.raises(InputError) as caught:
        refuse_to_replace(path)
    assert (caught.value.code, caught.value.field) == ("ICS-SEL-007", str(path))


@pytest.mark.parametrize("fault", ["text", "half", "table", "terms", "more"])
def test_a_damaged_file_is_no_list(make, tmp_path, fault):
    path = tmp_path / "list.parquet"
    frame, terms = make()
    write_list(path, frame, terms)
    table, whole = pq.read_table(path), path.read_bytes()
    match fault:
        case "text":
            path.write_text("not a table")
        case "half":
            path.write_bytes(whole[: len(whole) // 2])
        case "table":
            frame.to_parquet(path)
        case "terms":
            pq.write_table(table.replace_schema_metadata({b"icsml.selection": b"{"}), path)
        case "more":
            held = asdict(terms) | {"colour": "red"}
            pq.write_table(table.replace_schema_metadata({b"icsml.selection": json.dumps(held).encode()}), path)
    with pytest.raises(InputError, match="no recommended list") as caught:
        read_list(path)
    assert (caught.value.code, caught.value.field, caught.value.exit_code) == ("ICS-SEL-003", str(path), 2)


# withdrawing


def test_a_withdrawal_is_one_more_entry(make):
    frame, _ = make()
    longer = withdraw(frame, "E1", on=LATER, because="it moved")
    pd.testing.assert_frame_equal(longer.iloc[: len(frame)], frame)
    entry = last(longer)
    assert {name: entry[name] for name in ("enterprise_id", "entry", "action", "reason", "because", "selected")} == {
        "enterprise_id": "E1",
        "entry": 2,
        "action": "withdrawn",
        "reason": "withdrawn",
        "because": "it moved",
        "selected": False,
    }
    assert (entry["reason_en"], entry["reason_zh"]) == (reason_text("withdrawn").en, reason_text("withdrawn").zh)
    assert entry["decided_on"] == pd.Timestamp(LATER)
    assert pd.isna(entry["valid_from"])
    assert pd.isna(entry["valid_until"])
    assert (entry["score"], entry["batch"]) == (50.0, "2025")
    assert status(longer) == status(frame) | {"E1": "withdrawn"}


def test_a_further_language_is_a_column_more_and_changes_no_other(make, with_french):
    frame, _ = make()
    names = list(frame.columns)
    place = names.index("reason_zh") + 1
    assert names[place] == "reason_fr"
    assert frame["reason_fr"].str.startswith("Retenue")[frame["selected"]].all()
    assert last(withdraw(frame, "E1", on=LATER, because="it moved"))["reason_fr"] == "Retirée"
    earlier = frame.drop(columns="reason_fr")
    longer = withdraw(earlier, "E1", on=LATER, because="it moved")
    assert list(longer.columns) == list(earlier.columns) == [*names[:place], *names[place + 1 :]]


def test_a_list_of_a_language_that_is_installed_no_more_is_continued_in_english(make):
    frame, _ = make()
    frame.insert(list(frame.columns).index("missing"), "reason_xx", "Selected")
    entry = last(withdraw(frame, "E1", on=LATER, because="it moved"))
    assert (entry["reason_en"], entry["reason_xx"]) == (reason_text("withdrawn").en,) * 2


@pytest.mark.parametrize("name", ["E3", "E1"], ids=["below the cut", "withdrawn already"])
def test_who_is_not_on_the_list_cannot_be_withdrawn(make, name):
    frame = withdraw(make()[0], "E1", on=LATER, because="it moved")
    with pytest.raises(InputError, match="is not on the list") as caught:
        withdraw(frame, name, on=LATER, because="again")
    assert (caught.value.code, caught.value.field) == ("ICS-SEL-004", "--enterprise")


def test_a_later_record_is_not_what_is_withdrawn(make):
    """In a list of June, what was filed in July stands for nobody; its enterprise is on the list by that of June."""
    frame, _ = make([60, 20, 60], enterprise_id=["A", "A", "B"], as_of=["2025-06-01", "2025-07-01", "2025-07-01"])
    assert frame["reason"].tolist() == ["selected", "future_record", "future_record"]
    assert status(frame) == {"A": "listed"}
    assert last(withdraw(frame, "A", on=LATER, because="x"))["score"] == 60.0
    with pytest.raises(InputError, match="was not evaluated"):
        withdraw(frame, "B", on=LATER, because="x")


@pytest.mark.parametrize(("scores", "dates"), [([50, 60], [5, 6]), ([60, 50], [6, 5])], ids=["before", "after"])
def test_an_older_record_is_not_what_is_withdrawn(make, scores, dates):
    """Wherever it stands in the file."""
    frame, _ = make(scores, enterprise_id="A", as_of=[f"2025-0{month}-01" for month in dates])
    assert status(frame) == {"A": "listed"}
    longer = withdraw(frame, "A", on=LATER, because="it moved")
    assert longer["entry"].tolist() == [1, 1, 2]
    assert last(longer)["score"] == 60.0
    assert status(longer) == {"A": "withdrawn"}


@pytest.mark.parametrize("act", ["withdraw", "appeal"])
def test_an_unknown_enterprise_is_refused(make, plain, act):
    frame, terms = make()
    acts = {
        "withdraw": lambda: withdraw(frame, "E9", on=LATER, because="?"),
        "appeal": lambda: appeal(frame, terms, plain, corrected("E9"), on=LATER, because="?"),
    }
    with pytest.raises(InputError, match="was not evaluated in this list") as caught:
        acts[act]()
    assert caught.value.code == "ICS-SEL-004"


@pytest.mark.parametrize("act", ["withdraw", "appeal"])
def test_no_entry_is_dated_before_the_last_one(make, plain, act):
    frame, terms = make()

    def add(rows, on):
        if act == "withdraw":
            return withdraw(rows, "E0", on=on, because="x")
        return appeal(rows, terms, plain, corrected("E0", 60), on=on, because="x")[0]

    with pytest.raises(InputError, match="before the last entry") as caught:
        add(frame, date(2025, 6, 29))
    assert (caught.value.code, caught.value.field) == ("ICS-SEL-004", "--on")
    assert len(add(frame, TODAY)) == len(frame) + 1
    moved, _ = appeal(frame, terms, plain, corrected("E0", 60), on=LATER, because="y")
    with pytest.raises(InputError, match="before the last entry"):
        add(moved, date(2025, 7, 31))
    assert len(add(moved, LATER)) == len(frame) + 2


# appeals


def test_an_appeal_gets_in_at_exactly_the_threshold(make, plain):
    frame, terms = make()
    longer, found = appeal(frame, terms, plain, corrected("E3", 30, awards_2y=10), on=LATER, because="an award")
    assert found == {
        "enterprise_id": "E3",
        "before": {"entry": 1, "score": 30.0, "selected": False},
        "after": {"entry": 2, "score": 40.0, "selected": True, "reason": "selected"},
        "points": {"rights": 30.0, "awards": 10.0},
    }
    entry = last(longer)
    assert (entry["action"], entry["reason"], entry["because"]) == ("appeal", "selected", "an award")
    assert entry["valid_from"] == entry["decided_on"] == pd.Timestamp(LATER)
    assert entry["valid_until"] == pd.Timestamp("2026-06-01")
    assert pd.isna(entry["rank"])
    assert status(longer) == status(frame) | {"E3": "listed"}


def test_an_appeal_below_the_threshold_does_not_get_in(make, plain):
    frame, terms = make()
    longer, found = appeal(frame, terms, plain, corrected("E3", 30, awards_2y=9), on=LATER, because="an award")
    assert found["after"] == {"entry": 2, "score": 39.0, "selected": False, "reason": "below_cut"}
    assert pd.isna(last(longer)["valid_from"])
    assert status(longer) == status(frame)


def test_the_threshold_is_that_of_the_list_and_no_other(make, plain):
    frame, terms = make()
    record = corrected("E3", 30, awards_2y=10)
    _, found = appeal(frame, replace(terms, threshold=np.nextafter(40.0, 41.0)), plain, record, on=LATER, because="x")
    assert found["after"]["reason"] == "below_cut"


@pytest.mark.parametrize(
    ("fields", "on", "reason"),
    [
        ({"staff_total": 501}, LATER, "not_eligible"),
        ({"staff_total": None}, LATER, "eligibility_unknown"),
        ({"rights": None}, LATER, "no_score"),
        ({}, date(2026, 6, 1), "selected"),  # the last day of its twelve months
        ({}, date(2026, 6, 2), "expired"),
    ],
)
def test_what_keeps_others_out_keeps_an_appeal_out(make, plain, fields, on, reason):
    frame, terms = make()
    longer, found = appeal(frame, terms, plain, corrected("E0", **({"rights": 60} | fields)), on=on, because="x")
    assert found["after"]["reason"] == reason
    assert found["before"]["selected"]
    now = "listed" if reason == "selected" else "not listed"
    assert status(longer, on) == status(frame, on) | {"E0": now}


@pytest.mark.parametrize("dated", ["2025-05-31", "2025-06-02", None])
def test_an_appeal_corrects_the_record_and_is_no_newer_one(make, plain, dated):
    frame, terms = make()
    with pytest.raises(InputError, match="not the date of the record that was evaluated") as caught:
        appeal(frame, terms, plain, corrected("E3", 60, as_of=dated), on=LATER, because="x")
    assert (caught.value.code, caught.value.field) == ("ICS-SEL-004", "as_of")
    assert "2025-06-01" in caught.value.remedy


def test_a_record_without_a_date_is_corrected_by_one_without(make, plain):
    frame, terms = make([30], as_of="NaT")
    _, found = appeal(frame, terms, plain, corrected("E0", 60, as_of=None), on=LATER, because="x")
    assert found["after"]["selected"]
    with pytest.raises(InputError):
        appeal(frame, terms, plain, corrected("E0", 60), on=LATER, because="x")


@pytest.mark.parametrize(("places", "selected"), [(4, True), (3, False)])
def test_where_places_are_left_the_cut_keeps_no_appeal_out(plain, blank, places, selected):
    """Three may be listed, the lowest with 40; of the too large ones the first was in truth small, and has 20."""
    fields = {"as_of": "2025-06-01", "ip_class1": [60, 50, 40, 20, 10], "staff_total": [10, 10, 10, 501, 501]}
    cut = Cut(top_share=places / 5)
    made, terms = make_list(plain, blank(5, fields), cut=cut, on=TODAY, batch="2025", source_sha256="0" * 64)
    assert (made.selected, terms.threshold) == (3, 40.0)
    _, found = appeal(made.frame, terms, plain, corrected("E3", 20), on=LATER, because="x")
    assert found["after"]["selected"] is selected


def test_nobody_else_is_moved(make, plain):
    frame, terms = make()
    longer, _ = appeal(frame, terms, plain, corrected("E3", 60, awards_2y=40), on=LATER, because="x")
    others = longer[longer["enterprise_id"] != "E3"].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, frame[frame["enterprise_id"] != "E3"].reset_index(drop=True))
    assert len(longer) == len(frame) + 1


def test_who_was_withdrawn_may_appeal_and_be_withdrawn_again(make, plain):
    frame, terms = make()
    frame = withdraw(frame, "E0", on=LATER, because="by mistake")
    frame, found = appeal(frame, terms, plain, corrected("E0", 60), on=LATER, because="it was a mistake")
    assert found["before"] == {"entry": 2, "score": 60.0, "selected": False}
    frame = withdraw(frame, "E0", on=LATER, because="no, it was right")
    assert frame.loc[frame["enterprise_id"] == "E0", "entry"].tolist() == [1, 2, 3, 4]
    assert frame["record"].notna().sum() == 1  # a withdrawal is not decided on the record of the appeal before it
    assert status(frame)["E0"] == "withdrawn"


def test_the_record_of_an_appeal_is_kept_as_it_was_given(make, plain, tmp_path):
    frame, terms = make()
    given = corrected("E3", 30, awards_2y=10, revenue_cny=0.1, region="350100", high_tech_enterprise=False)
    longer, _ = appeal(frame, terms, plain, given, on=LATER, because="x")
    write_list(tmp_path / "list.parquet", longer, terms)
    rows, _ = read_list(tmp_path / "list.parquet")
    assert rows["record"].isna().tolist() == [True] * len(frame) + [False]
    kept = json.loads(rows["record"].iloc[-1])
    assert parse_record(kept) == given
    assert kept.pop("extra", {}) == {}
    assert kept == {
        "enterprise_id": "E3",
        "as_of": "2025-06-01",
        "ip_class1": 30,
        "staff_total": 10,
        "awards_2y": 10,
        "revenue_cny": 0.1,
        "region": "350100",
        "high_tech_enterprise": False,
    }


def test_other_rules_are_refused(make, plain):
    frame, terms = make()
    other = parse_rulebook(PLAIN + "# one comment more\n", "plain.yaml")
    with pytest.raises(InputError, match="not the rules and peer tables") as caught:
        appeal(frame, terms, other, corrected(), on=LATER, because="x")
    assert (caught.value.code, caught.value.field) == ("ICS-SEL-005", "plain")


def test_other_peers_are_refused_and_the_lists_own_are_not(blank):
    bare = load_rulebook("national-2024")
    before = {"rd_expense_prev_cny": 1, "revenue_prev_cny": 1}
    columns = blank(4, before | {"as_of": TODAY, "rd_expense_cny": [1, 2, 3, 4], "revenue_cny": [4, 3, 2, 1]})
    own = fitted(bare, columns, "four")
    made, terms = make_list(own, columns, cut=Cut(top_share=0.25), on=TODAY, batch="2025", source_sha256="0" * 64)
    record = parse_record(before | {"enterprise_id": "E0", "as_of": str(TODAY), "rd_expense_cny": 9, "revenue_cny": 9})
    others = bare.with_peers(fit_peers(bare, blank(1, {"rd_expense_cny": 5}), "another"))
    for rules in (others, bare):
        with pytest.raises(InputError, match="not the rules and peer tables") as caught:
            appeal(made.frame, terms, rules, record, on=LATER, because="x")
        assert caught.value.code == "ICS-SEL-005"
    _, found = appeal(made.frame, terms, own, record, on=LATER, because="x")
    # Above all four by both amounts, so P100 of each among the peers of the list; R&D to revenue of 1 is above two.
    assert found["points"]["rd_amount"] == pytest.approx(60 / 7)
    assert found["points"]["revenue"] == pytest.approx(25 / 6)
    assert found["points"]["rd_to_revenue"] == pytest.approx(60 / 7 * 0.5)


# standing


def test_standing_before_and_after_each_entry(make, plain):
    frame, terms = make([60, 30])
    frame = withdraw(frame, "E0", on=date(2025, 7, 10), because="x")
    frame, _ = appeal(frame, terms, plain, corrected("E0", 60), on=date(2025, 7, 20), because="y")
    frame, _ = appeal(frame, terms, plain, corrected("E1", 50), on=date(2025, 7, 20), because="z")
    days = {
        "2025-06-29": {},
        "2025-06-30": {"E0": "listed", "E1": "not listed"},
        "2025-07-09": {"E0": "listed", "E1": "not listed"},
        "2025-07-10": {"E0": "withdrawn", "E1": "not listed"},
        "2025-07-19": {"E0": "withdrawn", "E1": "not listed"},
        "2025-07-20": {"E0": "listed", "E1": "listed"},
        "2026-06-01": {"E0": "listed", "E1": "listed"},  # the last day of both records' twelve months
        "2026-06-02": {"E0": "expired", "E1": "expired"},
    }
    assert {day: status(frame, date.fromisoformat(day)) for day in days} == days


def test_what_was_never_valid_does_not_expire(make):
    frame, _ = make([60, 30])
    assert status(frame, date(2035, 1, 1)) == {"E0": "expired", "E1": "not listed"}


def test_the_last_entry_of_a_day_counts(make, plain):
    frame, terms = make([60])
    frame = withdraw(frame, "E0", on=TODAY, because="x")
    assert status(frame, TODAY) == {"E0": "withdrawn"}
    frame, _ = appeal(frame, terms, plain, corrected("E0", 60), on=TODAY, because="y")
    assert status(frame, TODAY) == {"E0": "listed"}
    assert status(frame.iloc[::-1], TODAY) == {"E0": "listed"}


def test_batches_stand_beside_one_another(make):
    first, _ = make([60, 30])
    second = make([30, 60])[0].assign(batch="2026", decided_on=pd.Timestamp(LATER))
    both = standing(pd.concat([first, second], ignore_index=True), LATER)
    assert sorted(zip(both["batch"], both["enterprise_id"], both["status"], strict=True)) == [
        ("2025", "E0", "listed"),
        ("2025", "E1", "not listed"),
        ("2026", "E0", "not listed"),
        ("2026", "E1", "listed"),
    ]


# figures


def test_figures_add_up(make, plain):
    frame, terms = make(
        [60, 50, 40, 30, 20, np.nan, 60, 60],
        enterprise_id=["A", "B", "C", "D", "E", "F", "G", "A"],
        as_of=["2025-05-01"] + ["2025-06-01"] * 7,
        region=["350100", "350200", "110000", "350100", None, None, "110000", "350100"],
        technical_field=["aerospace", None, None, None, None, None, "aerospace", "aerospace"],
        staff_total=[10, 10, 10, 10, 10, 10, 501, 10],
    )
    frame = withdraw(frame, "B", on=LATER, because="x")
    frame, _ = appeal(frame, terms, plain, corrected("D", 60, region="350100"), on=LATER, because="y")
    found = figures(standing(frame, LATER))
    assert found["batch"] == [{"group": "2025", "evaluated": 7, "selected": 3}]
    assert found["province"] == [
        {"group": "11", "evaluated": 2, "selected": 1},
        {"group": "35", "evaluated": 3, "selected": 2},
        {"group": None, "evaluated": 2, "selected": 0},
    ]
    assert found["technical_field"] == [
        {"group": "aerospace", "evaluated": 2, "selected": 1},
        {"group": None, "evaluated": 5, "selected": 2},
    ]
    assert found["stage"] == [{"group": None, "evaluated": 7, "selected": 3}]
    assert {each["group"]: each["evaluated"] for each in found["reason"]} == {
        "selected": 3,
        "below_cut": 1,
        "no_score": 1,
        "not_eligible": 1,
        "withdrawn": 1,
    }
    assert all(each["text"] == reason_text(each["group"]).model_dump() for each in found["reason"])


def test_who_has_expired_is_no_longer_counted_as_listed(make):
    frame, _ = make([60, 50, 30])
    for day, listed in (("2026-06-01", 2), ("2026-06-02", 0)):
        (batch,) = figures(standing(frame, date.fromisoformat(day)))["batch"]
        assert batch == {"group": "2025", "evaluated": 3, "selected": listed}


def test_figures_of_a_day_before_the_list_are_empty(make):
    found = figures(standing(make()[0], date(2025, 6, 29)))
    assert found == {"batch": [], "province": [], "stage": [], "technical_field": [], "reason": []}


def test_stages_stand_in_their_order_and_the_unknown_last(blank):
    columns = blank(4, {"as_of": TODAY, "revenue_cny": [2e8, 1e6, 5e7, np.nan]})
    rules = fitted(load_rulebook("national-2024"), columns, "four")
    made = select(rules, columns, cut=Cut(cut_off=0.0), on=TODAY, batch="b")
    shown = figures(standing(made.frame, TODAY), rules.stages.ids)["stage"]
    assert [(each["group"], each["evaluated"]) for each in shown] == [("start_up", 2), ("growth", 1), ("steady", 1)]


@pytest.mark.parametrize("because", ["", "   "])
def test_an_entry_says_why(make, plain, because):
    frame, terms = make()
    with pytest.raises(InputError, match="--because"):
        withdraw(frame, "E0", on=LATER, because=because)
    with pytest.raises(InputError, match="--because"):
        appeal(frame, terms, plain, corrected(awards_2y=40), on=LATER, because=because)
