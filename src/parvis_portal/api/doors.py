"""The addresses of the dialects that their clients expect at the root of a portal."""

from __future__ import annotations

from django.urls import path

from parvis_portal.api import views

app_name = "doors"
urlpatterns = [
    path("catalog.csv", views.catalogue_file, name="catalogue_file"),
    path("datastore/dump/<str:rest>", views.action, name="dump"),
    path("health/", views.tables_health, name="health"),
    path("oai", views.archive, name="archive"),
    path("mcp", views.assistant, name="mcp"),
    path("mcp/", views.assistant),
    path("ogc", views.features, name="features"),
    path("ogc/", views.features),
    path("ogc/wfs", views.old_features, name="wfs"),
    path("ogc/<path:rest>", views.features, name="feature"),
    path("catalog", views.told, name="catalogue"),
    path("catalog.<str:rest>", views.told, name="catalogue_form"),
    path("dataset/<path:rest>", views.told, name="dataset"),
]
