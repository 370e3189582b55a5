"""The authorization request: what the browser carries to the server (RFC 6749 section 4.1.1, OpenID Core 3.1.2.1).

Rules of this room:

- Security is no argument: state, nonce, PKCE and the session are made here, fresh for each request.
- A parameter that has an argument, or that is decided here, cannot be set by hand.
- What was asked for stands in the session, so that the answer is compared with it and with nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, TypedDict

from jwtkit import _wire
from jwtkit._clock import resolve_now
from jwtkit._random import random_text
from jwtkit.errors import UsageError
from jwtkit.jwt.dates import seconds
from jwtkit.oauth.client.application import Application
from jwtkit.oauth.client.authorization_details import check_authorization_details, details_text
from jwtkit.oauth.client.request_object import expiry_of, signed_request_object
from jwtkit.oauth.client.session import (
    AuthorizationRedirect,
    AuthorizationSession,
)
from jwtkit.oauth.pkce import PKCE
from jwtkit.oauth.scope import listed
from jwtkit.oauth.urls import encode_query

__all__ = [
    "NOTHING",
    "Asked",
    "AuthorizationRequest",
    "Wish",
    "authorization_redirect",
    "authorization_request",
    "redirect_with",
    "sent_fields",
    "signed_fields",
]

Fields = tuple[tuple[str, str], ...]

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_PROMPTS: Final = ("none", "login", "consent", "select_account", "create")
# What is decided here or has an argument; `extra` is for everything else.
_OWN: Final = frozenset(
    [
        "response_type",
        "response_mode",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "dpop_jkt",
        "resource",
        "authorization_details",
        "claims",
        "prompt",
        "max_age",
        "acr_values",
        "login_hint",
        "id_token_hint",
        "ui_locales",
        "request",
        "request_uri",
        "client_secret",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one request asks for beside the rest; see the arguments of a flow's `start`."""

    prompt: str | Iterable[str] | None = None
    max_age: float | timedelta | None = None
    acr_values: Iterable[str] = ()
    claims: Mapping[str, object] | None = None
    login_hint: str | None = None
    id_token_hint: str | None = field(default=None, repr=False)
    ui_locales: Iterable[str] = ()
    authorization_details: Iterable[Mapping[str, object]] = field(default=(), repr=False)
    extra: Mapping[str, str] = field(default_factory=lambda: NOTHING, repr=False)


class Asked(TypedDict, total=False):
    """The arguments of `start` that a flow's other ways to begin take too; they mean the same."""

    prompt: str | Iterable[str] | None
    max_age: float | timedelta | None
    acr_values: Iterable[str]
    claims: Mapping[str, object] | None
    login_hint: str | None
    ui_locales: Iterable[str]
    authorization_details: Iterable[Mapping[str, object]]
    extra: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """What is asked for, before it is decided how it travels.

    Attributes:
        fields: the parameters.
        structured: those that are JSON or numbers, as such; a request object wants them so.
        session: what to keep.
    """

    fields: Fields = field(repr=False)
    structured: Mapping[str, object] = field(repr=False)
    session: AuthorizationSession


def authorization_redirect(
    application: Application, wish: Wish, *, nonce: str | None, now: float | None
) -> AuthorizationRedirect:
    """Make the URL for the browser, and the session to keep.

    Raises:
        UsageError: a wish is of the wrong form, or the server takes pushed or signed requests only.
    """
    server = application.client.server
    if server.require_pushed_authorization_requests:
        raise UsageError("this server takes pushed requests only: run(flow.start_pushed(...), send=...)")
    request = authorization_request(application, wish, nonce=nonce, now=now)
    fields = sent_fields(application, request, pushed=False, now=now)
    return redirect_with(application, request.session, fields, expires_at=expiry_of(application.request_object, now))


def redirect_with(
    application: Application, session: AuthorizationSession, fields: Fields, *, expires_at: float | None = None
) -> AuthorizationRedirect:
    """Send the browser with these parameters."""
    url = encode_query(application.client.server.endpoint("authorization_endpoint"), fields)
    return AuthorizationRedirect(url=url, session=session, expires_at=expires_at)


def sent_fields(application: Application, request: AuthorizationRequest, *, pushed: bool, now: float | None) -> Fields:
    """Give the parameters as they travel: themselves, or signed.

    Raises:
        UsageError: the server takes signed requests only, or a parameter cannot be in one.
    """
    client, how = application.client, application.request_object
    if how is None:
        if client.server.require_signed_request_object:
            raise UsageError("this server takes signed requests only: build the flow with request_object=")
        return request.fields
    text = signed_request_object(how, client, request.fields, request.structured, now=now)
    return signed_fields(application, request, text, pushed=pushed)


def signed_fields(application: Application, request: AuthorizationRequest, text: str, *, pushed: bool) -> Fields:
    """Give what stands beside a request object (RFC 9101 section 5, RFC 9126 section 3).

    An OpenID provider may want to see response_type and scope outside too, equal to what is inside (OpenID Connect Core
    section 6.1); they are no secrets.
    """
    outside = ("response_type", "scope") if application.login and not pushed else ()
    seen = tuple(pair for pair in request.fields if pair[0] in outside)
    client = application.client
    return client.renamed((("client_id", client.client_id), *seen, ("request", text)))


def authorization_request(
    application: Application, wish: Wish, *, nonce: str | None, now: float | None
) -> AuthorizationRequest:
    """Decide what is asked for, and what to keep.

    Raises:
        UsageError: a wish is of the wrong form.
    """
    pkce = PKCE.generate()
    max_age = None if wish.max_age is None else seconds(wish.max_age, "max_age", zero=True)
    acr_values = _words(wish.acr_values, "acr_values")
    claims = None if wish.claims is None else _claims_text(wish.claims)
    details = check_authorization_details(wish.authorization_details, application.client.server)
    session = AuthorizationSession(
        issuer=application.client.server.issuer,
        client_id=application.client.client_id,
        redirect_uri=application.redirect_uri,
        scope=application.scope,
        resource=application.resource,
        expires_at=resolve_now(now) + application.session_seconds,
        state=random_text(32),
        code_verifier=pkce.verifier,
        nonce=nonce,
        response_type=application.response_type,
        response_mode=application.response_mode,
        max_age=max_age,
        acr_values=_essential_acr(wish.claims),
    )
    default_mode = "query" if session.response_type == "code" else "fragment"
    fields: list[tuple[str, str | None]] = [
        ("response_type", session.response_type),
        ("response_mode", None if session.response_mode == default_mode else session.response_mode),
        ("client_id", session.client_id),
        ("redirect_uri", session.redirect_uri),
        ("scope", " ".join(session.scope) or None),
        ("state", session.state),
        ("nonce", nonce),
        ("code_challenge", pkce.challenge),
        ("code_challenge_method", pkce.method),
        ("dpop_jkt", application.client.dpop_jkt),
        *(("resource", resource) for resource in session.resource),
        ("authorization_details", details_text(details)),
        ("prompt", _prompt(wish.prompt)),
        ("max_age", None if max_age is None else str(_number(max_age))),
        ("acr_values", " ".join(acr_values) or None),
        ("claims", claims),
        ("login_hint", _text(wish.login_hint, "login_hint")),
        ("id_token_hint", _text(wish.id_token_hint, "id_token_hint")),
        ("ui_locales", " ".join(_words(wish.ui_locales, "ui_locales")) or None),
        *_extra(wish.extra),
    ]
    structured = {"claims": wish.claims, "authorization_details": details, "max_age": _number(max_age)}
    present = application.client.renamed((name, value) for name, value in fields if value is not None)
    return AuthorizationRequest(fields=present, structured=structured, session=session)


def _number(value: float | None) -> int | None:
    return None if value is None else round(value)


def _prompt(prompt: str | Iterable[str] | None) -> str | None:
    """Check prompt: "none" stands alone (OpenID Connect Core section 3.1.2.1)."""
    if prompt is None:
        return None
    words = (prompt,) if isinstance(prompt, str) else listed(prompt, "prompt")
    if not words or not all(word in _PROMPTS for word in words) or (len(words) > 1 and "none" in words):
        raise UsageError(f"prompt must be some of {', '.join(map(repr, _PROMPTS))}; 'none' stands alone")
    return " ".join(words)


def _words(values: Iterable[str], argument: str) -> tuple[str, ...]:
    words = listed(values, argument)
    if not all(isinstance(word, str) and word and word.isprintable() and " " not in word for word in words):
        raise UsageError(f"{argument} must be a list of str without spaces")
    return words


def _text(value: str | None, argument: str) -> str | None:
    if value is not None and not (isinstance(value, str) and value and value.isprintable()):
        raise UsageError(f"{argument} must be a non-empty, printable str, or None")
    return value


def _claims_text(claims: Mapping[str, object]) -> str:
    """Write the claims request (OpenID Connect Core section 5.5)."""
    if not isinstance(claims, Mapping) or not set(claims) <= {"userinfo", "id_token"}:
        raise UsageError("claims must be a mapping with 'userinfo' or 'id_token', or both")
    return _wire.serialize(claims, "claims").decode("utf-8")


def _essential_acr(claims: Mapping[str, object] | None) -> tuple[str, ...]:
    """Give the contexts that the claims request makes essential (OpenID Connect Core section 5.5.1.1)."""
    of_token = (claims or {}).get("id_token")
    acr = of_token.get("acr") if isinstance(of_token, Mapping) else None
    if not isinstance(acr, Mapping) or acr.get("essential") is not True:
        return ()
    # What cannot be read cannot be demanded of the ID token, so it is not asked for.
    values = acr.get("values", [acr["value"]] if "value" in acr else [])
    return _words(values, "claims: the values of an essential acr")


def _extra(extra: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    if not isinstance(extra, Mapping):
        raise UsageError("extra must be a mapping of parameters")
    for name, value in extra.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise UsageError("extra must be a mapping from str to str")
        if name in _OWN:
            raise UsageError(f"parameter {name!r} is decided here or has an argument: it cannot be in extra")
    return tuple(extra.items())
