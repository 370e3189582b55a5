"""The authorization code flow with PKCE: a user grants access in a browser (RFC 6749 section 4.1, RFC 7636)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from jwtkit._clock import resolve_now
from jwtkit._frozen import Frozen
from jwtkit._random import random_text
from jwtkit.errors import ProtocolError, ProtocolReason, UsageError
from jwtkit.oauth.client.callback import Callback, check_callback
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.session import AuthorizationRedirect, AuthorizationSession
from jwtkit.oauth.client.token_endpoint import exchange, token_request
from jwtkit.oauth.client.token_set import TokenSet
from jwtkit.oauth.http import HttpRequest
from jwtkit.oauth.pkce import PKCE
from jwtkit.oauth.scope import check_scope
from jwtkit.oauth.steps import Steps
from jwtkit.oauth.urls import encode_query, is_plain_url

__all__ = ["AuthorizationCodeFlow"]

_SESSION_SECONDS: Final = 600.0


class AuthorizationCodeFlow(Frozen):
    """Sends a user to the server and exchanges what they bring back. No argument is about security.

    State, PKCE verifier, issuer and redirect URI live in the session that `start` gives.

    Args:
        client: the client.
        redirect_uri: where the browser comes back to; an absolute URL as registered.
        scope: what to ask for.

    Raises:
        UsageError: an argument is of the wrong form, or the server has no authorization endpoint.
        ProtocolError: the server names its PKCE methods, and S256 is not among them (RFC 9700 section 2.1.1).

    Spec: RFC 6749 section 4.1, RFC 7636, RFC 9207, RFC 9700 section 2.1.
    """

    __slots__ = ("client", "redirect_uri", "scope")

    def __init__(self, client: Client, *, redirect_uri: str, scope: Iterable[str] = ()) -> None:
        if not isinstance(client, Client):
            raise UsageError(f"client must be Client(...), got {type(client).__name__}")
        if not is_plain_url(redirect_uri):
            raise UsageError("redirect_uri must be an absolute http or https URL without fragment")
        if client.server.authorization_endpoint is None:
            raise UsageError("this server's metadata has no authorization_endpoint")
        methods = client.server.code_challenge_methods_supported
        if methods is not None and "S256" not in methods:
            message = "the server does not support PKCE with S256, without which a stolen code can be redeemed"
            raise ProtocolError(message, reason=ProtocolReason.PKCE_UNSUPPORTED)
        self.client: Final = client
        self.redirect_uri: Final = redirect_uri
        self.scope: Final = check_scope(scope)

    def start(self, *, now: float | None = None) -> AuthorizationRedirect:
        """Begin: give the URL for the browser and the session to keep, both good for ten minutes.

        Args:
            now: seconds since the epoch; None reads the clock.
        """
        pkce = PKCE.generate()
        session = AuthorizationSession(
            issuer=self.client.server.issuer,
            client_id=self.client.client_id,
            redirect_uri=self.redirect_uri,
            scope=self.scope,
            expires_at=resolve_now(now) + _SESSION_SECONDS,
            state=random_text(32),
            code_verifier=pkce.verifier,
        )
        fields = [
            ("response_type", "code"),
            ("client_id", session.client_id),
            ("redirect_uri", session.redirect_uri),
            ("state", session.state),
            ("code_challenge", pkce.challenge),
            ("code_challenge_method", pkce.method),
        ]
        if self.scope:
            fields.append(("scope", " ".join(self.scope)))
        url = encode_query(str(self.client.server.authorization_endpoint), fields)
        return AuthorizationRedirect(url=url, session=session)

    def callback(self, session: AuthorizationSession, request_url: str, *, now: float | None = None) -> Callback:
        """Check what the browser brought back.

        Args:
            session: what `start` gave, from the place where you keep it for this browser.
            request_url: the URL that was asked of you, absolute, or from the path on. Untrusted.
            now: seconds since the epoch; None reads the clock.

        Raises:
            ProtocolError: `.reason` tells: expired, another session's, another server's, a parameter wrong or twice.
            OAuthError: the server said no, for example `access_denied`.
            MalformedError: the query is no form.

        Spec: RFC 6749 section 4.1.2, RFC 9207 section 2.4, RFC 9700 section 4.4.
        """
        if not isinstance(session, AuthorizationSession):
            raise UsageError(f"session must be an AuthorizationSession, got {type(session).__name__}: see from_json")
        if session.redirect_uri != self.redirect_uri:
            message = "authorization response: the session belongs to a flow with another redirect_uri"
            raise ProtocolError(message, reason=ProtocolReason.SESSION_MISMATCH)
        return check_callback(self.client, session, request_url, resolve_now(now))

    def token_request(self, callback: Callback) -> HttpRequest:
        """Make the request that redeems the code (RFC 6749 section 4.1.3)."""
        if not isinstance(callback, Callback):
            raise UsageError(f"callback must come from callback(...), got {type(callback).__name__}")
        return token_request(
            self.client,
            (
                ("grant_type", "authorization_code"),
                ("code", callback.code.reveal()),
                ("redirect_uri", callback.session.redirect_uri),
                ("code_verifier", callback.session.code_verifier),
            ),
        )

    def finish(self, callback: Callback, *, now: float | None = None) -> Steps[HttpRequest, TokenSet]:
        """Redeem the code.

        Args:
            callback: what `callback` gave.
            now: seconds since the epoch; None reads the clock.

        Raises:
            OAuthError: from the steps; the server said no, for example `invalid_grant`.
            ProtocolError: from the steps; the answer cannot be used.
        """
        return exchange(self.token_request(callback), callback.session.scope, now)
