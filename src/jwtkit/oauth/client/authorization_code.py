"""The authorization code flow with PKCE: a user grants access in a browser (RFC 6749 section 4.1, RFC 7636)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final, Literal, Unpack, overload

from jwtkit._clock import resolve_now
from jwtkit._frozen import Frozen
from jwtkit.errors import UsageError
from jwtkit.oauth.client.application import Application
from jwtkit.oauth.client.authorization_request import NOTHING, Asked, Wish, authorization_redirect
from jwtkit.oauth.client.callback import (
    Callback,
    check_callback,
    check_signed_callback,
    code_request,
    consume_session,
)
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.jarm import JARM
from jwtkit.oauth.client.request_object import RequestObject
from jwtkit.oauth.client.session import AuthorizationRedirect, AuthorizationSession, ResponseMode
from jwtkit.oauth.client.token_endpoint import exchange
from jwtkit.oauth.client.token_set import TokenSet
from jwtkit.oauth.http import HttpRequest, InboundRequest
from jwtkit.oauth.steps import Consume, Steps

__all__ = ["AuthorizationCodeFlow"]


class AuthorizationCodeFlow(Frozen):
    """Sends a user to the server and exchanges what they bring back. No argument is about security.

    State, PKCE verifier, issuer and redirect URI live in the session that `start` gives. For a login, and not only
    access, use `jwtkit.oidc.LoginFlow`.

    Args:
        client: the client.
        redirect_uri: where the browser comes back to; an absolute URL as registered.
        scope: what to ask for. An ID token, which "openid" asks for, is verified by a `LoginFlow` only.
        resource: the APIs that the token is for, as absolute URIs (RFC 8707).
        response_mode: how the callback comes: "query" unless given, "form_post" in the body of a POST, "fragment"
            where a page of yours hands its whole URL on. "jwt", "query.jwt", "form_post.jwt" and "fragment.jwt" are
            the same with a signed response, for `callback_jwt`.
        session_lifetime: how long the user may take, in seconds or a timedelta; ten minutes unless given.
        request_object: how to sign requests, where the server wants that.
        jarm: how to verify signed responses, where it is not with RS256 and the keys at the server's `jwks_uri`.

    Raises:
        UsageError: an argument is of the wrong form, or the server lacks an endpoint.
        ProtocolError: the server names its PKCE methods, and S256 is not among them (RFC 9700 section 2.1.1).

    Spec: RFC 6749 section 4.1, RFC 7636, RFC 9207, RFC 9700 section 2.1; RFC 9101, RFC 9126, JARM.
    """

    __slots__ = ("_application",)

    def __init__(
        self,
        client: Client,
        *,
        redirect_uri: str,
        scope: Iterable[str] = (),
        resource: Iterable[str] = (),
        response_mode: ResponseMode | None = None,
        session_lifetime: float | timedelta | None = None,
        request_object: RequestObject | None = None,
        jarm: JARM | None = None,
    ) -> None:
        self._application: Final = Application(
            client,
            redirect_uri,
            scope,
            resource=resource,
            response_mode=response_mode,
            session_lifetime=session_lifetime,
            request_object=request_object,
            jarm=jarm,
        )

    @property
    def client(self) -> Client:
        """The client."""
        return self._application.client

    def start(
        self,
        *,
        prompt: str | Iterable[str] | None = None,
        max_age: float | timedelta | None = None,
        acr_values: Iterable[str] = (),
        claims: Mapping[str, object] | None = None,
        login_hint: str | None = None,
        ui_locales: Iterable[str] = (),
        authorization_details: Iterable[Mapping[str, object]] = (),
        extra: Mapping[str, str] = NOTHING,
        now: float | None = None,
    ) -> AuthorizationRedirect:
        """Begin: give the URL for the browser and the session to keep.

        Args:
            prompt: what the server shall ask the user: "none" alone, or some of "login", "consent", "select_account"
                and "create".
            max_age: the oldest authentication to accept, in seconds or a timedelta; 0 demands one now.
            acr_values: authentication contexts, best first.
            claims: a claims request, with "userinfo" or "id_token" or both.
            login_hint: whom the server shall offer.
            ui_locales: languages, best first.
            authorization_details: what exactly to ask for, mappings that each have a `type`.
            extra: parameters that this server knows beside these.
            now: seconds since the epoch; None reads the clock.

        Raises:
            UsageError: an argument is of the wrong form, or `extra` has a parameter that is decided here; or the server
                takes pushed or signed requests only.

        Spec: RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1, RFC 9396 section 2, RFC 9101 section 5.
        """
        wish = Wish(
            prompt=prompt,
            max_age=max_age,
            acr_values=acr_values,
            claims=claims,
            login_hint=login_hint,
            ui_locales=ui_locales,
            authorization_details=authorization_details,
            extra=extra,
        )
        return authorization_redirect(self._application, wish, nonce=None, now=now)

    def start_pushed(
        self, *, now: float | None = None, **asked: Unpack[Asked]
    ) -> Steps[HttpRequest, AuthorizationRedirect]:
        """Begin by handing the request to the server itself; the URL for the browser only refers to it.

        Args:
            now: seconds since the epoch; None reads the clock.
            asked: the arguments of `start`.

        Returns:
            Steps that give the same as `start`; `expires_at` says until when the URL is good.

        Raises:
            OAuthError: from the steps; the server said no.
            ProtocolError: from the steps; the answer cannot be used.
            UsageError: at the call; as `start`, or the server takes no pushed requests.

        Spec: RFC 9126 sections 2 and 4.
        """
        from jwtkit.oauth.client.pushed_request import pushed_redirect

        return pushed_redirect(self._application, Wish(**asked), nonce=None, now=now)

    def callback(
        self, session: AuthorizationSession, request: str | InboundRequest, *, now: float | None = None
    ) -> Callback:
        """Check what the browser brought back.

        Args:
            session: what `start` gave, from the place where you keep it for this browser.
            request: the URL that was asked of you, absolute, or from the path on; for "form_post" the request itself.
                Untrusted.
            now: seconds since the epoch; None reads the clock.

        Raises:
            ProtocolError: `.reason` tells: expired, another session's, another server's, a parameter wrong or twice.
            OAuthError: the server said no, for example `access_denied`.
            MalformedError: the query is no form.

        Spec: RFC 6749 section 4.1.2, RFC 9207 section 2.4, RFC 9700 section 4.4.
        """
        return check_callback(self._application, session, request, resolve_now(now))

    def callback_jwt(
        self, session: AuthorizationSession, request: str | InboundRequest, *, now: float | None = None
    ) -> Steps[HttpRequest, Callback]:
        """Check a signed response that the browser brought back: its signature first, then as `callback`.

        Args:
            session: as for `callback`.
            request: as for `callback`.
            now: seconds since the epoch; None reads the clock.

        Returns:
            Steps that give the callback; they ask for the server's keys where those are not known.

        Raises:
            RejectedError: from the steps; as `TokenVerifier.verify`, then as `callback`.
            UsageError: at the call; the flow has a response_mode without "jwt".

        Spec: JARM sections 2.3 and 2.4.
        """
        return check_signed_callback(self._application, session, request, now)

    def token_request(self, callback: Callback, *, now: float | None = None) -> HttpRequest:
        """Make the request that redeems the code (RFC 6749 section 4.1.3).

        Raises:
            UsageError: `callback` is no callback of this client, or one of a login, whose ID token must be verified.
        """
        request = code_request(self.client, callback, now=now)
        if callback.session.nonce is not None:
            raise UsageError("the callback is one of LoginFlow, which verifies its ID token: use the finish of that")
        return request

    @overload
    def finish(self, callback: Callback, *, now: float | None = None) -> Steps[HttpRequest, TokenSet]: ...
    @overload
    def finish(
        self, callback: Callback, *, once: Literal[True], now: float | None = None
    ) -> Steps[HttpRequest | Consume, TokenSet]: ...
    def finish(self, callback: Callback, *, once: bool = False, now: float | None = None) -> Steps[Any, TokenSet]:
        """Redeem the code.

        Args:
            callback: what `callback` gave.
            once: ask a store of yours, through the `consume` of `run`, whether the session was used before.
            now: seconds since the epoch; None reads the clock.

        Raises:
            OAuthError: from the steps; the server said no, for example `invalid_grant`.
            ProtocolError: from the steps; the session was used before, or the answer cannot be used.
        """
        request = self.token_request(callback, now=now)

        def steps() -> Steps[Any, TokenSet]:
            if once:
                yield from consume_session(callback.session)
            return (yield from exchange(self.client, request, callback.session.scope, now))

        return steps()
