"""Deliveries of urban planning as the CNIG wants them: what they are, the names of their layers, their written pieces.

PLU, PLUi, POS, carte communale, PSMV, SCOT: ``30014_PLU_20171013/``; easements of public utility (SUP):
``172014607_AC1_R26_20250101/`` with ASSIETTE, GENERATEUR and ACTE layers.
Source: CNIG, « Standard de dématérialisation des documents d'urbanisme » and « … des servitudes d'utilité publique ».
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from parvis.frozen import dataclass
from parvis.text import late
from parvis.values import Finding, Severity, msg

_KINDS = {
    "PLU": "plan local d'urbanisme",
    "PLUI": "plan local d'urbanisme intercommunal",
    "POS": "plan d'occupation des sols",
    "CC": "carte communale",
    "PSMV": "plan de sauvegarde et de mise en valeur",
    "SCOT": "schéma de cohérence territoriale",
    "SUP": "servitudes d'utilité publique",
}
_FOLDER = late(r"^(\d{5}|\d{9}|2[AB]\d{3})_(PLUI?|POS|CC|PSMV|SCOT)_(\d{8})(?:_[A-Z])?$", re.IGNORECASE)
_EASEMENT = late(r"^(\d{9}|\d{5})_(?:[A-Z0-9]+_)+(\d{8})$", re.IGNORECASE)
_LAYER = late(
    r"(?:^|_)(ZONE_URBA|SECTEUR_CC|DOC_URBA(?:_COM)?|PRESCRIPTION_(?:SURF|LIN|PCT)|INFO_(?:SURF|LIN|PCT)|HABILLAGE_(?:SURF|LIN|PCT|TXT)"
    r"|PERIMETRE_SCOT|[A-Z0-9]+_(?:ASSIETTE|GENERATEUR)_SUP_[SLP]|(?:ASSIETTE|GENERATEUR)_SUP_[SLP]|ACTE_SUP|SERVITUDE(?:_ACTE_SUP)?"
    r"|GESTIONNAIRE_SUP)(?:_\d[\d_]*|_|$)",
    re.IGNORECASE,
)
_PIECES = (  # what a name or its folder says -> what the piece is; the first that fits
    (r"padd", "projet d'aménagement (PADD)"),
    (r"orientations?_amenagement|(?:^|[_/])oap", "orientations d'aménagement (OAP)"),
    (r"reglement_graphique|(?:^|[_/])plan_", "règlement graphique"),
    (r"reglement", "règlement"),
    (r"rapport", "rapport de présentation"),
    (r"procedure|deliberation", "procédure"),
    (r"liste_sup", "liste des servitudes"),
    (r"acte", "actes"),
    (r"annexe", "annexes"),
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What an archive delivers: its kind (a key of the standard), its territory's code, its day ("" when not said)."""

    kind: str
    territory: str
    day: str

    def layer(self, name: str) -> str:
        """Return the name of a layer without the town's code and the date that some put around it."""
        stem = PurePosixPath(name.replace("\\", "/")).stem
        found = _LAYER.search(stem)
        return found[1].upper() if found else stem[:120]

    def said(self) -> Finding:
        day = f"{self.day[6:8]}/{self.day[4:6]}/{self.day[:4]}" if self.day else ""
        return Finding(
            "cnig.delivery",
            Severity.INFO,
            msg("C'est une livraison au standard du CNIG : {kind}, territoire {territory}{day}."),
            values={
                "kind": _KINDS[self.kind],
                "territory": self.territory or "non indiqué",
                "day": f", du {day}" if day else "",
            },
            hint=msg("Déposez-la aussi sur le Géoportail de l'urbanisme : c'est lui qui la rend exécutoire."),
        )

    def documents(self, names: Sequence[str]) -> Finding:
        """Return what is to be said of the written pieces: they count as much as the map."""
        told = Counter(_piece(n) for n in names)
        rules = told.get("règlement", 0)
        return Finding(
            "cnig.documents",
            Severity.INFO,
            msg("Pièces écrites de cette livraison, qui n'ont pas été lues ({count}) : {pieces}."),
            values={"count": len(names), "pieces": ", ".join(f"{k} ({n})" for k, n in told.most_common())},
            hint=msg("Joignez le règlement à la publication : sans lui, le zonage ne dit pas ce qui est permis.")
            if rules
            else msg("Joignez-les à la publication : le zonage ne dit pas tout."),
            count=len(names),
        )


def delivery(names: Sequence[str]) -> Delivery | None:
    """Return what an archive of these members delivers, or None when it is no delivery of the CNIG."""
    layers = [found[1].upper() for n in names if (found := _LAYER.search(PurePosixPath(n.replace("\\", "/")).stem))]
    if not layers:
        return None
    easements = sum("_SUP" in layer for layer in layers) > len(layers) / 2
    for part in (p for n in names for p in PurePosixPath(n.replace("\\", "/")).parts[:-1]):
        found = _FOLDER.match(part)
        if found:
            return Delivery(found[2].upper(), found[1], found[3])
        supply = _EASEMENT.match(part)
        if supply and easements:
            return Delivery("SUP", supply[1], supply[2])
    if easements:
        return Delivery("SUP", "", "")
    sure = {"ZONE_URBA", "SECTEUR_CC", "DOC_URBA"} & set(layers)
    if len(set(layers)) < 2 or not sure:
        return None
    return Delivery("CC" if "SECTEUR_CC" in layers else "PLU", "", "")


def _piece(name: str) -> str:
    said = name.lower().replace("\\", "/")
    base = said.rpartition("/")[2]
    for text in (base, said):
        for pattern, title in _PIECES:
            if re.search(pattern, text):
                return title
    return "autres"
