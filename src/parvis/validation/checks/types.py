"""Cells that are not of the type that the schema asks, or that say it in another writing than the schema's."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.schemas.schema import Field
from parvis.tables.numbers import missing_sql
from parvis.validation.regexes import literal
from parvis.validation.table import Ask, Table, quoted
from parvis.validation.writing import LENIENT, exact, shape_of, year_of
from parvis.values import Column, Kind, Severity, msg

TITLE = "Types"


def look(table: Table) -> Iterator[Ask]:
    for field, column in table.pairs():
        kind = year_of(field)
        if kind not in LENIENT or (not column.filled and column.kind is Kind.TEXT):
            continue
        cell, raw = table.text(column)
        yield from _cells(table, field, column, cell, raw)


def _cells(table: Table, field: Field, column: Column, cell: str, raw: bool) -> Iterator[Ask]:
    pattern, wanted = LENIENT[year_of(field)]
    said = quoted(f"__said_{column.name}")  # 0: as the schema writes it, 1: otherwise, 2: it is something else
    words = table.schema.absent(field) if table.schema is not None else ()
    absent = f" OR {cell} IN ({', '.join(map(literal, words))})" if words else ""
    known = f"regexp_full_match(trim({cell}), {literal(pattern)}) OR {missing_sql(f'trim({cell})')}"
    right = f"{cell} IS NULL OR {exact(field, cell)}{absent}"
    derived = {said: f"CASE WHEN {right} THEN 0 WHEN {known} THEN 1 ELSE 2 END"}
    yield Ask(
        "schema.type",
        Severity.WARN,
        column,
        f"{said} = 2",
        msg("Colonne « {column} » : {count} valeur(s) ne sont pas {wanted}."),
        hint=msg("Vérifiez ces cellules : du texte, une unité ou une note s'y est glissé."),
        why=msg(
            "Un nombre ou une date écrits avec autre chose ne se trient, ne s'additionnent et ne se dessinent pas."
        ),
        values={"wanted": wanted},
        shown=cell,
        derived=derived,
        raw=raw,
        form=raw,
    )
    form = shape_of(field)
    rewritten = column.kind is not Kind.TEXT
    yield Ask(
        "schema.writing" if rewritten else "schema.form",
        Severity.INFO if rewritten else Severity.WARN,
        column,
        f"{said} = 1",
        msg("Colonne « {column} » : {count} valeur(s) se comprennent mais sont écrites autrement que dans le schéma "
            "({form}) ; Parvis les écrit comme il faut en publiant.")
        if rewritten
        else msg("Colonne « {column} » : {count} valeur(s) ne sont pas écrites comme le schéma le demande ({form})."),
        hint=msg("Rien à faire ici. Pour que votre fichier soit accepté ailleurs tel quel, changez le format de ces cellules.")
        if rewritten
        else msg("Écrivez-les sous cette forme ; une cellule sans valeur doit rester vide."),
        why=msg("Les contrôles nationaux refusent toute autre écriture."),
        values={"form": form},
        shown=cell,
        derived=derived,
        raw=raw,
        form=raw,
    )  # fmt: skip
