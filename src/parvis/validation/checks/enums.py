"""Values out of the list that the schema gives, and the one that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence

from parvis.schemas.match import key
from parvis.schemas.schema import Field
from parvis.validation.table import Ask, Table, literal, quoted, shortened
from parvis.values import Kind, Severity, msg

TITLE = "Listes de valeurs"
_KINDS = (Kind.TEXT, Kind.INTEGER, Kind.NUMBER)
_COMPARED = 500  # values beyond which only another writing of the same one is looked for
_PARTS = 200  # values of a list whose cells hold several


def look(table: Table) -> Iterator[Ask]:
    for field, column in table.pairs():
        if not field.enum or column.kind not in _KINDS:
            continue
        cell = f"CAST({quoted(column.name)} AS VARCHAR)"
        sql = _several(cell, field) if field.type == "array" else _one(table, quoted(column.name), column.kind, field)
        if not sql:
            continue
        yield Ask(
            "schema.enum",
            Severity.WARN,
            column,
            f"{cell} IS NOT NULL AND {sql}",
            msg("Colonne « {column} » : {count} valeur(s) ne sont pas dans la liste permise.{near}"),
            hint=msg("Valeurs permises : {allowed}. Les majuscules et les accents comptent ; « Rechercher et remplacer » "
                     "de votre tableur les corrige toutes à la fois."),
            why=msg("Les outils nationaux ne reconnaissent que ces mots."),
            values={"allowed": shortened(field.enum, 8)},
            shown=cell,
            advise=_nearest(field),
        )  # fmt: skip


def _one(table: Table, cell: str, kind: Kind, field: Field) -> str:
    if kind is Kind.TEXT:
        return f"trim({cell}) NOT IN {table.among([e.strip() for e in field.enum])}"
    numbers = [n for n in map(_number, field.enum) if n is not None]
    return f"{cell} NOT IN ({', '.join(map(repr, numbers))})" if 0 < len(numbers) <= _PARTS else ""


def _several(cell: str, field: Field) -> str:
    """Return the condition of a cell with several values: a JSON list, or values with a separator between them."""
    if len(field.enum) > _PARTS:
        return ""
    allowed = ", ".join(literal(e.strip()) for e in field.enum)
    signs = "[|;]" if any("," in e for e in field.enum) else "[|;,]"
    parts = (
        f"CASE WHEN starts_with({cell}, '[') THEN coalesce(TRY_CAST({cell} AS VARCHAR[]), [{cell}]) "
        f"ELSE string_split_regex({cell}, '{signs}') END"
    )
    return f"len(list_filter({parts}, lambda x: trim(x) NOT IN ({allowed}))) > 0"


def _nearest(field: Field) -> Callable[[Sequence[str]], Mapping[str, str]]:
    def advise(examples: Sequence[str]) -> Mapping[str, str]:
        for wrong in examples:
            near = nearest(wrong, field.enum)
            if near:
                return {"near": f" Pour « {wrong} », vouliez-vous écrire « {near} » ?"}
        return {"near": ""}

    return advise


def nearest(wrong: str, allowed: Sequence[str]) -> str:
    """Return the allowed value that was probably meant, "" when none is near."""
    same = next((e for e in allowed if key(e) == key(wrong) and key(e)), "")
    if same or len(allowed) > _COMPARED:
        return same
    folded = {key(e): e for e in allowed}
    close = difflib.get_close_matches(key(wrong), list(folded), n=1, cutoff=0.75)
    return folded[close[0]] if close else ""


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
