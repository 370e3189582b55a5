"""ClientMetadata: what a client says about itself, to register (RFC 7591 section 2, OpenID Registration section 2).

Rules of this room:

- A member with a field here has its type, from the program and from a peer alike; every other one is in `extra`.
- What a browser or a server would be led to is checked: a code must not end anywhere else than at the client, and a
  link on a consent page must be a link.
- Keys are public. Identifiers and secrets are no metadata: they are the `Registration`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from jwtkit import _wire
from jwtkit._clock import is_finite
from jwtkit.errors import UsageError
from jwtkit.jose.key_types import KEY_TYPES
from jwtkit.oauth.json_response import MAX_BYTES, bad_member
from jwtkit.oauth.redirect_uri import is_private_use
from jwtkit.oauth.scope import is_scope, split_scope
from jwtkit.oauth.urls import is_plain_url, is_secure

__all__ = ["NOT_METADATA", "ClientMetadata"]

_WHAT: Final = "client metadata"
_DEPTH: Final = 32
_INT_LIMIT: Final = 10**40
# What a server gives back beside the metadata (RFC 7591 section 3.2.1, RFC 7592 section 3).
NOT_METADATA: Final = frozenset(
    (
        "client_id",
        "client_secret",
        "client_id_issued_at",
        "client_secret_expires_at",
        "registration_client_uri",
        "registration_access_token",
    )
)
_TEXTS: Final = (
    "token_endpoint_auth_method",
    "client_name",
    "software_id",
    "software_version",
    "application_type",
    "subject_type",
    "id_token_signed_response_alg",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_signed_response_alg",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "request_object_signing_alg",
    "request_object_encryption_alg",
    "request_object_encryption_enc",
    "token_endpoint_auth_signing_alg",
    "introspection_signed_response_alg",
    "introspection_encrypted_response_alg",
    "introspection_encrypted_response_enc",
)
_LISTS: Final = ("grant_types", "response_types", "contacts", "default_acr_values")
_FLAGS: Final = ("require_auth_time", "dpop_bound_access_tokens", "require_pushed_authorization_requests")
_PAGES: Final = ("client_uri", "logo_uri", "tos_uri", "policy_uri")
_DOCUMENTS: Final = ("jwks_uri", "sector_identifier_uri", "initiate_login_uri")
_URI_LISTS: Final = ("redirect_uris", "post_logout_redirect_uris")
_PRIVATE: Final = frozenset(name for row in KEY_TYPES.values() for name in row.private)
_LOOPBACK: Final = ("127.0.0.1", "::1")
_REDIRECT: Final = (
    "absolute URLs without fragment: https, http on 127.0.0.1 or [::1] (on localhost with allow_localhost=True), "
    "or with a private scheme that has a dot"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientMetadata:
    """What a client says about itself, as far as this library knows the members.

    Every field has the name of its member, and is None where nothing is said, so that the server decides. The texts
    and pages of a stranger's metadata are for people: escape them before display.

    Attributes:
        redirect_uris: where browsers come back to; compared exactly.
        token_endpoint_auth_method: how it authenticates; None means client_secret_basic.
        grant_types: the grants it uses; None means authorization_code.
        response_types: what it asks for at the authorization endpoint; None means code.
        client_name: its name, for people; a name in another language is in `extra`, as "client_name#de".
        client_uri: a page about it.
        logo_uri: its logo.
        scope: scopes that it may ask for.
        contacts: ways to reach those responsible.
        tos_uri: a page with its terms of service.
        policy_uri: a page about its use of data.
        jwks_uri: where its public keys are.
        jwks: its public keys, a JWK Set, for `JWKS.parse`; never beside `jwks_uri`.
        software_id: identifies the software, the same for all who run it.
        software_version: its version.
        application_type: "web" or "native" (OpenID Registration).
        sector_identifier_uri: what pairwise subjects are made for (OpenID Registration).
        subject_type: "pairwise" or "public" (OpenID Registration).
        id_token_signed_response_alg: algorithm of ID tokens.
        id_token_encrypted_response_alg: key management of encrypted ID tokens.
        id_token_encrypted_response_enc: content encryption of them.
        userinfo_signed_response_alg: algorithm of signed UserInfo.
        userinfo_encrypted_response_alg: key management of encrypted UserInfo.
        userinfo_encrypted_response_enc: content encryption of it.
        request_object_signing_alg: algorithm of its request objects.
        request_object_encryption_alg: key management of encrypted request objects.
        request_object_encryption_enc: content encryption of them.
        token_endpoint_auth_signing_alg: algorithm of its assertions.
        default_max_age: the oldest authentication it accepts, in seconds.
        require_auth_time: whether ID tokens have to say when that was.
        default_acr_values: authentication contexts, best first.
        initiate_login_uri: where somebody else may start a login at this client.
        request_uris: where its request objects are.
        post_logout_redirect_uris: where browsers may go after a logout (OpenID RP-Initiated Logout section 3.1).
        introspection_signed_response_alg: algorithm of signed introspection (RFC 9701 section 6).
        introspection_encrypted_response_alg: key management of encrypted introspection.
        introspection_encrypted_response_enc: content encryption of it.
        dpop_bound_access_tokens: whether it takes DPoP-bound tokens only (RFC 9449 section 5.2).
        require_pushed_authorization_requests: whether it pushes its requests only (RFC 9126 section 6).
        extra: every other member, read-only.
        allow_localhost: accept redirect URIs with http on "localhost", which another program can take (RFC 8252
            section 8.3).

    Raises:
        UsageError: a field is of the wrong type or form.

    Example:
        >>> ClientMetadata(redirect_uris=("https://app.example.com/cb",), client_name="My app").to_json()
        '{"redirect_uris":["https://app.example.com/cb"],"client_name":"My app"}'

    Spec: RFC 7591 section 2, OpenID Connect Dynamic Client Registration section 2.
    """

    redirect_uris: tuple[str, ...] | None = None
    token_endpoint_auth_method: str | None = None
    grant_types: tuple[str, ...] | None = None
    response_types: tuple[str, ...] | None = None
    client_name: str | None = None
    client_uri: str | None = None
    logo_uri: str | None = None
    scope: tuple[str, ...] | None = None
    contacts: tuple[str, ...] | None = None
    tos_uri: str | None = None
    policy_uri: str | None = None
    jwks_uri: str | None = None
    jwks: Mapping[str, Any] | None = None
    software_id: str | None = None
    software_version: str | None = None
    application_type: str | None = None
    sector_identifier_uri: str | None = None
    subject_type: str | None = None
    id_token_signed_response_alg: str | None = None
    id_token_encrypted_response_alg: str | None = None
    id_token_encrypted_response_enc: str | None = None
    userinfo_signed_response_alg: str | None = None
    userinfo_encrypted_response_alg: str | None = None
    userinfo_encrypted_response_enc: str | None = None
    request_object_signing_alg: str | None = None
    request_object_encryption_alg: str | None = None
    request_object_encryption_enc: str | None = None
    token_endpoint_auth_signing_alg: str | None = None
    default_max_age: float | None = None
    require_auth_time: bool | None = None
    default_acr_values: tuple[str, ...] | None = None
    initiate_login_uri: str | None = None
    request_uris: tuple[str, ...] | None = None
    post_logout_redirect_uris: tuple[str, ...] | None = None
    introspection_signed_response_alg: str | None = None
    introspection_encrypted_response_alg: str | None = None
    introspection_encrypted_response_enc: str | None = None
    dpop_bound_access_tokens: bool | None = None
    require_pushed_authorization_requests: bool | None = None
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    allow_localhost: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.jwks, Mapping):
            # A copy before it is checked: a private key could be put into the caller's afterwards.
            object.__setattr__(self, "jwks", _wire.freeze(_wire.thaw(self.jwks, "jwks")))
        for name in _CHECKS:
            must_be = _fault(name, getattr(self, name), allow_localhost=self.allow_localhost)
            if must_be is not None:
                raise UsageError(f"{name} must be {must_be}")
        if self.jwks is not None and self.jwks_uri is not None:
            raise UsageError("jwks and jwks_uri exclude each other (RFC 7591 section 2)")
        if not isinstance(self.extra, Mapping):
            raise UsageError(f"extra must be a mapping, got {type(self.extra).__name__}")
        for name in self.extra:
            if name in _CHECKS:
                raise UsageError(f"member {name!r} has an argument of its own: it cannot be in extra")
            if name in NOT_METADATA:
                raise UsageError(f"member {name!r} is the server's to give, and no metadata")

    def members(self) -> dict[str, Any]:
        """Give the members as they are written, without those that say nothing."""
        said = {name: getattr(self, name) for name in _CHECKS}
        if self.scope is not None:
            said["scope"] = " ".join(self.scope)
        return {**{name: value for name, value in said.items() if value is not None}, **self.extra}

    def to_json(self) -> str:
        """Write the JSON object that a server takes.

        Raises:
            UsageError: `extra` or `jwks` holds what is no JSON.
        """
        return _wire.serialize(self.members(), _WHAT).decode("utf-8")

    @classmethod
    def parse(cls, source: str | bytes | Mapping[str, object], *, allow_localhost: bool = False) -> Self:
        """Read metadata. A member that is null counts as left out; one that has a field here also where it is empty.

        Args:
            source: JSON text, its UTF-8 bytes, or members that are parsed already. Untrusted.
            allow_localhost: accept redirect URIs with http on "localhost".

        Raises:
            MalformedError: not one strict JSON object.
            NotAllowedError: too long.
            ProtocolError: a member is of the wrong type or form, or is no metadata.

        Spec: RFC 7591 sections 2 and 3.2.1.
        """
        read = _wire.read_object(
            source, _WHAT, longest=MAX_BYTES, limit="the limit", depth=_DEPTH, int_limit=_INT_LIMIT
        )
        given = {name: value for name, value in read.items() if value is not None}
        for name in given:
            if name in NOT_METADATA:
                raise bad_member(_WHAT, name, "absent: it belongs to a registration, not to metadata")
        known: dict[str, Any] = {}
        for name in _CHECKS:
            read_value = given.pop(name, None)
            # Some servers write every member they know, those that nobody set as "" or {}.
            if read_value not in (None, "", {}):
                known[name] = value = _value(name, read_value)
                must_be = _fault(name, value, allow_localhost=allow_localhost)
                if must_be is not None:
                    raise bad_member(_WHAT, name, must_be)
        if "jwks" in known and "jwks_uri" in known:
            raise bad_member(_WHAT, "jwks", "absent where there is a jwks_uri (RFC 7591 section 2)")
        return cls(extra=_wire.freeze(given), allow_localhost=allow_localhost, **known)


def _value(name: str, value: Any) -> object:
    """Give a member of the wire the form of its field; what has the wrong type stays what it is."""
    if name == "scope":
        # A text that is no scope stays a text, which is no tuple.
        return split_scope(value) if isinstance(value, str) and is_scope(value) else value
    return _wire.freeze(value)


def _fault(name: str, value: object, *, allow_localhost: bool) -> str | None:
    """Tell what a member would have to be, or None where it is."""
    if value is None:
        return None
    if name in _URI_LISTS:
        return None if _is_redirects(value, allow_localhost=allow_localhost) else f"an array of {_REDIRECT}"
    check, must_be = _CHECKS[name]
    return None if check(value) else must_be


def _is_texts(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, str) for item in value)


def _is_redirects(value: Any, *, allow_localhost: bool) -> bool:
    return _is_texts(value) and all(_is_redirect(uri, allow_localhost=allow_localhost) for uri in value)


def _is_redirect(uri: str, *, allow_localhost: bool) -> bool:
    """Tell whether browsers may be sent back there (RFC 6749 section 3.1.2, RFC 8252 sections 7 and 8)."""
    if not is_plain_url(uri):
        return is_private_use(uri)
    parts = urlsplit(uri)
    return parts.scheme == "https" or parts.hostname in _LOOPBACK or (allow_localhost and parts.hostname == "localhost")


def _is_url(value: object) -> bool:
    return is_secure(value, allow_http_loopback=False)


def _is_request_uri(value: str) -> bool:
    # Its fragment is the hash of what is there (OpenID Core section 6.2).
    return _is_url(value.partition("#")[0])


def _is_scopes(value: Any) -> bool:
    return _is_texts(value) and all(item and is_scope(item) and " " not in item for item in value)


def _is_public_set(value: object) -> bool:
    """Tell whether this is a JWK Set of public keys; what a client shows to everybody must not hold others."""
    keys = value.get("keys") if isinstance(value, Mapping) else None
    return isinstance(keys, (tuple, list)) and all(
        isinstance(key, Mapping) and key.get("kty") != "oct" and not _PRIVATE & key.keys() for key in keys
    )


_CHECKS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = MappingProxyType(
    {
        **dict.fromkeys(_URI_LISTS, (_is_texts, f"an array of {_REDIRECT}")),
        **dict.fromkeys(_TEXTS, (lambda value: isinstance(value, str), "a string")),
        **dict.fromkeys(_LISTS, (_is_texts, "an array of strings")),
        **dict.fromkeys(_FLAGS, (lambda value: isinstance(value, bool), "true or false")),
        **dict.fromkeys(_PAGES, (is_plain_url, "an http or https URL")),
        **dict.fromkeys(_DOCUMENTS, (_is_url, "an https URL")),
        "request_uris": (lambda value: _is_texts(value) and all(map(_is_request_uri, value)), "an array of https URLs"),
        "scope": (_is_scopes, "scopes, with spaces between on the wire"),
        "jwks": (_is_public_set, "a JWK Set of public keys"),
        "default_max_age": (lambda value: is_finite(value) and value >= 0, "a number of seconds"),
    }
)
