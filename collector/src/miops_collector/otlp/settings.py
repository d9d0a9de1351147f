"""What decoding may be told: names that others use, and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["DecodeSettings"]


@dataclass(frozen=True, slots=True)
class DecodeSettings:
    """Limits and translations of the receiving side.

    Attributes
    ----------
    attribute_map
        Foreign attribute name → ours. A foreign name that ends with a dot is a prefix:
        ``{"ml.feature.": "miops.feature."}``.
    earliest
        Rows with an event time before it are refused, nanoseconds since 1970. Default: 2000-01-01.
    max_future
        Rows further ahead of the clock than this are refused, nanoseconds. Default: a day.
    max_name
        Characters of a model's name or version; longer ones are refused.
    max_column_name
        Characters of a feature's name; longer ones are left out of their row.
    max_columns
        Dynamic columns of one model in one request; further ones are left out of their rows.
    max_cells
        Values (rows by columns) that one item may spread over its rows; items above are refused.
    """

    attribute_map: Mapping[str, str] = field(default_factory=dict)
    earliest: int = 946_684_800_000_000_000
    max_future: int = 86_400_000_000_000
    max_name: int = 512
    max_column_name: int = 1_000
    max_columns: int = 5_000
    max_cells: int = 10_000_000
