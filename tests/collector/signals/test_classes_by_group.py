"""Several classes by group, from rows: what is expected before truth is what scikit-learn says once it came."""

from __future__ import annotations

from dataclasses import replace
from math import nan
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, log_loss, precision_score, recall_score, roc_auc_score

from miops_collector.binning import summarise, summarise_truth
from miops_collector.columns import FloatArray, Rows, Texts
from miops_collector.layout import MOST_GROUP_CLASSES, GroupAxis, Layout, Summaries
from miops_collector.reference import build_layout
from miops_collector.signals.estimated_fairness import estimated_fairness
from miops_collector.signals.fairness import fairness
from miops_collector.signals.performance import performance
from tests.collector.signals.models import CONTEXT, named

CLASSES = ("a", "b", "c", "d")
HOUR = 3_600_000_000_000


def drawn(rng: np.random.Generator, n: int, sure: float) -> Rows:
    """Chances of men are what scores say, those of women are nearer to even; ``sure`` is how far apart classes lie."""
    sex = rng.integers(0, 2, n).astype(np.int32)
    z = rng.normal(size=(n, 4)) * sure
    scores, chances = softmax(z), softmax(z * np.where(sex == 0, 0.6, 1.0)[:, None])
    truth = (chances.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1).astype(np.int32)
    return Rows(
        time=np.sort(rng.integers(0, HOUR, n)), weight=np.ones(n), duration=np.full(n, 0.01),
        value=Texts(scores.argmax(axis=1).astype(np.int32), CLASSES), score=np.full(n, np.nan), class_scores=scores,
        columns={"feature.sex": Texts(sex, ("F", "M"))}, truth=Texts(truth, CLASSES), sign=np.ones(n),
    )  # fmt: skip


def softmax(z: FloatArray) -> FloatArray:
    raised = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def summed(layout: Layout, rows: Rows, *, truth: bool) -> Summaries:
    found = Summaries.none(layout)
    for delta in (summarise(layout, rows, HOUR), *([summarise_truth(layout, rows, HOUR)] if truth else [])):
        found.vector[delta.cells] += delta.values
    return found


def test_a_group_whose_scores_mean_less_is_told_before_truth_comes() -> None:
    rng = np.random.default_rng(3)
    then, now = drawn(rng, 12_000, 1.5), drawn(rng, 4_000, 2.2)
    layout = build_layout(then, sensitive=("sex",))
    assert layout.class_scores

    found = tuple(estimated_fairness(CONTEXT, summed(layout, then, truth=True), summed(layout, now, truth=False)))

    assert now.class_scores is not None
    assert isinstance(now.truth, Texts)
    sex = now.columns["feature.sex"]
    assert isinstance(sex, Texts)
    says = {
        "f1": lambda t, s: f1_score(t, s.argmax(axis=1), average="macro"),
        "precision": lambda t, s: precision_score(t, s.argmax(axis=1), average="macro"),
        "roc_auc": lambda t, s: roc_auc_score(t, s, multi_class="ovr"),
        "log_loss": lambda t, s: log_loss(t, s),
    }
    for name, says_of in says.items():
        realised = {}
        for code, group in enumerate(sex.words):
            of = sex.codes == code
            realised[group] = float(says_of(now.truth.codes[of], now.class_scores[of]))
            expected = named(found, f"estimated_fairness.{name}", group=group)
            assert abs(expected.value - realised[group]) < 3.5 * expected.standard_error, (name, group)
            assert (expected.n, expected.status) == (of.sum(), "ok")
        gap = "predictive_parity_difference" if name == "precision" else f"{name}_difference"
        apart = named(found, f"estimated_fairness.{gap}")
        assert apart.low <= abs(realised["F"] - realised["M"]) <= apart.high
        assert apart.low > 0.0


def of_group(rows: Rows, code: int) -> tuple[Any, FloatArray, Any]:
    """Truth, scores and decisions of one sex."""
    sex = rows.columns["feature.sex"]
    assert isinstance(sex, Texts)
    assert isinstance(rows.truth, Texts)
    assert isinstance(rows.value, Texts)
    assert rows.class_scores is not None
    of = sex.codes == code
    return rows.truth.codes[of], rows.class_scores[of], rows.value.codes[of]


def without_classes(rows: Rows, code: int, *lacking: int) -> Rows:
    """Rows of that sex whose truth would be of these classes are of class ``a``."""
    sex = rows.columns["feature.sex"]
    assert isinstance(sex, Texts)
    assert isinstance(rows.truth, Texts)
    codes = np.where((sex.codes == code) & np.isin(rows.truth.codes, lacking), 0, rows.truth.codes)
    return replace(rows, truth=Texts(codes.astype(np.int32), CLASSES))


DECISIONS = ("f1", "precision", "recall")


def by_scikit_learn(name: str, truth: Any, scores: FloatArray, decided: Any) -> float:
    say = {"f1": f1_score, "precision": precision_score, "recall": recall_score}
    if name in say:
        labels = sorted({*truth, *decided}) if name == "f1" else range(4)
        return float(say[name](truth, decided, labels=list(labels), average="macro", zero_division=nan))
    there = np.unique(truth)
    against_rest = roc_auc_score if name == "roc_auc" else average_precision_score
    return float(np.mean([against_rest(truth == c, scores[:, c]) for c in there]))


@pytest.mark.parametrize("lacking", [(), (3,), (2, 3)])
def test_groups_have_the_macro_numbers_that_scikit_learn_gives_their_rows(lacking: tuple[int, ...]) -> None:
    rng = np.random.default_rng(8)
    now = without_classes(drawn(rng, 3_000, 1.5), 1, *lacking)
    layout = build_layout(drawn(rng, 3_000, 1.5), sensitive=("sex",))

    found = tuple(fairness(CONTEXT, None, summed(layout, now, truth=True)))

    for code, group in enumerate(("F", "M")):
        truth, scores, decided = of_group(now, code)
        for name in (*DECISIONS, "roc_auc", "average_precision"):
            said, known = named(found, f"fairness.{name}", group=group), by_scikit_learn(name, truth, scores, decided)
            exact = name in DECISIONS  # of scores 32 bins are kept
            assert said.value == pytest.approx(known, abs=1e-12 if exact else 0.02), (name, group)
            assert said.low < said.value < said.high
            assert (said.n, said.status) == (len(truth), "ok")
        negatives = [truth != c for c in range(4)]
        spared = np.mean([(decided[of] != c).mean() for c, of in enumerate(negatives)])
        assert named(found, "fairness.specificity", group=group).value == pytest.approx(float(spared), abs=1e-12)


def test_one_group_of_all_rows_has_the_numbers_of_the_whole_model() -> None:
    rng = np.random.default_rng(9)
    now = without_classes(drawn(rng, 500, 1.5), 0, 3)
    sex = now.columns["feature.sex"]
    assert isinstance(sex, Texts)
    alone = replace(now, columns={"feature.sex": Texts(0 * sex.codes, ("F", "M"))})
    layout = build_layout(drawn(rng, 3_000, 1.5), sensitive=("sex",))
    s = summed(layout, alone, truth=True)

    by_group, whole = tuple(fairness(CONTEXT, None, s)), tuple(performance(CONTEXT, None, s))

    for name in ("accuracy", "balanced_accuracy", "matthews", "specificity", *DECISIONS):
        assert named(by_group, f"fairness.{name}", group="F").value == named(whole, f"performance.{name}").value
    for name in ("roc_auc", "average_precision"):  # of 32 bins instead of 200
        of_all = named(whole, f"performance.{name}").value
        assert named(by_group, f"fairness.{name}", group="F").value == pytest.approx(of_all, abs=0.02)


def test_gaps_of_macro_numbers_are_between_the_extreme_groups() -> None:
    rng = np.random.default_rng(10)
    now = drawn(rng, 3_000, 2.0)
    layout = build_layout(drawn(rng, 3_000, 1.5), sensitive=("sex",))

    found = tuple(fairness(CONTEXT, None, summed(layout, now, truth=True)))

    gaps = {name: f"{name}_difference" for name in ("f1", "recall", "specificity", "roc_auc", "average_precision")}
    for name, gap in {**gaps, "precision": "predictive_parity_difference"}.items():
        women, men = (named(found, f"fairness.{name}", group=group) for group in ("F", "M"))
        apart = named(found, f"fairness.{gap}")
        assert apart.value == pytest.approx(men.value - women.value)
        assert 0.0 < apart.low < apart.value < apart.high  # what scores of women say is nearer to even
        assert named(found, f"fairness.{name}_ratio").value == pytest.approx(women.value / men.value)
        assert women.p_value < 0.001
    assert named(found, "fairness.f1_worst").value == named(found, "fairness.f1", group="F").value


def test_axes_of_too_many_groups_say_why_scores_of_classes_say_nothing_of_them() -> None:
    rng = np.random.default_rng(11)
    now = drawn(rng, 500, 1.5)
    names = tuple(f"s{i}" for i in range(MOST_GROUP_CLASSES // 4 - 1))
    layout = build_layout(drawn(rng, 3_000, 1.5), sensitive=("sex",))
    many = GroupAxis(("sex",), (("F", "M", *names),), ("F", "M", *names))

    found = tuple(fairness(CONTEXT, None, summed(replace(layout, axes=(many,)), now, truth=True)))

    said = named(found, "fairness.roc_auc", sensitive_feature="sex")
    assert (said.status, said.group) == ("insufficient_data", "")
    assert "classes times groups" in said.reason
    assert named(found, "fairness.f1", group="F").status == "ok"


def test_truth_that_the_model_does_not_know_is_wrong_by_group_as_it_is_of_the_whole_model() -> None:
    rng = np.random.default_rng(12)
    layout = build_layout(drawn(rng, 3_000, 1.5), sensitive=("sex",))
    now = drawn(rng, 600, 1.5)
    sex, truth = now.columns["feature.sex"], now.truth
    assert isinstance(sex, Texts)
    assert isinstance(truth, Texts)
    new = np.where((sex.codes == 1) & (rng.random(600) < 0.2), 4, truth.codes).astype(np.int32)
    changed = replace(now, truth=Texts(new, (*CLASSES, "new")))
    names = ("accuracy", "balanced_accuracy", "matthews", "f1", "precision", "recall", "specificity")

    found = tuple(fairness(CONTEXT, None, summed(layout, changed, truth=True)))

    for code, group in enumerate(("F", "M")):
        of = np.flatnonzero(sex.codes == code)
        whole = tuple(performance(CONTEXT, None, summed(layout, taken(changed, of), truth=True)))
        for name in names:
            said = named(found, f"fairness.{name}", group=group)
            assert said.value == pytest.approx(named(whole, f"performance.{name}").value, abs=1e-12), (name, group)
            assert (said.n, said.low < said.value < said.high) == (len(of), True)
    happened, _, decided = of_group(changed, 1)
    assert named(found, "fairness.accuracy", group="M").value == pytest.approx(np.mean(happened == decided))


def test_truth_that_the_model_does_not_know_lowers_what_is_expected_of_a_group() -> None:
    rng = np.random.default_rng(13)
    then, now = drawn(rng, 3_000, 1.5), drawn(rng, 600, 1.5)
    layout = replace(build_layout(then, sensitive=("sex",)), class_scores=False)
    assert isinstance(then.truth, Texts)
    codes = np.where(rng.random(3_000) < 0.3, 4, then.truth.codes).astype(np.int32)
    unsure = replace(then, truth=Texts(codes, (*CLASSES, "new")))

    expected = [
        named(tuple(estimated_fairness(CONTEXT, summed(layout, known, truth=True), summed(layout, now, truth=False))),
              "estimated_fairness.accuracy", group="F").value
        for known in (then, unsure)
    ]  # fmt: skip

    assert expected[1] == pytest.approx(0.7 * expected[0], abs=0.03)


def taken(rows: Rows, places: Any) -> Rows:
    def of(column: Any) -> Texts:
        return Texts(column.codes[places], column.words)

    assert rows.class_scores is not None
    assert rows.sign is not None
    return replace(
        rows, time=rows.time[places], weight=rows.weight[places], duration=rows.duration[places], value=of(rows.value),
        score=rows.score[places], class_scores=rows.class_scores[places], truth=of(rows.truth), sign=rows.sign[places],
        columns={name: of(column) for name, column in rows.columns.items()},
    )  # fmt: skip
