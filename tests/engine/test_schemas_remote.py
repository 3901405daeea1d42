"""Schemas at an address: only https, only the public internet."""

from __future__ import annotations

import pytest

from parvis.errors import InputError, RefusedError
from parvis.outgoing import is_public
from parvis.schemas.match import open_schema


@pytest.mark.parametrize(
    "number",
    """127.0.0.1 10.0.0.1 172.16.3.4 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 ::1 ::
    fe80::1%eth0 fd00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.1.1.1 64:ff9b::7f00:1 2002:7f00:1:: texte""".split(),
)
def test_an_inner_address_is_not_public_whatever_wraps_it(number: str) -> None:
    assert not is_public(number)


@pytest.mark.parametrize("number", ["8.8.8.8", "185.75.143.24", "2001:4860:4860::8888"])
def test_a_public_address_is_public(number: str) -> None:
    assert is_public(number)


@pytest.mark.parametrize(
    "address",
    """http://exemple.fr/s.json https://127.0.0.1/s https://[::1]/s https://localhost/s https://2130706433/s https://[
    https://127.1/s https://0x7f.0.0.1/s https://169.254.169.254/latest/meta-data https://[::ffff:127.0.0.1]/s
    https://user@127.0.0.1/s https://exemple.fr:22/s https://exemple.fr:99999/s https:///s""".split(),
)
def test_no_address_reaches_inside(address: str) -> None:
    with pytest.raises((InputError, RefusedError)):
        open_schema(address)
