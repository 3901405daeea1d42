"""What can be done with a table about persons, each shape with its price, so that somebody may choose.

Two shapes for the same demand: class by class, where little is lost but a column mixes fine and broad words, or one
level a column, easier to use and dearer; and, for who accepts them, spans and lists of values.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Collection, Sequence
from typing import Literal

from parvis.errors import RefusedError
from parvis.frozen import dataclass
from parvis.privacy.microdata import gathered, local, measures, whole
from parvis.privacy.microdata.coding import Coded
from parvis.privacy.microdata.demand import Demand
from parvis.privacy.microdata.gathered import Gathered
from parvis.privacy.microdata.measures import Inference, Singling
from parvis.privacy.microdata.recoded import Recoded
from parvis.privacy.rehearsal import SHAPES

Shape = Literal["classes", "columns", "sets"]


@dataclass(frozen=True, eq=False)
class Offer:
    """One thing that may be done, what it costs and what it leaves.

    ``loss`` goes from 0 (nothing lost) to 1 (nothing left), ``by_column`` column by column; ``left_out`` counts the rows
    that would not be published; ``cpu`` is in seconds, 0 without a clock. ``recoded.columns()`` is what would be read.
    """

    shape: Shape
    demand: Demand
    recoded: Recoded | Gathered
    loss: float
    by_column: tuple[tuple[str, float], ...]
    left_out: int
    before: Singling
    after: Singling
    told_before: tuple[Inference, ...]
    told_after: tuple[Inference, ...]
    cpu: float = 0.0

    @property
    def title(self) -> str:
        """The shape, as a French sentence."""
        return SHAPES[self.shape]


def offers(
    coded: Coded,
    demand: Demand,
    shapes: Collection[Shape] = ("classes", "columns"),
    importance: Sequence[float] = (),
    left_out: float = 0.02,
    ordered: Collection[str] = (),
    population: int = 0,
    clock: Callable[[], float] | None = None,
) -> tuple[Offer, ...]:
    """Return an offer for each shape that can meet the demand, the least lossy first.

    ``importance`` says how dear a loss is in each column; ``left_out`` is the share of rows that one level a column may
    leave out; ``ordered`` are the columns whose values may make spans; ``population`` as for ``measures.singling``.
    Raises: RefusedError when no shape can.
    """
    tick = clock or (lambda: 0.0)
    before, told = (
        measures.singling(coded, population=population),
        measures.inference(coded, closeness=demand.closeness),
    )
    made: list[Offer] = []
    refusal: RefusedError | None = None
    for shape in shapes:
        start = tick()
        try:
            recoded = recode(shape, coded, demand, importance, left_out, ordered)
        except RefusedError as error:
            refusal = error
            continue
        classes = recoded.classes()
        made.append(
            Offer(
                shape,
                demand,
                recoded,
                recoded.loss,
                tuple(zip(coded.names, recoded.loss_by_column, strict=True)),
                len(coded.of) - len(recoded.kept_rows()),
                before,
                measures.singling(coded, classes, population),
                told,
                measures.inference(coded, classes, demand.closeness),
                tick() - start,
            )
        )
    if not made and refusal is not None:
        raise refusal
    return tuple(sorted(made, key=lambda offer: offer.loss))


def recode(
    shape: Shape, coded: Coded, demand: Demand, importance: Sequence[float], left_out: float, ordered: Collection[str]
) -> Recoded | Gathered:
    """Return a table recoded in a shape. Raises: RefusedError when it cannot meet the demand."""
    if shape == "columns":
        return whole.recode(coded, demand, left_out, importance)
    if shape == "sets":
        return gathered.by_sets(coded, demand, ordered, importance)
    return by_class(coded, demand, importance)


def by_class(coded: Coded, demand: Demand, importance: Sequence[float] = ()) -> Recoded:
    """Return the table recoded class by class, by the walk that its number of columns allows. Raises: RefusedError."""
    if math.prod(h.depth for h in coded.hierarchies) > whole.MANY:
        return gathered.by_learnt_nodes(coded, demand, importance)
    return local.peel(coded, demand, importance)


@dataclass(frozen=True, slots=True)
class Notch:
    """One place of a slider: k, what it costs, and the highest risk that a person is named, from 0 to 1."""

    k: int
    loss: float
    risk: float


def slider(coded: Coded, demand: Demand, ks: Sequence[int] = (2, 3, 5, 7, 11, 15, 20)) -> tuple[Notch, ...]:
    """Return what each k would cost, by a quick walk: the cost of an offer is this or a little less.

    k that the table cannot reach are left out.
    """
    found = []
    for k in ks:
        asked = dataclasses.replace(demand, k=k)
        try:
            if math.prod(h.depth for h in coded.hierarchies) > whole.MANY:
                recoded = gathered.by_words(coded, asked)
            else:
                recoded = local.peel(coded, asked, again=False)
        except RefusedError:
            continue
        found.append(Notch(k, recoded.loss, measures.singling(coded, recoded.classes()).highest))
    return tuple(found)
