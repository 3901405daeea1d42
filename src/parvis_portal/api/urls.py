from __future__ import annotations

from django.urls import path

from parvis_portal.api import explore, views

app_name = "api"
urlpatterns = [
    path("v1", views.read, name="root"),
    path("v1/<path:rest>", views.read, name="read"),
    path("v1/", views.read),
    path("explore/<path:rest>", views.explore, name="explore"),
    path("v2/<path:rest>", views.explore),
    path("records/1.0/<path:rest>", explore.first),
    path("datasets/1.0/<path:rest>", explore.first),
    path("push/1.0/<path:rest>", explore.pushed, name="push"),
    path("resources/data/", views.metrics),
    path("organizations/data/", views.metrics),
    path("datasets/data/", views.metrics, name="metrics"),
    path("resources/<path:rest>", views.tables, name="tables"),
    path("aggregation-exceptions/", views.tables, name="aggregated"),
    path("3", views.action),
    path("3/", views.action),
    path("3/action/<str:rest>", views.action, name="action"),
    path("action/<str:rest>", views.action),
    path("", views.door),
    path("<path:rest>", views.read),  # a program that errs is answered in JSON
]
