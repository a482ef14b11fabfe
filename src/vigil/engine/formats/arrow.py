"""Numpy columns and lists of text as pyarrow arrays, by their buffers.

`pyarrow.array` imports pandas wherever it is installed, which takes longer than reading a hundred thousand rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def numbers(values: NDArray[Any]) -> Any:
    """An integer or float array, without a copy where it is contiguous."""
    kept = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(kept.dtype), len(kept), [None, pa.py_buffer(kept)])


def booleans(values: NDArray[np.bool_]) -> Any:
    """A boolean array."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(np.packbits(values, bitorder="little"))])


def texts(values: Sequence[str]) -> Any:
    """A string array."""
    encoded = [value.encode() for value in values]
    offsets = np.zeros(len(encoded) + 1, np.int32)
    np.cumsum([len(value) for value in encoded], out=offsets[1:])
    return pa.Array.from_buffers(
        pa.string(), len(encoded), [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    )


def text(value: str) -> Any:
    """One string as a pyarrow scalar (`pyarrow.scalar` imports pandas too)."""
    return texts([value])[0]


def column(array: Any) -> NDArray[Any]:
    """The numpy column of a number or boolean array; what stands for a null is arbitrary."""
    content, window = array.buffers()[1], slice(array.offset, array.offset + len(array))
    if array.type == pa.bool_():
        return np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")[window].astype(np.bool_)
    return np.frombuffer(content, array.type.to_pandas_dtype())[window]
