"""Does a row cost the same in a table of 100,000 and of 10,000,000? Check, store, export; and a page, a box of the map.

    python3 do.py bench bench_growth        SIZES=100000,1000000,3000000 for a shorter one

CPU seconds of all processes for a million rows, each size in a process of its own, from the file of an office to what is
served. Goals: check, store and export within 20 % of their cost at the smallest size; a page of what a value holds and a
box of the map, asked of a query worker, no dearer than at the smallest size with a side index (told in milliseconds; a
value is held by as many rows, a box meets as many places, whatever the size). What a program takes only to start is
measured on 1,000 rows and taken off.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import measure
from subsidies import write_places, write_subsidies

SIZES = [int(n) for n in os.environ.get("SIZES", "100000,1000000,10000000").split(",")]
SPREAD, ASKED = 0.2, 60
START = 1000  # rows of the file that tells what starting costs

WORK = """
import json, os, random, resource, sys, time
from pathlib import Path
sys.path.insert(0, '{here}')
import measure
from parvis import pipeline
from parvis.privacy import policy as policies
from parvis.store import export, index, query
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.values import Box, Op, Query, Test

def spent():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return measure.cpu_of(os.getpid()) + children.ru_utime + children.ru_stime

told, folder, now = {{}}, Folder(Path('{data}')), '2026-01-01T00:00:00+00:00'
with open('{csv}', 'rb') as stream:
    parcel = pipeline.collect(folder, 'subventions.csv', stream, origin='bench', now=now, limit=4 << 30)
before = spent()
preparation = pipeline.prepare(folder, parcel, now=now).preparations[0]
told['vérifier'] = spent() - before
before = spent()
policy = policies.accept(preparation.policy, by='bench')
version = pipeline.commit(folder, preparation, policy, preparation.metadata, dataset='0' * 12, now=now)
indexed = index.build(folder, version)
told['ranger'] = spent() - before
assert version.rows == {rows} and version.point, (version.rows, version.point)
pool = Pool(folder, workers=1, exports=1)
query.run(pool, version, Query(limit=1))
time.sleep(2)
before = spent()
size = sum(len(chunk) for chunk in export.stream(pool, version, Query(), 'csv'))
told['exporter'] = spent() - before
draw = random.Random(1)
side = 0.3 * (200 / {rows}) ** 0.5
rows = query.run(pool, version, Query(select=('referencedecision',), limit=1000)).rows
asked = [rows[draw.randrange(len(rows))][0] for _ in range({asked})]
query.run(pool, version, Query(where=Test('referencedecision', Op.EQ, 'x')))
for name, make in (
    ('page', lambda n: Query(where=Test('referencedecision', Op.EQ, asked[n]), limit=100)),
    ('boîte', lambda n: Query(where=Box(w := 2.2 + draw.random() * (0.3 - side), s := 48 + draw.random() * (0.2 - side / 1.5),
                                        w + side, s + side / 1.5), limit=100)),
):
    query.run(pool, version, make(0))
    before = spent()
    for n in range({asked}):
        query.run(pool, version, make(n))
    told[name] = (spent() - before) / {asked} * 1000
pool.close()
print(json.dumps(told))
"""


def main() -> None:
    costs: dict[int, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        base = _costs(Path(name), START)
        for rows in SIZES:
            found = _costs(Path(name), rows)
            costs[rows] = {
                what: spent if what in ("page", "boîte") else (spent - base[what]) / rows * 1e6
                for what, spent in found.items()
            }
            print(f"{rows:>11,} lignes : " + "   ".join(
                f"{what} {cost:.2f} {'ms' if what in ('page', 'boîte') else 's/million'}" for what, cost in costs[rows].items()
            ), flush=True)  # fmt: skip
    first, good = costs[SIZES[0]], True
    for what in first:
        worst = max(cost[what] for cost in costs.values()) / first[what]
        # A page or a box may cost one clock tick more in sixty questions.
        held = worst <= 1 + SPREAD or (
            what in ("page", "boîte") and max(c[what] for c in costs.values()) - first[what] < 0.5
        )
        print(
            f"  {what} : au plus {worst:.2f} fois le coût à {SIZES[0]:,} lignes (but : {1 + SPREAD}){'' if held else '  NON'}"
        )
        good = good and held
    print("TENU" if good else "NON TENU")
    raise SystemExit(0 if good else 1)


def _costs(work: Path, rows: int) -> dict[str, float]:
    """Return what each step costs for a file of some rows, in seconds, and questions in milliseconds."""
    plain, csv, data = work / "lignes.csv", work / "subventions.csv", work / f"data{rows}"
    write_subsidies(plain, rows, seed=rows)
    write_places(plain, csv, seed=2)
    plain.unlink()
    used = measure.script(WORK.format(here=Path(__file__).parent, csv=csv, data=data, rows=rows, asked=ASKED))
    csv.unlink()
    found: dict[str, float] = json.loads(used.out.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
