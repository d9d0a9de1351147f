"""Whether scores mean what they say: a probability of 0.8 is right eight times in ten. Needs truth."""

from __future__ import annotations
