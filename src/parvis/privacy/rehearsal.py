"""What publishing a table under a policy would give, tried before anything is decided. Light: pages show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from parvis.frozen import dataclass
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
class Averaged:
    """What means cost: in groups of at least ``k``, the share of what each column varies by that they hide, 0..1."""

    k: int
    groups: int
    by_column: Mapping[str, float] = field(default_factory=dict)  # name -> 0..1

    @property
    def loss(self) -> float:
        return sum(self.by_column.values()) / len(self.by_column) if self.by_column else 0.0


WAYS: Mapping[str, str] = {
    "hide": msg("Cacher les petits effectifs, et ceux qui permettraient de les recalculer"),
    "round": msg("Arrondir tous les effectifs"),
    "key": msg("Changer un peu tous les effectifs, toujours de la même façon"),
    "noise": msg("Ajouter du hasard à tous les effectifs (confidentialité différentielle)"),
}


@dataclass(frozen=True, slots=True)
class Hidden:
    """What was done to a table of counts, in the ``way`` of WAYS: ``primary`` cells say too much, ``secondary`` would give
    them back; the other ways hide none and move all.

    ``loss`` is the share of cells that are hidden, or of the figures that moved by, 0..1; ``told`` at most ten hidden cells:
    (cell, French sentence, its values). ``moved`` cells are off by ``off`` on average and ``furthest`` at the most; ``sums``
    says whether totals are still those of their parts.
    """

    cells: int
    primary: int
    secondary: int
    loss: float
    told: Sequence[tuple[str, str, Mapping[str, Any]]] = ()
    way: str = "hide"
    moved: int = 0
    off: float = 0.0
    furthest: float = 0.0
    sums: bool = True
    epsilon: float = 0.0  # of the noise


@dataclass(frozen=True, slots=True)
class Released:
    """A table of the town that everybody reads already; ``number`` of a version of the same dataset, 0 for another."""

    path: Path
    columns: Sequence[Column]
    number: int = 0


MOST_AREAS = 5000  # of a layer
BLURS: Mapping[str, str] = {
    "squares": msg("Des carreaux, assez grands pour que plusieurs foyers y habitent"),
    "moved": msg("Des points déplacés, assez loin pour que plusieurs foyers soient possibles"),
    "areas": msg("Les quartiers de la commune, réunis quand il y habite trop peu de foyers"),
}


@dataclass(frozen=True, slots=True)
class Blurred:
    """What was hidden of places: rows without a place any more, rows by side of square (m), half of the moves (m)."""

    rows: int
    withheld: int
    by_size: Mapping[str, int] = field(default_factory=dict)  # side as text: JSON keys are texts
    moved: float | None = None
    by_area: Mapping[str, int] = field(default_factory=dict)  # name of an area, or of several joined -> rows


@dataclass(frozen=True, slots=True)
class Synthetic:
    """What a synthetic copy is worth: ``rows`` drawn, spending ``epsilon``.

    ``alone`` is how far each column is from the original's, 0 (alike) to 1 (nothing in common), and ``together`` each pair of
    them; ``left_out`` are the labels of columns that cannot be copied, ``linked`` the pairs of labels whose link is kept.
    """

    rows: int
    epsilon: float
    alone: Mapping[str, float] = field(default_factory=dict)  # name -> 0..1
    together: float = 0.0  # mean over the pairs
    worst: Sequence[Any] = ()  # the pair that is copied worst: (label, label, 0..1)
    left_out: Sequence[str] = ()
    linked: Sequence[Sequence[str]] = ()

    @property
    def apart(self) -> float:
        """Mean distance of the columns taken alone."""
        return sum(self.alone.values()) / len(self.alone) if self.alone else 0.0


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
    averaged: Averaged | None = None  # of numbers, when that is wanted
    means: Sequence[Averaged] = ()  # of other sizes of group
    ways: Sequence[Hidden] = ()  # of the other ways to protect counts
    synthetic: Synthetic | None = None  # of a synthetic copy, when that is wanted
    copies: Sequence[Synthetic] = ()  # of other budgets
    spent: float = 0.0  # what the dataset's former versions spent of its budget of noise
    risen: Sequence[Finding] = ()  # criteria worse answered than on the version before: nothing goes by itself
