"""Effects of replacing one rulebook by another: on the rules, a population, and a model's PDs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from icsml.core.progress import Progress, silent
from icsml.decision.assess import Assessment, assess
from icsml.errors import InputError
from icsml.innovation.impact.population_impact import five_quantiles, impact
from icsml.innovation.impact.rule_changes import changes
from icsml.innovation.impact.rulebook_comparison import GradeMigration, PdChange, RulebookComparison
from icsml.innovation.peers.peer_tables import PeerTables
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.innovation.rulebooks.provenance import Provenance
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.fit_peers import fitted
from icsml.innovation.scoring.weight_robustness import QUALIFIED_SHARE
from icsml.innovation.selection.select import Cut
from icsml.model.bundle import BundleParts
from icsml.records.columns import Columns, latest, take, to_columns
from icsml.records.dataset import is_synthetic, read_records
from icsml.records.screening import screen
from icsml.texts.catalogue import text
from icsml.texts.label import Label

__all__ = ["compare", "pd_change"]


def compare(
    a: str | Path,
    b: str | Path,
    *,
    source: Path | None = None,
    top_share: float | None = None,
    cut_off: float | None = None,
    bundle: BundleParts | None = None,
    peers: Sequence[PeerTables] = (),
    lang: str = "en",
    progress: Progress = silent,
) -> RulebookComparison:
    """Compare two rulebooks.

    Parameters
    ----------
    a, b : str or Path
        Identifiers or files: the rules before and after.
    source : Path, optional
        Population, as Parquet; of several records of an enterprise the latest counts. Both rulebooks rank among it
        where they rank.
    top_share, cut_off : float, optional
        Where the list is cut, one of the two; by default the share that qualified nationally.
    bundle : BundleParts, optional
        A model whose PDs are looked at under both.
    peers : sequence of PeerTables
        Peer tables, each for the rulebook it was fitted for.
    lang : str
        Language of the changes.
    progress : callable
        Called with how far it is.

    Raises
    ------
    InputError
        If both cuts are given or one is none, or a model without a population.
    """
    cut = Cut(QUALIFIED_SHARE) if top_share is None and cut_off is None else Cut(top_share, cut_off)
    if source is None and bundle is not None:
        raise InputError("ICS-CLI-003", "needs a population", field="--model", remedy="add --in F")
    before, after = load_rulebook(a), load_rulebook(b)
    differences = changes(before, after, lang)
    hashes = {"a": before.sha256, "b": after.sha256}
    if source is None:
        return RulebookComparison(before.id, after.id, hashes, differences, None, None, None, False, {}, [])
    progress(f"reading {source}")
    columns = _screened(source, bundle)
    _refuse_other_tables(peers, before, after)
    before, after = (fitted(_with_tables(rulebook, peers), columns, source.stem) for rulebook in (before, after))
    progress("scoring by both, and by random weights where weights are assumed")
    effect = impact(before, after, columns, top_share=cut.top_share, cut_off=cut.cut_off)
    synthetic = is_synthetic(source)
    change = None if bundle is None else pd_change(bundle, before, after, columns, simulated_population=synthetic)
    notes = _notes(before, after)
    if synthetic:
        both = change is not None and change.synthetic
        notes.append(text("changes.notes.both_simulated" if both else "changes.notes.population_simulated"))
    stages = after.stage_labels | before.stage_labels
    return RulebookComparison(
        before.id, after.id, hashes, differences, effect, change, source.stem, synthetic, stages, notes
    )


def _with_tables(rulebook: Rulebook, peers: Sequence[PeerTables]) -> Rulebook:
    fitting = [tables for tables in peers if tables.rulebook_sha256 == rulebook.sha256]
    return rulebook.with_peers(fitting[0]) if fitting else rulebook


def _refuse_other_tables(peers: Sequence[PeerTables], *rulebooks: Rulebook) -> None:
    for tables in peers:
        if tables.rulebook_sha256 not in [rulebook.sha256 for rulebook in rulebooks]:
            raise InputError(
                "ICS-RUL-033",
                f"were fitted for {tables.rulebook}, in a version that is none of the two",
                field="--peers",
                remedy="fit them anew with `icsml rulebook fit`",
            )


def pd_change(
    bundle: BundleParts, before: Rulebook, after: Rulebook, columns: Columns, *, simulated_population: bool = False
) -> PdChange:
    """Return how a model's PDs and grades would change were its rulebook replaced without training it again.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    before, after : Rulebook
        The two rulebooks, with peer tables where they rank.
    columns : mapping of str to ndarray of shape (n,)
        Records with the bundle's extra features.
    simulated_population : bool
        Whether the records are simulated, which is said elsewhere of model and records together.
    """
    one, other = (assess(replace(bundle, rulebook=rulebook), columns, explained=False) for rulebook in (before, after))
    change = other.pd - one.pd
    trained = bundle.rulebook.id if bundle.rulebook is not None else None
    return PdChange(
        model=bundle.name,
        rows=len(change),
        trained_with=trained,
        pd_mean_a=float(one.pd.mean()),
        pd_mean_b=float(other.pd.mean()),
        pd_change=five_quantiles(change),
        grade_changed=int((one.grade != other.grade).sum()),
        migration=_migration(bundle, one, other),
        ungraded=int(sum(grade is None for grade in one.grade)),
        synthetic=bundle.synthetic,
        notes=_model_notes(bundle, before, after, simulated_population=simulated_population),
    )


def _migration(bundle: BundleParts, one: Assessment, other: Assessment) -> list[GradeMigration]:
    grades = [grade.id for grade in bundle.scale.grades]
    pairs = pd.DataFrame({"a": one.grade, "b": other.grade}).dropna()
    if pairs.empty:
        return []
    counts = pd.crosstab(pairs["a"], pairs["b"]).reindex(index=grades, columns=grades, fill_value=0)
    met = counts.any(axis=1) | counts.any(axis=0)
    return [
        GradeMigration(grade, {str(name): int(count) for name, count in counts.loc[grade].items() if count})
        for grade in grades
        if met[grade]
    ]


def _model_notes(bundle: BundleParts, before: Rulebook, after: Rulebook, *, simulated_population: bool) -> list[Label]:
    notes = [text("changes.notes.not_trained_again")]
    trained = bundle.rulebook
    if trained is not None and trained.id not in (before.id, after.id):
        notes.append(text("changes.notes.trained_on_another", rulebook=trained.id))
    if trained is not None and after.max_score != trained.max_score:
        scales = {"before": trained.max_score, "after": after.max_score}
        notes.append(text("changes.notes.model_scale", rulebook=after.id, **scales))
    if not bundle.model.encoder.needs_points:
        notes.append(text("changes.notes.reads_no_points"))
    if bundle.synthetic and not simulated_population:
        notes.append(text("changes.notes.model_simulated"))
    return notes


def _notes(before: Rulebook, after: Rulebook) -> list[Label]:
    both = (before, after)
    notes = [
        text(f"changes.notes.not_official.{rulebook.provenance}", rulebook=rulebook.id)
        for rulebook in both
        if rulebook.provenance is not Provenance.OFFICIAL
    ]
    notes += [
        text(
            "changes.notes.ranks_among",
            rulebook=rulebook.id,
            population=tables.population.name,
            rows=tables.population.rows,
        )
        for rulebook in both
        if (tables := rulebook.peer_tables) is not None
    ]
    if before.max_score != after.max_score:
        notes.append(text("changes.notes.scales_differ", before=before.max_score, after=after.max_score))
    return notes


def _screened(source: Path, bundle: BundleParts | None) -> Columns:
    extras = bundle.extras if bundle is not None else ()
    columns = screen(to_columns(read_records(source), extras), extras).columns
    return take(columns, latest(columns))
