"""Signing in and out, and the keys of a person's programs."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from parvis.errors import InputError
from parvis_portal.people import access, actions, queries
from parvis_portal.people.forms import SignInForm, TokenForm
from parvis_portal.people.models import Membership


@method_decorator(never_cache, name="dispatch")
class SignIn(LoginView):
    authentication_form = SignInForm
    template_name = "people/sign_in.html"
    redirect_authenticated_user = True


class SignOut(LogoutView):
    http_method_names = ["post", "options"]  # noqa: RUF012  (Django's own shape)


def locked_out(request: HttpRequest, credentials: Any, *args: Any, **kwargs: Any) -> HttpResponse:
    """Say that too many wrong passwords were tried."""
    return render(request, "people/locked_out.html", status=429)


@never_cache
@access.needs("drop")
def keys(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Show a person's keys, and a new one the only time that it can be read."""
    user, made = membership.user, ""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.make_token(user, form.cleaned_data["name"])[1]
            form = TokenForm()
        except InputError as error:
            form.add_error("name", " ".join(part for part in (error.text, error.hint) if part))
    shown = {"form": form, "made": made, "tokens": queries.tokens(user)}
    return render(request, "people/keys.html", shown)


@require_POST
@access.needs("drop")
def revoke(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    actions.revoke_token(membership.user, pk)
    return redirect("people:keys")
