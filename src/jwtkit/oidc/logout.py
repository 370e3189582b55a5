"""Logging out at the provider too, with a redirect of the browser (OpenID Connect RP-Initiated Logout 1.0).

Rules of this room:

- The application's own session ends first, and whatever comes back: anybody can send a browser to the URL that the
  provider sends it to afterwards.
- `state` is made here, fresh for each logout, and bound to the browser by the session that is kept for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Self

from jwtkit._clock import resolve_now
from jwtkit._random import random_text
from jwtkit.errors import ProtocolError, ProtocolReason, UsageError
from jwtkit.jwt.dates import seconds
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.stored import Stored, write
from jwtkit.oauth.http import InboundRequest
from jwtkit.oauth.redirect_uri import is_redirect_uri
from jwtkit.oauth.secret import Secret, same_text
from jwtkit.oauth.urls import encode_query, parse_form
from jwtkit.oidc.hint import hint_text
from jwtkit.oidc.id_token import IdToken

__all__ = ["LogoutRedirect", "LogoutSession", "check_logout_callback", "logout_redirect"]

_VERSION: Final = 1
_KEPT: Final = "logout session"
_WHAT: Final = "logout response"
_SESSION_SECONDS: Final = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutSession:
    """What must be kept while the browser is away to log out; no repr shows its secret.

    Attributes:
        state: binds the way back to this browser.
        expires_at: seconds since the epoch; whoever comes back later is refused.
    """

    state: str = field(repr=False)
    expires_at: float

    def to_json(self) -> str:
        """Write JSON to keep, for example in a short-lived cookie of its own: the login's session ends before."""
        return write(_KEPT, _VERSION, self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote.

        Raises:
            MalformedError: it is something else.
            NotAllowedError: another version wrote it.
        """
        stored = Stored(text, _KEPT, _VERSION)
        return cls(state=stored.text("state"), expires_at=stored.number("expires_at"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRedirect:
    """The way to the provider's logout.

    Attributes:
        url: where to send the browser; it may hold an ID token.
        session: what to keep until it comes back; None where it was not asked to come back.
    """

    url: str = field(repr=False)
    session: LogoutSession | None


def logout_redirect(
    client: Client,
    *,
    id_token_hint: IdToken | Secret | None = None,
    post_logout_redirect_uri: str | None = None,
    logout_hint: str | None = None,
    ui_locales: Iterable[str] = (),
    session_lifetime: float | timedelta | None = None,
    now: float | None = None,
) -> LogoutRedirect:
    """Make the URL that logs the user out at the provider.

    Args:
        client: the client.
        id_token_hint: the user's ID token, verified or as a `TokenSet` has it. It may have expired. Without it a
            provider asks the user whether they mean it.
        post_logout_redirect_uri: where the browser comes back to; an absolute URL as registered.
        logout_hint: whom the provider shall log out, in words that it knows.
        ui_locales: languages, best first.
        session_lifetime: how long the user may take, in seconds or a timedelta; ten minutes unless given.
        now: seconds since the epoch; None reads the clock.

    Raises:
        UsageError: the server has no end_session_endpoint, or an argument is of the wrong form.

    Spec: OpenID Connect RP-Initiated Logout section 2.
    """
    if not isinstance(client, Client):
        raise UsageError(f"client must be Client(...), got {type(client).__name__}")
    endpoint = client.server.endpoint("end_session_endpoint")
    session = None
    if post_logout_redirect_uri is not None:
        if not is_redirect_uri(post_logout_redirect_uri):
            message = "post_logout_redirect_uri must be an absolute URL without fragment, or one with a private scheme"
            raise UsageError(message)
        lifetime = _SESSION_SECONDS if session_lifetime is None else seconds(session_lifetime, "session_lifetime")
        session = LogoutSession(state=random_text(32), expires_at=resolve_now(now) + lifetime)
    fields = (
        ("id_token_hint", hint_text(id_token_hint)),
        ("client_id", client.client_id),
        ("post_logout_redirect_uri", post_logout_redirect_uri),
        ("state", None if session is None else session.state),
        ("logout_hint", _hint(logout_hint)),
        ("ui_locales", _locales(ui_locales)),
    )
    url = encode_query(endpoint, [(name, value) for name, value in fields if value is not None])
    return LogoutRedirect(url=url, session=session)


def check_logout_callback(session: LogoutSession, request: str | InboundRequest, *, now: float | None = None) -> None:
    """Check that a browser comes back from the logout that it was sent to.

    Args:
        session: what `logout_redirect` gave, from the place where you keep it for this browser.
        request: the URL that was asked of you, absolute, or from the path on. Untrusted.
        now: seconds since the epoch; None reads the clock.

    Raises:
        ProtocolError: `.reason` tells: expired, another state or none, a parameter twice.
        MalformedError: the query is no form.
        UsageError: an argument is of the wrong type.

    Spec: OpenID Connect RP-Initiated Logout section 3.
    """
    if not isinstance(session, LogoutSession):
        raise UsageError(f"session must be a LogoutSession, got {type(session).__name__}: see from_json")
    if not isinstance(request, (str, InboundRequest)):
        raise UsageError(f"request must be a URL or an InboundRequest, got {type(request).__name__}")
    if resolve_now(now) >= session.expires_at:
        raise ProtocolError(f"{_WHAT}: this logout took too long", reason=ProtocolReason.SESSION_EXPIRED)
    url = request if isinstance(request, str) else request.url
    state = parse_form(url.partition("#")[0].partition("?")[2], _WHAT).get("state", "")
    if not same_text(state, session.state):
        message = f"{_WHAT}: state does not belong to this browser's logout"
        raise ProtocolError(message, reason=ProtocolReason.STATE_MISMATCH)


def _hint(value: str | None) -> str | None:
    if value is not None and not (isinstance(value, str) and value and value.isprintable()):
        raise UsageError("logout_hint must be a non-empty, printable str, or None")
    return value


def _locales(values: Iterable[str]) -> str | None:
    if isinstance(values, (str, bytes)):
        raise UsageError(f"ui_locales is a list: write ui_locales=[{values!r}]")
    words = tuple(values) if isinstance(values, Iterable) else (None,)
    if not all(isinstance(word, str) and word and word.isascii() and " " not in word for word in words):
        raise UsageError("ui_locales must be a list of ASCII str without spaces")
    return " ".join(map(str, words)) or None
