from __future__ import annotations

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "parvis_portal.jobs"
    label = "jobs"
