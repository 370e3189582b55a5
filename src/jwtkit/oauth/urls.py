"""URLs and forms: read strictly, compared exactly, never normalised.

Plain http is for a literal loopback address only, and only where the caller said `allow_http_loopback=True`.

`urllib.parse` is loaded by the first URL or form and not before, because it costs a twentieth of a flow's whole import.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from jwtkit.errors import MalformedError, ProtocolError, ProtocolReason, UsageError, quote

if TYPE_CHECKING:
    from urllib.parse import SplitResult

__all__ = ["encode_form", "encode_query", "is_plain_url", "is_secure", "parse_form", "plain_parts", "without_query"]

_LOOPBACK: Final = frozenset(("127.0.0.1", "::1"))
# The whole authority: `urlsplit` takes what stands in brackets for the host, and forgets what stands around them.
_IN_BRACKETS: Final = re.compile(r"\[[0-9A-Fa-f:.]+\](?::[0-9]*)?")
_MAX_FIELDS: Final = 100
_MAX_FORM_BYTES: Final = 64 * 1024


def plain_parts(url: object) -> SplitResult | None:
    """Split an absolute http or https URL of printable ASCII, without user information or fragment; else give None."""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        return None
    authority = parts.netloc
    if ("[" in authority or "]" in authority) and not _IN_BRACKETS.fullmatch(authority):
        return None
    sound = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in authority
    return parts if sound and port_is_sound and "#" not in url else None


def is_plain_url(url: object) -> bool:
    """Tell whether this is an absolute http or https URL of printable ASCII, without user information or fragment."""
    return plain_parts(url) is not None


def is_secure(url: object, *, allow_http_loopback: bool) -> bool:
    """Tell whether a URL may be asked: https, or http on a literal loopback address where that is allowed."""
    parts = plain_parts(url)
    if parts is None:
        return False
    return parts.scheme == "https" or (allow_http_loopback and parts.hostname in _LOOPBACK)


def without_query(url: str) -> str:
    """Give what may be shown of a URL: a query may hold a secret."""
    return url.partition("?")[0]


def parse_form(text: str | bytes, what: str) -> dict[str, str]:
    """Read application/x-www-form-urlencoded text; a parameter without a value counts as absent (RFC 6749 section 3.1).

    Raises:
        MalformedError: not such a form in UTF-8, or too large.
        ProtocolError: a parameter comes twice.
        UsageError: it is no text at all.
    """
    from urllib.parse import parse_qsl

    if not isinstance(text, (str, bytes)):
        raise UsageError(f"{what} must be a str, got {type(text).__name__}")
    if len(text) > _MAX_FORM_BYTES:
        raise MalformedError(f"{what} has {len(text)} bytes: at most {_MAX_FORM_BYTES} are accepted")
    try:
        decoded = text if isinstance(text, str) else text.decode("ascii")
        pairs = parse_qsl(decoded, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
        for name, value in pairs:
            (name + value).encode("utf-8")  # a lone surrogate can be in a str that never was bytes
    except ValueError:
        raise MalformedError(f"{what} is not a form in UTF-8 of at most {_MAX_FIELDS} parameters") from None
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            message = f"{what} has the parameter {quote(name)} twice"
            raise ProtocolError(message, reason=ProtocolReason.DUPLICATE_PARAMETER)
        fields[name] = value
    return {name: value for name, value in fields.items() if value}


def encode_form(fields: Iterable[tuple[str, str]]) -> bytes:
    """Write a request body."""
    return _form(fields).encode("ascii")


def encode_query(url: str, fields: Iterable[tuple[str, str]]) -> str:
    """Add parameters to a URL, keeping the query it has (RFC 6749 section 3.1)."""
    return f"{url}{'&' if '?' in url else '?'}{_form(fields)}"


def _form(fields: Iterable[tuple[str, str]]) -> str:
    from urllib.parse import urlencode

    try:
        return urlencode(list(fields))
    except UnicodeEncodeError:
        # The exception of the standard library holds the value, which may be a secret.
        raise UsageError("a parameter is not text: it holds a lone surrogate") from None
