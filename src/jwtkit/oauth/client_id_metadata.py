"""Client ID Metadata Documents: a client's identifier is a URL, and its metadata is what is there. Experimental.

This follows draft-ietf-oauth-client-id-metadata-document-02, which is no RFC: names and rules here may change with it.

Rules of this room:

- Whoever can write the document is the client. So it is about the very URL that was asked, and nothing that is shared
  with a server in secret can be in it.
- The URL is a stranger's, and a server asks it: the `send` for it must not reach addresses that are not public
  (section 8.6), which a check of the text cannot see, because a name resolves to anything.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

from jwtkit import _wire
from jwtkit.errors import ProtocolError, ProtocolReason, UsageError
from jwtkit.oauth.client_metadata import ClientMetadata
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import bad_member, expect_status, json_object, media_type, unusable
from jwtkit.oauth.urls import is_secure

__all__ = [
    "client_id_document",
    "client_id_document_request",
    "is_client_id_url",
    "parse_client_id_document_response",
]

_WHAT: Final = "client ID metadata document"
_MAX_BYTES: Final = 5 * 1024
_LONGEST_URL: Final = 2048
_DOT: Final = re.compile(r"(?:\.|%2[eE]){1,2}")
_JSON: Final = re.compile(r"application/(?:json|[a-z0-9!#$&^_.+\-]+\+json)")
_RULES: Final = "an https URL with a path, without dot segments, user information and fragment"
_FORBIDDEN: Final = ("client_secret", "client_secret_expires_at")
_CODE_GRANTS: Final = ("authorization_code", "implicit")


def is_client_id_url(client_id: object) -> bool:
    """Tell whether a client identifier can be the URL of a document. Experimental.

    A query is discouraged, and accepted.

    Args:
        client_id: the identifier. Untrusted.

    Example:
        >>> is_client_id_url("https://app.example.com/client.json"), is_client_id_url("https://app.example.com")
        (True, False)

    Spec: draft-ietf-oauth-client-id-metadata-document-02 section 3.
    """
    if not is_secure(client_id, allow_http_loopback=False) or len(str(client_id)) > _LONGEST_URL:
        return False
    url = str(client_id)
    path = urlsplit(url).path
    # The scheme is compared as it is written, like the rest. What unescapes or resolves a segment of dots would ask
    # for another document than the one that is named.
    return url.startswith("https://") and bool(path) and not any(_DOT.fullmatch(part) for part in path.split("/"))


def client_id_document(client_id: str, metadata: ClientMetadata) -> str:
    """Write the document that a client publishes at its identifier. Experimental.

    Args:
        client_id: the URL at which it will be, exactly as requests will name it.
        metadata: what to publish.

    Returns:
        The JSON text, to be served as application/json, with status 200 and without a redirect.

    Raises:
        UsageError: the URL or the metadata is not fit for it.

    Spec: draft-ietf-oauth-client-id-metadata-document-02 sections 3 and 4.
    """
    if not is_client_id_url(client_id):
        raise UsageError(f"client_id must be {_RULES}")
    if not isinstance(metadata, ClientMetadata):
        raise UsageError(f"metadata must be ClientMetadata(...), got {type(metadata).__name__}")
    fault = _fault(metadata)
    if fault is not None:
        raise UsageError(f"{fault[0]} must be {fault[1]}")
    return _wire.serialize({"client_id": client_id, **metadata.members()}, _WHAT).decode("utf-8")


def client_id_document_request(client_id: str, *, max_bytes: int = _MAX_BYTES) -> HttpRequest:
    """Make the request for a client's document. Experimental.

    Its `send` has one duty more than others: it connects to public addresses only, whatever the name resolves to.

    Args:
        client_id: the identifier, as the client's request names it. Untrusted.
        max_bytes: longest document that is read.

    Raises:
        ProtocolError: it is no URL of a document.

    Spec: draft-ietf-oauth-client-id-metadata-document-02 sections 3, 5, 8.6 and 8.7.
    """
    _check_client_id(client_id)
    return HttpRequest(method="GET", url=client_id, headers=(("Accept", "application/json"),), max_bytes=max_bytes)


def parse_client_id_document_response(
    response: HttpResponse, *, client_id: str, max_bytes: int = _MAX_BYTES, allow_localhost: bool = False
) -> ClientMetadata:
    """Read the answer to `client_id_document_request`. Experimental.

    Keep what it gives for as long as the answer's Cache-Control lets you, within bounds of yours; never keep a refusal.

    Args:
        response: what came. Untrusted.
        client_id: the identifier that was asked.
        max_bytes: longest document that is accepted.
        allow_localhost: as for `ClientMetadata`; programs on the user's own machine often want it.

    Raises:
        ProtocolError: `.reason` tells: another status, no JSON, too long, about another client, or with something that
            cannot be in such a document.

    Spec: draft-ietf-oauth-client-id-metadata-document-02 sections 4 and 5.
    """
    _check_client_id(client_id)
    if type(max_bytes) is not int or max_bytes < 1:
        raise UsageError(f"max_bytes must be a positive int, got {max_bytes!r}")
    members = _members(response, max_bytes)
    if members.pop("client_id", None) != client_id:
        raise bad_member(_WHAT, "client_id", "the URL at which the document is, character for character", 200)
    for name in _FORBIDDEN:
        if name in members:
            raise bad_member(_WHAT, name, "absent: a document that everybody reads holds no secret", 200)
    metadata = ClientMetadata.parse(members, allow_localhost=allow_localhost)
    fault = _fault(metadata)
    if fault is not None:
        raise bad_member(_WHAT, *fault, 200)
    return metadata


def _members(response: HttpResponse, max_bytes: int) -> dict[str, Any]:
    kind = media_type(response) if isinstance(response, HttpResponse) else ""
    members = json_object(response, _WHAT, *([kind] if _JSON.fullmatch(kind) else []))
    expect_status(response, _WHAT)
    if len(response.body) > max_bytes:
        message = f"{_WHAT} has {len(response.body)} bytes: at most {max_bytes} are accepted"
        raise unusable(response, message, ProtocolReason.TOO_LARGE)
    return members


def _check_client_id(client_id: object) -> None:
    if not isinstance(client_id, str):
        raise UsageError(f"client_id must be a str, got {type(client_id).__name__}")
    if not is_client_id_url(client_id):
        reason = ProtocolReason.BAD_MEMBER if client_id.startswith("https://") else ProtocolReason.NOT_HTTPS
        raise ProtocolError(f"client_id must be {_RULES}", reason=reason)


def _fault(metadata: ClientMetadata) -> tuple[str, str] | None:
    """Name the member that has no place in such a document, and say what it must be."""
    method = metadata.token_endpoint_auth_method
    # Left out, the method would be client_secret_basic for RFC 7591, which cannot be meant here.
    if method is not None and method.startswith("client_secret"):
        return "token_endpoint_auth_method", "one without a shared secret, such as none or private_key_jwt"
    grants = metadata.grant_types or ("authorization_code",)
    if any(grant in grants for grant in _CODE_GRANTS) and not metadata.redirect_uris:
        return "redirect_uris", "there for a grant with redirects: they are compared exactly"
    return None
