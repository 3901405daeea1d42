"""Cells of an answer as JSON has them."""

from __future__ import annotations

import datetime
import decimal
import json
import math
from typing import Any

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def plain(cell: Any) -> Any:
    """Return a cell as JSON has it: an ISO date, a number, nothing for a number that is none."""
    if cell is None or isinstance(cell, str | int):
        return cell
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else None
    if isinstance(cell, decimal.Decimal):
        return float(cell)
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)


def dumped(value: Any) -> bytes:
    """Return a value as compact JSON in UTF-8."""
    return _encoder.encode(value).encode("utf-8", "replace")
