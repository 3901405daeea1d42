"""Two or three classes divided anew, and new classes made of what others can spare.

A box is what reads the same at a node; boxes are sought only among rows for which they are cheap. A box takes in rows of
a few classes, for less than they pay; the rest of these classes makes a class of its own, or several. All boxes are
weighed in one go, and the moves that gain the most are made, as long as they touch different classes.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from parvis.frozen import dataclass
from parvis.privacy.microdata.coding import Floats, Ints
from parvis.privacy.microdata.demand import Bools
from parvis.privacy.microdata.inplay import TINY, Play, Runs, affordable, starts
from parvis.privacy.microdata.lattice import Sums, buckets

_REACH = 1.42  # a box is of use to a row that would pay there up to so many times what it pays
_NEAR = 1.3  # and up to so many times where it is sought in what another box leaves
_SETS = 1.5e6  # sets of classes that are weighed at a time, those of the boxes of few classes first
_HELD = 4e6  # rows of boxes, all boxes together, that are kept
_TRIED = 2e6  # and rows of the boxes that are tried on what others leave
_CUTS = 3  # classes that what a box leaves may be cut into


@dataclass(frozen=True, eq=False)
class _Sets:
    """Sets of classes, each with a box: the classes, the rows that the box takes, and the price there."""

    classes: Ints
    taken: Runs
    price: Floats


@dataclass(frozen=True, eq=False)
class _Cut:
    """Lists of rows cut in two: of each flat row, its list and whether the box takes it; of each list, the weights."""

    of: Ints
    row: Ints
    taken: Bools
    weight: Floats  # of what the box takes
    rest: Floats  # and of what it leaves
    price: Floats  # of a row that it leaves


class Division:
    """The boxes that rows in play may go to, and moves between them."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self._boxes, self._cost = _boxes(play)
        box, row = self._boxes.owner, self._boxes.flat
        near = np.flatnonzero(self._cost[box] <= _NEAR * play.paid[row])
        near = near[np.argsort(row[near], kind="stable")]
        self._around = Runs(box[near], np.bincount(row[near], minlength=len(play.at)))

    def divide(self, many: int) -> float:
        """Divide anew, once, sets of ``many`` classes wherever that gains; return the gain."""
        play = self.play
        sets = self._sets(many, play.look(many))
        if sets is None:
            return 0.0
        cut = self._cut(play.members().of(sets.classes.ravel()).joined(many), sets.taken, sets.price)
        old = np.bincount(play.group, play.weight * play.paid)[sets.classes].sum(1)
        gain = old - cut.weight * sets.price - cut.rest * cut.price
        gain[(cut.weight < play.k) | (cut.rest < play.k)] = -np.inf
        part = self._cut_again(cut, old - cut.weight * sets.price, gain)
        return self._make(sets.classes, cut, part, gain)

    def glean(self) -> float:
        """Make new classes of rows that others can spare, or of whole classes, wherever that gains; return the gain."""
        play = self.play
        box, row = self._boxes.owner, self._boxes.flat
        dear = np.flatnonzero(play.paid[row] > self._cost[box] + TINY)
        box, row = box[dear], row[dear]
        key = box * max(play.groups, 1) + play.group[row]
        order = np.argsort(key, kind="stable")
        start = starts(key[order])
        if not len(start):
            return 0.0
        box, row = box[order], row[order]
        length = np.diff(np.append(start, len(row)))
        heavy, whole = play.weight[row], play.held()[play.group[row]]
        summed = _summed(heavy, start, length)
        go = (summed <= whole - play.k) | (np.repeat(np.add.reduceat(heavy, start), length) == whole)
        box, row, heavy = box[go], row[go], heavy[go]
        count = len(self._cost)
        gain: Floats = np.bincount(box, heavy * (play.paid[row] - self._cost[box]), count).astype(np.float64)
        gain[np.bincount(box, heavy, count) < play.k] = 0.0
        return self._open(Runs(row, np.bincount(box, minlength=count)), gain)

    def _open(self, rows: Runs, gain: Floats) -> float:
        """Make classes of the lists of rows that gain the most, each class being touched once."""
        play = self.play
        touched = np.zeros(play.groups, bool)
        group, number = play.group.copy(), play.groups
        won = 0.0
        good = np.flatnonzero(gain > TINY)
        good = good[np.argsort(-gain[good], kind="stable")]
        for begin, size, gained in zip(rows.start[good], rows.length[good], gain[good], strict=True):
            taken = rows.flat[begin : begin + size]
            donors = play.group[taken]
            if not touched[donors].any():
                touched[donors] = True
                group[taken] = number
                number, won = number + 1, won + float(gained)
        if won:
            moved = np.flatnonzero(touched[play.group])
            play.group = group
            play.settle(moved)
        return won

    def _sets(self, many: int, new: Bools) -> _Sets | None:
        """Return the sets of classes of which a box takes enough rows for less than they pay, one being new."""
        play, boxes, cost = self.play, self._boxes, self._cost
        if not new.all():
            live = np.flatnonzero(np.bincount(boxes.owner, new[boxes.flat], len(cost)) > 0)
            boxes, cost = boxes.of(live), cost[live]
        key = boxes.owner * max(play.groups, 1) + play.group[boxes.flat]
        order = np.argsort(key)
        start = starts(key[order])
        if not len(start):
            return None
        box, group = np.divmod(key[order][start], play.groups)
        row = boxes.flat[order]
        weight = np.add.reduceat(play.weight[row], start)
        gain = np.add.reduceat(play.weight[row] * play.paid[row], start) - weight * cost[box]
        fresh = np.zeros(play.groups, bool)
        fresh[play.group[new]] = True
        few = np.flatnonzero(_few(box, many))
        sets = few[_together(box[few], many)]
        good = (weight[sets].sum(1) >= play.k) & (gain[sets].sum(1) > TINY) & fresh[group[sets]].any(1)
        sets = sets[good & (play.held()[group[sets]].sum(1) >= 2 * play.k)]
        mark = np.add.reduceat(play.mark[row], start)[sets].sum(1)
        cheapest = np.lexsort((cost[box[sets[:, 0]]], mark))
        sets = sets[cheapest[starts(mark[cheapest])]]
        sets = sets[affordable(play.members().length[group[sets]].sum(1))]
        if not len(sets):
            return None
        taken = Runs(row, np.diff(np.append(start, len(row)))).of(sets.ravel())
        return _Sets(group[sets], taken.joined(many), cost[box[sets[:, 0]]])

    def _cut(self, whole: Runs, chosen: Runs, price: Floats) -> _Cut:
        """Cut each list of rows in what its box takes and what it leaves; what both may hold goes where it is of use."""
        play = self.play
        of, row, count = whole.owner, whole.flat, len(price)
        taken = np.isin(of * len(play.at) + row, chosen.owner * len(play.at) + chosen.flat)
        weight: Floats = np.bincount(of[taken], play.weight[row[taken]], count).astype(np.float64)
        rest: Floats = np.bincount(of[~taken], play.weight[row[~taken]], count).astype(np.float64)
        left = np.flatnonzero(~taken)
        start = starts(of[left])
        level, paid = play.common(row[left], start)
        cost = np.ones(count)
        cost[of[left][start]] = paid
        wanted = np.maximum(play.k - rest, np.where(cost < price, weight - play.k, 0))
        move = np.flatnonzero(taken & ((wanted > 0) & (weight > play.k) & (rest > 0))[of])
        line = np.zeros(count, np.int64)
        line[of[left][start]] = np.arange(len(start))
        move = move[self._inside(row[move], level[line[of[move]]], row[left][start][line[of[move]]])]
        if len(move):
            begin, heavy = starts(of[move]), play.weight[row[move]]
            summed = _summed(heavy, begin, np.diff(np.append(begin, len(move))))
            go = (summed - heavy < wanted[of[move]]) & (summed <= weight[of[move]] - play.k)
            taken[move[go]] = False
            moved = np.bincount(of[move[go]], heavy[go], count)
            weight, rest = weight - moved, rest + moved
        return _Cut(of, row, taken, weight, rest, cost)

    def _inside(self, row: Ints, level: NDArray[np.int8], like: Ints) -> Bools:
        """Return for each row whether it reads as another at some levels."""
        inside = np.ones(len(row), bool)
        for place, (hierarchy, column) in enumerate(zip(self.play.lattice.hierarchies, self.play.columns, strict=True)):
            codes, high = hierarchy.codes, level[:, place]
            inside &= codes[high, column[row]] == codes[high, column[like]]
        return inside

    def _cut_again(self, cut: _Cut, left: Floats, gain: Floats) -> NDArray[np.int8]:
        """Cut what boxes leave, as long as that gains: return the part of each flat row, and put the gain in ``gain``.

        ``left`` is what there is to gain before the rows that boxes leave are paid. Part 0 is what the box takes, part 1
        what is left in the end.
        """
        play = self.play
        part = np.where(cut.taken, np.int8(0), np.int8(1))
        rest, left = cut.rest.copy(), left.copy()
        open_ = cut.weight >= play.k
        for number in range(2, _CUTS + 1):
            places = np.flatnonzero((part == 1) & (open_ & (rest >= 2 * play.k))[cut.of])
            summed = np.cumsum(self._around.length[cut.row[places]])
            if len(summed) and summed[-1] > _TRIED:
                last = cut.of[places][np.searchsorted(summed, _TRIED)]
                places = places[cut.of[places] < last]
            found = self._best_cut(cut.of[places], cut.row[places], rest, left)
            open_ = np.zeros(len(gain), bool)
            if found is None:
                break
            at, total, again, flat, cost = found
            better = total > np.maximum(gain[at], TINY)
            if not better.any():
                break
            chosen = at[better]
            gain[chosen] = total[better]
            left[chosen] -= (again.weight * cost)[better]
            rest[chosen] = again.rest[better]
            open_[chosen] = True
            flat = flat[again.taken & better[again.of]]
            part[places[flat]] = number
        return part

    def _best_cut(
        self, of: Ints, row: Ints, rest: Floats, left: Floats
    ) -> tuple[Ints, Floats, _Cut, Ints, Floats] | None:
        """Return for each list of rows the box that cuts it best: the list, what it gains, the cut, its places, the price."""
        play, count = self.play, len(self._cost)
        near = self._around.of(row)
        key = of[near.owner] * count + near.flat
        order = np.argsort(key)
        start = starts(key[order])
        if not len(start):
            return None
        member = near.owner[order]
        candidate, box = np.divmod(key[order][start], count)
        weight = np.add.reduceat(play.weight[row[member]], start)
        mark = np.add.reduceat(play.mark[row[member]], start)
        tried = np.flatnonzero((weight >= play.k) & (weight < rest[candidate]))
        order = np.lexsort((self._cost[box[tried]], mark[tried], candidate[tried]))
        tried = tried[order]
        tried = tried[starts(candidate[tried] * 31 + mark[tried])]
        lengths = np.bincount(of, minlength=len(rest))
        tried = tried[affordable(lengths * np.bincount(candidate[tried], minlength=len(rest)))[candidate[tried]]]
        if not len(tried):
            return None
        at, cost = candidate[tried], self._cost[box[tried]]
        boxed = Runs(member, np.diff(np.append(start, len(member)))).of(tried)
        whole = Runs(np.arange(len(of)), lengths).of(at)
        cut = self._cut(Runs(row[whole.flat], whole.length), Runs(row[boxed.flat], boxed.length), cost)
        total = left[at] - cut.weight * cost - cut.rest * cut.price
        total[(cut.weight < play.k) | (cut.rest < play.k)] = -np.inf
        order = np.lexsort((-total, at))
        best = order[starts(at[order])]
        line = np.full(len(tried), -1, np.int64)
        line[best] = np.arange(len(best))
        flat = line[cut.of] >= 0
        again = _Cut(
            line[cut.of[flat]], cut.row[flat], cut.taken[flat], cut.weight[best], cut.rest[best], cut.price[best]
        )
        return at[best], total[best], again, whole.flat[flat], cost[best]

    def _make(self, classes: Ints, cut: _Cut, part: NDArray[np.int8], gain: Floats) -> float:
        """Make the moves that gain the most, each class being in one move only."""
        good = np.flatnonzero(gain > TINY)
        good = good[np.argsort(-gain[good], kind="stable")]
        touched: set[int] = set()
        made = np.zeros(len(gain), bool)
        for move, together in zip(good.tolist(), classes[good].tolist(), strict=True):
            if touched.isdisjoint(together):
                touched.update(together)
                made[move] = True
        flat = made[cut.of]
        if flat.any():
            row = cut.row[flat]
            self.play.group[row] = self.play.groups + cut.of[flat] * (_CUTS + 1) + part[flat]
            self.play.settle(row)
        return float(gain[made].sum())


def _boxes(play: Play) -> tuple[Runs, Floats]:
    """Return the rows of each box that holds enough rows for which it is cheap, and its price.

    Boxes are sought at the nodes where the classes stand now.
    """
    lattice = dataclasses.replace(play.lattice, nodes=np.unique(play.level, axis=0))
    keys, costs = Sums(lattice, play.columns), Sums(lattice, play.columns, lattice.costs)
    most = play.paid * _REACH
    none = np.zeros(0, np.int64)
    rows, lengths, prices, marks = [none], [none], [np.zeros(0)], [none]
    held = 0
    for node in range(len(lattice.nodes)):
        if held > _HELD:
            break
        cost = costs.at(node)
        near = np.flatnonzero(cost <= most)
        key = keys.at(node)[near]
        bucket = buckets(key)
        full = np.flatnonzero((np.bincount(bucket, play.weight[near]) >= play.k)[bucket])
        near, key = near[full], key[full]
        order = np.argsort(key)
        near, start = near[order], starts(key[order])
        if not len(start):
            continue
        good = np.add.reduceat(play.weight[near], start) >= play.k
        length = np.diff(np.append(start, len(near)))
        rows.append(near[np.repeat(good, length)])
        held += len(rows[-1])
        lengths.append(length[good])
        prices.append(cost[near[start[good]]])
        marks.append(np.add.reduceat(play.mark[near], start)[good])
    price, mark = np.concatenate(prices), np.concatenate(marks)
    order = np.lexsort((price, mark))
    kept = np.sort(order[starts(mark[order])])  # of the boxes that hold the same rows, the cheapest
    return Runs(np.concatenate(rows), np.concatenate(lengths)).of(kept), price[kept]


def _few(box: Ints, many: int) -> Bools:
    """Return which places stand in boxes of so few that all sets of ``many`` of them can be weighed."""
    size = np.bincount(box)
    sets = np.ones(len(size))
    for step in range(many):
        sets *= np.maximum(size - step, 0) / (step + 1)
    order = np.argsort(sets, kind="stable")
    kept = np.zeros(len(size), bool)
    kept[order[np.cumsum(sets[order]) <= _SETS]] = True
    few: Bools = kept[box]
    return few


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


def _summed(heavy: Floats, start: Ints, length: Ints) -> Floats:
    """Return the running sum of weights within each list."""
    summed: Floats = np.cumsum(heavy)
    return summed - np.repeat((summed - heavy)[start], length)
