"""Application: what every authorization request of a flow has in common; checked when the flow is built."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from jwtkit._frozen import Frozen
from jwtkit.errors import ProtocolError, ProtocolReason, RejectedError, UsageError
from jwtkit.jwt.dates import seconds
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.jarm import JARM
from jwtkit.oauth.client.request_object import RequestObject, check_supported
from jwtkit.oauth.client.session import PLAIN_MODES, SIGNED_MODES, ResponseMode, ResponseType
from jwtkit.oauth.redirect_uri import is_redirect_uri
from jwtkit.oauth.resource_indicator import check_resources
from jwtkit.oauth.scope import check_scope
from jwtkit.oauth.urls import parse_form

if TYPE_CHECKING:
    from jwtkit.oauth.client.signed_response import ResponseVerifier

__all__ = ["Application"]

_SESSION_SECONDS: Final = 600.0


class Application(Frozen):
    """What every request of a flow has in common.

    Attributes:
        client: the client.
        redirect_uri: where the browser comes back to.
        scope: what to ask for.
        resource: for which APIs.
        response_type: what the callback has to bring.
        response_mode: how the callback has to come.
        session_seconds: how long the user may take.
        login: whether it is about who the user is, with a nonce and an ID token.
        request_object: how requests are signed, or None.
        responses: verifies responses, or None where they are not signed.
    """

    __slots__ = (
        "client",
        "login",
        "redirect_uri",
        "request_object",
        "resource",
        "response_mode",
        "response_type",
        "responses",
        "scope",
        "session_seconds",
    )

    def __init__(
        self,
        client: Client,
        redirect_uri: str,
        scope: Iterable[str],
        *,
        resource: Iterable[str],
        response_type: ResponseType = "code",
        response_mode: ResponseMode | None,
        session_lifetime: float | timedelta | None,
        login: bool = False,
        request_object: RequestObject | None = None,
        jarm: JARM | None = None,
    ) -> None:
        """Check what a flow is built from.

        Raises:
            UsageError: an argument is of the wrong form, or the server lacks an endpoint.
            ProtocolError: the server names its PKCE methods, and S256 is not among them (RFC 9700 section 2.1.1).
        """
        if not isinstance(client, Client):
            raise UsageError(f"client must be Client(...), got {type(client).__name__}")
        _check_redirect_uri(redirect_uri)
        for endpoint in ("authorization_endpoint", "token_endpoint"):
            client.server.endpoint(endpoint)
        if response_type not in ("code", "code id_token"):
            raise UsageError("response_type must be 'code' or 'code id_token'")
        self.client: Final = client
        self.redirect_uri: Final = redirect_uri
        self.response_type: Final = response_type
        self.response_mode: Final = _mode(response_type, response_mode)
        self.login: Final = login
        methods = client.server.code_challenge_methods_supported
        if methods is not None and "S256" not in methods:
            message = "the server does not support PKCE with S256, without which a stolen code can be redeemed"
            raise ProtocolError(message, reason=ProtocolReason.PKCE_UNSUPPORTED)
        if request_object is not None:
            if not isinstance(request_object, RequestObject):
                kind = type(request_object).__name__
                raise UsageError(f"request_object must be RequestObject(...), got {kind}")
            check_supported(client, request_object)
        self.request_object: Final = request_object
        self.scope: Final = check_scope(scope)
        self.resource: Final = check_resources(resource)
        given = _SESSION_SECONDS if session_lifetime is None else seconds(session_lifetime, "session_lifetime")
        self.session_seconds: Final = given
        self.responses: Final = _responses(client, self.response_mode, jarm)


def _check_redirect_uri(redirect_uri: object) -> None:
    if not is_redirect_uri(redirect_uri):
        message = (
            "redirect_uri must be an absolute http or https URL without fragment, or one with a private scheme, "
            "such as 'com.example.app:/callback'"
        )
        raise UsageError(message)
    try:
        parse_form(str(redirect_uri).partition("?")[2], "redirect_uri")
    except RejectedError as finding:
        raise UsageError(f"{finding}: nobody could come back to it") from None


def _mode(response_type: ResponseType, response_mode: ResponseMode | None) -> ResponseMode:
    if response_mode is None:
        return "query" if response_type == "code" else "fragment"
    if response_mode not in (*PLAIN_MODES, *SIGNED_MODES):
        raise UsageError(f"response_mode must be one of {', '.join(map(repr, (*PLAIN_MODES, *SIGNED_MODES)))}")
    if response_type != "code" and response_mode in ("query", "query.jwt"):
        raise UsageError("tokens never come in a query: use response_mode 'fragment' or 'form_post'")
    return response_mode


def _responses(client: Client, mode: ResponseMode, jarm: JARM | None) -> ResponseVerifier | None:
    if jarm is not None and not isinstance(jarm, JARM):
        raise UsageError(f"jarm must be JARM(...), got {type(jarm).__name__}")
    if mode in SIGNED_MODES:
        from jwtkit.oauth.client.signed_response import ResponseVerifier

        return ResponseVerifier(client, jarm or JARM())
    if jarm is not None:
        raise UsageError(f"jarm= is for signed responses, and response_mode {mode!r} asks for others: write 'jwt'")
    return None
