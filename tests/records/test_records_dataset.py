"""A data set on disk is whole, or refused by what is wrong with it."""

import pandas as pd
import pytest

from icsml.errors import ConfigError, InputError, MissingError
from icsml.records.dataset import Dataset, read_dataset, read_records, write_dataset
from icsml.records.extra import ExtraFeature
from icsml.texts.label import Label


@pytest.fixture
def dataset(book_folder) -> Dataset:
    return read_dataset(book_folder)


def test_what_is_written_is_read_back(dataset, tmp_path):
    write_dataset(tmp_path, dataset.meta, dataset.enterprises, dataset.outcomes)
    again = read_dataset(tmp_path)
    assert again.meta == dataset.meta
    pd.testing.assert_frame_equal(again.enterprises, dataset.enterprises)
    pd.testing.assert_frame_equal(again.outcomes, dataset.outcomes)
    write_dataset(tmp_path / "twice", again.meta, again.enterprises, again.outcomes)
    assert read_dataset(tmp_path / "twice").digest == again.digest


def test_the_digest_covers_outcomes(dataset, tmp_path):
    outcomes = dataset.outcomes.copy()
    outcomes.loc[0, "bad"] = 1
    write_dataset(tmp_path, dataset.meta, dataset.enterprises, outcomes)
    assert read_dataset(tmp_path).digest != dataset.digest


def test_a_missing_file_is_named(dataset, tmp_path):
    with pytest.raises(MissingError, match=r"no dataset\.yaml"):
        read_dataset(tmp_path)
    write_dataset(tmp_path, dataset.meta, dataset.enterprises, dataset.outcomes)
    (tmp_path / "outcomes.parquet").unlink()
    with pytest.raises(MissingError, match=r"no outcomes\.parquet"):
        read_dataset(tmp_path)


def test_outcomes_of_other_rows_are_refused(dataset, tmp_path):
    for outcomes in (dataset.outcomes.iloc[::-1], dataset.outcomes.head(10)):
        write_dataset(tmp_path, dataset.meta, dataset.enterprises, outcomes)
        with pytest.raises(InputError, match="not those of enterprises"):
            read_dataset(tmp_path)


def test_an_outcome_is_bad_or_good_or_not_seen(dataset, tmp_path):
    outcomes = dataset.outcomes.assign(bad=2)
    write_dataset(tmp_path, dataset.meta, dataset.enterprises, outcomes)
    with pytest.raises(InputError, match="other than 0, 1 and null"):
        read_dataset(tmp_path)


def test_an_unknown_key_is_named_with_its_line(dataset, tmp_path):
    write_dataset(tmp_path, dataset.meta, dataset.enterprises, dataset.outcomes)
    path = tmp_path / "dataset.yaml"
    path.write_text("colour: red\n" + path.read_text())
    with pytest.raises(ConfigError, match=r"dataset\.yaml:1: colour"):
        read_dataset(tmp_path)


def test_records_of_a_data_set_may_hold_its_extra_features(dataset, tmp_path):
    extra = ExtraFeature(name="X1", label=Label(en="a", zh="甲"), group="g")
    meta = dataset.meta.model_copy(update={"extra_features": [extra]})
    write_dataset(tmp_path, meta, dataset.enterprises.assign(**{"extra.X1": 1.0}), dataset.outcomes)
    assert (read_records(tmp_path / "enterprises.parquet")["extra.X1"] == 1.0).all()
    (tmp_path / "dataset.yaml").unlink()
    with pytest.raises(InputError, match=r"extra\.X1"):
        read_records(tmp_path / "enterprises.parquet")


def test_outcomes_of_the_same_firms_at_other_dates_are_refused(dataset, tmp_path):
    keys = dataset.outcomes.assign(place=range(len(dataset.outcomes)))
    turned = keys.sort_values(["enterprise_id", "as_of"], ascending=[True, False])
    turned["enterprise_id"] = dataset.outcomes["enterprise_id"].to_numpy()
    assert (turned["as_of"].to_numpy() != dataset.outcomes["as_of"].to_numpy()).any()
    write_dataset(tmp_path, dataset.meta, dataset.enterprises, turned)
    with pytest.raises(InputError, match="not those of enterprises"):
        read_dataset(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no parquet"])
def test_a_damaged_outcomes_file_is_named(dataset, tmp_path, content):
    write_dataset(tmp_path, dataset.meta, dataset.enterprises, dataset.outcomes)
    (tmp_path / "outcomes.parquet").write_bytes(content)
    with pytest.raises(InputError, match=r"outcomes\.parquet: not a Parquet file"):
        read_dataset(tmp_path)
