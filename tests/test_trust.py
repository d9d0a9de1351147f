"""The comparison of `make trust`: its streams are the same for everybody, and its figures are counted right."""

from __future__ import annotations

import numpy as np
import pytest

from tests.trust.grid import grid
from tests.trust.page import floors, page
from tests.trust.recipe import _delay
from tests.trust.runners.miops import miops
from tests.trust.runners.miops_independent import miops_independent
from tests.trust.running import _one
from tests.trust.simulated import joined, key_figures, within_budget
from tests.trust.streams import DRIFTING, STREAMS, Cell, draw
from tests.trust.tally import tally

WITHOUT_FILES = sorted(set(STREAMS) - {"survey"})


def cell_of(stream, **given):
    return Cell(
        **{"stream": stream, "rows": 50, "reference": 400, "columns": 4, "before": 2, "windows": 3, "runs": 1, **given}
    )


def rows_of(cell, run=0, only=()):
    reference, windows = draw(cell, run, only)
    return [reference, *windows]


@pytest.mark.parametrize("stream", WITHOUT_FILES)
def test_every_tool_is_shown_the_same_rows(stream):
    first, second = rows_of(cell_of(stream)), rows_of(cell_of(stream))

    assert [len(w.errors) for w in first] == [400, *[50] * 5]
    for one, other in zip(first, second, strict=True):
        assert list(one.columns) == ["c0", "c1", "c2", "c3"]
        for name in one.columns:
            np.testing.assert_array_equal(one.columns[name], other.columns[name])
        np.testing.assert_array_equal(one.errors, other.errors)


@pytest.mark.parametrize("stream", WITHOUT_FILES)
def test_a_tool_that_is_shown_one_column_sees_what_the_others_saw_of_it(stream):
    for whole, part in zip(rows_of(cell_of(stream)), rows_of(cell_of(stream), only=(DRIFTING,)), strict=True):
        np.testing.assert_array_equal(part.columns[DRIFTING], whole.columns[DRIFTING])


def test_only_the_first_column_drifts_and_only_after_the_onset():
    windows = rows_of(cell_of("mean_0.5", rows=20_000))[1:]

    means = [[w.columns[name].mean() for name in ("c0", "c1")] for w in windows]
    np.testing.assert_allclose(means, [[0, 0], [0, 0], [0.5, 0], [0.5, 0], [0.5, 0]], atol=0.04)


def test_concept_drift_moves_errors_alone():
    windows = rows_of(cell_of("concept", rows=20_000))[1:]

    np.testing.assert_allclose([w.errors.mean() for w in windows], [0.1, 0.1, 0.15, 0.15, 0.15], atol=0.012)
    np.testing.assert_allclose([w.columns["c0"].mean() for w in windows], 0, atol=0.04)


def test_autocorrelation_crosses_from_the_reference_into_the_windows():
    values = np.concatenate([w.columns["c0"] for w in rows_of(cell_of("ar1_0.9", rows=2000, reference=4000))])

    assert np.corrcoef(values[:-1], values[1:])[0, 1] == pytest.approx(0.9, abs=0.02)
    assert abs(values[4000] - 0.9 * values[3999]) < 4 * (1 - 0.9**2) ** 0.5


def line(tool, stream, *, run=0, **kept):
    cell = {"stream": stream, "rows": 200, "reference": 10_000, "columns": 20}
    return {
        "tool": tool,
        "cell": cell,
        "run": run,
        "calm": [],
        "raised": [0] * len(kept["any"]),
        "hit": kept["any"],
        **kept,
    }


def test_a_threshold_at_an_equal_rate_is_the_largest_score_without_drift():
    calm = line("MIOps", "normal", any=[0, 1, 0], score=[1.0, 3.0, 2.0], own=[0, 0, 0])
    drift = line("MIOps", "mean_0.2", any=[0, 0, 1], score=[2.0, 3.5, 5.0], own=[2.0, 3.5, 5.0])

    figures = tally([calm, drift])

    assert figures["calm"][0]["alarmed"] == 1
    assert figures["drift"][0]["delay"] == 3
    assert figures["drift"][0]["equal_rate"] == {"windows": 3, "delays": [2], "found": 1.0, "delay": 2.0}


@pytest.mark.parametrize(("runs", "met", "said"), [(5, False, "comparisons; "), (4, True, "; by chance: ")])
def test_a_peer_that_is_sooner_at_our_budget_beyond_chance_breaks_the_floor(runs, met, said):
    scores = np.random.default_rng(1).gumbel(size=200).round(3).tolist()
    lines = [line(tool, "normal", any=[0] * 200, score=scores, own=[]) for tool in ("MIOps", "alibi-detect")]
    lines += [line("MIOps", "mean_0.2", run=i, any=[0, 1], score=[], own=[0.5, 2.0]) for i in range(runs)]
    lines += [line("alibi-detect", "mean_0.2", run=i, any=[0, 0], score=[], own=[20.0, 20.0]) for i in range(runs)]

    figures = tally(lines)

    assert [floor.met for floor in floors(figures)] == [True, False, met, True]
    assert f"{said}alibi-detect on one column: mean + 0.2 σ" in page(figures)
    assert f"1 to our 2, sooner in {runs} of {runs} runs and later in 0" in page(figures)


@pytest.mark.parametrize(("windows", "met"), [(5000, False), (5500, True)])
def test_the_budget_is_kept_only_where_the_whole_interval_is_within_it(windows, met):
    figures = tally([line("MIOps", "normal", any=[0] * windows, score=[], own=[])])

    assert [floor.met for floor in floors(figures)][:2] == [True, met]


def test_a_delay_of_the_recipe_is_met_within_the_chance_of_its_few_runs_and_then_says_so():
    found = np.repeat([4.0, 5.0, 6.0], [200, 200, 200])

    verdicts = [(e["met"], e.get("by_chance")) for e in (_delay("d", t, found, 60) for t in (5.0, 4.5, 4.0))]
    few = _delay("d", 4.0, found, 20)

    assert verdicts == [(True, None), (False, None), (False, None)]
    assert (few["met"], few["by_chance"], few["shown"]) == (True, 20, "5")
    assert "met within chance of 20 runs" in key_figures([few])


def test_a_threshold_at_our_budget_is_what_the_law_of_maxima_says():
    scores = np.random.default_rng(2).gumbel(size=20_000).tolist()
    calm = line("alibi-detect", "normal", any=[0] * len(scores), score=scores, own=[])
    drift = line("alibi-detect", "mean_0.2", any=[0, 0], score=[], own=[6.8, 7.8])

    (found,) = tally([calm, drift])["drift"]

    assert -np.log(0.5 / 720) == pytest.approx(7.27, abs=0.01)
    assert found["at_budget"] == {"delays": [2], "found": 1.0, "delay": 2.0}


def test_a_drift_that_is_not_found_has_no_delay():
    runs = [line("MIOps", "mean_0.1", run=i, any=[0, i == 2], score=[], own=[]) for i in range(3)]

    (found,) = tally(runs)["drift"]

    assert (found["found"], found["delay"]) == (pytest.approx(1 / 3), None)


def test_the_short_grid_holds_every_stream_of_the_long_one():
    assert {c.stream for c in grid(long=False)} == {c.stream for c in grid(long=True)} == set(STREAMS)


def test_ours_is_the_engine_itself_served_a_day_at_a_time():
    cell = cell_of("mean_0.5", rows=200, reference=5000, columns=2, before=24, windows=24)
    (ours,) = _one(miops_independent, cell, 0, all_columns=True, learns=True, together=24)

    assert len(ours["calm"]) == len(ours["hit"]) == 24
    assert (sum(ours["calm"]), sum(ours["raised"])) == (0, 1)
    assert ours["hit"][3:] == [1] * 21


def test_worse_errors_are_found_by_the_alarm_on_truth_that_collectors_run():
    cell = cell_of("concept", rows=300, reference=5000, columns=1, before=0, windows=24)
    kept = {line["tool"]: line for line in _one(miops, cell, 0, all_columns=True, learns=True, together=24)}

    assert kept["MIOps"]["hit"].count(1) >= 1
    assert kept["MIOps"]["raised"][-1] == 1


def test_models_of_several_processes_are_counted_together_and_held_to_one_alarm_a_month():
    pieces = [[{"stream": "s", "hours": 720, "raised": {"drift": n}}] for n in (1, 0)]

    (entry,) = joined(pieces)

    assert entry == {"stream": "s", "hours": 1440, "raised": {"drift": 1}}
    assert within_budget([entry]) == (False, "1 in 2.0 model-months: 0.5 (0.013–2.8) a month")
    assert within_budget([{**entry, "hours": 4320}])[0]
