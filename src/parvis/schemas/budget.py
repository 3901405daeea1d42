"""A TOTEM budget as the national schema's CSV: « SCDL budget », section and chapter on every line.

>>> scdl("budget.xml").content[:21]
b'BGT_NATDEC,BGT_ANNEE,'
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from parvis.errors import InputError
from parvis.frozen import dataclass
from parvis.tables import repairs
from parvis.tables.read import read
from parvis.values import Finding, Parcel, Step, msg

SCHEMA = "scdl/budget"
STEP = Step("budget_scdl", {"name": "collectivite"})


@dataclass(frozen=True, slots=True)
class Converted:
    """A budget ready to publish: CSV in UTF-8, commas, lines ended as RFC 4180 says; and what was remarked."""

    content: bytes
    rows: int
    findings: Sequence[Finding]


def scdl(path: str | Path) -> Converted:
    """Return the budget of a TOTEM file (alone, or inside a compte financier unique) as the national schema's CSV.

    Raises: InputError when the file is no TOTEM budget, or holds no line.
    """
    source = Path(path)
    with tempfile.TemporaryDirectory(prefix="parvis-") as work:
        told = read(Parcel(source, source.name, "", source.stat().st_size), Path(work) / "read")
        raw = next((t for t in told.tables if t.format == "totem"), None)
        if raw is None:
            refused = next((f for f in told.findings if f.code.startswith("totem.") and f.severity == "refuse"), None)
            raise InputError(
                refused.message if refused else msg("« {name} » n'est pas un budget au format TOTEM."),
                msg("Demandez à votre logiciel comptable l'export XML transmis à la préfecture."),
                **{"name": source.name, **(refused.values if refused else {})},
            )
        table = repairs.apply(raw, (STEP,), Path(work))
        rows = pq.read_table(table.path, columns=table.columns()).to_pylist()
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.labels)
    writer.writerows([[cell or "" for cell in row.values()] for row in rows])
    return Converted(text.getvalue().encode(), len(rows), tuple(told.findings))
