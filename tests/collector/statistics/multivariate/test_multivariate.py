"""Drift of all columns together against scikit-learn, NannyML's released package, and simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from miops_collector.columns import Column, FloatArray, Numbers, Texts
from miops_collector.statistics.multivariate import (
    baseline_of,
    changed_correlations,
    domain_classifier,
    encoding_of,
    mean_discrepancy,
    reconstruction_error,
    reconstruction_of,
)

NAMES = ("a", "b", "c", "d")
NANNYML = [
    2.112426,
    2.121855,
    2.117826,
    2.133218,
    2.130631,
    2.098677,
    2.150373,
    2.124834,
    2.128532,
    2.104118,
    2.124103,
    2.124879,
    2.109025,
    2.119289,
    2.094763,
    2.089776,
    2.098738,
    2.105321,
    2.078703,
    2.098374,
    2.069358,
    2.102967,
    2.094574,
    2.084725,
    2.074811,
    2.119703,
    2.241844,
    2.575283,
    2.489331,
    2.127408,
    2.105218,
    2.097312,
    2.100294,
    2.103903,
    2.098934,
    2.126901,
    2.105305,
    2.069759,
    2.077740,
    2.109632,
    2.098403,
    2.097649,
]
"""reconstruction_error of NannyML 0.13.1, computed as the files in ../shared/golden were: 2016 to 2018 against 2015."""


def texts(words: list[str]) -> Texts:
    codes, names = pd.factorize(np.array(words))
    return Texts(codes.astype(np.int32), tuple(names))


def drawn(rng: np.random.Generator, n: int, correlation: float = 0.6) -> FloatArray:
    rows = rng.normal(size=(n, 4))
    rows[:, 1] = correlation * rows[:, 0] + np.sqrt(1 - correlation**2) * rows[:, 1]
    return rows


# --- encoding -----------------------------------------------------------------------------------------------


def test_a_category_is_its_share_and_what_is_missing_is_usual() -> None:
    reference: dict[str, Column] = {
        "n": Numbers(np.array([1.0, 3.0, np.nan, 2.0])),
        "t": texts(["a", "a", "b", "a"]),
        "same": Numbers(np.full(4, 7.0)),
        "none": Numbers(np.full(4, np.nan)),
        "empty": Texts(np.full(4, -1, np.int32), ()),
    }

    encoding = encoding_of(reference)
    rows = encoding.matrix({"n": Numbers(np.array([np.nan, 2.0])), "t": Texts(np.array([-1, 0], np.int32), ("new",))})

    assert encoding.names == ("n", "t")
    assert rows[:, 0].tolist() == [0.0, 0.0]
    share = (np.array([0.75, 0.0]) - 0.625) / np.std([0.75, 0.75, 0.25, 0.75])
    np.testing.assert_allclose(rows[:, 1], share)
    np.testing.assert_allclose(encoding.matrix(reference).mean(axis=0), 0, atol=1e-12)
    assert encoding_of({"same": Numbers(np.full(4, 7.0))}).names == ()


# --- reconstruction -----------------------------------------------------------------------------------------


def test_reconstruction_is_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    reference, window = drawn(rng, 500), drawn(rng, 200, 0.0)
    scaler = StandardScaler().fit(reference)
    theirs = PCA(n_components=0.65, random_state=16).fit(scaler.transform(reference))
    rows = scaler.transform(window)
    expected = np.linalg.norm(rows - theirs.inverse_transform(theirs.transform(rows)), axis=1)

    value, error = reconstruction_error(reconstruction_of(scaler.transform(reference)), rows)

    assert value == pytest.approx(expected.mean())
    assert error == pytest.approx(expected.std(ddof=1) / np.sqrt(200))


def test_reconstruction_of_the_employment_survey_is_nannymls(shared: Path) -> None:
    frame = pd.read_parquet(shared / "data" / "employment_ma.parquet")
    names = [c for c in frame.columns if c.isupper()]

    def columns(part: pd.DataFrame) -> dict[str, Column]:
        found: dict[str, Column] = {c: texts(part[c].astype(str).tolist()) for c in names if c != "AGEP"}
        return {**found, "AGEP": Numbers(part["AGEP"].to_numpy(np.float64))}

    reference, analysis = columns(frame[frame["year"] == 2015]), columns(frame[frame["year"] > 2015])
    encoding = encoding_of(reference)
    plane, rows = reconstruction_of(encoding.matrix(reference)), encoding.matrix(analysis)

    ours = [reconstruction_error(plane, rows[i : i + 5_000])[0] for i in range(0, len(rows), 5_000)]

    np.testing.assert_allclose(ours, NANNYML, rtol=0, atol=2e-6)


def test_no_rows_have_no_error() -> None:
    plane = reconstruction_of(drawn(np.random.default_rng(2), 50))

    assert np.isnan(reconstruction_error(plane, np.empty((0, 4)))).all()
    assert np.isnan(reconstruction_error(plane, np.zeros((1, 4)))[1])


# --- domain classifier --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("column", "spread"), [(2, False), (0, True)])
def test_the_column_that_gives_the_window_away_is_named(column: int, *, spread: bool) -> None:
    rng = np.random.default_rng(3)
    reference, window = drawn(rng, 2_000), drawn(rng, 1_000)
    window[:, column] = window[:, column] * 1.5 if spread else window[:, column] + 0.4

    found = domain_classifier(reference, window, NAMES, rng=rng)

    assert found.auc > 0.55
    assert found.p_value < 1e-5
    assert found.columns[0][0] == NAMES[column]
    assert sum(share for _, share in found.columns) == pytest.approx(1.0)


def test_rows_that_did_not_change_are_not_told_apart() -> None:
    rng = np.random.default_rng(4)
    found = [domain_classifier(drawn(rng, 600), drawn(rng, 300), NAMES, rng=rng) for _ in range(60)]

    assert np.mean([f.auc for f in found]) == pytest.approx(0.5, abs=0.012)
    assert sum(f.p_value < 0.05 for f in found) <= 9


def test_columns_that_repeat_each_other_and_far_values_do_no_harm() -> None:
    rng = np.random.default_rng(5)
    one = rng.standard_cauchy(400)

    found = domain_classifier(np.stack([one, one], 1)[:200], np.stack([one, one], 1)[200:], ("x", "y"), rng=rng)

    assert 0.3 < found.auc < 0.7
    assert np.isnan(domain_classifier(np.zeros((4, 1)), np.zeros((9, 1)), ("x",), rng=rng).auc)


# --- maximum mean discrepancy -------------------------------------------------------------------------------


def test_discrepancy_is_unbiased_and_its_p_value_even_while_nothing_changed() -> None:
    rng = np.random.default_rng(6)
    found = [mean_discrepancy(drawn(rng, 150), drawn(rng, 100), rng=rng) for _ in range(100)]

    values = np.array([f.value for f in found])
    assert abs(values.mean()) < 4 * values.std() / 10
    assert sum(f.p_value <= 0.05 for f in found) <= 12
    assert 0.4 < np.mean([f.p_value for f in found]) < 0.6


def test_discrepancy_sees_columns_that_only_together_have_changed() -> None:
    rng = np.random.default_rng(7)

    found = mean_discrepancy(drawn(rng, 1_500, 0.8), drawn(rng, 1_500, -0.8), rng=rng)

    assert found.p_value == 0.005
    assert found.value > 0.01
    assert np.isnan(mean_discrepancy(np.zeros((1, 2)), np.zeros((5, 2)), rng=rng).value)
    assert mean_discrepancy(np.zeros((9, 2)), np.zeros((9, 2)), rng=rng).p_value == 1.0


# --- correlations -------------------------------------------------------------------------------------------


def test_the_pair_whose_correlation_changed_is_named() -> None:
    rng = np.random.default_rng(8)
    reference, window = drawn(rng, 3_000, 0.6), drawn(rng, 1_000, 0.2)

    (found,) = changed_correlations(reference, window, NAMES)

    assert found.columns == ("a", "b")
    assert found.reference == pytest.approx(np.corrcoef(reference.T)[0, 1])
    assert found.window == pytest.approx(np.corrcoef(window.T)[0, 1])
    assert found.p_value < 1e-6


def test_pairs_that_did_not_change_are_seldom_named_whatever_their_distribution() -> None:
    rng = np.random.default_rng(9)

    def heavy(n: int) -> FloatArray:
        common = rng.standard_t(6, size=(n, 1))
        return np.asarray(common + rng.standard_t(6, size=(n, 4)))

    found = [changed_correlations(heavy(2_000), heavy(1_000), NAMES) for _ in range(150)]

    assert sum(bool(f) for f in found) <= 20


def test_constant_columns_and_few_rows_form_no_pair() -> None:
    rng = np.random.default_rng(10)
    constant = drawn(rng, 100)
    constant[:, 0] = 0.0

    assert changed_correlations(constant, drawn(rng, 100, 0.0), NAMES) == ()
    assert changed_correlations(drawn(rng, 9), drawn(rng, 100), NAMES) == ()


def test_a_column_that_is_gone_or_of_another_kind_is_missing_in_every_row() -> None:
    reference: dict[str, Column] = {
        "x": Numbers(np.array([1.0, 3.0, 2.0, 2.0])),
        "c": Texts(np.array([0, 1, 1, 1], np.int32), ("a", "b")),
    }
    encoding = encoding_of(reference)

    gone = encoding.matrix({"c": reference["c"]})
    other = encoding.matrix({"x": Texts(np.array([0], np.int32), ("a",)), "c": Numbers(np.array([1.0]))})

    assert gone[:, 0].tolist() == [0.0] * 4
    assert other.tolist() == encoding.matrix(
        {"x": Numbers(np.array([np.nan])), "c": Texts(np.array([-1], np.int32), ("a", "b"))}
    ).tolist()  # fmt: skip
    assert encoding.matrix({}).shape == (0, 2)


def test_what_is_usual_is_that_of_rows_the_plane_was_not_fitted_to() -> None:
    random = np.random.default_rng(8)
    shifts = []
    for _ in range(60):  # many columns and few rows: where a plane fits its own rows much better than others
        columns: dict[str, Column] = {f"c{i}": Numbers(random.normal(size=400)) for i in range(20)}
        baseline = baseline_of(columns)
        assert baseline is not None
        fresh: dict[str, Column] = {f"c{i}": Numbers(random.normal(size=400)) for i in range(20)}
        value, error = reconstruction_error(baseline.plane, baseline.encoding.matrix(fresh))
        shifts.append((value - baseline.usual) / np.hypot(error, baseline.usual_error))

    assert abs(np.mean(shifts)) < 0.5
    assert np.std(shifts) == pytest.approx(1.0, abs=0.3)


def test_one_column_or_few_rows_are_no_baseline() -> None:
    assert baseline_of({"x": Numbers(np.arange(9.0))}) is None
    assert baseline_of({"x": Numbers(np.arange(3.0)), "y": Numbers(np.array([1.0, 0.0, 2.0]))}) is None
    assert baseline_of({}) is None
