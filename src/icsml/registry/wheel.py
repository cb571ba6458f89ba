"""The running icsml as a wheel, so that a model can be installed with its code where no index has icsml."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import distribution, requires, version
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from icsml.core.canonical import sha256_hex
from icsml.core.paths import configs_dir

__all__ = ["Wheel", "icsml_wheel", "pinned_requirements"]

_PACKAGE: Final = Path(__file__).resolve().parents[1]
_CONFIGS: Final = "icsml/_configs"
_WHEEL: Final = "Wheel-Version: 1.0\nGenerator: icsml\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
_SKIPPED: Final = ("__pycache__", ".pyc", ".nbi", ".nbc")


@dataclass(frozen=True)
class Wheel:
    """A wheel in memory: its file name, its content and the SHA-256 of that."""

    name: str
    content: bytes
    sha256: str


@lru_cache(maxsize=1)
def icsml_wheel() -> Wheel:
    """Return the running package as a wheel; the same code gives the same bytes, and its name contains their hash.

    It is made of the files that run, of a regular installation or of a checkout, so that the wheel is the code that
    trained the model and not what a build somewhere else would make of it.
    """
    number = version("icsml")
    info = f"icsml-{number}.dist-info"
    files = dict(sorted(_code())) | {
        # Without the README: an editable installation states it as it was when it was installed.
        f"{info}/METADATA": _stated("METADATA").partition(b"\n\n")[0].rstrip() + b"\n",
        f"{info}/WHEEL": _WHEEL.encode(),
        f"{info}/entry_points.txt": _stated("entry_points.txt"),
        f"{info}/licenses/LICENSE": _stated("licenses/LICENSE"),
    }
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:  # stored: what compression makes depends on the machine's zlib
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, _EARLIEST)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    content = out.getvalue()
    # The build tag: MLflow shares an environment between models whose requirements read alike.
    return Wheel(f"icsml-{number}-0{sha256_hex(content)[:12]}-py3-none-any.whl", content, sha256_hex(content))


def pinned_requirements() -> list[str]:
    """Return the requirements of scoring with icsml, all dependencies included, at the versions installed here."""
    pinned: dict[str, str] = {}
    waiting = _requirements("icsml")
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in pinned or not _applies(requirement):
            continue
        pinned[name] = version(name)
        waiting += _requirements(name)
    return [f"{name}=={number}" for name, number in sorted(pinned.items())]


def _requirements(package: str) -> list[Requirement]:
    return [Requirement(line) for line in requires(package) or () if "extra ==" not in line]


def _applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def _code() -> Iterator[tuple[str, bytes]]:
    """Yield path and content of every file of the package, and of its configuration where that is beside it."""
    for root, prefix in ((_PACKAGE, "icsml"), (configs_dir(), _CONFIGS)):
        if root != _PACKAGE and root.is_relative_to(_PACKAGE):
            continue  # an installed package includes its configuration
        for path in root.rglob("*"):
            if path.is_file() and not any(part.endswith(_SKIPPED) for part in path.relative_to(root).parts):
                yield f"{prefix}/{path.relative_to(root).as_posix()}", path.read_bytes()


def _stated(name: str) -> bytes:
    text = distribution("icsml").read_text(name)
    assert text is not None, name  # noqa: S101 - every installation has it
    return text.encode()


def _record(files: dict[str, bytes], path: str) -> bytes:
    rows = [f"{path},sha256={_short(content)},{len(content)}" for path, content in files.items()]
    return "\n".join([*rows, f"{path},,", ""]).encode()


def _short(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
