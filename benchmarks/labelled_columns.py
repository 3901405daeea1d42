"""Tables whose columns are labelled by what they hold, made from descriptions; each is written as a CSV file.

A table is a heading « == name » and its columns, a line each: « header ; cells ; role ». The same seed makes the same tables.
"""

from __future__ import annotations

import csv
import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import labelled

FOLDER = Path(__file__).parent / "columns"
_CHOICE = re.compile(r"<([^<>]*)>")
_RANGE = re.compile(r"#(\d+)-(\d+)")
_OWN = re.compile(r"\{(isoday|time|mac|hash|section|daybirth|isobirth)\}")


@dataclass(frozen=True, slots=True)
class LabelledColumn:
    header: str
    cells: str
    role: str  # "direct", "quasi", "sensitive", "text" or "none"
    key: str = ""  # "nir", "iban" … when its cells carry a key


@dataclass(frozen=True, slots=True)
class LabelledTable:
    name: str
    columns: tuple[LabelledColumn, ...]


def tables(file: Path) -> Iterator[LabelledTable]:
    """Yield the tables that a file describes."""
    name, columns = "", []
    for line in [*file.read_text("utf-8").splitlines(), "== "]:
        if line.startswith("== "):
            if name:
                yield LabelledTable(name, tuple(columns))
            name, columns = line[3:].strip(), []
        elif line.strip() and not line.startswith("#"):
            header, cells, role = (part.strip() for part in line.split(" ; "))
            role, _, key = role.partition(":")
            columns.append(LabelledColumn(header, cells, role, key))


def write(table: LabelledTable, folder: Path, rows: int, seed: int, about: Sequence[labelled.Sentence]) -> Path:
    """Write a table as a CSV file and return its path; ``about`` are the sentences of its remarks."""
    chance = random.Random(f"{seed} {table.name}")
    words = labelled.families(labelled.FOLDER / "judged.txt").words
    path = folder / f"{table.name}.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream, delimiter=";")
        out.writerow([c.header for c in table.columns])
        for _ in range(rows):
            filler = labelled.Filler(words, chance)
            out.writerow([_cell(c.cells, filler, chance, about) for c in table.columns])
    return path


def _cell(cells: str, filler: labelled.Filler, chance: random.Random, about: Sequence[labelled.Sentence]) -> str:
    if cells == "*":
        return chance.choice(about).text
    chosen = _CHOICE.sub(lambda m: chance.choice(m[1].split("|")), cells)
    chosen = _RANGE.sub(lambda m: str(chance.randint(int(m[1]), int(m[2]))), chosen)
    return filler.fill(_OWN.sub(lambda m: _own(m[1], chance), chosen))


def _own(name: str, chance: random.Random) -> str:
    day = f"{chance.randint(2022, 2026)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
    return {
        "isoday": day,
        "time": f"{chance.randrange(24):02d}:{chance.randrange(60):02d}:{chance.randrange(60):02d}",
        "mac": ":".join(f"{chance.randrange(256):02x}" for _ in range(6)),
        "hash": hashlib.sha256(str(chance.random()).encode()).hexdigest(),
        "section": "".join(chance.choice("ABCDEFGHZ") for _ in range(2)),
        "isobirth": f"{chance.randint(1936, 2008)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
        "daybirth": f"{chance.randint(1, 28):02d}/{chance.randint(1, 12):02d}/{chance.randint(1940, 2000)}",
    }[name]
