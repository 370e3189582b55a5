"""The one place that reads the system clock.

Every public function that needs the time takes `now: float | None`; None comes here.
"""

from __future__ import annotations

import math
from time import time

from jwtkit.errors import UsageError

__all__ = ["resolve_now"]


def resolve_now(now: float | None) -> float:
    """Give the time in seconds since the epoch: the caller's `now`, or the system clock."""
    if now is None:
        return time()
    if isinstance(now, bool) or not isinstance(now, (int, float)) or not math.isfinite(now):
        # NaN would make every comparison false, and so every token valid.
        raise UsageError("now must be a finite number of seconds since the epoch, or None for the system clock")
    return now
