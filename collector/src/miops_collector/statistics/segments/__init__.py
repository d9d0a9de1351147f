"""Where the model is wrong: losses by segment, a part of one column or of a pair of columns, and the worst of them.

The loss of a row is 0 or 1 for a classifier (whether it was wrong) and the absolute error for a number. What a segment
is blamed for is its share of the rows times how much higher its loss is: small bad segments and large slightly bad ones
are ranked by what they cost. Nothing here needs to be told which segments to look at.
"""

from __future__ import annotations

from miops_collector.statistics.segments._worst import Found, worst

__all__ = ["Found", "worst"]
