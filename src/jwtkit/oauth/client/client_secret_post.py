"""client_secret_post: identifier and secret in the form (RFC 6749 section 2.3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jwtkit.oauth.client.authentication import Credentials, check_secret
from jwtkit.oauth.metadata import ServerMetadata
from jwtkit.oauth.secret import Secret

__all__ = ["ClientSecretPost"]


@dataclass(frozen=True, slots=True)
class ClientSecretPost:
    """The secret in the body, which is what OAuth 2.1 recommends for secrets; never in the URL.

    Attributes:
        secret: the client's secret.

    Example:
        >>> server = ServerMetadata(issuer="https://auth.example.com")
        >>> ClientSecretPost(Secret("s3cret")).credentials("web", server).fields
        (('client_id', 'web'), ('client_secret', 's3cret'))

    Spec: RFC 6749 section 2.3.1.
    """

    secret: Secret

    def __post_init__(self) -> None:
        check_secret(self.secret)

    @property
    def method(self) -> Literal["client_secret_post"]:
        """The registered name."""
        return "client_secret_post"

    def credentials(self, client_id: str, _server: ServerMetadata, /, *, now: float | None = None) -> Credentials:  # noqa: ARG002 - a secret has no time
        """Give identifier and secret as form fields."""
        return Credentials(fields=(("client_id", client_id), ("client_secret", self.secret.reveal())))
