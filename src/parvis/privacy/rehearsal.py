"""What publishing a table under a policy would give, tried before anything is decided. Light: pages show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from parvis.privacy.criteria import Criteria
from parvis.privacy.publishable import Permission
from parvis.values import Column, Finding, msg

STEPS = (2, 3, 4, 5, 6, 8, 10, 11, 15, 20, 30, 50)  # persons of a group that a person may choose
SHAPES: Mapping[str, str] = {
    "classes": msg("Ligne par ligne : chaque groupe de lignes est flouté juste ce qu'il faut"),
    "columns": msg("Colonne par colonne : le même niveau de détail dans tout le tableau"),
    "sets": msg("Fourchettes et listes : chaque groupe dit les valeurs qu'il contient"),
}


@dataclass(frozen=True, slots=True)
class Price:
    """What a size of group costs: ``loss`` is the mean share of detail lost, 0..1; ``left_out`` counts rows."""

    k: int
    shape: str  # of SHAPES
    loss: float
    left_out: int
    by_column: Mapping[str, float] = field(default_factory=dict)  # name -> 0..1


@dataclass(frozen=True, slots=True)
class Hidden:
    """What was hidden of a table of counts: ``primary`` cells say too much, ``secondary`` would give them back.

    ``loss`` is the share of cells that are hidden, 0..1; ``told`` at most ten of them: (cell, French sentence, its values).
    """

    cells: int
    primary: int
    secondary: int
    loss: float
    told: Sequence[tuple[str, str, Mapping[str, Any]]] = ()


BLURS: Mapping[str, str] = {
    "squares": msg("Des carreaux, assez grands pour que plusieurs foyers y habitent"),
    "moved": msg("Des points déplacés, assez loin pour que plusieurs foyers soient possibles"),
}


@dataclass(frozen=True, slots=True)
class Blurred:
    """What was hidden of places: rows without a place any more, rows by side of square (m), half of the moves (m)."""

    rows: int
    withheld: int
    by_size: Mapping[str, int] = field(default_factory=dict)  # side as text: JSON keys are texts
    moved: float | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """``preview`` shows at most 20 rows of ``columns``, as they would be published; ``refused`` says why they would not.

    ``before`` is what an outsider could do with a raw copy, ``after`` with what would be published; None for a table that
    speaks of nobody, or that is refused.
    """

    preview: Sequence[Mapping[str, Any]] = ()
    columns: Sequence[Column] = ()
    refused: str = ""
    permission: Permission | None = None
    before: Criteria | None = None
    after: Criteria | None = None
    price: Price | None = None  # of making rows alike, when that is wanted
    prices: Sequence[Price] = ()  # of other sizes of group
    hidden: Hidden | None = None  # of a table of counts, when that is wanted
    blurred: Blurred | None = None  # of the places of people, when that is wanted
    risen: Sequence[Finding] = ()  # criteria worse answered than on the version before: nothing goes by itself
