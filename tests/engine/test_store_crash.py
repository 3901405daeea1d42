"""Deaths and full disks in the middle of a publication: never a half version, never a lost one."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from parvis.errors import LimitError
from parvis.store import backup, disk, index, shelf
from parvis.store import query as asking
from parvis.store.folder import Folder
from parvis.store.pool import Pool
from parvis.values import Kind, Op, Query, Test

Test.__test__ = False  # type: ignore[attr-defined]  # a value of ours, not a test class
LOOP = Path(__file__).with_name("store_crash_loop.py")


def run(*arguments: object) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, LOOP, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_hundred_kills_at_random_moments_lose_nothing_and_leave_nothing_half_done(tmp_path: Path) -> None:
    seen = run("random", tmp_path, 100, 20260301)
    assert seen["wrong"] == []
    assert seen["killed"] == 100
    assert seen["acknowledged"] > 20  # some kills came after a release, some within


def test_a_kill_at_each_call_to_the_disk_loses_nothing(tmp_path: Path) -> None:
    seen = run("steps", tmp_path)
    assert seen["wrong"] == []
    assert seen["steps"] > 12


@pytest.mark.parametrize("bug", ["in place", "name first"])
def test_the_harness_finds_a_planted_fault(tmp_path: Path, bug: str) -> None:
    assert run("steps", tmp_path, bug)["wrong"]


# --- Full disk ------------------------------------------------------------------------------------


class Fault:
    """Makes the k-th call to the disk fail."""

    def __init__(self, at: int, number: int) -> None:
        self.left, self.number = at, number

    def __call__(self, call: str, path: Path) -> None:
        self.left -= 1
        if self.left == 0:
            raise OSError(self.number, "planted", str(path))


def state(folder: Folder) -> Any:
    return [(r.id, r.current, tuple(r.releases)) for r in shelf.records(folder)], shelf.verify(folder)


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "disque est plein"), (errno.EIO, "refusé"), (errno.EROFS, "droit d'écrire")],
)
def test_a_disk_that_refuses_any_call_of_a_publication_leaves_what_was_there(
    tmp_path: Path, making: Any, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    first = making.protected(tmp_path / "a.parquet", {"n": Kind.INTEGER}, [{"n": 1}])
    second = making.protected(tmp_path / "b.parquet", {"n": Kind.INTEGER}, [{"n": 1}, {"n": 2}])
    kept = []
    for step in range(1, 100):
        folder = Folder(tmp_path / f"data{step}")
        making.put(folder, first, "dddddddddddd")
        before = state(folder)
        with monkeypatch.context() as patched:
            patched.setattr(disk, "hook", Fault(step, number))
            try:
                making.put(folder, second, "dddddddddddd", 2)
            except LimitError as error:
                assert said in error.text
            else:
                break
        kept.append(state(folder) == before)
        assert state(folder)[1] == []
        assert not list(folder.staging.iterdir())
        assert not list(folder.versions.glob(".*")) + list(folder.datasets.glob(".*"))
        making.put(folder, second, "dddddddddddd", 2)  # room was made: the same publication again
        assert shelf.version(folder, shelf.record(folder, "dddddddddddd").current).rows == 2
    assert step > 10
    assert all(kept[:-1])  # the last call comes after the release: it stands, whole, and doing it again changes nothing


def test_a_full_disk_leaves_a_withdrawal_to_be_finished(
    tmp_path: Path, making: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in range(1, 30):
        folder = Folder(tmp_path / f"data{step}")
        safe = making.protected(tmp_path / f"{step}.parquet", {"n": Kind.INTEGER}, [{"n": 1}])
        version = making.put(folder, safe, "dddddddddddd")
        with monkeypatch.context() as patched:
            patched.setattr(disk, "hook", Fault(step, errno.ENOSPC))
            try:
                shelf.withdraw(folder, "dddddddddddd", "essai", making.NOW)
            except LimitError:
                pass
            else:
                break
        shelf.repair(folder)
        gone = bool(shelf.record(folder, "dddddddddddd").releases[0].withdrawn_at)
        assert folder.object(version.object).exists() is not gone
    assert step > 3


def test_a_full_disk_leaves_no_half_index(tmp_path: Path, making: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path / "data")
    safe = making.protected(tmp_path / "t.parquet", making.TREES, making.trees(20_000))
    version = making.put(folder, safe, "dddddddddddd")
    folder.indexes  # noqa: B018  made before the faults
    for step in range(1, 30):
        with monkeypatch.context() as patched:
            patched.setattr(disk, "hook", Fault(step, errno.ENOSPC))
            try:
                assert index.build(folder, version)
                break
            except LimitError:
                pass
        shelf.repair(folder, stale=-60)
        assert not list(folder.staging.iterdir())
    assert step > 2


# --- Backup ---------------------------------------------------------------------------------------


def test_a_backup_taken_while_publishing_and_withdrawing_gives_the_same_answers_elsewhere(
    tmp_path: Path, making: Any
) -> None:
    folder, stop, begun, failed = Folder(tmp_path / "data"), threading.Event(), threading.Event(), []
    rows = making.trees(300)
    first = making.protected(tmp_path / "first.parquet", making.TREES, rows)
    making.put(folder, first, "aaaaaaaaaaaa", point=("longitude", "latitude"))

    made = [making.protected(tmp_path / f"n{n}.parquet", making.TREES, rows[: n * 30 + 1]) for n in range(9)]

    def work() -> None:
        try:
            for number in range(2, 10_000):
                if stop.is_set():
                    return
                dataset = f"b{number % 4:011d}"
                version = making.put(folder, made[number % 9], dataset, number)
                if number % 3 == 0:
                    shelf.withdraw(folder, dataset, "essai", making.NOW, version=version.id)
                if number == 8:
                    begun.set()
        except Exception as error:
            failed.append(error)
            begun.set()

    writer = threading.Thread(target=work)
    writer.start()
    begun.wait(60)  # on a busy machine the copies would be over before the writer begins
    try:
        reports = [backup.backup(folder, tmp_path / f"copy{i}", making.NOW) for i in range(4)]
    finally:
        stop.set()
        writer.join()
    assert not failed
    assert all(r.objects for r in reports)
    for turn in range(4):
        elsewhere = Folder(tmp_path / f"restored{turn}")
        backup.restore(tmp_path / f"copy{turn}", elsewhere)
        assert shelf.verify(elsewhere) == []
    asked = Query(where=Test("annee", Op.GE, 1950), limit=1000)
    here, there = Pool(folder, workers=1), Pool(elsewhere, workers=1)
    try:
        compared = 0
        for record in shelf.records(elsewhere):
            for release in record.releases:
                if release.withdrawn_at or shelf.record(folder, record.id).release(release.version).withdrawn_at:  # type: ignore[union-attr]  # known by the truth it was copied from
                    continue
                ours, theirs = shelf.version(folder, release.version), shelf.version(elsewhere, release.version)
                assert ours == theirs
                assert asking.run(here, ours, asked) == asking.run(there, theirs, asked)
                compared += 1
                if compared == 40:
                    return
        assert compared > 1
    finally:
        here.close()
        there.close()


def test_a_backup_with_one_wrong_byte_is_not_restored(tmp_path: Path, making: Any) -> None:
    folder = Folder(tmp_path / "data")
    making.put(folder, making.protected(tmp_path / "t.parquet", {"n": Kind.INTEGER}, [{"n": 1}]), "dddddddddddd")
    backup.backup(folder, tmp_path / "copy", making.NOW)
    damaged = next((tmp_path / "copy").rglob("*.parquet"))
    damaged.chmod(0o644)
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    with pytest.raises(LimitError, match="abîmée"):
        backup.restore(tmp_path / "copy", Folder(tmp_path / "elsewhere"))
    assert not (tmp_path / "elsewhere").exists()
