"""The ``parvis`` command as a town types it: each verb, its JSON, its exit code, its sentences."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.portal.conftest import ASSOCIATIONS, TREES

VERBS = ("inspect", "check", "protect", "publish", "collect", "serve", "worker", "demo", "doctor", "backup", "restore")


class Told:
    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def parvis(*arguments: str | Path, cwd: Path | None = None) -> Told:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PARVIS_", "DJANGO_"))}
    command = [sys.executable, "-m", "parvis.cli.main", *map(str, arguments)]
    return Told(
        subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as an office would send it: one file to release, one to decide, one to refuse."""
    place = tmp_path_factory.mktemp("office")
    (place / "arbres.csv").write_bytes(TREES)
    (place / "associations.csv").write_bytes(ASSOCIATIONS)
    (place / "vide.csv").write_bytes(b"")
    return place


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_and_json(verb: str) -> None:
    told = parvis(verb, "--help")
    assert told.code == 0 and "--json" in told.out
    assert "Usage :" in told.out and "Montre cette aide." in told.out and " the " not in told.out


def test_inspect_says_what_a_file_is(office: Path) -> None:
    told = parvis("inspect", office / "arbres.csv", "--json")
    assert told.code == 0 and told.err == ""
    [table] = told.json["tables"]
    assert table["format"] == "csv" and table["rows"] > 0 and table["columns"][0]["label"]
    assert parvis("inspect", office / "vide.csv").code == 3


def test_check_leaves_with_one_while_a_person_must_decide(office: Path) -> None:
    assert parvis("check", office / "arbres.csv").code == 0
    told = parvis("check", office / "associations.csv", "--json")
    assert told.code == 1
    codes = {f["code"] for t in told.json["tables"] for f in t["findings"] if f["severity"] == "block"}
    assert codes and all(c.startswith("privacy.") for c in codes)


def test_protect_writes_a_copy_without_the_people(office: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    told = parvis("protect", office / "associations.csv", "--out", tmp_path, "--json")
    assert told.code == 0
    [written] = told.json
    cells = [str(c) for column in pq.read_table(written["path"]).to_pydict().values() for c in column]
    assert cells and not any("@" in c for c in cells)


def test_publish_ends_with_a_table_and_the_code_of_what_waits(office: Path, tmp_path: Path) -> None:
    told = parvis("publish", office, "--data", tmp_path / "data")
    assert told.code == 1, told.err
    assert "publié" in told.out and "à décider" in told.out and "refusé" in told.out
    assert "/donnees/arbres/" in told.out and "1 publiés, 1 à décider, 1 refusés" in told.out
    again = parvis("publish", office / "arbres.csv", "--data", tmp_path / "data", "--json")
    assert again.code == 0 and [o["state"] for o in again.json] == ["unchanged"]
    assert parvis("publish", office / "vide.csv", "--data", tmp_path / "data").code == 3
    asked = parvis("publish", office / "arbres.csv", "--organisation", "nulle-part", "--data", tmp_path / "data")
    assert asked.code == 3 and "nulle-part" in asked.err


def test_a_town_is_backed_up_restored_and_found_well(office: Path, tmp_path: Path) -> None:
    data, copy, elsewhere = tmp_path / "data", tmp_path / "copy", tmp_path / "elsewhere"
    parvis("publish", office, "--data", data)
    saved = parvis("backup", copy, "--data", data, "--json")
    assert saved.code == 0 and saved.json["objects"] == 1
    assert parvis("restore", copy, "--data", elsewhere, "--json").code == 0
    signs = {s["name"]: s["ok"] for s in parvis("doctor", "--data", elsewhere, "--json").json}
    assert signs["Fichiers publiés"] and signs["Clé secrète"]
    assert parvis("reindex", "--data", elsewhere, "--json").json["datasets"] == 1
    assert parvis("restore", copy, "--data", elsewhere).code == 3
    assert parvis("worker", "--once", "--data", elsewhere, "--json").json == {"done": 0}


def test_a_damaged_object_is_seen_by_the_doctor(office: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    parvis("publish", office / "arbres.csv", "--data", data)
    [file] = (data / "shelf" / "objects").glob("??/*.parquet")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.chmod(0o600)
    file.write_bytes(bytes(content))
    told = parvis("doctor", "--data", data)
    assert told.code == 1 and "abîmés" in told.out


def test_what_does_not_exist_is_said_in_french(office: Path) -> None:
    absent = parvis("inspect", office / "absent.csv")
    assert absent.code == 2 and "introuvable" in absent.err
    wrong = parvis("inspct")
    assert wrong.code == 2 and "Vouliez-vous dire" in wrong.err
    told = parvis("check", office / "arbres.csv", "--schema", "rien/du-tout")
    assert told.code == 4 and "rien/du-tout" in told.err


def test_the_same_verbs_are_a_library(office: Path, tmp_path: Path) -> None:
    code = f"""
import parvis
from pathlib import Path
office, data = Path({str(office)!r}), Path({str(tmp_path / "data")!r})
assert parvis.inspect(office / "arbres.csv").preparations[0].profile.rows
assert parvis.check(office / "arbres.csv").preparations
assert parvis.protect(office / "associations.csv", data / "safe")[0].rows
assert {{o.state for o in parvis.publish(office, data=data / "portal")}} == {{"released", "waiting", "refused"}}
assert parvis.worker(data=data / "portal", once=True) == 0
assert parvis.backup(data / "portal", data / "copy").objects == 1
assert parvis.restore(data / "copy", data / "elsewhere").objects == 1
assert [s.name for s in parvis.doctor(data / "elsewhere") if not s.ok] == ["Clé du coffre"]  # kept apart
assert callable(parvis.serve) and callable(parvis.demo)
print("done")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "done", done.stderr[-2000:]
