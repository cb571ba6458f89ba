"""The rows of a csv file line by line: slow and strict, to name a wrong line and the line of a row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from icsml.core.arrays import Ints
from icsml.portfolio.mapping import Source
from icsml.portfolio.reading.text import REQUOTE, Text, unreadable, wrong_encoding

__all__ = ["Heading", "scan_rows"]


@dataclass(frozen=True, slots=True)
class Heading:
    """The headings of a csv file, what parts its fields, and the physical lines up to and with the heading."""

    names: tuple[str, ...]
    separator: str
    lines: int


def scan_rows(source: Source, text: Text, heading: Heading, width: int) -> tuple[Ints, int]:
    """Return the line on which each row begins, and how many lines are blank; refuse the first row of another width."""
    begins: list[int] = []
    blank = 0
    for line, row in _rows(source, text, heading):
        if not row:
            blank += 1
            continue
        if len(row) != width:
            raise unreadable(
                source,
                f"line {text.line(line):,} has {len(row)} fields, the heading in line {heading.lines} has"
                f" {len(heading.names)}",
                "correct the line, or set source.separator, header_row or skip_rows",
            )
        begins.append(line)
    return np.array(begins, dtype=np.int64), blank


def _rows(source: Source, text: Text, heading: Heading) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which each row begins, with its fields: none in a blank line."""
    limit = csv.field_size_limit(1 << 30)
    line = heading.lines + 1
    try:
        with text.stream() as stream:
            for _ in range(heading.lines):
                stream.readline()
            reader = csv.reader(stream, delimiter=heading.separator, strict=True)
            for row in reader:
                yield line, row
                line = heading.lines + reader.line_num + 1
    except UnicodeDecodeError as error:
        raise wrong_encoding(source, text.undecodable()) from error
    except csv.Error as error:
        raise unreadable(source, f"line {text.line(line):,}: {error}", REQUOTE) from error
    finally:
        csv.field_size_limit(limit)
