"""Stepping up: what to ask for anew when an API wants more than a token brings, and whom to ask (RFC 9470, RFC 9728).

Rules of this room:

- What is asked for grows: scopes that were asked for before stay, so that one API does not take from another.
- It ends: an API that is never content is given up after a few attempts, or users would log in without end.
- A challenge is a peer's. It may name what to ask for, never whom: the program chooses the authorization server.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from jwtkit.errors import ProtocolError, ProtocolReason, UsageError, quote
from jwtkit.jwt.verifier import TokenVerifier
from jwtkit.oauth.authentication_scheme import Challenge, parse_challenges
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.oauth_challenge import OAuthChallenge, parse_oauth_challenge
from jwtkit.oauth.resource_metadata import ProtectedResourceMetadata, discover_resource
from jwtkit.oauth.scope import check_scope
from jwtkit.oauth.steps import Steps

__all__ = ["StepUp", "discover_from_challenge", "step_up"]

_AUTHENTICATION: Final = "insufficient_user_authentication"
_SCOPE: Final = "insufficient_scope"
_ERRORS: Final = {(401, _AUTHENTICATION), (403, _SCOPE)}
# It goes into a URL.
_LONGEST: Final = 2000
_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUp:
    """What to ask the user and the server for, so that an API lets a call pass.

    Attributes:
        acr_values: classes of authentication, the best first; empty where the API did not say.
        max_age: seconds that may have passed since the user authenticated, or None where the API did not say.
        scope: all that was asked for, and what the API wants beside it.
        attempt: how many times this call led here, with this one; keep it until the call is tried again.
    """

    acr_values: tuple[str, ...] = ()
    max_age: int | None = None
    scope: tuple[str, ...] = ()
    attempt: int = 1


def step_up(
    response: HttpResponse, *, scope: Iterable[str] = (), attempts: int = 0, max_attempts: int = _ATTEMPTS
) -> StepUp | None:
    """Read what an API wants, from its refusal; None where no other login would help.

    Start a new authorization request with what it gives, for the same user, and call the API again with the new token.

    Args:
        response: the API's answer. Untrusted.
        scope: what was asked for so far.
        attempts: how often this call of the API was refused like this already: the `attempt` of the last one.
        max_attempts: how often at most.

    Raises:
        MalformedError: none of its challenges can be read.
        ProtocolError: it was refused too often (`unsupported`), or does not say what it wants (`missing_parameter`), or
            wants too much (`too_large`).
        UsageError: an argument is of the wrong type.

    Example:
        >>> refusal = 'Bearer error="insufficient_scope", scope="files:write"'
        >>> answer = HttpResponse(status=403, headers=(("WWW-Authenticate", refusal),))
        >>> step_up(answer, scope=["files:read"])
        StepUp(acr_values=(), max_age=None, scope=('files:read', 'files:write'), attempt=1)

    Spec: RFC 9470 sections 3 and 4, RFC 6750 section 3.1.
    """
    if not isinstance(response, HttpResponse):
        raise UsageError(f"response must be an HttpResponse, got {type(response).__name__}")
    asked = check_scope(scope)
    for count in (attempts, max_attempts):
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise UsageError("attempts and max_attempts are numbers of attempts")
    if response.status not in (401, 403):
        return None
    wanted = next((said for said in _said(response) if (response.status, said.error) in _ERRORS), None)
    if wanted is None:
        return None
    if attempts >= max_attempts:
        message = f"the API refused with {quote(wanted.error)} again, after {attempts} attempts: no login helps there"
        raise ProtocolError(message, reason=ProtocolReason.UNSUPPORTED, status=response.status)
    return _step_up(wanted, asked, attempts + 1, response.status)


def discover_from_challenge(
    challenge: HttpResponse | Iterable[Challenge],
    requested_url: str,
    *,
    allow_http_loopback: bool = False,
    signed_metadata_verifier: TokenVerifier | None = None,
    now: float | None = None,
) -> Steps[HttpRequest, ProtectedResourceMetadata]:
    """Ask an API for its metadata, where its challenge says that it is.

    Where no challenge names a document, it is asked for at the well-known place of `requested_url`. Which of the
    authorization servers in it is used, the program decides: `choose_authorization_server`.

    Args:
        challenge: the API's answer, or the challenges in it. Untrusted.
        requested_url: what was requested, without query; the document must be about exactly that.
        allow_http_loopback: accept http on 127.0.0.1 or [::1], for tests.
        signed_metadata_verifier: as for `ProtectedResourceMetadata.parse`.
        now: seconds since the epoch, for that signature; None reads the clock.

    Raises:
        MalformedError: at the call; none of the challenges can be read.
        ProtocolError: at the call; the challenge names no https URL. From the steps; the document cannot be used, or is
            about something else (`resource_mismatch`).
        RejectedError: from the steps; the signed metadata, as `TokenVerifier.verify`.
        UsageError: at the call; an argument is of the wrong type or form.

    Spec: RFC 9728 sections 3.3, 5.1 and 7.6.
    """
    urls = (said.resource_metadata for said in _said(challenge))
    return discover_resource(
        requested_url,
        metadata_url=next((url for url in urls if url is not None), None),
        allow_http_loopback=allow_http_loopback,
        signed_metadata_verifier=signed_metadata_verifier,
        now=now,
    )


def _said(challenge: HttpResponse | Iterable[Challenge]) -> Iterable[OAuthChallenge]:
    """Read the members of each challenge."""
    if isinstance(challenge, HttpResponse):
        return map(parse_oauth_challenge, parse_challenges(challenge.header_values("WWW-Authenticate")))
    if isinstance(challenge, (str, bytes, Challenge)) or not isinstance(challenge, Iterable):
        raise UsageError("challenge must be an HttpResponse, or the challenges that parse_challenges gave")
    return map(parse_oauth_challenge, challenge)


def _step_up(wanted: OAuthChallenge, asked: tuple[str, ...], attempt: int, status: int) -> StepUp:
    # What belongs to the other refusal is left out: it would send the user to a login that does not help.
    about_scope = wanted.error == _SCOPE
    acr_values = () if about_scope else wanted.acr_values
    max_age = None if about_scope else wanted.max_age
    said = bool(wanted.scope) if about_scope else bool(acr_values) or max_age is not None
    if not said:
        message = f"the API refused with {quote(wanted.error)}, and does not say what it wants: ask those who run it"
        raise ProtocolError(message, reason=ProtocolReason.MISSING_PARAMETER, status=status)
    union = tuple(dict.fromkeys((*asked, *wanted.scope)))
    if sum(len(word) + 1 for word in (*acr_values, *wanted.scope)) > _LONGEST:
        message = f"the API wants more than the {_LONGEST} characters that are asked for at most"
        raise ProtocolError(message, reason=ProtocolReason.TOO_LARGE, status=status)
    return StepUp(acr_values=acr_values, max_age=max_age, scope=union, attempt=attempt)
