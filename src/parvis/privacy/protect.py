"""The only door to publication: apply a decided policy and make a ``SafeTable``.

Nothing a caller says is trusted: the table is screened here before the policy is judged, and what was transformed is
screened again once written. Rows stream through DuckDB; only the cells of text where a person may stand go through Python.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import hashlib
import math
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import InitVar
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from parvis.errors import InputError, RefusedError
from parvis.frozen import dataclass
from parvis.privacy import policy as policies
from parvis.privacy import risk as risks
from parvis.privacy import screen as screening
from parvis.privacy import sql
from parvis.privacy.meanings import NEVER
from parvis.privacy.people import rows_are_people
from parvis.tables import rewrite
from parvis.tables.typed import Cells, relation_of
from parvis.text import listed
from parvis.values import Anonymity, Averaging, Blurring, Column, Finding, Hiding, Kind, Policy, Profile, Risk, msg

if TYPE_CHECKING:
    from parvis.privacy.anonymity import Alike
    from parvis.privacy.geography.areas import Area
    from parvis.privacy.rehearsal import Averaged, Blurred, Hidden, Price, Released, Synthetic
    from parvis.privacy.tabular.noise import Spent

_SEAL = object()
_SHOWN = 80  # characters of an example
_EXACT = 100_000  # rows up to which distinct values are counted, beyond they are estimated
_IN_ORDER, _SORTED = 20, 0.95  # different values that have an order, share of rows that follow it
_WAITING = "[à décider]"  # shown in a preview for what nobody has decided yet
_NUMBERS = (Kind.INTEGER, Kind.NUMBER)
_ORDERED = (*_NUMBERS, Kind.DATE, Kind.DATETIME, Kind.TIME)


@dataclass(frozen=True)
class SafeTable:
    """A protected table: what may be published. Only ``protect`` makes one.

    ``path`` is a Parquet file of ``columns``; ``policy`` is what was applied and by whom it was decided. ``kept`` gives the
    row of the original that each row stands for, None when all are there in order; ``price`` what making rows alike cost.
    """

    path: Path
    columns: tuple[Column, ...]
    rows: int
    policy: Policy
    risk: Risk
    kept: Any = None
    price: Price | None = None
    hidden: Hidden | None = None
    blurred: Blurred | None = None
    averaged: Averaged | None = None
    synthetic: Synthetic | None = None
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise RefusedError("Seule la protection fait un tableau publiable.")

    def __reduce__(self) -> NoReturn:
        raise RefusedError("Seule la protection fait un tableau publiable.")

    def __copy__(self) -> SafeTable:
        return self

    def __deepcopy__(self, memo: object) -> SafeTable:
        return self


@dataclass(frozen=True, slots=True)
class Given:
    """What applying a policy needs besides the table.

    ``secret`` draws what is drawn: the same table is then protected the same way again; without one, a secret is made and
    forgotten. ``areas`` are those of the town, ``spent`` what the dataset's former versions used of its budget of noise,
    ``before`` the tables of counts that everybody has of the town already.
    """

    secret: bytes = b""
    areas: Sequence[Area] = ()
    spent: Sequence[Spent] = ()
    before: Sequence[Released] = ()

    @property
    def drawing(self) -> bytes:
        return self.secret or secrets.token_bytes(32)


def protect(typed: Path, profile: Profile, policy: Policy, out: Path, given: Given | None = None) -> SafeTable:
    """Write the protected Parquet and return its ``SafeTable``: zstd, in the file's order, without ``__line``.

    Raises: RefusedError, naming the columns, while personal data has no decided rule, or when some is still found
    after the transforms; InputError for a policy or a profile that does not fit the table.
    """
    typed, out, given = Path(typed), Path(out), given or Given()
    if typed.resolve() == out.resolve():
        raise InputError("La copie protégée ne peut pas remplacer le tableau d'origine.")
    _fits(typed, profile)
    findings = screening.screen(typed, profile)
    _decided(policy, profile, findings)
    plan = _plan(profile, policies.in_force(policy))
    if not plan:
        raise RefusedError("La politique retire toutes les colonnes : il ne reste rien à publier.")
    waiting = out.with_name(f".{out.name}.{secrets.token_hex(8)}")
    try:
        _write(typed, plan, waiting)
        _over_all_cells(typed, waiting, plan, given)
        if policy.synthesis is not None:
            return _synthetic(waiting, profile, plan, policy, out, given)
        alike, rows, blurred = None, profile.rows, None
        if policy.blurring is not None:
            blurred, plan = _blurred(waiting, plan, policy.blurring, given)
        wanted = asked_of_rows(policy, profile, [s.column for s in plan])
        if wanted is not None:
            named = _named_places(waiting, profile, plan)
            alike = _made_alike(waiting, [_described(s) for s in plan], wanted)
            _without_shapes(waiting, plan, named, alike.kept)
            plan = [_alike(s, wanted.keys) for s in plan]
            rows = len(alike.kept)
        averaged, mean = None, policy.averaging
        if mean is not None:
            mean = dataclasses.replace(mean, k=max(mean.k, wanted.k if wanted is not None else 0))
            averaged = _averaged(waiting, [_described(s) for s in plan], mean, wanted)
            plan = [_mean(s, mean) for s in plan]
        kept = alike.kept if alike is not None else None
        touched = any(s.changed for s in plan) or len(plan) < len(profile.columns)
        if touched and (rows_are_people(profile, findings) or _in_order_of(typed, profile, plan)):
            order = _sorted(waiting, [s.column.name for s in plan if s.column.kind is not Kind.GEOMETRY])
            kept = order if kept is None else kept[order]
        columns = _refreshed(waiting, rows, plan)
        if mean is not None:
            columns = tuple(_as_means(c, mean) for c in columns)
        _looked_at_again(waiting, profile, plan, columns, policy)
        hidden = None
        if policy.hiding is not None and alike is None:
            hidden = _without_small_counts(waiting, policy.hiding, given)
            columns = _counted_again(waiting, columns, policy.hiding)
        left = {c.name for c in columns}
        keys = [k for k in risks.keys_of(profile.columns) if k in left] if policies.blocking(findings) else []
        risk = risks.measure(waiting, columns, keys)
        waiting.replace(out)
    finally:
        waiting.unlink(missing_ok=True)
    return SafeTable(
        out, columns, risk.rows, policy, risk, kept=kept, price=alike.price if alike is not None else None,
        hidden=hidden, blurred=blurred, averaged=averaged, seal=_SEAL,
    )  # fmt: skip


def _synthetic(
    path: Path, profile: Profile, plan: Sequence[_Step], policy: Policy, out: Path, given: Given
) -> SafeTable:
    """Draw the copy that takes the place of the rows, look at it as at any other table, and give it."""
    from parvis.privacy.synthesis import draw  # late: few tables are copied

    assert policy.synthesis is not None
    waiting = path.with_name(f"{path.name}.synthetic")
    try:
        least = draw.least_shared([c.meaning for c in profile.columns])
        columns = [_described(s) for s in plan]
        made = draw.make(path, columns, policy.synthesis, given.drawing, waiting, least)
        steps = [_Step(c, sql.Expression(sql.quoted(c.name), c.kind), changed=True) for c in made.columns]
        fresh = _refreshed(waiting, made.told.rows, steps)
        told = tuple(
            dataclasses.replace(c, description=m.description) for c, m in zip(fresh, made.columns, strict=True)
        )
        _looked_at_again(waiting, profile, steps, told, policy)
        risk = risks.measure(waiting, told, ())
        waiting.replace(out)
    finally:
        waiting.unlink(missing_ok=True)
    return SafeTable(out, told, risk.rows, policy, risk, synthetic=made.told, seal=_SEAL)


def _made_alike(path: Path, columns: Sequence[Column], wanted: Anonymity) -> Alike:
    """Make the rows of a file alike in its place, and check what was written by other means than those that made it."""
    from parvis.privacy import anonymity  # late: most tables need no numpy of it

    waiting = path.with_name(f"{path.name}.alike")
    try:
        alike = anonymity.apply(path, columns, wanted, waiting)
        least = _smallest(waiting, [k for k in wanted.keys if k in pq.read_schema(waiting).names], wanted.person)
        if least is not None and least < wanted.k:
            raise RefusedError(
                "Un groupe de {least} personne(s) est resté : rien n'est publié.",
                "Prévenez votre administrateur : le regroupement n'a pas tenu sa promesse.",
                least=least,
            )
        waiting.replace(path)
    finally:
        waiting.unlink(missing_ok=True)
    return alike


def asked_of_rows(policy: Policy, profile: Profile, columns: Sequence[Column]) -> Anonymity | None:
    """Return how rows are made alike once columns are treated and places hidden; None when by no column that is left.

    Numbers that become means are means of people who share the rest, as many of them. What hides a place is known of
    somebody as the place was.
    """
    wanted, mean = policy.anonymity, policy.averaging
    if wanted is None:
        return None
    means = {*mean.columns} if mean is not None else set[str]()
    added = {c.name for c in columns} - {c.name for c in profile.columns}
    degrees = {c.name for c in columns if c.meaning in ("longitude", "latitude")}
    places = (added | degrees) if policy.blurring is not None else added
    left = [c.name for c in columns if c.name not in means]
    keys = tuple(n for n in left if n in wanted.keys or n in places)
    k = max(wanted.k, mean.k if mean is not None else 0)
    first = tuple(f for f in wanted.first if f in keys)
    return dataclasses.replace(wanted, k=k, keys=keys, first=first) if keys else None


def _named_places(path: Path, profile: Profile, plan: Sequence[_Step]) -> Any:
    """Return the names of the squares or areas of the rows, None of a table without shapes or without such names."""
    added = [s.column for s in plan if s.column.name not in {c.name for c in profile.columns}]
    name = next((c.name for c in added if c.kind is Kind.TEXT), "")
    shaped = any(s.column.kind is Kind.GEOMETRY for s in plan)
    return pq.read_table(path, columns=[name]) if name and shaped else None


def _without_shapes(path: Path, plan: Sequence[_Step], named: Any, kept: Any) -> None:
    """Empty the shapes of rows whose square or area was made vaguer: the shape would still tell which it was."""
    if named is None:
        return
    table, name = pq.read_table(path), named.column_names[0]
    same = [a == b for a, b in zip(named.column(0).take(kept).to_pylist(), table.column(name).to_pylist(), strict=True)]
    for step in (s for s in plan if s.column.kind is Kind.GEOMETRY):
        at = table.column_names.index(step.column.name)
        cells = [c if told else None for c, told in zip(table.column(at).to_pylist(), same, strict=True)]
        table = table.set_column(at, step.column.name, pa.array(cells, table.column(at).type))
    waiting = path.with_name(f"{path.name}.shapes")
    pq.write_table(table, waiting, compression="zstd", row_group_size=sql.GROUP)
    waiting.replace(path)


def _averaged(path: Path, columns: Sequence[Column], wanted: Averaging, group: Anonymity | None) -> Averaged:
    """Write a file again with numbers replaced by means, and count again who shares what is now shown."""
    from parvis.privacy import averages  # late: few tables have means

    waiting = path.with_name(f"{path.name}.means")
    keys, person = (group.keys, group.person) if group is not None else ((), "")
    try:
        told = averages.apply(path, columns, wanted, keys, person, waiting)
        held = pq.read_schema(waiting).names
        shared = [n for n in (*keys, *wanted.columns) if n in held]
        least = _smallest(waiting, shared, person)
        if least is not None and least < wanted.k:
            raise RefusedError(
                "Un groupe de {least} personne(s) est resté : rien n'est publié.",
                "Prévenez votre administrateur : le regroupement n'a pas tenu sa promesse.",
                least=least,
            )
        waiting.replace(path)
    finally:
        waiting.unlink(missing_ok=True)
    return told


def _mean(step: _Step, wanted: Averaging) -> _Step:
    if step.column.name not in wanted.columns:
        return step
    return _Step(step.column, sql.Expression(sql.quoted(step.column.name), Kind.NUMBER), changed=True)


def _as_means(column: Column, wanted: Averaging) -> Column:
    from parvis.privacy import averages

    return averages.described(column, wanted) if column.name in wanted.columns else column


def _blurred(path: Path, plan: Sequence[_Step], wanted: Blurring, given: Given) -> tuple[Blurred, list[_Step]]:
    """Write a file again with the places of people hidden, and return what of that is still to be described."""
    from parvis.privacy.geography import written  # late: few tables speak of where people live
    from parvis.privacy.rehearsal import BLURS, Blurred

    if wanted.shape not in BLURS or not 2 <= wanted.k <= 1000:
        raise InputError("Un lieu se cache parmi 2 à 1 000 foyers : carreaux, quartiers ou déplacement.")
    columns, waiting = [_described(s) for s in plan], path.with_name(f"{path.name}.blurred")
    try:
        if wanted.shape == "squares":
            told = written.in_squares(path, columns, waiting, k=wanted.k, home=wanted.home)
        elif wanted.shape == "areas":
            if not given.areas:
                raise InputError(
                    "La couche de quartiers n'est plus là, ou n'a pas été choisie.",
                    "Choisissez une couche de quartiers déposée ou publiée par la commune, ou des carreaux.",
                )
            told = written.in_areas(path, columns, waiting, given.areas, k=wanted.k, home=wanted.home)
        else:
            # The same house goes to the same place in every version: the mean of several moves would give it back.
            told = written.moved(path, columns, waiting, given.drawing, k=wanted.k, home=wanted.home)
        waiting.replace(path)
    finally:
        waiting.unlink(missing_ok=True)
    known = {s.column.name: s for s in plan}
    steps = []
    for column in told.columns:
        step = known.get(column.name)
        place = column.kind is Kind.GEOMETRY or column.meaning in ("longitude", "latitude")
        if step is None or place:
            step = _Step(column, sql.Expression(sql.quoted(column.name), column.kind), changed=False)
        steps.append(step)
    sizes = {str(side): count for side, count in told.by_size.items()}
    return Blurred(pq.read_metadata(path).num_rows, told.withheld, sizes, told.moved, told.by_area), steps


def _without_small_counts(path: Path, wanted: Hiding, given: Given) -> Hidden:
    from parvis.privacy import counts  # late: few tables need the solver
    from parvis.privacy.tabular import ways

    waiting = path.with_name(f"{path.name}.hidden")
    try:
        if wanted.way == "hide" or wanted.rare or wanted.whole:
            hidden = counts.apply(path, wanted, waiting, given.before)
        else:
            table, hidden = ways.apply(counts.without_rates(pq.read_table(path), wanted), wanted, given.drawing)
            pq.write_table(table, waiting, compression="zstd")
        waiting.replace(path)
    finally:
        waiting.unlink(missing_ok=True)
    return hidden


def _counted_again(path: Path, columns: Sequence[Column], wanted: Hiding) -> tuple[Column, ...]:
    """Return the columns as hiding left them: what is hidden stays in no statistics, and a column says what is."""
    names, rows = pq.read_schema(path).names, pq.read_metadata(path).num_rows
    touched = {*wanted.values, *wanted.rates, wanted.whole, wanted.rare}
    columns = [_noted(c, wanted) for c in columns]
    with sql.connect(path.parent) as engine:
        told = [
            dataclasses.replace(c, **_statistics(engine, path, rows, c)) if c.name in touched else c
            for c in columns
            if c.name in names
        ]
        flags = [Column(n, msg("Secret statistique"), Kind.TEXT) for n in names if n not in {c.name for c in columns}]
        told += [dataclasses.replace(c, **_statistics(engine, path, rows, c)) for c in flags]
    return tuple(told)


def _noted(column: Column, wanted: Hiding) -> Column:
    """Return a column of counts saying what was done to each of them."""
    if wanted.way == "hide" or column.name not in wanted.values:
        return column
    from parvis.privacy.tabular import ways

    return dataclasses.replace(column, description=f"{column.description} {ways.note(wanted)}".strip())


def _in_order_of(typed: Path, profile: Profile, plan: Sequence[_Step]) -> bool:
    """True when the rows stand in the order of a text that is taken away or changed: a list by name tells the initials."""
    import pyarrow.compute as pc

    left = {s.column.name for s in plan if not s.changed}
    for column in (
        c for c in profile.columns if c.kind is Kind.TEXT and c.name not in left and c.distinct >= _IN_ORDER
    ):
        held: Any = pq.read_table(typed, columns=[column.name]).column(0)
        cells: Any = pc.utf8_lower(pc.fill_null(held, ""))
        rises: Any = pc.greater_equal(cells[1:], cells[:-1])
        rising = pc.mean(pc.cast(rises, pa.float64())).as_py() or 0.0
        if max(rising, 1 - rising) >= _SORTED:
            return True
    return False


def _sorted(path: Path, names: Sequence[str]) -> Any:
    """Put the rows of a file in the order of what is published of them, and return their former places.

    The order of a file is often that of a column that was taken away: a list by name still tells the initials.
    """
    import pyarrow.compute as pc

    table = pq.read_table(path)
    order = pc.sort_indices(table, sort_keys=[(n, "ascending") for n in names]) if names else None
    if order is None:
        return None
    waiting = path.with_name(f"{path.name}.sorted")
    pq.write_table(table.take(order), waiting, compression="zstd", row_group_size=sql.GROUP)
    waiting.replace(path)
    return order.to_numpy()


def _smallest(path: Path, keys: Sequence[str], person: str) -> int | None:
    """Return how many persons the smallest group holds, None of an empty table."""
    if not keys:
        return None
    whose = f"count(DISTINCT {sql.quoted(person)})" if person in pq.read_schema(path).names else "count(*)"
    with sql.connect(path.parent) as engine:
        grouped = ", ".join(sql.quoted(k) for k in keys)
        query = f"SELECT min(n) FROM (SELECT {whose} AS n FROM {sql.source(path)} GROUP BY {grouped})"
        found = engine.execute(query).fetchall()[0][0]
    return None if found is None else int(found)


def _alike(step: _Step, keys: Sequence[str]) -> _Step:
    if step.column.name not in keys or step.column.kind is Kind.GEOMETRY:
        return step
    return _Step(step.column, sql.Expression(sql.quoted(step.column.name), Kind.TEXT), changed=True)


def first_rows(safe: SafeTable, rows: int) -> tuple[dict[str, Any], ...]:
    """Return the first rows of a protected table; values are JSON-safe, shapes only said."""
    names = [c.name for c in safe.columns]
    chosen = ", ".join(
        f"CASE WHEN {sql.quoted(c.name)} IS NOT NULL THEN {sql.literal('[géométrie]')} END" if c.kind is Kind.GEOMETRY
        else sql.quoted(c.name)
        for c in safe.columns
    )  # fmt: skip
    with sql.connect(safe.path.parent) as engine:
        found = engine.execute(f"SELECT {chosen} FROM {sql.source(safe.path)} LIMIT {int(rows)}").fetchall()
    return tuple({n: _plain(v) for n, v in zip(names, row, strict=True)} for row in found)


def preview(typed: Path | Cells, profile: Profile, policy: Policy, rows: int) -> tuple[dict[str, Any], ...]:
    """Return the first rows as they would be published under the policy, decided or not; values are JSON-safe.

    What is personal in those rows and has no rule that holds is shown as « [à décider] », never as it is.
    """
    _fits(typed, profile)
    policies.known_columns(policy, profile)
    accepted = policies.in_force(policies.accept(policy, "preview"))
    plan = _plan(profile, accepted)
    if not plan:
        return ()
    with sql.connect() as engine, _functions(engine) as made:
        engine.execute(f"CREATE TEMP TABLE shown AS SELECT * FROM {relation_of(typed)} LIMIT {int(rows)}")
        findings = screening.look(engine, "shown", profile, few=True)
        waiting = {f.values["name"] for f in policies.check(accepted, profile, findings)}
        waiting |= {c.name for c in profile.columns if _kept_unsigned(c.name, policy, findings)}
        waiting |= _made_of_all(profile, accepted)
        chosen = (f"{_shown(engine, s, waiting, made)} AS {sql.quoted(s.column.name)}" for s in plan)
        engine.execute(f"CREATE TEMP TABLE published AS SELECT {', '.join(chosen)} FROM shown")
        after = [_described(s) for s in plan if s.changed and s.column.name not in waiting]
        left = policies.blocking(screening.look(engine, "published", profile, after, few=True))
        hidden = {f.values["name"] for f in left if not _grounded(policy, f)}
        names = [s.column.name for s in plan]
        return tuple(
            {n: _WAITING if n in hidden else _plain(v) for n, v in zip(names, row, strict=True)}
            for row in engine.execute("SELECT * FROM published").fetchall()
        )


# --- The policy -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Step:
    """What is written for one column: the SQL, and whether it differs from what was read."""

    column: Column
    expression: sql.Expression
    changed: bool


def _plan(profile: Profile, policy: Policy) -> list[_Step]:
    plan = []
    for column in profile.columns:
        rule = policy.rule(column.name)
        if rule is None or rule.transform == "keep":
            plan.append(_Step(column, sql.Expression(sql.quoted(column.name), column.kind), changed=False))
            continue
        made = policies.transform(rule.transform).apply(column, policies.sound(rule))
        if made is not None:
            plan.append(_Step(column, made, changed=True))
    return plan


def _fits(typed: Path | Cells, profile: Profile) -> None:
    """Refuse a profile that is not this table's: a column left out of it would not have been judged."""
    held = set(typed.names if isinstance(typed, Cells) else pq.read_schema(typed).names) - {sql.LINE}
    said = {c.name for c in profile.columns}
    if held != said or len(said) != len(profile.columns):
        raise InputError(
            "Le profil ne décrit pas ce tableau : {columns}.",
            columns=listed(sorted(held ^ said)) or "colonnes en double",
        )


def _decided(policy: Policy, profile: Profile, findings: Sequence[Finding]) -> None:
    policies.known_columns(policy, profile)
    for rule in policy.rules:
        policies.sound(rule)
    problems = policies.check(policy, profile, findings)
    if problems:
        raise RefusedError(
            "La publication attend une décision sur : {columns}. {first}",
            "Décidez ce que devient chaque colonne : retirer, masquer, ou garder avec un fondement légal.",
            columns=listed(dict.fromkeys(f"« {p.values['column']} »" for p in problems)),
            first=problems[0].text,
        )


def _kept_unsigned(name: str, policy: Policy, findings: Sequence[Finding]) -> bool:
    """True when personal data of a column would show although nobody has decided to keep it."""
    rule = policies.in_force(policy).rule(name)
    if rule is not None and rule.decided_by:
        return False
    return any(
        f.values["name"] == name
        and not policies.averaged(policy, f)
        and (rule is None or not policies.answers(rule.transform, f))
        for f in policies.blocking(findings)
    )


def _made_of_all(profile: Profile, policy: Policy) -> set[str]:
    """Return the columns that the first rows alone cannot show as they would be published."""
    if policy.synthesis is not None:
        return {c.name for c in profile.columns}
    drawn = {s.column.name for s in _plan(profile, policy) if s.expression.whole is not None}
    return drawn | ({*policy.averaging.columns} if policy.averaging is not None else set())


# --- Writing --------------------------------------------------------------------------------------


def _write(typed: Path, plan: Sequence[_Step], out: Path) -> None:
    kept = [rewrite.Written(s.column.name, s.column.name) for s in plan]
    with sql.connect(out.parent) as engine:
        large = pq.read_metadata(typed).num_rows >= rewrite.LARGE and not any(s.changed for s in plan)
        if large and rewrite.rewrite(engine, typed, out, kept, level=3):
            return
        chosen = ", ".join(f"{_value(engine, s)} AS {sql.quoted(s.column.name)}" for s in plan)
        engine.execute(
            f"COPY (SELECT {chosen} FROM {sql.source(typed)}) TO {sql.literal(out)} "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {sql.GROUP})"
        )


def _over_all_cells(typed: Path, out: Path, plan: Sequence[_Step], given: Given) -> None:
    """Do in a written file the work of transforms that need all the cells of their column at once."""
    steps = [s for s in plan if s.expression.whole is not None]
    if not steps:
        return
    keys = _row_keys(pq.read_table(typed), given.drawing)
    waiting = out.with_name(f"{out.name}.whole")
    table = pq.read_table(out)
    for step in steps:
        assert step.expression.whole is not None
        name = step.column.name
        # Each column draws for itself: two exchanged alike would keep what links them, and tell whose they were.
        own = keys ^ np.uint64(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))
        cells = step.expression.whole(table.column(name).combine_chunks(), _mixed(own))
        table = table.set_column(table.schema.get_field_index(name), name, cells)
    pq.write_table(table, waiting, compression="zstd", row_group_size=sql.GROUP)
    waiting.replace(out)


def _row_keys(table: pa.Table, drawing: bytes) -> Any:
    """Return (rows,) whole numbers of 64 bits, from a secret and from all that a row holds."""
    names = [n for n in table.column_names if n != sql.LINE]
    columns = [[repr(c) for c in table.column(n).to_pylist()] for n in names]
    digest = functools.partial(hashlib.blake2b, digest_size=8, key=drawing[:64])
    rows = zip(*columns, strict=True)
    return np.array([int.from_bytes(digest("\0".join(row).encode()).digest(), "big") for row in rows], np.uint64)


def _mixed(keys: Any) -> Any:
    """Return keys whose every bit hangs on all of the former ones (the end of SplitMix64)."""
    with np.errstate(over="ignore"):
        keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


@contextmanager
def _functions(engine: Any) -> Iterator[list[str]]:
    """Give a list of the functions made in the engine that the steps share, which loses them when the block ends."""
    made: list[str] = []
    try:
        yield made
    finally:
        for name in made:
            engine.remove_function(name)


def _value(engine: Any, step: _Step, functions: list[str] | None = None) -> str:
    """Return the SQL of a column's published value; work that is not SQL's becomes one of the ``functions`` of the engine."""
    made = step.expression
    if made.clean is None:
        return made.sql
    name = f"parvis_clean_{secrets.token_hex(4)}"
    engine.create_function(name, _over_arrow(made.clean), ["VARCHAR"], "VARCHAR", type="arrow")
    if functions is not None:
        functions.append(name)
    return f"CASE WHEN {made.when} THEN {name}({made.sql}) ELSE {made.sql} END"


def _over_arrow(clean: Callable[[str], str]) -> Callable[[Any], Any]:
    def batch(cells: Any) -> Any:
        return pa.array([None if c is None else clean(c) for c in cells.to_pylist()], pa.string())

    return batch


def _shown(engine: Any, step: _Step, waiting: set[str], functions: list[str]) -> str:
    if step.column.name in waiting:
        return sql.literal(_WAITING)
    if step.column.kind is Kind.GEOMETRY:
        return f"CASE WHEN {step.expression.sql} IS NOT NULL THEN {sql.literal('[géométrie]')} END"
    return _value(engine, step, functions)


# --- Judging what was written ---------------------------------------------------------------------


def _looked_at_again(
    out: Path, profile: Profile, plan: Sequence[_Step], columns: Sequence[Column], policy: Policy
) -> None:
    """Refuse what still shows someone after a transform. Columns kept on a ground were judged before."""
    changed = [c for c, s in zip(columns, plan, strict=True) if s.changed]
    if not changed:
        return
    with sql.connect(out.parent) as engine:
        found = screening.look(engine, sql.source(out), profile, changed)
    left = [f for f in policies.blocking(found) if not _grounded(policy, f)]
    if left:
        raise RefusedError(
            "Des données personnelles restent après traitement dans : {columns}.",
            "Choisissez un traitement plus fort : masquer toute la valeur, ou retirer la colonne.",
            columns=listed(dict.fromkeys(f"« {f.values['column']} »" for f in left)),
        )


def _grounded(policy: Policy, finding: Finding) -> bool:
    rule = policies.in_force(policy).rule(finding.values["name"])
    if policies.averaged(policy, finding):
        return True
    return bool(rule and rule.ground and (finding.values["meaning"] not in NEVER or rule.ground == "not_personal"))


def _refreshed(out: Path, rows: int, plan: Sequence[_Step]) -> tuple[Column, ...]:
    """Return the columns as they are now: nothing of a value that is gone stays in their statistics."""
    fresh = [_described(s) for s in plan]
    changed = [c for c, s in zip(fresh, plan, strict=True) if s.changed]
    if not changed:
        return tuple(fresh)
    with sql.connect(out.parent) as engine:
        told = {c.name: _statistics(engine, out, rows, c) for c in changed}
    return tuple(dataclasses.replace(c, **told[c.name]) if c.name in told else c for c in fresh)


def _described(step: _Step) -> Column:
    column = step.column
    if not step.changed:
        return column
    meaning = "year" if column.meaning == "birth_date" and step.expression.kind is Kind.INTEGER else ""
    return Column(
        name=column.name,
        label=column.label,
        kind=step.expression.kind,
        meaning=meaning,
        description=column.description,
        field=column.field,
    )


def _statistics(engine: Any, out: Path, rows: int, column: Column) -> dict[str, Any]:
    name, table = sql.quoted(column.name), sql.source(out)
    distinct = f"count(DISTINCT {name})" if rows <= _EXACT else f"approx_count_distinct({name})"
    wanted = {"filled": f"count({name})", "distinct": distinct}
    if column.kind in _ORDERED:
        wanted |= {"minimum": f"min({name})", "maximum": f"max({name})"}
    if column.kind in _NUMBERS:
        wanted["mean"] = f"avg({name})"
    told = engine.execute(f"SELECT {', '.join(wanted.values())} FROM {table}").fetchall()[0]
    out_facts: dict[str, Any] = {k: _plain(v) for k, v in zip(wanted, told, strict=True)}
    out_facts["distinct"] = min(out_facts["distinct"], out_facts["filled"])
    shown = engine.execute(f"SELECT CAST({name} AS VARCHAR) FROM {table} WHERE {name} IS NOT NULL LIMIT 200").fetchall()
    out_facts["examples"] = tuple(islice(dict.fromkeys(r[0][:_SHOWN] for r in shown), 5))
    return out_facts


def _plain(value: Any) -> Any:
    """Return a value as JSON can carry it."""
    if isinstance(value, dt.date | dt.datetime | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes | bytearray | memoryview):
        return "[octets]"
    return value
