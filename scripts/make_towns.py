"""Make ``src/parvis/privacy/words/towns.txt``: the names of communes of one word, in the order of their bytes.

    python scripts/make_towns.py

Source: ``src/parvis/lexicons/communes.txt`` (``make_places.py``: Insee, Code officiel géographique, Licence Ouverte 2.0).
A sentence asks of a few words whether a commune bears them: folding forty thousand names for that took a twentieth of the
check of a small file.
"""

from __future__ import annotations

from pathlib import Path

from parvis import places
from parvis.text import fold

TOWNS = Path(__file__).parent.parent / "src" / "parvis" / "privacy" / "words" / "towns.txt"


def main() -> None:
    TOWNS.write_text(written(), "utf-8")


def written() -> str:
    """Return the file: a weight that says nothing, then the names."""
    names = {fold(place.name) for place in places.communes().values()}
    return " ".join(["1", *sorted((n for n in names if " " not in n), key=str.encode)]) + "\n"


if __name__ == "__main__":
    main()
