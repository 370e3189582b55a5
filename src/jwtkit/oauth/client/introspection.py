"""Introspection: asking the server what it knows about a token (RFC 7662)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, cast

from jwtkit import _wire
from jwtkit._clock import is_finite
from jwtkit.jwt.token import Token
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.token_endpoint import endpoint_request, form_fields, read_answer, token_text
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import bad_member, optional_text
from jwtkit.oauth.scope import is_scope, split_scope
from jwtkit.oauth.secret import Secret
from jwtkit.oauth.steps import Steps, ask

__all__ = ["Introspection", "introspect", "introspection_request", "parse_introspection_response"]

_WHAT: Final = "introspection endpoint"
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


def introspection_request(
    client: Client, token: Secret | Token, *, token_type_hint: str | None = None, now: float | None = None
) -> HttpRequest:
    """Make the request that asks about a token.

    Args:
        client: who asks: usually the API itself, which is registered with credentials of its own.
        token: what it was shown.
        token_type_hint: "access_token" or "refresh_token", which may spare the server a search.
        now: seconds since the epoch; None reads the clock.

    Raises:
        UsageError: an argument is of the wrong form, or the server has no such endpoint.

    Spec: RFC 7662 section 2.1.
    """
    fields = form_fields([("token", token_text(token, "token")), ("token_type_hint", token_type_hint)])
    return endpoint_request(client, "introspection_endpoint", fields, now=now)


def parse_introspection_response(response: HttpResponse) -> Introspection:
    """Read the answer to `introspection_request`.

    An API has to look at `aud`, and at `exp` if it keeps the answer, as with any other token.

    Args:
        response: what came. Untrusted.

    Raises:
        OAuthError: the server does not answer this client, for example `invalid_client`.
        ProtocolError: `.reason` and `.status` tell what was wrong with the answer.

    Spec: RFC 7662 sections 2.2 and 2.3.
    """
    # A server may tell anything about a token, an `error` too: only the status tells that there is no answer.
    members = read_answer(response, _WHAT, error_with_200=False)
    active = members.get("active")
    if not isinstance(active, bool):
        raise bad_member(_WHAT, "active", "true or false", response.status)
    if not active:
        # What came beside it is about a token that does not count, and could be taken for one that does.
        return Introspection(active=False)
    texts = {name: optional_text(members, name, _WHAT, response.status) for name in _TEXTS}
    dates = {name: _date(members, name) for name in _DATES}
    if not is_scope(texts["scope"] or ""):
        raise bad_member(_WHAT, "scope", "a list of scopes with spaces between", response.status)
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


def introspect(
    client: Client, token: Secret | Token, *, token_type_hint: str | None = None, now: float | None = None
) -> Steps[HttpRequest, Introspection]:
    """Ask about a token; the arguments are those of `introspection_request`.

    Raises:
        UsageError: at the call; as `introspection_request`.
        OAuthError: from the steps; the server does not answer this client.
        ProtocolError: from the steps; the answer cannot be used.
    """
    request = introspection_request(client, token, token_type_hint=token_type_hint, now=now)

    def steps() -> Steps[HttpRequest, Introspection]:
        return parse_introspection_response((yield from ask(request)))

    return steps()


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
