"""Election results that do not add up: registered, voters, blank, spoilt and valid votes, and those of the candidates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parvis.tables.table import LINE
from parvis.validation.table import Ask, Table, quoted
from parvis.values import Column, Finding, Kind, Severity, msg

TITLE = "Totaux des votes"
_NUMBERS = (Kind.INTEGER, Kind.NUMBER)
_WHY = msg("Un résultat qui ne s'additionne pas sera contesté : c'est la première chose que vérifie un lecteur.")
_HINT = msg("Reprenez ces lignes dans le procès-verbal du bureau.")


def look(table: Table) -> Iterator[Ask | Finding]:
    held = {
        "inscrits": _one(table, r"\binscrits?\b"),
        "votants": _one(table, r"\bvotants?\b"),
        "abstentions": _one(table, r"\babstentions?\b"),
        "blancs": _one(table, r"\bblancs?\b(?!.*nuls?\b)"),
        "nuls": _one(table, r"(?<!blancs et )\bnuls?\b"),
        "exprimes": _one(table, r"\bexprimes?\b"),
    }
    asked = {rule.fields[0] for rule in table.schema.rules} if table.schema is not None else set()
    registered, voters, valid = held["inscrits"], held["votants"], held["exprimes"]
    if registered is not None and voters is not None and "inscrits" not in asked:
        sql = f"{quoted(voters.name)} > {quoted(registered.name)}"
        yield _ask("values.more_voters", voters, sql, msg("{count} ligne(s) ont plus de votants que d'inscrits."))
    if registered is not None and voters is not None and held["abstentions"] is not None:
        sql = _differs(registered, [voters, held["abstentions"]])
        yield _ask("values.vote_total", registered, sql, msg("{count} ligne(s) : les inscrits ne sont pas la somme des votants "
                                                             "et des abstentions."))  # fmt: skip
    if voters is not None and valid is not None and "votants" not in asked:
        others = [c for c in (held["blancs"], held["nuls"]) if c is not None]
        if others:
            # Before 2014 blank votes are not counted apart: a table may hold their sum alone, under either name.
            sql = _differs(voters, [valid, *others])
            yield _ask("values.vote_total", voters, sql, msg("{count} ligne(s) : les votants ne sont pas la somme des "
                                                             "exprimés, des blancs et des nuls."))  # fmt: skip
    if valid is not None:
        yield from _candidates(table, valid)


def _one(table: Table, pattern: str) -> Column | None:
    """Return the column of a count; percentages, and two columns of one name, are none."""
    found = [
        c for c in table.named(pattern, *_NUMBERS) if "%" not in c.label and c.unit != "%" and c.kind is Kind.INTEGER
    ]
    return found[0] if len(found) == 1 else None


def _differs(total: Column, parts: Sequence[Column]) -> str:
    return f"{quoted(total.name)} <> {' + '.join(quoted(p.name) for p in parts)}"


def _ask(code: str, column: Column, sql: str, message: str) -> Ask:
    return Ask(code, Severity.WARN, column, sql, message, hint=_HINT, why=_WHY, most=0.5)


def _candidates(table: Table, valid: Column) -> Iterator[Finding]:
    """Hold the votes of each polling station's candidates against its valid votes."""
    votes = _one(table, r"\b(?:voix|suffrages?)\b(?!.*exprim)")
    places = [c for c in table.named(r"\bbureau\b|\bbv\b") if c.distinct > 1]
    if votes is None or not places:
        return
    apart = [c for c in table.named(r"\b(?:tour|date|election|scrutin|code commune|insee)\b") if c.filled]
    keys = ", ".join(dict.fromkeys(quoted(c.name) for c in [places[0], *apart]))
    told = table.query(
        f"SELECT count(*), count_if(given <> want), min(line) FILTER (given <> want) FROM (SELECT sum({quoted(votes.name)}) "
        f"AS given, max({quoted(valid.name)}) AS want, min({LINE}) AS line, count(*) AS n FROM cells "
        f"GROUP BY {keys}) WHERE n > 1 AND given IS NOT NULL"
    )[0]
    if told[1] and told[1] <= 0.5 * told[0]:
        yield Finding(
            "values.vote_candidates",
            Severity.WARN,
            msg("{count} bureau(x) de vote : les voix des candidats ne font pas le total des exprimés."),
            table.place(votes, told[2]),
            {"count": int(told[1]), "column": votes.label},
            hint=_HINT,
            why=_WHY,
            count=int(told[1]),
        )
