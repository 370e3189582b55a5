"""HeldKeys: a key set as it was fetched, with what is needed to ask for it again (RFC 9111 section 4)."""

from __future__ import annotations

from typing import Final

from jwtkit import _wire
from jwtkit._clock import is_finite
from jwtkit._frozen import Frozen
from jwtkit.errors import MalformedError, NotAllowedError, UsageError, quote
from jwtkit.jose.jwks import JWKS
from jwtkit.limits import Limits
from jwtkit.oauth.freshness import is_entity_tag
from jwtkit.oauth.urls import without_query

__all__ = ["HeldKeys"]

_VERSION: Final = 1
_WHAT: Final = "key set snapshot"
_DEPTH: Final = 12
_INT_LIMIT: Final = 10**40
_BESIDE_KEYS: Final = 16 * 1024
# Threads read the clock one after the other, so that a set may seem to come from a little later.
_CLOCK_TOLERANCE: Final = 60.0


class HeldKeys(Frozen):
    """A key set and its times, in seconds since the epoch.

    Attributes:
        jwks: the keys.
        etag: the entity tag it came with, or None.
        fetched_at: when it was asked for.
        fresh_until: until when it is not asked for again.
    """

    __slots__ = ("etag", "fetched_at", "fresh_until", "jwks")

    def __init__(self, jwks: JWKS, *, etag: str | None, fetched_at: float, fresh_until: float) -> None:
        self.jwks: Final = jwks
        self.etag: Final = etag
        self.fetched_at: Final = fetched_at
        self.fresh_until: Final = fresh_until

    def is_usable(self, now: float, stale_seconds: float = 0.0) -> bool:
        """Tell whether it may serve, so many seconds after it was fresh; a set from the future never does."""
        return not self.is_ahead(now) and now < self.fresh_until + stale_seconds

    def is_ahead(self, now: float) -> bool:
        """Tell whether it comes from the future, by more than clocks are apart."""
        return self.fetched_at - _CLOCK_TOLERANCE > now

    def to_json(self, jwks_uri: str) -> str:
        """Write it with the URL that it came from."""
        members = {
            "v": _VERSION,
            "jwks_uri": jwks_uri,
            "jwks": self.jwks.to_dict(),
            "etag": self.etag,
            "fetched_at": self.fetched_at,
            "fresh_until": self.fresh_until,
        }
        return _wire.serialize(members, _WHAT).decode("utf-8")

    @classmethod
    def from_json(cls, text: str | bytes, jwks_uri: str, *, limits: Limits, longest: float) -> HeldKeys:
        """Read what `to_json` wrote.

        Args:
            text: the snapshot.
            jwks_uri: the URL that it must have come from.
            limits: bounds for the key set.
            longest: most seconds that a set may be fresh.

        Raises:
            MalformedError: it is something else.
            NotAllowedError: of another URL or another version, or too large.
            UsageError: it is no text.
        """
        if text is None:
            raise UsageError(f"there is no {_WHAT}: snapshot() gives None where nothing was fetched yet")
        if not isinstance(text, (str, bytes)):
            raise UsageError(f"a {_WHAT} is the text that snapshot() gave, got {type(text).__name__}")
        members = _wire.read_object(
            text,
            _WHAT,
            longest=limits.jwks_bytes + _BESIDE_KEYS,
            limit="Limits.jwks_bytes",
            depth=_DEPTH,
            int_limit=_INT_LIMIT,
        )
        if members.get("v") != _VERSION:
            raise NotAllowedError(f"this {_WHAT} was written by another version: fetch the keys anew")
        if members.get("jwks_uri") != jwks_uri:
            other = members.get("jwks_uri")
            found, wanted = (
                quote(without_query(other) if isinstance(other, str) else other),
                quote(without_query(jwks_uri)),
            )
            message = (
                f"this {_WHAT} is of another URL ({found}, not {wanted}; queries are not shown): fetch the keys anew"
            )
            raise NotAllowedError(message)
        jwks, etag = members.get("jwks"), members.get("etag")
        fetched_at, fresh_until = members.get("fetched_at"), members.get("fresh_until")
        if not (
            (etag is None or is_entity_tag(etag))
            and isinstance(jwks, dict)
            and is_finite(fetched_at)
            and is_finite(fresh_until)
        ):
            raise MalformedError(f"a {_WHAT} must be the text that snapshot() gave")
        return cls(
            JWKS.parse(jwks, limits=limits),
            etag=etag,
            fetched_at=fetched_at,
            fresh_until=min(fresh_until, fetched_at + longest),
        )
