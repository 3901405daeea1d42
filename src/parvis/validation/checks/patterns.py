"""Text that does not have the form the schema asks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from parvis.schemas.schema import Field
from parvis.validation.regexes import as_re2
from parvis.validation.table import Ask, Table, literal, quoted, shortened
from parvis.values import Column, Finding, Kind, Severity, msg

TITLE = "Formes"
_KINDS = (Kind.TEXT, Kind.INTEGER)
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
    "uuid": (r"[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}", msg("un identifiant UUID")),
}
_SHORT = 60  # characters of a pattern that may be shown
_CHOICE = re.compile(r"\(\?:\(\?:\^\|(\\\||,)\)\((.+)\)\)\+\$")  # (?:(?:^|,)(one|another))+$
_POINT = (r"\[?\s*-?\d+(?:\.\d+)?\s*,\s*-?\d+(?:\.\d+)?\s*\]?", msg("longitude et latitude : [3.876, 43.611]"))


def look(table: Table) -> Iterator[Ask | Finding]:
    for field, column in table.pairs():
        if column.kind not in _KINDS or not column.filled:
            continue
        if field.pattern:
            pattern = as_re2(field.pattern)
            if pattern:
                yield _ask("schema.pattern", column, pattern, _in_words(field))
            else:
                yield _unread(table, field, column)
        known = _POINT if field.type == "geopoint" else _FORMATS.get(field.format)
        if known is not None and column.kind is Kind.TEXT:
            yield _ask("schema.format", column, *known)
        if column.kind is Kind.TEXT:
            yield from _lengths(field, column)


def _ask(code: str, column: Column, pattern: str, wanted: str) -> Ask:
    cell = f"CAST({quoted(column.name)} AS VARCHAR)" if column.kind is not Kind.TEXT else quoted(column.name)
    return Ask(
        code,
        Severity.WARN,
        column,
        f"{cell} IS NOT NULL AND NOT regexp_full_match({cell}, {literal(pattern)})",
        msg("Colonne « {column} » : {count} valeur(s) n'ont pas la forme attendue."),
        hint=msg("Forme attendue : {wanted}."),
        values={"wanted": wanted},
        shown=cell,
    )


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


def _lengths(field: Field, column: Column) -> Iterator[Ask]:
    cell = quoted(column.name)
    for bound, sign, said in (
        (field.min_length, "<", msg("trop courtes")),
        (field.max_length, ">", msg("trop longues")),
    ):
        if bound is not None:
            yield Ask(
                "schema.length",
                Severity.WARN,
                column,
                f"length({cell}) {sign} {int(bound)}",
                msg("Colonne « {column} » : {count} valeur(s) sont {said} (limite : {bound} signes)."),
                hint=msg("Corrigez ces cellules dans votre fichier."),
                values={"said": said, "bound": bound},
                shown=cell,
            )
