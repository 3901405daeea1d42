"""Which other cells to hide, the fewest possible, so that the sensitive ones cannot be worked out of the totals.

Three steps, always ended by the attacker (``attacker.judge``), whose word is the last:

1. *Paths.* For each sensitive cell that stands open, the cheapest way to let it move as far as it must: a linear
   programme whose moves are paid where they pass through published cells. Then each cell that nobody needs is given
   back. This alone protects any table.
2. *Cuts.* Each time the attacker wins, the worth of the cells at her solution says which of them must be hidden more:
   an inequality on what to hide. They are gathered on a relaxed problem until she finds no more, then with whole cells.
   A table that resists keeps the best protection found, with what is proved to be the least.
3. *Repair.* Every proposal of the cuts goes through step 1, so that the best known is always a protection.

Source: Fischetti and Salazar 2001, doi:10.1287/mnsc.47.7.1008.9805 (capacity inequalities, each part of one cut down to
        what lacks); Castro 2007, doi:10.1287/ijoc.1060.0217 (paths).
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from parvis.frozen import dataclass
from parvis.privacy.tabular.attacker import SHORT, Attack, Reach, Verdict, judge, still_open
from parvis.privacy.tabular.equations import Equations, State
from parvis.privacy.tabular.programme import INFINITE, Floats, Ints, Programme

Pattern = npt.NDArray[np.bool_]  # one a cell: True when it is hidden
Shares: TypeAlias = npt.NDArray[np.float32]
_SMALL = 1500  # cells past which a way is looked for twice, not three times
_TOGETHER = 30  # questions still open past which they are asked together too
_SERVED = 100  # open cells that are served before the others are looked at again
_NEAR = 3  # cells that a proposal may lack, or have too many, to be worth mending
_NOTHING = 1e-9  # of what is asked: a coefficient below is the solver's dust


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard the fewest cells are looked for. Rounds, not seconds, so that a file gives the same answer twice."""

    relaxed: int = 60  # rounds of cuts on the relaxed problem
    whole: int = 60  # rounds with whole cells
    stalled: int = 8  # proposals mended for nothing, after which we stop
    nodes: int = 4000  # of the solver's tree, a round
    flows: int = 0  # cells whose moves are written out in the problem when it stalls: slow, but it proves
    cells: int = 1500  # cells that could be hidden, past which no cuts are tried
    seconds: float = 60.0  # of CPU, after which the best known is given whatever is left to try


@dataclass(frozen=True, slots=True)
class Suppression:
    """What to hide: the sensitive cells, those hidden for their sake, and what the attacker says of it.

    ``least`` is the cost below which no protection exists, as far as it was proved; ``cost`` that of this one, both over
    the secondary cells. ``public`` are sensitive cells that an earlier release shows: hiding them protects nothing.
    """

    primary: tuple[int, ...]
    secondary: tuple[int, ...]
    cost: float
    least: float
    public: tuple[int, ...]
    verdict: Verdict
    seconds: float  # of CPU

    @property
    def hidden(self) -> tuple[int, ...]:
        return (*self.primary, *self.secondary)

    @property
    def fewest(self) -> bool:
        """True when it is proved that no protection costs less."""
        return self.cost <= self.least + _NOTHING


def suppress(
    equations: Equations, reach: Reach, costs: Floats | None = None, effort: Effort | None = None
) -> Suppression:
    """Return what to hide so that every sensitive cell may move as far as ``reach`` asks.

    Shape:  ``costs`` has one number >= 0 a cell: what hiding it loses; one each when it is not given.
    The verdict's open cells are those that nothing protects, even all the rest hidden.
    """
    begun = time.process_time()
    effort = effort or Effort()
    search = _Search(equations, reach, np.ones(len(equations)) if costs is None else costs, begun + effort.seconds)
    best = search.protected(search.always.copy())
    least = 0.0
    if search.wanted.size and effort.relaxed:
        best, least = _cut(search, best, effort, begun)
    primary = np.flatnonzero(search.sensitive & search.always)
    secondary = np.flatnonzero(best & ~search.always)
    return Suppression(
        tuple(int(c) for c in primary), tuple(int(c) for c in secondary), search.cost(best), least,
        tuple(int(c) for c in np.flatnonzero(search.sensitive & ~search.always)),
        judge(equations, reach, np.flatnonzero(best)), time.process_time() - begun,
    )  # fmt: skip


def against_insiders(
    equations: Equations, reach: Reach, found: Suppression, alone: Sequence[int], costs: Floats, effort: Effort
) -> tuple[Suppression, tuple[int, ...]]:
    """Return the suppression with what it lacks against those who stand alone in a hidden cell, and whom none stops.

    Who is the only one in a cell (``alone``) knows its value: for her it is as good as published, and with it she may work
    out her neighbours'. What is hidden more only helps against all others. The cells given back are those of ``alone``
    from which another is found whatever is hidden.
    """
    begun = time.process_time()
    hidden = set(found.hidden)
    beaten = []
    for cell in (c for c in alone if c in hidden):
        states = equations.states.copy()
        states[cell] = State.PUBLIC
        known = dataclasses.replace(equations, states=states)
        others = _without(reach, cell)
        if judge(known, others, hidden).safe:
            continue
        search = _Search(known, others, costs, begun + effort.seconds)
        pattern = search.always.copy()
        pattern[list(hidden)] = True
        pattern[cell] = False
        more = search.protected(pattern, below=-1.0)
        hidden |= {int(c) for c in np.flatnonzero(more)}
        if not judge(known, others, hidden).safe:
            beaten.append(cell)
    primary = set(found.primary)
    secondary = tuple(sorted(c for c in hidden - primary if equations.states[c] != State.UNSEEN))
    return dataclasses.replace(
        found, secondary=secondary, cost=float(costs[list(secondary)].sum()), verdict=judge(equations, reach, hidden),
        seconds=found.seconds + time.process_time() - begun,
    ), tuple(beaten)  # fmt: skip


def _without(reach: Reach, cell: int) -> Reach:
    """Return the reach with one cell that is not to be protected any more."""
    sensitive, down, up = reach.sensitive.copy(), reach.least_down.copy(), reach.least_up.copy()
    sensitive[cell], down[cell], up[cell] = False, 0.0, 0.0
    return dataclasses.replace(reach, sensitive=sensitive, least_down=down, least_up=up)


class _Search:
    """The table, what must be hidden, what may be, and the programmes that are asked again and again."""

    def __init__(self, equations: Equations, reach: Reach, costs: Floats, until: float = INFINITE) -> None:
        self.equations, self.reach, self.costs = equations, reach, costs
        self.until = until  # CPU time after which nothing more is given back: what is hidden protects as it is
        self.sensitive: Pattern = reach.sensitive
        self.always: Pattern = (self.sensitive & (equations.states != State.PUBLIC)) | (
            equations.states == State.UNSEEN
        )
        movable = (reach.down > 0) | (reach.up > 0)
        self.free: Pattern = (equations.states == State.FREE) & ~self.always & movable
        self.attack = Attack(equations, reach)
        self.paths = _Paths(equations, reach)
        self.attack.hide((self.always | self.free).astype(float))
        hopeless = {cell for cell, *_ in still_open(self.attack, self._asked(self.always), reach)}
        self.wanted: Ints = np.array([c for c in self._asked(self.always) if int(c) not in hopeless], np.int32)

    def _asked(self, hidden: Pattern) -> Ints:
        return np.flatnonzero(self.sensitive & hidden).astype(np.int32)

    def cost(self, pattern: Pattern) -> float:
        return float(self.costs[pattern & ~self.always].sum())

    def protected(self, pattern: Pattern, below: float = INFINITE) -> Pattern:
        """Return the pattern with what it lacked to protect, and without what nobody needs.

        What nobody needs is looked for among all cells only when what is left costs less than ``below``, else among
        those that were lacking.
        """
        begun, pattern = pattern, pattern.copy()
        opened = [(abs(far), cell, far) for cell, far, *_ in self._open(pattern)]
        while opened:
            # What is hidden for the first of them protects others: they are looked at again before they are served.
            for _, cell, far in sorted(opened, reverse=True)[:_SERVED]:
                pattern |= self.paths.through(cell, far, pattern, self.free, self.costs)
            opened = [(abs(far), cell, far) for cell, far, *_ in self._open(pattern, [c for _, c, _ in opened])]
        if self.cost(pattern) >= below:
            pattern = self._lean(pattern, pattern & ~begun)
        return self._lean(pattern, pattern) if self.cost(pattern) < below else pattern

    def _open(self, pattern: Pattern, among: Sequence[int] | None = None) -> list[tuple[int, float, float, Floats]]:
        self.attack.hide(pattern.astype(float))
        cells = self.wanted if among is None else np.array(sorted(set(among)), np.int32)
        return list(still_open(self.attack, cells, self.reach))

    def _lean(self, pattern: Pattern, among: Pattern) -> Pattern:
        """Give back, the dearest first, each secondary cell of ``among`` that no sensitive one needs.

        For each question (a sensitive cell, a way) one point that answers it is kept: a cell can be given back when the
        questions whose point moves it have another.
        """
        attack = Attack(self.equations, self.reach, np.flatnonzero(pattern).astype(np.int32))
        ways = (1.0,) if self.reach.symmetric else (1.0, -1.0)
        asked = [(int(c), far) for c in self.wanted for way in ways if (far := self._far(int(c), way))]
        shares = np.zeros((len(asked), len(attack.cells)), np.float32)
        self._answer(attack, asked, np.arange(len(asked), dtype=np.int32), shares)
        extra = np.flatnonzero(among & ~self.always)
        for cell in extra[np.lexsort((np.minimum(self.reach.up, self.reach.down)[extra], -self.costs[extra]))]:
            if time.process_time() > self.until:
                break
            at = attack.place(cell)
            # First those that lean on it the most: mostly one of them cannot do without, and that ends the question.
            using = np.flatnonzero(shares[:, at] > SHORT).astype(np.int32)
            using = using[np.argsort(-shares[using, at], kind="stable")]
            attack.show(at)
            kept = shares[using].copy()
            if self._answer(attack, asked, using, shares):
                pattern[cell] = False
            else:
                shares[using] = kept
                attack.hide_again(at)
        return pattern

    def _answer(self, attack: Attack, asked: Sequence[tuple[int, float]], which: Ints, shares: Shares) -> bool:
        """Answer some questions anew, and return False at the first that has no answer.

        ``shares`` takes, for each question, how much of what is asked moves through each cell.
        """
        left = dict.fromkeys(int(w) for w in which)
        at = {w: attack.place(asked[w][0]) for w in left}

        def take(moves: Floats) -> None:
            for w in list(left):
                moved = moves[at[w]] / asked[w][1]
                if (abs(moved) if self.reach.symmetric else moved) >= 1 - SHORT:
                    shares[w] = np.abs(moves / moves[at[w]])
                    del left[w]

        while left:
            first = next(iter(left))
            reached, moves, _ = attack.push(*asked[first])
            if reached < abs(asked[first][1]) * (1 - SHORT):
                return False
            take(moves)
            if len(left) > _TOGETHER:
                cells = np.array([asked[w][0] for w in left], np.int32)
                take(attack.push_all(cells, np.array([asked[w][1] for w in left])))
        return True

    def _far(self, cell: int, way: float) -> float:
        return float(self.reach.least_up[cell] if way > 0 else -self.reach.least_down[cell])


class _Paths:
    """The cheapest way to let one cell move: two columns a cell, one for each way it moves."""

    def __init__(self, equations: Equations, reach: Reach) -> None:
        n = len(equations)
        self.n, self.reach = n, reach
        self._programme = Programme(np.zeros(2 * n), np.concatenate([reach.up, reach.down]), np.ones(2 * n))
        self._programme.set(presolve="off")
        rows = [
            (np.concatenate([cells, cells + n]), np.concatenate([signs, -signs])) for cells, signs in equations.rows
        ]
        self._programme.add_rows(rows, np.zeros(len(rows)), np.zeros(len(rows)))
        self._all = np.arange(2 * n, dtype=np.int32)

    def through(self, cell: int, far: float, pattern: Pattern, free: Pattern, costs: Floats) -> Pattern:
        """Return the cells that move when ``cell`` goes as far as asked at the least cost of cells not yet hidden."""
        size, n = abs(far), self.n
        used = np.zeros(n, bool)
        price = costs / np.maximum(np.minimum(np.maximum(self.reach.up, self.reach.down), size), _NOTHING * size)
        may = pattern | free
        for _ in range(3 if n <= _SMALL else 2):
            moves = self._solved(cell, far, np.where(pattern, 0.0, price), may)
            if moves is None:
                break
            best = moves > SHORT * size
            if not used.any() or costs[best & ~pattern].sum() < costs[used & ~pattern].sum():
                used = best
            if np.count_nonzero(used & ~pattern) <= 1:
                break
            # What it costs to hide a cell does not depend on how much moves through it: price it for what did.
            price = costs / np.maximum(moves, 0.02 * size)
        return used

    def _solved(self, cell: int, far: float, price: Floats, may: Pattern) -> Floats | None:
        n = self.n
        up, down = np.where(may, self.reach.up, 0.0), np.where(may, self.reach.down, 0.0)
        low = np.zeros(2 * n)
        at, other = (cell, cell + n) if far > 0 else (cell + n, cell)
        upper = np.concatenate([up, down])
        low[at], upper[at], upper[other] = abs(far), abs(far), 0.0
        self._programme.bound(self._all, low, upper)
        self._programme.price(self._all, np.concatenate([price, price]))
        if self._programme.solve() is None:
            return None
        point = self._programme.point()
        return point[:n] + point[n:]


# --- Cuts -----------------------------------------------------------------------------------------


def _cut(search: _Search, best: Pattern, effort: Effort, begun: float) -> tuple[Pattern, float]:
    """Return the best protection found by cuts, and the least cost that they prove."""

    def late() -> bool:
        return time.process_time() - begun > effort.seconds

    least = 0.0
    if int(search.free.sum()) > effort.cells:
        return best, least
    master = _Master(search)
    for _ in range(effort.relaxed):
        relaxed = master.solved()
        if relaxed is None or late():
            break
        least = max(least, relaxed[0])
        if not master.separate(relaxed[1]):
            break
    least = _rounded(least, search.costs)
    found = search.protected(search.always | master.likely())
    best = min(best, found, key=search.cost)
    stalled, flows, opened = 0, effort.flows, Counter[tuple[int, float]]()
    master.whole(effort.nodes)
    for _ in range(effort.whole):
        if search.cost(best) <= least + _NOTHING or stalled >= effort.stalled or late():
            break
        proposed = master.solved()
        if proposed is None:
            break
        proved = max(least, _rounded(master.proved(), search.costs))
        pattern = search.always | (proposed[1] > 0.5)
        news = master.separate(pattern.astype(float))
        # A proposal that leaves much open is mended into nothing better than what is known.
        found = search.protected(pattern, search.cost(best)) if news <= _NEAR else best
        if proved > least + _NOTHING or search.cost(found) < search.cost(best) - _NOTHING:
            stalled = 0
        elif news <= _NEAR:
            stalled += 1
        opened.update(master.opened)
        if stalled >= effort.stalled and flows and opened:
            master.write_out(*opened.most_common(1)[0][0])
            stalled, flows = 0, flows - 1
            opened.clear()
        best, least = min(best, found, key=search.cost), proved
        if not news:
            break
    return best, least


def _rounded(least: float, costs: Floats) -> float:
    """Return the next cost that cells can make: a whole number when each cell costs one."""
    return float(math.ceil(least - 1e-6)) if np.array_equal(costs, np.round(costs)) else least


class _Master:
    """The inequalities on what to hide, gathered from the attacker's successes."""

    def __init__(self, search: _Search) -> None:
        self.search = search
        self._programme = Programme(np.zeros(len(search.free)), search.free.astype(float), search.costs)
        self._last: Floats = np.zeros(len(search.free))
        self._seen: set[bytes] = set()
        self.opened: list[tuple[int, float]] = []  # by the last hiding that was tried
        self._written: set[tuple[int, float]] = set()

    def solved(self) -> tuple[float, Floats] | None:
        """Return the cost of the cheapest hiding that the inequalities allow, and how much of each cell it hides."""
        value = self._programme.solve()
        if value is None:
            return None
        self._last = np.clip(self._programme.point()[: len(self.search.free)], 0.0, 1.0)
        return value, self._last

    def proved(self) -> float:
        return self._programme.proved()

    def likely(self) -> Pattern:
        """Return the cells that the relaxed problem hides for good."""
        return np.asarray(self._last > 0.99)

    def whole(self, nodes: int) -> None:
        """Ask for whole cells from now on."""
        self._programme.whole(np.flatnonzero(self.search.free).astype(np.int32))
        self._programme.set(mip_rel_gap=0.0, mip_abs_gap=0.99, mip_max_nodes=nodes)

    def separate(self, part: Floats) -> int:
        """Add the inequalities that forbid this hiding, and return how many are new."""
        search = self.search
        part = np.where(search.always, 1.0, part)
        search.attack.hide(part)
        found = list(still_open(search.attack, search.wanted, search.reach))
        self.opened = [(cell, far) for cell, far, *_ in found if (cell, far) not in self._written]
        return sum(self._add(cell, abs(far), worth, part) for cell, far, _, worth in found)

    def write_out(self, cell: int, far: float) -> None:
        """Write the moves that protect one cell out in the problem: a cell moves no further than it is hidden.

        The inequalities forbid one hiding after another; where thousands do as well, this forbids them at once.
        """
        search, n, base = self.search, len(self.search.free), self._programme.columns
        self._written.add((cell, far))
        may = search.always | search.free
        up, down = (np.where(may, reach, 0.0) / abs(far) for reach in (search.reach.up, search.reach.down))
        low, high = -down, up.copy()
        low[cell] = high[cell] = 1.0 if far > 0 else -1.0
        self._programme.add_columns(low, high, np.zeros(n))
        rows = [(cells + base, signs) for cells, signs in search.equations.rows]
        self._programme.add_rows(rows, np.zeros(len(rows)), np.zeros(len(rows)))
        for at in np.flatnonzero(search.free):
            both = np.array([at, base + at], np.int32)
            self._programme.at_least(both, np.array([up[at], -1.0]), 0.0)
            self._programme.at_least(both, np.array([down[at], 1.0]), 0.0)

    def _add(self, cell: int, far: float, worth: Floats, part: Floats) -> bool:
        """Add: what each hidden cell can bring, at most what lacks, makes at least what lacks."""
        search = self.search
        brings = np.where(worth > 0, worth * search.reach.up, -worth * search.reach.down)
        brings[cell] = 0.0
        brings[brings < _NOTHING * far] = 0.0
        lacks = far - brings[search.always].sum()
        cells = np.flatnonzero((brings > 0) & search.free)
        if lacks <= _NOTHING * far or not len(cells):
            return False
        signs = np.minimum(brings[cells], lacks) / lacks
        if float((signs * part[cells]).sum()) > 1 - 1e-7:
            return False
        name = cells.tobytes() + np.round(signs, 9).tobytes()
        if name in self._seen:
            return False
        self._seen.add(name)
        self._programme.at_least(cells.astype(np.int32), signs, 1.0)
        return True
