"""Columns of people in tables as offices write them: found by header, neighbours and cells; harmless ones left alone."""

from __future__ import annotations

import csv
import importlib
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from parvis.privacy import roles, screen
from parvis.profiling import profile as profiling
from parvis.tables import read as reading
from parvis.tables import types
from parvis.values import Column, Finding, Kind, Parcel, Profile

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
GOALS = {"direct": 0.97, "quasi": 0.9, "sensitive": 0.93, "text": 1.0, "none": 0.95}


@cache
def module(name: str) -> ModuleType:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(BENCHMARKS))


def read(path: Path, work: Path) -> tuple[Profile, tuple[Finding, ...]]:
    work.mkdir()
    (raw,) = reading.read(Parcel(path, path.name, "0", path.stat().st_size), work / "read").tables
    columns = types.infer(raw)
    types.write(raw, columns, work / "typed.parquet")
    profile = profiling.profile(raw, columns, work / "typed.parquet")
    return profile, screen.screen(work / "typed.parquet", profile)


def told(folder: Path, name: str, cells: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the role of each column of a small table, by header."""
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream, delimiter=";")
        out.writerow(cells)
        out.writerows(zip(*cells.values(), strict=True))
    profile, findings = read(path, folder / "work")
    known = roles.roles(profile, findings)
    return {c.label: known[c.name] for c in profile.columns}


@pytest.mark.parametrize("name", ["taught", "judged", "unseen_e", "unseen_f", "unseen_g"])
def test_the_columns_of_people_are_found_and_the_others_left_alone(tmp_path: Path, name: str) -> None:
    made, bench, sentences = module("labelled_columns"), module("bench_columns"), module("labelled")
    about = [s for s in sentences.sentences(sentences.families(sentences.FOLDER / "judged.txt"), 300, 3) if s.labels]
    about = [s for s in about if any(x.hide and x.kind == "person" for x in s.labels)]
    total, found, wrong = Counter[str](), Counter[str](), []
    for table in made.tables(made.FOLDER / f"{name}.txt"):
        profile, findings = read(made.write(table, tmp_path, 40, 5, about), tmp_path / f"work_{table.name}")
        known = roles.roles(profile, findings)
        by_label = {c.label: known[c.name] for c in profile.columns}
        for column in table.columns:
            good = bench.right(column.role, by_label[column.header])
            total[column.role] += 1
            found[column.role] += good
            if not good:
                wrong.append(f"{table.name}/{column.header}: {column.role}, {by_label[column.header]}")
            assert good or not column.key, wrong[-1]
    for role, goal in GOALS.items():
        assert found[role] >= goal * total[role], wrong


def test_one_number_in_a_long_column_of_references_is_found(tmp_path: Path) -> None:
    cells = [f"REF-{i:06d}" for i in range(20_000)]
    cells[17_345] = "269054958815780"
    assert told(tmp_path, "stock", {"reference": cells, "quantite": ["1"] * 20_000})["reference"]


HOSTILE: list[tuple[str, dict[str, list[str]], dict[str, str]]] = [
    (
        "a gymnasium's « nom » is a place",
        {"nom": ["Jean Durand", "Alice Martin"] * 8, "adresse": ["12 rue des Lilas"] * 16, "capacite": ["120"] * 16},
        {"nom": "", "adresse": ""},
    ),
    (
        "a trader's SIRET is a person's",
        {"exploitant": ["Alice Durand", "Jean Martin"] * 8, "siret": ["73282932000074", "40483304800022"] * 8},
        {"exploitant": "direct", "siret": "direct"},
    ),
    (
        "« SIRET ou NIR » may hold either",
        {"siret ou nir": ["73282932000074", "269054958815780"] * 8, "service": ["Voirie"] * 16},
        {"siret ou nir": "direct"},
    ),
    (
        "initials and a birth year",
        {
            "initiales": ["A.D.", "J.M."] * 8,
            "annee de naissance": ["1972", "1980"] * 8,
            "religion": ["catholique"] * 16,
        },
        {"initiales": "quasi", "annee de naissance": "quasi", "religion": "sensitive"},
    ),
    (
        "a hash of the NIR",
        {"id": ["098f6bcd4621d373cade4e832627b4f6"] * 16, "annee_naiss": ["1972"] * 16, "pathologie": ["asthme"] * 16},
        {"id": "direct", "pathologie": "sensitive"},
    ),
    (
        "a menu says who believes what",
        {"enfant": ["DURAND Alice", "MARTIN Jean"] * 8, "menu": (["standard"] * 6 + ["sans porc"] * 2) * 2},
        {"enfant": "direct", "menu": "sensitive"},
    ),
    (
        "a menu of the canteen says nothing",
        {"date": ["2026-01-05"] * 16, "plat": ["poulet halal", "omelette"] * 8},
        {"plat": ""},
    ),
    (
        "votes with their times",
        {
            "electeur": ["citoyen42", "voisine7"] * 8,
            "vote_le": [f"2026-01-05 10:{i:02d}:12" for i in range(16)],
            "projet": ["Verger", "Piste"] * 8,
        },
        {"vote_le": "quasi", "projet": "sensitive"},
    ),
    (
        "a sensor that shows an empty house",
        {
            "logement": ["LGT-101", "LGT-102"] * 8,
            "horodatage": [f"2026-01-05 10:{i:02d}:12" for i in range(16)],
            "presence": ["0", "1"] * 8,
        },
        {"logement": "direct", "presence": "sensitive"},
    ),
    (
        "a private mailbox of an association",
        {"titre": ["Judo club", "Chorale"] * 8, "courriel": ["alice.durand@orange.fr", "contact@chorale.fr"] * 8},
        {"titre": "", "courriel": "direct"},
    ),
    (
        "the ages of trees and the sexes of dogs",
        {"espece": ["chien"] * 16, "sexe": ["M", "F"] * 8, "age": ["3", "5"] * 8},
        {"sexe": "", "age": ""},
    ),
    (
        "the race of people is no animal's",
        {"nom": ["Durand", "Martin"] * 8, "ddn": ["12/03/1972", "04/11/1980"] * 8, "race": ["A", "B"] * 8},
        {"nom": "direct", "ddn": "direct"},
    ),
    (
        "a cat that somebody found",
        {"espece": ["chat"] * 16, "date de naissance": ["12/03/2021", "04/11/2022"] * 8, "nom": ["Rex", "Oslo"] * 8},
        {"date de naissance": "", "nom": ""},
    ),
    (
        "headers of a program",
        {
            "NOMRESP1": ["DURAND", "MARTIN"] * 8,
            "DTNAISS": ["12/03/1972"] * 16,
            "SITFAM": ["M", "C"] * 8,
            "QF": ["410", "980"] * 8,
        },
        {"NOMRESP1": "direct", "DTNAISS": "direct", "SITFAM": "quasi", "QF": "sensitive"},
    ),
    (
        "headers that lost their accents",
        {
            "Pr_nom": ["Alice", "Jean"] * 8,
            "Nom": ["Durand", "Martin"] * 8,
            "Nationalit_": ["française", "malienne"] * 8,
        },
        {"Pr_nom": "direct", "Nom": "direct", "Nationalit_": "quasi"},
    ),
    (
        "a form in English",
        {
            "Last name": ["Durand", "Martin"] * 8,
            "Date of birth": ["1972-03-12", "1980-11-04"] * 8,
            "Marital status": ["single", "married"] * 8,
            "Disability": ["yes", "no"] * 8,
        },
        {"Last name": "direct", "Date of birth": "direct", "Marital status": "quasi", "Disability": "sensitive"},
    ),
    (
        "files of social services name nobody",
        {
            "n° bénéficiaire": [f"B{i:05d}" for i in range(16)],
            "GIR": ["2", "4"] * 8,
            "date d'entrée": [f"2026-01-{i + 1:02d}" for i in range(16)],
        },
        {"n° bénéficiaire": "direct", "GIR": "sensitive", "date d'entrée": "quasi"},
    ),
    (
        "photos that bear names",
        {
            "matricule": [f"A{i:04d}" for i in range(16)],
            "photo": [
                f"{n}_alice.jpg"
                for n in ("durand", "martin", "bernard", "petit", "robert", "richard", "moreau", "simon")
            ]
            * 2,
            "grade": ["attaché", "rédacteur"] * 8,
        },
        {"photo": "direct", "grade": "quasi"},
    ),
    (
        "counts by age and sex are nobody's",
        {"sexe": ["F", "H"] * 8, "age": ["18-25"] * 16, "effectif": [str(i) for i in range(100, 116)]},
        {"sexe": "", "age": "", "effectif": ""},
    ),
]


@pytest.mark.parametrize(("said", "cells", "expected"), HOSTILE, ids=[h[0] for h in HOSTILE])
def test_hostile_tables(tmp_path: Path, said: str, cells: dict[str, list[str]], expected: dict[str, str]) -> None:
    found = told(tmp_path, "table", cells)
    assert {header: found[header] for header in expected} == expected


HELD_BACK = [
    ({"alarme": ["A1"] * 12, "adresse": ["12 rue des Lilas"] * 12}, "safety"),
    ({"abri antiatomique": ["A1"] * 12, "adresse": ["12 rue des Lilas"] * 12}, "safety"),
    ({"captage eau potable": ["C1"] * 12, "x": ["652381.5"] * 12, "y": ["6862047.1"] * 12}, "safety"),
    ({"depot munitions": ["D1"] * 12, "adresse": ["12 rue des Lilas"] * 12}, "safety"),
    ({"marche": ["M1"] * 12, "prix unitaire": ["12,50"] * 12}, "business_secret"),
]


@pytest.mark.parametrize(("cells", "meaning"), HELD_BACK)
def test_what_the_law_holds_back_waits_for_a_decision(
    tmp_path: Path, cells: dict[str, list[str]], meaning: str
) -> None:
    path = tmp_path / "table.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([list(cells), *zip(*cells.values(), strict=True)])
    _, findings = read(path, tmp_path / "work")
    assert meaning in {f.values["meaning"] for f in findings}
    assert all("L. 311-" in f.why for f in findings if f.values["meaning"] == meaning)


@pytest.mark.parametrize(
    "cells",
    [
        {"abri velos": ["A1"] * 12, "adresse": ["12 rue des Lilas"] * 12},
        {"borne de recharge": ["B1"] * 12, "adresse": ["12 rue des Lilas"] * 12, "puissance": ["22"] * 12},
        {"tarif": ["adulte"] * 12, "prix unitaire": ["12,50"] * 12},
        {"nombre d'alarmes": ["3"] * 12, "annee": ["2025"] * 12},
    ],
)
def test_what_only_looks_like_it_is_left_alone(tmp_path: Path, cells: dict[str, list[str]]) -> None:
    assert not any(told(tmp_path, "table", cells).values())


def column(label: str, kind: Kind, cells: Sequence[str], meaning: str = "") -> tuple[Column, Sequence[str]]:
    name = label.lower().replace(" ", "_")
    return Column(name, label, kind, meaning, filled=100, distinct=len(set(cells)), examples=tuple(cells[:5])), cells


@pytest.mark.parametrize(
    ("label", "kind", "cells", "matter"),
    [
        ("pathologie", Kind.TEXT, ["asthme", "aucune"], "health"),
        ("ressources", Kind.INTEGER, ["900", "1200"], "income"),
        ("repas", Kind.TEXT, ["standard", "sans porc"], "belief"),
        ("date arret", Kind.DATE, ["2026-01-05"], ""),
        ("quartier", Kind.TEXT, ["Gare", "Centre"], ""),
    ],
)
def test_what_the_law_protects_is_told_by_header_or_by_choices(
    label: str, kind: Kind, cells: list[str], matter: str
) -> None:
    one = column(label, kind, cells)
    assert roles.protected({one[0].name: one}).get(one[0].name, "") == matter


@pytest.mark.parametrize(
    ("label", "kind", "cells", "inside"),
    [
        ("montant accordé", Kind.INTEGER, ["100", "250"], True),
        ("état", Kind.TEXT, ["en attente", "validé", "refusé"], True),
        ("nb enfants", Kind.INTEGER, ["1", "2"], False),
        ("commune", Kind.TEXT, ["Fontclaire"], False),
        ("profil", Kind.TEXT, ["A", "B"], False),
    ],
)
def test_only_what_a_service_alone_knows_is_unknown_to_others(
    label: str, kind: Kind, cells: list[str], inside: bool
) -> None:
    assert roles.kept_inside(*column(label, kind, cells)) is inside


SUBJECTS = "environnement equipements mobilite marches subventions vie-locale geographie finances services budget-totem".split()
MOST_FLAGGED = 0.03
LARGEST = 60_000  # bytes of the real files that are read


@pytest.mark.shared
@pytest.mark.slow
def test_what_towns_publish_already_is_left_alone(shared: Path, tmp_path: Path) -> None:
    """Few columns of files that are public already speak of people: contacts, mostly."""
    flagged, total = [], 0
    files = [p for s in SUBJECTS for p in sorted((shared / "data" / s).rglob("*.csv")) if p.stat().st_size <= LARGEST]
    for number, path in enumerate(files):
        profile, findings = read(path, tmp_path / str(number))
        known = roles.roles(profile, findings)
        total += len(profile.columns)
        flagged += [f"{path.name}: {c.label}, {known[c.name]}" for c in profile.columns if known[c.name]]
    print(f"\n{len(flagged)} columns of {total} in {len(files)} files:", *flagged, sep="\n")
    assert total >= 300
    assert len(flagged) <= MOST_FLAGGED * total
