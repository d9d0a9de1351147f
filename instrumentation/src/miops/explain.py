"""Having a sample of a model's predictions explained where they are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from miops import runtime
from miops.explainers import EXPLAINERS
from miops.explaining import Plan, plans

__all__ = ["explain"]


def explain(
    model: object,
    *,
    explainer: str | Callable[[Any], Any] = "auto",
    ratio: float = 0.01,
    budget_ms: float = 50.0,
    background: Any = None,
    seed: int | None = None,
) -> None:
    """Have a sample of this model's recorded predictions explained by what each feature contributed.

    The chosen rows wait for their explanation on a thread of its own and are then sent with it, as columns
    ``attribution.<feature>``. Callers never wait. What would cost more than the budget is sent without.

    Parameters
    ----------
    model
        The object whose ``predict`` is called. It is not kept alive.
    explainer
        ``tree``, ``linear`` or ``kernel`` (SHAP), ``lime``, or ``auto``: trees, else linear models, else Kernel SHAP.
        Or a callable that gets ``n`` inputs as the model takes them, an array or a frame, and returns
        ``(n, features)``. Needs ``pip install 'miops[explain]'`` or ``lime``.
    ratio
        Share of rows to explain.
    budget_ms
        CPU milliseconds a second that the explaining thread may take, on average. Kernel SHAP and LIME hold the
        interpreter's lock part of that time.
    background
        Typical inputs, which linear, Kernel SHAP and LIME compare with; the first 100 rows recorded if not given.
    seed
        For the choice of rows.

    Raises
    ------
    ValueError
        If the explainer is unknown, or ratio or budget are out of range.

    Notes
    -----
    The units are those of the explained output: probability for forests and Kernel SHAP, log odds for boosted trees
    and linear classifiers. Of two classes the positive one is explained, of several the one with the highest score.
    Features that are kept back or transformed are sent without attribution; where all are
    (``MIOPS_CAPTURE_FEATURES``) nothing is explained. SHAP: Lundberg and Lee 2017,
    arXiv:1705.07874; LIME: Ribeiro, Singh and Guestrin 2016, doi:10.1145/2939672.2939778.

    Examples
    --------
    >>> import miops, numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> x = np.arange(8.0).reshape(4, 2)
    >>> model = LinearRegression().fit(x, x[:, 0])
    >>> with miops.testing.record() as harness:
    ...     miops.instrument()
    ...     miops.explain(model, explainer=lambda inputs: inputs * 0.5, ratio=1.0)
    ...     _ = model.predict([[4.0, 6.0]])
    ...     harness.rows()[0]["attribution.x1"]
    3.0
    >>> miops.uninstrument()
    """
    if not callable(explainer) and explainer not in EXPLAINERS:
        raise ValueError(f"explainer {explainer!r} is unknown; allowed: {', '.join(EXPLAINERS)}, or a callable")
    if not 0 < ratio <= 1:
        raise ValueError(f"ratio {ratio!r} is not greater than 0 and at most 1")
    if not budget_ms > 0:
        raise ValueError(f"budget_ms {budget_ms!r} is not greater than 0")
    random = np.random.default_rng(seed)
    plans.set(model, Plan(model, explainer, ratio=ratio, budget=budget_ms / 1000, background=background, random=random))
    runtime.sources.discard(model)
