"""Text that does not have the form the schema asks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from parvis.schemas.schema import Field
from parvis.validation.regexes import as_re2, literal
from parvis.validation.table import Ask, Table, quoted, shortened
from parvis.values import Column, Finding, Kind, Severity, msg

TITLE = "Formes"
# What the commonest patterns want, in words: a clerk does not read regular expressions.
_WORDS: Mapping[str, str] = {
    r"^\d{14}$": msg("14 chiffres, sans espace ni point"),
    r"^\d{9}$": msg("9 chiffres, sans espace ni point"),
    r"^\d{5}$": msg("5 chiffres, zéro de tête compris"),
    r"^\d{4}$": msg("4 chiffres"),
    r"^W\d{9}$": msg("la lettre W et 9 chiffres"),
    r"^\d\.\d{1,2}$": msg("un chiffre, un point et un ou deux chiffres, par exemple 7.5"),
    r"^([013-9]\d|2[AB1-9])\d{3}$": msg("un code INSEE de commune, 5 signes, par exemple 01004 ou 2A004"),
    r"^[0-9]{4}(\/[0-9]{4})?$": msg("une année (2026) ou deux (2026/2027)"),
    r"^[0-9]{4}\-[0-9]{2}\-[0-9]{2}(\/[0-9]{4}\-[0-9]{2}\-[0-9]{2})?$": msg(
        "une date AAAA-MM-JJ, ou deux avec une barre entre elles : 2026-01-01/2026-12-31"
    ),
}
_FORMATS: Mapping[str, tuple[str, str]] = {
    "email": (r"[^@\s]+@[^@\s]+\.[^@\s]+", msg("une adresse de courriel")),
    "uri": (r"(?i)[a-z][a-z0-9+.\-]*:[^\s]+", msg("une adresse complète, qui commence par https://")),
    "wkt": (r"(?i)\s*(?:multi)?(?:point|linestring|polygon|geometrycollection)[\s\S]*\)\s*", msg("une forme WKT")),
    "binary": (r"[A-Za-z0-9+/\s]*={0,2}\s*", msg("des octets en base 64")),
    "uuid": (r"[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}", msg("un identifiant UUID")),
}
_SHORT = 60  # characters of a pattern that may be shown
_CHOICE = re.compile(r"\(\?:\(\?:\^\|(\\\||,)\)\((.+)\)\)\+\$")  # (?:(?:^|,)(one|another))+$


def look(table: Table) -> Iterator[Ask | Finding]:
    for field, column in table.pairs():
        if column.kind is Kind.GEOMETRY or not column.filled or field.type == "array":
            continue
        if field.pattern:
            pattern = as_re2(field.pattern)
            if pattern:
                yield from _asks(table, "schema.pattern", column, pattern, _in_words(field), field)
            else:
                yield _unread(table, field, column)
        known = _FORMATS.get(field.format)
        if known is not None:
            yield from _asks(table, "schema.format", column, *known, field)
        yield from _lengths(table, field, column)


def _asks(table: Table, code: str, column: Column, pattern: str, wanted: str, field: Field) -> Iterator[Ask]:
    """Ask of the cells as they will be published; and of those of the file when typing them is what mends them."""
    cell = quoted(column.name) if column.kind is Kind.TEXT else f"CAST({quoted(column.name)} AS VARCHAR)"
    words = table.schema.absent(field) if table.schema is not None else ()
    absent = f" AND {cell} NOT IN ({', '.join(map(literal, words))})" if words and column.kind is Kind.TEXT else ""
    yield Ask(
        code,
        Severity.WARN,
        column,
        f"{cell} IS NOT NULL{absent} AND NOT regexp_full_match({cell}, {literal(pattern)})",
        msg("Colonne « {column} » : {count} valeur(s) n'ont pas la forme attendue."),
        hint=msg("Forme attendue : {wanted}."),
        why=msg("Une valeur d'une autre forme n'est pas reconnue par ceux qui la cherchent."),
        values={"wanted": wanted},
        shown=cell,
    )
    text, raw = table.text(column)
    if raw:
        yield Ask(
            "schema.writing",
            Severity.INFO,
            column,
            f"{text} IS NOT NULL AND NOT regexp_full_match({text}, {literal(pattern)})",
            msg("Colonne « {column} » : {count} valeur(s) se comprennent mais sont écrites autrement que dans le schéma "
                "({form}) ; Parvis les écrit comme il faut en publiant."),
            hint=msg("Rien à faire ici. Pour que votre fichier soit accepté ailleurs tel quel, changez le format de ces "
                     "cellules."),
            why=msg("Les contrôles nationaux refusent toute autre écriture."),
            values={"form": wanted},
            shown=text,
            raw=True,
        )  # fmt: skip


def _in_words(field: Field) -> str:
    """Return what a pattern wants: in words when they are known, itself when it is short."""
    if field.pattern in _WORDS:
        return _WORDS[field.pattern]
    choice = _CHOICE.match(field.pattern)
    if choice is not None:
        said = shortened(re.sub(r"\\(.)", r"\1", choice[2]).split("|"), 12)
        return f"une de ces valeurs, ou plusieurs séparées par « {choice[1].strip(chr(92))} » : {said}"
    if len(field.pattern) <= _SHORT:
        return f"{field.pattern} (expression régulière du schéma)"
    return "celle que décrit le schéma ; comparez ces cellules avec celles qui sont acceptées"


def _unread(table: Table, field: Field, column: Column) -> Finding:
    return Finding(
        "schema.pattern_unread",
        Severity.INFO,
        msg("Colonne « {column} » : la forme que demande le schéma est écrite d'une manière que Parvis ne sait pas "
            "vérifier ; elle ne l'a pas été."),
        table.place(column),
        {"column": column.label},
        hint=msg("Relisez vous-même quelques cellules, ou demandez à l'auteur du schéma un motif plus simple."),
    )  # fmt: skip


def _lengths(table: Table, field: Field, column: Column) -> Iterator[Ask]:
    cell, raw = table.text(column)
    several = field.type == "list"
    size = f"len(string_split({cell}, {literal(field.delimiter)}))" if several else f"length({cell})"
    for bound, sign, said in (
        (field.min_length, "<", msg("trop courtes")),
        (field.max_length, ">", msg("trop longues")),
    ):
        if bound is not None:
            yield Ask(
                "schema.length",
                Severity.WARN,
                column,
                f"{size} {sign} {int(bound)}",
                msg("Colonne « {column} » : {count} valeur(s) sont {said} (limite : {bound} signes).")
                if not several
                else msg("Colonne « {column} » : {count} valeur(s) sont {said} (limite : {bound} éléments)."),
                hint=msg("Corrigez ces cellules dans votre fichier."),
                why=msg("Un code trop court ou trop long en désigne un autre, ou rien."),
                values={"said": said, "bound": bound},
                shown=cell,
                raw=raw,
            )
