"""Replace each value by a code, the same for the same value: what remains is still personal data, and needs a ground."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from parvis.privacy.sql import Expression, quoted
from parvis.tables.parameters import Parameter
from parvis.values import Column, Kind, msg

TITLE = msg("Remplacer par un code (la donnée reste personnelle)")
PARAMETERS: Mapping[str, Parameter] = {}
REMOVES: Mapping[str, Sequence[str]] = {}
EXAMPLES: Sequence[tuple[Any, Any]] = [(None, None)]


def apply(column: Column, parameters: Mapping[str, Any]) -> Expression | None:
    # The key is forgotten with this publication: a code can be neither computed from a list of names nor followed
    # from one version to the next.
    key = secrets.token_bytes(32)

    def clean(cell: str) -> str:
        return hmac.new(key, cell.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:12]

    text = f"CAST({quoted(column.name)} AS VARCHAR)"
    return Expression(text, Kind.TEXT, clean, f"{text} IS NOT NULL")
