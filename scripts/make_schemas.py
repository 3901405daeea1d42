"""Write the national schemas of ``parvis/schemas/national`` from the documents that their publishers give.

    python scripts/make_schemas.py FOLDER_OF_DOCUMENTS

The folder holds one folder a schema, « publisher__name », with its document. Only facts are kept (names, types,
obligations, lists, patterns, bounds); the words are ours, from ``schema_words.toml``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parvis.schemas.schema import NATIONAL, Field, Schema, from_document, parts_of

WORDS = tomllib.loads((Path(__file__).parent / "schema_words.toml").read_text("utf-8"))

# The national address file has no machine-readable schema: what the format 1.5 asks, written by hand.
BAL = Schema(
    id="etalab/schema-bal",
    title="Base adresse locale",
    subject=("@cle_interop", "@suffixe"),
    editions=("1.5:toponyme", "1.4:id_ban_adresse", "1.4:id_ban_toponyme", "1.3:uid_adresse", "1.3:cad_parcelles"),
    version="1.5.0",
    homepage="https://github.com/etalab/schema-bal",
    source="https://schema.data.gouv.fr/schemas/etalab/schema-bal/1.5.0/schema.yml",
    fields=(
        Field("cle_interop", "Clé de l'adresse", required=True, meaning="ban_key", synonyms=("cle_intero",)),
        Field("id_ban_commune", "Identifiant national de la commune"),
        Field("id_ban_toponyme", "Identifiant national de la voie"),
        Field("id_ban_adresse", "Identifiant national de l'adresse", synonyms=("uid_adresse", "uid_adress")),
        Field(
            "voie_nom",
            "Voie ou lieu-dit",
            required=True,
            synonyms=("toponyme", "nom de la voie", "libellé voie", "nom voie", "voie", "libellé officiel", "lib off"),
        ),
        Field("lieudit_complement_nom", "Lieu-dit ou complément"),
        Field(
            "numero",
            "Numéro dans la voie",
            "integer",
            required=True,
            minimum=0,
            maximum=99999,
            synonyms=("num voi", "num voie", "numéro voirie", "numéro de voirie", "numéro de voie", "no voie"),
        ),
        Field(
            "suffixe",
            "Suffixe du numéro",
            pattern="^[a-zA-Z0-9]{1,9}$",
            synonyms=("indice de répétition", "rep", "suf voi", "bis", "bister"),
        ),
        Field("commune_insee", "Code INSEE", required=True, meaning="insee_commune", synonyms=("commune_in",)),
        Field("commune_nom", "Commune", required=True, synonyms=("commune_no",)),
        Field("commune_deleguee_insee", "Code INSEE de la commune déléguée", meaning="insee_commune"),
        Field("commune_deleguee_nom", "Commune déléguée"),
        Field(
            "position",
            "Ce que montre le point",
            enum=(
                "délivrance postale",
                "entrée",
                "bâtiment",
                "cage d'escalier",
                "logement",
                "parcelle",
                "segment",
                "service technique",
            ),
        ),
        Field("x", "Abscisse en projection", "number", synonyms=("x_l93",)),
        Field("y", "Ordonnée en projection", "number", synonyms=("y_l93",)),
        Field("long", "Longitude", "number", meaning="longitude", synonyms=("long_wgs84",)),
        Field("lat", "Latitude", "number", meaning="latitude", synonyms=("lat_wgs84",)),
        Field("cad_parcelles", "Parcelles cadastrales"),
        Field("source", "Producteur"),
        Field("date_der_maj", "Date de mise à jour", "date", required=True, synonyms=("date_der_m",)),
        Field("certification_commune", "Certifiée par la commune", "boolean"),
    ),
)


def main(folder: Path) -> None:
    NATIONAL.mkdir(exist_ok=True)
    written = {BAL.id: compact(BAL)}
    for name in WORDS["schemas"]:
        place = document_of(folder, name)
        content = place.read_bytes()
        schema = from_document(json.loads(content), name)
        digest = hashlib.sha256(content).hexdigest()
        written[name] = compact(dataclasses.replace(in_our_words(schema, WORDS["schemas"][name]), digest=digest))
    for old in NATIONAL.glob("*.json"):
        old.unlink()
    for name, document in written.items():
        (NATIONAL / f"{name.replace('/', '__')}.json").write_text(_laid_out(document), "utf-8")
    print(f"{len(written)} schemas, {sum(len(d['fields']) for d in written.values())} fields")


def document_of(folder: Path, name: str) -> Path:
    """Return the document of a schema: a folder a schema, or an example's own."""
    if name == "naturalsolutions/schema-arbre":
        return folder.parent / "schema-exemples" / "arbres" / "schema.json"
    return next(p for p in sorted((folder / name.replace("/", "__")).glob("*.json")))


def in_our_words(schema: Schema, words: Mapping[str, str]) -> Schema:
    """Return the schema with our titles and synonyms, and none of its publisher's prose."""
    fields = []
    for field in schema.fields:
        said = words.get(field.name, "")
        title, _, others = said.partition("|")
        synonyms = tuple(s.strip() for s in others.split(",") if s.strip())
        fields.append(
            dataclasses.replace(field, title=title.strip() or _from_name(field.name), description="", synonyms=synonyms)
        )
    subject = tuple(s.strip() for s in words.get("subject", "").split(",") if s.strip())
    return dataclasses.replace(schema, title=words["title"], subject=subject, fields=tuple(fields))


def _from_name(name: str) -> str:
    said = " ".join(WORDS["parts"].get(p, p) for p in parts_of(name))
    return said[:1].upper() + said[1:]


def compact(schema: Schema) -> dict[str, Any]:
    """Return the schema as JSON, without what has its default."""
    out: dict[str, Any] = {
        f.name: getattr(schema, f.name)
        for f in dataclasses.fields(schema)
        if f.name not in ("fields", "rules", "references")
    }
    out = {k: v for k, v in out.items() if v not in ("", ())}
    for name in ("rules", "references"):
        if getattr(schema, name):
            out[name] = [{k: v for k, v in dataclasses.asdict(one).items() if v} for one in getattr(schema, name)]
    out["fields"] = [
        {f.name: v for f in dataclasses.fields(field) if (v := getattr(field, f.name)) != f.default or f.name == "type"}
        for field in schema.fields
    ]
    return out


def _laid_out(document: Mapping[str, Any]) -> str:
    """Return the JSON text, one field a line, so that a new version reads well in a comparison."""
    head = {k: v for k, v in document.items() if k != "fields"}
    lines = ",\n".join("  " + json.dumps(f, ensure_ascii=False) for f in document["fields"])
    facts = "".join(f" {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)},\n" for k, v in head.items())
    return f'{{\n{facts} "fields": [\n{lines}\n ]\n}}\n'


if __name__ == "__main__":
    main(Path(sys.argv[1]))
