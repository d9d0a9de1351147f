"""What is wrong with the values of a column, or with the rows of a window, before any model is asked.

All are shares in [0, 1]; 0 = nothing wrong. Shares of rows: missing, wrong type, duplicate. Shares of the rows that
have a value: out of range, unseen. So one fault does not hide or inflate another.
"""

from __future__ import annotations
