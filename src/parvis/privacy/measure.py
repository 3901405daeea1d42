"""The risk of a table measured by attacking it: the three criteria before and after what was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from parvis.privacy.attacks import run as attacking
from parvis.privacy.attacks.case import Case, open_case
from parvis.privacy.attacks.linkage import Public
from parvis.privacy.criteria import Criteria, Scope, judge
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
) -> Criteria:
    """Return the three criteria of a published Parquet, attacked by one who has the columns ``known`` of the original.

    ``others`` is what everybody can read already: earlier versions of the dataset (with their number), other datasets.
    See ``attacks.case.open_case`` for the rest. With ``published`` the original itself, it is the risk of a raw copy.
    Raises: InputError when rows and tables do not fit.
    """
    case = open_case(original, before, published, after, rows=rows, known=known, sensitive=sensitive, person=person)
    ours = Public(published, after, title)
    return judge(attacking.run(case, ours, others, knowledge), scope_of(case, others), subjects_of(case))


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
    """Return the meanings of the sensitive columns, which make the thresholds stricter."""
    told = {**case.published, **case.original}
    return frozenset(told[n].column.meaning for n in case.sensitive)
