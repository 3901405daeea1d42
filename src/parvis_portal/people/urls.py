from __future__ import annotations

from django.urls import path

from parvis_portal.people import views

app_name = "people"
urlpatterns = [
    path("connexion/", views.SignIn.as_view(), name="sign_in"),
    path("deconnexion/", views.SignOut.as_view(), name="sign_out"),
    path("cles/", views.keys, name="keys"),
    path("cles/<int:pk>/supprimer/", views.revoke, name="key_revoke"),
]
