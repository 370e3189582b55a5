"""tls_client_auth and self_signed_tls_client_auth: the TLS certificate is the proof (RFC 8705 section 2).

The certificate itself is shown by your `send`, for a request with `mtls=True`. The two methods send the same; they
differ in what the server compares the certificate with, which is the client's registration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jwtkit.oauth.client.authentication import Credentials
from jwtkit.oauth.metadata import ServerMetadata

__all__ = ["SelfSignedTlsClientAuth", "TlsClientAuth"]


@dataclass(frozen=True, slots=True)
class TlsClientAuth:
    """A certificate from an authority that the server trusts, registered by its subject.

    Example:
        >>> server = ServerMetadata(issuer="https://auth.example.com")
        >>> proof = TlsClientAuth().credentials("web", server)
        >>> proof.mtls, proof.fields
        (True, (('client_id', 'web'),))

    Spec: RFC 8705 sections 2 and 2.1.
    """

    @property
    def method(self) -> Literal["tls_client_auth"]:
        """The registered name."""
        return "tls_client_auth"

    def credentials(self, client_id: str, _server: ServerMetadata, /, *, now: float | None = None) -> Credentials:  # noqa: ARG002 - the certificate is dated elsewhere
        """Give the client_id as a form field, and ask for the certificate."""
        return _with_certificate(client_id)


@dataclass(frozen=True, slots=True)
class SelfSignedTlsClientAuth:
    """A certificate that the client made itself, registered by its key.

    Spec: RFC 8705 sections 2 and 2.2.
    """

    @property
    def method(self) -> Literal["self_signed_tls_client_auth"]:
        """The registered name."""
        return "self_signed_tls_client_auth"

    def credentials(self, client_id: str, _server: ServerMetadata, /, *, now: float | None = None) -> Credentials:  # noqa: ARG002 - the certificate is dated elsewhere
        """Give the client_id as a form field, and ask for the certificate."""
        return _with_certificate(client_id)


def _with_certificate(client_id: str) -> Credentials:
    """Name the client as well: a certificate alone does not say which registration is meant (RFC 8705 section 2)."""
    return Credentials(fields=(("client_id", client_id),), mtls=True)
