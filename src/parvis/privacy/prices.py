"""What the choices that were not made would cost, tried on the table itself: a person decides with them in sight."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from parvis.errors import ParvisError
from parvis.privacy import averages
from parvis.privacy.rehearsal import WAYS, Averaged, Hidden
from parvis.values import Anonymity, Averaging, Column, Hiding, Policy

if TYPE_CHECKING:
    from parvis.privacy.protect import Given

_PATIENCE = 4.0  # seconds of processor for each sort of choice
_MEANS = (3, 5, 11, 20)  # persons of a group
_COPIED = 20_000  # rows of a table of which copies, and means that nobody asked for, are tried


def of_others(
    path: Path,
    columns: Sequence[Column],
    policy: Policy,
    given: Given,
    copied: Collection[str] = (),
    subjects: Sequence[str] = (),
) -> Mapping[str, Any]:
    """Return, by field of a ``Rehearsal``, what other sizes of group, means, ways and copies would cost.

    ``path`` is the table with its columns treated and nothing done to its rows but their places; ``copied`` are the columns of
    a synthetic copy, none when none would be made; ``subjects`` are meanings, for thresholds.
    """
    told: dict[str, Any] = {}
    if policy.anonymity is not None and policy.synthesis is None:
        from parvis.privacy import anonymity

        told["prices"] = anonymity.prices(path, columns, policy.anonymity)
    small = bool(copied) and pq.read_metadata(path).num_rows <= _COPIED
    means = policy.averaging or (_usual_means(columns, policy) if small else None)
    if means is not None and policy.synthesis is None:
        told["means"] = _means(path, columns, means, policy.anonymity)
    if policy.hiding is not None and not (policy.hiding.rare or policy.hiding.whole):  # those are hidden, or shown
        told["ways"] = _ways(path, policy.hiding, given)
    if small:
        from parvis.privacy.synthesis import draw

        told["copies"] = draw.prices(
            path, [c for c in columns if c.name in copied], given.drawing, draw.least_shared(subjects)
        )
    return told


def _usual_means(columns: Sequence[Column], policy: Policy) -> Averaging | None:
    """Return the means of all that may become one, whose price is told to whoever has chosen none yet."""
    names = averages.candidates(columns)
    k = policy.anonymity.k if policy.anonymity is not None else _MEANS[0]
    return Averaging(k, names) if names else None


def _means(path: Path, columns: Sequence[Column], wanted: Averaging, group: Anonymity | None) -> tuple[Averaged, ...]:
    """Return what means of other sizes cost, within the classes that make rows alike when they do."""
    held, made = path.with_name("alike.parquet"), path.with_name("means.parquet")
    keys = tuple(k for k in group.keys if k not in wanted.columns) if group is not None else ()
    try:
        if group is not None and keys:
            from parvis.privacy import anonymity

            first = tuple(f for f in group.first if f in keys)
            anonymity.apply(path, columns, dataclasses.replace(group, keys=keys, first=first), held)
        source, least = (held, group.k) if group is not None and keys else (path, 0)
        out, limit = [], time.process_time() + _PATIENCE
        for k in sorted({*(k for k in _MEANS if k >= least), max(wanted.k, least)}):
            asked = dataclasses.replace(wanted, k=k)
            out.append(averages.apply(source, columns, asked, keys, group.person if group is not None else "", made))
            if time.process_time() > limit:
                break
        return tuple(out)
    except ParvisError:
        return ()
    finally:
        made.unlink(missing_ok=True)
        held.unlink(missing_ok=True)


def _ways(path: Path, wanted: Hiding, given: Given) -> tuple[Hidden, ...]:
    from parvis.privacy import counts
    from parvis.privacy.tabular import ways

    out, made = [], path.with_name("ways.parquet")
    table = counts.without_rates(pq.read_table(path), wanted)

    def tried(asked: Hiding) -> Hidden:
        if asked.way == "hide":
            return counts.apply(path, asked, made, given.before)
        return ways.apply(table, asked, given.drawing)[1]

    for way in WAYS:
        try:
            told = tried(dataclasses.replace(wanted, way=way))
        except ParvisError:
            continue
        out.append(dataclasses.replace(told, told=()))
    made.unlink(missing_ok=True)
    return tuple(out)
