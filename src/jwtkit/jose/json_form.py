"""What the JSON forms of JWS and JWE have in common: the whole, its protected header, and names that stand once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jwtkit import _wire
from jwtkit.errors import MalformedError
from jwtkit.jose.header import parse_members
from jwtkit.limits import Limits

__all__ = ["joined", "protected_members", "read_whole"]


def read_whole(source: object, what: str, limits: Limits) -> dict[str, Any]:
    """Read the outermost object.

    Raises:
        MalformedError: not one strict JSON object.
        NotAllowedError: beyond the limits.
        UsageError: neither text nor a mapping.
    """
    # The whole, the array of signatures or recipients, one of them and its header lie around a header's own members.
    return _wire.read_object(
        source,
        what,
        longest=limits.token_bytes,
        limit="Limits.token_bytes",
        depth=limits.header_depth + 3,
        int_limit=limits.header_int_limit,
    )


def protected_members(segment: str | None, limits: Limits) -> dict[str, Any]:
    """Read the protected header, which may be absent; errors as `Header.parse`."""
    return parse_members(segment, limits) if segment else {}


def joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Join the members of two headers (RFC 7515 section 7.2.1, RFC 7516 section 7.2.1).

    Raises:
        MalformedError: a name stands in both.
    """
    if not one.keys().isdisjoint(other):
        raise MalformedError("a header member stands in two of the headers, and may stand in one only")
    return {**one, **other}
