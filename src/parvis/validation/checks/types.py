"""Columns whose values are not of the type that the schema asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from parvis.dates import SHAPES
from parvis.schemas.match import kinds_of
from parvis.schemas.schema import Field
from parvis.tables.numbers import missing_sql
from parvis.validation.table import Ask, Table, literal, personal, quoted
from parvis.values import Column, Finding, Kind, Severity, msg

TITLE = "Types"
_SPACE = " \u00a0\u202f\u2009"
_DAYS = "|".join(f"(?:{s.pattern})" for s in SHAPES if s.kind != "time")
_HOURS = "|".join(f"(?:{s.pattern})" for s in SHAPES if s.kind == "time")
# What a cell of each type looks like, in French files; and what to say of the others.
_TYPES: Mapping[str, tuple[str, str]] = {
    "integer": (rf"[-+]?[0-9][0-9{_SPACE}]*(?:[.,]0+)?", msg("des nombres entiers")),
    "number": (rf"[-+]?[0-9{_SPACE}.]*[.,]?[0-9]+[{_SPACE}]*[€%]?", msg("des nombres")),
    "boolean": (r"(?i)oui|non|o|n|vrai|faux|true|false|1|0|yes|no", msg("« oui » ou « non » (ou true, false)")),
    "date": (_DAYS, msg("des dates (AAAA-MM-JJ)")),
    "datetime": (_DAYS, msg("des dates avec l'heure (AAAA-MM-JJTHH:MM:SS)")),
    "time": (_HOURS, msg("des heures (HH:MM)")),
    "year": (r"[0-9]{4}", msg("des années (AAAA)")),
}


def look(table: Table) -> Iterator[Ask | Finding]:
    for field, column in table.pairs():
        kind = _type_of(field)
        if kind not in _TYPES or not column.filled:
            continue
        if column.kind is Kind.TEXT:
            yield _cells(column, kind)
        elif column.kind not in kinds_of(field) and not _same(kind, column):
            yield _whole(table, column, kind)
        elif kind == "integer" and column.kind is Kind.NUMBER:
            yield _decimals(column)


def _type_of(field: Field) -> str:
    """Return the type, a « date » written « %Y » being a year."""
    return "year" if field.type == "date" and field.format in ("%Y", "YYYY", "AAAA") else field.type


def _same(kind: str, column: Column) -> bool:
    """True when another type of ours holds the same values: 1 and 0 for a boolean, 2026 for a year."""
    if kind == "boolean":
        return column.kind is Kind.INTEGER and column.minimum in (0, 1) and column.maximum in (0, 1)
    return kind == "year" and column.kind is Kind.INTEGER


def _cells(column: Column, kind: str) -> Ask:
    cell = f"trim({quoted(column.name)})"
    pattern, wanted = _TYPES[kind]
    return Ask(
        "schema.type",
        Severity.WARN,
        column,
        f"{cell} <> '' AND NOT regexp_full_match({cell}, {literal(pattern)}) AND NOT {missing_sql(cell)}",
        msg("Colonne « {column} » : {count} valeur(s) ne sont pas {wanted}."),
        hint=msg("Vérifiez ces cellules : du texte, une unité ou une note s'y est glissé."),
        values={"wanted": wanted},
        shown=quoted(column.name),
    )


def _whole(table: Table, column: Column, kind: str) -> Finding:
    return Finding(
        "schema.type",
        Severity.WARN,
        msg("La colonne « {column} » devrait contenir {wanted}."),
        table.place(column),
        {"column": column.label, "wanted": _TYPES[kind][1]},
        hint=msg("Vérifiez que ce sont les bonnes cellules sous ce titre, et leur format dans votre tableur."),
        count=column.filled,
        examples=() if personal(column) else tuple(column.examples[:3]),
    )


def _decimals(column: Column) -> Ask:
    cell = quoted(column.name)
    return Ask(
        "schema.type",
        Severity.WARN,
        column,
        f"{cell} <> round({cell})",
        msg("Colonne « {column} » : {count} nombre(s) ont des décimales, le schéma veut des entiers."),
        hint=msg("Arrondissez-les dans votre tableur s'ils doivent l'être."),
        shown=cell,
    )
