"""The proof sheet of a version in words, for a page and for paper: one value, sentences filled in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from parvis.frozen import dataclass
from parvis.privacy import criteria as judging
from parvis.privacy.proof import ALL_OF_THEM, Done, Proof
from parvis.text import day, number, spaced
from parvis.values import msg

Say = Callable[[str], str]  # gives a French sentence of the engine in the reader's language
_TEMPLATE = Path(__file__).parent / "sheet.typ"
_VERDICTS = {
    judging.MET: msg("Non"),
    judging.DOUBT: msg("Peut-être"),
    judging.FAILED: msg("Oui"),
    judging.UNTRIED: msg("Sans objet"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """One of the three criteria: the answer for a raw copy and for what is published, and all that was tried."""

    name: str
    question: str
    state: str  # "met", "doubt", "failed" or "untried": of what is published
    before: str
    after: str
    said: str
    tried: Sequence[str]


@dataclass(frozen=True, slots=True)
class Text:
    """A text of law, and what it says."""

    cite: str
    says: str


@dataclass(frozen=True, slots=True)
class Sheet:
    title: str
    verdict: str  # "no", "not_yet", "if" or "yes"
    headline: str
    said: Sequence[str]
    texts: Sequence[Text]
    found: Sequence[str]
    done: Sequence[str]
    questions: Sequence[Question]
    scope: str
    remains: Sequence[str]
    thresholds: Sequence[str]
    facts: Sequence[tuple[str, str]]


def sheet(proof: Proof, *, say: Say = str) -> Sheet:
    """Return what a proof sheet says."""
    permission = proof.permission
    questions: list[Question] = []
    scope = ""
    if proof.before is not None and proof.after is not None:
        for before, after in zip(proof.before.answers, proof.after.answers, strict=True):
            questions.append(
                Question(
                    say(judging.NAMES[after.criterion]),
                    say(judging.QUESTIONS[after.criterion]),
                    after.verdict,
                    say(_VERDICTS[before.verdict]),
                    say(_VERDICTS[after.verdict]),
                    say(after.message).format(**after.values),
                    [say(a.message).format(**a.values) for a in after.attacks],
                )
            )
        sentence, values = judging.measured_on(proof.after.scope)
        scope = say(sentence).format(**values)
    return Sheet(
        title=proof.title,
        verdict=permission.verdict,
        headline=say(permission.headline),
        said=[" ".join(filter(None, (say(s.says), say(s.todo) if s.todo else ""))) for s in permission.said],
        texts=[Text(say(a.cite), say(a.says)) for a in permission.articles],
        found=[say(f.message).format(**f.values) for f in proof.found],
        done=[_done(d, say) for d in proof.done],
        questions=questions,
        scope=scope,
        remains=[say(r.message).format(**_said(r.values, say)) for r in proof.remains],
        thresholds=[f"{say(t.says).format(value=_plain(t.value))} ({say(t.source)})" for t in proof.thresholds],
        facts=_facts(proof, say),
    )


def document(proof: Proof, *, say: Say = str, language: str = "fr") -> bytes:
    """Return a proof sheet as a tagged PDF (PDF/UA-1)."""
    import typst

    told = sheet(proof, say=say)
    words = {
        "title": say(msg("Fiche de preuve")),
        "may": say(msg("Puis-je publier ?")),
        "found": say(msg("Ce qui a été trouvé")),
        "done": say(msg("Ce qui a été fait")),
        "nothing": say(msg("Rien.")),
        "risk": say(msg("Ce qu'un tiers pourrait faire")),
        "before": say(msg("Du fichier tel quel")),
        "after": say(msg("De ce qui est publié")),
        "remains": say(msg("Ce qui reste")),
        "thresholds": say(msg("Les limites retenues")),
        "marks": say(msg("Les empreintes")),
    }
    inputs = {"sheet": json.dumps({"sheet": asdict(told), "words": words, "language": language})}
    return bytes(typst.compile(_TEMPLATE.read_bytes(), format="pdf", sys_inputs=inputs, pdf_standards="ua-1"))


def _done(done: Done, say: Say) -> str:
    parts = [f"« {say(done.column) if done.column in ALL_OF_THEM else done.column} » : {say(done.title)}"]
    if done.parameters:
        told = ", ".join(_plain(v) for v in done.parameters.values() if not isinstance(v, bool) and v != "")
        parts[0] += f" ({told})" if told else ""
    if done.ground_text:
        parts.append(say(done.ground_text))
    elif done.reason:
        parts.append(say(done.reason))
    return ". ".join(p.rstrip(".") for p in parts) + "."


def _said(values: Mapping[str, Any], say: Say) -> dict[str, Any]:
    return {k: say(v) if isinstance(v, str) and v else v for k, v in values.items()}


def _plain(value: object) -> str:
    return number(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _facts(proof: Proof, say: Say) -> list[tuple[str, str]]:
    source, result = proof.source, proof.result
    rows = say(msg("{rows} lignes, {columns} colonnes"))
    facts = [
        (say(msg("Faite le")), day(date.fromisoformat(proof.made_at[:10]))),
        (say(msg("Décidée par")), ", ".join(proof.deciders) or "—"),
        (say(msg("Fichier d'origine")), rows.format(rows=number(source.rows), columns=source.columns)),
        (say(msg("Publié")), rows.format(rows=number(result.rows), columns=result.columns)),
        (say(msg("Empreinte de ce qui est publié (SHA-256)")), result.digest),
    ]
    if source.digest:
        facts.append((say(msg("Empreinte de l'original (SHA-256)")), source.digest))
    if source.commitment:
        facts.append(
            (say(msg("Engagement sur l'original (SHA-256, sous un sel gardé par la commune)")), source.commitment)
        )
    return [(spaced(name), value) for name, value in [*facts, (say(msg("Faite par")), f"Parvis {proof.engine}")]]
