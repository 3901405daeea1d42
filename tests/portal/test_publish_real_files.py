"""`parvis publish` over real municipal files: each is released, waits for a decision, or is refused with a sentence."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from tests.portal.conftest import Town

from parvis_portal.intake import publishing
from parvis_portal.jobs.models import JobRun

FOLDERS = ("subventions", "equipements", "deliberations", "finances", "marches", "elections", "environnement", "mobilite",
           "services", "vie-locale", "urbanisme", "geographie", "budget-totem")  # fmt: skip


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("folder_name", FOLDERS)
def test_every_real_file_ends_released_to_decide_or_refused_with_a_sentence(
    town: Town, shared: Path, folder_name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    place = shared / "data" / folder_name
    outcomes = publishing.publish([place], "", lambda share, what: None)
    files = {p.name for p in place.rglob("*") if p.is_file() and not p.name.startswith(".")}
    assert {o.file for o in outcomes} == files
    for told in outcomes:
        assert told.state in ("released", "waiting", "refused"), told
        if told.state == "released":
            assert told.address.startswith("/donnees/"), told
        else:
            assert len(told.reason) > 20 and told.reason.rstrip().endswith((".", "…", "!", "?", "»")), told
            assert "Error" not in told.reason and "Traceback" not in told.reason and "inattendue" not in told.reason, (
                told
            )
    assert not caplog.records, caplog.text
    assert not JobRun.objects.exclude(state="done").exists()
