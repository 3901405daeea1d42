"""Schemas: the national ones as facts, and the ones that people bring."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from parvis.errors import InputError, LimitError, UnknownName
from parvis.schemas.match import open_schema
from parvis.schemas.schema import (
    NATIONAL,
    TYPES,
    WRITTEN,
    Schema,
    all_ids,
    from_document,
    from_file,
    from_table_schema,
    from_text,
    load,
)
from parvis.validation.regexes import as_re2

EXPECTED = """scdl/subventions scdl/deliberations scdl/budget scdl/equipements scdl/prenoms scdl/menus-collectifs
    scdl/plats-menus-collectifs scdl/catalogue etalab/schema-irve-statique etalab/schema-stationnement
    etalab/schema-lieux-covoiturage etalab/schema-bal etalab/schema-stationnement-cyclable atlasante/schema-dae""".split()
# RE2 has no back reference: three fields of the brownfield schema are said not to be verified.
UNREADABLE = {"cnigfr/schema-friches": {"activite_code", "proprio_type", "unite_fonciere_refcad"}}


def documents(shared: Path) -> dict[str, Path]:
    folder = shared / "data" / "schemas"
    national = [p.stem for p in NATIONAL.glob("*.json")]
    found = {n.replace("__", "/"): next(iter(sorted((folder / n).glob("*.json"))), None) for n in national}
    found["naturalsolutions/schema-arbre"] = shared / "data" / "schema-exemples" / "arbres" / "schema.json"
    return {i: p for i, p in found.items() if p is not None}


# --- National schemas -----------------------------------------------------------------------------


def test_the_schemas_of_a_commune_are_there() -> None:
    assert set(EXPECTED) <= set(all_ids())
    assert len(all_ids()) >= 40


@pytest.mark.parametrize("name", all_ids())
def test_a_national_schema_is_whole(name: str) -> None:
    schema = load(name)
    names = [f.name for f in schema.fields]
    assert schema.id == name and schema.title and len(names) == len(set(names)) > 0
    assert all(f.title and f.type in TYPES for f in schema.fields)
    assert set(schema.primary_key) <= set(names)
    assert all(set(rule.fields) <= set(names) for rule in schema.rules)


@pytest.mark.parametrize("name", all_ids())
def test_every_pattern_can_be_verified_or_is_known_not_to_be(name: str) -> None:
    unread = {f.name for f in load(name).fields if f.pattern and not as_re2(f.pattern)}
    assert unread == UNREADABLE.get(name, set())


OURS = """resultats-elections calendrier-collecte effectifs-scolaires comptage-stationnement associations tarifs etat-civil
    permis-construire secteurs-scolaires""".split()


@pytest.mark.parametrize("name", OURS)
def test_a_profile_of_ours_says_what_to_know_before_publishing(name: str) -> None:
    schema = load(f"parvis/{name}")
    assert schema.note.endswith(".") and schema.subject and schema.version and schema.licence
    assert {r.kind for r in schema.rules} <= {"compare", "sum"}


def test_civil_status_says_its_threshold() -> None:
    schema = load("parvis/etat-civil")
    assert "Seuil de diffusion" in schema.note
    assert "moins de 3" in next(f.description for f in schema.fields if f.name == "nombre")


def test_the_reference_page_describes_every_schema_written_by_hand() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "schemas.md").read_text("utf-8")
    for name in (p.stem.replace("__", "/") for p in WRITTEN.glob("*.json")):
        assert f"`{name}`" in page, name
    for name in OURS:
        for field in load(f"parvis/{name}").fields:
            assert f"| `{field.name}` | {field.title} |" in page, (name, field.name)


@pytest.mark.shared
def test_our_facts_are_those_of_the_originals(shared: Path) -> None:
    held = 0
    for name, path in documents(shared).items():
        original = from_text(path.read_bytes(), name)
        ours = load(name)
        for theirs, field in zip(original.fields, ours.fields, strict=True):
            facts = ("name", "type", "required", "unique", "enum", "pattern", "minimum", "maximum", "format",
                     "min_length", "max_length")  # fmt: skip
            for fact in facts:
                assert getattr(field, fact) == getattr(theirs, fact), (name, field.name, fact)
        assert (ours.version, ours.primary_key, ours.rules) == (original.version, original.primary_key, original.rules)
        held += 1
    assert held >= 40


@pytest.mark.shared
def test_what_we_read_is_what_the_documents_say(shared: Path) -> None:
    """The reader itself, against the raw JSON: nothing of a constraint is lost on the way."""
    for name, path in documents(shared).items():
        document = json.loads(path.read_text("utf-8"))
        if not isinstance(document.get("fields"), list):
            continue
        ours = {f.name: f for f in load(name).fields}
        for told in document["fields"]:
            field = next(f for n, f in ours.items() if n == told["name"].replace("\u200d", ""))
            limits = told.get("constraints") or {}
            assert field.type == told["type"]
            assert field.required is (limits.get("required") is True)
            assert list(field.enum) == [str(v) for v in _enum(told)]
            assert field.pattern == (limits.get("pattern") or told.get("pattern") or "")


def _enum(told: dict[str, Any]) -> list[Any]:
    item = told.get("arrayItem") or {}
    limits = told.get("constraints") or {}
    return limits.get("enum") or told.get("enum") or (item.get("constraints") or item).get("enum") or []


@pytest.mark.shared
def test_none_of_the_publishers_prose_is_in_our_data(shared: Path) -> None:
    for name, path in documents(shared).items():
        document = json.loads(path.read_text("utf-8"))
        ours = json.dumps([(f.title, f.description) for f in load(name).fields], ensure_ascii=False)
        for told in document.get("fields", ()):
            prose = str(told.get("description") or "")
            assert len(prose) < 40 or prose[:40] not in ours, (name, told["name"])


@pytest.mark.shared
def test_the_script_writes_what_the_repository_holds(shared: Path, tmp_path: Path, monkeypatch: Any) -> None:
    scripts = Path(__file__).resolve().parents[2] / "scripts"
    monkeypatch.syspath_prepend(str(scripts))
    import make_schemas

    monkeypatch.setattr(make_schemas, "NATIONAL", tmp_path)
    make_schemas.main(shared / "data" / "schemas")
    sys.modules.pop("make_schemas")
    written = {p.name: p.read_text("utf-8") for p in tmp_path.glob("*.json")}
    assert written == {p.name: p.read_text("utf-8") for p in NATIONAL.glob("*.json")}


# --- Opening --------------------------------------------------------------------------------------


def test_a_schema_opens_by_its_id_and_by_its_short_name() -> None:
    assert open_schema("scdl/subventions") == open_schema("subventions")
    assert open_schema("irve-statique").id == "etalab/schema-irve-statique"


def test_an_unknown_schema_is_said_unknown() -> None:
    for asked in ("", "scdl/inconnu", "../../secret", "a\0b", "x" * 5000, "scdl"):
        with pytest.raises(UnknownName):
            open_schema(asked)


def test_a_schema_opens_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mon-schema.json"
    path.write_text(json.dumps({"title": "Bancs", "fields": [{"name": "nb", "type": "integer"}]}), "utf-8")
    schema = open_schema(str(path))
    assert (schema.title, schema.fields[0].type) == ("Bancs", "integer")


def test_a_json_schema_of_shapes_is_a_schema_too() -> None:
    document = {
        "properties": {
            "features": {
                "type": "array",
                "items": {"$ref": "#/definitions/shape"},
            }
        },
        "definitions": {
            "shape": {
                "properties": {
                    "properties": {
                        "required": ["id"],
                        "properties": {
                            "id": {"type": "string", "pattern": "^\\d+$"},
                            "le": {"type": ["null", "string"], "format": "date"},
                            "tags": {"type": "array", "items": {"enum": ["a", "b"]}},
                        },
                    }
                }
            }
        },
    }
    fields = {f.name: f for f in from_document(document, "zones").fields}
    assert fields["id"].required and fields["id"].pattern
    assert (fields["le"].type, list(fields["tags"].enum)) == ("date", ["a", "b"])


# --- Hostile and careless documents ---------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"null",
        b"[]",
        b"{}",
        b'{"fields": []}',
        b'{"fields": "nom"}',
        b'{"fields": [1, null, {}, {"name": 3}, {"name": "  "}]}',
        b'{"properties": {"features": {"$ref": "#/properties/features"}}}',
        b'{"$ref": "#"}',
        b"<html>introuvable</html>",
    ],
)
def test_what_is_no_schema_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        from_text(content, "essai.json")
    assert "essai.json" in caught.value.text


def test_a_huge_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gros.json"
    path.write_bytes(b" " * (6 << 20))
    with pytest.raises(LimitError):
        from_file(path)
    with pytest.raises(LimitError):
        from_table_schema({"fields": [{"name": f"f{i}"} for i in range(3000)]}, "large")
    with pytest.raises(LimitError):
        values = [str(i) for i in range(30_000)]
        from_table_schema({"fields": [{"name": "f", "constraints": {"enum": values}}]}, "longue")


def test_careless_constraints_are_left_out() -> None:
    schema = from_table_schema(
        {
            "title": ["pas", "un", "titre"],
            "primaryKey": {"a": 1},
            "custom_checks": [
                {"name": "compare-columns-value", "params": {"column": "a", "column2": "zz", "op": ";"}},
                3,
            ],
            "licenses": "libre",
            "fields": [
                {
                    "name": "a",
                    "type": ["integer"],
                    "constraints": {"minimum": "douze", "maximum": "12", "minLength": -1},
                },
                {"name": "b", "type": "entier", "constraints": ["required"]},
                {"name": "c", "constraints": {"enum": [1, True, None, {"x": 1}, "oui", "\ud800x"], "required": "oui"}},
                {"name": "a", "type": "string"},
            ],
        },
        "s",
    )
    a, b, c = schema.fields
    assert a.name == "a"  # said twice: the last one counts
    assert b.type == "any" and not b.required
    assert list(c.enum) == ["1", "true", "oui", "x"] and not c.required
    assert (schema.title, schema.primary_key, schema.rules) == ("s", (), ())


def test_a_schema_is_a_frozen_value() -> None:
    assert isinstance(hash(load("scdl/prenoms")), int)
    assert isinstance(load("scdl/prenoms"), Schema)
