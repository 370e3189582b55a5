"""The one place that reads the system clock.

Every public function that needs the time takes `now: float | None`; None comes here.
"""

from __future__ import annotations

from sys import float_info
from time import time
from typing import Final, TypeGuard

from jwtkit.errors import UsageError

__all__ = ["is_finite", "resolve_now"]

_LARGEST: Final = float_info.max


def is_finite(value: object) -> TypeGuard[float]:
    """Tell whether a value is a number of seconds: no bool, no NaN, and no int that is too large for a float."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST


def resolve_now(now: float | None) -> float:
    """Give the time in seconds since the epoch: the caller's `now`, or the system clock."""
    if now is None:
        return time()
    if not is_finite(now):
        # NaN would make every comparison false, and so every token valid.
        hint = ": use numeric_date(...)" if hasattr(now, "timestamp") else ""
        raise UsageError(f"now must be a finite number of seconds since the epoch, or None for the system clock{hint}")
    return now
