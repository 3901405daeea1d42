"""Small counts: whether a table counts people on a matter that nobody must learn of them, and hiding what says too much."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from parvis.errors import InputError, RefusedError
from parvis.privacy import law
from parvis.privacy.rehearsal import Hidden
from parvis.privacy.tabular import secret
from parvis.privacy.tabular.primary import PERSONS
from parvis.text import fold
from parvis.values import Column, Hiding, Kind, Profile

ROWS = 20_000  # of a table whose cells are hidden one by one
_SHOWN = 10  # hidden cells that are told
# Who is counted, and on which matter: both are needed. A school's pupils or the votes of a polling station are public.
_WHO = re.compile(
    r"\b(beneficiaires?|allocataires?|usagers?|patients?|demandeurs?|personnes?|foyers?|menages?|familles?|enfants?|mineurs?|"
    r"seniors?|agents?|residents?|habitants?|nombre|nb|effectifs?|dossiers?|cas)\b"
)
_MATTER = re.compile(
    r"\b(aides? sociales?|sociales?|ccas|rsa|apa|aah|minima|allocations?|allocataires?|sante|maladies?|malades?|handicap\w*|"
    r"patients?|addictions?|vaccin\w*|ivg|chomage|demandeurs? d emploi|revenus?|impots?|pauvrete|surendettement|impayes|"
    r"infractions?|delits?|violences?|plaintes?|condamn\w*|religion\w*|cultes?|syndica\w*|opinions?|nationalites?|etrangers?|"
    r"expulsions?|hebergement d urgence|precaires?|precarite)\b"
)


def proposed(path: Path, columns: Sequence[Column], profile: Profile) -> Hiding | None:
    """Return how the counts of a Parquet table should be hidden, None when it has none that says too much."""
    if not 2 <= pq.read_metadata(path).num_rows <= ROWS:
        return None
    said = [*(c.label or c.name for c in columns), profile.table, *profile.titles]
    told = fold(" ".join(said).replace("_", " ").replace("'", " ")).lower()
    if not (_WHO.search(told) and _MATTER.search(told)):
        return None
    table = _table(path, columns)
    roles = secret.roles_of(table)
    if roles is None or roles.unit != PERSONS or roles.contributors:
        return None
    least = law.threshold("cell_persons").value
    small = any(isinstance(n, int) and 0 < n < least for name in roles.values for n in table.column(name).to_pylist())
    kinds = {c.name: c.kind for c in columns}
    if not small or any(kinds[name] is not Kind.INTEGER for name in roles.values):
        return None
    return Hiding(tuple(roles.dimensions), tuple(roles.values), unit=roles.unit)


def apply(path: Path, wanted: Hiding, out: Path) -> Hidden:
    """Write a table with what says too much hidden, judged by an attacker who recalculates; return what was hidden.

    Raises: InputError for roles that make no table; RefusedError when a cell could still be found.
    """
    held = pq.read_table(path)
    missing = [n for n in (*wanted.dimensions, *wanted.values) if n not in held.column_names]
    if missing:
        raise InputError("Le tableau n'a pas de colonne « {column} ».", column=missing[0])
    roles = secret.Roles(wanted.dimensions, wanted.values, wanted.contributors, wanted.largest, wanted.unit)
    found = secret.propose(held, roles)
    if not found.safe:
        raise RefusedError(
            "{count} cellule(s) pourraient encore être recalculées, quoi qu'on cache : {cells}.",
            "Regroupez des lignes de ce tableau, ou retirez ses totaux.",
            count=len(found.open),
            cells=", ".join(f"« {c} »" for c in found.open[:3]),
        )
    pq.write_table(secret.hide(held, found), out, compression="zstd")
    told = [(h.cell, h.message, dict(h.values)) for h in sorted(found.hidden, key=lambda h: not h.primary)[:_SHOWN]]
    return Hidden(found.cells, found.primary, found.secondary, found.loss, tuple(told))


def _table(path: Path, columns: Sequence[Column]) -> Any:
    return pq.read_table(path, columns=[c.name for c in columns if c.kind is not Kind.GEOMETRY])
