"""The window signal."""

from __future__ import annotations

from math import isnan

from miops_collector.signals.window import window
from tests.collector.signals.models import BINARY, CONTEXT, binary, named, summaries


def test_rows_and_labelled_share_are_always_told() -> None:
    observations = tuple(window(CONTEXT, binary(10), binary(0.1, labelled=0.5)))

    rows, share = named(observations, "window.rows"), named(observations, "window.labelled_share")
    assert (rows.value, rows.reference, rows.status) == (10, 1000, "ok")
    assert (share.value, share.reference, share.n) == (0.5, 1.0, 10)


def test_an_empty_window_has_no_labelled_share() -> None:
    found = named(tuple(window(CONTEXT, None, summaries(BINARY, {}))), "window.labelled_share")

    assert isnan(found.value)
    assert found.reason == "undefined: the window has no rows"
