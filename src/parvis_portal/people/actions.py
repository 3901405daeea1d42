"""Accounts and organisations: made by a command or by the demo. Keys: made by who will use them."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from parvis.errors import InputError
from parvis_portal.people import access, audit, queries
from parvis_portal.people.models import Membership, Organisation, Role, Token, User

MOST_TOKENS = 20  # of a person


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


@transaction.atomic
def make_token(user: User, name: str) -> tuple[Token, str]:
    """Return a new key of a person, and the only sight of it. Raises: InputError when she has too many."""
    if user.tokens.count() >= MOST_TOKENS:
        raise InputError(_("Vous avez déjà {most} clés."), _("Supprimez celles qui ne servent plus."), most=MOST_TOKENS)
    key = secrets.token_hex(28)
    made = Token.objects.create(user=user, name=name, digest=queries.digest(key), start=key[:6])
    _written(user, "key.made", made)
    return made, key


@transaction.atomic
def revoke_token(user: User, pk: int) -> None:
    """End a key of a person: whoever holds it is refused at once."""
    for token in user.tokens.filter(pk=pk):
        _written(user, "key.revoked", token)
        token.delete()


def _written(user: User, verb: str, token: Token) -> None:
    if (known := access.membership(user)) is not None:
        audit.write(user, known.organisation, verb, f"key:{token.pk}", name=token.name, start=token.start)
