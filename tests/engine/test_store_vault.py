"""The vault: no byte of an original is readable in it, nothing is lost on the way, and who has not the key is told kindly."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import resource
import secrets
import shutil
import stat
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from parvis import pipeline
from parvis.errors import LimitError, ParvisError, UnknownName
from parvis.store import backup, disk, retention, sealed, vault
from parvis.store.doctor import doctor
from parvis.store.folder import Folder
from parvis.values import Parcel, Preparation, Step

NOW = "2026-11-25T10:00:00+00:00"
CANARY = "Zyxalinde Kervoazouen"
TEXT = f"nom;quartier\n{CANARY};Lac\nMésange;Bois\n".encode()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "data")


def arrived(folder: Folder, content: bytes = TEXT, name: str = "a.csv") -> Parcel:
    return pipeline.collect(folder, name, io.BytesIO(content), origin="test", now=NOW)


def prepared(folder: Folder, content: bytes = TEXT) -> Preparation:
    (one,) = pipeline.prepare(folder, arrived(folder, content), now=NOW).preparations
    return one


def read(folder: Folder, parcel: Parcel) -> bytes:
    with folder.workspace() as work:
        return vault.original(folder, parcel, work).path.read_bytes()


def held(folder: Folder) -> Iterator[tuple[Path, bytes]]:
    for place in (folder.vault, folder.inbox):
        yield from ((p, p.read_bytes()) for p in place.rglob("*") if p.is_file())


def signs(folder: Folder) -> dict[str, tuple[bool, str]]:
    return {s.name: (s.ok, s.seen) for s in doctor(folder.root)}


# --- Nothing is readable --------------------------------------------------------------------------


def test_no_byte_of_an_original_is_readable_at_any_step(folder: Folder) -> None:
    parcel = arrived(folder)

    def nothing_readable() -> None:
        for path, content in held(folder):
            for told in (CANARY.encode(), b"Kervoazouen", b"quartier", b"PAR1"):
                assert told not in content, path

    nothing_readable()
    (first,) = pipeline.prepare(folder, parcel, now=NOW).preparations
    nothing_readable()
    step = Step("rename", {"column": "quartier", "name": "secteur"}, origin="hand")
    second = pipeline.rework(folder, first, (*first.recipe, step), now=NOW)
    pipeline.annotate(folder, second, now=NOW)
    nothing_readable()
    assert len(list(folder.staged.iterdir())) == 4  # the table, as it was read, what is known of it, the marked copy
    assert not list(folder.work.iterdir())
    assert read(folder, second.parcel) == TEXT


def test_two_arrivals_of_the_same_bytes_look_nothing_alike(folder: Folder) -> None:
    one, other = arrived(folder), arrived(folder)
    first, second = one.path.read_bytes(), other.path.read_bytes()
    assert first[:24] == second[:24]  # the mark and the name of the key
    assert first[24:32] != second[24:32] and first[56:64] != second[56:64]


@pytest.mark.parametrize("size", [0, 1, sealed.PIECE - 1, sealed.PIECE, sealed.PIECE + 1, 3 * sealed.PIECE])
def test_bytes_of_any_length_come_back(folder: Folder, size: int) -> None:
    content = secrets.token_bytes(size)
    assert read(folder, vault.keep(folder, arrived(folder, content))) == content


def test_a_large_original_passes_through_little_memory(folder: Folder, tmp_path: Path) -> None:
    source, size = tmp_path / "large", 192 << 20
    with source.open("wb") as stream:
        stream.truncate(size)
    arrived(folder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with source.open("rb") as stream:
        parcel = vault.keep(folder, pipeline.collect(folder, "large.bin", stream, origin="test", now=NOW))
    with folder.workspace() as work:
        assert vault.original(folder, parcel, work).path.stat().st_size == size
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10  # kilobytes


# --- Nothing is changed unseen --------------------------------------------------------------------


@pytest.mark.parametrize("at", [0, 17, 30, 60, 5000, -1])
def test_one_changed_byte_is_seen(folder: Folder, at: int) -> None:
    parcel = vault.keep(folder, arrived(folder, secrets.token_bytes(3 << 20)))
    content = bytearray(parcel.path.read_bytes())
    content[at] ^= 1
    parcel.path.write_bytes(content)
    with pytest.raises(LimitError, match=r"abîmé|autre clé"), folder.workspace() as work:
        vault.original(folder, parcel, work)


def test_a_cut_file_is_seen_and_so_are_pieces_put_in_another_order(folder: Folder) -> None:
    parcel = vault.keep(folder, arrived(folder, secrets.token_bytes(3 << 20)))
    whole, piece = parcel.path.read_bytes(), sealed.PIECE + 16
    first, second, third = (whole[56 + i * piece : 56 + (i + 1) * piece] for i in range(3))
    for wrong in (whole[:56], whole[: 56 + piece], whole[:-1], whole[:56] + second + first + third, whole + third):
        parcel.path.write_bytes(wrong)
        with pytest.raises(LimitError, match="abîmé"), folder.workspace() as work:
            vault.original(folder, parcel, work)


def test_a_file_put_in_the_place_of_another_does_not_open(folder: Folder) -> None:
    one, other = vault.keep(folder, arrived(folder)), vault.keep(folder, arrived(folder, b"a;b\n1;2\n"))
    shutil.copy2(other.path, one.path)
    with pytest.raises(LimitError, match="n'est plus celui qui est arrivé"), folder.workspace() as work:
        vault.original(folder, one, work)
    first, second = prepared(folder), prepared(folder, b"a;b\n1;2\n")
    places = [folder.staged / f"{p.id}.parquet.sealed" for p in (first, second)]
    shutil.copy2(places[1], places[0])
    with pytest.raises(LimitError, match="abîmé"):
        pipeline.beside(folder, first, now=NOW)


# --- Keys -----------------------------------------------------------------------------------------


def test_the_key_is_made_once_and_nobody_else_reads_it(folder: Folder) -> None:
    assert sealed.keys(folder) == []
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(sealed.keys(folder, make=True)[0])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1
    assert stat.S_IMODE(folder.vault_key.stat().st_mode) == 0o600
    assert not list(folder.root.glob(".vault_key*"))
    folder.vault_key.chmod(0o644)
    assert signs(folder)["Clé du coffre"] == (False, "lisible par d'autres")


def test_another_key_is_said_kindly_and_the_old_one_still_opens_beside_it(folder: Folder) -> None:
    preparation = prepared(folder)
    old = folder.vault_key.read_text()
    folder.vault_key.unlink()
    arrived(folder, b"a;b\n1;2\n")  # what comes now is sealed with a new key
    with pytest.raises(LimitError) as told, folder.workspace() as work:
        vault.original(folder, preparation.parcel, work)
    assert "une autre clé" in told.value.text and "vault_key" in told.value.text
    ok, seen = signs(folder)["Clé du coffre"]
    assert not ok and "aucune clé n'ouvre" in seen
    folder.vault_key.write_text(folder.vault_key.read_text() + old)
    folder.vault_key.chmod(0o600)
    assert read(folder, preparation.parcel) == TEXT
    assert signs(folder)["Clé du coffre"] == (True, "ouvre tout le coffre")


def test_a_file_that_comes_again_replaces_what_a_lost_key_closed(folder: Folder) -> None:
    parcel = vault.keep(folder, arrived(folder))
    folder.vault_key.unlink()
    assert read(folder, vault.keep(folder, arrived(folder))) == TEXT
    assert vault.keep(folder, parcel).path == parcel.path and not list(folder.inbox.iterdir())


@pytest.mark.parametrize("content", ["", "abc\n", "00" * 31 + "\n", "00" * 32 + "\nn'importe quoi\n"])
def test_a_broken_key_file_is_said_and_never_written_over(folder: Folder, content: str) -> None:
    parcel = vault.keep(folder, arrived(folder))
    folder.vault_key.write_text(content)
    with pytest.raises(LimitError, match="clé du coffre est illisible"), folder.workspace() as work:
        vault.original(folder, parcel, work)
    with pytest.raises(LimitError, match="illisible"):
        arrived(folder)
    assert folder.vault_key.read_text() == content and not list(folder.inbox.iterdir())
    assert not signs(folder)["Clé du coffre"][0]


def test_a_backup_goes_without_the_key_unless_it_is_asked_for(folder: Folder, tmp_path: Path) -> None:
    preparation = prepared(folder)
    assert backup.backup(folder, tmp_path / "bare").keyless
    assert not backup.backup(folder, tmp_path / "full", vault_key=True).keyless
    for path in (tmp_path / "bare").rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes()
    assert backup.restore(tmp_path / "bare", tmp_path / "one").keyless
    one, other = Folder(tmp_path / "one"), Folder(tmp_path / "other")
    assert not backup.restore(tmp_path / "full", other).keyless
    assert read(other, preparation.parcel) == TEXT  # wherever the folder is now
    with pytest.raises(LimitError, match="autre clé"):
        read(one, preparation.parcel)
    shutil.copy2(folder.vault_key, one.vault_key)  # the copy that is kept apart
    assert read(one, preparation.parcel) == TEXT


# --- Crashes --------------------------------------------------------------------------------------


class Fault:
    """Makes the k-th call to the disk fail, and all that follow: the machine is dead."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, call: str, path: Path) -> None:
        self.left -= 1
        if self.left <= 0:
            raise OSError(errno.EIO, "planted", str(path))


@pytest.mark.parametrize("old", [False, True], ids=["sealed at arrival", "plain of before"])
def test_a_crash_at_any_call_to_the_disk_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bool
) -> None:
    for step in range(1, 200):
        folder = Folder(tmp_path / f"data{step}")
        parcel = arrived(folder)
        if old:
            path = folder.inbox / "plain"
            path.write_bytes(TEXT)
            parcel = Parcel(path, "a.csv", hashlib.sha256(TEXT).hexdigest(), len(TEXT), "test", NOW)
        with monkeypatch.context() as patched:
            patched.setattr(disk, "hook", Fault(step))
            try:
                pipeline.prepare(folder, parcel, now=NOW)
                done = True
            except (ParvisError, OSError):
                done = False
        (again,) = pipeline.prepare(folder, parcel, now=NOW).preparations
        assert read(folder, again.parcel) == TEXT and again.profile.rows == 2
        if done:
            break
    assert step > 8


def test_a_refused_write_at_arrival_leaves_nothing_behind(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed.keys(folder, make=True)
    inbox = folder.inbox
    for step in range(1, 9):
        with monkeypatch.context() as patched:
            patched.setattr(disk, "hook", Fault(step))
            try:
                arrived(folder)
            except LimitError:
                assert not list(inbox.iterdir())
            else:
                break
    assert step > 2


# --- Before, and after ----------------------------------------------------------------------------


def test_a_vault_of_before_is_read_and_sealed_on_the_way(folder: Folder) -> None:
    preparation = prepared(folder)
    for place in (folder.raw, folder.staged):  # as it lay before it was sealed
        for path in list(place.iterdir()):
            with folder.workspace() as work:
                sealed.unseal(folder, path, work / "x")
                (work / "x").replace(path.with_name(path.name.removesuffix(sealed.SUFFIX)))
            path.unlink()
    plain = Parcel(folder.raw / preparation.parcel.digest, "a.csv", preparation.parcel.digest, len(TEXT), "test", NOW)
    assert plain.path.read_bytes() == TEXT and signs(folder)["Coffre des originaux"][0] is False
    assert pipeline.beside(folder, preparation, now=NOW).id == preparation.id
    assert read(folder, plain) == TEXT
    assert not plain.path.exists() and not (folder.staged / f"{preparation.id}.parquet").exists()
    pipeline.tend(folder, {preparation.id}, ())
    assert not retention.plain(folder) and signs(folder)["Coffre des originaux"] == (True, "tout y est chiffré")
    step = Step("rename", {"column": "quartier", "name": "secteur"}, origin="hand")
    again = pipeline.rework(folder, preparation, (*preparation.recipe, step), now=NOW)
    assert [c.label for c in again.profile.columns] == ["nom", "secteur"]


def test_what_was_staged_of_a_decided_table_is_swept_and_what_waits_stays(folder: Folder) -> None:
    waiting, decided = prepared(folder), prepared(folder, b"a;b\n1;2\n")
    pipeline.tend(folder, {waiting.id}, ())
    assert len(list(folder.staged.iterdir())) == 6  # too fresh: it may be on its way to a draft
    for path in folder.staged.iterdir():
        os.utime(path, (0, 0))
    pipeline.tend(folder, {waiting.id}, ())
    assert {p.name.partition(".")[0].partition("-")[0] for p in folder.staged.iterdir()} == {waiting.id}
    assert decided.id != waiting.id


def test_what_a_dead_process_had_opened_is_swept(folder: Folder) -> None:
    for name, age in (("dead", 7), ("alive", 1)):
        place = folder.work / name
        place.mkdir()
        (place / "original").write_bytes(TEXT)
        then = time.time() - age * 3600
        os.utime(place, (then, then))
    begun = folder.raw / ".0123.sealed.ab"
    begun.write_bytes(b"x")
    os.utime(begun, (0, 0))
    pipeline.tend(folder, (), ())
    assert [p.name for p in folder.work.iterdir()] == ["alive"] and not begun.exists()


def test_an_erased_original_is_said_and_what_is_late_is_seen(folder: Folder) -> None:
    parcel = vault.keep(folder, arrived(folder))
    later = datetime.now(UTC) + timedelta(days=retention.DAYS + retention.GRACE + 1)
    assert retention.late(folder) == [] and retention.late(folder, later) == [parcel.path]
    retention.note(folder, NOW, retention.DAYS, [parcel.digest])
    assert retention.late(folder, later) == []  # a draft still needs it
    retention.note(folder, NOW, retention.DAYS, [])
    os.utime(parcel.path, (0, 0))
    assert signs(folder)["Durée de garde des originaux"] == (False, "1 fichier(s) à effacer")
    assert pipeline.erase(folder, parcel.digest) and not pipeline.erase(folder, parcel.digest)
    with pytest.raises(UnknownName) as told, folder.workspace() as work:
        vault.original(folder, parcel, work)
    assert "n'est plus dans le coffre" in told.value.text and "Déposez-le de nouveau" in told.value.text
