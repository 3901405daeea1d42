"""A publication that dies: run by ``test_store_crash.py`` as a program of its own, so that the deaths are real.

``random ROOT ROUNDS SEED``: publish in a child, kill it at a random moment, look at the shelf, repair, publish again.
``steps ROOT [BUG]``: the same, the child killing itself at its 1st call to the disk, then its 2nd ... until one
publication comes through. ``BUG`` plants a fault in the child: the harness must then find a violation.
Prints one JSON line of what was seen.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from parvis.store import disk, manifest, shelf
from parvis.store.folder import Folder
from parvis.store.manifest import DatasetRecord
from parvis.values import Column, Kind, Metadata, Policy, Risk

DATASET, NOW = "eeeeeeeeeeee", "2026-03-01T08:00:00+00:00"


@dataclass(frozen=True)
class Protected:
    path: Path
    columns: tuple[Column, ...]
    rows: int
    policy: Policy
    risk: Risk


def publish(folder: Folder, number: int) -> str:
    """Publish a new table and return its version: what the caller may tell the world from then on."""
    rows = 200 + number % 7
    with folder.workspace() as work:
        path = work / "table.parquet"
        pq.write_table(pa.table({"n": list(range(rows)), "turn": [number] * rows}), path)
        columns = (Column("n", "N", Kind.INTEGER), Column("turn", "Tour", Kind.INTEGER))
        safe: Any = Protected(path, columns, rows, Policy(), Risk(rows))
        version = shelf.put(folder, safe, dataset=DATASET, number=number, metadata=Metadata(title="T"), now=NOW)
        shelf.release(folder, DatasetRecord(DATASET, "t", "fontclaire", "Fontclaire"), version.id, NOW)
    return version.id


def look(folder: Folder, told: set[str], sound: set[str]) -> list[str]:
    """Return what is wrong on the shelf: a half version, a damaged or a lost one. ``sound``: those looked at before."""
    wrong: list[str] = []
    try:
        for path in folder.versions.glob("[!.]*.json"):
            if path.stem in sound:
                continue
            found = manifest.read_version(path)
            place = folder.object(found.object)
            if pq.read_table(place).num_rows != found.rows or disk.digest(place) != found.object:
                wrong.append(f"half {found.id}")
            sound.add(path.stem)
        for record in shelf.records(folder):
            known = {r.version for r in record.releases}
            wrong += [f"lost {v}" for v in told - known] + [f"unknown {v}" for v in known - sound]
            if shelf.version(folder, record.current).id != record.releases[-1].version:
                wrong.append(f"current {record.current}")
    except Exception as error:
        wrong.append(f"{type(error).__name__}: {error}")
    return wrong


def leftovers(folder: Folder) -> list[str]:
    loose = [p.name for p in (*folder.staging.iterdir(), *folder.work.iterdir())]
    loose += [p.name for place in (folder.versions, folder.datasets) for p in place.glob(".*")]
    return loose


def mend(folder: Folder, told: set[str], sound: set[str], number: int, seen: dict[str, Any]) -> None:
    """Do what follows a death: the same publication again, a repair, another publication; note what is wrong."""
    try:
        seen["wrong"] += look(folder, told, sound)
        told.add(publish(folder, number))
        seen["wrong"] += look(folder, told, sound)
        time.sleep(0.002)  # what the dead one wrote is then older than now
        shelf.repair(folder, stale=0)
        seen["wrong"] += look(folder, told, sound) + [f"left {n}" for n in leftovers(folder)]
        told.add(publish(folder, number + 1))
        seen["wrong"] += look(folder, told, sound)
    except Exception as error:
        seen["wrong"].append(f"{type(error).__name__}: {error}")


def main_random(root: Path, rounds: int, seed: int) -> dict[str, Any]:
    draw, folder = random.Random(seed), Folder(root)
    told, sound = {publish(folder, 1)}, set[str]()
    start = time.perf_counter()
    told.add(publish(folder, 2))
    usual = time.perf_counter() - start
    seen: dict[str, Any] = {"rounds": rounds, "killed": 0, "acknowledged": 0, "wrong": []}
    number = 3
    for _ in range(rounds):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            while True:
                os.write(writer, f"{publish(folder, number)}\n".encode())
                number += 1
        os.close(writer)
        time.sleep(draw.uniform(0, 5 * usual))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        seen["killed"] += os.WIFSIGNALED(status)
        with os.fdopen(reader) as stream:
            new = stream.read().split()
        seen["acknowledged"] += len(new)
        told |= set(new)
        number += len(new)  # the one that was cut
        mend(folder, told, sound, number, seen)
        number += 2
    seen["wrong"] += shelf.verify(folder) + look(folder, told, set())
    seen["versions"] = len(told)
    return seen


def main_steps(root: Path, bug: str) -> dict[str, Any]:
    folder = Folder(root)
    told, sound = {publish(folder, 1)}, set[str]()
    seen: dict[str, Any] = {"steps": 0, "wrong": []}
    while True:
        seen["steps"] += 1
        number = seen["steps"] * 1000
        child = os.fork()
        if child == 0:
            left = [seen["steps"]]

            def die(call: str, path: Path, left: list[int] = left) -> None:
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

            plant(bug)
            disk.hook = die
            publish(folder, number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            return seen
        mend(folder, told, sound, number, seen)
        if seen["wrong"]:
            return seen


def plant(bug: str) -> None:
    """Break the order that survives a crash, to see the harness find it."""
    if bug == "in place":

        def write(target: Path, content: bytes) -> None:
            with target.open("wb") as stream:
                stream.write(content[: len(content) // 2])
                stream.flush()
                disk.hook("write", target)
                stream.write(content[len(content) // 2 :])

        disk.write = write
    elif bug == "name first":
        rename = disk.rename

        def early(source: Path, target: Path) -> None:
            if target.suffix == ".parquet":
                target.write_bytes(source.read_bytes()[:100])
            rename(source, target)

        disk.rename = early


if __name__ == "__main__":
    kind, place, *more = sys.argv[1:]
    told_of = (
        main_random(Path(place), int(more[0]), int(more[1]))
        if kind == "random"
        else main_steps(Path(place), "".join(more))
    )
    print(json.dumps(told_of))
