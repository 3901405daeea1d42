"""Classes made cheaper by dividing the rows of two or three of them anew.

What a walk ends with cannot be bettered by moving a row or opening a class alone: what others lose eats the gain. What
can be bettered is two or three classes at once. A box is what reads the same at a node; boxes are sought only among rows
for which they are cheap. A box takes in rows of a few classes, for less than they pay; the rest of these classes makes a
class of its own, or two. All boxes are weighed in one go, and the moves that gain the most are made, as long as they
touch different classes.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parvis.privacy.microdata.coding import Floats, Ints
from parvis.privacy.microdata.demand import Bools
from parvis.privacy.microdata.lattice import Lattice, Sums, buckets
from parvis.privacy.microdata.recoded import Levels, Recoded

_LEAST = 0.3  # rows that pay less than this share of the mean are left where they are
_REACH = 1.25  # a box is of use to a row that would pay there up to so many times what it pays
_PLAN = (2, 2, 3, 2, 3, 2, 2)  # classes divided anew at a time, one number a round
_TINY = 1e-9


def exchanged(lattice: Lattice, k: int, recoded: Recoded) -> Recoded:
    """Return a recoding that costs as much or less, its classes still holding ``k`` rows each.

    ``lattice`` says what is dear. For demands that count rows only.
    """
    play = _Play(lattice, k, recoded)
    for many in _PLAN:
        play.round(many)
    return play.recoded()


@dataclass(frozen=True, eq=False)
class _Runs:
    """Lists of places, one after the other: those of ``n`` are ``flat[start[n] : start[n] + length[n]]``."""

    flat: Ints
    length: Ints

    @property
    def start(self) -> Ints:
        return np.cumsum(self.length) - self.length

    @property
    def owner(self) -> Ints:
        return np.repeat(np.arange(len(self.length)), self.length)

    def of(self, chosen: Ints) -> _Runs:
        """Return the lists of some, in the order asked."""
        length = self.length[chosen]
        first = self.start[chosen] - (np.cumsum(length) - length)
        return _Runs(self.flat[np.repeat(first, length) + np.arange(int(length.sum()))], length)


@dataclass(frozen=True, eq=False)
class _Parts:
    """Candidates cut in two: of each flat row, its candidate, and whether the box takes it; of each candidate, the weights."""

    of: Ints
    row: Ints
    taken: Bools
    weight: Floats  # of what the box takes
    rest: Floats  # and of what it leaves
    price: Floats  # of a row that it leaves


class _Play:
    """The rows that pay enough to be worth it, their classes, and the boxes that they may go to."""

    def __init__(self, lattice: Lattice, k: int, recoded: Recoded) -> None:
        self.lattice, self.k, self.before = lattice, k, recoded
        coded = recoded.coded
        paid: Floats = np.zeros(len(coded.rows))
        for place, table in enumerate(lattice.costs):
            paid += table[recoded.level[:, place], coded.rows[:, place]]
        mean = float((paid * coded.count).sum()) / max(float(coded.count.sum()), 1.0)
        self.at = np.flatnonzero(paid > _LEAST * mean)
        self.columns = [np.ascontiguousarray(coded.rows[self.at, j]) for j in range(coded.rows.shape[1])]
        self.weight: Floats = coded.count[self.at]
        self.paid: Floats = paid[self.at]
        self.level = recoded.level[self.at].copy()
        key: Ints = np.zeros(len(self.at), np.int64)
        for place, words in enumerate(lattice.keys):
            level = self.level[:, place].astype(np.int64)
            key += words[level, self.columns[place]] * (2 * level + 3)
        self.group: Ints = np.unique(key, return_inverse=True)[1]
        self.mark = np.random.default_rng(len(self.at)).integers(-(2**62), 2**62, len(self.at))
        # Rows of classes that were not yet divided anew, so many at a time:
        self.fresh = {many: np.ones(len(self.at), bool) for many in set(_PLAN)}
        nodes = np.unique(self.level, axis=0)
        self.boxes, self.cost = _boxes(dataclasses.replace(lattice, nodes=nodes), self)
        order = np.argsort(self.boxes.flat, kind="stable")
        self.around = _Runs(self.boxes.owner[order], np.bincount(self.boxes.flat, minlength=len(self.at)))

    def recoded(self) -> Recoded:
        level = self.before.level.copy()
        level[self.at] = self.level
        return Recoded(self.before.coded, level, self.before.kept)

    def round(self, many: int) -> float:
        """Divide anew, once, sets of ``many`` classes wherever that gains; return the gain."""
        found = self._candidates(many, self.fresh[many])
        self.fresh[many][:] = False
        if found is None:
            return 0.0
        classes, chosen, price = found
        parts = self._cut(classes, chosen, price)
        old = np.bincount(self.group, self.weight * self.paid)[classes].sum(1)
        gain = old - parts.weight * price - parts.rest * parts.price
        gain[(parts.weight < self.k) | (parts.rest < self.k)] = -np.inf
        second = np.full(len(parts.row), -1, np.int8)
        if many > 2:
            gain, second = self._cut_again(parts, old, price, gain)
        return self._make(classes, parts, second, gain)

    def _candidates(self, many: int, new: Bools) -> tuple[Ints, _Runs, Floats] | None:
        """Return sets of classes, the rows of each that a box takes for less than they pay, and the price there."""
        boxes, cost = self.boxes, self.cost
        if not new.all():
            live = np.flatnonzero(np.bincount(boxes.owner, new[boxes.flat], len(cost)) > 0)
            boxes, cost = boxes.of(live), cost[live]
        groups = int(self.group.max()) + 1 if len(self.group) else 1
        key = boxes.owner * groups + self.group[boxes.flat]
        order = np.argsort(key)
        start = _starts(key[order])
        if not len(start):
            return None
        box, group = np.divmod(key[order][start], groups)
        row = boxes.flat[order]
        weight = np.add.reduceat(self.weight[row], start)
        gain = np.add.reduceat(self.weight[row] * self.paid[row], start) - weight * cost[box]
        fresh = np.zeros(groups, bool)
        fresh[self.group[new]] = True
        total = np.bincount(self.group, self.weight, groups)
        sets = _together(box, many)
        held = weight[sets].sum(1)
        good = (held >= self.k) & (gain[sets].sum(1) > _TINY) & (total[group[sets]].sum(1) >= 2 * self.k)
        sets = sets[good & fresh[group[sets]].any(1)]
        mark = np.add.reduceat(self.mark[row], start)[sets].sum(1)
        cheapest = np.lexsort((cost[box[sets[:, 0]]], mark))
        sets = sets[cheapest[_starts(mark[cheapest])]]
        if not len(sets):
            return None
        length = np.diff(np.append(start, len(row)))
        taken = _Runs(row, length).of(sets.ravel())
        return group[sets], _Runs(taken.flat, taken.length.reshape(-1, many).sum(1)), cost[box[sets[:, 0]]]

    def _cut(self, classes: Ints, chosen: _Runs, price: Floats) -> _Parts:
        order = np.argsort(self.group, kind="stable")
        members = _Runs(order, np.bincount(self.group)).of(classes.ravel())
        all_ = _Runs(members.flat, members.length.reshape(classes.shape).sum(1))
        return self._parted(all_, chosen, price)

    def _parted(self, all_: _Runs, chosen: _Runs, price: Floats) -> _Parts:
        """Cut each list of rows in what its box takes and what it leaves; what both may hold goes where it is of use."""
        of, row, size = all_.owner, all_.flat, len(self.weight)
        taken = np.isin(of * size + row, chosen.owner * size + chosen.flat)
        count = len(price)
        weight: Floats = np.bincount(of[taken], self.weight[row[taken]], count).astype(np.float64)
        rest: Floats = np.bincount(of[~taken], self.weight[row[~taken]], count).astype(np.float64)
        cost = np.full(count, np.inf)
        left = np.flatnonzero(rest > 0)
        leaves = ~taken
        start = _starts(of[leaves])
        level, cost[left] = self._common(row[leaves], start)
        wanted = np.maximum(self.k - rest, np.where(cost < price, weight - self.k, 0))
        move = taken & (wanted > 0)[of] & (weight > self.k)[of] & (rest > 0)[of]
        line = np.zeros(count, np.int64)
        line[left] = np.arange(len(left))
        places = np.flatnonzero(move)
        first = row[leaves][start]
        inside = np.ones(len(places), bool)
        for j, hierarchy in enumerate(self.lattice.hierarchies):
            at = line[of[places]]
            high = level[at, j]
            codes = hierarchy.codes
            inside &= codes[high, self.columns[j][row[places]]] == codes[high, self.columns[j][first[at]]]
        places = places[inside]
        if len(places):
            owner, heavy = of[places], self.weight[row[places]]
            start = _starts(owner)
            summed = np.cumsum(heavy)
            summed -= np.repeat((summed - heavy)[start], np.diff(np.append(start, len(owner))))
            go = (summed - heavy < wanted[owner]) & (summed <= weight[owner] - self.k)
            taken[places[go]] = False
            moved = np.bincount(owner[go], heavy[go], count)
            weight, rest = weight - moved, rest + moved
        return _Parts(of, row, taken, weight, rest, np.where(np.isinf(cost), 1.0, cost))

    def _cut_again(self, parts: _Parts, old: Floats, price: Floats, gain: Floats) -> tuple[Floats, NDArray[np.int8]]:
        """Try to cut in two what boxes leave: return the gains that this makes, and the part of each flat row (-1: not cut)."""
        second = np.full(len(parts.row), -1, np.int8)
        wide = (parts.rest >= 2 * self.k) & (parts.weight >= self.k)
        places = np.flatnonzero(~parts.taken & wide[parts.of])
        of, row = parts.of[places], parts.row[places]
        near = self.around.of(row)
        owner, member = np.repeat(of, near.length), np.repeat(places, near.length)
        key = owner * len(self.cost) + near.flat
        order = np.argsort(key)
        start = _starts(key[order])
        if not len(start):
            return gain, second
        member = member[order]
        candidate, box = np.divmod(key[order][start], len(self.cost))
        weight = np.add.reduceat(self.weight[parts.row[member]], start)
        mark = np.add.reduceat(self.mark[parts.row[member]], start)
        tried = np.flatnonzero((weight >= self.k) & (weight < parts.rest[candidate]))
        order = np.lexsort((self.cost[box[tried]], mark[tried], candidate[tried]))
        tried = tried[order]
        tried = tried[_starts(candidate[tried] * 31 + mark[tried])]
        if not len(tried):
            return gain, second
        boxed = _Runs(member, np.diff(np.append(start, len(member)))).of(tried)
        left = _Runs(places, np.bincount(of, minlength=len(price))).of(candidate[tried])
        cut = self._parted(
            _Runs(parts.row[left.flat], left.length), _Runs(parts.row[boxed.flat], boxed.length), self.cost[box[tried]]
        )
        at = candidate[tried]
        total = old[at] - parts.weight[at] * price[at] - cut.weight * self.cost[box[tried]] - cut.rest * cut.price
        total[(cut.weight < self.k) | (cut.rest < self.k)] = -np.inf
        order = np.lexsort((-total, at))
        best = order[_starts(at[order])]
        best = best[total[best] > np.maximum(gain[at[best]], _TINY)]
        gain = gain.copy()
        gain[at[best]] = total[best]
        chosen = np.zeros(len(tried), bool)
        chosen[best] = True
        flat = chosen[cut.of]
        second[left.flat[flat]] = cut.taken[flat]
        return gain, second

    def _make(self, classes: Ints, parts: _Parts, second: NDArray[np.int8], gain: Floats) -> float:
        """Make the moves that gain the most, each class being in one move only."""
        good = np.flatnonzero(gain > _TINY)
        good = good[np.argsort(-gain[good], kind="stable")]
        touched: set[int] = set()
        made = np.zeros(len(gain), bool)
        for move, together in zip(good.tolist(), classes[good].tolist(), strict=True):
            if touched.isdisjoint(together):
                touched.update(together)
                made[move] = True
        flat = made[parts.of]
        if not flat.any():
            return 0.0
        row = parts.row[flat]
        part = np.where(parts.taken[flat], 0, 2 + second[flat])  # 1: what is left; 2 and 3: what is left, cut again
        self.group[row] = int(self.group.max()) + 1 + parts.of[flat] * 4 + part
        self.group = np.unique(self.group, return_inverse=True)[1]
        for new in self.fresh.values():
            new[row] = True
        row = row[np.argsort(self.group[row], kind="stable")]
        start = _starts(self.group[row])
        level, cost = self._common(row, start)
        length = np.diff(np.append(start, len(row)))
        self.level[row], self.paid[row] = np.repeat(level, length, axis=0), np.repeat(cost, length)
        return float(gain[made].sum())

    def _common(self, row: Ints, start: Ints) -> tuple[Levels, Floats]:
        """Return, for each list of rows, the lowest level of each column at which they read the same, and its price."""
        level = np.zeros((len(start), len(self.columns)), np.int8)
        cost = np.zeros(len(start))
        if not len(start):
            return level, cost
        length = np.diff(np.append(start, len(row)))
        first = row[start]
        for place, (hierarchy, column) in enumerate(zip(self.lattice.hierarchies, self.columns, strict=True)):
            told = column[row]
            apart = np.minimum.reduceat(told, start) != np.maximum.reduceat(told, start)
            if apart.any():
                told = told[np.repeat(apart, length)]
                begin = np.cumsum(length[apart]) - length[apart]
                high = np.ones(len(begin), np.int8)
                for codes in hierarchy.codes[1:-1]:
                    word = codes[told]
                    high += np.minimum.reduceat(word, begin) != np.maximum.reduceat(word, begin)
                level[apart, place] = high
            cost += self.lattice.costs[place][level[:, place], column[first]]
        return level, cost


def _boxes(lattice: Lattice, play: _Play) -> tuple[_Runs, Floats]:
    """Return the rows of each box that holds enough rows for which it is cheap, and its price."""
    keys, costs = Sums(lattice, play.columns), Sums(lattice, play.columns, lattice.costs)
    most = play.paid * _REACH
    none = np.zeros(0, np.int64)
    rows, lengths, prices, marks = [none], [none], [np.zeros(0)], [none]
    for node in range(len(lattice.nodes)):
        cost = costs.at(node)
        near = np.flatnonzero(cost <= most)
        if not len(near):
            continue
        key = keys.at(node)[near]
        bucket = buckets(key)
        full = np.flatnonzero((np.bincount(bucket, play.weight[near]) >= play.k)[bucket])
        near, key = near[full], key[full]
        order = np.argsort(key)
        near, start = near[order], _starts(key[order])
        if not len(start):
            continue
        good = np.add.reduceat(play.weight[near], start) >= play.k
        length = np.diff(np.append(start, len(near)))
        rows.append(near[np.repeat(good, length)])
        lengths.append(length[good])
        prices.append(cost[near[start[good]]])
        marks.append(np.add.reduceat(play.mark[near], start)[good])
    price, mark = np.concatenate(prices), np.concatenate(marks)
    order = np.lexsort((price, mark))
    kept = np.sort(order[_starts(mark[order])])  # of the boxes that hold the same rows, the cheapest
    return _Runs(np.concatenate(rows), np.concatenate(lengths)).of(kept), price[kept]


def _together(box: Ints, many: int) -> Ints:
    """Return all sets of ``many`` places that stand in the same box; places of a box follow one another."""
    sets = np.arange(len(box))[:, None]
    for _ in range(many - 1):
        wider, step, rest = [np.zeros((0, sets.shape[1] + 1), np.int64)], 1, sets
        while len(rest):
            after = rest[:, -1] + step
            rest, after = rest[after < len(box)], after[after < len(box)]
            same = box[after] == box[rest[:, -1]]
            rest, after = rest[same], after[same]
            wider.append(np.concatenate([rest, after[:, None]], axis=1))
            step += 1
        sets = np.concatenate(wider)
    return sets


def _starts(key: Ints) -> Ints:
    """Return where each run of equal values begins."""
    if not len(key):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
