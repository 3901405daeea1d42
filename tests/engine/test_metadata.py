"""What Parvis proposes to say of a file: a title and sentences that a resident reads."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from parvis.catalogue.metadata import prefill
from parvis.values import Column, Kind, Metadata, Parcel, Profile, SchemaMatch


def told(name: str, table: str = "", titles: tuple[str, ...] = (), **more: Any) -> Metadata:
    match = more.pop("match", None)
    columns = more.pop("columns", (Column("nom", "Nom"), Column("valeur", "Valeur", Kind.NUMBER)))
    parcel = Parcel(Path("content"), name, "0" * 64, 10)
    return prefill(parcel, Profile("csv", 3, columns, table=table, titles=titles, **more), match)


def known(schema: str, title: str) -> SchemaMatch:
    return SchemaMatch(schema, title, 0.95)


@pytest.mark.parametrize(
    ("name", "table", "titles", "expected"),
    [
        ("SUBVENTIONS 2025 provisoire.xls", "Feuil1", (), "Subventions (2025)"),
        ("qualite_air_avril_2026.json", "", (), "Qualité de l'air (avril 2026)"),
        ("menus-cantine-2026.csv", "", (), "Menus de la cantine (2026)"),
        ("places petite enfance.xlsx", "2025", (), "Places de la petite enfance (2025)"),
        (
            "Subventions 2022.xlsx",
            "Subventions 2022",
            ("Subventions aux associations",),
            "Subventions aux associations (2022)",
        ),
        ("Subventions 2022.xlsx", "Par domaine", (), "Subventions : par domaine (2022)"),
        (
            "x.xls",
            "DIA",
            ("Déclarations d'intention d'aliéner par quartier",),
            "Déclarations d'intention d'aliéner par quartier",
        ),
        ("eclairage_public_L93.zip", "eclairage_public.shp", (), "Éclairage public"),
        ("s.csv", "", ("VILLE DE SAINT-JEAN - SUBVENTIONS VERSÉES EN 2021",), "Subventions versées en 2021"),
        ("s.csv", "", ("Commune de Fontclaire : budget primitif 2024",), "Budget primitif 2024"),
        ("resultats municipales 2026 T1.csv", "", (), "Résultats des municipales 1er tour (2026)"),
        ("tonnages T1 2025.csv", "", (), "Tonnages T1 (2025)"),
        ("effectifs rentree 2025.csv", "", (), "Effectifs rentrée 2025"),
        ("etat indemnites elus 2025.xlsx", "L2123-24-1-1", (), "État indemnités élus (2025)"),
        ("DOCBUDG-21580999700012-CA-2022.xml", "", (), "Compte administratif (2022)"),
        ("export_ads_2025.csv", "", ("Export des autorisations 2025",), "Autorisations 2025"),
        ("Qualité de l'air.csv", "", (), "Qualité de l'air"),
        ("2025.csv", "", (), "2025"),
    ],
)
def test_titles_are_those_that_a_resident_would_give(
    name: str, table: str, titles: tuple[str, ...], expected: str
) -> None:
    assert told(name, table, titles).title.strip("() ") == expected.strip("() ")


@pytest.mark.parametrize(
    ("name", "match", "expected"),
    [
        ("bal_58999.csv", known("etalab/schema-bal", "Base adresse locale"), "Base adresse locale"),
        ("irve-statique.csv", known("etalab/schema-irve-statique", "Bornes de recharge"), "Bornes de recharge"),
        ("decp-2024.json", known("139bercy/format", "Marchés publics (DECP)"), "Marchés publics (DECP), 2024"),
        ("bornes du centre.csv", known("etalab/schema-irve-statique", "Bornes de recharge"), "Bornes du centre"),
    ],
)
def test_a_name_that_only_says_its_schema_takes_the_schema_s(name: str, match: SchemaMatch, expected: str) -> None:
    assert told(name, match=match).title == expected


def test_a_description_names_what_each_line_gives_in_words() -> None:
    columns = (
        Column("id_arbre", "ID_ARBRE"),
        Column("nom_latin", "NOM_LATIN"),
        Column("rue", "RUE"),
        Column("hauteur", "HAUTEUR", Kind.NUMBER),
        Column("de", "DE"),
        Column("nom", "Nom", meaning="person_name"),
        Column("geom", "geom", Kind.GEOMETRY),
    )
    said = told("arbres.csv", columns=columns, bbox=(3.0, 47.0, 3.1, 47.1)).description
    assert said.replace("\u00a0", " ").replace("\u202f", " ") == (
        "Chaque ligne donne : nom latin, rue, hauteur et id arbre. Les lignes se placent sur une carte. "
        "Chaque version est vérifiée avant d'être publiée ; les précédentes restent à télécharger."
    )


def test_a_description_takes_the_words_of_the_schema_and_calls_only_national_ones_a_schema() -> None:
    columns = (Column("nombenef", "nomBeneficiaire", description="Bénéficiaire"), Column("siret", "N° SIRET"))
    said = told("x.csv", columns=columns, match=known("scdl/subventions", "Subventions versées")).description
    assert said.startswith("Chaque ligne donne\u00a0: bénéficiaire et N° SIRET.") and "suivent le schéma" in said
    ours = told("x.csv", columns=columns, match=known("parvis/associations", "Associations")).description
    assert "celles du modèle" in ours and "schéma" not in ours


def test_a_description_leaves_units_to_the_columns() -> None:
    columns = (
        Column("no2", "no2_ug_m3", Kind.NUMBER),
        Column("ph", "pH", Kind.NUMBER),
        Column("s", "Surface (m²)", Kind.NUMBER),
    )
    assert (
        told("x.csv", columns=columns).description.split(" Chaque version")[0]
        == "Chaque ligne donne\u00a0: NO2, pH et surface."
    )


def test_a_table_of_personal_columns_alone_has_no_description() -> None:
    assert told("x.csv", columns=(Column("courriel", "Courriel", meaning="email"),)).description == ""


def test_the_period_is_that_of_the_month_of_the_sheet_or_of_first_and_last_days() -> None:
    def period(said: Metadata) -> tuple[str, str]:
        return said.temporal_start, said.temporal_end

    assert period(told("air_fevrier_2024.csv")) == ("2024-02-01", "2024-02-29")
    assert period(told("energie 2023-2025.xlsx", "2024", ("Consommations - 2024",))) == ("2024-01-01", "2024-12-31")

    def days(name: str, label: str, low: str, high: str) -> Column:
        return Column(name, label, Kind.DATE, minimum=low, maximum=high)

    calendar = (
        days("start_date", "start_date", "2026-01-05", "2026-03-01"),
        days("end_date", "end_date", "2026-06-30", "2026-12-31"),
    )
    assert period(told("calendrier.txt", columns=calendar)) == ("2026-01-05", "2026-12-31")
    kept = (days("date_maj", "date_der_maj", "2026-01-05", "2026-01-05"),)
    assert period(told("adresses.csv", columns=kept)) == ("", "")


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("qualite_air_2026.json", ("station.code", "station.nom", "horodatage"), "environnement"),
        ("agenda_2026.csv", ("Titre", "Date", "Tarif", "Lieu"), "vie-locale"),
        ("compteurs_velos_2025.csv", ("date", "compteur", "passages"), "mobilite"),
        ("zone_urba.geojson", ("LIBELLE", "TYPEZONE"), "urbanisme"),
        ("stationnement_velos.geojson", ("quartier", "voie", "adresse"), "mobilite"),
    ],
)
def test_a_file_s_name_tells_more_of_its_theme_than_a_column(name: str, labels: tuple[str, ...], expected: str) -> None:
    assert told(name, columns=tuple(Column(f"c{n}", label) for n, label in enumerate(labels))).theme == expected


def test_keywords_are_words_that_somebody_would_search() -> None:
    assert told("qualite_air_avril_2026.json").keywords == ("qualité", "air")
    assert dataclasses.asdict(told("liste des marches 2023.csv"))["keywords"] == ("marchés",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Subventions 2025.xlsx", "annual"),
        ("qualite_air_avril_2026.json", "monthly"),
        ("effectifs rentree 2025.csv", "annual"),
        ("frequentation trimestre 2 2025.csv", "quarterly"),
        ("resultats municipales 2026 T1.csv", "punctual"),
        ("arbres.geojson", "irregular"),
    ],
)
def test_how_often_a_file_comes_is_guessed_from_the_period_it_names(name: str, expected: str) -> None:
    assert told(name).frequency == expected


def test_a_file_that_says_no_period_tells_how_things_stood_the_day_it_came() -> None:
    parcel = Parcel(Path("content"), "arbres.csv", "0" * 64, 10, received_at="2026-03-02T08:00:00+00:00")
    said = prefill(parcel, Profile("csv", 3, (Column("nom", "Nom"),)), None)
    assert (said.temporal_start, said.temporal_end) == ("2026-03-02", "2026-03-02")


def test_a_description_is_long_enough_for_the_national_catalogue() -> None:
    assert len(told("x.csv").description) > 100
