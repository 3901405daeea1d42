"""Make ``src/parvis/lexicons/communes.txt``: the codes of French communes, and when they held.

    python scripts/make_places.py FOLDER

FOLDER holds ``historique-communes.json`` (package @etalab/decoupage-administratif 0.7.0: every change since 1943) and
one ``communes-YYYY.json`` a year after it (the same package, 1.0.0 is 2021, 2.0.0 is 2022 ... 6.0.0 is 2026).

Source: Insee, Code officiel géographique, Licence Ouverte 2.0. Only codes, names and dates are kept.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parvis.places import COMMUNES

_OVERSEAS = ("975", "977", "978")
_KINDS = {"commune-actuelle": "C", "commune-deleguee": "D", "commune-associee": "A", "arrondissement-municipal": "M"}


@dataclass(slots=True)
class Line:
    """What is known of one code. ``since`` and ``until`` are days, "" before 1943 and for what still holds."""

    code: str
    name: str = ""
    kinds: str = ""  # what the code is today: C commune, D delegated, A associated, M municipal district
    since: str = ""
    until: str = ""
    into: str = ""  # the commune that took its place


def main(folder: Path) -> None:
    lines = _history(json.loads((folder / "historique-communes.json").read_text("utf-8")))
    for year in range(2021, 2100):
        place = folder / f"communes-{year}.json"
        if not place.is_file():
            break
        _follow(lines, json.loads(place.read_text("utf-8")), year)
    rows = [f"{x.code}|{x.kinds}|{x.since}|{x.until}|{x.into}|{x.name}" for x in sorted(lines.values(), key=_code)]
    COMMUNES.write_text("\n".join([f"# {year - 1}", *rows]) + "\n", "utf-8")
    print(len(rows), "codes", sum(bool(x.until) for x in lines.values()), "ended")


def _code(line: Line) -> str:
    return line.code


def _history(records: list[Mapping[str, Any]]) -> dict[str, Line]:
    """Return the lines at the end of the history; a name that changed is no end."""
    by_id = {r["id"]: r for r in records}
    lines: dict[str, Line] = {}
    for record in records:
        if record["type"] != "COM":
            continue
        line = lines.setdefault(record["code"], Line(record["code"], since="9999"))
        line.since = min(line.since, record.get("dateDebut", ""))
        following = by_id.get(record.get("successeur", ""), {})
        end = record.get("dateFin", "")
        if not end or (following.get("code") == record["code"] and following.get("type") == "COM"):
            line.until, line.into = "", ""
        elif not line.until or end > line.until:
            line.until, line.into = end, _chief(following, by_id)
        line.name = record["nom"]
    # A code that came back (a commune set up again, or the chief of a new one under its old code) holds still.
    live = {r["code"] for r in records if r["type"] == "COM" and not r.get("dateFin")}
    for code in live:
        lines[code].until = lines[code].into = ""
    return lines


def _chief(record: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the code of the commune that a part belongs to."""
    chief = by_id.get(record.get("pole", ""), record)
    return str(chief.get("code", ""))


def _follow(lines: dict[str, Line], records: list[Mapping[str, Any]], year: int) -> None:
    """Bring the lines to the first of January of a year."""
    named = {r["code"]: r["nom"] for r in records if r["type"] == "commune-actuelle"}
    parts = {r["code"]: r["chefLieu"] for r in records if r.get("chefLieu") and r["type"] != "commune-actuelle"}
    former = {old: r["code"] for r in records for old in r.get("anciensCodes", ())}
    for code, name in named.items():
        if code not in lines:
            # The history leaves the overseas collectivities out: theirs are no new codes.
            lines[code] = Line(code, since="" if code.startswith("98") or code[:3] in _OVERSEAS else f"{year}-01-01")
        line = lines[code]
        line.name, line.until, line.into = name, "", ""
    for code, line in lines.items():
        if code not in named and not line.until and line.kinds != "M":
            line.until, line.into = f"{year}-01-01", parts.get(code) or former.get(code, "")
    kinds: dict[str, str] = {}
    for record in records:
        sign = _KINDS.get(record["type"], "")
        kinds[record["code"]] = "".join(sorted({*kinds.get(record["code"], ""), sign}))
        if record["code"] not in lines:
            lines[record["code"]] = Line(record["code"], record["nom"])
    for code, line in lines.items():
        line.kinds = kinds.get(code, "")
    for line in lines.values():
        into = lines.get(line.into)
        while into is not None and into.until and into.into and into.into != line.into:
            line.into, into = into.into, lines.get(into.into)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
