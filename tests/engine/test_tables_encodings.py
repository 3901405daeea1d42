"""Encodings met in French offices: the text that was written is the text that is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from reading import cells, codes, told

ROWS = [
    "N°;Libellé;Élu référent;Montant (€)",
    *(f"{i};Crèche « Les Prés » à côté du lycée n° {i};Anaïs Noël;{i} 500" for i in range(6)),
]
LATIN = [row.replace("€", "EUR") for row in ROWS]  # cp850 has no euro


def first(tmp_path: Path, content: bytes) -> dict[str, str | None]:
    return cells(told(tmp_path, content, "envoi.csv"))[0]


@pytest.mark.parametrize(
    ("encoding", "ends", "mark"),
    [
        ("utf-8", "\n", b""),
        ("utf-8", "\r\n", b"\xef\xbb\xbf"),
        ("utf-16-le", "\r\n", b"\xff\xfe"),
        ("utf-16-be", "\r\n", b"\xfe\xff"),
        ("utf-16-le", "\n", b""),
        ("cp1252", "\r\n", b""),
        ("cp850", "\r\n", b""),
        ("mac_roman", "\r", b""),
        ("mac_roman", "\n", b""),
    ],
)
def test_a_french_text_is_read_as_it_was_written(tmp_path: Path, encoding: str, ends: str, mark: bytes) -> None:
    rows = LATIN if encoding == "cp850" else ROWS
    row = first(tmp_path, mark + ends.join(rows).encode(encoding))
    assert list(row) == rows[0].split(";")
    assert row["Libellé"] == "Crèche « Les Prés » à côté du lycée n° 0"
    assert row["Élu référent"] == "Anaïs Noël"


def test_two_encodings_in_one_file_are_both_read_and_said(tmp_path: Path) -> None:
    content = "\n".join(ROWS[:4]).encode() + b"\n" + "\n".join(ROWS[4:]).encode("cp1252")
    sink = told(tmp_path, content, "envoi.csv")
    assert {row["Élu référent"] for row in cells(sink)} == {"Anaïs Noël"}
    assert "csv.mixed_encoding" in codes(sink)


def test_two_signs_of_mac_roman_that_make_valid_utf_8_do_not_mislead(tmp_path: Path) -> None:
    accident = "√©"  # the bytes of « é » in UTF-8
    rows = [*ROWS, f"9;racine {accident} de l'été;Zoé;3"]
    sink = told(tmp_path, "\r".join([*rows, *ROWS[1:] * 3]).encode("mac_roman"), "envoi.csv")
    assert sink.tables[0].encoding == "mac_roman"
    assert "csv.mixed_encoding" not in codes(sink)


def test_one_accent_is_enough_to_tell(tmp_path: Path) -> None:
    assert list(first(tmp_path, "Libellé;Montant\nVoirie;12\nEau;13\n".encode("cp1252"))) == ["Libellé", "Montant"]
