"""Share of rows on which the model failed."""

from __future__ import annotations

from miops_collector.statistics._ratio import binomial_error, quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Attempts

__all__ = ["error_rate", "standard_error"]


@statistic(bounds=(0.0, 1.0), higher="worse", undefined="the model was asked about no rows", rests_on="rows")
def error_rate(attempts: Attempts) -> float:
    """Share of the rows that the model was asked about and ended with an error instead of an answer.

    ::

        error rate = failed / (answered + failed)

    0 = every row was answered, 1 = none; higher is worse. No other statistic of predictions counts rows without an
    answer; those of inputs do.

    Parameters
    ----------
    attempts
        Rows of the window with and without an answer.

    Returns
    -------
    float
        ``nan`` without rows.

    Notes
    -----
    Failed rows are always sent, whatever share of the others is, and weigh 1, so the rate is unbiased. A batch that
    fails as a whole counts with all its rows. Prefer ``type_fault_share`` and ``missing_share`` for what is wrong with
    the inputs that models answer nevertheless.

    Examples
    --------
    >>> import numpy as np
    >>> attempts = Attempts(np.array([95.0, 95.0, 5.0, 5.0]))
    >>> error_rate(attempts), round(standard_error(attempts), 4)
    (0.05, 0.0218)

    References
    ----------
    A. Avizienis, J.-C. Laprie, B. Randell, C. Landwehr, "Basic concepts and taxonomy of dependable and secure
    computing", IEEE Transactions on Dependable and Secure Computing 1(1), 2004, doi:10.1109/TDSC.2004.2.
    B. Beyer, C. Jones, J. Petoff, N. R. Murphy (eds.), "Site Reliability Engineering", chapter 6, "The four golden
    signals", O'Reilly, 2016, ISBN 978-1-4919-2912-4.
    """
    return quotient(attempts.failed, attempts.weight)


def standard_error(attempts: Attempts) -> float:
    """Binomial, for independent rows; ``nan`` without rows."""
    return binomial_error(error_rate(attempts), attempts.weight)
