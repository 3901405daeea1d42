"""The eight families of a commune's data, and the words that betray each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from parvis.frozen import dataclass
from parvis.text import stems
from parvis.values import msg


@dataclass(frozen=True, slots=True)
class Theme:
    """A family of data. ``words`` are what its files speak of; ``dcat`` is its name in the European vocabulary."""

    title: str
    words: str
    dcat: str


THEMES: Mapping[str, Theme] = {
    "finances": Theme(
        msg("Finances et commande publique"),
        "budget subvention dette marché tarif indemnité dépense recette compte exercice montant fournisseur titulaire "
        "attribuant bénéficiaire acheteur commande fonctionnement investissement docbudg",
        "GOVE",
    ),
    "territoire": Theme(
        msg("Territoire et cartographie"),
        "adresse voie quartier équipement réseau éclairage cadastre parcelle périmètre géographie mobilier lampadaire",
        "REGI",
    ),
    "urbanisme": Theme(
        msg("Urbanisme et logement"),
        "urbanisme permis construire plu zonage zone urba servitude logement dia autorisation ads travaux friche patrimoine bâti",
        "REGI",
    ),
    "mobilite": Theme(
        msg("Mobilité et stationnement"),
        "transport bus arrêt ligne horaire gtfs stationnement parking vélo cycle compteur passage covoiturage recharge "
        "irve borne circulation comptage trafic trajet voirie navette",
        "TRAN",
    ),
    "environnement": Theme(
        msg("Environnement et énergie"),
        "arbre espace vert déchet tri collecte tonnage eau air énergie consommation électricité gaz qualité pollution "
        "fontaine jardin climat bruit verre compost",
        "ENVI",
    ),
    "vie-locale": Theme(
        msg("Culture, sport et vie locale"),
        "association agenda événement culture sport loisir monument patrimoine tourisme médiathèque bibliothèque livre "
        "prêt spectacle équipement salle gymnase musée",
        "EDUC",
    ),
    "democratie": Theme(
        msg("Démocratie et élections"),
        "délibération conseil élection bureau vote scrutin résultat inscrit exprimé candidat votant participation "
        "consultation projet citoyen suffrage assemblée",
        "GOVE",
    ),
    "services": Theme(
        msg("Services aux habitants"),
        "école cantine menu élève effectif crèche enfance périscolaire secteur scolaire état civil prénom naissance "
        "mariage décès accueil horaire service ccas social aide santé défibrillateur wifi",
        "SOCI",
    ),
}

OF_SCHEMA: Mapping[str, str] = {
    "cnig/plu-zone-urba": "urbanisme",
    "parvis/permis-construire": "urbanisme",
    "parvis/resultats-elections": "democratie",
    "parvis/associations": "vie-locale",
    "139bercy/format-commande-publique": "finances",
    "scdl/subventions": "finances",
    "scdl/budget": "finances",
    "scdl/deliberations": "democratie",
    "scdl/equipements": "territoire",
    "scdl/prenoms": "services",
    "scdl/menus-collectifs": "services",
    "scdl/plats-menus-collectifs": "services",
    "etalab/schema-irve-statique": "mobilite",
    "etalab/schema-stationnement": "mobilite",
    "etalab/schema-stationnement-cyclable": "mobilite",
    "etalab/schema-lieux-covoiturage": "mobilite",
    "etalab/schema-bal": "territoire",
}


NAMED = 3  # what a word of the name weighs


def guess(texts: Iterable[str], schema: str = "") -> str:
    """Return the theme that a file's own words speak of, "" when they do not. A schema says it for sure."""
    if schema in OF_SCHEMA:
        return OF_SCHEMA[schema]
    spoken = [stems(text) for text in texts]
    # The first is the file's name: a word of it tells more than a column's.
    said = [stem for first, found in enumerate(spoken) for stem in found * (NAMED if not first else 1)]
    scores = {name: sum(said.count(w) for w in set(stems(theme.words))) for name, theme in THEMES.items()}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] else ""
