"""What a person may choose beside the proposal, from the file to the shelf: tried first, replayed, and said in the proof."""

from __future__ import annotations

import dataclasses
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from parvis import pipeline
from parvis.errors import InputError, RefusedError
from parvis.privacy import policy as policies
from parvis.privacy import protect as protecting
from parvis.store import drawing, proofs, shelf, vault
from parvis.store.folder import Folder
from parvis.store.manifest import DatasetRecord
from parvis.values import Averaging, Blurring, Policy, Preparation, Rule, Synthesis, Version

NOW = "2026-11-25T10:00:00+00:00"


def prepared(folder: Folder, text: str, name: str) -> Preparation:
    parcel = pipeline.collect(folder, name, io.BytesIO(text.encode()), origin="test", now=NOW)
    return pipeline.prepare(folder, parcel, now=NOW).preparations[0]


def committed(folder: Folder, preparation: Preparation, policy: Policy, number: int = 1, **more: Any) -> Version:
    decided = policies.accept(policy, "Une référente")
    version = pipeline.commit(
        folder, preparation, decided, preparation.metadata, dataset="d" * 8, number=number, now=NOW, **more
    )
    shelf.release(folder, DatasetRecord("d" * 8, "jeu", "ville", "Ville"), version.id, NOW)
    return version


def rows_of(folder: Folder, version: Version) -> list[dict[str, Any]]:
    return pq.read_table(folder.object(version.object)).to_pylist()


def done(folder: Folder, version: Version) -> str:
    proof = proofs.whole(folder, version.id)
    assert proof is not None
    return " ; ".join(f"{d.column} {d.title} {json.dumps(dict(d.parameters))}" for d in proof.done)


MEMBERS = "\n".join(
    [
        "Âge;Sexe;Métier;Cotisation",
        *(f"{20 + n % 40};{'FM'[n % 2]};{'abc'[n % 3]};{100 + n * 7 % 213},5" for n in range(240)),
    ]
)
AIDS = "\n".join(
    ["Quartier;Tranche d'âge;Bénéficiaires d'une aide sociale"]
    + [f"Q{q};{a};{n}" for q in range(5) for a, n in (("jeunes", 30 + q), ("adultes", 3 + q), ("anciens", 60 - q))]
)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "data")


def test_means_are_tried_published_and_said(folder: Folder) -> None:
    preparation = prepared(folder, MEMBERS, "adherents.csv")
    policy = dataclasses.replace(preparation.policy, averaging=Averaging(7, ("cotisation",)))
    tried = pipeline.rehearse(folder, preparation, policy)
    assert not tried.refused and tried.averaged is not None and tried.averaged.k == 7
    assert [m.k for m in tried.means] == sorted({m.k for m in tried.means}) and len(tried.means) >= 3
    version = committed(folder, preparation, policy)
    shown = [tuple(r.values()) for r in rows_of(folder, version)]
    assert min(Counter(shown).values()) >= 1 and len({r["cotisation"] for r in rows_of(folder, version)}) < 40
    assert "moyenne d'au moins 7 personnes" in next(c.description for c in version.columns if c.name == "cotisation")
    assert '{"k": 7}' in done(folder, version) and "Cotisation Nombres remplacés par des moyennes" in done(
        folder, version
    )


@pytest.mark.parametrize(("way", "said"), [("round", "arrondis"), ("key", "changés un peu"), ("noise", "Bruit ajouté")])
def test_counts_are_protected_in_the_way_chosen_and_each_way_has_its_price(folder: Folder, way: str, said: str) -> None:
    preparation = prepared(folder, AIDS, "aides.csv")
    assert preparation.policy.hiding is not None
    policy = dataclasses.replace(preparation.policy, hiding=dataclasses.replace(preparation.policy.hiding, way=way))
    tried = pipeline.rehearse(folder, preparation, policy)
    assert {w.way for w in tried.ways} == {"hide", "round", "key", "noise"}
    assert tried.hidden is not None and tried.hidden.way == way
    version = committed(folder, preparation, policy)
    counts = [r["beneficiaires_d_une_aide_sociale"] for r in rows_of(folder, version)]
    assert counts == [r["beneficiaires_d_une_aide_sociale"] for r in tried.preview], (
        "what was tried is what is published"
    )
    assert said in done(folder, version)
    if way != "noise":
        assert all(n == 0 or n >= 10 for n in counts)


def test_a_dataset_has_a_budget_of_noise_for_its_whole_life(folder: Folder) -> None:
    preparation = prepared(folder, AIDS, "aides.csv")
    assert preparation.policy.hiding is not None
    noisy = dataclasses.replace(preparation.policy.hiding, way="noise", epsilon=4.0)
    policy = dataclasses.replace(preparation.policy, hiding=noisy)
    for number in (1, 2):
        committed(folder, preparation, policy, number)
    assert [s.epsilon for s in drawing.spent(folder, "d" * 8)] == [4.0, 4.0]
    shelf.withdraw(folder, "d" * 8, "une erreur", NOW)
    assert len(drawing.spent(folder, "d" * 8)) == 2, "what was read stays known"
    assert len(drawing.spent(folder, "d" * 8, but=2)) == 1 and not drawing.spent(folder, "e" * 8)
    tried = pipeline.rehearse(folder, preparation, policy, dataset="d" * 8)
    assert "ne suffit plus" in tried.refused and "2" in tried.refused
    with pytest.raises(RefusedError, match="ne suffit plus"):
        committed(folder, preparation, policy, 3)
    again = committed(folder, preparation, policy, 2)
    assert again.number == 2, "a version made again after a crash spends nothing more"


def test_a_synthetic_copy_is_judged_and_says_what_it_is_everywhere(folder: Folder) -> None:
    preparation = prepared(folder, MEMBERS, "adherents.csv")
    policy = dataclasses.replace(preparation.policy, synthesis=Synthesis(3.0))
    tried = pipeline.rehearse(folder, preparation, policy)
    assert not tried.refused and tried.synthetic is not None and len(tried.copies) == 4
    assert tried.after is not None and {a.criterion for a in tried.after.answers} == {
        "singling_out", "linkability", "inference",
    }  # fmt: skip
    assert not tried.after.failed and "untried" not in {a.verdict for a in tried.after.answers[:2]}
    version = committed(folder, preparation, policy)
    assert version.metadata.title.endswith("(copie synthétique)") and "aucune ligne" in version.metadata.description
    assert "données synthétiques" in version.metadata.keywords and not version.findings and not version.bbox
    assert all("synthétiques" in c.description for c in version.columns)
    assert "copie synthétique" in done(folder, version) and "3.0" in done(folder, version)
    assert rows_of(folder, version)[:20] == [dict(r) for r in tried.preview]
    again = committed(folder, preparation, policy)
    assert again.id == version.id, "made again, it is the same copy"
    assert drawing.spent(folder, "d" * 8)[0].rho > 0
    told = pipeline.change(folder, preparation, version)
    assert (
        told.added is None and told.rows == (version.rows, 240) and not pipeline.compared(folder, preparation, version)
    )
    grouped = pipeline.rehearse(folder, preparation, preparation.policy, others=[version], follows=version.id)
    assert grouped.after is not None and not grouped.after.scope.others, "a row of nobody's is held against nobody"


def test_places_are_published_by_areas_of_a_layer_of_the_town(folder: Folder) -> None:
    squares = {"Centre": 3.10, "Gare": 3.11}
    features = [
        {"type": "Feature", "properties": {"nom": name, "code": f"0{n}"}, "geometry": {"type": "Polygon", "coordinates": [
            [[x, 47.2], [x + 0.01, 47.2], [x + 0.01, 47.21], [x, 47.21], [x, 47.2]]]}}
        for n, (name, x) in enumerate(squares.items())
    ]  # fmt: skip
    layer = prepared(folder, json.dumps({"type": "FeatureCollection", "features": features}), "quartiers.geojson")
    rows = [f"{20 + n % 30};{'FM'[n % 2]};{3.1002 + n * 0.0001:.4f};{47.2050 + n % 7 * 0.0001:.4f}" for n in range(190)]
    preparation = prepared(folder, "\n".join(["Âge;Sexe;Longitude;Latitude", *rows]), "beneficiaires.csv")
    policy = dataclasses.replace(preparation.policy, blurring=Blurring(11, "areas", layer="draft:1"))
    assert "n'est plus là" in pipeline.rehearse(folder, preparation, policy).refused
    tried = pipeline.rehearse(folder, preparation, policy, layer=layer)
    assert tried.blurred is not None and set(tried.blurred.by_area) == {"Centre", "Gare"}, tried.refused
    version = committed(folder, preparation, policy, layer=layer)
    assert {r["quartier_publie"] for r in rows_of(folder, version)} <= {"Centre", "Gare"}
    assert "Remplacés par les quartiers" in done(folder, version)


def test_a_house_is_moved_to_the_same_place_in_every_version(folder: Folder) -> None:
    rows = [
        f"{20 + n % 30};{'FM'[n % 2]};{3.10 + n % 14 * 0.0007:.4f};{47.2 + n // 14 * 0.0005:.4f}" for n in range(196)
    ]
    places = []
    for more in ("", "\n41;F;3.1014;47.2020"):
        preparation = prepared(folder, "\n".join(["Âge;Sexe;Longitude;Latitude", *rows]) + more, "beneficiaires.csv")
        policy = dataclasses.replace(preparation.policy, blurring=Blurring(11, "moved"), anonymity=None)
        given = protecting.Given(secret=drawing.secret(folder))
        decided = policies.accept(policy, "x")
        path = vaulted(folder, preparation)
        safe = protecting.protect(path, preparation.profile, decided, folder.root / "m.parquet", given)
        shown = {(r["longitude"], r["latitude"]) for r in pq.read_table(safe.path).to_pylist()}
        assert not shown & {(float(r.split(";")[2]), float(r.split(";")[3])) for r in rows}
        places.append(shown)
    assert len(places[0] & places[1]) > 0.9 * len(places[0]), "drawn again, the mean of the draws would tell the house"


def test_what_was_chosen_is_taken_up_on_the_next_file(folder: Folder) -> None:
    first = prepared(folder, MEMBERS, "adherents.csv")
    chosen = dataclasses.replace(
        first.policy, averaging=Averaging(7, ("cotisation",)), synthesis=Synthesis(1.0)
    )  # fmt: skip
    decided = policies.accept(chosen, "Une référente")
    after = prepared(folder, MEMBERS + "\n33;F;a;120", "adherents.csv")
    again = policies.replayed(after.policy, after.profile, after.findings, decided, policies.seen(first.findings))
    assert again.averaging == decided.averaging and again.synthesis == decided.synthesis
    other = prepared(folder, MEMBERS.replace("Cotisation", "Prime"), "autres.csv")
    again = policies.replayed(other.policy, other.profile, other.findings, decided, policies.seen(first.findings))
    assert again.averaging is None


def test_values_are_exchanged_or_drawn_anew_and_the_same_way_again(folder: Folder) -> None:
    preparation = prepared(folder, MEMBERS, "adherents.csv")
    rules = (
        Rule("cotisation", "swap", {"percent": 10}, decided_by="x"),
        Rule("age", "swap", {"percent": 10}, decided_by="x"),
        Rule("metier", "redraw", {"percent": 40}, decided_by="x"),
    )
    policy = Policy(rules=rules)
    assert {
        r["cotisation"] for r in protecting.preview(vaulted(folder, preparation), preparation.profile, policy, 5)
    } == {"[à décider]"}
    given = protecting.Given(secret=b"s" * 32)
    safe = protecting.protect(
        vaulted(folder, preparation), preparation.profile, policy, folder.root / "a.parquet", given
    )
    real = pq.read_table(vaulted(folder, preparation)).to_pydict()
    shown = pq.read_table(safe.path).to_pydict()
    assert sorted(shown["cotisation"]) == sorted(real["cotisation"]) and sorted(shown["age"]) == sorted(real["age"])
    assert Counter(shown["metier"]).keys() == Counter(real["metier"]).keys()
    pairs = Counter(zip(real["cotisation"], real["age"], strict=True))
    kept = Counter(zip(shown["cotisation"], shown["age"], strict=True)) & pairs
    assert kept.total() < 60, "who pays what is no longer sure"
    again = protecting.protect(
        vaulted(folder, preparation), preparation.profile, policy, folder.root / "b.parquet", given
    )
    assert pq.read_table(again.path).equals(pq.read_table(safe.path)), "two versions are not averaged"
    other = protecting.protect(vaulted(folder, preparation), preparation.profile, policy, folder.root / "c.parquet")
    assert not pq.read_table(other.path).equals(pq.read_table(safe.path))
    for wrong in (Rule("metier", "swap", decided_by="x"), Rule("age", "swap", {"percent": 0}, decided_by="x"),
                  Rule("age", "redraw", {"percent": 100}, decided_by="x")):  # fmt: skip
        with pytest.raises(InputError):
            protecting.protect(
                vaulted(folder, preparation), preparation.profile, Policy(rules=(wrong,)), folder.root / "d.parquet"
            )
    version = committed(folder, preparation, dataclasses.replace(preparation.policy, rules=rules))
    assert "Métier Tirer au sort une partie des valeurs" in done(folder, version)


def vaulted(folder: Folder, preparation: Preparation) -> Path:
    work = folder.root / "opened"
    work.mkdir(exist_ok=True)
    return vault.staged(folder, preparation.id, work)
