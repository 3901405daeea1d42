"""Make ``src/parvis/lexicons/accounts.txt``: chapters, accounts and functions of the plans de comptes, named.

    python scripts/make_accounts.py FOLDER   # with YEAR/NOMENCLATURE/planDeCompte.xml in it

Source: DGCL and DGFiP, plans de comptes published for the TotEM format. Only facts are kept: codes, official names,
the section of a chapter, the chapter of an account by sense and kind of operation. A line that several plans share is
written once, with the plans that hold it as bits of a hexadecimal number.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

from lxml import etree

TARGET = Path(__file__).resolve().parents[1] / "src" / "parvis" / "lexicons" / "accounts.txt"
# Chapter of an account: real expense, expense of order between sections, within one; then the same of revenues.
CHAPTERS = ("DR", "DOES", "DOIS", "RR", "ROES", "ROIS")


def main(folder: Path) -> None:
    files = sorted(folder.glob("*/*/planDeCompte.xml"))
    lines: dict[tuple[str, ...], int] = defaultdict(int)
    for number, file in enumerate(files):
        plan = etree.parse(str(file)).getroot()
        for node in plan.iter("Chapitre"):
            lines["C", node.get("Code"), node.get("Section"), _said(node)] |= 1 << number
        for node in plan.iter("Compte"):
            chapters = "/".join(node.get(k, "") for k in CHAPTERS)
            lines["N", node.get("Code"), chapters if chapters.strip("/") else "", _said(node)] |= 1 << number
        for node in plan.iter("RefFonc"):
            lines["F", node.get("Code"), "", _said(node)] |= 1 << number
    told = [f"P\t{file.parent.parent.name}\t{file.parent.name}" for file in files]
    told += ["\t".join((*line, f"{plans:x}")) for line, plans in sorted(lines.items())]
    TARGET.write_text("\n".join(told) + "\n", "utf-8")
    print(f"{len(files)} plans, {len(lines)} lines, {TARGET.stat().st_size} bytes")


def _said(node: etree._Element) -> str:
    """Return the official name: signs of Windows that passed for control characters are given back, ends trimmed."""
    name = "".join(c.encode("latin-1").decode("cp1252", "ignore") if "\x80" <= c <= "\x9f" else c for c in
                   node.get("Libelle", ""))  # fmt: skip
    return re.sub(r"[ \t\r\n]+", " ", name).strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
