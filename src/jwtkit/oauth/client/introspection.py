"""Introspection: asking the server what it knows about a token (RFC 7662), in a signed answer too (RFC 9701).

Rules of this room:

- Who asked for a signed answer takes no other one: otherwise who can alter an answer could leave the signature out.
- A signed answer is about a token and is none: it has a type of its own, so that neither passes for the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, cast

from jwtkit import _wire
from jwtkit._clock import is_finite
from jwtkit._frozen import Frozen
from jwtkit.crypto.algorithms import SignatureAlgorithm
from jwtkit.errors import MalformedError, ProtocolReason, UsageError
from jwtkit.jose.select import Keys
from jwtkit.jwt.decryption import Decryption
from jwtkit.jwt.token import Token
from jwtkit.jwt.verifier import TokenVerifier
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.token_endpoint import ask_endpoint, endpoint_request, form_fields, read_answer, token_text
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import bad_member, expect_response, media_type, optional_text, unusable
from jwtkit.oauth.jwks_cache import JWKSCache
from jwtkit.oauth.scope import is_scope, split_scope
from jwtkit.oauth.secret import Secret
from jwtkit.oauth.steps import Steps

__all__ = [
    "Introspection",
    "IntrospectionVerifier",
    "introspect",
    "introspection_request",
    "parse_introspection_response",
]

_WHAT: Final = "introspection endpoint"
_TYP: Final = "token-introspection+jwt"
_JWT: Final = f"application/{_TYP}"
_CLAIM: Final = "token_introspection"
_TEXTS: Final = ("scope", "client_id", "username", "token_type", "sub", "iss", "jti")
_DATES: Final = ("exp", "iat", "nbf")
_KNOWN: Final = frozenset(("active", "aud", *_TEXTS, *_DATES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspection:
    """What the server knows about a token. Everything but `active` is as absent as the server left it.

    Attributes:
        active: whether the token counts now; where it does not, nothing else is known.
        scope: what it is good for.
        client_id: the client it was given to.
        username: a name of the user for people to read.
        token_type: how it is presented, such as "Bearer".
        exp: when it ends, in seconds since the epoch.
        iat: when it was issued.
        nbf: when it begins to count.
        sub: whom it is about.
        aud: for whom it is.
        iss: who issued it.
        jti: its identifier.
        extra: every other member, read-only.

    Spec: RFC 7662 section 2.2.
    """

    active: bool
    scope: tuple[str, ...] = ()
    client_id: str | None = None
    username: str | None = None
    token_type: str | None = None
    exp: float | None = None
    iat: float | None = None
    nbf: float | None = None
    sub: str | None = None
    aud: tuple[str, ...] = ()
    iss: str | None = None
    jti: str | None = None
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)


class IntrospectionVerifier(Frozen):
    """Checks signed answers, for an API that registered an `introspection_signed_response_alg`.

    Args:
        issuer: the server.
        audience: whom it answers: the `client_id` of the API there, or its identifier as a resource.
        keys: the server's keys.
        algorithms: the algorithm registered for this API.
        decryption: keys and algorithms, where encryption was registered too; then an answer that is only signed is
            refused.
        leeway: seconds or a timedelta for clocks that differ; as for `TokenVerifier`.

    Attributes:
        keys: the keys it was given.

    Raises:
        UsageError: an argument could never accept anything.

    Spec: RFC 9701 section 5.
    """

    __slots__ = ("_verifier", "keys")

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        keys: Keys,
        algorithms: Iterable[SignatureAlgorithm] = ("RS256",),
        decryption: Decryption | None = None,
        leeway: float | timedelta | None = None,
    ) -> None:
        for name, value in (("issuer", issuer), ("audience", audience)):
            if not isinstance(value, str) or not value:
                raise UsageError(f"{name} must be a non-empty str")
        self.keys: Final = keys
        self._verifier: Final = TokenVerifier(
            keys=keys,
            algorithms=algorithms,
            issuer=issuer,
            audience=audience,
            typ=_TYP,
            required=("iat",),
            # What ends is the token that is asked about; the answer should not look like one (RFC 9701 section 5).
            allow_missing_exp=True,
            decryption=decryption,
            leeway=leeway,
        )

    def verify(self, compact: str, *, now: float | None = None) -> Introspection:
        """Check a signed answer, and give what it says.

        Args:
            compact: the body of the response. Untrusted.
            now: seconds since the epoch; None reads the clock.

        Raises:
            ProtocolError: it is authentic, but says nothing about a token, or a member is of the wrong type.
            RejectedError: as `TokenVerifier.verify`.
        """
        said = self._verifier.verify(compact, now=now).claims.get(_CLAIM)
        if not isinstance(said, Mapping):
            raise bad_member(_WHAT, _CLAIM, "an object (RFC 9701 section 5)", 200)
        return _introspection(_wire.thaw(said, _CLAIM), 200)


def introspection_request(
    client: Client,
    token: Secret | Token,
    *,
    token_type_hint: str | None = None,
    signed: bool = False,
    now: float | None = None,
) -> HttpRequest:
    """Make the request that asks about a token.

    Args:
        client: who asks: usually the API itself, which is registered with credentials of its own.
        token: what it was shown.
        token_type_hint: "access_token" or "refresh_token", which may spare the server a search.
        signed: ask for a signed answer.
        now: seconds since the epoch; None reads the clock.

    Raises:
        UsageError: an argument is of the wrong form, or the server has no such endpoint.

    Spec: RFC 7662 section 2.1, RFC 9701 section 4.
    """
    fields = form_fields([("token", token_text(token, "token")), ("token_type_hint", token_type_hint)])
    request = endpoint_request(client, "introspection_endpoint", fields, now=now)
    if not signed:
        return request
    return replace(
        request, headers=tuple((name, _JWT if name == "Accept" else value) for name, value in request.headers)
    )


def parse_introspection_response(
    response: HttpResponse, *, verifier: IntrospectionVerifier | None = None, now: float | None = None
) -> Introspection:
    """Read the answer to `introspection_request`.

    An API has to look at `aud`, and at `exp` if it keeps the answer, as with any other token.

    Args:
        response: what came. Untrusted.
        verifier: for a signed answer; with it, one that is not signed is refused.
        now: seconds since the epoch; None reads the clock.

    Raises:
        OAuthError: the server does not answer this client, for example `invalid_client`.
        ProtocolError: `.reason` and `.status` tell what was wrong with the answer.
        RejectedError: a signed answer is refused, as by `TokenVerifier.verify`.
        UsageError: an argument is of the wrong type.

    Spec: RFC 7662 sections 2.2 and 2.3, RFC 9701 section 5.
    """
    if verifier is not None:
        if not isinstance(verifier, IntrospectionVerifier):
            raise UsageError(f"verifier must be IntrospectionVerifier(...), got {type(verifier).__name__}")
        if expect_response(response, _WHAT).status == 200:
            return verifier.verify(_compact(response), now=now)
    # A server may tell anything about a token, an `error` too: only the status tells that there is no answer.
    members = read_answer(response, _WHAT, error_with_200=False)
    return _introspection(members, response.status)


def introspect(
    client: Client,
    token: Secret | Token,
    *,
    token_type_hint: str | None = None,
    verifier: IntrospectionVerifier | None = None,
    now: float | None = None,
) -> Steps[HttpRequest, Introspection]:
    """Ask about a token; the arguments are those of `introspection_request`.

    Args:
        client: who asks.
        token: what it was shown.
        token_type_hint: as for `introspection_request`.
        verifier: asks for a signed answer, and takes no other one. Where its keys are a `JWKSCache`, that is supplied.
        now: seconds since the epoch; None reads the clock.

    Raises:
        UsageError: at the call; as `introspection_request`.
        OAuthError: from the steps; the server does not answer this client.
        ProtocolError: from the steps; the answer cannot be used, or the server's keys cannot be had.
        RejectedError: from the steps; a signed answer is refused.
    """
    if verifier is not None and not isinstance(verifier, IntrospectionVerifier):
        raise UsageError(f"verifier must be IntrospectionVerifier(...), got {type(verifier).__name__}")
    signed = verifier is not None
    request = introspection_request(client, token, token_type_hint=token_type_hint, signed=signed, now=now)

    def steps() -> Steps[HttpRequest, Introspection]:
        response = yield from ask_endpoint(client, request, now)
        keys = None if verifier is None else verifier.keys
        if isinstance(keys, JWKSCache):
            return (
                yield from keys.supply(
                    lambda: parse_introspection_response(response, verifier=verifier, now=now), now=now
                )
            )
        return parse_introspection_response(response, verifier=verifier, now=now)

    return steps()


def _compact(response: HttpResponse) -> str:
    if media_type(response) != _JWT:
        message = f"{_WHAT} answered with something that is not signed: is a signed answer registered for this client?"
        raise unusable(response, message, ProtocolReason.UNSUPPORTED)
    try:
        return response.body.decode("ascii")
    except UnicodeDecodeError:
        raise MalformedError(f"{_WHAT} answered with {_JWT} that is no token") from None


def _introspection(members: dict[str, Any], status: int) -> Introspection:
    """Make the value of the members (RFC 7662 section 2.2)."""
    active = members.get("active")
    if not isinstance(active, bool):
        raise bad_member(_WHAT, "active", "true or false", status)
    if not active:
        # What came beside it is about a token that does not count, and could be taken for one that does.
        return Introspection(active=False)
    texts = {name: optional_text(members, name, _WHAT, status) for name in _TEXTS}
    dates = {name: _date(members, name) for name in _DATES}
    if not is_scope(texts["scope"] or ""):
        raise bad_member(_WHAT, "scope", "a list of scopes with spaces between", status)
    return Introspection(
        active=True,
        scope=split_scope(texts["scope"]),
        client_id=texts["client_id"],
        username=texts["username"],
        token_type=texts["token_type"],
        exp=dates["exp"],
        iat=dates["iat"],
        nbf=dates["nbf"],
        sub=texts["sub"],
        aud=_audience(members.get("aud")),
        iss=texts["iss"],
        jti=texts["jti"],
        extra=_wire.freeze({name: value for name, value in members.items() if name not in _KNOWN}),
    )


def _audience(value: object) -> tuple[str, ...]:
    values = cast("list[object]", value) if isinstance(value, list) else [] if value is None else [value]
    texts = tuple(item for item in values if isinstance(item, str))
    if len(texts) != len(values):
        raise bad_member(_WHAT, "aud", "a string or an array of strings", 200)
    return texts


def _date(members: dict[str, Any], name: str) -> float | None:
    value = members.get(name)
    if value is not None and not is_finite(value):
        raise bad_member(_WHAT, name, "a number of seconds since the epoch", 200)
    return value
