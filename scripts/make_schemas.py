#!/usr/bin/env python3
"""Write our compact data of the national schemas from their originals: ``make_schemas.py FOLDER_OF_ORIGINALS``.

Only facts are kept: names, types, required, enums, patterns, bounds. Titles and descriptions are a few words of ours.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from parvis.schemas.schema import NATIONAL, Field, from_table_schema

# our id -> (folder and file of the original, title in our words)
SCHEMAS = {
    "scdl/subventions": ("scdl__subventions/schema.json", "Subventions aux associations"),
    "scdl/deliberations": ("scdl__deliberations/schema.json", "Délibérations du conseil"),
    "scdl/budget": ("scdl__budget/schema.json", "Budget"),
    "scdl/equipements": ("scdl__equipements/schema.json", "Équipements publics"),
    "scdl/prenoms": ("scdl__prenoms/schema.json", "Prénoms des nouveau-nés"),
    "scdl/menus-collectifs": ("scdl__menus-collectifs/schema.json", "Menus de la restauration collective"),
    "scdl/plats-menus-collectifs": ("scdl__plats-menus-collectifs/schema.json", "Plats de la restauration collective"),
    "scdl/catalogue": ("scdl__catalogue/schema.json", "Catalogue des données publiées"),
    "etalab/schema-irve-statique": ("etalab__schema-irve-statique/schema-statique.json", "Bornes de recharge (IRVE)"),
    "etalab/schema-stationnement": ("etalab__schema-stationnement/schema.json", "Parcs de stationnement"),
    "etalab/schema-stationnement-cyclable": (
        "etalab__schema-stationnement-cyclable/schema.json",
        "Stationnements vélo",
    ),
    "etalab/schema-lieux-covoiturage": ("etalab__schema-lieux-covoiturage/schema.json", "Lieux de covoiturage"),
    "etalab/schema-bal": ("etalab__schema-bal/schema.json", "Base adresse locale"),
    "etalab/schema-hautes-remunerations": ("etalab__schema-hautes-remunerations/schema.json", "Hautes rémunérations"),
    "atlasante/schema-dae": ("atlasante__schema-dae/schema.json", "Défibrillateurs"),
    "datagouv/schema-fontaine-eau": ("datagouv__schema-fontaine-eau/schema.json", "Fontaines à eau"),
}


def main(originals: Path) -> None:
    NATIONAL.mkdir(exist_ok=True)
    for identity, (place, title) in SCHEMAS.items():
        path = originals / place
        if not path.exists():
            print("absent:", place)
            continue
        read = from_table_schema(json.loads(path.read_text("utf-8")), identity)
        data = {
            "id": identity,
            "title": title,
            "version": read.version,
            "homepage": read.homepage,
            "primary_key": list(read.primary_key),
            "fields": [compact(f) for f in read.fields],
        }
        target = NATIONAL / f"{identity.replace('/', '__')}.json"
        target.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", "utf-8")
        print(identity, len(read.fields))


def compact(field: Field) -> dict[str, object]:
    """Return a field's facts, defaults left out; its title is its own name put in words."""
    blank = Field(field.name)
    facts = {
        name: getattr(field, name)
        for name in (
            "type",
            "format",
            "required",
            "unique",
            "enum",
            "pattern",
            "minimum",
            "maximum",
            "min_length",
            "max_length",
        )
        if getattr(field, name) != getattr(blank, name)
    }
    return {"name": field.name, "title": words(field.name), **facts}


def words(name: str) -> str:
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").strip()
    return split[:1].upper() + split[1:].lower() if not split.isupper() or len(split) > 6 else split


if __name__ == "__main__":
    main(Path(sys.argv[1]))
