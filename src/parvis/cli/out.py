"""How the command line speaks: tables for people, JSON for programs, errors in kind words."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from parvis.errors import InputError, LimitError, ParvisError
from parvis.values import Finding, Kind, Severity, to_json

F = TypeVar("F", bound=Callable[..., Any])

KINDS = {
    Kind.TEXT: "texte",
    Kind.INTEGER: "nombre entier",
    Kind.NUMBER: "nombre",
    Kind.BOOLEAN: "oui/non",
    Kind.DATE: "date",
    Kind.DATETIME: "date et heure",
    Kind.TIME: "heure",
    Kind.GEOMETRY: "géométrie",
}
STYLES = {Severity.REFUSE: "bold red", Severity.BLOCK: "red", Severity.WARN: "yellow", Severity.INFO: "dim"}
WORDS = {Severity.REFUSE: "refus", Severity.BLOCK: "à décider", Severity.WARN: "à revoir", Severity.INFO: "à savoir"}


def console() -> Console:
    return Console(highlight=False, soft_wrap=False)


def json_option(command: F) -> F:
    """Add ``--json``: one JSON document on standard output, nothing else."""
    return click.option("--json", "as_json", is_flag=True, help="Répond en JSON, pour un programme.")(command)


def show_json(value: Any) -> None:
    json.dump(to_json(value), sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")


def findings_table(findings: Sequence[Finding]) -> Table:
    """Return the findings as a table: how much each one stops, where, what, what to do."""
    table = Table(show_lines=False, pad_edge=False, box=None, padding=(0, 2, 0, 0))
    for title in ("", "Où", "Remarque"):
        table.add_column(title)
    rank = list(Severity)
    for finding in sorted(findings, key=lambda f: rank.index(f.severity)):
        what = finding.text + (f"\n{finding.hint.format(**finding.values)}" if finding.hint else "")
        table.add_row(WORDS[finding.severity], where(finding), what, style=STYLES[finding.severity])
    return table


def where(finding: Finding) -> str:
    """Return the place of a finding as an agent would say it: sheet, cell or line, column."""
    place = finding.place
    if place is None:
        return ""
    parts = [f"feuille « {place.sheet} »" if place.sheet else ""]
    parts.append(f"cellule {place.cell}" if place.cell else f"ligne {place.line}" if place.line else "")
    parts.append(f"colonne « {place.column} »" if place.column else "")
    return ", ".join(p for p in parts if p)


def fail(error: ParvisError) -> None:
    """Say an error on standard error: the sentence, then what to do."""
    said = Console(stderr=True, highlight=False)
    said.print(f"[red]✗[/red] {error.message.format(**error.values)}", markup=True)
    if error.hint:
        said.print(f"  {error.hint.format(**error.values)}")


def disk_error(error: OSError) -> ParvisError:
    """Return the kind sentence for what the disk refused."""
    name = error.filename or ""
    if error.errno == errno.ENOSPC:
        return LimitError("Le disque est plein : rien n'a été publié.", "Libérez de la place, puis relancez.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return LimitError("Le fichier « {name} » ne peut pas être lu avec vos droits.", name=name)
    if error.errno == errno.ENOENT:
        return InputError("Le fichier « {name} » n'existe pas.", "Vérifiez le chemin.", name=name)
    return LimitError("Le disque a refusé une opération ({why}).", why=error.strerror or str(error))


@contextmanager
def progress(quiet: bool = False) -> Iterator[Callable[[float, str], None]]:
    """Give ``told(share, what)`` that moves one bar on standard error; silent for programs and where nobody looks."""
    if quiet or not sys.stderr.isatty():
        yield lambda share, what: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(30),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=False) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share, what: bar.update(task, completed=share, description=escape(what[:60]))
