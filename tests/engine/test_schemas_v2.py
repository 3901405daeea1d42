"""Table Schema as its second version writes it: read, checked, or plainly said as not verified.

Source: https://datapackage.org/standard/table-schema/ (version 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.test_validation_beyond import Table

from parvis.catalogue.metadata import describe_columns
from parvis.errors import ParvisError
from parvis.schemas.match import mapped
from parvis.schemas.schema import from_document
from parvis.values import Finding

V2 = "https://datapackage.org/profiles/2.0/tableschema.json"
Row = Sequence[str | None]


def found(work: Path, document: Mapping[str, Any], labels: Sequence[str], rows: Sequence[Row]) -> dict[str, Finding]:
    table = Table(work, labels, rows)
    table.schema = from_document(document, "essai")
    table.mapping = mapped(table.profile.columns, table.schema)
    table.profile = describe_columns(table.profile, table.schema, table.mapping)
    return {f.code: f for f in table.found()}


def test_a_list_is_checked_value_by_value(tmp_path: Path) -> None:
    field = {"name": "codes", "type": "list", "delimiter": ";", "itemType": "integer", "constraints": {"maxLength": 3}}
    told = found(tmp_path, {"fields": [field, {"name": "lieu"}]}, ["codes", "lieu"],
                 [["1;2;3", "a"], ["1;deux", "b"], ["4", "c"], ["1;2;3;4", "d"], [None, "e"]])  # fmt: skip
    assert told["schema.type"].lines == (3,) and "du type demandé" in told["schema.type"].text
    assert told["schema.length"].lines == (5,) and "3 éléments" in told["schema.length"].text
    day = {"name": "codes", "type": "list", "itemType": "date"}
    told = found(tmp_path / "d", {"fields": [day]}, ["codes"], [["2026-01-01,2026-02-30"], ["2026-01-01, 2026-01-02"]])
    assert told["schema.type"].lines == (2,)
    plain = found(tmp_path / "p", {"fields": [{"name": "codes", "type": "list"}]}, ["codes"], [["a,b"], ["c"]])
    assert "schema.type" not in plain and "schema.form" not in plain


def test_categories_are_a_list_of_values_and_their_labels_are_understood(tmp_path: Path) -> None:
    field = {"name": "etat", "type": "integer", "categoriesOrdered": True,
             "categories": [{"value": 1, "label": "bon"}, {"value": 2, "label": "moyen"}, {"value": 3}]}  # fmt: skip
    schema = from_document({"fields": [field]}, "essai")
    assert schema.fields[0].enum == ("1", "2", "3") and schema.fields[0].labels == ("bon", "moyen", "")
    told = found(tmp_path, {"fields": [field]}, ["etat"], [["1"], ["2"], ["7"]])["schema.enum"]
    assert told.lines == (4,) and "1 (bon)" in told.hint.format(**told.values)
    words = {
        "name": "etat",
        "type": "string",
        "categories": [{"value": "B", "label": "bon"}, {"value": "M", "label": "moyen"}],
    }
    told = found(tmp_path / "w", {"fields": [words]}, ["etat"], [["B"], ["Moyen"]])["schema.enum"]
    assert told.fix is not None and told.fix.parameters["pairs"] == {"Moyen": "M"}
    plain = from_document(
        {"fields": [{"name": "a", "categories": ["x", "y"], "constraints": {"enum": ["x"]}}]}, "essai"
    )
    assert plain.fields[0].enum == ("x",), "an enum is a part of the categories, and goes first"


@pytest.mark.parametrize(
    ("rule", "labels", "codes"),
    [
        ("exact", ["a", "b"], set()),
        ("exact", ["b", "a"], {"schema.fields_order"}),
        ("exact", ["a"], {"schema.fields_absent"}),
        ("exact", ["a", "b", "zz"], {"schema.fields_extra"}),
        (["equal"], ["b", "a"], set()),
        ("equal", ["a", "b", "zz"], {"schema.fields_extra"}),
        ("subset", ["a", "b", "zz"], {"schema.unknown_columns"}),
        ("subset", ["a"], {"schema.fields_absent"}),
        ("superset", ["b"], set()),
        ("superset", ["b", "zz"], {"schema.fields_extra"}),
        ("partial", ["b", "zz"], {"schema.unknown_columns"}),
        ("partial", ["zz", "yy"], {"schema.fields_none", "schema.unknown_columns"}),
        (None, ["b", "zz"], {"schema.missing_field", "schema.unknown_columns"}),
        ("boum", ["b", "zz"], {"schema.missing_field", "schema.unknown_columns"}),
    ],
)
def test_columns_and_fields_go_together_as_the_schema_says(
    tmp_path: Path, rule: Any, labels: list[str], codes: set[str]
) -> None:
    document: dict[str, Any] = {"fields": [{"name": "a", "constraints": {"required": True}}, {"name": "b"}]}
    document |= {"fieldsMatch": rule} if rule else {}
    told = found(tmp_path, document, labels, [["x"] * len(labels), ["y"] * len(labels)])
    asked = {c for c in told if c.startswith(("schema.fields", "schema.missing_field", "schema.unknown"))}
    assert asked == codes
    assert all(f.text and f.hint.format(**f.values) and f.severity in ("warn", "info") for f in told.values())


def test_the_second_version_is_exact_unless_it_says_otherwise_and_the_first_is_not() -> None:
    fields = [{"name": "a"}, {"name": "b", "type": "integer"}]
    second = from_document({"$schema": V2, "fields": fields, "primaryKey": ["b"]}, "essai")
    assert second.fields_match == "exact" and second.fields[0].type == "any" and second.fields[1].required
    first = from_document({"fields": fields, "primaryKey": "b"}, "essai")
    assert first.fields_match == "" and first.fields[0].type == "string" and not first.fields[1].required


def test_words_for_no_value_may_be_said_with_labels_and_by_field(tmp_path: Path) -> None:
    document = {
        "fields": [{"name": "a", "type": "string", "constraints": {"required": True, "enum": ["x"]}},
                   {"name": "b", "type": "string", "missingValues": [{"value": "-", "label": "pas su"}],
                    "constraints": {"required": True, "enum": ["x"]}}],
        "missingValues": [{"value": "", "label": "omis"}, {"value": "NSP", "label": "ne sait pas"}],
        "fieldsMatch": "equal",
    }  # fmt: skip
    schema = from_document(document, "essai")
    assert schema.missing == ("NSP",) and schema.fields[1].missing == ("-",)
    told = found(tmp_path, document, ["a", "b"], [["x", "x"], ["NSP", "x"], ["x", "-"], ["x", "NSP"]])
    assert told["schema.enum"].lines == (5,), "a field's own words take the place of the schema's"
    assert told["schema.required_cell"].count == 1


def test_keys_are_written_as_lists_or_as_names(tmp_path: Path) -> None:
    document = {
        "fields": [{"name": "id"}, {"name": "parent"}, {"name": "rang"}],
        "uniqueKeys": [["parent", "rang"]],
        "foreignKeys": [{"fields": ["parent"], "reference": {"fields": ["id"]}},
                        {"fields": "rang", "reference": {"resource": "rangs", "fields": "n"}}],
    }  # fmt: skip
    schema = from_document(document, "essai")
    assert schema.unique_keys == (("parent", "rang"),) and [r.table for r in schema.references] == ["", "rangs"]
    rows = [["a", None, "1"], ["b", "a", "2"], ["c", "a", "2"], ["d", "z", "3"]]
    told = found(tmp_path, document, ["id", "parent", "rang"], rows)
    assert told["schema.not_unique"].lines == (4,) and told["schema.reference"].lines == (5,)


def test_what_is_not_verified_is_said(tmp_path: Path) -> None:
    fields = [{"name": "a", "type": "array", "constraints": {"jsonSchema": {"items": {"type": "string"}}}},
              {"name": "b", "type": "money"}, {"name": "c", "type": "list", "itemType": "geopoint"},
              {"name": "d", "constraints": {"multipleOf": 5}}]  # fmt: skip
    schema = from_document({"fields": fields}, "essai")
    assert [tuple(f.unread) for f in schema.fields] == [
        ("jsonSchema",), ("type : money",), ("itemType : geopoint",), ("multipleOf",)
    ]  # fmt: skip
    told = found(tmp_path, {"fields": fields}, list("abcd"), [["[]", "1 €", "x", "5"]])["schema.not_verified"]
    assert told.severity == "info" and "que Parvis ne sait pas vérifier" in told.text


def test_the_schema_inside_a_package_of_one_table_is_found() -> None:
    schema = {"fields": [{"name": "a"}], "title": "Un"}
    assert from_document({"name": "p", "resources": [{"name": "r", "schema": schema}]}, "p").title == "Un"
    assert from_document({"name": "r", "path": "r.csv", "schema": schema}, "r").title == "Un"
    for unfit in (
        {"resources": [{"schema": schema}, {"schema": schema}]},
        {"schema": "https://ailleurs.example/s.json"},
    ):
        with pytest.raises(ParvisError):
            from_document(unfit, "p")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = ["fieldsMatch", "$schema", "primaryKey", "uniqueKeys", "foreignKeys", "missingValues"]
WORDS = "type format categories missingValues constraints delimiter itemType categoriesOrdered".split()


@given(
    st.dictionaries(st.sampled_from(WORDS), JSON | st.sampled_from(["list", "integer", "date"])),
    st.dictionaries(st.sampled_from(KEYS), JSON),
)
def test_no_shape_of_a_schema_does_more_than_be_refused(field: dict[str, Any], more: dict[str, Any]) -> None:
    try:
        schema = from_document({"fields": [{"name": "a", **field}], **more}, "essai")
    except ParvisError as error:
        assert error.text
        return
    assert schema.fields[0].name == "a" and schema.fields_match in (
        "",
        "exact",
        "equal",
        "subset",
        "superset",
        "partial",
    )
