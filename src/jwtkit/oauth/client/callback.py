"""Callback: an authorization response that passed every check, in the order that mix-up defence demands.

The order matters: who answers (iss) and whom (state) come before anything that an attacker could put into the URL is
acted upon, error messages included (RFC 9207 section 2.4, RFC 9700 sections 4.4 and 4.7).
"""

from __future__ import annotations

from typing import Final, final

from jwtkit._clock import resolve_now
from jwtkit._frozen import Frozen
from jwtkit._proof import Proof
from jwtkit.errors import ProtocolError, ProtocolReason, UsageError, quote
from jwtkit.oauth.client.application import Application
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.session import SIGNED_MODES, AuthorizationSession
from jwtkit.oauth.client.token_endpoint import oauth_error, token_request
from jwtkit.oauth.http import HttpRequest, InboundRequest
from jwtkit.oauth.http_uri import http_origin
from jwtkit.oauth.redirect_uri import is_same_place
from jwtkit.oauth.secret import Secret, same_text
from jwtkit.oauth.steps import Consume, Steps, consume_once
from jwtkit.oauth.urls import parse_form

__all__ = ["Callback", "check_callback", "check_signed_callback", "code_request", "consume_session"]

_WHAT: Final = "authorization response"
_TOKENS: Final = ("access_token", "id_token", "response")
_SIGNED: Final = ("code", "state", "iss", "error", "access_token", "id_token")


@final
class Callback(Proof, Frozen):
    """An authorization code that belongs to this browser, this client and this server.

    Get one from a flow's `callback`.

    Attributes:
        code: the authorization code.
        session: the session it belongs to.
        id_token: the ID token that came with it in the hybrid flow, which nobody has verified; None elsewhere.
        session_state: the login status at the provider, which nobody has verified; None where it says none (OpenID
            Session Management section 2).
    """

    __slots__ = ("code", "id_token", "session", "session_state")

    _origin = "a flow's callback(...)"
    code: Secret
    id_token: Secret | None
    session: AuthorizationSession
    session_state: str | None

    def __repr__(self) -> str:
        return f"Callback(issuer={self.session.issuer!r})"


def check_callback(
    application: Application, session: AuthorizationSession, request: str | InboundRequest, now: float
) -> Callback:
    """Check what a browser brought back; see `AuthorizationCodeFlow.callback`."""
    if application.responses is not None:
        raise UsageError("this flow asks for signed responses: run(flow.callback_jwt(session, request), send=...)")
    _check_session(application, session, now)
    return _accepted(application, session, _fields_of(session, request))


def check_signed_callback(
    application: Application, session: AuthorizationSession, request: str | InboundRequest, now: float | None
) -> Steps[HttpRequest, Callback]:
    """Check a signed response that a browser brought back; see `AuthorizationCodeFlow.callback_jwt`."""
    responses = application.responses
    if responses is None:
        raise UsageError("this flow asks for responses that are not signed: use its callback(...)")
    resolve_now(now)

    def steps() -> Steps[HttpRequest, Callback]:
        _check_session(application, session, resolve_now(now))
        response = _response_of(_fields_of(session, request))
        return _accepted(application, session, (yield from responses.parameters(response, now)))

    return steps()


def _check_session(application: Application, session: AuthorizationSession, now: float) -> None:
    """Check that a session is young enough, and one of this very flow."""
    if not isinstance(session, AuthorizationSession):
        raise UsageError(f"session must be an AuthorizationSession, got {type(session).__name__}: see from_json")
    server = application.client.server
    if now >= session.expires_at:
        raise _refusal("this login took too long: start again", ProtocolReason.SESSION_EXPIRED)
    if session.issuer != server.issuer:
        message = f"the session belongs to {quote(session.issuer)}, but the callback to {quote(server.issuer)}"
    elif session.client_id != application.client.client_id:
        message = f"the session belongs to the client {quote(session.client_id)}, but the callback to another one"
    elif session.redirect_uri != application.redirect_uri:
        message = "the session belongs to a flow with another redirect_uri"
    elif session.response_type != application.response_type:
        message = f"the session belongs to a flow with the response_type {session.response_type!r}"
    elif (session.response_mode in SIGNED_MODES) is (application.responses is None):
        message = f"the session belongs to a flow with the response_mode {session.response_mode!r}"
    elif (session.nonce is not None) is not application.login:
        # A login's ID token is verified by LoginFlow only, and with a nonce only.
        maker = "AuthorizationCodeFlow" if application.login else "LoginFlow"
        message = f"the session was made by {maker}, which has a callback of its own"
    else:
        return
    raise _refusal(message, ProtocolReason.SESSION_MISMATCH)


def _response_of(fields: dict[str, str]) -> str:
    """Give the signed response; beside it nobody vouches for anything (JARM section 2.3)."""
    beside = next((name for name in _SIGNED if name in fields), None)
    if beside is not None:
        message = f"{beside} came outside a signed response, which was asked for"
        raise _refusal(message, ProtocolReason.UNEXPECTED_PARAMETER)
    if "response" not in fields:
        raise _refusal("there is no response", ProtocolReason.MISSING_PARAMETER)
    return fields["response"]


def _accepted(application: Application, session: AuthorizationSession, fields: dict[str, str]) -> Callback:
    """Check the parameters, wherever they stood."""
    _check_issuer(application, session, fields)
    state = fields.pop("state", "")
    if not same_text(state, session.state):
        raise _refusal("state does not belong to this browser's login", ProtocolReason.STATE_MISMATCH)
    if "error" in fields:
        raise oauth_error(dict(fields), _WHAT, None)
    asked_for = session.response_type.split()
    unasked = next((name for name in _TOKENS if name in fields and name not in asked_for), None)
    if unasked is not None:
        raise _refusal(f"{unasked} came, but was not asked for", ProtocolReason.UNEXPECTED_PARAMETER)
    missing = next((name for name in asked_for if name not in fields), None)
    if missing is not None:
        raise _refusal(f"there is no {missing}", ProtocolReason.MISSING_PARAMETER)
    checked = object.__new__(Callback)
    checked.code = Secret(fields["code"])
    checked.id_token = Secret(fields["id_token"]) if "id_token" in fields else None
    checked.session = session
    checked.session_state = fields.get("session_state")
    return checked


def code_request(client: Client, callback: Callback, *, now: float | None = None) -> HttpRequest:
    """Make the request that redeems the code (RFC 6749 section 4.1.3)."""
    if not isinstance(callback, Callback):
        raise UsageError(f"callback must come from callback(...), got {type(callback).__name__}")
    session = callback.session
    if (session.issuer, session.client_id) != (client.server.issuer, client.client_id):
        raise UsageError("the callback belongs to another client or server: use the flow that checked it")
    fields = (
        ("grant_type", "authorization_code"),
        ("code", callback.code.reveal()),
        ("redirect_uri", session.redirect_uri),
        ("code_verifier", session.code_verifier),
        *(("resource", resource) for resource in session.resource),
    )
    return token_request(client, fields, now=now)


def consume_session(session: AuthorizationSession) -> Steps[Consume, None]:
    """Use a session up.

    Raises:
        ProtocolError: from the steps; it was used before.
    """
    if not (yield from consume_once(session.consumption())):
        raise _refusal("this login was finished before: start again", ProtocolReason.SESSION_USED)


def _refusal(message: str, reason: ProtocolReason) -> ProtocolError:
    return ProtocolError(f"{_WHAT}: {message}", reason=reason)


def _fields_of(session: AuthorizationSession, request: str | InboundRequest) -> dict[str, str]:
    """Read the parameters of a response that arrived as asked for, at the redirect URI, and nowhere else."""
    mode = session.response_mode.removesuffix(".jwt")
    if mode == "jwt":
        mode = "query" if session.response_type == "code" else "fragment"
    if not isinstance(request, (str, InboundRequest)):
        raise UsageError(f"request must be a URL or an InboundRequest, got {type(request).__name__}")
    posted = request if isinstance(request, InboundRequest) and request.method == "POST" else None
    if (posted is not None) is not (mode == "form_post"):
        raise _refusal(f"it did not come as {mode}, which was asked for", ProtocolReason.WRONG_ENDPOINT)
    url, _, fragment = (request if isinstance(request, str) else request.url).partition("#")
    query_fields = _fields_at(session.redirect_uri, url)
    if posted is not None:
        return _form_of(posted)
    return query_fields if mode == "query" else parse_form(fragment, _WHAT)


def _fields_at(redirect_uri: str, url: str) -> dict[str, str]:
    """Read the query of a URL that is the redirect URI, with the query it has itself left out."""
    base, _, query = url.partition("?")
    expected, _, own_query = redirect_uri.partition("?")
    if base.startswith("/"):
        # Behind a proxy an application may know only the path of what was asked.
        base = f"{http_origin(expected)}{base}"
    if not is_same_place(base, expected):
        message = f"it arrived at {quote(base)}, but the redirect_uri of its session is {quote(expected)}"
        hint = "behind a proxy, hand in what was asked from the path on"
        raise _refusal(f"{message}: {hint}", ProtocolReason.WRONG_ENDPOINT)
    fields = parse_form(query, _WHAT)
    for name, value in parse_form(own_query, "redirect_uri").items():
        if fields.pop(name, None) != value:
            raise _refusal("it lacks the query of its redirect_uri", ProtocolReason.WRONG_ENDPOINT)
    return fields


def _form_of(request: InboundRequest) -> dict[str, str]:
    """Read the parameters of a form that was posted (OAuth 2.0 Form Post Response Mode section 2)."""
    if not request.is_form:
        raise _refusal("it is not a form", ProtocolReason.WRONG_ENDPOINT)
    return parse_form(request.body, _WHAT)


def _check_issuer(application: Application, session: AuthorizationSession, fields: dict[str, str]) -> None:
    iss = fields.pop("iss", None)
    if iss is None:
        # In the hybrid flow the ID token of the callback says who speaks, and is verified before the code is sent
        # anywhere, so servers leave iss out there (RFC 9700 section 4.4.2.1).
        says_so = application.response_type == "code id_token" and "id_token" in fields and "error" not in fields
        if application.client.server.authorization_response_iss_parameter_supported and not says_so:
            raise _refusal("the server always names itself (iss), but did not", ProtocolReason.ISSUER_MISSING)
    elif iss != session.issuer:
        message = f"it is from {quote(iss)}, but the login was sent to {quote(session.issuer)}"
        raise _refusal(message, ProtocolReason.ISSUER_MISMATCH)
