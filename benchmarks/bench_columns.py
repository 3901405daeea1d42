"""Personal columns of tables, beside csv-detective on the same files.

    python3 do.py bench bench_columns

The tables of ``columns`` are written as offices write them, each column labelled, by people who did not know the code. All
but the sealed ones teach ``scripts/make_column_scores.py`` too: only ``sealed1``, ``sealed2`` and ``sealed3``, which nobody who
mends has read, judge. What the first reading of each gave is printed, before anything was mended for it: the error to expect
elsewhere. Goals, on each file:
direct identifiers found at least 0.97 (numbers with a key 0.995), quasi-identifiers at least 0.9, sensitive columns and
free text all, at most 5 % of harmless columns flagged. csv-detective gives a format to each column: the personal ones
are counted.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import labelled
import labelled_columns
import measure
import peers

from parvis import pipeline
from parvis.privacy import roles

ROWS = int(os.environ.get("ROWS", "80"))
FILES = os.environ.get("FILES", "").split()  # of ``columns``, all of them when none is said
SEED = int(os.environ.get("SEED", "1"))
GOALS = {"direct": 0.97, "quasi": 0.9, "sensitive": 1.0, "text": 1.0}
KEYED, HARMLESS = 0.995, 0.05
PERSONAL_FORMATS = (
    "adresse email phone tel_fr sexe date_naissance prenom nom siret csp_insee username iban nir geojson insee_ape700"
).split()
FIRST = {
    "judged": "direct 0.921, quasi 0.632, sensitive 0.667 ; sans risque signalées 0.109",
    "unseen_e": "direct 57/63 = 0.905, quasi 17/19 = 0.895, sensitive 7/9, text 2/2, à clé 12/13 ; sans risque signalées 0.035",
    "unseen_f": "direct 57/59 = 0.966, quasi 16/19 = 0.842, sensitive 7/8, text 1/1, à clé 12/12 ; sans risque signalées 0.040",
    "unseen_g": "direct 50/51 = 0.980, quasi 20/21 = 0.952, sensitive 7/9, text 4/4, à clé 9/9 ; sans risque signalées 0.098",
    "sealed1": "direct 46/53 = 0.868, quasi 12/20 = 0.600, sensitive 10/12, text 2/2 ; sans risque signalées 0.078",
    "sealed2": "direct 44/52 = 0.846, quasi 13/16 = 0.812, sensitive 6/10, text 4/4 ; sans risque signalées 0.019",
    "sealed3": "direct 57/61 = 0.934, quasi 24/29 = 0.828, sensitive 14/21, text 5/5, à clé 18/18 ; sans risque signalées 0.147",
}
DETECTIVE = """
import json, sys
from csv_detective import routine
for path in sys.argv[1:]:
    told = routine(path, num_rows=-1, save_results=False)
    print(json.dumps({c: f["format"] for c, f in told["columns"].items()}))
"""


def main() -> None:
    good = [_judged(name) for name in FILES or ("taught", *FIRST)]
    raise SystemExit(0 if all(good) else 1)


def _judged(file: str) -> bool:
    """Print what is found in the tables of a file, and return whether the goals are reached."""
    tables = list(labelled_columns.tables(labelled_columns.FOLDER / f"{file}.txt"))
    known = labelled.families(labelled.FOLDER / "judged.txt")
    about = [s for s in labelled.sentences(known, 2000, SEED) if any(x.hide and x.kind == "person" for x in s.labels)]
    total, found, keyed, keyed_found, theirs = Counter[str](), Counter[str](), 0, 0, Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        paths = [labelled_columns.write(t, Path(name), ROWS, SEED, about) for t in tables]
        other = measure.run([str(peers.python("peers-detective")), "-c", DETECTIVE, *map(str, paths)])
        lines = [json.loads(line) for line in other.out.splitlines() if line.startswith("{")]
        for table, path, detective in zip(tables, paths, lines, strict=True):
            told = told_of(path)
            for column in table.columns:
                role = told.get(column.header, "")
                good = right(column.role, role)
                total[column.role] += 1
                found[column.role] += good
                keyed += bool(column.key)
                keyed_found += bool(column.key) and good
                theirs[column.role] += detective.get(column.header) in PERSONAL_FORMATS
                if not good and not file.startswith("sealed"):  # what is missed there stays unread
                    print(f"  {table.name} / {column.header} : {column.role}, lu « {role or 'none'} »")
    share = {role: found[role] / total[role] for role in total}
    flagged = 1 - share["none"]
    print(f"{file} : {sum(total.values())} colonnes de {len(tables)} tables, {ROWS} lignes, graine {SEED}")
    for role, goal in GOALS.items():
        print(
            f"{role:10} {found[role]}/{total[role]} = {share[role]:.3f} (but {goal}) ; csv-detective {theirs[role]}/{total[role]}"
        )
    print(f"numéros à clé {keyed_found}/{keyed} (but {KEYED})")
    print(
        f"colonnes sans risque signalées {flagged:.3f} (but {HARMLESS}) ; csv-detective {theirs['none']}/{total['none']}"
    )
    if file in FIRST:
        print(f"première lecture de {file} : {FIRST[file]}")
    reached = all(share[r] >= g for r, g in GOALS.items())
    return reached and keyed_found >= KEYED * keyed and flagged <= HARMLESS


def told_of(path: Path) -> dict[str, str]:
    """Return the role that Parvis gives to each column of a file, by header."""
    prepared = pipeline.inspect(path).preparations[0]
    told = roles.roles(prepared.profile, prepared.findings)
    return {c.label: told[c.name] for c in prepared.profile.columns}


def right(wanted: str, role: str) -> bool:
    """Return whether a role answers a label: what names people is more than what narrows them down."""
    if wanted == "none":
        return not role
    return role in ("quasi", "sensitive", "direct") if wanted == "quasi" else role == wanted


if __name__ == "__main__":
    main()
