"""The verbs that need the portal: ``publish``, ``serve``, ``worker``, ``reindex``, ``demo``, ``account``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from parvis.cli import out
from parvis.cli.folder import DATA
from parvis.errors import InputError


def prepare_django(data: Path) -> None:
    """Load the portal on a data folder, its tables up to date."""
    os.environ["PARVIS_DATA"] = str(data.absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "parvis_portal.settings")
    import django
    from django.core.management import call_command

    data.mkdir(parents=True, exist_ok=True)
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--organisation", default="", metavar="SLUG", help="Commune qui publie, si le portail en a plusieurs.")
@DATA
@out.json_option
def publish(paths: Sequence[Path], organisation: str, data: Path, as_json: bool) -> None:
    """Publie des fichiers, dossiers ou archives : ce qui peut l'être l'est, le reste attend une décision."""
    prepare_django(data)
    from parvis_portal.intake import publishing

    with out.progress(quiet=as_json) as told:
        outcomes = publishing.publish(paths, organisation, told)
    if as_json:
        out.show_json(outcomes)
    else:
        _show(outcomes)
    raise click.exceptions.Exit(publishing.exit_code(outcomes))


def _show(outcomes: Sequence[Any]) -> None:
    words = {
        "released": "[green]publié[/green]",
        "waiting": "[yellow]à décider[/yellow]",
        "refused": "[red]refusé[/red]",
        "unchanged": "[dim]inchangé[/dim]",
    }
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("Fichier", "Tableau", "Résultat", "Adresse ou raison"):
        table.add_column(title, overflow="fold")
    for told in outcomes:
        table.add_row(escape(told.file), escape(told.table), words[told.state], escape(told.address or told.reason))
    console = out.console()
    console.print(table)
    counts = {state: sum(o.state == state for o in outcomes) for state in words}
    console.print(
        f"\n{counts['released']} publiés, {counts['waiting']} à décider, {counts['refused']} refusés"
        + (f", {counts['unchanged']} inchangés" if counts["unchanged"] else "")
    )


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Adresse d'écoute.")
@click.option("--port", default=8000, show_default=True, help="Port.")
@click.option("--workers", default=1, show_default=True, help="Processus de travail (0 : aucun, lancez-les à part).")
@click.option("--web", default=1, show_default=True, help="Processus web.")
@DATA
@out.json_option
def serve(host: str, port: int, workers: int, web: int, data: Path, as_json: bool) -> None:
    """Sert le portail : pages, API, travaux, en un seul arbre de processus."""
    prepare_django(data)
    from parvis_portal import tree

    tree.settle(data)
    raise click.exceptions.Exit(tree.serve(data, host, port, workers, web, as_json))


@click.command()
@click.option("--once", is_flag=True, help="Fait ce qui attend, puis s'arrête.")
@DATA
@out.json_option
def worker(once: bool, data: Path, as_json: bool) -> None:
    """Fait les travaux demandés par le portail ; autant de processus qu'on veut."""
    prepare_django(data)
    from parvis_portal.jobs import worker as working

    done = working.run(once=once)
    if as_json:
        out.show_json({"done": done})


@click.command()
@DATA
@out.json_option
def reindex(data: Path, as_json: bool) -> None:
    """Reconstruit le catalogue à partir de l'étagère, seule vérité."""
    prepare_django(data)
    from parvis.store import shelf
    from parvis.store.folder import Folder
    from parvis_portal.catalogue import actions

    folder = Folder(data)
    repaired = shelf.repair(folder)
    count = actions.reindex(folder)
    if as_json:
        out.show_json({"datasets": count, "swept": repaired.swept, "erased": repaired.erased})
    else:
        out.console().print(f"[green]✓[/green] {count} jeux de données retrouvés sur l'étagère.")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--prepare-only", is_flag=True, help="Remplit le portail sans le servir.")
@click.option(
    "--data", envvar="PARVIS_DATA", default="parvis-data/demo", show_default=True,
    type=click.Path(file_okay=False, path_type=Path), help="Dossier de la démonstration.",
)  # fmt: skip
@out.json_option
def demo(host: str, port: int, prepare_only: bool, data: Path, as_json: bool) -> None:
    """Sert le portail de Fontclaire, commune fictive : ses fichiers entrent par la même porte que les vôtres."""
    prepare_django(data)
    from parvis_portal import tree
    from parvis_portal.demo import portal

    with out.progress(quiet=as_json) as told:
        accounts = portal.fill(data, told)
    if as_json:
        out.show_json({"address": f"http://{host}:{port}", "accounts": accounts})
    else:
        console = out.console()
        console.print(f"\nLe portail de [bold]Fontclaire[/bold] : [bold]http://{host}:{port}[/bold]")
        console.print(f"La mairie : http://{host}:{port}/mairie/\n")
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for title in ("Rôle", "Adresse", "Mot de passe"):
            table.add_column(title)
        for account in accounts:
            table.add_row(account.role, account.email, account.password)
        console.print(table)
        console.print("\nCtrl-C arrête tout.", style="dim")
    if not prepare_only:
        tree.settle(data)
        raise click.exceptions.Exit(tree.serve(data, host, port, 1, 1, as_json))


@click.command()
@click.argument("email")
@click.option("--name", required=True, help="Nom affiché.")
@click.option("--role", type=click.Choice(["agent", "referent", "administrator"]), default="agent", show_default=True)
@click.option("--organisation", default="", metavar="SLUG", help="Commune, créée au besoin.")
@click.option("--commune", default="", metavar="NOM", help="Nom de la commune, à sa création.")
@click.option("--insee", default="", help="Code INSEE de la commune, à sa création.")
@click.password_option("--password", prompt="Mot de passe (12 signes au moins)", confirmation_prompt="Encore une fois")
@DATA
def account(
    email: str, name: str, role: str, organisation: str, commune: str, insee: str, password: str, data: Path
) -> None:
    """Crée ou change un compte de la mairie."""
    prepare_django(data)
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    from parvis.text import slug
    from parvis_portal.people import actions
    from parvis_portal.people.models import Organisation, Role

    try:
        validate_password(password)
    except ValidationError as error:
        raise InputError("{said}", said=" ".join(error.messages)) from error
    wanted = organisation or slug(commune)
    owner = Organisation.objects.filter(slug=wanted).first() if wanted else Organisation.objects.first()
    if owner is None:
        if not commune:
            raise InputError("Aucune commune n'existe encore.", "Donnez son nom avec --commune.")
        owner = actions.organisation(wanted, name=commune, insee=insee)
    user = actions.account(email, name, password, owner, Role(role))
    out.console().print(f"[green]✓[/green] {escape(user.email)} : {role} de {escape(owner.name)}")


commands: Sequence[click.Command] = (publish, serve, worker, reindex, demo, account)
