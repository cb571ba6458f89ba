"""The innovation points of every record of a file."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic_core import to_jsonable_python

from icsml.core.progress import Progress
from icsml.core.strict_json import JsonObject
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.evaluate import evaluate
from icsml.innovation.scoring.points import Points, points_frame
from icsml.innovation.scoring.validity import Ages, aged, ages
from icsml.innovation.scoring.weight_robustness import Robustness, robustness
from icsml.records.columns import Columns, take
from icsml.workflows.population import ranked_by, read_columns

__all__ = ["ScoredFile", "score_points"]


@dataclass(frozen=True)
class ScoredFile:
    """Points of a file's records by a rulebook.

    Parameters
    ----------
    rulebook : Rulebook
        The rules, with their peer tables where they rank.
    columns : Columns
        The records.
    points : Points
        Points of each record; no score where it is older than the rules accept on the day of use.
    ages : Ages or None
        How old each score is on the day of use; None without one.
    robustness : Robustness or None
        How much of the ranking depends on assumed weights; None where none is assumed.
    seconds : float
        What the evaluation took.
    """

    rulebook: Rulebook
    columns: Columns
    points: Points
    ages: Ages | None
    robustness: Robustness | None
    seconds: float

    @property
    def rows(self) -> int:
        """Number of records."""
        return len(self.points.score)

    @property
    def unscored(self) -> int:
        """Number of records without a score."""
        return int(np.isnan(self.points.score).sum())

    @property
    def not_in_force(self) -> int:
        """Number of records of days on which the rules were not in force."""
        days = [day for day in self.columns["as_of"].tolist() if day is not None]
        return sum(not self.rulebook.in_force.holds(day) for day in days)

    @property
    def expired(self) -> int | None:
        """Number of records older than the validity of a score; None without a day of use."""
        return None if self.ages is None else int(self.ages.expired.sum())

    @property
    def future(self) -> int | None:
        """Number of records dated after the day of use; None without one."""
        if self.ages is None:
            return None
        return int((np.isnan(self.ages.months) & ~np.isnat(self.columns["as_of"])).sum())

    def frame(self) -> pd.DataFrame:
        """Return one row for each record."""
        frame = points_frame(self.points, self.columns)
        if self.ages is not None:
            frame["age_months"], frame["valid_until"] = self.ages.months, self.ages.until.astype("datetime64[us]")
            frame["expired"] = self.ages.expired
        return frame

    def as_json(self) -> JsonObject:
        """Return the counts as a JSON object."""
        tables = self.rulebook.peer_tables
        return {
            "rows": self.rows,
            "rulebook": self.rulebook.id,
            "provenance": str(self.rulebook.provenance),
            "score_provenance": str(self.rulebook.score_provenance),
            "not_in_force": self.not_in_force,
            "no_score": self.unscored,
            "expired": self.expired,
            "future": self.future,
            "peers": None if tables is None else {"sha256": tables.sha256, "rows": tables.population.rows},
            "robustness": to_jsonable_python(self.robustness),
            "seconds": self.seconds,
        }

    def warnings(self) -> list[str]:
        """Return warnings for a reader of the scores, in words."""
        validity = self.rulebook.validity
        refused = validity is not None and validity.expired == "refuse"
        outcome = "have no score" if refused else "keep their score; see the column age_months"
        counts = {
            f"{self.rulebook.id} was not in force on the date of {{:,}} rows; they are scored all the same": (
                self.not_in_force
            ),
            f"{{:,}} rows are older than the score's validity and {outcome}": self.expired,
            "{:,} rows are dated after the day, so their scores have no age yet": self.future,
            "{:,} rows have no score; the columns rule.ID say why": self.unscored,
        }
        return [text.format(count) for text, count in counts.items() if count]

    def text(self, out: Path) -> str:
        """Return a summary in words."""
        mean = f"{np.nanmean(self.points.score):.1f}" if self.rows > self.unscored else "–"
        by = f"{self.rulebook.id} ({self.rulebook.provenance})"
        line = f"{self.rows:,} rows by {by}, mean {mean} of {self.rulebook.max_score:g}, in {out}"
        return line if self.robustness is None else f"{line}\n{self.robustness.sentence()}"


def score_points(
    rulebook: Rulebook, source: Path, *, used_on: date | None, peers: Path | None, progress: Progress
) -> ScoredFile:
    """Score every record of a file by a rulebook.

    Parameters
    ----------
    rulebook : Rulebook
        The rules.
    source : Path
        The records.
    used_on : date, optional
        Day the scores are used on, by which they grow old; records after it are nobody's peers.
    peers : Path, optional
        Peer tables; by default those of the file itself.
    progress : callable
        Called with a line of text when the file's own enterprises are taken for peers.

    Raises
    ------
    InputError
        If the file or the peer tables are not acceptable.
    """
    columns = read_columns(source)
    filed = columns if used_on is None else take(columns, ~(columns["as_of"] > np.datetime64(used_on, "D")))
    rulebook = ranked_by(rulebook, filed, peers, source, progress)
    started = time.perf_counter()
    points = evaluate(rulebook, columns)
    seconds = time.perf_counter() - started
    robust = robustness(rulebook, points)
    age = None if used_on is None else ages(rulebook, columns["as_of"], used_on)
    scored = points if age is None else aged(rulebook, points, age)
    return ScoredFile(rulebook, columns, scored, age, robust, seconds)
