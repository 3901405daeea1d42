"""What an agent writes on a page is read for the people that it names, and the name of his file says nobody's."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse
from tests.portal.conftest import TREES, Town
from tests.portal.test_path_of_a_file import fields

from parvis_portal.intake import queries
from parvis_portal.intake.models import Submission

NAME = "Julie Martin"


def test_a_description_that_names_somebody_is_remarked_while_it_does(
    town: Town, drop: Callable[..., Submission]
) -> None:
    draft = drop(f"arbres_{NAME.replace(' ', '_')}.csv", TREES).drafts.get()
    page = reverse("intake:draft", args=[draft.pk])
    told = "La fiche nomme une personne"
    assert told not in town.client("agent").get(page).content.decode()
    written = fields(draft, description=f"Liste suivie par Mme {NAME}, jointe au dossier de la commune.")
    assert town.client("agent").post(page, written).status_code == 302
    draft.refresh_from_db()
    assert NAME.split()[1] not in draft.described.source
    assert [f.values["field"] for f in queries.findings(draft) if f.code == "metadata.names_someone"] == ["description"]
    assert told in town.client("agent").get(page).content.decode()
    town.client("agent").post(page, fields(draft, description="Liste des arbres plantés par la commune depuis 1950."))
    draft.refresh_from_db()
    assert told not in town.client("agent").get(page).content.decode()
