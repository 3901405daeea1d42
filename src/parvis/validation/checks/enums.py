"""Values out of the list that the schema gives, and the one that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence

from parvis.schemas.match import key
from parvis.schemas.schema import Field
from parvis.validation.regexes import literal
from parvis.validation.table import Ask, Table, personal, quoted, shortened
from parvis.values import Column, Kind, Severity, Step, msg

TITLE = "Listes de valeurs"
_KINDS = (Kind.TEXT, Kind.INTEGER, Kind.NUMBER)
_COMPARED = 500  # values beyond which only another writing of the same one is looked for
_MENDED = 200  # different values that one repair replaces
_PARTS = 200  # values of a list whose cells hold several


def look(table: Table) -> Iterator[Ask]:
    for field, column in table.pairs():
        if not field.enum or column.kind not in _KINDS:
            continue
        text, raw = table.text(column)
        if field.type in ("integer", "number") or (raw and column.kind is not Kind.INTEGER):
            text, raw = f"CAST({quoted(column.name)} AS VARCHAR)", False
        sql = _several(text, field) if field.type == "array" else _one(table, text, column, field)
        if not sql:
            continue
        yield Ask(
            "schema.enum",
            Severity.WARN,
            column,
            f"{text} IS NOT NULL AND {sql}",
            msg("Colonne « {column} » : {count} valeur(s) ne sont pas dans la liste permise.{near}"),
            hint=msg("Valeurs permises : {allowed}. Les majuscules et les accents comptent ; « Rechercher et remplacer » "
                     "de votre tableur les corrige toutes à la fois."),
            why=msg("Les outils nationaux ne reconnaissent que ces mots."),
            values={"allowed": shortened(_said(field), 8)},
            shown=text,
            advise=_nearest(field),
            mend=_mending(table, column, field, f"SELECT DISTINCT {text} FROM {'texts' if raw else 'cells'} WHERE {sql}"),
            raw=raw,
        )  # fmt: skip


def _said(field: Field) -> list[str]:
    """Return the values allowed, each with its label when it has one: « 1 (bon) »."""
    labels = field.labels or [""] * len(field.enum)
    return [f"{value} ({label})" if label else value for value, label in zip(field.enum, labels, strict=False)]


def _one(table: Table, text: str, column: Column, field: Field) -> str:
    if field.type not in ("integer", "number"):
        words = [e.strip() for e in field.enum] + list(table.schema.absent(field) if table.schema else ())
        return f"{text} NOT IN {table.among(words)}"
    numbers = [n for n in map(_number, field.enum) if n is not None]
    known = ", ".join(map(repr, numbers))
    return f"{table.number(column)} NOT IN ({known})" if 0 < len(numbers) <= _PARTS else ""


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
            near = _meant(wrong, field)
            if near:
                return {"near": f" Pour « {wrong} », vouliez-vous écrire « {near} » ?"}
        return {"near": ""}

    return advise


def _mending(table: Table, column: Column, field: Field, sql: str) -> Callable[[Sequence[str]], Step | None]:
    """Return what makes the repair: each value that is out of the list, replaced by the one that was meant."""

    def mend(examples: Sequence[str]) -> Step | None:
        if field.type == "array" or personal(column):
            return None
        told = (str(r[0]) for r in table.query(f"{sql} LIMIT {_MENDED}") if r[0] is not None)
        pairs = {wrong: near for wrong in told if (near := _meant(wrong, field))}
        return Step("replace_values", {"column": column.label, "pairs": pairs}) if pairs else None

    return mend


def _meant(wrong: str, field: Field) -> str:
    """Return the value that was meant: the one whose label was written in its place, else the nearest one."""
    labelled = {key(label): value for label, value in zip(field.labels, field.enum, strict=False) if label}
    return labelled.get(key(wrong), "") or nearest(wrong, field.enum)


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
