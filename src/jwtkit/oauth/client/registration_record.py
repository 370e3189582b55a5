"""Registration: what a server gave to a client that it registered, and how to keep it (RFC 7591 section 3.2.1).

Rules of this room:

- What the server says is what is registered, whatever was asked for.
- A registration belongs to the issuer that gave it. It holds that issuer, and is refused with another server, because
  its secrets would end there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, Self, get_args

from jwtkit._clock import is_finite, resolve_now
from jwtkit.errors import MalformedError, ProtocolError, ProtocolReason, UsageError, quote
from jwtkit.jose.signers import Signer
from jwtkit.jwt.dates import seconds
from jwtkit.oauth.client.authentication import ClientAuthentication
from jwtkit.oauth.client.authentication_choice import CertificateMethod, choose_authentication
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.stored import Stored, write
from jwtkit.oauth.client_metadata import NOT_METADATA, ClientMetadata
from jwtkit.oauth.json_response import bad_member, optional_text
from jwtkit.oauth.metadata import LOOPBACK_HINT, ServerMetadata
from jwtkit.oauth.secret import Secret
from jwtkit.oauth.urls import is_secure

__all__ = ["Registration", "check_server", "is_bearer", "registration_from"]

_STORED: Final = "registration"
_VERSION: Final = 1
_LOCALHOST: Final = "allow_localhost"
_BASIC: Final = "client_secret_basic"
_TOKEN: Final = "registration_access_token"  # noqa: S105 - the name of a member
_ENDS: Final = "client_secret_expires_at"
_CERTIFICATES: Final[Mapping[str, CertificateMethod]] = MappingProxyType(
    {name: name for name in get_args(CertificateMethod)}
)
_BEARER: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a server gave to a client that it registered; no repr shows its secrets.

    Keep it under its issuer, and replace it whenever a newer one comes.

    Attributes:
        issuer: the server that gave it.
        client_id: the client's identifier there.
        metadata: what is registered, as the server says it.
        client_secret: the client's secret, or None.
        client_secret_expires_at: when the secret ends, in seconds since the epoch; 0 for never.
        client_id_issued_at: when the identifier was given, in seconds since the epoch, or None.
        registration_client_uri: where the registration is managed, or None.
        registration_access_token: what manages it, or None.

    Spec: RFC 7591 section 3.2.1, RFC 7592 section 3.
    """

    issuer: str
    client_id: str
    metadata: ClientMetadata
    client_secret: Secret | None = None
    client_secret_expires_at: float = 0
    client_id_issued_at: float | None = None
    registration_client_uri: str | None = field(default=None, repr=False)
    registration_access_token: Secret | None = None

    def secret_is_expired(self, *, leeway: float | timedelta = 0.0, now: float | None = None) -> bool:
        """Tell whether the secret is past its time; never where there is none, or where it does not end.

        Args:
            leeway: seconds or a timedelta before the end that count as past it already.
            now: seconds since the epoch; None reads the clock.

        Raises:
            UsageError: an argument is of the wrong form.
        """
        margin, moment, end = seconds(leeway, "leeway", zero=True), resolve_now(now), self.client_secret_expires_at
        return self.client_secret is not None and end != 0 and moment >= end - margin

    def client(self, server: ServerMetadata, *, key: Signer | None = None, now: float | None = None) -> Client:
        """Give the client that flows are built from, authenticated as it is registered.

        Args:
            server: the server that gave this registration.
            key: the client's private key, or another `Signer`, for private_key_jwt.
            now: seconds since the epoch; None reads the clock.

        Raises:
            ProtocolError: another server (`session_mismatch`), the secret is past its time (`expired`; read or update
                the registration, or register anew), or the server registered what it gave nothing for (`unsupported`).
            UsageError: private_key_jwt is registered, and `key` is missing or of another algorithm.

        Spec: RFC 7591 section 2.
        """
        check_server(self, server)
        if self.secret_is_expired(now=now):
            message = f"the secret of this registration ended at {self.client_secret_expires_at:.0f}: get a new one"
            raise ProtocolError(message, reason=ProtocolReason.EXPIRED)
        return Client(server=server, client_id=self.client_id, auth=self._authentication(server, key))

    def _authentication(self, server: ServerMetadata, key: Signer | None) -> ClientAuthentication:
        method = self.metadata.token_endpoint_auth_method or _BASIC
        alg = self.metadata.token_endpoint_auth_signing_alg
        if alg is not None:
            # The one algorithm that is registered counts, not what the server can do for others.
            server = replace(server, token_endpoint_auth_signing_alg_values_supported=(alg,))
        if method == "private_key_jwt":
            return choose_authentication(server, key=key, method=method)
        certificate: CertificateMethod | None = _CERTIFICATES.get(method)
        try:
            return choose_authentication(server, secret=self.client_secret, certificate=certificate, method=method)
        except UsageError as unfit:
            # The server chose the method and the secret, so this is no mistake of the program's.
            message = f"the server registered a method that it gave nothing for: {unfit}"
            raise ProtocolError(message, reason=ProtocolReason.UNSUPPORTED) from None

    def to_json(self) -> str:
        """Write JSON to keep. It holds secrets: keep it where secrets are kept, under its issuer."""
        localhost = [_LOCALHOST] if self.metadata.allow_localhost else []
        return write(_STORED, _VERSION, self, metadata=self.metadata.members(), allow=localhost)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote.

        Raises:
            MalformedError: it is something else.
            NotAllowedError: another version wrote it.
        """
        stored = Stored(text, _STORED, _VERSION)
        localhost = _LOCALHOST in stored.texts("allow")
        client_id, token = stored.text("client_id"), stored.optional_secret("registration_access_token")
        try:
            metadata = ClientMetadata.parse(stored.mapping("metadata"), allow_localhost=localhost)
        except ProtocolError as finding:
            raise MalformedError(f"{_STORED} must be the text that to_json gave: {finding}") from None
        if not client_id.isprintable() or (token is not None and not is_bearer(token.reveal())):
            raise stored.wrong()
        return cls(
            issuer=stored.text("issuer"),
            client_id=client_id,
            metadata=metadata,
            client_secret=stored.optional_secret("client_secret"),
            client_secret_expires_at=stored.number("client_secret_expires_at"),
            client_id_issued_at=stored.optional_number("client_id_issued_at"),
            registration_client_uri=stored.optional_text("registration_client_uri"),
            registration_access_token=token,
        )


def registration_from(
    members: dict[str, Any],
    what: str,
    status: int,
    *,
    server: ServerMetadata,
    allow_localhost: bool,
    kept: Registration | None = None,
) -> Registration:
    """Make the value of what a server answered.

    Args:
        members: the answer. Untrusted.
        what: names the endpoint in messages.
        status: the status of the answer.
        server: who answered.
        allow_localhost: as for `ClientMetadata`.
        kept: what was kept, where the registration is not new; it stands where the server does not say again what was
            given before.

    Raises:
        ProtocolError: a member is of the wrong type or form, or missing.
    """
    client_id = _text(members, "client_id", what, status)
    if client_id is None or not client_id.isprintable():
        raise bad_member(what, "client_id", "a non-empty, printable string", status)
    if kept is not None and client_id != kept.client_id:
        raise bad_member(what, "client_id", "the one that was asked about", status)
    metadata = ClientMetadata.parse(
        {name: value for name, value in members.items() if name not in NOT_METADATA}, allow_localhost=allow_localhost
    )
    secret, ends = _secret(members, what, status, metadata, kept)
    url, token = (_text(members, name, what, status) for name in ("registration_client_uri", _TOKEN))
    if kept is None and (url is None) != (token is None):
        raise bad_member(what, _TOKEN, "there together with registration_client_uri, or neither", status)
    if url is not None and not is_secure(url, allow_http_loopback=server.allow_http_loopback):
        message = f"{what}: registration_client_uri must be an https URL ({LOOPBACK_HINT})"
        raise ProtocolError(message, reason=ProtocolReason.NOT_HTTPS, status=status)
    if token is not None and not is_bearer(token):
        raise bad_member(what, _TOKEN, "a bearer token", status)
    known_url, known_token = (
        (None, None) if kept is None else (kept.registration_client_uri, kept.registration_access_token)
    )
    return Registration(
        issuer=server.issuer,
        client_id=client_id,
        metadata=metadata,
        client_secret=secret,
        client_secret_expires_at=ends,
        client_id_issued_at=_date(members, "client_id_issued_at", what, status),
        registration_client_uri=url or known_url,
        registration_access_token=known_token if token is None else Secret(token),
    )


def _secret(
    members: dict[str, Any], what: str, status: int, metadata: ClientMetadata, kept: Registration | None
) -> tuple[Secret | None, float]:
    """Give the secret and its end; a server that stores a hash only cannot say the secret again."""
    text = _text(members, "client_secret", what, status)
    if text is None:
        needs_one = (metadata.token_endpoint_auth_method or _BASIC).startswith("client_secret_")
        if kept is None or not needs_one:
            return None, 0
        ends = _date(members, _ENDS, what, status)
        return kept.client_secret, kept.client_secret_expires_at if ends is None else ends
    ends = _date(members, _ENDS, what, status)
    if ends is None:
        raise bad_member(what, _ENDS, "there, because a client_secret is (RFC 7591 section 3.2.1)", status)
    return Secret(text), ends


def _text(members: dict[str, Any], name: str, what: str, status: int) -> str | None:
    return optional_text(members, name, what, status) or None


def _date(members: dict[str, Any], name: str, what: str, status: int) -> float | None:
    value = members.get(name)
    if value is not None and (not is_finite(value) or value < 0):
        raise bad_member(what, name, "a number of seconds since the epoch, or 0", status)
    return value


def check_server(registration: object, server: object) -> None:
    """See that a registration is used with the server that gave it.

    Raises:
        ProtocolError: another one. It may have been named by a peer, such as an API that changed its server.
        UsageError: one of them is no such thing.
    """
    if not isinstance(registration, Registration):
        raise UsageError(f"registration must be a Registration, got {type(registration).__name__}")
    if not isinstance(server, ServerMetadata):
        raise UsageError(f"server must be ServerMetadata, got {type(server).__name__}: see discover(...)")
    if registration.issuer != server.issuer:
        message = (
            f"this registration is from {quote(registration.issuer)}, not from {quote(server.issuer)}: "
            "register there, and keep each under its issuer"
        )
        raise ProtocolError(message, reason=ProtocolReason.SESSION_MISMATCH)


def is_bearer(text: str) -> bool:
    """Tell whether this can stand after "Bearer" (RFC 6750 section 2.1)."""
    return _BEARER.fullmatch(text) is not None
