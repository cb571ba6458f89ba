"""Reference pages and code agree: record, mapping, data set, bundle, ledger."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from icsml.core.paths import configs_dir
from icsml.ledger.payload import Payload
from icsml.ledger.store.chain_tables import metadata
from icsml.model import manifest
from icsml.model.assessment_policy import load_assessment_policy
from icsml.model.bundle_document import Document
from icsml.portfolio.aggregates import AGGREGATES
from icsml.portfolio.mapping import (
    DateSource,
    FieldSource,
    InvoiceColumns,
    Mapping,
    OutcomeSource,
    Source,
    TableSource,
    load_mapping,
)
from icsml.portfolio.mapping import MappedFeature as Feature
from icsml.records.dataset import DatasetMeta, FoldSplit, OutOfTimeSplit
from icsml.records.decision import Decision, IndicatorReason, Reason, Recourse
from icsml.records.extra import ExtraFeature
from icsml.records.outcome import OUTCOME_COLUMNS, OutcomeEvent, OutcomeMeaning
from icsml.recourse.actionable_fields import load_recourse_policy
from icsml.texts.catalogue import keys
from icsml.workflows.config import TrainingConfig
from reference import bundle, record
from reference.markdown import with_part

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
HOW_TO = ROOT / "docs" / "how-to"


def _page(name):
    return (REFERENCE / f"{name}.md").read_text("utf-8")


def _keys(page, title):
    """First column of the table under a heading."""
    section = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", _page(page), re.MULTILINE | re.DOTALL)
    assert section, title
    cells = re.findall(r"^\| (`[^|]+) \|", section[1], re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def _fields(model):
    return {field.alias or name for name, field in model.model_fields.items()}


def test_the_record_page_is_the_fields():
    assert _page("record") == record.page()


@pytest.mark.parametrize(
    ("title", "model"),
    [
        ("The file", Mapping),
        ("`source`", Source),
        ("`tables.NAME`", TableSource),
        ("`tables.NAME.columns`", InvoiceColumns),
        ("Dates", DateSource),
        ("`outcome`", OutcomeSource),
        ("`fields.NAME`", FieldSource),
        ("`extra_features`", Feature),
    ],
)
def test_the_mapping_page_has_every_key_and_no_other(title, model):
    inherited = set().union(*(_fields(base) for base in model.__mro__[1:] if hasattr(base, "model_fields")))
    keys = _keys("mapping", title)
    assert len(keys) == len(set(keys))
    assert _fields(model) - inherited <= set(keys) <= _fields(model)


def test_the_mapping_page_has_every_split_and_aggregate():
    assert set(_keys("mapping", "`split`")) == _fields(OutOfTimeSplit) | _fields(FoldSplit)
    assert set(_keys("mapping", "Aggregates")) == set(AGGREGATES)


def test_the_dataset_page_has_every_key_column_and_event():
    assert set(_keys("dataset", "dataset.yaml")) == _fields(DatasetMeta)
    assert set(_keys("dataset", "outcomes.parquet")) == set(OUTCOME_COLUMNS)
    assert _fields(OutcomeMeaning) <= set(re.findall(r"`([a-z_]+)`", _page("dataset")))
    assert _fields(ExtraFeature) <= set(_keys("mapping", "`extra_features`"))
    assert {str(event) for event in OutcomeEvent} <= set(re.findall(r"`([a-z_]+)`", _page("dataset")))


def test_the_bundle_page_has_every_file_and_key():
    names = {getattr(manifest, name) for name in manifest.__all__ if name.isupper()}
    assert set(_keys("bundle", "Files")) == names
    assert set(_keys("bundle", "bundle.json")) == {field.name for field in fields(Document)}
    assert _page("bundle") == bundle.page(_page("bundle"))


def test_a_page_that_lost_the_place_of_its_table_is_told():
    assert with_part("<!-- a:start -->\n\n<!-- a:end -->", "a", "x") == "<!-- a:start -->\n\nx\n\n<!-- a:end -->"
    for page in ("", "<!-- a:start -->\n", "<!-- a:end -->\n<!-- a:start -->\n"):
        with pytest.raises(ValueError, match="no part a"):
            with_part(page, "a", "x")


def test_the_ledger_page_has_every_column_and_payload_key():
    for table in metadata.sorted_tables:
        assert _keys("ledger", f"Table `{table.name}`") == [column.name for column in table.columns]
    assert set(_keys("ledger", "The payload")) == set(Payload.__annotations__)


def test_the_example_of_importing_is_a_valid_mapping(tmp_path):
    (example,) = re.findall(r"```yaml\n(.*?)```", (HOW_TO / "import-a-table.md").read_text("utf-8"), re.DOTALL)
    (tmp_path / "my-bank.yaml").write_text(example, "utf-8")
    assert load_mapping(tmp_path / "my-bank.yaml").name == "my-bank"


def test_the_page_on_training_names_real_keys():
    page = (HOW_TO / "train.md").read_text("utf-8").split("| Key | Think |")[1].split("\n\n")[0]
    keys = set(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE))
    assert keys
    assert keys <= _fields(TrainingConfig)


def test_the_page_on_recourse_has_every_action_and_its_account():
    policy = load_recourse_policy(configs_dir() / "policy" / "recourse.yaml")
    page = (ROOT / "docs" / "explanation" / "recourse.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z0-9_]+)` \| .+ \| (\w+) \|$", page, re.MULTILINE)
    assert rows == [(action.id, action.account) for action in policy.levers]


def test_the_page_on_decisions_names_every_key():
    page = (HOW_TO / "read-a-decision.md").read_text("utf-8")
    assert _fields(Decision) <= set(re.findall(r"`([a-z_]+)`", page))


def test_the_page_on_decisions_names_every_key_of_recourse():
    page = (HOW_TO / "read-a-decision.md").read_text("utf-8")
    assert _fields(Recourse) - {"label", "unit", "text"} <= set(re.findall(r"`([a-z_]+)`", page))


def test_the_page_on_decisions_explains_every_part_of_a_reason():
    page = (HOW_TO / "read-a-decision.md").read_text("utf-8")
    named = set(re.findall(r"`([a-z_]+)`", page))
    assert _fields(Reason) - {"code", "feature", "group"} <= named
    assert _fields(IndicatorReason) - {"indicator", "pd_effect"} <= named


def test_the_page_on_decisions_has_every_warning_and_no_other():
    page = (HOW_TO / "read-a-decision.md").read_text("utf-8")
    warned = [key.split(".")[1] for key in keys("en") if key.startswith("decision.")]
    said = {code for code in warned if code.isupper()}
    said |= {name.upper() for name in load_assessment_policy().flags}
    assert len(said) > 25
    assert said == set(re.findall(r"`([A-Z][A-Z_0-9]{5,})`", page)) - {"ICSML_HOME"}
