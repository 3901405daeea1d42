"""Verbs on the data folder: ``backup``, ``restore``, ``doctor``."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
from rich.markup import escape

from parvis import __version__
from parvis.cli import out

DATA = click.option(
    "--data",
    envvar="PARVIS_DATA",
    default="parvis-data",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Dossier des données (ou variable PARVIS_DATA).",
)
FREE_WANTED = 2 * 1024**3  # bytes; under it a large file could not be staged beside its original


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@DATA
@out.json_option
def backup(target: Path, data: Path, as_json: bool) -> None:
    """Sauvegarde tout le dossier des données, même pendant que le portail sert."""
    from parvis.store import backup as saving
    from parvis.store.folder import Folder

    report = saving.backup(Folder(data), target, _now())
    if as_json:
        out.show_json(report)
    else:
        out.console().print(
            f"[green]✓[/green] Sauvegarde faite dans {escape(str(target))} : "
            f"{report.objects} fichiers publiés, {report.size / 1e6:.1f} Mo, empreintes vérifiées."
        )


@click.command()
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@DATA
@out.json_option
def restore(source: Path, data: Path, as_json: bool) -> None:
    """Restaure une sauvegarde dans un dossier vide, en vérifiant chaque empreinte."""
    from parvis.store import backup as saving
    from parvis.store.folder import Folder

    report = saving.restore(source, Folder(data))
    if as_json:
        out.show_json(report)
    else:
        out.console().print(
            f"[green]✓[/green] Restauré dans {escape(str(data))} : {report.objects} fichiers publiés. "
            "Lancez « parvis serve » : le portail se retrouve tel qu'il était."
        )


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing the doctor looked at: ``ok``, what was seen, and what to do when it is not well."""

    name: str
    ok: bool
    seen: str
    hint: str = ""


@click.command()
@DATA
@out.json_option
def doctor(data: Path, as_json: bool) -> None:
    """Examine l'installation et le dossier des données, et dit quoi faire."""
    signs = tuple(_signs(data))
    if as_json:
        out.show_json(signs)
    else:
        console = out.console()
        for sign in signs:
            mark = "[green]✓[/green]" if sign.ok else "[red]✗[/red]"
            console.print(f"{mark} {escape(sign.name)} : {escape(sign.seen)}")
            if sign.hint and not sign.ok:
                console.print(f"   {escape(sign.hint)}", style="dim")
    if not all(s.ok for s in signs):
        raise click.exceptions.Exit(1)


COMMANDS: Sequence[click.Command] = (backup, restore, doctor)


def _signs(data: Path) -> Iterator[Sign]:
    yield Sign("Parvis", True, f"{__version__}, Python {platform.python_version()}, {platform.system()}")
    yield Sign("Bibliothèques", *_libraries())
    yield from _cage_signs()
    yield from _folder_signs(data)


def _libraries() -> tuple[bool, str, str]:
    seen, missing = [], []
    for name in ("duckdb", "pyarrow", "pyogrio", "python-calamine", "lxml", "django"):
        try:
            seen.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    return not missing, ", ".join(seen), f"Il manque {', '.join(missing)} : réinstallez Parvis."


def _cage_signs() -> Iterator[Sign]:
    """Yield what confines the readers of files here. Memory and time limits must hold; the rest depends on the
    kernel and is said, not demanded."""
    from parvis.tables import cage

    for protection, active in cage.state().items():
        always = protection in ("memory", "time")
        yield Sign(
            f"Confinement des lecteurs ({protection})",
            active or not always,
            "actif" if active else "indisponible sur ce système",
            "Les fichiers hostiles ne seraient pas assez contenus : utilisez un Linux récent.",
        )


def _folder_signs(data: Path) -> Iterator[Sign]:
    from parvis.store import shelf
    from parvis.store.folder import Folder

    if not data.exists():
        yield Sign("Dossier des données", True, f"{data} n'existe pas encore ; il sera créé au premier démarrage")
        return
    free = shutil.disk_usage(data).free
    yield Sign("Espace libre", free > FREE_WANTED, f"{free / 1e9:.1f} Go", "Libérez de la place sur ce disque.")
    damaged = shelf.verify(Folder(data))
    yield Sign(
        "Fichiers publiés",
        not damaged,
        "toutes les empreintes sont justes" if not damaged else f"abîmés : {', '.join(damaged)}",
        "Restaurez ces fichiers depuis une sauvegarde (« parvis restore »).",
    )
    secret = data / "secret_key"
    private = not secret.exists() or (secret.stat().st_mode & 0o077) == 0
    yield Sign("Clé secrète", private or sys.platform == "win32", "privée" if private else "lisible par d'autres")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
