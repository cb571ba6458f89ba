"""A small but real bundle, a ledger, keys, and a client of the service made from them."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from types import SimpleNamespace

import lightgbm as lgb
import numpy as np
import pytest
from starlette.exceptions import StarletteDeprecationWarning

from icsml.core.paths import configs_dir
from icsml.features.encoder import Encoder
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.innovation.scoring.evaluate import evaluate
from icsml.ledger.store import Ledger
from icsml.model.bundle import BundleParts, write_bundle
from icsml.model.calibrate import Affine
from icsml.model.scale import load_scale
from icsml.model.scorer import Scorer
from icsml.records.columns import record_columns
from icsml.records.enterprise import example_record, parse_record
from icsml.records.extra import ExtraFeature
from icsml.records.fields import FIELDS
from icsml.serving.app import create_app
from icsml.serving.keys import KeyStore, Role, create_key
from icsml.serving.problems import Problem
from icsml.serving.settings import ServingSettings
from icsml.texts.label import Label

with warnings.catch_warnings():
    # The client works with httpx and with its successor, whichever is there.
    warnings.simplefilter("ignore", StarletteDeprecationWarning)
    from fastapi.testclient import TestClient

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
EXTRAS = (ExtraFeature(name="utility_arrears", label=Label(en="Arrears", zh="欠费"), group="conduct", range=(0, None)),)


def _booster(X, y, encoder):
    params = {
        "objective": "binary",
        "num_leaves": 8,
        "min_child_samples": 10,
        "seed": 1,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        "monotone_constraints": list(encoder.directions),
    }
    return lgb.train(params, lgb.Dataset(X, y), num_boost_round=30)


def _columns(rng, n):
    """The example enterprise n times, each number moved."""
    record = parse_record(example_record(EXTRAS))
    columns = {}
    for name, cell in record_columns(record, EXTRAS).items():
        repeated = np.repeat(cell, n)
        columns[name] = repeated * rng.lognormal(0, 0.7, n) if cell.dtype.kind == "f" else repeated
    return columns


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    rng = np.random.default_rng(7)
    columns = _columns(rng, 600)
    rulebook = load_rulebook("national-2025")
    encoder, _ = Encoder.fit_catalogue({field.name for field in FIELDS}, EXTRAS)
    companion = encoder.without_innovation()
    X = encoder.encode(columns, evaluate(rulebook, columns))
    debt = columns["total_liabilities_cny"] / columns["total_assets_cny"]
    y = (debt + rng.normal(0, 0.3, 600) > np.quantile(debt, 0.8)).astype(float)
    parts = BundleParts(
        name="icsml-pd", model=Scorer(_booster(X, y, encoder), encoder, Affine(0.9, -0.2)),
        companion=Scorer(_booster(companion.encode(columns, None), y, companion), companion, Affine(0.8, -0.3)),
        scale=load_scale(configs_dir() / "policy" / "master-scale.yaml"),
        rulebook=rulebook, extras=EXTRAS, event="default", horizon_months=12, synthetic=True, card="A test bundle.\n",
    )  # fmt: skip
    return write_bundle(tmp_path_factory.mktemp("bundles") / "bundle", parts)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def test_client():
    return TestClient


@pytest.fixture
def problem():
    """Read an answer as problem details of the expected status."""

    def read(answer, status):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        found = Problem.model_validate_json(answer.content)
        assert (found.status, found.type) == (status, f"urn:icsml:error:{found.code}")
        assert found.instance == f"urn:uuid:{answer.headers['X-Request-Id']}"
        return found

    return read


@pytest.fixture
def record():
    return example_record(EXTRAS)


@pytest.fixture
def keys(tmp_path):
    """A key of each role for tenant `bank-a`, and one scoring key of `bank-b`."""
    path = tmp_path / "keys.json"
    made = {str(role): create_key(path, "bank-a", role).key for role in Role}
    made["other"] = create_key(path, "bank-b", "score").key
    return SimpleNamespace(path=path, **made)


@pytest.fixture
def ledger(tmp_path):
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as opened:
        yield opened


@pytest.fixture
def make_app(bundle, ledger, keys):
    def make(**changes):
        parts = {"ledger": ledger, "bundle": bundle, "settings": ServingSettings(), "clock": lambda: NOW} | changes
        return create_app(keys=KeyStore.load(keys.path), version="3", **parts)

    return make


@pytest.fixture
def client(make_app, keys):
    """A client that scores for `bank-a`."""
    with TestClient(make_app(), headers={"Authorization": f"Bearer {keys.score}"}) as opened:
        yield opened
