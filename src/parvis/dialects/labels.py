"""The columns of a version under the names that its file gives them, as the systems that load files name them."""

from __future__ import annotations

from collections.abc import Mapping

from parvis.values import Column, Version

RESERVED = frozenset({"__id", "_id"})  # what those systems number rows by


def names_of(version: Version) -> Mapping[str, Column]:
    """Return the columns by their name in the file, in order; one that is no name, or that two share, gives way to ours."""
    said = [c.label for c in version.columns]
    return {
        (c.label if c.label and c.label not in RESERVED and said.count(c.label) == 1 else c.name): c
        for c in version.columns
    }
