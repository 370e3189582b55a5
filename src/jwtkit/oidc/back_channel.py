"""Back-channel logout: a provider posts a logout token, and learns what came of it (Back-Channel Logout section 2).

Rules of this room:

- What is sent to whoever asked comes from a fixed table, never from the text of an exception.
- A token counts once: the store is asked after everything else, so that only genuine tokens fill it.
- Nothing that is asked raises, whoever asked it; only what the caller's own callables raise passes through.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Final, Literal

from jwtkit import _wire
from jwtkit._clock import resolve_now
from jwtkit.errors import KeyNotFoundError, ProtocolError, ProtocolReason, RejectedError, UsageError
from jwtkit.oauth.http import HttpRequest, HttpResponse, InboundRequest
from jwtkit.oauth.jwks_cache import JWKSCache
from jwtkit.oauth.steps import Consume, Steps, consume_once
from jwtkit.oauth.urls import parse_form
from jwtkit.oidc.logout_token import LogoutToken, LogoutTokenVerifier

__all__ = ["LogoutAccepted", "LogoutRefusal", "LogoutRefused", "back_channel_logout"]

LogoutRefusal = Literal["invalid_request", "invalid_token", "token_used", "keys_unavailable", "failed"]
_WHAT: Final = "back-channel logout"
# The codes are those of OAuth; the specification names none (section 2.8).
_ANSWERS: Final = MappingProxyType(
    {
        "invalid_request": ("invalid_request", "send one logout_token, in the form of a POST"),
        "invalid_token": ("invalid_request", "the logout token is expired, malformed, or not for this client"),
        "token_used": ("invalid_request", "the logout token was used before"),
        "keys_unavailable": ("temporarily_unavailable", "the keys of the provider could not be had"),
        "failed": ("server_error", "the sessions could not be ended"),
    }
)
_UNSTORED: Final = ("Cache-Control", "no-store")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutAccepted:
    """Sessions have to end, and then an answer is due.

    Attributes:
        token: says which, see `LogoutToken.ends`.
        response: what to answer when they have ended: 200.
        failure: what to answer where they could not be ended: 400.
    """

    token: LogoutToken
    response: HttpResponse
    failure: HttpResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRefused:
    """Nothing ends.

    Attributes:
        response: what to answer: 400, with an error that says no more than it must.
        reason: which case it is.
        error: why, for your log; never for whoever asked.
    """

    response: HttpResponse
    reason: LogoutRefusal
    error: RejectedError = field(repr=False)


def back_channel_logout(
    request: InboundRequest, verifier: LogoutTokenVerifier, *, now: float | None = None
) -> Steps[HttpRequest | Consume, LogoutAccepted | LogoutRefused]:
    """Decide about a request to the `backchannel_logout_uri`.

    Where the verifier's keys are a `JWKSCache`, they are asked for when there are none, or none fits, as for a login.

    Args:
        request: what came in. Untrusted.
        verifier: the policy for the logout tokens of this provider.
        now: seconds since the epoch; None reads the clock.

    Returns:
        Steps for `run` or `arun` with a `send` and a `consume`.

    Raises:
        UsageError: an argument is of the wrong type.
        Exception: from the steps; whatever your `send` or `consume` raised. Answer as after a failure of your own.

    Spec: OpenID Connect Back-Channel Logout sections 2.5 to 2.8.
    """
    if not isinstance(request, InboundRequest):
        raise UsageError(f"request must be an InboundRequest, got {type(request).__name__}")
    if not isinstance(verifier, LogoutTokenVerifier):
        raise UsageError(f"verifier must be a LogoutTokenVerifier, got {type(verifier).__name__}")
    resolve_now(now)
    return _steps(request, verifier, now)


def _steps(
    request: InboundRequest, verifier: LogoutTokenVerifier, now: float | None
) -> Steps[HttpRequest | Consume, LogoutAccepted | LogoutRefused]:
    try:
        compact = _logout_token(request)
    except RejectedError as error:
        return _refused("invalid_request", error)
    verify = partial(verifier.verify, compact, now=now)
    try:
        cache = verifier.keys
        token = (yield from cache.supply(verify, now=now)) if isinstance(cache, JWKSCache) else verify()
    except RejectedError as error:
        # Only the key server can cause the first, and the second where it could not be asked for the key that is
        # wanted: nothing is known about the token then.
        unknown = isinstance(error, ProtocolError) or (isinstance(error, KeyNotFoundError) and error.__cause__)
        return _refused("keys_unavailable" if unknown else "invalid_token", error)
    if not (yield from consume_once(token.consumption())):
        message = f"{_WHAT}: the logout token was used before"
        return _refused("token_used", ProtocolError(message, reason=ProtocolReason.SESSION_USED))
    done = HttpResponse(status=200, headers=(_UNSTORED,))
    return LogoutAccepted(token=token, response=done, failure=_answer("failed"))


def _logout_token(request: InboundRequest) -> str:
    """Read the one parameter that counts; others may be there (section 2.5)."""
    if not request.is_form:
        raise ProtocolError(f"{_WHAT}: it is no form that was posted", reason=ProtocolReason.WRONG_ENDPOINT)
    compact = parse_form(request.body, _WHAT).get("logout_token")
    if compact is None:
        raise ProtocolError(f"{_WHAT}: there is no logout_token", reason=ProtocolReason.MISSING_PARAMETER)
    return compact


def _answer(reason: LogoutRefusal) -> HttpResponse:
    error, description = _ANSWERS[reason]
    body = _wire.serialize({"error": error, "error_description": description}, _WHAT)
    return HttpResponse(status=400, headers=(("Content-Type", "application/json"), _UNSTORED), body=body)


def _refused(reason: LogoutRefusal, error: RejectedError) -> LogoutRefused:
    return LogoutRefused(response=_answer(reason), reason=reason, error=error)
