"""Calling an API with an access token, the way that the token wants it (RFC 6750 section 2.1, RFC 9449 section 7).

Rules of this room:

- The token travels in the Authorization header, and nowhere else; over plain http only on loopback, which is all that
  an `HttpRequest` can be made for.
- A token that is bound to a key never goes out as a bearer token: an API might take it, and so would a thief's.
"""

from __future__ import annotations

from dataclasses import replace

from jwtkit.errors import UsageError, quote
from jwtkit.oauth.client.dpop import DPoP
from jwtkit.oauth.client.token_set import TokenSet
from jwtkit.oauth.dpop_proof import sendable
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.steps import Steps, ask

__all__ = ["authorize_request", "with_access_token"]


def with_access_token(
    request: HttpRequest, tokens: TokenSet, *, dpop: DPoP | None = None, now: float | None = None
) -> HttpRequest:
    """Give a request with an access token, and with a DPoP proof where the token is bound to a key.

    It is good once where there is a proof; `authorize_request` does the rest of what DPoP asks for.

    Args:
        request: the call, without Authorization.
        tokens: what the client has. To whom a token may be shown is yours to know: send it to its API only.
        dpop: the key that the token is bound to, the one of the client that got it; a bearer token needs none.
        now: seconds since the epoch, for the proof; None reads the clock.

    Raises:
        UsageError: the request has an Authorization or DPoP header already, the token is of a type that no API takes,
            or it is bound to a key and there is no `dpop`.

    Spec: RFC 6750 section 2.1, RFC 9449 section 7.1.
    """
    if not isinstance(request, HttpRequest):
        raise UsageError(f"request must be an HttpRequest, got {type(request).__name__}")
    if not isinstance(tokens, TokenSet):
        raise UsageError(f"tokens must be a TokenSet, got {type(tokens).__name__}")
    if dpop is not None and not isinstance(dpop, DPoP):
        raise UsageError(f"dpop must be DPoP(key), got {type(dpop).__name__}")
    if any(name.lower() in ("authorization", "dpop") for name, _ in request.headers):
        raise UsageError("the request has an Authorization or DPoP header already: leave both out")
    kind = tokens.token_type.lower()
    if kind == "bearer":
        credentials = f"Bearer {sendable(tokens.access_token)}"
        return replace(request, headers=(*request.headers, ("Authorization", credentials)))
    if kind != "dpop":
        raise UsageError(f"a token of type {quote(tokens.token_type)} is none to call an API with")
    if dpop is None:
        raise UsageError("this access token is bound to a key: pass dpop=, as the client that got it has it")
    return dpop.prove(request, access_token=tokens.access_token, now=now)


def authorize_request(
    request: HttpRequest, tokens: TokenSet, *, dpop: DPoP | None = None, now: float | None = None
) -> Steps[HttpRequest, HttpResponse]:
    """Call an API with an access token, and give its answer, whatever it is.

    Where the API wants a new nonce in the DPoP proof, it is asked once more.

    Args:
        request: as for `with_access_token`.
        tokens: as there.
        dpop: as there.
        now: as there.

    Raises:
        UsageError: at the call; as `with_access_token`.

    Spec: RFC 6750 section 2.1, RFC 9449 sections 7.1 and 9.
    """

    def authorized() -> HttpRequest:
        return with_access_token(request, tokens, dpop=dpop, now=now)

    first = authorized()
    # A bearer token goes out without a proof, which no nonce could mend.
    return dpop.ask_anew(first, authorized) if dpop is not None and tokens.token_type.lower() == "dpop" else ask(first)
