"""Small tables of predictions and truth, as decoding makes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from miops_collector.otlp.ids import key_of
from miops_collector.report import ModelKey
from miops_collector.schema import GROUND_TRUTH, PREDICTIONS, Records
from miops_collector.stores._store import Store

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
NOON = 1_760_000_000 * SECOND
MODEL = ModelKey("credit", "1")


def predictions(
    ids: Sequence[str], *, model: ModelKey = MODEL, said: dict[str, Any] | None = None, **columns: Any
) -> Records:
    """One row per id, a second apart from noon; keyword arguments are columns, ``__`` stands for a dot."""
    n = len(ids)
    given = {"time": [NOON + i * SECOND for i in range(n)], "id_text": list(ids), **columns}
    return Records(
        "predictions",
        model.name,
        _table([key_of(i) for i in ids], given, PREDICTIONS),
        version=model.version,
        **said or {},
    )


def truth(ids: Sequence[str] | None, values: Sequence[Any], *, model: str = "", **columns: Any) -> Records:
    """Truth by prediction id, or by the trace or entity given as columns."""
    text = any(isinstance(v, str) for v in values)
    given = {"time": [NOON + DAY] * len(values), "truth_text" if text else "truth_number": list(values), **columns}
    keys = None if ids is None else [key_of(i) for i in ids]
    return Records("ground_truth", model, _table(keys, given, GROUND_TRUTH))


def _table(keys: list[bytes] | None, given: dict[str, Any], schema: pa.Schema) -> pa.Table:
    columns: dict[str, Any] = {} if keys is None else {"key": pa.array(keys, pa.binary(16))}
    for name, values in given.items():
        name = name.replace("__", ".")
        at = schema.get_field_index(name)
        if isinstance(values, pa.Array | pa.ChunkedArray):
            columns[name] = values
        else:
            columns[name] = pa.array(values, schema.field(at).type if at >= 0 else None)
    return pa.table(columns)


def ids_of(tables: Iterable[pa.Table]) -> list[str]:
    return [i for table in tables for i in table.column("id_text").to_pylist()]


def all_rows(store: Store, model: ModelKey = MODEL) -> list[dict[str, Any]]:
    return [row for table in store.rows(model, after=0, upto=store.newest()) for row in table.to_pylist()]


def changes(store: Store, after: int, upto: int, model: ModelKey = MODEL) -> list[tuple[str, Any, float]]:
    """Id, truth and sign of every change, sorted."""
    found = [row for table in store.truth_changes(model, after=after, upto=upto) for row in table.to_pylist()]
    triples = [
        (r["id_text"], r["truth_number"] if r["truth_text"] is None else r["truth_text"], r["sign"]) for r in found
    ]
    return sorted(triples, key=repr)
