"""Accounts and organisations: made by a command or by the demo."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from parvis_portal.people.models import Membership, Organisation, Role, User


def organisation(slug: str, **facts: Any) -> Organisation:
    """Return the organisation of this slug, made or brought up to date."""
    found, _ = Organisation.objects.update_or_create(slug=slug, defaults=facts)
    return found


@transaction.atomic
def account(email: str, name: str, password: str, owner: Organisation, role: Role) -> User:
    """Return the account of this address, made or with its password and role set anew."""
    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        user = User.objects.create_user(email, password, name=name)
    else:
        user.name = name
        user.set_password(password)
        user.save()
    Membership.objects.update_or_create(user=user, organisation=owner, defaults={"role": role})
    return user
