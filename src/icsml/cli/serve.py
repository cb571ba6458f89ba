"""``icsml serve``: the HTTP service."""

from __future__ import annotations

from typing import Annotated

import typer

from icsml.cli.options import ModelRef
from icsml.registry.resolve import DEFAULT_REFERENCE
from icsml.serving.server import serve
from icsml.serving.worker import leave_out_sklearn

__all__ = ["serve_"]


def serve_(
    model: ModelRef = DEFAULT_REFERENCE,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", metavar="H")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port.", metavar="P")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes.", metavar="N")] = None,
) -> None:
    """Serve assessments over HTTP. Keys are mandatory: make one with `icsml keys create`."""
    leave_out_sklearn()
    serve(model, host, port, workers)
