"""What several files of one town must say alike: subsidies, the deliberations that grant them, the budget that pays."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from parvis.frozen import dataclass
from parvis.tables.engine import connect
from parvis.text import number
from parvis.validation.regexes import literal
from parvis.validation.table import quoted
from parvis.values import Column, Finding, Kind, Place, Profile, Severity, msg

# What is looked up in another table, and the field that holds it there: it is missing when no table has it.
NOWHERE = {"across.no_deliberation": "DELIB_ID"}
_OTHER_TOWN = "across.other_town"
_SHOWN = 5
_LINES = 100
_MARGIN = 1.02  # of the budget: what is granted and what is paid differ a little
# Accounts of subsidies to associations and other private persons, in the M14 and M57 plans.
_SUBSIDIES = "regexp_matches({nature}, '^(?:6574|65748|6571|65741)')"


@dataclass(frozen=True, slots=True)
class Held:
    """One table of the town: its title for people, what it is, its typed Parquet."""

    title: str
    profile: Profile
    typed: Path

    def column(self, *fields: str) -> Column | None:
        """Return the column that holds one of these fields of a schema."""
        return next((c for f in fields for c in self.profile.columns if c.field == f and c.filled), None)


def across(tables: Sequence[Held]) -> dict[int, tuple[Finding, ...]]:
    """Return what tables contradict in each other, by the number of the table that it is to be mended in."""
    out: dict[int, tuple[Finding, ...]] = {}
    with connect() as engine:
        for at, grants in enumerate(tables):
            others = [t for n, t in enumerate(tables) if n != at]
            said = [f for other in others for f in (*_granted(engine, grants, other), *_paid(engine, grants, other))]
            said += [f for other in others for f in (*_town(engine, grants, other), *_again(engine, grants, other))]
            if said := merged(said, others):
                out[at] = tuple(said)
    return out


def merged(findings: Sequence[Finding], holders: Sequence[Held]) -> list[Finding]:
    """Return the findings of a table against several others: what one of them answers is missing nowhere."""
    out = list(findings)
    for code, field in NOWHERE.items():
        out = _nowhere(out, code, [h for h in holders if h.column(field) is not None])
    return _said_once(out)


def _said_once(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings, one alone for all the files of the same other town: a wrong number is wrong beside each."""
    towns: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.code == _OTHER_TOWN:
            towns.setdefault(str(finding.values["theirs"]), []).append(finding)
    out = [f for f in findings if f.code != _OTHER_TOWN]
    for alike in towns.values():
        titles = " », « ".join(str(f.values["other"]) for f in alike[:_SHOWN])
        out.append(dataclasses.replace(alike[0], values={**alike[0].values, "other": titles}))
    return out


def _nowhere(findings: list[Finding], code: str, holders: Sequence[Held]) -> list[Finding]:
    """Return the findings, those of a code kept only for the lines that none of several tables answers."""
    said = [f for f in findings if f.code == code]
    if len(holders) < 2 or not said:
        return findings
    others = [f for f in findings if f.code != code]
    if len(said) < len(holders):  # one of them answers every line
        return others
    lines = sorted(set.intersection(*(set(f.lines) for f in said)))
    least = min(said, key=lambda f: f.count)
    if any(f.count > len(f.lines) for f in said):
        return [*others, least]  # not every line is named: what the nearest table lacks is the best that can be told
    if not lines:
        return others
    place = dataclasses.replace(least.place, line=lines[0], cell="") if least.place is not None else None
    titles = " », « ".join(h.title for h in holders[:5])
    values = {**least.values, "count": len(lines), "other": titles}
    few = least.examples if least.count == len(lines) else ()
    return [
        *others,
        dataclasses.replace(least, place=place, values=values, count=len(lines), lines=tuple(lines), examples=few),
    ]


# --- Subsidies and deliberations ------------------------------------------------------------------


def _granted(engine: Any, grants: Held, acts: Held) -> Iterator[Finding]:
    """Look each subsidy's decision up among the deliberations, and hold its day against theirs."""
    reference, act = grants.column("referenceDecision"), acts.column("DELIB_ID")
    if reference is None or act is None:
        return
    known = f"SELECT {_bare(act)} AS k, min({_day(acts, 'DELIB_DATE')}) AS voted FROM {_of(acts)} GROUP BY 1"
    lines = _rows(engine, f"SELECT __line, {quoted(reference.name)} FROM {_of(grants)} WHERE {_bare(reference)} <> '' "
                          f"AND {_bare(reference)} NOT IN (SELECT k FROM ({known}) WHERE k IS NOT NULL)")  # fmt: skip
    if lines:
        yield _finding_on_lines(
            "across.no_deliberation",
            msg("{count} subvention(s) citent une délibération qui n'est pas dans « {other} »."),
            reference,
            acts,
            lines,
            hint=msg("Écrivez le numéro comme dans l'acte, ou ajoutez la délibération au fichier des délibérations."),
            why=msg("Le lecteur doit pouvoir remonter d'une subvention à la décision du conseil."),
            examples=_shown(lines),
        )
    when = grants.column("dateConvention")
    if when is None or acts.column("DELIB_DATE") is None or when.kind not in (Kind.DATE, Kind.DATETIME):
        return
    early = _rows(engine, f"SELECT __line, {quoted(when.name)} FROM {_of(grants)} AS g JOIN ({known}) AS a ON "
                          f"{_bare(reference)} = a.k WHERE CAST({quoted(when.name)} AS DATE) < a.voted")  # fmt: skip
    if early:
        yield _finding_on_lines(
            "across.before_deliberation",
            msg("{count} convention(s) sont datées d'avant la délibération qui les autorise (« {other} »)."),
            when,
            acts,
            early,
            hint=msg("Vérifiez les deux dates : une convention se signe après le vote."),
            why=msg("Une convention signée avant le vote n'a pas de base légale."),
        )


# --- Subsidies and the budget ---------------------------------------------------------------------


def _paid(engine: Any, grants: Held, budget: Held) -> Iterator[Finding]:
    """Hold the subsidies of a year against what the budget spent on them (accounts 6574 and 65748)."""
    amount, when = grants.column("montant"), grants.column("dateConvention")
    nature, year = budget.column("BGT_NATURE"), budget.column("BGT_ANNEE")
    spent = budget.column("BGT_MTREAL", "BGT_MTPREV")
    if amount is None or nature is None or spent is None or year is None or amount.kind is Kind.TEXT:
        return
    account = _SUBSIDIES.format(nature=f"CAST({quoted(nature.name)} AS VARCHAR)")
    paid = {
        str(y)[:4]: float(s or 0)
        for y, s in engine.execute(
            f"SELECT CAST({quoted(year.name)} AS VARCHAR), sum({quoted(spent.name)}) FROM {_of(budget)} "
            f"WHERE {account} GROUP BY 1"
        ).fetchall()
    }
    given = _by_year(engine, grants, amount, when)
    for one, total in sorted(given.items()):
        if paid.get(one) and total > paid[one] * _MARGIN:
            yield Finding(
                "across.over_budget",
                Severity.WARN,
                msg("Année {year} : {given} € de subventions, pour {paid} € aux comptes 6574 et 65748 de « {other} »."),
                Place(column=amount.label),
                {"year": one, "given": number(total, 2), "paid": number(paid[one], 2), "other": budget.title,
                 "column": amount.label},
                hint=msg("Des lignes sont peut-être en double, ou d'une autre année ; les aides en nature n'ont pas à être dans "
                         "ce total."),
                why=msg("On ne peut avoir donné plus que le budget n'a payé."),
            )  # fmt: skip


def _by_year(engine: Any, grants: Held, amount: Column, when: Column | None) -> dict[str, float]:
    if when is None or when.kind not in (Kind.DATE, Kind.DATETIME):
        return {}
    kind = grants.column("nature")
    money = f"AND strip_accents(lower({quoted(kind.name)})) NOT LIKE 'aide en nature%'" if kind is not None else ""
    rows = engine.execute(
        f"SELECT CAST(year({quoted(when.name)}) AS VARCHAR), sum({quoted(amount.name)}) FROM {_of(grants)} "
        f"WHERE {quoted(when.name)} IS NOT NULL {money} GROUP BY 1"
    ).fetchall()
    return {str(y): float(s or 0) for y, s in rows}


# --- Numbers given again ---------------------------------------------------------------------------

_NAMES_A_ROW = ("DELIB_ID", "id_pdc_itinerance", "EQUIP_UID", "id_lieu", "cle_interop")


def _again(engine: Any, one: Held, other: Held) -> Iterator[Finding]:
    """Look for acts and places that two files number alike and that are not the same: a number starts again each year."""
    field = next((f for f in _NAMES_A_ROW if one.column(f) is not None and other.column(f) is not None), "")
    mine, theirs = one.column(field), other.column(field)
    if mine is None or theirs is None:
        return
    common = [(a, b) for a in one.profile.columns for b in other.profile.columns
              if a.field and a.field == b.field and a.field != field and a.filled and b.filled]  # fmt: skip
    if not common:
        return
    differ = " OR ".join(
        f"CAST(a.{quoted(x.name)} AS VARCHAR) IS DISTINCT FROM CAST(b.{quoted(y.name)} AS VARCHAR)" for x, y in common
    )
    both = f"{_of(one)} AS a JOIN {_of(other)} AS b ON {_bare(mine, 'a.')} = {_bare(theirs, 'b.')}"
    again = f"{_bare(mine, 'a.')} <> '' AND ({differ})"
    lines = _rows(engine, f"SELECT DISTINCT a.__line, a.{quoted(mine.name)} FROM {both} WHERE {again}")
    if lines:
        yield _finding_on_lines(
            "across.same_number",
            msg(
                "Colonne « {column} » : {count} ligne(s) portent un numéro qui, dans « {other} », désigne autre chose."
            ),
            mine,
            other,
            lines,
            hint=msg("Ajoutez l'année au numéro : 2026-012 au lieu de 12."),
            why=msg("Un lien vers ce numéro mènerait à la mauvaise ligne."),
            examples=_shown(lines),
        )


# --- One town -------------------------------------------------------------------------------------

_TOWN = ("idAttribuant", "COLL_SIRET", "BGT_SIRET")


def _town(engine: Any, one: Held, other: Held) -> Iterator[Finding]:
    """Hold the number of the town in both files against each other: the first nine digits are its own."""
    mine, theirs = one.column(*_TOWN), other.column(*_TOWN)
    if mine is None or theirs is None:
        return
    found = _sirens(engine, one, mine), _sirens(engine, other, theirs)
    if len(found[0]) == len(found[1]) == 1 and found[0] != found[1]:
        yield Finding(
            "across.other_town",
            Severity.WARN,
            msg(
                "Ce fichier porte le SIREN {mine}, et « {other} » le SIREN {theirs} : ce n'est pas la même collectivité."
            ),
            Place(column=mine.label),
            {"mine": found[0][0], "theirs": found[1][0], "other": other.title, "column": mine.label},
            hint=msg("Vérifiez le numéro de la commune dans les deux fichiers."),
            why=msg("Les deux fichiers ne pourront pas être rapprochés."),
        )


def _sirens(engine: Any, table: Held, column: Column) -> list[str]:
    cell = f"replace(CAST({quoted(column.name)} AS VARCHAR), ' ', '')"
    rows = engine.execute(
        f"SELECT DISTINCT left({cell}, 9) FROM {_of(table)} WHERE length({cell}) = 14 LIMIT 3"
    ).fetchall()
    return [str(r[0]) for r in rows]


# --- What is said of lines ------------------------------------------------------------------------


def _finding_on_lines(
    code: str, message: str, column: Column, other: Held, rows: Sequence[tuple[Any, ...]], **more: Any
) -> Finding:
    """Return the remark on lines (the first of each row) that another table contradicts in one column."""
    return Finding(
        code,
        Severity.WARN,
        message,
        Place(line=rows[0][0], column=column.label),
        {"count": len(rows), "other": other.title, "column": column.label},
        count=len(rows),
        lines=tuple(r[0] for r in rows[:_LINES]),
        **more,
    )


def _shown(rows: Sequence[tuple[Any, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(r[1])[:80] for r in rows))[:_SHOWN]


# --- SQL ------------------------------------------------------------------------------------------


def _of(table: Held) -> str:
    return f"read_parquet({literal(str(table.typed))})"


def _bare(column: Column, table: str = "") -> str:
    """Return the SQL of a reference without what people write around it: case, spaces, signs."""
    return f"regexp_replace(lower(strip_accents(CAST({table}{quoted(column.name)} AS VARCHAR))), '[^a-z0-9]', '', 'g')"


def _day(table: Held, field: str) -> str:
    column = table.column(field)
    return (
        f"CAST({quoted(column.name)} AS DATE)" if column is not None and column.kind is not Kind.TEXT else "NULL::DATE"
    )


def _rows(engine: Any, sql: str) -> list[tuple[Any, ...]]:
    return list(engine.execute(f"{sql} ORDER BY 1").fetchall())
