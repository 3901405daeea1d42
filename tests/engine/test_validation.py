"""Checking a table: what is said, where, and what is never shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from parvis.france import is_siret, luhn
from parvis.plugins import found
from parvis.profiling.profile import profile as profile_of
from parvis.schemas.match import mapped
from parvis.schemas.schema import Schema, from_table_schema, load
from parvis.tables import types
from parvis.tables.table import RawTable
from parvis.validation import run
from parvis.validation.checks import siret_keys
from parvis.validation.checks.enums import nearest
from parvis.validation.regexes import as_re2
from parvis.values import Finding, Kind, Profile, Severity

Rows = Sequence[Sequence[str | None]]
Row = list[str | None]


class Checked:
    """A table of text cells, typed and profiled as the pipeline does, then checked."""

    def __init__(self, work: Path, labels: Sequence[str], rows: Rows, schema: Schema | None = None, **raw: Any) -> None:
        cells: dict[str, Any] = {
            f"c{i}": pa.array([r[i] or None for r in rows], pa.string()) for i in range(len(labels))
        }
        cells["__line"] = pa.array(range(2, len(rows) + 2), pa.int64())
        pq.write_table(pa.table(cells), work / "raw.parquet")
        self.raw = RawTable("Feuil1", work / "raw.parquet", tuple(labels), len(rows), format="csv", **raw)
        columns = types.infer(self.raw)
        types.write(self.raw, columns, work / "typed.parquet")
        self.profile: Profile = profile_of(self.raw, columns, work / "typed.parquet")
        mapping: Mapping[str, str] = mapped(self.profile.columns, schema) if schema else {}
        self.findings = run.check(work / "typed.parquet", self.raw, self.profile, schema, mapping)
        self.quality = run.quality(self.profile, self.findings)

    def codes(self) -> list[str]:
        return [f.code for f in self.findings]

    def one(self, code: str) -> Finding:
        found = [f for f in self.findings if f.code == code]
        assert len(found) == 1, (code, self.codes())
        finding = found[0]
        assert finding.text and finding.hint.format(**finding.values) is not None
        return finding


def schema(*fields: Mapping[str, Any], **more: Any) -> Schema:
    return from_table_schema({"title": "Essai", "fields": list(fields), **more}, "essai")


def field(name: str, kind: str = "string", **constraints: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "constraints": constraints}


# --- Against a schema -----------------------------------------------------------------------------


def test_a_table_that_follows_its_schema_has_no_remark(tmp_path: Path) -> None:
    wanted = schema(field("nom", required=True), field("places", "integer", minimum=0))
    assert Checked(tmp_path, ["nom", "places"], [["A", "3"], ["B", "12"]], wanted).findings == ()


def test_a_missing_required_column_is_named(tmp_path: Path) -> None:
    told = Checked(tmp_path, ["nom"], [["A"], ["B"]], schema(field("nom"), field("siret", required=True)))
    assert "« siret »" in told.one("schema.missing_field").text


def test_an_empty_required_cell_is_counted_with_its_first_place(tmp_path: Path) -> None:
    told = Checked(tmp_path, ["nom", "x"], [["A", "1"], [None, "2"], [None, "3"]], schema(field("nom", required=True)))
    finding = told.one("schema.required_cell")
    assert finding.count == 2 and finding.place is not None
    assert (finding.place.line, finding.place.column) == (3, "nom")


def test_a_cell_of_a_sheet_has_its_address(tmp_path: Path) -> None:
    rows = [["A", "oui"], ["B", "peut-être"]]
    wanted = schema(field("nom"), field("gratuit", enum=["oui", "non"]))
    told = Checked(tmp_path, ["nom", "gratuit"], rows, wanted, sheet=True, first_column=4)
    place = told.one("schema.enum").place
    assert place is not None and (place.sheet, place.cell) == ("Feuil1", "F3")


def test_two_columns_of_one_label_keep_their_own_places(tmp_path: Path) -> None:
    wanted = schema(field("autre"), field("code", pattern=r"^\d{3}$"))
    told = Checked(tmp_path, ["autre", "note", "code", "note"], [["a", "b", "x1", "c"], ["d", "e", "y2", "f"]], wanted,
                   sheet=True)  # fmt: skip
    place = told.one("schema.pattern").place
    assert place is not None and place.cell == "C2"


def test_a_value_out_of_the_list_is_given_the_nearest_one(tmp_path: Path) -> None:
    wanted = schema(field("nature", enum=["aide en numéraire", "aide en nature"]))
    told = Checked(tmp_path, ["nature"], [["aide en nature"], ["Aide en numeraire"], ["aide en naturre"]], wanted)
    finding = told.one("schema.enum")
    assert finding.count == 2 and "vouliez-vous écrire « aide en numéraire »" in finding.text
    assert "aide en naturre" in finding.examples


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("OUVERT", "ouvert"), ("ferme", "fermé"), ("ouvret", "ouvert"), ("", ""), ("zzz", "")],
)
def test_the_nearest_value_is_the_one_a_clerk_meant(wrong: str, right: str) -> None:
    assert nearest(wrong, ["ouvert", "fermé"]) == right


def test_a_list_of_thousands_of_values_is_checked(tmp_path: Path) -> None:
    wanted = schema(field("code", enum=[f"v{i:05}" for i in range(20_000)]))
    told = Checked(tmp_path, ["code"], [[f"v{i:05}"] for i in range(19_990, 20_002)], wanted)
    assert told.one("schema.enum").count == 2


def test_each_value_of_a_cell_with_several_is_held_against_the_list(tmp_path: Path) -> None:
    wanted = schema({"name": "regime", "type": "array", "arrayItem": {"enum": ["sans sel", "végétarien"]}})
    rows = [['["végétarien","sans sel"]'], ["végétarien|sans sel"], ["végétarien ; sans sel"], ["sans sel, végan"],
            ['["sans gluten"]'], ["[cassé"]]  # fmt: skip
    assert Checked(tmp_path, ["regime"], rows, wanted).one("schema.enum").count == 3


def test_a_pattern_holds_the_whole_cell_and_is_said_in_words(tmp_path: Path) -> None:
    wanted = schema(field("code", pattern=r"^\d{5}$"), field("rna", pattern=r"W\d{9}"))
    rows: list[Row] = [["01004", "W123456789"], ["2A004", "xW123456789"], ["34172", None]]
    told = Checked(tmp_path, ["code", "rna"], rows, wanted)
    texts = [f.hint.format(**f.values) for f in told.findings if f.code == "schema.pattern"]
    assert len(texts) == 2 and any("5 chiffres" in t for t in texts)


def test_patterns_of_other_engines_are_read_or_said_unread(tmp_path: Path) -> None:
    assert as_re2(r"^[\u00C0-\u00FF]+$") and as_re2("[\\–]+") and not as_re2(r"(?=a)a") and not as_re2(r"(a)\1")
    told = Checked(tmp_path, ["x"], [["a"], ["b"]], schema(field("x", pattern=r"(a)\1")))
    assert told.one("schema.pattern_unread").severity is Severity.INFO


def test_words_among_numbers_are_counted_and_shown(tmp_path: Path) -> None:
    rows = [[str(i)] for i in range(20)] + [["beaucoup"], ["douze"], ["NC"]]
    told = Checked(tmp_path, ["montant"], rows, schema(field("montant", "number")))
    finding = told.one("schema.type")
    assert finding.count == 2 and set(finding.examples) == {"beaucoup", "douze"}


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("integer", ["1", "2", "30"]),
        ("number", ["1,5", "2 300,10", "-4"]),
        ("boolean", ["oui", "non", "oui"]),
        ("boolean", ["1", "0", "1"]),
        ("date", ["2026-01-31", "2026-02-01", "2026-02-02"]),
        ("date", ["31/01/2026", "01/02/2026", "02/02/2026"]),
        ("datetime", ["2026-01-31T10:00:00", "2026-02-01T11:00:00"]),
        ("year", ["2024", "2025", "2026"]),
        ("string", ["1", "2", "3"]),
    ],
)
def test_what_french_files_write_is_of_its_type(tmp_path: Path, kind: str, cells: list[str]) -> None:
    told = Checked(tmp_path, ["date_x"], [[c] for c in cells], schema(field("date_x", kind)))
    assert "schema.type" not in told.codes()


def test_a_year_may_be_asked_as_a_date(tmp_path: Path) -> None:
    wanted = schema({"name": "annee", "type": "date", "format": "%Y"})
    assert Checked(tmp_path, ["annee"], [["2024"], ["2025"]], wanted).findings == ()


def test_a_column_of_another_type_is_one_remark(tmp_path: Path) -> None:
    told = Checked(tmp_path, ["jour"], [["2026-01-31"], ["2026-02-01"]], schema(field("jour", "integer")))
    assert told.one("schema.type").count == 2


def test_decimals_where_whole_numbers_are_wanted(tmp_path: Path) -> None:
    told = Checked(tmp_path, ["places"], [["12"], ["3,5"], ["4"]], schema(field("places", "integer")))
    assert told.one("schema.type").count == 1


def test_bounds_of_numbers_and_of_dates(tmp_path: Path) -> None:
    wanted = schema(field("part", "number", minimum=0, maximum="1"), field("le", "date", minimum="2020-01-01"))
    rows = [["0,5", "2021-01-01"], ["50", "2019-12-31"], ["-1", "2022-01-01"]]
    told = Checked(tmp_path, ["part", "le"], rows, wanted)
    assert [f.count for f in told.findings if f.code == "schema.bound"] == [1, 1, 1]


def test_lengths(tmp_path: Path) -> None:
    told = Checked(tmp_path, ["nom"], [["abcdef"], ["ab"]], schema(field("nom", maxLength=3)))
    assert told.one("schema.length").count == 1


def test_a_word_that_the_schema_allows_is_no_empty_cell(tmp_path: Path) -> None:
    wanted = schema(field("hauteur_max", required=True, pattern=r"^(\d+|N/A)$"))
    told = Checked(tmp_path, ["hauteur_max"], [["190"], ["210"], ["N/A"]], wanted)
    assert "schema.required_cell" not in told.codes()


def test_repeated_keys_of_one_and_of_two_columns(tmp_path: Path) -> None:
    rows: list[Row] = [["1", "a", "x"], ["1", "b", "x"], ["2", "a", "y"], ["2", "a", "z"]]
    labels = ["station", "jour", "valeur"]
    fields = [field(n) for n in labels]
    pair = Checked(tmp_path, labels, rows, schema(*fields, primaryKey=["station", "jour"])).one("schema.not_unique")
    assert pair.count == 1 and pair.place is not None and pair.place.line == 5 and pair.examples == ("2 ; a",)
    alone = Checked(tmp_path, labels, rows, schema(*fields, primaryKey="valeur")).one("schema.not_unique")
    assert alone.count == 1


def test_unknown_columns_and_other_writings_are_only_told(tmp_path: Path) -> None:
    told = Checked(tmp_path, ["Nom", "notes"], [["A", "x"], ["B", "y"]], schema(field("nom")))
    assert told.one("schema.unknown_columns").severity is Severity.INFO
    assert "« Nom » pour « nom »" in told.one("schema.names_differ").text


def test_columns_are_recognised_when_no_mapping_is_given(tmp_path: Path) -> None:
    table = Checked(tmp_path, ["nature"], [["a"], ["b"]])
    wanted = schema(field("nature", enum=["a"]))
    found = run.check(tmp_path / "typed.parquet", table.raw, table.profile, wanted, {})
    assert [f.code for f in found] == ["schema.enum"]


def test_a_mapping_to_a_column_that_is_not_there_is_borne(tmp_path: Path) -> None:
    table = Checked(tmp_path, ["nature"], [["a"], ["b"]])
    assert run.check(tmp_path / "typed.parquet", table.raw, table.profile, schema(field("x")), {"x": "absente"})


def test_what_cells_of_one_row_must_be_to_each_other(tmp_path: Path) -> None:
    labels = ["COLL_NOM", "DELIB_DATE", "PREF_DATE", "VOTE_EFFECTIF", "VOTE_REEL", "VOTE_POUR", "VOTE_CONTRE",
              "VOTE_ABSTENTION"]  # fmt: skip
    rows: list[Row] = [
        ["Fontclaire", "2026-01-10", "2026-01-12", "19", "18", "18", "0", "0"],
        ["Fontclaire", "2026-01-10", "2026-01-02", "19", "18", "10", "4", "1"],
        ["Fontclaire", "2026-02-10", "2026-02-11", "19", None, None, None, None],
    ]
    told = Checked(tmp_path, labels, rows, load("scdl/deliberations"))
    assert told.one("schema.together_sum").count == 1
    assert told.one("schema.together_together").count == 1
    assert told.one("schema.together_compare").count == 1
    assert told.quality["consistency"] == 0.0


def test_one_of_two_identifiers_is_enough(tmp_path: Path) -> None:
    labels = ["nomBeneficiaire", "idBeneficiaire", "rnaBeneficiaire"]
    rows = [["A", "21580999700012", None], ["B", None, "W123456789"], ["C", None, None]]
    assert Checked(tmp_path, labels, rows, load("scdl/subventions")).one("schema.together_one_of").count == 1


# --- Without a schema -----------------------------------------------------------------------------


def test_a_table_without_schema_is_held_against_itself(tmp_path: Path) -> None:
    assert Checked(tmp_path, ["nom", "places"], [["A", "3"], ["B", "12"]]).findings == ()


def test_doubled_rows_are_counted_from_the_second(tmp_path: Path) -> None:
    rows = [["x", "1"], ["y", "2"], ["x", "1"], ["x", "1"], *([f"z{i}", "3"] for i in range(10))]
    finding = Checked(tmp_path, ["a", "b"], rows).one("rows.duplicate")
    assert finding.count == 2 and finding.place is not None and finding.place.line == 4


def test_rows_that_nothing_tells_apart_are_no_fault(tmp_path: Path) -> None:
    told = Checked(tmp_path, ["type", "etat"], [["banc", "bon"], ["lampe", "bon"]] * 20)
    assert told.one("rows.alike").severity is Severity.INFO and told.quality["uniqueness"] == 1.0


def test_empty_columns_are_named_once(tmp_path: Path) -> None:
    finding = Checked(tmp_path, ["a", "b", ""], [["x", None, None], ["y", None, None]]).one("columns.empty")
    assert finding.count == 2 and "« b »" in finding.text


def test_a_wrong_siret_key_is_found_and_la_poste_has_its_own(tmp_path: Path) -> None:
    good = [f"215809997{n:05}" for n in range(100) if luhn(f"215809997{n:05}")]
    post = ["356 000 000 00048", "35600000049837"]
    told = Checked(tmp_path, ["siret"], [[c] for c in [*good, *post, "21580999700013", "2158099970001"]])
    finding = told.one("values.siret_key")
    assert finding.count == 2 and set(finding.examples) == {"21580999700013", "2158099970001"}


@pytest.mark.parametrize("number", [f"{n:014}" for n in range(21_580_999_700_000, 21_580_999_700_040)])
def test_the_key_in_sql_is_the_key_in_python(number: str) -> None:
    sql = siret_keys.reckoned("n", 14)
    with duckdb.connect() as engine:
        told = engine.execute(f"SELECT {sql} FROM (SELECT {int(number)} AS n)").fetchall()[0][0]
    assert told is is_siret(number)


def test_points_out_of_the_country_and_exchanged_ones_are_told_apart(tmp_path: Path) -> None:
    rows = [["3.87", "43.61"], ["43.61", "3.87"], ["0", "0"], ["55.45", "-20.88"], ["2.35", "48.85"], ["-61.0", "14.6"]]
    told = Checked(tmp_path, ["longitude", "latitude"], rows)
    assert told.one("values.out_of_france").count == 1
    assert told.one("values.out_of_france_exchanged").count == 1


def test_dates_that_cannot_be(tmp_path: Path) -> None:
    good = [[f"2026-03-{i:02}"] for i in range(1, 29)]
    told = Checked(tmp_path, ["date"], [*good, ["2206-01-01"], ["1026-01-01"], ["1900-01-01"]])
    assert told.one("values.odd_date").count == 2 and told.one("values.excel_zero").count == 1


def test_old_dates_are_not_the_zero_of_a_spreadsheet(tmp_path: Path) -> None:
    told = Checked(tmp_path, ["date"], [["1900-01-01"], ["1900-01-01"], ["1901-05-02"]])
    assert "values.excel_zero" not in told.codes()


def test_amounts_beside_words_are_mentioned(tmp_path: Path) -> None:
    rows = [[f"{i},50"] for i in range(20)] + [["offert"], ["sur devis"], ["gratuit le matin"], ["voir affiche"]] * 2
    assert Checked(tmp_path, ["prix"], rows).one("values.mixed").severity is Severity.INFO


def test_house_numbers_may_have_letters(tmp_path: Path) -> None:
    rows = [[str(i)] for i in range(1, 30)] + [["12 bis"], ["3 ter"], ["7A"]] * 3
    assert "values.mixed" not in Checked(tmp_path, ["numero"], rows).codes()


# --- Promises -------------------------------------------------------------------------------------


def test_no_cell_of_a_personal_column_is_ever_shown(tmp_path: Path) -> None:
    mails = [[f"claire.fontaine{i}@gmail.com", "x"] for i in range(30)]
    wanted = schema(field("courriel", enum=["a"], pattern="^a+$", maxLength=3), field("z"), primaryKey="courriel")
    told = Checked(tmp_path, ["courriel", "z"], [*mails, *mails], wanted)
    assert told.profile.columns[0].meaning == "email" and len(told.findings) >= 4
    said = json.dumps([(f.examples, dict(f.values), f.text) for f in told.findings], default=str)
    assert "fontaine" not in said


def test_examples_are_few_short_and_different(tmp_path: Path) -> None:
    rows = [[("mot" + str(i % 40)) * 60] for i in range(400)]
    finding = Checked(tmp_path, ["x"], rows, schema(field("x", enum=["a"]))).one("schema.enum")
    assert len(finding.examples) == len(set(finding.examples)) == 5 and max(map(len, finding.examples)) <= 80


def test_one_remark_for_a_column_and_a_kind_of_fault(tmp_path: Path) -> None:
    rows = [["faux", "x", None]] * 50
    wanted = schema(field("a", enum=["v"]), field("b", pattern="^y$"), field("c", required=True))
    told = Checked(tmp_path, ["a", "b", "c"], rows, wanted)
    about = [(f.code, f.place.column if f.place else "") for f in told.findings]
    assert len(about) == len(set(about))


def test_serious_remarks_come_first(tmp_path: Path) -> None:
    told = Checked(tmp_path, ["a", "vide"], [["x", None], ["y", None]], schema(field("a", enum=["x"])))
    ranks = [list(Severity).index(f.severity) for f in told.findings]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize("name", found("parvis.validation.checks", "checks"))
def test_every_check_has_a_title_and_bears_an_empty_table(tmp_path: Path, name: str) -> None:
    check = found("parvis.validation.checks", "checks")[name]
    assert check.TITLE
    assert Checked(tmp_path, ["a", "b"], [], schema(field("a", required=True), primaryKey="a")).quality == {}


def test_quality_is_between_nothing_and_one(tmp_path: Path) -> None:
    wanted = schema(field("a", enum=["v"], pattern="^v$", maxLength=1, required=True))
    told = Checked(tmp_path, ["a", "b"], [["xx", None]] * 30, wanted)
    assert set(told.quality) == {"completeness", "validity", "uniqueness", "documentation"}
    assert all(0 <= share <= 1 for share in told.quality.values())
    assert told.quality["completeness"] == 0.5 and told.quality["validity"] < 0.5


# --- Hostile --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|aa)*c",
        "(x+x+)+y",
        "(.{1,100}){1,9}x",
        "(?:a?){500}a{500}",
        "a{1000}{1000}",
        "[",
        "\\",
        "(?<n>a)" * 900,
    ],
)
def test_no_pattern_makes_the_check_last(tmp_path: Path, pattern: str) -> None:
    rows = [["a" * 200 + "!"]] * 2000
    told = Checked(tmp_path, ["x"], rows, schema(field("x", pattern=pattern)))
    assert {"schema.pattern", "schema.pattern_unread"} & set(told.codes())


@pytest.mark.parametrize(
    "word",
    ["'); DROP TABLE x; --", '"', "{count}", "{0}", "%s", "\\", "é" * 300, "a'b\"c", "{rows}", "\u202e", "$1"],
)
def test_a_schema_cannot_inject_anything(tmp_path: Path, word: str) -> None:
    label = word or "x"
    wanted = schema(field(label, enum=[word, "{rows}"], pattern=word), field("autre", required=True), primaryKey=label)
    told = Checked(tmp_path, [label, "{column}"], [[word, "1"], ["ailleurs", "2"]], wanted)
    for finding in told.findings:
        assert finding.text and finding.hint.format(**finding.values) is not None


def test_a_schema_of_many_fields_is_checked(tmp_path: Path) -> None:
    labels = [f"f{i}" for i in range(150)]
    wanted = schema(*(field(n, pattern="^a$", enum=["a"], required=True, unique=True) for n in labels))
    told = Checked(tmp_path, labels, [["b"] * 150, ["b"] * 150], wanted)
    assert sum(f.code == "schema.enum" for f in told.findings) == 150


def test_shapes_are_left_to_others(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"c0": ["a", "b"], "__line": [1, 2], "__geometry": pa.array([b"\x01", b"\x02"], pa.binary())}),
        tmp_path / "raw.parquet",
    )
    raw = RawTable("couche", tmp_path / "raw.parquet", ("nom",), 2, format="geojson", geometry=True)
    columns = types.infer(raw)
    types.write(raw, columns, tmp_path / "typed.parquet")
    plain = profile_of(RawTable("couche", raw.path, ("nom",), 2), columns, tmp_path / "typed.parquet")
    from dataclasses import replace

    from parvis.values import Column

    told = replace(plain, columns=(*plain.columns, Column("geometry", "geometry", Kind.GEOMETRY, filled=2)))
    assert (
        run.check(tmp_path / "typed.parquet", raw, told, schema(field("nom"), field("geometry")), {"nom": "nom"}) == ()
    )
