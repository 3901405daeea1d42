"""Office file to published version, 1,000,000 rows × 16 columns, against DuckDB's bare CSV-to-Parquet copy.

    python3 do.py bench bench_publish

Goal: inspect + check + protect + store, and the side index that serves the pages, within 5 times the CPU time of the
copy, in the same run; memory under 1.2 GB.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import measure
from subsidies import write_subsidies

ROWS = 1_000_000
TIMES = 3
GOAL, MEMORY_GOAL = 5.0, 1.2e9

COPY = """
import duckdb
duckdb.sql("copy (select * from read_csv('{csv}', delim=';', decimal_separator=',')) to '{out}' (compression zstd)")
"""
PARVIS = """
import sys
from pathlib import Path
from parvis import pipeline
from parvis.privacy import policy as policies
from parvis.store import index
from parvis.store.folder import Folder

folder, now = Folder(Path('{data}')), '2026-01-01T00:00:00+00:00'
with open('{csv}', 'rb') as stream:
    parcel = pipeline.collect(folder, 'subventions.csv', stream, origin='bench', now=now)
reception = pipeline.prepare(folder, parcel, now=now)
preparation = reception.preparations[0]
policy = policies.accept(preparation.policy, by='bench')
version = pipeline.commit(folder, preparation, policy, preparation.metadata, dataset='0' * 12, now=now)
assert version.rows == {rows}, version.rows
assert index.build(folder, version)
size, index_size = folder.object(version.object).stat().st_size, folder.index(version.object).stat().st_size
print(f'{{preparation.schema}}, objet {{size / 1e6:.0f}} Mo, index {{index_size / 1e6:.0f}} Mo')
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        csv = work / "subventions.csv"
        write_subsidies(csv, ROWS, seed=1)
        print(f"{ROWS:,} lignes × 16 colonnes, {csv.stat().st_size / 1e6:.0f} Mo")
        ratios, ours, peers = [], [], []
        for turn in range(TIMES):
            peer = measure.script(COPY.format(csv=csv, out=work / f"copy{turn}.parquet"))
            own = measure.script(PARVIS.format(csv=csv, data=work / f"data{turn}", rows=ROWS))
            ratios.append(own.cpu / peer.cpu)
            ours.append(own)
            peers.append(peer)
            print(
                f"  DuckDB {peer.cpu:5.1f} s CPU, {peer.peak / 1e6:5.0f} Mo   Parvis {own.cpu:5.1f} s CPU, "
                f"{own.peak / 1e6:5.0f} Mo, {own.wall:5.1f} s   × {ratios[-1]:.2f}   [{own.out.strip()}]"
            )
        ratio, peak = statistics.median(ratios), max(o.peak for o in ours)
        print(f"médiane : {ratio:.2f} fois la copie nue (but : {GOAL}) ; mémoire {peak / 1e9:.2f} Go (but : 1,2)")
        raise SystemExit(0 if ratio <= GOAL and peak <= MEMORY_GOAL else 1)


if __name__ == "__main__":
    main()
