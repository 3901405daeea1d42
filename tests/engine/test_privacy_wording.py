"""What names a table comes out without the people that it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from parvis.privacy import wording
from parvis.values import Column, Metadata, Parcel, Policy, Profile, Rule


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Aides_DURAND_Rose.csv", "Aides.csv"),
        ("courrier-mme-quiberon.pdf", "courrier.pdf"),
        ("MARTIN Julie.xlsx", "fichier.xlsx"),
        ("arbres_2026.csv", "arbres_2026.csv"),
        ("ecole_Jean_Jaures.csv", "ecole_Jean_Jaures.csv"),
        ("budget", "budget"),
    ],
)
def test_a_file_is_named_without_its_people(name: str, shown: str) -> None:
    assert wording.file_name(name) == shown


def test_lines_sheets_and_headers_lose_their_people() -> None:
    profile = Profile(
        "xlsx",
        1,
        (Column("avis", "Avis de Mme Quiberon"), Column("n", "Nombre")),
        table="Mme Julie Martin",
        titles=("Liste suivie par Mme Julie Martin", "Aides de la commune"),
    )
    parcel, shown = wording.discreet(Parcel(Path("x"), "Aides_DURAND_Rose.csv", "0", 1), profile)
    assert (parcel.name, shown.table, shown.titles) == ("Aides.csv", "", ("Aides de la commune",))
    assert [c.label for c in shown.columns] == ["Avis de", "Nombre"]


def test_the_name_of_a_file_says_what_it_is_about() -> None:
    parcel = Parcel(Path("x"), "cameras_de-la-ville.csv", "0", 1)
    assert wording.titled(Profile("csv", 1, (), titles=("Titre",)), parcel).titles == ("Titre", "cameras de la ville")


def test_a_header_that_names_someone_is_not_in_the_policy_that_is_read() -> None:
    profile = Profile("csv", 1, (Column("avis_de_mme_quiberon", "Avis de Mme Quiberon"), Column("nom", "Nom")))
    policy = Policy((Rule("nom", "drop", decided_by="x"), Rule("avis_de_mme_quiberon", "drop", decided_by="x")))
    assert [r.column for r in wording.nameless(policy, profile).rules] == ["nom", "colonne_2"]


def test_a_page_that_would_name_someone_is_remarked_without_the_name() -> None:
    told = wording.remarks(
        Metadata(title="Aides", description="Suivi par Mme Julie Martin", source="Aides_DURAND_Rose.csv")
    )
    assert [f.values["field"] for f in told] == ["description", "source"]
    assert "Martin" not in str(told)
    assert not wording.remarks(Metadata(title="École Jean-Jaurès", producer="Mairie de Fontclaire"))
