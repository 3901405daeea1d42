from __future__ import annotations

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "parvis_portal.intake"
    label = "intake"
