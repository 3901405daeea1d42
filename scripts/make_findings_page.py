"""Write ``docs/reference/findings.md``: every remark that Parvis makes, what it says and what to do.

    python scripts/make_findings_page.py

The sentences are those of the source itself, found where a code is given to a finding, a question or a refusal.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "findings.md"
_CODE = re.compile(r"[a-z_0-9]+\.[a-z_0-9]+")
_MAKERS = frozenset("Finding Ask InputError LimitError MissingExtra RefusedError RemoteError".split())
_SHORTCUT = re.compile(r"_?(?:find|finding|ask|say|remark|note|told|count|warn|info|said|found)\w*")
# Codes that the source builds from parts, or gives to a sentence made elsewhere.
_BUILT = {
    "schema.together_one_of": ("Une ligne n'a rien dans aucune des colonnes dont il faut au moins une.", ""),
    "schema.together_together": ("Une ligne remplit une partie seulement de colonnes qui vont ensemble.", ""),
    "schema.together_compare": ("Une valeur n'est pas dans l'ordre voulu avec celle d'une autre colonne.", ""),
    "schema.together_sum": ("Une valeur n'est pas la somme des autres colonnes que dit le schéma.", ""),
    "schema.pattern": (
        "Des valeurs n'ont pas la forme (le motif) que demande le schéma.",
        "La forme attendue est dite en mots.",
    ),
    "schema.format": ("Des valeurs ne sont pas du format demandé : courriel, adresse internet, UUID.", ""),
    "file.failed": ("Le fichier n'a pas pu être examiné.", "La phrase dit ce qui a arrêté l'examen."),
    "read.not_data": ("Ce fichier n'est pas un tableau de données.", "Envoyez le tableur d'où il vient."),
    "read.failed": ("Le fichier n'a pas pu être lu.", "La phrase dit pourquoi et que faire."),
    "privacy.*": (
        "La colonne contient des données sur des personnes ; l'étoile est ce qui a été reconnu : nom, courriel, téléphone, NIR.",
        "Choisissez ce que devient la colonne : retirée, masquée, regroupée ; ou gardée, avec son fondement légal.",
    ),
    "policy.*": ("La politique de protection ne convient pas au fichier.", "La phrase dit quelle règle, et pourquoi."),
}
_FAMILIES = {
    "across": "D'un fichier à l'autre de la commune",
    "actes": "Classification des actes",
    "archive": "Archives",
    "cells": "Cellules",
    "check": "La vérification elle-même",
    "cnig": "Livraisons du CNIG (PLU, SUP)",
    "columns": "Colonnes",
    "continuity": "Depuis la version précédente",
    "csv": "Fichiers CSV",
    "decp": "Commande publique (DECP)",
    "document": "Documents Word et LibreOffice",
    "dxf": "Dessins (DXF)",
    "excel": "Classeurs",
    "file": "Le fichier",
    "fixed_width": "Textes à largeur fixe",
    "gbfs": "Véhicules partagés (GBFS)",
    "geo": "Cartes et coordonnées",
    "gpx": "Parcours GPS (GPX)",
    "gtfs": "Horaires (GTFS)",
    "header": "En-têtes",
    "html": "Faux classeurs (HTML)",
    "ical": "Agendas (iCalendar)",
    "json": "JSON",
    "mapinfo": "Couches MapInfo",
    "metadata": "La fiche",
    "pdf": "PDF",
    "policy": "Politique de protection",
    "privacy": "Personnes",
    "secret": "Secret statistique",
    "read": "Lecture",
    "repairs": "Recettes",
    "rows": "Lignes",
    "schema": "Contre le schéma",
    "shapefile": "Shapefiles",
    "siret": "SIRET réparés",
    "sqlite": "Bases SQLite",
    "totem": "Budgets (TOTEM)",
    "types": "Types",
    "values": "Vraisemblance des valeurs",
    "vcard": "Carnets d'adresses (vCard)",
    "xml": "XML",
}


@dataclass(frozen=True, slots=True)
class Said:
    code: str
    message: str
    hint: str


def main() -> None:
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), "utf-8")
    print(len(codes()), "codes")


def page() -> str:
    """Return the text of the page."""
    known = codes()
    lines = [
        "# Les remarques de Parvis",
        "",
        "Chaque remarque a un code, une gravité, un endroit (feuille, cellule, ligne), une phrase, la raison qui la rend utile",
        "et ce qu'il faut faire. La même remarque sur 214 lignes est une seule remarque. Cette page est écrite par",
        "`scripts/make_findings_page.py` d'après le programme lui-même ; les accolades sont remplies avec ce qui est trouvé.",
        "",
        "Gravité : **refus** (le fichier n'est pas lu), **à décider** (quelqu'un doit choisir avant de publier), **à revoir**",
        "(publiable, mieux corrigé), **à savoir**. Une colonne facultative absente n'empêche rien.",
        "",
        "Trois niveaux : **publiable** (rien n'attend de décision), **conforme** (aucune cellule ni colonne obligatoire contre",
        "le schéma), **exemplaire** (aucune remarque qu'un agent pourrait suivre).",
    ]
    family = ""
    for code in sorted(known):
        said = known[code]
        if code.partition(".")[0] != family:
            family = code.partition(".")[0]
            title = _FAMILIES.get(family, f"Fichiers {family.replace('_', ' ').upper()}")
            lines += ["", f"## {title}", "", "| code | ce que dit Parvis | que faire |", "|---|---|---|"]
        lines.append(f"| `{code}` | {_cell(said.message)} | {_cell(said.hint)} |")
    return "\n".join(lines) + "\n"


def codes() -> dict[str, Said]:
    """Return every code of the source, with its first sentences."""
    out = {code: Said(code, *said) for code, said in _BUILT.items()}
    for place in sorted((ROOT / "src").rglob("*.py")):
        for said in _found(ast.parse(place.read_text("utf-8"))):
            out.setdefault(said.code, said)
    return out


def _found(tree: ast.AST) -> Iterator[Said]:
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if name not in _MAKERS and not _SHORTCUT.fullmatch(name):
            continue
        named = {k.arg: k.value for k in call.keywords if k.arg}
        given = [*call.args[:3], *(named[k] for k in ("code",) if k in named)]
        found = [t for node in given for t in _texts(node) if _CODE.fullmatch(t)]
        sentences = [s for node in call.args for s in _texts(node) if " " in s]
        sentences += [s for k in ("message",) if k in named for s in _texts(named[k])]
        hints = [s for k in ("hint",) if k in named for s in _texts(named[k]) if " " in s]
        if found and sentences:
            hint = hints[0] if hints else sentences[1] if len(sentences) > 1 and name.endswith("Error") else ""
            for code in found:
                yield Said(code, sentences[0], hint)


def _texts(node: ast.AST) -> list[str]:
    """Return the texts of an expression: a constant, msg("..."), either side of a choice."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("msg", "_"):
        return [t for a in node.args for t in _texts(a)]
    if isinstance(node, ast.IfExp):
        return [*_texts(node.body), *_texts(node.orelse)]
    return []


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").strip()


if __name__ == "__main__":
    main()
