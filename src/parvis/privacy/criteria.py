"""The three criteria of the G29 and of the CNIL, each answered by the attacks that were run, in plain French.

Light: no engine is needed to read or show an answer. An attack that succeeds without needing anything that nobody has
shown fails its criterion; one that is only ``assumed`` leaves a doubt, which is said.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from parvis.frozen import dataclass
from parvis.privacy import law
from parvis.privacy.attacks.attack import CRITERIA, INFERENCE, LINKABILITY, SINGLING_OUT, Attack, discreet
from parvis.values import Finding, Severity, msg

_LUCK = 3.0  # standard deviations of what a blind guess gives
MET, DOUBT, FAILED, UNTRIED = "met", "doubt", "failed", "untried"

NAMES: Mapping[str, str] = {
    SINGLING_OUT: msg("Individualisation"),
    LINKABILITY: msg("Corrélation"),
    INFERENCE: msg("Inférence"),
}
QUESTIONS: Mapping[str, str] = {
    SINGLING_OUT: msg("Peut-on isoler une personne ?"),
    LINKABILITY: msg("Peut-on relier ces données à une personne connue par ailleurs ?"),
    INFERENCE: msg("Peut-on deviner quelque chose sur une personne ?"),
}
SAID: Mapping[tuple[str, str], str] = {
    (SINGLING_OUT, MET): msg("Non : aucune personne n'est seule de sa sorte dans ce qui serait publié."),
    (SINGLING_OUT, DOUBT): msg("Sans doute pas, sous une réserve."),
    (SINGLING_OUT, FAILED): msg("Oui : des personnes peuvent être isolées."),
    (SINGLING_OUT, UNTRIED): msg("Non mesuré : aucune colonne ne pouvait être connue d'un tiers."),
    (LINKABILITY, MET): msg(
        "Non : qui connaît quelqu'un le retrouve au plus {rate} fois sur 100 (limite : {limit} sur 100)."
    ),
    (LINKABILITY, DOUBT): msg(
        "Peut-être : un identifiant ou un code reste, qui peut se trouver dans d'autres fichiers."
    ),
    (LINKABILITY, FAILED): msg("Oui : des lignes peuvent être reliées à des personnes."),
    (LINKABILITY, UNTRIED): msg("Non mesuré : aucune colonne publiée ne pouvait être connue d'un tiers."),
    (INFERENCE, MET): msg(
        "Non : ni les groupes, ni les autres colonnes, ni les publications passées ne livrent un secret."
    ),
    (INFERENCE, DOUBT): msg("Sans doute pas, sous une réserve."),
    (INFERENCE, FAILED): msg("Oui : quelque chose se devine sur des personnes."),
    (INFERENCE, UNTRIED): msg("Rien à deviner : aucune colonne sensible ne serait publiée, aucune n'a été retirée."),
}
MEASURED = msg(
    "Mesuré sur {rows} ligne(s) et {persons} personne(s), face à qui connaîtrait {known}, et à {others} autre(s) "
    "publication(s) de la commune."
)

RISES = msg("{criterion} : le risque monte depuis la version précédente, de {before} à {after} sur 100. {reason}")
HINT_RISES = msg("Regroupez davantage, ou décidez à nouveau : l'accord donné valait pour le risque d'alors.")
_GRAVITY = (UNTRIED, MET, DOUBT, FAILED)
_STEADY = 0.01  # of a rate, within which two versions are alike
# Attacks of which a single success is one too many: they are certain, or they undo what was decided.
_CERTAIN = ("singling_out.", "differencing.", "linkability.shared", "inference.same_secret", "inference.everyone")


@dataclass(frozen=True, slots=True)
class Scope:
    """What the answers were measured on."""

    rows: int
    persons: int
    known: Sequence[str] = ()  # labels of the columns that an outsider was supposed to know
    sensitive: Sequence[str] = ()  # labels
    others: Sequence[str] = ()  # titles of the other publications


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one criterion: ``message`` says it, ``worst`` is the attack that weighs most, ``attacks`` all of them.

    ``rate`` (0..1) is what the worst one reached above a blind guess, ``limit`` what is admitted.
    """

    criterion: str
    verdict: str  # MET, DOUBT, FAILED or UNTRIED
    message: str
    rate: float = 0.0
    limit: float = 0.0
    values: Mapping[str, Any] = field(default_factory=dict)
    attacks: Sequence[Attack] = ()  # the one that weighs most first

    @property
    def text(self) -> str:
        return self.message.format(**self.values)

    @property
    def worst(self) -> Attack | None:
        return self.attacks[0] if self.attacks else None

    @property
    def question(self) -> str:
        return QUESTIONS[self.criterion]


@dataclass(frozen=True, slots=True)
class Criteria:
    """The three answers, and what they were measured on."""

    answers: Sequence[Answer]
    scope: Scope

    def answer(self, criterion: str) -> Answer:
        return next(a for a in self.answers if a.criterion == criterion)

    @property
    def failed(self) -> tuple[str, ...]:
        """The criteria that are not met."""
        return tuple(a.criterion for a in self.answers if a.verdict == FAILED)

    @property
    def worst(self) -> float:
        """The highest rate of the three, 0..1: one gauge of the risk."""
        return max((a.rate for a in self.answers), default=0.0)


def judge(attacks: Sequence[Attack], scope: Scope, subjects: Iterable[str] = ()) -> Criteria:
    """Return the three answers that attacks give. ``subjects``: meanings of sensitive columns, which make limits stricter."""
    success = law.threshold("success", subjects).value
    certain = law.threshold("certain", subjects).value
    return Criteria(
        tuple(_answer(c, [a for a in attacks if a.criterion == c], success, certain) for c in CRITERIA), scope
    )


def rises(then: Criteria, now: Criteria) -> tuple[Finding, ...]:
    """Return what stops a standing policy: the criteria that are worse answered than on the version before.

    A criterion rises when its verdict is graver, or when its rate is above both the former one and what is admitted.
    """
    out = []
    for answer in now.answers:
        before = then.answer(answer.criterion)
        graver = _GRAVITY.index(answer.verdict) > _GRAVITY.index(before.verdict)
        if graver or (answer.verdict == FAILED and answer.rate > before.rate + _STEADY):
            values = {
                "criterion": NAMES[answer.criterion],
                "before": law.french(round(100 * before.rate, 1)),
                "after": law.french(round(100 * answer.rate, 1)),
                "reason": answer.worst.text if answer.worst else answer.text,
            }
            out.append(Finding("privacy.risk_rises", Severity.BLOCK, RISES, values=values, hint=HINT_RISES))
    return tuple(out)


def public(criteria: Criteria) -> Criteria:
    """Return the answers as everybody may read them: no line of the original."""
    answers = tuple(
        Answer(a.criterion, a.verdict, a.message, a.rate, a.limit, a.values, tuple(discreet(x) for x in a.attacks))
        for a in criteria.answers
    )
    return Criteria(answers, criteria.scope)


def measured_on(scope: Scope) -> tuple[str, Mapping[str, Any]]:
    """Return the sentence that says what was measured, and its values."""
    known = ", ".join(f"« {label} »" for label in scope.known) or "rien"
    return MEASURED, {"rows": scope.rows, "persons": scope.persons, "known": known, "others": len(scope.others)}


def _answer(criterion: str, attacks: Sequence[Attack], success: float, certain: float) -> Answer:
    if not attacks:
        return Answer(criterion, UNTRIED, SAID[criterion, UNTRIED])
    limits = [(certain if a.name.startswith(_CERTAIN) else success) for a in attacks]
    won = [a for a, limit in zip(attacks, limits, strict=True) if _passes(a, limit)]
    failed = any(not a.assumed for a in won)
    verdict = FAILED if failed else DOUBT if won else MET
    ranked = sorted(attacks, key=lambda a: (a not in won, a.assumed, -a.excess))
    sure = [a.excess for a in attacks if not a.assumed]
    rate = max(sure, default=0.0)
    return Answer(
        criterion=criterion,
        verdict=verdict,
        message=SAID[criterion, verdict],
        rate=rate,
        limit=success if criterion != SINGLING_OUT else certain,
        values={"rate": law.french(round(100 * rate, 1)), "limit": law.french(100 * success)},
        attacks=tuple(ranked),
    )


def _passes(attack: Attack, limit: float) -> bool:
    """True when an attack succeeds more than is admitted, and more than luck would.

    A rate measured on a sample is held to its own estimate.
    """
    blind = attack.chance * attack.tried
    return attack.excess > limit + 1e-9 and attack.won > blind + _LUCK * math.sqrt(blind)
