"""The regular expressions and the texts of schemas, as the engine reads them."""

from __future__ import annotations

import re
from functools import lru_cache

import duckdb

from parvis.schemas.schema import PATTERN
from parvis.tables import engine as engines


@lru_cache(maxsize=1024)
def as_re2(pattern: str) -> str:
    """Return a pattern as the engine reads it, "" when it cannot: look-around and back references are not for RE2,
    which answers in a time that grows with the text alone, so that no pattern can be made to last."""
    if len(pattern) > PATTERN:
        return ""
    said = re.sub(r"\\u([0-9A-Fa-f]{4})", r"\\x{\1}", pattern)
    said = re.sub(r"\\([^\x00-\x7f])", r"\1", said)
    try:
        with engines.connect() as engine:
            engine.execute("SELECT regexp_full_match('', ?)", [said])
    except duckdb.Error:
        return ""
    return said


def literal(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
