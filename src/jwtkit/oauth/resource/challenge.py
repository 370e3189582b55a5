"""WWW-Authenticate: how an API says what it wants (RFC 6750 section 3, RFC 9110 section 11.6.1)."""

from __future__ import annotations

from collections.abc import Iterable

from jwtkit.oauth.authentication_scheme import build_challenge

__all__ = ["bearer_challenge"]


def bearer_challenge(parameters: Iterable[tuple[str, str]]) -> str:
    r"""Write a Bearer challenge with quoted parameters.

    Raises:
        UsageError: a value is not printable ASCII, or a name is no token or comes twice.

    Example:
        >>> bearer_challenge([("realm", "the \"api\""), ("error", "invalid_token")])
        'Bearer realm="the \\"api\\"", error="invalid_token"'
    """
    return build_challenge("Bearer", parameters)
