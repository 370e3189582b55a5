"""The token endpoint: the request every grant makes, and the answer every grant reads (RFC 6749 section 5).

The other endpoints at which this client authenticates refuse in the same words, so what they share stands here too.

Rules of this room:

- What the caller gives is text that can be written as a form, or a `UsageError`; credentials are no parameters.
- Whatever comes back gives a value, an `OAuthError` where the server said no, or a `ProtocolError` that keeps the
  status, the pause the server asked for, and the beginning of the body.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from jwtkit import _wire
from jwtkit._clock import resolve_now
from jwtkit.errors import MalformedError, OAuthError, ProtocolError, ProtocolReason, UsageError, quote
from jwtkit.oauth.client.authorization_details import is_authorization_details
from jwtkit.oauth.client.client import Client, check_pairs
from jwtkit.oauth.client.token_set import TokenSet, is_token_text
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import (
    bad_member,
    expect_response,
    expect_status,
    is_json,
    json_object,
    optional_text,
    retry_after,
    unusable,
)
from jwtkit.oauth.resource_indicator import check_resources
from jwtkit.oauth.scope import check_scope, is_scope, listed_texts, split_scope
from jwtkit.oauth.secret import Secret
from jwtkit.oauth.steps import Steps, ask

__all__ = [
    "NOTHING",
    "answer_as_it_came",
    "ask_endpoint",
    "endpoint_request",
    "exchange",
    "form_fields",
    "oauth_error",
    "parse_token_response",
    "read_answer",
    "read_tokens",
    "seconds_from",
    "token_request",
    "token_text",
    "token_types_of",
]

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_WHAT: Final = "token endpoint"
_ERROR_TEXT: Final = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")
_LONGEST_LIFETIME: Final = 100 * 366 * 24 * 3600
_KNOWN: Final = (
    "access_token",
    "token_type",
    "scope",
    "expires_in",
    "refresh_token",
    "id_token",
    "issued_token_type",
)
# Each of these comes from the client's one method of authentication, and from nowhere else.
_CREDENTIALS: Final = frozenset(["client_id", "client_secret", "client_assertion", "client_assertion_type"])


def token_request(client: Client, fields: Iterable[tuple[str, str]], *, now: float | None = None) -> HttpRequest:
    """Make a request to the token endpoint, authenticated by the client's one method.

    Args:
        client: who asks.
        fields: the grant's parameters, `grant_type` among them, without credentials.
        now: seconds since the epoch, for methods that date their proof; None reads the clock.

    Raises:
        UsageError: the server has no token endpoint, or a parameter is no text, or a credential.

    Spec: RFC 6749 sections 2.3 and 3.2.
    """
    return endpoint_request(client, "token_endpoint", fields, now=now)


def endpoint_request(
    client: Client, endpoint: str, fields: Iterable[tuple[str, str]], *, now: float | None = None
) -> HttpRequest:
    """Make a request to one of the server's endpoints, as `token_request` does to that one."""
    if not isinstance(client, Client):
        raise UsageError(f"client must be Client(...), got {type(client).__name__}")
    return client.request(endpoint, _checked(fields), now=now)


def form_fields(
    own: Iterable[tuple[str, str | None]],
    *,
    scope: Iterable[str] = (),
    resource: Iterable[str] = (),
    extra: Mapping[str, str] = NOTHING,
) -> tuple[tuple[str, str], ...]:
    """Put the parameters of a request together.

    Args:
        own: what the flow decides or has an argument for, with None for what is not sent; none of it can be in `extra`.
        scope: what to ask for.
        resource: for which APIs.
        extra: parameters that this server knows beside these.

    Raises:
        UsageError: one of them is of the wrong form.
    """
    decided = tuple(own)
    if not isinstance(extra, Mapping):
        raise UsageError("extra must be a mapping of parameters")
    taken = {"scope", "resource", "grant_type", *(name for name, _ in decided)}
    for name in extra:
        if name in taken:
            raise UsageError(f"parameter {name!r} is decided here or has an argument: it cannot be in extra")
    words = " ".join(check_scope(scope))
    return _checked(
        (
            *((name, value) for name, value in decided if value is not None),
            *((("scope", words),) if words else ()),
            *(("resource", item) for item in check_resources(resource)),
            *extra.items(),
        )
    )


def token_text(value: object, argument: str) -> str:
    """Give the text of a token that is to be sent.

    Raises:
        UsageError: it is neither a `Secret` nor a `jwtkit.Token`.
    """
    if isinstance(value, Secret):
        return value.reveal()
    from jwtkit.jwt.token import Token

    if isinstance(value, Token):
        return value.compact
    raise UsageError(f"{argument} must be a Secret or a jwtkit Token, got {type(value).__name__}: write Secret(text)")


def parse_token_response(
    response: HttpResponse,
    *,
    requested_scope: Iterable[str] = (),
    token_types: Collection[str] = ("bearer",),
    now: float | None = None,
) -> TokenSet:
    """Read the answer of a token endpoint.

    Args:
        response: what came. Untrusted.
        requested_scope: what was asked for; it stands where the server names no scope (RFC 6749 section 5.1).
        token_types: the values of `token_type` that the program can use, in any case; ("dpop",) for a client with a
            DPoP key.
        now: seconds since the epoch, to reckon `expires_at` from; None reads the clock.

    Raises:
        OAuthError: the server said no; `.error` is the code.
        ProtocolError: `.reason` and `.status` tell what was wrong with the answer.
        UsageError: an argument is of the wrong form.

    Spec: RFC 6749 sections 5.1 and 5.2.
    """
    moment = resolve_now(now)
    usable, requested = listed_texts(token_types, "token_types"), listed_texts(requested_scope, "requested_scope")
    members = read_answer(response, _WHAT)
    access_token, token_type = (_required_text(members, name) for name in ("access_token", "token_type"))
    if token_type.lower() not in {known.lower() for known in usable}:
        message = f"{_WHAT} gave a token of type {quote(token_type)}, which this client cannot use"
        raise ProtocolError(message, reason=ProtocolReason.TOKEN_TYPE, status=response.status)
    if not is_token_text(access_token, token_type):
        raise bad_member(_WHAT, "access_token", "without spaces, because it goes into a header", response.status)
    scope = optional_text(members, "scope", _WHAT, response.status)
    if not is_scope(scope or ""):
        raise bad_member(_WHAT, "scope", "a list of scopes with spaces between", response.status)
    if members.get("authorization_details") is not None and not is_authorization_details(
        members["authorization_details"]
    ):
        raise bad_member(_WHAT, "authorization_details", "an array of objects with a type", response.status)
    return TokenSet(
        access_token=Secret(access_token),
        token_type=token_type,
        scope=requested if scope is None else split_scope(scope),
        expires_at=None if members.get("expires_in") is None else moment + seconds_from(members, "expires_in", _WHAT),
        refresh_token=_optional_secret(members, "refresh_token"),
        id_token=_optional_secret(members, "id_token"),
        issued_token_type=optional_text(members, "issued_token_type", _WHAT, response.status) or None,
        extra=_wire.freeze({name: value for name, value in members.items() if name not in _KNOWN}),
    )


def token_types_of(client: Client) -> tuple[str, ...]:
    """Give the token types that a client can use: who asked for a bound token takes no other (RFC 9449 section 5)."""
    return ("bearer",) if client.dpop is None else ("dpop",)


def ask_endpoint(client: Client, request: HttpRequest, now: float | None) -> Steps[HttpRequest, HttpResponse]:
    """Ask, and give the answer as the client's quirks correct it."""
    return client.corrected((yield from answer_as_it_came(client, request, now)))


def answer_as_it_came(client: Client, request: HttpRequest, now: float | None) -> Steps[HttpRequest, HttpResponse]:
    """Ask, and once more where the server wants a new nonce in the DPoP proof (RFC 9449 section 8)."""
    if client.dpop is None:
        return (yield from ask(request))
    return (yield from client.dpop.ask_anew(request, lambda: client.renew(request, now=now)))


def read_tokens(client: Client, response: HttpResponse, scope: Iterable[str], now: float | None) -> TokenSet:
    """Read the answer, as `parse_token_response` does, for this client."""
    return parse_token_response(response, requested_scope=scope, token_types=token_types_of(client), now=now)


def exchange(
    client: Client, request: HttpRequest, scope: Iterable[str], now: float | None
) -> Steps[HttpRequest, TokenSet]:
    """Ask, and read the answer; the end of every grant."""
    response = yield from ask_endpoint(client, request, now)
    return read_tokens(client, response, scope, now)


def read_answer(
    response: HttpResponse, what: str, *, error_with_200: bool = True, success: int = 200
) -> dict[str, Any]:
    """Read the members of a success, and raise what the answer is otherwise.

    Args:
        response: what came. Untrusted.
        what: names the endpoint in messages.
        error_with_200: whether a member `error` is a refusal even with status 200, as some servers send it.
        success: the status of a success.

    Raises:
        OAuthError: the server said no.
        ProtocolError: the answer is no such object, or the server failed (5xx), whatever it says then.
    """
    status = expect_response(response, what).status
    if status == 401 and not is_json(response) and response.header("www-authenticate"):
        message = (
            f"{what} answered 401 and asks for {_schemes(response)}: "
            "compare client_id, secret and method with the registration"
        )
        raise unusable(response, message, ProtocolReason.UNEXPECTED_STATUS)
    members = json_object(response, what)
    if status >= 500:
        # It may say an error, but what it asks for is patience, and only this error keeps how long.
        error = members.get("error")
        said = f" ({quote(error)})" if isinstance(error, str) and _ERROR_TEXT.fullmatch(error) else ""
        message = f"{what} failed with {status}{said}: ask again later"
        raise unusable(response, message, ProtocolReason.UNEXPECTED_STATUS)
    # A null says nothing, as everywhere.
    if members.get("error") is not None and (error_with_200 or status != 200):
        raise oauth_error(members, what, response)
    expect_status(response, what, success)
    return members


def oauth_error(members: dict[str, Any], what: str, response: HttpResponse | None) -> OAuthError | ProtocolError:
    """Make the error that a peer's `error` member, or parameter, calls for; without response it came by the browser."""
    error, status = members["error"], None if response is None else response.status
    if not isinstance(error, str) or not _ERROR_TEXT.fullmatch(error):
        finding = bad_member(what, "error", "an error code of printable ASCII")
        return finding if response is None else unusable(response, str(finding), ProtocolReason.BAD_MEMBER)
    description, uri = (_text_or_none(members.get(name)) for name in ("error_description", "error_uri"))
    extra = {name: value for name, value in members.items() if name not in ("error", "error_description", "error_uri")}
    message = f"{what} refused: {quote(error)}" + (f" ({quote(description)})" if description else "")
    pause = None if response is None else retry_after(response)
    return OAuthError(
        message, error=error, description=description, uri=uri, status=status, retry_after=pause, extra=extra
    )


def seconds_from(members: Mapping[str, Any], name: str, what: str) -> float:
    """Read a number of seconds that must be there.

    Raises:
        ProtocolError: it is none, or negative, or beyond reason.
    """
    value = members.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= _LONGEST_LIFETIME:
        raise bad_member(what, name, "a number of seconds", 200)
    return value


def _checked(fields: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    given = check_pairs(fields)
    for name, _ in given:
        if name in _CREDENTIALS:
            raise UsageError(f"parameter {name!r} comes from the client's authentication: leave it out")
    return given


def _schemes(response: HttpResponse) -> str:
    """Name the schemes that an answer asks for."""
    from jwtkit.oauth.authentication_scheme import parse_challenges

    try:
        challenges = parse_challenges(response.header_values("www-authenticate"))
    except MalformedError:
        challenges = ()
    named = dict.fromkeys(challenge.scheme for challenge in challenges)
    return quote(", ".join(named)) if named else "authentication"


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _required_text(members: dict[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not is_token_text(value):
        raise bad_member(_WHAT, name, "a non-empty string of printable ASCII", 200)
    return value


def _optional_secret(members: dict[str, Any], name: str) -> Secret | None:
    value = optional_text(members, name, _WHAT, 200)
    return Secret(value) if value else None
