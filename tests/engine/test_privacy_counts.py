"""Small counts: what gives them back (shares, earlier versions, other tables of the town) is hidden with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from parvis.errors import RefusedError
from parvis.privacy import counts
from parvis.privacy.people import COUNTED_ROWS, may_count
from parvis.privacy.rehearsal import Released
from parvis.values import Column, Hiding, Kind, Profile

KINDS = {"int64": Kind.INTEGER, "string": Kind.TEXT, "double": Kind.NUMBER}
MEANINGS = {"prenom": "first_name", "annee": "year", "part": "percentage", "taux": "percentage"}


def written(path: Path, rows: Any) -> tuple[Path, tuple[Column, ...]]:
    held = pa.table(rows)
    pq.write_table(held, path)
    columns = tuple(
        Column(
            n,
            n.replace("_", " "),
            KINDS[str(held.schema.field(n).type)],
            meaning=MEANINGS.get(n.partition("_")[0], ""),
            filled=held.num_rows,
            distinct=len(set(rows[n])),
        )
        for n in rows
    )
    return path, columns


def proposed(path: Path, columns: tuple[Column, ...], title: str = "") -> Hiding | None:
    return counts.proposed(path, columns, Profile("csv", 1, columns, table=title))


def hidden(tmp_path: Path, rows: Any, *before: Released, title: str = "") -> list[dict[str, Any]]:
    """Return the rows that are published of a table, what is proposed being done."""
    path, columns = written(tmp_path / "ours.parquet", rows)
    wanted = proposed(path, columns, title)
    assert wanted is not None
    counts.apply(path, wanted, tmp_path / "out.parquet", before)
    return pq.read_table(tmp_path / "out.parquet").to_pylist()


RSA: dict[str, list[Any]] = {
    "quartier": ["Nord", "Nord", "Sud", "Sud", "Est", "Est"],
    "tranche": ["moins de 25 ans", "25 ans et plus"] * 3,
    "beneficiaires_rsa": [4, 45, 60, 30, 20, 25],
}


@pytest.mark.parametrize("amounts", [[900, 8000, 7000, 9100], [900.5, 8000.0, 7000.0, 9100.0]])
def test_an_amount_is_hidden_when_few_people_share_it(tmp_path: Path, amounts: list[float]) -> None:
    rows = {"quartier": ["Nord", "Sud", "Est", "Ouest"], "nb_beneficiaires": [2, 40, 30, 50], "montant_apa": amounts}
    told = {r["quartier"]: (r["nb_beneficiaires"], r["montant_apa"]) for r in hidden(tmp_path, rows)}
    assert told["Nord"] == (None, None) and told["Sud"] == (40, 8000)


def test_the_income_of_a_few_households_is_hidden_and_the_largest_is_somebody_s(tmp_path: Path) -> None:
    rows = {
        "quartier": ["Nord", "Sud"],
        "nb_menages": [4, 400],
        "revenu_median": [15_000, 19_000],
        "revenu_maximum": [9, 9],
    }
    first, second = hidden(tmp_path, rows)
    assert first["revenu_median"] is None and second["revenu_median"] == 19_000 and "revenu_maximum" not in second
    wages = {
        "service": ["DGS", "Voirie", "Écoles"],
        "nombre_agents": [1, 30, 45],
        "salaire_moyen": [5200.5, 2100.2, 1900.1],
    }
    assert [r["salaire_moyen"] for r in hidden(tmp_path, wages)] == [None, 2100.2, 1900.1]


def test_the_title_of_a_table_says_its_matter(tmp_path: Path) -> None:
    rows = {"quartier": ["Nord", "Sud"], "beneficiaires_janvier": [3, 50], "beneficiaires_fevrier": [40, 60]}
    assert hidden(tmp_path, rows, title="aide alimentaire")[0]["beneficiaires_janvier"] is None
    path, columns = written(tmp_path / "a.parquet", rows)
    assert proposed(path, columns, "piscine") is None


# --- Shares ---------------------------------------------------------------------------------------


def test_a_rate_beside_a_hidden_count_is_hidden_with_it(tmp_path: Path) -> None:
    rows = {
        "quartier": ["Nord", "Sud", "Est", "Ouest"],
        "beneficiaires_rsa": [4, 60, 45, 80],
        "population": [400, 1000, 500, 900],
        "taux_rsa": [1.0, 6.0, 9.0, 8.89],
        "pour_mille_personnes": [10.0, 60.0, 90.0, 88.9],
    }
    for row in hidden(tmp_path, rows):
        kept = row["quartier"] != "Nord"
        assert (row["taux_rsa"] is not None) is (row["pour_mille_personnes"] is not None) is kept
        assert (row["beneficiaires_rsa"] is not None) is kept


def test_a_share_of_few_people_is_hidden_though_no_count_is_given(tmp_path: Path) -> None:
    rows = {
        "quartier": ["Nord", "Sud", "Est", "Ouest", "Total"],
        "population": [41, 1000, 500, 459, 2000],
        "part_personnes_handicapees": [2.44, 6.0, 9.0, 7.4, 7.0],
    }
    told = {r["quartier"]: r["part_personnes_handicapees"] for r in hidden(tmp_path, rows)}
    assert told["Nord"] is None and told["Total"] == 7.0
    assert sum(v is None for v in told.values()) >= 2  # else the total less the others gives it back


def test_all_or_none_of_a_small_group_is_not_said(tmp_path: Path) -> None:
    rows = {"rue": ["A", "B", "C"], "population": [6, 400, 300], "part_menages_pauvres": [0.0, 12.0, 20.0]}
    told = {r["rue"]: r["part_menages_pauvres"] for r in hidden(tmp_path, rows)}
    assert told["A"] is None and told["B"] == 12.0


@pytest.mark.parametrize(
    "rows",
    [
        {"bureau": ["1", "2"], "inscrits": [800, 3], "part_votants": [50.0, 66.7]},  # votes are public
        {"voie": ["A", "B"], "longueur_personnes": [3, 4], "montant": [2.5, 3.5]},
        {"quartier": ["A", "B"], "population": [900, 800], "taux_chomage": [12.0, 9.0]},  # nobody is few
    ],
)
def test_shares_that_tell_of_nobody_are_left(tmp_path: Path, rows: Any) -> None:
    path, columns = written(tmp_path / "a.parquet", rows)
    assert proposed(path, columns) is None


# --- Given names ----------------------------------------------------------------------------------


def test_a_given_name_that_was_given_once_is_not_told(tmp_path: Path) -> None:
    rows = {
        "sexe": ["F", "F", "M", "F", "M"],
        "prenom": ["Alice", "Zyxalinde", "Louis", "Opaline", "Théodulphe"],
        "annee": [2024] * 5,
        "nombre": [12, 1, 9, 2, 1],
    }
    told = hidden(tmp_path, rows)
    assert [r["prenom"] for r in told] == ["Alice", "Louis", "Prénom rare", "Prénom rare", "Prénom rare"]
    assert sorted((r["sexe"], r["nombre"]) for r in told[2:]) == [("F", 1), ("F", 2), ("M", 1)]
    path, columns = written(tmp_path / "b.parquet", {**rows, "nombre": [12, 3, 9, 5, 4]})
    assert proposed(path, columns) is None


def test_a_long_list_of_given_names_is_looked_at_too(tmp_path: Path) -> None:
    many = COUNTED_ROWS + 1
    rows = {"prenom": [f"Nom{n}" for n in range(many)], "annee": [2024] * many, "nombre": [1, *[30] * (many - 1)]}
    path, columns = written(tmp_path / "a.parquet", rows)
    assert may_count(columns, many) and not may_count(columns[1:], many)
    wanted = proposed(path, columns)
    assert wanted is not None
    told = counts.apply(path, wanted, tmp_path / "out.parquet")
    assert told.primary == 1 and "Nom0" not in pq.read_table(tmp_path / "out.parquet").column("prenom").to_pylist()


# --- What is public already -----------------------------------------------------------------------


def test_an_earlier_version_does_not_give_back_what_this_one_hides(tmp_path: Path) -> None:
    with_total: dict[str, list[Any]] = {
        "quartier": [*RSA["quartier"], "Nord", "Sud", "Est"],
        "tranche": [*RSA["tranche"], *["Total"] * 3],
        "beneficiaires_rsa": [*RSA["beneficiaires_rsa"], 49, 90, 45],
    }
    first = hidden(tmp_path, with_total)
    shown = [r for r in first if r["beneficiaires_rsa"] is not None]
    assert {r["tranche"] for r in first if r["beneficiaires_rsa"] is None} == {"moins de 25 ans", "25 ans et plus"}
    path, columns = written(tmp_path / "v1.parquet", {n: [r[n] for r in shown] for n in with_total})
    # Alone, the second version would hide the first cell only: with the totals of the version before, it gives it back.
    alone = {(r["quartier"], r["tranche"]) for r in hidden(tmp_path, RSA) if r["beneficiaires_rsa"] is None}
    assert alone == {("Nord", "moins de 25 ans")}
    then = {
        (r["quartier"], r["tranche"])
        for r in hidden(tmp_path, RSA, Released(path, columns, 1))
        if r["beneficiaires_rsa"] is None
    }
    assert then >= {("Nord", "moins de 25 ans"), ("Nord", "25 ans et plus")}


def test_a_figure_that_moved_by_a_few_people_is_said(tmp_path: Path) -> None:
    before: dict[str, list[Any]] = {**RSA, "beneficiaires_rsa": [40, 45, 60, 30, 20, 25]}
    path, columns = written(tmp_path / "v1.parquet", before)
    now, wanted = (
        {**before, "beneficiaires_rsa": [43, 45, 60, 30, 20, 25]},
        Hiding(("quartier", "tranche"), ("beneficiaires_rsa",)),
    )
    ours, _ = written(tmp_path / "v2.parquet", now)
    told = counts.apply(ours, wanted, tmp_path / "out.parquet", [Released(path, columns, 1)]).told
    assert told[0][0] == "Nord × moins de 25 ans" and "changent de moins de 11 depuis" in told[0][1].format(
        **told[0][2]
    )


def test_a_cell_that_an_earlier_version_shows_stops_the_release(tmp_path: Path) -> None:
    path, columns = written(tmp_path / "v1.parquet", RSA)
    with pytest.raises(RefusedError) as told:
        hidden(tmp_path, RSA, Released(path, columns, 1))
    assert (
        "se lisent déjà dans une version publiée" in told.value.text and "Retirez l'ancienne version" in told.value.text
    )


@pytest.mark.parametrize("label", ["beneficiaires_rsa", "Bénéficiaires RSA"])
def test_another_dataset_that_gives_the_totals_is_counted_with(tmp_path: Path, label: str) -> None:
    other = {"quartier": ["Nord", "Sud", "Est"], label: [49, 90, 45]}
    path, columns = written(tmp_path / "other.parquet", other)
    then = [r for r in hidden(tmp_path, RSA, Released(path, columns)) if r["beneficiaires_rsa"] is None]
    assert {(r["quartier"], r["tranche"]) for r in then} >= {("Nord", "moins de 25 ans"), ("Nord", "25 ans et plus")}
    assert len(hidden(tmp_path, RSA, Released(path, columns))) == 6  # its totals are not rows of ours


def test_another_dataset_that_is_finer_is_added_up(tmp_path: Path) -> None:
    finer: dict[str, list[Any]] = {
        "quartier": [q for q in RSA["quartier"] for _ in "FM"],
        "tranche": [t for t in RSA["tranche"] for _ in "FM"],
        "sexe": ["F", "M"] * 6,
        "beneficiaires_rsa": [n for total in RSA["beneficiaires_rsa"] for n in (total // 2, total - total // 2)],
    }
    path, columns = written(tmp_path / "finer.parquet", finer)
    with pytest.raises(RefusedError, match="se lisent déjà"):  # two and two of them
        hidden(tmp_path, RSA, Released(path, columns))


def test_another_dataset_that_counts_something_else_changes_nothing(tmp_path: Path) -> None:
    other = {"quartier": ["Nord", "Sud", "Est"], "beneficiaires_rsa": [3, 700, 12]}  # of another year, another aid
    path, columns = written(tmp_path / "other.parquet", other)
    assert hidden(tmp_path, RSA, Released(path, columns)) == hidden(tmp_path, RSA)
    places = {"quartier": ["Nord", "Sud"], "ecole": ["A", "B"]}
    path, columns = written(tmp_path / "places.parquet", places)
    assert hidden(tmp_path, RSA, Released(path, columns)) == hidden(tmp_path, RSA)
