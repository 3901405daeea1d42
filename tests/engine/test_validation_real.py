"""Real files against the schemas they follow: what is right has no remark, what is wrong has the expected one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from parvis.profiling.profile import profile as profile_of
from parvis.schemas.match import match
from parvis.schemas.schema import load
from parvis.tables import read as reading
from parvis.tables import repairs, types
from parvis.validation import run
from parvis.values import Finding, Parcel, Severity

pytestmark = pytest.mark.shared
SURE = 0.6

VALID = """schema-exemples/irve/exemple-valide-statique.csv schema-exemples/irve/exemple-valide-dynamique.csv
    schema-exemples/prenoms/prenoms-nouveaux-nes_exemple-valide.csv schema-exemples/stationnement/exemple-valide.csv
    schema-exemples/hautes-remunerations/exemple-valide.csv
    schema-exemples/acceslibre/base-exemple.csv schema-exemples/acceslibre/etablissements_scolaires-exemple.csv
    schema-exemples/bal/1.3-valid.csv schema-exemples/bal/1.5-valid.csv""".split()
WRONG = {
    "schema-exemples/prenoms/prenoms-nouveaux-nes_exemple-invalide.csv": {
        "schema.enum": "ENFANT_SEXE",
        "schema.pattern": "COMMUNE_NOM",
    },
    "schema-exemples/covoiturage/exemple-valide.csv": {
        "schema.french_format": "horaires"
    },  # « true », says Validata too
    "schema-exemples/covoiturage/exemple-invalide.csv": {"values.out_of_france_exchanged": "Xlong"},
    "schema-exemples/arbres/exemple-valide.csv": {"values.out_of_france_exchanged": "longitude"},
    "schema-exemples/subventions/exemple.csv": {"schema.pattern": "datesPeriodeVersement"},
    "subventions/departements/data.gouv-cd53-21-12-2018.xlsx": {
        "schema.enum": "nature",
        "schema.bound": "pourcentageSubvention",
        "rows.duplicate": "",
    },
    "budget-totem/budget-crach-001/expected.csv": {"schema.enum": "BGT_NATDEC"},
}
OTHERS = """mobilite/irve/irve-consolidation-v2.0.0-20210718.csv mobilite/bnlc/bnlc-.csv
    mobilite/arretes-circulation/fuveau.csv catalogue/montpellier-Opendata/VilleMTP_MTP_Opendata.csv
    equipements/montpellier-Defibrillateurs/VilleMTP_MTP_Defibrilateurs.geojson
    marches/pays-de-mormal/Marches_publics_2015.xlsx schema-exemples/bal/junk.ascii.csv
    donnees-personnelles/montpellier-ListeAssoc_2011/VilleMTP_MTP_ListeAssoc_2011.csv""".split()


def checked(path: Path, work: Path) -> list[tuple[str, Sequence[Finding]]]:
    """Return, for each table of a file, the schema it follows and what is said of it."""
    out: list[tuple[str, Sequence[Finding]]] = []
    read = reading.read(Parcel(path, path.name, "0", path.stat().st_size), work / "read")
    for number, table in enumerate(read.tables[:3]):
        place = work / str(number)
        place.mkdir()
        raw = repairs.apply(table, repairs.propose(table), place)
        columns = types.infer(raw)
        types.write(raw, columns, place / "typed.parquet")
        profile = profile_of(raw, columns, place / "typed.parquet")
        best = next((m for m in match(profile) if m.confidence >= SURE), None)
        schema, mapping = (load(best.schema), best.mapping) if best else (None, {})
        found = run.check(place / "typed.parquet", raw, profile, schema, mapping)
        assert all(0 <= share <= 1 for share in run.quality(profile, found).values())
        assert all(f.text and f.hint.format(**f.values) and len(f.examples) <= 5 for f in found)
        out.append((best.schema if best else "", found))
    return out


@pytest.mark.parametrize("name", VALID)
def test_a_valid_example_of_a_schema_has_no_serious_remark(shared: Path, tmp_path: Path, name: str) -> None:
    for schema, found in checked(shared / "data" / name, tmp_path):
        serious = [f.text for f in found if f.severity is not Severity.INFO and f.code.startswith("schema.")]
        assert schema and not serious


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_in_a_real_file_is_said_where_it_is(shared: Path, tmp_path: Path, name: str) -> None:
    [(_, found)] = checked(shared / "data" / name, tmp_path)
    places = {(f.code, f.place.column if f.place else "") for f in found}
    assert places >= set(WRONG[name].items())


@pytest.mark.parametrize("name", OTHERS)
def test_any_other_file_is_checked_to_the_end(shared: Path, tmp_path: Path, name: str) -> None:
    for _, found in checked(shared / "data" / name, tmp_path):
        assert "check.too_long" not in {f.code for f in found}
