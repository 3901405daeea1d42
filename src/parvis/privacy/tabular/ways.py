"""Counts protected otherwise than by hiding some: all rounded, all moved a little, or all noisy. Applied, and their price.

What each way promises, and to whom it costs: rounding keeps the totals true and hides who makes a small count; cell keys
move a count the same way in every table; the noise of differential privacy holds against whatever anybody knows or will
know, and uses up what the dataset may ever tell.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from parvis.errors import InputError, LimitError
from parvis.privacy import law
from parvis.privacy.rehearsal import Hidden
from parvis.privacy.stream import Stream
from parvis.privacy.tabular import cell_key, noise, rounding, secret
from parvis.privacy.tabular.equations import Equations, completed
from parvis.privacy.tabular.primary import PERSONS
from parvis.privacy.tabular.programme import Floats
from parvis.privacy.tabular.secret import Linked, Roles
from parvis.text import number
from parvis.values import Hiding, msg

BASES = (10, 20, 50, 100)  # that a page offers
EPSILONS = (0.1, 0.5, 1.0, 2.0, 5.0)
_CONTROLLED = 3_000  # cells up to which a rounding that adds up is sought
_CELLS = 20_000  # of a table with noise, those that nobody is in included
_ROOM = 4  # by how much a count may move beyond what hides the small ones
_VARIANCE = 9.0  # of a count that is not small: off by 3 as a rule

NOTES: Mapping[str, str] = {
    "round": msg("Arrondi à un multiple de {base}."),
    "key": msg("Changé un peu pour que personne ne soit reconnu : écart de {most} au plus, nul en moyenne."),
    "noise": msg(
        "Bruit ajouté (confidentialité différentielle, epsilon {epsilon}) : 19 fois sur 20, écart de {within} au plus."
    ),
}


def apply(table: pa.Table, wanted: Hiding, drawing: bytes) -> tuple[pa.Table, Hidden]:
    """Return the table with every figure protected in the way wanted, and what that cost. ``drawing`` is the secret.

    A figure that came empty stays empty. With noise, combinations that nobody is in are given too.
    Raises: InputError for a wish that makes no sense; LimitError for a table too large.
    """
    _sound(wanted, table)
    roles = Roles(wanted.dimensions, wanted.values, wanted.contributors, wanted.largest, wanted.unit)
    table = table.drop_columns(
        [n for n in (*wanted.largest, *filter(None, [wanted.contributors])) if n in table.column_names]
    )
    roles = Roles(roles.dimensions, roles.values, "", (), roles.unit)
    if wanted.way == "noise":
        table = _whole(table, roles)
    linked = secret.linked(table, roles)
    if wanted.way == "noise" and linked.equations.unequal:
        # Noise of its own would tell again of people whom its parts tell of: the budget would not be the one that is said.
        raise InputError(
            "Un total de ce tableau est inférieur à la somme de ses parties : le hasard ne protégerait pas comme promis.",
            "Corrigez ce total, ou retirez-le.",
        )
    before = completed(linked.equations)
    after, sums = _moved(table, linked, before, wanted, drawing)
    return _written(table, linked, after), _told(linked, before.values, after, wanted, sums)


def note(wanted: Hiding) -> str:
    """Return the French sentence that a reader of a figure must know."""
    least = int(law.threshold("cell_persons").value)
    return NOTES[wanted.way].format(
        base=number(wanted.base),
        most=number(least + _ROOM),
        epsilon=law.french(wanted.epsilon),
        within=number(_within(wanted)),
    )


def figures_of_one(path: Path, wanted: Hiding) -> int:
    """Return in how many of the finest figures of a Parquet table one person may count: one in each column that is no total
    of others, for each year or month that the table tells apart."""
    linked = secret.linked(pq.read_table(path), Roles(wanted.dimensions, wanted.values, unit=wanted.unit))
    count = 1
    for axis in linked.axes:
        codes = {code for key in linked.equations.keys for name, code in key if name == axis.name}
        wholes = {whole for whole, _ in axis.sums} | {axis.root}
        if axis.name == secret.MEASURE or secret.is_period(axis.name):
            count *= max(1, len(codes - wholes))
    return count


# --- Steps ----------------------------------------------------------------------------------------


def _sound(wanted: Hiding, table: pa.Table) -> None:
    missing = [n for n in (*wanted.dimensions, *wanted.values) if n not in table.column_names]
    if missing:
        raise InputError("Le tableau n'a pas de colonne « {column} ».", column=missing[0])
    if wanted.way not in NOTES:
        raise InputError("La façon « {name} » de protéger des effectifs n'existe pas.", name=wanted.way)
    if wanted.contributors and wanted.way != "noise":
        raise InputError(
            "Cette façon ne protège pas des montants : arrondi, celui d'une seule personne se lit encore.",
            "Cachez les petites cases, ou ajoutez du hasard.",
        )
    least = int(law.threshold("cell_persons" if wanted.unit == PERSONS else "cell_companies").value)
    if wanted.way == "round" and not least - 1 <= wanted.base <= 1_000_000:
        raise InputError(
            "Un arrondi à {base} laisse lire des effectifs de moins de {least} : prenez au moins {least_base}.",
            base=wanted.base, least=least, least_base=least - 1,
        )  # fmt: skip
    if wanted.way == "noise" and not 0.01 <= wanted.epsilon <= 20:
        raise InputError("Le budget d'une publication (epsilon) va de 0,01 à 20.")
    if not 1 <= wanted.each <= 1000 or not 0 < wanted.most <= 1e9:
        raise InputError("Une personne compte dans une à mille cases, pour plus que zéro.")


def _moved(table: pa.Table, linked: Linked, before: Equations, wanted: Hiding, drawing: bytes) -> tuple[Floats, bool]:
    """Return the figures to publish, and whether totals are still those of their parts."""
    if wanted.way == "round":
        return _rounded(before, wanted.base, drawing)
    if wanted.way == "key":
        return _keyed(before, drawing), False
    # What may differ from one publication to another is in the name: else two of them would share their noise.
    name = f"noise|{_digest(table)}|{wanted.epsilon!r}|{wanted.each}|{wanted.most!r}"
    return _noisy(before, wanted, Stream(drawing, name)), False


def _rounded(before: Equations, base: int, drawing: bytes) -> tuple[Floats, bool]:
    if len(before) <= _CONTROLLED:
        try:
            return rounding.controlled(before, base, drawing), True
        except LimitError:
            pass
    return rounding.at_random(before.values, before.keys, base, drawing), False


def _keyed(before: Equations, drawing: bytes) -> Floats:
    """Return the counts moved by their cell's key, made from its codes and its count: the same in every table."""
    least = int(law.threshold("cell_persons").value)
    table = _noise_table(least)
    counts = np.round(before.values).astype(np.int64)
    if (before.values < 0).any() or not np.allclose(before.values, counts, atol=1e-6):
        raise InputError("Cette façon ne vaut que pour des effectifs : des nombres entiers, jamais négatifs.")
    keys = [
        int.from_bytes(hmac.new(drawing, f"key|{key}|{count}".encode(), hashlib.sha256).digest()[:4], "big")
        for key, count in zip(before.keys, counts.tolist(), strict=True)
    ]
    return np.asarray(cell_key.moved(counts, np.array(keys, np.uint64), table), float)


@cache
def _noise_table(least: int) -> cell_key.NoiseTable:
    return cell_key.noise_table(least + _ROOM, _VARIANCE, least - 1)


def _noisy(before: Equations, wanted: Hiding, stream: Stream) -> Floats:
    """Return the figures with noise in the finest ones, wholes added up from them, none below nothing when none was."""
    wholes: dict[int, list[int]] = {}
    for cells, signs in before.rows:
        wholes.setdefault(int(cells[signs < 0][0]), [int(c) for c in cells[signs > 0]])
    law_of_it = noise.Noise(wanted.epsilon, cells_of_one=wanted.each)
    draw = noise.drawn(law_of_it, Fraction(wanted.most).limit_denominator(1000), stream)
    found: dict[int, float] = {}

    def figure(at: int) -> float:
        if at not in found:
            parts = wholes.get(at)
            found[at] = sum(map(figure, parts)) if parts else float(round(before.values[at]) + draw())
        return found[at]

    made = np.array([figure(at) for at in range(len(before))])
    return made if (before.values < 0).any() else np.asarray(np.maximum(0.0, made))


def _within(wanted: Hiding) -> float:
    return (
        noise.within(noise.Noise(wanted.epsilon, cells_of_one=wanted.each), wanted.most)
        if wanted.way == "noise"
        else 0.0
    )


def _whole(table: pa.Table, roles: Roles) -> pa.Table:
    """Return the table with a row for each combination of its finest codes: that one is absent would tell."""
    linked = secret.linked(table, roles)
    names = [a.name for a in linked.axes if a.name != secret.MEASURE]
    codes = {name: _texts(table.column(name)) for name in names}
    fine = []
    for axis in linked.axes:
        if axis.name in codes:
            wholes = {whole for whole, _ in axis.sums} | {axis.root}
            fine.append([c for c in dict.fromkeys(codes[axis.name]) if c not in wholes])
    size = 1
    for own in fine:
        size *= len(own)
    if size > _CELLS:
        raise LimitError("Avec les combinaisons vides, ce tableau aurait plus de {most} cases.", most=number(_CELLS))
    known = set(zip(*(codes[n] for n in names), strict=True))
    missing = [combination for combination in itertools.product(*fine) if combination not in known]
    if not missing:
        return table
    return pa.concat_tables([table, pa.table(_rows(table, roles, names, codes, missing), schema=table.schema)])


def _rows(
    table: pa.Table,
    roles: Roles,
    names: Sequence[str],
    codes: Mapping[str, list[str]],
    missing: Sequence[Sequence[str]],
) -> dict[str, Any]:
    """Return the cells of rows that nobody is in: their codes, the labels that go with them, and nothing counted."""
    out: dict[str, Any] = {}
    for name in table.column_names:
        cells = table.column(name)
        if name in roles.values:
            made = [0] * len(missing)
        elif name in names:
            first = dict(zip(reversed(codes[name]), reversed(cells.to_pylist()), strict=True))
            made = [first[one[names.index(name)]] for one in missing]
        else:
            made = _labels(cells.to_pylist(), names, codes, missing)
        out[name] = pa.array(made, cells.type)
    return out


def _labels(
    cells: Sequence[Any], names: Sequence[str], codes: Mapping[str, list[str]], missing: Sequence[Sequence[str]]
) -> list[Any]:
    """Return a column that goes with one of the codes, empty when it goes with none."""
    for at, name in enumerate(names):
        told: dict[str, Any] = {}
        if all(told.setdefault(code, cell) == cell for code, cell in zip(codes[name], cells, strict=True)):
            return [told.get(one[at]) for one in missing]
    return [None] * len(missing)


def _texts(column: Any) -> list[str]:
    return ["" if v is None else str(v).strip() for v in column.to_pylist()]


def _digest(table: pa.Table) -> str:
    made = hashlib.sha256()
    for name in table.column_names:
        made.update(f"\n{name}\n".encode())
        for cell in table.column(name).to_pylist():
            made.update(f"{cell!r}\0".encode())
    return made.hexdigest()


def _written(table: pa.Table, linked: Linked, after: Floats) -> pa.Table:
    columns = {name: table.column(name).to_pylist() for _, _, name in linked.places}
    for at, row, name in linked.places:
        if columns[name][row] is not None:
            value = float(after[at])
            columns[name][row] = int(value) if value.is_integer() else value
    for name, cells in columns.items():
        place = table.column_names.index(name)
        whole = all(c is None or isinstance(c, int) for c in cells)
        table = table.set_column(place, name, pa.array(cells, pa.int64() if whole else pa.float64()))
    return table


def _told(linked: Linked, before: Floats, after: Floats, wanted: Hiding, sums: bool) -> Hidden:
    shown = np.array([at for at, _, _ in linked.places], np.int64)
    off = np.abs(after[shown] - before[shown])
    whole = float(np.abs(before[shown]).sum())
    return Hidden(
        cells=len(shown),
        primary=0,
        secondary=0,
        loss=min(1.0, float(off.sum()) / whole) if whole else 0.0,
        way=wanted.way,
        moved=int((off > 1e-9).sum()),
        off=float(off.mean()) if len(off) else 0.0,
        furthest=float(off.max()) if len(off) else 0.0,
        sums=sums,
        epsilon=wanted.epsilon if wanted.way == "noise" else 0.0,
    )
