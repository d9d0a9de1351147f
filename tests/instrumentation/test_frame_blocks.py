"""Small frames of mixed types, kept as copies of their arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from miops.blocks import BlockPool
from miops.capture import Capture, capture
from miops.frame_blocks import ARRANGEMENTS, FEW_ROWS, Blocks
from miops.inputs import inputs_of
from miops.layouts import Frames
from miops.models import Model
from miops.sources import Source


def source() -> Source:
    return Source(Model(name="m"), max_features=100, fault=lambda _: None)


def captured(frame: pd.DataFrame, of: Source) -> Capture:
    return capture(frame, of, BlockPool(1 << 20))


def frame(at: int = 0, rows: int = 2) -> pd.DataFrame:
    whole = pd.DataFrame(
        {
            "number": [1.5, np.nan, 2.5],
            "category": pd.Categorical(["x", None, "y"]),
            "whole": [1, 2, 3],
            "text": ["ä", "b", None],
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "object": ["a", 1, 2.5],
            "when": pd.to_datetime(["2020-01-01", None, "2020-01-03"]),
            "flag": [True, False, True],
        }
    )
    return whole.iloc[at : at + rows]


def shown(values: Any) -> list[Any]:
    return [None if value is None or value != value else value for value in values]


def test_arrays_make_the_columns_that_the_frame_makes() -> None:
    of = source()
    parts = [captured(frame(0, 2), of), captured(frame(2, 1), of)]
    whole = Frames(of, tuple(frame().columns))

    assert isinstance(parts[0].layout, Blocks)
    assert parts[0].layout is parts[1].layout
    assert [part.rows for part in parts] == [2, 1]
    expected = whole.columns([frame(0, 3)])
    found = parts[0].layout.columns([part.payload for part in parts])
    assert {name: column.kind for name, column in expected.items()} == {n: c.kind for n, c in found.items()}
    for name, column in expected.items():
        same = found[name]
        assert shown(column.data) == shown(same.data), name
        assert (column.valid is None) == (same.valid is None), name
        assert column.valid is None or column.valid.tolist() == same.valid.tolist(), name


def test_what_the_owner_does_to_the_frame_next_is_not_seen() -> None:
    of, one = source(), frame(0, 2).copy()
    before = captured(one, of)
    one.loc[0, ["number", "category", "text", "flag"]] = [9.0, "y", "other", False]

    made = before.layout.columns([before.payload])
    assert made["feature.number"].data[0] == 1.5
    assert (made["feature.category"].data[0], made["feature.text"].data[0]) == ("x", "ä")
    assert made["feature.flag"].data[0]


def test_categories_of_each_call_are_its_own() -> None:
    of = source()
    calls = [captured(pd.DataFrame({"c": pd.Categorical([word]), "x": [1.0]}), of) for word in ("x", "y", "x")]

    assert len({id(call.layout) for call in calls}) == 1
    assert calls[0].layout.columns([call.payload for call in calls])["feature.c"].data == ["x", "y", "x"]


def test_categories_that_are_all_missing_are_texts_still() -> None:
    of = source()
    call = captured(pd.DataFrame({"c": pd.Categorical([None], categories=["x"]), "x": [1.0]}), of)

    kind, _, valid = call.layout.columns([call.payload])["feature.c"]
    assert (kind, valid.tolist()) == ("utf8", [False])


def test_many_categories() -> None:
    of, words = source(), [f"w{i}" for i in range(127)]
    call = captured(pd.DataFrame({"c": pd.Categorical(words[126:], categories=words), "x": [1.0]}), of)

    assert call.layout.columns([call.payload])["feature.c"].data == ["w126"]


@pytest.mark.parametrize("other", ["number", "category", "text", "nullable", "object", "when", "flag"])
def test_the_same_values_are_known_again(other: str) -> None:
    of, values, later = source(), dict(frame(0, 2).items()), dict(frame(1, 2).reset_index(drop=True).items())
    backwards = values["number"][::-1].reset_index(drop=True), values["flag"][::-1].reset_index(drop=True)
    later |= dict(zip(("number", "flag"), backwards, strict=True))
    # All made alike: where a changed frame puts its columns depends on the version of pandas.
    first, same = captured(pd.DataFrame(values), of), captured(pd.DataFrame(values), of)
    third = captured(pd.DataFrame({**values, other: later[other]}), of)

    assert first.layout.same(first.payload, same.payload)
    assert third.layout is first.layout
    assert not first.layout.same(first.payload, third.payload)


def test_the_frame_can_be_made_again_for_an_explainer() -> None:
    of, one = source(), frame(0, 2)
    call = captured(one, of)

    made = inputs_of(call.layout, call.payload)
    assert list(one.columns) == list(made.columns)
    assert made["category"].dtype == one["category"].dtype
    assert shown(one["text"]) == shown(made["text"])
    assert shown(one["number"]) == shown(made["number"])


def test_larger_frames_and_times_with_a_zone_are_copied_as_frames() -> None:
    of = source()
    large = pd.concat([frame(0, 3)] * (FEW_ROWS // 3 + 1), ignore_index=True)
    zoned = pd.DataFrame({"when": pd.to_datetime(["2020-01-01"]).tz_localize("Europe/Berlin"), "x": [1.0]})

    assert isinstance(captured(large, of).layout, Frames)
    assert isinstance(captured(zoned, of).layout, Frames)


def test_frames_whose_types_keep_changing_are_left_to_pandas() -> None:
    of = source()
    kinds = ["float64", "float32", "int64", "int32", "int16", "int8", "uint8", "uint16", "uint32", "uint64"]
    calls = [captured(pd.DataFrame({"x": np.ones(1, kind), "t": ["a"]}), of) for kind in kinds]

    assert sum(isinstance(call.layout, Blocks) for call in calls) == ARRANGEMENTS + 1
    assert isinstance(calls[-1].layout, Frames)
