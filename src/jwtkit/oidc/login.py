"""LoginFlow: a user logs in at a provider, and the client learns who it is (OpenID Connect Core sections 3.1 and 3.3).

Rules of this room:

- Nothing about security is an argument of the happy path: nonce, state, PKCE and the demands of the request live in
  the session, and every ID token is compared with them.
- No token reaches the caller before the ID token has verified.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final, Literal, Unpack, overload

from jwtkit._clock import resolve_now
from jwtkit._frozen import Frozen
from jwtkit._random import random_text
from jwtkit.crypto.algorithms import SignatureAlgorithm
from jwtkit.errors import ProtocolError, ProtocolReason, UsageError
from jwtkit.jose.select import Keys
from jwtkit.jwt.decryption import Decryption
from jwtkit.jwt.policy import TenantIssuer
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
from jwtkit.oauth.client.pushed_request import pushed_redirect
from jwtkit.oauth.client.request_object import RequestObject
from jwtkit.oauth.client.session import AuthorizationRedirect, AuthorizationSession, ResponseMode, ResponseType
from jwtkit.oauth.client.token_endpoint import exchange
from jwtkit.oauth.client.token_set import TokenSet
from jwtkit.oauth.http import HttpRequest, InboundRequest
from jwtkit.oauth.json_response import bad_member
from jwtkit.oauth.secret import Secret
from jwtkit.oauth.steps import Consume, Steps
from jwtkit.oidc.hint import hint_text
from jwtkit.oidc.id_token import IdToken, IdTokenVerifier
from jwtkit.oidc.login_proof import Login
from jwtkit.oidc.login_record import LoginRecord
from jwtkit.oidc.provider_keys import ProviderKeys
from jwtkit.oidc.refresh import RefreshedLogin, refresh_steps

__all__ = ["Login", "LoginFlow"]

# An ID token from the front channel was made for this very callback.
_FRONT_CHANNEL_SECONDS: Final = 3600


class LoginFlow(Frozen):
    """Logs users in with OpenID Connect: the authorization code flow, or the hybrid flow of code and ID token.

    Build it once and share it: it keeps the provider's keys, and asks for them again where one is unknown.

    Args:
        client: the client.
        redirect_uri: where the browser comes back to; an absolute URL as registered.
        scope: what to ask for, "openid" among it.
        resource: the APIs that the access token is for, as absolute URIs (RFC 8707).
        response_type: "code id_token" has the browser bring an ID token beside the code.
        response_mode: how the callback comes: "query" unless given, for "code id_token" "fragment"; "form_post" in the
            body of a POST. With ".jwt" after it, or as "jwt" alone, the response is signed, for `callback_jwt`.
        algorithms: the ID token's algorithm as registered for this client; RS256 where nothing was registered. An HS
            algorithm takes the client's secret as key, and is for clients that have one.
        keys: the provider's keys, or a `JWKSCache` that is shared; left out, they are asked for at its `jwks_uri`.
        trusted_audiences: further audiences that an ID token may have; none unless named.
        decryption: keys and algorithms for encrypted ID tokens, where encryption was registered; then one that is only
            signed is refused.
        leeway: seconds or a timedelta for clocks that differ; as for `TokenVerifier`.
        session_lifetime: how long the user may take, in seconds or a timedelta; ten minutes unless given.
        request_object: how to sign requests, where the provider wants that.
        jarm: how to verify signed responses, where it is not with RS256 and the keys at the provider's `jwks_uri`.
        require_s_hash: whether an ID token from a callback must have an `s_hash` (FAPI 1.0 part 2 section 5.2.2.1).
        quirk_issuer: the `iss` to accept instead of the issuer in the metadata, for a provider that writes another:
            one, several, or a `TenantIssuer`.

    Raises:
        UsageError: an argument is of the wrong form or could never work, or the server lacks an endpoint.
        ProtocolError: the server names its PKCE methods, and S256 is not among them (RFC 9700 section 2.1.1).

    Example:
        >>> from jwtkit.oauth import PublicClient, ServerMetadata
        >>> server = ServerMetadata(
        ...     issuer="https://login.example.com",
        ...     authorization_endpoint="https://login.example.com/authorize",
        ...     token_endpoint="https://login.example.com/token",
        ...     jwks_uri="https://login.example.com/jwks",
        ... )
        >>> client = Client(server=server, client_id="shop", auth=PublicClient())
        >>> redirect = LoginFlow(client, redirect_uri="https://shop.example.com/callback").start()
        >>> redirect.url.partition("&")[0]
        'https://login.example.com/authorize?response_type=code'

    Spec: OpenID Connect Core sections 3.1, 3.3 and 12, RFC 7636, RFC 9207, RFC 9700 section 2.1.
    """

    __slots__ = ("_application", "_in_callback", "_keys", "_verifier")

    def __init__(
        self,
        client: Client,
        *,
        redirect_uri: str,
        scope: Iterable[str] = ("openid",),
        resource: Iterable[str] = (),
        response_type: ResponseType = "code",
        response_mode: ResponseMode | None = None,
        algorithms: Iterable[SignatureAlgorithm] = ("RS256",),
        keys: Keys | None = None,
        trusted_audiences: Collection[str] = (),
        decryption: Decryption | None = None,
        leeway: float | timedelta | None = None,
        session_lifetime: float | timedelta | None = None,
        request_object: RequestObject | None = None,
        jarm: JARM | None = None,
        require_s_hash: bool = False,
        quirk_issuer: str | Collection[str] | TenantIssuer | None = None,
    ) -> None:
        self._application: Final = Application(
            client,
            redirect_uri,
            scope,
            resource=resource,
            response_type=response_type,
            response_mode=response_mode,
            session_lifetime=session_lifetime,
            login=True,
            request_object=request_object,
            jarm=jarm,
        )
        if "openid" not in self._application.scope:
            raise UsageError("a login needs the scope 'openid'; for access alone use AuthorizationCodeFlow")
        if not isinstance(require_s_hash, bool):
            raise UsageError("require_s_hash must be True or False")
        if require_s_hash and response_type == "code":
            raise UsageError("require_s_hash is for an ID token from a callback: response_type='code id_token'")
        supported = client.server.id_token_signing_alg_values_supported
        self._keys: Final = ProviderKeys(client, algorithms, keys, supported)
        verifier = partial(
            IdTokenVerifier,
            issuer=client.server.issuer if quirk_issuer is None else quirk_issuer,
            client_id=client.client_id,
            keys=self._keys.keys,
            algorithms=self._keys.algorithms,
            trusted_audiences=trusted_audiences,
            decryption=decryption,
            leeway=leeway,
        )
        self._verifier: Final = verifier(quirk_no_nonce=client.quirk_no_nonce)
        self._in_callback: Final = verifier(
            max_token_age=_FRONT_CHANNEL_SECONDS, required=("s_hash",) if require_s_hash else ()
        )

    @property
    def client(self) -> Client:
        """The client."""
        return self._application.client

    @property
    def keys(self) -> Keys:
        """The key source of this flow, for others that verify what the same provider signs."""
        return self._keys.keys

    def start(
        self,
        *,
        prompt: str | Iterable[str] | None = None,
        max_age: float | timedelta | None = None,
        acr_values: Iterable[str] = (),
        claims: Mapping[str, object] | None = None,
        login_hint: str | None = None,
        id_token_hint: IdToken | Secret | None = None,
        ui_locales: Iterable[str] = (),
        authorization_details: Iterable[Mapping[str, object]] = (),
        extra: Mapping[str, str] = NOTHING,
        now: float | None = None,
    ) -> AuthorizationRedirect:
        """Begin: give the URL for the browser and the session to keep.

        Args:
            prompt: what the server shall ask the user: "none" alone, or some of "login", "consent", "select_account"
                and "create".
            max_age: the oldest authentication to accept, in seconds or a timedelta; 0 demands one now. The ID token is
                held to it.
            acr_values: authentication contexts, best first; a wish. To make one essential, ask for `acr` in `claims`.
            claims: a claims request, with "userinfo" or "id_token" or both. The ID token is held to an essential `acr`.
            login_hint: whom the server shall offer.
            id_token_hint: an ID token of the user who is expected, verified or as a `TokenSet` has it.
            ui_locales: languages, best first.
            authorization_details: what exactly to ask for, mappings that each have a `type` (RFC 9396).
            extra: parameters that this server knows beside these.
            now: seconds since the epoch; None reads the clock.

        Raises:
            UsageError: an argument is of the wrong form, or `extra` has a parameter that is decided here; or the
                provider takes pushed or signed requests only.

        Spec: OpenID Connect Core sections 3.1.2.1, 3.3.2.1 and 6.1.
        """
        wish = Wish(
            prompt=prompt,
            max_age=max_age,
            acr_values=acr_values,
            claims=claims,
            login_hint=login_hint,
            id_token_hint=hint_text(id_token_hint),
            ui_locales=ui_locales,
            authorization_details=authorization_details,
            extra=extra,
        )
        return authorization_redirect(self._application, wish, nonce=random_text(32), now=now)

    def start_pushed(
        self, *, id_token_hint: IdToken | Secret | None = None, now: float | None = None, **asked: Unpack[Asked]
    ) -> Steps[HttpRequest, AuthorizationRedirect]:
        """Begin by handing the request to the provider itself; the URL for the browser only refers to it.

        Args:
            id_token_hint: as for `start`.
            now: seconds since the epoch; None reads the clock.
            asked: the other arguments of `start`.

        Raises:
            OAuthError: from the steps; the provider said no.
            ProtocolError: from the steps; the answer cannot be used.
            UsageError: at the call; as `start`, or the provider takes no pushed requests.

        Spec: RFC 9126 sections 2 and 4.
        """
        wish = Wish(id_token_hint=hint_text(id_token_hint), **asked)
        return pushed_redirect(self._application, wish, nonce=random_text(32), now=now)

    def callback(
        self, session: AuthorizationSession, request: str | InboundRequest, *, now: float | None = None
    ) -> Callback:
        """Check what the browser brought back, as far as that is possible without keys.

        Args:
            session: what `start` gave, from the place where you keep it for this browser.
            request: the URL that was asked of you, absolute, or from the path on; for "fragment" the URL as a page of
                yours hands it on, for "form_post" the request itself. Untrusted.
            now: seconds since the epoch; None reads the clock.

        Raises:
            ProtocolError: `.reason` tells: expired, another session's, another server's, a parameter wrong or twice.
            OAuthError: the server said no, for example `access_denied`.
            MalformedError: the query is no form.

        Spec: OpenID Connect Core sections 3.1.2.7 and 3.3.2.8, RFC 9207 section 2.4, RFC 9700 section 4.4.
        """
        return check_callback(self._application, session, request, resolve_now(now))

    def callback_jwt(
        self, session: AuthorizationSession, request: str | InboundRequest, *, now: float | None = None
    ) -> Steps[HttpRequest, Callback]:
        """Check a signed response that the browser brought back: its signature first, then as `callback`.

        Raises:
            RejectedError: from the steps; as `TokenVerifier.verify`, then as `callback`.
            UsageError: at the call; the flow has a response_mode without "jwt".

        Spec: JARM sections 2.3 and 2.4.
        """
        return check_signed_callback(self._application, session, request, now)

    def token_request(self, callback: Callback, *, now: float | None = None) -> HttpRequest:
        """Make the request that redeems the code (OpenID Connect Core section 3.1.3.1)."""
        return code_request(self.client, callback, now=now)

    @overload
    def finish(self, callback: Callback, *, now: float | None = None) -> Steps[HttpRequest, Login]: ...
    @overload
    def finish(
        self, callback: Callback, *, once: Literal[True], now: float | None = None
    ) -> Steps[HttpRequest | Consume, Login]: ...
    def finish(self, callback: Callback, *, once: bool = False, now: float | None = None) -> Steps[Any, Login]:
        """Redeem the code and verify the ID token; in the hybrid flow the one that the browser brought comes first.

        Args:
            callback: what `callback` gave.
            once: ask a store of yours, through the `consume` of `run`, whether the session was used before.
            now: seconds since the epoch; None reads the clock.

        Raises:
            OAuthError: from the steps; the server said no, for example `invalid_grant`.
            ProtocolError: from the steps; the session was used before, or the answer cannot be used.
            RejectedError: from the steps; the ID token is refused, see `IdTokenVerifier.verify`.
            UsageError: `callback` is no callback of a login.

        Spec: OpenID Connect Core sections 3.1.3.3, 3.1.3.7, 3.3.2.12 and 3.3.3.6.
        """
        request = self.token_request(callback, now=now)
        if callback.session.nonce is None:
            raise UsageError("the callback is one of AuthorizationCodeFlow, whose session has no nonce: use its finish")

        def steps() -> Steps[Any, Login]:
            if once:
                yield from consume_session(callback.session)
            brought = yield from self._brought(callback, now)
            tokens = yield from exchange(self.client, request, callback.session.scope, now)
            login = object.__new__(Login)
            login.id_token = yield from self._verified(
                callback.session, tokens.id_token, tokens.access_token, brought, now
            )
            login.tokens = tokens
            login.session_state = callback.session_state
            return login

        return steps()

    def refresh(
        self,
        tokens: TokenSet,
        record: LoginRecord,
        *,
        scope: Iterable[str] = (),
        resource: Iterable[str] = (),
        extra: Mapping[str, str] = NOTHING,
        now: float | None = None,
    ) -> Steps[HttpRequest, RefreshedLogin]:
        """Refresh the tokens of a login, and see to it that they are still about the same user.

        Args:
            tokens: what to refresh, from `Login.tokens`.
            record: the record of that login, from `Login.record`.
            scope: fewer scopes than were granted; all of them unless given.
            resource: the APIs that the access token is for, as absolute URIs (RFC 8707).
            extra: parameters that this server knows beside these.
            now: seconds since the epoch; None reads the clock.

        Raises:
            OAuthError: from the steps; the server said no: with `invalid_grant` the user has to log in again.
            ProtocolError: from the steps; the answer cannot be used.
            RejectedError: from the steps; a new ID token is refused, see `IdTokenVerifier.verify_refreshed`.
            UsageError: there is no refresh token, or an argument is of the wrong form.

        Spec: OpenID Connect Core section 12, RFC 6749 section 6.
        """
        return refresh_steps(
            self.client,
            self._verifier,
            self._keys,
            tokens,
            record,
            scope=scope,
            resource=resource,
            extra=extra,
            now=now,
        )

    def _brought(self, callback: Callback, now: float | None) -> Steps[HttpRequest, IdToken | None]:
        """Verify the ID token of a callback, which anybody could have put there (Core section 3.3.2.12)."""
        if callback.id_token is None:
            return None
        session = callback.session
        verify = partial(
            self._in_callback.verify,
            callback.id_token.reveal(),
            nonce=session.nonce,
            code=callback.code.reveal(),
            state=session.state,
            max_age=session.max_age,
            acr_values=session.acr_values,
            now=now,
        )
        return (yield from self._keys.supply(verify, now))

    def _verified(
        self,
        session: AuthorizationSession,
        given: Secret | None,
        access_token: Secret | None,
        brought: IdToken | None,
        now: float | None,
    ) -> Steps[HttpRequest, IdToken]:
        if given is None:
            raise bad_member("token endpoint", "id_token", "there: this was a login, not only a grant of access", 200)
        verify = partial(
            self._verifier.verify,
            given.reveal(),
            nonce=session.nonce,
            access_token=None if access_token is None else access_token.reveal(),
            max_age=session.max_age,
            acr_values=session.acr_values,
            now=now,
        )
        id_token = yield from self._keys.supply(verify, now)
        if brought is not None and (brought.iss, brought.sub) != (id_token.iss, id_token.sub):
            message = "the ID tokens of callback and token endpoint are about different users"
            raise ProtocolError(message, reason=ProtocolReason.SUBJECT_MISMATCH, status=200)
        return id_token
