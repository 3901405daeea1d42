"""Synthetic copies: whether the rows that were drawn are those of real people, or tell their secrets.

No row stands for anybody, so nothing is aligned: rows are compared as a whole. What a copy drawn column by column would give
by chance is taken off, since a common row is nobody's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from parvis.privacy.attacks.attack import INFERENCE, SENSITIVE, SINGLING_OUT, Attack
from parvis.privacy.attacks.case import SEED, Array, Coded, combined, load, named, texts
from parvis.values import Column, Kind, msg

_DRAWS = 5  # mixed copies by which chance is measured

HINT_COPIED = msg("Retirez ces lignes de la copie synthétique, ou fabriquez-la avec plus de bruit.")
HINT_TOLD = msg("Fabriquez la copie avec plus de bruit : elle a retenu les gens au lieu de leur ressemblance.")
COPIED = msg(
    "{won} personne(s) sur {tried}, seules de leur sorte, se retrouvent trait pour trait dans la copie synthétique."
)
NEAR = msg(
    "{won} personne(s) sur {tried}, seules de leur sorte, se retrouvent à une colonne près dans la copie synthétique."
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
) -> Iterator[Attack]:
    """Yield the real people copied as they are, those copied but for one column, and the secrets that the copy tells.

    ``sensitive``: names of columns, by their meaning when not given. Columns that only one table has are left out.
    """
    shared = {c.name for c in after}
    held = load(original, [c for c in before if c.name in shared and c.kind is not Kind.GEOMETRY])
    drawn = load(synthetic, [c for c in after if c.name in held])
    if not held or not len(next(iter(held.values())).codes) or not len(next(iter(drawn.values())).codes):
        return
    real, made = _together(held, drawn)
    labels = [held[n].column.label or n for n in held]
    yield _copied(
        "singling_out.copied", COPIED, labels, _found(real, made, list(held)), _by_chance(real, list(held), 0)
    )
    if len(held) > 2:
        near = _near(real, made, list(held))
        yield _copied("singling_out.near_copy", NEAR, labels, near, _by_chance(real, list(held), 1))
    secrets = sensitive if sensitive is not None else [n for n, c in held.items() if c.column.meaning in SENSITIVE]
    for secret in secrets:
        keys = [n for n in held if n not in secrets]
        if secret in held and keys:
            yield _guess(held, real, made, keys, secret)


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


def _by_chance(real: dict[str, Array], names: Sequence[str], but: int) -> float:
    """Return the share of people whom a copy of mixed columns would hold, exactly or but for one column."""
    random = np.random.default_rng(SEED)
    rates = []
    for _ in range(_DRAWS):
        mixed = {n: random.permutation(c) for n, c in real.items()}
        rates.append((_near if but else _found)(real, mixed, names).mean())
    return float(np.mean(rates))


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
        values={"won": won, "tried": len(found)},
        hint=HINT_COPIED,
    )


def _guess(
    held: dict[str, Coded], real: dict[str, Array], made: dict[str, Array], keys: Sequence[str], secret: str
) -> Attack:
    """Return the attack that takes, for each person, the commonest secret of the rows of the copy that look like her."""
    mine, theirs, count = _groups(real, made, keys)
    size = int(max(real[secret].max(), made[secret].max())) + 1
    top = int(np.bincount(made[secret], minlength=size).argmax())
    pairs, counts = np.unique(theirs * size + made[secret], return_counts=True)
    guess = np.full(count, top, np.int64)
    order = np.argsort(counts, kind="stable")
    guess[pairs[order] // size] = pairs[order] % size  # the most frequent is written last
    won = int((guess[mine] == real[secret]).sum())
    chance = float((real[secret] == top).mean())
    labels = [held[n].column.label or n for n in keys]
    return Attack(
        name="inference.copy",
        criterion=INFERENCE,
        tried=len(mine),
        won=won,
        chance=chance,
        message=TOLD,
        columns=(*labels, held[secret].column.label or secret),
        values={
            "columns": named(labels),
            "secret": f"« {held[secret].column.label or secret} »",
            "won": won,
            "tried": len(mine),
            "blind": round(chance * len(mine)),
        },
        hint=HINT_TOLD,
    )
