"""Names of the array types that compiled code reads and writes."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bytes", "Flags", "Ints", "Longs", "Number", "Words"]

Bytes: TypeAlias = NDArray[np.uint8]
Flags: TypeAlias = NDArray[np.bool_]
Ints: TypeAlias = NDArray[np.int32]
Longs: TypeAlias = NDArray[np.int64]
Words: TypeAlias = NDArray[np.uint64]
Number: TypeAlias = Any
"""A register of compiled code: mypy does not know that numba makes one signed or unsigned 64-bit type of them."""
