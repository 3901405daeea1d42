"""Which schema a table follows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from parvis.schemas.match import fit, key, mapped, match
from parvis.schemas.schema import all_ids, load
from parvis.values import Column, Kind, Profile

SURE = 0.6
SUBSIDIES = [f.name for f in load("scdl/subventions").fields]


def profile(*labels: str, **meanings: str) -> Profile:
    columns = tuple(Column(f"c{i}", label, meaning=meanings.get(label, "")) for i, label in enumerate(labels))
    return Profile("csv", 3, columns)


def best(*labels: str) -> tuple[str, float]:
    found = match(profile(*labels))
    return (found[0].schema, found[0].confidence) if found else ("", 0.0)


@pytest.mark.parametrize("name", all_ids())
def test_a_file_with_all_the_fields_follows_its_schema(name: str) -> None:
    found, confidence = best(*(f.name for f in load(name).fields))
    assert found == name and confidence > 0.9


@pytest.mark.parametrize(
    "name",
    """scdl/subventions scdl/deliberations scdl/equipements scdl/prenoms scdl/menus-collectifs scdl/catalogue scdl/budget
    etalab/schema-irve-statique etalab/schema-lieux-covoiturage etalab/schema-bal atlasante/schema-dae""".split(),
)
def test_the_required_fields_are_enough(name: str) -> None:
    found, confidence = best(*(f.name for f in load(name).required))
    assert found == name and confidence >= SURE


@pytest.mark.parametrize(
    "write",
    [
        str.upper,
        str.lower,
        lambda n: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", n).capitalize(),
        lambda n: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", n).upper(),
        lambda n: n.replace("e", "é"),
        lambda n: f"  {n} ",
        lambda n: n.replace("Beneficiaire", " du bénéficiaire").replace("Attribuant", " de l'attribuant"),
    ],
)
def test_headers_may_be_written_otherwise(write: object) -> None:
    labels = [write(n) for n in SUBSIDIES]  # type: ignore[operator]  # a function of the list above
    found = match(profile(*labels))[0]
    assert found.schema == "scdl/subventions" and found.confidence >= SURE and len(found.mapping) == 16


def test_one_wrong_letter_and_ten_letters_of_a_shapefile_are_seen_through() -> None:
    table = profile("nomAtribuant", "idBeneficaire", "referenceDecisoin", "conditionsVersements", "datesPerio")
    assert mapped(table.columns, load("scdl/subventions")) == {
        "nomAttribuant": "c0",
        "referenceDecision": "c2",
        "idBeneficiaire": "c1",
        "conditionsVersement": "c3",
        "datesPeriodeVersement": "c4",
    }


def test_numbered_fields_are_not_taken_for_one_another() -> None:
    names = ["tarif_1h", "tarif_2h", "tarif_3h", "tarif_4h"]
    assert mapped(profile("tarif_4h").columns, load("etalab/schema-stationnement")) == {"tarif_4h": "c0"}
    assert len(mapped(profile(*names).columns, load("etalab/schema-stationnement"))) == 4


def test_a_clerks_own_headers_make_a_candidate_and_no_certainty() -> None:
    found = match(profile("Association", "N° SIRET", "Objet", "Montant voté", "Date de décision"))
    assert found[0].schema == "scdl/subventions" and found[0].confidence < SURE
    assert found[0].mapping["nomBeneficiaire"] == "c0" and found[0].mapping["montant"] == "c3"
    assert "il manque" in found[0].reason


@pytest.mark.parametrize(
    "labels",
    [
        ("nom", "adresse", "latitude", "longitude"),
        ("id", "nom", "type", "adresse", "code_postal", "commune", "longitude", "latitude"),
        ("id", "nom", "type", "adresse", "code_postal", "commune", "longitude", "latitude", "localisation", "commentaire",
         "date_maj"),
        ("nom", "insee", "adresse", "url", "Xlong", "Ylat"),
        ("id", "nom", "siret"),
        ("date", "valeur"),
        ("",),
        (),
    ],
)  # fmt: skip
def test_everyday_headers_follow_nothing(labels: tuple[str, ...]) -> None:
    assert best(*labels)[1] < SURE


def test_a_column_is_used_once_and_meaning_is_the_last_resort() -> None:
    schema = load("scdl/subventions")
    table = profile("montant", "Montant", "organisme", organisme="rna")
    mapping = mapped(table.columns, schema)
    assert len(set(mapping.values())) == len(mapping)
    assert mapping["montant"] == "c0" and mapping["rnaBeneficiaire"] == "c2"


def test_long_headers_are_paired_by_the_words_they_hold() -> None:
    columns = (
        Column("c0", "Nom ou raison sociale de l'organisme bénéficiaire", filled=9),
        Column("c1", "Montant total de la subvention votée (€)", kind=Kind.NUMBER, filled=9),
        Column("c2", "Date de la convention signée", kind=Kind.DATE, filled=9),
        Column("c3", "Montant du prêt", kind=Kind.NUMBER, filled=9),
    )
    mapping = mapped(columns, load("scdl/subventions"))
    assert mapping == {"nomBeneficiaire": "c0", "montant": "c1", "dateConvention": "c2"}


def test_cells_that_are_something_else_undo_a_foreign_header_and_doubt_a_right_one() -> None:
    schema = load("scdl/subventions")
    dates = Column("c0", "Montant accordé", kind=Kind.DATE, filled=9)
    assert mapped([dates], schema) == {}
    assert mapped([Column("c0", "montant", kind=Kind.DATE, filled=9)], schema) == {"montant": "c0"}
    right = Profile("csv", 9, tuple(Column(f"c{i}", n, filled=9) for i, n in enumerate(SUBSIDIES)))
    lying = Profile("csv", 9, tuple(Column(f"c{i}", n, Kind.BOOLEAN, filled=9) for i, n in enumerate(SUBSIDIES)))
    assert fit(lying, schema).confidence < fit(right, schema).confidence


def test_a_table_whose_matter_is_told_is_a_candidate_and_no_certainty() -> None:
    found = match(profile("N° de délibération", "Objet", "Rapporteur", "Service", "Date du conseil"))
    assert found[0].schema == "scdl/deliberations" and 0.3 <= found[0].confidence < SURE
    assert "sous d'autres noms" in found[0].reason and "parle de" in found[0].reason


@pytest.mark.parametrize(
    ("header", "version"), [("toponyme", "1.5"), ("id_ban_adresse", "1.4"), ("cad_parcelles", "1.3"), ("source", "")]
)
def test_the_version_of_an_address_file_is_told_by_its_headers(header: str, version: str) -> None:
    names = ["cle_interop", "commune_insee", "commune_nom", "numero", "suffixe", "date_der_maj", "voie_nom", header]
    found = match(profile(*names))[0]
    assert found.schema == "etalab/schema-bal"
    assert found.reason.partition(" ; version ")[2] == version


def test_a_budget_in_totem_follows_the_national_schema() -> None:
    table = Profile("totem", 3, (Column("c0", "chapitre"), Column("c1", "nature"), Column("c2", "section")))
    assert match(table)[0].schema == "scdl/budget" and match(table)[0].confidence >= SURE


def test_a_geometry_is_no_column_of_a_schema() -> None:
    shape = Column("geometry", "geopoint", kind=Kind.GEOMETRY)
    assert mapped([shape], load("openmaraude/schema-stationstaxi")) == {}


def test_the_reason_names_what_is_missing() -> None:
    found = fit(profile(*[n for n in SUBSIDIES if n != "montant"]), load("scdl/subventions"))
    assert found.missing == ("montant",) and found.reason == "15 champs sur 16 retrouvés ; il manque montant"


def test_two_writings_of_one_name_share_a_key() -> None:
    assert key("Nom de l'attribuant") == key("nomAttribuant") == key("NOM_ATTRIBUANT") == key("nom attribuant")


def test_thousands_of_columns_are_matched_quickly() -> None:
    assert match(profile(*(f"colonne {i}" for i in range(2000)))) == ()


FOLLOW = {
    "budget-totem/budget-crach-001/expected.csv": "scdl/budget",
    "mobilite/arretes-circulation/carros.csv": "CEREMA/schema-arrete-circulation-marchandises",
    "mobilite/bnlc/bnlc-.csv": "etalab/schema-lieux-covoiturage",
    "mobilite/irve/irve-consolidation-v2.0.0-20210718.csv": "etalab/schema-irve-statique",
    "schema-exemples/acceslibre/base-exemple.csv": "MTES-MCT/acceslibre-erp-base",
    "schema-exemples/acceslibre/etablissements_scolaires-exemple.csv": "MTES-MCT/acceslibre-erp-etablissement-scolaire",
    "schema-exemples/arbres/exemple-valide.csv": "naturalsolutions/schema-arbre",
    "schema-exemples/bal/1.3-valid.csv": "etalab/schema-bal",
    "schema-exemples/bal/1.5-valid.csv": "etalab/schema-bal",
    "schema-exemples/bal/aliases.csv": "etalab/schema-bal",
    "schema-exemples/covoiturage/exemple-invalide.csv": "etalab/schema-lieux-covoiturage",
    "schema-exemples/hautes-remunerations/exemple-valide.csv": "etalab/schema-hautes-remunerations",
    "schema-exemples/irve/exemple-valide-dynamique.csv": "etalab/schema-irve-dynamique",
    "schema-exemples/prenoms/prenoms-nouveaux-nes_exemple-invalide.csv": "scdl/prenoms",
    "schema-exemples/stationnement/exemple-valide.csv": "etalab/schema-stationnement",
    "schema-exemples/subventions/exemple.csv": "scdl/subventions",
    "subventions/departements/201903_Publication_données_Open_data_Subventions_Conventions.csv": "scdl/subventions",
}
FREE = """catalogue/montpellier-Opendata/VilleMTP_MTP_Opendata.csv
    deliberations/montpellier-Delibs/VilleMTP_MTP_Delibs.csv
    equipements/montpellier-Defibrillateurs/VilleMTP_MTP_Defibrillateurs.csv
    equipements/montpellier-EtabliPublic/VilleMTP_MTP_EtabliPublic.csv
    equipements/montpellier-FontainesPublic/VilleMTP_MTP_FontainesPublic.csv
    mobilite/montpellier-ParkingOuvrage/VilleMTP_MTP_ParkingOuv.csv
    mobilite/montpellier-Comptage/VilleMTP_MTP_Comptage.csv
""".split()


@pytest.mark.shared
@pytest.mark.parametrize("path", FOLLOW)
def test_a_real_file_that_follows_a_schema_is_recognised(shared: Path, path: str) -> None:
    found, confidence = best(*_header(shared / "data" / path))
    assert found == FOLLOW[path] and confidence >= SURE


@pytest.mark.shared
@pytest.mark.parametrize("path", FREE)
def test_a_real_file_that_follows_none_is_not(shared: Path, path: str) -> None:
    assert best(*_header(shared / "data" / path))[1] < SURE


def _header(path: Path) -> list[str]:
    """Return the first line's cells: these files have plain headers without separators inside."""
    line = path.read_bytes().split(b"\n", 1)[0].decode("utf-8-sig", "replace").strip()
    sign = max(";,", key=line.count)
    return [cell.strip('" ') for cell in line.split(sign)]


@pytest.mark.parametrize(
    ("labels", "schema"),
    [
        ("Collectivité|SIRET collectivité|N° délibération|Date séance|Objet|Pour|Contre|Abstention|Lien PDF",
         "scdl/deliberations"),
        ("Attribuant|SIRET attribuant|Date de la délibération|Bénéficiaire|SIRET bénéficiaire|Objet de la subvention|"
         "Montant voté|Type d'aide|Modalités de versement|Réf. délibération", "scdl/subventions"),
        ("Nom de l'association|Thème|Président|Adresse du siège|Courriel|Téléphone|Site web", "parvis/associations"),
    ],
)  # fmt: skip
def test_a_table_that_a_schema_explains_nearly_whole_follows_it_under_its_own_headers(labels: str, schema: str) -> None:
    found, confidence = best(*labels.split("|"))
    assert found == schema and confidence >= SURE


@pytest.mark.parametrize(
    "labels",
    [
        "Subvention|Bénéficiaire|Température|Humidité|Pression|Vent|Pluie|Capteur",
        "Date séance|Salle|Ordre du jour|Président de séance|Heure|Convocation",
        "Association|Créneau|Gymnase|Jour|Heure de début|Heure de fin|Vestiaire",
    ],
)
def test_a_table_that_only_speaks_of_the_same_things_is_not_sure(labels: str) -> None:
    assert best(*labels.split("|"))[1] < SURE
