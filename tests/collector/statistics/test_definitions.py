"""Numbers under another tool's definition are that tool's: recorded from its package, or published."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from miops_collector.binning import summarise
from miops_collector.chunked import with_thresholds
from miops_collector.columns import Numbers, Rows, Texts
from miops_collector.panes import PaneSet
from miops_collector.reference import build_layout
from miops_collector.statistics.definitions import DEFINITIONS, Sample
from miops_collector.statistics.definitions._cells import counts_between
from miops_collector.statistics.definitions.chunks import LEFT_OUT, by_period
from miops_collector.summary import Frequencies
from miops_collector.window import NANOS, Window
from tests.golden_peers.cases import CASES, CHOICES, PERIODS, START, STEP_SECONDS, data_set

GOLDEN = Path(__file__).resolve().parents[2] / "golden_peers"
OURS = {
    "jensenshannon": "jensen_shannon", "wasserstein": "wasserstein", "ks": "kolmogorov_smirnov", "chi2": "chi_square",
    "chisquare": "chi_square",
}  # fmt: skip
P_VALUES = ("ks", "chisquare")
WHOLE = 2**62


def golden(tool):
    recorded = json.loads((GOLDEN / f"{tool}.json").read_text())
    return recorded["version"], recorded["said"]


def column_of(values):
    if values.dtype.kind == "f":
        return Numbers(values)
    words, codes = np.unique(values, return_inverse=True)
    return Texts(codes.astype(np.int32), tuple(words.tolist()))


def samples(definition, reference, current):
    """Both as the collector has them: binned into the layout that is frozen with the reference."""
    layout = build_layout(rows_of(reference), definition_edges=(definition.edges, definition.also))
    column = layout.columns[0]
    found = []
    for values in (reference, current):
        panes = PaneSet(layout, WHOLE, ((WHOLE, 0),))
        panes.add(summarise(layout, rows_of(values), WHOLE))
        summaries = panes.window(Window(0, WHOLE))
        moments = summaries.moments(column) if column.kind == "numeric" else None
        found.append(Sample(summaries.distribution(column), moments))
    return found[0], found[1], np.array(column.definition_edges)


def rows_of(values, times=None):
    n = len(values)
    nothing = np.full(n, np.nan)
    return Rows(
        np.zeros(n, np.int64) if times is None else times,
        np.ones(n),
        nothing,
        Numbers(nothing),
        nothing,
        columns={"feature.x": column_of(values)},
    )


def said_by_us(tool, kind, case, name):
    definition = DEFINITIONS[tool]
    then, now, edges = samples(definition, *CASES[kind]()[case])
    return getattr(definition, kind)[OURS.get(name, name)](then, now, edges)


def thresholds(kind, case):
    """What is frozen of NannyML's, by statistic and length of the chunks: threshold and number of chunks."""
    definition, values = DEFINITIONS["nannyml"], CASES[kind]()[case][0]
    rows = rows_of(values, (START + STEP_SECONDS * np.arange(len(values))) * NANOS)
    layout = build_layout(rows, definition_edges=(definition.edges, definition.also))
    panes = PaneSet(layout, WHOLE, ((WHOLE, 0),))
    panes.add(summarise(layout, rows_of(values), WHOLE))
    lengths = [seconds * NANOS for seconds in PERIODS.values()]
    found = with_thresholds(layout, panes.window(Window(0, WHOLE)), rows, definition, lengths)
    return {(name, label): (limit, chunks) for name, label, limit, chunks in found.columns[0].definition_thresholds}


EXACT = [
    (tool, key)
    for tool in ("evidently", "nannyml")
    for key in golden(tool)[1]
    if key.split("/")[2] not in ("ks", "kolmogorov_smirnov", "wasserstein")
    and not (tool == "evidently" and key.startswith("numeric/beyond"))
]
BINNED = [(tool, key) for tool in ("evidently", "nannyml") for key in golden(tool)[1] if (tool, key) not in EXACT]


@pytest.mark.parametrize("tool", ["evidently", "nannyml"])
def test_the_version_of_a_definition_is_that_of_the_recorded_package(tool):
    assert DEFINITIONS[tool].version == golden(tool)[0]
    assert DEFINITIONS[tool].label == f"{tool} {golden(tool)[0]}"


@pytest.mark.parametrize(("tool", "key"), EXACT)
def test_a_number_is_the_package_s_own(tool, key):
    kind, case, name = key.split("/")
    expected, drifted = golden(tool)[1][key]

    found = said_by_us(tool, kind, case, name)

    assert (found.p_value if name in P_VALUES else found.value) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert found.drifted in (None, drifted)


@pytest.mark.parametrize(("tool", "key"), BINNED)
def test_a_number_of_single_rows_is_within_what_bins_can_tell(tool, key):
    kind, case, name = key.split("/")
    expected, _ = golden(tool)[1][key]

    found = said_by_us(tool, kind, case, name)

    relative = 0.1 if case == "few values" else 0.05  # a value is taken to be spread over its bin
    assert (found.p_value if name in P_VALUES else found.value) == pytest.approx(expected, rel=relative, abs=0.01)


LABELS = {"": "", "h": "1h", "D": "1d"}


@pytest.mark.parametrize("case", [f"{kind}/{case}" for kind in CASES for case in CASES[kind]()])
def test_thresholds_and_alerts_are_nannyml_s_over_the_same_chunks_of_the_reference(case):
    said = {key.rpartition("/")[0]: v for key, v in golden("nannyml")[1].items()}
    recorded = json.loads((GOLDEN / "nannyml.json").read_text())["thresholds"]
    ours = thresholds(*case.split("/"))
    mine = {key: v for key, v in recorded.items() if key.startswith(f"{case}/") and "/chi2/" not in key}

    assert case in said
    assert len(mine) == len(ours) == 12 - 3 * case.startswith("categorical")
    for key, (expected, alert, chunks) in mine.items():
        kind, of, name, period = key.split("/")
        exact = name not in ("kolmogorov_smirnov", "wasserstein")
        threshold, of_chunks = ours[OURS.get(name, name), LABELS[period]]
        value = said_by_us("nannyml", kind, of, name).value
        assert of_chunks == chunks
        assert threshold == pytest.approx(expected, **({"rel": 1e-9} if exact else {"rel": 0.1, "abs": 0.02}))
        assert (value > threshold) == alert or (not exact and abs(value - expected) < 0.02)


def test_of_very_many_periods_so_many_as_are_enough_are_compared() -> None:
    times = np.repeat(np.arange(1200, dtype=np.int64), 3)

    found = by_period(times, 1)

    assert found is not None
    chunks, rows = np.unique(found[found != LEFT_OUT], return_counts=True)
    assert (len(chunks), set(rows.tolist())) == (500, {3})
    assert found[0] == 0
    assert found[-1] == 499


@pytest.mark.parametrize("case", CHOICES)
def test_evidently_s_choice_its_value_and_its_verdict(case):
    name, expected, drifted, _ = json.loads((GOLDEN / "evidently.json").read_text())["chosen"][case]
    definition, kind = DEFINITIONS["evidently"], case.split("/")[0]
    then, now, edges = samples(definition, *CHOICES[case])

    chosen = definition.chosen(then, now)
    found = getattr(definition, kind)[chosen](then, now, edges)

    assert chosen == {"z": "chi_square"}.get(name, OURS.get(name))
    said = found.p_value if name in (*P_VALUES, "z") else found.value
    binned = name in ("ks", "wasserstein")
    assert said == pytest.approx(expected, **({"rel": 0.1, "abs": 0.02} if binned else {"rel": 1e-9}))
    assert found.drifted is drifted


def test_a_data_set_drifts_by_evidently_s_share_of_its_columns():
    whole = json.loads((GOLDEN / "evidently.json").read_text())["data set"]
    definition, verdicts = DEFINITIONS["evidently"], []

    for name, reference in data_set()[0].items():
        then, now, edges = samples(definition, reference, data_set()[1][name])
        kind = "numeric" if reference.dtype.kind == "f" else "categorical"
        verdicts.append(getattr(definition, kind)[definition.chosen(then, now)](then, now, edges).drifted)

    assert (sum(verdicts), len(verdicts)) == (whole["number_of_drifted_columns"], whole["number_of_columns"])
    assert definition.drifted_share == whole["drift_share"]
    assert (np.mean(verdicts) >= definition.drifted_share) == whole["dataset_drift"]


@pytest.mark.parametrize(("name", "expected"), [("wasserstein", "> 0.5"), ("kolmogorov_smirnov", "p < 0.05")])
def test_azure_s_rules_are_strict_and_its_choice_is_by_kind_of_column(name, expected):
    definition = DEFINITIONS["azure"]
    then, now, edges = samples(definition, *CASES["numeric"]()["shifted"])

    assert definition.numeric[name](then, now, edges).rule == expected
    assert definition.chosen(then, now) == "wasserstein"
    assert definition.chosen(Sample(VECTOR[0]), Sample(VECTOR[1])) == "jensen_shannon"


def test_azure_divides_by_no_deviation_below_a_thousandth():
    definition = DEFINITIONS["azure"]
    then, now, edges = samples(definition, np.ones(100), np.r_[np.ones(90), np.full(10, 2.0)])

    assert definition.numeric["wasserstein"](then, now, edges).value == pytest.approx(50)


VECTOR = (
    Frequencies(("a", "b", "c"), np.array([0, 0, 50, 30, 20, 0.0])),
    Frequencies(("a", "b", "c"), np.array([0, 0, 40, 30, 20, 10.0])),
)
"""50/30/20/0 against 40/30/20/10 of 100 rows each; values that follow from each tool's documented formula."""


@pytest.mark.parametrize(
    ("tool", "name", "expected"),
    [
        ("azure", "psi", 0.2516),
        ("azure", "jensen_shannon", 0.23241),
        ("evidently", "psi", 0.7124),
        ("evidently", "jensen_shannon", 0.19350),
        ("nannyml", "jensen_shannon", 0.23241),
        ("nannyml", "hellinger", 0.22975),
        ("nannyml", "l_infinity", 0.1),
        ("nannyml", "chi_square", 11.1111),
    ],
)
def test_one_vector_has_as_many_values_as_definitions(tool, name, expected):
    then, now = (Sample(f) for f in VECTOR)

    found = DEFINITIONS[tool].categorical[name](then, now, np.empty(0))

    assert found.value == pytest.approx(expected, abs=5e-5)


def test_a_new_level_is_impossible_where_the_reference_is_taken_for_the_truth():
    then, now = (Sample(f) for f in VECTOR)

    found = DEFINITIONS["evidently"].categorical["chi_square"](then, now, np.empty(0))

    assert (found.value, found.p_value, found.drifted) == (np.inf, 0.0, True)


def test_azure_bins_by_the_smaller_sample_and_adds_a_row_to_every_bin():
    reference, current = CASES["numeric"]()["shifted"]
    definition = DEFINITIONS["azure"]
    then, now, edges = samples(definition, reference, current)

    bins = np.linspace(reference.min(), reference.max(), int(np.ceil(np.log2(500) + 1)) + 1)
    a, b = (np.histogram(values, bins)[0] for values in (reference, current))
    p, q = (a + 1) / (4000 + len(a)), (b + 1) / (500 + len(b))

    assert definition.numeric["psi"](then, now, edges).value == pytest.approx(float((q - p) @ np.log(q / p)), abs=0.005)


def test_rows_beyond_the_reference_are_spread_up_to_the_largest():
    reference, current = CASES["numeric"]()["beyond"]
    then, now, _ = samples(DEFINITIONS["evidently"], reference, current)
    edges = np.linspace(current.min(), current.max(), 12)

    assert counts_between(now, edges).sum() == pytest.approx(500)
    np.testing.assert_allclose(
        np.cumsum(counts_between(then, edges)), np.cumsum(np.histogram(reference, edges)[0]), atol=4000 / 128
    )
