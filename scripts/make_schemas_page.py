"""Write ``docs/reference/schemas.md``: the schemas Parvis knows, and our own profiles field by field.

python scripts/make_schemas_page.py
"""

from __future__ import annotations

from pathlib import Path

from parvis.schemas.schema import NATIONAL, WRITTEN, Schema, load

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "schemas.md"
TYPES = {"string": "texte", "integer": "nombre entier", "number": "nombre", "boolean": "oui ou non", "date": "date",
         "datetime": "date et heure", "time": "heure", "year": "année"}  # fmt: skip
HEAD = """# Les schémas que Parvis connaît

Un schéma dit quelles colonnes un jeu de données doit avoir. Parvis reconnaît celui d'un fichier d'après ses colonnes et
son contenu, jamais d'après son nom. Cette page est écrite par `scripts/make_schemas_page.py`.

Un fichier **suit** un schéma à partir de 60 % de confiance : il est alors vérifié. En dessous, il en est seulement
**candidat** : ses colonnes portent d'autres noms, et Parvis propose leur correspondance.
"""


def main() -> None:
    national, written = (sorted(p.stem.replace("__", "/") for p in f.glob("*.json")) for f in (NATIONAL, WRITTEN))
    ours = [n for n in written if n.startswith("parvis/")]
    parts = [HEAD, "## Nos profils, là où il n'existe pas de schéma national\n", *(_whole(load(n)) for n in ours)]
    parts += ["## Formats et standards\n", _list([n for n in written if n not in ours])]
    parts += ["## Schémas nationaux\n", _list(national)]
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text("\n".join(parts), "utf-8")


def _whole(schema: Schema) -> str:
    lines = [f"### {schema.title} (`{schema.id}`, version {schema.version})\n", schema.note + "\n"]
    lines += ["| colonne | ce qu'elle contient | type | obligatoire | à savoir |", "|---|---|---|---|---|"]
    for f in schema.fields:
        known = f.description or (f"Valeurs : {', '.join(f.enum)}." if f.enum else "")
        lines.append(f"| `{f.name}` | {f.title} | {TYPES[f.type]} | {'oui' if f.required else ''} | {known} |")
    return "\n".join(lines) + "\n"


def _list(names: list[str]) -> str:
    lines = ["| identifiant | schéma | version | colonnes |", "|---|---|---|---|"]
    known = [load(n) for n in names]
    return "\n".join([*lines, *(f"| `{s.id}` | {s.title} | {s.version} | {len(s.fields)} |" for s in known)]) + "\n"


if __name__ == "__main__":
    main()
