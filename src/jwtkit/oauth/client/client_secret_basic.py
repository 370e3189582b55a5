"""client_secret_basic: identifier and secret in an Authorization header (RFC 6749 section 2.3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote_plus

from jwtkit import _wire
from jwtkit.errors import UsageError
from jwtkit.oauth.client.authentication import Credentials
from jwtkit.oauth.metadata import ServerMetadata
from jwtkit.oauth.secret import Secret

__all__ = ["ClientSecretBasic"]


@dataclass(frozen=True, slots=True)
class ClientSecretBasic:
    """HTTP Basic, with both parts form-encoded first, as the specification says and many forget.

    Attributes:
        secret: the client's secret.

    Example:
        >>> server = ServerMetadata(issuer="https://auth.example.com")
        >>> ClientSecretBasic(Secret("a:b/c+d %~e")).credentials("web basic", server).headers
        (('Authorization', 'Basic d2ViK2Jhc2ljOmElM0FiJTJGYyUyQmQrJTI1JTdFZQ=='),)

    Spec: RFC 6749 section 2.3.1 and appendix B.
    """

    secret: Secret

    def __post_init__(self) -> None:
        if not isinstance(self.secret, Secret):
            raise UsageError(f"secret must be Secret(...), got {type(self.secret).__name__}")

    @property
    def method(self) -> Literal["client_secret_basic"]:
        """The registered name."""
        return "client_secret_basic"

    def credentials(self, client_id: str, _server: ServerMetadata, /, *, now: float | None = None) -> Credentials:  # noqa: ARG002 - a secret has no time
        """Give the Authorization header."""
        pair = f"{_form_encoded(client_id)}:{_form_encoded(self.secret.reveal())}"
        return Credentials(headers=(("Authorization", f"Basic {_wire.b64_encode(pair.encode('ascii'))}"),))


def _form_encoded(text: str) -> str:
    """Encode everything but letters, digits and * - . _, with + for a space."""
    return quote_plus(text, safe="*").replace("~", "%7E")
