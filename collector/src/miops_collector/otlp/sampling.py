"""How many spans a sampled span stands for, from the OpenTelemetry probability in its trace state."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from miops_collector.otlp.column import Array

__all__ = ["adjusted_counts"]

_THRESHOLD = r"(?:^|,)\s*ot=(?:[^,]*;)?th:(?P<th>[0-9a-f]{1,14})(?:[;,\s]|$)"
_ALL = 1 << 56


def adjusted_counts(trace_states: Array) -> Array:
    """``2^56 / (2^56 - T)`` for a rejection threshold ``th:T``; null where a trace state has none.

    References
    ----------
    OpenTelemetry specification, "TraceState: Probability Sampling", https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/

    Examples
    --------
    >>> adjusted_counts(pa.array(["ot=th:c", "", None])).to_pylist()
    [4.0, None, None]
    """
    found = pc.struct_field(pc.extract_regex(trace_states, _THRESHOLD), "th").dictionary_encode()
    counts = [_ALL / (_ALL - int(text.ljust(14, "0"), 16)) for text in found.dictionary.to_pylist()]
    return pa.array(np.array(counts, np.float64)).take(found.indices)
