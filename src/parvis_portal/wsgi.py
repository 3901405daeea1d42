"""The web process: Django behind the layer that gives known answers again."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "parvis_portal.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from parvis.store.folder import Folder
from parvis_portal.api.front import Front

application = Front(
    get_wsgi_application(), Folder(settings.DATA).stamp, settings.CACHE_BYTES, proxied=settings.BEHIND_PROXY
)
