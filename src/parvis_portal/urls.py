"""Every address of the portal: pages in French at the root, in English under /en/, programs under /api/."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from parvis_portal.site import views

urlpatterns = [
    path("api/", include("parvis_portal.api.urls")),
    path("", include("parvis_portal.api.doors")),
    path("", include("parvis_portal.api.explore")),
    path("explore/", views.catalogue),
    path("explore/dataset/<str:slug>/", views.dataset_elsewhere),
    path("explore/dataset/<str:slug>/<str:tab>/", views.dataset_elsewhere),
    path("explore/embed/dataset/<str:slug>/", views.dataset_framed),
    path("explore/embed/dataset/<str:slug>/<str:tab>/", views.dataset_framed),
    path("robots.txt", views.robots, name="robots"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("sante", views.health, name="health"),
    *i18n_patterns(
        path("mairie/", include("parvis_portal.people.urls")),
        path("mairie/", include("parvis_portal.intake.urls")),
        path("", include("parvis_portal.site.urls")),
        prefix_default_language=False,
    ),
]
handler400 = "parvis_portal.site.views.bad_request"
handler403 = "parvis_portal.site.views.forbidden"
handler404 = "parvis_portal.site.views.not_found"
handler500 = "parvis_portal.site.views.failed"
