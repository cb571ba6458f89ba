"""A model whose rulebook ranks among peers: who the peers are, and that a bundle decides with them."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from icsml.core.canonical import sha256_file
from icsml.decision.assess import assess
from icsml.decision.decide import decide
from icsml.errors import ModelError
from icsml.innovation import fit_peers, load_rulebook
from icsml.model import bundle as bundles
from icsml.model.bundle import read_bundle
from icsml.model.manifest import manifest_bytes
from icsml.records.columns import take
from icsml.records.dataset import FoldSplit, read_dataset, write_dataset
from icsml.records.enterprise import example_record, parse_record
from icsml.workflows.measure import measure
from icsml.workflows.prepare import prepare, ranked_within, split_rows
from icsml.workflows.train import train_bundle


@pytest.fixture(scope="module")
def ranked_config(quick_config):
    return quick_config.model_copy(update={"rulebook": "national-2024"})


@pytest.fixture(scope="module")
def ranked(book_folder, ranked_config, tmp_path_factory):
    return train_bundle(book_folder, ranked_config, out=tmp_path_factory.mktemp("ranked") / "bundle")


def said(message):
    pass


def test_the_peers_are_the_training_rows_and_nobody_else(ranked, book_folder, ranked_config):
    prepared = prepare(read_dataset(book_folder), ranked_config, said)
    split = split_rows(prepared, None)
    tables = ranked.bundle.rulebook.peer_tables
    assert tables.population.rows == split.train.sum() == ranked.metrics["rows"]["train"]
    own = fit_peers(load_rulebook("national-2024"), take(prepared.columns, split.train), tables.population.name)
    assert tables.content == own.content


def test_the_records_of_the_test_move_neither_trees_nor_peers(ranked, book_folder, ranked_config, tmp_path):
    """Leakage guard: make every enterprise of the test period ten times as large; the bundle's rules stay."""
    dataset = read_dataset(book_folder)
    later = (dataset.enterprises["as_of"] >= pd.Timestamp(dataset.meta.split.test_from)).to_numpy()
    rows = dataset.enterprises.copy()
    rows.loc[later, ["rd_expense_cny", "revenue_cny"]] *= 10
    write_dataset(tmp_path / "moved", dataset.meta, rows, dataset.outcomes)
    moved = train_bundle(tmp_path / "moved", ranked_config, out=tmp_path / "b").bundle
    assert moved.rulebook.peer_tables.content == ranked.bundle.rulebook.peer_tables.content
    assert moved.model.booster.model_to_string() == ranked.bundle.model.booster.model_to_string()


def test_every_fold_ranks_within_its_own_training_rows(book_folder, ranked_config, tmp_path, monkeypatch):
    dataset = read_dataset(book_folder)
    meta = dataset.meta.model_copy(update={"split": FoldSplit(folds=3)})
    write_dataset(tmp_path / "folds", meta, dataset.enterprises, dataset.outcomes)
    prepared = prepare(read_dataset(tmp_path / "folds"), ranked_config, said)
    split = split_rows(prepared, None)
    whole = ranked_within(prepared, split.train)
    fitted_on = []
    monkeypatch.setattr(
        "icsml.workflows.measure.ranked_within",
        lambda held, rows: fitted_on.append(rows.copy()) or ranked_within(held, rows),
    )
    measure(whole, split, ranked_config, said)
    assert len(fitted_on) == 3
    for number, rows in enumerate(fitted_on):
        np.testing.assert_array_equal(rows, split.train & (split.folds != number))


def test_nothing_is_encoded_before_the_peers_are_known(book_folder, ranked_config):
    prepared = prepare(read_dataset(book_folder), ranked_config, said)
    assert np.isnan(prepared.X).all()
    place = [feature.name for feature in prepared.encoder.features].index("innovation_score")
    some = np.arange(len(prepared.y)) < 400
    assert (~np.isnan(ranked_within(prepared, some).X[:, place])).mean() > 0.9


def test_one_record_ranks_as_it_does_in_the_batch(ranked, enterprises):
    bundle = ranked.bundle
    record = parse_record(example_record())
    moment = pd.Timestamp("2026-07-01", tz="UTC").to_pydatetime()
    decision = decide(bundle, record, decision_id="d", decided_at=moment).decision
    assert decision.innovation.stage == "growth"
    assert decision.innovation.max_score == 100
    assert decision.innovation.valid_until == "2027-06-30"
    rules = {each.id: each.rule for each in decision.innovation.indicators}
    assert rules["rd_amount"].startswith("P")
    assert " of " in rules["rd_amount"]
    again = read_bundle(bundle.folder)
    assert decide(again, record, decision_id="d", decided_at=moment).decision == decision


def test_the_service_and_the_file_give_the_same_bits(ranked, enterprises):
    from icsml.records.columns import to_columns

    columns = to_columns(enterprises.head(200))
    together = assess(ranked.bundle, columns, explained=False)
    for row in (0, 57, 199):
        alone = assess(ranked.bundle, take(columns, np.array([row])), explained=False)
        assert alone.pd[0] == together.pd[row]
        assert alone.innovation.score.tobytes() == together.innovation.score[row : row + 1].tobytes()


def resealed(folder):
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}
    (folder / "manifest.json").write_bytes(manifest_bytes(files))
    return folder


def test_a_bundle_without_its_peers_is_refused(ranked, tmp_path):
    folder = shutil.copytree(ranked.bundle.folder, tmp_path / "b")
    (folder / "peers.json").unlink()
    with pytest.raises(ModelError, match="ICS-MOD-018"):
        read_bundle(resealed(folder))


def test_a_bundle_with_somebody_elses_peers_is_refused(ranked, tmp_path):
    folder = shutil.copytree(ranked.bundle.folder, tmp_path / "b")
    held = json.loads((folder / "peers.json").read_bytes())
    held["rulebook_sha256"] = sha256_file(folder / "model.txt")
    (folder / "peers.json").write_text(json.dumps(held), "utf-8")
    with pytest.raises(Exception, match="ICS-RUL-033"):
        read_bundle(resealed(folder))


def test_a_rulebook_that_ranks_is_not_written_without_its_tables(ranked, tmp_path):
    from dataclasses import replace

    bare = replace(ranked.bundle, rulebook=load_rulebook("national-2024"))
    with pytest.raises(ModelError, match="ICS-MOD-018"):
        bundles.write_bundle(tmp_path / "b", bare)


def test_the_card_says_how_much_hangs_on_assumed_weights(ranked):
    measured = ranked.bundle.training["points_robustness"]
    assert 0.0 < measured["depends"] < 1.0
    assert f"{measured['depends']:.0%} of them hang on the assumption" in ranked.bundle.card
