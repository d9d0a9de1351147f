"""Which pages of browsers may send telemetry: those of anybody could fill the store of whoever looks at them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

__all__ = ["Cors"]

_NEEDED = ("content-encoding",)
"""Headers of OTLP that browsers ask about, beside the content type, which Starlette always allows."""


@dataclass(frozen=True, slots=True)
class Cors:
    """Origins as the user wrote them, where ``*`` stands for any letters; by default there are none."""

    origins: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    max_age_seconds: int = 7200

    def allows(self, origin: str | None) -> bool:
        """Whether a request with this ``Origin`` is taken; without one it does not come from a page.

        Examples
        --------
        >>> shops = Cors(("https://*.example.com",))
        >>> [shops.allows(o) for o in (None, "https://shop.example.com", "https://shop.example.com.evil.test", "null")]
        [True, True, False, False]
        """
        return origin is None or re.fullmatch(self._pattern(), origin) is not None

    def middleware(self) -> list[Middleware]:
        """Answers the questions browsers ask first; credentials, as beacons are sent with them, mean nothing here."""
        if not self.origins:
            return []
        return [
            Middleware(
                CORSMiddleware, allow_origin_regex=self._pattern(), allow_methods=("POST",),
                allow_headers=(*_NEEDED, *self.headers), allow_credentials=True, max_age=self.max_age_seconds,
            )
        ]  # fmt: skip

    def _pattern(self) -> str:
        return "|".join(re.escape(origin).replace(r"\*", ".*") for origin in self.origins) or r"(?!)"
