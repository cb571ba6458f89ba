"""The data set of a run, as MLflow displays it."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any, Final

from icsml.registry.training_record import DatasetFacts

__all__ = ["dataset_input"]

_DIGEST_CHARACTERS: Final = 36  # the width of MLflow's column; the tag dataset_sha256 has all


def dataset_input(mlflow: ModuleType, dataset: DatasetFacts) -> Any:  # noqa: ANN401 - mlflow.entities.DatasetInput
    """Return the data set with its digest, source, columns and number of rows, in the context ``training``."""
    columns = [{"name": name, "type": kind, "required": False} for name, kind in dataset.get("columns", {}).items()]
    stated = {"stated": dataset["stated"]} if dataset.get("stated") else {}
    entity = mlflow.entities.Dataset(
        name=dataset["name"],
        digest=dataset["digest"][:_DIGEST_CHARACTERS],
        source_type="local",
        source=json.dumps({"uri": dataset["source"]} | stated, ensure_ascii=False),
        schema=json.dumps({"mlflow_colspec": columns}, ensure_ascii=False) if columns else None,
        profile=json.dumps({"num_rows": dataset["rows"]}),
    )
    return mlflow.entities.DatasetInput(entity, [mlflow.entities.InputTag("mlflow.data.context", "training")])
