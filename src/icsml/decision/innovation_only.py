"""The innovation points of one record without a decision: the same code and the same bits as within one."""

from __future__ import annotations

from datetime import date

from icsml.core.canonical import written
from icsml.decision.assess import require_date
from icsml.decision.decision_json import innovation_parts, warning_json
from icsml.decision.decision_warnings import points_warnings
from icsml.decision.extra_features import refuse_undeclared
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.describe import InnovationParts
from icsml.innovation.scoring.evaluate import evaluate
from icsml.model.bundle import BundleParts
from icsml.records.columns import record_columns
from icsml.records.enterprise import EnterpriseRecord
from icsml.records.screening import screen

__all__ = ["innovation_only"]


def innovation_only(bundle: BundleParts, record: EnterpriseRecord, rulebook: Rulebook, on: date) -> bytes:
    """Return the points of one record as canonical JSON, an `icsml.records.innovation_points.InnovationPoints`.

    Parameters
    ----------
    bundle : BundleParts
        The model that decides: a record it does not accept is not acceptable here.
    record : EnterpriseRecord
        The enterprise.
    rulebook : Rulebook
        The rules, those of the model or others.
    on : date
        The day on which the points are given, by which they grow old.

    Raises
    ------
    InputError
        If the record is not acceptable, or the rules rank among peers and have no peer tables (``ICS-RUL-032``).
    """
    refuse_undeclared(bundle, record)
    screening = screen(record_columns(record, bundle.extras), bundle.extras)
    require_date(bundle, screening.columns)
    points, own = evaluate(rulebook, screening.columns), rulebook is bundle.rulebook
    parts = (innovation_parts(bundle) if own else None) or InnovationParts(rulebook)
    warnings = points_warnings(rulebook, record.as_of, on, bundle if own else None)
    return written(
        {
            "enterprise_id": record.enterprise_id,
            "as_of": record.as_of.isoformat() if record.as_of else None,
            "rulebook_sha256": rulebook.sha256,
            "innovation": parts.of_row(points, 0, record.as_of),
            "out_of_range": screening.out_of_range_in(0),
            "warnings": [warning_json(warning) for warning in warnings],
        }
    )
