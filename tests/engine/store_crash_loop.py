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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from parvis.privacy.protect import SafeTable, protect
from parvis.store import disk, manifest, shelf
from parvis.store.folder import Folder
from parvis.store.manifest import DatasetRecord
from parvis.values import Column, Kind, Metadata, Policy, Profile

TABLES = 40
DATASET, NOW = "eeeeeeeeeeee", "2026-03-01T08:00:00+00:00"


def tables(place: Path) -> list[SafeTable]:
    """Return a few protected tables: enough that a child never publishes the same twice."""
    place.mkdir()
    made = []
    for number in range(TABLES):
        typed, rows = place / "typed.parquet", 200 + number
        pq.write_table(pa.table({"n": list(range(rows)), "turn": [number] * rows}), typed)
        columns = (Column("n", "N", Kind.INTEGER), Column("turn", "Tour", Kind.INTEGER))
        made.append(protect(typed, Profile("csv", rows, columns), Policy(), place / f"{number}.parquet"))
    return made


def publish(folder: Folder, made: list[SafeTable], number: int) -> str:
    """Publish a table and return its version: what the caller may tell the world from then on."""
    safe = made[number % TABLES]
    with folder.workspace() as work:
        (work / "other").write_bytes(b"work in hand")
        version = shelf.put(folder, safe, dataset=DATASET, number=number, metadata=Metadata(title="T"), now=NOW)
        shelf.release(folder, DatasetRecord(DATASET, "t", "fontclaire", "Fontclaire"), version.id, NOW)
    return version.id


def look(folder: Folder, told: set[str], sound: set[str]) -> list[str]:
    """Return what is wrong on the shelf: a half version, a damaged or a lost one. ``sound``: those looked at before."""
    wrong: list[str] = []
    try:
        gone = {r.version for record in shelf.records(folder) for r in record.releases if r.withdrawn_at}
        for path in folder.versions.glob("[!.]*.json"):
            if path.stem in sound or path.stem in gone:
                continue
            found = manifest.read_version(path)
            place = folder.object(found.object)
            if pq.read_table(place).num_rows != found.rows or disk.digest(place) != found.object:
                wrong.append(f"half {found.id}")
            sound.add(path.stem)
        for record in shelf.records(folder):
            known = {r.version for r in record.releases}
            wrong += [f"lost {v}" for v in told - known] + [f"unknown {v}" for v in known - sound - gone]
            if record.current and shelf.version(folder, record.current).id != record.releases[-1].version:
                wrong.append(f"current {record.current}")
    except Exception as error:
        wrong.append(f"{type(error).__name__}: {error}")
    return wrong


def leftovers(folder: Folder) -> list[str]:
    loose = [p.name for p in (*folder.staging.iterdir(), *folder.work.iterdir())]
    loose += [p.name for place in (folder.versions, folder.datasets) for p in place.glob(".*")]
    return loose


@dataclass
class Harness:
    """A shelf, what was told of it, and what was found wrong."""

    folder: Folder
    made: list[SafeTable]
    number: int = 1
    told: set[str] = field(default_factory=set)
    sound: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def publish(self) -> None:
        self.told.add(publish(self.folder, self.made, self.number))
        self.number += 1

    def look(self) -> None:
        self.wrong += look(self.folder, self.told, self.sound)

    def mend(self) -> None:
        """Do what follows a death: the same publication again, a repair, another one; then withdraw all of it."""
        try:
            self.look()
            self.publish()
            self.look()
            time.sleep(0.002)  # what the dead one wrote is then older than now
            shelf.repair(self.folder, stale=0)
            self.look()
            self.wrong += [f"left {n}" for n in leftovers(self.folder)]
            self.publish()
            self.look()
            shelf.withdraw(self.folder, DATASET, "essai", NOW)
            self.wrong += [f"kept {p.name}" for p in self.folder.objects.glob("??/*.parquet")]
        except Exception as error:
            self.wrong.append(f"{type(error).__name__}: {error}")


def main_random(root: Path, rounds: int, seed: int) -> dict[str, Any]:
    draw, harness = random.Random(seed), Harness(Folder(root / "data"), tables(root / "tables"))
    harness.publish()
    start = time.perf_counter()
    harness.publish()
    usual = time.perf_counter() - start
    killed = acknowledged = 0
    for turn in range(rounds):
        if turn % 20 == 0:  # a young shelf is looked at faster
            harness = Harness(Folder(root / f"data{turn}"), harness.made, wrong=harness.wrong)
        harness.publish()
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            while True:
                os.write(writer, f"{publish(harness.folder, harness.made, harness.number)}\n".encode())
                harness.number += 1
        os.close(writer)
        time.sleep(draw.uniform(0, 5 * usual))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status)
        with os.fdopen(reader) as stream:
            new = stream.read().split()
        acknowledged += len(new)
        harness.told |= set(new)
        harness.number += len(new)  # the next one is the one that was cut
        harness.mend()
    return {"rounds": rounds, "killed": killed, "acknowledged": acknowledged, "wrong": harness.wrong}


def main_steps(root: Path, bug: str) -> dict[str, Any]:
    harness, steps = Harness(Folder(root / "data"), tables(root / "tables")), 0
    while not harness.wrong:
        steps += 1
        harness.publish()
        child = os.fork()
        if child == 0:
            left = [steps]

            def die(call: str, path: Path, left: list[int] = left) -> None:
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

            plant(bug)
            disk.hook = die
            publish(harness.folder, harness.made, harness.number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            break
        harness.mend()
    return {"steps": steps, "wrong": harness.wrong}


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
