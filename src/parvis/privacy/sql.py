"""The one place of the privacy engine where a name or a value becomes SQL, and its DuckDB."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from parvis.frozen import dataclass
from parvis.values import Kind

LINE = "__line"  # the line in the original, as ``tables`` writes it; never published
GROUP = 122_880  # rows of a Parquet row group


@dataclass(frozen=True, slots=True)
class Expression:
    """What a transform makes of a column: SQL over the typed row, and the kind of what comes out.

    ``clean`` is a function on text, when the work is not SQL's: it is called as ``parvis_clean_<n>`` on the cells
    where ``when`` (SQL) is true, and the cell stays as it is elsewhere. ``sql`` is then left empty.
    ``whole`` is a function on all the cells of the column at once (an Arrow array) and on a key of each row (whole numbers,
    drawn from a secret and from all that the row held, so that the same row has the same in every version).
    """

    sql: str
    kind: Kind
    clean: Callable[[str], str] | None = None
    when: str = ""
    whole: Callable[[Any, Any], Any] | None = None


def quoted(name: str) -> str:
    """Return a column's name as an SQL identifier, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | int | float | bool | Decimal | dt.date | Path | None) -> str:
    """Return a value as an SQL literal. Numbers that are not finite have none: ValueError."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(value)
        return repr(value)
    if isinstance(value, dt.date):
        return f"DATE '{value.isoformat()}'"
    return "'" + str(value).replace("\0", "").replace("'", "''") + "'"


def source(path: Path) -> str:
    """Return the SQL of a Parquet file read as a table."""
    return f"read_parquet({literal(path)})"


def connect(spill: Path | None = None) -> Any:
    """Return a private engine: one thread, bounded memory, no network, no file but what its SQL names.

    ``spill`` is the folder where a sort too large for memory may wait, erased with the engine, which is then nobody
    else's; without it what is made must be TEMP (``tables.engine``).
    """
    from parvis.tables import engine  # late: the types of this module are wanted where the engine is not

    if spill is None:
        return engine.connect()
    config: dict[str, Any] = {
        "preserve_insertion_order": True,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    return engine.connect(**config, temp_directory=str(spill))
