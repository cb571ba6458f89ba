"""Find, verify and keep the bundle of a reference in a process of its own: MLflow is never in the service's memory.

``python -m icsml.serving.resolving REF KNOWN`` prints one line of JSON: the notice of the bundle, or the error. Unless
KNOWN is the hash of the bundle, or ``any``, the bundle is read whole, as a worker will.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Final

import icsml.errors
from icsml.errors import IcsmlError, MissingError
from icsml.serving.model_notice import ModelNotice

__all__ = ["ANY", "Resolution"]

ANY: Final = "any"
"""Any bundle: whoever uses it reads it himself."""

_SECONDS: Final = 120.0


class Resolution:
    """A reference that is being resolved.

    Parameters
    ----------
    reference : str
        A model of the registry or a bundle folder.
    known : str
        Hash of a bundle that was read before and need not be read again, or `ANY`; by default the bundle is read.
    """

    def __init__(self, reference: str, known: str = "") -> None:
        self._reference = reference
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", __name__, reference, known],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # MLflow's own lines are no events of the service
            start_new_session=True,  # Ctrl-C is for the service, which stops this process
        )

    def result(self) -> ModelNotice:
        """Wait for the notice.

        Raises
        ------
        IcsmlError
            The error of the process, as `icsml.registry.resolve.fetch_bundle` and
            `icsml.model.bundle.read_bundle` raise it.
        MissingError
            ``ICS-SRV-027`` if the process ended otherwise or takes longer than two minutes.
        """
        try:
            printed, _ = self._process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise _unresolved(self._reference) from error
        finally:
            self.stop()
        line = printed.decode("utf-8").strip()
        if self._process.returncode or not line:
            raise _unresolved(self._reference)
        answer = json.loads(line)
        if "notice" in answer:
            return ModelNotice.model_validate(answer["notice"])
        raise _error_from(answer["error"])

    def stop(self) -> None:
        """End the process where it still runs."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


def _unresolved(reference: str) -> MissingError:
    return MissingError(
        "ICS-SRV-027",
        "the process that finds the model ended without one",
        field=reference,
        remedy="see what `icsml model show --model` says of it",
    )


def _error_from(told: dict[str, str | None]) -> IcsmlError:
    kind: type[IcsmlError] = getattr(icsml.errors, str(told["type"]))
    return kind(str(told["code"]), str(told["message"]), field=told["field"], remedy=told["remedy"])


def _resolved(reference: str, known: str) -> ModelNotice:
    from icsml.registry.resolve import fetch_bundle

    fetched = fetch_bundle(reference)
    notice = ModelNotice.of(fetched.folder.absolute(), fetched.version)
    if known not in (notice.sha256, ANY):
        from icsml.model.bundle import read_bundle

        read_bundle(notice.folder)
    return notice.kept()


def _main(reference: str, known: str) -> None:
    if known not in ("", ANY):
        os.nice(10)  # the service runs meanwhile
    try:
        answer: dict[str, object] = {"notice": _resolved(reference, known).model_dump(mode="json")}
    except IcsmlError as error:
        told = {"code": error.code, "message": error.message, "field": error.field, "remedy": error.remedy}
        answer = {"error": {"type": type(error).__name__, **told}}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    # MLflow's threads would hold the process back for a second.
    os._exit(0)


if __name__ == "__main__":
    _main(*sys.argv[1:])
