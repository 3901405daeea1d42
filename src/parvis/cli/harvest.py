"""The verb on a catalogue of the web: ``rehearse``, a harvest played before it happens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from parvis.cli import out
from parvis.federation.harvested import Rehearsed
from parvis.values import Finding, Severity

SHOWN = 10  # datasets that are named under a remark's count


@click.command()
@click.argument("address", metavar="ADRESSE")
@click.option(
    "--inside", multiple=True, metavar="HÔTE", help="Hôte du réseau interne à laisser joindre (localhost:8000)."
)
@out.json_option
def rehearse(address: str, inside: Sequence[str], as_json: bool) -> None:
    """Joue le moissonnage d'un catalogue : ce que data.gouv.fr en prendrait, ce qui serait perdu, et les notes.

    ADRESSE est un document DCAT (…/catalog.ttl) ou un portail CKAN (…/api/3/action). Rien n'est écrit nulle part.
    """
    from parvis.federation import rehearsal
    from parvis.outgoing import Client

    console = out.console()
    with Client(inside) as client:
        told = rehearsal.rehearse(client, address, today=dt.datetime.now(dt.UTC).date())
    if as_json:
        out.show_json({
            "address": told.address, "protocol": told.protocol, "pages": told.pages, "kept": told.kept,
            "datasets": len(told.items), "quality": told.mean("quality"), "completeness": told.mean("completeness"),
            "faults": told.faults, "items": told.items, "search": told.search,
        })  # fmt: skip
    else:
        _show(console, told)
    raise SystemExit(3 if told.stopped or not told.items else 1 if told.kept < len(told.items) else 0)


def _show(console: Console, told: Rehearsed) -> None:
    console.print(
        f"{told.kept} jeux sur {len(told.items)} seraient pris ({told.protocol.upper()}, {told.pages} pages)."
    )
    for fault in told.faults:
        console.print(f"[{out.STYLES[fault.severity]}]{escape(fault.text)}[/]")
    if told.mean("quality") is not None:
        console.print(f"data.europa.eu (MQA) : {told.mean('quality')} sur 405 en moyenne ; "
                      f"data.gouv.fr : {told.mean('completeness')} sur 9.")  # fmt: skip
    _remarks(console, told)
    _missing(console, told)
    for page, missing in told.search.items():
        if missing:
            console.print(f"Moteurs de recherche, {escape(page)} : il manque {escape(', '.join(missing))}.")


def _remarks(console: Console, told: Rehearsed) -> None:
    first: dict[str, tuple[Finding, list[str]]] = {}
    for item in told.items:
        for remark in item.remarks:
            first.setdefault(remark.code, (remark, []))[1].append(item.title or item.id)
    if not first:
        return
    table = Table("", "Jeux", "Remarque", show_lines=False, pad_edge=False, box=None, padding=(0, 2, 0, 0))
    rank = list(Severity)
    for remark, titles in sorted(first.values(), key=lambda f: (rank.index(f[0].severity), -len(f[1]))):
        named = ", ".join(dict.fromkeys(titles[:SHOWN])) + (" …" if len(titles) > SHOWN else "")
        said = escape(f"{remark.text}\n{named}")
        table.add_row(out.WORDS[remark.severity], str(len(titles)), said, style=out.STYLES[remark.severity])
    console.print(table)


def _missing(console: Console, told: Rehearsed) -> None:
    for name, title in (
        ("quality", "Points perdus pour data.europa.eu"),
        ("completeness", "Critères manqués pour data.gouv.fr"),
    ):
        lost: dict[str, float] = {}
        for item in told.items:
            score = item.quality if name == "quality" else item.completeness
            for what, points in score.missing if score is not None else ():
                lost[what] = lost.get(what, 0.0) + points
        if lost:
            console.print(
                f"{title} : "
                + ", ".join(
                    f"{what} ({points:g})" for what, points in sorted(lost.items(), key=lambda one: -one[1])[:8]
                )
            )


COMMANDS = [rehearse]
