"""Callback: an authorization response that passed every check, in the order that mix-up defence demands.

The order matters: who answers (iss) and whom (state) come before anything that an attacker could put into the URL is
acted upon, error messages included (RFC 9207 section 2.4, RFC 9700 sections 4.4 and 4.7).
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final, final

from jwtkit._frozen import Frozen
from jwtkit._proof import Proof
from jwtkit.errors import ProtocolError, ProtocolReason, UsageError, quote
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.session import AuthorizationSession
from jwtkit.oauth.client.token_endpoint import oauth_error
from jwtkit.oauth.secret import Secret
from jwtkit.oauth.urls import parse_form

__all__ = ["Callback", "check_callback"]

_WHAT: Final = "authorization response"
_NEVER_ASKED_FOR: Final = ("access_token", "id_token", "response")


@final
class Callback(Proof, Frozen):
    """An authorization code that belongs to this browser, this client and this server.

    Get one from a flow's `callback`.

    Attributes:
        code: the authorization code.
        session: the session it belongs to.
    """

    __slots__ = ("code", "session")

    _origin = "a flow's callback(...)"
    code: Secret
    session: AuthorizationSession

    def __repr__(self) -> str:
        return f"Callback(issuer={self.session.issuer!r})"


def check_callback(client: Client, session: AuthorizationSession, request_url: str, now: float) -> Callback:
    """Check what a browser brought back; see `AuthorizationCodeFlow.callback`."""
    if now >= session.expires_at:
        raise _refusal("this login took too long: start again", ProtocolReason.SESSION_EXPIRED)
    if session.issuer != client.server.issuer or session.client_id != client.client_id:
        message = f"the session belongs to {quote(session.issuer)}, but the callback to {quote(client.server.issuer)}"
        raise _refusal(message, ProtocolReason.SESSION_MISMATCH)
    fields = _fields_at(session.redirect_uri, request_url)
    _check_issuer(client, session, fields.pop("iss", None))
    state = fields.pop("state", "")
    if not compare_digest(state.encode("utf-8", "surrogatepass"), session.state.encode("utf-8", "surrogatepass")):
        raise _refusal("state does not belong to this browser's login", ProtocolReason.STATE_MISMATCH)
    if "error" in fields:
        raise oauth_error(dict(fields), _WHAT, None)
    unasked = next((name for name in _NEVER_ASKED_FOR if name in fields), None)
    if unasked is not None:
        raise _refusal(f"{unasked} came, but was not asked for", ProtocolReason.UNEXPECTED_PARAMETER)
    if "code" not in fields:
        raise _refusal("there is no code", ProtocolReason.MISSING_PARAMETER)
    checked = object.__new__(Callback)
    checked.code = Secret(fields["code"])
    checked.session = session
    return checked


def _refusal(message: str, reason: ProtocolReason) -> ProtocolError:
    return ProtocolError(f"{_WHAT}: {message}", reason=reason)


def _fields_at(redirect_uri: str, request_url: str) -> dict[str, str]:
    """Read the parameters of a response that arrived at the redirect URI, and nowhere else."""
    if not isinstance(request_url, str):
        raise UsageError(f"request_url must be a str, got {type(request_url).__name__}")
    expected, _, own_query = redirect_uri.partition("?")
    base, _, query = request_url.partition("?")
    if base.startswith("/"):
        # Behind a proxy an application may know only the path of what was asked.
        expected = "/" + expected.split("/", 3)[-1] if expected.count("/") > 2 else "/"
    if base != expected:
        raise _refusal("it did not arrive at the redirect_uri of its session", ProtocolReason.WRONG_ENDPOINT)
    fields = parse_form(query, _WHAT)
    for name, value in parse_form(own_query, "redirect_uri").items():
        if fields.pop(name, None) != value:
            raise _refusal("it lacks the query of its redirect_uri", ProtocolReason.WRONG_ENDPOINT)
    return fields


def _check_issuer(client: Client, session: AuthorizationSession, iss: str | None) -> None:
    if iss is None:
        if client.server.authorization_response_iss_parameter_supported:
            raise _refusal("the server always names itself (iss), but did not", ProtocolReason.ISSUER_MISSING)
    elif iss != session.issuer:
        message = f"it is from {quote(iss)}, but the login was sent to {quote(session.issuer)}"
        raise _refusal(message, ProtocolReason.ISSUER_MISMATCH)
