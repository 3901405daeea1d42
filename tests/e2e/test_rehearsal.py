"""The fictional commune as harvesters would take it, from a portal that runs."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

from tests.e2e.conftest import Portal

from parvis.federation.rehearsal import rehearse
from parvis.outgoing import Client


def test_every_dataset_of_fontclaire_is_taken_with_all_points_of_the_national_catalogue(portal: Portal) -> None:
    with Client((urlsplit(portal.address).netloc,)) as client:
        told = rehearse(client, f"{portal.address}/catalog.ttl", today=dt.datetime.now(dt.UTC).date())
    assert told.items and told.kept == len(told.items)
    assert told.mean("completeness") == 9.0, [i.completeness for i in told.items if i.completeness]
    assert (told.mean("quality") or 0) >= 380
