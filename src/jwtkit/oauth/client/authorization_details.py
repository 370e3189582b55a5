"""Rich authorization requests: what exactly a token is for, as JSON (RFC 9396).

Rules of this room: of an element only `type` is known here; everything else belongs to the API that defined the type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jwtkit import _wire
from jwtkit.errors import UsageError, quote, quote_some
from jwtkit.oauth.metadata import ServerMetadata

__all__ = ["check_authorization_details", "details_text", "is_authorization_details"]


def check_authorization_details(
    details: Iterable[Mapping[str, object]], server: ServerMetadata
) -> tuple[dict[str, Any], ...]:
    """Check the details that the caller asks for, and copy them.

    Raises:
        UsageError: no list of JSON objects that each have a `type`, or the server names its types and this is none.

    Spec: RFC 9396 sections 2 and 10.
    """
    if isinstance(details, (str, bytes, Mapping)) or not isinstance(details, Iterable):
        raise UsageError("authorization_details is a list of mappings, each with a 'type'")
    copies: list[dict[str, Any]] = []
    for item in details:
        kind = item.get("type") if isinstance(item, Mapping) else None
        if not isinstance(item, Mapping) or not isinstance(kind, str) or not kind:
            raise UsageError("each of authorization_details is a mapping with a 'type', a non-empty str")
        supported = server.authorization_details_types_supported
        if supported is not None and kind not in supported:
            names = quote_some(supported) or "none"
            raise UsageError(f"the server does not support authorization_details of type {quote(kind)}, but {names}")
        copies.append(_wire.thaw(item, "authorization_details"))
    return tuple(copies)


def details_text(checked: Iterable[Mapping[str, Any]]) -> str | None:
    """Write details that were checked as a parameter, or give None where nothing is asked for."""
    texts = [_wire.serialize(item, "authorization_details").decode("utf-8") for item in checked]
    return f"[{','.join(texts)}]" if texts else None


def is_authorization_details(value: object) -> bool:
    """Tell whether decoded JSON is an array of objects that each have a `type` (RFC 9396 section 2)."""
    return isinstance(value, list) and all(
        isinstance(item, dict) and isinstance(item.get("type"), str) and bool(item["type"]) for item in value
    )
