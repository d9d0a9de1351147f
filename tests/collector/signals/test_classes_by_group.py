"""Several classes by group, from rows: what is expected before truth is what scikit-learn says once it came."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import f1_score, log_loss, precision_score, roc_auc_score

from miops_collector.binning import summarise, summarise_truth
from miops_collector.columns import FloatArray, Rows, Texts
from miops_collector.layout import Layout, Summaries
from miops_collector.reference import build_layout
from miops_collector.signals.estimated_fairness import estimated_fairness
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
