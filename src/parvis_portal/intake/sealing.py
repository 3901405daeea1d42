"""Passwords of sources at rest: sealed with a key drawn from the portal's own secret, bound to where they are sent.

Whoever holds a copy of the database without the secret key reads nothing. Whoever may change a source's settings
learns nothing: a password sealed for one server is not opened for another.
"""

from __future__ import annotations

import base64
import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from parvis.errors import InputError
from parvis.values import msg

_PURPOSE = b"parvis.intake.sources"


def seal(secret: str, target: str) -> str:
    """Return a secret as it may be kept, "" for none."""
    if not secret:
        return ""
    return _keys().encrypt(json.dumps([target, secret]).encode()).decode("ascii")


def opened(sealed: str, target: str) -> str:
    """Return a sealed secret. Raises: InputError when the portal's key changed, or when it is for another target."""
    if not sealed:
        return ""
    try:
        told, secret = json.loads(_keys().decrypt(sealed.encode("ascii")))
    except (InvalidToken, ValueError) as error:
        raise InputError(
            msg("Le mot de passe de cette source n'est plus lisible : la clé secrète du portail a changé."),
            msg("Écrivez-le de nouveau dans les réglages de la source."),
        ) from error
    if told != target:
        raise InputError(
            msg("L'adresse de cette source a changé : son mot de passe n'y est pas envoyé."),
            msg("Écrivez-le de nouveau dans les réglages de la source."),
        )
    return str(secret)


def _keys() -> MultiFernet:
    """Return the key in use, then those that Django still accepts while a new one takes over."""
    kept = [str(k) for k in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_drawn(k.encode()))) for k in kept])


def _drawn(key: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key)
