"""ProtectedResource: decides whether a request may pass (RFC 6750, RFC 9068 section 4).

Rules of this room:

- One request carries one token, in the Authorization header; never in the query (RFC 9700 section 4.3.2).
- What is sent to the caller of the API comes from a fixed table, never from the text of an exception.
- Granted comes from `ProtectedResource.check` only: possession is proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, final

from jwtkit._frozen import Frozen
from jwtkit._proof import Proof
from jwtkit.errors import MalformedError, Mismatch, NotAllowedError, RejectedError, UsageError, quote
from jwtkit.jose.header import is_media_type
from jwtkit.jwt.claims import Claims
from jwtkit.jwt.policy import refuse
from jwtkit.jwt.token import Token
from jwtkit.jwt.verifier import TokenVerifier
from jwtkit.oauth.http import HttpRequest, HttpResponse, InboundRequest
from jwtkit.oauth.resource.challenge import bearer_challenge
from jwtkit.oauth.scope import check_scope, split_scope
from jwtkit.oauth.steps import Steps
from jwtkit.oauth.urls import parse_form

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    C_co = TypeVar("C_co", bound=Claims, default=Claims, covariant=True)
else:
    from typing import TypeVar

    C_co = TypeVar("C_co", bound=Claims, covariant=True)

__all__ = ["Granted", "ProtectedResource", "Refused"]

Refusal = Literal["no_token", "invalid_request", "invalid_token", "insufficient_scope"]
_STATUS: Final = {"no_token": 401, "invalid_request": 400, "invalid_token": 401, "insufficient_scope": 403}
_DESCRIPTION: Final = {
    "invalid_request": "send one token, in one Authorization header, as: Bearer TOKEN",
    "invalid_token": "the access token is expired, malformed, or not for this API",
    "insufficient_scope": "the access token lacks a scope that this request needs",
}
_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9\-._~+/]+=*)", re.IGNORECASE)
_BOUND: Final = "the token is bound to a key (cnf), and the proof of that key cannot be checked here yet"
# RFC 9068 section 2.2 requires these of every token that calls itself at+jwt.
_ACCESS_TOKEN_CLAIMS: Final = ("iss", "exp", "aud", "sub", "client_id", "iat", "jti")


@final
class Granted(Proof, Frozen, Generic[C_co]):
    """The request may pass. Get one from `ProtectedResource.check`.

    Attributes:
        token: the verified access token.
        scopes: what it grants.
        client_id: the client it was issued to, or None where it does not say.
        sub: whom it stands for, or None where it does not say.
    """

    __slots__ = ("client_id", "scopes", "sub", "token")

    _origin = "ProtectedResource.check(...)"
    token: Token[C_co]
    scopes: frozenset[str]
    client_id: str | None
    sub: str | None

    def __repr__(self) -> str:
        return f"Granted(sub={self.sub!r}, client_id={self.client_id!r}, scopes={sorted(self.scopes)!r})"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The request may not pass.

    Attributes:
        response: what to answer, with the right status and WWW-Authenticate.
        reason: "no_token", "invalid_request", "invalid_token" or "insufficient_scope".
        error: why, for your log; never for the caller. None where there was no token at all.
    """

    response: HttpResponse
    reason: Refusal
    error: RejectedError | None = field(default=None, repr=False)


class ProtectedResource(Frozen, Generic[C_co]):
    """An API, or a part of one, that demands access tokens.

    A token whose `typ` is "at+jwt" must have `sub`, `client_id`, `iat` and `jti` too (RFC 9068 section 2.2). It takes
    bearer tokens only: one that is bound to a key or to a certificate (`cnf`) is refused, because its proof is
    not checked here yet.

    Args:
        resource: the API's identifier, which tokens name as their audience (RFC 8707).
        verifier: the policy for its tokens.
        realm: a name for the protected space, shown in challenges.

    Raises:
        UsageError: the verifier does not accept `resource` as audience, or does not check audiences.

    Spec: RFC 6750, RFC 9068 section 4, RFC 9449 section 7.2.
    """

    __slots__ = ("_realm", "_verifier", "resource")

    def __init__(self, *, resource: str, verifier: TokenVerifier[C_co], realm: str | None = None) -> None:
        if not isinstance(resource, str) or not isinstance(verifier, TokenVerifier):
            raise UsageError("resource must be a str, verifier a TokenVerifier")
        if not verifier.accepts_audience(resource):
            raise UsageError(
                f"the verifier does not accept tokens for {resource!r}: build it with audience={resource!r}"
            )
        self._realm: Final = () if realm is None else (("realm", realm),)
        bearer_challenge(self._realm)
        self.resource: Final = resource
        self._verifier: Final = verifier

    def check(
        self, request: InboundRequest, *, scope: Iterable[str] = (), now: float | None = None
    ) -> Steps[HttpRequest, Granted[C_co] | Refused]:
        """Decide about a request.

        Args:
            request: what came in. Untrusted.
            scope: scopes that the token must all grant.
            now: seconds since the epoch; None reads the clock.

        Returns:
            Steps for `run` or `arun`, which give `Granted` or `Refused`, and never raise for what a caller sent.

        Spec: RFC 6750 sections 2 and 3.1.
        """
        if not isinstance(request, InboundRequest):
            raise UsageError(f"request must be an InboundRequest, got {type(request).__name__}")
        needed = check_scope(scope)

        def steps() -> Steps[HttpRequest, Granted[C_co] | Refused]:
            yield from ()  # nothing to ask yet: a token checked at its issuer will
            return self._decide(request, needed, now)

        return steps()

    def _decide(self, request: InboundRequest, needed: tuple[str, ...], now: float | None) -> Granted[C_co] | Refused:
        values = request.header_values("authorization")
        if _token_in_query(request.url) or len(values) > 1:
            where = "in the query" if len(values) <= 1 else "in several Authorization headers"
            return self._refused("invalid_request", error=MalformedError(f"there is a token {where}"))
        if not values or values[0].partition(" ")[0].lower() != "bearer":
            return self._refused("no_token")
        match = _BEARER.fullmatch(values[0])
        if match is None:
            return self._refused("invalid_request", error=MalformedError("the header is not: Bearer TOKEN"))
        try:
            token = self._verifier.verify(match[1], now=now)
        except RejectedError as error:
            return self._refused("invalid_token", error=error)
        claims: Claims = token.claims
        missing = [name for name in _ACCESS_TOKEN_CLAIMS if name not in claims]
        if missing and is_media_type(token.header.typ or "", "at+jwt"):
            return self._refused("invalid_token", error=refuse([_missing(name) for name in missing]))
        if "cnf" in claims:
            # Whoever stole it could show it as a bearer token, which the binding is there to prevent.
            return self._refused("invalid_token", error=NotAllowedError(_BOUND))
        scopes = frozenset(split_scope(claims.scope))
        if not scopes.issuperset(needed):
            has, wanted = " ".join(sorted(scopes)), " ".join(needed)
            message = f"the token grants the scopes {quote(has)}, and this request needs {quote(wanted)}"
            return self._refused("insufficient_scope", (("scope", wanted),), NotAllowedError(message))
        return _grant(token, scopes)

    def _refused(
        self, reason: Refusal, parameters: tuple[tuple[str, str], ...] = (), error: RejectedError | None = None
    ) -> Refused:
        described: tuple[tuple[str, str], ...] = ()
        if reason != "no_token":
            # Who sends no token at all is told nothing but the scheme (RFC 6750 section 3.1).
            described = (("error", reason), ("error_description", _DESCRIPTION[reason]), *parameters)
        challenge = bearer_challenge((*self._realm, *described))
        headers = (("WWW-Authenticate", challenge), ("Cache-Control", "no-store"))
        return Refused(response=HttpResponse(status=_STATUS[reason], headers=headers), reason=reason, error=error)


def _missing(name: str) -> Mismatch:
    return Mismatch(name, "missing", f"token has no {name}, which at+jwt requires (RFC 9068 section 2.2)")


def _token_in_query(url: str) -> bool:
    try:
        return "access_token" in parse_form(url.partition("?")[2], "query")
    except RejectedError:
        return "access_token" in url  # a query that no form parser reads is refused where it could hide a token


def _grant(token: Token[C_co], scopes: frozenset[str]) -> Granted[C_co]:
    claims: Claims = token.claims
    granted: Granted[Any] = object.__new__(Granted)
    granted.token = token
    granted.scopes = scopes
    granted.client_id = claims.client_id
    granted.sub = claims.sub
    return granted
