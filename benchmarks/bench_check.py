"""Validation of 1,000,000 rows × 16 columns against the national schema of subsidies, beside Validata and frictionless.

    python3 do.py bench bench_check

Goals, by CPU time of whole processes in one run: at least 50 times Validata and 20 times frictionless, at most 2.5
times DuckDB's bare scan of the file; memory under 1 GB for 10,000,000 rows (``ROWS_LARGE``, 0 to leave it).

Two files, the same but for one sign; the goals are those of both. With decimal commas, as French offices write, each
comma is a fault for the schema, so that the peers make a report of every one of them (Validata is told not to stop at
its thousandth); we say it once a column, with its count, which is asserted here. With decimal points the file follows
the schema to the letter, the quickest case of the peers. The peers read fewer rows (``PEER_ROWS``) and are scaled by
their cost a row, their start taken off, so that only their work on rows is compared; ours counts whole: reading, types,
meanings, schema, checks and the search for personal data.

The floor printed beside is that of a file read by a second Python: two starts with the libraries that both sides need, and
the columns read by Arrow, nothing typed, checked or written. A bare command forks instead (decision record 20).
"""

from __future__ import annotations

import json
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
PEER_ROWS = int(os.environ.get("PEER_ROWS", "50000"))
LARGE = int(os.environ.get("ROWS_LARGE", "10000000"))
TIMES = int(os.environ.get("TIMES", "3"))
SCHEMA = peers.ROOT / "src" / "parvis" / "schemas" / "national" / "scdl__subventions.json"
FILES = ((",", "Décimales à la française"), (".", "Décimales du schéma"))
VALIDATA_GOAL, FRICTIONLESS_GOAL, SCAN_GOAL, MEMORY_GOAL = 50.0, 20.0, 2.5, 1e9

SCAN = """
import duckdb
print(duckdb.sql("select max(columns(*)) from read_csv('{csv}', delim=';')").fetchall()[0][0])
"""
STARTED = "import duckdb, pyarrow.parquet"
READ = """
import pyarrow, pyarrow.csv, pyarrow.parquet
names = open('{csv}', encoding='utf-8').readline().strip().split(';')
kinds = dict.fromkeys(names, pyarrow.dictionary(pyarrow.int32(), pyarrow.string()))
table = pyarrow.csv.read_csv('{csv}', parse_options=pyarrow.csv.ParseOptions(delimiter=';'),
                             convert_options=pyarrow.csv.ConvertOptions(column_types=kinds))
print(table.num_rows)
"""
OURS = """
from parvis import pipeline
told = pipeline.check('{csv}', 'scdl/subventions').preparations[0]
assert told.schema == 'scdl/subventions' and told.profile.rows == {rows}, (told.schema, told.profile.rows)
assert not [f for f in told.findings if f.code.startswith('schema.') and f.severity in ('block', 'refuse')], told.findings
written = {{f.values['column']: f.count for f in told.findings if f.code == 'schema.writing'}}
assert written == (dict.fromkeys(['montant', 'pourcentageSubvention'], {rows}) if '{decimal}' == ',' else {{}}), written
print(told.profile.rows)
"""
VALIDATA = """
import functools, frictionless
frictionless.validate = functools.partial(frictionless.validate, limit_errors=10**9)  # else it stops at 1,000 faults
from validata_core import resource_service, validation_service
table = resource_service.from_file_content('{csv}', open('{csv}', 'rb').read())
report = validation_service.validate_resource(table, '{schema}', True)
assert report.stats.rows_processed == {rows}, report
print(report.stats.rows_processed)
"""
FRICTIONLESS = """
import json
from frictionless import Dialect, Resource, Schema, system
from frictionless.formats import CsvControl
with system.use_context(trusted=True):
    control = CsvControl(delimiter=';')
    schema = Schema.from_descriptor(json.load(open('{schema}')))
    table = Resource(path='{csv}', schema=schema, dialect=Dialect(controls=[control]))
    report = table.validate(limit_rows=10**9, limit_errors=10**9)
assert report.tasks[0].stats['rows'] == {rows}, report
print(report.tasks[0].stats['rows'])
"""


def main() -> None:
    other = str(peers.python("peers"))
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        schema = work / "schema.json"
        schema.write_text(_table_schema())
        _started(work)
        good = [_compared(work, decimal, title, other, schema) for decimal, title in FILES]
        raise SystemExit(0 if _large(work) and all(good) else 1)


def _started(work: Path) -> None:
    """Check ten rows once, unmeasured: a first start compiles the programs, and Python keeps that unless told not to."""
    csv = work / "started.csv"
    write_subsidies(csv, 10, seed=1)
    measure.script(OURS.format(csv=csv, rows=10, decimal=","), PYTHONDONTWRITEBYTECODE="")


def _compared(work: Path, decimal: str, title: str, other: str, schema: Path) -> bool:
    """Check one file beside the peers, print what each took, and return whether the goals are met."""
    csv, few, none = work / "subventions.csv", work / "few.csv", work / "none.csv"
    for path, rows in ((csv, ROWS), (few, PEER_ROWS), (none, 10)):
        write_subsidies(path, rows, seed=1, decimal=decimal)
    print(
        f"{title} : {ROWS:,} lignes × 16 colonnes, {csv.stat().st_size / 1e6:.0f} Mo ; voisins mesurés sur {PEER_ROWS:,}"
    )
    ratios: dict[str, list[float]] = {"Validata": [], "frictionless": [], "lecture nue": []}
    floors = []
    for _ in range(TIMES):
        scan = measure.script(SCAN.format(csv=csv))
        own = measure.script(OURS.format(csv=csv, rows=ROWS, decimal=decimal))
        ratios["lecture nue"].append(own.cpu / scan.cpu)
        floor = measure.script(STARTED).cpu + measure.script(READ.format(csv=csv)).cpu
        floors.append(floor)
        told = [
            f"lecture nue {scan.cpu:.2f} s, plancher {floor:.2f} s",
            f"Parvis {own.cpu:.2f} s ({own.peak / 1e6:.0f} Mo)",
        ]
        for peer, code in (("Validata", VALIDATA), ("frictionless", FRICTIONLESS)):
            long, short = (
                measure.run([other, "-c", code.format(csv=path, rows=rows, schema=schema)])
                for path, rows in ((few, PEER_ROWS), (none, 10))
            )
            scaled = (long.cpu - short.cpu) / PEER_ROWS * ROWS
            ratios[peer].append(scaled / own.cpu)
            told.append(f"{peer} {scaled:.1f} s ({long.cpu - short.cpu:.2f} s mesurées)")
        print("  CPU : " + ", ".join(told), flush=True)
    print(f"  plancher, deux processus démarrés et la lecture seule : {statistics.median(floors):.2f} s")
    middle = {n: statistics.median(r) for n, r in ratios.items()}
    print(f"  médianes : {middle['Validata']:.1f} fois plus vite que Validata (but : {VALIDATA_GOAL:.0f}), "
          f"{middle['frictionless']:.1f} fois que frictionless (but : {FRICTIONLESS_GOAL:.0f}), "
          f"{middle['lecture nue']:.2f} fois la lecture nue (but : {SCAN_GOAL})", flush=True)  # fmt: skip
    return (
        middle["Validata"] >= VALIDATA_GOAL
        and middle["frictionless"] >= FRICTIONLESS_GOAL
        and middle["lecture nue"] <= SCAN_GOAL
    )


def _large(work: Path) -> bool:
    """Check a file ten times longer, made of the last one's lines, and say what memory it took."""
    if not LARGE:
        return True
    csv, long = work / "subventions.csv", work / "long.csv"
    lines = csv.read_bytes().split(b"\r\n", 1)
    with long.open("wb") as out:
        out.write(lines[0] + b"\r\n")
        for _ in range(LARGE // ROWS):
            out.write(lines[1])
    csv.unlink()
    own = measure.script(OURS.format(csv=long, rows=LARGE, decimal=FILES[-1][0]))
    print(f"{LARGE:,} lignes, {long.stat().st_size / 1e9:.2f} Go : {own.cpu:.1f} s CPU, mémoire {own.peak / 1e9:.2f} Go "
          f"(but : {MEMORY_GOAL / 1e9:.0f})")  # fmt: skip
    return own.peak <= MEMORY_GOAL


_CONSTRAINTS = {"required": "required", "pattern": "pattern", "enum": "enum", "max_length": "maxLength",
                "min_length": "minLength", "minimum": "minimum", "maximum": "maximum"}  # fmt: skip
_WORDS = {"true_values": "trueValues", "false_values": "falseValues"}


def _table_schema() -> str:
    """Return our snapshot as the Table Schema that it was made from, with the checks that Validata adds."""
    held = json.loads(SCHEMA.read_text("utf-8"))
    fields = [
        {
            "name": field["name"], "type": field["type"],
            "constraints": {said: field[ours] for ours, said in _CONSTRAINTS.items() if ours in field},
            **{said: field[ours] for ours, said in _WORDS.items() if ours in field},
        }
        for field in held["fields"]
    ]  # fmt: skip
    siret = [r["fields"][0] for r in held["rules"] if r.get("op") == "siret"]
    checks = [{"name": "french-siret-value", "params": {"column": column}} for column in siret]
    checks += [
        {"name": "one-of-required", "params": {"column1": r["fields"][0], "column2": r["fields"][1]}}
        for r in held["rules"] if r["kind"] == "one_of"
    ]  # fmt: skip
    return json.dumps({"name": "subventions", "fields": fields, "custom_checks": checks}, ensure_ascii=False)


if __name__ == "__main__":
    main()
