"""From the screen to the safe table: what blocks, what may be decided, and what never leaves."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import json
import pickle
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from parvis.errors import InputError, ParvisError, RefusedError, UnknownColumn, UnknownName
from parvis.privacy import policy as policies
from parvis.privacy import protect as protecting
from parvis.privacy import risk, screen, sql
from parvis.privacy.meanings import GROUNDS, MEANINGS
from parvis.profiling import profile as profiling
from parvis.tables import read as reading
from parvis.tables import types
from parvis.values import Column, Kind, Parcel, Policy, Profile, Risk, Rule, Severity, from_json, to_json

NIR, IBAN, MOBILE = "269054958815780", "FR7630006000011234567890189", "06 12 34 56 78"
MAILBOX, NAME = "alice.quiberon@courriel.example", "QUIBERON Alice"
_KINDS = {
    str: Kind.TEXT,
    int: Kind.INTEGER,
    float: Kind.NUMBER,
    dt.date: Kind.DATE,
    bool: Kind.BOOLEAN,
    bytes: Kind.GEOMETRY,
}


def table(
    folder: Path, cells: Mapping[str, Sequence[Any]], meanings: Mapping[str, str] | None = None, **facts: Any
) -> tuple[Path, Profile]:
    """Write a typed Parquet as ``tables`` does and return it with its profile; a column's label is its name."""
    rows = len(next(iter(cells.values())))
    path = folder / "typed.parquet"
    known = {name: next((type(v) for v in values if v is not None), str) for name, values in cells.items()}
    lines = pa.array(range(2, rows + 2), pa.int64())
    pq.write_table(pa.table({**{n: pa.array(v) for n, v in cells.items()}, "__line": lines}), path)
    columns = tuple(
        Column(
            name=name,
            label=name.replace("_", " "),
            kind=_KINDS[known[name]],
            meaning=(meanings or {}).get(name, ""),
            filled=sum(v is not None for v in values),
            distinct=len({v for v in values if v is not None}),
            examples=tuple(str(v) for v in values[:2]) if known[name] is str else (),
        )
        for name, values in cells.items()
    )
    return path, Profile(format="csv", rows=rows, columns=columns, **facts)


def codes(path: Path, profile: Profile) -> set[str]:
    return {f.code for f in screen.screen(path, profile)}


def accepted(path: Path, profile: Profile) -> Policy:
    return policies.accept(policies.propose(profile, screen.screen(path, profile)), by="référent")


def everything_in(path: Path) -> bytes:
    """Return the file's bytes, each compressed page opened, and each value as text."""
    raw = path.read_bytes()
    pages = []
    for found in re.finditer(rb"\x28\xb5\x2f\xfd", raw):
        stream = pa.CompressedInputStream(pa.BufferReader(raw[found.start() :]), "zstd")
        try:
            while piece := stream.read(1 << 16):
                pages.append(piece)
        except (OSError, pa.ArrowException):
            continue
    values = str(pq.read_table(path).to_pylist()) + str(pq.read_metadata(path).to_dict())
    return raw + b"".join(pages) + values.encode()


# --- The screen -----------------------------------------------------------------------------------

WHOLE = [
    ("nir", "numero_secu", [NIR, NIR]),
    ("iban", "rib", [IBAN, IBAN]),
    ("email", "courriel", [MAILBOX, "jean@courriel.example"]),
    ("phone", "portable", [MOBILE, "0712345678"]),
    ("birth_date", "date_naissance", [dt.date(1980, 5, 12), dt.date(2011, 1, 2)]),
    ("person_name", "demandeur", [NAME, "Mme Durand"]),
    ("plate", "immatriculation", ["AB-123-CD", "AB-124-CD"]),
    ("ip_address", "ip", ["192.0.2.1", "192.0.2.2"]),
]


@pytest.mark.parametrize(("meaning", "name", "cells"), WHOLE)
def test_a_column_of_personal_data_blocks_the_release(
    tmp_path: Path, meaning: str, name: str, cells: list[Any]
) -> None:
    path, profile = table(tmp_path, {name: cells, "montant": [1, 2]}, {name: meaning})
    (finding,) = screen.screen(path, profile)
    assert (finding.code, finding.severity, finding.count) == (f"privacy.{meaning}", Severity.BLOCK, 2)
    assert finding.place is not None
    assert (finding.place.line, finding.place.column) == (2, name.replace("_", " "))
    assert not finding.examples
    assert finding.why
    assert finding.hint


@pytest.mark.parametrize(
    ("meaning", "cell"),
    [
        ("nir", f"assurée {NIR}"),
        ("iban", f"à virer sur {IBAN}"),
        ("email", f"réponse à {MAILBOX}"),
        ("phone", f"rappeler au {MOBILE}"),
        ("birth_date", "née le 12/05/1980"),
        ("person_name", "Aide à Mme Quiberon"),
        ("person_name", "Relogement de Julie Martin"),
        ("address", "demeurant 12 rue des Lilas, 58990 Fontclaire"),
    ],
)
def test_one_value_inside_a_long_column_of_text_blocks_the_release(tmp_path: Path, meaning: str, cell: str) -> None:
    texts = [f"Travaux de voirie, lot {i}" for i in range(5000)]
    texts[4321] = cell
    path, profile = table(tmp_path, {"objet": texts})
    (finding,) = screen.screen(path, profile)
    assert (finding.code, finding.count) == (f"privacy.{meaning}", 1)
    assert finding.place is not None
    assert finding.place.line == 4323


def test_no_finding_ever_holds_the_value(tmp_path: Path) -> None:
    path, profile = table(
        tmp_path,
        {"notes": [f"{NAME}, {MOBILE}, {MAILBOX}, {NIR}, {IBAN}, née le 12/05/1980"], "nom": ["QUIBERON"], "n": [1]},
        {"nom": "last_name"},
    )
    said = json.dumps(to_json(screen.screen(path, profile)), ensure_ascii=False)
    for value in (NAME, MOBILE, MAILBOX, NIR, IBAN, "QUIBERON", "12/05/1980"):
        assert value not in said


@pytest.mark.parametrize(
    ("cells", "meanings"),
    [
        ({"courriel": ["mairie@ville.example", "contact@club.example"]}, {"courriel": "email"}),
        ({"telephone": ["03 86 00 00 00", "0386000001"], "nom": ["Gymnase", "Stade"]}, {"telephone": "phone"}),
        ({"prenom": ["Alice", "Jean"], "nombre": [3, 12]}, {"prenom": "first_name"}),
        ({"adresse": ["12 rue Jean Jaurès", "3 place Victor Hugo"]}, {"adresse": "address"}),
        ({"voie": ["Jean Durand", "Pierre Martin"], "longueur": [3, 12]}, {}),
        ({"nom": ["Jean Durand", "Alice Martin"], "lon": [3.0, 3.1], "lat": [47.0, 47.1]}, {"lon": "longitude"}),
        ({"nom_usuel": ["Chêne vert", "Platane", "Cèdre"], "hauteur": [3, 12, 9]}, {"nom_usuel": "last_name"}),
        ({"lieu": ["École Jean Durand", "Gymnase Alice Martin"]}, {"lieu": "person_name"}),
        ({"siret": ["21580999700012"], "ref": ["2015-0612345678"]}, {"siret": "siret"}),
        ({"periode": ["2015-01-01/2015-12-31"]}, {"periode": "period"}),
    ],
)
def test_what_belongs_to_nobody_blocks_nothing(tmp_path: Path, cells: dict[str, Any], meanings: dict[str, str]) -> None:
    assert codes(*table(tmp_path, cells, meanings)) == set()


def test_an_address_is_a_home_only_beside_people(tmp_path: Path) -> None:
    cells = {"adresse": ["12 rue des Lilas"], "nom": ["QUIBERON"], "prenom": ["Alice"]}
    meanings = {"adresse": "address", "nom": "last_name", "prenom": "first_name"}
    assert codes(*table(tmp_path, cells, meanings)) == {"privacy.address", "privacy.last_name", "privacy.first_name"}
    assert codes(*table(tmp_path, {"adresse": ["12 rue des Lilas"]}, meanings)) == set()


def test_a_landline_is_personal_only_beside_people(tmp_path: Path) -> None:
    cells = {"telephone": ["0386000000"], "nom": ["QUIBERON"], "prenom": ["Alice"]}
    meanings = {"telephone": "phone", "nom": "last_name", "prenom": "first_name"}
    assert "privacy.phone" in codes(*table(tmp_path, cells, meanings))


def test_where_cameras_and_fire_water_are_waits_for_a_decision(tmp_path: Path) -> None:
    cameras = {"n_camera": ["C01", "C02"], "implantation": ["Place du Marché", "Gare"], "longitude": [3.1, 3.2]}
    meanings = {"longitude": "longitude"}
    seen = screen.screen(*table(tmp_path, {**cameras, "type": ["dôme", "fixe"]}, meanings))
    assert {(f.code, f.values["name"]) for f in seen} == {
        ("privacy.safety", "implantation"),
        ("privacy.safety", "longitude"),
    }
    assert all(f.severity is Severity.BLOCK and "CADA" in f.why for f in seen)
    points = {"poteau_incendie": ["1", "2"], "x": [3.1, 3.2], "y": [47.0, 47.1]}
    assert {f.values["name"] for f in screen.screen(*table(tmp_path, points))} == {"x", "y"}
    shelters = {"abribus": ["A", "B"], "emplacement": ["Gare", "Mairie"]}
    assert not screen.screen(*table(tmp_path, shelters))
    counted = {"annee": [2024, 2025], "nombre_de_cameras": [12, 14]}
    assert not screen.screen(*table(tmp_path, counted))


def test_an_aid_is_personal_when_each_row_is_somebody(tmp_path: Path) -> None:
    meanings = {"age": "age", "aide": "social_aid"}
    assert codes(*table(tmp_path, {"age": ["61 et plus"], "aide": ["Loyer"]}, meanings)) == {"privacy.social_aid"}
    assert codes(*table(tmp_path, {"age": ["61 et plus"], "aide": ["Loyer"], "nombre": [12]}, meanings)) == set()


def test_remarks_are_read_even_where_the_table_is_about_places(tmp_path: Path) -> None:
    cells = {"nom": ["Jean Durand"], "observations": ["clé chez Jean Durand"], "adresse": ["12 rue des Lilas"]}
    path, profile = table(tmp_path, cells, {"adresse": "address"})
    assert [f.values["name"] for f in screen.screen(path, profile)] == ["observations"]


def test_numbers_that_a_program_spoilt_are_still_seen(tmp_path: Path) -> None:
    cells = {"nir": [int(NIR), int(NIR)], "portable": [612345678, 712345678], "montant": [612345678, 1]}
    path, profile = table(tmp_path, cells)
    assert {(f.code, f.values["name"]) for f in screen.screen(path, profile)} == {
        ("privacy.nir", "nir"),
        ("privacy.phone", "portable"),
    }


def test_one_value_in_a_very_wide_table_is_seen(tmp_path: Path) -> None:
    cells = {f"c{i}": [f"texte {i}", "Travaux de voirie"] for i in range(150)}
    cells["c99"] = ["texte", "Aide à Mme Quiberon"]
    (finding,) = screen.screen(*table(tmp_path, cells))
    assert (finding.code, finding.values["name"]) == ("privacy.person_name", "c99")


def test_a_header_that_is_a_person_blocks(tmp_path: Path) -> None:
    path, profile = table(tmp_path, {"a": [1, 2]})
    named = dataclasses.replace(profile, columns=(dataclasses.replace(profile.columns[0], label="Mme Quiberon"),))
    (finding,) = screen.screen(path, named)
    assert finding.values["where"] == "label"
    with pytest.raises(RefusedError):
        protecting.protect(path, named, policies.accept(Policy((Rule("a", "mask"),)), "x"), tmp_path / "o.parquet")


def test_a_column_whose_name_is_hostile_is_only_a_name(tmp_path: Path) -> None:
    path, profile = table(tmp_path, {'x"; DROP TABLE t; --': [MAILBOX], "b": ["1"]})
    policy = accepted(path, profile)
    safe = protecting.protect(path, profile, policy, tmp_path / "safe.parquet")
    assert [c.name for c in safe.columns][-1] == "b"
    assert MAILBOX.encode() not in everything_in(safe.path)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("vie-locale/montpellier-Monuments/VilleMTP_MTP_Monuments.csv", set()),
        ("donnees-sensibles/montpellier-CameraSurv/VilleMTP_MTP_CameraSurv.csv", set()),
        ("donnees-personnelles/carrieres-sous-poissy/nom-naiss-CSP.csv", set()),
        ("donnees-personnelles/montpellier-Prenoms/VilleMTP_MTP_Prenoms.csv", set()),
        ("deliberations/montpellier-Delibs/VilleMTP_MTP_Delibs.csv", {"privacy.person_name", "privacy.address"}),
        (
            "donnees-personnelles/montpellier-ListeAssoc_2011/VilleMTP_MTP_ListeAssoc_2011.csv",
            {"privacy.phone", "privacy.email"},
        ),
    ],
)
def test_a_real_file_raises_the_alarms_it_deserves(shared: Path, tmp_path: Path, file: str, expected: set[str]) -> None:
    source = shared / "data" / file
    (raw,) = reading.read(Parcel(source, source.name, "0", source.stat().st_size), tmp_path / "read").tables
    columns = types.infer(raw)
    types.write(raw, columns, tmp_path / "typed.parquet")
    assert codes(tmp_path / "typed.parquet", profiling.profile(raw, columns, tmp_path / "typed.parquet")) == expected


# --- The policy -----------------------------------------------------------------------------------


def people(folder: Path) -> tuple[Path, Profile]:
    return table(
        folder,
        {
            "nom": ["QUIBERON", "TESTARD", "ZYRKO", None],
            "prenom": ["Alice", "Jean", "Zoé", None],
            "naissance": [dt.date(1980, 5, 12), dt.date(1981, 6, 13), dt.date(1980, 7, 14), None],
            "nir": [NIR, NIR, NIR, None],
            "mobile": [MOBILE, "06 98 76 54 32", None, None],
            "sexe": ["F", "M", "F", "F"],
            "observations": [f"Voir Mme Quiberon au {MOBILE}", "rue Jean Jaurès", None, "rien"],
            "montant": [100, 200, 300, 400],
        },
        {
            "nom": "last_name", "prenom": "first_name", "naissance": "birth_date", "nir": "nir", "mobile": "phone",
            "sexe": "sex",
        },
    )  # fmt: skip


def test_the_safest_rule_is_proposed_for_each_column(tmp_path: Path) -> None:
    path, profile = people(tmp_path)
    policy = policies.propose(profile, screen.screen(path, profile))
    assert {r.column: r.transform for r in policy.rules} == {
        "nom": "drop", "prenom": "drop", "naissance": "year", "nir": "drop", "mobile": "drop",
        "observations": "mask_text",
    }  # fmt: skip
    assert all(r.reason and not r.decided_by for r in policy.rules)


def test_only_the_mailboxes_of_people_go_when_most_are_services(tmp_path: Path) -> None:
    boxes = ["mairie@ville.example", "contact@ville.example", "ccas@ville.example", MAILBOX]
    path, profile = table(tmp_path, {"courriel": boxes}, {"courriel": "email"})
    policy = accepted(path, profile)
    safe = protecting.protect(path, profile, policy, tmp_path / "safe.parquet")
    assert pq.read_table(safe.path)["courriel"].to_pylist() == [*boxes[:3], "[…]"]


def test_a_personal_column_is_kept_only_with_a_legal_ground(tmp_path: Path) -> None:
    path, profile = people(tmp_path)
    policy = accepted(path, profile)
    with pytest.raises(RefusedError, match="nom"):
        policies.decide(policy, "nom", "keep", by="référent")
    with pytest.raises(UnknownName):
        policies.decide(policy, "nom", "keep", ground="parce que", by="référent")
    kept = policies.decide(policy, "nom", "keep", ground="elected", by="référent")
    safe = protecting.protect(path, profile, kept, tmp_path / "safe.parquet")
    assert pq.read_table(safe.path)["nom"].to_pylist()[0] == "QUIBERON"
    assert [r.column for r in kept.rules] == [r.column for r in policy.rules]


def test_a_policy_written_by_hand_cannot_keep_without_a_ground(tmp_path: Path) -> None:
    path, profile = people(tmp_path)
    policy = accepted(path, profile)
    rules = tuple(dataclasses.replace(r, transform="keep") if r.column == "nom" else r for r in policy.rules)
    with pytest.raises(RefusedError, match="« nom »"):
        protecting.protect(path, profile, Policy(rules), tmp_path / "safe.parquet")


@pytest.mark.parametrize("name", ["keep", "initials", "start"])
def test_no_ground_publishes_a_social_security_number(tmp_path: Path, name: str) -> None:
    path, profile = people(tmp_path)
    policy = policies.decide(accepted(path, profile), "nir", name, ground="law", by="référent")
    with pytest.raises(RefusedError, match="« nir »"):
        protecting.protect(path, profile, policy, tmp_path / "safe.parquet")


def test_initials_of_people_need_a_ground_too(tmp_path: Path) -> None:
    path, profile = people(tmp_path)
    with pytest.raises(RefusedError):
        policies.decide(accepted(path, profile), "nom", "initials", by="référent")


def test_a_decision_has_an_author(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        policies.accept(Policy((Rule("a", "drop"),)), by="  ")


def test_accepting_leaves_what_was_decided_before() -> None:
    policy = policies.accept(Policy((Rule("a", "drop", decided_by="A"), Rule("b", "drop"))), by="B")
    assert [r.decided_by for r in policy.rules] == ["A", "B"]


def test_the_undecided_columns_are_named(tmp_path: Path) -> None:
    path, profile = people(tmp_path)
    findings = screen.screen(path, profile)
    proposed = policies.propose(profile, findings)
    assert set(policies.undecided(proposed, profile, findings)) == {r.column for r in proposed.rules}
    assert policies.check(policies.accept(proposed, "x"), profile, findings) == ()


def test_a_decision_is_replayed_on_what_was_seen_and_on_nothing_else(tmp_path: Path) -> None:
    meanings = {"demandeur": "person_name"}
    path, profile = table(tmp_path, {"demandeur": [NAME, "Mme Durand"], "note": ["rien", "rien"]}, meanings)
    found = screen.screen(path, profile)
    before, known = policies.accept(policies.propose(profile, found), "Bob"), policies.seen(found)
    again = policies.replayed(policies.propose(profile, found), profile, found, before, known)
    assert not policies.undecided(again, profile, found) and again.rules[0].decided_by == "Bob"
    assert not policies.replayed(policies.propose(profile, found), profile, found, before, {}).rules[0].decided_by
    path, profile = table(
        tmp_path, {"demandeur": [NAME, "Mme Durand"], "note": ["rien", f"joindre au {MOBILE}"]}, meanings
    )
    found = screen.screen(path, profile)
    again = policies.replayed(policies.propose(profile, found), profile, found, before, known)
    assert policies.undecided(again, profile, found) == ("note",)


def test_a_policy_is_kept_and_read_again(tmp_path: Path) -> None:
    path, profile = people(tmp_path)
    policy = policies.decide(accepted(path, profile), "nom", "mask", {"text": "« x »"}, by="référent")
    file = tmp_path / "p.json"
    file.write_text(policies.dump(policy), "utf-8")
    assert policies.load(file) == policy
    toml = tmp_path / "p.toml"
    toml.write_text('[[rules]]\ncolumn = "nom"\ntransform = "mask"\ndecided_by = "A"\n[rules.parameters]\ntext = "x"\n')
    assert policies.load(toml).rules[0] == Rule("nom", "mask", {"text": "x"}, decided_by="A")
    assert from_json(Policy, json.loads(json.dumps(to_json(policy)))) == policy


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "null", "{", '{"rules": {}}', '{"rules": [1]}', '{"rules": [{"column": 1, "transform": "drop"}]}',
        '{"rules": [{"column": "a", "transform": "nope"}]}',
        '{"rules": [{"column": "a", "transform": "__init__"}]}',
        '{"rules": [{"column": "a", "transform": "../../os"}]}',
        '{"rules": [{"column": "a", "transform": "mask", "parameters": {"sql": "1"}}]}',
        '{"rules": [{"column": "a", "transform": "mask", "parameters": {"text": 3}}]}',
        '{"rules": [{"column": "a", "transform": "band", "parameters": {"step": "1; DROP"}}]}',
        '{"rules": [{"column": "a", "transform": "keep", "ground": "xx"}]}',
        "[" * 100_000,
    ],
)  # fmt: skip
def test_a_file_that_is_no_policy_is_refused_in_french(tmp_path: Path, text: str) -> None:
    file = tmp_path / "p.json"
    file.write_text(text)
    with pytest.raises(ParvisError) as caught:
        policies.load(file)
    assert caught.value.text[0] in "«LU"


# --- Protection -----------------------------------------------------------------------------------


def test_nothing_of_what_was_removed_stays_in_the_file(tmp_path: Path) -> None:
    path, profile = people(tmp_path)
    safe = protecting.protect(path, profile, accepted(path, profile), tmp_path / "safe.parquet")
    held = everything_in(safe.path) + json.dumps(to_json(safe.columns), default=str).encode()
    for value in ("QUIBERON", "Quiberon", "TESTARD", "Alice", NIR, MOBILE, "1980-05-12", "__line"):
        assert value.encode() not in held, value
    assert b"rue Jean Jaur" in held
    assert [c.name for c in safe.columns] == ["naissance", "sexe", "observations", "montant"]
    shown = pq.read_table(safe.path, columns=["naissance", "observations"]).to_pylist()
    assert [tuple(row.values()) for row in shown] == [  # in the order of what is shown: theirs told the names
        (1980, "Voir Mme […] au […]"),
        (1980, None),
        (1981, "rue Jean Jaurès"),
        (None, "rien"),
    ]


def test_the_columns_tell_what_the_safe_table_holds(tmp_path: Path) -> None:
    path, profile = people(tmp_path)
    safe = protecting.protect(path, profile, accepted(path, profile), tmp_path / "safe.parquet")
    birth, _, notes, amount = safe.columns
    assert (birth.kind, birth.meaning, birth.minimum, birth.maximum, birth.filled) == (
        Kind.INTEGER,
        "year",
        1980,
        1981,
        3,
    )
    assert notes.examples == ("Voir Mme […] au […]", "rue Jean Jaurès", "rien")
    assert amount == profile.columns[-1]
    assert safe.rows == 4


def test_an_undecided_column_refuses_the_whole_table_and_leaves_no_file(tmp_path: Path) -> None:
    path, profile = people(tmp_path)
    proposed = policies.propose(profile, screen.screen(path, profile))
    for policy in (Policy(), proposed, policies.accept(Policy(proposed.rules[1:]), "x")):
        with pytest.raises(RefusedError, match="« nom »"):
            protecting.protect(path, profile, policy, tmp_path / "safe.parquet")
    assert [p.name for p in tmp_path.iterdir()] == ["typed.parquet"]


def test_a_caller_cannot_hide_a_column_from_the_screen(tmp_path: Path) -> None:
    path, profile = table(tmp_path, {"objet": ["x"], "courriel": [MAILBOX]})
    with pytest.raises(InputError, match="courriel"):
        protecting.protect(path, dataclasses.replace(profile, columns=profile.columns[:1]), Policy(), tmp_path / "s")
    with pytest.raises(RefusedError, match="« courriel »"):
        protecting.protect(path, profile, Policy(), tmp_path / "s")


def test_what_is_still_there_after_the_transform_is_refused(tmp_path: Path) -> None:
    path, profile = table(tmp_path, {"objet": ["Relogement de Julie Martin"], "n": [1]})
    weak = Policy((Rule("objet", "mask_text", {"names": False}, decided_by="x"),))
    with pytest.raises(RefusedError, match="« objet »"):
        protecting.protect(path, profile, weak, tmp_path / "safe.parquet")
    hostile = Policy((Rule("objet", "mask_text", {"text": "Mme Quiberon"}, decided_by="x"),))
    with pytest.raises(RefusedError):
        protecting.protect(path, profile, hostile, tmp_path / "safe.parquet")
    assert [p.name for p in tmp_path.iterdir()] == ["typed.parquet"]


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (Rule("inconnue", "drop", decided_by="x"), UnknownColumn),
        (Rule("b", "rien", decided_by="x"), UnknownName),
        (Rule("b", "band", {"step": 0}, decided_by="x"), InputError),
        (Rule("b", "start", {"length": -1}, decided_by="x"), InputError),
        (Rule("b", "mask", {"autre": 1}, decided_by="x"), InputError),
        (Rule("b", "mask_text", decided_by="x"), InputError),
        (Rule("geometry", "mask", decided_by="x"), RefusedError),
    ],
)
def test_a_hostile_policy_is_refused(tmp_path: Path, rule: Rule, error: type[ParvisError]) -> None:
    path, profile = table(tmp_path, {"a": ["x"], "b": [1], "geometry": [b"\1\1\0\0\0" + bytes(16)]})
    with pytest.raises(error):
        protecting.protect(path, profile, Policy((rule,)), tmp_path / "safe.parquet")
    with pytest.raises(ParvisError):
        policies.load(tmp_path / "absent.json")


def test_words_put_in_place_of_a_value_are_only_words(tmp_path: Path) -> None:
    path, profile = table(tmp_path, {"a": ["x", None]})
    words = "'); DROP TABLE t; --"
    safe = protecting.protect(path, profile, Policy((Rule("a", "mask", {"text": words}),)), tmp_path / "it's.parquet")
    assert pq.read_table(safe.path)["a"].to_pylist() == [words, None]


def test_a_table_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    path, profile = table(tmp_path, {"courriel": [MAILBOX]}, {"courriel": "email"})
    with pytest.raises(RefusedError):
        protecting.protect(path, profile, accepted(path, profile), tmp_path / "safe.parquet")


def test_a_table_without_people_passes_as_it_is(tmp_path: Path) -> None:
    shape = b"\1\1\0\0\0" + bytes(16)
    path, profile = table(tmp_path, {"a": ["x", "y"], "b": [1.5, None], "geometry": [shape, None]})
    safe = protecting.protect(path, profile, Policy(), tmp_path / "safe.parquet")
    assert pq.read_table(safe.path).to_pydict() == {"a": ["x", "y"], "b": [1.5, None], "geometry": [shape, None]}
    assert safe.columns == tuple(profile.columns)
    assert safe.risk == Risk(rows=2)


def test_an_empty_table_is_protected(tmp_path: Path) -> None:
    path, profile = table(tmp_path, {"a": pa.array([], pa.string())})  # type: ignore[dict-item]  # no cell tells a type
    assert protecting.protect(path, profile, Policy(), tmp_path / "safe.parquet").rows == 0
    assert protecting.preview(path, profile, Policy(), 20) == ()


def test_the_order_of_the_file_is_kept_over_many_row_groups(tmp_path: Path) -> None:
    rows = 130_000
    path, profile = table(tmp_path, {"n": list(range(rows)), "objet": [f"à M. Quiberon {i}" for i in range(rows)]})
    safe = protecting.protect(path, profile, accepted(path, profile), tmp_path / "safe.parquet")
    assert pq.read_table(safe.path)["n"].to_pylist() == list(range(rows))
    meta = pq.read_metadata(safe.path)
    assert meta.num_row_groups == 2
    assert meta.row_group(0).column(0).compression == "ZSTD"
    statistics = meta.row_group(0).column(0).statistics
    assert statistics is not None
    assert statistics.has_min_max
    assert b"Quiberon" not in everything_in(safe.path)


def test_protecting_twice_gives_the_same_bytes_and_the_safe_table_passes_again(tmp_path: Path) -> None:
    path, profile = people(tmp_path)
    policy = accepted(path, profile)
    once = protecting.protect(path, profile, policy, tmp_path / "a.parquet")
    twice = protecting.protect(path, profile, policy, tmp_path / "b.parquet")
    assert once.path.read_bytes() == twice.path.read_bytes()
    assert once.columns == twice.columns
    again = dataclasses.replace(profile, columns=once.columns)
    safe = protecting.protect(once.path, again, Policy(), tmp_path / "c.parquet")
    assert pq.read_table(safe.path) == pq.read_table(once.path)


def test_the_original_is_never_overwritten(tmp_path: Path) -> None:
    path, profile = table(tmp_path, {"a": ["x"]})
    with pytest.raises(InputError):
        protecting.protect(path, profile, Policy(), path)


# --- The safe table -------------------------------------------------------------------------------


def test_a_safe_table_cannot_be_forged(tmp_path: Path) -> None:
    path, profile = table(tmp_path, {"a": ["x"]})
    facts: Any = {"path": path, "columns": (), "rows": 1, "policy": Policy(), "risk": Risk(1)}
    for seal in ({}, {"seal": None}, {"seal": object()}, {"seal": True}):
        with pytest.raises(RefusedError):
            protecting.SafeTable(**facts, **seal)
    safe = protecting.protect(path, profile, Policy(), tmp_path / "safe.parquet")
    with pytest.raises((RefusedError, ValueError)):
        dataclasses.replace(safe, path=path)
    with pytest.raises(dataclasses.FrozenInstanceError):
        safe.path = path  # type: ignore[misc]  # the point of the test
    with pytest.raises(RefusedError):
        pickle.dumps(safe)
    assert copy.deepcopy(safe) is safe


# --- The preview ----------------------------------------------------------------------------------


def test_the_preview_shows_rows_as_they_would_be_published(tmp_path: Path) -> None:
    path, profile = people(tmp_path)
    proposed = policies.propose(profile, screen.screen(path, profile))
    rows = protecting.preview(path, profile, proposed, 2)
    assert rows == (
        {"naissance": 1980, "sexe": "F", "observations": "Voir Mme […] au […]", "montant": 100},
        {"naissance": 1981, "sexe": "M", "observations": "rue Jean Jaurès", "montant": 200},
    )
    json.dumps(rows)
    with sql.connect() as engine:  # the one that the steps share keeps no function of a transform
        left = "SELECT count(*) FROM duckdb_functions() WHERE function_name LIKE 'parvis_clean%'"
        assert engine.execute(left).fetchall() == [(0,)]


@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy((Rule("nom", "keep"), Rule("mobile", "keep", ground="law"))),
        Policy(
            (Rule("observations", "mask_text", {"names": False}, decided_by="x"), Rule("nir", "keep", ground="law"))
        ),
    ],
)
def test_the_preview_never_shows_what_nobody_decided_to_keep(tmp_path: Path, policy: Policy) -> None:
    path, profile = people(tmp_path)
    shown = json.dumps(protecting.preview(path, profile, policy, 20), ensure_ascii=False)
    for value in ("QUIBERON", "Quiberon", "Alice", NIR, MOBILE, "1980-05-12"):
        if not (value == "Quiberon" and "mask_text" in str(policy)):
            assert value not in shown, value
    assert "[à décider]" in shown


# --- The risk -------------------------------------------------------------------------------------


def test_the_risk_counts_the_groups_that_the_keys_make(tmp_path: Path) -> None:
    path, profile = table(tmp_path, {"sexe": ["F", "F", "M", None], "age": [30, 30, 40, 40]})
    assert risk.measure(path, profile.columns, ["sexe"]) == Risk(4, ("sexe",), 1, 2)
    assert risk.measure(path, profile.columns, ["age"]) == Risk(4, ("age",), 2, 0)
    assert risk.measure(path, profile.columns, []) == Risk(4)
    with pytest.raises(UnknownColumn):
        risk.measure(path, profile.columns, ['x" OR 1'])


def test_the_risk_of_what_is_left_of_people_is_measured(tmp_path: Path) -> None:
    path, profile = people(tmp_path)
    safe = protecting.protect(path, profile, accepted(path, profile), tmp_path / "safe.parquet")
    assert safe.risk == Risk(rows=4, keys=("naissance", "sexe"), smallest_group=1, unique_rows=2)


# --- The plugins ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(policies.transforms()))
def test_each_transform_does_what_its_examples_say(tmp_path: Path, name: str) -> None:
    plugin = policies.transform(name)
    assert plugin.TITLE
    for before, after, *parameters in plugin.EXAMPLES:
        path, profile = table(tmp_path, {"a": [before], "b": [1]})
        rule = Rule("a", name, *parameters, ground="not_personal", decided_by="x")
        policy = Policy((rule,))
        safe = protecting.protect(path, profile, policy, tmp_path / "safe.parquet")
        held = pq.read_table(safe.path).to_pylist()[0]
        assert held.get("a") == after
        assert ("a" in held) == (name != "drop")


def test_a_pseudonym_is_the_same_for_the_same_value_and_never_the_same_twice(tmp_path: Path) -> None:
    path, profile = table(tmp_path, {"a": ["Alice Durand", "Alice Durand", "Bruno Petit"]})
    policy = Policy((Rule("a", "pseudonym", ground="consent", decided_by="x"),))
    made = [
        pq.read_table(protecting.protect(path, profile, policy, tmp_path / f"{n}.parquet").path)["a"].to_pylist()
        for n in range(2)
    ]
    assert made[0][0] == made[0][1] != made[0][2] and not set(made[0]) & set(made[1])
    with pytest.raises(RefusedError):
        ungrounded = Policy((Rule("a", "pseudonym", decided_by="x"),))
        protecting.protect(path, profile, ungrounded, tmp_path / "n.parquet")


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("limit", {}), ("limit", {"low": "9", "high": "3"}), ("limit", {"low": "1; DROP"}), ("limit", {"high": "inf"}),
        ("limit", {"high": "nan"}), ("round", {"step": 1}), ("round", {"step": 10**10}), ("hide_small", {"least": 1}),
        ("round", {"step": "10"}), ("band", {"step": True}),
    ],
)  # fmt: skip
def test_a_parameter_that_makes_no_sense_is_said(tmp_path: Path, name: str, parameters: dict[str, Any]) -> None:
    path, profile = table(tmp_path, {"a": [1, 2], "b": [1, 2]})
    with pytest.raises(InputError):
        protecting.protect(
            path, profile, Policy((Rule("a", name, parameters, decided_by="x"),)), tmp_path / "safe.parquet"
        )


def test_every_meaning_and_ground_has_its_words() -> None:
    for said in MEANINGS.values():
        assert "{column}" in said.column
        assert "{count}" in said.text
        policies.transform(said.transform)
    assert all(text.endswith(".") for text in GROUNDS.values())
