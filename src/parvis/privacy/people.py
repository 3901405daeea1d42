"""Whether the rows of a table are people: then whoever stands alone in it can be recognised, whatever was taken away.

A table of associations names their presidents, and one of subsidies those who asked: once the names are gone its rows are
bodies, each alone of its kind and none of them anybody.
"""

from __future__ import annotations

from collections.abc import Sequence

from parvis.privacy import policy as policies
from parvis.privacy.attacks.attack import SENSITIVE
from parvis.text import words
from parvis.values import Column, Finding, Kind, Profile

# What belongs to a person and to nothing else.
_TRAITS = frozenset({"age", "birth_date", "sex", "civility", "nationality", "occupation"})
# A row that has one of these is somebody ...
_SURE = frozenset({"nir", "birth_date", "first_name", "last_name"})
# ... unless it is a body: whoever is named beside it acts for it.
_BODIES = frozenset({"siren", "siret", "rna", "finess", "uai", "rup"})
_LAND = "parcel"  # what is built or sold on it is the matter, once who owns it is gone
COUNTED_ROWS = 20_000  # of a table whose counts are hidden one by one
# Rows that count people are not people.
_COUNTS = frozenset(words("nombre nb effectif effectifs total population habitants inscrits votants exprimés voix"))


def rows_are_people(profile: Profile, findings: Sequence[Finding]) -> bool:
    """True when each row of a table speaks of one person, by its columns and by what was found in them."""
    meanings = {c.meaning for c in profile.columns if c.meaning}
    whole = {str(f.values["meaning"]) for f in policies.blocking(findings) if f.values["where"] == "column"}
    if meanings & _BODIES:
        return bool(whole & {"nir"})
    if _LAND in meanings | whole:
        return bool(whole & {"nir", "birth_date"})
    if any(_counts(c) for c in profile.columns):
        return False
    traits = meanings & _TRAITS
    if whole & _SURE or ("person_name" in whole and (traits or "address" in whole)):
        return True
    return len(traits) >= 2 or bool(traits and (meanings | whole) & SENSITIVE)


def may_count(columns: Sequence[Column], rows: int) -> bool:
    """Return whether a table may hold small counts: one of whole numbers, not too long, or of given names."""
    if not any(c.kind is Kind.INTEGER for c in columns) or rows < 1:
        return False
    return rows <= COUNTED_ROWS or any(c.meaning == "first_name" for c in columns)


def _counts(column: Column) -> bool:
    return column.kind in (Kind.INTEGER, Kind.NUMBER) and bool({*words(column.label)} & _COUNTS)
