"""Functions compiled to machine code; it is kept beside the source, or in ``NUMBA_CACHE_DIR``, once for a machine.

Numba takes most of a second to load, so that a module of compiled functions is imported where it is first needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

__all__ = ["compiled", "inlined"]

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function called from Python; it releases the interpreter's lock and is cached on disk.

    It may call inlined functions of its own folder and of this one. Where there is no place to keep it (a read-only
    installation without a home), each process compiles it anew.
    """
    made: Any = njit(nogil=True)(function)
    try:
        made.enable_caching()
    except RuntimeError:
        return cast(Function, made)
    # Numba looks at the function's own file; what it calls is compiled into it and may have changed too.
    file = made._cache._cache_file
    sources = _sources(Path(function.__code__.co_filename).parent), _sources(Path(__file__).parent)
    file._source_stamp = (file._source_stamp, *sources)
    return cast(Function, made)


def inlined(function: Function) -> Function:
    """Compile a function into those that call it."""
    return cast(Function, njit(inline="always")(function))


@cache
def _sources(folder: Path) -> bytes:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.py")))).digest()
