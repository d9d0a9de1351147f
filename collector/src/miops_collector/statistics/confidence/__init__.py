"""How sure a classifier is of its own decisions; needs no truth. Confidence is the score of the predicted class."""

from __future__ import annotations
