"""Registration: becoming a client of a server by asking it, and changing or ending that (RFC 7591, RFC 7592).

Rules of this room:

- What the server answers is what counts: it may grant less than was asked for, or something else.
- The token that manages a registration goes to the URL that came with it, in the Authorization header, and nowhere
  else. Both may change with each answer, so what was kept is replaced as a whole.
"""

from __future__ import annotations

from typing import Any, Final

from jwtkit import _wire
from jwtkit.errors import ProtocolError, ProtocolReason, UsageError
from jwtkit.jwt.token import Token
from jwtkit.oauth.client.registration_record import Registration, check_server, is_bearer, registration_from
from jwtkit.oauth.client.token_endpoint import read_answer
from jwtkit.oauth.client_metadata import ClientMetadata
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import (
    MAX_BYTES,
    expect_response,
    expect_status,
    json_object,
)
from jwtkit.oauth.metadata import LOOPBACK_HINT, ServerMetadata
from jwtkit.oauth.secret import Secret
from jwtkit.oauth.steps import Steps, ask
from jwtkit.oauth.urls import is_secure

__all__ = [
    "delete_registration",
    "parse_registration_deletion_response",
    "parse_registration_management_response",
    "parse_registration_response",
    "read_registration",
    "register",
    "registration_deletion_request",
    "registration_read_request",
    "registration_request",
    "registration_update_request",
    "update_registration",
]

_WHAT: Final = "registration endpoint"
_MANAGEMENT: Final = "client configuration endpoint"
_STATEMENT: Final = "software_statement"


def registration_request(
    server: ServerMetadata,
    metadata: ClientMetadata,
    *,
    initial_access_token: Secret | None = None,
    software_statement: str | Token | None = None,
) -> HttpRequest:
    """Make the request that registers a client.

    Args:
        server: the server.
        metadata: what to register.
        initial_access_token: what allows it, where the server does not let everybody register.
        software_statement: what an issuer that the server trusts says about the software; it wins over `metadata`.

    Raises:
        UsageError: an argument is of the wrong form, or the server has no such endpoint.

    Spec: RFC 7591 section 3.1.
    """
    _check_arguments(server, metadata)
    members = metadata.members()
    if software_statement is not None:
        if _STATEMENT in members:
            raise UsageError("software_statement is in the metadata already")
        members[_STATEMENT] = _statement(software_statement)
    url = server.endpoint("registration_endpoint")
    return _request("POST", url, initial_access_token, "initial_access_token", members)


def parse_registration_response(
    response: HttpResponse, *, server: ServerMetadata, allow_localhost: bool = False
) -> Registration:
    """Read the answer to `registration_request`.

    Args:
        response: what came. Untrusted.
        server: the server that was asked; the registration belongs to its issuer.
        allow_localhost: as for `ClientMetadata`.

    Raises:
        OAuthError: the server said no, for example `invalid_redirect_uri` or `invalid_client_metadata`.
        ProtocolError: `.reason` and `.status` tell what was wrong with the answer.
        UsageError: an argument is of the wrong type.

    Spec: RFC 7591 sections 3.2.1 and 3.2.2.
    """
    _check_arguments(server)
    members = _answer(response, _WHAT, 201)
    return registration_from(members, _WHAT, 201, server=server, allow_localhost=allow_localhost)


def register(
    server: ServerMetadata,
    metadata: ClientMetadata,
    *,
    initial_access_token: Secret | None = None,
    software_statement: str | Token | None = None,
) -> Steps[HttpRequest, Registration]:
    """Register a client; the arguments are those of `registration_request`.

    Each call registers another client: keep what it gives, and use that the next time.

    Raises:
        OAuthError: from the steps; the server said no.
        ProtocolError: from the steps; the answer cannot be used.
        UsageError: at the call; as `registration_request`.

    Spec: RFC 7591 section 3.
    """
    request = registration_request(
        server, metadata, initial_access_token=initial_access_token, software_statement=software_statement
    )

    def steps() -> Steps[HttpRequest, Registration]:
        response = yield from ask(request)
        return parse_registration_response(response, server=server, allow_localhost=metadata.allow_localhost)

    return steps()


def registration_read_request(server: ServerMetadata, registration: Registration) -> HttpRequest:
    """Make the request that reads a registration.

    Args:
        server: the server that gave it.
        registration: what is kept of it.

    Raises:
        ProtocolError: another server.
        UsageError: the server does not let it be managed, or an argument is of the wrong type.

    Spec: RFC 7592 section 2.1.
    """
    return _managing("GET", server, registration)


def registration_update_request(
    server: ServerMetadata, registration: Registration, metadata: ClientMetadata
) -> HttpRequest:
    """Make the request that replaces what is registered.

    Args:
        server: the server that gave the registration.
        registration: what is kept of it.
        metadata: all that shall be registered: `dataclasses.replace(registration.metadata, ...)`. What is left out is
            removed, or chosen by the server.

    Raises:
        ProtocolError: another server.
        UsageError: the server does not let it be managed, or an argument is of the wrong type.

    Spec: RFC 7592 section 2.2.
    """
    _check_arguments(server, metadata)
    return _managing("PUT", server, registration, metadata)


def parse_registration_management_response(
    response: HttpResponse, *, server: ServerMetadata, registration: Registration, allow_localhost: bool = False
) -> Registration:
    """Read the answer to `registration_read_request` or `registration_update_request`.

    Keep what it gives in place of what was kept: the secret, the token and the URL may be others now.

    Args:
        response: what came. Untrusted.
        server: the server that was asked.
        registration: what was kept. Its token and URL stay where no others come, and so does its secret where the
            registered method needs one.
        allow_localhost: as for `ClientMetadata`.

    Raises:
        OAuthError: the server said no, for example `invalid_token` or `invalid_client_metadata`.
        ProtocolError: `.reason` and `.status` tell what was wrong with the answer.
        UsageError: an argument is of the wrong type.

    Spec: RFC 7592 sections 2.1, 2.2 and 3.
    """
    check_server(registration, server)
    members = _answer(response, _MANAGEMENT, 200)
    return registration_from(
        members, _MANAGEMENT, 200, server=server, allow_localhost=allow_localhost, kept=registration
    )


def read_registration(server: ServerMetadata, registration: Registration) -> Steps[HttpRequest, Registration]:
    """Read a registration; the arguments are those of `registration_read_request`.

    Raises:
        OAuthError: from the steps; the server said no.
        ProtocolError: at the call; another server. From the steps; the answer cannot be used.
        UsageError: at the call; as `registration_read_request`.
    """
    request = registration_read_request(server, registration)
    return _manage(request, server, registration, allow_localhost=registration.metadata.allow_localhost)


def update_registration(
    server: ServerMetadata, registration: Registration, metadata: ClientMetadata
) -> Steps[HttpRequest, Registration]:
    """Replace what is registered; the arguments are those of `registration_update_request`.

    Raises:
        OAuthError: from the steps; the server said no.
        ProtocolError: at the call; another server. From the steps; the answer cannot be used.
        UsageError: at the call; as `registration_update_request`.
    """
    request = registration_update_request(server, registration, metadata)
    return _manage(request, server, registration, allow_localhost=metadata.allow_localhost)


def registration_deletion_request(server: ServerMetadata, registration: Registration) -> HttpRequest:
    """Make the request that ends a registration.

    Args:
        server: the server that gave it.
        registration: what is kept of it.

    Raises:
        ProtocolError: another server.
        UsageError: the server does not let it be managed, or an argument is of the wrong type.

    Spec: RFC 7592 section 2.3.
    """
    return _managing("DELETE", server, registration)


def parse_registration_deletion_response(response: HttpResponse) -> None:
    """Read the answer to `registration_deletion_request`: with status 204 there is no such client any more.

    Raises:
        OAuthError: the server said no, for example `invalid_token`.
        ProtocolError: the client is registered still; with status 405 the server does not delete clients.

    Spec: RFC 7592 section 2.3.
    """
    if expect_response(response, _MANAGEMENT).status != 204:
        _answer(response, _MANAGEMENT, 204)


def delete_registration(server: ServerMetadata, registration: Registration) -> Steps[HttpRequest, None]:
    """End a registration; the arguments are those of `registration_deletion_request`.

    Raises:
        OAuthError: from the steps; the server said no.
        ProtocolError: at the call; another server. From the steps; the client is registered still.
        UsageError: at the call; as `registration_deletion_request`.
    """
    request = registration_deletion_request(server, registration)

    def steps() -> Steps[HttpRequest, None]:
        parse_registration_deletion_response((yield from ask(request)))

    return steps()


def _manage(
    request: HttpRequest, server: ServerMetadata, registration: Registration, *, allow_localhost: bool
) -> Steps[HttpRequest, Registration]:
    def steps() -> Steps[HttpRequest, Registration]:
        response = yield from ask(request)
        return parse_registration_management_response(
            response, server=server, registration=registration, allow_localhost=allow_localhost
        )

    return steps()


def _managing(
    method: str, server: ServerMetadata, registration: Registration, metadata: ClientMetadata | None = None
) -> HttpRequest:
    check_server(registration, server)
    url, token = registration.registration_client_uri, registration.registration_access_token
    if url is None or token is None:
        raise UsageError("this registration came without a URL and a token to manage it: the server does not offer it")
    if not is_secure(url, allow_http_loopback=server.allow_http_loopback):
        raise ProtocolError(f"{_MANAGEMENT} must be an https URL ({LOOPBACK_HINT})", reason=ProtocolReason.NOT_HTTPS)
    # No secret and no other NOT_METADATA member: the server knows them (RFC 7592 section 2.2).
    members = None if metadata is None else {"client_id": registration.client_id, **metadata.members()}
    return _request(method, url, token, "registration_access_token", members)


def _request(method: str, url: str, token: Secret | None, argument: str, members: dict[str, Any] | None) -> HttpRequest:
    headers = [("Accept", "application/json")]
    if token is not None:
        if not isinstance(token, Secret):
            raise UsageError(f"{argument} must be a Secret, got {type(token).__name__}")
        if not is_bearer(token.reveal()):
            raise UsageError(f"{argument} must be a bearer token (RFC 6750 section 2.1)")
        headers.append(("Authorization", f"Bearer {token.reveal()}"))
    body = b""
    if members is not None:
        headers.append(("Content-Type", "application/json"))
        body = _wire.serialize(members, "client metadata")
    return HttpRequest(method=method, url=url, headers=tuple(headers), body=body, max_bytes=MAX_BYTES)


def _answer(response: HttpResponse, what: str, status: int) -> dict[str, Any]:
    """Read the members of the one success there is, and raise what the answer is otherwise."""
    if expect_response(response, what).status == status != 200:
        return json_object(response, what)
    members = read_answer(response, what)
    expect_status(response, what, status)
    return members


def _statement(given: object) -> str:
    if isinstance(given, Token):
        return given.compact
    if not isinstance(given, str) or not given:
        raise UsageError(f"software_statement must be the text of a signed token, got {type(given).__name__}")
    return given


def _check_arguments(server: object, *metadata: object) -> None:
    if not isinstance(server, ServerMetadata):
        raise UsageError(f"server must be ServerMetadata, got {type(server).__name__}: see discover(...)")
    for given in metadata:
        if not isinstance(given, ClientMetadata):
            raise UsageError(f"metadata must be ClientMetadata(...), got {type(given).__name__}")
