"""Fair whole numbers drawn from a secret: nobody without it can tell them, and the same secret and name give them again.

What is drawn for a publication must be the same when it is made again after a crash, and have nothing to do with what is
drawn for another: the name says all that may differ.
"""

from __future__ import annotations

import hashlib
import hmac

_BLOCK = 4096  # bytes made at once


class Stream:
    """A source of whole numbers for ``tabular.noise``: SHAKE-256 of a key made from the secret and the name."""

    def __init__(self, secret: bytes, name: str) -> None:
        if len(secret) < 16:
            raise ValueError("a secret has at least 16 bytes")
        self._key = hmac.new(secret, name.encode(), hashlib.sha256).digest()
        self._made, self._at, self._count = b"", 0, 0

    def randrange(self, stop: int, /) -> int:
        """Return a whole number from 0 to stop - 1, each as likely."""
        if stop < 1:
            raise ValueError(stop)
        bits = (stop - 1).bit_length()
        size = (bits + 7) // 8
        while True:  # what falls beyond is drawn again: a remainder would favour the small ones
            found = int.from_bytes(self._bytes(size), "big") >> (8 * size - bits) if bits else 0
            if found < stop:
                return found

    def seed(self) -> int:
        """Return 128 bits for a generator of another kind, where fairness to the last bit is not asked."""
        return int.from_bytes(self._bytes(16), "big")

    def _bytes(self, size: int) -> bytes:
        if self._at + size > len(self._made):
            block = hashlib.shake_256(self._key + self._count.to_bytes(8, "big")).digest(max(_BLOCK, size))
            self._made, self._at, self._count = block, 0, self._count + 1
        self._at += size
        return self._made[self._at - size : self._at]
