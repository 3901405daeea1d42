"""The form of a text: what is left when each digit is made a zero, so that a million references have a dozen forms.

What a regular expression of « any digit » says of a form, it says of every text that has it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

_ZEROS = bytes(0x30 if 0x30 <= byte <= 0x39 else byte for byte in range(256))
_LOOK = 10_000  # texts looked at to know whether there are few forms
_WIDEST = 32  # bytes of texts that are told apart by numbers
_MIXED = np.uint64(0x9E3779B97F4A7C15)  # odd, its bits as many ones as zeros
_FEW = 0.05  # forms for a text, up to which they are few


def forms(texts: Any) -> Any:
    """Return the forms of texts (an Arrow array of strings) as a dictionary array, in order; None when they are many."""
    made = _made(texts)
    if len(made) > _LOOK and len(made.slice(0, _LOOK).unique()) > _FEW * _LOOK:
        return None
    return made.dictionary_encode()


def wholes(numbers: Any) -> Any:
    """Return an array of numpy's whole numbers (int32 or int64) as Arrow's, which asks numpy for all it knows of masks."""
    kind = pa.int32() if numbers.dtype == np.int32 else pa.int64()
    held: Any = np.ascontiguousarray(numbers, np.int32 if numbers.dtype == np.int32 else np.int64)
    return pa.Array.from_buffers(kind, len(held), [None, pa.py_buffer(held)])


def keys_of(texts: Any, out: list[Any]) -> bool:
    """Add a number for each text, the same for the same text; False, with nothing added, unless all are as long and filled.

    Two texts may share one by chance, once in millions of files: numbers that differ are of texts that differ.
    """
    _, ends, data = texts.buffers()
    if texts.null_count or data is None or not len(texts):
        return False
    offsets = np.frombuffer(ends, np.int32, len(texts) + 1, texts.offset * 4)
    width = int(offsets[1] - offsets[0])
    if not 0 < width <= _WIDEST or not (offsets[1:] - offsets[:-1] == width).all():
        return False
    words = np.zeros((len(texts), -(-width // 8)), np.uint64)
    written = np.frombuffer(data, np.uint8, width * len(texts), int(offsets[0])).reshape(len(texts), width)
    words.view(np.uint8)[:, :width] = written
    key = words[:, 0] + np.uint64(width)
    for column in range(1, words.shape[1]):
        key = (key ^ (key >> np.uint64(29))) * _MIXED + words[:, column]
    out.append(key)
    return True


def _made(texts: Any) -> Any:
    valid, offsets, data = texts.buffers()
    if data is None:
        return texts
    zeros = pa.py_buffer(data.to_pybytes().translate(_ZEROS))
    return pa.Array.from_buffers(texts.type, len(texts), [valid, offsets, zeros], texts.null_count, texts.offset)
