"""Any set of linked tables, with margins and hierarchies, and what was released before: cells and the sums among them.

A cell is known by its codes, the totals left out: « femmes » of a table sex × age and « femmes » of a table
sex × district are the same cell. So tables that share margins are protected together, by the same equations.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from enum import IntEnum
from typing import TypeAlias

import numpy as np

from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.privacy.tabular.programme import INFINITE, Floats, Ints, Programme

Codes: TypeAlias = tuple[str, ...]  # one code for each axis of a table
Key: TypeAlias = tuple[tuple[str, str], ...]  # (axis, code), totals left out, by name of axis
TOLERANCE = 1e-6  # of the largest value of an equation: what rounding to the cent leaves


class State(IntEnum):
    """What may be done of a cell: FREE to be published or hidden, already PUBLIC, never shown (UNSEEN)."""

    FREE = 0
    PUBLIC = 1
    UNSEEN = 2


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension of a table: the code of its total, and the sums among its codes.

    A code may be the sum of several sets of codes (a town by districts, and by kinds of housing).
    """

    name: str
    root: str = ""  # "" when no total is published
    sums: Sequence[tuple[str, Sequence[str]]] = ()  # (code, codes that it is the sum of)

    @property
    def parts(self) -> Mapping[str, str]:
        """Code -> a code that it is a part of."""
        return {part: whole for whole, parts in self.sums for part in parts}


def axis_from_parents(name: str, root: str, parents: Mapping[str, str], codes: Collection[str]) -> Axis:
    """Return an axis from the parent of each code; those that no cell has are left out, and so bridged."""
    known, parts = set(codes), defaultdict(list)
    for code in dict.fromkeys(codes):
        if code == root:
            continue
        parent, seen = parents.get(code, root), {code}
        while parent != root and (parent not in known or parent in seen):
            if parent in seen:
                raise InputError(
                    "Les codes de « {axis} » se contiennent en rond : voyez « {code} ».", axis=name, code=code
                )
            seen.add(parent)
            parent = parents.get(parent, root)
        parts[parent].append(code)
    return Axis(name, root, tuple((whole, tuple(children)) for whole, children in parts.items()))


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of one table: for each its codes, one an axis in order, and its value (None: not known to us)."""

    axes: Sequence[Axis]
    cells: Mapping[Codes, float | None]


@dataclass(frozen=True, eq=False, slots=True)
class Equations:
    """n cells and the m sums among them: each equation says that sign × cell over its cells makes nothing.

    Shape:  ``values`` and ``states`` have n entries; ``values`` holds no NaN once ``completed``.
    """

    keys: Sequence[Key]
    values: Floats
    states: Ints
    rows: Sequence[tuple[Ints, Floats]]
    index: Mapping[Key, int] = field(default_factory=dict)
    unequal: Sequence[Key] = ()  # wholes that are less than the sum of their parts: not used

    def __len__(self) -> int:
        return len(self.keys)


def link(tables: Sequence[Table], before: Sequence[Table] = (), unseen: Collection[Key] = ()) -> Equations:
    """Return the cells of all the tables and the equations among them.

    ``before`` are tables already released: their cells that have a value are public for ever. ``unseen`` are cells that
    no table shows and whose value counts all the same (what lies between two divisions of the town).
    A combination of codes that is in no table is an empty one, unless the whole says that something is missing: what is
    missing is then an unseen cell. Values of the same cell must agree: two that differ are two cells.
    Raises: InputError when a table's cells do not have one code an axis.
    """
    found = _Cells(set(unseen))
    sums: dict[Codes, tuple[Key, list[Key]]] = {}
    for old, table in [(False, t) for t in tables] + [(True, t) for t in before]:
        _read(found, sums, table, old)
    rows, unequal = _rows(found, sums.values())
    return Equations(
        tuple(found.keys), np.array(found.values), np.array(found.states, np.int32), rows, found.index, tuple(unequal)
    )


class _Cells:
    """The cells met so far."""

    def __init__(self, unseen: set[Key]) -> None:
        self.keys: list[Key] = []
        self.values: list[float] = []
        self.states: list[int] = []
        self.index: dict[Key, int] = {}
        self.unseen = unseen

    def put(self, key: Key, value: float | None, old: bool) -> Key:
        """Keep a cell and return the key it is kept under."""
        value = float("nan") if value is None else float(value)
        at = self.index.get(key)
        if at is not None and _differ(self.values[at], value):
            key = (*key, ("", f"v{len(self.keys)}"))
            at = None
        if at is None:
            self.index[key] = len(self.keys)
            self.keys.append(key)
            self.values.append(value)
            self.states.append(State.UNSEEN if key in self.unseen else State.FREE)
            at = self.index[key]
        elif np.isnan(self.values[at]):
            self.values[at] = value
        if old and not np.isnan(value):
            self.states[at] = State.PUBLIC
        return key


def _differ(one: float, other: float) -> bool:
    return abs(one - other) > TOLERANCE * max(abs(one), abs(other), 1.0)  # False when either is not known


def key_of(axes: Sequence[Axis], codes: Codes) -> Key:
    """Return the key of a cell: its codes by name of axis, totals left out."""
    return tuple(sorted((a.name, c) for a, c in zip(axes, codes, strict=True) if c != a.root))


def _read(found: _Cells, sums: dict[Codes, tuple[Key, list[Key]]], table: Table, old: bool) -> None:
    axes, placed = table.axes, {}
    for codes, value in table.cells.items():
        if len(codes) != len(axes):
            raise InputError("La cellule {codes} n'a pas un code pour chaque dimension.", codes=" × ".join(codes))
        placed[codes] = found.put(key_of(axes, codes), value, old)
    for at, axis in enumerate(axes):
        others = dict.fromkeys(codes[:at] + codes[at + 1 :] for codes in placed)
        for whole, parts in axis.sums:
            for rest in others:
                key = placed.get((*rest[:at], whole, *rest[at:]))
                held = [placed[codes] for part in parts if (codes := (*rest[:at], part, *rest[at:])) in placed]
                if key is not None and held:
                    # The same sum in two tables is one equation: the name is its cells.
                    sums[str(key), *sorted(map(str, held))] = (key, held)


def _rows(found: _Cells, sums: Iterable[tuple[Key, list[Key]]]) -> tuple[list[tuple[Ints, Floats]], list[Key]]:
    rows, unequal = [], []
    for whole, parts in sums:
        cells = [found.index[k] for k in (whole, *parts)]
        missing = 0.0 - sum(found.values[c] for c in cells[1:]) + found.values[cells[0]]
        scale = max(1.0, *(abs(found.values[c]) for c in cells)) if not np.isnan(missing) else 1.0
        if missing < -TOLERANCE * scale * len(cells):
            unequal.append(whole)
            continue
        if missing > TOLERANCE * scale * len(cells):
            absent = found.put((*whole, ("", f"m{len(found.keys)}")), missing, old=False)
            cells.append(found.index[absent])
            found.states[cells[-1]] = State.UNSEEN
        rows.append((np.array(cells, np.int32), np.array([-1.0] + [1.0] * (len(cells) - 1))))
    return rows, unequal


def completed(equations: Equations) -> Equations:
    """Return the equations with a value for every cell: for those not known, one that fits all the sums.

    A table that comes with cells already empty is then judged like another: what matters is how far they may move.
    Raises: InputError when no value fits.
    """
    unknown = np.isnan(equations.values)
    if not unknown.any():
        return equations
    held = np.where(unknown, 0.0, equations.values)
    programme = Programme(held, np.where(unknown, INFINITE, held), np.zeros(len(held)))
    # A known total may be off by its rounding: let each sum be off by as little.
    slack = np.array(
        [TOLERANCE * max(1.0, float(np.abs(held[cells]).max())) * len(cells) for cells, _ in equations.rows]
    )
    programme.add_rows(equations.rows, -slack, slack)
    if programme.solve() is None:
        raise InputError(
            "Les cellules vides ne peuvent pas être complétées : des totaux sont inférieurs à leurs parties."
        )
    # Two opposite corners, and their middle: a cell at an end of its range would seem to move one way only.
    spread = np.random.default_rng(0).uniform(0.5, 1.5, len(held))
    low = programme.point()
    for sign in (1.0, -1.0):
        bounded = np.where(unknown & ~_unbounded(equations, unknown), sign * spread, 0.0)
        programme.price(np.arange(len(held), dtype=np.int32), bounded)
        if programme.solve() is not None:
            low = (low + programme.point()) / 2
    return dataclasses.replace(equations, values=np.where(unknown, low, equations.values))


def _unbounded(equations: Equations, unknown: np.ndarray) -> np.ndarray:
    """Return the cells that no sum bounds: wholes not known, and parts of them only."""
    bounded = ~unknown
    for cells, signs in equations.rows:
        if not unknown[cells[signs < 0]].any():
            bounded[cells] = True
    return np.asarray(~bounded)
