"""Inference: learning something about a person without finding her row, or from what was thought to be taken away.

Three ways: a group of people who look alike shares the same secret; a column that was kept gives back one that was
removed (a menu says the religion, a job the sex); the order of the rows betrays a column they were sorted by.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from parvis.privacy.attacks.attack import INFERENCE, Attack
from parvis.privacy.attacks.case import COARSE, GONE, NOISY, SAME, SEED, Array, Case, Coded, combined, follows, texts
from parvis.text import fold
from parvis.values import Kind, msg

_COMMON = 0.5  # share of the most frequent value from which the others are the ones that tell something
_NARROW = 0.1  # share of the whole range under which the range of a group tells the value
_BINS = 20  # parts that a number of many values is cut into
_GUIDES = 12  # columns tried as the one that gives back another
_PAIRS = 5  # of which so many are tried two by two
_ROWS = 60_000  # rows on which that is measured
_SORTED = 0.95  # share of neighbours in order from which a table is sorted
_HOMES = frozenset({"address", "ban_key", "lonlat", "longitude", "latitude", "person_name", "last_name"})
_READINGS = 48  # of one home, under which it shows no habit
_HOUR, _WEEK = 3_600_000_000, 168  # microseconds; hours
_LEAST = 5  # rows under which an order says nothing

HINT_GROUP = msg(
    "Agrandissez les groupes jusqu'à ce que chacun garde plusieurs valeurs, ou retirez la colonne sensible."
)
HINT_BACK = msg("Retirez aussi la colonne qui la fait deviner, ou regroupez ses valeurs.")
HINT_ORDER = msg("Mêlez les lignes avant de publier, ou triez-les par une colonne publiée.")
SAME_SECRET = msg(
    "{won} personne(s) sur {tried} sont dans un groupe où tous ont la même valeur de {secret} : la connaître ne demande "
    "que {columns}."
)
EVERYONE = msg("Tous ont la même valeur de {secret} : savoir que quelqu'un est dans ce fichier suffit à la connaître.")
RARE_SECRET = msg(
    "{won} personne(s) sur {tried}, dont la valeur de {secret} n'est pas la plus courante, sont dans un groupe où tous ont la "
    "même : la connaître ne demande que {columns}."
)
NARROW = msg("Pour {won} personne(s) sur {tried}, {columns} suffit à situer {secret} à 10 % près.")
GUESS = msg("Par {columns}, on devine {secret} de {won} personne(s) sur {tried} ; au hasard, de {blind}.")
BACK = msg(
    "La colonne {hidden} a été {what}, mais {columns} la fait retrouver {won} fois sur {tried} ; au hasard, {blind}."
)
ORDER = msg("Les lignes sont restées dans l'ordre de {hidden} : leur place dit à peu près la valeur retirée.")
HINT_HABITS = msg(
    "Publiez des totaux par mois ou par quartier : un relevé par logement et par heure montre quand il est vide."
)
HABITS = msg(
    "Les relevés de {secret} suivent des habitudes : le jour et l'heure font deviner s'ils sont hauts ou bas {won} fois sur "
    "{tried}. On y lit quand un logement est vide."
)
REMOVED, BLURRED = msg("retirée"), msg("rendue plus vague")


def attacks(case: Case) -> Iterator[Attack]:
    """Yield what each way gives."""
    if case.rows < 2:
        return
    for secret in case.sensitive:
        if secret in case.published:
            yield from _in_groups(case, secret)
    yield from _given_back(case)
    yield from _betrayed(case)
    yield from _habits(case)


# --- A group that shares a secret ---------------------------------------------------------------


def _in_groups(case: Case, secret: str) -> Iterator[Attack]:
    keys = [n for n in case.known if n in case.published and n != secret and case.published[n].size > 1]
    if not keys:
        return
    held = case.published[secret]
    groups, sizes = case.grouped(keys)
    filled = ~_empty(held)
    told = filled[held.codes]
    tried = int(told.sum())
    # A group tells somebody's secret when what is published of her is true: exchanged values mislead.
    true = np.logical_and.reduce([case.true(n) for n in (*keys, secret)])
    if not tried:
        return
    shares = np.bincount(held.codes[told]) / tried
    top = float(shares.max())
    if top == 1.0 and tried == case.rows:
        yield _told(case, "inference.everyone", told, tried, 0.0, [], EVERYONE, secret=secret)
        return
    same = _constant(groups, held.codes, len(sizes)) & told & true
    luck = _alike_by_luck(np.bincount(groups), shares)
    yield _told(case, "inference.same_secret", same, tried, luck, keys, SAME_SECRET, secret=secret)
    if top > _COMMON:  # nearly all have the same: what matters is who has another
        rare = told & (held.codes != int(shares.argmax()))
        yield _told(case, "inference.rare_secret", same & rare, int(rare.sum()), 0.0, keys, RARE_SECRET, secret=secret)
    if held.position is not None and held.size > 2:
        yield _told(
            case, "inference.narrow", _narrow(groups, held, len(sizes)), tried, 0.0, keys, NARROW, secret=secret
        )
    right = _guessed(groups, held.codes) & told & true
    if right.sum() > top * tried:
        yield _told(case, "inference.guess", right, tried, top, keys, GUESS, secret=secret)


def _empty(held: Coded) -> Array:
    return held.values.is_null().to_numpy(zero_copy_only=False)


def _constant(groups: Array, codes: Array, count: int) -> Array:
    """Return (rows,): the row's group holds one value only."""
    low, high = np.full(count, np.iinfo(np.int64).max), np.full(count, -1)
    np.minimum.at(low, groups, codes)
    np.maximum.at(high, groups, codes)
    return (low == high)[groups]


def _narrow(groups: Array, held: Coded, count: int) -> Array:
    assert held.position is not None
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.fmin.at(low, groups, held.position)
    np.fmax.at(high, groups, held.position)
    spread = float(np.nanmax(held.position) - np.nanmin(held.position))
    return ((high - low) <= _NARROW * spread)[groups] & ~np.isnan(held.position)


def _guessed(groups: Array, codes: Array) -> Array:
    """Return (rows,): the most frequent value of the group, the row itself left out, is the row's own."""
    size = int(codes.max()) + 1
    pairs, back, counts = np.unique(groups * size + codes, return_inverse=True, return_counts=True)
    of_group = pairs // size
    top = np.zeros(int(groups.max()) + 1, np.int64)
    np.maximum.at(top, of_group, counts)
    second = np.zeros_like(top)  # the most of any other value than the first of the most frequent
    firsts = np.full_like(top, -1)
    order = np.lexsort((np.arange(len(pairs)), -counts, of_group))
    starts = np.flatnonzero(np.diff(of_group[order], prepend=-1))
    firsts[of_group[order][starts]] = order[starts]
    others = np.ones(len(pairs), bool)
    others[firsts[firsts >= 0]] = False
    np.maximum.at(second, of_group[others], counts[others])
    rows = back.reshape(-1)
    leads = firsts[groups] == rows
    return np.where(leads, counts[rows] - 1 > second[groups], False)


def _alike_by_luck(sizes: Array, shares: Array) -> float:
    """Return the share of rows whose group would hold one value if the secret had nothing to do with the groups."""
    sizes = sizes[sizes > 0]
    several, alone = sizes[sizes > 1], int((sizes == 1).sum())
    kinds, counts = np.unique(several, return_counts=True)
    expected = sum(int(n) * int(c) * float((shares ** int(n)).sum()) for n, c in zip(kinds, counts, strict=True))
    return (expected + alone * float(shares.max())) / int(sizes.sum())


def _told(
    case: Case, name: str, hit: Array, tried: int, chance: float, keys: Sequence[str], message: str, secret: str
) -> Attack:
    rows = np.flatnonzero(hit)
    return Attack(
        name=name,
        criterion=INFERENCE,
        tried=tried,
        won=len(rows),
        chance=chance,
        message=message,
        columns=case.shown([*keys, secret]),
        values={
            "columns": case.named(keys),
            "secret": f"« {case.label(secret)} »",
            "won": len(rows),
            "tried": tried,
            "blind": round(chance * tried),
        },
        hint=HINT_GROUP,
        lines=case.lines_of(rows),
    )


# --- A column that gives back another -----------------------------------------------------------


def _given_back(case: Case) -> Iterator[Attack]:
    """Yield, for each column that was removed or blurred, the published columns that make it be found again."""
    guides = [n for n in case.published if 1 < case.published[n].size <= case.rows // 2]
    for name, held in case.original.items():
        what = case.became(name)
        if what in (SAME, NOISY) or held.size < 2 or not guides:
            continue
        best = _best_guide(case, _target(held), [g for g in guides if g != name], name if what == COARSE else "")
        if best is not None:
            columns, right, chance, tried = best
            yield Attack(
                name="inference.given_back",
                criterion=INFERENCE,
                tried=tried,
                won=right,
                chance=chance,
                message=BACK,
                columns=case.shown([*columns, name]),
                values={
                    "columns": case.named(columns),
                    "hidden": f"« {case.label(name)} »",
                    "what": REMOVED if what == GONE else BLURRED,
                    "won": right,
                    "tried": tried,
                    "blind": round(chance * tried),
                },
                hint=HINT_BACK,
                sampled=True,
            )


def _target(held: Coded) -> Array:
    """Return what is to be guessed: the codes, or parts of equal numbers of rows of a number of many values."""
    if held.position is None or held.size <= 2 * _BINS:
        return held.codes
    filled = held.position[~np.isnan(held.position)]
    bounds = np.unique(np.quantile(filled, np.linspace(0, 1, _BINS + 1)[1:-1]))
    return np.where(np.isnan(held.position), len(bounds) + 1, np.searchsorted(bounds, held.position))


def _best_guide(
    case: Case, target: Array, guides: Sequence[str], own: str
) -> tuple[tuple[str, ...], int, float, int] | None:
    """Return (columns, right guesses, chance, tried) of the columns that tell most of a target, or None.

    The table is learned on one half of the rows and judged on the other. What the blurred column itself still tells
    (``own``) is what the agent chose to leave: a guide must tell more than it does.
    """
    random = np.random.default_rng(SEED)
    rows = random.permutation(case.rows)[:_ROWS]
    half = len(rows) // 2
    if len(rows) - half < _LEAST:
        return None
    wanted = target[rows]
    base = case.published[own].codes[rows] if own else np.zeros(len(rows), np.int64)
    codes = {g: case.published[g].codes[rows] for g in guides}
    floor = _judged(base, wanted, half)
    guides = sorted(guides, key=lambda g: -_judged(codes[g], wanted, half))[:_GUIDES]
    tries: list[tuple[str, ...]] = [(g,) for g in guides]
    tries += [tuple(pair) for pair in combinations(guides[:_PAIRS], 2)]
    best: tuple[str, ...] = ()
    most = floor
    for some in tries:
        right = _judged(combined([base, *(codes[g] for g in some)], len(rows)), wanted, half)
        if right > most * (1.05 if len(some) > 1 else 1.0):
            best, most = some, right
    judged = len(rows) - half
    if not best or not _worth(most, floor, judged):
        return None
    return best, most, floor / judged, judged


def _judged(codes: Array, target: Array, half: int) -> int:
    """Return the right guesses on the second part of the rows by the most frequent value of the first part."""
    size = int(target.max()) + 1
    pairs, counts = np.unique(codes[:half] * size + target[:half], return_counts=True)
    top = int(np.bincount(target[:half]).argmax())
    guess = np.full(int(codes.max()) + 1, top, np.int64)
    order = np.argsort(counts, kind="stable")
    guess[pairs[order] // size] = pairs[order] % size  # the most frequent is written last
    return int((guess[codes[half:]] == target[half:]).sum())


def _worth(right: int, floor: int, tried: int) -> bool:
    """True when a guide takes a good half of what a blind guess leaves, and not by luck."""
    excess = (right - floor) / (tried - floor) if tried > floor else 0.0
    return excess >= 0.5 and right - floor > 3 * max(floor, 1) ** 0.5


# --- The order of the rows ----------------------------------------------------------------------


def _betrayed(case: Case) -> Iterator[Attack]:
    if not case.ordered or case.rows < _LEAST:
        return
    for name, held in case.original.items():
        if case.became(name) == SAME or held.size < _LEAST:
            continue
        place = _places(held)
        up = follows(place)
        if max(up, 1 - up) >= _SORTED and not _by_published(case, place):
            yield Attack(
                name="inference.order",
                criterion=INFERENCE,
                tried=case.rows,
                won=round(max(up, 1 - up) * case.rows),
                chance=0.5,
                message=ORDER,
                columns=case.shown([name]),
                values={"hidden": f"« {case.label(name)} »"},
                hint=HINT_ORDER,
            )


def _places(held: Coded) -> Array:
    """Return (rows,): the place of each value in the order that a spreadsheet would sort by."""
    if held.position is not None:
        return held.position
    written = texts(held)
    order = sorted(range(len(written)), key=lambda i: fold(written[i] or ""))
    rank = np.empty(len(written))
    rank[order] = np.arange(len(written))
    rank[[i for i, t in enumerate(written) if t is None]] = np.nan
    return rank[held.codes]


def _by_published(case: Case, place: Array) -> bool:
    """True when a published column is in the very same order: the rows then tell nothing more than it does."""
    for held in case.published.values():
        if held.column.kind is Kind.BOOLEAN or held.size < _LEAST:
            continue
        other = _places(held)
        both = np.diff(other) * np.diff(place)
        if not np.isnan(both).any() and (both > 0).mean() >= _SORTED:
            return True
    return False


# --- Habits ---------------------------------------------------------------------------------------


def _habits(case: Case) -> Iterator[Attack]:
    """Yield the readings of homes that the day of the week and the hour give away: when nobody is in.

    Homes are the persons of the table, or its addresses; what was read in the first half of the time is set against the
    second.
    """
    homes = _homes(case)
    if homes is None:
        return
    for when in [c for c in case.published.values() if c.column.kind is Kind.DATETIME and c.position is not None]:
        hours = _hours(when)
        for name, held in case.published.items():
            if held.position is None or held.column.kind not in (Kind.INTEGER, Kind.NUMBER) or held.size < 3:
                continue
            told = _predicted(homes, hours, held.position)
            if told is not None:
                right, tried = told
                yield Attack(
                    name="inference.habits",
                    criterion=INFERENCE,
                    tried=tried,
                    won=right,
                    chance=0.5,
                    message=HABITS,
                    columns=case.shown([name]),
                    values={"secret": f"« {case.label(name)} »", "won": right, "tried": tried},
                    hint=HINT_HABITS,
                    sampled=True,
                )


def _homes(case: Case) -> Array | None:
    """Return (rows,): the home of each row, when a home has many rows."""
    if case.number < case.rows:
        groups = case.people
    else:
        names = [n for n, c in case.published.items() if c.column.meaning in _HOMES and c.size > 1]
        if not names:
            return None
        groups = combined([case.published[n].codes for n in names], case.rows)
    return groups if case.rows >= _READINGS * len(np.unique(groups)) else None


def _hours(when: Coded) -> Array:
    """Return (rows,): hours since the beginning of time, NaN without one; the unit is Arrow's."""
    assert when.position is not None
    unit = {"s": 1e-6, "ms": 1e-3, "us": 1.0, "ns": 1e3}[str(getattr(when.values.type, "unit", "us"))]
    return np.floor(when.position / (_HOUR * unit))


def _predicted(homes: Array, hours: Array, values: Array) -> tuple[int, int] | None:
    """Return (right guesses, tried) of « high or low for this home » by the hour of the week, or None without habits."""
    filled = ~(np.isnan(hours) | np.isnan(values))
    homes, hours, values = homes[filled], hours[filled].astype(np.int64), values[filled]
    if len(values) < _READINGS or len(np.unique(hours)) < _WEEK // 7 * 2:
        return None
    _, homes = np.unique(homes, return_inverse=True)
    homes = homes.reshape(-1)
    high = values > _medians(homes, values)[homes]
    early = hours < np.median(hours)
    key = homes * _WEEK + hours % _WEEK
    size = int(homes.max() + 1) * _WEEK
    seen = np.bincount(key[early], minlength=size)
    ups = np.bincount(key[early], weights=high[early], minlength=size)
    judged = np.flatnonzero(~early & (seen[key] > 0))
    if not len(judged):
        return None
    right = int(((ups[key[judged]] * 2 > seen[key[judged]]) == high[judged]).sum())
    return (right, len(judged)) if _worth(right, len(judged) // 2, len(judged)) else None


def _medians(homes: Array, values: Array) -> Array:
    order = np.lexsort((values, homes))
    starts = np.flatnonzero(np.diff(homes[order], prepend=-1))
    counts = np.diff(np.append(starts, len(homes)))
    return values[order][starts + counts // 2]
