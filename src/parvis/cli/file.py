"""Verbs on one file: ``inspect``, ``check``, ``protect``. Nothing leaves the machine, nothing is kept."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from parvis.cli import out
from parvis.errors import InputError
from parvis.tables.table import RawTable
from parvis.validation import standing
from parvis.values import Finding, Preparation, Profile, Reception, Recipe, Severity

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


RECIPE = click.option(
    "--recipe", metavar="FICHIER", type=FILE, help="Recette à rejouer : les étapes acceptées sur un fichier précédent."
)


@click.command()
@click.argument("file", type=FILE, metavar="FICHIER")
@RECIPE
@click.option(
    "--keep-recipe",
    "keep",
    metavar="FICHIER",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Où écrire la recette de ce fichier, pour la rejouer sur le prochain.",
)
@out.json_option
def inspect(file: Path, recipe: Path | None, keep: Path | None, as_json: bool) -> None:
    """Dit ce qu'est un fichier : format, tableaux, colonnes, réparations, schémas possibles."""
    from parvis import pipeline
    from parvis.tables import recipe as recipes

    reception = pipeline.inspect(file, recipes.load(recipe) if recipe else ())
    if keep is not None:
        told = [Recipe(p.recipe, p.profile.table, p.labels) for p in reception.preparations]
        keep.write_text(recipes.dump(told), "utf-8")
    if as_json:
        out.show_json({"findings": reception.findings, "tables": [p.profile for p in reception.preparations],
                       "recipes": [p.recipe for p in reception.preparations]})  # fmt: skip
    else:
        _show(reception, with_columns=True)
    _leave(reception, decide=False)


@click.command()
@click.argument("file", type=FILE, metavar="FICHIER")
@click.option("--schema", default="", metavar="ID", help="Schéma national (scdl/subventions), fichier ou adresse.")
@click.option(
    "--beside",
    metavar="FICHIER",
    type=FILE,
    multiple=True,
    help="Autre fichier de la commune qui doit dire la même chose (délibérations, budget). Peut se répéter.",
)
@click.option("--since", metavar="FICHIER", type=FILE, help="Livraison précédente : dit ce qui a disparu depuis.")
@click.option(
    "--report",
    "reports",
    metavar="FICHIER",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    help="Écrit un rapport : .html, .pdf, .xlsx (copie annotée) ou .sarif. Peut se répéter.",
)
@out.json_option
def check(
    file: Path, schema: str, beside: tuple[Path, ...], since: Path | None, reports: tuple[Path, ...], as_json: bool
) -> None:
    """Vérifie un fichier : schéma, cohérence, données personnelles."""
    from parvis import pipeline
    from parvis.reports.report import LINES

    _known(reports)
    lines = {"lines": LINES} if reports else {}
    with pipeline.verified(file, schema=schema, beside=beside, former=since, **lines) as (reception, tables):
        for target in reports:
            _report(file, reception, [(t.raw, t.preparation.findings) for t in tables], target)
    if as_json:
        out.show_json(
            {
                "findings": reception.findings,
                "tables": [
                    {
                        "table": p.profile.table,
                        "schema": p.schema,
                        "level": standing.standing(p.findings, p.schema).level,
                        "score": standing.score(p.quality, p.findings).total,
                        "quality": p.quality,
                        "findings": p.findings,
                    }
                    for p in reception.preparations
                ],
            }
        )
    else:
        _show(reception, with_columns=False)
    _leave(reception, decide=True)


@click.command()
@click.argument("file", type=FILE, metavar="FICHIER")
@click.option(
    "--policy", metavar="FICHIER", type=FILE, help="Politique déjà décidée ; sans elle, la plus prudente est appliquée."
)
@RECIPE
@click.option(
    "--out",
    "target",
    metavar="DOSSIER",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Dossier.",
)
@out.json_option
def protect(file: Path, policy: Path | None, recipe: Path | None, target: Path, as_json: bool) -> None:
    """Écrit la copie protégée d'un fichier, sans les données personnelles."""
    from parvis import pipeline
    from parvis.privacy import policy as policies
    from parvis.tables import recipe as recipes

    chosen = policies.load(policy) if policy else None
    tables = pipeline.protect(file, target, chosen, recipes.load(recipe) if recipe else ())
    if as_json:
        out.show_json([{"path": t.path, "rows": t.rows, "policy": t.policy, "risk": t.risk} for t in tables])
        return
    console = out.console()
    for table in tables:
        console.print(f"[green]✓[/green] {escape(str(table.path))} : {table.rows} lignes")
        for rule in table.policy.rules:
            if rule.transform != "keep":
                console.print(f"    {escape(rule.column)} : {rule.transform} — {escape(rule.reason)}", style="dim")


COMMANDS: Sequence[click.Command] = (inspect, check, protect)


_REPORTS = (".html", ".pdf", ".xlsx", ".sarif")


def _known(reports: Sequence[Path]) -> None:
    """Refuse a report of another kind before anything is read."""
    for target in reports:
        if target.suffix.lower() not in _REPORTS:
            raise InputError(
                "Parvis n'écrit pas de rapport « {suffix} ».",
                "Donnez un nom qui finit par .html, .pdf, .xlsx ou .sarif.",
                suffix=target.suffix or target.name,
            )


def _report(
    file: Path, reception: Reception, tables: Sequence[tuple[RawTable, Sequence[Finding]]], target: Path
) -> None:
    from parvis.reports import html, marked, pdf, report, sarif

    kind = target.suffix.lower()
    if kind == ".xlsx":
        if not tables:
            raise InputError("Aucun tableau n'a été lu : il n'y a rien à annoter.", "Prenez le rapport en page web.")
        with tempfile.TemporaryDirectory(prefix="parvis-") as work:
            made = marked.write(file, file.name, tables, Path(work) / "copy.xlsx")
            target.write_bytes(made.read_bytes())
        return
    told = report.report(reception, day=reception.parcel.received_at)
    if kind == ".html":
        target.write_text(html.page(told), "utf-8")
    elif kind == ".pdf":
        target.write_bytes(pdf.document(told))
    else:
        target.write_text(json.dumps(sarif.log(reception), ensure_ascii=False, indent=1), "utf-8")


def _show(reception: Reception, *, with_columns: bool) -> None:
    console = out.console()
    console.print(f"[bold]{escape(reception.parcel.name)}[/bold]")
    if reception.findings:
        console.print(out.findings_table(reception.findings))
    for preparation in reception.preparations:
        console.print()
        console.print(_headline(preparation.profile))
        if with_columns:
            _show_columns(console, preparation.profile)
            _show_steps(console, preparation)
        _show_schemas(console, preparation)
        if not with_columns:
            _show_standing(console, preparation)
        if preparation.findings:
            console.print(out.findings_table(preparation.findings))


def _headline(profile: Profile) -> str:
    facts = [profile.format.upper(), profile.encoding]
    facts.append(f"séparateur « {profile.separator} »" if profile.separator else "")
    facts.append(f"en-tête en ligne {profile.header_line}" if profile.header_line else "")
    name = f"[bold]{escape(profile.table)}[/bold] : " if profile.table else ""
    said = ", ".join(escape(f) for f in facts if f)
    return f"{name}{profile.rows} lignes, {len(profile.columns)} colonnes ({said})"


def _show_columns(console: Console, profile: Profile) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("Colonne", "Type", "Sens", "Remplie", "Exemples"):
        table.add_column(title, overflow="fold")
    for column in profile.columns:
        share = f"{column.filled / profile.rows:.0%}" if profile.rows else ""
        examples = ", ".join(column.examples[:3])
        table.add_row(*(escape(t) for t in (column.label, out.KINDS[column.kind], column.meaning, share, examples)))
    console.print(table)


def _show_steps(console: Console, preparation: Preparation) -> None:
    for step in preparation.recipe:
        mark = "?" if step.origin == "idea" else "✗" if step.off or not step.found else "✓"
        console.print(f"{mark} {escape(step.text)}", style="dim" if mark != "✓" else "")


def _show_standing(console: Console, preparation: Preparation) -> None:
    stands = standing.standing(preparation.findings, preparation.schema)
    scored = standing.score(preparation.quality, preparation.findings)
    title = f"[bold]{standing.TITLES[stands.level]}[/bold]"
    console.print(f"{title} : {standing.meaning(stands.level, preparation.schema)} Qualité : {scored.total} sur 100.")
    if scored.action is not None:
        console.print(f"À faire en premier : {escape(scored.action.text)}")


def _show_schemas(console: Console, preparation: Preparation) -> None:
    if not preparation.profile.schemas:
        console.print("  Aucun schéma connu ne correspond à ce tableau.", style="dim")
    for match in preparation.profile.schemas[:3]:
        mark = "→" if match.schema == preparation.schema else " "
        console.print(f"{mark} {escape(match.title)} ({match.schema}), {match.confidence:.0%} : {escape(match.reason)}")


def _leave(reception: Reception, *, decide: bool) -> None:
    """Exit 3 when nothing could be read, 1 when a person must decide."""
    if reception.refused:
        raise click.exceptions.Exit(3)
    blocked = any(f.severity is Severity.BLOCK for p in reception.preparations for f in p.findings)
    if decide and blocked:
        raise click.exceptions.Exit(1)
