from __future__ import annotations

from django.urls import path

from parvis_portal.intake import views

app_name = "intake"
urlpatterns = [
    path("", views.desk, name="desk"),
    path("deposer/", views.drop, name="drop"),
    path("fichiers/<int:pk>/", views.submission, name="submission"),
    path("avancement/<slug:kind>/<int:pk>/", views.progress, name="progress"),
    path("brouillons/<int:pk>/", views.draft, name="draft"),
    path("brouillons/<int:pk>/approuver/", views.approve, name="approve"),
    path("brouillons/<int:pk>/ecarter/", views.discard, name="discard"),
    path("jeux/<slug:slug>/historique/", views.history, name="history"),
    path("jeux/<slug:slug>/retirer/", views.withdraw, name="withdraw"),
]
