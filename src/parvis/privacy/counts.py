"""Small counts: whether a table counts people on a matter that nobody must learn of them, and hiding what says too much.

A share gives a count back (« 2,44 % » of 41 people is one of them), an earlier version or another table of the town may
too, and a given name that was given once in a year tells whose it is.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from parvis.errors import InputError, RefusedError
from parvis.privacy import law
from parvis.privacy.people import COUNTED_ROWS
from parvis.privacy.rehearsal import Hidden, Released
from parvis.privacy.tabular import secret
from parvis.privacy.tabular.margins import is_total
from parvis.privacy.tabular.primary import PERSONS
from parvis.text import fold, words
from parvis.values import Column, Finding, Hiding, Kind, Profile, Severity, msg

RARE = msg("Prénom rare")  # in place of a given name that was given too seldom
_SHOWN = 10  # hidden cells that are told
_ALL = "Ensemble"  # the code of a total that only another table gives
_COUNTED = "nombre"  # the column made of a share, while what to hide is sought
# Who is counted, and on which matter: both are needed. A school's pupils or the votes of a polling station are public.
_WHO = re.compile(
    r"\b(beneficiaires?|allocataires?|usagers?|patients?|demandeurs?|personnes?|foyers?|menages?|familles?|enfants?|mineurs?|"
    r"seniors?|agents?|residents?|habitants?|nombre|nb|effectifs?|dossiers?|cas)\b"
)
_MATTER = re.compile(
    r"\b(aides? (?:sociales?|alimentaires?)|sociales?|ccas|rsa|apa|aah|minima|allocations?|allocataires?|sante|maladies?|"
    r"malades?|handicap\w*|patients?|addictions?|vaccin\w*|ivg|pai|mdph|boursiers?|chomage|"
    r"demandeurs? (?:d )?emploi|revenus?|salaires?|remunerations?|quotients?|impots?|redevables?|contribuables?|pauvre\w*|"
    r"surendettement|impayes|infractions?|delits?|violences?|plaintes?|condamn\w*|religion\w*|cultes?|syndica\w*|opinions?|"
    r"nationalites?|etrangers?|expulsions?|hebergement d urgence|precaires?|precarite)\b"
)
_SHARES = frozenset("part parts taux pourcentage pct proportion ratio frequence indice".split())
_WHOLES = frozenset("population habitants total effectif effectifs ensemble nombre nb menages foyers personnes".split())
_EVERYBODY = frozenset("population habitants habitant pop".split())
_GIVEN = frozenset("nombre nb nbre effectif effectifs occurrence occurrences total count naissances".split())
GIVEN_SELDOM = msg("Caché car ce prénom a été donné moins de {least} fois : on reconnaîtrait l'enfant.")


# --- Proposed -------------------------------------------------------------------------------------


def proposed(path: Path, columns: Sequence[Column], profile: Profile) -> Hiding | None:
    """Return how the counts of a Parquet table should be hidden, None when it has none that says too much."""
    names = _given_names(path, columns)
    if names is not None:
        return names
    rows = pq.read_metadata(path).num_rows
    said = [*(c.label or c.name for c in columns), profile.table, *profile.titles]
    told = fold(" ".join(said).replace("_", " ").replace("'", " ")).lower()
    if not (rows and rows <= COUNTED_ROWS and _WHO.search(told) and _MATTER.search(told)):
        return None
    table = _table(path, columns)
    return _shares_alone(table, columns) or (_counts(table, columns) if rows > 1 else None)


def _counts(table: pa.Table, columns: Sequence[Column]) -> Hiding | None:
    roles = secret.roles_of(table)
    if roles is None or roles.unit != PERSONS:
        return None
    if roles.contributors and {*words(roles.contributors.replace("_", " "))} & _EVERYBODY:
        # Whoever lives there is not behind the figure: both are counts.
        roles = dataclasses.replace(roles, values=(*roles.values, roles.contributors), contributors="")
    known = {c.name: c for c in columns}
    counted = [n for n in roles.values if known[n].kind is Kind.INTEGER and not _share(known[n])]
    others = [c for c in columns if c.kind is Kind.NUMBER and c.name not in roles.dimensions]
    rates = tuple(c.name for c in others if _share(c) or _quotient(table, c.name, (*counted, roles.contributors)))
    values = tuple(n for n in roles.values if n not in rates)
    if not values or (not roles.contributors and {*values} - {*counted}):
        return None  # sums of something, and nobody says of how many
    behind = [roles.contributors] if roles.contributors else counted
    least = law.threshold("cell_persons").value
    if not any(0 < n < least for name in behind for n in _whole(table, name)):
        return None
    wanted = Hiding(tuple(roles.dimensions), values, contributors=roles.contributors, unit=roles.unit, rates=rates)
    return dataclasses.replace(wanted, largest=tuple(roles.largest))


def _shares_alone(table: pa.Table, columns: Sequence[Column]) -> Hiding | None:
    """Return what hides the shares of a table that gives no count but that of all: « 2,44 % » of 41."""
    shares = [c.name for c in columns if c.kind is Kind.NUMBER and _share(c)]
    whole = [c.name for c in columns if c.kind is Kind.INTEGER and {*words(c.label or c.name)} & _WHOLES]
    others = [c for c in columns if c.kind in (Kind.INTEGER, Kind.NUMBER) and c.name not in (*shares, *whole)]
    if len(whole) != 1 or not shares or any(c.kind is Kind.INTEGER and not _code(c) for c in others):
        return None
    least = law.threshold("cell_persons").value
    counts = [n for s in shares for n in _implied(table, s, whole[0]) if n is not None]
    people = _whole(table, whole[0])
    if not any(0 < n < least for n in (*counts, *people)):
        return None
    dimensions = tuple(c.name for c in columns if c.kind in (Kind.TEXT, Kind.DATE) or (c in others and _code(c)))
    return Hiding(dimensions, (), rates=tuple(shares), whole=whole[0]) if dimensions else None


def _given_names(path: Path, columns: Sequence[Column]) -> Hiding | None:
    """Return what hides the given names of a table of births that were given too seldom."""
    first = next((c for c in columns if c.meaning == "first_name" and c.kind is Kind.TEXT), None)
    count = next((c for c in columns if c.kind is Kind.INTEGER and {*words(c.label or c.name)} & _GIVEN), None)
    if first is None or count is None or pq.read_metadata(path).num_rows == 0:
        return None
    least = int(law.threshold("given_name").value)
    if not any(0 < n < least for n in _whole(pq.read_table(path, columns=[count.name]), count.name)):
        return None
    others = tuple(c.name for c in columns if c.kind in (Kind.TEXT, Kind.DATE) or _code(c))
    return Hiding(tuple(n for n in others if n != count.name), (count.name,), rare=first.name, base=least)


def _share(column: Column) -> bool:
    return column.meaning == "percentage" or bool({*words((column.label or column.name).replace("_", " "))} & _SHARES)


def _code(column: Column) -> bool:
    return column.kind is Kind.INTEGER and column.meaning in ("year", "insee_commune", "postcode", "month")


def _whole(table: pa.Table, name: str) -> list[int]:
    return [n for n in table.column(name).to_pylist() if isinstance(n, int)]


def _implied(table: pa.Table, share: str, whole: str) -> list[float | None]:
    """Return the counts that a column of shares gives back, None where it says nothing."""
    shares, wholes = table.column(share).to_pylist(), table.column(whole).to_pylist()
    scale = 100.0 if max((abs(s) for s in shares if s is not None), default=0.0) > 1 else 1.0
    return [
        None if s is None or w is None else float(round(s * w / scale)) for s, w in zip(shares, wholes, strict=True)
    ]


def _quotient(table: pa.Table, name: str, counts: Sequence[str]) -> bool:
    """True for a column that is the quotient of two of the counts, nearly everywhere."""
    cells = table.column(name).to_pylist()
    for above in filter(None, counts):
        for below in [c for c in counts if c and c != above]:
            told = list(zip(cells, table.column(above).to_pylist(), table.column(below).to_pylist(), strict=True))
            full = [(c, a / b) for c, a, b in told if c is not None and a is not None and b]
            for scale in (1.0, 100.0, 1000.0):
                near = sum(abs(c - q * scale) <= 0.006 * max(abs(c), 1.0) for c, q in full)
                if len(full) >= 3 and near >= 0.9 * len(full):
                    return True
    return False


# --- Applied --------------------------------------------------------------------------------------


def apply(path: Path, wanted: Hiding, out: Path, before: Sequence[Released] = ()) -> Hidden:
    """Write a table with what says too much hidden, judged by an attacker who recalculates; return what was hidden.

    ``before`` are the tables of the town that the attacker has already: earlier versions, and others that count the same.
    Raises: InputError for roles that make no table; RefusedError when a cell could still be found.
    """
    held = pq.read_table(path)
    named = (*wanted.dimensions, *wanted.values, *wanted.rates, *filter(None, (wanted.rare, wanted.whole)))
    missing = [n for n in named if n not in held.column_names]
    if missing:
        raise InputError("Le tableau n'a pas de colonne « {column} ».", column=missing[0])
    if wanted.rare:
        return _without_rare(held, wanted, out)
    if wanted.whole:
        return _without_shares(held, wanted, out)
    roles = secret.Roles(wanted.dimensions, wanted.values, wanted.contributors, wanted.largest, wanted.unit)
    public = _public(held, roles, before)
    found = secret.propose(_with_their_totals(held, roles, public), roles, before=public)
    _judged(found)
    found = dataclasses.replace(found, hidden=[h for h in found.hidden if h.row < held.num_rows])
    done = _emptied(secret.hide(held, found), wanted.rates, {h.row for h in found.hidden})
    pq.write_table(done, out, compression="zstd")
    return _told(found)


def _judged(found: secret.Secrecy) -> None:
    """Refuse a table of which a cell could still be found, saying where it is read."""
    if found.safe:
        return
    stops = [f for f in found.findings if f.severity is Severity.BLOCK]
    first: Finding | None = next((f for f in stops if f.code == "secret.public"), stops[0] if stops else None)
    if first is not None and first.code == "secret.public":
        raise RefusedError(first.message, first.hint, **first.values)
    raise RefusedError(
        "{count} cellule(s) pourraient encore être recalculées, quoi qu'on cache : {cells}.",
        "Regroupez des lignes de ce tableau, ou retirez ses totaux.",
        count=len(found.open),
        cells=", ".join(f"« {c} »" for c in found.open[:3]),
    )


def _told(found: secret.Secrecy) -> Hidden:
    # Nothing hides how a figure moved between two versions: whoever publishes must know it.
    moved = [f for f in found.findings if f.code == "secret.small_change"]
    told = [(str(f.values["cell"]), f.message, dict(f.values)) for f in moved]
    told += [(h.cell, h.message, dict(h.values)) for h in sorted(found.hidden, key=lambda h: not h.primary)[:_SHOWN]]
    return Hidden(found.cells, found.primary, found.secondary, found.loss, tuple(told))


def _emptied(table: pa.Table, names: Sequence[str], rows: set[int]) -> pa.Table:
    """Return the table with some columns emptied in some rows: what they share with a hidden figure would give it back."""
    gone = pa.array([n in rows for n in range(table.num_rows)])
    for name in names:
        column = table.column(name)
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, pc.if_else(gone, pa.scalar(None, column.type), column))
    return table


def without_rates(table: pa.Table, wanted: Hiding) -> pa.Table:
    """Return a table without the shares that give its counts back, for when all of these are changed a little."""
    return _emptied(table, wanted.rates, set(range(table.num_rows)))


def _without_shares(held: pa.Table, wanted: Hiding, out: Path) -> Hidden:
    """Empty the shares whose count, worked out from the whole, says too much, with those that would give them back."""
    done, last = held, None
    gone: set[int] = set()
    for share in wanted.rates:
        name = _COUNTED
        while name in held.column_names:
            name += "_"
        counted = held.append_column(name, pa.array(_implied(held, share, wanted.whole), pa.float64()))
        found = secret.propose(counted, secret.Roles(wanted.dimensions, (name, wanted.whole), unit=PERSONS))
        _judged(found)
        share_rows = {h.row for h in found.hidden if h.column == name}
        share_rows |= _all_or_none(held, share, wanted.whole)
        done = _emptied(done, [share], share_rows)
        done = _emptied(done, [wanted.whole], {h.row for h in found.hidden if h.column == wanted.whole})
        gone |= share_rows
        last = found
    flags = pa.array([secret.HIDDEN if n in gone else None for n in range(held.num_rows)], pa.string())
    flag = secret.FLAG
    while flag in done.column_names:
        flag += "_"
    pq.write_table(done.append_column(flag, flags), out, compression="zstd")
    assert last is not None  # a wish has at least one share
    return _told(last)


def _all_or_none(table: pa.Table, share: str, whole: str) -> set[int]:
    """Return the rows where « none » or « all » of a group too small is said: that speaks of each of them."""
    least = law.threshold("cell_persons").value
    told = zip(_implied(table, share, whole), table.column(whole).to_pylist(), strict=True)
    return {at for at, (n, w) in enumerate(told) if n is not None and w and 0 < w < least and n in (0, w)}


def _without_rare(held: pa.Table, wanted: Hiding, out: Path) -> Hidden:
    """Put a word in place of the given names given too seldom, their rows last: among others in order they would be told."""
    counts = held.column(wanted.values[0]).to_pylist()
    rare: Any = pa.array([n is not None and 0 < n < wanted.base for n in counts], pa.bool_())
    names = held.column(wanted.rare)
    at = held.schema.get_field_index(wanted.rare)
    named = held.set_column(at, wanted.rare, pc.if_else(rare, pa.scalar(RARE, names.type), names))
    last = named.filter(rare)
    last = last.sort_by([(n, "ascending") for n in (*wanted.dimensions, *wanted.values)])
    pq.write_table(pa.concat_tables([named.filter(pc.invert(rare)), last]), out, compression="zstd")
    many = sum(rare.to_pylist())
    told = ((RARE, GIVEN_SELDOM, {"least": wanted.base}),) if many else ()
    return Hidden(held.num_rows, many, 0, many / max(held.num_rows, 1), told)


# --- What is public already -----------------------------------------------------------------------


def _public(held: pa.Table, roles: secret.Roles, before: Sequence[Released]) -> list[pa.Table]:
    """Return the released tables that count the same people, their columns under the names of ours."""
    found = []
    for other in before:
        table = _under_our_names(roles, other)
        if table is None or not _once(table, roles):
            continue
        table = _totals_as_ours(table, held, roles)
        if other.number or _agrees(held, table, roles):
            found.append(table)
    return found


def _under_our_names(roles: secret.Roles, other: Released) -> pa.Table | None:
    """Return what a released table has of our dimensions and counts, added up over its own; None when it has neither."""
    theirs = {c.name: c for c in other.columns if c.kind is not Kind.GEOMETRY}
    by_words = {" ".join(words(c.label or n)): n for n, c in theirs.items()}
    named: dict[str, str] = {}
    for name in (*roles.dimensions, *roles.values):
        same = name if name in theirs else by_words.get(" ".join(words(name.replace("_", " "))))
        if same is not None and same not in named.values():
            named[name] = same
    values = [v for v in roles.values if v in named]
    if not values or len(named) == len(values) or pq.read_metadata(other.path).num_rows > COUNTED_ROWS:
        return None
    more = [n for n, c in theirs.items() if n not in named.values() and _parts(c)]
    table = pq.read_table(other.path, columns=[*named.values(), *more])
    table = table.rename_columns([*named, *(f"\0{n}" for n in more)])
    return _added_up(table, [n for n in named if n not in values], values, [f"\0{n}" for n in more])


def _parts(column: Column) -> bool:
    """True for a column that parts the rows of a table, and does not only say what is hidden in them."""
    dimension = column.kind in (Kind.TEXT, Kind.DATE, Kind.BOOLEAN) or _code(column)
    return dimension and column.distinct > 1 and column.name.rstrip("_") != secret.FLAG


def _added_up(table: pa.Table, keys: Sequence[str], values: Sequence[str], more: Sequence[str]) -> pa.Table:
    """Return a table without the dimensions ``more``: their totals where it gives them, else the sums of their parts."""
    for name in more:
        total = pa.array([is_total(str(v)) for v in table.column(name).to_pylist()])
        if pc.any(total).as_py():
            table = table.filter(total)
    if not more:
        return table
    groups: dict[tuple[Any, ...], list[list[Any]]] = {}
    for row in table.to_pylist():
        groups.setdefault(tuple(row[k] for k in keys), []).append([row[v] for v in values])
    # One part that is hidden hides the sum.
    sums = [[None if None in part else sum(part) for part in zip(*rows, strict=True)] for rows in groups.values()]
    columns = [pa.array([k[i] for k in groups], table.schema.field(n).type) for i, n in enumerate(keys)]
    columns += [pa.array([s[i] for s in sums], table.schema.field(n).type) for i, n in enumerate(values)]
    return pa.table(dict(zip([*keys, *values], columns, strict=True)))


def _once(table: pa.Table, roles: secret.Roles) -> bool:
    """True when no two rows are the same cell."""
    names = [d for d in roles.dimensions if d in table.column_names]
    return len({tuple(r.values()) for r in table.select(names).to_pylist()}) == table.num_rows


def _agrees(held: pa.Table, table: pa.Table, roles: secret.Roles) -> bool:
    """True when another dataset gives our figures for most of the cells that both show: it counts the same people."""
    keys = [d for d in roles.dimensions if d in table.column_names]
    values = [v for v in roles.values if v in table.column_names]
    ours: dict[tuple[Any, ...], list[Any]] = {}
    for row in held.to_pylist():
        for name in values:
            if row[name] is not None:
                ours.setdefault((name, *(str(row[k]) for k in keys)), []).append(row[name])
    both = [
        (ours[at], row[name])
        for row in table.to_pylist()
        for name in values
        if (at := (name, *(str(row[k]) for k in keys))) in ours and row[name] is not None
    ]
    # Of a coarser table the cell is our total, or what our cells add up to.
    return bool(both) and 2 * sum(figure in (max(cells), sum(cells)) for cells, figure in both) > len(both)


def _with_their_totals(held: pa.Table, roles: secret.Roles, others: Sequence[pa.Table]) -> pa.Table:
    """Return our table with the totals that only another one gives, as rows at its end: our cells are their parts."""
    cells = [tuple(str(r[d]) for d in roles.dimensions) for r in held.select(list(roles.dimensions)).to_pylist()]
    have, codes = set(cells), [{c[at] for c in cells} for at in range(len(roles.dimensions))]
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for table in others:
        for row in table.to_pylist():
            key = tuple(str(row.get(d, _ALL)) for d in roles.dimensions)
            if key not in have and all(c in held_here or is_total(c) for c, held_here in zip(key, codes, strict=True)):
                figures = {v: row[v] for v in roles.values if v in table.column_names}
                rows.setdefault(key, dict(zip(roles.dimensions, key, strict=True))).update(figures)
    if not rows:
        return held
    for name in roles.dimensions:  # a code may be a year, and its total is a word
        place = held.schema.get_field_index(name)
        held = held.set_column(place, name, pc.cast(held.column(name), pa.string()))
    more = [{n: r.get(n) for n in held.column_names} for r in rows.values()]
    return pa.concat_tables([held, pa.Table.from_pylist(more, schema=held.schema)])


def _totals_as_ours(table: pa.Table, held: pa.Table, roles: secret.Roles) -> pa.Table:
    """Return a table whose word for the total of a dimension is ours: « Total » and « Ensemble » are one code."""
    for name in [d for d in roles.dimensions if d in table.column_names]:
        ours = next(
            (str(c) for c in held.column(name).unique().to_pylist() if c is not None and is_total(str(c))), _ALL
        )
        cells = [None if c is None else ours if is_total(str(c)) else str(c) for c in table.column(name).to_pylist()]
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(cells, pa.string()))
    return table


def _table(path: Path, columns: Sequence[Column]) -> pa.Table:
    return pq.read_table(path, columns=[c.name for c in columns if c.kind is not Kind.GEOMETRY])
