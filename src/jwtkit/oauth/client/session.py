"""AuthorizationSession: what must be kept while the user is away at the authorization server.

It is a small value: keep its JSON wherever you keep what belongs to this one browser, and consume it once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Self

from jwtkit import _wire
from jwtkit.errors import MalformedError, NotAllowedError
from jwtkit.oauth.pkce import PKCE

__all__ = ["AuthorizationRedirect", "AuthorizationSession"]

_VERSION: Final = 1
_WHAT: Final = "authorization session"
_MAX_CHARS: Final = 64 * 1024
_TEXTS: Final = ("state", "code_verifier", "issuer", "client_id", "redirect_uri")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationSession:
    """The memory of one attempt to log in; no repr shows its secrets.

    Attributes:
        issuer: the server the user was sent to.
        client_id: the client that sent them.
        redirect_uri: where they come back to.
        scope: what was asked for.
        expires_at: seconds since the epoch; later callbacks are refused.
        state: binds the callback to this browser.
        code_verifier: proves at the token endpoint that this client asked.
    """

    issuer: str
    client_id: str
    redirect_uri: str
    scope: tuple[str, ...]
    expires_at: float
    state: str = field(repr=False)
    code_verifier: str = field(repr=False)

    def to_json(self) -> str:
        """Write JSON to keep. It holds secrets: a server-side store, or an encrypted cookie."""
        members: dict[str, Any] = {name: getattr(self, name) for name in _TEXTS}
        members |= {"v": _VERSION, "scope": self.scope, "expires_at": self.expires_at}
        return _wire.serialize(members, _WHAT).decode("utf-8")

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote.

        Raises:
            MalformedError: it is something else.
            NotAllowedError: another version wrote it.
        """
        if not isinstance(text, (str, bytes)) or len(text) > _MAX_CHARS:
            raise MalformedError(f"{_WHAT} must be the text that to_json gave")
        members = _wire.parse_object(text, _WHAT, depth=3, int_limit=1 << 64)
        if members.get("v") != _VERSION:
            raise NotAllowedError(f"{_WHAT} was written by another version: start a new one")
        texts = {name: members.get(name) for name in _TEXTS}
        scope, expires_at = members.get("scope"), members.get("expires_at")
        sound = all(isinstance(value, str) and value for value in texts.values())
        sound = sound and isinstance(scope, list) and all(isinstance(item, str) for item in scope)
        if not sound or isinstance(expires_at, bool) or not isinstance(expires_at, (int, float)):
            raise MalformedError(f"{_WHAT} must be the text that to_json gave")
        PKCE.parse(str(texts["code_verifier"]))
        return cls(
            scope=tuple(scope or ()), expires_at=expires_at, **{name: str(value) for name, value in texts.items()}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRedirect:
    """The first half of a login.

    Attributes:
        url: where to send the browser.
        session: what to keep until it comes back.
    """

    url: str = field(repr=False)
    session: AuthorizationSession
