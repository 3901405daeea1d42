"""Synthetic copies: whether the rows that were drawn are those of real people, or tell their secrets.

No row stands for anybody, so nothing is aligned: rows are compared as a whole. What luck gives is taken off: what is found
of people in a copy that was made without them is no secret of theirs. Where no such copy is given, columns drawn one by one
stand for it, which is severe: a good copy keeps what links them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from parvis.frozen import dataclass
from parvis.privacy.attacks.attack import INFERENCE, LINKABILITY, SENSITIVE, SINGLING_OUT, Attack
from parvis.privacy.attacks.case import SEED, Array, Coded, combined, load, named, texts
from parvis.values import Column, Kind, msg

# The codes of both tables, and the rows of people whom the second one never saw.
_Unseen: TypeAlias = tuple[tuple[dict[str, Array], dict[str, Array]], Array]
_Finder: TypeAlias = Callable[[dict[str, Array], dict[str, Array], Sequence[str]], Array]
_DRAWS = 5  # mixed copies by which chance is measured
_LINKED, _NEAREST = 400, 5  # people drawn to be linked, and rows of the copy that are the nearest of one
_LOOKED_IN = 20_000  # rows of the copy in which the nearest are looked for


@dataclass(frozen=True, eq=False)
class Blind:
    """A copy made as the other was, without some people: ``rows`` are theirs in the original."""

    path: Path
    rows: Array


HINT_COPIED = msg("Fabriquez la copie avec plus de bruit : des personnes s'y retrouvent.")
HINT_TOLD = msg("Fabriquez la copie avec plus de bruit : elle a retenu les gens au lieu de leur ressemblance.")
COPIED = msg(
    "{won} personne(s) sur {tried}, seules de leur sorte, se retrouvent trait pour trait dans la copie synthétique ; au hasard, "
    "{blind}."
)
NEAR = msg(
    "{won} personne(s) sur {tried}, seules de leur sorte, se retrouvent à une colonne près dans la copie synthétique ; au "
    "hasard, {blind}."
)
LINKED = msg(
    "{won} personne(s) sur {tried} : une même ligne de la copie synthétique relie les deux moitiés de ce qu'on sait d'elles ; "
    "au hasard, {blind}."
)
TOLD = msg(
    "Par la copie synthétique et {columns}, on devine {secret} de {won} personne(s) sur {tried} ; au hasard, de {blind}."
)


def attacks(
    original: Path,
    before: Sequence[Column],
    synthetic: Path,
    after: Sequence[Column],
    *,
    sensitive: Sequence[str] | None = None,
    blind: Blind | None = None,
) -> Iterator[Attack]:
    """Yield the real people copied as they are, those copied but for one column, those whom a row of the copy links to
    themselves, and the secrets that the copy tells.

    ``sensitive``: names of columns, by their meaning when not given. Columns that only one table has are left out.
    """
    shared = {c.name for c in after}
    held = load(original, [c for c in before if c.name in shared and c.kind is not Kind.GEOMETRY])
    drawn = load(synthetic, [c for c in after if c.name in held])
    if not held or not len(next(iter(held.values())).codes) or not len(next(iter(drawn.values())).codes):
        return
    real, made = _together(held, drawn)
    unseen = None
    if blind is not None:
        other = load(blind.path, [c for c in after if c.name in held])
        unseen = (_together(held, other), blind.rows)
    labels = [held[n].column.label or n for n in held]
    luck = _luck(unseen, real, list(held), _found)
    yield _copied("singling_out.copied", COPIED, labels, _found(real, made, list(held)), luck)
    if len(held) > 2:
        luck = _luck(unseen, real, list(held), _near)
        yield _copied("singling_out.near_copy", NEAR, labels, _near(real, made, list(held)), luck)
    if len(held) > 3:
        yield _linked(real, made, list(held), labels)
    secrets = sensitive if sensitive is not None else [n for n, c in held.items() if c.column.meaning in SENSITIVE]
    for secret in secrets:
        keys = [n for n in held if n not in secrets]
        if secret in held and keys:
            yield _guess(held, real, made, keys, secret, unseen)


def _together(held: dict[str, Coded], drawn: dict[str, Coded]) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the codes of both tables under the same numbers."""
    real: dict[str, Array] = {}
    made: dict[str, Array] = {}
    for name, first in held.items():
        numbers: dict[str | None, int] = {}
        for coded, out in ((first, real), (drawn[name], made)):
            codes = np.array([numbers.setdefault(v, len(numbers)) for v in texts(coded)], np.int64)
            out[name] = codes[coded.codes]
    return real, made


def _groups(real: dict[str, Array], made: dict[str, Array], names: Sequence[str]) -> tuple[Array, Array, int]:
    rows = len(next(iter(real.values())))
    both = combined([np.concatenate([real[n], made[n]]) for n in names], rows + len(next(iter(made.values()))))
    return both[:rows], both[rows:], int(both.max()) + 1


def _found(real: dict[str, Array], made: dict[str, Array], names: Sequence[str]) -> Array:
    """Return (rows of the original,): alone of its kind in ``names``, and standing in the copy."""
    mine, theirs, count = _groups(real, made, names)
    alone = np.bincount(mine, minlength=count)[mine] == 1
    return alone & (np.bincount(theirs, minlength=count) > 0)[mine]


def _near(real: dict[str, Array], made: dict[str, Array], names: Sequence[str]) -> Array:
    """Return the same but for one column, whichever it is: a row must be alone without it too."""
    near = np.zeros(len(next(iter(real.values()))), bool)
    for left in names:
        near |= _found(real, made, [n for n in names if n != left])
    return near


def _luck(unseen: _Unseen | None, real: dict[str, Array], names: Sequence[str], found: _Finder) -> float:
    """Return the share of people who would be found in a copy that never saw them, as large as its own error allows."""
    if unseen is not None:
        (people, made), rows = unseen
        return _at_most(found(people, made, names)[rows])
    random = np.random.default_rng(SEED)
    rates = []
    for _ in range(_DRAWS):
        mixed = {n: random.permutation(c) for n, c in real.items()}
        rates.append(found(real, mixed, names).mean())
    return float(np.mean(rates))


def _at_most(found: Array) -> float:
    """Return the share of those found, plus two of its standard errors: it is measured on few people."""
    if not len(found):
        return 0.0
    rate = float(found.mean())
    return min(1.0, rate + 2 * math.sqrt(max(rate * (1 - rate), 1 / len(found)) / len(found)))


def _linked(real: dict[str, Array], made: dict[str, Array], names: Sequence[str], labels: Sequence[str]) -> Attack:
    """Return the attack of one who holds two halves of the columns, in two files, and joins them through the copy.

    Two halves are joined when the rows of the copy nearest to each, few of them, have one in common. Chance is how often
    that joins the halves of two different people.
    """
    random = np.random.default_rng(SEED)
    rows = len(next(iter(real.values())))
    people = random.permutation(rows)[:_LINKED]
    held = np.stack([made[n] for n in names], axis=1)
    held = held[random.permutation(len(held))[:_LOOKED_IN]]
    wanted = np.stack([real[n][people] for n in names], axis=1)
    first, second = ([_nearest(held[:, half::2], w[half::2]) for w in wanted] for half in (0, 1))
    won = sum(bool(a & b) for a, b in zip(first, second, strict=True))
    luck = sum(bool(a & b) for a, b in zip(first, second[1:] + second[:1], strict=True)) / max(len(people), 1)
    return Attack(
        name="linkability.copy",
        criterion=LINKABILITY,
        tried=len(people),
        won=won,
        chance=luck,
        message=LINKED,
        columns=tuple(labels),
        values={"won": won, "tried": len(people), "blind": round(luck * len(people))},
        hint=HINT_TOLD,
        sampled=len(people) < rows,
    )


def _nearest(held: Array, wanted: Array) -> frozenset[int]:
    """Return the rows that have most columns in common with what is known, none when they are many."""
    same = (held == wanted).sum(1)
    rows = np.flatnonzero(same == same.max())
    return frozenset(rows.tolist()) if len(rows) <= _NEAREST else frozenset()


def _copied(name: str, message: str, labels: Sequence[str], found: Array, chance: float) -> Attack:
    won = int(found.sum())
    return Attack(
        name=name,
        criterion=SINGLING_OUT,
        tried=len(found),
        won=won,
        chance=chance,
        message=message,
        columns=tuple(labels),
        values={"won": won, "tried": len(found), "blind": round(chance * len(found))},
        hint=HINT_COPIED,
    )


def _guess(
    held: dict[str, Coded],
    real: dict[str, Array],
    made: dict[str, Array],
    keys: Sequence[str],
    secret: str,
    unseen: _Unseen | None,
) -> Attack:
    """Return the attack that takes, for each person, the commonest secret of the rows of the copy that look like her."""
    right, top = _guessed(real, made, keys, secret)
    won = int(right.sum())
    chance = float((real[secret] == top).mean())
    if unseen is not None and len(unseen[1]):
        (people, other), rows = unseen
        chance = max(chance, _at_most(_guessed(people, other, keys, secret)[0][rows]))
    labels = [held[n].column.label or n for n in keys]
    return Attack(
        name="inference.copy",
        criterion=INFERENCE,
        tried=len(right),
        won=won,
        chance=chance,
        message=TOLD,
        columns=(*labels, held[secret].column.label or secret),
        values={
            "columns": named(labels),
            "secret": f"« {held[secret].column.label or secret} »",
            "won": won,
            "tried": len(right),
            "blind": round(chance * len(right)),
        },
        hint=HINT_TOLD,
    )


def _guessed(real: dict[str, Array], made: dict[str, Array], keys: Sequence[str], secret: str) -> tuple[Array, int]:
    """Return (rows,): the guess is right; and the commonest secret of the copy."""
    mine, theirs, count = _groups(real, made, keys)
    size = int(max(real[secret].max(), made[secret].max())) + 1
    top = int(np.bincount(made[secret], minlength=size).argmax())
    pairs, counts = np.unique(theirs * size + made[secret], return_counts=True)
    guess = np.full(count, top, np.int64)
    order = np.argsort(counts, kind="stable")
    guess[pairs[order] // size] = pairs[order] % size  # the most frequent is written last
    return guess[mine] == real[secret], top
