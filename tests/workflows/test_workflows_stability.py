"""Retrains on redrawn enterprises, and two models before a promotion: who is compared on what."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icsml.core.progress import silent
from icsml.decision.assess import assess
from icsml.decision.reasons import contradicting_share
from icsml.decision.recourse import robustness_of
from icsml.errors import InputError
from icsml.explain.explanation_stability import compare
from icsml.explain.merging import clusters, merge
from icsml.explain.stability_results import LEVELS
from icsml.portfolio.importer import import_dataset
from icsml.records.columns import rows, take, to_columns
from icsml.records.dataset import read_dataset
from icsml.records.extra import ExtraFeature
from icsml.recourse.robustness import RecourseRobustness
from icsml.texts.label import Label
from icsml.workflows import model_comparison, retraining
from icsml.workflows.fit import fit_actions
from icsml.workflows.model_comparison import compare_models
from icsml.workflows.prepare import prepare, split_rows
from icsml.workflows.retraining import redrawn, retrain
from icsml.workflows.train import train_bundle

RECOURSE = ("recourse_survival", "recourse_better_grade")
NO_ACTIONS = dict.fromkeys(RECOURSE, "no_levers")
NOTHING = RecourseRobustness(0, 0, None, 0, None)
FOLDED = """\
name: folded
licence: none
source: {file: rows.csv}
enterprise_id: firm
as_of: null
outcome: {column: bad, positive: [1], event: default, horizon_months: 12}
extra_features:
  - {column: a, name: a, label: {en: A, zh: 甲}, group: one, direction: raises_risk}
  - {column: b, name: b, label: {en: B, zh: 乙}, group: one}
  - {column: c, name: c, label: {en: C, zh: 丙}, group: two}
split: {folds: 4, seed: 0}
"""


@pytest.fixture(scope="module")
def found(book_folder, quick_config):
    asked = []

    def robustness(old, columns):
        asked.append(("proposed", old.levers is not None, rows(columns)))

        def share(new):
            asked.append(("answered", new.model.booster is not old.model.booster, new.levers is not None))
            assert old.reference.sha256 != new.reference.sha256  # each compares with its own training rows
            return RecourseRobustness(9, 9, len(asked) / 10, 4, len(asked) / 20)

        return share

    def contradicts(model, columns):
        asked.append(("contradicts", model.name, rows(columns)))

    made = retrain(book_folder, quick_config, retrains=2, rows=300, robustness_of=robustness, contradicts=contradicts)
    return made, asked


def test_every_retrain_is_compared_with_the_base_at_every_level(found):
    stability, _ = found
    assert (stability.rows, stability.riskiest_rows, stability.synthetic) == (300, 30, True)
    assert [each.against for each in stability.comparisons] == ["retrain 1", "retrain 2"]
    assert stability.reasons["features"] > stability.reasons["alike"] > stability.reasons["groups"]
    for each in stability.comparisons:
        assert list(each.all) == list(each.riskiest) == list(LEVELS)
        assert all(comparison.rows == 300 for comparison in each.all.values())
        assert all(comparison.rows == 30 for comparison in each.riskiest.values())
        assert 0 < each.all["features"].overlap < 1
        assert each.all["features"].moved_log_odds > 0
        assert each.all["groups"].rank_biased_overlap > each.all["features"].rank_biased_overlap


def test_the_summary_is_of_the_retrains(found):
    stability, _ = found
    each = [agreement.riskiest["alike"].overlap for agreement in stability.comparisons]
    told = stability.model_dump(mode="json")["summary"]["riskiest"]["alike"]["overlap"]
    assert told == {"mean": pytest.approx(np.mean(each)), "low": min(each), "high": max(each)}
    moved = stability.most_moved
    assert len(moved) == 10
    assert list(moved.values()) == sorted(moved.values(), reverse=True)


def test_recourse_and_contradictions_are_asked_of_whoever_knows(found):
    stability, asked = found
    assert asked.count(("proposed", True, 300)) == 1  # proposals are made once
    assert asked.count(("answered", True, True)) == 2
    assert asked.count(("contradicts", "icsml-pd", 300)) == 3
    told = stability.model_dump(mode="json")
    assert told["recourse_survival"]["low"] < told["recourse_survival"]["high"]
    halved = {name: value / 2 for name, value in told["recourse_survival"].items()}
    assert told["recourse_better_grade"] == pytest.approx(halved)
    assert told["comparisons"][0]["recourse_better_grade"] == told["recourse_better_grade"]["low"]
    assert told["bundles"] == {}  # trained for this alone
    assert told["contradictions"] is None
    assert told["unknown"] == {"contradictions": "none_shown"}


def test_recourse_of_the_base_is_put_to_every_retrain_and_contradictions_are_of_each(
    book_folder, quick_config, monkeypatch
):
    trained, real = [], retraining._trained

    def kept(*given):
        trained.append(real(*given))
        return trained[-1]

    monkeypatch.setattr(retraining, "_trained", kept)
    options = {"robustness_of": robustness_of, "contradicts": contradicting_share}
    found = retrain(book_folder, quick_config, retrains=2, rows=60, **options)
    base, *others = trained
    prepared = prepare(read_dataset(book_folder), quick_config, silent)
    held = np.flatnonzero(split_rows(prepared, None).test)
    chosen = np.sort(np.random.default_rng(quick_config.model.seed).choice(held, 60, replace=False))
    columns = take(prepared.columns, chosen)
    assert base.levers == fit_actions(prepared, split_rows(prepared, None).train)
    assert all(other.levers not in (None, base.levers) for other in others)
    told = [robustness_of(base, columns)(other) for other in others]
    assert [each.recourse_survival for each in found.comparisons] == [each.lower_pd for each in told]
    assert [each.recourse_better_grade for each in found.comparisons] == [each.better_grade for each in told]
    assert found.contradictions_of_base == contradicting_share(base, columns)
    assert [each.contradictions for each in found.comparisons] == [
        contradicting_share(each, columns) for each in others
    ]
    assert found.unknown == {}


def test_the_same_call_gives_the_same_figures_and_another_seed_others(book_folder, quick_config):
    first, again = (retrain(book_folder, quick_config, retrains=1, rows=80).model_dump(mode="json") for _ in range(2))
    assert first == again
    other = retrain(book_folder, quick_config.with_model(seed=9), retrains=1, rows=80).model_dump(mode="json")
    assert other["summary"] != first["summary"]


@pytest.fixture(scope="module")
def folded(tmp_path_factory):
    """A data set of three features with folds, two rows an enterprise."""
    folder = tmp_path_factory.mktemp("folded")
    rng = np.random.default_rng(0)
    lines = ["firm,a,b,c,bad"]
    for firm in range(150):
        a, b, c = rng.normal(size=3)
        bad = int(rng.random() < 1 / (1 + np.exp(1 - a - b)))
        lines += [f"F{firm},{a + rng.normal() / 10},{b},{c},{bad}" for _ in range(2)]
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    (folder / "m.yaml").write_text(FOLDED)
    import_dataset(folder / "m.yaml", folder / "folded")
    return folder / "folded"


def test_nobody_who_is_explained_was_trained_on(book_folder, folded, quick_config, monkeypatch):
    for data in (folded, book_folder):
        trained, explained, real_fit, real_assess = [], [], retraining.fit_model, model_comparison.assess

        def fit(prepared, places, *rest, said=trained, real=real_fit):
            said.append((prepared.columns["enterprise_id"][places], prepared.columns["as_of"][places]))
            return real(prepared, places, *rest)

        def assessed(model, columns, said=explained, real=real_assess):
            said.append((columns["enterprise_id"], columns["as_of"]))
            return real(model, columns)

        monkeypatch.setattr(retraining, "fit_model", fit)
        monkeypatch.setattr(model_comparison, "assess", assessed)
        retrain(data, quick_config, retrains=2)
        monkeypatch.undo()
        assert len(trained) == len(explained) == 3
        (base_firms, base_days), (drawn_firms, drawn_days), (other_firms, _) = trained
        assert set(drawn_firms) < set(base_firms)
        assert set(drawn_firms) != set(other_firms)
        firms, days = explained[0]
        np.testing.assert_array_equal(firms, explained[1][0])
        if data is book_folder:  # out of time: an enterprise may come again, its later years may not have come before
            assert max(base_days.max(), drawn_days.max()) < days.min()
        else:
            assert len(firms) == 76
            assert not set(firms) & set(base_firms)


def test_without_innovation_data_there_is_no_recourse_and_it_says_so(folded, quick_config):
    found = retrain(
        folded, quick_config, retrains=1, rows=50, robustness_of=robustness_of, contradicts=contradicting_share
    ).model_dump(mode="json")
    assert (found["recourse_survival"], found["unknown"]) == (None, NO_ACTIONS)
    assert found["contradictions"] is not None


@settings(max_examples=100, deadline=None)
@given(groups=st.lists(st.integers(0, 5), min_size=1, max_size=30), seed=st.integers(0, 100), data=st.data())
def test_whole_groups_are_drawn_as_many_as_there_are(groups, seed, data):
    groups = np.array(groups)
    size = data.draw(st.integers(1, len(groups)))
    places = np.sort(np.random.default_rng(seed).permutation(len(groups))[:size])
    drawn = redrawn(places, groups, seed=seed)
    times = 0
    for group in set(groups.tolist()):
        own = np.flatnonzero((groups == group) & np.isin(np.arange(len(groups)), places))
        counts = {int((drawn == place).sum()) for place in own}
        assert len(counts) <= 1
        times += counts.pop() if counts else 0
    assert times == len(set(groups[places].tolist()))
    assert set(drawn) <= set(places)
    np.testing.assert_array_equal(drawn, redrawn(places, groups, seed=seed))


@settings(max_examples=50, deadline=None)
@given(groups=st.lists(st.integers(0, 5), min_size=1, max_size=30), keep=st.floats(0.01, 1.0))
def test_a_share_is_drawn_without_replacement(groups, keep):
    groups = np.array(groups)
    drawn = redrawn(np.arange(len(groups)), groups, keep=keep, seed=1)
    assert len(set(drawn)) == len(drawn)
    kept = set(groups[drawn].tolist())
    assert set(drawn) == set(np.flatnonzero(np.isin(groups, list(kept))))
    assert len(kept) == max(1, round(keep * len(set(groups.tolist()))))


def test_a_retrain_that_sees_most_of_the_same_moves_reasons_less(found, book_folder, quick_config):
    bootstrap, _ = found
    nearly = retrain(book_folder, quick_config, retrains=2, keep=0.98, rows=300)
    assert (str(bootstrap.drawn), str(nearly.drawn)) == ("bootstrap", "0.98 of them")
    moved = [each.summary["all"]["features"]["moved_log_odds"].mean for each in (nearly, bootstrap)]
    assert moved[0] < moved[1]


@pytest.fixture(scope="module")
def challenger(book_folder, quick_config, tmp_path_factory):
    """The same book without two features that speak, and another seed."""
    config = quick_config.model_copy(update={"exclude": ["debt_to_assets", "cash_ratio"]}).with_model(seed=4)
    return train_bundle(book_folder, config, out=tmp_path_factory.mktemp("challenger") / "bundle").bundle


def test_two_models_are_compared_over_the_features_of_either(bundle, challenger, book_folder):
    dataset = read_dataset(book_folder)
    found = compare_models(("old", bundle), ("new", challenger), dataset, rows=10**6, top=2)
    back = compare_models(("new", challenger), ("old", bundle), dataset, rows=10**6, top=2)
    assert (found.base, found.rows, found.top) == ("old", len(dataset.enterprises), 2)
    assert found.model_dump(mode="json")["bundles"] == {"old": bundle.sha256, "new": challenger.sha256}
    assert found.reasons["features"] == len(bundle.features) == len(challenger.features) + 2
    columns = to_columns(dataset.enterprises)
    first, second = (assess(model, columns) for model in (bundle, challenger))
    old, new = first.explanation.terms.log_odds, second.explanation.terms.log_odds
    names = [feature.name for feature in bundle.features]
    wide = np.zeros_like(old)
    wide[:, [names.index(feature.name) for feature in challenger.features]] = new
    [agreement] = found.comparisons
    assert agreement.all["features"] == compare(old, wide, top=2)
    risky = np.argsort(-first.pd, kind="stable")[: found.riskiest_rows]
    assert found.riskiest_rows == round(len(columns["as_of"]) / 10)
    assert agreement.riskiest["features"].overlap == pytest.approx(compare(old[risky], wide[risky], top=2).overlap)
    assert agreement.moved["cash_ratio"] == pytest.approx(np.abs(old[:, names.index("cash_ratio")]).mean())
    mirrored = back.comparisons[0].all["groups"]
    assert mirrored.overlap == pytest.approx(agreement.all["groups"].overlap)
    assert mirrored.moved_log_odds == pytest.approx(agreement.all["groups"].moved_log_odds)


def test_a_model_agrees_with_itself(bundle, book_folder):
    found = compare_models(("a", bundle), ("b", bundle), read_dataset(book_folder), rows=200)
    for comparison in found.comparisons[0].all.values():
        assert (comparison.overlap, comparison.jaccard, comparison.sign_flips) == (1.0, 1.0, 0.0)
        assert comparison.moved_log_odds == 0.0


def test_like_features_are_those_the_base_would_merge(bundle, challenger, book_folder):
    """By its reference population and, where it merges, from its own correlation on; without one by none."""
    dataset = read_dataset(book_folder)
    chosen = np.sort(np.random.default_rng(0).choice(len(dataset.enterprises), 100, replace=False))
    merging = dataclasses.replace(bundle, reasons=bundle.catalogue.model_copy(update={"merge_above": 0.4}))
    for base, above in ((bundle, 0.7), (merging, 0.4)):
        found = compare_models(("a", base), ("b", challenger), dataset, rows=100)
        alike = clusters(base, above)
        assert alike
        assert found.merge_above == above
        old, new = (
            model_comparison._explained(model, take(to_columns(dataset.enterprises), chosen))
            for model in (base, challenger)
        )
        names = [feature.name for feature in bundle.features]
        merged = [merge(each.over(names), np.zeros((100, len(names)), dtype=int), alike)[0] for each in (old, new)]
        comparison = found.comparisons[0].all
        assert comparison["worded"] == compare(*merged)
        assert comparison["alike"] == compare(old.over(names), new.over(names), clusters=alike)
        assert found.reasons["alike"] == found.reasons["features"] - sum(len(places) - 1 for places in alike)
    nobody = dataclasses.replace(bundle, reference=None)
    found = compare_models(("a", nobody), ("b", challenger), dataset, rows=100)
    assert found.merge_above is None
    assert set(found.reasons) == set(found.comparisons[0].all) == set(found.summary["all"]) == {"features", "groups"}


def test_recourse_is_looked_for_in_rows_evenly_spaced(bundle, challenger, book_folder, monkeypatch):
    """One by one is slow; not the first rows, which are the earliest."""
    monkeypatch.setattr(model_comparison, "_ASKED", 5)
    seen = {}

    def robustness(old, columns):
        seen["proposed"] = columns["enterprise_id"].tolist()
        return lambda new: NOTHING

    def contradicts(model, columns):
        seen["explained"] = columns["enterprise_id"].tolist()

    compare_models(
        ("a", bundle),
        ("b", challenger),
        read_dataset(book_folder),
        rows=20,
        robustness_of=robustness,
        contradicts=contradicts,
    )
    assert len(seen["explained"]) == 20
    assert seen["proposed"] == seen["explained"][::4]


def test_what_is_null_says_why(bundle, challenger, book_folder):
    dataset = read_dataset(book_folder)
    bare = dataclasses.replace(bundle, levers=None, reference=None)

    def why(old, new, **asked):
        return compare_models(("a", old), ("b", new), dataset, rows=20, **asked).unknown

    asked = {"robustness_of": robustness_of, "contradicts": contradicting_share}
    nothing = {"robustness_of": lambda old, columns: lambda new: NOTHING, "contradicts": lambda model, columns: None}
    without = dataclasses.replace(  # the companion alone: a model without innovation
        bundle,
        model=bundle.companion,
        companion=None,
        rulebook=None,
        levers=None,
        reference=None,
    )
    assert why(bundle, without, **asked) == dict.fromkeys(RECOURSE, "no_rulebook")
    assert why(without, bundle, **asked) == NO_ACTIONS
    assert why(bundle, challenger) == dict.fromkeys((*RECOURSE, "contradictions"), "not_asked")
    assert why(bare, bare, **asked) == NO_ACTIONS | {"contradictions": "no_population"}
    assert why(bare, challenger, **asked) == NO_ACTIONS
    none_made = dict.fromkeys(RECOURSE, "no_proposal") | {"contradictions": "none_shown"}
    assert why(bundle, challenger, **nothing) == none_made
    lower = {"robustness_of": lambda old, columns: lambda new: RecourseRobustness(2, 3, 0.5, 0, None)}
    assert why(bundle, challenger, **lower)["recourse_better_grade"] == "no_promise"


def test_a_data_set_of_another_kind_is_refused(bundle, book_folder):
    extra = ExtraFeature(name="late", label=Label(en="Late", zh="逾期"), group="history")
    other = dataclasses.replace(bundle, extras=(extra,))
    with pytest.raises(InputError, match=r"ICS-TRN-010 extra\.late"):
        compare_models(("a", bundle), ("b", other), read_dataset(book_folder))
