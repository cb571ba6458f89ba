from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from icsml.features.encoder import Encoder
from icsml.features.reason_codes import load_reason_catalogue
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.model.bundle import BundleParts
from icsml.model.classifier import PDClassifier
from icsml.model.reference import ReferencePopulation
from icsml.model.scale import Grade, MasterScale
from icsml.model.scorer import Scorer
from icsml.records.direction import Direction
from icsml.records.extra import ExtraFeature
from icsml.texts.label import Label

FIELDS = ("total_assets_cny", "total_liabilities_cny", "staff_total", "staff_rd")


def book(rows: int, features: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two features that speak, the others noise, a tenth of the second one missing."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, features))
    risk = -2.0 + 1.5 * X[:, 0] - np.tanh(2.0 * X[:, 1])
    y = (rng.random(rows) < 1.0 / (1.0 + np.exp(-risk))).astype(float)
    X[rng.random(rows) < 0.1, 1] = np.nan
    return X, y


@pytest.fixture(scope="session")
def small_book() -> tuple[np.ndarray, np.ndarray]:
    return book(800, 4, seed=5)


@pytest.fixture(scope="session")
def fitted(small_book: tuple[np.ndarray, np.ndarray]) -> PDClassifier:
    return PDClassifier(max_rounds=60, monotone=[1, -1, 0, 0]).fit(*small_book)


def make_parts(**changes: object) -> BundleParts:
    extra = ExtraFeature(
        name="late_payments",
        label=Label(en="Late payments", zh="逾期次数"),
        group="history",
        direction=Direction.RAISES_RISK,
    )
    encoder, _ = Encoder.fit_catalogue(FIELDS, [extra])
    companion_encoder = encoder.without_innovation()
    assert 0 < len(companion_encoder.features) < len(encoder.features)
    X, y = book(400, len(encoder.features), seed=7)
    model = PDClassifier(max_rounds=25, monotone=encoder.directions).fit(X, y)
    companion = PDClassifier(max_rounds=25, monotone=companion_encoder.directions).fit(
        X[:, : len(companion_encoder.features)], y
    )
    parts: dict[str, Any] = {
        "name": "icsml-pd",
        "model": Scorer(model.booster_, encoder, model.calibration_),
        "companion": Scorer(companion.booster_, companion_encoder, companion.calibration_),
        "rulebook": load_rulebook("national-2025"),
        "scale": MasterScale(
            event="default",
            horizon_months=12,
            offset=487,
            pdo=40,
            grades=(Grade(id="A", upper=0.1), Grade(id="B", upper=1.0)),
        ),
        "extras": (extra,),
        "event": "default",
        "horizon_months": 12,
        "synthetic": True,
        "card": "# Model card\n",
        "training": {"rows": 400, "defaults": int(y.sum()), "rounds": model.rounds_, "seed": 0},
        "never_missing": ("debt_to_assets",),
        "reference": ReferencePopulation("training-applicants", X[:50], {"rd_intensity": 2.5}),
        "reasons": load_reason_catalogue().for_features(encoder.features),
    }
    return BundleParts(**(parts | changes))


@pytest.fixture(scope="session")
def bundle_parts() -> BundleParts:
    return make_parts()
