"""Replace, inside a text, what belongs to people; the text around it stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parvis.errors import InputError
from parvis.privacy import numbers, spans
from parvis.privacy.sql import Expression, quoted
from parvis.tables.parameters import Parameter
from parvis.values import Column, Kind, msg

TITLE = msg("Masquer les personnes dans le texte")
PARAMETERS: Mapping[str, Parameter] = {
    "text": Parameter("text", msg("Ce qui est écrit à la place"), default="[…]"),
    "landlines": Parameter("flag", msg("Masquer aussi les téléphones fixes")),
    "names": Parameter("flag", msg("Chercher aussi les noms que rien n'annonce"), default="1"),
}
REMOVES: Mapping[str, Sequence[str]] = {"column": ("email", "phone", "iban"), "text": ("*",)}
EXAMPLES: Sequence[tuple[Any, Any]] = [
    ("Aide versée à Mme Durand, 06 12 34 56 78", "Aide versée à Mme […], […]"),
    ("Travaux rue Jean-Jaurès", "Travaux rue Jean-Jaurès"),
    (None, None),
]


def apply(column: Column, parameters: Mapping[str, Any]) -> Expression | None:
    by, landlines, named = str(parameters["text"])[:20], bool(parameters["landlines"]), bool(parameters["names"])

    if column.kind is not Kind.TEXT:
        raise InputError("« {column} » n'est pas du texte : rien n'y est à masquer mot à mot.", column=column.label)
    phones = {"phone", numbers.LANDLINE} if landlines else {"phone"}

    def clean(cell: str) -> str:
        if column.meaning == "phone" and spans.whole_phone(cell) in phones:
            return by
        return spans.replaced(cell, by, landlines=landlines, bare_names=named)

    text = quoted(column.name)
    when = f"{text} IS NOT NULL" if column.meaning == "phone" else spans.may_hold(text, bare_names=named)
    return Expression(text, Kind.TEXT, clean, when)
