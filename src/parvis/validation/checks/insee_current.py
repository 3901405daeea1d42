"""Codes of communes that are no code, or no longer one on the day the row is of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from parvis.places import Commune, communes
from parvis.text import day as in_words
from parvis.validation.regexes import literal
from parvis.validation.table import Ask, Table, quoted
from parvis.values import Column, Kind, Severity, Step, msg

TITLE = "Codes INSEE en vigueur"
_JUDGED = 50_000  # different codes looked up
_CASES = 300  # former codes held against the rows' own days


def look(table: Table) -> Iterator[Ask]:
    fields = table.fields()
    for column in table.profile.columns:
        field = fields.get(column.name)
        meant = column.meaning == "insee_commune" or (field is not None and field.meaning == "insee_commune")
        if not meant or column.kind is not Kind.TEXT:
            continue
        cell = quoted(column.name)
        told = table.query(f"SELECT DISTINCT upper(trim({cell})) FROM cells WHERE {cell} IS NOT NULL LIMIT {_JUDGED}")
        codes = sorted(str(c) for (c,) in told)
        known = communes()
        unknown = [c for c in codes if c not in known and len(c) == 5 and c[:3].isalnum()]
        former = {c: known[c] for c in codes if c in known and known[c].until}
        if unknown:
            yield _unknown(table, column, unknown)
        if former:
            yield _former(table, column, former)


def _unknown(table: Table, column: Column, codes: list[str]) -> Ask:
    cell = quoted(column.name)
    return Ask(
        "values.insee_unknown",
        Severity.WARN,
        column,
        f"upper(trim({cell})) IN {table.among(codes)}",
        msg("Colonne « {column} » : {count} code(s) INSEE n'ont été ceux d'aucune commune depuis 1943."),
        hint=msg("Un code postal a pu être écrit à la place du code INSEE : cherchez la commune sur insee.fr."),
        why=msg("Sans le bon code, la ligne ne peut être rattachée à aucune commune ni placée sur une carte."),
        shown=cell,
    )


def _former(table: Table, column: Column, former: Mapping[str, Commune]) -> Ask:
    """Ask of codes that had ended on the row's own day when it has one, else today."""
    cell = f"upper(trim({quoted(column.name)}))"
    when = table.when()
    some = dict(sorted(former.items())[:_CASES])
    ends = " ".join(f"WHEN {literal(code)} THEN DATE '{c.until}'" for code, c in some.items())
    day = f"coalesce(CAST({quoted(when.name)} AS DATE), DATE '9999-01-01')" if when is not None else "DATE '9999-01-01'"
    code, place = next(iter(some.items()))
    heirs = {old: c.into for old, c in some.items() if c.into and old not in _parts(former)}
    return Ask(
        "values.insee_former",
        Severity.WARN,
        column,
        f"CASE WHEN {cell} IN {table.among(list(some))} THEN CASE {cell} {ends} END <= {day} ELSE false END",
        msg("Colonne « {column} » : {count} ligne(s) portent le code d'une commune qui n'existait plus à leur date, par exemple "
            "{code} ({name}) depuis le {day}{heir}."),
        hint=msg("Mettez le code de la commune nouvelle, ou gardez l'ancien dans une colonne à part « commune déléguée ». Un "
                 "code postal a aussi pu être écrit à la place du code INSEE."),
        why=msg("Les statistiques et les cartes d'aujourd'hui ne connaissent plus ces codes."),
        values={
            "code": code,
            "name": place.name,
            "day": in_words(date.fromisoformat(place.until)),
            "heir": f" ; c'est aujourd'hui {place.into}" if place.into else "",
        },
        shown=cell,
        fix=Step("replace_values", {"column": column.label, "pairs": heirs}) if heirs else None,
    )  # fmt: skip


def _parts(former: Mapping[str, Commune]) -> set[str]:
    """Return the codes that still name a part of a commune: replacing them would lose which one."""
    return {code for code, c in former.items() if "D" in c.kinds or "A" in c.kinds}
