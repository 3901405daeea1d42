"""The web process: Django behind what answers without it: known answers again, and questions about rows."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "parvis_portal.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from parvis.store.folder import Folder
from parvis_portal.api.front import Front


def _application() -> Front:
    django = get_wsgi_application()
    from parvis_portal.api.rows import Rows  # it knows the models, which are there now

    return Front(Rows(django), Folder(settings.DATA).stamp, settings.CACHE_BYTES, proxied=settings.BEHIND_PROXY)


application = _application()


def warm() -> None:
    """Have the query workers ready before the first question."""
    from parvis_portal.api import engine

    engine.pool().warm()
