from __future__ import annotations

from django.urls import path

from parvis_portal.intake import door_views, report_views, source_views, views

app_name = "intake"
urlpatterns = [
    path("", views.desk, name="desk"),
    path("deposer/", views.drop, name="drop"),
    path("fichiers/<int:pk>/", views.submission, name="submission"),
    path("avancement/<slug:kind>/<int:pk>/", views.progress, name="progress"),
    path("brouillons/<int:pk>/", views.draft, name="draft"),
    path("brouillons/<int:pk>/approuver/", views.approve, name="approve"),
    path("brouillons/<int:pk>/ecarter/", views.discard, name="discard"),
    path("brouillons/<int:pk>/reprendre/", views.restore, name="restore"),
    path("brouillons/<int:pk>/rapport.<slug:kind>", report_views.download, name="report"),
    path("brouillons/<int:pk>/copie/", report_views.copy, name="copy"),
    path("brouillons/<int:pk>/copie/avancement/", report_views.progress, name="copy_progress"),
    path("sources/", source_views.index, name="sources"),
    path("sources/nouvelle/", source_views.add, name="source_add"),
    path("sources/<int:pk>/", source_views.source, name="source"),
    path("sources/<int:pk>/avancement/", source_views.progress, name="source_progress"),
    path("sources/<int:pk>/reglages/", source_views.change, name="source_change"),
    path("sources/<int:pk>/essayer/", source_views.visit, name="source_visit"),
    path("sources/<int:pk>/pause/", source_views.pause, name="source_pause"),
    path("sources/<int:pk>/reprendre/", source_views.again, name="source_again"),
    path("sources/<int:pk>/supprimer/", source_views.remove, name="source_remove"),
    path("jeux/<slug:slug>/historique/", views.history, name="history"),
    path("jeux/<slug:slug>/versions/<int:number>/registre/", report_views.register, name="register"),
    path("jeux/<slug:slug>/versions/<int:number>/origine/retirer/", views.stop_original, name="stop_original"),
    path("jeux/<slug:slug>/retirer/", views.withdraw, name="withdraw"),
    path("jeux/<slug:slug>/mesures/", door_views.door, name="door"),
]
