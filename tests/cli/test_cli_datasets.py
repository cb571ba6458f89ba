"""``icsml data``: exit codes, what is kept, and what other commands read of records."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml


@pytest.fixture
def loans(tmp_path: Path) -> Path:
    """A table of 60 firms with its mapping."""
    firms = range(60)
    table = {
        "firm": [f"f{i}" for i in firms],
        "status": ["failed" if i % 6 == 0 else "alive" for i in firms],
        "debt": [100.0 + 7 * i for i in firms],
        "assets": [300.0 + 11 * i for i in firms],
    }
    pd.DataFrame(table).to_csv(tmp_path / "loans.csv", index=False)
    return tmp_path


def mapping(folder: Path, **changes: object) -> Path:
    content = {
        "name": "loans",
        "licence": "internal",
        "source": {"file": "loans.csv"},
        "enterprise_id": "firm",
        "as_of": None,
        "outcome": {"column": "status", "positive": ["failed"], "negative": ["alive"]},
        "extra_features": [{"column": "debt", "group": "g"}, {"column": "assets", "group": "g"}],
    }
    path = folder / "m.yaml"
    path.write_text(yaml.safe_dump(content | changes), "utf-8")
    return path


def test_a_clean_table_passes_import_and_check(icsml_json, loans):
    report = icsml_json("data", "import", "--mapping", mapping(loans), "--out", loans / "book")
    assert (report["rows"], report["defaults"], report["refused"], report["checks"]) == (60, 10, 0, [])
    assert report["passed"] is True
    assert icsml_json("data", "check", "--data", loans / "book") == {"passed": True, "checks": []}


def test_a_leak_blocks_import_and_check_and_is_kept(icsml, loans):
    table = pd.read_csv(loans / "loans.csv")
    table.assign(late=(table["status"] == "failed") * 90).to_csv(loans / "loans.csv", index=False)
    extra = [{"column": name, "group": "g"} for name in ("debt", "assets", "late")]
    path = mapping(loans, extra_features=extra)
    code, out, _ = icsml("data", "import", "--mapping", path, "--out", loans / "book", "--json")
    report = json.loads(out)
    assert (code, report["passed"], [finding["id"] for finding in report["checks"]]) == (1, False, ["feature_leak"])
    meta = yaml.safe_load((loans / "book" / "dataset.yaml").read_text("utf-8"))
    assert meta["checks"] == report["checks"]
    code, out, _ = icsml("data", "check", "--data", loans / "book", "--json")
    assert (code, json.loads(out)) == (1, {"passed": False, "checks": report["checks"]})


def test_levels_and_thresholds_are_configuration(icsml, icsml_json, loans):
    path = mapping(loans, max_refused=0)
    with (loans / "loans.csv").open("a") as file:
        file.write(",alive,1,2\n")
    code, out, _ = icsml("data", "import", "--mapping", path, "--out", loans / "book")
    assert code == 1
    assert "BLOCKED refused_rows: 1 of 61 rows (1.6%) are refused, more than max_refused allows (0.0%)" in out
    assert "next:" not in out
    (loans / "checks.yaml").write_text("refused_rows: {level: warn}\n")
    report = icsml_json("data", "check", "--data", loans / "book", "--checks", loans / "checks.yaml")
    assert [(finding["id"], finding["level"]) for finding in report["checks"]] == [("refused_rows", "warn")]
    (loans / "checks.yaml").write_text("refused_rows: {level: 'off'}\n")
    assert icsml_json("data", "check", "--data", loans / "book", "--checks", loans / "checks.yaml")["checks"] == []
    (loans / "checks.yaml").write_text("refused_row: {level: warn}\n")
    code, _, err = icsml("data", "check", "--data", loans / "book", "--checks", loans / "checks.yaml")
    assert code == 2
    assert "ICS-DAT-030" in err
    assert "checks.yaml:1: refused_row" in err


def test_labels_that_no_list_names_end_with_exit_2_and_their_counts(icsml, loans):
    outcome = {"column": "status", "positive": ["failed"], "negative": ["paid"]}
    code, out, err = icsml("data", "import", "--mapping", mapping(loans, outcome=outcome), "--out", loans / "book")
    assert (code, out) == (2, "")
    assert "ICS-DAT-012 outcome.negative" in err
    assert "'alive' 50" in err
    assert not (loans / "book").exists()


def test_ratios_and_shares_are_declared_in_the_mapping(icsml_json, loans):
    derived = [{"name": "leverage", "ratio": ["debt", "assets"]}, {"name": "part", "share": ["assets", "debt"]}]
    extra = [{"column": name, "group": "g"} for name in ("leverage", "part")]
    path = mapping(loans, derived=derived, extra_features=extra)
    report = icsml_json("data", "import", "--mapping", path, "--out", loans / "book")
    table, book = pd.read_csv(loans / "loans.csv"), pd.read_parquet(loans / "book" / "enterprises.parquet")
    assert book["extra.leverage"].tolist() == (table["debt"] / table["assets"]).tolist()
    assert book["extra.part"].isna().all()
    assert report["unreadable"]["part"] == 60  # a part above its whole is no share
    assert report["places"]["unreadable.part"] == ["line 2", "line 3", "line 4"]


@pytest.mark.parametrize(
    ("derived", "wrong"),
    [
        ([{"name": "firm", "ratio": ["debt", "assets"]}], "ICS-DAT-008 firm"),
        ([{"name": "debt", "ratio": ["debt", "assets"]}], "itself derived"),
        ([{"name": "x", "ratio": ["debt", "asset"]}], "did you mean assets?"),
        ([{"name": "x", "ratio": ["debt", "status"]}], "is the outcome"),
        ([{"name": "x"}], "give either ratio"),
        ([{"name": "x", "ratio": ["debt", "y"]}, {"name": "y", "ratio": ["debt", "assets"]}], "itself derived"),
    ],
)
def test_a_derived_column_that_cannot_be_is_refused(icsml, loans, derived, wrong):
    path = mapping(loans, derived=derived)
    code, _, err = icsml("data", "import", "--mapping", path, "--out", loans / "book")
    assert code == 2
    assert wrong in err


def doubled(path: Path) -> Path:
    names = ["enterprise_id", "industry", "industry"]
    pq.write_table(pa.Table.from_arrays([pa.array([text]) for text in ("A", "C39", "C40")], names=names), path)
    return path


@pytest.mark.parametrize("command", ["points", "coverage", "score"])
def test_a_column_that_stands_twice_is_named_wherever_records_are_read(icsml, bundle, tmp_path, command):
    which = ("--model", bundle.folder) if command == "score" else ("--rulebook", "tech-sme-2017")
    out = () if command == "coverage" else ("--out", tmp_path / "out.parquet")
    code, _, err = icsml(command, *which, "--in", doubled(tmp_path / "twice.parquet"), *out)
    assert code == 2
    assert "industry: the column appears 2 times in twice.parquet" in err


@pytest.mark.parametrize("command", ["points", "score"])
def test_a_folder_of_parts_gives_what_the_file_gives(icsml, bundle, enterprises, tmp_path, command):
    rows = enterprises.head(40)
    rows.to_parquet(tmp_path / "whole.parquet", index=False)
    (tmp_path / "parts.parquet").mkdir()
    for number in range(4):
        part = rows.iloc[10 * number : 10 * number + 10]
        part.to_parquet(tmp_path / "parts.parquet" / f"part-{number}.parquet", index=False)
    which = ("--model", bundle.folder) if command == "score" else ("--rulebook", "tech-sme-2017")
    found = []
    for name in ("whole", "parts"):
        code, _, err = icsml(
            command, *which, "--in", tmp_path / f"{name}.parquet", "--out", tmp_path / f"{name}-out.parquet"
        )
        assert code == 0, err
        found.append(pd.read_parquet(tmp_path / f"{name}-out.parquet"))
    pd.testing.assert_frame_equal(*found)


def test_a_byte_order_mark_is_no_part_of_a_record(icsml, bundle, tmp_path):
    code, out, err = icsml("records", "example", "--model", bundle.folder, "--json")
    assert code == 0, err
    (tmp_path / "record.json").write_bytes(b"\xef\xbb\xbf" + out.encode())
    code, out, err = icsml("decide", "--model", bundle.folder, "--in", tmp_path / "record.json", "--json")
    assert code == 0, err
    assert 0 < json.loads(out)["pd"] < 1


def test_a_file_of_a_folder_in_another_unit_blocks_and_the_finding_is_kept(icsml, tmp_path):
    (tmp_path / "loans.parquet").mkdir()
    for part in range(4):
        firms = range(40 * part, 40 * part + 40)
        sales = [(1e7 + 3e5 * (firm % 37)) / (1e4 if part == 2 else 1) for firm in firms]
        table = pd.DataFrame({"firm": [f"f{firm}" for firm in firms], "sales": sales})
        table.to_parquet(tmp_path / "loans.parquet" / f"branch-{part}.parquet", index=False)
    source, fields = {"file": "loans.parquet"}, {"revenue_cny": "sales"}
    path = mapping(tmp_path, source=source, fields=fields, outcome=None, extra_features=[])
    code, out, _ = icsml("data", "import", "--mapping", path, "--out", tmp_path / "book")
    assert code == 1
    said = "revenue_cny of file branch-2.parquet is about 10^4 times smaller than elsewhere: 万元 instead of 元?"
    assert f"BLOCKED source_scale: {said}" in out
    code, out, _ = icsml("data", "check", "--data", tmp_path / "book", "--json")
    assert code == 1
    assert [finding["found"] for finding in json.loads(out)["checks"] if finding["id"] == "source_scale"] == [said]


def test_questions_of_a_draft_that_are_still_open_are_told(icsml, loans):
    code, _, err = icsml("data", "draft", loans / "loans.csv", "--out", loans / "drafted.yaml")
    assert code == 0, err
    open_questions = (loans / "drafted.yaml").read_text("utf-8").count("DECIDE:")
    assert open_questions > 0
    _, _, err = icsml("data", "import", "--mapping", loans / "drafted.yaml", "--out", loans / "book")
    assert f"{open_questions} questions of the draft are still marked DECIDE" in err


@pytest.mark.parametrize(
    ("name", "said"), [("old.xls", "save it as .xlsx"), ("parts", "a folder of parts is to be named .parquet")]
)
def test_another_kind_of_file_is_told_what_to_become(icsml, loans, name, said):
    if name == "parts":
        (loans / name).mkdir()
    else:
        (loans / name).write_text("x")
    code, _, err = icsml("data", "import", "--mapping", mapping(loans, source={"file": name}), "--out", loans / "book")
    assert code == 2
    assert said in err
