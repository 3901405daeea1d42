"""The three criteria, « Puis-je publier ? » and the proof sheet: said from what was found, decided and measured."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from parvis.errors import UnknownName
from parvis.privacy import law, measure, proof, publishable, screen
from parvis.privacy import policy as policies
from parvis.privacy import protect as protecting
from parvis.privacy.attacks.attack import Attack
from parvis.privacy.attacks.linkage import Public
from parvis.privacy.criteria import DOUBT, FAILED, MET, UNTRIED, Criteria, Scope, judge, measured_on, rises
from parvis.privacy.meanings import GROUNDS
from parvis.values import Column, Finding, Kind, Policy, Profile, Rule, Severity

NOW = "2026-03-01T08:00:00+00:00"
SCOPE = Scope(100, 100, ("âge", "sexe"), ("aide",))
SECRET = "QUIBERON Alice"


def attack(name: str, won: float, tried: int = 100, **more: Any) -> Attack:
    kind = {"singling_out": "singling_out", "linkability": "linkability"}.get(name.partition(".")[0], "inference")
    return Attack(name, more.pop("criterion", kind), tried, won, "Ce qui arrive : {won}.", values={"won": won}, **more)


def seen(meaning: str, name: str = "c", where: str = "column") -> Finding:
    values = {"column": name, "name": name, "meaning": meaning, "where": where, "count": 3, "filled": 3}
    return Finding(f"privacy.{meaning}", Severity.BLOCK, "La colonne « {column} » …", values=values, count=3)


def decided(transform: str, ground: str = "", name: str = "c") -> Policy:
    return Policy((Rule(name, transform, ground=ground, decided_by="référent"),))


# --- The data -------------------------------------------------------------------------------------


def test_every_threshold_has_its_source_and_its_date() -> None:
    for told in law.thresholds():
        assert told.source and told.date[:2] == "20" and told.text and "{" not in told.text
    assert law.threshold("k").value == 5
    assert law.threshold("k", ["health"]).value == law.threshold("k", ["health", "occupation"]).value == 11
    assert law.threshold("success").value == 0.2
    assert law.threshold("success", ["social_aid"]).value == 0.09
    assert "3\u202f500" in law.threshold("inhabitants").text
    with pytest.raises(UnknownName):
        law.threshold("z")


def test_every_ruling_and_every_ground_names_articles_that_are_known() -> None:
    assert set(law.grounds()) == set(GROUNDS)
    for keys in (*law.grounds().values(), *(r.articles for r in law.rulings())):
        assert keys
        for key in keys:
            assert law.article(key).cite and law.article(key).says.endswith(".")
    assert {r.verdict for r in law.rulings()} == set(law.VERDICTS)
    assert all(r.todo for r in law.rulings() if r.verdict != "yes")
    used = {a for r in law.rulings() for a in r.articles} | {a for g in law.grounds().values() for a in g}
    assert len(used) >= 20
    with pytest.raises(UnknownName):
        law.article("crpa_1")


# --- The three criteria ---------------------------------------------------------------------------


def test_one_person_alone_fails_the_first_criterion_and_none_meets_it() -> None:
    told = judge([attack("singling_out.one", 1)], SCOPE).answer("singling_out")
    assert told.verdict == FAILED and told.worst is not None and told.worst.won == 1
    assert told.question == "Peut-on isoler une personne ?"
    assert judge([attack("singling_out.one", 0)], SCOPE).answer("singling_out").verdict == MET


@pytest.mark.parametrize(("won", "subjects", "verdict"), [(15, [], MET), (25, [], FAILED), (15, ["health"], FAILED)])
def test_a_link_is_held_to_the_threshold_of_the_subject(won: int, subjects: list[str], verdict: str) -> None:
    told = judge([attack("linkability.known_all", won)], SCOPE, subjects).answer("linkability")
    assert told.verdict == verdict
    assert told.text.startswith("Non" if verdict == MET else "Oui")


def test_what_needs_something_nobody_has_shown_is_a_doubt_that_is_said() -> None:
    told = judge([attack("linkability.identifier", 100, assumed=True), attack("linkability.known_all", 3)], SCOPE)
    assert told.answer("linkability").verdict == DOUBT and not told.failed
    assert told.answer("singling_out").verdict == UNTRIED
    assert told.worst == pytest.approx(0.03)


def test_a_guess_no_better_than_luck_fails_nothing() -> None:
    lucky = attack("inference.same_secret", 12, chance=0.11)
    assert judge([lucky], SCOPE).answer("inference").verdict == MET
    sure = attack("inference.same_secret", 40, chance=0.11)
    assert judge([sure], SCOPE).failed == ("inference",)
    assert judge([attack("differencing.changed", 1, criterion="singling_out")], SCOPE).failed == ("singling_out",)


def test_a_standing_policy_stops_when_the_risk_rises() -> None:
    def told(won: int) -> Criteria:
        return judge([attack("singling_out.one", 0), attack("linkability.known_all", won)], SCOPE)

    assert not rises(told(5), told(5)) and not rises(told(15), told(5)) and not rises(told(5), told(15))
    (risen,) = rises(told(5), told(40))
    assert risen.severity is Severity.BLOCK and risen.code == "privacy.risk_rises"
    assert "Corrélation : le risque monte depuis la version précédente, de 5 à 40 sur 100." in risen.text
    assert [f.values["criterion"] for f in rises(told(30), told(40))] == ["Corrélation"]


def test_the_answer_says_what_it_was_measured_on() -> None:
    message, values = measured_on(Scope(10, 8, ("âge",), (), ("Aides, version 2",)))
    assert message.format(**values) == (
        "Mesuré sur 10 ligne(s) et 8 personne(s), face à qui connaîtrait « âge », et à 1 autre(s) publication(s) de la commune."
    )


# --- Puis-je publier ? ----------------------------------------------------------------------------

FAILS = judge([attack("singling_out.one", 5)], SCOPE)
MEETS = judge([attack("singling_out.one", 0), attack("linkability.known_all", 1), attack("inference.guess", 0)], SCOPE)
CODED = judge([attack("linkability.code", 100, assumed=True)], SCOPE)
QUESTIONS: list[tuple[str, list[Finding], Policy, Any, dict[str, Any], str, str]] = [
    ("nothing personal", [], Policy(), None, {}, "yes", "crpa_300_2"),
    ("a large town", [], Policy(), None, {"inhabitants": 5000}, "yes", "cgct_1112_23"),
    ("nobody decided", [seen("email")], Policy(), None, {}, "not_yet", "crpa_312_1_2"),
    ("proposed only", [seen("email")], Policy((Rule("c", "drop"),)), MEETS, {}, "not_yet", "crpa_312_1_2"),
    ("taken away, not measured", [seen("email")], decided("drop"), None, {}, "not_yet", "g29_2014"),
    ("taken away and measured", [seen("email")], decided("drop"), MEETS, {}, "yes", "crpa_312_1_2"),
    ("taken away, still alone", [seen("email")], decided("drop"), FAILS, {}, "no", "g29_2014"),
    ("a NIR kept by law", [seen("nir")], decided("keep", "law"), MEETS, {}, "no", "loi_78_17_30"),
    ("not a NIR after all", [seen("nir")], decided("keep", "not_personal"), MEETS, {}, "if", "rgpd_30"),
    ("an IBAN kept", [seen("iban")], decided("keep", "consent"), MEETS, {}, "no", "crpa_311_6"),
    ("names of the elected", [seen("person_name")], decided("keep", "elected"), FAILS, {}, "if", "crpa_d312_1_3"),
    ("names on consent", [seen("person_name")], decided("keep", "consent"), FAILS, {}, "if", "rgpd_6"),
    ("names for nothing", [seen("person_name")], decided("keep"), MEETS, {}, "no", "cada_20227753"),
    ("minutes", [seen("person_name")], decided("keep"), None, {"kind": "minutes"}, "no", "cada_20221096"),
    ("cameras", [seen("safety")], decided("keep"), None, {}, "no", "crpa_311_5"),
    ("cameras, no danger", [seen("safety")], decided("keep", "no_danger"), None, {}, "yes", "crpa_311_5"),
    ("health on a club's ground", [seen("health")], decided("keep", "sport"), MEETS, {}, "no", "rgpd_9"),
    ("a code in place of names", [seen("person_name")], decided("drop"), CODED, {}, "if", "rgpd_4_5"),
    ("a file with traces", [], Policy(), None, {"traces": [seen("trace")], "as_it_came": True}, "no", "crpa_311_7"),
    ("traces that stay here", [], Policy(), None, {"traces": [seen("trace")]}, "yes", "crpa_311_1"),
]


@pytest.mark.parametrize(("name", "found", "policy", "criteria", "more", "verdict", "article"), QUESTIONS)
def test_may_i_publish(
    name: str,
    found: Sequence[Finding],
    policy: Policy,
    criteria: Any,
    more: Mapping[str, Any],
    verdict: str,
    article: str,
) -> None:
    told = publishable.may_publish(publishable.facts_of(found, policy, criteria, **more))
    assert told.verdict == verdict, (name, told.facts, [s.says for s in told.said])
    assert article in {a.id for a in told.articles}, (name, [a.id for a in told.articles])
    assert told.headline == publishable.HEADLINES[verdict]


def test_there_is_always_an_answer_and_it_always_has_a_text() -> None:
    """Whatever is true of a dataset: no combination is left without a word, nor a word without an article."""
    every = sorted({f for r in law.rulings() for f in (*r.when, *r.unless)})
    chance = random.Random(1)
    for _ in range(3000):
        facts = {f for f in every if chance.random() < 0.2}
        told = publishable.may_publish(facts)
        assert told.said and told.headline
        assert told.articles or told.verdict == "not_yet"
        if "kept.nir" in facts and "ground.not_personal" not in facts:
            assert told.verdict == "no"


# --- The proof sheet ------------------------------------------------------------------------------


def aids(folder: Path, count: int = 120) -> tuple[Path, Profile]:
    chance = random.Random(4)
    cells: dict[str, list[Any]] = {
        "demandeur": [f"{SECRET} {i}" for i in chance.sample(range(count), count)],  # in no order
        "quartier": [chance.choice(["Nord", "Sud"]) for _ in range(count)],
        "montant": [chance.choice([100, 200, 300]) for _ in range(count)],
    }
    path = folder / "typed.parquet"
    lines = pa.array(range(2, count + 2), pa.int64())
    pq.write_table(pa.table({**{n: pa.array(v) for n, v in cells.items()}, "__line": lines}), path)
    columns = (
        Column("demandeur", "Demandeur", Kind.TEXT, "person_name", filled=count, distinct=count),
        Column("quartier", "Quartier", Kind.TEXT, filled=count, distinct=2),
        Column("montant", "Montant", Kind.INTEGER, filled=count, distinct=3),
    )
    return path, Profile("csv", count, columns, table="Aides")


def made(folder: Path, **more: Any) -> proof.Proof:
    path, profile = aids(folder)
    findings = screen.screen(path, profile)
    policy = policies.accept(policies.propose(profile, findings), by="Bob, référent")
    safe = protecting.protect(path, profile, policy, folder / "safe.parquet")
    before = measure.measure(path, profile.columns, path, profile.columns, title="Aides")
    after = measure.measure(
        path, profile.columns, safe.path, safe.columns, title="Aides", others=more.pop("others", ())
    )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return proof.prove(
        profile, findings, policy, safe.columns, safe.rows, source_digest=digest, result_digest="b" * 64, salt="sel",
        now=NOW, title="Aides versées", before=before, after=after, **more,
    )  # fmt: skip


def test_the_sheet_says_what_was_found_what_was_done_and_what_it_changed(tmp_path: Path) -> None:
    sheet = made(tmp_path)
    assert [(f.column, f.meaning, f.count) for f in sheet.found] == [("Demandeur", "person_name", 120)]
    assert sheet.removed == ("Demandeur",) and sheet.deciders == ("Bob, référent",)
    assert sheet.before is not None and sheet.after is not None
    assert sheet.before.failed and sheet.before.worst == 1.0
    assert not sheet.after.failed and sheet.after.worst < 0.1
    assert sheet.permission.verdict == "yes"
    assert (sheet.source.rows, sheet.source.columns, sheet.result.columns) == (120, 3, 2)
    said = [r.text for r in sheet.remains]
    assert proof.NOTHING_LEFT in said and proof.NO_PROMISE in said and proof.ALONE in said


def test_the_sheet_is_json_that_comes_back_the_same(tmp_path: Path) -> None:
    sheet = made(tmp_path)
    again = proof.load(proof.dump(sheet))
    assert proof.dump(again) == proof.dump(sheet) and proof.seal(again) == proof.seal(sheet)
    assert again.permission.articles == sheet.permission.articles
    assert json.loads(proof.dump(sheet))["format"] == proof.FORMAT


def test_no_value_that_was_removed_is_on_the_sheet_and_nobody_is_named_on_the_public_one(tmp_path: Path) -> None:
    sheet = made(tmp_path)
    assert SECRET not in proof.dump(sheet)
    shown = proof.dump(proof.public(sheet))
    assert "Bob" not in shown and sheet.source.digest not in shown and '"sel"' not in shown
    assert sheet.source.commitment in shown
    assert proof.committed(sheet.source.digest, "sel") == sheet.source.commitment
    assert not any(
        a.lines
        for x in (proof.public(sheet).before, proof.public(sheet).after)
        if x
        for y in x.answers
        for a in y.attacks
    )


def test_a_sheet_or_a_header_that_names_someone_is_not_named() -> None:
    label = f"Avis de Mme {SECRET}"
    profile = Profile("xlsx", 3, (Column("avis", label), Column("n", "Nombre")))
    found = dataclasses.replace(seen("person_name", "avis", "label"), values={
        "column": label, "name": "avis", "meaning": "person_name", "where": "label", "count": 1, "filled": 3})  # fmt: skip
    trace = Finding("privacy.trace", Severity.WARN, "La feuille « {sheet} » est masquée.",
                    values={"trace": "hidden_sheet", "count": 1, "sheet": f"Mme {SECRET}"})  # fmt: skip
    sheet = proof.prove(
        profile, [found], decided("drop", name="avis"), profile.columns[1:], 3, source_digest="", result_digest="",
        now=NOW, traces=[trace],
    )  # fmt: skip
    assert "QUIBERON" not in proof.dump(sheet) and "QUIBERON" not in proof.dump(proof.public(sheet))


def test_a_kept_column_stays_on_the_sheet_with_its_ground_and_its_article(tmp_path: Path) -> None:
    path, profile = aids(tmp_path)
    findings = screen.screen(path, profile)
    policy = policies.decide(policies.propose(profile, findings), "demandeur", "keep", ground="elected", by="Bob")
    sheet = proof.prove(profile, findings, policy, profile.columns, 120, source_digest="", result_digest="", now=NOW)
    assert sheet.done[0].ground_text == GROUNDS["elected"]
    assert [a.id for a in sheet.done[0].articles] == ["crpa_d312_1_3", "cnil_2021"]
    assert sheet.permission.verdict == "if"
    assert any("garde des données personnelles" in r.text for r in sheet.remains)
    assert proof.NOT_MEASURED in [r.text for r in sheet.remains]


def test_an_earlier_version_that_betrays_somebody_is_on_the_sheet(tmp_path: Path) -> None:
    path, profile = aids(tmp_path)
    old = tmp_path / "old.parquet"
    told = pq.read_table(path, columns=["quartier", "montant"]).slice(0, 119)
    pq.write_table(told, old)
    sheet = made(tmp_path, others=[Public(old, profile.columns[1:], "Aides", 1)])
    assert sheet.after is not None and sheet.after.failed == ("singling_out",)
    assert sheet.permission.verdict == "no"
    assert any("Entre la version 1 et celle-ci, 1 ligne(s) seulement changent" in r.text for r in sheet.remains)


def test_the_register_has_its_entry(tmp_path: Path) -> None:
    sheet = made(tmp_path)
    entry = proof.register_entry(sheet, controller="Commune de Fontclaire", contact="dpo@fontclaire.example")
    lines = dict(entry.lines())
    assert list(lines) == list(proof.FIELDS.values())
    assert lines["But"] == "Publication de données ouvertes : « Aides versées »"
    assert lines["Données"] == "Demandeur"
    assert lines["Données personnelles publiées"] == proof.NOBODY
    assert lines["Empreinte de la fiche de preuve"] == proof.seal(sheet)
    assert all(lines.values()) and SECRET not in str(lines)


def test_showing_a_sheet_loads_no_engine() -> None:
    code = (
        "import sys; from parvis.privacy import proof, publishable, criteria\n"
        "assert not {'duckdb', 'numpy', 'pyarrow'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
