"""UserInfo: what the provider says about the user to who holds their access token (OpenID Connect Core section 5.3).

Rules of this room:

- UserInfo is about somebody; only the comparison with the ID token says that it is about the user who logged in, so
  that comparison is no option (section 5.3.2).
- Claims are kept as they came. Those that stand elsewhere (`_claim_sources`, section 5.6.2) are neither fetched nor
  trusted.
- The access token travels in the Authorization header, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final, final

from jwtkit import _wire
from jwtkit._frozen import Frozen
from jwtkit._proof import Proof
from jwtkit.crypto.algorithms import SignatureAlgorithm
from jwtkit.errors import (
    MalformedError,
    Mismatch,
    ProtocolError,
    ProtocolReason,
    RejectedError,
    UsageError,
    quote,
    shown_names,
)
from jwtkit.jose.select import Keys
from jwtkit.jwt.claims import Claims
from jwtkit.jwt.decryption import Decryption, NestedTokens
from jwtkit.jwt.policy import UNCHECKED, refuse
from jwtkit.jwt.verifier import TokenVerifier
from jwtkit.limits import DEFAULT_LIMITS
from jwtkit.oauth.authentication_scheme import Challenge, parse_challenges
from jwtkit.oauth.client.api_request import authorize_request, with_access_token
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.token_endpoint import oauth_error
from jwtkit.oauth.client.token_set import TokenSet
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import (
    MAX_BYTES,
    bad_member,
    expect_response,
    json_object,
    media_type,
    unusable,
)
from jwtkit.oauth.steps import Steps
from jwtkit.oidc.id_token import IdToken
from jwtkit.oidc.login_record import LoginRecord, check_client
from jwtkit.oidc.provider_keys import ProviderKeys

__all__ = ["UserInfo", "UserInfoVerifier", "parse_userinfo_response", "userinfo", "userinfo_request"]

_WHAT: Final = "UserInfo endpoint"
_JWT: Final = "application/jwt"
_CERTIFICATE_METHODS: Final = ("tls_client_auth", "self_signed_tls_client_auth")


@final
class UserInfo(Proof, Frozen):
    """Claims about the user who logged in. Get one from `userinfo` or `parse_userinfo_response`.

    Attributes:
        claims: what the provider said, read-only and as it came: some providers write "true" for true.
    """

    __slots__ = ("claims",)

    _origin = "userinfo(...) or parse_userinfo_response(...)"
    claims: Mapping[str, Any]

    @property
    def sub(self) -> str:
        """The user, the same as in the ID token."""
        sub: str = self.claims["sub"]
        return sub

    def __repr__(self) -> str:
        return f"UserInfo({shown_names(self.claims)})"


class UserInfoVerifier(Frozen):
    """Checks UserInfo that is signed, for a client that registered a `userinfo_signed_response_alg`.

    Args:
        issuer: the provider.
        client_id: this client.
        keys: the provider's key set.
        algorithms: the algorithm registered for this client.
        decryption: keys and algorithms, where encryption was registered too; then UserInfo that is only signed is
            refused.
        leeway: seconds or a timedelta for clocks that differ; as for `TokenVerifier`.

    Raises:
        UsageError: an argument could never accept anything.

    Spec: OpenID Connect Core section 5.3.2.
    """

    __slots__ = ("_client_id", "_issuer", "_verifier")

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        keys: Keys,
        algorithms: Iterable[SignatureAlgorithm] = ("RS256",),
        decryption: Decryption | None = None,
        leeway: float | timedelta | None = None,
    ) -> None:
        for name, value in (("issuer", issuer), ("client_id", client_id)):
            if not isinstance(value, str) or not value:
                raise UsageError(f"{name} must be a non-empty str")
        self._issuer: Final = issuer
        self._client_id: Final = client_id
        # Many providers leave out iss, aud and exp, which the connection vouches for; what is there is checked.
        self._verifier: Final = TokenVerifier(
            keys=keys,
            algorithms=algorithms,
            issuer=UNCHECKED,
            audience=UNCHECKED,
            allow_missing_exp=True,
            decryption=decryption,
            leeway=leeway,
        )

    def verify(self, compact: str, *, now: float | None = None) -> Claims:
        """Check signed UserInfo, and give its claims; whom they are about is not looked at.

        Args:
            compact: the body of the response. Untrusted.
            now: seconds since the epoch; None reads the clock.

        Raises:
            RejectedError: as `TokenVerifier.verify`.
        """
        claims = self._verifier.verify(compact, now=now).claims
        mismatches: list[Mismatch] = []
        if claims.iss is not None and claims.iss != self._issuer:
            message = f"UserInfo is from {quote(claims.iss)}, not from {quote(self._issuer)}"
            mismatches.append(Mismatch("iss", "not_accepted", message, expected=self._issuer, actual=claims.iss))
        if "aud" in claims and self._client_id not in claims.aud:
            message = f"UserInfo is not for this client {quote(self._client_id)}"
            mismatches.append(Mismatch("aud", "not_accepted", message, expected=self._client_id, actual=claims.aud))
        if mismatches:
            raise refuse(mismatches)
        return claims


def userinfo_request(client: Client, tokens: TokenSet, *, now: float | None = None) -> HttpRequest:
    """Make the request for UserInfo, with a DPoP proof where the access token is bound to the client's key.

    Args:
        client: the client.
        tokens: with the access token of a login.
        now: seconds since the epoch, for the proof; None reads the clock.

    Raises:
        UsageError: the server has no such endpoint, or the access token is bound to a key, and the client has none.

    Spec: OpenID Connect Core section 5.3.1, RFC 6750 section 2.1, RFC 9449 section 7.1.
    """
    return with_access_token(_request(client), tokens, dpop=client.dpop, now=now)


def parse_userinfo_response(
    response: HttpResponse,
    *,
    id_token: IdToken | LoginRecord,
    verifier: UserInfoVerifier | None = None,
    decryption: Decryption | None = None,
    now: float | None = None,
) -> UserInfo:
    """Read the answer to `userinfo_request`.

    Args:
        response: what came. Untrusted.
        id_token: the ID token of the login, or its record.
        verifier: for signed UserInfo; with it, what is not signed is refused.
        decryption: for UserInfo that is encrypted and not signed; with it, what is not encrypted is refused.
        now: seconds since the epoch; None reads the clock.

    Raises:
        OAuthError: the provider said no, for example `invalid_token`.
        ProtocolError: `.reason` and `.status` tell what was wrong; `subject_mismatch` is about another user.
        RejectedError: what was signed or encrypted is refused, as by `TokenVerifier.verify`.
        UsageError: an argument is of the wrong type.

    Spec: OpenID Connect Core sections 5.3.2 to 5.3.4.
    """
    if not isinstance(id_token, (IdToken, LoginRecord)):
        raise UsageError(f"id_token must be an IdToken or a LoginRecord, got {type(id_token).__name__}")
    if verifier is not None and not isinstance(verifier, UserInfoVerifier):
        raise UsageError(f"verifier must be UserInfoVerifier(...), got {type(verifier).__name__}")
    if verifier is not None and decryption is not None:
        raise UsageError("signed UserInfo is decrypted by its verifier: pass decryption= there")
    nested = None if decryption is None else NestedTokens(decryption, DEFAULT_LIMITS)
    if expect_response(response, _WHAT).status != 200:
        raise _refusal(response)
    if verifier is not None:
        claims: Mapping[str, Any] = verifier.verify(_compact(response, "signed"), now=now)
    elif nested is not None:
        plaintext = nested.decrypt(_compact(response, "encrypted")).plaintext
        limits = DEFAULT_LIMITS
        claims = _wire.freeze(
            _wire.parse_object(plaintext, "UserInfo", depth=limits.claims_depth, int_limit=limits.claims_int_limit)
        )
    elif media_type(response) == _JWT:
        message = f"{_WHAT} answered with a JWT: pass signed=True (here: verifier=) or decryption=, as registered"
        raise unusable(response, message, ProtocolReason.UNSUPPORTED)
    else:
        claims = _wire.freeze(json_object(response, _WHAT))
    return _about(claims, id_token.sub)


def userinfo(
    client: Client,
    tokens: TokenSet,
    *,
    id_token: IdToken | LoginRecord,
    signed: bool = False,
    algorithms: Iterable[SignatureAlgorithm] | None = None,
    keys: Keys | None = None,
    decryption: Decryption | None = None,
    leeway: float | timedelta | None = None,
    now: float | None = None,
) -> Steps[HttpRequest, UserInfo]:
    """Ask for UserInfo.

    Args:
        client: the client.
        tokens: with the access token of a login.
        id_token: the ID token of that login, or its record.
        signed: whether this client registered signed UserInfo; then what is not signed is refused.
        algorithms: the algorithm registered for it; RS256 unless given.
        keys: the provider's keys, or a `JWKSCache`, for example `LoginFlow.keys`; left out, they are asked for at its
            `jwks_uri` each time.
        decryption: keys and algorithms, where encryption was registered; then what is not encrypted is refused.
        leeway: seconds or a timedelta for clocks that differ.
        now: seconds since the epoch; None reads the clock.

    Raises:
        OAuthError: from the steps; the provider said no, for example `invalid_token`.
        ProtocolError: from the steps; the answer cannot be used, or is about another user.
        RejectedError: from the steps; what was signed or encrypted is refused.
        UsageError: at the call; an argument is of the wrong form, or the server has no such endpoint.

    Spec: OpenID Connect Core section 5.3.
    """
    asked = authorize_request(_request(client), tokens, dpop=client.dpop, now=now)
    if not isinstance(id_token, (IdToken, LoginRecord)):
        raise UsageError(f"id_token must be an IdToken or a LoginRecord, got {type(id_token).__name__}")
    record = id_token.record if isinstance(id_token, IdToken) else id_token
    check_client(record, client.client_id)
    parse = partial(parse_userinfo_response, id_token=id_token, now=now)
    if not signed:
        if not (algorithms is None and keys is None and leeway is None):
            raise UsageError("algorithms, keys and leeway are for signed UserInfo: pass signed=True with them")

        def plain() -> Steps[HttpRequest, UserInfo]:
            return parse(client.corrected((yield from asked)), decryption=decryption)

        return plain()
    chosen = ("RS256",) if algorithms is None else algorithms
    supported = client.server.userinfo_signing_alg_values_supported
    provider = ProviderKeys(client, chosen, keys, supported)
    verifier = UserInfoVerifier(
        # That of the ID token, which a provider may write in another way than in its metadata.
        issuer=record.iss,
        client_id=client.client_id,
        keys=provider.keys,
        algorithms=provider.algorithms,
        decryption=decryption,
        leeway=leeway,
    )

    def steps() -> Steps[HttpRequest, UserInfo]:
        response = client.corrected((yield from asked))
        return (yield from provider.supply(partial(parse, response, verifier=verifier), now))

    return steps()


def _request(client: Client) -> HttpRequest:
    if not isinstance(client, Client):
        raise UsageError(f"client must be Client(...), got {type(client).__name__}")
    mtls = client.auth.method in _CERTIFICATE_METHODS
    return HttpRequest(
        method="GET",
        url=client.server.endpoint("userinfo_endpoint", mtls=mtls),
        headers=(("Accept", f"application/json, {_JWT}"),),
        max_bytes=MAX_BYTES,
        mtls=mtls,
    )


def _compact(response: HttpResponse, how: str) -> str:
    """Give the text of a response that has to be a JWT."""
    if media_type(response) != _JWT:
        message = f"{_WHAT} answered with something that is not {how}, as registered for this client"
        raise unusable(response, message, ProtocolReason.UNSUPPORTED)
    try:
        return response.body.decode("ascii")
    except UnicodeDecodeError:
        raise MalformedError(f"{_WHAT} answered with {_JWT} that is no token") from None


def _about(claims: Mapping[str, Any], sub: str) -> UserInfo:
    """Make the value, for claims that are about the user of the ID token (Core section 5.3.2)."""
    named = claims.get("sub")
    if not isinstance(named, str) or not named:
        raise bad_member(_WHAT, "sub", "a non-empty string", 200)
    if named != sub:
        message = f"{_WHAT} answered about another user than the one who logged in: do not use it"
        raise ProtocolError(message, reason=ProtocolReason.SUBJECT_MISMATCH, status=200)
    made = object.__new__(UserInfo)
    made.claims = claims
    return made


def _refusal(response: HttpResponse) -> RejectedError:
    """Make the error for an answer with another status: what its challenge says, or its body (RFC 6750 section 3)."""
    for challenge in _challenges(response):
        if "error" in challenge.parameters and (challenge.has_scheme("Bearer") or challenge.has_scheme("DPoP")):
            return oauth_error(dict(challenge.parameters), _WHAT, response)
    message = f"{_WHAT}: expected status 200, got {response.status}"
    failure = unusable(response, message, ProtocolReason.UNEXPECTED_STATUS)
    if response.status >= 500:
        return failure
    try:
        members = json_object(response, _WHAT)
    except ProtocolError:
        return failure
    return failure if members.get("error") is None else oauth_error(members, _WHAT, response)


def _challenges(response: HttpResponse) -> tuple[Challenge, ...]:
    try:
        return parse_challenges(response.header_values("www-authenticate"))
    except MalformedError:
        return ()  # the status says enough, and the body may say more
