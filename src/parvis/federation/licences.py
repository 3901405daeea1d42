"""The licences that data.gouv.fr knows, by the names under which catalogues write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from parvis.text import fold

# id there -> names, addresses
KNOWN: Mapping[str, Sequence[str]] = {
    "fr-lo": ("licence ouverte", "licence ouverte / open licence", "https://www.etalab.gouv.fr/wp-content/uploads/2014/05/licence_ouverte.pdf"),
    "lov2": (
        "licence ouverte / open licence version 2.0", "licence ouverte 2.0", "etalab-2.0",
        "https://www.etalab.gouv.fr/licence-ouverte-open-licence", "https://www.etalab.gouv.fr/wp-content/uploads/2017/04/etalab-licence-ouverte-v2.0.pdf",
        "https://github.com/etalab/licence-ouverte/blob/master/lo.md", "https://spdx.org/licenses/etalab-2.0.html",
    ),
    "odc-odbl": ("open data commons open database license (odbl)", "odbl", "odbl-1.0", "http://opendatacommons.org/licenses/odbl/summary/",
                 "https://opendatacommons.org/licenses/odbl/1-0/", "http://opendatacommons.org/licenses/odbl/", "http://vvlibri.org/fr/licence/odbl-10/legalcode/unofficial"),
    "odc-by": ("open data commons attribution license", "http://opendatacommons.org/licenses/by/summary/"),
    "odc-pddl": ("open data commons public domain dedication and licence (pddl)", "http://opendatacommons.org/licenses/pddl/summary/"),
    "cc-by": ("creative commons attribution", "http://www.opendefinition.org/licenses/cc-by", "https://creativecommons.org/licenses/by/2.0/"),
    "cc-by-sa": ("creative commons attribution share-alike", "http://www.opendefinition.org/licenses/cc-by-sa"),
    "cc-zero": ("creative commons cczero", "http://www.opendefinition.org/licenses/cc-zero"),
}  # fmt: skip
_NEAR = 2  # letters by which a name may differ


def known(said: str) -> str:
    """Return the id that data.gouv.fr would give to what a catalogue writes, "" for « not specified »."""
    told = _bare(said)
    for name, ways in KNOWN.items():
        if told == name or any(told == _bare(way) for way in ways):
            return name
    if "://" in said:
        return ""  # an address is known or is not: none is guessed
    for name, ways in KNOWN.items():
        if any(_distance(told, _bare(way)) <= _NEAR for way in (name, *ways) if "://" not in way):
            return name
    return ""


def _bare(said: str) -> str:
    return fold(said.strip()).removeprefix("https://").removeprefix("http://").rstrip("/")


def _distance(left: str, right: str) -> int:
    """Return how many letters must change to make one of the other (Levenshtein), 3 when it is more than 2."""
    if abs(len(left) - len(right)) > _NEAR:
        return _NEAR + 1
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        row, before = [i], row
        for j, b in enumerate(right, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b)))
        if min(row) > _NEAR:
            return _NEAR + 1
    return row[-1]
