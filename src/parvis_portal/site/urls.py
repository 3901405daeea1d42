from __future__ import annotations

from django.urls import path

from parvis_portal.site import views

app_name = "site"
urlpatterns = [
    path("", views.home, name="home"),
    path("donnees/", views.catalogue, name="catalogue"),
    path("donnees/atom.xml", views.atom, name="atom"),
    path("donnees/rss.xml", views.rss, name="rss"),
    path("donnees/<str:slug>/", views.dataset, name="dataset"),
    path("donnees/<str:slug>/versions/<str:number>/", views.version, name="version"),
    path("donnees/<str:slug>/versions/<str:number>/changements/", views.changes, name="changes"),
    path("donnees/<str:slug>/versions/<str:number>/preuve/", views.proof, name="proof"),
    path("donnees/<str:slug>/versions/<str:number>/preuve.<str:kind>", views.proof_file, name="proof_file"),
    path("organisations/<slug:slug>/", views.organisation, name="organisation"),
    path("mentions-legales/", views.legal, name="legal"),
    path("accessibilite/", views.accessibility, name="accessibility"),
    path("api-docs/", views.api, name="api"),
]
