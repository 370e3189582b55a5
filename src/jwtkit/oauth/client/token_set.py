"""TokenSet: what a token endpoint gave (RFC 6749 section 5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Self

from jwtkit._clock import resolve_now
from jwtkit.oauth.client.stored import Stored, write
from jwtkit.oauth.secret import Secret

__all__ = ["TokenSet"]

_VERSION: Final = 1
_WHAT: Final = "token set"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet:
    """Tokens and what is known about them. No repr shows a token.

    Attributes:
        access_token: for the Authorization header of calls to an API.
        token_type: as the server wrote it; "Bearer", in any case.
        scope: what was granted; as requested where the server did not say.
        expires_at: seconds since the epoch, or None where the server did not say.
        refresh_token: for a fresh set, or None.
        refresh_scope: what the refresh token is good for, where a refresh asked for less; empty means `scope`.
        issued_token_type: what kind of token the access token is, where it was exchanged (RFC 8693 section 2.2.1).
        id_token: unverified text of an ID token, or None; `jwtkit.oidc` verifies it.
        extra: other members of the response, read-only and not trusted.
    """

    access_token: Secret
    token_type: str
    scope: tuple[str, ...] = ()
    expires_at: float | None = None
    refresh_token: Secret | None = None
    refresh_scope: tuple[str, ...] = ()
    id_token: Secret | None = None
    issued_token_type: str | None = None
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    @property
    def authorization_details(self) -> tuple[Mapping[str, Any], ...]:
        """What exactly was granted, where rich authorization requests are spoken (RFC 9396 section 7); else empty."""
        details = self.extra.get("authorization_details")
        return tuple(details) if isinstance(details, (tuple, list)) else ()

    def is_expired(self, *, leeway: float = 0.0, now: float | None = None) -> bool:
        """Tell whether the access token is past its time; never where the server did not say.

        Args:
            leeway: seconds before the end that count as past it already.
            now: seconds since the epoch; None reads the clock.
        """
        return self.expires_at is not None and resolve_now(now) >= self.expires_at - leeway

    def to_json(self) -> str:
        """Write JSON to keep. It holds the tokens: keep it where secrets are kept.

        Raises:
            UsageError: `extra` holds what is no JSON.
        """
        return write(_WHAT, _VERSION, {name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote.

        Raises:
            MalformedError: it is something else.
            NotAllowedError: another version wrote it.
        """
        stored = Stored(text, _WHAT, _VERSION)
        return cls(
            access_token=Secret(stored.text("access_token")),
            token_type=stored.text("token_type"),
            scope=stored.texts("scope"),
            expires_at=stored.optional_number("expires_at"),
            refresh_token=stored.optional_secret("refresh_token"),
            refresh_scope=stored.texts("refresh_scope"),
            id_token=stored.optional_secret("id_token"),
            issued_token_type=stored.optional_text("issued_token_type"),
            extra=stored.mapping("extra"),
        )
