"""The door of statistical secrecy: from a table to what is hidden, why, and what is published."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from parvis.errors import InputError, LimitError, UnknownColumn
from parvis.privacy.tabular.attacker import judge
from parvis.privacy.tabular.bands import units_of
from parvis.privacy.tabular.counting import counted
from parvis.privacy.tabular.equations import Axis, Table, axis_from_parents, link
from parvis.privacy.tabular.margins import axis_of, is_total
from parvis.privacy.tabular.primary import (
    COMPANIES,
    PERSONS,
    Contributors,
    Reason,
    Rules,
    reach_of,
    rules_for,
    sensitive,
)
from parvis.privacy.tabular.secret import Roles, hide, propose, propose_together, roles_of


def people(seed: int = 1, districts: int = 6) -> pa.Table:
    """Beneficiaries by district and age, with the totals that offices write."""
    random = np.random.default_rng(seed)
    grid = random.poisson(40, (districts, 4))
    grid[1, 2], grid[3, 0] = 4, 7
    rows = []
    names = [f"Quartier {chr(65 + i)}" for i in range(districts)]
    ages = ["0-17 ans", "18-39 ans", "40-64 ans", "65 ans et plus"]
    for i, district in enumerate(names):
        rows += [(district, age, int(grid[i, j])) for j, age in enumerate(ages)]
        rows.append((district, "Ensemble", int(grid[i].sum())))
    rows += [("Total", age, int(grid[:, j].sum())) for j, age in enumerate(ages)]
    rows.append(("Total", "Ensemble", int(grid.sum())))
    return pa.table({k: [r[i] for r in rows] for i, k in enumerate(("quartier", "age", "nombre_beneficiaires"))})


ROLES = Roles(("quartier", "age"), ("nombre_beneficiaires",))


def test_a_table_of_counts_is_protected_and_says_why_in_french() -> None:
    table = people()
    assert roles_of(table) == Roles(["quartier", "age"], ["nombre_beneficiaires"], "", [], PERSONS)
    found = propose(table, ROLES)
    assert found.safe and not found.open and not found.findings
    assert {t.column: t.whole for t in found.totals} == {"quartier": "Total", "age": "Ensemble"}
    why = {h.cell: h.text for h in found.hidden}
    assert why["Quartier B × 40-64 ans"] == "Cachée car elle compte moins de 11 personnes."
    others = [h.text for h in found.hidden if not h.primary]
    assert found.secondary == len(others) >= 2
    assert any("par différence avec le total" in text for text in others), others
    assert 0 < found.loss < 0.3 and 0 < found.loss_of_value < 0.3


def test_what_is_published_has_empty_cells_a_flag_and_not_the_reason() -> None:
    table = people()
    found = propose(table, ROLES)
    public = hide(table, found)
    rows = {h.row for h in found.hidden}
    assert public.column_names == [*table.column_names, "secret"]
    for i, (value, flag) in enumerate(
        zip(*(public.column(c).to_pylist() for c in public.column_names[-2:]), strict=True)
    ):
        assert (value is None) == (i in rows) == (flag == "secret statistique")
    # What goes out does not tell a small cell from one hidden for its sake.
    assert len(set(public.column("secret").to_pylist())) == 2


def test_the_published_table_gives_no_small_count_back_to_who_reads_it_alone() -> None:
    table = people(seed=3)
    public = hide(table, propose(table, ROLES))
    again = propose(public, ROLES)  # the empty cells are all that it knows to protect
    assert again.safe and again.secondary == 0
    assert all(h.reason == Reason.EMPTY for h in again.hidden)


def test_a_table_that_came_with_one_empty_cell_a_line_is_completed() -> None:
    table = people()
    counts = table.column(2).to_pylist()
    counts[7] = None  # the fourth of a district, its total in sight
    holed = table.set_column(2, "nombre_beneficiaires", pa.array(counts))
    found = propose(holed, ROLES)
    assert found.safe
    [empty] = [h for h in found.hidden if h.row == 7]
    assert empty.text == "Cachée car le fichier la donne déjà sans valeur."
    # Two small cells and the empty one stand in two districts: together they are three corners of a square.
    assert found.secondary >= 1


def test_words_in_place_of_figures_are_empty_cells() -> None:
    table = people()
    written = ["s" if i == 7 else f"{v:,}".replace(",", " ") for i, v in enumerate(table.column(2).to_pylist())]
    found = propose(table.set_column(2, "nombre_beneficiaires", pa.array(written)), ROLES)
    assert 7 in {h.row for h in found.hidden} and found.safe


def test_a_second_version_does_not_hide_what_the_first_shows() -> None:
    table = people()
    first = propose(table, ROLES)
    public = hide(table, first)
    second = propose(table, ROLES, before=[public.drop_columns(["secret"])])
    assert second.safe
    assert {h.row for h in second.hidden} <= {h.row for h in first.hidden}
    # Everything was public: nothing can be taken back, and it is said.
    late = propose(table, ROLES, before=[table])
    assert not late.safe and "secret.public" in {f.code for f in late.findings}


def test_a_version_that_changes_by_a_few_persons_is_said() -> None:
    table = people()
    counts = table.column(2).to_pylist()
    for row in (0, 4, 30, 34):  # one district, one age: three persons more, and their totals
        counts[row if row < len(counts) else -1] += 3
    later = table.set_column(2, "nombre_beneficiaires", pa.array(counts))
    found = [f for f in propose(later, ROLES, before=[table]).findings if f.code == "secret.small_change"]
    assert found and found[0].count >= 2 and "changent de moins de 11 depuis" in found[0].text


def banded(*bands: tuple[str, int]) -> pa.Table:
    rows = [*bands, ("Total", sum(n for _, n in bands))]
    return pa.table({"age": [r[0] for r in rows], "nb_personnes": [r[1] for r in rows]})


def test_ages_cut_otherwise_than_in_an_earlier_version_give_the_years_between_away() -> None:
    roles = Roles(("age",), ("nb_personnes",))
    first = banded(("0-59 ans", 300), ("60 ans et plus", 80))
    second = banded(("0-61 ans", 304), ("62 ans et plus", 76))  # four persons are 60 or 61
    assert propose(second, roles).safe
    found = propose(second, roles, before=[first])
    assert found.safe and {h.cell for h in found.hidden} == {"0-61 ans", "62 ans et plus"}
    assert any("« 60 à 61 »" in h.text for h in found.hidden), [h.text for h in found.hidden]
    far = banded(("0-69 ans", 340), ("70 ans et plus", 40))
    assert not propose(far, roles, before=[first]).hidden  # forty persons between: as many as a cell may show


def test_zones_that_overlap_are_told_by_their_districts() -> None:
    roles = Roles(("zone",), ("nb_personnes",))
    first = pa.table({"zone": ["Centre", "Reste", "Total"], "nb_personnes": [120, 80, 200]})
    second = pa.table({"zone": ["Vieille ville", "Autour", "Total"], "nb_personnes": [114, 86, 200]})
    members = {"Centre": ["a", "b", "c"], "Reste": ["d", "e"], "Vieille ville": ["a", "b"], "Autour": ["c", "d", "e"]}
    assert not propose(second, roles, before=[first]).hidden
    found = propose(second, roles, before=[first], members={"zone": members})
    assert found.safe and {h.cell for h in found.hidden} == {"Vieille ville", "Autour"}


@pytest.mark.parametrize(
    ("label", "low", "high"),
    [
        ("18-24 ans", 18, 24),
        ("De 18 à 24 ans", 18, 24),
        ("65 ans et plus", 65, 130),
        ("75+", 75, 130),
        ("moins de 3 ans", 0, 2),
        ("plus de 60 ans", 61, 130),
        ("7 ans", 7, 7),
        ("100 ans ou plus", 100, 130),
    ],
)
def test_bands_of_ages_are_read(label: str, low: int, high: int) -> None:
    units = units_of(label)
    assert units is not None and {min(map(int, units)), max(map(int, units))} == {low, high}
    assert units_of("T3 et plus") is units_of("Quartier 12-14 nord") is units_of("Femmes") is None


def test_tables_released_together_hide_the_same_cell_in_both() -> None:
    table = people()
    only = table.filter(pa.compute.equal(table.column("age"), "Ensemble")).select(["quartier", "nombre_beneficiaires"])
    counts = only.column(1).to_pylist()
    assert min(counts) > 11
    both = propose_together([(table, ROLES), (only, Roles(("quartier",), ("nombre_beneficiaires",)))])
    assert all(s.safe for s in both)
    left = {h.cell for h in both[0].hidden} & set(only.column(0).to_pylist())
    assert {h.cell for h in both[1].hidden} == left


def test_several_columns_of_counts_that_sum_up_are_one_dimension() -> None:
    rows = 8
    random = np.random.default_rng(5)
    parts = random.integers(12, 60, (rows, 3))
    parts[2, 1] = 5
    columns = {"zone": [f"Z{i}" for i in range(rows)] + ["Total"]}
    for j, name in enumerate(("nb_isoles", "nb_couples", "nb_monoparents")):
        columns[name] = [*map(int, parts[:, j]), int(parts[:, j].sum())]
    columns["nb_allocataires"] = [*map(int, parts.sum(1)), int(parts.sum())]
    table = pa.table(columns)
    roles = roles_of(table)
    assert roles is not None and list(roles.values) == list(columns)[1:]
    found = propose(table, roles)
    assert ("mesure", "nb_allocataires") in {(t.column, t.whole) for t in found.totals}
    assert found.safe and found.primary == 1 and found.secondary == 3
    public = hide(table, found)
    assert sum(c.null_count for c in public.columns[1:-1]) == 4
    assert "nb_couples" in public.column("secret").to_pylist()[2]


def test_a_label_beside_its_code_is_no_dimension() -> None:
    table = people()
    coded = table.add_column(0, "code", pa.array([f"I{hash(q) % 97}" for q in ["x"] * table.num_rows]))
    names = table.column("quartier").to_pylist()
    order = list(dict.fromkeys(names))
    coded = coded.set_column(0, "code", pa.array([f"I{order.index(n)}" for n in names]))
    found = propose(coded, Roles(("code", "quartier", "age"), ("nombre_beneficiaires",)))
    assert found.safe and len(found.hidden) == len(propose(table, ROLES).hidden)


def test_companies_follow_their_own_rules_and_the_largest_is_never_published() -> None:
    table = pa.table(
        {
            "secteur": ["Pêche", "Commerce", "Services", "Total"],
            "nb_entreprises": [2, 8, 14, 24],
            "chiffre_affaires": [120.0, 900.0, 700.0, 1720.0],
            "max": [100.0, 800.0, 90.0, 800.0],
        }
    )
    roles = roles_of(table)
    assert roles == Roles(["secteur"], ["chiffre_affaires"], "nb_entreprises", ["max"], COMPANIES)
    found = propose(table, roles)
    why = {h.cell: h.text for h in found.hidden}
    assert why["Pêche"] == "Cachée car elle compte moins de 3 entreprises."
    assert why["Commerce"] == "Cachée car une seule entreprise fait plus de 85 % du total."
    assert found.safe and "max" not in hide(table, found).column_names


def test_a_sum_over_persons_protects_the_counts_beside_it() -> None:
    table = pa.table(
        {
            "rue": ["A", "B", "C", "D", "Total"],
            "nb_personnes": [5, 40, 30, 22, 97],
            "montant": [500.0, 900.0, 800.0, 300.0, 2500.0],
        }
    )
    found = propose(table, Roles(("rue",), ("montant",), "nb_personnes"))
    assert found.safe and found.primary == 1 and found.secondary == 1
    public = hide(table, found)
    assert public.column("nb_personnes").null_count == public.column("montant").null_count == 2


def test_who_is_alone_in_a_hidden_cell_cannot_work_out_her_neighbour() -> None:
    names = ["Pêche", "Bois", "Commerce", "Services", "Total"]
    table = pa.table({"secteur": names, "nb_entreprises": [1, 1, 9, 12, 23], "ca": [300.0, 200.0, 900.0, 700.0, 2100.0],
                      "max": [300.0, 200.0, 250.0, 200.0, 300.0]})  # fmt: skip
    found = propose(table, Roles(("secteur",), ("ca",), "nb_entreprises", ("max",), COMPANIES))
    # The two small ones would do against everybody else: each is the other's stranger no more.
    assert found.safe and found.primary == 2 and found.secondary == 1 and not found.findings
    pair = table.filter(pa.compute.less(table.column("nb_entreprises"), 2))
    alone = pa.concat_tables(
        [pair, pa.table({"secteur": ["Total"], "nb_entreprises": [2], "ca": [500.0], "max": [300.0]})]
    )
    left = propose(alone, Roles(("secteur",), ("ca",), "nb_entreprises", ("max",), COMPANIES))
    assert left.safe and {h.cell for h in left.hidden} == {"Pêche", "Bois", "total général"}


# --- Rules ----------------------------------------------------------------------------------------


def flat(values: list[float]) -> tuple[Axis, Table]:
    axis = Axis("x", "T", (("T", [f"c{i}" for i in range(len(values))]),))
    return axis, Table((axis,), {("T",): sum(values), **{(f"c{i}",): v for i, v in enumerate(values)}})


def test_the_p_percent_and_nk_rules_look_at_the_largest() -> None:
    equations = link([flat([100.0, 100.0, 100.0])[1]])
    largest = np.array([[100, 50], [80, 18], [45, 45], [30, 30]], float)
    who = Contributors(np.array([60, 20, 20, 20], float), largest)
    close = sensitive(equations, who, Rules(COMPANIES, 3, percent=0.15, nobody_under=0))
    assert [r.value for r in close] == ["", "near", "", ""]  # 2 is left of 100, less than 15 % of 80
    two = sensitive(equations, who, Rules(COMPANIES, 3, ((2, 0.85),), nobody_under=0))
    assert [r.value for r in two] == ["", "dominant", "dominant", ""]
    reach = reach_of(equations, close, who, Rules(COMPANIES, 3, percent=0.15, nobody_under=0, margin=0))
    assert reach.least_up[1] == pytest.approx(10)  # the tenth asks for more than the 15 % of 80, less 2


def test_a_zero_in_a_small_group_is_hidden_and_one_in_a_large_group_is_not() -> None:
    sexes = Axis("s", "T", (("T", ("F", "H")),))
    places = Axis("p", "T", (("T", ("N", "S")),))
    cells = {("N", "F"): 6, ("N", "H"): 0, ("N", "T"): 6, ("S", "F"): 30, ("S", "H"): 0, ("S", "T"): 30,
             ("T", "F"): 36, ("T", "H"): 0, ("T", "T"): 36}  # fmt: skip
    equations = link([Table((places, sexes), cells)])
    found = sensitive(equations, Contributors(equations.values, np.zeros((9, 0))), rules_for(PERSONS))
    reasons = dict(zip(cells, found, strict=True))
    assert reasons["N", "H"] is Reason.NOBODY and reasons["S", "H"] is Reason.NONE
    assert reasons["N", "F"] is reasons["N", "T"] is Reason.FEW


# --- Totals found ---------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["Total", "TOTAL", "Ensemble", "ensemble de la commune", "Tous âges", "Toutes", "_T", "T",
                                   "Sous-total", "Les deux sexes", "Deux sexes", "Total général"])  # fmt: skip
def test_words_for_all_of_them_are_known(label: str) -> None:
    assert is_total(label)


@pytest.mark.parametrize("label", ["Toulouse", "Tourcoing", "Tousson", "Femmes", "Centre", "Totes", "T3 et plus"])
def test_other_words_are_not(label: str) -> None:
    assert not is_total(label)


def figures(codes: dict[str, list[float]]) -> tuple[list[str], np.ndarray]:
    return list(codes), np.array(list(codes.values()), float)


def test_subtotals_are_found_before_after_and_by_prefix() -> None:
    a, b, c, d = [3, 8, 1, 9], [2, 2, 7, 1], [5, 0, 6, 4], [1, 9, 2, 8]
    add = lambda *x: list(np.sum(x, axis=0))  # noqa: E731
    before = {"Total": add(a, b, c, d), "Enfants": add(a, b), "filles": a, "garçons": b, "Adultes": add(c, d),
              "femmes": c, "hommes": d}  # fmt: skip
    sums = {w: set(p) for w, p in axis_of("x", *figures(before)).sums}
    assert sums == {"Total": {"Enfants", "Adultes"}, "Enfants": {"filles", "garçons"}, "Adultes": {"femmes", "hommes"}}
    after = {k: before[k] for k in ("filles", "garçons", "Enfants", "femmes", "hommes", "Adultes", "Total")}
    assert {w: set(p) for w, p in axis_of("x", *figures(after)).sums} == sums
    coded = {"011": a, "02": add(c, d), "0": add(a, b, c, d), "022": d, "01": add(a, b), "021": c, "012": b}
    found = axis_of("x", *figures(coded))
    assert {w: set(p) for w, p in found.sums} == {"0": {"01", "02"}, "01": {"011", "012"}, "02": {"021", "022"}}
    assert found.root == "0"


def test_a_hierarchy_is_found_in_a_table_with_holes() -> None:
    a, b, c, d = [3.0, 8, 1, 9], [2.0, 2, 7, 1], [5.0, 0, 6, 4], [1.0, 9, 2, 8]
    rows = {
        "0": np.add(a, b) + np.add(c, d),
        "01": np.add(a, b),
        "011": a,
        "012": b,
        "02": np.add(c, d),
        "021": c,
        "022": d,
    }
    held = np.array(list(rows.values()), float)
    held[2, 0] = held[3, 1] = held[5, 2] = np.nan
    sums = {w: set(p) for w, p in axis_of("x", list(rows), held).sums}
    assert sums == {"0": {"01", "02"}, "01": {"011", "012"}, "02": {"021", "022"}}


def test_a_total_whose_figures_do_not_add_up_is_believed_by_its_word() -> None:
    found = axis_of("x", ["Total", "a", "b"], np.array([[10.0, 12], [4, 5], [3, 3]]))
    assert found.root == "Total" and found.sums == (("Total", ("a", "b")),)


def test_no_total_no_sum() -> None:
    assert axis_of("x", ["a", "b", "c"], np.array([[10.0, 12], [4, 5], [3, 3]])) == Axis("x", "", ())


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "key"), [("act_size", "ACTIVITY"), ("nuts_size", "NUTS"), ("act_nuts_size", "ACTIVITY")]
)
def test_the_hierarchy_of_enterprise_tables_is_found_from_the_figures_alone(shared: Path, file: str, key: str) -> None:
    folder = shared / "data" / "privacy" / "secret"
    table = read(folder / f"turnover_{file}.csv")
    keys = [c for c in table.column_names if c not in {"N_OBS", "TOT", "MAX"}]
    codes = list(dict.fromkeys(table.column(key).to_pylist()))
    rest = {
        c: i
        for i, c in enumerate(dict.fromkeys(zip(*(table.column(k).to_pylist() for k in keys if k != key), strict=True)))
    }
    held = np.zeros((len(codes), len(rest)))
    for row in table.to_pylist():
        held[codes.index(row[key]), rest[tuple(row[k] for k in keys if k != key)]] = row["TOT"]
    parents: dict[str, str] = {}
    for name in ("activity_corr_table.csv", "nuts23_fr_corr_table.csv"):
        for line in (folder / name).read_text("utf-8").splitlines():
            chain = line.split(";")
            parents.update({part: whole for whole, part in itertools.pairwise(chain) if part != whole})
    true = axis_from_parents(key, "Total", parents, codes)
    found = axis_of(key, codes, held)
    assert {(w, frozenset(p)) for w, p in true.sums} <= {(w, frozenset(p)) for w, p in found.sums}


@pytest.mark.shared
def test_a_real_table_of_beneficiaries_is_protected(shared: Path) -> None:
    path = next((shared / "data" / "secret-statistique").rglob("*CAFiris*.csv"))
    lines = path.read_text("latin-1").splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith('"REG"'))
    body = "\n".join([lines[begin], *lines[begin + 2 :]]).encode()
    table = pyarrow.csv.read_csv(pa.BufferReader(body))
    values = [c for c in table.column_names[7:] if pa.types.is_integer(table.column(c).type)]
    table = table.filter(pa.compute.is_valid(table.column("A"))).slice(0, 60)
    key = pa.array(
        [f"{c}{i}" for c, i in zip(table.column("dc").to_pylist(), table.column("iris").to_pylist(), strict=True)]
    )
    table = table.append_column("zone", key)
    found = propose(table, Roles(("zone",), values))
    assert found.primary and found.safe


def read(path: Path) -> pa.Table:
    return pyarrow.csv.read_csv(path, parse_options=pyarrow.csv.ParseOptions(delimiter=";"))


# --- From rows ------------------------------------------------------------------------------------


def test_rows_become_a_table_with_every_total(tmp_path: Path) -> None:
    path = tmp_path / "aides.parquet"
    pq.write_table(pa.table({
        "quartier": ["N", "N", "N", "S", "S", None], "sexe": ["F", "F", "H", "F", "H", "H"],
        "foyer": ["1", "1", "2", "3", "4", "5"], "montant": [10.0, 5.0, 7.0, 20.0, 1.0, 2.0],
    }), path)  # fmt: skip
    table, roles = counted(path, ["quartier", "sexe"], "montant", "foyer")
    rows = {(r["quartier"], r["sexe"]): r for r in table.to_pylist()}
    assert rows["N", "F"] == {
        "quartier": "N",
        "sexe": "F",
        "effectif": 1,
        "somme": 15.0,
        "premier": 15.0,
        "deuxieme": 0.0,
    }
    assert rows["Total", "Total"]["effectif"] == 5 and rows["Total", "Total"]["premier"] == 20.0
    assert roles == Roles(("quartier", "sexe"), ("somme",), "effectif", ("premier", "deuxieme"))
    counts, only = counted(path, ["sexe"])
    assert counts.to_pylist() == [
        {"sexe": "F", "effectif": 3},
        {"sexe": "H", "effectif": 3},
        {"sexe": "Total", "effectif": 6},
    ]
    assert only.values == ("effectif",)


def test_a_code_called_total_is_not_taken_for_the_total(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"garage": ["Total", "Total", "Avia"]}), path)
    table, _ = counted(path, ["garage"])
    assert {r["garage"]: r["effectif"] for r in table.to_pylist()} == {"Avia": 1, "Total": 2, "Total général": 3}


def test_rows_are_protected_from_end_to_end(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    path = tmp_path / "y.parquet"
    n = 900
    pq.write_table(pa.table({
        "iris": random.choice(["A", "B", "C", "D", "E"], n), "menage": random.choice(["seul", "couple", "famille"], n),
        "age": random.choice(["jeune", "adulte", "aîné", "très âgé"], n, p=[0.3, 0.4, 0.27, 0.03]),
    }), path)  # fmt: skip
    table, roles = counted(path, ["iris", "menage", "age"])
    found = propose(table, roles)
    assert found.safe and found.primary
    public = hide(table, found)
    assert min(v for v in public.column("effectif").to_pylist() if v) >= 11
    axes = [
        Axis(d, "Total", (("Total", tuple(sorted(set(table.column(d).to_pylist()) - {"Total"}))),))
        for d in roles.dimensions
    ]
    cells = {tuple(r[d] for d in roles.dimensions): float(r["effectif"]) for r in table.to_pylist()}
    equations = link([Table(axes, cells)])
    who = Contributors(equations.values, np.zeros((len(equations), 0)))
    reasons = sensitive(equations, who, rules_for(PERSONS))
    assert judge(equations, reach_of(equations, reasons, who, rules_for(PERSONS)), [h.row for h in found.hidden]).safe


# --- Refused --------------------------------------------------------------------------------------


def test_what_cannot_be_a_table_is_said_kindly(tmp_path: Path) -> None:
    table = people()
    with pytest.raises(UnknownColumn, match="revenu"):
        propose(table, Roles(("quartier", "age"), ("revenu",)))
    with pytest.raises(InputError, match=r"Les lignes 1 et 2 .* portent toutes deux « Quartier A »"):
        propose(table, Roles(("quartier",), ("nombre_beneficiaires",)))
    path = tmp_path / "z.parquet"
    pq.write_table(pa.table({"a": range(70_000)}), path)
    with pytest.raises(LimitError, match="60 000".replace(" ", "\u202f")):
        counted(path, ["a"])
    with pytest.raises(InputError, match="dimensions"):
        counted(path, [])
    assert roles_of(pa.table({"nom": ["x"]})) is None
