"""Rows that are people are made alike before they leave, and small counts hidden: proposed, applied, judged again."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from parvis import pipeline
from parvis.errors import InputError, RefusedError
from parvis.privacy import anonymity
from parvis.privacy import policy as policies
from parvis.privacy import protect as protecting
from parvis.privacy.people import rows_are_people
from parvis.values import Anonymity, Column, Hiding, Kind, Policy, Preparation, Profile


def prepared(tmp_path: Path, text: str, name: str = "table.csv") -> Preparation:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return pipeline.inspect(path).preparations[0]


def table(tmp_path: Path, rows: dict[str, list[Any]], meanings: dict[str, str]) -> tuple[Path, Profile]:
    path = tmp_path / "typed.parquet"
    held = pa.table(rows)
    pq.write_table(held, path)
    kinds = {"int64": Kind.INTEGER, "string": Kind.TEXT, "double": Kind.NUMBER}
    columns = tuple(
        Column(n, n, kinds[str(held.schema.field(n).type)], meaning=meanings.get(n, ""), filled=held.num_rows)
        for n in held.column_names
    )
    return path, Profile("csv", held.num_rows, columns)


MEMBERS = {
    "age": [20 + n % 37 for n in range(200)],
    "sexe": ["FM"[n % 2] for n in range(200)],
    "quartier": [f"Quartier {n % 5}" for n in range(200)],
    "cotisation": [10.5 + n for n in range(200)],
}
MEANINGS = {"age": "age", "sexe": "sex"}


@pytest.mark.parametrize("shape", ["classes", "columns", "sets"])
@pytest.mark.parametrize("k", [2, 5, 20])
def test_as_many_people_as_asked_share_what_is_shown_whatever_the_shape(tmp_path: Path, shape: str, k: int) -> None:
    path, profile = table(tmp_path, MEMBERS, MEANINGS)
    wanted = Anonymity(k, ("age", "sexe", "quartier"), shape, decided_by="x")
    safe = protecting.protect(path, profile, Policy(anonymity=wanted), tmp_path / "safe.parquet")
    rows = [tuple(r.values()) for r in pq.read_table(safe.path, columns=list(wanted.keys)).to_pylist()]
    assert min(Counter(rows).values()) >= k and len(rows) >= 0.98 * 200
    assert safe.price is not None and 0 < safe.price.loss < 1
    kinds = {c.name: (c.kind, c.meaning) for c in safe.columns}
    assert kinds["age"] == (Kind.TEXT, "") and kinds["cotisation"][0] is Kind.NUMBER


def test_what_is_proposed_is_enough_and_nothing_is_proposed_when_nobody_stands_alone(tmp_path: Path) -> None:
    path, profile = table(tmp_path, MEMBERS, MEANINGS)
    wanted = anonymity.propose(path, profile.columns)
    assert wanted is not None and wanted.k == 5 and set(wanted.keys) >= {"age", "sexe", "quartier"}
    assert not wanted.decided_by
    few = {"age": [30, 40] * 20, "sexe": ["F", "M"] * 20}
    path, profile = table(tmp_path, few, MEANINGS)
    assert anonymity.propose(path, profile.columns) is None


def test_a_grave_matter_asks_for_larger_groups_even_once_it_is_taken_away(tmp_path: Path) -> None:
    path, profile = table(tmp_path, MEMBERS, MEANINGS)
    grave = (*profile.columns, Column("maladie", "Maladie", Kind.TEXT, meaning="health"))
    wanted = anonymity.propose(path, profile.columns, grave)
    assert wanted is not None and wanted.k == 11


def test_a_sensitive_column_keeps_several_values_in_each_group(tmp_path: Path) -> None:
    rows = {**MEMBERS, "maladie": [["asthme", "diabète", "grippe"][n * 7 % 3] for n in range(200)]}
    path, profile = table(tmp_path, rows, {**MEANINGS, "maladie": "health"})
    wanted = Anonymity(5, ("age", "sexe", "quartier"), sensitive=("maladie",), diversity=3, decided_by="x")
    alike = anonymity.apply(path, profile.columns, wanted, tmp_path / "out.parquet")
    held = pq.read_table(tmp_path / "out.parquet").to_pylist()
    groups: dict[tuple[str, ...], set[str]] = {}
    for row in held:
        groups.setdefault((row["age"], row["sexe"], row["quartier"]), set()).add(row["maladie"])
    assert min(map(len, groups.values())) >= 3 and len(alike.kept) == 200


def test_the_order_of_the_rows_tells_nothing_of_what_was_taken_away(tmp_path: Path) -> None:
    names = sorted(f"Nom{n:03}" for n in range(200))
    path, profile = table(tmp_path, {"nom": names, **MEMBERS}, {**MEANINGS, "nom": "last_name"})
    policy = policies.accept(Policy((policies.Rule("nom", "drop"),), anonymity=Anonymity(5, ("age", "sexe"))), "x")
    safe = protecting.protect(path, profile, policy, tmp_path / "safe.parquet")
    held = pq.read_table(safe.path)
    order = sorted(range(200), key=lambda n: [str(held.column(c)[n].as_py()) for c in ("age", "sexe", "quartier")])
    assert order == list(range(200)) and sorted(safe.kept.tolist()) == list(range(200))
    assert [held.column("cotisation")[n].as_py() for n in range(200)] == [MEMBERS["cotisation"][r] for r in safe.kept]


@pytest.mark.parametrize(
    "wanted",
    [
        Anonymity(1, ("age",)), Anonymity(10**6, ("age",)), Anonymity(5, ("nom",)), Anonymity(5, ("age",), "autre"),
        Anonymity(5, ("age",), sensitive=("age",)), Anonymity(5, ("age",), diversity=-1),
    ],
)  # fmt: skip
def test_a_wish_that_makes_no_sense_is_said(tmp_path: Path, wanted: Anonymity) -> None:
    path, profile = table(tmp_path, MEMBERS, MEANINGS)
    with pytest.raises((InputError, RefusedError)):
        anonymity.apply(path, profile.columns, wanted, tmp_path / "out.parquet")


def test_more_people_than_there_are_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path, profile = table(tmp_path, {n: v[:6] for n, v in MEMBERS.items()}, MEANINGS)
    policy = Policy(anonymity=Anonymity(10, ("age", "sexe"), decided_by="x"))
    with pytest.raises(RefusedError):
        protecting.protect(path, profile, policy, tmp_path / "safe.parquet")
    assert not (tmp_path / "safe.parquet").exists()


def test_a_grouping_is_replayed_and_waits_when_a_new_column_could_isolate(tmp_path: Path) -> None:
    held = Policy(anonymity=Anonymity(11, ("age", "sexe"), decided_by="x"))
    _, profile = table(tmp_path, MEMBERS, MEANINGS)
    same = policies.replayed(Policy(anonymity=Anonymity(5, ("age", "sexe"))), profile, (), held, {})
    assert same.anonymity == held.anonymity
    more = policies.replayed(Policy(anonymity=Anonymity(5, ("age", "sexe", "quartier"))), profile, (), held, {})
    assert more.anonymity is not None and not more.anonymity.decided_by
    left = dataclasses.replace(profile, columns=profile.columns[1:])
    assert policies.replayed(Policy(), left, (), held, {}).anonymity is None


def test_a_hiding_is_replayed_and_waits_when_a_new_count_could_give_it_back(tmp_path: Path) -> None:
    names = ("quartier", "nb_rsa", "nb_apa")
    profile = Profile("csv", 9, tuple(Column(n, n) for n in names))
    held = Policy(hiding=Hiding(("quartier",), ("nb_rsa",), decided_by="x"))
    same = policies.replayed(Policy(hiding=Hiding(("quartier",), ("nb_rsa",))), profile, (), held, {})
    assert same.hiding == held.hiding
    more = policies.replayed(Policy(hiding=Hiding(("quartier",), ("nb_rsa", "nb_apa"))), profile, (), held, {})
    assert more.hiding is not None and not more.hiding.decided_by
    left = dataclasses.replace(profile, columns=profile.columns[:1])
    assert policies.replayed(Policy(), left, (), held, {}).hiding is None


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("Âge;Sexe;Quartier\n" + "".join(f"{20 + n};F;Gare\n" for n in range(30)), True),
        ("Nom;Prénom;Grade\n" + "".join(f"DURAND{n};Alice;Adjoint\n" for n in range(30)), True),
        ("Association;SIRET;Président\n" + "".join(f"Club {n};7328293200007{n % 10};Mme Durand\n" for n in range(30)), False),
        ("Sexe;Tranche d'âge;Nombre\n" + "".join(f"F;{n} ans;{n + 20}\n" for n in range(30)), False),
        ("Espèce;Quartier;Hauteur\n" + "".join(f"Tilleul;Gare;{n}\n" for n in range(30)), False),
        ("Initiales;Année de naissance\n" + "".join(f"A.{chr(65 + n % 26)}.;{1950 + n}\n" for n in range(30)), True),
        ("Année de naissance;Code postal\n" + "".join(f"{1950 + n};58{n:03}\n" for n in range(30)), True),
        ("Année de naissance;Nombre\n" + "".join(f"{1950 + n};{n + 20}\n" for n in range(30)), False),
        ("Race;Année de naissance\n" + "".join(f"Épagneul;{2010 + n % 9}\n" for n in range(30)), False),
        ("Entrée;Âge\n" + "".join(f"2026-03-{n + 1:02} 08:{n:02}:11;{6 + n}\n" for n in range(30)), True),
        ("Relevé;Température\n" + "".join(f"2026-03-{n + 1:02} 08:{n:02}:11;{6 + n}\n" for n in range(30)), False),
        ("Adresse;Aide;Montant\n" + "".join(f"{n + 1} rue du Lac;RSA;{n}\n" for n in range(30)), True),
        ("Compteur;Adresse;m3\n" + "".join(f"PDL{n:04};{n + 1} rue du Lac;{50 + n}\n" for n in range(30)), True),
        ("Bâtiment;Adresse;kWh\n" + "".join(f"Salle {n};{n + 1} rue du Lac;{50 + n}\n" for n in range(30)), False),
        ("Race;Adresse du propriétaire\n" + "".join(f"Épagneul;{n + 1} rue du Lac\n" for n in range(30)), True),
        ("Date du mariage;Âge époux\n" + "".join(f"2024-03-{n + 1:02};{20 + n}\n" for n in range(30)), True),
        ("Horodateur;Votre âge\n" + "".join(f"2026/03/{n + 1:02} 8:0{n % 9}:12;26-40\n" for n in range(30)), True),
        ("Activité;Âge minimum;Tarif\n" + "".join(f"Danse {n};{3 + n % 9};{n}\n" for n in range(30)), False),
        ("Centre;Adresse;Aide\n" + "".join(f"Centre social {n};{n + 1} rue du Lac;RSA\n" for n in range(30)), False),
        ("Nom;Adresse;Aide sociale\n" + "".join(f"Maison {n};{n + 1} rue du Lac;RSA\n" for n in range(30)), False),
    ],
)  # fmt: skip
def test_rows_that_are_people_are_told_from_bodies_counts_and_things(tmp_path: Path, text: str, people: bool) -> None:
    told = prepared(tmp_path, text)
    assert rows_are_people(told.profile, told.findings) is people


@pytest.mark.parametrize(
    ("header", "hidden"),
    [
        ("Quartier;Bénéficiaires du RSA", True),
        ("Commune;Demandeurs d'emploi", True),
        ("École;Effectif des élèves", False),
        ("Candidat;Nombre de voix", False),
        ("Parking;Places", False),
    ],
)
def test_small_counts_are_hidden_on_grave_matters_only(tmp_path: Path, header: str, hidden: bool) -> None:
    rows = "".join(f"Lieu {n};{n * 3 + 2}\n" for n in range(12))
    told = prepared(tmp_path, f"{header}\n{rows}")
    assert (told.policy.hiding is not None) is hidden
