"""What benchmarks share: a model trained on simulated firms, and their command line."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from icsml.core.progress import silent
from icsml.portfolio.synthetic import synthesize
from icsml.workflows.config import load_training_config
from icsml.workflows.train import Trained, train_bundle

__all__ = ["command", "trained_model"]


@contextmanager
def trained_model(enterprises: int) -> Iterator[Trained]:
    """Train as shipped on so many simulated firms; the folder is removed at the end."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        synthesize(enterprises, 11, "small", folder / "book", progress=silent)
        yield train_bundle(folder / "book", load_training_config(), out=folder / "bundle")


def command(
    description: str | None,
    run: Callable[[int], dict[str, Any]],
    table: Callable[[Any], str],
    option: str,
    default: int,
) -> int:
    """Run a benchmark in the size that its option gives, and print the table and the JSON."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(option, type=int, default=default, dest="size", metavar="N")
    results = run(parser.parse_args().size)
    print(table(results))
    print(json.dumps(results, indent=1))
    return 0
