"""A posted reference: a table of training or validation rows, and which column means what."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field
from pydantic import ValidationError as PydanticError

from miops.semconv import COLUMN_CONTEXT_PREFIX, COLUMN_FEATURE_PREFIX, TASKS
from miops_collector.errors import InputError, did_you_mean
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.schema import FAULT_SUFFIX, PREDICTIONS, Records
from miops_collector.web.body import read_json
from miops_collector.web.truth_arrow import split_value

__all__ = ["ReferenceForm", "form_from_json", "form_from_parameters", "reference_records"]

_MOST_ERRORS = 10
_LIMITS = DecodeSettings()
"""What is left out over OTLP is refused here: whoever sends a file wants to know."""
_EXPECTED = {
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "string_type": "must be a text",
    "string_unicode": "must be valid Unicode",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list of columns",
}

_Text = Annotated[str, Field(max_length=1024)]
_Name = Annotated[_Text, Field(min_length=1)]


class ReferenceForm(BaseModel):
    """What the sender says of its columns. All columns it does not name are features.

    Attributes
    ----------
    version
        Empty: this reference serves every version that has none of its own.
    truth, prediction, score, weight
        Columns of the ground truth, the model's decision, its score and the rows' weights.
    context
        Columns that are no inputs of the model.
    ignore
        Columns that are left out.
    reference_id, last
        A reference too large for one request comes in several that share an id; the last one completes it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: _Name
    version: _Text = ""
    task: _Text = ""
    truth: _Text = ""
    prediction: _Text = ""
    score: _Text = ""
    weight: _Text = ""
    positive_class: _Text = ""
    context: tuple[_Name, ...] = ()
    ignore: tuple[_Name, ...] = ()
    sensitive: tuple[_Name, ...] = ()
    reference_id: _Text = ""
    last: bool = True


def form_from_parameters(pairs: Sequence[tuple[str, str]]) -> ReferenceForm:
    """From query parameters, beside an Arrow body; ``context``, ``ignore`` and ``sensitive`` may come several times."""
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name in {"context", "ignore", "sensitive"}:
            given.setdefault(name, []).append(value)
        elif name in given:
            msg = f"query parameter {name!r} is there more than once"
            raise InputError(msg)
        else:
            given[name] = value
    return _checked(given, "query parameter")


def form_from_json(body: bytes) -> tuple[ReferenceForm, pa.Table]:
    """From one JSON object with the same fields and ``columns``: lists of equal length by name."""
    data = read_json(body)
    if not isinstance(data, dict) or not isinstance(data.get("columns"), dict):
        msg = 'the body must be a JSON object with "model" and "columns": {"name": [values], …}'
        raise InputError(msg)
    columns = data.pop("columns")
    lengths = {len(values) if isinstance(values, list) else -1 for values in columns.values()}
    if len(lengths) != 1 or -1 in lengths:
        msg = "columns: every column must be a list, and all of equal length"
        raise InputError(msg)
    form, arrays = _checked(data, "field"), [_array(values, name) for name, values in columns.items()]
    try:
        return form, pa.table(arrays, list(columns))
    except UnicodeEncodeError as error:
        msg = f"columns: the name {error.object!r:.60} is no valid Unicode"
        raise InputError(msg) from None


def reference_records(form: ReferenceForm, table: pa.Table, body: bytes, *, now: int) -> Records:
    """Rows of kind ``reference`` (schema.py). They get ``now`` as their time, and keys by position in this very body.

    Raises
    ------
    InputError
        If a named column is not there, or one is of a type that cannot be monitored.
    """
    _check_columns(form, table)
    rows = table.num_rows
    columns: dict[str, pa.Array] = {"key": _keys(body, rows), "time": pa.array(np.full(rows, now, dtype=np.int64))}
    for source, targets in ((form.prediction, ("value_number", "value_text")),
                            (form.truth, ("truth_number", "truth_text"))):  # fmt: skip
        if source:
            columns |= split_value(table[source].combine_chunks(), source, targets)
    for source, target in ((form.score, "score"), (form.weight, "weight")):
        if source:
            columns[target] = _numbers(table[source].combine_chunks(), source)
    roles = {form.prediction, form.truth, form.score, form.weight, *form.ignore}
    for name in table.column_names:
        if name not in roles:
            prefix = COLUMN_CONTEXT_PREFIX if name in form.context else COLUMN_FEATURE_PREFIX
            columns[prefix + name] = _monitored(table[name].combine_chunks(), name)
    fixed = {f.name: columns.get(f.name, pa.nulls(rows, f.type)).cast(f.type) for f in PREDICTIONS}
    return Records(
        "reference", form.model, pa.table({**fixed, **{k: v for k, v in columns.items() if k not in fixed}}),
        version=form.version, task=form.task, positive_class=form.positive_class, sensitive=form.sensitive,
        reference_id=form.reference_id, reference_last=form.last,
    )  # fmt: skip


def _checked(given: dict[str, Any], what: str) -> ReferenceForm:
    try:
        form = ReferenceForm.model_validate(given)
    except PydanticError as error:
        raise InputError(
            "\n".join(_line(one, what) for one in error.errors(include_url=False)[:_MOST_ERRORS])
        ) from None
    if form.task and form.task not in TASKS:
        msg = f"{what} 'task': {form.task!r} is no task{did_you_mean(form.task, TASKS)}"
        raise InputError(msg)
    return form


def _line(one: Any, what: str) -> str:
    name = str(one["loc"][0])
    if one["type"] == "extra_forbidden":
        return f"unknown {what} {name!r}{did_you_mean(name, ReferenceForm.model_fields)}"
    if one["type"] == "missing":
        return f"{what} {name!r}: is missing"
    said = _EXPECTED.get(one["type"], one["msg"]).format(**one.get("ctx", {}))
    return f"{what} {name!r}: {said}, not {one['input']!r:.60}"


def _check_columns(form: ReferenceForm, table: pa.Table) -> None:
    if table.num_rows == 0:
        msg = "the reference has no rows"
        raise InputError(msg)
    single = {"truth": form.truth, "prediction": form.prediction, "score": form.score, "weight": form.weight}
    asked = [(role, name) for role, name in single.items() if name]
    several = {"context": form.context, "ignore": form.ignore, "sensitive": form.sensitive}
    asked += [(role, name) for role, names in several.items() for name in names]
    for role, name in asked:
        if name not in table.column_names:
            msg = f"{role}: there is no column {name!r}{did_you_mean(name, table.column_names)}"
            raise InputError(msg)
    _check_roles([*single.items(), *(("context", name) for name in form.context)], form.ignore)
    _check_names([name for name in table.column_names if name not in form.ignore])


def _check_roles(roles: Sequence[tuple[str, str]], ignored: Sequence[str]) -> None:
    """A column is one thing: a prediction that is its own truth is always right."""
    taken = dict.fromkeys(ignored, "ignore")
    for role, name in roles:
        if name in taken:
            msg = f"{role}: the column {name!r} is {taken[name]} already; allowed: one role for a column"
            raise InputError(msg)
        if name:
            taken[name] = role


def _check_names(names: Sequence[str]) -> None:
    if len(names) > _LIMITS.max_columns:
        msg = f"the reference has {len(names)} columns; allowed are {_LIMITS.max_columns}: leave some out with ignore"
        raise InputError(msg)
    for name in names:
        if not name or len(name) > _LIMITS.max_column_name or name.endswith(FAULT_SUFFIX):
            msg = (
                f"the column {name[:60]!r} has a name that is empty, ends with {FAULT_SUFFIX!r} or is longer than "
                f"{_LIMITS.max_column_name} characters: give it another, or leave it out with ignore"
            )
            raise InputError(msg)


def _monitored(array: pa.Array, name: str) -> pa.Array:
    """Doubles, booleans or texts: what a feature may be."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return _monitored(array.dictionary_decode(), name)
    if pa.types.is_boolean(kind) or pa.types.is_string(kind):
        return array
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return array.cast(pa.string())
    return _numbers(array, name, hint=f"; convert it, or leave it out with ignore={name}")


def _numbers(array: pa.Array, name: str, hint: str = "") -> pa.Array:
    kind = array.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return pc.cast(array, pa.float64(), safe=False)
    msg = f"column {name!r} is {kind}; allowed: numbers, texts, booleans{hint}"
    raise InputError(msg)


def _keys(body: bytes, rows: int) -> pa.Array:
    """``(rows,)`` keys that are the same whenever the same body is posted."""
    keys = np.empty((rows, 2), dtype=">u8")
    keys[:, 0] = int.from_bytes(hashlib.blake2b(body, digest_size=8).digest(), "big")
    keys[:, 1] = np.arange(rows)
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), rows, [None, pa.py_buffer(keys.tobytes())])


def _array(values: list[Any], name: str) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowException, UnicodeEncodeError, OverflowError) as error:
        msg = f"columns: {name!r}: values of one column must be of one type: {error}"
        raise InputError(msg) from error
