"""The version of a model that nobody numbers: a fingerprint of the file it was loaded from."""

from __future__ import annotations

import hashlib
from os import PathLike
from typing import Final

__all__ = ["version_of_file"]

_DIGITS: Final = 12
"""48 bits: enough to tell the versions of one model apart, short enough to read."""


def version_of_file(path: str | PathLike[str]) -> str:
    """The first hexadecimal digits of the SHA-256 of a file, as ``sha256sum`` prints them.

    A joblib or pickle file has the same bytes wherever it is deployed, so that all its servers report one version.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:_DIGITS]
