"""Third-party-initiated login: somebody else sends a browser here and asks for a login (OpenID Connect Core section 4).

Anybody can do so. A request therefore chooses only among the providers that are configured, leads only to places that
are allowed, and begins a login like any other: with a session of its own, and nothing of the request in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from jwtkit.errors import NotAllowedError, ProtocolError, ProtocolReason, UsageError, quote
from jwtkit.oauth.http import InboundRequest
from jwtkit.oauth.urls import is_plain_url, parse_form

__all__ = ["ThirdPartyLogin", "parse_third_party_login"]

_WHAT: Final = "third-party login"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdPartyLogin:
    """A login that somebody asks for.

    Attributes:
        iss: the provider, which is one of yours.
        login_hint: for `LoginFlow.start`, as it came, or None.
        target_link_uri: where to go after the login, which is allowed, or None.
    """

    iss: str
    login_hint: str | None = field(default=None, repr=False)
    target_link_uri: str | None = None


def parse_third_party_login(
    request: str | InboundRequest,
    *,
    issuers: Collection[str],
    allowed_target: Collection[str] | Callable[[str], bool] = (),
) -> ThirdPartyLogin:
    """Read a request to the `initiate_login_uri`; then begin a login with the flow of its `iss`, as ever.

    Args:
        request: the URL that was asked of you, or the request itself, which may be a POST. Untrusted.
        issuers: your providers, exactly as in their metadata; a mapping from issuer to flow will do.
        allowed_target: where `target_link_uri` may lead: absolute URLs, each of which allows itself and what lies
            below it; or a predicate of yours, which is asked about absolute http and https URLs. Nowhere unless given.

    Raises:
        ProtocolError: `.reason` tells: the issuer is missing or none of yours, a parameter twice, a `login_hint` that
            is not printable, or it is neither GET nor a form that was posted.
        NotAllowedError: `target_link_uri` leads somewhere else.
        MalformedError: the query or body is no form.
        UsageError: an argument is of the wrong form.

    Spec: OpenID Connect Core section 4.
    """
    if not isinstance(issuers, Collection) or isinstance(issuers, (str, bytes)) or not issuers:
        raise UsageError("issuers is a collection of str, and not empty")
    is_allowed = allowed_target if callable(allowed_target) else _below(allowed_target)
    fields = _fields(request)
    iss, target, login_hint = fields.get("iss"), fields.get("target_link_uri"), fields.get("login_hint")
    if iss is None:
        raise ProtocolError(f"{_WHAT}: there is no iss", reason=ProtocolReason.MISSING_PARAMETER)
    if iss not in issuers:
        message = f"{_WHAT}: {quote(iss)} is no provider of this application"
        raise ProtocolError(message, reason=ProtocolReason.ISSUER_MISMATCH)
    if target is not None:
        # A predicate never sees what browsers and parsers read in different ways.
        allowed = is_allowed(target) if is_plain_url(target) else False
        if not isinstance(allowed, bool):
            raise UsageError(f"allowed_target must give True or False, got {type(allowed).__name__}")
        if not allowed:
            raise NotAllowedError(f"{_WHAT}: target_link_uri {quote(target)} is no place where it may lead")
    if login_hint is not None and not login_hint.isprintable():
        raise ProtocolError(f"{_WHAT}: login_hint is not printable", reason=ProtocolReason.BAD_MEMBER)
    return ThirdPartyLogin(iss=iss, login_hint=login_hint, target_link_uri=target)


def _fields(request: str | InboundRequest) -> dict[str, str]:
    if not isinstance(request, (str, InboundRequest)):
        raise UsageError(f"request must be a URL or an InboundRequest, got {type(request).__name__}")
    if isinstance(request, InboundRequest) and request.method != "GET":
        if not request.is_form:
            message = f"{_WHAT}: it is neither GET nor a form that was posted"
            raise ProtocolError(message, reason=ProtocolReason.WRONG_ENDPOINT)
        return parse_form(request.body, _WHAT)
    url = request if isinstance(request, str) else request.url
    return parse_form(url.partition("#")[0].partition("?")[2], _WHAT)


def _below(prefixes: Collection[str]) -> Callable[[str], bool]:
    """Make the predicate for a list of places."""
    if not isinstance(prefixes, Collection) or isinstance(prefixes, (str, bytes)):
        raise UsageError("allowed_target is a collection of absolute URLs, or a predicate")
    if not all(is_plain_url(prefix) and "?" not in prefix for prefix in prefixes):
        raise UsageError("allowed_target holds absolute http or https URLs without query or fragment")
    return lambda target: any(_is_below(target, prefix) for prefix in prefixes)


def _is_below(target: str, prefix: str) -> bool:
    """Tell whether a URL is another one, or lies below it; a host or a folder whose name is only longer does not."""
    if not target.startswith(prefix):
        return False
    # Written in any way that some server or browser undoes, a dot segment leads up again.
    path = unquote(target.partition("?")[0], errors="replace").replace("\\", "/")
    if any(segment in (".", "..") for segment in path.split("/")):
        return False
    rest = target[len(prefix) :]
    return not rest or prefix.endswith("/") or rest[0] in "/?"
