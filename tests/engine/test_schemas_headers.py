"""Headers that offices write, invented: which schema they speak of, and what speaks of none."""

from __future__ import annotations

from pathlib import Path

import pytest

from parvis import pipeline
from parvis.schemas.match import match
from parvis.values import Column, Kind, Profile

# Schema -> headers of a table, « header:kind » when it is no text.
CASES: dict[str, list[str]] = {
    "scdl/subventions": [
        "Année:integer;Bénéficiaire;SIRET;Objet;Montant attribué:number",
        "Nom de l'association;Objet de la demande;Subvention 2023:number;Subvention 2024:number",
        "Tiers;Libellé;Montant voté:number;Type d'aide",
        "Organisme;Montant de la subvention:number;Nature de la subvention;Date de la délibération:date",
        "Associations;Subventions accordées en 2024 (en €):number",
    ],
    "scdl/deliberations": [
        "Numéro;Date de séance:date;Objet de la délibération;Rapporteur;Matière;Lien vers le PDF",
        "N° acte;Date de l'acte:date;Objet de l'acte;Nature de l'acte;Classification",
        "Délibération n°;Date du conseil municipal:date;Intitulé;Vote",
        "COLL_NOM;DELIB_ID;DELIB_DATE:date;DELIB_OBJET;DELIB_URL",
    ],
    "scdl/equipements": [
        "Nom de l'équipement;Type d'équipement;Adresse;Code postal;Commune;Latitude:number;Longitude:number",
        "Équipement sportif;Quartier;Adresse;Téléphone",
        "Nom équipement;Catégorie équipement;Adresse;X:number;Y:number",
    ],
    "naturalsolutions/schema-arbre": [
        "idbase:integer;typeemplacement;domanialite;arrondissement;adresse;libellefrancais;genre;"
        "espece;circonferenceencm:integer;hauteurenm:integer;stadedeveloppement;remarquable:boolean;geo_point_2d",
        "Code arbre;Essence;Hauteur (m):number;Circonférence (cm):number;Année de plantation:integer;Quartier",
        "ID;NOM_LATIN;NOM_COMMUN;HAUTEUR:number;DIAMETRE:number;DATE_PLANTATION:date",
    ],
    "139bercy/format-commande-publique": [
        "Numéro de marché;Objet du marché;Titulaire;Montant HT:number;Date de notification:date;"
        "Procédure;Durée:integer",
        "N° marché;Intitulé;Attributaire;Code postal attributaire;Montant (€ HT):number;Date notification:date",
        "Objet;Nom de l'attributaire;Tranche de montant;Date de notification:date;Type de marché",
    ],
    "scdl/prenoms": [
        "SEXE;PRENOM;ANNEE:integer;NOMBRE:integer",
        "Prénom de l'enfant;Sexe de l'enfant;Nombre d'occurrences:integer;Année:integer;Code INSEE",
        "Année:integer;Prénom;Sexe;Nombre de naissances:integer",
    ],
    "scdl/menus-collectifs": [
        "Date:date;Entrée;Plat;Accompagnement;Fromage;Dessert",
        "Jour;Menu;Allergènes",
        "Semaine;Date:date;Plat principal;Dessert;Bio:boolean",
    ],
    "atlasante/schema-dae": [
        "Nom du site;Adresse;Emplacement du défibrillateur;Accès 24h/24:boolean;Téléphone",
        "DAE;Adresse;Commune;Latitude:number;Longitude:number;Date de maintenance:date",
    ],
    "etalab/schema-stationnement": [
        "Nom du parking;Nombre de places:integer;Hauteur maximale:number;Tarif 1h:number;"
        "Longitude:number;Latitude:number",
        "id;nom;insee;adresse;type_usagers;gratuit:boolean;nb_places:integer;Xlong:number;Ylat:number",
    ],
    "parvis/resultats-elections": [
        "Code BV:integer;Inscrits:integer;Abstentions:integer;Votants:integer;Blancs:integer;"
        "Nuls:integer;Exprimés:integer;N°Panneau:integer;Nom;Prénom;Voix:integer",
        "Bureau:integer;Inscrits:integer;Votants:integer;Exprimés:integer;DUPONT:integer;MARTIN:integer;DURAND:integer",
        "Code du b.vote;Libellé de la commune;Inscrits:integer;% Abs/Ins:number;Votants:integer;"
        "Exprimés:integer;N°Liste:integer;Libellé Abrégé Liste;Voix:integer",
    ],
    "scdl/budget": [
        "Section;Sens;Chapitre;Libellé chapitre;Article;Libellé article;BP 2024:number",
        "Exercice:integer;Sens;Section;Chapitre nature;Compte nature;Fonction;Montant:number",
        "Budget;Section budgétaire;Dépense/Recette;Chapitre;Nature;Réalisé:number",
    ],
    "parvis/calendrier-collecte": [
        "Secteur;Type de déchets;Jour de collecte;Fréquence",
        "Quartier;Collecte OM;Collecte emballages;Date:date",
    ],
    "parvis/associations": [
        "Nom de l'association;Président;Adresse;Téléphone;Mail;Site web;Activité",
        "Association;Domaine;Objet;Adresse;Email",
        "Titre;Sigle;Objet social;RNA;Date de création:date",
    ],
    "parvis/effectifs-scolaires": [
        "École;Niveau;Effectif:integer;Nombre de classes:integer;Année scolaire",
        "Etablissement;UAI;Effectifs maternelle:integer;Effectifs élémentaire:integer;Rentrée:integer",
    ],
    "parvis/tarifs": [
        "Prestation;Quotient familial;Tarif:number;Unité",
        "Service;Libellé;Prix TTC:number;Date d'effet:date",
    ],
    "parvis/etat-civil": [
        "Année:integer;Naissances:integer;Mariages:integer;Décès:integer;PACS:integer",
        "Année:integer;Mois;Type d'acte;Nombre:integer",
    ],
    "etalab/schema-bal": [
        "Numero:integer;Indice de répétition;Voie;Code postal;Commune;Lat:number;Long:number",
        "numero:integer;rep;nom_voie;code_postal;code_insee;nom_commune;x:number;y:number;lon:number;lat:number",
    ],
    "parvis/comptage-stationnement": [
        "Parking;Places libres:integer;Capacité:integer;Date:datetime",
        "nom;disponibles:integer;capacite_totale:integer;horodatage:datetime;statut",
    ],
    "parvis/permis-construire": [
        "N° permis;Type;Date de décision:date;Décision;Nombre de logements:integer;Surface de plancher:number",
        "Numéro de dossier;Nature des travaux;Date d'accord:date;SHON créée:number",
    ],
    "etalab/schema-lieux-covoiturage": [
        "Nom du lieu;Aire de covoiturage;Nombre de places:integer;Latitude:number;Longitude:number",
        "id_local;nom_lieu;ad_lieu;com_lieu;insee;type;ouvert:boolean;Xlong:number;Ylat:number;nbre_pl:integer",
    ],
    "datakode/schema-pei": [
        "insee;id_sdis;id_gestion;nom_gest;type_pei;type_rd;diam_pei:number;statut;nature",
    ],
    "etalab/schema-stationnement-cyclable": [
        "id_local;id_osm;code_com;coordonneesxy;capacite:integer;capacite_cargo:integer;"
        "type_accroche;mobilier;acces;gratuit:boolean;couverture:boolean",
    ],
    "datagouv/schema-fontaine-eau": [
        "Nom de la fontaine;Adresse;Potable:boolean;Latitude:number;Longitude:number",
    ],
    "": [
        "nom;adresse;telephone",
        "id;date:date;valeur:number",
        "Mois;Température:number;Pluie:number",
        "Nom;Prénom;Date de naissance:date;Adresse",
        "Titre;Auteur;ISBN;Année:integer",
        "Rue;Type de travaux;Début:date;Fin:date",
        "Nom;Grade;Service;Bureau;Téléphone",
        "Poste;kWh:number;Euros:number",
        "Quartier;Population:integer;Superficie:number",
        "Commerce;Activité;Adresse;Horaires",
        "Agent;Congés:integer;RTT:integer",
        "Photo;Légende;Auteur",
        "Date:date;Heure;Lieu;Événement;Organisateur",
    ],
}


def table(said: str) -> Profile:
    columns = []
    for number, header in enumerate(said.split(";")):
        label, _, kind = header.partition(":")
        columns.append(Column(f"c{number}", label, Kind(kind or "text"), filled=50, distinct=20))
    return Profile("csv", 50, tuple(columns))


@pytest.mark.parametrize(("schema", "said"), [(s, t) for s, tables in CASES.items() for t in tables])
def test_the_headers_of_an_office_are_known_for_what_they_say(schema: str, said: str) -> None:
    found = match(table(said))
    assert (found[0].schema if found else "") == schema


def test_a_file_whose_name_lies_is_known_by_its_content(tmp_path: Path) -> None:
    file = tmp_path / "subventions-associations-2026.csv"
    rows = ["id;essence;hauteur_m;circonference_cm;date_plantation"]
    rows += [f"{n};{kind};{n + 3};{n * 10};2019-11-{n:02d}" for n in range(1, 10) for kind in ("Tilia cordata", "Acer")]
    file.write_text("\n".join(rows), "utf-8")
    (told,) = pipeline.inspect(file).preparations
    assert [m.schema for m in told.profile.schemas][:1] == ["naturalsolutions/schema-arbre"]
    assert "scdl/subventions" not in [m.schema for m in told.profile.schemas]


def test_a_file_of_nothing_known_is_given_no_schema(tmp_path: Path) -> None:
    file = tmp_path / "deliberations.csv"
    file.write_text(
        "semaine;casques prêtés;gilets prêtés\n" + "\n".join(f"{n};{n * 2};{n * 3}" for n in range(9)), "utf-8"
    )
    (told,) = pipeline.inspect(file).preparations
    assert told.profile.schemas == () and told.schema == ""
