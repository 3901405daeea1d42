"""« Puis-je publier ? »: the answer for any dataset, with the articles that give it and what is left to do.

Facts are drawn from what was found, decided and measured; ``law.toml`` says what the texts make of them. Nothing here
decides in place of a person: the answer says which text is behind each sentence, so that it can be discussed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from parvis.frozen import dataclass
from parvis.privacy import law
from parvis.privacy import policy as policies
from parvis.privacy.attacks.attack import SENSITIVE
from parvis.privacy.criteria import DOUBT, Criteria
from parvis.privacy.law import Article, Ruling
from parvis.values import Finding, Policy, Rule, msg

HEADLINES: Mapping[str, str] = {
    "no": msg("Non, pas en l'état."),
    "not_yet": msg("Pas encore."),
    "if": msg("Oui, à des conditions."),
    "yes": msg("Oui."),
}
UNKNOWN = msg("Rien n'a encore été vérifié sur ce jeu de données.")
_UNDECIDED = {"anonymity": "undecided.rows", "averaging": "undecided.rows", "hiding": "undecided.counts",
              "blurring": "undecided.places"}  # fmt: skip
_NOT_PERSONS = frozenset({"safety", "business_secret"})
_PSEUDONYMS = frozenset({"pseudonym", "pseudonymise"})


@dataclass(frozen=True, slots=True)
class Said:
    """One thing the texts say of this dataset: the sentence, what to do, the texts."""

    verdict: str
    says: str
    todo: str
    articles: Sequence[Article]


@dataclass(frozen=True, slots=True)
class Permission:
    """The answer: ``verdict`` is the gravest of what is ``said``; ``headline`` its sentence."""

    verdict: str  # "no", "not_yet", "if" or "yes"
    headline: str
    said: Sequence[Said]
    facts: Sequence[str] = ()

    @property
    def articles(self) -> tuple[Article, ...]:
        """The texts behind the answer, each once, the first to weigh first."""
        seen = {a.id: a for s in self.said if s.verdict == self.verdict for a in s.articles}
        return tuple(seen.values())


def may_publish(facts: Iterable[str]) -> Permission:
    """Return the answer for a dataset of which these facts are true (``facts_of``)."""
    true = frozenset(facts)
    said = [_said(r) for r in law.rulings() if r.when <= true and not r.unless & true]
    if not said:
        return Permission("not_yet", HEADLINES["not_yet"], (Said("not_yet", UNKNOWN, "", ()),), tuple(sorted(true)))
    verdict = min((s.verdict for s in said), key=law.VERDICTS.index)
    if verdict != "yes":  # what speaks for a publication is silent while something stands against it
        said = [s for s in said if s.verdict != "yes"]
    return Permission(verdict, HEADLINES[verdict], tuple(said), tuple(sorted(true)))


def facts_of(
    findings: Sequence[Finding],
    policy: Policy,
    criteria: Criteria | None = None,
    *,
    traces: Sequence[Finding] = (),
    as_it_came: bool = False,
    inhabitants: int = 0,
    kind: str = "",
    people: bool = True,
) -> frozenset[str]:
    """Return what is true of a dataset, in the words of ``law.toml``.

    ``findings`` are those of the screen; ``traces`` what stands in hidden places of the file, which matters when it is
    published ``as_it_came``; ``inhabitants`` of the town; ``kind`` is "minutes" for a record of proceedings; ``people``
    is false of a table whose rows are bodies, places or things (``people.rows_are_people``).
    """
    facts = set[str]()
    seen = policies.blocking(findings)
    if any(f.values["meaning"] not in _NOT_PERSONS for f in seen):
        facts.add("personal")
    policy, seen = policies.in_force(policy), [f for f in seen if not policies.averaged(policy, f)]
    if criteria is not None:  # only rows that are people are measured
        facts.add("personal")
    if policy.synthesis is None:  # a copy that is drawn has no row of anybody
        open_ones = [n for n in policies.WISHES if (w := getattr(policy, n)) is not None and not w.decided_by]
        facts |= {_UNDECIDED[n] for n in open_ones}
    elif not policy.synthesis.decided_by:
        facts.add("undecided.rows")
    if any(not _decided(policy.rule(f.values["name"])) for f in seen):
        facts.add("undecided")
    facts |= _kept(seen, policy)
    facts |= _measured(criteria)
    if policy.ground and policy.reason and policy.decided_by:
        facts |= {"grounded", f"ground.{policy.ground}"}
    if any(r.transform in _PSEUDONYMS for r in policy.rules if r.decided_by):
        facts.add("pseudonym")
    if "personal" in facts and "measured" in facts and not any(f.startswith(("kept.", "criterion.")) for f in facts):
        facts.add("anonymised")
    if traces and as_it_came:
        facts.add("trace.document")
    if inhabitants >= law.threshold("inhabitants").value:
        facts.add("town.large")
    if not people:
        facts.add("rows.others")
    return frozenset(facts | ({f"kind.{kind}"} if kind else set()))


def _decided(rule: Rule | None) -> bool:
    return rule is not None and bool(rule.decided_by)


def _kept(seen: Sequence[Finding], policy: Policy) -> set[str]:
    """Return what decided rules leave in place, and on which grounds."""
    facts, grounded = set[str](), []
    for finding in seen:
        rule = policy.rule(finding.values["name"])
        if rule is None or not rule.decided_by or policies.answers(rule.transform, finding):
            continue
        meaning = str(finding.values["meaning"])
        facts |= {f"kept.{meaning}", f"kept.{_sort(meaning)}"}
        grounded.append(bool(rule.ground))
        if rule.ground:
            facts.add(f"ground.{rule.ground}")
    if grounded and all(grounded):
        facts.add("grounded")
    return facts


def _sort(meaning: str) -> str:
    if meaning in _NOT_PERSONS or meaning == "offence":
        return meaning
    return "special" if meaning in SENSITIVE else "direct"


def _measured(criteria: Criteria | None) -> set[str]:
    if criteria is None:
        return set()
    facts = {"measured", *(f"criterion.{c}" for c in criteria.failed)}
    codes = {"linkability.code", "linkability.hash"}
    if any(a.name in codes and a.won for x in criteria.answers if x.verdict in (DOUBT, "failed") for a in x.attacks):
        facts.add("pseudonym")
    return facts


def _said(ruling: Ruling) -> Said:
    return Said(ruling.verdict, ruling.says, ruling.todo, tuple(law.article(a) for a in ruling.articles))
