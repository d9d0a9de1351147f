"""Columns of decoded telemetry: Arrow tables of predictions, ground truth and references, one model version each.

Fixed columns have one type for ever. Dynamic columns are named by a prefix (``feature.``, ``context.``,
``attribution.``, ``scores.``, ``outcome.``) and are ``double``, ``bool`` or ``string``; strings may be
dictionary-encoded. Integers arrive as doubles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import pyarrow as pa

from miops.semconv import MODEL_ROLE, PRIMARY, ROLES, UNVERSIONED

__all__ = ["FAULT_SUFFIX", "GROUND_TRUTH", "PREDICTIONS", "Kind", "Records"]

Kind: TypeAlias = Literal["predictions", "ground_truth", "reference"]

FAULT_SUFFIX = "?text"
"""``feature.age?text`` holds, as text, the values of ``feature.age`` that came with another type than the column has.

Where one batch has both numbers and texts of a column, decoding gives the numbers to the column and the texts to this
one; the store then moves whatever differs from the declared type. No feature may have a name that ends so.
"""

PREDICTIONS = pa.schema(
    [
        # 128-bit key of the prediction id: the UUID itself where the id is one, else MurmurHash3_x64_128 of its
        # UTF-8 text (both big-endian). Rows are unique by it.
        pa.field("key", pa.binary(16), nullable=False),
        # The id as given, null where it is the canonical text (lower case, dashes) of the UUID in `key`.
        pa.field("id_text", pa.string()),
        pa.field("time", pa.int64(), nullable=False),  # event time, nanoseconds since 1970
        pa.field("duration", pa.int64()),  # nanoseconds of the whole call
        pa.field("trace_id", pa.binary(16)),
        pa.field("span_id", pa.binary(8)),
        pa.field("row", pa.int32()),  # index of the row within its call
        # The decision or predicted value: exactly one of the two is set, or none where the model gave no value.
        # Booleans are text "true" / "false". Integer classes are numbers.
        pa.field("value_number", pa.float64()),
        pa.field("value_text", pa.string()),
        pa.field("score", pa.float64()),
        pa.field("threshold", pa.float64()),
        pa.field("entity_id", pa.string()),
        pa.field("weight", pa.float64()),  # null means 1
    ]
)
"""Fixed columns of ``predictions``; a ``reference`` has ``truth_number`` and ``truth_text`` as well."""

GROUND_TRUTH = pa.schema(
    [
        # Exactly one way to name the prediction is set: key, trace_id (with row), or entity_id (with prediction_time).
        pa.field("key", pa.binary(16)),
        pa.field("trace_id", pa.binary(16)),
        pa.field("row", pa.int32()),
        pa.field("entity_id", pa.string()),
        pa.field("truth_number", pa.float64()),
        pa.field("truth_text", pa.string()),
        pa.field("time", pa.int64(), nullable=False),  # when the truth became known
        pa.field("prediction_time", pa.int64()),  # when the prediction was made, if the sender knows
    ]
)
"""Fixed columns of ``ground_truth``; outcomes are dynamic columns ``outcome.<name>``."""


@dataclass(frozen=True, slots=True)
class Records:
    """Rows of one kind about one model version, as decoded.

    Attributes
    ----------
    model
        Model name; for ``ground_truth`` it may be empty: any model.
    version
        For ``ground_truth`` it is ignored.
    task, classes, positive_class, sensitive, framework
        What the sender said of the model; empty when it said nothing.
    reference_id, reference_last
        Of a ``reference`` only.
    """

    kind: Kind
    model: str
    table: pa.Table
    version: str = UNVERSIONED
    task: str = ""
    classes: tuple[str, ...] = ()
    positive_class: str = ""
    sensitive: tuple[str, ...] = ()
    framework: str = ""
    reference_id: str = ""
    reference_last: bool = False
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def role(self) -> str:
        """Whether the model's answers are used, as the sender says; ``primary`` if it says nothing that is known."""
        said = self.attributes.get(MODEL_ROLE, PRIMARY)
        return said if said in ROLES else PRIMARY
