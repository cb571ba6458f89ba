"""The mapping file: what it may say, and where an error points."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from icsml.errors import ConfigError, MissingError
from icsml.portfolio.mapping import DateSource, FieldSource, Mapping, load_mapping
from icsml.records.dataset import FoldSplit, OutOfTimeSplit
from icsml.records.extra import ExtraFeature
from icsml.records.field import Outside

DOCUMENTED = """\
name: my-bank
licence: internal
source: {file: loans.parquet, sheet: null}      # csv, parquet, xlsx; relative to this file
tables:                                          # other tables, many rows a firm
  sales: {file: invoices_out.parquet, key: firm_id, aggregate: vat_sales}
enterprise_id: firm_id                           # or null: row number
as_of: {column: year, format: "%Y"}
outcome: {column: status, positive: [failed, 1], event: bankruptcy, horizon_months: 12,
          event_date: {column: failed_on, format: "%Y-%m-%d"}}
fields: {total_assets_cny: {column: X10, scale: 10000}, revenue_cny: X9}
extra_features:                                  # any number column may be a feature
  - {column: X1, name: current_assets, label: {en: Current assets, zh: 流动资产}, group: liquidity,
     direction: lowers_risk,
     domain: financial, range: [0, null], outside: report, values: {Y: 1, N: 0}}
known_after: [charge_off_date]                   # exists only once the outcome is known: refused as a feature
ignore: [comment]
split: {test_from: 2015-01-01, embargo_months: 12}   # or {folds: 10, seed: 0}
"""

MINIMAL = """\
name: small
licence: internal
source: {file: firms.csv}
enterprise_id: null
as_of: null
outcome: {column: status, positive: [1], event_date: closed}
known_after: [recovered]
ignore: [remark]
fields: {revenue_cny: sales}
extra_features:
  - {column: X1, name: x1, label: {en: X, zh: X}, group: g}
split: {folds: 10, seed: 0}
"""


def load(folder: Path, text: str) -> Mapping:
    path = folder / "mapping.yaml"
    path.write_text(text, "utf-8")
    return load_mapping(path)


def test_the_documented_example_is_read_as_documented(tmp_path):
    mapping = load(tmp_path, DOCUMENTED)
    assert mapping.fields["total_assets_cny"] == FieldSource(column="X10", scale=10000)
    assert mapping.fields["revenue_cny"] == FieldSource(column="X9")
    assert mapping.outcome is not None
    assert mapping.outcome.positive == ("failed", 1)
    assert mapping.outcome.event_date == DateSource(column="failed_on", format="%Y-%m-%d")
    assert mapping.split == OutOfTimeSplit(test_from=date(2015, 1, 1), embargo_months=12)
    assert mapping.extra_features[0].source == "X1"
    assert mapping.extra_features[0].values == {"Y": 1, "N": 0}
    assert mapping.tables["sales"].aggregate == "vat_sales"


def test_the_declared_feature_leaves_the_column_behind(tmp_path):
    declared = load(tmp_path, DOCUMENTED).declared[0]
    assert set(declared.model_dump()) == set(ExtraFeature.model_fields)
    assert declared.column == "extra.current_assets"
    assert list(declared.range) == [0, None]
    assert declared.outside is Outside.REPORT


def test_a_date_in_the_mapping_may_count_from_an_origin(tmp_path):
    text = MINIMAL.replace("as_of: null", "as_of: {column: d, unit: D, origin: 1960-01-01}")
    assert load(tmp_path, text).as_of == DateSource(column="d", unit="D", origin=date(1960, 1, 1))


def test_splits_come_in_two_forms(tmp_path):
    assert load(tmp_path, MINIMAL).split == FoldSplit(folds=10, seed=0)


def test_an_outcome_may_be_absent(tmp_path):
    text = MINIMAL.replace("outcome: {column: status, positive: [1], event_date: closed}", "outcome: null")
    assert load(tmp_path, text).outcome is None


def test_every_column_is_known_by_the_key_that_reads_it(tmp_path):
    assert load(tmp_path, MINIMAL).columns_used() == {
        "X1": "extra_features.x1",
        "sales": "fields.revenue_cny",
        "closed": "outcome.event_date",
        "status": "outcome",
    }


WRONG = {
    "unknown key": ("licence: internal", "licence: internal\ncolour: red", "mapping.yaml:3: colour", "unknown key"),
    "unknown key inside": ("{file: firms.csv}", "{file: firms.csv, sep: x}", "mapping.yaml:3: source.sep", "unknown"),
    "unknown field": ("revenue_cny: sales", "revenu_cny: sales", "mapping.yaml:9: fields.revenu_cny", "revenue_cny"),
    "field with its own key": ("revenue_cny: sales", "as_of: sales", "mapping.yaml:9: fields.as_of", "key of its own"),
    "late feature": (
        "column: X1",
        "column: recovered",
        "mapping.yaml:10: extra_features",
        "recovered, which is known_after",
    ),
    "late field": ("revenue_cny: sales", "revenue_cny: recovered", "mapping.yaml:9: fields", "which is known_after"),
    "label as feature": ("column: X1", "column: status", "mapping.yaml:10: extra_features", "which is the outcome"),
    "event date as field": ("revenue_cny: sales", "founded_on: closed", "mapping.yaml:9: fields", "the outcome"),
    "ignored and used": ("column: X1", "column: remark", "mapping.yaml:10: extra_features", "under ignore"),
    "ignored and late": ("ignore: [remark]", "ignore: [recovered]", "mapping.yaml:8: ignore", "known_after"),
    "truth value": ("group: g}", "group: g, values: {yes: 1}}", "mapping.yaml:11: extra_features.0.values", "quotes"),
    "bad feature name": ("name: x1", "name: 1x", "mapping.yaml:11: extra_features.0.name", "pattern"),
    "reversed range": ("group: g}", "group: g, range: [1, 0]}", "mapping.yaml:11: extra_features.0", "swap"),
    "bad outside": ("group: g}", "group: g, outside: drop}", "mapping.yaml:11: extra_features.0.outside", "refuse"),
    "no positive": ("positive: [1]", "positive: []", "mapping.yaml:6: outcome.positive", "at least 1"),
    "unknown event": ("positive: [1]", "positive: [1], event: gone", "mapping.yaml:6: outcome.event", "charge_off"),
    "mistyped split": ("folds: 10, seed: 0", "test_form: 2015-01-01", "mapping.yaml:12: split", "key test_form; did"),
    "unknown split": ("folds: 10, seed: 0", "zzz: 1", "mapping.yaml:12: split", "test_from, embargo_months, folds"),
    "undated split": ("folds: 10, seed: 0", "test_from: 2015-01-01", "mapping.yaml:12: split", "dated rows"),
    "scale of a date": ("revenue_cny: sales", "founded_on: {column: a, scale: 2}", "mapping.yaml:9: fields", "scale"),
    "format of a number": (
        "revenue_cny: sales",
        'revenue_cny: {column: a, format: "%Y"}',
        "mapping.yaml:9: fields",
        "format",
    ),
    "origin without unit": (
        "as_of: null",
        "as_of: {column: d, origin: 1960-01-01}",
        "mapping.yaml:5: as_of.origin",
        "unit: D",
    ),
    "absent key": ("licence: internal\n", "", "mapping.yaml:1: licence", "required"),
}


for _key, _line in (("enterprise_id", 4), ("as_of", 5)):
    for _column, _said in (
        ("recovered", "known_after"),
        ("status", "which is the outcome"),
        ("closed", "which is the outcome"),
        ("remark", "listed under ignore"),
    ):
        WRONG[f"{_key} reads {_column}"] = (
            f"{_key}: null",
            f"{_key}: {_column}",
            f"mapping.yaml:{_line}: {_key}",
            _said,
        )


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_mapping_names_file_line_and_key(tmp_path, case):
    good, bad, where, said = WRONG[case]
    assert MINIMAL.count(good) == 1
    with pytest.raises(ConfigError) as error:
        load(tmp_path, MINIMAL.replace(good, bad))
    assert error.value.code == "ICS-DAT-001"
    assert error.value.remedy
    assert where in str(error.value.field)
    assert said in error.value.message


@pytest.mark.parametrize(
    ("case", "remedy"),
    [
        ("late feature", "take it out of extra_features or out of known_after"),
        ("late field", "take it out of fields or out of known_after"),
        ("label as feature", "take it out of extra_features"),
        ("ignored and used", "take it out of extra_features or out of ignore"),
        ("as_of reads recovered", "take it out of as_of or out of known_after"),
    ],
)
def test_a_leak_is_refused_with_its_remedy(tmp_path, case, remedy):
    good, bad, *_ = WRONG[case]
    with pytest.raises(ConfigError) as error:
        load(tmp_path, MINIMAL.replace(good, bad))
    assert error.value.remedy == remedy
    assert "take it out" not in error.value.message


def test_a_leak_among_other_faults_keeps_their_number_and_its_remedy(tmp_path):
    text = MINIMAL.replace("revenue_cny: sales", "revenue_cny: recovered").replace("folds: 10", "folds: 1")
    with pytest.raises(ConfigError) as error:
        load(tmp_path, text)
    assert re.search(r"\(and \d+ more\)$", error.value.message)
    assert error.value.remedy == "take it out of fields or out of known_after"


TABLES = "tables:\n  sales: {file: a.csv, key: k, aggregate: vat_sales}\nenterprise_id: firm"


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("vat_sales}", "vat_sale}", "vat_purchases, vat_sales"),
        ("vat_sales}", "vat_sales, against: other}", "no other table"),
        ("vat_sales}", "vat_sales, against: sales}", "no other table"),
        ("enterprise_id: firm", "enterprise_id: null", "joined by firm"),
    ],
)
def test_wrong_tables_are_refused(tmp_path, good, bad, said):
    text = MINIMAL.replace("enterprise_id: null", TABLES)
    assert load(tmp_path, text).tables["sales"].key == "k"
    with pytest.raises(ConfigError, match=said):
        load(tmp_path, text.replace(good, bad))


def test_two_features_of_one_name_are_refused(tmp_path):
    line = MINIMAL[MINIMAL.index("  - {column") : MINIMAL.index("split:")]
    with pytest.raises(ConfigError, match="x1 is declared twice"):
        load(tmp_path, MINIMAL.replace(line, line + line.replace("X1", "X2")))


def test_one_column_may_serve_two_features(tmp_path):
    line = MINIMAL[MINIMAL.index("  - {column") : MINIMAL.index("split:")]
    assert len(load(tmp_path, MINIMAL.replace(line, line + line.replace("x1", "x2"))).extra_features) == 2


def test_a_missing_mapping_is_missing(tmp_path):
    with pytest.raises(MissingError, match="no such file"):
        load_mapping(tmp_path / "none.yaml")
