"""Verbs on the data folder: ``backup``, ``restore``, ``doctor``, ``outlines``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.markup import escape

from parvis.cli import out

DATA = click.option(
    "--data",
    metavar="DOSSIER",
    envvar="PARVIS_DATA",
    default="parvis-data",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Dossier des données (ou variable PARVIS_DATA).",
)


@click.command()
@click.argument("target", metavar="DOSSIER", type=click.Path(path_type=Path))
@click.option(
    "--vault-key",
    is_flag=True,
    help="Joint la clé du coffre ; sans elle, qui vole la sauvegarde ne lit aucun fichier d'origine.",
)
@DATA
@out.json_option
def backup(target: Path, vault_key: bool, data: Path, as_json: bool) -> None:
    """Sauvegarde tout le dossier des données, même pendant que le portail sert."""
    from parvis.store import backup as saving
    from parvis.store.folder import Folder

    report = saving.backup(data, target, vault_key=vault_key)
    if as_json:
        out.show_json(report)
    else:
        out.console().print(
            f"[green]✓[/green] Sauvegarde faite dans {escape(str(target))} : "
            f"{report.objects} fichiers publiés, {report.size / 1e6:.1f} Mo, empreintes vérifiées."
        )
        if report.keyless:
            key = escape(str(Folder(data).vault_key))
            out.console().print(
                f"La clé du coffre n'y est pas : gardez une copie de {key} à part, une fois pour toutes."
            )


@click.command()
@click.argument("source", metavar="DOSSIER", type=click.Path(exists=True, path_type=Path))
@DATA
@out.json_option
def restore(source: Path, data: Path, as_json: bool) -> None:
    """Restaure une sauvegarde dans un dossier vide, en vérifiant chaque empreinte."""
    from parvis.store import backup as saving
    from parvis.store.folder import Folder

    report = saving.restore(source, data)
    if as_json:
        out.show_json(report)
    else:
        out.console().print(
            f"[green]✓[/green] Restauré dans {escape(str(data))} : {report.objects} fichiers publiés. "
            "Lancez « parvis serve » : le portail se retrouve tel qu'il était."
        )
        if report.keyless:
            out.console().print(
                "Les fichiers d'origine ne s'ouvriront qu'avec la clé du coffre, que vous gardez à part : "
                f"remettez-la sous le nom {escape(str(Folder(data).vault_key))}."
            )


@click.command()
@DATA
@out.json_option
def doctor(data: Path, as_json: bool) -> None:
    """Examine l'installation et le dossier des données, et dit quoi faire."""
    from parvis.store.doctor import doctor as examine

    signs = examine(data)
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


@click.command()
@click.argument("files", metavar="FICHIER", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@DATA
@out.json_option
def outlines(files: Sequence[Path], data: Path, as_json: bool) -> None:
    """Donne les contours des communes, contre lesquels les points des fichiers seront vérifiés.

    FICHIER est une couche de communes (GeoJSON de geo.api.gouv.fr, GeoPackage ou shapefile d'Admin Express) avec leurs codes
    INSEE. Ceux qui sont donnés à nouveau remplacent les anciens.
    """
    from parvis import pipeline
    from parvis.store.folder import Folder

    folder, given, kept = Folder(data), 0, 0
    for file in files:
        count, kept = pipeline.outline(folder, file)
        given += count
    if as_json:
        out.show_json({"given": given, "kept": kept})
    else:
        out.console().print(f"[green]✓[/green] {given} contours de communes lus ; {kept} gardés en tout.")


COMMANDS: Sequence[click.Command] = (backup, restore, doctor, outlines)
