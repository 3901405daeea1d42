"""A linear programme that is solved again and again: the one place that knows the solver.

HiGHS is loaded when a programme is made, never before: the web processes read tables and make none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from parvis.errors import LimitError

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int32]
INFINITE = float("inf")


class Programme:
    """Columns with bounds and costs, rows with bounds; solved from where the last solution stood.

    Shape:  ``lower``, ``upper``, ``cost``: one number a column. Rows may be added at any time, columns too.
    Raises: LimitError when the solver gives up, which says that its figures are not of use.
    Source: HiGHS, Huangfu and Hall 2018, doi:10.1007/s12532-017-0130-5 (MIT licence).
    """

    def __init__(self, lower: Floats, upper: Floats, cost: Floats, greatest: bool = False) -> None:
        import highspy

        self._kit: Any = highspy
        # The class under highspy.Highs: that one writes its name and licence on the standard output.
        self._highs: Any = self._kit._Highs()
        # One thread: the machine of a town hall has two cores, and a page must be served meanwhile.
        for name, value in (("output_flag", False), ("threads", 1)):
            self._highs.setOptionValue(name, value)
        self.columns = 0
        self.add_columns(lower, upper, cost)
        if greatest:
            self._highs.changeObjectiveSense(highspy.ObjSense.kMaximize)

    def set(self, **options: object) -> None:
        """Set options of the solver by their names."""
        for name, value in options.items():
            self._highs.setOptionValue(name, value)

    def add_columns(self, lower: Floats, upper: Floats, cost: Floats) -> None:
        """Add columns that stand in no row yet."""
        none = np.zeros(0)
        self._highs.addCols(len(cost), cost, lower, upper, 0, none.astype(np.int32), none.astype(np.int32), none)
        self.columns += len(cost)

    def add_rows(self, rows: Sequence[tuple[Ints, Floats]], lower: Floats, upper: Floats) -> None:
        """Add rows: for each the columns that it holds and their coefficients, then the bounds of all."""
        if rows:
            sizes = np.array([len(cells) for cells, _ in rows])
            starts = (np.cumsum(sizes) - sizes).astype(np.int32)
            cells = np.concatenate([r[0] for r in rows]).astype(np.int32)
            signs = np.concatenate([r[1] for r in rows]).astype(np.float64)
            self._highs.addRows(len(rows), lower, upper, len(cells), starts, cells, signs)

    def at_least(self, cells: Ints, signs: Floats, least: float) -> None:
        """Add the row: sum of sign × column >= least."""
        self._highs.addRow(least, INFINITE, len(cells), cells.astype(np.int32), signs)

    def bound(self, columns: Ints, lower: Floats, upper: Floats) -> None:
        """Change the bounds of some columns."""
        self._highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def bound_one(self, column: int, lower: float, upper: float) -> None:
        self._highs.changeColBounds(int(column), float(lower), float(upper))

    def price(self, columns: Ints, cost: Floats) -> None:
        """Change the costs of some columns."""
        self._highs.changeColsCost(len(columns), columns.astype(np.int32), cost)

    def whole(self, columns: Ints) -> None:
        """Ask for whole numbers in some columns."""
        kinds = np.full(len(columns), 1, np.uint8)  # 1 is HiGHS's « integer »
        self._highs.changeColsIntegrality(len(columns), columns.astype(np.int32), kinds)

    def solve(self) -> float | None:
        """Solve, and return the value reached; None when no point fits, or when the time allowed ran out before one."""
        self._highs.run()
        status, known = self._highs.getModelStatus(), self._kit.HighsModelStatus
        if status == known.kInfeasible:
            return None
        if status in (known.kTimeLimit, known.kObjectiveBound, known.kIterationLimit):
            found = self._highs.getInfo().primal_solution_status == self._kit.SolutionStatus.kSolutionStatusFeasible
            return float(self._highs.getObjectiveValue()) if found else None
        if status != known.kOptimal:
            return self._solve_again()
        return float(self._highs.getObjectiveValue())

    def _solve_again(self) -> float | None:
        """Solve from nothing: an end that is no answer mostly comes of the place the solver started from."""
        self._highs.clearSolver()
        self._highs.run()
        status, known = self._highs.getModelStatus(), self._kit.HighsModelStatus
        if status == known.kInfeasible:
            return None
        if status != known.kOptimal:
            raise LimitError("Le calcul du secret n'a pas abouti sur ce tableau. Découpez-le en tableaux plus petits.")
        return float(self._highs.getObjectiveValue())

    def point(self) -> Floats:
        """Return the columns' values at the solution."""
        return np.array(self._highs.getSolution().col_value, np.float64)

    def reduced_costs(self) -> Floats:
        """Return what a unit of each column is worth at the solution."""
        return np.array(self._highs.getSolution().col_dual, np.float64)

    def proved(self) -> float:
        """Return the bound proved on the value, when whole numbers are asked for."""
        return float(self._highs.getInfo().mip_dual_bound)
