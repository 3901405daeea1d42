"""A synthetic copy made and written: rows drawn along the tree of what was measured with noise."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from parvis.errors import InputError, RefusedError
from parvis.frozen import dataclass
from parvis.privacy import law, sql
from parvis.privacy.budget import DELTA
from parvis.privacy.microdata.coding import Floats, Ints
from parvis.privacy.rehearsal import Synthetic
from parvis.privacy.stream import Stream
from parvis.privacy.synthesis import likeness
from parvis.privacy.synthesis.domain import Domain, cells_of, domains_of
from parvis.privacy.synthesis.tree import Tree, measure
from parvis.privacy.tabular import noise
from parvis.values import Column, Kind, Synthesis, msg

EPSILONS = (0.5, 1.0, 3.0, 10.0)  # that a page offers
NOTE = msg("Valeurs synthétiques : aucune ligne n'est celle d'une personne.")
_FEWEST, _MOST = 50, 500_000  # rows of the original
_COLUMNS = 40


@dataclass(frozen=True, eq=False)
class Copy:
    """A synthetic copy: what it is worth and its columns; the file holds only them."""

    told: Synthetic
    columns: tuple[Column, ...]


def make(path: Path, columns: Sequence[Column], wanted: Synthesis, secret: bytes, out: Path, k: int = 11) -> Copy:
    """Write a synthetic copy of a Parquet table and return what it is worth.

    The same secret and table give the same copy. ``k`` is how many people must share a value for the copy to know it.
    Raises: InputError for a budget that is none; RefusedError for a table of too few rows, or with nothing to copy.
    """
    _sound(wanted, pq.read_metadata(path).num_rows)
    table = pq.read_table(path)
    domains, left = domains_of(table, columns, k)
    if not domains:
        raise RefusedError(
            "Aucune colonne de ce tableau ne peut être copiée : chaque valeur y est celle de trop peu de personnes.",
            "Publiez plutôt des comptages, ou regroupez les lignes.",
        )
    codes, tree = _drawn(domains, wanted, _named(secret, table, wanted))
    chance = np.random.default_rng(_named(secret, table, wanted, "cells").seed())
    cells = {d.column.name: cells_of(d, own, chance) for d, own in zip(domains, codes, strict=True)}
    pq.write_table(pa.table(cells), out, compression="zstd", row_group_size=sql.GROUP)
    labels = [d.column.label or d.column.name for d in domains]
    told = dataclasses.replace(
        likeness.between(domains, codes),
        rows=tree.rows,
        epsilon=wanted.epsilon,
        left_out=tuple(c.label or c.name for c in left),
        linked=tuple((labels[a], labels[b]) for a, b, _ in tree.pairs),
    )
    return Copy(told, tuple(_described(d) for d in domains))


def unseen(path: Path, columns: Sequence[Column], wanted: Synthesis, secret: bytes, out: Path, k: int = 11) -> Ints:
    """Write a copy made without one half of the rows, drawn at random, and return which: what is found of them there is luck.

    Its noise is half of the copy's, for half of the rows: noise alone must not make the two differ.
    """
    table = pq.read_table(path)
    chance = np.random.default_rng(_named(secret, table, wanted, "halves").seed())
    order = chance.permutation(table.num_rows)
    out_of_it, held = np.sort(order[: table.num_rows // 2]), np.sort(order[table.num_rows // 2 :])
    domains, _ = domains_of(table, columns, k)
    louder = Synthesis(noise.epsilon_of(4 * noise.rho_of(wanted.epsilon, DELTA), DELTA))
    codes, _ = _drawn([d.without(held) for d in domains], louder, _named(secret, table, wanted, "half"), table.num_rows)
    cells = {d.column.name: cells_of(d, own, chance) for d, own in zip(domains, codes, strict=True)}
    pq.write_table(pa.table(cells), out, compression="zstd")
    return np.asarray(out_of_it, np.int64)


def prices(path: Path, columns: Sequence[Column], secret: bytes, k: int = 11) -> tuple[Synthetic, ...]:
    """Return what copies of other budgets would be worth; nothing is written."""
    table = pq.read_table(path)
    if not _FEWEST <= table.num_rows <= _MOST // 25:
        return ()
    domains, _ = domains_of(table, columns, k)
    if not domains or len(domains) > _COLUMNS // 2:
        return ()
    out = []
    for epsilon in EPSILONS:
        wanted = Synthesis(epsilon)
        codes, tree = _drawn(domains, wanted, _named(secret, table, wanted))
        out.append(dataclasses.replace(likeness.between(domains, codes), rows=tree.rows, epsilon=epsilon))
    return tuple(out)


def least_shared(subjects: Sequence[str]) -> int:
    """Return how many people must share a value for a copy to know it, on these matters."""
    return int(law.threshold("k", subjects).value)


# --- Steps ----------------------------------------------------------------------------------------


def _sound(wanted: Synthesis, rows: int) -> None:
    if not 0.05 <= wanted.epsilon <= 20:
        raise InputError("Le budget d'une copie synthétique (epsilon) va de 0,05 à 20.")
    if rows < _FEWEST:
        raise RefusedError(
            "Une copie synthétique demande au moins {least} lignes.",
            "Publiez plutôt des comptages, ou regroupez les lignes.",
            least=_FEWEST,
        )
    if rows > _MOST:
        raise RefusedError("Une copie synthétique se fait d'au plus {most} lignes.", most=_MOST)


def _named(secret: bytes, table: pa.Table, wanted: Synthesis, what: str = "copy") -> Stream:
    """Return the source of a copy's draws: that of another table or another budget has nothing to do with it."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema.remove_metadata()) as writer:
        writer.write_table(table.replace_schema_metadata(None).combine_chunks())
    return Stream(secret, f"{what}|{hashlib.sha256(sink.getvalue()).hexdigest()}|{wanted.epsilon!r}")


def _drawn(domains: Sequence[Domain], wanted: Synthesis, stream: Stream, rows: int = 0) -> tuple[list[Ints], Tree]:
    """Return the codes of each column of the copy."""
    if len(domains) > _COLUMNS:
        raise RefusedError("Une copie synthétique se fait d'au plus {most} colonnes.", most=_COLUMNS)
    tree = measure(domains, wanted.epsilon, DELTA, stream)
    chance = np.random.default_rng(stream.seed())
    count = rows or tree.rows
    out: dict[int, Ints] = {}
    root = tree.pairs[0][0] if tree.pairs else 0
    out[root] = _spread(tree.columns[root], count, chance)
    for parent, child, held in tree.pairs:
        codes = np.empty(count, np.int64)
        for value in np.unique(out[parent]).tolist():
            rows_of = np.flatnonzero(out[parent] == value)
            own = held[value] if held[value].sum() > 0 else tree.columns[child]
            codes[rows_of] = _spread(own, len(rows_of), chance)
        out[child] = codes
    return [out[at] for at in range(len(domains))], tree


def _spread(weights: Floats, count: int, chance: np.random.Generator) -> Ints:
    """Return so many codes in proportion to weights, in a random order: shares are kept as near as whole rows allow."""
    share = weights / weights.sum() if weights.sum() > 0 else np.full(len(weights), 1 / len(weights))
    exact = share * count
    whole = np.floor(exact).astype(np.int64)
    short = count - int(whole.sum())
    if short:
        rest = exact - whole
        more = (
            chance.choice(len(weights), short, replace=False, p=rest / rest.sum())
            if rest.sum() > 0
            else np.arange(short)
        )
        whole[more] += 1
    return np.asarray(chance.permutation(np.repeat(np.arange(len(weights)), whole)), np.int64)


def _described(domain: Domain) -> Column:
    column = domain.column
    kind: Any = column.kind if column.kind in (*_TYPED, Kind.BOOLEAN) else Kind.TEXT
    return Column(
        name=column.name, label=column.label, kind=kind, meaning=column.meaning, unit=column.unit,
        description=f"{column.description} {NOTE}".strip(), field=column.field,
    )  # fmt: skip


_TYPED = (Kind.INTEGER, Kind.NUMBER, Kind.DATE, Kind.DATETIME)
