"""Inspection beside csv-detective, and a workbook beside bare calamine.

    python3 do.py bench bench_inspect

Goals, by CPU time of whole processes in one run: the inspection of a CSV of ``ROWS`` rows at least 20 times faster
than csv-detective on all its rows (both give types, meanings and statistics of each column); a workbook of 100,000
rows × 16 columns read within 1.5 times calamine alone (to lists). csv-detective reads fewer rows and is scaled by
its cost a row, its start taken off.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import measure
import peers
from subsidies import write_subsidies

ROWS = int(os.environ.get("ROWS", "1000000"))
PEER_ROWS = int(os.environ.get("PEER_ROWS", "100000"))
SHEET_ROWS = int(os.environ.get("SHEET_ROWS", "100000"))
TIMES = int(os.environ.get("TIMES", "3"))
DETECTIVE_GOAL, CALAMINE_GOAL = 20.0, 1.5

OURS = """
from parvis import pipeline
told = pipeline.inspect('{path}').preparations[0].profile
assert told.rows == {rows} and len(told.columns) == 16, told
"""
DETECTIVE = """
from csv_detective import routine
told = routine('{path}', num_rows=-1, output_profile=True, save_results=False)
assert told['total_lines'] == {rows}, told
"""
CALAMINE = """
from python_calamine import CalamineWorkbook
rows = CalamineWorkbook.from_path('{path}').get_sheet_by_index(0).to_python()
assert len(rows) == {rows} + 1
"""
READ = """
import tempfile
from pathlib import Path
from parvis.tables.read import read_into
from parvis.tables.sink import Sink
with tempfile.TemporaryDirectory() as work:
    sink = Sink(Path(work))
    read_into(Path('{path}'), 'subventions.xlsx', sink)
    assert sink.tables[0].rows == {rows}, sink.tables
"""


def main() -> None:
    other = str(peers.python("peers-detective"))
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        csv, few, none = work / "subventions.csv", work / "few.csv", work / "none.csv"
        for path, rows in ((csv, ROWS), (few, PEER_ROWS), (none, 200)):
            write_subsidies(path, rows, seed=1)
        book = work / "subventions.xlsx"
        _workbook(csv, book)
        print(
            f"CSV : {ROWS:,} lignes × 16 colonnes ; csv-detective mesuré sur {PEER_ROWS:,}. Classeur : {SHEET_ROWS:,} lignes"
        )
        # A first start, unmeasured: it compiles the programs, and Python keeps that unless told not to.
        measure.script(OURS.format(path=none, rows=200), PYTHONDONTWRITEBYTECODE="")
        gains, excesses = [], []
        for _ in range(TIMES):
            own = measure.script(OURS.format(path=csv, rows=ROWS))
            long, short = (
                measure.run([other, "-c", DETECTIVE.format(path=path, rows=rows)])
                for path, rows in ((few, PEER_ROWS), (none, 200))
            )
            scaled = (long.cpu - short.cpu) / PEER_ROWS * ROWS
            bare = measure.script(CALAMINE.format(path=book, rows=SHEET_ROWS))
            read = measure.script(READ.format(path=book, rows=SHEET_ROWS))
            gains.append(scaled / own.cpu)
            excesses.append(read.cpu / bare.cpu)
            print(f"  CPU : inspection {own.cpu:.2f} s, csv-detective {scaled:.1f} s ({long.cpu - short.cpu:.2f} s mesurées) ; "
                  f"classeur {read.cpu:.2f} s, calamine seul {bare.cpu:.2f} s", flush=True)  # fmt: skip
        gain, excess = statistics.median(gains), statistics.median(excesses)
        print(f"médianes : inspection {gain:.1f} fois plus vite que csv-detective (but : {DETECTIVE_GOAL:.0f}) ; "
              f"classeur {excess:.2f} fois calamine seul (but : {CALAMINE_GOAL})")  # fmt: skip
        raise SystemExit(0 if gain >= DETECTIVE_GOAL and excess <= CALAMINE_GOAL else 1)


def _workbook(csv: Path, target: Path) -> None:
    """Write the first rows of a CSV as a workbook: amounts and dates are numbers, as an office has them."""
    import datetime

    import xlsxwriter

    with xlsxwriter.Workbook(target, {"constant_memory": True}) as book, csv.open(encoding="utf-8") as lines:
        sheet = book.add_worksheet("Subventions")
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for number, line in enumerate(lines):
            if number > SHEET_ROWS:
                break
            for place, cell in enumerate(line.rstrip("\r\n").split(";")):
                if number and place == 2:
                    sheet.write_datetime(number, place, datetime.datetime.fromisoformat(cell), day)
                elif number and place in (8, 14):
                    sheet.write_number(number, place, float(cell.replace(",", ".")))
                elif cell:
                    sheet.write_string(number, place, cell)


if __name__ == "__main__":
    main()
