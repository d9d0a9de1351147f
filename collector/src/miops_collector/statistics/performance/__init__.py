"""How right the model was on the rows whose truth is known: ``(summary of labelled rows) -> float``.

For a binary classifier ``precision``, ``recall``, ``f1`` and ``specificity`` are of the positive class; for a
multiclass one they are the plain (macro) mean over the classes for which they are defined. What is 0/0 is ``nan``, not
0.
"""

from __future__ import annotations
