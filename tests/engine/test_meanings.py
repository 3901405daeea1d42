"""What a column means, told by its header and its cells together: invented headers of offices, invented cells."""

from __future__ import annotations

import pytest

from parvis.profiling.profile import detectors, meaning

CASES: list[tuple[str, list[str], str]] = [
    ("N° SIRET", ["215 809 997 00012", "35600000000048"], "siret"),
    ("Siret de l'établissement", ["21580999700012"], "siret"),
    ("siren_epci", ["552100554"], "siren"),
    ("RNA", ["W581002345"], "rna"),
    ("N° Sécurité sociale", ["2 69 05 49 588 157 80"], "nir"),
    ("Code commune", ["58999", "2A004"], "insee_commune"),
    ("INSEE", ["01053"], "insee_commune"),
    ("Code postal", ["58990", "01000"], "postcode"),
    ("CP", ["58990"], "postcode"),
    ("Commune", ["Fontclaire", "Saint-Malo"], "commune"),
    ("Ville du siège", ["Nevers"], "commune"),
    ("Dépt", ["58", "2A"], "department"),
    ("Département", ["Nièvre", "Côte-d'Or"], "department"),
    ("Région", ["Bretagne"], "region"),
    ("Adresse du site", ["12 rue de la Fontaine", "3 place du Marché"], "address"),
    ("Rue", ["rue des Lilas", "avenue Foch"], "address"),
    ("Clé interop", ["58999_0010_00012"], "ban_key"),
    ("FINESS", ["580972842"], "finess"),
    ("Code UAI", ["0580001L"], "uai"),
    ("ID RNB", ["PG46-YY6Y-MCQ8"], "rnb"),
    ("Référence cadastrale", ["AC 0123", "ZB 45"], "parcel"),
    ("Parcelle", ["AC 123"], "parcel"),
    ("Immatriculation", ["AB-123-CD", "1234 XY 58"], "plate"),
    ("IBAN", ["FR76 3000 6000 0112 3456 7890 189"], "iban"),
    ("BIC", ["BNPAFRPP"], "bic"),
    ("Tél.", ["03.86.00.00.00", "06 12 34 56 78"], "phone"),
    ("Numéro de téléphone", ["+33 3 86 00 00 00"], "phone"),
    ("Courriel", ["mairie@ville.example"], "email"),
    ("Contact", ["contact@ville.example"], "email"),
    ("Site internet", ["https://ville.example", "www.ville.example"], "url"),
    ("Lien", ["https://ville.example/a.pdf"], "url"),
    ("Latitude", ["47,0317", "47.05"], "latitude"),
    ("lng", ["3.1042"], "longitude"),
    ("Coord. X", ["3.1042", "3.11"], "longitude"),
    ("Y_WGS84", ["47.0317"], "latitude"),
    ("X", ["652381.5", "652400"], "easting"),
    ("Y L93", ["6862047"], "northing"),
    ("Coordonnées GPS", ["47.0317, 3.1042"], "lonlat"),
    ("geo_point_2d", ["47.0317,3.1042"], "lonlat"),
    ("Date de début", ["01/03/2024", "15/04/2024"], "date"),
    ("Publié le", ["2024-03-01"], "date"),
    ("Date", ["1er mars 2024", "12 avril 2024"], "date"),
    ("Année", ["2023", "2024"], "year"),
    ("Exercice", ["2024"], "year"),
    ("Année scolaire", ["2023-2024"], "period"),
    ("Période", ["2024-01-01/2024-12-31"], "period"),
    ("Trimestre", ["2024-T1", "2024-T2"], "period"),
    ("Mois", ["janvier", "février"], "month"),
    ("Jour", ["lundi", "mardi"], "weekday"),
    ("Heure", ["08:30", "13h30"], "hour"),
    ("Horaires", ["13h30 à 17h30", "9h-12h"], "opening_hours"),
    ("Horaires d'ouverture", ["Mo-Fr 08:30-12:00"], "opening_hours"),
    ("Montant HT", ["1 234,56 €", "12 000"], "amount"),
    ("Prix TTC", ["12,50"], "amount"),
    ("Coût total (en €)", ["1200", "350.5"], "amount"),
    ("Tranche de montant", ["90 000- 5 185 999,99", "15 000 à 89 999,99"], "amount"),
    ("Budget", ["120 000 €", "35 000 €"], "amount"),
    ("Taux de remplissage", ["87,5 %", "92 %"], "percentage"),
    ("Pourcentage", ["0.5"], "percentage"),
    ("Unité", ["kg", "m²"], "unit"),
    ("Couleur", ["#1F6F54"], "colour"),
    ("Couleur du bac", ["jaune", "bleu"], "colour"),
    ("route_color", ["1F6F54"], "colour"),
    ("Nom et prénom", ["DURAND Alice", "MARTIN Jean"], "person_name"),
    ("Responsable", ["Mme Alice Durand"], "person_name"),
    ("Prénom", ["Alice", "Jean-Pierre"], "first_name"),
    ("Nom de famille", ["DURAND"], "last_name"),
    ("Sexe", ["F", "M"], "sex"),
    ("Civilité", ["Mme", "M."], "civility"),
    ("Date de naissance", ["12/03/1980"], "birth_date"),
    ("Né(e) le", ["12/03/1980"], "birth_date"),
    ("Âge", ["34", "51"], "age"),
    ("Matière", ["7.5", "8.10"], "actes_matter"),
    ("Code matière", ["7.5"], "actes_matter"),
    ("Code NAF", ["84.11Z"], "naf"),
    ("APE", ["8411Z"], "naf"),
    ("CPV", ["45261900-3"], "cpv"),
    ("Compte", ["60612", "6574"], "budget_nature"),
    ("Article", ["60612", "73111"], "budget_nature"),
    ("Chapitre", ["011", "65"], "budget_chapter"),
    ("Fonction", ["020", "212"], "budget_function"),
    ("geom", ["POINT(3.1 47.0)"], "geometry"),
    ("Géométrie", ['{"type": "Point", "coordinates": [3, 47]}'], "geometry"),
    ("Essence", ["Tilia cordata", "Acer campestre"], "plant_species"),
    ("Espèce", ["Platane commun"], "plant_species"),
    ("Adresse IP", ["192.168.1.12"], "ip_address"),
    ("Numéro de dossier", ["PC0589992500001"], "case_number"),
    ("Profession", ["Boulanger"], "occupation"),
    ("Nationalité", ["française"], "nationality"),
    ("Libellé", ["Achat de fournitures"], ""),
    ("Référence", ["A-12", "B-14"], ""),
    ("Nombre", ["12", "45"], ""),
    ("Identifiant", ["1", "2", "3"], ""),
    ("Description", ["Un bel endroit, près de la rivière."], ""),
    ("Type", ["Voiture", "Vélo"], ""),
    ("Effectif", ["25", "27"], ""),
    ("Population", ["1250", "3446"], ""),
    ("Quartier", ["Centre", "Les Prés"], ""),
    ("Numéro", ["12", "14 bis"], ""),
    ("Code", ["A12", "B13"], ""),
    ("Surface (m²)", ["12,5", "1200"], ""),
    ("Titre", ["Fête de la musique"], ""),
    ("Objet", ["Subvention de fonctionnement"], ""),
    ("Statut", ["Ouvert", "Fermé"], ""),
    ("Capacité", ["150", "300"], ""),
    ("Nature", ["aide en numéraire"], ""),
    ("Fonction", ["Maire", "Adjoint"], ""),
    ("Voix", ["12", "345"], ""),
    ("Consommation (kWh)", ["1200", "3400"], ""),
]


@pytest.mark.parametrize(("header", "cells", "expected"), CASES, ids=[f"{c[0]}-{c[2]}" for c in CASES])
def test_a_column_is_known_by_its_header_and_its_cells(header: str, cells: list[str], expected: str) -> None:
    assert meaning(header, cells)[0] == expected


def test_every_meaning_that_the_product_promises_has_its_case() -> None:
    tried = {c[2] for c in CASES}
    beside = {"health", "social_aid", "json", "boolean"}  # said by headers of people, or by the type of the column
    assert set(detectors()) <= tried | beside


@pytest.mark.parametrize(
    "header", ["SIRET", "Code postal", "Téléphone", "Date", "Montant", "CPV", "Latitude", "Compte"]
)
def test_a_header_that_lies_is_not_believed(header: str) -> None:
    assert meaning(header, ["Salle des fêtes", "Gymnase municipal", "Piscine du parc"])[0] == ""
