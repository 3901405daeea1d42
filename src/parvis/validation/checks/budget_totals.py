"""Budgets that do not balance: orders between accounts, and each section of a budget as it is voted."""

from __future__ import annotations

from collections.abc import Iterator

from parvis.text import number
from parvis.validation.table import Table, quoted
from parvis.values import Column, Finding, Kind, Severity, msg

TITLE = "Équilibre du budget"
_CENT = 0.01
_AMOUNTS = r"^(?:bgt )?mt(?:real|propnouv|prev|budgprec)$|^(?:prevu|realise|montant realise|montant prevu)$"
_VOTED = ("budget primitif", "primitif")


def look(table: Table) -> Iterator[Finding]:
    side = _one(table, r"^(?:bgt )?codrd$|^sens$|depense recette|recette depense")
    order = _one(table, r"^(?:bgt )?opbudg$|reel ordre|ordre reel|type d operation")
    section = _one(table, r"^(?:bgt )?section$")
    amounts = [
        c for c in table.named(r"^(?:bgt )?mt(?:real|propnouv|prev|budgprec)$", Kind.NUMBER, Kind.INTEGER) if c.filled
    ]
    if side is None or not amounts:
        return
    for amount in amounts:
        if order is not None:
            yield from _orders(table, side, order, amount)
    voted = next((c for word in ("mtprev", "prevu", "mtpropnouv") for c in amounts if word in c.name), None)
    if section is not None and voted is not None and _is_voted(table):
        yield from _sections(table, side, section, voted)


def _one(table: Table, pattern: str) -> Column | None:
    return next((c for c in table.named(pattern, Kind.TEXT) if c.filled), None)


def _is_voted(table: Table) -> bool:
    """True when every row is of a budget as it is voted at the start of the year: the others need not balance."""
    column = _one(table, r"^(?:bgt )?natdec$")
    if column is None:
        return False
    told = table.query(f"SELECT DISTINCT lower(strip_accents({quoted(column.name)})) FROM cells LIMIT 3")
    return [str(r[0]) for r in told] in [[word] for word in _VOTED]


def _sides(side: Column) -> tuple[str, str]:
    cell = f"lower({quoted(side.name)})"
    return f"starts_with({cell}, 'd')", f"starts_with({cell}, 'r')"


def _orders(table: Table, side: Column, order: Column, amount: Column) -> Iterator[Finding]:
    out, back = _sides(side)
    money = quoted(amount.name)
    years = [quoted(c.name) for c in table.named(r"^(?:bgt )?(?:annee|siret|natdec|exercice)$") if c.filled]
    group = f"GROUP BY {', '.join(years)}" if years else ""
    told = table.query(
        f"SELECT sum({money}) FILTER ({out}), sum({money}) FILTER ({back}) FROM cells "
        f"WHERE starts_with(lower({quoted(order.name)}), 'ordre') {group}"
    )
    wrong = [(d or 0.0, r or 0.0) for d, r in told if abs((d or 0.0) - (r or 0.0)) > _CENT]
    if wrong:
        yield _finding(
            table, "values.budget_orders", amount, wrong[0],
            msg("Colonne « {column} » : les opérations d'ordre ne s'équilibrent pas ({spent} € en dépenses, {earned} € en "
                "recettes)."),
        )  # fmt: skip


def _sections(table: Table, side: Column, section: Column, amount: Column) -> Iterator[Finding]:
    out, back = _sides(side)
    # What was left to pay and to receive from the year before is part of the balance.
    left = table.named(r"^(?:bgt )?mtrarprec$|^(?:restes a realiser|reste a realiser|rar)\b", Kind.NUMBER, Kind.INTEGER)
    money = f"({quoted(amount.name)} + coalesce({quoted(left[0].name)}, 0))" if left else quoted(amount.name)
    nowhere = table.query(f"SELECT count_if({quoted(section.name)} IS NULL AND {quoted(amount.name)} <> 0) FROM cells")[
        0
    ][0]
    if nowhere:
        return  # lines of no section: what is missing is told elsewhere
    told = table.query(
        f"SELECT {quoted(section.name)}, sum({money}) FILTER ({out}), sum({money}) FILTER ({back}) FROM cells "
        f"GROUP BY 1 ORDER BY 1"
    )
    for name, spent, earned in told:
        if abs((spent or 0.0) - (earned or 0.0)) > _CENT:
            yield _finding(
                table, "values.budget_section", amount, (spent or 0.0, earned or 0.0),
                msg("Colonne « {column} » : la section « {section} » du budget voté n'est pas en équilibre ({spent} € en "
                    "dépenses, {earned} € en recettes)."),
                section=str(name),
            )  # fmt: skip


def _finding(
    table: Table, code: str, amount: Column, sums: tuple[float, float], message: str, section: str = ""
) -> Finding:
    return Finding(
        code,
        Severity.WARN,
        message,
        table.place(amount),
        {"column": amount.label, "spent": number(sums[0], 2), "earned": number(sums[1], 2), "section": section},
        hint=msg("Des lignes manquent à l'export, ou un report (001, 002) ou un virement (021, 023) n'y est pas : demandez le "
                 "fichier complet à votre logiciel de finances."),
        why=msg("Le code général des collectivités veut un budget en équilibre réel, section par section (L1612-4)."),
    )  # fmt: skip
