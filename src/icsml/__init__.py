"""Credit-risk assessment of technology SMEs with Innovation Credit System points as features.

The names below are the public API. Each is imported from its module when it is first used, so that ``import icsml`` is
light and a scoring process never loads what only training needs.

>>> import icsml
>>> icsml.load_rulebook("tech-sme-2017").max_score
100.0
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from icsml.decision.assess import assess
    from icsml.decision.decide import decide
    from icsml.decision.frame import frame_scores
    from icsml.errors import IcsmlError
    from icsml.innovation.peers.peer_tables import PeerTables
    from icsml.innovation.rulebooks.load import lint_rulebook, list_rulebooks, load_rulebook
    from icsml.innovation.rulebooks.rulebook import Rulebook
    from icsml.innovation.rulebooks.timeline import rulebook_as_of
    from icsml.innovation.scoring.coverage import coverage
    from icsml.innovation.scoring.describe import describe
    from icsml.innovation.scoring.evaluate import evaluate
    from icsml.innovation.scoring.fit_peers import fit_peers
    from icsml.innovation.scoring.points import Points, points_frame
    from icsml.innovation.scoring.weight_robustness import robustness
    from icsml.innovation.selection.list_file import read_list
    from icsml.innovation.selection.recommended_list import standing
    from icsml.innovation.selection.select import Cut, select
    from icsml.model.bundle import Bundle, read_bundle
    from icsml.model.classifier import NoRankingWarning, PDClassifier, UnnamedEventWarning
    from icsml.portfolio.draft import draft_mapping
    from icsml.portfolio.importer import import_dataset
    from icsml.portfolio.synthetic import synthesize
    from icsml.records.columns import record_columns, to_columns
    from icsml.records.dataset import Dataset, read_dataset, read_records
    from icsml.records.decision import Decision
    from icsml.records.enterprise import EnterpriseRecord, example_record, frame_records, parse_record
    from icsml.reports.decision_page import decision_page
    from icsml.validation.summary import summary
    from icsml.workflows.config import TrainingConfig, load_training_config
    from icsml.workflows.register import train
    from icsml.workflows.report import write_report
    from icsml.workflows.train import train_bundle

    __version__: str

__all__ = [
    "Bundle",
    "Cut",
    "Dataset",
    "Decision",
    "EnterpriseRecord",
    "IcsmlError",
    "NoRankingWarning",
    "PDClassifier",
    "PeerTables",
    "Points",
    "Rulebook",
    "TrainingConfig",
    "UnnamedEventWarning",
    "__version__",
    "assess",
    "coverage",
    "decide",
    "decision_page",
    "describe",
    "draft_mapping",
    "evaluate",
    "example_record",
    "fit_peers",
    "frame_records",
    "frame_scores",
    "import_dataset",
    "lint_rulebook",
    "list_rulebooks",
    "load_rulebook",
    "load_training_config",
    "parse_record",
    "points_frame",
    "read_bundle",
    "read_dataset",
    "read_list",
    "read_records",
    "record_columns",
    "robustness",
    "rulebook_as_of",
    "select",
    "standing",
    "summary",
    "synthesize",
    "to_columns",
    "train",
    "train_bundle",
    "write_report",
]

_MODULES = {
    "decision.assess": ("assess",),
    "decision.decide": ("decide",),
    "decision.frame": ("frame_scores",),
    "errors": ("IcsmlError",),
    "innovation.scoring.coverage": ("coverage",),
    "innovation.scoring.describe": ("describe",),
    "innovation.scoring.evaluate": ("evaluate",),
    "innovation.scoring.fit_peers": ("fit_peers",),
    "innovation.peers.peer_tables": ("PeerTables",),
    "innovation.scoring.points": ("Points", "points_frame"),
    "innovation.scoring.weight_robustness": ("robustness",),
    "innovation.rulebooks.load": ("lint_rulebook", "list_rulebooks", "load_rulebook"),
    "innovation.rulebooks.rulebook": ("Rulebook",),
    "innovation.selection.list_file": ("read_list",),
    "innovation.selection.recommended_list": ("standing",),
    "innovation.selection.select": ("Cut", "select"),
    "innovation.rulebooks.timeline": ("rulebook_as_of",),
    "model.bundle": ("Bundle", "read_bundle"),
    "model.classifier": ("NoRankingWarning", "PDClassifier", "UnnamedEventWarning"),
    "portfolio.draft": ("draft_mapping",),
    "portfolio.importer": ("import_dataset",),
    "portfolio.synthetic": ("synthesize",),
    "records.columns": ("record_columns", "to_columns"),
    "records.dataset": ("Dataset", "read_dataset", "read_records"),
    "records.decision": ("Decision",),
    "records.enterprise": ("EnterpriseRecord", "example_record", "frame_records", "parse_record"),
    "reports.decision_page": ("decision_page",),
    "validation.summary": ("summary",),
    "workflows.config": ("TrainingConfig", "load_training_config"),
    "workflows.register": ("train",),
    "workflows.report": ("write_report",),
    "workflows.train": ("train_bundle",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

if not TYPE_CHECKING:  # a type checker must not take every name for one of ours

    def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562: any public name
        if name == "__version__":
            value = version("icsml")
        elif name in _MODULE_OF:
            value = getattr(import_module(f"icsml.{_MODULE_OF[name]}"), name)
        else:
            raise AttributeError(f"module 'icsml' has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
