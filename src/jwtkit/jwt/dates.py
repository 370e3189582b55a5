"""NumericDate, lifetimes and how long ago that was (RFC 7519 section 2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from jwtkit._clock import is_finite
from jwtkit.errors import UsageError

__all__ = ["duration_text", "numeric_date", "seconds"]

_LONGEST: Final = 1e12  # seconds


def numeric_date(moment: datetime) -> float:
    """Convert an aware datetime to seconds since the epoch, as `exp`, `nbf` and `iat` want them.

    Raises:
        UsageError: the datetime is naive, so nobody knows which moment it means.

    Example:
        >>> from datetime import datetime, timezone
        >>> numeric_date(datetime(2030, 1, 1, tzinfo=timezone.utc))
        1893456000

    Spec: RFC 7519 section 2, NumericDate.
    """
    if not isinstance(moment, datetime):
        raise UsageError(f"numeric_date takes a datetime, got {type(moment).__name__}")
    if moment.utcoffset() is None:
        raise UsageError("naive datetime: use datetime.now(timezone.utc) or an int", code="naive_datetime")
    timestamp = moment.timestamp()
    return int(timestamp) if timestamp.is_integer() else timestamp


def seconds(value: float | timedelta, name: str, *, zero: bool = False) -> float:
    """Check a duration that the caller gave, as a number of seconds or a timedelta.

    Raises:
        UsageError: it is no duration, negative or not finite, or zero where that makes no sense.
    """
    given = value.total_seconds() if isinstance(value, timedelta) else value
    if not is_finite(given):
        raise UsageError(f"{name} must be a finite number of seconds or a timedelta, got {type(value).__name__}")
    if given < 0 or (given == 0 and not zero):
        raise UsageError(f"{name} must be {'zero or more' if zero else 'more than zero'} seconds, got {given}")
    return given


def duration_text(interval: float) -> str:
    """Say a number of seconds, infinity too, as people do: 30s, 59m 41s, 2h 5m, 3d 4h."""
    if abs(interval) > _LONGEST:
        return "thousands of years"
    whole = int(abs(interval))
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m {rest}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h {minutes}m"
    days, hours = divmod(hours, 24)
    return f"{days}d {hours}h"
