"""Make ``src/parvis/lexicons/areas.txt``: names and codes of cantons, departments, regions, countries, post offices.

    python scripts/make_areas.py FOLDER   # that holds the package frformat 0.4.1 (MIT)

One line a kind and a year: « kind year value|value|... »; a year « - » holds always. Partial street codes (FANTOIR) are
written as ranges. Source: Insee, Code officiel géographique 2023 and 2024; La Poste; DGFiP. Licence Ouverte 2.0.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "src" / "parvis" / "lexicons" / "areas.txt"
_KINDS = {
    "canton": ("canton", "CANTON_COG_{year}"),
    "departement": ("departement", "DEPARTEMENTS_COG_{year}"),
    "region": ("region", "REGIONS_COG_{year}"),
    "pays": ("pays", "PAYS_COG_{year}"),
    "code-pays-iso2": ("code_pays", "CODES_PAYS_ISO2_COG_{year}"),
    "code-pays-iso3": ("code_pays", "CODES_PAYS_ISO3_COG_{year}"),
    "code-postal": ("code_postal", "CODES_POSTAUX"),
    "code-fantoir": ("code_fantoir", "PARTIAL_CODE_FANTOIR"),
}


def main(folder: Path) -> None:
    sys.path.insert(0, str(folder))
    lines = []
    for kind, (module, name) in _KINDS.items():
        held = vars(importlib.import_module(f"frformat.geo.{module}_frozenset"))
        known = {}
        for year in ("2023", "2024") if "{year}" in name else ("-",):
            values = held.get(name.format(year=year))
            if values:
                known[year] = sorted(_ranges(values) if kind == "code-fantoir" else values)
        if len(set(map(tuple, known.values()))) == 1:
            known = {"-": next(iter(known.values()))}
        lines += [f"{kind} {year} {'|'.join(values)}" for year, values in known.items()]
    TARGET.write_text("\n".join(lines) + "\n", "utf-8")
    print(len(lines), "lists")


def _ranges(values: Iterable[str]) -> Iterator[str]:
    """Yield « A000-A991 » for a sign followed by numbers that follow each other."""
    start = last = ""
    for value in sorted(values):
        if (
            last
            and value[0] == last[0]
            and value[1:].isdigit()
            and last[1:].isdigit()
            and int(value[1:]) == int(last[1:]) + 1
        ):
            last = value
            continue
        if start:
            yield start if start == last else f"{start}-{last}"
        start = last = value
    yield start if start == last else f"{start}-{last}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
