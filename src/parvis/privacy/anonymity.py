"""Making the rows of a protected table alike, as an ``Anonymity`` asks: proposed, applied, checked, its price told."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from parvis.errors import InputError, RefusedError
from parvis.frozen import dataclass
from parvis.privacy import law, roles, sql
from parvis.privacy.attacks import case as casing
from parvis.privacy.microdata import coding, offer
from parvis.privacy.microdata.demand import Closeness, Demand, Diversity
from parvis.privacy.microdata.gathered import Gathered
from parvis.privacy.microdata.hierarchies import Hierarchy
from parvis.privacy.microdata.made import made
from parvis.privacy.microdata.recoded import Recoded
from parvis.privacy.rehearsal import SHAPES, STEPS, Price
from parvis.values import Anonymity, Column, Kind

LEAST, MOST = 2, 1000  # persons of a group
_LEFT_OUT = 0.02  # share of the rows that a whole recoding may leave out
_FIRST = 4.0  # times that the detail of a column to keep first counts
# What the meaning of a column says better than its values: an age, a year and a postal code are all numbers.
_KINDS = {"age": "age", "year": "year", "birth_date": "date", "insee_commune": "commune", "postcode": "postcode",
          "address": "address", "amount": "amount"}  # fmt: skip
_ORDERED = (Kind.INTEGER, Kind.NUMBER, Kind.DATE, Kind.DATETIME)
_SMALL = 50_000  # rows up to which other sizes of group are tried ...
_PATIENCE = 4.0  # ... for so many seconds of processor


@dataclass(frozen=True, eq=False)
class Alike:
    """What was made: the price, and the places in the table of the rows that are left."""

    price: Price
    kept: Any  # (rows,) whole numbers


def propose(path: Path, columns: Sequence[Column], original: Sequence[Column] = ()) -> Anonymity | None:
    """Return what makes a Parquet table of people safe at the thresholds that the law or practice sets, None when
    nobody stands alone in it already.

    ``original`` are the columns of the file it was made from: what was taken away still says how grave the matter is.
    """
    case = casing.open_case(path, columns, path, columns)
    if not case.rows or not case.known:
        return None
    subjects = {*case.matters, *roles.protected({c.name: (c, c.examples) for c in original}).values()}
    k = int(law.threshold("k", subjects).value)
    diversity = int(law.threshold("l", subjects).value) if case.sensitive else 0
    closeness = float(law.threshold("t", subjects).value) if case.sensitive else 0.0
    wanted = Anonymity(
        min(k, case.number), case.known, sensitive=case.sensitive, diversity=diversity, closeness=closeness
    )
    table, demand = _coded(path, columns, wanted)
    alone = demand.holds(table, np.arange(len(table.rows)), np.arange(len(table.rows)), len(table.rows))
    return None if bool(alone.all()) else wanted


def apply(path: Path, columns: Sequence[Column], wanted: Anonymity, out: Path) -> Alike:
    """Write the table with its rows made alike and return what it cost. The keys become texts.

    Raises: InputError for a wish that makes no sense; RefusedError when the table cannot meet it.
    """
    table, demand = _coded(path, columns, wanted)
    recoded = _recoded(table, demand, wanted, columns)
    kept, told = recoded.kept_rows(), recoded.columns()
    with pq.ParquetFile(path) as file:
        held = file.read()
    if len(kept) < len(held):
        held = held.take(kept)
    for name, cells in told.items():
        held = held.set_column(held.schema.get_field_index(name), name, cells)
    pq.write_table(held, out, compression="zstd", row_group_size=sql.GROUP)
    return Alike(_price(recoded, wanted), kept)


def prices(path: Path, columns: Sequence[Column], wanted: Anonymity) -> tuple[Price, ...]:
    """Return what other sizes of group and shapes would cost, of a table that is not too large to try them."""
    if pq.read_metadata(path).num_rows > _SMALL:
        return ()
    out, limit = [], time.process_time() + _PATIENCE
    for k in sorted({*STEPS, wanted.k}, key=lambda k: abs(k - wanted.k)):
        for shape in SHAPES:
            if time.process_time() > limit:
                break
            asked = dataclasses.replace(wanted, k=k, shape=shape)
            try:
                table, demand = _coded(path, columns, asked)
                out.append(_price(_recoded(table, demand, asked, columns), asked))
            except RefusedError:
                continue
    return tuple(sorted(out, key=lambda p: (p.k, p.shape)))


def sound(wanted: Anonymity, columns: Sequence[Column]) -> None:
    """Check a wish against the columns of a table. Raises: InputError."""
    names = {c.name for c in columns}
    unknown = [
        n for n in (*wanted.keys, *wanted.first, *wanted.sensitive, *filter(None, [wanted.person])) if n not in names
    ]
    if unknown:
        raise InputError("Le tableau n'a pas de colonne « {column} ».", column=unknown[0])
    if not LEAST <= wanted.k <= MOST:
        raise InputError("Un groupe compte de {least} à {most} personnes.", least=LEAST, most=MOST)
    if wanted.shape not in SHAPES:
        raise InputError("La forme « {name} » n'existe pas.", name=wanted.shape)
    if set(wanted.keys) & set(wanted.sensitive):
        raise InputError("Une colonne ne peut être à la fois connue d'un tiers et à protéger.")
    if not 0 <= wanted.diversity <= MOST or not 0 <= wanted.closeness <= 1:
        raise InputError("Les réglages des colonnes sensibles sont hors de leurs bornes.")


# --- Steps ----------------------------------------------------------------------------------------


def _coded(path: Path, columns: Sequence[Column], wanted: Anonymity) -> tuple[coding.Coded, Demand]:
    sound(wanted, columns)
    by_name = {c.name: c for c in columns}
    held = pq.read_schema(path).names
    keys = [by_name[n] for n in wanted.keys if n in held and by_name[n].kind is not Kind.GEOMETRY]
    sensitive = tuple(n for n in wanted.sensitive if n in held) if wanted.diversity or wanted.closeness else ()
    person = wanted.person if wanted.person in held else ""
    names = list(dict.fromkeys([*(c.name for c in keys), *sensitive, *filter(None, [person])]))
    table = pq.read_table(path, columns=names)
    hierarchies = [_hierarchy(c, table[c.name]) for c in keys]
    coded = coding.coded({n: table[n] for n in names}, hierarchies, sensitive, person)
    # A column that holds fewer values than asked has them all in each group, or none can be.
    asked = [Diversity(b.name, min(wanted.diversity, len(b.values))) for b in coded.sensitive if wanted.diversity > 1]
    near = [Closeness(b.name, wanted.closeness) for b in coded.sensitive if wanted.closeness]
    return coded, Demand(wanted.k, tuple(asked), tuple(near))


def _hierarchy(column: Column, cells: Any) -> Hierarchy:
    values, places = coding.words_of(cells)
    counts = np.bincount(places, minlength=len(values)).tolist()
    return made(column.name, values, counts, _KINDS.get(column.meaning, ""))


def _recoded(table: coding.Coded, demand: Demand, wanted: Anonymity, columns: Sequence[Column]) -> Recoded | Gathered:
    importance = [_FIRST if h.name in wanted.first else 1.0 for h in table.hierarchies]
    ordered = [c.name for c in columns if c.kind in _ORDERED or c.meaning in ("age", "year")]
    shape: Any = wanted.shape
    return offer.recode(shape, table, demand, importance, _LEFT_OUT, ordered)


def _price(recoded: Recoded | Gathered, wanted: Anonymity) -> Price:
    left_out = len(recoded.coded.of) - len(recoded.kept_rows())
    by_column = dict(zip(recoded.coded.names, recoded.loss_by_column, strict=True))
    return Price(wanted.k, wanted.shape, recoded.loss, left_out, by_column)
