"""Exports of 1,000,000 rows × 16 columns, beside what the engine's bare copy of the same object costs, in the same run.

    python3 do.py bench bench_exports

Goal: processor time of CSV, JSON and Parquet at most 1.5 times the copy; memory under 300 MB above an idle pool. The copy
writes a file and no more: no apostrophe before a formula, no places, no names but those of the columns.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import measure
from subsidies import write_subsidies

ROWS, TIMES = 1_000_000, 3
GOAL, MEMORY_GOAL = 1.5, 300e6
DATASET, NOW = "0" * 12, "2026-01-01T00:00:00+00:00"
FORMATS = {
    "csv": "format csv, header",
    "json": "format json, array true",
    "parquet": "format parquet, compression zstd",
}

PUBLISH = """
from pathlib import Path
from parvis import pipeline
from parvis.privacy import policy as policies
from parvis.store import shelf
from parvis.store.folder import Folder
from parvis.store.manifest import DatasetRecord

folder, now = Folder(Path('{data}')), '{now}'
with open('{csv}', 'rb') as stream:
    parcel = pipeline.collect(folder, 'subventions.csv', stream, origin='bench', now=now)
preparation = pipeline.prepare(folder, parcel, now=now).preparations[0]
policy = policies.accept(preparation.policy, by='bench')
version = pipeline.commit(folder, preparation, policy, preparation.metadata, dataset='{dataset}', now=now)
shelf.release(folder, DatasetRecord('{dataset}', 'jeu', 'bench', 'Bench'), version.id, now)
print(folder.object(version.object))
"""
COPY = """
import duckdb
duckdb.sql("set threads=1")
duckdb.sql("copy (select * from read_parquet('{object}')) to '{out}' ({options})")
"""
IDLE = """
from pathlib import Path
from parvis.store import query as asking, shelf
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.values import Query

folder = Folder(Path('{data}'))
version = shelf.load(folder, shelf.record(folder, '{dataset}').current)
pool = Pool(folder, workers=1)
asking.run(pool, version, Query(limit=1))
"""
EXPORT = (
    IDLE
    + """
import time
from parvis.store import export
began, size, first = time.monotonic(), 0, 0.0
for chunk in export.stream(pool, version, Query(), '{format}'):
    first = first or time.monotonic() - began
    size += len(chunk)
print(f'{{size / 1e6:.0f}} Mo, premier octet {{first * 1000:.0f}} ms')
"""
)
CLOSE = "\npool.close()\n"


def main() -> None:
    missed = False
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        csv, data = work / "subventions.csv", work / "data"
        write_subsidies(csv, ROWS, seed=1)
        place = measure.script(PUBLISH.format(csv=csv, data=data, dataset=DATASET, now=NOW)).out.split()[-1]
        idle = measure.script(IDLE.format(data=data, dataset=DATASET) + CLOSE)
        for form, options in FORMATS.items():
            ratios, peaks = [], []
            for _ in range(TIMES):
                peer = measure.script(COPY.format(object=place, out=work / "copy", options=options))
                own = measure.script((EXPORT + CLOSE).format(data=data, dataset=DATASET, format=form))
                mine = own.cpu - idle.cpu
                ratios.append(mine / peer.cpu)
                peaks.append(own.peak - idle.peak)
                print(
                    f"  {form:8} copie {peer.cpu:5.2f} s CPU   Parvis {mine:5.2f} s CPU, + {peaks[-1] / 1e6:4.0f} Mo   "
                    f"× {ratios[-1]:.2f}   [{own.out.strip()}]"
                )
            ratio, peak = statistics.median(ratios), max(peaks)
            missed |= ratio > GOAL or peak > MEMORY_GOAL
            print(f"{form} : {ratio:.2f} fois la copie nue (but : {GOAL}), {peak / 1e6:.0f} Mo de plus (but : 300)")
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
