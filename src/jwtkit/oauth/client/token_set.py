"""TokenSet: what a token endpoint gave (RFC 6749 section 5.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, Self

from jwtkit._clock import resolve_now
from jwtkit.jwt.dates import seconds
from jwtkit.oauth.client.stored import Stored, write
from jwtkit.oauth.secret import Secret

__all__ = ["TokenSet", "is_token_text"]

_VERSION: Final = 1
_WHAT: Final = "token set"
# What a token is written with (RFC 6749 appendix A.12); in a header it is one word (RFC 6750 section 2.1).
_TEXT: Final = re.compile(r"[\x20-\x7e]+")
_IN_A_HEADER: Final = ("bearer", "dpop")


def is_token_text(text: str, token_type: str = "") -> bool:
    """Tell whether this can be a token, or with its type whether it can be used as one of that type."""
    return _TEXT.fullmatch(text) is not None and not (" " in text and token_type.lower() in _IN_A_HEADER)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet:
    """Tokens and what is known about them. No repr shows a token.

    Attributes:
        access_token: for the Authorization header of calls to an API.
        token_type: as the server wrote it: "Bearer", in any case, or "DPoP" where it is bound to a key.
        scope: what was granted; as requested where the server did not say.
        expires_at: seconds since the epoch, or None where the server did not say.
        refresh_token: for a fresh set, or None.
        refresh_scope: what the refresh token is good for, where a refresh gave less; empty means `scope`.
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

    def is_expired(self, *, leeway: float | timedelta = 0.0, now: float | None = None) -> bool:
        """Tell whether the access token is past its time; never where the server did not say.

        Args:
            leeway: seconds or a timedelta before the end that count as past it already.
            now: seconds since the epoch; None reads the clock.

        Raises:
            UsageError: an argument is of the wrong form.
        """
        margin, moment = seconds(leeway, "leeway", zero=True), resolve_now(now)
        return self.expires_at is not None and moment >= self.expires_at - margin

    def to_json(self) -> str:
        """Write JSON to keep. It holds the tokens: keep it where secrets are kept.

        Raises:
            UsageError: `extra` holds what is no JSON.
        """
        return write(_WHAT, _VERSION, self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote.

        Raises:
            MalformedError: it is something else.
            NotAllowedError: another version wrote it.
        """
        stored = Stored(text, _WHAT, _VERSION)
        access_token, token_type = stored.text("access_token"), stored.text("token_type")
        if not is_token_text(access_token, token_type):
            raise stored.wrong()
        return cls(
            access_token=Secret(access_token),
            token_type=token_type,
            scope=stored.texts("scope"),
            expires_at=stored.optional_number("expires_at"),
            refresh_token=stored.optional_secret("refresh_token"),
            refresh_scope=stored.texts("refresh_scope"),
            id_token=stored.optional_secret("id_token"),
            issued_token_type=stored.optional_text("issued_token_type"),
            extra=stored.mapping("extra"),
        )
