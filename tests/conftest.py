"""Fixtures that more than one package's tests need."""

from __future__ import annotations

import bz2
import io
import lzma
import os
import pickle
import pickletools
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from icsml.core.paths import configs_dir
from icsml.core.progress import silent
from icsml.innovation.selection import list_wording
from icsml.model.bundle import Bundle
from icsml.portfolio.synthetic import synthesize
from icsml.texts import catalogue, languages, quantity
from icsml.workflows.config import TrainingConfig, load_training_config
from icsml.workflows.train import Trained, train_bundle

OF_A_RUN = ("ICSML_LEDGER_URL", "ICSML_RULEBOOKS", "MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID", "MLFLOW_TRACKING_URI")
FRENCH = (
    ("  name: English", "  name: Français"),
    ("html_lang: en", "html_lang: fr"),
    ("Why enterprises are in or out", "Pourquoi"),
    ("leverage: leverage", "leverage: levier"),
    ("selected: Selected", "selected: Retenue"),
    ("withdrawn: Taken off the list", "withdrawn: Retirée"),
    ("or else", "ou bien"),
    ('"yes": "yes"', '"yes": "oui"'),
    ("heading: heading", "heading: intitulé"),
)
"""Texts of English, and what a third language says instead."""
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True, scope="module")
def _no_trace() -> Iterator[None]:
    """No file of tests leaves an address to the next: MLflow keeps its own in the process and in the environment."""
    yield
    if (mlflow := sys.modules.get("mlflow")) is not None:
        mlflow.set_tracking_uri(None)
    left = [name for name in OF_A_RUN if os.environ.pop(name, None)]
    assert not left, f"these stayed in the environment: {left}"


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the state of the checkout."""
    monkeypatch.setenv("ICSML_HOME", str(tmp_path / "home"))
    for name in OF_A_RUN:
        monkeypatch.setenv(name, "")  # so that it is taken out again at the end, whoever set it meanwhile
        monkeypatch.delenv(name)


@pytest.fixture
def with_french(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A third language, by one file: that of English, with some texts of its own."""
    folder, shipped = tmp_path / "configs" / "texts", configs_dir() / "texts"
    folder.mkdir(parents=True)
    for language in ("en", "zh"):
        (folder / f"{language}.yaml").write_bytes((shipped / f"{language}.yaml").read_bytes())
    french = (folder / "en.yaml").read_text("utf-8")
    for own in FRENCH:
        assert own[0] in french
        french = french.replace(*own)
    (folder / "fr.yaml").write_text(french, "utf-8")
    for module in (languages, catalogue):
        monkeypatch.setattr(module, "configs_dir", lambda: folder.parent)
    caches = (languages.languages, catalogue._texts, catalogue._content, quantity.units, list_wording._parts)
    for cached in caches:
        cached.cache_clear()
    yield
    monkeypatch.undo()
    for cached in caches:
        cached.cache_clear()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; it lies beside the checkout and is never part of it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no real data sets beside this checkout (../shared/data)")
    return SHARED_DATA


@pytest.fixture(scope="session")
def quick_config() -> TrainingConfig:
    """The shipped training configuration with few rounds: quick, and the same code."""
    config = load_training_config(configs_dir() / "training" / "default.yaml")
    quick = config.model.model_copy(update={"max_rounds": 40, "patience": 20, "inner_folds": 3})
    return config.model_copy(update={"model": quick})


@pytest.fixture(scope="session")
def book_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated book on disk."""
    folder = tmp_path_factory.mktemp("book")
    synthesize(1500, 3, "small", folder, progress=silent)
    return folder


@pytest.fixture(scope="session")
def trained(book_folder: Path, quick_config: TrainingConfig, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A model trained on the small book."""
    return train_bundle(book_folder, quick_config, out=tmp_path_factory.mktemp("trained") / "bundle")


@pytest.fixture(scope="session")
def bundle(trained: Trained) -> Bundle:
    """The bundle of the small model, as read from disk."""
    return trained.bundle


@pytest.fixture(scope="session")
def enterprises(trained: Trained) -> pd.DataFrame:
    """The records of the small book."""
    return trained.dataset.enterprises


COMPRESSED: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": lambda content: zlib.decompressobj(wbits=31).decompress(content),
    b"x": lambda content: zlib.decompressobj().decompress(content),
    b"BZh": bz2.decompress,
    b"\xfd7zXZ\x00": lzma.decompress,
    b"]\x00\x00": lzma.decompress,
}
CLOSED = (b"\x04\x22\x4d\x18", b"\x28\xb5\x2f\xfd")
"""How lz4 and zstandard begin: what they hold cannot be read here, so it is not known to be no pickle."""
MAKERS = {"REDUCE", "BUILD", "NEWOBJ", "NEWOBJ_EX", "OBJ", "INST"}


@pytest.fixture(scope="session")
def holds_a_pickle() -> Callable[[bytes], bool]:
    """Tell of a file's content whether it is or holds a pickle: plain, compressed, in a zip archive or in an array."""
    return _holds_a_pickle


def _holds_a_pickle(content: bytes) -> bool:
    if _is_a_pickle(content) or content.startswith(CLOSED):
        return True
    if content.startswith(np.lib.format.MAGIC_PREFIX):
        return _of_objects(content)
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(_holds_a_pickle(archive.read(member)) for member in archive.namelist())
    inner = next((_opened(content, unpack) for magic, unpack in COMPRESSED.items() if content.startswith(magic)), b"")
    return bool(inner) and _holds_a_pickle(inner)


def _opened(content: bytes, unpack: Callable[[bytes], bytes]) -> bytes:
    try:
        return unpack(content)
    except (OSError, ValueError, EOFError, zlib.error, lzma.LZMAError):  # a text may begin like that
        return b""


def _of_objects(content: bytes) -> bool:
    try:
        np.load(io.BytesIO(content), allow_pickle=False)
    except ValueError:
        return True
    return False


def _is_a_pickle(content: bytes) -> bool:
    """Tell by opcodes. joblib puts the bytes of arrays between them, where reading stops: the beginning must do."""
    names, calls = [], False
    try:
        for operation, argument, _ in pickletools.genops(content):
            names.append(operation.name)
            calls = calls or (operation.name in ("GLOBAL", "INST") and _is_a_name(str(argument)))
    except (ValueError, IndexError, KeyError, OverflowError, struct.error):
        pass
    if content[:1] == b"\x80" and content[1:2] <= bytes([pickle.HIGHEST_PROTOCOL]):
        return len(names) > 1
    return len(names) > 1 and (names[-1] == "STOP" or (calls and not MAKERS.isdisjoint(names)))


def _is_a_name(argument: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][\w.]* [A-Za-z_][\w.]*", argument) is not None
