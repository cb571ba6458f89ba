"""Peer tables: distribution of a population's values by group, so that a value can be ranked among peers.

A table has, for each group and indicator, the 100 values at which the whole percentage of peers with a smaller value
goes up by one: ``thresholds[k - 1]`` is the value above which at least k per cent of the peers are below. So the rank
is exactly ``floor(100 · #{peers with a smaller value} / n)``, and a table has no enterprise's whole record. A group
with fewer known values than ``min_peers`` has no table of its own: its rows are ranked in the next coarser group.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, cast, get_args

import numpy as np
import pandas as pd

from icsml.core.arrays import Array, Floats, Indices, Int8s, Ints
from icsml.core.canonical import sha256_hex
from icsml.errors import InputError, MissingError
from icsml.records.columns import Columns, rows

__all__ = [
    "MOST_LEVELS",
    "NO_PEERS",
    "PERCENTILES",
    "GroupKey",
    "PeerAssignment",
    "PeerTables",
    "Peers",
    "Population",
    "assign_peers",
    "everybody_last",
]

PERCENTILES: Final = 100
MOST_LEVELS: Final = 8
"""Most levels of groups, everybody included."""
FORMAT: Final = 1
GroupKey = Literal["technical_field", "stage", "province", "region", "industry"]
Cell = tuple[str, ...]
_SECTION, _PROVINCE = 1, 2  # letters of an industry, digits of a region


@dataclass(frozen=True, slots=True, eq=False)
class PeerAssignment:
    """The finest group of every row.

    Parameters
    ----------
    keys : tuple of str
        What the groups are made by.
    combinations : list of tuple of (str or None)
        Every combination of keys that occurs, None where a key is missing.
    combination : ndarray of int of shape (n,)
        That of every row.
    """

    keys: tuple[GroupKey, ...]
    combinations: list[tuple[str | None, ...]]
    combination: Indices

    def cells(self, level: Sequence[GroupKey]) -> list[Cell | None]:
        """Return the group of every combination at a level; None where one of its keys is missing."""
        indices = [self.keys.index(key) for key in level]
        parts = [tuple(combination[index] for index in indices) for combination in self.combinations]
        return [None if None in part else cast(Cell, part) for part in parts]


class Peers(NamedTuple):
    """The peers that the values of r options are ranked among, for each of c combinations of keys.

    Parameters
    ----------
    combination : ndarray of int of shape (n,)
        That of every row.
    thresholds : ndarray of shape (r, c, 100)
        Thresholds of the nearest group with a table.
    level : ndarray of int of shape (r, c)
        Level of that group.
    """

    combination: Indices
    thresholds: Floats
    level: Ints


NO_PEERS: Final = Peers(np.empty(0, dtype=np.intp), np.empty((0, 0, PERCENTILES)), np.empty((0, 0), dtype=np.int64))
"""Where nothing is ranked."""


@dataclass(frozen=True, slots=True)
class Population:
    """The population used to fit the tables."""

    name: str
    rows: int
    since: str | None
    until: str | None


@dataclass(frozen=True, eq=False)
class PeerTables:
    """Fitted peer tables of one rulebook.

    Parameters
    ----------
    rulebook, rulebook_sha256 : str
        The rulebook they belong to.
    population : Population
        Whom they were fitted on.
    levels : tuple of tuple of str
        Groups from fine to coarse; the last one, without keys, is everybody.
    min_peers : int
        Fewest known values for a table.
    thresholds : dict of str to list of dict
        By indicator and level: group to thresholds of shape (100,).
    content : bytes
        The JSON they were read from or are written as.
    """

    rulebook: str
    rulebook_sha256: str
    population: Population
    levels: tuple[tuple[GroupKey, ...], ...]
    min_peers: int
    thresholds: Mapping[str, Sequence[Mapping[Cell, Floats]]]
    content: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """SHA-256 of :attr:`content`, the version of the tables."""
        return sha256_hex(self.content)

    def peers(self, assignment: PeerAssignment, names: Sequence[str]) -> Peers:
        """Return the peers of assigned rows for some options, by their keys in `thresholds`."""
        cells = list(zip(*(assignment.cells(level) for level in self.levels), strict=True))
        nearest = [[_nearest_table(self.thresholds[name], cell) for cell in cells] for name in names]
        return Peers(
            assignment.combination,
            np.array([[table for _, table in of_name] for of_name in nearest]).reshape(len(names), -1, PERCENTILES),
            np.array([[level for level, _ in of_name] for of_name in nearest], dtype=np.int64),
        )

    @classmethod
    def fit(
        cls,
        values: Mapping[str, Floats],
        assignment: PeerAssignment,
        *,
        rulebook: str,
        rulebook_sha256: str,
        population: Population,
        levels: Sequence[tuple[GroupKey, ...]],
        min_peers: int,
    ) -> PeerTables:
        """Fit tables on a population.

        Parameters
        ----------
        values : dict of str to ndarray of shape (n,)
            Values by indicator, larger is better; NaN is missing and no peer.
        assignment : PeerAssignment
            Groups of the population.
        rulebook, rulebook_sha256 : str
            The rulebook the tables belong to.
        population : Population
            Whom it is.
        levels : sequence of tuple of str
            Groups from fine to coarse.
        min_peers : int
            Fewest known values for a table; the coarsest level, which includes everybody, needs one.
        """
        complete = everybody_last(levels)
        cells = [_cells(assignment, keys) for keys in complete]
        thresholds = {
            name: [
                _fit_level(value, codes, names, min_peers if keys else 1)
                for keys, (codes, names) in zip(complete, cells, strict=True)
            ]
            for name, value in values.items()
        }
        parts = (rulebook, rulebook_sha256, population, complete, min_peers, thresholds)
        return cls(*parts, content=_content(*parts))

    def write(self, path: Path) -> None:
        """Write :attr:`content`."""
        path.write_bytes(self.content)

    @classmethod
    def read(cls, path: Path) -> PeerTables:
        """Read tables from a file.

        Raises
        ------
        MissingError
            If there is no such file.
        InputError
            If it contains no peer tables.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise MissingError("ICS-RUL-030", "no such file", field=str(path), remedy="check the path") from error
        return cls.parse(content, str(path))

    @classmethod
    def parse(cls, content: bytes, name: str) -> PeerTables:
        """Read tables from the bytes of a file.

        Raises
        ------
        InputError
            If they contain no peer tables.
        """
        try:
            parsed = json.loads(content)
            levels = tuple(tuple(level) for level in parsed["levels"])
            if parsed["format"] != FORMAT or levels[-1:] != ((),) or not {*chain(*levels)} <= {*get_args(GroupKey)}:
                raise ValueError("format or levels")
            return cls(
                parsed["rulebook"],
                parsed["rulebook_sha256"],
                Population(**parsed["population"]),
                levels,
                int(parsed["min_peers"]),
                {
                    name: [_level(cells, keys) for cells, keys in zip(tables, levels, strict=True)]
                    for name, tables in parsed["thresholds"].items()
                },
                content=content,
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(
                "ICS-RUL-030",
                "no peer tables that this version reads",
                field=name,
                remedy="make them with `icsml rulebook fit`",
            ) from error


def everybody_last(levels: Sequence[tuple[GroupKey, ...]]) -> tuple[tuple[GroupKey, ...], ...]:
    """Return groups from fine to coarse with everybody as the last one."""
    return tuple(levels) if levels and levels[-1] == () else (*levels, ())


def _nearest_table(levels: Sequence[Mapping[Cell, Floats]], cells: Sequence[Cell | None]) -> tuple[int, Floats]:
    """Return the finest level at which a row's group has a table, and that table."""
    for number, (tables, cell) in enumerate(zip(levels, cells, strict=True)):
        if cell is not None and (table := tables.get(cell)) is not None:
            return number, table
    return len(levels) - 1, np.full(PERCENTILES, np.inf)


def assign_peers(
    columns: Columns, stage: Int8s, stages: Sequence[str], levels: Sequence[Sequence[GroupKey]]
) -> PeerAssignment:
    """Return the finest group of every row.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n,)
        Canonical column arrays.
    stage : ndarray of int of shape (n,)
        Index of each row's stage in ``stages``, -1 where there is none.
    stages : sequence of str
        Identifiers of the stages.
    levels : sequence of sequence of str
        Groups from fine to coarse.
    """
    keys = tuple(dict.fromkeys(key for level in levels for key in level))
    n = rows(columns)
    code = np.zeros(n, dtype=np.intp)
    combinations: list[tuple[str | None, ...]] = [()] if n else []
    for key in keys:
        part, names = (stage + np.intp(1), [None, *stages]) if key == "stage" else _factorized(columns, key)
        code, combinations = _combined(code, combinations, part, names)
    return PeerAssignment(keys, combinations, code)


def _factorized(columns: Columns, key: GroupKey) -> tuple[Indices, list[str | None]]:
    match key:
        case "province":
            return _shortened(*_codes(columns["region"]), _PROVINCE)
        case "industry":
            return _shortened(*_codes(columns["industry"]), _SECTION)
        case _:
            return _codes(columns[key])


def _codes(values: Array) -> tuple[Indices, list[str | None]]:
    if len(values) == 1:
        return np.zeros(1, dtype=np.intp), [values[0]]
    codes, names = pd.factorize(values)  # a missing one is -1
    return codes + 1, [None, *(str(name) for name in names)]


def _shortened(codes: Indices, names: list[str | None], length: int) -> tuple[Indices, list[str | None]]:
    short = [None if name is None else name[:length] for name in names]
    distinct = list(dict.fromkeys(short))
    index = {name: number for number, name in enumerate(distinct)}
    return np.array([index[name] for name in short], dtype=np.intp)[codes], distinct


def _combined(
    code: Indices, combinations: list[tuple[str | None, ...]], part: Indices, names: list[str | None]
) -> tuple[Indices, list[tuple[str | None, ...]]]:
    """Join one more key to combinations, keeping those that occur."""
    # A pair of codes as one number, as digits of base len(names); then numbered anew without gaps.
    joint = code * len(names) + part
    present = np.flatnonzero(np.bincount(joint, minlength=len(combinations) * len(names)))
    renumbered = np.zeros(len(combinations) * len(names), dtype=np.intp)
    renumbered[present] = np.arange(len(present))
    pairs = [divmod(number, len(names)) for number in present.tolist()]
    return renumbered[joint], [(*combinations[combination], names[name]) for combination, name in pairs]


def _cells(assignment: PeerAssignment, keys: Sequence[GroupKey]) -> tuple[Indices, list[Cell]]:
    """Return the group of every row at a level, -1 where a key is missing, and the groups' names."""
    of_combination = assignment.cells(keys)
    names = sorted({cell for cell in of_combination if cell is not None})
    index = {cell: number for number, cell in enumerate(names)}
    numbers = np.array([-1 if cell is None else index[cell] for cell in of_combination], dtype=np.intp)
    return numbers[assignment.combination], names


def _fit_level(value: Floats, codes: Indices, names: list[Cell], least: int) -> dict[Cell, Floats]:
    # Sorted by group and within it by value: two stable sorts, the last key first.
    known = np.flatnonzero(~np.isnan(value) & (codes >= 0))
    order = known[np.argsort(value[known], kind="stable")]
    order = order[np.argsort(codes[order].astype(np.int32), kind="stable")]
    ends = np.searchsorted(codes[order], np.arange(len(names) + 1), side="left")
    tables: dict[Cell, Floats] = {}
    for number, name in enumerate(names):
        sorted_values = value[order[ends[number] : ends[number + 1]]]
        if len(sorted_values) >= max(least, 1):
            # ceil(k n / 100) - 1, in whole numbers: above this value at least k per cent of the peers are below.
            indices = -(-np.arange(1, PERCENTILES + 1) * len(sorted_values) // PERCENTILES) - 1
            tables[name] = (
                sorted_values[indices] + 0.0
            )  # a zero has no sign: which of two came first must not show in the bytes
    return tables


def _content(
    rulebook: str,
    rulebook_sha256: str,
    population: Population,
    levels: Sequence[tuple[GroupKey, ...]],
    min_peers: int,
    thresholds: Mapping[str, Sequence[Mapping[Cell, Floats]]],
) -> bytes:
    document = {
        "format": FORMAT,
        "rulebook": rulebook,
        "rulebook_sha256": rulebook_sha256,
        "population": {
            "name": population.name,
            "rows": population.rows,
            "since": population.since,
            "until": population.until,
        },
        "levels": levels,
        "min_peers": min_peers,
        "thresholds": {
            name: [[[list(cell), table.tolist()] for cell, table in level.items()] for level in levels_of_name]
            for name, levels_of_name in thresholds.items()
        },
    }
    return (json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _level(cells: Sequence[Any], keys: Cell) -> dict[Cell, Floats]:
    tables = {tuple(cell): np.array(table, dtype=np.float64) for cell, table in cells}
    if not all(len(cell) == len(keys) and _rises(table) for cell, table in tables.items()):
        raise ValueError("thresholds")
    return tables


def _rises(table: Floats) -> bool:
    return table.shape == (PERCENTILES,) and bool((table[1:] >= table[:-1]).all())
