"""What the review page offers beside the proposal: chosen, tried, published, taken up on the next file, said in the proof."""

from __future__ import annotations

import html
import json
from collections import Counter
from typing import Any

from django.urls import reverse
from tests.portal.conftest import Town
from tests.portal.test_path_of_a_file import fields, post_file

from parvis.values import Averaging, Synthesis
from parvis_portal.intake import review
from parvis_portal.intake.models import Draft
from parvis_portal.jobs import worker

AIDS = "\n".join(
    ["Quartier;Tranche d'âge;Bénéficiaires d'une aide sociale"]
    + [f"Q{q};{a};{n}" for q in range(5) for a, n in (("jeunes", 30 + q), ("adultes", 3 + q), ("anciens", 60 - q))]
).encode()
MEMBERS = "\n".join(
    [
        "Âge;Sexe;Métier;Cotisation",
        *(f"{20 + n % 40};{'FM'[n % 2]};{'abc'[n % 3]};{100 + n * 7 % 213},5" for n in range(240)),
    ]
).encode()


def page_of(town: Town, draft: Draft) -> str:
    answer = town.client("referent").get(reverse("intake:draft", args=[draft.pk]))
    return plain(answer.content.decode())


def plain(page: str) -> str:
    """Return a page without the spaces that French puts before its signs."""
    return html.unescape(page).replace("\u202f", " ").replace("\u00a0", " ").replace("\u2019", "'")


def post(town: Town, draft: Draft, **told: Any) -> None:
    answer = town.client("referent").post(reverse("intake:draft", args=[draft.pk]), fields(draft) | told)
    assert answer.status_code == 302, html.unescape(answer.content.decode())
    worker.run(once=True)
    draft.refresh_from_db()


def exported(town: Town, draft: Draft) -> list[str]:
    assert draft.state == Draft.State.RELEASED and draft.dataset is not None, draft.error
    answer = town.client("visitor").get(f"/api/v1/datasets/{draft.dataset.pk}/exports/csv")
    return b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()[1:]


def proof_of(town: Town, draft: Draft, number: str = "1") -> str:
    assert draft.dataset is not None
    answer = town.client("visitor").get(reverse("site:proof", args=[draft.dataset.slug, number]))
    assert answer.status_code == 200
    return plain(answer.content.decode())


def test_counts_may_be_rounded_moved_or_noisy_instead_of_hidden(town: Town) -> None:
    draft = post_file(town, "agent", "aides.csv", AIDS).drafts.get()
    worker.run(once=True)
    shown = page_of(town, draft)
    assert "Autres façons" in shown and "Ce que coûte chaque façon" in shown and "10 dépensés" not in shown
    assert "0 dépensés sur 10" in shown and "ne convient pas" not in shown
    post(town, draft, **{"hiding:asked": "1", "decide:hiding": "1", "hiding:way": "round", "hiding:base": "20"})
    held = draft.decided_policy.hiding
    assert held is not None and (held.way, held.base) == ("round", 20) and "referent" in held.decided_by
    told = draft.rehearsed
    assert told is not None and told.hidden is not None and told.hidden.way == "round", told and told.refused
    post(town, draft, then="approve")
    assert {int(line.split(",")[2]) % 20 for line in exported(town, draft)} == {0}
    assert "Tous arrondis au multiple de (20)" in proof_of(town, draft)
    second = post_file(town, "agent", "aides.csv", AIDS.replace(b"Q0;jeunes;30", b"Q0;jeunes;42")).drafts.get()
    again = second.decided_policy.hiding
    assert again is not None and again.way == "round" and again.base == 20, "the choice is taken up on the next file"


def test_noise_uses_up_the_budget_of_a_dataset_and_then_stops(town: Town) -> None:
    told = {
        "hiding:asked": "1",
        "decide:hiding": "1",
        "hiding:way": "noise",
        "hiding:epsilon": "5.0",
        "hiding:each": "2",
    }
    dataset = ""
    for turn in range(2):
        draft = post_file(town, "agent", "aides.csv", AIDS.replace(b";30", f";{31 + turn}".encode())).drafts.get()
        post(town, draft, dataset=dataset, **told)
        held = draft.decided_policy.hiding
        assert held is not None and (held.way, held.epsilon, held.each) == ("noise", 5.0, 2)
        post(town, draft, dataset=dataset, then="approve")
        assert draft.state == Draft.State.RELEASED, draft.error
        dataset = str(draft.dataset_id)
    assert "epsilon (5)" in proof_of(town, draft, "2")
    third = post_file(town, "agent", "aides.csv", AIDS.replace(b";30", b";39")).drafts.get()
    worker.run(once=True)
    third.refresh_from_db()
    assert third.rehearsed is not None and "ne suffit plus : il reste 0 sur 10" in third.rehearsed.refused
    assert not review.ready(third), "nothing goes by itself"
    post(town, third, dataset=dataset, then="approve")
    assert third.state == Draft.State.WAITING and "ne suffit plus" in third.error


def test_numbers_become_means_and_rows_stay_grouped(town: Town) -> None:
    draft = post_file(town, "agent", "adherents.csv", MEMBERS).drafts.get()
    worker.run(once=True)
    assert "Des moyennes à la place des nombres" in page_of(town, draft)
    post(town, draft, then="accept")
    post(town, draft, **{"means:asked": "1", "decide:means": "1", "means:columns": ["cotisation"], "means:k": "8"})
    assert draft.decided_policy.averaging == Averaging(8, ("cotisation",), draft.decided_policy.averaging.decided_by)
    shown = page_of(town, draft)
    assert draft.rehearsed is not None and draft.rehearsed.averaged is not None, draft.rehearsed
    assert "détail gardé :" in shown and "Moyennes" in shown
    wrong = town.client("referent").post(
        reverse("intake:draft", args=[draft.pk]),
        fields(draft) | {"means:asked": "1", "decide:means": "1", "means:columns": ["cotisation"], "means:k": "un"},
    )
    assert wrong.status_code == 400 and "nombre entier de 2 à 1000" in html.unescape(wrong.content.decode())
    post(town, draft, then="approve")
    assert min(Counter(exported(town, draft)).values()) >= 8
    assert "« Cotisation » : Nombres remplacés par des moyennes ; personnes de chacune, au moins (8)" in proof_of(
        town, draft
    )
    post_file(town, "agent", "adherents.csv", MEMBERS + b"\n31;F;a;120")
    second = Draft.objects.latest("pk")
    assert second.decided_policy.averaging is not None and second.decided_policy.averaging.k == 8
    post(town, second, **{"means:asked": "1", "decide:means": "1"})
    assert second.decided_policy.averaging is None, "nothing ticked: numbers stay as they are"


def test_a_synthetic_copy_is_chosen_judged_and_never_taken_for_the_table(town: Town) -> None:
    draft = post_file(town, "agent", "adherents.csv", MEMBERS + b"\n97;F;zyxalinde;4321,5").drafts.get()
    worker.run(once=True)
    shown = page_of(town, draft)
    assert "Publier une copie synthétique" in shown and "Ressemblance avec l'original" in shown
    post(town, draft, **{"copy:asked": "1", "copy:on": "1", "decide:copy": "1", "copy:epsilon": "3.0"})
    assert isinstance(draft.decided_policy.synthesis, Synthesis) and draft.decided_policy.synthesis.epsilon == 3.0
    shown = page_of(town, draft)
    assert "Oui." in shown and "La copie a " in shown and "Ce qui ressemble le moins" in shown
    post(town, draft, then="approve")
    lines = exported(town, draft)
    assert not {*lines} & {*MEMBERS.decode().replace(",", ".").replace(";", ",").splitlines()} or len(lines) > 200
    assert draft.dataset is not None
    public = html.unescape(
        town.client("visitor").get(reverse("site:dataset", args=[draft.dataset.slug])).content.decode()
    )
    assert "(copie synthétique)" in public and "aucune ligne n'est celle d'une personne" in public.replace(
        "\u2019", "'"
    )
    assert "Valeurs synthétiques" in public
    everything = " ".join([*lines, public, page_of(town, draft)])
    assert "zyxalinde" not in everything and "4321" not in everything, "what one person alone has is nowhere"
    sheet = proof_of(town, draft)
    assert "Remplacées par une copie synthétique" in sheet and "(3)" in sheet
    told = town.client("visitor").get(f"/api/v1/datasets/{draft.dataset.pk}").json()
    assert "synthétique" in json.dumps(told, ensure_ascii=False)
    second = post_file(town, "agent", "adherents.csv", MEMBERS + b"\n31;F;a;120").drafts.get()
    assert second.decided_policy.synthesis is not None
    post(town, second, **{"copy:asked": "1", "decide:copy": "1"})
    assert second.decided_policy.synthesis is None
    post(town, second, then="accept", dataset=str(draft.dataset_id))
    post(town, second, then="approve", dataset=str(draft.dataset_id))
    assert second.state == Draft.State.RELEASED, second.error
    assert "copie synthétique" not in second.described.title, "what is no copy does not say that it is"


def test_people_are_published_by_the_areas_of_a_layer_that_waits_then_is_released(town: Town) -> None:
    features = [
        {"type": "Feature", "properties": {"nom": name}, "geometry": {"type": "Polygon", "coordinates": [
            [[x, 47.2], [x + 0.01, 47.2], [x + 0.01, 47.21], [x, 47.21], [x, 47.2]]]}}
        for name, x in (("Centre", 3.10), ("Gare", 3.11))
    ]  # fmt: skip
    rows = [f"{20 + n % 30};{'FM'[n % 2]};{3.1002 + n * 0.0001:.4f};{47.2050 + n % 7 * 0.0001:.4f}" for n in range(190)]
    content = "\n".join(["Âge;Sexe;Longitude;Latitude", *rows]).encode()
    draft = post_file(town, "agent", "beneficiaires.csv", content).drafts.get()
    worker.run(once=True)
    assert "déposez d'abord leur couche" in page_of(town, draft)
    layer = post_file(
        town, "agent", "quartiers.geojson", json.dumps({"type": "FeatureCollection", "features": features}).encode()
    ).drafts.get()
    assert f'value="draft:{layer.pk}"' in page_of(town, draft)
    told = {"blurring:asked": "1", "decide:blurring": "1", "blurring:shape": "areas", "blurring:k": "11"}
    nameless = town.client("referent").post(reverse("intake:draft", args=[draft.pk]), fields(draft) | told)
    assert nameless.status_code == 400 and "Choisissez la couche" in nameless.content.decode()
    post(town, draft, then="accept")
    post(town, draft, **told, **{"blurring:layer": f"draft:{layer.pk}"})
    shown = page_of(town, draft)
    assert draft.rehearsed is not None and draft.rehearsed.blurred is not None, draft.rehearsed
    assert "Centre : " in shown and "Gare : " in shown
    post(town, layer, then="approve")
    assert layer.state == Draft.State.RELEASED, layer.error
    post(town, draft, then="approve")
    lines = exported(town, draft)
    assert all("Centre" in line or "Gare" in line for line in lines if "3.1" in line)
    assert "Remplacés par les quartiers" in proof_of(town, draft)
