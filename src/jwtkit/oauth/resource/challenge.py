"""WWW-Authenticate: how an API says what it wants (RFC 6750 section 3, RFC 9110 section 11.6.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from jwtkit.errors import UsageError

__all__ = ["bearer_challenge"]

_QUOTABLE: Final = re.compile(r"[\x20-\x7e]*")


def bearer_challenge(parameters: Iterable[tuple[str, str]]) -> str:
    r"""Write a Bearer challenge with quoted parameters.

    Raises:
        UsageError: a value is not printable ASCII.

    Example:
        >>> bearer_challenge([("realm", "the \"api\""), ("error", "invalid_token")])
        'Bearer realm="the \\"api\\"", error="invalid_token"'
    """
    written = []
    for name, value in parameters:
        if not isinstance(value, str) or not _QUOTABLE.fullmatch(value):
            raise UsageError(f"challenge parameter {name!r} must be printable ASCII")
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        written.append(f'{name}="{escaped}"')
    return f"Bearer {', '.join(written)}" if written else "Bearer"
