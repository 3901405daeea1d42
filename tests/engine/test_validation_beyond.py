"""The checks nobody else does: numbers that pass by chance, codes that ended, points astray, totals, other files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.catalogue.metadata import describe_columns
from parvis.france import luhn
from parvis.places import communes
from parvis.profiling.profile import profile as profile_of
from parvis.schemas.match import mapped
from parvis.schemas.schema import Schema, load
from parvis.tables import types
from parvis.tables.table import RawTable
from parvis.validation import run
from parvis.validation.across import Held, across
from parvis.validation.checks import amounts
from parvis.validation.continuity import Former, continuity
from parvis.validation.standing import Level, history, score, standing
from parvis.values import Column, Finding, Kind, Metadata, Policy, Severity, Version

Row = Sequence[str | None]
TODAY = "2026-11-25"


class Table:
    """A table of text cells, typed and profiled as the pipeline does."""

    def __init__(self, work: Path, labels: Sequence[str], rows: Sequence[Row], schema: str = "") -> None:
        work.mkdir(exist_ok=True)
        cells: dict[str, Any] = {f"c{i}": pa.array([r[i] for r in rows], pa.string()) for i in range(len(labels))}
        cells["__line"] = pa.array(range(2, len(rows) + 2), pa.int64())
        pq.write_table(pa.table(cells), work / "raw.parquet")
        self.raw = RawTable("", work / "raw.parquet", tuple(labels), len(rows), format="csv")
        columns = types.infer(self.raw)
        self.typed = work / "typed.parquet"
        types.write(self.raw, columns, self.typed)
        self.profile = profile_of(self.raw, columns, self.typed)
        self.schema: Schema | None = load(schema) if schema else None
        self.mapping: Mapping[str, str] = mapped(self.profile.columns, self.schema) if self.schema else {}
        if self.schema is not None:
            self.profile = describe_columns(self.profile, self.schema, self.mapping)

    def found(self, **more: str) -> tuple[Finding, ...]:
        told = run.check(self.typed, self.raw, self.profile, self.schema, self.mapping, today=TODAY, **more)  # type: ignore[arg-type]
        for finding in told:
            assert finding.text and finding.hint.format(**finding.values) is not None
        return told

    def one(self, code: str) -> Finding:
        told = [f for f in self.found() if f.code == code]
        assert len(told) == 1, (code, [f.code for f in self.found()])
        return told[0]

    def codes(self) -> set[str]:
        return {f.code for f in self.found()}


def sirets(count: int, start: int = 0) -> list[str]:
    out: list[str] = []
    while len(out) < count:
        siren = next(s for s in (f"{300_000_000 + start * 10 + k}" for k in range(10)) if luhn(s))
        out.append(next(f"{siren}{n:05}" for n in range(10, 30) if luhn(f"{siren}{n:05}")))
        start += 1
    return out


# --- Numbers of establishments --------------------------------------------------------------------


def test_a_spoilt_siret_is_found_even_when_its_key_is_right(tmp_path: Path) -> None:
    by_chance = next(f"{n}00000000" for n in range(351_800, 351_900) if luhn(f"{n}00000000"))
    told = Table(tmp_path, ["siret"], [[s] for s in [*sirets(40), by_chance, by_chance]]).one("values.siret_spoilt")
    assert told.count == 2 and told.lines == (42, 43) and by_chance in told.examples


def test_numbers_dragged_down_are_a_series(tmp_path: Path) -> None:
    good = sirets(60)
    dragged = [str(int(good[-1]) + n) for n in range(1, 5)]
    told = Table(tmp_path, ["siret"], [[s] for s in [*good, *dragged]]).one("values.siret_series")
    assert told.count == 4 and told.lines == (62, 63, 64, 65)


def test_one_number_under_three_names_is_told(tmp_path: Path) -> None:
    good = sirets(20)
    rows = [[f"Association {n}", s] for n, s in enumerate(good)] + [["Club de boules", good[3]], ["Chorale", good[3]]]
    told = Table(tmp_path, ["nom du bénéficiaire", "siret"], rows).one("values.siret_shared")
    assert told.count == 1 and told.severity is Severity.INFO
    same = [[n, good[0]] for n in ("Club", "CLUB", "club.")] + [[f"A{i}", s] for i, s in enumerate(good[1:])]
    assert "values.siret_shared" not in Table(tmp_path / "b", ["nom", "siret"], same).codes()
    paid = [["Ville du Lac", good[0], f"Association {n}", s] for n, s in enumerate(good[1:])]
    labels = ["attribuant", "SIRET attribuant", "bénéficiaire", "SIRET bénéficiaire"]
    assert "values.siret_shared" not in Table(tmp_path / "c", labels, paid).codes()


# --- Communes -------------------------------------------------------------------------------------


def test_the_list_of_communes_knows_when_codes_ended() -> None:
    known = communes()
    assert len(known) > 38_000
    assert (known["01340"].until, known["01340"].into) == ("2016-01-01", "01015")
    assert not known["34172"].until and known["2A004"].name == "Ajaccio" and known["20004"].into == "2A004"
    for place in known.values():
        assert not place.into or place.into in known, place
        assert not place.until or place.since < place.until, place


def test_a_former_code_is_wrong_only_after_its_end(tmp_path: Path) -> None:
    live = [c.code for c in communes().values() if c.kinds == "C" and c.code.startswith("34")][:60]
    rows: list[Row] = [[c, "2020-05-01"] for c in live]
    rows += [["01340", "2014-03-01"], ["01340", "2019-03-01"], ["99999", "2020-01-01"]]
    table = Table(tmp_path, ["code insee", "date"], rows)
    former, unknown = table.one("values.insee_former"), table.one("values.insee_unknown")
    assert former.lines == (63,) and "01015" in former.text and "1er janvier 2016" in former.text
    assert unknown.lines == (64,)


def test_a_code_that_is_wholly_gone_has_its_repair(tmp_path: Path) -> None:
    gone = next(c for c in communes().values() if c.until > "2000" and c.into and not c.kinds)
    live = [c.code for c in communes().values() if c.kinds == "C" and c.code.startswith("34")][:30]
    fix = Table(tmp_path, ["code insee"], [[c] for c in [*live, gone.code]]).one("values.insee_former").fix
    assert fix is not None and fix.parameters["pairs"] == {gone.code: gone.into}


def test_points_far_from_their_commune_and_from_their_town(tmp_path: Path) -> None:
    rows: list[Row] = [["34172", f"3.8{n}", f"43.6{n}"] for n in range(9)]
    rows += [["30189", f"4.3{n}", f"43.8{n}"] for n in range(9)] + [["34172", "4.35", "43.84"]]
    labels = ["code_insee", "longitude", "latitude"]
    assert Table(tmp_path, labels, rows).one("values.point_out_of_commune").lines == (20,)
    town: list[Row] = [[f"3.8{n}", f"43.6{n}"] for n in range(10)] + [["2.35", "48.85"]]
    assert Table(tmp_path / "b", labels[1:], town).one("values.point_astray").lines == (12,)
    spread: list[Row] = [[f"{n}.5", "46.2"] for n in range(0, 8)] * 2
    assert (
        not {"values.point_astray", "values.point_out_of_commune"} & Table(tmp_path / "c", labels[1:], spread).codes()
    )


def test_a_point_out_of_its_department(tmp_path: Path) -> None:
    towns = {"34172": (3.876, 43.611), "75056": (2.35, 48.86), "2A004": (8.74, 41.93), "29019": (-4.49, 48.39),
             "67482": (7.75, 48.58), "59350": (3.06, 50.63), "64102": (-1.48, 43.49), "06088": (7.26, 43.7),
             "31555": (1.44, 43.6), "97411": (55.45, -20.88), "13055": (5.37, 43.3), "33063": (-0.58, 44.84)}  # fmt: skip
    rows: list[Row] = [[code, str(x), str(y)] for code, (x, y) in towns.items()]
    table = Table(tmp_path, ["code_insee", "longitude", "latitude"], [*rows, ["34172", "2.35", "48.86"]])
    assert table.one("values.point_out_of_department").lines == (14,)


# --- Dates and amounts ----------------------------------------------------------------------------


def test_dates_to_come_where_they_are_past(tmp_path: Path) -> None:
    days = [[f"2026-0{m}-1{d}", f"2027-0{m}-1{d}"] for m in range(1, 9) for d in range(5)]
    table = Table(tmp_path, ["date de convention", "date de fin"], [*days, ["2062-01-01", "2027-01-01"]])
    told = table.one("values.future_date")
    assert told.severity is Severity.WARN and told.lines == (42,) and told.place and "convention" in told.place.column


def test_an_agenda_may_be_ahead_of_us(tmp_path: Path) -> None:
    assert "values.future_date" not in Table(tmp_path, ["date"], [[f"2027-01-{d:02}"] for d in range(1, 29)]).codes()


def test_without_a_day_no_date_is_ahead(tmp_path: Path) -> None:
    table = Table(tmp_path, ["date de vote"], [["2099-01-01"], ["2020-01-01"]])
    assert not [f for f in run.check(table.typed, table.raw, table.profile, None, {}) if f.code == "values.future_date"]


def test_an_amount_a_hundred_times_too_large(tmp_path: Path) -> None:
    rows: list[Row] = [[f"{500 + 37 * n},50"] for n in range(150)] + [["987654321,00"], ["-300,00"]]
    table = Table(tmp_path, ["montant"], rows)
    assert table.one("values.amount_outlier").lines == (152,) and table.one("values.amount_negative").lines == (153,)


def test_amounts_of_all_sizes_are_no_fault(tmp_path: Path) -> None:
    rows = [[str(10 ** (n % 6) * (1 + n % 7))] for n in range(200)]
    assert not {"values.amount_outlier", "values.amount_negative"} & Table(tmp_path, ["montant"], rows).codes()


@given(
    usual=st.lists(st.floats(0.01, 1000), min_size=1, max_size=300),
    above=st.lists(st.floats(1000, 1e7), max_size=4),
    zeros=st.integers(0, 50),
)
def test_amounts_told_even_by_their_counts_have_none_too_large(
    usual: list[float], above: list[float], zeros: int
) -> None:
    cells = sorted([*usual, *above])
    told = Column("montant", "Montant", Kind.NUMBER, minimum=0 if zeros else cells[0], maximum=cells[-1],
                  mean=sum(cells) / (len(cells) + zeros))  # fmt: skip
    high = cells[len(cells) - 1 - math.floor(0.01 * len(cells))]
    if amounts._even(told):
        assert cells[-1] <= 100 * high
    for other in ({"minimum": -1}, {"mean": None}, {"maximum": None}):
        assert not amounts._even(replace(told, **other))


def test_a_reference_given_twice(tmp_path: Path) -> None:
    rows: list[Row] = [[f"2026-{n:03}", "x"] for n in range(60)] + [["2026-007", "y"], ["sans", "z"]]
    told = Table(tmp_path, ["référence", "objet"], rows).one("values.duplicate_id")
    assert told.count == 1 and told.lines == (62,) and told.examples == ("2026-007",)
    common: list[Row] = [[f"R{n}", "a"] for n in range(300)] + [["Non concerné", "b"]] * 14
    assert "values.duplicate_id" not in Table(tmp_path / "b", ["identifiant", "objet"], common).codes()


# --- Totals ---------------------------------------------------------------------------------------


def test_votes_that_do_not_add_up(tmp_path: Path) -> None:
    labels = ["Bureau", "Inscrits", "Abstentions", "Votants", "Blancs", "Nuls", "Exprimés"]
    rows: list[Row] = [[f"B{n}", "900", "400", "500", "5", "3", "492"] for n in range(20)]
    rows += [["B20", "900", "300", "500", "5", "3", "492"], ["B21", "400", "0", "500", "5", "3", "492"]]
    rows += [["B22", "900", "400", "500", "5", "3", "490"]]
    table = Table(tmp_path, labels, rows)
    lines = [f.lines for f in table.found() if f.code == "values.vote_total"]
    assert (24,) in lines and any(22 in said for said in lines)
    assert table.one("values.more_voters").lines == (23,)


def test_the_votes_of_candidates_make_the_valid_ones(tmp_path: Path) -> None:
    rows: list[Row] = [[f"B{b}", "300", f"C{c}", "100"] for b in range(10) for c in range(3)]
    rows[4] = ["B1", "300", "C1", "90"]
    told = Table(tmp_path, ["Bureau", "Exprimés", "Candidat", "Voix"], rows).one("values.vote_candidates")
    assert told.count == 1 and told.place is not None and told.place.line == 5


def test_a_total_that_is_not_the_sum_of_its_row(tmp_path: Path) -> None:
    rows: list[Row] = [[f"q{n}", str(n), str(2 * n + 1), str(3 * n + 1)] for n in range(40)]
    rows[7] = ["q7", "7", "15", "23"]
    assert Table(tmp_path, ["quartier", "filles", "garçons", "total"], rows).one("values.row_total").lines == (9,)
    apart: list[Row] = [[f"q{n}", str(n), str(n * n), "5"] for n in range(40)]
    assert "values.row_total" not in Table(tmp_path / "b", ["quartier", "a", "b", "total"], apart).codes()


BUDGET = ["BGT_NATDEC", "BGT_ANNEE", "BGT_NATURE", "BGT_SECTION", "BGT_OPBUDG", "BGT_CODRD", "BGT_MTPREV"]


def test_a_voted_budget_balances_by_section_and_by_orders(tmp_path: Path) -> None:
    rows: list[Row] = []
    for section, amount in (("fonctionnement", "1000.50"), ("investissement", "700.00")):
        rows += [["budget primitif", "2026", "60", section, "réel", side, amount] for side in ("dépense", "recette")]
    rows += [["budget primitif", "2026", "68", "fonctionnement", "ordre", "dépense", "50.00"],
             ["budget primitif", "2026", "28", "investissement", "ordre", "recette", "40.00"]]  # fmt: skip
    table = Table(tmp_path, BUDGET, rows, "scdl/budget")
    assert "50,00" in table.one("values.budget_orders").text
    assert len([f for f in table.found() if f.code == "values.budget_section"]) == 2
    fair = Table(tmp_path / "b", BUDGET, rows[:4], "scdl/budget")
    assert not {"values.budget_orders", "values.budget_section"} & fair.codes()


@pytest.mark.shared
@pytest.mark.parametrize("name", ["DOCBUDG-21560046100010-056025-CA-2021-01032022000000"])
def test_a_real_account_has_its_orders_in_balance(shared: Path, tmp_path: Path, name: str) -> None:
    from parvis import pipeline

    source = next((shared / "data" / "budget-totem" / name).glob("*.xml"), None)
    if source is None:
        pytest.skip("no such budget")
    told = {f.code for p in pipeline.check(source).preparations for f in p.findings}
    assert "values.budget_orders" not in told


# --- Other files of the town ----------------------------------------------------------------------


def _subsidies(work: Path, rows: Sequence[Row]) -> Held:
    labels = ["nomAttribuant", "idAttribuant", "dateConvention", "referenceDecision", "nomBeneficiaire", "montant"]
    table = Table(work, labels, rows, "scdl/subventions")
    return Held("Subventions", table.profile, table.typed)


def _acts(work: Path, year: int = 2026) -> Held:
    rows: list[Row] = [["Fontclaire", "21580999700012", f"{year}-{n:02}", f"{year}-03-10", "7.5"] for n in range(1, 10)]
    labels = ["COLL_NOM", "COLL_SIRET", "DELIB_ID", "DELIB_DATE", "DELIB_MATIERE_CODE"]
    table = Table(work, labels, rows, "scdl/deliberations")
    return Held("Délibérations", table.profile, table.typed)


def test_subsidies_are_held_against_deliberations_and_budget(tmp_path: Path) -> None:
    town = ["Fontclaire", "21580999700012"]
    grants = _subsidies(
        tmp_path / "s",
        [
            [*town, "2026-04-01", "2026-01", "Chorale", "1000"],
            [*town, "2026-02-01", "2026-02", "Judo", "500"],
            [*town, "2026-04-02", "2026/99", "Boules", "800"],
        ],
    )
    budget = Table(
        tmp_path / "b", [*BUDGET, "BGT_SIRET"],
        [["compte administratif", "2026", "6574", "fonctionnement", "réel", "dépense", "1500.00", "21340172201787"]] * 1
        + [["compte administratif", "2026", "60611", "fonctionnement", "réel", "dépense", "90.00", "21340172201787"]],
        "scdl/budget",
    )  # fmt: skip
    told = across([grants, _acts(tmp_path / "d"), Held("Budget", budget.profile, budget.typed)])
    said = {f.code: f for f in told[0]}
    assert said["across.no_deliberation"].lines == (4,) and said["across.before_deliberation"].lines == (3,)
    assert "2 300" in said["across.over_budget"].text.replace("\u202f", " ")
    assert "across.other_town" in said
    for findings in told.values():
        assert all(f.text and f.hint for f in findings)


def test_a_deliberation_of_another_year_is_looked_up_in_its_own_file(tmp_path: Path) -> None:
    town = ["Fontclaire", "21580999700012"]
    rows: list[Row] = [
        [*town, "2026-04-01", "2025-01", "Chorale", "1000"],
        [*town, "2026-04-01", "2026-01", "Judo", "500"],
    ]
    both = [_acts(tmp_path / "a", 2025), _acts(tmp_path / "b", 2026)]
    assert across([_subsidies(tmp_path / "s", rows), *both]) == {}
    lost = _subsidies(tmp_path / "t", [*rows, [*town, "2026-04-02", "2024-99", "Boules", "800"]])
    (said,) = across([lost, *both])[0]
    assert said.code == "across.no_deliberation" and said.lines == (4,)


def test_a_file_of_another_town_is_said_once_for_all(tmp_path: Path) -> None:
    wrong = _subsidies(tmp_path / "s", [["Ailleurs", "21340172201787", "2026-04-01", "2026-01", "Chorale", "1000"]])
    told = across([wrong, _acts(tmp_path / "a"), _acts(tmp_path / "b")])[0]
    (said,) = [f for f in told if f.code == "across.other_town"]
    assert "« Délibérations », « Délibérations »" in said.text


def test_a_number_that_starts_again_each_year_is_told(tmp_path: Path) -> None:
    labels = ["COLL_NOM", "COLL_SIRET", "DELIB_ID", "DELIB_DATE", "DELIB_OBJET"]

    def acts(year: int) -> Held:
        rows: list[Row] = [
            ["Fontclaire", "21580999700012", f"{n}", f"{year}-03-1{n}", f"objet {year}"] for n in range(1, 6)
        ]
        table = Table(tmp_path / str(year), labels, [*rows, ["Fontclaire", "21580999700012", "77", "2020-01-01", "une"]],
                      "scdl/deliberations")  # fmt: skip
        return Held(f"Délibérations {year}", table.profile, table.typed)

    told = across([acts(2025), acts(2026)])
    assert [f.code for f in told[0]] == ["across.same_number"] and told[0][0].lines == (2, 3, 4, 5, 6)


def test_a_reference_that_leads_nowhere(tmp_path: Path) -> None:
    from parvis.schemas.schema import from_table_schema

    schema = from_table_schema(
        {
            "fields": [{"name": "id"}, {"name": "parent"}, {"name": "ligne"}],
            "foreignKeys": [
                {"fields": "parent", "reference": {"resource": "", "fields": "id"}},
                {"fields": "ligne", "reference": {"resource": "lignes", "fields": "id"}},
            ],
        },
        "essai",
    )
    table = Table(tmp_path, ["id", "parent", "ligne"], [["a", None, "x"], ["b", "a", "x"], ["c", "z", "x"]])
    mapping = {n: n for n in ("id", "parent", "ligne")}
    told = {f.code: f for f in run.check(table.typed, table.raw, table.profile, schema, mapping)}
    assert told["schema.reference"].lines == (4,) and told["schema.reference_elsewhere"].values["table"] == "lignes"


def test_files_that_agree_are_not_remarked(tmp_path: Path) -> None:
    grants = _subsidies(
        tmp_path / "s", [["Fontclaire", "21580999700012", "2026-04-01", "2026-01", "Chorale", "1000"]] * 2
    )
    assert across([grants, _acts(tmp_path / "d")]) == {} and across([]) == {} and across([grants]) == {}


# --- The delivery before --------------------------------------------------------------------------


def _delivery(work: Path, rows: Sequence[Row], labels: Sequence[str]) -> tuple[Table, Former]:
    table = Table(work, labels, rows)
    return table, Former(table.profile.columns, table.profile.rows, table.typed, "2025-11-25")


def test_what_a_delivery_lost_is_told(tmp_path: Path) -> None:
    labels = ["numéro", "nom du lieu", "montant", "date", "remarque"]
    first: list[Row] = [[f"N{n}", f"lieu {n}", f"{1000 + n * 7}", f"2025-05-{1 + n % 28:02}", "x"] for n in range(60)]
    _, former = _delivery(tmp_path / "a", first, labels)
    second: list[Row] = [[f"M{n}", f"lieu {n}", f"{1000 + n * 7}000", f"2024-05-{1 + n % 28:02}"] for n in range(25)]
    now, _ = _delivery(tmp_path / "b", second, ["numéro", "nom de lieu", "montant", "date"])
    said = {f.code: f for f in continuity(former, now.profile, now.typed)}
    assert set(said) == {
        "continuity.column_renamed", "continuity.columns_lost", "continuity.rows_lost", "continuity.unit_changed",
        "continuity.older", "continuity.ids_gone",
    }  # fmt: skip
    assert "mille fois" in said["continuity.unit_changed"].text and said["continuity.ids_gone"].count == 60
    fix = said["continuity.column_renamed"].fix
    assert fix is not None and fix.parameters == {"column": "nom de lieu", "name": "nom du lieu"}
    assert all(f.text and f.hint.format(**f.values) for f in said.values())


def test_the_same_delivery_again_lost_nothing(tmp_path: Path) -> None:
    rows: list[Row] = [[f"N{n}", str(n * 3)] for n in range(40)]
    now, former = _delivery(tmp_path, rows, ["numéro", "places"])
    assert continuity(former, now.profile, now.typed) == ()
    assert continuity(replace(former, typed=None), now.profile) == ()


def test_a_column_that_was_emptied_and_one_of_another_type(tmp_path: Path) -> None:
    before = [Column("a", "a", Kind.TEXT, filled=50, distinct=50), Column("b", "b", Kind.INTEGER, filled=50, mean=3.0)]
    rows: list[Row] = [[None, f"mot {n}"] for n in range(50)]
    now = Table(tmp_path, ["a", "b"], rows)
    codes = {f.code for f in continuity(Former(before, 50), now.profile)}
    assert codes == {"continuity.column_emptied", "continuity.kind_changed"}


# --- Levels and score -----------------------------------------------------------------------------


def finding(code: str, severity: Severity = Severity.WARN, count: int = 1) -> Finding:
    return Finding(code, severity, "x", hint="y", count=count)


@pytest.mark.parametrize(
    ("findings", "schema", "level"),
    [
        ([], "", Level.EXEMPLARY),
        ([finding("privacy.email", Severity.BLOCK)], "a/b", Level.WAITING),
        ([finding("schema.enum")], "a/b", Level.PUBLISHABLE),
        ([finding("schema.missing_field")], "a/b", Level.PUBLISHABLE),
        ([finding("schema.unknown_columns", Severity.INFO)], "a/b", Level.EXEMPLARY),
        ([finding("schema.writing", Severity.INFO)], "a/b", Level.CONFORMING),
        ([finding("values.future_date")], "a/b", Level.CONFORMING),
        ([finding("values.future_date")], "", Level.PUBLISHABLE),
        ([finding("metadata.frequency", Severity.INFO)], "a/b", Level.CONFORMING),
        ([finding("rows.alike", Severity.INFO)], "", Level.EXEMPLARY),
    ],
)
def test_levels(findings: list[Finding], schema: str, level: Level) -> None:
    told = standing(findings, schema)
    assert told.level is level and bool(told.missing) is (level is not Level.EXEMPLARY)


def test_a_missing_optional_field_never_counts(tmp_path: Path) -> None:
    required = [f.name for f in load("scdl/subventions").fields if f.required]
    table = Table(tmp_path, required, [["x"] * len(required)] * 2, "scdl/subventions")
    named = [str(f.values) for f in table.found() if f.code == "schema.missing_field"]
    assert not named


def test_a_score_has_its_reasons_and_the_next_best_action() -> None:
    found = [
        finding("schema.enum", count=40),
        finding("schema.required_cell", count=3),
        finding("metadata.x", Severity.INFO),
    ]
    told = score({"completeness": 0.99, "validity": 0.6, "uniqueness": 1.0, "documentation": 0.5}, found)
    assert 60 < told.total < 85 and told.action is found[0] and told.gain > 10
    assert {d.name: d.reason.code if d.reason else "" for d in told.dimensions} == {
        "completeness": "schema.required_cell", "validity": "schema.enum", "uniqueness": "", "documentation": "metadata.x",
    }  # fmt: skip
    assert score({}, []).total == 0 and score({"validity": 1.0}, []).action is None


def test_the_history_of_a_score_is_that_of_the_versions() -> None:
    def version(number: int, **quality: float) -> Version:
        return Version(
            str(number), "d", "o", 1, 1, (), Metadata(), Policy(), f"2026-01-0{number}", number, quality=quality
        )

    told = history([version(3, validity=1.0), version(1, validity=0.5), version(2)])
    assert [(v.number, total) for v, total in told] == [(1, 50), (3, 100)]
