"""The target of an HTTP request in its one normal form: what a DPoP proof names, and what it is compared with.

Rules of this room:

- Who makes a proof and who checks one use the same form (RFC 9449 section 4.3), so both have it from here.
- Normal is syntax and scheme (RFC 3986 sections 6.2.2 and 6.2.3), and nothing that only one server could know.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from jwtkit.oauth.urls import plain_parts

if TYPE_CHECKING:
    from urllib.parse import SplitResult

__all__ = ["http_origin", "http_uri"]

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_ENCODED: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def http_uri(url: object) -> str | None:
    """Give the normal form of an absolute http or https URL, without query and fragment; None for anything else.

    Two URLs are the same target where their normal forms are equal: scheme and host in lower case, no default port,
    "/" for an empty path, no dot segments, and percent-encoding in upper case, of nothing that needs none.

    Args:
        url: anything. Untrusted.

    Example:
        >>> http_uri("HTTPS://API.example.com:443/a/../b%7e?page=2")
        'https://api.example.com/b~'

    Spec: RFC 9449 sections 4.2 and 4.3, RFC 3986 sections 6.2.2 and 6.2.3.
    """
    if not isinstance(url, str):
        return None
    parts = _bare_parts(url)
    if parts is None:
        return None
    path = _without_dots(_ENCODED.sub(_normal, parts.path))
    return f"{_origin(parts)}{path or '/'}"


def http_origin(url: str) -> str | None:
    """Give scheme, host and port of a URL in their normal form; None where it is no such URL (RFC 6454 section 4)."""
    parts = _bare_parts(url)
    return None if parts is None else _origin(parts)


def _bare_parts(url: str) -> SplitResult | None:
    return plain_parts(url.partition("#")[0].partition("?")[0])


def _origin(parts: SplitResult) -> str:
    host = _ENCODED.sub(_normal, str(parts.hostname)).lower()
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _normal(encoded: re.Match[str]) -> str:
    char = chr(int(encoded[1], 16))
    return char if char in _UNRESERVED else encoded[0].upper()


def _without_dots(path: str) -> str:
    """Remove dot segments (RFC 3986 section 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in (".", ".."):
        kept.append("")
    return "".join(f"/{segment}" for segment in kept)
