"""Redirect URIs: where browsers come back to, and whether one came back there (RFC 6749 section 3.1.2)."""

from __future__ import annotations

import re
from typing import Final

from jwtkit.oauth.http_uri import http_uri
from jwtkit.oauth.urls import is_plain_url

__all__ = ["is_private_use", "is_redirect_uri", "is_same_place"]

# A private scheme is the reverse of a domain that the client's author has (RFC 8252 section 7.1).
_PRIVATE_USE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+\-]*(?:\.[A-Za-z0-9+\-]+)+:[\x21\x24-\x5b\x5d-\x7e]+")


def is_private_use(uri: object) -> bool:
    """Tell whether this is a URI with a private scheme, which a native application registers for itself."""
    return isinstance(uri, str) and _PRIVATE_USE.fullmatch(uri) is not None


def is_redirect_uri(uri: object) -> bool:
    """Tell whether browsers can be sent back there: an absolute URL without fragment, or one with a private scheme."""
    return is_plain_url(uri) or is_private_use(uri)


def is_same_place(asked: str, expected: str) -> bool:
    """Tell whether what was asked of us is a redirect URI, both without query.

    A browser writes a URL in its normal form, with "/" for an empty path for example; other schemes have none.
    """
    normal = http_uri(expected)
    return asked == expected if normal is None else http_uri(asked) == normal
