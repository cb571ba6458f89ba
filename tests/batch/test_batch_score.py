"""Scoring a file: the same figures as one decision, in order, whole or not at all."""

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from icsml.batch import score as batch
from icsml.batch.score import score_file
from icsml.decision.decide import decide
from icsml.errors import InputError, MissingError
from icsml.records.enterprise import frame_records


@pytest.fixture
def source(tmp_path, enterprises):
    path = tmp_path / "in.parquet"
    enterprises.head(50).to_parquet(path, index=False)
    return path


def test_every_row_is_scored_in_order_as_it_would_be_alone(bundle, enterprises, source, tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "_BATCH_ROWS", 16)
    monkeypatch.setattr(batch, "_PART_ROWS", 5)
    said = []
    report = score_file(bundle, source, tmp_path / "new" / "out.parquet", reasons=5, progress=said.append)
    found = pq.read_table(tmp_path / "new" / "out.parquet").to_pylist()
    assert report.rows == len(found) == 50
    assert len(said) == 4
    for row, record in zip(found, frame_records(enterprises.head(50)), strict=True):
        alone = decide(bundle, record, decision_id="d", decided_at=datetime(2026, 7, 1, tzinfo=UTC), reasons=5).decision
        assert (row["enterprise_id"], row["as_of"].isoformat()) == (alone.enterprise_id, alone.as_of)
        assert (row["pd"], row["grade"], row["score"]) == (alone.pd, alone.grade, alone.score)
        assert row["pd_without_innovation"] == alone.pd_without_innovation
        assert row["innovation_points"] == alone.innovation.score
        fields = ("code", "feature", "group", "value", "reference_value", "log_odds", "points", "pd_effect", "form")
        assert row["reasons"] == [{field: getattr(reason, field) for field in fields} for reason in alone.reasons]


def test_like_features_are_merged_as_in_a_decision(bundle, enterprises, source, tmp_path):
    merging = replace(bundle, reasons=bundle.catalogue.model_copy(update={"merge_above": 0.4}))
    score_file(merging, source, tmp_path / "out.parquet", reasons=5)
    found = pq.read_table(tmp_path / "out.parquet").to_pylist()
    merged = 0
    for row, record in zip(found, frame_records(enterprises.head(50)), strict=True):
        moment = datetime(2026, 7, 1, tzinfo=UTC)
        alone = decide(merging, record, decision_id="d", decided_at=moment, reasons=5).decision
        told = [(each.code, each.log_odds, each.points) for each in alone.reasons]
        assert [(each["code"], each["log_odds"], each["points"]) for each in row["reasons"]] == told
        merged += any(each.also for each in alone.reasons)
    assert merged


@pytest.mark.parametrize("then", ["warn", "refer"])
def test_a_row_says_what_a_person_must_look_at_and_why_it_has_no_grade(bundle, enterprises, tmp_path, then):
    checks = bundle.assessment_policy.checks
    stricter = checks.model_copy(update={"over_limit": checks.over_limit.model_copy(update={"then": then})})
    model = replace(bundle, policy=bundle.assessment_policy.model_copy(update={"checks": stricter}))
    frame = enterprises.head(40).reset_index(drop=True)
    frame.loc[0:9, "dishonest_debtor"] = True
    frame.loc[5:9, "abnormal_list"] = True
    frame.loc[8:12, "credit_line_utilisation"] = 1.4
    frame.loc[20:29, ["revenue_cny", "credit_inquiries_6m"]] = None
    frame.to_parquet(tmp_path / "in.parquet", index=False)
    score_file(model, tmp_path / "in.parquet", tmp_path / "out.parquet")
    score_file(model, tmp_path / "in.parquet", tmp_path / "out.csv")
    flat = pd.read_csv(tmp_path / "out.csv", keep_default_na=False)
    found = pq.read_table(tmp_path / "out.parquet").to_pylist()
    for row, record in zip(found, frame_records(frame), strict=True):
        alone = decide(model, record, decision_id="d", decided_at=datetime(2026, 7, 1, tzinfo=UTC)).decision
        codes = [each.code for each in alone.refer or () if each.code != "REASONS_INCOMPLETE"]
        groups = [each.field for each in alone.warnings if each.code == "INSUFFICIENT_DATA"]
        assert (row["refer"], row["insufficient"]) == (codes, groups)
        assert (row["grade"] is None) == bool(groups)
    assert found[7]["refer"] == ["ABNORMAL_LIST", "DISHONEST_DEBTOR"]
    assert ("OVER_LIMIT" in found[11]["refer"]) == (then == "refer")
    assert found[25]["insufficient"] == ["statements", "credit_history"]
    assert flat["refer"].tolist() == ["; ".join(row["refer"]) for row in found]
    assert flat["insufficient"].tolist() == ["; ".join(row["insufficient"]) for row in found]


def test_without_reasons_there_is_no_such_column(bundle, source, tmp_path):
    score_file(bundle, source, tmp_path / "out.parquet")
    assert "reasons" not in pq.read_schema(tmp_path / "out.parquet").names


def test_a_bad_row_leaves_nothing_behind_and_is_named(bundle, enterprises, tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "_BATCH_ROWS", 16)
    monkeypatch.setattr(batch, "_PART_ROWS", 5)
    rows = enterprises.head(50).copy()
    rows.loc[rows.index[40], "founded_on"] = pd.Timestamp("2099-01-01")
    rows.to_parquet(tmp_path / "in.parquet", index=False)
    with pytest.raises(InputError, match=r"founded_on: lies after .* in 1 of 16 rows, the first is row 40"):
        score_file(bundle, tmp_path / "in.parquet", tmp_path / "out.parquet")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("out")]


@pytest.mark.parametrize("parts", [5, 1000])
def test_the_error_of_a_batch_counts_all_its_rows(bundle, enterprises, tmp_path, monkeypatch, parts):
    monkeypatch.setattr(batch, "_BATCH_ROWS", 32)
    monkeypatch.setattr(batch, "_PART_ROWS", parts)
    rows = enterprises.head(50).reset_index(drop=True)
    rows.loc[[33, 49], "founded_on"] = pd.Timestamp("2099-01-01")
    rows.to_parquet(tmp_path / "in.parquet", index=False)
    with pytest.raises(InputError, match=r"in 2 of 18 rows, the first is row 33"):
        score_file(bundle, tmp_path / "in.parquet", tmp_path / "out.parquet")
    rows.loc[[34, 40, 49], "region"] = "x"
    rows.to_parquet(tmp_path / "in.parquet", index=False)
    with pytest.raises(InputError, match=r"rows 32 to 49: not a six-digit code that does not begin with 0 in 3 rows"):
        score_file(bundle, tmp_path / "in.parquet", tmp_path / "out.parquet")


def test_types_of_the_file_do_not_matter(bundle, enterprises, source, tmp_path):
    score_file(bundle, source, tmp_path / "out.parquet", reasons=5)
    expected, table = pq.read_table(tmp_path / "out.parquet"), pq.read_table(source)
    for index, name in enumerate(table.column_names):
        column = table.column(name)
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.string()).cast(pa.string()) if name == "as_of" else column.cast(pa.date32())
        elif pa.types.is_large_string(column.type):
            column = column.dictionary_encode() if index % 2 else column.cast(pa.string())
        elif name.startswith("staff_"):
            column = column.cast(pa.int32())
        table = table.set_column(index, name, column)
    pq.write_table(table, tmp_path / "other.parquet", row_group_size=7)
    score_file(bundle, tmp_path / "other.parquet", tmp_path / "out.parquet", reasons=5)
    assert pq.read_table(tmp_path / "out.parquet").equals(expected)


def test_no_rows_no_file_no_parquet(bundle, enterprises, tmp_path):
    enterprises.head(0).to_parquet(tmp_path / "empty.parquet", index=False)
    (tmp_path / "text.parquet").write_text("no")
    with pytest.raises(InputError, match="no rows"):
        score_file(bundle, tmp_path / "empty.parquet", tmp_path / "out.parquet")
    with pytest.raises(InputError, match="Parquet"):
        score_file(bundle, tmp_path / "text.parquet", tmp_path / "out.parquet")
    with pytest.raises(MissingError, match="no such file"):
        score_file(bundle, tmp_path / "none.parquet", tmp_path / "out.parquet")


def test_a_bad_type_is_named_with_its_rows(bundle, enterprises, tmp_path):
    enterprises.head(5).assign(colour=1).to_parquet(tmp_path / "in.parquet", index=False)
    with pytest.raises(InputError, match="colour: rows 0 to 4: unknown column"):
        score_file(bundle, tmp_path / "in.parquet", tmp_path / "out.parquet")


def test_a_damaged_page_is_no_traceback_and_leaves_no_folder(bundle, source, tmp_path):
    data = bytearray(source.read_bytes())
    data[200:4000] = b"\xff" * 3800
    source.write_bytes(bytes(data))
    with pytest.raises(InputError, match="not a sound Parquet file"):
        score_file(bundle, source, tmp_path / "new" / "out.parquet")
    assert not (tmp_path / "new").exists()


def test_the_file_says_which_model_scored_it(bundle, source, tmp_path):
    score_file(bundle, source, tmp_path / "out.parquet", version="7")
    about = pq.read_schema(tmp_path / "out.parquet").metadata
    assert about[b"icsml.bundle_sha256"].decode() == bundle.sha256
    assert about[b"icsml.version"] == b"7"
    assert about[b"icsml.synthetic"] == b"true"


def test_the_input_is_never_overwritten(bundle, source):
    before = source.read_bytes()
    with pytest.raises(InputError, match="would take the place of the input"):
        score_file(bundle, source, source.parent / "." / source.name)
    assert source.read_bytes() == before
