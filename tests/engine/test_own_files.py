"""A file of one's own stays where it is, and costs no more than what is asked of it."""

from __future__ import annotations

import gc
import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from parvis import cycles, pipeline
from parvis.tables import texts
from parvis.tables.table import RawTable
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


def test_cycles_are_looked_for_again_once_a_file_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lacs.csv"
    path.write_text("nom;places\nLac;3\n", "utf-8")
    seen: list[bool] = []
    real = texts.texts_of

    def watched(raw: RawTable) -> texts.Texts:
        seen.append(gc.isenabled())
        return real(raw)

    monkeypatch.setattr(pipeline, "texts_of", watched)
    with pipeline.opened(path):
        assert gc.isenabled()
    assert seen == [False]
    with pytest.raises(FileNotFoundError), cycles.left_alone():
        pipeline.inspect(tmp_path / "absent.csv")
    assert gc.isenabled()
    gc.disable()
    try:
        pipeline.inspect(path)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_command_that_ends_looks_for_no_cycle(tmp_path: Path) -> None:
    path = tmp_path / "lacs.csv"
    path.write_text("nom;places\nLac;3\n", "utf-8")
    program = (
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 10_000))\n"
        "from parvis import pipeline\n"
        "pipeline.inspect(sys.argv[1])\n"
        "print(gc.isenabled())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["True", "True"]
