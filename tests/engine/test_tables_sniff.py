"""One pass over the bytes of a text: whatever the size of its pieces, it says what Python's own reading says."""

from __future__ import annotations

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parvis.tables import sniff

PIECES = st.sampled_from(
    ["é".encode(), "€".encode(), "😀".encode(), b"a", b"\n", b"\r\n", b'"', b"\x00", b"\xc3", b"\xed\xa0\x80"]
)


@pytest.mark.parametrize("size", [4, 7, 64])
@given(pieces=st.lists(PIECES, max_size=60))
@example(pieces=["€".encode() * 43, b"\xe2\x82"])
def test_a_scan_by_pieces_finds_what_is_there(size: int, pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sniff, "_CHUNK", size)
        told = sniff._scan(io.BytesIO(data), 10**9)
    try:
        data.decode("utf-8")
        valid = 1
    except UnicodeDecodeError:
        valid = 0
    assert told == {
        "lf": data.count(b"\n"), "cr": 0 if b"\n" in data else data.count(b"\r"), "nul": data.count(b"\x00"),
        "quotes": data.count(b'"'), "utf8": valid,
    }  # fmt: skip


def test_the_commas_of_quoted_shapes_are_no_separators() -> None:
    shape = '"{""type"": ""LineString"", ""coordinates"": [[2.3, 48.8], [2.4, 48.9]]}"'
    lines = ["id;forme", *(f"{n};{shape}" for n in range(5))]
    assert (sniff.dialect(lines).separator, sniff.dialect(lines).width) == (";", 2)
