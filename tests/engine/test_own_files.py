"""A file of one's own stays where it is, and costs no more than what is asked of it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from parvis import pipeline
from parvis.values import Parcel, from_json, to_json


def test_the_digest_of_a_file_is_reckoned_when_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lacs.csv"
    path.write_text("nom;places\nLac;3\nBois;4\n", "utf-8")
    asked: list[str] = []
    real = hashlib.file_digest

    def digest(stream: Any, name: str) -> Any:
        asked.append(Path(stream.name).name)
        return real(stream, name)

    monkeypatch.setattr(hashlib, "file_digest", digest)
    told = pipeline.check(path)
    assert "lacs.csv" not in asked
    assert told.parcel.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert from_json(Parcel, to_json(told.parcel)).digest == told.parcel.digest
    assert asked.count("lacs.csv") == 1


def test_tables_of_ones_own_files_have_names_of_their_own(tmp_path: Path) -> None:
    ids = set()
    for name in ("a.csv", "b.csv"):
        path = tmp_path / name
        path.write_text("nom;places\nLac;3\nBois;4\n", "utf-8")
        ids |= {p.id for p in pipeline.inspect(path).preparations}
    assert len(ids) == 2
