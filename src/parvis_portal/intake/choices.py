"""What the review page offers for rows, counts and places: the proposal, the other ways folded, each with its price.

Each function that shows has one that reads what the form says of it; ``wishes`` reads them all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from parvis.errors import InputError
from parvis.privacy import law, policy
from parvis.privacy.rehearsal import BLURS, SHAPES, STEPS, WAYS, Hidden, Synthetic
from parvis.values import Anonymity, Averaging, Blurring, Column, Hiding, Kind, Synthesis, Wish, msg
from parvis_portal.intake import layers
from parvis_portal.intake.models import Draft

# What a page offers of each way; the engine takes other numbers too.
BASES = (10, 20, 50, 100)
EPSILONS = (0.1, 0.5, 1.0, 2.0, 5.0)
COPIES: Mapping[float, str] = {
    0.5: msg("Bruit très fort"),
    1.0: msg("Bruit fort"),
    3.0: msg("Bruit moyen"),
    10.0: msg("Bruit faible"),
}
_USUAL_COPY, _USUAL_MEAN = 3.0, 5
_OWN = 3  # a column whose numbers are, one in three at least, those of one row alone, is better told by means


def wishes(posted: QueryDict, draft: Draft) -> dict[str, Wish | None]:
    """Return what the form says of rows, by field of a policy; what it says nothing decided of is left out.

    Raises: InputError.
    """
    said = {
        "anonymity": grouping(posted, draft),
        "averaging": averaging(posted, draft),
        "hiding": hiding(posted, draft),
        "blurring": blurring(posted, draft),
        "synthesis": synthesis(posted, draft),
    }
    return {name: told[0] for name, told in said.items() if told is not None}


def _asked(name: str, held: Wish | None, posted: QueryDict, decide: str) -> bool | None:
    """Return whether the form decides on a wish: True to read it, None for « as it is proposed », False when it says nothing."""
    every = posted.get("then") == "accept"
    if f"{name}:asked" not in posted:
        return None if every and held is not None and not held.decided_by else False
    return every or bool(posted.get(f"decide:{decide}"))


# --- Rows made alike ------------------------------------------------------------------------------


def group(draft: Draft) -> dict[str, Any] | None:
    """Return how rows are made alike, what that costs and what may be chosen; None for a table of nobody."""
    told, wanted = draft.rehearsed, draft.decided_policy.anonymity
    if wanted is None and (told is None or told.after is None):
        return None
    columns = {c.name: c.label or c.name for c in draft.prepared.profile.columns if c.kind is not Kind.GEOMETRY}
    labels = {c.name: _(c.label) for c in (told.columns if told is not None else ()) if c.label} | columns
    gone = {r.column for r in draft.decided_policy.rules if r.transform == "drop"}
    price = told.price if told is not None else None
    return {
        "on": wanted is not None,
        "decided": bool(wanted and wanted.decided_by),
        "by": wanted.decided_by if wanted else "",
        "k": wanted.k if wanted else 5,
        "step": _nearest(wanted.k if wanted else 5),
        "steps": STEPS,
        "last": len(STEPS) - 1,
        "shapes": [(name, _(said)) for name, said in SHAPES.items()],
        "shape": wanted.shape if wanted else "classes",
        "columns": [
            (name, label, bool(wanted and name in wanted.keys), bool(wanted and name in wanted.first))
            for name, label in columns.items()
            if name not in gone and not (wanted and name in wanted.sensitive)
        ],
        "sensitive": [columns.get(n, n) for n in wanted.sensitive] if wanted else [],
        "kept": round(100 * (1 - price.loss)) if price else None,
        "left_out": price.left_out if price else 0,
        "losses": [(labels.get(n, n), round(100 * (1 - x))) for n, x in price.by_column.items()] if price else [],
        "prices": [
            (p.k, _(SHAPES[p.shape]), p.shape, round(100 * (1 - p.loss)), p.left_out)
            for p in (told.prices if told is not None else ())
        ],
    }


def grouping(posted: QueryDict, draft: Draft) -> tuple[Anonymity | None] | None:
    """Return what the form says of making rows alike, None when it says nothing decided. Raises: InputError."""
    wanted = draft.decided_policy.anonymity
    asked = _asked("group", wanted, posted, "group")
    if not asked:
        return (wanted,) if asked is None else None
    if not posted.get("group:on"):
        return (None,)
    columns = [c.name for c in draft.prepared.profile.columns]
    keys = tuple(n for n in columns if n in posted.getlist("group:keys"))
    if not keys:
        raise InputError("Cochez au moins une colonne que des gens peuvent connaître.")
    base = wanted or Anonymity(5)
    told, shape = posted.get("group:step", ""), posted.get("group:shape", "")
    step = int(told) if told.isascii() and told.isdigit() and int(told) < len(STEPS) else _nearest(base.k)
    return (
        dataclasses.replace(
            base,
            k=base.k if step == _nearest(base.k) else STEPS[step],
            keys=keys,
            shape=shape if shape in SHAPES else base.shape,
            first=tuple(n for n in keys if n in posted.getlist("group:first")),
        ),
    )


def _nearest(k: int) -> int:
    """Return the place on the slider nearest to a size of group."""
    return min(range(len(STEPS)), key=lambda n: abs(STEPS[n] - k))


# --- Means ----------------------------------------------------------------------------------------


def means(draft: Draft) -> dict[str, Any] | None:
    """Return which numbers may become means, and what that costs; None for a table of nobody, or without numbers."""
    told, wanted, profile = draft.rehearsed, draft.decided_policy.averaging, draft.prepared.profile
    found = [c for c in profile.columns if c.kind in (Kind.INTEGER, Kind.NUMBER) and c.meaning in policy.ADDED_UP]
    people = draft.decided_policy.anonymity is not None or (told is not None and told.before is not None)
    if not found or not (people or wanted):
        return None
    averaged = told.averaged if told is not None else None
    ruled = {r.column for r in policy.in_force(draft.decided_policy).rules if r.transform == "drop"}
    return {
        "on": wanted is not None,
        "decided": bool(wanted and wanted.decided_by),
        "by": wanted.decided_by if wanted else "",
        "k": wanted.k if wanted else _usual_mean(draft, found),
        "columns": [
            {
                "name": c.name,
                "label": c.label or c.name,
                "on": bool(wanted and c.name in wanted.columns),
                "gone": c.name in ruled,
                "fit": profile.rows > 0 and _OWN * c.distinct > profile.rows,
                "kept": _kept(averaged.by_column[c.name]) if averaged and c.name in averaged.by_column else None,
            }
            for c in found
        ],
        "prices": [(m.k, _kept(m.loss), m.groups) for m in (told.means if told is not None else ())],
    }


def averaging(posted: QueryDict, draft: Draft) -> tuple[Averaging | None] | None:
    """Return what the form says of means, None when it says nothing decided. Raises: InputError."""
    wanted = draft.decided_policy.averaging
    asked = _asked("means", wanted, posted, "means")
    if not asked:
        return (wanted,) if asked is None else None
    columns = tuple(c.name for c in draft.prepared.profile.columns if c.name in posted.getlist("means:columns"))
    if not columns:
        return (None,)
    k = _whole(posted.get("means:k", ""), _("Personnes de chaque moyenne"), 2, 1000)
    base = wanted or Averaging(k, columns)
    return (dataclasses.replace(base, k=k, columns=columns),)


def _usual_mean(draft: Draft, columns: list[Column]) -> int:
    group = draft.decided_policy.anonymity
    least = int(law.threshold("k", [c.meaning for c in columns]).value)
    return max(least, group.k if group is not None else _USUAL_MEAN)


def _kept(loss: float) -> int:
    return round(100 * (1 - loss))


# --- A synthetic copy -----------------------------------------------------------------------------


def copy(draft: Draft) -> dict[str, Any] | None:
    """Return what a synthetic copy would be worth, by budget; None for a table of nobody."""
    told, wanted = draft.rehearsed, draft.decided_policy.synthesis
    offered = told.copies if told is not None else ()
    if wanted is None and not offered:
        return None
    epsilon = wanted.epsilon if wanted is not None else _USUAL_COPY
    made = told.synthetic if told is not None else None
    by_budget = {c.epsilon: c for c in offered} | ({made.epsilon: made} if made is not None else {})
    return {
        "on": wanted is not None,
        "decided": bool(wanted and wanted.decided_by),
        "by": wanted.decided_by if wanted else "",
        "lines": [_copy_line(e, by_budget.get(e), e == epsilon) for e in sorted({*COPIES, epsilon})],
        "made": made,
        "worst": made.worst if made is not None and made.worst else None,
        "worst_share": round(100 * made.worst[2]) if made is not None and made.worst else None,
        "linked": [" – ".join(pair) for pair in made.linked] if made is not None else [],
        **_budget(draft),
    }


def synthesis(posted: QueryDict, draft: Draft) -> tuple[Synthesis | None] | None:
    """Return what the form says of a synthetic copy, None when it says nothing decided."""
    wanted = draft.decided_policy.synthesis
    asked = _asked("copy", wanted, posted, "copy")
    if not asked:
        return (wanted,) if asked is None else None
    if not posted.get("copy:on"):
        return (None,)
    epsilon = _one_of(posted.get("copy:epsilon", ""), {*COPIES, *([wanted.epsilon] if wanted else [])}, _USUAL_COPY)
    return (dataclasses.replace(wanted, epsilon=epsilon) if wanted is not None else Synthesis(epsilon),)


def _copy_line(epsilon: float, told: Synthetic | None, on: bool) -> dict[str, Any]:
    return {
        "epsilon": epsilon,
        "said": law.french(epsilon),
        "title": _(COPIES[epsilon]) if epsilon in COPIES else "",
        "on": on,
        "alone": round(100 * (1 - told.apart)) if told is not None else None,
        "together": round(100 * (1 - told.together)) if told is not None else None,
    }


def _budget(draft: Draft) -> dict[str, Any]:
    """Return what a dataset spent of its budget of noise, and what is left: it is said where noise is chosen."""
    told, whole = draft.rehearsed, law.threshold("epsilon").value
    spent = told.spent if told is not None else 0.0
    return {
        "spent": law.french(round(spent, 2)),
        "left": law.french(round(max(0.0, whole - spent), 2)),
        "whole": law.french(whole),
    }


# --- Counts ---------------------------------------------------------------------------------------


def counts(draft: Draft) -> dict[str, Any] | None:
    """Return how small counts are protected, why, and what each way costs; None for a table of which none is."""
    told, wanted = draft.rehearsed, draft.decided_policy.hiding
    offered = draft.prepared.policy.hiding
    held = wanted or offered
    if held is None:
        return None
    hidden = told.hidden if told is not None else None
    prices = {w.way: w for w in (told.ways if told is not None else ())}
    if hidden is not None:
        prices[hidden.way] = hidden
    return {
        "on": wanted is not None,
        "way": wanted.way if wanted is not None else "",
        "decided": bool(wanted and wanted.decided_by),
        "by": wanted.decided_by if wanted else "",
        "hidden": hidden if hidden is not None and hidden.way == "hide" else None,
        "kept": round(100 * (1 - hidden.loss)) if hidden is not None and hidden.way == "hide" else None,
        "told": [(cell, _(said).format(**values)) for cell, said, values in hidden.told] if hidden else [],
        "ways": [] if held.rare or held.whole else [_way(name, prices.get(name)) for name in WAYS],
        "bases": [*sorted({*BASES, held.base})],
        "base": held.base,
        "epsilons": [(e, law.french(e)) for e in sorted({*EPSILONS, held.epsilon})],
        "epsilon": held.epsilon,
        "each": held.each,
        "sums": bool(held.contributors),
        "most": law.french(held.most),
        **_budget(draft),
    }


def hiding(posted: QueryDict, draft: Draft) -> tuple[Hiding | None] | None:
    """Return what the form says of small counts, None when it says nothing decided. Raises: InputError."""
    wanted = draft.decided_policy.hiding
    asked = _asked("hiding", wanted, posted, "hiding")
    if not asked:
        return (wanted,) if asked is None else None
    base, way = wanted or draft.prepared.policy.hiding, posted.get("hiding:way", "")
    if base is None or way not in WAYS:
        return (None,)
    changed: dict[str, Any] = {"way": way}
    if way == "round":
        changed["base"] = _whole(posted.get("hiding:base", str(base.base)), _("Arrondir au multiple de"), 2, 1_000_000)
    if way == "noise":
        changed["epsilon"] = _one_of(posted.get("hiding:epsilon", ""), {*EPSILONS, base.epsilon}, base.epsilon)
        changed["each"] = _whole(
            posted.get("hiding:each", str(base.each)), _("Cases où une même personne compte"), 1, 1000
        )
        if base.contributors:  # an amount: by how much one person can change it
            changed["most"] = float(
                _whole(posted.get("hiding:most", ""), _("Le plus qu'une personne y compte"), 1, 10**9)
            )
    return (dataclasses.replace(base, **changed),)


def _way(name: str, told: Hidden | None) -> dict[str, Any]:
    return {
        "name": name,
        "title": _(WAYS[name]),
        "hidden": told.primary + told.secondary if told is not None else None,
        "off": told.off if told is not None else None,
        "furthest": told.furthest if told is not None else None,
        "sums": told.sums if told is not None else None,
    }


# --- Places ---------------------------------------------------------------------------------------


def places(draft: Draft) -> dict[str, Any] | None:
    """Return how the places of people are hidden, and what is left of them; None for a table that has none."""
    told, wanted, offered = draft.rehearsed, draft.decided_policy.blurring, draft.prepared.policy.blurring
    if wanted is None and offered is None:
        return None
    blurred = told.blurred if told is not None else None
    held = wanted or offered or Blurring(11)
    first, *others = BLURS.items()  # the proposal, and the other ways
    return {
        "shape": wanted.shape if wanted is not None else "",
        "first": _(first[1]),
        "shapes": [(name, _(said)) for name, said in others],
        "layers": layers.offered(draft),
        "layer": held.layer,
        "k": held.k,
        "decided": bool(wanted and wanted.decided_by),
        "by": wanted.decided_by if wanted else "",
        "blurred": blurred,
        "sizes": sorted((int(side), n) for side, n in blurred.by_size.items()) if blurred else [],
        "areas": sorted(blurred.by_area.items(), key=lambda a: -a[1]) if blurred else [],
    }


def blurring(posted: QueryDict, draft: Draft) -> tuple[Blurring | None] | None:
    """Return what the form says of places, None when it says nothing decided. Raises: InputError."""
    wanted = draft.decided_policy.blurring
    asked = _asked("blurring", wanted, posted, "blurring")
    if not asked:
        return (wanted,) if asked is None else None
    base, shape = wanted or draft.prepared.policy.blurring, posted.get("blurring:shape", "")
    if base is None or shape not in BLURS:
        return (None,)
    k = posted.get("blurring:k", "")
    layer = posted.get("blurring:layer", "")
    known = {name for name, _title in layers.offered(draft)} | {base.layer}
    if shape == "areas" and (not layer or layer not in known):
        raise InputError("Choisissez la couche qui donne les quartiers de la commune.")
    return (
        dataclasses.replace(
            base,
            shape=shape,
            k=int(k) if k.isascii() and k.isdigit() and len(k) < 5 else base.k,
            layer=layer if shape == "areas" else "",
        ),
    )


# --- What was typed -------------------------------------------------------------------------------


def _whole(said: str, question: str, low: int, high: int) -> int:
    clean = "".join(said.split())
    if not (clean.isascii() and clean.isdigit() and len(clean) < 11 and low <= int(clean) <= high):
        raise InputError(
            "« {question} » attend un nombre entier de {low} à {high}.", question=question, low=low, high=high
        )
    return int(clean)


def _one_of(said: str, known: set[float], usual: float) -> float:
    """Return the number that was chosen in a list, the usual one for anything else."""
    try:
        found = float(said.replace(",", "."))
    except ValueError:
        return usual
    return found if found in known else usual
