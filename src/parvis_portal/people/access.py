"""What each role may do, in one table. An agent brings files, a referent decides, an administrator does both and
keeps the accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from parvis_portal.people.models import Membership, Organisation, Role, User

P = ParamSpec("P")

RIGHTS: Mapping[str, frozenset[str]] = {
    "drop": frozenset({Role.AGENT, Role.REFERENT, Role.ADMINISTRATOR}),
    "review": frozenset({Role.AGENT, Role.REFERENT, Role.ADMINISTRATOR}),
    "approve": frozenset({Role.REFERENT, Role.ADMINISTRATOR}),
    "withdraw": frozenset({Role.REFERENT, Role.ADMINISTRATOR}),
    "sources": frozenset({Role.REFERENT, Role.ADMINISTRATOR}),
    "administer": frozenset({Role.ADMINISTRATOR}),
}


def membership(user: Any) -> Membership | None:
    """Return a person's role, None for a visitor."""
    if not isinstance(user, User) or not user.is_active:
        return None
    return user.memberships.select_related("organisation").order_by("id").first()


def may(user: Any, right: str, organisation: Organisation) -> bool:
    """True when a person may do this in this organisation."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return user.memberships.filter(organisation=organisation, role__in=RIGHTS[right]).exists()


def require(user: Any, right: str, organisation: Organisation) -> None:
    """Raise PermissionDenied unless the person may."""
    if not may(user, right, organisation):
        raise PermissionDenied(_("Votre rôle ne permet pas cette action. Demandez à votre référent."))


def rights(user: Any) -> dict[str, bool]:
    """Return what a person may do at home, for the pages."""
    known = membership(user)
    return {right: known is not None and known.role in roles for right, roles in RIGHTS.items()}


def needs(
    right: str,
) -> Callable[
    [Callable[Concatenate[HttpRequest, Membership, P], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, P], HttpResponseBase],
]:
    """Let in only who has a right: visitors are sent to sign in. The view receives the membership."""

    def decorate(
        view: Callable[Concatenate[HttpRequest, Membership, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            known = membership(request.user)
            if known is None:
                if request.user.is_authenticated:
                    raise PermissionDenied(_("Votre compte n'est rattaché à aucune commune."))
                return redirect_to_login(request.get_full_path())
            require(request.user, right, known.organisation)
            return view(request, known, *args, **kwargs)

        return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", checked)

    return decorate
