"""The risk of a table measured by attacking it: the three criteria before and after what was decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from parvis.privacy import law
from parvis.privacy.attacks import copies
from parvis.privacy.attacks import run as attacking
from parvis.privacy.attacks.attack import SENSITIVE, Attack
from parvis.privacy.attacks.case import Case, open_case
from parvis.privacy.attacks.linkage import Public
from parvis.privacy.criteria import Criteria, Scope, judge
from parvis.privacy.geography import places, plane, risk
from parvis.values import Column


def measure(
    original: Path,
    before: Sequence[Column],
    published: Path,
    after: Sequence[Column],
    *,
    rows: Sequence[int] | None = None,
    known: Sequence[str] | None = None,
    sensitive: Sequence[str] | None = None,
    person: str = "",
    title: str = "",
    others: Sequence[Public] = (),
    knowledge: Mapping[str, Sequence[str]] | None = None,
    homes: tuple[Sequence[float], Sequence[float]] | None = None,
) -> Criteria:
    """Return the three criteria of a published Parquet, attacked by one who has the columns ``known`` of the original.

    ``others`` is what everybody can read already: earlier versions of the dataset (with their number), other datasets.
    ``homes`` are the (longitudes, latitudes) of the town's homes, as an address base gives them, for the places of persons.
    See ``attacks.case.open_case`` for the rest. With ``published`` the original itself, it is the risk of a raw copy.
    Raises: InputError when rows and tables do not fit.
    """
    case = open_case(original, before, published, after, rows=rows, known=known, sensitive=sensitive, person=person)
    ours = Public(published, after, title)
    found = [
        *attacking.run(case, ours, others, knowledge),
        *_on_the_map(case, original, before, published, after, rows, homes),
    ]
    return judge(found, scope_of(case, others), subjects_of(case))


def measure_synthetic(
    original: Path,
    before: Sequence[Column],
    synthetic: Path,
    after: Sequence[Column],
    *,
    sensitive: Sequence[str] | None = None,
    blind: copies.Blind | None = None,
) -> Criteria:
    """Return the criteria of a synthetic copy, whose rows stand for nobody: real people copied, halves of somebody joined,
    secrets told.

    ``blind`` is a copy made in the same way without some of the people: what is found of them in it is what luck gives.
    """
    found = tuple(copies.attacks(original, before, synthetic, after, sensitive=sensitive, blind=blind))
    told = {c.name: c for c in before}
    secrets = [n for n in (sensitive if sensitive is not None else told) if told[n].meaning in SENSITIVE or sensitive]
    rows = pq.read_metadata(original).num_rows
    labels = {n: c.label or n for n, c in told.items()}
    scope = Scope(rows, rows, [labels[n] for n in told if n not in secrets], [labels[n] for n in secrets])
    return judge(found, scope, {told[n].meaning for n in secrets})


def _on_the_map(
    case: Case,
    original: Path,
    before: Sequence[Column],
    published: Path,
    after: Sequence[Column],
    rows: Sequence[int] | None,
    homes: tuple[Sequence[float], Sequence[float]] | None,
) -> Iterator[Attack]:
    """Yield who is alone on a map of what is published, when both tables have places."""
    true, shown = places.degrees_of(original, before), places.degrees_of(published, after)
    if true is None or shown is None or not case.rows:
        return
    at = np.arange(case.rows) if rows is None else np.asarray(rows, np.int64)
    whose = case.people.tolist() if case.number < case.rows else None
    points = plane.points(true[0][at], true[1][at], whose)
    moved = plane.points(shown[0], shown[1], system=points.system)
    base = plane.points(*homes, system=points.system).households() if homes is not None else None
    k = int(law.threshold("households").value)
    yield risk.attack(risk.exposure(points, moved.xy, k=k, homes=base), shown[2])


def scope_of(case: Case, others: Sequence[Public] = ()) -> Scope:
    """Return what the attacks of a case are measured on."""
    return Scope(
        rows=case.rows,
        persons=case.number,
        known=case.shown([n for n in case.known if n in case.published]),
        sensitive=case.shown(case.sensitive),
        others=tuple(f"{o.title}, version {o.number}" if o.number else o.title for o in others),
    )


def subjects_of(case: Case) -> frozenset[str]:
    """Return what the sensitive columns are about, which makes the thresholds stricter."""
    return case.matters
