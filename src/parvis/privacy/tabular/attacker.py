"""What an outsider can work out of the hidden cells of a table: the judge of every protection.

The attacker knows what is published, every sum, and roughly how large a hidden cell may be (between nothing and twice
its value, when nothing else is said). A linear programme gives the lowest and the highest value that each hidden cell
may then have: that interval is all that she can know.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator

import numpy as np
import numpy.typing as npt

from parvis.frozen import dataclass
from parvis.privacy.tabular.equations import Equations, State
from parvis.privacy.tabular.programme import Floats, Ints, Programme

SHORT = 1e-6  # of what is asked: an interval that falls short by less is taken as reached
_MANY = 12  # cells still open past which they are tried together


@dataclass(frozen=True, eq=False, slots=True)
class Reach:
    """How far each cell's value may move, and how far that of a sensitive one must be able to.

    Shape:  four arrays of n numbers, all >= 0, in the unit of the values. ``down`` and ``up`` are what the attacker
            believes possible; ``least_down`` and ``least_up`` what protects, nothing for a cell that is not sensitive.
            ``sensitive`` says which cells must be hidden, those that are nothing included.
    """

    sensitive: npt.NDArray[np.bool_]
    down: Floats
    up: Floats
    least_down: Floats
    least_up: Floats

    @property
    def symmetric(self) -> bool:
        """True when what may move up may move down as much: one question then answers both."""
        return bool(np.array_equal(self.down, self.up) and np.array_equal(self.least_down, self.least_up))


@dataclass(frozen=True, slots=True)
class Interval:
    """What the attacker knows of a hidden cell: its value lies between ``low`` and ``high``."""

    cell: int
    value: float
    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the attacker finds: the intervals, the sensitive cells that stay open, those that are known exactly."""

    intervals: tuple[Interval, ...]
    open: tuple[int, ...]  # sensitive cells that cannot move as far as they must
    exact: tuple[int, ...]  # hidden cells, sensitive or not, whose value is found
    asked: int  # sensitive cells tried
    seconds: float  # of CPU

    @property
    def safe(self) -> bool:
        return not self.open


class Attack:
    """The attacker's programme over the moves of the cells; ``hide`` says how much of each cell's reach is left."""

    def __init__(self, equations: Equations, reach: Reach, cells: Ints | None = None) -> None:
        self.cells = np.arange(len(equations), dtype=np.int32) if cells is None else cells
        self._place = np.full(len(equations), -1, np.int32)
        self._place[self.cells] = np.arange(len(self.cells), dtype=np.int32)
        self.down, self.up = reach.down[self.cells], reach.up[self.cells]
        self._low, self._high = -self.down, self.up.copy()
        self._programme = Programme(self._low, self._high, np.zeros(len(self.cells)), greatest=True)
        self._programme.set(presolve="off")  # what follows differs by one cost: the last basis is the best start
        rows = list(_restricted(equations, self._place))
        self._programme.add_rows(rows, np.zeros(len(rows)), np.zeros(len(rows)))
        self._priced: Ints = np.zeros(0, np.int32)
        self._all = np.arange(len(self.cells), dtype=np.int32)

    def hide(self, part: Floats) -> None:
        """Leave each cell this part (0..1) of its reach: 0 when it is published, 1 when it is hidden."""
        self._low, self._high = -self.down * part, self.up * part
        self._programme.bound(self._all, self._low, self._high)

    def place(self, cell: int) -> int:
        """Return where a cell stands among those of the attack."""
        return int(self._place[cell])

    def show(self, at: int) -> None:
        """Publish one cell."""
        self._low[at] = self._high[at] = 0.0
        self._programme.bound_one(at, 0.0, 0.0)

    def hide_again(self, at: int) -> None:
        """Hide one cell."""
        self._low[at], self._high[at] = -self.down[at], self.up[at]
        self._programme.bound_one(at, self._low[at], self._high[at])

    def push(self, cell: int, far: float) -> tuple[float, Floats, Floats]:
        """Return how far a cell moves the way of ``far``, at most that far, the moves of all cells, their worth.

        The worth of a cell is what one unit more of its reach would add to the move: a published cell that is worth
        something is one whose sum gives the pushed cell away.
        """
        at = int(self._place[cell])
        sign = 1.0 if far > 0 else -1.0
        self._price(np.array([at], np.int32), np.array([sign]))
        # Bounded past what is asked, not at it: a cell that gives way too little never limits itself in a cut.
        room = 2 * abs(far)
        self._programme.bound_one(at, -min(room, self.down[at]), min(room, self.up[at]))
        reached = self._programme.solve() or 0.0
        moves, worth = self._programme.point(), self._programme.reduced_costs()
        self._programme.bound_one(at, self._low[at], self._high[at])
        worth[at] = 0.0
        return reached, moves, worth

    def range(self, cell: int) -> tuple[float, float]:
        """Return how far a cell may move down and up within its own reach, both >= 0."""
        at = int(self._place[cell])
        found = []
        for sign in (-1.0, 1.0):
            self._price(np.array([at], np.int32), np.array([sign]))
            found.append(max(0.0, self._programme.solve() or 0.0))
        return found[0], found[1]

    def push_all(self, cells: Ints, far: Floats) -> Floats:
        """Return the moves of all cells when many are pushed at once, each no further than ``far`` asks."""
        at = self._place[cells]
        low, high = self._low[at], self._high[at]
        self._programme.bound(at, np.maximum(low, -abs(far)), np.minimum(high, abs(far)))
        self._price(at, 1.0 / far)
        self._programme.solve()
        moves = self._programme.point()
        self._programme.bound(at, low, high)
        return moves

    def _price(self, at: Ints, cost: Floats) -> None:
        if len(self._priced):
            self._programme.price(self._priced, np.zeros(len(self._priced)))
        self._programme.price(at, cost)
        self._priced = at


def _restricted(equations: Equations, place: Ints) -> Iterator[tuple[Ints, Floats]]:
    for cells, signs in equations.rows:
        at = place[cells]
        kept = at >= 0
        if kept.any():
            yield at[kept], signs[kept]


def still_open(attack: Attack, cells: Ints, reach: Reach, tries: int = 4) -> Iterator[tuple[int, float, float, Floats]]:
    """Yield the sensitive cells that cannot move as far as they must, the way asked, how far they go, and the worth.

    Each point that the programme finds moves many cells at once: a cell that one of them moved far enough is not asked.
    """
    down, up = reach.least_down, reach.least_up
    if reach.symmetric:  # a move and its opposite are both possible
        wanted = {int(c): abs(up[c]) for c in cells if up[c] > 0}
        yield from _asked(attack, wanted, wanted, tries)
    else:
        yield from _asked(attack, {int(c): up[c] for c in cells if up[c] > 0}, {}, tries)
        yield from _asked(attack, {int(c): -down[c] for c in cells if down[c] > 0}, {}, tries)


def _asked(
    attack: Attack, wanted: dict[int, float], mirror: dict[int, float], tries: int
) -> Iterator[tuple[int, float, float, Floats]]:
    left = dict(wanted)
    random = np.random.default_rng(len(left))

    def strike(moves: Floats) -> None:
        known = np.array(list(left), np.int32)
        moved = moves[attack._place[known]] / np.array([left[c] for c in known])
        done = (np.abs(moved) if mirror else moved) >= 1 - SHORT
        for cell in known[done]:
            del left[int(cell)]

    for _ in range(tries):
        if len(left) <= _MANY:
            break
        cells = np.array(list(left), np.int32)
        goals = np.array([left[c] for c in left])
        before = len(left)
        strike(attack.push_all(cells, goals * (random.choice([-1.0, 1.0], len(goals)) if mirror else 1.0)))
        if before - len(left) < before // 20:
            break
    while left:
        cell, far = next(iter(left.items()))
        reached, moves, worth = attack.push(cell, far)
        del left[cell]
        if reached < abs(far) * (1 - SHORT):
            yield cell, far, reached, worth
        elif left:
            strike(moves)


def judge(equations: Equations, reach: Reach, hidden: Collection[int], full: bool = False) -> Verdict:
    """Return what the attacker finds when the cells ``hidden`` are empty and every other is published.

    ``full`` gives the exact interval of every hidden cell, which asks two questions a cell; without it only the
    sensitive cells that stay open have an interval.
    Cost:   one programme for each group of hidden cells that hang together, seldom more than a few hundred cells.
    """
    begun = time.process_time()
    covered = np.zeros(len(equations), bool)
    covered[list(hidden)] = True
    covered |= equations.states == State.UNSEEN
    covered &= equations.states != State.PUBLIC  # hiding what everybody has hides nothing
    sensitive = reach.sensitive
    shown = np.flatnonzero(sensitive & ~covered)
    intervals = [
        Interval(int(c), float(equations.values[c]), float(equations.values[c]), float(equations.values[c]))
        for c in shown
    ]
    opened, exact = [int(c) for c in shown], []
    for group in groups(equations, covered):
        attack = Attack(equations, reach, group)
        asked = group[sensitive[group]]
        failed = dict.fromkeys(cell for cell, *_ in still_open(attack, asked, reach))
        opened += failed
        for cell in group if full else failed:
            down, up = attack.range(int(cell))
            value = float(equations.values[cell])
            intervals.append(Interval(int(cell), value, value - down, value + up))
            if down + up <= SHORT * max(1.0, abs(value)) and reach.up[cell] + reach.down[cell] > 0:
                exact.append(int(cell))
    return Verdict(
        tuple(sorted(intervals, key=lambda i: i.cell)), tuple(sorted(opened)), tuple(sorted(exact)),
        int(sensitive.sum()), time.process_time() - begun,
    )  # fmt: skip


def groups(equations: Equations, covered: npt.NDArray[np.bool_]) -> list[Ints]:
    """Return the hidden cells in groups that no sum joins, the cells that a sum gives away alone in theirs."""
    leader = np.arange(len(equations))

    def top(cell: int) -> int:
        while leader[cell] != cell:
            leader[cell] = leader[leader[cell]]
            cell = int(leader[cell])
        return cell

    for cells, _ in equations.rows:
        hidden = cells[covered[cells]]
        if len(hidden):
            first = top(int(hidden[0]))
            for cell in hidden[1:]:
                leader[top(int(cell))] = first
    found: dict[int, list[int]] = {}
    for cell in np.flatnonzero(covered):
        found.setdefault(top(int(cell)), []).append(int(cell))
    return [np.array(group, np.int32) for group in found.values()]
