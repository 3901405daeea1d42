"""Make ``src/parvis/privacy/words``: how many people bear a first name or a surname, and which words are ordinary ones.

    python scripts/make_name_words.py INSEE TOWNS...   # a folder with Insee's two files, folders of towns' open data

Sources: Insee, fichier des prénoms 1900-2022 and fichier des noms 1891-2000, Licence Ouverte 2.0 (words and an order of
size, nobody in particular); ordinary words are those that French towns' open data (Licence Ouverte) and Django's
French sentences (BSD) write in small letters, in two places at least.
"""

from __future__ import annotations

import csv
import io
import re
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from parvis.text import fold

TARGET = Path(__file__).resolve().parents[1] / "src" / "parvis" / "privacy" / "words"
FROM = 20  # people: all that Insee gives, since who has a rare name is the easiest to find
_SMALL = re.compile(r"(?<![@\w./-])(?:[cjmnstdlCJMNSTDL]['’]|[Qq]u['’])?([a-zà-öø-ÿœæ]{2,})(?![@\w./]|-\w)")
_NO_TEXT = ("noms-prenoms", "donnees-personnelles", "privacy", "geographie")  # names, or English
_KINDS = (".csv", ".txt", ".json", ".xml", ".geojson")
_READ = 3_000_000  # bytes of a file


def main(insee: Path, towns: Sequence[Path]) -> None:
    first: Counter[str] = Counter()
    for row in csv.DictReader(_text(insee / "insee_nat_2022.csv.zip"), delimiter=";"):
        name = fold(row["preusuel"])
        if len(name) > 1 and not name.startswith("_") and "rares" not in name and name != "xxxx":
            first[name] += int(row["nombre"])
    last: Counter[str] = Counter()
    rows = csv.reader(_text(insee / "insee_noms_2008.txt.zip"), delimiter="\t")
    next(rows)
    for row in rows:
        name = fold(row[0])
        if len(name) > 1 and name != "autres noms":
            last[name] += sum(int(n) for n in row[1:] if n)
    _write("given", {w: len(str(n)) for w, n in first.items() if n >= FROM})
    _write("surnames", {w: len(str(n)) for w, n in last.items() if n >= FROM})
    _write("ordinary", {w: len(str(n)) for w, n in _ordinary(towns).items()})


def _ordinary(towns: Sequence[Path]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    places: defaultdict[str, set[Path]] = defaultdict(set)
    for file in _texts(towns):
        raw = file.read_bytes()[:_READ]
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", errors="replace")
        for word, count in Counter(map(fold, _SMALL.findall(text))).items():
            counts[word] += min(count, 30)
            places[word].add(file.parent)
    return {w: n for w, n in counts.items() if n >= 3 and len(places[w]) >= 2}


def _texts(towns: Sequence[Path]) -> Iterator[Path]:
    import django

    for folder in towns:
        for file in sorted(folder.rglob("*")):
            if file.suffix.lower() in _KINDS and file.is_file() and not set(file.parts) & set(_NO_TEXT):
                yield file
    yield from sorted(Path(django.__file__).parent.rglob("locale/fr/LC_MESSAGES/*.po"))
    yield from sorted((TARGET.parents[2] / "parvis_portal" / "templates").rglob("*.html"))


def _text(path: Path) -> io.TextIOWrapper:
    archive = zipfile.ZipFile(path)
    return io.TextIOWrapper(archive.open(archive.namelist()[0]), "utf-8", errors="replace")


def _write(name: str, weights: dict[str, int]) -> None:
    """Write a line for each weight: the weight, then its words, whose spaces are underscores."""
    TARGET.mkdir(exist_ok=True)
    lines = []
    for weight in sorted(set(weights.values()), reverse=True):
        words = sorted(w.replace(" ", "_") for w, n in weights.items() if n == weight)
        lines.append(f"{weight} {' '.join(words)}")
    (TARGET / f"{name}.txt").write_text("\n".join(lines) + "\n", "utf-8")
    print(name, len(weights))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(a) for a in sys.argv[2:]])
