"""The verbs that need the portal: from ``publish`` and ``serve`` to ``mcp`` and ``account``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from parvis.cli import out
from parvis.cli.folder import DATA
from parvis.errors import InputError
from parvis_portal import verbs


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="CHEMIN...", type=click.Path(exists=True, path_type=Path))
@click.option("--organisation", default="", metavar="SLUG", help="Commune qui publie, si le portail en a plusieurs.")
@DATA
@out.json_option
def publish(paths: Sequence[Path], organisation: str, data: Path, as_json: bool) -> None:
    """Publie des fichiers, dossiers ou archives : ce qui peut l'être l'est, le reste attend une décision."""
    with out.progress(quiet=as_json) as told:
        outcomes = verbs.publish(paths, data, organisation, told)
    from parvis_portal.intake import publishing

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
    for title in ("Fichier", "Tableau", "Résultat", "Raison et adresse"):
        table.add_column(title, overflow="fold")
    for told in outcomes:
        said = "\n".join(filter(None, (told.reason, told.address)))
        table.add_row(escape(told.file), escape(told.table), words[told.state], escape(said))
    console = out.console()
    console.print(table)
    counts = {state: sum(o.state == state for o in outcomes) for state in words}
    console.print(
        f"\n{counts['released']} publiés, {counts['waiting']} à décider, {counts['refused']} refusés"
        + (f", {counts['unchanged']} inchangés" if counts["unchanged"] else "")
    )


@click.command()
@click.argument("source", default="", metavar="[SOURCE]")
@click.option("--all", "everything", is_flag=True, help="Toutes les sources qui ne sont pas en pause.")
@click.option("--organisation", default="", metavar="SLUG", help="Commune, si le portail en a plusieurs.")
@DATA
@out.json_option
def collect(source: str, everything: bool, organisation: str, data: Path, as_json: bool) -> None:
    """Va chercher maintenant les fichiers d'une source (son numéro ou son nom), ou de toutes."""
    if bool(source) == everything:
        raise InputError("Donnez le nom d'une source, ou --all pour toutes.")
    with out.progress(quiet=as_json) as told:
        visits = verbs.collect(data, source, organisation, told)
    if as_json:
        out.show_json(visits)
    else:
        _show_visits(visits)
    raise click.exceptions.Exit(3 if any(v.state == "failed" for v in visits) else 0)


def _show_visits(visits: Sequence[verbs.Collected]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("Source", "Résultat", "Arrivés", "Déjà connus", ""):
        table.add_column(title, overflow="fold")
    for told in visits:
        said = "[red]en échec[/red]" if told.state == "failed" else "[green]visitée[/green]"
        table.add_row(escape(told.name), said, str(told.brought), str(told.same), escape(told.said))
    out.console().print(table)
    if not visits:
        out.console().print("Aucune source à visiter.")


@click.command()
@click.option("--host", metavar="ADRESSE", default="127.0.0.1", show_default=True, help="Adresse d'écoute.")
@click.option("--port", metavar="PORT", default=8000, show_default=True, help="Port.")
@click.option(
    "--workers", metavar="N", default=1, show_default=True, help="Processus de travail (0 : aucun, lancez-les à part)."
)
@click.option("--web", metavar="N", default=1, show_default=True, help="Processus web.")
@DATA
@out.json_option
def serve(host: str, port: int, workers: int, web: int, data: Path, as_json: bool) -> None:
    """Sert le portail : pages, API, travaux, en un seul arbre de processus."""
    raise click.exceptions.Exit(verbs.serve(data, host, port, workers, web, as_json))


@click.command()
@click.option("--once", is_flag=True, help="Fait ce qui attend, puis s'arrête.")
@DATA
@out.json_option
def worker(once: bool, data: Path, as_json: bool) -> None:
    """Fait les travaux demandés par le portail ; autant de processus qu'on veut."""
    done = verbs.worker(data, once)
    if as_json:
        out.show_json({"done": done})


@click.command()
@DATA
@out.json_option
def reindex(data: Path, as_json: bool) -> None:
    """Reconstruit le catalogue à partir de l'étagère, seule vérité."""
    told = verbs.reindex(data)
    if as_json:
        out.show_json(told)
    else:
        out.console().print(f"[green]✓[/green] {told.datasets} jeux de données retrouvés sur l'étagère.")


@click.command()
@DATA
def mcp(data: Path) -> None:
    """Répond à un assistant par l'entrée et la sortie standard (Model Context Protocol)."""
    verbs.mcp(data)


@click.command()
@click.option("--host", metavar="ADRESSE", default="127.0.0.1", show_default=True)
@click.option("--port", metavar="PORT", default=8000, show_default=True)
@click.option("--prepare-only", is_flag=True, help="Remplit le portail sans le servir.")
@click.option(
    "--data", metavar="DOSSIER", envvar="PARVIS_DATA", default="parvis-data/demo", show_default=True,
    type=click.Path(file_okay=False, path_type=Path), help="Dossier de la démonstration.",
)  # fmt: skip
@out.json_option
def demo(host: str, port: int, prepare_only: bool, data: Path, as_json: bool) -> None:
    """Sert le portail de Fontclaire, commune fictive : ses fichiers entrent par la même porte que les vôtres."""
    with out.progress(quiet=as_json) as told:
        accounts = verbs.demo(data, told)
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
        raise click.exceptions.Exit(verbs.serve(data, host, port, quiet=as_json))


@click.command()
@click.argument("email", metavar="COURRIEL")
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
    verbs.opened(data)
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


commands: Sequence[click.Command] = (publish, collect, serve, worker, reindex, mcp, demo, account)
