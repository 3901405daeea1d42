"""Attacks on what would be published: each hostile case of the specification, and the safe table beside it."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parvis.errors import InputError
from parvis.privacy.attacks import differencing, inference, linkage, run, singling_out
from parvis.privacy.attacks.attack import Attack, discreet
from parvis.privacy.attacks.case import COARSE, GONE, NOISY, SAME, Case, open_case
from parvis.privacy.attacks.linkage import Public
from parvis.values import Column, Kind, to_json

KINDS = {str: Kind.TEXT, int: Kind.INTEGER, float: Kind.NUMBER, dt.date: Kind.DATE, dt.datetime: Kind.DATETIME}
Cells = Mapping[str, Sequence[Any]]


def columns_of(cells: Cells, meanings: Mapping[str, str] | None = None) -> tuple[Column, ...]:
    def kind(values: Sequence[Any]) -> Kind:
        return KINDS[next((type(v) for v in values if v is not None), str)]

    return tuple(Column(n, n.replace("_", " "), kind(v), (meanings or {}).get(n, "")) for n, v in cells.items())


def write(path: Path, cells: Cells, lines: bool = False) -> Path:
    rows = len(next(iter(cells.values())))
    more = {"__line": pa.array(range(2, rows + 2), pa.int64())} if lines else {}
    pq.write_table(pa.table({**{n: pa.array(v) for n, v in cells.items()}, **more}), path)
    return path


def case(folder: Path, before: Cells, after: Cells, meanings: Mapping[str, str] | None = None, **more: Any) -> Case:
    original, published = write(folder / "o.parquet", before, lines=True), write(folder / "p.parquet", after)
    return open_case(original, columns_of(before, meanings), published, columns_of(after, meanings), **more)


def public(folder: Path, name: str, cells: Cells, number: int = 0, meanings: Mapping[str, str] | None = None) -> Public:
    return Public(write(folder / f"{name}.parquet", cells), columns_of(cells, meanings), name, number)


def named(found: Sequence[Attack], name: str) -> Attack:
    return next(a for a in found if a.name == name)


def names(found: Sequence[Attack]) -> set[str]:
    return {a.name for a in found if a.won}


def people(count: int = 400, seed: int = 1) -> dict[str, list[Any]]:
    chance = random.Random(seed)
    return {
        "age": [chance.randint(18, 95) for _ in range(count)],
        "sexe": [chance.choice("FH") for _ in range(count)],
        "metier": [chance.choice(["agent", "cadre", "ouvrier", "retraité", "artisan"]) for _ in range(count)],
        "quartier": [chance.choice(["Nord", "Sud", "Gare"]) for _ in range(count)],
        "aide": [chance.choice(["APA", "RSA", "aucune"]) for _ in range(count)],
    }


# --- Singling out ---------------------------------------------------------------------------------


def test_a_rare_occupation_in_a_small_commune_is_singled_out(tmp_path: Path) -> None:
    cells = {"commune": ["Fontclaire"] * 60, "metier": ["agriculteur"] * 59 + ["vétérinaire"], "sexe": ["F", "H"] * 30}
    found = list(singling_out.attacks(case(tmp_path, cells, cells)))
    one = named(found, "singling_out.one")
    assert (one.won, one.tried, one.columns, one.lines) == (1, 60, ("metier",), (61,))
    assert one.text == "Une seule colonne, « metier », suffit à isoler 1 personne(s) sur 60."
    assert not discreet(one).lines


def test_a_date_with_a_postal_code_singles_out(tmp_path: Path) -> None:
    cells = {
        "date_naissance": [dt.date(1950, 1, 1) + dt.timedelta(days=i // 2) for i in range(200)],
        "code_postal": ["58000", "58990"] * 100,
        "sexe": ["F"] * 200,
    }
    found = list(singling_out.attacks(case(tmp_path, cells, cells)))
    assert named(found, "singling_out.one").won == 0
    two = named(found, "singling_out.two")
    assert two.won == 200 and set(two.columns) == {"date naissance", "code postal"}


def test_a_vote_with_its_time_singles_out(tmp_path: Path) -> None:
    start = dt.datetime(2026, 3, 1, 9)  # noqa: DTZ001  cells have no zone
    cells = {
        "vote_le": [start + dt.timedelta(seconds=37 * i) for i in range(90)],
        "projet": ["Parc", "Piste", "Kiosque"] * 30,
    }
    assert named(list(singling_out.attacks(case(tmp_path, cells, cells))), "singling_out.one").won == 90
    blurred = {"vote_le": ["mars 2026"] * 90, "projet": cells["projet"]}
    assert not names(list(singling_out.attacks(case(tmp_path, cells, blurred))))


def test_groups_of_k_single_nobody_out(tmp_path: Path) -> None:
    cells = people(400)
    cells.pop("age")
    found = run.run(case(tmp_path, cells, cells, sensitive=["aide"]))
    assert not [a for a in found if a.criterion == "singling_out" and a.won]
    assert named(found, "linkability.known_all").rate < 0.15


def test_several_rows_of_one_person_count_once(tmp_path: Path) -> None:
    cells = {
        "usager": [f"u{i // 3}" for i in range(30)],
        "sport": [f"s{i // 3}" for i in range(30)],
        "an": [2024, 2025, 2026] * 10,
    }
    shown = {n: cells[n] for n in ("sport", "an")}
    found = list(singling_out.attacks(case(tmp_path, cells, shown, person="usager")))
    one = named(found, "singling_out.one")
    assert (one.won, one.tried) == (10, 10)


def test_a_wide_label_is_not_alone_when_others_could_hide_in_it(tmp_path: Path) -> None:
    """« 20 à 49 » stands once, yet those of 25 were published under both labels: nobody knows who it is."""
    cells = {"age": [25] * 6 + [47] * 6}
    shown = {"age": ["20 à 49", *["25"] * 5, *["47"] * 5, "20 à 49"]}
    given = case(tmp_path, cells, shown)
    assert given.became("age") == COARSE
    assert named(list(singling_out.attacks(given)), "singling_out.one").won == 0


def test_the_rows_that_stand_alone_are_shown_with_the_reason(tmp_path: Path) -> None:
    cells = {"metier": ["agent"] * 30 + ["notaire"], "quartier": ["Nord", "Sud"] * 15 + ["Nord"]}
    first = named(list(singling_out.attacks(case(tmp_path, cells, cells))), "singling_out.one")
    assert (first.lines, first.columns) == ((32,), ("metier",))


# --- Linkage --------------------------------------------------------------------------------------


def test_a_nearly_raw_copy_is_linked(tmp_path: Path) -> None:
    cells = people(300)
    found = list(linkage.attacks(case(tmp_path, cells, cells, sensitive=["aide"])))
    every = named(found, "linkability.known_all")
    assert every.rate > 0.6 and every.chance == pytest.approx(1 / 300)
    neighbour = list(
        linkage.attacks(case(tmp_path, cells, cells, sensitive=["aide"]), knowledge={"un voisin": ["age", "sexe"]})
    )
    assert "un voisin" in named(neighbour, "linkability.said").text


def test_a_little_noise_hides_nobody_and_much_noise_does(tmp_path: Path) -> None:
    chance = random.Random(3)
    cells = {
        "longitude": [2 + chance.random() / 10 for _ in range(200)],
        "latitude": [47 + chance.random() / 10 for _ in range(200)],
    }
    meanings = {"longitude": "longitude", "latitude": "latitude"}

    def moved(by: float) -> dict[str, list[float]]:
        return {n: [v + chance.uniform(-by, by) for v in values] for n, values in cells.items()}

    little = case(tmp_path, cells, moved(0.0005), meanings)
    assert little.became("longitude") == NOISY
    assert named(list(linkage.attacks(little)), "linkability.known_all").rate > 0.9
    assert (
        named(list(linkage.attacks(case(tmp_path, cells, moved(0.05), meanings))), "linkability.known_all").rate < 0.3
    )


@pytest.mark.parametrize(
    ("digest", "cut"),
    [("md5", 32), ("sha1", 40), ("sha256", 64), ("sha256", 12), ("sha512", 128), ("sha3_256", 64)],
)
def test_a_pseudonym_that_is_the_digest_of_a_nir_is_found(tmp_path: Path, digest: str, cut: int) -> None:
    nirs = [f"2 69 05 49 588 {i:03d} 80" for i in range(120)]
    codes = [hashlib.new(digest, n.replace(" ", "").encode()).hexdigest()[:cut] for n in nirs]
    cells = {"nir": nirs, "code": codes, "quartier": ["Nord", "Sud"] * 60}
    shown = {"code": codes, "quartier": cells["quartier"]}
    found = list(linkage.attacks(case(tmp_path, cells, shown)))
    hashed = named(found, "linkability.hash")
    assert hashed.won == hashed.tried == 120
    assert hashed.columns == ("code",) and hashed.values["hidden"] == "nir"
    assert nirs[0] not in str(to_json(hashed)) and codes[0] not in str(to_json(hashed))


def test_a_digest_of_two_columns_is_found_and_a_random_code_is_said_to_be_a_pseudonym(tmp_path: Path) -> None:
    chance = random.Random(5)
    cells = {"nom": [f"Nom{i}" for i in range(60)], "ne_le": [f"19{i + 10}-01-02" for i in range(60)]}
    made = [hashlib.sha256(f"{n.upper()}|{d}".encode()).hexdigest() for n, d in zip(*cells.values(), strict=True)]
    hashed = named(list(linkage.attacks(case(tmp_path, cells, {"cle": made}))), "linkability.hash")
    assert hashed.values["hidden"] == "nom + ne le"
    drawn = [f"{chance.getrandbits(64):016x}" for _ in range(60)]
    found = list(linkage.attacks(case(tmp_path, cells, {"cle": drawn})))
    assert "linkability.hash" not in names(found)
    assert named(found, "linkability.code").assumed


def test_an_identifier_that_stays_is_said_and_a_plain_row_number_is_not(tmp_path: Path) -> None:
    cells = {
        "dossier": [f"D{i * 7919 % 1000:04d}" for i in range(80)],
        "rang": list(range(1, 81)),
        "sexe": ["F", "H"] * 40,
    }
    found = [a for a in linkage.attacks(case(tmp_path, cells, cells)) if a.name == "linkability.identifier"]
    assert [a.columns for a in found] == [("dossier",)]


def test_a_pseudonym_that_the_file_had_already_is_a_pseudonym_and_numbers_or_slugs_are_not(tmp_path: Path) -> None:
    chance = random.Random(9)
    cells = {
        "cle": [f"{chance.getrandbits(96):024x}" for _ in range(60)],
        "siret": [f"{10**13 + i * 7:014d}" for i in range(60)],
        "essence": [f"tilleul-a-petites-feuilles-{'abcdefghij'[i % 10]}{'klmnop'[i // 10]}" for i in range(60)],
    }
    found = {a.columns[0]: a.name for a in linkage.attacks(case(tmp_path, cells, cells)) if "known" not in a.name}
    assert found == {"cle": "linkability.code", "siret": "linkability.identifier"}


def test_two_overlapping_datasets_are_joined(tmp_path: Path) -> None:
    """The SIRET of sole traders, beside a register that gives their names."""
    sirets = [f"{i:014d}" for i in range(10**13, 10**13 + 50)]
    ours = {"siret": sirets, "aide": [100 + i % 7 for i in range(50)]}
    register = {"siret": [*sirets[:40], "x"], "dirigeant": [f"Personne {i}" for i in range(41)]}
    meanings = {"siret": "siret"}
    other = public(tmp_path, "répertoire", register, meanings=meanings)
    found = named(list(linkage.shared(case(tmp_path, ours, ours, meanings), other)), "linkability.shared")
    assert (found.won, found.tried) == (40, 50)
    assert "dirigeant" in found.text and "répertoire" in found.text


def test_a_column_that_open_bases_share_is_said_with_what_they_give(tmp_path: Path) -> None:
    cells = {"siret": [f"{i:014d}" for i in range(30)], "montant": [100 + i % 3 for i in range(30)]}
    found = list(linkage.attacks(case(tmp_path, cells, cells, {"siret": "siret"})))
    told = [a for a in found if a.name == "linkability.open_base"]
    assert "Sirene" in told[0].text and "entrepreneurs individuels" in told[0].text
    assert all(a.assumed and a.won == 30 for a in told)
    shown = {"siret": ["*"] * 30, "montant": cells["montant"]}
    assert "linkability.open_base" not in names(list(linkage.attacks(case(tmp_path, cells, shown, {"siret": "siret"}))))


def test_every_open_base_is_found_by_meanings_that_exist() -> None:
    from parvis.profiling.profile import detectors

    for base in linkage.open_bases():
        assert base.gives and base.source
        assert {m for by in base.by for m in by} <= set(detectors())


def test_initials_with_a_birth_year_single_out(tmp_path: Path) -> None:
    chance = random.Random(8)
    cells = {
        "nom": [f"{chance.choice('ABCDEFGHJLMNPRST')}{chance.choice('ABCDEFGHJLMNPRST')}{i}" for i in range(120)],
        "ne_le": [dt.date(1940 + chance.randint(0, 60), 5, 12) for _ in range(120)],
    }
    shown = {"initiales": [f"{n[0]}. {n[1]}." for n in cells["nom"]], "ne_le": [d.year for d in cells["ne_le"]]}
    found = list(singling_out.attacks(case(tmp_path, cells, shown)))
    assert named(found, "singling_out.two").rate > 0.9


# --- Inference ------------------------------------------------------------------------------------


def test_a_group_that_shares_its_disease_gives_it_away(tmp_path: Path) -> None:
    cells = {
        "age": ["60 à 69"] * 20 + ["70 à 79"] * 20 + ["80 à 89"] * 20,
        "maladie": ["diabète"] * 20 + ["asthme", "diabète"] * 20,
    }
    found = list(inference.attacks(case(tmp_path, cells, cells, sensitive=["maladie"])))
    same = named(found, "inference.same_secret")
    assert (same.won, same.tried) == (20, 60)
    assert same.chance < 0.001
    assert names(list(run.run(case(tmp_path, cells, cells, sensitive=["maladie"])))) >= {"inference.same_secret"}


def test_when_everyone_has_it_being_in_the_file_is_enough(tmp_path: Path) -> None:
    cells = {"age": ["60 à 69", "70 à 79"] * 10, "maladie": ["diabète"] * 20}
    found = named(list(inference.attacks(case(tmp_path, cells, cells, sensitive=["maladie"]))), "inference.everyone")
    assert found.won == 20


def test_exchanged_values_tell_no_secret(tmp_path: Path) -> None:
    chance = random.Random(3)
    cells = {"metier": [f"m{i}" for i in range(200)], "aide": [chance.choice("ABCD") for _ in range(200)]}
    mixed = {n: chance.sample(v, len(v)) for n, v in cells.items()}
    raw = named(list(inference.attacks(case(tmp_path, cells, cells, sensitive=["aide"]))), "inference.same_secret")
    swapped = named(list(inference.attacks(case(tmp_path, cells, mixed, sensitive=["aide"]))), "inference.same_secret")
    assert raw.rate == 1.0 and swapped.rate < 0.05


def test_a_group_of_close_amounts_gives_the_amount(tmp_path: Path) -> None:
    cells = {
        "quartier": ["Nord"] * 20 + ["Sud"] * 20,
        "aide": [1000 + i for i in range(20)] + [i * 500 for i in range(20)],
    }
    found = list(inference.attacks(case(tmp_path, cells, cells, sensitive=["aide"])))
    assert named(found, "inference.narrow").won == 20


def test_a_menu_gives_back_the_religion_that_was_removed(tmp_path: Path) -> None:
    menus = {"a": "sans porc", "b": "casher", "c": "classique"}
    chance = random.Random(7)
    faith = [chance.choice("abc") for _ in range(300)]
    cells = {
        "culte": faith,
        "menu": [menus[f] for f in faith],
        "classe": [chance.choice(["CP", "CE1"]) for _ in range(300)],
    }
    shown = {n: cells[n] for n in ("menu", "classe")}
    found = named(list(inference.attacks(case(tmp_path, cells, shown))), "inference.given_back")
    assert found.columns == ("menu", "culte") and found.rate > 0.95 and found.chance < 0.6
    assert found.text.startswith("La colonne « culte » a été retirée, mais « menu » la fait retrouver")
    independent = {"classe": cells["classe"]}
    assert "inference.given_back" not in names(list(inference.attacks(case(tmp_path, cells, independent))))


def test_sorted_rows_betray_the_column_they_were_sorted_by(tmp_path: Path) -> None:
    cells = {
        "nom": sorted(f"{a}{b}eau" for a in "BCDFGLM" for b in "aeiou"),
        "sport": ["judo", "foot", "tennis", "danse", "golf"] * 7,
    }
    shown = {"sport": cells["sport"]}
    found = named(list(inference.attacks(case(tmp_path, cells, shown))), "inference.order")
    assert found.values["hidden"] == "« nom »"
    mixed = list(range(35))
    random.Random(2).shuffle(mixed)
    again = case(tmp_path, cells, {"sport": [cells["sport"][i] for i in mixed]}, rows=mixed)
    assert "inference.order" not in names(list(inference.attacks(again)))


def test_a_meter_that_shows_when_a_house_is_empty_gives_its_habits(tmp_path: Path) -> None:
    start = dt.datetime(2026, 1, 5)  # noqa: DTZ001  cells have no zone
    chance = random.Random(6)
    moments = [start + dt.timedelta(hours=h) for h in range(24 * 28)]
    homes = ["12 rue Haute", "14 rue Haute"]

    def used(home: str, at: dt.datetime) -> float:
        away = at.weekday() < 5 and 8 <= at.hour < (17 if home == homes[0] else 20)
        return round((0.1 if away or at.hour < 6 else 1.0) + chance.random() / 20, 3)

    rows = [(h, m, used(h, m)) for h in homes for m in moments]
    cells = {"adresse": [r[0] for r in rows], "releve_le": [r[1] for r in rows], "kwh": [r[2] for r in rows]}
    meanings = {"adresse": "address"}
    found = named(list(inference.attacks(case(tmp_path, cells, cells, meanings))), "inference.habits")
    assert found.rate > 0.9 and found.columns == ("kwh",)
    noise = {**cells, "kwh": [chance.random() for _ in rows]}
    assert "inference.habits" not in names(list(inference.attacks(case(tmp_path, noise, noise, meanings))))
    monthly = {**cells, "releve_le": [dt.date(2026, 1, 1)] * len(rows)}
    assert "inference.habits" not in names(list(inference.attacks(case(tmp_path, cells, monthly, meanings))))


# --- Versions and other datasets ----------------------------------------------------------------


def test_a_person_who_appears_between_two_versions_is_recognised(tmp_path: Path) -> None:
    cells = people(200)
    cells.pop("age")
    old = public(tmp_path, "aides", cells, number=3)
    new = {n: [*v, v[0]] for n, v in cells.items()}
    found = named(list(differencing.attacks(public(tmp_path, "neuf", new), [old], k=5)), "differencing.changed")
    assert (found.won, found.tried) == (1, 1)
    assert "Entre la version 3 et celle-ci" in found.text
    left = {n: v[:-1] for n, v in cells.items()}
    assert named(list(differencing.attacks(public(tmp_path, "moins", left), [old])), "differencing.changed").won == 1
    assert not list(differencing.attacks(public(tmp_path, "même", cells), [old]))


def test_a_person_who_is_in_one_of_two_overlapping_datasets_is_recognised(tmp_path: Path) -> None:
    all_of_them = people(300)
    without = {n: v[:-1] for n, v in all_of_them.items()}
    ours, other = public(tmp_path, "membres", all_of_them), public(tmp_path, "membres de l'an dernier", without)
    changed = named(list(differencing.attacks(ours, [other])), "differencing.changed")
    assert changed.won == 1 and changed.text.startswith(
        "« membres de l'an dernier » et ce jeu parlent des mêmes personnes"
    )
    strangers = public(tmp_path, "d'autres", people(300, seed=9))
    assert "differencing.changed" not in names(list(differencing.attacks(ours, [strangers])))


def test_many_who_change_together_hide_each_other(tmp_path: Path) -> None:
    cells = {"quartier": ["Nord", "Sud"] * 100, "aide": ["APA"] * 200}
    more = {"quartier": ["Nord", "Sud"] * 120, "aide": ["APA"] * 240}
    assert not list(differencing.attacks(public(tmp_path, "neuf", more), [public(tmp_path, "vieux", cells, 1)]))
    one_apart = {"quartier": [*more["quartier"], "Est"], "aide": [*more["aide"], "APA"]}
    found = list(differencing.attacks(public(tmp_path, "est", one_apart), [public(tmp_path, "vieux", cells, 1)]))
    assert named(found, "differencing.changed").won == 1


def test_an_older_version_that_is_finer_undoes_the_grouping(tmp_path: Path) -> None:
    fine = {
        "agent": [f"a{i}" for i in range(40)],
        "age": [20 + i for i in range(40)],
        "nom": [f"N{i}" for i in range(40)],
    }
    coarse = {"agent": fine["agent"], "age": [f"{a // 10 * 10} à {a // 10 * 10 + 9}" for a in fine["age"]]}
    found = list(differencing.attacks(public(tmp_path, "neuf", coarse), [public(tmp_path, "effectifs", fine, 1)]))
    assert named(found, "differencing.refined").won == 40
    removed = named(found, "differencing.removed")
    assert removed.won == 40 and "« nom »" in removed.text and removed.assumed
    assert "differencing.changed" not in names(found)  # nobody came: the ages are only vaguer
    surnames = public(tmp_path, "noms", fine, 1, meanings={"nom": "last_name"})
    assert not named(
        list(differencing.attacks(public(tmp_path, "neuf", coarse), [surnames])), "differencing.removed"
    ).assumed


def test_a_total_gives_back_the_only_hidden_cell(tmp_path: Path) -> None:
    cells = {"quartier": ["Nord", "Sud", "Gare", "Total"], "beneficiaires": [40, None, 31, 75]}
    found = list(differencing.attacks(public(tmp_path, "aides", cells)))
    assert named(found, "differencing.total").won == 1
    two = {"quartier": ["Nord", "Sud", "Gare", "Total"], "beneficiaires": [40, None, None, 75]}
    assert not list(differencing.attacks(public(tmp_path, "aides", two)))


def test_a_hidden_cell_is_read_in_another_release_or_added_up_from_a_finer_one(tmp_path: Path) -> None:
    ours = public(tmp_path, "aides", {"quartier": ["Nord", "Sud", "Gare"], "nombre": ["40", "s", "31"]})
    old = public(tmp_path, "ancien", {"quartier": ["Nord", "Sud", "Gare"], "nombre": [40, 4, 31]})
    assert named(list(differencing.attacks(ours, [old])), "differencing.shown").won == 1
    finer = {"quartier": ["Nord", "Nord", "Sud", "Sud"], "sexe": ["F", "H"] * 2, "nombre": [20, 20, 1, 3]}
    by_sex = public(tmp_path, "par sexe", finer)
    assert named(list(differencing.attacks(ours, [by_sex])), "differencing.summed").won == 1


def test_running_text_is_known_to_nobody_word_for_word_and_an_address_is(tmp_path: Path) -> None:
    cells = {
        "observations": [
            f"Dossier reçu le {i}, complété ensuite par courrier puis classé sans suite" for i in range(40)
        ],
        "adresse": [f"{i} rue des Lilas" for i in range(40)],
        "sexe": ["F", "H"] * 20,
    }
    assert set(case(tmp_path, cells, cells).known) == {"adresse", "sexe"}


# --- The case itself ------------------------------------------------------------------------------


def test_what_became_of_each_column_is_seen(tmp_path: Path) -> None:
    chance = random.Random(1)
    cells = {"a": list(range(60)), "b": list(range(60)), "c": [float(i) for i in range(60)], "d": ["x", "y"] * 30}
    shown = {"a": cells["a"], "b": [f"{i // 10}" for i in range(60)], "c": [i + chance.random() for i in range(60)]}
    given = case(tmp_path, cells, shown)
    assert [given.became(n) for n in "abcd"] == [SAME, COARSE, NOISY, GONE]


def test_rows_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        case(tmp_path, {"a": [1, 2, 3]}, {"a": [1, 2]})
    with pytest.raises(InputError):
        case(tmp_path, {"a": [1, 2, 3]}, {"a": [1, 2]}, rows=[0, 7])
    assert case(tmp_path, {"a": [1, 2, 3]}, {"a": [3, 1]}, rows=[2, 0]).became("a") == SAME


def test_an_empty_table_and_a_table_of_one_row_are_no_error(tmp_path: Path) -> None:
    assert run.run(case(tmp_path, {"a": [], "b": []}, {"a": [], "b": []})) == ()
    run.run(case(tmp_path, {"a": ["x"], "b": [1]}, {"a": ["x"], "b": [1]}, sensitive=["b"]))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from("abc"), st.integers(0, 2)), min_size=1, max_size=40))
def test_the_person_is_always_among_those_she_may_be(rows: list[tuple[int, str, int]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        cells = {"n": [r[0] for r in rows], "t": [r[1] for r in rows]}
        shown = {"n": [f"{(r[0] + r[2]) // 2}" for r in rows], "t": [r[1] if r[2] else "*" for r in rows]}
        given_case = case(Path(folder), cells, shown)
        for row in range(len(rows)):
            possible = given_case.candidates(row, ["n", "t"])
            assert row in possible
            # All whose published values are the same as hers are possible too: k holds in what the attacker counts.
            alike = [
                i for i in range(len(rows)) if (shown["n"][i], shown["t"][i]) == (shown["n"][row], shown["t"][row])
            ]
            assert set(alike) <= set(possible.tolist())


def test_an_uncertain_rate_has_its_interval() -> None:
    attack = Attack("x", "linkability", 100, 10, "", sampled=True)
    assert (round(attack.low, 3), round(attack.high, 3)) == (0.055, 0.174)
    assert Attack("x", "linkability", 100, 10, "").high == 0.1
    assert Attack("x", "inference", 100, 60, "", chance=0.5).excess == pytest.approx(0.2)


@pytest.mark.shared
def test_a_raw_copy_of_the_census_is_linked_and_independent_columns_are_not(tmp_path: Path, shared: Path) -> None:
    told = pcsv.read_csv(
        shared / "data" / "privacy" / "adult_full" / "adult_full.csv", parse_options=pcsv.ParseOptions(delimiter=";")
    )
    table = told.rename_columns([c.replace("-", "_") for c in told.column_names]).slice(0, 8000)
    cells = {n: table.column(n).to_pylist() for n in table.column_names}
    found = run.run(case(tmp_path, cells, cells, sensitive=["salary_class"]))
    assert named(found, "linkability.known_all").low > 0.95
    chance = random.Random(1)
    mixed = {n: chance.sample(v, len(v)) for n, v in cells.items()}
    blind = case(tmp_path, cells, mixed, sensitive=["salary_class"])
    assert named(list(linkage.attacks(blind)), "linkability.known_3").rate < 0.2
