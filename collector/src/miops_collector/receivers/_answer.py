"""Which status a failed request is answered with, on both transports."""

from __future__ import annotations

from dataclasses import dataclass

import grpc

from miops_collector.errors import InputError, MIOpsError, TooLargeError, UnavailableError

__all__ = ["Answer", "answer_to"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A gRPC status, the HTTP status that means the same to OTLP clients, and when to come again."""

    code: grpc.StatusCode
    http: int
    message: str
    retry_after_seconds: float | None = None

    @property
    def number(self) -> int:
        """The code as ``google.rpc.Status`` has it."""
        number: int = self.code.value[0]
        return number


def answer_to(error: Exception) -> Answer:
    """Bad input is never to be retried, lack of room always, and what we did not foresee is our fault."""
    if isinstance(error, UnavailableError):
        return Answer(grpc.StatusCode.UNAVAILABLE, 503, str(error), error.retry_after_seconds)
    if isinstance(error, TooLargeError):
        return Answer(grpc.StatusCode.RESOURCE_EXHAUSTED, 413, str(error))
    if isinstance(error, InputError):
        return Answer(grpc.StatusCode.INVALID_ARGUMENT, 400, str(error))
    message = str(error) if isinstance(error, MIOpsError) else f"{type(error).__name__}: {error}"
    return Answer(grpc.StatusCode.INTERNAL, 500, message)
