"""Verb on a budget: ``budget`` writes the national schema's table from the file that accounting software seals."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from parvis.cli import out


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FICHIER")
@click.option(
    "--out",
    "target",
    metavar="FICHIER",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV à écrire ; sans cette option, il va sur la sortie standard.",
)
def budget(file: Path, target: Path | None) -> None:
    """Convertit un budget TOTEM (XML) en CSV du schéma national « SCDL budget »."""
    from parvis.schemas.budget import scdl

    told = scdl(file)
    console = Console(stderr=True, highlight=False)
    if target is None:
        sys.stdout.buffer.write(told.content)
    else:
        target.write_bytes(told.content)
        console.print(f"[green]✓[/green] {target} : {told.rows} lignes")
    if told.findings:
        console.print(out.findings_table(told.findings))


COMMANDS: Sequence[click.Command] = (budget,)
