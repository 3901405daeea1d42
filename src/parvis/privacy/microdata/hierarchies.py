"""Hierarchies: each value of a column under broader and broader words, from the value itself to « * ».

A hierarchy is given (one line a value, ``value;broader;…;*``, as ARX and its kin write them) or made by itself from the
values (``made``). Its levels are nested: what is one word at a level is one word at every level above.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.values import msg

EVERYTHING = "*"  # the word that covers all values


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """The levels of one column. ``values`` are its leaves, in the order of their codes.

    Shape:  codes and loss have one line a level, one column a leaf; words has one tuple a level, indexed by code.
    Unit:   loss is (leaves covered - 1) / (leaves - 1): 0 for the value itself, 1 for « * ».
    """

    name: str
    values: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    codes: NDArray[np.int64]
    loss: NDArray[np.float64]
    title: str = ""  # how it was made, for people

    @property
    def depth(self) -> int:
        return len(self.words)


def given(path: Path, name: str = "", separator: str = ";") -> Hierarchy:
    """Return the hierarchy that a file holds, one line a value, the broadest word last.

    Raises: InputError, naming the line, when a value comes twice under different words, or when levels are not nested.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = [line for line in csv.reader(file, delimiter=separator) if line]
    return of_lines(name or path.stem, lines)


def of_lines(name: str, lines: Sequence[Sequence[str]], title: str = "") -> Hierarchy:
    """Return the hierarchy of lines ``(value, broader, …)``. A short line repeats its last word.

    A last level of several words gets « * » above it, and a level that changes nothing is left out.
    Raises: InputError.
    """
    if not lines:
        raise InputError(msg("La hiérarchie de « {column} » est vide."), column=name)
    said: dict[str, Sequence[str]] = {}
    for number, line in enumerate(lines, start=1):
        if said.setdefault(line[0], line) != line:
            raise InputError(
                msg("Hiérarchie de « {column} », ligne {line} : la valeur « {value} » y est déjà, rangée autrement."),
                msg("Gardez une seule ligne par valeur."),
                column=name,
                line=number,
                value=line[0],
            )
    depth = max(map(len, lines))
    levels = [tuple(line[min(level, len(line) - 1)] for line in said.values()) for level in range(depth)]
    return of_levels(name, levels, title)


def of_levels(name: str, levels: Sequence[Sequence[str]], title: str = "") -> Hierarchy:
    """Return the hierarchy of levels, the first being the values. Raises: InputError when they are not nested."""
    leaves = len(levels[0])
    words: list[tuple[str, ...]] = []
    codes: list[NDArray[np.int64]] = []
    for number, level in enumerate([*levels, (EVERYTHING,) * leaves]):
        seen: dict[str, int] = {}
        code = np.array([seen.setdefault(word, len(seen)) for word in level], np.int64)
        if codes:
            _nested(name, codes[-1], code, words[-1], number)
            if len(seen) == len(words[-1]):
                continue  # a level that joins nothing
        words.append(tuple(seen))
        codes.append(code)
    if len(words[-1]) > 1:  # a single leaf never comes here: its one level is already one word
        raise InputError(msg("La hiérarchie de « {column} » ne se termine pas par un seul mot."), column=name)
    table = np.array(codes)
    covered = np.array([np.bincount(code)[code] for code in table])
    return Hierarchy(name, tuple(levels[0]), tuple(words), table, (covered - 1) / max(leaves - 1, 1), title)


def flat(name: str, values: Iterable[str], title: str = "") -> Hierarchy:
    """Return the poorest hierarchy: a value, or « * »."""
    return of_levels(name, [tuple(dict.fromkeys(values))], title)


def _nested(name: str, under: NDArray[np.int64], over: NDArray[np.int64], words: tuple[str, ...], number: int) -> None:
    parent = np.full(len(words), -1, np.int64)
    parent[under] = over
    torn = np.flatnonzero(parent[under] != over)
    if len(torn):
        raise InputError(
            msg("Hiérarchie de « {column} » : « {word} » se range sous plusieurs mots au niveau {level}."),
            msg("Chaque mot doit avoir un seul mot plus large au-dessus de lui."),
            column=name,
            word=words[under[torn[0]]],
            level=number,
        )
