"""How far the distribution of one column has moved: ``(reference, current) -> float``, 0 when they are the same.

Rows without a value (missing, wrong type) are left out; the family ``quality`` counts them. The divergences use about
ten groups that hold equal mass in the reference, plus a guard below and above (numeric) or for unseen categories:
a divergence over many fine bins measures mostly noise when rows are few. Kolmogorov–Smirnov and Wasserstein, which
noise in single bins does not inflate, use every bin.

For small drift they are one number: ``psi ≈ 8 · jensen_shannon² · ln 2 ≈ 8 · hellinger² ≈ (shift of the mean / σ)²``.
"""

from __future__ import annotations
