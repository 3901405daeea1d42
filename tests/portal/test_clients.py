"""Programs that others wrote, against a running portal: what they know of their own system must be true of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckanapi import CKANAPIError, NotAuthorized, NotFound, RemoteCKAN

from parvis_portal.intake.models import Draft


@pytest.mark.django_db(transaction=True)
def test_ckanapi_lists_finds_and_reads_what_is_published(live_server: Any, released: Callable[..., Draft]) -> None:
    draft = released()
    assert draft.dataset is not None
    with RemoteCKAN(live_server.url, user_agent="essai") as site:
        assert site.action.site_read() is True
        assert site.action.package_list() == [draft.dataset.slug]
        package = site.action.package_show(id=draft.dataset.slug)
        assert package["id"] == draft.dataset.pk
        found = site.action.package_search(q="arbres", fq="organization:fontclaire", rows=5)
        assert found["count"] == 1
        (table,) = [r["id"] for r in package["resources"] if r["datastore_active"]]
        rows = site.action.datastore_search(resource_id=table, limit=5, sort="_id desc")
        assert rows["total"] == 12
        assert [r["_id"] for r in rows["records"]] == [12, 11, 10, 9, 8]
        with pytest.raises(NotFound):
            site.action.package_show(id="rien")
        with pytest.raises(NotAuthorized):
            site.action.package_create(name="x")
        with pytest.raises(CKANAPIError):
            site.action.nothing()
