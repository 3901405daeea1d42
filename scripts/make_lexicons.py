"""Make ``src/parvis/lexicons``: which words are first names or surnames in France, from Insee's counts.

    python scripts/make_lexicons.py FOLDER   # with insee_nat_2022.csv.zip and insee_noms_2008.txt.zip in it

Source: Insee, fichier des prénoms 1900-2022 and fichier des noms 1891-2000, Licence Ouverte 2.0. Only words and an
order of size are kept (one digit: the count's number of figures), nobody in particular.
"""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from collections import Counter
from pathlib import Path

from parvis.text import fold

TARGET = Path(__file__).resolve().parents[1] / "src" / "parvis" / "lexicons"
FIRST_NAMES_FROM, SURNAMES_FROM = 1500, 1200  # people; under it a word says little and names too few


def main(folder: Path) -> None:
    first: Counter[str] = Counter()
    for row in csv.DictReader(_text(folder / "insee_nat_2022.csv.zip"), delimiter=";"):
        name = fold(row["preusuel"])
        if len(name) > 1 and not name.startswith("_") and "rares" not in name:
            first[name] += int(row["nombre"])
    last: Counter[str] = Counter()
    rows = csv.reader(_text(folder / "insee_noms_2008.txt.zip"), delimiter="\t")
    next(rows)
    for row in rows:
        name = fold(row[0])
        if len(name) > 1 and name != "autres noms":
            last[name] += sum(int(n) for n in row[1:] if n)
    _write("first_names.txt", first, FIRST_NAMES_FROM)
    _write("surnames.txt", last, SURNAMES_FROM)


def _text(path: Path) -> io.TextIOWrapper:
    archive = zipfile.ZipFile(path)
    return io.TextIOWrapper(archive.open(archive.namelist()[0]), "utf-8", errors="replace")


def _write(name: str, counts: Counter[str], least: int) -> None:
    lines = [f"{word} {len(str(count))}" for word, count in sorted(counts.items()) if count >= least]
    TARGET.mkdir(exist_ok=True)
    (TARGET / name).write_text("\n".join(lines) + "\n", "utf-8")
    print(name, len(lines))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
