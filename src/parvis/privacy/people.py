"""Whether the rows of a table are people: then whoever stands alone in it can be recognised, whatever was taken away.

A table of associations names their presidents, and one of subsidies those who asked: once the names are gone its rows are
bodies, each alone of its kind and none of them anybody.
"""

from __future__ import annotations

from collections.abc import Sequence

from parvis.privacy import policy as policies
from parvis.privacy.about import about, is_of_things
from parvis.privacy.attacks.attack import SENSITIVE
from parvis.privacy.heading import head, speaks
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
_BORN = frozenset("naissance naiss ne nee born birth dob".split())
_INITIALS = frozenset("initiales initiale initials".split())
_STAMPED = frozenset("horodateur horodatage timestamp".split())
_CONSUMED = frozenset("consommation conso kwh m3".split())
_HOME_MATTERS = frozenset({"social_aid", "income"})  # of an address, they are of whoever lives there
# A body or a place that has a name: what is said beside its address is what it gives, not what it receives.
_NAMED = frozenset(
    "nom libelle denomination raison structure etablissement organisme association equipement site service lieu ecole "
    "entreprise enseigne intitule titre".split()
)
# Rows that count people are not people.
_COUNTS = frozenset(words("nombre nb effectif effectifs total population habitants inscrits votants exprimés voix"))


def rows_are_people(profile: Profile, findings: Sequence[Finding]) -> bool:
    """True when each row of a table speaks of one person, by its columns and by what was found in them."""
    meanings = {c.meaning for c in profile.columns if c.meaning}
    whole = {str(f.values["meaning"]) for f in policies.blocking(findings) if f.values["where"] == "column"}
    if meanings & _BODIES:
        return bool(whole & {"nir"})
    told = about(profile)
    living = not (told.past or told.animals or told.equipment or any(is_of_things(c) for c in profile.columns))
    counted = told.counted or any(_counts(c) for c in profile.columns)
    if living and not counted and _of_each_home(profile):
        return True
    if not counted and any(c.meaning == "address" and speaks(head(c), "person") for c in profile.columns):
        return True  # where somebody lives, whatever the row is about: a dog, a works permit
    if _LAND in meanings | whole:
        return bool(whole & {"nir", "birth_date"})
    if counted:
        return False
    traits = (meanings & _TRAITS) | ({"age"} if living and any("age" in head(c) for c in profile.columns) else set())
    if whole & _SURE or ("person_name" in whole and (traits or "address" in whole)):
        return True
    if len(traits) >= 2 or (traits and (meanings | whole) & SENSITIVE):
        return True
    if told.each and whole & SENSITIVE and "url" not in meanings:  # nobody has a page of his own in a file of people
        return True
    if not living or told.places:
        return False
    # A birth year or initials are somebody's; so is one trait at the very moment when a thing was done.
    own = any(head(c) & _BORN and c.meaning in ("age", "year", "date", "birth_date") for c in profile.columns)
    initials = any(head(c) & _INITIALS for c in profile.columns)
    return own or initials or bool(traits and any(_is_moment(c) for c in profile.columns))


def _of_each_home(profile: Profile) -> bool:
    """True when each row is what one home receives or owes: an aid or a debt beside a full address or a parcel."""
    matters = any(c.meaning in _HOME_MATTERS or head(c) & _CONSUMED for c in profile.columns)
    if not matters or any(head(c) & _NAMED for c in profile.columns):
        return False
    own = [c for c in profile.columns if c.kind is Kind.TEXT and 2 * c.distinct > c.filled and not _is_code(c)]
    where = [
        c for c in own if c.meaning == _LAND or (c.meaning == "address" and any(map(str.isdigit, str(c.examples))))
    ]
    return bool(where) and len(own) == len(where)  # what has a name besides is a body or a place


def _is_code(column: Column) -> bool:
    """True for numbers and codes: « PDL00012 » is no name of a place."""
    return column.meaning == "" and all(" " not in e and any(map(str.isdigit, e)) for e in column.examples)


def _is_moment(column: Column) -> bool:
    dated = column.kind in (Kind.DATE, Kind.DATETIME) or head(column) & _STAMPED
    return bool(dated) and 2 * column.distinct > column.filled


def may_be_people(columns: Sequence[Column]) -> bool:
    """Return whether a table has a column that belongs to a person and to nothing else."""
    return any(c.meaning in _TRAITS for c in columns)


def may_count(columns: Sequence[Column], rows: int) -> bool:
    """Return whether a table may hold small counts: one of whole numbers, not too long, or of given names."""
    if not any(c.kind is Kind.INTEGER for c in columns) or rows < 1:
        return False
    return rows <= COUNTED_ROWS or any(c.meaning == "first_name" for c in columns)


def _counts(column: Column) -> bool:
    return column.kind in (Kind.INTEGER, Kind.NUMBER) and bool({*words(column.label)} & _COUNTS)
