"""A small but real bundle, a ledger, keys, and a client of the service made from them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections import deque
from dataclasses import fields, replace
from datetime import UTC, datetime
from functools import partial
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
from icsml.model.bundle_store import keep_bundle
from icsml.model.calibrate import Affine
from icsml.model.scale import load_scale
from icsml.model.scorer import Scorer
from icsml.records.columns import record_columns
from icsml.records.enterprise import example_record, parse_record
from icsml.records.extra import ExtraFeature
from icsml.records.fields import FIELDS
from icsml.serving.app import create_app
from icsml.serving.keys import KeyStore, Role, create_key
from icsml.serving.live_model import LiveModel
from icsml.serving.problems import Problem
from icsml.serving.readers import Readers
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


@pytest.fixture(scope="session")
def other_bundle(bundle, tmp_path_factory):
    """The same trees with another calibration."""
    parts = {part.name: getattr(bundle, part.name) for part in fields(BundleParts)}
    parts["model"] = replace(bundle.model, calibration=Affine(0.9, -0.4))
    return write_bundle(tmp_path_factory.mktemp("bundles") / "other", BundleParts(**parts))


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
def make_app(bundle, ledger, keys, tmp_path, monkeypatch):
    monkeypatch.setenv("ICSML_HOME", str(tmp_path / "home"))  # for the signing key, the checkpoints and the bundle
    keep_bundle(bundle.folder)
    # A machine that stands still for a moment is no fault of an answer.
    monkeypatch.setattr("icsml.serving.service.Readers", partial(Readers, seconds=60.0))

    def make(**changes):
        model = LiveModel(bundle, "3", NOW)
        parts = {"ledger": ledger, "model": model, "settings": ServingSettings(), "clock": lambda: NOW} | changes
        return create_app(keys=KeyStore.load(keys.path), **parts)

    return make


@pytest.fixture
def client(make_app, keys):
    """A client that scores for `bank-a`."""
    with TestClient(make_app(), headers={"Authorization": f"Bearer {keys.score}"}) as opened:
        yield opened


class Served:
    """`icsml serve` as a process of its own; its events are read as they are written."""

    def __init__(self, arguments, environment):
        self.events, self._changed = [], threading.Condition()
        self.others = deque(maxlen=50)
        command = [sys.executable, "-c", "from icsml.cli.main import run; run()", "serve", *arguments]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | environment)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            with self._changed:
                try:
                    self.events.append(json.loads(line))
                except ValueError:
                    self.others.append(line)
                self._changed.notify_all()
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    ended = False

    def named(self, *names):
        return [event for event in self.events if event.get("event") in names]

    def wait_for(self, *names, count=1):
        """Return the events of these names as soon as there are so many."""
        with self._changed:
            seen = self._changed.wait_for(lambda: self.ended or len(self.named(*names)) >= count, timeout=120)
        found = self.named(*names) if seen else []
        assert len(found) >= count, (names, self.events[-5:], list(self.others))
        return found

    def lines(self):
        """Return the lines that are no JSON, when the process has ended."""
        self._reader.join(timeout=30)
        return list(self.others)

    @property
    def url(self):
        return self.wait_for("ready")[0]["address"]

    def stop(self, number=signal.SIGTERM):
        """Return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        self._reader.join(timeout=30)
        self.process.stderr.close()
        return code


@pytest.fixture
def house(tmp_path, monkeypatch):
    """An ICSML_HOME of its own."""
    monkeypatch.setenv("ICSML_HOME", str(tmp_path / "home"))
    for name in ("ICSML_BUNDLE", "ICSML_MODEL_VERSION", "ICSML_LEDGER_URL", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


@pytest.fixture
def serve_process(house):
    """Start services that are stopped at the end of a test."""
    started = []

    def start(model, *arguments, **environment):
        started.append(Served(["--model", str(model), "--port", "0", *arguments], environment))
        return started[-1]

    yield start
    for served in started:
        served.stop(signal.SIGKILL)
