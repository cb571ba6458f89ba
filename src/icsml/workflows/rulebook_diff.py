"""What moving from one rulebook to another does: the rules, a population, and a model's PDs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from icsml.core.progress import Progress, silent
from icsml.decision.assess import Assessment, assess
from icsml.errors import InputError
from icsml.innovation.impact.population_impact import Impact, impact
from icsml.innovation.impact.rule_changes import Change, changes
from icsml.innovation.peers.peer_tables import PeerTables
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.evaluate import fitted
from icsml.innovation.scoring.weight_robustness import QUALIFIED_SHARE
from icsml.innovation.selection.select import Cut
from icsml.model.bundle import BundleParts
from icsml.records.columns import Columns, latest, take, to_columns
from icsml.records.dataset import is_synthetic, read_records
from icsml.records.screening import screen
from icsml.texts.label import Label

__all__ = ["Comparison", "compare", "pd_moves"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rulebooks compared.

    Parameters
    ----------
    a, b : str
        Their identifiers.
    sha256 : tuple of (str, str)
        SHA-256 of both rulebooks.
    changes : list of Change
        What they say differently.
    impact : Impact or None
        What that does to a population; None where none was given.
    moves : mapping or None
        How a model's PDs and grades move, see :func:`pd_moves`; None where no model was given.
    population : str or None
        Name of the population.
    synthetic : bool
        Whether it is simulated.
    stages : dict of str to Label
        Names of the stages of both.
    notes : list of Label
        What a reader must know besides.
    """

    a: str
    b: str
    sha256: tuple[str, str]
    changes: list[Change]
    impact: Impact | None
    moves: Mapping[str, Any] | None
    population: str | None
    synthetic: bool
    stages: dict[str, Label]
    notes: list[Label]

    def as_json(self) -> dict[str, Any]:
        """Return the comparison as a JSON object; ``swap_set`` counts those who enter or leave."""
        effect = self.impact
        found: dict[str, Any] = {
            "a": self.a,
            "b": self.b,
            "sha256": {"a": self.sha256[0], "b": self.sha256[1]},
            "changes": [change.as_json() for change in self.changes],
            "swap_set": None if effect is None else effect.entered + effect.left,
            "score_mean_a": None if effect is None else effect.a["mean"],
            "score_mean_b": None if effect is None else effect.b["mean"],
        }
        return found | {
            "impact": None if effect is None else effect.as_json(),
            "model": None if self.moves is None else dict(self.moves),
            "population": self.population,
            "synthetic": self.synthetic,
            "notes": [note.model_dump() for note in self.notes],
        }


def compare(
    a: str | Path,
    b: str | Path,
    *,
    source: Path | None = None,
    top_share: float | None = None,
    cut_off: float | None = None,
    bundle: BundleParts | None = None,
    peers: Sequence[PeerTables] = (),
    lang: Literal["en", "zh"] = "en",
    progress: Progress = silent,
) -> Comparison:
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
    lang : {'en', 'zh'}
        Language of what the rules say.
    progress : callable
        Told how far it is.

    Raises
    ------
    InputError
        If both cuts are given or one is none, or a model without a population.
    """
    cut = Cut(QUALIFIED_SHARE) if top_share is None and cut_off is None else Cut(top_share, cut_off)
    if source is None and bundle is not None:
        raise InputError("ICS-CLI-003", "needs a population", field="--model", remedy="add --in F")
    before, after = load_rulebook(a), load_rulebook(b)
    found = changes(before, after, lang)
    hashes = before.sha256, after.sha256
    if source is None:
        return Comparison(before.id, after.id, hashes, found, None, None, None, False, {}, [])
    progress(f"reading {source}")
    columns = _screened(source, bundle)
    _refuse_strangers(peers, before, after)
    before, after = (fitted(_with_own(rulebook, peers), columns, source.stem) for rulebook in (before, after))
    progress("scoring by both, and by random weights where weights are assumed")
    effect = impact(before, after, columns, top_share=cut.top_share, cut_off=cut.cut_off)
    moves = None if bundle is None else pd_moves(bundle, before, after, columns)
    synthetic = is_synthetic(source)
    notes = _notes(before, after)
    if synthetic:
        notes.append(_SIMULATED_BOTH if bundle is not None and bundle.synthetic else _SIMULATED_POPULATION)
        if moves is not None:
            moves["notes"] = [note for note in moves["notes"] if note != _SIMULATED_MODEL.model_dump()]
    stages = after.stage_labels | before.stage_labels
    return Comparison(before.id, after.id, hashes, found, effect, moves, source.stem, synthetic, stages, notes)


def _with_own(rulebook: Rulebook, peers: Sequence[PeerTables]) -> Rulebook:
    own = [tables for tables in peers if tables.rulebook_sha256 == rulebook.sha256]
    return rulebook.with_peers(own[0]) if own else rulebook


def _refuse_strangers(peers: Sequence[PeerTables], *rulebooks: Rulebook) -> None:
    for tables in peers:
        if tables.rulebook_sha256 not in [rulebook.sha256 for rulebook in rulebooks]:
            raise InputError(
                "ICS-RUL-033",
                f"were fitted for {tables.rulebook}, in a version that is none of the two",
                field="--peers",
                remedy="fit them anew with `icsml rulebook fit`",
            )


def pd_moves(bundle: BundleParts, before: Rulebook, after: Rulebook, columns: Columns) -> dict[str, Any]:
    """Return how a model's PDs and grades would move were its rulebook replaced without training it again.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    before, after : Rulebook
        The two rulebooks, with peer tables where they rank.
    columns : mapping of str to ndarray of shape (n,)
        Records with the bundle's extra features.

    Returns
    -------
    dict
        JSON: ``pd_mean_a``, ``pd_mean_b``, quantiles of the change, ``grade_changed``, ``migration`` (grade by grade),
        ``ungraded`` (rows too short of facts for a grade) and ``notes``.
    """
    one, other = (assess(replace(bundle, rulebook=rulebook), columns, explained=False) for rulebook in (before, after))
    change = other.pd - one.pd
    quantiles = np.quantile(change, [0.05, 0.25, 0.5, 0.75, 0.95])
    trained = bundle.rulebook.id if bundle.rulebook is not None else None
    return {
        "model": bundle.name,
        "rows": len(change),
        "trained_with": trained,
        "pd_mean_a": float(one.pd.mean()),
        "pd_mean_b": float(other.pd.mean()),
        "pd_change": {name: float(q) for name, q in zip(("p5", "p25", "p50", "p75", "p95"), quantiles, strict=True)},
        "grade_changed": int((one.grade != other.grade).sum()),
        "migration": _migration(bundle, one, other),
        "ungraded": int(sum(grade is None for grade in one.grade)),
        "synthetic": bundle.synthetic,
        "notes": [note.model_dump() for note in _model_notes(bundle, before, after)],
    }


def _migration(bundle: BundleParts, one: Assessment, other: Assessment) -> list[dict[str, Any]]:
    grades = [grade.id for grade in bundle.scale.grades]
    pairs = pd.DataFrame({"a": one.grade, "b": other.grade}).dropna()
    if pairs.empty:
        return []
    counts = pd.crosstab(pairs["a"], pairs["b"]).reindex(index=grades, columns=grades, fill_value=0)
    met = counts.any(axis=1) | counts.any(axis=0)
    return [
        {"grade": grade, "to": {name: int(count) for name, count in counts.loc[grade].items() if count}}
        for grade in grades
        if met[grade]
    ]


def _model_notes(bundle: BundleParts, before: Rulebook, after: Rulebook) -> list[Label]:
    notes = [
        Label(
            en="The model is not trained again: this is what would happen if its rulebook were replaced as it stands.",
            zh="未重新训练模型：此处为直接替换其积分规则的结果。",
        )
    ]
    trained = bundle.rulebook
    if trained is not None and trained.id not in (before.id, after.id):
        notes.append(
            Label(
                en=f"It was trained on the points of {trained.id}, and neither rulebook is that one.",
                zh=f"模型以 {trained.id} 的积分训练，所比较的两套规则均非该规则。",
            )
        )
    if trained is not None and after.max_score != trained.max_score:
        scales = f"{trained.max_score:g}", f"{after.max_score:g}"
        notes.append(
            Label(
                en=f"Its points were of {scales[0]}; those of {after.id} are of {scales[1]}.",
                zh=f"模型训练所用积分满分为 {scales[0]}，{after.id} 满分为 {scales[1]}。",
            )
        )
    if not bundle.model.encoder.needs_points:
        notes.append(Label(en="It does not read points, so nothing moves.", zh="模型不使用积分，故无变化。"))
    if bundle.synthetic:
        notes.append(_SIMULATED_MODEL)
    return notes


_SIMULATED_POPULATION = Label(
    en="The population is simulated: it shows the machinery and is no evidence.",
    zh="样本为模拟数据：仅演示系统，不构成任何证据。",
)
_SIMULATED_MODEL = Label(en="It was trained on simulated data: no evidence.", zh="模型由模拟数据训练，不构成任何证据。")
_SIMULATED_BOTH = Label(
    en="The population is simulated, and the model was trained on simulated data: this shows the machinery and is no"
    " evidence about any firm.",
    zh="样本为模拟数据，模型亦由模拟数据训练：仅演示系统，不构成任何证据。",
)
_PROVENANCE_ZH = {"assumed": "含假设成分", "published": "依据公开来源"}


def _peers_of(rulebook: Rulebook) -> str:
    tables = rulebook.peer_tables
    return "nobody" if tables is None else f"{tables.population.name} ({tables.population.rows:,})"


def _notes(before: Rulebook, after: Rulebook) -> list[Label]:
    both = (before, after)
    notes = [
        Label(
            en=f"{each.id} is {each.provenance}: no score of it is an official score.",
            zh=f"{each.id} {_PROVENANCE_ZH[str(each.provenance)]}，其积分均非官方积分。",
        )
        for each in both
        if str(each.provenance) != "official"
    ]
    notes += [
        Label(
            en=f"{each.id} ranks among peers: here among {_peers_of(each)}.",
            zh=f"{each.id} 按同类企业排名计分，参照样本：{_peers_of(each)}。",
        )
        for each in both
        if each.ranked
    ]
    if before.max_score != after.max_score:
        scales = f"{before.max_score:g}", f"{after.max_score:g}"
        notes.append(
            Label(
                en=f"The scales differ ({scales[0]} and {scales[1]}): compare shares and ranks, not points.",
                zh=f"两套规则满分不同（{scales[0]} 与 {scales[1]}）：请比较占比与名次，而非分值。",
            )
        )
    return notes


def _screened(source: Path, bundle: BundleParts | None) -> Columns:
    extras = bundle.extras if bundle is not None else ()
    columns = screen(to_columns(read_records(source), extras), extras).columns
    return take(columns, latest(columns))
