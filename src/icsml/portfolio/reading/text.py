"""The bytes of a csv file as text in UTF-8, whatever its encoding."""

from __future__ import annotations

import codecs
import gzip
import io
import mmap
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from icsml.core.arrays import Ints
from icsml.errors import InputError
from icsml.portfolio.mapping import Source

__all__ = ["REQUOTE", "Text", "count_bytes", "line_count", "read_text", "unreadable", "wrong_encoding"]

REQUOTE = "close or double the quotation mark in this line"
"""What to do about a line that the strict reader cannot read."""

_UTF8 = frozenset({"utf-8", "utf-8-sig"})


@dataclass(frozen=True, slots=True)
class Text:
    """The bytes of a file in UTF-8 without the lines that the mapping skips, and the numbers of those that are left."""

    data: memoryview
    kept: Ints | None = None

    def stream(self) -> io.TextIOWrapper:
        """Return the text from its beginning; line ends stay as they are."""
        raw = io.BufferedReader(_Window(self.data))
        return io.TextIOWrapper(raw, "utf-8", newline="")

    def line(self, number: int) -> int:
        """Return the number in the file of a line of this text, both counted from 1."""
        return number if self.kept is None else int(self.kept[number - 1])

    def undecodable(self) -> int:
        """Return the line, in the file, of the first byte that is no UTF-8."""
        try:
            bytes(self.data).decode("utf-8")
        except UnicodeDecodeError as error:
            return self.line(bytes(self.data[: error.start]).count(b"\n") + 1)
        return 1


class _Window(io.RawIOBase):
    """Read-only bytes as a raw stream, without a copy of the whole."""

    def __init__(self, data: memoryview) -> None:
        super().__init__()
        self._data, self._at = data, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._data[self._at : self._at + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def read_text(source: Source, path: Path) -> Text:
    """Read a file, gzipped or not, without the line ends that follow its last line.

    Raises
    ------
    InputError
        If it is empty, or no text in the encoding; names the line.
    """
    raw: bytes | mmap.mmap
    with path.open("rb") as file:
        if path.suffix.lower() == ".gz":
            try:
                raw = gzip.decompress(file.read())
            except (OSError, EOFError) as error:
                raise unreadable(source, "not a sound gzip file", "compress it again") from error
        else:
            raw = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""
    if not len(raw):
        raise InputError("ICS-DAT-003", "the file is empty", field=source.file, remedy="check the export")
    if _codec(source) in _UTF8:
        start = 3 if raw[:3] == codecs.BOM_UTF8 else 0
        return Text(_trimmed(memoryview(raw)[start:]))
    try:
        decoded = bytes(raw).decode(source.encoding)
    except UnicodeDecodeError as error:
        raise wrong_encoding(source, raw[: error.start].count(b"\n") + 1) from error
    return Text(_trimmed(memoryview(decoded.removeprefix("\ufeff").encode("utf-8"))))


def _trimmed(data: memoryview) -> memoryview:
    """Return the bytes without the line ends that follow the last line; lines may all end by a carriage return."""
    end = len(data)
    while end and data[end - 1] in b"\r\n":
        end -= 1
    return data[:end] if line_count(data) > 1 else memoryview(bytes(data[:end]).replace(b"\r", b"\n"))


def _codec(source: Source) -> str:
    try:
        return codecs.lookup(source.encoding).name
    except LookupError as error:
        raise unreadable(source, f"no such encoding as {source.encoding}", "set source.encoding") from error


def wrong_encoding(source: Source, line: int) -> InputError:
    """Return the error of a file that is not in the encoding stated."""
    stated = "encoding" in source.model_fields_set
    remedy = "correct source.encoding, or take it out" if stated else "set source.encoding, for instance gb18030"
    return unreadable(source, f"not text in {source.encoding}, see line {line:,}", remedy)


def unreadable(source: Source, what: str, remedy: str) -> InputError:
    """Return the error of a file that cannot be read."""
    return InputError("ICS-DAT-002", what, field=source.file, remedy=remedy)


def line_count(data: memoryview) -> int:
    """Return the number of lines by their line feeds; the last line has none."""
    return count_bytes(data, b"\n") + 1


def count_bytes(data: memoryview, byte: bytes) -> int:
    """Return how often a byte occurs."""
    values = np.frombuffer(data, dtype=np.uint8)
    step = 1 << 22
    return sum(int(np.count_nonzero(values[at : at + step] == byte[0])) for at in range(0, len(values), step))
