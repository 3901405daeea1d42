"""Tables about persons made k-anonymous: what that loses, in how many CPU seconds, beside the tools of the field.

    python3 do.py bench bench_microdata

Goals (CPU seconds of one thread, the reading of the file not counted): Adult at k = 5 a loss of at most 0.050 in 2 s, at
k = 10 0.074 in 2.5 s; FARS at k = 5 0.036, at k = 10 0.048, in 4 s; 1,000,000 rows × 9 (a seeded register) at most what
the plain walk loses, in 20 s and 1 GB; 16 and 24 quasi-identifiers (mach2019, creditcard) within 60 s; with one level a
column the optimum (0.6355, 0.3575, 0.2277 with 0, 2 and 100 % of rows left out), in 2 s each; means of k rows that lose
what the reference implementation loses, to four digits.

Loss is the mean over cells of (leaves covered - 1) / (leaves - 1), a cell left out counting 1. What is written is counted
again by a GROUP BY of DuckDB, and by pycanon: no row may stand in a class under k. ARX is in Java
and does not run here: its figures are those measured for the specification, on the same tables and the same yard-stick.
``ROWS`` (0 to leave it) is the size of the register, ``ONLY`` the names of the parts to run.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

sys.path.insert(0, str(Path(__file__).parent))

import measure
import peers

from parvis.privacy.microdata import coding, gathered, hierarchies, local, microaggregation, offer, whole
from parvis.privacy.microdata.coding import Coded
from parvis.privacy.microdata.demand import Closeness, Demand, Diversity
from parvis.privacy.microdata.gathered import Gathered
from parvis.privacy.microdata.hierarchies import Hierarchy
from parvis.privacy.microdata.lattice import Lattice
from parvis.privacy.microdata.lattice import whole as nodes_of
from parvis.privacy.microdata.recoded import Recoded
from parvis.privacy.microdata.settle import settled

DATA = Path(os.environ.get("PARVIS_SHARED", Path(__file__).resolve().parents[2] / "shared")) / "data" / "privacy"
ROWS = int(os.environ.get("ROWS", "1000000"))
ONLY = set(os.environ.get("ONLY", "").split())
ARX = {  # as measured in the specification: loss, CPU seconds
    ("adult", 5): "ARX 0,0540 en 16,7 s",
    ("adult", 10): "ARX 0,0778 en 28,6 s",
    ("fars", 5): "ARX 0,0420 en 15,5 s",
    ("fars", 10): "ARX 0,0545 en 25,2 s",
    ("register", 5): "ARX 0,0539 en 288 s et 4,8 Go (sur un autre registre de même forme)",
}
MEANS = {
    "CASCrefmicrodata": (5.692, 9.088, 14.156),
    "EIA": (0.592, 1.588, 3.270),
    "Tarragona": (16.933, 22.462, 33.193),
}
_missed: list[str] = []


def main() -> None:
    parts: dict[str, Callable[[], None]] = {
        "adult": adult,
        "fars": fars,
        "whole": one_level,
        "sensitive": sensitive,
        "sets": sets,
        "wide": wide,
        "means": means,
        "register": register,
        "anjana": lambda: anjana("adult"),
    }
    for name, part in parts.items():
        if not ONLY or name in ONLY:
            part()
    print("\nbuts manqués : " + (", ".join(_missed) or "aucun"))
    raise SystemExit(1 if _missed else 0)


def adult() -> None:
    coded = read("adult")
    for k, loss, cpu in ((5, 0.050, 2.0), (10, 0.074, 2.5)):
        judged(f"adult k={k}", coded, k, lambda k=k: local.peel(coded, Demand(k)), loss, cpu, ARX["adult", k])


def fars() -> None:
    coded = read("fars", "fars_int")
    for k, loss, cpu in ((5, 0.036, 4.0), (10, 0.048, 4.0)):
        judged(f"fars k={k}", coded, k, lambda k=k: local.peel(coded, Demand(k)), loss, cpu, ARX["fars", k])


def one_level() -> None:
    coded = read("adult")
    for left_out, loss in ((0.0, 0.6355), (0.02, 0.3575), (1.0, 0.2277)):
        name = f"adult k=5, un niveau par colonne, {left_out:.0%} de lignes retirées"
        judged(name, coded, 5, lambda x=left_out: whole.recode(coded, Demand(5), x), loss + 5e-5, 2.0, f"ARX {loss}")


def sensitive() -> None:
    """l and t on the same walk, occupation being sensitive."""
    coded = read("adult", sensitive="occupation")
    for asked in (Diversity("occupation", 2), Diversity("occupation", 3)):
        demand = Demand(5, diversity=(asked,))
        judged(f"adult k=5, l={asked.l}", coded, 5, lambda d=demand: local.peel(coded, d), 1.0, 60.0, demand=demand)
    for close in (Closeness("occupation", 0.4), Closeness("occupation", 0.2)):
        demand = Demand(5, closeness=(close,))
        judged(f"adult k=5, t={close.t}", coded, 5, lambda d=demand: local.peel(coded, d), 1.0, 60.0, demand=demand)


def sets() -> None:
    coded = read("adult")
    name = "adult k=5, fourchettes et listes"
    judged(name, coded, 5, lambda: gathered.by_sets(coded, Demand(5), ["age"]), 0.0265, 2.0, "Mondrian 0,0265 en 1,4 s")


def wide() -> None:
    for name, columns in (("mach2019", 16), ("creditcard", 24)):
        coded = read(name, f"{name}_int")
        judged(f"{name} ({columns} colonnes) k=5", coded, 5, lambda c=coded: offer.by_class(c, Demand(5)), 1.0, 60.0)


def means() -> None:
    for name, known in MEANS.items():
        read_ = csv.read_csv(DATA / "microagg" / f"{name}.csv", parse_options=csv.ParseOptions(delimiter=";"))
        table = np.stack([read_[c].to_numpy() for c in read_.column_names], axis=1).astype(np.float64)
        for k, wanted in zip((3, 5, 10), known, strict=True):
            start = time.process_time()
            lost = microaggregation.information_lost(table, microaggregation.mdav(table, k))
            told(f"{name} k={k}", lost, time.process_time() - start, round(lost, 3) == wanted, f"sdcMicro {wanted}")


def register() -> None:
    """The register: the walk alone, which is what tables of this size get, must not lose more than itself in 20 s and 1 GB."""
    if not ROWS:
        return
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "register.parquet"
        keys = write_register(path, ROWS)
        start = time.process_time()
        coded = coding.coded_file(path, keys)
        print(f"registre : {len(coded.rows)} lignes distinctes sur {ROWS}, lu et codé en {spent(start)}")
        recoded = judged("registre k=5", coded, 5, lambda: local.peel(coded, Demand(5)), 1.0, 20.0, ARX["register", 5])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
        told("registre, mémoire en Go", peak, 0.0, peak <= 1, "de tout le processus, lecture comprise")
        start = time.process_time()
        lattice = Lattice(coded.hierarchies, nodes_of(coded.hierarchies), (1.0,) * len(keys))
        walk = local.Walk(coded, lattice, Demand(5), local.Turns(slack=float("inf"))).go()
        plain = settled(coded, lattice, Demand(5), walk.node)
        told(
            "registre, marche simple",
            plain.loss,
            time.process_time() - start,
            recoded.loss <= plain.loss,
            "la référence",
        )


def write_register(path: Path, rows: int) -> list[Hierarchy]:
    """Write a made register of inhabitants, 9 columns, always the same; return its hierarchies."""
    chance = np.random.default_rng(9)
    age = np.clip(chance.gamma(4.5, 9.5, rows), 0, 99).astype(int)
    place = np.minimum(chance.zipf(1.6, rows) - 1, 79)
    columns = {
        "age": age,
        "sexe": chance.integers(0, 2, rows),
        "quartier": place,
        "famille": np.where(age < 18, 0, chance.choice(6, rows, p=[0.05, 0.35, 0.3, 0.15, 0.1, 0.05])),
        "diplome": np.where(age < 16, 0, chance.choice(9, rows, p=[0.1, 0.2, 0.2, 0.15, 0.12, 0.1, 0.07, 0.05, 0.01])),
        "metier": np.where(age < 16, 0, np.minimum(chance.zipf(1.4, rows) - 1, 23)),
        "nationalite": np.minimum(chance.zipf(2.6, rows) - 1, 29),
        "logement": chance.choice(4, rows, p=[0.5, 0.3, 0.15, 0.05]),
        "arrivee": np.minimum(chance.zipf(1.3, rows) - 1, 39),
    }
    steps = {"age": (5, 10, 20), "quartier": (4, 16), "famille": (3,), "diplome": (3,), "metier": (4, 12),
             "nationalite": (6,), "logement": (2,), "arrivee": (5, 10), "sexe": ()}  # fmt: skip
    pq.write_table(pa.table({name: values.astype(np.int64) for name, values in columns.items()}), path)
    keys = []
    for name, values in columns.items():
        leaves = range(int(values.max()) + 1)
        levels = [[str(v) for v in leaves], *([f"{v // s * s}+{s}" for v in leaves] for s in steps[name])]
        keys.append(hierarchies.of_levels(name, levels))
    return keys


# --- What is read, judged and told ------------------------------------------------------------------


def read(name: str, stem: str = "", sensitive: str = "") -> Coded:
    folder = DATA / name
    table = csv.read_csv(folder / f"{stem or name}.csv", parse_options=csv.ParseOptions(delimiter=";"))
    names = [c for c in table.column_names if c != sensitive]
    keys = [hierarchies.given(folder / f"{stem or name}_hierarchy_{c}.csv", c) for c in names]
    return coding.coded({c: table[c] for c in table.column_names}, keys, [sensitive] if sensitive else [])


def judged(
    name: str,
    coded: Coded,
    k: int,
    do: Callable[[], Recoded | Gathered],
    loss: float,
    cpu: float,
    beside: str = "",
    demand: Demand | None = None,
) -> Recoded | Gathered:
    """Run one recoding, count its classes again in what would be published, and tell it."""
    start = time.process_time()
    recoded = do()
    used = time.process_time() - start
    smallest, close = counted(coded, recoded, demand)
    good = recoded.loss <= loss and used <= cpu and smallest >= k and close
    gone = len(coded.of) - len(recoded.kept_rows())
    goal = f"but {cpu:g} s" if loss >= 1 else f"but {loss:.4f} en {cpu:g} s"
    told(name, recoded.loss, used, good, f"{goal} ; plus petite classe {smallest} ; {gone} lignes retirées ; {beside}")
    return recoded


def counted(coded: Coded, recoded: Recoded | Gathered, demand: Demand | None) -> tuple[int, bool]:
    """Return the smallest class of what would be published, and whether the sensitive values in it are as asked.

    By DuckDB on the written file: it knows nothing of how it was made.
    """
    columns = dict(recoded.columns())
    names = ", ".join(f'"{name}"' for name in columns)
    secret = coded.sensitive[0] if coded.sensitive else None
    if secret is not None:  # a row of the table for each row counted under its distinct row
        rows = np.repeat(np.arange(len(secret.row)), secret.count.astype(int))
        order = np.argsort(coded.of, kind="stable")
        values = np.empty(len(coded.of), np.int64)
        values[order] = secret.value[rows]
        columns["secret"] = pa.array(values[recoded.kept_rows()])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "published.parquet"
        pq.write_table(pa.table(columns), path)
        smallest = duckdb.sql(f"SELECT min(n) FROM (SELECT count(*) AS n FROM '{path}' GROUP BY {names})").fetchall()[
            0
        ][0]
        if demand is None or secret is None:
            return int(smallest), True
        least = duckdb.sql(f"SELECT min(n) FROM (SELECT count(DISTINCT secret) AS n FROM '{path}' GROUP BY {names})")
        varied = all(least.fetchall()[0][0] >= asked.l for asked in demand.diversity)
        farthest = duckdb.sql(f"""
            WITH held AS (SELECT {names}, secret, count(*) AS n FROM '{path}' GROUP BY {names}, secret),
                 class AS (SELECT {names}, sum(n) AS n FROM held GROUP BY {names}),
                 whole AS (SELECT secret, count(*) / (SELECT count(*) FROM '{path}') AS share FROM '{path}' GROUP BY secret),
                 gap AS (SELECT {names}, sum(greatest(held.n / class.n - share, 0)) AS far
                         FROM held JOIN class USING ({names}) JOIN whole USING (secret) GROUP BY {names})
            SELECT max(far) FROM gap""").fetchall()[0][0]
    return int(smallest), varied and all(farthest <= asked.t + 1e-9 for asked in demand.closeness)


def anjana(name: str) -> None:
    """Run the peer of the field in Python on the same table, in its own environment, and pycanon on what we publish."""
    other = str(peers.python("peers-anjana"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "published.csv"
        recoded = local.peel(read(name), Demand(5))
        csv.write_csv(pa.table(dict(recoded.columns())), path)
        checked = measure.run([other, "-c", PYCANON.format(path=path)])
        found = int(checked.out)
        told(f"{name}, k compté par pycanon", found, checked.cpu, found >= 5, "sur le fichier écrit")
        used = measure.run([other, "-c", ANJANA.format(folder=DATA / name, name=name)])
        print(f"  anjana, un niveau par colonne, 2 % de lignes retirées : {used.out.strip()}")


PYCANON = """
import pandas, pycanon.anonymity as told
table = pandas.read_csv(r'{path}', dtype=str, keep_default_na=False)
print(told.k_anonymity(table, list(table.columns)))
"""
ANJANA = """
import glob, time, pandas, numpy, contextlib, io
from anjana.anonymity import k_anonymity
table = pandas.read_csv(r'{folder}/{name}.csv', sep=';', dtype=str)
ladders, leaves = {{}}, {{}}
for column in table.columns:
    read = pandas.read_csv(r'{folder}/{name}_hierarchy_' + column + '.csv', sep=';', dtype=str, header=None)
    if read.iloc[:, -1].nunique() > 1:
        read[len(read.columns)] = '*'
    ladders[column] = {{level: read[level].to_numpy() for level in range(len(read.columns))}}
    leaves[column] = read
start = time.process_time()
with contextlib.redirect_stdout(io.StringIO()):
    done = k_anonymity(table.copy(), [], list(table.columns), 5, 2.0, ladders)
used = time.process_time() - start
lost = 0.0
for column, read in leaves.items():
    size = {{}}
    for level in read.columns:
        size.update(read.groupby(level).size().to_dict())
    kept = [(size[word] - 1) / (len(read) - 1) for word in done[column]]
    lost += sum(kept) + len(table) - len(done)
print(f'perte {{lost / table.size:.4f}}, {{len(table) - len(done)}} lignes retirées, {{used:.1f}} s')
"""


def told(name: str, figure: float, used: float, good: bool, beside: str) -> None:
    """Print one line: what, the figure, the CPU seconds, and whether the goal is reached."""
    if not good:
        _missed.append(name)
    print(f"{'ok ' if good else 'NON'} {name:<58} {figure:9.4f} {used:7.2f} s   {beside}", flush=True)


def spent(start: float) -> str:
    return f"{time.process_time() - start:.1f} s"


if __name__ == "__main__":
    main()
