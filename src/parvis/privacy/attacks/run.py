"""All the attacks on a table that would be published, in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from parvis.privacy import law
from parvis.privacy.attacks import differencing, inference, linkage, singling_out
from parvis.privacy.attacks.attack import Attack
from parvis.privacy.attacks.case import Case
from parvis.privacy.attacks.linkage import Public


def run(
    case: Case,
    ours: Public | None = None,
    others: Sequence[Public] = (),
    knowledge: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Attack, ...]:
    """Return what every attack gives, in the order of the three criteria.

    ``ours`` is the table that would be published and ``others`` what everybody may read already: the versions of the same
    dataset (with their number) and other datasets; ``knowledge`` says who knows what (names of columns).
    """
    subjects = {case.original[n].column.meaning for n in case.sensitive if n in case.original}
    k = int(law.threshold("k", subjects).value)
    elsewhere = [o for o in others if not o.number]
    found = [*singling_out.attacks(case), *linkage.attacks(case, elsewhere, knowledge), *inference.attacks(case)]
    if ours is not None:
        found += differencing.attacks(ours, others, k=k)
    order = {"singling_out": 0, "linkability": 1, "inference": 2}
    return tuple(sorted(found, key=lambda a: order[a.criterion]))
