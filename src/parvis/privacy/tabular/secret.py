"""The secrecy of one table of counts or sums, from end to end: what to hide, why, and what an outsider could still tell.

``propose`` finds the totals and the hierarchies, marks the cells that say too much, hides as few others as it can and has
the attacker judge; ``hide`` writes the table with those cells empty and a column that says so. The reasons are for the
agent who decides: what is published only says that a cell is secret, since « fewer than 11 » would be a figure.
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parvis.errors import InputError, UnknownColumn
from parvis.frozen import dataclass
from parvis.privacy.law import french
from parvis.privacy.tabular import bands, margins
from parvis.privacy.tabular.equations import Axis, Codes, Equations, Key, State, Table, completed, key_of, link
from parvis.privacy.tabular.primary import (
    COMPANIES,
    PERSONS,
    Contributors,
    Reason,
    Rules,
    reach_of,
    rules_for,
    sensitive,
)
from parvis.privacy.tabular.programme import Floats
from parvis.privacy.tabular.suppression import Effort, Suppression, against_insiders, suppress
from parvis.text import fold
from parvis.values import Finding, Severity, msg

MEASURE = "mesure"  # the dimension made of several columns of figures
FLAG = "secret"  # the column that says which cells are hidden
HIDDEN = msg("secret statistique")
_MOST_CELLS = 60_000
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")

FEW = {
    PERSONS: msg("Cachée car elle compte moins de {least} personnes."),
    COMPANIES: msg("Cachée car elle compte moins de {least} entreprises."),
}
DOMINANT = {
    PERSONS: msg("Cachée car une seule personne fait plus de {share} % du total."),
    COMPANIES: msg("Cachée car une seule entreprise fait plus de {share} % du total."),
}
DOMINANTS = {
    PERSONS: msg("Cachée car les {count} premières personnes font plus de {share} % du total."),
    COMPANIES: msg("Cachée car les {count} premières entreprises font plus de {share} % du total."),
}
NEAR = {
    PERSONS: msg("Cachée car la deuxième personne pourrait estimer la première à moins de {share} % près."),
    COMPANIES: msg("Cachée car la deuxième entreprise pourrait estimer la première à moins de {share} % près."),
}
NOBODY = msg("Cachée car, dans un groupe de moins de {least} personnes, un zéro parle de chacune d'elles.")
EMPTY = msg("Cachée car le fichier la donne déjà sans valeur.")
PART = msg("Cachée pour qu'on ne puisse recalculer « {cell} » par différence avec le total « {whole} ».")
SUM = msg("Cachée pour qu'on ne puisse recalculer « {cell} » en additionnant les cellules qui la composent.")
NEIGHBOUR = msg("Cachée pour protéger les autres cellules cachées de « {whole} », qui se recalculeraient sans elle.")
LINKED = msg("Cachée pour protéger une cellule cachée à laquelle un total la relie.")
WHOLE = msg("total général")

Axes: TypeAlias = Mapping[str, Axis]
Members: TypeAlias = Mapping[str, Mapping[str, Sequence[str]]]  # column -> code -> its units
Parents: TypeAlias = Mapping[str, Mapping[str, str]]  # column -> code -> code that holds it


@dataclass(frozen=True, slots=True)
class Roles:
    """What the columns of a table are: names of columns.

    ``values`` are counts, or sums when ``contributors`` counts who stands behind them. ``largest`` are the largest
    contributions to a sum, the first one first; they are never published.
    """

    dimensions: Sequence[str]
    values: Sequence[str]
    contributors: str = ""
    largest: Sequence[str] = ()
    unit: str = PERSONS


@dataclass(frozen=True, slots=True)
class HiddenCell:
    """A hidden cell and why, in French. ``row`` counts from 0 in the table."""

    row: int
    column: str
    cell: str  # its codes, as they are read
    reason: str  # a Reason; "" when it is hidden for another's sake
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def primary(self) -> bool:
        return bool(self.reason)

    @property
    def text(self) -> str:
        return self.message.format(**self.values)


@dataclass(frozen=True, slots=True)
class Total:
    """A sum that was found: this code of this column is the sum of those."""

    column: str
    whole: str
    parts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Secrecy:
    """What is proposed for a table, and the attacker's verdict.

    ``loss`` is the share of cells that are hidden, ``loss_of_value`` that of the figures in the finest cells; ``least`` the
    number of secondary cells (totals counted for more) below which no protection exists, as far as it is proved.
    ``open`` are sensitive cells that an outsider finds within the interval whatever is hidden.
    """

    roles: Roles
    rules: Rules
    cells: int
    hidden: Sequence[HiddenCell]
    primary: int
    secondary: int
    loss: float
    loss_of_value: float
    cost: float
    least: float
    safe: bool
    open: Sequence[str]
    totals: Sequence[Total]
    findings: Sequence[Finding]
    seconds: float  # of CPU

    @property
    def fewest(self) -> bool:
        return self.cost <= self.least + 1e-9


def propose(
    table: pa.Table,
    roles: Roles,
    rules: Rules | None = None,
    parents: Parents | None = None,
    before: Sequence[pa.Table] = (),
    effort: Effort | None = None,
    members: Members | None = None,
) -> Secrecy:
    """Return what to hide in a table of counts or sums.

    ``before`` are tables already released that hold the same figures, their hidden cells empty: earlier versions, or others
    that share some of the dimensions. ``parents`` are known hierarchies; the others are found from the words and the figures.
    ``members`` are the units of codes that may overlap from a table to another (the districts of a zone); years of age are
    read from the words.
    Raises: UnknownColumn; InputError when two rows have the same codes, or past 60,000 cells.
    """
    return propose_together([(table, roles)], rules, parents, before, effort, members)[0]


def propose_together(
    tables: Sequence[tuple[pa.Table, Roles]],
    rules: Rules | None = None,
    parents: Parents | None = None,
    before: Sequence[pa.Table] = (),
    effort: Effort | None = None,
    members: Members | None = None,
) -> tuple[Secrecy, ...]:
    """Return what to hide in each of several tables released together, that share dimensions of the same names.

    What is a total here may be read there: they are one set of equations, and one cell is hidden in all that show it.
    """
    begun = time.process_time()
    roles = tables[0][1]
    rules = rules or rules_for(roles.unit)
    sheets = [_Sheet(table, own) for table, own in tables]
    axes = _together([_axes(sheet, parents or {}) for sheet in sheets])
    older = [_Sheet(t, _left(roles, t)) for t in before]
    known = _together([*([a] for a in axes.values()), *(_axes(sheet, parents or {}) for sheet in older)])
    for name, axis in known.items():
        codes = {c for s in (*sheets, *older) for c in s.codes_of(name)}
        known[name] = bands.overlapping(axis, codes, (members or {}).get(name))
    effort = effort or Effort()
    works = [_worked(sheets, older, known, rules, effort, None)]
    if roles.contributors and roles.unit == PERSONS:
        # The counts are published beside the sums: each must hold, and what is hidden for one is hidden for both.
        works.append(_worked(sheets, older, known, rules, effort, works[0]))
    return tuple(_said(sheet, known, rules, works, older, time.process_time() - begun) for sheet in sheets)


def _left(roles: Roles, table: pa.Table) -> Roles:
    """Return the roles for a table that may lack some dimensions."""
    has = set(table.column_names)
    return dataclasses.replace(
        roles, dimensions=[d for d in roles.dimensions if d in has], values=[v for v in roles.values if v in has],
        contributors=roles.contributors if roles.contributors in has else "", largest=(),
    )  # fmt: skip


def _together(found: Sequence[Sequence[Axis]]) -> dict[str, Axis]:
    """Return each dimension once, with the sums that any of the tables shows."""
    axes: dict[str, Axis] = {}
    for axis in (a for own in found for a in own):
        old = axes.get(axis.name, Axis(axis.name))
        sums = {(w, frozenset(p)): (w, tuple(p)) for w, p in (*old.sums, *axis.sums)}
        axes[axis.name] = Axis(axis.name, old.root or axis.root, tuple(sums.values()))
    return axes


def hide(table: pa.Table, secrecy: Secrecy) -> pa.Table:
    """Return the table to publish: hidden cells empty, a last column that says so, no largest contribution."""
    roles, hidden = secrecy.roles, secrecy.hidden
    rows: dict[str, set[int]] = {}
    for cell in hidden:
        rows.setdefault(cell.column, set()).add(cell.row)
    if roles.contributors:
        rows[roles.contributors] = {c.row for c in hidden}
    columns, names = [], []
    for name in table.column_names:
        if name in roles.largest:
            continue
        column = table.column(name)
        if name in rows:
            gone = pa.array([i in rows[name] for i in range(table.num_rows)])
            column = pc.if_else(gone, pa.scalar(None, column.type), column)
        columns.append(column)
        names.append(name)
    marked: dict[int, list[str]] = {}
    for cell in hidden:
        marked.setdefault(cell.row, []).append(cell.column)
    single = len(roles.values) == 1
    flags = [
        None if i not in marked else HIDDEN if single else f"{HIDDEN} : {', '.join(sorted(set(marked[i])))}"
        for i in range(table.num_rows)
    ]
    flag = FLAG
    while flag in names:
        flag += "_"
    return pa.table([*columns, pa.array(flags, pa.string())], names=[*names, flag])


@dataclass(frozen=True, eq=False, slots=True)
class Linked:
    """The cells of one table and the sums among them. ``places``: (place in the equations, row, column of figures).

    ``axes`` are the dimensions that tell cells apart, in order, that of several columns of figures last.
    """

    equations: Equations
    places: Sequence[tuple[int, int, str]]
    axes: Sequence[Axis]


def linked(table: pa.Table, roles: Roles) -> Linked:
    """Return the cells of a table of counts or sums, its totals and hierarchies found. Raises: as ``propose``."""
    sheet = _Sheet(table, roles)
    axes = {a.name: a for a in _axes(sheet, {})}
    equations = link([Table(sheet.axes(axes), sheet.cells("values"))])
    return Linked(equations, tuple(sheet.placed(axes, equations)), tuple(sheet.axes(axes)))


# --- Reading --------------------------------------------------------------------------------------


class _Sheet:
    """A table's cells by their codes, in the order of its rows."""

    def __init__(self, table: pa.Table, roles: Roles) -> None:
        for name in (
            *roles.dimensions,
            *roles.values,
            *roles.largest,
            *([roles.contributors] * bool(roles.contributors)),
        ):
            if name not in table.column_names:
                raise UnknownColumn("Le tableau n'a pas de colonne « {column} ».", column=name)
        if table.num_rows * len(roles.values) > _MOST_CELLS:
            raise InputError(
                "Le tableau a plus de {most} cellules : le secret se calcule sur des tableaux plus petits.",
                "Découpez-le par thème ou par secteur.", most=french(_MOST_CELLS),
            )  # fmt: skip
        self.table, self.roles = table, roles
        codes = [_codes(table.column(d)) for d in roles.dimensions]
        self.dimensions = _needed(roles.dimensions, codes)
        kept = [codes[roles.dimensions.index(d)] for d in self.dimensions]
        self.columns = list(roles.values)
        self.many = len(self.columns) > 1
        self.rows: list[Codes] = [tuple(c) for c in zip(*kept, strict=True)] if kept else [()] * table.num_rows
        self._once()
        figures = {name: _figures(table.column(name)) for name in self.columns}
        self.figures = figures
        self.counts = _figures(table.column(roles.contributors)) if roles.contributors else None
        self.largest = [_figures(table.column(name)) for name in roles.largest]

    def _once(self) -> None:
        seen: dict[Codes, int] = {}
        for row, codes in enumerate(self.rows):
            if codes in seen:
                raise InputError(
                    "Les lignes {first} et {second} du tableau portent toutes deux « {cell} » : une cellule n'a qu'une ligne.",
                    "Ajoutez la colonne qui les distingue parmi les dimensions.",
                    first=seen[codes] + 1, second=row + 1, cell=" × ".join(codes),
                )  # fmt: skip
            seen[codes] = row

    def codes_at(self, row: int, column: str) -> Codes:
        return (*self.rows[row], column) if self.many else self.rows[row]

    def codes_of(self, name: str) -> list[str]:
        """Return the codes of a dimension, none when the table lacks it."""
        names = [*self.dimensions, *([MEASURE] if self.many else [])]
        if name not in names or name == MEASURE:
            return []
        return list(dict.fromkeys(row[names.index(name)] for row in self.rows))

    def axes(self, known: Axes) -> list[Axis]:
        """Return the dimensions of this table, in the order of its codes."""
        return [known[name] for name in (*self.dimensions, *([MEASURE] if self.many else []))]

    def placed(self, known: Axes, equations: Equations) -> Iterator[tuple[int, int, str]]:
        """Yield each cell: its place in the equations, its row, its column of figures."""
        axes = self.axes(known)
        for column in self.columns:
            for row in range(len(self.rows)):
                yield equations.index[key_of(axes, self.codes_at(row, column))], row, column

    def cells(self, which: str) -> dict[Codes, float | None]:
        """Return the value of each cell: the values, or the counts behind them."""
        found: dict[Codes, float | None] = {}
        for column in self.columns:
            figures = self.counts if which == "counts" and self.counts is not None else self.figures[column]
            for row in range(len(self.rows)):
                found[self.codes_at(row, column)] = None if np.isnan(figures[row]) else float(figures[row])
        return found

    def label(self, codes: Codes, axes: Sequence[Axis]) -> str:
        parts = [c for c, a in zip(codes, axes, strict=True) if c != a.root]
        return " × ".join(parts) if parts else WHOLE


def _codes(column: pa.ChunkedArray[Any]) -> list[str]:
    return ["" if v is None else str(v).strip() for v in column.to_pylist()]


def _figures(column: pa.ChunkedArray[Any]) -> Floats:
    """Return the figures of a column, NaN where there is none: an empty cell, « s », « nd », « secret »."""
    return np.array([_figure(v) for v in column.to_pylist()], np.float64)


def _figure(value: object) -> float:
    if isinstance(value, bool) or value is None:
        return float("nan")
    if isinstance(value, str):
        plain = re.sub(r"[\s\u00a0\u202f]", "", value)
        return float(plain.replace(",", ".")) if _NUMBER.fullmatch(plain) else float("nan")
    return float(value)  # type: ignore[arg-type]


def _needed(names: Sequence[str], codes: Sequence[Sequence[str]]) -> list[str]:
    """Return the dimensions that tell the rows apart, in order: a label beside its code is no dimension."""
    kept = list(range(len(names)))
    for at in reversed(range(len(names))):
        others = [k for k in kept if k != at]
        if at in kept and (len(set(codes[at])) < 2 or any(_told(codes[k], codes[at]) for k in others)):
            kept.remove(at)
    return [names[k] for k in kept]


def _told(codes: Sequence[str], labels: Sequence[str]) -> bool:
    """True when each code has one label."""
    seen: dict[str, str] = {}
    return all(seen.setdefault(c, label) == label for c, label in zip(codes, labels, strict=True))


def _axes(sheet: _Sheet, parents: Parents) -> list[Axis]:
    names = [*sheet.dimensions, *([MEASURE] if sheet.many else [])]
    cells = sheet.cells("values")
    counts = sheet.cells("counts") if sheet.counts is not None else {}
    axes = []
    for at, name in enumerate(names):
        order = list(dict.fromkeys(codes[at] for codes in cells))
        rest = {r: i for i, r in enumerate(dict.fromkeys(c[:at] + c[at + 1 :] for c in cells))}
        place = {code: i for i, code in enumerate(order)}
        figures = np.zeros((len(order), len(rest) * (2 if counts else 1)))
        for block, held in enumerate((cells, counts)):
            for codes, value in held.items():
                column = block * len(rest) + rest[codes[:at] + codes[at + 1 :]]
                figures[place[codes[at]], column] = np.nan if value is None else value
        axis = margins.axis_of(name, order, figures, parents.get(name))
        axes.append(dataclasses.replace(axis, root="") if name == MEASURE else axis)
    return axes


# --- Deciding -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Work:
    """One system of equations and what was decided on it."""

    equations: Equations
    reasons: Sequence[Reason]
    done: Suppression
    beaten: Sequence[int] = ()  # cells whose only contributor finds another one out


def _worked(
    sheets: Sequence[_Sheet], older: Sequence[_Sheet], axes: Axes, rules: Rules, effort: Effort, other: _Work | None
) -> _Work:
    counting = other is None and bool(sheets[0].roles.contributors) and rules.unit == PERSONS
    which = "counts" if counting else "values"
    tables, then = ([Table(s.axes(axes), s.cells(which)) for s in some] for some in (sheets, older))
    between = [_between(t) for t in (*tables, *then)]
    unseen = {key_of(t.axes, c) for t in between for c in t.cells if any(code.startswith(bands.ATOM) for code in c)}
    linked = link([*tables, *between], then, unseen)
    empty = np.isnan(linked.values) & (linked.states != State.UNSEEN)
    equations = completed(linked)
    who = _contributors(sheets, axes, equations, which)
    reasons = sensitive(equations, who, rules, empty)
    costs = _costs(equations, axes)
    if other is not None:
        for cell in other.done.hidden:
            at = equations.index.get(other.equations.keys[cell])
            if at is not None:
                costs[at] = 0.0
    reach = reach_of(equations, reasons, who, rules)
    done = suppress(equations, reach, costs, effort)
    beaten: Sequence[int] = ()
    if which == "values" and sheets[0].counts is not None:
        alone = [int(c) for c in np.flatnonzero(who.counts == 1)]
        done, beaten = against_insiders(equations, reach, done, alone, costs, effort)
    return _Work(equations, reasons, done, beaten)


def _between(table: Table) -> Table:
    """Return the cells that lie between the borders of overlapping codes, their values not known, and the codes they make."""
    cells: dict[Codes, float | None] = {}
    for at, axis in enumerate(table.axes):
        for atom in bands.atoms_of(axis):
            cells.update({(*codes[:at], atom, *codes[at + 1 :]): None for codes in table.cells})
    # A sum is read from one table: the whole must stand there beside its parts.
    return Table(table.axes, {**cells, **table.cells} if cells else {})


def _contributors(sheets: Sequence[_Sheet], axes: Axes, equations: Equations, which: str) -> Contributors:
    n = len(equations)
    if which == "counts" or sheets[0].counts is None:
        return Contributors(np.round(equations.values), np.zeros((n, 0)))
    counts, largest = np.full(n, np.nan), np.zeros((n, max(len(s.largest) for s in sheets)))
    for sheet in sheets:
        for at, row, _ in sheet.placed(axes, equations):
            if sheet.counts is not None:
                counts[at] = sheet.counts[row]
            for place, figures in enumerate(sheet.largest):
                largest[at, place] = figures[row]
    return Contributors(counts, largest)


def _costs(equations: Equations, axes: Axes) -> Floats:
    """A total is read more than its parts: it costs one more for each dimension that it sums."""
    return np.array([1.0 + len(axes) - len([a for a, _ in k if a]) for k in equations.keys])


# --- Saying ---------------------------------------------------------------------------------------


def _said(
    sheet: _Sheet, known: Axes, rules: Rules, works: Sequence[_Work], older: Sequence[_Sheet], seconds: float
) -> Secrecy:
    axes = sheet.axes(known)
    hidden: dict[tuple[int, str], HiddenCell] = {}
    opened: dict[str, None] = {}
    for work in works:
        covered = set(work.done.hidden)
        said = _Speech(work, axes, rules)
        for at, row, column in sheet.placed(known, work.equations):
            label = sheet.label(sheet.codes_at(row, column), axes)
            if at in work.done.verdict.open or at in work.done.public:
                opened[label] = None
            old = hidden.get((row, column))
            if at in covered and (old is None or (not old.primary and work.reasons[at] is not Reason.NONE)):
                message, values = said.why(at)
                hidden[row, column] = HiddenCell(row, column, label, str(work.reasons[at]), message, values)
    cells = len(sheet.rows) * len(sheet.columns)
    primary = sum(h.primary for h in hidden.values())
    last = works[-1].done
    return Secrecy(
        sheet.roles, rules, cells, tuple(hidden[k] for k in sorted(hidden)), primary, len(hidden) - primary,
        len(hidden) / cells if cells else 0.0, _lost(sheet, axes, hidden), last.cost, last.least,
        all(w.done.verdict.safe and not w.done.public for w in works), tuple(opened),
        tuple(Total(a.name, w, tuple(p)) for a in axes for w, p in a.sums), tuple(_findings(sheet, axes, works, older, rules)),
        seconds,
    )  # fmt: skip


def _lost(sheet: _Sheet, axes: Sequence[Axis], hidden: Mapping[tuple[int, str], HiddenCell]) -> float:
    """Return the share of the figures of the finest cells that is hidden."""
    wholes = [{w for w, _ in a.sums} | {a.root} for a in axes]
    fine, gone = 0.0, 0.0
    for column in sheet.columns:
        for row in range(len(sheet.rows)):
            if not any(c in w for c, w in zip(sheet.codes_at(row, column), wholes, strict=True)):
                value = abs(np.nan_to_num(sheet.figures[column][row]))
                fine += value
                gone += value if (row, column) in hidden else 0.0
    return float(gone / fine) if fine else 0.0


class _Speech:
    """Why each cell is hidden, in a sentence."""

    def __init__(self, work: _Work, axes: Sequence[Axis], rules: Rules) -> None:
        self.work, self.rules = work, rules
        self.names = [a.name for a in axes]
        self.covered = set(work.done.hidden)
        self.primary = set(work.done.primary)
        self.touching: dict[int, list[tuple[int, list[int]]]] = {}
        for cells, signs in work.equations.rows:
            whole = int(cells[signs < 0][0])
            for cell in cells:
                self.touching.setdefault(int(cell), []).append((whole, [int(c) for c in cells]))

    def why(self, at: int) -> tuple[str, Mapping[str, Any]]:
        reason, rules = self.work.reasons[at], self.rules
        if reason is Reason.FEW:
            return FEW[rules.unit], {"least": french(rules.least)}
        if reason is Reason.DOMINANT:
            count, share = rules.shares[0]
            said = {"count": count, "share": french(share * 100)}
            return (DOMINANT if count == 1 else DOMINANTS)[rules.unit], said
        if reason is Reason.NEAR:
            return NEAR[rules.unit], {"share": french((rules.percent or 0) * 100)}
        if reason is Reason.NOBODY:
            return NOBODY, {"least": french(rules.nobody_under)}
        if reason is Reason.EMPTY:
            return EMPTY, {}
        return self._for_another(at)

    def _for_another(self, at: int) -> tuple[str, Mapping[str, Any]]:
        near = self.touching.get(at, ())
        # A sum whose total is in sight is what an agent understands first: the hidden part is that total less the rest.
        for whole, cells in sorted(near, key=lambda n: (n[0] in self.covered, len(n[1]))):
            kept = [c for c in cells if c in self.primary and c != at]
            if kept and whole not in self.covered:
                return PART, {"cell": self._label(kept[0]), "whole": self._label(whole)}
            if kept and kept[0] == whole:
                return SUM, {"cell": self._label(whole)}
            if kept:
                return PART, {"cell": self._label(kept[0]), "whole": self._label(whole)}
        for whole, cells in near:
            if any(c in self.covered and c != at for c in cells):
                return NEIGHBOUR, {"whole": self._label(whole)}
        return LINKED, {}

    def _label(self, at: int) -> str:
        codes = dict(self.work.equations.keys[at])
        return " × ".join(bands.read_as(codes[n]) for n in self.names if n in codes) or WHOLE


def _findings(
    sheet: _Sheet, axes: Sequence[Axis], works: Sequence[_Work], older: Sequence[_Sheet], rules: Rules
) -> Iterable[Finding]:
    unequal = list(dict.fromkeys(k for w in works for k in w.equations.unequal))
    if unequal:
        yield Finding(
            "secret.unequal", Severity.WARN,
            msg("{count} total ou totaux sont inférieurs à la somme de leurs parties, dont « {cell} » : ils n'ont pas servi à "
                "protéger."),
            values={"count": len(unequal), "cell": _named(unequal[0])}, count=len(unequal),
            hint=msg("Corrigez ces totaux, ou retirez-les, puis calculez à nouveau ce qu'il faut cacher."),
        )  # fmt: skip
    public = [w.equations.keys[c] for w in works for c in w.done.public]
    if public:
        yield Finding(
            "secret.public", Severity.BLOCK,
            msg("{count} cellule(s) à cacher se lisent déjà dans une version publiée, dont « {cell} »."),
            values={"count": len(public), "cell": _named(public[0])}, count=len(public),
            hint=msg("Retirez l'ancienne version : cacher ici ce qui se lit encore là-bas ne protège personne."),
        )  # fmt: skip
    opened = [w.equations.keys[c] for w in works for c in w.done.verdict.open]
    if opened:
        yield Finding(
            "secret.open", Severity.BLOCK,
            msg("{count} cellule(s) se retrouvent à {part} % près quoi qu'on cache, dont « {cell} »."),
            values={"count": len(opened), "cell": _named(opened[0]), "part": french(rules.interval * 100)}, count=len(opened),
            hint=msg("Regroupez des catégories, ou retirez l'ancienne version qui les donne par différence."),
        )  # fmt: skip
    insiders = [w.equations.keys[c] for w in works for c in w.beaten]
    if insiders:
        yield Finding(
            "secret.insider", Severity.WARN,
            msg("{count} cellule(s), dont « {cell} », n'ont qu'un contributeur : avec la sienne, il peut en recalculer une "
                "autre."),
            values={"count": len(insiders), "cell": _named(insiders[0])}, count=len(insiders),
            hint=msg("Regroupez ces catégories avec une voisine."),
        )  # fmt: skip
    changed = [c for s in older for c in _small_changes(sheet, s, rules)]
    if changed:
        yield Finding(
            "secret.small_change", Severity.BLOCK,
            msg("{count} cellule(s) changent de moins de {least} depuis une version publiée, dont « {cell} » : la différence des "
                "deux versions parle de trop peu de monde."),
            values={"count": len(changed), "cell": sheet.label(changed[0], axes), "least": french(rules.least)},
            count=len(changed),
            hint=msg("Attendez d'avoir assez de changements, arrondissez les deux versions, ou retirez l'ancienne."),
        )  # fmt: skip


def _named(key: Key) -> str:
    return " × ".join(bands.read_as(code) for axis, code in key if axis) or WHOLE


def _small_changes(sheet: _Sheet, old: _Sheet, rules: Rules) -> list[Codes]:
    """Return the cells whose count is not the same, by fewer than may be shown."""
    if old.dimensions != sheet.dimensions or (sheet.roles.contributors and old.counts is None):
        return []
    which = "counts" if sheet.counts is not None else "values"
    then = old.cells(which)
    found = []
    for codes, value in sheet.cells(which).items():
        earlier = then.get(codes)
        if value is not None and earlier is not None and 0 < abs(value - earlier) < rules.least:
            found.append(codes)
    return found


# --- Guessing the roles ---------------------------------------------------------------------------

_LARGEST = re.compile(r"max\b|maxi|plus (?:grand|gros)|premier contributeur|largest")
_COUNTS = re.compile(r"n_?obs|nb|nombre|effectifs?|n\b|count|obs_value|population|total_?n")
_COMPANIES = re.compile(r"entreprises?|etablissements?|societes?|siret|siren|commerces?|exploitations?")
_PERIOD = re.compile(
    r"\b(?:annee|an|millesime|trimestre|semestre|mois|semaine|periode|saison|exercice|campagne|date|jour)s?\b"
)
_PEOPLE = re.compile(r"menages?|foyers?|personnes?|habitants?|beneficiaires?|allocataires?|agents?|eleves?")
_CODES = re.compile(
    r"code|insee|iris|annee|year|millesime|siren|siret|naf|ape|departement|region|rang|ordre|trimestre|mois|id\b"
)


def is_period(name: str) -> bool:
    """Return whether a dimension seems to tell years or months apart: the same person may count in each."""
    return bool(_PERIOD.search(fold(name).replace("_", " ")))


def roles_of(table: pa.Table) -> Roles | None:
    """Return what the columns seem to be, for a person to confirm; None when the table is no table of counts or sums.

    A column of figures is a value, unless its name says a code or a year; the others are dimensions.
    """
    numbers, dimensions, largest = [], [], []
    for name in table.column_names:
        words = fold(name).replace("_", " ")
        figures = pa.types.is_integer(table.column(name).type) or pa.types.is_floating(table.column(name).type)
        figures = figures or pa.types.is_decimal(table.column(name).type)
        if figures and _LARGEST.search(words):
            largest.append(name)
        elif figures and not _CODES.search(words):
            numbers.append(name)
        elif pa.types.is_string(table.column(name).type) or figures or pa.types.is_date(table.column(name).type):
            dimensions.append(name)
    if not numbers or not dimensions:
        return None
    counts = [n for n in numbers if _COUNTS.match(fold(n).replace(" ", "_")) or _COUNTS.match(fold(n))]
    said = fold(" ".join(table.column_names))
    unit = COMPANIES if _COMPANIES.search(said) or (largest and not _PEOPLE.search(said)) else PERSONS
    if len(counts) == 1 and len(numbers) > 1:
        return Roles(dimensions, [n for n in numbers if n not in counts], counts[0], largest, unit)
    return Roles(dimensions, counts or numbers, "", largest, unit)
