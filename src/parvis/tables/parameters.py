"""What a step or a transform asks of the person who chooses it, and how what was typed is read.

A repair that may be added by hand, and a transform of personal data, declare ``PARAMETERS``: name -> ``Parameter``.
The review page draws its form from them; ``read`` gives back plain JSON values, or says in French which answer is missing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import field
from types import ModuleType
from typing import Any

from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.text import late
from parvis.values import msg

LONGEST = 500  # characters of one answer
MOST = 500  # columns, or pairs of values
CELL = 131_072  # signs of a pasted cell: a quotation mark that nothing closes makes longer ones
PASTED = 1 << 20  # bytes of a table that is pasted
PASTED_ROWS = 5000
PASTED_COLUMNS = 50


@dataclass(frozen=True, slots=True)
class Parameter:
    """One question of a step's form.

    ``kind`` is "text", "sign" (a text that may be a space), "number" (a whole one, from 1), "column", "columns", "choice"
    (one of ``choices``), "reference" (a table to look into), "pairs" (lines « before => after »), "table" (a small table
    pasted from a spreadsheet; read as text of lines and tabs, headers first) or "flag".
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
    if wanted.kind == "table":
        return _table(wanted, given[0] if given else "")
    if not said:
        return _missing(wanted)
    if wanted.kind == "column" and said not in labels:
        raise InputError(
            "« {title} » : la colonne « {column} » n'est pas dans ce tableau.", title=wanted.title, column=said
        )
    if wanted.kind == "choice" and said not in wanted.choices:
        raise InputError("« {title} » : ce choix n'existe pas.", title=wanted.title)
    if wanted.kind == "number":
        if not (said.isascii() and said.isdigit() and 1 <= int(said) <= 1_000_000_000):
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


def _table(wanted: Parameter, text: str) -> str:
    """Return a pasted table as lines of cells between tabs, headers first; tabs or semicolons part its cells."""
    if not text.strip():
        return str(_missing(wanted))
    if len(text.encode("utf-8", "replace")) > PASTED:
        raise InputError("« {title} » : ce tableau dépasse {size} Mo.", title=wanted.title, size=PASTED >> 20)
    clean = "".join(c if c.isprintable() or c in "\t\n" else " " for c in _LINES.sub("\n", text).strip("\n"))
    first = clean.partition("\n")[0]
    sign = "\t" if "\t" in first else ";"
    odd = clean.count('"') % 2 == 1  # 12" is no quotation
    lines = csv.reader(io.StringIO(clean), delimiter=sign, quoting=csv.QUOTE_NONE if odd else csv.QUOTE_MINIMAL)
    unread = InputError(
        "« {title} » : ce tableau n'a pas pu être lu.", "Copiez-le à nouveau depuis votre tableur.", title=wanted.title
    )
    try:
        rows = [[" ".join(c.split()) for c in row] for row in lines]
    except csv.Error as error:
        raise unread from error
    if any(len(cell) > CELL for row in rows for cell in row):  # whatever limit a reader gave to the library
        raise unread
    rows = [row for row in rows if any(row)]
    if len(rows) > PASTED_ROWS + 1:
        raise InputError("« {title} » : ce tableau a plus de {most} lignes.", title=wanted.title, most=PASTED_ROWS)
    width = max(map(len, rows), default=0)
    if len(rows) < 2 or width < 2 or sum(map(bool, rows[0])) < 2:
        raise InputError(
            "« {title} » : il faut une ligne de titres, au moins deux colonnes et au moins une ligne de valeurs.",
            "Copiez le tableau avec ses titres depuis votre tableur, ou séparez les cellules par des points-virgules.",
            title=wanted.title,
        )
    if width > PASTED_COLUMNS or len({*filter(None, rows[0])}) < sum(map(bool, rows[0])):
        raise InputError(
            "« {title} » : il faut {most} colonnes au plus, et des titres tous différents.",
            title=wanted.title,
            most=PASTED_COLUMNS,
        )
    return "\n".join("\t".join(cell[:LONGEST] for cell in row) for row in rows)


_LINES = late(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]")


def _missing(wanted: Parameter) -> Any:
    if wanted.optional:
        return {"columns": [], "pairs": {}}.get(wanted.kind, wanted.default)
    raise InputError(msg("Répondez à « {title} »."), title=wanted.title)
