"""The kinds of plugin and how they are found: one plugin is one module, nothing else is edited.

A folder is scanned; a package from outside registers its module under the entry point ``parvis.<kind>``.
A protocol below says what the module must declare. Types are imported for the checker only.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from parvis.values import Column, Finding


class Detector(Protocol):
    """What a column means. ``holds`` receives one non-empty cell, stripped."""

    TITLE: str  # French
    SOURCE: str
    HEADERS: Mapping[str, float]  # folded header words and how much each one tells, 0..1
    TOLERANCE: float  # share of filled cells that must hold
    ALONE: float  # confidence, 0..1, when the content holds and the header says nothing
    PERSONAL: str  # "", "direct", "quasi" or "sensitive"
    EXAMPLES: Mapping[bool, Sequence[str]]

    def holds(self, cell: str) -> bool: ...


class Reader(Protocol):
    """A file format -> raw tables. See ``tables.read`` for what ``read`` receives and yields."""

    TITLE: str
    SUFFIXES: Sequence[str]  # ".csv", ".txt"

    def recognises(self, path: Path, head: bytes) -> float: ...

    def read(self, path: Path, name: str, sink: Any) -> Sequence[Finding]: ...


class Repair(Protocol):
    """One repair step, done by Parvis, suggested by it or added by hand. See ``tables.repairs`` for what is optional."""

    TITLE: str
    ORDER: int
    EXAMPLES: Sequence[tuple[Any, ...]]

    def apply(self, table: Any, parameters: Mapping[str, Any]) -> Any: ...


class Check(Protocol):
    """One kind of verification of a table against a schema or against itself.

    ``look`` yields findings, and questions that one scan answers. See ``validation.table``.
    """

    TITLE: str

    def look(self, table: Any) -> Iterator[Any]: ...


class Transform(Protocol):
    """What may be done to a column that holds personal data: a SQL expression over the typed column."""

    TITLE: str
    PARAMETERS: Mapping[str, Any]  # name -> tables.parameters.Parameter
    REMOVES: Mapping[str, Sequence[str]]  # "column", "text" or "label" -> meanings that no longer stand there, "*" all
    EXAMPLES: Sequence[tuple[Any, ...]]  # before, after, and the parameters when they are not the usual ones

    def apply(self, column: Column, parameters: Mapping[str, Any]) -> Any: ...


class Connector(Protocol):
    """A kind of place parcels come from. See ``connectors`` for an errand, and for what is yielded."""

    TITLE: str
    HELP: str
    ORDER: int  # place in the list shown
    EXTRA: str  # optional package that it needs, or ""
    SETTINGS: Sequence[Any]  # of connectors.setting.Setting
    SECRET: Any  # the setting that is kept encrypted, or None
    EXAMPLES: Sequence[Mapping[str, Any]]  # settings that it accepts

    def fetch(self, errand: Any) -> Iterator[Any]: ...


@cache
def found(package: str, kind: str) -> Mapping[str, ModuleType]:
    """Return the plugin modules of a folder (``parvis.profiling.detectors``) and of outside packages, by name."""
    folder = importlib.import_module(package)
    modules = {
        info.name: importlib.import_module(f"{package}.{info.name}")
        for info in pkgutil.iter_modules(folder.__path__)
        if not info.name.startswith("_")
    }
    if f"[parvis.{kind}]" in _declared():
        from importlib.metadata import entry_points

        for point in entry_points(group=f"parvis.{kind}"):
            modules[point.name] = point.load()
    return modules


@cache
def _declared() -> str:
    """Return what the installed packages declare of ours, as they write it.

    Asking Python for the entry points reads and parses those of every package: a tenth of a second, twice a command.
    """
    files = (file for folder in sys.path if folder for file in Path(folder).glob("*-info/entry_points.txt"))
    return "\n".join(text for text in (f.read_text("utf-8", "replace") for f in files) if "[parvis." in text)


def names(package: str) -> Iterator[str]:
    """Yield the names of a folder's own plugins without importing them."""
    folder = importlib.import_module(package)
    return (info.name for info in pkgutil.iter_modules(folder.__path__) if not info.name.startswith("_"))
