"""Resource indicators: which API a token is for (RFC 8707)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from jwtkit.errors import UsageError
from jwtkit.oauth.scope import listed

__all__ = ["check_resources"]

_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[\x21\x24-\x5b\x5d-\x7e]+")


def check_resources(resource: Iterable[str]) -> tuple[str, ...]:
    """Check the APIs that the caller names.

    Raises:
        UsageError: a bare str, or one that is no absolute URI without fragment (RFC 8707 section 2).
    """
    given = listed(resource, "resource")
    for item in given:
        if not isinstance(item, str) or not _ABSOLUTE.fullmatch(item):
            raise UsageError("a resource is an absolute URI without fragment, such as 'https://api.example.com'")
    return given
