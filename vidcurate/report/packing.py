"""Columns of numbers inside a page."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray


def packed(values: NDArray[Any]) -> dict[str, str]:
    """A column to the bit, in half the room of text; `column` of page.js reads it.

    Args:
        values: [n] of a type that JavaScript has arrays of: float64, float32, (u)int32, 16 or 8.

    Returns:
        the type without its order of bytes, such as `f8`, and the numbers in base64.
    """
    little = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    return {f"{little.dtype.kind}{little.dtype.itemsize}": base64.b64encode(little.tobytes()).decode()}
