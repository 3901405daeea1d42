"""What a step asks of the person who adds it by hand, and how what was typed is read.

A repair that may be added by hand declares ``PARAMETERS``: name -> ``Parameter``. The review page draws its form from
them; ``read`` gives back plain JSON values, or says in French which answer is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from parvis.errors import InputError
from parvis.values import msg

LONGEST = 500  # characters of one answer
MOST = 500  # columns, or pairs of values


@dataclass(frozen=True, slots=True)
class Parameter:
    """One question of a step's form.

    ``kind`` is "text", "sign" (a text that may be a space), "number" (a whole one, from 1), "column", "columns", "choice"
    (one of ``choices``), "reference" (a table to look into), "pairs" (lines « before => after ») or "flag".
    """

    kind: str
    title: str  # French
    help: str = ""  # French
    choices: Mapping[str, str] = field(default_factory=dict)  # value -> French
    default: str = ""
    optional: bool = False


ARROWS = ("=>", "→", "->")


def read(plugin: ModuleType, posted: Mapping[str, Sequence[str]], labels: Sequence[str]) -> dict[str, Any]:
    """Return the parameters of a step from what a form sent (name -> values) for a table of these headers.

    Raises: InputError, naming the question.
    """
    return {name: _read(wanted, list(posted.get(name, ())), labels) for name, wanted in plugin.PARAMETERS.items()}


def columns_of(parameters: Mapping[str, Any], plugin: ModuleType | None) -> list[str]:
    """Return the labels of the columns that a step needs to find."""
    asked = getattr(plugin, "PARAMETERS", {})
    out: list[str] = []
    for name, value in parameters.items():
        kind = asked[name].kind if name in asked else {"column": "column", "columns": "columns"}.get(name, "")
        if kind == "column" and value:
            out.append(str(value))
        elif kind == "columns" and isinstance(value, list | tuple):
            out += [str(v) for v in value]
    return list(dict.fromkeys(out))


def _read(wanted: Parameter, given: list[str], labels: Sequence[str]) -> Any:
    said = given[0][:LONGEST] if given else ""
    said = said if wanted.kind == "sign" else said.strip()
    if wanted.kind == "flag":
        return bool(said)
    if wanted.kind == "columns":
        return _columns(wanted, given, labels)
    if wanted.kind == "pairs":
        return _pairs(wanted, given[0] if given else "")
    if not said:
        return _missing(wanted)
    if wanted.kind == "column" and said not in labels:
        raise InputError(
            "« {title} » : la colonne « {column} » n'est pas dans ce tableau.", title=wanted.title, column=said
        )
    if wanted.kind == "choice" and said not in wanted.choices:
        raise InputError("« {title} » : ce choix n'existe pas.", title=wanted.title)
    if wanted.kind == "number":
        if not (said.isascii() and said.isdigit() and 1 <= int(said) <= 1_000_000):
            raise InputError("« {title} » : écrivez un nombre entier, à partir de 1.", title=wanted.title)
        return int(said)
    return said


def _columns(wanted: Parameter, given: Sequence[str], labels: Sequence[str]) -> list[str]:
    chosen = list(dict.fromkeys(g for g in given if g in labels))[:MOST]
    return chosen if chosen or wanted.optional else _missing(wanted)


def _pairs(wanted: Parameter, text: str) -> dict[str, str]:
    """Return « before => after » lines as a mapping; nothing after the arrow empties the cell."""
    out: dict[str, str] = {}
    for line in text.splitlines()[:MOST]:
        if not line.strip():
            continue
        arrow = next((a for a in ARROWS if a in line), "")
        if not arrow:
            raise InputError(
                "« {title} » : la ligne « {line} » n'a pas de flèche « => ».", title=wanted.title, line=line[:80]
            )
        before, _, after = line.partition(arrow)
        out[before.strip()[:LONGEST]] = after.strip()[:LONGEST]
    return out or _missing(wanted)


def _missing(wanted: Parameter) -> Any:
    if wanted.optional:
        return {"columns": [], "pairs": {}}.get(wanted.kind, wanted.default)
    raise InputError(msg("Répondez à « {title} »."), title=wanted.title)
