from __future__ import annotations

import pyarrow as pa
import pytest

from miops_collector.otlp.sampling import adjusted_counts


@pytest.mark.parametrize(
    ("trace_state", "count"),
    [
        ("ot=th:0", 1.0),
        ("ot=th:8", 2.0),
        ("ot=th:c", 4.0),
        ("ot=th:fd70a", 2**56 / (2**56 - 0xFD70A000000000)),
        ("ot=th:ffffffffffffff", 2.0**56),
        ("ot=rv:00000000000000;th:8", 2.0),
        ("ot=th:8;rv:00000000000000", 2.0),
        ("a=1, ot=th:8,b=2", 2.0),
        ("a=th:8", None),
        ("not=th:8", None),
        ("ot=xth:8", None),
        ("ot=th:", None),
        ("ot=th:123456789abcdef", None),
        ("", None),
        (None, None),
    ],
)
def test_adjusted_count_of_a_trace_state(trace_state: str | None, count: float | None) -> None:
    assert adjusted_counts(pa.array([trace_state, "ot=th:8"], pa.string())).to_pylist() == [count, 2.0]
