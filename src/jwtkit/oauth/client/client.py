"""Client: who asks, whom, and how it proves it."""

from __future__ import annotations

from dataclasses import dataclass

from jwtkit.errors import UsageError
from jwtkit.oauth.client.authentication import ClientAuthentication
from jwtkit.oauth.metadata import ServerMetadata

__all__ = ["Client"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One registration at one authorization server; flows are built from it.

    Attributes:
        server: the authorization server.
        client_id: the identifier it gave.
        auth: how this client authenticates.
    """

    server: ServerMetadata
    client_id: str
    auth: ClientAuthentication

    def __post_init__(self) -> None:
        if not isinstance(self.server, ServerMetadata):
            raise UsageError(f"server must be ServerMetadata, got {type(self.server).__name__}: see discover(...)")
        if not isinstance(self.client_id, str) or not self.client_id or not self.client_id.isprintable():
            raise UsageError("client_id must be a non-empty, printable str")
        if not hasattr(self.auth, "credentials"):
            raise UsageError("auth must be PublicClient(), ClientSecretBasic(...) or another ClientAuthentication")
