"""A small table pasted from a spreadsheet, kept with the recipe: read as it was copied, and refused when it is hostile."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.test_every_repair import content, table

from parvis.errors import InputError
from parvis.tables import parameters, recipe
from parvis.tables.repairs import join_reference
from parvis.values import Recipe, Step

LABELS = ["code", "élèves"]


def read(text: str) -> str:
    return str(parameters.read(join_reference, {"column": ["code"], "pasted": [text]}, LABELS)["pasted"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("code\tnom\r\nA1\tLac\r\n", "code\tnom\nA1\tLac"),
        ("code;nom\nA1;Lac", "code\tnom\nA1\tLac"),
        ('code\tnom\nA1\t"Lac\ndu Nord"', "code\tnom\nA1\tLac du Nord"),
        ('code\tnom\nA1\t"dit ""le Petit"""', 'code\tnom\nA1\tdit "le Petit"'),
        ('code\tnom\nA1\t12" de large\nB2\tx', 'code\tnom\nA1\t12" de large\nB2\tx'),
        ('code\tnom\nA1\t"ouvert\nB2\tx', 'code\tnom\nA1\t"ouvert\nB2\tx'),
        ("\n\n code \t nom \n\n A1 \t Lac\u00a0bleu \n\t\n", "code\tnom\nA1\tLac bleu"),
        ("code\tnom\rA1\tLac", "code\tnom\nA1\tLac"),
        ("code\tnom\nA1\tL\x00a\x1b[31mc\u202e", "code\tnom\nA1\tL a [31mc"),
        ("code\t\nA1\tLac\n", None),
        ("code\tcode\nA1\tLac", None),
        ("code\tnom", None),
        ("code", None),
        ("code\nA1\nB2", None),
        ("a;b\n" + "x;y\n" * 5001, None),
        (";".join(f"c{n}" for n in range(51)) + "\n" + ";".join("x" * 51), None),
        ("a;b\n" + "x" * (1 << 20) + ";y", None),
        ('a;b\n"' + "x" * 200_000 + '";y', None),
    ],
)
def test_what_was_copied_is_read(text: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(InputError) as told:
            read(text)
        assert "Ou un tableau collé" in told.value.text
    else:
        assert read(text) == expected


def test_the_largest_one_is_read_in_a_blink() -> None:
    text = "code\tnom\n" + "\n".join(f"{n}\t{'x' * 150}" for n in range(5000))
    started = time.monotonic()
    assert read(text).count("\n") == 5000
    assert time.monotonic() - started < 2


@given(st.text(max_size=300))
def test_no_paste_does_more_than_be_refused(text: str) -> None:
    try:
        told = read(f"code\tnom\n{text}")
    except InputError as error:
        assert "{" not in error.text.replace(text, "")
        return
    assert all(line.count("\t") < parameters.PASTED_COLUMNS for line in told.split("\n"))


def test_one_table_is_said_and_one_alone() -> None:
    for posted in ({}, {"reference": ["dataset:x"], "pasted": ["a;b\n1;2"]}):
        with pytest.raises(InputError, match="l'un des deux"):
            recipe.added("join_reference", {"column": ["code"], **posted}, LABELS)
    step = recipe.added("join_reference", {"column": ["code"], "pasted": ["a;b\n1;2"]}, LABELS)
    assert step.parameters["pasted"] == "a\tb\n1\t2" and step.values["pasted"] == 1


def test_it_is_kept_with_the_recipe_and_replayed(tmp_path: Path) -> None:
    posted = {
        "column": ["code"],
        "pasted": ["code;nom;rue\nA1;Lac;du Lac\nA1;Deux fois;x\n=1+1;Bois;x"],
        "bring": ["nom"],
    }
    step = recipe.added("join_reference", posted, LABELS)
    raw = table(tmp_path, LABELS, [["a1", "12"], ["=1+1", "3"], ["Z", "1"]])
    mended, steps = recipe.run(raw, Recipe((step,)), tmp_path)
    labels, rows = content(mended)
    assert labels == ["code", "élèves", "nom"] and [r[2] for r in rows] == ["Lac", "Bois", None]
    done = next(s for s in steps if s.repair == "join_reference")
    assert "2 lignes sur 3 sont complétées par « tableau collé »" in done.text
    (told,) = recipe.load(_kept(tmp_path, recipe.dump([Recipe(steps, "", LABELS)])))
    again, _ = recipe.run(table(tmp_path, LABELS, [["A1", "7"]]), told, tmp_path)
    assert content(again)[1] == [["A1", "7", "Lac"]]


@pytest.mark.parametrize(
    "pasted", ["", "\t\n\t", "a", "a\tb", "a\tb\n" * 9000, ["x"], 12, "\n\n\n", 'a\t"); DROP TABLE v0; --\n1\t2']
)
def test_a_recipe_written_by_hand_may_hold_anything(tmp_path: Path, pasted: object) -> None:
    step = Step(
        "join_reference", {"column": "code", "pasted": pasted, "reference": "", "key": "", "bring": ""}, origin="hand"
    )
    raw = table(tmp_path, LABELS, [["1", "12"]])
    mended, (done, *_) = recipe.run(raw, Recipe((step,)), tmp_path)
    assert content(mended)[1][0][:2] == ["1", "12"] and done.repair == "join_reference"


def _kept(work: Path, text: str) -> Path:
    path = work / "recette.json"
    path.write_text(text, "utf-8")
    return path
